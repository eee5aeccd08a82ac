"""One function per figure: arrays in, matplotlib axes out; `show` puts a figure into a notebook, with its text alternative.

The title of a figure made from data names them. Ink is grey, and what two lines mean is told by their dashes as well as
by their colours (`lenet.mplstyle`).
"""

import functools
import io
from pathlib import Path

import matplotlib
import numpy as np
from IPython.display import Markdown, display
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.metrics import confusion_matrix

from lenet_core.ops import im2col, output_size

from .worked import show as show_number

STYLE = Path(__file__).with_name("lenet.mplstyle")
NARROW, WIDE = (4.6, 3.4), (8.0, 3.4)                       # inches; the only two widths
SIGNED = LinearSegmentedColormap.from_list("signed", ["#1f4e79", "white", "#c8553d"])       # negative, zero, positive


def show(axes, caption):
    """Display the figure of `axes`, and under it the `caption`, which is also its text alternative."""
    display({"image/png": png(axes), "text/plain": caption}, raw=True, metadata={"image/png": {"alt": caption}})
    display(Markdown(f"*{caption}*"))


def png(axes):
    """The figure of `axes` as the bytes of a PNG file."""
    picture = io.BytesIO()
    np.ravel(axes)[0].figure.savefig(picture, format="png", facecolor="white")
    return picture.getvalue()


def styled(figure):
    """Run a figure's function in the workbook's style, leaving the student's own matplotlib settings alone."""
    @functools.wraps(figure)
    def drawn(*args, **kwargs):
        with matplotlib.rc_context(fname=STYLE):
            return figure(*args, **kwargs)
    return drawn


def _axes(ax, size=NARROW, **grid):
    """The given axes, or new ones; `grid` asks for several, as plt.subplots does."""
    return ax if ax is not None else Figure(figsize=size).subplots(**grid)


@styled
def digits(images, captions, data_name, ax=None):
    """A row of images (N, 1, H, W) with a caption each, all on one scale from 0 (paper) to 1 (ink)."""
    ax = _axes(ax, (WIDE[0], 1.5), ncols=len(images), squeeze=False)
    for axis, image, caption in zip(np.ravel(ax), images, captions):
        axis.imshow(image[0], vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(str(caption), loc="center")
        axis.set_axis_off()
    np.ravel(ax)[0].figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


@styled
def losses(steps, ax=None, title=""):
    """The loss of each step, on a logarithmic scale, with the loss of a network that guesses (ln 10) as a thin line."""
    ax = _axes(ax)
    values = [step.loss for step in steps]
    ax.semilogy(range(1, len(values) + 1), values)
    ax.axhline(np.log(10), color="0.6", linewidth=0.8)
    ax.annotate("ln 10: guessing", (len(values), np.log(10)), ha="right", va="bottom", color="0.35", fontsize=8)
    ax.set(xlabel="step", ylabel="loss", title=title)
    return ax


@styled
def error_curves(run, ax=None):
    """The error rates of a `Run` on training and test images, against the epochs it has made."""
    ax = _axes(ax, WIDE)
    points, ends = run.history.points, run.history.evaluations
    at = [point.step / run.per_epoch for point in points]
    ax.semilogy(at, [max(point.train_error, 1e-4) for point in points], marker="o", markersize=3, label="training (as it learned)")
    ax.semilogy(at, [max(point.test_error, 1e-4) for point in points], marker="s", markersize=3,
                label=f"test (a sample of {len(run.sample):,})")
    ax.semilogy([end.step / run.per_epoch for end in ends], [max(end.test_error, 1e-4) for end in ends], color="0.2",
                marker="D", linestyle="none", label=f"test (all {len(run.data.test_y):,})")
    for end in ends[-1:]:
        ax.annotate(f"{end.test_error:.2%}", (end.step / run.per_epoch, end.test_error), xytext=(4, 6),
                    textcoords="offset points", fontsize=9)
    ax.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=None))
    ax.set(xlabel="epochs", ylabel="error rate", title=run.data.name)
    ax.legend(fontsize=8)
    return ax


