"""For every test, notebooks included: where MNIST is, and what is not compared when it is nowhere."""

import os
import shutil
from pathlib import Path

from lenet_core import load_mnist

BESIDE = Path(__file__).resolve().parent.parent / "shared" / "data"
if "LENET_DATA" not in os.environ and (BESIDE / "mnist").is_dir():
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



def pytest_collection_modifyitems(items):
    """Cells tagged `mnist` hold numbers of MNIST: without it they run, on other digits, and are not compared."""
    tagged = [item for item in items if "mnist" in (getattr(item, "cell", None) or {}).get("metadata", {}).get("tags", [])]
    if tagged and load_mnist().name != "MNIST":
        for item in tagged:
            item.options["check"] = False


def pytest_terminal_summary(terminalreporter):
    if load_mnist().name != "MNIST":
        terminalreporter.write_line("MNIST is not here: the notebooks ran on scikit-learn's digits instead, and cells with "
                                    "numbers of MNIST were not compared.")
