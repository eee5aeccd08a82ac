"""Where the images come from: MNIST in the formats it is handed around in, CIFAR-10, and real digits that need no download.

`load_mnist` and `load_cifar10` look, in this order, into the folder they are given, the folder named in the environment
variable LENET_DATA, and the user's cache; then they try to download. Without a network `load_mnist` takes the 1,797
handwritten digits that come with scikit-learn, brought from 8x8 to 28x28 pixels; nothing stands in for CIFAR-10. Which
images they are stands in `Dataset.name` and in `str(dataset)`, so that nobody takes the one for the other.

As they come, the images must be read and turned into numbers, and every process has its own copy of them: 219 MB for MNIST.
`write_shared` writes them down as the arrays they become. Such a folder is mapped, not read: what is looked at comes into
memory once for all processes of the machine.

This is the only module of the core that reads data from a disk or a network, and `DataError` is how it says, in one
sentence, what is wrong with a file and what to do.
"""

import gzip
import io
import json
import os
import queue
import shutil
import struct
import tarfile
import tempfile
import threading
import time
import zipfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

# The four files of MNIST and their sha256; the names as on the original page.
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"]

MAT_BYTES, MAT_MATRIX, MAT_PACKED, MAT_OF_BYTES = 2, 14, 15, 9       # kinds of elements in a MATLAB file, and the class of a matrix
LARGEST = 2 ** 28             # bytes that a packed file may unpack to; the largest of MNIST has 47 MB

# CIFAR-10 in its binary version: the archive and its sha256, and the six files in it.
CIFAR10_ARCHIVE = "cifar-10-binary.tar.gz"
CIFAR10_SHA = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
CIFAR10_MIRRORS = ["https://www.cs.toronto.edu/~kriz/"]
CIFAR10_TRAIN, CIFAR10_TEST = [f"data_batch_{i}.bin" for i in range(1, 6)], "test_batch.bin"
CIFAR10_FILES = [*CIFAR10_TRAIN, CIFAR10_TEST]
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_IMAGES = 10_000       # in each of the six files, when they are whole
RECORD = 1 + 3 * 32 * 32      # bytes: the label, then a plane of red, one of green, one of blue
UNPACK = f"Unpack {CIFAR10_ARCHIVE} (from www.cs.toronto.edu/~kriz/cifar.html)"

