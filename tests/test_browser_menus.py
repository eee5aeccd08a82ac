"""However JupyterLab is started, a student sees no menu of nbgrader and is asked nothing about news; an instructor sees the menu."""

import sys
from pathlib import Path

import pytest

from lenet_lab import cli

from . import browser

pytestmark = browser.MARKS
BIN = Path(sys.executable).parent
STUDENT = {"plain JupyterLab": [BIN / "jupyter", "lab", "."], "lenet lab": [BIN / "lenet", "lab", ".", "--"]}


def shown(page):
    """The menus, the buttons of the notebook's toolbar, the tabs of the side bars, and what has popped up."""
    page.wait_for_selector("#jp-MainMenu .lm-MenuBar-itemLabel", timeout=60_000)
    page.wait_for_selector(".jp-NotebookPanel-toolbar [data-jp-item-name=insert]", timeout=60_000)
    page.wait_for_timeout(2000)                                     # questions about news come late
    return {"menus": page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").all_inner_texts(),
            "buttons": page.locator(".jp-NotebookPanel-toolbar .jp-Toolbar-item").all_inner_texts(),
            "tabs": [tab.get_attribute("title") for tab in page.locator(".jp-SideBar .lm-TabBar-tab").all()],
            "popups": page.locator(".Toastify__toast, .jp-Dialog").all_inner_texts()}


@pytest.mark.parametrize("start", [pytest.param(start, marks=pytest.mark.slow) if start == "lenet lab" else start for start in STUDENT])
def test_a_student_sees_nothing_of_nbgrader(start, tmp_path):
    cli.main(["lab", str(tmp_path), "--copy-only"])
    with browser.jupyterlab(tmp_path, STUDENT[start]) as address, browser.browser_page() as page:
        page.goto(f"{address}/lab/tree/00_start_here.ipynb?reset")
        seen = shown(page)
    assert "Run" in seen["menus"] and "Nbgrader" not in seen["menus"]
    assert not [text for text in seen["buttons"] if "Validate" in text] and not seen["popups"]
    assert not [title for title in seen["tabs"] if "Assignment" in (title or "")] and len(seen["tabs"]) > 2


def test_an_instructor_sees_the_menu(tmp_path):
    cli.main(["course", str(tmp_path / "course")])
    with browser.jupyterlab(tmp_path, [BIN / "lenet", "lab", "course", "--instructor", "--"]) as address, browser.browser_page() as page:
        page.goto(f"{address}/lab/tree/source/hw7/hw7.ipynb?reset")
        assert "Nbgrader" in shown(page)["menus"]
