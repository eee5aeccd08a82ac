"""One training as a function of plain settings: what every study varies, in one place."""

import functools
from dataclasses import dataclass, replace

import numpy as np

from lenet_core import initializers
from lenet_core.data import load_cifar10, load_mnist
from lenet_core.training import Diverged, error_rate, minibatches, train
from lenet_lab.inside.look import mistakes, probabilities
from lenet_lab.networks import NETWORKS
from lenet_lab.runs.augment import mirrored, moved, warped
from lenet_lab.runs.recipes import RECIPES

LEARNED = 0.3                # test accuracy from which a run has learned something; guessing is 0.1
IDLE = 0.01                  # a loss that moved by less shows "no sign of convergence"
WINDOW = 20                  # steps over which a loss is averaged before it is judged, and without a gradient until a run is called dead

SCHEDULES = {
    "constant": lambda steps: lambda i: 1.0,
    "warm up, then down": RECIPES["quick"].schedule,
    "inverse decay": RECIPES["homework"].schedule,
}


def pictures(name, folder=None):
    """The data set of a name: "mnist", "cifar10", "mnist32" (a border of two pixels, for the 32x32 of LeNet-5), or "mnist 1998": that
    with paper at -0.1 and ink at 1.175, so that pixels have about mean 0 and variance 1 (LeCun et al. 1998, section II.B)."""
    return _pictures(name, folder)


@functools.lru_cache(maxsize=2)
def _pictures(name, folder):
    if name == "cifar10":
        return load_cifar10(folder)
    if name == "mnist":
        return load_mnist(folder)
    data = pictures("mnist", folder)
    if name in ("mnist32", "mnist 1998"):
        wide = [np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2))) for x in (data.train_x, data.test_x)]
        if name == "mnist 1998":
            wide = [x * np.float32(1.275) - np.float32(0.1) for x in wide]
        data = replace(data, train_x=wide[0], test_x=wide[1])
    return data


@dataclass(frozen=True)
class Settings:
    """What one training is made of.

    **Data.** `data` is a name of `pictures`. `images`: how many training images, at even distances; or `per_class`: the first so many
    of each class (None: all). `centred`: the mean of each channel over the training images is subtracted, from the test images too.
    `move`, `mirror`, `warp`: as in `lenet_lab.runs.augment` (`warp` holds its keywords).

    **Network.** `network` is a name in `lenet_lab.networks.NETWORKS`. `first_weights`: the name of a function in
    `lenet_core.initializers` (None: the network's own), or a number, the standard deviation of normal ones.

    **Training.** `summed`: the loss is the sum over the batch, not the mean: the rate times `batch_size`, also in the last, smaller
    batch. `average`: a running mean of the parameters is tested, with this weight on the past. A training ends after `steps` steps or
    `epochs` epochs, or once the mean loss of the last 20 batches is below `until_loss`. `restart_after`: new first weights whenever
    the loss has not moved for so many steps (COMP3314 report, section 5).

    **Report.** `errors_every`: so many epochs between two points of the curve. `inside`: also confusions, mistakes and kernels.
    """

    network: str
    data: str = "mnist"
    per_class: int | None = None
    images: int | None = None
    centred: bool = False
    move: int = 0
    mirror: bool = False
    warp: dict | None = None
    input_shape: list | None = None
    first_weights: str | float | None = None
    lr: float = 0.1
    schedule: str = "constant"
    batch_size: int = 64
    epochs: float | None = None
    steps: int | None = None
    mu: float = 0.9
    decay: float = 0.0
    bias_lr_scale: float = 1.0
    summed: bool = False
    max_grad_norm: float | None = None
    average: float | None = None
    until_loss: float | None = None
    restart_after: int | None = None
    errors_every: float | None = None
    inside: bool = False


