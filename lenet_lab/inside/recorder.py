"""A recorded training run: its states are kept, and another run can start from any of them.

An update puts new arrays into a network and overwrites none. So a snapshot consists of references, and needs the memory of one set of
parameters and velocities (LeNet: 3.4 MB). A `Recorder` keeps every `every`-th step, with the position in the data. So a branch trains
on the same batches as the run.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from lenet_core.training import Diverged, TrainingState, minibatches, train

from .look import twin

KEPT = 60                               # largest number of snapshots: 200 MB for LeNet


@dataclass(frozen=True)
class Snapshot:
    """The state of a run after `step` updates: parameters, velocities and the position in the data."""

    step: int
    params: dict
    velocity: dict
    data_state: dict


@dataclass(frozen=True)
class Branch:
    """A run from step `start` of another one, with its own learning rate and momentum: its losses, one per step from there on."""

    start: int
    lr: float
    mu: float
    losses: list
    diverged: bool


class Recorder:
    """Train a twin of `net` for some steps with momentum, and record it; `net` itself does not change.

    `losses` has one number per step. `snapshots` has the kept steps, the first before any update and the last at the end.
    `net_at(step)` is the network after that many updates, for a kept step. `lr` is a number or a function of the step, as for
    `train`. Raises `Diverged` if the loss is no longer finite.
    """

    def __init__(self, net, data, steps=200, lr=0.05, mu=0.9, batch_size=64, seed=0):
        self._data, self.mu, self.batch_size, self.seed = data, mu, batch_size, seed
        self._net, self.losses = twin(net), []
        self.every = max(1, -(-steps // (KEPT - 1)))
        batches, state = self._batches(), TrainingState()
        self.snapshots = [self._snapshot(state, batches)]
        for step in itertools.islice(train(self._net, batches, lr, mu, state=state), steps):
            self.losses.append(step.loss)
            if state.steps % self.every == 0 or state.steps == steps:
                self.snapshots.append(self._snapshot(state, batches))

    @property
    def steps(self):
        """The numbers of the kept steps."""
        return [snapshot.step for snapshot in self.snapshots]

    def net_at(self, step):
        """A network with the parameters after `step` updates; `step` is one of `steps`."""
        net = twin(self._net)
        net.restore(self._at(step).params)
        return net

    def branch(self, step, lr, mu=None):
        """Train from a kept step with another learning rate (and momentum), on the same batches, to the same last step -> `Branch`."""
        snapshot, mu = self._at(step), self.mu if mu is None else mu
        net, batches = self.net_at(step), self._batches()
        batches.state = snapshot.data_state
        state, losses, diverged = TrainingState(snapshot.step, dict(snapshot.velocity)), [], False
        try:
            run = itertools.islice(train(net, batches, lr, mu, state=state), len(self.losses) - step)
            losses.extend(made.loss for made in run)
        except Diverged:
            diverged = True
        return Branch(step, lr, mu, losses, diverged)

    def _batches(self):
        return minibatches(self._data.train_x, self._data.train_y, self.batch_size, np.random.default_rng(self.seed))

    def _snapshot(self, state, batches):
        return Snapshot(state.steps, self._net.snapshot(), dict(state.velocity), batches.state)

    def _at(self, step):
        for snapshot in self.snapshots:
            if snapshot.step == step:
                return snapshot
        raise ValueError(f"Step {step} was not kept; every {self.every} steps from 0 to {len(self.losses)} were.")
