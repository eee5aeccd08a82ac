"""The images: MNIST in its usual file formats, CIFAR-10, and small handwritten digits that need no download.

`load_mnist` and `load_cifar10` look into the folder they are given, else into the folder named in the environment variable
LENET_DATA, else into the user's cache. If the cache has no data, they download them. `load_cifar10` does the same where LENET_DATA
has no CIFAR-10. Without a network `load_mnist` takes the 1,797 handwritten digits that come with scikit-learn, enlarged from 8x8
to 28x28 pixels; CIFAR-10 has no substitute. `Dataset.name` and `str(dataset)` say which images they are.

From the original files every process makes its own copy of the images. Training images stay the bytes that they are in the files,
47 MB for MNIST, and an index into `train_x` gives floats. `write_shared` writes floats to a folder from which they are mapped into
memory. All processes of a machine then share one copy, and only the parts in use are read.

`forms` is the table of what is read, `refused` of what is not. `formats` and `tables` turn files into arrays, `arrays` says which
array is which, `identity` which data set it is, and `download` gets files over the network. No other module of the core uses
them. `DataError` says what is wrong with the data and what to do.
"""

import gzip
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from .._files import is_file, is_folder, mode
from .._images import Scaled, as_floats
from . import arrays, download, formats, forms, identity, refused
from .formats import RECORD, SHARED, SHARED_ARRAYS, DataError
from .forms import CIFAR10_CLASSES as CIFAR10_CLASSES, CIFAR10_TEST, CIFAR10_TRAIN

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
CIFAR10_FILES = [*CIFAR10_TRAIN, CIFAR10_TEST]
CIFAR10_IMAGES = 10_000       # in each of the six files, when they are complete
SHARED_FILES = [f"{name}.npy" for name in SHARED_ARRAYS]
MOST_TOLD = 3                 # things that are found and not read: a message names so many
UNPACK = f"Unpack {CIFAR10_ARCHIVE} (from www.cs.toronto.edu/~kriz/cifar.html)"


@dataclass(frozen=True)
class Dataset:
    """Images and labels: x (N, C, H, W) float32 between 0 and 1, y (N,) whole numbers, each an index of `classes`.

    The training images may be `Scaled`: bytes in memory, used as an array of float32.
    C is 1 for handwriting (0 is paper, 1 is ink) and 3 for photographs (red, green, blue). `classes` are the names of the
    classes. `name` says what the images are, `source` where they came from and why. `str(dataset)` is both in one line.
    """

    name: str
    train_x: np.ndarray | Scaled
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
        images = Scaled(self.train_x.bytes[chosen]) if isinstance(self.train_x, Scaled) else self.train_x[chosen]
        return replace(self, name=f"{self.name}, {n:,} training images", train_x=images, train_y=self.train_y[chosen])

    def __str__(self) -> str:
        return (f"{self.name}: {len(self.train_x):,} training and {len(self.test_x):,} test images"
                + (f" ({self.source})" if self.source else ""))

    __repr__ = __str__


def load_mnist(folder: str | Path | None = None) -> Dataset:
    """MNIST as a `Dataset`: 60,000 training and 10,000 test images; without any MNIST, scikit-learn's small digits.

    `folder` is a folder or a file. What is read, in the folder itself or in folders below it, is in the table `forms.MNIST`. The
    name is "MNIST" only where the content is MNIST; Fashion-MNIST and others have their own names and classes. A `~`, quotes and
    a relative path are understood, as in LENET_DATA. Raises DataError when `folder`, or the folder named in LENET_DATA, has no
    usable images; the message names what was found there.
    """
    if folder is not None:
        place = understood(folder)
        return _mnist_in(place, f"from {place}")
    if named := named_folder():
        return _mnist_in(named, "from the folder in LENET_DATA")
    try:
        return _mnist_in(_cached_mnist(), "from the cache, checksums right")
    except DataError as error:
        return digits(f"not MNIST: {error}")


