"""A network of this package in PyTorch: the same layers under the same names, with the same weights.

PyTorch is not a dependency (extra `torch`), so it is imported only inside the functions that need it. `torch_or_none` says whether
it is there.
"""

import importlib.util
import math
from typing import NamedTuple

import numpy as np

from lenet_core.registry import operation

SAME_NAMES = "Name the modules as in the Python file that `lenet export --to pytorch` writes."
MISSING = "PyTorch is not installed (pip install torch, or the extra [torch] of this package)."


class Module(NamedTuple):
    """What makes one module of PyTorch: its name in the network, its class, and the arguments of the class."""

    name: str
    kind: str
    args: tuple = ()
    options: dict = {}

    @property
    def call(self):
        """The arguments as Python code: "1, 20, 5, padding=2"."""
        return ", ".join([*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.options.items())])


def torch_or_none():
    """The module `torch`, or None where PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch
    return torch


def modules(net):
    """The `Module`s that do what the layers of `net` do, in order; where maps become rows, a `Flatten` comes in between.

    Raises ValueError for a layer of a kind that has no module.
    """
    found, shapes = [], [net.input_shape, *net.shapes()]
    for layer, shape in zip(net.layers, shapes):
        if layer.kind not in MODULES:
            raise ValueError(f"Layer {layer.name}: there is no module of PyTorch for the operation {layer.kind!r}; there are modules for: "
                             f"{', '.join(MODULES)}.")
        if layer.kind == "inner_product" and len(shape) == 3:
            found.append(Module("flatten", "Flatten"))
        found.append(Module(layer.name, *MODULES[layer.kind](layer, shape)))
    return found


def _conv(layer, shape):
    F, C, k, _ = layer.W_shape
    names = {"stride": "stride", "pad": "padding"}
    return "Conv2d", (C, F, k), {names[option]: value for option, value in layer.options.items()}


def _max_pool(layer, shape):
    k, stride, _ = layer.window
    return "MaxPool2d", (k,), {} if stride == k else {"stride": stride}


def _table_conv(layer, shape):
    return "TableConv", ([[*map(int, maps)] for maps in layer.options["table"]], layer.W_shape[-1])


MODULES = {
    "conv": _conv,
    "max_pool": _max_pool,
    "relu": lambda layer, shape: ("ReLU",),
    "inner_product": lambda layer, shape: ("Linear", layer.W_shape),
    "table_conv": _table_conv,
    "subsample": lambda layer, shape: ("Subsample", layer.W_shape),
    "scaled_tanh": lambda layer, shape: ("ScaledTanh",),
}


def state(net):
    """The parameters under PyTorch's names and in its shapes: {"conv1.weight": array, "conv1.bias": array}.

    `Linear` computes x A^T + b, so its weight is W transposed. The arrays lie row by row in memory, as other programs expect.
    """
    arrays = {}
    for layer in net.layers:
        if layer.params:
            arrays[f"{layer.name}.weight"] = np.ascontiguousarray(_turned(layer, layer.params["W"]))
            arrays[f"{layer.name}.bias"] = np.ascontiguousarray(layer.params["b"])
    return arrays


def parameters(kinds, arrays):
    """The reverse of `state`: {"conv1.W": array, "conv1.b": array} for layers {name: kind}, with copies of the arrays.

    Raises ValueError with the first parameter that is missing, belongs to no layer, or is not of float32 or float64.
    """
    left, found = dict(arrays), {}
    for name, kind in kinds.items():
        for ours, theirs in (("W", "weight"), ("b", "bias")) if operation(kind).bias_shape else ():
            if f"{name}.{theirs}" not in left:
                raise ValueError(f"There is no parameter {name}.{theirs}; there are: {', '.join(sorted(arrays)) or 'none'}. {SAME_NAMES}")
            value = left.pop(f"{name}.{theirs}")
            if value.dtype not in (np.float32, np.float64):
                raise ValueError(f"{name}.{theirs} holds {value.dtype}. Save it as float32.")
            found[f"{name}.{ours}"] = np.ascontiguousarray(value.T if kind == "inner_product" and ours == "W" else value)
    if left:
        raise ValueError(f"The parameter {min(left)} belongs to no layer; the layers are: {', '.join(kinds)}. {SAME_NAMES}")
    if len({value.dtype for value in found.values()}) > 1:
        raise ValueError("Some parameters are of float32 and some of float64. A network has one number type.")
    return found


def _turned(layer, W):
    """Weights from our shape to PyTorch's, or back: those of an inner product are transposed."""
    return W.T if layer.kind == "inner_product" else W


