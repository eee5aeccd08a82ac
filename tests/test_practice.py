"""Practice problems: the same for everyone, fit for a hand, printable."""

import hashlib
import json
import re

import numpy as np
import pytest

from lenet_lab.toy.practice import homework, key, main, problem, sheet
from lenet_lab.toy.worked import show


@pytest.fixture(scope="module")
def hundred():
    """The worked solutions of a hundred problems."""
    return [problem(seed).worked for seed in range(100)]


def test_a_seed_is_the_same_problem_on_every_platform():
    several = [problem(seed, ties).worked for seed in range(5) for ties in (0, 1)]
    numbers = [[str(value) for name in ("x", "F", "W1", "b") for value in w[name].values.flat] + [w.label, w.stride, w.pad, w.pool_stride]
               for w in several]
    assert hashlib.sha256(json.dumps(numbers).encode()).hexdigest()[:16] == FIRST_FIVE


FIRST_FIVE = "bd64eb1c1d53a8ec"


def test_seeds_are_whole_numbers():
    with pytest.raises(ValueError, match="Seeds are 0, 1, 2"):
        problem(-3)
    with pytest.raises(TypeError):
        problem(None)
    assert problem(np.int64(3)).worked.label == problem(3).worked.label and problem(3, ties=1).name == "Problem 3, with ties=1"


def test_fit_for_a_hand(hundred):
    for w in hundred:
        assert w.ties_found() == ([], [])
        assert all(value.denominator == 1 and abs(value) <= 5 for value in w["x"].values.flat)
        assert all(0.005 < float(p) < 0.995 for p in w["y"].values)
        assert all(len(show(value)) <= 5 for name in ("F", "W1", "b") for value in w[name].values.flat)


def test_problems_differ_in_all_that_can_differ(hundred):
    for what in (lambda w: w["x"].values.shape, lambda w: w.stride, lambda w: w.pad, lambda w: w.pool_stride, lambda w: w.label,
                 lambda w: w["F"].values.shape):
        assert len({what(w) for w in hundred}) > 1


def test_the_share_of_ties():
    assert 0.3 < sum(bool(problem(seed, ties=0.5).worked.ties_found()[0]) for seed in range(100)) / 100 < 0.7
    with pytest.raises(ValueError, match="from 0 to 1"):
        problem(1, ties=2)


def test_solution_names_the_layers():
    solution = homework().solution
    assert solution["conv1.dW"].shape == (2, 1, 2, 2) and solution["ip1.dW"].shape == (8, 3) and solution["pool1.dx"].shape == (1, 2, 3, 3)


def test_sheet_and_key():
    problems, solutions = sheet([4, 5]), key([4, 5])
    loss = show(problem(4).worked.value("J"))
    assert loss not in problems and loss in solutions
    for page in (problems, solutions):
        assert page.count("<section>") == 2 and "Problem 4" in page and "http" not in page
    given = problem(4).worked["x"].values[0]
    assert all("<tr>" + "".join(f"<td>{show(value)}</td>" for value in row) + "</tr>" in problems for row in given)


def test_from_the_terminal(tmp_path, capsys):
    main(["3", "--out", str(tmp_path / "sheets")])
    assert (tmp_path / "sheets" / "problems.html").read_text() == sheet([3])
    assert "solutions.html" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["3", "--ties", "7"])
    assert "share from 0 to 1" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(20))
def test_the_sheet_counts_classes_as_it_counts_indices(seed):
    """Who reads "class 3 of 3" and y(3) takes the entry of y from which J and every gradient come."""
    w = problem(seed).worked
    told = re.search(r"the label is class (\d) of (\d)\.", sheet([seed]))
    assert int(told[2]) == len(w["y"].values) and "label 0" not in sheet([seed])
    assert float(w.value("J")) == pytest.approx(-np.log(float(w["y"].values[int(told[1]) - 1])))
