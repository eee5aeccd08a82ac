"""GNU Octave as a process that calls functions in .m files: `Octave(folder)`, `call`, `close`.

Calls and results go through two pipes in the file system, which Octave opens for each message. So what the functions print, or read from
standard input, cannot mix with them, and `fclose all` in a function does no harm.

This file imports only the standard library, and `values`, because it also runs in the student's process.
"""

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import values

LONGEST = 10_000                         # characters of printed text that are kept of a call
LONGEST_ERROR = 180                      # characters of an error
STARTING = 15                            # seconds until Octave has started, at most, on a busy machine
POLL = 0.05                              # seconds between two looks whether Octave still runs
MISSING = ("GNU Octave, which runs .m files, is not installed here. Debian and Ubuntu have it as octave: apt-get install octave. (On Windows it "
           "is not used.)")
HERE = Path(__file__).parent
START = "serve(getenv('LENET_ASK'), getenv('LENET_TELL'), getenv('LENET_GIVEN'))"


class OctaveError(Exception):
    """An error that Octave reports in a function, or that a function's result has no form that the handout allows."""


class Ended(OctaveError):
    """Octave has ended; the text gives the reason."""


def program():
    """The path of GNU Octave, or None if it is not installed, or if this system has no pipes in its file system."""
    return shutil.which("octave-cli") if hasattr(os, "mkfifo") else None


def command(octave, library):
    """The command that starts Octave with `serve.m` from the folder `library`."""
    return [octave, "--norc", "--no-history", "--no-window-system", "--quiet", "--path", str(library), "--eval", START]


class Octave:
    """GNU Octave, to be started with `start`. Its pipes are in `folder`; `library` has serve.m and the folder given."""

    def __init__(self, folder, library=HERE):
        self.library, self.process, self.ended, self.printed = library, None, None, ""
        self.pipes = [os.path.join(os.path.abspath(folder), name) for name in (".octave-ask", ".octave-tell")]
        for pipe in self.pipes:
            os.mkfifo(pipe, 0o600)

    def start(self, octave, enter=None):
        """Start this Octave; `enter()` is called in its process first. `ready` says whether it went well."""
        try:
            self.process = subprocess.Popen(command(octave, self.library), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, env=os.environ | self.variables(), preexec_fn=enter,
                                            start_new_session=enter is None)
        except (OSError, subprocess.SubprocessError) as error:
            self.ended = f"GNU Octave could not be started: {error}"
            return
        # Opened for both directions, a pipe never waits for the other side, and has no end when that side closes it.
        self.ask, self.tell = (os.open(pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC) for pipe in self.pipes)
        self.out = self.process.stdout.fileno()
        os.set_blocking(self.out, False)

    def variables(self):
        """What Octave's process has to find in its environment."""
        return {"LENET_ASK": self.pipes[0], "LENET_TELL": self.pipes[1], "LENET_GIVEN": os.path.join(self.library, "given")}

    def ready(self):
        """Wait until Octave has started; returns None, or the reason in one sentence why it has not."""
        if self.ended:
            return self.ended
        try:
            self._answer(time.monotonic() + STARTING)
        except (Ended, values.Garbled) as error:
            said = self.printed.strip().splitlines()
            self.ended = f"GNU Octave could not be started: {said[0][:LONGEST_ERROR] if said else error}"
        return self.ended

    def call(self, folder, name, arguments, outputs):
        """The results, a list, of the function in `folder`/`name`.m; `printed` has the text that it printed.

        Raises OctaveError with the error of the function, or Ended.
        """
        if self.ended:
            raise Ended(self.ended)
        folder, self.printed = os.path.realpath(folder), ""
        message = values.packed({"folder": folder, "name": name, "outputs": outputs, "arguments": list(arguments)})
        try:
            self._send(values.LENGTH.pack(len(message)) + message)
            answer = self._answer()
        except values.Garbled as error:
            self._end(f"What it returns cannot be read ({error}).")
        except BaseException:                                         # also where this thread is stopped: the function goes on in Octave
            self.close()
            raise
        if isinstance(answer, dict) and isinstance(answer.get("values"), list) and len(answer["values"]) == outputs:
            return answer["values"]
        if not isinstance(answer, dict) or not isinstance(answer.get("message"), str):
            self._end("What it returns cannot be read.")
        raise OctaveError(_said(answer, name))

    def close(self):
        """End Octave and remove the pipes."""
        self.ended = self.ended or "Octave has been stopped."
        if self.process:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)           # with what it has started
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            for end in (self.ask, self.tell):
                os.close(end)
            self.process = None
        for pipe in self.pipes:
            with contextlib.suppress(OSError):
                os.unlink(pipe)

    def _end(self, why):
        self.ended = why
        self.close()
        raise Ended(why)

    def _send(self, content):
        while content:
            self._listen([], [self.ask])
            with contextlib.suppress(BlockingIOError):
                content = content[os.write(self.ask, content):]

    def _answer(self, until=None):
        content, wanted = b"", values.LENGTH.size
        while len(content) < wanted:
            if self.tell in self._listen([self.tell]):
                content += os.read(self.tell, wanted - len(content))
                if len(content) == wanted == values.LENGTH.size:
                    wanted += values.LENGTH.unpack(content)[0]
                    if wanted > values.MOST:
                        self._end(f"What it returns is larger than {values.MOST >> 20} MiB.")
            elif until and time.monotonic() > until:
                self._end(f"It was stopped after {STARTING} seconds.")
        self._listen([])
        return values.unpacked(content[values.LENGTH.size:])

    def _listen(self, read, write=()):
        """The pipes that are ready; keeps what has been printed meanwhile. Raises Ended if Octave has ended."""
        ready, writable, _ = select.select([*read, self.out], write, [], POLL if read or write else 0)
        if self.out in ready:
            printed = b""
            with contextlib.suppress(BlockingIOError):
                while part := os.read(self.out, 65536):
                    printed = (printed + part)[:LONGEST]
                    if read or write:
                        break                                         # a function that prints without end does not keep this loop
            self.printed = (self.printed + printed.decode("utf-8", "replace"))[:LONGEST]
        if not set(ready) & set(read) and self.process.poll() is not None:
            self._end(_why(self.process.returncode))
        return [*ready, *writable]


