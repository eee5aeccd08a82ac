"""From the arrays in a file to images and labels: which array is which, and in which of the usual layouts.

Images come flat or with a channel, with the batch axis first or last, as bytes or as floats. Labels come as numbers, as words or
one hot. What fits none of these is refused with a sentence that says what it is. Nothing here opens a file.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from .._images import as_floats
from .formats import DataError

TEST_SHARE = 7                # of images without a division, the last seventh are test images: 10,000 of MNIST's 70,000
AT_ONCE = 2000                # images: a conversion takes so many at a time
PARTS = {"train": "train", "tr": "train", "trn": "train", "training": "train", "test": "test", "te": "test", "testing": "test",
         "tst": "test", "t10k": "test", "eval": "test", "val": "validation", "valid": "validation", "validation": "validation"}
IMAGES = {"", "x", "images", "image", "imgs", "img", "data", "pixels", "features", "inputs"}
LABELS = {"y", "labels", "label", "lbl", "lbls", "targets", "target", "classes", "class", "t"}
SETS = {"mnist", "kmnist", "k49", "emnist", "qmnist", "fashion", "cifar", "cifar10"}
ROLES = {"x_train": "training images", "y_train": "training labels", "x_test": "test images", "y_test": "test labels"}


class Found(NamedTuple):
    """Training images and labels, test images and labels as they stand in files, and a name for each, which ends with its file.

    `label` is a short name of the file or folder, for a set that is not known. `note` says what was done to the data. `upright` is
    False where rows and columns are exchanged. `packed()` gives md5 of the files for `identity.other_set`.
    """

    arrays: list[np.ndarray]
    names: list[str]
    label: str
    note: str = ""
    upright: bool = True
    packed: Callable[[], tuple[str, ...]] = tuple


# ------------------------------------------------------------------------------------------------------------ which is which


def role(name: str) -> tuple[str, str] | None:
    """(part, what) that the name of an array or a file speaks of: ("train", "images"), ("", "labels"); None where it does not.

    x_train, X_train, trainX, train_images, xtrain and the like are understood.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    words = re.sub(r"^([xy])(?=train|test|val|tr$|te$)", r"\1_", words)
    words = re.sub(r"(?<=train)(?=[xy]$|im|lab)|(?<=test)(?=[xy]$|im|lab)|(?<=val)(?=[xy]$|im|lab)", "_", words)
    tokens = [token for token in re.split(r"[\W_]+", words) if token and token not in SETS]
    parts = [PARTS[token] for token in tokens if token in PARTS]
    rest = [token for token in tokens if token not in PARTS]
    if len(parts) > 1 or len(rest) > 1:
        return None
    what = rest[0] if rest else ""
    if what in LABELS:
        return (parts[0] if parts else "", "labels")
    return (parts[0] if parts else "", "images") if what in IMAGES and (parts or what) else None


def sorted_out(arrays: Mapping[str, np.ndarray], path: str, label: str) -> Found:
    """Which of the named arrays is which. Raises DataError with the names that are there, where it does not come out.

    Validation images belong to the training images. Arrays without telling names (arr_0 ...) are told apart by their shapes; images
    without a division into training and test images are divided.
    """
    found = _roles(arrays)
    if ("", "images") in found and ("", "labels") in found and not any(part for part, _ in found):
        images, labels = (found["", what] for what in ("images", "labels"))
        return divided(arrays[images], arrays[labels], f"{images} in {path}", f"{labels} in {path}", label)
    missing = [ROLE for ROLE, (part, what) in zip(ROLES, WANTED) if (part, what) not in found]
    if missing:
        there = ", ".join(list(arrays)[:12]) or "nothing"
        raise DataError(f"{path} has no entry {missing[0]}, the {ROLES[missing[0]]}, or one whose name says the same; "
                        f"it has: {there}. Take MNIST's own files, or Keras' mnist.npz.")
    values = [arrays[found[one]] for one in WANTED]
    names = [f"{found[one]} in {path}" for one in WANTED]
    note = ""
    if ("validation", "images") in found and ("validation", "labels") in found:
        values[:2] = [np.concatenate([values[n], arrays[found["validation", what]]]) for n, what in enumerate(("images", "labels"))]
        note = "its validation images are among the training images"
    return Found(values, names, label, note)


def one_part(arrays: Mapping[str, np.ndarray], path: str) -> dict[str, np.ndarray]:
    """{"x": images, "y": labels} of a file that holds one part alone. Raises DataError with the names that are there."""
    found = {what: name for (_, what), name in _roles(arrays).items()}
    if len(found) < 2:
        raise DataError(f"{path} has no images and labels by their names; it has: {', '.join(list(arrays)[:12]) or 'nothing'}. "
                        "Take MNIST's own files, or Keras' mnist.npz.")
    return {"x": arrays[found["images"]], "y": arrays[found["labels"]]}


def _roles(arrays: Mapping[str, np.ndarray]) -> dict[tuple[str, str], str]:
    """{role: name} by the names, or by the shapes where no name tells anything."""
    found = {one: name for name in arrays if (one := role(name))}
    return found or (_by_shape(arrays) if all(re.fullmatch(r"arr_\d+", name) for name in arrays) else {})


