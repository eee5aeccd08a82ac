"""Figures of speed and rounding (notebook 11)."""

import numpy as np

from .base import WIDE, axes_for, styled


@styled
def layer_times(times, ax=None):
    """Bars of the milliseconds of each layer, {label: {layer: seconds}}; the second label's bars are light."""
    names = list(next(iter(times.values())))
    ax = axes_for(ax, (WIDE[0], 0.8 + 0.3 * len(names) * len(times)))
    places, height = np.arange(len(names)), 0.8 / len(times)
    for n, (label, seconds) in enumerate(times.items()):
        bars = ax.barh(places + (n - (len(times) - 1) / 2) * height, [1e3 * seconds[name] for name in names], height,
                       color=("0.35", "white")[n], edgecolor="0.35", hatch=("", "///")[n], label=label)
        ax.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    ax.set(yticks=places, yticklabels=names, xlabel="milliseconds", ylim=(len(names) - 0.4, -0.6))
    if len(times) > 1:
        ax.legend(fontsize=8)
    return ax


@styled
def speeds(multiples, ax=None):
    """Bars on a logarithmic axis of {label: speed as a multiple of the slowest}."""
    ax = axes_for(ax, (WIDE[0], 0.9 + 0.32 * len(multiples)))
    bars = ax.barh(range(len(multiples)), list(multiples.values()), color="0.35", left=0)
    ax.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=8)
    ax.set(xscale="log", xlim=(0.8, 8 * max(multiples.values())), yticks=range(len(multiples)), yticklabels=list(multiples),
           xlabel="times as fast as the loops", ylim=(len(multiples) - 0.4, -0.6))
    return ax


@styled
def rounding(errors, direct, ax=None):
    """The relative error of Winograd's filtering, {outputs of a tile along one axis: error}, and as a dashed line that of one product."""
    ax = axes_for(ax, WIDE)
    ax.semilogy(list(errors), list(errors.values()), marker="o", markersize=5, color="0.2", linestyle="-", label="Winograd's filtering")
    ax.axhline(direct, color="0.4", linestyle="--", label="one product")
    ax.set(xlabel="outputs of a tile along one axis, m", ylabel="largest error")
    ax.legend(fontsize=8)
    return ax
