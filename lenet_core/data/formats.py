"""From files to arrays: the file formats of MNIST and CIFAR-10, and a folder of arrays that processes share.

For every damaged or wrong file the readers raise `DataError`: the file, what is wrong with it, and what to do. An OSError of the
system is left to the caller. No reader executes code from a file, and none unpacks to much more than the size of the data sets.
"""

import gzip
import io
import json
import os
import pickletools
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .._files import mode

LARGEST = 2 ** 29             # bytes that a packed file may unpack to; all of MNIST has 55 MB, and 439 MB as float64
RECORD = 1 + 3 * 32 * 32      # bytes of an image in CIFAR-10: the label, then all red, all green, all blue values
GZIP = b"\x1f\x8b"             # how a gzipped file begins
PACKED_TWICE = 2              # a browser or a server may pack a gzipped file once more
QMNIST_LABELS = 0x0C02        # how an IDX file begins that has two dimensions of int32
PYTHON_KEYS = (b"labels", b"fine_labels", b"coarse_labels", b"data", b"batch_label", b"filenames")
# Of a MATLAB file: kinds of elements; the types of numbers, as NumPy calls them; the classes of matrices of real numbers.
MAT_MATRIX, MAT_PACKED = 14, 15
MAT_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
MAT_CLASSES = range(6, 16)

# A shared folder has the arrays train_x.npy .. test_y.npy, and mnist.json or cifar10.json, which says what they are.
SHARED = {"mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
SHARED_ARRAYS = ("train_x", "train_y", "test_x", "test_y")
SHARED_AGAIN = "The whole folder must be written again."


class DataError(ValueError):
    """Data cannot be used; the message says which file, what is wrong with it, and what to do."""


# ---------------------------------------------------------------------------------------------------------------- MNIST


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The array in an IDX file, gzipped or not: a big-endian header (magic number, sizes), then the numbers.

    `dimensions` is what the array must have: 3 for images (N, H, W), 1 for labels (N,); QMNIST's labels are (N, 8) of int32, all
    others are uint8. Source: Y. LeCun's page of MNIST; the magic number's third byte is the type, its fourth the dimensions.
    """
    raw = path.read_bytes()
    for _ in range(PACKED_TWICE):
        if raw[:2] == GZIP:
            raw = unpacked(raw, path)
    kind: np.dtype = np.dtype(np.uint8)
    header, expected = 4 * (1 + dimensions), 2048 + dimensions
    magic = int.from_bytes(raw[:4], "big")
    if dimensions == 1 and magic == QMNIST_LABELS:
        header, kind, expected, dimensions = 12, np.dtype(">i4"), QMNIST_LABELS, 2
    if len(raw) < header:
        raise DataError(f"{path} has only {len(raw)} bytes, less than an IDX header. Download it again.")
    if magic != expected:
        raise DataError(f"{path} begins with the number {magic}, not with {expected}: it is not MNIST's file of "
                        f"{'images' if dimensions == 3 else 'labels'}. Check that it has its right name, or download it again.")
    sizes = struct.unpack(f">{dimensions}I", raw[4:header])
    wanted = int(np.prod(sizes, dtype=object)) * kind.itemsize
    if len(raw) - header != wanted:
        raise DataError(f"{path} should hold {wanted:,} bytes after its header and holds {len(raw) - header:,}. "
                        "Download it again.")
    return np.frombuffer(raw, kind, offset=header).reshape(sizes)


def unpacked(raw: bytes, path: Path) -> bytes:
    """The content of a gzipped file, or its first LARGEST bytes. Raises DataError where it is damaged."""
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(raw)).read(LARGEST)        # if there is more, its size is wrong for the readers
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} is damaged or was cut off ({error}). Download it again.") from None


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of a .npz file, such as Keras' mnist.npz. Nothing in it is unpickled."""
    with explaining_damage(path):
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):           # NumPy's message would only say that it may be pickled
                raise DataError(f"{path} is damaged or of another kind (it is no .npz, or only a part of one). Download it again.")
        with np.load(path, allow_pickle=False) as file:
            if max((member.file_size for member in file.zip.infolist()), default=0) > LARGEST:
                raise DataError(f"{path} unpacks to far more than MNIST. Download it again.")
            return {name: array for name in file.files if isinstance(array := file[name], np.ndarray)}


