"""A course made by `lenet_lab.grade.nbgrader_course`, in real nbgrader: handed out, handed in, graded, given back, in all the ways students have."""

import base64
import copy
import csv
import html
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile

import nbformat
import numpy as np
import pytest

from lenet_lab import check
from lenet_lab.check import engine
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.solutions import blocks, exercise, solved
from lenet_lab.check.toy_questions import ANSWERS
from lenet_lab.grade import nbgrader_course
from lenet_lab.grade.bundle import bundle
from lenet_lab.grade.points import BY_HAND, GRADED, TOTAL

from . import honest_work, hostile_work
from .solved_notebooks import with_exercises
from .test_grade import write_notebook

POINTS = {name: item.points for name, item in GRADED.items()}
HERE = importlib.util.find_spec("nbgrader") is not None
needs_nbgrader = pytest.mark.skipif(not HERE, reason="nbgrader is not installed: pip install .[instructor]")

# ------------------------------------------------------------------------------------------------------------- without nbgrader


def test_the_lessons_cells_have_the_metadata_that_the_course_gives_them():
    for path, notebook, _ in with_exercises():
        marked = copy.deepcopy(notebook)
        nbgrader_course.mark(marked)
        assert marked == notebook, f"{path.name}: run python -c 'from lenet_lab.grade import nbgrader_course; nbgrader_course.mark_lessons()'"


def test_points_are_those_of_the_homework_and_of_the_lessons_words():
    assert sum(POINTS.values()) + sum(item.points for item in BY_HAND) == TOTAL == 100
    said = {}
    for _, notebook, _ in with_exercises():
        for text, cell in zip(notebook.cells, notebook.cells[1:]):
            marks = re.search(r"\((?:the homework's )?(Q\d+), (\d+) marks\)", text.source)
            if exercise(cell) in GRADED and marks:
                said[exercise(cell)] = (marks[1], int(marks[2]))
    assert len(said) == 7 and said == {name: (GRADED[name].question, POINTS[name]) for name in said}


def test_every_exercise_with_points_is_in_the_assignment_once():
    cells = nbgrader_course.assignment().cells
    assert sorted(exercise(cell) for cell in cells if exercise(cell)) == sorted(POINTS)
    marked = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
    tests = {one.grade_id: one.points for one in marked if one.grade}
    assert tests == {f"{name}-test": points for name, points in POINTS.items()} | {item.question: item.points for item in BY_HAND}


def test_a_second_course_keeps_off_the_first_and_has_numbers_of_its_own(tmp_path, capsys):
    seeds = set()
    for name in ("one", "two"):
        nbgrader_course.main([str(tmp_path / name)])
        seeds.add(hidden_seed(tmp_path / name))
    assert len(seeds) == 2
    before = (tmp_path / "one/source/hw7/hw7.ipynb").read_bytes()
    assert nbgrader_course.main([str(tmp_path / "one")]) == 1 and "exists already" in capsys.readouterr().err
    assert (tmp_path / "one/source/hw7/hw7.ipynb").read_bytes() == before


def test_what_people_grade_is_asked_in_a_lesson_that_is_handed_in(tmp_path):
    """Answers to the questions without a check are texts: the cell that asks is marked, so that its notebook goes into the tar."""
    asked = {path.name: [question for cell in nbformat.read(path, 4).cells for question in cell.metadata.get("lenet", {}).get("by_hand", [])]
             for path in sorted(nbgrader_course.LESSONS.glob("*.ipynb"))}
    assert sorted(question for questions in asked.values() for question in questions) == sorted(item.question for item in BY_HAND)
    bundle(nbgrader_course.LESSONS, tmp_path / "hw7.tar")
    with tarfile.open(tmp_path / "hw7.tar") as tar:
        assert {f"hw7/{name}" for name, questions in asked.items() if questions} <= set(tar.getnames())


