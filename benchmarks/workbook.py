"""How long does the workbook take, and how much memory? `python -m benchmarks.workbook` prints three tables.

First every notebook is run in a kernel of its own, one after the other, as handed out and, where it has exercises, solved: the
seconds from the start of the kernel to the end of the last cell, and the most memory that the kernel's process ever had. On Linux
that is VmHWM in /proc/self/status, elsewhere what `getrusage` says (`ru_maxrss`); Windows has neither, and needs WSL.

Then the widgets are used in real JupyterLab in Chromium (where it is installed), all in one notebook, by keys and pointer: from the
moment that the browser has the student's action to the moment at which it has painted what the action changes. The training panel
is watched while it trains: from one change of its numbers to the next.

Last comes a reader's first minute: from the command `lenet lab` to the first digit read, and to a drawing that the trained network reads.
Nothing waits for a person in between.
"""

import itertools
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

import nbformat
import numpy as np
from nbclient import NotebookClient
from tabulate import tabulate
from tqdm import tqdm

from lenet_core import load_mnist
from lenet_lab.check.solutions import exercise, solved
from tests import browser

from .classroom import QUIET

ACTIONS, WATCHED = 20, 10                # with every widget; seconds of training
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


# ------------------------------------------------------------------------------------------------------------- the widgets


PREPARE = """
import numpy as np
from lenet_core import lenet, load_mnist
from lenet_core.training import linear_warmup_decay
from lenet_lab.toy.practice import homework
from lenet_lab.inside.recorder import Recorder
from lenet_lab.widgets.draw import DrawDigit
from lenet_lab.widgets.hinges import Hinges
from lenet_lab.widgets.look_inside import LookInside
from lenet_lab.widgets.mistakes import Mistakes
from lenet_lab.widgets.regions import Regions
from lenet_lab.widgets.step_through import StepThrough
from lenet_lab.widgets.time_travel import TimeTravel
from lenet_lab.widgets.training import TrainingPanel
data = load_mnist()
steps = min(938, 30 * (len(data.train_x) // 64))
recording = Recorder(lenet(np.random.default_rng(0)), data, steps=steps, lr=linear_warmup_decay(0.05, steps))
net = recording.net_at(steps)
"""


class Widget(NamedTuple):
    """A widget, how a student acts on it, and what on its page is the answer."""

    made: str                  # its cell
    root: str                  # CSS selector of its page
    action: str                # in words
    event: str                 # what the browser calls the action
    answer: str                # CSS selector in the page of what changes: text, text alternative, or picture
    act: Callable              # a generator from the widget's locator: it acts whenever it is asked for the next


def draw(widget):
    sheet, mouse = widget.locator(".sheet"), widget.page.mouse
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    mouse.move(box["x"] + 60, box["y"] + 40)
    mouse.down()
    try:
        for n in itertools.count(1):
            mouse.move(box["x"] + (60, 200)[n % 2], box["y"] + 40 + 9 * n)
            yield
    finally:
        mouse.up()


def look_inside(widget):
    widget.get_by_role("button", name="conv1", exact=True).click()
    widget.locator(".main .over").focus()
    while True:
        widget.page.keyboard.press("ArrowRight")
        yield


def step_through(widget):
    widget.get_by_role("slider", name="steps done").press("End")           # numbers that are not computed yet would not change
    for n in itertools.count(3):
        widget.locator('[data-cell="x:0,0,2"]').dblclick()
        field = widget.locator('[data-cell="x:0,0,2"] input')
        field.fill(str(n))
        field.press("Enter")
        yield


def time_travel(widget):
    widget.get_by_role("slider", name="step", exact=True).focus()
    while True:
        widget.page.keyboard.press("ArrowLeft")
        yield


def slider_of(name):
    def to_and_fro(widget):
        widget.get_by_role("slider", name=name, exact=True).focus()
        for key in itertools.cycle(("ArrowLeft", "ArrowRight")):
            widget.page.keyboard.press(key)
            yield
    return to_and_fro


def mistakes(widget):
    for n in itertools.count():
        widget.locator("td[role=gridcell]").nth(n).click()
        yield


