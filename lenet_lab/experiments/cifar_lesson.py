"""The data of notebook 10: the photographs of CIFAR-10, or, where they are missing, the records of the same training runs."""

import functools

from lenet_core.data import CIFAR10_CLASSES, DataError

from .learn import Settings, learn, pictures
from .table import stored

STUDY = "cifar10 short"                  # the study with the notebook's own training runs


@functools.cache
def photographs():
    """CIFAR-10 as a `Dataset`, or None if it is missing; the first call prints which."""
    try:
        data = pictures("cifar10")
    except DataError as error:
        print(f"{error}\n\nUntil then, this notebook shows the recorded results of each training run, and a grey square for each photograph.")
        return None
    print(data)
    return data


def learned(seed=0, **settings):
    """The record of a training run with these settings of `learn`: made now, or read from the record if CIFAR-10 is missing.

    Raises LookupError if the record has no such run.
    """
    if settings.get("data") != "cifar10" or photographs():
        return learn(Settings(**settings), seed)
    for record in stored(STUDY):
        if record["settings"] == settings and record["seed"] == seed:
            return record
    raise LookupError(f"CIFAR-10 is missing, and there is no record of a training run with seed {seed} and {settings}.")


def first(count, data):
    """The first `count` test images and the names of their classes; None and "?" for each if there are no photographs."""
    if data is None:
        return [None] * count, ["?"] * count
    return list(data.test_x[:count]), [data.classes[k] for k in data.test_y[:count]]


def mistaken(record, data, count=12):
    """The first `count` mistakes in a record, by decreasing probability: images and captions.

    The images are None if `data` is None, or if its images are not those of the record.
    """
    found = record["mistakes"][:count]
    same = data is not None and all(place < len(data.test_y) and data.test_y[place] == label for place, label, *_ in record["mistakes"])
    captions = [f"{CIFAR10_CLASSES[label]}\ntaken for {CIFAR10_CLASSES[answer]}\n{p:.1%} sure" for _, label, answer, p in found]
    return [data.test_x[place] if same else None for place, *_ in found], captions