def load_cifar10(folder: str | Path | None = None) -> Dataset:
    """CIFAR-10 as a `Dataset`: 50,000 training and 10,000 test photographs (N, 3, 32, 32) of ten kinds of things.

    `folder` is a folder or a file. What is read, in the folder itself or in folders below it, is in the table `forms.CIFAR10`. Of
    the binary version one or more of the files with training images will do; without all images the name is "CIFAR-10 (part)".
    The download is 170 MB. Raises DataError when `folder` has no usable CIFAR-10, when the folder named in LENET_DATA has a
    damaged one, and when CIFAR-10 is nowhere. A LENET_DATA without CIFAR-10 is no error: it may have MNIST alone.
    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009.
    """
    if folder is not None:
        place = understood(folder)
        if found := _cifar10_in(place):
            return _as_cifar10(found, f"from {place}")
        raise DataError(_lacking(place, "CIFAR-10", refused.as_cifar10, f"{UNPACK} there, or name another folder."))
    named = named_folder()
    if named and (found := _cifar10_in(named)):
        return _as_cifar10(found, "from the folder in LENET_DATA")
    try:
        found = _cifar10_in(_cached_cifar10())
    except DataError as error:
        looked = ([f"{named} (named in LENET_DATA)"] if named else []) + [str(_cache("cifar10"))]
        raise DataError(f"CIFAR-10 was looked for in {' and in '.join(looked)}, and {error}") from None
    assert found is not None, "_cached_cifar10 gives a folder that is complete"
    return _as_cifar10(found, "from the cache")


def find_cifar10(folder: str | Path | None = None) -> Path | None:
    """The folder that `load_cifar10(folder)` would read without a download; None where there is none.

    Raises DataError where there is only the packed archive, so that it is not downloaded a second time, and where a folder cannot
    be read.
    """
    if folder is not None:
        found = _cifar10_in(understood(folder))
        return found.place if found else None
    if (named := named_folder()) and (found := _cifar10_in(named)):
        return found.place
    cache = _cache("cifar10")
    with _reading(cache):
        return cache if _is_complete_cifar10(cache) else None


def understood(folder: str | Path) -> Path:
    """The absolute path that somebody means who writes a path as in a shell: with quotes around it, with ~ or $HOME, or relative.

    A path that is there is taken as it is written.
    """
    if os.path.lexists(folder):
        return Path(os.path.abspath(folder))
    text = str(folder).strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return Path(os.path.abspath(os.path.expanduser(os.path.expandvars(text))))


def named_folder() -> Path | None:
    """The folder named in the environment variable LENET_DATA, or None where it is not set or empty."""
    named = os.environ.get("LENET_DATA", "").strip(" \"'")
    return understood(os.environ["LENET_DATA"]) if named else None


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
    """The images of MNIST's shape in a folder or below it, in the first form that is found; or in the file `folder`."""
    with _reading(folder):
        for contents in _looked_into(folder, "mnist"):
            if "mnist.json" in contents.files and {*SHARED_FILES} & contents.files.keys():
                return _from_shared(contents.place, "mnist", source)
            for find in forms.MNIST.values():
                if read := find(contents):
                    return _as_mnist(_read(read, contents), source, folder.parent)
        usual = (f"Put the four files ({', '.join(MNIST_FILES)}) or another form of MNIST there (docs/teaching.md lists them), "
                 "or name another folder.")
        raise DataError(_lacking(folder, "MNIST", refused.as_mnist, usual))


def _read(read: Callable[[], Any], contents: forms.Contents) -> Any:
    """What a reader gives. Where it fails and a file is of another kind than its name says, DataError says that instead."""
    try:
        return read()
    except DataError:
        for path in contents.files.values():
            if sentence := refused.another_kind(path):
                raise DataError(sentence.format(path=path)) from None
        raise


