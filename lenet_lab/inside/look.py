"""What goes on inside a network, as plain arrays: activations, weights, their gradients, receptive fields, mistakes.

A `Look` runs one forward and one backward pass of some images through a *twin* of the network, which has the same parameter
arrays and a memory of its own; so looking leaves no trace in the network itself. The widgets show what is computed here, and a
report can be written from it without any widget (homework, questions 8 to 10).
"""

from typing import NamedTuple

import numpy as np

from lenet_core import ops
from lenet_core.net import Net
from lenet_core.operations import EVERYTHING

BATCH = 1000                             # test images at a time
ONE_NUMBER = (1, 1, 0)                   # the window of an operation that works entry by entry


def twin(net):
    """A network with the same layers, the same parameter arrays and no memory: what is done to it, `net` does not feel."""
    other = Net.unpack(*net.pack())
    for layer in net.layers:
        other[layer.name].use(**layer.own)
    return other


class Field(NamedTuple):
    """Which part of a layer's input, or of the image, a unit depends on: channels, rows, columns, first to last, both included.

    `rows` and `columns` are cut off at the border; `size` is the number of rows (and columns) before cutting, worked out by the
    formula, `step` how far the field moves when the unit moves by one: both None where an inner product takes in everything.
    A vector counts as one row of one channel. Between the first and the last channel that a table of connections names, there
    may be some that it does not.
    """

    name: str
    channels: tuple
    rows: tuple
    columns: tuple
    size: int | None
    step: int | None


class Unit(NamedTuple):
    """One number of a layer's output: its value, where it comes from, where it goes, and what comes back.

    `patch` and `weights` are arrays of the same shape, whose products add up to `value - bias`, for layers that have weights;
    for a pooling layer `patch` is the window and `winner` the place of its maximum in the layer's input; for ReLU and tanh
    `patch` is the number that came in. `gradient` is the gradient of the loss with respect to the unit; `fields` the receptive
    fields, from the layer's own input down to the image; `feeds` what it goes into: (name of the layer above, rows, columns),
    where the first is beyond the last if no window holds the unit. A pixel of the image is a unit too: `patch` is the pixel,
    `fields` is empty.
    """

    layer: str
    index: tuple
    value: float
    gradient: float
    patch: np.ndarray
    weights: np.ndarray | None
    bias: float
    winner: tuple | None
    fields: list
    feeds: tuple | None


