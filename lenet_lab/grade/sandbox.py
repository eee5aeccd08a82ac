"""Run a student's code in a separate process with limited rights; the grader survives whatever the code does.

The process (`worker.py`) receives sources and arguments and sends results. `Sandbox.function` is a function that can be called here and
runs there. `walls` isolates it as far as this machine can.

The process has NumPy, and `lenet_core.ops` without the functions that are graded; the rest of this package is hidden. (A submission can
still use another library's function, or copied code: only a person who reads the code can find that.)
"""

import ast
import builtins
import contextlib
import functools
import os
import queue
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

import lenet_core
from lenet_lab import octave

from . import protocol, walls

BOOT = 60                                # seconds until Python has started, at most, on a busy machine
LONGEST = 300                            # characters of an error, or of printed text, that are used, at most
POLL = 0.05                              # seconds between two checks of the time
USERS = 1_000_000                        # user ids from here on are unused; a grader that is root gives one to the student's process
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "MPLBACKEND": "agg",
               "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Limits(NamedTuple):
    """The limits of a student's process.

    `seconds` of the clock for the checks of one function, `statement` for one statement of a cell, `loading` for all that an exercise
    needs of its notebook, imports included; bytes of memory of one process, and of files.
    """

    seconds: float = 8
    statement: float = 4
    loading: float = 20
    memory: int = 2 ** 30
    disk: int = 16 * 2 ** 20

    def for_now(self):
        """These limits, with up to five times the seconds while many programs wait for the processors: a right function is slower then, too."""
        waiting = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1        # not on Windows
        times = min(max(1.0, waiting / 2), 5.0)
        return self if times == 1 else self._replace(seconds=round(self.seconds * times), statement=round(self.statement * times),
                                                     loading=round(self.loading * times))


class NotStarted(RuntimeError):
    """The process could not be started, before any code of the submission ran."""


class Ended(Exception):
    """The process has ended; the text gives the reason."""


