"""The checker finds what is wrong, passes what is right, and tells a kink from both."""

import time

import numpy as np
import pytest

from lenet_core import Layer, Net, lenet, ops
from lenet_core.gradcheck import check_net, numeric_gradient, table
from lenet_lab.toy.practice import homework


def verdicts(found):
    return {(e.layer, e.parameter, e.index): e.verdict for e in found}


def one(found, layer, parameter, index):
    return next(e for e in found if (e.layer, e.parameter, e.index) == (layer, parameter, index))


def test_numeric_gradient_by_hand():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    kept = x.copy()
    np.testing.assert_allclose(numeric_gradient(lambda v: float((v ** 3).sum()), x), 3 * x ** 2, rtol=1e-8)
    assert (x == kept).all()


# ------------------------------------------------------------------------------------------------------------ what is right


def test_lenet_passes_and_nothing_is_disturbed(rng, digits):
    net = lenet(rng)
    net.loss(digits.train_x[:2], digits.train_y[:2])
    seen, weights = net["conv1"].x, net["conv1"].params["W"]
    found = check_net(net, digits.train_x[:4], digits.train_y[:4], entries=5)
    assert len(found) == 16 * 5                           # seven inputs, the scores, four W and four b
    assert net["conv1"].x is seen and net["conv1"].params["W"] is weights
    assert {e.verdict for e in found} <= {"pass", "kink"}
    assert sum(e.verdict == "pass" for e in found if e.parameter in "Wb") >= 38


def test_all_of_lenet_on_mnist_and_an_entry_costs_about_one_pass(mnist):
    net = lenet(np.random.default_rng(0))
    start = time.perf_counter()
    found = check_net(net, mnist.test_x[:3], mnist.test_y[:3], entries=60)
    took, passes = time.perf_counter() - start, []
    for _ in range(20):
        start = time.perf_counter()
        net.loss(mnist.test_x[:3], mnist.test_y[:3])
        passes.append(time.perf_counter() - start)
    assert took < 5 * len(found) * np.median(passes)          # 1.1 on a quiet machine: only what comes after the number runs again
    assert {e.verdict for e in found} == {"pass", "kink"} and max(e.error for e in found if e.verdict == "pass") < 1e-5
    images = [e for e in found if (e.layer, e.parameter) == ("conv1", "x")]
    assert sum(e.why == "a tie in pool1" for e in images) > len(images) / 4      # blank paper


def test_stride_and_padding_pass(rng):
    net = Net((2, 9, 8), [Layer("conv1", "conv", (3, 2, 3, 3), stride=2, pad=1), Layer("pool1", "max_pool", k=2, stride=1),
                          Layer("ip1", "inner_product", (36, 4))]).initialise(rng, lambda *_: 0.5)
    found = check_net(net, rng.standard_normal((3, 2, 9, 8)), np.array([0, 3, 1]))
    assert all(e.verdict == "pass" for e in found)


# ------------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("layer, broken", [
    ("relu1", lambda dout, cache: dout * (np.maximum(cache, 0) >= 0)),
    ("pool2", lambda dout, cache: 0.5 * ops.max_pool_backward(dout, cache)),
])
def test_bugs_fail_and_the_one_nearest_to_the_loss_is_the_culprit(rng, digits, layer, broken):
    net = lenet(rng)
    net[layer].use(backward=broken)
    failed = [e for e in check_net(net, digits.train_x[:4], digits.train_y[:4], entries=10) if e.verdict == "fail"]
    assert (failed[-1].layer, failed[-1].parameter) == (layer, "x")
    assert any(e.layer == "conv1" and e.parameter == "W" for e in failed)


def test_a_loss_of_ones_own(rng):
    net = Net((1, 2, 2), [Layer("ip1", "inner_product", (4, 3))]).initialise(rng, lambda *_: 0.5)
    x, y = rng.standard_normal((2, 1, 2, 2)), np.array([0, 2])
    assert {e.verdict for e in check_net(net, x, y, loss=lambda scores, y: ops.softmax_loss(scores, y))} == {"pass"}

    def without_mean(scores, y):
        loss, dscores = ops.softmax_loss(scores, y)
        return loss, dscores * len(y)
    assert {e.verdict for e in check_net(net, x, y, loss=without_mean)} == {"fail"}


