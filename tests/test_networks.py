"""The networks of the sources: their tables, their first weights, and two of them that are one and the same function."""

import inspect
import itertools
import math
import warnings
from collections import Counter

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lenet_core import Layer, Net, ops
from lenet_core.gradcheck import check_net
from lenet_core.initializers import input_volume, lecun_1998, lecun_uniform
from lenet_core.training import Diverged, sgd_momentum, train
from lenet_lab import networks
from lenet_lab.experiments.published import LENET5_PARAMETERS
from lenet_lab.networks.lenet5_1998 import C3_TABLE


def tiny(rng, *arguments, **options):
    """The baseline of FMAN45 for tiny images."""
    return networks.fman45(rng, *arguments, input_shape=(3, 32, 32), **options)


LENET5_FAN_IN = np.repeat([25 * n for n in (3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6)], [3] * 6 + [4] * 9 + [6])[:, None, None]
NETWORKS = {
    # layer: (parameters as the source counts them or its shapes say, shape of the output, numbers that go into one output)
    networks.linear: (7850, {"ip1": (784 * 10 + 10, (10,), 784)}),
    networks.lenet: (431_080, {                                                                      # homework, table 2
        "conv1": (5 * 5 * 20 + 20, (20, 24, 24), 25), "pool1": (0, (20, 12, 12)),
        "conv2": (5 * 5 * 20 * 50 + 50, (50, 8, 8), 500), "pool2": (0, (50, 4, 4)),
        "ip1": (800 * 500 + 500, (500,), 800), "relu1": (0, (500,)), "ip2": (500 * 10 + 10, (10,), 500)}),
    networks.comp3314: (61_706, {                                                                    # COMP3314 report, section 2
        "conv1": (6 * 1 * 5 * 5 + 6, (6, 28, 28), 25), "pool1": (0, (6, 14, 14)), "relu1": (0, (6, 14, 14)),
        "conv2": (16 * 6 * 5 * 5 + 16, (16, 10, 10), 150), "pool2": (0, (16, 5, 5)), "relu2": (0, (16, 5, 5)),
        "conv3": (120 * 16 * 5 * 5 + 120, (120, 1, 1), 400), "relu3": (0, (120, 1, 1)),
        "ip1": (120 * 84 + 84, (84,), 120), "relu4": (0, (84,)), "ip2": (84 * 10 + 10, (10,), 84)}),
    networks.report: (61_706, {                                                                      # assignment report, "Layering"
        "conv1": (6 * 1 * 5 * 5 + 6, (6, 28, 28), 25), "relu1": (0, (6, 28, 28)), "pool1": (0, (6, 14, 14)),
        "conv2": (16 * 6 * 5 * 5 + 16, (16, 10, 10), 150), "relu2": (0, (16, 10, 10)), "pool2": (0, (16, 5, 5)),
        "ip1": (400 * 120 + 120, (120,), 400), "relu3": (0, (120,)),
        "ip2": (120 * 84 + 84, (84,), 120), "relu4": (0, (84,)), "ip3": (84 * 10 + 10, (10,), 84)}),
    networks.fman45: (416 + 6416 + 7850, {                                                           # FMAN45, table 1
        "conv1": (416, (16, 28, 28), 25), "relu1": (0, (16, 28, 28)), "pool1": (0, (16, 14, 14)),
        "conv2": (6416, (16, 14, 14), 400), "relu2": (0, (16, 14, 14)), "pool2": (0, (16, 7, 7)), "ip1": (7850, (10,), 784)}),
    tiny: (17_882, {                                                                            # the same, for CIFAR-10
        "conv1": (1216, (16, 32, 32), 75), "relu1": (0, (16, 32, 32)), "pool1": (0, (16, 16, 16)),
        "conv2": (6416, (16, 16, 16), 400), "relu2": (0, (16, 16, 16)), "pool2": (0, (16, 8, 8)),
        "ip1": (1024 * 10 + 10, (10,), 1024)}),
    networks.fman45_deeper: (51_766, {                                                               # FMAN45, table 3
        "conv1": (1216, (16, 32, 32), 75), "relu1": (0, (16, 32, 32)), "pool1": (0, (16, 16, 16)),
        "conv2": (9624, (24, 16, 16), 400), "relu2": (0, (24, 16, 16)),
        "conv3": (14424, (24, 16, 16), 600), "relu3": (0, (24, 16, 16)), "pool2": (0, (24, 8, 8)),
        "conv4": (3472, (16, 8, 8), 216), "relu4": (0, (16, 8, 8)), "conv5": (2320, (16, 8, 8), 144), "relu5": (0, (16, 8, 8)),
        "ip1": (20500, (20,), 1024), "relu6": (0, (20,)), "ip2": (210, (10,), 20)}),
    networks.cmpe597: (18_714, {                                                                     # CmpE 597, tables 2, 5 and 6
        "conv1": (4 * 1 * 5 * 5 + 4, (4, 24, 24), 25), "pool1": (0, (4, 12, 12)),
        "conv2": (8 * 4 * 5 * 5 + 8, (8, 8, 8), 100), "pool2": (0, (8, 4, 4)),
        "ip1": (128 * 128 + 128, (128,), 128), "relu1": (0, (128,)), "ip2": (10 * 128 + 10, (10,), 128)}),
    networks.lenet5: (60_000 + 850, {                                                                # LeCun et al. 1998, section II.B
        "conv1": (156, (6, 28, 28), 25), "tanh1": (0, (6, 28, 28)), "sub2": (12, (6, 14, 14), 4), "tanh2": (0, (6, 14, 14)),
        "conv3": (1516, (16, 10, 10), LENET5_FAN_IN), "tanh3": (0, (16, 10, 10)),
        "sub4": (32, (16, 5, 5), 4), "tanh4": (0, (16, 5, 5)), "conv5": (48_120, (120, 1, 1), 400), "tanh5": (0, (120, 1, 1)),
        "ip6": (10_164, (84,), 120), "tanh6": (0, (84,)), "output": (850, (10,), 84)}),
}
# lecun_uniform, where a source says nothing
DEFAULTS = {networks.lenet: input_volume, networks.comp3314: lecun_1998, networks.lenet5: lecun_1998}
every_network = pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)


