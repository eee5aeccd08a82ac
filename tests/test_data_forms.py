"""Files that people really have: every form is read under its true name, or one sentence says what it is and what to do.

All images here are random or scikit-learn's. The data sets themselves are in no test, so a known set is stood for by a small one whose
checksums take the place of its own.
"""

import gzip
import hashlib
import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from lenet_core import data, lenet, load_cifar10, load_mnist
from lenet_core.data import CIFAR10_CLASSES, MNIST_FILES, DataError, forms, identity

N_TRAIN, N_TEST = 60, 10
FOUR = [name.removesuffix(".gz") for name in MNIST_FILES]


@pytest.fixture
def arrays(rng):
    """Training images and labels, test images and labels, as MNIST's bytes; every digit is there."""
    return [rng.integers(0, 256, (N_TRAIN, 28, 28), dtype=np.uint8), np.arange(N_TRAIN, dtype=np.uint8) % 10,
            rng.integers(0, 256, (N_TEST, 28, 28), dtype=np.uint8), np.arange(N_TEST, dtype=np.uint8) % 10]


@pytest.fixture
def as_mnist(arrays, monkeypatch):
    """The arrays stand for MNIST: their checksums are taken for its own."""
    train_x, train_y, test_x, test_y = arrays
    monkeypatch.setattr(identity, "MNIST_TRAIN", identity.checksum(train_x, train_y))
    monkeypatch.setattr(identity, "MNIST_TEST", identity.checksum(test_x, test_y))
    return arrays


def idx(array, magic=None):
    return struct.pack(f">{1 + array.ndim}I", magic or 2048 + array.ndim, *array.shape) + array.tobytes()


def put(folder, names, arrays, change=lambda raw: raw):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays):
        (folder / name).write_bytes(change(idx(array)))


def same(dataset, arrays, in_order=True):
    """The dataset has these images with these labels; `in_order=False` where a form is mixed while it is read."""
    for part, (x, y) in enumerate([(dataset.train_x, dataset.train_y), (dataset.test_x, dataset.test_y)]):
        images, labels = arrays[2 * part:2 * part + 2]
        assert x.shape == (len(images), 1, 28, 28) and x.dtype == np.float32 and y.dtype == np.int64
        got, wanted = (x[:, 0] * 255).round().astype(np.uint8), np.asarray(images)
        if not in_order:
            order, wanted_order = (np.lexsort(one.reshape(len(one), -1).T) for one in (got, wanted))
            got, y, wanted, labels = got[order], y[order], wanted[wanted_order], np.asarray(labels)[wanted_order]
        np.testing.assert_array_equal(got, wanted)
        np.testing.assert_array_equal(y, labels)


def refused(load, place, *words):
    with pytest.raises(DataError) as caught:
        load(place)
    text = str(caught.value)
    assert str(place) in text and "\n" not in text and text.endswith(".") and all(word in text for word in words), text
    return text


# ---------------------------------------------------------------------------------------------------- the four original files


@pytest.mark.parametrize("names", [
    FOUR, [name + ".gz" for name in FOUR], [name.replace("-idx", ".idx") for name in FOUR], [name.upper() for name in FOUR],
    [name + " (1)" for name in FOUR], [f"{name} (1).gz" for name in FOUR], [name.replace("-idx", " (2)-idx") for name in FOUR],
    ["train-images.idx3-ubyte", "train-labels.idx1-ubyte", "test-images.idx3-ubyte", "test-labels.idx1-ubyte"],
    ["train_images_idx3_ubyte.bin", "train_labels_idx1_ubyte.bin", "t10k_images_idx3_ubyte.bin", "t10k_labels_idx1_ubyte.bin"],
    ["mnist-train-images.idx", "mnist-train-labels.idx", "mnist-t10k-images.idx", "mnist-t10k-labels.idx"],
], ids=lambda names: names[0])
def test_the_four_files_under_their_usual_names(tmp_path, as_mnist, names):
    put(tmp_path, names, as_mnist)
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST" and dataset.classes == tuple("0123456789")
    same(load_mnist(tmp_path / names[2]), as_mnist)                    # one of the four stands for all


@pytest.mark.parametrize("place", ["MNIST/raw", "mnist/MNIST/raw", "data/sets/MNIST/raw", "archive (1)/MNIST"])
def test_deeper_folders(tmp_path, as_mnist, place):
    put(tmp_path / place, FOUR, as_mnist)
    (tmp_path / "a" / "notes").mkdir(parents=True)
    same(load_mnist(tmp_path), as_mnist)


def test_a_folder_for_each_file(tmp_path, as_mnist):
    """As an archive of Kaggle's unpacks: train-images-idx3-ubyte/train-images-idx3-ubyte."""
    for name, array in zip(FOUR, as_mnist):
        put(tmp_path / name, [name], [array])
    same(load_mnist(tmp_path), as_mnist)


def test_what_macos_puts_beside_the_files(tmp_path, as_mnist):
    put(tmp_path / "raw", FOUR, as_mnist)
    put(tmp_path / "__MACOSX" / "MNIST", FOUR, as_mnist[::-1])
    for name in FOUR:
        (tmp_path / "raw" / f"._{name}").write_bytes(b"Mac OS X")
    same(load_mnist(tmp_path), as_mnist)


def test_packed_once_more_on_the_way(tmp_path, as_mnist):
    put(tmp_path, MNIST_FILES, as_mnist, lambda raw: gzip.compress(gzip.compress(raw)))
    same(load_mnist(tmp_path), as_mnist)


def test_mnist_comes_before_its_relatives(tmp_path, as_mnist, rng):
    others = [rng.permutation(array) for array in as_mnist]
    for place in ("EMNIST/raw", "FashionMNIST/raw", "KMNIST/raw", "a"):
        put(tmp_path / place, FOUR, others)
    put(tmp_path / "MNIST" / "raw", FOUR, as_mnist)
    assert load_mnist(tmp_path).name == "MNIST"


# ------------------------------------------------------------------------------------------------------------------ which set


