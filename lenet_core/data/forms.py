"""The forms in which people have MNIST and CIFAR-10: how each is found in a folder and read.

`MNIST` and `CIFAR10` are the two tables. A form has a name and a function `find(contents)`, which gives the function that reads
the form, or None where the folder does not hold it. A new form is a new entry.
"""

import hashlib
import heapq
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._files import is_file, is_folder
from . import arrays, formats, tables
from .arrays import ROLES, WANTED, Found
from .formats import DataError

DEEP = 5                      # levels of folders that are searched below the one that was named
MANY = 3000                   # folders that are searched at most
PARTS = ("train", "test")
COPY = r" ?\(\d+\)| - copy| copy(?=\.|$)"        # what a browser or a system adds to the name of a second download
IDX = re.compile(r"(?P<set>.*?)[-_. ]*(?P<part>train|t10k|test)[-_. ]?(?P<what>images|labels)([-_. ]?idx\d?)?([-_. ]?(ubyte|int))?"
                 r"(\.idx|\.bin|\.dat|\.gz)*")
IDX_FIRST = ("", "mnist", "emnist-mnist", "emnist-digits", "qmnist")          # the beginnings of the names of one set's files
TOO_MANY_CLASSES = {"emnist-letters": 26, "emnist-balanced": 47, "emnist-bymerge": 47, "emnist-byclass": 62, "k49": 49}
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_TRAIN, CIFAR10_TEST = [f"data_batch_{i}.bin" for i in range(1, 6)], "test_batch.bin"


class Contents(NamedTuple):
    """The files and the folders in a folder, {name: path}; `given` where it is a single file that somebody named.

    `others` are pipes and the like: nobody reads them, since that would wait for ever.
    """

    place: Path
    files: dict[str, Path]
    folders: dict[str, Path]
    given: bool = False
    others: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        """All names in the folder."""
        return {*self.files, *self.folders, *self.others}


Reader = Callable[[], Any]
Forms = dict[str, Callable[[Contents], Reader | None]]


# -------------------------------------------------------------------------------------------------------- what a folder holds


def contents_of(folder: Path) -> Contents:
    """What is in a folder, in the order of the names. A folder with the name of a data file and that file in it counts as the file.

    Hidden files are left out; macOS puts one with nearly the same name beside each file that it copies or packs. Raises OSError
    where the folder cannot be read.
    """
    files: dict[str, Path] = {}
    folders: dict[str, Path] = {}
    others = []
    with os.scandir(folder) as entries:
        for entry in sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name):
            try:
                if entry.is_dir() or entry.is_file():
                    (folders if entry.is_dir() else files)[entry.name] = Path(entry.path)
                else:
                    others.append(entry.name)
            except OSError:                                        # a link to itself; to read it says so
                files[entry.name] = Path(entry.path)
    for name, path in folders.items():
        if name not in files and (IDX.fullmatch(_usual(name)) or Path(name).suffix.lower() in (".csv", ".npz", ".mat")):
            with suppress(OSError):
                files |= {name: path / name} if is_file(path / name) else {}
    return Contents(folder, files, folders, others=frozenset(others))


def places(folder: Path, first: str) -> Iterator[Contents]:
    """The contents of the folder and of the folders below it: first those called `first`, then those with `first` in their names.

    Among these the folder itself, then its subfolders, then theirs. Raises OSError where the folder itself cannot be read. One
    below it that cannot be read raises at the end, when the caller found nothing elsewhere.
    """
    waiting, closed = [_rank(folder, folder, first)], None
    for _ in range(MANY):
        if not waiting:
            break
        place = heapq.heappop(waiting)[-1]
        try:
            contents = contents_of(place)
        except OSError as error:
            if place == folder:
                raise
            closed = closed or error
            continue
        yield contents
        if len(place.relative_to(folder).parts) < DEEP:
            for name, path in contents.folders.items():
                if not name.startswith("__"):                      # __MACOSX, __pycache__
                    heapq.heappush(waiting, _rank(path, folder, first))
    if closed:
        raise closed


