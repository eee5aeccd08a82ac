"""Verdicts on a student's work: `check.toy(5, 4)` for an answer, `check.relu_forward(my_relu_forward)` for a function.

A check of a function looks whether it runs, at what it returns, its shapes and number types, whether its arguments stay as they
are, at an example by hand, random cases without symmetry, ties and edges, and finite differences; it says which of these pass, or
names the first wrong entry, and the misconception where it is a known one. `check.<name>` exists for every name in
`check.EXERCISES`; the homework's own names (`check.pooling_layer_forward`) work too.

Reading order: `verdict`, `toy` (the questions of the toy network), `engine` (how a function is looked at), `exercises` (the right
answers, the cases, the wrong ideas), `derivations`, `hinges`, `handout`, `guard` (functions that hang or make a mess), `hints`,
`memory`, `overview`.
"""

import contextlib
import functools
import re
import types

from IPython.display import Markdown

from lenet_core.homework import IN_OPS, adapted

from ..solutions import blocks
from . import memory as _memory
from .derivations import DERIVATIONS
from .engine import examine
from .exercises import EXERCISES
from .handout import with_both
from .hinges import EXERCISES as HINGES
from .hinges import HINTS as HINGES_HINTS
from .hinges import hinges as _hinges
from .hints import HINTS as FUNCTIONS_HINTS
from .overview import Overview
from .toy import ANSWERS
from .toy import toy as _toy
from .verdict import Verdict

HANDOUT_NAMES = {**IN_OPS, "pooling_forward": "max_pool_forward", "pooling_backward": "max_pool_backward",
                 "conv_layer_forward": "conv_forward", "conv_layer_backward": "conv_backward",
                 "im2col_conv": "im2col", "col2im_conv": "col2im", "finite_difference": "numeric_gradient"}
HINTS = FUNCTIONS_HINTS | HINGES_HINTS
MARK = r"\\\1"                            # i*s is not the beginning of italics
answers = {}                             # the last answer to every question of the toy network in this process; `graded` is given it


def _check(name, function=..., forward=None, interface=None):
    """Look at a function for this exercise and return the verdict; three dots are "not written yet".

    A backward function is given the cache of `forward`; where that is left out, of your own forward function if one has passed
    its check, or of the package's. `interface="handout"` takes a function written to the homework's original handout
    (`lenet_core.homework`).
    """
    exercise, looked_at = EXERCISES[name], function
    if interface == "handout" and callable(function):
        looked_at = adapted(name, function)
    elif interface not in (None, "handout"):
        raise ValueError(f'interface is "handout" or left out; got {interface!r}.')
    forwards = ()
    if exercise.forward:
        mine = _memory.own(name.replace("backward", "forward")) if interface is None else None
        forwards = [forward] if forward else [exercise.forward, *([mine] if mine else [])]
    verdict = examine(exercise, looked_at, forwards)
    if interface == "handout":
        verdict = with_both(verdict, function)
    _memory.record(name, looked_at, verdict, source_of=function if interface is None else None)
    return verdict


def toy(question, answer=...):
    verdict = _toy(question, answer)
    answers[question] = answer
    _memory.record(f"toy_{question:02}", None, verdict)
    return verdict


toy.__doc__ = _toy.__doc__


def derivation(name, function=...):
    """Try a formula, a function of the arguments that the text names, on random matrices; returns a `Verdict`."""
    if name not in DERIVATIONS:
        raise ValueError(f"There is no step {name!r}; there are: {', '.join(DERIVATIONS)}.")
    verdict = examine(DERIVATIONS[name], function)
    _memory.record(f"derive_{name}", None, verdict)
    return verdict


def hinges(target, b=..., hinges=...):
    verdict = _hinges(target, b, hinges)
    _memory.record(HINGES[target], None, verdict)
    return verdict


hinges.__doc__ = _hinges.__doc__


