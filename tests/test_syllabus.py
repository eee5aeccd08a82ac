"""The front door, notebook 00: one home for titles and minutes, links that lead somewhere, an exercise that works."""

import re
from importlib import import_module
from itertools import combinations
from pathlib import Path

import nbformat
import numpy as np
import pytest
from anywidget import AnyWidget
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lenet_core import lenet
from lenet_lab import check, plots
from lenet_lab.check.solutions import blocks
from lenet_lab.course import syllabus
from lenet_lab.widgets.draw import DrawDigit

ROOT = Path(__file__).parent.parent
START = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", 4)
LESSONS = syllabus.lessons()
WORDS = {"an hour": 60, "ninety minutes": 90}


def words(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_the_lessons_are_the_numbered_notebooks_in_their_order():
    assert [one.name for one in LESSONS] == sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    assert [one.number for one in LESSONS] == [int(one.name[:2]) for one in LESSONS] == list(range(len(LESSONS)))


def test_a_folder_without_notebooks_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="belong in the folder notebooks"):
        syllabus.lessons(tmp_path)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.name)
def test_each_notebook_allows_the_minutes_that_it_is_said_to_take(lesson):
    text = words(nbformat.read(ROOT / "notebooks" / f"{lesson.name}.ipynb", 4))
    [allowed] = re.findall(r"\bAllow (an hour|ninety minutes|\d+ minutes)\b", text)
    assert (WORDS.get(allowed) or int(allowed.split()[0])) == lesson.minutes


def test_the_table_of_the_readme_says_the_same():
    rows = re.findall(r"^\| \[`\d\d_.*$", (ROOT / "README.md").read_text(), re.M)
    assert rows == [f"| [`{one.name}`](notebooks/{one.name}.ipynb) | {one.about} | {one.minutes} |" for one in LESSONS]


def test_the_stored_table_and_picture_are_of_the_notebooks_as_they_are():
    outputs = {cell.source.splitlines()[-1]: cell.outputs for cell in START.cells if cell.cell_type == "code"}
    printed, table = outputs["syllabus.table(lessons)"]
    assert table.data["text/markdown"] == syllabus.table(LESSONS).data
    assert printed.text == f"{sum(one.minutes for one in LESSONS) / 60:.1f} hours in all\n"


def test_the_picture_has_every_notebook_with_its_minutes_and_every_layer():
    net = lenet(np.random.default_rng(0))
    axes = plots.syllabus(LESSONS, net)
    figure = axes.figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    labels = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts if text.get_text().endswith(" min")]
    assert len(labels) == len(LESSONS)
    assert not [pair for pair in combinations(labels, 2) if pair[0].overlaps(pair[1])]
    shown = [" ".join(text.get_text().split()) for text in figure.findobj(Text)]
    for one in LESSONS:
        assert f"{one.title} {one.minutes} min" in shown and f"{one.number:02}" in shown
    assert {"image", "loss", *(layer.name for layer in net.layers)} <= {*shown}


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", words(START) + syllabus.table(LESSONS).data)
    headings = {"#" + line.lstrip("# ").replace(" ", "-") for line in words(START).splitlines() if line.startswith("##")}
    assert {f"{one.name}.ipynb" for one in LESSONS} <= {*links}
    for link in links:
        assert link in headings or (ROOT / "notebooks" / link).is_file(), link


def test_the_exercise_is_a_real_one_and_its_solution_passes(monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path))
    monkeypatch.setattr(check._progress, "_live", {})
    forward = nbformat.read(ROOT / "notebooks" / "02_layers_forward.ipynb", 4)
    [stub] = [cell.source for cell in START.cells if cell.source.startswith("def ")]
    assert stub in [cell.source for cell in forward.cells if cell.metadata.get("lenet", {}).get("exercise") == "relu_forward"]
    for source, passed in ((stub, False), (stub.replace("...", "abs(x)"), False), (blocks()["relu_forward"], True)):
        place = {"np": np}
        exec(source, place)
        assert check.relu_forward(place["relu_forward"]).passed is passed
    assert check.progress().passed == 1


def test_the_untrained_network_guesses(digits):
    net = lenet(np.random.default_rng(0))
    assert f"{net.size:,}" in words(START)
    pad = DrawDigit(net)
    for image in digits.test_x[:20]:
        pad.draw(image)
        assert (0.07 < pad.p).all() and (pad.p < 0.14).all(), "the text says: all near one tenth"


def test_nothing_of_a_machine_is_in_the_outputs():
    stored = str([cell.outputs for cell in START.cells if cell.cell_type == "code"])
    assert "Nothing to mend." in stored and not re.search(r"\.venv|site-packages|/(tmp|home|root|work|Users)/", stored)


def test_the_widgets_that_take_time_are_those_that_there_are():
    modules = [module.stem for module in (ROOT / "lenet_lab" / "widgets").glob("*.py")]
    found = {name for module in modules for name, value in vars(import_module(f"lenet_lab.widgets.{module}")).items()
             if isinstance(value, type) and issubclass(value, AnyWidget) and value is not AnyWidget}
    assert {*syllabus.WIDGETS} == found


def test_what_takes_minutes():
    def cell(kind, source):
        return {"cell_type": kind, "source": [source], "metadata": {}}
    assert syllabus.minutes({"cells": [cell("code", "draw.DrawDigit(net)")] * 4}) == 10
    assert syllabus.minutes({"cells": [cell("code", "look_inside.LookInside(net)"), cell("code", "time_travel.TimeTravel(recording)")]}) == 10
    assert syllabus.minutes({"cells": [cell("code", "await panel\nprint(panel.run)")] * 5}) == 10
    assert syllabus.minutes({"cells": [cell("code", 'table.study_markdown("best")')] * 10}) == 15
    assert syllabus.minutes({"cells": [cell("markdown", "**(a)** Compare.\n\n**(b)** Explain.\n\n**(c)** Say (a) again.")]}) == 10
