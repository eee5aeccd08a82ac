"""Figures of notebook 02."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from lenet_core.ops import im2col, output_size

from .plots import WIDE, _axes, styled

SIGNED = LinearSegmentedColormap.from_list("signed", ["#1f4e79", "white", "#c8553d"])       # negative, zero, positive


@styled
def feature_maps(image, maps, data_name, ax=None):
    """An image (H, W) in grey, then the maps (20, OH, OW) that a layer made of it, all on one scale, white for 0.

    Under each map stand its smallest and its largest value, so that the sign is not told by the colour alone.
    """
    ax = _axes(ax, (WIDE[0], 4.0), nrows=3, ncols=7)
    top = np.abs(maps).max()
    first, *others = np.ravel(ax)
    first.imshow(image, vmin=0, vmax=1, interpolation="nearest")
    first.set_title("the image", loc="center", fontsize=8)
    for n, (axis, values) in enumerate(zip(others, maps), start=1):
        axis.imshow(values, cmap=SIGNED, vmin=-top, vmax=top, interpolation="nearest")
        axis.set_title(f"map {n}", loc="center", fontsize=8)
        axis.set_xlabel(f"{values.min():.2f} to {values.max():.2f}", fontsize=6, labelpad=2)
    for axis in np.ravel(ax):
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(True)
        axis.grid(False)
    first.figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


@styled
def windows_as_columns(image, k, ax=None):
    """The k x k windows (stride 1) of a small image (H, W), shaded and lettered; beside them a matrix, a column for each."""
    ax = _axes(ax, (WIDE[0], 2.2))
    columns = im2col(image[None, None], k)
    across = output_size(image.shape[1], k)
    height, width = image.shape
    letters = [chr(ord("A") + n) for n in range(columns.shape[1])]
    for n, letter in enumerate(letters):
        left, (row, column) = n * (width + 1), divmod(n, across)
        _grid(ax, image, left)
        ax.add_patch(Rectangle((left + column, row), k, k, facecolor="0.88", edgecolor="0.1", linewidth=2.2, zorder=0.5))
        ax.text(left + width / 2, -0.5, f"window {letter}", ha="center", va="center", fontsize=9)
    left = len(letters) * (width + 1) + 1
    ax.text(left - 1, height / 2, "→", ha="center", va="center", fontsize=16, color="0.3")
    _grid(ax, columns, left)
    for n, letter in enumerate(letters):
        ax.text(left + n + 0.5, -0.5, letter, ha="center", va="center", fontsize=9)
    ax.set(xlim=(-0.3, left + len(letters) + 0.3), ylim=(max(height, len(columns)) + 0.3, -1), aspect="equal")
    ax.set_axis_off()
    return ax


def _grid(ax, values, left):
    """The numbers of a matrix as squares of side 1, their upper left corner at (left, 0)."""
    for (row, column), value in np.ndenumerate(values):
        ax.add_patch(Rectangle((left + column, row), 1, 1, fill=False, edgecolor="0.6", linewidth=0.7))
        ax.text(left + column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=9)
