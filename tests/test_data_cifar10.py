"""CIFAR-10: its records, the places where it is sought, and one sentence for everything that can be wrong with them."""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lenet_core import data, load_cifar10
from lenet_core.data import CIFAR10_CLASSES, CIFAR10_FILES, CIFAR10_TEST, CIFAR10_TRAIN, RECORD, DataError, Dataset, download

from .ordinary_user import as_ordinary_user

IMAGES = 12                   # in each of the small files here; the real ones have 10,000


@pytest.fixture
def records(rng, monkeypatch):
    """A whole CIFAR-10 with few images: {file: (12, 3073) bytes}."""
    monkeypatch.setattr(data, "CIFAR10_IMAGES", IMAGES)
    files = {name: rng.integers(0, 256, (IMAGES, RECORD), dtype=np.uint8) for name in CIFAR10_FILES}
    for array in files.values():
        array[:, 0] %= 10
    return files


def put(folder, records):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in records.items():
        (folder / name).write_bytes(array.tobytes())


@pytest.fixture
def folder(tmp_path, records):
    put(tmp_path / "data", records)
    return tmp_path / "data"


def same(dataset, records, train=CIFAR10_TRAIN):
    rows = np.concatenate([records[name] for name in train])
    assert dataset.train_x.shape == (len(rows), 3, 32, 32) and dataset.test_x.shape == (IMAGES, 3, 32, 32)
    assert dataset.train_x.dtype == np.float32 and dataset.train_y.dtype == np.int64
    np.testing.assert_array_equal(dataset.train_x.reshape(len(rows), -1), rows[:, 1:].astype(np.float32) / 255)
    np.testing.assert_array_equal(dataset.train_y, rows[:, 0])
    np.testing.assert_array_equal(dataset.test_x.reshape(IMAGES, -1), records[CIFAR10_TEST][:, 1:].astype(np.float32) / 255)
    np.testing.assert_array_equal(dataset.test_y, records[CIFAR10_TEST][:, 0])


def sentence(caught):
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


# --------------------------------------------------------------------------------------------------------- good files


def test_real_cifar10(cifar10):
    assert cifar10.name in ("CIFAR-10", "CIFAR-10 (part)")
    assert cifar10.train_x.shape[1:] == (3, 32, 32) and cifar10.classes == CIFAR10_CLASSES
    # Mean red, green and blue of all 50,000 images, as published in many places; of 20,000 of them within 0.003 (the standard
    # deviation of a mean of that many images is about 0.001). The planes in another order would be off by 0.009 or more.
    mean = cifar10.train_x.mean(axis=(0, 2, 3), dtype=np.float64)
    np.testing.assert_allclose(mean, [0.4914, 0.4822, 0.4465], atol=0.003)
    if cifar10.name == "CIFAR-10":
        assert list(np.bincount(cifar10.train_y)) == [5000] * 10 and list(np.bincount(cifar10.test_y)) == [1000] * 10
    else:                     # every class is there, and none is half as frequent as another
        for y in (cifar10.train_y, cifar10.test_y):
            assert len(np.bincount(y)) == 10 and np.bincount(y).min() > 0.5 * np.bincount(y).max()


def test_all_six_files_are_the_whole_set(folder, records):
    dataset = load_cifar10(folder)
    same(dataset, records)
    assert str(dataset) == f"CIFAR-10: 60 training and 12 test images (from {folder})"
    same(load_cifar10(str(folder)), records)


def test_planes_rows_and_columns(folder, records):
    """Byte 1 + 1024 c + 32 r + k of a record is colour c, row r from the top, column k from the left."""
    records["data_batch_2.bin"][3, 1:] = 0
    records["data_batch_2.bin"][3, 1 + 1024 * 2 + 32 * 5 + 30] = 255
    put(folder, records)
    image = load_cifar10(folder).train_x[IMAGES + 3]
    assert image[2, 5, 30] == 1 and image.sum() == 1


def test_some_of_the_training_files_will_do(folder, records):
    for name in ("data_batch_1.bin", "data_batch_3.bin", "data_batch_4.bin"):
        (folder / name).unlink()
    dataset = load_cifar10(folder)
    same(dataset, records, ["data_batch_2.bin", "data_batch_5.bin"])
    assert dataset.name == "CIFAR-10 (part)"


def test_fewer_test_images_are_a_part(folder, records):
    (folder / CIFAR10_TEST).write_bytes(records[CIFAR10_TEST][:5].tobytes())
    assert str(load_cifar10(folder)).startswith("CIFAR-10 (part): 60 training and 5 test images")


