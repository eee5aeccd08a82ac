"""Use that nobody planned: cells in any order, two notebooks at once, no home, odd names, other alphabets, Ctrl-C at any moment.

The notebooks in every order are `slow`, and so is the long way of Ctrl-C: `python -m pytest -m slow -s tests/test_bad_use.py`.
"""

import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import time
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from lenet_core._files import TEMPORARY
from lenet_core.data import write_shared
from lenet_lab import check, plots
from lenet_lab.check import progress_store
from lenet_lab.check.solutions import exercise, solved
from lenet_lab.experiments.studies import STUDIES

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
posix = pytest.mark.skipif(os.name == "nt", reason="signals, homes and locales of Unix")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Noise in the files of MNIST, in a folder with a name that not everybody thinks of."""
    folder, rng = tmp_path_factory.mktemp("Bilder für Übungen, 数 'x'"), np.random.default_rng(0)
    for part, n in (("train", 640), ("t10k", 100)):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 2051, n, 28, 28) + rng.bytes(n * 784))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 2049, n) + bytes(i % 10 for i in range(n)))
    return str(folder)


# ------------------------------------------------------------------------------------------------- cells in another order


@pytest.fixture(scope="module")
def small_digits(tmp_path_factory, digits):
    """Digits that can be learned, as a folder for LENET_DATA."""
    folder = tmp_path_factory.mktemp("digits")
    write_shared(digits, folder / "mnist")
    return str(folder)


def execute(notebook, cells, folder, pictures):
    """Run these code cells in a fresh kernel; [(name of the exercise, error or None, text)] of each."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.source) for cell in cells], metadata=notebook.metadata)
    environment = os.environ | {"LENET_PROGRESS": str(folder / "progress"), "LENET_DATA": pictures}
    client = NotebookClient(book, timeout=240, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel(env=environment, cwd=str(folder)):
        for number, cell in enumerate(book.cells):
            client.execute_cell(cell, number)
    for cell, ran in zip(cells, book.cells):
        errors = [f"{out.ename}: {out.evalue}" for out in ran.outputs if out.output_type == "error"]
        texts = [out.get("data", {}).get("text/plain", "") for out in ran.outputs if "data" in out]
        yield exercise(cell), errors[0] if errors else None, "\n".join(texts)


def twice(cells, rng):
    return [cell for one in cells for cell in (one, one)]


def any_order(cells, rng):
    return [cells[0], *rng.sample(cells[1:], len(cells) - 1)]         # the imports first: else all cells would lack a name


def backwards(cells, rng):
    return [cells[0], *cells[:0:-1]]


ORDERS = [twice, any_order, backwards]


def is_missing(error):
    """Does it say that something is not there yet: a name, what a network sees of a batch, or the runs that a figure is of?"""
    return error.startswith(("NameError: name ", "ValueError: loss_curves: there is no run to draw yet")) or (
        error == "TypeError: 'NoneType' object is not subscriptable")


def test_a_figure_of_runs_that_were_not_made_yet_says_so():
    with pytest.raises(ValueError, match="Run the cell that trains") as refused:
        plots.loss_curves({}, "MNIST")
    assert is_missing(f"ValueError: {refused.value}")


def known_after(folder, monkeypatch):
    """What is kept in the progress; a damaged file is an error."""
    monkeypatch.setenv("LENET_PROGRESS", str(folder / "progress"))
    with warnings.catch_warnings(action="error"):
        known = check.progress().known
    for path in (folder / "progress").glob("*"):
        assert path.name == ".lock" or not path.name.endswith(TEMPORARY) and json.loads(path.read_text(encoding="utf-8"))
    return known


@pytest.mark.slow
@pytest.mark.parametrize("is_solved", [True, False], ids=["solved", "unsolved"])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.__name__)
@pytest.mark.parametrize("name", ["01_toy_network", "02_layers_forward", "05_sgd", "06_train_lenet"])
def test_cells_in_another_order(name, order, is_solved, small_digits, tmp_path, monkeypatch):
    """Cells that need what is not there yet say so; nothing hangs, no right answer is turned away, no dots pass."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)
    notebook = solved(notebook) if is_solved else notebook
    cells = order([cell for cell in notebook.cells if cell.cell_type == "code"], random.Random(3))
    ran = list(execute(notebook, cells, tmp_path, small_digits))
    odd = [error for _, error, _ in ran if error and not (order is not twice and is_missing(error))]
    assert not odd
    known = known_after(tmp_path, monkeypatch)
    judged = {name: entry for name, entry in known.items() if entry["attempts"]}
    if is_solved:                                                   # what does not pass calls a function whose cell did not run
        assert not any(entry["misconceptions"] for entry in judged.values()), judged
        assert all("is not defined" in text for _, _, text in ran if text.startswith("✗")), ran
    else:
        assert not any(entry["passed"] for entry in judged.values()), judged
    print(f"\n{name}, {order.__name__}, {'solved' if is_solved else 'unsolved'}: {len(ran)} cells, "
          f"{sum(1 for one in ran if one[1])} that lack something, {len(judged)} exercises judged")


@pytest.mark.parametrize("name", ["02_layers_forward", *(pytest.param(name, marks=pytest.mark.slow) for name in
                                                         ("01_toy_network", "05_sgd", "06_train_lenet"))])
def test_a_kernel_restarted_in_the_middle(name, small_digits, tmp_path, monkeypatch):
    """The second half in a fresh kernel: names are missing, what was done is not."""
    notebook = solved(nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first, second = cells[:len(cells) // 2], cells[len(cells) // 2:]
    if name == "02_layers_forward":                                 # the short way: what is needed, and what is checked
        asks = lambda cell: exercise(cell) or "check." in cell.source             # noqa: E731
        first, second = [cells[0], *filter(asks, first[1:])], list(filter(asks, second))[:4]
    assert not [one for one in execute(notebook, first, tmp_path, small_digits) if one[1]]
    before = known_after(tmp_path, monkeypatch)
    ran = list(execute(notebook, second, tmp_path, small_digits))
    assert all(is_missing(error) for _, error, _ in ran if error)
    after = known_after(tmp_path, monkeypatch)
    for name, entry in before.items():
        assert after[name]["passed"] >= entry["passed"] and after[name]["attempts"] >= entry["attempts"]
    assert any(entry["passed"] for entry in before.values()) == any(map(exercise, first))         # notebook 06 has no exercise


# ---------------------------------------------------------------------------------------------------- two notebooks at once

WRITING = """
    import sys, warnings
    from lenet_lab import check
    from lenet_lab.check import progress_store
    warnings.simplefilter("error")
    print("go", flush=True)
    sys.stdin.readline()
    for n in range(50):
        progress_store.record("softmax", None, check.Verdict("softmax", False, "no", sys.argv[1] + str(n)), answer=sys.argv[1] + str(n))
        progress_store.record("mine" + sys.argv[1], None, check.Verdict("mine", True, "yes"), answer=n)
