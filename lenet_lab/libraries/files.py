"""A network as a file that other programs read, and back: safetensors, ONNX, and a Python file for PyTorch.

`write(net, path, kind)` writes one of `KINDS`; `read(path)` reads a network from a .npz, .safetensors or .onnx file. No pickle is read or
written: to read a pickle can run code that its author put there. PyTorch's own .pt files are pickles, so for PyTorch there are two files:
the layers as Python, for people to read, and the weights as safetensors.

The packages safetensors (extra `safetensors`) and onnx (extra `onnx`) are imported only where they are needed.
"""

import importlib
import inspect
import json
import keyword
import re
import sys
from pathlib import Path

import numpy as np

from lenet_core._files import atomic_write
from lenet_core.net import Layer, Net
from lenet_lab.networks.lenet5_1998 import AMPLITUDE, SLOPE  # this registers the operations of the LeNet-5 of 1998, too

from . import pytorch

NPZ, SAFETENSORS, ONNX, PYTORCH = "npz", "safetensors", "onnx", "pytorch"
KINDS = {NPZ: ".npz", SAFETENSORS: ".safetensors", ONNX: ".onnx", PYTORCH: ".py"}
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
DESCRIPTION = "lenet"                    # the key of the description in the metadata of a file
OPSET, IR_VERSION = 17, 8                # of ONNX: what programs of 2022 and later read


def write(net, path, kind):
    """Write `net` to `path` as one of `KINDS`, completely or not at all; returns the paths that were written.

    For "pytorch" the weights are in a second file beside it, `.safetensors`. Raises ValueError for a layer that the format has no
    operation for and for a name that does not go with the format, ImportError for a package that is missing, OSError where the file
    cannot be written.
    """
    written = paths(path, kind)
    if kind == NPZ:
        net.save(path)
        return written
    contents = [_safetensors(net), python_source(net, written[0].name).encode("utf-8")] if kind == PYTORCH else \
        [_safetensors(net) if kind == SAFETENSORS else _onnx(net)]
    for one, content in zip(written, contents):
        with atomic_write(one) as file:
            file.write(content)
    return written


def paths(path, kind):
    """The paths that `write` writes. Raises ValueError for a name that does not go with the format, or cannot be imported."""
    path = Path(path)
    if path.suffix != KINDS[kind]:
        raise ValueError(f"{path} has not the ending of the format {kind}. Name a file with the ending {KINDS[kind]}.")
    if kind == PYTORCH and (not path.stem.isidentifier() or keyword.iskeyword(path.stem)):
        raise ValueError(f"Python cannot import a file of the name {path.name}. {_another_name(path)}")
    if kind == PYTORCH and path.stem in {"torch", "safetensors", "numpy", *sys.stdlib_module_names}:
        raise ValueError(f"A file {path.name} would be imported in place of the package {path.stem}, by every program in its folder. "
                         f"{_another_name(path)}")
    return [path.with_suffix(KINDS[SAFETENSORS]), path] if kind == PYTORCH else [path]


def _another_name(path):
    name = "net_" + re.sub(r"\W", "_", path.stem).lstrip("_")
    return f"Name another file with --out, as --out {name}.py."


def read(path, like=None):
    """The network in the file `path`: .npz, .safetensors or .onnx.

    A safetensors file that was not written by `write` has only parameters: `like`, a network, says which layers they belong to. Raises
    FileNotFoundError, ImportError for a package that is missing, and ValueError with a sentence for a file that has no such network.
    """
    path = Path(path)
    if path.suffix in PICKLES:
        raise ValueError(f"{path} is a pickle, and to read a pickle can run code from it. In PyTorch, save the weights with "
                         "safetensors.torch.save_file(model.state_dict(), 'net.safetensors'), and give that file.")
    if path.suffix not in READERS:
        *all_but_last, last = READERS
        raise ValueError(f"{path}: a network is read from a {', '.join(all_but_last)} or {last} file. Name one of these.")
    if path.suffix == KINDS[NPZ]:
        return Net.load(path)
    try:
        return READERS[path.suffix](path, like)
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}). Check that it is a file and that you may read it.") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, MemoryError) as error:
        said = str(error) if isinstance(error, ValueError) else f"It is damaged, or was not written by this workbook ({error!r})."
        raise ValueError(f"{path} has no network that this workbook can use. {said}") from None


