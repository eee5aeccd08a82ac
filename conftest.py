"""For every test, notebooks included: where the data sets are, and what is not compared when one is nowhere."""

import contextlib
import importlib.util
import os
import shutil
from pathlib import Path

from docs.stored_outputs import put_back
from lenet_core import data, load_mnist

BESIDE = Path(__file__).resolve().parent.parent / "shared" / "data"
if "LENET_DATA" not in os.environ and os.path.isdir(BESIDE / "mnist"):
    os.environ["LENET_DATA"] = str(BESIDE)

# What a student has done so far is not the tests' business: they keep a progress of their own beside each notebook.
ROOT, PROGRESS = Path(__file__).parent, ".progress-of-tests"
os.environ["LENET_PROGRESS"] = PROGRESS


def _forget_progress():
    for folder in (ROOT / PROGRESS, *ROOT.glob(f"notebooks/{PROGRESS}"), *ROOT.glob(f"build/*/{PROGRESS}")):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):        # tests may run in several processes; only the first one tidies up
        _forget_progress()


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        _forget_progress()


def missing():
    """The tags of cells whose output needs what is not here: a data set, or PyTorch. CIFAR-10 is only looked for in LENET_DATA: it is large."""
    tags = set() if load_mnist().name == "MNIST" else {"mnist"}
    tags |= set() if importlib.util.find_spec("torch") else {"pytorch"}
    with contextlib.suppress(data.DataError):
        named = data.named_folder()
        if named and data.find_cifar10(named):
            return tags
    return tags | {"cifar10"}


# The longest files run first: `make test` gives its processes one file after another, and the last of them should be short.
LONGEST = ["test_classroom.py", "test_instructor.py", "06_train_lenet.ipynb", "05_sgd.ipynb", "08_relu_boundaries.ipynb",
           "test_browser_menus.py", "04_gradient_check.ipynb", "test_benchmarks.py", "test_kill.py", "test_browser.py",
           "test_browser_start.py", "test_browser_draw.py", "test_browser_time_travel.py", "07_look_inside.ipynb",
           "10_tiny_images.ipynb", "test_train.py", "test_grade.py", "test_site.py", "test_browser_step_through.py",
           "test_browser_relu.py", "test_browser_look_inside.py"]


def pytest_collection_modifyitems(items):
    """Cells tagged `mnist`, `cifar10` or `pytorch` hold numbers of that: without it they run all the same, and are not compared."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for path in {item.path for item in items if getattr(item, "cell", None)}:                # nbval compares with what was taken out
        put_back({"cells": [item.cell for item in items if item.path == path and getattr(item, "cell", None)]}, path.stem)
    tagged = [(item, set((getattr(item, "cell", None) or {}).get("metadata", {}).get("tags", []))) for item in items]
    absent = missing() if any(tags & {"mnist", "cifar10", "pytorch"} for _, tags in tagged) else set()
    for item, tags in tagged:
        if tags & absent:
            item.options["check"] = False


def pytest_terminal_summary(terminalreporter):
    absent = missing()
    if "mnist" in absent:
        terminalreporter.write_line("MNIST is not here: the notebooks ran on scikit-learn's digits instead, and cells with "
                                    "numbers of MNIST were not compared.")
    if "cifar10" in absent:
        terminalreporter.write_line("CIFAR-10 is not named in LENET_DATA: cells with numbers of it were not compared.")
    if "pytorch" in absent:
        terminalreporter.write_line("PyTorch is not installed: notebook 12 showed its stored results, which were not compared.")
