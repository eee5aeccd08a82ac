"""Small images for widgets: arrays as PNGs inside the HTML, each with its text alternative.

Signed numbers have one colour map: blue below zero, white at zero, red above. Other images are grey. A caption gives the range of the
colours in numbers.
"""

import base64
import struct
import zlib
from html import escape

import matplotlib
import numpy as np

from lenet_lab.plots import SIGNED

GAP = 1                                  # pixels between two maps
SHADES = np.arange(256) / 255            # a colour map has 256 colours
GREYS, SIGNS = ((colours(SHADES) * 255).round().astype(np.uint8) for colours in (matplotlib.colormaps["Greys"], SIGNED))


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
    colours = (SIGNS if signed else GREYS)[(np.clip(share, 0, 1) * 255).round().astype(np.uint8)]
    colours[np.isnan(array), 3] = 0
    data = base64.b64encode(_png(colours)).decode()
    return (f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}" width="{array.shape[1] * zoom}" height="{array.shape[0] * zoom}" '
            'style="image-rendering:pixelated;display:block;margin:0">')


def _png(colours):
    """Colours (rows, columns, 4) of uint8 as the bytes of a PNG. A library for all kinds of pictures takes ten times as long for a small one."""
    rows, columns, _ = colours.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), colours.reshape(rows, 4 * columns)], axis=1)       # 0: a line as it is
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)
