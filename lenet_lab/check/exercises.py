"""The exercises: for each one the right answer, the cases, and the known misconceptions, each as a function that has it.

The right answers are the plain loops of `lenet_core.reference` where it has them. The cases have no symmetry that could hide a
mistake: H != W, C != F, N > 1, a stride that does not divide, values that tie. A wrong function has only one or two lines, since it is
usually the right one with one change.
"""

import numpy as np

from lenet_core import ops, reference
from lenet_core.gradcheck import numeric_gradient
from lenet_core.training import sgd_momentum

from .engine import Case, Exercise, Misconception

# ---------------------------------------------------------------------------------------------------------------- helpers


def _draw(rng, *shape, dtype=np.float64):
    return rng.standard_normal(shape).astype(dtype)


def _slopes(forward, names):
    """The finite differences of a backward exercise: for each result name, the argument of `forward` it is the gradient of."""
    def numeric(case, gradient):
        found = {}
        for name, place in names.items():
            def total(value, place=place):
                args = [value if n == place else arg for n, arg in enumerate(case.args)]
                return (forward(*args, **case.kwargs)[0] * case.dout).sum()
            found[name] = gradient(total, case.args[place])
        return found
    return numeric


def _padded(x, pad, **how):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), **how)


def _turned(W):
    return W[:, :, ::-1, ::-1]


def _swapped(x):
    """Maps with rows and columns exchanged."""
    return x.swapaxes(2, 3)


# ------------------------------------------------------------------------------------------------------------------- ReLU


def _relu_cases(rng):
    return [
        Case("hand", (np.array([[-1.0, 2.0], [0.0, -3.0]]),)),
        Case("random", (_draw(rng, 3, 5),)),
        Case("random", (3 * _draw(rng, 2, 3, 4, 5),)),
        Case("random", (_draw(rng, 4, 3, dtype=np.float32),)),
        Case("edge", (np.array([[0.0, -0.0, 1e-30, -1e-30]]),), note="zeros and almost zeros"),
        Case("edge", (ops.batch_innermost(_draw(rng, 3, 2, 4, 3)),), note="x does not lie row by row in memory"),
    ]


def _with_dout(rng, cases, forward):
    """The same cases with a gradient of the output: 1, 2, 3, ... in the example by hand, else random."""
    made = []
    for case in cases:
        shape = np.shape(forward(*case.args, **case.kwargs)[0])
        dout = 1.0 + np.arange(np.prod(shape)).reshape(shape) if case.stage == "hand" else rng.standard_normal(shape)
        made.append(case._replace(dout=dout.astype(case.args[0].dtype)))
    return made


RELU_FORWARD = Exercise("relu_forward", ("out",), _relu_cases, lambda x: (reference.relu_forward(x),), ("x",), cached=True, wrongs=[
    Misconception("absolute value", "That is |x|: negative numbers become 0, they do not change their sign.", lambda x: (np.abs(x),)),
    Misconception("mask for value", "That is 1 where x is positive. ReLU keeps the value: x where it is positive.",
          lambda x: ((x > 0).astype(x.dtype),)),
    Misconception("minimum for maximum", "That keeps the negative numbers and cuts the positive ones: min(0, x) instead of max(0, x).",
          lambda x: (np.minimum(x, 0),)),
    Misconception("cut above 1", "Positive numbers do not change, also those above 1.", lambda x: (np.clip(x, 0, 1),)),
    Misconception("nothing cut", "That is x itself; negative numbers must become 0 (or out and cache are exchanged).", lambda x: (x,)),
])

RELU_BACKWARD = Exercise(
    "relu_backward", ("dx",), lambda rng: _with_dout(rng, _relu_cases(rng), ops.relu_forward),
    lambda dout, x: (reference.relu_backward(dout, x),), ("x",), forward=ops.relu_forward,
    numeric=_slopes(ops.relu_forward, {"dx": 0}), wrongs=[
        Misconception("gate on the cut output", "Every gradient passes: the mask is missing, or it is true everywhere. That happens when it is "
              "computed from the output, with >= 0. Compute the mask from the input: x > 0.",
              lambda dout, x: (dout * (np.maximum(x, 0) >= 0),)),
        Misconception(">= for >", "Only entries where x is exactly 0 are wrong: there the gradient is 0 here, as in PyTorch. The mask is x > 0.",
              lambda dout, x: (dout * (x >= 0),)),
        Misconception("gate on the gradient", "That sets negative gradients to 0. The gradient passes where the input was positive.",
              lambda dout, x: (np.maximum(dout, 0),)),
        Misconception("dout forgotten", "That is the slope of ReLU, 1 or 0, without the gradient of the next layer: multiply by dout.",
              lambda dout, x: ((x > 0).astype(dout.dtype),)),
        Misconception("value for slope", "That multiplies dout by ReLU's value. Its slope is 1 where x is positive, whatever x is.",
              lambda dout, x: (dout * np.maximum(x, 0),)),
        Misconception("gate turned round", "The mask is inverted: the gradient passes where the input was negative.",
              lambda dout, x: (dout * (x <= 0),)),
    ])


# ---------------------------------------------------------------------------------------------------------- inner product


def _inner_cases(rng):
    return [
        Case("hand", (np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 3.0, 0.5]]), np.array([10.0, 20.0, 30.0]))),
        Case("random", (_draw(rng, 3, 5), _draw(rng, 5, 4), _draw(rng, 4))),
        Case("random", (_draw(rng, 4, 3), _draw(rng, 3, 3), _draw(rng, 3)), note="W is square"),
        Case("random", (_draw(rng, 2, 3, 2, 4), _draw(rng, 24, 5), _draw(rng, 5)), note="x holds maps"),
        Case("random", (_draw(rng, 3, 5, dtype=np.float32), _draw(rng, 5, 4, dtype=np.float32), _draw(rng, 4, dtype=np.float32))),
        Case("edge", (_draw(rng, 1, 6), _draw(rng, 6, 1), _draw(rng, 1)), note="one image, one output"),
        Case("edge", (ops.batch_innermost(_draw(rng, 3, 2, 3, 2)), _draw(rng, 12, 4), _draw(rng, 4)), note="x does not lie row by row in memory"),
    ]


def _flat(x):
    return x.reshape(len(x), -1)


def _column_major(x):
    return _flat(_swapped(x)) if x.ndim == 4 else x


def _channel_fastest(x):
    return _flat(x.transpose(0, 2, 3, 1)) if x.ndim == 4 else x


INNER_PRODUCT_FORWARD = Exercise(
    "inner_product_forward", ("out",), _inner_cases, lambda x, W, b: (reference.inner_product_forward(x, W, b),), ("x", "W", "b"),
    cached=True, wrongs=[
        Misconception("bias forgotten", "The bias is missing: x W + b.", lambda x, W, b: (_flat(x) @ W,)),
        Misconception("bias subtracted", "The bias is added, not subtracted.", lambda x, W, b: (_flat(x) @ W - b,)),
        Misconception("transposed W", "That is the product with W transposed: it fits only where W is square. W is (inputs, outputs), so x W.",
              lambda x, W, b: (_flat(x) @ W.T + b,)),
        Misconception("columns for rows", "The maps have been read column by column. Row-major is row by row, as reshape does.",
              lambda x, W, b: (_column_major(x) @ W + b,)),
        Misconception("channel order", "The channels have been read as the fastest index, as in the original handout. Here the maps follow one "
              "another as wholes: x.reshape(N, -1).", lambda x, W, b: (_channel_fastest(x) @ W + b,)),
        Misconception("maps not flattened", "Maps (N, C, H, W) have to become rows (N, C*H*W) before the product.",
              lambda x, W, b: (x @ W + b,)),
    ])


