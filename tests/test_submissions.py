"""Right work in every form gets all points, and no attempt to get points without work gets any: samples here, all of it in `make study`."""

import ast
import contextlib
import functools
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from lenet_lab.check import toy_questions
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.solutions import blocks
from lenet_lab.grade import bundle, files, grading, report, sandbox, statistics, submission, walls
from lenet_lab.grade.points import GRADED
from lenet_lab.grade.sandbox import Limits
from lenet_lab.grade.terminal import main

from . import honest_work, hostile_work
from .test_grade import LEVELS, level, write_notebook

SHORT = Limits(seconds=3, statement=2, loading=8)
ALL = sum(item.points for item in GRADED.values())
FORMS, PACKAGES = sorted(honest_work.FORMS), sorted(honest_work.PACKAGES)
ATTEMPTS, ARCHIVES = sorted(hostile_work.ATTEMPTS), sorted(name for name in hostile_work.ARCHIVES if "result" not in name)


pytestmark = pytest.mark.usefixtures("grading_folder")

# -------------------------------------------------------------------------------------------------------------------- right work


@functools.cache
def plain():
    """{exercise: source} of the solved assignment."""
    return {exercise: cell.source for cell in honest_work.assignment().cells if (exercise := cell.metadata.get("lenet", {}).get("exercise"))}


def without_points(found, how=None):
    """{exercise: text} of what did not pass in a submission."""
    return {row.item.exercise: row.text for row in grading.grade(found, 7, how=how).rows if row.item.exercise and row.status != "passed"}


@pytest.mark.parametrize("name", [*FORMS[::6], *PACKAGES[::6]])
def test_right_work_gets_its_points(name, tmp_path):
    """Only what differs from the plain solved notebook is run."""
    found = submission.read(honest_work.handed_in(name, tmp_path))
    assert found.works.keys() >= GRADED.keys()
    changed = {exercise for exercise in GRADED if found.works[exercise].cells[found.works[exercise].own].strip() != plain()[exercise].strip()}
    lean = found._replace(works={exercise: found.works[exercise] for exercise in changed | {"relu_forward"}})
    assert {exercise: text for exercise, text in without_points(lean).items() if exercise in lean.works} == {}


@pytest.mark.slow
@pytest.mark.parametrize("how", LEVELS)
@pytest.mark.parametrize("name", [*FORMS, *PACKAGES])
def test_all_right_work_gets_all_points(name, how, tmp_path, monkeypatch):
    how = level(how, monkeypatch)
    assert without_points(submission.read(honest_work.handed_in(name, tmp_path)), how) == {}


def test_the_page_lists_all_of_them():
    assert len(FORMS) + len(PACKAGES) >= 60 and len(ATTEMPTS) + len(ARCHIVES) >= 60
    page = " ".join((Path(__file__).parent.parent / "docs" / "grader.md").read_text(encoding="utf-8").split())
    assert [name for name in (*FORMS, *PACKAGES, *ATTEMPTS, *hostile_work.ARCHIVES) if name not in page] == []


# ------------------------------------------------------------------------------------------------------------------ hostile work


@pytest.fixture
def places(tmp_path):
    """The places that an attempt must not reach: a file that must not be written, a secret that must not be read, a process to end."""
    (tmp_path / "secret").write_text("what nobody may read")
    (tmp_path / "secret").chmod(0o600)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield {"CANARY": str(tmp_path / "canary"), "SECRET": str(tmp_path / "secret"), "PARENT": process.pid}
        assert process.poll() is None
        process.kill()
    assert not (tmp_path / "canary").exists()


