"""What is fuzzed: for each reader the exceptions it documents, a few good inputs to begin with, and how bytes become files for it.

An input is one byte that says how it is packed, and the rest. A container with a checksum (gzip, zip, tar) that the fuzzer changed
at random would be refused at the door every time; so most inputs are what belongs *into* one, and are packed here. Several parts of
a container are kept apart by `APART`, each with its name as its first line. Needs no fuzzer: the tests feed the same functions.
"""

import contextlib
import functools
import gzip
import io
import json
import pickle
import random
import struct
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.io import savemat

from lenet_core.data import CIFAR10_FILES, MNIST_FILES, SHARED_ARRAYS, DataError, Dataset, load_cifar10, load_mnist, write_shared
from lenet_core.net import Layer, Net
from lenet_core.training import TrainingState, load_checkpoint, minibatches, save_checkpoint, train
from lenet_lab import check
from lenet_lab.check import progress_store as kept_progress
from lenet_lab.grade import files, protocol, reader
from lenet_lab.grade.points import GRADED

APART = b"\xff==\xff"


class Target(NamedTuple):
    """A reader to fuzz: `run(folder, input)` puts the input into an empty folder and reads it; nothing but `documented` may come out."""

    run: Callable
    documented: tuple
    seeds: Callable          # () -> list of inputs


def _parts(raw):
    for part in raw.split(APART):
        name, _, content = part.partition(b"\n")
        yield name.decode("latin-1")[:60].replace("\0", "") or "empty", content


def _joined(parts):
    return APART.join(name.encode() + b"\n" + content for name, content in parts.items())


def _zipped(raw):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file, warnings.catch_warnings(action="ignore"):      # two of one name
        for name, content in _parts(raw):
            file.writestr(name, content)
    return out.getvalue()


