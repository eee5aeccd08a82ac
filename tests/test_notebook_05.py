"""What notebook 05 says in its prose and no cell of it computes."""

from itertools import islice

import numpy as np
import pytest

from lenet_core import lenet, train
from lenet_core.training import Diverged, TrainingState, inverse_decay, linear_warmup_decay, minibatches, sgd_momentum
from lenet_lab import check, plots
from lenet_lab.check.solutions import blocks

UPDATE, AVERAGE, CLIP = (check.EXERCISES[name].right for name in ("sgd_momentum", "momentum_average", "clip_gradients"))
CURVATURES = np.array([1, 9])


def test_the_valley_by_hand_and_its_best_single_rate():
    first = np.array([10.0, 1]) * (1 - 0.2 * CURVATURES)
    assert np.allclose(first, (8, -0.8)) and np.allclose(first * (1 - 0.2 * CURVATURES), (6.4, 0.64))
    assert min((0.15, 0.19, 0.2, 0.21, 0.22), key=lambda rate: np.abs(1 - rate * CURVATURES).max()) == 0.2


def test_the_homeworks_printed_cost_is_no_sum():
    wrong = 64 * (1 - 0.828125)
    assert wrong == 11 and wrong * np.log(2) > 7.6 > 0.490166
    assert round(1 / 64, 4) == 0.0156


def test_batches_of_an_epoch(rng):
    assert minibatches(np.zeros((60_000, 1)), np.zeros(60_000, int), 64, rng).per_epoch == 938
    assert 50 < np.degrees(np.arccos(0.6)) < 55


@pytest.mark.parametrize("slopes, expected, limit", [
    ((1, 1, 1, 1), (1, 1.5, 1.75, 1.875), 2),
    ((1, -1, 1, -1), (1, -0.5, 0.75, -0.625), 2 / 3),
])
def test_momentum_by_hand(slopes, expected, limit):
    v, found = 0.0, []
    for slope in (*slopes, *slopes * 20):
        v = sgd_momentum(np.zeros(1), v, np.full(1, slope), lr=1, mu=0.5)[1]
        found.append(float(v[0]))
    assert found[:4] == list(expected) and np.isclose(abs(found[-1]), limit)


def test_what_persists_and_what_alternates_at_nine_tenths():
    assert round(1 / (1 - 0.9)) == 10 and round(1 / (1 + 0.9), 2) == 0.53


def slowest(lr, mu, curvature):
    """By which factor the slowest part of a walk with momentum shrinks per step."""
    return np.abs(np.linalg.eigvals([[1 - lr * curvature, -mu], [lr * curvature, mu]])).max()


def test_the_border_with_momentum():
    for mu in (0.0, 0.25, 0.9):
        border = 2 * (1 + mu) / 9
        assert slowest(0.999 * border, mu, 9) < 1 < slowest(1.001 * border, mu, 9)
    assert round(2 * 1.25 / 9, 3) == 0.278 and round(2 / 9, 3) == 0.222


def test_the_best_momentum_of_a_valley():
    def best(kappa):
        return ((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)) ** 2

    assert best(9) == 0.25 and round(best(1440), 3) == 0.9
    settings = [(lr, mu) for lr in np.arange(0.05, 0.4, 0.025) for mu in np.arange(0, 0.6, 0.05)]
    grid = [(max(slowest(lr, mu, c) for c in CURVATURES), lr, mu) for lr, mu in settings]
    assert np.allclose(min(grid)[1:], 0.25)


def test_decay_meets_the_images_halfway():
    for middle in (3, 4):
        w = np.full(1, 7.0)
        for _ in range(200):
            w, _ = sgd_momentum(w, np.zeros(1), 2 * (w - middle), lr=0.1, decay=2)
        assert np.isclose(w, middle / 2)


def test_the_examples_of_the_exercises():
    one, half, two = np.array([1.0]), np.array([0.5]), np.array([2.0])
    assert np.allclose(UPDATE(one, half, two, 0.1), [[0.35], [0.65]])
    assert np.allclose(AVERAGE(one, half, two, 0.1), [[0.935], [0.65]])
    assert np.allclose(CLIP([np.array([3.0]), np.array([4.0])], 2.5), [[1.5], [2]])


def test_the_average_of_a_constant_slope():
    m, found = np.zeros(1), []
    for _ in range(3):
        _, m = AVERAGE(np.zeros(1), m, np.ones(1), 1, mu=0.5)
        found.append(float(m[0]))
    assert found == [0.5, 0.75, 0.875]


