"""The pass by hand: every number equals what the layers compute, and every gradient is a slope where there is one."""

import math
from fractions import Fraction

import numpy as np
import pytest

from lenet_core import ops
from lenet_core.gradcheck import numeric_gradient
from lenet_lab.toy.practice import homework, problem
from lenet_lab.toy.worked import BACKWARD, FORWARD, TIES, WorkedPass, factor, show

SEVERAL = range(40)


def agree(given):
    """All numbers against `lenet_core`, and all gradients against central differences; the problem must have no kink."""
    loss, scores = given.net.loss(given.x, given.y)
    s = given.solution
    assert abs(s["loss"] - loss) < 1e-12
    np.testing.assert_allclose(s["p"], ops.softmax(scores), rtol=1e-11, atol=1e-14)
    for layer in given.net.layers:
        arrays = {what: getattr(layer, what) for what in ("x", "out", "dout", "dx")} | {"d" + p: g for p, g in layer.grads.items()}
        for name, array in arrays.items():
            assert s[f"{layer.name}.{name}"].shape == array.shape, name
            np.testing.assert_allclose(s[f"{layer.name}.{name}"], array, rtol=1e-10, atol=1e-12, err_msg=f"{layer.name}.{name}")
    numeric = {"conv1.dx": numeric_gradient(lambda x: ops.softmax_loss(given.net(x), given.y)[0], given.x)}
    for layer in given.net.layers:
        for p, whole in layer.params.items():
            def loss_with(value, layer=layer, p=p, whole=whole):
                layer.params[p] = value
                loss = ops.softmax_loss(given.net(given.x), given.y)[0]
                layer.params[p] = whole
                return loss
            numeric[f"{layer.name}.d{p}"] = numeric_gradient(loss_with, whole)
    for name, array in numeric.items():
        np.testing.assert_allclose(s[name], array, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("seed", SEVERAL)
def test_a_problem_agrees_with_the_layers_and_with_the_slopes(seed):
    agree(problem(seed))


@pytest.mark.slow
def test_a_thousand_problems():
    for seed in range(1000):
        agree(problem(seed))
    print("1,000 problems: every number equals lenet_core's, every gradient the central difference")


@pytest.mark.parametrize("seed", range(10))
def test_with_ties_the_layers_still_agree(seed):
    given = problem(seed, ties=1)
    assert given.worked.ties_found()[0]
    given.net.loss(given.x, given.y)
    np.testing.assert_allclose(given.solution["conv1.dW"], given.net["conv1"].grads["W"], rtol=1e-10, atol=1e-12)


def test_the_homeworks_numbers():
    w = homework().worked
    assert w.value("C", (1, 0, 0)) == 4 and w.value("P", (0, 1, 0)) == 7 and list(w["z"].values) == [36, 39, -27]
    assert w.cell("C", (0, 0, 0)).arithmetic == "1*0 + 1*0 + 2*0 + 0*2 = 0"
    assert not w.floats("dF")[1].any() and all(value == 0 for value in w["dF"].values[1].flat)      # exactly
    assert w.ties_found() == ([(0, 1, 1)], [])


def test_the_three_conventions_of_a_tie():
    w = homework().worked
    p = w.floats("y")
    g = {ties: float(w.changed(ties=ties).value("dF", (0, 0, 0, 0))) for ties in TIES}
    assert g["first"] == pytest.approx(2 * (p[1] - 1)) and g["each"] == pytest.approx(-3 * (p[1] - 1))
    assert g["share"] == pytest.approx((p[1] - 1) / 2)


@pytest.mark.parametrize("seed", [0, 3, 5, 35])
def test_the_arithmetic_of_every_cell_is_true(seed):
    """Read the text as a student would: where it says =, both sides are the same number; where it says ≈, nearly."""
    w = problem(seed).worked
    for cell in w.steps:
        if cell.grid == "ds" or "=" not in cell.arithmetic and "≈" not in cell.arithmetic:
            continue
        left, sign, right = cell.arithmetic.replace("-ln(", "-log(").replace("e^", "e**").rpartition("≈" if "≈" in cell.arithmetic else "=")
        names = {"max": max, "e": math.e, "log": math.log}
        assert eval(left, names) == pytest.approx(eval(right), rel=1e-2 if sign == "≈" else 1e-12, abs=6e-4 if sign == "≈" else 0), cell
        # 1 %: a probability of 0.0140 is written with three digits, and 1/0.0140 has no more
        assert eval(right) == pytest.approx(float(cell.value), rel=1e-3, abs=6e-5)
    assert list(dict.fromkeys(cell.grid for cell in w.steps)) == [*FORWARD, *BACKWARD]


def test_the_middle_entry_gets_almost_nothing_by_hand_and_rounding_in_the_layers():
    given = homework()
    w = given.worked
    given.net.loss(given.x, given.y)
    by_hand, in_layers = float(w.value("dC", (0, 1, 1))), given.net["conv1"].dout[0, 0, 1, 1]
    assert math.isclose(by_hand, -3 * float(w.value("y", (2,))), rel_tol=1e-12) and f"{by_hand:.1e}" == "-3.3e-17"
    assert abs(in_layers) < 1e-15


def test_a_loser_of_a_tie_is_not_said_to_change_nothing():
    w = homework().worked
    assert w.cell("dC", (0, 1, 2)).note == "A tie in P(2,2,1): C(2,2,1), the first, takes all."
    assert w.cell("dC", (0, 0, 0)).note == "It wins no pooling window, so it changes nothing."


def test_the_python_names_are_true():
    given = problem(2)
    net, x = given.net, given.x
    loss, scores = net.loss(x, given.y)
    names = {"net": net, "x": x, "J": loss, "scores": scores, "ops": ops}
    for cell in given.worked.steps:
        entry = given.worked.array_entry(cell.grid, cell.index)
        if entry:
            assert eval(entry, names) == pytest.approx(float(cell.value), rel=1e-9, abs=1e-12), entry


@pytest.mark.parametrize("value, text", [(Fraction(3), "3"), (Fraction(1, 2), "0.5"), (Fraction(1, 3), "1/3"), (Fraction(-1, 4), "-0.25"),
                                         (Fraction(0), "0"), (Fraction(123456789, 10**9), "0.1235"), (Fraction(11, 10**18), "1.1e-17"),
                                         (Fraction(-9 * 10**16, 7), "-1.3e+16"), (Fraction(1234567), "1234567"),
                                         (Fraction(10**22 + 1, 4), "2.5e+21")])
def test_numbers_as_text(value, text):
    assert show(value) == text


def test_negative_factors_stand_in_brackets():
    assert factor(Fraction(-1, 2)) == "(-0.5)" and factor(Fraction(1, 3)) == "(1/3)" and factor(Fraction(2)) == "2"


def test_what_does_not_fit_is_said():
    w = homework().worked
    with pytest.raises(ValueError, match=r"W1 is \(3, 8\)"):
        w.changed(W1=[[1, 2]] * 3)
    with pytest.raises(ValueError, match="0 to 2"):
        w.changed(label=3)
    with pytest.raises(ValueError, match="apart"):
        w.changed(b=[900, 0, 0])
    with pytest.raises(ValueError, match=r"biases \(M,\)"):
        w.changed(b=[[0], [0], [0]])
    with pytest.raises(ValueError, match="1.5"):
        w.changed(label=1.5)
    with pytest.raises(ValueError, match="first, each, share"):
        WorkedPass(w["x"].values, w["F"].values, w["W1"].values, w["b"].values, 1, ties="last")


def test_decimals_are_what_is_written():
    w = homework().worked.changed(b=[0.1, np.float32(0.2), np.int64(3)])
    assert list(w["b"].values) == [Fraction(1, 10), Fraction(1, 5), 3]
