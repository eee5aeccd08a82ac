"""The page on notation is held to the code: every code name in its tables is there, and every shape is the one LeNet has when it runs.

A row's code is either what can be run after the page's own first cell, or an argument ("`stride` of `ops.conv_forward`"), or a function or
class of `lenet_core`. A shape stands in letters, which are worked out for the row's layer, and as the numbers found.
"""

import inspect
import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from lenet_lab import plots
from lenet_lab.plots.base import HUES, SIGNED

ROOT = Path(__file__).parent.parent
CELLS = json.loads((ROOT / "notebooks" / "notation.ipynb").read_text(encoding="utf-8"))["cells"]
COLUMNS = ["symbol", "what it is", "shape", "in the code", "homework", "COMP3314", "im2col report", "FMAN45", "CmpE 597"]


def rows():
    """The rows of all tables with these columns, {column: text}."""
    text = "\n".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")
    for line in text.splitlines():
        cells = [part.strip() for part in line.strip("|").split("|")]
        if line.startswith("| [") and len(cells) == len(COLUMNS):
            yield dict(zip(COLUMNS, cells))


ROWS = list(rows())
NAMES = [f"{n} {row['symbol'].split(']')[0].strip('[')}" for n, row in enumerate(ROWS)]


@pytest.fixture(scope="module")
def room():
    """What the page's first code cell leaves behind."""
    room = {}
    exec("".join(next(cell for cell in CELLS if cell["cell_type"] == "code")["source"]), room)
    return room


def named(name):
    """`ops.conv_forward` as the object it is."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"lenet_core.{module}"), attribute)


def letters(room, layer):
    """What the letters of the page are for a layer of the network."""
    found = {"N": len(room["x"]), "K": room["scores"].shape[1]}
    W = layer.params.get("W") if layer else None
    if layer and layer.x.ndim == 4 and layer.out.ndim == 4:
        _, found["C"], found["H"], found["W"] = layer.x.shape
        _, found["F"], found["OH"], found["OW"] = layer.out.shape
    if layer and layer.out.ndim == 2:
        found["M"] = layer.out.shape[1]
    if W is not None and W.ndim == 4:
        found["k"] = W.shape[-1]
    if W is not None and W.ndim == 2:
        found["D"] = W.shape[0]
    return found


def test_the_tables_are_found():
    assert len(ROWS) > 40
    assert sum("".join(cell["source"]).count("| " + " | ".join(COLUMNS) + " |") for cell in CELLS) == 5


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_every_code_name_is_there(row, room):
    code, _, of = row["in the code"].partition(" of ")
    for name in re.findall("`([^`]+)`", code):
        if of:
            assert name in inspect.signature(eval(of.strip("`"), room)).parameters
        elif re.fullmatch(r"(ops|training|gradcheck)\.\w+", name):
            assert callable(named(name)) and eval(name, room) is named(name)
        else:
            eval(name, room)


@pytest.mark.parametrize("row", [row for row in ROWS if re.search(r"\(\d|: \d", row["shape"])],
                         ids=[name for name, row in zip(NAMES, ROWS) if re.search(r"\(\d|: \d", row["shape"])])
def test_every_shape_is_the_one_found(row, room):
    code, = re.findall("`([^`]+)`", row["in the code"])
    value = eval(code, room)
    in_letters, _, numbers = re.sub(r".*: ", "", row["shape"]).rpartition(" = ")
    found = value.shape if isinstance(value, np.ndarray) else value
    assert found == eval(numbers)
    if in_letters:
        layer = re.search(r'net\["(\w+)"\]', code)
        layer = room["net"][layer[1]] if layer else room["net"].layers[0]
        assert eval(in_letters.replace("·", "*").replace(",)", ", )"), letters(room, layer)) == found


def test_every_symbol_links_to_a_notebook():
    for row in ROWS:
        target = re.fullmatch(r"\[[^\]]+\]\((\w+\.ipynb)\)", row["symbol"])[1]
        assert (ROOT / "notebooks" / target).is_file()


def prose(path):
    """The text of a notebook without code and without the targets of links."""
    text = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "markdown")
    return re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text).lower()


def test_each_word_of_the_glossary_is_used_and_first_where_it_says():
    glossary = [re.fullmatch(r"\| ([a-z ]+) \| ([A-Z].+\.) \| \[\d\d\]\((\w+\.ipynb)\) \|", line)
                for cell in CELLS for line in "".join(cell["source"]).splitlines()]
    found = {one[1]: one[3] for one in glossary if one}
    assert len(found) >= 10
    later = {one[1]: found_in[1] for one in glossary if one and (found_in := re.search(r"called so from notebook (\d\d) on", one[2]))}
    for word, place in found.items():
        users = [path.name for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) if re.search(rf"\b{word}(s|es)?\b", prose(path))]
        assert users and (users[0].startswith(later[word]) and place < users[0] if word in later else users[0] == place), (word, users)


# --------------------------------------------------------------------------------------------------------- the layers' colours


def lightness(colour):
    """The relative luminance of "#rrggbb", 0 to 1 (WCAG 2)."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return float(np.dot([0.2126, 0.7152, 0.0722], [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]))


def test_a_layer_has_one_colour_which_can_be_seen_and_means_no_sign():
    tones = {tone for pair in HUES.values() for tone in pair}
    assert len(tones) == 2 * len(HUES) - 1                                   # the image has no lighter tone
    assert all(1.05 / (lightness(tone) + 0.05) > 3 for tone in tones)          # against white paper
    assert not tones & {"#1f4e79", "#c8553d"} and SIGNED(0)[:3] == tuple(int("1f4e79"[i:i + 2], 16) / 255 for i in (0, 2, 4))
    for dark, light in HUES.values():
        assert dark == light or lightness(light) > lightness(dark) + 0.1        # told apart without hues as well


def test_networks_agree_on_their_layers_colours(room):
    lenet = plots.layer_colours(["image", *(layer.name for layer in room["net"].layers)])
    other = plots.layer_colours(["image", "conv1", "pool1", "relu1", "conv2", "relu2", "pool2", "ip1", "ip2"])
    assert all(lenet[name] == other[name] for name in ("image", "conv1", "pool1", "conv2", "pool2", "ip1", "ip2"))
    assert len(set(lenet.values())) == len(lenet)


def test_the_colours_have_one_home():
    tones = {tone for pair in HUES.values() for tone in pair}
    for path in [*(ROOT / "lenet_lab").rglob("*.py"), *(ROOT / "lenet_lab").rglob("*.js"), *(ROOT / "lenet_lab").rglob("*.css")]:
        if path.name != "base.py":
            assert not tones & set(re.findall("#[0-9a-f]{6}", path.read_text(encoding="utf-8").lower())), path