def _rank(path: Path, folder: Path, first: str) -> tuple[bool, bool, int, Path]:
    steps = [step.lower() for step in path.relative_to(folder).parts]
    return first not in steps, not any(first in step for step in steps), len(steps), path


def _usual(name: str) -> str:
    """The name in small letters, without what a browser or a system adds to a second copy."""
    return re.sub(COPY, "", name.lower())


def with_its_like(path: Path) -> Contents:
    """A file that somebody named, as if it were alone in its folder; where a form has several files, with the others of it."""
    pattern = IDX if IDX.fullmatch(_usual(path.name)) else re.compile(r".*\.npy")
    if pattern.fullmatch(_usual(path.name)):
        files = {name: file for name, file in contents_of(path.parent).files.items() if pattern.fullmatch(_usual(name))}
        return Contents(path.parent, files, {}, given=True)
    return Contents(path.parent, {path.name: path}, {}, given=True)


# -------------------------------------------------------------------------------------------------------------- MNIST's files


def idx_sets(contents: Contents) -> dict[str, dict[tuple[str, str], Path]]:
    """{beginning of the names: {(part, what): file}} of the IDX files in a folder; of several copies the one with the usual name.

    A gzipped file comes before an unpacked one, since its checksum is looked at when it is read.
    """
    sets: dict[str, dict[tuple[str, str], Path]] = {}
    for name in sorted(contents.files, key=lambda one: (_usual(one) != one.lower(), not one.endswith(".gz"), ".idx" in one, one)):
        if found := IDX.fullmatch(_usual(name)):
            part = "train" if found["part"] == "train" else "test"
            sets.setdefault(found["set"], {}).setdefault((part, found["what"]), contents.files[name])
    return {key: sets[key] for key in sorted(sets, key=lambda key: (*(key != one for one in IDX_FIRST), key))}


def _idx(contents: Contents) -> Reader | None:
    for prefix, files in idx_sets(contents).items():
        if len(files) == len(WANTED) and prefix.strip("-_. ") not in TOO_MANY_CLASSES:
            return partial(_read_idx_files, [files[one] for one in WANTED], prefix)
    return None


def _read_idx_files(files: list[Path], prefix: str) -> Found:
    read = [formats.read_idx(file, 3 if what == "images" else 1) for file, (_, what) in zip(files, WANTED)]
    upright = "emnist" not in prefix                   # EMNIST's files have rows and columns exchanged
    return Found(read, [str(file) for file in files], files[0].parent.name, upright=upright, packed=partial(_md5_of_packed, files))


def _md5_of_packed(files: list[Path]) -> tuple[str, ...]:
    """md5 of the gzipped files, which are the files themselves or lie beside them; () where one is missing."""
    packed = [file if file.name.endswith(".gz") else file.with_name(f"{file.name}.gz") for file in files]
    if not all(map(is_file, packed)):
        return ()
    return tuple(hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in packed)


def _npz(contents: Contents) -> Reader | None:
    named = [name for name in contents.files if name.lower().endswith(".npz")]
    fit = [contents.files[name] for name in sorted(named, key=lambda name: (name != "mnist.npz", name))
           if contents.given or name == "mnist.npz" or _has_images(formats.shapes_in_npz(contents.files[name]), 28 * 28)]
    if parts := _parts(fit):
        return partial(_read_npz_parts, parts)
    return partial(_read_npz, fit[0]) if fit else None


def _parts(paths: list[Path]) -> dict[str, Path]:
    """{"train": file, "test": file} where each part is in a file of its own; {} where it is not."""
    by_part = {part: [path for path in paths if [one for one in PARTS if one in path.name.lower()] == [part]] for part in PARTS}
    return {part: some[0] for part, some in by_part.items()} if all(by_part.values()) else {}


