"""Training: one `Step` for every batch and update.

`train` is a generator: `next()` makes one step, a `for` loop a whole run, and between two steps training pauses. It prints
and plots nothing. The only random numbers are those of the `rng` given to `minibatches`. The momentum and the number of the
step are in a `TrainingState`. A checkpoint keeps it with the network and the position in the data. So a run that is stopped,
saved and resumed in another process gives the same numbers, bit for bit, as an uninterrupted one on the same kind of processor.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from ._files import write_npz
from ._images import in_one_array, why_diverged
from ._own import checked_rule, name_of
from .net import Net

Batch = tuple[np.ndarray, np.ndarray]                        # images, labels
Schedule = Callable[[int], float]                            # a value for each step, by its number


class Step(NamedTuple):
    """One update: its number (from 0), the mean loss and accuracy of the batch before it, and the learning rate."""

    i: int
    loss: float
    accuracy: float
    lr: float


class Diverged(ArithmeticError):
    """The loss is not a finite number. The message says at which step, and what to do."""


@dataclass
class TrainingState:
    """What training keeps from one step to the next: the number of steps made, each parameter's momentum, and the rule's name."""

    steps: int = 0
    velocity: dict[str, np.ndarray] = field(default_factory=dict)         # {"conv1.W": array}
    rule: str = "sgd_momentum"                                            # another rule's momentum means something else


class Minibatches:
    """The endless iterator of `minibatches`; `state`, its position in the data, is plain data with default_rng's PCG64."""

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int, rng: np.random.Generator) -> None:
        x, y = in_one_array(x, "images"), in_one_array(y, "labels")
        if len(x) != len(y) or not len(x) or batch_size < 1:
            raise ValueError(f"minibatches: {len(x)} images, {len(y)} labels, batches of {batch_size}: there must be as many "
                             "labels as images, at least one, and at least one image in a batch.")
        self.x, self.y, self.batch_size, self.rng = x, y, batch_size, rng
        self.per_epoch = -(-len(x) // batch_size)
        self._order, self._taken = np.empty(0, int), 0       # no order before the first batch

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        if not self._order.size or self._taken == self.per_epoch:
            self._shuffle()
        chosen = self._order[self._taken * self.batch_size:(self._taken + 1) * self.batch_size]
        self._taken += 1
        return self.x[chosen], self.y[chosen]

    def _shuffle(self) -> None:
        self._rng_before = self.rng.bit_generator.state
        self._order, self._taken = self.rng.permutation(len(self.x)), 0

    @property
    def state(self) -> dict[str, Any]:
        """The random state before the current shuffle, the number of batches taken since, and the sizes of data and batches.

        Assign a saved state to continue from there. Raises ValueError for the state of other data, and for what is not a state.
        """
        return {"rng": self._rng_before if self._order.size else self.rng.bit_generator.state, "taken": self._taken,
                "images": len(self.x), "batch_size": self.batch_size}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        here = {"images": len(self.x), "batch_size": self.batch_size}
        try:
            there, trial = {key: state[key] for key in here}, type(self.rng.bit_generator)()
            trial.state = state["rng"]
            if type(state["taken"]) is not int or here == there and not 0 <= state["taken"] <= self.per_epoch:
                raise ValueError(f"{state['taken']!r} of {self.per_epoch} batches")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"The saved training has no valid position in the data ({error!r}). Train again.") from None
        if here != there:
            raise ValueError(f"The saved training went through {there['images']} images in batches of {there['batch_size']}; "
                             f"these are {here['images']} in batches of {here['batch_size']}. Give it the same data.")
        self.rng.bit_generator.state = state["rng"]
        self._order, self._taken = np.empty(0, int), 0
        if state["taken"]:
            self._shuffle()
            self._taken = state["taken"]


def minibatches(x: np.ndarray, y: np.ndarray, batch_size: int, rng: np.random.Generator) -> Minibatches:
    """Shuffled batches without end: every image once per epoch, in a new order each time.

    x (N, ...), y (N,) -> an iterator of batches (x, y), with the number of batches in an epoch as `per_epoch`. The last batch of
    an epoch is smaller where `batch_size` does not divide N. Raises ValueError if x and y differ in length or are empty.
    """
    return Minibatches(x, y, batch_size, rng)


def inverse_decay(lr0: float, gamma: float, power: float) -> Schedule:
    """The learning rate lr0 / (1 + gamma i)^power as a function of the step i. Source: homework equation 11 (`get_lr`)."""
    return lambda i: float(lr0 * (1 + gamma * i) ** -power)


