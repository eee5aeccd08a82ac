"""The inside of a network as plain arrays: activations, weights, their gradients, receptive fields, mistakes.

A `Look` runs one forward and one backward pass of some images through a *twin* of the network, which has the same parameter
arrays but stores its own intermediate results. So the network itself does not change. The widgets show what is computed here, and
a report can use it without any widget (homework, questions 8 to 10).
"""

from typing import NamedTuple

import numpy as np

from lenet_core import ops
from lenet_core.net import Net
from lenet_core.registry import EVERYTHING

BATCH = 1000                             # test images at a time
ONE_NUMBER = (1, 1, 0)                   # the window of an operation that works entry by entry


def twin(net):
    """A network with the same layers and parameter arrays, but without stored results: passes through it do not change `net`."""
    other = Net.unpack(*net.pack())
    for layer in net.layers:
        other[layer.name].use(**layer.own)
    return other


class Field(NamedTuple):
    """The receptive field of a unit in a layer's input, or in the image: channels, rows, columns, each (first, last), both included.

    `rows` and `columns` are cut off at the border. `size` is the number of rows (and columns) before that, computed by the formula;
    `step` is the shift of the field when the unit moves by one. Both are None above an inner product, which depends on everything. A
    vector counts as one row of one channel. A table of connections may skip channels between the first and the last.
    """

    name: str
    channels: tuple
    rows: tuple
    columns: tuple
    size: int | None
    step: int | None


class Unit(NamedTuple):
    """One number of a layer's output: its value, its gradient, its inputs, and the units above that depend on it.

    In a layer with weights, `patch` and `weights` have the same shape, and their products add up to `value - bias`. In a pooling layer
    `patch` is the window and `winner` the index of its maximum in the layer's input. For ReLU and tanh `patch` is the input number.
    `gradient` is the gradient of the loss with respect to the unit. `fields` has the receptive fields, from the layer's own input down
    to the image. `feeds` is (name of the layer above, rows, columns) of the units that depend on this one; if there are none, a first
    index is greater than its last. A pixel of the image is a unit too: `patch` is the pixel, and `fields` is empty.
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
    """The inside of `net` for images x (N, C, H, W) with labels y (N,), with `scores`, `p` (N, K) and `loss`.

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
        """A layer's output for one image ("out") or the gradient with respect to it ("dout"): maps (C, H, W), or a vector (M,)."""
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
        """The `Unit` at `index`: (channel, row, column) in the "image" or in a layer with maps, (m,) in a vector."""
        layers, index = self.net.layers, tuple(index)
        if name == "image":
            pixel, dx = self.x[image][index], layers[0].dx[image]
            return Unit(name, index, float(pixel), float(dx[index]), np.asarray(pixel), None, 0.0, None, [],
                        self._feeds(-1, index))
        n = self.names.index(name)
        layer = layers[n]
        channel, row, column = index if len(index) == 3 else (0, 0, *index)
        patch, weights, winner = _inputs(layer, layer.x[image], index)
        bias = float(layer.params["b"][index[0]]) if layer.params else 0.0
        return Unit(name, index, float(layer.out[image][index]), float(layer.dout[image][index]), np.asarray(patch), weights, bias,
                    winner, self.field(name, row, column, channel), self._feeds(n, index))

    def _feeds(self, n, index):
        """The layer above, and the rows and columns of its units that depend on this unit; None in the last layer."""
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
        """(channels, rows, columns) of the input of layer n."""
        shape = self.net.layers[n].x.shape[1:]
        return shape if len(shape) == 3 else (1, 1, *shape)


def _inputs(layer, x, index):
    """(patch, weights, winner) of a unit, as in `Unit`; x is the input of its layer for one image."""
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
    """The input channels on which output channel f of a layer depends, as an array."""
    return np.arange(depth)[layer.operation.channels(f, depth, **layer.options)]


def _cut(span, length):
    return max(0, span[0]), min(length - 1, span[1])


# ----------------------------------------------------------------------------------------------------------- mistakes


class Misread(NamedTuple):
    """Misread images, by decreasing probability of the wrong answer: indices in the test set, labels, answers, probabilities."""

    places: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    sureness: np.ndarray


def probabilities(net, x):
    """The probabilities (N, K) that a network gives for images (N, C, H, W); `net` does not change."""
    return np.concatenate([ops.softmax(net(x[i:i + BATCH])) for i in range(0, len(x), BATCH)])


def mistakes(p, y):
    """The `Misread` images among images with probabilities p (N, K) and labels y (N,)."""
    answers = p.argmax(axis=1)
    wrong = np.flatnonzero(answers != y)
    sure = p[wrong, answers[wrong]]
    order = np.argsort(-sure, kind="stable")
    return Misread(wrong[order], y[wrong][order], answers[wrong][order], sure[order])


def precision_and_recall(p, y):
    """Precision and recall of each class k, two arrays (K,): the share of k among the answers k, and of answers k among the images of k."""
    from sklearn.metrics import precision_recall_fscore_support  # only here, as in `plane`

    precision, recall, *_ = precision_recall_fscore_support(y, p.argmax(axis=1), labels=range(p.shape[1]), zero_division=0)
    return precision, recall