def some(net, rng, n=2):
    return rng.random((n, *net.input_shape)), rng.integers(0, 10, n)


def sizes(net):
    """The number of parameters of each layer."""
    return {layer.name: sum(p.size for p in layer.params.values()) for layer in net.layers}


# -------------------------------------------------------------------------------------------------- the sources' tables


def test_every_network_of_the_zoo_has_its_table_here():
    made = {make for make in vars(networks).values() if inspect.isfunction(make) and next(iter(inspect.signature(make).parameters)) == "rng"}
    forgotten = [make.__name__ for make in made - set(NETWORKS)]
    assert made and not forgotten, f"no row in NETWORKS for {forgotten}"


@every_network
def test_parameters_and_shapes_are_the_sources(make, rng):
    net = make(rng)
    total, layers = NETWORKS[make]
    assert sizes(net) == {name: row[0] for name, row in layers.items()} and list(sizes(net)) == list(layers) and net.size == total
    assert net.shapes() == [row[1] for row in layers.values()]
    assert {p.dtype for layer in net.layers for p in layer.params.values()} == {np.dtype(np.float32)}


def test_connections_of_lenet5(rng):
    """The paper counts connections too: for every unit, the numbers that go into it and its bias."""
    net = networks.lenet5(rng)
    size, places = sizes(net), {layer.name: math.prod(shape[1:]) for layer, shape in zip(net.layers, net.shapes())}
    assert [size[name] * places[name] for name in ("conv1", "conv3", "conv5")] == [122_304, 151_600, 48_120]
    assert [(4 + 1) * len(net[name].params["W"]) * places[name] for name in ("sub2", "sub4")] == [5_880, 2_000]
    assert sum(size.values()) - size["output"] == 60_000


def test_lenet5_has_the_parameters_of_the_paper(rng):
    size = sizes(networks.lenet5(rng))
    assert {name: size[name] for name in LENET5_PARAMETERS} == LENET5_PARAMETERS and {*size} - {*LENET5_PARAMETERS} == {"output"} | {
        name for name, count in size.items() if not count}


def test_every_unit_of_lenet5_ends_in_the_tanh(rng):
    kinds = [layer.kind for layer in networks.lenet5(rng).layers]
    assert kinds[1::2] == ["scaled_tanh"] * 6 and "scaled_tanh" not in kinds[::2]