def _unzipped(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        return {name: file.read(name) for name in file.namelist()}


def _npz(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


# --------------------------------------------------------------------------------------------------------------- MNIST


def _idx(array):
    return struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape) + array.tobytes()


IMAGES, LABELS = np.arange(2 * 784, dtype=np.uint8).reshape(2, 28, 28), np.array([3, 7], np.uint8)
GOOD_IDX = {name: _idx(IMAGES if "images" in name else LABELS) for name in MNIST_FILES}


def idx(folder, raw):
    """One of the four files (the lowest two bits of the first byte), gzipped (the next bit) or not; the other three are good."""
    how, raw = raw[0] if raw else 0, raw[1:]
    for number, (name, good) in enumerate(GOOD_IDX.items()):
        content = good if number != how & 3 else gzip.compress(raw, 1, mtime=0) if how & 4 else raw
        (folder / name).write_bytes(content)
    load_mnist(folder)


def idx_seeds():
    plain = [bytes([how]) + content for how, content in enumerate(GOOD_IDX.values())]
    return [*plain, *(bytes([seed[0] | 4]) + seed[1:] for seed in plain), *(seed[:1] + gzip.compress(seed[1:]) for seed in plain)]


def npz(folder, raw):
    """Keras' mnist.npz: as it is (0), or its entries (1)."""
    (folder / "mnist.npz").write_bytes(_zipped(raw[1:]) if raw[:1] == b"\x01" else raw[1:])
    load_mnist(folder)


def npz_seeds():
    good = _npz(x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    wide = _npz(x_train=IMAGES, y_train=LABELS.astype(">i8"), x_test=np.asfortranarray(IMAGES), y_test=LABELS[:, None])
    return [b"\x00" + good, b"\x01" + _joined(_unzipped(good)), b"\x01" + _joined(_unzipped(wide))]


def mat(folder, raw):
    """The homework's mnist_all.mat."""
    (folder / "mnist_all.mat").write_bytes(raw[1:])
    load_mnist(folder)


def mat_seeds():
    rows = {f"{part}{digit}": IMAGES.reshape(2, 784)[:1] for part in ("train", "test") for digit in range(10)}
    seeds = []
    for options in ({}, {"do_compression": True}, {"format": "4"}):
        out = io.BytesIO()
        savemat(out, rows, **options)
        seeds.append(b"\x00" + out.getvalue())
    out = io.BytesIO()
    savemat(out, {"train0": {"a": [1, "b"]}, "test0": np.array([1, "x"], dtype=object)})
    return [*seeds, b"\x00" + out.getvalue()]


# ---------------------------------------------------------------------------------------------------------- mapped arrays


def mapped(folder, raw):
    """A folder of `write_shared` in which one file (0 to 3: the arrays, 4: what they are) is the input."""
    write_shared(Dataset("MNIST", *[IMAGES[:, None].astype(np.float32) / 255, LABELS.astype(np.int64)] * 2), folder / "mnist")
    name = [*(f"{name}.npy" for name in SHARED_ARRAYS), "mnist.json"][(raw[0] if raw else 0) % 5]
    (folder / "mnist" / name).write_bytes(raw[1:])
    data = load_mnist(folder)
    str(data), data.subset(1), data.train_x.sum(), data.test_x.sum()


def table(folder, raw):
    """A table of images with labels, gzipped (the lowest bit of the first byte), CSV or ARFF (the next bit)."""
    how, raw = raw[0] if raw else 0, raw[1:]
    name = "mnist.arff" if how & 2 else "mnist.csv"
    (folder / name).write_bytes(gzip.compress(raw, 1, mtime=0) if how & 1 else raw)
    load_mnist(folder)


def table_seeds():
    rows = "\n".join(",".join(map(str, [label, *image.ravel()])) for image, label in zip(IMAGES, LABELS)).encode()
    names = ",".join(["label", *(f"pixel{n}" for n in range(784))]).encode()
    arff = b"@relation x\n" + b"".join(b"@attribute " + name + b" real\n" for name in names.split(b",")) + b"@data\n"
    return [b"\x00" + rows, b"\x01" + names + b"\n" + rows, b"\x02" + arff + rows, b"\x03" + arff + rows]


def mapped_seeds():
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        mapped(place, b"\x04" + b'{"name": "MNIST", "source": "", "classes": "0123456789"}')
        return [bytes([number]) + (place / "mnist" / name).read_bytes()
                for number, name in enumerate([*(f"{name}.npy" for name in SHARED_ARRAYS), "mnist.json"])]


# ------------------------------------------------------------------------------------------------------------ CIFAR-10

RECORDS = np.arange(2 * 3073, dtype=np.uint32).astype(np.uint8).reshape(2, 3073)
RECORDS[:, 0] = 5, 9
CLASSES = tuple("abcdefghij")


def cifar10(folder, raw):
    """A file of training images (0), the one of test images (1), or the names (2); the others are good."""
    names = [CIFAR10_FILES[0], CIFAR10_FILES[-1], "batches.meta.txt"]
    for name, good in zip(names, [RECORDS.tobytes()] * 2 + [" ".join(CLASSES).encode()]):
        (folder / name).write_bytes(raw[1:] if raw and name == names[raw[0] % 3] else good)
    load_cifar10(folder)


def cifar10_seeds():
    good = RECORDS.tobytes()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        file.addfile(tarfile.TarInfo("data_batch_1.bin"))
    return [b"\x00" + good, b"\x01" + good, b"\x02a b c d e f g h i j\n", b"\x00" + gzip.compress(good), b"\x01" + tar.getvalue(),
            b"\x00<html>", b"\x00\x80\x02"]


def python_batch(folder, raw):
    """A batch of CIFAR-10's Python version, which is a pickle; the other file is good."""
    good = python_batch_seeds()[0][1:]
    for name in ("data_batch_1", "test_batch"):
        (folder / name).write_bytes(good if name == "test_batch" else raw[1:])
    load_cifar10(folder)


def python_batch_seeds():
    batch = {b"labels": [5, 9], b"data": RECORDS[:, 1:].copy(), b"filenames": [b"a.png", b"b.png"]}
    return [b"\x00" + pickle.dumps(batch, protocol) for protocol in (2, 3, 5)]


# ---------------------------------------------------------------------------------------------------------- checkpoints


def small_run(path):
    """A training run of two steps of a network with one layer of most kinds, saved in `path`."""
    rng = np.random.default_rng(0)
    net = Net((1, 8, 8), [Layer("conv1", "conv", (2, 1, 3, 3), stride=1, pad=1), Layer("pool1", "max_pool", k=2), Layer("relu1", "relu"),
                          Layer("ip1", "inner_product", (32, 3))]).initialise(rng, lambda shape, inputs: 0.1)
    batches, state = minibatches(rng.random((6, 1, 8, 8)).astype("f"), np.arange(6) % 3, 2, rng), TrainingState()
    for step in train(net, batches, 0.1, state=state):
        if step.i == 1:
            break
    save_checkpoint(path, net, batches, state, {"recipe": "quick", "subset": None})
    return batches


@functools.cache
def _good_run():
    """(its bytes, its arrays, x, y) of the file of `small_run`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.npz")
        batches = small_run(path)
        with np.load(path) as file:
            return path.read_bytes(), {name: file[name] for name in file.files}, batches.x, batches.y


def checkpoint(folder, raw):
    """A file of `save_checkpoint`: as it is (0), its entries (1), or its description alone, beside good arrays (2). Also gone on with."""
    path, how, raw = folder / "run.npz", raw[:1], raw[1:]
    _, arrays, x, y = _good_run()
    if how == b"\x02":
        content = _npz(**arrays | {"description.json": np.array(raw.decode("utf-8", "replace"))})
    else:
        content = _zipped(raw) if how == b"\x01" else raw
    path.write_bytes(content)
    kept = load_checkpoint(path)
    if kept.net.input_shape == (1, 8, 8) and kept.net.shapes()[-1] == (3,):
        batches = minibatches(x, y, 2, np.random.default_rng(0))
        batches.state = kept.data_state
        next(train(kept.net, batches, 0.1, state=kept.state), None)


def checkpoint_seeds():
    good, arrays, *_ = _good_run()
    return [b"\x00" + good, b"\x01" + _joined(_unzipped(good)), b"\x02" + str(arrays["description.json"]).encode()]


# ------------------------------------------------------------------------------------------------------------- progress


def progress(folder, raw):
    """What is known of an exercise, of predictions and of the questions: whatever the files hold, it is read, shown, and gone on with."""
    with _progress_in(folder), warnings.catch_warnings(action="ignore"):
        for name in ("softmax", kept_progress.PREDICTIONS, kept_progress.CONCEPTS):
            (folder / f"{name}.json").write_bytes(raw[1:])
        known, shown = kept_progress.read("softmax"), check.progress()
        str(shown), shown._repr_html_(), kept_progress.concepts()
        check.hint("softmax")
        kept_progress.record("softmax", None, check.Verdict("softmax", False, "no", "adds"))
        assert kept_progress.read("softmax")["attempts"] > known["attempts"]


@contextlib.contextmanager
def _progress_in(folder):
    before, kept_progress.folder = kept_progress.folder, lambda: folder
    try:
        yield
    finally:
        kept_progress.folder = before


def progress_seeds():
    good = kept_progress.NOTHING | {"passed": True, "attempts": 3, "hints": 1, "misconceptions": ["adds"], "source": "def softmax(x):\n    return x"}
    guess = {"the first loss with wrong labels": kept_progress.GUESS}
    return [b"\x00" + json.dumps(good).encode(), b"\x00" + json.dumps(guess).encode(), b"\x00" + json.dumps({"before": [True] * 12}).encode(),
            b"\x00{}", b"\x00[]"]


# ----------------------------------------------------------------------------------------------------------- submissions


def submission(folder, raw):
    """A hw7.tar: as it is (0), its files (1), or one notebook (2)."""
    how, raw, path = raw[:1], raw[1:], folder / "hw7.tar"
    if how == b"\x02":
        path = folder / "one.ipynb"
        path.write_bytes(raw)
    elif how == b"\x01":
        with tarfile.open(path, "w", encoding="utf-8", errors="surrogateescape") as tar:
            for name, content in _parts(raw):
                member = tarfile.TarInfo(name.rstrip("\0"))
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    else:
        path.write_bytes(raw)
    found = reader.found_in(files.read(path), list(GRADED), {"relu_forward": "relu_forward"})         # what the reading process does
    for work in found["works"].values():
        assert found["notebooks"][work["notebook"]][work["own"]] is not None and isinstance(work["written"], bool)


def submission_seeds():
    cells = [{"cell_type": "code", "source": source, "metadata": {"lenet": {"exercise": name}}} for name, source in
             (("relu_forward", ["def relu_forward(x):\n", "    return x * (x > 0), x\n"]), ("toy_05", "check.toy(5, 4)"))]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    inside = {"hw7/02.ipynb": notebook, "hw7/cnn_lenet.py": b"def relu_forward(input):\n    return input\n", "hw7/readme.txt": b"hello"}
    seeds = [b"\x01" + _joined(inside), b"\x02" + notebook]
    for kind in (tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=kind) as tar:
            for name, content in {**inside, "hw7/" + "ä" * 120 + ".py": b"x = 1\n"}.items():
                if kind != tarfile.USTAR_FORMAT or len(name) < 100:
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
        seeds.append(b"\x00" + out.getvalue())
    return seeds


# ------------------------------------------------------------------------------------ what comes from a student's process

SENT = {"value": (np.arange(6.0).reshape(2, 3).T, [1, 0.5, "text", None, ...]), "args": [np.float32(2), np.array([None]), object()],
        "kwargs": {"k": {1: True}}, "printed": "", "state": ["random"]}


def message(folder, raw):
    """A message: head and all (0), or its JSON alone, with the arrays of a good one behind it (1)."""
    if raw[:1] == b"\x01":
        arrays = _halves(protocol.pack(SENT))[2]
        head, rest = protocol.HEAD.pack(len(raw) - 1, len(arrays)), raw[1:] + arrays
    else:
        head, rest = raw[1:17].ljust(protocol.HEAD.size, b"\0"), raw[17:]
    protocol.length(head, protocol.MOST_JSON)
    protocol.pack(protocol.unpack(head, rest))


def _halves(packed):
    """(head, JSON, arrays) of a message."""
    head, rest = packed[:protocol.HEAD.size], packed[protocol.HEAD.size:]
    cut = protocol.HEAD.unpack(head)[0]
    return head, rest[:cut], rest[cut:]


def message_seeds():
    packed = [protocol.pack(value) for value in (SENT, {"ready": True}, {"error": ["ValueError", "no"], "value": ...})]
    return [*(b"\x00" + one for one in packed), *(b"\x01" + _halves(one)[1] for one in packed)]


TARGETS = {
    "idx": Target(idx, (DataError,), idx_seeds),
    "npz": Target(npz, (DataError,), npz_seeds),
    "mat": Target(mat, (DataError,), mat_seeds),
    "table": Target(table, (DataError,), table_seeds),
    "mapped": Target(mapped, (DataError,), mapped_seeds),
    "cifar10": Target(cifar10, (DataError,), cifar10_seeds),
    "python_batch": Target(python_batch, (DataError,), python_batch_seeds),
    "checkpoint": Target(checkpoint, (ValueError,), checkpoint_seeds),
    "progress": Target(progress, (), progress_seeds),
    "submission": Target(submission, (files.NotASubmission,), submission_seeds),
    "wire": Target(message, (protocol.Garbled,), message_seeds),
}


# ------------------------------------------------------------------------------------------------------------- mutations

NASTY = [None, True, -1, 0, 1, 2 ** 31, -2 ** 63, 10 ** 30, 0.5, float("nan"), float("inf"), "", "x", "\ud800", [], {}, [[]], [-1], [1e99],
         {"W": 1}, "conv", "subsample", "table_conv", "NotThere"]


def mutated_json(raw, rng):
    """A JSON text with one of its values, at random, replaced by something nasty, doubled or removed; None where it is no JSON."""
    try:
        tree = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    places = []

    def visit(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            visit(node[key])

    visit(tree)
    if not places:
        return json.dumps(rng.choice(NASTY)).encode()
    node, key = rng.choice(places)
    action = rng.randrange(4)
    if action == 0:
        del node[key]
    elif action == 1 and isinstance(node, list):
        node.append(node[key])
    else:
        node[key] = rng.choice(NASTY)
    return json.dumps(tree).encode()


def mutated(raw, rng):
    """An input changed at random, without a fuzzer: some bytes, a cut, a repeated piece; or one value, where it is JSON."""
    found = mutated_json(raw[1:], rng) if rng.random() < 0.7 else None
    if found is not None:
        return raw[:1] + found
    changed = bytearray(raw)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(changed) + 1)
        action = rng.randrange(4)
        if action == 0:
            changed[at:at + 1] = bytes([rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])])
        elif action == 1:
            del changed[at:at + rng.choice([1, 4, len(changed)])]
        elif action == 2:
            changed[at:at] = changed[:rng.choice([1, 4, 64])]
        elif changed:
            changed[at % len(changed)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def seeded(name, n, seed=0):
    """The seeds of a target, and n inputs made of them by chance; the same ones every time."""
    rng, seeds = random.Random(seed), TARGETS[name].seeds()
    yield from seeds
    for _ in range(n):
        yield mutated(rng.choice(seeds), rng)
