"""Which faster functions a layer may use, by its shapes and options alone; and those that are no algorithm of their own.

Two things are faster than what `ops` does. Winograd's convolution (`winograd`) needs fewer multiplications. And a convolution
before a 2 x 2 max pooling can leave its maps in tiles (`_tiles`), the order in which the pooling reads them. Below are the pooling
of tiles, and the convolution of `ops` with its maps in tiles of 2 x 2:

    The four outputs of a pooling window see (k+1) x (k+1) pixels together, so there is one column for each window of the *pooling*:
    a quarter as many columns as in `ops`. Each filter is used in two forms, with a column of zeros at its right or at its left.
    Both multiply the upper k rows of pixels, and then the lower k.

For finite numbers the results are those of `ops` but for rounding, and for overflow of numbers near the largest. Which number of a
window wins is decided among the rounded results, as in `ops`.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from . import ops, winograd
from ._tiles import Tiles

GAIN = 2.5               # so many times fewer multiplications must Winograd's convolution need: each takes longer than in `ops`
FEW_CHANNELS = 4         # up to 4 input channels, all measured shapes gained by tiles of 2 x 2; from 6 on some lost
Functions = tuple[Callable, Callable]


def convolution(x: np.ndarray, W_shape: tuple, before_pooling: bool = False, stride: int = 1, pad: int = 0) -> Functions | None:
    """(forward, backward) of a convolution where they are faster than those of `ops`, else None. It is the same for any batch.

    With `before_pooling`, forward may return `Tiles`, for `pooling` to read.
    """
    (_, C, k, _), (H, W) = W_shape, x.shape[2:]
    if stride != 1:
        return None
    size = OH, OW = ops.output_size(H, k, 1, pad), ops.output_size(W, k, 1, pad)
    if winograd.saving(size, W_shape) >= GAIN:
        in_tiles = before_pooling and not any(side % winograd.TILE for side in size)
        return partial(winograd.conv_forward, in_tiles=in_tiles), winograd.conv_backward
    if before_pooling and C <= FEW_CHANNELS and not any(side % 2 for side in size):
        return conv_forward, conv_backward
    return None


def pooling(x: np.ndarray | Tiles, W_shape: None, before_pooling: bool = False, **_: int) -> Functions | None:
    """(forward, backward) of a max pooling that reads `Tiles`; None for an array."""
    return (max_pool_forward, max_pool_backward) if isinstance(x, Tiles) else None


def reads_tiles(k: int, stride: int | None = None) -> bool:
    """Whether a max pooling with these options can read `Tiles`: windows of 2 x 2, side by side."""
    return k == 2 and stride in (None, 2)


def conv_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0) -> tuple[Tiles, tuple]:
    """The convolution of `ops.conv_forward` for stride 1, with its result in tiles of 2 x 2; the sides of the result are even.

    x (N, C, H, W), W (F, C, k, k), b (F,) -> out (N, F, OH, OW) as `Tiles`, cache. Raises ValueError for another stride, for odd
    sides, and as `ops.conv_forward` does.
    """
    ops.check_filters(x, W, b)
    F, C, k, _ = W.shape
    sides = [ops.output_size(side, k, stride, pad) for side in x.shape[2:]]
    if stride != 1 or any(side % 2 for side in sides):
        raise ValueError(f"fast: stride {stride} gives maps of {sides[0]} x {sides[1]}; this needs stride 1 and even sides.")
    windows = ops.windows_of(x, k + 1, 2, pad).transpose(1, 0, 2, 3, 4, 5)      # (k+1, C, k+1, OH/2, OW/2, N): rows first
    OH, OW, N = windows.shape[3:]
    cols = ops.matrix(C * (k + 1) ** 2 + 2, OH * OW * N, x.dtype)
    cols[1:-1].reshape(windows.shape)[...] = windows
    cols[0] = cols[-1] = 1                                                     # for b: a row of ones at either end
    above, below = _above_and_below(cols, k)
    weights = np.zeros((2, F, len(above) + 1), np.result_type(x, W, b))        # for the left and the right output of a window
    weights[..., 0] = weights[..., -1] = b
    filters = weights[..., 1:-1].reshape(2, F, k, C, k + 1)                    # a view
    filters[0, ..., :-1] = filters[1, ..., 1:] = W.transpose(0, 2, 1, 3)
    weights, out = weights.reshape(2 * F, -1), ops.matrix(4 * F, OH * OW * N, weights.dtype)
    np.matmul(weights[:, :-1], above, out=out[:2 * F])
    np.matmul(weights[:, 1:], below, out=out[2 * F:])
    return Tiles(out.reshape(2, 2, F, OH, OW, N)), (cols, x.shape, W, pad)


def conv_backward(dout: np.ndarray | Tiles, cache: tuple, need_dx: bool = True) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """The gradients of `ops.conv_backward`, for the cache of `conv_forward`.

    dout (N, F, OH, OW), also as `Tiles` -> dx (N, C, H, W), dW (F, C, k, k), db (F,). `need_dx=False` returns None for dx.
    """
    cols, x_shape, W, pad = cache
    F, C, k, _ = W.shape
    rows = Tiles.of(dout, 2).data.reshape(4 * F, -1)
    above, below = (part @ d.T for part, d in zip(_above_and_below(cols, k), (rows[:2 * F], rows[2 * F:])))
    db = above[0, :F] + above[0, F:] + below[-1, :F] + below[-1, F:]
    dfilters = (above[1:] + below[:-1]).reshape(k, C, k + 1, 2, F)
    dW = (dfilters[:, :, :-1, 0] + dfilters[:, :, 1:, 1]).transpose(3, 1, 0, 2)
    if not need_dx:
        return None, dW, db
    dout = np.asarray(dout).transpose(1, 2, 3, 0).reshape(F, -1)
    return ops.col2im(ops.product(W.reshape(F, -1).T, dout), x_shape, k, 1, pad), dW, db


def _above_and_below(cols: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of pixels that the two upper and the two lower outputs of a window see, each with a row of ones."""
    pixels = (len(cols) - 2) // (k + 1)                    # of all channels in one row of a window
    return cols[:-1 - pixels], cols[1 + pixels:]


