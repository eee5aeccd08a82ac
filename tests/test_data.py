"""The readers: every format MNIST comes in, every way a file or a server can be broken, one sentence each."""

import gzip
import hashlib
import json
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lenet_core import data, lenet, load_cifar10, load_mnist
from lenet_core.data import MNIST_FILES, SHARED_ARRAYS, DataError, Dataset, write_shared
from lenet_core.training import minibatches
from lenet_lab.course import shared_data

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
    assert dataset.name.startswith("unknown images (") and re.search("by their checksums not MNIST|mapped", dataset.source)
    assert dataset.train_x.shape == (30, 1, 28, 28) and dataset.train_x.dtype == np.float32
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


def test_training_images_are_bytes_in_memory_and_floats_to_everybody_who_uses_them(folder, arrays):
    dataset = load_mnist(folder)
    few = dataset.subset(10)
    for one, expected in ((dataset, arrays[TRAIN_X]), (few, arrays[TRAIN_X][::3]), (pickle.loads(pickle.dumps(few)), arrays[TRAIN_X][::3])):
        x, floats = one.train_x, expected[:, None].astype(np.float32) / np.float32(255)
        assert x.bytes.dtype == np.uint8 and (x.shape, x.ndim, x.size, x.dtype, len(x)) == (floats.shape, 4, floats.size, np.float32, len(floats))
        for index in (0, -1, slice(2, 5), [3, 0, 3], np.arange(len(x)) % 2 == 1, (0, 0, 3, 4), (slice(None), 0), None, ...):
            assert x[index].dtype == np.float32 and np.asarray(x[index]).tobytes() == np.asarray(floats[index]).tobytes()
        assert np.asarray(x).tobytes() == floats.tobytes() and np.array(x, np.float64).dtype == np.float64
        assert np.array_equal(x, floats) and (x == floats).all() and (2 * x - x == floats).all() and x.mean() == floats.mean()
        assert np.array_equal(np.pad(x, 1), np.pad(floats, 1)) and np.concatenate([x, floats]).dtype == np.float32
        assert [image.max() for image in x] == [image.max() for image in floats] and np.exp(x).dtype == np.float32
        ours, theirs = (next(minibatches(images, one.train_y, 4, np.random.default_rng(0))) for images in (x, floats))
        assert ours[0].tobytes() == theirs[0].tobytes() and (ours[1] == theirs[1]).all()
        network = lenet(np.random.default_rng(0))
        assert (network.predict(x) == network.predict(floats)).all() and network.loss(x, one.train_y)[0] == network.loss(floats, one.train_y)[0]
        with pytest.raises(TypeError, match="numpy.array"):
            x[0] = 0
        with pytest.raises(AttributeError, match="nothing_like_it"):
            assert x.nothing_like_it


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
    "a page of HTML": (bad(TEST_Y, lambda raw: b"<html>Forbidden</html>"), "is a web page that came in the place of the file"),
    "labels where images should be": (swap, "it is not MNIST's file of labels"),
    "fewer labels than images": (bad(TRAIN_Y, lambda raw: gzip.compress(idx(np.zeros(29)))), "29 labels for 30 images"),
    "labels above 9": (bad(TRAIN_Y, lambda raw: gzip.compress(idx([10] * 30))), r"labels outside 0 to 9 \(10 to 10\)"),
    "images of another size": (bad(TEST_X, lambda raw: gzip.compress(idx(np.zeros((20, 8, 8))))), "where 28x28 images"),
    "gzip in gzip in gzip": (bad(TEST_Y, lambda raw: gzip.compress(gzip.compress(raw))), "begins with the number"),
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
    ("mnist.npz", {k: np.zeros((2, 28, 28)) for k in ("x_train", "y_train", "x_test", "y_test")}, "has 1,568 labels for 2 images"),
    ("mnist.npz", {k: np.array([{"a": 1}], dtype=object) for k in ("x_train", "y_train", "x_test", "y_test")}, "of another kind"),
    ("mnist_all.mat", b"hello", "damaged or of another kind"),
    ("data.txt", b"hello", "it is no file of a kind that is read"),
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


# ------------------------------------------------------------------------------------------- one copy for all processes


@pytest.fixture
def shared(folder):
    """The small MNIST as a folder of arrays, a subfolder `mnist` of the one returned."""
    write_shared(load_mnist(folder), folder / "arrays" / "mnist")
    return folder / "arrays"


def test_the_mapped_data_are_the_same_to_the_bit(folder, shared, arrays):
    read, mapped = load_mnist(folder), load_mnist(shared)
    same(mapped, arrays)
    assert mapped.classes == read.classes and "mapped" in str(mapped) and "mapped" in str(load_mnist(shared / "mnist"))
    for name in SHARED_ARRAYS:
        one, other = getattr(read, name), getattr(mapped, name)
        assert type(other) is np.ndarray and other.dtype == one.dtype and other.flags.c_contiguous
        np.testing.assert_array_equal(other, one)
    assert type(mapped.train_x[2:5]) is type(mapped.train_x.mean(axis=0)) is np.ndarray


