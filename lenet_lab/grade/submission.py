"""Read a submission: a notebook, a folder, or a hw7.tar. Nothing of it is run here, parsed as Python, or written to disk.

A tar is read member by member into memory and never unpacked, so a path in it cannot do harm. A tar with a path out of its folder is
still refused, since such a path is not made by accident. A notebook's exercises are identified by the metadata of their cells
(`lenet.exercise`). If that has been lost, the function that a cell defines or the question that it answers identifies it. Python files
have functions in the handout's interface.
"""

import hashlib
import json
import os
import re
import tarfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from lenet_core._files import is_file, is_folder, mode
from lenet_lab.check.solutions import exercise as asked_in
from lenet_lab.handout import IN_OPS

from . import slices
from .points import GRADED, PRACTICE

MOST_FILES, LARGEST, LARGEST_TOTAL = 500, 20 * 2 ** 20, 60 * 2 ** 20        # a bundle of this workbook has 9 files, 4 MB
LONGEST_CELL = 100_000                   # characters
NAMES = {"hinges_target": ("b", "bends"), "hinges_tent": ("tent_b", "tent_bends")}          # of the variables that hold an answer
ADAPTER = Path(__file__).with_name("cnn_lenet.py")
HANDOUT = {name: handout for handout, name in IN_OPS.items()}


class NotASubmission(ValueError):
    """There is nothing to grade; the text gives the reason in one sentence."""


class Work(NamedTuple):
    """A student's work on one exercise: the sources of all cells of its notebook, and the index `own` of its cell.

    `kind` is the kind of answer: "function", "toy", "derivation", or "names" (the values of the variables `names`).
    """

    kind: str
    name: object
    cells: list
    own: int
    place: str
    names: tuple = ()
    handout: bool = False
    notes: tuple = ()

    @property
    def written(self):
        """Whether the dots have been replaced."""
        return not slices.dots(self.cells[self.own])

    def job(self):
        """The description of the exercise for the student's process, as plain data."""
        return {"kind": self.kind, "name": self.name, "cells": self.cells, "own": self.own, "names": list(self.names)}


class Submission(NamedTuple):
    """{exercise: Work} of everything that was found; `modules` are the Python files beside it, `notes` sentences about unreadable parts."""

    name: str
    works: dict
    modules: dict
    notes: tuple
    fingerprint: str


def read(path):
    """The `Submission` in a notebook, a Python file, a folder, or a tar. Raises NotASubmission, or OSError."""
    path = Path(path)
    if is_folder(path):
        files = _of_folder(path)
    elif path.suffix in (".ipynb", ".py"):
        files = _of_file(path)
    elif path.suffix == ".tar":
        files = _of_tar(path)
    elif mode(path):
        raise NotASubmission(f"{path.name} is not a notebook (.ipynb), a .tar, a Python file or a folder.")
    else:
        raise NotASubmission(f"There is no {path.name}.")
    works, notes = _found(files)
    if not works:
        raise NotASubmission(f"{path.name} holds none of the exercises." + "".join(f" {note}" for note in notes))
    modules = {PurePosixPath(name).name: _text(content) for name, content in sorted(files.items()) if name.endswith(".py")}
    whole = hashlib.sha256(b"".join(part for name, content in sorted(files.items()) for part in (name.encode("utf-8", "replace"), content)))
    return Submission(path.resolve().name, works, modules, tuple(notes), whole.hexdigest())


# ------------------------------------------------------------------------------------------------------------------------- the files


def _check_size(name, size, total):
    if size > LARGEST or total > LARGEST_TOTAL:
        raise NotASubmission(f"{name} is too large: a file has at most {LARGEST >> 20} MiB, a submission {LARGEST_TOTAL >> 20} MiB.")


def _wanted(name):
    parts = PurePosixPath(name).parts
    return name.endswith((".ipynb", ".py")) and not any(part.startswith(".") or part == "__pycache__" for part in parts)


def _of_file(path):
    _check_size(path.name, path.stat().st_size, 0)
    return {path.name: path.read_bytes()}


def _of_folder(folder):
    files, total = {}, 0
    for number, path in enumerate(_all_below(folder)):
        name = path.relative_to(folder).as_posix()
        if number >= MOST_FILES:
            raise NotASubmission(f"{folder.name} holds more than {MOST_FILES} files.")
        if os.path.islink(path):
            raise NotASubmission(f"{name} is a link; a submission holds files and folders only.")
        if _wanted(name) and is_file(path):
            size = path.stat().st_size
            total += size
            _check_size(name, size, total)
            files[name] = path.read_bytes()
    return files


def _all_below(folder):
    """The sorted paths of all that is in a folder and its subfolders. Raises OSError where one cannot be read, as `rglob` does not."""
    def refuse(error):
        raise error
    return sorted(Path(place, name) for place, folders, files in os.walk(folder, onerror=refuse) for name in (*folders, *files))


