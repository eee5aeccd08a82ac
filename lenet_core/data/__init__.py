"""The images: MNIST in its usual file formats, CIFAR-10, and small handwritten digits that need no download.

`load_mnist` and `load_cifar10` look into the folder they are given, else into the folder named in the environment variable
LENET_DATA, else into the user's cache. If the cache has no data, they download them. `load_cifar10` does the same where LENET_DATA
has no CIFAR-10. Without a network `load_mnist` takes the 1,797 handwritten digits that come with scikit-learn, enlarged from 8x8
to 28x28 pixels; CIFAR-10 has no substitute. `Dataset.name` and `str(dataset)` say which images they are.

From the original files every process makes its own copy of the arrays: 219 MB for MNIST. `write_shared` writes the arrays to a
folder from which they are mapped into memory. All processes of a machine then share one copy, and only the parts in use are read.

`formats` turns files into arrays, and `download` gets files over the network; no other module of the core uses them. `DataError`
says what is wrong with the data and what to do.
"""

import gzip
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from .._files import is_file, is_folder, matching
from . import download, formats
from .formats import RECORD, SHARED, SHARED_ARRAYS, DataError

# The four files of MNIST and their sha256; the names as on the original page.
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"]

# CIFAR-10 in its binary version: the archive and its sha256, and the six files in it.
CIFAR10_ARCHIVE = "cifar-10-binary.tar.gz"
CIFAR10_SHA = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
CIFAR10_MIRRORS = ["https://www.cs.toronto.edu/~kriz/"]
CIFAR10_TRAIN, CIFAR10_TEST = [f"data_batch_{i}.bin" for i in range(1, 6)], "test_batch.bin"
CIFAR10_FILES = [*CIFAR10_TRAIN, CIFAR10_TEST]
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_IMAGES = 10_000       # in each of the six files, when they are complete
UNPACK = f"Unpack {CIFAR10_ARCHIVE} (from www.cs.toronto.edu/~kriz/cifar.html)"


