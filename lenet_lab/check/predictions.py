"""A prediction that is really made: `predict` takes the guess, `compare` shows it beside the result and says why.

The two calls stand in two cells of a notebook, one after the other:

    predict("largest entry of the first map", ...)           # the dots are replaced by a guess
    ...
    compare("largest entry of the first map", C.max())       # the last line of the cell that has the result

A guess is a number, several numbers, a shape, or one of the `choices`. Without a guess the result appears all the same. The sentence
that says why is not in the notebook, where it would give the result away: it is in `reasons`. Where the question says how many numbers it
asks for, another count of them is no guess.

**When is a guess close?** A choice and a shape must be right, and so must several whole numbers. A number must be within 10 % of the
result, or within the share, or between the two numbers, that `reasons` gives for a question that asks for a size only, or that can be worked
out. What can be computed exactly by hand has the share 0. Of several numbers, each must be within 1 %, if `reasons` gives no other share. Where
the result is 0, only 0 is close. The sentence that says whether a guess is close says within what.

**Which guess counts?** The first one that was compared: it is kept with the progress, and a later one is not judged.
"""

import functools
import json
import math
import re
import textwrap
from typing import NamedTuple

import numpy as np
from IPython.display import display

from lenet_lab._material import material

from . import progress_store
from .reasons import REASONS, Reason
from .toy_questions import numbers_in
from .verdict import MARKS
from .wording import shown

ROUNDING = 1e-6                          # share of a result within which a guess is exact: results have six digits
WIDE = 100                               # characters of a line
SMALL = 100                              # a smaller count is so many off, not so many per cent
HOW = "Write a number, as 25, or numbers in brackets, as (10, 24)."
PER_CENT = re.compile(r"per cent\b|\bof 100\b")                       # in the name of a prediction: its result is counted in per cent
TWO_WAYS = re.compile(r"\s*[-+]?\d{1,3}(,\d{3})+\s*")                  # 60,000 or 2,303: a thousand, or a decimal comma?
_said, _seen = {}, set()                 # in this kernel: the guesses, and the names whose result was shown before there was one


class Comparison(NamedTuple):
    """A guess beside its result: `close` is True, False, or None without a guess; `off` the distance as a share of the result, or None."""

    name: str
    guess: object
    result: object
    close: bool | None
    off: float | None
    why: str
    within: float | tuple = 0.1

    def __repr__(self):
        mark = MARKS[self.close][0]
        lines = [f"{mark} {self.name}: {_sentence(self)}", *([f"Why: {self.why}"] if self.why else [])]
        filled = [textwrap.fill(line.replace(" %", "\xa0%"), WIDE, subsequent_indent="  ", break_long_words=False) for line in lines]
        return "\n".join(filled).replace("\xa0%", " %")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self)}, {"lenet": {"prediction": self.name, "result": self.result}}


def predict(name, guess=..., *more, choices=()):
    """Take the guess for the prediction of this name, and print a line that says so; three dots mean: no guess.

    A guess is a number, numbers in brackets, or one of `choices`, also as text. Anything else gets a sentence, and counts as no guess.
    Raises ValueError for an unknown name.
    """
    reason = _known(name)
    go_on = f'The result comes below, in the section "{reason.section}".' if reason.section else "The cells below show the result."
    _said.pop(name, None)
    read, wrong = (None, "") if guess is ... else _read(name, guess, choices)
    if more:
        wrong = "That is more than one guess. Write 60000 without a comma, and several numbers in brackets."
    elif (wanted := reason.numbers) and read is not None and np.size(read) != wanted:
        wrong = f"{_counts(np.size(read), wanted)}. Correct it and run the cell again."
    elif read is not None:
        _said[name] = read
        first = _first_guess(name)
        if first not in (None, read):
            print(f"{name}: your first guess, {_in_words(first)}, is the one that counts. {go_on}")
            return
    print(f"{MARKS[False][0]} {name}: {wrong}" if wrong else f"… {name}: no guess yet." if read is None else
          f"{name}: you say {_in_words(read)}. {go_on}")


def compare(name, result):
    """Show the guess beside the result, a number, numbers, or the right choice; the first guess is kept with the progress.

    Three dots for the result mean that it was not computed here: then it is the one of the workbook's own run. Raises ValueError for an unknown name.
    """
    display(compared(name, result))


