"""More pictures from the same ones: generators that stand between `minibatches` and `train` and change the images of each batch.

None of them changes the arrays it was given, and the same `rng` gives the same pictures.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SMOOTH = 5                     # pixels: how far apart two places of a bent image have to be to go different ways


def moved(batches, rng, by=1):
    """Random shifts: every image moved by up to `by` whole pixels in each direction; what comes in at the border is 0."""
    for x, y in batches:
        N, C, H, W = x.shape
        places = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (by, by), (by, by))), (H, W), axis=(2, 3))
        down, right = rng.integers(0, 2 * by + 1, (2, N))
        yield places[np.arange(N), :, down, right], y


def mirrored(batches, rng):
    """Random horizontal flips: every second image, at random, with left and right exchanged."""
    for x, y in batches:
        turn = rng.random(len(x)) < 0.5
        yield np.where(turn[:, None, None, None], x[..., ::-1], x), y


def warped(batches, rng, turn=10.0, scale=0.1, shear=0.1, by=1.5, bend=0.0):
    """Random affine maps and elastic deformations: every image turned, stretched, slanted, moved and bent a little.

    `turn` in degrees, `scale` and `shear` as shares, `by` in pixels: each is the largest amount, in both directions. `bend`,
    in pixels too, is by how much (a standard deviation, in each direction) a place wanders off, together with the places
    around it. Pixels between pixels are interpolated; what comes in at the border is 0. Source for bending: Simard, Steinkraus and Platt 2003, "elastic deformations".
    """
    for x, y in batches:
        N, C, H, W = x.shape
        angle, wide, high, slant = rng.uniform(-1, 1, (4, N)) * [[np.radians(turn)], [scale], [scale], [shear]]
        down, right = rng.uniform(-by, by, (2, N))
        cos, sin = np.cos(angle), np.sin(angle)
        i, j = np.arange(H)[:, None] - (H - 1) / 2, np.arange(W) - (W - 1) / 2                    # from the centre
        # Where pixel (i, j) of a new image comes from: a stretch and a slant, then a turn, then a move. No product of matrices:
        # BLAS may share a large one among threads, and how many it takes changes the last bits.
        rows = _sum(x, (cos * (1 + high) - sin * slant, i), (-sin * (1 + wide), j), (down + (H - 1) / 2, 1))       # (N, H, W)
        columns = _sum(x, (sin * (1 + high) + cos * slant, i), (cos * (1 + wide), j), (right + (W - 1) / 2, 1))
        if bend:
            rows, columns = rows + _wandering(x, rng, bend), columns + _wandering(x, rng, bend)
        yield _looked_up(x, rows, columns), y


def _sum(x, *terms):
    """The sum of (a number for each image) times (a number for each row or column), in the number type of `x`."""
    return sum(np.asarray(each, x.dtype)[:, None, None] * np.asarray(place, x.dtype) for each, place in terms)


def _wandering(x, rng, bend):
    """(N, H, W): smooth noise of mean 0 and standard deviation `bend`: bumps of random heights, `SMOOTH` pixels apart."""
    high, wide = _bumps(x.shape[2]), _bumps(x.shape[3])
    noise = rng.standard_normal((len(x), len(high), len(wide)), np.float32)
    return bend * (high.T @ noise @ wide)                                 # small products, one for each image, are never shared


def _bumps(n):
    """Bell curves over n pixels, (bumps, n), scaled so that the sum of their squares is 1 at every pixel."""
    middles = np.arange(-2 * SMOOTH, n + 2 * SMOOTH, SMOOTH)
    bells = np.exp(-((np.arange(n) - middles[:, None]) / SMOOTH) ** 2 / 2)
    return (bells / np.sqrt((bells ** 2).sum(axis=0))).astype(np.float32)


def _looked_up(x, rows, columns):
    """The value of each image of `x` (N, C, H, W) at its `rows`, `columns` (N, H, W): linear between pixels, 0 outside.

    In a third of the time of `scipy.ndimage.map_coordinates`.
    """
    N, C, H, W = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 2), (1, 2)))
    rows, columns = np.clip(rows, -1, H) + 1, np.clip(columns, -1, W) + 1
    top, left = rows.astype(np.intp), columns.astype(np.intp)             # cut off, which is down, since nothing is below 0
    down, right = rows - top.astype(x.dtype), columns - left.astype(x.dtype)
    out = np.empty_like(x)
    for c in range(C):
        flat, line = padded[:, c].ravel(), W + 3
        first = np.arange(N)[:, None, None] * ((H + 3) * line) + top * line + left
        upper_left, upper_right, lower_left, lower_right = (flat.take(first + step) for step in (0, 1, line, line + 1))
        upper = upper_left + right * (upper_right - upper_left)
        lower = lower_left + right * (lower_right - lower_left)
        out[:, c] = upper + down * (lower - upper)
    return out