# A folder of arrays to map: what the images are is told by mnist.json or cifar10.json, beside train_x.npy .. test_y.npy.
SHARED = {"mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
SHARED_ARRAYS = ("train_x", "train_y", "test_x", "test_y")
SHARED_AGAIN = "The whole folder must be written again."

OFFLINE_AFTER = 4.5           # seconds without a first answer: then there is no network
ABANDONED_AFTER = 3600        # seconds without a change, for an unfinished download
STALLED_AFTER = 30            # seconds without a further byte, once a mirror has answered


class DataError(ValueError):
    """Data cannot be used; the message says which file, what is wrong with it, and what to do."""


@dataclass(frozen=True)
class Dataset:
    """Images and labels: x (N, C, H, W) float32 between 0 and 1, y (N,) whole numbers, each a place in `classes`.

    C is 1 for handwriting (0 is paper, 1 is ink) and 3 for photographs (red, green, blue). `classes` are the names of what
    can be seen. `name` says what the images are, `source` where they came from and why. `str(dataset)` is both in one line.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    source: str = ""
    classes: tuple = tuple("0123456789")

    def subset(self, n):
        """The same data with n training images, taken at even distances (all, if there are no more); the test set is whole."""
        if n >= len(self.train_x):
            return self
        chosen = np.arange(n) * len(self.train_x) // n
        return replace(self, name=f"{self.name}, {n:,} training images",
                       train_x=self.train_x[chosen], train_y=self.train_y[chosen])

    def __str__(self):
        return (f"{self.name}: {len(self.train_x):,} training and {len(self.test_x):,} test images"
                + (f" ({self.source})" if self.source else ""))

    __repr__ = __str__


def load_mnist(folder=None):
    """MNIST as a `Dataset`: 60,000 training and 10,000 test images; without any MNIST, scikit-learn's small digits.

    `folder` holds what `write_shared` wrote, or the four IDX files (gzipped or not), or `mnist.npz` (Keras), or `mnist_all.mat`
    (the homework), itself or in a subfolder `mnist`; it may also be the .npz or .mat file. Raises DataError when `folder`, or the
    folder named in LENET_DATA, has no usable MNIST: a place that somebody named is not passed over in silence.
    """
    if folder is not None:
        return _from_folder(Path(folder), f"from {folder}")
    if named := os.environ.get("LENET_DATA"):
        return _from_folder(Path(named), "from the folder in LENET_DATA")
    try:
        return _from_folder(_cached_mnist(), "from the cache, checksums right")
    except DataError as error:
        return digits(f"not MNIST: {error}")


def load_cifar10(folder=None):
    """CIFAR-10 as a `Dataset`: 50,000 training and 10,000 test photographs (N, 3, 32, 32) of ten kinds of things.

    `folder` holds what `write_shared` wrote, or the files of the binary version, itself or in a subfolder whose name begins with
    `cifar`: test_batch.bin, and as many of data_batch_1.bin .. data_batch_5.bin as there are ("CIFAR-10 (part)" when images are
    missing). The download is 170 MB. Raises DataError when `folder` has no usable CIFAR-10, when the folder named
    in LENET_DATA has a damaged one (one without any, with MNIST alone, is passed over), and when there is none anywhere.
    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009.
    """
    if folder is not None:
        if place := _cifar10_place(Path(folder)):
            return _from_cifar10(place, f"from {folder}")
        raise DataError(f"{folder} holds no CIFAR-10 in its binary version. {UNPACK} there, or name another folder.")
    named = os.environ.get("LENET_DATA")
    if named and (place := _cifar10_place(Path(named))):
        return _from_cifar10(place, "from the folder in LENET_DATA")
    try:
        place = _cached_cifar10()
    except DataError as error:
        looked = ([f"{named} (named in LENET_DATA)"] if named else []) + [str(_cache("cifar10"))]
        raise DataError(f"There is no CIFAR-10 in {' or in '.join(looked)}, and {error}") from None
    return _from_cifar10(place, "from the cache")


def digits(source="comes with scikit-learn"):
    """scikit-learn's 1,797 handwritten 8x8 digits as 28x28 images: 1,437 to train, 360 to test.

    Enlarged to 20x20 and set into the middle of 28x28, as MNIST's digits are. Every fifth image is a test image.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    small = load_digits()
    images = zoom(small.images.astype(np.float32) / 16, (1, 20 / 8, 20 / 8), order=1).clip(0, 1)
    x = np.pad(images, ((0, 0), (4, 4), (4, 4)))[:, None]
    y = small.target.astype(np.int64)
    test = np.arange(len(x)) % 5 == 0
    return Dataset("scikit-learn's digits, 8x8 enlarged", x[~test], y[~test], x[test], y[test], source)


# ------------------------------------------------------------------------------------------- one copy for all processes


def write_shared(dataset, folder):
    """Write MNIST or CIFAR-10, or what stands in for it, as a folder that all processes of a machine share: wholly or not at all.

    `load_mnist(folder)` and `load_cifar10(folder)` map the arrays in it, with the same numbers as in `dataset`. Give the data a
    folder of their own, and put a new one in its place rather than change a file in it: processes may be looking at them.
    Raises DataError when the folder is there already or cannot be written, ValueError for images of another shape.
    """
    folder, shape = Path(folder).absolute(), dataset.train_x.shape[1:]
    kind = next((kind for kind, its_shape in SHARED.items() if its_shape == shape), None)
    if kind is None:
        raise ValueError(f"write_shared: images of shape {shape}; there are folders for {SHARED}.")
    if folder.exists():
        raise DataError(f"{folder} is there already. Remove it, or name another folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as passing:
            whole = Path(passing, folder.name)
            whole.mkdir()                                    # and not `passing` itself, which nobody else may read
            for name in SHARED_ARRAYS:
                with open(whole / f"{name}.npy", "wb") as file:
                    np.save(file, np.ascontiguousarray(getattr(dataset, name)), allow_pickle=False)
                    file.flush()
                    os.fsync(file.fileno())
            about = {"name": dataset.name, "source": dataset.source, "classes": dataset.classes}
            (whole / f"{kind}.json").write_text(json.dumps(about), encoding="utf-8")
            os.rename(whole, folder)
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be written ({error.strerror or error}). "
                        "Name a folder that you may write to, on a disk with room.") from None


def _from_shared(place, kind, source):
    """The data set in a folder that `write_shared` wrote; the pixels are not checked, which would bring all of them into memory."""
    path = place / f"{kind}.json"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        name, classes = about["name"], tuple(about["classes"])
        if not all(isinstance(text, str) for text in (name, *classes)):
            raise TypeError("name and classes must be words")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} does not say what the images are ({type(error).__name__}: {error}). {SHARED_AGAIN}") from None
    arrays = {}
    for array in SHARED_ARRAYS:
        arrays[array] = _mapped(place / f"{array}.npy", *((SHARED[kind], np.float32) if array.endswith("x") else ((), np.int64)))
    for part in ("train", "test"):
        x, y = arrays[f"{part}_x"], arrays[f"{part}_y"]
        if len(x) != len(y):
            raise DataError(f"{place / part}_y.npy has {len(y):,} labels for {len(x):,} images in {part}_x.npy. {SHARED_AGAIN}")
        if y.min() < 0 or y.max() >= len(classes):
            raise DataError(f"{place / part}_y.npy holds labels outside 0 to {len(classes) - 1} ({y.min()} to {y.max()}). "
                            f"{SHARED_AGAIN}")
    return Dataset(name, **arrays, source=f"{source}, mapped", classes=classes)


