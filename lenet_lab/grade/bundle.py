"""`lenet submit`: pack a student's work as the homework's hw7.tar, and list its content.

The homework requires `tar cvf hw7.tar hw7` of a folder with cnn_lenet.py, which defines all seven functions in the handout's interface,
even unwritten ones. The workbook's functions have another interface. So cnn_lenet.py is one fixed file that calls the student's functions
in functions.py. The saved notebooks are in the tar too: they contain the toy network's answers, figures and texts, and this package
grades them rather than the two files.
"""

import argparse
import io
import json
import sys
import tarfile
from pathlib import Path, PurePosixPath

from tabulate import tabulate

from lenet_core._files import in_a_sentence

from . import slices
from .points import BY_HAND, GRADED, TOTAL
from .submission import ADAPTER, NotASubmission, read

FOLDER = "hw7"
HEAD = '"""What was written in the workbook, with what it needs of other cells; cnn_lenet.py calls it."""\n\nimport numpy as np\n'
ROOM = {"ops": "from lenet_core import ops", "im2col": "from lenet_core.ops import im2col", "col2im": "from lenet_core.ops import col2im",
        "math": "import math", "numpy": "import numpy"}                # names that a notebook's function may always use


def bundle(folder, out):
    """Write the notebooks of `folder` with exercises, and the two Python files, into the tar `out`; returns a summary as text.

    Raises `NotASubmission` if the folder has no exercises, and OSError.
    """
    submission = read(folder)
    notebooks = sorted(path for path in Path(folder).glob("*.ipynb") if _has_exercises(path))
    files = {path.name: path.read_bytes() for path in notebooks}
    files["functions.py"] = functions(submission).encode()
    files[ADAPTER.name] = ADAPTER.read_bytes()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(out, "w") as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"{FOLDER}/{name}")               # no times and no users: the same work gives the same file
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return said(submission, out, files)


def _has_exercises(path):
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return any({"lenet", "nbgrader"} & cell.get("metadata", {}).keys() for cell in cells)
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
            chosen, target = slices.needed(work.cells, work.own, exercise)
        except SyntaxError as error:
            texts.append(f"# {exercise}: its cell cannot be read ({error.msg}).")
            continue
        used = set().union(*(one.used for one in chosen)) - set().union(*(one.bound for one in chosen))
        for text in [*(ROOM[name] for name in ROOM if name in used), *(one.text for one in chosen)]:
            if text not in texts and text != "import numpy as np":
                texts.append(text)
        if target is None:
            texts.append(f"# {exercise}: there is no function of this name.")
    return "\n\n\n".join([HEAD.rstrip(), *texts]) + "\n"


def said(submission, out, files):
    """The content of the bundle as a table, and the unsolved exercises."""
    rows, open_points = [], 0
    for exercise, item in GRADED.items():
        work = submission.works.get(exercise)
        state = "missing" if work is None else "written" if work.written else "not written yet"
        open_points += item.points * (state != "written")
        rows.append((item.question, exercise, item.points, state, PurePosixPath(work.place).name if work else ""))
    notes = [f"{exercise}: {note}" for exercise, work in submission.works.items() for note in work.notes]
    unsolved = [row[1] for row in rows if row[3] != "written"]
    lines = [f"{out}: {', '.join(f'{FOLDER}/{name}' for name in sorted(files))}", "",
             tabulate(rows, ["", "exercise", "points", "", "where"]), "",
             f"Unsolved: {', '.join(unsolved)} ({open_points} points)." if unsolved else "Every exercise is written.",
             "The checks in the notebooks show whether the answers are right, and so does `lenet grade` with the name of the tar.",
             f"{sum(item.points for item in BY_HAND)} of the {TOTAL} points are given by hand, for questions 8 to 10."]
    return "\n".join([*lines, *notes, *submission.notes])


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
