"""What somebody hands to a network as images: read, or one sentence; and what a training that diverges says of the pixels."""

import re
import warnings
from itertools import islice

import numpy as np
import pytest

from lenet_core import lenet, train
from lenet_core.training import Diverged, minibatches
from lenet_lab.runs.run import Run


@pytest.fixture
def net():
    return lenet(np.random.default_rng(0))


@pytest.fixture
def images(rng):
    return rng.random((4, 1, 28, 28), dtype=np.float32)


@pytest.mark.parametrize("make", [list, tuple, lambda x: x.tolist(), lambda x: x.astype(np.float64)])
def test_a_list_of_images_is_an_array(net, images, make):
    np.testing.assert_array_equal(net(make(images)), net(images))
    assert net.loss(make(images), [1, 2, 3, 4])[0] == net.loss(images, np.array([1, 2, 3, 4]))[0]
    x, y = next(minibatches(make(images), [1, 2, 3, 4], 4, np.random.default_rng(0)))
    np.testing.assert_allclose(x, images[np.random.default_rng(0).permutation(4)])
    assert sorted(y) == [1, 2, 3, 4]


@pytest.mark.parametrize("change, words", [
    (lambda x: x[0], "got (1, 28, 28). For one image write x[None]."),
    (lambda x: x[0, 0], "got (28, 28). For one image write x[None, None]."),
    (lambda x: x[:, 0], "got (4, 28, 28). For the axis of the channel write x[:, None]."),
    (lambda x: [*x[:, 0]], "got (4, 28, 28). For the axis of the channel write x[:, None]."),
    (lambda x: np.moveaxis(x, 1, 3), "got (4, 28, 28, 1). To put the channels first write numpy.moveaxis(x, 3, 1)."),
    (lambda x: x.reshape(4, 784), "got (4, 784). Write x.reshape(-1, 1, 28, 28)."),
    (lambda x: x[..., :20], "got (4, 1, 28, 20)."),
    (lambda x: [x[0], x[1, :, :20]], "got a list of 2 ((1, 28, 28), (1, 20, 28)). Make one array of images of one shape: numpy.stack(images)."),
    (lambda x: ["a.png", "b.png"], "got a list of 2 (str). Make one array"),
    (lambda x: [None], "got (1,)."),
    (lambda x: {"x": x}, "got dict. Make one array"),
])
def test_what_is_no_array_of_images_gets_a_sentence(net, images, change, words):
    for call in (net, net.predict, lambda x: net.loss(x, np.zeros(4, int))):
        with pytest.raises(ValueError, match=re.escape("This network takes images of shape (N, 1, 28, 28); " + words)) as caught:
            call(change(images))
        assert "\n" not in str(caught.value)


def test_the_advice_is_right(images):
    for given, way in ((images[0], lambda x: x[None]), (images[0, 0], lambda x: x[None, None]), (images[:, 0], lambda x: x[:, None]),
                       (np.moveaxis(images, 1, 3), lambda x: np.moveaxis(x, 3, 1)), (images.reshape(4, 784), lambda x: x.reshape(-1, 1, 28, 28))):
        np.testing.assert_array_equal(way(given), images[:len(way(given))])


def test_images_of_several_shapes_in_batches_get_a_sentence(images):
    with pytest.raises(ValueError, match=re.escape("The images are a list of 2 ((1, 28, 28), (1, 20, 28)), and one array is needed.")):
        minibatches([images[0], images[1, :, :20]], [1, 2], 2, np.random.default_rng(0))


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.int64])
def test_pixels_from_0_to_255_are_told_once_at_the_line_that_did_it(net, images, kind):
    bright = (images * 255).astype(kind)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            net(bright)
    assert len(told) == 1 and told[0].filename == __file__
    assert re.search("pixels far above 1, perhaps 0 to 255.*divide the images by 255", str(told[0].message))


def test_usual_pixels_are_not_told(net, images):
    with warnings.catch_warnings(action="error"):
        net(images), net(images * 6 - 3), net(images[:0]), net.loss(images, np.zeros(4, int))


def diverged(x, lr=0.05):
    batches = minibatches(x, np.arange(len(x)) % 10, 64, np.random.default_rng(0))
    with warnings.catch_warnings(action="ignore"), pytest.raises(Diverged) as caught:
        for _ in islice(train(lenet(np.random.default_rng(0)), batches, lr), 50):
            pass
    return str(caught.value)


def test_a_divergence_names_the_range_of_the_pixels(digits):
    x = digits.train_x[:256]
    text = diverged(x * 255)
    assert re.search(r"stopped being a number at step \d+ \(learning rate 0.05\): most likely because the pixels of this batch go from 0 to 25\d",
                     text) and "for 0 to 1" in text
    assert "the steps were too large" in diverged(x, lr=10) and "pixels" not in diverged(x, lr=10)
    x = x.copy()
    x[:, 0, 0, 0] = np.nan
    assert "the images of this batch are not all numbers" in diverged(x)


def test_a_run_of_the_panel_says_the_same(digits):
    from dataclasses import replace
    with warnings.catch_warnings(action="ignore"):
        run = Run(lenet(np.random.default_rng(0)), replace(digits, train_x=digits.train_x * 255), recipe="quick", steps=60, headless=True)
        run.start()
    assert run.state == "failed" and "pixels of this batch go from 0 to 255" in str(run.error)
