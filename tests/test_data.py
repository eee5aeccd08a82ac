"""The readers: every format MNIST comes in, every way a file or a server can be broken, one sentence each."""

import gzip
import hashlib
import os
import re
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from lenet_core import data, load_mnist
from lenet_core.data import MNIST_FILES, DataError

TRAIN_X, TRAIN_Y, TEST_X, TEST_Y = MNIST_FILES


def idx(array):
    array = np.asarray(array, np.uint8)
    return struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def arrays(rng):
    return {TRAIN_X: rng.integers(0, 256, (30, 28, 28)), TRAIN_Y: np.arange(30) % 10,
            TEST_X: rng.integers(0, 256, (20, 28, 28)), TEST_Y: np.arange(20) % 10}


@pytest.fixture
def folder(tmp_path, arrays):
    """A small MNIST in four files."""
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(gzip.compress(idx(array)))
    return tmp_path


def same(dataset, arrays):
    assert dataset.name == "MNIST" and dataset.train_x.shape == (30, 1, 28, 28) and dataset.train_x.dtype == np.float32
    np.testing.assert_array_equal((dataset.train_x[:, 0] * 255).round(), arrays[TRAIN_X])
    np.testing.assert_array_equal(dataset.test_y, arrays[TEST_Y])
    assert dataset.train_x.max() <= 1 and dataset.train_y.dtype == np.int64


# --------------------------------------------------------------------------------------------------------- good files


def test_gzipped_files(folder, arrays):
    same(load_mnist(folder), arrays)
    same(load_mnist(str(folder)), arrays)


def test_plain_files_with_dots(tmp_path, arrays):
    for name, array in arrays.items():
        (tmp_path / name.removesuffix(".gz").replace("-idx", ".idx")).write_bytes(idx(array))
    same(load_mnist(tmp_path), arrays)


def test_a_subfolder_named_mnist(tmp_path, arrays):
    (tmp_path / "mnist").mkdir()
    for name, array in arrays.items():
        (tmp_path / "mnist" / name).write_bytes(gzip.compress(idx(array)))
    same(load_mnist(tmp_path), arrays)


def test_keras_file(tmp_path, arrays):
    np.savez(tmp_path / "mnist.npz", x_train=arrays[TRAIN_X].astype(np.uint8), y_train=arrays[TRAIN_Y].astype(np.uint8),
             x_test=arrays[TEST_X].astype(np.uint8), y_test=arrays[TEST_Y].astype(np.uint8))
    same(load_mnist(tmp_path), arrays)
    same(load_mnist(tmp_path / "mnist.npz"), arrays)


def test_the_homeworks_file(tmp_path, arrays):
    from scipy.io import savemat

    savemat(tmp_path / "mnist_all.mat", {
        f"{part}{digit}": arrays[x][arrays[y] == digit].reshape(-1, 784).astype(np.uint8)
        for part, x, y in (("train", TRAIN_X, TRAIN_Y), ("test", TEST_X, TEST_Y)) for digit in range(10)})
    dataset = load_mnist(tmp_path)
    assert sorted(dataset.train_y) == sorted(arrays[TRAIN_Y]) and len(set(dataset.train_y[:8])) > 2     # mixed
    for image, label in zip(dataset.train_x, dataset.train_y):
        same = arrays[TRAIN_Y][(arrays[TRAIN_X] == (image * 255).round()).all(axis=(1, 2))]
        assert list(same) == [label]


def test_real_mnist(mnist):
    assert mnist.name == "MNIST" and len(mnist.train_x) == 60_000 and len(mnist.test_x) == 10_000
    assert mnist.train_x.mean() == pytest.approx(0.1307, abs=1e-4)
    assert list(np.bincount(mnist.test_y)) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_small_digits_are_no_mnist(digits):
    assert "scikit-learn" in str(digits) and "MNIST:" not in str(digits)
    assert digits.train_x.shape == (1437, 1, 28, 28) and digits.train_x.dtype == np.float32
    assert digits.train_x.min() == 0 and 0.9 < digits.train_x.max() <= 1 and set(digits.test_y) == set(range(10))