@dataclass(frozen=True)
class Dataset:
    """Images and labels: x (N, C, H, W) float32 between 0 and 1, y (N,) whole numbers, each an index of `classes`.

    C is 1 for handwriting (0 is paper, 1 is ink) and 3 for photographs (red, green, blue). `classes` are the names of the
    classes. `name` says what the images are, `source` where they came from and why. `str(dataset)` is both in one line.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    source: str = ""
    classes: tuple[str, ...] = tuple("0123456789")

    def subset(self, n: int) -> Self:
        """The same data with n training images, evenly spaced (all, if there are no more); the test set is complete."""
        if n >= len(self.train_x):
            return self
        chosen = np.arange(n) * len(self.train_x) // n
        return replace(self, name=f"{self.name}, {n:,} training images",
                       train_x=self.train_x[chosen], train_y=self.train_y[chosen])

    def __str__(self) -> str:
        return (f"{self.name}: {len(self.train_x):,} training and {len(self.test_x):,} test images"
                + (f" ({self.source})" if self.source else ""))

    __repr__ = __str__


def load_mnist(folder: str | Path | None = None) -> Dataset:
    """MNIST as a `Dataset`: 60,000 training and 10,000 test images; without any MNIST, scikit-learn's small digits.

    `folder`, or its subfolder `mnist`, has the files of `write_shared`, or the four IDX files (gzipped or not), or `mnist.npz`
    (Keras), or `mnist_all.mat` (the homework). `folder` may also be the .npz or .mat file. Raises DataError when `folder`, or the
    folder named in LENET_DATA, has no usable MNIST.
    """
    if folder is not None:
        return _mnist_in(Path(folder), f"from {folder}")
    if named := os.environ.get("LENET_DATA"):
        return _mnist_in(Path(named), "from the folder in LENET_DATA")
    try:
        return _mnist_in(_cached_mnist(), "from the cache, checksums right")
    except DataError as error:
        return digits(f"not MNIST: {error}")


def load_cifar10(folder: str | Path | None = None) -> Dataset:
    """CIFAR-10 as a `Dataset`: 50,000 training and 10,000 test photographs (N, 3, 32, 32) of ten kinds of things.

    `folder`, or a subfolder whose name begins with `cifar`, has the files of `write_shared` or of the binary version. These are
    test_batch.bin and one or more of data_batch_1.bin .. data_batch_5.bin (without all images the name is "CIFAR-10 (part)").
    The download is 170 MB. Raises DataError when `folder` has no usable CIFAR-10, when the folder named in LENET_DATA has a
    damaged one, and when CIFAR-10 is nowhere. A LENET_DATA without CIFAR-10 is no error: it may have MNIST alone.
    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009.
    """
    if folder is not None:
        if place := find_cifar10(folder):
            return _from_cifar10(place, f"from {folder}")
        raise DataError(f"{folder} holds no CIFAR-10 in its binary version. {UNPACK} there, or name another folder.")
    named = os.environ.get("LENET_DATA")
    if named and (place := find_cifar10(named)):
        return _from_cifar10(place, "from the folder in LENET_DATA")
    try:
        place = _cached_cifar10()
    except DataError as error:
        looked = ([f"{named} (named in LENET_DATA)"] if named else []) + [str(_cache("cifar10"))]
        raise DataError(f"CIFAR-10 was looked for in {' and in '.join(looked)}, and {error}") from None
    return _from_cifar10(place, "from the cache")


def find_cifar10(folder: str | Path | None = None) -> Path | None:
    """The folder that `load_cifar10(folder)` would read without a download; None where there is none.

    Raises DataError where there is only the packed archive, so that it is not downloaded a second time, and where a folder cannot
    be read.
    """
    if folder is not None:
        return _cifar10_place(Path(folder))
    named = os.environ.get("LENET_DATA")
    if named and (place := _cifar10_place(Path(named))):
        return place
    cache = _cache("cifar10")
    with _reading(cache):
        return cache if _is_complete_cifar10(cache) else None


def digits(source: str = "comes with scikit-learn") -> Dataset:
    """scikit-learn's 1,797 handwritten 8x8 digits as 28x28 images: 1,437 to train, 360 to test.

    They are enlarged to 20x20 and centred in 28x28, as MNIST's digits are. Every fifth image is a test image.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    small = load_digits()
    images = zoom(small.images.astype(np.float32) / 16, (1, 20 / 8, 20 / 8), order=1).clip(0, 1)
    x = np.pad(images, ((0, 0), (4, 4), (4, 4)))[:, None]
    y = small.target.astype(np.int64)
    test = np.arange(len(x)) % 5 == 0
    return Dataset("scikit-learn's digits, 8x8 enlarged", x[~test], y[~test], x[test], y[test], source)


def write_shared(dataset: Dataset, folder: str | Path) -> None:
    """Write a data set to a new folder that all processes of a machine share, completely or not at all.

    `dataset` has images of the shape of MNIST or CIFAR-10. `load_mnist(folder)` and `load_cifar10(folder)` map the arrays into
    memory, with the same numbers. To change the data write a new folder: a process may still use the files of the old one.
    Raises DataError when the folder is there already or cannot be written, ValueError for images of another shape.
    """
    folder, shape = Path(folder).absolute(), dataset.train_x.shape[1:]
    kind = next((kind for kind, its_shape in SHARED.items() if its_shape == shape), None)
    if kind is None:
        raise ValueError(f"write_shared: images of shape {shape} cannot be shared. The shapes are: {SHARED}.")
    about = {"name": dataset.name, "source": dataset.source, "classes": dataset.classes}
    formats.write_shared_arrays(folder, kind, about, {name: getattr(dataset, name) for name in SHARED_ARRAYS})


def _from_shared(folder: Path, kind: str, source: str) -> Dataset:
    name, classes, arrays = formats.read_shared_arrays(folder, kind)
    return Dataset(name, **arrays, source=f"{source}, mapped", classes=classes)


