"""How fast do the widgets answer? `python -m benchmarks.answer_times` prints a table; with FOLDERs, other checkouts stand beside this one.

Every checkout has a JupyterLab, a kernel and a Chromium of its own, with all widgets in one notebook. They take turns: a few actions by
key or pointer here, the same there, and again. So whatever else the machine does slows all of them alike, and the ratio of two medians
says more than either of them.

A time is from the moment that the browser has the student's action to the moment at which it has painted what the action changes. The next
action follows when the widget has been still for a moment. An answer that does not come within a few seconds is counted, not waited for.
The training panel, which `benchmarks.workbook` measures, is watched while it trains: from one change of its numbers to the next.
"""

import argparse
import contextlib
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tabulate import tabulate

from tests import browser

ROUNDS, ACTIONS, WATCHED = 5, 8, 10      # turns of a checkout, actions in each; seconds of training
LIMIT, STILL = 5000, 100                 # milliseconds: for an answer; without a change, before the next action

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
    act: Callable              # a generator from the widget's locator: it prepares, then acts whenever it is asked for the next


def draw(widget):
    sheet, mouse, lines = widget.locator(".sheet"), widget.page.mouse, 8
    clear = widget.get_by_role("button", name="Clear", exact=True)
    yield
    while True:
        sheet.scroll_into_view_if_needed()
        box = sheet.bounding_box()
        mouse.move(box["x"] + 60, box["y"] + 40)
        mouse.down()
        widget.page.wait_for_timeout(500)                                   # for what is read in the dot
        for n in range(lines):                                              # to and fro
            mouse.move(box["x"] + (200, 60)[n % 2], box["y"] + 60 + 20 * n)
            yield
        mouse.up()
        clear.click(force=True)


def look_inside(widget):
    widget.get_by_role("button", name="conv1", exact=True).click()
    widget.locator(".main .over").focus()
    yield
    for key in itertools.cycle(("ArrowRight",) * 4 + ("ArrowLeft",) * 4):              # not over the edge of the sheet
        widget.page.keyboard.press(key)
        yield


def step_through(widget):
    widget.get_by_role("slider", name="steps done").press("End")           # numbers that are not computed yet would not change
    yield
    for n in itertools.cycle(range(3, 9)):                                 # much larger ones would be refused
        widget.locator('[data-cell="x:0,0,2"]').dblclick()
        field = widget.locator('[data-cell="x:0,0,2"] input')
        field.fill(str(n))
        field.press("Enter")
        yield


def time_travel(widget):
    widget.get_by_role("slider").first.focus()
    yield
    while True:
        widget.page.keyboard.press("ArrowLeft")
        yield


def slider_of(name):
    def to_and_fro(widget):
        slider = widget.get_by_role("slider", name=name, exact=True)
        yield
        for key in itertools.cycle(("ArrowLeft", "ArrowRight")):
            slider.press(key)
            yield
    return to_and_fro


def mistakes(widget):
    yield
    for n in itertools.count():
        widget.locator("td[tabindex]").nth(n % 100).click()
        yield