def test_real_mnist_in_every_order(mnist):
    """The checksums of MNIST do not depend on the order of the images, and do depend on every pixel and every label."""
    images = [(x[:, 0] * 255).round().astype(np.uint8) for x in (mnist.train_x, mnist.test_x)]
    train, test = identity.checksum(images[0], mnist.train_y), identity.checksum(images[1], mnist.test_y)
    assert identity.mnist_name(train, test) == "MNIST"
    order = np.random.default_rng(0).permutation(len(images[1]))
    assert identity.checksum(images[1][order], mnist.test_y[order]) == test != identity.checksum(images[1][order], mnist.test_y)
    assert identity.mnist_name(test, train) == "MNIST, split in another way"
    images[1][4321, 13, 17] ^= 1
    assert identity.mnist_name(train, identity.checksum(images[1], mnist.test_y)) == ""


def test_md5_of_the_four_files_as_they_were_published(mnist):
    """`other_set` makes the bytes of the IDX files again; of MNIST's own it is known what md5 they have."""
    arrays = [(mnist.train_x[:, 0] * 255).round().astype(np.uint8), mnist.train_y,
              (mnist.test_x[:, 0] * 255).round().astype(np.uint8), mnist.test_y]
    md5 = ("6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624", "2646ac647ad5339dbf082846283269ea",
           "27ae3e4e09519cfbb04c329615203637")
    here = identity.Known("these")
    before = dict(identity.UNPACKED)
    identity.UNPACKED[md5] = here
    try:
        assert identity.other_set(arrays, tuple) is here
        arrays[1] = arrays[1][::-1]
        assert identity.other_set(arrays, tuple) is None
    finally:
        identity.UNPACKED.clear()
        identity.UNPACKED.update(before)


@pytest.mark.parametrize("packed", [True, False])
def test_a_set_that_is_known_by_the_published_md5_of_its_files(tmp_path, arrays, monkeypatch, packed):
    """Fashion-MNIST and KMNIST under MNIST's names: gzipped, or unpacked beside the gzipped files as torchvision leaves them."""
    zipped = [gzip.compress(idx(array)) for array in arrays]
    put(tmp_path / "mnist", FOUR if packed else [], arrays)
    for name, raw in zip(MNIST_FILES, zipped):
        (tmp_path / "mnist" / name).write_bytes(raw)
    monkeypatch.setitem(identity.PACKED, tuple(hashlib.md5(raw).hexdigest() for raw in zipped), identity.KMNIST)
    dataset = load_mnist(tmp_path)
    assert dataset.name == "KMNIST" and dataset.classes == ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    same(dataset, arrays)


def test_fashion_mnist_by_its_content_alone(tmp_path, arrays, monkeypatch):
    monkeypatch.setitem(identity.UNPACKED, tuple(hashlib.md5(idx(array)).hexdigest() for array in arrays), identity.FASHION)
    np.savez(tmp_path / "mnist.npz", x_train=arrays[0], y_train=arrays[1], x_test=arrays[2], y_test=arrays[3])
    dataset = load_mnist(tmp_path)
    assert dataset.name == "Fashion-MNIST" and dataset.classes[:2] == ("T-shirt/top", "Trouser") and len(dataset.classes) == 10
    assert dataset.subset(5).classes == dataset.classes and str(dataset).startswith("Fashion-MNIST: 60 training")


@pytest.mark.parametrize("place, name, classes", [
    ("FashionMNIST/raw", "Fashion-MNIST (by its file names)", identity.FASHION.classes),
    ("fashion-mnist", "Fashion-MNIST (by its file names)", identity.FASHION.classes),
    ("KMNIST/raw", "KMNIST (by its file names)", identity.KMNIST.classes),
    ("kuzushiji", "KMNIST (by its file names)", identity.KMNIST.classes),
    ("mnist_c/fog", "MNIST-C (by its file names)", identity.DIGITS),
    ("mnist", "unknown images (mnist)", identity.DIGITS),
    ("rotated", "unknown images (rotated)", identity.DIGITS),
])
def test_other_images_under_mnists_names_are_never_called_mnist(tmp_path, arrays, place, name, classes):
    put(tmp_path / place, FOUR, arrays)
    dataset = load_mnist(tmp_path)
    assert dataset.name == name and dataset.classes == classes
    same(dataset, arrays)


def test_mnist_in_a_folder_of_another_name_is_mnist(tmp_path, as_mnist):
    put(tmp_path / "FashionMNIST" / "raw", FOUR, as_mnist)
    assert load_mnist(tmp_path).name == "MNIST"


def test_the_folders_above_the_one_that_was_named_say_nothing(tmp_path, arrays):
    put(tmp_path / "my fashion course" / "files", FOUR, arrays)
    assert load_mnist(tmp_path / "my fashion course" / "files").name == "unknown images (files)"


def test_mnist_split_in_another_way(tmp_path, as_mnist):
    x, y = np.concatenate(as_mnist[::2]), np.concatenate(as_mnist[1::2])
    order = np.random.default_rng(3).permutation(len(x))
    np.savez(tmp_path / "mnist.npz", x_train=x[order[:40]], y_train=y[order[:40]], x_test=x[order[40:]], y_test=y[order[40:]])
    assert load_mnist(tmp_path).name == "MNIST, split in another way"


@pytest.mark.parametrize("change, note", [(lambda x: x.transpose(0, 2, 1), "rows and columns exchanged"), (lambda x: 255 - x, "black on white")])
def test_mnist_turned_or_inverted_is_put_right(tmp_path, as_mnist, change, note):
    put(tmp_path, FOUR, [np.ascontiguousarray(change(array)) if array.ndim == 3 else array for array in as_mnist])
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST" and note in dataset.source


@pytest.mark.parametrize("prefix, parts, upright", [("emnist-digits", ("train", "test"), False), ("emnist-mnist", ("train", "test"), False),
                                                    ("qmnist", ("train", "test"), True)])