def twin(net):
    """The `torch.nn.Sequential` of the same layers, with copies of the parameters of `net`. Raises ImportError without PyTorch.

    `twin.conv1.weight` is the W of `net["conv1"]`; number type and names are those of `net`.
    """
    torch = torch_or_none()
    if torch is None:
        raise ImportError(MISSING)
    from . import torch_layers
    made = torch.nn.Sequential()
    for module in modules(net):
        kind = getattr(torch.nn, module.kind, None) or getattr(torch_layers, module.kind)
        made.add_module(module.name, kind(*module.args, **module.options))
    made.load_state_dict({name: torch.tensor(value) for name, value in state(net).items()}, assign=True)
    return made


def run(model, x, y):
    """One forward and one backward pass of a `torch.nn.Sequential`: {name: its output}, with `.grad` in every output, and the loss.

    x and y are NumPy arrays; "x" in the result is the input. The gradients of the parameters are those of this batch alone.
    """
    torch = torch_or_none()
    model.zero_grad()
    out = torch.tensor(x, dtype=next(model.parameters()).dtype, requires_grad=True)
    seen = {"x": out}
    for name, module in model.named_children():
        out = module(out)
        out.retain_grad()                                # PyTorch keeps the gradients of the parameters only, if it is not asked
        seen[name] = out
    loss = torch.nn.functional.cross_entropy(out, torch.tensor(y))
    loss.backward()
    return seen, loss.item()


def set_rate(optimiser, rate, inside=True):
    """Give a `torch.optim.SGD` the learning rate of the next step; call it between `backward` and `step`.

    PyTorch's velocity is a sum of gradients, which the *new* rate multiplies as a whole. In this package, and in the homework, each
    gradient keeps the rate of its own step. With `inside` the velocity is first multiplied by old rate / new rate, so the step is ours.
    """
    for group in optimiser.param_groups:
        for parameter in group["params"] if inside else ():
            velocity = optimiser.state.get(parameter, {}).get("momentum_buffer")
            if velocity is not None:
                velocity *= group["lr"] / rate
        group["lr"] = rate


def differences(net, model, x, y):
    """The largest difference between `net` and its twin, for each layer: [(name, of out, of dout, of dW, of db)].

    It runs both on the batch x, y. A layer without parameters has None for dW and db. The first row is the input: (name, 0, of dx).
    """
    net.loss(x, y)
    seen, _ = run(model, x, y)
    rows = [("x", 0.0, largest(net.layers[0].dx, seen["x"].grad), None, None)]
    for layer in net.layers:
        module = getattr(model, layer.name)
        grads = (largest(_turned(layer, layer.grads["W"]), module.weight.grad), largest(layer.grads["b"], module.bias.grad)) \
            if layer.params else (None, None)
        rows.append((layer.name, largest(layer.out, seen[layer.name]), largest(layer.dout, seen[layer.name].grad), *grads))
    return rows


def largest(ours, theirs):
    """The largest difference between an array and a tensor of the same shape. Raises ValueError where the shapes differ."""
    theirs = theirs.detach().numpy()
    if ours.shape != theirs.shape:
        raise ValueError(f"Shapes {ours.shape} and {tuple(theirs.shape)} cannot be compared.")
    return float(np.abs(ours - theirs).max(initial=0.0)) if math.prod(ours.shape) else 0.0
