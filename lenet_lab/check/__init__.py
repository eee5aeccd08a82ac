"""Verdicts on a student's work: `check.toy(5, 4)` for an answer, `check.relu_forward(my_relu_forward)` for a function.

A check of a function tests whether it runs, what it returns, shapes and number types, and whether its arguments are unchanged. Then it
tests an example by hand, random cases without symmetry, ties and edge cases, and finite differences. The verdict lists the checks that
pass, or gives the first wrong entry and its cause. `check.<name>` exists for every name in
`check.EXERCISES`; the homework's own names (`check.pooling_layer_forward`) work too.

In reading order, a check is made of: `verdict`, `toy_questions` (the questions of the toy network), `engine` (the stages of a check),
`diagnosis` (the cause), `edits` (small changes of a source), `errors` (errors in plain words). Then come the exercises: `exercises` (the right
answers, the cases, the misconceptions), `formulas`, `derivations`, `hinge_targets`, `fast_filter`, `handout_update`, `octave_files`,
`octave_errors`, `pytorch_tasks` (the exercises in PyTorch), `guard` (calls of functions that may hang). Around them are `hints`,
`progress_store`, `overview`, `solutions`, `bugs` (the bug hunt), `predictions` and `reasons` (guesses before a result is seen), and
`concept_test` (twelve questions before and after). `docs/checks.md` says how well it works.
"""

import contextlib
import re
import sys

from IPython.display import Markdown

from lenet_lab.handout import IN_OPS, adapted

from . import progress_store as _progress
from .concept_test import concepts
from .derivations import DERIVATIONS
from .engine import examine
from .exercises import EXERCISES
from .fast_filter import HINTS as F23_HINTS, f23 as _f23
from .formulas import HINTS as FORMULAS_HINTS
from .handout_update import with_both
from .hinge_targets import EXERCISES as HINGES, HINTS as HINGES_HINTS, hinges as _hinges
from .hints import HINTS as FUNCTIONS_HINTS
from .octave_files import NAMES as OF_FILES, of_file
from .overview import Overview
from .predictions import compare, predict
from .pytorch_tasks import HINTS as TASKS_HINTS, TASKS, verdict_of as _verdict_of_task
from .reasons import REASONS
from .solutions import blocks, model_answers
from .toy_questions import ANSWERS, toy as _toy
from .verdict import Verdict
from .wording import shown

HANDOUT_NAMES = {**IN_OPS, "pooling_forward": "max_pool_forward", "pooling_backward": "max_pool_backward",
                 "conv_layer_forward": "conv_forward", "conv_layer_backward": "conv_backward",
                 "im2col_conv": "im2col", "col2im_conv": "col2im", "finite_difference": "numeric_gradient"}
AS_CHECKED = {**HANDOUT_NAMES, **{name: f"derive_{name}" for name in DERIVATIONS}, **HINGES}       # the name in a call of a check: the exercise
HINTS = FUNCTIONS_HINTS | FORMULAS_HINTS | HINGES_HINTS | F23_HINTS | TASKS_HINTS
MARK = r"\\\1"                            # escapes Markdown: i*s must not begin italics
TOY = {f"toy_{n:02}": n for n in ANSWERS}                    # the questions of the toy network
answers = {}                             # the last answer to every question of the toy network in this process, for `points`


def _check_of(name):
    """The check function of one exercise, under its name."""
    exercise = EXERCISES[name]

    def check(function=..., forward=None, interface=None):
        """Check a function for this exercise and return the verdict; three dots mean "not written yet".

        A backward function gets the cache of `forward`. Without `forward` it gets the cache of your own forward function, if that has
        passed its check, or of the package's. `interface="handout"` takes a function written to the homework's original handout
        (`lenet_lab.handout`).
        """
        tested, written = function, None
        if interface == "handout" and callable(function):
            tested, written = adapted(name, function), (function, lambda changed: adapted(name, changed))
        elif interface not in (None, "handout"):
            raise ValueError(f'interface is "handout" or left out; got {interface!r}.')
        forwards = ()
        if exercise.forward:
            mine = _progress.own(name.replace("backward", "forward")) if interface is None else None
            forwards = [forward] if forward else [exercise.forward, *([mine] if mine else [])]
        verdict = examine(exercise, tested, forwards, written=written)
        if interface == "handout":
            verdict = with_both(verdict, function)
        _progress.record(name, tested, verdict, source_of=function if interface is None else None, answer=function)
        return verdict

    check.__name__ = check.__qualname__ = name
    return check


def toy(question, answer=...):
    """Check the answer to question 1 to 12 of the homework's toy network; returns a `Verdict`.

    Numbers may be given as numbers, fractions or text; heights and widths as a pair or one number; three decimals are enough.
    Raises ValueError for an unknown question.
    """
    verdict = _toy(question, answer)
    answers[question] = answer
    _progress.record(f"toy_{question:02}", None, verdict, answer=answer)
    return verdict


def derivation(name, function=...):
    """Check a formula, given as a function of the arguments in the text, on random matrices; returns a `Verdict`."""
    if name not in DERIVATIONS:
        raise ValueError(f"There is no step {name!r}; there are: {', '.join(DERIVATIONS)}.")
    verdict = examine(DERIVATIONS[name], function)
    _progress.record(f"derive_{name}", None, verdict, answer=function)
    return verdict


def octave(path):
    """Check one of the homework's seven functions in a .m file, `check.octave("relu_forward.m")`; returns a `Verdict`.

    GNU Octave runs it, on this machine and with your rights; it must be installed. Helper functions may be in the same file or in files
    beside it. Raises ValueError for a file with another name than the homework's.
    """
    name, verdict, text = of_file(path)
    _progress.record(OF_FILES[name], None, verdict, answer=text)
    return verdict


