"""Call a student's function of the handout with read-only arguments, and check the form of its result."""

import inspect

import numpy as np

from .functions import SEVEN
from .layout import size_after


def guarded(name, function):
    """`function`, called with read-only arguments, its result checked against the handout.

    `name` is a key of `SEVEN`. The result is in new arrays of the expected number type. The call raises ValueError, with a sentence
    for the student, if the function changes an argument or if its result has the wrong keys, shapes or types.
    """
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
            if "ellipsis" in str(error):                   # how Python calls the type of `...`
                raise ValueError(f"{name}: it still computes with `...` in the place of something that is to be written. Write the "
                                 "function first.") from error
            error.add_note(f"{name} was called as in the handout, which was written for Python 2.7. In Python 3, 5 / 2 is 2.5 "
                           "(write 5 // 2), and np.int and xrange do not exist. The dicts hold height, width, channel, batch_size, "
                           "data and, in the backward pass, diff.")
            raise
        after = _entries("", frozen)
        changed = [path for path in {**before, **after} if before.get(path) is not after.get(path)]
        if changed:
            raise ValueError(f"{name}: it changes {changed[0]}, which it was given; expected a new dict (dict(input) makes one).")
        return CHECKS[name](name, result, *arguments)

    return call


def _frozen(argument):
    """The same argument, with new dicts and with read-only views of its arrays."""
    if isinstance(argument, dict):
        return {key: _frozen(value) for key, value in argument.items()}
    if isinstance(argument, np.ndarray):
        argument = argument.view()
        argument.flags.writeable = False
    return argument


def _entries(path, value):
    """The entries of nested dicts by their path: {"input['data']": array, ...}."""
    if not isinstance(value, dict):
        return {path: value}
    inside = ((f"{path}[{key!r}]" if path else key, entry) for key, entry in value.items())
    return {name: leaf for deeper, entry in inside for name, leaf in _entries(deeper, entry).items()}


def _check_output(name, result, input, layer, param=None):
    keys = ("height", "width", "channel", "batch_size")
    if not isinstance(result, dict) or not {*keys, "data"} <= result.keys():
        raise ValueError(f"{name}: returns {_said(result)}; expected a dict with {', '.join(keys)} and data.")
    h, w, c = size_after(layer, input["height"], input["width"], input["channel"])
    size = dict(zip(keys, (h, w, c, input["batch_size"])))
    if layer["type"] != "IP":                              # the homework does not fix the height and width of a vector
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
        raise ValueError(f"{name}: returns {_said(result)}; expected two values, {first} and {second}.")
    return result


def _check_param(name, what, value, param):
    if not isinstance(value, dict) or not {"w", "b"} <= value.keys():
        raise ValueError(f"{name}: {what} is {_said(value)}; expected a dict with w and b.")
    return {key: _check_array(name, f"{what}['{key}']", value[key], param[key].shape, param[key].dtype) for key in ("w", "b")}


def _check_array(name, what, value, shape, dtype):
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype.kind not in "fiu":
        raise ValueError(f"{name}: {what} is {_said(value)}; expected an array of real numbers of shape {shape}.")
    return np.ascontiguousarray(value, dtype)              # np.zeros makes float64; the next layer gets the type of the data


def _said(value):
    """A wrong result in words, for a message."""
    if value is None:
        return "nothing (is a `return` missing?)"
    if value is ...:
        return "`...`, which stands for what is to be written"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {value.shape}"
    if isinstance(value, dict):
        return f"a dict with {', '.join(map(str, value)) or 'nothing in it'}"
    return f"{len(value)} values" if isinstance(value, (tuple, list)) else f"a {type(value).__name__}"


CHECKS = {
    "pooling_layer_forward": _check_output, "relu_forward": _check_output, "inner_product_forward": _check_output,
    "pooling_layer_backward": _check_input_od, "relu_backward": _check_input_od,
    "inner_product_backward": _check_inner_product_backward, "sgd_momentum": _check_sgd_momentum,
}