class Sandbox:
    """A process with the exercises `works`, {name: {"kind", "name", "cells", "own", ...}}; used as `with Sandbox(...) as box`.

    By the names of the exercises, `box.failed` has the errors of their cells and `box.answers` their answers. `box.function(name)` is the
    function of an exercise. When the process has ended, `box.ended` is the reason in one sentence. `asked` are the graded functions of
    `lenet_core.ops`, which are removed there; `files` are those beside the notebooks, {path: bytes}. With `whole`, each notebook is run
    from its first cell to its last, and `box.below` says of each exercise whether a cell below its own changes a name from above; else only
    what the exercises need is run. `limits` default to `Limits()`, `how` to `isolation()`. Raises
    `NotStarted`.
    """

    def __init__(self, works, asked=(), files=None, limits=None, how=None, whole=False):
        self.limits, self.how, self.ended, self.failed, self.answers, self.below = limits or Limits(), how or isolation(), None, {}, {}, {}
        self.asked, self.files, self.folder, self.process = frozenset(asked), files or {}, None, None
        self.said, self._frames, self._lock = b"", queue.Queue(1), threading.Lock()
        notebooks = []
        for work in works.values():
            if work["cells"] not in notebooks:
                notebooks.append(work["cells"])
        lean = {name: {key: value for key, value in work.items() if key != "cells"} | {
            "notebook": notebooks.index(work["cells"]), "folder": work.get("folder", ".")} for name, work in works.items()}
        spent = int(self.limits.loading + 2 * self.limits.seconds * max(1, len(works))) + 1
        self.job = {"works": lean, "notebooks": notebooks, "limits": self.limits._asdict() | {"processor": spent}, "whole": whole,
                    "user": USERS + os.getpid(), "alone": self.how == "namespaces", "packages": walls.PACKAGES,
                    "hidden": walls.hidden() if self.how in ("user", "limits") else [], "guard": None,
                    "tasks": 0 if self.how == "namespaces" else walls.tasks(),
                    "octave": octave.program() if any(work["kind"] == "octave" for work in works.values()) else None}

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lenet-grade-"))
        try:
            self.folder.chmod(0o711)
            self.job["guard"] = walls.guarded(self.how, self.folder / "library")
            job = self._packed_job()
            self._start()
            self._send(job)
            if refused := _dict(self._receive(BOOT)).get("refused"):
                raise Ended(str(refused)[:LONGEST])
        except protocol.Garbled as error:
            self.ended = f"The submission is too large to be run: {error}."
            return self
        except (Ended, OSError) as error:
            self.close()
            raise NotStarted(f"The sandbox cannot be started. {error} {self.said.decode(errors='replace').strip()}".strip()) from None
        except BaseException:
            self.close()
            raise
        with contextlib.suppress(Ended):
            loaded = _dict(self._receive(self.limits.loading))
            self.failed, self.answers, self.below = (_dict(loaded.get(key)) for key in ("failed", "answers", "below"))
            if "error" in loaded:
                self.end("Its answer is too large.")
            elif set(self.answers) != set(self.job["works"]):          # the submission has written into the connection
                self.end("Its answer cannot be read (it is not that of its exercises).")
        return self

    def __exit__(self, *_):
        self.close()

    def function(self, name, keep=False):
        """The function of exercise `name`, to be called here; with `keep` its cache stays there, and a placeholder is returned for it."""
        return Function(self, name, keep)

    def ask(self, message):
        """Send a call and return its result, a dict. Raises Ended."""
        self._send(protocol.pack(message))
        return _dict(self._receive(self.limits.seconds + 1))

    def _packed_job(self):
        """The bytes of the job. Raises protocol.Garbled if there are too many, or if the files would take half of its disk space."""
        if sum(map(len, self.files.values())) > self.limits.disk // 2:
            raise protocol.Garbled(f"more than {self.limits.disk >> 21} MiB of files beside the notebooks")
        return protocol.pack(self.job)

    # ------------------------------------------------------------------------------------------------------------- the process

    def _start(self):
        library, new = self.folder / "library", self.folder / "new"
        (library / "lenet_core").mkdir(parents=True)
        (library / "_grader").mkdir()
        new.mkdir()
        for name in ("worker.py", "slices.py", "protocol.py", "kernel_guard.py"):
            shutil.copy(Path(__file__).with_name(name), library / "_grader")
        if self.job["octave"]:
            shutil.copytree(Path(octave.__file__).parent, library / "octave", ignore=shutil.ignore_patterns("__pycache__"))
            (library / "octave" / "__init__.py").write_text("")       # the rest of this package is not there
        (library / "_grader" / "__init__.py").touch()
        (library / "lenet_core" / "ops.py").write_text(_ops_without(self.asked), encoding="utf-8")
        (library / "lenet_core" / "__init__.py").touch()
        for name, content in self.files.items():
            if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts:
                with contextlib.suppress(OSError, ValueError):        # a file whose name this system cannot write is left out
                    (place := library / "files" / name).parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content)
        command, home = walls.command(self.how, self.folder, new, library, self.limits.disk)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=new,
                                        env=ENVIRONMENT | {"HOME": str(home), "TMPDIR": str(home)}, start_new_session=True)
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_frames, self._read_said)]
        for thread in self._threads:
            thread.start()

    def close(self):
        """End the process and those that it started, and delete its files."""
        if self.process:
            self._kill()
            until = time.monotonic() + 2                              # an escaped process may keep a pipe open: do not wait for it
            while self._threads[0].is_alive() and time.monotonic() < until:
                with contextlib.suppress(queue.Empty):
                    self._frames.get(timeout=POLL)
            self._threads[1].join(max(0, until - time.monotonic()))   # all that it has said is read before the pipe is closed
            read = [stream for stream, thread in zip((self.process.stdout, self.process.stderr), self._threads) if not thread.is_alive()]
            for stream in (self.process.stdin, *read):
                with contextlib.suppress(OSError):
                    stream.close()
        _remove(self.folder)

    def _kill(self):
        with contextlib.suppress(OSError, AttributeError):
            os.killpg(self.process.pid, signal.SIGKILL)               # at the level "user" a process may have left the group
        walls.end_processes_of(self.job["user"])
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()

    def end(self, why):
        """End the process, for this reason."""
        with self._lock:
            self.ended = self.ended or why
        self._kill()

    def _send(self, packed):
        if self.ended:
            raise Ended(self.ended)
        try:
            self.process.stdin.write(packed)
            self.process.stdin.flush()
        except OSError:
            self._gone()

    def _receive(self, seconds):
        until = time.monotonic() + seconds
        while True:
            try:
                frame = self._frames.get(timeout=POLL)
            except queue.Empty:
                if time.monotonic() > until:
                    self.end(f"It was stopped after {seconds:g} seconds.")
                elif self.how != "namespaces" and _size(self.folder / "new") + _deleted(self.process.pid) > self.limits.disk:
                    self.end(f"It wrote more than {self.limits.disk >> 20} MiB of files.")
                if self.ended:
                    raise Ended(self.ended) from None
                continue
            if frame is None:
                self._gone()
            try:
                return protocol.unpack(*frame)
            except protocol.Garbled as error:
                self.end(f"Its answer cannot be read ({error}).")
                raise Ended(self.ended) from None

    def _gone(self):
        """The process has ended: set the reason, and raise Ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.end(_why(self.process.poll()))
        raise Ended(self.ended)

    def _read_frames(self):
        stream = self.process.stdout
        try:
            while len(head := stream.read(protocol.HEAD.size)) == protocol.HEAD.size:
                rest = stream.read(size := protocol.length(head, protocol.MOST_JSON))
                if len(rest) < size:
                    break
                self._frames.put((head, rest))
        except protocol.Garbled as error:
            self.end(f"Its answer cannot be read ({error}).")
        except (OSError, ValueError):
            pass
        self._frames.put(None)

    def _read_said(self):
        with contextlib.suppress(OSError, ValueError):
            while part := os.read(self.process.stderr.fileno(), 65536):
                self.said = (self.said + part)[:2000]                 # the rest is read and forgotten: printing costs nothing


class Function:
    """A student's function: called here, run there. Changes of its arguments and of NumPy's state, and printed text, are repeated here."""

    def __init__(self, sandbox, name, keep):
        self.sandbox, self.__name__, self.keep = sandbox, name, keep

    def __call__(self, *args, **kwargs):
        """Call the function in its process; returns its value, or raises the exception that it raised. Raises Ended."""
        message = {"name": self.__name__, "args": list(args), "kwargs": kwargs, "keep": self.keep}
        own_cache = len(args) == 2 and type(args[1]) is dict and list(args[1]) == ["kept"]
        if own_cache:
            message |= {"args": [args[0]], "cache": int(args[1]["kept"][0])}
        came = self.sandbox.ask(message)
        if came.get("ended"):
            self.sandbox.end(str(came["ended"])[:LONGEST])
            raise Ended(self.sandbox.ended)
        for mine, theirs in zip(args, came["args"] if isinstance(came.get("args"), list) else ()):
            _mirrored(mine, theirs)
        if own_cache and came.get("cache changed"):
            args[1]["kept"][1] += 1
        print(str(came.get("printed") or "")[:LONGEST], end="")
        _same_state(came.get("state"))
        if came.get("error"):
            raise _error(came["error"])
        value = came.get("value")
        if self.keep and isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int):
            return value[0], {"kept": np.array([value[1], 0])}
        return value


def _dict(value):
    return value if isinstance(value, dict) else {}


def _mirrored(mine, theirs):
    """Repeat on the argument `mine` the changes that the student's function made (`theirs`); returns the value to use in its place."""
    if isinstance(mine, np.ndarray):
        alike = isinstance(theirs, np.ndarray) and (theirs.shape, theirs.dtype) == (mine.shape, mine.dtype)
        if alike and mine.flags.writeable:
            np.copyto(mine, theirs)
        elif mine.flags.writeable and mine.dtype.kind == "f":
            mine.fill(np.nan)                                          # another shape: mark the argument as changed
        elif not alike or not np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f"):
            return theirs
        return mine
    if isinstance(mine, (list, dict)) and type(theirs) is type(mine):
        both = zip(range(len(mine)), mine, theirs) if isinstance(mine, list) else [(key, mine.get(key), theirs[key]) for key in theirs]
        now = {key: _mirrored(old, new) for key, old, new in both}
        gone = theirs if len(theirs) != len(mine) else ()
        if isinstance(mine, list):
            mine[:] = theirs if gone else now.values()
        else:
            mine.update(now)
            for key in mine.keys() - theirs.keys():
                del mine[key]
        return mine
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        for old, new in zip(mine, theirs):
            _mirrored(old, new)
        return mine
    return mine if type(mine) is type(theirs) and mine == theirs else theirs


