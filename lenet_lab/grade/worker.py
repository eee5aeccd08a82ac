"""The student's process: it drops its rights, runs the student's statements, and answers the grader's calls.

This process receives sources and the arguments of calls, and sends results. It has neither seeds nor right answers nor points. So the
student's code cannot read any of these here, and can only change its own results. `walls.PROTECTION` says what the code can read outside
this process without walls, such as a seed on the grader's command line. `sandbox.py` runs this file as a program, from a folder with the
package `_grader` (this file, `protocol.py`, `slices.py`, `kernel_guard.py`) and with `lenet_core.ops`. Functions in .m files run in a process
of GNU Octave beside this one, which has the same limits and drops the same rights.
"""

import __future__

import ast
import contextlib
import ctypes
import importlib.machinery
import inspect
import io
import linecache
import math
import os
import re
import shutil
import signal
import sys
import traceback
import types
import warnings

from . import kernel_guard, protocol, slices

try:
    import resource
except ImportError:                      # not on Windows
    resource = None

LONGEST = 200                            # characters of an error or of printed text that are sent, at most
TASKS = 24                               # threads and processes at once, this one included
FILES = 128                              # open files
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


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
    try:
        octave = started_octave(job)
        lock(job)
    except OSError as error:
        send(outgoing, {"refused": str(error)})
        return
    send(outgoing, {"ready": True})
    why = octave.ready() if octave else None
    top, loaded, runs = os.getcwd(), {}, {}
    statements = [slices.every(cells) for cells in job["notebooks"]]
    for name, work in job["works"].items():
        if work["kind"] == "octave":
            loaded[name] = InOctave(work["name"], octave, why)
            continue
        _enter(top, work["folder"])
        work["cells"], notebook = job["notebooks"][work["notebook"]], (work["notebook"] if job["whole"] else name)
        if job["whole"] and notebook not in runs:
            functions = [one["name"] for one in job["works"].values() if one["kind"] == "function"]
            runs[notebook] = Run(work["cells"], room, job["limits"]["statement"], functions)
            runs[notebook].enter()
            runs[notebook].run(statements[notebook])
        loaded[name] = Loaded(work, room, job["limits"]["statement"], statements[work["notebook"]], runs.get(notebook))
    below = {name: slices.changes_below(statements[work["notebook"]], work["own"]) for name, work in job["works"].items() if job["whole"]}
    send(outgoing, {"failed": {name: one.failed for name, one in loaded.items()}, "below": below,
                    "answers": {name: one.answer for name, one in loaded.items()}})
    kept, process = [], os.getpid()
    while True:
        asked = receive(incoming)
        _enter(top, job["works"][asked["name"]]["folder"])
        answer = loaded[asked["name"]].call(asked, kept)
        if os.getpid() != process:                                    # the student's code has forked: the copy ends here
            os._exit(0)
        send(outgoing, answer)


def _enter(top, folder):
    """Make the notebook's folder the working directory, or the top one if it could not be made."""
    os.chdir(top)
    with contextlib.suppress(OSError):
        os.chdir(folder)


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
    text = "\n".join(source for cells in job["notebooks"] for source in cells)
    room = {"__name__": "__main__", "math": math, "display": lambda *_, **__: None, "get_ipython": Front}
    if "np" in text or "ops" in text or {work["kind"] for work in works} & {"function", "derivation", "octave"}:
        import numpy
        import numpy.linalg
        import numpy.random  # NumPy would import it later, when reading files may not be allowed
        room |= {"np": numpy, "numpy": numpy}
    if "ops" in text or "im2col" in text or "col2im" in text:
        from lenet_core import ops
        room |= {"ops": ops, "im2col": ops.im2col, "col2im": ops.col2im}
    return room


class Front:
    """What `get_ipython()` is here: what a function may need of it (the folder, the environment) is done, nothing else is."""

    def __getattr__(self, name):
        return lambda *_, **__: [] if name == "getoutput" else None

    def __repr__(self):
        return "no front end"                                         # notebooks look for the name of a platform in this text

    def run_line_magic(self, name, line, *_, **__):
        """Do %cd and %env; %timeit returns a record without a measurement."""
        if name == "cd":
            os.chdir(os.path.expanduser(line.strip().removeprefix("-q ").strip().strip("'\"") or "~"))
        elif name in ("env", "set_env") and (parts := re.split(r"\s*=\s*|\s+", line.strip(), maxsplit=1))[1:]:
            os.environ[parts[0]] = parts[1]
        elif name == "timeit":
            return types.SimpleNamespace(best=math.nan, average=math.nan, worst=math.nan, stdev=math.nan, loops=0, repeat=0, all_runs=[])
        return None


