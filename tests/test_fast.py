"""The faster ways of a layer: tiles hold the same maps, the passes give what those of `ops` give, the shape alone decides."""

import functools
import itertools

import numpy as np
import pytest

from lenet_core import Layer, Net, fast, lenet, ops, winograd
from lenet_core._tiles import Tiles
from lenet_core.gradcheck import check_net

SHAPES = [                                                # asymmetric on purpose; the sides of the output are even
    ((1, 28, 28), (20, 1, 5, 5), 0),                      # LeNet's conv1
    ((3, 9, 11), (4, 3, 4, 4), 0),
    ((2, 7, 5), (3, 2, 2, 2), 0),
    ((3, 8, 6), (2, 3, 3, 3), 1),
    ((4, 6, 10), (5, 4, 5, 5), 2),
    ((2, 4, 6), (3, 2, 1, 1), 0),
]


def drawn(shape, W_shape, N=3, seed=0):
    rng = np.random.default_rng(seed)
    x, W, b = (rng.standard_normal(s) for s in ((N, *shape), W_shape, W_shape[:1]))
    return ops.batch_innermost(x), W, b


# ------------------------------------------------------------------------------------------------------------- tiles


@pytest.mark.parametrize("m", [1, 2, 4])
def test_tiles_hold_the_same_maps(rng, m):
    x = ops.batch_innermost(rng.random((3, 2, 8, 12)))
    tiles = Tiles.of(x, m)
    assert tiles.shape == x.shape and tiles.data.shape == (m, m, 2, 8 // m, 12 // m, 3)
    assert tiles.data[m - 1, 0, 1, 1, 2, 0] == x[0, 1, 1 * m + m - 1, 2 * m]
    np.testing.assert_array_equal(np.asarray(tiles), x)
    assert Tiles.of(tiles, m) is tiles
    back = np.asarray(tiles)
    assert back.strides[0] == back.itemsize                              # the batch axis innermost


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("kind", ["distinct", "ties", "NaN", "infinite"])
def test_pooling_of_tiles_gives_the_bits_of_ops(rng, m, kind):
    x = rng.integers(0, 3, (3, 2, 8, 12)).astype(np.float32) if kind == "ties" else rng.random((3, 2, 8, 12), dtype=np.float32)
    if kind in ("NaN", "infinite"):
        x[rng.random(x.shape) < 0.2] = np.nan if kind == "NaN" else np.inf
    dout = rng.random((3, 2, 4, 6), dtype=np.float32)
    out, cache = fast.max_pool_forward(Tiles.of(x, m), 2)
    expected, theirs = ops.max_pool_forward(ops.batch_innermost(x), 2)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(np.asarray(fast.max_pool_backward(dout, cache)), ops.max_pool_backward(dout, theirs))


# ------------------------------------------------------------------------------------------- the convolution before it


@pytest.mark.parametrize("shape, W_shape, pad", SHAPES)
@pytest.mark.parametrize("as_tiles", [True, False])
def test_a_convolution_in_tiles_is_that_of_ops(shape, W_shape, pad, as_tiles):
    x, W, b = drawn(shape, W_shape)
    out, cache = fast.conv_forward(x, W, b, pad=pad)
    expected, theirs = ops.conv_forward(x, W, b, pad=pad)
    np.testing.assert_allclose(np.asarray(out), expected, atol=1e-13)
    dout = np.random.default_rng(1).standard_normal(expected.shape)
    mine = fast.conv_backward(Tiles.of(dout, 2) if as_tiles else dout, cache)
    for one, other in zip(mine, ops.conv_backward(dout, theirs), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)
    assert fast.conv_backward(dout, cache, need_dx=False)[0] is None


@pytest.mark.parametrize("shape, W_shape, pad", [((20, 12, 12), (50, 20, 5, 5), 0), ((3, 8, 4), (2, 3, 3, 3), 1)])
def test_winograd_leaves_its_result_in_tiles(shape, W_shape, pad):
    x, W, b = drawn(shape, W_shape)
    out, cache = winograd.conv_forward(x, W, b, pad=pad, in_tiles=True)
    expected, theirs = winograd.conv_forward(x, W, b, pad=pad)
    assert isinstance(out, Tiles) and isinstance(expected, np.ndarray)
    np.testing.assert_array_equal(np.asarray(out), expected)
    dout = np.random.default_rng(1).standard_normal(expected.shape)
    for one, other in zip(winograd.conv_backward(Tiles.of(dout, 4), cache), winograd.conv_backward(dout, theirs), strict=True):
        np.testing.assert_array_equal(one, other)


# ------------------------------------------------------------------------------------------------ the choice by shape


@pytest.mark.parametrize("shape, W_shape, options, way", [
    ((20, 12, 12), (50, 20, 5, 5), {}, "winograd"),                          # LeNet's conv2
    ((20, 12, 12), (50, 20, 5, 5), {"stride": 1, "pad": 0}, "winograd"),
    ((20, 12, 12), (50, 20, 5, 5), {"stride": 2}, "ops"),
    ((1, 28, 28), (20, 1, 5, 5), {}, "ops"),                                 # conv1: one channel, so the transforms cost more than the sums
    ((1, 28, 28), (20, 1, 5, 5), {"before_pooling": True}, "tiles of 2"),
    ((1, 28, 28), (20, 1, 5, 5), {"before_pooling": True, "stride": 2}, "ops"),
    ((1, 27, 28), (20, 1, 5, 5), {"before_pooling": True}, "ops"),                   # a row of outputs that is in no window
    ((8, 28, 28), (16, 8, 3, 3), {"pad": 1, "before_pooling": True}, "ops"),         # many channels: the zeros in the filters cost more
    ((20, 12, 12), (50, 20, 5, 5), {"before_pooling": True}, "winograd, tiles of 4"),
    ((20, 13, 12), (50, 20, 5, 5), {"before_pooling": True}, "winograd"),            # tiles reach over the edge
    ((16, 5, 5), (120, 16, 5, 5), {}, "ops"),                                # one output of a tile of 16
    ((32, 16, 16), (32, 32, 5, 5), {"pad": 2}, "winograd"),
    ((64, 8, 8), (64, 64, 3, 3), {"pad": 1}, "winograd"),
    ((8, 28, 28), (16, 8, 3, 3), {"pad": 1}, "ops"),
    ((64, 8, 8), (64, 64, 1, 1), {}, "ops"),
    ((32, 20, 20), (32, 32, 7, 7), {"pad": 3}, "ops"),                       # in float32 the error would be 250 times that of the sums
])
def test_the_shape_alone_decides(shape, W_shape, options, way):
    for N in (1, 64):
        found = fast.convolution(np.zeros((N, *shape), np.float32), W_shape, **options)
        if way == "ops":
            assert found is None
        elif way == "tiles of 2":
            assert found == (fast.conv_forward, fast.conv_backward)
        else:
            forward, backward = found
            assert isinstance(forward, functools.partial) and forward.func is winograd.conv_forward
            assert forward.keywords == {"in_tiles": "tiles" in way} and backward is winograd.conv_backward


@pytest.mark.parametrize("options, reads", [({"k": 2}, True), ({"k": 2, "stride": 2}, True), ({"k": 2, "stride": 1}, False),
                                            ({"k": 3}, False), ({"k": 3, "stride": 2}, False)])
def test_which_pooling_reads_tiles(options, reads):
    layer = Layer("pool", "max_pool", **options)
    assert layer.reads_tiles == reads
    layer.fast = False
    assert not layer.reads_tiles
    layer.fast = True
    assert not layer.use(forward=ops.max_pool_forward).reads_tiles
    assert not Layer("relu", "relu").reads_tiles


# ---------------------------------------------------------------------------------------------------- in a network


@pytest.mark.parametrize("N", [5, 64])
def test_layers_keep_the_arrays_that_they_keep_without_it(rng, N):
    x, y = rng.random((N, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, N)
    quick, plain = lenet(np.random.default_rng(0)), lenet(np.random.default_rng(0))
    for layer in plain.layers:
        layer.fast = False
    np.testing.assert_allclose(quick.loss(x, y)[0], plain.loss(x, y)[0], rtol=1e-6)
    for mine, theirs in zip(quick.layers, plain.layers):
        for what in ("x", "out", "dout", "dx"):
            one, other = getattr(mine, what), getattr(theirs, what)
            assert type(one) is np.ndarray and one.dtype == other.dtype
            np.testing.assert_allclose(one, other, atol=3e-5 * abs(other).max(), err_msg=f"{mine.name} {what}")
        for p, grad in theirs.grads.items():
            np.testing.assert_allclose(mine.grads[p], grad, atol=3e-5 * abs(grad).max(), err_msg=f"{mine.name} {p}")


@pytest.mark.parametrize("conv, pool", [("conv1", "pool1"), ("conv2", "pool2")])
def test_the_winner_is_the_first_maximum_of_what_the_layer_shows(rng, conv, pool):
    """Decided among the rounded numbers, biases included: else the kept arrays would contradict each other now and then."""
    net = lenet(rng)
    for layer in net.layers:
        if "b" in layer.params:
            layer.params["b"] = np.full_like(layer.params["b"], 1000.0)      # rounds many outputs of a window to the same number
    net.loss(rng.random((64, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 64))
    out, cache = ops.max_pool_forward(net[conv].out, 2)
    entries = list(ops.window_entries(net[conv].out, 2, 2))
    assert any((one == other).any() for one, other in zip(entries, entries[1:]))
    np.testing.assert_array_equal(net[pool].out, out)
    np.testing.assert_array_equal(net[conv].dout, ops.max_pool_backward(net[pool].dout, cache))


def test_a_function_of_ones_own_gets_arrays(rng):
    net, seen = lenet(rng), []

    def my_pooling(x, k):
        seen.append(type(x))
        return ops.max_pool_forward(x, k)

    x, y = rng.random((4, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 4)
    before = net.loss(x, y)[0]
    net["pool1"].use(forward=my_pooling)
    np.testing.assert_allclose(net.loss(x, y)[0], before, rtol=1e-6)
    net["pool1"].use()
    net["pool1"].fast = False
    np.testing.assert_allclose(net.loss(x, y)[0], before, rtol=1e-6)
    assert seen == [np.ndarray]


def test_the_number_types_are_those_of_ops(rng):
    images, W = rng.random((2, 1, 8, 8)) * 9, rng.standard_normal((2, 1, 3, 3)) * 9
    types = (bool, int, np.float32, np.float64)
    for x, filters in itertools.product((images.astype(t) for t in types), (W.astype(t) for t in types[1:])):
        b = filters[:, 0, 0, 0]
        out, expected = np.asarray(fast.conv_forward(x, filters, b)[0]), ops.conv_forward(x, filters, b)[0]
        assert out.dtype == expected.dtype
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-3)


def test_no_images(rng):
    W, b = rng.random((2, 1, 3, 3)), rng.random(2)
    out, cache = fast.conv_forward(np.zeros((0, 1, 8, 8)), W, b)
    pooled, pool_cache = fast.max_pool_forward(out, 2)
    assert out.shape == (0, 2, 6, 6) and pooled.shape == (0, 2, 3, 3)
    dx, dW, db = fast.conv_backward(fast.max_pool_backward(pooled, pool_cache), cache)
    assert dx.shape == (0, 1, 8, 8) and not dW.any() and not db.any()


@pytest.mark.parametrize("x_shape, W_shape, b_shape, words", [
    ((1, 8, 8), (2, 1, 3, 3), (2,), "Images come as"), ((2, 1, 8, 8), (2, 1, 3, 1), (2,), r"need filters \(F, 1, k, k\)"),
    ((2, 2, 8, 8), (2, 1, 3, 3), (2,), r"need filters \(F, 2, k, k\)"), ((2, 1, 8, 8), (2, 1, 3, 3), (3,), r"b \(3,\)")])
def test_misfits_get_the_sentence_of_ops(x_shape, W_shape, b_shape, words):
    for conv_forward in (fast.conv_forward, ops.conv_forward, winograd.conv_forward):
        with pytest.raises(ValueError, match=words):
            conv_forward(np.zeros(x_shape), np.zeros(W_shape), np.zeros(b_shape))


def test_tiles_of_another_size_are_made_anew(rng):
    x = ops.batch_innermost(rng.random((3, 2, 8, 8)))
    two = Tiles.of(Tiles.of(x, 4), 2)
    assert len(two.data) == 2
    np.testing.assert_array_equal(np.asarray(two), x)
    assert not np.shares_memory(np.array(Tiles.of(x, 1)), x)


@pytest.mark.parametrize("seed", range(60))
def test_any_order_of_layers(seed):
    """Whatever follows what, and whichever layers may be fast: all that the layers keep is as without the faster functions."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 6)), 2 * int(rng.integers(4, 10)), 2 * int(rng.integers(4, 10)))
    net = Net(shape, list(drawn_layers(rng, *shape))).initialise(rng, lambda *_: 0.5, np.float64)
    for layer in net.layers:
        layer.fast = bool(rng.random() < 0.9)
    plain = Net(shape, [Layer(layer.name, layer.kind, layer.W_shape, **layer.options) for layer in net.layers])
    plain.restore(net.snapshot())
    for layer in plain.layers:
        layer.fast = False
    N = int(rng.choice([1, 3, 63, 64, 65]))
    x, y = rng.standard_normal((N, *shape)), rng.integers(0, 3, N)
    assert net.loss(x, y)[0] == pytest.approx(plain.loss(x, y)[0])
    np.testing.assert_allclose(net(x), plain(x), atol=1e-8)
    for mine, theirs in zip(net.layers, plain.layers):
        for what in ("x", "out", "dout", "dx"):
            np.testing.assert_allclose(getattr(mine, what), getattr(theirs, what), atol=1e-8, err_msg=f"{mine} {what}")
        for p, grad in theirs.grads.items():
            np.testing.assert_allclose(mine.grads[p], grad, atol=1e-8 * max(1, abs(grad).max()), err_msg=f"{mine} {p}")


def drawn_layers(rng, C, H, W):
    """Up to five layers for images (C, H, W); most convolutions are followed by a pooling."""
    kind = None
    for n in range(int(rng.integers(2, 6))):
        kind = "max_pool" if kind == "conv" and rng.random() < 0.8 else rng.choice(["conv", "conv", "max_pool", "relu"])
        k, stride, pad = int(rng.integers(1, 6)), int(rng.choice([1, 1, 1, 2])), int(rng.integers(0, 3))
        if kind == "max_pool":
            k, pad = int(rng.choice([2, 2, 2, 3])), 0
            stride = k if rng.random() < 0.8 else stride
        if kind == "relu":
            yield Layer(f"layer{n}", "relu")
        elif min(H, W) + 2 * pad >= k:
            H, W = (ops.output_size(size, k, stride, pad) for size in (H, W))
            if kind == "conv":
                F = int(rng.choice([2, 3, 24]))
                yield Layer(f"layer{n}", "conv", (F, C, k, k), stride=stride, pad=pad)
                C = F
            else:
                yield Layer(f"layer{n}", "max_pool", k=k, stride=stride)
    yield Layer("scores", "inner_product", (C * H * W, 3))


def test_gradients_of_an_earlier_step_stay(rng):
    net = lenet(rng)
    for N in (5, 64, 64):
        net.loss(rng.random((N, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, N))
        held = [array for layer in net.layers for array in (*layer.grads.values(), layer.out, layer.dout)]
        before = [array.copy() for array in held]
        net.loss(rng.random((64, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 64))
        for array, copy in zip(held, before):
            np.testing.assert_array_equal(array, copy)


def test_gradients_check_through_tiles(rng):
    net = Net((2, 12, 10), [Layer("conv", "conv", (3, 2, 3, 3)), Layer("pool", "max_pool", k=2), Layer("ip", "inner_product", (3 * 5 * 4, 3))])
    net.initialise(rng, lambda fan_in, _: 0.3, dtype=np.float64)
    x, y = rng.random((3, 2, 12, 10)), np.array([0, 2, 1])
    net.loss(x, y)
    assert isinstance(net["conv"]._seen[0]["out"], Tiles)
    found = check_net(net, x, y, entries=20)
    assert not [entry for entry in found if entry.verdict == "fail"]
    assert any(entry.layer == "conv" and entry.verdict == "pass" for entry in found)


@pytest.mark.parametrize("side, stride", [(8, 2), (7, 1), (7, 2)])
def test_what_the_convolution_in_tiles_cannot_do_gets_a_sentence(side, stride):
    x, W, b = np.zeros((1, 1, side, side)), np.zeros((2, 1, 3, 3)), np.zeros(2)
    with pytest.raises(ValueError, match=f"fast: stride {stride} gives maps of .* this needs stride 1 and even sides."):
        fast.conv_forward(x, W, b, stride=stride)
