"""What a function of somebody's own returned, checked: the things that are needed, or one sentence that says what came instead."""

from collections.abc import Callable
from typing import Any

import numpy as np


def things(function: Callable, result: Any, count: int, needed: str) -> list:
    """The `count` things that `function` returned. Raises ValueError, with its name and what is `needed`, for another number."""
    found = list(result) if count > 1 and isinstance(result, (tuple, list)) else [result]
    if len(found) != count:
        raise ValueError(f"{_name(function)}: returns {_described(result)}; {needed}.")
    return found


def check_shape(function: Callable, what: str, value: Any, shape: tuple, needed: str) -> None:
    """Raise ValueError unless `value`, called `what` in the sentence, has this shape."""
    if np.shape(value) != shape:
        raise ValueError(f"{_name(function)}: {what} has shape {np.shape(value)}, but {needed} {shape}.")


def _name(function: Callable) -> str:
    return getattr(function, "__name__", None) or repr(function)


def _described(result: Any) -> str:
    if isinstance(result, (tuple, list)):
        return f"{len(result)} things"
    return "nothing (is a `return` missing?)" if result is None else f"one thing, a {type(result).__name__}"
