"""Update rules besides that of the homework."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lenet_core import Layer, Net, lenet, train
from lenet_core.training import TrainingState, load_checkpoint, minibatches, save_checkpoint, sgd_momentum
from lenet_lab.runs.rules import orthogonal_momentum, orthogonalised


def with_singular_values(rng, n, m, s):
    """A matrix (n, m) with these singular values, and U V' of it."""
    U, _ = np.linalg.qr(rng.standard_normal((n, len(s))))
    V, _ = np.linalg.qr(rng.standard_normal((m, len(s))))
    return (U * s @ V.T).astype(np.float32), U @ V.T


@pytest.mark.parametrize("n, m", [(20, 25), (50, 500), (25, 20), (500, 50)])
def test_all_singular_values_become_about_one(rng, n, m):
    s = np.geomspace(0.02, 1, min(n, m))
    matrix, directions = with_singular_values(rng, n, m, s * 7)              # 0.02 of the largest: at least 0.003 of the norm
    assert s[0] / np.linalg.norm(s) > 0.003
    out = orthogonalised(matrix)
    found = np.linalg.svd(out, compute_uv=False)
    assert out.shape == (n, m) and out.dtype == np.float32 and found.min() > 0.68 and found.max() < 1.21
    cosine = (out * directions).sum() / np.linalg.norm(out) / np.linalg.norm(directions)
    assert cosine > 0.97                                                    # the same directions: 1 if all were exactly 1


def test_a_matrix_without_a_direction_stays_zero():
    assert not orthogonalised(np.zeros((3, 4), np.float32)).any()


def test_a_matrix_of_one_direction_keeps_it(rng):
    matrix, direction = with_singular_values(rng, 6, 8, np.array([1e-3]))
    out = orthogonalised(matrix)
    np.testing.assert_allclose(out / np.linalg.norm(out), direction / np.linalg.norm(direction), atol=1e-5)


def test_a_step_of_filters_is_as_long_in_all_directions(rng):
    p, v, dp = (rng.standard_normal((5, 2, 3, 3)).astype(np.float32) for _ in range(3))
    before = [one.copy() for one in (p, v, dp)]
    new_p, new_v = orthogonal_momentum(p, v, dp, 0.08, 0.9, 0.5)
    np.testing.assert_allclose(new_v, 0.9 * v + dp, rtol=1e-6)
    step = (p - new_p - 0.08 * 0.5 * p).reshape(5, -1)
    assert 0.68 < np.linalg.svd(step, compute_uv=False).min() / 0.02 < np.linalg.svd(step, compute_uv=False).max() / 0.02 < 1.21
    assert ((0.9 * new_v + dp).reshape(5, -1) * step).sum() > 0 and new_p.dtype == new_v.dtype == np.float32
    for one, same in zip((p, v, dp), before):
        np.testing.assert_array_equal(one, same)


