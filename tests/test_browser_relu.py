"""The hinges and the network in the plane in real JupyterLab, worked by keys alone."""

import re

import pytest

from lenet_lab.widgets.regions import Regions

from . import browser

pytestmark = browser.MARKS

CELLS = ["""
from lenet_lab.widgets.hinges import Hinges
from lenet_lab.widgets.regions import Regions
hinges = Hinges(0, [(0, 1), (2, -3), (4, 5), (6, -6)], shown=1)
hinges
""", 'Regions("rings", width=8)', "hinges.b, hinges.hinges, hinges.shown"]


@pytest.fixture(scope="module")
def page(lab):
    """A notebook with both widgets after Run All Cells."""
    folder, address = lab
    browser.write_notebook(folder / "relu.ipynb", CELLS)
    with browser.browser_page() as page:
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        browser.open_notebook(page, address, f"{folder.name}/relu.ipynb")
        browser.run_all(page)
        page.locator(".lenet-regions svg").wait_for(timeout=60_000)
        browser.wait_until_idle(page)
        yield page
        assert not errors


@pytest.fixture
def hinges(page):
    return page.locator(".lenet-hinges")


@pytest.fixture
def plane(page):
    return page.locator(".lenet-regions")


def press(widget, name, times=1):
    for _ in range(times):
        widget.get_by_role("button", name=name, exact=True).press("Space")


def slide(widget, name, key, times=1):
    slider = widget.get_by_role("slider", name=name, exact=True)
    slider.focus()
    for _ in range(times):
        widget.page.keyboard.press(key)


def slopes(hinges):
    return hinges.locator(".slopes").inner_text()


def test_hinge_by_hinge(hinges):
    said = [slopes(hinges)]
    for _ in range(3):
        press(hinges, "Add hinge")
        said.append(slopes(hinges))
    wanted = ("0, 1", "0, 1, −2", "0, 1, −2, 3", "0, 1, −2, 3, −3")
    assert said == [f"Slopes from left to right: {numbers}." for numbers in wanted]
    assert hinges.locator(".formula").inner_text() == "f(x) = ReLU(x) − 3 ReLU(x − 2) + 5 ReLU(x − 4) − 6 ReLU(x − 6)"
    rows = [row.split("\t") for row in hinges.locator("tbody tr").all_inner_texts()]
    assert [row[-1] for row in rows] == ["0", "x", "−2x + 6", "3x − 14", "−3x + 22"]
    assert rows[2] == ["2", "4", "1 − 3 = −2", "−2x + 6"]
    press(hinges, "Add hinge")                                            # there is no fifth
    assert slopes(hinges).endswith("−3.")
    assert hinges.get_by_role("button", name="Add hinge").get_attribute("aria-disabled") == "true"


def test_sliders_by_key_change_the_slopes_to_their_right(page, hinges):
    cells = page.locator(".jp-Cell").count()
    slide(hinges, "coefficient 2", "ArrowRight", 2)                       # -3 to -2: in halves
    assert slopes(hinges) == "Slopes from left to right: 0, 1, −1, 4, −2."
    slide(hinges, "hinge 3 at x =", "ArrowLeft", 4)                       # from 4 to 2: on top of the second
    assert slopes(hinges) == "Slopes from left to right: 0, 1, 4, −2."
    slide(hinges, "b", "ArrowLeft")
    assert slopes(hinges) == "Slopes from left to right: 0, 1, 4, −2."
    assert hinges.locator(".formula").inner_text().startswith("f(x) = −0.5 + ReLU(x) − 2 ReLU(x − 2) + 5 ReLU(x − 2)")
    slide(hinges, "look at x", "ArrowLeft", 4)                            # from 5 to 4, in quarters
    assert hinges.locator(".sum").inner_text() == "f(4) = −0.5 + 1·4 − 2·2 + 5·2 − 6·0 = 9.5"
    assert "The curve f(x) = −0.5" in hinges.locator("svg").get_attribute("aria-label")
    assert "x = 2, height 1.5" in hinges.locator("svg").get_attribute("aria-label")
    page.keyboard.press("x")                                              # JupyterLab would cut the cell
    assert page.locator(".jp-Cell").count() == cells


def test_every_change_is_said_once_in_words(hinges):
    heard = hinges.locator(".heard")
    said = browser.listen(heard)
    slide(hinges, "look at x", "ArrowLeft", 2)                            # to 3.5
    heard.get_by_text("f(3.5) = −0.5 + 1·3.5 − 2·1.5 + 5·1.5 − 6·0 = 7.5.", exact=True).wait_for(state="attached", timeout=5000)
    assert hinges.get_by_role("slider", name="look at x").get_attribute("aria-valuetext") == "3.5, 7.5 high"
    slide(hinges, "look at x", "ArrowRight", 2)
    slide(hinges, "b", "ArrowRight")
    browser.until(lambda: len(said()) == 2)
    assert said()[1].startswith("f(x) = ReLU(x) − 2 ReLU(x − 2)") and "Slopes from left to right" in said()[1] and said()[1].endswith("= 10.")
    slide(hinges, "b", "ArrowLeft")


