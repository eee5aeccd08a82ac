"""Training: shuffled batches in, one `Step` out per update.

`train` is a generator, so the caller decides what a step is for: `next()` is one step, a `for` loop a run, and pausing is
simply not asking for the next one. It prints nothing and draws nothing; the only randomness is the `rng` that
`minibatches` was given. What training remembers between two steps (the momentum, the step's number) is in a
`TrainingState`, which a checkpoint keeps beside the network and the position in the data: stopping, saving and going on
in another process gives the same numbers, bit for bit, as never having stopped.
"""

import math
from dataclasses import dataclass, field
from typing import Callable, NamedTuple

import numpy as np

from .files import read_npz, write_npz
from .net import Net


class Step(NamedTuple):
    """What one update reports: its number (from 0), the batch's mean loss and accuracy before it, the rate it used."""

    i: int
    loss: float
    accuracy: float
    lr: float


class Diverged(ArithmeticError):
    """The loss is no longer a finite number. The message says at which step, and what to try."""


@dataclass
class TrainingState:
    """What training remembers from one step to the next: how many were made, and the momentum of each parameter."""

    steps: int = 0
    velocity: dict = field(default_factory=dict)         # {"conv1.W": array}


# ----------------------------------------------------------------------------------------------------------- the data


class Minibatches:
    """The endless iterator behind `minibatches`; `position` is where it stands, as plain data, and can be set."""

    def __init__(self, x, y, batch_size, rng):
        if len(x) != len(y) or not len(x) or batch_size < 1:
            raise ValueError(f"minibatches: {len(x)} images, {len(y)} labels, batches of {batch_size}: there must be as many "
                             "labels as images, at least one, and at least one image in a batch.")
        self.x, self.y, self.batch_size, self.rng = x, y, batch_size, rng
        self.per_epoch = -(-len(x) // batch_size)
        self._order, self._taken = None, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self._order is None or self._taken == self.per_epoch:
            self._shuffle()
        chosen = self._order[self._taken * self.batch_size:(self._taken + 1) * self.batch_size]
        self._taken += 1
        return self.x[chosen], self.y[chosen]

    def _shuffle(self):
        self._rng_before = self.rng.bit_generator.state
        self._order, self._taken = self.rng.permutation(len(self.x)), 0

    @property
    def position(self):
        started = self._order is not None
        return {"rng": self._rng_before if started else self.rng.bit_generator.state, "taken": self._taken,
                "images": len(self.x), "batch_size": self.batch_size}

    @position.setter
    def position(self, position):
        here = {"images": len(self.x), "batch_size": self.batch_size}
        there = {key: position[key] for key in here}
        if here != there:
            raise ValueError(f"The saved training went through {there['images']} images in batches of {there['batch_size']}; "
                             f"these are {here['images']} in batches of {here['batch_size']}. Give it the same data.")
        self.rng.bit_generator.state = position["rng"]
        self._order, self._taken = None, 0
        if position["taken"]:
            self._shuffle()
            self._taken = position["taken"]


def minibatches(x, y, batch_size, rng):
    """Shuffled batches without end: every example once per epoch, in a new order each time.

    x (N, ...), y (N,) -> an iterator of (x of the batch, y of the batch). Where `batch_size` does not divide N, the last
    batch of an epoch is smaller. `per_epoch` is the number of batches in an epoch. Raises ValueError if x and y differ in
    length or are empty.
    """
    return Minibatches(x, y, batch_size, rng)


# ---------------------------------------------------------------------------------------------------- rates and updates


def inverse_decay(lr0, gamma, power):
    """The learning rate lr0 / (1 + gamma i)^power as a function of the step i. Source: homework equation 11 (`get_lr`)."""
    return lambda i: float(lr0 * (1 + gamma * i) ** -power)


def warm_up_then_down(lr0, steps, warm_up=200):
    """A rate that climbs to lr0 within `warm_up` steps and then falls in a straight line, reaching 0 after `steps`."""
    warm_up = min(warm_up, steps // 4)
    return lambda i: float(lr0 * max(0.0, min((i + 1) / max(warm_up, 1), (steps - i) / (steps - warm_up))))


def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
    """One step of gradient descent with momentum and weight decay: v <- mu v + lr (dp + decay p), then p <- p - v.

    p, v, dp of one shape -> new p, new v; the arguments stay as they are. `decay` is the lambda of the L2 term
    lambda/2 * sum(p^2). Source: homework equations 9, 10 and 13.
    """
    push = p * decay if decay else np.zeros_like(p)
    push += dp
    push *= lr
    v = v * mu
    v += push
    return p - v, v


def train(net, batches, lr, mu=0.9, decay=0.0, bias_rate=1.0, state=None):
    """Update the network once per batch, and yield a `Step` after each.

    `batches` yields (x, y); training ends when it does (`minibatches` never does). `lr`, `mu` (momentum) and `decay`
    (weight decay, on weights only) are numbers, or functions of the step's number, so that they can change on the way.
    `bias_rate` multiplies the rate of the biases (the homework's is 2). Give the `state` of an earlier run to go on
    where it stopped. Raises `Diverged` before it would put numbers into the network that are not finite.
    """
    state = TrainingState() if state is None else state
    for x, y in batches:
        i = state.steps
        rate, momentum, weight_decay = (float(value(i) if callable(value) else value) for value in (lr, mu, decay))
        loss, scores = net.loss(x, y)
        if not math.isfinite(loss):
            raise Diverged(f"The loss stopped being a number at step {i} (learning rate {rate:g}): the steps were too large and "
                           f"the weights ran away. Begin again with a smaller rate, {rate / 10:.1g} say, or let it warm up.")
        for layer in net.layers:
            new = {}
            for name, p in layer.params.items():
                key, bias = f"{layer.name}.{name}", name == "b"
                v = state.velocity.get(key)
                new[name], state.velocity[key] = sgd_momentum(
                    p, np.zeros_like(p) if v is None else v, layer.grads[name],
                    rate * bias_rate if bias else rate, momentum, 0.0 if bias else weight_decay)
            layer.params = new
        state.steps += 1
        yield Step(i, loss, float(np.mean(scores.argmax(axis=1) == y)), rate)


def error_rate(net, x, y):
    """The share of images that the network gets wrong, between 0 and 1."""
    return float(np.mean(net.predict(x) != y))


# -------------------------------------------------------------------------------------------------------------- recipes


@dataclass(frozen=True)
class Recipe:
    """How to train: everything `train` and `minibatches` want beside the network and the data.

    `lr(steps)` gives the rate's function for a run of that many steps. `epochs` is the length of a run unless `steps` is
    given.
    """

    lr: Callable
    epochs: float = 2
    steps: int | None = None
    batch_size: int = 64
    mu: float = 0.9
    decay: float = 5e-4
    bias_rate: float = 1.0

    def length(self, per_epoch):
        """The number of steps of a run, with `per_epoch` batches in an epoch."""
        return self.steps or max(1, round(self.epochs * per_epoch))

    def start(self, net, batches, state=None):
        """(the generator of Steps, endless; the length of the run)."""
        steps = self.length(batches.per_epoch)
        return train(net, batches, self.lr(steps), self.mu, self.decay, self.bias_rate, state), steps


RECIPES = {
    # Section 5.5 of the homework and its test script: 10,000 steps, biases at twice the rate.
    "homework": Recipe(lr=lambda steps: inverse_decay(0.01, 1e-4, 0.75), steps=10_000, bias_rate=2.0),
    # Reaches the homework's 99.1 % in two epochs of the full set.
    "quick": Recipe(lr=lambda steps: warm_up_then_down(0.05, steps)),
}


# ---------------------------------------------------------------------------------------------------------- checkpoints


def save_checkpoint(path, net, batches, state):
    """Keep a training run in one file (.npz), wholly or not at all: network, momentum, step, place in the data, random state."""
    description, arrays = net.pack()
    description["training"] = {"steps": state.steps, "position": batches.position}
    write_npz(path, description, {**arrays, **{f"velocity {key}": v for key, v in state.velocity.items()}})


def load_checkpoint(path):
    """(net, state, position) of a run kept by `save_checkpoint`; then set `batches.position = position` and go on.

    Raises FileNotFoundError, or ValueError with a sentence when the file holds no training run.
    """
    description, arrays = read_npz(path)
    if "training" not in description:
        raise ValueError(f"{path} holds a network but no training run to go on with. Net.load reads it.")
    velocity = {key.removeprefix("velocity "): v for key, v in arrays.items() if key.startswith("velocity ")}
    training = description["training"]
    return Net.load(path), TrainingState(training["steps"], velocity), training["position"]