def _inner_backward(dout, x, W, b):
    return reference.inner_product_backward(dout, x, W)


def _changed(n, change):
    """Wrong gradients of an inner product: the right ones with the n-th of dx, dW, db changed."""
    def function(dout, x, W, b):
        grads = list(_inner_backward(dout, x, W, b))
        grads[n] = change(dout, x, W, grads[n])
        return grads
    return function


INNER_PRODUCT_BACKWARD = Exercise(
    "inner_product_backward", ("dx", "dW", "db"), lambda rng: _with_dout(rng, _inner_cases(rng), ops.inner_product_forward),
    _inner_backward, ("x", "W", "b"), forward=ops.inner_product_forward,
    numeric=_slopes(ops.inner_product_forward, {"dx": 0, "dW": 1, "db": 2}), wrongs=[
        Misconception("dx not reshaped", "dx has the shape of x: where x has maps (N, C, H, W), reshape it back.",
              _changed(0, lambda dout, x, W, dx: _flat(dx))),
        Misconception("transposed W", "dx = dout W': each input gets the gradients of all outputs, weighted by its own row of W. Without the "
              "transpose it fits only where W is square.", _changed(0, lambda dout, x, W, dx: (dout @ W).reshape(x.shape))),
        Misconception("reshaped, not transposed", "W dout' has the images as columns. Transpose it before it takes the shape of x.",
              _changed(0, lambda dout, x, W, dx: (W @ dout.T).reshape(x.shape))),
        Misconception("transposed dW", "That is dW transposed. It has the shape of W, (inputs, outputs): x' dout.",
              _changed(1, lambda dout, x, W, dW: dW.T)),
        Misconception("mean for sum", "dW has been divided by the batch size. The loss is already a mean, so dout contains 1/N; here everything is "
              "summed.",
              _changed(1, lambda dout, x, W, dW: dW / len(x))),
        Misconception("columns for rows", "In dW the maps have been read column by column; forward reads them row by row.",
              _changed(1, lambda dout, x, W, dW: _column_major(x).T @ dout)),
        Misconception("db not summed", "One bias is added in all images of the batch: sum dout over the batch.",
              _changed(2, lambda dout, x, W, db: dout)),
        Misconception("db mean for sum", "db has been divided by the batch size. The loss is already a mean, so here everything is summed.",
              _changed(2, lambda dout, x, W, db: dout.mean(axis=0))),
        Misconception("db forgotten", "db is zero: a bias acts on its output with slope 1, so db is dout summed over the batch.",
              _changed(2, lambda dout, x, W, db: np.zeros_like(db))),
        Misconception("db kept as a row", "The numbers are right, but in a matrix of one row: b has one axis.",
              _changed(2, lambda dout, x, W, db: dout.sum(axis=0, keepdims=True))),
        Misconception("db over outputs", "That sums dout over the outputs; db needs the sum over the images.",
              _changed(2, lambda dout, x, W, db: dout.sum(axis=1))),
    ])


# ---------------------------------------------------------------------------------------------------------------- pooling


def _pool_cases(rng):
    return [
        Case("hand", (np.array([[[[0.0, 8, 14], [2, 7, 7], [0, 1, 5]]]]), ), {"k": 2, "stride": 1}, "the toy network's map"),
        Case("random", (_draw(rng, 2, 3, 6, 4),), {"k": 2}),
        Case("random", (_draw(rng, 2, 2, 7, 5),), {"k": 3, "stride": 2}),
        Case("random", (_draw(rng, 1, 2, 5, 4),), {"k": 2, "stride": 1}),
        Case("random", (_draw(rng, 2, 1, 8, 6),), {"k": 2, "stride": 3}),
        Case("random", (_draw(rng, 2, 2, 4, 6, dtype=np.float32),), {"k": 2}),
        Case("edge", (-1 - rng.random((1, 2, 4, 4)),), {"k": 2}, "all negative"),
        Case("edge", (_draw(rng, 1, 2, 5, 7),), {"k": 2}, "a last partial window"),
        Case("edge", (rng.integers(0, 2, (2, 2, 6, 4)).astype(float),), {"k": 2}, "many ties"),
        Case("edge", (rng.integers(0, 3, (2, 1, 5, 6)).astype(float),), {"k": 3, "stride": 1}, "ties in overlapping windows"),
        Case("edge", (ops.batch_innermost(_draw(rng, 3, 2, 4, 6)),), {"k": 2}, "x does not lie row by row in memory"),
    ]


def _windows(x, k, stride):
    """(N, C, OH, OW, k, k): all pooling windows."""
    return np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]


def _first_windows(x, k, stride):
    """As many windows as there should be, but taken at stride 1."""
    OH, OW = ops.output_size(x.shape[2], k, stride), ops.output_size(x.shape[3], k, stride)
    return _windows(x, k, 1)[:, :, :OH, :OW]


