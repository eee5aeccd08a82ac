"""What somebody hands to a network as images: the array that it needs, or one sentence that says what it is and what to do.

`Scaled` are images that are bytes in memory and floats to everybody who uses them.
"""

import math
import warnings
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike

ONE_ARRAY = "Make one array of images of one shape: numpy.stack(images)."
BRIGHT = 30.0                 # above this pixels are not the 0 to 1 that the networks are made for, but perhaps 0 to 255


class Scaled(NDArrayOperatorsMixin):
    """Images kept as bytes (N, ...), to be used as an array of float32 between 0 and 1, in a quarter of its memory.

    An index or a slice gives those images as floats, bit for bit the numbers that an array of floats would hold. Whatever else
    an array can do (`mean`, `==`, `numpy.pad`) is done with the floats of all images, which exist only for that moment. To change
    images, or for a function that takes nothing but arrays, write numpy.array(images).
    """

    dtype = np.dtype(np.float32)

    def __init__(self, images: np.ndarray) -> None:
        self.bytes, self.shape, self.ndim, self.size = images, images.shape, images.ndim, images.size

    def __len__(self) -> int:
        return len(self.bytes)

    def __getitem__(self, index: Any) -> np.ndarray:
        return as_floats(self.bytes[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError("These images are kept as bytes and cannot be changed. Make an array of floats first: numpy.array(images).")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("These images are kept as bytes; an array of floats is always a copy.")
        return as_floats(self.bytes).astype(self.dtype if dtype is None else dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*(np.asarray(x) if isinstance(x, Scaled) else x for x in inputs), **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "bytes":                # not there yet while one is copied or unpickled
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def __repr__(self) -> str:
        return f"images {self.shape}, float32 between 0 and 1, kept as bytes"


def as_floats(images: np.ndarray) -> np.ndarray:
    """uint8 divided by 255, as float32; float32 as it is."""
    if images.dtype == np.float32:
        return np.ascontiguousarray(images)
    x = np.empty(images.shape, np.float32)
    return np.divide(images, np.float32(255), out=x)[()]     # a plain 255 would compute in float64; [()]: a number for one pixel


def as_images(x: Any, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """x as an array (N, *shape) of `dtype`; a list of images becomes an array.

    Raises ValueError for another shape, and for images of several shapes. Warns where pixels seem to go from 0 to 255.
    """
    wanted = f"This network takes images of shape (N, {', '.join(map(str, shape))})"
    try:
        x = np.asarray(x, dtype)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}; got {_described(x)}. {ONE_ARRAY}") from None
    if x.shape[1:] != shape:
        raise ValueError(f"{wanted}; got {x.shape}.{_way_to(shape, x.shape)}")
    if x.size and x.max() > BRIGHT:
        warnings.warn("The images have pixels far above 1, perhaps 0 to 255, and these networks are made for 0 to 1: divide the "
                      "images by 255.", stacklevel=3)        # the line that called the network
    return x


def in_one_array(x: Any, what: str) -> Any:
    """x as an array, where it may be a list; `Scaled` as it is. Raises ValueError with `what` it holds where there is no way."""
    try:
        return x if isinstance(x, Scaled) else np.asarray(x)
    except ValueError:
        raise ValueError(f"The {what} are {_described(x)}, and one array is needed. {ONE_ARRAY}") from None


def _described(x: Any) -> str:
    if isinstance(x, (list, tuple)):
        shapes = list(dict.fromkeys(str(getattr(one, "shape", type(one).__name__)) for one in x))
        return f"a {type(x).__name__} of {len(x)} ({', '.join(shapes[:3])}{', ...' if len(shapes) > 3 else ''})"
    return f"{type(x).__name__}{f' of {x.dtype}' if hasattr(x, 'dtype') else ''}"


def _way_to(shape: tuple[int, ...], given: tuple[int, ...]) -> str:
    """How to make images of `shape` from an array of the shape `given`, as a sentence; "" where that is not known."""
    if given == shape:
        return " For one image write x[None]."
    if len(shape) == 3:
        C, H, W = shape
        if C == 1 and given == (H, W):
            return " For one image write x[None, None]."
        if C == 1 and given[1:] == (H, W):
            return " For the axis of the channel write x[:, None]."
        if given[1:] == (H, W, C):
            return " To put the channels first write numpy.moveaxis(x, 3, 1)."
        if len(given) == 2 and given[1] == math.prod(shape):
            return f" Write x.reshape(-1, {C}, {H}, {W})."
    return ""


def why_diverged(x: np.ndarray) -> str:
    """The likely cause of a loss that is not a number, and what to do, by the pixels x of the batch."""
    x = np.asarray(x)
    low, high = float(x.min()), float(x.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        return "the images of this batch are not all numbers. Look for nan and inf in them."
    if max(-low, high) > BRIGHT:
        return (f"most likely because the pixels of this batch go from {low:g} to {high:g}, and networks and rates here are made "
                "for 0 to 1. Divide the images by their largest possible value, and begin again.")
    return ("most likely the steps were too large and the weights grew without limit. Begin again with a rate ten times smaller, "
            "or let it warm up; if that does not help, check the gradients of the layers.")
