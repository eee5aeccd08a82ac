"""The check of F(2, 3): right results by four multiplications, in any way to write them; every misconception under its name."""

import json
import re
from fractions import Fraction

import numpy as np
import pytest

from lenet_lab import check
from lenet_lab.check import fast_filter
from lenet_lab.check.fast_filter import F23, WRONGS, by_products, filtered, multiplications
from lenet_lab.course.syllabus import NOTEBOOKS


@pytest.fixture(autouse=True)
def progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path))


def unpacked(d, g):
    (d0, d1, d2, d3), (g0, g1, g2) = d, g
    m2, m3 = 0.5 * (d1 + d2) * (g0 + g1 + g2), (d2 - d1) * (0.5 * g0 - g1 / 2 + g2 / 2)
    return [(d0 - d2) * g0 + m2 + m3, -((d1 - d3) * g2 - m2 + m3)]


def halved_at_the_end(d, g):
    plus, minus = (d[1] + d[2]) * sum(g), (d[2] - d[1]) * (g[0] - g[1] + g[2])
    return (d[0] - d[2]) * g[0] + (plus + minus) / 2, (plus - minus) / 2 + g[2] * (d[3] - d[1])


def by_a_toom_cook_of_other_points(d, g):
    """The points 0, 1, 2 and infinity instead of 0, 1, -1 and infinity: four products as well."""
    m1, m4 = g[0] * (d[0] - 3 * d[1] / 2 + d[2] / 2), g[2] * (2 * d[1] - 3 * d[2] + d[3])
    m2, m3 = (g[0] + g[1] + g[2]) * (2 * d[1] - d[2]), (g[0] + 2 * g[1] + 4 * g[2]) * (d[2] - d[1]) / 2
    return m1 + m2 + m3, m2 + 2 * m3 + m4


@pytest.mark.parametrize("function", [by_products, unpacked, halved_at_the_end, by_a_toom_cook_of_other_points])
def test_every_way_with_four_multiplications_passes(function):
    verdict = check.f23(function)
    assert verdict.passed and "It multiplies 4 times" in verdict.text
    assert check.progress().passed == 1


@pytest.mark.parametrize("name, text, function", WRONGS, ids=[name for name, _, _ in WRONGS])
def test_every_misconception_is_called_by_its_name(name, text, function):
    verdict = check.f23(function)
    assert not verdict.passed and verdict.misconception == name and verdict.text.startswith(text) and len(verdict.text.split()) <= 80


SOLUTION = """def f23(d, g):
    m1 = (d[0] - d[2]) * g[0]
    m2 = (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2
    m3 = (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2
    m4 = (d[1] - d[3]) * g[2]
    return m1 + m2 + m3, m2 - m3 - m4
"""
SIGNS = [sign.start() for sign in re.finditer("[+-]", SOLUTION)]


@pytest.mark.parametrize("place", SIGNS, ids=[str(n) for n in range(len(SIGNS))])
def test_every_single_wrong_sign_is_named(place):
    names = {}
    exec(f"{SOLUTION[:place]}{'-' if SOLUTION[place] == '+' else '+'}{SOLUTION[place + 1:]}", names)
    verdict = check.f23(names["f23"])
    assert not verdict.passed and verdict.misconception in {name for name, _, _ in WRONGS}


def test_more_than_four_multiplications_are_counted():
    def five(d, g):
        y0, y1 = by_products(d, g)
        return y0, y1 + (d[0] - d[0]) * g[0]

    for function, count in ((filtered, 6), (five, 5)):
        verdict = check.f23(function)
        assert not verdict.passed and verdict.misconception == "too many multiplications" and f"with {count} multiplications" in verdict.text


def test_what_is_lost_without_exact_numbers_is_said():
    verdict = check.f23(lambda d, g: by_products(np.float64(1) * np.asarray(d, float), np.asarray(g, float)))
    assert not verdict.passed and verdict.misconception == "not exact" and "exact numbers" in verdict.text
    assert multiplications(lambda d, g: (1, 2)) is None and multiplications(lambda d, g: 1 / 0) is None


@pytest.mark.parametrize("function", [..., None, lambda d, g: ..., lambda d, g: (..., ...)])
def test_not_written_yet(function):
    assert not check.f23(function).written


def test_counting_numbers_compute_as_fractions_do(rng):
    a, b = (Fraction(int(n), 7) for n in rng.integers(1, 50, 2))
    count = []
    x, y = (fast_filter.Exact(n, count) for n in (a, b))
    assert ((x + y).value, (x - y).value, (1 - x).value, (3 * x).value, (x / 2).value, (-x).value, (+x).value) == \
        (a + b, a - b, 1 - a, 3 * a, a / 2, -a, a)
    assert not count and ((x * y).value, (x / y).value) == (a * b, a / b) and len(count) == 2


def test_the_right_answer_is_the_definition(rng):
    d, g = rng.standard_normal(4), rng.standard_normal(3)
    np.testing.assert_allclose(F23.right(d, g), np.correlate(d, g, "valid"))


def test_there_are_three_hints_and_a_solution():
    assert [check.hint("f23").data.startswith(f"**Hint {n} of 3") for n in (1, 2, 3)] == [True] * 3
    room = {"check": check}
    exec(check.solution("f23").data.strip("`").removeprefix("python\n"), room)
    assert check.f23(room["f23"]).passed


def test_what_is_compared_in_notebook_11_is_measured_in_one_cell():
    cells = json.loads((NOTEBOOKS / "11_fast_convolution.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    source, = (one for one in sources if 'compare("times that all layers together' in one)
    assert "for choose, best in ((False, by_product), (True, chosen)):" in source and source.count("layer_times(net, images)") == 1
    for name in ("two threads are", "Winograd is"):
        source, = (one for one in sources if f'compare("times that {name} faster' in one)
        assert "times = in_turn(steps)\n" in source and "fastest(" not in source           # nothing is compared with a time of long ago