WANTED = (("train", "images"), ("train", "labels"), ("test", "images"), ("test", "labels"))


def _by_shape(arrays: Mapping[str, np.ndarray]) -> dict[tuple[str, str], str]:
    """The roles of arrays without names, in their order: larger ones are images, smaller ones labels; first training, then test."""
    images = [name for name, array in arrays.items() if array.size and array.size // max(1, max(array.shape)) > 20]
    labels = [name for name in arrays if name not in images]
    if len(images) == len(labels) and 1 <= len(images) <= 2:
        parts = ("train", "test") if len(images) == 2 else ("",)
        return {(part, what): name for what, names in (("images", images), ("labels", labels)) for part, name in zip(parts, names)}
    return {}


def divided(images: np.ndarray, labels: np.ndarray, image_name: str, label_name: str, label: str, upright: bool = True,
            note: str = "") -> Found:
    """Images that nobody divided: the last seventh are test images, as in the usual files of all 70,000 images of MNIST."""
    images, labels = batch_first(images), np.asarray(labels)
    labels = labels.reshape(-1) if 1 in labels.shape else labels
    if len(images) < 2 or len(labels) != len(images):
        raise DataError(f"{label_name} has {len(labels):,} labels for {len(images):,} images in {image_name}; at least two of each "
                        "should be there. Take both from one download.")
    cut = len(images) - max(1, len(images) // TEST_SHARE)
    notes = "; ".join([*([note] if note else []), "the last seventh are the test images"])
    return Found([images[:cut], labels[:cut], images[cut:], labels[cut:]], [image_name, label_name] * 2, label, notes, upright)


# ------------------------------------------------------------------------------------------------------------------- images


def batch_first(images: np.ndarray, shape: tuple[int, ...] = (28, 28)) -> np.ndarray:
    """The images with the batch axis first, where it is last: (784, N) and (28, 28, N) are columns and pages of MATLAB."""
    images, pixels = np.asarray(images), int(np.prod(shape))
    if images.ndim == 2 and images.shape[0] == pixels and images.shape[1] != pixels:
        return images.T
    if images.ndim == 3 and images.shape[:2] == shape and images.shape[1:] != shape:
        return np.moveaxis(images, 2, 0)
    return images


def without_fractions(numbers: np.ndarray) -> np.ndarray:
    """The numbers as uint8 where all are whole and from 0 to 255: an eighth of the memory of doubles. Others stay as they are."""
    if numbers.dtype.kind == "f" and numbers.size and 0 <= numbers.min() and numbers.max() <= 255:
        small = numbers.astype(np.uint8)
        return small if np.array_equal(small, numbers) else numbers
    return numbers


def as_grey(images: np.ndarray, name: str) -> np.ndarray:
    """(N, 28, 28) of uint8, or of float32 between 0 and 1 where the values are no 255ths. Raises DataError for anything else."""
    given = images = np.asarray(images)
    images = batch_first(images)
    if images.ndim == 2 and images.shape[1] == 28 * 28:
        images = images.reshape(-1, 28, 28)
    if images.ndim == 4:
        images = _without_channel(images, name)
    if images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
        todo = "For photographs use load_cifar10." if {3, 32} <= {*given.shape[1:]} else "Take MNIST's own files."
        raise DataError(f"{name}: an array {given.shape} of {given.dtype} where 28x28 images should be. {todo}")
    return images if _are_bytes(images) else in_bytes(images, name)


def _are_bytes(images: np.ndarray) -> bool:
    """Are they uint8 up to 255, and not only 0 and 1? Mostly the first images show that."""
    return images.dtype == np.uint8 and bool(images[:AT_ONCE].max() > 1 or images.max() > 1)


def _without_channel(images: np.ndarray, name: str) -> np.ndarray:
    """(N, 28, 28) of images with a channel axis: one channel, or three that are the same."""
    if images.shape[1:3] == (28, 28):
        images = np.moveaxis(images, 3, 1)
    if images.shape[1] in (3, 4) and (images[:, 1:3] != images[:, :1]).any():
        raise DataError(f"{name}: coloured images, where grey ones should be. Take MNIST's own files.")
    return images[:, 0] if images.shape[1] in (1, 3, 4) else images


def in_bytes(images: np.ndarray, name: str) -> np.ndarray:
    """The images as uint8 where the values are whole numbers from 0 to 255 or 255ths of 1, or as float32 between 0 and 1.

    Raises DataError with the range of the values for anything else.
    """
    if images.dtype.kind not in "buif":
        raise DataError(f"{name}: pixels of {images.dtype}, where numbers should be. Take MNIST's own files.")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):                    # also where they are not numbers
        raise DataError(f"{name}: pixels from {low:g} to {high:g}, where 0 to 1 or 0 to 255 should be. If somebody subtracted a "
                        "mean or divided by a deviation, take the file from before that.")
    scale = 255 if high <= 1 else 1
    close = 0.08 if images.dtype == np.float16 else 2e-3              # of the rounding errors, times 255
    out = np.empty(images.shape, np.uint8)
    for at in range(0, len(images), AT_ONCE):
        part = images[at:at + AT_ONCE] * np.float32(scale) if images.dtype.kind != "f" else images[at:at + AT_ONCE] * scale
        whole = np.rint(part)
        if np.abs(part - whole).max() > close:
            return _as_floats(images, high, name)
        out[at:at + AT_ONCE] = whole
    return out


def _as_floats(images: np.ndarray, high: float, name: str) -> np.ndarray:
    if high > 1:
        raise DataError(f"{name}: pixels from 0 to {high:g} with fractions, where 0 to 1 or whole numbers to 255 should be. "
                        "Divide them by their largest possible value.")
    return images.astype(np.float32)


def _of_256ths(images: np.ndarray) -> np.ndarray | None:
    """The bytes of which float images are 256ths, as in mnist.pkl.gz, or None."""
    if images.dtype == np.uint8:
        return None
    out = np.empty(images.shape, np.uint8)
    for at in range(0, len(images), AT_ONCE):
        part = images[at:at + AT_ONCE] * 256
        out[at:at + AT_ONCE] = np.minimum(part, 255)               # all are 0 or more, and below 256 where they are 256ths
        if (out[at:at + AT_ONCE] != part).any():
            return None
    return out


def _exchanged(images: np.ndarray) -> np.ndarray | None:
    return images.transpose(0, 2, 1) if images.dtype == np.uint8 else None


def _inverted(images: np.ndarray) -> np.ndarray | None:
    return 255 - images if images.dtype == np.uint8 else None


# How images are looked at to see whether they are MNIST: {what that undoes: the images, or None where it does not apply}.
READINGS: dict[str, Callable[[np.ndarray], np.ndarray | None]] = {
    "": lambda images: images if images.dtype == np.uint8 else None,
    "256ths in the file": _of_256ths,
    "rows and columns exchanged in the file": _exchanged,
    "black on white in the file": _inverted,
}


def as_colour(images: np.ndarray, name: str) -> np.ndarray:
    """(N, 3, 32, 32) float32 between 0 and 1, of photographs with the colours first, last, or flat. Raises DataError."""
    given = images = np.asarray(images)
    if images.ndim == 2 and images.shape[1] == 3 * 32 * 32:
        images = images.reshape(-1, 3, 32, 32)
    if images.ndim == 4 and images.shape[1:] == (32, 32, 3):
        images = np.moveaxis(images, 3, 1)
    if images.ndim != 4 or images.shape[1:] != (3, 32, 32) or not len(images):
        raise DataError(f"{name}: an array {given.shape} of {given.dtype} where coloured images of 32x32 should be. "
                        "Take CIFAR-10's own files.")
    return as_floats(images if _are_bytes(images) else in_bytes(images, name))


# ------------------------------------------------------------------------------------------------------------------- labels


def as_labels(labels: np.ndarray, count: int, name: str, image_name: str, classes: int = 10) -> np.ndarray:
    """(N,) int64 from 0 to `classes` - 1, of labels that are whole numbers, words for them, or one hot.

    Raises DataError where they are neither, or where there are not `count` of them.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind in "OSU":
        labels = _from_words(labels, name)
    if labels.dtype.kind not in "buif":
        raise DataError(f"{name} holds labels of {labels.dtype}, where whole numbers should be. Take MNIST's own files.")
    labels = _one_each(labels, count, classes)
    if len(labels) != count:
        raise DataError(f"{name} has {len(labels):,} labels for {count:,} images in {image_name}. They do not belong together; "
                        "take both from one download.")
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.rint(labels)).all()):
        raise DataError(f"{name} holds labels that are no whole numbers. Take MNIST's own files.")
    if labels.min() < 0 or labels.max() > classes - 1:
        raise DataError(f"{name} holds labels outside 0 to {classes - 1} ({labels.min():g} to {labels.max():g}). "
                        "Take a file with ten classes, whose labels begin with 0.")
    return labels.astype(np.int64)


def _from_words(labels: np.ndarray, name: str) -> np.ndarray:
    words = [word.decode("latin-1") if isinstance(word, bytes) else str(word) for word in labels.reshape(-1)]
    try:
        return np.array([float(word) for word in words]).reshape(labels.shape)
    except ValueError:
        strange = next(word for word in words if not word.replace(".", "", 1).isdigit())
        raise DataError(f"{name} holds the label {strange[:40]!r}, where digits should be. Take MNIST's own files.") from None


def _one_each(labels: np.ndarray, count: int, classes: int) -> np.ndarray:
    """One label for each image: of a row, of a column, of a one-hot matrix in either direction, of QMNIST's eight columns."""
    if labels.ndim == 2 and 1 not in labels.shape:
        if labels.shape == (classes, count) and (classes != count or (labels.sum(axis=0) == 1).all()):
            labels = labels.T
        if labels.shape == (count, classes) and ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all():
            return labels.argmax(axis=1)
        if labels.shape == (count, QMNIST_COLUMNS):
            return labels[:, 0]
    return labels.reshape(-1)


QMNIST_COLUMNS = 8            # the class, then where in NIST's files an image came from