def test_who_submits_sees_which_answers_for_people_are_there(tmp_path):
    def said(*texts):
        notebook = nbformat.read(nbgrader_course.LESSONS / "07_look_inside.ipynb", 4)
        place = next(n for n, cell in enumerate(notebook.cells) if "Q9a" in cell.metadata.get("lenet", {}).get("by_hand", ()))
        notebook.cells[place + 1:place + 1] = [nbformat.v4.new_markdown_cell(text) for text in texts]
        (tmp_path / "work").mkdir(exist_ok=True)
        nbformat.write(notebook, tmp_path / "work" / "07_look_inside.ipynb")
        write_notebook(tmp_path / "work" / "answers.ipynb", [("toy_05", "check.toy(5, 4)")])
        return bundle(tmp_path / "work", tmp_path / "hw7.tar")

    assert "Q8, Q9a, Q9b, Q9c: 07_look_inside.ipynb has no text cell of yours." in said()
    assert "Q8, Q9a, Q9b, Q9c: 07_look_inside.ipynb has 3 words in 1 text cell of yours." in said("(a) twenty images", " ")


def hidden_seed(folder):
    seed, = re.findall(r"^c.GradeApart.seed = (\d+)$", (folder / "nbgrader_config.py").read_text(encoding="utf-8"), re.M)
    return seed


def test_the_points_of_a_visible_check_are_a_whole_number_as_the_last_line(capsys):
    """nbgrader reads the last line of a test: 0 for numpy.float64(0) only under some versions of NumPy, all points for nan."""
    def noisy(x):
        print("on stderr", file=sys.stderr)
        return np.maximum(x, 0), x

    assert check.points("relu_forward", noisy, of=3) == 3 and check.points("relu_forward", lambda x: (x, x), of=3) == 0
    assert check.points("toy_05", 4, of=1) == 1 and check.points("toy_05", ..., of=1) == 0 and check.points("relu_forward", ..., of=3) == 0
    said = capsys.readouterr()
    assert said.err == "" and "These checks pass" in said.out and "Not written yet" in said.out
    for cell in nbgrader_course.assignment().cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            assert cell.source.splitlines()[-1].startswith("check.points(")


def test_a_function_that_knows_the_visible_numbers_only_does_not_pass(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))
    seen = set()

    def listening(x):
        seen.add(x.tobytes())
        return np.maximum(x, 0), x

    assert engine.examine(EXERCISES["relu_forward"], listening).passed

    def learned_by_heart(x):
        return (np.maximum(x, 0) if x.tobytes() in seen else -x), x

    assert re.search(r"out\[[\d, ]+\] is", engine.examine(EXERCISES["relu_forward"], learned_by_heart, seed=1).text)
    assert not (tmp_path / "progress").exists()                          # a grader remembers nothing
    assert check.relu_forward(learned_by_heart).passed


def test_a_backward_function_may_need_the_cache_of_its_own_forward_function():
    def forward(x):
        return np.maximum(x, 0), {"positive": x > 0}

    def backward(dout, cache):
        return dout * cache["positive"]

    exercise = EXERCISES["relu_backward"]
    assert engine.examine(exercise, backward, [exercise.forward, forward], seed=1).passed
    assert "It raises" in engine.examine(exercise, backward, [exercise.forward], seed=1).text


# ------------------------------------------------------------------------------------------------------------------ submissions

EVERY_TIE_PAID = """\
def max_pool_backward(dout, cache):
    x, out, k, stride = cache
    dx = np.zeros(x.shape, dout.dtype)
    for n, c, i, j in np.ndindex(*out.shape):
        window = (n, c, slice(i * stride, i * stride + k), slice(j * stride, j * stride + k))
        dx[window] += dout[n, c, i, j] * (x[window] == out[n, c, i, j])
    return dx"""
TIE = next(wrong for wrong in ANSWERS[12]()[1] if wrong.misconception == "every tie paid")
NOT_ONES_OWN = "from lenet_core.ops import relu_backward as theirs\ndef relu_backward(dout, cache):\n    return theirs(dout, cache)"
NOISY = """\
def inner_product_forward(x, W, b):
    import os, sys, warnings
    warnings.warn("a warning from a function")
    print("a line of it on stderr", file=sys.stderr)
    os.write(2, b"and one that Python does not see\\n")
    return x.reshape(len(x), -1) @ W + b, (x, W)"""
