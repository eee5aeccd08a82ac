"""Write solved copies of the notebooks for the tests: every check in them must pass, or the cell fails.

`python -m tests.solved_notebooks FOLDER` makes `01_…_solved.ipynb`, with all exercises solved, and `01_…_half.ipynb`, with every
second one, for each notebook that has exercises.
"""

import re
import shutil
import sys
from pathlib import Path

import nbformat

from lenet_lab.solutions import exercise, solved

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def with_exercises():
    """(path, notebook, names of its exercises) of every notebook that has some."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        names = [exercise(cell) for cell in notebook.cells if exercise(cell)]
        if names:
            yield path, notebook, names


def insist(notebook):
    """A copy in which a cell ends with an error if the check that it calls at its end does not pass."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(r"^(check\.\w+\(.*\))\Z", r"assert \1.passed", cell.source, flags=re.M | re.S)
    return notebook


def write(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, notebook, names in with_exercises():
        nbformat.write(insist(solved(notebook)), folder / f"{path.stem}_solved.ipynb")
        nbformat.write(solved(notebook, names[::2]), folder / f"{path.stem}_half.ipynb")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