# ------------------------------------------------------------------------------------------------------------- giving rights away


def started_octave(job):
    """GNU Octave, if the job needs it, in a process that drops its rights as this one will."""
    octave = None
    if job["octave"]:
        from octave import process

        octave = process.Octave(os.getcwd(), os.path.join(HERE, "octave"))            # its pipes, before they get their owner
    furnish(job)
    if octave:
        command = process.command(job["octave"], octave.library)
        program = ctypes.create_string_buffer(os.fsencode(job["octave"]))
        arguments = (ctypes.c_char_p * (len(command) + 1))(*map(os.fsencode, command))
        variables = [f"{name}={value}".encode() for name, value in (os.environ | octave.variables()).items()]
        environment = (ctypes.c_char_p * (len(variables) + 1))(*variables)

        def enter():
            lock(job, program)
            ctypes.CDLL(None).execve(program, arguments, environment)            # does not return: this process is Octave now

        octave.start(job["octave"], enter)
    return octave


def furnish(job):
    """Put what was handed in beside the notebooks into this folder, which from now on belongs to the user of the student's code."""
    with contextlib.suppress(OSError, shutil.Error):                  # what was handed in beside the notebooks, as far as it can be there
        shutil.copytree(os.path.join(HERE, "files"), ".", dirs_exist_ok=True)
    for work in job["works"].values():
        with contextlib.suppress(OSError):
            os.makedirs(work["folder"], exist_ok=True)
    if _root():
        for place, folders, names in os.walk("."):
            for name in (".", *folders, *names):
                with contextlib.suppress(OSError):                    # the new user must own its files
                    os.chown(os.path.join(place, name), job["user"], job["user"])


def _root():
    return getattr(os, "geteuid", lambda: 1)() == 0


def lock(job, program=None):
    """Drop root's rights, and set limits that cannot be raised again; without walls also have the kernel or Python refuse the rest.

    `program`: what this process is to become, as in `kernel_guard.refuse_calls`. Raises OSError with a sentence where this process could not
    run the student's code after that.
    """
    limits = job["limits"]
    sys.path = [place for place in sys.path if place != HERE]         # a module of the student may have any name
    sys.path.insert(0, "")                                            # the folder of the notebook, as in Jupyter
    if _root():
        if job["guard"]:
            kernel_guard.change_user(job["user"])
        else:
            os.setgroups([])
            os.setgid(job["user"])
            os.setuid(job["user"])
            if not program:
                _see_python(job["packages"])
    if resource:
        spent = math.ceil(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        for name, most in (("CPU", spent + limits["processor"]), ("AS", limits["memory"]), ("FSIZE", limits["disk"]),
                           ("CORE", 0), ("NOFILE", FILES), ("NPROC", job["tasks"] + TASKS)):
            if (number := getattr(resource, f"RLIMIT_{name}", None)) is not None:
                with contextlib.suppress(OSError, ValueError):
                    most = min([most, *(one for one in resource.getrlimit(number) if one != resource.RLIM_INFINITY)])
                    resource.setrlimit(number, (most, most))
    if job["guard"]:
        kernel_guard.guard(*job["guard"], [os.getcwd()], program)
        return
    if sys.platform == "linux":                                       # also behind walls: memory in no process counts for no limit
        with contextlib.suppress(OSError):
            kernel_guard.refuse_calls(program)
    if not job["alone"] and not program:
        sys.addaudithook(Fence(os.getcwd(), job["hidden"]))


def _see_python(packages):
    """Raise OSError if the user to whom this process now belongs cannot read Python: then no code could run that imports something."""
    for place in (os.path.dirname(os.__file__), os.__file__, os.path.join(packages, "numpy", "__init__.py")):
        if not os.access(place, os.R_OK):
            closed = place
            while os.path.dirname(closed) != closed and not os.access(os.path.dirname(closed), os.X_OK):
                closed = os.path.dirname(closed)
            raise OSError(f"Its process runs as another user, who cannot read {closed}. Install Python where every user can read it, or run "
                          "the grader as an ordinary user.")


FOLDER_NUMBERS = {"os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.mkdir": 2, "os.chmod": 2, "os.chown": 3, "os.link": 2, "os.symlink": 2,
                  "os.utime": 3}         # where the arguments of an event begin that are folders, by their numbers


class Fence:
    """Audit hook: refuse sockets, programs, signals and files outside the folder. It is weak: deliberate code can avoid it."""

    NOT_ALLOWED = ("socket.connect", "socket.bind", "socket.send", "socket.get", "subprocess.", "os.system", "os.exec", "os.fork", "os.kill",
                   "os.posix_spawn", "os.spawn", "ctypes.dlopen", "signal.", "resource.", "os.setpriority", "os.sched_")
    WRITES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink", "shutil.",
              "os.utime", "os.setxattr", "os.removexattr", "sqlite3.connect")

    def __init__(self, folder, hidden):
        self.folder, self.hidden = os.path.realpath(folder) + os.sep, [os.path.realpath(place) + os.sep for place in hidden]

    def __call__(self, event, arguments):
        """Raise PermissionError if what Python is about to do is not allowed."""
        if event.startswith(self.NOT_ALLOWED):
            raise PermissionError(f"{event} is not allowed while grading")
        opened = event == "open" or event == "os.listdir"
        written = event.startswith(self.WRITES) or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not (opened or written or event == "os.chdir"):
            return
        for place in arguments[:1 if opened else 2]:
            if not isinstance(place, (str, bytes, os.PathLike)):
                continue
            real = os.path.realpath(os.fsdecode(place)) + os.sep
            if not real.startswith(self.folder) and (written or event == "os.chdir" or event == "open" and os.path.isdir(real)):
                raise PermissionError("writing outside the folder is not allowed while grading")
            if real.startswith(tuple(self.hidden)):
                raise PermissionError("reading this package is not allowed while grading")
        folders = arguments[FOLDER_NUMBERS.get(event, len(arguments)):]
        if any(type(number) is int and number >= 0 for number in folders):
            raise PermissionError("writing by the number of a folder is not allowed while grading")


