"""The exercises of notebook 12, which are written in PyTorch: a forward pass, an `autograd.Function`, a training loop.

The right answers, the cases and the misconceptions are NumPy, as in `exercises`. An adapter gives the student's function tensors in the
place of arrays, and turns what it returns into arrays; so the engine and the diagnosis are those of the other exercises. Without PyTorch
a check says so in one sentence.
"""

import re

import numpy as np

from lenet_core import ops
from lenet_core.training import sgd_momentum
from lenet_lab.libraries.pytorch import MISSING, torch_or_none

from .engine import Case, Exercise, Misconception, examine
from .errors import Told
from .exercises.common import draw, pick
from .verdict import NOT_WRITTEN, Verdict
from .wording import kind_of

# ---------------------------------------------------------------------------------------------------------- errors of PyTorch


def _torch_sizes(found):
    rows, columns, first, second = map(int, found.groups())
    if columns == second:
        return "W not transposed", ("F.linear(x, A) computes x A', so A has the shape (M, D). Here W is (D, M): give it W.T.")
    return "sizes of a product", (f"A product has sizes that do not fit, {rows}x{columns} times {first}x{second}. Are the maps rows, one for each "
                                  "image (x.flatten(1)), and is W the right way round?")


def _torch_types(found):
    if {one.lower() for one in found.groups()} & {"byte", "char", "short", "int", "long", "unsigned char", "signed char", "bool"}:
        return "integer images", ("Whole numbers meet floating-point numbers. Make floats of the images, from 0 to 1: "
                                  "torch.tensor(images).float() / 255.")
    return "number type", ("float32 and float64 meet. NumPy's numbers are float64 if nothing else is said, those of PyTorch's modules float32: "
                           "use .float(), or give dtype=.")


def _no_tensor(found):
    name, kind = found.groups()
    if kind.endswith("ndarray"):
        return "array for tensor", ARRAY.format("A function of PyTorch", "torch.tensor(...)")
    if kind == "tuple":
        return "saved_tensors is a tuple", TUPLE
    what = f"`{name}` of PyTorch takes tensors, and gets a {kind}."
    return "number for tensor", f"{what} For max(0, x) use x.clamp(min=0)." if name in ("maximum", "fmax") else what


ARRAY = "{0} gets a NumPy array. Make a tensor first: {1}."
TUPLE = ("ctx.saved_tensors is a tuple, also of one tensor. Take the tensor out of it: `a, = ctx.saved_tensors`, with the comma.")

