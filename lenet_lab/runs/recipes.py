"""Recipes: learning rate and schedule, momentum, weight decay, batch size and length of a training run, under one name.

`RECIPES` has the three that the notebooks, the terminal and the experiments use.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from lenet_core.training import inverse_decay, linear_warmup_decay, train


@dataclass(frozen=True)
class Recipe:
    """How to train: the learning rate `lr` times `schedule(steps)(i)`, and the other arguments of `train` and `minibatches`.

    A run has `steps` steps if that is given, else `epochs` epochs, but at least `at_least` steps (a small data set needs more epochs).
    """

    lr: float
    schedule: Callable
    steps: int | None = None
    epochs: float = 2
    at_least: int = 1
    batch_size: int = 64
    mu: float = 0.9
    decay: float = 5e-4
    bias_lr_scale: float = 1.0

    def length(self, per_epoch, epochs=None, steps=None):
        """The number of steps of a run with `per_epoch` batches in an epoch: from the arguments, else from the recipe.

        Raises ValueError unless at most one of `epochs` and `steps` is given, and is positive.
        """
        if (steps is not None and steps < 1) or (epochs is not None and epochs <= 0) or (steps and epochs):
            raise ValueError(f"Give a number of steps or of epochs, not both, and greater than 0; got steps={steps}, epochs={epochs}.")
        if epochs:
            return max(1, round(epochs * per_epoch))
        return steps or self.steps or max(self.at_least, round(self.epochs * per_epoch))

    def start(self, net, batches, steps, state=None):
        """The generator of `train` with this recipe and the schedule of a run of `steps` steps; the generator itself has no end."""
        shape = self.schedule(steps)
        return train(net, batches, lambda i: self.lr * shape(i), self.mu, self.decay, self.bias_lr_scale, state)


# Reaches the homework's 99.1 % in two epochs of the full set.
QUICK = Recipe(lr=0.08, schedule=lambda steps: linear_warmup_decay(1.0, steps), at_least=1000, decay=1e-3)

RECIPES = {
    "quick": QUICK,
    # The same for a few thousand images, which need a larger weight decay.
    "small": replace(QUICK, decay=2e-3),
    # Section 5.5 of the homework and its test script.
    "homework": Recipe(lr=0.01, schedule=lambda steps: inverse_decay(1.0, 1e-4, 0.75), steps=10_000, bias_lr_scale=2.0),
}