def _partial_windows_kept(x, k, stride=None):
    s = stride or k
    rest = [-(-max(0, size - k) // s) * s + k - size for size in x.shape[2:]]
    return (reference.max_pool_forward(np.pad(x, ((0, 0), (0, 0), *((0, r) for r in rest)), constant_values=-np.inf), k, s),)


MAX_POOL_FORWARD = Exercise(
    "max_pool_forward", ("out",), _pool_cases, lambda x, k, stride=None: (reference.max_pool_forward(x, k, stride),), ("x",), cached=True,
    wrongs=[
        Misconception("mean for maximum", "That is the mean of each window; this is max pooling.",
              lambda x, k, stride=None: (_windows(x, k, stride or k).mean(axis=(4, 5)),)),
        Misconception("minimum for maximum", "That is the smallest entry of each window.",
              lambda x, k, stride=None: (_windows(x, k, stride or k).min(axis=(4, 5)),)),
        Misconception("sum for maximum", "That is the sum of each window; this is max pooling.",
              lambda x, k, stride=None: (_windows(x, k, stride or k).sum(axis=(4, 5)),)),
        Misconception("maximum starts at 0", "Windows whose entries are all negative give 0: the search for the maximum has started at 0. Start with "
              "the window's first entry, or with minus infinity.",
              lambda x, k, stride=None: (np.maximum(0, reference.max_pool_forward(x, k, stride)),)),
        Misconception("stride is k", "k has been used as the stride. They are different: windows overlap where the stride is smaller.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, k),)),
        Misconception("stride is 1", "The windows move by 1. Their step is `stride`, and k where none is given.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, 1),)),
        Misconception("partial windows kept", "There is an output for the last, partial window. Here it is dropped: floor((H - k)/stride) + 1.",
              _partial_windows_kept),
        Misconception("step forgotten", "The window at (i, j) starts at row i. It starts at i * stride: the windows move by `stride`.",
              lambda x, k, stride=None: (_first_windows(x, k, stride or k).max(axis=(4, 5)),)),
        Misconception("maximum over everything", "The maximum has been taken over all images and channels. Each map is pooled for itself: "
              "max(axis=(2, 3)).",
              lambda x, k, stride=None: (np.broadcast_to(_windows(x, k, stride or k).max(axis=(0, 1, 4, 5)),
                                                         reference.max_pool_forward(x, k, stride).shape),)),
        Misconception("default stride 1", "Where no stride is given it is k: windows side by side.",
              lambda x, k, stride=None: (reference.max_pool_forward(x, k, stride or 1),)),
        Misconception("rows for columns", "Rows and columns of the output are exchanged.",
              lambda x, k, stride=None: (_swapped(reference.max_pool_forward(x, k, stride)),)),
        Misconception("maximum over channels", "The maximum has been taken over the channels too. Each map is pooled for itself.",
              lambda x, k, stride=None: (reference.max_pool_forward(np.repeat(x.max(axis=1, keepdims=True), x.shape[1], 1), k, stride),)),
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


def _first(window, flat):
    mask = np.zeros(window.size)
    mask[flat] = 1
    return mask.reshape(window.shape)


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
    "max_pool_backward", ("dx",), lambda rng: _with_dout(rng, _pool_cases(rng), ops.max_pool_forward),
    lambda dout, x, k, stride=None: (reference.max_pool_backward(dout, x, k, stride),), ("x",), forward=ops.max_pool_forward,
    numeric=_slopes(lambda x, k, stride=None: ops.max_pool_forward(x, k, stride), {"dx": 0}), wrongs=[
        Misconception("every tie paid", "Where several entries of a window are the maximum, each of them gets the whole gradient, so their sum is "
              "too large. Only the first in reading order gets it.", _pay(lambda window: (window == window.max()).astype(float))),
        Misconception("tie shared", "Where several entries of a window are the maximum they share the gradient. That is possible, but the convention "
              "(PyTorch's too) is that the first in reading order gets all.",
              _pay(lambda window: (window == window.max()) / np.count_nonzero(window == window.max()))),
        Misconception("last of a tie", "Where several entries of a window are the maximum, the last one gets the gradient. The convention is the "
              "first in reading order; use > instead of >=.", _pay(lambda window: _first(window, window.size - 1 - window.ravel()[::-1].argmax()))),
        Misconception("first in column order", "Where several entries are the maximum, the first one by columns gets the gradient. Reading order is "
              "row by row.",
              _pay(lambda window: _first(window.T, window.T.ravel().argmax()).T)),
        Misconception("overlaps overwritten", "An entry that is the maximum of several windows keeps the gradient of the last one only. Add their "
              "gradients.",
              _overwritten),
        Misconception("everyone paid", "Every entry of a window gets its gradient. Only the maximum does: a small change of another entry does not "
              "change the maximum.", _pay(lambda window: np.ones(window.shape))),
        Misconception("mean for maximum", "The gradient is distributed equally over the window: that is the backward pass of mean pooling.",
              _pay(lambda window: np.full(window.shape, 1 / window.size))),
        Misconception("wrong winner", "The gradient always goes to the window's first entry. It goes to the maximum.",
              _pay(lambda window: _first(window, 0))),
        Misconception("smallest paid", "The gradient goes to the smallest entry of the window.",
              _pay(lambda window: _first(window, window.argmin()))),
        Misconception("stride is k", "The windows are side by side in the backward pass, although they moved by `stride` in the forward pass.",
              _stride_is_k_backward),
        Misconception("dout forgotten", "Each maximum gets 1. It gets the gradient of its window: multiply by dout.",
              lambda dout, x, k, stride=None: (reference.max_pool_backward(np.ones_like(dout), x, k, stride),)),
        Misconception("winner's rows for columns", "Row and column of the maximum within its window are exchanged.",
              _pay(lambda window: _first(window.T, window.ravel().argmax()).T)),
        Misconception("value for slope", "dout has been multiplied by the maximum. The slope of a maximum with respect to its largest entry is 1.",
              _pay(lambda window: _first(window, window.argmax()) * window.max())),
    ])


# ---------------------------------------------------------------------------------------------------------------- windows


def _im2col_cases(rng):
    return [
        Case("hand", (np.arange(1.0, 10).reshape(1, 1, 3, 3),), {"k": 2}, "the numbers 1 to 9 in a square"),
        Case("random", (_draw(rng, 2, 3, 5, 4),), {"k": 3}),
        Case("random", (_draw(rng, 2, 2, 6, 5),), {"k": 2, "stride": 2}),
        Case("random", (_draw(rng, 1, 2, 4, 3),), {"k": 3, "pad": 1}),
        Case("random", (_draw(rng, 3, 2, 5, 6),), {"k": 3, "stride": 2, "pad": 2}),
        Case("random", (_draw(rng, 2, 2, 4, 5, dtype=np.float32),), {"k": 2}),
        Case("edge", (_draw(rng, 2, 2, 6, 7),), {"k": 3, "stride": 2}, "a stride that does not divide"),
        Case("edge", (_draw(rng, 2, 3, 4, 4),), {"k": 1}, "a window of one pixel"),
        Case("edge", (ops.batch_innermost(_draw(rng, 3, 2, 4, 5)),), {"k": 2, "pad": 1}, "x does not lie row by row in memory"),
    ]


def _cols(order):
    """im2col with the six axes (channel, row in window, column in window, window's row, window's column, image) in another order."""
    def function(x, k, stride=1, pad=0):
        windows = _windows(_padded(x, pad), k, stride).transpose(1, 4, 5, 2, 3, 0)
        axes = ["cijhwn".index(letter) for letter in order]
        rows = x.shape[1] * k * k
        return (windows.transpose(axes).reshape(rows, -1),)
    return function


def _mixed_up(x, k, stride=1, pad=0):
    windows = _windows(_padded(x, pad), k, stride)
    columns = [windows[:, :, i, j].reshape(-1, len(x)) for i, j in np.ndindex(*windows.shape[2:4])]
    return (np.hstack(columns),)


def _one_sided(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))


IM2COL = Exercise("im2col", ("cols",), _im2col_cases, lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, pad),), ("x",), wrongs=[
    Misconception("windows as rows", "That is the matrix transposed: each window should be a column.",
          lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, pad).T,)),
    Misconception("columns for rows", "Within a window the entries have been read column by column. Row by row: row c*k*k + i*k + j.",
          _cols("cjihwn")),
    Misconception("channel order", "Within a window the channel runs fastest. Here the channels follow one another as wholes: row c*k*k + i*k + j.",
          _cols("ijchwn")),
    Misconception("batch order", "The columns are in the order image, row, column. Here the image runs fastest: column (oh*OW + ow)*N + n.",
          _cols("cijnhw")),
    Misconception("windows down the columns", "The windows have been taken column by column. They go along the rows: column (oh*OW + ow)*N + n.",
          _cols("cijwhn")),
    Misconception("flipped window", "The windows have been rotated by 180 degrees. Nothing is flipped here.",
          lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, pad).reshape(x.shape[1], k * k, -1)[:, ::-1].reshape(x.shape[1] * k * k, -1),)),
    Misconception("padding missing", "The padding is missing: `pad` rows and columns of zeros go around every image first.",
          lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, 0),)),
    Misconception("padding on one side", "All the padding is on the right and at the bottom. It goes on all four sides, `pad` on each.",
          lambda x, k, stride=1, pad=0: (ops.im2col(_one_sided(x, pad), k, stride, 0),)),
    Misconception("padding not zero", "The border repeats the image. It is padded with zeros.",
          lambda x, k, stride=1, pad=0: (ops.im2col(_padded(x, pad, mode="edge"), k, stride, 0),)),
    Misconception("stride ignored", "The windows move by 1, whatever `stride` is.", lambda x, k, stride=1, pad=0: (ops.im2col(x, k, 1, pad),)),
    Misconception("step forgotten", "The window at (i, j) starts at row i. It starts at i * stride: the windows move by `stride`.",
          lambda x, k, stride=1, pad=0: (_first_windows(_padded(x, pad), k, stride).transpose(1, 4, 5, 2, 3, 0).reshape(x.shape[1] * k * k, -1),)),
    Misconception("batch mixed up", "The numbers of different images have been mixed: a window of all images is (N, C, k, k), and N stands first. "
          "Bring it to the end before you reshape: .reshape(N, -1).T", _mixed_up),
    Misconception("padding on all axes", "np.pad(x, pad) pads all four axes, also images and channels. Rows and columns only: ((0, 0), (0, 0), "
          "(pad, pad), (pad, pad)).", lambda x, k, stride=1, pad=0: (ops.im2col(np.pad(x, pad), k, stride, 0),)),
])


