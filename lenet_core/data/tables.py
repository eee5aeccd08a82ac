"""Images as rows of tables, and as picture files in folders: CSV, ARFF, parquet; PNG, JPEG, BMP.

A table of MNIST has 784 columns of pixels and one with the label. Packages that are not always installed are imported where they
are used; without them the reader says how to get them. All errors are `DataError`.
"""

import gzip
import io
import re
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from .formats import GZIP, LARGEST, DataError, explaining_damage

PIXELS = 28 * 28
ARFF = re.compile(r"\.arff\b")
ROWS_AT_ONCE = 1000
MOST_ROWS = 1_000_000         # a table with more is not one of digits; reading it would fill the memory
LABEL_COLUMNS = {"label", "labels", "class", "target", "y", "digit"}
ONE_WAY = str.maketrans(";\t", ",,", "\"'")          # commas between the numbers, and no quotes around them
INDEX_COLUMNS = {"", "id", "index", "unnamed: 0"}


class Rows(NamedTuple):
    """The pixels (N, 784) of a table, and its labels (N,), or None where the table has none."""

    pixels: np.ndarray
    labels: np.ndarray | None


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with open(path, "rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")          # Excel puts a mark before the text


def _fields(line: str) -> list[str]:
    return [field.strip().strip("\"'") for field in re.split("[,;\t]", line.strip())]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def columns(path: Path) -> int:
    """How many columns the table in a CSV or ARFF file has, by what comes first in it; 0 where that is no text. Raises OSError."""
    try:
        with _opened(path) as file:
            if ARFF.search(path.name.lower()):
                return len(_names_of_arff(file, path)[0])
            line = file.readline(100_000)
    except (EOFError, gzip.BadGzipFile, zlib.error, DataError):
        return 0
    return len(_fields(line)) if line.strip() and "\0" not in line else 0


def read_csv(path: Path) -> Rows:
    """The rows of a CSV or ARFF file, gzipped or not, with or without a line of names; commas, semicolons or tabs between numbers.

    The label is the column that is called so; without names the first one, or the last one where the first holds more than labels.
    """
    with explaining_damage(path), _opened(path) as file:
        names, first = _names_of_arff(file, path) if ARFF.search(path.name.lower()) else _names_of_csv(file)
        numbers = _numbers(file, first, path)
        if not len(numbers):
            raise DataError(f"{path} is a table without rows. Download it again.")
        return _divided_columns(names or [""] * numbers.shape[1], numbers, path, named=bool(names))


def _names_of_csv(file: TextIO) -> tuple[list[str], list[str]]:
    """The names of the columns (none where the first line has numbers), and the lines of numbers that were read to know that."""
    line = file.readline()
    fields = _fields(line)
    return ([], [line]) if all(map(_is_number, fields)) else ([field.lower() for field in fields], [])


def _names_of_arff(file: TextIO, path: Path) -> tuple[list[str], list[str]]:
    names = []
    for line in islice(file, 10_000):
        word, _, rest = line.strip().partition(" ")
        if word.lower() == "@attribute":
            names.append(_fields(rest.split()[0])[0].lower())
        if word.lower() == "@data":
            return names, []
    raise DataError(f"{path} has no line @data, so it is no ARFF file. Download it again.")


def _numbers(file: TextIO, first: list[str], path: Path) -> np.ndarray:
    """The rows of numbers, (N, columns), uint8 where all are whole and from 0 to 255."""
    blocks, count = [], 0
    while lines := [*first, *islice(file, ROWS_AT_ONCE)]:
        first, lines = [], [line.translate(ONE_WAY) for line in lines if line.strip()]
        if any(line.startswith("{") for line in lines):
            raise DataError(f"{path} lists only the numbers that are not 0, in braces. Take the version that lists all.")
        if lines:
            blocks.append(_block(lines, path, count))
            count += len(blocks[-1])
        if count > MOST_ROWS or len(blocks) > 1 and blocks[-1].shape[1] != blocks[0].shape[1]:
            raise DataError(f"{path}: the rows near row {count:,} are not those of a table of images. Download it again.")
    return np.concatenate(blocks) if blocks else np.empty((0, 0), np.uint8)


def _block(lines: list[str], path: Path, before: int) -> np.ndarray:
    kinds: tuple[type, ...] = (np.uint8, np.float32)               # with bytes it takes a sixth of the time
    for kind in kinds:
        try:
            with warnings.catch_warnings(action="ignore"):         # of a number that is no byte
                return np.loadtxt(lines, delimiter=",", dtype=kind, ndmin=2)
        except (ValueError, OverflowError) as error:
            problem = str(error).partition(";")[0]
    raise DataError(f"{path} is no table of numbers beyond row {before:,} ({problem}). Download it again.")


