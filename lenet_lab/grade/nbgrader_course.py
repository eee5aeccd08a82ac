"""Make a course for nbgrader from the notebooks and the solutions: `lenet course FOLDER`.

**The assignment.** The course has one assignment, `hw7`, of one notebook. It contains every exercise with points
(`lenet_lab.grade.points`) in the order of the lessons: its text, its cell, and a test cell. Then follow questions 8 to 10, which people
grade. The lessons themselves are not suitable. They train networks for minutes and show figures that are not the student's work. Each has
its own kernel, in which a backward function cannot use the forward function of another lesson. So a student submits one file that runs in
seconds, and the teacher reads one page per student. The lessons' exercise cells have nbgrader's metadata too (`mark`), so that they can
be copied to the assignment.

**The tests.** A test cell makes the check of the lesson, and its last line is the number of points, so that nbgrader's Validate button says
what is so. `nbgrader autograde` does not run the notebook. It asks the safe grader (`lenet grade`) for the points, with numbers from a seed
that was drawn for this course and stands in its settings. So a submission is run apart, within limits, and nothing that it prints, changes
or leaves running can give it points, or stop the class.

`lenet_lab.grade.nbgrader_settings` has the settings. Give students this package without the folder `solutions`, since `check.solution`
shows its content.
"""

import argparse
import re
import secrets
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lenet_core._files import in_a_sentence, matching, mode
from lenet_lab._material import material
from lenet_lab.check.solutions import blocks, exercise

from .points import BY_HAND, GRADED, TOTAL
from .sandbox import Limits

LESSONS = material("notebooks")
ASSIGNMENT = "hw7"
CONFIG = """\
# Settings of this course; the class of each has more of them (`nbgrader --help-all`). Not for students: the seed makes the numbers of the tests.
from lenet_lab.grade.nbgrader_settings import configure

c = get_config()
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {exchange!r}          # beside the course: where students on the same machine fetch and submit (classroom/README.md)
c.GradeApart.seed = {seed}
configure(c)          # what the assignment made by `lenet course` needs; anything after this line wins
"""
NEXT = {                                  # the teacher's commands, and what they do
    "cd {folder}": "",
    "nbgrader generate_assignment hw7": "the students' version, in release/hw7",
    "...": "give it to the students; put each submission into submitted/NAME/hw7/hw7.ipynb",
    "nbgrader autograde hw7": "",
    "lenet lab --instructor .": "Nbgrader > Formgrader: grade questions 8 to 10",
    "nbgrader generate_feedback hw7": "a page for every student, in feedback",
    "nbgrader export": "grades.csv",
}

WELCOME = """\
# Homework 7: deep learning

These are the exercises of the notebooks 01 to 05 that have marks, and the homework's questions 8 to 10: {total} points. You can copy your
answers from there into the cells here. Replace the three dots by your answers; where the dots remain, the answer counts as not written.
You may add cells.

The cell after each function shows the result of its check, and its points. After you have submitted, the same check is made with other
numbers. A function has {seconds:g} seconds for its check; a statement of a cell that takes longer than {statement:g} seconds is stopped.

The toy network, its image and its filters are in notebook 01; its questions count rows, columns and filters from 1. A function that only
calls the package's own function of that name gets no points."""
SETUP = "import numpy as np\nfrom lenet_core import ops\nfrom lenet_lab import check"

# The homework's questions that people grade, and the criteria (which only the teacher sees).
QUESTIONS = {
    "Q8": ("Visualize the output of the second and third layers. Show 20 images from each layer on a single figure file.\n\n"
           "(The first layer is the image, so these are the first convolution and its pooling. Drag the figure into this cell, in place of "
           "the dots.)",
           "20 maps of 24x24 and 20 of 12x12 of one test image, in one figure, each layer labelled."),
    "Q9a": ("Compare the output of the second layer and the original image (output of the first layer), what changes do you find?",
            "20 images of the same digit, 4 pixels smaller; each has large or small values along strokes of one direction; uniform "
            "areas give the bias."),
    "Q9b": ("Compare the output of the third layer and the output of the second layer, what changes do you find?",
            "Half as high and half as wide, coarser; the digit is still visible, bright lines are broader; dark details are lost."),
    "Q9c": ("Explain your observation.",
            "A filter gives large sums where the window is similar to the filter, so every map shows one feature at all positions; "
            "without padding a 5x5 window fits 24 times. Pooling keeps the largest of four numbers: the feature, but not its exact "
            "position."),
    "Q10": ("Run your final code on the entire MNIST dataset by setting fullset to true in testLeNet. Report the final test accuracy and "
            "time taken by testLeNet to run the training procedure for 10,000 iterations.\n\n"
            "(`lenet_lab.handout.test_lenet` is testLeNet; notebook 06 trains the same network.)",
            "About 99 %, with the time and the machine."),
}


# --------------------------------------------------------------------------------------------------------------------- metadata


def _metadata(grade_id, points=None, solution=True):
    """nbgrader's metadata, version 3: a cell with points is graded; a graded cell that is not a solution is a locked test."""
    graded = {} if points is None else {"points": points}
    return {"schema_version": 3, "grade_id": grade_id, "grade": points is not None, "solution": solution, "locked": not solution,
            "task": False} | graded


