"""The broken functions of the bug hunt, apart from `bugs`, so that neither Tab nor dir() names what is to be found.

Each has the interface of the function in `lenet_core.ops` that it replaces, and works with the cache of the package's forward function.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lenet_core import ops

_entries = ops.window_entries


def _cut_then_masked(dout, cache):
    out = np.maximum(cache, 0)
    return dout * (out >= 0)


def _conv_without_db(dout, cache):
    dx, dW, db = ops.conv_backward(dout, cache)
    return dx, dW, np.zeros_like(db)


def _gradient_without_mean(scores, y):
    loss, dscores = ops.softmax_loss(scores, y)
    return loss, dscores * len(y)


def _every_maximum_paid(dout, cache):
    x, out, k, stride = cache
    dx = np.zeros(x.shape, dout.dtype)
    for entry, dentry in zip(_entries(x, k, stride), _entries(dx, k, stride)):
        dentry += dout * (entry == out)
    return dx


def _filter_turned(dout, cache):
    cols, x_shape, W, stride, pad = cache
    dx = ops.conv_backward(dout, (cols, x_shape, W[:, :, ::-1, ::-1], stride, pad))[0]
    return dx, *ops.conv_backward(dout, cache)[1:]


def _height_for_width(dout, cache):
    cols, x_shape, W, stride, pad = cache
    N, C, width, height = x_shape
    dx = ops.col2im(W.reshape(len(W), -1).T @ _rows(dout), (N, C, height, width), W.shape[2], stride, pad)
    return dx.reshape(x_shape), *ops.conv_backward(dout, cache)[1:]


def _written_not_added(dout, cache):
    x, out, k, stride = cache
    dx, unpaid = np.zeros(x.shape, dout.dtype), np.ones(out.shape, bool)
    for entry, dentry in zip(_entries(x, k, stride), _entries(dx, k, stride)):
        won = unpaid & (entry == out)
        dentry[won] = dout[won]
        unpaid &= ~won
    return dx


def _db_averaged(dout, cache):
    dx, dW, _ = ops.inner_product_backward(dout, cache)
    return dx, dW, dout.mean(axis=0)


def _reshaped_weights(dout, cache):
    x, W = cache
    _, dW, db = ops.inner_product_backward(dout, cache)
    return (dout @ W.reshape(W.shape[::-1])).reshape(x.shape), dW, db


def _weights_of_after(dout, cache):
    x, W = cache
    _, dW, db = ops.inner_product_backward(dout, cache)
    W = W - 0.01 * dW
    return (dout @ W.T).reshape(x.shape), dW, db


def _steps_of_one(dout, cache):
    cols, x_shape, W, stride, pad = cache
    N, C, height, width = x_shape
    dx = np.zeros((N, C, height + 2 * pad, width + 2 * pad), dout.dtype)
    for i, j in np.ndindex(dout.shape[2:]):
        dx[:, :, i:i + W.shape[2], j:j + W.shape[3]] += np.tensordot(dout[:, :, i, j], W, axes=1)
    return dx[:, :, pad:pad + height, pad:pad + width], *ops.conv_backward(dout, cache)[1:]


def _border_at_the_end(dout, cache):
    cols, (N, C, height, width), W, stride, pad = cache
    dcols = W.reshape(len(W), -1).T @ _rows(dout)
    padded = ops.col2im(dcols, (N, C, height + 2 * pad, width + 2 * pad), W.shape[2], stride)
    return padded[:, :, :height, :width], *ops.conv_backward(dout, cache)[1:]


def _exponentials_as_they_are(scores, y):
    e = np.exp(scores)
    p = e / e.sum(axis=1, keepdims=True)
    t = np.eye(scores.shape[1])[y]
    return float(-np.log(p[t == 1]).mean()), (p - t) / len(y)


def _windows_by_columns(x, W, b, stride=1, pad=0):
    return ops.conv_forward(x, W.swapaxes(2, 3), b, stride, pad)


def _windows_by_columns_back(dout, cache):
    dx, dW, db = ops.conv_backward(dout, cache)
    return dx, dW.swapaxes(2, 3), db


def _rows(dout):
    """(N, F, OH, OW) -> (F, OH*OW*N), as the columns of im2col are ordered."""
    return dout.transpose(1, 2, 3, 0).reshape(dout.shape[1], -1)


@dataclass(frozen=True)
class Bug:
    """The bug of a case: the kind of layer, the charge (a key of `SUSPECTS`), the data that show it, and an explanation.

    `use` has the arguments of `Layer.use` for every layer of this `kind`; `loss` replaces `softmax_loss`. `shows` names those of
    `naive`, `odd`, `loud` and `digits` on which the gradient check fails.
    """

    kind: str
    charge: str
    shows: tuple
    explanation: str
    use: dict = field(default_factory=dict)
    loss: Callable = ops.softmax_loss

    def functions(self):
        """The broken functions of the case."""
        return [*self.use.values()] or [self.loss]


ALL = ("naive", "odd", "loud", "digits")
BUGS = (
    Bug("max_pool", "every tie paid", ("digits",),
        "Where several entries of a window are the maximum, each of them gets the whole gradient. Random numbers never "
        "tie, so random images hide it; on blank areas all entries of a window tie. One of the sources does this and calls "
        "ties very rare (COMP3314 report, section 6).",
        {"backward": _every_maximum_paid}),
    Bug("relu", "gate on the output", ALL,
        "The mask is computed from the output, after the negative numbers have become 0, with >= 0. No output is negative, so "
        "every gradient passes. It looks right, and a widely read tutorial has it. Any ReLU with a negative input shows it.",
        {"backward": _cut_then_masked}),
    Bug("softmax_loss", "1/N missing", ("odd", "digits"),
        "The loss is a mean over the batch, its gradient a sum. With a single image the two are equal: a batch of one hides "
        "every mistake in an average.",
        loss=_gradient_without_mean),
    Bug("conv", "db forgotten", ALL,
        "db is all zeros. The network still learns, only worse, so the loss curve does not show it; a check without the "
        "biases does not either.",
        {"backward": _conv_without_db}),
    Bug("conv", "filter not turned", ALL,
        "dx is computed with the filter as it is. But in the backward pass pixel (oh+i, ow+j) belongs to the weight (i, j) of "
        "output (oh, ow): the filter rotated by 180 degrees. dW and db are right, so in a network with one convolution a check "
        "of the parameters alone cannot show it. A check of the images, or of layers before the convolution, does.",
        {"backward": _filter_turned}),
    Bug("conv", "rows and columns exchanged", ("odd",),
        "Height and width are unpacked in the wrong order in the backward pass, and a reshape hides it. Square images hide "
        "it, and all of MNIST is square.",
        {"backward": _height_for_width}),
    Bug("max_pool", "overlaps overwritten", ("odd",),
        "An entry that is the maximum of several windows keeps the gradient of the last one, instead of the sum. Where the "
        "stride is k no windows overlap, and nothing can be overwritten: LeNet hides it, the toy network would not.",
        {"backward": _written_not_added}),
    Bug("inner_product", "db averaged", ("odd", "digits"),
        "db is the mean of dout over the batch. But the loss is a mean already, and its 1/N is in dout; db is a sum. "
        "A batch of one hides it.",
        {"backward": _db_averaged}),
    Bug("inner_product", "reshaped, not transposed", ALL,
        "dx = dout W' needs W transposed. W.reshape(M, D) has the same shape, but the numbers are in another order. "
        "Fitting shapes do not prove that the numbers are right.",
        {"backward": _reshaped_weights}),
    Bug("inner_product", "weights of after the step", ALL,
        "The weights are updated first, and dx is computed with the new ones. On the digits that changes most numbers by a few "
        "per thousand: a check to two digits does not show it.",
        {"backward": _weights_of_after}),
    Bug("conv", "stride ignored", ("odd",),
        "In the backward pass every window is placed as if the stride were 1. The COMP3314 report leaves the stride to its "
        "readers (section 6). With stride 1, as in LeNet, no check shows it.",
        {"backward": _steps_of_one}),
    Bug("conv", "border cut in the wrong place", ("odd",),
        "The padding is cut off at the end of rows and columns instead of on both sides, so dx is moved by `pad` pixels. "
        "Without padding, as in LeNet, nothing is cut.",
        {"backward": _border_at_the_end}),
    Bug("softmax_loss", "no shift", ("loud",),
        "e^s is computed without a shift. For scores above 709 it is too large for float64 (above 88, for float32), and "
        "infinity divided by infinity is not a number. Random networks have much smaller scores.",
        loss=_exponentials_as_they_are),
    Bug("conv", "windows read by columns", (),
        "Each window is read column by column, so every filter is applied transposed, and the backward pass does the same. So "
        "the gradient is right: it is the slope of a wrong forward pass. A gradient check only tests whether backward fits "
        "forward; only a comparison with the definition finds this bug.",
        {"forward": _windows_by_columns, "backward": _windows_by_columns_back}),
)
