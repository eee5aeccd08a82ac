"""The checker finds what is wrong, passes what is right, and tells a kink from both."""

import numpy as np
import pytest

from lenet_core import Layer, Net, lenet, ops
from lenet_core.gradcheck import check_net, numeric_gradient


def test_numeric_gradient_by_hand():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    kept = x.copy()
    np.testing.assert_allclose(numeric_gradient(lambda v: float((v ** 3).sum()), x), 3 * x ** 2, rtol=1e-8)
    assert (x == kept).all()


def test_lenet_passes(rng, digits):
    net = lenet(rng)
    seen = net["conv1"].x
    found = check_net(net, digits.train_x[:4], digits.train_y[:4], entries=5)
    assert len(found) == 8 * 5 and net["conv1"].x is seen
    assert {e.verdict for e in found} <= {"pass", "kink"} and [e.verdict for e in found].count("pass") >= 38


def test_stride_and_padding_pass(rng):
    net = Net((2, 9, 8), [Layer("conv1", "conv", (3, 2, 3, 3), stride=2, pad=1), Layer("pool1", "max_pool", k=2, stride=1),
                          Layer("ip1", "inner_product", (36, 4))]).initialise(rng, lambda *_: 0.5)
    found = check_net(net, rng.standard_normal((3, 2, 9, 8)), np.array([0, 3, 1]))
    assert all(e.verdict == "pass" for e in found)


@pytest.mark.parametrize("layer, broken", [
    ("relu1", lambda dout, cache: dout * (np.maximum(cache, 0) >= 0)),
    ("pool2", lambda dout, cache: 0.5 * ops.max_pool_backward(dout, cache)),
])
def test_bugs_fail(rng, digits, layer, broken):
    net = lenet(rng)
    net[layer].use(backward=broken)
    found = check_net(net, digits.train_x[:4], digits.train_y[:4], entries=5)
    assert any(e.verdict == "fail" for e in found if e.layer == "conv1")
    assert all(e.verdict == "pass" for e in found if e.layer == "ip2")


def test_a_kink_is_not_a_bug():
    """Input exactly at the bend: the nudge opens the ReLU on one side only."""
    net = Net((1, 1, 1), [Layer("ip1", "inner_product", (1, 1)), Layer("relu1", "relu"), Layer("ip2", "inner_product", (1, 2))])
    net["ip1"].params = {"W": np.array([[0.0]]), "b": np.array([0.0])}
    net["ip2"].params = {"W": np.array([[1.0, -1.0]]), "b": np.array([0.0, 0.0])}
    found = {(e.layer, e.parameter): e.verdict for e in check_net(net, np.ones((1, 1, 1, 1)), np.array([0]))}
    assert found["ip1", "W"] == found["ip1", "b"] == "kink" and found["ip2", "b"] == "pass"
