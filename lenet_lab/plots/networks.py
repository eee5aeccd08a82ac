"""Figures of the five networks (notebook 09): diagnostics of training runs, error rates by epoch, the table of connections."""

from itertools import cycle

import numpy as np

from .base import NARROW, WIDE, axes_for, layer_colours, styled

FLOOR = 1e-7                                                # smaller values, and 0, are drawn here on a logarithmic scale
DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]


@styled
def diagnostics(measured, titles, ax=None):
    """A row per `Diagnostics` with its title: the loss, and for each layer three curves against steps.

    These are the standard deviation of the ReLUs' outputs, the share of active ReLUs, and the norm of the weights' gradients.
    """
    ax = axes_for(ax, (WIDE[0], 2.1 * len(measured) + 0.7), nrows=len(measured), ncols=4, sharex=True, squeeze=False)
    for row, one, title in zip(ax, measured, titles):
        colours = layer_colours(one.activation_std)
        row[0].plot(one.losses)
        row[0].axhline(np.log(10), color="0.6", linewidth=0.8)
        row[0].set(ylabel=title, ylim=(0, 1.1 * one.losses.max()))
        relus = {name: one.activation_std[name] for name in one.active_share}
        for axis, curves, bottom in zip(row[1:], (relus, one.active_share, one.gradient_norm), (FLOOR, 0, FLOOR)):
            for dash, (name, values) in zip(cycle(DASHES), curves.items()):
                axis.plot(np.maximum(values, bottom), label=name, linestyle=dash, color=colours[name], linewidth=1.2)
        row[1].set(yscale="log")
        row[2].set(ylim=(-0.05, 1.05))
        row[3].set(yscale="log")
        for axis, curves in ((row[1], relus), (row[3], one.gradient_norm)):
            if any((values == 0).any() for values in curves.values()):
                axis.annotate("exactly 0", (0, FLOOR), xytext=(2, 3), textcoords="offset points", fontsize=7, color="0.35")
    for axis, words in zip(ax[0], ("loss", "std of activations", "share of active ReLUs", "gradient norm")):
        axis.set_title(words, loc="left", fontsize=9)
    for axis in ax[-1]:
        axis.set_xlabel("step")
    for axis, place in ((ax[0, 2], "outside upper left"), (ax[0, 3], "outside upper right")):
        axis.figure.legend(*axis.get_legend_handles_labels(), fontsize=8, ncols=5, loc=place, handlelength=2.2, columnspacing=1.0)
    return ax


@styled
def spreads(nets, ax=None):
    """The standard deviation of each layer's output, {label: {layer: standard deviation}}, on a logarithmic scale."""
    ax = axes_for(ax, WIDE)
    for dash, marker, (label, spread) in zip(cycle(DASHES), cycle("os^D"), nets.items()):
        ax.semilogy(list(spread), list(spread.values()), linestyle=dash, marker=marker, markersize=4, label=label)
    ax.set(ylabel="spread of the values", xlabel="layer")
    for label, colour in zip(ax.get_xticklabels(), layer_colours(next(iter(nets.values()))).values()):
        label.set_color(colour)
    ax.legend(fontsize=8)
    return ax


@styled
def errors_by_epoch(curves, ax=None):
    """Error rates against epochs, {title: [[epoch, training error, test error], ...]}, a panel each, on one logarithmic scale."""
    ax = axes_for(ax, WIDE, ncols=len(curves), sharey=True, squeeze=False)
    for axis, (title, curve) in zip(ax[0], curves.items()):
        epochs, train, test = np.array(curve).T
        axis.semilogy(epochs, np.maximum(train, 1e-5), marker="o", markersize=3, label="training images")
        axis.semilogy(epochs, np.maximum(test, 1e-5), marker="s", markersize=3, linestyle="--", label="test images")
        axis.set(xlabel="epochs", title=title)
        axis.legend(fontsize=8)
    ax[0, 0].set_ylabel("error rate")
    ax[0, 0].yaxis.set_major_formatter(lambda value, _: f"{value:.2%}" if value < 0.01 else f"{value:.0%}")
    return ax


@styled
def connections(table, ax=None):
    """The input maps (rows) of each output map (columns): a cross for each connection."""
    ax = axes_for(ax, (NARROW[0], 2.4))
    filters, maps = zip(*((f, c) for f, looked_at in enumerate(table) for c in looked_at))
    ax.plot(filters, maps, "x", color="0.2")
    ax.set(xticks=range(len(table)), yticks=range(max(maps) + 1), xlabel="map of C3", ylabel="map of S2")
    ax.invert_yaxis()
    return ax
