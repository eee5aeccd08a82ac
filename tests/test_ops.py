"""The operations: by hand, against plain loops, against small nudges, and at the awkward places (ties, borders, types)."""

import math

import numpy as np
import pytest

from lenet_core import ops, reference
from lenet_core.gradcheck import numeric_gradient

# Asymmetric on purpose: H != W, C != F, so that swapped axes show.
SHAPES = [  # (N, C, H, W), F, k, stride, pad
    ((2, 3, 5, 7), 4, 3, 1, 0),
    ((2, 3, 5, 7), 4, 3, 1, 2),
    ((3, 2, 7, 6), 1, 2, 2, 0),
    ((1, 2, 8, 5), 3, 3, 2, 1),
    ((2, 1, 6, 9), 2, 4, 3, 2),
    ((2, 2, 4, 4), 3, 1, 2, 0),
    ((2, 3, 3, 4), 5, 3, 1, 0),
]
POOLS = [((2, 3, 6, 8), 2, None), ((2, 2, 5, 7), 2, 1), ((2, 3, 7, 5), 3, 2), ((1, 2, 7, 9), 2, 3), ((2, 1, 5, 4), 1, 1),
         ((1, 1, 3, 3), 3, None)]


def close(a, b, tolerance=1e-12):
    assert np.shape(a) == np.shape(b)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------------------------------------------------------ by hand


