"""The handout's structs in Octave: another order of the same numbers, and results checked in Octave's words.

In Octave an image is a column of `data` too, but arrays lie column by column: reshape(data(:, n), height, width, channel) has the row
index running fastest, where the handout for Python has the channel. `param.b` is a row (1, num), and `params` a cell array. Sources:
homework sections 5.1 and 5.6.
"""

import inspect

import numpy as np

from lenet_lab import handout

from .process import OctaveError

SIZE = ("height", "width", "channel", "batch_size")
OUTPUTS = {"inner_product_backward": 2, "sgd_momentum": 2}            # of the others: one


def as_handout(name, call):
    """The function `name` of the homework in a .m file as a function of `lenet_lab.handout.SEVEN`'s interface.

    `call(arguments, outputs)` calls it with values as `values.packed` takes them, and returns the list of its results. The function raises
    OctaveError if a result is not what the handout requires.
    """
    names = list(inspect.signature(handout.SEVEN[name]).parameters)

    def function(*arguments):
        given = dict(zip(names, arguments))
        results = call([_for_octave(key, given) for key in names], OUTPUTS.get(name, 1))
        return RESULTS[name](results, given)

    function.__name__ = name
    return function


def _for_octave(key, given):
    """One argument as Octave gets it."""
    value = given[key]
    if key in ("input", "output"):
        return {**value, **{part: _columns(value[part], value) for part in ("data", "diff") if part in value}}
    if key == "layer":
        return {**value, "act_type": "MAX"} if value["type"] == "POOLING" else value
    if key == "param":
        return {"w": _columns(value["w"], given["input"]), "b": value["b"].reshape(1, -1)}
    if isinstance(value, dict):
        return {i: {"w": param["w"], "b": param["b"].reshape(1, -1)} for i, param in value.items()}
    return value


def _columns(matrix, size):
    """The rows of a matrix from the order (h, w, c), the last running fastest, to that of Octave, where the first does."""
    h, w, c = (int(size[key]) for key in SIZE[:3])
    return matrix.reshape(h, w, c, -1).transpose(2, 1, 0, 3).reshape(matrix.shape)


def _rows(matrix, size):
    """The inverse of `_columns`."""
    h, w, c = (int(size[key]) for key in SIZE[:3])
    return matrix.reshape(c, w, h, -1).transpose(2, 1, 0, 3).reshape(matrix.shape)


# ------------------------------------------------------------------------------------------------------------------ results


def _output(results, given):
    output, input, layer = results[0], given["input"], given["layer"]
    _struct("output", output, (*SIZE, "data"))
    h, w, c = handout.size_after(layer, *(input[key] for key in SIZE[:3]))
    size = dict(zip(SIZE, (h, w, c, input["batch_size"])))
    for key in SIZE:
        number = _matrix(f"output.{key}", output[key], (1, 1)).item()
        if layer["type"] != "IP" and number != size[key]:
            raise OctaveError(f"output.{key} is {number:g}; expected {size[key]}.")
    data = _matrix("output.data", output["data"], (h * w * c, input["batch_size"]))
    return {**size, "data": _rows(data, size)}


def _input_od(results, given):
    return _rows(_matrix("input_od", results[-1], given["input"]["data"].shape, "as input.data"), given["input"])


def _gradients(results, given):
    param = _param("param_grad", results[0], given["param"])
    return {"w": _rows(param["w"], given["input"]), "b": param["b"]}, _input_od(results, given)


def _updated(results, given):
    params, cells = given["params"], []
    for what, value in zip(("params", "param_winc"), results):
        if not isinstance(value, list) or len(value) < len(params):
            raise OctaveError(f"{what} is {_said(value)}; expected a cell array of {len(params)}, as params.")
        cells.append({i: _param(f"{what}{{{i}}}", part, params[i]) for i, part in zip(params, value)})
    return tuple(cells)


def _param(what, value, like):
    _struct(what, value, ("w", "b"))
    b = _matrix(f"{what}.b", value["b"], (1, like["b"].size), "as param.b")
    return {"w": _matrix(f"{what}.w", value["w"], like["w"].shape, "as param.w"), "b": b.reshape(like["b"].shape)}


def _struct(what, value, fields):
    if not isinstance(value, dict):
        raise OctaveError(f"{what} is {_said(value)}; expected a struct with {', '.join(fields)}.")
    if missing := [field for field in fields if field not in value]:
        raise OctaveError(f"{what} has no field {missing[0]}; expected a struct with {', '.join(fields)}.")


def _matrix(what, value, shape, as_what=""):
    """The matrix, if it is one of real numbers of this shape."""
    if not isinstance(value, np.ndarray):
        raise OctaveError(f"{what} is {_said(value)}; expected a matrix of numbers.")
    if value.shape != tuple(shape):
        why = f", {as_what}" if as_what else ""
        raise OctaveError(f"{what} is {_sizes(value.shape)}; expected {_sizes(shape)}{why}.")
    if value.dtype.kind != "f":
        raise OctaveError(f"{what} is of class {_class(value)}; expected double.")
    return value


def _said(value):
    """A wrong result in words, for a message."""
    if isinstance(value, np.ndarray):
        return f"a {_sizes(value.shape)} matrix of {_class(value)}"
    if isinstance(value, dict):
        return "a struct"
    if isinstance(value, list):
        return f"a cell array of {len(value)}"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def _class(array):
    return {"bool": "logical", "float64": "double", "float32": "single"}.get(array.dtype.name, array.dtype.name)


def _sizes(shape):
    return "x".join(map(str, shape))


RESULTS = {
    "pooling_layer_forward": _output, "relu_forward": _output, "inner_product_forward": _output,
    "pooling_layer_backward": _input_od, "relu_backward": _input_od,
    "inner_product_backward": _gradients, "sgd_momentum": _updated,
}
