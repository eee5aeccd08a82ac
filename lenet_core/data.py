"""Where the images come from: MNIST in the formats it is handed around in, and real digits that need no download.

`load_mnist` looks, in this order, into the folder it is given, the folder named in the environment variable LENET_DATA,
and the user's cache; then it tries to download MNIST; without a network it takes the 1,797 handwritten digits that come
with scikit-learn, brought from 8x8 to 28x28 pixels. Which it was stands in `Dataset.name` and in `str(dataset)`, so that
nobody takes the one for the other.

This is the only module of the core that reads data from a disk or a network, and `DataError` is how it says, in one
sentence, what is wrong with a file and what to do.
"""

import gzip
import os
import queue
import struct
import threading
import time
import zlib
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
OFFLINE_AFTER = 4.5           # seconds without a first small file: then there is no network
STALLED_AFTER = 30            # seconds without a further byte, once a mirror has answered


class DataError(ValueError):
    """Data cannot be used; the message says which file, what is wrong with it, and what to do."""


@dataclass(frozen=True)
class Dataset:
    """Images and labels: x (N, 1, 28, 28) float32 between 0 (paper) and 1 (ink), y (N,) whole numbers 0 .. 9.

    `name` says what they are, `source` where they came from and why. `str(dataset)` is both in one line.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    source: str = ""

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

    `folder` holds the four IDX files (gzipped or not), or `mnist.npz` (Keras), or `mnist_all.mat` (the homework), itself
    or in a subfolder `mnist`; it may also be the .npz or .mat file. Raises DataError when `folder`, or the folder named in
    LENET_DATA, has no usable MNIST: a place that somebody named is not passed over in silence.
    """
    if folder is not None:
        return _from_folder(Path(folder), f"from {folder}")
    if named := os.environ.get("LENET_DATA"):
        return _from_folder(Path(named), "from the folder in LENET_DATA")
    try:
        return _from_folder(_download(), "downloaded, checksums right")
    except DataError as error:
        return digits(f"not MNIST: {error}")


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


# ---------------------------------------------------------------------------------------------------- folders and files


def _from_folder(folder, source):
    try:
        if folder.is_file():
            return _from_file(folder, source)
        for place in (folder, folder / "mnist"):
            if not place.is_dir():
                continue
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
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be read ({error.strerror or error}). "
                        "Check that it is there and that you may read it.") from None
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
            raw = gzip.decompress(raw)
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
            with np.load(path, allow_pickle=False) as file:
                return _dataset([file[key] for key in _have(file, ["x_train", "y_train", "x_test", "y_test"], path)], names, source)
        if path.suffix == ".mat":
            from scipy.io import loadmat

            mat = loadmat(path)
            _have(mat, [f"{part}{digit}" for part in ("train", "test") for digit in range(10)], path)
            arrays, rng = [], np.random.default_rng(0)
            for part in ("train", "test"):
                rows = [np.asarray(mat[f"{part}{digit}"]) for digit in range(10)]
                order = rng.permutation(sum(map(len, rows)))      # the file is sorted by digit; MNIST itself is mixed
                arrays += [np.concatenate(rows).reshape(-1, 28, 28)[order], np.repeat(np.arange(10), list(map(len, rows)))[order]]
            return _dataset(arrays, names, source)
    except (OSError, DataError):
        raise
    except Exception as error:          # the readers of both formats raise whatever a damaged file happens to lead them into
        raise DataError(f"{path} is damaged or of another kind ({type(error).__name__}: {error}). Download it again.") from None
    raise DataError(f"{path} is neither a folder nor a .npz or .mat file. Name the folder with MNIST in it.")


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
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 9:
            raise DataError(f"{label_name} holds labels outside 0 to 9 ({labels.min()} to {labels.max()}). Download it again.")
        x = images[:, None].astype(np.float32)
        x /= 255
        out += [x, labels.astype(np.int64)]
    return Dataset("MNIST", *out, source)


# ------------------------------------------------------------------------------------------------------------- download


def _download():
    """The folder in the user's cache with the four files, checked; those that are missing or wrong are fetched first."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    folder = Path(pooch.os_cache("lenet-workbook")) / "mnist"
    advice = f"Put MNIST's four files into a folder and name it in LENET_DATA, or into {folder}."
    try:
        if all((folder / name).is_file() and pooch.file_hash(folder / name) == sha for name, sha in MNIST_FILES.items()):
            return folder
        folder.mkdir(parents=True, exist_ok=True)
        mirrors = _answering_mirrors(folder, advice)
        for name in MNIST_FILES:
            _fetch(name, folder, mirrors, advice)
    except OSError as error:
        raise DataError(f"the cache cannot be used: {error.filename or folder} ({error.strerror or error}). {advice}") from None
    return folder


def _answering_mirrors(folder, advice):
    """The mirrors, the first to deliver the smallest file in front. Raises DataError if none does so in time.

    On threads of their own, because a name server that does not answer holds up a connection longer than any timeout.
    """
    answers = queue.Queue()
    smallest = "t10k-labels-idx1-ubyte.gz"

    def ask(mirror):
        problem = None
        try:
            _retrieve(mirror, smallest, folder, timeout=OFFLINE_AFTER)
        except Exception as error:                # handed over to the waiting thread, which reports it
            problem = error
        answers.put((mirror, problem))

    for mirror in MIRRORS:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    problems, deadline = [], time.monotonic() + OFFLINE_AFTER
    while len(problems) < len(MIRRORS):
        try:
            mirror, error = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            problems.append(f"no answer within {OFFLINE_AFTER:g} seconds")
            break
        if error is None:
            return [mirror, *(other for other in MIRRORS if other != mirror)]
        problems.append(_reason(error))
    raise DataError(f"it could not be downloaded ({'; '.join(dict.fromkeys(problems))}). {advice}")


def _fetch(name, folder, mirrors, advice):
    problems = []
    for mirror in mirrors:
        try:
            return _retrieve(mirror, name, folder, timeout=STALLED_AFTER)
        except (OSError, ValueError) as error:
            problems.append(_reason(error))
    raise DataError(f"{name} could not be downloaded ({'; '.join(problems)}). {advice}")


def _reason(error):
    """A few words for what a download raised; requests' own exceptions are OSErrors too, with pages of detail."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"a mirror answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "a mirror stopped answering"
    if isinstance(error, requests.RequestException):
        return "no connection"
    if isinstance(error, OSError):
        return f"the cache cannot be written: {error.strerror}"
    return "what came was cut off or has a wrong checksum"


def _retrieve(mirror, name, folder, timeout):
    """One file from one mirror; pooch writes it under its name only when it has arrived whole with the right checksum."""
    import pooch

    return pooch.retrieve(mirror + name, known_hash="sha256:" + MNIST_FILES[name], fname=name, path=folder,
                          downloader=pooch.HTTPDownloader(timeout=timeout))
