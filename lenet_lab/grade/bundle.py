"""`lenet submit`: pack a student's work as the homework's hw7.tar, grade the tar with the visible checks, and list its content.

The homework requires `tar cvf hw7.tar hw7` of a folder with cnn_lenet.py, which defines all seven functions in the handout's interface,
even unwritten ones. The workbook's functions have another interface. So cnn_lenet.py is one fixed file that calls the student's functions
in functions.py. What the grader reads in the folder is in the tar too: the notebooks contain the toy network's answers, figures and texts,
and this package grades them rather than the two files.
"""

import argparse
import ast
import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path

from tabulate import tabulate

from lenet_core._files import in_a_sentence, is_file
from lenet_lab._material import material

from . import files, slices
from .grading import PASSED, UNWRITTEN, grade
from .points import BY_HAND, GRADED, TOTAL
from .reader import ADAPTER
from .report import in_a_line
from .sandbox import NotStarted
from .submission import NotASubmission, read

FOLDER = "hw7"
VISIBLE = 0                              # the seed of the checks in the notebooks
HEAD = '"""What was written in the workbook, with what it needs of other cells; cnn_lenet.py calls it."""\n\nimport numpy as np\n'
ROOM = {"ops": "from lenet_core import ops", "im2col": "from lenet_core.ops import im2col", "col2im": "from lenet_core.ops import col2im",
        "math": "import math", "numpy": "import numpy"}                # names that a notebook's function may always use
STATES = {PASSED: "passes the visible checks", UNWRITTEN: "not written yet"}


def bundle(folder, out):
    """Write what the grader reads in `folder`, and the two Python files, into the tar `out`; returns a summary as text.

    Raises `NotASubmission` if the folder has no exercises, and OSError.
    """
    submission = read(folder)
    found = files.read(folder)
    answered = {work.file for work in submission.works.values()}
    packed = {name: content for name, content in found.items()
              if name in answered or not name.lower().endswith(".ipynb") or _is_marked(content)}
    packed |= {"functions.py": functions(submission).encode(), ADAPTER.name: ADAPTER.read_bytes()}
    out.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(out, "w") as tar:
        for name, content in sorted(packed.items()):
            member = tarfile.TarInfo(f"{FOLDER}/{name}")               # no times and no users: the same work gives the same file
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return said(submission, out, packed)


