"""Every widget in real JupyterLab: a cell is moved, and nothing is lost; the kernel is restarted or dies, and every widget says so."""

import re

import pytest

from . import browser
from .all_widgets import CELLS, WIDGETS

pytestmark = browser.MARKS


@pytest.fixture(scope="module")
def page(lab):
    folder, address = lab
    browser.write_notebook(folder / "all.ipynb", [*CELLS, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"])
    with browser.browser_page() as page:
        page.set_default_timeout(60_000)
        browser.open_notebook(page, address, f"{folder.name}/all.ipynb")
        for cell in range(len(CELLS)):
            browser.run_cell(page, cell)
        browser.wait_until_idle(page, 120)
        yield page


def widget(page, kind):
    return page.locator(f".lenet-{kind}.lenet-widget")


def move(page, kind):
    """Move the cell of a widget down and up again, and come back with its view, which is another one each time."""
    for way in ("Down", "Up"):
        widget(page, kind).evaluate("one => one.dataset.old = 'yes'")
        page.locator(".jp-CodeCell", has=widget(page, kind)).locator(".jp-InputPrompt").click()
        browser.menu(page, "Edit", f"Move Cell {way}")
        widget(page, kind).locator("xpath=self::*[not(@data-old)]").wait_for()
    return widget(page, kind)


def test_a_drawing_that_was_moved_keeps_its_strokes(page):
    pad = widget(page, "draw")
    dark = "c => c.getContext('2d').getImageData(0, 0, 280, 280).data.filter((value, i) => i % 4 === 3 && value > 127).length"
    pad.get_by_role("slider", name="thickness of the pen").press("Home")
    for down, right in ((4, 0), (0, 4)):
        pad.locator(".sheet").press("Space")
        for key, times in (("ArrowDown", down), ("ArrowRight", right)):
            for _ in range(times):
                pad.locator(".sheet").press(key)
        pad.locator(".sheet").press("Space")
    pad.get_by_role("button", name="What would change it?").click()
    page.wait_for_selector(".lenet-draw[aria-busy=false]")
    before, said = pad.locator(".sheet").evaluate(dark), pad.locator(".said").inner_text()
    pad = move(page, "draw")
    page.wait_for_selector(".lenet-draw[aria-busy=false]")
    assert pad.locator(".sheet").evaluate(dark) == before and pad.locator(".said").inner_text() == said
    assert pad.get_by_role("slider", name="thickness of the pen").input_value() == "8"
    assert pad.locator(".push canvas").is_visible()
    for left in (True, False):                                              # two strokes, one after the other
        pad.get_by_role("button", name="Undo").click()
        page.wait_for_selector(".lenet-draw[aria-busy=false]")
        assert (0 < pad.locator(".sheet").evaluate(dark) < before) == left
    assert pad.locator(".said").inner_text().startswith("Nothing is drawn")


def test_the_step_through_stands_where_it_stood_with_its_edits_and_what_is_being_typed(page):
    steps = widget(page, "step")
    for _ in range(3):
        steps.get_by_role("button", name="Step", exact=True).click()
    given = steps.locator("td.given")
    given.nth(0).dblclick()
    given.nth(0).locator("input").fill("7")
    given.nth(0).locator("input").press("Enter")
    page.wait_for_function("() => document.querySelector('.lenet-step td.given').innerText === '7'")
    steps.get_by_role("combobox", name="speed").select_option("fast")
    counter = steps.locator(".counter").inner_text()
    given.nth(1).dblclick()
    given.nth(1).locator("input").press_sequentially("4")                  # not entered yet
    steps = move(page, "step")
    given = steps.locator("td.given")
    assert steps.locator(".counter").inner_text() == counter and counter.startswith("3 of")
    assert steps.get_by_role("combobox", name="speed").input_value() == "fast"
    page.wait_for_function("() => ['7', '4'].every((text, n) => { const td = document.querySelectorAll('.lenet-step td.given')[n];"
                           " return (td.querySelector('input')?.value ?? td.innerText) === text; })")


def test_hinges_keep_their_numbers_and_the_way_back_to_the_original_ones(page):
    hinges = widget(page, "hinges")
    original = hinges.locator(".formula").inner_text()
    hinges.get_by_role("slider", name="b", exact=True).press("ArrowRight")
    hinges.get_by_role("slider", name="look at x").press("Home")
    changed, at = hinges.locator(".formula").inner_text(), hinges.locator(".sum").inner_text()
    hinges = move(page, "hinges")
    assert hinges.locator(".formula").inner_text() == changed != original and hinges.locator(".sum").inner_text() == at
    hinges.get_by_role("button", name="Original numbers").click()
    assert hinges.locator(".formula").inner_text() == original


def test_look_inside_keeps_its_cursor_its_layer_and_what_is_shown(page):
    look = widget(page, "look")
    look.get_by_role("spinbutton").fill("3")
    look.get_by_role("spinbutton").press("Enter")
    look.get_by_role("button", name="conv2", exact=True).click()
    look.get_by_role("combobox", name="what is shown").select_option("W")
    look.locator(".scroll .over").press("ArrowRight")
    look.locator(".scroll .over").press("Space")
    look.locator(".details .weight", has_text=re.compile(r"\S")).wait_for()
    read = [".title", ".details .name", ".details .weight", ".verdict"]
    before = [look.locator(one).first.inner_text() for one in read]
    look = move(page, "look")
    look.locator(".details .weight", has_text=before[2]).wait_for()
    assert [look.locator(one).first.inner_text() for one in read] == before and "conv2" in before[0]
    assert look.get_by_role("combobox", name="what is shown").input_value() == "W"
    assert look.get_by_role("button", name="Let go").count() == 1


def test_sliders_of_the_others_stand_where_they_stood(page):
    settings = {"regions": "units in a layer", "training-panel": "learning rate"}
    for kind, name in settings.items():
        slider = widget(page, kind).get_by_role("slider", name=name)
        slider.press("ArrowLeft")
        moved = slider.get_attribute("aria-valuetext")
        slider = move(page, kind).get_by_role("slider", name=name)              # Python may not have answered before the move
        browser.until(lambda slider=slider, moved=moved: slider.get_attribute("aria-valuetext") == moved)
    travel = widget(page, "time-travel")
    travel.get_by_role("combobox").select_option("0.1")
    travel.get_by_role("slider", name="step").press("Home")
    page.wait_for_function("() => /^After 0 steps/.test(document.querySelector('.lenet-travel-status').innerText)")
    travel = move(page, "time-travel")
    assert travel.get_by_role("combobox").input_value() == "0.1" and travel.locator(".lenet-travel-status").inner_text().startswith("After 0 steps")
    widget(page, "mistakes").locator("td").first.click()
    title = widget(page, "mistakes").locator(".title")
    page.wait_for_function("() => !/^All/.test(document.querySelector('.lenet-mistakes .title').innerText)")
    opened = title.inner_text()
    assert move(page, "mistakes").locator(".title").inner_text() == opened


def all_say_so(page):
    for kind in WIDGETS:
        widget(page, kind).get_by_text("The kernel of this widget is gone.").wait_for(timeout=30_000)
    words = page.locator(".lenet-widget .gone").all_inner_texts()
    assert len(words) == len(WIDGETS) and all(one.endswith("Run the cells of this notebook again.") for one in words)
    assert not page.locator(".lenet-widget :is(.lenet-left, .late, .busy)").filter(visible=True).count()


def test_after_a_restart_every_widget_says_that_its_kernel_is_gone_also_when_it_is_moved(page):
    assert not page.locator(".lenet-widget .gone").filter(has_text="gone").count()
    browser.menu(page, "Kernel", "Restart Kernel…")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    all_say_so(page)
    assert move(page, "mistakes").get_by_text("The kernel of this widget is gone.").count() == 1


def test_a_kernel_that_dies_is_noticed_too(page):
    for cell in range(len(CELLS)):
        browser.run_cell(page, cell)
    browser.wait_until_idle(page, 120)
    assert not page.locator(".lenet-widget .gone").filter(has_text="gone").count()
    page.locator(".jp-CodeCell .jp-InputArea-editor").last.click()
    page.keyboard.press("Control+Enter")
    all_say_so(page)
