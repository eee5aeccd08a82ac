"""How fast is it? `python -m benchmarks.throughput` prints a table of LeNet and what it is compared with, timed in turn.

`--before FOLDER` adds the core of another build, for example a clone of an earlier commit, to what is timed.

Machines are noisy and differ, so nothing here is compared in seconds: in every round each competitor runs, once untimed and
once timed, and the median over the rounds of the ratio to LeNet's own time is what counts. All of them go on training while
they run, which changes their parameters and not their work.
"""

import argparse
import importlib.util
import itertools
import sys
import time
from pathlib import Path

import numpy as np

import lenet_core
from lenet_core import data, lenet, net as net_module
from lenet_lab.widgets.training import TrainingPanel

from . import yardstick

BATCH, ROUNDS, STEPS = 64, 7, 30                    # STEPS of a batch are timed together


def flops_per_image():
    """Multiplications and additions of one training step per image: forward, and twice that backward.

    The products only; the first convolution's dx, which training does not need and does not compute, is not counted.
    """
    conv1, conv2, ip1, ip2 = 24 * 24 * 20 * 25, 8 * 8 * 50 * 500, 800 * 500, 500 * 10
    return 2 * (2 * conv1 + 3 * (conv2 + ip1 + ip2))


def peak():
    """A large float32 product, the fastest thing the machine does."""
    a = np.random.default_rng(0).random((2048, 2048), dtype=np.float32)
    return lambda: a @ a


def another_core(folder):
    """The package `lenet_core` of another build, beside this one."""
    name, package = "lenet_core_before", Path(folder) / "lenet_core"
    spec = importlib.util.spec_from_file_location(name, package / "__init__.py", submodule_search_locations=[str(package)])
    sys.modules[name] = core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    return core


def ours(x, y, times, core=lenet_core, parts=True, fast=False):
    network = core.lenet(np.random.default_rng(0))
    for layer in network.layers:
        layer.fast = fast
    train = core.train if callable(core.train) else core.train.train             # a module, before version 0.2
    steps = train(network, itertools.repeat((x, y)), 0.001, decay=5e-4)
    next(steps)

    def run():
        before, net_module.CHUNK = net_module.CHUNK, net_module.CHUNK if parts else len(x) + 1
        for _ in range(times):
            next(steps)
        net_module.CHUNK = before
    return run


def naive(x, y, keep):
    network = lenet(np.random.default_rng(0), np.float64)
    params = [p for layer in network.layers for p in layer.params.values()]
    x = x.astype(np.float64)
    mine = network.loss(x, y)[0], network["conv1"].grads["W"]
    theirs = yardstick.loss_and_gradients(params, x, y, keep)
    assert np.isclose(mine[0], theirs[0]) and np.allclose(mine[1], theirs[1][0])     # it is the same network
    state = params, [np.zeros_like(p) for p in params]

    def run():
        nonlocal state
        state = yardstick.step(*state, x, y, 0.001, keep=keep)
    return run


def pytorch(x, y, times, channels_last):
    import torch

    module = torch.nn.Sequential(
        torch.nn.Conv2d(1, 20, 5), torch.nn.MaxPool2d(2), torch.nn.Conv2d(20, 50, 5), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(800, 500), torch.nn.ReLU(), torch.nn.Linear(500, 10))
    order = torch.channels_last if channels_last else torch.contiguous_format
    module, tx, ty = module.to(memory_format=order), torch.tensor(x).to(memory_format=order), torch.tensor(y)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.001, momentum=0.9, weight_decay=5e-4)

    def run():
        for _ in range(times):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(module(tx), ty).backward()
            optimiser.step()
    return run