def learn(settings, seed, folder=None):
    """Train a network once with these `Settings` and this seed, and say what came of it. `folder` is where the data lie.

    Returns plain data: "outcome" ("learned"; "dead": the weights of some layer had no gradient at all for 20 steps, where it ends;
    "diverged"; "stuck": none of these), "accuracy" on the test images, "loss" (mean of the last 20 batches), "steps", "restarts",
    "parameters", "data", and "curve", a list of [epoch, training error, test error]. With `settings.inside` also "confusion" (counts,
    row = true class), "mistakes" ([place in the test set, label, answer, its probability] of the 24 surest) and "kernels" (the weights
    of a first convolution).
    """
    chosen, rng = settings, np.random.default_rng(seed)
    name, train_x, train_y, test_x, test_y = _images(chosen, folder)
    net = fresh(chosen.network, rng, chosen.first_weights, chosen.input_shape)
    batches = minibatches(train_x, train_y, chosen.batch_size, rng)
    per_epoch = batches.per_epoch
    steps = chosen.steps or round(chosen.epochs * per_epoch)
    changes = ((mirrored, {} if chosen.mirror else None), (moved, {"by": chosen.move} if chosen.move else None), (warped, chosen.warp))
    for change, asked in changes:
        batches = batches if asked is None else change(batches, rng, **asked)
    shape, scale = SCHEDULES[chosen.schedule](steps), chosen.batch_size if chosen.summed else 1

    def start():                                        # a closure over `net`: a restart trains another one
        return train(net, batches, lambda i: chosen.lr * scale * shape(i), chosen.mu, chosen.decay, chosen.bias_lr_scale,
                     max_grad_norm=chosen.max_grad_norm)

    losses, curve, begun, shut, outcome, mean, running = [], [], [0], 0, None, net.snapshot(), start()
    try:
        while len(losses) < steps:
            losses.append(next(running).loss)
            n = len(losses)
            shut = 0 if losses[-1] < IDLE or _all_get_a_gradient(net) else shut + 1
            if chosen.restart_after and n - begun[-1] >= chosen.restart_after and _idle(losses[-chosen.restart_after:]):
                net = fresh(chosen.network, rng, chosen.first_weights, chosen.input_shape)
                begun, shut, running = [*begun, n], 0, start()
            elif shut == WINDOW and not chosen.restart_after:
                outcome = "dead"
                break
            if chosen.average:
                mean = _moving_average(mean, net.snapshot(), chosen.average)
            if chosen.errors_every and n % round(chosen.errors_every * per_epoch) == 0:
                curve.append([n / per_epoch, error_rate(net, train_x, train_y), error_rate(net, test_x, test_y)])
            if chosen.until_loss and n >= WINDOW and np.mean(losses[-WINDOW:]) < chosen.until_loss:
                break
    except Diverged:
        outcome = "diverged"
    if chosen.average:
        net.restore(mean)
    accuracy = round(1 - error_rate(net, test_x, test_y), 6)
    return {"outcome": outcome or ("learned" if accuracy >= LEARNED else "stuck"), "accuracy": accuracy,
            "loss": float(np.mean(losses[-WINDOW:])) if losses else None, "steps": len(losses), "restarts": len(begun) - 1,
            "parameters": net.size, "data": name, "curve": curve, **(_inside(net, test_x, test_y) if chosen.inside else {})}


def _images(settings, folder):
    """(name, training images and labels, test images and labels) of a training."""
    source = pictures(settings.data, folder)
    train_x, train_y = _chosen(source, settings.images, settings.per_class)
    test_x = source.test_x
    if settings.centred:
        mean = train_x.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(train_x.dtype)
        train_x, test_x = train_x - mean, test_x - mean
    return source.name, train_x, train_y, test_x, source.test_y


def _all_get_a_gradient(net):
    """Do the weights of every layer get a gradient? Not where all ReLUs above or below a layer are shut for every image of the batch."""
    return all(layer.grads["W"].any() for layer in net.layers if layer.params)


def _idle(losses):
    """Is the mean of the last losses about what the mean of the first ones was?"""
    return abs(np.mean(losses[-WINDOW:]) - np.mean(losses[:WINDOW])) < IDLE


def _chosen(data, images, per_class):
    """The training images and labels that `learn` is to see."""
    if per_class:
        chosen = np.sort(np.concatenate([np.flatnonzero(data.train_y == k)[:per_class] for k in np.unique(data.train_y)]))
        return data.train_x[chosen], data.train_y[chosen]
    few = data.subset(images or len(data.train_x))
    return few.train_x, few.train_y


def fresh(network, rng, first_weights=None, input_shape=None):
    """A network of `NETWORKS` with its first weights: drawn by the named function of `lenet_core.initializers`, or normal ones of that standard deviation."""
    options = {"input_shape": tuple(input_shape)} if input_shape else {}
    if isinstance(first_weights, str):
        return NETWORKS[network](rng, bound=getattr(initializers, first_weights), **options)
    net = NETWORKS[network](rng, **options)
    if first_weights is not None:
        for layer in net.layers:
            if layer.params:
                W = layer.params["W"]
                layer.params = {**layer.params, "W": (first_weights * rng.standard_normal(W.shape)).astype(W.dtype)}
    return net


def _inside(net, x, y):
    from sklearn.metrics import confusion_matrix  # only here, as in `plane`

    p = probabilities(net, x)
    wrong, first = mistakes(p, y), net.layers[0]
    surest = zip(wrong.places[:24].tolist(), wrong.labels[:24].tolist(), wrong.answers[:24].tolist(),
                 wrong.sureness[:24].astype(float).round(3).tolist())
    return {"confusion": confusion_matrix(y, p.argmax(axis=1), labels=range(p.shape[1])).tolist(), "mistakes": [list(one) for one in surest],
            "kernels": first.params["W"].astype(float).round(3).tolist() if first.kind == "conv" else None}


def _moving_average(mean, now, weight):
    """The running mean of snapshots: `weight` on the past, the rest on `now`."""
    weight = np.float32(weight)
    return {name: {p: weight * mean[name][p] + (1 - weight) * value for p, value in params.items()} for name, params in now.items()}