@styled
def confusions(y, predictions, titles, data_name, ax=None):
    """Confusion matrices side by side: row = true digit, column = answer; only mistakes are inked, all on one scale."""
    ax = _axes(ax, WIDE, ncols=len(predictions), squeeze=False)
    counts = [confusion_matrix(y, answer, labels=range(10)) for answer in predictions]
    mistakes = [count - np.diag(np.diag(count)) for count in counts]
    top = max(1, max(wrong.max() for wrong in mistakes))
    for axis, wrong, title in zip(np.ravel(ax), mistakes, titles):
        axis.imshow(wrong, vmin=0, vmax=top)
        for row, column in zip(*np.nonzero(wrong)):
            count = wrong[row, column]
            axis.text(column, row, count, ha="center", va="center", fontsize=7, color="white" if count > top / 2 else "0.2")
        axis.set(xticks=range(10), yticks=range(10), xlabel="answer", ylabel="true digit", title=title)
        axis.grid(False)
    np.ravel(ax)[0].figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


def frequent_mistakes(y, predictions, n=3):
    """The n most frequent mistakes in words, for a caption."""
    count = confusion_matrix(y, predictions, labels=range(10))
    np.fill_diagonal(count, 0)
    most = [divmod(int(place), 10) for place in np.argsort(-count, axis=None, kind="stable")[:n]]
    return ", ".join(f"{true} read as {answer} ({count[true, answer]} times)" for true, answer in most if count[true, answer]) or "none"


@styled
def worked_pass(worked, ax=None):
    """All numbers of a `WorkedPass` as grids: from the image to the loss on top, and their gradients underneath."""
    blocks = [("x",), ("F",), ("C",), ("P",), ("v", "W1"), ("b",), ("z",), ("s",), ("y",), ("J",)]
    ax = _axes(ax, (13, 5.4))
    bottom = widest = 0
    for d in ("", "d"):
        top, left, bottom = bottom, 0, bottom
        for block in blocks:
            across, down = 0, top
            for key in (d + key for key in block if d + key in worked.grids):
                texts = {index: show_number(worked.value(key, index)) for index in np.ndindex(worked[key].values.shape)}
                cell = max(1.0, 0.34 * max(map(len, texts.values())))
                for name, rows in worked.maps(key):
                    rows = rows if key[-1] not in "bzsy" else [[index] for index in rows[0]]
                    ax.text(left, down + 0.85, name.replace(" of filter", ""), fontsize=8, weight="bold", color="0.25")
                    for i, row in enumerate(rows):
                        for j, index in enumerate(row):
                            ax.add_patch(Rectangle((left + j * cell, down + i + 1.1), cell, 1, fill=False, edgecolor="0.6", linewidth=0.7))
                            ax.text(left + (j + 0.5) * cell, down + i + 1.6, texts[index], fontsize=7, ha="center", va="center")
                    across, down = max(across, len(rows[0]) * cell, 0.42 * len(name)), down + len(rows) + 1.4
            left, bottom = left + across + (0.7 if across else 0), max(bottom, down)
        widest, bottom = max(widest, left), bottom + 0.6
    ax.set(xlim=(-0.3, widest), ylim=(bottom, -0.2))
    ax.set_axis_off()
    return ax


@styled
def tangents(weights, losses, at, slopes, name, ax=None):
    """The loss against one weight, and through the point `at` a line for each of the claimed `slopes` {label: slope}."""
    ax = _axes(ax, WIDE)
    weights = np.asarray(weights)
    ax.plot(weights, losses, color="0.2", linewidth=3, linestyle="-", label="the loss, measured")
    middle = np.interp(at, weights, losses)
    for label, slope in slopes.items():
        ax.plot(weights, middle + slope * (weights - at), label=f"{label}: {slope:.4f}")
    spread = np.ptp(losses)
    ax.set(xlabel=name, ylabel="J", ylim=(min(losses) - spread, max(losses) + spread))
    ax.legend(fontsize=8)
    return ax


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
