"""The code cells of a notebook, or of a notebook saved as Python, as plain Python: what IPython adds to the language is translated.

IPython itself says what its magics are; a cell that is already Python is left as it is. A cell that other programs run
(`%%bash`, `%%script`, `%%writefile`) never was Python of this notebook: it is empty here, and what `%%writefile` writes is a file.

This file imports only the standard library and, for cells that need it, IPython, because it runs in a process of its own (`reader`).
"""

import ast
import codecs
import functools
import json
import re
from typing import NamedTuple

from .slices import parsed

LONGEST, MOST = 100_000, 5_000           # characters of a cell, and statements of a notebook
NOT_PYTHON_HERE = {"!", "sx", "system", "bash", "sh", "script", "cmd", "perl", "ruby", "pypy", "python", "python2", "python3", "html", "HTML",
                   "javascript", "js", "latex", "markdown", "svg", "SVG", "file", "writefile", "timeit"}        # timeit keeps no names
MAGIC = re.compile(r"^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]", re.M)           # lines that IPython may translate
RUN_IN_PLACE = re.compile(r"^([ \t]*)get_ipython\(\)\.run_line_magic\('(?:time|prun)', (['\"].*['\"])\)[ \t]*$", re.M)
RUN_FILE = re.compile(r"^([ \t]*)get_ipython\(\)\.run_line_magic\('run', '(?:-\w+ )*(?:\./)?([^'\\]+\.(?:py|ipynb)) *'\)[ \t]*$", re.M)
AS_PYTHON = ".run.py"                    # the end of the name of a notebook as Python, for the notebook that runs it
MARKER = re.compile(r"^# (?:%%.*|In ?\[[\d ]*\]:|\+.*)$", re.M)              # jupytext's percent and light formats, nbconvert's script
MARKDOWN = re.compile(r"# %% *(?:\[(?:markdown|md|raw)\]|.*cell_type=\"(?:markdown|raw)\")")


class TooMuch(ValueError):
    """The notebook is longer than any that is written by hand."""


class Cell(NamedTuple):
    """A code cell: its Python source, the exercise in its metadata (or None), whether its end was cut off, and what was `seen` in it."""

    source: str
    exercise: str | None
    cut: bool
    seen: object


def of_notebook(content, look):
    """(cells, {name: text of a file that a cell writes}) of a notebook's bytes. Raises ValueError or TypeError if it is none.

    `look(source, tree)` says what is seen in a cell; `tree` is the parsed source, or None. Parsing takes most of the time of reading.
    """
    found = json.loads(content if content[:1] == b"{" else decoded(content))
    cells, written, statements = [], {}, 0
    for cell in found["cells"] if isinstance(found, dict) and isinstance(found.get("cells"), list) else _old(found):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        source = source if isinstance(source, str) else "".join(map(str, source)) if isinstance(source, list) else ""
        cut = len(source) > LONGEST
        try:
            source, tree = python(source[:LONGEST], written)
        except Exception:                                             # IPython cannot translate it: other cells may be all right
            source, tree = source[:LONGEST], None
        statements += len(tree.body) if tree else 1
        if statements > MOST:
            raise TooMuch(f"it has more than {MOST} statements")
        cells.append(Cell(source, _exercise(cell.get("metadata")), cut, look(source, tree)))
    return cells, written


def _old(found):
    """The cells of a notebook of version 3, which has them in worksheets."""
    if not (isinstance(found, dict) and isinstance(found.get("worksheets"), list)):
        raise ValueError("it has no cells")
    return [cell for sheet in found["worksheets"] if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list) for cell in sheet["cells"]]


def _exercise(metadata):
    mine = metadata.get("lenet") if isinstance(metadata, dict) else None
    name = mine.get("exercise") if isinstance(mine, dict) else None
    return name if isinstance(name, str) else None


def of_python(text, look):
    """The cells of a notebook that was saved as Python by jupytext or nbconvert; no cells if the text is an ordinary Python file."""
    starts = [match.start() for match in MARKER.finditer(text)]
    parts = [text[begin:end] for begin, end in zip([0, *starts], [*starts, len(text)])] if starts else []
    parts = [part for part in parts if not MARKDOWN.match(part)]
    return [plain(_in_place(part), look) for part in parts]


def plain(source, look):
    """A cell that is Python already."""
    return Cell(source[:LONGEST], None, len(source) > LONGEST, look(source[:LONGEST], parsed(source[:LONGEST])))


def decoded(content):
    """The text of bytes with or without a byte-order mark; line ends as in Unix."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace").replace("\r\n", "\n")
    if content[1:2] == b"\0" or content[:1] == b"\0":                 # UTF-16 without a mark: every other byte of a notebook is 0
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", "replace").replace("\r\n", "\n")
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def python(source, written):
    """(a cell's source as Python, parsed, or None where it is none); a file that it writes is added to `written`."""
    source = source.replace("\r\n", "\n")
    if tree := parsed(source):
        return source, tree
    magic = re.match(r"\s*%%([\w!.]+)[ \t]*([^\n]*)\n?", source)
    if magic:
        body, name = source[magic.end():], magic[1]
        if name in ("writefile", "file"):
            target = magic[2].split()[-1].strip("'\"") if magic[2].split() else ""
            if target and not target.startswith(("/", "~")) and ".." not in target:
                append = {"-a", "--append"} & set(magic[2].split()[:-1])
                written[target] = written.get(target, "") * bool(append) + body
        if name in NOT_PYTHON_HERE:
            return "", parsed("")
        body, tree = python(body, written)
        return "\n" * source[:magic.end()].count("\n") + body, tree
    if MAGIC.search(source):
        source = _in_place(_translator().transform_cell(source))
    return source, parsed(source)


@functools.cache
def _translator():
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def _in_place(source):
    """The source with the code that `%time` runs, and with that of the file that `%run` runs."""
    def opened(match):
        return match[1] + ast.literal_eval(match[2])

    def ran(match):
        name = match[2] + AS_PYTHON * match[2].endswith(".ipynb")
        return f"{match[1]}exec(compile(open({name!r}, encoding='utf-8').read(), {match[2]!r}, 'exec'))"
    return RUN_FILE.sub(ran, RUN_IN_PLACE.sub(opened, source))
