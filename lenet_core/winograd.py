"""Convolution with fewer multiplications: Winograd's minimal filtering, forward and backward.

`ops.conv_forward` multiplies m r numbers for m outputs of a filter of length r. They need only n = m + r - 1 multiplications. In
one dimension, with the signal d (n,), the filter g (r,), the outputs y (m,) and three fixed matrices,

    y[i] = sum over j of d[i + j] g[j]      is      y = A' ((G g) * (B' d)),         written F(m, r);   * is entry by entry.

Why: the product of two polynomials with m and r coefficients has n coefficients, so its values at n points determine it. Evaluate
both polynomials (A and G: powers of the points), multiply n pairs of values, interpolate. Filtering is the transpose of this
product, so the interpolation, transposed, comes first (B'). The last "point" is infinity, where the value of a polynomial is its
highest coefficient.

In two dimensions the same is done along the columns and along the rows. F(m x m, r x r) takes tiles of n x n pixels, one every m
pixels. Each gives m x m outputs, with n n multiplications in place of m m r r. The products of each of the n n positions are
summed over the channels, so the convolution becomes n n small matrix products:

    U (n*n, F, C) = the filters, transformed        V (n*n, C, P) = the P tiles of all images, transformed        U @ V (n*n, F, P)

All steps are linear in the filters and in the pixels, so the backward pass consists of the same steps, transposed.

The rounding errors are larger than those of `ops`, the more so the larger n is, since the entries of the matrices grow: for LeNet's
second convolution five to twenty-two times as large. `tests/test_winograd.py` compares both with sums in float64.

Sources: Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, Fast Algorithms for Convolutional Neural Networks,
2015 (arXiv:1509.09308), which has the two-dimensional form and the sum over channels.
"""

import math
from fractions import Fraction
from functools import cache

import numpy as np

from . import ops
from ._tiles import Tiles

TILE = 4            # m, the outputs of a tile along each axis
LARGEST = 5         # the largest filter for which the layers use it: from n = 10 on, float32 loses two more digits


def points(count: int) -> list[Fraction]:
    """The first `count` of 0, 1, -1, 2, -1/2, -2, 1/2, 4, -1/4, -4, ...: powers of two, so that A and G are exact in float32.

    2 is followed by -1/2, and -2 by 1/2. So the rounding errors are up to five times as small as with p and -p in turn.
    """
    sizes = (Fraction(2) ** k for k in range(1, count))
    return [Fraction(0), Fraction(1), Fraction(-1), *(p for size in sizes for p in (size, -1 / size, -size, 1 / size))][:count]


