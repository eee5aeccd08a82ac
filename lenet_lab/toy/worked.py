"""One forward and backward pass of a small network, computed by hand: every number exactly, and with its arithmetic.

The network is that of section 3 of the homework: convolution, max pooling, inner product, ReLU, softmax, loss. A `WorkedPass`
holds it as *grids* of numbers, from the image `x` to the loss `J` and back to `dx`. Every number is a `Cell` with its formula, its
arithmetic and its inputs. The widget, the practice sheets, the answer cells and the figures of the toy network use these cells. The
tests compare every number with what `lenet_core` computes.

Numbers are fractions. The exponentials of the softmax and the logarithm are computed to 40 digits and then converted to fractions. So
a gradient that is zero is exactly zero, and no result depends on the machine.

Symbols and indices are the homework's (rows, columns, channels, from 1): `x`, filters `F1`, `F2`, ..., `W1` (outputs, inputs),
`b`, `y` = softmax, `J` = loss. The homework has no names for the rest; here it is `C` (convolution), `P` (pooling), `v` (the
row-major vector), `z` (inner product) and `s` (ReLU). Arrays in Python have the axis order of `lenet_core`.
"""

import decimal
import itertools
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from lenet_core.net import Layer, Net
from lenet_core.ops import output_size

DIGITS = decimal.Context(prec=40)
WIDEST = 80                           # largest difference of two scores: e^-80 is about the smallest normal number of float32


class Term(NamedTuple):
    """One summand of a number: its product as text, its value, and the entries in it as (grid, index)."""

    text: str
    value: Fraction
    inputs: tuple


class Cell(NamedTuple):
    """One number of the pass: its grid and index, its value, its name, its formula and its arithmetic."""

    grid: str
    index: tuple
    value: Fraction
    name: str
    formula: str
    arithmetic: str
    terms: tuple
    note: str = ""


class Grid(NamedTuple):
    """An array of exact numbers: its key, its title, and the array of `lenet_core` with the same numbers."""

    key: str
    title: str
    array: str
    values: np.ndarray                # of Fractions, in the axis order of lenet_core (W1: as the homework writes it)


GIVEN = ("x", "F", "W1", "b")
FORWARD = ("C", "P", "v", "z", "s", "y", "J")
BACKWARD = ("dy", "ds", "dz", "dW1", "db", "dv", "dP", "dC", "dF", "dx")
TITLES = {"x": "image", "F": "filters", "W1": "weights", "b": "biases", "C": "convolution", "P": "pooling", "v": "vector",
          "z": "inner product", "s": "ReLU", "y": "softmax", "J": "loss"}
ARRAYS = {"x": "x", "F": 'net["conv1"].params["W"]', "W1": 'net["ip1"].params["W"]', "b": 'net["ip1"].params["b"]',
          "C": 'net["conv1"].out', "P": 'net["pool1"].out', "v": 'net["ip1"].x.reshape(1, -1)', "z": 'net["ip1"].out',
          "s": 'net["relu1"].out', "y": "ops.softmax(scores)", "J": "J",
          "dx": 'net["conv1"].dx', "dF": 'net["conv1"].grads["W"]', "dW1": 'net["ip1"].grads["W"]', "db": 'net["ip1"].grads["b"]',
          "dC": 'net["conv1"].dout', "dP": 'net["pool1"].dout', "dv": 'net["ip1"].dx.reshape(1, -1)', "dz": 'net["ip1"].dout',
          "ds": 'net["relu1"].dout', "dy": ""}
TIES = {"first": "the first in reading order gets the whole gradient", "each": "each gets the whole gradient",
        "share": "they share the gradient"}


