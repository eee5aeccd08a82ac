"""Figures of the toy network (notebook 01)."""

import numpy as np
from matplotlib.patches import Rectangle

from lenet_lab.toy.worked import show as show_number

from .base import WIDE, axes_for, styled


@styled
def worked_pass(worked, ax=None):
    """All numbers of a `WorkedPass` as grids: from the image to the loss above, and their gradients below."""
    blocks = [("x",), ("F",), ("C",), ("P",), ("v", "W1"), ("b",), ("z",), ("s",), ("y",), ("J",)]
    ax = axes_for(ax, (13, 5.4))
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
    """The loss against one weight, and a line through the point `at` for each of the proposed `slopes` {label: slope}."""
    ax = axes_for(ax, WIDE)
    weights = np.asarray(weights)
    ax.plot(weights, losses, color="0.2", linewidth=3, linestyle="-", label="the loss, measured")
    middle = np.interp(at, weights, losses)
    for label, slope in slopes.items():
        ax.plot(weights, middle + slope * (weights - at), label=f"{label}: {slope:.4f}")
    spread = np.ptp(losses)
    ax.set(xlabel=name, ylabel="J", ylim=(min(losses) - spread, max(losses) + spread))
    ax.legend(fontsize=8)
    return ax
