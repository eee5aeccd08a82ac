"""What can be wrong with files, disks and servers: one sentence each, nothing left behind. What test_data*.py has is not repeated.

`python -m pytest -s -q tests/test_bad_data.py` prints the list: case -> sentence.
"""

import bz2
import contextlib
import gzip
import hashlib
import http.server
import importlib
import io
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.io import savemat

from lenet_core import Net, data, lenet, load_cifar10, load_mnist
from lenet_core._files import TEMPORARY
from lenet_core.data import CIFAR10_FILES, MNIST_FILES, DataError, Dataset, digits, download, find_cifar10, formats, write_shared
from lenet_core.training import load_checkpoint
from lenet_lab import check, cli
from lenet_lab.check import progress_store
from lenet_lab.course import environment, shared_data
from lenet_lab.grade import reader, submission as submission_process
from lenet_lab.grade.submission import NotASubmission, read
from lenet_lab.runs import terminal as training

from .fuzz.targets import CLASSES, GOOD_IDX, IMAGES, LABELS, RECORDS, TARGETS, seeded, small_run
from .ordinary_user import as_ordinary_user

resource = pytest.importorskip("resource", reason="limits, pipes and rights of Unix")
TRAIN_X, TRAIN_Y, TEST_X, TEST_Y = MNIST_FILES


class Case(NamedTuple):
    """Good files, spoiled by `spoil(folder)`, and what `read(folder)` then has to say: `kind`, with `words` in it."""

    good: Callable
    spoil: Callable
    read: Callable
    kind: type
    words: str


def tree(folder):
    return sorted((path.relative_to(folder).as_posix(), path.lstat().st_size) for path in folder.rglob("*"))


def one_sentence(error):
    text = str(error)
    assert text and "\n" not in text and "Traceback" not in text and text[-1] in ".)?", text
    return text


def put(name, content):
    """Write this in the place of a file; a function makes it of the bytes that are there."""
    def spoil(folder):
        path = folder / name
        path.write_bytes(content(path.read_bytes()) if callable(content) else content)
    return spoil


def instead(name, make):
    """Something that is no file in the place of a file."""
    def spoil(folder):
        (folder / name).unlink()
        make(folder / name)
    return spoil


def byte(at, value):
    return lambda raw: raw[:at] + bytes([value]) + raw[at + 1:]


# --------------------------------------------------------------------------------------------------------------- MNIST


def good_idx(folder):
    for name, content in GOOD_IDX.items():
        (folder / name).write_bytes(content)


def mnist(spoil, words, good=good_idx):
    return Case(good, spoil, load_mnist, DataError, words)


def header(magic, *sizes, order=">"):
    return struct.pack(f"{order}{1 + len(sizes)}I", magic, *sizes)


def swapped(one, other):
    def spoil(folder):
        first, second = (folder / one).read_bytes(), (folder / other).read_bytes()
        (folder / one).write_bytes(second), (folder / other).write_bytes(first)
    return spoil


