"""The solutions of the exercises, read from their file, and inserted into a notebook."""

import copy
import re

from lenet_core._files import is_file, matching
from lenet_lab._material import material

FILE = material("solutions") / "exercises.py"


def blocks():
    """{name: source} of every solved exercise. Raises FileNotFoundError, with a sentence, if the file is missing."""
    if not is_file(FILE):
        raise FileNotFoundError(f"The file of solutions, {FILE.parent.name}/{FILE.name} beside the notebooks, is missing.")
    parts = re.split(r"^# %% (\w+)\n", FILE.read_text(encoding="utf-8"), flags=re.M)
    return {name: source.strip("\n") for name, source in zip(parts[1::2], parts[2::2])}


def model_answers():
    """{name: text} of the answers to questions that are answered in words."""
    return {path.stem: path.read_text(encoding="utf-8") for path in matching(FILE.parent, "*.md")}


def exercise(cell):
    """The name of the exercise in the metadata of a notebook's cell, or None."""
    return cell.get("metadata", {}).get("lenet", {}).get("exercise")


def solved(notebook, names=None):
    """A copy of a notebook (as nbformat reads it) with its exercises solved: all of them, or those in `names`."""
    made, known = copy.deepcopy(notebook), blocks()
    for cell in made["cells"]:
        name = exercise(cell)
        if name and (names is None or name in names):
            cell["source"] = known[name]
    return made