class Look:
    """The inside of `net` for images x (N, C, H, W) with labels y (N,); `scores`, `p` (N, K) and `loss` come with it.

    `look["conv1"]` is the twin's layer with its `x`, `out`, `dout`, `dx`, `params` and `grads` for these images. The gradients
    are those of the mean loss over the N images.
    """

    def __init__(self, net, x, y):
        self.net = twin(net)
        self.x, self.y = np.asarray(x), np.asarray(y)
        self.loss, self.scores = self.net.loss(self.x, self.y)
        self.p = ops.softmax(self.scores)

    def __getitem__(self, name):
        return self.net[name]

    @property
    def names(self):
        """The layers' names, in order."""
        return [layer.name for layer in self.net.layers]

    def maps(self, name, what="out", image=0):
        """What a layer gave for one image ("out") or the gradient there ("dout"): maps (C, H, W), or a vector (M,)."""
        return getattr(self.net[name], what)[image]

    def kernels(self, name, what="W"):
        """The weights of a layer ("W") or their gradients ("dW"): (F, C, k, k) or (D, M)."""
        layer = self.net[name]
        return layer.grads["W"] if what == "dW" else layer.params["W"]

    def field(self, name, row, column, channel=0):
        """The receptive fields of a layer's unit at (channel, row, column): a list of `Field`, own input first, image last."""
        layers, n = self.net.layers, self.names.index(name)
        channels, rows, columns, size, step, fields = (channel, channel), (row, row), (column, column), 1, 1, []
        for below in range(n, -1, -1):
            layer, (depth, height, width) = layers[below], self._input_shape(below)
            if layer.window is EVERYTHING:
                channels, rows, columns, size, step = (0, depth - 1), (0, height - 1), (0, width - 1), None, None
            else:
                k, stride, pad = layer.window
                rows, columns = ((first * stride - pad, last * stride - pad + k - 1) for first, last in (rows, columns))
                seen = np.concatenate([_channels(layer, f, depth) for f in range(channels[0], channels[1] + 1)])
                channels = int(seen.min()), int(seen.max())
                if size:
                    size, step = (size - 1) * stride + k, step * stride
            name = layers[below - 1].name if below else "image"
            fields.append(Field(name, channels, _cut(rows, height), _cut(columns, width), size, step))
        return fields

    def unit(self, name, index, image=0):
        """Everything about one unit: `index` is (channel, row, column) in the "image" or a layer with maps, (m,) in a vector."""
        layers, index = self.net.layers, tuple(index)
        if name == "image":
            pixel, dx = self.x[image][index], layers[0].dx[image]
            return Unit(name, index, float(pixel), float(dx[index]), np.asarray(pixel), None, 0.0, None, [],
                        self._feeds(-1, index))
        n = self.names.index(name)
        layer = layers[n]
        channel, row, column = index if len(index) == 3 else (0, 0, *index)
        patch, weights, winner = _went_in(layer, layer.x[image], index)
        bias = float(layer.params["b"][index[0]]) if layer.params else 0.0
        return Unit(name, index, float(layer.out[image][index]), float(layer.dout[image][index]), np.asarray(patch), weights, bias,
                    winner, self.field(name, row, column, channel), self._feeds(n, index))

    def _feeds(self, n, index):
        """What a unit goes into: the layer above and the rows and columns of its units that see it; None at the top."""
        if n + 1 == len(self.net.layers):
            return None
        above = self.net.layers[n + 1]
        shape = above.out.shape[1:]
        if len(shape) == 1:
            return above.name, (0, 0), (0, shape[0] - 1) if above.window is EVERYTHING else (index[-1], index[-1])
        k, stride, pad = above.window
        spans = []
        for place, length in zip(index[1:], shape[1:]):
            first, last = -(-(place + pad - k + 1) // stride), (place + pad) // stride
            spans.append((max(0, first), min(length - 1, last)))
        return above.name, *spans

    def _input_shape(self, n):
        """(channels, rows, columns) of what goes into layer n."""
        shape = self.net.layers[n].x.shape[1:]
        return shape if len(shape) == 3 else (1, 1, *shape)


def _went_in(layer, x, index):
    """(patch, weights, winner) of a unit, as `Unit` has them, where x is what its layer was given for the image."""
    kernel, f = layer.operation.kernel, index[0]
    weights = kernel(layer.params["W"], f, **layer.options) if kernel else None
    if layer.window is EVERYTHING:
        return x.reshape(-1), weights, None
    if layer.window == ONE_NUMBER:
        return x[index], weights, None
    k, stride, pad = layer.window
    top, left = index[1] * stride, index[2] * stride
    patch = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))[_channels(layer, f, len(x)), top:top + k, left:left + k]
    if layer.operation.switch != "winner":
        return patch, weights, None
    i, j = np.unravel_index(patch[0].argmax(), patch[0].shape)
    return patch[0], weights, (f, top + int(i), left + int(j))


def _channels(layer, f, depth):
    """The input channels that output channel f of a layer sees, as an array."""
    return np.arange(depth)[layer.operation.channels(f, depth, **layer.options)]


def _cut(span, length):
    return max(0, span[0]), min(length - 1, span[1])


# ----------------------------------------------------------------------------------------------------------- mistakes


class Misread(NamedTuple):
    """Misread images, the surest first: their places in the test set, labels, answers, and the probability of the answer."""

    places: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    sureness: np.ndarray


def probabilities(net, x):
    """The probabilities (N, K) that a network gives for images (N, C, H, W). Leaves no trace."""
    return np.concatenate([ops.softmax(net(x[i:i + BATCH])) for i in range(0, len(x), BATCH)])


def mistakes(p, y):
    """The `Misread` images among images with probabilities p (N, K) and labels y (N,)."""
    answers = p.argmax(axis=1)
    wrong = np.flatnonzero(answers != y)
    sure = p[wrong, answers[wrong]]
    order = np.argsort(-sure, kind="stable")
    return Misread(wrong[order], y[wrong][order], answers[wrong][order], sure[order])


def precision_and_recall(p, y):
    """Precision and recall of each class, two arrays (K,): of those read as k, how many are k; of those that are k, how many were read so."""
    from sklearn.metrics import precision_recall_fscore_support  # only here, as in `plane`

    precision, recall, *_ = precision_recall_fscore_support(y, p.argmax(axis=1), labels=range(p.shape[1]), zero_division=0)
    return precision, recall
