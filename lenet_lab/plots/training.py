"""Figures of data and training: digits, losses, error curves, confusions (notebook 06)."""

import numpy as np

from .base import WIDE, axes_for, styled


@styled
def digits(images, captions, data_name, ax=None):
    """A row of images (N, 1, H, W) with a caption each, all on one scale from 0 (paper) to 1 (ink)."""
    ax = axes_for(ax, (WIDE[0], 1.5), ncols=len(images), squeeze=False)
    for axis, image, caption in zip(np.ravel(ax), images, captions):
        axis.imshow(image[0], vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(str(caption), loc="center")
        axis.set_axis_off()
    np.ravel(ax)[0].figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


@styled
def losses(steps, ax=None, title=""):
    """The loss of each step, on a logarithmic scale, with the loss of guessing (ln 10) as a thin line."""
    ax = axes_for(ax)
    values = [step.loss for step in steps]
    ax.semilogy(range(1, len(values) + 1), values)
    ax.axhline(np.log(10), color="0.6", linewidth=0.8)
    ax.annotate("ln 10: guessing", (len(values), np.log(10)), ha="right", va="bottom", color="0.35", fontsize=8)
    ax.set(xlabel="step", ylabel="loss", title=title)
    return ax


@styled
def error_curves(run, ax=None):
    """The error rates of a `Run` on training and test images, against epochs."""
    ax = axes_for(ax, WIDE)
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
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")           # PercentFormatter writes 0.1 % as 0%
    ax.set(xlabel="epochs", ylabel="error rate (none: 0.01 %)", title=run.data.name)
    ax.legend(fontsize=8)
    return ax


def confusions(y, predictions, titles, data_name, ax=None):
    """Confusion matrices side by side: row = true digit, column = answer; only the mistakes are coloured, all on one scale."""
    return counted_confusions([_counted(y, answer) for answer in predictions], titles, data_name, ax=ax)


@styled
def counted_confusions(counts, titles, data_name, classes=None, ax=None):
    """The figure of `confusions` from counted confusion matrices (K, K); `classes` are the names of classes that are not digits."""
    ax = axes_for(ax, WIDE if classes is None else (WIDE[0], 4.4), ncols=len(counts), squeeze=False)
    mistakes = [_off_diagonal(count) for count in counts]
    top = max(1, max(wrong.max() for wrong in mistakes))
    for axis, wrong, title in zip(np.ravel(ax), mistakes, titles):
        axis.imshow(wrong, vmin=0, vmax=top)
        for row, column in zip(*np.nonzero(wrong)):
            count = wrong[row, column]
            axis.text(column, row, count, ha="center", va="center", fontsize=7, color="white" if count > top / 2 else "0.2")
        axis.set(xticks=range(len(wrong)), yticks=range(len(wrong)), xlabel="answer", ylabel="true digit", title=title)
        if classes is not None:
            axis.set(yticklabels=classes, ylabel="true class")
            axis.set_xticklabels(classes, rotation=90)
        axis.grid(False)
    np.ravel(ax)[0].figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


def frequent_mistakes(y, predictions, n=3):
    """The n most frequent mistakes in words, for a caption."""
    return counted_mistakes(_counted(y, predictions), n=n)


def counted_mistakes(count, classes=None, n=3):
    """The n most frequent mistakes of a confusion matrix (K, K) in words, for a caption; `classes` as in `counted_confusions`."""
    count = _off_diagonal(count)
    names, taken = (range(len(count)), "read as") if classes is None else (classes, "taken for")
    *most, after = [divmod(int(place), len(count)) for place in np.argsort(-count, axis=None, kind="stable")[:n + 1]]
    said = ", ".join(f"{names[true]} {taken} {names[answer]} ({count[true, answer]} times)"
                     for true, answer in most if count[true, answer]) or "none"
    return f"{said}, and others as often" if count[after] and count[after] == count[most[-1]] else said


def _off_diagonal(count):
    return np.array(count) * (1 - np.eye(len(count), dtype=int))


def _counted(y, predictions):
    from sklearn.metrics import confusion_matrix  # only here, as in `plane`

    return confusion_matrix(y, predictions, labels=range(10))