def test_a_bias_for_every_number_would_make_21518(rng):
    """What the table of CmpE 597 has, and the docstring says."""
    net = networks.cmpe597(rng)
    maps = {layer.name: math.prod(shape) for layer, shape in zip(net.layers, net.shapes())}
    assert net.size + sum(maps[name] - len(net[name].params["b"]) for name in ("conv1", "conv2")) == 21_518


def test_the_repr_leaves_the_table_out(rng):
    shown = repr(networks.lenet5(rng))
    assert "conv3    table_conv (W (60, 5, 5), b (16,))" in shown and max(map(len, shown.split("\n"))) < 80


# -------------------------------------------------------------------------------------------------------- first weights


@every_network
@pytest.mark.parametrize("bound", [None, lecun_uniform, lecun_1998, input_volume], ids=lambda bound: bound.__name__ if bound else "default")
def test_first_weights_fill_their_bounds(make, bound, rng):
    """Uniform within the bound: nothing beyond, and the standard deviation is bound/sqrt(3). Biases are 0."""
    net = make(rng, np.float64, **({"bound": bound} if bound else {}))
    rule = bound or DEFAULTS.get(make, lecun_uniform)
    inputs = [math.prod(net.input_shape), *map(math.prod, net.shapes())]
    for layer, volume in zip(net.layers, inputs):
        if not layer.params:
            continue
        n = NETWORKS[make][1][layer.name][2]
        limit = {lecun_uniform: np.sqrt(3 / n), lecun_1998: 2.4 / n, input_volume: np.sqrt(3 / volume)}[rule]
        share = layer.params["W"] / limit
        assert np.abs(share).max() <= 1
        noise = 4 * math.sqrt(0.2 / share.size)                   # four sigma: the variance of n squares of such numbers is 0.8/9/n
        assert share.std() == pytest.approx(math.sqrt(1 / 3), rel=noise)
        assert not layer.params["b"].any()


def test_all_maps_of_c3_get_their_own_bound(rng):
    """With 3, 4 or 6 maps to look at: 2.4/75, 2.4/100 and 2.4/150, and each is used to its end."""
    W, reached = networks.lenet5(rng, np.float64)["conv3"].params["W"], {}
    places = iter(np.abs(W).max(axis=(1, 2)))
    for maps in C3_TABLE:
        largest = max(itertools.islice(places, len(maps)))
        reached[len(maps)] = max(reached.get(len(maps), 0), largest)
    assert reached == {n: pytest.approx(2.4 / (25 * n), rel=0.03) for n in (3, 4, 6)}      # of 150 numbers the largest is within 3 %
    assert all(value <= 2.4 / (25 * n) for n, value in reached.items())


ONE_OF_EACH = [((64, 9, 9), Layer("l", "conv", (100, 64, 5, 5))), ((600,), Layer("l", "inner_product", (600, 400))),
               ((6, 9, 9), Layer("l", "table_conv", (60, 5, 5), table=C3_TABLE)), ((900, 4, 4), Layer("l", "subsample", (900,)))]


@pytest.mark.parametrize("shape, layer", ONE_OF_EACH, ids=lambda value: getattr(value, "kind", ""))
def test_fan_in_keeps_the_scale(shape, layer, rng):
    """Numbers of mean 0 and standard deviation 1 come out so."""
    net = Net(shape, [layer]).initialise(rng, lecun_uniform, np.float64)
    out = net(rng.standard_normal((200, *shape)))
    assert out.std() == pytest.approx(1, rel=0.05)                # the table has 1,500 weights: 3 % of chance


def test_lecun_1998_lets_the_values_shrink(rng):
    """1.4/sqrt(n) of `lecun_uniform`, layer by layer, sigmoids or ReLUs: what comes out is nearly the same number for every image."""
    assert [lecun_1998(n, 0) / lecun_uniform(n, 0) * math.sqrt(n) for n in (25, 400)] == [pytest.approx(1.3856, abs=1e-4)] * 2
    for make in (networks.lenet5, networks.comp3314):
        spread = {bound: make(rng, bound=bound)(rng.standard_normal((50, 1, 32, 32))).std() for bound in (lecun_uniform, lecun_1998)}
        assert spread[lecun_uniform] > 0.1 and spread[lecun_1998] < 0.005


# ------------------------------------------------------------------------------------------ they work like any network


