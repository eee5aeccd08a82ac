"""The operations that only the LeNet-5 of 1998 has: a table of connections, trainable subsampling, the scaled tanh.

They stand apart from `ops` because no other network here uses them. Forward and backward functions come in pairs with the
shapes and the manners of `ops`.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of
the IEEE 86(11), 1998, whose section II.B, equation 6 and appendix A are quoted.
"""

import numpy as np

from .ops import check_images, conv_backward, conv_forward, window_entries

# Table I of the paper: which of the six maps of S2 each of the sixteen maps of C3 looks at. With 5 beside 0, the first six look
# at three neighbours, the next six at four, the next three at two pairs of neighbours, the last one at all six.
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
AMPLITUDE, SLOPE = 1.7159, 2 / 3


def table_conv_forward(x, W, b, table):
    """A convolution in which output map f looks only at the maps `table[f]`: one k x k kernel for each connection of the table.

    x (N, C, H, W), W (connections, k, k), kernels in the order of the table, b (F,) -> out (N, F, OH, OW), cache. It is an
    ordinary convolution whose other kernels are 0. Source: section II.B and table I. Raises ValueError where table, kernels
    and images do not fit.
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
    """The gradients of that convolution, without those of the kernels that are not there.

    dout (N, F, OH, OW) -> dx (N, C, H, W), dW (connections, k, k), db (F,).
    """
    cache, places = cache
    dx, dW, db = conv_backward(dout, cache)
    return dx, dW[places], db


def _connections(table):
    """(output maps, input maps) of the connections, two index arrays in the order of the table."""
    return np.repeat(np.arange(len(table)), [len(maps) for maps in table]), np.concatenate(table)


def subsample_forward(x, W, b):
    """The sum of every 2x2 window of a map, times the map's one coefficient, plus the map's one bias.

    x (N, C, H, W), W (C,), b (C,) -> out (N, C, H/2, W/2), cache; a last odd row or column is dropped. Source: section II.B.
    Raises ValueError when there is not one coefficient and one bias for each map.
    """
    check_images(x)
    if not x.shape[1:2] == W.shape == b.shape:
        raise ValueError(f"subsample: images {x.shape} need W and b of shape ({x.shape[1]},), "
                         f"but W has shape {W.shape} and b {b.shape}.")
    sums = sum(window_entries(x, 2, 2))
    return sums * W[:, None, None] + b[:, None, None], (sums, W, x.shape)


def subsample_backward(dout, cache):
    """Each of the four entries of a window gets the window's gradient times the coefficient.

    dout (N, C, H/2, W/2) -> dx (N, C, H, W), dW (C,), db (C,).
    """
    sums, W, x_shape = cache
    share = dout * W[:, None, None]
    dx = np.zeros((*x_shape[1:], x_shape[0]), share.dtype).transpose(3, 0, 1, 2)
    for view in window_entries(dx, 2, 2):
        view[...] = share
    return dx, (dout * sums).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def scaled_tanh_forward(x):
    """1.7159 tanh(2x/3), which takes 1 to 1 and -1 to -1, near where it is most curved.

    x of any shape -> out of that shape, cache. Source: equation 6 and appendix A.
    """
    t = np.tanh(x * SLOPE)
    return t * AMPLITUDE, t


def scaled_tanh_backward(dout, cache):
    """The slope of tanh is 1 - tanh^2, so dx = dout * 1.7159 * 2/3 * (1 - tanh^2).

    dout -> dx, both of the input's shape.
    """
    return dout * (1 - cache * cache) * (AMPLITUDE * SLOPE)