def good_npz(folder, **changes):
    np.savez(folder / "mnist.npz", **{"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS} | changes)


def npz(words, spoil=lambda folder: None, **changes):
    return mnist(spoil, words, lambda folder: good_npz(folder, **changes))


def _npz_of(**entries):
    out = io.BytesIO()
    np.savez(out, **entries)
    return out.getvalue()


def bomb(folder):
    """Images of 20 million zeros, packed."""
    with zipfile.ZipFile(folder / "mnist.npz", "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            images = 25_000 if name == "x_train" else 0
            file.writestr(f"{name}.npy", npy((images, 28, 28)) + bytes(images * 784))


def npy(shape, descr="|u1"):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue()


def claiming(name, shape):
    """An entry whose header claims an array of this shape, and holds next to nothing."""
    def spoil(folder):
        path = folder / "mnist.npz"
        with zipfile.ZipFile(path) as file:
            entries = {entry: file.read(entry) for entry in file.namelist()}
        with zipfile.ZipFile(path, "w") as file:
            for entry, content in {**entries, f"{name}.npy": npy(shape) + b"\0" * 8}.items():
                file.writestr(entry, content)
    return spoil


def encrypted(raw):
    """The mark "this entry is encrypted" on every entry of a zip."""
    raw = bytearray(raw)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = raw.find(sign)
        while found >= 0:
            raw[found + at] |= 1
            found = raw.find(sign, found + 1)
    return bytes(raw)


ROWS = {f"{part}{digit}": IMAGES.reshape(2, 784)[:1] for part in ("train", "test") for digit in range(10)}


def mat(words, spoil=lambda folder: None, rows=ROWS, **options):
    return mnist(spoil, words, lambda folder: savemat(folder / "mnist_all.mat", rows, **options))


def flood(raw):
    """The file with an element of 40 MB of zeros, packed, as its last."""
    content = zlib.compress(bytes(4 * 10 ** 7))
    return raw + struct.pack("<II", 15, len(content)) + content


FILES = {
    "IDX: the byte order of the header": mnist(put(TEST_X, lambda raw: header(2051, 2, 28, 28, order="<") + raw[16:]),
                                               "begins with the number 50855936, not with 2051"),
    "IDX: floats": mnist(put(TEST_X, lambda raw: header(0x0D03, 2, 28, 28) + raw[16:]), "begins with the number 3331"),
    "IDX: 2^31 images claimed": mnist(put(TRAIN_X, lambda raw: header(2051, 2 ** 31, 28, 28) + raw[16:]),
                                      "should hold 1,683,627,180,032 bytes"),
    "IDX: all sizes 2^32 - 1": mnist(put(TRAIN_X, lambda raw: header(2051, *[2 ** 32 - 1] * 3) + raw[16:]),
                                     "should hold 79,228,162"),
    "IDX: no images": mnist(lambda folder: (put(TEST_X, header(2051, 0, 28, 28))(folder), put(TEST_Y, header(2049, 0))(folder)),
                            r"an array \(0, 28, 28\)"),
    "IDX: half a header": mnist(put(TEST_X, lambda raw: raw[:10]), "has only 10 bytes"),
    "IDX: training labels and test images under each other's names": mnist(swapped(TRAIN_Y, TEST_X),
                                                                           "it is not MNIST's file of labels"),
    "IDX: more labels than images": mnist(put(TEST_Y, header(2049, 3) + b"\1\2\3"), "has 3 labels for 2 images"),
    "gzip: a wrong checksum": mnist(put(TEST_X, lambda raw: gzip.compress(raw)[:-8] + bytes(8)),
                                    "damaged or was cut off .CRC check failed"),
    "gzip: something behind it": mnist(put(TEST_X, lambda raw: gzip.compress(raw) + b"hello"), "damaged or was cut off"),
    "gzip: 40 MB in 40 KB": mnist(put(TEST_X, lambda raw: gzip.compress(header(2051, 2 ** 31, 28, 28) + bytes(4 * 10 ** 7))),
                                    "should hold 1,683,627,180,032 bytes"),
    "bzip2": mnist(put(TEST_X, lambda raw: bz2.compress(raw)), "begins with the number 1113221177"),
    "a folder with the name of a file": mnist(instead(TEST_X, Path.mkdir), f"lacks {TEST_X}"),
    "a pipe with the name of a file": mnist(instead(TEST_X, os.mkfifo), f"lacks {TEST_X}"),
    "a link to itself": mnist(instead(TEST_X, lambda path: path.symlink_to(path)), f"{TEST_X} cannot be read"),
    "npz: cut off": npz("damaged or of another kind", put("mnist.npz", lambda raw: raw[:len(raw) // 2])),
    "npz: a byte of an image changed": npz("damaged or of another kind .BadZipFile: Bad CRC-32", put("mnist.npz", byte(700, 0xEE))),
    "npz: gzipped": npz("damaged or of another kind", put("mnist.npz", gzip.compress)),
    "npz: a page of HTML": npz("is a web page that came in the place of the file", put("mnist.npz", b"<html>Forbidden</html>")),
    "npz: a single array": npz("damaged or of another kind", put("mnist.npz", npy((2, 28, 28)) + IMAGES.tobytes())),
    "npz: pickled": npz("damaged or of another kind", put("mnist.npz", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.")),
    "npz: encrypted": npz("damaged or of another kind .RuntimeError", put("mnist.npz", encrypted)),
    "npz: a folder of that name": npz("holds no MNIST", instead("mnist.npz", Path.mkdir)),
    "npz: 2^31 images claimed": npz("damaged or of another kind", claiming("x_train", (2 ** 31, 28, 28))),
    "npz: 10^30 labels claimed": npz("damaged or of another kind", claiming("y_train", (10 ** 30,))),
    "npz: a bomb": npz("unpacks to far more than MNIST", bomb),
    "npz: images that were standardised": npz("pixels from -1 to 1.5, where 0 to 1 or", x_test=IMAGES / 102 - 1),
    "npz: pixels that are not all numbers": npz("pixels from nan to nan", x_test=np.where(IMAGES > 3, IMAGES, np.nan)),
    "npz: pixels of two bytes": npz("pixels from 0 to 65280, where 0 to 1 or", x_train=IMAGES.astype(">u2") * 256),
    "npz: pixels from 0 to 2": npz("pixels from 0 to 2 with fractions", x_train=IMAGES * (2 / 255)),
    "npz: pixels as words": npz("pixels of <U3, where numbers", x_train=IMAGES.astype("<U3")),
    "npz: coloured images": npz("coloured images", x_train=np.stack([IMAGES, IMAGES, 255 - IMAGES], axis=3)),
    "npz: images of 20x20": npz(r"an array \(2, 20, 20\) of uint8 where 28x28", x_train=IMAGES[:, 4:24, 4:24]),
    "npz: labels with fractions": npz("holds labels that are no whole numbers", y_test=LABELS + 0.5),
    "npz: labels as words": npz("holds the label 'seven', where digits", y_test=np.array(["3", "seven"])),
    "npz: labels with two ones": npz("has 20 labels for 2 images", y_test=np.ones((2, 10), np.uint8)),
    "npz: labels from 1 to 10": npz(r"labels outside 0 to 9 \(1 to 10\)", y_test=np.array([1, 10])),
    "npz: names that say nothing": npz("has no entry x_train, the training images", put("mnist.npz", lambda raw: _npz_of(a=IMAGES, b=LABELS))),
    "npz: labels below 0": npz(r"labels outside 0 to 9 \(-1 to 7\)", y_test=np.array([-1, 7])),
    "mat: of MATLAB 7.3": mat("no MATLAB file of version 5",
                              put("mnist_all.mat", b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM\x89HDF\r\n")),
    "mat: of version 4": mat("no MATLAB file of version 5", format="4"),
    "mat: cut off": mat("damaged or of another kind .ValueError: an element of",
                        put("mnist_all.mat", lambda raw: raw[:len(raw) - 30])),
    "mat: a byte of a packed array changed": mat("damaged or of another kind", put("mnist_all.mat", byte(190, 0x55)),
                                                 do_compression=True),
    "mat: the byte order turned round": mat("damaged or of another kind",
                                            put("mnist_all.mat", lambda raw: raw[:126] + b"MI" + raw[128:])),
    "mat: a structure and a cell": mat("has no entry x_train", rows={"mnist": {"images": IMAGES}, "a cell": np.array([1, "x"], object)}),
    "mat: no tests": mat("has no entry test0", rows={name: rows for name, rows in ROWS.items() if "train" in name}),
    "mat: 783 numbers in a row": mat(r"an array \(10, 783\) of uint8 where 28x28",
                                     rows={name: rows[:, 1:] for name, rows in ROWS.items()}),
    "mat: a size of 2^31": mat("damaged or of another kind",
                               put("mnist_all.mat", lambda raw: raw[:160] + b"\xff\xff\xff\x7f" + raw[164:])),
    "mat: a negative size": mat("damaged or of another kind",
                                put("mnist_all.mat", lambda raw: raw[:160] + b"\xff" * 4 + raw[164:])),
    "mat: 40 MB in 40 KB": mat("has no entry train1", put("mnist_all.mat", flood), rows={"train0": IMAGES[0]}),
}


# ------------------------------------------------------------------------------------------------------------ CIFAR-10


def good_cifar10(folder):
    for name in CIFAR10_FILES:
        (folder / name).write_bytes(RECORDS.tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES))


def cifar10(words, spoil):
    return Case(good_cifar10, spoil, load_cifar10, DataError, words)


FILES |= {
    "CIFAR-10: a pipe": cifar10("is no file", instead("data_batch_2.bin", os.mkfifo)),
    "CIFAR-10: a pipe for the names": cifar10("is no file", instead("batches.meta.txt", os.mkfifo)),
    "CIFAR-10: gzip in gzip": cifar10("is packed with gzip", put("test_batch.bin", lambda raw: gzip.compress(gzip.compress(raw)))),
    "CIFAR-10: CIFAR-100's records": cifar10("no whole number of records", put("data_batch_1.bin", bytes(3074 * 2))),
    "CIFAR-10: one row less": cifar10("no whole number of records", put("data_batch_5.bin", lambda raw: raw[:-32])),
    "CIFAR-10: a .npy": cifar10("no whole number of records", put("data_batch_1.bin", lambda raw: npy((2, 3073)) + raw)),
    "CIFAR-10: names in 64 KB of nothing": cifar10("has 1 words", put("batches.meta.txt", b"\0" * 65536)),
    "CIFAR-10: a link to itself": cifar10("cannot be read", instead("test_batch.bin", lambda path: path.symlink_to(path))),
}


# ---------------------------------------------------------------------------------------------------------- checkpoints


def good_run(folder):
    small_run(folder / "run.npz")


def go_on(folder):
    """What `--resume` does: read the run, and set the place in the data."""
    batches = small_run(folder.parent / "another.npz")
    kept = load_checkpoint(folder / "run.npz")
    batches.state = kept.data_state


def run(words, spoil):
    return Case(good_run, spoil, go_on, ValueError, words)


def rewritten(change):
    """The file with its description and arrays changed by `change(description, arrays)`."""
    def spoil(folder):
        with np.load(folder / "run.npz") as file:
            arrays = {name: file[name] for name in file.files}
        description = json.loads(str(arrays.pop("description.json")))
        description = change(description, arrays) or description
        np.savez(folder / "run.npz", **{"description.json": np.array(json.dumps(description))}, **arrays)
    return spoil


def setting(*path):
    """Set one place of the description: setting("layers", 0, "kind", "magic")."""
    *path, value = path

    def change(description, arrays):
        for key in path[:-1]:
            description = description[key]
        description[path[-1]] = value
    return rewritten(change)


def extra_entry(folder):
    with zipfile.ZipFile(folder / "run.npz", "a") as file:
        file.writestr("velocity ip1", b"hello")


def packed_again(folder):
    with np.load(folder / "run.npz") as file:
        arrays = {name: file[name] for name in file.files}
    np.savez_compressed(folder / "run.npz", **arrays | {"conv1.W": np.zeros((1000, 1000), np.float32)})


FILES |= {
    "checkpoint: empty": run("is not a saved network, or is damaged", put("run.npz", b"")),
    "checkpoint: cut off": run("is not a saved network, or is damaged", put("run.npz", lambda raw: raw[:-200])),
    "checkpoint: a byte of a weight changed": run("damaged .Bad CRC-32", put("run.npz", byte(-3000, 0xAA))),
    "checkpoint: gzipped": run("is not a saved network", put("run.npz", gzip.compress)),
    "checkpoint: a page of HTML": run("is not a saved network", put("run.npz", b"<html>Please log in</html>")),
    "checkpoint: a single array": run("is not a saved network", put("run.npz", npy((4,)) + bytes(4))),
    "checkpoint: MNIST instead": run("is not a saved network", lambda folder: np.savez(folder / "run.npz", x_train=IMAGES)),
    "checkpoint: packed to less than it is": run("it would unpack to more than its own size", packed_again),
    "checkpoint: an entry that is no array": run("there is more in it than arrays", extra_entry),      # found by the fuzzer
    "checkpoint: a folder": run("cannot be read .Is a directory", instead("run.npz", Path.mkdir)),
    "checkpoint: no JSON": run("is not a saved network",
                               lambda folder: np.savez(folder / "run.npz", **{"description.json": np.array("{ half")})),
    "checkpoint: a list for a description": run("does not describe a network", rewritten(lambda d, arrays: ["x"])),
    "checkpoint: a kind of layer that there is not": run("there is no kind 'magic'", setting("layers", 0, "kind", "magic")),
    "checkpoint: an option that there is not": run("does not describe a network", setting("layers", 0, "options", {"magic": 1})),
    "checkpoint: a padding of a billion": run("does not describe a network", setting("layers", 0, "options", "pad", 10 ** 9)),
    "checkpoint: images of 2^31 pixels": run("does not describe a network", setting("input_shape", [1, 2 ** 16, 2 ** 15])),
    "checkpoint: images of less than nothing": run("does not describe a network", setting("input_shape", [1, -8, -8])),
    "checkpoint: a window of 0": run("window and stride start at 1", setting("layers", 1, "options", "k", 0)),
    "checkpoint: two layers of one name": run("have the same name", setting("layers", 1, "name", "conv1")),
    "checkpoint: weights missing": run("does not describe a network", rewritten(lambda d, arrays: arrays.pop("conv1.W") is None)),
    "checkpoint: weights of another shape": run("Layer ip1 does not fit",
                                                rewritten(lambda d, arrays: arrays.update({"ip1.W": np.zeros((3, 3), "f")}))),
    "checkpoint: weights as words": run("not float32 or float64",
                                        rewritten(lambda d, arrays: arrays.update({"ip1.W": np.array(["x"])}))),
    "checkpoint: steps below 0": run("holds a damaged training run", setting("training", "steps", -1)),
    "checkpoint: steps as a word": run("holds a damaged training run", setting("training", "steps", "ten")),
    "checkpoint: no momentum": run("the momentum is not that of the parameters",
                                   rewritten(lambda d, arrays: [arrays.pop(n) for n in [*arrays] if " " in n] and None)),
    "checkpoint: the momentum of another network": run("the momentum is not",
                                                 rewritten(lambda d, arrays: arrays.update({"velocity ip1.b": np.zeros(9, "f")}))),
    "checkpoint: notes as a word": run("holds a damaged training run", setting("training", "notes", "x")),
    "checkpoint: no place in the data": run("has no valid position in the data", setting("training", "position", {})),
    "checkpoint: a random state of another generator": run("has no valid position in the data",
                                                           setting("training", "position", "rng", {"bit_generator": "MT19937"})),
    "checkpoint: more batches than there are": run("has no valid position in the data",
                                                   setting("training", "position", "taken", 10 ** 6)),
}


# ----------------------------------------------------------------------------------------------------------- submissions


def submission(name, content, words):
    return Case(lambda folder: None, put(name, content), lambda folder: read(folder / name), NotASubmission, words)


FILES |= {
    "submission: an empty tar": submission("hw7.tar", b"", "is not a tar"),
    "submission: a tar of nothing": submission("hw7.tar", bytes(10240), "holds none of the exercises"),
    "submission: a packed tar": submission("hw7.tar", gzip.compress(bytes(10240)), "holds none of the exercises"),
    "submission: a page of HTML": submission("hw7.tar", b"<html>" * 200, "is not a tar"),
    "submission: a notebook cut off": submission("02.ipynb", b'{"cells": [', "cannot be read as a notebook"),
    "submission: a notebook of brackets": submission("02.ipynb", b"[" * 200_000, "cannot be read as a notebook"),
    "submission: cells as words": submission("02.ipynb", b'{"cells": ["x"]}', "holds none of the exercises"),
    "submission: another kind of file": submission("hw7.docx", b"PK", "is not a notebook"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_gets_one_sentence(case, tmp_path, monkeypatch):
    good, spoil, read_it, kind, words = FILES[case]
    monkeypatch.setattr(formats, "LARGEST", 2 ** 22)                   # 4 MB, so that 20 MB are a bomb
    folder = tmp_path / "data"
    folder.mkdir()
    good(folder)
    spoil(folder)
    before = tree(folder)
    tracemalloc.start()                                                # NumPy tells it, too, what it takes
    try:
        with warnings.catch_warnings(action="error"), pytest.raises(kind, match=words) as caught:
            read_it(folder)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken < 4 * formats.LARGEST or case == "npz: 2^31 images claimed"       # NumPy asks for them, and touches none
    assert caught.type is kind and tree(folder) == before
    print(f"{case} -> {one_sentence(caught.value)}".replace(str(tmp_path), "..."))


@pytest.mark.parametrize("name", TARGETS)
def test_the_fuzzed_readers_raise_what_they_document(name, tmp_path):
    """A short way of what `python -m tests.fuzz` does for long, with chance instead of a fuzzer."""
    run, documented, _ = TARGETS[name]
    for number, raw in enumerate(seeded(name, 60)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with contextlib.suppress(documented), warnings.catch_warnings(action="ignore"):
            run(folder, raw)
        shutil.rmtree(folder)


# ---------------------------------------------------------------------------------------------- no rights, no room, no disk


def refused(place, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(place / "progress"))
    calls = {"idx": load_mnist, "npz": load_mnist, "mat": load_mnist, "closed": load_mnist, "cifar10": load_cifar10,
             "run/run.npz": load_checkpoint, "submission": read, "progress": lambda _: progress_store.write("softmax", hints=1),
             "closed/new": lambda path: write_shared(NINE, path)}
    for kind, call in calls.items():
        try:
            with warnings.catch_warnings(action="error"):
                call(place / kind)
            yield f"{kind} was read"
        except Exception as error:
            yield f"{type(error).__name__}: {kind} -> {error}"
    for main, arguments in (shared_data.main, ["closed"]), (training.main, ["--save", "closed/run.npz"]):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
            main([one if one.startswith("--") else str(place / one) for one in arguments])
        yield said.getvalue().strip().splitlines()[-1]


def test_no_rights(monkeypatch, open_folder):
    place = open_folder
    for kind, good in (("idx", good_idx), ("npz", good_npz), ("closed", good_idx), ("cifar10", good_cifar10), ("run", good_run),
                       ("mat", lambda folder: savemat(folder / "mnist_all.mat", ROWS)),
                       ("submission", lambda folder: (folder / "02.ipynb").write_text("{}")), ("progress", lambda folder: None)):
        (place / kind).mkdir()
        good(place / kind)
        for file in (place / kind).iterdir():
            file.chmod(0)
        (place / kind).chmod({"closed": 0, "progress": 0o555}.get(kind, 0o755))
    before = tree(place) if os.geteuid() == 0 else None
    lines = as_ordinary_user(lambda: refused(place, monkeypatch))
    assert before is None or tree(place) == before
    *lines, shared, training_kept = lines
    kinds = [*["DataError"] * 5, "ValueError", "PermissionError", "UserWarning", "DataError"]
    assert [line.split(":")[0] for line in lines] == kinds, lines
    assert all("Permission denied" in line for line in [*lines, shared]) and "Name one that you may read and write." in shared
    assert "--save: there is no folder" in training_kept and "that you may write to" in training_kept
    print("\n".join(f"no rights, {line}" for line in [*lines, shared, training_kept]).replace(str(place), "..."))


# What is closed, the question, and the place that the sentence has to name.
TOLD = "cannot be (read|used|made|written)|Progress cannot be kept|the cache cannot be used"
FOUR = {"the folder": "data", "its subfolder": "sub/mnist", "the folder above": "above", "one of four files": f"data/{TEST_X}"}
ASKED = {"data": "data", "sub/mnist": "sub", "above": "above/data", f"data/{TEST_X}": "data"}
CIFAR = {"the folder": "cifar", "its subfolder": "cifar/cifar-10", "the folder above": "above"}


def furnished(place):
    """Everything that can be asked for, whole and with all rights."""
    for folder in ("data", "sub/mnist", "above/data", "cifar/cifar-10", "above/cifar", "cache/lenet-workbook/cifar10", "class/sub"):
        (place / folder).mkdir(parents=True)
    for folder in ("data", "sub/mnist", "above/data"):
        good_idx(place / folder)
    for folder in ("cifar/cifar-10", "above/cifar"):
        good_cifar10(place / folder)
    write_shared(NINE, place / "shared" / "mnist")
    good_run(place / "above"), good_run(place / "class")
    for work in ("above/work.ipynb", "class/work.ipynb", "class/sub/work.ipynb"):
        (place / work).write_text(json.dumps({"cells": [{"cell_type": "code", "source": "check.toy(5, 4)"}]}))


def asks(call, *arguments):
    """The question call(places of `arguments`)."""
    return lambda place: call(*(place / argument for argument in arguments))


def by_variable(call, named):
    """The question call(), with LENET_DATA set to the place `named`."""
    def ask(place):
        os.environ["LENET_DATA"] = str(place / named)
        return call()
    return ask


def at_a_terminal(*arguments):
    """`lenet` with these arguments, {} for the place; raises what it wrote as an error."""
    def ask(place):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            command, *rest = [argument.format(place) for argument in arguments]
            status = importlib.import_module(cli.COMMANDS[command][0]).main(rest)
            assert status, "exit status 0"
        raise OSError(said.getvalue().strip())
    return ask


def doctor(look):
    def ask(place):
        finding, = by_variable(look, "above/data")(place)
        assert finding.found == "cannot be used"
        raise OSError(finding.problem)
    return ask


def progress(place):
    os.environ["LENET_PROGRESS"] = str(place / "data")
    with warnings.catch_warnings(action="error"):
        check.relu_forward(lambda x: (np.maximum(x, 0), x))


def digits_instead(place):
    raise OSError(load_mnist().source)


CLOSED = {
    **{f"MNIST, {what}": (closed, asks(load_mnist, ASKED[closed])) for what, closed in FOUR.items()},
    **{f"LENET_DATA, {what}": (closed, by_variable(load_mnist, ASKED[closed])) for what, closed in FOUR.items()},
    **{f"CIFAR-10, {what}": (closed, asks(load_cifar10, "above/cifar" if closed == "above" else "cifar")) for what, closed in CIFAR.items()},
    **{f"find_cifar10, {what}": (closed, asks(find_cifar10, "above/cifar" if closed == "above" else "cifar")) for what, closed in CIFAR.items()},
    "LENET_DATA, CIFAR-10": ("cifar/cifar-10", by_variable(load_cifar10, "cifar")),
    "cache, MNIST": ("cache/lenet-workbook", digits_instead),
    "cache, CIFAR-10": ("cache/lenet-workbook", asks(load_cifar10)),
    "cache, find_cifar10": ("cache/lenet-workbook", asks(find_cifar10)),
    "shared, the folder": ("shared/mnist", asks(load_mnist, "shared")),
    "shared, the folder above": ("shared", asks(load_mnist, "shared/mnist")),
    "shared, an array": ("shared/mnist/train_x.npy", asks(load_mnist, "shared")),
    "shared, to write": ("above", asks(lambda folder: write_shared(NINE, folder), "above/new")),
    "Net.load": ("above/run.npz", asks(Net.load, "above/run.npz")),
    "load_checkpoint": ("class/run.npz", asks(load_checkpoint, "class/run.npz")),
    "train --data": ("above", at_a_terminal("train", "--data", "{}/above/data")),
    "train --resume": ("class/run.npz", at_a_terminal("train", "--resume", "{}/class/run.npz")),
    "grade, a notebook": ("above/work.ipynb", at_a_terminal("grade", "{}/above/work.ipynb")),
    "grade, the folder above": ("above", at_a_terminal("grade", "{}/above/work.ipynb")),
    "grade, a folder": ("class", at_a_terminal("grade", "{}/class")),
    "grade, a subfolder": ("class/sub", at_a_terminal("grade", "{}/class")),
    "grade, no ending": ("above", at_a_terminal("grade", "{}/above/data")),
    "statistics, the folder": ("class", at_a_terminal("grade", "--statistics", "{}/class", "--out", "{}/out")),
    "statistics, the folder above": ("class", at_a_terminal("grade", "--statistics", "{}/class/sub", "--out", "{}/out")),
    "submit": ("class", at_a_terminal("submit", "{}/class", "--out", "{}/hw7.tar")),
    "course": ("above", at_a_terminal("course", "{}/above")),
    "course, the folder above": ("above", at_a_terminal("course", "{}/above/course")),
    "lab": ("above", at_a_terminal("lab", "{}/above", "--copy-only")),
    "lab, the folder above": ("above", at_a_terminal("lab", "{}/above/data", "--copy-only")),
    "lab --instructor": ("above", at_a_terminal("lab", "{}/above", "--copy-only", "--instructor")),
    "data": ("above", at_a_terminal("data", "{}/above")),
    "data --data": ("data", at_a_terminal("data", "{}/new", "--data", "{}/data")),
    "experiments --record": ("above", at_a_terminal("experiments", "--tables", "--record", "{}/above/runs.jsonl")),
    "experiments --data": ("data", at_a_terminal("experiments", "--smoke", "--record", "{}/out/runs.jsonl", "--data", "{}/data")),
    "doctor, MNIST": ("above", doctor(environment._mnist)),
    "doctor, CIFAR-10": ("above", doctor(environment._cifar10)),
    "check": ("data", progress),
}


@pytest.mark.parametrize("what", CLOSED)
def test_what_is_closed_is_never_reported_as_missing(what, open_folder, empty_cache, monkeypatch):
    closed, ask = CLOSED[what]
    furnished(open_folder)
    monkeypatch.setattr("pooch.os_cache", lambda name: open_folder / "cache" / name)
    monkeypatch.setattr(submission_process, "in_a_process", lambda path: reader.answer(str(path), [], {}))      # Python may be closed too
    for module, _ in cli.COMMANDS.values():                         # now, while the standard library can be read for certain
        importlib.import_module(module)
    digits()
    for path in [open_folder, *open_folder.rglob("*")]:              # all may be changed by everybody, but for what is closed
        path.chmod(0o777 if path.is_dir() else 0o666)
    (open_folder / closed).chmod(0)

    def work():
        try:
            yield f"answered {ask(open_folder)}"
        except Exception as error:
            yield " ".join([type(error).__name__, *str(error).split("\n")])

    line, = as_ordinary_user(work)
    (open_folder / closed).chmod(0o755)
    assert str(open_folder / closed) in line and "Permission denied" in line and not line.startswith("AssertionError"), line
    assert re.search(TOLD, line) and not re.search("[Tt]here is no|holds no|is no course|not found|Errno", line), line
    print(f"closed: {what} -> {line}".replace(str(open_folder), "..."))


@contextlib.contextmanager
def room_for(size):
    """A disk on which files have no room for more than `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def noted(folder):
    progress_store.write("softmax", source="x" * 10_000)


NINE = Dataset("MNIST", *[np.zeros((9, 1, 28, 28), "f"), np.zeros(9, int)] * 2)
FULL = {
    "a network": (lambda folder: lenet(np.random.default_rng(0)).save(folder / "net.npz"), OSError),
    "a checkpoint": (lambda folder: small_run(folder / "net.npz"), OSError),
    "progress": (noted, UserWarning),
    "a shared folder": (lambda folder: write_shared(NINE, folder / "new"), DataError),
}


@pytest.mark.parametrize("what", FULL)
def test_a_full_disk_leaves_the_old_and_no_litter(what, tmp_path, monkeypatch, rng):
    write, kind = FULL[what]
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path))
    small_run(tmp_path / "net.npz")
    progress_store.write("softmax", attempts=3, passed=True)
    before, good = tree(tmp_path), (tmp_path / "net.npz").read_bytes()
    with room_for(2000), warnings.catch_warnings(action="error"), pytest.raises(kind) as caught:
        write(tmp_path)
    assert tree(tmp_path) == before and (tmp_path / "net.npz").read_bytes() == good and progress_store.read("softmax")["attempts"] == 3
    assert "File too large" in str(caught.value) or "requested and" in str(caught.value)         # NumPy's words for it
    if kind is OSError:
        assert one_sentence(caught.value).startswith(f"{tmp_path / 'net.npz'} cannot be written (")
    print(f"full disk, {what} -> {' '.join(str(caught.value).split())}".replace(str(tmp_path), "..."))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        lenet(np.random.default_rng(0)).save(tmp_path / "nets" / "net.npz")
    assert "nets" in one_sentence(caught.value) and ".tmp" not in str(caught.value)
    print(f"no such folder -> {caught.value}".replace(str(tmp_path), "..."))


TERMINAL = {
    "training": ["train", "--data", "{data}", "--steps", "2", "--save", "{out}/run.npz"],
    "sheets of problems": ["sheet", "1", "--out", "{out}"],
    "a graded submission": ["grade", "{out}/none.tar", "--format", "gradescope", "--out", "/dev/full"],
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="limits of a process, /dev/full")
@pytest.mark.parametrize("what", TERMINAL)
def test_a_full_disk_at_the_terminal_is_one_line(what, tmp_path):
    (tmp_path / "data").mkdir(), (tmp_path / "out").mkdir()
    good_idx(tmp_path / "data")
    arguments = [part.format(data=tmp_path / "data", out=tmp_path / "out") for part in TERMINAL[what]]
    with room_for(1000):           # which the program inherits; Python itself would leave its compiled modules half written
        done = subprocess.run([sys.executable, "-B", "-m", "lenet_lab", *arguments], capture_output=True, text=True)
    said = done.stderr.strip().splitlines()
    assert done.returncode and said and "Traceback" not in done.stderr, done.stderr
    assert "File too large" in said[-1] or "No space left" in said[-1]
    assert not [file for file in (tmp_path / "out").rglob("*") if file.name.endswith(TEMPORARY)]
    print(f"full disk, {what} -> {said[-1]}".replace(str(tmp_path), "..."))


# ------------------------------------------------------------------------------------------------------------- servers


class Odd(http.server.BaseHTTPRequestHandler):
    """A server that does what `server.behave` says, for one file after the other."""

    def do_GET(self):
        getattr(self, self.server.behave)(self.server.files.get(self.path.rsplit("/", 1)[-1], b""))

    def _send(self, code, content=b"", **headers):
        self.send_response(code)
        for name, value in ({"Content_Length": len(content)} | headers).items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(content)

    def redirect_to_html(self, content):
        if self.path.startswith("/login"):
            self._send(200, b"<html>Please log in to this hotel's network</html>", Content_Type="text/html")
        else:
            self._send(302, Location="/login")

    def redirect_in_a_circle(self, content):
        self._send(302, Location=self.path)

    def redirect_to_nowhere(self, content):
        self._send(301, Location="http://127.0.0.1:9/")

    def redirect_to_another_kind(self, content):
        self._send(302, Location="ftp://127.0.0.1/")

    def wrong_hash(self, content):
        self._send(200, content[:-1] + b"!")

    def swapped_files(self, content):
        self._send(200, next(other for other in self.server.files.values() if other != content))

    def gzip_in_gzip(self, content):
        self._send(200, gzip.compress(content))

    def unpacked_on_the_way(self, content):
        self._send(200, content, Content_Encoding="gzip")

    def not_what_it_says(self, content):
        self._send(200, content, Content_Encoding="deflate")

    def empty(self, content):
        self._send(200)

    def no_content(self, content):
        self._send(204)

    def only_a_part(self, content):
        self._send(206, content[:20])

    def too_many(self, content):
        self._send(429, b"slow down")

    def proxy_wants_a_password(self, content):
        self._send(407)

    def out_of_order(self, content):
        self._send(503, b"<html>maintenance</html>", Retry_After=9999)

    def more_claimed_than_sent(self, content):
        self._send(200, content, Content_Length=len(content) * 10)
        self.close_connection = True

    def length_of_nonsense(self, content):
        self._send(200, content, Content_Length="many")

    def broken_chunks(self, content):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"zz\r\nhello\r\n")

    def hang_up(self, content):
        self.connection.shutdown(socket.SHUT_RDWR)

    def no_http(self, content):
        self.wfile.write(b"220 mail.example.org ESMTP\r\n" * 50)

    def endless_headers(self, content):
        self.send_response(200)
        for n in range(1000):
            self.send_header(f"X-{n}", "x" * 100)
        self.end_headers()

    def drip(self, content):
        self._send(200, Content_Length=len(content))
        with contextlib.suppress(OSError):
            for n in content:
                self.wfile.write(bytes([n]))
                time.sleep(0.1)

    def log_message(self, *_):
        pass


SERVERS = {
    "redirect_to_html": "wrong checksum", "redirect_in_a_circle": "no connection", "redirect_to_nowhere": "no connection",
    "redirect_to_another_kind": "no connection", "wrong_hash": "wrong checksum", "swapped_files": "wrong checksum",
    "gzip_in_gzip": "wrong checksum", "unpacked_on_the_way": "wrong checksum", "not_what_it_says": "no connection",
    "empty": "wrong checksum", "no_content": "wrong checksum", "only_a_part": "wrong checksum", "too_many": "answered 429",
    "proxy_wants_a_password": "answered 407", "out_of_order": "answered 503", "more_claimed_than_sent": "no connection",
    "length_of_nonsense": "wrong checksum", "broken_chunks": "no connection", "hang_up": "no connection",
    "no_http": "no connection", "endless_headers": "no connection", "drip": "no answer within 1 seconds",
}


@pytest.mark.parametrize("behave", SERVERS)
def test_a_bad_server_gets_one_sentence(behave, empty_cache, monkeypatch):
    files = {name: gzip.compress(content) for name, content in GOOD_IDX.items()}
    monkeypatch.setattr(data, "MNIST_FILES", {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()})
    monkeypatch.setattr(download, "OFFLINE_AFTER", 1)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.daemon_threads, server.behave, server.files = True, behave, files
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setattr(data, "MIRRORS", [f"http://127.0.0.1:{server.server_port}/data/"])
    try:
        said = load_mnist()
    finally:
        server.shutdown()
        server.server_close()
    assert said.name.startswith("scikit-learn") and "LENET_DATA" in said.source
    assert SERVERS[behave] in said.source
    if behave != "drip":                                            # its thread may still be at it; see the next test
        assert not list((empty_cache / "mnist").iterdir())
    print(f"server, {behave.replace('_', ' ')} -> {one_sentence(said.source)}".replace(str(empty_cache), "..."))


def test_what_a_killed_download_left_is_cleared_away(empty_cache):
    """A killed process, or one that ended while a server hung, leaves unfinished files in the cache."""
    folder = empty_cache / "mnist"
    folder.mkdir(parents=True)
    for name, hours in (("tmpold", 2), ("tmpnew", 0)):
        (folder / name).write_bytes(b"half a file")
        os.utime(folder / name, (time.time() - 3600 * hours,) * 2)
    (empty_cache / "cifar10" / "tmpold").mkdir(parents=True)
    (empty_cache / "cifar10" / "tmpold" / "archive").write_bytes(b"half an archive")
    os.utime(empty_cache / "cifar10" / "tmpold", (time.time() - 7200,) * 2)
    load_mnist()
    assert [file.name for file in folder.iterdir()] == ["tmpnew"]
    with pytest.raises(DataError):
        load_cifar10()
    assert not list((empty_cache / "cifar10").iterdir())


def test_a_full_disk_while_downloading(empty_cache, monkeypatch, start_servers):
    files = {name: gzip.compress(content, 0) for name, content in GOOD_IDX.items()}
    monkeypatch.setattr(data, "MNIST_FILES", {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()})
    monkeypatch.setattr(data, "MIRRORS", start_servers(files, ["well"])[1])
    with room_for(1000):
        said = load_mnist()
    assert "the cache cannot be written: File too large" in one_sentence(said.source)
    assert sorted(file.name for file in (empty_cache / "mnist").iterdir()) == ["t10k-labels-idx1-ubyte.gz"]        # whole, and small
    print(f"full disk, a download -> {said.source}".replace(str(empty_cache), "..."))