WIDGETS = {
    "draw": Widget("DrawDigit(net)", ".lenet-draw", "the pen moves", "pointermove", ".share, .pushes", draw),
    "look inside": Widget("LookInside(net, data.test_x, data.test_y)", ".lenet-look", "an arrow key to the next number of conv1",
                          "keydown", ".name", look_inside),
    "step-through": Widget("StepThrough(homework())", ".lenet-step", "another number in the image", "keydown", '[data-cell^="C:"]',
                           step_through),
    "time travel": Widget("TimeTravel(recording, data)", ".lenet-time-travel", "an arrow key to the step before", "keydown", "img",
                          time_travel),
    "regions": Widget('Regions("rings", width=8)', ".lenet-regions", "one unit less, one more", "keydown", "svg",
                      slider_of("units in a layer")),
    "hinges": Widget("Hinges(0, [(0, 1), (2, -3), (4, 5), (6, -6)], shown=1)", ".lenet-hinges", "another coefficient", "keydown",
                     "svg, .formula", slider_of("coefficient 1")),
    "mistakes": Widget("Mistakes(net, data.test_x, data.test_y)", ".lenet-mistakes", "a click on a cell", "click", ".title",
                       mistakes),
}
PANEL = "TrainingPanel(lenet(np.random.default_rng(0)), data)"

# The time of an event is when the browser got it. After the frame in which a change is painted comes the next task.
WATCH = """(widget, [event, answer]) => {
    const seen = () => [...widget.querySelectorAll(answer)].map((one) => [one.textContent, one.ariaLabel, one.src]).join();
    let began = null, before;
    window.answers = [];
    widget.addEventListener(event, (happened) => { began = happened.timeStamp; before = seen(); }, true);
    new MutationObserver(() => {
        if (began === null || seen() === before) return;
        const then = began;
        began = null;
        requestAnimationFrame(() => setTimeout(() => answers.push(performance.now() - then)));
    }).observe(widget, {subtree: true, childList: true, characterData: true, attributes: true});
}"""
UPDATES = """(panel, seconds) => new Promise((done) => {
    const times = [];
    const watcher = new MutationObserver(() => times.push(performance.now()));
    watcher.observe(panel.querySelector(".live"), {subtree: true, childList: true, characterData: true});
    setTimeout(() => { watcher.disconnect(); done(times.slice(1).map((time, n) => time - times[n])); }, 1000 * seconds);
})"""


def latencies(page, widget, actions):
    """Milliseconds from each of so many actions to its answer."""
    root = page.locator(widget.root)
    root.evaluate(WATCH, [widget.event, widget.answer])
    with closing(widget.act(root)) as acting:
        for n in range(actions):
            next(acting)
            page.wait_for_function("n => answers.length > n", arg=n, timeout=30_000)
    return page.evaluate("answers")


def updates(page, seconds):
    """Milliseconds between the changes of a training panel's numbers and curves while it trains."""
    panel = page.locator(".lenet-training-panel")
    panel.get_by_role("button", name="Start", exact=True).click()
    panel.locator(".lenet-status").get_by_text("Running").wait_for()
    times = panel.evaluate(UPDATES, seconds)
    panel.get_by_role("button", name="Stop", exact=True).click()
    return times


def measure_widgets(actions=ACTIONS, seconds=WATCHED):
    """{(widget, the student's action in words): milliseconds, a list}, of all widgets on one page of JupyterLab."""
    with tempfile.TemporaryDirectory() as folder:
        cells = [PREPARE, *(widget.made for widget in WIDGETS.values()), PANEL]
        browser.write_notebook(Path(folder, "widgets.ipynb"), cells)
        with browser.jupyterlab(Path(folder)) as address, browser.browser_page() as page:
            browser.open_notebook(page, address, "widgets.ipynb")
            browser.run_all(page)
            page.locator(".lenet-training-panel").wait_for(timeout=300_000)
            browser.wait_until_idle(page)
            found = {(name, widget.action): latencies(page, widget, actions) for name, widget in WIDGETS.items()}
            return found | {("training panel", "from one change of its numbers to the next"): updates(page, seconds)}


def widget_table(found):
    rows = [[name, action, f"{median(times):.0f}", f"{max(times):.0f}"] for (name, action), times in found.items()]
    head = ["widget", "action", "median, ms", "slowest, ms"]
    return tabulate(rows, head, "github", disable_numparse=True, colalign=("left", "left", "right", "right"))


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
        print(f"\n{widget_table(measure_widgets())}\n\n{first_minute_table(measure_first_minute())}")


if __name__ == "__main__":
    main()
