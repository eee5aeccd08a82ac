"""The exercise of notebook 11: two outputs of a filter with three weights by four multiplications, Winograd's F(2, 3).

The results are checked like those of every function. Then the function runs once more, on exact numbers that count: a multiplication
counts where both numbers depend on the arguments. A half, or a sum, costs none.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from .engine import Case, Exercise, Misconception, examine

MULTIPLICATIONS = 4


def filtered(d, g):
    """The two outputs by their definition, with six multiplications."""
    return d[0] * g[0] + d[1] * g[1] + d[2] * g[2], d[1] * g[0] + d[2] * g[1] + d[3] * g[2]


def by_products(d, g, m1=None, m2=None, m3=None, m4=None, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 - m3 - m4)):
    """The two outputs by four products; what is given takes the place of the right product, or of the sums at the end."""
    return outputs((d[0] - d[2]) * g[0] if m1 is None else m1, (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2 if m2 is None else m2,
                   (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2 if m3 is None else m3, (d[1] - d[3]) * g[2] if m4 is None else m4)


def _cases(rng):
    hand = Case("hand", (np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4])))
    return [hand, *(Case("random", (rng.standard_normal(4), rng.standard_normal(3))) for _ in range(4))]


WRONGS = (
    ("filter turned round", "The weights come in reverse order. Output 0 is d0 g0 + d1 g1 + d2 g2.", lambda d, g: filtered(d, g[::-1])),
    ("outputs exchanged", "The two outputs are exchanged.", lambda d, g: filtered(d, g)[::-1]),
    ("halves forgotten", "m2 and m3 are twice as large as they should be: each is half of a product.",
     lambda d, g: by_products(d, g, m2=(d[1] + d[2]) * (g[0] + g[1] + g[2]), m3=(d[2] - d[1]) * (g[0] - g[1] + g[2]))),
    ("half of m2 forgotten", "m2 is twice as large as it should be.", lambda d, g: by_products(d, g, m2=(d[1] + d[2]) * (g[0] + g[1] + g[2]))),
    ("half of m3 forgotten", "m3 is twice as large as it should be.", lambda d, g: by_products(d, g, m3=(d[2] - d[1]) * (g[0] - g[1] + g[2]))),
    ("half twice", "m2 and m3 are halved twice: the half stands once, at the pixels or at the weights.",
     lambda d, g: by_products(d, g, m2=(d[1] + d[2]) * sum(g) / 4, m3=(d[2] - d[1]) * (g[0] - g[1] + g[2]) / 4)),
    ("sign in m1", "m1 should have the difference d0 - d2, not the sum.", lambda d, g: by_products(d, g, m1=(d[0] + d[2]) * g[0])),
    ("m1 turned round", "m1 has the opposite sign: it should be (d0 - d2) g0.", lambda d, g: by_products(d, g, m1=(d[2] - d[0]) * g[0])),
    ("difference in m2", "m2 should have the sum d1 + d2, not a difference.", lambda d, g: by_products(d, g, m2=(d[2] - d[1]) * sum(g) / 2)),
    ("sign in m2", "m2 should have the sum d1 + d2, not a difference.", lambda d, g: by_products(d, g, m2=(d[1] - d[2]) * sum(g) / 2)),
    ("g1 subtracted in m2", "m2 should have g0 + g1 + g2: no weight is subtracted.",
     lambda d, g: by_products(d, g, m2=(d[1] + d[2]) * (g[0] - g[1] + g[2]) / 2)),
    ("g2 subtracted in m2", "m2 should have g0 + g1 + g2: no weight is subtracted.",
     lambda d, g: by_products(d, g, m2=(d[1] + d[2]) * (g[0] + g[1] - g[2]) / 2)),
    ("m3 turned round", "m3 has the opposite sign, or is subtracted in output 0 and added in output 1. With d2 - d1 its weights are g0 - g1 + g2, "
     "with d1 - d2 they are g1 - g0 - g2.",
     lambda d, g: by_products(d, g, m3=(d[1] - d[2]) * (g[0] - g[1] + g[2]) / 2)),
    ("sum of weights in m3", "In m3, g1 should have the other sign than g0 and g2.",
     lambda d, g: by_products(d, g, m3=(d[2] - d[1]) * sum(g) / 2)),
    ("g2 subtracted in m3", "In m3, g0 and g2 should have the same sign, and g1 the other one.",
     lambda d, g: by_products(d, g, m3=(d[2] - d[1]) * (g[0] - g[1] - g[2]) / 2)),
    ("sum of pixels in m3", "m3 should have the difference of d1 and d2, not their sum.",
     lambda d, g: by_products(d, g, m3=(d[1] + d[2]) * (g[0] - g[1] + g[2]) / 2)),
    ("m4 turned round", "m4 has the opposite sign: as (d1 - d3) g2 it should be subtracted in output 1, as (d3 - d1) g2 added.",
     lambda d, g: by_products(d, g, m4=(d[3] - d[1]) * g[2])),
    ("sign in m4", "m4 should have the difference of d1 and d3, not their sum.", lambda d, g: by_products(d, g, m4=(d[1] + d[3]) * g[2])),
    ("m1 in both outputs", "Output 1 does not contain m1: it does not depend on d0.",
     lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m1 + m2 - m3 - m4))),
    ("m4 in both outputs", "Output 0 does not contain m4: it does not depend on d3.",
     lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3 - m4, m2 - m3 - m4))),
    ("m4 forgotten", "Output 1 lacks m4, and with it d3.", lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 - m3))),
    ("m1 forgotten", "Output 0 lacks m1, and with it d0.", lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m2 + m3, m2 - m3 - m4))),
    ("sign of m3 in output 1", "m3 should be subtracted in output 1.",
     lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 + m3 - m4))),
    ("sign of m3 in output 0", "m3 should be added in output 0.",
     lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 + m2 - m3, m2 - m3 - m4))),
    ("sign of m2 in output 0", "m2 should be added in output 0.",
     lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 - m2 + m3, m2 - m3 - m4))),
    ("the same output twice", "Output 1 is like output 0. There m3 and m4 are subtracted, and m1 is missing.",
     lambda d, g: by_products(d, g, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m1 + m2 + m3))),
)

F23 = Exercise("f23", ("y0", "y1"), _cases, filtered, ("d", "g"), [Misconception(*wrong) for wrong in WRONGS], views_matter=False)
HINTS = {"f23": (
    "Take away from output 0 and add to output 1 one product each, so that both are left with d1, d2 and the same weights. Then use the sum "
    "and the difference of what is left.",
    "With a = d1, b = d2, u = g1, v = g0 + g2: a u + b v and a v + b u are half the sum, and half the difference, of (a + b)(u + v) and "
    "(b - a)(v - u).",
    "m1 = (d0 - d2) * g0; m2 = (d1 + d2) * (g0 + g1 + g2) / 2; m3 = (d2 - d1) * (g0 - g1 + g2) / 2; m4 = (d1 - d3) * ...; y0 = m1 + m2 + m3; "
    "y1 = m2 - ..."),
}


def f23(function=...):
    """Check a function of d (four pixels) and g (three weights): two outputs, by four multiplications; returns a `Verdict`."""
    verdict = examine(F23, function)
    if not verdict.passed:
        return verdict
    used = multiplications(function)
    if used is None:
        return replace(verdict, passed=False, misconception="not exact", text="The results are right, but it cannot compute with exact numbers, "
                       "such as Fraction(1, 2). Use +, -, * and / only, without NumPy's number types.")
    if used > MULTIPLICATIONS:
        return replace(verdict, passed=False, misconception="too many multiplications",
                       text=f"The results are right, with {used} multiplications of a pixel by a weight. Four are enough: multiply sums of "
                            "pixels by sums of weights, and use a product in both outputs.")
    return replace(verdict, text=f"{verdict.text}\nIt multiplies {used} times, where the definition needs 6.")


def multiplications(function):
    """How many products of two numbers that depend on the arguments the function makes; None if it cannot compute with exact numbers."""
    count = []
    d, g = ([Exact(Fraction(n), count) for n in numbers] for numbers in ((1, 2, 3, 5), (7, -1, 4)))
    try:
        y0, y1 = function(d, g)
        exact = (y0.value, y1.value) == filtered([n.value for n in d], [n.value for n in g])
    except Exception:                        # whatever a student's function does with numbers that it was not written for
        return None
    return len(count) if exact else None


class Exact:
    """An exact number that depends on the arguments; a product or quotient of two of them is noted in `count`."""

    def __init__(self, value, count):
        self.value, self.count = value, count

    def _with(self, other, operation, counts=False):
        depends = isinstance(other, Exact)
        if counts and depends:
            self.count.append(1)
        return Exact(operation(self.value, other.value if depends else Fraction(other)), self.count)

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other):
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b, counts=True)

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b, counts=True)

    def __neg__(self):
        return Exact(-self.value, self.count)

    def __pos__(self):
        return self

    __radd__, __rmul__ = __add__, __mul__
