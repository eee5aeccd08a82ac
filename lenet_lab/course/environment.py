"""Check whether everything is installed that the notebooks need; each problem is one sentence with its solution.

`check_environment()` examines the kernel's Python, the imported workbook, the packages that the installed workbook requires, the
browser part of the widgets, the machine, the folder for progress, and the data. `lenet doctor` prints the same in a terminal, also
where notebooks do not start at all. Hence this module imports only the standard library; each check imports what it needs.
"""

import argparse
import os
import platform
import re
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LITTLE = 1.0                             # GB: less than this is too little for JupyterLab, a browser, and MNIST in memory
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "anywidget": "anywidget"}     # and their packages


class Finding(NamedTuple):
    """The result of one check; `problem` is a sentence with the solution, or "" if there is no problem."""

    what: str
    found: str
    problem: str = ""


class Environment:
    """All findings, shown as a list of lines."""

    def __init__(self, findings):
        self.findings = findings

    @property
    def problems(self):
        """The sentences of the findings that have a problem."""
        return [finding.problem for finding in self.findings if finding.problem]

    def __repr__(self):
        lines = [f"{'✗ mend' if problem else '✓ fine'}  {what:12} {found}".rstrip() for what, found, problem in self.findings]
        cures = [fill(f"{n}. {problem}", 110, subsequent_indent="   ", break_long_words=False, break_on_hyphens=False)
                 for n, problem in enumerate(self.problems, start=1)]
        return "\n".join([*lines, "", *(["To mend:", *cures] if cures else ["Nothing to mend."])])


def check_environment():
    """Check everything that the notebooks need -> `Environment`. It downloads MNIST (11 MB) if missing, or gives up within 5 seconds."""
    try:
        import packaging  # noqa: F401           every installation of JupyterLab has it, a bare Python has not

        installed = metadata.metadata("lenet-workbook")
    except (ImportError, metadata.PackageNotFoundError):
        problem = (f"This kernel's Python ({sys.executable}) is not the one that the workbook was installed in: close JupyterLab and "
                   f"start it with {_start(ROOT)}.")
        return Environment([Finding("workbook", "not installed", problem)])
    findings = [*_packages(metadata.requires("lenet-workbook") or [])]
    for check in (_widgets, _machine, _progress, _mnist, _cifar10):
        try:
            findings += check()
        except ImportError:                           # a package is missing; `_packages` has reported it
            continue
    return Environment([_python(installed["Requires-Python"]), _workbook(), *findings])


def _start(folder):
    """How JupyterLab is started on the workbook in `folder`: a clone of the repository, or an installed package."""
    return f"`make lab` in {folder}" if (folder / "Makefile").is_file() else "`lenet lab`"


def _python(wanted):
    from packaging.specifiers import SpecifierSet

    version = platform.python_version()
    problem = "" if SpecifierSet(wanted).contains(version, prereleases=True) else (
        f"This is Python {version} and the workbook is made for {wanted}: install such a Python and set the workbook up again with "
        "`make lab PYTHON=python3.13`, or whatever it is called.")
    return Finding("Python", version, problem)


def _workbook():
    """Whether the kernel imports the workbook that this notebook belongs to, or another copy."""
    here = Path.cwd().resolve()
    mine = next((folder for folder in (here, *here.parents) if os.path.isfile(folder / Path(__file__).relative_to(ROOT))), ROOT)
    problem = "" if mine == ROOT else (
        f"This notebook belongs to the workbook in {mine}, but its kernel imports the one in {ROOT}: close JupyterLab and start it "
        f"with {_start(mine)}.")
    return Finding("workbook", "another one" if problem else "the one this notebook belongs to", problem)


def _packages(requirements):
    """A finding for each required package that is missing or too old; if there is none, one finding for all packages."""
    from packaging.requirements import Requirement

    wanted = [one for one in map(Requirement, requirements) if one.marker is None or one.marker.evaluate({"extra": ""})]
    troubled = []
    for one in wanted:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            version = None
        if version is None or not one.specifier.contains(version, prereleases=True):
            state = f"is version {version}, and {one.specifier} is needed" if version else "is not installed"
            troubled.append(Finding(one.name, version or "missing", f"The package {one.name} {state}: put "
                                    f'`%pip install "{one.name}{one.specifier}"` into a cell, run it, and restart the kernel.'))
    return troubled or [Finding("packages", f"all {len(wanted)}, and none too old")]


