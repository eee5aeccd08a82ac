"""The README names every module, and says the same as the classroom's page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CLASSROOM = (ROOT / "classroom/README.md").read_text(encoding="utf-8")


def section(text, heading):
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("package", ["lenet_core", "lenet_lab"])
def test_every_module_is_in_the_reading_order(package):
    """By its path; where several stand in a row of the table, those after the first by their names alone."""
    first_cells = [row.split("|")[1] for row in section(README, "The code, in reading order").splitlines() if row.startswith("|")]
    named = set()
    for cell in first_cells:
        paths = re.findall(r"`([^`]+)`", cell)
        named |= {path if "/" in path.rstrip("/") else f"{Path(paths[0]).parent}/{path}" for path in paths}
    modules = {path for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    wanted = {f"{package}/{path.name}{'/' if path.is_dir() else ''}" for path in modules if not path.name.startswith("__")}
    assert wanted == {name for name in named if name.startswith(package)}


def test_a_course_in_ten_lines_is_the_classrooms_own_way():
    commands = [re.findall(r"^```\n(.*?)^```$", section(text, heading), flags=re.DOTALL | re.MULTILINE) for text, heading in (
        (README, "A course in eight lines"), (CLASSROOM, "Try it on your own machine"))]
    assert commands[0] == commands[1] and len(commands[0]) == 1
    assert len(commands[0][0].splitlines()) <= 10
