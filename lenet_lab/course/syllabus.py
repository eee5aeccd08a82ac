"""The way through the workbook: every notebook with its number, its title, what happens in it, and how many minutes it takes.

Each notebook says so itself: the title in its heading, `about` and `minutes` in its metadata, under "lenet". Whatever else speaks
of them (the table of the README, the sentence "Allow 45 minutes" in the text) is held to that by a test.
"""

import json
import re
from typing import NamedTuple

from IPython.display import Markdown

from lenet_core._files import matching
from lenet_lab._material import material

NOTEBOOKS = material("notebooks")


class Lesson(NamedTuple):
    """A notebook: its file's name without the ending, number, title, what happens in it, minutes."""

    name: str
    number: int
    title: str
    about: str
    minutes: int


def lessons(folder=NOTEBOOKS):
    """The numbered notebooks in their order. Raises FileNotFoundError, with a sentence, where there are none, or PermissionError."""
    found = []
    for path in matching(folder, "[0-9][0-9]_*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        number, title = re.match(r"# (\d+) · (.+)", "".join(notebook["cells"][0]["source"])).groups()
        found.append(Lesson(path.stem, int(number), title, **notebook["metadata"]["lenet"]))
    if not found:
        raise FileNotFoundError(f"The notebooks are kept in the folder {NOTEBOOKS.name}, beside the package; they are not here.")
    return found


def table(of=None):
    """The lessons as a table with links, for a notebook beside them."""
    rows = [f"| [{one.number} · {one.title}]({one.name}.ipynb) | {one.about} | {one.minutes} |" for one in of or lessons()]
    return Markdown("\n".join(["| notebook | what happens in it | minutes |", "| --- | --- | --- |", *rows]))