def test_relatives_with_names_of_their_own(tmp_path, arrays, prefix, parts, upright):
    names = [f"{prefix}-{part}-{what}" for part in parts for what in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    turned = [array if array.ndim == 1 or upright else np.ascontiguousarray(array.transpose(0, 2, 1)) for array in arrays]
    put(tmp_path / "raw", names, turned)
    put(tmp_path / "raw", [name.replace(prefix, "emnist-letters") for name in names], turned)
    dataset = load_mnist(tmp_path)
    same(dataset, arrays)
    assert dataset.name == f"{prefix[:6].rstrip('-').upper()} (by its file names)"


def test_qmnists_labels_in_eight_columns(tmp_path, arrays, rng):
    put(tmp_path, ["qmnist-train-images-idx3-ubyte", "qmnist-test-images-idx3-ubyte"], arrays[::2])
    for part, labels in (("train", arrays[1]), ("test", arrays[3])):
        columns = np.column_stack([labels, rng.integers(0, 2 ** 20, (len(labels), 7))]).astype(">i4")
        (tmp_path / f"qmnist-{part}-labels-idx2-int").write_bytes(idx(columns, magic=0xC02))
    dataset = load_mnist(tmp_path)
    same(dataset, arrays)
    assert dataset.name == "QMNIST (by its file names)"


def test_more_than_ten_classes_are_refused(tmp_path, arrays):
    put(tmp_path, [f"emnist-letters-{part}-{what}" for part in ("train", "test") for what in ("images-idx3-ubyte", "labels-idx1-ubyte")], arrays)
    refused(load_mnist, tmp_path, "emnist-letters, with 26 classes", "Take emnist-digits")


# ----------------------------------------------------------------------------------------------------------------- .npz, .npy


def one_hot(labels):
    return np.eye(10, dtype=np.uint8)[labels]


NPZ = {
    "Keras'": lambda x, y: (x, y),
    "floats from 0 to 1": lambda x, y: (x.astype(np.float32) / 255, y),
    "doubles from 0 to 1": lambda x, y: (x / 255, y),
    "halves from 0 to 1": lambda x, y: ((x / 255).astype(np.float16), y),
    "floats from 0 to 255": lambda x, y: (x.astype(np.float32), y.astype(float)),
    "256ths": lambda x, y: (x.astype(np.float32) / 256, y),
    "flat": lambda x, y: (x.reshape(-1, 784), y),
    "a channel last": lambda x, y: (x[..., None], y[:, None]),
    "a channel first": lambda x, y: (x[:, None], y[None]),
    "three channels": lambda x, y: (np.repeat(x[..., None], 3, axis=3), y),
    "columns of MATLAB": lambda x, y: (x.reshape(-1, 784).T, y),
    "pages of MATLAB": lambda x, y: (np.moveaxis(x, 0, 2), y),
    "one hot": lambda x, y: (x, one_hot(y)),
    "one hot, in columns": lambda x, y: (x, one_hot(y).T),
    "words": lambda x, y: (x, y.astype(str)),
    "whole numbers of eight bytes": lambda x, y: (x.astype(">i8"), y.astype(np.int64)),
}


@pytest.mark.parametrize("names", [("x_train", "y_train", "x_test", "y_test"), ("X_train", "Y_train", "X_test", "Y_test"),
                                   ("trainX", "trainY", "testX", "testY"), ("train_images", "train_labels", "test_images", "test_labels"),
                                   ("training_images", "training_labels", "test_images", "test_labels"), ("xtrain", "ytrain", "xtest", "ytest"),
                                   ("arr_0", "arr_1", "arr_2", "arr_3")], ids=lambda names: names[0])
def test_names_in_an_npz(tmp_path, as_mnist, names):
    np.savez(tmp_path / "digits.npz", **dict(zip(names, as_mnist)))
    for place in (tmp_path, tmp_path / "digits.npz"):
        dataset = load_mnist(place)
        same(dataset, as_mnist)
        assert dataset.name == "MNIST"


@pytest.mark.parametrize("how", NPZ)
def test_layouts_in_an_npz(tmp_path, as_mnist, how):
    (train_x, train_y), (test_x, test_y) = NPZ[how](*as_mnist[:2]), NPZ[how](*as_mnist[2:])
    np.savez(tmp_path / "mnist.npz", x_train=train_x, y_train=train_y, x_test=test_x, y_test=test_y)
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST"


def test_floats_that_are_no_255ths_stay_as_they_are(tmp_path, digits):
    np.savez(tmp_path / "mine.npz", x_train=digits.train_x, y_train=digits.train_y, x_test=digits.test_x, y_test=digits.test_y)
    dataset = load_mnist(tmp_path)
    np.testing.assert_array_equal(dataset.train_x, digits.train_x)
    np.testing.assert_array_equal(dataset.test_y, digits.test_y)
    assert dataset.name == "unknown images (mine.npz)"


def test_what_the_line_for_the_pickle_writes_is_mnist(tmp_path, as_mnist):
    """mnist.pkl.gz has 50,000, 10,000 and 10,000 images as 256ths in float32; the message's own line turns it into an .npz."""
    x, y = as_mnist[0].reshape(-1, 784).astype(np.float32) / 256, as_mnist[1].astype(np.int64)
    with gzip.open(tmp_path / "mnist.pkl.gz", "wb") as file:
        pickle.dump(((x[:50], y[:50]), (x[50:], y[50:]), (as_mnist[2].reshape(-1, 784).astype(np.float32) / 256, as_mnist[3])), file, 2)
    text = refused(load_mnist, tmp_path, "mnist.pkl.gz is a pickle", "python -c")
    line = text.split('python -c "')[1].split('"')[0]
    import contextlib
    with contextlib.chdir(tmp_path):
        exec(line, {})
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST" and "256ths" in dataset.source and "validation images" in dataset.source


def test_an_array_in_each_file(tmp_path, as_mnist):
    for name, array in zip(("x_train", "y_train", "x_test", "y_test"), as_mnist):
        np.save(tmp_path / f"{name}.npy", array)
    same(load_mnist(tmp_path), as_mnist)
    same(load_mnist(tmp_path / "x_train.npy"), as_mnist)


@pytest.mark.parametrize("train, test", [("train", "test"), ("mnist_train", "mnist_test")])
@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("x_{}", "y_{}"), ("arr_0", "arr_1")])
def test_an_npz_for_each_part(tmp_path, as_mnist, train, test, names):
    for part, stem, arrays in (("train", train, as_mnist[:2]), ("test", test, as_mnist[2:])):
        np.savez(tmp_path / f"{stem}.npz", **{name.format(part): array for name, array in zip(names, arrays)})
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST"
    np.savez(tmp_path / f"{test}.npz", images=as_mnist[2], sizes=as_mnist[3])
    refused(load_mnist, tmp_path, f"{test}.npz has no images and labels by their names; it has: images, sizes.")


