"""Which data set is it? The content says so; names of files and folders are only what somebody says.

Fashion-MNIST, KMNIST and others have MNIST's shapes and its file names. `identify` compares checksums of the pixels and labels. For
MNIST they do not depend on the order of the images, so a file that is sorted by digit, or split in another way, is known too.
"""

import hashlib
import re
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

DIGITS = tuple("0123456789")
PIXELS = 28 * 28
MASK = 2 ** 64 - 1


class Known(NamedTuple):
    """A data set by its name, the names of its classes, and what its folders and files are often called (a pattern)."""

    name: str
    classes: tuple[str, ...] = DIGITS
    said: str = "(?!)"


MNIST = Known("MNIST")
FASHION = Known("Fashion-MNIST", ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                                  "Ankle boot"), "fashion")
KMNIST = Known("KMNIST", ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"), r"\bk[-_ ]?mnist|kuzushiji")
SAID = (FASHION, KMNIST, Known("EMNIST", said=r"\be[-_ ]?mnist"), Known("QMNIST", said=r"\bq[-_ ]?mnist"),
        Known("MNIST-C", said=r"mnist[-_ ]c\b"))

# The sums of `checksum` of MNIST's two parts, from the files whose sha256 stand in `data.MNIST_FILES`.
MNIST_TRAIN, MNIST_TEST = 0x887055FA79AE0E21, 0xAA4F94008B847371

# md5 of the unpacked IDX files, {(training images, training labels, test images, test labels): set}. Several public repositories
# have them; one of these lists has MNIST's own as well, and those are right.
UNPACKED: dict[tuple[str, ...], Known] = {
    ("f4a8712d7a061bf5bd6d2ca38dc4d50a", "9018921c3c673c538a1fc5bad174d6f9",
     "8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965"): FASHION,
}
# md5 of the gzipped files, in the same order. Source: torchvision 0.26, datasets/mnist.py.
PACKED: dict[tuple[str, ...], Known] = {
    ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe",
     "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310"): FASHION,
    ("bdb82020997e1d708af4cf47b453dcf7", "e144d726b3acfaa3e44228e80efcd344",
     "5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134"): KMNIST,
}
# How often each label occurs in Kaggle's train.csv, 42,000 of MNIST's images.
KAGGLE = Known("Kaggle's digits")
KAGGLE_LABELS = [4132, 4684, 4177, 4351, 4072, 3795, 4137, 4401, 4063, 4188]


def _mixed(z: np.ndarray) -> np.ndarray:
    """Every bit of a uint64 into every bit of another one. Source: Steele, Lea and Flood, "SplitMix", 2014."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


WEIGHTS = _mixed(np.arange(1, PIXELS // 8 + 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)


def checksum(images: np.ndarray, labels: np.ndarray) -> int:
    """A number of 64 bits for images (N, 28, 28) uint8 with labels (N,) whole numbers, the same in every order of the images.

    It is the sum of one number for each image with its label, so the numbers of two parts add up to that of the whole, modulo 2^64.
    Two sets have the same by chance once in 10^19; it does not protect against somebody who wants that.
    """
    words = np.ascontiguousarray(images).reshape(-1, PIXELS).view("<u8")              # (N, 98): eight pixels at a time
    each = np.einsum("ij,j->i", words, WEIGHTS[:-1]) + labels.astype(np.uint64) * WEIGHTS[-1]
    return int(_mixed(each).sum(dtype=np.uint64))


def mnist_name(train: int, test: int) -> str:
    """What to call images with these checksums: "MNIST", "MNIST, split in another way", or "" where they are not MNIST."""
    if (train, test) == (MNIST_TRAIN, MNIST_TEST):
        return MNIST.name
    return f"{MNIST.name}, split in another way" if (train + test) & MASK == (MNIST_TRAIN + MNIST_TEST) & MASK else ""


def other_set(arrays: list[np.ndarray], packed: Callable[[], tuple[str, ...]]) -> Known | None:
    """The set, other than MNIST, that four arrays of uint8 are; None where no checksum is known.

    `packed()` gives the md5 of the four gzipped files, () where there are none.
    """
    md5 = tuple(hashlib.md5(_as_idx(array), usedforsecurity=False).hexdigest() for array in arrays)
    return UNPACKED.get(md5) or PACKED.get(packed())


def kaggles(labels: np.ndarray) -> Known | None:
    """Kaggle's 42,000 digits, told by how many there are of each; None for others."""
    return KAGGLE if np.bincount(labels, minlength=10).tolist() == KAGGLE_LABELS else None


def _as_idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape) + np.ascontiguousarray(array, np.uint8).tobytes()


def said_by(text: str) -> Known | None:
    """The set, other than MNIST, that the names of the folder and the files speak of."""
    return next((known for known in SAID if re.search(known.said, text, re.IGNORECASE)), None)
