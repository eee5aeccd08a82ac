"""The browser of maps and kernels, its Python side: what is said of a unit is so, no trace is left, figures have one scale."""

import re

import numpy as np
import pytest

from lenet_core import Net, lenet
from lenet_core.net import Layer
from lenet_lab import networks, plots
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import Look, twin
from lenet_lab.toy.practice import homework
from lenet_lab.widgets.look_inside import LookInside, facts

EVERYTHING = {"size": None, "step": None}


@pytest.fixture(scope="module")
def small():
    """Three channels, padding, and strides that drop the border: whole windows only."""
    rng = np.random.default_rng(4)
    net = Net((3, 10, 8), [Layer("conv1", "conv", (4, 3, 3, 3), stride=2, pad=1), Layer("relu1", "relu"),
                           Layer("pool1", "max_pool", k=2), Layer("ip1", "inner_product", (16, 6)), Layer("relu2", "relu"),
                           Layer("ip2", "inner_product", (6, 4))])
    return net.initialise(rng, lambda *_: 0.7, np.float64), rng.standard_normal((5, 3, 10, 8)), np.array([0, 3, 1, 2, 2])


@pytest.fixture(scope="module")
def large():
    rng = np.random.default_rng(1)
    return lenet(rng), rng.random((3, 1, 28, 28), np.float32), np.array([7, 2, 1])


@pytest.fixture
def widget(small):
    """A widget whose messages to the page are kept in `sent`."""
    made, sent = LookInside(*small, image=1), []
    made.send = lambda message, buffers=None: sent.append((message, buffers))
    made.sent = sent
    return made


# ------------------------------------------------------------------------------------------- what Look says of vectors and pixels


@pytest.mark.filterwarnings("ignore:The images have pixels far above 1")      # the nudge is large
@pytest.mark.parametrize("name, index", [("ip1", (3,)), ("relu2", (3,)), ("ip2", (0,)), ("relu1", (2, 1, 1)),
                                         ("pool1", (0, 1, 1))])
def test_fields_of_any_layer_are_where_a_nudge_is_felt(small, name, index):
    net, x, y = small
    look = Look(net, x[:1], y[:1])
    unit, other = look.unit(name, index), twin(net)
    felt = np.zeros(x.shape[1:], bool)
    for place in np.ndindex(felt.shape):
        for nudge in (-50.0, -9.0, 9.0, 50.0):
            moved = x[:1].copy()
            moved[0][place] += nudge
            other.loss(moved, y[:1])
            felt[place] |= abs(other[name].out[0][index] - unit.value) > 1e-9
    field = unit.fields[-1]
    spans = [(int(places.min()), int(places.max())) for places in np.nonzero(felt)]
    assert [field.channels, field.rows, field.columns] == spans


def test_a_vector_comes_from_everything_and_relu_from_its_own_number(large):
    look = Look(*large)
    fields = look.unit("relu1", (499,)).fields
    assert fields[0] == ("ip1", (0, 0), (0, 0), (499, 499), 1, 1)
    assert fields[1]._asdict() == dict(name="pool2", channels=(0, 49), rows=(0, 3), columns=(0, 3), **EVERYTHING)
    assert fields[-1]._asdict() == dict(name="image", channels=(0, 0), rows=(0, 27), columns=(0, 27), **EVERYTHING)


def test_a_pixel_is_a_unit(small):
    net, x, y = small
    unit = Look(net, x[:1], y[:1]).unit("image", (2, 4, 7))
    other = twin(net)
    other.loss(x[:1], y[:1])
    assert unit.value == x[0, 2, 4, 7] and unit.gradient == other["conv1"].dx[0, 2, 4, 7]
    assert unit.feeds == ("conv1", (2, 2), (3, 3)) and not unit.fields


# ---------------------------------------------------------------------------------------------------------------- the words


def test_the_receptive_field_in_words(large):
    unit = facts(Look(*large), "pool2", (3, 1, 2))
    assert unit["comes"] == [
        "conv2: map 3, 2x2, rows 2 to 3, columns 4 to 5 [(1 - 1)*2 + 2]",
        "pool1: all 20 maps, 6x6, rows 2 to 7, columns 4 to 9 [(2 - 1)*1 + 5]",
        "conv1: all 20 maps, 12x12, rows 4 to 15, columns 8 to 19 [(6 - 1)*2 + 2]",
        "image: 16x16 pixels, rows 4 to 19, columns 8 to 23; each step of the unit moves it by 4 [(12 - 1)*1 + 5]"]
    assert unit["goes"] == "ip1: all 500 numbers" and unit["said"].endswith(unit["comes"][-1].split(" [")[0])
    assert facts(Look(*large), "ip2", (3,))["comes"] == ["relu1, ip1, pool2, conv2, pool1, conv1, image: everything"]


def test_a_field_cut_off_at_the_border_says_so(small):
    unit = facts(Look(*small), "conv1", (0, 0, 0))
    assert unit["comes"] == ["image: 3x3 pixels (cut off at the border: 2x2), rows 0 to 1, columns 0 to 1; "
                             "each step of the unit moves it by 2 [(1 - 1)*2 + 3]"]


