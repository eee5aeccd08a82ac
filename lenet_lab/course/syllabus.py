"""The lessons: every notebook with its number, its title, its content and its duration in minutes.

Each notebook contains these itself: the title in its heading, `about` in its metadata, under "lenet". The minutes are computed from what
there is to read and to do (`minutes`). A test compares all other places with them: the table of the README, and the sentence "Allow 45
minutes" in the text.
"""

import json
import re
from typing import NamedTuple

from IPython.display import Markdown

from lenet_core._files import matching
from lenet_lab._material import material

NOTEBOOKS = material("notebooks")
IN_THE_SOURCES = re.compile(r"<details><summary>In the sources</summary>.*?</details>", re.S)         # closed at first, and may be left out
WORDS_A_MINUTE = 130                     # of a text with formulas and code
PREDICTION = 1                           # minutes for one guess, and to look at its result
PAPER = 5                                # minutes more for a guess that is a whole computation on paper: {"lenet": {"paper": true}}
# Minutes to try what a widget shows: more where there is more to try, most for one that a notebook comes back to.
WIDGETS = {"DrawDigit": 2.5, "StepThrough": 2.5, "TrainingPanel": 2.5, "Hinges": 5, "Mistakes": 5, "Regions": 5, "TimeTravel": 5, "LookInside": 7.5}
WAIT = 2                                 # minutes to watch a run for whose end a cell waits
TABLE = 1.5                              # minutes for a wide table of results
ANSWER = 3                               # minutes for a question that is answered in words, (a), (b), ...
EXERCISES = {"toy": 2.5, "derive": 4, "bug": 8, "hinges": 6, "": 11}       # minutes for one of each kind; "" is a function to write


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
        found.append(Lesson(path.stem, int(number), title, notebook["metadata"]["lenet"]["about"], minutes(notebook)))
    if not found:
        raise FileNotFoundError(f"There are no notebooks in {folder}; they belong in the folder {NOTEBOOKS.name}, beside the package.")
    return found


def minutes(notebook):
    """The minutes that a notebook takes, as a multiple of five.

    Its words, its predictions, its exercises, its widgets, the runs that it waits for, its wide tables and the answers to write have a
    time of their own each. A prediction that is a whole computation on paper has more.

    What the sources do is not counted: no reader needs it to go on.

    The times are those with which each notebook gets what fresh readers who did everything estimated, but for some minutes. The worst is 02:
    it gets fifteen more than one of them did, a sixth.
    """
    total = 0.0
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            read = IN_THE_SOURCES.sub("", source)
            total += len(read.split()) / WORDS_A_MINUTE + ANSWER * len(re.findall(r"^\*\*\([a-z]\)\*\*", read, re.M))
        else:
            total += PREDICTION * len(re.findall(r"^predict\(", source, re.M)) + TABLE * source.count("_markdown(")
            total += sum(WIDGETS[name] for name in re.findall(rf"\b({'|'.join(WIDGETS)})\(", source))
            total += WAIT * len(re.findall(r"^await ", source, re.M))
            mine = cell["metadata"].get("lenet", {})
            if mine.get("paper"):
                total += PAPER
            if "exercise" in mine:
                total += EXERCISES.get(mine["exercise"].split("_")[0], EXERCISES[""])
    return 5 * round(total / 5)


def table(of):
    """These lessons as a table with links, for a notebook in the same folder."""
    rows = [f"| [{one.number} · {one.title}]({one.name}.ipynb) | {one.about} | {one.minutes} |" for one in of]
    return Markdown("\n".join(["| notebook | what happens in it | minutes |", "| --- | --- | --- |", *rows]))
