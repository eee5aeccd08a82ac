"""What people have that is not read: a sentence for each, which says what it is and what to do."""

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from . import tables
from .arrays import WANTED
from .forms import CIFAR10_CLASSES, CIFAR10_TRAIN, PICTURES, TOO_MANY_CLASSES, Contents, idx_sets
from .identity import DIGITS

USUAL = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
BY_A_LINE = "turn it into a file that is read, with this line in a terminal in its folder: python -c "
TO_NPZ = "numpy.savez('mnist.npz', x_train=a, y_train=b, x_test=c, y_test=d)"
TAKE_MNIST, TAKE_CIFAR10 = "Take MNIST's own files.", "Take CIFAR-10 (www.cs.toronto.edu/~kriz/cifar.html)."
PICKLE = ("{{path}} is a pickle, which can run any program while it is read, so it is not read here. If you trust it, " + BY_A_LINE
          + "\"import {imports}pickle, numpy; (a, b), (v, w), (c, d) = pickle.load({opened}, encoding='latin1'); "
          "numpy.savez('mnist.npz', x_train=a, y_train=b, x_val=v, y_val=w, x_test=c, y_test=d)\".")
TENSORFLOW = ("{path} belongs to TensorFlow Datasets. Where that is installed, " + BY_A_LINE + "\"import tensorflow_datasets as t, "
              "numpy; x, z = (t.as_numpy(t.load('mnist', split=s, batch_size=-1)) for s in ('train', 'test')); "
              "numpy.savez('mnist.npz', x_train=x['image'], y_train=x['label'], x_test=z['image'], y_test=z['label'])\".")
SENTENCES = {         # how the name of a file looks: the sentence about it
    r"\.(pkl|pickle)\.gz$": PICKLE.format(imports="gzip, ", opened="gzip.open('{name}')"),
    r"\.(pkl|pickle)$": PICKLE.format(imports="", opened="open('{name}', 'rb')"),
    r"\.joblib$": "{path} is a pickle of joblib, which can run any program while it is read, so it is not read here. "
                  "If you trust it, open it with joblib.load and write its arrays: " + TO_NPZ + ".",
    r"^usps|^zip\.(train|test)": "{path} belongs to USPS, whose digits have 16x16 pixels. " + TAKE_MNIST,
    r"^optdigits": "{path} belongs to UCI's digits of 8x8 pixels. The 1,797 of them that come with scikit-learn need no file: "
                   "lenet_core.data.digits().",
    r"^semeion": "{path} belongs to Semeion, whose digits have 16x16 pixels. " + TAKE_MNIST,
    r"^(train|test|extra)_32x32\.mat$": "{path} belongs to SVHN, photographs of house numbers in colour. " + TAKE_MNIST,
    r"^(train|test|unlabeled)_[xy]\.bin$": "{path} belongs to STL-10, whose images have 96x96 pixels. " + TAKE_CIFAR10,
    r"^(mnist|usps)(\.scale)?(\.t)?$|\.(libsvm|svm)$":
        "{path} is a table in the format of LIBSVM: " + BY_A_LINE + "\"import numpy; "
        "from sklearn.datasets import load_svmlight_file; x, y = load_svmlight_file('{name}', n_features=784); "
        "numpy.savez('{name}.npz', X=x.toarray(), y=y)\".",
    r"\.xlsx?$": "{path} is a workbook of Excel. Save its sheet as CSV, a row for each image and the label first.",
    r"^(training|test)\.pt$": "{path} is a file of PyTorch: " + BY_A_LINE + "\"import torch, numpy; "
                             "(a, b), (c, d) = (torch.load(f) for f in ('training.pt', 'test.pt')); " + TO_NPZ + "\".",
    r"\.pth?$": "{path} is a file of PyTorch. Open it with torch.load and write its arrays: " + TO_NPZ + ".",
    r"\.tfrecord|\.array_record": TENSORFLOW,
    r"\.(h5|hdf5)$": "{path} is an HDF5 file. Open it with the package h5py and write its arrays: " + TO_NPZ + ".",
    r"\.arrow$": "{path} is the hub's own copy of a set. Write it as parquet: datasets.load_dataset(...)['train'].to_parquet("
                 "'train.parquet'), and the same for 'test'.",
    r"\.amat$": "{path} is text with 784 numbers and a label in each row: " + BY_A_LINE + "\"import numpy; "
                "numpy.savetxt('train.csv', numpy.loadtxt('{name}'), delimiter=',')\".",
    r"\.(rds|rda|rdata)$": "{path} is a file of R. Write its arrays in R with write.csv, a row for each image and the label first.",
    r"\.(crdownload|part|download|partial)$": "{path} is a download that did not come to its end. Download it again.",
    r"\.(zip|tar|tgz|tar\.gz|7z|rar|bz2|xz|z|zst|lz4)$": "{path} is still packed{inside}. Unpack it where it lies and use its "
                                                         "folder.",
}
CONTENTS = {          # how a file begins that is not what its name says
    rb"version https://git-lfs": "{path} is only a pointer to a file that Git LFS keeps elsewhere. Fetch the file: git lfs pull.",
    rb"\s*<(!doctype html|html|\?xml)": "{path} is a web page that came in the place of the file. "
                                       "Download the file again, in a browser.",
}
PACKED_CIFAR10 = r"cifar-?10(?!0).*\.(tar\.gz|tgz|tar|zip|7z)$"         # it should not be downloaded a second time
CIFAR100 = r"cifar-?100|^(train|test)\.bin$"


