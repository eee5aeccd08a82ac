"""The handout's data layout: the input and output of a layer, and how they correspond to images (N, C, H, W).

The input or output of a layer is a dict of `height`, `width`, `channel`, `batch_size`, `data` and, in the backward pass, `diff`.
`data` is a matrix (height*width*channel, batch_size). Each image is a *column* in the order (h, w, c): the channel index runs fastest.
Elsewhere in this package an image is (C, H, W), where the channel index runs slowest. Weights of an inner product or a convolution are
(fan_in, num), their rows in the order (h, w, c) as well. Layer 1 is the data; `params[i - 1]` belongs to `layers[i]`.
"""

import math

import numpy as np

from lenet_core import ops

FUNCTIONS = {"CONV": "conv_layer", "POOLING": "pooling_layer", "IP": "inner_product", "RELU": "relu"}


def as_images(maps):
    """The images (N, C, H, W) in a dict of the handout, as a view of its `data`."""
    h, w, c, n = (maps[key] for key in ("height", "width", "channel", "batch_size"))
    return maps["data"].reshape(h, w, c, n).transpose(3, 2, 0, 1)


def as_maps(x):
    """The dict of the handout for images (N, C, H, W), or for vectors (N, D), which get height and width 1."""
    n, c, h, w = nchw(x)
    data = np.ascontiguousarray(x.reshape(n, c, h, w).transpose(2, 3, 1, 0)).reshape(h * w * c, n)
    return {"height": h, "width": w, "channel": c, "batch_size": n, "data": data}


def nchw(x):
    """The shape (N, C, H, W) of images; of another array with a batch axis, its shape as vectors, (N, D, 1, 1)."""
    return x.shape if x.ndim == 4 else (len(x), math.prod(x.shape[1:]), 1, 1)


def lenet_layers(batch_size=64):
    """The eight layers of the test script. Source: homework table 2."""
    return {
        1: {"type": "DATA", "height": 28, "width": 28, "channel": 1, "batch_size": batch_size},
        2: {"type": "CONV", "num": 20, "k": 5, "stride": 1, "pad": 0, "group": 1},
        3: {"type": "POOLING", "k": 2, "stride": 2, "pad": 0},
        4: {"type": "CONV", "num": 50, "k": 5, "stride": 1, "pad": 0, "group": 1},
        5: {"type": "POOLING", "k": 2, "stride": 2, "pad": 0},
        6: {"type": "IP", "num": 500, "init_type": "uniform"},
        7: {"type": "RELU"},
        8: {"type": "LOSS", "num": 10},
    }


def size_after(layer, h, w, c):
    """(height, width, channel) of a layer's output. Raises ValueError for a layer of the handout that is not supported here."""
    kind = layer["type"]
    if kind == "RELU":
        return h, w, c
    if kind == "IP":
        return 1, 1, layer["num"]
    if kind not in ("CONV", "POOLING"):
        raise ValueError(f"There is no layer of type {kind!r} between DATA and LOSS; there are: {', '.join(FUNCTIONS)}.")
    if layer.get("group", 1) != 1 or (kind == "POOLING" and layer.get("pad", 0) != 0):
        raise ValueError(f"A layer of type {kind} has group 1, and pooling has pad 0, as the homework assumes; got {layer}.")
    pad, channels = layer.get("pad", 0), layer["num"] if kind == "CONV" else c
    return (ops.output_size(h, layer["k"], layer["stride"], pad), ops.output_size(w, layer["k"], layer["stride"], pad), channels)
