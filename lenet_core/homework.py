"""Bring your own homework: the names and data structures of the handout, on top of this package's mathematics.

Who wrote the seven functions of the homework to its own interface can run them here: `test_lenet(functions=...)` trains with
them as the homework's script does, and `adapted(name, function)` gives one of them the interface of `lenet_core.ops`, so that
it can be checked and put into a network with `net["pool1"].use(...)`.

**The handout's layout.** What enters or leaves a layer is a dict of `height`, `width`, `channel`, `batch_size`, `data` and, on
the way back, `diff`. `data` is a matrix (height*width*channel, batch_size): one image a *column*, read (h, w, c), row after
row with the channel fastest. Elsewhere in this package an image is (C, H, W), the channel slowest. `as_images` and `as_maps`
go from one to the other. Weights of an inner product or a convolution are (fan_in, num), their rows in the order (h, w, c) as
well; `diff` has the shape of `data` and is the gradient of the loss *summed* over the batch; `conv_net` divides by
`batch_size` at the end. Layers are numbered from 1, the data; `params[i - 1]` belongs to `layers[i]`.

**Nine scores for ten classes.** Adding the same number to all scores changes no probability, so one of them can stay fixed: the
loss layer, which is inner product, softmax and loss in one, has K - 1 columns of weights and pins the last score to 0.

Source: homework sections 5 to 8. Its functions keep the argument names it gives them, `input` among them.
"""

import inspect
import itertools
import math

import numpy as np

from . import data as datasets
from . import ops
from .parallel import in_parts
from .train import Diverged, inverse_decay
from .train import sgd_momentum as updated

NO_PARAM = {"w": np.zeros(0, np.float32), "b": np.zeros(0, np.float32)}       # of a layer that learns nothing
FUNCTIONS = {"CONV": "conv_layer", "POOLING": "pooling_layer", "IP": "inner_product", "RELU": "relu"}
LEARNING = {"CONV", "IP"}


# -------------------------------------------------------------------------------------------------- layouts and layers


def as_images(maps):
    """The images (N, C, H, W) in a dict of the handout: a view of its `data`, nothing is copied."""
    h, w, c, n = (maps[key] for key in ("height", "width", "channel", "batch_size"))
    return maps["data"].reshape(h, w, c, n).transpose(3, 2, 0, 1)


def as_maps(x):
    """The dict of the handout for images (N, C, H, W), or for vectors (N, D), which have height and width 1."""
    n, c, h, w = _nchw(x)
    data = np.ascontiguousarray(x.reshape(n, c, h, w).transpose(2, 3, 1, 0)).reshape(h * w * c, n)
    return {"height": h, "width": w, "channel": c, "batch_size": n, "data": data}


def _nchw(x):
    """The shape of images; of anything else that has a batch axis, its shape as vectors of height and width 1."""
    return x.shape if x.ndim == 4 else (len(x), math.prod(x.shape[1:]), 1, 1)


def lenet_layers(batch_size=64):
    """The eight layers of the test script. Source: homework table 2."""
    return {
        1: {"type": "DATA", "height": 28, "width": 28, "channel": 1, "batch_size": batch_size},
        2: {"type": "CONV", "num": 20, "k": 5, "stride": 1, "pad": 0, "group": 1},
        3: {"type": "POOLING", "k": 2, "stride": 2, "pad": 0},
        4: {"type": "CONV", "num": 50, "k": 5, "stride": 1, "pad": 0, "group": 1},
        5: {"type": "POOLING", "k": 2, "stride": 2, "pad": 0},
        6: {"type": "IP", "num": 500, "init_type": "uniform"},
        7: {"type": "RELU"},
        8: {"type": "LOSS", "num": 10},
    }


def _size_after(layer, h, w, c):
    """(height, width, channel) of what leaves a layer. Raises ValueError for a layer that the handout knows and this does not."""
    kind = layer["type"]
    if kind == "RELU":
        return h, w, c
    if kind == "IP":
        return 1, 1, layer["num"]
    if kind not in ("CONV", "POOLING"):
        raise ValueError(f"There is no layer of type {kind!r} between DATA and LOSS; there are: {', '.join(FUNCTIONS)}.")
    if layer.get("group", 1) != 1 or (kind == "POOLING" and layer.get("pad", 0) != 0):
        raise ValueError(f"A layer of type {kind} has group 1, and pooling has pad 0, as the homework assumes; got {layer}.")
    pad, channels = layer.get("pad", 0), layer["num"] if kind == "CONV" else c
    return (ops.output_size(h, layer["k"], layer["stride"], pad), ops.output_size(w, layer["k"], layer["stride"], pad), channels)