def _package(name, extra):
    """A package that only this format needs. Raises ImportError with a sentence."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(f"The package {extra} is missing: pip install {extra} (or the extra [{extra}] of this package).") from None


# -------------------------------------------------------------------------------------------------------------- safetensors


def _safetensors(net):
    save = _package("safetensors.numpy", "safetensors").save
    pytorch.modules(net)                                  # raises ValueError for a layer that PyTorch does not have
    return save(pytorch.state(net), {DESCRIPTION: json.dumps(net.pack()[0])})


def _read_safetensors(path, like):
    numpy = _package("safetensors.numpy", "safetensors")
    error_of_the_package = importlib.import_module("safetensors").SafetensorError
    content = path.read_bytes()
    try:
        arrays = numpy.load(content)
    except error_of_the_package as error:
        raise ValueError(f"It is not a safetensors file, or is damaged ({error}).") from None
    except KeyError as error:
        raise ValueError(f"It has numbers of type {error}, which NumPy does not know. Save them as float32.") from None
    metadata = json.loads(content[8:8 + int.from_bytes(content[:8], "little")]).get("__metadata__", {})
    if like is not None:
        description = like.pack()[0]
    elif DESCRIPTION in metadata:
        description = json.loads(metadata[DESCRIPTION])
    else:
        raise ValueError("It has parameters, and nothing says of which layers. Name a network with the same layers, of the same "
                         "names, too (--like net.npz).")
    return Net.unpack(description, pytorch.parameters({layer["name"]: layer["kind"] for layer in description["layers"]}, arrays))


# --------------------------------------------------------------------------------------------------------------- PyTorch

HEAD = '''\
"""A network for images {shape}, written by `lenet export`. It needs the packages torch and safetensors.

    model = load()                        # with the weights in {weights}
    scores = model(images)                # images: a float tensor (N, {shape}), in the range of the training: for digits, 0 to 1
    save(model)                           # after training: then `lenet export {weights} --to npz --out back.npz` brings it back
"""

from pathlib import Path

{imports}
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

WEIGHTS = Path(__file__).with_name({weights!r})
{classes}

def network():
    """The layers, with PyTorch's own first weights."""
    model = nn.Sequential()
{lines}
    return model


def load(path=WEIGHTS):
    """The network with the weights in a safetensors file."""
    model = network()
    model.load_state_dict(load_file(path), assign=True)
    return model


def save(model, path=WEIGHTS):
    """Write the weights, with the description of the layers that `lenet export` needs to read them."""
    with safe_open(WEIGHTS, "pt") as file:
        description = file.metadata()
    save_file({{name: value.contiguous() for name, value in model.state_dict().items()}}, path, description)
