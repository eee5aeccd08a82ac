"""Training: the data's order, the update by hand, learning, stopping and going on, and what happens when it diverges."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest

from lenet_core import lenet, train
from lenet_core.training import (
    Diverged,
    TrainingState,
    error_rate,
    inverse_decay,
    linear_warmup_decay,
    load_checkpoint,
    minibatches,
    save_checkpoint,
    sgd_momentum,
)
from lenet_lab.runs import terminal as terminal_program
from lenet_lab.runs.recipes import RECIPES


@pytest.mark.parametrize("n, size", [(10, 3), (12, 4), (5, 8), (7, 1)])
def test_every_example_once_per_epoch(rng, n, size):
    batches = minibatches(np.arange(n) * 10, np.arange(n), size, rng)
    orders = []
    for _ in range(3):
        epoch = list(itertools.islice(batches, batches.per_epoch))
        assert all((x == 10 * y).all() for x, y in epoch)
        orders.append(np.concatenate([y for _, y in epoch]))
        assert sorted(orders[-1]) == list(range(n))
        assert [len(y) for _, y in epoch[:-1]] == [size] * (batches.per_epoch - 1)
    assert n < 6 or (orders[0] != orders[1]).any()


@pytest.mark.parametrize("x, y, size", [(5, 4, 2), (0, 0, 2), (5, 5, 0)])
def test_unusable_data_gets_a_sentence(rng, x, y, size):
    with pytest.raises(ValueError, match="as many labels as images"):
        minibatches(np.zeros(x), np.zeros(y), size, rng)


def test_momentum_by_hand():
    p, v, dp = np.array([1.0, -2.0]), np.array([0.5, 0.0]), np.array([0.1, 0.2])
    new_p, new_v = sgd_momentum(p, v, dp, lr=0.1, mu=0.9, decay=0.01)
    np.testing.assert_allclose(new_v, [0.45 + 0.1 * 0.11, 0.1 * 0.18])
    np.testing.assert_allclose(new_p, p - new_v)
    assert (p == [1, -2]).all() and (v == [0.5, 0]).all() and (dp == [0.1, 0.2]).all()
    p32, v32 = sgd_momentum(p.astype("f"), v.astype("f"), dp.astype("f"), lr=0.1)
    assert p32.dtype == v32.dtype == np.float32


def test_rates():
    rate = inverse_decay(0.01, 1e-4, 0.75)
    assert rate(0) == 0.01 and rate(10_000) == pytest.approx(0.01 / 2 ** 0.75) and type(rate(np.int64(3))) is float
    rate = linear_warmup_decay(0.05, 1000)
    assert rate(0) == pytest.approx(0.05 / 200) and 0.03 < max(map(rate, range(1000))) <= 0.05
    assert rate(999) < 1e-4 and rate(2000) == 0


def test_train_updates_as_sgd_momentum_does(rng, digits):
    net, x, y = lenet(rng), digits.train_x[:8], digits.train_y[:8]
    before = net.snapshot()
    net.loss(x, y)
    dW, db = net["ip2"].grads["W"], net["ip2"].grads["b"]
    step = next(train(net, [(x, y)], 0.1, mu=0.9, decay=0.01, bias_lr_scale=2.0))
    np.testing.assert_array_equal(net["ip2"].params["W"], sgd_momentum(before["ip2"]["W"], 0 * dW, dW, 0.1, 0.9, 0.01)[0])
    np.testing.assert_array_equal(net["ip2"].params["b"], sgd_momentum(before["ip2"]["b"], 0 * db, db, 0.2, 0.9)[0])
    assert step.i == 0 and step.lr == 0.1 and 0 <= step.accuracy <= 1 and step.loss == pytest.approx(2.3, abs=0.2)
    assert before["ip2"]["W"] is not net["ip2"].params["W"]


def test_training_stays_in_float32_and_rates_may_change_on_the_way(rng, digits):
    net = lenet(rng)
    batches = minibatches(digits.train_x, digits.train_y, 16, rng)
    steps = list(itertools.islice(train(net, batches, lambda i: np.float64(0.1) / (i + 1), mu=lambda i: 0.5, decay=lambda i: 0), 3))
    assert [s.lr for s in steps] == [0.1, 0.05, pytest.approx(0.1 / 3)] and [s.i for s in steps] == [0, 1, 2]
    assert net.dtype == np.float32


def test_32_images_are_learned_by_heart(rng, digits):
    """The second of the cheap checks: a network that cannot overfit a handful of images has a bug."""
    net, x, y = lenet(rng), digits.train_x[:32], digits.train_y[:32]
    steps = list(itertools.islice(train(net, itertools.repeat((x, y)), 0.03), 150))
    assert steps[-1].loss < 0.01 and steps[-1].accuracy == 1


def test_the_digits_are_learned(digits):
    rng = np.random.default_rng(0)
    net, batches = lenet(rng), minibatches(digits.train_x, digits.train_y, 64, rng)
    for _ in itertools.islice(RECIPES["quick"].start(net, batches, 230), 230):
        pass
    assert error_rate(net, digits.test_x, digits.test_y) < 0.04


def test_divergence_is_a_sentence_and_leaves_the_network_finite(rng, digits):
    net, batches = lenet(rng), minibatches(digits.train_x, digits.train_y, 64, rng)
    with warnings.catch_warnings(action="error"), pytest.raises(Diverged, match=r"at step \d+ \(learning rate 50\).*ten times smaller"):
        for _ in train(net, itertools.islice(batches, 50), 50.0):
            pass
    assert all(np.isfinite(p).all() for params in net.snapshot().values() for p in params.values())


# ------------------------------------------------------------------------------------------------- stopping and going on

GO_ON = """
    import itertools, sys, numpy as np
    from lenet_core import data, train
    from lenet_core.training import load_checkpoint, minibatches, save_checkpoint
    d = data.digits()
    kept = load_checkpoint(sys.argv[1])
    batches = minibatches(d.train_x, d.train_y, 64, np.random.default_rng(99))
    batches.state = kept.data_state
    for step in itertools.islice(train(kept.net, batches, 0.05, decay=5e-4, state=kept.state), int(sys.argv[2])):
        pass
    save_checkpoint(sys.argv[1], kept.net, batches, kept.state)
