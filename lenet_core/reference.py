"""The mathematics of `ops` as plain loops: what a student reads first, and what the tests compare `ops` with.

The loops compute one number at a time. They are far too slow to train with. The functions have the same names as in `ops`,
which documents shapes and sources. Two things differ: forward functions return the output only, and backward functions take
what they need instead of a cache.
"""

import math

import numpy as np


def conv_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0) -> np.ndarray:
    """out[n, f, oh, ow] = b[f] + sum over c, i, j of x[n, c, oh*stride + i - pad, ow*stride + j - pad] * W[f, c, i, j]."""
    N, C, height, width = x.shape
    F, _, k, _ = W.shape
    OH, OW = (height + 2 * pad - k) // stride + 1, (width + 2 * pad - k) // stride + 1
    out = np.zeros((N, F, OH, OW), np.result_type(x, W, b))
    for n in range(N):
        for f in range(F):
            for oh in range(OH):
                for ow in range(OW):
                    total = b[f]
                    for c in range(C):
                        for i in range(k):
                            for j in range(k):
                                row, column = oh * stride + i - pad, ow * stride + j - pad
                                if 0 <= row < height and 0 <= column < width:      # outside the image there are zeros
                                    total += x[n, c, row, column] * W[f, c, i, j]
                    out[n, f, oh, ow] = total
    return out


def conv_backward(dout: np.ndarray, x: np.ndarray, W: np.ndarray, stride: int = 1, pad: int = 0) -> tuple[np.ndarray, ...]:
    """Every product x * W of the forward pass adds W * dout to the gradient of its pixel, and x * dout to that of its weight."""
    N, C, height, width = x.shape
    F, _, k, _ = W.shape
    dtype = np.result_type(dout, x, W)
    dx, dW, db = np.zeros(x.shape, dtype), np.zeros(W.shape, dtype), np.zeros(F, dtype)
    for n in range(N):
        for f in range(F):
            for oh in range(dout.shape[2]):
                for ow in range(dout.shape[3]):
                    d = dout[n, f, oh, ow]
                    db[f] += d
                    for c in range(C):
                        for i in range(k):
                            for j in range(k):
                                row, column = oh * stride + i - pad, ow * stride + j - pad
                                if 0 <= row < height and 0 <= column < width:
                                    dx[n, c, row, column] += W[f, c, i, j] * d
                                    dW[f, c, i, j] += x[n, c, row, column] * d
    return dx, dW, db


def max_pool_forward(x: np.ndarray, k: int, stride: int | None = None) -> np.ndarray:
    """out[n, c, oh, ow] = the largest entry of the window whose first entry is x[n, c, oh*stride, ow*stride]."""
    stride = k if stride is None else stride
    N, C, height, width = x.shape
    out = np.zeros((N, C, (height - k) // stride + 1, (width - k) // stride + 1), x.dtype)
    for n in range(N):
        for c in range(C):
            for oh in range(out.shape[2]):
                for ow in range(out.shape[3]):
                    i, j = _winner(x[n, c], k, stride, oh, ow)
                    out[n, c, oh, ow] = x[n, c, i, j]
    return out


def max_pool_backward(dout: np.ndarray, x: np.ndarray, k: int, stride: int | None = None) -> np.ndarray:
    """The winner of a window, its largest entry, gets the window's gradient; an entry that won several windows gets their sum."""
    stride = k if stride is None else stride
    dx = np.zeros(x.shape, dout.dtype)
    for n in range(dout.shape[0]):
        for c in range(dout.shape[1]):
            for oh in range(dout.shape[2]):
                for ow in range(dout.shape[3]):
                    i, j = _winner(x[n, c], k, stride, oh, ow)
                    dx[n, c, i, j] += dout[n, c, oh, ow]
    return dx


def _winner(image: np.ndarray, k: int, stride: int, oh: int, ow: int) -> tuple[int, int]:
    """Row and column of the first NaN of window (oh, ow), else of its largest entry; of several, the first in reading order."""
    best = (oh * stride, ow * stride)
    for i in range(oh * stride, oh * stride + k):
        for j in range(ow * stride, ow * stride + k):
            if image[i, j] > image[best] or image[i, j] != image[i, j] and image[best] == image[best]:    # a NaN
                best = (i, j)
    return best


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Negative numbers become 0; a NaN stays NaN."""
    out = np.zeros_like(x)
    for index, value in np.ndenumerate(x):
        out[index] = 0 if value <= 0 else value
    return out


def relu_backward(dout: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient passes where the input was positive."""
    dx = np.zeros_like(dout)
    for index, value in np.ndenumerate(x):
        dx[index] = dout[index] if value > 0 else 0
    return dx


def inner_product_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """out[n, m] = b[m] + sum over d of x[n, d] * W[d, m]."""
    rows = x.reshape(len(x), -1)
    out = np.zeros((len(x), W.shape[1]), np.result_type(x, W, b))
    for n in range(len(x)):
        for m in range(W.shape[1]):
            out[n, m] = b[m]
            for d in range(W.shape[0]):
                out[n, m] += rows[n, d] * W[d, m]
    return out


def inner_product_backward(dout: np.ndarray, x: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, ...]:
    """Every product x * W of the forward pass adds W * dout to the gradient of its input, and x * dout to that of its weight."""
    rows = x.reshape(len(x), -1)
    dtype = np.result_type(dout, x, W)
    drows, dW, db = np.zeros(rows.shape, dtype), np.zeros(W.shape, dtype), np.zeros(W.shape[1], dtype)
    for n in range(len(x)):
        for m in range(W.shape[1]):
            db[m] += dout[n, m]
            for d in range(W.shape[0]):
                drows[n, d] += W[d, m] * dout[n, m]
                dW[d, m] += rows[n, d] * dout[n, m]
    return drows.reshape(x.shape), dW, db


def softmax_loss(scores: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean of -log p[n, y[n]] with p = softmax(scores), and its gradient (p - t) / N, where t is 1 at the label, else 0."""
    N, K = scores.shape
    loss, dscores = 0.0, np.zeros_like(scores)
    for n in range(N):
        largest = max(scores[n])
        exponentials = [math.exp(score - largest) for score in scores[n]]
        total = sum(exponentials)
        loss += (math.log(total) - (scores[n, y[n]] - largest)) / N      # -log p; p itself may be too small for a float
        for j in range(K):
            dscores[n, j] = (exponentials[j] / total - (1 if j == y[n] else 0)) / N
    return loss, dscores