def linear_warmup_decay(lr0: float, steps: int, warm_up: int = 200) -> Schedule:
    """Linear warm-up to lr0 within `warm_up` steps (at most half of all), then linear decay to 0 at `steps`."""
    warm_up = max(1, min(warm_up, steps // 2))
    return lambda i: float(lr0 * max(0.0, min((i + 1) / warm_up, (steps - i) / max(1, steps - warm_up))))


def sgd_momentum(p: np.ndarray, v: np.ndarray, dp: np.ndarray, lr: float, mu: float = 0.9,
                 decay: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """One step of gradient descent with momentum and weight decay: v <- mu v + lr (dp + decay p), then p <- p - v.

    Parameter p, velocity v and gradient dp of one shape -> new p, new v; the arguments stay as they are. `decay` is the lambda
    of the L2 term lambda/2 * sum(p^2). Source: homework equations 9, 10 and 13.
    """
    lr, mu, decay = float(lr), float(mu), float(decay)       # a NumPy float64 would turn float32 arrays into float64
    new_v = p * decay                                        # a new array, so the next lines may change it in place
    new_v += dp
    new_v *= lr
    new_v += v * mu
    return p - new_v, new_v


def train(net: Net, batches: Iterable[Batch], lr: float | Schedule, mu: float | Schedule = 0.9, decay: float | Schedule = 0.0,
          bias_lr_scale: float = 1.0, state: TrainingState | None = None, max_grad_norm: float | None = None,
          rule: Callable = sgd_momentum) -> Iterator[Step]:
    """Update the network once per batch, and yield a `Step` after each.

    `batches` yields (x, y); training ends when it does (`minibatches` never does). `lr`, `mu` (momentum) and `decay`
    (weight decay, on weights only) are numbers, or functions of the step's number. `bias_lr_scale` multiplies the rate of the
    biases (2 in the homework). `max_grad_norm` limits the norm of all gradients together, as one vector; larger ones are scaled
    down to it, before decay and momentum. `rule` updates a parameter, with the arguments and results of `sgd_momentum`. To continue
    an earlier run give its `state`, and the same rule. Raises `Diverged` when a loss is not finite, and ValueError for what a rule
    returns or another rule than before; the network then keeps the parameters that it had.
    """
    state = TrainingState() if state is None else state
    if state.steps and state.rule != name_of(rule):
        raise ValueError(f"The steps so far were made by the rule {state.rule}; continue with it, not with {name_of(rule)}.")
    state.rule, rule = name_of(rule), rule if rule is sgd_momentum else checked_rule(rule)
    for x, y in batches:
        i = state.steps
        rate, momentum, weight_decay = (float(value(i) if callable(value) else value) for value in (lr, mu, decay))
        loss, scores = net.loss(x, y)
        if not math.isfinite(loss):
            raise Diverged(f"The loss stopped being a number at step {i} (learning rate {rate:g}): {why_diverged(x)}")
        if max_grad_norm is not None:
            _clip(net, max_grad_norm)
        _update(net, state, rule, rate, rate * bias_lr_scale, momentum, weight_decay)
        state.steps += 1
        yield Step(i, loss, float(np.mean(scores.argmax(axis=1) == y)), rate)


def _clip(net: Net, max_grad_norm: float) -> None:
    """Scale all gradients by one factor if their norm, as one vector, is above `max_grad_norm`."""
    # In float64, where squares of float32 do not overflow; not by BLAS, whose sums depend on the number of threads.
    norm = math.sqrt(sum(np.square(g, dtype=np.float64).sum() for layer in net.layers for g in layer.grads.values()))
    if max_grad_norm < norm < math.inf:                      # where it is infinite, `train` raises Diverged at the next loss
        for layer in net.layers:
            layer.grads = {name: g * float(max_grad_norm / norm) for name, g in layer.grads.items()}


def _update(net: Net, state: TrainingState, rule: Callable, weight_lr: float, bias_lr: float, mu: float, decay: float) -> None:
    """New parameters and velocities by `rule`, with `weight_lr` and `decay` for each W, and `bias_lr` for each b."""
    params, velocity = [], {}                                # all of a step or nothing of it: a rule may raise
    with np.errstate(over="ignore", invalid="ignore"):       # `train` reports a network that diverges
        for layer in net.layers:
            new = {}
            for name, p in layer.params.items():
                key = f"{layer.name}.{name}"
                lr, lam = (weight_lr, decay) if name == "W" else (bias_lr, 0.0)
                v = state.velocity[key] if key in state.velocity else np.zeros_like(p)
                new[name], velocity[key] = rule(p, v, layer.grads[name], lr, mu, lam)
            params.append(new)
    for layer, new in zip(net.layers, params):
        layer.params = new
    state.velocity = velocity


def error_rate(net: Net, x: np.ndarray, y: np.ndarray) -> float:
    """The share of images with a wrong predicted label, between 0 and 1."""
    return float(np.mean(net.predict(x) != y))


class Checkpoint(NamedTuple):
    """A saved training run; `batches.state = data_state` and `train(..., state=state)` continue it."""

    net: Net
    state: TrainingState
    data_state: dict[str, Any]
    notes: dict[str, Any]


def save_checkpoint(path: str | Path, net: Net, batches: Minibatches, state: TrainingState, notes: dict | None = None) -> None:
    """Write a training run to one file (.npz), completely or not at all: network, momentum, step, position in the data.

    `notes` is plain data to keep with it, such as the learning rate. Raises OSError when the file cannot be written.
    """
    description, arrays = net.pack()
    description["training"] = {"steps": state.steps, "rule": state.rule, "position": batches.state, "notes": notes or {}}
    write_npz(path, description, {**arrays, **{f"velocity {key}": v for key, v in state.velocity.items()}})


def load_checkpoint(path: str | Path) -> Checkpoint:
    """The `Checkpoint` in a file of `save_checkpoint`. Raises FileNotFoundError, and ValueError for a file without one."""
    net, description, arrays = Net.read(path)
    if "training" not in description:
        raise ValueError(f"{path} holds a network but no training run to continue. Net.load reads it.")
    velocity = {key.removeprefix("velocity "): v for key, v in arrays.items() if key.startswith("velocity ")}
    shapes = {f"{layer.name}.{name}": p.shape for layer in net.layers for name, p in layer.params.items()}
    try:
        training = description["training"]
        steps, data_state, notes = training["steps"], training["position"], dict(training["notes"])
        rule = str(training.get("rule", "sgd_momentum"))     # files of earlier versions have no other
        if type(steps) is not int or steps < 0:
            raise ValueError(f"{steps!r} steps")
        if {key: v.shape for key, v in velocity.items()} != (shapes if steps else {}):
            raise ValueError("the momentum is not that of the parameters")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} holds a damaged training run ({error!r}). "
                         "Net.load reads the network in it; train again.") from None
    return Checkpoint(net, TrainingState(steps, velocity, rule), data_state, notes)
