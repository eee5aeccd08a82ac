"""The convolution: right answers, cases and misconceptions."""

import numpy as np

from lenet_core import ops, reference

from ..engine import Case, Exercise, Misconception
from .common import calls, draw, filled_up, first_windows, images, one_sided, padded, pick, repeated, slopes, swapped, turned, windows, with_dout


def _conv_cases(rng):
    return [
        Case("hand", (np.arange(1.0, 13).reshape(1, 1, 3, 4), np.array([[[[1.0, 2], [0, -1]]]]), np.array([10.0])), {},
             "the numbers 1 to 12 in three rows"),
        Case("random", (draw(rng, 2, 3, 5, 4), draw(rng, 4, 3, 3, 3), draw(rng, 4))),
        Case("random", (draw(rng, 2, 2, 6, 5), draw(rng, 3, 2, 2, 2), draw(rng, 3)), {"stride": 2}),
        Case("random", (draw(rng, 1, 2, 4, 3), draw(rng, 3, 2, 3, 3), draw(rng, 3)), {"pad": 1}),
        Case("random", (draw(rng, 2, 1, 5, 6), draw(rng, 2, 1, 3, 3), draw(rng, 2)), {"stride": 2, "pad": 2}),
        Case("random", tuple(draw(rng, *shape, dtype=np.float32) for shape in ((2, 2, 4, 5), (3, 2, 2, 2), (3,)))),
        Case("edge", (draw(rng, 2, 2, 6, 7), draw(rng, 3, 2, 3, 3), draw(rng, 3)), {"stride": 2}, "a stride that does not divide"),
        Case("edge", (draw(rng, 2, 3, 4, 3), draw(rng, 2, 3, 1, 1), draw(rng, 2)), {}, "a window of one pixel"),
        Case("edge", (ops.batch_innermost(draw(rng, 3, 2, 4, 5)), draw(rng, 4, 2, 2, 2), draw(rng, 4)), {}, "x does not lie row by row in memory"),
        Case("random", (draw(rng, 1, 2, 5, 5), draw(rng, 2, 2, 3, 3), draw(rng, 2)), {"stride": 1, "pad": 2}),
        Case("random", (draw(rng, 2, 1, 6, 8), draw(rng, 2, 1, 5, 5), draw(rng, 2))),
    ]


def _conv_case(rng):
    k, F = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    x = images(rng, k)
    type_ = x.dtype.type
    return Case("random", (x, draw(rng, F, x.shape[1], k, k, dtype=type_), draw(rng, F, dtype=type_)),
                {"stride": pick(rng, 1, 2, 3), "pad": pick(rng, 0, 1, 2)})


def _conv(change_x=lambda x, pad: (x, pad), change_W=lambda W: W, bias=1, stride_of=lambda stride: stride):
    """A convolution with one thing changed."""
    def function(x, W, b, stride=1, pad=0):
        x, pad = change_x(x, pad)
        return (ops.conv_forward(x, change_W(W), bias * b, stride_of(stride), pad)[0],)
    return function


def _reshaped(x, W, b, stride=1, pad=0):
    out = ops.conv_forward(x, W, b, stride, pad)[0]
    return (out.transpose(1, 2, 3, 0).reshape(out.shape),)


def _reshaped_by_filter(x, W, b, stride=1, pad=0):
    out = ops.conv_forward(x, W, b, stride, pad)[0]
    N, F, OH, OW = out.shape
    return (out.transpose(1, 2, 3, 0).reshape(F, N, OH, OW).transpose(1, 0, 2, 3),)


def _changed_out(change):
    return lambda x, W, b, stride=1, pad=0: (change(ops.conv_forward(x, W, b, stride, pad)[0], x, W, b),)


def _product(x, W, b, stride, pad):
    """The product with the columns, (F, OH*OW*N), plus b."""
    return W.reshape(len(W), -1) @ ops.im2col(x, W.shape[2], stride, pad) + b


