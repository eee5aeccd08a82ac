"""Notebook 00 in real JupyterLab: run it, draw by keyboard, press Start, draw again, solve the exercise."""

import re
import shutil

import pytest

from lenet_lab.course import syllabus

from . import browser
from .test_browser import Panel

pytestmark = browser.MARKS
NAME = "00_start_here.ipynb"


@pytest.fixture(scope="module")
def page(lab):
    folder, address = lab
    shutil.copy(browser.NOTEBOOKS / NAME, folder)
    with browser.browser_page() as page:
        browser.open_notebook(page, address, f"{folder.name}/{NAME}")
        browser.run_all(page)
        browser.wait_until_idle(page, 120)
        yield page


def sure(pad):
    """The largest of the ten probabilities on the page, in percent."""
    pad.page.wait_for_selector(".lenet-draw[aria-busy=false]", timeout=15_000)
    return max(float(text.removesuffix(" %")) for text in pad.locator(".share").all_inner_texts())


def draw_a_one(pad):
    """A stroke from top to bottom, with the keyboard alone."""
    keyboard = pad.page.keyboard
    pad.get_by_role("button", name="Clear", exact=True).focus()
    keyboard.press("Enter")
    pad.locator(".sheet").focus()
    for _ in range(8):
        keyboard.press("ArrowUp")
    keyboard.press("Space")
    for _ in range(16):
        keyboard.press("ArrowDown")
    keyboard.press("Space")


def test_all_cells_run_and_nothing_is_to_be_mended(page):
    assert not page.locator(".jp-OutputArea [data-mime-type='application/vnd.jupyter.error']").count()
    assert not page.locator(".jp-OutputArea [data-mime-type='application/vnd.jupyter.stderr']").count()
    assert page.get_by_text("Not written yet.").count() == 1
    looked = page.locator(".jp-OutputArea pre", has_text="✓ fine  Python").inner_text()
    assert all(word in looked for word in ("packages", "widgets", "processors", "memory", "progress", "MNIST"))


def test_the_picture_of_the_lessons_has_words_for_those_who_do_not_see_it(page):
    assert page.locator(".jp-OutputArea em", has_text="The notebooks beside the layers of LeNet").count() == 1
    rows = page.locator("table", has_text="what happens in it").locator("tr").all_inner_texts()
    assert len(rows) == 1 + len(syllabus.lessons())


def test_the_first_minute_by_keyboard(page):
    pad, panel = page.locator(".lenet-draw"), Panel(page)
    draw_a_one(pad)
    assert sure(pad) < 20                                                     # ten digits, all near one tenth
    panel.button("Start").focus()
    page.keyboard.press("Space")
    panel.until(lambda p: p.status.startswith("Finished"), seconds=120)
    assert float(re.search(r"([\d.]+) % of the", panel.status)[1]) > 90
    draw_a_one(pad)
    assert sure(pad) > 50


def test_the_link_to_the_check_of_the_environment_goes_there(page):
    page.get_by_role("link", name="Check the environment").first.click()
    page.wait_for_function("() => [...document.querySelectorAll('h2')].find(head => /Check the environment/.test(head.innerText))"
                           ".getBoundingClientRect().top < 900", timeout=10_000)
    assert page.locator(".jp-Notebook").count() == 1
