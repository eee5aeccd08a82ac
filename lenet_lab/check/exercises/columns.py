"""im2col and col2im: right answers, cases and misconceptions."""

import numpy as np

from lenet_core import ops

from ..engine import Case, Exercise, Misconception
from .common import calls, draw, filled_up, first_windows, images, one_sided, padded, pick, repeated, swapped, turned, windows


def _im2col_cases(rng):
    return [
        Case("hand", (np.arange(1.0, 13).reshape(1, 1, 3, 4),), {"k": 2}, "the numbers 1 to 12 in three rows"),
        Case("random", (draw(rng, 2, 3, 5, 4),), {"k": 3}),
        Case("random", (draw(rng, 2, 2, 6, 5),), {"k": 2, "stride": 2}),
        Case("random", (draw(rng, 1, 2, 4, 3),), {"k": 3, "pad": 1}),
        Case("random", (draw(rng, 3, 2, 5, 6),), {"k": 3, "stride": 2, "pad": 2}),
        Case("random", (draw(rng, 2, 2, 4, 5, dtype=np.float32),), {"k": 2}),
        Case("edge", (draw(rng, 2, 2, 6, 7),), {"k": 3, "stride": 2}, "a stride that does not divide"),
        Case("edge", (draw(rng, 2, 3, 4, 4),), {"k": 1}, "a window of one pixel"),
        Case("edge", (ops.batch_innermost(draw(rng, 3, 2, 4, 5)),), {"k": 2, "pad": 1}, "x does not lie row by row in memory"),
        Case("random", (draw(rng, 1, 3, 6, 4),), {"k": 3}),
        Case("random", (draw(rng, 2, 1, 5, 3),), {"k": 2, "pad": 2}),
        Case("random", (draw(rng, 2, 1, 6, 8),), {"k": 5}),
    ]


def _im2col_case(rng):
    k, stride, pad = int(rng.integers(1, 4)), pick(rng, 1, 2, 3), pick(rng, 0, 1, 2)
    return Case("random", (images(rng, k),), {"k": k, "stride": stride, "pad": pad})


def _col2im_case(rng):
    case = _im2col_case(rng)
    cols = ops.im2col(case.args[0], **case.kwargs)
    return case._replace(args=(rng.standard_normal(cols.shape).astype(cols.dtype), case.args[0].shape))


def _cols(order):
    """im2col with the six axes (channel, row in window, column in window, window's row, window's column, image) in another order."""
    def function(x, k, stride=1, pad=0):
        cut = windows(padded(x, pad), k, stride).transpose(1, 4, 5, 2, 3, 0)
        axes = ["cijhwn".index(letter) for letter in order]
        rows = x.shape[1] * k * k
        return (cut.transpose(axes).reshape(rows, -1),)
    return function


def _mixed_up(x, k, stride=1, pad=0):
    cut = windows(padded(x, pad), k, stride)
    columns = [cut[:, :, i, j].reshape(-1, len(x)) for i, j in np.ndindex(*cut.shape[2:4])]
    return (np.hstack(columns),)


def _sized(cut):
    """im2col of a part of the windows (N, C, OH, OW, k, k)."""
    def function(x, k, stride=1, pad=0):
        return (_as_columns(cut(windows(padded(x, pad), k, stride))),)
    return function


def _square_windows(x, k, stride=1, pad=0):
    x, OH = padded(x, pad), ops.output_size(x.shape[2], k, stride, pad)
    return (np.hstack([x[:, :, i * stride:i * stride + k, j * stride:j * stride + k].reshape(len(x), -1).T for i, j in np.ndindex(OH, OH)]),)


def _as_columns(cut):
    return cut.transpose(1, 4, 5, 2, 3, 0).reshape(cut.shape[1] * cut.shape[4] * cut.shape[5], -1)


def _of(change):
    """im2col of changed images; `change(x, k, stride, pad)` returns x and the rest of the arguments."""
    return lambda x, k, stride=1, pad=0: (ops.im2col(*change(x, k, stride, pad)),)


