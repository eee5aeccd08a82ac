"""The student's process: it gives its rights away, runs the student's statements, and answers the grader's calls.

Neither seeds nor right answers nor anything that decides on points is in here: what comes in are sources and the arguments of calls,
what goes out are results. So there is nothing to steal in this process, and whatever the student's code does to it, it can only change
what the results are. What can be read outside of it without walls, a seed on the grader's command line too, `sandbox.PROTECTION` says.
Run as a program by `sandbox.py`, from a folder that holds this file, its two neighbours and `lenet_core.ops`.
"""

import ast
import contextlib
import ctypes
import importlib.util
import io
import linecache
import math
import os
import sys
import traceback
import types
import warnings

import protocol
import slices

try:
    import resource
except ImportError:                      # not on Windows
    resource = None

LONGEST = 200                            # characters of an error or of what is printed that are passed on


def main():
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    warnings.simplefilter("ignore")                                   # as in the notebooks' checks
    nothing, end = os.pipe()
    os.close(end)
    os.dup2(nothing, 0)                                               # whoever reads from the keyboard finds it closed
    os.dup2(2, 1)
    job = receive(incoming)
    room = prepared(job)
    lock(job)
    send(outgoing, {"ready": True})
    loaded = {name: Loaded(work, dict(room)) for name, work in job["works"].items()}
    send(outgoing, {"failed": {name: one.failed for name, one in loaded.items()},
                    "answers": {name: one.answer for name, one in loaded.items()}})
    kept, process = [], os.getpid()
    while True:
        asked = receive(incoming)
        answer = loaded[asked["name"]].call(asked, kept)
        if os.getpid() != process:                                    # the student's code has forked: one of us is too many
            os._exit(0)
        send(outgoing, answer)


def receive(stream):
    head = stream.read(protocol.HEAD.size)
    if len(head) < protocol.HEAD.size:
        os._exit(0)                                                   # the grader has what it wanted
    return protocol.unpack(head, stream.read(protocol.length(head)))


def send(stream, message):
    try:
        packed = protocol.pack(message, protocol.MOST_JSON)
    except protocol.Garbled as error:
        packed = protocol.pack({"error": ["ValueError", f"what it returns is too large: {error}"]})
    stream.write(packed)
    stream.flush()


def prepared(job):
    """What every exercise may count on, imported while that is still allowed."""
    works = list(job["works"].values())
    text = "\n".join(source for work in works for source in (work["cells"] if work["kind"] == "function" else [work["cells"][work["own"]]]))
    room = {"__name__": "exercise", "math": math}
    if "np" in text or "ops" in text or {work["kind"] for work in works} & {"function", "derivation"}:
        import numpy
        import numpy.linalg
        import numpy.random  # loaded late otherwise, when there may be no right to
        room |= {"np": numpy, "numpy": numpy}
    if "ops" in text or "im2col" in text or "col2im" in text:
        from lenet_core import ops
        room |= {"ops": ops, "im2col": ops.im2col, "col2im": ops.col2im}
    return room


# ------------------------------------------------------------------------------------------------------------- giving rights away


def lock(job):
    """No other user's rights, limits that cannot be raised again; where nothing else keeps it in, a fence of Python's own."""
    limits = job["limits"]
    for name, text in job["files"].items():                           # modules that lie beside the notebook or the functions
        with contextlib.suppress(OSError, ValueError), open(name, "w", encoding="utf-8") as file:
            file.write(text)                                          # a name that no file can have: whoever needs it will miss it
    sys.path.insert(0, os.getcwd())
    if getattr(os, "geteuid", lambda: 1)() == 0:
        with contextlib.suppress(OSError):                            # its own folder is lent by whoever is root here
            os.chown(".", job["user"], job["user"])
        os.setgroups([])
        os.setgid(job["user"])
        os.setuid(job["user"])
    if resource:
        spent = math.ceil(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        for name, most in (("CPU", spent + 2 * math.ceil(limits["seconds"])), ("AS", limits["memory"]), ("FSIZE", limits["disk"]),
                           ("CORE", 0), ("NPROC", 0)):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)                       # PR_SET_NO_NEW_PRIVS: no program gives rights back
    if not job["alone"]:
        sys.addaudithook(_fence)


NOT_ALLOWED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.kill", "os.posix_spawn", "os.spawn", "ctypes.dlopen")
ONLY_INSIDE = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink", "shutil.")


def _fence(event, arguments):
    """Where the system separates nothing: no sockets, no programs, no writing outside the folder. Not a wall: one can climb over it."""
    if event.startswith(NOT_ALLOWED):
        raise PermissionError(f"{event} is not allowed while grading")
    if event.startswith(ONLY_INSIDE) or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        folder = os.path.realpath(os.getcwd()) + os.sep
        for place in arguments[:1 if event == "open" else 2]:
            if isinstance(place, (str, bytes)) and not (os.path.realpath(os.fsdecode(place)) + os.sep).startswith(folder):
                raise PermissionError("writing outside the folder is not allowed while grading")


# ----------------------------------------------------------------------------------------------------------- the student's statements


