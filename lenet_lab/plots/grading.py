"""The figure of a graded class (`lenet grade --statistics`)."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from .base import WIDE, axes_for, styled


@styled
def items(lines, ax=None):
    """A bar per exercise: solved (filled), written but wrong (hatched), not written (empty); beside it, its discrimination.

    `lines` are dicts as `grade.statistics.items` makes them.
    """
    ax = axes_for(ax, (WIDE[0], 1.2 + 0.24 * len(lines)), ncols=2, sharey=True, width_ratios=(3, 1))
    places, total = np.arange(len(lines)), lines[0]["submissions"]
    solved, written = (np.array([line[key] for line in lines]) / total for key in ("solved", "written"))
    ax[0].barh(places, solved, color="0.35", edgecolor="0.35", label="solved")
    ax[0].barh(places, written - solved, left=solved, color="white", edgecolor="0.35", hatch="///", label="written, not right")
    ax[0].barh(places, 1 - written, left=written, color="white", edgecolor="0.8", label="not written")
    ax[0].set(yticks=places, yticklabels=[line["exercise"] for line in lines], xlim=(0, 1), xlabel=f"share of {total} submissions")
    ax[0].set_ylim(len(lines) - 0.4, -0.6)
    ax[0].xaxis.set_major_formatter(PercentFormatter(1))
    known = [(place, line["separates"]) for place, line in zip(places, lines) if line["separates"] is not None]
    ax[1].plot([value for _, value in known], [place for place, _ in known], marker="o", markersize=4, linestyle="none", color="0.2")
    ax[1].axvline(0, color="0.6", linewidth=0.8)
    ax[1].set(xlim=(-1.05, 1.05), xlabel="separates (correlation)")
    ax[0].figure.legend(*ax[0].get_legend_handles_labels(), fontsize=8, ncols=3, loc="outside upper center")
    return ax