def test_everything_but_filters_is_updated_as_always(rng):
    net, state = lenet(rng), TrainingState()
    before = net.snapshot()
    next(train(net, [(rng.random((8, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 8))], 0.1, 0.9, 1e-3, state=state, rule=orthogonal_momentum))
    for layer in (net[name] for name in before):
        for name, p in before[layer.name].items():
            expected = sgd_momentum(p, np.zeros_like(p), layer.grads[name], 0.1, 0.9, 1e-3 if name == "W" else 0.0)[0]
            assert (layer.params[name] == expected).all() == (p.ndim != 4)


def test_the_number_of_threads_changes_no_bit(rng):
    matrix, found = rng.standard_normal((400, 500)).astype(np.float32), []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(orthogonalised(matrix))
    np.testing.assert_array_equal(*found)


def test_a_rule_of_ones_own_gets_what_sgd_momentum_gets(rng):
    net, asked = lenet(rng), []

    def rule(p, v, dp, lr, mu, decay):
        asked.append((p.shape == v.shape == dp.shape, lr, mu, decay))
        return p, v + dp

    state = TrainingState()
    x, y = rng.random((4, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 4)
    before = net.snapshot()
    steps = train(net, [(x, y)] * 2, 0.1, 0.5, 0.01, bias_lr_scale=2.0, state=state, rule=rule)
    grads = [net["conv1"].grads["W"] for _ in steps]
    assert asked == [(True, 0.1, 0.5, 0.01), (True, 0.2, 0.5, 0.0)] * 8                  # W, b of four layers, twice
    np.testing.assert_array_equal(state.velocity["conv1.W"], sum(grads))
    np.testing.assert_array_equal(net["conv1"].params["W"], before["conv1"]["W"])


@pytest.mark.parametrize("returned, said", [
    (lambda p, v: None, r"my_rule: returns nothing \(is a `return` missing\?\); a rule returns two things, the new p and the new v."),
    (lambda p, v: p, "my_rule: returns one thing, a ndarray; a rule returns two things"),
    (lambda p, v: (p, v, v), "my_rule: returns 3 things; a rule returns two things"),
    (lambda p, v: (p[0], v), r"my_rule: the new p has shape \(3,\), but p has shape \(4, 3\)."),
    (lambda p, v: (p, 0.0), r"my_rule: the new v has shape \(\), but p has shape \(4, 3\)."),
])
def test_a_rule_that_returns_something_else_is_told_so_and_nothing_is_lost(returned, said):
    net = Net((1, 2, 2), [Layer("ip1", "inner_product", (4, 3))])

    def my_rule(p, v, dp, lr, mu, decay):
        return returned(p, v)

    before = net.snapshot()
    with pytest.raises(ValueError, match=said):
        next(train(net, [(np.ones((2, 1, 2, 2)), np.array([0, 1]))], 0.1, rule=my_rule))
    np.testing.assert_array_equal(net["ip1"].params["W"], before["ip1"]["W"])


def test_a_rule_that_computes_in_float64_leaves_the_network_in_float32(rng):
    net, state = lenet(rng), TrainingState()

    def rms(p, v, dp, lr, mu, decay):
        v = np.float64(mu) * v + (1 - mu) * dp ** 2
        return p - np.float64(lr) * dp / np.sqrt(v + 1e-8), v

    next(train(net, [(rng.random((4, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 4))], 1e-3, state=state, rule=rms))
    assert {p.dtype for layer in net.layers for p in layer.params.values()} == {v.dtype for v in state.velocity.values()} == {np.dtype(np.float32)}


# ------------------------------------------------------------------------------------------------------ nothing is lost


def batch(rng, N=4):
    return rng.random((N, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, N)


def test_a_step_whose_rule_fails_at_a_later_layer_changes_nothing(rng):
    net, state = lenet(rng), TrainingState()

    def filters_only(p, v, dp, lr, mu, decay):
        return (p - dp, v) if p.ndim == 4 else p - dp

    before = net.snapshot()
    with pytest.raises(ValueError, match="filters_only: returns one thing"):
        next(train(net, [batch(rng)], 0.1, state=state, rule=filters_only))
    assert all(net[name].params[p] is array for name, params in before.items() for p, array in params.items())
    assert state.steps == 0 and not state.velocity


def test_a_rule_that_works_in_place_leaves_snapshots_as_they_were(rng):
    net = lenet(rng)
    before = net.snapshot()
    copies = {(name, p): array.copy() for name, params in before.items() for p, array in params.items()}

    def in_place(p, v, dp, lr, mu, decay):
        v *= mu
        v += lr * dp
        p -= v
        return p, v

    steps = train(net, [batch(rng)] * 3, 0.1, rule=in_place)
    losses = [step.loss for step in steps]
    for (name, p), array in copies.items():
        np.testing.assert_array_equal(before[name][p], array)
    net.restore(before)
    assert [step.loss for step in train(net, [batch(np.random.default_rng(5))], 0.1)] and len({*losses}) == 3


@pytest.mark.parametrize("saved", [True, False])
def test_steps_of_one_rule_are_not_continued_by_another(rng, tmp_path, saved):
    net, state, batches = lenet(rng), TrainingState(), minibatches(*batch(rng, 16), 8, rng)
    for _, _ in zip(range(2), train(net, batches, 0.05, state=state, rule=orthogonal_momentum)):
        pass
    if saved:
        save_checkpoint(tmp_path / "run.npz", net, batches, state)
        net, state, *_ = load_checkpoint(tmp_path / "run.npz")
    said = "The steps so far were made by the rule orthogonal_momentum; continue with it, not with sgd_momentum."
    with pytest.raises(ValueError, match=said):
        next(train(net, batches, 0.05, state=state))
    assert next(train(net, batches, 0.05, state=state, rule=orthogonal_momentum)).i == 2


@pytest.mark.parametrize("own, said", [
    ({"backward": lambda dout, cache: (dout, 0)}, "<lambda>: returns 2 things; layer relu1 needs dx"),
    ({"forward": lambda x: ([[1.0], [1.0, 2.0]], x)}, r"<lambda>: out has rows of different lengths, but layer relu1 needs \(4, 500\)"),
    ({"backward": lambda dout, cache: None}, r"<lambda>: returns nothing \(is a `return` missing\?\); layer relu1 needs dx"),
])
def test_other_things_of_a_layers_function_are_said_in_a_sentence(rng, own, said):
    net = lenet(rng)
    net["relu1"].use(**own)
    with pytest.raises(ValueError, match=said):
        net.loss(*batch(rng))


def test_lists_from_a_layers_function_are_arrays_for_the_next(rng):
    net, x, y = lenet(rng), *batch(rng)
    expected = net.loss(x, y)[0]
    net["relu1"].use(forward=lambda x: (np.maximum(x, 0).tolist(), x > 0), backward=lambda dout, cache: (dout * cache).tolist())
    assert net.loss(x, y)[0] == pytest.approx(expected, rel=1e-6) and net["conv1"].grads["W"].shape == (20, 1, 5, 5)
