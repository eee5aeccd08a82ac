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


def bars(p, label=None):
    """Ten probabilities as rows of an HTML table: class, bar, percent; the answer in bold, the label marked in words."""
    rows = ""
    for k, value in enumerate(p):
        words = f"{value:.1%}" + (" answer" if k == p.argmax() else "") + (" label" if k == label else "")
        weight = "bold" if k == p.argmax() else "normal"
        rows += (f'<tr style="font-weight:{weight}"><th scope="row" style="padding:0 6px;text-align:right">{k}</th><td style="width:110px">'
                 f'<div style="height:9px;width:{100 * value:.1f}%;min-width:1px;background:#1f4e79"></div></td>'
                 f'<td style="padding:0 6px;font-variant-numeric:tabular-nums;text-align:left">{words}</td></tr>')
    return f'<table aria-label="probabilities" style="line-height:1.25;border-collapse:collapse">{rows}</table>'