def _mapped(path, shape, dtype):
    """The array in a .npy file, at least one element of `shape` and `dtype`, mapped.

    Copy-on-write: who changes it changes a copy of a few kilobytes, as if the array had been read; the file stays as it is.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="c")    # refuses arrays that reach beyond the end of the file
    except FileNotFoundError:
        raise DataError(f"{path.parent} lacks {path.name}. {SHARED_AGAIN}") from None
    except OSError:
        raise
    except Exception as error:          # the reader raises whatever a damaged header happens to lead it into
        raise DataError(f"{path} is damaged or was cut off ({type(error).__name__}: {error}). {SHARED_AGAIN}") from None
    if array.dtype != dtype or array.shape[1:] != shape or not array.ndim or not len(array) or not array.flags.c_contiguous:
        wanted = f"(N, {', '.join(map(str, shape))})" if shape else "(N,)"
        order = "" if array.flags.c_contiguous else " in the order of Fortran"
        raise DataError(f"{path}: an array {array.shape} of {array.dtype}{order}, where {wanted} of {np.dtype(dtype)} should be. "
                        f"{SHARED_AGAIN}")
    if array.offset + array.nbytes != path.stat().st_size:
        raise DataError(f"{path} goes on after its array. {SHARED_AGAIN}")
    return np.asarray(array)                                 # an ordinary array, so that no result is of another kind


# ---------------------------------------------------------------------------------------------------- folders and files


@contextmanager
def _reading(folder):
    """What the system says against reading something in a folder, as a sentence."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be read ({error.strerror or error}). "
                        "Check that it is there and that you may read it.") from None


def _from_folder(folder, source):
    with _reading(folder):
        if folder.is_file():
            return _from_file(folder, source)
        for place in (folder, folder / "mnist"):
            if not place.is_dir():
                continue
            if (place / "mnist.json").is_file():
                return _from_shared(place, "mnist", source)
            found = {name: file for name in MNIST_FILES for file in _spellings(place, name) if file.is_file()}
            if len(found) == len(MNIST_FILES):
                return _dataset([_read_idx(found[name], 3 if "images" in name else 1) for name in MNIST_FILES],
                                list(found.values()), source)
            for name in ("mnist.npz", "mnist_all.mat"):
                if (place / name).is_file():
                    return _from_file(place / name, source)
            if found:
                missing = ", ".join(sorted(set(MNIST_FILES) - set(found)))
                raise DataError(f"{place} lacks {missing}. Put all four files of MNIST there.")
    raise DataError(f"{folder} holds no MNIST. Put the four files ({', '.join(MNIST_FILES)}), mnist.npz or mnist_all.mat there, "
                    "or name another folder.")


