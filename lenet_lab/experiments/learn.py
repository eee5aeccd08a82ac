"""One training run as a function of its settings: everything that the studies vary."""

import functools
from dataclasses import dataclass, replace

import numpy as np

from lenet_core import initializers
from lenet_core.data import load_cifar10, load_mnist
from lenet_core.training import Diverged, error_rate, minibatches, sgd_momentum, train
from lenet_lab.inside.look import mistakes, probabilities
from lenet_lab.networks import NETWORKS
from lenet_lab.runs.augment import mirrored, moved, warped
from lenet_lab.runs.recipes import RECIPES
from lenet_lab.runs.rules import orthogonal_momentum

LEARNED = 0.3                # test accuracy from which a run counts as "learned"; guessing gives 0.1
IDLE = 0.01                  # a smaller change of the mean loss counts as "no sign of convergence"
WINDOW = 20                  # steps over which the loss is averaged; steps without a gradient after which a run counts as "dead"

SCHEDULES = {
    "constant": lambda steps: lambda i: 1.0,
    "warm up, then down": RECIPES["quick"].schedule,
    "inverse decay": RECIPES["homework"].schedule,
}
RULES = {"momentum": sgd_momentum, "filters orthogonalised": orthogonal_momentum}


def pictures(name, folder=None):
    """The data set of a name: "mnist", "cifar10", "mnist32" (a border of two pixels, for the 32x32 of LeNet-5), or "mnist 1998".

    "mnist 1998" is "mnist32" with paper at -0.1 and ink at 1.175, so that pixels have about mean 0 and variance 1. Source: LeCun et al.
    1998, section II.B.
    """
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
    """The settings of one training run.

    **Data.** `data` is a name of `pictures`. `images` is the number of training images, evenly spaced in the set; or `per_class` the
    number of first images of each class (None: all). `centred` subtracts each channel's mean over the training images from all images.
    `move`, `mirror`, `warp` are augmentations as in `lenet_lab.runs.augment` (`warp` holds its keyword arguments).

    **Network.** `network` is a name in `lenet_lab.networks.NETWORKS`. `first_weights` is the name of a function in
    `lenet_core.initializers` (None: the network's default), or a number: the standard deviation of normally distributed weights.

    **Training.** `schedule` and `rule` are names in `SCHEDULES` and `RULES`. `summed` takes the sum over the batch as the loss instead
    of the mean, by multiplying the rate by `batch_size`. With `average`, the test uses a running mean of the parameters, in which the
    previous mean has this weight. A run ends after `steps` steps or `epochs` epochs, or when the mean loss of the last 20 batches is
    below `until_loss`. With `restart_after`, the run restarts with new weights whenever the loss has not changed for that many steps
    (COMP3314 report, section 5).

    **Report.** `errors_every` is the number of epochs between two points of the curve. `inside` adds confusions, mistakes and kernels.
    `misread` adds all test images that were misread.
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
    rule: str = "momentum"
    summed: bool = False
    max_grad_norm: float | None = None
    average: float | None = None
    until_loss: float | None = None
    restart_after: int | None = None
    errors_every: float | None = None
    inside: bool = False
    misread: bool = False


def learn(settings, seed, folder=None):
    """Train a network once with these `Settings` and this seed, and return the results. `folder` is the folder of the data.

    Returns a dict of "outcome", "accuracy" on the test images, "loss" (mean of the last 20 batches), "steps", "restarts", "parameters",
    "data", and "curve", a list of [epoch, training error, test error]. With `settings.average`, "accuracy" is that of the mean of the
    parameters, and there is also "accuracy of the last weights". The outcome is "learned", "diverged", "dead" (the weights of a
    layer had gradient 0 for 20 steps, which ends the run), or "stuck" (none of these). With `settings.inside` also "confusion"
    (counts, row = true class), "mistakes" ([index in the test set, label, answer, its probability] of the 24 with the highest
    probability) and "kernels" (the weights of the first layer, if it is a convolution). With `settings.misread` also "misread": [index in
    the test set, label, answer] of every test image that was misread.
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

    def start():                                        # uses the present `net`: a restart replaces it
        return train(net, batches, lambda i: chosen.lr * scale * shape(i), chosen.mu, chosen.decay, chosen.bias_lr_scale,
                     max_grad_norm=chosen.max_grad_norm, rule=RULES[chosen.rule])

    losses, curve, begun, no_gradient, outcome, mean, running = [], [], [0], 0, None, net.snapshot(), start()
    try:
        while len(losses) < steps:
            losses.append(next(running).loss)
            n = len(losses)
            no_gradient = 0 if losses[-1] < IDLE or _all_get_a_gradient(net) else no_gradient + 1
            if chosen.restart_after and n - begun[-1] >= chosen.restart_after and _idle(losses[-chosen.restart_after:]):
                net = fresh(chosen.network, rng, chosen.first_weights, chosen.input_shape)
                begun, no_gradient, running = [*begun, n], 0, start()
            elif no_gradient == WINDOW and not chosen.restart_after:
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
    accuracy = last = round(1 - error_rate(net, test_x, test_y), 6)
    if chosen.average:
        net.restore(mean)
        accuracy = round(1 - error_rate(net, test_x, test_y), 6)
    return {"outcome": outcome or ("learned" if accuracy >= LEARNED else "stuck"), "accuracy": accuracy,
            "loss": float(np.mean(losses[-WINDOW:])) if losses else None, "steps": len(losses), "restarts": len(begun) - 1,
            "parameters": net.size, "data": name, "curve": curve, **({"accuracy of the last weights": last} if chosen.average else {}),
            **(_inside(net, test_x, test_y) if chosen.inside else {}),
            **({"misread": _misread(net, test_x, test_y)} if chosen.misread else {})}