def test_class_names(folder):
    assert load_cifar10(folder).classes == CIFAR10_CLASSES
    (folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
    assert load_cifar10(folder).classes == tuple("abcdefghij")
    assert load_cifar10(folder).subset(7).classes == tuple("abcdefghij")


def test_classes_of_the_other_sets(digits):
    assert digits.classes == tuple("0123456789")
    assert Dataset("mine", *[np.zeros(1)] * 4).classes == tuple("0123456789")


def test_never_a_second_copy_in_memory(folder, records):
    """Beside what is returned no more than two files' bytes; the images of one file in float64 would be eight times its bytes."""
    put(folder, {name: np.tile(array, (20, 1)) for name, array in records.items()})
    one_file = (folder / CIFAR10_TEST).stat().st_size
    load_cifar10(folder)                            # what is imported on the way is not to be counted
    tracemalloc.start()
    dataset = load_cifar10(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = sum(array.nbytes for array in (dataset.train_x, dataset.train_y, dataset.test_x, dataset.test_y))
    assert kept <= peak < kept + 2 * one_file


# ---------------------------------------------------------------------------------------------------- where it is sought


@pytest.mark.parametrize("name", ["", "cifar-10-batches-bin", "cifar10", "cifar-some-of-it"])
def test_the_folder_or_its_parent(tmp_path, records, monkeypatch, name):
    put(tmp_path / "somewhere" / name, records)
    (tmp_path / "somewhere" / "mnist").mkdir()
    same(load_cifar10(tmp_path / "somewhere"), records)
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "somewhere"))
    dataset = load_cifar10()
    same(dataset, records)
    assert dataset.source == "from the folder in LENET_DATA"


def test_the_whole_set_before_the_small_one(tmp_path, records):
    put(tmp_path / "cifar-some-of-it", {name: records[name] for name in ("data_batch_1.bin", CIFAR10_TEST)})
    assert load_cifar10(tmp_path).name == "CIFAR-10 (part)"
    put(tmp_path / "cifar-10-batches-bin", records)
    assert load_cifar10(tmp_path).name == "CIFAR-10"


def test_the_folder_given_comes_first(folder, records, monkeypatch, tmp_path, empty_cache):
    put(tmp_path / "named", {name: array[::-1].copy() for name, array in records.items()})
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "named"))
    same(load_cifar10(folder), records)
    put(empty_cache / "cifar10", records)
    same(load_cifar10(), {name: array[::-1] for name, array in records.items()})


@pytest.mark.parametrize("named", ["with MNIST alone", "not there", "mnist.npz"])
def test_lenet_data_without_cifar10_is_passed_over(tmp_path, records, monkeypatch, empty_cache, named):
    (tmp_path / "with MNIST alone" / "mnist").mkdir(parents=True)
    (tmp_path / "mnist.npz").write_bytes(b"")
    monkeypatch.setenv("LENET_DATA", str(tmp_path / named))
    with pytest.raises(DataError) as caught:
        load_cifar10()
    text = sentence(caught)
    for words in (str(tmp_path / named), str(empty_cache / "cifar10"), "www.cs.toronto.edu", "LENET_DATA", "load_cifar10"):
        assert words in text
    put(empty_cache / "cifar10", records)
    same(load_cifar10(), records)


def test_nothing_anywhere(empty_cache):
    with pytest.raises(DataError, match="CIFAR-10 was looked for in .*cifar10, and it could not be downloaded") as caught:
        load_cifar10()
    assert "www.cs.toronto.edu" in sentence(caught) and "LENET_DATA names" in sentence(caught)


def test_a_damaged_set_in_lenet_data_is_not_passed_over(folder, records, monkeypatch, empty_cache):
    put(empty_cache / "cifar10", records)
    (folder / CIFAR10_TEST).unlink()
    monkeypatch.setenv("LENET_DATA", str(folder))
    with pytest.raises(DataError, match="lacks test_batch.bin"):
        load_cifar10()


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: path.write_bytes(b"hello")],
                         ids=["not there", "empty", "a file"])
def test_a_place_without_cifar10(tmp_path, make):
    make(tmp_path / "place")
    with pytest.raises(DataError, match="place holds no CIFAR-10.* Unpack cifar-10-binary.tar.gz"):
        load_cifar10(tmp_path / "place")


def test_the_packed_archive_gets_a_sentence(tmp_path, monkeypatch):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.write_bytes(gzip.compress(b"whatever"))
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    for arguments in ([archive], [tmp_path], []):
        with pytest.raises(DataError, match="is still packed. Unpack it where it lies .tar -xf cifar-10-binary.tar.gz.") as caught:
            load_cifar10(*arguments)
        assert str(archive) in sentence(caught)


def test_an_archive_beside_what_came_out_of_it(folder, records):
    (folder / "cifar-10-binary.tar.gz").write_bytes(b"")
    same(load_cifar10(folder), records)


# ----------------------------------------------------------------------------------------------------------- bad files


def write(name, change):
    def spoil(folder):
        path = folder / name
        path.write_bytes(change(path.read_bytes() if path.exists() else b""))
    return spoil


