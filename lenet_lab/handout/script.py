"""The handout's test script: a network of numbered layers, one pass through it, and `test_lenet`, which trains it.

**Nine scores for ten classes.** Adding the same number to all scores changes no probability, so one score can be constant. The
loss layer consists of inner product, softmax and loss. It has K - 1 columns of weights, and its last score is always 0.
"""

import itertools
import math

import numpy as np

from lenet_core import data as datasets
from lenet_core._parallel import map_in_threads
from lenet_core.training import Diverged

from .functions import GIVEN, SEVEN, get_lr, mlrloss
from .guard import guarded
from .layout import FUNCTIONS, lenet_layers, size_after

NO_PARAM = {"w": np.zeros(0, np.float32), "b": np.zeros(0, np.float32)}       # of a layer without parameters
LEARNING = {"CONV", "IP"}


def load_mnist(fullset=True):
    """xtrain, ytrain, xvalidate, yvalidate, xtest, ytest: images (784, n), each a column, between 0 and 1; labels (n,).

    A sixth of the training images is the validation set (the test script trains on both). Without `fullset` there are 1/20 of the
    training images, 3,000, and the whole test set. Without MNIST these are scikit-learn's digits, as in `lenet_core.data`.
    """
    d = datasets.load_mnist()
    d = d if fullset else d.subset(60_000 // 20)
    x, xtest = (images.reshape(len(images), -1).T for images in (d.train_x, d.test_x))
    m = len(d.train_y) * 5 // 6
    return x[:, :m], d.train_y[:m], x[:, m:], d.train_y[m:], xtest, d.test_y


def init_convnet(layers, rng):
    """The initial parameters: {1: {"w": (fan_in, num), "b": (num,)}, ...}, empty arrays where a layer has none.

    Weights are uniform within +-sqrt(3 / (h*w*c)), the size of the *layer's* input; biases are 0. The loss layer has num - 1 columns.
    Raises ValueError for another `init_type` than "uniform".
    """
    params, (h, w, c) = {}, (layers[1][key] for key in ("height", "width", "channel"))
    for i in range(2, len(layers) + 1):
        layer = layers[i]
        params[i - 1] = dict(NO_PARAM)
        last = layer["type"] == "LOSS"
        if layer.get("init_type", "uniform") != "uniform":
            raise ValueError(f"init_convnet: the init_type of the homework is 'uniform'; layer {i} has {layer['init_type']!r}.")
        if last or layer["type"] in LEARNING:
            fan_in = layer["k"] ** 2 * c if layer["type"] == "CONV" else h * w * c
            num, scale = layer["num"] - last, math.sqrt(3 / (h * w * c))
            params[i - 1] = {"w": rng.uniform(-scale, scale, (fan_in, num)).astype(np.float32), "b": np.zeros(num, np.float32)}
        if not last:
            h, w, c = size_after(layer, h, w, c)
    return params


def conv_net(params, layers, data, labels, functions=None):
    """One forward and one backward pass: cp, param_grad.

    data (784, n) with n the `batch_size` of layers[1], labels (n,) -> cp, param_grad. `cp` is {"cost": the mean loss, "percent": the
    share of right answers, between 0 and 1}. `param_grad` is the gradient of the mean loss, like `params`. `functions`, a dict or a
    module, holds some or all of the seven functions that a student writes; this module's functions replace missing ones. Raises
    ValueError if a function returns something else than the handout requires.
    """
    use = _chosen(functions)
    # map_in_threads computes matrix products in a single thread, so that results do not depend on the number of processors.
    return map_in_threads(lambda y: _forward_and_backward(params, layers, data, y, use), [labels])[0]


def _forward_and_backward(params, layers, data, labels, use):
    last, n = len(layers), layers[1]["batch_size"]
    outputs = _forward(params, layers, data, use)
    nll, g, input_od, percent = mlrloss(_stacked(params[last - 1]), outputs[last - 1]["data"], labels, layers[last]["num"])
    param_grad = {last - 1: {"w": g[:-1] / n, "b": g[-1] / n}}
    for i in range(last - 1, 1, -1):
        backward = use[FUNCTIONS[layers[i]["type"]] + "_backward"]
        output = {**outputs[i], "diff": input_od}
        if layers[i]["type"] in LEARNING:
            grad, input_od = backward(output, outputs[i - 1], layers[i], params[i - 1])
            param_grad[i - 1] = {"w": grad["w"] / n, "b": grad["b"] / n}
        else:
            input_od = backward(output, outputs[i - 1], layers[i])
            param_grad[i - 1] = dict(NO_PARAM)
    return {"cost": nll / n, "percent": percent}, param_grad


def _forward(params, layers, data, use):
    """{1: the data, ..., len(layers) - 1: the input of the loss layer}, each a dict of the handout."""
    shape = {key: layers[1][key] for key in ("height", "width", "channel", "batch_size")}
    wanted = (shape["height"] * shape["width"] * shape["channel"], shape["batch_size"])
    if np.shape(data) != wanted:
        raise ValueError(f"conv_net: data has shape {np.shape(data)}; expected {wanted}, as layers[1] says.")
    if layers[1]["type"] != "DATA" or layers[len(layers)]["type"] != "LOSS":
        raise ValueError("conv_net: the first layer is of type DATA and the last of type LOSS.")
    outputs = {1: {**shape, "data": np.ascontiguousarray(data)}}
    for i in range(2, len(layers)):
        layer, before = layers[i], outputs[i - 1]
        size_after(layer, before["height"], before["width"], before["channel"])             # raises for an unknown layer
        param = (params[i - 1],) if layer["type"] in LEARNING else ()
        outputs[i] = use[FUNCTIONS[layer["type"]] + "_forward"](before, layer, *param)
    return outputs


def _stacked(param):
    return np.vstack((param["w"], param["b"]))


def test_lenet(functions=None, fullset=False, max_iter=10_000, test_interval=500, display_interval=100, rng=None, report=print):
    """Train and test LeNet as the homework's script does, report in its format, and return the params.

    `functions` as in `conv_net`; `fullset=False` takes 1/20 of the training images. `rng` draws the initial weights and the
    batches; `report` is called with each line. Raises `Diverged` when the cost is no longer finite. Source: homework section 5.5.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    batch_size, mu, epsilon, gamma, power, weight_decay = 64, 0.9, 0.01, 1e-4, 0.75, 5e-4
    xtrain, ytrain, xvalidate, yvalidate, xtest, ytest = load_mnist(fullset)
    xtrain, ytrain = np.hstack((xtrain, xvalidate)), np.hstack((ytrain, yvalidate))
    layers, use = lenet_layers(batch_size), _chosen(functions)
    params = init_convnet(layers, rng)
    param_winc = {i: {name: np.zeros_like(value) for name, value in param.items()} for i, param in params.items()}
    for i, chosen in enumerate(itertools.islice(_batches(len(ytrain), batch_size, rng), max_iter)):
        cp, param_grad = conv_net(params, layers, xtrain[:, chosen], ytrain[chosen], functions)
        if not math.isfinite(cp["cost"]):
            raise Diverged(f"The cost is no longer a finite number at iteration {i + 1}: check the gradients of your functions.")
        w_rate = get_lr(i, epsilon, gamma, power)
        params, param_winc = use["sgd_momentum"](w_rate, 2 * w_rate, mu, weight_decay, params, param_winc, param_grad)
        if (i + 1) % display_interval == 0:
            report(f"cost = {cp['cost']:f} training_percent = {cp['percent']:f}")
        if (i + 1) % test_interval == 0:
            report(f"\ntest accuracy: {_accuracy(params, xtest, ytest, use, threads=functions is None):f}\n")
    return params


def _batches(n, batch_size, rng):
    """Yield index arrays (batch_size,) without end, in a new order in each epoch; an incomplete last batch is omitted."""
    while True:
        order = rng.permutation(n)
        for start in range(0, n - batch_size + 1, batch_size):
            yield order[start:start + batch_size]


def _accuracy(params, x, y, use, threads, part=125):
    """The share of right answers, computed for `part` images at a time: the windows of all test images need too much memory."""
    def right(start):
        some = slice(start, start + part)
        layers = lenet_layers(len(y[some]))
        features = _forward(params, layers, x[:, some], use)[len(layers) - 1]["data"]
        return mlrloss(_stacked(params[len(layers) - 1]), features, y[some], layers[len(layers)]["num"])[3] * len(y[some])

    return sum(map_in_threads(right, range(0, len(y), part), threads)) / len(y)


def _chosen(functions):
    """All functions of a pass by name: those in `functions` (a dict or a module), and this package's for the others."""
    if functions is None:
        return {**GIVEN, **SEVEN}
    listed = functions if isinstance(functions, dict) else {}
    found = listed or {name: getattr(functions, name) for name in SEVEN if hasattr(functions, name)}
    unknown = [] if "__name__" in listed else [name for name in listed if name not in SEVEN]      # globals() has other names too
    if unknown or not any(name in found for name in SEVEN):
        raise ValueError(f"The functions that can be your own are {', '.join(SEVEN)}; "
                         + (f"{unknown[0]!r} is none of them." if unknown else "there is none of them here."))
    return {**GIVEN, **SEVEN, **{name: guarded(name, found[name]) for name in SEVEN if name in found}}
