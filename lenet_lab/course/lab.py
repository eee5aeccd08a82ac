"""`lenet lab`: open the notebooks in JupyterLab, in a folder of one's own where they are not there yet."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from lenet_core._files import atomic_write
from lenet_lab._material import PACKAGE, material

FIRST = "00_start_here.ipynb"
DEFAULT = "lenet-notebooks"


def main(arguments=None):
    ask = argparse.ArgumentParser(
        prog="lenet lab",
        description="Open the notebooks in JupyterLab. Those that FOLDER lacks are copied there first; what is there already is your work "
                    "and stays as it is.",
        epilog="What follows -- goes to JupyterLab, as in: lenet lab work -- --port 9000 --no-browser")
    ask.add_argument("folder", nargs="?", type=Path, metavar="FOLDER",
                     help=f"where your notebooks are, or shall be (default: the notebooks of a clone of the repository, else {DEFAULT})")
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
            if not (folder / "nbgrader_config.py").is_file():
                ask.error(f"{folder} is no course: there is no nbgrader_config.py in it. `lenet course {folder}` makes one.")
        else:
            print(_said(folder, *copy_notebooks(source, folder)))
    except OSError as error:
        print(f"{ask.prog}: {error}", file=sys.stderr)
        return 1
    return 0 if args.copy_only else _open(folder, args.instructor, theirs)


def copy_notebooks(source, folder):
    """Copy the notebooks of `source` that `folder` lacks; returns the names of the new ones and of those that were there.

    Raises OSError, with a sentence, where they cannot be written.
    """
    new, old = [], []
    if folder.resolve() == source.resolve():
        return new, sorted(path.name for path in source.glob("*.ipynb"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{folder} cannot be made ({error.strerror}). Name a folder that you may write to.") from None
    for path in sorted(source.glob("*.ipynb")):
        if os.path.lexists(folder / path.name):
            old.append(path.name)
            continue
        with atomic_write(folder / path.name) as file:
            file.write(path.read_bytes())
        new.append(path.name)
    return new, old


def _said(folder, new, old):
    parts = [f"{len(new)} notebooks copied to {folder}"] if new else []
    parts += [f"{len(old)} were there already and stay as they are"] if new and old else []
    return "; ".join(parts) + "." if parts else f"Your notebooks are in {folder}."


def _open(folder, instructor, options):
    """JupyterLab in that folder; returns its exit status."""
    environment = dict(os.environ)
    if instructor:                                                  # shows what etc/jupyter of this installation hides
        settings = str(material("classroom") / "instructor")
        environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [settings, os.environ.get("JUPYTER_CONFIG_PATH")]))
    folder, first = folder.resolve(), FIRST
    if folder == material("notebooks").resolve():                   # of a clone: its code can be read beside them
        folder, first = folder.parent, f"{folder.name}/{FIRST}"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    if not instructor:
        command.append(f"--LabApp.default_url=/lab/tree/{first}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:                # in a container: JupyterLab wants to be told that this is meant
        command.append("--allow-root")
    try:
        return subprocess.call([*command, *options], env=environment)
    except KeyboardInterrupt:                                       # JupyterLab has heard it too, and has asked
        return 130
