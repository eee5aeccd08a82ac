"""The verdict on one of the homework's functions in a .m file: the same cases and misconceptions, where the handout's Octave allows them.

Three things differ from the check of a function in Python:

* **Windows.** The handout's formula for the size of a pooled map is (h - k)/stride + 1, and its code asserts that this is whole. So
  images are cut to a size that the stride divides.
* **Ties.** The homework does not say who gets the gradient where several entries of a window are the maximum. Octave's `max` looks down
  the columns first, so the first entry in that order is accepted as well as the first in reading order, and the verdict says so.
* **Memory.** Octave has one order of arrays.
"""

import dataclasses
import functools
import re
import tempfile
from pathlib import Path

import numpy as np

from lenet_lab import handout, octave

from .engine import examine
from .exercises import EXERCISES
from .handout_update import with_both
from .verdict import NOT_WRITTEN, Verdict

NAMES = {name: handout.IN_OPS.get(name, name) for name in octave.SEVEN_FILES}         # of the exercises
TIES = ("Note: where several entries of a window are the maximum, the first one down the columns gets the gradient, as Octave's max finds it. In "
        "the workbook it is the first in reading order, row by row. The homework leaves it open: both are accepted in .m files.")
COUNTED = "Places are counted from 0 here, and the image comes first, as in the workbook."
MOST, LARGEST = 500, 2 ** 20             # files of the folder that are taken along, and bytes of one


def of_file(path):
    """(name of the exercise, verdict, text of the file) for a .m file in this folder or another.

    Octave runs it in a copy of its folder's .m files. Raises ValueError for a file that is none of the homework's seven.
    """
    path = Path(path)
    path = path if path.suffix else path.with_suffix(".m")
    name = octave.name_of_file(path.name)
    if name is None:
        raise ValueError(f"There is no exercise {path.name!r}; there are: {', '.join(f'{one}.m' for one in octave.SEVEN_FILES)}.")
    if not path.is_file():
        return name, Verdict(NAMES[name], False, f"There is no file {path}. Its folder is {path.absolute().parent}."), ""
    text = _read(path)
    if why := unusable(name, text, path.name):
        return name, why, text
    if (program := octave.program()) is None:
        return name, Verdict(NAMES[name], False, octave.MISSING), text
    with tempfile.TemporaryDirectory(prefix="lenet-octave-") as folder:
        for number, one in enumerate(sorted(path.absolute().parent.glob("*.[mM]"))):
            if number < MOST and one.is_file() and one.stat().st_size <= LARGEST:
                Path(folder, one.name).write_text(_read(one), encoding="utf-8")
        Path(folder, f"{name}.m").write_text(text, encoding="utf-8")
        process = octave.Octave(folder)
        try:
            process.start(program)
            why = process.ready()
            verdict = Verdict(NAMES[name], False, why) if why else examined(
                name, lambda arguments, outputs: _printing(process, folder, name, arguments, outputs))
        finally:
            process.close()
    return name, verdict, text


def _read(path):
    """The text of a .m file, from whatever editor it comes; what is no UTF-8 is read as Windows writes it."""
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return octave.as_octave_reads(content.decode("utf-16", "replace"))
    try:
        return octave.as_octave_reads(content.decode("utf-8"))
    except UnicodeDecodeError:
        return octave.as_octave_reads(content.decode("latin-1"))


def _printing(process, folder, name, arguments, outputs):
    try:
        return process.call(folder, name, arguments, outputs)
    finally:
        print(process.printed, end="")                                # the check notes it


def unusable(name, text, file):
    """The `Verdict` on a file that Octave cannot call, or None."""
    kind, exercise = octave.kind_of_file(text), NAMES[name]
    if kind == "empty":
        return Verdict(exercise, False, NOT_WRITTEN)
    if kind == "script":
        return Verdict(exercise, False, f"{file} is a script, since its first statement is not `function`: Octave cannot call it with arguments. "
                       f"Begin the file with `{_first_line(name)}`.", "script file")
    if kind == "classdef":
        return Verdict(exercise, False, f"{file} is a class (classdef). Wanted is a function: begin the file with `{_first_line(name)}`.",
                       "class for function")
    return None


