"""More pictures from the same ones: generators that stand between `minibatches` and `train` and change the images of each batch."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import map_coordinates


def moved(batches, rng, by=1):
    """Every image moved by up to `by` pixels in each direction, at random; what comes in at the border is 0."""
    for x, y in batches:
        N, C, H, W = x.shape
        places = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (by, by), (by, by))), (H, W), axis=(2, 3))
        down, right = rng.integers(0, 2 * by + 1, (2, N))
        yield places[np.arange(N), :, down, right], y


def mirrored(batches, rng):
    """Every second image, at random, with left and right exchanged."""
    for x, y in batches:
        turn = rng.random(len(x)) < 0.5
        yield np.where(turn[:, None, None, None], x[..., ::-1], x), y


def warped(batches, rng, turn=10.0, scale=0.1, shear=0.1, by=1.5):
    """Every image turned, stretched, slanted and moved a little, at random; pixels between pixels are interpolated.

    `turn` in degrees, `scale` and `shear` as shares, `by` in pixels: each is the largest amount, in both directions.
    """
    for x, y in batches:
        N, C, H, W = x.shape
        angle, wide, high, slant = rng.uniform(-1, 1, (4, N)) * [[np.radians(turn)], [scale], [scale], [shear]]
        A = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])                         # (2, 2, N)
        A = np.einsum("ijn,jkn->ikn", A, np.array([[1 + high, np.zeros(N)], [slant, 1 + wide]]))
        centre = np.array([(H - 1) / 2, (W - 1) / 2])
        grid = np.indices((H, W)).reshape(2, -1) - centre[:, None]                                              # (2, H*W)
        places = np.einsum("ijn,jp->inp", A, grid) + centre[:, None, None] + rng.uniform(-by, by, (2, N, 1))
        image = np.broadcast_to(np.arange(N)[:, None], (N, H * W))
        out = [map_coordinates(x[:, c], np.stack([image, *places]), order=1, output=x.dtype) for c in range(C)]
        yield np.stack(out, axis=1).reshape(N, C, H, W), y