@pytest.mark.parametrize("names", [("X", "y"), ("images", "labels")])
def test_two_arrays_that_nobody_divided(tmp_path, as_mnist, names):
    for name, arrays in zip(names, (as_mnist[::2], as_mnist[1::2])):
        np.save(tmp_path / f"{name}.npy", np.concatenate(arrays))
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert "last seventh" in dataset.source


def test_kmnists_four_npz(tmp_path, arrays):
    for name, array in zip(("train-imgs", "train-labels", "test-imgs", "test-labels"), arrays):
        np.savez(tmp_path / f"kmnist-{name}.npz", array)
    dataset = load_mnist(tmp_path)
    same(dataset, arrays)
    assert dataset.name == "KMNIST (by its file names)"


def test_a_network_beside_the_data_is_no_data(tmp_path, as_mnist, rng):
    lenet(rng).save(tmp_path / "a_network.npz")
    refused(load_mnist, tmp_path, "holds no MNIST")
    np.savez(tmp_path / "mnist.npz", x_train=as_mnist[0], y_train=as_mnist[1], x_test=as_mnist[2], y_test=as_mnist[3])
    same(load_mnist(tmp_path), as_mnist)


# -------------------------------------------------------------------------------------------------------------------- MATLAB


def by_digit(arrays, kind=np.uint8):
    return {f"{part}{digit}": x[y == digit].reshape(-1, 784).astype(kind)
            for part, x, y in (("train", *arrays[:2]), ("test", *arrays[2:])) for digit in range(10)}


@pytest.mark.parametrize("kind", [np.uint8, np.float64, np.float32, np.int32])
@pytest.mark.parametrize("packed", [False, True])
def test_a_matrix_for_each_digit(tmp_path, as_mnist, kind, packed):
    savemat(tmp_path / "mnist_all.mat", by_digit(as_mnist, kind), do_compression=packed)
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist, in_order=False)
    assert dataset.name == "MNIST" and len(set(dataset.train_y[:8])) > 2                  # mixed


@pytest.mark.parametrize("known", [True, False])
def test_mnist_uint8(tmp_path, arrays, request, known):
    """Labels one hot; a row has the image column by column, so reshaped row by row it is transposed."""
    if known:
        request.getfixturevalue("as_mnist")
    train_x, train_y, test_x, test_y = arrays
    savemat(tmp_path / "mnist_uint8.mat", {"train_x": train_x.transpose(0, 2, 1).reshape(-1, 784), "train_y": one_hot(train_y),
                                           "test_x": test_x.transpose(0, 2, 1).reshape(-1, 784), "test_y": one_hot(test_y)})
    dataset = load_mnist(tmp_path)
    same(dataset, arrays)
    assert dataset.name == ("MNIST" if known else "unknown images (mnist_uint8.mat)")


def test_mnist_original(tmp_path, as_mnist):
    """784 x 70,000, sorted by label within the 60,000 and within the 10,000, the test set last."""
    parts = [(x[order], y[order]) for x, y in (as_mnist[:2], as_mnist[2:]) for order in [np.argsort(y, kind="stable")]]
    savemat(tmp_path / "mnist-original.mat", {"data": np.concatenate([x.reshape(-1, 784) for x, _ in parts]).T,
                                              "label": np.concatenate([y for _, y in parts]).astype(float)[None],
                                              "mldata_descr_ordering": np.array(["label", "data"], object)})
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist, in_order=False)
    assert dataset.name == "MNIST" and len(set(dataset.train_y[:8])) > 2


# -------------------------------------------------------------------------------------------------------------------- tables


def write_csv(path, images, labels, header=True, last=False, sep=",", opener=open, ending="\n"):
    pixels = images.reshape(-1, 784)
    rows = np.column_stack([pixels, labels] if last else [labels, pixels])
    names = [*(f"pixel{n}" for n in range(784)), "class"] if last else ["label", *(f"pixel{n}" for n in range(784))]
    lines = [sep.join(map(str, row)) for row in rows.tolist()]
    with opener(path, "wt", newline="") as file:
        file.write(ending.join(([sep.join(names)] if header else []) + lines) + ending)


def test_kaggles_train_csv(tmp_path, arrays, monkeypatch):
    """The label first; a test.csv without labels; no division, so the last seventh are the test images."""
    x, y = np.concatenate(arrays[::2]), np.concatenate(arrays[1::2])
    write_csv(tmp_path / "train.csv", x, y)
    (tmp_path / "test.csv").write_text(",".join(f"pixel{n}" for n in range(784)) + "\n" + ",".join(["0"] * 784) + "\n")
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    dataset = load_mnist(tmp_path)
    same(dataset, arrays)
    assert dataset.name == "unknown images (Kaggle's train.csv)" and "the last seventh are the test images" in dataset.source
    monkeypatch.setattr(identity, "KAGGLE_LABELS", np.bincount(y, minlength=10).tolist())
    assert load_mnist(tmp_path / "train.csv").name == "Kaggle's digits"
    assert sum(np.array([4132, 4684, 4177, 4351, 4072, 3795, 4137, 4401, 4063, 4188])) == 42_000


@pytest.mark.parametrize("how", [{}, {"header": False}, {"header": False, "last": True}, {"last": True}, {"sep": ";"}, {"sep": "\t"},
                                 {"opener": gzip.open}, {"ending": "\r\n"}],
                         ids=["usual", "no header", "no header, labels last", "labels last", "semicolons", "tabs", "gzip", "ends of Windows"])
