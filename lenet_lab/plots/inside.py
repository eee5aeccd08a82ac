"""Figures of the inside of a network (notebook 07), signed numbers on one colour scale: blue negative, white zero, red positive."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lenet_lab.inside.drawing import percent

from .base import SIGNED, WIDE, axes_for, frame, layer_colours, styled

ACROSS = 10                                                 # maps in a row
WORDS = {"out": "activations", "dout": "gradient of the activations", "W": "weights", "dW": "gradient of the weights"}


@styled
def layer_maps(look, name, what="out", image=0, ax=None):
    """All maps of a layer for one image of a `Look`: its output ("out") or the gradient with respect to it ("dout").

    Above each map is its number, below it the smallest and largest value. A vector is shown in rows, the last filled with 0.
    """
    values = look.maps(name, what, image)
    if values.ndim == 1:
        across = min(len(values), 50)
        values = np.pad(values, (0, -len(values) % across)).reshape(1, -1, across)
    title = f"{name}: {WORDS[what]} for image {image}"
    return _tiles([values], [title], [layer_colours(look.names)[name]], ax)


@styled
def layer_kernels(look, name, what="W", ax=None):
    """All kernels of a convolution ("W") or their gradients ("dW"); with several input maps, a row for each, a column per filter."""
    values = look.kernels(name, what)
    filters, channels, k, _ = values.shape
    title = f"{name}: {WORDS[what]}"
    colour = layer_colours(look.names)[name]
    if channels == 1:
        return _tiles([values[:, 0]], [title], [colour], ax)
    ax = ax if ax is not None else Figure(figsize=(WIDE[0], 1.3 + 0.9 * WIDE[0] * channels / filters)).subplots()
    framed = np.pad(values, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=np.nan)        # a line between neighbours
    sheet = framed.transpose(1, 2, 0, 3).reshape(channels * (k + 1), filters * (k + 1))[:-1, :-1]
    _map(ax, sheet, np.abs(values).max(), colour)
    ax.set_facecolor("0.85")
    step = max(1, filters // 10)
    ax.set(xticks=np.arange(0, filters, step) * (k + 1) + k // 2, xticklabels=range(0, filters, step), xlabel="filter",
           yticks=np.arange(0, channels, step) * (k + 1) + k // 2, yticklabels=range(0, channels, step), ylabel="input map")
    ax.figure.suptitle(title, fontsize=9, color="0.35")
    _bar(ax.figure, [ax], np.abs(values).max())
    return ax


@styled
def side_by_side(look, names=("conv1", "pool1"), image=0, count=20, ax=None):
    """The first `count` maps of several layers in one figure on one colour scale, for comparison. Source: homework, Q8."""
    chosen = [look.maps(name, "out", image)[:count] for name in names]
    colours = layer_colours(look.names)
    return _tiles(chosen, [f"{name}: {WORDS['out']} for image {image}, maps of {'x'.join(map(str, values.shape[1:]))}"
                           for name, values in zip(names, chosen)], [colours[name] for name in names], ax)


def _tiles(groups, titles, colours, ax):
    """Groups of maps (C, H, W), each under its title and framed in its layer's colour, ten in a row, all on one scale -> axes."""
    across = min(ACROSS, max(map(len, groups)))
    rows = [-(-len(values) // across) for values in groups]
    height, width = groups[0].shape[1:]
    if ax is None:
        tall = min(1.6, WIDE[0] / across * height / width + 0.3)
        ax = Figure(figsize=(WIDE[0], 1.0 + tall * sum(rows) + 0.2 * len(rows))).subplots(sum(rows), across, squeeze=False)
    ax = np.reshape(ax, (sum(rows), across))
    top = max(np.abs(values).max() for values in groups)
    unit = _unit(top)
    for start, values, title, colour in zip(np.cumsum([0, *rows]), groups, titles, colours):
        for axis in np.ravel(ax[start:start + -(-len(values) // across)]):
            axis.set_axis_off()
        for n, (axis, one) in enumerate(zip(np.ravel(ax[start:]), values)):
            axis.set_axis_on()
            _map(axis, one, top, colour)
            axis.set_title("\n" * (n < across) + str(n), loc="left", fontsize=8)               # a line free for the group's title
            axis.set_xlabel(f"{one.min() / unit:.2g}…{one.max() / unit:.2g}", fontsize=7, labelpad=2)
        heading = ax[start, 0].annotate(title, (0, 1), (0, 14), xycoords="axes fraction", textcoords="offset points", fontsize=9, color=colour)
        heading.set_in_layout(False)
    _bar(ax[0, 0].figure, ax, top)
    return ax


def _map(axis, values, top, colour):
    axis.imshow(values, cmap=SIGNED, vmin=-top, vmax=top, interpolation="nearest")
    frame(axis, colour)


def _bar(figure, ax, top):
    """The colour bar of the common scale."""
    bar = figure.colorbar(ScalarMappable(Normalize(-top, top), SIGNED), ax=ax, shrink=0.6, aspect=30, pad=0.02, location="bottom")
    unit = _unit(top)
    bar.set_ticks([-top, 0, top], labels=[f"{-top / unit:.2g}", "0", f"{top / unit:.2g}"])
    if unit != 1:
        bar.set_label(f"times {unit:g}", fontsize=8)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)


def _unit(top):
    """1, or the power of ten that is the unit of very small numbers."""
    return 10.0 ** np.floor(np.log10(top)) if 0 < top < 0.01 else 1


@styled
def drawn_digit(ink, image, p, gradient, towards, ax=None):
    """A drawing (H, W), the network's input (28, 28), its probabilities p (K,) and the gradient of log p of class `towards`."""
    ax = axes_for(ax, (WIDE[0], 2.4), ncols=4)
    top = np.abs(gradient).max() or 1
    for axis, values, title in ((ax[0], ink, "the drawing"), (ax[1], image, "what the network sees")):
        axis.imshow(values, vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(title, fontsize=9)
    ax[3].imshow(gradient, cmap=SIGNED, vmin=-top, vmax=top, interpolation="nearest")
    ax[3].set_title(f"gradient of log p({towards})", fontsize=9)
    ax[3].set_xlabel(f"{gradient.min():.2g} to {gradient.max():.2g}".replace("-", "\N{MINUS SIGN}"), fontsize=8)
    for axis in (ax[0], ax[1], ax[3]):
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(True)
        axis.grid(False)
    ax[2].barh(range(len(p)), p, color=["0.2" if k == p.argmax() else "0.65" for k in range(len(p))])
    for k, value in enumerate(p):
        ax[2].text(value + 0.02, k, percent(value), va="center", fontsize=7, weight="bold" if k == p.argmax() else "normal")
    ax[2].set(yticks=range(len(p)), xticks=[], xlim=(0, 1.45), ylim=(len(p) - 0.5, -0.5), box_aspect=1)
    ax[2].tick_params(labelsize=7)
    ax[2].set_title("its answer", fontsize=9)
    ax[2].grid(False)
    return ax


@styled
def recording(losses, step, net, ax=None):
    """The losses of a run with a line at `step`, and the kernels of the first convolution of `net`, the network after that step."""
    ax = axes_for(ax, WIDE, ncols=2)
    conv = next(layer for layer in net.layers if layer.kind == "conv")
    kernels = conv.params["W"][:, 0]
    ax[0].semilogy(range(1, len(losses) + 1), losses)
    ax[0].axvline(step, color="0.2", linewidth=1)
    ax[0].set(xlabel="step", ylabel="loss", title=f"step {step} of {len(losses)}")
    rows, k = -(-len(kernels) // 5), kernels.shape[-1]
    framed = np.pad(kernels, ((0, rows * 5 - len(kernels)), (0, 1), (0, 1)), constant_values=np.nan)
    sheet = framed.reshape(rows, 5, k + 1, k + 1).transpose(0, 2, 1, 3).reshape(rows * (k + 1), -1)
    _map(ax[1], sheet, np.abs(kernels).max(), layer_colours([conv.name])[conv.name])
    ax[1].set(title=f"kernels of {conv.name}, from {kernels.min():.2f} to {kernels.max():.2f}")
    return ax
