"""Run a student's code in a separate process with limited rights; the grader survives whatever the code does.

The process (`worker.py`) receives sources and arguments and sends results. `Sandbox.function` is a function that can be called here and
runs there. There are three levels of isolation, and the first that works on this machine is used; `PROTECTION` describes them.

- On Linux, if `unshare` is allowed, the process has its own root folder in memory, no network, and its own list of processes, which all
  end with it. In this root folder are only the system's and Python's folders, read-only.
- If the grader is root, the process has limits and a separate user.
- Otherwise it has limits and an audit hook of Python.

The process has NumPy, and `lenet_core.ops` without the functions that are graded; the rest of this package is hidden. (A submission can
still use another library's function, or copied code: only a person who reads the code can find that.)
"""

import ast
import builtins
import contextlib
import ctypes
import functools
import os
import queue
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import lenet_core

from . import protocol

BOOT = 60                                # seconds until Python has started, at most, on a busy machine
LONGEST = 300                            # characters of an error, or of printed text, that are used, at most
POLL = 0.05                              # seconds between two checks of the time
USERS = 1_000_000                        # user ids from here on are unused; a grader that is root gives one to the student's process
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "MPLBACKEND": "agg",
               "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PROTECTION = {
    "namespaces": "full isolation: its own root folder in memory, no network, its own processes (Linux namespaces), and limits",
    "user": "partial isolation: limits, and a separate user. It could neither write to files nor signal processes of other users. It could "
            "read what all users can read, also a --seed in the list of processes (not a seed in the grader's environment). Only Python "
            "refused sockets",
    "limits": "weak isolation: time, memory, files and further processes were limited. It could read what the grader can read, also a "
              "--seed in the list of processes (not a seed in the grader's environment). Only Python refused sockets, writing elsewhere "
              "and signals, which deliberate code can avoid",
}
# $1 the new root, $2 the size of its writable folder, $3 the library, $4 the options of the last step, $5 Python, $6 its program,
# $7 the folder of NumPy; then the folders of this machine that are visible in it, and, as hidden:FOLDER, the hidden folders in them.
# This shell remains the first process inside: when it ends, all others end.
ENTER = """
set -e
new=$1 size=$2 library=$3 last=$4 python=$5 start=$6 numpy=$7
shift 7
mount -t tmpfs -o size=1m,mode=755 tmpfs "$new"
for place in "$@"; do
    case $place in hidden:*) mount -t tmpfs -o size=4k,mode=555 tmpfs "$new${place#hidden:}"; continue;; esac
    mkdir -p "$new${place%/*}"
    if [ -d "$place" ] && [ ! -L "$place" ]; then mkdir -p "$new$place"; mount --bind -o ro,nosuid,nodev "$place" "$new$place"
    else cp -P "$place" "$new$place"; fi
done
mkdir "$new/dev" "$new/library" "$new/student"
mount --bind -o ro,nosuid,nodev "$library" "$new/library"
mount -t tmpfs -o size=$size,mode=1777,nosuid,nodev tmpfs "$new/student"
for device in null urandom; do touch "$new/dev/$device"; mount --bind "/dev/$device" "$new/dev/$device"; done
mount -o remount,bind,ro,nosuid,nodev "$new"
unshare $last --root="$new" --wd=/student "$python" -I -B -c "$start" /library "$numpy"
exit $?
"""
START = "import sys; sys.path = [sys.argv[1], *sys.path, sys.argv[2]]; import worker; worker.main()"
PACKAGES = str(Path(np.__file__).parents[1])


class Limits(NamedTuple):
    """The limits of a student's process: seconds (of the clock, and of the processor), bytes of memory, of files, of output."""

    seconds: float = 8
    memory: int = 2 ** 30
    disk: int = 16 * 2 ** 20
    output: int = 2 ** 20


class NotStarted(RuntimeError):
    """The process could not be started, before any code of the submission ran."""


class Ended(Exception):
    """The process has ended; the text gives the reason."""