def test_a_table_for_each_part(tmp_path, as_mnist, how):
    ending = ".csv.gz" if "opener" in how else ".csv"
    corner = [array.copy() for array in as_mnist]
    for array in corner[::2]:
        array[:, 0, 0] = array[:, -1, -1] = 0                       # as in MNIST, where the corners are paper
    write_csv(tmp_path / f"mnist_train{ending}", *corner[:2], **how)
    write_csv(tmp_path / f"mnist_test{ending}", *corner[2:], **how)
    same(load_mnist(tmp_path), corner)


def test_tables_of_fractions_and_with_numbered_rows(tmp_path, as_mnist):
    for part, x, y in (("train", *as_mnist[:2]), ("test", *as_mnist[2:])):
        rows = [",".join([str(n), str(label), *(f"{value / 255:.6f}" for value in image.ravel())])
                for n, (image, label) in enumerate(zip(x, y))]
        (tmp_path / f"mnist_{part}.csv").write_text("\n".join([",label," + ",".join(f"{n}" for n in range(784)), *rows]))
    same(load_mnist(tmp_path), as_mnist)


def test_openmls_arff(tmp_path, as_mnist):
    x, y = np.concatenate(as_mnist[::2]).reshape(-1, 784), np.concatenate(as_mnist[1::2])
    head = ["% comment", "@RELATION mnist_784", "", *(f"@ATTRIBUTE pixel{n} real" for n in range(784)), "@ATTRIBUTE class {0,1,2}", "@DATA"]
    (tmp_path / "mnist_784.arff").write_text("\n".join([*head, *(",".join(map(str, [*row, f"'{label}'"])) for row, label in zip(x.tolist(), y))]))
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST"


@pytest.mark.parametrize("content, words", [
    ("PassengerId,Survived,Name\n1,0,Braund\n", "is a table with 3 columns; a table of MNIST has 785"),
    (",".join(["pixel"] * 784) + "\n" + ",".join("0" * 784), "is a table without labels"),
    (",".join(["label"] + ["pixel"] * 784) + "\n", "is a table without rows"),
    (",".join(["label"] + ["pixel"] * 785) + "\n" + ",".join(["1"] * 786) + "\n", "has 785 columns of pixels in each row"),
    (",".join(["label"] + ["pixel"] * 784) + "\n" + ",".join("1" * 785) + "\n1,2,3\n", "is no table of numbers"),
    (",".join(["label"] + ["pixel"] * 784) + "\n" + ",".join(["?"] * 785) + "\n", "is no table of numbers"),
])
def test_tables_that_are_refused(tmp_path, content, words):
    (tmp_path / "train.csv").write_text(content)
    refused(load_mnist, tmp_path, "train.csv", words)
    refused(load_mnist, tmp_path / "train.csv", words)


def test_a_table_of_test_images_alone(tmp_path, arrays):
    write_csv(tmp_path / "mnist_test.csv", *arrays[2:])
    refused(load_mnist, tmp_path, "mnist_test.csv has test images alone. Put the table with the training images there")


@pytest.mark.parametrize("name", ["digits.csv", "phpMYEkMl.arff", "52667.arff.gz"])
def test_a_table_by_its_columns_whatever_its_name_is(tmp_path, as_mnist, name):
    images, labels = np.concatenate(as_mnist[::2]), np.concatenate(as_mnist[1::2])
    (tmp_path / "cats.csv").write_text("name,age\nTom,3\n")
    if name == "digits.csv":
        names = ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]
        lines = [",".join(names), *(",".join(map(str, [label, *image.ravel()])) for image, label in zip(images, labels))]
        (tmp_path / name).write_text("\n".join(lines))
    else:
        head = ["@RELATION mnist_784", *(f"@ATTRIBUTE pixel{n} REAL" for n in range(784)), "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
        text = "\n".join(head + [",".join(map(str, [*image.ravel(), label])) for image, label in zip(images, labels)]).encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST"


def test_python_objects_in_an_npz_are_not_unpickled(tmp_path, arrays):
    np.savez(tmp_path / "mnist.npz", x_train=arrays[0], y_train=arrays[1].astype(object), x_test=arrays[2], y_test=arrays[3])
    refused(load_mnist, tmp_path, "mnist.npz holds Python objects", "Write arrays of numbers, as with y.astype(int).")


def png(image):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def test_parquet_without_its_reader_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "train-00000-of-00001.parquet").write_bytes(b"PAR1")
    refused(load_mnist, tmp_path, "train-00000-of-00001.parquet is a table in the format parquet", "%pip install pyarrow")


