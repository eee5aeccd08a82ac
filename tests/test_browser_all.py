"""All eight widgets on one page of JupyterLab: what axe-core finds in three themes, whether they fit, and what a thousand actions leave behind."""

import pytest

from . import axe, browser, fit, memory

pytestmark = browser.MARKS

CELLS = ["""import numpy as np
from lenet_core import lenet
from lenet_core.data import digits
from lenet_lab.inside.recorder import Recorder
from lenet_lab.toy.practice import homework
from lenet_lab.widgets import draw, hinges, look_inside, mistakes, regions, step_through, time_travel, training
data, net = digits(), lenet(np.random.default_rng(0))
recording = Recorder(net, data, steps=10, lr=0.02)""",
         "step_through.StepThrough(homework())", "draw.DrawDigit(net)", "look_inside.LookInside(net, data.test_x[:30], data.test_y[:30])",
         "mistakes.Mistakes(net, data.test_x, data.test_y, 'digits')", "training.TrainingPanel(net, data, steps=40)",
         "time_travel.TimeTravel(recording, data)", "hinges.Hinges(0, [(0, 1), (2, -3), (4, 5), (6, -6)], shown=1)",
         "regions.Regions('rings', width=4)"]
WIDGETS = ["step", "draw", "look", "mistakes", "training-panel", "time-travel", "hinges", "regions"]
THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]


@pytest.fixture(scope="module")
def page(lab):
    folder, address = lab
    browser.write_notebook(folder / "all.ipynb", CELLS)
    with browser.browser_page(1366, 768) as page:
        browser.open_notebook(page, address, f"{folder.name}/all.ipynb")
        browser.run_all(page)
        for name in WIDGETS:
            page.locator(f".lenet-{name}").first.wait_for(timeout=90_000)
        browser.wait_until_idle(page)
        yield page


@axe.HERE
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(page, theme):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu").get_by_text("Theme", exact=True).hover()
    page.locator(".lm-Menu").get_by_text(theme, exact=True).click()
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
    page.wait_for_timeout(500)                                              # colours change over a moment
    assert not axe.violations(page, ".lenet-widget")


@pytest.mark.parametrize("size", fit.SIZES)
def test_everything_fits(page, size):
    width, height = fit.SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    for _ in ("with the list of files", "without it"):
        page.wait_for_timeout(700)                                          # what measures itself is laid out anew
        assert not fit.faults(page)
        page.evaluate("() => document.activeElement.blur()")                # a widget keeps its keys
        page.keyboard.press("Control+b")


def test_a_number_of_a_run_stands_under_its_name(page):
    """JupyterLab lets the names of a list stand at the left of what they name."""
    boxes = page.locator(".lenet-training-panel .numbers > div").evaluate_all(
        "all => all.map(one => [one.querySelector('dt').getBoundingClientRect().bottom, one.querySelector('dd').getBoundingClientRect().top])")
    assert boxes and all(top >= bottom - 1 for bottom, top in boxes)


@pytest.mark.parametrize(("widget", "actions"), [("look", 20), *(pytest.param(name, 1000, marks=pytest.mark.slow) for name in WIDGETS)])
def test_a_page_does_not_grow(page, widget, actions):
    page.set_viewport_size({"width": 1366, "height": 768})
    grown = memory.growth(page, widget, actions)
    print(f"{widget}, {actions} actions: {grown}")
    assert grown["nodes"] < 100 and grown["listeners"] < 20 and grown["heap"] < 2 ** 20
