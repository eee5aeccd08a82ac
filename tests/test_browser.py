"""The training panel in real JupyterLab, as a student uses it: seen, clicked, keyed."""

import contextlib
import re
import shutil

import nbformat
import pytest

from lenet_lab.course.lab import sign

from . import browser

pytestmark = browser.MARKS


@pytest.fixture
def page():
    with browser.browser_page() as page:
        yield page


class Panel:
    """What the page shows of a training panel, and its buttons."""

    def __init__(self, page, n=0):
        page.wait_for_selector(".lenet-training-panel", timeout=90_000)
        self.at = page.locator(".lenet-training-panel").nth(n)

    def button(self, name):
        return self.at.get_by_role("button", name=name, exact=True)

    def click(self, name):
        self.button(name).click(timeout=10_000)

    @property
    def step(self):
        return int(re.match(r"step ([\d,]+) of", self.at.locator(".lenet-left").inner_text()).group(1).replace(",", ""))

    def number(self, name):
        return self.at.locator(f".lenet-{name}").inner_text()

    @property
    def status(self):
        return self.at.locator(".lenet-status").inner_text()

    @property
    def drawn(self):
        """The step that the curves have come to: of what the page gets for a step, they are the last."""
        return int(re.search(r"over (\d+) steps", self.at.locator("svg[role=img]").first.get_attribute("aria-label")).group(1))

    def rests(self):
        """Wait until nothing changes any more. Returns the step."""
        return browser.settled(lambda: (self.step, self.drawn, self.number("loss")))[0]

    def until(self, condition, seconds=20):
        browser.until(lambda: condition(self), seconds, lambda: f"{self.status!r}, step {self.step}")


def test_pause_step_resume_and_stop_while_a_cell_waits(page, lab):
    """Run All of the real notebook. The cell below the panel is waiting for it, and the buttons must answer all the same."""
    folder, address = lab
    shutil.copy(browser.NOTEBOOKS / "06_train_lenet.ipynb", folder)
    browser.open_notebook(page, address, f"{folder.name}/06_train_lenet.ipynb")
    browser.run_all(page)
    panel = Panel(page)
    panel.until(lambda p: p.step > 5)
    seen = set()
    panel.until(lambda p: seen.add(p.step) or len(seen) >= 4)           # and not only the end
    assert panel.status.startswith("Running")

    panel.click("Pause")
    panel.until(lambda p: p.status.startswith("Paused"))
    at = panel.rests()
    assert panel.button("Pause").is_disabled() and panel.button("Resume").is_enabled()

    panel.click("Step")
    panel.until(lambda p: p.drawn == at + 1)
    panel.button("Step").press("Space")                                 # the keyboard does the same
    panel.until(lambda p: p.drawn == at + 2)
    assert panel.step == at + 2
    assert re.fullmatch(r"\d+\.\d{4}", panel.number("loss")) and panel.number("training-error").endswith("%")

    panel.click("Restart")                                              # the cell that waits goes on waiting
    panel.until(lambda p: p.status.startswith("Running") and p.step > 12)
    panel.click("Stop")
    panel.until(lambda p: p.status.startswith("Stopped after") and "test images are right" in p.status)
    panel.until(lambda p: p.number("test-error").endswith("%"))         # what is below the status comes after it
    panel.rests()
    assert panel.button("Restart").is_enabled() and panel.button("Stop").is_disabled()
    assert not page.locator(".jp-OutputArea [data-mime-type='application/vnd.jupyter.error']").count()
    browser.menu(page, "Kernel", "Shut Down Kernel")


CELLS = ["""
import threading, time, numpy as np
from lenet_core import lenet
from lenet_core.data import digits
from lenet_lab.widgets.training import TrainingPanel
net = lenet(np.random.default_rng(0))
""", """
panel = TrainingPanel(net, digits(), steps=2000)
panel.start()
panel
""", """
print(sum(t.name == "lenet-training" for t in threading.enumerate()), "thread trains")
"""]


@pytest.fixture
def small_notebook(lab):
    folder, address = lab

    def write(cells):
        browser.write_notebook(folder / "small.ipynb", cells)
        return address, f"{folder.name}/small.ipynb"
    return write


