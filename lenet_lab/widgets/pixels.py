"""Small images for widgets: arrays as PNGs inside the HTML, each with its text alternative.

Signed numbers have one colour map: blue below zero, white at zero, red above. Other images are grey. A caption gives the range of the
colours in numbers.
"""

import base64
import io
from html import escape

import matplotlib
import numpy as np
from matplotlib.image import imsave

from lenet_lab.plots import SIGNED

GAP = 1                                  # pixels between two maps


def sheet(maps, columns):
    """Maps (F, H, W) side by side, `columns` in a row, with a gap of nan between them: one array (rows, columns)."""
    F, H, W = maps.shape
    rows = -(-F // columns)
    out = np.full((rows * (H + GAP) - GAP, columns * (W + GAP) - GAP), np.nan)
    for n, one in enumerate(maps):
        top, left = n // columns * (H + GAP), n % columns * (W + GAP)
        out[top:top + H, left:left + W] = one
    return out


def image(array, alt, zoom=4, low=None, high=None):
    """An array (rows, columns) as an HTML image, with `zoom` screen pixels for each number.

    By default it is grey, 0 white and 1 black; with `low` and `high` = -low, it has the colours of signed numbers. nan is transparent.
    """
    signed = low is not None
    low, high = (low, high) if signed else (0.0, 1.0)
    share = (np.nan_to_num(array) - low) / max(high - low, 1e-12)
    colours = (SIGNED if signed else matplotlib.colormaps["Greys"])(np.clip(share, 0, 1))
    colours[np.isnan(array), 3] = 0
    png = io.BytesIO()
    imsave(png, colours, format="png")
    data = base64.b64encode(png.getvalue()).decode()
    return (f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}" width="{array.shape[1] * zoom}" height="{array.shape[0] * zoom}" '
            'style="image-rendering:pixelated;display:block;margin:0">')
