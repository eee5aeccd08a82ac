"""What people have that is not read: a sentence for each, which says what it is and what to do."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from . import tables
from .arrays import WANTED
from .forms import CIFAR10_TRAIN, TOO_MANY_CLASSES, Contents, idx_sets

USUAL = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
BY_A_LINE = "turn it into a file that is read, with this line in a terminal in its folder: python -c "
TO_NPZ = "numpy.savez('mnist.npz', x_train=a, y_train=b, x_test=c, y_test=d)"
PICKLE = ("{{path}} is a pickle, which can run any program while it is read, so it is not read here. If you trust it, " + BY_A_LINE
          + "\"import {imports}pickle, numpy; (a, b), (v, w), (c, d) = pickle.load({opened}, encoding='latin1'); "
          "numpy.savez('mnist.npz', x_train=a, y_train=b, x_val=v, y_val=w, x_test=c, y_test=d)\".")
TENSORFLOW = ("{path} belongs to TensorFlow Datasets. Where that is installed, " + BY_A_LINE + "\"import tensorflow_datasets as t, "
              "numpy; x, z = (t.as_numpy(t.load('mnist', split=s, batch_size=-1)) for s in ('train', 'test')); "
              "numpy.savez('mnist.npz', x_train=x['image'], y_train=x['label'], x_test=z['image'], y_test=z['label'])\".")
SENTENCES = {         # how the name of a file looks: the sentence about it
    r"\.(pkl|pickle)\.gz$": PICKLE.format(imports="gzip, ", opened="gzip.open('{name}')"),
    r"\.(pkl|pickle)$": PICKLE.format(imports="", opened="open('{name}', 'rb')"),
    r"\.pth?$": "{path} is a file of PyTorch: " + BY_A_LINE + "\"import torch, numpy; (a, b), (c, d) = (torch.load(f) for f in "
                "('training.pt', 'test.pt')); " + TO_NPZ + "\".",
    r"\.tfrecord|dataset_info\.json$": TENSORFLOW,
    r"\.(h5|hdf5)$": "{path} is an HDF5 file. Open it with the package h5py and write its arrays: " + TO_NPZ + ".",
    r"\.arrow$": "{path} is the hub's own copy of a set. Write it as parquet: datasets.load_dataset(...)['train'].to_parquet("
                 "'train.parquet'), and the same for 'test'.",
    r"\.amat$": "{path} is text with 784 numbers and a label in each row: " + BY_A_LINE + "\"import numpy; "
                "numpy.savetxt('train.csv', numpy.loadtxt('{name}'), delimiter=',')\".",
    r"\.(rds|rda|rdata)$": "{path} is a file of R. Write its arrays in R with write.csv, a row for each image and the label first.",
    r"\.(crdownload|part|download|partial)$": "{path} is a download that did not come to its end. Download it again.",
    r"\.(zip|tar|tgz|tar\.gz|tar\.bz2|tar\.xz|7z|rar)$": "{path} is still packed{inside}. Unpack it where it lies and use its "
                                                         "folder.",
}
PACKED_CIFAR10 = r"cifar-?10(?!0).*\.(tar\.gz|tgz|tar|zip|7z)$"         # it should not be downloaded a second time
TAKE_CIFAR10 = "Take CIFAR-10 (www.cs.toronto.edu/~kriz/cifar.html)."
CIFAR100 = r"cifar-?100|^(train|test)\.bin$"


def as_mnist(contents: Contents) -> Iterator[str]:
    """A sentence for each thing in a folder that may be MNIST and is not read."""
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
        elif found > 28 * 28:
            yield f"{path} has test images alone. Put the table with the training images there, too: mnist_train.csv."
        elif found:
            yield f"{path} is a table with {found} columns; a table of MNIST has 785 (784 pixels and the label)."
    yield from _by_name(contents)
    if {*CIFAR10_TRAIN, "data_batch_1", "data_batch_1.mat"} & contents.files.keys():
        yield f"{contents.place} holds CIFAR-10. For photographs use load_cifar10."


def as_cifar10(contents: Contents) -> Iterator[str]:
    """The same of CIFAR-10."""
    for name, path in contents.files.items():
        if re.search(CIFAR100, name.lower()):
            yield f"{path} belongs to CIFAR-100, which has other classes. {TAKE_CIFAR10}"
    if {"train", "test", "meta"} <= contents.files.keys():
        yield f"{contents.place} holds CIFAR-100's Python version, which has other classes. {TAKE_CIFAR10}"
    if "trainLabels.csv" in contents.files:
        yield (f"{contents.place} holds Kaggle's version of CIFAR-10, whose test images have no labels. "
               "Take the version of its authors (www.cs.toronto.edu/~kriz/cifar.html).")
    yield from _by_name(contents)


def packed_cifar10(contents: Contents) -> str:
    """What to do with an archive of CIFAR-10 that nobody unpacked; "" where there is none."""
    for name, path in contents.files.items():
        if re.search(PACKED_CIFAR10, name.lower()) or contents.given and re.search(r"\.(tar|tgz|tar\.gz|zip)$", name.lower()):
            return f"{path} is still packed. Unpack it where it lies (tar -xf {name}) and name that folder."
    return ""


def _by_name(contents: Contents) -> Iterator[str]:
    for name, path in contents.files.items():
        for pattern, sentence in SENTENCES.items():
            if re.search(pattern, name.lower()):
                yield sentence.format(path=path, name=name, inside=_inside(path))
                break


def _inside(path: Path) -> str:
    """The first names in a zip archive, for a sentence."""
    with suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as file:
        names = [name for name in file.namelist() if not name.endswith("/")]
        return f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
    return ""
