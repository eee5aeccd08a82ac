"""What only the LeNet-5 of 1998 has: by hand, against plain loops and nudges, and against ordinary convolutions."""

import math

import numpy as np
import pytest

from lenet_core import ops
from lenet_core.gradcheck import numeric_gradient
from lenet_lab.networks import lenet5_1998
from lenet_lab.networks.lenet5_1998 import C3_TABLE

from .test_ops import close

TABLE_I = """
    X . . . X X X . . X X X X . X X
    X X . . . X X X . . X X X X . X
    X X X . . . X X X . . X . X X X
    . X X X . . X X X X . . X . X X
    . . X X X . . X X X X . X X . X
    . . . X X X . . X X X X . X X X
"""
TABLES = [  # (N, C, H, W), table, k; most tables give their filters different numbers of maps, one names them out of order
    ((2, 3, 5, 7), ((0, 2), (1,), (0, 1, 2), (2, 0)), 3),
    ((3, 4, 4, 6), ((3,), (1, 2)), 2),
    ((1, 2, 3, 4), ((0,), (0, 1), (1,)), 1),
    ((2, 2, 6, 5), ((1,), (0,)), 4),
]
IMAGES = [(2, 3, 6, 4), (3, 2, 5, 7), (1, 4, 2, 3), (2, 1, 7, 2)]


# -------------------------------------------------------------------------------------------------------- plain loops


def table_conv_loops(x, W, b, table):
    N, _, height, width = x.shape
    k = W.shape[-1]
    out = np.zeros((N, len(table), height - k + 1, width - k + 1))
    for n, f, i, j in np.ndindex(out.shape):
        out[n, f, i, j] = b[f]
        kernel = sum(len(maps) for maps in table[:f])
        for c in table[f]:
            for u in range(k):
                for v in range(k):
                    out[n, f, i, j] += x[n, c, i + u, j + v] * W[kernel, u, v]
            kernel += 1
    return out


def table_conv_backward_loops(dout, x, W, table):
    dx, dW, db, k = np.zeros(x.shape), np.zeros(W.shape), np.zeros(len(table)), W.shape[-1]
    for n, f, i, j in np.ndindex(dout.shape):
        db[f] += dout[n, f, i, j]
        kernel = sum(len(maps) for maps in table[:f])
        for c in table[f]:
            for u in range(k):
                for v in range(k):
                    dx[n, c, i + u, j + v] += W[kernel, u, v] * dout[n, f, i, j]
                    dW[kernel, u, v] += x[n, c, i + u, j + v] * dout[n, f, i, j]
            kernel += 1
    return dx, dW, db