# ------------------------------------------------------------------------------------------- what the handout contains


def load_mnist(fullset=True):
    """xtrain, ytrain, xvalidate, yvalidate, xtest, ytest: images (784, n), one a column, between 0 and 1; labels (n,).

    A sixth of the training images is set apart to validate (the test script trains on both). Without `fullset` there is 1/20
    of the training images, 3,000; the test set is whole. Without MNIST it is scikit-learn's digits, as in `lenet_core.data`.
    """
    d = datasets.load_mnist()
    d = d if fullset else d.subset(60_000 // 20)
    x, xtest = (images.reshape(len(images), -1).T for images in (d.train_x, d.test_x))
    m = len(d.train_y) * 5 // 6
    return x[:, :m], d.train_y[:m], x[:, m:], d.train_y[m:], xtest, d.test_y


def init_convnet(layers, rng):
    """The first parameters: {1: {"w": (fan_in, num), "b": (num,)}, ...}, empty arrays where a layer learns nothing.

    Weights are uniform within +-sqrt(3 / (h*w*c)) of what goes into the *layer*, biases are 0; the loss layer has num - 1
    columns.
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
            h, w, c = _size_after(layer, h, w, c)
    return params


def conv_net(params, layers, data, labels, functions=None):
    """One forward and one backward pass: cp, param_grad.

    data (784, n) with n the `batch_size` of layers[1], labels (n,) -> cp {"cost": the mean loss, "percent": the share that is
    right, between 0 and 1}, and param_grad like `params`, for the mean loss. `functions`, a dict or a module, has any of the
    seven functions a student writes, and this module the rest. Raises ValueError where one of them returns something else
    than the handout asks for.
    """
    use = _chosen(functions)
    return in_parts(lambda y: _there_and_back(params, layers, data, y, use), [labels])[0]       # for its single-threaded products


def _there_and_back(params, layers, data, labels, use):
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
    """{1: the data, ..., len(layers) - 1: what enters the loss layer}, each a dict of the handout."""
    shape = {key: layers[1][key] for key in ("height", "width", "channel", "batch_size")}
    wanted = (shape["height"] * shape["width"] * shape["channel"], shape["batch_size"])
    if np.shape(data) != wanted:
        raise ValueError(f"conv_net: data has shape {np.shape(data)}; expected {wanted}, as layers[1] says.")
    if layers[1]["type"] != "DATA" or layers[len(layers)]["type"] != "LOSS":
        raise ValueError("conv_net: the first layer is of type DATA and the last of type LOSS.")
    outputs = {1: {**shape, "data": np.ascontiguousarray(data)}}
    for i in range(2, len(layers)):
        layer, before = layers[i], outputs[i - 1]
        _size_after(layer, before["height"], before["width"], before["channel"])             # an unknown layer: a sentence
        param = (params[i - 1],) if layer["type"] in LEARNING else ()
        outputs[i] = use[FUNCTIONS[layer["type"]] + "_forward"](before, layer, *param)
    return outputs


def _stacked(param):
    return np.vstack((param["w"], param["b"]))


def conv_layer_forward(input, layer, param):
    """The convolution of all images with all filters -> output."""
    return as_maps(_convolved(input, layer, param)[0])


def conv_layer_backward(output, input, layer, param):
    """The gradients of a convolution, `output["diff"]` given -> param_grad (like param), input_od (like input["data"])."""
    _, cache = _convolved(input, layer, param)             # the handout keeps no windows for the way back: cut them once more
    dx, dW, db = ops.conv_backward(as_images({**output, "data": output["diff"]}), cache)
    return {"w": dW.transpose(2, 3, 1, 0).reshape(param["w"].shape), "b": db}, as_maps(dx)["data"]


def _convolved(input, layer, param):
    _size_after(layer, input["height"], input["width"], input["channel"])
    W = param["w"].reshape(layer["k"], layer["k"], input["channel"], layer["num"]).transpose(3, 2, 0, 1)
    return ops.conv_forward(as_images(input), W, param["b"], layer["stride"], layer["pad"])


def im2col_conv(input_n, layer, h_out, w_out):
    """The windows of *one* image as columns: data (h*w*c,) -> (k*k*c, h_out*w_out), a window read (h, w, c) too."""
    k, c = layer["k"], input_n["channel"]
    cols = ops.im2col(as_images({**input_n, "batch_size": 1}), k, layer["stride"], layer["pad"])      # rows (c, h, w)
    return cols.reshape(c, k, k, -1).transpose(1, 2, 0, 3).reshape(k * k * c, h_out * w_out)


def col2im_conv(col, input, layer, h_out, w_out):
    """Add the columns of one image back onto their windows: (k*k*c, h_out*w_out) -> (h*w*c,), the adjoint of `im2col_conv`."""
    k, c = layer["k"], input["channel"]
    cols = col.reshape(k, k, c, h_out * w_out).transpose(2, 0, 1, 3).reshape(c * k * k, -1)
    x = ops.col2im(cols, (1, c, input["height"], input["width"]), k, layer["stride"], layer["pad"])
    return as_maps(x)["data"][:, 0]


def get_lr(iter, epsilon, gamma, power):
    """The learning rate epsilon / (1 + gamma iter)^power. Source: homework equation 11."""
    return inverse_decay(epsilon, gamma, power)(iter)


def mlrloss(wb, X, y, K):
    """Inner product, softmax and negative log-likelihood, K - 1 scores and a last one that is always 0.

    wb (D + 1, K - 1) has the biases as its last row, X (D, n), y (n,) -> nll, the loss summed over the batch; g like wb and od
    like X, its gradients; percent, the share of right answers.
    """
    scores, cache = ops.inner_product_forward(X.T, wb[:-1], wb[-1])
    scores = np.column_stack((scores, np.zeros(len(scores), scores.dtype)))
    loss, dscores = ops.softmax_loss(scores, y)
    dx, dW, db = ops.inner_product_backward(dscores[:, :-1] * len(y), cache)          # the sum over the batch, not the mean
    percent = float(np.mean(scores.argmax(axis=1) == y))
    return loss * len(y), np.vstack((dW, db)), np.ascontiguousarray(dx.T), percent


def finite_difference(output, input, h, forward):
    """What a small nudge h of each input does to the outputs, weighted with `output["diff"]`.

    -> input_od_approx, like input["data"]. One-sided, (f(x + h) - f(x)) / h, as homework equation 14 has it: its error
    shrinks like h. A central difference, as in `lenet_core.gradcheck`, has an error that shrinks like h squared, which is why
    a check should use that. The homework names the arguments output, input and h; what to nudge has to be said as well:
    `forward` takes an input dict and returns an output dict. Use float64.
    """
    approx = np.zeros(input["data"].shape)
    for index in np.ndindex(approx.shape):
        nudged = input["data"].copy()
        nudged[index] += h
        approx[index] = np.sum(output["diff"] * (forward({**input, "data": nudged})["data"] - output["data"])) / h
    return approx


# ------------------------------------------------------------------------------------- the seven that a student writes


def pooling_layer_forward(input, layer):
    """The largest value of every window of every channel -> output. Question 1."""
    _size_after(layer, input["height"], input["width"], input["channel"])
    return as_maps(ops.max_pool_forward(as_images(input), layer["k"], layer["stride"])[0])


def pooling_layer_backward(output, input, layer):
    """Each window's gradient goes to its first maximum in reading order -> input_od. Question 4."""
    cache = as_images(input), as_images(output), layer["k"], layer["stride"]
    return as_maps(ops.max_pool_backward(as_images({**output, "data": output["diff"]}), cache))["data"]


def relu_forward(input, layer):
    """max(0, x), entry by entry -> output. Question 2."""
    return {**input, "data": ops.relu_forward(input["data"])[0]}


def relu_backward(output, input, layer):
    """The gradient passes where the input was positive -> input_od. Question 5."""
    return ops.relu_backward(output["diff"], input["data"])


def inner_product_forward(input, layer, param):
    """w' x + b for every image x, a column -> output with height and width 1. Question 3."""
    return as_maps(ops.inner_product_forward(input["data"].T, param["w"], param["b"])[0])


def inner_product_backward(output, input, layer, param):
    """The gradients of w' x + b, summed over the batch -> param_grad, input_od. Question 6."""
    dx, dw, db = ops.inner_product_backward(output["diff"].T, (input["data"].T, param["w"]))
    return {"w": dw, "b": db}, np.ascontiguousarray(dx.T)


def sgd_momentum(w_rate, b_rate, mu, decay, params, param_winc, param_grad):
    """One step with momentum for every layer -> params, param_winc, all new. Question 7.

    Biases have a rate of their own and no weight decay. Source: homework equations 9, 10 and 13.
    """
    new, new_winc = {}, {}
    for i in params:
        new[i], new_winc[i] = {}, {}
        for name, rate, lam in (("w", w_rate, decay), ("b", b_rate, 0.0)):
            new[i][name], new_winc[i][name] = updated(params[i][name], param_winc[i][name], param_grad[i][name], rate, mu, lam)
    return new, new_winc


SEVEN = {function.__name__: function for function in (
    pooling_layer_forward, pooling_layer_backward, relu_forward, relu_backward, inner_product_forward, inner_product_backward,
    sgd_momentum)}
GIVEN = {function.__name__: function for function in (conv_layer_forward, conv_layer_backward)}
IN_OPS = {"pooling_layer_forward": "max_pool_forward", "pooling_layer_backward": "max_pool_backward"}     # those with another name


# ---------------------------------------------------------------------------------------------------- the test script


def test_lenet(functions=None, fullset=False, max_iter=10_000, test_interval=500, display_interval=100, rng=None, report=print):
    """Train and test LeNet as the homework's script does, say so in its format, and return the params.

    `functions` as in `conv_net`; `fullset=False` takes 1/20 of the training images. `rng` draws the first weights and the
    batches. Raises `Diverged` when the cost is no longer a number. Source: homework section 5.5.
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
            raise Diverged(f"The cost stopped being a number at iteration {i + 1}: check the gradients of your functions.")
        w_rate = get_lr(i, epsilon, gamma, power)
        params, param_winc = use["sgd_momentum"](w_rate, 2 * w_rate, mu, weight_decay, params, param_winc, param_grad)
        if (i + 1) % display_interval == 0:
            report(f"cost = {cp['cost']:f} training_percent = {cp['percent']:f}")
        if (i + 1) % test_interval == 0:
            report(f"\ntest accuracy: {_accuracy(params, xtest, ytest, use, threads=functions is None):f}\n")
    return params


def _batches(n, batch_size, rng):
    """Numbers of images without end, each time through in a new order; a rest that fills no batch is left out."""
    while True:
        order = rng.permutation(n)
        for start in range(0, n - batch_size + 1, batch_size):
            yield order[start:start + batch_size]


def _accuracy(params, x, y, use, threads, part=125):
    """The share of right answers, so many images at a time, for the windows of all test images at once would fill the memory."""
    def right(start):
        some = slice(start, start + part)
        layers = lenet_layers(len(y[some]))
        features = _forward(params, layers, x[:, some], use)[len(layers) - 1]["data"]
        return mlrloss(_stacked(params[len(layers) - 1]), features, y[some], layers[len(layers)]["num"])[3] * len(y[some])

    return sum(in_parts(right, range(0, len(y), part), threads)) / len(y)


# ---------------------------------------------------------------------------- a student's function, and what it returns


def _chosen(functions):
    """All functions of a pass by name: those in `functions`, a dict or a module, and this module's for the rest."""
    if functions is None:
        return {**GIVEN, **SEVEN}
    listed = functions if isinstance(functions, dict) else {}
    found = listed or {name: getattr(functions, name) for name in SEVEN if hasattr(functions, name)}
    unknown = [] if "__name__" in listed else [name for name in listed if name not in SEVEN]      # globals() has other names too
    if unknown or not any(name in found for name in SEVEN):
        raise ValueError(f"The functions that can be your own are {', '.join(SEVEN)}; "
                         + (f"{unknown[0]!r} is none of them." if unknown else "there is none of them here."))
    return {**GIVEN, **SEVEN, **{name: guarded(name, found[name]) for name in SEVEN if name in found}}


def guarded(name, function):
    """`function`, called with arguments it cannot change, its result checked against what the handout asks for."""
    if not callable(function):
        raise ValueError(f"{name}: {function!r} is not a function.")

    names = list(inspect.signature(SEVEN[name]).parameters)

    def call(*arguments):
        frozen = {argument: _frozen(value) for argument, value in zip(names, arguments)}
        before = _entries("", frozen)
        try:
            result = function(*frozen.values())
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ValueError(f"{name}: it changes an array that it was given; expected its results in new arrays "
                             "(x.copy() makes one).") from error
        except (TypeError, AttributeError, NameError, KeyError) as error:
            error.add_note(f"{name} was called as in the handout, which was written for Python 2.7: here 5 / 2 is 2.5 "
                           "(write 5 // 2), and np.int and xrange are gone. The dicts hold height, width, channel, batch_size, "
                           "data and, on the way back, diff.")
            raise
        after = _entries("", frozen)
        changed = [path for path in {**before, **after} if before.get(path) is not after.get(path)]
        if changed:
            raise ValueError(f"{name}: it changes {changed[0]}, which it was given; expected a new dict (dict(input) makes one).")
        return CHECKS[name](name, result, *arguments)

    return call


def _frozen(argument):
    """The same, with new dicts and with arrays that cannot be written to."""
    if isinstance(argument, dict):
        return {key: _frozen(value) for key, value in argument.items()}
    if isinstance(argument, np.ndarray):
        argument = argument.view()
        argument.flags.writeable = False
    return argument


def _entries(path, value):
    """What lies in dicts within dicts, by its path: {"input['data']": array, ...}."""
    if not isinstance(value, dict):
        return {path: value}
    inside = ((f"{path}[{key!r}]" if path else key, entry) for key, entry in value.items())
    return {name: leaf for deeper, entry in inside for name, leaf in _entries(deeper, entry).items()}


def _check_output(name, result, input, layer, param=None):
    keys = ("height", "width", "channel", "batch_size")
    if not isinstance(result, dict) or not {*keys, "data"} <= result.keys():
        raise ValueError(f"{name}: returns {_said(result)}; expected a dict with {', '.join(keys)} and data.")
    h, w, c = _size_after(layer, input["height"], input["width"], input["channel"])
    size = dict(zip(keys, (h, w, c, input["batch_size"])))
    if layer["type"] != "IP":                              # what height and width a vector has, the homework does not say
        for key in keys:
            if result[key] != size[key]:
                raise ValueError(f"{name}: output[{key!r}] is {result[key]}; expected {size[key]}.")
    data = _check_array(name, "output['data']", result["data"], (h * w * c, input["batch_size"]), input["data"].dtype)
    return {**result, **size, "data": data}


def _check_input_od(name, result, output, input, layer):
    return _check_array(name, "input_od", result, input["data"].shape, input["data"].dtype)


def _check_inner_product_backward(name, result, output, input, layer, param):
    param_grad, input_od = _check_two(name, result, "param_grad", "input_od")
    return _check_param(name, "param_grad", param_grad, param), _check_input_od(name, input_od, output, input, layer)


def _check_sgd_momentum(name, result, w_rate, b_rate, mu, decay, params, param_winc, param_grad):
    both = zip(("params", "param_winc"), _check_two(name, result, "params", "param_winc"))
    checked = []
    for what, value in both:
        if not isinstance(value, dict) or not params.keys() <= value.keys():
            raise ValueError(f"{name}: {what} is {_said(value)}; expected a dict with the keys of params, {list(params)}.")
        checked.append({i: _check_param(name, f"{what}[{i}]", value[i], params[i]) for i in params})
    return tuple(checked)


def _check_two(name, result, first, second):
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError(f"{name}: returns {_said(result)}; expected two things, {first} and {second}.")
    return result


def _check_param(name, what, value, param):
    if not isinstance(value, dict) or not {"w", "b"} <= value.keys():
        raise ValueError(f"{name}: {what} is {_said(value)}; expected a dict with w and b.")
    return {key: _check_array(name, f"{what}['{key}']", value[key], param[key].shape, param[key].dtype) for key in ("w", "b")}


def _check_array(name, what, value, shape, dtype):
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype.kind not in "fiu":
        raise ValueError(f"{name}: {what} is {_said(value)}; expected an array of real numbers of shape {shape}.")
    return np.ascontiguousarray(value, dtype)              # float64 from a student's np.zeros does not spread


def _said(value):
    if value is None:
        return "nothing (is a `return` missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {value.shape}"
    if isinstance(value, dict):
        return f"a dict with {', '.join(map(str, value)) or 'nothing in it'}"
    return f"{len(value)} things" if isinstance(value, (tuple, list)) else f"a {type(value).__name__}"


CHECKS = {
    "pooling_layer_forward": _check_output, "relu_forward": _check_output, "inner_product_forward": _check_output,
    "pooling_layer_backward": _check_input_od, "relu_backward": _check_input_od,
    "inner_product_backward": _check_inner_product_backward, "sgd_momentum": _check_sgd_momentum,
}


# --------------------------------------------------------------------------------------- the same as functions of ops


def adapted(name, function):
    """One of the seven functions, written to the handout's interface, as a function with the interface of `lenet_core.ops`.

    `name` is the handout's name or that of `lenet_core.ops`. `adapted("relu_backward", f)(dout, cache)` returns dx. Caches are
    those of `lenet_core.ops`, so a backward function gets along with anybody's forward function. Raises ValueError where
    `function` returns something else than the handout asks for.
    """
    handout_name = {here: handout for handout, here in IN_OPS.items()}.get(name, name)
    if handout_name not in SEVEN:
        raise ValueError(f"adapted: there is no function {name!r} in the homework; there are: {', '.join(SEVEN)}.")
    own = ADAPTERS[handout_name](guarded(handout_name, function))
    own.__name__ = getattr(function, "__name__", handout_name)
    return own


def _adapt_pooling_forward(f):
    def max_pool_forward(x, k, stride=None):
        stride = k if stride is None else stride
        out = as_images(f(as_maps(x), _pooling(k, stride)))
        return out, (x, out, k, stride)
    return max_pool_forward


def _adapt_pooling_backward(f):
    def max_pool_backward(dout, cache):
        x, out, k, stride = cache
        return _images_like(x, f(_with_diff(as_maps(out), dout), as_maps(x), _pooling(k, stride)))
    return max_pool_backward


def _adapt_relu_forward(f):
    def relu_forward(x):
        return _images_like(x, f(as_maps(x), {"type": "RELU"})["data"]), x
    return relu_forward


def _adapt_relu_backward(f):
    def relu_backward(dout, cache):
        output = _with_diff(as_maps(ops.relu_forward(cache)[0]), dout)
        return _images_like(cache, f(output, as_maps(cache), {"type": "RELU"}))
    return relu_backward


def _adapt_inner_product_forward(f):
    def inner_product_forward(x, W, b):
        input, layer = as_maps(x), {"type": "IP", "num": W.shape[1], "init_type": "uniform"}
        return f(input, layer, {"w": _rows_hwc(W, input), "b": b})["data"].T, (x, W)
    return inner_product_forward


def _adapt_inner_product_backward(f):
    def inner_product_backward(dout, cache):
        x, W = cache
        input, layer = as_maps(x), {"type": "IP", "num": W.shape[1], "init_type": "uniform"}
        param = {"w": _rows_hwc(W, input), "b": np.zeros(W.shape[1], W.dtype)}      # no gradient depends on b; no cache has it
        output = as_maps(ops.inner_product_forward(input["data"].T, *param.values())[0])
        param_grad, input_od = f(_with_diff(output, dout), input, layer, param)
        return _images_like(x, input_od), _rows_chw(param_grad["w"], input), param_grad["b"]
    return inner_product_backward


def _adapt_sgd_momentum(f):
    def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
        def as_params(array):                                    # one layer, whose weights are p; its bias stays at 0
            w = np.broadcast_to(array, np.shape(p)).reshape(-1, 1)
            return {1: {"w": w, "b": np.zeros(1, w.dtype)}}
        lr = float(lr)
        params, winc = f(lr, 2 * lr, float(mu), float(decay), as_params(p), as_params(v), as_params(dp))
        return params[1]["w"].reshape(np.shape(p)), winc[1]["w"].reshape(np.shape(p))
    return sgd_momentum


ADAPTERS = {
    "pooling_layer_forward": _adapt_pooling_forward, "pooling_layer_backward": _adapt_pooling_backward,
    "relu_forward": _adapt_relu_forward, "relu_backward": _adapt_relu_backward,
    "inner_product_forward": _adapt_inner_product_forward, "inner_product_backward": _adapt_inner_product_backward,
    "sgd_momentum": _adapt_sgd_momentum,
}


def _pooling(k, stride):
    return {"type": "POOLING", "k": k, "stride": stride, "pad": 0}


def _with_diff(output, dout):
    return {**output, "diff": as_maps(dout)["data"]}


def _images_like(x, data):
    """A matrix of the handout as an array of x's shape."""
    n, c, h, w = _nchw(x)
    return data.reshape(h, w, c, n).transpose(3, 2, 0, 1).reshape(x.shape)


def _rows_hwc(W, maps):
    """Rows of weights for inputs in the order (c, h, w), as this package flattens them, brought into the handout's (h, w, c)."""
    h, w, c = maps["height"], maps["width"], maps["channel"]
    return W.reshape(c, h, w, -1).transpose(1, 2, 0, 3).reshape(W.shape)


def _rows_chw(W, maps):
    """The way back from `_rows_hwc`."""
    h, w, c = maps["height"], maps["width"], maps["channel"]
    return W.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(W.shape)