def test_the_hubs_parquet(tmp_path, as_mnist):
    """Pictures in a table, in a deeper folder; the training set in two pieces."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    place = tmp_path / "datasets" / "mnist" / "mnist"
    place.mkdir(parents=True)
    pieces = {"train-00000-of-00002": (as_mnist[0][:40], as_mnist[1][:40]), "train-00001-of-00002": (as_mnist[0][40:], as_mnist[1][40:]),
              "test-00000-of-00001": as_mnist[2:]}
    for name, (x, y) in pieces.items():
        cells = [{"bytes": png(image), "path": None} for image in x]
        parquet.write_table(pyarrow.table({"image": cells, "label": y.astype(np.int64)}), place / f"{name}.parquet")
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist)
    assert dataset.name == "MNIST"
    (place / "test-00000-of-00001.parquet").write_bytes(b"PAR1 and no more")
    refused(load_mnist, tmp_path, "damaged or of another kind")


def test_openmls_parquet(tmp_path, as_mnist):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    x, y = np.concatenate(as_mnist[::2]).reshape(-1, 784), np.concatenate(as_mnist[1::2])
    parquet.write_table(pyarrow.table({f"pixel{n + 1}": x[:, n] for n in range(784)} | {"class": y.astype(str)}), tmp_path / "dataset_554.pq")
    same(load_mnist(tmp_path), as_mnist)


# ------------------------------------------------------------------------------------------------------------------ pictures


def write_pictures(folder, images, labels, classes="0123456789", mode=None):
    for n, (image, label) in enumerate(zip(images, labels)):
        (folder / classes[label]).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(image)
        (picture.convert(mode) if mode else picture).save(folder / classes[label] / f"{n}.png")


def test_a_class_without_a_folder_is_named_and_the_test_images_are_not_trained_with(tmp_path, arrays):
    write_pictures(tmp_path / "train", arrays[0], arrays[1] % 9)
    write_pictures(tmp_path / "test", *arrays[2:])
    refused(load_mnist, tmp_path, "train has a folder of pictures for each class but 9. Copy it again.")


@pytest.mark.parametrize("train, test", [("training", "testing"), ("train", "test"), ("trainingSet/trainingSet", "testing")])
@pytest.mark.parametrize("mode", [None, "RGB"])
def test_a_folder_for_each_digit(tmp_path, as_mnist, train, test, mode):
    write_pictures(tmp_path / "mnist_png" / train, *as_mnist[:2], mode=mode)
    write_pictures(tmp_path / "mnist_png" / test, *as_mnist[2:], mode=mode)
    dataset = load_mnist(tmp_path)
    same(dataset, as_mnist, in_order=False)
    assert dataset.name == "MNIST"


def test_a_folder_for_each_digit_without_a_division(tmp_path, arrays):
    write_pictures(tmp_path / "mine", np.concatenate(arrays[::2]), np.concatenate(arrays[1::2]))
    dataset = load_mnist(tmp_path)
    assert dataset.name == "unknown images (mine)" and (len(dataset.train_x), len(dataset.test_x)) == (60, 10)
    assert len(set(dataset.train_y)) > 8 and "last seventh" in dataset.source


def test_pictures_that_cannot_be_used(tmp_path, arrays):
    write_pictures(tmp_path / "training", *arrays[:2])
    (tmp_path / "training" / "3" / "0.png").write_bytes(b"\x89PNG and no more")
    refused(load_mnist, tmp_path, "0.png is no picture, or is damaged")
    Image.new("L", (20, 20)).save(tmp_path / "training" / "3" / "0.png")
    refused(load_mnist, tmp_path, "All should have one size")
    for file in (tmp_path / "training").rglob("*.png"):
        file.unlink()
    refused(load_mnist, tmp_path, "a folder for each class, and no pictures")


# ------------------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name, words", [
    ("mnist.pkl", "is a pickle, which can run any program"), ("mnist.pkl.gz", "gzip.open('mnist.pkl.gz')"),
    ("processed/training.pt", "is a file of PyTorch"), ("mnist/3.0.1/mnist-train.tfrecord-00000-of-00001", "belongs to TensorFlow Datasets"),
    ("mnist.h5", "is an HDF5 file"), ("mnist-train.arrow", "is the hub's own copy"), ("mnist_train.amat", "784 numbers and a label"),
    ("mnist.rds", "is a file of R"), ("train.csv.crdownload", "did not come to its end"), ("mnist_png.tar.gz", "is still packed"),
    ("train.7z", "is still packed"), ("data_batch_1.bin", "For photographs use load_cifar10"),
    ("cifar-10-batches-py/data_batch_1", "For photographs use load_cifar10"),
    ("net.pth", "Open it with torch.load"), ("mnist/3.0.1/mnist-train.array_record-00000-of-00001", "belongs to TensorFlow Datasets"),
    ("mnist.joblib", "is a pickle of joblib, which can run any program"), ("digits.xlsx", "is a workbook of Excel"),
    ("zip.train.gz", "belongs to USPS"), ("usps.h5", "belongs to USPS"), ("optdigits.tra", "lenet_core.data.digits()"),
    ("semeion.data", "belongs to Semeion"), ("train_32x32.mat", "belongs to SVHN"), ("mnist.scale", "in the format of LIBSVM"),
    ("train-images-idx3-ubyte.bz2", "is still packed"),
])
def test_what_is_found_and_not_read(tmp_path, name, words):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"whatever")
    text = refused(load_mnist, tmp_path, "holds no MNIST that is read", words)
    assert str(path if "cifar" not in words else path.parent) in text
    if "cifar" not in words:
        assert words in refused(load_mnist, path)


def test_two_files_of_a_kind_get_one_sentence(tmp_path):
    for name in ("processed/training.pt", "processed/test.pt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"whatever")
    assert refused(load_mnist, tmp_path).count("is a file of PyTorch") == 1


def test_a_copy_of_the_hub_is_not_called_one_of_tensorflow(tmp_path):
    for name in ("dataset_info.json", "mnist-train.arrow", "mnist-test.arrow"):
        (tmp_path / name).write_bytes(b"whatever")
    assert "TensorFlow" not in refused(load_mnist, tmp_path, "is the hub's own copy")


@pytest.mark.parametrize("names", [MNIST_FILES, ["mnist.npz"], ["mnist_train.csv"], ["mnist.parquet"], ["mnist_all.mat"], ["unheard.of"]])
@pytest.mark.parametrize("content, words", [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "is only a pointer to a file that Git LFS keeps elsewhere"),
    (b"\n<!DOCTYPE html><html><body>404", "is a web page that came in the place of the file"),
])
def test_what_came_in_the_place_of_a_file(tmp_path, names, content, words):
    for name in names:
        (tmp_path / name).write_bytes(content)
    refused(load_mnist, tmp_path, words)
    refused(load_mnist, tmp_path / min(names), words)


@pytest.mark.parametrize("place, words", [
    ("{}.png", "has pictures (0.png), and not in a folder for each class, called 0 to 9"),
    ("digit_{}/a.png", "has pictures in digit_0 (a.png). They are read from a folder for each class, called 0 to 9"),
    ("train/number {}/a.jpg", "has pictures in number 0 (a.jpg)"),
])
def test_pictures_without_a_folder_for_each_class(tmp_path, place, words):
    for digit in range(10):
        path = tmp_path / place.format(digit)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28)).save(path)
    assert refused(load_mnist, tmp_path, words).count("pictures") < 4
    refused(load_cifar10, tmp_path, "called airplane to truck")


def test_a_json_file_that_is_no_folder_of_arrays_is_passed_by(tmp_path, as_mnist):
    put(tmp_path, FOUR, as_mnist)
    (tmp_path / "mnist.json").write_text("[]")
    same(load_mnist(tmp_path), as_mnist)


def test_an_archive_says_what_is_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as file:
        for name in ("mnist_train.csv", "mnist_test.csv"):
            file.writestr(name, "")
    refused(load_mnist, tmp_path, "archive.zip is still packed (mnist_train.csv, mnist_test.csv). Unpack it where it lies")


def test_a_part_of_the_four_files(tmp_path, arrays):
    put(tmp_path / "raw", FOUR[:3], arrays)
    refused(load_mnist, tmp_path, f"{tmp_path / 'raw'} lacks t10k-labels-idx1-ubyte.gz. Put all four files there.")
    refused(load_mnist, tmp_path / "nowhere", "there is no such folder or file")


def test_a_pickle_is_never_loaded(tmp_path, monkeypatch):
    """A pickle under a name that is read: the readers of NumPy refuse it, and nothing in it runs."""
    class Runs:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "it ran",))
    raw = pickle.dumps({"data": Runs(), "labels": Runs()})
    for name in ("mnist.npz", "x_train.npy", "mnist_all.mat", "data_batch_1", "test_batch", "mnist.pkl"):
        (tmp_path / name).write_bytes(raw)
        for load in (load_mnist, load_cifar10):
            with pytest.raises(DataError):
                load(tmp_path / name)
    with pytest.raises(DataError):
        load_cifar10(tmp_path)
    assert not (tmp_path / "it ran").exists()


def test_every_form_is_in_the_table_of_the_documentation():
    page = (Path(__file__).parent.parent / "docs" / "teaching.md").read_text(encoding="utf-8")
    for form in (*forms.MNIST, *forms.CIFAR10):
        assert f"| {form} |" in page, form


# ------------------------------------------------------------------------------------------------------------- how it is named


@pytest.mark.parametrize("write", ["{}", " {} ", '"{}"', "'{}'", "\"'{}'\""])
def test_quotes_around_the_folder(tmp_path, as_mnist, monkeypatch, write):
    put(tmp_path / "my data", FOUR, as_mnist)
    monkeypatch.setenv("LENET_DATA", write.format(tmp_path / "my data"))
    same(load_mnist(), as_mnist)
    same(load_mnist(write.format(tmp_path / "my data")), as_mnist)


@pytest.mark.parametrize("named, place", [("~/data", "home/data"), ("data", "here/data"), ("./data", "here/data"), ("../data", "data"),
                                          ("'~/data'", "home/data"), ("$COURSE/data", "course/data"), (".", "here")])
def test_home_and_relative_paths(tmp_path, as_mnist, monkeypatch, named, place):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE", str(tmp_path / "course"))
    monkeypatch.setenv("LENET_DATA", named)
    for load in (load_mnist, lambda: load_mnist(named), lambda: load_cifar10(named)):
        with pytest.raises(DataError) as caught:
            load()
        assert str(tmp_path / place) in str(caught.value)                  # the full path
    put(tmp_path / place, FOUR, as_mnist)
    same(load_mnist(), as_mnist)
    same(load_mnist(named), as_mnist)


@pytest.mark.parametrize("empty", ["", "  ", '""', "''"])
def test_an_empty_variable_names_nothing(empty_cache, monkeypatch, empty):
    monkeypatch.setenv("LENET_DATA", empty)
    assert load_mnist().name.startswith("scikit-learn")


# ------------------------------------------------------------------------------------------------------------------ CIFAR-10


@pytest.fixture
def photographs(rng, monkeypatch):
    """{file without ending: (pixels (12, 3072), labels)} of a CIFAR-10 with few images."""
    monkeypatch.setattr(data, "CIFAR10_IMAGES", 12)
    return {name: (rng.integers(0, 256, (12, 3072), dtype=np.uint8), rng.permutation(12) % 10)
            for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]}


def same_photographs(dataset, photographs, in_order=True):
    train = [photographs[name] for name in photographs if name != "test_batch"]
    wanted = [np.concatenate([pixels for pixels, _ in train]), np.concatenate([labels for _, labels in train]), *photographs["test_batch"]]
    for part, (x, y) in enumerate([(dataset.train_x, dataset.train_y), (dataset.test_x, dataset.test_y)]):
        pixels, labels = wanted[2 * part:2 * part + 2]
        assert x.shape == (len(pixels), 3, 32, 32) and x.dtype == np.float32 and y.dtype == np.int64 and x.flags.c_contiguous
        got = x.reshape(len(pixels), -1)
        if not in_order:
            order, wanted_order = np.lexsort(got.T), np.lexsort(pixels.T)
            got, y, pixels, labels = got[order], y[order], pixels[wanted_order], labels[wanted_order]
        np.testing.assert_array_equal(got, pixels.astype(np.float32) / 255)
        np.testing.assert_array_equal(y, labels)
    assert dataset.name == "CIFAR-10" and dataset.classes == CIFAR10_CLASSES


def of_python_2(pixels, labels):
    """A batch as Python 2 pickled it: text as strings of bytes, the array by NumPy's old name."""
    def text(raw):
        return (b"U" + bytes([len(raw)]) if len(raw) < 256 else b"T" + struct.pack("<I", len(raw))) + raw

    numbers = b"".join(b"K" + bytes([label]) for label in labels.tolist())
    shape = b"K" + bytes([len(pixels)]) + b"M" + struct.pack("<H", 3072) + b"\x86"
    array = (b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85U\x01b\x87Rq\x07(K\x01" + shape
             + b"cnumpy\ndtype\nq\x08U\x02u1q\x09K\x00K\x01\x87Rq\x0a(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
             + text(pixels.tobytes()) + b"tb")
    return (b"\x80\x02}q\x01(" + text(b"batch_label") + text(b"training batch 1 of 5") + text(b"labels") + b"](" + numbers + b"e"
            + text(b"data") + array + text(b"filenames") + b"](" + text(b"leptodactylus_pentadactylus_s_000004.png") * 2 + b"eu.")


def of_python_3(protocol):
    def batch(pixels, labels):
        return pickle.dumps({b"batch_label": b"training batch 1 of 5", b"labels": labels.tolist(), b"data": pixels,
                             b"filenames": [b"a.png"] * len(labels)}, protocol)
    return batch


@pytest.mark.parametrize("write", [of_python_2, of_python_3(2), of_python_3(3), of_python_3(4), of_python_3(5)],
                         ids=["Python 2", "protocol 2", "protocol 3", "protocol 4", "protocol 5"])
def test_the_python_version_is_read_without_unpickling(tmp_path, photographs, monkeypatch, write):
    place = tmp_path / "cifar" / "cifar-10-batches-py"
    place.mkdir(parents=True)
    for name, batch in photographs.items():
        (place / name).write_bytes(write(*batch))
        assert pickle.loads((place / name).read_bytes(), encoding="latin1")                # a pickle that Python itself can read
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.delattr(pickle, name)
    same_photographs(load_cifar10(tmp_path), photographs)


def test_a_pickle_that_is_no_batch(tmp_path, photographs):
    for name, (pixels, labels) in photographs.items():
        (tmp_path / name).write_bytes(of_python_2(pixels, labels))
    (tmp_path / "data_batch_2").write_bytes(pickle.dumps({"labels": [1, 2], "data": None}))
    refused(load_cifar10, tmp_path, "data_batch_2 is a pickle, and not one of CIFAR-10's", "not unpickled")
    (tmp_path / "data_batch_2").write_bytes(of_python_2(*photographs["test_batch"])[:-9000])
    refused(load_cifar10, tmp_path, "data_batch_2", "damaged or of another kind")
    pixels, labels = photographs["data_batch_2"]
    (tmp_path / "data_batch_2").write_bytes(of_python_2(pixels, labels + 10))
    refused(load_cifar10, tmp_path, "data_batch_2", "labels outside 0 to 9")


def test_the_matlab_version(tmp_path, photographs):
    place = tmp_path / "cifar-10-batches-mat"
    place.mkdir()
    for name, (pixels, labels) in photographs.items():
        savemat(place / f"{name}.mat", {"data": pixels, "labels": labels[:, None].astype(np.uint8), "batch_label": "training batch"})
    same_photographs(load_cifar10(tmp_path), photographs)
    savemat(place / "test_batch.mat", {"x": np.zeros((2, 2))})
    refused(load_cifar10, tmp_path, "test_batch.mat has x in it, where data and labels should be")


@pytest.mark.parametrize("form", ["npz", "npy", "pictures", "numbered pictures", "parquet"])
def test_other_forms_of_cifar10(tmp_path, photographs, form):
    train = [photographs[name] for name in photographs if name != "test_batch"]
    parts = {"train": (np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train])), "test": photographs["test_batch"]}
    shown = {part: (np.ascontiguousarray(x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), y) for part, (x, y) in parts.items()}
    place = tmp_path / "sets" / "cifar10" / "plain_text"
    place.mkdir(parents=True)
    if form == "npz":
        np.savez(place / "cifar.npz", **{f"{what}_{part}": array for part in shown for what, array in zip("xy", shown[part])})
    for part, (x, y) in shown.items():
        if form == "npy":
            np.save(place / f"x_{part}.npy", x), np.save(place / f"y_{part}.npy", y[:, None])
        elif "pictures" in form:
            write_pictures(place / part, x, y, "0123456789" if "numbered" in form else CIFAR10_CLASSES)
        elif form == "parquet":
            pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
            cells = [{"bytes": png(image), "path": None} for image in x]
            parquet.write_table(pyarrow.table({"img": cells, "label": y}), place / f"{part}-00000-of-00001.parquet")
    same_photographs(load_cifar10(tmp_path), photographs, in_order="pictures" not in form)
    if "pictures" in form:
        refused(load_mnist, tmp_path, "For photographs use load_cifar10" if form == "pictures" else "")