def test_running_the_cell_again_leaves_one_thread_and_rates_take_effect(page, small_notebook):
    browser.open_notebook(page, *small_notebook(CELLS))
    for _ in range(2):
        browser.run_all(page)
        browser.wait_until_idle(page)
        panel = Panel(page)
        panel.until(lambda p: p.step > 3)
    assert page.get_by_text("1 thread trains").count() == 1

    panel.click("Pause")
    panel.until(lambda p: p.status.startswith("Paused"))
    at = panel.rests()
    panel.click("Step")
    panel.until(lambda p: p.drawn == at + 1)
    before = float(panel.number("learning-rate"))
    rate = panel.at.get_by_role("slider", name="learning rate", exact=True)
    rate.focus()
    for _ in range(2):
        rate.press("ArrowLeft")                                         # 0.08, 0.05, 0.02
    assert rate.get_attribute("aria-valuetext") == "0.02"
    panel.click("Step")
    panel.until(lambda p: p.drawn == at + 2)
    assert float(panel.number("learning-rate")) < before / 2
    panel.click("Stop")
    panel.until(lambda p: p.status.startswith("Stopped"))
    panel.click("Restart")
    panel.until(lambda p: p.status.startswith("Running") and 0 < p.step)
    panel.click("Stop")


def test_interrupting_the_waiting_cell_pauses_and_hangs_nothing(page, small_notebook):
    browser.open_notebook(page, *small_notebook([*CELLS, "await panel"]))
    browser.run_all(page)
    panel = Panel(page)
    panel.until(lambda p: p.step > 3)
    browser.menu(page, "Kernel", "Interrupt Kernel")
    panel.until(lambda p: p.status.startswith("Paused"))
    browser.wait_until_idle(page)
    at = panel.step
    panel.click("Resume")
    panel.until(lambda p: p.step > at)
    panel.click("Stop")
    panel.until(lambda p: "test images are right" in p.status)


def test_a_reloaded_page_has_the_panel_again_and_a_panel_says_when_its_kernel_is_gone(page, lab, small_notebook):
    """As in a fresh clone: the notebook has an output that was not made here, so that JupyterLab would not trust it by itself."""
    address, name = small_notebook([*CELLS, "print('before')\nawait panel\nprint('afterwards')", "panel"])
    path = lab[0] / "small.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells.append(nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", {"text/html": "<b>from the release</b>"})]))
    nbformat.write(book, path)
    sign([path])
    browser.open_notebook(page, address, name)
    for cell in (0, 1, 3):
        browser.run_cell(page, cell)
    panel = Panel(page)
    panel.until(lambda p: p.step > 3)
    panel.click("Pause")
    panel.until(lambda p: p.status.startswith("Paused"))
    browser.menu(page, "File", "Save Notebook")
    page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")

    page.goto(f"{address}/lab/tree/{name}?reset")                       # the cell still waits for the run, which is paused
    panel = Panel(page)
    at, loss = panel.rests(), panel.number("loss")
    panel.click("Resume")                                               # what the cell prints from now on is on no page; the panel is
    panel.until(lambda p: p.step > at + 2 and p.drawn > at + 2 and p.number("loss") != loss)
    panel.click("Pause")
    panel.until(lambda p: p.status.startswith("Paused"))

    browser.menu(page, "Kernel", "Interrupt Kernel")                    # the way on where no panel is left: then show it anew
    second = page.locator(".lenet-training-panel").nth(1)
    for _ in range(5):                                                  # what is asked before the cell has ended is dropped with it,
        with contextlib.suppress(browser.timed_out()):                  # sometimes before its prompt has changed
            browser.run_cell(page, 4, seconds=8)
            second.wait_for(timeout=8_000)
            break
    panel = Panel(page, 1)
    at = panel.step
    panel.click("Resume")
    panel.until(lambda p: p.step > at)

    browser.menu(page, "Kernel", "Restart Kernel…")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    panel.at.get_by_text("The kernel of this widget is gone. Its run has ended with it.").wait_for(timeout=20_000)
    assert not panel.at.locator(".lenet-left").is_visible() and not panel.at.locator(".lenet-status").is_visible()


def test_keys_stay_in_the_panel_and_a_button_that_goes_out_of_use_keeps_the_focus(page, small_notebook):
    browser.open_notebook(page, *small_notebook(CELLS[:1] + ["TrainingPanel(net, digits(), steps=2000)"]))
    browser.run_all(page)
    panel = Panel(page)
    browser.wait_until_idle(page)
    cells = page.locator(".jp-Cell").count()
    controls = panel.at.locator("button, input")
    assert controls.count() == 8 and all(browser.names(panel.at, "button, input"))
    for n in range(8):
        controls.nth(n).focus()
        for key in ("x", "a", "b", "m"):
            page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == cells and not page.locator(".jp-MarkdownCell").count()
    said = panel.at.locator(".heard")
    for name, words in (("Start", "Running"), ("Pause", "Paused after"), ("Resume", "Running"), ("Stop", "Stopped after")):
        panel.button(name).press("Space")
        panel.until(lambda p, words=words: words in said.inner_text())
        assert page.evaluate("document.activeElement.innerText") in (name, "Restart")
    assert "The smoothed loss went from" in said.inner_text()
    assert panel.at.get_by_role("img", name=re.compile("kernels of conv1 now")).count() == 1
