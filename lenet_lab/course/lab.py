"""`lenet lab`: open the notebooks in JupyterLab; copy them to a folder of your own first if they are not there.

JupyterLab shows the stored widgets and pages of a notebook only if it trusts it: if all its outputs were made here, or if it is signed. So a panel
would be gone when a page is reloaded, in a notebook of which some cells have not been run yet. `lenet lab` signs what it hands out, and only
that: the notebooks whose content is the release's. Source: JupyterLab's documentation, "Notebook trust"; nbformat.sign.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from lenet_core._files import atomic_write, in_a_sentence, is_file, matching
from lenet_lab._material import PACKAGE, material

FIRST = "00_start_here.ipynb"
DEFAULT = "lenet-notebooks"
TUTOR = "AGENTS.md"                      # how an AI assistant should help here; such programs read it in the folder of the notebooks


def main(arguments=None):
    """`lenet lab`: copy the missing notebooks and start JupyterLab; returns the exit status."""
    ask = argparse.ArgumentParser(
        prog="lenet lab",
        description="Open the notebooks in JupyterLab. Notebooks that are missing in FOLDER are copied there first; existing ones are your "
                    "work and are not changed.",
        epilog="Options after -- are passed to JupyterLab, as in: lenet lab work -- --port 9000 --no-browser")
    ask.add_argument("folder", nargs="?", type=Path, metavar="FOLDER",
                     help=f"the folder for your notebooks (default: the notebooks of a clone of the repository, else {DEFAULT})")
    ask.add_argument("--copy-only", action="store_true", help="copy the notebooks, and do not open JupyterLab")
    ask.add_argument("--instructor", action="store_true", help="open FOLDER as a course: with nbgrader's menus, and without copying notebooks")
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    at = arguments.index("--") if "--" in arguments else len(arguments)
    ours, theirs = arguments[:at], arguments[at + 1:]
    args = ask.parse_args(ours)
    source = material("notebooks")
    folder = args.folder or (Path(DEFAULT) if source.is_relative_to(PACKAGE) else source)
    try:
        if args.instructor:
            if not is_file(folder / "nbgrader_config.py"):
                ask.error(f"{folder} is not a course: there is no nbgrader_config.py in it. `lenet course {folder}` makes a course.")
        else:
            print(_said(folder, *copy_notebooks(source, folder)))
            sign(unchanged(source, folder))
    except OSError as error:
        print(f"{ask.prog}: {in_a_sentence(error)}", file=sys.stderr)
        return 1
    return 0 if args.copy_only else _open(folder, args.instructor, theirs)


def copy_notebooks(source, folder):
    """Copy the notebooks of `source` that are missing in `folder`, and `TUTOR`; returns the names of the new and of the existing notebooks.

    Raises OSError: with a sentence if they cannot be written, the system's own if they cannot be read.
    """
    new, old = [], []
    if folder.resolve() == source.resolve():
        return new, [path.name for path in matching(source, "*.ipynb")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"The folder {folder} cannot be made ({error.strerror}). Name a folder that you may write to.") from None
    for path in matching(source, "*.ipynb"):
        if os.path.lexists(folder / path.name):
            old.append(path.name)
            continue
        _copy(path, folder)
        new.append(path.name)
    if not os.path.lexists(folder / TUTOR):
        _copy(source / TUTOR, folder)
    return new, old


def _copy(path, folder):
    with atomic_write(folder / path.name) as file:
        file.write(path.read_bytes())


def unchanged(source, folder):
    """The notebooks in `folder` whose content is the release's: that of `source`; in a clone, that of its last commit."""
    if folder.resolve() != source.resolve():
        return [folder / path.name for path in matching(source, "*.ipynb") if _content(folder / path.name) == path.read_bytes()]
    git = ["git", "-C", str(folder), "ls-files", "-z", "--full-name"]
    with contextlib.suppress(OSError):
        listed, other = (subprocess.run([*git, *option, "--", "*.ipynb"], capture_output=True, text=True) for option in ([], ["-m", "-o"]))
        if not listed.returncode:
            changed = {Path(name).name for name in other.stdout.split("\0")}
            return [folder / Path(name).name for name in listed.stdout.split("\0") if name and Path(name).name not in changed]
    return []                                                       # neither installed nor a clone: nobody knows what the release's is


def _content(path):
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return None


def sign(paths):
    """Sign notebooks, as `jupyter trust` does. Where that fails they are not trusted, and JupyterLab asks."""
    import sqlite3  # these load slowly, and only this needs them

    import nbformat
    from nbformat.sign import NotebookNotary

    with contextlib.suppress(OSError, ValueError, sqlite3.Error):
        notary = NotebookNotary()
        for path in paths:
            notary.sign(nbformat.read(path, as_version=4))


def _said(folder, new, old):
    """What was copied, in one sentence."""
    parts = [f"{len(new)} notebook{'s' * (len(new) > 1)} copied to {folder}"] if new else []
    parts += [f"{len(old)} were there already and are unchanged"] if new and old else []
    return "; ".join(parts) + "." if parts else f"Your notebooks are in {folder}."


def _open(folder, instructor, options):
    """Run JupyterLab in that folder; returns its exit status."""
    environment = dict(os.environ)
    if instructor:                                                  # shows nbgrader's menus, which this installation hides
        settings = str(material("classroom") / "teacher_alone")
        environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [settings, os.environ.get("JUPYTER_CONFIG_PATH")]))
    folder, first = folder.resolve(), FIRST
    if folder == material("notebooks").resolve():                   # of a clone: its code can be read beside them
        folder, first = folder.parent, f"{folder.name}/{FIRST}"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    if not instructor:
        command.append(f"--LabApp.default_url=/lab/tree/{first}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:                # in a container: JupyterLab refuses to run as root otherwise
        command.append("--allow-root")
    return _run([*command, *options], environment)


def _run(command, environment):
    """Let a program take the place of this one, so that it gets the signals: Ctrl-C, about which JupyterLab asks, and the wish to end.

    Windows cannot do that; there the program is a child of this one, and its exit status is returned.
    """
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, environment)
    try:
        return subprocess.call(command, env=environment)
    except KeyboardInterrupt:
        return 130