def _divided_columns(names: list[str], numbers: np.ndarray, path: Path, named: bool) -> Rows:
    """Pixels and labels of a table, by the names of its columns or by their number."""
    if named and len(names) == numbers.shape[1]:
        labels = [n for n, name in enumerate(names) if name in LABEL_COLUMNS]
        pixels = [n for n, name in enumerate(names) if n not in labels and name not in INDEX_COLUMNS]
    else:
        pixels, labels = list(range(numbers.shape[1])), []
        if len(pixels) == PIXELS + 1:
            labels = [pixels.pop(0 if _are_labels(numbers[:, 0]) or not _are_labels(numbers[:, -1]) else -1)]
    if len(pixels) != PIXELS or len(labels) > 1:
        raise DataError(f"{path} has {len(pixels)} columns of pixels in each row, where {PIXELS} (28x28) and a label should be. "
                        "Take a table of MNIST.")
    begin, end = pixels[0], pixels[-1] + 1
    values = numbers[:, begin:end] if end - begin == PIXELS else numbers[:, pixels]            # without a copy, where it can be
    return Rows(values, numbers[:, labels[0]] if labels else None)


def _are_labels(column: np.ndarray) -> bool:
    """A corner of the images has one value nearly everywhere; EMNIST has labels up to 61."""
    return column.min() < column.max() <= 61


# ------------------------------------------------------------------------------------------------------------------ parquet


def read_parquet(paths: list[Path]) -> Rows:
    """The rows of parquet files, one part of the table in each: 784 columns of pixels and a label (OpenML), or images as pictures.

    The pixels of pictures are (N, H, W) or (N, H, W, 3). Needs the package pyarrow.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataError(f"{paths[0]} is a table in the format parquet, and the package pyarrow, which reads it, is not installed. "
                        "Put `%pip install pyarrow` into a cell, run it, and restart the kernel.") from None
    parts = []
    for path in paths:
        with explaining_damage(path):
            file = parquet.ParquetFile(path)
            if sum(file.metadata.row_group(n).total_byte_size for n in range(file.num_row_groups)) > LARGEST:
                raise DataError(f"{path} unpacks to far more than MNIST or CIFAR-10. Download it again.")
            parts.append(_rows_of(file.read(), path))
    labels = [part.labels for part in parts if part.labels is not None]
    return Rows(np.concatenate([part.pixels for part in parts]), np.concatenate(labels) if len(labels) == len(parts) else None)


def _rows_of(table: Any, path: Path) -> Rows:
    names = {name.lower(): name for name in table.column_names}
    label = next((names[name] for name in names if name in LABEL_COLUMNS), None)
    labels = None if label is None else np.asarray(table.column(label).to_pylist())
    pictures = next((names[name] for name in ("image", "img") if name in names), None)
    if pictures:
        cells = table.column(pictures).to_pylist()
        return Rows(read_pictures({f"row {n:,} of {path}": _bytes_of(cell, path) for n, cell in enumerate(cells)}), labels)
    pixels = [name for name in table.column_names if name != label and name.lower() not in INDEX_COLUMNS]
    if len(pixels) != PIXELS:
        raise DataError(f"{path} has {len(pixels)} columns of pixels in each row, where {PIXELS} (28x28) and a label, or images "
                        "and a label, should be. Take a table of MNIST.")
    return Rows(np.stack([table.column(name).to_numpy() for name in pixels], axis=1), labels)


def _bytes_of(cell: Any, path: Path) -> bytes:
    raw = cell.get("bytes") if isinstance(cell, dict) else cell
    if not isinstance(raw, bytes):
        raise DataError(f"{path} holds no pictures, only where they are. Take the version with the pictures in the table.")
    return raw


# ----------------------------------------------------------------------------------------------------------------- pictures


def read_pictures(pictures: Mapping[str, bytes | Path]) -> np.ndarray:
    """(N, H, W) uint8 of grey pictures, (N, H, W, 3) of coloured ones; `pictures` is {a name for messages: the file or its bytes}.

    All have the size of the first one. Pictures with a palette or with transparency are made grey or coloured.
    """
    from PIL import Image  # comes with Matplotlib

    images, first = None, ""
    for n, (name, source) in enumerate(pictures.items()):
        try:
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
                grey = picture.mode in ("1", "L", "LA")
                if picture.mode.startswith(("I", "F")):
                    raise DataError(f"{name} has more than 8 bits in a pixel. Take pictures of 8 bits.")
                if picture.size[0] * picture.size[1] > 1_000_000:
                    raise DataError(f"{name} has {picture.size[0]}x{picture.size[1]} pixels. Take pictures of 28x28 (32x32).")
                pixels = np.asarray(picture.convert("L" if grey else "RGB"))
        except (DataError, PermissionError):
            raise
        except Exception as error:                                 # Pillow may raise any exception for a damaged file
            raise DataError(f"{name} is no picture, or is damaged ({type(error).__name__}). "
                            "Remove it or download it again.") from None
        if images is None:
            images, first = np.empty((len(pictures), *pixels.shape), np.uint8), name
        if pixels.shape != images.shape[1:]:
            raise DataError(f"{name} is a picture of shape {pixels.shape}, and {first} is one of {images.shape[1:]}. "
                            "All should have one size, and be grey or coloured.")
        images[n] = pixels
    return np.empty((0, 28, 28), np.uint8) if images is None else images
