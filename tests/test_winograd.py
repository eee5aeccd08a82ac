"""Fast convolution: the algebra exactly, the errors in float32 next to those of `ops`, the choice by shape, the bits of any thread count."""

import dataclasses
import itertools
import os
import platform
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from threadpoolctl import threadpool_info

from lenet_core import Layer, Net, _parallel, lenet, ops, reference, winograd
from lenet_core.gradcheck import check_net, numeric_gradient
from lenet_core.training import error_rate, linear_warmup_decay, minibatches, sgd_momentum, train

LENET = (20, 12, 12), (50, 20, 5, 5), 0                   # conv2: (C, H, W), the filters, pad
SHAPES = [                                                # asymmetric on purpose, with edges that the tile does not divide
    LENET,
    ((3, 9, 11), (7, 3, 5, 5), 0),
    ((3, 9, 6), (2, 3, 5, 5), 2),
    ((1, 28, 28), (20, 1, 5, 5), 0),
    ((16, 5, 5), (4, 16, 5, 5), 0),                       # one output
    ((9, 7, 8), (4, 9, 3, 3), 1),                         # more channels than filters
    ((2, 6, 5), (3, 2, 1, 1), 0),
    ((4, 12, 13), (5, 4, 7, 7), 3),
]


def _kernels():
    """For which processor OpenBLAS has chosen its products, or "" where there are no others to compare with."""
    found = [one["architecture"] for one in threadpool_info() if one.get("internal_api") == "openblas"]
    return found[0] if found and platform.machine() in ("x86_64", "AMD64") and found[0] != "Nehalem" else ""