# (pattern of the message, cause): the cause is (name, text), or a function of the match that returns both. In the text {0} and {1} are the
# groups of the pattern.
KNOWN = [
    (r"(\w+)\(\): argument '\w+' (?:\(position \d+\) )?must be Tensor, not ([\w.]+)", _no_tensor),
    (r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", _torch_sizes),
    (r"view size is not compatible", (
        "view after a transpose", "`view` needs numbers that lie row by row in memory, and after transpose or permute they do not. If the axes are "
        "really to be exchanged, use reshape; else leave the transpose out.")),
    (r"(?:Input type|expected m1 and m2 to have the same dtype, but got:|mat1 and mat2 must have the same dtype, but got) "
     r"\(?(?:torch\.)?([\w ]+?)(?:Tensor)?\)? (?:!=|and) (?:bias type |weight type )?\(?(?:torch\.)?([\w ]+?)(?:Tensor)?\)?(?: should.*)?$",
     _torch_types),
    (r"expected scalar type (\w+) but found (\w+)", _torch_types),
    (r"Target (-?\d+) is out of bounds", (
        "labels from 1", "The label {0} is no class: PyTorch counts them from 0. If the labels count from 1, as in MATLAB, subtract 1.")),
    (r"does not require grad", (
        "gradients are cut", "There is no way back from the loss to the parameters. Something on the way (detach, numpy, item, no_grad, "
        "torch.tensor of a tensor) has cut it.")),
    (r"backward through the graph a second time", (
        "second backward", "backward was called twice for one forward pass; the first call throws away what forward kept. Compute the loss anew "
        "in each step.")),
    (r"leaf Variable that requires grad|modified by an inplace operation", (
        "in place", "A tensor that autograd still needs has been changed in place (+=, a method with _ at its end, an assignment to a part). "
        "Make a new tensor.")),
    (r"Can't call numpy\(\) on Tensor that requires grad", (
        "gradients are cut", "A tensor with gradients is turned into a NumPy array, where autograd ends. Compute with PyTorch to the end.")),
    (r"returned an incorrect number of gradients \(expected (\d+), got (\d+)\)", (
        "number of gradients", "backward returns {1} things; forward takes {0} beside ctx, and each gets one gradient.")),
    (r"[Ll]egacy autograd function", (
        "@staticmethod forgotten", "forward and backward of a Function are static: write @staticmethod above each of them.")),
]


def _explaining(function):
    """The same function; an error of PyTorch whose cause is known is raised as `Told`, from the same line."""
    def explaining(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except (RuntimeError, IndexError, TypeError) as error:
            for pattern, cause in KNOWN:
                found = re.search(pattern, str(error))
                if found:
                    name, text = cause(found) if callable(cause) else cause
                    raise Told(name, text.format(*found.groups())).with_traceback(error.__traceback__) from None
            raise
    return explaining


# ------------------------------------------------------------------------------------------------------------ the forward pass

NAMES = tuple(f"{layer}.{p}" for layer in ("conv1", "conv2", "ip1", "ip2") for p in "Wb")


def _forward_cases(rng):
    def case(stage, N, height, width, filters, hidden, classes, note="", dtype=np.float64):
        F, G = filters
        maps = (((height - 2) // 2 - 1) // 2, ((width - 2) // 2 - 1) // 2)
        shapes = ((F, 1, 3, 3), (F,), (G, F, 2, 2), (G,), (G * maps[0] * maps[1], hidden), (hidden,), (hidden, classes), (classes,))
        x = draw(rng, N, 1, height, width, dtype=dtype)
        return Case(stage, (x, *(0.5 * draw(rng, *shape, dtype=dtype) for shape in shapes)), {}, note)

    return [case("hand", 2, 12, 16, (2, 3), 5, 4), case("random", 3, 16, 12, (3, 2), 7, 4), case("random", 5, 12, 12, (1, 4), 6, 3),
            case("edge", 1, 12, 16, (2, 3), 5, 4, "one image"), case("edge", 3, 12, 16, (2, 3), 5, 4, "float32", np.float32),
            case("edge", 2, 12, 16, (3, 2), 12, 12, "ip1 and ip2 have square W")]


def _same(x):
    return x


def _relu(x):
    return np.maximum(x, 0)


def _lenet(relu=_same, hidden=_relu, end=_same, rows=lambda x: x.reshape(len(x), -1), W=_same, b=_same, pool=lambda x: ops.max_pool_forward(x, 2)[0]):
    """A forward pass in which one thing may be another: `relu` after the convolutions, `hidden` after ip1, `end` after ip2; how maps become
    rows; what is done to a weight of an inner product, to a bias; how is pooled."""
    def forward(x, *params):
        for filters, bias in zip(params[:4:2], params[1:4:2]):
            x = pool(relu(ops.conv_forward(x, filters, b(bias))[0]))
        x = rows(x)
        for weights, bias, after in zip(params[4::2], params[5::2], (hidden, end)):
            if x.shape[1] != len(W(weights)):
                raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
            x = after(x @ W(weights) + b(bias))
        return (x,)
    return forward


def _log_softmax(x):
    return np.log(ops.softmax(x))


def _mean_pool(x):
    return sum(ops.window_entries(x, 2, 2)) / 4


TORCH_FORWARD = Exercise("torch_forward", ("scores",), _forward_cases, _lenet(), ("x", *NAMES), wrongs=[
    Misconception("softmax twice", "It returns probabilities. cross_entropy takes scores, and does the softmax itself; of probabilities it makes "
                  "a loss that never comes near 0. Return the scores.", _lenet(end=ops.softmax)),
    Misconception("log-softmax", "It returns logarithms of probabilities. They are for nll_loss; cross_entropy takes scores. Return the scores.",
                  _lenet(end=_log_softmax)),
    Misconception("W not transposed", "W and its transpose are confused: F.linear(x, A) computes x A' + b, and W is (D, M). Give it W.T.",
                  _lenet(W=np.transpose)),
    Misconception("view after a transpose", "The maps become rows in another order than in the network that W comes from: an axis has been moved "
                  "before. x.flatten(1) reads channel after channel, row by row.", _lenet(rows=lambda x: x.swapaxes(2, 3).reshape(len(x), -1))),
    Misconception("view after a transpose", "The maps become rows with the channels last. x.flatten(1), on (N, C, H, W), reads channel after "
                  "channel.", _lenet(rows=lambda x: x.transpose(0, 2, 3, 1).reshape(len(x), -1))),
    Misconception("view after a transpose", "The images of the batch are mixed: the batch axis has been moved before the maps become rows. "
                  "x.flatten(1) keeps the first axis.", _lenet(rows=lambda x: x.transpose(1, 2, 3, 0).reshape(len(x), -1))),
    Misconception("ReLU forgotten", "The ReLU between ip1 and ip2 is missing: without it the two are one inner product.", _lenet(hidden=_same)),
    Misconception("ReLU after the scores", "There is a ReLU after the last layer too. Scores may be negative.", _lenet(end=_relu)),
    Misconception("ReLU after the convolutions", "There is a ReLU after each convolution. This LeNet has one only, between ip1 and ip2.",
                  _lenet(relu=_relu)),
    Misconception("ReLU after every layer", "There is a ReLU after every layer. This LeNet has one only, between ip1 and ip2.",
                  _lenet(relu=_relu, end=_relu)),
    Misconception("bias forgotten", "The biases are missing: conv2d and linear take b as their third argument.", _lenet(b=np.zeros_like)),
    Misconception("average pooling", "The windows are averaged. This LeNet takes the largest entry: max_pool2d.", _lenet(pool=_mean_pool)),
])


def _forward_with_arrays(function):
    """A student's `torch_forward(x, params)` as a function of arrays."""
    torch = torch_or_none()

    def forward(x, *params):
        tensors = {name: torch.from_numpy(value).requires_grad_() for name, value in zip(NAMES, params)}
        scores = function(torch.from_numpy(x), tensors)
        if isinstance(scores, torch.Tensor):
            slopes = torch.autograd.grad(scores.sum(), list(tensors.values()), allow_unused=True) if scores.requires_grad else [None]
            cut = [name for name, slope in zip(tensors, slopes) if slope is None]
            if cut:
                raise Told("gradients are cut", f"There is no way back from the scores to {cut[0]}, so it would learn nothing. Is it used? If so, "
                           "something on the way (detach, numpy, no_grad, torch.tensor of a tensor) has cut it.")
            return scores.detach().numpy()
        if isinstance(scores, np.ndarray):
            raise Told("gradients are cut", "It returns a NumPy array, and autograd ends where NumPy begins. Compute with PyTorch to the end.")
        return scores
    return forward


# ------------------------------------------------------------------------------------------------------- an autograd.Function

def _relu_cases(rng):
    x = np.array([[-1.0, 0.0, 2.0]])
    return [Case("hand", (x, np.array([[5.0, 6.0, 7.0]]))),
            Case("random", (draw(rng, 3, 4), draw(rng, 3, 4))), Case("random", (draw(rng, 2, 3, 2, 5), draw(rng, 2, 3, 2, 5))),
            Case("random", (draw(rng, 3, 4, dtype=np.float32), draw(rng, 3, 4, dtype=np.float32))),
            Case("edge", (np.zeros((2, 2)), draw(rng, 2, 2)), {}, "x is 0 everywhere"), Case("edge", (draw(rng, 1), draw(rng, 1)), {}, "one number")]


def _relu_case(rng):
    shape, dtype = rng.integers(1, 4, rng.integers(1, 5)), pick(rng, np.float64, np.float64, np.float32)
    return Case("random", (draw(rng, *shape, dtype=dtype), draw(rng, *shape, dtype=dtype)))


def _gate(out, dx):
    return lambda x, dout: (out(x), dx(x, dout))


RIGHT_RELU = _gate(_relu, lambda x, dout: dout * (x > 0))
TORCH_RELU = Exercise("torch_relu", ("out", "dx"), _relu_cases, RIGHT_RELU, ("x", "dout"), one=_relu_case, wrongs=[
    Misconception(">= for >", "Only x = 0 is wrong: there the gradient is 0, here and in PyTorch. Use x > 0.",
                  _gate(_relu, lambda x, dout: dout * (x >= 0))),
    Misconception("dout forgotten", "That is the slope of ReLU alone. The chain rule multiplies it by dout, which PyTorch gives to backward.",
                  _gate(_relu, lambda x, dout: (x > 0).astype(x.dtype))),
    Misconception("gate forgotten", "Every gradient passes. Where x is negative, the output does not change.", _gate(_relu, lambda x, dout: dout)),
    Misconception("gate on the gradient", "The sign of dout decides. It is the sign of x that decides; save x in forward.",
                  _gate(_relu, lambda x, dout: _relu(dout))),
    Misconception("gate on the gradient too", "The mask of x is right, but negative gradients have become 0 too. Only x decides.",
                  _gate(_relu, lambda x, dout: _relu(dout) * (x > 0))),
    Misconception("value for slope", "dout has been multiplied by the output. ReLU's slope is 1 or 0.",
                  _gate(_relu, lambda x, dout: dout * _relu(x))),
    Misconception("gate turned round", "The mask is inverted: dout passes where x is positive.", _gate(_relu, lambda x, dout: dout * (x <= 0))),
    Misconception("gate turned round", "The mask is inverted: dout passes where x is positive.", _gate(_relu, lambda x, dout: dout * (x < 0))),
    Misconception("forward pass again", "backward returns ReLU of x. Wanted is dout where x is positive, else 0.",
                  _gate(_relu, lambda x, dout: _relu(x))),
    Misconception("sign for gate", "dout has been multiplied by the sign of x. Where x is negative the slope is 0.",
                  _gate(_relu, lambda x, dout: dout * np.sign(x))),
    Misconception("sign", "The sign of dx is turned round.", _gate(_relu, lambda x, dout: -dout * (x > 0))),
    Misconception("absolute value", "forward returns the absolute value. Negative numbers become 0.",
                  _gate(np.abs, lambda x, dout: dout * np.sign(x))),
    Misconception("absolute value", "forward returns the absolute value. Negative numbers become 0.", _gate(np.abs, lambda x, dout: dout * (x > 0))),
    Misconception("nothing cut", "forward returns x as it is. Negative numbers become 0.", _gate(_same, lambda x, dout: dout * (x > 0))),
    Misconception("minimum for maximum", "forward keeps the negative numbers. The positive ones stay.",
                  _gate(lambda x: np.minimum(x, 0), lambda x, dout: dout * (x > 0))),
])


def _relu_with_arrays(made):
    """A student's subclass of `autograd.Function` as a function of arrays."""
    torch = torch_or_none()

    def both_ways(x, dout):
        if not (isinstance(made, type) and issubclass(made, torch.autograd.Function)):
            raise Told("no Function", "It is no subclass of torch.autograd.Function. Write class MyReLU(Function), with forward and backward in it, "
                       "and give the class itself.")
        tx = torch.from_numpy(x).requires_grad_()
        try:
            out = made.apply(tx)
            if not isinstance(out, torch.Tensor):
                more = " torch.max(x, 0) is the maximum along an axis: for max(0, x) use x.clamp(min=0)." if isinstance(out, tuple) else ""
                raise Told("not a tensor", f"forward returns {kind_of(out)}; wanted is a tensor.{more}")
            if not out.requires_grad:
                raise Told("gradients are cut", "The output has no way back to x. forward must return a tensor made by PyTorch's operations.")
            out.backward(torch.from_numpy(dout))
        except (TypeError, RuntimeError, NotImplementedError, AttributeError) as error:
            if "ellipsis" in str(error).lower():               # three dots in forward or in backward
                return ...
            if re.search(r"'tuple'|multiply sequence|converted to an index", str(error)):
                raise Told("saved_tensors is a tuple", TUPLE).with_traceback(error.__traceback__) from None
            raise
        if tx.grad is None:
            raise Told("nothing returned", "backward returns None, so x gets no gradient. Is the return missing?")
        return out.detach().numpy(), tx.grad.numpy()
    return both_ways


# ------------------------------------------------------------------------------------------------------------ the training loop

def _train_cases(rng):
    def case(stage, labels, size, lr, note=""):
        D, K, steps = size[0] * size[1], 10, len(labels)
        images = rng.integers(0, 256, (steps, len(labels[0]), 1, *size)).astype(np.uint8)
        return Case(stage, (images, np.array(labels), draw(rng, D, K, dtype=np.float32), draw(rng, K, dtype=np.float32)), {"lr": lr}, note)

    return [case("hand", [[1, 10], [3, 2], [10, 5]], (2, 3), 0.5), case("random", rng.integers(1, 11, (4, 3)), (3, 2), 0.2),
            case("random", rng.integers(1, 11, (5, 2)), (2, 2), 0.1), case("edge", [[4], [7], [4]], (2, 3), 0.3, "one image at a time"),
            case("edge", [[2, 3, 4, 5]], (2, 3), 0.3, "one step"), case("edge", rng.integers(1, 10, (3, 3)), (2, 3), 0.3, "no label 10")]


def _descent(scale=255.0, first=lambda y: y - 1, loss_of=ops.softmax_loss, collect=0.0, factor=lambda N: 1.0, mu=0.9, moves=True, report=_same,
             after=False):
    """A training loop in which one thing may be another: the scale of the images, the labels, the loss, how much of the last gradients stays,
    a factor of the loss, the momentum, whether the weights move, and what is reported."""
    def train(images, labels, W, b, lr):
        losses, velocity, kept = [], [0.0, 0.0], [0.0, 0.0]
        W, b = W.copy(), b.copy()
        for x, y in zip(images.reshape(len(images), images.shape[1], -1) / scale, first(labels)):
            loss, dscores = loss_of(x @ W + b, y)
            grads = [x.T @ dscores * factor(len(x)), dscores.sum(axis=0) * factor(len(x))]
            kept = [collect * old + new for old, new in zip(kept, grads)]
            if moves:
                W, velocity[0] = sgd_momentum(W, velocity[0] + np.zeros_like(W), kept[0], lr, mu)
                b, velocity[1] = sgd_momentum(b, velocity[1] + np.zeros_like(b), kept[1], lr, mu)
            losses.append((loss_of(x @ W + b, y)[0] if after else loss) * factor(len(x)))
        return report(np.array(losses)), W, b
    return train


def _of_probabilities(scores, y):
    """The loss of softmax(softmax(scores)), and its gradient with respect to the scores."""
    p = ops.softmax(scores)
    loss, dp = ops.softmax_loss(p, y)
    return loss, p * (dp - (dp * p).sum(axis=1, keepdims=True))


TORCH_TRAIN = Exercise("torch_train", ("losses", "W", "b"), _train_cases, _descent(), ("images", "labels", "W", "b"), views_matter=False, wrongs=[
    Misconception("zero_grad forgotten", "The gradients of all earlier steps are still there: backward adds to .grad. Call optimiser.zero_grad() in "
                  "every step, before backward.", _descent(collect=1.0)),
    Misconception("softmax twice", "cross_entropy gets probabilities. It takes scores, and does the softmax itself.",
                  _descent(loss_of=_of_probabilities)),
    Misconception("labels from 1", "The labels count from 1, as in MATLAB, and PyTorch counts classes from 0. Subtract 1.", _descent(first=_same)),
    Misconception("labels from 1", "Only the label 10 has been changed, to 0. All labels count from 1 here: subtract 1 from each.",
                  _descent(first=lambda y: y % 10)),
    Misconception("integer images", "The pixels go into the network as numbers up to 255. Divide them by 255: the network expects 0 to 1.",
                  _descent(scale=1.0)),
    Misconception("integer images", "The pixels are divided by 256. The largest is 255.", _descent(scale=256.0)),
    Misconception("sum for mean", "The loss is the sum over the batch. The mean is wanted, which is cross_entropy's default: with a sum the steps "
                  "are as many times larger as there are images.", _descent(factor=lambda N: N)),
    Misconception("mean twice", "The loss has been divided by the number of images again. cross_entropy is a mean already.",
                  _descent(factor=lambda N: 1 / N)),
    Misconception("step forgotten", "The weights do not change: backward() or step() is missing, or zero_grad stands between the two.",
                  _descent(moves=False)),
    Misconception("momentum forgotten", "That is plain gradient descent: either momentum=0.9 is missing, or the optimiser is made anew in each "
                  "step, so its velocity is lost. Make it once, before the loop.", _descent(mu=0.0)),
    *(Misconception("momentum written in", f"The momentum is {mu}. Wanted is 0.9.", _descent(mu=mu)) for mu in (0.5, 0.99)),
    Misconception("loss after the step", "The losses are those after each step. Keep the loss that backward starts from.", _descent(after=True)),
    Misconception("running sum", "Each entry of losses is the sum of all losses so far. Keep the loss of each step.", _descent(report=np.cumsum)),
    Misconception("mean of the losses so far", "Each entry of losses is the mean of all losses so far. Keep the loss of each step.",
                  _descent(report=lambda losses: np.cumsum(losses) / np.arange(1, len(losses) + 1))),
])


def _only_tensors(model, args):
    if args and isinstance(args[0], np.ndarray):
        raise Told("array for tensor", ARRAY.format("The model", "torch.tensor(images).float() / 255"))


def _train_with_arrays(function):
    """A student's `torch_train(model, batches, lr)` as a function of arrays; the model is an inner product of the pixels."""
    torch = torch_or_none()

    def train(images, labels, W, b, lr):
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(*W.shape))
        with torch.no_grad():
            model[1].weight.copy_(torch.from_numpy(W.T))
            model[1].bias.copy_(torch.from_numpy(b))
        model.register_forward_pre_hook(_only_tensors)
        losses = function(model, list(zip(images, labels)), lr)
        if losses is ...:
            return losses
        if not isinstance(losses, (list, tuple)) or len(losses) != len(images):
            what = kind_of(losses) if losses is not None else "None. Is the return missing"
            raise Told("not a list of losses", f"It returns {what}. Wanted is a list with the loss of each of the {len(images)} steps.")
        if any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses):
            raise Told("losses are tensors", "The losses are tensors that still hold the whole graph of their step, so memory fills up. "
                       "loss.item() is the number alone.")
        return np.array([float(loss) for loss in losses], np.float32), model[1].weight.detach().numpy().T.copy(), model[1].bias.detach().numpy()
    return train


# ------------------------------------------------------------------------------------------------------------------ the checks

TASKS = {"torch_forward": (TORCH_FORWARD, _forward_with_arrays), "torch_relu": (TORCH_RELU, _relu_with_arrays),
         "torch_train": (TORCH_TRAIN, _train_with_arrays)}
HINTS = {
    "torch_forward": (
        "Seven steps, one for each layer, each with a function of torch.nn.functional. Between pool2 and ip1 the maps become rows.",
        "conv2d(x, W, b), max_pool2d(x, 2), x.flatten(1), linear(x, W.T, b), relu(x); after ip2 come the scores, without softmax.",
        'x = F.max_pool2d(F.conv2d(x, params["conv1.W"], params["conv1.b"]), 2); the same for conv2; x = x.flatten(1); '
        'x = F.relu(F.linear(x, params["ip1.W"]..., params["ip1.b"])); return F.linear(...)'),
    "torch_relu": (
        "forward computes the output and saves what backward needs; backward multiplies dout by the slope.",
        "out = max(0, x); dx = dout where x > 0, else 0. ctx.save_for_backward(x) in forward, x, = ctx.saved_tensors in backward.",
        "forward: ctx.save_for_backward(x); return x.clamp(min=...). backward: x, = ctx.saved_tensors; return dout * (x > ...)"),
    "torch_train": (
        "One step: images and labels become tensors, the old gradients go, forward, loss, backward, step. Keep the loss as a number.",
        "x = images/255 as float32, y = labels - 1 as int64; loss = cross_entropy(model(x), y); zero_grad, backward, step.",
        "optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=...); for images, labels in batches: "
        "x = torch.tensor(images).float() / ...; y = torch.tensor(labels).long() - ...; loss = F.cross_entropy(...); "
        "optimiser.zero_grad(); loss.backward(); optimiser.step(); losses.append(loss.item())"),
}


def verdict_of(name, work):
    """The `Verdict` on a student's work for one of the `TASKS`."""
    exercise, with_arrays = TASKS[name]
    if work is ... or work is None:
        return Verdict(name, False, NOT_WRITTEN)
    torch = torch_or_none()
    if torch is None:
        return Verdict(name, False, f"It cannot be checked: {MISSING}", checked=False)
    torch.optim.SGD([torch.zeros(1)], lr=0.1)              # the first one imports for seconds, which would count as the student's time
    if not callable(work):
        return examine(exercise, work)
    return examine(exercise, _explaining(with_arrays(work)), written=(work, lambda changed: _explaining(with_arrays(changed))))
