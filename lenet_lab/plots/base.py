"""Common parts of all figures: the style, the two widths, the layers' colours, and the display with a text alternative."""

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

# One colour per layer, for all figures and widgets: a dark tone of a hue for each layer with weights, and a light tone of it for the
# layers after it (pooling, ReLU) up to the next one. None of them is a colour of `SIGNED`. A figure also shows the layer's name.
HUES = {"image": ("#3d3d3d", "#3d3d3d"),
        "conv1": ("#00695c", "#3f9a8c"), "conv2": ("#5e2f91", "#9c78c4"), "conv3": ("#4b6300", "#7a9426"), "conv4": ("#01579b", "#4a90c8"),
        "conv5": ("#5d4037", "#9b7b70"), "ip1": ("#8a5200", "#bd8226"), "ip2": ("#9c1450", "#cf6394"), "ip3": ("#37474f", "#78909c")}


def layer_colours(names):
    """{name: colour} for the names of a network's layers in their order; "image" may stand before them."""
    colours, pair = {}, HUES["image"]
    for name in names:
        pair = HUES.get(name, pair)
        colours[name] = pair[name not in HUES]
    return colours


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
    """Decorator: run a figure's function in the workbook's style, without changing the student's own matplotlib settings."""
    @functools.wraps(figure)
    def drawn(*args, **kwargs):
        with matplotlib.rc_context(fname=STYLE):
            return figure(*args, **kwargs)
    return drawn


def frame(axis, colour):
    """Remove the ticks of the axes and draw their frame in the colour of a layer."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, color=colour, linewidth=1.8)
    axis.grid(False)


def axes_for(ax, size=NARROW, **grid):
    """The given axes, or new ones of `size` inches; `grid` has keyword arguments of `plt.subplots` for several axes."""
    return ax if ax is not None else Figure(figsize=size).subplots(**grid)
