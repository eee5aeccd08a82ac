"""Check the answers to the twelve questions in section 3 of the homework, and recognise known mistakes.

No answer is typed in here. The right answers are taken from the worked pass, and each wrong answer is computed with its mistake (another
order of the vector, another logarithm, another rule for a pooling tie).
"""

import functools
import math
import re
import reprlib
from typing import NamedTuple

import numpy as np

from lenet_lab.toy import practice

from .verdict import NOT_WRITTEN, Verdict

NEAR = 5.1e-4                         # three decimals are enough
NUMBER = r"[-+]?\d+"
FRACTION = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,3})?(?:/\d+(?:\.\d*)?)?"
PER_CENT = r"([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s*%"
LONGEST = 100                         # characters of an answer
BETWEEN = r"(?:\s*(?:[,x×]|by)\s*|\s+)"  # one way to read every text: another pattern would take exponential time for a long row of spaces
ADVICE = {                            # when nothing is recognised
    **dict.fromkeys((1, 2), "Look at the formula again: (h + 2p - k)/s + 1."), **dict.fromkeys((3, 4), "Count what goes in and what comes out."),
    **dict.fromkeys((9, 10), "Write the formula first, then the number."),
}
SIGN = "Follow it through the formula; what rises when this number rises?"
PLACES = {                            # the cells whose arithmetic is shown for each question, the last one the answer: grid and array index
    5: (("C", (1, 0, 0)),), 6: (("P", (0, 1, 0)),), 7: (("z", (1,)), ("s", (1,))), 8: (("y", (1,)),), 9: (("y", (1,)), ("J", ())),
    10: (("y", (1,)), ("dy", (1,))), 11: (("y", (0,)), ("ds", (0,)), ("dz", (0,)), ("dW1", (0, 0))),
    12: (("dC", (0, 0, 1)), ("dC", (0, 0, 2)), ("dC", (0, 1, 1)), ("dF", (0, 0, 0, 0))),
}
SIZES = {                             # the questions whose answers are sizes
    1: "C is (4 + 2*0 - 2)/1 + 1 = 3 windows high, and as many wide.",
    2: "P is (3 - 2)/1 + 1 = 2 windows high, and as many wide.",
    3: "ReLU works entry by entry: as many numbers come out as went in, n = 3.",
    4: "Softmax turns n = 3 scores into 3 probabilities.",
}


class WrongAnswer(NamedTuple):
    """A known wrong answer: its value, the name of the misconception, and its explanation."""

    value: object
    misconception: str
    text: str


def toy(question, answer=...):
    """The `Verdict` of `check.toy`, without recording the answer. Raises ValueError for an unknown question."""
    if question not in ANSWERS:
        raise ValueError(f"The toy network has questions 1 to {len(ANSWERS)}; got {question!r}.")
    name, work = f"Question {question}", _work(question)
    if answer is ...:
        return Verdict(name, False, NOT_WRITTEN)
    given = numbers_in(answer)
    if given is None:
        return Verdict(name, False, f"{_shown(answer)} is not a number, or a pair or list of numbers, that I can read. Write the number, or let "
                       "Python compute it: an expression without quotes.")
    right, wrongs = _answers(question)
    if any(_equal(given, value) for value in right):
        return Verdict(name, True, f"{_shown(answer)} is right.", work=work)
    for wrong in wrongs:
        if _equal(given, wrong.value):
            return Verdict(name, False, f"{_shown(answer)} is not it. {wrong.text}", wrong.misconception, work)
    if question > 2 and any(_near(-given, value) for value in right):
        return Verdict(name, False, f"{_shown(answer)} has the wrong sign. {SIGN}", "sign", work)
    if question > 7 and any(_near(given, value) for value in right):
        return Verdict(name, False, f"{_shown(answer)} is near. Keep four digits in all the steps before, and give at least three decimals.",
                       "rounded too early", work)
    advice = ADVICE.get(question, "Compute it once more, one product at a time; the step-through shows every one.")
    return Verdict(name, False, f"{_shown(answer)} is not it, and none of the usual mistakes. {advice}", work=work)


@functools.cache
def _homework():
    """The homework's problem; only read here."""
    return practice.homework()


@functools.cache
def _answers(question):
    """The right and the wrong answers of a question; they never change."""
    return ANSWERS[question]()


def _near(given, value):
    """Whether an answer is the value but for rounding in between, or to two decimals."""
    return np.size(value) == given.size and np.allclose(given, value, rtol=0.01, atol=0.0015)