"""


@pytest.mark.parametrize("total", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_saving_and_going_on_elsewhere_changes_no_bit(digits, tmp_path, total):
    def begin(path, n):
        rng = np.random.default_rng(5)
        net, batches, state = lenet(rng), minibatches(digits.train_x, digits.train_y, 64, rng), TrainingState()
        for _ in itertools.islice(train(net, batches, 0.05, decay=5e-4, state=state), n):
            pass
        save_checkpoint(path, net, batches, state)

    begin(tmp_path / "whole.npz", total)
    begin(tmp_path / "half.npz", total // 2)
    subprocess.run([sys.executable, "-c", textwrap.dedent(GO_ON), tmp_path / "half.npz", str(total - total // 2)], check=True)
    whole, half = load_checkpoint(tmp_path / "whole.npz"), load_checkpoint(tmp_path / "half.npz")
    assert whole.state.steps == half.state.steps == total and whole.data_state == half.data_state
    for name, params in whole.net.snapshot().items():
        for p, value in params.items():
            np.testing.assert_array_equal(value, half.net[name].params[p])
            np.testing.assert_array_equal(whole.state.velocity[f"{name}.{p}"], half.state.velocity[f"{name}.{p}"])


def test_a_checkpoint_of_other_data_is_refused(rng, tmp_path):
    batches = minibatches(np.zeros(10), np.zeros(10), 2, rng)
    next(batches)
    with pytest.raises(ValueError, match="10 images in batches of 2; these are 8 in batches of 2"):
        minibatches(np.zeros(8), np.zeros(8), 2, rng).state = batches.state


def test_a_network_alone_is_no_checkpoint(rng, tmp_path):
    lenet(rng).save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match="no training run"):
        load_checkpoint(tmp_path / "net.npz")


def test_a_kill_while_saving_leaves_a_whole_file(rng, tmp_path):
    """Ten kills at random moments of a process that does nothing but save."""
    path = tmp_path / "net.npz"
    lenet(rng).save(path)
    script = ("import sys, numpy as np; from lenet_core import lenet\nprint('go', flush=True)\n"
              "while True: lenet(np.random.default_rng()).save(sys.argv[1])")
    for _ in range(10):
        child = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(float(rng.uniform(0, 0.1)))
        child.kill()
        child.communicate()
        assert lenet(rng).load(path).size == 431_080


# ------------------------------------------------------------------------------------------------------- from a terminal


def terminal(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "lenet_lab", "train", *map(str, arguments)], capture_output=True, text=True, **options)


def without_mnist(tmp_path):
    """No LENET_DATA, an empty cache, and a proxy nobody answers: the digits, whatever the machine has."""
    environment = {k: v for k, v in os.environ.items() if k != "LENET_DATA"}
    return {**environment, "XDG_CACHE_HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


def test_terminal_prints_what_the_homework_prints(tmp_path):
    run = terminal("--steps", 100, "--save", tmp_path / "run.npz", env=without_mnist(tmp_path))
    assert run.returncode == 0, run.stderr
    assert "not MNIST" in run.stdout
    assert "cost = " in run.stdout and "training_percent = " in run.stdout and "test accuracy: 0." in run.stdout
    more = terminal("--resume", tmp_path / "run.npz", env=without_mnist(tmp_path))
    assert more.returncode == 0 and "after 100 steps" in more.stdout


@pytest.mark.parametrize("arguments, words", [
    (["--data", "nowhere"], "nowhere holds no MNIST"),
    (["--resume", "nowhere.npz"], "There is no file nowhere.npz"),
    (["--epochs", "-1"], "--epochs must be greater than 0"),
    (["--save", "no/such/run.npz"], "there is no folder no/such"),
])
def test_terminal_refuses_in_a_sentence(arguments, words):
    run = terminal(*arguments)
    assert run.returncode in (1, 2) and words in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize("arguments, words", [
    (["--epochs", "inf"], "--epochs must be greater than 0 and at most 1,000,000,000, and is inf."),
    (["--epochs", "nan"], "and is nan."),
    (["--epochs", "1e308"], "and is 1e+308."),
    (["--steps", str(10 ** 30)], "--steps must be greater than 0 and at most 1,000,000,000"),
    (["--seed", "-1"], "--seed must be 0 or greater, and is -1."),
    (["--resume", "run.npz", "--seed", "0"], "leave --subset, --recipe, --epochs, --steps and --seed out."),
])
def test_arguments_that_make_no_run_are_refused_in_a_sentence(arguments, words, capsys):
    with pytest.raises(SystemExit):
        terminal_program.main(arguments)
    assert words in capsys.readouterr().err


RIGHT = {"recipe": "quick", "subset": None, "steps": 5}


@pytest.mark.parametrize("notes, words", [
    ({}, "it has no note of the recipe"),
    (RIGHT | {"recipe": "slow"}, "its note of the recipe is 'slow'"),
    (RIGHT | {"recipe": ["quick"]}, "its note of the recipe is ['quick']"),
    (RIGHT | {"subset": "many"}, "its note of the subset is 'many'"),
    (RIGHT | {"subset": -3}, "its note of the subset is -3"),
    ({"recipe": "quick", "subset": None}, "it has no note of the steps"),
    (RIGHT | {"steps": "ten"}, "its note of the steps is 'ten'"),
    (RIGHT | {"steps": 10 ** 30}, "its note of the steps is 1000"),
    (RIGHT | {"steps": 1}, "its note of the steps is 1."),                          # two were made
])
def test_a_run_with_odd_notes_is_not_gone_on_with(notes, words, rng, tmp_path, capsys):
    path, net, state = tmp_path / "run.npz", lenet(rng), TrainingState()
    batches = minibatches(np.zeros((4, 1, 28, 28), "f"), np.zeros(4, int), 2, rng)
    for _ in itertools.islice(train(net, batches, 0.1, state=state), 2):
        pass
    save_checkpoint(path, net, batches, state, notes)
    assert terminal_program.main(["--resume", str(path)]) == 1
    said = capsys.readouterr().err
    assert f"{path} was not written by `lenet train --save`, or is damaged: {words}" in said and "Train anew" in said


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_terminal_ends_cleanly_on_ctrl_c(tmp_path):
    run = subprocess.Popen([sys.executable, "-m", "lenet_lab", "train", "--steps", "100000", "--save", tmp_path / "run.npz"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           env=without_mnist(tmp_path) | {"PYTHONUNBUFFERED": ""})              # also so, a line is there when it is printed
    while "cost" not in run.stdout.readline():
        pass
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "Traceback" not in err
    assert "stopped after" in out and "test accuracy" in out
    assert load_checkpoint(tmp_path / "run.npz").state.steps >= 100