def _same_state(changed):
    """Change the parts of NumPy's global state that the function changed in its process, so that the check detects it."""
    changed = changed if isinstance(changed, list) else []
    if "random" in changed:
        np.random.random()
    if "errors" in changed:
        np.seterr(over="print" if np.geterr()["over"] != "print" else "warn")
    if "print" in changed:
        np.set_printoptions(precision=np.get_printoptions()["precision"] + 1)


def _error(said):
    """The error that the student's function raised, or one of the same name."""
    name, text = (str(part)[:LONGEST] for part in [*(said if isinstance(said, list) else ["Error"]), ""][:2])
    text = text.replace("ellipsis", "dots")                           # the check would take "ellipsis" for an unwritten function
    kind = getattr(builtins, name, None) or getattr(np.exceptions, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and kind is not KeyError:        # KeyError quotes its text
        with contextlib.suppress(TypeError):
            return kind(text)
    return type("".join(filter(str.isidentifier, name))[:60] or "Error", (Exception,), {})(text)


# -------------------------------------------------------------------------------------------------------------- around the process


def isolation():
    """The level of isolation on this machine, a key of `walls.PROTECTION`. Raises `NotStarted` if no process can be started."""
    return walls.isolation(_tried)


def _tried(level):
    return Sandbox({}, how=level)


@functools.cache
def _ops_without(asked):
    """The source of `lenet_core.ops` in which the functions in `asked` only raise RuntimeError."""
    tree = ast.parse(Path(lenet_core.__file__).with_name("ops.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in asked:
            node.body = ast.parse(f"raise RuntimeError('ops.{node.name} is the function to be written here: write it yourself')").body
    return ast.unparse(tree)


def _remove(folder):
    """Remove a folder and all in it, also folders that are closed or very deep: Python's own function would end with an error there."""
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    if os.name == "posix":
        subprocess.run(["chmod", "-R", "u+rwx", folder], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", folder], stderr=subprocess.DEVNULL)


def _size(folder):
    """Bytes of the files in a folder; a folder that cannot be read counts nothing."""
    total, waiting = 0, [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total


def _deleted(process):
    """Bytes of the files that a process has open and has deleted: they take space and are in no folder."""
    total = 0
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError):
                about = os.stat(f"/proc/{process}/fd/{number}")
                total += about.st_size * (stat.S_ISREG(about.st_mode) and not about.st_nlink)
    return total


def _why(status):
    """The reason why a process ended, in a sentence, from its exit status; a shell adds 128 to the number of a signal."""
    if status is None:
        return "It closed its connection to the grader."
    number = -status if status < 0 else status - 128 if status > 128 else 0
    with contextlib.suppress(ValueError):
        return f"Its process was ended by the system ({signal.Signals(number).name})."
    return f"Its process ended by itself, with exit status {status}."