def _spellings(folder, name):
    """The file's name as it is met: gzipped or not, with a dash or a dot before idx."""
    plain = name.removesuffix(".gz")
    return [folder / spelling for spelling in (name, plain, plain.replace("-idx", ".idx"), name.replace("-idx", ".idx"))]


def _read_idx(path, dimensions):
    """The array in an IDX file: a big-endian header (magic number, sizes), then one byte per number."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(LARGEST)        # who unpacks more gets to know that the size is wrong
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{path} is damaged or was cut off ({error}). Download it again.") from None
    header = 4 * (1 + dimensions)
    if len(raw) < header:
        raise DataError(f"{path} has only {len(raw)} bytes, less than an IDX header. Download it again.")
    magic, *sizes = struct.unpack(f">{1 + dimensions}I", raw[:header])
    expected = 2048 + dimensions
    if magic != expected:
        raise DataError(f"{path} begins with the number {magic}, not with {expected}: it is not MNIST's file of "
                        f"{'images' if dimensions == 3 else 'labels'}. Check that it has its right name, or download it again.")
    wanted = int(np.prod(sizes, dtype=object))
    if len(raw) - header != wanted:
        raise DataError(f"{path} should hold {wanted:,} bytes after its header and holds {len(raw) - header:,}. "
                        "Download it again.")
    return np.frombuffer(raw, np.uint8, offset=header).reshape(sizes)


def _from_file(path, source):
    """Keras' mnist.npz (x_train, y_train, x_test, y_test) or the homework's mnist_all.mat (train0 .. test9, one image a row)."""
    names = [f"the {part} in {path}" for part in ("training images", "training labels", "test images", "test labels")]
    try:
        if path.suffix == ".npz":
            if not zipfile.is_zipfile(path):           # of which NumPy would say that it may be pickled
                raise DataError(f"{path} is damaged or of another kind (it is no .npz, or only a part of one). Download it again.")
            with np.load(path, allow_pickle=False) as file:
                if max((member.file_size for member in file.zip.infolist()), default=0) > LARGEST:
                    raise DataError(f"{path} unpacks to far more than MNIST. Download it again.")
                return _dataset([file[key] for key in _have(file, ["x_train", "y_train", "x_test", "y_test"], path)], names, source)
        if path.suffix == ".mat":
            mat = _read_mat(path)
            _have(mat, [f"{part}{digit}" for part in ("train", "test") for digit in range(10)], path)
            arrays, rng = [], np.random.default_rng(0)
            for part in ("train", "test"):
                rows = [mat[f"{part}{digit}"] for digit in range(10)]
                order = rng.permutation(sum(map(len, rows)))      # the file is sorted by digit; MNIST itself is mixed
                arrays += [np.concatenate(rows).reshape(-1, 28, 28)[order], np.repeat(np.arange(10), list(map(len, rows)))[order]]
            return _dataset(arrays, names, source)
    except (OSError, DataError):
        raise
    except Exception as error:          # the readers of both formats raise whatever a damaged file happens to lead them into
        raise DataError(f"{path} is damaged or of another kind ({type(error).__name__}: {error}). Download it again.") from None
    raise DataError(f"{path} is neither a folder nor a .npz or .mat file. Name the folder with MNIST in it.")


def _read_mat(path):
    """{name: array} of the matrices of bytes in a MATLAB file of version 5; whatever else is in it is passed over.

    SciPy's reader would take the whole process down with some damaged files (a segmentation fault). Source: "MAT-File Format", MathWorks.
    """
    raw, arrays = path.read_bytes(), {}
    order = {b"\0\1IM": "<", b"\1\0MI": ">"}.get(raw[124:128])             # the version, as the machine writes numbers
    if order is None:
        raise DataError(f"{path} is damaged or of another kind (it is no MATLAB file of version 5). Download it again.")
    for kind, content in _mat_elements(raw[128:], order):
        if kind == MAT_PACKED:
            kind, content = next(_mat_elements(zlib.decompressobj().decompress(content, LARGEST), order), (None, b""))
        if kind == MAT_MATRIX:
            (_, flags), (_, sizes), (_, name), (numbers, values), *_ = [*_mat_elements(content, order), *[(None, b"")] * 4]
            if numbers == MAT_BYTES and flags and struct.unpack_from(order + "I", flags)[0] & 255 == MAT_OF_BYTES:
                shape = struct.unpack(f"{order}{len(sizes) // 4}I", sizes)
                arrays[name.decode("latin-1")] = np.frombuffer(values, np.uint8).reshape(shape, order="F")
    return arrays


def _mat_elements(raw, order):
    """(kind, content) of one element after the other."""
    at = 0
    while at + 8 <= len(raw):
        kind, size = struct.unpack_from(order + "II", raw, at)
        begin = at + 8
        if kind >> 16:                                       # a short one: its size is in the upper half, its content follows at once
            kind, size, begin = kind & 0xffff, kind >> 16, at + 4
        if begin + size > len(raw):
            raise ValueError(f"an element of {size:,} bytes, and only {len(raw) - begin:,} are left")
        yield kind, raw[begin:begin + size]
        at = begin + size + (0 if kind == MAT_PACKED else -(begin + size) % 8)


def _have(file, keys, path):
    missing = [key for key in keys if key not in file]
    if missing:
        raise DataError(f"{path} has no entry {missing[0]}. It should be Keras' mnist.npz or the homework's mnist_all.mat.")
    return keys


def _dataset(arrays, names, source):
    """Check the four arrays and bring them to the shapes and number types of `Dataset`."""
    out = []
    for images, labels, image_name, label_name in (arrays[:2] + names[:2], arrays[2:] + names[2:]):
        images, labels = np.asarray(images), np.asarray(labels).reshape(-1)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
            raise DataError(f"{image_name}: an array {images.shape} of {images.dtype} where 28x28 images of uint8 should be. "
                            "Take MNIST's own files.")
        if len(images) != len(labels):
            raise DataError(f"{label_name} has {len(labels):,} labels for {len(images):,} images in {image_name}. "
                            "They do not belong together; download both again.")
        if labels.dtype.kind not in "iu":
            raise DataError(f"{label_name} holds labels of {labels.dtype}, where whole numbers should be. Take MNIST's own files.")
        if labels.min() < 0 or labels.max() > 9:
            raise DataError(f"{label_name} holds labels outside 0 to 9 ({labels.min()} to {labels.max()}). Download it again.")
        x = images[:, None].astype(np.float32)
        x /= 255
        out += [x, labels.astype(np.int64)]
    return Dataset("MNIST", *out, source)


# ------------------------------------------------------------------------------------------------------------- CIFAR-10


def _cifar10_place(folder):
    """The folder, or the first of its subfolders `cifar...`, with a file of CIFAR-10 in it; None if there is nothing of CIFAR-10.

    Raises DataError when there is the packed archive alone: to download it a second time would be a waste.
    """
    packed = []
    with _reading(folder):
        if folder.name.endswith((".tar.gz", ".tgz", ".tar")) and folder.is_file():
            packed.append(folder)
        for place in (folder, *sorted(folder.glob("cifar*"))):
            names = set(os.listdir(place)) if place.is_dir() else set()
            if names.intersection([*CIFAR10_FILES, "cifar10.json"]):
                return place
            if CIFAR10_ARCHIVE in names:
                packed.append(place / CIFAR10_ARCHIVE)
    if packed:
        raise DataError(f"{packed[0]} is still packed. Unpack it where it lies (tar -xf {packed[0].name}) and name that folder.")
    return None


def _from_cifar10(place, source):
    with _reading(place):
        names = os.listdir(place)
        if "cifar10.json" in names:
            return _from_shared(place, "cifar10", source)
        train = [place / name for name in CIFAR10_TRAIN if name in names]
        if not train:
            raise DataError(f"{place} lacks training images. Put data_batch_1.bin there, or as many as you like up to data_batch_5.bin.")
        if CIFAR10_TEST not in names:
            raise DataError(f"{place} lacks {CIFAR10_TEST}. Put it beside {train[0].name}.")
        classes = _class_names(place / "batches.meta.txt") if "batches.meta.txt" in names else CIFAR10_CLASSES
        arrays = [*_read_records(train), *_read_records([place / CIFAR10_TEST])]
    whole = len(arrays[0]) == len(CIFAR10_TRAIN) * CIFAR10_IMAGES and len(arrays[2]) == CIFAR10_IMAGES
    return Dataset("CIFAR-10" if whole else "CIFAR-10 (part)", *arrays, source, classes)


def _read_records(paths):
    """x and y of the records in some files; beside x, which is large, there is never more in memory than the bytes of one file."""
    ends = np.cumsum([path.stat().st_size // RECORD for path in paths])
    x, y = np.empty((ends[-1], 3, 32, 32), np.float32), np.empty(ends[-1], np.int64)
    for path, end in zip(paths, ends):
        raw = _read_file(path)
        if len(raw) % RECORD:
            raise DataError(f"{path} has {len(raw):,} bytes, which is no whole number of records of {RECORD:,} bytes. "
                            "Remove it and download it again.")
        records = np.frombuffer(raw, np.uint8).reshape(-1, RECORD)
        labels, pixels = records[:, 0], records[:, 1:].reshape(-1, 3, 32, 32)
        if labels.max() > 9:
            at = np.argmax(labels > 9)
            raise DataError(f"{path} is damaged: image {at:,} has the label {labels[at]}, where 0 to 9 should be. "
                            "Remove it and download it again.")
        here = slice(end - len(records), end)
        y[here] = labels
        np.divide(pixels, np.float32(255), out=x[here])           # by a plain 255 it would be worked out in float64
    return x, y


def _class_names(path):
    """The ten lines of batches.meta.txt."""
    names = tuple(_read_file(path).decode(errors="replace").split())
    if len(names) != len(CIFAR10_CLASSES):
        raise DataError(f"{path} has {len(names)} words, where the names of ten classes should be, one a line. "
                        "Remove it: the names are known without it.")
    return names


def _read_file(path):
    """The bytes of one of CIFAR-10's files. Raises DataError for what is often found under its name instead."""
    if path.exists() and not path.is_file():                 # a pipe would be waited for
        raise DataError(f"{path} is {'a folder' if path.is_dir() else 'no file'}, where a file should be. Put the file there that has this name.")
    raw = path.read_bytes()
    if not raw:
        raise DataError(f"{path} is empty. Remove it and download it again.")
    for at, mark, kind in ((0, b"\x1f\x8b", "packed with gzip. Unpack it, and put what comes out in its place"),
                           (257, b"ustar", "a tar archive. Unpack it, and put what comes out in its place"),
                           (0, b"<", "a web page. Remove it and download the file again"),
                           (0, b"\x80", "pickled, for Python. Take the binary version instead")):
        if raw.startswith(mark, at):
            raise DataError(f"{path} is {kind}.")
    return raw


