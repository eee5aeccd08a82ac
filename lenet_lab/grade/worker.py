"""The student's process: it drops its rights, runs the student's statements, and answers the grader's calls.

This process receives sources and the arguments of calls, and sends results. It has neither seeds nor right answers nor points. So the
student's code cannot read any of these here, and can only change its own results. `sandbox.PROTECTION` says what the code can read outside
this process without full isolation, such as a seed on the grader's command line. `sandbox.py` runs this file as a program, from a folder
with this file, `protocol.py`, `slices.py` and `lenet_core.ops`.
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

LONGEST = 200                            # characters of an error or of printed text that are sent, at most


def main():
    """Receive the job, drop the rights, run the exercises' statements, then answer calls until the grader closes the connection."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    warnings.simplefilter("ignore")                                   # as in the notebooks' checks
    nothing, end = os.pipe()
    os.close(end)
    os.dup2(nothing, 0)                                               # standard input is empty for the student's code
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
        if os.getpid() != process:                                    # the student's code has forked: the copy ends here
            os._exit(0)
        send(outgoing, answer)


def receive(stream):
    """The next message of the grader; ends the process if the grader has closed the connection."""
    head = stream.read(protocol.HEAD.size)
    if len(head) < protocol.HEAD.size:
        os._exit(0)                                                   # the grader needs nothing more
    return protocol.unpack(head, stream.read(protocol.length(head)))


def send(stream, message):
    """Send a message to the grader; a message that is too large is replaced by an error."""
    try:
        packed = protocol.pack(message, protocol.MOST_JSON)
    except protocol.Garbled as error:
        packed = protocol.pack({"error": ["ValueError", f"what it returns is too large: {error}"]})
    stream.write(packed)
    stream.flush()


def prepared(job):
    """The global names of every exercise: modules and functions, imported while this process still has the right to."""
    works = list(job["works"].values())
    text = "\n".join(source for work in works for source in (work["cells"] if work["kind"] == "function" else [work["cells"][work["own"]]]))
    room = {"__name__": "exercise", "math": math}
    if "np" in text or "ops" in text or {work["kind"] for work in works} & {"function", "derivation"}:
        import numpy
        import numpy.linalg
        import numpy.random  # NumPy would import it later, when reading files may not be allowed
        room |= {"np": numpy, "numpy": numpy}
    if "ops" in text or "im2col" in text or "col2im" in text:
        from lenet_core import ops
        room |= {"ops": ops, "im2col": ops.im2col, "col2im": ops.col2im}
    return room


# ------------------------------------------------------------------------------------------------------------- giving rights away


def lock(job):
    """Drop root's rights, and set limits that cannot be raised again; without full isolation also install an audit hook."""
    limits = job["limits"]
    for name, text in job["files"].items():                           # Python files beside the notebook or the functions
        with contextlib.suppress(OSError, ValueError), open(name, "w", encoding="utf-8") as file:
            file.write(text)                                          # a file with an impossible name is skipped
    sys.path.insert(0, os.getcwd())
    if getattr(os, "geteuid", lambda: 1)() == 0:
        with contextlib.suppress(OSError):                            # the new user must own its folder
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
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)                       # PR_SET_NO_NEW_PRIVS: no program can regain rights
    if not job["alone"]:
        sys.addaudithook(_refuse)


NOT_ALLOWED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.kill", "os.posix_spawn", "os.spawn", "ctypes.dlopen")
ONLY_INSIDE = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink", "shutil.")


def _refuse(event, arguments):
    """Audit hook: refuse sockets, programs and writing outside the folder. It is weak protection: deliberate code can avoid it."""
    if event.startswith(NOT_ALLOWED):
        raise PermissionError(f"{event} is not allowed while grading")
    if event.startswith(ONLY_INSIDE) or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        folder = os.path.realpath(os.getcwd()) + os.sep
        for place in arguments[:1 if event == "open" else 2]:
            if isinstance(place, (str, bytes)) and not (os.path.realpath(os.fsdecode(place)) + os.sep).startswith(folder):
                raise PermissionError("writing outside the folder is not allowed while grading")


# ----------------------------------------------------------------------------------------------------------- the student's statements


class Check:
    """Replaces `check` of a notebook: it records the calls, and does nothing else."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.asked.append((name, args, kwargs))


class Loaded:
    """One exercise: its function, or its answer, or in one sentence the reason why there is neither."""

    def __init__(self, work, room):
        self.function, self.answer, self.failed, self.work = None, None, None, work
        self.check = room["check"] = Check()
        # If the package can be imported here, `from lenet_lab import check` would give the real `check`, which records nothing.
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
        """Run the statements that the exercise needs with the global names `room`, and keep its function or its answer."""
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
                    raise                                             # in other cells: the names they would bind are missing
            if one is target:
                self.function = room[work["name"]]
        if work["kind"] == "names":
            self.answer = [room.get(name, ...) for name in work["names"]]
        elif not function:
            self.answer = self.asked(work)

    def asked(self, work):
        """The answer in the last call of `check.toy(5, ...)` or `check.derivation("dense_dx", ...)` in the cell."""
        found = [[*args[1:], *kwargs.values()] for name, args, kwargs in self.check.asked
                 if name == work["kind"] and args[:1] == (work["name"],)]
        if not found or not found[-1]:
            raise NameError(f"there is no check.{work['kind']}({work['name']!r}, ...) in it")
        if work["kind"] == "derivation":
            self.function = found[-1][0]
            return ... if self.function is ... else True
        return found[-1][0]

    def call(self, asked, kept):
        """Call the function and return the result as a message; `kept` is the list of stored caches."""
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
                value = ...                                           # a body of three dots counts as not written
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
    """The text of an error, truncated, with the line of the function that raised it."""
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
    """Keeps the first `LONGEST` characters of the printed text."""

    def write(self, text):
        """Add the text as far as it fits; returns the number of characters added."""
        return super().write(str(text)[:max(0, LONGEST - self.tell())])


class State:
    """NumPy's global state before a call, and what the call has changed in it."""

    def __init__(self):
        self.np = sys.modules.get("numpy")
        self.before = self.now()

    def now(self):
        """The present state: {"errors", "print", "random"}; empty without NumPy."""
        if self.np is None:
            return {}
        random = self.np.random.get_state()
        return {"errors": self.np.geterr(), "print": repr(self.np.get_printoptions()), "random": (random[1].tobytes(), *random[2:])}

    def changed(self):
        """The names of the parts that differ from the state before."""
        now = self.now()
        return [name for name in now if now[name] != self.before.get(name)]


def _fingerprint(value):
    """A value that changes when an array in a cache does (rounded to 9 decimals, so that x += h, x -= h is allowed)."""
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
