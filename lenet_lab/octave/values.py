"""Values as bytes, between Python and Octave. Reading them makes only numbers, texts, lists, dicts and arrays, or raises Garbled.

A message is its length in bytes, eight bytes, and one value. A value is a letter and what it stands for; numbers are little-endian:

| letter | value | then |
| --- | --- | --- |
| d, s, l, c | matrix of double, single, logical, char | its sizes, and its entries, column by column, of 8, 4, 1, 1 bytes |
| i | matrix of integers | the name of its class, its sizes, and its entries as double |
| C | cell array | its sizes, and its values |
| S | struct | the number of fields; of each its name and its value |
| o | anything else | the name of its class |

Sizes are their number and each of them, in four bytes; a name is its length, in four bytes, and its bytes. `serve.m` does the same in Octave.

This file imports only the standard library and NumPy, because it also runs in the student's process.
"""

import math
import struct

import numpy as np

LENGTH = struct.Struct("<Q")
COUNT = struct.Struct("<I")
MOST = 32 * 2 ** 20                      # bytes of a message, at most
DEEPEST, MOST_AXES = 10, 10
TYPES = {"d": np.dtype("<f8"), "s": np.dtype("<f4"), "l": np.dtype(bool), "c": np.dtype("u1"), "i": np.dtype("<f8")}
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


class Garbled(ValueError):
    """The bytes are not a value."""


class Other:
    """Replaces a value of Octave that is none of the others; the name of its class is that of the value's."""


def packed(value):
    """The bytes of a value: a number, text, array, list (a cell array) or dict (a struct; a cell array if its keys are numbers)."""
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return b"S" + COUNT.pack(len(value)) + b"".join(_name(key) + packed(part) for key, part in value.items())
    if isinstance(value, (dict, list, tuple)):
        parts = list(value.values()) if isinstance(value, dict) else value
        return b"C" + _sizes((1, len(parts))) + b"".join(map(packed, parts))
    if isinstance(value, str):
        content = value.encode()
        return b"c" + _sizes((1, len(content))) + content
    array = np.asarray(value)
    array = array.reshape((1, -1)) if array.ndim < 2 else array
    letter = "l" if array.dtype.kind == "b" else "s" if array.dtype == np.float32 else "d"
    return letter.encode() + _sizes(array.shape) + array.astype(TYPES[letter]).tobytes(order="F")


def _sizes(shape):
    return b"".join(map(COUNT.pack, (len(shape), *shape)))


def _name(text):
    return COUNT.pack(len(text.encode())) + text.encode()


def unpacked(content):
    """The value in these bytes: matrices as arrays with at least two axes, cell arrays as lists, structs as dicts. Raises Garbled."""
    try:
        return _Reader(content).value()
    except (ValueError, IndexError, struct.error, OverflowError, MemoryError, RecursionError) as error:
        raise Garbled(f"{type(error).__name__}: {str(error)[:100]}") from None


class _Reader:
    """Reads values from bytes, one after the other."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def value(self, depth=0):
        letter = self.take(1).decode("ascii")
        if depth > DEEPEST:
            raise Garbled("too many values in values")
        if letter == "S":
            return {self.name(): self.value(depth + 1) for _ in range(self.count())}
        if letter == "o":
            return type(self.name(), (Other,), {})()
        kind = self.name() if letter == "i" else None
        if letter not in TYPES and letter != "C" or kind and kind not in INTEGERS:
            raise Garbled(f"a value of the kind {letter!r}")
        shape = self.sizes()
        if letter == "C":
            return [self.value(depth + 1) for _ in range(math.prod(shape))]
        content = self.take(math.prod(shape) * TYPES[letter].itemsize)
        if letter == "c":
            return content.decode("utf-8", "replace")
        array = np.frombuffer(content, TYPES[letter]).reshape(shape, order="F").copy(order="F")
        with np.errstate(all="ignore"):
            return array.astype(kind) if kind else array

    def take(self, size):
        self.at += size
        if self.at > len(self.content):
            raise Garbled("bytes are missing")
        return self.content[self.at - size:self.at]

    def count(self):
        return COUNT.unpack(self.take(COUNT.size))[0]

    def sizes(self):
        axes = self.count()
        if axes > MOST_AXES:
            raise Garbled("too many axes")
        return tuple(self.count() for _ in range(axes))

    def name(self):
        return self.take(min(self.count(), 100)).decode("utf-8", "replace")