class Check:
    """Stands where `check` is in a notebook: it notes what it is asked, and says nothing."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.asked.append((name, args, kwargs))


class Loaded:
    """One exercise: its function, or its answer, or in one sentence why there is neither."""

    def __init__(self, work, room):
        self.function, self.answer, self.failed, self.work = None, None, None, work
        self.check = room["check"] = Check()
        # Where the package can be read from here, `from lenet_lab import check` would bring the real one, which asks nothing of us.
        if "lenet_lab" in sys.modules or importlib.util.find_spec("lenet_lab"):
            package = types.ModuleType("lenet_lab")
            package.check = self.check
            sys.modules.update({"lenet_lab": package, "lenet_lab.check": self.check})
        self.dots = slices.dots(work["cells"][work["own"]])
        try:
            self.load(work, room)
        except BaseException as error:
            self.failed = ("Its cell cannot be read: " if isinstance(error, SyntaxError) else "Its cell raises ") + _said(error) + "."

    def load(self, work, room):
        function = work["kind"] == "function"
        chosen, target = slices.needed(work["cells"], work["own"], work["name"] if function else None)
        if function and target is None:
            raise NameError(f"there is no {work['name']} in it")
        for number, source in enumerate(work["cells"]):
            linecache.cache[f"<cell {number}>"] = len(source), None, source.splitlines(True), f"<cell {number}>"
        for one in chosen:
            code = compile(ast.Module([one.node], []), f"<cell {one.cell}>", "exec")
            try:
                exec(code, room)
            except Exception:
                if one.cell == work["own"]:
                    raise                                             # elsewhere: whoever needs its names will miss them
            if one is target:
                self.function = room[work["name"]]
        if work["kind"] == "names":
            self.answer = [room.get(name, ...) for name in work["names"]]
        elif not function:
            self.answer = self.asked(work)

    def asked(self, work):
        """What the cell gives to `check.toy(5, ...)` or `check.derivation("dense_dx", ...)`, the last time it asks that."""
        found = [[*args[1:], *kwargs.values()] for name, args, kwargs in self.check.asked
                 if name == work["kind"] and args[:1] == (work["name"],)]
        if not found or not found[-1]:
            raise NameError(f"there is no check.{work['kind']}({work['name']!r}, ...) in it")
        if work["kind"] == "derivation":
            self.function = found[-1][0]
            return ... if self.function is ... else True
        return found[-1][0]

    def call(self, asked, kept):
        """Call the function; what came of it, as a message."""
        if self.function is None:
            return {"error": ["NameError", "there is no such function"]}
        if not callable(self.function):
            return {"value": None, "error": ["TypeError", f"{type(self.function).__name__} is not a function"]}
        args, cache = list(asked["args"]), asked.get("cache")
        if cache is not None:
            args.append(kept[cache])
            before = _fingerprint(kept[cache])
        said, state, answer = Capped(), State(), {"value": None}
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                value = self.function(*args, **asked["kwargs"])
            if value is None and self.dots:
                value = ...                                           # a body of dots is not written yet
            if asked.get("keep") and isinstance(value, (tuple, list)) and len(value) == 2:
                kept.append(value[1])
                value = value[0], len(kept) - 1
            answer["value"] = value
        except BaseException as error:
            said_so = _said(error, self.function)
            answer |= {"value": ...} if self.dots and "ellipsis" in said_so else {"error": [type(error).__name__, said_so]}
        answer |= {"args": asked["args"], "kwargs": asked["kwargs"], "printed": said.getvalue()[:LONGEST], "state": state.changed()}
        if cache is not None:
            answer["cache changed"] = before != _fingerprint(kept[cache])
        return answer


def _said(error, function=None):
    """What an error says, cut short, and in which line of the function it came up."""
    try:
        text = str(error)[:LONGEST]
    except Exception:
        text = ""
    if function is None:
        return f"{type(error).__name__}: {text}"
    code = getattr(function, "__code__", None)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is code]
    return text + (f" (line {lines[-1] - code.co_firstlineno + 1} of your function)" if lines else "")


class Capped(io.StringIO):
    """Keeps the first part of what is printed."""

    def write(self, text):
        return super().write(str(text)[:max(0, LONGEST - self.tell())])


class State:
    """What NumPy keeps for everybody: how it was, and what of it a call has changed."""

    def __init__(self):
        self.np = sys.modules.get("numpy")
        self.before = self.now()

    def now(self):
        if self.np is None:
            return {}
        random = self.np.random.get_state()
        return {"errors": self.np.geterr(), "print": repr(self.np.get_printoptions()), "random": (random[1].tobytes(), *random[2:])}

    def changed(self):
        now = self.now()
        return [name for name in now if now[name] != self.before.get(name)]


def _fingerprint(value):
    """Bytes that change when an array in a cache does (to 9 decimals: x += h, x -= h is forgiven)."""
    np = sys.modules["numpy"]
    if isinstance(value, np.ndarray):
        rounded = value.round(9) + 0.0 if value.dtype.kind == "f" else value
        return value.shape, value.dtype.str, rounded.tobytes() if value.dtype.kind in "biuf" else b""
    if type(value) in (list, tuple):
        return [_fingerprint(part) for part in value]
    if type(value) is dict:
        return [(repr(key), _fingerprint(part)) for key, part in value.items()]
    return type(value).__name__


if __name__ == "__main__":
    main()
