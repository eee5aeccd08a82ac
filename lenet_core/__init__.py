"""A convolutional network small enough to read: operations, layers, training, checking, data.

Read in this order: `reference` (the mathematics as plain loops), `ops` (the same, fast), `registry` (what a network has to
know about each), `net`, `initializers` and `models` (first weights, LeNet), `training`, `gradcheck`. `data` finds and reads MNIST
and CIFAR-10. NumPy does the arithmetic; nothing here plots or prints.
"""

import numpy.random  # noqa: F401          NumPy would import it at its first use, and a Ctrl-C during that import is lost

from .data import Dataset, load_cifar10, load_mnist
from .models import lenet
from .net import Layer, Net
from .registry import register
from .training import train

__all__ = ["Dataset", "Layer", "Net", "lenet", "load_cifar10", "load_mnist", "register", "train"]
