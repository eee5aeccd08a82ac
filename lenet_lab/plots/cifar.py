"""Figures of photographs and of networks for colour images (notebook 10)."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from .base import WIDE, axes_for, styled


@styled
def photographs(images, captions, title, across=8, ax=None):
    """Photographs (3, H, W), RGB between 0 and 1, `across` in a row, with a caption each; None is shown as a grey square."""
    ax = _tiles(captions, across, title, ax)
    for axis, image in zip(np.ravel(ax), images):
        axis.imshow(np.full((1, 1, 3), 0.6) if image is None else image.transpose(1, 2, 0), interpolation="nearest", extent=(0, 1, 0, 1))
    return ax


@styled
def colour_kernels(kernels, title, ax=None):
    """Kernels (F, 3, k, k) as small pictures on one scale: grey is 0, a channel is lighter where its weight is positive.

    The scale is the same for all kernels and symmetric: with t the largest absolute weight of all, a weight w becomes (1 + w/t)/2.
    """
    kernels = np.asarray(kernels)
    top = np.abs(kernels).max() or 1
    scale = f"grey is 0, black \N{MINUS SIGN}{top:.2f} in all three channels, white {top:.2f}"
    ax = _tiles([str(n) for n in range(len(kernels))], 8, f"{title}: {scale}", ax)
    for axis, kernel in zip(np.ravel(ax), kernels):
        axis.imshow((1 + kernel.transpose(1, 2, 0) / top) / 2, interpolation="nearest")
    return ax


@styled
def learning_curves(runs, ax=None):
    """Error rates against epochs, a panel for each of {title: record of a run}: solid on the training images, dashed on the test images."""
    ax = axes_for(ax, WIDE, ncols=len(runs), squeeze=False, sharey=True)
    for axis, (title, run) in zip(np.ravel(ax), runs.items()):
        epochs, train, test = np.transpose(run["curve"])
        axis.plot(epochs, train, marker="o", markersize=3, label="training images")
        axis.plot(epochs, test, marker="s", markersize=3, label="test images")
        axis.annotate(f"{test[-1]:.0%}", (epochs[-1], test[-1]), xytext=(0, 5), textcoords="offset points", fontsize=9, ha="right")
        axis.set(xlabel="epochs", title=title, ylim=(0, 1))
    first = np.ravel(ax)[0]
    first.set(ylabel="error rate")
    first.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=None))
    first.legend(fontsize=8)
    return ax


def _tiles(captions, across, title, ax):
    """Axes without frames for a square image under each caption, `across` in a row."""
    if ax is None:
        rows, lines = -(-len(captions) // across), 1 + max(caption.count("\n") for caption in captions)
        ax = Figure(figsize=(WIDE[0], 0.3 + rows * (0.92 * WIDE[0] / across + 0.1 + 0.15 * lines))).subplots(rows, across, squeeze=False)
    for axis in np.ravel(ax):
        axis.set_axis_off()
    for axis, caption in zip(np.ravel(ax), captions):
        axis.set_title(caption, loc="center", fontsize=8)
    np.ravel(ax)[0].figure.suptitle(title, fontsize=9, color="0.35")
    return ax
