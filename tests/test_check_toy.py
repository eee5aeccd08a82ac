"""The twelve questions: right answers pass in every notation, and each known slip is called by its name."""

import numpy as np
import pytest

from lenet_lab import check
from lenet_lab.check.toy_questions import ANSWERS

QUESTIONS = {number: make() for number, make in ANSWERS.items()}


# Worked out on paper from the homework's section 3.
RIGHT = {1: (3, 3), 2: (2, 2), 3: 3, 4: 3, 5: 4, 6: 7, 7: 39, 8: 0.9526, 9: 0.0486, 10: -1.0498, 11: 0.3794, 12: -0.0949}


@pytest.mark.parametrize("number", QUESTIONS)
def test_right_answers_pass(number):
    for right in (RIGHT[number], *QUESTIONS[number][0]):
        verdict = check.toy(number, right)
        assert verdict.passed and verdict.misconception is None


@pytest.mark.parametrize("number, wrong", [(number, wrong) for number, (_, wrongs) in QUESTIONS.items() for wrong in wrongs])
def test_every_known_slip_is_told_apart(number, wrong):
    verdict = check.toy(number, wrong.value)
    assert not verdict.passed and verdict.misconception == wrong.misconception and wrong.text in verdict.text


@pytest.mark.parametrize("number, answer", [(1, 3), (1, [3, 3]), (1, "3x3"), (1, "(3, 3)"), (9, "0.0486"), (8, "0,953"), (8, np.float32(0.95257)),
                                            (10, "-1.05"), (10, [0, -1.0498, 0]), (12, "\N{MINUS SIGN}0.0949"), (5, "4/1"),
                                            (10, "-1,05"), (10, "-1/0.9526"), (9, "4.86e-2")])
def test_right_answers_in_other_notations(number, answer):
    assert check.toy(number, answer).passed


@pytest.mark.parametrize("number", QUESTIONS)
def test_unwritten_and_unreadable(number):
    assert str(check.toy(number)) == f"… Question {number}: Not written yet."
    assert check.toy(number).work == ()                                     # not given away before anything was tried
    for answer in ("no idea", None, float("nan"), object(), "1/0", [], {}, "-ln(0.9526)", "3 probabilities", "1e99999999", 10**400, "9" * 5000):
        verdict = check.toy(number, answer)
        assert not verdict.passed and "that I can read" in verdict.text


def test_a_rounded_answer_is_near():
    assert check.toy(11, 0.376).misconception == check.toy(9, 0).misconception == "rounded too early"
    assert check.toy(8, 0.93).misconception is None


def test_a_wrong_verdict_keeps_the_answer_folded():
    verdict = check.toy(5, 1000)
    assert "= 4" not in verdict.text and any("= 4" in line for line in verdict.work)
    assert "<details><summary>Show the work" in verdict._repr_html_()


@pytest.mark.parametrize("number, steps", [
    (7, ["z(2) = 0.5*8 + 1*14 + 2*7 + 1*7 + (-0.5)*14 + 0.5*14 + (-1)*11 + 1*11 + 0 = 39", "s(2) = max(0, 39) = 39"]),
    (9, ["y(2) = e^39 / (e^36 + e^39 + e^0) ≈ 0.9526", "J = -ln(0.9526) ≈ 0.0486"]),
    (11, ["y(1) = e^36 / (e^36 + e^39 + e^0) ≈ 0.0474", "dJ/dW1(1,1) = 0.0474*8 ≈ 0.3794"]),
    (12, ["dJ/dC(1,3,1) = (-0.0237) ≈ -0.0237", "dJ/dC(2,2,1) = (-0.0474) + 0.0474 ≈ -3.3e-17"]),
])
def test_the_work_has_the_sums_that_the_answer_is_made_of(number, steps):
    assert {*steps} < {*check.toy(number, 1000).work}


@pytest.mark.parametrize("name", ["toy_07", "toy_12"])
def test_a_question_without_hints_has_a_way_on(name):
    for said in (check.hint(name).data, check.solution(name).data):
        assert "Press *Step* in the widget" in said and f"`check.toy({int(name[4:])}, 0)`" in said and "Show the work" in said


def test_per_cent_is_read():
    assert check.toy(8, "95.26 %").passed and check.toy(8, "95,26%").passed and not check.toy(8, "% 95").passed


def test_there_are_twelve_questions():
    with pytest.raises(ValueError, match="1 to 12"):
        check.toy(13, 1)