# ------------------------------------------------------------------------------------------------------------- download


def _cached_mnist():
    """The folder in the user's cache with the four files, checked; those that are missing or wrong are fetched first."""
    import pooch

    folder, smallest = _cache("mnist"), "t10k-labels-idx1-ubyte.gz"
    with _advising(folder, f"Put MNIST's four files into a folder and name it in LENET_DATA, or into {folder}."):
        if not all((folder / name).is_file() and pooch.file_hash(folder / name) == sha for name, sha in MNIST_FILES.items()):
            folder.mkdir(parents=True, exist_ok=True)
            _clear(folder)
            mirrors = _answering_mirrors(
                MIRRORS, lambda mirror: _retrieve(mirror, smallest, MNIST_FILES[smallest], folder, timeout=OFFLINE_AFTER))
            for name, sha in MNIST_FILES.items():
                _fetch(mirrors, name, sha, folder)
    return folder


def _cached_cifar10():
    """The folder in the user's cache with the six files, each of the right size; if one is not, all are fetched first."""
    import pooch

    folder = _cache("cifar10")
    with _advising(folder, f"{UNPACK} in the folder that LENET_DATA names, or in another one and give that to load_cifar10."):
        if not _whole_cifar10(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _clear(folder)
            mirrors = _answering_mirrors(CIFAR10_MIRRORS, lambda mirror: _knock(mirror + CIFAR10_ARCHIVE))
            with tempfile.TemporaryDirectory(dir=folder) as passing:          # a file is in the cache whole or not at all
                archive = _fetch(mirrors, CIFAR10_ARCHIVE, CIFAR10_SHA, passing)
                with suppress(tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error):      # the next lines look what came of it
                    pooch.Untar(extract_dir=".")(archive, "download", None)
                unpacked = Path(passing, "cifar-10-batches-bin")
                if not _whole_cifar10(unpacked):
                    raise DataError(f"{CIFAR10_ARCHIVE} came with the right checksum, but the six files cannot be unpacked from it.")
                for name in CIFAR10_FILES:
                    os.replace(unpacked / name, folder / name)
    return folder


def _whole_cifar10(folder):
    files = [folder / name for name in CIFAR10_FILES]
    return all(file.is_file() and file.stat().st_size == CIFAR10_IMAGES * RECORD for file in files)


def _cache(name):
    import pooch

    pooch.get_logger().setLevel("ERROR")
    return Path(pooch.os_cache("lenet-workbook")) / name


@contextmanager
def _advising(folder, advice):
    """Whatever goes wrong with the cache or the download, as a DataError that ends with what to do instead."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{error} {advice}") from None
    except OSError as error:
        raise DataError(f"the cache cannot be used: {error.filename or folder} ({error.strerror or error}). {advice}") from None


def _clear(folder):
    """Remove what a killed download left in the cache, when it is so old that nobody is at it."""
    for left in folder.glob("tmp*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _answering_mirrors(mirrors, ask):
    """The mirrors, the first for which ask(mirror) comes back without an error in front. Raises DataError if none does in time.

    On threads of their own, because a name server that does not answer holds up a connection longer than any timeout.
    """
    answers = queue.Queue()

    def report(mirror):
        problem = None
        try:
            ask(mirror)
        except Exception as error:                # handed over to the waiting thread, which reports it
            problem = error
        answers.put((mirror, problem))

    for mirror in mirrors:
        threading.Thread(target=report, args=(mirror,), daemon=True).start()
    problems, deadline = [], time.monotonic() + OFFLINE_AFTER
    while len(problems) < len(mirrors):
        try:
            mirror, error = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            problems.append(f"no answer within {OFFLINE_AFTER:g} seconds")
            break
        if error is None:
            return [mirror, *(other for other in mirrors if other != mirror)]
        problems.append(_reason(error))
    raise DataError(f"it could not be downloaded ({'; '.join(dict.fromkeys(problems))}).")


def _knock(address):
    """Ask for the first byte of a file that is too large to be fetched only to see whether there is a network."""
    import requests

    with requests.get(address, headers={"Range": "bytes=0-0"}, stream=True, timeout=OFFLINE_AFTER) as answer:
        answer.raise_for_status()
        next(answer.iter_content(1))


def _fetch(mirrors, name, sha, folder):
    problems = []
    for mirror in mirrors:
        try:
            return _retrieve(mirror, name, sha, folder, timeout=STALLED_AFTER)
        except (OSError, ValueError) as error:
            problems.append(_reason(error))
    raise DataError(f"{name} could not be downloaded ({'; '.join(problems)}).")


def _reason(error):
    """A few words for what a download raised; requests' own exceptions are OSErrors too, with pages of detail."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server stopped answering"
    if isinstance(error, requests.RequestException):
        return "no connection"
    if isinstance(error, OSError):
        return f"the cache cannot be written: {error.strerror}"
    return "what came was cut off or has a wrong checksum"


def _retrieve(mirror, name, sha, folder, timeout):
    """One file from one mirror; pooch writes it under its name only when it has arrived whole with the right checksum."""
    import pooch

    return pooch.retrieve(mirror + name, known_hash=f"sha256:{sha}", fname=name, path=folder,
                          downloader=pooch.HTTPDownloader(timeout=timeout))