def _looked_into(folder: Path, first: str) -> Iterator[forms.Contents]:
    """The file and those that belong to it, or the folder and the folders below it."""
    if is_file(folder):
        yield forms.with_its_like(folder)
    elif is_folder(folder):
        yield from forms.places(folder, first)


def _lacking(folder: Path, what: str, refusals: Callable[[forms.Contents, bool], Iterator[str]], usual: str) -> str:
    """The sentences that say that a place has no such data, and what it has instead; without that, what to do as a rule."""
    if not mode(folder):
        return f"{folder} holds no {what}: there is no such folder or file. {usual}"
    told = [sentence for contents in _looked_into(folder, what.lower())
            for sentence in refusals(contents, contents.place == folder)]
    if told:
        return " ".join([f"{folder} holds no {what} that is read.", *list(dict.fromkeys(told))[:MOST_TOLD]])
    return f"{folder} holds no {what}{': it is no file of a kind that is read' if is_file(folder) else ''}. {usual}"


def _as_mnist(found: forms.Found, source: str, above: Path) -> Dataset:
    """A `Dataset` of what a form gave, under the name that its content has; names of folders below `above` may speak of a set."""
    images = [arrays.as_grey(found.arrays[part], found.names[part]) for part in (0, 2)]
    labels = [arrays.as_labels(found.arrays[part + 1], len(x), found.names[part + 1], found.names[part])
              for part, x in zip((0, 2), images)]
    images, known, note = _known_as(images, labels, found, found.names[0].replace(f"{above}{os.sep}", ""))
    train_x, test_x = (x[:, None] for x in images)
    kept = Scaled(np.ascontiguousarray(train_x)) if train_x.dtype == np.uint8 else as_floats(train_x)
    about = "; ".join(text for text in (source, found.note, note) if text)
    return Dataset(known.name, kept, labels[0], as_floats(test_x), labels[1], about, known.classes)


def _known_as(images: list[np.ndarray], labels: list[np.ndarray], found: forms.Found,
              said: str) -> tuple[list[np.ndarray], identity.Known, str]:
    """(images, set, note): the images of the two parts as they should be, which set they are, and what was done to see that."""
    for note, undo in arrays.READINGS.items():
        read = [undone for x in images if (undone := undo(x)) is not None]
        if len(read) == len(images) and (name := identity.mnist_name(*map(identity.checksum, read, labels))):
            return read, identity.Known(name), note
    if not found.upright:
        images = [x.transpose(0, 2, 1) for x in images]
    if all(x.dtype == np.uint8 for x in images):
        four = [images[0], labels[0], images[1], labels[1]]
        if known := identity.other_set(four, found.packed) or identity.kaggles(np.concatenate(labels)):
            return images, known, ""
    if known := identity.said_by(said):
        return images, known._replace(name=f"{known.name} (by its file names)"), ""
    return images, identity.Known(f"unknown images ({found.label})"), "by their checksums not MNIST"


# ------------------------------------------------------------------------------------------------- CIFAR-10 in a folder


class _Place(NamedTuple):
    """Where CIFAR-10 is, and how it is read; `read` is None for the files of `write_shared`."""

    place: Path
    read: Callable[[], forms.Photographs] | None


def _cifar10_in(folder: Path) -> _Place | None:
    """CIFAR-10 in a folder or below it, in the first form that is found; None where there is none."""
    packed = ""
    with _reading(folder):
        for contents in _looked_into(folder, "cifar"):
            if "cifar10.json" in contents.files and {*SHARED_FILES} & contents.files.keys():
                return _Place(contents.place, None)
            for find in forms.CIFAR10.values():
                if read := find(contents):
                    return _Place(contents.place, read)
            packed = packed or refused.packed_cifar10(contents)
    if packed:
        raise DataError(packed)
    return None


def _as_cifar10(found: _Place, source: str) -> Dataset:
    with _reading(found.place):
        if found.read is None:
            return _from_shared(found.place, "cifar10", source)
        train_x, train_y, test_x, test_y, classes = _read(found.read, forms.contents_of(found.place))
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