def processes():
    """The numbers of the processes that belong to the user of this grader's submissions, or are in its temporary folders."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")) if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{name}").st_uid == sandbox.USERS + os.getpid() or os.readlink(f"/proc/{name}/cwd").startswith(tempfile.tempdir):
                found.add(name)
    return found


def nothing_gained(path, how=None, seed=7):
    """Grade a hostile submission: no points, and nothing of what it must not say."""
    try:
        result = grading.grade(submission.read(path), seed, SHORT, practice=True, how=how)
    except submission.NotASubmission as error:
        assert "\n" not in str(error) and len(str(error)) < 1000
        return
    said = report.table(result) + json.dumps(report.as_json(result)) + json.dumps(report.gradescope(result))
    assert {row.item.exercise: row.points for row in result.rows if row.points} == {}
    assert not [row.item.exercise for row in result.rows if row.status == "passed"]
    assert "REACHED" not in said and "what nobody may read" not in said and "The grader failed" not in said
    assert not [line for line in report.table(result).splitlines() if line.startswith("hw7.tar: 85")]
    until = time.monotonic() + 5                                       # the system takes a moment to end what was killed
    while processes() and time.monotonic() < until:
        time.sleep(0.05)
    assert not processes()


@pytest.mark.parametrize("name", ATTEMPTS[::12])
def test_attempts_gain_nothing(name, tmp_path, places):
    nothing_gained(hostile_work.write(hostile_work.ATTEMPTS[name], tmp_path / "work", **places))


@pytest.mark.slow
@pytest.mark.parametrize("how", LEVELS)
@pytest.mark.parametrize("name", ATTEMPTS)
def test_all_attempts_gain_nothing(name, how, tmp_path, places, monkeypatch):
    how = level(how, monkeypatch)
    if how == "limits" and name in NOT_STOPPED:
        pytest.skip("without walls this is not stopped, and the first line of the report says so")
    nothing_gained(hostile_work.write(hostile_work.ATTEMPTS[name], tmp_path / "work", **places), how)


@pytest.mark.parametrize("name", ARCHIVES[::6])
def test_archives_gain_nothing(name, tmp_path):
    archive_gains_nothing(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHIVES)
def test_all_archives_gain_nothing(name, tmp_path):
    archive_gains_nothing(name, tmp_path)


def archive_gains_nothing(name, folder):
    """Reading it ends, and it gets no points."""
    (folder / "out").mkdir()
    nothing_gained(hostile_work.ARCHIVES[name](folder / "out"))


# What the level "limits" does not stop, where the secret belongs to the grader's own user; `walls.PROTECTION` says so.
NOT_STOPPED = {"files of the parent", "node outside", "opens the secret", "secret in other ways", "secret through numpy",
               "secret through the c library"}


@pytest.fixture
def impossible(monkeypatch):
    """Every exercise wants its right result plus a number that nobody can know: any point is a hole."""
    def beside(right):
        def wanted(*arguments, **keywords):
            return tuple(np.asarray(part) + (1 + secrets.randbelow(1000)) for part in right(*arguments, **keywords))
        return wanted

    for exercise in EXERCISES.values():
        monkeypatch.setattr(exercise, "right", beside(exercise.right))
        monkeypatch.setattr(exercise, "numeric", None)
    monkeypatch.setattr(toy_questions, "_answers", lambda question: ([np.float64(10 ** 6 + secrets.randbelow(10 ** 6))], []))


def test_an_impossible_exercise_gives_right_work_no_points(tmp_path, impossible):
    result = grading.grade(submission.read(honest_work.handed_in("a dict filled later", tmp_path)), 7)
    assert result.score == 0 and {row.status for row in result.rows if row.item.exercise} == {"failed"}


@pytest.mark.parametrize("name", ATTEMPTS[4::24])
def test_an_impossible_exercise_gives_attempts_no_points(name, tmp_path, places, impossible):
    nothing_gained(hostile_work.write(hostile_work.ATTEMPTS[name], tmp_path / "work", **places))


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_impossible_exercise_gives_no_attempt_any_points(name, tmp_path, places, impossible):
    nothing_gained(hostile_work.write(hostile_work.ATTEMPTS[name], tmp_path / "work", **places), seed=0)


def test_one_endless_function_costs_its_own_points_only(tmp_path):
    right = {name: blocks()[name] for name in GRADED if name in EXERCISES}
    wrong = {"relu_forward": "def relu_forward(x):\n    while True: pass", "max_pool_backward": "def max_pool_backward(dout, cache):\n    exit()"}
    found = submission.read(write_notebook(tmp_path / "work.ipynb", (right | wrong).items()))
    rows = {row.item.exercise: row for row in grading.grade(found, 7, SHORT).rows}
    assert {name for name in right if rows[name].status != "passed"} == wrong.keys()
    assert "does not end: stopped after 3 seconds" in rows["relu_forward"].text


# ----------------------------------------------------------------------------------------------------------------------- a class


def test_one_submission_never_stops_a_class(tmp_path, capsys):
    """Archives of all kinds, names that no system can store twice, forged results, a link; and one student who did the work."""
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for number, name in enumerate(["tar with many pax headers", "tar with a forged line", "notebook with a forged name", "forged result",
                                   "damaged result rows", "damaged result keys"]):
        (folder / f"in-{number}").mkdir()
        path = hostile_work.ARCHIVES[name](folder / f"in-{number}")
        path.rename(folder / f"{number}-{path.name}"[-200:])
        (folder / f"in-{number}").rmdir()
    right = write_notebook(tmp_path / "right.ipynb", [("relu_forward", blocks()["relu_forward"])]).read_bytes()
    for name in ("right.ipynb", "x" * 246 + ".ipynb", "hw7.tar: 85 of 85 points\nhw7.ipynb"):
        (folder / name).write_bytes(right)
    (folder / "link.ipynb").symlink_to(tmp_path / "right.ipynb")
    (out / "results").mkdir(parents=True)
    forged = json.loads(next(path for path in folder.iterdir() if path.name.endswith(".json")).read_text())
    (out / "results" / "right.ipynb.json").write_text(json.dumps(forged))
    assert main(["--statistics", str(folder), "--out", str(out), "--seed", "5"]) == 0
    said = capsys.readouterr().out
    assert "Omitted: link.ipynb is a link." in said and said.count(".json is not a notebook") == 3
    assert not [line for line in said.splitlines() if line.startswith("hw7.tar: 85")]
    scores = (out / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert len(scores) == 1 + len(list(folder.iterdir())) and sum(f",3,{ALL}," in line for line in scores) == 3
    assert not any(f",{ALL},{ALL}," in line for line in scores)


def test_whatever_happens_to_one_the_others_are_graded(tmp_path, monkeypatch, capsys):
    """Also if it ends the grader's own process, or raises what nobody expected."""
    for name in ("a", "b", "c"):
        write_notebook(tmp_path / f"{name}.ipynb", [("toy_05", "check.toy(5, 4)")])
    jobs = [(path, tmp_path / f"{path.stem}.json", 1, False, Limits(), list(GRADED)) for path in sorted(tmp_path.glob("*.ipynb"))]
    ended = [(jobs[0][0], Ends(), *jobs[0][2:]), *jobs[1:]]
    found = dict(statistics.graded(ended))
    assert "the grader's process was ended" in found[jobs[0][0]] and [found[job[0]]["score"] for job in jobs[1:]] == [1, 1]
    monkeypatch.setattr(statistics.os, "cpu_count", lambda: 1)
    monkeypatch.setattr(statistics, "grade", lambda *_: {}["nobody expected this"])
    found = dict(statistics.graded(jobs[:1]))
    assert "the grader failed on it (KeyError: 'nobody expected this'). Grade it by hand." in found[jobs[0][0]]


