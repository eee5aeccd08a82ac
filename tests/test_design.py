"""The one design of the widgets: their scripts as they are joined, and the contrast of every pair of colours, in both themes."""

import json
import re
import shutil
import subprocess

import ipywidgets
import numpy as np
import pytest

from lenet_core import lenet
from lenet_lab.inside.recorder import Recorder
from lenet_lab.plots import SIGNED
from lenet_lab.toy.practice import homework
from lenet_lab.widgets import draw, hinges, look_inside, mistakes, page, regions, step_through, time_travel, training

from . import browser

WIDGETS = ("step_through", "draw", "look_inside", "mistakes", "training", "time_travel", "hinges", "regions")
NODE = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed: the JavaScript is only tested in a browser")
TEXT, SHAPE = 4.5, 3.0                   # the smallest contrasts that WCAG 2.1 AA allows
PAIRS = [(ink, paper, TEXT) for ink in ("ink", "faint", "refused") for paper in ("paper", "shade")]
PAIRS += [("ink", paper, TEXT) for paper in ("now", "input", "hot")] + [("way", "paper", TEXT)]
PAIRS += [(line, "paper", SHAPE) for line in ("edge", "focus", "run", "raw", "other", "green", "violet", "way")]
PAIRS += [(f"{sign}-edge", around, SHAPE) for sign in ("now", "input") for around in (sign, "paper", "shade")]


def luminance(colour):
    parts = [int(colour[n:n + 2], 16) / 255 for n in (1, 3, 5)]
    return sum(weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for weight, c in zip((0.2126, 0.7152, 0.0722), parts))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def themes():
    """{theme: {name of a colour: colour}}, read from the style sheets; JupyterLab's theme of high contrast counts as dark."""
    text = page.style("time_travel.css")
    blocks = re.findall(r'^(\[data-jp-theme-light="false"\] )?\.lenet-[\w.-]+ \{(.*?)\}', text, re.M | re.S)
    light, dark = ({name: colour for marked, block in blocks for name, colour in re.findall(r"--([\w-]+): (#\w{6});", block)
                    if bool(marked) is night} for night in (False, True))
    return {"light": light, "dark": light | dark}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("one, other, least", PAIRS)
def test_contrast(themes, theme, one, other, least):
    colours = themes[theme]
    assert contrast(colours[one], colours[other]) >= least


def test_both_themes_have_all_colours(themes):
    assert len(themes["light"]) == 19 and {*themes["light"]} == {*themes["dark"]}
    same = {name for name, colour in themes["light"].items() if themes["dark"][name] == colour}
    assert not same


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_brings_no_sizes_of_text_and_no_controls_of_its_own(name):
    own = (page.HERE / f"{name}.css").read_text(encoding="utf-8")
    assert "opacity" not in re.sub(r"(stroke|fill)-opacity", "", own) and "font-family" not in own
    sizes = set(re.findall(r"font-size: ([^;}]+)", own)) | set(re.findall(r"font: (\d+px)", own))
    assert sizes <= {"var(--small)", "var(--text)", "var(--large)", "12px"}
    assert not re.search(r"(?<![\w-])(button|select)\s*\{[^}]*(font|border-radius)", own)


@NODE
@pytest.mark.parametrize("name", WIDGETS)
def test_the_joined_script_is_one_module(name, tmp_path):
    joined = page.script(f"{name}.js")
    assert joined.count("export default { render };") == 1 and not re.search(r"^(import|export (const|function|class))\b", joined, re.M)
    (tmp_path / "joined.mjs").write_text(joined, encoding="utf-8")
    said = subprocess.run(["node", "--check", tmp_path / "joined.mjs"], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr                              # two names alike would be an error, too


@NODE
def test_the_javascript_without_a_browser():
    said = subprocess.run(["node", "--test", *sorted((browser.ROOT / "tests" / "javascript").glob("*.test.js"))], capture_output=True, text=True,
                          timeout=120, cwd=browser.ROOT)
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr


@NODE
def test_colours_of_maps_are_those_of_the_figures():
    ends = ["#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in SIGNED(share)[:3])) for share in (0.0, 1.0)]
    program = 'import("./lenet_lab/widgets/colours.js").then(c => console.log(JSON.stringify([c.colour(-1, 1), c.colour(1, 1)])))'
    said = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=60, cwd=browser.ROOT, check=True).stdout
    assert ["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in json.loads(said)] == ends


def test_a_widget_opens_with_all_that_it_shows(monkeypatch, digits):
    """A page on a busy machine shows a widget before it gets what is set after the widget was opened."""
    opened, open_ = {}, ipywidgets.Widget.open
    monkeypatch.setattr(ipywidgets.Widget, "open", lambda self: (opened.update({self: self.get_state()}), open_(self)))
    net, x, y = lenet(np.random.default_rng(0)), digits.test_x[:9], digits.test_y[:9]
    made = [draw.DrawDigit(net), step_through.StepThrough(homework()), hinges.Hinges(1, [[2, 1]], 1), look_inside.LookInside(net, x, y, 3),
            mistakes.Mistakes(net, x, y), regions.Regions(), time_travel.TimeTravel(Recorder(net, digits, steps=2), digits, 2),
            training.TrainingPanel(net, digits, steps=2)]
    assert len(made) == len(WIDGETS)
    for widget in made:
        now = widget.get_state()
        assert now.keys() == opened[widget].keys()
        assert not [trait for trait in now if str(now[trait]) != str(opened[widget][trait])], type(widget).__name__
