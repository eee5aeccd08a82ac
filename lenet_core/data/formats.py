"""Files to arrays: the formats that MNIST and CIFAR-10 are handed around in, and the one that processes share.

Whatever is wrong with a file comes out as `DataError`: one sentence with the file, what is wrong with it, and what to do. What the
system has against reading it (OSError) is left to the caller. Nothing here executes what it reads, and nothing unpacks to much
more than the data sets are.
"""

import gzip
import io
import json
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .._files import mode

LARGEST = 2 ** 28             # bytes that a packed file may unpack to; the largest of MNIST has 47 MB
RECORD = 1 + 3 * 32 * 32      # bytes of CIFAR-10's: the label, then a plane of red, one of green, one of blue
MAT_BYTES, MAT_MATRIX, MAT_PACKED, MAT_OF_BYTES = 2, 14, 15, 9       # kinds of elements in a MATLAB file, and the class of a matrix

# A folder of arrays to map: which data set they are is told by mnist.json or cifar10.json, beside train_x.npy .. test_y.npy.
SHARED = {"mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
SHARED_ARRAYS = ("train_x", "train_y", "test_x", "test_y")
SHARED_AGAIN = "The whole folder must be written again."


class DataError(ValueError):
    """Data cannot be used; the message says which file, what is wrong with it, and what to do."""


# ---------------------------------------------------------------------------------------------------------------- MNIST


def read_idx(path, dimensions):
    """The uint8 array in an IDX file, gzipped or not: a big-endian header (magic number, sizes), then one byte per number.

    `dimensions` is what the array must have: 3 for images (N, H, W), 1 for labels (N,). Source: Y. LeCun's page of MNIST.
    """
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


def read_mnist_npz(path):
    """Training images, training labels, test images, test labels of Keras' mnist.npz, as they are in it."""
    with _damage_told(path):
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):           # of which NumPy would say that it may be pickled
                raise DataError(f"{path} is damaged or of another kind (it is no .npz, or only a part of one). Download it again.")
        with np.load(path, allow_pickle=False) as file:
            if max((member.file_size for member in file.zip.infolist()), default=0) > LARGEST:
                raise DataError(f"{path} unpacks to far more than MNIST. Download it again.")
            return [file[key] for key in _present(file, ["x_train", "y_train", "x_test", "y_test"], path)]


def read_mnist_mat(path):
    """The same four of the homework's mnist_all.mat, which has a matrix for each digit, train0 .. test9, with one image a row.

    Images come as (N, 28, 28), in an order that is the same every time.
    """
    with _damage_told(path):
        mat = _read_mat(path)
        _present(mat, [f"{part}{digit}" for part in ("train", "test") for digit in range(10)], path)
        arrays, rng = [], np.random.default_rng(0)
        for part in ("train", "test"):
            rows = [mat[f"{part}{digit}"] for digit in range(10)]
            order = rng.permutation(sum(map(len, rows)))              # the file is sorted by digit; MNIST itself is mixed
            arrays += [np.concatenate(rows).reshape(-1, 28, 28)[order], np.repeat(np.arange(10), list(map(len, rows)))[order]]
        return arrays


@contextmanager
def _damage_told(path):
    """The readers of both formats raise whatever a damaged file happens to lead them into; here that becomes a sentence."""
    try:
        yield
    except (OSError, DataError):
        raise
    except Exception as error:
        raise DataError(f"{path} is damaged or of another kind ({type(error).__name__}: {error}). Download it again.") from None


def _present(file, keys, path):
    """The keys, all of which the file must have."""
    missing = [key for key in keys if key not in file]
    if missing:
        raise DataError(f"{path} has no entry {missing[0]}. It should be Keras' mnist.npz or the homework's mnist_all.mat.")
    return keys