def test_what_is_not_a_number_fails(rng):
    net = Net((1, 2, 2), [Layer("ip1", "inner_product", (4, 3))]).initialise(rng, lambda *_: 0.5)
    net["ip1"].use(backward=lambda dout, cache: tuple(g * np.nan for g in ops.inner_product_backward(dout, cache)))
    found = check_net(net, rng.standard_normal((2, 1, 2, 2)), np.array([0, 2]))
    assert {(e.verdict, e.why) for e in found if e.layer == "ip1"} == {("fail", "not a finite number")}


@pytest.mark.parametrize("x", [np.zeros((2, 1, 3, 3)), np.zeros((0, 1, 2, 2))])
def test_images_that_do_not_fit(x):
    with pytest.raises(ValueError, match=r"images of shape \(N, 1, 2, 2\), and at least one"):
        check_net(Net((1, 2, 2), [Layer("ip1", "inner_product", (4, 3))]), x, np.zeros(len(x), int))


# -------------------------------------------------------------------------------------------------------------------- kinks


def test_the_tie_of_the_toy_network():
    toy = homework()
    found = check_net(toy.net, toy.x, toy.y)
    entry = one(found, "conv1", "W", (0, 0, 0, 0))
    assert entry.verdict == "kink" and entry.why == "a tie in pool1"
    np.testing.assert_allclose([entry.below, entry.above, entry.held], [-0.0949, 0.0474, -0.0949], atol=1e-4)
    assert abs(entry.analytic - entry.held) < 1e-9 and "a tie in pool1" in str(entry)
    assert {e.verdict for e in found if e.layer == "conv1" and e.parameter == "W" and e.index[0] == 0} == {"kink"}
    assert {e.verdict for e in found if e.layer == "conv1" and e.parameter == "W" and e.index[0] == 1} == {"pass"}
    assert {e.verdict for e in found if e.layer not in ("conv1", "pool1")} == {"pass"}
    assert "fail" not in verdicts(found).values()


def paid_by(share):
    """A pooling backward pass for the toy network that hands out by `share(ties)`, ties (k*k, ...) of booleans."""
    def backward(dout, cache):
        x, out, k, stride = cache
        dx = np.zeros_like(x)
        views = [(slice(None), slice(None), slice(i, i + out.shape[2]), slice(j, j + out.shape[3])) for i in range(k) for j in range(k)]
        for view, part in zip(views, share(np.array([x[view] == out for view in views]))):
            dx[view] += dout * part
        return dx
    return backward


def first(ties):
    return ties & (ties.cumsum(axis=0) == 1)


def last(ties):
    return first(ties[::-1])[::-1]


@pytest.mark.parametrize("share, legal, why", [
    (last, True, "a tie in pool1, given to the last"),
    (lambda ties: ties / ties.sum(axis=0), True, ""),
    (lambda ties: ties, False, ""),
    (lambda ties: 0.9 * first(ties) + 0.1 * last(ties), False, ""),
])
def test_other_rules_for_ties_are_kinks_and_paying_twice_is_a_bug(share, legal, why):
    toy = homework()
    toy.net["pool1"].use(backward=paid_by(share))
    found = check_net(toy.net, toy.x, toy.y)
    assert ("fail" in verdicts(found).values()) is not legal
    assert not why or one(found, "conv1", "W", (0, 0, 0, 0)).why == why


def test_one_rule_for_all_ties(rng):
    """Paying the first here and the last there explains each entry by some rule, but not all by one."""
    net = Net((1, 4, 4), [Layer("pool1", "max_pool", k=2), Layer("ip1", "inner_product", (4, 3))]).initialise(rng, lambda *_: 0.5)

    def mixed(dout, cache):
        dx = np.zeros_like(cache[0])
        dx[:, :, 0:2:2, ::2], dx[:, :, 3::2, 1::2] = dout[:, :, :1], dout[:, :, 1:]
        return dx
    net["pool1"].use(backward=mixed)
    found = [e for e in check_net(net, np.ones((1, 1, 4, 4)), np.array([0])) if e.layer == "pool1"]
    assert {e.verdict for e in found} == {"kink", "fail"}


