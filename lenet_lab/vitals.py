"""What a doctor would measure of a network while it trains: how large the values are, which ReLUs are open, what comes back."""

import contextlib
from typing import NamedTuple

import numpy as np

from lenet_core.train import Diverged


class Vitals(NamedTuple):
    """Curves of a training, a number per step: `losses`, and for every layer, by name, `spread` (standard deviation of its output),
    `open` (ReLUs only: the share that lets something through for at least one image of the batch) and `gradient_norm` (length of the gradient
    of its weights; layers with weights only)."""

    losses: np.ndarray
    spread: dict
    open: dict
    gradient_norm: dict


def watch(net, steps):
    """Go through `steps` (what `train` yields for `net`) and take the vital signs after each; `Diverged` ends it quietly.

    The signs of a step belong to its batch and to the parameters before its update, as the loss does.
    """
    losses, spread, opened, gradient_norm = [], {}, {}, {}
    with contextlib.suppress(Diverged):
        for step in steps:
            losses.append(step.loss)
            for layer in net.layers:
                spread.setdefault(layer.name, []).append(float(np.std(layer.out, dtype=np.float64)))
                if layer.kind == "relu":
                    opened.setdefault(layer.name, []).append(float(np.mean((layer.out > 0).any(axis=0))))
                if layer.params:
                    gradient_norm.setdefault(layer.name, []).append(float(np.linalg.norm(layer.grads["W"].astype(np.float64))))
    return Vitals(np.array(losses), *({name: np.array(values) for name, values in one.items()} for one in (spread, opened, gradient_norm)))
