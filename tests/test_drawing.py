"""From a drawing to a picture as MNIST's were made, and what is read in it; the widget without its page."""

from itertools import islice

import numpy as np
import pytest
from scipy.ndimage import zoom
from traitlets import TraitError

from lenet_core import lenet, ops
from lenet_core.net import Layer, Net
from lenet_core.training import minibatches
from lenet_lab.inside.drawing import BOX, CENTRE, as_mnist, read, resized, sentence
from lenet_lab.runs.recipes import QUICK
from lenet_lab.widgets.draw import SHEET, DrawDigit


def middle(picture):
    rows, columns = np.indices(picture.shape)
    return (picture * rows).sum() / picture.sum(), (picture * columns).sum() / picture.sum()


# ------------------------------------------------------------------------------------------------------- the picture


def test_three_pixels_to_two_by_hand():
    assert resized(np.array([[1, 0, 0.5]]), 2).tolist() == [[pytest.approx(1 / 1.5 ** 2), pytest.approx(0.5 / 1.5 ** 2)], [0, 0]]
    assert resized(np.array([[0, 1], [0, 1]]), 4).tolist() == [[0, 0, 1, 1]] * 4


def test_the_larger_side_becomes_twenty_pixels_and_the_proportions_stay():
    ink = np.zeros((140, 140))
    ink[10:90, 30:50] = 1                                               # 80 x 20, upper left
    picture = as_mnist(ink)
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    assert (len(rows), len(columns)) == (20, 5) and picture.max() == 1
    assert rows[0] == 4 and columns[0] == 12                            # centre of mass at 13.5 and 14


def test_the_centre_of_mass_comes_to_the_centre(rng):
    for _ in range(50):
        ink = np.zeros((140, 140))
        for _ in range(4):
            top, left, height, width = rng.integers(0, 60, 4)
            ink[top:top + height + 5, left:left + width + 5] = rng.uniform(0.3, 1)
        picture = as_mnist(ink)
        off = [abs(m - CENTRE) for m in middle(picture)]
        touching = picture[[0, -1]].any() or picture[:, [0, -1]].any()
        assert max(off) <= 0.5 + 1e-5 or touching                       # by whole pixels, and never over the border
        assert picture.sum() == pytest.approx(as_mnist(np.pad(ink, ((0, 70), (31, 0)))).sum(), rel=1e-4)


def test_nothing_is_pushed_over_the_border():
    ink = np.zeros((100, 100))
    ink[:, 50] = ink[97:, :] = 1                                        # all the weight at the bottom
    picture = as_mnist(ink)
    assert picture.sum() == pytest.approx(resized(ink, BOX).sum(), rel=1e-5)
    assert picture[0].any() and picture[19].sum() > 10 and not picture[20:].any()        # as far up as it goes


def test_empty_and_uncentred_drawings(rng):
    assert not as_mnist(np.zeros((140, 140))).any() and not as_mnist(np.zeros((5, 9)), centred=False).any()
    ink = rng.uniform(size=(140, 140))
    assert np.allclose(as_mnist(ink, centred=False), ink.reshape(28, 5, 28, 5).mean(axis=(1, 3)), atol=1e-6)
    assert as_mnist(ink).dtype == as_mnist(ink, centred=False).dtype == np.float32


@pytest.mark.parametrize("ink, word", [
    (np.zeros(784), "height, width"), (np.zeros((0, 4)), "height, width"),
    (np.full((4, 4), 255), "255"), (np.full((4, 4), np.nan), "nan"), (np.full((4, 4), -1), "-1")])
def test_what_is_no_drawing_is_refused_in_words(ink, word):
    with pytest.raises(ValueError, match=word):
        as_mnist(ink)