@every_network
def test_same_seed_same_network(make):
    a, b, c = (make(np.random.default_rng(seed)).snapshot() for seed in (3, 3, 4))
    assert all((a[n][p] == b[n][p]).all() for n in a for p in a[n])
    assert all((a[n]["W"] != c[n]["W"]).any() for n in a)


@every_network
def test_save_and_load(make, rng, tmp_path):
    net = make(rng)
    x, _ = some(net, rng)
    net.save(tmp_path / "net.npz")
    again = Net.load(tmp_path / "net.npz")
    assert (again(x) == net(x)).all() and repr(again) == repr(net)


@every_network
def test_gradients(make, rng):
    """Every array of every network against nudges, in float64; with `lecun_uniform`, so that no gradient drowns in rounding."""
    net = make(rng, np.float64, bound=lecun_uniform)
    found = check_net(net, *some(net, rng), entries=4)
    assert Counter(entry.verdict for entry in found)["fail"] == 0, "\n".join(map(str, found))
    largest = {}
    for entry in found:
        key = entry.layer, entry.parameter
        largest[key] = max(largest.get(key, 0), abs(entry.analytic))
    assert len(largest) == len(net.layers) + 1 + sum(len(layer.params) for layer in net.layers)
    assert min(largest.values()) > 1e-5                           # 10,000 times what rounding leaves of a difference (see gradcheck)


@every_network
def test_two_halves_are_the_whole(make, rng):
    """A batch of 70 goes through on two threads; the gradients are the means of the parts'."""
    net = make(rng, np.float64, bound=lecun_uniform)
    x, y = some(net, rng, 70)
    net.loss(x, y)
    whole = {layer.name: layer.grads for layer in net.layers}
    parts = []
    for part in (slice(0, 35), slice(35, 70)):
        net.loss(x[part], y[part])
        parts.append({layer.name: layer.grads for layer in net.layers})
    for name, grads in whole.items():
        for p, grad in grads.items():
            np.testing.assert_allclose(grad, (parts[0][name][p] + parts[1][name][p]) / 2, rtol=1e-9, atol=1e-14)


# ------------------------------------------------------------------------------- pool and ReLU, the one before the other

TWINS = {"conv1": "conv1", "conv2": "conv2", "conv3": "ip1", "ip1": "ip2", "ip2": "ip3"}          # comp3314: report


def as_report(name, p, array):
    """A parameter, or its gradient, of comp3314, in the shape that report has it in."""
    return array.reshape(120, 400).T if (name, p) == ("conv3", "W") else array


