"""The mathematics of a convolutional network: each operation's forward and backward pass, next to each other.

Every forward function returns its output and a *cache*: a tuple or array with what its backward pass needs. Every backward
function takes `dout`, the gradient of the loss with respect to that output, and returns the gradients with respect to
the inputs: `dx` has the shape of `x`, `dW` the shape of `W`. No function changes its arguments, and the number type of
the arguments (float32 to train, float64 to check gradients) is the number type of the results.

Shapes, with N images in the batch:

    images   (N, C, H, W)      C channels, H rows, W columns
    filters  (F, C, k, k)      F filters, each for windows of k x k pixels of all C channels
    maps     (N, F, OH, OW)    F output maps with OH rows, OW columns: the images of the next layer
    weights  (D, M)            from D inputs to M outputs
    labels   (N,)              whole numbers 0 .. K-1

**Memory order.** A convolution stores its result with the batch axis innermost: the same pixel of all images side by side. Pooling
and ReLU keep this order, and `x[n, c, i, j]` means the same. The product W @ cols gives its result in this order, so nothing is
copied to transpose it, nor to flatten it for an inner product. Only `im2col`, `col2im` and the products depend on it.

Sources: the homework document (CMU 10-601, Spring 2017, homework 7), sections 2 and 5; its equation numbers are quoted.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided


def output_size(size: int, k: int, stride: int = 1, pad: int = 0) -> int:
    """How many windows of length `k` fit along an axis of length `size`: floor((size + 2 pad - k) / stride) + 1.

    A rest at the end of the axis, shorter than the stride, is in no window. Raises ValueError when no window fits.
    Source: homework section 2.3.
    """
    if k < 1 or stride < 1 or pad < 0:
        raise ValueError(f"window {k}, stride {stride}, pad {pad}: window and stride start at 1, pad at 0.")
    if size + 2 * pad < k:
        raise ValueError(f"A window of {k} does not fit into {size} pixels padded by {pad} on both sides.")
    return (size + 2 * pad - k) // stride + 1


def check_images(x: np.ndarray) -> None:
    """Raise ValueError unless x has the four axes of a batch of images."""
    if x.ndim != 4:
        raise ValueError(f"Images come as (N, C, H, W), also a single one (1, C, H, W); got shape {x.shape}.")


def check_filters(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> None:
    """Raise ValueError unless W and b are filters and biases for the images x."""
    check_images(x)
    if W.ndim != 4 or W.shape[1:] != (x.shape[1], W.shape[3], W.shape[3]) or b.shape != W.shape[:1]:
        raise ValueError(f"conv: images {x.shape} need filters (F, {x.shape[1]}, k, k) and biases (F,), but W has shape {W.shape} "
                         f"and b {b.shape}.")


def batch_innermost(x: np.ndarray) -> np.ndarray:
    """The images `(N, ...)` with the same shape and values, stored in memory with the batch axis innermost."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


# ---------------------------------------------------------------------------------------------------------- windows


def im2col(x: np.ndarray, k: int, stride: int = 1, pad: int = 0) -> np.ndarray:
    """Write every k x k window of the images as one column of a matrix.

    x (N, C, H, W) -> cols (C*k*k, OH*OW*N). Row c*k*k + i*k + j holds pixel (i, j) of channel c of every window; column
    (oh*OW + ow)*N + n is the window at output position (oh, ow) of image n. The border is padded with zeros.
    """
    windows = windows_of(x, k, stride, pad)
    return windows.reshape(-1, windows[0, 0, 0].size)


def col2im(cols: np.ndarray, x_shape: tuple, k: int, stride: int = 1, pad: int = 0) -> np.ndarray:
    """Add every column to the window it came from: the adjoint of `im2col`. Where windows overlap, their values add up.

    cols (C*k*k, OH*OW*N), as `im2col` orders them -> images of shape `x_shape` (N, C, H, W). Values for the padding are dropped.
    """
    N, C, H, W = x_shape
    OH, OW = output_size(H, k, stride, pad), output_size(W, k, stride, pad)
    cols = cols.reshape(C, k, k, OH, OW, N)
    x = np.zeros((C, H + 2 * pad, W + 2 * pad, N), dtype=cols.dtype)
    for i in range(k):
        for j in range(k):
            x[:, i:i + stride * OH:stride, j:j + stride * OW:stride] += cols[:, i, j]
    return x[:, pad:pad + H, pad:pad + W].transpose(3, 0, 1, 2)


