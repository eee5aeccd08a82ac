"""Figures of functions made of ReLUs: piecewise linear on a line, linear regions in the plane (notebook 08)."""

import numpy as np

from lenet_lab.check.hinge_targets import curve, number
from lenet_lab.inside.relu_regions import HALF, boundary, dead, linear_regions

from .base import WIDE, axes_for, styled

INK, OTHER = "#1f4e79", "#c8553d"
CLASSES = ({"marker": "o", "facecolors": "none", "edgecolors": INK, "linewidths": 0.9}, {"marker": "x", "color": OTHER, "linewidths": 1.1})


# ------------------------------------------------------------------------------------------------------------ on a line


@styled
def kinks(b, hinges, low, high, ax=None):
    """b + sum of c ReLU(x - t) from low to high, a ring at every hinge (t, c), and the slope written at every segment."""
    ax = axes_for(ax, WIDE)
    at = sorted({t for t, _ in hinges if low < t < high})
    x = np.array([low, *at, high])
    y = curve(x, b, hinges)
    ax.plot(x, y, linestyle="-")
    ax.plot(at, curve(at, b, hinges), color=INK, marker="o", markerfacecolor="white", linestyle="none")
    for left, right, slope in zip(x, x[1:], np.diff(y) / np.diff(x)):
        middle = (left + right) / 2
        side = {0: ("center", 0), 1: ("right", -6), -1: ("left", 6)}[int(np.sign(slope))]
        ax.annotate(f"slope {number(slope)}", (middle, curve(middle, b, hinges)), xytext=(side[1], 6), textcoords="offset points",
                    ha=side[0], fontsize=9)
    ax.set(xlabel="x", ylabel="f(x)", title=formula(b, hinges))
    ax.margins(y=0.15)
    return ax


def formula(b, hinges):
    """The function in one line: "f(x) = ReLU(x) − 3 ReLU(x − 2)"."""
    text = number(b) if b or not hinges else ""
    for t, c in hinges:
        sign = ("−" if c < 0 else "") if not text else " − " if c < 0 else " + "
        relu = f"ReLU(x {'−' if t > 0 else '+'} {number(abs(t))})" if t else "ReLU(x)"
        text += f"{sign}{'' if abs(c) == 1 else number(abs(c)) + ' '}{relu}"
    return f"f(x) = {text}"


def slopes_in_words(hinges):
    """The slopes from left to right, for a caption: "0, 1, −2"."""
    return ", ".join(number(slope) for slope in np.cumsum([0, *(c for _, c in sorted(hinges))]))


@styled
def corners(x, y, ax=None):
    """A curve of straight segments through the points (x, y), each with its coordinates written at it."""
    ax = axes_for(ax, WIDE)
    ax.plot(x, y, color="0.4", linestyle="-", linewidth=3, marker="o")
    turns = [0, *np.diff(np.diff(y) / np.diff(x)), 0]
    for place, height, turn in zip(x, y, turns):
        aside, end = (-9, "top") if turn > 0 else (9, "bottom")            # on the free side of the corner
        ax.annotate(f"({number(place)}, {number(height)})", (place, height), xytext=(0, aside), textcoords="offset points", ha="center",
                    va=end, fontsize=9)
    ax.set(xlabel="x", ylabel="target")
    ax.margins(0.08, 0.2)
    return ax


@styled
def fitted(x, y, nets, ax=None):
    """For each network {title: net} on inputs x (N, 1): the target y in grey, the network's output, and its hinges.

    A unit's hinge is marked below, at -b/w: | if the unit is positive for some x, a cross if it is dead.
    """
    ax = axes_for(ax, WIDE, ncols=len(nets), sharey=True, squeeze=False)
    bottom = y.min() - 0.35 * np.ptp(y)
    for axis, (title, net) in zip(np.ravel(ax), nets.items()):
        axis.plot(x, y, color="0.75", linestyle="-", linewidth=4, label="target")
        axis.plot(x, net(x), color=INK, linestyle="-", label="network")
        units = net.layers[0].params
        at, shut = -units["b"] / units["W"][0], next(iter(dead(net, x).values()))
        for marker, chosen, label in (("|", ~shut, "hinge"), ("x", shut, "hinge of a dead unit")):
            inside = at[chosen & (at > x.min() - 1) & (at < x.max() + 1)]
            axis.plot(inside, np.full(len(inside), bottom), color=INK if marker == "|" else OTHER, marker=marker, markersize=8,
                      linestyle="none", label=label)
        axis.set(title=title, xlabel="x")
    np.ravel(ax)[0].set_ylim(top=y.max() + 0.45 * np.ptp(y))
    np.ravel(ax)[0].legend(fontsize=8, loc="upper left", ncols=2)
    return ax