def bent(weights):
    """An inner product with these weights, a ReLU, and an inner product that subtracts; for images of one pixel."""
    n = len(weights)
    net = Net((1, 1, 1), [Layer("ip1", "inner_product", (1, n)), Layer("relu1", "relu"), Layer("ip2", "inner_product", (n, 2))])
    net["ip1"].params = {"W": np.array([weights], float), "b": np.zeros(n)}
    net["ip2"].params = {"W": np.array([[1.0, 0.0], [-1.0, 0.0]][:n]), "b": np.zeros(2)}
    return net


def test_a_relu_exactly_at_its_bend():
    found = check_net(bent([0.0]), np.ones((1, 1, 1, 1)), np.array([0]))
    for parameter, index in (("W", (0, 0)), ("b", (0,))):
        entry = one(found, "ip1", parameter, index)
        assert (entry.verdict, entry.why, entry.analytic) == ("kink", "relu1 is exactly at its kink", 0)
        assert entry.below == 0 and abs(entry.above + 0.5) < 1e-4
    assert one(found, "ip2", "b", (0,)).verdict == "pass"


def test_zero_may_count_as_open_but_not_as_something_between():
    net = bent([0.0])
    net["relu1"].use(backward=lambda dout, x: dout * (x >= 0))
    entry = one(check_net(net, np.ones((1, 1, 1, 1)), np.array([0])), "ip1", "b", (0,))
    assert (entry.verdict, entry.why) == ("kink", "relu1 is exactly at its kink, taken as open")
    net["relu1"].use(backward=lambda dout, x: dout * np.where(x == 0, 0.7, x > 0))
    entry = one(check_net(net, np.ones((1, 1, 1, 1)), np.array([0])), "ip1", "b", (0,))
    assert entry.verdict == "fail" and entry.below > entry.analytic > entry.above             # between the two, and wrong


def test_a_correct_gradient_need_not_lie_between_the_two_sides():
    """max(0, t) - max(0, -t) is t, with slope 1 on both sides; backpropagation, with both ReLUs at 0, says 0."""
    entry = one(check_net(bent([1.0, -1.0]), np.zeros((1, 1, 1, 1)), np.array([0])), "ip1", "x", (0, 0, 0, 0))
    assert entry.verdict == "kink" and entry.analytic == entry.held == 0
    np.testing.assert_allclose([entry.below, entry.above, entry.numeric], -0.5, atol=1e-4)


def test_a_kink_nearby_is_told_and_does_not_cover_a_bug():
    net, x, y = bent([1.0]), np.full((1, 1, 1, 1), 1e-7), np.array([0])
    entry = one(check_net(net, x, y), "ip1", "x", (0, 0, 0, 0))
    assert (entry.verdict, entry.why) == ("kink", "relu1 opens or shuts") and abs(entry.analytic - entry.held) < 1e-9
    net["relu1"].use(backward=lambda dout, cache: dout * (cache < 0))
    entry = one(check_net(net, x, y), "ip1", "x", (0, 0, 0, 0))
    assert (entry.verdict, entry.why) == ("fail", "relu1 opens or shuts, which does not explain it")
    net["relu1"].use(backward=lambda dout, cache: 0.6 * dout)                # between 0 and the slope, where the nudge mixes both
    assert one(check_net(net, x, y), "ip1", "x", (0, 0, 0, 0)).verdict == "fail"


def test_the_table_counts():
    toy = homework()
    lines = table(check_net(toy.net, toy.x, toy.y)).splitlines()
    assert lines[0].split() == ["pass", "kink", "fail", "largest", "error", "of", "a", "pass"]
    assert lines[1].split()[:4] == ["loss.x", "3", "0", "0"]
    assert next(line for line in lines if line.startswith("conv1.W")).split()[1:4] == ["4", "4", "0"]
