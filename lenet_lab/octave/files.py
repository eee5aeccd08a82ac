"""Which of the homework's functions a .m file holds, and whether it can be one.

This file imports only the standard library, because it also runs in the process that reads a submission.
"""

import re
from pathlib import PurePosixPath

SEVEN_FILES = ("pooling_layer_forward", "pooling_layer_backward", "relu_forward", "relu_backward", "inner_product_forward",
               "inner_product_backward", "sgd_momentum")
AS_PRINTED = {"pooling_layer_backwawrd": "pooling_layer_backward"}        # so it stands in the list of files in the homework's section 9
FUNCTION = re.compile(r"function\b[ \t]*(?:(?:\[[^\]]*\]|\w+)[ \t]*=[ \t]*)?([A-Za-z_]\w*)")


def name_of_file(path):
    """The function that a file's name stands for, in letters of either size; or None."""
    name = PurePosixPath(path)
    stem = name.stem.lower()
    return next((one for one in SEVEN_FILES if one == AS_PRINTED.get(stem, stem)), None) if name.suffix.lower() == ".m" else None


def first_function(text):
    """The name of the first function in a .m file, or None."""
    found = FUNCTION.search(_code(text))
    return found.group(1) if found else None


def kind_of_file(text):
    """What a .m file is for Octave, by its first statement: "function", "classdef", "script", or "empty"."""
    first = re.match(r"\w*", _code(text))[0] if _code(text) else None
    return "empty" if first is None else first if first in ("function", "classdef") else "script"


def as_octave_reads(text):
    """The text of a .m file with line ends as in Unix, from whatever editor it comes."""
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def _code(text):
    """The text without comments and without space around it; strings that look like comments do not matter to what is asked here."""
    lines, depth = [], 0
    for line in as_octave_reads(text).split("\n"):
        alone = line.strip()
        if alone in ("%{", "#{"):
            depth += 1
        elif alone in ("%}", "#}") and depth:
            depth -= 1
        elif not depth:
            lines.append(re.sub(r"[%#].*|\.\.\.[ \t]*$", "", line))
    return "\n".join(lines).strip()
