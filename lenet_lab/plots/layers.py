"""Figures of the layers and their effect on an image (notebooks 02 and 03, and the page on notation)."""

import numpy as np
from matplotlib.patches import Rectangle

from lenet_core.ops import conv_backward, conv_forward, im2col, output_size

from .base import SIGNED, WIDE, axes_for, frame, layer_colours, styled

SHEETS = 6                               # largest number of maps that are drawn of a stack
ACROSS = 1.7                             # width of a cell with a long number; its height is 1


@styled
def stacks(net, ax=None):
    """The output of each layer of a network as a stack of maps or a column of numbers, in its colour, with its name and shape."""
    ax = axes_for(ax, (WIDE[0], 2.7))
    names, shapes = ["image", *(layer.name for layer in net.layers)], [net.input_shape, *net.shapes()]
    left, tallest = 0.0, net.input_shape[1]
    for (name, colour), shape in zip(layer_colours(names).items(), shapes):
        count, height, width = shape if len(shape) == 3 else (1, 6 * np.log10(shape[0]), 1.5)
        sheets = min(count, SHEETS)
        middle = left + (width + sheets - 1) / 2
        for n in range(sheets):
            corner = (left + n, (sheets - 1) / 2 - n - height / 2)
            ax.add_patch(Rectangle(corner, width, height, facecolor=colour, edgecolor="white", linewidth=0.8))
        ax.text(middle, -tallest / 2 - 6, name, ha="center", va="bottom", fontsize=9, weight="bold", color=colour)
        ax.text(middle, tallest / 2 + 6, "x".join(map(str, shape)), ha="center", va="top", fontsize=8, color="0.2")
        left += max(width + sheets - 1, 12) + 8
    ax.set(xlim=(-8, left), ylim=(tallest / 2 + 9, -tallest / 2 - 10), aspect="equal")
    ax.set_axis_off()
    return ax


@styled
def feature_maps(image, maps, data_name, ax=None):
    """An image (H, W) in grey, then the maps (20, OH, OW) of a layer's output, all on one scale, white for 0.

    Below each map are its smallest and its largest value, so that the sign can be read without the colours.
    """
    ax = axes_for(ax, (WIDE[0], 4.0), nrows=3, ncols=7)
    top = np.abs(maps).max()
    first, *others = np.ravel(ax)
    first.imshow(image, vmin=0, vmax=1, interpolation="nearest")
    first.set_title("the image", loc="center", fontsize=8)
    for n, (axis, values) in enumerate(zip(others, maps), start=1):
        axis.imshow(values, cmap=SIGNED, vmin=-top, vmax=top, interpolation="nearest")
        axis.set_title(f"map {n}", loc="center", fontsize=8)
        axis.set_xlabel(f"{values.min():.2f} to {values.max():.2f}", fontsize=6, labelpad=2)
    for axis in np.ravel(ax):
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(True)
        axis.grid(False)
    first.figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


@styled
def windows_as_columns(image, k, ax=None):
    """The k x k windows (stride 1) of a small image (H, W), shaded and lettered; beside them the matrix with a column for each."""
    ax = axes_for(ax, (WIDE[0], 1.5))
    columns = im2col(image[None, None], k)
    across = output_size(image.shape[1], k)
    height, width = image.shape
    letters = [chr(ord("A") + n) for n in range(columns.shape[1])]
    for n, letter in enumerate(letters):
        left, (row, column) = n * (width + 1), divmod(n, across)
        _grid(ax, image, left)
        ax.add_patch(Rectangle((left + column, row), k, k, facecolor="0.88", edgecolor="0.1", linewidth=2.2, zorder=0.5))
        ax.text(left + width / 2, -0.5, f"window {letter}", ha="center", va="center", fontsize=9)
    left = len(letters) * (width + 1) + 1
    ax.text(left - 1, height / 2, "→", ha="center", va="center", fontsize=16, color="0.3")
    _grid(ax, columns, left)
    for n, letter in enumerate(letters):
        ax.text(left + n + 0.5, -0.5, letter, ha="center", va="center", fontsize=9)
    ax.set(xlim=(-0.3, left + len(letters) + 0.3), ylim=(max(height, len(columns)) + 0.3, -1), aspect="equal")
    ax.set_axis_off()
    return ax