def _read_npz_parts(parts: dict[str, Path]) -> Found:
    """The training images and labels of one file, and the test images and labels of another one."""
    read = {f"{name}_{part}": array for part, path in parts.items()
            for name, array in arrays.one_part(formats.read_npz(path), str(path)).items()}
    return arrays.sorted_out(read, " and ".join(map(str, parts.values())), parts["train"].name)


def _read_npz(path: Path) -> Found:
    return arrays.sorted_out(formats.read_npz(path), str(path), path.name)


def _has_images(shapes: dict[str, tuple[int, ...]], pixels: int) -> bool:
    """Are there images of so many numbers, with the batch axis first, among arrays of these shapes?"""
    return any(len(shape) > 1 and int(np.prod(shape[1:], dtype=object)) == pixels for shape in shapes.values()) and len(shapes) > 1


def _npy(contents: Contents) -> Reader | None:
    """Arrays in files of their own (x_train.npy), or in .npz files with one array each (KMNIST's kmnist-train-imgs.npz)."""
    files = _arrays_in_files(contents)
    wanted = files and contents.given or _has_images(_shapes(files), 28 * 28)
    return partial(_read_npy_files, files, contents.place) if wanted else None


def _arrays_in_files(contents: Contents) -> dict[str, Path]:
    """{name without its ending: file} of arrays in files of their own: all four, or the two of a whole; {} for fewer."""
    files = {Path(name).stem: path for name, path in contents.files.items()
             if name.lower().endswith((".npy", ".npz")) and arrays.role(Path(name).stem)}
    roles = {arrays.role(stem) for stem in files}
    return files if {*WANTED} <= roles or roles == {("", "images"), ("", "labels")} else {}


def _shapes(files: dict[str, Path]) -> dict[str, tuple[int, ...]]:
    """The shapes of the arrays in .npy files, and in .npz files with one array each, without reading them."""
    shapes: dict[str, tuple[int, ...]] = {}
    for stem, path in files.items():
        if path.suffix.lower() == ".npz":
            shapes[stem] = next(iter(formats.shapes_in_npz(path).values()), ())
        else:
            with suppress(ValueError, EOFError):
                shapes[stem] = np.load(path, mmap_mode="r", allow_pickle=False).shape
    return shapes


def _read_npy_files(files: dict[str, Path], place: Path) -> Found:
    read = {}
    for stem, path in files.items():
        entries = formats.read_npz(path) if path.suffix.lower() == ".npz" else {"": formats.read_npy(path)}
        if len(entries) != 1:
            raise DataError(f"{path} has {len(entries)} arrays, where one should be. Take MNIST's own files.")
        read[stem] = next(iter(entries.values()))
    return arrays.sorted_out(read, str(place), place.name)


def _mat(contents: Contents) -> Reader | None:
    named = [name for name in contents.files if name.lower().endswith(".mat") and not name.lower().endswith("_32x32.mat")  # SVHN
             and (contents.given or re.search("mnist|digit", name.lower()))]
    for name in sorted(named, key=lambda name: (name != "mnist_all.mat", name)):
        return partial(_read_mat, contents.files[name])
    return None


def _read_mat(path: Path) -> Found:
    """mnist_all.mat (a matrix for each digit), mnist-original.mat (one for all), mnist_uint8.mat (one for each part)."""
    mat = formats.read_mat(path)
    by_digit = {name for name in mat if re.fullmatch(r"(train|test)\d", name)}
    if by_digit:
        for name in (f"{part}{digit}" for part in PARTS for digit in range(10)):
            if name not in by_digit:
                raise DataError(f"{path} has no entry {name}. It should have train0 to train9 and test0 to test9, as the "
                                "homework's mnist_all.mat has them.")
        return _mixed_digits(mat, path)
    found = arrays.sorted_out(mat, str(path), path.name)
    columns = all(name in mat for name in ("train_x", "train_y", "test_x", "test_y"))           # MATLAB's order of the pixels
    return found._replace(upright=not columns) if columns else _mixed(found)