def subsample_loops(x, W, b):
    N, C, height, width = x.shape
    out = np.zeros((N, C, height // 2, width // 2))
    for n, c, i, j in np.ndindex(out.shape):
        total = 0
        for u in range(2):
            for v in range(2):
                total += x[n, c, 2 * i + u, 2 * j + v]
        out[n, c, i, j] = W[c] * total + b[c]
    return out


def subsample_backward_loops(dout, x, W):
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        db[c] += dout[n, c, i, j]
        for u in range(2):
            for v in range(2):
                dx[n, c, 2 * i + u, 2 * j + v] += W[c] * dout[n, c, i, j]
                dW[c] += x[n, c, 2 * i + u, 2 * j + v] * dout[n, c, i, j]
    return dx, dW, db


def nudged(forward, arguments, dout):
    """The gradients of sum(dout * out) with respect to each argument, by central differences."""
    for n, argument in enumerate(arguments):
        def weighted_sum(value, n=n):
            return float((forward(*arguments[:n], value, *arguments[n + 1:])[0] * dout).sum())
        yield numeric_gradient(weighted_sum, argument)


# ------------------------------------------------------------------------------------------------------------ by hand


def test_table_convolution_by_hand():
    """Two maps; the first output looks at the second map only, the second output at both."""
    x = np.array([[[1., 2, 3], [4, 5, 6]], [[10, 0, 0], [0, 20, 0]]])[None]
    W = np.array([[[1., 2], [3, 4]], [[1, 0], [0, 1]], [[0, 1], [0, 0]]])
    out, cache = lenet5_1998.table_conv_forward(x, W, np.array([0.5, -1]), ((1,), (0, 1)))
    close(out[0, 0], [[90.5, 60.5]])                              # 1*10 + 4*20, 3*20
    close(out[0, 1], [[5, 7]])                                    # 1 + 5 + 0 - 1, 2 + 6 + 0 - 1
    dx, dW, db = lenet5_1998.table_conv_backward(np.array([[[[1., 0]], [[0, 10]]]]), cache)
    close(dW, [[[10, 0], [0, 20]], [[20, 30], [50, 60]], [[0, 0], [200, 0]]])
    close(dx[0], [[[0, 10, 0], [0, 0, 10]], [[1, 2, 10], [3, 4, 0]]])
    close(db, [1, 10])


def test_subsampling_by_hand():
    x = np.array([[[1., 2, 3, 4], [5, 6, 7, 8]], [[1, 0, 0, 0], [0, 0, 0, -2]]])[None]
    out, cache = lenet5_1998.subsample_forward(x, np.array([0.5, 3]), np.array([1., -1]))
    close(out[0], [[[8, 12]], [[2, -7]]])                         # 0.5 * 14 + 1, 0.5 * 22 + 1; 3 * 1 - 1, 3 * -2 - 1
    dx, dW, db = lenet5_1998.subsample_backward(np.array([[[[1., 10]], [[100, 0]]]]), cache)
    close(dx[0], [[[0.5, 0.5, 5, 5], [0.5, 0.5, 5, 5]], [[300, 300, 0, 0], [300, 300, 0, 0]]])
    close(dW, [14 + 220, 100])
    close(db, [11, 100])


def test_scaled_tanh_by_hand():
    """tanh(ln 3) = 4/5: the slope there is 1 - 16/25."""
    x = np.array([0, 1.5 * math.log(3)])
    out, cache = lenet5_1998.scaled_tanh_forward(x)
    close(out, [0, 1.7159 * 0.8])
    close(lenet5_1998.scaled_tanh_backward(np.array([3., 3]), cache), [3 * 1.7159 * 2 / 3, 3 * 1.7159 * 2 / 3 * 9 / 25])


# ------------------------------------------------------------------------------------ against plain loops, and nudges


@pytest.mark.parametrize("shape, table, k", TABLES)
def test_table_convolution_against_loops_and_nudges(rng, shape, table, k):
    x, W, b = rng.standard_normal(shape), rng.standard_normal((sum(map(len, table)), k, k)), rng.standard_normal(len(table))
    out, cache = lenet5_1998.table_conv_forward(x, W, b, table)
    close(out, table_conv_loops(x, W, b, table))
    dout = rng.standard_normal(out.shape)
    slopes = nudged(lambda *arguments: lenet5_1998.table_conv_forward(*arguments, table), (x, W, b), dout)
    for mine, loops, slope in zip(lenet5_1998.table_conv_backward(dout, cache), table_conv_backward_loops(dout, x, W, table), slopes,
                                  strict=True):
        close(mine, loops)
        close(mine, slope, 1e-7)                                  # a central difference has no more digits than that


@pytest.mark.parametrize("shape", IMAGES)
def test_subsampling_against_loops_and_nudges(rng, shape):
    x, W, b = rng.standard_normal(shape), rng.standard_normal(shape[1]), rng.standard_normal(shape[1])
    out, cache = lenet5_1998.subsample_forward(x, W, b)
    close(out, subsample_loops(x, W, b))
    dout = rng.standard_normal(out.shape)
    slopes = nudged(lenet5_1998.subsample_forward, (x, W, b), dout)
    for mine, loops, slope in zip(lenet5_1998.subsample_backward(dout, cache), subsample_backward_loops(dout, x, W), slopes,
                                  strict=True):
        close(mine, loops)
        close(mine, slope, 1e-7)


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (4, 7), (6,)])
def test_scaled_tanh_against_loops_and_nudges(rng, shape):
    x, dout = 2 * rng.standard_normal(shape), rng.standard_normal(shape)
    out, cache = lenet5_1998.scaled_tanh_forward(x)
    close(out, np.reshape([1.7159 * math.tanh(2 / 3 * value) for value in x.flat], shape))
    close(lenet5_1998.scaled_tanh_backward(dout, cache), *nudged(lenet5_1998.scaled_tanh_forward, (x,), dout), 1e-8)


# -------------------------------------------------------------------------------------------------- what else is said


