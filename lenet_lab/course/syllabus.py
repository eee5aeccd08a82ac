"""The lessons: every notebook with its number, its title, its content and its duration in minutes.

Each notebook contains these itself: the title in its heading, `about` and `minutes` in its metadata, under "lenet". A test compares all
other places with them: the table of the README, and the sentence "Allow 45 minutes" in the text.
"""

import json
import re
from typing import NamedTuple

from IPython.display import Markdown

from lenet_core._files import matching
from lenet_lab._material import material

NOTEBOOKS = material("notebooks")


class Lesson(NamedTuple):
    """A notebook: its file name without the suffix, its number, title, content and duration in minutes."""

    name: str
    number: int
    title: str
    about: str
    minutes: int


def lessons(folder=NOTEBOOKS):
    """The numbered notebooks in their order. Raises FileNotFoundError, with a sentence, if there are none."""
    found = []
    for path in matching(folder, "[0-9][0-9]_*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        number, title = re.match(r"# (\d+) · (.+)", "".join(notebook["cells"][0]["source"])).groups()
        found.append(Lesson(path.stem, int(number), title, **notebook["metadata"]["lenet"]))
    if not found:
        raise FileNotFoundError(f"There are no notebooks in {folder}; they belong in the folder {NOTEBOOKS.name}, beside the package.")
    return found


def table(of=None):
    """The lessons (default: all) as a table with links, for a notebook in the same folder."""
    rows = [f"| [{one.number} · {one.title}]({one.name}.ipynb) | {one.about} | {one.minutes} |" for one in of or lessons()]
    return Markdown("\n".join(["| notebook | what happens in it | minutes |", "| --- | --- | --- |", *rows]))