'''


def python_source(net, weights):
    """The Python file with the layers of `net` in PyTorch, which loads the file `weights` beside it."""
    found = pytorch.modules(net)
    for module in found:
        if not module.name.isidentifier():
            raise ValueError(f"Layer {module.name!r}: a module of PyTorch cannot have this name. Use letters, digits and _ only.")
    own = sorted({module.kind for module in found} & OWN_CLASSES)
    classes = "\n\n" + "\n\n".join(inspect.getsource(getattr(importlib.import_module(f"{__package__}.torch_layers"), kind)) for kind in own) \
        if own else ""
    lines = "\n".join(f"    model.add_module({module.name!r}, {'' if module.kind in OWN_CLASSES else 'nn.'}{module.kind}({module.call}))"
                      for module in found)
    return HEAD.format(shape=", ".join(map(str, net.input_shape)), weights=weights, imports="import torch" if own else "", classes=classes,
                       lines=lines).replace("\n\n\nfrom safetensors import", "\n\nfrom safetensors import")


OWN_CLASSES = {"TableConv", "Subsample", "ScaledTanh"}


# ------------------------------------------------------------------------------------------------------------------ ONNX


def _onnx(net):
    """The file's content. Its numbers are float32: ONNX Runtime 1.32 computes no convolution of float64."""
    onnx = _package("onnx", "onnx")
    nodes, values, at = [], [], "image"
    for layer, shape in zip(net.layers, [net.input_shape, *net.shapes()]):
        if layer.kind not in NODES:
            raise ValueError(f"Layer {layer.name}: there is no node of ONNX for the operation {layer.kind!r}; there are nodes for: "
                             f"{', '.join(NODES)}.")
        steps = NODES[layer.kind](layer, shape)
        for n, (operator, arrays, attributes) in enumerate(steps, 1):
            inputs = [f"{layer.name}.{one}" for one in arrays]
            values += [onnx.numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in zip(inputs, arrays.values())]
            name = layer.name if n == len(steps) else f"{layer.name}.{n}"       # no two nodes of a graph have the same name
            nodes.append(onnx.helper.make_node(operator, [at, *inputs], [name], name, **attributes))
            at = name
    nodes[-1].output[0] = "scores"
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", *shape])
            for name, shape in (("image", net.input_shape), ("scores", net.shapes()[-1]))]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "network", ends[:1], ends[1:], values), producer_name=PRODUCER,
                                   opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


PRODUCER = "lenet-workbook"


def _conv_nodes(layer, shape):
    k, stride, pad = layer.window
    return [("Conv", layer.params, {"kernel_shape": [k, k], "strides": [stride] * 2, "pads": [pad] * 4})]


def _max_pool_nodes(layer, shape):
    k, stride, _ = layer.window
    return [("MaxPool", {}, {"kernel_shape": [k, k], "strides": [stride] * 2})]


def _inner_product_nodes(layer, shape):
    return [*([("Flatten", {}, {})] if len(shape) == 3 else []), ("Gemm", layer.params, {})]


def _table_conv_nodes(layer, shape):
    """An ordinary convolution, whose kernels are 0 where the table has no connection."""
    W, b = layer.params.values()
    kernels = np.zeros((len(b), shape[0], *W.shape[1:]), W.dtype)
    kernels[tuple(np.array([(f, c) for f, maps in enumerate(layer.options["table"]) for c in maps]).T)] = W
    return [("Conv", {"W": kernels, "b": b}, {"kernel_shape": [*W.shape[1:]]})]


def _subsample_nodes(layer, shape):
    """A convolution in which each map has a filter of its own, with four equal weights."""
    W, b = layer.params.values()
    return [("Conv", {"W": np.broadcast_to(W[:, None, None, None], (len(W), 1, 2, 2)), "b": b},
             {"kernel_shape": [2, 2], "strides": [2, 2], "group": len(W)})]


def _scaled_tanh_nodes(layer, shape):
    return [("Mul", {"slope": np.array(SLOPE)}, {}), ("Tanh", {}, {}), ("Mul", {"amplitude": np.array(AMPLITUDE)}, {})]


# {kind of layer: (the layer, the shape of its input for one image) -> [(operator of ONNX, its arrays, its attributes)]}
NODES = {
    "conv": _conv_nodes,
    "max_pool": _max_pool_nodes,
    "relu": lambda layer, shape: [("Relu", {}, {})],
    "inner_product": _inner_product_nodes,
    "table_conv": _table_conv_nodes,
    "subsample": _subsample_nodes,
    "scaled_tanh": _scaled_tanh_nodes,
}


def _read_onnx(path, like):
    onnx = _package("onnx", "onnx")
    error_of_protobuf = importlib.import_module("google.protobuf.message").DecodeError
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except (error_of_protobuf, onnx.checker.ValidationError) as error:
        raise ValueError(f"It is not an ONNX file, or is damaged ({str(error).splitlines()[0][:150]}).") from None
    graph = Graph(onnx, model)
    return Net(graph.input_shape, graph.layers())


class Graph:
    """The graph of an ONNX file, read as a chain of layers. What it cannot be, is told in a ValueError."""

    def __init__(self, onnx, model):
        self.arrays = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant":
                self.arrays[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
        self.nodes = [node for node in model.graph.node if node.op_type not in ("Constant", "Identity")]
        self.same = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Identity"}
        self.attributes = [{one.name: onnx.helper.get_attribute_value(one) for one in node.attribute} for node in self.nodes]
        images = [one for one in model.graph.input if one.name not in self.arrays]
        if len(images) != 1 or len(model.graph.output) != 1:
            raise ValueError(f"It has {len(images)} inputs and {len(model.graph.output)} outputs, and a network of this workbook has one of each.")
        self.at = images[0].name
        self.input_shape = tuple(one.dim_value for one in images[0].type.tensor_type.shape.dim)[1:]
        if len(self.input_shape) != 3 or not all(self.input_shape):
            raise ValueError(f"Its images have the shape {self.input_shape or 'of nothing'}, and (C, H, W) with fixed numbers is needed.")
        self.named = model.producer_name == PRODUCER

    def layers(self):
        """The layers in order."""
        found, count, n = [], {}, 0
        while n < len(self.nodes):
            ahead = tuple(node.op_type for node in self.nodes[n:n + 3])
            operators = next((ahead[:length] for length in (3, 2, 1) if ahead[:length] in OPERATORS), None)
            if operators is None:
                raise ValueError(f"Its operation {ahead[0]} is not one of this workbook (node {self.nodes[n].name or n + 1}). There are: "
                                 f"{', '.join(sorted({' + '.join(one) for one in OPERATORS}))}.")
            end = n + len(operators)
            made = OPERATORS[operators]([self._inputs(node) for node in self.nodes[n:end]], self.attributes[n:end])
            if made:
                short, kind, W, b, options = made
                count[short] = count.get(short, 0) + 1
                layer = Layer(self.nodes[end - 1].name if self.named else f"{short}{count[short]}", kind, W if W is None else W.shape, **options)
                if W is not None:
                    layer.params = {"W": W, "b": np.zeros(layer.params["b"].shape, W.dtype) if b is None else b}
                found.append(layer)
            n = end
        return found

    def _inputs(self, node):
        """The arrays that go into a node of the chain, beside what the node before it gives."""
        names = [self.same.get(name, name) for name in node.input]
        if self.at not in names or len(node.output) > 1 and any(node.output[1:]):
            raise ValueError(f"It is not one chain of layers: {node.op_type} (node {node.name}) does not go on from the node before it alone.")
        names.remove(self.at)
        missing = [name for name in names if name and name not in self.arrays]
        if missing:
            raise ValueError(f"It is not one chain of layers: {node.op_type} (node {node.name}) needs {missing[0]}, which another node computes.")
        self.at = node.output[0]
        return [self.arrays[name] for name in names if name]


def _plain(operator, attributes, **allowed):
    """Raise ValueError where an operator has an attribute that our layers do not have; returns (stride, pad)."""
    strides, pads = {*attributes.get("strides", [1])}, {*attributes.get("pads", [0])}
    usual = {"dilations": [1, 1], "auto_pad": b"NOTSET", "ceil_mode": 0, "storage_order": 0, "group": 1, **allowed}
    odd = [name for name, value in usual.items() if attributes.get(name, value) != value]
    odd += [name for name, value in (("strides", strides), ("pads", pads)) if len(value) > 1]
    if odd:
        raise ValueError(f"Its {operator} has {odd[0]}={attributes[odd[0]]}, which no layer of this workbook has.")
    return strides.pop(), pads.pop()


def _conv_layer(inputs, attributes):
    W, b = [*inputs[0], None][:2]
    group = attributes[0].get("group", 1)
    stride, pad = _plain("Conv", attributes[0], group=group)
    if group == 1:
        return "conv", "conv", W, b, {name: value for name, value, usual in (("stride", stride, 1), ("pad", pad, 0)) if value != usual}
    if W.shape == (group, 1, 2, 2) and (W == W[:, :, :1, :1]).all() and (stride, pad) == (2, 0):
        return "sub", "subsample", W[:, 0, 0, 0], b, {}
    raise ValueError(f"Its Conv has group={group}, which no layer of this workbook has.")


def _max_pool_layer(inputs, attributes):
    stride, pad = _plain("MaxPool", attributes[0])
    sizes = {*attributes[0]["kernel_shape"]}
    if len(sizes) > 1 or pad:
        raise ValueError("Its MaxPool has windows that are not square, or padding, and no layer of this workbook has that.")
    k = sizes.pop()
    return "pool", "max_pool", None, None, {"k": k} if stride == k else {"k": k, "stride": stride}


def _gemm_layer(inputs, attributes):
    given = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0} | attributes[0]
    if (given["alpha"], given["beta"], given["transA"]) != (1.0, 1.0, 0):
        raise ValueError("Its Gemm has alpha, beta or transA, which no layer of this workbook has.")
    W, b = [*inputs[0], None][:2]
    return "ip", "inner_product", W.T if given["transB"] else W, b if b is None else b.reshape(-1), {}


def _tanh_layer(inputs, attributes):
    factors = [one[0].item() if one and one[0].size == 1 else None for one in (inputs[0], inputs[2])]
    if None in factors or not np.allclose(factors, (SLOPE, AMPLITUDE), rtol=1e-6):
        raise ValueError("Its Tanh is not 1.7159 tanh(2x/3), the only one in this workbook.")
    return "tanh", "scaled_tanh", None, None, {}


# {operators of ONNX one after the other: (their arrays, their attributes) -> (short name, kind, W, b, options), or None for no layer}
OPERATORS = {
    ("Conv",): _conv_layer,
    ("MaxPool",): _max_pool_layer,
    ("Relu",): lambda inputs, attributes: ("relu", "relu", None, None, {}),
    ("Flatten",): lambda inputs, attributes: None,             # an inner product takes maps too
    ("Reshape",): lambda inputs, attributes: None,
    ("Gemm",): _gemm_layer,
    ("MatMul", "Add"): lambda inputs, attributes: ("ip", "inner_product", inputs[0][0], inputs[1][0].reshape(-1), {}),
    ("Mul", "Tanh", "Mul"): _tanh_layer,
}
READERS = {KINDS[NPZ]: None, KINDS[SAFETENSORS]: _read_safetensors, KINDS[ONNX]: _read_onnx}