def windows_of(x: np.ndarray, k: int, stride: int = 1, pad: int = 0) -> np.ndarray:
    """A view (C, k, k, OH, OW, N): pixel (i, j) of channel c of the window at (oh, ow) of image n. It copies only to pad."""
    OH, OW = (output_size(size, k, stride, pad) for size in x.shape[2:])              # raise ValueError where no window fits
    x = x.transpose(1, 2, 3, 0)                                                       # (C, H, W, N)
    if pad:
        x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    (C, _, _, N), (c, h, w, n) = x.shape, x.strides
    return as_strided(x, (C, k, k, OH, OW, N), (c, h, w, stride * h, stride * w, n), writeable=False)


# ------------------------------------------------------------------------------------------------------ convolution


def conv_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0) -> tuple[np.ndarray, tuple]:
    """Slide F filters over the images; each output is the sum over window and channels of pixel times weight, plus bias.

    x (N, C, H, W), W (F, C, k, k), b (F,) -> out (N, F, OH, OW), cache. The filter is not flipped: this is a
    cross-correlation, as usual in this field. A filter sums over the channels: there are F output maps, not F*C.
    Source: homework section 2.3. Raises ValueError when channels do not match or the window does not fit.
    """
    check_filters(x, W, b)
    F, C, k, _ = W.shape
    windows = windows_of(x, k, stride, pad)                       # (C, k, k, OH, OW, N)
    OH, OW, N = windows.shape[3:]
    cols = matrix(C * k * k + 1, OH * OW * N, windows.dtype)
    cols[:-1].reshape(windows.shape)[...] = windows               # what im2col returns ...
    cols[-1] = 1                                                  # ... and a last row of ones, whose weight is b
    out = product(np.column_stack((W.reshape(F, -1), b)), cols)   # (F, OH*OW*N)
    return out.reshape(F, OH, OW, N).transpose(3, 0, 1, 2), (cols, x.shape, W, stride, pad)


def conv_backward(dout: np.ndarray, cache: tuple, need_dx: bool = True) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """The gradients of the loss with respect to the pixels, the weights and the biases of a convolution.

    dout (N, F, OH, OW) -> dx (N, C, H, W), dW (F, C, k, k), db (F,). With the windows as columns the convolution is one
    product, so its gradients are those of a product. `col2im` adds up, for each pixel, all windows that contain it, for any
    stride and padding. `need_dx=False` saves that work and returns None for dx: training does not need the first layer's.
    Source: COMP3314 report, section 4.4, extended to any stride and padding.
    """
    cols, x_shape, W, stride, pad = cache
    F, C, k, _ = W.shape
    dout = dout.transpose(1, 2, 3, 0).reshape(F, -1)              # (F, OH*OW*N)
    dWb = (cols @ dout.T).T                                       # the same sums as dout @ cols.T, and faster
    dW, db = dWb[:, :-1].reshape(W.shape), dWb[:, -1].copy()
    dx = col2im(product(W.reshape(F, -1).T, dout), x_shape, k, stride, pad) if need_dx else None
    return dx, dW, db


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b, written into a `matrix`."""
    return np.matmul(a, b, out=matrix(len(a), b.shape[1], np.result_type(a, b)))


def matrix(rows: int, columns: int, dtype: np.dtype) -> np.ndarray:
    """An uninitialised matrix with 64 unused bytes after each row.

    Without them, for 32 or 64 images, the rows of LeNet's matrices begin at addresses that differ by multiples of 4096 bytes. Such
    rows compete for the same few lines of the processor's first cache, and writing the product takes up to 1.9 times as long.
    """
    return np.empty((rows, columns + 64 // dtype.itemsize), dtype)[:, :columns]


# ------------------------------------------------------------------------------------------------------ max pooling


def max_pool_forward(x: np.ndarray, k: int, stride: int | None = None) -> tuple[np.ndarray, tuple]:
    """The largest value in every k x k window of every map, or NaN if there is one; `stride` defaults to k (windows side by side).

    x (N, C, H, W) -> out (N, C, OH, OW), cache. Source: homework section 2.4.
    """
    check_images(x)
    stride = k if stride is None else stride
    views = list(window_entries(x, k, stride))
    out = views[0].copy() if len(views) == 1 else np.maximum(views[0], views[1])
    for view in views[2:]:
        np.maximum(out, view, out=out)
    return out, (x, out, k, stride)


def max_pool_backward(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """Each window's gradient goes to one entry, its winner: the first NaN, else the first maximum, in reading order.

    dout (N, C, OH, OW) -> dx (N, C, H, W). An entry that won several windows (stride < k) gets the sum. A NaN wins because it is
    its window's output: the gradient goes where the output came from. Source: homework section 5.3; ties as in PyTorch.
    """
    x, out, k, stride = cache
    won_by = (lambda view, out: (view == out) | (view != view)) if (out != out).any() else np.equal    # NaN differs from itself
    dx = np.zeros((*x.shape[1:], len(x)), dout.dtype).transpose(3, 0, 1, 2)
    entries = list(zip(window_entries(x, k, stride), window_entries(dx, k, stride)))
    remaining = dout                                              # the gradients of the windows whose winner is not found yet
    for view, dview in entries[:-1]:
        won = won_by(view, out).astype(dout.dtype)
        won *= remaining
        dview[...] = dview + won if stride < k else won           # where windows overlap, they add up
        remaining = remaining - won                               # exactly 0 where the winner is found
    last = entries[-1][1]
    last[...] = last + remaining if stride < k else remaining     # where no earlier entry won, the last one is the winner
    return dx


def window_entries(x: np.ndarray, k: int, stride: int) -> Iterator[np.ndarray]:
    """Views of `x` (N, C, H, W), one per place in the window in reading order: entry (i, j) of every window at once."""
    OH, OW = output_size(x.shape[2], k, stride), output_size(x.shape[3], k, stride)
    for i, j in np.ndindex(k, k):
        yield x[:, :, i:i + stride * OH:stride, j:j + stride * OW:stride]


# ------------------------------------------------------------------------------------------- ReLU and inner product


def relu_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """max(0, x), entry by entry: x of any shape -> out of that shape, cache (x itself). Source: homework section 2.2."""
    return np.maximum(x, 0), x


def relu_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """The gradient passes where the input was positive; where it was 0 or less, dx is 0, as in PyTorch. dout -> dx."""
    return dout * (cache > 0)


def inner_product_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Every output is a weighted sum of all inputs plus a bias: x W + b, with one row per image.

    x (N, D), W (D, M), b (M,) -> out (N, M), cache. Images (N, C, H, W) with C*H*W = D are read row by row, channel after
    channel. Source: homework equation 3; it has column vectors, so its W is this W transposed. Raises ValueError when shapes
    do not match.
    """
    rows = x.reshape(len(x), -1)
    if W.ndim != 2 or rows.shape[1] != len(W) or b.shape != W.shape[1:]:
        raise ValueError(f"inner product: {rows.shape[1]} inputs per image need W of shape ({rows.shape[1]}, M) and b of "
                         f"shape (M,), but W has shape {W.shape} and b {b.shape}.")
    return rows @ W + b, (x, W)