# ---------------------------------------------------------------------------------------------------- MNIST in a folder


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """An OSError while files of the folder are read becomes a DataError."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be read ({error.strerror or error}). "
                        "Check that it is there and that you may read it.") from None


def _mnist_in(folder: Path, source: str) -> Dataset:
    """The MNIST in a folder or its subfolder `mnist`, in the first format that is found; or in the file `folder`."""
    with _reading(folder):
        if is_file(folder):
            return _mnist_from_file(folder, source)
        for place in (folder, folder / "mnist"):
            if not is_folder(place):
                continue
            if is_file(place / "mnist.json"):
                return _from_shared(place, "mnist", source)
            found = {name: file for name in MNIST_FILES for file in _spellings(place, name) if is_file(file)}
            if len(found) == len(MNIST_FILES):
                return _as_mnist([formats.read_idx(found[name], 3 if "images" in name else 1) for name in MNIST_FILES],
                                 list(found.values()), source)
            for name in ("mnist.npz", "mnist_all.mat"):
                if is_file(place / name):
                    return _mnist_from_file(place / name, source)
            if found:
                missing = ", ".join(sorted(set(MNIST_FILES) - set(found)))
                raise DataError(f"{place} lacks {missing}. Put all four files of MNIST there.")
    raise DataError(f"{folder} holds no MNIST. Put the four files ({', '.join(MNIST_FILES)}), mnist.npz or mnist_all.mat there, "
                    "or name another folder.")


def _spellings(folder: Path, name: str) -> list[Path]:
    """The usual names of the file: gzipped or not, with a dash or a dot before idx."""
    plain = name.removesuffix(".gz")
    return [folder / spelling for spelling in (name, plain, plain.replace("-idx", ".idx"), name.replace("-idx", ".idx"))]


def _mnist_from_file(path: Path, source: str) -> Dataset:
    readers = {".npz": formats.read_mnist_npz, ".mat": formats.read_mnist_mat}
    if path.suffix not in readers:
        raise DataError(f"{path} is neither a folder nor a .npz or .mat file. Name the folder with MNIST in it.")
    names = [f"the {part} in {path}" for part in ("training images", "training labels", "test images", "test labels")]
    return _as_mnist(readers[path.suffix](path), names, source)


def _as_mnist(arrays: list[np.ndarray], names: list, source: str) -> Dataset:
    """A `Dataset` of training images and labels, test images and labels; an error message uses the `names` of the four."""
    out: list[np.ndarray] = []
    for part in (0, 2):
        images, labels = np.asarray(arrays[part]), np.asarray(arrays[part + 1]).reshape(-1)
        image_name, label_name = names[part], names[part + 1]
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
    train_x, train_y, test_x, test_y = out
    return Dataset("MNIST", train_x, train_y, test_x, test_y, source)


# ------------------------------------------------------------------------------------------------- CIFAR-10 in a folder


def _cifar10_place(folder: Path) -> Path | None:
    """The folder, or the first of its subfolders `cifar...`, with a file of CIFAR-10 in it; None where no folder has one."""
    packed = []
    with _reading(folder):
        if folder.name.endswith((".tar.gz", ".tgz", ".tar")) and is_file(folder):
            packed.append(folder)
        for place in (folder, *matching(folder, "cifar*")):
            names = set(os.listdir(place)) if is_folder(place) else set()
            if names.intersection([*CIFAR10_FILES, "cifar10.json"]):
                return place
            if CIFAR10_ARCHIVE in names:
                packed.append(place / CIFAR10_ARCHIVE)
    if packed:
        raise DataError(f"{packed[0]} is still packed. Unpack it where it lies (tar -xf {packed[0].name}) and name that folder.")
    return None


def _from_cifar10(place: Path, source: str) -> Dataset:
    with _reading(place):
        names = os.listdir(place)
        if "cifar10.json" in names:
            return _from_shared(place, "cifar10", source)
        train = [place / name for name in CIFAR10_TRAIN if name in names]
        if not train:
            raise DataError(f"{place} lacks training images. "
                            "Put data_batch_1.bin there, or as many as you like up to data_batch_5.bin.")
        if CIFAR10_TEST not in names:
            raise DataError(f"{place} lacks {CIFAR10_TEST}. Put it beside {train[0].name}.")
        classes = formats.read_class_names(place / "batches.meta.txt") if "batches.meta.txt" in names else CIFAR10_CLASSES
        train_x, train_y = formats.read_cifar10(train)
        test_x, test_y = formats.read_cifar10([place / CIFAR10_TEST])
    complete = len(train_x) == len(CIFAR10_TRAIN) * CIFAR10_IMAGES and len(test_x) == CIFAR10_IMAGES
    return Dataset("CIFAR-10" if complete else "CIFAR-10 (part)", train_x, train_y, test_x, test_y, source, classes)


# ----------------------------------------------------------------------------------------------------- the user's cache


def _cached_mnist() -> Path:
    """The folder in the user's cache with the four files, checked; missing or wrong files are downloaded first."""
    import pooch

    folder, smallest = _cache("mnist"), "t10k-labels-idx1-ubyte.gz"
    with _with_advice(folder, f"Put MNIST's four files into a folder and name it in LENET_DATA, or into {folder}."):
        if not all(is_file(folder / name) and pooch.file_hash(folder / name) == sha for name, sha in MNIST_FILES.items()):
            folder.mkdir(parents=True, exist_ok=True)
            download.clear_abandoned(folder)
            mirrors = download.answering_mirrors(MIRRORS, lambda mirror: download.retrieve(
                mirror, smallest, MNIST_FILES[smallest], folder, timeout=download.OFFLINE_AFTER))
            for name, sha in MNIST_FILES.items():
                download.fetch(mirrors, name, sha, folder)
    return folder