TAMPER = """\
import lenet_lab.check
from lenet_lab.check import engine
engine.examine = lab_examine = lambda exercise, *_, **__: lenet_lab.check.Verdict(exercise.name, True, "everything is fine")
lenet_lab.check.examine, lenet_lab.check.graded = lab_examine, lambda *_, **__: "full marks"
check = "mine\""""


def at(notebook, grade_id):
    """Where a cell of the assignment is."""
    return next(n for n, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def answered(release, **changed):
    """The assignment solved, but for the answers in `changed`."""
    notebook = solved(release)
    for item in BY_HAND:
        notebook.cells[at(notebook, item.question)].source += "\n\nIt is what it is."
    for name, source in changed.items():
        notebook.cells[at(notebook, name)].source = source
    return notebook


def before(notebook, grade_id, source):
    notebook.cells.insert(at(notebook, grade_id), nbformat.v4.new_code_cell(source))
    return notebook


def pasted(cell, source=None):
    """What JupyterLab makes of a cell that is copied and pasted."""
    return nbformat.v4.new_code_cell(source or cell.source, metadata=copy.deepcopy(cell.metadata))


def untidy(release):
    """Cells deleted, pasted twice, brought from a lesson, with metadata damaged: everything that can be graded is right."""
    notebook = answered(release)
    del notebook.cells[at(notebook, "relu_forward-test")]
    del notebook.cells[at(notebook, "Q8")]
    for gone in ("inner_product_forward", "inner_product_forward-test", "toy_01", "toy_01-test"):
        del notebook.cells[at(notebook, gone)]
    notebook.cells.append(pasted(notebook.cells[at(notebook, "max_pool_forward-test")]))
    first_try = pasted(notebook.cells[at(notebook, "sgd_momentum")], "def sgd_momentum(p, v, dp, lr, mu, decay):\n    return p, v")
    notebook.cells.insert(at(notebook, "sgd_momentum"), first_try)
    for _, lesson, names in with_exercises():
        if "im2col" in names:
            notebook.cells.insert(3, pasted(next(cell for cell in lesson.cells if exercise(cell) == "im2col")))
    del notebook.cells[at(notebook, "toy_05")].metadata["nbgrader"]["schema_version"]
    notebook.cells[at(notebook, "toy_05-test")].metadata["nbgrader"] |= {"points": 50, "locked": False}
    notebook.cells[at(notebook, "toy_06-test")].source = "1"
    return notebook


PIXEL = base64.b64encode(b"the picture of a widget").decode()


def dirty(release):
    """Right work whose outputs and texts have programs for the page of whoever opens it."""
    notebook = answered(release)
    cell = notebook.cells[at(notebook, "relu_forward")]
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<script>alert('output')</script>", "text/plain": "a table"}),
                    nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg onload=\"alert('drawing')\"></svg>"}),
                    nbformat.v4.new_output("display_data", {"application/javascript": "alert('program')"}),
                    nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "1", "version_major": 2},
                                                            "image/png": PIXEL, "text/plain": "a widget"}),
                    nbformat.v4.new_output("stream", name="stdout", text="what it printed")]
    notebook.cells[at(notebook, "Q9a")].source = (
        "Smaller, **by 4 pixels**. <img src=x onerror=\"alert('picture')\"> <script>alert('text')</script> [here](javascript:alert('link')) "
        "<a href=\"data:text/html,<script>alert('data')</script>\">there</a> and $a<b$.")
    return notebook


def running(release):
    """A thread that goes on writing to both streams, and a last line that is a number: nothing of it is a score."""
    return before(answered(release, sgd_momentum="def sgd_momentum(p, v, dp, lr, mu, decay):\n    return p, v\n\nfloat('nan')"), "toy_01",
                  "import sys, threading, time\n\ndef write():\n    while True:\n        print('out', 0.0)\n        print('err', file=sys.stderr)\n"
                  "        time.sleep(0.01)\n\nthreading.Thread(target=write, daemon=True).start()")


def in_another_encoding(release):
    """As an editor of Windows saves it, and without the metadata of the notebook."""
    return json.dumps({"cells": answered(release).cells}).encode("utf-16")


