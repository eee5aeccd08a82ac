"""What notebook 03 says in its prose and no cell of it holds."""

from itertools import islice

import numpy as np
import pytest

from lenet_core import lenet, load_mnist, ops, reference, train
from lenet_core.training import minibatches
from lenet_lab import plots
from lenet_lab.check.solutions import blocks
from lenet_lab.inside.look import Look
from lenet_lab.plots import layers as figures

BACKWARD = ("inner_product_backward", "relu_backward", "softmax_loss", "max_pool_backward", "col2im", "conv_backward")
FORWARD = ("relu_forward", "inner_product_forward", "max_pool_forward", "im2col", "conv_forward")


@pytest.fixture(scope="module")
def solved():
    """The solved functions of notebooks 02 and 03, {name: function}, in one room."""
    room = {"np": np, "ops": ops}
    for name in FORWARD + BACKWARD:
        exec(blocks()[name], room)
    return room


@pytest.fixture(scope="module")
def mnist():
    data = load_mnist()
    if data.name != "MNIST":
        pytest.skip("MNIST is not here")
    return data


def wide(a):
    return a.repeat(2, axis=2).repeat(2, axis=3)


def every_maximum_paid(dout, cache):
    """COMP3314's rule, for windows of 2x2 side by side."""
    return wide(dout) * (cache[0] == wide(cache[1]))


def test_the_inner_product_by_hand():
    W, x, g = np.array([[1., 2, 0], [0, -1, 3]]), np.array([1., 2, 3]), np.array([1., 10])
    dx, dW, db = reference.inner_product_backward(g[None], x[None], W.T)
    assert dx.tolist() == [[1, -8, 30]] and dW.T.tolist() == [[1, 2, 3], [10, 20, 30]] and db.tolist() == [1, 10]


def test_relu_by_hand():
    assert reference.relu_backward(np.full(3, 5.), np.array([-2., 0, 3])).tolist() == [0, 0, 5]


def test_softmax_by_hand():
    p, t = np.array([1, 2, 5]) / 8, np.array([0, 1, 0])
    row = (np.diag(p) - np.outer(p, p))[1]
    assert np.allclose(64 * row, [-2, 12, -10])
    assert np.allclose(-t[1] / p[1] * row, [1 / 8, -6 / 8, 5 / 8]) and np.allclose(p - t, [1 / 8, -6 / 8, 5 / 8])


def test_where_float64_overflows():
    with np.errstate(over="ignore"):
        assert np.isfinite(np.exp(709.)) and np.isinf(np.exp(710.))


