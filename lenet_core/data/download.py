"""Download one file from one of several servers and check its checksum; without a network it fails within seconds."""

import queue
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

OFFLINE_AFTER = 4.5           # seconds without any answer: then there is no network
STALLED_AFTER = 30            # seconds without a further byte, once a mirror has answered
ABANDONED_AFTER = 3600        # seconds without a change, after which no process is still writing a download


class NotDownloaded(Exception):
    """There is no network, or no server gave the file; the message says which, in a few words."""


def answering_mirrors(mirrors: list[str], ask: Callable[[str], Any]) -> list[str]:
    """All mirrors, beginning with the first one for which ask(mirror) returns. Raises NotDownloaded if none does in time.

    Each mirror is asked on a thread of its own: a name server that does not answer takes longer than any timeout.
    """
    answers: queue.Queue[tuple[str, Exception | None]] = queue.Queue()

    def report(mirror: str) -> None:
        problem = None
        try:
            ask(mirror)
        except Exception as error:                # given to the waiting thread, which reports it
            problem = error
        answers.put((mirror, problem))

    for mirror in mirrors:
        threading.Thread(target=report, args=(mirror,), daemon=True).start()
    problems: list[str] = []
    deadline = time.monotonic() + OFFLINE_AFTER
    while len(problems) < len(mirrors):
        try:
            mirror, error = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            problems.append(f"no answer within {OFFLINE_AFTER:g} seconds")
            break
        if error is None:
            return [mirror, *(other for other in mirrors if other != mirror)]
        problems.append(_in_words(error))
    raise NotDownloaded(f"it could not be downloaded ({'; '.join(dict.fromkeys(problems))}).")


def ask_for_a_byte(address: str) -> None:
    """Download the first byte of a file: a test for a network where the whole file would be too large."""
    import requests

    with requests.get(address, headers={"Range": "bytes=0-0"}, stream=True, timeout=OFFLINE_AFTER) as answer:
        answer.raise_for_status()
        next(answer.iter_content(1))


def fetch(mirrors: list[str], name: str, sha: str, folder: str | Path) -> str:
    """The path of a file, downloaded into `folder` from the first mirror that has it with this sha256. Raises NotDownloaded."""
    problems = []
    for mirror in mirrors:
        try:
            return retrieve(mirror, name, sha, folder, timeout=STALLED_AFTER)
        except (OSError, ValueError) as error:
            problems.append(_in_words(error))
    raise NotDownloaded(f"{name} could not be downloaded ({'; '.join(problems)}).")


def retrieve(mirror: str, name: str, sha: str, folder: str | Path, timeout: float) -> str:
    """The path of one file from one mirror; pooch gives it its name only when it is complete and its checksum is right."""
    import pooch

    return pooch.retrieve(mirror + name, known_hash=f"sha256:{sha}", fname=name, path=folder,
                          downloader=pooch.HTTPDownloader(timeout=timeout))


def _in_words(error: Exception) -> str:
    """A few words for an exception of a download; those of requests are OSErrors too, and their messages are long."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server stopped answering"
    if isinstance(error, requests.RequestException):
        return "no connection"
    if isinstance(error, OSError):
        return f"the cache cannot be written: {error.strerror}"
    return "what came was cut off or has a wrong checksum"


def clear_abandoned(folder: Path) -> None:
    """Remove what a killed download left in the cache, when it is so old that no process still writes it."""
    for left in folder.glob("tmp*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
