"""Training: shuffled batches in, one `Step` out per update.

`train` is a generator, so the caller decides what a step is for: `next()` is one step, a `for` loop a run, and pausing is
simply not asking for the next one. It prints nothing and draws nothing; the only randomness is the `rng` that
`minibatches` was given. What training remembers between two steps (the momentum, the step's number) is in a
`TrainingState`, which a checkpoint keeps beside the network and the place in the data: stopping, saving and going on
in another process gives the same numbers, bit for bit, as never having stopped.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ._files import write_npz
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
    """The endless iterator behind `minibatches`; `state` is where it stands, as plain data, and can be set."""

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
    def state(self):
        """The random state before the current shuffle, how many of its batches were taken, and which data these are of.

        Setting it goes on from there. Raises ValueError for the state of other data, and for what is no state.
        """
        started = self._order is not None
        return {"rng": self._rng_before if started else self.rng.bit_generator.state, "taken": self._taken,
                "images": len(self.x), "batch_size": self.batch_size}

    @state.setter
    def state(self, state):
        here = {"images": len(self.x), "batch_size": self.batch_size}
        try:
            there, trial = {key: state[key] for key in here}, type(self.rng.bit_generator)()
            trial.state = state["rng"]
            if type(state["taken"]) is not int or here == there and not 0 <= state["taken"] <= self.per_epoch:
                raise ValueError(f"{state['taken']!r} of {self.per_epoch} batches")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"The saved training does not say where in the data it was ({error!r}). Train anew.") from None
        if here != there:
            raise ValueError(f"The saved training went through {there['images']} images in batches of {there['batch_size']}; "
                             f"these are {here['images']} in batches of {here['batch_size']}. Give it the same data.")
        self.rng.bit_generator.state = state["rng"]
        self._order, self._taken = None, 0
        if state["taken"]:
            self._shuffle()
            self._taken = state["taken"]


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


def linear_warmup_decay(lr0, steps, warm_up=200):
    """Linear warm-up to lr0 within `warm_up` steps (at most half of all), then linear decay to 0 at `steps`."""
    warm_up = max(1, min(warm_up, steps // 2))
    return lambda i: float(lr0 * max(0.0, min((i + 1) / warm_up, (steps - i) / max(1, steps - warm_up))))


def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
    """One step of gradient descent with momentum and weight decay: v <- mu v + lr (dp + decay p), then p <- p - v.

    p, v, dp of one shape -> new p, new v; the arguments stay as they are. `decay` is the lambda of the L2 term
    lambda/2 * sum(p^2). Source: homework equations 9, 10 and 13.
    """
    lr, mu, decay = float(lr), float(mu), float(decay)       # a NumPy float64 would turn float32 arrays into float64
    push = p * decay                                         # fresh arrays from here on, so they may be changed in place
    push += dp
    push *= lr
    push += v * mu
    return p - push, push


def train(net, batches, lr, mu=0.9, decay=0.0, bias_lr_scale=1.0, state=None, max_grad_norm=None):
    """Update the network once per batch, and yield a `Step` after each.

    `batches` yields (x, y); training ends when it does (`minibatches` never does). `lr`, `mu` (momentum) and `decay`
    (weight decay, on weights only) are numbers, or functions of the step's number, so that they can change on the way.
    `bias_lr_scale` multiplies the rate of the biases (the homework's is 2). `max_grad_norm` is the greatest norm that all gradients
    together may have, as one vector; longer ones are scaled down to it, before decay and momentum. Give the `state` of an
    earlier run to go on where it stopped. Raises `Diverged`, and leaves the network as it was, when a loss is not a finite number.
    """
    state = TrainingState() if state is None else state
    for x, y in batches:
        i = state.steps
        rate, momentum, weight_decay = (float(value(i) if callable(value) else value) for value in (lr, mu, decay))
        loss, scores = net.loss(x, y)
        if not math.isfinite(loss):
            raise Diverged(f"The loss stopped being a number at step {i} (learning rate {rate:g}): most likely the steps were too "
                           "large and the weights ran away. Begin again with a rate ten times smaller, or let it warm up; if "
                           "that does not help, check the gradients of the layers.")
        if max_grad_norm is not None:
            _clip(net, max_grad_norm)
        _update(net, state, rate, rate * bias_lr_scale, momentum, weight_decay)
        yield Step(i, loss, float(np.mean(scores.argmax(axis=1) == y)), rate)


def _clip(net, max_grad_norm):
    """Scale all gradients by one factor where together, as one vector, their norm is above `max_grad_norm`."""
    # In float64, where no square overflows, and by NumPy, not the BLAS library: its dot products depend on the number of threads.
    squares = (np.square(g, dtype=np.float64).sum() for layer in net.layers for g in layer.grads.values())
    norm = math.sqrt(sum(squares))
    if max_grad_norm < norm < math.inf:                      # an infinite one goes on to `train`, whose next loss says so
        for layer in net.layers:
            layer.grads = {name: g * float(max_grad_norm / norm) for name, g in layer.grads.items()}


def _update(net, state, weight_lr, bias_lr, mu, decay):
    """`sgd_momentum` for every parameter of the network."""
    with np.errstate(over="ignore", invalid="ignore"):       # a network that runs away is reported by `train`
        for layer in net.layers:
            new = {}
            for name, p in layer.params.items():
                key = f"{layer.name}.{name}"
                v = state.velocity.get(key, np.zeros((), p.dtype))
                lr, lam = (weight_lr, decay) if name == "W" else (bias_lr, 0.0)
                new[name], state.velocity[key] = sgd_momentum(p, v, layer.grads[name], lr, mu, lam)
            layer.params = new
    state.steps += 1


def error_rate(net, x, y):
    """The share of images that the network gets wrong, between 0 and 1."""
    return float(np.mean(net.predict(x) != y))


# ---------------------------------------------------------------------------------------------------------- checkpoints


class Checkpoint(NamedTuple):
    """A training run as it was kept; `batches.state = data_state` and `train(..., state=state)` go on with it."""

    net: Net
    state: TrainingState
    data_state: dict
    notes: dict


def save_checkpoint(path, net, batches, state, notes=None):
    """Keep a training run in one file (.npz), wholly or not at all: network, momentum, step, place in the data, random state.

    `notes` is plain data to keep beside it (which recipe, which data).
    """
    description, arrays = net.pack()
    description["training"] = {"steps": state.steps, "position": batches.state, "notes": notes or {}}
    write_npz(path, description, {**arrays, **{f"velocity {key}": v for key, v in state.velocity.items()}})


def load_checkpoint(path):
    """The `Checkpoint` kept by `save_checkpoint`.

    Raises FileNotFoundError, or ValueError with a sentence when the file holds no training run.
    """
    net, description, arrays = Net.read(path)
    if "training" not in description:
        raise ValueError(f"{path} holds a network but no training run to go on with. Net.load reads it.")
    velocity = {key.removeprefix("velocity "): v for key, v in arrays.items() if key.startswith("velocity ")}
    shapes = {f"{layer.name}.{name}": p.shape for layer in net.layers for name, p in layer.params.items()}
    try:
        training = description["training"]
        steps, data_state, notes = training["steps"], training["position"], dict(training["notes"])
        if type(steps) is not int or steps < 0:
            raise ValueError(f"{steps!r} steps")
        if {key: v.shape for key, v in velocity.items()} != (shapes if steps else {}):
            raise ValueError("the momentum is not that of the parameters")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} holds a damaged training run ({error!r}). "
                         "Net.load reads the network in it; train anew.") from None
    return Checkpoint(net, TrainingState(steps, velocity), data_state, notes)
