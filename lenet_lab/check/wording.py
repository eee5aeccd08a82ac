"""Values, shapes and lists in words, for verdicts."""

import reprlib
from html import escape

import numpy as np

COLUMNS_SHOWN = 12                      # of a difference map


def listed(words):
    """"a, b and c", each word once."""
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def shown(value):
    """The repr of a value, shortened; never raises."""
    try:
        return reprlib.repr(value)
    except Exception:
        return f"A {type(value).__name__}"


def kind_of(value):
    """What a returned value is: "one array of float64", "a tuple of 2 things"."""
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)} thing{'s' * (len(value) != 1)}"
    if isinstance(value, np.ndarray):
        return f"one array of {value.dtype}"
    return f"a {type(value).__name__}"


def shape_or_value(argument):
    """An argument of a call: the numbers of a small array, the shape of a large one."""
    if isinstance(argument, np.ndarray):
        return str(_four_digits(argument.tolist())) if argument.size <= 4 and argument.ndim <= 2 else str(argument.shape)
    if isinstance(argument, list):
        return f"of {len(argument)} arrays"
    if callable(argument):
        return ""
    return repr(_four_digits(argument)).removesuffix(".0") if isinstance(argument, float) else repr(argument)       # a count is a whole number


def _four_digits(value):
    """Numbers in nested lists with four digits: 1e-30 stays 1e-30."""
    if isinstance(value, list):
        return [_four_digits(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def two_numbers(a, b):
    """Two numbers with enough digits to show that they differ."""
    for digits in (4, 6, 9, 12, 17):
        first, second = (f"{float(value):.{digits}g}" for value in (a, b))
        if first != second:
            break
    return first, second


def difference_map(name, close, index):
    """The places of the differences: the last two axes at the first wrong entry, as an HTML table of dots and crosses."""
    if close.ndim < 2 or close.size < 4:
        return ""
    plane = close[index[:-2]][:COLUMNS_SHOWN, :COLUMNS_SHOWN]
    rows = "".join("<tr>" + "".join(f'<td style="padding:0 4px;text-align:center">{"·" if ok else "<b>✗</b>"}</td>' for ok in row) + "</tr>"
                   for row in plane)
    title = f"{name}[{', '.join([*map(str, index[:-2]), ':', ':'])}]: ✗ differs, · agrees"
    return (f'<table style="font-family:monospace;line-height:1.1;margin:4px 0"><caption style="text-align:left;white-space:nowrap">'
            f"{escape(title)}</caption>{rows}</table>")
