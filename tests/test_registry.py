"""The registry of operations: what a layer learns of its kind there, and operations of one's own."""

import json

import numpy as np
import pytest

from lenet_core import Layer, Net, lenet, register, train
from lenet_core.gradcheck import check_net
from lenet_core.initializers import he_uniform, input_volume, lecun_1998, lecun_uniform
from lenet_core.registry import EVERYTHING, OPERATIONS
from lenet_lab import networks
from lenet_lab.inside.look import Look


def leaky_relu_forward(x, slope=0.1):
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_relu_backward(dout, cache):
    x, slope = cache
    return np.where(x > 0, dout, slope * dout)


def scale_forward(x, W, b):
    """Every map times a number of its own, plus another."""
    return x * W[:, None, None] + b[:, None, None], (x, W)


def scale_backward(dout, cache):
    x, W = cache
    return dout * W[:, None, None], (dout * x).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


@pytest.fixture
def own():
    """Two operations of one's own, for the length of a test."""
    before = dict(OPERATIONS)
    register("leaky_relu", leaky_relu_forward, leaky_relu_backward)
    register("scale", scale_forward, scale_backward, bias_shape=lambda W_shape: W_shape, fan_in=lambda W_shape: 1,
             kernel=lambda W, f: W[f])
    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


def net_of_own(rng):
    return Net((2, 6, 6), [Layer("conv1", "conv", (3, 2, 3, 3)), Layer("scale1", "scale", (3,)), Layer("act1", "leaky_relu", slope=0.2),
                           Layer("ip1", "inner_product", (48, 4))]).initialise(rng, lecun_uniform, np.float64)


def test_an_operation_of_ones_own_trains_is_checked_saved_and_looked_into(own, rng, tmp_path):
    net = net_of_own(rng)
    x, y = rng.standard_normal((20, 2, 6, 6)), rng.integers(0, 4, 20)
    assert {entry.verdict for entry in check_net(net, x, y)} == {"pass"}
    losses = [step.loss for step in train(net, [(x, y)] * 60, 0.1)]
    assert losses[-1] < losses[0] / 4
    net.save(tmp_path / "net.npz")
    assert np.array_equal(Net.load(tmp_path / "net.npz")(x), net(x))
    unit = Look(net, x, y).unit("scale1", (1, 2, 3))
    assert unit.value == pytest.approx(unit.patch * unit.weights + unit.bias) and unit.fields[0].name == "conv1"
    assert Look(net, x, y).unit("act1", (0, 1, 1)).fields[-1].size == 3


@pytest.mark.parametrize("bound", [lecun_uniform, he_uniform, lecun_1998, input_volume])
def test_a_table_of_ones_own_gets_weights(bound, rng):
    """The fan-in of a table of connections is that of its own table, not of the one in LeNet-5."""
    net = Net((6, 14, 14), [Layer("c", "table_conv", (4, 5, 5), table=((0, 1), (2, 3)))]).initialise(rng, bound, np.float64)
    limit = np.broadcast_to(bound(np.array(50), 6 * 14 * 14), (4, 5, 5))
    assert (np.abs(net["c"].params["W"]) <= limit).all() and np.abs(net["c"].params["W"]).max() > 0.9 * limit.max()
    uneven = Net((3, 5, 5), [Layer("c", "table_conv", (4, 3, 3), table=((0,), (0, 1, 2)))]).initialise(rng, lecun_1998, np.float64)
    assert np.abs(uneven["c"].params["W"][1:]).max() <= 2.4 / 27 < np.abs(uneven["c"].params["W"][0]).max() <= 2.4 / 9


@pytest.mark.parametrize("make", networks.NETWORKS.values(), ids=networks.NETWORKS)
def test_every_layer_says_its_facts(make, rng):
    net = make(rng)
    below = net.input_shape
    for layer, shape in zip(net.layers, net.shapes()):
        window = layer.window
        if window is EVERYTHING:
            assert len(shape) == 1
        elif len(shape) == 3:
            k, stride, pad = window
            assert [(size + 2 * pad - k) // stride + 1 for size in below[1:]] == [*shape[1:]]
        if layer.params:
            assert layer.params["b"].shape == layer.operation.bias_shape(layer.W_shape, **layer.options)
            assert np.broadcast_shapes(np.shape(layer.operation.fan_in(layer.W_shape, **layer.options)), layer.W_shape) == layer.W_shape
        below = shape


def test_what_cannot_be_registered_is_said():
    with pytest.raises(ValueError, match="'conv' is an operation of this package"):
        register("conv", leaky_relu_forward, leaky_relu_backward)
    with pytest.raises(ValueError, match="needs both"):
        register("half", scale_forward, scale_backward, bias_shape=lambda W_shape: W_shape)
    with pytest.raises(ValueError, match="switch 'door'"):
        register("odd", leaky_relu_forward, leaky_relu_backward, switch="door")
    assert not {"half", "odd"} & {*OPERATIONS}


def test_a_cell_that_registers_can_run_twice(own):
    assert register("leaky_relu", leaky_relu_forward, leaky_relu_backward) is OPERATIONS["leaky_relu"]


def test_an_unknown_kind_is_named_with_what_to_do(tmp_path, rng):
    with pytest.raises(ValueError, match=r"^Layer c: there is no kind 'con'; there are: conv, .*Import the module that registers it"):
        Layer("c", "con", (1, 1, 3, 3))
    with pytest.raises(ValueError, match="'relu' has no weights"):
        Layer("r", "relu", (3,))
    net = lenet(rng)
    description, arrays = net.pack()
    description = json.loads(json.dumps(description))
    description["layers"][5]["kind"] = "gelu"
    with pytest.raises(ValueError, match="Layer relu1: there is no kind 'gelu'"):
        Net.unpack(description, arrays)