def test_convolution_by_hand():
    """The homework's toy network: 4x4 image, two 2x2 filters."""
    x = np.array([[0, 0, 4, 0], [0, 2, 5, 0], [0, 0, 1, 0], [0, 0, 2, 0]], float)[None, None]
    W = np.array([[[[1, 1], [2, 0]]], [[[2, 1], [0, 2]]]], float)
    out, cache = ops.conv_forward(x, W, np.zeros(2))
    close(out[0, 0], [[0, 8, 14], [2, 7, 7], [0, 1, 5]])
    close(out[0, 1], [[4, 14, 8], [2, 11, 10], [0, 5, 2]])
    dout = np.zeros((1, 2, 3, 3))
    dout[0, 0, 0, 1] = 1                                          # only window (1, 2) of filter 1 counts
    dx, dW, db = ops.conv_backward(dout, cache)
    close(dW[0, 0], [[0, 4], [2, 5]])                             # that window of the image
    close(dx[0, 0], [[0, 1, 1, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])   # the filter, put there
    close(db, [1, 0])


def test_convolution_with_padding_and_stride_by_hand():
    x = np.array([[1., 2, 3], [4, 5, 6]])[None, None]
    W = np.array([[1., 10], [100, 1000]])[None, None]
    out, _ = ops.conv_forward(x, W, np.array([0.5]), stride=2, pad=1)
    close(out[0, 0], [[1000.5, 3200.5], [40.5, 65.5]])


def test_pooling_by_hand_windows_overlap():
    """2x2 windows at stride 1, as in the toy network: the 14 wins two windows, and is paid by both."""
    x = np.array([[0., 8, 14], [2, 7, 7], [0, 1, 5]])[None, None]
    out, cache = ops.max_pool_forward(x, 2, stride=1)
    close(out[0, 0], [[8, 14], [7, 7]])
    dx = ops.max_pool_backward(np.array([[1., 10], [100, 1000]])[None, None], cache)
    close(dx[0, 0], [[0, 1, 10], [0, 1100, 0], [0, 0, 0]])        # window (2,2) ties 7 with 7: the first one, left


def test_inner_product_and_relu_by_hand():
    out, cache = ops.inner_product_forward(np.array([[1., 2]]), np.array([[1., 2, 3], [4, 5, 6]]), np.array([0., 0, 1]))
    close(out, [[9, 12, 16]])
    dx, dW, db = ops.inner_product_backward(np.array([[1., 0, -1]]), cache)
    close(dx, [[-2, -2]])
    close(dW, [[1, 0, -1], [2, 0, -2]])
    close(db, [1, 0, -1])
    out, cache = ops.relu_forward(np.array([[-1., 0, 2]]))
    close(out, [[0, 0, 2]])
    close(ops.relu_backward(np.array([[5., 6, 7]]), cache), [[0, 0, 7]])


def test_softmax_and_loss_by_hand():
    close(ops.softmax(np.log([1., 2, 5])), [1 / 8, 2 / 8, 5 / 8])
    loss, dscores = ops.softmax_loss(np.log([[1., 2, 5], [1, 1, 2]]), np.array([2, 0]))
    assert loss == pytest.approx((math.log(8 / 5) + math.log(4)) / 2)
    close(dscores, [[1 / 16, 2 / 16, -3 / 16], [-3 / 8, 1 / 8, 2 / 8]])


def test_softmax_stays_finite():
    p = ops.softmax(np.array([[1000., 0], [-1000, -1001]]))
    assert np.isfinite(p).all() and p[0, 0] == 1
    loss, dscores = ops.softmax_loss(np.array([[1000., 0]]), np.array([1]))
    assert loss == 1000 and np.isfinite(dscores).all()


# ----------------------------------------------------------------------------------------------- against plain loops


@pytest.mark.parametrize("shape, F, k, stride, pad", SHAPES)
def test_convolution_against_loops_and_nudges(rng, shape, F, k, stride, pad):
    x, W, b = rng.standard_normal(shape), rng.standard_normal((F, shape[1], k, k)), rng.standard_normal(F)
    out, cache = ops.conv_forward(x, W, b, stride, pad)
    close(out, reference.conv_forward(x, W, b, stride, pad))
    dout = rng.standard_normal(out.shape)
    grads = ops.conv_backward(dout, cache)
    for mine, loops in zip(grads, reference.conv_backward(dout, x, W, stride, pad)):
        close(mine, loops)
    for n, mine in enumerate(grads):
        arguments = [x, W, b]

        def loss(value, n=n, arguments=arguments):
            return float((ops.conv_forward(*arguments[:n], value, *arguments[n + 1:], stride, pad)[0] * dout).sum())
        close(mine, numeric_gradient(loss, arguments[n]), 1e-7)
    dx, *rest = ops.conv_backward(dout, cache, need_dx=False)
    assert dx is None
    close(rest[0], grads[1])


@pytest.mark.parametrize("shape, k, stride", POOLS)
def test_pooling_against_loops_and_nudges(rng, shape, k, stride):
    x = rng.permutation(math.prod(shape)).reshape(shape).astype(float)      # no ties, and no near ties
    out, cache = ops.max_pool_forward(x, k, stride)
    close(out, reference.max_pool_forward(x, k, stride))
    dout = rng.standard_normal(out.shape)
    dx = ops.max_pool_backward(dout, cache)
    close(dx, reference.max_pool_backward(dout, x, k, stride))
    close(dx, numeric_gradient(lambda v: float((ops.max_pool_forward(v, k, stride)[0] * dout).sum()), x), 1e-7)


@pytest.mark.parametrize("shape, k, stride", POOLS)
def test_pooling_ties_go_to_the_first(rng, shape, k, stride):
    x = rng.integers(0, 2, shape).astype(float)                             # nearly every window ties
    out, cache = ops.max_pool_forward(x, k, stride)
    dout = rng.standard_normal(out.shape)
    dx = ops.max_pool_backward(dout, cache)
    close(dx, reference.max_pool_backward(dout, x, k, stride))
    assert dx.sum() == pytest.approx(dout.sum())                            # paid once, not once per tied maximum


@pytest.mark.parametrize("window, winner", [
    ([np.nan, 1, 3, 2], 0), ([3, 2, 1, np.nan], 3), ([1, 3, np.nan, 2], 2), ([1, np.nan, 3, np.nan], 1), ([np.nan] * 4, 0),
    ([np.inf, np.nan, 1, np.inf], 1), ([-np.inf] * 4, 0)])
def test_a_nan_is_the_maximum_of_its_window_and_the_first_one_is_paid(window, winner):
    x = np.array(window, float).reshape(1, 1, 2, 2)
    out, cache = ops.max_pool_forward(x, 2)
    np.testing.assert_array_equal(out, [[[[window[winner]]]]])
    np.testing.assert_array_equal(ops.max_pool_backward(np.array([[[[5.0]]]]), cache).ravel(), 5 * np.eye(4)[winner])


@pytest.mark.parametrize("shape, k, stride", POOLS)
def test_pooling_and_relu_with_nan_against_loops(rng, shape, k, stride):
    x = rng.integers(0, 4, shape).astype(float)                   # ties too
    x[rng.random(shape) < 0.2] = np.nan
    out, cache = ops.max_pool_forward(x, k, stride)
    np.testing.assert_array_equal(out, reference.max_pool_forward(x, k, stride))
    dout = rng.standard_normal(out.shape)
    close(ops.max_pool_backward(dout, cache), reference.max_pool_backward(dout, x, k, stride))
    np.testing.assert_array_equal(ops.relu_forward(x)[0], reference.relu_forward(x))
    close(ops.relu_backward(np.ones(shape), x), reference.relu_backward(np.ones(shape), x))


def test_relu_inner_product_and_loss_against_loops_and_nudges(rng):
    x, W, b, y = rng.standard_normal((3, 2, 2, 1)), rng.standard_normal((4, 5)), rng.standard_normal(5), np.array([4, 0, 2])
    x[0, 0, 0, 0] = 0                                                       # exactly at the kink
    out, cache = ops.inner_product_forward(x, W, b)
    close(out, reference.inner_product_forward(x, W, b))
    dout = rng.standard_normal(out.shape)
    for mine, loops in zip(ops.inner_product_backward(dout, cache), reference.inner_product_backward(dout, x, W)):
        close(mine, loops)
    close(ops.relu_forward(x)[0], reference.relu_forward(x))
    close(ops.relu_backward(x + 1, x), reference.relu_backward(x + 1, x))
    loss, dscores = ops.softmax_loss(out, y)
    expected, dexpected = reference.softmax_loss(out, y)
    assert loss == pytest.approx(expected, abs=1e-14)
    close(dscores, dexpected)
    close(dscores, numeric_gradient(lambda s: ops.softmax_loss(s, y)[0], out), 1e-8)


def test_integers_typed_by_hand_are_not_cut_off():
    x, W, b = np.array([[0, 2], [3, 4]])[None, None], np.full((1, 1, 2, 2), 0.5), np.array([0.25])
    for module in (ops, reference):
        out = module.conv_forward(x, W, b)
        assert (out[0] if module is ops else out).item() == 4.75
    dx, dW, _ = reference.conv_backward(np.array([[[[0.5]]]]), x, W)
    assert dx[0, 0, 0, 0] == 0.25 and dW[0, 0, 0, 1] == 1.0
    close(reference.inner_product_forward(np.array([[1, 2]]), np.array([[0.5], [0.25]]), np.array([0])), [[1.0]])


# ----------------------------------------------------------------------------------------------------------- im2col


@pytest.mark.parametrize("shape, F, k, stride, pad", SHAPES)
def test_col2im_is_the_adjoint_of_im2col(rng, shape, F, k, stride, pad):
    """<im2col(x), c> = <x, col2im(c)> for all x and c: that is what 'adds back to where it came from' means."""
    x = rng.standard_normal(shape)
    cols = ops.im2col(x, k, stride, pad)
    c = rng.standard_normal(cols.shape)
    assert (cols * c).sum() == pytest.approx((x * ops.col2im(c, shape, k, stride, pad)).sum(), rel=1e-12)


def test_im2col_columns_are_windows(rng):
    x = rng.standard_normal((2, 3, 5, 6))
    cols = ops.im2col(x, 2, stride=2)
    assert cols.shape == (3 * 2 * 2, 2 * 3 * 2)
    close(cols[:, (1 * 3 + 2) * 2 + 1], x[1, :, 2:4, 4:6].ravel())          # window (1, 2) of image 1


# ------------------------------------------------------------------------------------------------------ good manners


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_type_is_kept_and_arguments_are_unchanged(rng, dtype, order):
    x, W, b = (np.asarray(rng.standard_normal(s), dtype, order=order) for s in ((2, 3, 6, 5), (4, 3, 3, 3), (4,)))
    V, c, y = (np.asarray(rng.standard_normal(s), dtype, order=order) for s in ((24, 5), (5,), (2,)))
    arguments = [x, W, b, V, c]
    before = [a.copy() for a in arguments]
    out1, cache1 = ops.conv_forward(x, W, b)
    out2, cache2 = ops.max_pool_forward(out1, 2, stride=1)
    out3, cache3 = ops.relu_forward(out2)
    out4, cache4 = ops.inner_product_forward(out3, V, c)
    kept = [a.copy() for a in (out1, out2, out3, out4)]
    loss, d4 = ops.softmax_loss(out4, np.array([1, 3]))
    d3, dV, dc = ops.inner_product_backward(d4, cache4)
    d2 = ops.relu_backward(d3, cache3)
    d1 = ops.max_pool_backward(d2, cache2)
    dx, dW, db = ops.conv_backward(d1, cache1)
    for a in (out1, out2, out3, out4, d4, d3, dV, dc, d2, d1, dx, dW, db, ops.softmax(out4)):
        assert a.dtype == dtype
    assert isinstance(loss, float)
    for a, b in zip(arguments + [out1, out2, out3, out4], before + kept):
        assert (a == b).all()
    for a, b in ((dx, x), (dW, W), (dV, V), (d1, out1), (d2, out2), (d3, out3)):
        assert a.shape == b.shape


def test_memory_order_changes_nothing_but_the_speed(rng):
    x, W, b = rng.standard_normal((4, 3, 6, 5)), rng.standard_normal((2, 3, 3, 3)), rng.standard_normal(2)
    inner = ops.batch_innermost(x)
    assert inner.strides[0] == x.itemsize and (inner == x).all()
    close(ops.conv_forward(inner, W, b)[0], ops.conv_forward(x, W, b)[0])


@pytest.mark.parametrize("call, words", [
    (lambda: ops.conv_forward(np.zeros((1, 2, 5, 5)), np.zeros((3, 1, 3, 3)), np.zeros(3)), r"need filters \(F, 2, k, k\)"),
    (lambda: ops.conv_forward(np.zeros((1, 1, 2, 5)), np.zeros((3, 1, 3, 3)), np.zeros(3)), "does not fit"),
    (lambda: ops.max_pool_forward(np.zeros((1, 1, 2, 2)), 3), "does not fit"),
    (lambda: ops.max_pool_forward(np.zeros((1, 1, 2, 2)), 2, 0), "start at 1"),
    (lambda: ops.inner_product_forward(np.zeros((2, 3, 2, 2)), np.zeros((10, 5)), np.zeros(5)), r"shape \(12, M\)"),
    (lambda: ops.softmax_loss(np.zeros((2, 3)), np.array([0, 3])), "from 0 to 2; these go from 0 to 3"),
    (lambda: ops.conv_forward(np.zeros((5, 28, 28)), np.zeros((3, 1, 3, 3)), np.zeros(3)), r"also a single one \(1, C, H, W\)"),
    (lambda: ops.max_pool_forward(np.zeros((28, 28)), 2), r"Images come as \(N, C, H, W\)"),
    (lambda: ops.inner_product_forward(np.zeros((2, 4)), np.zeros((4, 3)), np.zeros((2, 3))), r"b of shape \(M,\)"),
    (lambda: ops.softmax_loss(np.zeros((2, 3)), np.array([0.0, 1.0])), "whole numbers"),
])
def test_misfits_get_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
