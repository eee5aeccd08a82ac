"""Does it matter on MNIST who is paid when the entries of a pooling window tie? LeNet trained with four conventions, from five seeds.

`python -m lenet_lab.libraries.tie_study` trains, stores every run in `results/ties.json`, and writes the table of `docs/libraries.md`
again. A pair of runs has the same first weights and the same batches in the same order; only the backward function of the poolings differs.
"""

import json
import sys
import time
from itertools import islice

import numpy as np

from lenet_core import lenet, load_mnist, train
from lenet_core._files import atomic_write
from lenet_core.ops import max_pool_backward, window_entries
from lenet_core.training import error_rate, linear_warmup_decay, minibatches
from lenet_lab._material import material

from .conventions import PAGE, page_with

STORE = material("results") / "ties.json"
SEEDS = range(5)
IMAGES, BATCH, RATE = 10_000, 64, 0.08   # one epoch of so many images
T95 = 2.776                              # of Student's distribution with four degrees of freedom: the interval of a mean of five


def _last(dout, cache):
    """The last of the largest entries gets the window's gradient: the first one, seen from the other end of the maps."""
    x, out, k, stride = cache
    turned = np.s_[:, :, ::-1, ::-1]
    return max_pool_backward(dout[turned], (x[turned], out[turned], k, stride))[turned]


def _each(share):
    """A backward function in which every largest entry gets the part `share(dout, number of largest entries)`."""
    def backward(dout, cache):
        x, out, k, stride = cache
        dx = np.zeros((*x.shape[1:], len(x)), dout.dtype).transpose(3, 0, 1, 2)
        won = [view == out for view in window_entries(x, k, stride)]
        part = share(dout, won)
        for mine, view in zip(won, window_entries(dx, k, stride)):
            view += mine * part
        return dx
    return backward


def _equal_part(dout, won):
    return dout / sum(one.astype(dout.dtype) for one in won)


CONVENTIONS = {
    "first": ("the first (this workbook, PyTorch, JAX, TensorFlow)", max_pool_backward),
    "last": ("the last", _last),
    "share": ("each an equal part (MLX, tinygrad)", _each(_equal_part)),
    "all": ("each in full (COMP3314; not a gradient)", _each(lambda dout, won: dout)),
}


def trained(convention, seed, data):
    """The test error of LeNet after an epoch with a convention."""
    rng = np.random.default_rng(seed)
    net = lenet(rng)
    for name in ("pool1", "pool2"):
        net[name].use(backward=CONVENTIONS[convention][1])
    batches = minibatches(data.train_x[:IMAGES], data.train_y[:IMAGES], BATCH, rng)
    for _ in islice(train(net, batches, linear_warmup_decay(RATE, batches.per_epoch)), batches.per_epoch):
        pass
    for name in ("pool1", "pool2"):
        net[name].use()                                         # only the forward pass is left, which may use several threads
    return error_rate(net, data.test_x, data.test_y)


def tied(data, images=1000):
    """The share of the windows of pool1 with more than one largest entry, on test images and with the first weights of seed 0."""
    net = lenet(np.random.default_rng(0))
    x = net["conv1"].forward(data.test_x[:images])[0]
    largest = net["pool1"].forward(x)[0]
    return float((sum((view == largest).astype(int) for view in window_entries(x, 2, 2)) > 1).mean())


def table(records):
    """The table of the page: for each convention its mean error, and the mean difference to the first convention, seed by seed."""
    errors = {key: np.array([100 * record["errors"][key] for record in records["runs"]]) for key in CONVENTIONS}
    lines = ["| who is paid | wrong of 10,000, mean of five seeds | more than with the first, seed by seed | 95 % interval of the mean |",
             "| --- | --: | --- | --- |"]
    for key, (words, _) in CONVENTIONS.items():
        more = errors[key] - errors["first"]
        half = T95 * more.std(ddof=1) / len(more) ** 0.5
        cells = ["-", "-"] if key == "first" else [", ".join(f"{100 * one:+.0f}" for one in more),
                                                   f"{100 * (more.mean() - half):+.0f} to {100 * (more.mean() + half):+.0f}"]
        lines.append(f"| {words} | {100 * errors[key].mean():.0f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    """Train all, store the errors, and write the table."""
    data = load_mnist()
    if data.name != "MNIST":
        print("tie_study: MNIST is not here, and other digits would give other numbers. Name its folder in LENET_DATA.", file=sys.stderr)
        return 1
    runs = []
    for seed in SEEDS:
        began, errors = time.monotonic(), {}
        for convention in CONVENTIONS:
            errors[convention] = round(trained(convention, seed, data), 4)
        runs.append({"seed": seed, "errors": errors, "seconds": round(time.monotonic() - began)})
        print(runs[-1], flush=True)
    records = {"images": IMAGES, "batch": BATCH, "rate": RATE, "tied": round(tied(data), 3), "runs": runs}
    with atomic_write(STORE) as file:
        file.write((json.dumps(records, indent=1) + "\n").encode())
    PAGE.write_text(page_with({"ties": table(records)}, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