def test_subset_is_even_and_says_so(folder):
    dataset = load_mnist(folder)
    part = dataset.subset(10)
    assert len(part.train_x) == 10 and len(part.test_x) == 20 and "10 training images" in part.name
    assert (part.train_x[1] == dataset.train_x[3]).all()
    assert dataset.subset(99) is dataset


# ---------------------------------------------------------------------------------------------------- where it is sought


@pytest.fixture
def nowhere(empty_cache):
    return empty_cache / "mnist"


def test_order(nowhere, folder, arrays, monkeypatch):
    assert "scikit-learn" in load_mnist().name
    monkeypatch.setenv("LENET_DATA", str(folder))
    same(load_mnist(), arrays)
    with pytest.raises(DataError, match="holds no MNIST"):
        load_mnist(folder / "elsewhere")
    monkeypatch.setenv("LENET_DATA", str(folder / "elsewhere"))
    with pytest.raises(DataError, match="holds no MNIST"):          # named, so not passed over
        load_mnist()


# ----------------------------------------------------------------------------------------------------------- bad files


def bad(name, content):
    def spoil(folder):
        (folder / name).write_bytes(content((folder / name).read_bytes()))
    return spoil


def remove(folder):
    (folder / TEST_Y).unlink()


def swap(folder):
    (folder / TRAIN_Y).write_bytes((folder / TRAIN_X).read_bytes())


def regzip(change):
    return lambda raw: gzip.compress(change(gzip.decompress(raw)))