def _read_mat(path):
    """{name: array} of the matrices of bytes in a MATLAB file of version 5; whatever else is in it is passed over.

    With some damaged files SciPy's reader ends the whole process (a segmentation fault). Source: "MAT-File Format", MathWorks.
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
    """(kind, content) of one element after the other. Raises ValueError where one is cut off."""
    at = 0
    while at + 8 <= len(raw):
        kind, size = struct.unpack_from(order + "II", raw, at)
        begin = at + 8
        if kind >> 16:                                       # a short one: the upper half is its size, its content follows at once
            kind, size, begin = kind & 0xffff, kind >> 16, at + 4
        if begin + size > len(raw):
            raise ValueError(f"an element of {size:,} bytes, and only {len(raw) - begin:,} are left")
        yield kind, raw[begin:begin + size]
        at = begin + size + (0 if kind == MAT_PACKED else -(begin + size) % 8)


# ------------------------------------------------------------------------------------------------------------- CIFAR-10


def read_cifar10(paths):
    """x (N, 3, 32, 32) float32 between 0 and 1 and y (N,) int64 of the records of CIFAR-10 in some files, one file after the other.

    Beside x, which is large, there is never more in memory than the bytes of one file.
    """
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


def read_class_names(path):
    """The names of the classes in CIFAR-10's batches.meta.txt, a line each."""
    names = tuple(_read_file(path).decode(errors="replace").split())
    if len(names) != 10:
        raise DataError(f"{path} has {len(names)} words, where the names of ten classes should be, one a line. "
                        "Remove it: the names are known without it.")
    return names


def _read_file(path):
    """The bytes of one of CIFAR-10's files. Raises DataError for what is often found under its name instead."""
    if (found := mode(path)) and not stat.S_ISREG(found):     # a pipe would be waited for
        kind = "a folder" if stat.S_ISDIR(found) else "no file"
        raise DataError(f"{path} is {kind}, where a file should be. Put the file there that has this name.")
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


# ------------------------------------------------------------------------------------------- one copy for all processes


def write_shared_arrays(folder, kind, about, arrays):
    """Write the four `arrays`, {"train_x": array, ...}, and what they are about, into a new folder, wholly or not at all.

    `kind` is a key of SHARED, `about` plain data with "name" and "classes". Raises DataError when the folder is there already or
    cannot be written.
    """
    try:
        if mode(folder):
            raise DataError(f"{folder} is there already. Remove it, or name another folder.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as passing:
            whole = Path(passing, folder.name)
            whole.mkdir()                                    # and not `passing` itself, which nobody else may read
            for name in SHARED_ARRAYS:
                with open(whole / f"{name}.npy", "wb") as file:
                    np.save(file, np.ascontiguousarray(arrays[name]), allow_pickle=False)
                    file.flush()
                    os.fsync(file.fileno())
            (whole / f"{kind}.json").write_text(json.dumps(about), encoding="utf-8")
            os.rename(whole, folder)
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be written ({error.strerror or error}). "
                        "Name a folder that you may write to, on a disk with room.") from None


def read_shared_arrays(folder, kind):
    """(name, classes, {"train_x": array, ...}) of such a folder, the arrays mapped.

    Labels are checked; pixels are not, which would bring all of them into memory.
    """
    path = folder / f"{kind}.json"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        name, classes = about["name"], tuple(about["classes"])
        if not all(isinstance(text, str) for text in (name, *classes)):
            raise TypeError("name and classes must be words")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} does not say what the images are ({type(error).__name__}: {error}). {SHARED_AGAIN}") from None
    arrays = {}
    for array in SHARED_ARRAYS:
        arrays[array] = _mapped(folder / f"{array}.npy", *((SHARED[kind], np.float32) if array.endswith("x") else ((), np.int64)))
    for part in ("train", "test"):
        x, y = arrays[f"{part}_x"], arrays[f"{part}_y"]
        if len(x) != len(y):
            raise DataError(f"{folder / part}_y.npy has {len(y):,} labels for {len(x):,} images in {part}_x.npy. {SHARED_AGAIN}")
        if y.min() < 0 or y.max() >= len(classes):
            raise DataError(f"{folder / part}_y.npy holds labels outside 0 to {len(classes) - 1} ({y.min()} to {y.max()}). "
                            f"{SHARED_AGAIN}")
    return name, classes, arrays


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