class Sandbox:
    """A process with the exercises `works`, {name: {"kind", "name", "cells", "own", ...}}; used as `with Sandbox(...) as box`.

    By the names of the exercises, `box.failed` has the errors of their cells and `box.answers` their answers. `box.function(name)` is the
    function of an exercise. When the process has ended, `box.ended` is the reason in one sentence. `asked` are the graded functions of
    `lenet_core.ops`, which are removed there. `limits` default to `Limits()`, `how` to `isolation()`. Raises `NotStarted`.
    """

    def __init__(self, works, asked=(), files=None, limits=None, how=None):
        limits = limits or Limits()
        self.limits, self.how, self.ended, self.failed, self.answers = limits, how or isolation(), None, {}, {}
        self.asked, self.job = frozenset(asked), {
            "works": works, "files": files or {}, "limits": limits._asdict(), "user": USERS + os.getpid(),
            "alone": self.how == "namespaces"}
        self.process, self.said, self._frames, self._lock = None, b"", queue.Queue(1), threading.Lock()

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lenet-grade-"))
        try:
            job = self._packed_job()
        except protocol.Garbled as error:
            self.ended = f"The submission is too large to be run: {error}."
            return self
        try:
            self._start()
            self._send(job)
            self._receive(BOOT)
        except Ended as error:
            self.close()
            raise NotStarted(f"The sandbox cannot be started. {error} {self.said.decode(errors='replace').strip()}") from None
        except BaseException:
            self.close()
            raise
        with contextlib.suppress(Ended):
            loaded = _dict(self._receive(self.limits.seconds))
            self.failed, self.answers = (_dict(loaded.get(key)) for key in ("failed", "answers"))
            if "error" in loaded:
                self._end("Its answer is too large.")
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
        if sum(len(text.encode()) for text in self.job["files"].values()) > self.limits.disk // 2:
            raise protocol.Garbled(f"more than {self.limits.disk >> 21} MiB of Python files")
        return protocol.pack(self.job)

    # ------------------------------------------------------------------------------------------------------------- the process

    def _start(self):
        self.folder.chmod(0o711)
        library, new = self.folder / "library", self.folder / "new"
        (library / "lenet_core").mkdir(parents=True)
        new.mkdir()
        for name in ("worker.py", "slices.py", "protocol.py"):
            shutil.copy(Path(__file__).with_name(name), library)
        (library / "lenet_core" / "ops.py").write_text(_ops_without(self.asked), encoding="utf-8")
        (library / "lenet_core" / "__init__.py").touch()
        if self.how == "namespaces":
            root = os.geteuid() == 0
            last = "" if root else "--user --map-user=1000 --map-group=1000"
            command = ["unshare", *([] if root else ["--map-root-user"]), "--net", "--pid", "--mount", "--ipc", "--fork", "--kill-child",
                       "sh", "-c", ENTER, "sh", new, str(self.limits.disk), library, last, sys.executable, START, PACKAGES,
                       *_places(), *_hidden()]
            home = "/student"
        else:
            if self.how == "user" and (closed := [place for place in self.folder.parents if not place.stat().st_mode & stat.S_IXOTH]):
                raise Ended(f"Its process runs as another user, who cannot enter {closed[-1]}. "
                            "Name a folder in TMPDIR that every user can enter.")
            _protect_memory()
            command, home = [sys.executable, "-I", "-B", "-c", START, library, PACKAGES], new
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=new,
                                        env=ENVIRONMENT | {"HOME": str(home), "TMPDIR": str(home)}, start_new_session=True)
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_frames, self._read_said)]
        for thread in self._threads:
            thread.start()

    def close(self):
        """End the process and those that it started, and delete its files."""
        if self.process:
            self._kill()
            until = time.monotonic() + 2                              # an escaped process may keep the pipe open: do not wait for it
            while self._threads[0].is_alive() and time.monotonic() < until:
                with contextlib.suppress(queue.Empty):
                    self._frames.get(timeout=POLL)
            for stream in (self.process.stdin, *([self.process.stdout, self.process.stderr] if not self._threads[0].is_alive() else ())):
                with contextlib.suppress(OSError):
                    stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill(self):
        with contextlib.suppress(OSError, AttributeError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()

    def _end(self, why):
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
                    self._end(f"It was stopped after {seconds:g} seconds.")
                elif self.how != "namespaces" and _size(self.folder / "new") > self.limits.disk:
                    self._end(f"It wrote more than {self.limits.disk >> 20} MiB of files.")
                if self.ended:
                    raise Ended(self.ended) from None
                continue
            if frame is None:
                self._gone()
            try:
                return protocol.unpack(*frame)
            except protocol.Garbled as error:
                self._end(f"Its answer cannot be read ({error}).")
                raise Ended(self.ended) from None

    def _gone(self):
        """The process has ended: set the reason, and raise Ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self._end(_why(self.process.poll()))
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
            self._end(f"Its answer cannot be read ({error}).")
        except (OSError, ValueError):
            pass
        self._frames.put(None)

    def _read_said(self):
        total = 0
        with contextlib.suppress(OSError, ValueError):
            while part := os.read(self.process.stderr.fileno(), 65536):
                total += len(part)
                self.said = (self.said + part)[:2000]
                if total > self.limits.output:
                    self._end(f"It wrote more than {self.limits.output >> 20} MiB to the terminal.")
                    return


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


# ----------------------------------------------------------------------------------------------------------------- what this machine has


@functools.cache
def isolation():
    """"namespaces" if full isolation is possible on this machine, else "user" if the grader is root, or "limits"."""
    if sys.platform == "linux" and all(map(shutil.which, ("unshare", "mount", "sh"))):
        with contextlib.suppress(NotStarted), Sandbox({}, how="namespaces"):
            return "namespaces"
    return "user" if getattr(os, "geteuid", lambda: 1)() == 0 else "limits"


def _places():
    """The folders of this machine that are visible in a sandbox: the system's and Python's, none inside another."""
    base = str(Path(os.path.realpath(sys.executable)).parents[1])
    python = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), base, PACKAGES}
    places = sorted(place for place in {*SYSTEM, *python} if os.path.lexists(place))
    real = [place for place in places if not os.path.islink(place)]
    return [place for place in places if not any(place.startswith(other + "/") for other in real)]


def _hidden():
    """The folders to hide in a sandbox: this package, if it is installed inside Python's folders."""
    packages = [os.path.realpath(path) for path in (Path(lenet_core.__file__).parent, Path(__file__).parents[1])]
    return [f"hidden:{package}" for package in packages if any(package.startswith(place + "/") for place in _places())]


@functools.cache
def _ops_without(asked):
    """The source of `lenet_core.ops` in which the functions in `asked` only raise RuntimeError."""
    tree = ast.parse(Path(lenet_core.__file__).with_name("ops.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in asked:
            node.body = ast.parse(f"raise RuntimeError('ops.{node.name} is the function to be written here: write it yourself')").body
    return ast.unparse(tree)


def _protect_memory():
    """Forbid other processes of the same user to read this process's memory (PR_SET_DUMPABLE)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)


def _size(folder):
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _why(status):
    """The reason why a process ended, in a sentence, from its exit status; a shell adds 128 to the number of a signal."""
    if status is None:
        return "It closed its connection to the grader."
    number = -status if status < 0 else status - 128 if status > 128 else 0
    with contextlib.suppress(ValueError):
        return f"Its process was ended by the system ({signal.Signals(number).name})."
    return f"Its process ended by itself, with exit status {status}."