def compared(name, result):
    """The `Comparison` that `compare` shows."""
    reason, result = _known(name), _plain(results()[name] if result is ... else result)
    guess = _said.get(name)
    if guess is None:
        _seen.add(name)
        return Comparison(name, None, result, None, None, reason.text)
    first = _first_guess(name)
    guess = guess if first is None else first
    limit = reason.limit(result)
    close, off = judged(guess, result, limit)
    progress_store.record_prediction(name, {"guess": _in_words(guess), "said": guess, "result": _in_words(result), "close": close, "off": off,
                                            "seen": name in _seen})
    return Comparison(name, guess, result, close, off, reason.text, limit)


def _first_guess(name):
    """The guess that is kept for this prediction, as plain data, or None."""
    said = progress_store.predictions().get(name, {}).get("said")
    parts = said if isinstance(said, list) and said else [said]
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in parts)
    return said if numbers or isinstance(said, str) else None


def judged(guess, result, within):
    """(whether a guess is close to the result, its distance as a share of the result); the distance is None where only a size is asked.

    `within` is a share of the result, or the smallest and the largest number that is close. The distance of a text or a shape is None too.
    """
    if isinstance(result, str) or isinstance(guess, str):
        return guess == result, None
    a, b = np.ravel(guess).astype(float), np.ravel(result).astype(float)
    if a.shape != b.shape:
        return False, None
    if isinstance(result, list) and all(isinstance(one, int) for one in result):
        return bool((a == b).all()), None
    if isinstance(within, tuple):
        return bool((within[0] <= a).all() and (a <= within[1]).all()), None
    distance = np.abs(a - b)
    near = bool((distance <= max(within * (1 + 1e-9), ROUNDING) * np.abs(b)).all())      # 10 % of 24 is not exactly 2.4 in floating point
    return near, float((distance / np.abs(b)).max()) if b.all() else None


def judge(guesses):
    """{name: whether it was close} of guesses as somebody wrote them, {name: guess}, by the results of the workbook's own run."""
    found = {}
    for name in guesses.keys() & by_name().keys() & results().keys():
        result = results()[name]
        read, wrong = (str(guesses[name]).strip().casefold(), "") if isinstance(result, str) else _read(name, guesses[name], ())
        found[name] = not wrong and judged(read, result.casefold() if isinstance(result, str) else result, by_name()[name].limit(result))[0]
    return found


@functools.cache
def results():
    """{name: result} of every prediction, as `make notebooks` found them."""
    return json.loads((material("results") / "predicted.json").read_text(encoding="utf-8"))


@functools.cache
def by_name():
    """{name: its `Reason`} of every prediction, in the order of the notebooks."""
    return {name: reason if isinstance(reason, Reason) else Reason(reason) for group in REASONS.values() for name, reason in group.items()}


def _known(name):
    if not isinstance(name, str) or name not in by_name():
        raise ValueError(f"There is no prediction {shown(name)}; the names are in lenet_lab/check/reasons.py.")
    return by_name()[name]


def _read(name, guess, choices):
    """(the guess for a prediction as plain data, "") or (None, the sentence that says what is wrong with it)."""
    if choices:
        return _choice(guess, [str(one) for one in choices])
    if isinstance(guess, str):
        if TWO_WAYS.fullmatch(guess):
            return None, f"{shown(guess)} can be read in two ways. Write it without quotes, as 2.303 or 2303."
        guess = guess.replace("%", " ").strip() if PER_CENT.search(name) else guess
    if isinstance(guess, (bool, np.bool_)):
        return None, f"{guess} is not a number. {HOW}"
    try:
        found = numbers_in(guess)
    except Exception:                                                 # an object of the student's own may raise anything
        found = None
    if found is None or np.iscomplexobj(guess):
        return None, f"{shown(guess)} is not a number that I can read. {HOW}"
    several = [int(one) if float(one).is_integer() and abs(one) < 2 ** 53 else float(one) for one in found]
    return (several[0] if len(several) == 1 and np.ndim(guess) == 0 else several), ""