def numbers_in(answer):
    """The answer as a flat float array, or None.

    Text may have numbers, per cent and fractions, in brackets, separated by commas or an x.
    """
    if isinstance(answer, str):
        answer = answer.strip().replace("\N{MINUS SIGN}", "-")
        if len(answer) > LONGEST:
            return None
        answer = re.sub(rf"^({NUMBER}),(\d+\s*%|\d{{2,}})$", r"\1.\2", answer)                     # a decimal comma
        answer = re.sub(PER_CENT, lambda found: repr(float(found[1]) / 100), answer)
        if not re.fullmatch(rf"[\[(]?\s*{FRACTION}({BETWEEN}{FRACTION})*\s*[\])]?", answer):
            return None
        parts = [part.partition("/") for part in re.findall(FRACTION, answer)]
        answer = [float(top) / float(bottom or 1) if float(bottom or 1) else math.nan for top, _, bottom in parts]
    try:
        found = np.ravel(np.asarray(answer, dtype=float))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.size and np.isfinite(found).all() else None


def _shown(answer):
    text = reprlib.repr(answer.tolist() if isinstance(answer, (np.ndarray, np.generic)) else answer)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)                    # the same answer gets the same text


def _equal(given, value):
    value = np.ravel(np.asarray(value, dtype=float))
    return given.shape == value.shape and bool(np.all(np.abs(given - value) <= np.maximum(NEAR, 1e-4 * np.abs(value))))


def _work(question):
    if question in SIZES:
        return (SIZES[question],)
    cells = [_homework().worked.cell(*place) for place in PLACES[question]]
    return tuple(line for cell in cells for line in (cell.formula, f"{cell.name} = {cell.arithmetic}", cell.note) if line)


# ----------------------------------------------------------------------------------- the right answers and the wrong ones


def _square(side, misconception, text):
    """A wrong size, given as a pair or as one number."""
    return [WrongAnswer((side, side), misconception, text), WrongAnswer(side, misconception, text)]


def _size_of_convolution():
    return [(3, 3), 3], [
        *_square(4, "same size", "That is the size of the image. Without padding a 2x2 window cannot start in the last row or column."),
        *_square(5, "k added", "The output is smaller than the image: (h + 2p - k)/s + 1 has a minus before k."),
        *_square(2, "stride is k", "That puts the windows side by side. The stride is 1, so they overlap; or the + 1 of (h + 2p - k)/s + 1 is "
                 "missing."),
        WrongAnswer(9, "entries counted", "That is how many entries a map has. Its height and its width are asked."),
        WrongAnswer((3, 3, 2), "filters counted", "That is the whole output with its two filters. Its height and width are asked."),
        WrongAnswer((2, 3, 3), "filters counted", "That is the whole output with its two filters. Its height and width are asked."),
    ]


def _size_of_pooling():
    return [(2, 2), 2], [
        *_square(1, "stride is k", "That is the size with stride 2, windows side by side, as most networks have it. This pooling has s = 1."),
        *_square(3, "same size", "That is what goes into the pooling. A 2x2 window fits into 3 rows (3 - 2)/1 + 1 times."),
        WrongAnswer((4, 4), "same size", "That is the size of the image."),
        WrongAnswer(4, "entries counted", "That is how many entries a pooled map has. Its height and its width are asked."),
        WrongAnswer((2, 2, 2), "filters counted", "That is the whole output with its two maps. Its height and width are asked."),
    ]


def _length_of_relu():
    return [3], [
        WrongAnswer(8, "input for output", "That is the length of v, which goes into the inner product. ReLU comes after it."),
        WrongAnswer(2, "cut ones dropped", "Two entries are positive, but a number that is cut becomes 0; it does not go away."),
        WrongAnswer((1, 3), "shape for length", "That is the shape of Python's array with one image in it. The length is asked."),
    ]


def _length_of_softmax():
    return [3], [
        WrongAnswer(1, "sum for length", "The probabilities sum to 1; there is one for each class."),
        WrongAnswer(10, "ten digits", "LeNet has ten classes. This network has the three digits 0, 1, 2."),
        WrongAnswer(2, "cut ones dropped", "A score of 0 gets a probability too: e^0 is 1, not 0."),
    ]


def _entry_of_convolution():
    C = _homework().worked.floats("C")
    return [C[1, 0, 0]], [
        WrongAnswer(C[0, 0, 0], "filter off by one", "That is C(1,1,1), the first filter's. The third index is the filter, counted from 1."),
        WrongAnswer(C[1, 1, 1], "counted from 0", "That is C(2,2,2): you counted rows and columns from 0, and the homework counts from 1."),
        WrongAnswer(C[0, 0, 1], "order of the indices", "That is C(1,2,1): the order is row, column, filter."),
    ]