def remove(*names):
    def spoil(folder):
        for name in names:
            (folder / name).unlink()
    return spoil


def make_folder(name):
    def spoil(folder):
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
    return spoil


def tar_with(name, raw):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(raw)
        tar.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def label_at(image, label):
    return lambda raw: raw[:image * RECORD] + bytes([label]) + raw[image * RECORD + 1:]


TRAIN3, META = "data_batch_3.bin", "batches.meta.txt"

SPOILED = {
    "cut off": (write(TRAIN3, lambda raw: raw[:-1]), f"{TRAIN3} has 36,875 bytes, which is no whole number of records of 3,073"),
    "something at the end": (write(CIFAR10_TEST, lambda raw: raw + b"!"), f"{CIFAR10_TEST} has 36,877 bytes"),
    "one label a pair": (write(TRAIN3, lambda raw: b"\x00" + raw), f"{TRAIN3} has 36,877 bytes"),        # CIFAR-100 has two labels
    "empty": (write(TRAIN3, lambda raw: b""), f"{TRAIN3} is empty"),
    "a label above 9": (write(TRAIN3, label_at(7, 10)), f"{TRAIN3} is damaged: image 7 has the label 10, where 0 to 9"),
    "the last label": (write(CIFAR10_TEST, label_at(11, 255)), f"{CIFAR10_TEST} is damaged: image 11 has the label 255"),
    "noise of the right size": (write(TRAIN3, lambda raw: b"\xff" * len(raw)), "image 0 has the label 255"),
    "gzip": (write(TRAIN3, gzip.compress), f"{TRAIN3} is packed with gzip. Unpack it"),
    "tar": (write(TRAIN3, lambda raw: tar_with(TRAIN3, raw)), f"{TRAIN3} is a tar archive. Unpack it"),
    "a web page": (write(CIFAR10_TEST, lambda raw: b"<!DOCTYPE html><html>Forbidden</html>"), f"{CIFAR10_TEST} is a web page"),
    "pickled": (write(TRAIN3, lambda raw: b"\x80\x02}q\x01U\x0bbatch_label"), f"{TRAIN3} is pickled, for Python"),
    "a folder": (make_folder(TRAIN3), f"{TRAIN3} is a folder, where a file should be"),
    "a folder to test": (make_folder(CIFAR10_TEST), f"{CIFAR10_TEST} is a folder"),
    "no test images": (remove(CIFAR10_TEST), "lacks test_batch.bin. Put it beside data_batch_1.bin"),
    "no training images": (remove(*CIFAR10_TRAIN), "lacks training images. Put data_batch_1.bin there"),
    "nine names": (write(META, lambda raw: b"a b c d e f g h i"), f"{META} has 9 words, where the names of ten classes"),
    "names of a web page": (write(META, lambda raw: b"<html>"), f"{META} is a web page"),
    "names that are no text": (write(META, lambda raw: b"\xfe\xff\x00"), f"{META} has 1 words"),
    "a folder of names": (make_folder(META), f"{META} is a folder"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_spoiled_files_get_a_sentence(folder, how):
    spoil, words = SPOILED[how]
    spoil(folder)
    with pytest.raises(DataError, match=words) as caught:
        load_cifar10(folder)
    assert str(folder) in sentence(caught)


@pytest.mark.skipif(os.name == "nt", reason="links need rights of their own")
def test_a_link_to_nowhere(folder):
    (folder / CIFAR10_TEST).unlink()
    (folder / CIFAR10_TEST).symlink_to(folder / "gone")
    with pytest.raises(DataError, match="test_batch.bin cannot be read .No such file"):
        load_cifar10(folder)


def test_unreadable_files_get_a_sentence(folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))
    monkeypatch.setattr(Path, "read_bytes", refuse)                 # root may read everything, so chmod would not do
    with pytest.raises(DataError, match="data_batch_1.bin cannot be read .Permission denied."):
        load_cifar10(folder)


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o100])
def test_unreadable_folders_get_a_sentence(folder, open_folder, monkeypatch, mode):
    place = open_folder / "place"
    shutil.copytree(folder, place)
    monkeypatch.setenv("LENET_DATA", str(place))
    place.chmod(mode)

    def work():
        for arguments in ([place], []):
            with pytest.raises(DataError) as caught:
                load_cifar10(*arguments)
            yield str(caught.value)

    lines = as_ordinary_user(work)
    place.chmod(0o700)
    assert len(lines) == 2 and all("cannot be read (Permission denied)" in line for line in lines)


# ------------------------------------------------------------------------------------------------------------- servers


@pytest.fixture
def packed(folder):
    """The bytes of an archive made as the real one is: a folder with the files, the names and a page to read."""
    (folder / "batches.meta.txt").write_text("\n".join(CIFAR10_CLASSES))
    (folder / "readme.html").write_text("<html></html>")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.add(folder, arcname="cifar-10-batches-bin")
    shutil.rmtree(folder)
    return out.getvalue()


