"""What holds the house together: one list of dependencies, arrows in one direction, no addresses of machines."""

import ast
import importlib
import pkgutil
import re
import subprocess
import tomllib
import types
import warnings
from collections import Counter
from pathlib import Path

import pytest

from lenet_lab.check.solutions import blocks

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
    "ops": set(), "reference": set(), "_files": set(), "_images": set(), "_own": set(), "_parallel": set(), "initializers": set(),
    "_tiles": {"ops"}, "winograd": {"ops", "_tiles"}, "fast": {"ops", "winograd", "_tiles"}, "registry": {"fast", "ops"},
    "net": {"registry", "ops", "_files", "_images", "_own", "_parallel", "_tiles"},
    "models": {"initializers", "net"},
    "training": {"net", "_files", "_images", "_own"}, "gradcheck": {"net", "ops", "_parallel"},
    "__init__": {"data", "models", "net", "registry", "training"},
    "data/__init__": {"arrays", "download", "formats", "forms", "identity", "refused", "_files", "_images"},
    "data/refused": {"arrays", "forms", "identity", "tables"}, "data/forms": {"arrays", "formats", "tables", "_files"},
    "data/arrays": {"formats", "_images"}, "data/tables": {"formats"}, "data/formats": {"_files"}, "data/identity": set(), "data/download": set(),
}
CORE = ("reference", "ops", "registry", "net", "initializers", "models", "training", "gradcheck", "__init__")
ROOMS = {             # who may import whom inside the lab; every room may use the core and what is in no room
    "handout": set(), "toy": set(), "networks": set(), "runs": set(),
    "libraries": {"networks"}, "octave": {"handout"}, "check": {"handout", "libraries", "octave", "toy"},
    "inside": {"runs"}, "experiments": {"inside", "networks", "runs"}, "course": {"check"},
    "plots": {"check", "inside", "toy"}, "grade": {"check", "handout", "octave", "plots"},
    "widgets": {"check", "inside", "plots", "runs", "toy"},
}
PACKAGES = sorted(str(path.parent.relative_to(ROOT)).replace("/", ".") for path in ROOT.glob("lenet_*/**/__init__.py"))


@pytest.mark.parametrize("path", sorted((ROOT / "lenet_core").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT / "lenet_core")))
def test_arrows_of_the_core(path):
    inside = {name.lstrip(".").split(".")[0] for name in imports(path) if name.startswith(".")}
    assert inside <= ALLOWED[str(path.relative_to(ROOT / "lenet_core").with_suffix(""))]
    outside = {name.split(".")[0] for name in imports(path) if not name.startswith(".")}
    assert not outside & {"lenet_lab", "matplotlib", "ipywidgets", "IPython", "torch"}
    assert "print(" not in path.read_text()


def test_the_core_is_small():
    lines = {name: len((ROOT / "lenet_core" / f"{name}.py").read_text(encoding="utf-8").splitlines()) for name in CORE}
    assert sum(lines.values()) <= 1500, lines
    not_counted = {"fast", "winograd", "_files", "_images", "_own", "_parallel", "_tiles"}
    assert {path.stem for path in (ROOT / "lenet_core").glob("*.py")} == {*CORE, *not_counted}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_arrows_of_the_lab(room):
    for path in (ROOT / "lenet_lab" / room).rglob("*.py"):
        used = {name.split(".")[1] for name in imported(path) if name.startswith("lenet_lab.")}
        assert used - {room, "_material"} <= ROOMS[room], path.name


def imported(path):
    """The modules of this project that a file imports by their whole names; `from lenet_lab import plots` counts as lenet_lab.plots."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "lenet_lab":
            yield from (f"lenet_lab.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_every_folder_of_the_lab_is_a_room():
    assert {path.parent.name for path in (ROOT / "lenet_lab").glob("*/__init__.py")} == ROOMS.keys()
    assert {path.name for path in (ROOT / "lenet_lab").glob("*.py")} == {"__init__.py", "__main__.py", "_material.py", "cli.py"}


@pytest.mark.parametrize("module", ["lenet_core", "lenet_core.data.formats", "lenet_lab.check.engine"])
@pytest.mark.parametrize("kind", [DeprecationWarning, PendingDeprecationWarning, FutureWarning])
def test_a_deprecation_warning_from_our_own_code_is_an_error(module, kind):
    with pytest.raises(kind):
        warnings.warn_explicit("it goes away", kind, "file.py", 1, module=module)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_is_one_thing(package):
    """No function of a package has the name of one of its modules, or `import package.module as m` would bring the function."""
    loaded = importlib.import_module(package)
    for module in pkgutil.iter_modules(loaded.__path__):
        if module.name not in ("__main__", "cnn_lenet", "nbgrader_settings", "torch_layers"):      # programs, for nbgrader or PyTorch alone
            importlib.import_module(f"{package}.{module.name}")
            assert isinstance(getattr(loaded, module.name), types.ModuleType), f"{package}.{module.name}"


@pytest.mark.parametrize("path", sorted([*ROOT.glob("lenet_*/**/*.py"), ROOT / "conftest.py"]), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_uses_what_is_private_in_another(path):
    tree = ast.parse(path.read_text())
    taken = [name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.level or node.module.startswith("lenet_"))
             for name in node.names]
    known = {name.asname or name.name for name in taken}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            and node.value.id in known}
    assert not {name for name in used | {name.name for name in taken} if name.startswith("_") and not name.startswith("__")}


@pytest.mark.parametrize("path", sorted((ROOT / "lenet_core").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT / "lenet_core")))
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
    widgets = ROOT / "lenet_lab" / "widgets"
    pages = sorted({*widgets.glob("*.css")} - {widgets / "widgets.css"})             # the common one has its own test
    assert len(pages) == 8
    for page in pages:
        root = re.match(r"\.lenet-[\w-]+", page.read_text(encoding="utf-8"))
        assert root, f"{page.name} does not begin with .lenet-..., the class of its widget: it would style other widgets, too"
        assert root[0] in worked, f"no tests/test_browser*.py works the widget {root[0]} of {page.name}"
        assert "WithPicture" in page.with_suffix(".py").read_text(encoding="utf-8"), f"{page.stem}.py: a widget needs a picture"