WIDGETS = {
    "draw": Widget("DrawDigit(net)", ".lenet-draw", "the pen moves", "pointermove", ".share, .pushes, figcaption, canvas", draw),
    "look inside": Widget("LookInside(net, data.test_x, data.test_y)", ".lenet-look", "an arrow key to a number beside it, of conv1",
                          "keydown", ".name", look_inside),
    "step-through": Widget("StepThrough(homework())", ".lenet-step", "another number in the image", "keydown", '[data-cell^="C:"]',
                           step_through),
    "time travel": Widget("TimeTravel(recording, data)", ".lenet-time-travel", "an arrow key to the step before", "keydown", "img, svg",
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
    window.watched = { answer: null, changed: performance.now(), forget() { began = this.answer = null; } };
    widget.addEventListener(event, (happened) => { began = happened.timeStamp; before = seen(); watched.answer = null; }, true);
    new MutationObserver(() => {
        watched.changed = performance.now();
        if (began === null || seen() === before) return;
        const then = began;
        began = null;
        requestAnimationFrame(() => setTimeout(() => { watched.answer = performance.now() - then; }));
    }).observe(widget, {subtree: true, childList: true, characterData: true, attributes: true});
}"""
UPDATES = """(panel, seconds) => new Promise((done) => {
    const times = [];
    const watcher = new MutationObserver(() => times.push(performance.now()));
    watcher.observe(panel.querySelector(".live"), {subtree: true, childList: true, characterData: true});
    setTimeout(() => { watcher.disconnect(); done(times.slice(1).map((time, n) => time - times[n])); }, 1000 * seconds);
})"""


class Acting:
    """A student who acts on one widget of a page; `time()` is one action."""

    def __init__(self, page, widget):
        self.page, root = page, page.locator(widget.root)
        self.acts = widget.act(root)
        next(self.acts)
        root.evaluate(WATCH, [widget.event, widget.answer])
        self._rest()

    def _rest(self):
        self.page.wait_for_function("still => performance.now() - watched.changed > still", arg=STILL)

    def time(self):
        """Milliseconds from the next action to its answer; None if none came."""
        self._rest()
        self.page.evaluate("watched.forget()")
        next(self.acts)
        with contextlib.suppress(browser.timed_out()):
            return self.page.wait_for_function("watched.answer", timeout=LIMIT).json_value()


@contextlib.contextmanager
def opened(packages, chromium, cells):
    """A page of JupyterLab where a notebook of these cells was run with the packages of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        browser.write_notebook(Path(folder, "widgets.ipynb"), cells)
        with browser.jupyterlab(Path(folder), packages=packages) as address:
            page = chromium.new_page(viewport={"width": 1300, "height": 1500})
            browser.open_notebook(page, address, "widgets.ipynb")
            browser.run_all(page)
            browser.wait_until_idle(page, 300)
            yield page


def measure(folders, names=tuple(WIDGETS), rounds=ROUNDS, actions=ACTIONS):
    """{name of the widget: a list of times for each of the checkouts in `folders`}; None is an answer that did not come."""
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as ended:
        playwright = ended.enter_context(sync_playwright())
        cells = [PREPARE, *(WIDGETS[name].made for name in names)]
        pages = []
        for folder in folders:
            chromium = playwright.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
            ended.callback(chromium.close)
            pages.append(ended.enter_context(opened(folder, chromium, cells)))
        found = {}
        for name in names:
            acting = [Acting(page, WIDGETS[name]) for page in pages]
            found[name] = [[] for _ in folders]
            for _ in range(rounds):
                for one, times in zip(acting, found[name]):
                    times += [one.time() for _ in range(actions)]
        return found


def measure_panel(seconds=WATCHED):
    """Milliseconds between the changes of a training panel's numbers and curves while it trains, in this checkout."""
    with browser.browser_page() as blank, opened(browser.ROOT, blank.context.browser, [PREPARE, PANEL]) as page:
        panel = page.locator(".lenet-training-panel")
        panel.get_by_role("button", name="Start", exact=True).click()
        panel.locator(".lenet-status").get_by_text("Running").wait_for()
        times = panel.evaluate(UPDATES, seconds)
        panel.get_by_role("button", name="Stop", exact=True).click()
        return times


def row(action, columns):
    """The cells of a table for one widget: the action, of every checkout median, slowest and missing answers, and the ratios to the others."""
    came = [[time for time in times if time is not None] for times in columns]
    cells = [(f"{median(times):.0f}" if times else "–", f"{max(times):.0f}" if times else "–", str(len(asked) - len(times)))
             for times, asked in zip(came, columns)]
    ratios = [f"{median(came[0]) / median(times):.2f}" if came[0] and times else "–" for times in came[1:]]
    return [action, *itertools.chain(*cells), *ratios]


def widget_table(found, others=()):
    """A table of what `measure` found in this checkout and in `others`, the names of further ones."""
    whose = ["", *(f"{other}: " for other in others)]
    heads = [f"{name}{what}" for name in whose for what in ("median, ms", "slowest", "no answer")]
    rows = [[name, *row(action, columns)] for (name, action), columns in found.items()]
    head = ["widget", "action", *heads, *(f"ratio to {other}" for other in others)]
    return tabulate(rows, head, "github", disable_numparse=True, colalign=("left", "left", *("right",) * (len(head) - 2)))


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("folder", type=Path, nargs="*", help="a checkout of a version to compare with")
    ask.add_argument("--only", choices=WIDGETS, nargs="+", default=list(WIDGETS), help="these widgets")
    asked = ask.parse_args()
    others = [folder.resolve() for folder in asked.folder]
    found = measure([browser.ROOT, *others], asked.only)
    print(widget_table({(name, WIDGETS[name].action): columns for name, columns in found.items()}, [folder.name for folder in others]))


if __name__ == "__main__":
    main()
