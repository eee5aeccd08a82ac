"""The wheel is whole: installed in an empty folder it brings the notebooks, the checks, the solutions and the settings along."""

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel of what git knows, as `make wheel` makes it: a student's own files in the folders do not go in."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "build", ".progress*", ".ipynb_checkpoints", "__pycache__", "*.npz"))
    (source / "notebooks" / "mine.txt").touch()
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=source, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """An environment with the wheel in it, and the packages that it needs taken from this one."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet", "--no-deps", "--no-index", built], check=True)
    site = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True, check=True)
    Path(site.stdout.strip(), "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")       # its own .pth files are not read there
    return python


def run(python, *arguments, folder):
    return subprocess.run([python, *arguments], cwd=folder, capture_output=True, text=True)


def test_only_what_belongs_there_is_in_it(built):
    names = zipfile.ZipFile(built).namelist()
    assert "lenet_core/py.typed" in names and "lenet_lab/widgets/draw.js" in names and "lenet_lab/plots/lenet.mplstyle" in names
    assert {"lenet_lab/octave/serve.m", "lenet_lab/octave/given/im2col_conv.m"} <= set(names)
    assert {name.rpartition("/")[2] for name in names if name.startswith("lenet_lab/material/notebooks/")} == {
        "AGENTS.md", *(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))}
    assert not [name for name in names if name.startswith(("tests", "build", "docs")) or "mine.txt" in name or "__pycache__" in name]


def test_it_works_in_an_empty_folder(installed, tmp_path):
    done = run(installed, "-m", "lenet_lab", "lab", "work", "--copy-only", folder=tmp_path)
    assert done.returncode == 0 and "copied to work" in done.stdout, done.stderr
    assert (tmp_path / "work" / "00_start_here.ipynb").is_file()
    program = ("from lenet_lab import check; from lenet_lab.course import syllabus; from lenet_lab.experiments import table\n"
               "import lenet_lab, numpy\n"
               "assert 'site-packages' in lenet_lab.__file__, lenet_lab.__file__\n"
               "print('maximum' in check.solution('relu_forward').data, len(syllabus.lessons()), len(table.stored('homework')) > 5)\n"
               "print(check.relu_forward(lambda x: (numpy.maximum(x, 0), x)).passed)")
    done = run(installed, "-c", program, folder=tmp_path)
    assert done.stdout.split() == ["True", "13", "True", "True"], done.stderr


def test_the_course_is_made_from_it(installed, tmp_path):
    done = run(installed, "-m", "lenet_lab", "course", "course", folder=tmp_path)
    assert done.returncode == 0 and (tmp_path / "course/source/hw7/hw7.ipynb").is_file(), done.stderr


def test_a_grader_from_it_shows_students_none_of_this_package(installed, tmp_path):
    """Behind walls its solutions, which lie among Python's packages, are not to be seen."""
    program = ("from lenet_lab.grade.sandbox import isolation, Sandbox\n"
               "looks = 'def f(x):\\n    import glob, sys\\n    return [p for s in sys.path for p in glob.glob(s + \"/lenet_lab/**/*.py\", "
               "recursive=True)]'\n"
               "work = {'f': {'kind': 'function', 'name': 'f', 'cells': [looks], 'own': 0, 'names': []}}\n"
               "with Sandbox(work) as box:\n    print(isolation(), box.function('f')(1))")
    done = run(installed, "-c", program, folder=tmp_path)
    kind, _, seen = done.stdout.strip().partition(" ")
    assert kind in ("namespaces", "kernel", "user", "limits"), done.stderr
    if kind == "namespaces":
        assert seen == "[]"


def test_what_jupyterlab_leaves_out_however_it_is_started(installed):
    settings = installed.parent.parent / "etc/jupyter/labconfig/page_config.d/lenet-workbook.json"
    hidden = json.loads(settings.read_text())["disabledExtensions"]
    assert hidden == {"@jupyter/nbgrader": True, "@jupyterlab/apputils-extension:announcements": True,
                      "@jupyterlab/cell-toolbar-extension:plugin": True}


def test_the_extension_for_text_alternatives_comes_along(installed):
    extension = installed.parent.parent / "share/jupyter/labextensions/lenet-workbook"
    loaded = json.loads((extension / "package.json").read_text(encoding="utf-8"))["jupyterlab"]["_build"]["load"]
    assert (extension / loaded).is_file()