@pytest.mark.parametrize("layer, index", [("conv1", (1, 0, 0)), ("conv1", (0, 2, 1)), ("pool1", (1, 1, 0)), ("ip1", (2,)),
                                          ("relu1", (0,))])
def test_the_sum_that_is_written_out_is_the_value(layer, index):
    problem = homework()
    unit = facts(Look(problem.net, problem.x, problem.y), layer, index)
    arithmetic, value = unit["sum"].split(", from")[0].split("; the largest")[0].rsplit(" = ", 1)
    expected = problem.solution[f"{layer}.out"][(0, *index)]
    assert float(value) == expected
    if layer == "ip1":
        assert len(unit["terms"]) == 8 and sum(float(term.rsplit(" = ", 1)[1]) for term in unit["terms"]) == expected
    else:
        assert eval(re.sub(r"^sum.*? = ", "", arithmetic)) == expected


def test_sums_channel_by_channel_and_the_ten_largest(large):
    look = Look(*large)
    unit = facts(look, "conv2", (7, 2, 3))
    terms = [float(term.strip("()")) for term in unit["sum"].split(" = ")[1].split(" + ")]
    assert len(terms) == 21 and sum(terms) == pytest.approx(float(unit["value"]), abs=0.01)
    assert np.shape(unit["patch"]) == np.shape(unit["kernel"]) == (20, 5, 5)
    unit = facts(look, "ip1", (4,))
    assert len(unit["terms"]) == 11 and unit["terms"][-1].startswith("the other 790: ")
    total = sum(float(re.split(" = |: ", term)[-1]) for term in unit["terms"]) + float(look["ip1"].params["b"][4])
    assert total == pytest.approx(look["ip1"].out[0, 4], abs=0.01)


def test_what_comes_back_and_why_not():
    problem = homework()
    look = Look(problem.net, problem.x, problem.y)
    tie = facts(look, "pool1", (0, 1, 1))
    assert tie["sum"] == "max(7, 7, 1, 5) = 7, from conv1 (0, 1, 1); a tie, and the first in reading order wins"
    assert facts(look, "conv1", (0, 1, 2))["back"] == "0: it is the maximum of no window that has a gradient"
    assert facts(look, "conv1", (0, 0, 2))["goes"] == "pool1: map 0, row 0, column 1; it is the maximum there"
    assert facts(look, "ip1", (2,))["back"] == "0: ReLU lets nothing back to a number below 0"
    assert facts(look, "relu1", (1,))["back"] == "-0.04743: its probability - 1, since it is the label"
    assert facts(look, "relu1", (2,))["sum"] == "max(0, -27) = 0: the gradient stops here"


def test_a_weight_in_words(large):
    look = Look(*large)
    words = facts(look, "conv2", (7, 2, 3), (4, 1, 0))["weightWords"]
    W, dW = (look.kernels("conv2", what)[7, 4, 1, 0] for what in ("W", "dW"))
    x = look["conv2"].x[0, 4, 3, 3]
    assert words == (f"weight W[7, 4, 1, 0] = {W:.4g}, its gradient {dW:.4g}, a sum over 64 places; "
                     f"for this unit it is multiplied by x = {x:.4g}")
    assert facts(look, "ip2", (3,), (17,))["weightWords"].startswith(f"weight W[17, 3] = {look.kernels('ip2')[17, 3]:.4g}")


# ---------------------------------------------------------------------------------------------------------------- the widget


def memory(net):
    arrays = [(layer.name, what, getattr(layer, what)) for layer in net.layers for what in ("x", "out", "dout")]
    return [(name, what, None if array is None else array.copy()) for name, what, array in arrays] + [
        (layer.name, kind + name, value.copy()) for layer in net.layers for kind in ("params", "grads")
        for name, value in getattr(layer, kind).items()]


def test_no_trace_is_left_in_the_network(small):
    net, x, y = small
    net.loss(x[:2], y[:2])
    before, parameters = memory(net), [layer.params for layer in net.layers]
    widget = LookInside(net, x, y)
    widget.image = 3
    for message in ({"do": "unit", "view": "v", "layer": "conv1", "index": [1, 2, 3], "weight": [0, 1, 1]},
                    {"do": "unit", "view": "v", "layer": "image", "index": [1, 2, 3], "weight": None},
                    {"do": "weights", "view": "v", "layer": "ip1"}):
        widget._receive(widget, message, [])
    widget._repr_mimebundle_()
    for (name, what, old), (_, _, new) in zip(before, memory(net), strict=True):
        np.testing.assert_array_equal(old, new, f"{name} {what}")
    assert all(layer.params is old for layer, old in zip(net.layers, parameters))


def test_the_page_holds_every_number_of_the_image(small, widget):
    net, x, y = small
    look = Look(net, x[1:2], y[1:2])
    values, at = np.frombuffer(widget.values, np.float32), 0
    for name in ("image", *look.names):
        for expected in ((x[1], look["conv1"].dx[0]) if name == "image" else (look.maps(name), look.maps(name, "dout"))):
            np.testing.assert_allclose(values[at:at + expected.size], expected.ravel(), rtol=1e-6)
            at += expected.size
    assert at == len(values)
    assert [level["shape"] for level in widget.page["levels"]][:2] == [[3, 10, 8], [4, 5, 4]]
    assert widget.page["verdict"] == f"label 3, answer {look.p.argmax()} ({percent(look.p.max())}), loss {look.loss:.4g}"
    assert [c["share"] for c in widget.page["classes"]] == pytest.approx(look.p[0])