def records(images, labels):
    return np.column_stack([*labels, images]).astype(np.uint8).tobytes()


@pytest.mark.parametrize("bright", [0, 256], ids=["black", "random"])
def test_cifar100_under_cifar10s_name(tmp_path, rng, bright):
    """3,073 images of 3,074 bytes are as long as 3,074 of 3,073."""
    fine = rng.integers(0, 100, 3073)
    images = rng.integers(0, bright, (3073, 3072), dtype=np.uint8) if bright else np.zeros((3073, 3072), np.uint8)
    (tmp_path / "data_batch_1.bin").write_bytes(records(images, [fine // 5, fine]))
    (tmp_path / "test_batch.bin").write_bytes(records(images[:9], [fine[:9] % 10]))
    refused(load_cifar10, tmp_path, "data_batch_1.bin holds the images of CIFAR-100")


def test_as_many_images_of_cifar10_are_read(tmp_path, rng):
    images, labels = rng.integers(0, 256, (3074, 3072), dtype=np.uint8), np.arange(3074) % 10
    (tmp_path / "data_batch_1.bin").write_bytes(records(images, [labels]))
    (tmp_path / "test_batch.bin").write_bytes(records(images[:9], [labels[:9]]))
    np.testing.assert_array_equal(load_cifar10(tmp_path).train_y, labels)


@pytest.mark.parametrize("names, words", [
    (["cifar-100-binary/train.bin", "cifar-100-binary/test.bin"], "belongs to CIFAR-100"),
    (["cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta"], "holds CIFAR-100's Python version"),
    (["trainLabels.csv"], "Kaggle's version of CIFAR-10"),
    (["cifar10.tfrecord-00000"], "t.load('cifar10', split=s"), (["train_X.bin", "test_X.bin"], "belongs to STL-10"),
])
def test_what_is_not_read_as_cifar10(tmp_path, names, words):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"whatever")
    refused(load_cifar10, tmp_path, "holds no CIFAR-10 that is read", words)


@pytest.mark.parametrize("name", ["cifar-10-python.tar.gz", "deeper/cifar-10-matlab.tar.gz", "CIFAR10.zip"])
def test_archives_of_cifar10_are_not_downloaded_again(tmp_path, monkeypatch, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"whatever")
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    with pytest.raises(DataError, match="is still packed. Unpack it where it lies"):
        load_cifar10()