def test_comp3314_and_report_are_one_function(rng):
    """The same scores, loss and gradients, once the weights are the same: a maximum and a ReLU may change places.

    Forward: ReLU never falls, so the ReLU of the largest is the largest of the ReLUs. Backward, a window with a maximum above 0
    pays its first place in both networks, ties or not: the ReLU has left the positive entries as they were and no other comes near
    them. A window whose maximum is 0 or below pays nobody in either: in comp3314 the ReLU above is shut; in report the ReLU below
    has made all four entries 0, which tie, the pool pays the first, and that entry's ReLU, being at 0 or below, lets nothing
    through. So the gradients agree everywhere, and no window needs to be left out. (The next test does it window by window.)

    The images here are blank where paper is, some of them wholly, so that there are ties of all sorts, and the biases are not 0.
    What differs is the order in which the products of C5 are added up: hence 1e-12.
    """
    one, other = networks.comp3314(rng, np.float64, bound=lecun_uniform), networks.report(rng, np.float64)
    for name, twin in TWINS.items():
        one[name].params["b"] = rng.normal(0, 0.1, one[name].params["b"].shape)
        other[twin].params = {p: as_report(name, p, value) for p, value in one[name].params.items()}
    x, y = some(one, rng, 12)
    x[:, :, :9], x[:, :, :, 20:], x[:3] = 0, 0, 0
    (loss, scores), (other_loss, other_scores) = one.loss(x, y), other.loss(x, y)
    np.testing.assert_allclose(scores, other_scores, rtol=1e-12, atol=1e-12)
    assert loss == pytest.approx(other_loss, rel=1e-12)
    for name, twin in TWINS.items():
        for p, gradient in one[name].grads.items():
            assert gradient.any()
            np.testing.assert_allclose(as_report(name, p, gradient), other[twin].grads[p], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(one["conv1"].dx, other["conv1"].dx, rtol=1e-12, atol=1e-12)
    for pool in ("pool1", "pool2"):
        assert {(False, False), (False, True), (True, False), (True, True)} <= sorts_of_windows(one[pool])      # nothing was left out


def sorts_of_windows(pool):
    """{(is the maximum above 0?, is it a tie?)} of the windows of a 2x2 pooling layer."""
    entries = np.stack([pool.x[:, :, i::2, j::2][:, :, :pool.out.shape[2], :pool.out.shape[3]] for i in (0, 1) for j in (0, 1)])
    ties = (entries == pool.out).sum(axis=0) > 1
    return set(zip((pool.out > 0).ravel().tolist(), ties.ravel().tolist()))


def pool_then_relu(x, dout, open_at_0):
    out, cache = ops.max_pool_forward(x, 2)
    out, relu_cache = ops.relu_forward(out)
    return out, ops.max_pool_backward(dout * (relu_cache >= 0) if open_at_0 else ops.relu_backward(dout, relu_cache), cache)


def relu_then_pool(x, dout, open_at_0):
    out, relu_cache = ops.relu_forward(x)
    out, cache = ops.max_pool_forward(out, 2)
    dx = ops.max_pool_backward(dout, cache)
    return out, dx * (relu_cache >= 0) if open_at_0 else ops.relu_backward(dx, relu_cache)


def test_pool_and_relu_change_places_in_every_window(rng):
    """All 625 windows of -2, -1, 0, 1, 2, which have every tie there is: the same to the last bit, forward and backward.

    It hangs on the ReLU being shut at exactly 0. Were it open there, the two would differ in the windows whose maximum is 0 and
    whose first entry is negative, 2 * (27 - 8) of them. Pooling first pays the first 0; the other way round the pool pays the
    first of four zeros, which was negative before and passes nothing on.
    """
    x = np.array(list(itertools.product((-2., -1, 0, 1, 2), repeat=4))).reshape(625, 1, 2, 2)
    dout = rng.standard_normal((625, 1, 1, 1))
    (out, dx), (other_out, other_dx) = pool_then_relu(x, dout, False), relu_then_pool(x, dout, False)
    assert (out == other_out).all() and (dx == other_dx).all()
    assert (dx.any(axis=(1, 2, 3)) == (x.max(axis=(1, 2, 3)) > 0)).all()
    dx, other_dx = pool_then_relu(x, dout, True)[1], relu_then_pool(x, dout, True)[1]
    differ = (dx != other_dx).any(axis=(1, 2, 3))
    assert (differ == ((x.max(axis=(1, 2, 3)) == 0) & (x[:, 0, 0, 0] < 0))).all() and differ.sum() == 2 * (27 - 8)


# --------------------------------------------------------------------------------- what the sources do when they train


def test_a_summed_loss_is_a_mean_loss_with_a_larger_rate(rng):
    """COMP3314 and CmpE 597 sum over the batch: the same path as the mean's with the rate times the batch size N.

    The gradient of the sum is added up image by image here. Weight decay is no part of the sum: it is divided by N.
    """
    N, rate, mu, decay = 6, 0.002, 0.9, 0.05
    net = networks.comp3314(rng, np.float64, bound=lecun_uniform)
    x, y = some(net, rng, 4 * N)
    batches = [(x[i:i + N], y[i:i + N]) for i in range(0, 4 * N, N)]
    params, velocity = net.snapshot(), {}
    summed = networks.comp3314(rng, np.float64)
    for bx, by in batches:
        summed.restore(params)
        total = {(n, p): 0 for n in params for p in params[n]}
        for i in range(N):
            summed.loss(bx[i:i + 1], by[i:i + 1])
            for n, p in total:
                total[n, p] = total[n, p] + summed[n].grads[p]
        for n, p in total:
            before = params[n][p], velocity.get((n, p), 0 * params[n][p])
            params[n][p], velocity[n, p] = sgd_momentum(*before, total[n, p], rate, mu, decay if p == "W" else 0.0)
    first = net.snapshot()
    for _ in train(net, batches, rate * N, mu, decay / N):
        pass
    for n in params:
        for p, value in params[n].items():
            way = np.abs(value - first[n][p]).max()
            np.testing.assert_allclose(net[n].params[p], value, rtol=0, atol=1e-11 * way)      # the order of sums, over four steps


def length(net):
    return math.sqrt(sum((g ** 2).sum() for layer in net.layers for g in layer.grads.values()))


@pytest.mark.parametrize("share", [0.25, 0.999])
def test_clipping_shortens_all_gradients_by_one_factor(rng, share):
    net = networks.cmpe597(rng, np.float64)
    x, y = some(net, rng, 8)
    net.loss(x, y)
    whole, grads, first = length(net), {layer.name: layer.grads for layer in net.layers}, net.snapshot()
    next(train(net, [(x, y)], 0.1, mu=0.0, max_grad_norm=share * whole))
    assert length(net) == pytest.approx(share * whole, rel=1e-12)
    for layer in net.layers:
        for p, g in layer.grads.items():
            np.testing.assert_allclose(g, share * grads[layer.name][p], rtol=1e-12)            # one factor: the direction is kept
            np.testing.assert_allclose(layer.params[p], first[layer.name][p] - 0.1 * g, rtol=1e-12)


def test_a_shorter_gradient_is_left_alone(rng):
    net = networks.cmpe597(rng, np.float64)
    twin = Net.unpack(*net.pack())
    x, y = some(net, rng, 8)
    net.loss(x, y)
    next(train(twin, [(x, y)], 0.1, max_grad_norm=1.001 * length(net)))
    next(train(net, [(x, y)], 0.1))
    for layer in net.layers:
        for p, value in layer.params.items():
            assert (twin[layer.name].params[p] == value).all() and (twin[layer.name].grads[p] == layer.grads[p]).all()


def test_clipping_to_nothing_stands_still_and_keeps_the_type(rng):
    net = networks.cmpe597(rng)
    first, (x, y) = net.snapshot(), some(net, rng, 8)
    next(train(net, [(x, y)], 0.1, max_grad_norm=np.float64(0)))
    assert all((net[n].params[p] == value).all() for n in first for p, value in first[n].items())
    assert {array.dtype for layer in net.layers for array in (*layer.params.values(), *layer.grads.values())} == {np.dtype(np.float32)}


@pytest.mark.filterwarnings("ignore:The images have pixels far above 1")      # so that the squares are large
def test_clipping_takes_what_a_square_in_float32_does_not_hold(rng):
    """Gradients of 1e30: their squares are beyond float32, the clipped step is not."""
    net = Net((1, 1, 1), [Layer("ip1", "inner_product", (1, 2))])
    step = next(train(net, [(np.full((1, 1, 1, 1), 1e30), np.array([0]))], 0.1, mu=0.0, max_grad_norm=1.0))
    assert step.loss == pytest.approx(math.log(2))
    np.testing.assert_allclose(net["ip1"].params["W"], [[0.1 * math.sqrt(0.5), -0.1 * math.sqrt(0.5)]], rtol=1e-6)


def test_clipping_changes_no_bit_with_the_number_of_threads(digits):
    """What a run gives must not depend on who else uses the matrix library; its own dot product in float64 would."""
    ends = []
    for threads in (1, 2):
        net = networks.lenet(np.random.default_rng(3), np.float64)
        with threadpool_limits(threads, user_api="blas"):
            next(train(net, [(digits.train_x[:8], digits.train_y[:8])], 0.1, max_grad_norm=0.01))
        ends.append(net["ip1"].params["W"])
    assert (ends[0] == ends[1]).all()


def test_clipping_does_not_hide_a_divergence(rng):
    """A gradient beyond all numbers cannot be scaled down; the next loss says so, and no warning before it."""
    net = Net((1, 1, 1), [Layer("ip1", "inner_product", (1, 2)), Layer("ip2", "inner_product", (2, 2))])
    net.restore({"ip1": {"W": np.zeros((1, 2), np.float32), "b": np.zeros(2, np.float32)},
                 "ip2": {"W": np.array([[1e20, -1e20], [-1e20, 1e20]], np.float32), "b": np.zeros(2, np.float32)}})
    batch = np.full((1, 1, 1, 1), 1e30), np.array([0])
    with warnings.catch_warnings(action="error"), pytest.raises(Diverged, match="at step 1 "):
        warnings.filterwarnings("ignore", message="The images have pixels far above 1")
        list(train(net, [batch] * 2, 0.1, max_grad_norm=1.0))