def test_real_mnist_mapped(mnist, tmp_path):
    write_shared(mnist, tmp_path / "mnist")
    mapped = load_mnist(tmp_path)
    assert mapped.name == mnist.name and all(np.array_equal(getattr(mapped, name), getattr(mnist, name)) for name in SHARED_ARRAYS)


def test_who_writes_into_the_data_changes_nobody_elses(shared):
    files = {file: file.read_bytes() for file in (shared / "mnist").iterdir()}
    mine, anothers = load_mnist(shared), load_mnist(shared)
    before = anothers.train_x.copy()
    mine.train_x[:] += 1
    mine.train_y[:] = 3
    np.testing.assert_array_equal(mine.train_x, before + 1)
    np.testing.assert_array_equal(anothers.train_x, before)
    assert list(anothers.train_y[:5]) == [0, 1, 2, 3, 4]
    assert {file: file.read_bytes() for file in files} == files


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the system which pages are there")
def test_mapping_brings_no_images_into_memory(shared, tmp_path):
    """20,000 images are 63 MB: mapped, they take less than a tenth of that until they are looked at; their labels are checked."""
    x, y = np.zeros((20_000, 1, 28, 28), np.float32), np.arange(20_000) % 10
    write_shared(Dataset("MNIST", x, y, x[:20], y[:20]), tmp_path / "large")
    program = """if True:
        import sys, psutil
        from lenet_core import load_mnist
        rss = lambda: psutil.Process().memory_info().rss
        before = rss()
        data = load_mnist(sys.argv[1])
        mapped = rss()
        data.train_x.sum()
        print(mapped - before, rss() - before)
    """
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "large")], capture_output=True, text=True, check=True)
    mapped, looked_at = map(int, done.stdout.split())
    assert mapped < x.nbytes / 10 and looked_at > x.nbytes / 2


def test_what_stands_in_for_mnist_says_so_when_mapped_too(digits, tmp_path):
    write_shared(digits, tmp_path / "mnist")
    mapped = load_mnist(tmp_path)
    assert mapped.name == digits.name and "MNIST:" not in str(mapped)
    np.testing.assert_array_equal(mapped.train_x, digits.train_x)


def test_photographs_are_mapped_as_well(rng, tmp_path):
    x, y = rng.random((6, 3, 32, 32), dtype=np.float32), np.arange(6)
    write_shared(Dataset("CIFAR-10 (part)", x, y, x[:2], y[:2], classes=data.CIFAR10_CLASSES), tmp_path / "cifar10")
    for place in (tmp_path, tmp_path / "cifar10"):
        mapped = load_cifar10(place)
        assert mapped.name == "CIFAR-10 (part)" and mapped.classes == data.CIFAR10_CLASSES and "mapped" in mapped.source
        np.testing.assert_array_equal(mapped.train_x, x)
        np.testing.assert_array_equal(mapped.test_y, y[:2])
    with pytest.raises(DataError, match="holds no MNIST. Put"):
        load_mnist(tmp_path / "cifar10")
    (tmp_path / "cifar10" / "test_y.npy").unlink()
    with pytest.raises(DataError, match="lacks test_y.npy"):
        load_cifar10(tmp_path)


def change(name, to):
    def spoil(folder):
        np.save(folder / name, to(np.load(folder / name)))
    return spoil


def cut(name, size):
    def spoil(folder):
        with open(folder / name, "r+b") as file:
            file.truncate(size)
    return spoil


