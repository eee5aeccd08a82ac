"""Figures of gradient descent (notebook 05)."""

import numpy as np

from .base import WIDE, axes_for, styled


@styled
def descents(loss, paths, ax=None):
    """Gradient descent on a loss of one weight, {title: weights}: a panel each, with the curve and a dot per step, the first ringed."""
    ax = axes_for(ax, (WIDE[0], 2.6), ncols=len(paths), sharey=True, squeeze=False)
    visited = np.concatenate(list(paths.values()))
    curve = np.linspace(visited.min() - 0.5, visited.max() + 0.5, 200)
    for axis, (title, weights) in zip(np.ravel(ax), paths.items()):
        axis.plot(curve, loss(curve), color="0.75", linestyle="-")
        axis.plot(weights, loss(weights), color="#1f4e79", linestyle="-", linewidth=0.9, marker="o", markersize=4)
        axis.plot(weights[0], loss(weights[0]), color="#1f4e79", marker="o", markersize=9, fillstyle="none")
        axis.set(title=title, xlabel="w")
    np.ravel(ax)[0].set_ylabel("loss")
    return ax


@styled
def valley(curvatures, paths, ax=None):
    """Paths {label: points (T, 2)} of gradient descent on the loss (c1 x^2 + c2 y^2) / 2, with its contour lines."""
    ax = axes_for(ax, WIDE)
    points = np.concatenate(list(paths.values()))
    reach = 1.1 * np.abs(points).max(axis=0)
    x, y = np.meshgrid(np.linspace(min(0, points[:, 0].min()) - 1, reach[0], 200), np.linspace(-reach[1], reach[1], 200))
    loss = (curvatures[0] * x ** 2 + curvatures[1] * y ** 2) / 2
    ax.contour(x, y, loss, levels=loss.max() * np.linspace(0.05, 1, 8) ** 2, colors="0.8", linewidths=0.8)
    for (label, path), marker in zip(paths.items(), "os^D"):
        ax.plot(path[:, 0], path[:, 1], marker=marker, markersize=4, linewidth=1.1, label=label)
    ax.plot(0, 0, color="0.2", marker="+", markersize=10, linestyle="none")
    ax.set(xlabel="x, along the valley", ylabel="y, across it (stretched)")
    ax.grid(False)
    ax.legend(fontsize=8, loc="upper left")
    return ax


@styled
def schedules(rates, ax=None):
    """Learning rates {label: one number per step}, each until its last step."""
    ax = axes_for(ax, WIDE)
    for label, values in rates.items():
        ax.plot(values, label=label)
    ax.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
    ax.legend(fontsize=8)
    return ax


@styled
def loss_curves(runs, data_name, ax=None):
    """The losses of several runs {label: one number per step}, logarithmic, up to 10; the loss of guessing (ln 10) as a thin line.

    Raises ValueError if there is no run.
    """
    if not runs:
        raise ValueError("loss_curves: there is no run to draw yet. Run the cell that trains before this one.")
    ax = axes_for(ax, WIDE)
    for label, losses in runs.items():
        ax.semilogy(range(1, len(losses) + 1), losses, label=label)
    ax.axhline(np.log(10), color="0.6", linewidth=0.8, linestyle="-")
    longest = max(map(len, runs.values()))
    ax.annotate("ln 10: guessing", (longest, np.log(10)), ha="right", va="bottom", color="0.35", fontsize=8)
    ax.set(xlabel="step", ylabel="loss", ylim=(0.8 * min(map(min, runs.values())), 10), title=data_name)
    ax.legend(fontsize=8, loc="lower left")
    return ax
