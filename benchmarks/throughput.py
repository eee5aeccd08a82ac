"""How fast is it? `python -m benchmarks.throughput` prints a table of LeNet and what it is compared with, timed in turn.

`--before FOLDER` adds the core of another build, for example a clone of an earlier commit, to what is timed.

Machines are noisy and differ, so nothing here is compared in seconds: in every round each competitor runs, once untimed and
once timed, and the median over the rounds of the ratio to LeNet's own time is what counts. All of them go on training while
they run, which changes their parameters and not their work.

Each competitor has a process of its own, which waits until it is its turn. In one process they would disturb each other: a library
that is imported brings threads, its own copy of BLAS and its settings of the memory, for all that run beside it.
"""

import argparse
import importlib.metadata
import importlib.util
import itertools
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

import lenet_core
from lenet_core import data, lenet, net as net_module

from . import yardstick

BATCH, ROUNDS, STEPS = 64, 7, 30                    # STEPS of a batch are timed together
LIBRARIES = {"torch": "PyTorch", "jax": "JAX"}


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


def core_in(folder):
    """The package `lenet_core` of another build, under another name."""
    name, package = "lenet_core_before", Path(folder) / "lenet_core"
    spec = importlib.util.spec_from_file_location(name, package / "__init__.py", submodule_search_locations=[str(package)])
    sys.modules[name] = core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    return core


def ours(x, y, times, before=None, parts=True, fast=True):
    core = core_in(before) if before else lenet_core
    network = core.lenet(np.random.default_rng(0))
    for layer in network.layers:
        layer.fast = fast
    if not parts:
        net_module.CHUNK = len(x) + 1                        # for all of this process
    train = core.train if callable(core.train) else core.train.train             # a module, before version 0.2
    steps = train(network, itertools.repeat((x, y)), 0.001, decay=5e-4)

    def run():
        for _ in range(times):
            next(steps)
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


def torch_lenet(channels_last):
    """(LeNet in PyTorch, a function that turns images into its tensors)."""
    import torch

    module = torch.nn.Sequential(
        torch.nn.Conv2d(1, 20, 5), torch.nn.MaxPool2d(2), torch.nn.Conv2d(20, 50, 5), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(800, 500), torch.nn.ReLU(), torch.nn.Linear(500, 10))
    order = torch.channels_last if channels_last else torch.contiguous_format
    return module.to(memory_format=order), lambda x: torch.tensor(x).to(memory_format=order)


def pytorch(x, y, times, channels_last, compiled=False):
    import torch

    module, tensor = torch_lenet(channels_last)
    tx, ty = tensor(x), torch.tensor(y)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.001, momentum=0.9, weight_decay=5e-4)

    def loss(tx, ty):
        return torch.nn.functional.cross_entropy(module(tx), ty)

    if compiled:
        loss = torch.compile(loss)

    def run():
        for _ in range(times):
            optimiser.zero_grad()
            loss(tx, ty).backward()
            optimiser.step()
    return run


def jax_step(x, y, times, channels_last):
    import jax
    import jax.numpy as jnp

    order = ("NHWC", "HWIO", "NHWC") if channels_last else ("NCHW", "OIHW", "NCHW")
    window = (1, 2, 2, 1) if channels_last else (1, 1, 2, 2)

    def filters(shape):
        return jnp.transpose(shape, (2, 3, 1, 0)) if channels_last else shape

    def scores(params, x):
        for W, b in params[:2]:
            x = jax.lax.conv_general_dilated(x, W, (1, 1), "VALID", dimension_numbers=order)
            x = x + (b if channels_last else b[:, None, None])
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
        x = x.reshape(len(x), -1)
        (W3, b3), (W4, b4) = params[2:]
        return jnp.maximum(x @ W3 + b3, 0) @ W4 + b4

    def loss(params, x, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(scores(params, x)), y[:, None], axis=1).mean()

    @jax.jit
    def step(params, velocities, x, y):
        grads = jax.grad(loss)(params, x, y)
        velocities = jax.tree.map(lambda v, g, p: 0.9 * v + 0.001 * (g + 5e-4 * p), velocities, grads, params)
        return jax.tree.map(jnp.subtract, params, velocities), velocities

    mine = [layer.params for layer in lenet(np.random.default_rng(0)).layers if layer.params]
    params = [(filters(jnp.asarray(p["W"])) if p["W"].ndim == 4 else jnp.asarray(p["W"]), jnp.asarray(p["b"])) for p in mine]
    state = params, jax.tree.map(jnp.zeros_like, params)
    jx, jy = jnp.asarray(x.transpose(0, 2, 3, 1) if channels_last else x), jnp.asarray(y)

    def run():
        nonlocal state
        for _ in range(times):
            state = step(*state, jx, jy)
        jax.block_until_ready(state)
    return run


def ours_predicting(x):
    network = lenet(np.random.default_rng(0))
    return lambda: network.predict(x)


def torch_predicting(x, size, channels_last):
    import torch

    module, tensor = torch_lenet(channels_last)
    tx = tensor(x)

    def run():
        with torch.inference_mode():
            return torch.cat([module(part).argmax(dim=1) for part in tx.split(size)])
    return run


def peers(builds):
    """({name: build} of the libraries that are installed, the names of the others), from {library: {what it does: build}}."""
    here = {library: builds for library, builds in builds.items() if importlib.util.find_spec(library)}
    return ({f"{LIBRARIES[library]} {importlib.metadata.version(library)}{what}": build
             for library, builds in here.items() for what, build in builds.items()},
            [LIBRARIES[library] for library in builds if library not in here])


