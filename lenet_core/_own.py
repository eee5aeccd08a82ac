"""What a function of somebody's own returned, checked: the things that are needed, or one sentence that says what came instead."""

from collections.abc import Callable
from typing import Any

import numpy as np


def name_of(function: Callable) -> str:
    """The name by which a function is called in a sentence."""
    return getattr(function, "__name__", None) or type(function).__name__


def things(function: Callable, result: Any, count: int, needed: str) -> list:
    """The `count` things that `function` returned. Raises ValueError, with its name and what is `needed`, for another number."""
    several = isinstance(result, tuple) or isinstance(result, list) and count > 1        # a list may also be the rows of one array
    found = list(result) if several else [result]
    if len(found) != count or result is None:
        raise ValueError(f"{name_of(function)}: returns {_described(result)}; {needed}.")
    return found


def as_array(function: Callable, what: str, value: Any, shape: tuple, needed: str) -> np.ndarray:
    """`value`, called `what` in the sentence, as an array. Raises ValueError unless it has this shape."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name_of(function)}: {what} has rows of different lengths, but {needed} {shape}.") from None
    if array.shape != shape:
        raise ValueError(f"{name_of(function)}: {what} has shape {array.shape}, but {needed} {shape}.")
    return array


def checked_rule(rule: Callable) -> Callable:
    """`rule`, with one sentence where it does not return a new p and a new v of p's shape; both in p's number type."""
    def updated(p: np.ndarray, *others: Any) -> list[np.ndarray]:
        # A copy: the rule may change its p, and snapshots hold the array that the network has.
        new = things(rule, rule(p.copy(), *others), 2, "a rule returns two things, the new p and the new v")
        arrays = (as_array(rule, what, value, p.shape, "p has shape") for what, value in zip(("the new p", "the new v"), new))
        return [array.astype(p.dtype, copy=False) for array in arrays]
    return updated


def _described(result: Any) -> str:
    if isinstance(result, (tuple, list)):
        return f"{len(result)} things"
    return "nothing (is a `return` missing?)" if result is None else f"one thing, a {type(result).__name__}"