def _entry_of_pooling():
    w = _homework().worked
    P, window = w.floats("P"), w.floats("C")[0, 1:3, 0:2]
    return [P[0, 1, 0]], [
        WrongAnswer(P[0, 0, 1], "rows for columns", "That is P(1,2,1): the first index is the row."),
        WrongAnswer(P[1, 1, 0], "channel off by one", "That is P(2,1,2), of the second map. (It is also the result if the filter is rotated by "
              "180 degrees, which is not done here.)"),
        WrongAnswer(P[0, 0, 0], "index off by one", "That is P(1,1,1), one row further up."),
        WrongAnswer(window.mean(), "mean for maximum", "That is the mean of the window; this is max pooling."),
        WrongAnswer(window[0, 0], "maximum not taken", "That is the first entry of the window, not its largest."),
        WrongAnswer(window.sum(), "sum for maximum", "That is the sum of the window; this is max pooling."),
    ]


def _orders_of_the_vector(w):
    """The scores before ReLU when the pooled maps are read in other orders."""
    P, W1, b = w.floats("P"), w.floats("W1"), w.floats("b")
    return {"column-major": W1 @ P.transpose(0, 2, 1).ravel() + b, "channel fastest": W1 @ P.transpose(1, 2, 0).ravel() + b}


ORDER_TEXT = {
    "column-major": "That is the result when each map is read column by column. Row-major is row by row.",
    "channel fastest": "That is the result when the two channels alternate. Here the whole first channel comes first.",
}


def _entry_of_relu():
    w = _homework().worked
    z, s = w.floats("z"), w.floats("s")
    turned = w.changed(F=w["F"].values[:, :, ::-1, ::-1]).floats("s")
    return [s[1]], [
        WrongAnswer(turned[1], "flipped kernel", "That is the result if the filters are rotated by 180 degrees. Here they are not rotated."),
        WrongAnswer(s[0], "index off by one", "That is the first entry. Entry 2 is the second one, since the count starts at 1."),
        WrongAnswer(s[2], "counted from 0", "That is the third entry: the array index 2, but the homework counts from 1."),
        WrongAnswer(z[2], "ReLU forgotten", "That is the third entry before the ReLU; the second one after it is asked."),
        *(WrongAnswer(max(0, scores[1]), order, ORDER_TEXT[order]) for order, scores in _orders_of_the_vector(w).items()),
    ]


def _entry_of_softmax():
    w = _homework().worked
    z, s, y = w.floats("z"), w.floats("s"), w.floats("y")
    return [y[1]], [
        WrongAnswer(y[0], "index off by one", "That is the first entry, the probability of the digit 0."),
        WrongAnswer(y[2], "counted from 0", "That is the third entry: the array index 2, but the homework counts from 1."),
        WrongAnswer(s[1] / s.sum(), "softmax without e", "That is s(2) divided by the sum of the scores. Softmax takes e^s first."),
        WrongAnswer(z[1] / z.sum(), "softmax without e", "That is z(2) divided by the sum of the z. Softmax takes e^s first."),
        WrongAnswer(2**3 / (2**3 + 1), "powers of 2", "That is with powers of 2 instead of e."),
        WrongAnswer(_softmax(np.maximum(_orders_of_the_vector(w)["column-major"], 0))[1], "column-major", ORDER_TEXT["column-major"]),
        WrongAnswer(1, "rounded too early", "Nearly certain, and not quite: e^36 against e^39 is 1 against 20."),
        WrongAnswer(_softmax(w.floats("v"))[1], "softmax over the wrong vector", "That is a softmax over v. It is taken over the scores s."),
    ]


def _softmax(scores):
    e = np.exp(scores - scores.max())
    return e / e.sum()


def _loss():
    w = _homework().worked
    y, J = w.floats("y"), float(w.value("J"))
    return [J], [
        WrongAnswer(-math.log(y[0]), "label counted from 1", "That is -ln y(1). The classes are 0, 1, 2, so the label 1 is the second entry."),
        WrongAnswer(-math.log(y[2]), "counted from 0", "That is -ln y(3). The label 1 is the second of the classes 0, 1, 2."),
        WrongAnswer(J / math.log(10), "log base 10", "That is with the logarithm to base 10; the homework asks for base e."),
        WrongAnswer(J / math.log(2), "log base 2", "That is with the logarithm to base 2; the homework asks for base e."),
        WrongAnswer(-J, "sign", "A loss is the negative logarithm, and the logarithm of a number below 1 is negative: the loss is positive."),
        WrongAnswer(1 - y[1], "no logarithm", "That is 1 - y(2). The loss is -ln y(2)."),
        WrongAnswer(0, "rounded too early", "It would be 0 if y(2) were exactly 1. Keep the digits of y(2)."),
        WrongAnswer(J / 3, "mean over classes", "That is divided by the number of classes. There is one image, so nothing is averaged."),
    ]


