"""Write copies of the notebooks for the tests. `python -m tests.solved_notebooks` makes

- `build/solved/01_….ipynb`, with all exercises solved, for each notebook that has exercises: every check in them must pass, or the
  cell fails. Cells that no exercise can change are left out, since they run in `notebooks`.
- `build/half/01_….ipynb`, complete, with every second exercise solved.
- `build/short/06_….ipynb`, with shorter trainings, for the notebooks that train longest: they run in `make test`, and the originals
  in `make study`. A solved copy of such a notebook is made shorter too.
"""

import ast
import re
import shutil
from pathlib import Path
from symtable import symtable

import nbformat

import conftest
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.pytorch_tasks import TASKS
from lenet_lab.check.solutions import blocks, exercise, solved

ROOT = Path(__file__).parent.parent
NOTEBOOKS, BUILD = ROOT / "notebooks", ROOT / "build"
COMPARED = "nbval-check-output"

# {code: a shorter one in its place}, and how the cells begin whose outputs only the long training gives.
SHORTER = {
    "03_layers_backward": ({"process_time() - began > 20": "process_time() - began > 4"}, []),
    "04_gradient_check": ({
        "lr=0.05), 150)": "lr=0.05), 15)",
        "error_rate(net, data.test_x, data.test_y)": "error_rate(net, data.test_x[:500], data.test_y[:500])",
        "data.test_x[:3], data.test_y[:3], entries=60": "data.test_x[:3], data.test_y[:3], entries=10",
        "bugs.digits(data), entries=60": "bugs.digits(data), entries=10",
    }, []),
    "05_sgd": ({"losses(update, 100, lr=0.1": "losses(update, 30, lr=0.1",
                "def first_losses(lr, mu, steps=150)": "def first_losses(lr, mu, steps=30)"},
               ['clip = check.own("clip_gradients")', "runs, outcomes = {}, {}", "found, outcome = first_losses(linear_warmup"]),
    "06_train_lenet": ({
        'small, recipe="small")': 'small, recipe="small", steps=60)',
        "linear_warmup_decay(0.08, 1000), decay=2e-3), 1000))": "linear_warmup_decay(0.08, 60), decay=2e-3), 60))",
        "TrainingPanel(lenet(np.random.default_rng(0)), data)": "TrainingPanel(lenet(np.random.default_rng(0)), data, steps=120)",
    }, ['print("more than 97 %:"', 'print("at least 98.9 % right:"']),
    "07_look_inside": ({"min(938, ": "min(150, "}, []),
    "08_relu_boundaries": ({"range(2000)": "range(100)", "for s in range(5)]\n    after": "for s in range(1)]\n    after",
                            "depth, seed=s).net for s in range(5)]": "depth, seed=s).net for s in range(1)]",
                            "zip(range(150), train": "zip(range(20), train"},
                           ["xs = np.linspace(0, 8, 161)"]),
    "09_five_networks": ({
        "islice(steps, 60)": "islice(steps, 6)",
        "for _ in range(30)][5:]": "for _ in range(6)][2:]",
        "linear_warmup_decay(0.08, 938), decay=5e-4), 938)": "linear_warmup_decay(0.08, 60), decay=5e-4), 60)",
    }, []),
    "10_tiny_images": ({'"images": 1500,\n       "epochs": 8': '"images": 300,\n       "epochs": 2'}, ["gap, gap_varied ="]),
}


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
        if not asks or call.func.attr in ("hint", "solution", "progress", "concepts"):
            return node
        self.names.append(call.func.attr)
        if call.func.attr in TASKS and "pytorch" in conftest.missing():
            return node                                            # the check says that PyTorch is missing, and nothing fails
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


def _names(cell):
    """The names that a code cell gives a value, and those that it reads from other cells. A function's own names are neither."""
    gives, reads = set(), set()

    def look(table):
        for name in table.get_symbols():
            if name.is_referenced() and (table.get_type() == "module" or name.is_global()):
                reads.update({name.get_name()} - gives)
        for inner in table.get_children():
            look(inner)

    for statement in ast.parse(cell.source).body:
        if isinstance(statement, ast.For):                         # its variable is given before its body reads it
            gives |= {node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name)}
        table = symtable(ast.unparse(statement), "cell", "exec")
        look(table)
        gives |= {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
    return gives, reads


def without_what_no_exercise_changes(notebook):
    """A notebook with the cells that hold an exercise or a check, those that read what they give, and all that these read."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    giver, read_from, changed = {}, [], set()
    for n, cell in enumerate(code):
        gives, reads = _names(cell)
        read_from.append({giver[name] for name in reads if name in giver})
        if exercise(cell) or re.search(r"\b(check|bugs)\.", cell.source) or read_from[n] & changed:
            changed.add(n)
        giver |= dict.fromkeys(gives, n)
    kept, ahead = set(), changed
    while ahead:
        kept |= ahead
        ahead = set().union(*(read_from[n] for n in ahead)) - kept
    return nbformat.from_dict({**notebook, "cells": [code[n] for n in sorted(kept)]})


NEEDS_CIFAR = {"10_tiny_images"}        # without the photographs it shows kept trainings, and there are none of a shorter kind


def shorter(notebook, changes=(), not_compared=()):
    """A notebook, changed by an entry of SHORTER."""
    for old, new in dict(changes).items():
        cell, = (cell for cell in notebook.cells if cell.cell_type == "code" and old in cell.source)
        cell.source = cell.source.replace(old, new)
    for begin in not_compared:
        cell, = (cell for cell in notebook.cells if cell.source.startswith(begin))
        cell.metadata.tags.remove(COMPARED)
    return notebook


def write():
    for name in ("solved", "half", "short"):
        shutil.rmtree(BUILD / name, ignore_errors=True)
        (BUILD / name).mkdir(parents=True)
    for path, notebook, names in with_exercises():
        unsolved = [name for name in names if name not in blocks()]
        assert not unsolved, f"{path.name}: no solution in solutions/exercises.py for {unsolved}"
        full = shorter(solved(notebook), *SHORTER.get(path.stem, ()))
        checked = insist(full)
        unchecked = [name for name in names if name in EXERCISES and name not in checked]
        assert not unchecked and len(checked) >= len(names), f"{path.name}: an exercise without a check {unchecked}"
        nbformat.write(without_what_no_exercise_changes(full), BUILD / "solved" / path.name)
        nbformat.write(solved(notebook, names[::2]), BUILD / "half" / path.name)
    for name in SHORTER.keys() - (NEEDS_CIFAR if "cifar10" in conftest.missing() else set()):
        nbformat.write(shorter(nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4), *SHORTER[name]), BUILD / "short" / f"{name}.ipynb")


if __name__ == "__main__":
    write()
