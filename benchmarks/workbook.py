"""How long does the workbook take, and how much memory? `python -m benchmarks.workbook` prints three tables.

First every notebook is run in a kernel of its own, one after the other, as handed out and, where it has exercises, solved: the
seconds from the start of the kernel to the end of the last cell, and the most memory that the kernel's process ever had. On Linux
that is VmHWM in /proc/self/status, elsewhere what `getrusage` says (`ru_maxrss`); Windows has neither, and needs WSL.

Then the widgets are used in real JupyterLab in Chromium (where it is installed): how long each takes to answer (`answer_times.py`).

Last comes a reader's first minute: from the command `lenet lab` to the first digit read, and to a drawing that the trained network reads.
Nothing waits for a person in between.
"""

import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
from nbclient import NotebookClient
from tabulate import tabulate
from tqdm import tqdm

from lenet_core import load_mnist
from lenet_lab.check.solutions import exercise, solved
from tests import browser

from .answer_times import WIDGETS, measure, measure_panel, widget_table
from .classroom import QUIET

PEAK = """
import pathlib, re, resource, sys
_status = pathlib.Path("/proc/self/status")
if _status.exists():
    _peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", _status.read_text())[1]) * 1024
else:
    _peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(_peak)
"""


class Run(NamedTuple):
    """What a Run All took: seconds, and MiB at the kernel's peak."""

    seconds: float
    peak: float


def run_all(notebook, folder):
    """Run all cells of a notebook in a new kernel in `folder`. Returns a `Run`; raises CellExecutionError."""
    client = NotebookClient(notebook, timeout=900, shutdown_kernel="immediate", extra_arguments=QUIET,
                            resources={"metadata": {"path": str(folder)}})
    with tempfile.TemporaryDirectory() as passing:
        began = time.perf_counter()
        with client.setup_kernel(env=os.environ | {"LENET_PROGRESS": str(Path(passing, "progress"))}):
            for n, cell in enumerate(notebook.cells):
                client.execute_cell(cell, n)
            seconds = time.perf_counter() - began
            notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
            return Run(seconds, int(client.execute_cell(notebook.cells[-1], n + 1).outputs[0].text) / 2 ** 20)


def measure_notebooks(paths):
    """{name of the notebook: (its `Run` as handed out, its `Run` solved or None)}"""
    runs = {}
    for path in tqdm(paths):
        notebook = nbformat.read(path, 4)
        answered = solved(notebook) if any(map(exercise, notebook.cells)) else None
        runs[path.stem] = run_all(notebook, path.parent), answered and run_all(answered, path.parent)
    return runs


def notebook_table(runs):
    rows = [[f"`{name}`", *(part for run in both for part in ((f"{run.seconds:.1f}", f"{run.peak:.0f}") if run else ("", "")))]
            for name, both in runs.items()]
    handed_out, answered = (sum(run.seconds for run in column) for column in (
        [first for first, _ in runs.values()], [second or first for first, second in runs.values()]))
    rows.append(["all, one after the other", f"{handed_out:.0f}", "", f"{answered:.0f}", ""])
    head = ["notebook", "Run All, s", "peak, MiB", "solved, s", "peak, MiB"]
    return tabulate(rows, head, "github", disable_numparse=True, colalign=("left", *4 * ("right",)))


# -------------------------------------------------------------------------------------------------------- the first minute


def draw_a_stroke(page):
    """Clear the sheet of notebook 00 and draw a stroke from top to bottom, then wait for the answer."""
    page.get_by_role("button", name="Clear", exact=True).click()
    box = page.locator(".lenet-draw .sheet").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 4 * box["height"] / 5, steps=10)
    page.mouse.up()
    page.wait_for_selector(".lenet-draw[aria-busy=false]")


def measure_first_minute():
    """{what has happened: seconds since the command `lenet lab`}, for notebook 00 in a folder of its own."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, browser.browser_page() as page:
        command = [sys.executable, "-m", "lenet_lab", "lab", str(Path(folder, "work")), "--"]
        began = time.perf_counter()
        with browser.jupyterlab(Path(folder), command) as address:
            found["JupyterLab answers"] = time.perf_counter() - began
            browser.open_notebook(page, address, "00_start_here.ipynb")
            found["the notebook is open and its kernel ready"] = time.perf_counter() - began
            browser.run_cell(page, 0)
            browser.run_cell(page, 1)
            page.wait_for_selector(".lenet-draw[aria-busy=false] .share", timeout=120_000)
            found["the first digit is read, by the untrained network"] = time.perf_counter() - began
            browser.run_cell(page, 2)
            page.get_by_role("button", name="Start", exact=True).click()
            page.locator(".lenet-status").get_by_text("Finished").wait_for(timeout=300_000)
            draw_a_stroke(page)
            found["400 steps of training later, a drawing is read"] = time.perf_counter() - began
    return found


def first_minute_table(found):
    return tabulate([[what, f"{seconds:.0f}"] for what, seconds in found.items()], ["since the command `lenet lab`", "s"], "github",
                    disable_numparse=True, colalign=("left", "right"))


def main():
    name = load_mnist().name
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"{name}; {os.cpu_count()} processors, {platform.system()}, {versions}\n", flush=True)
    print(notebook_table(measure_notebooks(sorted(browser.NOTEBOOKS.glob("*.ipynb")))), flush=True)
    missing = [mark.kwargs["reason"] for mark in browser.MARKS if mark.name == "skipif" and mark.args[0]]
    if missing:
        print(f"\nThe widgets and the first minute were not measured. {missing[0]}")
    else:
        answers = {(name, WIDGETS[name].action): columns for name, columns in measure([browser.ROOT]).items()}
        answers["training panel", "from one change of its numbers to the next"] = [measure_panel()]
        print(f"\n{widget_table(answers)}\n\n{first_minute_table(measure_first_minute())}")


if __name__ == "__main__":
    main()