def _dy():
    w = _homework().worked
    y, dy, ds = w.floats("y"), w.floats("dy"), w.floats("ds")
    every = "J = -ln y(2) contains y(2) alone: its derivative is -1/y(2), and the other two are 0."
    return [dy[1], dy], [
        WrongAnswer(-dy[1], "sign", "The sign: J = -ln y(2), and its derivative is -1/y(2)."),
        WrongAnswer(-dy, "sign", "The sign: J = -ln y(2), and its derivative is -1/y(2)."),
        WrongAnswer(ds[1], "derivative of the scores", "That is dJ/ds(2) = y(2) - 1, one step further back, through the softmax."),
        WrongAnswer(ds, "derivative of the scores", "That is dJ/ds = y - t, one step further back, through the softmax."),
        WrongAnswer(0, "other classes", every),
        WrongAnswer(-1 / y[0], "label counted from 1", "That is -1/y(1). The classes are 0, 1, 2, so the label 1 is the second entry."),
        WrongAnswer([-1 / y[0], 0, 0], "label counted from 1", "The label 1 is the second of the classes 0, 1, 2."),
        WrongAnswer(-1 / y, "every class", every),
        WrongAnswer(1 / y, "every class", every + " And the sign: -1/y(2)."),
        WrongAnswer(dy[1] / math.log(10), "log base 10", "That is with the logarithm to base 10; the homework asks for base e."),
    ]


def _dW1():
    w = _homework().worked
    dW1, dz, lr = w.floats("dW1"), w.floats("dz"), 0.01
    return [dW1[0, 0]], [
        WrongAnswer(dW1[1, 1], "counted from 0", "That is dJ/dW1(2,2): the array entry [1, 1], but the homework counts from 1."),
        WrongAnswer(-dW1[0, 0], "sign", "The sign: dJ/ds(1) = y(1) - 0 is positive, since class 0 got probability that it should not have. "
              "(Or you took dJ/dW1(2,1), the weight to the label's class.)"),
        WrongAnswer(dz[0], "input forgotten", "That is dJ/dz(1). The weight is multiplied by v(1), and so is its gradient."),
        WrongAnswer(0, "other classes forgotten", "J = -ln y(2) does not contain y(1), but y(2) has e^s(1) in its denominator: raising s(1) "
                    "lowers y(2)."),
        WrongAnswer(dW1[0, 1], "rows for columns", "That is dJ/dW1(1,2), which belongs to v(2)."),
        WrongAnswer(lr * dW1[0, 0], "step for gradient", "That is the step, the learning rate times the gradient; the gradient is asked."),
        WrongAnswer(1 - lr * dW1[0, 0], "weight after the step", "That is W1(1,1) after the step; its gradient is asked."),
        WrongAnswer(w.floats("v")[0], "gradient above forgotten", "That is v(1) alone: what z(1) gains per weight. How much J gains per z(1) is "
              "missing."),
    ]


def _dF1():
    w = _homework().worked
    dF, lr = w.floats("dF"), 0.01
    tie = {ties: w.changed(ties=ties).floats("dF")[0, 0, 0, 0] for ties in ("each", "share")}
    gradient = w.floats("dP")[0, 1, 1]
    first, second = w.floats("x")[0, 1, 1:3]
    return [dF[0, 0, 0, 0]], [
        WrongAnswer(tie["each"], "every tie paid", "You gave the gradient of P(2,2,1) to both 7s of its window. Only the first in reading order "
              "gets it."),
        WrongAnswer(tie["share"], "tie shared", "You shared the gradient of P(2,2,1) between the two 7s of its window. That is possible, but not "
              "the convention: the first in reading order gets all."),
        WrongAnswer(dF[0, 0, 0, 0] + gradient * (second - first), "last of the tie", "You gave the gradient of P(2,2,1) to the second 7 of its "
              "window. The convention is the first in reading order."),
        WrongAnswer(dF[0, 0, 1, 1], "counted from 0 or flipped", "That is dJ/dF1(2,2): you counted from 0, or rotated the filter by 180 degrees."),
        WrongAnswer(-dF[0, 0, 0, 0], "sign", "The sign. (It is also the value of dJ/dF1(1,2), one entry to the right.)"),
        WrongAnswer(dF[0, 0, 1, 0], "rows for columns", "That is dJ/dF1(2,1), one row further down."),
        WrongAnswer(dF[1, 0, 0, 0], "filter off by one", "That is the gradient of filter 2, or you gave the gradient to no maximum."),
        WrongAnswer(lr * dF[0, 0, 0, 0], "step for gradient", "That is the step, the learning rate times the gradient; the gradient is asked."),
        WrongAnswer(1 - lr * dF[0, 0, 0, 0], "weight after the step", "That is F1(1,1) after the step; its gradient is asked."),
    ]


ANSWERS = {1: _size_of_convolution, 2: _size_of_pooling, 3: _length_of_relu, 4: _length_of_softmax, 5: _entry_of_convolution,
           6: _entry_of_pooling, 7: _entry_of_relu, 8: _entry_of_softmax, 9: _loss, 10: _dy, 11: _dW1, 12: _dF1}
