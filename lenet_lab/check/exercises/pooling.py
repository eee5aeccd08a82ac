"""Max pooling: right answers, cases and misconceptions."""

import numpy as np

from lenet_core import ops, reference

from ..engine import Case, Exercise, Misconception
from .common import draw, filled_up, first, first_windows, images, pick, repeated, slopes, swapped, windows, with_dout


def _pool_cases(rng):
    return [
        Case("hand", (np.array([[[[0.0, 8, 14], [2, 7, 7], [0, 1, 5]]]]), ), {"k": 2, "stride": 1}, "the toy network's map"),
        Case("random", (draw(rng, 2, 3, 6, 4),), {"k": 2}),
        Case("random", (draw(rng, 2, 2, 7, 5),), {"k": 3, "stride": 2}),
        Case("random", (draw(rng, 1, 2, 5, 4),), {"k": 2, "stride": 1}),
        Case("random", (draw(rng, 2, 1, 8, 6),), {"k": 2, "stride": 3}),
        Case("random", (draw(rng, 2, 2, 4, 6, dtype=np.float32),), {"k": 2}),
        Case("edge", (-1 - rng.random((1, 2, 4, 4)),), {"k": 2}, "all negative"),
        Case("edge", (draw(rng, 1, 2, 5, 7),), {"k": 2}, "a last partial window"),
        Case("edge", (rng.integers(0, 2, (2, 2, 6, 4)).astype(float),), {"k": 2}, "many ties"),
        Case("edge", (rng.integers(0, 3, (2, 1, 5, 6)).astype(float),), {"k": 3, "stride": 1}, "ties in overlapping windows"),
        Case("edge", (ops.batch_innermost(draw(rng, 3, 2, 4, 6)),), {"k": 2}, "x does not lie row by row in memory"),
        Case("random", (draw(rng, 2, 2, 7, 6),), {"k": 3}),
        Case("random", (draw(rng, 1, 2, 9, 7),), {"k": 4, "stride": 3}),
        Case("edge", (-5e4 - 1e4 * rng.random((1, 2, 4, 5)),), {"k": 2}, "far below zero"),
        Case("edge", (1 + 1e-7 * rng.permutation(48).reshape(1, 2, 4, 6),), {"k": 2}, "nearly equal"),
        Case("edge", (np.round(draw(rng, 2, 1, 6, 6)),), {"k": 3}, "ties in larger windows"),
        Case("edge", (rng.integers(0, 3, (2, 2, 7, 8)).astype(float),), {"k": 3, "stride": 2}, "ties with a stride of 2"),
    ]


def _pool_case(rng):
    k = int(rng.integers(1, 4))
    x = images(rng, k)
    x = pick(rng, x, x - x.dtype.type(7), 40 * x, np.round(x))
    stride = pick(rng, None, 1, 2, 3)
    return Case("random", (x,), {"k": k} | ({} if stride is None else {"stride": stride}))


def _partial_windows_kept(x, k, stride=None, value=-np.inf):
    return (reference.max_pool_forward(filled_up(x, k, stride or k, value), k, stride or k),)


def _cut_off(x, k, stride, counts):
    """The maximum of as many windows as `counts(size, k, stride)` says, cut off at the edge; ValueError where one is empty."""
    s = stride or k
    out = np.zeros((*x.shape[:2], counts(x.shape[2], k, s), counts(x.shape[3], k, s)), x.dtype)
    for i, j in np.ndindex(*out.shape[2:]):
        out[:, :, i, j] = x[:, :, i * s:i * s + k, j * s:j * s + k].max(axis=(2, 3))
    return (out,)


def _counted(counts):
    return lambda x, k, stride=None: _cut_off(x, k, stride, counts)


def _fewer(x, k, stride=None):
    s = stride or k
    return (windows(x, k, 1)[:, :, :-1:s, :-1:s].max(axis=(4, 5)),)


def _picked(place):
    return lambda x, k, stride=None: (windows(x, k, stride or k)[..., place, place],)


