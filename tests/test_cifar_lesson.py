"""Notebook 10: photographs or, where there are none, the records of the same trainings; its figures, and confusions with names."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from lenet_core.data import CIFAR10_CLASSES, DataError, Dataset
from lenet_lab import plots
from lenet_lab.experiments import cifar_lesson, table
from lenet_lab.experiments.learn import Settings

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "10_tiny_images.ipynb"
SETTINGS = {"network": "fman45", "data": "cifar10", "input_shape": [3, 32, 32], "epochs": 1}
RECORD = {"mistakes": [[1, 3, 5, 0.987], [0, 8, 9, 0.9]]}


@pytest.fixture
def photographs():
    rng = np.random.default_rng(0)
    return Dataset("CIFAR-10 (part)", rng.random((30, 3, 32, 32), np.float32), np.arange(30) % 10, rng.random((4, 3, 32, 32), np.float32),
                   np.array([8, 3, 0, 1]), classes=CIFAR10_CLASSES)


@pytest.fixture
def here(monkeypatch, photographs):
    monkeypatch.setattr(cifar_lesson, "pictures", lambda name: photographs)
    cifar_lesson.photographs.cache_clear()
    yield photographs
    cifar_lesson.photographs.cache_clear()


@pytest.fixture
def nowhere(monkeypatch):
    def pictures(name):
        raise DataError("There is no CIFAR-10.")

    monkeypatch.setattr(cifar_lesson, "pictures", pictures)
    cifar_lesson.photographs.cache_clear()
    yield
    cifar_lesson.photographs.cache_clear()


def test_what_is_here_is_said_once(here, capsys):
    assert cifar_lesson.photographs() is here and cifar_lesson.photographs() is here
    assert capsys.readouterr().out == f"{here}\n"


def test_that_nothing_is_here_is_said_once(nowhere, capsys):
    assert cifar_lesson.photographs() is None and cifar_lesson.photographs() is None
    assert capsys.readouterr().out.count("There is no CIFAR-10.") == 1


def test_with_photographs_it_trains(here, monkeypatch):
    monkeypatch.setattr(cifar_lesson, "learn", lambda settings, seed: (seed, settings))
    monkeypatch.setattr(cifar_lesson, "stored", lambda study: pytest.fail("a record was looked for"))
    assert cifar_lesson.learned(3, **SETTINGS) == (3, Settings(**SETTINGS))


def test_without_photographs_it_looks_for_the_same_training(nowhere, monkeypatch):
    monkeypatch.setattr(cifar_lesson, "learn", lambda settings, seed: (seed, settings))
    records = [{"settings": {**SETTINGS, **change}, "seed": seed, "n": n}
               for n, (seed, change) in enumerate([(1, {}), (0, {"mirror": True}), (0, {})])]
    monkeypatch.setattr(cifar_lesson, "stored", lambda study: records)
    assert cifar_lesson.learned(**SETTINGS)["n"] == 2 and cifar_lesson.learned(1, **SETTINGS)["n"] == 0
    assert cifar_lesson.learned(**{**SETTINGS, "data": "mnist"}) == (0, Settings(**{**SETTINGS, "data": "mnist"}))       # digits are always here
    with pytest.raises(LookupError, match="CIFAR-10 is missing, and there is no record"):
        cifar_lesson.learned(**SETTINGS, centred=True)


def test_mistakes_are_shown_only_if_they_are_the_same_photographs(photographs):
    images, captions = cifar_lesson.mistaken(RECORD, photographs)
    assert [np.array_equal(image, photographs.test_x[n]) for image, n in zip(images, (1, 0))] == [True, True]
    assert captions == ["cat\ntaken for dog\n98.7% sure", "ship\ntaken for truck\n90.0% sure"]
    others = Dataset("CIFAR-10", photographs.train_x, photographs.train_y, photographs.test_x, photographs.test_y[::-1])
    shorter = Dataset("CIFAR-10", photographs.train_x, photographs.train_y, photographs.test_x[:1], photographs.test_y[:1])
    for data in (None, others, shorter):
        assert cifar_lesson.mistaken(RECORD, data) == ([None, None], captions)


def test_first_images_have_names(photographs):
    images, names = cifar_lesson.first(2, photographs)
    assert np.array_equal(images, photographs.test_x[:2]) and names == ["ship", "cat"]
    assert cifar_lesson.first(2, None) == ([None, None], ["?", "?"])


def drawn(axis):
    """The picture on an axis, as an array."""
    return np.asarray(axis.images[0].get_array())


def test_photographs_show_red_green_and_blue(photographs):
    ax = plots.photographs([photographs.test_x[0], None] * 5, list("abcdefghij"), photographs.name)
    assert ax.shape == (2, 8) and photographs.name in ax[0, 0].figure._suptitle.get_text()
    assert np.array_equal(drawn(ax[0, 0]), photographs.test_x[0].transpose(1, 2, 0)) and ax[0, 0].get_title() == "a"
    assert np.ptp(drawn(ax[0, 1])) == 0                                   # nothing is here: one grey
    assert [len(axis.images) for axis in ax[1]] == [1, 1] + 6 * [0]


def test_kernels_are_shown_around_grey():
    kernels = np.zeros((2, 3, 5, 5))
    kernels[0, :, 0, 0], kernels[0, :, 4, 4], kernels[1, 2, 0, 1] = 2, -2, 1
    ax = plots.colour_kernels(kernels, "conv1")
    first, second = (drawn(axis) for axis in ax[0, :2])
    assert (first[0, 0] == 1).all() and (first[4, 4] == 0).all() and (first[2, 2] == 0.5).all()
    assert second[0, 1].tolist() == [0.5, 0.5, 0.75]                      # the same scale for all: half of the largest weight
    assert "2.00" in ax[0, 0].figure._suptitle.get_text()


def test_learning_curves_have_both_errors():
    run = {"curve": [[1, 0.5, 0.6], [2, 0.25, 0.5]]}
    ax = plots.learning_curves({"one": run, "two": run})
    train, test = ax[0, 1].lines
    assert train.get_ydata().tolist() == [0.5, 0.25] and test.get_ydata().tolist() == [0.6, 0.5]
    assert train.get_linestyle() != test.get_linestyle() and ax[0, 1].get_title(loc="left") == "two"


def test_confusions_can_have_names():
    counts = np.array([[8, 2], [0, 6]])
    ax = plots.counted_confusions([counts], ["mistakes"], "some", ["cat", "dog"])[0, 0]
    assert [text.get_text() for text in ax.texts] == ["2"] and ax.texts[0].get_position() == (1, 0)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog"] == [label.get_text() for label in ax.get_yticklabels()]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("answer", "true class")
    assert plots.counted_mistakes(counts, ["cat", "dog"]) == "cat taken for dog (2 times)"


def test_confusions_of_digits_are_as_they_were():
    y, answers = np.array([7, 7, 2, 0]), np.array([2, 2, 2, 0])
    ax = plots.confusions(y, [answers], ["mistakes"], "digits")[0, 0]
    assert [(text.get_text(), text.get_position()) for text in ax.texts] == [("2", (2, 7))]
    assert ax.get_xticks().tolist() == list(range(10)) == ax.get_yticks().tolist() and ax.get_ylabel() == "true digit"
    assert plots.frequent_mistakes(y, answers) == "7 read as 2 (2 times)"
    tied = np.array([7, 2, 2, 0]), np.array([2, 7, 0, 1])
    assert plots.frequent_mistakes(*tied).endswith("2 read as 7 (1 times), and others as often")
    assert plots.frequent_mistakes(*tied, n=4).endswith("7 read as 2 (1 times)")
    assert plots.frequent_mistakes(y, y) == "none"


def test_the_caption_of_the_long_runs_is_of_one_point_of_each_curve():
    kept = json.loads((ROOT / "results" / "outputs" / f"{NOTEBOOK.stem}.json").read_text(encoding="utf-8"))
    caption = next(output["data"]["text/plain"] for output in kept["c26"] if "text/plain" in output.get("data", {}))
    for run in table.stored("cifar10"):
        if run["seed"] == 0:
            epoch, training, test = run["curve"][-1]
            assert f"{run['case']}, after {epoch:.0f} of {run['settings']['epochs']} epochs: {training:.1%} and {test:.1%}" in "".join(caption)
            assert training >= 0.25                       # "a quarter or more of the photographs that they learn from"
    (first, other), deeper = ([run["accuracy"] for run in table.stored("cifar10") if run["case"] == case] for case in ("baseline", "deeper"))
    assert round(100 * first - 48) == 20 and round(100 * other - 48) == 19 and len(deeper) == 1


def test_what_notebook_09_says_of_the_lenet_of_notebook_07():
    seven, nine = ((NOTEBOOK.parent / name).read_text(encoding="utf-8") for name in ("07_look_inside.ipynb", "09_five_networks.ipynb"))
    misread, = set(re.findall(r"(\d+) of 10,000 test images of MNIST misread", seven))
    assert f"the LeNet of notebook 07, which misread about {misread} of the 10,000" in nine


def test_the_notebook_runs_to_its_end_without_photographs(nowhere, monkeypatch, capsys):
    """Every training of photographs in it has a record of the same settings; digits are not trained here, to be quick."""
    monkeypatch.setattr(cifar_lesson, "learn", lambda settings, seed: {"accuracy": 0.0})
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["data"] is None and names["images"] == 12 * [None]
    assert {run["settings"]["data"] for run in (names["raw"], names["centred"], names["varied"])} == {"cifar10"}