def shapes_in_npz(path: Path) -> dict[str, tuple[int, ...]]:
    """{name: shape} of a .npz file without reading its arrays; {} where it is damaged or something else."""
    shapes = {}
    with suppress(ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, KeyError), \
            zipfile.ZipFile(path) as file:
        for name in file.namelist():
            with file.open(name) as entry:
                version = np.lib.format.read_magic(entry)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shapes[name.removesuffix(".npy")] = read(entry)[0]
    return shapes


def read_npy(path: Path) -> np.ndarray:
    """The array in a .npy file. Nothing in it is unpickled."""
    with explaining_damage(path):
        array = np.load(path, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path} is no .npy file. Write it with numpy.save.")
        return array


@contextmanager
def explaining_damage(path: Path) -> Iterator[None]:
    """The readers of a format may raise any exception for a damaged file; it becomes a DataError."""
    try:
        yield
    except (OSError, DataError):
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            raise DataError(f"{path} holds Python objects or is of another kind: that would have to be unpickled, which can run a "
                            "program, so it is not read. Write arrays of numbers, as with y.astype(int).") from None
        raise DataError(f"{path} is damaged or of another kind ({type(error).__name__}: {error}). Download it again.") from None


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of the matrices of real numbers in a MATLAB file of version 5; its other elements are ignored.

    SciPy's reader is not used: some damaged files end its process. Source: "MAT-File Format", MathWorks.
    """
    with explaining_damage(path):
        raw = path.read_bytes()
        if raw.startswith(b"MATLAB 7.3"):
            raise DataError(f"{path} is a MATLAB file of version 7.3, and no MATLAB file of version 5. Save it in MATLAB again: "
                            "save(file, '-v7').")
        arrays: dict[str, np.ndarray] = {}
        order = {b"\0\1IM": "<", b"\1\0MI": ">"}.get(raw[124:128])         # the version; its bytes show the byte order
        if order is None:
            raise DataError(f"{path} is damaged or of another kind (it is no MATLAB file of version 5). Download it again.")
        for kind, content in _mat_elements(raw[128:], order):
            if kind == MAT_PACKED:
                kind, content = next(_mat_elements(zlib.decompressobj().decompress(content, LARGEST), order), (0, b""))
            if kind == MAT_MATRIX:
                arrays |= _mat_matrix(content, order)
        return arrays


def _mat_matrix(content: bytes, order: str) -> dict[str, np.ndarray]:
    """{name: array} of one matrix of real numbers, {} for text, cells and whatever else it may be.

    The class of the matrix is what it was in MATLAB; the numbers may be written in a smaller type, which is that of the array here.
    """
    elements = [*_mat_elements(content, order), *[(0, b"")] * 4]              # at least four
    (_, flags), (_, sizes), (_, name), (numbers, values) = elements[:4]
    if not flags or struct.unpack_from(order + "I", flags)[0] & 255 not in MAT_CLASSES or numbers not in MAT_NUMBERS:
        return {}
    shape = struct.unpack(f"{order}{len(sizes) // 4}I", sizes)
    array = np.frombuffer(values, order + MAT_NUMBERS[numbers])
    return {name.decode("latin-1"): array.reshape(shape, order="F")}


def _mat_elements(raw: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of one element after the other. Raises ValueError where one is cut off."""
    at = 0
    while at + 8 <= len(raw):
        kind, size = struct.unpack_from(order + "II", raw, at)
        begin = at + 8
        if kind >> 16:                                       # a short one: the upper half is its size, its content follows
            kind, size, begin = kind & 0xffff, kind >> 16, at + 4
        if begin + size > len(raw):
            raise ValueError(f"an element of {size:,} bytes, and only {len(raw) - begin:,} are left")
        yield kind, raw[begin:begin + size]
        at = begin + size + (0 if kind == MAT_PACKED else -(begin + size) % 8)


# ------------------------------------------------------------------------------------------------------------- CIFAR-10