def transforms(m: int, r: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The matrices A (n, m), G (n, r) and B (n, n) of F(m, r), n = m + r - 1: exact, as arrays of `Fraction`.

    A.T @ ((G @ g) * (B.T @ d)) filters the signal d (n,) with g (r,). Row i of A and of G belongs to point i. So does column i of
    B: the coefficients of the polynomial that is 1 at that point and 0 at the others, but for a factor that is moved to G.
    Raises ValueError for m or r below 1.
    """
    if m < 1 or r < 1:
        raise ValueError(f"F({m}, {r}): there must be at least one output and one weight.")
    n = m + r - 1
    finite = points(n - 1)
    A, G, B = (np.full((n, columns), Fraction(0)) for columns in (m, r, n))
    for i, point in enumerate(finite):
        others = [p for p in finite if p != point]
        value = math.prod((point - p for p in others), start=Fraction(1))
        coefficients = [c / value for c in _with_zeros_at(others)]
        powers = [point ** j for j in range(r)]
        # A factor may move from B to G. A power of two rounds nothing, and it brings the largest entries of both near each other.
        factor = Fraction(2) ** math.floor(math.log2(max(map(abs, coefficients)) / max(map(abs, powers))) / 2)
        A[i], G[i], B[:-1, i] = [point ** j for j in range(m)], [p * factor for p in powers], [c / factor for c in coefficients]
    A[-1, -1] = G[-1, -1] = Fraction(1)                           # at infinity: the highest coefficient
    B[:, -1] = _with_zeros_at(finite)
    return A, G, B


def _with_zeros_at(roots: list[Fraction]) -> list[Fraction]:
    """The coefficients of the product of all (x - root), the constant first."""
    coefficients = [Fraction(1)]
    for root in roots:
        coefficients = [up - root * here for up, here in zip([Fraction(0), *coefficients], [*coefficients, Fraction(0)])]
    return coefficients


@cache
def _transforms(m: int, r: int, dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """`transforms` in this number type."""
    return tuple(matrix.astype(dtype) for matrix in transforms(m, r))


def _both_axes(matrix: np.ndarray, tiles: np.ndarray) -> np.ndarray:
    """Multiply by a matrix (p, q) along the first two axes: (q, q, ...) -> (p, p, K), K the size of the other axes together."""
    p, q = matrix.shape
    rows = matrix @ tiles.reshape(q, -1)                                    # (p, q*K)
    return np.matmul(matrix, rows.reshape(p, q, -1))                        # (p, p, K)


# ------------------------------------------------------------------------------------------------------ convolution


def conv_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0, m: int = TILE,
                 in_tiles: bool = False) -> tuple[np.ndarray | Tiles, tuple]:
    """The convolution of `ops.conv_forward` for stride 1, by tiles of m x m outputs.

    x (N, C, H, W), W (F, C, k, k), b (F,) -> out (N, F, OH, OW), cache, with the batch axis innermost in memory. Where m does not
    divide OH or OW, the last tiles reach over the edge into zeros, and their outputs there are dropped. With `in_tiles`, where m
    divides both, out stays in `Tiles`. Raises ValueError for another stride, and where channels do not match or no window fits.
    """
    ops.check_filters(x, W, b)
    if stride != 1:
        raise ValueError(f"winograd: the stride is {stride}; this algorithm needs stride 1.")
    (N, C, H, width), (F, _, k, _) = x.shape, W.shape
    OH, OW = ops.output_size(H, k, 1, pad), ops.output_size(width, k, 1, pad)
    rows, columns, n = -(-OH // m), -(-OW // m), m + k - 1                  # rows and columns of tiles; pixels along a tile
    x = x.transpose(1, 2, 3, 0)                                             # (C, H, W, N)
    below, right = rows * m + k - 1 - H - pad, columns * m + k - 1 - width - pad
    if pad or below or right:
        x = np.pad(x, ((0, 0), (pad, below), (pad, right), (0, 0)))
    windows = ops.windows_of(x.transpose(3, 0, 1, 2), n, m)                 # (C, n, n, rows, columns, N)
    A, G, B = _transforms(m, k, np.result_type(x, W, b, np.float32))        # also for whole numbers: the matrices have fractions
    V = _both_axes(B.T, np.ascontiguousarray(windows.transpose(1, 2, 0, 3, 4, 5))).reshape(n * n, C, -1)      # (n*n, C, P)
    U = _both_axes(G, W.transpose(2, 3, 0, 1)).reshape(n * n, F, C)         # (n*n, F, C)
    sums = np.matmul(U, V)                                                  # (n*n, F, P)
    parts = _both_axes(A.T, sums.reshape(n, n, -1)).reshape(m, m, F, rows, columns, N)
    parts += b.reshape(F, 1, 1, 1)
    out = Tiles(parts)
    return out if in_tiles else np.asarray(out)[:, :, :OH, :OW], (U, V, x.shape, (H, width), W.shape, pad, m)


def conv_backward(dout: np.ndarray | Tiles, cache: tuple, need_dx: bool = True) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """The gradients of `ops.conv_backward`: the steps of the forward pass transposed, in reverse order.

    dout (N, F, OH, OW) -> dx (N, C, H, W), dW (F, C, k, k), db (F,). `need_dx=False` returns None for dx.
    """
    U, V, padded, (H, width), (F, C, k, _), pad, m = cache
    N, n = padded[-1], m + k - 1
    rows, columns = (padded[1] - k + 1) // m, (padded[2] - k + 1) // m
    below, right = rows * m - dout.shape[2], columns * m - dout.shape[3]
    if below or right:
        dout = np.pad(np.asarray(dout).transpose(1, 2, 3, 0), ((0, 0), (0, below), (0, right), (0, 0))).transpose(3, 0, 1, 2)
    dparts = Tiles.of(dout, m).data                                         # (m, m, F, rows, columns, N)
    A, G, B = _transforms(m, k, np.result_type(U, dparts))
    db = dparts.reshape(m * m, F, -1).sum(axis=0).sum(axis=1)
    dsums = _both_axes(A, dparts).reshape(n * n, F, -1)                     # (n*n, F, P)
    dU = np.matmul(dsums, V.transpose(0, 2, 1))                             # (n*n, F, C)
    dW = _both_axes(G.T, dU.reshape(n, n, -1)).reshape(k, k, F, C).transpose(2, 3, 0, 1)
    if not need_dx:
        return None, dW, db
    dV = np.matmul(U.transpose(0, 2, 1), dsums)                             # (n*n, C, P)
    dtiles = _both_axes(B, dV.reshape(n, n, -1)).reshape(n, n, C, rows, columns, N)
    dx = np.zeros((m, m, C, -(-padded[1] // m), -(-padded[2] // m), N), dtiles.dtype)   # the image as `Tiles` of m x m pixels
    for i in range(0, n, m):                                                # dtiles are larger: add up what falls into one
        for j in range(0, n, m):
            part = dtiles[i:i + m, j:j + m]                                 # (<= m, <= m, C, rows, columns, N)
            dx[:len(part), :part.shape[1], :, i // m:i // m + rows, j // m:j // m + columns] += part
    return np.asarray(Tiles(dx))[:, :, pad:pad + H, pad:pad + width], dW, db


def saving(size: tuple[int, int], W_shape: tuple) -> float:
    """How many times fewer multiplications this convolution needs than that of `ops`, for outputs of size (OH, OW).

    The n*n products and the transforms of the tiles are counted; those of the filters are shared by all images. For filters larger
    than `LARGEST` it is 0.
    """
    (OH, OW), (F, C, k, _), m = size, W_shape, TILE
    n, tiles = m + k - 1, -(-OH // m) * -(-OW // m)
    ours = tiles * (n * n * C * F + 2 * n ** 3 * C + (n * n * m + n * m * m) * F)
    return OH * OW * k * k * C * F / ours if k <= LARGEST else 0.0