def test_the_table_is_the_papers():
    rows = [line.split() for line in TABLE_I.split("\n")[1:-1]]
    assert C3_TABLE == tuple(tuple(c for c in range(6) if rows[c][f] == "X") for f in range(16))
    assert [len(maps) for maps in C3_TABLE] == [3] * 6 + [4] * 9 + [6]


@pytest.mark.parametrize("shape, table, k", TABLES)
def test_a_table_convolution_is_a_masked_convolution(rng, shape, table, k):
    """All kernels of the convolution are drawn; those that the table leaves out are masked, and their gradients left out."""
    x, kernels, b = rng.standard_normal(shape), rng.standard_normal((len(table), shape[1], k, k)), rng.standard_normal(len(table))
    mask = np.array([[c in maps for c in range(shape[1])] for maps in table])
    W = np.array([kernels[f, c] for f, maps in enumerate(table) for c in maps])
    out, cache = lenet5_1998.table_conv_forward(x, W, b, table)
    expected, expected_cache = ops.conv_forward(x, kernels * mask[:, :, None, None], b)
    close(out, expected)
    dout = rng.standard_normal(out.shape)
    dx, dW, db = lenet5_1998.table_conv_backward(dout, cache)
    expected_dx, dkernels, expected_db = ops.conv_backward(dout, expected_cache)
    close(dx, expected_dx)
    close(dW, [dkernels[f, c] for f, maps in enumerate(table) for c in maps])
    close(db, expected_db)


def test_a_full_table_is_a_convolution(rng):
    x, kernels, b = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    out, cache = lenet5_1998.table_conv_forward(x, kernels.reshape(12, 3, 3), b, (range(3),) * 4)
    expected, expected_cache = ops.conv_forward(x, kernels, b)
    assert (out == expected).all()                                # the very same product
    dout = rng.standard_normal(out.shape)
    (dx, dW, db), (expected_dx, dkernels, expected_db) = lenet5_1998.table_conv_backward(dout, cache), ops.conv_backward(dout, expected_cache)
    assert (dx == expected_dx).all() and (dW == dkernels.reshape(12, 3, 3)).all() and (db == expected_db).all()


def test_subsampling_with_a_quarter_is_the_mean(rng):
    x = rng.standard_normal((2, 3, 6, 8))
    out, _ = lenet5_1998.subsample_forward(x, np.full(3, 0.25), np.zeros(3))
    close(out, x.reshape(2, 3, 3, 2, 4, 2).mean(axis=(3, 5)))


def test_a_last_odd_row_or_column_is_dropped(rng):
    x, W, b = rng.standard_normal((2, 3, 5, 7)), rng.standard_normal(3), rng.standard_normal(3)
    out, cache = lenet5_1998.subsample_forward(x, W, b)
    assert out.shape == (2, 3, 2, 3)
    assert (out == lenet5_1998.subsample_forward(x[:, :, :4, :6], W, b)[0]).all()
    dx = lenet5_1998.subsample_backward(np.ones(out.shape), cache)[0]
    assert (dx[:, :, 4] == 0).all() and (dx[:, :, :, 6] == 0).all() and (dx[:, :, :4, :6] != 0).all()


def test_what_appendix_a_says_of_the_tanh():
    def f(x):
        return lenet5_1998.scaled_tanh_forward(np.asarray(x))[0]

    assert abs(f(1.0) - 1) < 0.00005 * math.tanh(2 / 3)           # as near as 1.7159, rounded to four decimals, can be
    x = np.linspace(0, 4, 4001)
    assert (f(-x) == -f(x)).all() and f(60.0) == 1.7159
    bend = np.abs(np.diff(f(x), 2))
    assert x[1 + bend.argmax()] == pytest.approx(1.5 * math.atanh(math.sqrt(1 / 3)), abs=0.001)      # 0.988: near 1


