"""For every test, notebooks included: where MNIST is, and what is not compared when it is nowhere."""

import os
from pathlib import Path

BESIDE = Path(__file__).resolve().parent.parent / "shared" / "data"
if "LENET_DATA" not in os.environ and (BESIDE / "mnist").is_dir():
    os.environ["LENET_DATA"] = str(BESIDE)

uncompared = []


def pytest_collection_modifyitems(items):
    """Cells tagged `mnist` hold numbers of MNIST: without it they run, on other digits, and are not compared."""
    for item in items:
        tags = getattr(item, "cell", None) and item.cell.metadata.get("tags", [])
        if tags and "mnist" in tags and not os.environ.get("LENET_DATA"):
            item.options["check"] = False
            uncompared.append(item.name)


def pytest_terminal_summary(terminalreporter):
    if uncompared:
        terminalreporter.write_line(f"MNIST is not here (LENET_DATA names no folder): {len(uncompared)} notebook cells ran on "
                                    "scikit-learn's digits instead, and their numbers were not compared.")