IM2COL = Exercise("im2col", ("cols",), _im2col_cases, lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, pad),), ("x",),
                  covering=(9, 479, 104, 0, 5, 14), one=_im2col_case, selects=True, wrongs=[
    Misconception("windows as rows", "That is the matrix transposed: each window should be a column.",
          lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, pad).T,)),
    *(Misconception("reshaped without a transpose", "A reshape to (C*k*k, ...) does not turn rows into columns. Make each window a row, in "
                    f"the shape {shape}; then transpose: .T", _cols(order))
      for order, shape in (("hwncij", "(OH*OW*N, C*k*k)"), ("nhwcij", "(OH*OW*N, C*k*k), with the image running fastest"))),
    Misconception("columns for rows", "Within a window the entries have been read column by column. Row by row: row c*k*k + i*k + j.",
          _cols("cjihwn")),
    Misconception("channel order", "Within a window the channel runs fastest. Here the channels follow one another as wholes: row c*k*k + i*k + j.",
          _cols("ijchwn")),
    Misconception("batch order", "The columns are in the order image, row, column. Here the image runs fastest: column (oh*OW + ow)*N + n.",
          _cols("cijnhw")),
    Misconception("windows down the columns", "The windows have been taken column by column. They go along the rows: column (oh*OW + ow)*N + n.",
          _cols("cijwhn")),
    Misconception("flipped window", "The windows have been rotated by 180 degrees. Nothing is flipped here.",
          lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, pad).reshape(x.shape[1], k * k, -1)[:, ::-1].reshape(x.shape[1] * k * k, -1),)),
    Misconception("padding missing", "The padding is missing: `pad` rows and columns of zeros go around every image first.",
          lambda x, k, stride=1, pad=0: (ops.im2col(x, k, stride, 0),)),
    Misconception("padding on one side", "All the padding is on the right and at the bottom. It goes on all four sides, `pad` on each.",
          lambda x, k, stride=1, pad=0: (ops.im2col(one_sided(x, pad), k, stride, 0),)),
    Misconception("padding not zero", "The border repeats the image. It is padded with zeros.",
          lambda x, k, stride=1, pad=0: (ops.im2col(padded(x, pad, mode="edge"), k, stride, 0),)),
    Misconception("stride ignored", "The windows move by 1, whatever `stride` is.", lambda x, k, stride=1, pad=0: (ops.im2col(x, k, 1, pad),)),
    Misconception("step forgotten", "The window at (oh, ow) starts at row oh. It starts at oh * stride: the windows move by `stride`.",
          lambda x, k, stride=1, pad=0: (first_windows(padded(x, pad), k, stride).transpose(1, 4, 5, 2, 3, 0).reshape(x.shape[1] * k * k, -1),)),
    Misconception("batch mixed up", "The numbers of different images have been mixed: a window of all images is (N, C, k, k), and N stands first. "
          "Keep N first while you reshape, then transpose: .reshape(N, -1).T", _mixed_up),
    Misconception("padding on all axes", "np.pad(x, pad) pads all four axes, also images and channels. Rows and columns only: ((0, 0), (0, 0), "
          "(pad, pad), (pad, pad)).", lambda x, k, stride=1, pad=0: (ops.im2col(np.pad(x, pad), k, stride, 0),), calls("pad")),
    Misconception("last window missing", "The last window of each row and column is missing: (H + 2 pad - k) // stride + 1 windows fit, with the "
          "+ 1.",
          _sized(lambda cut: cut[:, :, :-1, :-1])),
    Misconception("last window missing", "A last window that just fits is left out, as by range(0, H - k, stride). It ends at H + 2 pad - k + 1.",
          lambda x, k, stride=1, pad=0: (_as_columns(windows(padded(x, pad), k, stride)[
              :, :, :max(0, -(-(x.shape[2] + 2 * pad - k) // stride)), :max(0, -(-(x.shape[3] + 2 * pad - k) // stride))]),)),
    Misconception("last row of windows missing", "The last row of windows is missing: (H + 2 pad - k) // stride + 1 windows fit.",
          _sized(lambda cut: cut[:, :, :-1])),
    Misconception("last column of windows missing", "The last column of windows is missing: (W + 2 pad - k) // stride + 1 windows fit.",
          _sized(lambda cut: cut[:, :, :, :-1])),
    Misconception("partial windows kept", "There is a window too many where the stride does not divide, filled up with zeros: floor, not ceil.",
          lambda x, k, stride=1, pad=0: (ops.im2col(filled_up(padded(x, pad), k, stride), k, stride),)),
    Misconception("first image only", "Only the windows of the first image are there. All images have columns: column (oh*OW + ow)*N + n.",
          _of(lambda x, k, stride, pad: (x[:1], k, stride, pad))),
    Misconception("first image only", "The first image is repeated for all. Each image has columns of its own.",
          _of(lambda x, k, stride, pad: (repeated(x), k, stride, pad))),
    Misconception("first channel only", "Only the first channel is there. A column holds all channels, one after the other.",
          _of(lambda x, k, stride, pad: (x[:, :1], k, stride, pad))),
    Misconception("padding by (k - 1) / 2", "The padding is (k - 1) // 2 wherever there is any. It is `pad`.",
          _of(lambda x, k, stride, pad: (x, k, stride, (k - 1) // 2 if pad else 0))),
    Misconception("padding of 1", "The padding is 1 wherever there is any. It is `pad`.", _of(lambda x, k, stride, pad: (x, k, stride, min(pad, 1)))),
    Misconception("padding twice", "The padding is twice as wide as it should be: `pad` on each side.",
          _of(lambda x, k, stride, pad: (x, k, stride, 2 * pad))),
    Misconception("padding on one side", "All the padding is at the top and on the left. It goes on all four sides, `pad` on each.",
          lambda x, k, stride=1, pad=0: (ops.im2col(np.pad(x, ((0, 0), (0, 0), (2 * pad, 0), (2 * pad, 0))), k, stride),)),
    *(Misconception("padding on one side", f"There is padding {where} only. It goes on all four sides, `pad` on each.",
                    lambda x, k, stride=1, pad=0, sides=sides: (ops.im2col(np.pad(x, ((0, 0), (0, 0), *sides(pad))), k, stride),))
      for where, sides in (("at the top and on the left", lambda pad: ((pad, 0), (pad, 0))),
                           ("at the bottom and on the right", lambda pad: ((0, pad), (0, pad))))),
    Misconception("square images only", "The number of columns of windows has been taken to be the number of rows.", _square_windows),
    Misconception("padding of the rows only", "Only the top and the bottom are padded. The left and the right need `pad` columns too.",
          lambda x, k, stride=1, pad=0: (ops.im2col(np.pad(x, ((0, 0), (0, 0), (pad, pad), (0, 0))), k, stride),)),
    Misconception("padding of the columns only", "Only the left and the right are padded. The top and the bottom need `pad` rows too.",
          lambda x, k, stride=1, pad=0: (ops.im2col(np.pad(x, ((0, 0), (0, 0), (0, 0), (pad, pad))), k, stride),)),
    Misconception("padding not zero", "The border mirrors the image. It is padded with zeros.",
          lambda x, k, stride=1, pad=0: (ops.im2col(padded(x, pad, mode="reflect"), k, stride, 0),)),
    Misconception("padding not zero", "The border is padded with ones. It is padded with zeros.",
          lambda x, k, stride=1, pad=0: (ops.im2col(padded(x, pad, constant_values=1), k, stride, 0),)),
    Misconception("stride is k", "The windows move by k. They move by `stride`.", _of(lambda x, k, stride, pad: (x, k, k, pad))),
    Misconception("rows and columns of the image exchanged", "Height and width of the image are exchanged: the windows are those of the transposed "
          "image.", _of(lambda x, k, stride, pad: (swapped(x), k, stride, pad))),
    Misconception("stride and padding ignored", "The windows move by 1 and there is no padding: use `stride` and `pad`.",
          _of(lambda x, k, stride, pad: (x, k))),
    Misconception("channel order", "The channels are in reverse order.", _of(lambda x, k, stride, pad: (x[:, ::-1], k, stride, pad))),
])


def _col2im_cases(rng):
    cases = []
    for case in _im2col_cases(rng):
        x = case.args[0]
        cols = ops.im2col(x, **case.kwargs)
        cases.append(case._replace(args=(rng.standard_normal(cols.shape).astype(x.dtype), x.shape)))
    ones = np.ones((4, 4))
    return [Case("hand", (ones, (1, 1, 3, 3)), {"k": 2}, "all ones: how many windows saw each pixel?"), *cases[1:]]


def _back(write, cut=True, step=lambda k, stride: stride, square=False):
    """col2im that puts each window back by `write(image, place, window)`, `step` apart; `square` takes OW to be OH."""
    def function(cols, x_shape, k, stride=1, pad=0):
        N, C, H, W = x_shape
        OH, OW = ops.output_size(H, k, stride, pad), ops.output_size(H if square else W, k, stride, pad)
        windows, s = cols.reshape(C, k, k, OH, OW, N), step(k, stride)
        x = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
        for i, j in np.ndindex(OH, OW):
            write(x, (slice(None), slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k)), windows[:, :, :, i, j].transpose(3, 0, 1, 2))
        return (x[:, :, pad:pad + H, pad:pad + W] if cut else x,)
    return function


def _add(x, place, window):
    x[place] += window


def _add_inside(x, place, window):
    """Of a window that reaches over the edge, only what lies inside."""
    room = x[place]
    room += window[:, :, :room.shape[2], :room.shape[3]]


def _set(x, place, window):
    x[place] = window


def _set_entry_by_entry(cols, x_shape, k, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad)
    windows = cols.reshape(C, k, k, OH, OW, N)
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    for i, j in np.ndindex(k, k):
        x[:, :, i:i + stride * OH:stride, j:j + stride * OW:stride] = windows[:, i, j].transpose(3, 0, 1, 2)
    return (x[:, :, pad:pad + H, pad:pad + W],)


def _divided(cols, x_shape, k, stride=1, pad=0):
    count = ops.col2im(np.ones_like(cols), x_shape, k, stride, pad)
    return (ops.col2im(cols, x_shape, k, stride, pad) / np.maximum(count, 1),)


def _read(order):
    """col2im that reads the six axes of the columns in another order."""
    def function(cols, x_shape, k, stride=1, pad=0):
        N, C, H, W = x_shape
        sizes = dict(zip("cijhwn", (C, k, k, ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad), N)))
        axes = cols.reshape([sizes[letter] for letter in order]).transpose([order.index(letter) for letter in "cijhwn"])
        return (ops.col2im(np.ascontiguousarray(axes).reshape(cols.shape), x_shape, k, stride, pad),)
    return function


def _mixed_back(cols, x_shape, k, stride=1, pad=0):
    """col2im with the columns of a window reshaped to (N, C, k, k) as they are, (C*k*k, N)."""
    def add(x, place, window):
        x[place] += window.transpose(1, 2, 3, 0).reshape(window.shape)
    return _back(add)(cols, x_shape, k, stride, pad)


def _whole(cols, x_shape, k, stride, pad):
    """The sums with the border still there."""
    N, C, H, W = x_shape
    return ops.col2im(cols, (N, C, H + 2 * pad, W + 2 * pad), k, stride)


def _cropped(cut):
    return lambda cols, x_shape, k, stride=1, pad=0: (cut(_whole(cols, x_shape, k, stride, pad), pad, x_shape),)


def _after(change):
    return lambda cols, x_shape, k, stride=1, pad=0: (change(ops.col2im(cols, x_shape, k, stride, pad)),)


def _without_last_windows(cols, x_shape, k, stride, pad):
    N, C, H, W = x_shape
    cut = cols.reshape(C * k * k, ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad), N).copy()
    cut[:, -1], cut[:, :, -1] = 0, 0
    return ops.col2im(cut.reshape(cols.shape), x_shape, k, stride, pad)


def _taken_out(x):
    only = np.zeros_like(x)
    only[:1] = x[:1]
    return only


COL2IM = Exercise(
    "col2im", ("x",), _col2im_cases, lambda cols, x_shape, k, stride=1, pad=0: (ops.col2im(cols, x_shape, k, stride, pad),),
    ("cols", "x_shape"), covering=(9, 75, 0, 15), one=_col2im_case, wrongs=[
        Misconception("overlaps overwritten", "Where windows overlap, only the last one counts. Add the entries of all windows that contain the "
              "pixel.", _back(_set)),
        Misconception("overlaps overwritten", "Where windows overlap, only the entry written last counts. Add the entries of all windows: += "
              "instead of =.",
              _set_entry_by_entry),
        Misconception("mean for sum", "Where windows overlap, their mean is taken. Take the sum over all windows that contain the pixel.", _divided),
        Misconception("padding not cut off", "The padding is still there. Cut it off: the result has the shape x_shape.", _back(_add, cut=False)),
        Misconception("columns for rows", "Within a window the entries are put back column by column. Row c*k*k + i*k + j belongs to pixel (i, j).",
              _back(lambda x, place, window: _add(x, place, swapped(window)))),
        Misconception("batch order", "The columns have been read in the order image, row, column. Here the image runs fastest: reshape to (C, k, k, "
              "OH, OW, N).",
              _read("cijnhw")),
        Misconception("batch order", "The columns have been read with the image as the first of six axes. It is the last, and runs fastest: reshape "
              "to (C, k, k, OH, OW, N), then transpose.", _read("ncijhw")),
        Misconception("batch mixed up", "The numbers of different images have been mixed: the columns of N images are (C*k*k, N). Transpose before "
              "you reshape to (N, C, k, k): .T.reshape(N, C, k, k).", _mixed_back),
        Misconception("flipped window", "The windows are put back rotated by 180 degrees. Entry (i, j) goes back to (i, j).",
              _back(lambda x, place, window: _add(x, place, turned(window)))),
        Misconception("empty slice", "x[pad:-pad] is empty where pad is 0, since -0 is 0. Cut with pad : pad + H and pad : pad + W.",
              _cropped(lambda x, pad, shape: x[:, :, pad:-pad, pad:-pad])),
        Misconception("padding cut on one side", "The padding is cut off at the top and on the left only. Cut all four sides: pad : pad + H.",
              _cropped(lambda x, pad, shape: x[:, :, pad:, pad:])),
        Misconception("padding cut on one side", "The upper left corner is kept: :H and :W. The image begins at `pad`: pad : pad + H.",
              _cropped(lambda x, pad, shape: x[:, :, :shape[2], :shape[3]])),
        Misconception("padding of 1", "One row and column of padding is cut off, whatever `pad` is.",
              _cropped(lambda x, pad, shape: x[:, :, bool(pad):bool(pad) + shape[2], bool(pad):bool(pad) + shape[3]])),
        Misconception("padding cut twice", "The padding is cut off twice.", _cropped(lambda x, pad, shape: x[:, :, 2 * pad:, 2 * pad:])),
        Misconception("stride ignored", "The windows are put back one pixel apart, whatever `stride` is. Window (oh, ow) begins at oh * stride, ow * "
              "stride.",
              _back(_add_inside, step=lambda k, stride: 1)),
        Misconception("stride is k", "The windows are put back side by side, k apart. They are `stride` apart, and may overlap.",
              _back(_add_inside, step=lambda k, stride: k)),
        Misconception("channel order", "In each column the channel has been read as the fastest index. The channels follow one another as wholes: "
              "row c*k*k + i*k + j.", _read("ijchwn")),
        Misconception("windows down the columns", "The columns have been read down the image. They go along the rows: column (oh*OW + ow)*N + n.",
              _read("cijwhn")),
        Misconception("last window missing", "The last row and column of windows are not put back: a range ends one too early.",
              lambda cols, x_shape, k, stride=1, pad=0: (_without_last_windows(cols, x_shape, k, stride, pad),)),
        Misconception("square images only", "OW has been taken to be OH, so it fits only where height and width are equal.",
              _back(_add, square=True)),
        Misconception("does not start at 0", "Every entry is 1 too large: the sums start from ones, not from zeros.", _after(lambda x: x + 1)),
        Misconception("first image only", "Only the first image is filled. Go through all images.", _after(_taken_out)),
        Misconception("divided by the window", "The sums have been divided by the window's size. Every entry is added as it is.",
              lambda cols, x_shape, k, stride=1, pad=0: (ops.col2im(cols, x_shape, k, stride, pad) / k ** 2,)),
        Misconception("rows for columns", "Height and width of the result are exchanged.", _after(swapped)),
    ])