def _widgets():
    """Whether JupyterLab has the extensions that run the browser part of the widgets."""
    from jupyter_core.paths import jupyter_path

    missing = {package: name for name, package in EXTENSIONS.items()
               if not any(os.path.isdir(os.path.join(folder, name)) for folder in jupyter_path("labextensions"))}
    return [Finding("widgets", "no browser side", f"JupyterLab has no extension {name}, so some panels would stay a line of text: "
                    f"put `%pip install --force-reinstall --no-deps {package}` into a cell, run it, restart JupyterLab, and reload "
                    "this page.") for package, name in missing.items()] or [Finding("widgets", "Python side and browser side")]


def _machine():
    import joblib
    import numpy as np

    processors, blas = joblib.cpu_count(), np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    memory = _memory()
    problem = "" if memory is None or memory >= LITTLE else (
        f"This machine has {memory:.1f} GB of memory, and MNIST in training takes a third of a GB: close other programs, and one "
        "notebook (Kernel › Shut Down) before you open the next.")
    return [Finding("processors", f"{processors}; matrix library: {blas['name']} {blas['version']}"),
            Finding("memory", f"{memory:.1f} GB" if memory else "not known on this system", problem)]


def _memory():
    """The memory of this machine in GB, or None where the system does not report it (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None


def _progress():
    from lenet_lab.check.progress_store import FOLDER, folder

    named, problem = os.environ.get("LENET_PROGRESS"), ""
    place = next(path for path in (folder().absolute(), *folder().absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        problem = (f"Progress cannot be kept in {folder().absolute()} ({error.strerror}): make that folder writable, or name another "
                   "one in the environment variable LENET_PROGRESS.")
    where = "in the folder in LENET_PROGRESS" if named else f"in {FOLDER}, beside the notebooks"
    return [Finding("progress", "cannot be kept" if problem else f"kept {where}", problem)]


def _mnist():
    from lenet_core.data import DataError, load_mnist, named_folder

    try:
        data = load_mnist()
    except DataError as error:
        return [Finding("MNIST", "cannot be used", f"LENET_DATA names a folder, but {_one_sentence(error)}")]
    if data.name == "MNIST":
        return [Finding("MNIST", str(data).removeprefix("MNIST: "))]
    if data.source.startswith("not MNIST: "):
        problem = f"MNIST is not here, since {_one_sentence(data.source.removeprefix('not MNIST: '))}"
    else:
        problem = (f"The folder in LENET_DATA, {named_folder()}, holds {data.name}: the notebooks work with these images, but their "
                   "sentences and numbers are about MNIST; put MNIST there, or name another folder, for those.")
    return [Finding("MNIST", f"not here; instead {data.name}", problem)]


def _cifar10():
    """Whether CIFAR-10 is there and readable. It is never downloaded here: it has 170 MB, and only one notebook needs it."""
    from lenet_core.data import DataError, find_cifar10, named_folder

    named = named_folder()
    try:
        if named and find_cifar10(named):
            return [Finding("CIFAR-10", "in the folder in LENET_DATA")]
        if find_cifar10():
            return [Finding("CIFAR-10", "in the cache")]
    except DataError as error:
        return [Finding("CIFAR-10", "cannot be used", f"For notebook 10, {_one_sentence(error)}")]
    return [Finding("CIFAR-10", "not here: notebook 10 fetches its 170 MB, or does without")]


def _one_sentence(error):
    """The sentences of a DataError, joined with semicolons."""
    return re.sub(r"\. ([A-Z])(?=[a-z])", lambda found: f"; {found[1].lower()}", str(error))


def main(arguments=None):
    """`lenet doctor`: print the findings; the exit status is 1 if there is a problem."""
    argparse.ArgumentParser(prog="lenet doctor", description="Check whether everything is installed that the notebooks need. Each problem "
                            "is one sentence with its solution. If MNIST is missing, this downloads it (11 MB).").parse_args(arguments)
    found = check_environment()
    print(found)
    return int(bool(found.problems))