def test_mnist_comes_through_as_it_is(mnist):
    """So MNIST was made as we make it: all test digits but the three that are 19 pixels large are already where they belong."""
    images = mnist.test_x[:, 0]
    large = np.maximum(*(np.ptp(np.where(images.any(axis=axis), np.arange(28), 14), axis=1) for axis in (1, 2))) + 1
    changed = [np.abs(as_mnist(image) - image).max() > 1e-6 for image in images]
    assert sum(changed) == 3 and (large[changed] == 19).all()


def test_an_enlarged_and_shifted_digit_comes_back(mnist):
    for n, image in enumerate(mnist.test_x[:200, 0]):
        enlarged = np.pad(np.kron(image, np.ones((4, 4))), ((n % 50, 7), (3, n % 31)))
        assert np.allclose(as_mnist(enlarged), image, atol=1e-6)


def on_a_sheet(image, rng):
    """A digit redrawn at a random size, somewhere on a sheet of 140x140."""
    drawn = zoom(image, rng.uniform(1.5, 4.5), order=1)
    drawn = np.where(drawn > 0.02, drawn.clip(0, 1), 0)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    drawn = drawn[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    sheet = np.zeros((SHEET, SHEET), np.float32)
    top, left = (rng.integers(0, SHEET + 1 - length) for length in drawn.shape)
    sheet[top:top + drawn.shape[0], left:left + drawn.shape[1]] = drawn
    return sheet


def test_a_trained_network_needs_the_centring(mnist, rng):
    """500 test digits at random sizes and places: read as well as the originals when centred, mostly misread when not."""
    net = lenet(np.random.default_rng(0))
    batches = minibatches(mnist.train_x[:10_000], mnist.train_y[:10_000], 64, np.random.default_rng(1))
    list(islice(QUICK.start(net, batches, 150), 150))
    sheets, y = [on_a_sheet(image, rng) for image in mnist.test_x[:500, 0]], mnist.test_y[:500]
    pictures = {centred: np.stack([as_mnist(sheet, centred) for sheet in sheets])[:, None] for centred in (True, False)}
    right = {centred: np.mean(net.predict(x) == y) for centred, x in pictures.items()}
    plain = np.mean(net.predict(mnist.test_x[:500]) == y)
    print(f"as they are {plain:.1%}, centred {right[True]:.1%}, not centred {right[False]:.1%}")
    assert plain > 0.93 and abs(right[True] - plain) < 0.03 and right[False] < 0.5
    assert np.abs(pictures[True][:, 0] - mnist.test_x[:500, 0]).mean() < 0.06


# ------------------------------------------------------------------------------------------------------- the reading


@pytest.fixture(scope="module")
def net():
    return lenet(np.random.default_rng(5), np.float64)


def test_the_gradient_is_what_a_nudge_does(net, rng):
    image = rng.uniform(size=(28, 28))
    for towards in (None, 3):
        reading = read(net, image, towards)
        assert towards is not None or reading.towards == reading.p.argmax()
        for row, column in ((0, 0), (13, 7), (27, 20)):
            moved = [image.copy(), image.copy()]
            for sign, picture in zip((-1, 1), moved):
                picture[row, column] += sign * 1e-6
            low, high = (np.log(ops.softmax(net(picture[None, None])))[0, reading.towards] for picture in moved)
            assert reading.gradient[row, column] == pytest.approx((high - low) / 2e-6, rel=1e-4, abs=1e-9)


def test_reading_gives_the_maps_and_leaves_no_trace(net, rng):
    x, y = rng.uniform(size=(2, 1, 28, 28)), np.array([1, 2])
    net.loss(x, y)
    before = [(layer._seen, dict(layer.params), dict(layer.grads)) for layer in net.layers]
    reading = read(net, rng.uniform(size=(28, 28)))
    for (seen, params, grads), layer in zip(before, net.layers):
        assert layer._seen is seen
        assert all(layer.params[p] is params[p] and layer.grads[p] is grads[p] for p in params)
    assert {name: maps.shape for name, maps in reading.maps.items()} == {
        "conv1": (20, 24, 24), "pool1": (20, 12, 12), "conv2": (50, 8, 8), "pool2": (50, 4, 4)}


def test_the_answer_in_words():
    p = np.array([0.031, 0.038, 0.931])
    assert sentence(p) == "The network reads a 2 (93.1 %); its second guess is a 1 (3.8 %)."
    assert sentence(p, blank=True) == "Nothing is drawn; the network reads blank paper as a 2 (93.1 %); its second guess is a 1 (3.8 %)."
    assert sentence(np.eye(9)[8] + 0.0).startswith("The network reads an 8 (100.0 %)")
    assert "not numbers" in sentence(p * np.nan)


# ---------------------------------------------------------------------------------------- the widget without its page


def ink():
    sheet = np.zeros((60, 60))
    sheet[10:50, 20:26] = sheet[10:16, 20:45] = 1
    return sheet


def test_drawing_from_python(net):
    widget = DrawDigit(net)
    assert widget.page["said"].startswith("Nothing is drawn") and not widget.image.any()
    widget.draw(ink())
    assert np.array_equal(widget.image, as_mnist(ink())) and np.array_equal(widget.ink, ink())
    assert np.allclose(widget.p, ops.softmax(net(widget.image[None, None]))[0])
    assert widget.page["said"] == sentence(widget.p) and np.frombuffer(widget.page["p"], "<f4") == pytest.approx(widget.p)
    assert np.allclose(widget.gradient, read(net, widget.image).gradient)
    widget.centred = False
    assert np.array_equal(widget.image, as_mnist(ink(), centred=False))
    widget.towards = 4
    assert np.allclose(widget.gradient, read(net, widget.image, 4).gradient) and widget.page["towards"] == 4
    widget.draw(ink()[None])
    with pytest.raises(ValueError, match="Divide by 255"):
        widget.draw(255 * ink())
    with pytest.raises(TraitError, match="a class, 0 .. 9"):
        widget.towards = 10


def test_it_follows_the_network(net):
    mine = lenet(np.random.default_rng(5), np.float64)
    widget = DrawDigit(mine)
    widget.draw(ink())
    mine["ip2"].params = {"W": mine["ip2"].params["W"], "b": np.arange(10.0)}
    drawing = widget.page["drawing"]
    widget.refresh()
    assert widget.p.argmax() == 9 and widget.page["drawing"] == drawing


def test_a_broken_layer_is_reported_to_the_page(monkeypatch):
    mine = lenet(np.random.default_rng(5))
    widget, heard = DrawDigit(mine), []
    monkeypatch.setattr(widget, "send", heard.append)
    mine["relu1"].use(forward=lambda x: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        widget._receive(widget, {"drawing": "a:1"}, [bytes(SHEET * SHEET)])
    assert heard == [{"failed": "ZeroDivisionError: division by zero"}]


def test_other_images_are_refused_and_other_layers_shown():
    with pytest.raises(ValueError, match="1x32x32"):
        DrawDigit(Net((1, 32, 32), [Layer("ip1", "inner_product", (1024, 10))]))
    small = Net((1, 28, 28), [Layer("conv1", "conv", (2, 1, 5, 5)), Layer("relu1", "relu"),
                              Layer("ip1", "inner_product", (2 * 24 * 24, 3))])
    widget = DrawDigit(small.initialise(np.random.default_rng(1), lambda *_: 0.1))
    assert {layer["name"]: layer["shape"] for layer in widget.page["layers"]} == {"conv1": (2, 24, 24), "relu1": (2, 24, 24)}
    assert "negative" in widget.page["layers"][1]["about"]


def test_a_picture_for_where_widgets_do_not_run(net):
    widget = DrawDigit(net)
    widget.draw(ink())
    data, metadata = widget._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == f"DrawDigit: {sentence(widget.p)}"
    assert sentence(widget.p) in metadata["image/png"]["alt"]
