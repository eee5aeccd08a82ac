"""The benchmark runs and its orders of magnitude hold; ratios within one run, with room for a noisy machine."""

import numpy as np
import pytest

from benchmarks import throughput, yardstick
from lenet_core import lenet


def test_the_yardstick_is_the_same_network(rng):
    net = lenet(rng, np.float64)
    x, y = rng.random((3, 1, 28, 28)), np.array([1, 5, 9])
    params = [p for layer in net.layers for p in layer.params.values()]
    loss, grads = yardstick.loss_and_gradients(params, x, y)
    assert loss == pytest.approx(net.loss(x, y)[0], rel=1e-12)
    for theirs, mine in zip(grads, [g for layer in net.layers for g in layer.grads.values()]):
        np.testing.assert_allclose(theirs, mine, atol=1e-12)


def test_speed_in_ratios():
    result = throughput.measure(rounds=3)
    _, against_naive = result["speeds"]["one image after another, float64"]
    assert against_naive > 10            # some 20 on a quiet machine (README); half of that when it is busy
    assert result["share"] > 0.12        # 0.25 on a quiet machine