class Ends:
    """In place of the path of a stored result: it ends the process that reads it."""

    def read_text(self, encoding=None):
        """End the process."""
        os._exit(1)


def test_stored_results_are_whole_or_not_used(tmp_path, capsys):
    path = write_notebook(tmp_path / "work.ipynb", [("toy_05", "check.toy(5, 4)")])
    whole = report.as_json(grading.grade(submission.read(path), 1))
    (tmp_path / "results").mkdir()
    changes = {"score": 85, "rows": whole["rows"][:3], "worth": 1, "seed": "1", "fingerprint": None, "notes": [1]}
    for name, value in changes.items():
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps(whole | {name: value}))
    (tmp_path / "results" / "passed.json").write_text(json.dumps(whole | {"rows": [row | {"status": "passed"} for row in whole["rows"]]}))
    (tmp_path / "results" / "brackets.json").write_text("[" * 100_000)
    (tmp_path / "results" / "whole.json").write_text(json.dumps(whole))
    assert main(["--combine", str(tmp_path / "results"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.count("is not a whole result") == len(changes) + 2 and "1 submissions, 1.0 of 85 points" in said


# ------------------------------------------------------------------------------------------------------------------------ reading


def test_cells_that_answer_everything_are_each_looked_at_once(tmp_path):
    """Cells that each match many exercises: reading them takes about as long as parsing them once."""
    answers = "\n".join(f"def {name}(x):\n    return ..." for name in EXERCISES) + "\n"
    source = answers + "x = [" + "1, " * 20_000 + "]\n"
    (tmp_path / "small").mkdir()
    small = write_notebook(tmp_path / "small" / "work.ipynb", [(None, answers)])
    large = write_notebook(tmp_path / "work.ipynb", [(None, source)] * 8)
    assert large.stat().st_size > 4e5
    parsing = seconds(lambda: [ast.parse(source) for _ in range(8)])
    assert seconds(lambda: submission.read(large)) < seconds(lambda: submission.read(small)) + 15 * parsing
    assert set(submission.read(large).works) >= {name for name in GRADED if name in EXERCISES}


def seconds(work):
    """The shorter of two times that the work takes."""
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def test_reading_has_limits(tmp_path, monkeypatch):
    path = write_notebook(tmp_path / "work.ipynb", [("toy_05", "check.toy(5, 4)")])
    monkeypatch.setattr(submission, "SECONDS", 0.01)
    with pytest.raises(submission.NotASubmission, match=r"work.ipynb cannot be read within 0.01 seconds"):
        submission.read(path)


def test_the_bundle_holds_what_the_grader_reads(tmp_path):
    """Notebooks without metadata, in a folder of the folder, with modules and data beside them; the tar gets the points of the folder."""
    folder = tmp_path / "work"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "cut.py").write_text("def cut(x):\n    return x * (x > 0)\n")
    np.save(folder / "mine" / "low.npy", np.zeros(1))
    write_notebook(folder / "mine" / "work.ipynb", [
        (None, "from cut import cut\nLOW = np.load('low.npy')[0]"), (None, "def relu_forward(x):\n    return np.maximum(cut(x), LOW), x"),
        ("relu_backward", "def relu_backward(dout, cache):\n    return dout")])
    said = bundle.bundle(folder, tmp_path / "hw7.tar")
    assert "hw7/mine/cut.py" in said and "hw7/mine/low.npy" in said and "hw7/mine/work.ipynb" in said
    assert " ".join(next(line for line in said.splitlines() if "relu_forward" in line).split()).endswith("passes the visible checks mine/work.ipynb")
    assert "does not pass" in next(line for line in said.splitlines() if "relu_backward" in line)
    assert "In functions.py these do not pass, although they do in the notebook: relu_forward." in said
    assert grading.grade(submission.read(tmp_path / "hw7.tar"), 7).score == grading.grade(submission.read(folder), 7).score == 3


def test_too_much_is_left_out_and_said(tmp_path):
    write_notebook(tmp_path / "work.ipynb", [("toy_05", "check.toy(5, 4)")])
    (tmp_path / "images.bin").write_bytes(bytes(files.LARGEST_DATA + 1))
    found = submission.read(tmp_path)
    assert list(found.works) == ["toy_05"] and "images.bin was left out: files beside the notebooks" in found.notes[0]


# ----------------------------------------------------------------------------------------------------------------------- isolation


def test_a_level_without_walls_is_the_first_line_of_the_report(tmp_path, monkeypatch, capsys):
    result = grading.grade(submission.read(write_notebook(tmp_path / "work.ipynb", [("toy_05", "check.toy(5, 4)")])), 1)
    for how, text in walls.PROTECTION.items():
        said = report.table(result._replace(isolation=how))
        assert said.startswith(f"The student's code ran with {text}.") == (how not in walls.WALLS) and text in said
        assert how == "namespaces" or "Not stopped: " in text
    monkeypatch.setattr("lenet_lab.grade.terminal.isolation", lambda: "limits")
    assert main([str(tmp_path / "work.ipynb"), "--require-walls"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and "Nothing was graded: --require-walls asks for more" in said.err and "weak isolation" in said.err


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root lends a user")
def test_a_python_that_the_lent_user_cannot_read_stops_the_grader_before_it_grades(tmp_path, monkeypatch, capsys):
    """As where root has installed Python in a private folder, on a machine without walls."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(walls, "PACKAGES", str(private))
    monkeypatch.setattr(walls.shutil, "which", lambda name: None)
    monkeypatch.setattr(walls, "guarded", lambda how, library: None)
    monkeypatch.setattr(walls, "WALLS", ())
    with pytest.raises(sandbox.NotStarted, match="runs as another user, who cannot read .*Install Python where every user can read it"), \
            sandbox.Sandbox({}, how="user"):
        pass