# ---------------------------------------------------------------------------------------------------------- in turn


def prepare(build):
    """In the process of a competitor: `build` it."""
    global run
    run = build()


def timed():
    """In the process of a competitor: run once untimed and once timed."""
    # For some 60 ms after a pause the system leaves both threads on one processor: a sixth of a run here, nothing of a training.
    # So each run goes before itself.
    return seconds(run, before=run)


def seconds(run, before=lambda: None):
    """How long `run` takes; `before` runs first, untimed."""
    time.sleep(0.3)                  # threads of the one before (BLAS, PyTorch) spin a while before they give the processor back
    before()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def in_turn(builds, rounds):
    """{name: its seconds in each round} for {name: function that returns what is to run}; each is called in its own process."""
    times = {name: [] for name in builds}
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as ended:
        processes = {name: ended.enter_context(ProcessPoolExecutor(1, spawn, prepare, (build,))) for name, build in builds.items()}
        for turn in range(rounds + 1):
            for name, process in processes.items():
                spent = process.submit(timed).result()
                if turn:                                                   # the first turn warms up
                    times[name].append(spent)
    return {name: np.array(spent) for name, spent in times.items()}


def compared(each):
    """{name: (a second's work, LeNet's speed in multiples of it: median, least, most)} from {name: seconds for one piece of work}."""
    return {name: (1 / np.median(t), *np.quantile(t / each["LeNet"], (0.5, 0, 1))) for name, t in each.items()}


def measure(rounds=ROUNDS, steps=STEPS, loops=BATCH, before=None):
    """For each competitor its images per second, and LeNet's speed in multiples of it: the median, the least and the most of all rounds.

    Also the machine's peak, LeNet's share of it, and the names of competitors that are not installed. `loops` is the number of
    images that go through the loops, which take one after another, so that it changes little for each.
    """
    rng = np.random.default_rng(0)
    x, y = rng.random((BATCH, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, BATCH)
    few = x[:loops], y[:loops]
    mine = partial(ours, x, y, steps)
    builds = {"LeNet": mine, "... on one thread": partial(mine, parts=False),
              "... each convolution as one product": partial(mine, fast=False)}
    if before:
        builds["LeNet of the other build"] = partial(mine, before=before)
    others, missing = peers({
        "torch": {"": partial(pytorch, x, y, steps, False), ", channels_last": partial(pytorch, x, y, steps, True),
                  ", torch.compile": partial(pytorch, x, y, steps, False, compiled=True),
                  ", torch.compile, channels_last": partial(pytorch, x, y, steps, True, compiled=True)},
        "jax": {", jit, NCHW": partial(jax_step, x, y, steps, False), ", jit, NHWC": partial(jax_step, x, y, steps, True)}})
    loop_builds = {"one image after another, float64": partial(naive, *few, keep=False),
                   "... windows and winners kept": partial(naive, *few, keep=True)}
    times = in_turn(builds | loop_builds | others | {"peak": peak}, rounds)
    peaks = 2 * 2048 ** 3 / times.pop("peak")
    each = {name: t / (loops if name in loop_builds else BATCH * steps) for name, t in times.items()}
    return {
        "speeds": compared(each),
        "peak": np.median(peaks),
        "share": np.median(flops_per_image() / each["LeNet"] / peaks),
        "missing": missing,
    }


def prediction(rounds=ROUNDS, images=10_000):
    """`compared` for the labels of `images` test images: ours, and PyTorch's in both formats, by its faster one of two batch sizes."""
    x = np.random.default_rng(0).random((images, 1, 28, 28), dtype=np.float32)
    others, _ = peers({"torch": {f"{', channels_last' * last}, {size} at a time": partial(torch_predicting, x, size, last)
                                 for last in (False, True) for size in (64, 1000)}})
    times = in_turn({"LeNet": partial(ours_predicting, x), **others}, rounds)
    return compared({name: t / images for name, t in times.items()})


def panel(pairs=9, steps=300):
    """The median ratio of a run with the panel on its thread to the same loop over `train` without panel or thread."""
    from lenet_lab.widgets.training import TrainingPanel  # not for the processes of the competitors

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


def show(title, speeds):
    print(f"\n{title}\n\n{'':50}{'images/s':>10}{'LeNet is':>12}   in all rounds")
    for name, (speed, ratio, least, most) in speeds.items():
        print(f"{name:50}{speed:10,.0f}" + (f"{ratio:10.2f} x   {least:.2f} to {most:.2f}" if name != "LeNet" else ""))


def main():
    ask = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description="How fast LeNet trains, and other programs.")
    ask.add_argument("--before", metavar="FOLDER", help="a folder with another build, whose lenet_core is timed too")
    ask.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each runs (default: {ROUNDS})")
    args = ask.parse_args()
    result = measure(rounds=args.rounds, before=args.before)
    show(f"Training LeNet (431,080 parameters), batches of {BATCH}, {flops_per_image() / 1e6:.1f} MFLOP an image", result["speeds"])
    for name in result["missing"]:
        print(f"{name:50}{'not installed':>10}")
    print(f"\nthe machine's float32 product: {result['peak'] / 1e9:.0f} GFLOP/s; LeNet trains at {result['share']:.0%} of it,"
          "\nif its operations are counted as without Winograd's filtering")
    show("Labels of 10,000 images", prediction(rounds=args.rounds))
    print(f"\na run with the panel takes {panel():.3f} times the time of one without")


if __name__ == "__main__":
    main()