def _mixed_digits(mat: dict[str, np.ndarray], path: Path) -> Found:
    out: list[np.ndarray] = []
    for part in PARTS:
        rows = [arrays.batch_first(arrays.without_fractions(mat.pop(f"{part}{digit}"))) for digit in range(10)]
        out += [np.concatenate(rows), np.repeat(np.arange(10), [len(row) for row in rows])]
    names = [f"the {ROLE} in {path}" for ROLE in ROLES.values()]
    return _mixed(Found(out, names, path.name))


def _mixed(found: Found) -> Found:
    """Files that are sorted by digit, mixed as MNIST itself is, in an order that is the same every time."""
    out, rng = [], np.random.default_rng(0)
    for part in (0, 2):
        images, labels = arrays.batch_first(found.arrays[part]), np.asarray(found.arrays[part + 1])
        labels = labels.reshape(-1) if 1 in labels.shape else labels
        order = rng.permutation(len(images))
        out += [images[order], labels[order]] if len(labels) == len(images) else [images, labels]
    return found._replace(arrays=out)


def _csv(contents: Contents) -> Reader | None:
    """A table for each part, or one for both; Kaggle's test.csv has no labels and does not count."""
    named = [name for name in contents.files if re.search(r"\.(csv|arff)(\.gz)?$", name.lower())]
    by_part: dict[str, Path] = {}
    for name in sorted(named, key=lambda name: ("mnist" not in name.lower(), name)):
        part = next((part for part in PARTS if part in name.lower()), "")
        path, said = contents.files[name], bool(part or contents.given or "mnist" in name.lower())
        wide = tables.columns(path)
        fits = wide > 28 * 28 or ".arff" in name.lower() if said else wide == 28 * 28 + 1
        if fits and not (part == "test" and wide == 28 * 28):
            by_part.setdefault(part, path)
    chosen = [by_part[part] for part in ("train", "test") if part in by_part]
    chosen = chosen if "train" in by_part else [by_part[""]] if "" in by_part else []
    chosen = chosen or ([*by_part.values()] if contents.given else [])
    return partial(_read_rows, chosen, tables.read_csv) if chosen else None


def _parquet(contents: Contents, of_cifar10: bool = False) -> Reader | None:
    named = [name for name in contents.files if name.lower().endswith((".parquet", ".pq"))]
    if (_speaks_of_cifar10(contents.place) or any("cifar" in name.lower() for name in named)) != of_cifar10:
        return None
    parts = {part: [contents.files[name] for name in named if name.lower().startswith(part)] for part in PARTS}
    chosen = [parts[part] for part in PARTS] if all(parts.values()) else [[contents.files[name]] for name in named[:1]]
    return partial(_read_rows, chosen, tables.read_parquet) if chosen else None


def _read_rows(files: list, read: Callable) -> Found:
    """The table of training images and that of test images, or one that has both."""
    paths = [file[0] if isinstance(file, list) else file for file in files]
    rows = [read(file) for file in files]
    for path, (_, labels) in zip(paths, rows):
        if labels is None:
            raise DataError(f"{path} has images and no labels, so nothing can be learned from it. "
                            "Put the table with labels there, too.")
    label = f"Kaggle's {paths[0].name}" if paths[0].name == "train.csv" else paths[0].name
    upright = "emnist" not in paths[0].name.lower()
    if len(rows) == 1:
        (images, labels), = rows
        return arrays.divided(images, labels, f"the images in {paths[0]}", f"the labels in {paths[0]}", label, upright)
    names = [f"the {what} in {path}" for path in paths for what in ("images", "labels")]
    return Found([array for part in rows for array in part], names, label, upright=upright)


def _pictures(contents: Contents, classes: tuple[str, ...] = tuple("0123456789")) -> Reader | None:
    """A folder of pictures for each class, in folders train.. and test.., or without this division."""
    parts = {}
    for part in PARTS:
        parts[part] = next((path for name, path in contents.folders.items()
                            if name.lower().startswith(part) and len(_class_folders(path, classes)) > 1), None)
    chosen = [path for path in parts.values() if path] if parts["train"] else []
    whole = not contents.given and len(_class_folders(contents.place, classes)) == len(classes)
    chosen = chosen or ([contents.place] if whole else [])
    return partial(_read_picture_folders, chosen, classes) if chosen else None


