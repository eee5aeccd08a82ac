"""Does the backward pass agree with what a small nudge does to the loss?

A central difference is compared with the gradient that backpropagation found. At a kink (a ReLU whose input changes sign
within the nudge, a pooling window whose winner changes) the two may differ although nothing is wrong; the checker sees
that the network switched and says so instead of crying wolf.
"""

from typing import NamedTuple

import numpy as np

from .net import Net
from .ops import softmax_loss


def numeric_gradient(f, x, h=1e-5):
    """The central difference (f(x + h) - f(x - h)) / 2h for every entry of x.

    `f` takes an array like x and returns a number; x should be float64 (float32 leaves about three digits). Returns an
    array of x's shape; x itself is not changed. Source: homework section 8, which has the one-sided difference.
    """
    gradient = np.zeros(np.shape(x), np.result_type(x, np.float64))
    for index in np.ndindex(gradient.shape):
        gradient[index] = _slope(f, x, index, h)
    return gradient


def _slope(f, x, index, h):
    up, down = np.array(x, np.float64), np.array(x, np.float64)
    up[index] += h
    down[index] -= h
    return (f(up) - f(down)) / (up[index] - down[index])


class Entry(NamedTuple):
    """One checked parameter: where it is, both gradients, their relative difference, and "pass", "kink" or "fail"."""

    layer: str
    parameter: str
    index: tuple
    analytic: float
    numeric: float
    error: float
    verdict: str


def check_net(net, x, y, entries=20, h=1e-5, tolerance=1e-5, rng=None):
    """Check `entries` randomly chosen entries of every parameter array of a network, in float64; a list of `Entry`.

    The error is |analytic - numeric| / max(|analytic| + |numeric|, 1e-6); "pass" is an error below `tolerance`, "kink" a
    larger one at an entry whose nudge switches a ReLU or a pooling winner, "fail" everything else. The network and what
    it remembers stay as they are.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    twin = _float64_twin(net)
    twin.loss(x, y)
    analytic = {(layer.name, p): g for layer in twin.layers for p, g in layer.grads.items()}
    found = []
    for (name, p), gradient in analytic.items():
        whole = twin[name].params[p]

        def loss_with(value):
            twin[name].params[p] = value
            return softmax_loss(twin(x), y)[0]

        for flat in rng.choice(gradient.size, min(entries, gradient.size), replace=False):
            index = tuple(int(i) for i in np.unravel_index(flat, gradient.shape))
            a, n = float(gradient[index]), float(_slope(loss_with, whole, index, h))
            error = abs(a - n) / max(abs(a) + abs(n), 1e-6)
            verdict = "pass" if error < tolerance else "kink" if _switches(twin, name, p, whole, index, x, h) else "fail"
            found.append(Entry(name, p, index, a, n, error, verdict))
            twin[name].params[p] = whole
    return found


def _float64_twin(net):
    description, arrays = net.pack()
    twin = Net.unpack(description, {key: value.astype(np.float64) for key, value in arrays.items()})
    for layer in net.layers:
        twin[layer.name].use(**layer.own)
    return twin


def _switches(net, name, p, whole, index, x, h):
    """Does nudging the entry by +-h change which ReLUs are open or which entries win their pooling windows?"""
    patterns = []
    for nudge in (-h, h):
        net[name].params[p] = whole.copy()
        net[name].params[p][index] += nudge
        patterns.append(_pattern(net, x))
    return any((a != b).any() for a, b in zip(*patterns))


def _pattern(net, x):
    out = np.asarray(x, net.dtype)
    pattern = []
    for layer in net.layers:
        before, (out, _) = out, layer.forward(out)
        if layer.kind == "relu":
            pattern.append(before > 0)
        elif layer.kind == "max_pool":
            k, stride = layer.options["k"], layer.options.get("stride") or layer.options["k"]
            windows = np.lib.stride_tricks.sliding_window_view(before, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
            pattern.append(windows.reshape(*windows.shape[:4], -1).argmax(axis=-1))
    return pattern
