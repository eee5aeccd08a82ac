"""The JavaScript for pages without a kernel computes what `lenet_core` and `lenet_lab.inside.drawing` compute."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from lenet_core.net import Layer, Net
from lenet_lab.inside.drawing import as_mnist, sentence
from lenet_lab.inside.look import Look
from lenet_lab.toy.practice import homework, problem
from lenet_lab.widgets.look_inside import facts
from lenet_lab.widgets.step_through import StepThrough

from . import browser

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed: the modules are not compared with lenet_core")


def answers(tasks):
    """What the JavaScript makes of each task."""
    program = browser.ROOT / "tests" / "javascript" / "net.mjs"
    said = subprocess.run(["node", program], input=json.dumps(tasks), capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def described(net):
    layers = []
    for layer in net.layers:
        one = {"name": layer.name, "kind": layer.kind} | {name: value for name, value in layer.options.items() if value is not None}
        if layer.params:
            one |= {"W": layer.params["W"].ravel().tolist(), "b": layer.params["b"].tolist(), "shape": layer.params["W"].shape}
        layers.append(one)
    return {"input": net.input_shape, "layers": layers}


def random_net(rng):
    """A network of random shapes, with strides, borders, overlapping and cut windows."""
    C, H, W = int(rng.integers(1, 4)), int(rng.integers(9, 16)), int(rng.integers(9, 16))
    F, k, stride, pad, window, step = (int(rng.integers(*span)) for span in ((2, 5), (2, 5), (1, 3), (0, 3), (2, 4), (1, 4)))
    layers = [Layer("conv1", "conv", (F, C, k, k), stride=stride, pad=pad), Layer("relu1", "relu"), Layer("pool1", "max_pool", k=window, stride=step)]
    size = int(np.prod(Net((C, H, W), layers).shapes()[-1]))
    net = Net((C, H, W), [*layers, Layer("ip1", "inner_product", (size, 6)), Layer("relu2", "relu"), Layer("ip2", "inner_product", (6, 4))])
    net.initialise(rng, lambda *_: 0.5, np.float64)
    for layer in net.layers:
        if layer.params:
            layer.params["b"] = rng.normal(size=layer.params["b"].shape)
    return net


def test_random_networks_and_images(rng):
    nets = [random_net(rng) for _ in range(30)]
    images = [np.round(rng.normal(size=(1, *net.input_shape)), 1) for net in nets]                     # rounded: ties in the windows
    labels = rng.integers(0, 4, len(nets))
    tasks = [{"net": described(net), "image": x.ravel().tolist(), "label": int(y)} for net, x, y in zip(nets, images, labels)]
    for net, x, y, said in zip(nets, images, labels, answers(tasks)):
        net.loss(x, np.array([y]))
        for layer, out, back in zip(net.layers, said["outs"], said["back"]["layers"]):
            assert np.allclose(out, layer.out.ravel(), atol=1e-5, rtol=1e-5)
            assert np.allclose(back["dout"], layer.dout.ravel(), atol=1e-5) and np.allclose(back["dx"], layer.dx.ravel(), atol=1e-5)
            for name, gradient in layer.grads.items():
                assert np.allclose(back[f"d{name}"], gradient.ravel(), atol=1e-5, rtol=1e-5)
        assert np.sum(said["p"]) == pytest.approx(1)


def test_drawings_become_images_as_in_python(rng):
    sheets = [np.zeros((140, 140))]
    for _ in range(25):
        ink = np.zeros((140, 140))
        for _ in range(3):
            top, left, height, width = rng.integers(0, 90, 4)
            ink[top:top + height // 3 + 3, left:left + width // 3 + 3] = rng.integers(1, 256) / 255
        sheets.append(ink)
    tasks = [{"drawing": {"pixels": ink.ravel().tolist(), "rows": 140, "columns": 140}, "centred": centred}
             for ink in sheets for centred in (True, False)]
    wanted = [as_mnist(ink, centred) for ink in sheets for centred in (True, False)]
    for said, image in zip(answers(tasks), wanted):
        assert np.abs(np.reshape(said, (28, 28)) - image).max() < 1e-5


def test_the_answer_in_the_same_words(rng):
    shares = [rng.dirichlet(np.ones(10)) for _ in range(20)] + [np.eye(10)[8], np.full(10, 0.1)]
    tasks = [{"p": p.tolist(), "blank": bool(n % 2)} for n, p in enumerate(shares)]
    assert answers(tasks) == [sentence(p, bool(n % 2)) for n, p in enumerate(shares)]


def test_numbers_as_python_writes_them(rng):
    values = [0.0, 1.0, -1.5, 123456.0, 9999.5, 0.00012345, -1e-7, 1e22, 0.1, 99.995, *(rng.normal(size=300) * 10.0 ** rng.integers(-9, 9, 300))]
    wanted = [[f"{value + 0.0:.{digits}g}" for digits in (2, 3, 4)] for value in values]
    assert answers([{"value": float(value)} for value in values]) == wanted


def some_units(net, rng):
    """Units of every layer, at corners and inside, some with a weight."""
    units = []
    for name, shape in (("image", net.input_shape), *zip([layer.name for layer in net.layers], net.shapes())):
        places = [[0] * len(shape), [length - 1 for length in shape], *(rng.integers(0, shape).tolist() for _ in range(4))]
        units += [{"layer": name, "index": [int(i) for i in place], "weight": None} for place in places]
        params = net[name].params if name != "image" else None
        if params:
            W = params["W"].shape
            weight = rng.integers(0, W[1:]) if len(W) == 4 else rng.integers(0, W[:1])
            units.append({"layer": name, "index": [int(i) for i in rng.integers(0, shape)], "weight": weight.tolist()})
    return units


def test_what_is_said_of_a_unit_is_what_python_says(rng):
    tasks, wanted = [], []
    for _ in range(12):
        net = random_net(rng)
        x, y = np.round(rng.normal(size=(1, *net.input_shape)), 1), np.array([rng.integers(0, 4)])
        units, look = some_units(net, rng), Look(net, x, y)
        tasks.append({"net": described(net), "image": x.ravel().tolist(), "label": int(y[0]), "units": units})
        wanted.append([json.loads(json.dumps(facts(look, unit["layer"], unit["index"], unit["weight"]), default=int)) for unit in units])
    for said, wants in zip(answers(tasks), wanted):
        for one, want in zip(said, wants):
            assert one.keys() >= want.keys()
            for name, value in want.items():
                if name in ("patch", "kernel", "sums") and value is not None:
                    assert np.allclose(np.array(one[name], float), np.array(value, float), rtol=1e-4, atol=1e-9), (want["name"], name)
                else:
                    assert one[name] == value, (want["name"], name)


EDITS = ("7", "-0.25", "1/3", " .5", "−2", "+3/4", "0", "12.5/7", "seven", "1/0", "1000", "", "-999")


def test_an_edit_of_the_toy_network_makes_the_same_page(rng):
    """Every name, formula, sum, note and number of the pass, for the homework's network and practice problems of all shapes."""
    tasks, wanted = [], []
    for n, made in enumerate([homework(), *(problem(seed, ties=0.5 * (seed % 2)) for seed in range(15))]):
        for edit in (EDITS if n == 0 else rng.choice(EDITS[:8], 2)):
            widget = StepThrough(made)
            given = [cell for cell in widget.page["cells"] if cell.split(":")[0] in ("x", "F", "W1", "b")]
            cell = str(rng.choice(given))
            tasks.append({"page": widget.page, "message": {"do": "edit", "cell": cell, "text": str(edit)}})
            wanted.append(_after(widget, tasks[-1]["message"]))
        tasks.append({"page": StepThrough(made).page, "message": {"do": "label", "label": "0"}})
        wanted.append(_after(StepThrough(made), tasks[-1]["message"]))
    tasks.append({"page": StepThrough(homework()).page, "message": {"do": "edit", "cell": "b:0", "text": "999"}})        # too far apart
    wanted.append(_after(StepThrough(homework()), tasks[-1]["message"]))
    refused = 0
    for said, page, task in zip(answers(tasks), wanted, tasks):
        refused += isinstance(page, str)
        if isinstance(page, str):
            assert said == page
            continue
        assert said["steps"] == page["steps"] and said["label"] == page["label"] and said["about"] == page["about"]
        for cell, about in page["cells"].items():
            assert said["cells"][cell] == about, task["message"]
        assert said == page
    assert 5 <= refused < len(tasks) / 2


def _after(widget, message):
    """The page after a message, or the sentence with which it is refused."""
    refusals = []
    widget.send = lambda content: refusals.append(content["refused"])
    widget._receive(widget, message, [])
    return refusals[0] if refusals else json.loads(json.dumps(widget.page))