# ----------------------------------------------------------------------------------------------------------- the student's statements


class Check:
    """Replaces `check` of a notebook: it records the calls, and does nothing else."""

    __all__ = ("toy", "derivation", "hinges", "hint", "own", "progress", "points", "solution")          # for import *

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.asked.append((name,))

    def toy(self, question, answer=..., *_, **__):
        """Record an answer to a question of the toy network."""
        self.asked.append(("toy", question, answer))

    def derivation(self, name, function=..., *_, **__):
        """Record the function for a step of the derivations."""
        self.asked.append(("derivation", name, function))


class TooLong(BaseException):
    """A statement took too long. It is not an Exception, so that `except Exception` does not go on with it."""


@contextlib.contextmanager
def stopped_after(seconds):
    """Raise TooLong in the code of the block after so many seconds, where the system can."""
    def stop(*_):
        raise TooLong(f"stopped after {seconds:g} seconds")

    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Run:
    """Statements of a notebook, run in order with global names of their own, those of `__main__`.

    `bound` has the values of names right after their statement, {(cell, name): value}, `errors` the first error of each cell. A statement
    that fails does not stop the others: what a notebook has and this process has not (networks, figures) fails here. The names `watched`
    are looked at after every statement, since one may bind them in a way that its text does not show.
    """

    def __init__(self, cells, room, seconds, watched=()):
        self.main, self.check, self.seconds, self.bound, self.errors = types.ModuleType("__main__"), Check(), seconds, {}, {}
        self.watched = watched
        self.room = self.main.__dict__
        self.room.update(room, check=self.check)
        for number, source in enumerate(cells):
            linecache.cache[f"<cell {number}>"] = len(source), None, source.splitlines(True), f"<cell {number}>"

    def enter(self):
        """Make these names those of `__main__`; `from lenet_lab import check` gives the record, whatever is installed here."""
        package = types.ModuleType("lenet_lab")
        package.__spec__, package.check = importlib.machinery.ModuleSpec("lenet_lab", None), self.check
        sys.modules.update({"__main__": self.main, "lenet_lab": package, "lenet_lab.check": self.check})

    def run(self, statements):
        """Run these statements, each at most `seconds`; what is imported has the time of the whole process."""
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        for one in statements:
            if isinstance(one.node, ast.ImportFrom) and one.node.module == "__future__":
                flags |= getattr(__future__, one.node.names[0].name).compiler_flag        # it holds for all later cells
            importing = isinstance(one.node, (ast.Import, ast.ImportFrom))
            shown = isinstance(one.node, ast.Expr)
            tree = ast.Expression(one.node.value) if shown else ast.Module([one.node], [])
            before = {name: self.room.get(name) for name in self.watched}
            try:
                code = compile(tree, f"<cell {one.cell}>", "eval" if shown else "exec", flags, True)
                with contextlib.nullcontext() if importing else stopped_after(self.seconds):
                    value = eval(code, self.room)
                    if inspect.iscoroutine(value) and code.co_flags & inspect.CO_COROUTINE:
                        import asyncio  # takes longer to load than all the rest

                        value = asyncio.run(value)
                if shown and value is not None:
                    self.room["_"] = value                            # the last output
            except BaseException as error:
                self.errors.setdefault(one.cell, error)
            names = {*one.bound, *(name for name, value in before.items() if self.room.get(name) is not value)}
            self.bound.update({(one.cell, name): self.room[name] for name in names if name in self.room})


