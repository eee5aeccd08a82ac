"""Write solved copies of the notebooks for the tests: every check in them must pass, or the cell fails.

`python -m tests.solved_notebooks` makes `build/solved/01_….ipynb`, with all exercises solved, and `build/half/01_….ipynb`, with every
second one, for each notebook that has exercises.
"""

import ast
import re
import shutil
from pathlib import Path

import nbformat

from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.solutions import blocks, exercise, solved

ROOT = Path(__file__).parent.parent
NOTEBOOKS, BUILD = ROOT / "notebooks", ROOT / "build"


def with_exercises():
    """(path, notebook, names of its exercises) of every notebook that has some."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        names = [exercise(cell) for cell in notebook.cells if exercise(cell)]
        if names:
            yield path, notebook, names


class _Insist(ast.NodeTransformer):
    """Turns every statement `check.name(...)`, or `bugs.accuse(...)`, into `assert ... .passed`."""

    def __init__(self):
        self.names = []

    def visit_Expr(self, node):
        call = node.value
        asks = isinstance(call, ast.Call) and re.match(r"(check\.|bugs\.accuse)", ast.unparse(call.func))
        if not asks or call.func.attr in ("hint", "solution", "progress"):
            return node
        self.names.append(call.func.attr)
        return ast.Assert(test=ast.Attribute(value=call, attr="passed", ctx=ast.Load()))


def insist(notebook):
    """Change a notebook so that a cell fails if a check in it does not pass; returns the names of those checks."""
    names = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and ("check." in cell.source or "bugs." in cell.source):
            insisting = _Insist()
            tree = insisting.visit(ast.parse(cell.source))
            if insisting.names:
                cell.source, names = ast.unparse(ast.fix_missing_locations(tree)), names + insisting.names
    return names


def write():
    for name in ("solved", "half"):
        shutil.rmtree(BUILD / name, ignore_errors=True)
        (BUILD / name).mkdir(parents=True)
    for path, notebook, names in with_exercises():
        unsolved = [name for name in names if name not in blocks()]
        assert not unsolved, f"{path.name}: no solution in solutions/exercises.py for {unsolved}"
        full = solved(notebook)
        checked = insist(full)
        unchecked = [name for name in names if name in EXERCISES and name not in checked]
        assert not unchecked and len(checked) >= len(names), f"{path.name}: an exercise without a check {unchecked}"
        nbformat.write(full, BUILD / "solved" / path.name)
        nbformat.write(solved(notebook, names[::2]), BUILD / "half" / path.name)


if __name__ == "__main__":
    write()
