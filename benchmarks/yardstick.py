"""LeNet as a homework solution computes it straightforwardly: float64, one image after another, windows by two loops.

The yardstick for `benchmarks.throughput`, and nothing else: same network, same sums, no thought for speed.
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


def pool(x):
    C, H, W = x.shape
    out, winners = np.empty((C, H // 2, W // 2)), np.empty((C, H // 2, W // 2), int)
    for i in range(H // 2):
        for j in range(W // 2):
            window = x[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2].reshape(C, 4)
            winners[:, i, j] = window.argmax(axis=1)
            out[:, i, j] = window.max(axis=1)
    return out, winners


def unpool(dout, winners):
    C, H, W = dout.shape
    dx, channels = np.zeros((C, 2 * H, 2 * W)), np.arange(C)
    for i in range(H):
        for j in range(W):
            row, column = divmod(winners[:, i, j], 2)
            dx[channels, 2 * i + row, 2 * j + column] = dout[:, i, j]
    return dx


def loss_and_gradients(params, x, y):
    """The mean loss of LeNet over the images x (N, 1, 28, 28) and the gradients of (W1, b1, ..., W4, b4)."""
    W1, b1, W2, b2, W3, b3, W4, b4 = params
    loss, grads = 0.0, [np.zeros_like(p) for p in params]
    for image, label in zip(x, y):
        cols1 = im2col(image, 5)
        p1, w1 = pool((W1.reshape(20, -1) @ cols1 + b1[:, None]).reshape(20, 24, 24))
        cols2 = im2col(p1, 5)
        p2, w2 = pool((W2.reshape(50, -1) @ cols2 + b2[:, None]).reshape(50, 8, 8))
        hidden = np.maximum(p2.ravel() @ W3 + b3, 0)
        scores = hidden @ W4 + b4
        p = np.exp(scores - scores.max())
        p /= p.sum()
        loss -= np.log(p[label]) / len(x)
        d = p.copy()
        d[label] -= 1
        d /= len(x)
        dhidden = W4 @ d * (hidden > 0)
        dout2 = unpool((W3 @ dhidden).reshape(50, 4, 4), w2).reshape(50, -1)
        dout1 = unpool(col2im(W2.reshape(50, -1).T @ dout2, (20, 12, 12), 5), w1).reshape(20, -1)
        for total, part in zip(grads, (
                (dout1 @ cols1.T).reshape(W1.shape), dout1.sum(1), (dout2 @ cols2.T).reshape(W2.shape), dout2.sum(1),
                np.outer(p2.ravel(), dhidden), dhidden, np.outer(hidden, d), d)):
            total += part
    return loss, grads