def inner_product_backward(dout: np.ndarray, cache: tuple) -> tuple[np.ndarray, ...]:
    """The gradients of x W + b: dx = dout W^T, dW = x^T dout, db = dout summed over the batch.

    dout (N, M) -> dx with the shape of x, dW (D, M), db (M,). Source: homework equations 7 and 8.
    """
    x, W = cache
    dx = (W @ dout.T).T.reshape(x.shape)
    dW = x.reshape(len(x), -1).T @ dout
    return dx, dW, dout.sum(axis=0)


# --------------------------------------------------------------------------------------------------- softmax, loss


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities along the last axis: e^s over the sum of e^s.

    The largest score is subtracted first. This does not change the result, and it keeps e^s finite.
    Source: homework equation 1.
    """
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_loss(scores: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean over the batch of -log(probability given to the right label), and its gradient.

    scores (N, K), y (N,) -> loss (a Python float), dscores (N, K). The gradient is (p - t) / N, with t = 1 at the right
    label and 0 elsewhere. Source: homework equations 2 and 5, averaged over the batch instead of summed.
    Raises ValueError when a label is not one of 0 .. K-1.
    """
    N, K = scores.shape
    y = np.asarray(y)
    if y.shape != (N,) or y.dtype.kind not in "iu":
        raise ValueError(f"softmax_loss: {N} rows of scores need {N} labels, whole numbers from 0 to {K - 1}; "
                         f"got {y.dtype} of shape {y.shape}.")
    if N and (y.min() < 0 or y.max() >= K):
        raise ValueError(f"softmax_loss: labels go from 0 to {K - 1}; these go from {y.min()} to {y.max()}.")
    shifted = scores - scores.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    rows = np.arange(N)
    loss = float(np.mean(np.log(total[:, 0]) - shifted[rows, y], dtype=np.float64))
    dscores = e / total
    dscores[rows, y] -= 1
    dscores /= N
    return loss, dscores
