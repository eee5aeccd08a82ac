"""The JavaScript for pages without a kernel computes what `lenet_core` and `lenet_lab.inside.drawing` compute."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from lenet_core.net import Layer, Net
from lenet_lab.inside.drawing import as_mnist, sentence

from . import browser

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed: the modules are not compared with lenet_core")


def answers(tasks):
    """What the JavaScript makes of each task."""
    program = browser.ROOT / "tests" / "javascript" / "net.mjs"
    said = subprocess.run(["node", program], input=json.dumps(tasks), capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def described(net):
    layers = [{"name": layer.name, "kind": layer.kind, **layer.options,
               **({"W": layer.params["W"].ravel().tolist(), "b": layer.params["b"].tolist(), "shape": layer.params["W"].shape} if layer.params else {})}
              for layer in net.layers]
    return {"input": net.input_shape, "layers": [{name: value for name, value in layer.items() if value is not None} for layer in layers]}


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
    tasks = [{"drawing": {"pixels": ink.ravel().tolist(), "rows": 140, "columns": 140}, "centred": centred} for ink in sheets for centred in (True, False)]
    wanted = [as_mnist(ink, centred) for ink in sheets for centred in (True, False)]
    for said, image in zip(answers(tasks), wanted):
        assert np.abs(np.reshape(said, (28, 28)) - image).max() < 1e-5


def test_the_answer_in_the_same_words(rng):
    shares = [rng.dirichlet(np.ones(10)) for _ in range(20)] + [np.eye(10)[8], np.full(10, 0.1)]
    tasks = [{"p": p.tolist(), "blank": bool(n % 2)} for n, p in enumerate(shares)]
    assert answers(tasks) == [sentence(p, bool(n % 2)) for n, p in enumerate(shares)]