def _of_tar(path):
    files, total = {}, 0
    _check_size(path.name, 0, path.stat().st_size)
    try:
        with tarfile.open(path, "r:") as tar:                         # not compressed: the content could have any size
            for number, member in enumerate(tar):
                name, says = member.name, f"{path.name} is refused: its member {member.name[:100]!r}"
                if number >= MOST_FILES:
                    raise NotASubmission(f"{path.name} is refused: it holds more than {MOST_FILES} files.")
                if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name or ":" in name[:2]:
                    raise NotASubmission(f"{says} leads out of the folder.")
                if not (member.isfile() or member.isdir()):
                    raise NotASubmission(f"{says} is {'a link' if member.issym() or member.islnk() else 'a device or a pipe'}, not a file.")
                total += member.size
                _check_size(f"{path.name} is refused: its member {name[:100]!r}", member.size, total)
                if member.isfile() and _wanted(name):
                    files[name] = tar.extractfile(member).read()
    except NotASubmission:
        raise
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise NotASubmission(f"{path.name} is not a tar as `tar cvf hw7.tar hw7` makes it ({error}).") from None
    return files


def _text(content):
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


# ------------------------------------------------------------------------------------------------------------------- the exercises


def _found(files):
    """({exercise: Work}, notes) of the exercises in these files."""
    candidates, notes = {}, []
    for name in sorted(name for name in files if name.endswith(".ipynb")):
        try:
            cells, asked, cut = _cells(files[name])
        except (ValueError, TypeError, AttributeError, RecursionError, KeyError):
            notes.append(f"{name} cannot be read as a notebook.")
            continue
        if cut:
            notes.append(f"{name}: only the first {LONGEST_CELL} characters were read of code cell {', '.join(map(str, cut))}.")
        for exercise in (*GRADED, *PRACTICE):
            for own, source in enumerate(cells):
                answers = re.search(_pattern(exercise), source, re.M) is not None
                if asked[own] == exercise or answers and asked[own] is None:
                    work = _work(exercise, cells, own, f"{name}, code cell {own + 1}")
                    candidates.setdefault(exercise, []).append(((answers, work.written, asked[own] == exercise), work))
    works = {exercise: _counted(several) for exercise, several in candidates.items()}
    for exercise in GRADED:
        if not (exercise in works and works[exercise].written) and (work := _of_python(exercise, files, exercise in works)):
            works[exercise] = work
    return works, notes


def _cells(content):
    """(sources, exercises in the metadata, numbers of truncated cells from 1) of a notebook's code cells."""
    notebook = json.loads(_text(content))
    sources, asked, cut = [], [], []
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            source = cell.get("source", "")
            source = source if isinstance(source, str) else "".join(map(str, source))
            sources.append(source[:LONGEST_CELL])
            asked.append(asked_in(cell))
            if len(source) > LONGEST_CELL:
                cut.append(len(sources))
    return sources, asked, cut


def _pattern(exercise):
    """A regular expression that matches a cell with the answer to an exercise."""
    if exercise.startswith("toy_"):
        return rf"\bcheck\.toy\(\s*{int(exercise[4:])}\s*[,)]"
    if exercise.startswith("derive_"):
        return rf"\bcheck\.derivation\(\s*[\"']{exercise[7:]}[\"']"
    if exercise in NAMES:
        return rf"^{NAMES[exercise][1]}\s*="
    return rf"^(async )?def {exercise}\b|^{exercise}\s*="


def _work(exercise, cells, own, place):
    if exercise.startswith("toy_"):
        return Work("toy", int(exercise[4:]), cells, own, place)
    if exercise.startswith("derive_"):
        return Work("derivation", exercise[7:], cells, own, place)
    if exercise in NAMES:
        return Work("names", exercise, cells, own, place, NAMES[exercise])
    return Work("function", exercise, cells, own, place)


def _counted(ranked):
    """The cell that counts among several for one exercise: the last of those that answer it, are written, and have its metadata."""
    best = max(rank for rank, _ in ranked)
    counts = [work for rank, work in ranked if rank == best][-1]
    others = ", ".join(work.place for rank, work in ranked if work is not counts and best[1] and rank[:2] == best[:2])
    return counts._replace(notes=(f"It is there more than once; {counts.place} counts, not {others}.",)) if others else counts


def _of_python(exercise, files, elsewhere):
    """The Work in a Python file, in the handout's interface; a file with the homework's own name has priority.

    The two files of `bundle` only repeat the notebooks: they count only if the exercise was not found `elsewhere`.
    """
    name = HANDOUT.get(exercise, exercise)
    bundled = [file for file, content in files.items() if content == ADAPTER.read_bytes()]
    among = ([] if elsewhere else bundled) if bundled else sorted(file for file in files if file.endswith(".py"))
    holds = [file for file in among if re.search(rf"^def {name}\b", _text(files[file]), re.M)]
    if not holds:
        return None
    counts = next((file for file in holds if PurePosixPath(file).name == ADAPTER.name), holds[-1])
    notes = (f"It is there more than once; {counts} counts.",) if len(holds) > 1 else ()
    return Work("function", name, [_text(files[counts])], 0, counts, handout=True, notes=notes)
