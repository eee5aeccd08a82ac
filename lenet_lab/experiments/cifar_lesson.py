"""What notebook 10 works with: the photographs where CIFAR-10 is at hand, and where it is not, the records of the same trainings."""

import functools

from lenet_core.data import CIFAR10_CLASSES, DataError

from .learn import Settings, learn, pictures
from .table import stored

STUDY = "cifar10 short"                  # the notebook's own trainings, among the experiments


@functools.cache
def photographs():
    """CIFAR-10 as a `Dataset`, or None where there is none. Looks, and says what it found, once."""
    try:
        data = pictures("cifar10")
    except DataError as error:
        print(f"{error}\n\nUntil then, what was written down of each training is shown here, and a grey square for each photograph.")
        return None
    print(data)
    return data


def learned(seed=0, **settings):
    """The record of a training with these settings of `learn`: made now, or where the photographs are missing, as it was written down.

    Raises LookupError when nothing was written down of it either.
    """
    if settings.get("data") != "cifar10" or photographs():
        return learn(Settings(**settings), seed)
    for record in stored(STUDY):
        if record["settings"] == settings and record["seed"] == seed:
            return record
    raise LookupError(f"There is no CIFAR-10 here to train on, and no record of a training with seed {seed} and {settings}.")


def first(count, data):
    """The first test images and the names of what they show: `count` of each, None and "?" where there are no photographs."""
    if data is None:
        return [None] * count, ["?"] * count
    return list(data.test_x[:count]), [data.classes[k] for k in data.test_y[:count]]


def mistaken(record, data, count=12):
    """The surest mistakes in a record: images and captions, `count` of each.

    The images are None where `data` has other photographs at those places than the record, or is None.
    """
    found = record["mistakes"][:count]
    same = data is not None and all(place < len(data.test_y) and data.test_y[place] == label for place, label, *_ in record["mistakes"])
    captions = [f"{CIFAR10_CLASSES[label]}\ntaken for {CIFAR10_CLASSES[answer]}\n{p:.1%} sure" for _, label, answer, p in found]
    return [data.test_x[place] if same else None for place, *_ in found], captions