SPOILED_ARRAYS = {
    "images cut off": (cut("train_x.npy", 60_000), "train_x.npy is damaged or was cut off"),
    "one byte cut off": (bad("test_x.npy", lambda raw: raw[:-1]), "test_x.npy is damaged or was cut off"),
    "nothing but the header": (cut("test_x.npy", 128), "damaged or was cut off"),
    "half the header": (cut("test_y.npy", 50), "test_y.npy is damaged or was cut off"),
    "empty": (bad("train_y.npy", lambda raw: b""), "train_y.npy is damaged or was cut off"),
    "something at the end": (bad("test_x.npy", lambda raw: raw + b"!"), "has bytes after its array"),
    "a page of HTML": (bad("train_x.npy", lambda raw: b"<html>Forbidden</html>" * 100), "damaged or was cut off"),
    "a .npz": (bad("train_x.npy", lambda raw: b"PK\x03\x04" + raw), "damaged or was cut off"),
    "a header of nonsense": (bad("train_x.npy", lambda raw: raw[:10] + b"{(" + raw[12:]), "damaged or was cut off"),
    "more images than there can be": (bad("train_x.npy", lambda raw: raw.replace(b"(30, ", b"(9" + b"0" * 20 + b", ").replace(
        b" " * 20 + b"\n", b"\n")), "damaged or was cut off"),
    "pickled": (lambda folder: np.save(folder / "train_y.npy", np.array([{"a": 1}] * 30, object)), "damaged or was cut off"),
    "float64": (change("train_x.npy", np.float64), r"train_x.npy: an array \(30, 1, 28, 28\) of float64, where .* of float32"),
    "bytes the other way round": (change("train_x.npy", lambda x: x.astype(">f4")), "of >f4"),
    "the order of Fortran": (change("test_x.npy", np.asfortranarray), "in Fortran order, where"),
    "labels as floats": (change("test_y.npy", np.float32), "of float32, where .N,. of int64"),
    "images without a channel": (change("train_x.npy", np.squeeze), r"\(30, 28, 28\) of float32, where \(N, 1, 28, 28\)"),
    "one number": (change("test_y.npy", lambda y: y[0]), r"an array \(\) of int64"),
    "no images": (change("test_x.npy", lambda x: x[:0]), r"\(0, 1, 28, 28\)"),
    "fewer labels than images": (change("train_y.npy", lambda y: y[1:]), "train_y.npy has 29 labels for 30 images in train_x.npy"),
    "labels above 9": (change("test_y.npy", lambda y: y + 1), r"test_y.npy holds labels outside 0 to 9 \(1 to 10\)"),
    "labels below 0": (change("train_y.npy", lambda y: y - 1), r"train_y.npy holds labels outside 0 to 9 \(-1 to 8\)"),
    "one array missing": (lambda folder: (folder / "test_y.npy").unlink(), "lacks test_y.npy"),
    "a folder for an array": (lambda folder: ((folder / "test_y.npy").unlink(), (folder / "test_y.npy").mkdir()), "cannot be read"),
    "an empty description": (bad("mnist.json", lambda raw: b""), "does not say what the images are"),
    "a description without a name": (bad("mnist.json", lambda raw: raw.replace(b"name", b"n")), "does not say what the images are"),
    "a number for the name": (bad("mnist.json", lambda raw: re.sub(b'"unknown[^"]*"', b"5", raw)), "does not say what the images are"),
    "a list for a description": (bad("mnist.json", lambda raw: b"[1, 2]"), "does not say what the images are"),
    "a description in another alphabet": (bad("mnist.json", lambda raw: b"\xff\xfe"), "does not say what the images are"),
}


@pytest.mark.parametrize("how", SPOILED_ARRAYS)
def test_spoiled_arrays_get_a_sentence(shared, how):
    spoil, words = SPOILED_ARRAYS[how]
    spoil(shared / "mnist")
    with pytest.raises(DataError, match=words) as caught:
        load_mnist(shared)
    assert str(shared) in str(caught.value) and "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_arrays_that_may_not_be_read_get_a_sentence(shared, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))
    monkeypatch.setattr(np.lib.format, "open_memmap", refuse)
    with pytest.raises(DataError, match="train_x.npy cannot be read .Permission denied."):
        load_mnist(shared)


def test_a_shared_folder_is_written_wholly_or_not_at_all(folder, monkeypatch):
    dataset, place = load_mnist(folder), folder / "new" / "mnist"
    write, written = np.save, []

    def full_disk(file, array, **options):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(file.name)
        write(file, array, **options)

    monkeypatch.setattr(np, "save", full_disk)
    with pytest.raises(DataError, match="cannot be written .No space left on device."):
        write_shared(dataset, place)
    assert len(written) == 2 and list(place.parent.iterdir()) == []
    monkeypatch.setattr(np, "save", write)
    write_shared(dataset, place)
    assert sorted(file.name for file in place.iterdir()) == sorted(["mnist.json", *(f"{name}.npy" for name in SHARED_ARRAYS)])
    with pytest.raises(DataError, match="is there already"):
        write_shared(dataset, place)
    (folder / "a_file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_shared(dataset, folder / "a_file" / "mnist")
    with pytest.raises(ValueError, match="images of shape"):
        write_shared(replace(dataset, train_x=dataset.train_x[..., :8]), folder / "other")


@pytest.mark.skipif(os.name == "nt", reason="permissions of files")
def test_everybody_may_read_a_shared_folder(folder):
    before = os.umask(0o022)
    try:
        write_shared(load_mnist(folder), folder / "for_all")
    finally:
        os.umask(before)
    assert (folder / "for_all").stat().st_mode & 0o777 == 0o755
    assert {file.stat().st_mode & 0o777 for file in (folder / "for_all").iterdir()} == {0o644}


def test_one_command_writes_a_shared_folder(folder, arrays, capsys, monkeypatch):
    place = folder / "for all"
    assert shared_data.main([str(place), "--data", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "unknown images (" in said and "30 training and 20 test images" in said and said.endswith(f"export LENET_DATA='{place}'\n")
    monkeypatch.setenv("LENET_DATA", str(place))
    same(load_mnist(), arrays)
    about = place / "mnist" / "mnist.json"
    assert json.loads(about.read_text())["source"].startswith(f"from {folder}; ")
    assert shared_data.main([str(place)]) == 0                      # what is there stays, and is looked at
    about.write_text("")
    assert shared_data.main([str(place)]) == 1 and "written again" in capsys.readouterr().err
    shutil.rmtree(place)
    assert shared_data.main([str(place), "--data", str(folder), "--cifar10"]) == 1
    assert "holds no CIFAR-10" in capsys.readouterr().err


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
