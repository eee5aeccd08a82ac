"""What has been done so far, over all notebooks: kept in small files beside them, one per exercise, each written wholly or not at all.

So notebooks that are open at once do not undo each other's exercises, not even where it is the same exercise in both, and a crash
loses nothing. A function that has passed is kept with its source; `own` hands it to other notebooks.
"""

import ast
import contextlib
import inspect
import json
import math
import os
import textwrap
import warnings
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from lenet_core import ops
from lenet_core._files import atomic_write

FOLDER = ".progress"                     # in the notebook's folder, unless LENET_PROGRESS names another
PATIENCE = 3                             # seconds to wait for another notebook that is writing
NOTHING = {"passed": False, "attempts": 0, "hints": 0, "solution": False, "misconceptions": [], "source": ""}      # of an exercise
_live = {}                               # functions that have passed in this kernel


def folder():
    """Where progress is kept."""
    return Path(os.environ.get("LENET_PROGRESS") or FOLDER)


def read(name):
    """What is known of an exercise, a dict with the keys of NOTHING; a damaged file counts as nothing done, with a warning."""
    path = folder() / f"{name}.json"
    try:
        known = NOTHING | json.loads(path.read_text(encoding="utf-8"))
        if (any(type(known[key]) is not type(value) for key, value in NOTHING.items()) or known["attempts"] < 0 or known["hints"] < 0
                or not all(isinstance(misconception, str) for misconception in known["misconceptions"])):
            raise ValueError("it holds something else than progress")
        return known
    except (FileNotFoundError, NotADirectoryError):
        return dict(NOTHING)
    except (ValueError, TypeError, RecursionError, OSError) as error:
        warnings.warn(f"The progress of {name} in {path} cannot be read ({error}); it starts anew.", stacklevel=2)
        return dict(NOTHING)


def write(name, **changes):
    """Change what is known of an exercise. A folder that cannot be written to costs the memory, not the lesson."""
    _change(name, lambda known: changes)


def _change(name, changes):
    """Read, change and write what is known of an exercise, with no other process in between; `changes(known)` is what is new."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _alone():
            known = read(name)
            known |= changes(known)
            with atomic_write(folder() / f"{name}.json") as file:
                file.write(json.dumps(known, indent=1).encode())
    except OSError as error:
        warnings.warn(f"Progress is not kept: {error}", stacklevel=3)


@contextlib.contextmanager
def _alone():
    """Wait until no other process changes the progress. The system ends a claim with its process, whatever ended that.

    Nobody waits for ever: after a few seconds, and where files cannot be locked (on some network disks), it goes on without.
    """
    lock = FileLock(folder() / ".lock", timeout=PATIENCE, poll_interval=0.005)
    with contextlib.suppress(Timeout, NotImplementedError, OSError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def record(name, function, verdict, source_of=None):
    """Note the verdict of a check: an attempt, and when it passed, the function, and the source of `source_of`."""
    if not verdict.written or str(getattr(source_of, "__module__", "")).startswith("lenet_core."):
        return                                                       # nothing done yet, or the package's own function
    if verdict.passed:
        _live[name] = function

    def changes(known):
        attempt = {"attempts": known["attempts"] + 1}
        if verdict.passed:
            return attempt | {"passed": True, "source": _source(source_of) or known["source"]}
        if verdict.misconception:
            return attempt | {"misconceptions": sorted({*known["misconceptions"], verdict.misconception})}
        return attempt

    _change(name, changes)


def room():
    """What a function of a notebook may count on when it runs outside it."""
    return {"np": np, "numpy": np, "math": math, "ops": ops, "im2col": ops.im2col, "col2im": ops.col2im}


def own(name):
    """The student's function that passed, from this kernel or made of its source kept earlier; None where there is none."""
    if name in _live:
        return _live[name]
    source, place = read(name)["source"], room()
    if not source:
        return None
    for path in sorted(folder().glob("*.json")):                        # it may call one that passed before
        with contextlib.suppress(Exception):
            exec(compile(read(path.stem)["source"], f"<your {path.stem}>", "exec"), place)
    try:
        exec(compile(source, f"<your {name}>", "exec"), place)
        return place[ast.parse(source).body[0].name]
    except Exception:                                                   # it needs something of its notebook: then it is not at hand
        return None


def _source(function):
    """The source of a plain function; "" for anything that would not stand on its own."""
    if function is None:
        return ""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        statement = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""
    return source if isinstance(statement, ast.FunctionDef) and not statement.decorator_list else ""