def read_cifar10(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """x (N, 3, 32, 32) float32 between 0 and 1 and y (N,) int64 of the records in some files of CIFAR-10, in the files' order.

    One file is read at a time, so memory holds x, which is large, and the bytes of one file.
    """
    ends = np.cumsum([path.stat().st_size // RECORD for path in paths])
    x, y = np.empty((ends[-1], 3, 32, 32), np.float32), np.empty(ends[-1], np.int64)
    for path, end in zip(paths, ends):
        raw = _read_file(path)
        if len(raw) % RECORD:
            raise DataError(f"{path} has {len(raw):,} bytes, which is no whole number of records of {RECORD:,} bytes. "
                            "Remove it and download it again.")
        if _is_cifar100(raw):
            raise DataError(f"{path} holds the images of CIFAR-100, which has two labels before each image, and not of CIFAR-10. "
                            "Put CIFAR-10's file of this name there.")
        records = np.frombuffer(raw, np.uint8).reshape(-1, RECORD)
        labels, pixels = records[:, 0], records[:, 1:].reshape(-1, 3, 32, 32)
        if labels.max() > 9:
            at = np.argmax(labels > 9)
            raise DataError(f"{path} is damaged: image {at:,} has the label {labels[at]}, where 0 to 9 should be. "
                            "Remove it and download it again.")
        here = slice(end - len(records), end)
        y[here] = labels
        np.divide(pixels, np.float32(255), out=x[here])           # a plain 255 would compute in float64
    return x, y


def _is_cifar100(raw: bytes) -> bool:
    """Are these records of CIFAR-100: a coarse label to 19, a fine one to 99, the pixels? Of 3,073 images the length fits both."""
    if len(raw) % (RECORD + 1):
        return False
    coarse, fine = np.frombuffer(raw, np.uint8).reshape(-1, RECORD + 1)[:, :2].T
    if coarse.max() > 19 or fine.max() > 99:
        return False
    first = np.frombuffer(raw, np.uint8)[::RECORD]
    return first.max() > 9 or len(np.unique(fine)) > 10              # dark images may be read as labels from 0 to 9


def read_python_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 3072) uint8 and labels (N,) of a batch in CIFAR-10's Python version.

    The file is a pickle, and nothing is unpickled: `pickletools` lists its instructions and carries none out. The pixels are the
    one long text of bytes in it, the labels the whole numbers that follow the key "labels".
    """
    pixels, labels, key, short = b"", [], b"", set()
    with explaining_damage(path):
        for instruction, argument, _ in pickletools.genops(_read_file(path, pickled=True)):
            if isinstance(argument, (str, bytes, bytearray)):
                text = argument.encode("latin-1", "replace") if isinstance(argument, str) else bytes(argument)
                if len(text) > len(pixels) and len(text) % (RECORD - 1) == 0:
                    pixels = text
                elif len(text) < 20:
                    short.add(text)
                    key = text if text in PYTHON_KEYS else key
            elif key == b"labels" and instruction.name.startswith(("BININT", "INT", "LONG1")):
                labels.append(argument)
    if b"fine_labels" in short:
        raise DataError(f"{path} holds the images of CIFAR-100, not of CIFAR-10. Put CIFAR-10's files there.")
    if not labels or len(pixels) != len(labels) * (RECORD - 1) or not short & {b"u1", b"|u1"}:
        raise DataError(f"{path} is a pickle, and not one of CIFAR-10's ({len(labels):,} labels, {len(pixels):,} bytes of pixels). "
                        "It is not unpickled, since that could run a program. Take CIFAR-10's own files.")
    return np.frombuffer(pixels, np.uint8).reshape(-1, RECORD - 1), np.array(labels)


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names of the classes in CIFAR-10's batches.meta.txt, a line each."""
    names = tuple(_read_file(path).decode(errors="replace").split())
    if len(names) != 10:
        raise DataError(f"{path} has {len(names)} words, where the names of ten classes should be, one a line. "
                        "Remove it: the package knows the names.")
    return names


def _read_file(path: Path, pickled: bool = False) -> bytes:
    """The bytes of one of CIFAR-10's files. Raises DataError for other kinds of files that often have its name."""
    if (found := mode(path)) and not stat.S_ISREG(found):    # to read a pipe would wait for ever
        kind = "a folder" if stat.S_ISDIR(found) else "no file"
        raise DataError(f"{path} is {kind}, where a file should be. Put CIFAR-10's file of this name there.")
    raw = path.read_bytes()
    if not raw:
        raise DataError(f"{path} is empty. Remove it and download it again.")
    for at, mark, kind in ((0, b"\x1f\x8b", "packed with gzip. Unpack it, and put what comes out in its place"),
                           (257, b"ustar", "a tar archive. Unpack it, and put what comes out in its place"),
                           (0, b"<", "a web page. Remove it and download the file again"),
                           (0, b"\x80", "pickled, for Python. Take the binary version instead")):
        if raw.startswith(mark, at) and not (pickled and mark == b"\x80"):
            raise DataError(f"{path} is {kind}.")
    return raw


# ------------------------------------------------------------------------------------------- one copy for all processes


def write_shared_arrays(folder: Path, kind: str, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write the four `arrays`, {"train_x": array, ...}, and their description into a new folder, completely or not at all.

    `kind` is a key of SHARED, `about` plain data with "name" and "classes". Raises DataError when the folder is there already or
    cannot be written.
    """
    try:
        if mode(folder):
            raise DataError(f"{folder} is there already. Remove it, or name another folder.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as passing:
            whole = Path(passing, folder.name)
            whole.mkdir()                                    # not `passing` itself, which only its owner may read
            for name in SHARED_ARRAYS:
                with open(whole / f"{name}.npy", "wb") as file:
                    np.save(file, np.ascontiguousarray(arrays[name]), allow_pickle=False)
                    file.flush()
                    os.fsync(file.fileno())
            (whole / f"{kind}.json").write_text(json.dumps(about), encoding="utf-8")
            os.rename(whole, folder)
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be written ({error.strerror or error}). "
                        "Name a folder that you may write to, and that has free space.") from None


def read_shared_arrays(folder: Path, kind: str) -> tuple[str, tuple[str, ...], dict[str, np.ndarray]]:
    """(name, classes, {"train_x": array, ...}) of such a folder; the arrays are mapped into memory, not read.

    Labels are checked. Pixels are not: that would read all of them.
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
        shape, dtype = (SHARED[kind], np.dtype(np.float32)) if array.endswith("x") else ((), np.dtype(np.int64))
        arrays[array] = _mapped(folder / f"{array}.npy", shape, dtype)
    for part in ("train", "test"):
        x, y = arrays[f"{part}_x"], arrays[f"{part}_y"]
        if len(x) != len(y):
            raise DataError(f"{folder / part}_y.npy has {len(y):,} labels for {len(x):,} images in {part}_x.npy. {SHARED_AGAIN}")
        if y.min() < 0 or y.max() >= len(classes):
            raise DataError(f"{folder / part}_y.npy holds labels outside 0 to {len(classes) - 1} ({y.min()} to {y.max()}). "
                            f"{SHARED_AGAIN}")
    return name, classes, arrays


def _mapped(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array in a .npy file, mapped into memory: at least one element of `shape`, of type `dtype`.

    It is mapped copy-on-write: a process that changes a value changes its own copy of that memory page, not the file.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="c")    # refuses arrays that reach beyond the end of the file
    except FileNotFoundError:
        raise DataError(f"{path.parent} lacks {path.name}. {SHARED_AGAIN}") from None
    except OSError:
        raise
    except Exception as error:          # the reader may raise any exception for a damaged header
        raise DataError(f"{path} is damaged or was cut off ({type(error).__name__}: {error}). {SHARED_AGAIN}") from None
    if array.dtype != dtype or array.shape[1:] != shape or not array.ndim or not len(array) or not array.flags.c_contiguous:
        wanted = f"(N, {', '.join(map(str, shape))})" if shape else "(N,)"
        order = "" if array.flags.c_contiguous else " in Fortran order"
        raise DataError(f"{path}: an array {array.shape} of {array.dtype}{order}, where {wanted} of {dtype} should be. "
                        f"{SHARED_AGAIN}")
    if array.offset + array.nbytes != path.stat().st_size:
        raise DataError(f"{path} has bytes after its array. {SHARED_AGAIN}")
    return np.asarray(array)                                 # an ordinary array, so that no result is a memmap