def max_pool_forward(x: Tiles, k: int, stride: int | None = None) -> tuple[np.ndarray, tuple]:
    """`ops.max_pool_forward` for 2 x 2 windows side by side: x (N, F, H, W) as `Tiles` -> out (N, F, H/2, W/2), cache.

    First the larger number in each row of a window, then the larger of its two rows. What won is kept as bytes: the backward pass
    need not read the maps again, which by then are no longer in the processor's caches.
    """
    left, right = x.data[:, 0::2], x.data[:, 1::2]
    rows = np.maximum(left, right)                                             # (m, m/2, F, H/m, W/m, N)
    upper, lower = rows[0::2], rows[1::2]
    out = np.maximum(upper, lower)                                             # (m/2, m/2, F, H/m, W/m, N)
    return np.asarray(Tiles(out)), (x, out, right > left, lower > upper)


def max_pool_backward(dout: np.ndarray, cache: tuple) -> Tiles:
    """`ops.max_pool_backward` for 2 x 2 windows side by side: dout (N, F, H/2, W/2) -> dx (N, F, H, W) as `Tiles`.

    The gradient goes to the lower row only if its number is larger, and then in the same way to the right: the first maximum wins.
    """
    x, out, right, lower = cache
    m = len(x.data)
    if np.isnan(out.max(initial=0)):                       # rare: `ops` knows the rule for NaN
        return Tiles.of(ops.max_pool_backward(dout, ops.max_pool_forward(np.asarray(x), 2)[1]), m)
    dout, drows, dx = Tiles.of(dout, m // 2).data, np.empty(right.shape, dout.dtype), np.empty(x.data.shape, dout.dtype)
    np.multiply(lower, dout, out=drows[1::2])
    np.subtract(dout, drows[1::2], out=drows[0::2])                            # exactly 0 where the lower row has it
    np.multiply(right, drows, out=dx[:, 1::2])
    np.subtract(drows, dx[:, 1::2], out=dx[:, 0::2])
    return Tiles(dx)