def as_mnist(contents: Contents, first: bool) -> Iterator[str]:
    """A sentence for each thing in a folder that may be MNIST and is not read; `first` for the folder that was named itself."""
    for prefix, files in idx_sets(contents).items():
        set_name = prefix.strip("-_. ")
        if classes := TOO_MANY_CLASSES.get(set_name):
            yield (f"{contents.place} has the files of {set_name}, with {classes} classes, and the workbook's networks tell ten "
                   "apart. Take emnist-digits or emnist-mnist.")
        elif len(files) < len(WANTED):
            missing = ", ".join(prefix + name for one, name in zip(WANTED, USUAL) if one not in files)
            yield f"{contents.place} lacks {missing}. Put all four files there."
    for name, path in contents.files.items():
        found = tables.columns(path) if name.lower().endswith(".csv") and "submission" not in name.lower() else 0
        if found == 28 * 28:
            yield f"{path} is a table without labels: Kaggle keeps those of its test.csv. Put train.csv there, too."
        elif found > 28 * 28 and "test" in name.lower():
            yield f"{path} has test images alone. Put the table with the training images there, too: mnist_train.csv."
        elif found:
            yield f"{path} is a table with {found} columns; a table of MNIST has 785 (784 pixels and the label)."
    yield from _by_name(contents)
    batches = {*CIFAR10_TRAIN, "data_batch_1", "data_batch_1.mat"} & contents.files.keys()
    if batches or {*CIFAR10_CLASSES} <= contents.folders.keys():
        yield f"{contents.place} holds CIFAR-10. For photographs use load_cifar10."
    else:
        yield from _unsorted_pictures(contents, DIGITS, first)


def as_cifar10(contents: Contents, first: bool) -> Iterator[str]:
    """The same of CIFAR-10."""
    for name, path in contents.files.items():
        if re.search(CIFAR100, name.lower()):
            yield f"{path} belongs to CIFAR-100, which has other classes. {TAKE_CIFAR10}"
    if {"train", "test", "meta"} <= contents.files.keys():
        yield f"{contents.place} holds CIFAR-100's Python version, which has other classes. {TAKE_CIFAR10}"
    if "trainLabels.csv" in contents.files:
        yield (f"{contents.place} holds Kaggle's version of CIFAR-10, whose test images have no labels. "
               "Take the version of its authors (www.cs.toronto.edu/~kriz/cifar.html).")
    for sentence in _by_name(contents):
        yield sentence.replace("'mnist", "'cifar10")
    yield from _unsorted_pictures(contents, CIFAR10_CLASSES, first)


def packed_cifar10(contents: Contents) -> str:
    """What to do with an archive of CIFAR-10 that nobody unpacked; "" where there is none."""
    for name, path in contents.files.items():
        if re.search(PACKED_CIFAR10, name.lower()) or contents.given and re.search(r"\.(tar|tgz|tar\.gz|zip)$", name.lower()):
            return f"{path} is still packed. Unpack it where it lies (tar -xf {name}) and name that folder."
    return ""


def _by_name(contents: Contents) -> Iterator[str]:
    """A sentence for each kind of file in a folder, about the first one of the kind."""
    told = set()
    for name, path in contents.files.items():
        sentence = another_kind(path) or next((text for pattern, text in SENTENCES.items() if re.search(pattern, name.lower())), "")
        if sentence and sentence not in told:
            told.add(sentence)
            yield sentence.format(path=path, name=name, inside=_inside(path))


def another_kind(path: Path) -> str:
    """The sentence about a file whose first bytes say that it is not what its name says; "" for others."""
    with suppress(OSError), open(path, "rb") as file:
        begin = file.read(64).lower()
        return next((sentence for pattern, sentence in CONTENTS.items() if re.match(pattern, begin)), "")
    return ""


def _unsorted_pictures(contents: Contents, classes: tuple[str, ...], first: bool) -> Iterator[str]:
    """Pictures that are in no folder of their class: in folders with other names, or all in the folder that was named."""
    holders = [name for name, path in contents.folders.items() if name.lower() not in classes and _first_picture(path)]
    wanted = f"called {classes[0]} to {classes[-1]}, in folders train and test"
    if holders:
        yield (f"{contents.place} has pictures in {holders[0]} ({_first_picture(contents.folders[holders[0]])}). "
               f"They are read from a folder for each class, {wanted}.")
    elif first and (name := _first_picture(contents.place)):
        yield f"{contents.place} has pictures ({name}), and not in a folder for each class, {wanted}."


def _first_picture(folder: Path) -> str:
    with suppress(OSError), os.scandir(folder) as entries:
        return min((entry.name for entry in entries if Path(entry.name).suffix.lower() in PICTURES), default="")
    return ""


def _inside(path: Path) -> str:
    """The first names in a zip archive, for a sentence."""
    with suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as file:
        names = [name for name in file.namelist() if not name.endswith("/")]
        return f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
    return ""
