"""For every test, notebooks included: where MNIST is, and what is not compared when it is nowhere."""

import os
from pathlib import Path

from lenet_core import load_mnist

BESIDE = Path(__file__).resolve().parent.parent / "shared" / "data"
if "LENET_DATA" not in os.environ and (BESIDE / "mnist").is_dir():
    os.environ["LENET_DATA"] = str(BESIDE)

uncompared = []


def pytest_collection_modifyitems(items):
    """Cells tagged `mnist` hold numbers of MNIST: without it they run, on other digits, and are not compared."""
    tagged = [item for item in items if "mnist" in (getattr(item, "cell", None) or {}).get("metadata", {}).get("tags", [])]
    if tagged and load_mnist().name != "MNIST":
        for item in tagged:
            item.options["check"] = False
            uncompared.append(item.name)


def pytest_terminal_summary(terminalreporter):
    if uncompared:
        terminalreporter.write_line(f"MNIST is not here: {len(uncompared)} notebook cells ran on "
                                    "scikit-learn's digits instead, and their numbers were not compared.")