def _is_marked(content):
    """Whether a notebook has cells with this workbook's metadata, such as those that ask for a text."""
    try:
        return any({"lenet", "nbgrader"} & cell.get("metadata", {}).keys() for cell in json.loads(content)["cells"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def functions(submission):
    """The source of functions.py: the student's functions with the statements that they need, each statement once."""
    texts = []
    for exercise in GRADED:
        work = submission.works.get(exercise)
        if exercise.startswith("toy_") or work is None or work.handout:
            continue
        try:
            ast.parse(work.cells[work.own])
        except SyntaxError as error:
            texts.append(f"# {exercise}: its cell cannot be read ({error.msg}).")
            continue
        chosen, target = slices.needed(slices.every(work.cells), work.own, exercise)
        used = set().union(*(one.used for one in chosen)) - set().union(*(one.bound for one in chosen))
        for text in [*(ROOM[name] for name in ROOM if name in used), *(one.text for one in chosen)]:
            if text not in texts and text != "import numpy as np":
                texts.append(text)
        if target is None:
            texts.append(f"# {exercise}: there is no function of this name.")
    return "\n\n\n".join([HEAD.rstrip(), *texts]) + "\n"


def said(submission, out, packed):
    """The content of the bundle as a table, with the visible checks of what is in the tar, and the exercises that are not solved."""
    again = read(out)
    try:
        graded = {row.item.exercise: row for row in grade(again, VISIBLE).rows}
        apart = _apart(packed, graded)
    except NotStarted as error:
        graded, apart = {}, [f"The tar was not graded: {error}"]
    rows, unsolved, open_points = [], [], 0
    for exercise, item in GRADED.items():
        work, row = submission.works.get(exercise), graded.get(exercise)
        state = "missing" if work is None else STATES.get(row.status, "does not pass") if row else "written" if work.written else STATES[UNWRITTEN]
        if state not in (STATES[PASSED], "written"):
            unsolved.append(exercise)
            open_points += item.points
        rows.append((item.question, exercise, item.points, state, work.file if work else ""))
    lost = [exercise for exercise, work in submission.works.items() if exercise not in again.works
            or (again.works[exercise].cells, again.works[exercise].own) != (work.cells, work.own)]
    notes = [f"{exercise}: {note}" for exercise, work in submission.works.items() for note in work.notes]
    lines = [f"{out}: {', '.join(in_a_line(f'{FOLDER}/{name}') for name in sorted(packed))}", "",
             tabulate(rows, ["", "exercise", "points", "", "where"]), "",
             f"Not solved: {', '.join(unsolved)} ({open_points} points)." if unsolved else
             "Every exercise passes the visible checks." if graded else "Every exercise is written.",
             "The checks of the grader use other numbers.",
             f"{sum(item.points for item in BY_HAND)} of the {TOTAL} points are given by hand, for questions 8 to 10.",
             *_texts(packed)]
    if lost:
        lines.append(f"The tar does not hold the same work as the folder: {', '.join(lost)}. Report this as a fault, and hand in the folder.")
    return "\n".join([*lines, *apart, *notes, *submission.notes])


def _texts(packed):
    """A sentence for each lesson in the tar that asks a question for people: how many words the text cells have that were added to it."""
    lines = []
    for name, content in sorted(packed.items()):
        lesson = material("notebooks") / Path(name).name
        if not name.lower().endswith(".ipynb") or not is_file(lesson):
            continue
        own = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
        asked = [question for cell in own for question in cell["metadata"].get("lenet", {}).get("by_hand", ())]
        if asked:
            given = {"".join(cell["source"]) for cell in own}
            added = [text for text in _text_cells(content) if text.strip() and text not in given]
            words = f"{sum(len(text.split()) for text in added)} words in {len(added)} text cell{'s' * (len(added) != 1)} of yours"
            lines.append(f"{', '.join(asked)}: {in_a_line(name)} has {words if added else 'no text cell of yours'}.")
    return lines


def _text_cells(content):
    """The texts of a notebook's text cells; none of a file that is no notebook."""
    try:
        return ["".join(cell["source"]) for cell in json.loads(content)["cells"] if cell["cell_type"] == "markdown"]
    except (ValueError, KeyError, TypeError):
        return []


def _apart(packed, graded):
    """Sentences about functions that pass in the notebook, but not in functions.py, where they have only what they need of other cells."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in packed.items():
            if not name.lower().endswith(".ipynb"):
                (place := Path(folder, name)).parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        try:
            alone = {row.item.exercise: row for row in grade(read(folder), VISIBLE).rows}
        except NotASubmission:
            return []
    names = [exercise for exercise, row in graded.items() if row.status == PASSED and not (exercise or "").startswith("toy_")
             and alone[exercise].status != PASSED]
    return [f"In functions.py these do not pass, although they do in the notebook: {', '.join(names)}. "
            "The grader of this workbook reads the notebook."] if names else []


def main(arguments=None):
    """`lenet submit`: write hw7.tar; returns the exit status."""
    ask = argparse.ArgumentParser(prog="lenet submit", description="Bundle the work in the notebooks as hw7.tar.")
    ask.add_argument("folder", type=Path, nargs="?", default=Path("notebooks"), help="folder of the notebooks (default: notebooks)")
    ask.add_argument("--out", type=Path, default=Path("hw7.tar"), metavar="FILE", help="default: hw7.tar")
    args = ask.parse_args(arguments)
    try:
        print(bundle(args.folder, args.out))
    except (NotASubmission, OSError) as error:
        print(f"{ask.prog}: {in_a_sentence(error)}", file=sys.stderr)
        return 2
    return 0