"""


def test_two_notebooks_at_once_lose_nothing(tmp_path, monkeypatch):
    """Two processes, fifty attempts each at one exercise and at one of their own."""
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path))
    both = [subprocess.Popen([sys.executable, "-c", textwrap.dedent(WRITING), who], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for who in "ab"]
    for one in both:
        one.stdout.readline()
    for one in both:                                                # both are ready: now they begin together
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in both:
        assert one.communicate()[1] == "" and one.returncode == 0
    assert progress_store.read("softmax")["attempts"] == 100
    assert sorted(progress_store.read("softmax")["misconceptions"]) == sorted(f"{who}{n}" for who in "ab" for n in range(50))
    assert progress_store.read("minea")["attempts"] == progress_store.read("mineb")["attempts"] == 50
    assert not [file for file in tmp_path.iterdir() if file.name.endswith(TEMPORARY)]


@posix
def test_a_process_that_stands_still_does_not_hold_up_the_others(tmp_path, monkeypatch):
    """One that was stopped (Ctrl-Z, a laptop that was closed) while it held the lock costs some seconds, not the lesson."""
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path))
    monkeypatch.setattr(progress_store, "PATIENCE", 0.3)
    holding = ("import time\nfrom lenet_lab.check import progress_store\nwith progress_store._alone():\n"
               "    print('go', flush=True)\n    time.sleep(60)")
    other = subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True)
    try:
        other.stdout.readline()
        began = time.monotonic()
        progress_store.write("softmax", hints=2)
        assert progress_store.read("softmax")["hints"] == 2 and time.monotonic() - began < 5
    finally:
        other.kill()
        other.communicate()


# --------------------------------------------------------------------------------------- homes, displays, names, alphabets

LESSON = """
    import contextlib, locale, os, sys, warnings
    with contextlib.suppress(locale.Error):              # as some library may do; a decimal comma from here on
        locale.setlocale(locale.LC_ALL, "")
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message="Progress is not kept")
    warnings.filterwarnings("ignore", category=DeprecationWarning)       # what libraries of different years say of each other
    warnings.filterwarnings("ignore", message="Matplotlib created a temporary|.*is not a writable directory", category=UserWarning)
    import lenet_core, lenet_lab.check as check
    from lenet_lab.plots import toy
    import matplotlib.pyplot as plt
    def name(text):                                      # in the alphabet C Python can give no other names to files
        return text if sys.getfilesystemencoding() == "utf-8" else text.encode("ascii", "replace").decode()
    data = lenet_core.load_mnist()
    assert data.name.startswith("unknown images"), data         # noise under MNIST's file names
    assert check.toy(1, 3).passed and not check.toy(5, 1).passed
    check.relu_forward(lambda x: (x * (x > 0), x))
    figure, axes = plt.subplots()
    axes.plot([0.5, 1.5]); axes.set_title("ä 1,5")
    figure.savefig(name("Bild mit Ü.png"))
    from lenet_lab.toy.practice import sheet
    open(name("Blatt.html"), "w", encoding="utf-8").write(sheet([3]))
    net = lenet_core.lenet(__import__("numpy").random.default_rng(0))
    net.save(name("Netz für später.npz"))
    assert lenet_core.Net.load(name("Netz für später.npz")).size == net.size
    sys.stdout.reconfigure(errors="replace")
    print(data, check.progress(), net)
    print(f"locale {locale.localeconv()['decimal_point']}")
    print("DONE", check.progress().known["relu_forward"]["passed"])