# ------------------------------------------------------------------------------------------------------ good manners


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_type_is_kept_and_arguments_are_unchanged(rng, dtype, order):
    shapes = ((2, 3, 9, 8), (5, 2, 2), (3,), (3,), (3,))
    arguments = x, W, b, w, c = [np.asarray(rng.standard_normal(shape), dtype, order=order) for shape in shapes]
    before = [a.copy() for a in arguments]
    out1, cache1 = lenet5_1998.table_conv_forward(x, W, b, ((0, 1), (2,), (1, 2)))
    out2, cache2 = lenet5_1998.scaled_tanh_forward(out1)
    out3, cache3 = lenet5_1998.subsample_forward(out2, w, c)
    d3 = np.asarray(rng.standard_normal(out3.shape), dtype, order=order)
    kept = [a.copy() for a in (out1, out2, out3, d3)]
    d2, dw, dc = lenet5_1998.subsample_backward(d3, cache3)
    d2_before = d2.copy()
    d1 = lenet5_1998.scaled_tanh_backward(d2, cache2)
    dx, dW, db = lenet5_1998.table_conv_backward(d1, cache1)
    assert {a.dtype for a in (out1, out2, out3, d2, dw, dc, d1, dx, dW, db)} == {np.dtype(dtype)}
    for now, then in zip([*arguments, out1, out2, out3, d3, d2], [*before, *kept, d2_before], strict=True):
        assert (now == then).all()
    for gradient, value in ((dx, x), (dW, W), (db, b), (dw, w), (dc, c), (d1, out1), (d2, out2)):
        assert gradient.shape == value.shape


def test_the_batch_stays_innermost_in_memory(rng):
    """As in `ops`: what a convolution leaves is never transposed on its way to the next one."""
    x = ops.batch_innermost(rng.standard_normal((4, 3, 6, 8)))
    out, cache = lenet5_1998.subsample_forward(x, np.ones(3), np.zeros(3))
    bent, bent_cache = lenet5_1998.scaled_tanh_forward(out)
    dx = lenet5_1998.subsample_backward(lenet5_1998.scaled_tanh_backward(bent, bent_cache), cache)[0]
    for array in (out, bent, dx):
        assert array.strides[0] == array.itemsize


def test_integers_typed_by_hand_are_not_cut_off():
    x = np.array([[1, 2], [3, 5]])[None, None]
    close(lenet5_1998.table_conv_forward(x, np.full((1, 2, 2), 0.5), np.array([0.25]), ((0,),))[0], [[[[5.75]]]])
    out, cache = lenet5_1998.subsample_forward(x, np.array([0.5]), np.array([0.25]))
    close(out, [[[[5.75]]]])
    close(lenet5_1998.subsample_backward(np.array([[[[1]]]]), cache)[0], np.full((1, 1, 2, 2), 0.5))
    close(lenet5_1998.scaled_tanh_forward(np.array([1, -1]))[0], [1, -1], 3e-5)


@pytest.mark.parametrize("call, words", [
    (lambda: lenet5_1998.table_conv_forward(np.zeros((1, 3, 5, 5)), np.zeros((2, 3, 3)), np.zeros(2), ((0, 1), (2,))),
     r"3 connections to maps 0 to 2 needs W of shape \(3, k, k\).* but W has shape \(2, 3, 3\)"),
    (lambda: lenet5_1998.table_conv_forward(np.zeros((1, 2, 5, 5)), np.zeros((3, 3, 3)), np.zeros(2), ((0, 1), (2,))),
     r"to maps 0 to 2 needs .*the images \(1, 2, 5, 5\)"),
    (lambda: lenet5_1998.table_conv_forward(np.zeros((1, 3, 5, 5)), np.zeros((1, 3, 3)), np.zeros(2), ((0, 1), (2,))), "3 connections"),
    (lambda: lenet5_1998.table_conv_forward(np.zeros((1, 1, 5, 5)), np.zeros((1, 3, 3)), np.zeros(2), ((0,),)), r"and b \(2,\)"),
    (lambda: lenet5_1998.table_conv_forward(np.zeros((1, 1, 2, 5)), np.zeros((1, 3, 3)), np.zeros(1), ((0,),)), "does not fit"),
    (lambda: lenet5_1998.table_conv_forward(np.zeros(5), np.zeros((1, 3, 3)), np.zeros(1), ((0,),)), r"Images come as"),
    (lambda: lenet5_1998.subsample_forward(np.zeros((1, 1, 4, 4)), np.zeros(6), np.zeros(6)), r"need W and b of shape \(1,\)"),
    (lambda: lenet5_1998.subsample_forward(np.zeros((1, 6, 4, 4)), np.zeros(6), np.zeros(1)), r"and b \(1,\)"),
    (lambda: lenet5_1998.subsample_forward(np.zeros((1, 1, 1, 4)), np.zeros(1), np.zeros(1)), "does not fit"),
    (lambda: lenet5_1998.subsample_forward(np.zeros((4, 4)), np.zeros(4), np.zeros(4)), r"Images come as"),
])
def test_misfits_get_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
