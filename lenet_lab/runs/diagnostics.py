"""What to measure while a network trains: activation standard deviation, share of active ReLUs, gradient norm per layer."""

import contextlib
from typing import NamedTuple

import numpy as np

from lenet_core.training import Diverged


class Diagnostics(NamedTuple):
    """Curves of a training, one number per step: `losses`, and by the name of the layer `activation_std` (standard deviation of its
    output), `active_share` (ReLUs only: the share that passes something for at least one image of the batch) and `gradient_norm` (norm
    of the gradient of its weights; layers with weights only)."""

    losses: np.ndarray
    activation_std: dict
    active_share: dict
    gradient_norm: dict


def measure(net, steps):
    """Go through `steps` (what `train` yields for `net`) and measure after each; returns `Diagnostics`. `Diverged` ends it quietly.

    What is measured at a step belongs to its batch and to the parameters before its update, as the loss does.
    """
    losses, std, active, norm = [], {}, {}, {}
    with contextlib.suppress(Diverged):
        for step in steps:
            losses.append(step.loss)
            for layer in net.layers:
                std.setdefault(layer.name, []).append(float(np.std(layer.out, dtype=np.float64)))
                if layer.operation.switch == "gate":
                    active.setdefault(layer.name, []).append(float(np.mean((layer.out > 0).any(axis=0))))
                if layer.params:
                    norm.setdefault(layer.name, []).append(float(np.linalg.norm(layer.grads["W"].astype(np.float64))))
    return Diagnostics(np.array(losses), *({name: np.array(values) for name, values in one.items()} for one in (std, active, norm)))