@pytest.fixture
def serve(empty_cache, packed, monkeypatch, start_servers):
    """serve(behaviour, raw) starts the one server that CIFAR-10 comes from; its checksum is that of raw."""
    def start(behaviour, raw=packed):
        monkeypatch.setattr(data, "CIFAR10_SHA", hashlib.sha256(raw).hexdigest())
        (server,), addresses = start_servers({data.CIFAR10_ARCHIVE: raw}, [behaviour])
        monkeypatch.setattr(data, "CIFAR10_MIRRORS", addresses)
        return server

    return start


def test_download_once_then_from_the_cache(serve, empty_cache, records):
    server = serve("well")
    dataset = load_cifar10()
    same(dataset, records)
    assert dataset.name == "CIFAR-10" and "from the cache" in str(dataset)
    assert sorted(file.name for file in (empty_cache / "cifar10").iterdir()) == sorted(CIFAR10_FILES)       # and the archive is gone
    asked = len(server.asked)
    same(load_cifar10(), records)
    assert asked == len(server.asked) == 2
    assert server.ranges == ["bytes=0-0", None]     # first a byte, to see whether there is a network


@pytest.mark.parametrize("spoil", [write(TRAIN3, lambda raw: raw[:-RECORD]), write(CIFAR10_TEST, lambda raw: b""), remove(TRAIN3)],
                         ids=["cut off", "empty", "removed"])
def test_a_spoiled_file_in_the_cache_is_fetched_again(serve, empty_cache, records, spoil):
    server = serve("well")
    load_cifar10()
    spoil(empty_cache / "cifar10")
    same(load_cifar10(), records)
    assert len(server.asked) == 4


def test_a_wrong_label_in_the_cache_is_seen(serve, empty_cache):
    serve("well")
    load_cifar10()
    write(TRAIN3, label_at(2, 77))(empty_cache / "cifar10")
    with pytest.raises(DataError, match="image 2 has the label 77.*Remove it and download it again"):
        load_cifar10()


@pytest.mark.parametrize("behaviour, words", [
    (403, "the server answered 403"), (404, "the server answered 404"), (500, "the server answered 500"),
    ("cut", "cut off or has a wrong checksum|no connection"), ("html", "cut off or has a wrong checksum"),
    ("hang", "no answer within 0.5 seconds|the server stopped answering"), ("mute", "no answer within 0.5 seconds|no connection"),
    ("stall", "the server stopped answering|no connection"),
])
def test_broken_servers_leave_nothing_and_get_a_sentence(serve, empty_cache, monkeypatch, behaviour, words):
    if behaviour in ("hang", "mute"):
        monkeypatch.setattr(download, "OFFLINE_AFTER", 0.5)
    monkeypatch.setattr(download, "STALLED_AFTER", 0.5)
    server = serve(behaviour)
    with pytest.raises(DataError, match=words) as caught:
        load_cifar10()
    assert (len(server.asked) > 1) == (behaviour in ("cut", "html", "stall"))       # who refuses is not asked a second time
    assert "LENET_DATA" in sentence(caught) and "www.cs.toronto.edu" in sentence(caught)
    assert not list((empty_cache / "cifar10").iterdir())


def test_another_archive_than_the_right_one(serve, empty_cache, monkeypatch):
    serve("well")
    monkeypatch.setattr(data, "CIFAR10_SHA", "0" * 64)
    with pytest.raises(DataError, match="cifar-10-binary.tar.gz could not be downloaded .what came was cut off or has a wrong checksum"):
        load_cifar10()
    assert not list((empty_cache / "cifar10").iterdir())


@pytest.mark.parametrize("damage", [
    lambda raw: raw[:len(raw) // 2],
    lambda raw: b"no archive at all",
    lambda raw: gzip.compress(gzip.decompress(raw)[:20_000]),       # tar cut off in the middle of a file, gzip whole
    lambda raw: gzip.compress(bytes(10_240)),                       # tar of nothing
    lambda raw: b"",
], ids=["cut off", "not packed", "tar cut off", "tar of nothing", "empty"])
def test_an_archive_that_cannot_be_unpacked(serve, empty_cache, packed, damage):
    serve("well", damage(packed))
    with pytest.raises(DataError, match="right checksum, but the six files cannot be unpacked|cut off") as caught:
        load_cifar10()
    assert "LENET_DATA" in sentence(caught)
    assert not list((empty_cache / "cifar10").iterdir())


def test_a_cache_that_cannot_be_written(serve, empty_cache):
    serve("well")
    empty_cache.parent.mkdir(parents=True)
    empty_cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="the cache cannot be used") as caught:
        load_cifar10()
    assert str(empty_cache) in sentence(caught)