def _digits_in_pictures(contents: Contents) -> Reader | None:
    return None if _speaks_of_cifar10(contents.place) else _pictures(contents)


def _speaks_of_cifar10(place: Path) -> bool:
    return any("cifar" in text.lower() for text in place.parts[-2:])


def _class_folders(folder: Path, classes: tuple[str, ...]) -> dict[str, Path]:
    """The folders of the classes that are there, {class: folder}. trainingSet/trainingSet is looked into, too."""
    best: dict[str, Path] = {}
    for place in (folder, folder / folder.name):
        if is_folder(place):
            found = {name.lower(): Path(place, name) for name in os.listdir(place) if name.lower() in classes}
            best = max(best, {name: found[name] for name in classes if name in found}, key=len)
    return best


def _read_picture_folders(folders: list[Path], classes: tuple[str, ...]) -> Found:
    read: list[np.ndarray] = []
    for folder in folders:
        found = _class_folders(folder, classes)
        if missing := [name for name in classes if name not in found]:
            raise DataError(f"{folder} has a folder of pictures for each class but {', '.join(missing)}. Copy it again.")
        files = [[path for path in sorted(place.iterdir()) if path.suffix.lower() in PICTURES] for place in found.values()]
        labels = np.repeat(np.arange(len(classes)), [len(some) for some in files])
        if not len(labels):
            raise DataError(f"{folder} has a folder for each class, and no pictures ({', '.join(PICTURES)}) in them. "
                            "Copy it again.")
        read += [tables.read_pictures({str(path): path for some in files for path in some}), labels]
    names = [f"the {what} in {folder}" for folder in folders for what in ("pictures", "folders")]
    place = folders[0] if len(folders) == 1 else folders[0].parent
    if len(folders) == 1:
        order = np.random.default_rng(0).permutation(len(read[1]))            # sorted by class: every part needs all of them
        return arrays.divided(read[0][order], read[1][order], names[0], names[1], place.name)
    return _mixed(Found(read, names, place.name))


MNIST: Forms = {
    "the four original files, gzipped or not, under any of their usual names; EMNIST's and QMNIST's too": _idx,
    ".npz: Keras' mnist.npz, and others with x_train, y_train, x_test, y_test": _npz,
    ".npy: x_train.npy, y_train.npy, x_test.npy, y_test.npy; KMNIST's .npz files": _npy,
    ".mat: mnist_all.mat, mnist_uint8.mat, mnist-original.mat": _mat,
    ".csv, .arff: Kaggle's train.csv, mnist_train.csv and mnist_test.csv, OpenML's mnist_784": _csv,
    ".parquet: the hub's and OpenML's": _parquet,
    "pictures: training/0 to training/9, testing/0 to testing/9": _digits_in_pictures,
}


# ------------------------------------------------------------------------------------------------------- CIFAR-10's files

# A reader of CIFAR-10 gives x and y of the training images, x and y of the test images, and the names of the classes.
Photographs = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]


def _binary(contents: Contents) -> Reader | None:
    return partial(_read_binary, contents) if {*CIFAR10_TRAIN, CIFAR10_TEST} & contents.names else None


def _read_binary(contents: Contents) -> Photographs:
    """data_batch_1.bin .. data_batch_5.bin, as many as there are, and test_batch.bin."""
    place, names = contents.place, contents.names
    train = [place / name for name in CIFAR10_TRAIN if name in names]
    if not train:
        raise DataError(f"{place} lacks training images. "
                        "Put data_batch_1.bin there, or as many as you like up to data_batch_5.bin.")
    if CIFAR10_TEST not in names:
        raise DataError(f"{place} lacks {CIFAR10_TEST}. Put it beside {train[0].name}.")
    classes = formats.read_class_names(place / "batches.meta.txt") if "batches.meta.txt" in names else CIFAR10_CLASSES
    return (*formats.read_cifar10(train), *formats.read_cifar10([place / CIFAR10_TEST]), classes)


