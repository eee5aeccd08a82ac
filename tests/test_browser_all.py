"""All eight widgets on one page of JupyterLab: what axe-core finds in three themes, whether they fit, and what a thousand actions leave behind."""

import re

import pytest

from . import axe, browser, controls, fit, memory
from .all_widgets import CELLS, WIDGETS

pytestmark = browser.MARKS

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


@pytest.fixture(scope="module")
def touched(page, lab):
    """A page that can be touched, with the same notebook run anew."""
    folder, address = lab
    other = page.context.browser.new_page(viewport={"width": 1366, "height": 768}, has_touch=True)
    browser.write_notebook(folder / "touched.ipynb", CELLS)
    browser.open_notebook(other, address, f"{folder.name}/touched.ipynb")
    browser.run_all(other)
    for name in WIDGETS:
        other.locator(f".lenet-{name}").first.wait_for(timeout=90_000)
    browser.wait_until_idle(other)
    other.keyboard.press("Control+b")                                       # the list of files goes
    yield other
    other.close()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["mouse", "touch", "key"])
@pytest.mark.parametrize("size", fit.SIZES)
def test_every_control_is_worked(touched, size, way):
    """And what they led to fits too."""
    width, height = fit.SIZES[size]
    touched.set_viewport_size({"width": width, "height": height})
    touched.wait_for_timeout(700)                                           # what measures itself is laid out anew
    errors = []
    touched.on("pageerror", lambda error: errors.append(str(error)))
    assert not [fault for name in WIDGETS for fault in controls.faults(touched, name, way)]
    touched.wait_for_timeout(700)
    assert not fit.faults(touched) and not errors


def test_a_number_of_a_run_stands_under_its_name(page):
    """JupyterLab lets the names of a list stand at the left of what they name. A small number is on one line, as everywhere."""
    panel = page.locator(".lenet-training-panel.lenet-widget")
    panel.get_by_role("slider", name="learning rate").press("Home")
    panel.get_by_role("button", name="Start").click()
    panel.locator(".lenet-status", has_text="Finished").wait_for()
    assert re.fullmatch(r"\d(\.\d+)?·10⁻⁶", panel.locator(".lenet-learning-rate").inner_text())
    assert len({box["height"] for box in (one.bounding_box() for one in panel.locator("dd").all())}) == 1
    boxes = page.locator(".lenet-training-panel .numbers > div").evaluate_all(
        "all => all.map(one => [one.querySelector('dt').getBoundingClientRect().bottom, one.querySelector('dd').getBoundingClientRect().top])")
    assert boxes and all(top >= bottom - 1 for bottom, top in boxes)


@pytest.mark.parametrize(("turns", "actions"), [(list(WIDGETS), 24), *(pytest.param(turns, 1000, marks=pytest.mark.slow)
                                                                       for turns in [list(WIDGETS), *([name] for name in WIDGETS)])])
def test_a_page_does_not_grow(page, turns, actions):
    """Widgets that take turns also move from cell to cell, and JupyterLab must leave nothing behind then either."""
    page.set_viewport_size({"width": 1366, "height": 768})
    grown = memory.growth(page, turns, actions)
    print(f"{', '.join(turns)}, {actions} actions: {grown}")
    assert grown["nodes"] < 100 and grown["listeners"] < 20 and grown["heap"] < 2 ** 20
