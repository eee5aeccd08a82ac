"""Data augmentation: generators between `minibatches` and `train` that change the images of each batch.

None of them modifies its input arrays, and the same `rng` gives the same images.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SMOOTH = 5                     # pixels: the correlation length of the random displacements of an elastic deformation


def moved(batches, rng, by=1):
    """Random shifts: move every image by up to `by` whole pixels in each direction; new pixels at the border are 0."""
    for x, y in batches:
        N, C, H, W = x.shape
        places = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (by, by), (by, by))), (H, W), axis=(2, 3))
        top, left = rng.integers(0, 2 * by + 1, (2, N))
        yield places[np.arange(N), :, top, left], y


def mirrored(batches, rng):
    """Random horizontal flips: exchange left and right of each image with probability 1/2."""
    for x, y in batches:
        turn = rng.random(len(x)) < 0.5
        yield np.where(turn[:, None, None, None], x[..., ::-1], x), y


def warped(batches, rng, turn=10.0, scale=0.1, shear=0.1, by=1.5, bend=0.0):
    """Random affine maps and elastic deformations of every image.

    `turn` in degrees, `scale` and `shear` as shares, `by` in pixels are the largest rotation, scaling, shear and shift, in both
    directions. `bend` is the standard deviation, in pixels, of a smooth random displacement in each direction. Values between pixels
    are interpolated; new pixels at the border are 0. Source for `bend`: Simard, Steinkraus and Platt 2003, "elastic deformations".
    """
    for x, y in batches:
        N, C, H, W = x.shape
        angle, wide, high, slant = rng.uniform(-1, 1, (4, N)) * [[np.radians(turn)], [scale], [scale], [shear]]
        down, right = rng.uniform(-by, by, (2, N))
        cos, sin = np.cos(angle), np.sin(angle)
        i, j = np.arange(H)[:, None] - (H - 1) / 2, np.arange(W) - (W - 1) / 2                    # from the centre
        # The source of pixel (i, j) of a new image: scaling and shear, then rotation, then shift. This is not a matrix product,
        # because BLAS may divide a large one among threads, and the number of threads changes the last bits of the result.
        rows = _sum(x, (cos * (1 + high) - sin * slant, i), (-sin * (1 + wide), j), (down + (H - 1) / 2, 1))       # (N, H, W)
        columns = _sum(x, (sin * (1 + high) + cos * slant, i), (cos * (1 + wide), j), (right + (W - 1) / 2, 1))
        if bend:
            rows, columns = rows + _displacement(x, rng, bend), columns + _displacement(x, rng, bend)
        yield _interpolated(x, rows, columns), y


def _sum(x, *terms):
    """The sum over `terms` of (a number for each image) times (a number for each row or column), in the number type of `x`."""
    return sum(np.asarray(each, x.dtype)[:, None, None] * np.asarray(place, x.dtype) for each, place in terms)


def _displacement(x, rng, bend):
    """Smooth noise (N, H, W) of mean 0 and standard deviation `bend`: bell curves of random heights, `SMOOTH` pixels apart."""
    high, wide = _bumps(x.shape[2]), _bumps(x.shape[3])
    noise = rng.standard_normal((len(x), len(high), len(wide)), np.float32)
    return bend * (high.T @ noise @ wide)                                 # BLAS uses one thread for such small products


def _bumps(n):
    """Bell curves over n pixels, (bumps, n), scaled so that the sum of their squares is 1 at every pixel."""
    middles = np.arange(-2 * SMOOTH, n + 2 * SMOOTH, SMOOTH)
    bells = np.exp(-((np.arange(n) - middles[:, None]) / SMOOTH) ** 2 / 2)
    return (bells / np.sqrt((bells ** 2).sum(axis=0))).astype(np.float32)


def _interpolated(x, rows, columns):
    """The value of each image of `x` (N, C, H, W) at its `rows`, `columns` (N, H, W): bilinear interpolation, 0 outside.

    It takes a third of the time of `scipy.ndimage.map_coordinates`.
    """
    N, C, H, W = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 2), (1, 2)))
    rows, columns = np.clip(rows, -1, H) + 1, np.clip(columns, -1, W) + 1
    top, left = rows.astype(np.intp), columns.astype(np.intp)             # rounds down, since nothing is below 0
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