@styled
def functions(x, curves, ax=None):
    """Several functions side by side, {title: values at x}, on one scale."""
    ax = axes_for(ax, (WIDE[0], 2.2), ncols=len(curves), sharey=True)
    for axis, (title, values) in zip(ax, curves.items()):
        axis.plot(x, values, linestyle="-")
        axis.set(title=title, xlabel="x")
    return ax


@styled
def along(share, scores, named, switches, data_name, ax=None):
    """The ten scores (N, 10) of mixtures of two images, against the share (N,) of the second; the two `named` digits are not grey.

    `switches` (N - 1,) counts the ReLUs that change between zero and positive from one mixture to the next; a tick marks each such place.
    """
    ax = axes_for(ax, WIDE)
    ax.plot(share, np.delete(scores, named, axis=1), color="0.8", linestyle="-", linewidth=0.9)
    for digit, line in zip(named, ("-", "--")):
        ax.plot(share, scores[:, digit], linestyle=line, label=f"score of the {digit}")
    places = ((share[1:] + share[:-1]) / 2)[switches > 0]
    bottom = scores.min() - 0.12 * np.ptp(scores)
    ax.plot(places, np.full(len(places), bottom), color="0.3", marker="|", markersize=8, markeredgewidth=0.6, linestyle="none",
            label="a ReLU opens or shuts")
    ax.set(xlabel=f"share of the {named[1]} in the mixture", ylabel="score", title=data_name)
    ax.legend(fontsize=8, loc="upper center", ncols=3)
    ax.margins(y=0.12)
    return ax


# ---------------------------------------------------------------------------------------------------------- in the plane


@styled
def planes(nets, data, ax=None):
    """For each network {title: net}: its linear regions, shaded where the answer is class 1, its boundary, and the training points."""
    ax = axes_for(ax, (4.0 * len(nets), 4.1), ncols=len(nets), squeeze=False)
    for axis, (title, net) in zip(np.ravel(ax), nets.items()):
        pieces = linear_regions(net)
        for piece in pieces:
            axis.fill(*piece.corners.T, facecolor="white", edgecolor="0.72", linewidth=0.6, linestyle="-")
        for piece in pieces:
            axis.fill(*piece.side(1).T, facecolor="#f6dfd3", edgecolor="0.72", linewidth=0.6, linestyle="-")
        for line in boundary(pieces):
            axis.plot(*line.T, color="0.1", linestyle="-", linewidth=2.2)
        _points(axis, data)
        axis.set_title(title)
    return ax


@styled
def lines(nets, data, ax=None):
    """For each network {title: net}: the line of every unit of its first layer; short strokes point to the side where it is positive.

    A unit that is 0 at every training point is dead; its line is dotted.
    """
    ax = axes_for(ax, (4.0 * len(nets), 4.1), ncols=len(nets), squeeze=False)
    for axis, (title, net) in zip(np.ravel(ax), nets.items()):
        _points(axis, data)
        units, (_, shut) = net.layers[0].params, next(iter(dead(net, data.train_x).items()))
        for w, b, is_dead in zip(units["W"].T, units["b"], shut):
            length = np.hypot(*w)
            normal, foot = w / length, -b * w / length ** 2
            along_it = np.array([-normal[1], normal[0]])
            colour = OTHER if is_dead else "0.1"
            axis.plot(*np.transpose([foot - 9 * along_it, foot + 9 * along_it]), color=colour, linestyle=":" if is_dead else "-",
                      linewidth=1.6)
            for step in np.arange(-3, 3.1, 0.5):
                start = foot + step * along_it
                axis.plot(*np.transpose([start, start + 0.12 * normal]), color=colour, linestyle="-", linewidth=0.8)
        axis.set_title(title)
    return ax


def _points(axis, data):
    """The training points: rings for class 0, crosses for class 1, in the square that all figures of the plane show."""
    for label, look in enumerate(CLASSES):
        axis.scatter(*data.train_x[data.train_y == label].T, s=16, zorder=3, **look)
    axis.set(xlim=(-HALF, HALF), ylim=(-HALF, HALF), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axis.grid(False)
    axis.spines[:].set_visible(True)