def test_another_image_and_the_same_unit(small, widget):
    net, x, y = small
    widget._receive(widget, {"do": "unit", "view": "v", "layer": "pool1", "index": [2, 1, 0], "weight": None}, [])
    message, _ = widget.sent.pop()
    assert message["view"] == "v" and message["unit"]["name"] == "pool1 (2, 1, 0)"
    widget.image = 4
    assert widget.page["image"] == 4 and widget.page["unit"] == facts(Look(net, x[4:], y[4:]), "pool1", (2, 1, 0))
    widget.image = 99
    assert widget.image == 4


def test_weights_come_when_asked_for(small, widget):
    widget._receive(widget, {"do": "weights", "view": "v", "layer": "ip1"}, [])
    message, (W, dW, b) = widget.sent.pop()
    assert message == {"view": "v", "image": 1, "weights": "ip1"}
    np.testing.assert_allclose(np.frombuffer(W, np.float32).reshape(16, 6), small[0]["ip1"].params["W"], rtol=1e-6)
    np.testing.assert_allclose(np.frombuffer(dW, np.float32).reshape(16, 6), widget.look["ip1"].grads["W"], rtol=1e-6)
    np.testing.assert_allclose(np.frombuffer(b, np.float32), small[0]["ip1"].params["b"], rtol=1e-6)


def test_a_later_training_does_not_reach_the_widget(small):
    net, x, y = small
    net = twin(net)
    widget = LookInside(net, x, y)
    before = widget.values
    net["conv1"].params = {name: value * 2 for name, value in net["conv1"].params.items()}
    widget.image = 1
    widget.image = 0
    assert widget.values == before


def test_what_does_not_fit_is_refused_in_words(small):
    net, x, y = small
    with pytest.raises(ValueError, match=r"takes images \(N, 3, 10, 8\).*got x of shape \(5, 30, 8\)"):
        LookInside(net, x.reshape(5, 30, 8), y)
    with pytest.raises(ValueError, match="There are 5 images, 0 to 4; there is no image 5"):
        LookInside(net, x, y, image=5)


def test_layers_of_1998_are_refused_rather_than_explained_wrongly():
    with pytest.raises(ValueError, match="cannot explain the layers tanh1, sub2, tanh2, conv3"):
        LookInside(networks.lenet5(np.random.default_rng(0)), np.zeros((1, 1, 32, 32)), [0])


def test_a_network_that_ran_away_is_still_shown(small):
    net, x, y = small
    net = twin(net)
    net["ip2"].params = {"W": np.full((6, 4), np.nan), "b": np.zeros(4)}
    widget = LookInside(net, x, y)
    assert "loss nan" in widget.page["verdict"] and widget.page["classes"][0]["share"] is None
    assert facts(widget.look, "ip2", (1,))["value"] == "nan"


def test_a_picture_where_widgets_do_not_run(widget):
    data, metadata = widget._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == "LookInside: image 1"
    assert metadata["image/png"]["alt"].startswith("What conv1 makes of image 1, all maps on one colour scale: label 3, answer")


# --------------------------------------------------------------------------------------------------------------- the figures


def drawn(ax):
    return [image for axis in np.ravel(ax) for image in axis.images]


@pytest.mark.parametrize("figure, arguments, count", [
    (plots.layer_maps, ["conv1"], 20), (plots.layer_maps, ["conv2", "dout"], 50), (plots.layer_maps, ["ip1"], 1),
    (plots.layer_kernels, ["conv1", "dW"], 20), (plots.layer_kernels, ["conv2"], 1), (plots.side_by_side, [], 40)])
def test_all_of_a_figure_is_on_one_scale_with_white_for_zero(large, figure, arguments, count):
    ax = figure(Look(*large), *arguments)
    images = drawn(ax)
    (low, high), = {image.get_clim() for image in images}
    assert len(images) == count and low == -high and high == max(np.nanmax(np.abs(image.get_array())) for image in images)
    assert plots.png(ax).startswith(b"\x89PNG")


def test_two_layers_on_one_figure_can_be_compared(large):
    look = Look(*large)
    images = drawn(plots.side_by_side(look, image=2))
    np.testing.assert_array_equal(images[3].get_array(), look["conv1"].out[2, 3])
    np.testing.assert_array_equal(images[23].get_array(), look["pool1"].out[2, 3])


def test_the_matrix_of_kernels_has_a_row_per_input_map_and_a_column_per_filter(large):
    look = Look(*large)
    sheet = drawn(plots.layer_kernels(look, "conv2"))[0].get_array()
    np.testing.assert_array_equal(sheet[6 * 4:6 * 4 + 5, 6 * 7:6 * 7 + 5], look.kernels("conv2")[7, 4])