MAX_POOL_FORWARD = Exercise(
    "max_pool_forward", ("out",), _pool_cases, lambda x, k, stride=None: (reference.max_pool_forward(x, k, stride),), ("x",), cached=True,
    covering=(40, 55, 360, 550), one=_pool_case, selects=True, wrongs=[
        Misconception("mean for maximum", "That is the mean of each window; this is max pooling.",
              lambda x, k, stride=None: (windows(x, k, stride or k).mean(axis=(4, 5)),)),
        Misconception("minimum for maximum", "That is the smallest entry of each window.",
              lambda x, k, stride=None: (windows(x, k, stride or k).min(axis=(4, 5)),)),
        Misconception("sum for maximum", "That is the sum of each window; this is max pooling.",
              lambda x, k, stride=None: (windows(x, k, stride or k).sum(axis=(4, 5)),)),
        Misconception("maximum starts at 0", "Windows whose entries are all negative give 0: the search for the maximum has started at 0. Start with "
              "the window's first entry, or with minus infinity.",
              lambda x, k, stride=None: (np.maximum(0, reference.max_pool_forward(x, k, stride)),)),
        Misconception("stride is k", "k has been used as the stride. They are different: windows overlap where the stride is smaller.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, k),)),
        Misconception("stride is 1", "The windows move by 1. Their step is `stride`, and k where none is given.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, 1),)),
        Misconception("partial windows kept", "There is an output for the last, partial window. Here it is dropped: floor((H - k)/stride) + 1.",
              _partial_windows_kept),
        Misconception("step forgotten", "The window at (oh, ow) starts at row oh. It starts at oh * stride: the windows move by `stride`.",
              lambda x, k, stride=None: (first_windows(x, k, stride or k).max(axis=(4, 5)),)),
        Misconception("maximum over everything", "The maximum has been taken over all images and channels. Each map is pooled for itself: "
              "max(axis=(2, 3)).",
              lambda x, k, stride=None: (np.broadcast_to(windows(x, k, stride or k).max(axis=(0, 1, 4, 5)),
                                                         reference.max_pool_forward(x, k, stride).shape),)),
        Misconception("default stride 1", "Where no stride is given it is k: windows side by side.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, stride or 1),)),
        Misconception("rows for columns", "Rows and columns of the output are exchanged.",
              lambda x, k, stride=None: (swapped(reference.max_pool_forward(x, k, stride)),)),
        Misconception("maximum over channels", "The maximum has been taken over the channels too. Each map is pooled for itself.",
              lambda x, k, stride=None: (reference.max_pool_forward(np.repeat(x.max(axis=1, keepdims=True), x.shape[1], 1), k, stride),)),
        Misconception("partial windows kept", "There is an output for the last window, which is cut off at the edge. Such a window is dropped: "
              "(H - k) // stride + 1 outputs.", _counted(lambda size, k, s: -(-(size - k) // s) + 1)),
        Misconception("partial windows kept", "There is an output for every position at which a window can begin, also where it is cut off at the "
              "edge: ceil(H / stride). Count (H - k) // stride + 1.", _counted(lambda size, k, s: -(-size // s))),
        Misconception("H // stride windows", "The number of outputs is taken as H // stride. That fits only where stride is k. It is "
              "(H - k) // stride + 1.", _counted(lambda size, k, s: size // s)),
        Misconception("H // k windows", "The number of outputs is taken as H // k, whatever the stride. It is (H - k) // stride + 1.",
              _counted(lambda size, k, s: size // k)),
        Misconception("last window missing", "The last window of each row and column is missing: (H - k) // stride + 1 windows fit, with the + 1.",
              _counted(lambda size, k, s: (size - k) // s)),
        Misconception("last window missing", "A window that just fits is missing at the end: a range or a slice ends one place too "
              "early. range(0, H - k + 1, stride) ends at the right one.",
              _fewer),
        Misconception("default stride 2", "Where no stride is given, 2 is used. It is k: windows side by side.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, stride or 2),)),
        Misconception("first image only", "Only the first image has been pooled, and repeated. Every image is pooled for itself.",
              lambda x, k, stride=None: (reference.max_pool_forward(repeated(x), k, stride),)),
        Misconception("corner for maximum", "That is the top left entry of each window: x[oh * stride, ow * stride]. Take the largest of the window.",
              _picked(0)),
        Misconception("corner for maximum", "That is the bottom right entry of each window. Take the largest of the window.", _picked(-1)),
        Misconception("place for value", "That is the place of the maximum (argmax). Wanted is its value (max).",
              lambda x, k, stride=None: (windows(x, k, stride or k).reshape(*windows(x, k, stride or k).shape[:4],
                  -1).argmax(axis=-1).astype(x.dtype),)),
        Misconception("largest size", "That is the entry of largest absolute value, or the largest absolute value. Signs count: -5 is smaller "
              "than 1.",
              lambda x, k, stride=None: (reference.max_pool_forward(np.abs(x), k, stride),)),
        Misconception("only along the rows", "The maximum has been taken along the rows of the window only. A window is k x k: max(axis=(2, 3)).",
              lambda x, k, stride=None: (windows(x, k, stride or k)[..., 0, :].max(axis=-1),)),
        Misconception("only along the columns", "The maximum has been taken along one column of the window only. A window is k x k.",
              lambda x, k, stride=None: (windows(x, k, stride or k)[..., :, 0].max(axis=-1),)),
        Misconception("window too small", "The windows have k - 1 rows and columns: a slice a:b ends before b. Take i*s : i*s + k.",
              lambda x, k, stride=None: (windows(x, k, stride or k)[..., :max(1, k - 1), :max(1, k - 1)].max(axis=(4, 5)),)),
        Misconception("windows filled with 0", "Windows at the edge are filled up with zeros. There is no padding here: a partial window is dropped.",
              lambda x, k, stride=None: _partial_windows_kept(x, k, stride, 0.0)),
    ])


def _pay(share):
    """A backward pass of pooling that distributes each window's gradient by `share(window)`, an array like the window."""
    def function(dout, x, k, stride=None):
        s, dx = stride or k, np.zeros_like(x, dtype=dout.dtype)
        for n, c, i, j in np.ndindex(*dout.shape):
            window = (n, c, slice(i * s, i * s + k), slice(j * s, j * s + k))
            dx[window] += dout[n, c, i, j] * share(x[window])
        return (dx,)
    return function


def _without_last(dout):
    left = dout.copy()
    left[:, :, -1], left[:, :, :, -1] = 0, 0
    return left


def _winners_of(maps):
    """The backward pass in which the maxima of some `maps` (an index) are taken for those of all."""
    return lambda dout, x, k, stride=None: (reference.max_pool_backward(dout, np.broadcast_to(x[maps], x.shape), k, stride),)


def _to_the_largest(dout, x, k, stride=None):
    dx = np.zeros_like(x, dtype=dout.dtype)
    for n, c in np.ndindex(*x.shape[:2]):
        dx[(n, c, *np.unravel_index(x[n, c].argmax(), x.shape[2:]))] = dout[n, c].sum()
    return (dx,)


def _stride_is_k_too_far(dout, x, k, stride=None):
    """The same, with an error where a window lies outside the map."""
    dx = np.zeros_like(x, dtype=dout.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * k:i * k + k, j * k:j * k + k]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * k + u, j * k + v] += dout[n, c, i, j]
    return (dx,)


def _paid_once(dout, x, k, stride=None):
    s, dx = stride or k, np.zeros_like(x, dtype=dout.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        u, v = np.unravel_index(x[n, c, i * s:i * s + k, j * s:j * s + k].argmax(), (k, k))
        if dx[n, c, i * s + u, j * s + v] == 0:
            dx[n, c, i * s + u, j * s + v] = dout[n, c, i, j]
    return (dx,)


def _ones_set(dout, x, k, stride=None):
    return ((reference.max_pool_backward(np.ones_like(dout), x, k, stride) > 0).astype(dout.dtype),)


def _above_zero(window):
    return first(window, window.argmax()) * (window.max() > 0)


def _nearly(window):
    return first(window, np.isclose(window.ravel(), window.max()).argmax())


def _only(keep):
    """The right gradient, but only for the images, or channels, in `keep` (an index of dx)."""
    def function(dout, x, k, stride=None):
        dx = reference.max_pool_backward(dout, x, k, stride)
        part = np.zeros_like(dx)
        part[keep] = dx[keep]
        return (part,)
    return function


def _not_moved(dout, x, k, stride=None):
    """The winner's place within its window, without the place of the window."""
    s, dx = stride or k, np.zeros_like(x, dtype=dout.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        u, v = np.unravel_index(x[n, c, i * s:i * s + k, j * s:j * s + k].argmax(), (k, k))
        dx[n, c, i + u, j + v] += dout[n, c, i, j]
    return (dx,)


def _overwritten(dout, x, k, stride=None):
    s, dx = stride or k, np.zeros_like(x, dtype=dout.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * s:i * s + k, j * s:j * s + k]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * s + u, j * s + v] = dout[n, c, i, j]
    return (dx,)


def _stride_is_k_backward(dout, x, k, stride=None):
    dx = np.zeros_like(x, dtype=dout.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * k:i * k + k, j * k:j * k + k]
        if window.size:
            u, v = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, i * k + u, j * k + v] += dout[n, c, i, j]
    return (dx,)


MAX_POOL_BACKWARD = Exercise(
    "max_pool_backward", ("dx",), lambda rng: with_dout(rng, _pool_cases(rng), ops.max_pool_forward),
    lambda dout, x, k, stride=None: (reference.max_pool_backward(dout, x, k, stride),), ("x",), forward=ops.max_pool_forward,
    numeric=slopes(lambda x, k, stride=None: ops.max_pool_forward(x, k, stride), {"dx": 0}),
    covering=(40, 55, 360, 550), one=lambda rng: with_dout(rng, [_pool_case(rng)], ops.max_pool_forward)[0], wrongs=[
        Misconception("every tie paid", "Where several entries of a window are the maximum, each of them gets the whole gradient, so their sum is "
              "too large. Only the first in reading order gets it.", _pay(lambda window: (window == window.max()).astype(float))),
        Misconception("tie shared", "Where several entries of a window are the maximum they share the gradient. That is possible, but the convention "
              "(PyTorch's too) is that the first in reading order gets all.",
              _pay(lambda window: (window == window.max()) / np.count_nonzero(window == window.max()))),
        Misconception("last of a tie", "Where several entries of a window are the maximum, the last one gets the gradient. The convention is the "
              "first in reading order; use > instead of >=.", _pay(lambda window: first(window, window.size - 1 - window.ravel()[::-1].argmax()))),
        Misconception("first in column order", "Where several entries are the maximum, the first one by columns gets the gradient. Reading order is "
              "row by row.",
              _pay(lambda window: first(window.T, window.T.ravel().argmax()).T)),
        Misconception("overlaps overwritten", "An entry that is the maximum of several windows keeps the gradient of the last one only. Add their "
              "gradients.",
              _overwritten),
        Misconception("everyone paid", "Every entry of a window gets its gradient. Only the maximum does: a small change of another entry does not "
              "change the maximum.", _pay(lambda window: np.ones(window.shape))),
        Misconception("mean for maximum", "The gradient is distributed equally over the window: that is the backward pass of mean pooling.",
              _pay(lambda window: np.full(window.shape, 1 / window.size))),
        Misconception("wrong winner", "The gradient always goes to the window's first entry. It goes to the maximum.",
              _pay(lambda window: first(window, 0))),
        Misconception("smallest paid", "The gradient goes to the smallest entry of the window.",
              _pay(lambda window: first(window, window.argmin()))),
        Misconception("stride is k", "The windows are side by side in the backward pass, although they moved by `stride` in the forward pass.",
              _stride_is_k_backward),
        Misconception("dout forgotten", "Each maximum gets 1. It gets the gradient of its window: multiply by dout.",
              lambda dout, x, k, stride=None: (reference.max_pool_backward(np.ones_like(dout), x, k, stride),)),
        Misconception("winner's rows for columns", "Row and column of the maximum within its window are exchanged.",
              _pay(lambda window: first(window.T, window.ravel().argmax()).T)),
        Misconception("value for slope", "dout has been multiplied by the maximum. The slope of a maximum with respect to its largest entry is 1.",
              _pay(lambda window: first(window, window.argmax()) * window.max())),
        Misconception("stride is k", "The windows are placed k apart in the backward pass, although they moved by `stride` in the forward pass.",
              _stride_is_k_too_far),
        Misconception("paid once only", "An entry that is the maximum of several windows gets the gradient of the first one only. Add the gradients "
              "of all its windows.", _paid_once),
        Misconception("dout forgotten", "Each maximum gets 1, however many windows it wins. It gets the gradients of its windows: add dout.",
              _ones_set),
        Misconception("dx does not start at 0", "dx contains x itself: it starts as a copy of x. It must start from zeros.",
              lambda dout, x, k, stride=None: (x + reference.max_pool_backward(dout, x, k, stride),)),
        Misconception("dx does not start at 0", "Every entry of dx is 1 too large: it starts from ones, not from zeros.",
              lambda dout, x, k, stride=None: (1 + reference.max_pool_backward(dout, x, k, stride),)),
        Misconception("nearly equal", "A number that is nearly the maximum is taken for it (np.isclose, or a tolerance). The maximum is exact: "
              "use == or argmax.", _pay(_nearly)),
        Misconception("maximum starts at 0", "Windows whose entries are all negative pass nothing back: the search for the maximum starts at 0. "
              "Start with the window's first entry.", _pay(_above_zero)),
        Misconception("first image only", "Only the first image gets a gradient. Go through all images.", _only(np.s_[:1])),
        Misconception("first channel only", "Only the first channel gets a gradient. Go through all channels.", _only(np.s_[:, :1])),
        Misconception("step forgotten", "The gradient goes to (oh + i, ow + j). The window of output (oh, ow) begins at oh * stride, ow * stride.",
                      _not_moved),
        Misconception("last window missing", "The last row and column of windows get nothing: a range ends one too early. Go through the whole "
              "shape of dout.", lambda dout, x, k, stride=None: (reference.max_pool_backward(_without_last(dout), x, k, stride),)),
        Misconception("winners of the first image", "The places of the maxima have been found in the first image, or map, and used for all. Each "
              "map has its own.", _winners_of((slice(0, 1), slice(0, 1)))),
        Misconception("winners of the first image", "The places of the maxima have been found in the first image and used for all. Each image has "
              "its own.", _winners_of((slice(0, 1), slice(None)))),
        Misconception("maximum of the whole map", "The gradients go to the largest entry of the whole map. Each window has its own maximum.",
              _to_the_largest),
        Misconception("sign", "The sign: the maximum rises when its entry rises.",
              lambda dout, x, k, stride=None: (-reference.max_pool_backward(dout, x, k, stride),)),
        Misconception("mean for sum", "The gradient has been divided by the window's size. The maximum gets the whole gradient.",
              lambda dout, x, k, stride=None: (reference.max_pool_backward(dout, x, k, stride) / k ** 2,)),
        Misconception("gate on the gradient", "Negative gradients have been set to 0. Each maximum gets its gradient, with its sign.",
              lambda dout, x, k, stride=None: (reference.max_pool_backward(np.maximum(dout, 0), x, k, stride),)),
        Misconception("default stride 2", "Where no stride is given, 2 is used. It is k.",
              lambda dout, x, k, stride=None: (reference.max_pool_backward(dout, x, k, stride or 2),)),
        Misconception("last winner in column order", "Where several entries are the maximum, the last one by columns gets the gradient. It is the "
              "first, row by row.", _pay(lambda window: first(window.T, window.size - 1 - window.T.ravel()[::-1].argmax()).T)),
    ])
