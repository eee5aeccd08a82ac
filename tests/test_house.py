"""What holds the house together: one list of dependencies, arrows in one direction, no addresses of machines."""

import ast
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from lenet_lab.solutions import blocks

from .solved_notebooks import with_exercises

ROOT = Path(__file__).parent.parent
LONGEST_LINE = 132
CONDA_NAMES = {"matplotlib": "matplotlib-base", "playwright": "playwright-python"}      # what conda-forge calls them


def test_environment_and_pyproject_say_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"python" + project["requires-python"]}
    for line in project["dependencies"] + project["optional-dependencies"]["test"]:
        name, rest = re.fullmatch(r"([\w-]+)(.*)", line).groups()
        wanted.add(CONDA_NAMES.get(name, name) + rest)
    listed = re.findall(r"^  - ([\w-]+[<>=].*)$", (ROOT / "environment.yml").read_text(), re.M)
    assert set(listed) == wanted


def test_pinned_versions_cover_what_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "requirements.txt").read_text()
    pinned = set(re.findall(r"^([\w.-]+)==", text, re.M))
    asked = {re.match(r"[\w-]+", line).group() for line in project["dependencies"] + project["optional-dependencies"]["test"]}
    assert asked <= pinned
    assert "://" not in text


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is None:
            yield from ("." * node.level + name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + node.module


ALLOWED = {           # who may import whom inside the core
    "ops": set(), "reference": set(), "files": set(), "parallel": set(),
    "formats": set(), "download": set(), "data": {"formats", "download"},
    "historic": {"ops"}, "net": {"historic", "ops", "files", "parallel"}, "zoo": {"historic", "net"},
    "train": {"net", "files"}, "gradcheck": {"net", "ops", "parallel"},
    "homework": {"data", "ops", "parallel", "train"},
    "__init__": {"data", "net", "train", "zoo"}, "__main__": {"data", "train", "zoo"},
}


@pytest.mark.parametrize("path", sorted((ROOT / "lenet_core").glob("*.py")), ids=lambda p: p.stem)
def test_arrows_of_the_core(path):
    inside = {name.lstrip(".").split(".")[0] for name in imports(path) if name.startswith(".")}
    assert inside <= ALLOWED[path.stem]
    outside = {name.split(".")[0] for name in imports(path) if not name.startswith(".")}
    assert not outside & {"lenet_lab", "matplotlib", "ipywidgets", "IPython", "torch"}
    if path.stem != "__main__":
        assert "print(" not in path.read_text()


@pytest.mark.parametrize("path", sorted([*ROOT.glob("lenet_*/**/*.py"), ROOT / "conftest.py"]), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_uses_what_is_private_in_another(path):
    tree = ast.parse(path.read_text())
    taken = [name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.level or node.module.startswith("lenet_"))
             for name in node.names]
    known = {name.asname or name.name for name in taken}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            and node.value.id in known}
    assert not {name for name in used | {name.name for name in taken} if name.startswith("_") and not name.startswith("__")}


@pytest.mark.parametrize("path", sorted((ROOT / "lenet_core").glob("*.py")), ids=lambda p: p.stem)
def test_lines_of_the_core_can_be_read_without_scrolling(path):
    long = [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if len(line) > LONGEST_LINE]
    assert not long, f"{path.name}: lines {long} have more than {LONGEST_LINE} characters"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: nobody knows what is committed")
def test_nothing_of_a_machine_is_committed():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = listed.stdout.split("\0")[:-1]
    assert "lenet_core/net.py" in names
    for name in names:
        path = ROOT / name
        if path.is_file():
            assert path.stat().st_size < 1_500_000, f"{name} is large; data sets stay out"
            found = re.search(r"/(home|root|work|Users)/", path.read_text(errors="ignore"))
            assert not found, f"{name}: {found}"


def test_every_exercise_of_a_notebook_has_one_solution():
    asked, solved = Counter(name for _, _, names in with_exercises() for name in names), Counter(blocks().keys())
    homeless, unsolved = solved - asked, asked - solved
    assert not homeless, f"{[*homeless]}: solved, and no cell of a notebook has the name in its metadata (lenet.exercise)"
    assert not unsolved, f"{[*unsolved]}: asked for by two cells, or without a block in solutions/exercises.py"


def test_every_widget_has_a_picture_and_is_worked_in_a_real_browser():
    worked = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_browser*.py"))
    pages = sorted((ROOT / "lenet_lab" / "widgets").glob("*.css"))
    assert pages
    for page in pages:
        root = re.match(r"\.lenet-[\w-]+", page.read_text(encoding="utf-8"))
        assert root, f"{page.name} does not begin with .lenet-..., the class of its widget: it would style other widgets, too"
        assert root[0] in worked, f"no tests/test_browser*.py works the widget {root[0]} of {page.name}"
        assert "WithPicture" in page.with_suffix(".py").read_text(encoding="utf-8"), f"{page.stem}.py: a widget needs a picture"