@styled
def batch_as_columns(images, columns, k, window=None, pixel=None, ax=None):
    """A batch of small images (N, C, H, W), a row of grids for each image, beside its matrix of columns (C*k*k, OH*OW*N) for stride 1.

    Each image has a colour of its own, darker for the channels after the first; above each column stand its window and its image. Framed are
    the `window` (n, oh, ow) and its column, or the `pixel` (n, c, i, j) and its copies.
    """
    ax = axes_for(ax, (WIDE[0], 4.2))
    (many, channels, height, width), across = images.shape, output_size(images.shape[3], k)
    for n, c in np.ndindex(many, channels):
        corner = (c * (width + 1), 1 + n * (height + 2))
        ax.text(corner[0], corner[1] - 0.4, f"image {n}, channel {c}", fontsize=8, color="0.2")
        _coloured(ax, images[n, c], corner, np.full((height, width), n), np.full((height, width), c))
    left = channels * (width + 1) + 2.5
    places, rows = np.arange(columns.shape[1]), np.arange(len(columns))
    _coloured(ax, columns, (left, 1), np.tile(places % many, (len(rows), 1)), np.tile(rows[:, None] // k ** 2, (1, len(places))))
    for column in places:
        (oh, ow), n = divmod(column // many, across), column % many
        ax.text(left + column + 0.5, 0.6, f"({oh},{ow})\n{n}", ha="center", va="bottom", fontsize=8, color="0.2")
    ax.text(left - 0.2, 0.6, "window\nimage", ha="right", va="bottom", fontsize=8, color="0.2")
    for c in range(channels):
        ax.text(left - 0.2, 1 + (c + 0.5) * k ** 2, f"channel {c}", ha="right", va="center", fontsize=8, color="0.2")
    for corner, wide, high in _framed(images.shape, k, across, left, window, pixel):
        ax.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor="0.1", linewidth=2.2, zorder=3))
    ax.set(xlim=(-0.3, left + len(places) + 0.3), ylim=(max(1 + many * (height + 2), 1 + len(rows)) + 0.3, -0.9), aspect="equal")
    ax.set_axis_off()
    return ax


TINTS = (("#dbe9f6", "#a9cbe8"), ("#fbe6d2", "#f2bf8f"))                 # of the images of a small batch: first channel, the others


def _coloured(ax, values, corner, image, channel):
    """The numbers of a matrix as squares of side 1 in the colours of the images and channels that they come from."""
    for (row, column), value in np.ndenumerate(values):
        face = TINTS[image[row, column] % len(TINTS)][min(channel[row, column], 1)]
        ax.add_patch(Rectangle((corner[0] + column, corner[1] + row), 1, 1, facecolor=face, edgecolor="0.6", linewidth=0.7))
        ax.text(corner[0] + column + 0.5, corner[1] + row + 0.5, f"{value:g}", ha="center", va="center", fontsize=8)


def _framed(shape, k, across, left, window, pixel):
    """The corner, width and height of each frame of `batch_as_columns`."""
    many, channels, height, width = shape
    if window:
        n, oh, ow = window
        yield from (((c * (width + 1) + ow, 1 + n * (height + 2) + oh), k, k) for c in range(channels))
        yield (left + (oh * across + ow) * many + n, 1), 1, channels * k ** 2
    if pixel:
        n, c, i, j = pixel
        yield (c * (width + 1) + j, 1 + n * (height + 2) + i), 1, 1
        for u, v in np.ndindex(k, k):
            oh, ow = i - u, j - v
            if 0 <= oh <= height - k and 0 <= ow <= width - k:
                yield (left + (oh * across + ow) * many + n, 1 + c * k ** 2 + u * k + v), 1, 1


def _grid(ax, values, left):
    """The numbers of a matrix as squares of side 1, their upper left corner at (left, 0)."""
    for (row, column), value in np.ndenumerate(values):
        ax.add_patch(Rectangle((left + column, row), 1, 1, fill=False, edgecolor="0.6", linewidth=0.7))
        ax.text(left + column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=9)


@styled
def reached(net, image, names, data_name, ax=None):
    """The gradient of one number of each named layer's output, in the middle of its first map, with respect to the image (1, 1, H, W).

    Each panel is framed in its layer's colour. Blue is negative, red positive, white zero. Each panel has its own scale, and shows how
    many pixels have a nonzero gradient.
    """
    noise = 1e-6                            # of the largest: what is left by rounding where Winograd's convolution has to give 0
    ax = axes_for(ax, (WIDE[0], 2.3), ncols=len(names))
    colours = layer_colours([layer.name for layer in net.layers])
    for axis, name in zip(ax, names):
        slopes = _slopes(net, image, name)
        top = np.abs(slopes).max()
        axis.imshow(slopes, cmap=SIGNED, vmin=-top, vmax=top, interpolation="nearest")
        axis.contour(image[0, 0], levels=[0.5], colors="0.45", linewidths=0.7)
        axis.set_title(name, loc="center", fontsize=9, color=colours[name])
        axis.set_xlabel(f"{np.count_nonzero(np.abs(slopes) > noise * top)} pixels", fontsize=9)
        frame(axis, colours[name])
    ax[0].figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax


def _slopes(net, image, name):
    """The gradient (H, W) of one output number of the layer `name` with respect to the image: a backward pass from a single 1."""
    seen, out = [], image
    for layer in net.layers[:net.layers.index(net[name]) + 1]:
        shape = out.shape
        out, cache = layer.forward(out)
        seen.append((layer, cache, shape))
    d = np.zeros_like(out)
    d[(0, 0, *(side // 2 for side in out.shape[2:]))] = 1
    for layer, cache, shape in reversed(seen):
        d = layer.backward(d, cache, shape)[0]
    return d[0, 0]


@styled
def zeros_between(dout, W, strides, ax=None):
    """dx of a convolution as a convolution, a row per stride: dout, dout with zeros between and around, W rotated by 180 degrees, dx.

    dout (OH, OW) and W (k, k) are small whole numbers. The entry (1, 1) of dx and its window are shaded.
    """
    ax = axes_for(ax, (WIDE[0], 4.6))
    k, top, widest = len(W), 0.0, 0.0
    for stride in strides:
        height, width = ((n - 1) * stride + k for n in dout.shape)
        wide = np.zeros((height + k - 1, width + k - 1), dout.dtype)
        given = np.zeros(wide.shape, bool)
        inside = (slice(k - 1, height, stride), slice(k - 1, width, stride))
        wide[inside], given[inside] = dout, True
        cache = conv_forward(np.zeros((1, 1, height, width)), W[None, None].astype(float), np.zeros(1), stride)[1]
        dx = conv_backward(dout[None, None].astype(float), cache)[0][0, 0]
        middle, left = top + len(wide) / 2, 0.0
        ax.text(0, top - 1.1, f"stride {stride}", fontsize=10, weight="bold")
        left = _numbers(ax, "dout", dout, left, middle) + _sign(ax, "→", left + dout.shape[1] * ACROSS, middle)
        shaded = {(i, j) for i in range(1, 1 + k) for j in range(1, 1 + k)}
        left = _numbers(ax, "zeros around" if stride == 1 else "zeros between and around", wide, left, middle, shaded, given)
        left += _sign(ax, "∗", left, middle)
        left = _numbers(ax, "W, turned", W[::-1, ::-1], left, middle)
        left += _sign(ax, "=", left, middle)
        left = _numbers(ax, "dx", dx, left, middle, {(1, 1)})
        widest, top = max(widest, left), top + len(wide) + 2.6
    ax.set(xlim=(-0.3, widest + 0.3), ylim=(top - 2.2, -1.8))
    ax.set_axis_off()
    return ax


def _sign(ax, sign, left, middle):
    """Write a sign between two grids; returns its width."""
    ax.text(left + 0.9, middle, sign, fontsize=14, ha="center", va="center", color="0.3")
    return 1.8


def _numbers(ax, title, values, left, middle, shaded=(), bold=None):
    """A matrix as cells with numbers, centred on the height `middle`; entries that are not `bold` are grey. Returns its right edge."""
    top = middle - len(values) / 2
    ax.text(left, top - 0.35, title, fontsize=8, color="0.35")
    for (row, column), value in np.ndenumerate(values):
        corner = (left + column * ACROSS, top + row)
        face, edge, order = ("0.88", "0.1", 2) if (row, column) in shaded else ("white", "0.6", 1)
        ax.add_patch(Rectangle(corner, ACROSS, 1, facecolor=face, edgecolor=edge, linewidth=0.8, zorder=order))
        strong = bold is None or bold[row, column]
        ax.text(corner[0] + ACROSS / 2, corner[1] + 0.5, f"{value:g}", fontsize=9, ha="center", va="center", zorder=3,
                color="0.1" if strong else "0.6")
    return left + values.shape[1] * ACROSS
