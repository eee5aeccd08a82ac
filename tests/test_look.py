"""Looking inside: units are the sums that are claimed, receptive fields are where a nudge is felt, and no trace is left."""

import numpy as np
import pytest

import lenet_lab.networks  # noqa: F401  (registers the operations of 1998)
from lenet_core import Net, lenet
from lenet_core.net import Layer
from lenet_lab.inside.look import Look, mistakes, precision_and_recall, probabilities, twin


@pytest.fixture(scope="module")
def padded():
    """A network with stride and padding, small enough to nudge every pixel."""
    rng = np.random.default_rng(3)
    net = Net((2, 9, 8), [Layer("conv1", "conv", (3, 2, 3, 3), stride=2, pad=1), Layer("relu1", "relu"), Layer("pool1", "max_pool", k=2, stride=1),
                          Layer("conv2", "conv", (4, 3, 2, 2), pad=1), Layer("ip1", "inner_product", (80, 5))])
    return net.initialise(rng, lambda *_: 0.5, np.float64), rng.standard_normal((3, 2, 9, 8)), np.array([0, 4, 2])


def state(net):
    return [(layer.name, layer._seen, dict(layer.params), dict(layer.grads), dict(layer.own)) for layer in net.layers]


def test_looking_leaves_no_trace(padded):
    net, x, y = padded
    net.loss(x[:2], y[:2])
    before = state(net)
    look = Look(net, x, y)
    look.unit("conv2", (1, 1, 1))
    probabilities(net, x)
    for old, new in zip(before, state(net)):
        assert old[0] == new[0] and old[1] is new[1] and old[4] == new[4]
        assert all(old[2][p] is new[2][p] for p in old[2]) and all(old[3][p] is new[3][p] for p in old[3])


@pytest.mark.filterwarnings("ignore:The images have pixels far above 1")      # the nudge is large
@pytest.mark.parametrize("name", ["conv1", "pool1", "conv2", "relu1"])
def test_a_receptive_field_is_where_a_nudge_is_felt(padded, name):
    net, x, y = padded
    look = Look(net, x, y)
    _, height, width = look.maps(name).shape
    for row, column in ((0, 0), (height // 2, width // 2), (height - 1, width - 1)):
        field = look.field(name, row, column)[-1]
        assert field.name == "image"
        felt = np.zeros((9, 8), bool)
        other = twin(net)
        for i, j in np.ndindex(9, 8):
            for nudge in (-50.0, 50.0):                                    # far enough that a maximum or a ReLU lets it through
                moved = x[:1].copy()
                moved[0, :, i, j] += nudge
                other.loss(moved, y[:1])
                felt[i, j] |= (np.abs(other[name].out[0, :, row, column] - look.maps(name)[:, row, column]) > 1e-9).any()
        rows, columns = np.nonzero(felt)
        assert (rows.min(), rows.max()) == field.rows and (columns.min(), columns.max()) == field.columns


def test_sizes_by_the_formula():
    look = Look(lenet(np.random.default_rng(0)), np.zeros((1, 1, 28, 28)), np.array([3]))
    assert [(f.name, f.size, f.step) for f in look.field("pool2", 1, 2)] == [("conv2", 2, 2), ("pool1", 6, 2), ("conv1", 12, 4), ("image", 16, 4)]


@pytest.mark.parametrize("name, index", [("conv1", (2, 0, 0)), ("conv1", (1, 4, 3)), ("conv2", (3, 0, 3)), ("ip1", (4,))])
def test_a_unit_is_its_sum(padded, name, index):
    net, x, y = padded
    unit = Look(net, x, y).unit(name, index, image=1)
    assert unit.value == pytest.approx((unit.patch * unit.weights).sum() + unit.bias)
    assert unit.patch.shape == unit.weights.shape


def test_a_pooling_unit_is_its_winner_and_a_relu_its_input(padded):
    net, x, y = padded
    look = Look(net, x, y)
    unit = look.unit("pool1", (1, 2, 1))
    assert unit.value == unit.patch.max() == look["pool1"].x[0][unit.winner]
    assert look.unit("relu1", (0, 1, 1)).value == max(0, look.unit("relu1", (0, 1, 1)).patch)


@pytest.mark.parametrize("name, index", [("conv1", (0, 1, 2)), ("relu1", (2, 4, 0)), ("pool1", (1, 0, 0)), ("pool1", (0, 3, 2))])
def test_a_unit_feeds_those_whose_field_holds_it(padded, name, index):
    net, x, y = padded
    look = Look(net, x, y)
    above, rows, columns = look.unit(name, index).feeds
    _, height, width = look.maps(above).shape
    holding = {(i, j) for i, j in np.ndindex(height, width) for f in look.field(above, i, j)[:1]
               if f.rows[0] <= index[1] <= f.rows[1] and f.columns[0] <= index[2] <= f.columns[1]}
    assert holding == {(i, j) for i in range(rows[0], rows[1] + 1) for j in range(columns[0], columns[1] + 1)}


def test_mistakes_come_surest_first():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.05, 0.95]])
    found = mistakes(p, np.array([1, 0, 0, 0]))
    assert found.places.tolist() == [3, 0, 2] and found.answers.tolist() == [1, 0, 1] and found.sureness.tolist() == [0.95, 0.9, 0.8]
    precision, recall = precision_and_recall(p, np.array([1, 0, 0, 0]))
    assert precision.tolist() == [0.5, 0.0] and recall == pytest.approx([1 / 3, 0.0])


