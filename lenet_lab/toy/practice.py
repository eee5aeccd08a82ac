"""Practice problems to compute by hand: small networks with simple numbers, and full solutions.

`problem(seed)` is the same problem on every platform and in every version of Python. It draws only with
`random.Random(seed).random()`, whose sequence the standard library guarantees, and it compares only whole numbers and fractions.
`homework()` is the problem in section 3 of the homework. `sheet` and `key` make pages of problems and of solutions for a class, as
`lenet sheet` does.
"""

import argparse
import functools
import operator
import random
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from pathlib import Path

import numpy as np

from lenet_core.ops import conv_forward, max_pool_forward

from .worked import BACKWARD, FORWARD, GIVEN, WorkedPass, show

QUARTERS = [Fraction(q, 4) for q in (-4, -2, -1, 0, 1, 2, 4, 8)]
LARGEST_SPREAD = 4                     # largest difference of two scores: probabilities then stay above about 0.5 %
LONGEST_VECTOR = 8                     # inputs of the inner product, at most


@dataclass(frozen=True)
class Problem:
    """A network, an image with its label, and every number of the pass through it.

    `x` (1, C, H, W) and `y` (1,) are arrays for `net`, a `lenet_core` Net in float64. `solution` holds every intermediate value and
    every gradient as arrays of `lenet_core`'s shapes. Its keys are the names used there: "conv1.out", "conv1.dW", "pool1.dx", ...,
    and "p", "loss", "dp". `worked` has the same as exact numbers, each with its arithmetic.
    """

    name: str
    worked: WorkedPass

    @functools.cached_property
    def x(self):
        """The image as a batch of one, (1, C, H, W), float64."""
        return self.worked.floats("x")[None]

    @functools.cached_property
    def y(self):
        """The label as a batch of one, (1,)."""
        return np.array([self.worked.label])

    @functools.cached_property
    def net(self):
        """The network as a `lenet_core` Net in float64."""
        return self.worked.net()

    @functools.cached_property
    def solution(self):
        """Every intermediate value and gradient, {"conv1.out": array, ..., "loss": float}, with a batch axis of 1."""
        w = self.worked
        row = {key: w.floats(key)[None] for key in (*FORWARD[:-1], *BACKWARD, "x")}
        passes = {                        # layer: its output, the gradient there, and its input, the gradient there
            "conv1": (row["C"], row["dC"], row["x"], row["dx"]),
            "pool1": (row["P"], row["dP"], row["C"], row["dC"]),
            "ip1": (row["z"], row["dz"], row["P"], row["dP"]),
            "relu1": (row["s"], row["ds"], row["z"], row["dz"]),
        }
        found = {f"{layer}.{what}": array for layer, arrays in passes.items()
                 for what, array in zip(("out", "dout", "x", "dx"), arrays)}
        return found | {"p": row["y"], "dp": row["dy"], "loss": float(w.value("J")), "v": row["v"], "dv": row["dv"],
                        "conv1.dW": w.floats("dF"), "conv1.db": w["dC"].values.sum(axis=(1, 2)).astype(float),
                        "ip1.dW": w.floats("dW1").T, "ip1.db": w.floats("db")}

    def __repr__(self):
        return f"{self.name}: {describe(self.worked)}"


def homework():
    """The toy network in section 3 of the homework (its table 1), with the image of a 1 that is given there."""
    return Problem("The homework's example", WorkedPass(
        x=[[[0, 0, 4, 0],
            [0, 2, 5, 0],
            [0, 0, 1, 0],
            [0, 0, 2, 0]]],
        F=[[[[1, 1],
             [2, 0]]],
           [[[2, 1],
             [0, 2]]]],
        W1=[[1, 0.5, 1, 2, -1, 1, 1, -1],
            [0.5, 1, 2, 1, -0.5, 0.5, -1, 1],
            [0.25, -1, 1, 1, 0.5, -1, -1, -1]],
        b=[0, 0, 0],                  # three outputs have three biases; the homework prints four zeros
        label=1))


def problem(seed, ties=0.0):
    """Problem number `seed`: small whole numbers, and scores so close that no probability rounds to 0.

    `ties` is the share of the seeds whose problem has a pooling window with two equal maxima; the other problems have none. No
    problem has a ReLU with input exactly 0. So without ties every gradient is the derivative of the loss. Raises ValueError unless
    0 <= ties <= 1 and the seed is 0 or more.
    """
    seed = operator.index(seed)
    if seed < 0:
        raise ValueError(f"Seeds are 0, 1, 2, ...; got {seed}.")
    if not 0 <= ties <= 1:
        raise ValueError(f"ties is a share from 0 to 1; got {ties}.")
    draw = _Draw(seed)
    wants_tie = draw.random() < ties
    while True:
        worked = _attempt(draw)
        if worked:
            windows, zeros = worked.ties_found()
            if bool(windows) == wants_tie and not zeros:
                return Problem(f"Problem {seed}" + (f", with ties={ties:g}" if ties else ""), worked)


class _Draw(random.Random):
    """Random choices that use only `random()`, so that they are the same in every version of Python."""

    def of(self, choices):
        """One of the choices, each with the same probability."""
        return choices[int(self.random() * len(choices))]

    def numbers(self, choices, *shape):
        """An array of Fractions of this shape, each one of the choices."""
        values = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            values[index] = Fraction(self.of(choices))
        return values


