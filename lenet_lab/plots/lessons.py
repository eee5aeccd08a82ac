"""The overview of all lessons (notebook 00): the notebooks along a line that follows LeNet forward, backward, and again."""

from textwrap import fill

import numpy as np

from .base import WIDE, axes_for, styled
from .layers import stacks

TURNS = (3, 6)                           # number of the last lesson of the forward line, and of the backward line
LEFT, RIGHT = 0.9, 15.1                  # ends of the lines; one unit is half an inch
FORWARD, NETWORK, BACKWARD, AGAIN = 11.2, 7.4, 4.6, 1.6          # heights of the three lines and of the network's middle
LETTERS = 7.2                            # of a title that fit into one unit
INK, TRACK = "0.15", "0.55"


@styled
def syllabus(lessons, net, ax=None):
    """The `lessons` of `lenet_lab.course.syllabus` along `net`: three forward, three backward (dashed), the others on a third line.

    The outputs of the layers are between the lines, as `stacks` draws them.
    """
    ax = axes_for(ax, (WIDE[0], 6.3))
    there, back = TURNS
    _track(ax, lessons[:there], LEFT, RIGHT, FORWARD, "-", "forward: from the image to the loss")
    _turn(ax, RIGHT, FORWARD, BACKWARD, 1, "-")
    ax.text(RIGHT + 0.75, NETWORK, "loss", fontsize=9, weight="bold", color=INK, ha="center", va="center",
            bbox={"facecolor": "white", "edgecolor": INK, "boxstyle": "round,pad=0.35"})
    _track(ax, lessons[there:back], RIGHT, LEFT, BACKWARD, "--", "backward: from the loss to every weight, and a step downhill")
    _turn(ax, LEFT, BACKWARD, AGAIN, -1, "--")
    _track(ax, lessons[back:], LEFT, RIGHT, AGAIN, "-",
           "there and back, batch after batch; then a look inside, and other networks")
    stacks(net, ax.inset_axes([LEFT, NETWORK - 2.1, RIGHT - LEFT, 4.2], transform=ax.transData))
    ax.set(xlim=(0, 2 * WIDE[0] + 0.4), ylim=(-0.4, 12.2), aspect="equal")
    ax.set_axis_off()
    return ax


def _track(ax, lessons, start, end, height, dash, words):
    """A line from `start` to `end`, the words above it, and its lessons at equal distances."""
    ax.plot([start, end], [height, height], dash, color=TRACK, linewidth=2.5)
    ax.text((LEFT + RIGHT) / 2, height + 0.62, words, fontsize=9, style="italic", color="0.3", ha="center")
    length = (end - start) / len(lessons)
    for n, station in enumerate(lessons):
        _station(ax, station, start + (n + 0.5) * length, height, int(abs(length) * LETTERS))
        ax.plot(start + (n + 0.9) * length, height, marker=">" if length > 0 else "<", color=TRACK, markersize=9)


def _turn(ax, x, top, bottom, side, dash):
    """Half an ellipse from the end of one line to the beginning of the next one below it."""
    angle = np.linspace(np.pi / 2, -np.pi / 2, 40)
    middle, half = (top + bottom) / 2, (top - bottom) / 2
    ax.plot(x + side * 0.75 * np.cos(angle), middle + half * np.sin(angle), dash, color=TRACK, linewidth=2.5)


def _station(ax, station, x, height, letters):
    ax.plot(x, height, "o", color="white", markersize=22, markeredgecolor=INK, markeredgewidth=1.6, zorder=3)
    ax.text(x, height - 0.02, f"{station.number:02}", fontsize=10, weight="bold", color=INK, ha="center", va="center", zorder=4)
    ax.text(x, height - 0.58, f"{fill(station.title, letters)}\n{station.minutes} min", fontsize=8.5, color=INK, ha="center", va="top",
            linespacing=1.25)
