"""What notebook 02 says in its prose and no cell of it computes."""

from inspect import getsource

import numpy as np
import pytest

from lenet_core import lenet, ops, reference
from lenet_lab import plots
from lenet_lab.check.solutions import blocks

FORWARD = ("relu_forward", "inner_product_forward", "max_pool_forward", "im2col", "conv_forward", "softmax")


@pytest.fixture
def solved():
    """The six solved functions, {name: function}, in one room, as in the notebook."""
    room = {"np": np, "ops": ops}
    for name in FORWARD:
        exec(blocks()[name], room)
    return room


def test_the_definition_of_a_convolution_is_seven_loops():
    assert getsource(reference.conv_forward).count("for ") == 7


def test_the_two_convolutions_make_nearly_two_million_multiplications():
    net = lenet(np.random.default_rng(0))
    made = [layer.params["W"].size * int(np.prod(shape[1:])) for layer, shape in zip(net.layers, net.shapes()) if layer.kind == "conv"]
    assert len(made) == 2 and round(sum(made) / 1e6, 1) == 1.9


def test_padding_by_two_keeps_the_size_and_ends_in_784_inputs():
    size = 28
    for _ in range(2):
        assert ops.output_size(size, 5, pad=2) == size
        size = ops.output_size(size, 2, stride=2)
    assert 16 * size * size == 784


def test_each_channel_adds_its_share():
    x, W = np.array([[[[1., 2], [3, 4]], [[0, 1], [1, 0]]]]), np.array([[[[1., 0], [2, 0]], [[1, 1], [2, -1]]]])
    assert [float((x[0, c] * W[0, c]).sum()) for c in range(2)] == [7, 3]
    for wrong in (W[..., ::-1, ::-1], W.swapaxes(2, 3), W[:, ::-1], W[:, :1]):    # turned; columns for rows; channels exchanged; the first for both
        assert float((x[0] * wrong[0]).sum()) != 10


def test_the_matrix_of_the_example_shows_whoever_writes_windows_as_rows():
    image = np.arange(1, 13).reshape(1, 1, 3, 4)
    columns, by_columns = ops.im2col(image, 2), ops.im2col(image.swapaxes(2, 3), 2)
    assert columns[1].tolist() == [2, 3, 4, 6, 7, 8] and columns.T[1].tolist() == [2, 3, 6, 7]
    assert not np.array_equal(by_columns[1], columns[1]) and not np.array_equal(by_columns[2], columns[1])
    assert np.sum(columns == 6) == np.sum(columns == 7) == 4 and all(np.sum(columns == corner) == 1 for corner in (1, 4, 9, 12))


def test_stride_two_never_looks_at_the_last_row_and_column(rng):
    assert (28 - 5) / 2 + 1 == 12.5
    x, W, b = rng.normal(size=(1, 1, 28, 28)), rng.normal(size=(3, 1, 5, 5)), np.zeros(3)
    other = x.copy()
    other[..., -1] = other[..., -1, :] = 100
    assert np.array_equal(ops.conv_forward(x, W, b, stride=2)[0], ops.conv_forward(other, W, b, stride=2)[0])


def test_a_pixel_stands_in_25_columns_at_most():
    seen = ops.col2im(np.ones((25, 24 * 24)), (1, 1, 28, 28), 5)
    assert seen.max() == 25 and seen[0, 0, 0, 0] == 1


def test_where_float32_overflows():
    with np.errstate(over="ignore"):
        assert np.isfinite(np.exp(np.float32(88))) and np.isinf(np.exp(np.float32(89)))


def test_the_loss_of_two_images():
    scores = np.log([[1 / 2, 1 / 2], [1 / 8, 7 / 8]])
    assert np.isclose(ops.softmax_loss(scores, np.array([0, 0]))[0], 2 * np.log(2))
    assert round(np.log(10), 3) == 2.303


def test_weights_and_places_of_the_second_convolution(rng):
    net = lenet(rng)
    assert 16 * net["conv2"].params["W"].size == net["ip1"].params["W"].size
    assert net.shapes()[2] == (50, 8, 8) and 8 * 8 == 64


def test_the_checkpoint(solved):
    x, W = np.ones((10, 3, 32, 32)), np.ones((8, 3, 3, 3))
    assert solved["im2col"](x, 3, 2, 1).shape == (27, 2560)
    assert solved["conv_forward"](x, W, np.zeros(8), 2, 1)[0].shape == (10, 8, 16, 16)
    assert ops.col2im(np.ones((27, 2560)), x.shape, 3, 2, 1).max() == 4


def test_the_caches_of_the_solutions_serve_the_packages_backward_functions(solved, rng):
    x = rng.normal(size=(3, 2, 7, 6))
    cases = {
        "relu": ((x,), {}),
        "inner_product": ((x, rng.normal(size=(84, 5)), rng.normal(size=5)), {}),
        "max_pool": ((x,), {"k": 3, "stride": 2}),
        "conv": ((x, rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4)), {"stride": 2, "pad": 1}),
    }
    for kind, (args, options) in cases.items():
        out, cache = solved[f"{kind}_forward"](*args, **options)
        expected, expected_cache = getattr(ops, f"{kind}_forward")(*args, **options)
        assert np.allclose(out, expected)
        dout, backward = rng.normal(size=out.shape), getattr(ops, f"{kind}_backward")
        for mine, package in zip(as_tuple(backward(dout, cache)), as_tuple(backward(dout, expected_cache)), strict=True):
            assert np.allclose(mine, package)


def as_tuple(gradients):
    return gradients if isinstance(gradients, tuple) else (gradients,)


def test_the_figure_of_the_windows_shows_the_columns_that_im2col_makes():
    image = np.arange(12).reshape(3, 4)
    texts = [text.get_text() for text in plots.windows_as_columns(image, 2).texts]
    numbers = [int(text) for text in texts if text.isdigit()]
    columns = ops.im2col(image[None, None], 2)
    assert numbers[-columns.size:] == columns.ravel().tolist()
    assert numbers[:image.size] == image.ravel().tolist()


def test_the_figure_of_the_maps_is_a_picture(rng):
    axes = plots.feature_maps(rng.random((28, 28)), rng.normal(size=(20, 24, 24)), "noise")
    assert np.ravel(axes)[20].get_title(loc="center") == "map 20"
    assert plots.png(axes).startswith(b"\x89PNG")
