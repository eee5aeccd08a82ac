"""Verdicts on a student's work: `check.toy(5, 4)` for an answer, `check.relu_forward(my_relu_forward)` for a function.

A check of a function looks whether it runs, at what it returns, its shapes and number types, whether its arguments stay as they
are, at an example by hand, random cases without symmetry, ties and edges, and finite differences; it says which of these pass, or
names the first wrong entry, and the misconception where it is a known one. `check.<name>` exists for every name in
`check.EXERCISES`; the homework's own names (`check.pooling_layer_forward`) work too.

Reading order: `verdict`, `toy` (the questions of the toy network), `engine` (how a function is looked at), `exercises` (the right
answers, the cases, the wrong ideas), `derivations`, `hinges`, `handout`, `guard` (functions that hang or make a mess), `hints`,
`progress`, `overview`, `solutions`, `bugs` (the bug hunt).
"""

import contextlib
import re
import types

from IPython.display import Markdown

from lenet_lab.handout import IN_OPS, adapted

from . import progress_store as _progress
from .derivations import DERIVATIONS
from .engine import examine
from .exercises import EXERCISES
from .handout import with_both
from .hinge_targets import EXERCISES as HINGES, HINTS as HINGES_HINTS, hinges as _hinges
from .hints import HINTS as FUNCTIONS_HINTS
from .overview import Overview
from .solutions import blocks
from .toy_questions import ANSWERS, toy as _toy
from .verdict import Verdict

HANDOUT_NAMES = {**IN_OPS, "pooling_forward": "max_pool_forward", "pooling_backward": "max_pool_backward",
                 "conv_layer_forward": "conv_forward", "conv_layer_backward": "conv_backward",
                 "im2col_conv": "im2col", "col2im_conv": "col2im", "finite_difference": "numeric_gradient"}
HINTS = FUNCTIONS_HINTS | HINGES_HINTS
MARK = r"\\\1"                            # i*s is not the beginning of italics
answers = {}                             # the last answer to every question of the toy network in this process; `graded` is given it


def _check_of(name):
    """The check of one exercise, with a name and a signature of its own."""
    exercise = EXERCISES[name]

    def check(function=..., forward=None, interface=None):
        """Look at a function for this exercise and return the verdict; three dots are "not written yet".

        A backward function is given the cache of `forward`; where that is left out, of your own forward function if one has passed
        its check, or of the package's. `interface="handout"` takes a function written to the homework's original handout
        (`lenet_lab.handout`).
        """
        looked_at = function
        if interface == "handout" and callable(function):
            looked_at = adapted(name, function)
        elif interface not in (None, "handout"):
            raise ValueError(f'interface is "handout" or left out; got {interface!r}.')
        forwards = ()
        if exercise.forward:
            mine = _progress.own(name.replace("backward", "forward")) if interface is None else None
            forwards = [forward] if forward else [exercise.forward, *([mine] if mine else [])]
        verdict = examine(exercise, looked_at, forwards)
        if interface == "handout":
            verdict = with_both(verdict, function)
        _progress.record(name, looked_at, verdict, source_of=function if interface is None else None)
        return verdict

    check.__name__ = check.__qualname__ = name
    return check


def toy(question, answer=...):
    verdict = _toy(question, answer)
    answers[question] = answer
    _progress.record(f"toy_{question:02}", None, verdict)
    return verdict


toy.__doc__ = _toy.__doc__


def derivation(name, function=...):
    """Try a formula, a function of the arguments that the text names, on random matrices; returns a `Verdict`."""
    if name not in DERIVATIONS:
        raise ValueError(f"There is no step {name!r}; there are: {', '.join(DERIVATIONS)}.")
    verdict = examine(DERIVATIONS[name], function)
    _progress.record(f"derive_{name}", None, verdict)
    return verdict


def hinges(target, b=..., hinges=...):
    verdict = _hinges(target, b, hinges)
    _progress.record(HINGES[target], None, verdict)
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
        forwards = [one for one in (exercise.forward, forward) if callable(one)]
        with _withheld(name, modules or {}, (answer, forward)):
            verdict = examine(exercise, answer, forwards, seed)
    if not verdict.passed:
        raise AssertionError(str(verdict))
    return verdict