def _product_with_row(x, W, b, stride=1, pad=0):
    out = ops.conv_forward(x, W, b, stride, pad)[0]
    return (_product(x, W, b, stride, pad).reshape(out.transpose(1, 2, 3, 0).shape).transpose(3, 0, 1, 2),)


def _just_fitting_missing(x, W, b, stride=1, pad=0):
    OH, OW = (max(0, -(-(size + 2 * pad - W.shape[2]) // stride)) for size in x.shape[2:])
    return (ops.conv_forward(x, W, b, stride, pad)[0][:, :, :OH, :OW],)


def _scrambled(x, W, b, stride=1, pad=0):
    return (ops.conv_forward(x, W.reshape(-1, len(W)).T.reshape(W.shape), b, stride, pad)[0],)


def _square(x, W, b, stride=1, pad=0):
    out = ops.conv_forward(x, W, b, stride, pad)[0]
    return (np.ascontiguousarray(out.transpose(1, 2, 3, 0)).reshape(out.shape[1], out.shape[2], out.shape[2], len(x)).transpose(3, 0, 1, 2),)


def _channels_apart(x, W, b, stride=1, pad=0):
    """Every channel's own map, not summed: (N, F, C, OH, OW)."""
    return (np.einsum("nchwij,fcij->nfchw", windows(padded(x, pad), W.shape[2], stride), W) + b[:, None, None, None],)


def _one_filter_for_all(x, W, b, stride=1, pad=0):
    return (ops.conv_forward(x, np.repeat(W[:1], len(W), axis=0), b, stride, pad)[0],)


def _first_channel(x, W, b, stride=1, pad=0):
    return (ops.conv_forward(x[:, :1], W[:, :1], b, stride, pad)[0],)


CONV_FORWARD = Exercise(
    "conv_forward", ("out",), _conv_cases, lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W, b, stride, pad)[0],), ("x", "W", "b"),
    cached=True, covering=(574, 526, 39, 0, 22, 6), one=_conv_case, wrongs=[
        Misconception("flipped kernel", "The filter has been rotated by 180 degrees, as in a convolution of mathematics. In this field nothing is "
              "flipped.",
              _conv(change_W=turned)),
        Misconception("columns for rows", "The filter's rows and columns are exchanged.", _conv(change_W=swapped)),
        Misconception("bias forgotten", "The bias is missing: one number per filter is added to its whole map.", _conv(bias=0)),
        Misconception("padding missing", "The padding is missing: `pad` rows and columns of zeros go around every image first.",
              _conv(change_x=lambda x, pad: (x, 0))),
        Misconception("padding on one side", "All the padding is on the right and at the bottom. It goes on all four sides, `pad` on each.",
              _conv(change_x=lambda x, pad: (one_sided(x, pad), 0))),
        Misconception("padding not zero", "The border repeats the image. It is padded with zeros.",
              _conv(change_x=lambda x, pad: (padded(x, pad, mode="edge"), 0))),
        Misconception("stride ignored", "The window moves by 1, whatever `stride` is.", _conv(stride_of=lambda stride: 1)),
        Misconception("step forgotten", "The window at (oh, ow) starts at row oh. It starts at oh * stride: the window moves by `stride`.",
              lambda x, W, b, stride=1, pad=0: (np.einsum("nchwij,fcij->nfhw", first_windows(padded(x, pad), W.shape[2], stride), W)
                                                + b[:, None, None],)),
        Misconception("batch mixed up", "The product has the order filter, row, column, image. A reshape to (N, F, OH, OW) mixes the images up: "
              "reshape to (F, OH, OW, N), then transpose.", _reshaped),
        Misconception("batch mixed up", "The product has the order filter, row, column, image. A reshape to (F, N, OH, OW) mixes the images up: "
              "reshape to (F, OH, OW, N), then transpose.", _reshaped_by_filter),
        Misconception("padding on all axes", "np.pad(x, pad) pads all four axes, also images and channels. Rows and columns only: ((0, 0), (0, 0), "
              "(pad, pad), (pad, pad)).", lambda x, W, b, stride=1, pad=0: (ops.conv_forward(np.pad(x, pad), W, b, stride, 0)[0],),
              calls("pad")),
        Misconception("product not split", "That is the product, (F, OH*OW*N). What is left to do: split its long axis with .reshape(F, OH, OW, N), "
              "then bring the images to the front.", lambda x, W, b, stride=1, pad=0: (_product(x, W, b[:, None], stride, pad),)),
        Misconception("product not split", "That is the product, (F, OH*OW*N), without the bias. Add b[:, None], split the long axis with "
              ".reshape(F, OH, OW, N), then bring the images to the front.", lambda x, W, b, stride=1, pad=0: (_product(x, W, 0, stride, pad),)),
        Misconception("product not split", "That is the product, (F, OH*OW*N), plus b as a row. b belongs beside it as a column, b[:, None]. Then "
              "split the long axis with .reshape(F, OH, OW, N), and bring the images to the front.",
              lambda x, W, b, stride=1, pad=0: (_product(x, W, b, stride, pad),)),
        Misconception("bias along the wrong axis", "b is added to the product as a row. There is one per filter, and so per row of the product: "
              "b[:, None].", _product_with_row),
        Misconception("only the first channel", "Only the first channel has been used. A filter has weights for every channel, and sums over them.",
              _first_channel),
        Misconception("mean over channels", "The sum has been divided by the number of channels. A filter sums over them.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W / W.shape[1], b, stride, pad)[0],)),
        Misconception("channel order", "The filter's channels have been used in reverse order.", _conv(change_W=lambda W: W[:, ::-1])),
        Misconception("stride and padding ignored", "The window moves by 1 and there is no padding: hand `stride` and `pad` on to im2col.",
              _conv(change_x=lambda x, pad: (x, 0), stride_of=lambda stride: 1)),
        Misconception("padding of 1", "The padding is 1 wherever there is any. It is `pad`.", _conv(change_x=lambda x, pad: (x, min(pad, 1)))),
        Misconception("padding twice", "The image is padded twice, perhaps here and in im2col. Once is enough.",
              _conv(change_x=lambda x, pad: (padded(x, pad), pad))),
        Misconception("padding on one side", "All the padding is at the top and on the left. It goes on all four sides, `pad` on each.",
              _conv(change_x=lambda x, pad: (np.pad(x, ((0, 0), (0, 0), (2 * pad, 0), (2 * pad, 0))), 0))),
        Misconception("partial windows kept", "There is an output for a last window that is cut off at the edge. The number is (H + 2 pad - k) // "
              "stride + 1: floor, not ceil.", lambda x, W, b, stride=1, pad=0: (
                  ops.conv_forward(filled_up(padded(x, pad), W.shape[2], stride), W, b, stride)[0],)),
        *(Misconception("padding on one side", f"There is padding {where} only. It goes on all four sides, `pad` on each.",
                        lambda x, W, b, stride=1, pad=0, sides=sides: (ops.conv_forward(np.pad(x, ((0, 0), (0, 0), *sides(pad))), W, b, stride)[0],))
          for where, sides in (("at the top and on the left", lambda pad: ((pad, 0), (pad, 0))),
                               ("at the bottom and on the right", lambda pad: ((0, pad), (0, pad))))),
        Misconception("last window missing", "The last output of each row and column is missing: (H + 2 pad - k) // stride + 1 windows fit, with "
              "the + 1.",
              _changed_out(lambda out, x, W, b: out[:, :, :-1, :-1])),
        Misconception("last window missing", "A last output that just fits is left out, as by range(0, H - k, stride). It ends at H + 2 pad - k + 1.",
              _just_fitting_missing),
        Misconception("filter's numbers out of order", "W.reshape(-1, F).T puts the weights in another order than W.reshape(F, -1): each filter must "
              "become one row.", _scrambled),
        Misconception("square images only", "The output's width has been taken to be its height, so it fits only where they are equal.", _square),
        Misconception("bias along the wrong axis", "The bias is added along the columns of the map. There is one per filter: b[:, None] beside the "
              "product with F rows, or b[:, None, None] beside maps.", lambda x, W, b, stride=1, pad=0: (
                  ops.conv_forward(x, W, 0 * b, stride, pad)[0] + b,)),
        Misconception("one bias for all", "The sum of all biases is added to every map. Each filter has its own.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W, 0 * b, stride, pad)[0] + b.sum(),)),
        Misconception("one bias for all", "The first bias is added to every map. Each filter has its own.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W, 0 * b, stride, pad)[0] + b[0],)),
        Misconception("bias subtracted", "The bias is added, not subtracted.", _conv(bias=-1)),
        Misconception("bias once for each weight", "The bias is added for every weight of the filter, or for every channel. It is added once to "
              "the sum.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W, b * W.shape[1], stride, pad)[0],)),
        Misconception("bias once for each weight", "The bias is added for every weight of the filter. It is added once to the sum.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W, b * W[0].size, stride, pad)[0],)),
        Misconception("channels not summed", "There is a map for every channel. A filter has weights for all channels, and their sum is one map.",
              _channels_apart),
        Misconception("last channel only", "Only the last channel counts: = in the place of += in the loop over the channels. Add them.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x[:, -1:], W[:, -1:], b, stride, pad)[0],)),
        Misconception("channels summed first", "The channels of the image have been summed before the product. Each channel has weights of its own.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(np.repeat(x.sum(axis=1, keepdims=True), x.shape[1], 1), W / x.shape[1], b, stride,
                  pad)[0],)),
        Misconception("one filter for all", "The first filter is used for every map. Each filter makes a map of its own.", _one_filter_for_all),
        Misconception("mean over the window", "The sum has been divided by the number of weights. A filter is a plain sum of products.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(x, W / W[0].size, b, stride, pad)[0],)),
        Misconception("first image only", "Only the first image has been used, and repeated. Every image has its own maps.",
              lambda x, W, b, stride=1, pad=0: (ops.conv_forward(repeated(x), W, b, stride, pad)[0],)),
        Misconception("half flipped", "The filter's rows are in reverse order. In this field nothing is flipped.",
              _conv(change_W=lambda W: W[:, :, ::-1])),
        Misconception("half flipped", "The filter's columns are in reverse order. In this field nothing is flipped.",
              _conv(change_W=lambda W: W[:, :, :, ::-1])),
        Misconception("rows for columns", "Height and width of the output are exchanged.", _changed_out(lambda out, x, W, b: swapped(out))),
        Misconception("filters first", "The axes are (F, N, OH, OW). Wanted is (N, F, OH, OW): transpose.",
              _changed_out(lambda out, x, W, b: out.swapaxes(0, 1))),
        Misconception("images last", "The axes are (F, OH, OW, N), as the product has them. Wanted is (N, F, OH, OW): .transpose(3, 0, 1, 2).",
              _changed_out(lambda out, x, W, b: out.transpose(1, 2, 3, 0))),
        Misconception("ReLU added", "Negative results have become 0. A convolution has no ReLU; that is a layer of its own.",
              _changed_out(lambda out, x, W, b: np.maximum(out, 0))),
        Misconception("stride is k", "The window moves by k. It moves by `stride`.", lambda x, W, b, stride=1, pad=0: (
            ops.conv_forward(x, W, b, W.shape[2], pad)[0],)),
    ])


def _conv_backward(dout, x, W, b, stride=1, pad=0):
    return ops.conv_backward(dout, ops.conv_forward(x, W, b, stride, pad)[1])


def _conv_by(d, x, W, stride, pad):
    """dx and dW from `d`, dout as a matrix with F rows."""
    dx = ops.col2im(W.reshape(len(W), -1).T @ d, x.shape, W.shape[2], stride, pad)
    return dx, (d @ ops.im2col(x, W.shape[2], stride, pad).T).reshape(W.shape)


def _other_order(dout):
    return dout.transpose(1, 0, 2, 3).reshape(dout.shape[1], -1)


def _not_transposed(dout):
    return dout.reshape(dout.shape[1], -1)


def _of_channel(grads):
    """dx and dW with all channels but the first set to 0."""
    dx, dW, db = grads
    dx, dW = dx.copy(), dW.copy()
    dx[:, 1:], dW[:, 1:] = 0, 0
    return dx, dW, db


def _by_filter(dout):
    """dout as a matrix with F rows, its columns in the order of im2col."""
    return dout.transpose(1, 2, 3, 0).reshape(dout.shape[1], -1)


def _dx_set(dout, x, W, stride, pad):
    dx, k = np.zeros_like(padded(x, pad)), W.shape[2]
    for i, j in np.ndindex(*dout.shape[2:]):
        dx[:, :, i * stride:i * stride + k, j * stride:j * stride + k] = np.tensordot(dout[:, :, i, j], W, 1)
    return dx[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]


def _dx_dense(dout, x, W, pad):
    """dx as a convolution of dout at stride 1, whatever the stride was, put into the upper left corner."""
    dense = ops.conv_forward(dout, turned(W).swapaxes(0, 1), np.zeros(W.shape[1]), pad=W.shape[2] - 1)[0]
    dx, part = np.zeros_like(x), dense[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]
    dx[:, :, :part.shape[2], :part.shape[3]] = part
    return dx


def _dW_of_all_rows(dout, x, W, stride, pad):
    """dW as a matrix, from the package's columns with their last row of ones."""
    cols = ops.im2col(x, W.shape[2], stride, pad)
    cols = np.vstack([cols, np.ones((1, cols.shape[1]), cols.dtype)])
    return _by_filter(dout) @ cols.T


def _dW_moved(dout, x, W, stride, pad):
    return _dW_of_all_rows(dout, x, W, stride, pad)[:, 1:].reshape(W.shape)


def _conv_changed(n, change):
    """Wrong gradients of a convolution: the right ones with the n-th of dx, dW, db changed."""
    def function(dout, x, W, b, stride=1, pad=0):
        grads = list(_conv_backward(dout, x, W, b, stride, pad))
        grads[n] = change(grads[n], dout, x, W, stride, pad)
        return grads
    return function


CONV_BACKWARD = Exercise(
    "conv_backward", ("dx", "dW", "db"), lambda rng: with_dout(rng, _conv_cases(rng), ops.conv_forward), _conv_backward, ("x", "W", "b"),
    forward=ops.conv_forward, numeric=slopes(ops.conv_forward, {"dx": 0, "dW": 1, "db": 2}),
    covering=(574, 526, 39, 0, 22, 6), one=lambda rng: with_dout(rng, [_conv_case(rng)], ops.conv_forward)[0], wrongs=[
        Misconception("filter turned twice", "In dx the filter has been rotated, but col2im turns nothing round: it puts each entry back where "
              "im2col took it. Leave W as it is: W.reshape(F, -1).T @ d.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, x, turned(W), stride, pad)[0]), calls("col2im")),
        Misconception("filter not flipped back", "In dx the filter is turned round the wrong way: a convolution of dout needs it rotated by 180 "
              "degrees, adding back with += as it is. Pixel (oh+i, ow+j) met weight (i, j) in output (oh, ow).",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, x, turned(W), stride, pad)[0])),
        Misconception("columns for rows", "In dx the filter's rows and columns are exchanged.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, x, swapped(W), stride, pad)[0])),
        Misconception("padding not cut off", "dx still has the padding. It has the shape of x: cut `pad` off on all sides.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout, padded(x, pad), W, stride, 0)[0])),
        Misconception("batch mixed up", "dout has been brought into another order than the columns: they run over row, column, image, so dout "
              "becomes dout.transpose(1, 2, 3, 0).reshape(F, -1).",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: _conv_by(_other_order(dout), x, W, stride, pad)[0])),
        Misconception("batch mixed up", "dout has been brought into another order than the columns: they run over row, column, image, so dout "
              "becomes dout.transpose(1, 2, 3, 0).reshape(F, -1).",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: _conv_by(_other_order(dout), x, W, stride, pad)[1])),
        *(Misconception("not transposed", "dout has been reshaped to F rows without a transpose. Its axes are image, filter, row, column, so these "
                "rows are not the filters. Use dout.transpose(1, 2, 3, 0).reshape(F, -1).", wrong) for wrong in (
                    _conv_changed(0, lambda dx, dout, x, W, stride, pad: _conv_by(_not_transposed(dout), x, W, stride, pad)[0]),
                    _conv_changed(1, lambda dW, dout, x, W, stride, pad: _conv_by(_not_transposed(dout), x, W, stride, pad)[1]),
                    _conv_changed(2, lambda db, dout, x, W, stride, pad: _not_transposed(dout).sum(axis=1)))),
        Misconception("dW flipped", "dW is rotated by 180 degrees.", _conv_changed(1, lambda dW, dout, x, W, stride, pad: turned(dW))),
        Misconception("dW columns for rows", "In dW rows and columns of each filter are exchanged.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: swapped(dW))),
        Misconception("mean for sum", "dW has been divided by the batch size. The loss is already a mean, so dout contains 1/N; here everything is "
              "summed.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: dW / len(x))),
        Misconception("db forgotten", "db is zero: a bias is added to a whole map, so its gradient is the sum of dout over that map and the batch.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: np.zeros_like(db))),
        Misconception("db mean for sum", "db is a mean. Every entry of the map depends on the bias with slope 1: sum dout over them.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout.mean(axis=(0, 2, 3)))),
        Misconception("db of the batch mean", "db has been divided by the batch size. The loss is already a mean; here everything is summed.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: db / len(x))),
        Misconception("db not summed over the map", "db has been summed over the batch only. A bias is added at every position of its map.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout.sum(axis=0))),
        Misconception("db not summed over the batch", "db has been summed over the maps only. A bias is added in every image: sum over the batch "
              "too.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout.sum(axis=(2, 3)))),
        Misconception("db kept as a column", "The numbers are right, but db has two axes. b has one: sum without keepdims.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: db[:, None])),
        Misconception("db summed over everything", "db is one number, the sum of all of dout. Each filter has a bias of its own.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout.sum())),
        Misconception("first image only", "db comes from the first image only. A bias acts in every image.",
              _conv_changed(2, lambda db, dout, x, W, stride, pad: dout[0].sum(axis=(1, 2)))),
        Misconception("all divided by the batch", "All three gradients have been divided by the batch size. The loss is already a mean, so dout "
              "contains 1/N.", lambda dout, x, W, b, stride=1, pad=0: [one / len(x) for one in _conv_backward(dout, x, W, b, stride, pad)]),
        Misconception("dx divided by the batch", "dx has been divided by the batch size. The loss is already a mean, so dout contains 1/N.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: dx / len(x))),
        Misconception("sign", "All three gradients have the opposite sign.",
              lambda dout, x, W, b, stride=1, pad=0: [-one for one in _conv_backward(dout, x, W, b, stride, pad)]),
        Misconception("first channel only", "dx and dW are computed for the first channel only. Go through all channels of x.",
              lambda dout, x, W, b, stride=1, pad=0: _of_channel(_conv_backward(dout, x, W, b, stride, pad))),
        Misconception("first channel only", "dx is computed for the first channel only. Go through all channels of x.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: _of_channel((dx, dx, dx))[0])),
        Misconception("first filter only", "dx comes from the first filter only. A pixel acts on the maps of all filters: add them.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout[:, :1], x, W[:1], stride, pad)[0])),
        Misconception("last filter only", "dx comes from the last filter only: = in the place of +=. A pixel acts on the maps of all filters.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(dout[:, -1:], x, W[-1:], stride, pad)[0])),
        Misconception("first image only", "dW comes from the first image only. A weight acts in every image: sum over all.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: reference.conv_backward(dout[:1], x[:1], W, stride, pad)[1])),
        Misconception("last image only", "dW comes from the last image only: = in the place of +=. A weight acts in every image.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: reference.conv_backward(dout[-1:], x[-1:], W, stride, pad)[1])),
        Misconception("filter's numbers out of order", "For dx, W.reshape(-1, F) puts the weights in another order than W.reshape(F, -1).T: each "
              "filter is one row, then transpose.", _conv_changed(0, lambda dx, dout, x, W, stride, pad: ops.col2im(
                  W.reshape(-1, len(W)) @ _by_filter(dout), x.shape, W.shape[2], stride, pad))),
        Misconception("col2im forgotten", "dx is still in columns: each pixel's gradients are spread over several windows. col2im adds them.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: W.reshape(len(W), -1).T @ _by_filter(dout))),
        Misconception("overlaps overwritten", "In dx, where windows overlap only the last one counts. Add them: += in the place of =.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: _dx_set(dout, x, W, stride, pad))),
        Misconception("stride forgotten in dx", "dx as a convolution of dout fits only for stride 1. With a larger one dout needs stride - 1 zeros "
              "between its entries, or use col2im.", _conv_changed(0, lambda dx, dout, x, W, stride, pad: _dx_dense(dout, x, W, pad))),
        Misconception("stride and padding forgotten", "The windows of the backward pass have stride 1 and no padding. Use the `stride` and `pad` of "
              "the forward pass.", lambda dout, x, W, b, stride=1, pad=0: _conv_backward(dout, x, W, b)),
        Misconception("row of ones taken for pixels", "The last row of `cols` is ones, for the bias. dW has been taken from the wrong rows: drop "
              "the last one, not the first.", _conv_changed(1, lambda dW, dout, x, W, stride, pad: _dW_moved(dout, x, W, stride, pad))),
        Misconception("row of ones left in", "dW has a column too much. This check uses the package's cols, with a last row of ones for the bias: "
              "leave that row out, as in cols[:C * k * k], and reshape dW to W.shape.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: _dW_of_all_rows(dout, x, W, stride, pad))),
        Misconception("not reshaped", "dW is still a matrix, with a row for each filter. Reshape it to W.shape, (F, C, k, k).",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: dW.reshape(len(dW), -1))),
        Misconception("pixels for weights", "dx uses x in the place of W, or dW uses W in the place of x: dx = W' d, dW = d cols'.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: W)),
        Misconception("channel order", "In dW the channels are in reverse order.",
              _conv_changed(1, lambda dW, dout, x, W, stride, pad: dW[:, ::-1])),
        Misconception("padding cut on one side", "dx still has the padding on the right and at the bottom, or the image begins in the wrong "
              "place. Cut pad : pad + H.", _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(
                  dout, padded(x, pad), W, stride, 0)[0][:, :, :x.shape[2], :x.shape[3]])),
        Misconception("empty slice", "dx[:, :, pad:-pad, pad:-pad] is empty where pad is 0. Cut with pad : pad + H.",
              _conv_changed(0, lambda dx, dout, x, W, stride, pad: reference.conv_backward(
                  dout, padded(x, pad), W, stride, 0)[0][:, :, pad:-pad, pad:-pad])),
    ])