def test_with_a_changing_rate_the_third_form_goes_with_the_average():
    rates, mu = (1.0, 0.5, 0.0, 2.0), 0.5
    v, m, theta = 0.0, np.zeros(1), np.zeros(1)
    for rate in rates:
        v = mu * v + 1
        averaged, m = AVERAGE(np.zeros(1), m, np.ones(1), rate / (1 - mu), mu)
        moved, theta = sgd_momentum(np.zeros(1), theta, np.ones(1), rate, mu)
        assert np.isclose(-rate * v, averaged[0])
    assert not np.isclose(moved[0], averaged[0])


def test_the_homeworks_rate_falls_slowly():
    rate = inverse_decay(0.01, 1e-4, 0.75)
    assert 1 - rate(1) / rate(0) < 1e-4
    assert round(np.prod([1 - 5e-4 * rate(t) for t in range(10_000)]), 2) == 0.96
    assert np.isclose(linear_warmup_decay(0.1, 400)(149), 0.075)


def test_the_solution_gives_the_packages_update_to_the_last_bit(rng):
    room = {"np": np}
    exec(blocks()["sgd_momentum"], room)
    p, v, dp = (rng.normal(size=1000).astype(np.float32) for _ in range(3))
    both = zip(room["sgd_momentum"](p, v, dp, 0.01, 0.9, 5e-4), sgd_momentum(p, v, dp, 0.01, 0.9, 5e-4), strict=True)
    for mine, package in both:
        assert mine.dtype == np.float32 and np.array_equal(mine, package)


def test_what_a_leash_does_and_does_not():
    grads = [np.array([30.0, -40.0])]
    v = np.zeros(2)
    for _ in range(200):
        p, v = sgd_momentum(np.zeros(2), v, CLIP(grads, 10.0)[0], lr=0.1)
    assert np.isclose(np.linalg.norm(p), 0.1 * 10 / (1 - 0.9))
    with np.errstate(invalid="ignore"):
        assert np.isnan(CLIP([np.array([np.inf])], 1.0)[0]).all()


def test_the_checkpoint():
    wanted = np.linspace(-1, 1, 32)
    w = u = np.full(1, 5.0)
    v = m = np.zeros(1)
    for _ in range(50):
        w, m = AVERAGE(w, m, (2 * (w - wanted)).sum(keepdims=True), 0.02, 0.95)
        u, v = sgd_momentum(u, v, (2 * (u - wanted)).mean(keepdims=True), 0.032, 0.95)
        assert np.isclose(w, u)
    assert np.isclose((1 - 0.95) * 0.2, 0.01)


# ------------------------------------------------------------------------------------------------------- real network


def batches(data):
    return minibatches(data.train_x, data.train_y, 64, np.random.default_rng(1))


def test_a_summed_batch_at_the_homeworks_rate_lives_a_dozen_steps(mnist):
    state = TrainingState()
    with pytest.raises(Diverged):
        list(islice(train(lenet(np.random.default_rng(0)), batches(mnist), 0.64, mu=0.0, state=state), 100))
    assert 8 <= state.steps <= 20


def test_before_the_rate_of_a_sum_is_too_large_the_loss_falls(mnist):
    losses = []
    with pytest.raises(Diverged):
        losses.extend(step.loss for step in islice(train(lenet(np.random.default_rng(0)), batches(mnist), 0.64, mu=0.0), 100))
    lowest = int(np.argmin(losses))
    assert losses[lowest] < losses[0] - 0.2 and 3 <= lowest < len(losses) - 2 and losses[-1] > 1e6


def test_the_fourth_run_is_lost_within_a_hundred_steps(mnist):
    with pytest.raises(Diverged):
        list(islice(train(lenet(np.random.default_rng(0)), batches(mnist), 0.1), 100))


def test_the_gradients_of_the_third_run(mnist):
    net = lenet(np.random.default_rng(0))
    lengths = [np.sqrt(sum((g ** 2).sum() for layer in net.layers for g in layer.grads.values()))
               for _ in islice(train(net, batches(mnist), 0.01), 150)]
    assert 0.2 < min(lengths) and max(lengths) < 10


# ------------------------------------------------------------------------------------------------------------ figures


def test_figures_are_pictures():
    path = np.array([[10.0, 1], [8, -0.8], [6.4, 0.64]])
    figures = [
        plots.descents(lambda w: w ** 2, {"one": np.array([2.0, 1, 0.5]), "two": np.array([2.0, -2, 2])}),
        plots.valley(CURVATURES, {"plain": path, "other": path[:2]}),
        plots.schedules({"short": [0.1, 0.2], "long": [0.1, 0.1, 0.1]}),
        plots.loss_curves({"learns": [2.3, 1, 0.1], "runs away": [2.3, 1e9]}, "noise"),
    ]
    assert all(plots.png(figure).startswith(b"\x89PNG") for figure in figures)
    assert figures[3].get_ylim()[1] == 10 and figures[3].get_title(loc="left") == "noise"