def _images(settings, folder):
    """(name, training images and labels, test images and labels) of a training run."""
    source = pictures(settings.data, folder)
    train_x, train_y = _chosen(source, settings.images, settings.per_class)
    test_x = source.test_x
    if settings.centred:
        mean = train_x.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(train_x.dtype)
        train_x, test_x = train_x - mean, test_x - mean
    return source.name, train_x, train_y, test_x, source.test_y


def _all_get_a_gradient(net):
    """Whether the weights of every layer have a nonzero gradient; not if all ReLUs above or below a layer are 0 for the whole batch."""
    return all(layer.grads["W"].any() for layer in net.layers if layer.params)


def _idle(losses):
    """Whether the mean of the last losses differs from the mean of the first ones by less than `IDLE`."""
    return abs(np.mean(losses[-WINDOW:]) - np.mean(losses[:WINDOW])) < IDLE


def _chosen(data, images, per_class):
    """The training images and labels that `learn` uses."""
    if per_class:
        chosen = np.sort(np.concatenate([np.flatnonzero(data.train_y == k)[:per_class] for k in np.unique(data.train_y)]))
        return data.train_x[chosen], data.train_y[chosen]
    few = data.subset(images or len(data.train_x))
    return few.train_x, few.train_y


def fresh(network, rng, first_weights=None, input_shape=None):
    """A network of `NETWORKS` with initial weights from `rng`.

    `first_weights` is the name of a function in `lenet_core.initializers`, or the standard deviation of normal weights (None: the
    network's default).
    """
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


def _misread(net, x, y):
    """[index, label, answer] of every image that is misread."""
    answers = net.predict(x)
    return [[int(n), int(y[n]), int(answers[n])] for n in np.flatnonzero(answers != y)]


def _moving_average(mean, now, weight):
    """The running mean of snapshots: `weight` times the previous mean, plus (1 - weight) times `now`."""
    weight = np.float32(weight)
    return {name: {p: weight * mean[name][p] + (1 - weight) * value for p, value in params.items()} for name, params in now.items()}
