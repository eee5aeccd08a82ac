"""Measurements during training: standard deviation of activations, share of active ReLUs, gradient norm, per layer."""

import contextlib
from typing import NamedTuple

import numpy as np

from lenet_core.training import Diverged


class Diagnostics(NamedTuple):
    """Curves of a training run, one number per step; all but `losses` are dicts by the name of the layer.

    `activation_std` is the standard deviation of the layer's output. `active_share`, of ReLU layers only, is the share of units that
    are positive for at least one image of the batch. `gradient_norm`, of layers with weights only, is the norm of their gradient.
    """

    losses: np.ndarray
    activation_std: dict
    active_share: dict
    gradient_norm: dict


def measure(net, steps):
    """Run through `steps` (the generator of `train` for `net`) and measure at each; returns `Diagnostics`, until `Diverged` if it is raised.

    The values of a step belong to its batch and to the parameters before its update, as the loss does.
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