class Loaded:
    """One exercise: its function, or its answer, or in one sentence the reason why there is neither.

    `found` are the statements of its notebook. `whole` is the `Run` of all of them; without it, only those that it needs are run.
    """

    def __init__(self, work, room, seconds, found, whole=None):
        self.function, self.answer, self.failed = None, None, None
        self.run = whole or Run(work["cells"], room, seconds)
        self.check = self.run.check
        self.dots = slices.dots(work["cells"][work["own"]])
        try:
            self.load(work, found, whole is not None)
        except TooLong as error:
            self.failed = f"Its cell does not end: {error}."
        except BaseException as error:
            self.failed = ("Its cell cannot be read: " if isinstance(error, SyntaxError) else "Its cell raises ") + _said(error) + "."

    def load(self, work, found, whole):
        """Keep the function of the exercise, or its answer."""
        function, own = work["kind"] == "function", work["own"]
        name = work["name"] if function else None
        ast.parse(work["cells"][own])                                 # the other cells may be anything
        if whole:
            target = slices.target_of(found, own, name) if function else None
        else:
            chosen, target = slices.needed(found, own, name)
            if function and target is None:
                raise NameError(f"there is no {name} in it")
            self.run.enter()
            self.run.run(chosen)
            if own in self.run.errors:
                raise self.run.errors[own]
        if function:
            self.function = self.run.bound.get((own, name), self.run.room.get(name, ...))        # another cell may bind it, in a loop
            if self.function is ...:
                raise self.run.errors.get(own, NameError(f"there is no {name} in it"))
            self.dots = slices.dots(target.text) if target else self.dots
        elif work["kind"] == "names":
            self.answer = [self.run.bound.get((own, name), ...) for name in work["names"]]
        else:
            if isinstance(self.run.errors.get(own), TooLong):
                raise self.run.errors[own]                            # what comes after it was never reached
            self.answer = self.asked(work)

    def asked(self, work):
        """The answer in the last call of `check.toy(5, ...)` or `check.derivation("dense_dx", ...)`."""
        found = [one[2] for one in self.check.asked if len(one) == 3 and one[0] == work["kind"] and one[1] == work["name"]]
        if not found:
            raise NameError(f"there is no check.{work['kind']}({work['name']!r}, ...) in it")
        if work["kind"] == "derivation":
            self.function = found[-1]
            return ... if self.function is ... else True
        return found[-1]

    def call(self, asked, kept):
        """Call the function and return the result as a message; `kept` is the list of stored caches."""
        self.run.enter()
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
        answer |= {"args": asked["args"], "printed": said.getvalue()[:LONGEST], "state": state.changed()}
        if cache is not None:
            answer["cache changed"] = before != _fingerprint(kept[cache])
        return answer


class InOctave:
    """One exercise in a .m file: a function of the process `octave`; `failed` is the reason in one sentence why it cannot be called."""

    answer = None

    def __init__(self, name, octave, failed):
        self.name, self.octave, self.failed = name, octave, failed

    def call(self, asked, kept):
        """Call the function in this folder and return its results as a message."""
        try:
            values = self.octave.call(os.getcwd(), self.name, asked["args"], asked["kwargs"]["outputs"])
        except Exception as error:
            if self.octave.ended:
                return {"ended": self.octave.ended}
            return {"error": [type(error).__name__, str(error)], "printed": self.octave.printed[:LONGEST]}
        return {"value": values, "printed": self.octave.printed[:LONGEST]}


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
