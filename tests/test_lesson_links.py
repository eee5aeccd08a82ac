"""The thread through the notebooks: every one leads to the one before it and the one after it, and no link leads nowhere.

Text and code alternate. Documents that a reader does not have are named in "In the sources" only, which is closed at first.

The last paragraph of a notebook's last text is `[Notation](…) · **Before:** [title](…) · **Next:** [title](…)` and perhaps a word on what
comes next; the first notebook has nothing before it. The two pages beside the way hang on the same thread.
"""

import json
import re

import pytest

from lenet_lab.course.syllabus import IN_THE_SOURCES, NOTEBOOKS, WIDGETS, lessons

LESSONS = lessons()
TITLES = {f"{one.name}.ipynb": f"{one.number} · {one.title}" for one in LESSONS}
NOTATION, SOURCES = "notation.ipynb", "sources_err_or_disagree.ipynb"
TITLES |= {NOTATION: "Notation", SOURCES: "Where the sources err or disagree"}
WAY = [f"{one.name}.ipynb" for one in LESSONS]
LINK = r"\[([^\]]+)\]\(([^)\s]+)\)"


def texts(name):
    """The markdown cells of a notebook."""
    cells = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def links(text):
    """(words, target) of every link outside code."""
    return re.findall(LINK, re.sub(r"`[^`\n]*`", "", text))


def test_the_numbering_is_complete_and_no_notebook_is_forgotten():
    assert [one.number for one in LESSONS] == list(range(len(LESSONS)))
    assert all(one.name.startswith(f"{one.number:02}_") for one in LESSONS)
    assert {path.name for path in NOTEBOOKS.glob("*.ipynb")} == set(TITLES)
    assert all(texts(name)[0].startswith(f"# {title}\n") for name, title in TITLES.items())


NEIGHBOURS = [*zip(WAY, [None, *WAY], [*WAY[1:], SOURCES]), (SOURCES, WAY[-1], WAY[3]), (NOTATION, WAY[0], WAY[1])]


@pytest.mark.parametrize("name, before, after", NEIGHBOURS, ids=[name.removesuffix(".ipynb") for name, *_ in NEIGHBOURS])
def test_a_notebook_leads_to_the_one_before_and_the_one_after(name, before, after):
    thread = re.fullmatch(rf"\[Notation\]\({NOTATION}\)(?: · \*\*Before:\*\* {LINK})? · \*\*Next:\*\* {LINK}(?:[:,] .+)?",
                          texts(name)[-1].split("\n\n")[-1])
    assert thread, texts(name)[-1].split("\n\n")[-1]
    assert thread[2] == before and thread[4] == after


@pytest.mark.parametrize("name", TITLES)
def test_links_lead_to_a_notebook_or_a_heading_and_say_its_title(name):
    for words, target in links("\n".join(texts(name))):
        file, _, heading = target.partition("#")
        there = file or name
        assert there in TITLES, f"{words} leads to {target}"
        if heading:
            headings = re.findall(r"^#+ (.+)$", "\n".join(texts(there)), re.M)
            assert heading in [title.replace(" ", "-") for title in headings], target
        number = re.match(r"\d+ · ", words)
        assert not number or words == TITLES[there]


def test_the_page_on_errors_is_linked_where_the_sources_are_corrected():
    for number in (0, 7, 9, 10):
        assert SOURCES in [target for _, target in links("\n".join(texts(WAY[number])))]


@pytest.mark.parametrize("name", TITLES)
def test_never_three_code_cells_in_a_row(name):
    kinds = "".join(cell["cell_type"][0] for cell in json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"])
    assert "ccc" not in kinds, f"cell {kinds.index('ccc')} and the two after it"


@pytest.mark.parametrize("name", WAY[:6])
def test_the_sources_stand_aside(name):
    """One closed place in each section has what the sources do; the homework is named where an exercise belongs to it."""
    text = "\n\n".join(texts(name))
    assert all(len(IN_THE_SOURCES.findall(section)) <= 1 for section in text.split("\n## "))
    thread = IN_THE_SOURCES.sub("", text)
    assert re.findall("COMP3314|FMAN45|CmpE 597|im2col report|handout", thread) == []
    assert thread.count("homework") <= 3                            # its points, its questions, a form of data files


def test_a_control_that_a_text_names_is_on_a_widget():
    """Press *…*, choose *…*, untick *…*, beside *…*: the words are those of a script of the widgets. (JupyterLab's menus have their own.)"""
    scripts = "".join(path.read_text(encoding="utf-8") for path in (NOTEBOOKS.parent / "lenet_lab" / "widgets").glob("*.[jp][sy]"))
    shown = [name for name in WAY if any(re.search(rf"\b({'|'.join(WIDGETS)})\(", "".join(cell["source"]))
                                         for cell in json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"])]
    named = [(name, control) for name in shown
             for control in re.findall(r"\b(?:[Pp]ress|[Cc]hoose|[Uu]ntick|beside) \*+([^*\n]+?)\*+", "\n".join(texts(name)))]
    assert len(named) > 5
    assert not [(name, control) for name, control in named if control not in scripts and not control.startswith("Kernel ›")]