def mark(notebook):
    """Give every exercise cell of a notebook the metadata of an answer, under the exercise's name; nothing else changes."""
    for cell in notebook.cells:
        if exercise(cell):
            cell.metadata["nbgrader"] = _metadata(exercise(cell))


def mark_lessons():
    """Write this metadata into the files of the lessons that have exercises."""
    for path in _lessons():
        notebook = nbformat.read(path, 4)
        if any(map(exercise, notebook.cells)):
            mark(notebook)
            nbformat.write(notebook, path)


def _lessons():
    paths = matching(LESSONS, "[0-9]*.ipynb")
    if not paths:
        raise FileNotFoundError(f"There are no notebooks in {LESSONS}; they belong in the folder {LESSONS.name}, beside the package.")
    return paths


# ------------------------------------------------------------------------------------------------------------------- the assignment

TEST = 'from lenet_lab import check\n\ncheck.points("{name}", {answer}, of={points})'


def assignment():
    """The teacher's version of the assignment, as a notebook: with solutions, and the criteria of the questions that people grade."""
    limits = Limits()
    welcome = WELCOME.format(total=TOTAL, seconds=limits.seconds, statement=limits.statement)
    cells = [new_markdown_cell(welcome, id="welcome"), new_code_cell(SETUP, id="setup")]
    for path in _lessons():
        lesson = nbformat.read(path, 4)
        found = [(text, cell) for text, cell in zip(lesson.cells, lesson.cells[1:]) if exercise(cell) in GRADED]
        if found:
            title = lesson.cells[0].source.partition("\n")[0].strip("# ")
            cells.append(new_markdown_cell(f"## Notebook {title}", id=f"lesson-{path.stem[:2]}"))
        for text, cell in found:
            cells += _exercise(text, cell)
    cells.append(new_markdown_cell("## In words and pictures", id="by-hand"))
    for item in BY_HAND:
        question, wanted = QUESTIONS[item.question]
        source = f"{_heading(item)}\n\n{question}\n\n### BEGIN SOLUTION\n{wanted}\n### END SOLUTION"
        cells.append(new_markdown_cell(source, id=item.question, metadata={"nbgrader": _metadata(item.question, item.points)}))
    kernel = {"kernelspec": lesson.metadata.kernelspec, "language_info": {"name": "python"}}
    return new_notebook(cells=cells, metadata=kernel)


def _heading(item):
    return f"### {item.question}: {item.title} ({item.points} point{'s' * (item.points != 1)})"


def _exercise(text, cell):
    """The three cells of an exercise: its text in the lesson from the word "Exercise" on, its answer, its test."""
    name = exercise(cell)
    item = GRADED[name]
    words = re.search(r"\*\*(?:Exercise|Question) \d.*\Z", text.source, re.S).group()
    source = f"{cell.source}\n### BEGIN SOLUTION\n{blocks()[name]}\n### END SOLUTION"
    test = _metadata(f"{name}-test", item.points, solution=False)
    return [
        new_markdown_cell(f"{_heading(item)}\n\n{words}", id=f"{name}-text"),
        new_code_cell(source, id=name, metadata={"lenet": {"exercise": name}, "nbgrader": _metadata(name)}),
        new_code_cell(_test(name, item.points), id=test["grade_id"], metadata={"nbgrader": test}),
    ]


def _test(name, points):
    answer = f"check.answers.get({int(name.removeprefix('toy_'))}, ...)" if name.startswith("toy_") else name
    return TEST.format(name=name, answer=answer, points=points)


# ------------------------------------------------------------------------------------------------------------------------ the course


def course(folder):
    """Make the course in a folder, with a new seed. Raises FileExistsError if there is a course or this assignment already."""
    folder = Path(folder)
    config, source = folder / "nbgrader_config.py", folder / "source" / ASSIGNMENT
    for path in (config, source):
        if mode(path):
            raise FileExistsError(f"{path} exists already. A course keeps its hidden tests; name another folder for another course.")
    made = assignment()
    source.mkdir(parents=True)
    nbformat.write(made, source / f"{ASSIGNMENT}.ipynb")
    config.write_text(CONFIG.format(course=folder.resolve().name, exchange=str(folder.resolve().parent / "exchange"),
                                    seed=secrets.randbelow(10 ** 12)), encoding="utf-8")


def main(arguments=None):
    """`lenet course`: make the course and print the next steps; returns the exit status."""
    parser = argparse.ArgumentParser(prog="lenet course", description="Make a course for nbgrader out of this workbook: one assignment, hw7, with "
                                     "the exercises that have points and the questions that people grade. Its hidden tests draw their numbers "
                                     "from a seed that is made for this course.",
                                     epilog="It prints the next commands. nbgrader must be installed: pip install nbgrader")
    parser.add_argument("folder", metavar="FOLDER", help="the folder of the course; there must be no course yet")
    folder = parser.parse_args(arguments).folder
    try:
        course(folder)
    except OSError as error:
        print(f"{parser.prog}: {in_a_sentence(error)}", file=sys.stderr)
        return 1
    by_hand = sum(item.points for item in BY_HAND)
    print(f"{folder} is now a course of nbgrader with one assignment, {ASSIGNMENT}: {TOTAL} points, {by_hand} of them given by hand.\n")
    for command, about in NEXT.items():
        print(f"{command.format(folder=folder):34} {'# ' * bool(about)}{about}".rstrip())
    return 0
