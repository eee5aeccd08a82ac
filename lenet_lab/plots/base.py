"""What all figures share: their style, their two widths, and how one is shown in a notebook with its text alternative."""

import functools
import io
from pathlib import Path

import matplotlib
import numpy as np
from IPython.display import Markdown, display
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

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