def test_a_point_is_dragged(page, hinges):
    before = hinges.locator(".formula").inner_text()
    handle = hinges.locator(".handle[data-hinge='3']")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    unit = hinges.locator("svg").bounding_box()["width"] / 640 * 572 / 10          # pixels for one unit of x
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + unit / 2, y, steps=3)
    page.mouse.move(x + unit, y, steps=3)
    page.mouse.up()
    assert "6 ReLU(x − 7)" in hinges.locator(".formula").inner_text()
    slide(hinges, "hinge 4 at x =", "ArrowLeft", 2)
    slide(hinges, "coefficient 3", "Home")
    for _ in range(26):
        page.keyboard.press("ArrowRight")                                  # what the drag changed in height
    assert hinges.locator(".formula").inner_text() == before


def test_what_is_set_on_the_page_arrives_in_python_and_goes_back(page, hinges):
    arrived = page.get_by_text("(-0.5, [[0, 1], [2, -2], [2, 5], [6, -6]], 4)")

    def ask():                                                            # of quick changes, ipywidgets keeps the last back until
        browser.run_cell(page, 2)                                         # the kernel has answered those before: it may come after
        browser.wait_until_idle(page)                                     # the cell that asks
        return arrived.count()
    browser.until(ask)
    press(hinges, "Original numbers")
    press(hinges, "Remove hinge")
    assert slopes(hinges) == "Slopes from left to right: 0, 1, −2, 3."


def number(plane, name):
    return plane.locator(f'[data-number="{name}"]').inner_text()


def steps(plane):
    return int(number(plane, "step").split()[0])


def test_the_plane_starts_learns_and_pauses(plane):
    label = plane.locator("svg").get_attribute("aria-label")
    assert "linear regions 35" in label and number(plane, "loss") == "–"
    press(plane, "Step")
    browser.until(lambda: steps(plane) == 1)
    first = float(number(plane, "loss"))
    press(plane, "Resume")
    browser.until(lambda: steps(plane) > 150)
    press(plane, "Pause")
    browser.until(lambda: plane.locator(".status").inner_text().startswith("Paused after"))
    browser.settled(lambda: steps(plane))
    assert float(number(plane, "loss")) < first / 2
    wrong = int(number(plane, "on the wrong side").split()[0])
    assert wrong < 60 and f"on the wrong side {wrong} of 300 points" in plane.locator("svg").get_attribute("aria-label")
    spoken = plane.locator(".heard").inner_text()
    assert "Paused after" in spoken and "linear regions" in spoken and "loss" in spoken
    press(plane, "Reset")
    browser.until(lambda: number(plane, "step") == "0 of 600")
    assert plane.locator("svg").get_attribute("aria-label") == label


def test_what_is_near_is_shown_at_once_and_is_what_python_says(page, plane):
    """Nobody moves a control: the page asks for the networks one step away, and shows one of them without asking again."""
    plane.get_by_role("slider", name="units in a layer", exact=True).focus()
    shown = "plane => [plane.querySelector('svg').outerHTML, plane.querySelector('.facts').innerText, plane.querySelector('.status').innerText]"
    for by, width in ((1, 9), (-1, 8)):
        page.wait_for_timeout(500)
        browser.wait_until_idle(page)
        page.wait_for_timeout(200)
        at_once = plane.evaluate(f"""plane => {{
            const slider = plane.querySelector('input[type=range]');
            slider.value = +slider.value + {by};
            slider.dispatchEvent(new Event('input', {{ bubbles: true }}));
            return ({shown})(plane); }}""")
        there = Regions("rings", width=width)
        there.close()
        assert at_once[0].count("<polygon") == there.page["picture"].count("<polygon") and there.page["words"] in at_once[0]
        assert there.page["numbers"]["linear regions"] in at_once[1] and at_once[2] == there.page["status"]
        browser.wait_until_idle(page)
        assert plane.evaluate(shown) == at_once


def test_the_plane_takes_another_network_by_key(page, plane):
    cells = page.locator(".jp-Cell").count()
    slide(plane, "units in a layer", "ArrowLeft", 5)
    browser.until(lambda: number(plane, "linear regions") == "7")
    plane.get_by_role("combobox", name="points").focus()
    page.keyboard.press("m")                                              # of moons; JupyterLab would make a text of the cell
    browser.until(lambda: "moons" in plane.locator("svg").get_attribute("aria-label"))
    plane.get_by_role("checkbox").press("Space")
    browser.until(lambda: number(plane, "linear regions") == "1")
    assert number(plane, "pieces of the boundary") == "1"
    assert page.locator(".jp-Cell").count() == cells and page.locator(".jp-MarkdownCell").count() == 0


def test_every_control_has_a_name_and_keeps_its_keys(hinges, plane):
    for widget in (hinges, plane):
        names = browser.names(widget, "input, select, button")
        assert all(names) and len(set(names)) == len(names)
        controls = widget.locator("button, input, select")
        assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
        assert re.search(r"\d", widget.locator("svg").get_attribute("aria-label"))
        assert widget.locator("[aria-live=polite]").count() == 1