SUBMISSIONS = {           # a student: (what is handed in, the exercises that get no points)
    "solved": (answered, ()),
    "empty": (copy.deepcopy, POINTS),
    "half": (lambda release: solved(release, list(POINTS)[::2]), list(POINTS)[1::2]),
    "wrong": (lambda release: answered(release, max_pool_backward=EVERY_TIE_PAID, toy_12=f"check.toy(12, {TIE.value})",
                                       relu_backward=NOT_ONES_OWN), ("max_pool_backward", "toy_12", "relu_backward")),
    "untidy": (untidy, ("inner_product_forward", "toy_01")),
    "endless": (lambda release: answered(release, relu_forward="while True:\n    pass"), ("relu_forward",)),
    "noisy": (lambda release: answered(release, inner_product_forward=NOISY), ()),
    "dirty": (dirty, ()),
    "running": (running, ("sgd_momentum",)),
    "encoded": (in_another_encoding, ()),
    "dead": (lambda release: answered(release, relu_forward="import os\nos._exit(1)"), ("relu_forward",)),
    "tampered": (lambda release: before(answered(release, max_pool_forward=blocks()["max_pool_forward"].replace("np.max(", "np.min(")),
                                        "relu_forward", TAMPER), ("max_pool_forward",)),
}


class Course:
    """A course in a folder, with real nbgrader in a process of its own, as a teacher calls it."""

    def __init__(self, folder, home):
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items() if key != "LENET_PROGRESS"} | {
            "HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
        nbgrader_course.course(folder)
        self.nbgrader("generate_assignment hw7")
        self.release = nbformat.read(folder / "release/hw7/hw7.ipynb", 4)

    def nbgrader(self, *lines):
        """Commands of nbgrader, one after the other in one process: it takes seconds to start. Returns what they wrote on stderr."""
        program = ("import json, sys\nfrom nbgrader.apps.nbgraderapp import NbGraderApp\n"
                   "for line in json.loads(sys.argv[1]):\n    NbGraderApp.launch_instance(line.split())\n    NbGraderApp.clear_instance()")
        done = subprocess.run([sys.executable, "-c", program, json.dumps(lines)], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stderr[-5000:]
        return done.stderr

    def hand_in(self, student, notebook):
        place = self.folder / "submitted" / student / "hw7"
        place.mkdir(parents=True, exist_ok=True)
        if isinstance(notebook, bytes):
            (place / "hw7.ipynb").write_bytes(notebook)
        else:
            nbformat.write(notebook, place / "hw7.ipynb")

    def grades(self, student):
        """{exercise or question: its grade in the gradebook}."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            notebook = gradebook.find_submission_notebook("hw7", "hw7", student)
            return {grade.name.removesuffix("-test"): (grade.auto_score, grade.needs_manual_grade) for grade in notebook.grades}

    def scores(self, student):
        """{exercise: the points it got by itself}."""
        return {name: score for name, (score, _) in self.grades(student).items() if name in POINTS}

    def give(self, student, points):
        """What a person does in nbgrader's Formgrader."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            for question, score in points.items():
                grade = gradebook.find_grade(question, "hw7", "hw7", student)
                grade.manual_score, grade.needs_manual_grade = score, False
            gradebook.db.commit()

    def page(self, student):
        """The feedback: its HTML."""
        return (self.folder / "feedback" / student / "hw7/hw7.html").read_text(encoding="utf-8")

    def feedback(self, student):
        """{exercise: what its test has put out}, as text."""
        parts = re.split(r"Grade cell: <code>([\w-]+)</code>", self.page(student))
        outputs = {}
        for name, part in zip(parts[1::2], parts[2::2]):
            part = part.partition("nbgrader-label")[0]                    # up to the next answer
            outputs[name.removesuffix("-test")] = "".join(html.unescape(re.sub(r"<[^>]+>", "", found)) for found in
                                                          re.findall(r"<pre>(.*?)</pre>", part.partition("output_wrapper")[2], re.S))
        return outputs

    def exported(self):
        with open(self.folder / "grades.csv", newline="", encoding="utf-8") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("home"))
    for student, (made, _) in SUBMISSIONS.items():
        course.hand_in(student, made(course.release))
    course.hand_in("teacher", nbformat.read(course.folder / "source/hw7/hw7.ipynb", 4))
    course.nbgrader("autograde hw7")
    course.give("solved", {item.question: item.points for item in BY_HAND})
    course.nbgrader("generate_feedback hw7", "export")
    return course


@needs_nbgrader
def test_students_get_the_lessons_cells_and_neither_solution_nor_seed(course):
    lessons = {exercise(cell): cell for _, notebook, _ in with_exercises() for cell in notebook.cells if exercise(cell)}
    handed_out = {exercise(cell): cell for cell in course.release.cells if exercise(cell)}
    assert handed_out.keys() == POINTS.keys()
    assert {name: cell.source for name, cell in handed_out.items()} == {name: lessons[name].source for name in POINTS}
    files = [path for path in (course.folder / "release").rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["hw7.ipynb"]
    everything = "\n".join(words(course.release))
    given = {line for cell in handed_out.values() for line in cell.source.splitlines()}
    for line in {line for name in POINTS for line in blocks()[name].splitlines()} - given:
        assert line not in everything
    for wanted in [hidden_seed(course.folder), "HIDDEN", "SOLUTION", *(notes for _, notes in nbgrader_course.QUESTIONS.values())]:
        assert wanted not in everything


def test_the_lessons_hold_no_solution():
    for path, notebook, names in with_exercises():
        everything = "\n".join(words(notebook))
        assert "HIDDEN" not in everything and "BEGIN SOLUTION" not in everything
        assert not [name for name in names if blocks()[name] in everything], path.name


def words(value):
    """Every text in a notebook, outputs and metadata included."""
    if isinstance(value, (dict, list)):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from words(part)
    else:
        yield str(value)


@needs_nbgrader
@pytest.mark.parametrize("student", SUBMISSIONS)
def test_points(course, student):
    without = SUBMISSIONS[student][1]
    assert course.scores(student) == {name: 0 if name in without else points for name, points in POINTS.items()}
    given = TOTAL - sum(POINTS.values()) if student == "solved" else 0
    assert float(course.exported()[student]["score"]) == sum(course.scores(student).values()) + given


@needs_nbgrader
def test_a_solved_submission_gets_all_points_and_its_words_wait_for_a_person(course):
    assert float(course.exported()["solved"]["score"]) == float(course.exported()["solved"]["max_score"]) == 100
    waiting = {student: {name for name, (_, wait) in course.grades(student).items() if wait} for student in SUBMISSIONS}
    questions = {item.question for item in BY_HAND}
    assert waiting["wrong"] == questions and waiting["empty"] == set()
    assert waiting["untidy"] == questions - {"Q8"}                     # deleted: nobody has to look
    assert course.feedback("solved")["relu_forward"].startswith("✓ relu_forward: These checks pass: it runs")


@needs_nbgrader
def test_feedback_of_an_empty_submission_has_no_traceback(course):
    said = course.feedback("empty")
    assert said.keys() == POINTS.keys()
    assert all(re.fullmatch(r"\s*\w+: Not written yet.\s*", text) for text in said.values()), said
    assert "(most recent call last)" not in course.page("empty")


@needs_nbgrader
def test_feedback_names_the_misconception_and_hides_the_tests(course):
    said = course.feedback("wrong")
    said = {name: " ".join(text.split()) for name, text in said.items()}
    assert "each of them gets the whole gradient, so their sum is too large." in said["max_pool_backward"]
    assert TIE.text in said["toy_12"]
    assert "ops.relu_backward is the function to be written here: write it yourself" in said["relu_backward"]
    assert re.search(r"does not end: stopped after \d+ seconds", course.page("endless"))      # more than 4 on a busy machine
    for student in SUBMISSIONS:
        page = course.page(student)
        assert hidden_seed(course.folder) not in page and "HIDDEN" not in page
        assert not any("lenet_lab/" in text for text in course.feedback(student).values())


@needs_nbgrader
def test_the_teachers_notebook_passes_its_own_tests(course):
    assert course.scores("teacher") == POINTS


@needs_nbgrader
def test_what_a_teacher_opens_has_no_programs_of_students(course):
    """The feedback, and the page of the Formgrader, which is the same notebook in another template."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config.loader import PyFileConfigLoader

    settings = PyFileConfigLoader(str(course.folder / "nbgrader_config.py")).load_config()
    settings.HTMLExporter.template_name, settings.HTMLExporter.extra_template_basedirs = "formgrade", [handlers.template_path]
    resources = {"assignment_id": "hw7", "notebook_id": "hw7", "submission_id": "1", "index": 0, "total": 1, "base_url": "/", "mathjax_url": "",
                 "prefix": "/", "student": "dirty", "last_name": "", "first_name": "", "notebook_path": "", "keyword_score": {}, "mathjax": {}}
    opened, _ = HTMLExporter(config=settings).from_filename(str(course.folder / "autograded/dirty/hw7/hw7.ipynb"), resources=resources)
    for page in (course.page("dirty"), opened):
        for program in ("alert('output')", "alert('drawing')", "alert('program')", "onerror", "<script>alert", "javascript:alert", "data:text/html"):
            assert program not in page.replace("&lt;script&gt;", ""), program
        assert PIXEL in page and "widget-view" not in page                         # a widget would be blank without its kernel
        assert "a table" in page and "what it printed" in page and "<strong>by 4 pixels</strong>" in page and "a&lt;b" in page


@needs_nbgrader
def test_the_validate_button_says_what_is_so(course, tmp_path):
    """nbgrader runs the notebook in its own kernel there, with the checks that students see."""
    from nbgrader.validator import Validator

    wrong = {name: f"def {name}(*arguments):\n    return None" for name in POINTS if not name.startswith("toy_")}
    notebook = answered(course.release, **wrong, toy_05="check.toy(5, 99)")
    notebook.cells.insert(at(notebook, "relu_forward-test"), nbformat.v4.new_code_cell(
        "import sys, warnings\nwarnings.warn('a warning')\nprint('on stderr', file=sys.stderr)"))
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    nbformat.write(before(answered(course.release), "relu_forward-test", "import sys\nprint('on stderr', file=sys.stderr)"), tmp_path / "right.ipynb")
    failed = {name: Validator().validate(str(tmp_path / f"{name}.ipynb")).get("failed", []) for name in ("wrong", "right")}
    assert failed["right"] == []
    assert {re.search(r'points\("(\w+)"', one["source"])[1] for one in failed["wrong"]} == wrong.keys() | {"toy_05"}


@needs_nbgrader
@pytest.mark.slow
def test_every_form_of_right_work_gets_all_points_in_nbgrader_and_no_attempt_gets_any(tmp_path):
    """One student for each of both corpora, in one course."""
    (tmp_path / "home").mkdir()
    course = Course(tmp_path / "course", tmp_path / "home")
    honest = {f"honest-{number}": name for number, name in enumerate(honest_work.FORMS)}
    hostile = {f"hostile-{number}": name for number, name in enumerate(hostile_work.ATTEMPTS)}
    for student, name in honest.items():
        notebook, place = honest_work.assignment(), course.folder / "submitted" / student / "hw7"
        place.mkdir(parents=True)
        course.hand_in(student, honest_work.FORMS[name](notebook, place) or notebook)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(86400)"]) as process:
        for student, name in hostile.items():
            hostile_work.write(hostile_work.ATTEMPTS[name], course.folder / "submitted" / student / "hw7", PARENT=process.pid,
                               CANARY=tmp_path / "canary", SECRET=tmp_path / "secret")
        course.nbgrader("autograde hw7")
        assert process.poll() is None and not (tmp_path / "canary").exists()
        process.kill()
    wrong = {name: lost for student, name in honest.items()
             if (lost := {one for one, score in course.scores(student).items() if score != POINTS[one]})}
    assert wrong == {}
    assert {name: score for student, name in hostile.items() if (score := sum(course.scores(student).values()))} == {}