def _col2im_cases(rng):
    cases = []
    for case in _im2col_cases(rng):
        x = case.args[0]
        cols = ops.im2col(x, **case.kwargs)
        cases.append(case._replace(args=(rng.standard_normal(cols.shape).astype(x.dtype), x.shape)))
    ones = np.ones((4, 4))
    return [Case("hand", (ones, (1, 1, 3, 3)), {"k": 2}, "all ones: how many windows saw each pixel?"), *cases[1:]]


def _back(write, cut=True):
    """col2im that puts each window back by `write(image, place, window)`."""
    def function(cols, x_shape, k, stride=1, pad=0):
        N, C, H, W = x_shape
        OH, OW = ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad)
        windows = cols.reshape(C, k, k, OH, OW, N)
        x = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
        for i, j in np.ndindex(OH, OW):
            write(x, (slice(None), slice(None), slice(i * stride, i * stride + k), slice(j * stride, j * stride + k)),
                  windows[:, :, :, i, j].transpose(3, 0, 1, 2))
        return (x[:, :, pad:pad + H, pad:pad + W] if cut else x,)
    return function


def _add(x, place, window):
    x[place] += window


def _set(x, place, window):
    x[place] = window


def _set_entry_by_entry(cols, x_shape, k, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad)
    windows = cols.reshape(C, k, k, OH, OW, N)
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    for i, j in np.ndindex(k, k):
        x[:, :, i:i + stride * OH:stride, j:j + stride * OW:stride] = windows[:, i, j].transpose(3, 0, 1, 2)
    return (x[:, :, pad:pad + H, pad:pad + W],)


def _divided(cols, x_shape, k, stride=1, pad=0):
    count = ops.col2im(np.ones_like(cols), x_shape, k, stride, pad)
    return (ops.col2im(cols, x_shape, k, stride, pad) / np.maximum(count, 1),)


def _read_by_image(cols, x_shape, k, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad)
    reordered = cols.reshape(C, k, k, N, OH, OW).transpose(0, 1, 2, 4, 5, 3).reshape(cols.shape)
    return (ops.col2im(reordered, x_shape, k, stride, pad),)


COL2IM = Exercise(
    "col2im", ("x",), _col2im_cases, lambda cols, x_shape, k, stride=1, pad=0: (ops.col2im(cols, x_shape, k, stride, pad),),
    ("cols", "x_shape"), wrongs=[
        Misconception("overlaps overwritten", "Where windows overlap, only the last one counts. Add the entries of all windows that contain the "
              "pixel.", _back(_set)),
        Misconception("overlaps overwritten", "Where windows overlap, only the entry written last counts. Add the entries of all windows: += "
              "instead of =.",
              _set_entry_by_entry),
        Misconception("mean for sum", "Where windows overlap, their mean is taken. Take the sum over all windows that contain the pixel.", _divided),
        Misconception("padding not cut off", "The padding is still there. Cut it off: the result has the shape x_shape.", _back(_add, cut=False)),
        Misconception("columns for rows", "Within a window the entries are put back column by column. Row c*k*k + i*k + j belongs to pixel (i, j).",
              _back(lambda x, place, window: _add(x, place, _swapped(window)))),
        Misconception("batch order", "The columns have been read in the order image, row, column. Here the image runs fastest: reshape to (C, k, k, "
              "OH, OW, N).",
              _read_by_image),
        Misconception("flipped window", "The windows are put back rotated by 180 degrees. Entry (i, j) goes back to (i, j).",
              _back(lambda x, place, window: _add(x, place, _turned(window)))),
    ])


# ------------------------------------------------------------------------------------------------------------ convolution


def _conv_cases(rng):
    return [
        Case("hand", (np.arange(1.0, 10).reshape(1, 1, 3, 3), np.array([[[[1.0, 2], [0, -1]]]]), np.array([10.0])), {},
             "the numbers 1 to 9 in a square"),
        Case("random", (_draw(rng, 2, 3, 5, 4), _draw(rng, 4, 3, 3, 3), _draw(rng, 4))),
        Case("random", (_draw(rng, 2, 2, 6, 5), _draw(rng, 3, 2, 2, 2), _draw(rng, 3)), {"stride": 2}),
        Case("random", (_draw(rng, 1, 2, 4, 3), _draw(rng, 3, 2, 3, 3), _draw(rng, 3)), {"pad": 1}),
        Case("random", (_draw(rng, 2, 1, 5, 6), _draw(rng, 2, 1, 3, 3), _draw(rng, 2)), {"stride": 2, "pad": 2}),
        Case("random", tuple(_draw(rng, *shape, dtype=np.float32) for shape in ((2, 2, 4, 5), (3, 2, 2, 2), (3,)))),
        Case("edge", (_draw(rng, 2, 2, 6, 7), _draw(rng, 3, 2, 3, 3), _draw(rng, 3)), {"stride": 2}, "a stride that does not divide"),
        Case("edge", (_draw(rng, 2, 3, 4, 3), _draw(rng, 2, 3, 1, 1), _draw(rng, 2)), {}, "a window of one pixel"),
        Case("edge", (ops.batch_innermost(_draw(rng, 3, 2, 4, 5)), _draw(rng, 4, 2, 2, 2), _draw(rng, 4)), {}, "x does not lie row by row in memory"),
    ]


def _conv(change_x=lambda x, pad: (x, pad), change_W=lambda W: W, bias=1, stride_of=lambda stride: stride):
    """A convolution with one thing changed."""
    def function(x, W, b, stride=1, pad=0):
        x, pad = change_x(x, pad)
        return (ops.conv_forward(x, change_W(W), bias * b, stride_of(stride), pad)[0],)
    return function