@contextlib.contextmanager
def _withheld(name, modules, functions):
    """Meanwhile the package's functions of this name only say so: in their modules, and where `functions` have them among their globals."""
    def instead(*_, **__):
        raise RuntimeError(f"{name} of the package is what is asked for here: write it yourself")

    spaces = [vars(modules[f"lenet_core.{module}"]) for module in ("ops", "reference", "training") if f"lenet_core.{module}" in modules]
    package = [space[name] for space in spaces if name in space]
    spaces += [function.__globals__ for function in functions if isinstance(function, types.FunctionType)]
    replaced = [(space, key, value) for space in spaces for key, value in space.items() if any(value is one for one in package)]
    for space, key, _ in replaced:
        space[key] = instead
    try:
        yield
    finally:
        for space, key, value in replaced:
            space[key] = value


def own(name):
    """Your function for an exercise if it has passed its check, also in another notebook; else None."""
    name = HANDOUT_NAMES.get(name, name)
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise {name!r}; there are: {', '.join(EXERCISES)}.")
    function, exercise = _progress.own(name), EXERCISES[name]
    if function is None:
        return None
    # A backward function that stands beside your own forward function has to understand that one's cache.
    forwards = [_progress.own(name.replace("backward", "forward")) or exercise.forward] if exercise.forward else ()
    return function if examine(exercise, function, forwards).passed else None


def hint(name):
    """The next of the three hints for an exercise: in words, as a formula, almost as code."""
    name = HANDOUT_NAMES.get(name, name)
    if name not in HINTS:
        raise ValueError(f"There are hints for: {', '.join(HINTS)}.")
    n = min(_progress.read(name)["hints"], len(HINTS[name]) - 1)
    _progress.write(name, hints=n + 1)
    more = f"`check.hint(\"{name}\")` again for the next one." if n + 1 < len(HINTS[name]) else \
        f"That was the last hint; `check.solution(\"{name}\")` shows a solution."
    return Markdown(f"**Hint {n + 1} of {len(HINTS[name])}.** {re.sub(r'([*_<`])', MARK, HINTS[name][n])}\n\n{more}")


def solution(name):
    """The worked solution of an exercise, with a cell to copy."""
    name = HANDOUT_NAMES.get(name, name)
    known = blocks()
    if name not in known:
        raise ValueError(f"There are solutions for: {', '.join(known)}.")
    _progress.write(name, solution=True)
    return Markdown(f"```python\n{known[name]}\n```")


def progress():
    """What has been done so far in the whole workbook, as a table."""
    names = [*(f"toy_{n:02}" for n in ANSWERS), *EXERCISES, *(f"derive_{name}" for name in DERIVATIONS), *HINGES.values()]
    return Overview({name: _progress.read(name) for name in names})


# One check for every exercise, under its name here, and under the homework's own names.

relu_forward = _check_of("relu_forward")
inner_product_forward = _check_of("inner_product_forward")
max_pool_forward = _check_of("max_pool_forward")
im2col = _check_of("im2col")
conv_forward = _check_of("conv_forward")
softmax = _check_of("softmax")
relu_backward = _check_of("relu_backward")
inner_product_backward = _check_of("inner_product_backward")
max_pool_backward = _check_of("max_pool_backward")
col2im = _check_of("col2im")
conv_backward = _check_of("conv_backward")
softmax_loss = _check_of("softmax_loss")
numeric_gradient = _check_of("numeric_gradient")
sgd_momentum = _check_of("sgd_momentum")
momentum_average = _check_of("momentum_average")
clip_gradients = _check_of("clip_gradients")

pooling_layer_forward = pooling_forward = max_pool_forward
pooling_layer_backward = pooling_backward = max_pool_backward
conv_layer_forward, conv_layer_backward = conv_forward, conv_backward
im2col_conv, col2im_conv = im2col, col2im
finite_difference = numeric_gradient

__all__ = ["EXERCISES", "Verdict", "answers", "derivation", "graded", "hinges", "hint", "own", "progress", "solution", "toy",
           *EXERCISES, *HANDOUT_NAMES]