def seconds(run, before=lambda: None):
    """How long `run` takes; `before` runs first, untimed."""
    time.sleep(0.3)                  # threads of the one before (BLAS, PyTorch) spin a while before they give the processor back
    before()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def measure(rounds=ROUNDS, steps=STEPS, loops=BATCH, before=None):
    """For each competitor its images per second, and LeNet's speed in multiples of it: the median, the least and the most of all rounds.

    Also the machine's peak, LeNet's share of it, and the names of competitors that are not installed. `loops` is the number of
    images that go through the loops, which take one after another, so that it changes little for each.
    """
    rng = np.random.default_rng(0)
    x, y = rng.random((BATCH, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, BATCH)
    batch, few, missing = BATCH * steps, (x[:loops], y[:loops]), []
    runs = {"LeNet": (ours(x, y, steps), batch), "... on one thread": (ours(x, y, steps, parts=False), batch),
            "... with Layer.fast": (ours(x, y, steps, fast=True), batch),
            "one image after another, float64": (naive(*few, keep=False), loops),
            "... windows and winners kept": (naive(*few, keep=True), loops)}
    if before:
        runs["LeNet of the other build"] = ours(x, y, steps, another_core(before)), batch
    try:
        import torch

        runs[f"PyTorch {torch.__version__}"] = pytorch(x, y, steps, False), batch
        runs[f"PyTorch {torch.__version__}, channels_last"] = pytorch(x, y, steps, True), batch
    except ImportError:
        missing.append("PyTorch")
    product = peak()
    times = {name: [] for name in [*runs, "peak"]}
    for turn in range(rounds + 1):
        for name, run in [*((name, run) for name, (run, _) in runs.items()), ("peak", product)]:
            # For some 60 ms after a pause the system leaves both threads on one processor: a sixth of a run here, nothing of a
            # training. So each run goes before itself.
            spent = seconds(run, before=run)
            if turn:                                                   # the first turn warms up
                times[name].append(spent)
    each = {name: np.array(times[name]) / images for name, (_, images) in runs.items()}
    peaks = 2 * 2048 ** 3 / np.array(times["peak"])
    return {
        "speeds": {name: (1 / np.median(t), *np.quantile(t / each["LeNet"], (0.5, 0, 1))) for name, t in each.items()},
        "peak": np.median(peaks),
        "share": np.median(flops_per_image() / each["LeNet"] / peaks),
        "missing": missing,
    }


def evaluation():
    x = np.random.default_rng(0).random((10_000, 1, 28, 28), dtype=np.float32)
    network = lenet(np.random.default_rng(0))
    return min(seconds(lambda: network.predict(x)) for _ in range(3))                      # the first of them warms up


def panel(pairs=9, steps=300):
    """The median ratio of a run with the panel on its thread to the same loop over `train` without panel or thread."""
    digits, ratios = data.digits(), []
    for turn in range(pairs):
        shown = TrainingPanel(lenet(np.random.default_rng(0)), digits, steps=steps)
        plain = TrainingPanel(lenet(np.random.default_rng(0)), digits, steps=steps).run
        plain.headless, plain.listener = True, lambda run: None

        def with_panel(shown=shown):
            shown.start()
            shown.wait()
        in_turn = (with_panel, plain.start) if turn % 2 else (plain.start, with_panel)
        times = {run: seconds(run) for run in in_turn}
        ratios.append(times[with_panel] / times[plain.start])
        assert shown.run.history.losses == plain.history.losses
    return np.median(ratios)


def main():
    ask = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description="How fast LeNet trains, and other programs.")
    ask.add_argument("--before", metavar="FOLDER", help="a folder with another build, whose lenet_core is timed too")
    result = measure(before=ask.parse_args().before)
    print(f"Training LeNet (431,080 parameters), batches of {BATCH}, {flops_per_image() / 1e6:.1f} MFLOP an image\n")
    print(f"{'':42}{'images/s':>10}{'LeNet is':>12}   in all rounds")
    for name, (speed, ratio, least, most) in result["speeds"].items():
        print(f"{name:42}{speed:10,.0f}" + (f"{ratio:10.2f} x   {least:.2f} to {most:.2f}" if name != "LeNet" else ""))
    for name in result["missing"]:
        print(f"{name:42}{'not installed':>10}")
    print(f"\nthe machine's float32 product: {result['peak'] / 1e9:.0f} GFLOP/s; LeNet trains at {result['share']:.0%} of it")
    print(f"10,000 test images: {evaluation():.2f} s")
    print(f"a run with the panel takes {panel():.3f} times the time of one without")


if __name__ == "__main__":
    main()
