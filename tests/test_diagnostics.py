"""The vital signs of a training, and the figures made from them and from the experiments."""

from itertools import islice, repeat

import numpy as np

from lenet_core import train
from lenet_core.initializers import lecun_uniform
from lenet_lab import networks, plots
from lenet_lab.networks import lenet5_1998
from lenet_lab.runs.diagnostics import measure


def signs(net, lr, steps=5):
    rng = np.random.default_rng(1)
    batch = rng.random((8, *net.input_shape), dtype=np.float32), np.arange(8)
    return measure(net, islice(train(net, repeat(batch), lr), steps)), batch


def test_a_sign_of_a_step_belongs_to_the_parameters_before_its_update():
    net = networks.cmpe597(np.random.default_rng(0))
    first = networks.cmpe597(np.random.default_rng(0))
    seen, (x, y) = signs(net, 0.01)
    loss, scores = first.loss(x, y)
    assert seen.losses[0] == loss and len(seen.losses) == 5
    assert np.isclose(seen.activation_std["ip2"][0], scores.std())
    assert np.isclose(seen.gradient_norm["conv1"][0], np.linalg.norm(first["conv1"].grads["W"]))
    assert seen.active_share["relu1"][0] == np.mean((first["relu1"].out > 0).any(axis=0))


def test_shut_relus_let_no_gradient_down():
    net = networks.cmpe597(np.random.default_rng(0))
    net["ip1"].params = {**net["ip1"].params, "b": np.full(128, -1e6, np.float32)}
    seen, _ = signs(net, 0.01)
    assert not seen.active_share["relu1"].any() and not seen.gradient_norm["conv1"].any() and not seen.gradient_norm["ip2"].any()


def test_the_end_of_an_exploding_run_is_noted_quietly():
    net = networks.cmpe597(np.random.default_rng(0))
    seen, _ = signs(net, 1e6, steps=50)
    assert 1 <= len(seen.losses) < 50 and np.isfinite(seen.losses).all()


def test_the_figures(rng):
    seen, _ = signs(networks.comp3314(rng, bound=lecun_uniform), 0.01)
    axes = plots.diagnostics([seen, seen], ["one", "two"])
    assert [len(axis.lines) for axis in axes[1]] == [2, 4, 4, 5]      # loss with ln 10, ReLUs, ReLUs, layers with weights
    curve = [[1, 0.2, 0.25], [2, 0.1, 0.2]]
    axes = plots.errors_by_epoch({"a": curve, "b": curve})
    assert [line.get_ydata().tolist() for line in axes[0, 0].lines] == [[0.2, 0.1], [0.25, 0.2]]
    crosses, = plots.connections(lenet5_1998.C3_TABLE).lines
    assert len(crosses.get_xdata()) == 60
    assert plots.png(plots.spreads({"x": {"conv1": 1.0, "ip1": 0.1}}))
