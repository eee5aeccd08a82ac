"""What is asked of the results, held against what the experiments wrote down; and the memory of a training, measured here."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from lenet_lab.experiments.table import stored

ASKED = [                # study, a word of the case, the least of each run that counts, the least mean
    ("homework", "one epoch", 0.987, 0.988),
    ("homework", "two epochs", 0.9905, 0.991),
    ("homework", "1/20 of MNIST, falling rate", 0.965, 0.965),
    ("homework", "images moved", 0.97, 0.97),                                       # "above 97 %" on the subset
    ("homework", "its recipe, all of MNIST", 0.988, 0.988),
    ("comp3314", "mean loss, fan-in weights, falling rate", 0.985, 0.985),          # all of 50 seeds
    ("cmpe597", "fan-in weights, batches of 16", 0.92, 0.92),
    ("cifar10", "baseline", 0.60, 0.60),
    ("cifar10", "deeper", 0.66, 0.66),
    ("one epoch", "filters orthogonalised", 0.989, 0.990),
    ("one epoch", "two epochs, batches of 128", 0.991, 0.992),
    ("small", "14,682 parameters, images warped", 0.993, 0.993),
    ("small", "61,706 parameters, images warped", 0.994, 0.994),
    ("best", "", 0.995, 0.995),
]


@pytest.mark.parametrize("study, word, each, mean", ASKED, ids=lambda value: value if isinstance(value, str) else "")
def test_the_stored_results_are_what_was_asked(study, word, each, mean):
    reached = [one["accuracy"] for one in stored(study) if word in one["case"]]
    assert min(reached) >= each and np.mean(reached) >= mean


def test_the_page_says_what_warping_brought():
    """The small table of docs/results.md, from the records."""
    page = (Path(__file__).parent.parent / "docs" / "results.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2:-1] for line in page.splitlines() if line.startswith(("| the images as", "| ... and a", "| every image"))]
    done = stored("small")
    cases = [[f"{size} parameters, {more}weights averaged" for size in ("14,682", "61,706")] for more in ("", "images warped, ")]
    for row, (both, key) in zip(rows, [(both, key) for both in cases for key in ("accuracy of the last weights", "accuracy")], strict=True):
        for said, case in zip(row, both, strict=True):
            reached = [one[key] for one in done if one["case"] == case]
            assert len(reached) == 3 and said.strip() == f"{np.mean(reached):.2%} ({min(reached):.2%} to {max(reached):.2%})"


def test_the_page_says_what_an_update_rule_brought():
    page = (Path(__file__).parent.parent / "docs" / "results.md").read_text(encoding="utf-8")
    done = stored("one epoch")
    plain, rule = (np.array([one["accuracy"] for one in done if one["case"] == case]) for case in ("momentum", "filters orthogonalised"))
    assert len(plain) == len(rule) == 30
    for row, reached in (("momentum, as everywhere else here", plain), ("the momentum of the filters orthogonalised", rule)):
        assert f"| {row} | {reached.mean():.2%} ({reached.min():.2%} to {reached.max():.2%}) |" in page
    gain = 100 * (rule - plain)
    error = gain.std(ddof=1) / len(gain) ** 0.5
    assert f"better for {(gain > 0).sum()} of 30 seeds, by {gain.mean():.3f} ± {error:.3f} % on average" in page


MEMORY = """
    import itertools, re, sys
    import numpy as np
    from lenet_core import lenet, load_mnist
    from lenet_core.training import error_rate, minibatches
    from lenet_lab.runs.recipes import RECIPES
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
    assert last < 240 and last < first * 1.05