def _attempt(draw):
    """A network drawn at random, or None if it is too small or too long to compute by hand."""
    k, stride, pad, pool_stride = draw.of([2, 2, 3]), draw.of([1, 1, 2]), draw.of([0, 0, 1]), draw.of([1, 1, 2])
    channels, filters, classes = draw.of([1, 1, 2]), draw.of([1, 2, 2]), draw.of([2, 3, 3])
    height, width = draw.of([3, 4, 5]), draw.of([3, 4, 5])
    if min(height, width) + 2 * pad < k + stride:                    # at least two windows each way, for the pooling's 2x2
        return None
    x = draw.numbers([0, 0, 1, 2, 3, 4, 5], channels, height, width)
    F = draw.numbers([-1, 0, 1, 1, 2], filters, channels, k, k)
    maps = conv_forward(x.astype(float)[None], F.astype(float), np.zeros(filters), stride, pad)[0]     # whole numbers: exact
    v = [Fraction(value) for value in max_pool_forward(maps, 2, pool_stride)[0].ravel()]
    if not 2 <= len(v) <= LONGEST_VECTOR:
        return None
    for _ in range(50):
        W1, b = draw.numbers(QUARTERS, classes, len(v)), draw.numbers([-1, 0, 0, 1], classes)
        scores = [max(Fraction(0), z) for z in W1 @ v + b]
        if max(scores) - min(scores) <= LARGEST_SPREAD and sum(score > 0 for score in scores) >= 2:
            label = draw.of(range(classes))
            return WorkedPass(x, F, W1, b, label, stride=stride, pad=pad, pool_stride=pool_stride)
    return None


# ------------------------------------------------------------------------------------------------------------- pages


def describe(worked):
    """The network of a problem in one sentence."""
    channels, height, width = worked["x"].values.shape
    filters, _, k, _ = worked["F"].values.shape
    classes = len(worked["b"].values)
    return (f"image {height}x{width}x{channels}, {filters} filter{'s' * (filters > 1)} {k}x{k} (stride {worked.stride}, padding "
            f"{worked.pad}), max pooling {worked.pool}x{worked.pool} (stride {worked.pool_stride}), inner product to "
            f"{classes}, ReLU, softmax; the label is class {worked.label + 1} of {classes}")


def sheet(seeds, ties=0.0):
    """The problems of these seeds as one HTML page to print: the given numbers, and empty grids for all others."""
    return _page("Problems", [_section(problem(seed, ties), solved=False) for seed in seeds])


def key(seeds, ties=0.0):
    """The solutions of these seeds as one HTML page to print: every number with its arithmetic."""
    return _page("Solutions", [_section(problem(seed, ties), solved=True) for seed in seeds])


def _section(given, solved):
    w = given.worked
    words = describe(w)
    parts = [f"<section><h2>{escape(given.name)}</h2><p>{escape(words[0].upper() + words[1:])}. The filters have no biases.</p>",
             "<div class=row>", *(_grids(w, name, True) for name in GIVEN), "</div>"]
    for title, names in (("Forward", FORWARD), ("Backward", BACKWARD)):
        parts += [f"<h3>{title}</h3><div class=row>", *(_grids(w, name, solved) for name in names), "</div>"]
        if solved:
            parts += ["<details open><summary>The work</summary><ul>",
                      *(f"<li>{escape(cell.name)}: {escape(cell.arithmetic)}{' &ensp;<i>' + escape(cell.note) + '</i>' if cell.note else ''}"
                        for cell in w.steps if cell.grid in names), "</ul></details>"]
    return "".join([*parts, "</section>"])


def _grids(w, name, filled):
    """One grid of the pass as HTML tables, a table for each map."""
    tables = []
    for title, rows in w.maps(name):
        cells = "".join("<tr>" + "".join(f"<td>{show(w.value(name, index)) if filled else ''}</td>" for index in row) + "</tr>"
                        for row in rows)
        tables.append(f"<table><caption>{escape(title)}</caption>{cells}</table>")
    return "".join(tables)


def _page(title, sections):
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 11pt/1.4 sans-serif; margin: 2em auto; max-width: 60em }}
section {{ break-after: page }}
.row {{ display: flex; flex-wrap: wrap; gap: 1em 1.5em; align-items: flex-start }}
table {{ border-collapse: collapse }} caption {{ text-align: left; font-size: 90%; white-space: nowrap }}
td {{ border: 1px solid #888; min-width: 2.4em; height: 1.7em; padding: 0 .3em; text-align: right; font-variant-numeric: tabular-nums }}
ul {{ columns: 2; column-gap: 3em; font-size: 85%; padding-left: 1.2em }} li {{ overflow-wrap: anywhere }}
</style></head><body><h1>{title}</h1>
<p>Everything counts from 1: classes, and indices as (row, column), then the channel or filter. C is the convolution, P the pooling,
v its row-major vector,
z the inner product, s its ReLU, y the softmax, J = -ln y(label's class). From the softmax on, numbers are printed with 4 decimals
and computed with all digits. If a pooling window has several equal maxima, the first in reading order gets the gradient.</p>
{''.join(sections)}</body></html>
"""


def main(arguments=None):
    """`lenet sheet`: write problems.html and solutions.html; returns the exit status."""
    parser = argparse.ArgumentParser(prog="lenet sheet",
                                     description="Write problems.html and solutions.html, ready to print, for a list of seeds.")
    parser.add_argument("seeds", type=int, nargs="+", help="one problem each")
    parser.add_argument("--ties", type=float, default=0.0, help="share of problems with a tie in a pooling window (default 0)")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder to write to (default: this one)")
    options = parser.parse_args(arguments)
    try:
        pages = {"problems.html": sheet(options.seeds, options.ties), "solutions.html": key(options.seeds, options.ties)}
        options.out.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            (options.out / name).write_text(page, encoding="utf-8")
            print(options.out / name)
    except OSError as error:
        parser.exit(1, f"{options.out} cannot be written ({error.strerror or error}). Name a folder that you may write to.\n")
    except ValueError as error:
        parser.exit(1, f"{error}\n")
    return 0