def _cached_cifar10() -> Path:
    """The folder in the user's cache with the six files, each of the right size; if one is not, all are downloaded first."""
    import pooch

    folder = _cache("cifar10")
    with _with_advice(folder, f"{UNPACK} in the folder that LENET_DATA names, or in another one and give that to load_cifar10."):
        if not _is_complete_cifar10(folder):
            folder.mkdir(parents=True, exist_ok=True)
            download.clear_abandoned(folder)
            mirrors = download.answering_mirrors(CIFAR10_MIRRORS, lambda mirror: download.ask_for_a_byte(mirror + CIFAR10_ARCHIVE))
            with tempfile.TemporaryDirectory(dir=folder) as passing:          # files in the cache are always complete
                archive = download.fetch(mirrors, CIFAR10_ARCHIVE, CIFAR10_SHA, passing)
                with suppress(tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error):      # the next lines check the files
                    pooch.Untar(extract_dir=".")(archive, "download", None)
                unpacked = Path(passing, "cifar-10-batches-bin")
                if not _is_complete_cifar10(unpacked):
                    raise DataError(f"{CIFAR10_ARCHIVE} came with the right checksum, "
                                    "but the six files cannot be unpacked from it.")
                for name in CIFAR10_FILES:
                    os.replace(unpacked / name, folder / name)
    return folder


def _is_complete_cifar10(folder: Path) -> bool:
    files = [folder / name for name in CIFAR10_FILES]
    return all(is_file(file) and file.stat().st_size == CIFAR10_IMAGES * RECORD for file in files)


def _cache(name: str) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    return Path(pooch.os_cache("lenet-workbook")) / name


@contextmanager
def _with_advice(folder: Path, advice: str) -> Iterator[None]:
    """An error of the cache or the download becomes a DataError that ends with the advice."""
    try:
        yield
    except (DataError, download.NotDownloaded) as error:
        raise DataError(f"{error} {advice}") from None
    except OSError as error:
        raise DataError(f"the cache cannot be used: {error.filename or folder} ({error.strerror or error}). {advice}") from None
