"""LeNet-5 as published in 1998, and the operations that only it has: a table of connections, trainable subsampling, the scaled tanh.

Forward and backward functions come in pairs, like those in `lenet_core.ops`. At the end of the module they are registered as operations.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of
the IEEE 86(11), 1998, whose section II.B, equation 6 and appendix A are quoted.
"""

import math

import numpy as np

from lenet_core.initializers import lecun_1998
from lenet_core.net import Layer, Net
from lenet_core.ops import check_images, conv_backward, conv_forward, window_entries
from lenet_core.registry import register

# Table I of the paper: the maps of S2 (six) that are the inputs of each map of C3 (sixteen). If 5 and 0 count as neighbours, the first
# six have three neighbours as inputs, the next six four, the next three two pairs of neighbours, and the last one all six.
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
AMPLITUDE, SLOPE = 1.7159, 2 / 3


def table_conv_forward(x, W, b, table):
    """A convolution in which output map f has only the input maps `table[f]`: one k x k kernel for each connection of the table.

    x (N, C, H, W), W (connections, k, k) in the order of the table, b (F,) -> out (N, F, OH, OW), cache. It is computed as an
    ordinary convolution whose other kernels are 0. Source: section II.B and table I. Raises ValueError if the shapes of table,
    kernels and images do not fit.
    """
    check_images(x)
    filters, channels = places = _connections(table)
    if W.ndim != 3 or len(W) != len(channels) or channels.max() >= x.shape[1]:
        raise ValueError(f"table_conv: a table of {len(channels)} connections to maps 0 to {channels.max()} needs W of shape "
                         f"({len(channels)}, k, k) and so many maps, but W has shape {W.shape} and the images {x.shape}.")
    kernels = np.zeros((len(table), x.shape[1], *W.shape[1:]), W.dtype)
    kernels[places] = W
    out, cache = conv_forward(x, kernels, b)
    return out, (cache, places)


def table_conv_backward(dout, cache):
    """The gradients of `table_conv_forward`, for the kernels in the table only.

    dout (N, F, OH, OW) -> dx (N, C, H, W), dW (connections, k, k), db (F,).
    """
    cache, places = cache
    dx, dW, db = conv_backward(dout, cache)
    return dx, dW[places], db


def _connections(table):
    """(output maps, input maps) of the connections, two index arrays in the order of the table."""
    return np.repeat(np.arange(len(table)), [len(maps) for maps in table]), np.concatenate(table)


def subsample_forward(x, W, b):
    """The sum of every 2x2 window of a map, times the map's coefficient, plus the map's bias.

    x (N, C, H, W), W (C,), b (C,) -> out (N, C, H/2, W/2), cache; a last odd row or column is dropped. Source: section II.B.
    Raises ValueError unless there are one coefficient and one bias for each map.
    """
    check_images(x)
    if not x.shape[1:2] == W.shape == b.shape:
        raise ValueError(f"subsample: images {x.shape} need W and b of shape ({x.shape[1]},), "
                         f"but W has shape {W.shape} and b {b.shape}.")
    sums = sum(window_entries(x, 2, 2))
    return sums * W[:, None, None] + b[:, None, None], (sums, W, x.shape)


def subsample_backward(dout, cache):
    """The gradients of `subsample_forward`: each entry of a window gets the window's gradient times the coefficient.

    dout (N, C, H/2, W/2) -> dx (N, C, H, W), dW (C,), db (C,).
    """
    sums, W, x_shape = cache
    share = dout * W[:, None, None]
    dx = np.zeros((*x_shape[1:], x_shape[0]), share.dtype).transpose(3, 0, 1, 2)
    for view in window_entries(dx, 2, 2):
        view[...] = share
    return dx, (dout * sums).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def scaled_tanh_forward(x):
    """1.7159 tanh(2x/3), entry by entry; it maps 1 to 1 and -1 to -1, close to the points where its second derivative is largest.

    x of any shape -> out of that shape, cache. Source: equation 6 and appendix A.
    """
    t = np.tanh(x * SLOPE)
    return t * AMPLITUDE, t


def scaled_tanh_backward(dout, cache):
    """The gradient of `scaled_tanh_forward`: the derivative of tanh is 1 - tanh^2, so dx = dout * 1.7159 * 2/3 * (1 - tanh^2).

    dout -> dx, both of the input's shape.
    """
    return dout * (1 - cache * cache) * (AMPLITUDE * SLOPE)


# --------------------------------------------------------------------------------------------------- as operations of layers


def _table_fan_in(W_shape, table):
    """The fan-in of each connection's output map, (connections, 1, 1): output maps have different numbers of input maps."""
    return np.array([len(maps) * math.prod(W_shape[1:]) for maps in table for _ in maps])[:, None, None]


def _table_kernel(W, f, table):
    first = sum(len(maps) for maps in table[:f])
    return W[first:first + len(table[f])]


register("table_conv", table_conv_forward, table_conv_backward,
         bias_shape=lambda W_shape, table: (len(table),),
         fan_in=_table_fan_in,
         window=lambda W_shape, table: (W_shape[-1], 1, 0),
         channels=lambda f, depth, table: list(table[f]),
         kernel=_table_kernel)

register("subsample", subsample_forward, subsample_backward,
         bias_shape=lambda W_shape: W_shape,
         fan_in=lambda W_shape: 4,
         window=lambda W_shape: (2, 2, 0),
         kernel=lambda W, f: np.full((1, 2, 2), W[f]))

register("scaled_tanh", scaled_tanh_forward, scaled_tanh_backward)


def lenet5(rng, dtype=np.float32, bound=lecun_1998):
    """LeNet-5 as published in 1998, with ten scores in place of its RBF output: 60,850 parameters, 60,000 without the last layer.

    Source: LeCun et al. 1998, section II.B. C3 follows its table I. S2 and S4 have a coefficient and a bias for each map. Every
    layer up to F6 ends in the scaled tanh. (In its images white is -0.1 and black is 1.175.)
    """
    return Net((1, 32, 32), [                                       # (N,   1, 32, 32)
        Layer("conv1", "conv", (6, 1, 5, 5)),                       # (N,   6, 28, 28)
        Layer("tanh1", "scaled_tanh"),                              # (N,   6, 28, 28)
        Layer("sub2", "subsample", (6,)),                           # (N,   6, 14, 14)
        Layer("tanh2", "scaled_tanh"),                              # (N,   6, 14, 14)
        Layer("conv3", "table_conv", (60, 5, 5), table=C3_TABLE),   # (N,  16, 10, 10)
        Layer("tanh3", "scaled_tanh"),                              # (N,  16, 10, 10)
        Layer("sub4", "subsample", (16,)),                          # (N,  16,  5,  5)
        Layer("tanh4", "scaled_tanh"),                              # (N,  16,  5,  5)
        Layer("conv5", "conv", (120, 16, 5, 5)),                    # (N, 120,  1,  1)
        Layer("tanh5", "scaled_tanh"),                              # (N, 120,  1,  1)
        Layer("ip6", "inner_product", (120, 84)),                   # (N, 84)
        Layer("tanh6", "scaled_tanh"),                              # (N, 84)
        Layer("output", "inner_product", (84, 10)),                 # (N, 10)
    ]).initialise(rng, bound, dtype)
