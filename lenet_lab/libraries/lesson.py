"""What notebook 12 shows where PyTorch is not installed: what the same cells printed with it.

`python -m lenet_lab.libraries.lesson` takes this from the outputs that are stored after the notebook has run with PyTorch, in the notebook
and in its file of `results/outputs`, and writes it to `results/pytorch.json`. (Those outputs would not do: the next run replaces them.)
"""

import functools
import json
import re

from lenet_core._files import atomic_write
from lenet_lab._material import material

from .pytorch import MISSING, torch_or_none

NOTEBOOK = material("notebooks") / "12_from_here_to_pytorch.ipynb"
STORE = material("results") / "pytorch.json"
OUTPUTS = material("results") / "outputs" / f"{NOTEBOOK.stem}.json"          # of the cells that answer a prediction


@functools.cache
def _store():
    return json.loads(STORE.read_text(encoding="utf-8"))


def pytorch():
    """The module `torch`, or None; prints which."""
    torch = torch_or_none()
    if torch:
        print(f"PyTorch {torch.__version__.partition('+')[0]} is here: every cell computes.")
    else:
        print(f"{MISSING} Every cell runs all the same. Where it needs PyTorch, it shows what it printed with PyTorch "
              f"{_store()['version']} on {_store()['date']}.")
    return torch


def stored(name):
    """Print what a cell printed with PyTorch, and say so. Raises KeyError for a cell that is not stored.

    Returns three dots: `compare` takes them for a result that was not computed here, and shows the one of the workbook's own run.
    """
    print(f"(PyTorch is not installed; this is stored, from PyTorch {_store()['version']}.)")
    print(_store()["cells"][name], end="")
    return ...


def table(rows):
    """Print the rows of `pytorch.differences`: the largest difference of each layer."""
    def shown(number):
        return " " * 8 if number is None else f"{number:8.0e}"
    print(f"{'layer':8}{'out':>8}{'dout':>8}{'dW':>8}{'db':>8}")
    for name, *numbers in rows:
        print(f"{name:8}" + "".join(map(shown, numbers)))


def store(notebook, outputs, version, date):
    """The content of the store, from a notebook that has run with PyTorch: {"version": ..., "date": ..., "cells": {name: text}}.

    `outputs` is {id of a cell: its outputs} of the cells that have none in the notebook. Raises ValueError for a cell without an output of its own.
    """
    cells = {}
    for cell in notebook["cells"]:
        named = re.search(r'lesson\.stored\("(\w+)"\)', "".join(cell["source"]))
        if cell["cell_type"] == "code" and named:
            text = "".join("".join(output["text"]) for output in outputs.get(cell["id"], cell["outputs"])
                           if output["output_type"] == "stream" and output["name"] == "stdout")
            if not text or "PyTorch is not installed" in text:
                raise ValueError(f"The cell {named[1]!r} has no output of PyTorch. Run the notebook where PyTorch is installed, then store it.")
            cells[named[1]] = text
    return {"version": version, "date": date, "cells": cells}


def main():
    """Write the store from the notebook's outputs."""
    import datetime
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    [version] = {found[1] for cell in notebook["cells"] for output in cell.get("outputs", ())
                 if (found := re.match(r"PyTorch ([\d.]+) is here", "".join(output.get("text", ""))))}
    with atomic_write(STORE) as file:
        content = store(notebook, json.loads(OUTPUTS.read_text(encoding="utf-8")), version, datetime.date.today().isoformat())
        file.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


if __name__ == "__main__":
    main()