SPOILED = {
    "gzip cut off": (bad(TRAIN_X, lambda raw: raw[:len(raw) // 2]), f"{TRAIN_X} is damaged or was cut off"),
    "gzip with a wrong byte": (bad(TRAIN_X, lambda raw: raw[:200] + b"\xff\x00\xff" + raw[203:]), f"{TRAIN_X} is damaged"),
    "images cut off": (bad(TEST_X, regzip(lambda raw: raw[:-100])), "should hold 15,680 bytes after its header and holds 15,580"),
    "something at the end": (bad(TEST_X, regzip(lambda raw: raw + b"!")), "holds 15,681"),
    "empty": (bad(TEST_Y, lambda raw: b""), f"{TEST_Y} has only 0 bytes"),
    "a page of HTML": (bad(TEST_Y, lambda raw: b"<html>Forbidden</html>"), "begins with the number"),
    "labels where images should be": (swap, "it is not MNIST's file of labels"),
    "fewer labels than images": (bad(TRAIN_Y, lambda raw: gzip.compress(idx(np.zeros(29)))), "29 labels for 30 images"),
    "labels above 9": (bad(TRAIN_Y, lambda raw: gzip.compress(idx([10] * 30))), r"labels outside 0 to 9 \(10 to 10\)"),
    "images of another size": (bad(TEST_X, lambda raw: gzip.compress(idx(np.zeros((20, 8, 8))))), "where 28x28 images"),
    "gzip in gzip": (bad(TEST_Y, gzip.compress), "begins with the number"),
    "one file missing": (remove, f"lacks {TEST_Y}"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_spoiled_files_get_a_sentence(folder, how):
    spoil, words = SPOILED[how]
    spoil(folder)
    with pytest.raises(DataError, match=words) as caught:
        load_mnist(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name, content, words", [
    ("mnist.npz", b"", "damaged or of another kind"),
    ("mnist.npz", b"PK\x03\x04", "damaged or of another kind"),
    ("mnist.npz", {"x_train": np.zeros((2, 28, 28), np.uint8)}, "has no entry y_train"),
    ("mnist.npz", {k: np.zeros((2, 28, 28)) for k in ("x_train", "y_train", "x_test", "y_test")}, "of float64 where 28x28 images"),
    ("mnist.npz", {k: np.array([{"a": 1}], dtype=object) for k in ("x_train", "y_train", "x_test", "y_test")}, "of another kind"),
    ("mnist_all.mat", b"hello", "damaged or of another kind"),
    ("data.txt", b"hello", "neither a folder nor"),
])
def test_spoiled_single_files_get_a_sentence(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else np.savez(path, **content)
    with pytest.raises(DataError, match=words) as caught:
        load_mnist(path)
    assert name in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="permissions of files")
def test_unreadable_places_get_a_sentence(folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))
    monkeypatch.setattr(Path, "read_bytes", refuse)                 # root may read everything, so chmod would not do
    with pytest.raises(DataError, match="cannot be read .Permission denied."):
        load_mnist(folder)


# ------------------------------------------------------------------------------------------------------------- servers


@pytest.fixture
def serve(nowhere, folder, monkeypatch, start_servers):
    """serve(behaviour, ...) starts a mirror for each and makes them the mirrors of the package."""
    files = {name: (folder / name).read_bytes() for name in MNIST_FILES}
    monkeypatch.setattr(data, "MNIST_FILES", {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()})

    def start(*behaviours):
        servers, addresses = start_servers(files, behaviours)
        monkeypatch.setattr(data, "MIRRORS", addresses)
        return servers

    return start


def test_download_once_then_from_the_cache(serve, nowhere, arrays):
    server, = serve("well")
    dataset = load_mnist()
    same(dataset, arrays)
    assert "from the cache" in str(dataset) and sorted(server.asked) == sorted(MNIST_FILES)
    same(load_mnist(), arrays)
    assert len(server.asked) == 4


@pytest.mark.parametrize("broken", [404, 403, 500, "cut", "html", "hang"])
def test_the_other_mirror_helps(serve, nowhere, arrays, broken):
    serve(broken, "well")
    same(load_mnist(), arrays)


@pytest.mark.parametrize("behaviour, words", [
    (403, "the server answered 403"), (404, "the server answered 404"), (500, "the server answered 500"),
    ("cut", "cut off or has a wrong checksum|no connection"), ("html", "cut off or has a wrong checksum"),
    ("hang", "no answer within|stopped answering"),
])
def test_broken_servers_leave_nothing_and_get_a_sentence(serve, nowhere, behaviour, words):
    serve(behaviour, behaviour)
    began = time.monotonic()
    dataset = load_mnist()
    assert time.monotonic() - began < 6                             # the 5 seconds in which to decide, and a second to load
    assert dataset.name.startswith("scikit-learn") and "not MNIST" in str(dataset) and "LENET_DATA" in str(dataset)
    assert re.search(words, str(dataset)) and "\n" not in str(dataset)
    assert not [file for file in nowhere.glob("*") if file.name in MNIST_FILES]


def test_a_mirror_that_fails_on_the_way(serve, nowhere, arrays):
    """The first small file comes from it, the next does not: the other mirror takes over, and all is whole in the end."""
    first, second = serve("well", "well")
    small = first.files[TEST_Y]
    first.files = {name: (small if name == TEST_Y else b"spoiled") for name in MNIST_FILES}
    same(load_mnist(), arrays)
    assert sorted(file.name for file in nowhere.iterdir()) == sorted(MNIST_FILES)


def test_a_spoiled_file_in_the_cache_is_fetched_again(serve, nowhere, arrays):
    serve("well")
    load_mnist()
    (nowhere / TRAIN_X).write_bytes(b"spoiled")
    same(load_mnist(), arrays)


def test_a_cache_that_cannot_be_written(serve, nowhere):
    serve("well")
    nowhere.parent.parent.mkdir(parents=True, exist_ok=True)
    nowhere.parent.write_text("a file where the folder should be")
    assert "the cache cannot be used" in str(load_mnist())
