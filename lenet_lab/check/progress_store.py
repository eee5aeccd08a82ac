"""The progress in all notebooks, stored in small files beside them: one per exercise and one for all predictions, each written atomically.

So notebooks that are open at the same time do not overwrite each other's progress, and a crash loses nothing. A function that has passed is
stored with its source; `own` returns it in other notebooks.
"""

import ast
import contextlib
import hashlib
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
from lenet_core._files import atomic_write, in_a_sentence, is_file, matching

from .wording import shown

FOLDER = ".progress"                     # in the notebook's folder, unless LENET_PROGRESS names another
PATIENCE = 3                             # seconds to wait, at most, for another notebook that is writing
NOTHING = {"passed": False, "attempts": 0, "hints": 0, "solution": False, "misconceptions": [], "source": "",      # of an exercise
           "last": ""}                   # a mark of the function or answer that was checked last
PREDICTIONS, CONCEPTS = "predictions", "concepts"                   # the names of the files of all predictions, and of the twelve questions
GUESS = {"guess": "", "result": "", "close": False, "seen": False}           # of a prediction; also "said", the guess as data, and "off", or None
_live = {}                               # functions that have passed in this kernel


def folder():
    """The folder in which progress is stored."""
    return Path(os.environ.get("LENET_PROGRESS") or FOLDER)


def read(name):
    """The progress of an exercise, a dict with the keys of NOTHING; a damaged file gives NOTHING and a warning."""
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
        warnings.warn(f"The progress of {name} in {path} cannot be read ({getattr(error, 'strerror', None) or error}); it starts anew.", stacklevel=2)
        return dict(NOTHING)


def write(name, **changes):
    """Change the progress of an exercise. A folder that cannot be written to gives only a warning."""
    _change(name, lambda known: changes)


def predictions():
    """{name: a dict with the keys of GUESS} of the predictions that were made, the first one first; a damaged file gives none and a warning."""
    return _kept(PREDICTIONS, "predictions", lambda entry: all(type(entry.get(key)) is type(value) for key, value in GUESS.items()))


def record_prediction(name, entry):
    """Store a prediction, a dict with the keys of GUESS. Only the first one of its name is kept: whoever has seen the result does not guess."""
    _change(PREDICTIONS, lambda known: {} if name in known else {name: entry}, predictions)


def concepts():
    """{"before": twelve truth values, "after": ...} of the forms that were answered; a damaged file gives none and a warning."""
    return _kept(CONCEPTS, "answers", lambda right: len(right) == 12 and all(type(one) is bool for one in right))


def record_concepts(when, right):
    """Store which of the twelve answers were right; only the first answers to a form are kept."""
    _change(CONCEPTS, lambda known: {} if when in known else {when: right}, concepts)


def _kept(name, what, is_one):
    """The dict in a file, if each of its values `is_one` of `what`; {} without a file, and with a warning where it is damaged."""
    path = folder() / f"{name}.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if not all(map(is_one, known.values())):
            raise ValueError(f"it holds something else than {what}")
        return known
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, TypeError, AttributeError, RecursionError, OSError) as error:
        warnings.warn(f"The {what} in {path} cannot be read ({getattr(error, 'strerror', None) or error}); they start anew.", stacklevel=3)
        return {}


def _change(name, changes, known_now=None):
    """Read, change and write the progress of an exercise under a lock; `changes(known)` returns the changed entries."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _alone():
            known = known_now() if known_now else read(name)
            new = known | changes(known)
            if new == known and is_file(folder() / f"{name}.json"):
                return
            with atomic_write(folder() / f"{name}.json") as file:
                file.write(json.dumps(new, indent=1).encode())
    except OSError as error:
        warnings.warn(f"Progress is not kept: {in_a_sentence(error)}", stacklevel=3)


@contextlib.contextmanager
def _alone():
    """Lock the progress against other processes; the system releases the lock when its process ends.

    After `PATIENCE` seconds, or where a file cannot be locked (on some network disks), it continues without a lock.
    """
    lock = FileLock(folder() / ".lock", timeout=PATIENCE, poll_interval=0.005)
    with contextlib.suppress(Timeout, NotImplementedError, OSError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def record(name, function, verdict, source_of=None, answer=None):
    """Store the verdict of a check, and if it passed, the function and the source of `source_of`.

    It is an attempt only if the function, or the `answer`, is another one than in the last check: Run All is none.
    """
    if not verdict.decided or str(getattr(source_of, "__module__", "")).startswith("lenet_core."):
        return                                                       # not written yet, not checked, or the package's own function
    if verdict.passed and function is not None:                      # an answer is no function, nor is a file of Octave
        _live[name] = function

    mark = _mark(function if answer is None else answer)

    def changes(known):
        attempt = {"attempts": known["attempts"] + (not mark or mark != known["last"]), "last": mark}
        if verdict.passed:
            return attempt | {"passed": True, "source": _source(source_of) or known["source"]}
        if verdict.misconception:
            return attempt | {"misconceptions": sorted({*known["misconceptions"], verdict.misconception})}
        return attempt

    _change(name, changes)


def _mark(work):
    """A short text that is the same for the same work: of the code of a function, or of an answer. "" if it has neither."""
    if callable(work):
        code = getattr(work, "__code__", None)
        if code is None:
            return ""
        try:
            text = inspect.getsource(work)
        except (OSError, TypeError):
            text = repr((code.co_code, code.co_names, [one for one in code.co_consts if not inspect.iscode(one)]))
    else:
        text = work if isinstance(work, str) else shown(work)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def room():
    """The global names that a function of a notebook may use when it runs outside it."""
    return {"np": np, "numpy": np, "math": math, "ops": ops, "im2col": ops.im2col, "col2im": ops.col2im}


def own(name):
    """The student's function that passed, from this kernel or from its stored source; None if there is none."""
    if name in _live:
        return _live[name]
    source, place = read(name)["source"], room()
    if not source:
        return None
    others = [path for path in matching(folder(), "*.json") if path.stem not in (PREDICTIONS, CONCEPTS)]
    for path in others:                                                 # it may call another function that has passed
        with contextlib.suppress(Exception):
            exec(compile(read(path.stem)["source"], f"<your {path.stem}>", "exec"), place)
    try:
        exec(compile(source, f"<your {name}>", "exec"), place)
        return place[ast.parse(source).body[0].name]
    except Exception:                                                   # it needs a name of its notebook, and cannot be used here
        return None


def _source(function):
    """The source of a plain function; "" for anything that cannot be run from its source alone."""
    if function is None:
        return ""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        statement = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""
    return source if isinstance(statement, ast.FunctionDef) and not statement.decorator_list else ""