def _first_line(name):
    results = {"inner_product_backward": "[param_grad, input_od]", "sgd_momentum": "[params_, param_winc_]"}
    arguments = {"sgd_momentum": "w_rate, b_rate, mu, decay, params, param_winc, param_grad"}
    others = ("output, " if name.endswith("backward") else "") + "input, layer" + (", param" if name.startswith("inner") else "")
    result = results.get(name, "input_od" if name.endswith("backward") else "output")
    return f"function {result} = {name}({arguments.get(name, others)})"


def examined(name, call, seed=0, seconds=None):
    """The `Verdict` on the function `name` of the homework; `call` is that of `octave.as_handout`."""
    function, exercise = octave.as_handout(name, call), _for_octave(EXERCISES[NAMES[name]])
    forwards, options = [exercise.forward] if exercise.forward else (), {"seed": seed, "seconds": seconds}

    def verdict_on(exercise):
        # A partial has no source: the adapter's lines are not the student's.
        return examine(exercise, functools.partial(handout.adapted(name, function)), forwards, **options)

    if name == "pooling_layer_backward":
        verdict = verdict_on(_columns_first(exercise))
        if verdict.passed:
            return dataclasses.replace(verdict, text=f"{verdict.text}\n{TIES}")
        if verdict.misconception != "endless":
            by_rows = verdict_on(exercise)
            verdict = by_rows if by_rows.passed or verdict.misconception is None else verdict
    else:
        verdict = with_both(verdict_on(exercise), function, **options)
    return verdict if verdict.passed else dataclasses.replace(verdict, text=_in_octaves_words(name, verdict.text))


def _in_octaves_words(name, text):
    text = re.sub(r"^It raises (?:OctaveError|Ended)\. |^It raises Ended: ", "", text.replace("It raises OctaveError: ", "Octave says: "))
    return f"{text}\n{COUNTED}" if re.search(r"\w\[\d", text) and name != "sgd_momentum" else text


def _for_octave(exercise):
    """The exercise with cases that the handout's Octave code allows."""
    def cases(rng):
        return [_whole_windows(case) for case in exercise.cases(rng) if "memory" not in case.note]

    def one(rng):
        return _whole_windows(exercise.one(rng))
    return dataclasses.replace(exercise, cases=cases, one=one)


def _whole_windows(case):
    """A case of pooling whose images are cut so that the stride divides; any other case as it is."""
    if "k" not in case.kwargs:
        return case
    x, k = case.args[0], case.kwargs["k"]
    stride = case.kwargs.get("stride") or k
    h, w = ((size - k) // stride * stride + k for size in x.shape[2:])
    if (h, w) == x.shape[2:]:
        return case
    return case._replace(args=(x[:, :, :h, :w].copy(), *case.args[1:]), note=case.note.replace("a last partial window", "cut to whole windows"))


def _columns_first(exercise):
    """The exercise of pooling in which the first of several maxima is the first one down the columns, in all its misconceptions too."""
    def turned(function):
        def of_columns(dout, x, *args, **kwargs):
            return tuple(np.swapaxes(part, 2, 3) for part in function(*(np.swapaxes(one, 2, 3) for one in (dout, x)), *args, **kwargs))
        return of_columns

    wrongs = [wrong._replace(function=turned(wrong.function), text=TEXTS.get(wrong.name, wrong.text)) for wrong in exercise.wrongs
              if wrong.name != "first in column order"]               # turned, that is the first in reading order, which is accepted too
    return dataclasses.replace(exercise, right=turned(exercise.right), wrongs=wrongs)


TEXTS = {"every tie paid": "Where several entries of a window are the maximum, each of them gets the whole gradient, so their sum is too large. Only "
                           "one gets it, the first.",
         "last of a tie": "Where several entries of a window are the maximum, the last one gets the gradient. The first one gets it; use > instead "
                          "of >=."}