def graded(name, answer=..., seed=0, forward=None, modules=None):
    """The verdict of a grader on an exercise or a question ("toy_05"): the same check, with numbers drawn from `seed`, remembering nothing.

    A backward function may also need the cache of `forward`, of the same hand. `modules` are the answer's own, {name: module}: their
    function of this name is not called for it. Raises AssertionError, with the verdict as its text, where the answer does not pass.
    """
    if name.startswith("toy_"):
        verdict = _toy(int(name.removeprefix("toy_")), answer)
    else:
        exercise = EXERCISES[name]
        with _withheld(name, modules or {}):
            verdict = examine(exercise, answer, [one for one in (exercise.forward, forward) if callable(one)], seed)
    if not verdict.passed:
        raise AssertionError(str(verdict))
    return verdict


@contextlib.contextmanager
def _withheld(name, modules):
    """Meanwhile the package's functions of this name only say so, also under another name: what is replaced is their code."""
    found = [getattr(modules.get(f"lenet_core.{module}"), name, None) for module in ("ops", "reference", "train")]
    kept = {function: function.__code__ for function in found if isinstance(function, types.FunctionType)}
    room = {}
    exec(f"def instead(*_, **__):\n    raise RuntimeError('{name} of the package is what is asked for here: write it yourself')", room)
    for function in kept:
        function.__code__ = room["instead"].__code__
    try:
        yield
    finally:
        for function, code in kept.items():
            function.__code__ = code


def own(name):
    """Your function for an exercise if it has passed its check, also in another notebook; else None."""
    name = HANDOUT_NAMES.get(name, name)
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise {name!r}; there are: {', '.join(EXERCISES)}.")
    function, exercise = _memory.own(name), EXERCISES[name]
    if function is None:
        return None
    # A backward function that stands beside your own forward function has to understand that one's cache.
    forwards = [_memory.own(name.replace("backward", "forward")) or exercise.forward] if exercise.forward else ()
    return function if examine(exercise, function, forwards).passed else None


def hint(name):
    """The next of the three hints for an exercise: in words, as a formula, almost as code."""
    name = HANDOUT_NAMES.get(name, name)
    if name not in HINTS:
        raise ValueError(f"There are hints for: {', '.join(HINTS)}.")
    n = min(_memory.read(name)["hints"], len(HINTS[name]) - 1)
    _memory.write(name, hints=n + 1)
    more = f"`check.hint(\"{name}\")` again for the next one." if n + 1 < len(HINTS[name]) else \
        f"That was the last hint; `check.solution(\"{name}\")` shows a solution."
    return Markdown(f"**Hint {n + 1} of {len(HINTS[name])}.** {re.sub(r'([*_<`])', MARK, HINTS[name][n])}\n\n{more}")


def solution(name):
    """The worked solution of an exercise, with a cell to copy."""
    name = HANDOUT_NAMES.get(name, name)
    known = blocks()
    if name not in known:
        raise ValueError(f"There are solutions for: {', '.join(known)}.")
    _memory.write(name, solution=True)
    return Markdown(f"```python\n{known[name]}\n```")


def progress():
    """What has been done so far in the whole workbook, as a table."""
    names = [*(f"toy_{n:02}" for n in ANSWERS), *EXERCISES, *(f"derive_{name}" for name in DERIVATIONS), *HINGES.values()]
    return Overview({name: _memory.read(name) for name in names})


def _named(name, exercise):
    """The check of one exercise, with a name and a signature of its own."""
    check = functools.partial(_check, exercise)
    check.__name__, check.__doc__ = name, _check.__doc__
    return check


for _name in [*EXERCISES, *HANDOUT_NAMES]:
    globals()[_name] = _named(_name, HANDOUT_NAMES.get(_name, _name))

__all__ = ["EXERCISES", "Verdict", "answers", "derivation", "graded", "hinges", "hint", "own", "progress", "solution", "toy",
           *EXERCISES, *HANDOUT_NAMES]