class WorkedPass:
    """The pass of one image through convolution, pooling, inner product, ReLU, softmax and loss, and back.

    x (C, H, W), F (filters, C, k, k), W1 (M, D), b (M,): whole numbers, decimals, or fractions as text ("1/2"); `label` 0 .. M-1.
    `ties` says which of several equal maxima of a pooling window gets the gradient: "first" (this workbook and PyTorch),
    "each" or "share". `worked["dF"]` is a `Grid`, `worked.cell("dF", (0, 0, 0, 0))` a `Cell`, `worked.steps` the list of all
    computed cells in the order of the computation. Raises ValueError when shapes do not fit, or when two scores differ by more
    than 80.
    """

    def __init__(self, x, F, W1, b, label, *, stride=1, pad=0, pool=2, pool_stride=1, ties="first"):
        self.label, self.stride, self.pad, self.pool, self.pool_stride, self.ties = int(label), stride, pad, pool, pool_stride, ties
        self.grids, self._cells, self.steps = {}, {}, []
        for key, numbers in zip(GIVEN, (x, F, W1, b)):
            self._put(key, np.vectorize(_fraction, otypes=[object])(np.asarray(numbers, dtype=object)))
        if ties not in TIES:
            raise ValueError(f"ties is one of {', '.join(TIES)}; got {ties!r}.")
        if self.label != label or not 0 <= self.label < self["b"].values.size:
            raise ValueError(f"The label is one of 0 to {self['b'].values.size - 1}; got {label}.")
        self._forward()
        self._backward()

    def __getitem__(self, key):
        return self.grids[key]

    def cell(self, key, index=()):
        """The `Cell` of a grid at an array index (from 0, in the order of the grid's `values`)."""
        return self._cells[key, tuple(index)]

    def value(self, key, index=()):
        """The number of a grid at an array index (from 0), as a Fraction."""
        return self[key].values[tuple(index)]

    def floats(self, key):
        """A grid as a float64 array, in the order of its `values`."""
        return self[key].values.astype(float)

    def net(self):
        """The same network made of `lenet_core` layers, in float64; the biases of its filters are zero."""
        conv = Layer("conv1", "conv", self["F"].values.shape, stride=self.stride, pad=self.pad)
        ip = Layer("ip1", "inner_product", self["W1"].values.T.shape)
        net = Net(self["x"].values.shape, [conv, Layer("pool1", "max_pool", k=self.pool, stride=self.pool_stride),
                                           ip, Layer("relu1", "relu")])
        conv.params = {"W": self.floats("F"), "b": np.zeros(len(self["F"].values))}
        ip.params = {"W": self.floats("W1").T.copy(), "b": self.floats("b")}
        return net

    def changed(self, **changes):
        """The same pass with other numbers or options, by the names of the arguments."""
        now = {key: self[key].values for key in GIVEN} | {name: getattr(self, name) for name in (
            "label", "stride", "pad", "pool", "pool_stride", "ties")}
        return WorkedPass(**now | changes)

    def ties_found(self):
        """The pooling windows with more than one maximum, as indices of P; and the ReLU inputs that are 0, as indices of z."""
        windows = [index for index in np.ndindex(self["P"].values.shape) if len(self._winners(index)) > 1]
        return windows, [index for index in np.ndindex(self["z"].values.shape) if self.value("z", index) == 0]

    # ---------------------------------------------------------------------------------------------------------- names

    def name(self, key, index):
        """The homework's name of an entry: rows, columns, channels, counted from 1."""
        if key.startswith("d"):
            return "dJ/d" + self.name(key[1:], index)
        ones = [i + 1 for i in index]
        if key == "J":
            return "J"
        if key == "F":
            f, c, i, j = ones
            return f"F{f}({i},{j})" if self["F"].values.shape[1] == 1 else f"F{f}({i},{j},{c})"
        if key == "x" and self["x"].values.shape[0] == 1:
            return f"x({ones[1]},{ones[2]})"
        if key in ("x", "C", "P"):
            c, i, j = ones
            return f"{key}({i},{j},{c})"
        return f"{key}({','.join(map(str, ones))})"

    def array_entry(self, key, index):
        """The same entry as a Python expression on the arrays of `lenet_core`, counted from 0; "" where there is no such array."""
        array = ARRAYS[key]
        if key == "J" or not array:
            return array
        index = index[::-1] if key in ("W1", "dW1") else index
        image = () if key in ("F", "W1", "b", "dF", "dW1", "db") else (0,)
        return f"{array}[{', '.join(map(str, (*image, *index)))}]"

    def maps(self, key):
        """The maps of a grid, for drawing: a list of (name, rows of indices); a vector is one row."""
        shape = self[key].values.shape
        letter, d = (key[1:], "dJ/d") if key.startswith("d") else (key, "")
        several = self["x"].values.shape[0] > 1
        maps = []
        for place in np.ndindex(*shape[:-2]):
            name = f"F{place[0] + 1}" if letter == "F" else letter
            if letter in ("C", "P"):
                name += f" of filter {place[0] + 1}"
            elif several and letter in ("F", "x"):
                name += f", channel {place[-1] + 1}"
            rows, columns = (1, *shape)[-2:] if shape else (1, 1)
            maps.append((d + name, [[(*place, i, j)[-len(shape):] if shape else () for j in range(columns)] for i in range(rows)]))
        return maps

    # ------------------------------------------------------------------------------------------------------- the pass

    def _put(self, key, values):
        title = "dJ/d" + key[1:] if key.startswith("d") else TITLES[key]
        self.grids[key] = Grid(key, title, ARRAYS[key], values)

    def _compute(self, key, shape, work):
        """Fill a grid, one number after the other.

        `work(index)` returns a dict with "formula" and "terms", optionally "note", and "value" with "arithmetic" where the value is not
        the sum of the terms.
        """
        values = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            made = work(index)
            terms = tuple(made["terms"])
            value = made["value"] if "value" in made else sum((term.value for term in terms), Fraction(0))
            work_shown = made.get("arithmetic") or " + ".join(term.text for term in terms) or "0"
            cancels = value == 0 and "value" not in made
            exact = cancels or all(_exact(number) for number in [value, *(self.value(*ref) for term in terms for ref in term.inputs)])
            arithmetic = work_shown if work_shown == show(value) else f"{work_shown} {'=' if exact else '≈'} {show(value)}"
            values[index] = value
            cell = Cell(key, index, value, self.name(key, index), made["formula"], arithmetic, terms, made.get("note", ""))
            self._cells[key, index] = cell
            self.steps.append(cell)
        self._put(key, values)

    def _product(self, *refs):
        """The term of a product of entries, in the order given."""
        values = [self.value(*ref) for ref in refs]
        product = values[0]
        for value in values[1:]:
            product = product * value
        return Term("*".join([factor(values[0]), *map(factor, values[1:])]), product, refs)

    def _forward(self):
        x, F, W1, b = (self[key].values for key in GIVEN)
        if x.ndim != 3 or F.ndim != 4 or F.shape[1] != x.shape[0] or F.shape[2] != F.shape[3] or b.ndim != 1:
            raise ValueError(f"An image (C, H, W), filters (n, C, k, k) and biases (M,) are needed; got {x.shape}, {F.shape} and {b.shape}.")
        OH, OW = (output_size(size, F.shape[2], self.stride, self.pad) for size in x.shape[1:])
        PH, PW = (output_size(size, self.pool, self.pool_stride) for size in (OH, OW))
        D = len(F) * PH * PW
        if W1.shape != (len(b), D):
            raise ValueError(f"The pooled maps have {D} numbers, so W1 is ({len(b)}, {D}); got {W1.shape}.")
        self._compute("C", (len(F), OH, OW), self._convolution)
        self._compute("P", (len(F), PH, PW), self._maximum)
        self._compute("v", (D,), self._entry_of_the_vector)
        self._compute("z", (len(b),), self._inner_product)
        self._compute("s", (len(b),), self._relu)
        s = self["s"].values
        if max(s) - min(s) > WIDEST:
            raise ValueError(f"Two scores would be {show(max(s) - min(s))} apart, so that a probability is too small to write down; "
                             f"choose numbers with which they differ by at most {WIDEST}.")
        self._powers = [Fraction(DIGITS.exp(_decimal(value - max(s)))) for value in s]
        self._compute("y", (len(b),), self._softmax)
        self._compute("J", (), self._loss)

    def _patch(self, index):
        """The window of C(index): pairs of the filter's (channel, u, v) and the index of the pixel, or None outside the image."""
        _, i, j = index
        channels, H, W = self["x"].values.shape
        for c, u, v in np.ndindex(*self["F"].values.shape[1:]):
            row, column = i * self.stride + u - self.pad, j * self.stride + v - self.pad
            yield (c, u, v), (c, row, column) if 0 <= row < H and 0 <= column < W else None

    def _convolution(self, index):
        f, i, j = index
        terms = []
        for tap, pixel in self._patch(index):
            weight = ("F", (f, *tap))
            terms.append(self._product(weight, ("x", pixel)) if pixel
                         else Term(f"{factor(self.value(*weight))}*0", Fraction(0), (weight,)))
        outside = any(pixel is None for _, pixel in self._patch(index))
        return {"formula": f"{self.name('C', index)} = sum of F{f + 1} * the window of x at ({i + 1},{j + 1})", "terms": terms,
                "note": "The window reaches over the border, where the padding is 0." if outside else ""}

    def _window(self, index):
        f, i, j = index
        for u, v in itertools.product(range(self.pool), repeat=2):
            yield f, i * self.pool_stride + u, j * self.pool_stride + v

    def _winners(self, index):
        """The entries of C that are the maximum of the pooling window of P(index), in reading order."""
        window = list(self._window(index))
        top = max(self.value("C", place) for place in window)
        return [place for place in window if self.value("C", place) == top]

    def _maximum(self, index):
        window = list(self._window(index))
        winners = self._winners(index)
        names = [self.name("C", place) for place in winners]
        return {"formula": f"{self.name('P', index)} = max of the window of C at {self.name('C', window[0])[1:]}",
                "terms": [Term(show(self.value("C", place)), self.value("C", place), (("C", place),)) for place in window],
                "value": self.value("C", winners[0]),
                "arithmetic": f"max({', '.join(show(self.value('C', place)) for place in window)})",
                "note": f"A tie: {' and '.join(names)} are equal." if len(winners) > 1 else f"The winner is {names[0]}."}

    def _place(self, d):
        return tuple(int(i) for i in np.unravel_index(d, self["P"].values.shape))

    def _entry_of_the_vector(self, index):
        place = self._place(index[0])
        return {"formula": f"{self.name('v', index)} = {self.name('P', place)}: row by row, channel after channel",
                "terms": [Term(show(self.value("P", place)), self.value("P", place), (("P", place),))]}

    def _inner_product(self, index):
        m = index[0]
        D = len(self["v"].values)
        terms = [self._product(("W1", (m, d)), ("v", (d,))) for d in range(D)]
        return {"formula": f"z({m + 1}) = W1({m + 1},1)*v(1) + ... + W1({m + 1},{D})*v({D}) + b({m + 1})",
                "terms": [*terms, Term(factor(self.value("b", (m,))), self.value("b", (m,)), (("b", (m,)),))]}

    def _relu(self, index):
        z = self.value("z", index)
        return {"formula": f"s({index[0] + 1}) = max(0, z({index[0] + 1}))", "terms": [Term(show(z), z, (("z", index),))],
                "value": max(z, Fraction(0)), "arithmetic": f"max(0, {show(z)})",
                "note": "Negative, so it is cut to 0." if z < 0 else ""}

    def _softmax(self, index):
        scores = self["s"].values
        powers = [f"e^{factor(score)}" for score in scores]
        return {"formula": f"y({index[0] + 1}) = e^s({index[0] + 1}) / (e^s(1) + ... + e^s({len(scores)}))",
                "terms": [Term(f"e^{factor(score)}", score, (("s", (m,)),)) for m, score in enumerate(scores)],
                "value": self._powers[index[0]] / sum(self._powers),
                "arithmetic": f"{powers[index[0]]} / ({' + '.join(powers)})"}

    def _loss(self, _):
        y = self.value("y", (self.label,))
        return {"formula": f"J = -ln y({self.label + 1}), since the label {self.label} is class number {self.label + 1}",
                "terms": [Term(show(y), y, (("y", (self.label,)),))],
                "value": -Fraction(DIGITS.ln(_decimal(y))), "arithmetic": f"-ln({show(y)})"}

    def _backward(self):
        shape = {key: self[key].values.shape for key in ("x", "F", "W1", "b", "C", "P", "v", "z", "s", "y")}
        self._compute("dy", shape["y"], self._dy)
        self._compute("ds", shape["s"], self._ds)
        self._compute("dz", shape["z"], self._dz)
        self._compute("dW1", shape["W1"], lambda index: {
            "formula": f"dJ/dW1({index[0] + 1},{index[1] + 1}) = dJ/dz({index[0] + 1}) * v({index[1] + 1})",
            "terms": [self._product(("dz", index[:1]), ("v", index[1:]))]})
        self._compute("db", shape["b"], lambda index: {
            "formula": f"dJ/db({index[0] + 1}) = dJ/dz({index[0] + 1})", "terms": [self._copy("dz", index)]})
        self._compute("dv", shape["v"], lambda index: {
            "formula": f"dJ/dv({index[0] + 1}) = sum over all outputs m of W1(m,{index[0] + 1}) * dJ/dz(m)",
            "terms": [self._product(("W1", (m, *index)), ("dz", (m,))) for m in range(len(self["z"].values))]})
        self._compute("dP", shape["P"], self._dP)
        self._compute("dC", shape["C"], self._dC)
        self._compute("dF", shape["F"], self._dF)
        self._compute("dx", shape["x"], self._dx)

    def _copy(self, key, index):
        return Term(show(self.value(key, index)), self.value(key, index), ((key, index),))

    def _dy(self, index):
        y, m = self.value("y", index), index[0] + 1
        if index[0] != self.label:
            return {"formula": f"dJ/dy({m}) = 0", "terms": [],
                    "note": f"J = -ln y({self.label + 1}) does not contain y({m})."}
        return {"formula": f"dJ/dy({m}) = -1 / y({m})", "terms": [Term(show(y), y, (("y", index),))],
                "value": -1 / y, "arithmetic": f"-1 / {show(y)}"}

    def _ds(self, index):
        m, own = index[0] + 1, index[0] == self.label
        y, label = self.value("y", index), (self.label,)
        target = int(own)
        through = f"{factor(self.value('dy', label))}*{factor(self.value('y', label))}*({target} - {show(y)})"
        return {"formula": f"dJ/ds({m}) = dJ/dy({self.label + 1}) * y({self.label + 1}) * ({target} - y({m})) = y({m}) - {target}",
                "terms": [Term(through, y - target, tuple(dict.fromkeys([("dy", label), ("y", label), ("y", index)])))],
                "value": y - target, "arithmetic": f"{through} = {show(y)} - {target}",
                "note": f"The target is 1 for the label's class, number {self.label + 1}, and 0 for the others."}

    def _dz(self, index):
        m, z, ds = index[0] + 1, self.value("z", index), self.value("ds", index)
        is_open = z > 0
        return {"formula": f"dJ/dz({m}) = dJ/ds({m}) where z({m}) > 0, else 0",
                "terms": [Term(f"{factor(ds)}*{int(is_open)}", ds * is_open, (("ds", index), ("z", index)))],
                "note": f"z({m}) = {show(z)} is {'positive: the gradient passes' if is_open else 'not positive: the ReLU is shut'}."}

    def _dP(self, index):
        d = int(np.ravel_multi_index(index, self["P"].values.shape))
        return {"formula": f"{self.name('dP', index)} = dJ/dv({d + 1}), back in its place", "terms": [self._copy("dv", (d,))]}

    def _dC(self, index):
        terms, notes = [], []
        for place in np.ndindex(*self["P"].values.shape):
            winners = self._winners(place)
            if place[0] != index[0] or index not in winners:
                continue
            share = {"first": int(index == winners[0]), "each": 1, "share": Fraction(1, len(winners))}[self.ties]
            if len(winners) > 1:
                rule = TIES[self.ties] if self.ties != "first" else (
                    "the first, this one, takes all" if share else f"{self.name('C', winners[0])}, the first, takes all")
                notes.append(f"A tie in {self.name('P', place)}: {rule}.")
            if share:
                gradient = self.value("dP", place)
                text = factor(gradient) if share == 1 else f"{factor(gradient)}*{show(Fraction(share))}"
                terms.append(Term(text, gradient * share, (("dP", place),)))
        if not notes and not terms:
            seen = any(index in self._window(place) for place in np.ndindex(*self["P"].values.shape))
            notes.append("It wins no pooling window, so it changes nothing." if seen else "No pooling window sees it.")
        return {"formula": f"{self.name('dC', index)} = sum of dJ/dP over the pooling windows that it wins", "terms": terms,
                "note": " ".join(notes)}

    def _dF(self, index):
        f, tap = index[0], index[1:]
        terms = []
        for i, j in np.ndindex(*self["C"].values.shape[1:]):
            pixel = dict(self._patch((f, i, j)))[tap]
            if pixel:
                terms.append(self._product(("x", pixel), ("dC", (f, i, j))))
        return {"formula": f"{self.name('dF', index)} = sum over all positions of the pixel under it * dJ/dC there", "terms": terms}

    def _dx(self, index):
        terms = []
        for place in np.ndindex(*self["C"].values.shape):
            for tap, pixel in self._patch(place):
                if pixel == index:
                    terms.append(self._product(("F", (place[0], *tap)), ("dC", place)))
        return {"formula": f"{self.name('dx', index)} = sum over all windows that see it of the weight on it * dJ/dC there",
                "terms": terms, "note": "" if terms else "No window sees this pixel."}


# ---------------------------------------------------------------------------------------------------- numbers as text


def show(value):
    """A number as one writes it by hand: 3, 0.25, 1/3; others with four decimals, very large and very small ones as 1.1e-17."""
    if abs(value) >= 10**7:
        return f"{_decimal(value):.1e}"
    if value.denominator == 1:
        return str(value.numerator)
    if 10_000 % value.denominator == 0:
        return f"{float(value):.4f}".rstrip("0")
    if value.denominator < 1000:
        return f"{value.numerator}/{value.denominator}"
    return f"{float(value):.4f}" if abs(value) >= Fraction(1, 1000) else f"{float(value):.2g}"


def factor(value):
    """A number inside a product or a sum: negative ones and fractions in brackets."""
    text = show(value)
    return f"({text})" if text.startswith("-") or "/" in text else text


def _exact(value):
    return value.denominator < 1000 or 10_000 % value.denominator == 0


def _decimal(value):
    return DIGITS.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))


def _fraction(number):
    """The fraction that the decimal form of a number stands for: 0.1 is 1/10, not the nearest float."""
    return number if isinstance(number, Fraction) else Fraction(str(number))
