"""Small ReLU networks on a line and in the plane: points to classify, networks for them, and their linear regions.

On a region where no ReLU switches, a network is an affine function: slope . x + offset. Each unit divides the regions of the layer
before along the line where the unit's input is zero. `linear_regions` makes these cuts one after the other. So the regions and the
boundary between the classes are exact, not sampled on a grid.
"""

from typing import NamedTuple

import numpy as np

from lenet_core import Net
from lenet_core.data import Dataset
from lenet_core.net import Layer
from lenet_lab.runs.run import Run

HALF = 1.8                              # figures show the square from -HALF to HALF in both directions
STEPS = 600                             # of a training run: enough for all of these networks
ON_THE_LINE = 1e-9                      # a corner at which a unit's input is smaller than this lies on the unit's line
DATA = ("rings", "moons")


def points(name):
    """300 training and 1,000 test points (N, 2) of two classes, 0 and 1, the same every time: "rings" or "moons".

    Class 1 is the inner ring; the moons are two interleaving half circles. Raises ValueError for another name.
    """
    if name not in DATA:
        raise ValueError(f"There are points called {' and '.join(DATA)}; got {name!r}.")
    return Dataset(name, *_draw(name, 300, seed=0), *_draw(name, 1000, seed=1))


def _draw(name, n, seed):
    from sklearn.datasets import make_circles, make_moons  # only here: it needs 75 MB, and most kernels never use it

    if name == "rings":
        return make_circles(n, noise=0.08, factor=0.5, random_state=seed)
    x, y = make_moons(n, noise=0.15, random_state=seed)
    return 0.9 * (x - [0.5, 0.25]), y


def network(width, depth=1, relu=True, seed=0):
    """A network from two coordinates to two scores: `depth` hidden layers of `width` units, with or without ReLUs.

    Weights and hidden biases are random, so that the units' lines are spread over the square and do not all pass through its centre.
    """
    rng = np.random.default_rng(seed)
    layers, size = [], 2
    for n in range(1, depth + 1):
        layers.append(Layer(f"ip{n}", "inner_product", (size, width)))
        layers += [Layer(f"relu{n}", "relu")] if relu else []
        size = width
    layers.append(Layer(f"ip{depth + 1}", "inner_product", (size, 2)))
    net = Net((2,), layers).initialise(rng, lambda shape, inputs: np.sqrt(6 / inputs), np.float64)
    for layer in net.layers[:-1]:
        if layer.params:
            layer.params["b"] = rng.uniform(-1, 1, width)
    return net


def on_a_line(units, seed=0):
    """A network from one number to one, with one hidden layer of ReLUs whose hinges (zeros of their inputs) are random in [0, 8]."""
    rng = np.random.default_rng(seed)
    net = Net((1,), [Layer("hinges", "inner_product", (1, units)), Layer("relu1", "relu"),
                     Layer("sum", "inner_product", (units, 1))])
    net.initialise(rng, lambda shape, inputs: np.sqrt(3 / inputs) if inputs > 1 else 1.0, np.float64)
    hinges = net["hinges"].params
    hinges["b"] = -rng.uniform(0, 8, units) * hinges["W"][0]
    return net


def trained(name, width, depth=1, relu=True, seed=0):
    """The finished `Run` of such a network on the points called `name`."""
    return train_on(network(width, depth, relu, seed), points(name), seed)


def train_on(net, data, seed=0):
    """The finished `Run` of 600 steps with this network and these points, from the present parameters."""
    run = Run(net, data, steps=STEPS, seed=seed, headless=True)
    run.start()
    return run


def dead(net, x):
    """Which ReLU units are 0 for every row of x: {name of the ReLU layer: array of True and False}."""
    found, out = {}, np.asarray(x, net.dtype)
    for layer in net.layers:
        out = layer.forward(out)[0]
        if layer.operation.switch == "gate":
            found[layer.name] = ~(out > 0).any(axis=0)
    return found


# ------------------------------------------------------------------------------------------------------------- the pieces


class Region(NamedTuple):
    """A convex polygon, corners (K, 2) in order, on which score 1 minus score 0 is slope . x + offset."""

    corners: np.ndarray
    slope: np.ndarray
    offset: float

    def side(self, sign):
        """The part of the region, as corners, where the difference of the scores has this sign (1 or -1); may be empty."""
        return _cut(self.corners, sign * (self.corners @ self.slope + self.offset))


def linear_regions(net, half=HALF):
    """The regions of the square from -half to half in which no ReLU of the network switches, as a list of `Region`s."""
    square = half * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    pieces = [(square, np.eye(2), np.zeros(2))]                  # corners, and the layer's input there: x @ A + c
    for layer in net.layers:
        if layer.operation.switch == "gate":
            pieces = [piece for corners, A, c in pieces for piece in _bent(corners, A, c)]
        else:
            W, b = layer.params["W"], layer.params["b"]
            pieces = [(corners, A @ W, c @ W + b) for corners, A, c in pieces]
    return [Region(corners, A[:, 1] - A[:, 0], float(c[1] - c[0])) for corners, A, c in pieces]


def _bent(corners, A, c):
    """A piece, cut along the line of every unit whose input has both signs on it, with negative inputs set to zero."""
    values = corners @ A + c                                     # (K, units)
    crossing = np.flatnonzero((values.min(axis=0) < -ON_THE_LINE) & (values.max(axis=0) > ON_THE_LINE))
    if len(crossing):
        cut = values[:, crossing[0]]
        return [piece for sign in (1, -1) for piece in _bent(_cut(corners, sign * cut), A, c)]
    is_open = values.max(axis=0) > ON_THE_LINE
    return [(corners, A * is_open, c * is_open)]


def _cut(corners, values):
    """The part of a convex polygon where the affine function with these values at its corners is positive."""
    corners, values, kept = corners.tolist(), values.tolist(), []           # a polygon has a few corners: too few for NumPy to be faster
    for n, (here, v) in enumerate(zip(corners, values)):
        there, w = corners[n - len(corners) + 1], values[n - len(values) + 1]
        if v > -ON_THE_LINE:
            kept.append(here)
        if min(v, w) < -ON_THE_LINE and max(v, w) > ON_THE_LINE:
            share = v / (v - w)
            kept.append([a + (b - a) * share for a, b in zip(here, there)])
    return np.array(kept) if len(kept) > 2 else np.empty((0, 2))


def boundary(regions):
    """The line on which both scores are equal, as segments (2, 2), one for each region that it crosses."""
    pieces = []
    for corners, slope, offset in regions:
        values = corners @ slope + offset
        if values.min() < -ON_THE_LINE and values.max() > ON_THE_LINE:
            onto = _cut(corners, values)
            ends = onto[np.abs(onto @ slope + offset) <= ON_THE_LINE * max(1.0, np.abs(values).max())]
            if len(ends) >= 2:
                pieces.append(ends[[0, -1]])
    return pieces


def patterns(net, x):
    """The number of different activation patterns (which ReLUs are positive) over the rows of x (N, 2)."""
    masks, out = [], np.asarray(x, net.dtype)
    for layer in net.layers:
        out = layer.forward(out)[0]
        if layer.operation.switch == "gate":
            masks.append(out > 0)
    return len(np.unique(np.packbits(np.hstack(masks), axis=1), axis=0)) if masks else 1
