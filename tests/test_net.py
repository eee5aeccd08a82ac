"""Layers and networks: what they remember, what they refuse, and a student's own functions in them."""

import math
import threading

import numpy as np
import pytest

from lenet_core import Layer, Net, lenet, ops
from lenet_core.initializers import lecun_uniform


@pytest.fixture
def net(rng):
    return lenet(rng)


def batch(rng, n=8):
    return rng.random((n, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, n)


def test_lenet_is_the_homeworks(net):
    assert net.size == 431_080
    assert net.shapes() == [(20, 24, 24), (20, 12, 12), (50, 8, 8), (50, 4, 4), (500,), (500,), (10,)]
    assert net["conv1"].params["W"].shape == (20, 1, 5, 5) and net["ip1"].params["W"].shape == (800, 500)
    assert {p.dtype for layer in net.layers for p in layer.params.values()} == {np.dtype(np.float32)}
    assert "431,080" in repr(net) and "20x24x24" in repr(net)


@pytest.mark.parametrize("seed", range(5))
def test_untrained_network_knows_nothing(seed):
    rng = np.random.default_rng(seed)
    loss, _ = lenet(rng).loss(*batch(rng, 64))
    assert loss == pytest.approx(math.log(10), abs=0.1)


def test_same_seed_same_network():
    a, b = lenet(np.random.default_rng(3)).snapshot(), lenet(np.random.default_rng(3)).snapshot()
    assert all((a[n][p] == b[n][p]).all() for n in a for p in a[n])


def test_loss_remembers_and_predict_does_not(net, rng):
    x, y = batch(rng)
    assert net["pool1"].x is None and net["conv1"].dx is None
    loss, scores = net.loss(x, y)
    seen = net["pool1"].out
    net.predict(batch(rng)[0])
    assert net["pool1"].out is seen
    assert scores.shape == (8, 10) and loss == pytest.approx(ops.softmax_loss(net(x), y)[0], rel=1e-5)
    for layer in net.layers:
        assert layer.x.shape == layer.dx.shape and layer.out.shape == layer.dout.shape
        assert {p: g.shape for p, g in layer.grads.items()} == {p: v.shape for p, v in layer.params.items()}
    assert (net["conv1"].x == x).all() and (net["conv1"].out == net["pool1"].x).all()
    assert (net["pool1"].dx == net["conv1"].dout).all()


def test_gradient_of_the_picture_is_there_when_asked_for(rng):
    net = lenet(rng, np.float64)
    x, y = batch(rng, 2)
    net.loss(x, y)
    dx, nudged = net["conv1"].dx, x.astype(np.float64)
    nudged[1, 0, 14, 9] += 1e-6
    slope = (ops.softmax_loss(net(nudged), y)[0] - ops.softmax_loss(net(x), y)[0]) / 1e-6
    assert dx[1, 0, 14, 9] == pytest.approx(slope, rel=1e-4)


def test_two_halves_are_the_whole(rng):
    """A batch of 80 is split over two threads; in float64 the gradients are those of the parts, weighted by their size."""
    net = lenet(rng, np.float64)
    x, y = batch(rng, 80)
    loss, scores = net.loss(x, y)
    whole = {layer.name: dict(layer.grads) for layer in net.layers}
    assert (net["conv1"].x == x).all() and net["conv1"].dx.shape == x.shape
    parts = []
    for part in (slice(0, 20), slice(20, 50), slice(50, 80)):
        part_loss, part_scores = net.loss(x[part], y[part])
        parts.append((len(y[part]) / 80, part_loss, {layer.name: dict(layer.grads) for layer in net.layers}))
        np.testing.assert_allclose(part_scores, scores[part], rtol=1e-10, atol=1e-12)
    assert loss == pytest.approx(sum(share * part for share, part, _ in parts), rel=1e-12)
    for name, grads in whole.items():
        for p, grad in grads.items():
            np.testing.assert_allclose(grad, sum(share * g[name][p] for share, _, g in parts), rtol=1e-9, atol=1e-12)


def test_loss_is_repeatable_to_the_last_bit(rng):
    net = lenet(rng)
    x, y = batch(rng, 64)
    first = net.loss(x, y)[0], net["conv1"].grads["W"]
    second = net.loss(x, y)[0], net["conv1"].grads["W"]
    assert first[0] == second[0] and (first[1] == second[1]).all()


@pytest.mark.parametrize("n", [32, 64])
def test_what_another_thread_does_changes_no_bit(rng, n):
    net, other = lenet(rng), lenet(rng)
    x, y = batch(rng, n)
    net.loss(x, y)
    alone, busy = net["conv2"].grads["W"], True

    def predict():
        while busy:
            other.predict(np.concatenate([x] * 4))

    thread = threading.Thread(target=predict)
    thread.start()
    try:
        for _ in range(10):
            net.loss(x, y)
            assert (net["conv2"].grads["W"] == alone).all()
    finally:
        busy = False
        thread.join()


def test_images_are_brought_to_the_networks_type(rng):
    net = lenet(rng, np.float64)
    assert net(batch(rng)[0]).dtype == np.float64
    assert net(np.zeros((0, 1, 28, 28))).shape == (0, 10)


def test_snapshot_and_restore(net, rng):
    x, y = batch(rng)
    before, kept = net(x), net.snapshot()
    net["ip2"].params = {"W": np.zeros((500, 10), np.float32), "b": np.zeros(10, np.float32)}
    assert (net(x) == 0).all()
    net.restore(kept)
    assert (net(x) == before).all()


# ---------------------------------------------------------------------------------------------- a student's functions


def own_pool_forward(x, k, stride=None):
    return ops.max_pool_forward(np.ascontiguousarray(x), k, stride)


def test_own_functions_take_the_places(net, rng):
    x, y = batch(rng, 64)
    net.loss(x, y)
    expected = net["conv1"].grads["W"]
    calls = []

    def my_relu_forward(x):
        calls.append(x.shape)
        return np.where(x > 0, x, 0), ("my own cache", x)

    def my_relu_backward(dout, cache):
        return dout * (cache[1] > 0)

    net["relu1"].use(forward=my_relu_forward, backward=my_relu_backward)
    net["pool1"].use(forward=own_pool_forward)                       # the package's backward gets the package's cache
    net["pool2"].use(backward=lambda dout, cache: ops.max_pool_backward(dout, cache))
    net["ip1"].use(backward=lambda dout, cache: ops.inner_product_backward(dout, cache))
    loss, _ = net.loss(x, y)
    assert calls == [(64, 500)]                                      # one call with the whole batch
    np.testing.assert_allclose(net["conv1"].grads["W"], expected, rtol=1e-3, atol=1e-6)
    net["relu1"].use()
    net.loss(x, y)
    assert len(calls) == 1


def my_backward(dout, cache):
    x, W = cache
    return dout @ W.T, (x.reshape(len(x), -1).T @ dout).T, dout.sum(axis=0)


@pytest.mark.parametrize("layer, functions, words", [
    ("ip2", {"backward": my_backward}, r"my_backward: dW has shape \(10, 500\), but W has shape \(500, 10\)"),
    ("ip2", {"backward": lambda dout, cache: None}, "returns nothing.*dx, dW, db"),
    ("ip2", {"backward": lambda dout, cache: (dout, dout)}, "returns 2 things.*dx, dW, db"),
    ("relu1", {"forward": lambda x: np.maximum(x, 0)}, "needs two things, out and cache"),
    ("relu1", {"forward": lambda x: (x[:, :10], x)}, r"out has shape \(8, 10\), but layer relu1 needs \(8, 500\)"),
    ("relu1", {"backward": lambda dout, cache: dout.sum(axis=0)}, r"dx has shape \(500,\), but x has shape \(8, 500\)"),
])
def test_own_function_of_wrong_shape_is_named(net, rng, layer, functions, words):
    net[layer].use(**functions)
    with pytest.raises(ValueError, match=words):
        net.loss(*batch(rng))


# ------------------------------------------------------------------------------------------------------- refusals, files


@pytest.mark.parametrize("call, words", [
    (lambda net: net["conv9"], "no layer 'conv9'; there are: conv1, pool1"),
    (lambda net: net(np.zeros((3, 28, 28))), r"\(N, 1, 28, 28\); got \(3, 28, 28\)"),
    (lambda net: net.loss(np.zeros((2, 1, 28, 28)), np.array([1])), "2 images need 2 labels"),
    (lambda net: Net((1, 4, 4), [Layer("a", "relu"), Layer("a", "relu")]), "same name"),
    (lambda net: Net((1, 4, 4), [Layer("c", "conv", (2, 3, 2, 2))]), "Layer c does not fit"),
    (lambda net: Net((1, 4, 4), [Layer("c", "convolution")]), "kind"),
])
def test_misuse_gets_a_sentence(net, call, words):
    with pytest.raises((ValueError, KeyError), match=words):
        call(net)


def test_save_and_load(net, rng, tmp_path):
    x, _ = batch(rng)
    net.save(tmp_path / "net.npz")
    again = Net.load(tmp_path / "net.npz")
    assert (again(x) == net(x)).all() and repr(again) == repr(net)
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


def test_a_failed_save_leaves_the_old_file(net, rng, tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    net.save(path)
    old = path.read_bytes()

    def disk_full(*_, **__):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(np, "savez", disk_full)
    with pytest.raises(OSError, match="No space"):
        lenet(rng).save(path)
    assert path.read_bytes() == old and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut off", "other"])
def test_bad_files_get_a_sentence(tmp_path, content):
    path = tmp_path / "bad.npz"
    if content == "other":
        np.savez(path, a=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="bad.npz is not a saved network"):
        Net.load(path)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        Net.load(tmp_path / "none.npz")


def test_bounds_of_first_weights(rng):
    """The homework divides by what goes into the layer, the usual rule by what goes into one output."""
    W = lenet(rng)["conv1"].params["W"]
    assert abs(W).max() == pytest.approx(math.sqrt(3 / 784), rel=0.02)
    W = lenet(rng, bound=lecun_uniform)["conv1"].params["W"]
    assert abs(W).max() == pytest.approx(math.sqrt(3 / 25), rel=0.02)