def _batches(contents: Contents, ending: str, read: Callable[[Path], tuple[np.ndarray, np.ndarray]]) -> Reader | None:
    """The Python and the MATLAB version: the binary version's names with another ending."""
    train = [contents.files[name] for i in range(1, 6) if (name := f"data_batch_{i}{ending}") in contents.files]
    test = contents.files.get(f"test_batch{ending}")
    return partial(_read_batches, train, test, read) if train and test else None


def _read_batches(train: list[Path], test: Path, read: Callable[[Path], tuple[np.ndarray, np.ndarray]]) -> Photographs:
    out: list[np.ndarray] = []
    for paths in (train, [test]):
        batches = [read(path) for path in paths]
        for path, (pixels, labels) in zip(paths, batches):
            arrays.as_labels(labels, len(pixels), f"the labels in {path}", str(path))
        out += [arrays.as_colour(np.concatenate([pixels for pixels, _ in batches]), str(paths[0])),
                np.concatenate([labels for _, labels in batches]).reshape(-1).astype(np.int64)]
    return (out[0], out[1], out[2], out[3], CIFAR10_CLASSES)


def _read_mat_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    mat = formats.read_mat(path)
    if not {"data", "labels"} <= mat.keys():
        raise DataError(f"{path} has {', '.join(mat) or 'nothing'} in it, where data and labels should be. "
                        "Take CIFAR-10's own files.")
    return mat["data"], mat["labels"].reshape(-1)


def _colour_npz(contents: Contents) -> Reader | None:
    for name, path in contents.files.items():
        if name.lower().endswith(".npz") and _has_images(formats.shapes_in_npz(path), 3 * 32 * 32):
            return partial(_in_colour, partial(_read_npz, path))
    return None


def _colour_npy(contents: Contents) -> Reader | None:
    files = _arrays_in_files(contents)
    read = partial(_in_colour, partial(_read_npy_files, files, contents.place))
    return read if _has_images(_shapes(files), 3 * 32 * 32) else None


def _in_colour(read: Callable[[], Found]) -> Photographs:
    found = read()
    out: list[np.ndarray] = []
    for part in (0, 2):
        x = arrays.as_colour(found.arrays[part], found.names[part])
        out += [x, arrays.as_labels(found.arrays[part + 1], len(x), found.names[part + 1], found.names[part])]
    return (out[0], out[1], out[2], out[3], CIFAR10_CLASSES)


def _photographs(contents: Contents) -> Reader | None:
    """Folders with the names of the classes, or with their numbers where the folder above says that they are CIFAR-10."""
    return _pictures(contents, CIFAR10_CLASSES) or (_pictures(contents) if _speaks_of_cifar10(contents.place) else None)


def _wrapped(find: Callable[..., Reader | None], *arguments: Any) -> Callable[[Contents], Reader | None]:
    """A form of MNIST that CIFAR-10 has too, with its own shape of the images."""
    def find_in_colour(contents: Contents) -> Reader | None:
        read = find(contents, *arguments)
        return partial(_in_colour, read) if read else None
    return find_in_colour


CIFAR10: Forms = {
    "the binary version: data_batch_1.bin to data_batch_5.bin, test_batch.bin": _binary,
    "the Python version: data_batch_1 to data_batch_5, test_batch (read without unpickling)":
        lambda contents: _batches(contents, "", formats.read_python_batch),
    "the MATLAB version: data_batch_1.mat to data_batch_5.mat, test_batch.mat":
        lambda contents: _batches(contents, ".mat", _read_mat_batch),
    ".npz with x_train, y_train, x_test, y_test": _colour_npz,
    ".npy: x_train.npy, y_train.npy, x_test.npy, y_test.npy": _colour_npy,
    ".parquet: the hub's": _wrapped(_parquet, True),
    "pictures: train/airplane to train/truck, test/airplane to test/truck": _wrapped(_photographs),
}