def _why(status):
    if status == 0:
        return "It ended Octave (exit or quit)."
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"Octave was ended by the system ({signal.Signals(-status).name})."
    return f"Octave ended by itself, with exit status {status}."


def _said(answer, name):
    """An error of Octave on one line: its first paragraph, without paths, and the line of the student's file."""
    text = str(answer["message"])
    file, line = os.path.basename(str(answer.get("file") or "")), int(_number(answer.get("line")))
    if found := re.match(r"parse error(?: near line (\d+) of file (\S.*?\.m))?:?\s*\n", text):
        source = re.search(r"^>>> *(.*?)\s*$", text, re.M)
        text = "parse error" + (f" at: {source.group(1)}" if source else "")
        file, line = (os.path.basename(found.group(2)), int(found.group(1))) if found.group(1) else (f"{name}.m", 0)
    elif found := re.match(r"syntax error near line (\d+), column \d+ in file (\S.*?\.m)$", text):          # Octave 11 does not quote the line
        file, line = os.path.basename(found.group(2)), int(found.group(1))
        text = f"parse error at: {_line(found.group(2), line)}"
    text = text.strip().split("\n\n")[0] if "package" not in text else " ".join(text.split("\n\n")[:2])
    text = re.sub(r" near line \d+, column \d+| \(note: variable '\w+' shadows function\)", "", " ".join(text.split()))
    text = re.sub(r"\S*/(\w+\.m)\b", r"\1", text)
    return text[:LONGEST_ERROR] + (f" (line {line} of {file})" if line > 0 else f" ({file})" if file else "")


def _line(path, number):
    with contextlib.suppress(OSError, IndexError):
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()[number - 1].strip()
    return ""


def _number(value):
    try:
        return max(0, min(float(value.flat[0]), 1e6))
    except (AttributeError, IndexError, TypeError, ValueError):
        return 0
