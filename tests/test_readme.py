"""The README and the pages of docs: short, complete, every link good, every line of code one that runs."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import lenet_core
from lenet_core import registry
from lenet_lab.course import syllabus

from .test_house import ALLOWED, ROOMS

ROOT = Path(__file__).parent.parent
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
         for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "classroom/README.md", *sorted((ROOT / "docs").glob("*.md")))}
README, ARCHITECTURE = PAGES["README.md"], PAGES["docs/architecture.md"]


def section(text, heading):
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text):
    """The cells of the tables in a text, without their heads."""
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| `.*\|$", text, re.M)]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def code(text):
    """The blocks of Python in a text."""
    return re.findall(r"^```python\n(.*?)^```$", text, re.S | re.M)


def anchors(text):
    """What GitHub calls the headings of a page."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.M)}


# ------------------------------------------------------------------------------------------------------------------- the README


def test_the_readme_is_short_and_has_one_picture():
    assert len((ROOT / "README.md").read_bytes()) <= 8000
    assert len(re.findall(r"!\[", README)) == 1 and README.index("![") < README.index("\n## ")


def test_the_hours_are_those_of_the_notebooks():
    lessons = syllabus.lessons()
    assert f"{sum(one.minutes for one in lessons) / 60:.1f} hours in all" in " ".join(README.split())


def test_the_ten_lines_of_the_core_learn_to_read_digits(monkeypatch, capsys, digits):
    """On the small digits and with fewer steps, which takes a second or two."""
    [block] = code(README)
    assert len(block.splitlines()) <= 12 and "range(200)" in block
    monkeypatch.setattr(lenet_core, "load_mnist", lambda: digits)
    exec(block.replace("range(200)", "range(40)"), {})
    [wrong] = re.findall(r"([\d.]+)% of the test images are wrong", capsys.readouterr().out)
    assert float(wrong) < 40                                            # guessing: 90


# ------------------------------------------------------------------------------------------------------------ docs/architecture.md


def test_every_module_of_the_core_has_a_row_with_what_it_may_import():
    listed = {name.removeprefix("lenet_core/").removesuffix(".py"): set(quoted(may))
              for [name], _, may in ((quoted(first), *rest) for first, *rest in rows(section(ARCHITECTURE, "The core, in reading order")))}
    assert listed == ALLOWED
    assert listed.keys() == {path.relative_to(ROOT / "lenet_core").with_suffix("").as_posix() for path in (ROOT / "lenet_core").rglob("*.py")}


def test_every_room_of_the_lab_has_a_row_with_its_modules_and_what_it_may_import():
    found = {}
    for first, _, modules, may in (row for row in rows(section(ARCHITECTURE, "The lab, room by room")) if len(row) == 4):
        [room] = re.fullmatch(r"`lenet_lab/(\w+)/`", first).groups()
        found[room] = set(quoted(may))
        files = [path for path in (ROOT / "lenet_lab" / room).glob("*.py") if path.name != "__init__.py"]
        packages = [path.parent for path in (ROOT / "lenet_lab" / room).glob("*/__init__.py")]
        assert sorted(quoted(modules)) == sorted(path.stem for path in files + packages), room
    assert found == ROOMS
    for path in (ROOT / "lenet_lab").glob("*.py"):
        assert f"`lenet_lab/{path.name}`" in ARCHITECTURE, path.name


def test_the_operation_and_the_rule_of_ones_own_do_what_the_page_says(monkeypatch, capsys):
    monkeypatch.setattr(registry, "OPERATIONS", dict(registry.OPERATIONS))
    operation, rule = code(ARCHITECTURE)
    room = {}
    exec(operation, room)
    counts = [re.findall(r"^(\S*) +(\d+) +(\d+) +(\d+) ", text, re.M) for text in (capsys.readouterr().out, ARCHITECTURE)]
    assert counts[0] == counts[1] and len(counts[0]) == 9
    assert all(kink == fail == "0" for _, _, kink, fail in counts[0])
    exec(rule, room)                                                    # the update rule of one's own trains this network
    losses = [float(loss) for loss in re.findall(r"loss=([\d.]+)", capsys.readouterr().out)]
    assert len(losses) == 10 and losses[-1] < losses[0]
    assert room["net"].dtype == np.float32


def test_every_package_that_is_needed_has_a_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.match(r"[\w-]+", line).group() for group in (project["dependencies"], *project["optional-dependencies"].values())
              for line in group}
    table = section(ARCHITECTURE, "What it needs, and why")
    named = {name for first in re.findall(r"^\| ([^|]+) \|", table, re.M) for name in re.findall(r"[\w-]+", first)}
    assert wanted <= named


# ------------------------------------------------------------------------------------------------------------------- all pages


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_picture_leads_to_a_file(page):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.S | re.M))
    for link in (link for link in links if "://" not in link):
        path, _, anchor = link.partition("#")
        to = (folder / path).resolve() if path else ROOT / page
        assert to.is_file() and to.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(to.read_text(encoding="utf-8")), link


def test_a_course_in_ten_lines_is_the_classrooms_own_way():
    commands = [re.findall(r"^```\n(.*?)^```$", section(PAGES[page], heading), flags=re.DOTALL | re.MULTILINE) for page, heading in (
        ("docs/teaching.md", "A course in eight lines"), ("classroom/README.md", "Try it on your own machine"))]
    assert commands[0] == commands[1] and len(commands[0]) == 1
    assert len(commands[0][0].splitlines()) <= 10