def test_col2im_counts_the_windows_and_is_the_adjoint_of_im2col(rng):
    assert ops.col2im(np.ones((4, 4)), (1, 1, 3, 3), 2)[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    x = rng.normal(size=(2, 3, 7, 6))
    cols = ops.im2col(x, 3, 2, 1)
    other = rng.normal(size=cols.shape)
    assert np.isclose((cols * other).sum(), (x * ops.col2im(other, x.shape, 3, 2, 1)).sum())


def test_the_convolution_by_hand():
    cache = ops.conv_forward(np.zeros((1, 1, 3, 3)), np.array([[[[1., 2], [3, 4]]]]), np.zeros(1))[1]
    dx = ops.conv_backward(np.array([[[[1., 10], [100, 1000]]]]), cache)[0]
    assert dx[0, 0, 1, 1] == 1 * 4 + 10 * 3 + 100 * 2 + 1000 * 1 == 1234


def test_the_figure_of_the_zeros_shows_dx():
    W = np.array([[1, 2], [3, 4]])
    texts = [text.get_text() for text in plots.zeros_between(np.array([[1, 10], [100, 1000]]), W, (1, 2)).texts]
    after = texts[texts.index("dx") + 1:]
    assert [int(text) for text in after[:9]] == [1, 12, 20, 103, 1234, 2040, 300, 3400, 4000]
    last = [int(text) for text in texts[-16:]]
    assert last == np.kron([[1, 10], [100, 1000]], W).ravel().tolist()


def test_the_first_picture(mnist):
    net, digit = lenet(np.random.default_rng(0)), mnist.test_x[:1]
    axes = plots.reached(net, digit, ("conv1", "pool1"), mnist.name)
    assert [axis.get_xlabel() for axis in axes] == ["25 pixels", "25 pixels"]
    assert plots.png(axes).startswith(b"\x89PNG")
    slopes = figures._slopes(net, digit, "conv1")
    assert np.array_equal(slopes[12:17, 12:17], net["conv1"].params["W"][0, 0]) and np.count_nonzero(slopes) == 25
    unreached = np.argwhere(figures._slopes(net, digit, "ip2") == 0)
    assert len(unreached) and (unreached.max(axis=1) == 27).all()


def test_the_first_picture_counts_no_more_pixels_than_a_number_sees(mnist):
    """Winograd's convolution leaves rounding errors beyond the window: 310 pixels were counted where 14x14 are seen."""
    net, digit, names = lenet(np.random.default_rng(0)), mnist.test_x[:1], ("conv1", "pool1", "conv2", "pool2")
    axes, inside = plots.reached(net, digit, names, mnist.name), Look(net, digit, mnist.test_y[:1])
    for axis, name in zip(axes, names):
        field, pixels = inside.field(name, 2, 2)[-1], int(axis.get_xlabel().split()[0])
        assert 0.5 * field.size**2 < pixels <= field.size**2, name


def test_a_tie_on_blank_paper_does_nothing_to_the_weights(mnist):
    grads = []
    for backward in (None, every_maximum_paid):
        net = lenet(np.random.default_rng(0), np.float64)
        net["pool1"].use(backward=backward)
        net.loss(mnist.test_x[:20], mnist.test_y[:20])
        grads.append(net["conv1"].grads)
    first, every = grads
    wrong = {name: np.abs(every[name] - first[name]).max() / np.abs(first[name]).max() for name in ("W", "b")}
    assert wrong["W"] < 0.1 and wrong["b"] > 1
    assert (every["b"][:3] / first["b"][:3] > 2).all() and every["b"][3] * first["b"][3] < 0


def twenty_losses(data, net):
    batches = minibatches(data.train_x, data.train_y, 8, np.random.default_rng(1))
    return np.array([step.loss for step in islice(train(net, batches, lr=0.05), 20)])


def test_training_with_the_solutions_gives_the_packages_losses(solved):
    data, package, mine = load_mnist(), lenet(np.random.default_rng(0)), lenet(np.random.default_rng(0))
    for layer in mine.layers:
        layer.use(forward=solved[f"{layer.kind}_forward"], backward=solved[f"{layer.kind}_backward"])
    assert np.allclose(twenty_losses(data, package), twenty_losses(data, mine), rtol=0, atol=1e-4)


def test_training_with_every_maximum_paid_parts_at_the_third_loss(mnist):
    package, other = lenet(np.random.default_rng(0)), lenet(np.random.default_rng(0))
    for name in ("pool1", "pool2"):
        other[name].use(backward=every_maximum_paid)
    apart = np.abs(twenty_losses(mnist, package) - twenty_losses(mnist, other))
    assert (apart[:2] < 1e-4).all() and apart[2] > 1e-4


def test_one_function_that_returns_float64_makes_all_parameters_float64():
    net = lenet(np.random.default_rng(0))
    net["pool1"].use(backward=lambda dout, cache: ops.max_pool_backward(dout, cache).astype(np.float64))
    net.loss(np.ones((2, 1, 28, 28), np.float32), np.array([0, 1]))
    new = {layer.name: {p: layer.params[p] - 0.1 * layer.grads[p] for p in layer.params} for layer in net.layers}
    assert {value.dtype for value in new["conv1"].values()} == {np.dtype(np.float64)} and new["ip2"]["W"].dtype == np.float32
    net["conv1"].params = new["conv1"]
    out = net["conv1"].forward(np.ones((2, 1, 28, 28), np.float32))[0]
    assert out.dtype == np.float64                                     # and so is all that follows in the next step


def test_the_checkpoint(rng):
    x, W = rng.normal(size=(10, 3, 32, 32)), rng.normal(size=(8, 3, 3, 3))
    out, cache = ops.conv_forward(x, W, np.zeros(8), 2, 1)
    assert [d.shape for d in ops.conv_backward(np.ones_like(out), cache)] == [x.shape, W.shape, (8,)]
    side = 32 + 2 * 1 - 3 + 1
    assert side == 32 and 4 * out[0, 0].size == side * side
    windows = ops.col2im(np.ones((27, 2560)), x.shape, 3, 2, 1).max()
    assert windows == 2 * 2 and windows * len(W) == 32


def test_the_figures_of_a_batch_as_columns_have_the_numbers_of_im2col_and_col2im():
    batch = np.arange(1, 10).reshape(3, 3) + np.array([[0, 10], [20, 30]])[:, :, None, None]
    columns = ops.im2col(batch, 2)
    figure = plots.batch_as_columns(batch, columns, 2, window=(1, 0, 1))
    numbers = [int(text.get_text()) for text in figure.texts if text.get_text().isdigit()]
    assert numbers == [*batch.ravel().tolist(), *columns.ravel().tolist()]
    framed = [(patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) for patch in figure.patches if patch.get_linewidth() > 2]
    assert columns[:, 3].tolist() == batch[1, :, 0:2, 1:3].ravel().tolist()           # the column (0 * 2 + 1) * 2 + 1 of the caption
    assert framed == [(1, 6, 2, 2), (5, 6, 2, 2), (10.5 + 3, 1, 1, 8)]
    gradients = np.tile(np.arange(1, 9), (8, 1))
    back = plots.batch_as_columns(ops.col2im(gradients, (2, 2, 3, 3), 2), gradients, 2, pixel=(0, 1, 1, 1))
    framed = [(patch.get_x(), patch.get_y()) for patch in back.patches if patch.get_linewidth() > 2]
    assert framed[0] == (5, 2) and [(x - 10.5, y - 1) for x, y in framed[1:]] == [(6, 4), (4, 5), (2, 6), (0, 7)]
    assert ops.col2im(gradients, (2, 2, 3, 3), 2)[0, 1, 1, 1] == 1 + 3 + 5 + 7 == 16