def _reshaped(x, W, b, stride=1, pad=0):
    out = ops.conv_forward(x, W, b, stride, pad)[0]
    return (out.transpose(1, 2, 3, 0).reshape(out.shape),)


def _reshaped_by_filter(x, W, b, stride=1, pad=0):
    out = ops.conv_forward(x, W, b, stride, pad)[0]
    N, F, OH, OW = out.shape
    return (out.transpose(1, 2, 3, 0).reshape(F, N, OH, OW).transpose(1, 0, 2, 3),)


def _first_channel(x, W, b, stride=1, pad=0):
    return (ops.conv_forward(x[:, :1], W[:, :1], b, stride, pad)[0],)


CONV_FORWARD = Exercise(
    "conv_forward", ("out",), _conv_cases, lambda x, W, b, stride=1, pad=0: (reference.conv_forward(x, W, b, stride, pad),), ("x", "W", "b"),
    cached=True, wrongs=[
        Misconception("flipped kernel", "The filter has been rotated by 180 degrees, as in a convolution of mathematics. In this field nothing is "
              "flipped.",
              _conv(change_W=_turned)),
        Misconception("columns for rows", "The filter's rows and columns are exchanged.", _conv(change_W=_swapped)),
        Misconception("bias forgotten", "The bias is missing: one number per filter is added to its whole map.", _conv(bias=0)),
        Misconception("padding missing", "The padding is missing: `pad` rows and columns of zeros go around every image first.",
              _conv(change_x=lambda x, pad: (x, 0))),
        Misconception("padding on one side", "All the padding is on the right and at the bottom. It goes on all four sides, `pad` on each.",
              _conv(change_x=lambda x, pad: (_one_sided(x, pad), 0))),
        Misconception("padding not zero", "The border repeats the image. It is padded with zeros.",
              _conv(change_x=lambda x, pad: (_padded(x, pad, mode="edge"), 0))),
        Misconception("stride ignored", "The window moves by 1, whatever `stride` is.", _conv(stride_of=lambda stride: 1)),
        Misconception("step forgotten", "The window at (i, j) starts at row i. It starts at i * stride: the window moves by `stride`.",
              lambda x, W, b, stride=1, pad=0: (np.einsum("nchwij,fcij->nfhw", _first_windows(_padded(x, pad), W.shape[2], stride), W)
                                                + b[:, None, None],)),
        Misconception("batch mixed up", "The product has the order filter, row, column, image. A reshape to (N, F, OH, OW) mixes the images up: "
              "reshape to (F, OH, OW, N), then transpose.", _reshaped),
        Misconception("batch mixed up", "The product has the order filter, row, column, image. A reshape to (F, N, OH, OW) mixes the images up: "
              "reshape to (F, OH, OW, N), then transpose.", _reshaped_by_filter),
        Misconception("padding on all axes", "np.pad(x, pad) pads all four axes, also images and channels. Rows and columns only: ((0, 0), (0, 0), "
              "(pad, pad), (pad, pad)).", lambda x, W, b, stride=1, pad=0: (ops.conv_forward(np.pad(x, pad), W, b, stride, 0)[0],)),
        Misconception("only the first channel", "Only the first channel has been used. A filter has weights for every channel, and sums over them.",
              _first_channel),
        Misconception("mean over channels", "The sum has been divided by the number of channels. A filter sums over them.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W / W.shape[1], b, stride, pad)[0],)),
        Misconception("channel order", "The filter's channels have been used in reverse order.", _conv(change_W=lambda W: W[:, ::-1])),
    ])


def _conv_backward(dout, x, W, b, stride=1, pad=0):
    return reference.conv_backward(dout, x, W, stride, pad)


def _conv_by(d, x, W, stride, pad):
    """dx and dW from `d`, dout as a matrix with F rows."""
    dx = ops.col2im(W.reshape(len(W), -1).T @ d, x.shape, W.shape[2], stride, pad)
    return dx, (d @ ops.im2col(x, W.shape[2], stride, pad).T).reshape(W.shape)


def _other_order(dout):
    return dout.transpose(1, 0, 2, 3).reshape(dout.shape[1], -1)


def _not_transposed(dout):
    return dout.reshape(dout.shape[1], -1)


def _conv_changed(n, change):
    """Wrong gradients of a convolution: the right ones with the n-th of dx, dW, db changed."""
    def function(dout, x, W, b, stride=1, pad=0):
        grads = list(_conv_backward(dout, x, W, b, stride, pad))
        grads[n] = change(grads[n], dout, x, W, stride, pad)
        return grads
    return function


CONV_BACKWARD = Exercise(
    "conv_backward", ("dx", "dW", "db"), lambda rng: _with_dout(rng, _conv_cases(rng), ops.conv_forward), _conv_backward, ("x", "W", "b"),
    forward=ops.conv_forward, numeric=_slopes(ops.conv_forward, {"dx": 0, "dW": 1, "db": 2}), wrongs=[
        Misconception("filter not flipped back", "dx uses the filter without rotation. Pixel (i+u, j+v) was multiplied by the weight (u, v) in the "
              "output (i, j), so in the backward pass the filter is rotated by 180 degrees.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, x, _turned(W), stride, pad)[0])),
        Misconception("columns for rows", "In dx the filter's rows and columns are exchanged.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, x, _swapped(W), stride, pad)[0])),
        Misconception("padding not cut off", "dx still has the padding. It has the shape of x: cut `pad` off on all sides.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, _padded(x, pad), W, stride, 0)[0])),
        Misconception("batch mixed up", "dout has been brought into another order than the columns: they run over row, column, image, so dout "
              "becomes dout.transpose(1, 2, 3, 0).reshape(F, -1).",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: _conv_by(_other_order(dout), x, W, stride, pad)[0])),
        Misconception("batch mixed up", "dout has been brought into another order than the columns: they run over row, column, image, so dout "
              "becomes dout.transpose(1, 2, 3, 0).reshape(F, -1).",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: _conv_by(_other_order(dout), x, W, stride, pad)[1])),
        *(Misconception("not transposed", "dout has been reshaped to F rows without a transpose. Its axes are image, filter, row, column, so these "
                "rows are not the filters. Use dout.transpose(1, 2, 3, 0).reshape(F, -1).", wrong) for wrong in (
                    _conv_changed(0, lambda dx, dout, x, W, stride, pad: _conv_by(_not_transposed(dout), x, W, stride, pad)[0]),
                    _conv_changed(1, lambda dW, dout, x, W, stride, pad: _conv_by(_not_transposed(dout), x, W, stride, pad)[1]),
                    _conv_changed(2, lambda db, dout, x, W, stride, pad: _not_transposed(dout).sum(axis=1)))),
        Misconception("dW flipped", "dW is rotated by 180 degrees.", _conv_changed(1, lambda dW, dout, x, W, stride, pad: _turned(dW))),
        Misconception("dW columns for rows", "In dW rows and columns of each filter are exchanged.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: _swapped(dW))),
        Misconception("mean for sum", "dW has been divided by the batch size. The loss is already a mean, so dout contains 1/N; here everything is "
              "summed.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: dW / len(x))),
        Misconception("db forgotten", "db is zero: a bias is added to a whole map, so its gradient is the sum of dout over that map and the batch.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: np.zeros_like(db))),
        Misconception("db mean for sum", "db is a mean. Every entry of the map depends on the bias with slope 1: sum dout over them.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout.mean(axis=(0, 2, 3)))),
        Misconception("db of the batch mean", "db has been divided by the batch size. The loss is already a mean; here everything is summed.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: db / len(x))),
        Misconception("db not summed over the map", "db has been summed over the batch only. A bias is added at every position of its map.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout.sum(axis=0))),
    ])


# --------------------------------------------------------------------------------------------------------- softmax, loss


def _softmax_cases(rng):
    return [
        Case("hand", (np.array([[0.0, np.log(3.0)]]),), {}, "scores 0 and ln 3"),
        Case("random", (_draw(rng, 3, 5),)),
        Case("random", (3 * _draw(rng, 4, 4),), {}, "as many images as classes"),
        Case("random", (_draw(rng, 2, 10, dtype=np.float32),)),
        Case("edge", (np.array([[1000.0, 0.0, 999.0], [-1000.0, -1001.0, -1000.0]]),), {}, "scores of 1,000 and -1,000"),
        Case("edge", (np.array([[1000.0] + [0.0] * 9]),), {}, "one score of 1,000 among zeros"),
        Case("edge", (np.array([[120.0] + [0.0] * 9], np.float32),), {}, "a score of 120 in float32"),
        Case("edge", (np.zeros((2, 3)),), {}, "equal scores"),
        Case("edge", (_draw(rng, 1, 4),), {}, "one image"),
    ]


def _unshifted(scores):
    e = np.exp(scores)
    return e / e.sum(axis=-1, keepdims=True)


def _one_maximum(scores):
    e = np.exp(scores - scores.max())
    return (e / e.sum(axis=-1, keepdims=True),)


SOFTMAX = Exercise("softmax", ("p",), _softmax_cases, lambda scores: (ops.softmax(scores),), ("scores",), wrongs=[
    Misconception("no shift", "Large scores give nan: e^1000 is more than a float can hold. Subtract the largest score of each row first; the "
          "result is the same.",
          lambda scores: (_unshifted(scores),)),
    Misconception("wrong axis", "The sum has been taken over the images. Each row is one image, and its probabilities sum to 1.",
          lambda scores: (ops.softmax(scores.T).T,)),
    Misconception("wrong axis", "The sum has been taken over the images. Each row is one image, and its probabilities sum to 1.",
          lambda scores: (np.exp(scores) / np.exp(scores).sum(axis=0),)),
    Misconception("sum over everything", "All entries together sum to 1. Each row should.",
          lambda scores: (ops.softmax(scores.reshape(1, -1)).reshape(scores.shape),)),
    Misconception("sum over everything", "All entries together sum to 1. Each row should.", lambda scores: (np.exp(scores) / np.exp(scores).sum(),)),
    Misconception("one maximum for all", "The largest score of the whole batch has been subtracted. For an image whose scores are all far below it, "
          "every e^s becomes 0: subtract the largest of each row.", _one_maximum),
    Misconception("mean subtracted", "A number below the largest score has been subtracted, perhaps the mean; then e^s can still be too large.",
          lambda scores: (_unshifted(scores - scores.mean(axis=-1, keepdims=True)),)),
    Misconception("softmax without e", "The scores have been divided by their sum. Take e^s first, which also makes them positive.",
          lambda scores: (scores / scores.sum(axis=-1, keepdims=True),)),
    Misconception("not normalised", "The exponentials are not divided by their sum.",
          lambda scores: (np.exp(scores - scores.max(axis=-1, keepdims=True)),)),
    Misconception("logarithm of softmax", "Those are the logarithms of the probabilities.", lambda scores: (np.log(ops.softmax(scores)),)),
    Misconception("powers of 2", "Those are powers of 2 instead of e.", lambda scores: (ops.softmax(scores * np.log(2)),)),
])


def _softmax_loss_cases(rng):
    return [
        Case("hand", (np.array([[0.0, np.log(3.0)]]), np.array([0])), {}, "scores 0 and ln 3, label 0"),
        Case("random", (_draw(rng, 3, 5), rng.integers(0, 5, 3))),
        Case("random", (3 * _draw(rng, 4, 4), np.array([3, 0, 2, 2])), {}, "as many images as classes"),
        Case("random", (_draw(rng, 5, 10, dtype=np.float32), rng.integers(0, 10, 5))),
        Case("edge", (np.array([[1000.0, 0.0, 999.0], [-1000.0, -1001.0, -1000.0]]), np.array([0, 2])), {}, "scores of 1,000 and -1,000"),
        Case("edge", (np.array([[1000.0, 0.0]]), np.array([1])), {}, "a probability too small for a float"),
        Case("edge", (_draw(rng, 1, 4), np.array([3])), {}, "one image"),
    ]


def _loss(change=lambda loss, d, scores, y: (loss, d)):
    def function(scores, y):
        return change(*ops.softmax_loss(scores, y), scores, y)
    return function


def _log_of_zero(scores, y):
    loss, d = ops.softmax_loss(scores, y)
    return -np.log(ops.softmax(scores)[np.arange(len(y)), y]).mean(), d


def _unshifted_loss(scores, y):
    p = _unshifted(scores)
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    return -np.log(p[np.arange(len(y)), y]).mean(), d / len(y)


def _one_maximum_loss(scores, y):
    e = np.exp(scores - scores.max())
    total, rows = e.sum(axis=1), np.arange(len(y))
    d = e / total[:, None]
    d[rows, y] -= 1
    return (np.log(total) - (scores - scores.max())[rows, y]).mean(), d / len(y)


def _one_hot(scores, y):
    return np.eye(scores.shape[1])[y]


SOFTMAX_LOSS = Exercise(
    "softmax_loss", ("loss", "dscores"), _softmax_loss_cases, lambda scores, y: ops.softmax_loss(scores, y), ("scores", "y"),
    numeric=lambda case, gradient: {"dscores": gradient(lambda scores: ops.softmax_loss(scores, case.args[1])[0], case.args[0])}, wrongs=[
        Misconception("no shift", "Large scores give nan or infinity: subtract the largest score of each row before the exponential.",
              _unshifted_loss),
        Misconception("one maximum for all", "The largest score of the whole batch has been subtracted. Subtract the largest of each row: for an "
              "image whose scores are all far below the batch's largest, every e^s becomes 0.", _one_maximum_loss),
        Misconception("log of 0", "The loss is infinite where a probability is too small for a float. Do not take the log of a rounded 0: with "
              "scores s shifted by their maximum, -log p = log(sum of e^s) - s of the right class.", _log_of_zero),
        Misconception("sum for mean", "The loss is the batch size times too large: it is the mean over the images.",
              _loss(lambda loss, d, scores, y: (loss * len(y), d * len(y)))),
        Misconception("missing 1/N", "The gradient is the batch size times too large: the loss is a mean over N images, so its gradient has 1/N in "
              "it.",
              _loss(lambda loss, d, scores, y: (loss, d * len(y)))),
        Misconception("mean over all entries", "The loss has been divided by the number of classes too. There is one term per image.",
              _loss(lambda loss, d, scores, y: (loss / scores.shape[1], d / scores.shape[1]))),
        Misconception("sign", "The sign: the loss is minus the logarithm, a positive number.", _loss(lambda loss, d, scores, y: (-loss, d))),
        Misconception("sign of the gradient", "The sign: the gradient is p - t, so the right class has a negative one.",
              _loss(lambda loss, d, scores, y: (loss, -d))),
        Misconception("target forgotten", "The gradient is p - t: subtract 1 at the right class.",
              _loss(lambda loss, d, scores, y: (loss, ops.softmax(scores) / len(y)))),
        Misconception("gradient of the probabilities", "That is dloss/dp, -1/p at the right class. The gradient with respect to the scores is p - t.",
              _loss(lambda loss, d, scores, y: (loss, -_one_hot(scores, y) / ops.softmax(scores) / len(y)))),
        Misconception("label counted from 1", "The label of each image is counted from 0: label 0 is the first column.",
              lambda scores, y: ops.softmax_loss(scores, (y - 1) % scores.shape[1])),
        Misconception("log base 10", "That is the logarithm to base 10; the loss uses base e.",
              _loss(lambda loss, d, scores, y: (loss / np.log(10), d))),
        Misconception("log base 2", "That is the logarithm to base 2; the loss uses base e.",
              _loss(lambda loss, d, scores, y: (loss / np.log(2), d))),
        Misconception("no logarithm", "That is 1 - p. The loss is -log p.", _loss(
            lambda loss, d, scores, y: (1 - ops.softmax(scores)[np.arange(len(y)), y].mean(), d))),
    ])


# ------------------------------------------------------------------------------------------------------ gradient, updates


def _square_sum(x):
    return float((x ** 2).sum())


def _numeric_cases(rng):
    weights = _draw(rng, 2, 3)
    return [
        Case("hand", (_square_sum, np.array([1.0, -2.0])), {}, "f(x) = sum of x squared"),
        Case("random", (lambda x: float((np.sin(x) * weights).sum()), _draw(rng, 2, 3)), {}, "f(x) = sum of w sin x"),
        Case("random", (lambda x: float(np.exp(x).sum() * x[0]), _draw(rng, 4)), {}, "f(x) = x[0] times the sum of e^x"),
        Case("random", (lambda x: float((x ** 3).sum()), _draw(rng, 3, 2)), {"h": 0.1}, "f(x) = sum of x cubed, with a large h"),
        Case("edge", (_square_sum, _draw(rng, 1)), {}, "one number"),
        Case("edge", (lambda x: float(x.sum()), ops.batch_innermost(_draw(rng, 3, 1, 2, 2))), {}, "x does not lie row by row in memory"),
    ]


def _nudged(slope):
    """A numeric gradient: `slope` of the values of f at x + h, at x - h and at x, and of h, for each entry."""
    def function(f, x, h=1e-5):
        gradient = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[index] += h
            down[index] -= h
            gradient[index] = slope(f(up), f(down), f(x), h)
        return (gradient,)
    return function


NUMERIC_GRADIENT = Exercise(
    "numeric_gradient", ("gradient",), _numeric_cases, lambda f, x, h=1e-5: (numeric_gradient(f, x, h),), ("f", "x"), wrongs=[
        Misconception("one-sided", "That is the one-sided difference (f(x + h) - f(x))/h. The central one, (f(x + h) - f(x - h))/2h, is much "
              "closer: its error falls with h squared.", _nudged(lambda up, down, here, h: (up - here) / h)),
        Misconception("one-sided from below", "That is the one-sided difference (f(x) - f(x - h))/h; take both sides.",
              _nudged(lambda up, down, here, h: (here - down) / h)),
        Misconception("2 forgotten", "The result is twice too large: the distance from x - h to x + h is 2h.",
              _nudged(lambda up, down, here, h: (up - down) / h)),
        Misconception("brackets forgotten", "The difference has been multiplied by h: (up - down) / 2 * h divides by 2 only. In Python 2h is (2 * "
              "h), with brackets.",
              _nudged(lambda up, down, here, h: (up - down) / 2 * h)),
        Misconception("one array, two names", "All slopes are 0. `up = x` makes no second array, only a second name for the same one, so both "
              "changes are made in it. x.copy() makes a new one.", lambda f, x, h=1e-5: (np.zeros_like(x),)),
        Misconception("h forgotten", "The difference has not been divided by 2h.", _nudged(lambda up, down, here, h: up - down)),
        Misconception("sign", "The sign: f(x + h) minus f(x - h).", _nudged(lambda up, down, here, h: (down - up) / (2 * h))),
        Misconception("all nudged at once", "All entries of x have been changed together. Change one at a time: each has its own slope.",
              lambda f, x, h=1e-5: (np.full_like(x, (f(x + h) - f(x - h)) / (2 * h)),)),
    ])


def _sgd_cases(rng):
    return [
        Case("hand", (np.array([1.0, 2.0]), np.array([0.5, 0.0]), np.array([2.0, -4.0])), {"lr": 0.1, "mu": 0.9}),
        Case("random", tuple(_draw(rng, 3, 4) for _ in range(3)), {"lr": 0.01, "mu": 0.9, "decay": 0.05}),
        Case("random", tuple(_draw(rng, 5) for _ in range(3)), {"lr": 0.3, "mu": 0.5}),
        Case("random", tuple(_draw(rng, 2, 3, dtype=np.float32) for _ in range(3)), {"lr": 0.1, "mu": 0.9, "decay": 0.01}),
        Case("edge", tuple(_draw(rng, 3) for _ in range(3)), {"lr": 0.1}, "mu and decay left at 0.9 and 0"),
        Case("edge", tuple(_draw(rng, 3) for _ in range(3)), {"lr": 0.1, "mu": 0.0, "decay": 0.1}, "no momentum"),
    ]


def _sgd(step):
    """A wrong update: `step(p, v, dp, lr, mu, decay)` -> p, v."""
    return lambda p, v, dp, lr, mu=0.9, decay=0.0: step(p, v, dp, lr, mu, decay)


def _moved(p, v, by):
    return p + by, v


SGD_MOMENTUM = Exercise(
    "sgd_momentum", ("p", "v"), _sgd_cases, lambda p, v, dp, lr, mu=0.9, decay=0.0: sgd_momentum(p, v, dp, lr, mu, decay),
    ("p", "v", "dp"), wrongs=[
        Misconception("uphill", "The loss increases: subtract v from p.", _sgd(lambda p, v, dp, lr, mu, decay: (
            p + (mu * v + lr * (dp + decay * p)), mu * v + lr * (dp + decay * p)))),
        Misconception("momentum's sign", "The sign of the momentum: v = mu v + lr (gradient), and then p - v. Here the two parts of v have opposite "
              "signs.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (lr * (dp + decay * p) - mu * v), lr * (dp + decay * p) - mu * v))),
        Misconception("velocity downhill", "That is the form with v = mu v - lr (gradient) and p + v. It gives the same p, but v has the other "
              "sign; here it is v = mu v + lr (gradient), p - v.", _sgd(lambda p, v, dp, lr, mu, decay: (
                  p + (mu * v - lr * (dp + decay * p)), mu * v - lr * (dp + decay * p)))),
        Misconception("learning rate outside", "That is the form with v = mu v + (gradient) and p - lr v. Here the learning rate is inside: v = mu "
              "v + lr (gradient).",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (mu * v + dp + decay * p), mu * v + dp + decay * p))),
        Misconception("running average", "That is the running average, with (1 - mu) before the gradient. It is another exercise.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (mu * v + (1 - mu) * (dp + decay * p)), mu * v + (1 - mu) * (dp + decay * p)))),
        Misconception("learning rate twice", "The learning rate is in v already; p moves by v itself.", _sgd(lambda p, v, dp, lr, mu, decay: (
            p - lr * (mu * v + lr * (dp + decay * p)), mu * v + lr * (dp + decay * p)))),
        Misconception("decay forgotten", "The weight decay is missing: the gradient is dp + decay p (homework, equation 13).",
              _sgd(lambda p, v, dp, lr, mu, decay: sgd_momentum(p, v, dp, lr, mu))),
        Misconception("decay's sign", "The sign of the weight decay: it makes the weights smaller, dp + decay p.",
              _sgd(lambda p, v, dp, lr, mu, decay: sgd_momentum(p, v, dp, lr, mu, -decay))),
        Misconception("decay without learning rate", "The weight decay is not multiplied by the learning rate: v = mu v + lr (dp + decay p).",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (mu * v + lr * dp + decay * p), mu * v + lr * dp + decay * p))),
        Misconception("decay beside momentum", "The weight decay is not part of v. Here it belongs to the gradient: v = mu v + lr (dp + decay p).",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (mu * v + lr * dp) - lr * decay * p, mu * v + lr * dp))),
        Misconception("momentum forgotten", "That is plain gradient descent: mu v is missing.",
              _sgd(lambda p, v, dp, lr, mu, decay: sgd_momentum(p, v, dp, lr, 0.0, decay))),
        Misconception("old velocity", "p is updated with the old v. First compute v, then p with the new v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - v, mu * v + lr * (dp + decay * p)))),
        Misconception("Nesterov", "p moves by lr (gradient) + mu (new v): that is Nesterov's momentum. Here p moves by the new v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (dp + decay * p) - mu * (mu * v + lr * (dp + decay * p)),
                                                    mu * v + lr * (dp + decay * p)))),
    ])


def _average_cases(rng):
    return [case._replace(kwargs={key: value for key, value in case.kwargs.items() if key != "decay"},
                          note=case.note.replace("mu and decay left at 0.9 and 0", "mu left at 0.9")) for case in _sgd_cases(rng)]


def _average(p, m, dp, lr, mu=0.9):
    m = mu * m + (1 - mu) * dp
    return p - lr * m, m


def _averaged(step):
    return lambda p, m, dp, lr, mu=0.9: step(p, m, dp, lr, mu)


MOMENTUM_AVERAGE = Exercise("momentum_average", ("p", "m"), _average_cases, _average, ("p", "m", "dp"), wrongs=[
    Misconception("(1 - mu) forgotten", "The gradient is not weighted: an average has weights that sum to 1, mu and 1 - mu.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m + dp), mu * m + dp))),
    Misconception("homework's form", "That is the homework's form, v = mu v + lr dp and p - v. Here m is an average of gradients, with weights mu "
          "and 1 - mu, and the learning rate comes afterwards.", _averaged(lambda p, m, dp, lr, mu: (p - (mu * m + lr * dp), mu * m + lr * dp))),
    Misconception("weights exchanged", "The weights are exchanged: mu belongs to the old m, 1 - mu to the new gradient.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * ((1 - mu) * m + mu * dp), (1 - mu) * m + mu * dp))),
    Misconception("learning rate inside", "The learning rate is inside the average. Here it comes afterwards: p - lr m.",
          _averaged(lambda p, m, dp, lr, mu: (p - (mu * m + (1 - mu) * lr * dp), mu * m + (1 - mu) * lr * dp))),
    Misconception("uphill", "The loss increases: subtract lr m from p.",
          _averaged(lambda p, m, dp, lr, mu: (p + lr * (mu * m + (1 - mu) * dp), mu * m + (1 - mu) * dp))),
    Misconception("old average", "p is updated with the old m. First compute m, then p with the new m.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * m, mu * m + (1 - mu) * dp))),
    Misconception("learning rate forgotten", "p moves by m itself: multiply by the learning rate.",
          _averaged(lambda p, m, dp, lr, mu: (p - (mu * m + (1 - mu) * dp), mu * m + (1 - mu) * dp))),
])


def _clip_cases(rng):
    return [
        Case("hand", ([np.array([3.0]), np.array([4.0])], 2.5), {}, "norm 5"),
        Case("random", ([_draw(rng, 3, 4), _draw(rng, 5)], 1.0)),
        Case("random", ([10 * _draw(rng, 2, 2), 0.1 * _draw(rng, 3)], 3.0)),
        Case("edge", ([_draw(rng, 2), _draw(rng, 3)], 100.0), {}, "already short enough"),
        Case("edge", ([np.zeros(2), np.zeros((1, 3))], 1.0), {}, "all zero"),
    ]


def _norm(grads):
    return np.sqrt(sum((g ** 2).sum() for g in grads))


def _clip(grads, largest):
    factor = largest / max(_norm(grads), largest)
    return [g * factor for g in grads]


CLIP_GRADIENTS = Exercise("clip_gradients", ("grads[0]", "grads[1]"), _clip_cases, _clip, ("grads", "largest"), views_matter=False, wrongs=[
    Misconception("each by itself", "Each array has been scaled by its own norm. One factor for all, from their joint norm, keeps the direction.",
          lambda grads, largest: [g * (largest / max(_norm([g]), largest)) for g in grads]),
    Misconception("entries clipped", "Each entry has been clipped. One factor for all keeps the direction of the step.",
          lambda grads, largest: [np.clip(g, -largest, largest) for g in grads]),
    Misconception("always scaled", "Gradients that are short enough must not change.",
          lambda grads, largest: [g * (largest / _norm(grads)) if _norm(grads) else g for g in grads]),
    Misconception("largest forgotten", "All gradients together have length 1 now. Their length should be `largest`, and only if it was more.",
          lambda grads, largest: [g / _norm(grads) if _norm(grads) else g for g in grads]),
    Misconception("root forgotten", "The norm is the square root of the sum of squares; here the root is missing.",
          lambda grads, largest: [g * (largest / max(_norm(grads) ** 2, largest)) for g in grads]),
    Misconception("nothing clipped", "The gradients have not changed, although they are too long.", lambda grads, largest: grads),
    Misconception("divided by zero", "Gradients that are all zero give nan: 0/0. They are short enough; leave them.",
          lambda grads, largest: [g * (min(1.0, np.divide(largest, _norm(grads))) if _norm(grads) else np.nan) for g in grads]),
])

EXERCISES = {exercise.name: exercise for exercise in (
    RELU_FORWARD, INNER_PRODUCT_FORWARD, MAX_POOL_FORWARD, IM2COL, CONV_FORWARD, SOFTMAX,
    RELU_BACKWARD, INNER_PRODUCT_BACKWARD, MAX_POOL_BACKWARD, COL2IM, CONV_BACKWARD, SOFTMAX_LOSS,
    NUMERIC_GRADIENT, SGD_MOMENTUM, MOMENTUM_AVERAGE, CLIP_GRADIENTS)}
