"""Messages between the grader and the student's process, as bytes: JSON, followed by the raw numbers of arrays.

This is not pickle, because reading a pickle can run any code of its writer, here the student's process. Reading a message makes only
numbers, texts, lists, dicts, arrays, and objects of empty subclasses of `Other`, whose names the writer chooses; or it raises `Garbled`.
The memory for reading is limited: parsed JSON can be about forty times as large as its text, so a student's process may send little of
it; the bytes of each array are read once.

This file imports only the standard library, and NumPy if it is already imported, because it also runs in the student's process.
"""

import io
import json
import math
import numbers
import re
import struct
import sys

HEAD = struct.Struct(">QQ")              # the lengths of the JSON and of the arrays after it, in bytes
MOST = 32 * 2 ** 20                      # bytes of a message, at most
MOST_JSON = 2 ** 20                      # bytes of the JSON in a message from a student's process, at most
DEEPEST = 20                             # nested lists, at most
MOST_NAMES = 100                         # class names in one message, at most; further objects are of the class Other
NUMBERS = re.compile(r"[<>|=][biufc]\d{1,2}")


class Garbled(ValueError):
    """The bytes are not a message, or the message is too long."""


class Other:
    """Replaces an object that is neither a number nor a text, list, dict or array of these."""


def pack(value, most_json=MOST):
    """The bytes of a message. Raises Garbled if there are too many."""
    arrays = []
    tree = json.dumps(_tree(value, arrays, 0)).encode()
    body = b"".join(arrays)
    head = HEAD.pack(len(tree), len(body))
    length(head, most_json)
    return head + tree + body


def _tree(value, arrays, depth):
    """The value as JSON: a number, text, bool or None, or a list that begins with the name of its type."""
    if value is None or isinstance(value, bool):
        return value
    if value is ...:
        return ["dots"]
    np = sys.modules.get("numpy")
    if np and isinstance(value, (np.ndarray, np.generic)):
        return _array(np, value, arrays)
    if isinstance(value, numbers.Integral) and int(value).bit_length() < 1000:
        return int(value)
    if isinstance(value, numbers.Real):
        return _float(value)
    if isinstance(value, str):
        return value
    if depth < DEEPEST and isinstance(value, (list, tuple)):
        return ["tuple" if isinstance(value, tuple) else "list", *(_tree(part, arrays, depth + 1) for part in value)]
    if depth < DEEPEST and isinstance(value, dict) and all(isinstance(key, (str, int)) for key in value):
        return ["dict", *([key, _tree(part, arrays, depth + 1)] for key, part in value.items())]
    return ["other", type(value).__name__[:100]]


def _float(value):
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _array(np, value, arrays):
    plain = np.asarray(value)
    if plain.dtype.kind not in "biufc":
        return ["odd array", list(plain.shape)]
    if plain.nbytes > MOST:
        raise Garbled(f"an array of {plain.nbytes >> 20} MiB")
    order = sorted(range(plain.ndim), key=lambda axis: -abs(plain.strides[axis]))          # the order of the axes in memory
    arrays.append(plain.transpose(order).tobytes())
    kind = "number" if isinstance(value, np.generic) else "array" if plain.flags.writeable else "frozen array"
    return [kind, plain.dtype.newbyteorder("=").str if plain.dtype.isnative else plain.dtype.str, list(plain.shape), order]


def length(head, most_json=MOST):
    """The number of bytes after a head of HEAD.size bytes. Raises Garbled if there are too many."""
    tree, body = HEAD.unpack(head)
    if tree + body > MOST:
        raise Garbled(f"more than {MOST >> 20} MiB")
    if tree > most_json:
        raise Garbled(f"more than {most_json >> 20} MiB without its arrays")
    return tree + body


def unpack(head, rest):
    """The value of a message, from its head and the bytes after it. Raises Garbled."""
    try:
        cut = HEAD.unpack(head)[0]
        return _Reader(rest[cut:]).value(json.loads(rest[:cut]))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError, MemoryError) as error:
        raise Garbled(f"{type(error).__name__}: {str(error)[:100]}") from None


class _Reader:
    """Makes values from a message's JSON; `body` has the arrays in the order in which the JSON lists them."""

    def __init__(self, body):
        self.body, self.kinds = io.BytesIO(body), {}

    def value(self, tree, depth=0):
        if isinstance(tree, dict) or depth > DEEPEST:
            raise Garbled("an object of JSON" if isinstance(tree, dict) else "too many nested lists")
        if not isinstance(tree, list):
            return tree
        kind, *parts = tree
        if kind == "dots":
            return ...
        if kind in ("list", "tuple"):
            made = [self.value(part, depth + 1) for part in parts]
            return made if kind == "list" else tuple(made)
        if kind == "dict":
            return {key: self.value(part, depth + 1) for key, part in parts if isinstance(key, (str, int))}
        if kind == "other":
            return self.other(str(parts[0])[:100])
        return self.array(kind, *parts)

    def other(self, name):
        if name not in self.kinds and len(self.kinds) < MOST_NAMES:
            self.kinds[name] = type(name, (Other,), {})
        return self.kinds.get(name, Other)()

    def array(self, kind, *parts):
        import numpy as np

        if kind == "odd array":
            return np.empty([min(int(size), 1) for size in parts[0]][:10], dtype=object)
        dtype, shape, order = parts
        if not NUMBERS.fullmatch(dtype) or len(shape) > 30 or sorted(order) != list(range(len(shape))):
            raise Garbled("an impossible array")
        if any(type(size) is not int or size < 0 for size in shape):
            raise Garbled("an array with an impossible shape")
        dtype = np.dtype(dtype)
        wanted = math.prod(shape) * dtype.itemsize
        content = self.body.read(wanted)
        if len(content) < wanted:
            raise Garbled("an array with missing bytes")
        lying = np.frombuffer(content, dtype).reshape([shape[axis] for axis in order]).copy()
        array = lying.transpose([order.index(axis) for axis in range(len(shape))])
        if kind == "number":
            return array[()]
        array.flags.writeable = kind != "frozen array"
        return array
