"""Grading outside notebooks: points as in the homework, and a row for every exercise, whatever a submission does."""

import contextlib
import csv
import io
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tracemalloc

import nbformat
import numpy as np
import pytest

from lenet_lab import check, handout
from lenet_lab.check import engine
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.solutions import blocks, solved
from lenet_lab.grade import bundle, cells, files, grading, points, protocol, reader, report, sandbox, slices, statistics, submission, walls
from lenet_lab.grade.sandbox import Limits, Sandbox
from lenet_lab.grade.terminal import main

from . import hostile_work
from .hostile_work import member
from .ordinary_user import as_ordinary_user, opened_for_all
from .solved_notebooks import with_exercises

SETUP = "import numpy as np\nfrom lenet_core import lenet, load_mnist, ops\nfrom lenet_lab import check, plots"
SHORT = Limits(seconds=1.2, statement=1.2, loading=3)                       # for what hangs on purpose
WITHOUT_WALLS = "user" if getattr(os, "geteuid", lambda: 1)() == 0 else "limits"
LEVELS = ("namespaces", "kernel", WITHOUT_WALLS)


pytestmark = pytest.mark.usefixtures("grading_folder")


@pytest.fixture(params=LEVELS)
def how(request, monkeypatch):
    """All ways of isolating a submission, as far as this machine has them."""
    return level(request.param, monkeypatch)


def level(how, monkeypatch):
    """A level of isolation that this machine has. A grader that is root, with Python in a folder that only root can enter, opens it first."""
    if how == "user":
        started_with_an_open_python(monkeypatch)
    try:
        with Sandbox({}, how=how):
            return how
    except sandbox.NotStarted as error:
        pytest.skip(f"this machine does not have this level of isolation: {error}")


def started_with_an_open_python(monkeypatch):
    """Start the processes of a sandbox where every user can enter Python's folders; nothing changes outside of those processes."""
    usual = walls.command

    def command(level, folder, *arguments):
        line, home = usual(level, folder, *arguments)
        (hold := folder / "hold").mkdir()
        return opened_for_all(line, hold), home

    monkeypatch.setattr(walls, "command", command)


def write_notebook(path, cells, setup=SETUP):
    """A notebook of (exercise or None, source) pairs, behind a setup cell."""
    path.write_text(hostile_work.notebook([(None, setup), *cells]))
    return path


DEFAULT_LIMITS = Limits()


@pytest.mark.skipif(not hasattr(os, "getloadavg"), reason="this system does not say how busy it is")
@pytest.mark.parametrize("programs, times", [(0.1, 1), (2, 1), (6, 3), (40, 5)])
def test_a_busy_machine_takes_no_points_from_right_work(monkeypatch, programs, times):
    monkeypatch.setattr(os, "getloadavg", lambda: (programs * os.cpu_count(), 0, 0))
    limits = DEFAULT_LIMITS.for_now()
    assert limits[:3] == pytest.approx([times * seconds for seconds in DEFAULT_LIMITS[:3]]) and limits[3:] == DEFAULT_LIMITS[3:]


def graded(tmp_path, cells, seed=1, limits=DEFAULT_LIMITS, how=None, **options):
    """{exercise: Row} of a notebook with these cells."""
    path = write_notebook(tmp_path / "work.ipynb", cells.items() if isinstance(cells, dict) else cells)
    result = grading.grade(submission.read(path), seed, limits, how=how, **options)
    return {row.item.exercise: row for row in result.rows}


def forward(body):
    return f"def relu_forward(x):\n    {body}"


def backward(body):
    return f"def relu_backward(dout, cache):\n    {body}"


def write_notebooks(folder, names=None, change=None):
    """The workbook's notebooks with exercises, solved (those in `names`), some solutions changed."""
    folder.mkdir(exist_ok=True)
    for path, notebook, _ in with_exercises():
        made = solved(notebook, names)
        for cell in made.cells:
            exercise = cell.metadata.get("lenet", {}).get("exercise")
            cell.source = (change or {}).get(exercise, cell.source)
            cell.pop("outputs", None) if cell.cell_type != "code" else cell.update(outputs=[])
        nbformat.write(made, folder / path.name)
    return folder


# ------------------------------------------------------------------------------------------------------------------ what is graded


def test_points_are_those_of_the_homework():
    marks = {"Q1": 20, "Q2": 3, "Q3": 10, "Q4": 20, "Q5": 3, "Q6": 10, "Q7": 7, "Q8": 5, "Q9": 7, "Q10": 3, "QnA": 12}
    found = {}
    for item in points.ITEMS:
        question = re.match(r"QnA|Q\d+", item.question).group()
        found[question] = found.get(question, 0) + item.points
    assert found == marks and points.TOTAL == sum(marks.values()) == 100
    assert sum(item.points for item in points.GRADED.values()) == 85 and sum(item.points for item in points.BY_HAND) == 15


def test_every_exercise_of_the_notebooks_has_its_place():
    asked = {name for _, _, names in with_exercises() for name in names}
    assert {*points.GRADED, *points.PRACTICE} == {name for name in asked if not name.startswith(("bug_", "torch_"))} - {"numeric_gradient", "f23"}
    assert {check.HANDOUT_NAMES.get(name, name) for name in handout.SEVEN} == {name for name in points.GRADED if name in EXERCISES}


# ------------------------------------------------------------------------------------------------------------- whole submissions