def _choice(guess, choices):
    said = str(guess).strip().casefold() if isinstance(guess, (str, int, float, np.generic)) else ""
    same = [one for one in choices if one.casefold() == said]
    begin = [one for one in choices if said and one.casefold().startswith(said)]
    if same or len(begin) == 1:
        return (same or begin)[0], ""
    return None, f"{shown(guess)} is none of the choices. Write one of them in quotes: {', '.join(map(repr, choices))}."


def _plain(value):
    """A result as plain data: a number, a list of numbers, a text."""
    if isinstance(value, str):
        return value
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    if isinstance(value, float):
        return float(f"{value:.6g}") + 0.0                            # without the last digits of a float32; and not -0.0
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _in_words(value):
    if isinstance(value, list):
        words = [_in_words(one).replace(",", "") for one in value]                         # in brackets a comma begins another number
        return f"({', '.join(words)}{',' * (len(value) == 1)})"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000 else str(value)


def _sentence(one):
    """The guess and the result in one sentence."""
    result = _in_words(one.result)
    is_result = f"the answer is {result}" if isinstance(one.result, str) else f"it is {result}"
    if one.guess is None:
        return f"{is_result}."
    said = f"you said {_in_words(one.guess)}"
    if isinstance(one.guess, str) != isinstance(one.result, str):
        return f"{said}, {is_result}: not the same kind of answer."
    if np.size(one.guess) != np.size(one.result):
        return f"{said}, {is_result}: {_how_many(one)}."
    if isinstance(one.result, str):
        return f"{said}. Right." if one.close else f"{said}, {is_result}."
    if one.close and (one.guess == one.result or _in_words(one.guess) == result):
        return f"{said}, and it is {result}. Right."
    verdict = "close" if one.close else "not close"
    size_only = one.close and isinstance(one.within, tuple)                               # then the distance says nothing
    return f"{said}, it is {result}: {'' if size_only else _distance(one)}{verdict} ({_limit(one)})."


def _how_many(one):
    """How many numbers were given, and how many are wanted."""
    given, wanted = np.size(one.guess), np.size(one.result)
    return _counts(given, wanted) + ("; write 10000 without a comma" if given > wanted and np.abs(one.result).max() >= 1000 else "")


def _counts(given, wanted):
    first, second = (COUNTED[n] if n < len(COUNTED) else str(n) for n in (given, wanted))
    return f"{first} number{'s' * (given != 1)}, wanted {'is' if wanted == 1 else 'are'} {second}"


COUNTED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _limit(one):
    """Within what a guess is close, in words."""
    if isinstance(one.within, tuple):
        return f"close here means {' to '.join(map(_in_words, one.within))}"
    if isinstance(one.result, list):
        exact = not one.within or all(isinstance(part, int) for part in one.result)
        return "every number must be right" if exact else f"each must be within {100 * one.within:g} %"
    units = by_name()[one.name].units
    if units:
        steps = int(one.within * abs(one.result))
        return f"close here means within {'one' if steps == 1 else steps} {units[steps != 1]}"
    return f"close here means within {100 * one.within:g} %" if one.within and one.result else "only the exact number is close"


def _distance(one):
    """How far a number is from the result, in words and with a comma, or ""."""
    if not isinstance(one.result, (int, float)) or not isinstance(one.guess, (int, float)) or not one.result:
        return ""
    ratio, off, reason = one.guess / one.result, abs(one.guess - one.result), by_name()[one.name]
    if not math.isfinite(ratio) or ratio == 0:
        return ""
    if ratio < 0:
        return "the wrong sign, "
    side, number = "high" if one.guess > one.result else "low", "one" if off == 1 else _in_words(off)
    if reason.units:
        return f"{number} {reason.units[off != 1]} too {side}, "
    if one.result < 0:                                  # "too high" of a share would mean: further from 0
        return f"{number} too {side}, "
    if reason.within == 0 and isinstance(one.result, int) and one.result < SMALL:
        return f"{number} too {'many' if side == 'high' else 'few'}, "
    if ratio >= 2:
        return f"{ratio:.2g} times as large, " if ratio < 100 else f"{ratio:,.0f} times as large, "
    if ratio <= 0.5:
        return f"{1 / ratio:.2g} times too small, " if 1 / ratio < 100 else f"{1 / ratio:,.0f} times too small, "
    share = abs(ratio - 1)
    return f"{100 * share:.0f} % too {'high' if ratio > 1 else 'low'}, " if share >= 0.005 else ""
