"""LeNet as a homework solution computes it straightforwardly: float64, windows by two loops over one image after another.

The yardstick for `benchmarks.throughput`, and nothing else: same network, same sums, no thought for speed. It has the form of
the homework's handout (CMU 10-601, homework 7, section 6): a layer's backward function is given the gradient, the layer's
input and its parameters, and so makes the windows again; and every layer hands a gradient on, the first one too. With
`keep=True` it spares itself both: it keeps the windows and the winners, and works out no gradient of the images.
"""

import numpy as np


def im2col(image, k):
    C, H, W = image.shape
    columns = np.empty((C * k * k, (H - k + 1) * (W - k + 1)))
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            columns[:, i * (W - k + 1) + j] = image[:, i:i + k, j:j + k].ravel()
    return columns


def col2im(columns, shape, k):
    C, H, W = shape
    image = np.zeros(shape)
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            image[:, i:i + k, j:j + k] += columns[:, i * (W - k + 1) + j].reshape(C, k, k)
    return image


def conv_forward(x, W, b, kept=None):
    (N, _, height, width), (F, _, k, _) = x.shape, W.shape
    out = np.empty((N, F, height - k + 1, width - k + 1))
    for n in range(N):
        columns = im2col(x[n], k)
        out[n] = (W.reshape(F, -1) @ columns + b[:, None]).reshape(out[n].shape)
        if kept is not None:
            kept.append(columns)
    return out


def conv_backward(dout, x, W, kept=None, need_dx=True):
    F, _, k, _ = W.shape
    dx, dW, db = np.empty_like(x), np.zeros_like(W), np.zeros(F)
    for n in range(len(x)):
        d = dout[n].reshape(F, -1)
        columns = kept[n] if kept else im2col(x[n], k)
        dW += (d @ columns.T).reshape(W.shape)
        db += d.sum(axis=1)
        if need_dx:
            dx[n] = col2im(W.reshape(F, -1).T @ d, x[n].shape, k)
    return dx, dW, db


def pool_forward(x, kept=None):
    N, C, H, W = x.shape
    out = np.empty((N, C, H // 2, W // 2))
    for n in range(N):
        for i in range(H // 2):
            for j in range(W // 2):
                window = x[n, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2].reshape(C, 4)
                out[n, :, i, j] = window.max(axis=1)
                if kept is not None:
                    kept.append(window.argmax(axis=1))
    return out


def pool_backward(dout, x, kept=None):
    N, C, H, W = dout.shape
    dx, channels, winners = np.zeros_like(x), np.arange(C), iter(kept or ())
    for n in range(N):
        for i in range(H):
            for j in range(W):
                window = x[n, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2].reshape(C, 4)
                row, column = divmod(next(winners) if kept else window.argmax(axis=1), 2)
                dx[n, channels, 2 * i + row, 2 * j + column] = dout[n, :, i, j]
    return dx


def loss_and_gradients(params, x, y, keep=False):
    """The mean loss of LeNet over the images x (N, 1, 28, 28) and the gradients of (W1, b1, ..., W4, b4)."""
    W1, b1, W2, b2, W3, b3, W4, b4 = params
    N, kept = len(x), [[] if keep else None for _ in range(4)]
    maps1 = conv_forward(x, W1, b1, kept[0])
    pooled1 = pool_forward(maps1, kept[1])
    maps2 = conv_forward(pooled1, W2, b2, kept[2])
    flat = pool_forward(maps2, kept[3]).reshape(N, -1)
    hidden = np.maximum(flat @ W3 + b3, 0)
    scores = hidden @ W4 + b4
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean()

    dscores = p
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dhidden = dscores @ W4.T * (hidden > 0)
    dmaps2 = pool_backward((dhidden @ W3.T).reshape(N, 50, 4, 4), maps2, kept[3])
    dpooled1, dW2, db2 = conv_backward(dmaps2, pooled1, W2, kept[2])
    _, dW1, db1 = conv_backward(pool_backward(dpooled1, maps1, kept[1]), x, W1, kept[0], need_dx=not keep)
    return loss, [dW1, db1, dW2, db2, flat.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)]


def step(params, velocities, x, y, lr, mu=0.9, decay=5e-4, keep=False):
    """One step of training: the new parameters and velocities."""
    _, grads = loss_and_gradients(params, x, y, keep)
    velocities = [mu * v + lr * (g + decay * p * (p.ndim > 1)) for p, v, g in zip(params, velocities, grads)]
    return [p - v for p, v in zip(params, velocities)], velocities