def test_solved_work_makes_the_round_trip_through_the_bundle(tmp_path, capsys):
    folder, tar = write_notebooks(tmp_path / "notebooks"), tmp_path / "hw7.tar"
    assert bundle.main([str(folder), "--out", str(tar)]) == 0
    said = capsys.readouterr().out
    assert "Every exercise passes the visible checks." in said and "hw7/cnn_lenet.py" in said and "hw7/01_toy_network.ipynb" in said
    before = tar.read_bytes()
    bundle.bundle(folder, tar)
    assert tar.read_bytes() == before                                  # the same work, the same file
    assert main([str(tar), "--format", "json", "--seed", "7"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["score"], result["worth"], result["total"], result["seed"]) == (85, 85, 100, 7)
    assert [row["status"] for row in result["rows"]].count("passed") == 19
    with tarfile.open(tar) as file:                                    # the two Python files alone, in the handout's interface
        (tmp_path / "python").mkdir()
        for name in ("functions.py", "cnn_lenet.py"):
            (tmp_path / "python" / name).write_bytes(file.extractfile(f"hw7/{name}").read())
    alone = grading.grade(submission.read(tmp_path / "python"), 7)
    assert alone.score == 73 and {row.status for row in alone.rows if row.item.exercise in EXERCISES} == {"passed"}


def test_an_empty_submission_has_no_points_and_no_traceback(tmp_path, capsys):
    folder = write_notebooks(tmp_path / "notebooks", names=())
    assert main([str(folder)]) == 0
    said = capsys.readouterr().out
    assert "notebooks: 0 of 85 points" in said and said.count("Not written yet.") == 19 and "Traceback" not in said and "Error" not in said
    assert bundle.main([str(folder), "--out", str(tmp_path / "hw7.tar")]) == 0
    said = capsys.readouterr().out
    assert said.count("not written yet") == 19 and "Not solved: toy_01, toy_02" in said and "(85 points)" in said


def test_half_of_the_exercises_half_of_the_rows(tmp_path):
    every = [name for _, _, names in with_exercises() for name in names]
    half = set(every[::2])
    result = grading.grade(submission.read(write_notebooks(tmp_path / "notebooks", names=half)), 3)
    assert {row.item.exercise for row in result.rows if row.status == "passed"} == half & points.GRADED.keys()
    assert result.score == sum(points.GRADED[name].points for name in half & points.GRADED.keys()) > 0


def test_one_wrong_function_loses_its_own_points_and_is_called_by_name(tmp_path):
    wrong = blocks()["max_pool_backward"].replace("unpaid &= ~wins", "pass")
    folder = write_notebooks(tmp_path / "notebooks", change={"max_pool_backward": wrong})
    (folder / "01_toy_network.ipynb").unlink()
    result = grading.grade(submission.read(folder), 3)
    assert result.score == 73 - 20 and [row.item.exercise for row in result.rows if row.status == "failed"] == ["max_pool_backward"]
    assert "[every tie paid]" in report.table(result)
    test = next(test for test in report.gradescope(result)["tests"] if test["number"] == "Q4")
    assert test["score"] == 0 and test["output"].startswith("[every tie paid] Where several entries")


# ----------------------------------------------------------------------------------------------------------------- what is read


def test_helpers_and_imports_of_other_cells_come_along_and_nothing_else(tmp_path):
    cells = [(None, "from numpy import maximum as larger, nonsense\nLOWEST = 0.0"),
             (None, "%matplotlib inline\nraise RuntimeError('training takes an hour')"),
             (None, "net = train_for_hours()\n!ls"),
             (None, "this is no Python"),
             (None, "x = np.ones(10**12)"),                            # the function's own x is another one
             ("relu_forward", "def relu_forward(x):\n    return cut(x), x\n\nrelu_forward(None)\ncheck.relu_forward(relu_forward)"),
             (None, "def cut(x):\n    return larger(x, LOWEST)"),
             (None, "relu_forward = net.use(relu_forward)")]
    assert graded(tmp_path, cells)["relu_forward"].status == "passed"


def test_statements_are_followed_by_name():
    cells = ["import a, b.c as d\nfrom e import f, g",
             "@f\ndef h(x, y=LIMIT):\n    z = d.now()\n    return [k(z) for _ in x]   # a comment",
             "LIMIT = 3; OTHER = 4\ndef k(a): return g", "z = 5\nk2 = k"]
    chosen, target = slices.needed(slices.every(cells), 1, "h")
    assert [one.text for one in chosen] == ["import b.c as d", "from e import f", "from e import g", cells[1], "LIMIT = 3",
                                            "def k(a): return g"]
    assert target.text == cells[1] and slices.needed(slices.every(cells), 0, "h") == ([], None)
    assert slices.needed(slices.every(["x = 1", "def h(:"]), 1, "h") == ([], None)


@pytest.mark.parametrize("source, unwritten", [
    ("out = ...", True), ("check.toy(1, ...)", True), ("[(..., ...)]", True), ("def f(x):\n    ...", True), ("x[..., 0]", False),
    ("# ...\nx = '...'", False), ("x = (", False), ("tuple[int, ...]", False)])
def test_dots_that_stand_for_an_answer(source, unwritten):
    assert slices.dots(source) == unwritten


def test_metadata_may_be_lost_and_cells_may_be_there_twice(tmp_path):
    right, toy = blocks()["relu_forward"], "answer = 2 + 2\ncheck.toy(5, answer)"
    rows = graded(tmp_path, [(None, right), (None, toy)])
    assert rows["relu_forward"].status == rows["toy_05"].status == "passed" and rows["toy_06"].status == "missing"
    rows = graded(tmp_path, [("relu_forward", right), ("relu_forward", forward("out = ...\n    return out, x")),
                             ("toy_05", "check.toy(5, 3)"), ("toy_05", toy), ("toy_06", "7")])
    assert rows["relu_forward"].status == rows["toy_05"].status == "passed"
    assert "It is there more than once; work.ipynb, code cell 5 counts, not work.ipynb, code cell 4." in rows["toy_05"].text
    assert rows["toy_06"].status == "failed" and "there is no check.toy(6, ...) in it" in rows["toy_06"].text
    rows = graded(tmp_path, {"relu_forward": "def relu_forwards(x):\n    return x, x",
                             "relu_backward": "def relu_backward(dout, cache:\n    pass"})
    assert "there is no relu_forward in it" in rows["relu_forward"].text and "cannot be read: SyntaxError" in rows["relu_backward"].text


def test_a_folder_with_a_broken_notebook_is_graded_all_the_same(tmp_path):
    write_notebook(tmp_path / "a.ipynb", [("toy_05", "check.toy(5, 4)")])
    (tmp_path / "b.ipynb").write_text("{ half")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    write_notebook(tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb", [("toy_05", "check.toy(5, 1)")])
    found = submission.read(tmp_path)
    assert list(found.works) == ["toy_05"] and found.notes == ("b.ipynb cannot be read as a notebook.",)


BAD_TARS = {
    "leads out": (member("hw7/../../cnn_lenet.py", b"x"), "'hw7/../../cnn_lenet.py' leads out of the folder"),
    "absolute": (member("/etc/cnn_lenet.py", b"x"), "'/etc/cnn_lenet.py' leads out of the folder"),
    "backslash": (member("..\\cnn_lenet.py", b"x"), "leads out of the folder"),
    "drive": (member("C:cnn_lenet.py", b"x"), "leads out of the folder"),
}
LEFT_OUT = {
    "symbolic link": (member("hw7/a.ipynb", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "hw7/a.ipynb was left out: it is a link."),
    "hard link": (member("hw7/a.ipynb", type=tarfile.LNKTYPE, linkname="../../secret"), "hw7/a.ipynb was left out: it is a link."),
    "device": (member("hw7/a.ipynb", type=tarfile.CHRTYPE), "hw7/a.ipynb was left out: it is a device or a pipe."),
    "pipe": (member("hw7/a.ipynb", type=tarfile.FIFOTYPE), "hw7/a.ipynb was left out: it is a device or a pipe."),
}


def write_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", BAD_TARS)
def test_a_tar_that_leads_out_is_refused_in_a_sentence(tmp_path, name, capsys):
    bad, words = BAD_TARS[name]
    path = write_tar(tmp_path / "hw7.tar", [member("hw7/b.py", b"def relu_forward(input, layer): pass"), bad])
    assert main([str(path)]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and "Traceback" not in said


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_no_file_in_a_tar_is_left_out(tmp_path, name):
    odd, words = LEFT_OUT[name]
    path = write_tar(tmp_path / "hw7.tar", [odd, member("hw7/b.py", b"def relu_forward(input, layer): pass")])
    found = submission.read(path)
    assert list(found.works) == ["relu_forward"] and found.notes == (words,)


def test_bombs_and_other_files_are_refused(tmp_path, monkeypatch):
    work = member("hw7/b.py", b"def relu_forward(input, layer): pass")
    header = member("hw7/a.ipynb")[0]
    header.size = 2 ** 40                                              # it says so; nothing behind it
    (tmp_path / "huge.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    write_tar(tmp_path / "many.tar", [work, *(member(f"hw7/{n}.py") for n in range(files.MOST_FILES))])
    (tmp_path / "half.tar").write_bytes(write_tar(tmp_path / "whole.tar", [member("hw7/b.py", bytes(5000))]).read_bytes()[:2000])
    (tmp_path / "text.tar").write_text("no tar")
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "a.ipynb").symlink_to("../../elsewhere.ipynb")
    (tmp_path / "notes.txt").write_text("my homework")
    (tmp_path / "a.ipynb").write_text('{"cells": []}')
    for name, words in (("huge.tar", "is too large"), ("many.tar", f"more than {files.MOST_FILES} files"),
                        ("half.tar", "hw7"), ("text.tar", "is not a tar as"), ("empty", "holds none of the exercises"),
                        ("linked", "a.ipynb was left out: it is a link"), ("notes.txt", "is not a notebook"), ("nowhere", "There is no nowhere"),
                        ("a.ipynb", "holds none of the exercises")):
        with pytest.raises(submission.NotASubmission, match=words):
            submission.read(tmp_path / name)
    monkeypatch.setattr(files, "LARGEST_TOTAL", 100)
    with pytest.raises(submission.NotASubmission, match="is too large"):
        files.read(tmp_path / "whole.tar")


def test_names_of_files_reach_the_terminal_clean(tmp_path, capsys):
    path = tmp_path / "\x1b[31mnotes.txt"
    path.write_text("none")
    assert main([str(path)]) == 2 and "?[31mnotes.txt is not a notebook" in capsys.readouterr().err


def test_what_is_cut_is_said(tmp_path):
    long = "check.toy(5, 4)\n" + "#" * cells.LONGEST
    found = submission.read(write_notebook(tmp_path / "work.ipynb", [("toy_05", long), ("toy_06", "check.toy(6, 7)"), (None, long)]))
    assert found.notes == ("work.ipynb: only the first 100000 characters were read of code cell 2, 4.",)


def test_modules_come_along_whole_or_the_submission_is_too_large(tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    long = "#" * 2 ** 20 + "\n"
    (folder / "helper.py").write_text(long + "def cut(x): return x * (x > 0)")
    write_notebook(folder / "work.ipynb", [("relu_forward", forward("import helper\n    return helper.cut(x), x")),
                                           ("toy_05", "check.toy(5, 4)")])
    assert {row.status for row in grading.grade(submission.read(folder), 1).rows if row.place} == {"passed"}
    for number in range(33):
        (folder / f"more{number}.py").write_text(long)
    rows = [row for row in grading.grade(submission.read(folder), 1).rows if row.place]
    assert [row.text for row in rows] == ["The submission is too large to be run: more than 8 MiB of files beside the notebooks."] * 2
    assert {row.status for row in rows} == {"failed"} and statistics.check_of({"status": "failed", "text": rows[0].text}) == "reads"
    monkeypatch.setattr(protocol, "MOST", 1000)
    row = graded(tmp_path, {"toy_05": "check.toy(5, 4)" + " " * 1000})["toy_05"]
    assert row.status == "failed" and row.text.startswith("The submission is too large to be run: more than")


def test_a_module_whose_name_no_file_can_have_gets_another(tmp_path):
    odd, content = member("hw7/a.py", b"x = 1")
    odd.pax_headers = {"path": "hw7/a\0b.py"}
    work = write_notebook(tmp_path / "work.ipynb", [("toy_05", "check.toy(5, 4)")]).read_bytes()
    found = submission.read(write_tar(tmp_path / "hw7.tar", [(odd, content), member("hw7/work.ipynb", work)]))
    assert list(found.files) == ["hw7/a_b.py"] and grading.grade(found, 1).score == 1


# ------------------------------------------------------------------------------------------------------- the handout's interface


def handout_folder(folder, **changed):
    """cnn_lenet.py with all seven functions right: the text of `lenet_lab.handout`'s own, on plain arrays."""
    source = (bundle.ADAPTER.read_text().replace("import functions as workbook", "from lenet_core import ops\nimport helper as workbook"))
    (folder / "hw7").mkdir(parents=True)
    (folder / "hw7" / "helper.py").write_text("import numpy as np\nfrom lenet_core import ops\n" + "\n\n".join(
        blocks()[name] for name in points.GRADED if name in EXERCISES))
    for old, new in changed.values():
        assert old in source
        source = source.replace(old, new)
    (folder / "hw7" / "cnn_lenet.py").write_text(source)
    return folder


def test_the_handouts_seven_functions_in_a_folder_and_one_wrong(tmp_path):
    rows = grading.grade(submission.read(handout_folder(tmp_path / "right")), 5).rows
    assert sum(row.points for row in rows) == 73
    wrong = handout_folder(tmp_path / "wrong", decay=('("b", b_rate, 0.0)', '("b", b_rate, decay)'))
    rows = [row for row in grading.grade(submission.read(wrong), 5).rows if row.status == "failed"]
    assert [(row.item.exercise, row.misconception) for row in rows] == [("sgd_momentum", "decay on biases")]


def test_a_handout_function_that_changes_its_arguments(tmp_path):
    (tmp_path / "cnn_lenet.py").write_text(
        "def relu_forward(input, layer):\n    input['data'][input['data'] < 0] = 0\n    return input\n\n"
        "def relu_backward(output, input, layer):\n    input['mask'] = input['data'] > 0\n    return output['diff'] * input['mask']\n")
    rows = {row.item.exercise: row for row in grading.grade(submission.read(tmp_path / "cnn_lenet.py"), 5).rows}
    assert "it changes an array that it was given" in rows["relu_forward"].text
    assert "it changes input['mask']" in rows["relu_backward"].text and rows["sgd_momentum"].status == "missing"


# -------------------------------------------------------------------------------------------- the same verdicts as in the notebook

SAME = {
    "global state": "np.random.seed(0)\n    return np.maximum(x, 0), x",
    "error handling": "np.seterr(all='raise')\n    return np.maximum(x, 0), x",
    "prints": "print('look at me')\n    return np.maximum(x, 0), x", "in place": "x[x < 0] = 0\n    return x, x", "nothing": "pass",
    "dots": "...", "dots in a formula": "return x * ..., x", "one array": "return np.maximum(x, 0)", "a text": "return 'no', x",
    "whole numbers": "return np.maximum(x, 0).astype(int), x", "wrong": "return np.abs(x), x", "shape": "return np.maximum(x, 0)[:1], x",
    "name": "return y, x", "objects": "return x.astype(object), x",
    "order of memory": "return np.asfortranarray(np.maximum(x, 0)), lambda: x",
    "list": "return np.maximum(x, 0).tolist(), x", "float32": "return np.maximum(x, 0).astype(np.float32), x", "key": "return {}['k'], x",
    "reshaped": "x.shape = (-1,)\n    return np.maximum(x, 0), x",
}


LINE = r" \(line \d of your function\)|; line \d of your function"                    # said in other places, in the same words


def test_a_function_called_from_afar_gets_the_same_verdict(tmp_path, how):
    job = {name: {"kind": "function", "name": "relu_forward", "own": 1, "names": [],
                  "cells": ["import numpy as np", forward(body)]} for name, body in SAME.items()}
    with Sandbox(job, how=how) as box:
        for name, body in SAME.items():
            room = {"np": np}
            exec(compile(forward(body), __file__, "exec"), room)
            here = engine.examine(EXERCISES["relu_forward"], room["relu_forward"], seed=4)
            if name.startswith("dots"):                                # here there is no source to read
                here = check.Verdict("relu_forward", False, "Not written yet.")
            there = engine.examine(EXERCISES["relu_forward"], box.function(name), seed=4)
            assert (there.passed, there.misconception) == (here.passed, here.misconception), name
            assert re.sub(LINE, "", there.text) == re.sub(LINE, "", here.text)


def test_a_backward_function_gets_the_cache_of_its_own_forward_function(tmp_path):
    own = forward("return np.where(x > 0, x, 0), {'open': x > 0, 'made by': object()}")
    rows = graded(tmp_path, {"relu_forward": own, "relu_backward": backward("return dout * cache['open']")})
    assert rows["relu_backward"].status == "passed"
    rows = graded(tmp_path, {"relu_forward": own, "relu_backward": backward("cache['open'][:] = True\n    return dout * cache['open']")})
    assert "changes what it was given: cache" in rows["relu_backward"].text
    slip = own.replace("np.where(x > 0, x, 0)", "np.where(x > 0, x, 0) * (x < 1)")          # one's own mistake costs once, not twice
    rows = graded(tmp_path, {"relu_forward": slip, "relu_backward": backward("return dout * cache['open']")})
    assert [rows[name].status for name in ("relu_forward", "relu_backward")] == ["failed", "passed"]
    row = graded(tmp_path, {"relu_backward": backward("return dout * cache['open']")})["relu_backward"]
    assert row.status == "failed" and "It was given the cache of the package's forward function" in row.text


def test_knowing_the_cases_of_the_notebook_does_not_help(tmp_path):
    """A function that has the answers to the visible cases (seed 0) passes there, and fails with the hidden seed."""
    known = {}

    def listening(x):
        known[repr(x.tolist())] = np.maximum(x, 0).tolist()
        return np.maximum(x, 0), x

    assert engine.examine(EXERCISES["relu_forward"], listening).passed
    source = f"def relu_forward(x):\n    known = {known!r}\n    return np.array(known.get(repr(x.tolist()), 0 * x), x.dtype), x"
    assert graded(tmp_path, {"relu_forward": source}, seed=0)["relu_forward"].status == "passed"
    assert graded(tmp_path, {"relu_forward": source}, seed=1)["relu_forward"].status == "failed"


def test_the_same_seed_gives_the_same_result(tmp_path):
    wrong = {"relu_forward": forward("return x + 1, x")}
    first, again, other = (graded(tmp_path, wrong, seed)["relu_forward"].text for seed in (5, 5, 6))
    assert first == again and "out[0, 0] is 0, expected 0" not in first and "expected" in first
    wrong = {"relu_forward": forward("return np.where(np.arange(x.size).reshape(x.shape) > 5, 0, np.maximum(x, 0)), x")}
    texts = {graded(tmp_path, wrong, seed)["relu_forward"].text for seed in (5, 6)}
    assert len(texts) == 2


def test_derivations_and_curves_can_be_looked_at_too(tmp_path):
    cells = {"derive_dense_dx": "check.derivation('dense_dx', lambda W, x, g: W @ g)",
             "derive_dense_db": "check.derivation('dense_db', lambda W, x, g: ...)", "derive_rows_dX": blocks()["derive_rows_dX"],
             "hinges_target": blocks()["hinges_target"], "hinges_tent": "tent_b = ...\ntent_kinks = [(..., ...)]"}
    rows = graded(tmp_path, cells, practice=True)
    assert {name: rows[name].status for name in cells} == dict(zip(cells, ("failed", "not written", "passed", "passed", "not written")))
    assert rows["derive_dense_dx"].misconception == "transposed W" and rows["derive_rows_dX"].points == 0
    assert "im2col" in rows and "im2col" not in graded(tmp_path, {"toy_05": "check.toy(5, 4)"})


# --------------------------------------------------------------------------------------------------- submissions that mean no good
# The body of a function relu_forward(x), and what its row has to say: within walls, and without.

TO_EVERYBODY = ("import os\n    message = {}\n    for n in range(3, 20):\n        try: os.write(n, message)\n        except OSError: pass\n"
                "    return x, x")
BOTH = {
    "exits": ("import os\n    os._exit(3)", "ended by itself, with exit status 3"),
    "crashes": ("import os\n    os.kill(os.getpid(), 11)", (*["was ended by the system (SIGSEGV)"] * 2, "not allowed")),
    "hangs": ("while True: pass", "does not end: stopped after 1.2 seconds"),
    "sleeps": ("import time\n    time.sleep(1000)", "does not end: stopped after 1.2 seconds"),
    "stops itself": ("import _signal, os\n    os.kill(os.getpid(), 19)", ("does not end", "does not end", "os.kill is not allowed")),
    "forks": ("import os\n    while True: os.fork()", ("BlockingIOError", "BlockingIOError", "os.fork is not allowed")),
    "starts threads": ("import _thread\n    while True: _thread.start_new_thread(lambda: None, ())", "can't start new thread"),
    "takes memory": ("kept = []\n    while True: kept.append(bytearray(10 ** 7))", "MemoryError"),
    "fills a file": ("with open('big', 'wb') as file:\n        while True: file.write(bytes(10 ** 6))", ("File too large", "File too large", "")),
    "fills the folder": ("for n in range(10 ** 6):\n        with open(f'big{n}', 'wb') as file: file.write(bytes(10 ** 6))",
                         ("No space left", *["more than 16 MiB of files"] * 2)),
    "floods": ("import os\n    while True: os.write(1, bytes(10 ** 5))", "does not end"),
    "prints for ever": ("while True: print('passed')", "does not end"),
    "kills its parent": ("import os\n    os.kill(os.getppid(), 9)\n    raise ValueError('alive')",
                         ("PermissionError", "PermissionError", "not allowed")),
    "kills everybody": ("import os\n    os.kill(-1, 9)", ("PermissionError", "PermissionError", "os.kill is not allowed")),
    "closes every line": ("import os\n    os.closerange(0, 1000)", "Its process ended by itself"),
    "returns too much": ("return np.zeros((10 ** 4, 10 ** 4)), x", "what it returns is too large"),
    "returns a deep list": ("kept = []\n    for _ in range(10 ** 5): kept = [kept]\n    return kept, x", "wanted is an array of numbers"),
    "sends nonsense": (TO_EVERYBODY.replace("{}", "b'\\xff' * 100"), "cannot be read"),
    "sends much": (TO_EVERYBODY.replace("{}", "__import__('_grader.protocol').protocol.HEAD.pack(2 ** 20 + 1, 0) + bytes(2 ** 20 + 1)"),
                   "cannot be read (more than 1 MiB without its arrays)"),
    "returns a long text": ("return 'x' * 2 ** 20, x", "what it returns is too large: more than 1 MiB without its arrays"),
    "sends a fake result": (TO_EVERYBODY.replace(
        "{}", "__import__('_grader.protocol').protocol.pack({'value': (x, x), 'passed': True, 'score': 100})"), "out"),
    "prints a fake result": ("print('{\"score\": 100, \"passed\": true}')\n    return x, x", "negative numbers must become 0"),
    "changes NumPy": ("np.isclose = np.allclose = np.array_equal = np.testing = lambda *a, **k: True\n    return x, x",
                      "negative numbers must become 0"),
    "looks for the checks": ("import gc, sys\n    frame, seen = sys._getframe(), []\n"
                             "    while frame:\n        seen += [*frame.f_locals, *frame.f_globals]\n"
                             "        frame = frame.f_back\n    seen += [type(o).__name__ for o in gc.get_objects()] + list(sys.modules)\n"
                             "    wanted = ('seed', 'Case', 'Exercise', 'Verdict', 'expected', 'lenet_lab.grade', 'engine')\n"
                             "    raise ValueError([word for word in wanted if any(word in one for one in seen)])", "ValueError: []"),
    "looks for secrets": ("import os\n    raise ValueError([key for key in os.environ if 'SECRET' in key or 'SEED' in key])",
                          "ValueError: []"),
    "takes the answer": ("return ops.relu_forward(x)", "ops.relu_forward is the function to be written here"),
    "reads the answer": ("room = {}\n    exec(open(ops.__file__).read(), room)\n    return room['relu_forward'](x)",
                         ("is the function to be written here", "", "")),
    "raises its limits": ("import resource\n    resource.setrlimit(resource.RLIMIT_NPROC, (100, 100))",
                          ("not allowed to raise", "not allowed to raise", "not allowed")),
    "leaves by SystemExit": ("raise SystemExit(0)", "It raises SystemExit"),
    "calls itself": ("return relu_forward(x)", "RecursionError"),
    "raises the unspeakable": ("class Evil(Exception):\n        def __str__(self): raise ValueError\n    raise Evil", "It raises Evil"),
    "paints the terminal": ("raise ValueError('\\x1b[31mred\\x07')", "ValueError: ?[31mred?"),
    "reads from the keyboard": ("return input(), x", "EOFError"),
}


@pytest.mark.parametrize("how, name", [
    *(("namespaces", name) for name in BOTH),
    *((how, name) for how in LEVELS[1:] for name in ("hangs", "forks", "fills the folder", "kills its parent", "sends a fake result")),
    *(pytest.param(how, name, marks=pytest.mark.slow) for how in LEVELS[1:] for name in (
        "exits", "crashes", "stops itself", "starts threads", "takes memory", "fills a file", "floods", "kills everybody", "sends nonsense",
        "sends much", "raises its limits"))], indirect=["how"])
def test_whatever_a_submission_does_it_gets_a_row_and_the_grader_goes_on(tmp_path, monkeypatch, how, name):
    monkeypatch.setenv("MY_SECRET", "hush")
    body, words = BOTH[name]
    limits = Limits(seconds=20, memory=512 * 2 ** 20) if name == "takes memory" else SHORT
    path = write_notebook(tmp_path / "work.ipynb", [("relu_forward", forward(body)), ("toy_05", "check.toy(5, 4)")])
    result = grading.grade(submission.read(path), 1, limits, how=how)
    rows = {row["exercise"]: row for row in report.as_json(result)["rows"]}
    assert rows["relu_forward"]["status"] == "failed"
    assert (words if isinstance(words, str) else words[LEVELS.index(how)]) in rows["relu_forward"]["text"]
    assert rows["toy_05"]["status"] == "passed" and len(result.rows) == len(points.ITEMS) and result.score == 1


WALLS = {
    "no network": ("import socket\n    socket.create_connection(('192.0.2.1', 80), 5)", "Operation not permitted"),
    "no files of this machine": ("import os\n    raise ValueError([os.path.exists(p) for p in (HERE, '/etc/passwd', '/proc/1', PACKAGES)])",
                                 "[False, False, False, True]"),
    "nothing can be written": ("import os\n    raise ValueError([p for p in ('/', '/usr', '/dev', PACKAGES) if os.access(p, os.W_OK)])",
                               "ValueError: []"),
    "none of this package": ("from importlib.util import find_spec\n    found = []\n"
                             "    for name in ('lenet_lab.grade', 'lenet_lab.inside', 'lenet_core.training'):\n"
                             "        try: found.append(find_spec(name))\n        except ModuleNotFoundError: found.append(None)\n"
                             "    raise ValueError(found)", "[None, None, None]"),
    "no new namespaces": ("import ctypes\n    raise ValueError(ctypes.CDLL(None).unshare(0x10000000))", "ValueError: -1"),
    "the folder is empty": ("import os\n    raise ValueError(os.listdir('.'))", "ValueError: []"),
}


@pytest.mark.parametrize("name", WALLS)
def test_walls_hold_where_there_are_some(tmp_path, name):
    if sandbox.isolation() != "namespaces":
        pytest.skip("this machine does not let a process have namespaces of its own (unshare)")
    body, words = WALLS[name]
    names = f"HERE, PACKAGES = {__file__!r}, {walls.PACKAGES!r}"
    row = graded(tmp_path, [(None, names), ("relu_forward", forward(body))], limits=SHORT)["relu_forward"]
    assert row.status == "failed" and words in row.text


def test_a_package_among_pythons_folders_is_hidden(tmp_path, monkeypatch):
    if sandbox.isolation() != "namespaces":
        pytest.skip("this machine does not let a process have namespaces of its own (unshare)")
    covered = os.path.dirname(np.testing.__file__)
    assert os.listdir(covered)
    monkeypatch.setattr(walls, "hidden", lambda: [os.path.realpath(covered)])
    row = graded(tmp_path, {"relu_forward": forward(f"import os\n    raise ValueError(os.listdir({covered!r}))")})["relu_forward"]
    assert "ValueError: []" in row.text


def test_a_fence_stands_where_there_are_no_walls(tmp_path, monkeypatch):
    how = level(WITHOUT_WALLS, monkeypatch)
    for body, words in (("open('../../outside', 'w')", "writing outside the folder is not allowed"),
                        ("import os\n    os.remove('../library/protocol.py')", "writing outside"),
                        ("import os\n    os.chdir('/usr')", "writing outside"),
                        ("import os\n    os.open('/usr', os.O_RDONLY)", "writing outside"),
                        ("import os\n    os.mkdir('deeper', dir_fd=os.open('.', os.O_RDONLY))", "by the number of a folder"),
                        ("import os, signal\n    signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)", "not allowed|not permitted"),
                        ("import os, resource\n    resource.prlimit(os.getppid(), resource.RLIMIT_CPU)", "not allowed"),
                        (f"open({check.__file__!r})", "reading this package is not allowed|Permission denied"),
                        ("import os\n    os.system('ls')", "os.system is not allowed"),
                        ("import _socket\n    _socket.socket().connect(('192.0.2.1', 80))", "not allowed|not permitted|No module named"),
                        ("open('inside', 'w').write('a')\n    return np.maximum(x, 0), open('inside').read()", "These checks pass")):
        row = graded(tmp_path, {"relu_forward": forward(body)}, how=how)["relu_forward"]
        assert re.search(words, row.text), row.text


def test_where_there_are_no_walls_a_seed_on_the_command_line_can_be_read_and_one_in_the_environment_cannot(tmp_path, monkeypatch, capsys):
    how = level(WITHOUT_WALLS, monkeypatch)
    if not os.path.exists("/proc/self/environ"):
        pytest.skip("this system has no /proc")
    for place, words in (("cmdline", "ValueError: command line"), ("environ", "PermissionError")):
        body = f"import os\n    raise ValueError('command line'[:len(open(f'/proc/{{os.getppid()}}/{place}').read())])"
        assert words in graded(tmp_path, {"relu_forward": forward(body)}, how=how)["relu_forward"].text
    assert all(("a --seed in the list of processes" in text) == (how not in walls.WALLS) for how, text in walls.PROTECTION.items())
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "The environment is safer" in " ".join(capsys.readouterr().out.split())


def test_a_cell_that_says_something_odd_in_the_graders_language(tmp_path, how):
    odd = ("import os, numpy\nfrom _grader import protocol\nodd = {'failed': {'toy_05': numpy.ones(2)}, 'answers': {'toy_05': numpy.zeros(2)}}\n"
           "for n in range(3, 20):\n    try: os.write(n, protocol.pack(odd))\n    except OSError: pass\ncheck.toy(5, 0)")
    cells = {"toy_05": odd, "toy_06": "check.toy(6, 'x' * 2 ** 20)", "toy_07": "check.toy(7, 39)"}
    rows = graded(tmp_path, cells, how=how)
    assert [rows[name].status for name in ("toy_05", "toy_06", "toy_07")] == ["failed", "failed", "passed"]
    assert rows["toy_06"].text == "Its answer is too large."


@pytest.mark.parametrize("how", ["namespaces", *(pytest.param(how, marks=pytest.mark.slow) for how in LEVELS[1:])], indirect=True)
def test_a_cell_that_hangs_or_dies_before_there_is_a_function(tmp_path, how):
    rows = graded(tmp_path, {"toy_05": "while True: pass\ncheck.toy(5, 4)", "toy_06": "import os\nos._exit(1)\ncheck.toy(6, 7)",
                             "toy_07": "1 / 0\ncheck.toy(7, 39)", "toy_08": "check.toy(8, answer=0.9526)"}, limits=SHORT, how=how)
    assert "stopped after 1.2 seconds" in rows["toy_05"].text and "exit status 1" in rows["toy_06"].text
    assert "Its cell raises ZeroDivisionError" in rows["toy_07"].text
    assert rows["toy_08"].status == "passed"


def test_what_is_not_the_submissions_fault_costs_it_no_points(tmp_path, small, monkeypatch, capsys):
    read = sandbox.Sandbox._read_said
    monkeypatch.setattr(sandbox.Sandbox, "_read_said", lambda self: (time.sleep(0.3), read(self)))    # the process has ended before it is read
    monkeypatch.setattr(walls, "START", "raise SystemExit('no Python here')")
    walls.isolation.cache_clear()
    assert main([str(small)]) == 1
    walls.isolation.cache_clear()
    said = capsys.readouterr()
    assert said.out == "" and "The sandbox cannot be started." in said.err and "no Python here" in said.err and "Traceback" not in said.err


def test_a_fault_of_the_grader_costs_one_row(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "examine", lambda *args, **kwargs: 1 / 0)
    rows = graded(tmp_path, {"toy_05": "check.toy(5, 4)", "relu_forward": blocks()["relu_forward"]})
    assert rows["toy_05"].status == "passed" and "The grader failed on it: ZeroDivisionError" in rows["relu_forward"].text


# -------------------------------------------------------------------------------------------------------------------- the protocol


def test_values_survive_the_wire(rng):
    values = [None, True, 3, -2 ** 70, 0.1, math.inf, "text \N{BLACK STAR}", ..., [1, (2, [])], {"a": {1: None}}, np.float32(2.5),
              np.arange(6).reshape(2, 3), np.zeros((0, 3)), np.array(1.5), np.array([True, False]), np.array([1, 2], ">i4"),
              rng.standard_normal((2, 3, 4)).transpose(2, 0, 1), "x" * (2 ** 20 + 1), [np.zeros(2), {"a": np.ones(3)}, np.float64(2)]]
    for value in values:
        packed = protocol.pack(value)
        back = protocol.unpack(packed[:protocol.HEAD.size], packed[protocol.HEAD.size:])
        assert type(back) is type(value)
        if isinstance(value, np.ndarray):
            assert back.dtype == value.dtype and back.flags.writeable
            assert np.argsort(back.strides).tolist() == np.argsort(value.strides).tolist()
        np.testing.assert_equal(back, value)
    packed = protocol.pack([object(), np.array([None]), np.nan])
    back = protocol.unpack(packed[:16], packed[16:])
    assert type(back[0]).__name__ == "object" and isinstance(back[0], protocol.Other) and back[1].dtype == object and np.isnan(back[2])


def test_nothing_but_garbled_comes_of_other_bytes():
    good = protocol.pack({"value": [np.arange(12.0).reshape(3, 4), "text", ...], "args": ()})
    chance, garbled = random.Random(0), 0
    for _ in range(3000):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        try:
            protocol.length(bytes(bad[:16]))
            protocol.unpack(bytes(bad[:16]), bytes(bad[16:]))
        except protocol.Garbled:
            garbled += 1
    assert garbled > 1000
    for tree in ('["array", "<f8", [1000000000000], [0]]', '["array", "|O8", [1], [0]]', '["array", "<f8", [-1], [0]]',
                 '["array", "<f8", [2], [1]]', '{"a": 1}', '["array"]', "[" * 10 ** 5, '["nothing known"]',
                 '["list", ' * 30 + "0" + "]" * 30):
        with pytest.raises(protocol.Garbled):
            protocol.unpack(protocol.HEAD.pack(len(tree), 0), tree.encode())


@pytest.mark.parametrize("part, body", [
    ('["other","x"]', 0), ('["other","x%d"]', 0), ('["array","|u1",[0],[0]]', 0), ('["odd array",[1]]', 0), ('["list"]', 0), ("0", 0),
    ('["array","|u1",[1000000],[0]]', 10 ** 6)])
def test_a_message_takes_memory_in_proportion_to_its_bytes(part, body):
    """Many of one kind of thing in a message; the last time the same bytes are named again and again."""
    number = 200_000 // len(part)
    tree = '["list",' + ",".join(part % n if "%" in part else part for n in range(number)) + "]"
    head, rest = protocol.HEAD.pack(len(tree), body), tree.encode() + bytes(body)
    protocol.length(head, protocol.MOST_JSON)
    tracemalloc.start()
    try:
        with pytest.raises(protocol.Garbled, match="missing bytes") if body else contextlib.nullcontext():
            made = protocol.unpack(head, rest)
            assert len(made) == number and len({type(one) for one in made}) <= protocol.MOST_NAMES + 1
        assert tracemalloc.get_traced_memory()[1] < 64 * len(rest)
    finally:
        tracemalloc.stop()
    with pytest.raises(protocol.Garbled, match="more than 1 MiB without its arrays"):
        protocol.length(protocol.HEAD.pack(protocol.MOST_JSON + 1, body), protocol.MOST_JSON)


def test_the_fuzzer_says_what_it_needs():
    alone = "import runpy, sys; sys.modules['atheris'] = None; runpy.run_module('tests.fuzz', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1 and "pip install atheris" in done.stderr


# ------------------------------------------------------------------------------------------------------------------- the formats


@pytest.fixture
def small(tmp_path):
    return write_notebook(tmp_path / "work.ipynb", [("toy_05", "check.toy(5, 4)"), ("relu_forward", forward("return np.abs(x), x"))])


def test_gradescopes_format(small, tmp_path, capsys):
    """Required and typed as in Gradescope's autograder specifications (output format)."""
    out = tmp_path / "results.json"
    assert main([str(small), "--format", "gradescope", "--out", str(out), "--seed", "3"]) == 0 and capsys.readouterr().out == ""
    result = json.loads(out.read_text())
    assert result["score"] == 1 and isinstance(result["output"], str)
    assert result["stdout_visibility"] in ("hidden", "after_due_date", "after_published", "visible")
    assert len(result["tests"]) == 19 and sum(test["max_score"] for test in result["tests"]) == 85
    for test in result["tests"]:
        assert {"score", "max_score", "name", "number", "output", "status"} <= test.keys()
        assert 0 <= test["score"] <= test["max_score"] and test["status"] in ("passed", "failed")
        assert all(isinstance(test[key], str) for key in ("name", "number", "output"))
    assert sum(test["score"] for test in result["tests"]) == result["score"] and result["extra_data"]["seed"] == 3
    assert "seed" not in json.dumps(result["tests"]).lower()


def test_autolabs_format(small, capsys):
    """The last line is JSON with "scores", a number for each problem ("Guide for Lab Authors")."""
    assert main([str(small), "--format", "autolab", "--seed", "123456"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said.rstrip("\n").splitlines()[-1]) == {"scores": {"QnA": 1, **{f"Q{n}": 0 for n in range(1, 8)}}}
    assert "[absolute value]" in said and "123456" not in said         # a seed that will be used again is not for students
    assert main([str(small), "--format", "autolab"]) == 0
    assert "Seed " in capsys.readouterr().out


def test_plain_json_can_be_redone(small, capsys, monkeypatch):
    assert main([str(small), "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("LENET_GRADE_SEED", str(first["seed"]))
    assert main([str(small), "--format", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    for row in (*first["rows"], *again["rows"]):
        row.pop("seconds")
    assert first == again
    row = next(row for row in first["rows"] if row["exercise"] == "relu_forward")
    assert (row["misconception"], row["points"], row["worth"], row["status"]) == ("absolute value", 0, 3, "failed")


def test_what_is_no_submission_is_said_in_a_sentence(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("none")
    for form in ("table", "json"):
        assert main([str(tmp_path / "notes.txt"), "--format", form]) == 2
        said = capsys.readouterr()
        assert said.out == "" and said.err.count("\n") == 1
    assert main([str(tmp_path / "notes.txt"), "--format", "gradescope"]) == 2        # there the student has to see why
    result = json.loads(capsys.readouterr().out)
    assert result["score"] == 0 and len(result["tests"]) == 19 and "is not a notebook" in result["output"]
    for arguments in ([], ["a", "--seconds", "0"], ["a", "--seed", "-1"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 2
    assert bundle.main([str(tmp_path), "--out", str(tmp_path / "hw7.tar")]) == 2 and not (tmp_path / "hw7.tar").exists()


# ------------------------------------------------------------------------------------------------------------------- statistics


def test_statistics_of_six_submissions(tmp_path, capsys):
    """Six submissions, three exercises (1, 3 and 3 points), known numbers."""
    right = blocks()
    toy, wrong = {"toy_05": "check.toy(5, 4)"}, {"relu_forward": forward("return np.abs(x), x")}
    one, two = ({name: right[name]} for name in ("relu_forward", "relu_backward"))
    work = {"a": toy | one | two, "b": toy | one | {"relu_backward": backward("return dout * (cache >= 0)")}, "c": toy | wrong | two,
            "d": toy | wrong | {"relu_backward": backward("return ...")}, "e": toy | {"relu_forward": forward("return y, x")},
            "f": toy | one}
    folder, out = tmp_path / "class", tmp_path / "statistics"
    folder.mkdir()
    for name, answers in work.items():
        write_notebook(folder / f"{name}.ipynb", answers.items())
    (folder / "readme.txt").write_text("not one of them")
    assert main(["--statistics", str(folder), "--out", str(out), "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert "6 submissions, 3.5 of 85 points on average." in said and "Omitted: readme.txt" in said
    with (out / "items.csv").open(newline="") as file:
        lines = {line["exercise"]: line for line in csv.DictReader(file)}
    keys = "written", "solved", "share solved", "mean points"
    assert [lines["toy_05"][key] for key in ("submissions", *keys, "separates")] == ["6", "6", "6", "1.0", "1.0", ""]
    assert [lines["relu_forward"][key] for key in keys] == ["6", "3", "0.5", "1.5"]
    assert [lines["relu_backward"][key] for key in keys] == ["3", "2", "0.333", "1.0"]
    # solved 1 1 0 0 0 1 against the points in the rest 4 1 4 1 1 1: the means 2 and 2 of both halves, so no correlation
    assert float(lines["relu_forward"]["separates"]) == 0
    # solved 1 0 1 0 0 0 against 4 4 1 1 1 4: means 2.5 and 2.5
    assert float(lines["relu_backward"]["separates"]) == 0
    with (out / "failures.csv").open(newline="") as file:
        why = {(line["exercise"], line["stopped at"], line["misconception"]): int(line["submissions"]) for line in csv.DictReader(file)}
    assert {key: number for key, number in why.items() if key[0].startswith("relu")} == {
        ("relu_forward", "values", "absolute value"): 2, ("relu_forward", "runs", "unknown name"): 1, ("relu_backward", "values", ">= for >"): 1,
        ("relu_backward", "not written", ""): 1, ("relu_backward", "missing", ""): 2}
    assert (out / "items.png").read_bytes().startswith(b"\x89PNG")
    assert "from 33% (relu_backward) to 100% (toy_05)" in (out / "items.txt").read_text()
    assert "absolute value in relu_forward (2 submissions)" in (out / "items.txt").read_text()

    kept = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    write_notebook(folder / "f.ipynb", {"toy_05": "check.toy(5, 5)"}.items())                 # only what has changed is graded anew
    assert main(["--statistics", str(folder), "--out", str(out), "--seed", "2"]) == 0
    assert [path.name for path, time in kept.items() if path.stat().st_mtime_ns != time] == ["f.ipynb.json"]
    assert main(["--combine", str(out / "results"), "--out", str(tmp_path / "again")]) == 0      # and results can be put together
    assert (tmp_path / "again" / "items.csv").read_text() == (out / "items.csv").read_text()


def test_how_well_an_exercise_separates():
    def one(*solved):
        rows = [{"exercise": name, "question": "", "status": "passed" if right else "failed", "points": worth * right, "worth": worth}
                for (name, worth), right in zip((("relu_forward", 3), ("relu_backward", 3), ("sgd_momentum", 7)), solved)]
        return {"rows": rows, "score": sum(row["points"] for row in rows)}
    lines = {line["exercise"]: line for line in statistics.items([one(1, 1, 1), one(1, 1, 0), one(0, 0, 1), one(0, 0, 0)])}
    # solved 1 1 0 0 against 10 3 7 0 points in the rest: covariance 0.75, deviations 0.5 and sqrt(14.5)
    assert lines["relu_forward"]["separates"] == lines["relu_backward"]["separates"] == round(0.75 / (0.5 * math.sqrt(14.5)), 2)
    assert lines["sgd_momentum"]["separates"] == 0


@pytest.mark.parametrize("function, stopped", [
    (lambda x: (y, x), "runs"), (lambda x: None, "returns"), (lambda x: np.maximum(x, 0), "returns"),                      # noqa: F821
    (lambda x: ("no", x), "returns"),
    (lambda x: (np.maximum(x, 0)[:1], x), "shapes"), (lambda x: (np.maximum(x, 0).astype(int), x), "number type"),
    (lambda x: (np.maximum(x, 0, out=x), x), "arguments unchanged"), (lambda x: (np.maximum(x, 0), np.random.seed(0)), "global state"),
    (lambda x: (np.abs(x), x), "values"), (lambda x: (x + 1, x), "values"), (7, "returns")])
def test_the_check_at_which_it_stopped_is_read_off_the_verdict(function, stopped):
    verdict = engine.examine(EXERCISES["relu_forward"], function)
    assert statistics.check_of({"status": "failed", "text": verdict.text}) == stopped


def test_the_other_checks_are_read_off_too():
    near = engine.examine(engine.Exercise("slope", ("dx",), lambda rng: [engine.Case("random", (np.ones(3),))], lambda x: (x,), ("x",),
                                          numeric=lambda case, gradient: {"dx": np.full(3, 2.0)}), lambda x: x.copy())
    for text, stopped in ((near.text, "finite differences"), ("It does not end: stopped after 8 seconds (with x (2, 3)).", "time"),
                          ("Its process was ended by the system (SIGSEGV).", "process"),
                          ("5 is not it, and none of the usual mistakes.", "answer"),
                          ("Its cell cannot be read: SyntaxError: invalid syntax.", "reads"),
                          ("Its cell raises ZeroDivisionError: division by zero.", "runs")):
        assert statistics.check_of({"status": "failed", "text": text}) == stopped


def test_one_submission_that_cannot_be_read_does_not_stop_the_class(tmp_path, capsys):
    folder = tmp_path / "class"
    folder.mkdir()
    write_notebook(folder / "z.ipynb", [("toy_05", "check.toy(5, 4)")])
    (folder / "a.ipynb").symlink_to("a.ipynb")
    (folder / "\x1b[31mnotes.txt").write_text("none")
    assert main(["--statistics", str(folder), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Omitted: .*a\.ipynb", said) and "Omitted: ?[31mnotes.txt" in said and "\x1b" not in said
    assert "1 submissions, 1.0 of 85 points" in said


def in_this_process(monkeypatch):
    """No other processes: an ordinary user may not be able to start this Python."""
    monkeypatch.setattr(submission, "in_a_process", lambda path: reader.answer(str(path), list(points.GRADED), {}))
    monkeypatch.setattr(statistics, "isolation", lambda: None)
    monkeypatch.setattr(statistics.os, "cpu_count", lambda: 1)


@pytest.mark.skipif(os.name == "nt", reason="rights of Unix")
def test_the_class_is_graded_but_for_what_is_closed(tmp_path, open_folder, monkeypatch, capfd):
    """Each closed submission has its line."""
    whole = write_notebook(tmp_path / "z.ipynb", [("toy_05", "check.toy(5, 4)")])
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "z.ipynb").write_bytes(whole.read_bytes())
    assert main(["--statistics", str(tmp_path / "class"), "--out", str(tmp_path / "out"), "--seed", "2"]) == 0
    result = grading.grade(submission.read(whole), 2)
    in_this_process(monkeypatch)
    monkeypatch.setattr(statistics, "grade", lambda *_: result)
    folder = open_folder / "class"
    (folder / "c").mkdir(parents=True)
    names = "a.ipynb", "b.zip", "c", "d.tar", "e.py"
    for name in ("z.ipynb", *names):
        if name != "c":
            (folder / name).write_bytes(whole.read_bytes())
    for name in names:
        (folder / name).chmod(0)
    open_folder.chmod(0o777)

    capfd.readouterr()
    lines = as_ordinary_user(lambda: [f"status {main(['--statistics', str(folder), '--out', str(open_folder / 'out'), '--seed', '2'])}"])
    shutil.rmtree(open_folder / "out")
    (folder / "c").chmod(0o755)
    shutil.rmtree(folder)
    said = capfd.readouterr()
    assert lines == ["status 0"], said.err
    for name in names:
        assert f"Omitted: {folder / name} cannot be used (Permission denied)." in said.out
    assert "1 submissions, 1.0 of 85 points" in said.out and "Traceback" not in said.err


@pytest.mark.skipif(os.name == "nt", reason="rights of Unix")
def test_a_class_that_is_closed_whole_is_not_called_empty(open_folder, monkeypatch, capfd):
    in_this_process(monkeypatch)
    folder = open_folder / "class"
    folder.mkdir()
    for name in "ab":
        write_notebook(folder / f"{name}.ipynb", [("toy_05", "check.toy(5, 4)")]).chmod(0)
    open_folder.chmod(0o777)
    lines = as_ordinary_user(lambda: [f"status {main(['--statistics', str(folder), '--out', str(open_folder / 'out')])}"])
    shutil.rmtree(folder), shutil.rmtree(open_folder / "out")
    said = capfd.readouterr().err
    assert lines == ["status 2"] and "holds no submissions that can be graded. Omitted: " in said
    assert f"{folder / 'a.ipynb'} cannot be used (Permission denied)." in said


@pytest.mark.skipif(WITHOUT_WALLS != "user", reason="only root lends a user")
def test_a_temporary_folder_that_the_lent_user_cannot_enter_is_no_fault_of_the_submission(tmp_path, monkeypatch):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(private))
    with pytest.raises(sandbox.NotStarted, match="who cannot enter .*Name a folder in TMPDIR"), Sandbox({}, how="user"):
        pass
    assert not list(private.iterdir())


def test_the_grader_runs_as_a_module(small):
    done = subprocess.run([sys.executable, "-m", "lenet_lab", "grade", str(small)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "work.ipynb: 1 of 85 points" in done.stdout and done.stderr == ""
