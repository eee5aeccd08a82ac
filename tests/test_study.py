"""What the README claims of real MNIST: accuracy over five seeds, the homework's recipe, memory. Minutes to an hour: `make study`."""

import itertools
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from lenet_core import lenet
from lenet_core.train import RECIPES, error_rate, minibatches


def accuracy(data, recipe, seed, **length):
    recipe, rng = RECIPES[recipe], np.random.default_rng(seed)
    net, batches = lenet(rng), minibatches(data.train_x, data.train_y, recipe.batch_size, rng)
    steps = recipe.length(batches.per_epoch, **length)
    began = time.monotonic()
    for _ in itertools.islice(recipe.start(net, batches, steps), steps):
        pass
    seconds = time.monotonic() - began
    right = 1 - error_rate(net, data.test_x, data.test_y)
    print(f"{data.name}, seed {seed}, {steps} steps: {right:.2%} in {seconds:.1f} s")
    return right


@pytest.mark.slow
@pytest.mark.parametrize("epochs, each, mean", [(1, 0.987, 0.988), (2, 0.9905, 0.991)])
def test_five_seeds(mnist, epochs, each, mean):
    reached = [accuracy(mnist, "quick", seed, epochs=epochs) for seed in range(5)]
    assert min(reached) >= each and np.mean(reached) >= mean


@pytest.mark.slow
def test_the_subset(mnist):
    reached = [accuracy(mnist.subset(3000), "small", seed) for seed in range(5)]
    assert min(reached) >= 0.965


@pytest.mark.slow
def test_the_homeworks_recipe(mnist):
    assert accuracy(mnist, "homework", 0) >= 0.988


MEMORY = """
    import itertools, re, sys
    import numpy as np
    from lenet_core import lenet, load_mnist
    from lenet_core.train import RECIPES, error_rate, minibatches
    data, rng = load_mnist(), np.random.default_rng(0)
    net, batches = lenet(rng), minibatches(data.train_x, data.train_y, 64, rng)
    steps = RECIPES["quick"].start(net, batches, 10_000)
    for _ in range(3):
        for _ in itertools.islice(steps, int(sys.argv[1])):
            pass
        error_rate(net, data.test_x, data.test_y)
        print(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read()).group(1)) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize("steps", [100, pytest.param(938, marks=pytest.mark.slow)])
def test_memory_stays_small_and_does_not_grow(mnist, steps):
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(MEMORY), str(steps)], capture_output=True, text=True, check=True)
    first, *_, last = map(float, run.stdout.split())
    print(f"peak memory with all of MNIST: {first:.0f} MiB after the first epoch, {last:.0f} after the third")
    assert last < 600 and last < first * 1.05