def hinges(target, b=..., hinges=...):
    """Compare b + sum of c ReLU(x - t) with the target "zigzag" or "tent"; returns a `Verdict`.

    `hinges` is a list of pairs (t, c). Raises ValueError for an unknown target.
    """
    verdict = _hinges(target, b, hinges)
    _progress.record(HINGES[target], None, verdict, answer=(b, hinges))
    return verdict


def f23(function=...):
    """Check a function (d, g) -> y0, y1: two outputs of a filter of three weights, by four multiplications; returns a `Verdict`."""
    verdict = _f23(function)
    _progress.record("f23", None, verdict, answer=function)
    return verdict


def torch_forward(function=...):
    """Check a forward pass of LeNet in PyTorch, `function(x, params)`; returns a `Verdict`."""
    return _task("torch_forward", function)


def torch_relu(function=...):
    """Check a ReLU written as a subclass of `torch.autograd.Function`; returns a `Verdict`."""
    return _task("torch_relu", function)


def torch_train(function=...):
    """Check a training loop in PyTorch, `function(model, batches, lr)`; returns a `Verdict`."""
    return _task("torch_train", function)


def _task(name, function):
    verdict = _verdict_of_task(name, function)
    _progress.record(name, None, verdict, answer=function)
    return verdict


def points(name, answer=..., *, of):
    """Check an answer to an exercise or a question ("toy_05"), print the verdict, and return `of` points or 0, as a whole number.

    It is the last line of a test cell of the course for nbgrader, which reads this number as the score (`lenet_lab.grade.nbgrader_course`).
    """
    with contextlib.redirect_stderr(sys.stdout):                      # to nbgrader, a warning on stderr would be a failed test
        verdict = CHECKS[name](answer) if name in EXERCISES else _toy(int(name.removeprefix("toy_")), answer)
    print(verdict)
    return of if verdict.passed else 0


def own(name):
    """Your function for an exercise if it has passed its check, also in another notebook; else None."""
    name = HANDOUT_NAMES.get(name, name)
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise {name!r}; there are: {', '.join(EXERCISES)}.")
    function, exercise = _progress.own(name), EXERCISES[name]
    if function is None:
        return None
    # A backward function that is used with your own forward function has to work with that function's cache.
    forwards = [_progress.own(name.replace("backward", "forward")) or exercise.forward] if exercise.forward else ()
    return function if examine(exercise, function, forwards).passed else None


def hint(name, number=None):
    """The next of the three hints for an exercise: in words, as a formula, almost as code; with a `number`, 1 to 3, always that one.

    The name is also the one in the call of its check, as "saving" in `check.derivation("saving", ...)`. Raises ValueError for another name or
    number.
    """
    name = AS_CHECKED.get(name, name)
    if name in TOY:
        return Markdown(f"No hints belong to question {TOY[name]}. Press *Step* in the widget up to that number, or give any answer, as in "
                        f"`check.toy({TOY[name]}, 0)`, and open *Show the work*.")
    if name not in HINTS:
        raise ValueError(f"There are hints for: {', '.join(HINTS)}.")
    given, numbers = _progress.read(name)["hints"], range(1, len(HINTS[name]) + 1)
    if number is not None and number not in numbers:
        raise ValueError(f"There are hints 1 to {len(numbers)}; got {shown(number)}.")
    n = min(given, len(numbers) - 1) if number is None else number - 1
    _progress.write(name, hints=max(given, n + 1))
    more = f"`check.hint(\"{name}\")` again for the next one." if n + 1 < len(HINTS[name]) else \
        f"That was the last hint; `check.solution(\"{name}\")` shows a solution."
    return Markdown(f"**Hint {n + 1} of {len(HINTS[name])}.** {re.sub(r'([*_<`])', MARK, HINTS[name][n])}\n\n{more}")


def solution(name):
    """The worked solution of an exercise, with a cell to copy; of a question that is answered in words, one answer.

    The name is also the one in the call of its check.
    """
    name = AS_CHECKED.get(name, name)
    known, in_words = blocks(), model_answers()
    if name in in_words:
        return Markdown(in_words[name])
    if name in TOY:
        return hint(name)
    if name not in known:
        raise ValueError(f"There are solutions for: {', '.join(known)}.")
    _progress.write(name, solution=True)
    return Markdown(f"```python\n{known[name]}\n```")


def progress():
    """Your progress in the whole workbook, as a table."""
    names = [*(f"toy_{n:02}" for n in ANSWERS), *EXERCISES, *(f"derive_{name}" for name in DERIVATIONS), *HINGES.values(), "f23", *TASKS]
    return Overview({name: _progress.read(name) for name in names}, _progress.predictions(), REASONS)


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

CHECKS = {name: value for name, value in globals().items() if name in EXERCISES}

pooling_layer_forward = pooling_forward = max_pool_forward
pooling_layer_backward = pooling_backward = max_pool_backward
conv_layer_forward, conv_layer_backward = conv_forward, conv_backward
im2col_conv, col2im_conv = im2col, col2im
finite_difference = numeric_gradient

__all__ = ["EXERCISES", "Verdict", "answers", "compare", "concepts", "derivation", "f23", "hinges", "hint", "octave", "own", "points", "predict",
           "progress", "solution", "torch_forward", "torch_relu", "torch_train", "toy", *EXERCISES, *HANDOUT_NAMES]