# ---------------------------------------------------------------------------------------- the operations of 1998


@pytest.fixture(scope="module")
def historic():
    """A small network of 1998: a table with gaps, subsampling that drops a last row, the tanh."""
    rng = np.random.default_rng(4)
    table = (1, 2), (0,), (0, 1, 3), (2, 3)
    net = Net((2, 9, 8), [Layer("conv1", "conv", (4, 2, 2, 2)), Layer("tanh1", "scaled_tanh"),
                          Layer("conv2", "table_conv", (8, 2, 2), table=table), Layer("sub2", "subsample", (4,)),
                          Layer("ip1", "inner_product", (36, 5))])
    return net.initialise(rng, lambda *_: 0.5, np.float64), rng.standard_normal((3, 2, 9, 8)), np.array([0, 4, 2])


@pytest.mark.parametrize("name", ["tanh1", "conv2", "sub2"])
def test_fields_of_1998_are_where_a_nudge_is_felt(historic, name):
    """Rows and columns of the image; and of the layer's own input, which maps, from the first to the last."""
    net, x, y = historic
    look = Look(net, x, y)
    _, height, width = look.maps(name).shape
    for channel, row, column in ((0, 0, 0), (2, height // 2, width // 2), (3, height - 1, width - 1)):
        own, *_, image = look.field(name, row, column, channel)
        felt = []
        for layer in (name, "conv1"):
            inputs = np.ndindex(look[layer].x.shape[1:])
            places = [place for place in inputs if nudge_is_felt(look, layer, place, name, (channel, row, column))]
            felt.append([(min(axis), max(axis)) for axis in zip(*places)])
        assert felt == [[own.channels, own.rows, own.columns], [image.channels, image.rows, image.columns]]


def nudge_is_felt(look, below, place, above, unit):
    """Does the unit of the layer `above` move when one number that goes into the layer `below` does?"""
    x, layers = look[below].x[:1].copy(), look.net.layers
    x[(0, *place)] += 0.1
    for layer in layers[look.names.index(below):look.names.index(above) + 1]:
        x = layer.forward(x)[0]
    return abs(x[(0, *unit)] - look[above].out[(0, *unit)]) > 1e-9


@pytest.mark.parametrize("name, index, shape", [
    ("conv2", (0, 0, 0), (2, 2, 2)), ("conv2", (2, 3, 5), (3, 2, 2)), ("conv2", (3, 6, 1), (2, 2, 2)),
    ("sub2", (1, 2, 0), (1, 2, 2)), ("sub2", (3, 0, 2), (1, 2, 2))])
def test_a_unit_of_1998_is_its_sum(historic, name, index, shape):
    net, x, y = historic
    unit = Look(net, x, y).unit(name, index, image=1)
    assert unit.value == pytest.approx((unit.patch * unit.weights).sum() + unit.bias)
    assert unit.patch.shape == unit.weights.shape == shape and unit.winner is None


def test_a_tanh_is_its_input_and_sizes_are_by_the_formula(historic):
    net, x, y = historic
    look = Look(net, x, y)
    unit = look.unit("tanh1", (3, 2, 5))
    assert unit.value == pytest.approx(1.7159 * np.tanh(2 / 3 * unit.patch)) and unit.patch == look["conv1"].out[0, 3, 2, 5]
    sizes = [(field.name, field.size, field.step) for field in look.field("sub2", 1, 2)]
    assert sizes == [("conv2", 2, 2), ("tanh1", 3, 2), ("conv1", 3, 2), ("image", 4, 2)]
    assert unit.feeds == ("conv2", (1, 2), (4, 5))
    assert look.unit("conv2", (0, 6, 5)).feeds == ("sub2", (3, 2), (2, 2))          # the dropped row: no window holds it
