"""Read a submission: a notebook, a folder, a tar or a zip, in a process of its own (`reader`), which has limits of time and memory."""

import base64
import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from lenet_core._files import mode
from lenet_lab.handout import IN_OPS

from .files import NotASubmission, shown
from .points import GRADED, PRACTICE

__all__ = ["NotASubmission", "Submission", "Work", "read"]
SECONDS, PART, MOST = 30, 2 ** 20, 256   # of the clock; what was found has at most 256 parts of a MiB
HANDOUT = {name: handout for handout, name in IN_OPS.items()}
# The packages are known by their folders alone: to import them would load NumPy, which reading does not need.
START = """
import json, sys, types
for room in ("", "/grade", "/octave"):
    package = types.ModuleType("lenet_lab" + room.replace("/", "."))
    package.__path__ = [sys.argv[1] + room]
    sys.modules[package.__name__] = package
from lenet_lab.grade import reader
reader.main(sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4]))
"""


class Work(NamedTuple):
    """A student's work on one exercise: the sources of all cells of its notebook, and the index `own` of its cell.

    `kind` is the kind of answer: "function", "toy", "derivation", or "names" (the values of the variables `names`). `file` is the
    notebook in the submission, `place` the same with the number of the cell, as text. `written`: the dots have been replaced. `others`
    are works on the same exercise in other cells, which count if this one does not pass. `octave`: it is a .m file; `in_octave` is such a
    work on the same exercise beside one in Python, which counts if that one does not pass.
    """

    kind: str
    name: object
    cells: list
    own: int
    place: str
    names: tuple = ()
    handout: bool = False
    notes: tuple = ()
    written: bool = True
    file: str = ""
    others: tuple = ()
    octave: bool = False
    in_octave: object = None

    @property
    def folder(self):
        """The folder of the notebook in the submission, in which its cells run."""
        return str(PurePosixPath(self.file).parent)

    def job(self):
        """The description of the exercise for the student's process, as plain data."""
        kind = "octave" if self.octave else self.kind
        return {"kind": kind, "name": self.name, "cells": self.cells, "own": self.own, "names": list(self.names), "folder": self.folder}


class Submission(NamedTuple):
    """{exercise: Work} of all that was found; `files` are those beside the notebooks, `notes` sentences about what could not be read.

    `guesses` is {prediction: the guess as it was written}, `concepts` {"before" or "after": the letters as they were written}.
    """

    name: str
    works: dict
    files: dict
    notes: tuple
    fingerprint: str
    guesses: dict
    concepts: dict


def read(path):
    """The `Submission` in a notebook, a Python file, a folder, a tar or a zip. Raises NotASubmission, or OSError."""
    path = Path(path)
    if mode(path) and not os.access(path, os.R_OK):                   # said here, on every Python in the same words
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    found = in_a_process(path)
    if "refused" in found:
        raise NotASubmission(found["refused"])
    if "why" in found:
        raise OSError(found["errno"], found["why"], found["file"])
    works = {exercise: _work(exercise, one, found["notebooks"]) for exercise, one in found["works"].items()}
    if not works:
        raise NotASubmission(f"{shown(path.name)} holds none of the exercises." + "".join(f" {note}" for note in found["notes"]))
    beside = {name: base64.b64decode(content) for name, content in found["files"].items()}
    return Submission(path.resolve().name, works, beside, tuple(found["notes"]), found["fingerprint"], found["guesses"],
                      found["concepts"])


def in_a_process(path):
    """What the reading process has found, as plain data."""
    command = [sys.executable, "-I", "-B", "-c", START, str(Path(__file__).parents[1]), str(path.absolute()),
               json.dumps([*GRADED, *PRACTICE]), json.dumps({name: HANDOUT.get(name, name) for name in GRADED if not name.startswith("toy_")})]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={name: value for name, value in os.environ.items() if not name.startswith("LENET")}
                               | {"OPENBLAS_NUM_THREADS": "1"})
    clock = threading.Timer(SECONDS, process.kill)
    clock.start()
    try:
        parts = []
        while len(parts) < MOST and (part := process.stdout.read(PART)):
            parts.append(part)
        process.kill()
        return json.loads(b"".join(parts))
    except ValueError:
        raise NotASubmission(f"{shown(path.name)} cannot be read within {SECONDS} seconds and the memory that reading may take.") from None
    finally:
        clock.cancel()
        process.stdout.close()
        process.wait()


def _work(exercise, one, notebooks):
    kind, name = "function", exercise
    if one["handout"]:
        name = HANDOUT.get(exercise, exercise)
    elif exercise.startswith("toy_"):
        kind, name = "toy", int(exercise[4:])
    elif exercise.startswith("derive_"):
        kind, name = "derivation", exercise[7:]
    elif one["names"]:
        kind = "names"
    return Work(kind, name, notebooks[one["notebook"]], one["own"], one["place"], tuple(one["names"]), one["handout"], tuple(one["notes"]),
                one["written"], one["file"], tuple(_work(exercise, other, notebooks) for other in one["others"]), one["octave"],
                _work(exercise, one["in_octave"], notebooks) if one["in_octave"] else None)
