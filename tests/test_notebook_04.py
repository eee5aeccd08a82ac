"""What notebook 04 says in its prose and no cell of it computes."""

import numpy as np
import pytest

STEPS, SLOPE = 10.0 ** np.arange(-1, -15.5, -0.5), 8 / (1 + np.exp(3))
P = SLOPE / 8


def J(w):
    return np.log(1 + np.exp(8 * w - 11))


def measured(number):
    """The errors of the one-sided and the central difference at w = 1, and of the complex step."""
    w, h = number(1), STEPS.astype(number)
    return [np.abs(slope - SLOPE) for slope in ((J(w + h) - J(w)) / h, (J(w + h) - J(w - h)) / (2 * h), J(w + 1j * h).imag / h)]


def of_taylor():
    """Taylor's first term of the errors of the two differences."""
    return STEPS * 32 * P * (1 - P), STEPS**2 * 256 / 3 * P * (1 - P) * (1 - 2 * P)


@pytest.mark.parametrize("number", [np.float64, np.float32])
def test_the_right_arms_follow_taylors_first_term_and_the_left_arms_stay_below_the_rounding_error(number):
    eps = float(np.finfo(number).eps)
    for error, term, rounding in zip(measured(number), of_taylor(), (eps / STEPS, eps / (2 * STEPS))):
        right, left = term > 100 * rounding, rounding > 10 * term
        assert right.sum() >= 2 and left.sum() > 10
        off = np.abs(error[right] / term[right] - 1)
        assert off[0] < 0.3 and (off[1:] < 0.1).all()                  # at h = 0.1 the next terms still count
        assert (error[left] < rounding[left]).all()


def test_in_float32_both_differences_end_in_a_flat_part_and_the_complex_step_does_not():
    one_sided, central, complex_step = measured(np.float32)
    unmoved = STEPS < 2e-8
    assert np.allclose(one_sided[unmoved], SLOPE) and np.allclose(central[unmoved], SLOPE) and complex_step[unmoved].max() < 1e-7


def test_the_step_of_gradient_checks_is_near_the_best_one_in_float64():
    best = STEPS[measured(np.float64)[1].argmin()]
    assert abs(np.log10(best / 1e-5)) < 1.1