def drawn(shape, W_shape, N=2, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    x, W, b = (rng.standard_normal(s).astype(dtype) for s in ((N, *shape), W_shape, W_shape[:1]))
    return ops.batch_innermost(x), W, b


def both_ways(x, W, b, pad=0, m=winograd.TILE, seed=1):
    """[out, dx, dW, db] by Winograd and by `ops`, and dout."""
    out, cache = winograd.conv_forward(x, W, b, pad=pad, m=m)
    direct, direct_cache = ops.conv_forward(x, W, b, pad=pad)
    dout = ops.batch_innermost(np.random.default_rng(seed).standard_normal(out.shape).astype(out.dtype))
    return [out, *winograd.conv_backward(dout, cache)], [direct, *ops.conv_backward(dout, direct_cache)], dout


# ------------------------------------------------------------------------------------------------------ the algebra


@pytest.mark.parametrize("m, r", [(m, r) for m in range(1, 7) for r in range(1, 8)])
def test_the_transforms_filter_a_signal_exactly(m, r, rng):
    A, G, B = winograd.transforms(m, r)
    n = m + r - 1
    assert A.shape == (n, m) and G.shape == (n, r) and B.shape == (n, n)
    assert all(type(entry) is Fraction for matrix in (A, G, B) for entry in matrix.flat)
    d, g = (np.array([Fraction(int(v)) for v in rng.integers(-9, 10, size)]) for size in (n, r))
    y = A.T @ ((G @ g) * (B.T @ d))
    assert list(y) == [sum(d[i + j] * g[j] for j in range(r)) for i in range(m)]


def test_the_smallest_ones_are_those_of_the_books():
    """F(2, 3) as in Lavin and Gray, section 4.1, where the last row of B' and the last column of A' have the other sign."""
    A, G, B = winograd.transforms(2, 3)
    half = Fraction(1, 2)
    assert A.T.tolist() == [[1, 1, 1, 0], [0, 1, -1, 1]]
    assert G.tolist() == [[1, 0, 0], [half, half, half], [half, -half, half], [0, 0, 1]]
    assert B.T.tolist() == [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]


def test_points_are_different_and_begin_with_the_smallest():
    assert winograd.points(7) == [0, 1, -1, 2, Fraction(-1, 2), -2, Fraction(1, 2)]
    assert len(set(winograd.points(20))) == 20


@pytest.mark.parametrize("m, r", [(0, 3), (2, 0)])
def test_nothing_to_filter(m, r):
    with pytest.raises(ValueError, match="at least one output and one weight"):
        winograd.transforms(m, r)


# ---------------------------------------------------------------------------------------- against loops, in float64


@pytest.mark.parametrize("m", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("shape, W_shape, pad", SHAPES[1:3] + SHAPES[4:])
def test_against_loops_and_nudges(shape, W_shape, pad, m):
    x, W, b = drawn(shape, W_shape)
    (out, *grads), _, dout = both_ways(x, W, b, pad, m)
    np.testing.assert_allclose(out, reference.conv_forward(x, W, b, pad=pad), atol=1e-9)
    for mine, loops in zip(grads, reference.conv_backward(dout, x, W, pad=pad), strict=True):
        assert mine.shape == loops.shape
        np.testing.assert_allclose(mine, loops, atol=1e-9)


def test_against_small_nudges():
    arguments = drawn((2, 6, 7), (3, 2, 3, 3))
    (_, *grads), _, dout = both_ways(*arguments, pad=1)
    for n, mine in enumerate(grads):
        def loss(value, n=n):
            return float((winograd.conv_forward(*arguments[:n], value, *arguments[n + 1:], pad=1)[0] * dout).sum())
        np.testing.assert_allclose(mine, numeric_gradient(loss, arguments[n]), atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_shape(data):
    """One image or several, one channel or more channels than filters, any size, pad and tile: the numbers and the memory of `ops`."""
    k, pad, m = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 3)), data.draw(st.integers(1, 5))
    H, W = (data.draw(st.integers(max(1, k - 2 * pad), 13)) for _ in range(2))
    N, C, F = (data.draw(st.integers(1, 5)) for _ in range(3))
    x, filters, b = drawn((C, H, W), (F, C, k, k), N)
    before = [a.copy() for a in (x, filters, b)]
    mine, direct, dout = both_ways(x, filters, b, pad, m)
    for a, e in zip(mine, direct, strict=True):
        assert a.shape == e.shape and a.dtype == e.dtype
        np.testing.assert_allclose(a, e, atol=1e-8)
    assert N == 1 or all(a.strides[0] == a.itemsize for a in mine[:2])         # out and dx have the batch innermost
    assert all((a == e).all() for a, e in zip((x, filters, b), before))
    x_first, *_ = winograd.conv_forward(np.ascontiguousarray(x), filters, b, pad=pad, m=m)
    np.testing.assert_array_equal(x_first, mine[0])                            # the order in memory changes nothing


def test_whole_numbers_are_not_cut_off():
    x, W, b = (np.arange(size).reshape(shape) % 7 for size, shape in ((72, (1, 2, 6, 6)), (54, (3, 2, 3, 3)), (3, 3)))
    np.testing.assert_allclose(winograd.conv_forward(x, W, b)[0], reference.conv_forward(x, W, b), atol=1e-9)


def test_without_dx():
    x, W, b = drawn(*LENET[:2])
    out, cache = winograd.conv_forward(x, W, b)
    dx, dW, db = winograd.conv_backward(out, cache, need_dx=False)
    assert dx is None
    for mine, whole in zip((dW, db), winograd.conv_backward(out, cache)[1:]):
        np.testing.assert_array_equal(mine, whole)


@pytest.mark.parametrize("x_shape, W_shape, b_shape, options", [
    ((1, 2, 9, 9), (3, 2, 5, 5), (3,), {"stride": 2}),
    ((1, 2, 9, 9), (3, 1, 5, 5), (3,), {}),
    ((1, 2, 9, 9), (3, 2, 5, 3), (3,), {}),
    ((1, 2, 9, 9), (3, 2, 5, 5), (2,), {}),
])
def test_misfits_get_a_sentence(x_shape, W_shape, b_shape, options):
    with pytest.raises(ValueError, match=r"the stride is 2" if options else r"need filters \(F, 2, k, k\) and biases \(F,\)"):
        winograd.conv_forward(np.zeros(x_shape), np.zeros(W_shape), np.zeros(b_shape), **options)


def test_a_window_that_does_not_fit_gets_the_sentence_of_ops():
    with pytest.raises(ValueError, match="A window of 5 does not fit into 4 pixels"):
        winograd.conv_forward(np.zeros((1, 1, 4, 9)), np.zeros((1, 1, 5, 5)), np.zeros(1))
    with pytest.raises(ValueError, match=r"also a single one \(1, C, H, W\)"):
        winograd.conv_forward(np.zeros((1, 9, 9)), np.zeros((1, 1, 5, 5)), np.zeros(1))


# ------------------------------------------------------------------------------------------------ errors in float32


def errors(shape, W_shape, pad, m=winograd.TILE, dtype=np.float32, N=3):
    """For out, dx and dW: the largest error of Winograd and of `ops` in this type, over the root of the mean square of the numbers."""
    x, W, b = drawn(shape, W_shape, N)
    _, _, dout = both_ways(x, W, b, pad)
    exact = [reference.conv_forward(x, W, b, pad=pad), *reference.conv_backward(dout, x, W, pad=pad)[:2]]
    found = []
    for module, options in ((winograd, {"m": m}), (ops, {})):
        out, cache = module.conv_forward(*(a.astype(dtype) for a in (x, W, b)), pad=pad, **options)
        dx, dW, _ = module.conv_backward(dout.astype(dtype), cache)
        found.append([np.abs(a - e).max() / np.sqrt(np.mean(e ** 2)) for a, e in zip((out, dx, dW), exact)])
    return np.array(found)


@pytest.mark.parametrize("shape, W_shape, pad", [case for case in SHAPES if case[1][-1] <= winograd.LARGEST], ids=str)
def test_the_error_is_bounded(shape, W_shape, pad):
    """In float32, against loops in float64: measured at most 80 times that of `ops`, and 2e-5 of the size of the numbers."""
    mine, direct = errors(shape, W_shape, pad, N=2)
    assert (mine < 150 * np.maximum(direct, np.finfo(np.float32).eps)).all(), (mine / direct).round(1)
    assert (mine < 5e-5).all(), mine


def test_the_error_grows_with_the_tile():
    small, here, large = (errors((4, 16, 16), (4, 4, 5, 5), 0, m)[0].max() for m in (2, 4, 8))
    assert small < here < large
    assert here < 5e-5 < large


# ------------------------------------------------------------------------------------------------------ in a network


def lenet_with(seed, fast=True):
    net = lenet(np.random.default_rng(seed))
    for layer in net.layers:
        layer.fast = fast
    return net


def test_lenet_computes_conv2_in_this_way(rng):
    net = lenet_with(0)
    net.loss(rng.random((2, 1, 28, 28), dtype=np.float32), np.array([3, 1]))
    assert [layer.name for layer in net.layers if layer._seen[0]["cache"][1] is winograd.conv_backward] == ["conv2"]


def step_by_ops(params, velocities, x, y, halves):
    """One step of `train` for LeNet, with nothing but the functions of `ops` and `sgd_momentum`: loss, parameters, velocities."""
    W1, b1, W2, b2, W3, b3, W4, b4 = params
    losses, grads = [], []
    for part in [slice(0, len(x) // 2), slice(len(x) // 2, None)] if halves else [slice(None)]:
        conv1, conv1_cache = ops.conv_forward(ops.batch_innermost(x[part]), W1, b1)
        pool1, pool1_cache = ops.max_pool_forward(conv1, k=2)
        conv2, conv2_cache = ops.conv_forward(pool1, W2, b2)
        pool2, pool2_cache = ops.max_pool_forward(conv2, k=2)
        ip1, ip1_cache = ops.inner_product_forward(pool2, W3, b3)
        relu1, relu1_cache = ops.relu_forward(ip1)
        scores, ip2_cache = ops.inner_product_forward(relu1, W4, b4)
        loss, dscores = ops.softmax_loss(scores, y[part])
        share = len(x[part]) / len(x)
        drelu1, dW4, db4 = ops.inner_product_backward(dscores * np.float32(share), ip2_cache)
        dpool2, dW3, db3 = ops.inner_product_backward(ops.relu_backward(drelu1, relu1_cache), ip1_cache)
        dpool1, dW2, db2 = ops.conv_backward(ops.max_pool_backward(dpool2, pool2_cache), conv2_cache)
        _, dW1, db1 = ops.conv_backward(ops.max_pool_backward(dpool1, pool1_cache), conv1_cache, need_dx=False)
        losses.append(loss * share)
        grads.append([dW1, db1, dW2, db2, dW3, db3, dW4, db4])
    new = [sgd_momentum(p, v, sum(dp[1:], dp[0]), 0.01, decay=5e-4 * (n % 2 == 0))
           for n, (p, v, *dp) in enumerate(zip(params, velocities, *grads))]
    return sum(losses), *map(list, zip(*new))


@pytest.mark.parametrize("N", [20, 64, 131])
def test_switched_off_the_bits_of_a_training_are_those_of_ops(rng, N):
    x, y = rng.random((N, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, N)
    off, without, fast = lenet_with(0, fast=False), lenet_with(0), lenet_with(0)
    for layer in without.layers:
        layer.operation = dataclasses.replace(layer.operation, faster=lambda x, W_shape, before_pooling, **_: None)
    params = [p for layer in off.layers for p in layer.params.values()]
    velocities, losses = [np.zeros((), np.float32)] * len(params), []
    with _parallel._blas.limit(limits=1, user_api="blas"):
        for _ in range(4):
            loss, params, velocities = step_by_ops(params, velocities, x, y, halves=N >= 64)
            losses.append(loss)

    def after_training(net):
        steps = itertools.islice(train(net, itertools.repeat((x, y)), 0.01, decay=5e-4), 4)
        return [step.loss for step in steps], *(p for layer in net.layers for p in layer.params.values())

    for net in (off, without):
        for mine, theirs in zip(after_training(net), (losses, *params), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    fast_losses, *fast_params = after_training(fast)
    np.testing.assert_allclose(fast_losses, losses, rtol=1e-4)
    assert any((mine != theirs).any() for mine, theirs in zip(fast_params, params))      # so the test would see the difference


def test_functions_of_use_get_the_cache_of_ops_also_after_the_pass(rng):
    net = Net((12, 12, 12), [Layer("conv", "conv", (20, 12, 5, 5)), Layer("ip", "inner_product", (20 * 64, 3))])
    net.initialise(rng, lambda fan_in, _: 0.1)["conv"].fast = True
    x, y = rng.random((4, 12, 12, 12), dtype=np.float32), np.array([0, 1, 2, 1])
    seen = []

    def my_backward(dout, cache):
        seen.append(len(cache))
        return ops.conv_backward(dout, cache)

    net.loss(x, y)
    dx_before = net["conv"].dx
    net.loss(x, y)
    net["conv"].use(backward=my_backward)
    np.testing.assert_array_equal(net["conv"].dx, dx_before)           # a pass ends with the functions that it began with
    assert not seen
    net.loss(x, y)
    assert seen == [5]
    np.testing.assert_allclose(net["conv"].dx, dx_before, atol=1e-5)


@pytest.mark.parametrize("fast", [True, False])
def test_gradients_check_through_it(rng, fast):
    net = lenet(rng)
    net["conv2"].fast = fast
    x, y = rng.random((3, 1, 28, 28)), rng.integers(0, 10, 3)
    found = check_net(net, x, y, entries=6)
    assert not [entry for entry in found if entry.verdict == "fail"]
    assert any(entry.layer == "conv2" and entry.verdict == "pass" for entry in found)


# ------------------------------------------------------------------------------------------------ threads, processors


@pytest.mark.parametrize("N, fast", [(64, False), (100, True), (200, False), (200, True)])
def test_any_number_of_threads_gives_the_same_bits(rng, monkeypatch, N, fast):
    x, y = rng.random((N, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, N)
    results = []
    for threads in (1, 2, 3, 4):
        monkeypatch.setattr(_parallel, "THREADS", threads)
        monkeypatch.setattr(_parallel, "_workers", _parallel.ThreadPoolExecutor(max(1, threads - 1)))
        net = lenet_with(0, fast)
        steps = [step.loss for step in itertools.islice(train(net, itertools.repeat((x, y)), 0.01), 3)]
        results.append((steps, net(x), *net.snapshot()["ip1"].values(), net["conv1"].dx))
        _parallel._workers.shutdown()
    for result in results[1:]:
        for one, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(one, first)


def test_a_batch_is_divided_by_its_size_alone(rng):
    net = lenet(rng)
    for N, parts in ((1, 1), (63, 1), (64, 2), (128, 2), (191, 2), (192, 3), (256, 4), (640, 8)):
        net.loss(np.zeros((N, 1, 28, 28), np.float32), np.zeros(N, int))
        assert len(net["conv1"]._seen) == parts and net["conv1"].x.shape[0] == N


STEPS = """
import itertools, sys
import numpy as np
from lenet_core import data, lenet
from lenet_core.training import minibatches, train
digits, rng = data.digits(), np.random.default_rng(0)
steps = train(lenet(rng), minibatches(digits.train_x, digits.train_y, 64, rng), 0.05)
print(*(step.loss.hex() for step in itertools.islice(steps, int(sys.argv[1]))))
"""


def losses_on(kernels, steps):
    ran = subprocess.run([sys.executable, "-c", STEPS, str(steps)], env=os.environ | {"OPENBLAS_CORETYPE": kernels},
                         capture_output=True, text=True, check=True)
    return np.array([float.fromhex(number) for number in ran.stdout.split()])


@pytest.mark.skipif(not _kernels(), reason="the products here are not those of OpenBLAS on an x86 processor newer than Nehalem")
@pytest.mark.parametrize("steps", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_the_same_seed_on_another_kind_of_processor(steps, capsys):
    """OpenBLAS adds in another order there: the first losses agree to seven digits, and the difference grows with every step."""
    here, again, there = (losses_on(kernels, steps) for kernels in (_kernels(), _kernels(), "Nehalem"))
    with capsys.disabled():
        print(f"\nloss of step 1: {here[0]:.10f} with {_kernels()}'s kernels, {there[0]:.10f} with Nehalem's; "
              f"of step {steps}: {here[-1]:.8f}, {there[-1]:.8f}")
    np.testing.assert_array_equal(here, again)
    differences = np.abs(here - there) / here
    assert differences[0] < 1e-6 and differences[-10:].max() > 3 * differences[0]


# ------------------------------------------------------------------------------------------------- trained either way


def trained(data, seed, steps, fast):
    rng = np.random.default_rng(seed)
    net = lenet(rng)
    net["conv2"].fast = fast
    batches = minibatches(data.train_x, data.train_y, 64, rng)
    schedule = linear_warmup_decay(0.05, steps)
    losses = [step.loss for step in itertools.islice(train(net, batches, schedule, decay=5e-4), steps)]
    return losses, error_rate(net, data.test_x, data.test_y)


def test_a_short_training_ends_at_about_the_same_loss(digits):
    (fast, _), (direct, _) = (trained(digits, 0, 60, way) for way in (True, False))
    np.testing.assert_allclose(fast[:5], direct[:5], rtol=1e-4)
    assert np.mean(fast[-10:]) == pytest.approx(np.mean(direct[-10:]), rel=0.2)
    assert np.mean(fast[-10:]) < 0.5 * fast[0]


@pytest.mark.slow
def test_five_seeds_end_at_the_same_accuracy(mnist, capsys):
    """Half an epoch of MNIST from the same weights through the same batches, by Winograd and by the sums of `ops`."""
    pairs = np.array([[trained(mnist, seed, 469, way)[1] for way in (True, False)] for seed in range(5)])
    differences = pairs[:, 0] - pairs[:, 1]
    with capsys.disabled():
        print("\nerror rates on the test set, by Winograd and by the sums of ops: "
              + ", ".join(f"{fast:.2%} {direct:.2%}" for fast, direct in pairs)
              + f"; mean difference {differences.mean():+.3%} +- {differences.std(ddof=1) / np.sqrt(5):.3%} (standard error)")
    assert abs(differences.mean()) < 0.002 and np.abs(differences).max() < 0.004