"""
C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SURROUNDINGS = {
    "everything away, the alphabet C": ({**C, "HOME": None, "DISPLAY": None, "MPLBACKEND": None, "XDG_CACHE_HOME": None}, True),
    "a home that is not there": ({"HOME": "/nowhere/at/all", "DISPLAY": None, "MPLBACKEND": None, "XDG_CACHE_HOME": None}, True),
    "a home that cannot be written": ({"HOME": "/proc", "MPLBACKEND": None, "XDG_CACHE_HOME": None}, True),
    "a backend that notebooks have": ({"MPLBACKEND": "module://matplotlib_inline.backend_inline"}, True),
    "progress where nothing can be written": ({"LENET_PROGRESS": "/proc/progress"}, False),
    "progress in a file": ({"LENET_PROGRESS": "/dev/null/progress"}, False),
    "Turkish": ({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "0"}, True),
    "German": ({"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "PYTHONUTF8": "0"}, True),
    "a terminal of Windows": ({"PYTHONIOENCODING": "cp1252"}, True),
}
SHORT = ["everything away, the alphabet C", "a home that cannot be written"]


@posix
@pytest.mark.parametrize("where", [name if name in SHORT else pytest.param(name, marks=pytest.mark.slow) for name in SURROUNDINGS])
def test_a_lesson_in_odd_surroundings(where, pictures, tmp_path):
    changes, kept = SURROUNDINGS[where]
    (tmp_path / "lesson.py").write_text(textwrap.dedent(LESSON), encoding="utf-8")
    folder = tmp_path / "Übung 1, größer 数"
    folder.mkdir()
    wanted = {"LENET_DATA": pictures, "LENET_PROGRESS": str(folder / "mein Fortschritt"), "PYTHONPATH": str(ROOT)} | changes
    environment = {name: value for name, value in (os.environ | wanted).items() if value is not None}
    done = subprocess.run([sys.executable, tmp_path / "lesson.py"], cwd=folder, env=environment,
                          capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    assert f"DONE {kept}".encode() in done.stdout
    assert {".png", ".html", ".npz"} <= {file.suffix for file in folder.iterdir()}
    assert kept == (folder / "mein Fortschritt" / "relu_forward.json").exists()


@posix
@pytest.mark.parametrize("arguments", [
    ["train", "--data", "{data}", "--steps", "1", "--save", "Lauf ü.npz"],
    ["sheet", "1", "--out", "Blätter ✓"],
    ["grade", "Abgabe ä.ipynb", "--seed", "1", "--seconds", "2"],
    ["doctor"],
    ["data", "Daten ✓"],
    ["course", "Kurs ✓"],
], ids=["train", "practice", "grade", "environment", "shared data", "course"])
def test_programs_where_the_terminal_knows_ascii_only(arguments, pictures, tmp_path):
    cell = nbformat.v4.new_code_cell("def relu_forward(x):\n    return x * (x > 0), x  # ä ✓\n")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "Abgabe ä.ipynb")
    environment = os.environ | C | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT), "LENET_DATA": pictures}
    done = subprocess.run([sys.executable, "-m", "lenet_lab", *(part.format(data=pictures) for part in arguments)], cwd=tmp_path, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == (arguments == ["doctor"]) and "Traceback" not in done.stderr, done.stderr      # which finds no MNIST here
    assert done.stdout.isascii() and len(done.stdout) > 20


# --------------------------------------------------------------------------------------------------------------- Ctrl-C


# Ctrl-C is to fall into what is ours, and not into Python's way there: the imports come first, and say when they are through.
READY = """
import importlib, sys
main = importlib.import_module(sys.argv[1]).main
print("ready", flush=True)
sys.exit(main(sys.argv[2:]))
"""


def ctrl_c(module, arguments, after):
    """Start a program as a terminal does, and press Ctrl-C after so many seconds: all its processes hear it.

    Returns its exit status, its output, its errors.
    """
    one = subprocess.Popen([sys.executable, "-c", READY, module, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, start_new_session=True)
    try:
        assert one.stdout.readline() == "ready\n"
        time.sleep(after)
        os.killpg(one.pid, signal.SIGINT)
        out, err = one.communicate(timeout=60)
    finally:
        one.kill()
    return one.returncode, out, err


@pytest.fixture
def programs(pictures, tmp_path):
    endless = [f"def {name}(*arguments):\n    while True: pass\n" for name in ("relu_forward", "conv_forward")]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in endless]), tmp_path / "endless.ipynb")
    return {
        "training": ("lenet_lab.runs.terminal", ["--data", pictures, "--steps", "100000", "--save", tmp_path / "run.npz"]),
        "grading": ("lenet_lab.grade.terminal", [tmp_path / "endless.ipynb", "--seed", "1", "--out", tmp_path / "result.txt"]),
        "statistics": ("lenet_lab.grade.terminal", ["--statistics", tmp_path, "--seed", "1", "--out", tmp_path / "statistics"]),
        "experiments": ("lenet_lab.experiments.terminal",
                        [next(iter(STUDIES)), "--smoke", "--data", pictures, "--record", tmp_path / "runs.jsonl"]),
    }


@posix
@pytest.mark.slow
@pytest.mark.parametrize("what", ["training", "grading", "statistics", "experiments"])
def test_ctrl_c_at_any_moment_is_one_line(what, programs, tmp_path, rng):
    module, arguments = programs[what]
    ends = []
    for after in [0.01, 0.1, *rng.uniform(0, 3, 8)]:
        status, out, err = ctrl_c(module, arguments, after)
        assert "Traceback" not in err and "Error" not in err, err
        if status == 130:
            assert ("stopped" in err + out) and len(err.strip().splitlines()) <= 1, (out, err)
        else:                                                       # it was through, and Python about to end
            assert (tmp_path / "table.md").exists() and not err, (status, out, err)
        ends.append(status)
        for name in ("runs.jsonl", "table.md"):                     # so that there is something to do the next time too
            (tmp_path / name).unlink(missing_ok=True)
        assert not [file for file in tmp_path.rglob("*") if file.name.endswith(TEMPORARY)]
    print(f"\nCtrl-C, {what}: {len(ends)} times, {ends.count(130)} stopped with one line, {len(ends) - ends.count(130)} were through before")
    assert ends.count(130) > 4


@posix
@pytest.mark.parametrize("after", [0.4, 1.2])
def test_ctrl_c_while_downloading(after, tmp_path):
    """From a mirror that does not answer; the cache is left without a file."""
    silent = socket.create_server(("127.0.0.1", 0))
    code = (f"import sys, pooch, requests; from pathlib import Path; from lenet_core import data; from lenet_lab.runs import terminal\n"
            f"data.MIRRORS = ['http://127.0.0.1:{silent.getsockname()[1]}/']\n"
            f"pooch.os_cache = lambda name: Path(sys.argv[1])\nprint('go', flush=True)\nsys.exit(terminal.main([]))")
    without = {name: value for name, value in os.environ.items() if name != "LENET_DATA" and not name.lower().endswith("_proxy")}
    one = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=without)
    try:
        one.stdout.readline()
        time.sleep(after)
        one.send_signal(signal.SIGINT)
        out, err = one.communicate(timeout=30)
    finally:
        one.kill()
        silent.close()
    assert one.returncode == 130 and "Traceback" not in err and "stopped" in err, err
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.stat().st_size]


CHECKING = """
    import time
    from lenet_lab import check
    def endless(x):
        while True: pass
    def mine(x):
        return x * (x > 0), x
    print("go", flush=True)
    for n in range(1000):
        try:
            check.relu_forward(mine if n % 2 else endless)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            break
    print(check.relu_forward(mine).passed, flush=True)
"""


@posix
@pytest.mark.parametrize("times", [2, pytest.param(15, marks=pytest.mark.slow)])
def test_ctrl_c_in_a_check_leaves_the_next_one_whole(times, tmp_path, rng):
    """The notebook's interrupt: a KeyboardInterrupt for the cell; the same kernel then checks as before."""
    for _ in range(times):
        one = subprocess.Popen([sys.executable, "-c", textwrap.dedent(CHECKING)], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=os.environ | {"LENET_PROGRESS": str(tmp_path)})
        try:
            one.stdout.readline()
            time.sleep(rng.uniform(0, 1.5))
            one.send_signal(signal.SIGINT)
            out, err = one.communicate(timeout=60)
        finally:
            one.kill()
        assert one.returncode == 0 and out.split() == ["interrupted", "True"], out + err
        with warnings.catch_warnings(action="error"):
            assert json.loads((tmp_path / "relu_forward.json").read_text())["passed"]
        assert not [file for file in tmp_path.iterdir() if file.name.endswith(TEMPORARY)]
