"""One file from one of several servers, its checksum checked; where there is no network, that is known within seconds."""

import queue
import shutil
import threading
import time
from contextlib import suppress

OFFLINE_AFTER = 4.5           # seconds without a first answer: then there is no network
STALLED_AFTER = 30            # seconds without a further byte, once a mirror has answered
ABANDONED_AFTER = 3600        # seconds without a change, for an unfinished download


class NotDownloaded(Exception):
    """There is no network, or no server gave what was asked for; the message says which of these, in a few words."""


def answering_mirrors(mirrors, ask):
    """The mirrors, the first for which ask(mirror) comes back without an error in front. Raises NotDownloaded if none does in time.

    On threads of their own, because a name server that does not answer holds up a connection longer than any timeout.
    """
    answers = queue.Queue()

    def report(mirror):
        problem = None
        try:
            ask(mirror)
        except Exception as error:                # handed over to the waiting thread, which reports it
            problem = error
        answers.put((mirror, problem))

    for mirror in mirrors:
        threading.Thread(target=report, args=(mirror,), daemon=True).start()
    problems, deadline = [], time.monotonic() + OFFLINE_AFTER
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


def knock(address):
    """Ask for the first byte of a file that is too large to be fetched only to see whether there is a network."""
    import requests

    with requests.get(address, headers={"Range": "bytes=0-0"}, stream=True, timeout=OFFLINE_AFTER) as answer:
        answer.raise_for_status()
        next(answer.iter_content(1))


def fetch(mirrors, name, sha, folder):
    """The path of a file, fetched into `folder` from the first mirror that gives it with the sha256 `sha`. Raises NotDownloaded."""
    problems = []
    for mirror in mirrors:
        try:
            return retrieve(mirror, name, sha, folder, timeout=STALLED_AFTER)
        except (OSError, ValueError) as error:
            problems.append(_in_words(error))
    raise NotDownloaded(f"{name} could not be downloaded ({'; '.join(problems)}).")


def retrieve(mirror, name, sha, folder, timeout):
    """One file from one mirror; pooch writes it under its name only when it has arrived whole with the right checksum."""
    import pooch

    return pooch.retrieve(mirror + name, known_hash=f"sha256:{sha}", fname=name, path=folder,
                          downloader=pooch.HTTPDownloader(timeout=timeout))


def _in_words(error):
    """A few words for what a download raised; requests' own exceptions are OSErrors too, with pages of detail."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server stopped answering"
    if isinstance(error, requests.RequestException):
        return "no connection"
    if isinstance(error, OSError):
        return f"the cache cannot be written: {error.strerror}"
    return "what came was cut off or has a wrong checksum"


def clear_abandoned(folder):
    """Remove what a killed download left in the cache, when it is so old that nobody is at it."""
    for left in folder.glob("tmp*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
