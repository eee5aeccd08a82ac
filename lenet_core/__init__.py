"""A convolutional network small enough to read: operations, layers, training, checking, data.

Read in this order: `reference` (the mathematics as plain loops), `ops` (the same, fast), `net`, `historic`, `zoo`, `train`,
`gradcheck`, `data`. NumPy does the arithmetic; nothing here plots, and only `python -m lenet_core` and the homework's script print.
"""

import numpy.random                      # now, and not when it is first used: in the middle of that import a Ctrl-C is lost

from .data import Dataset, load_cifar10, load_mnist
from .net import Layer, Net
from .train import train
from .zoo import lenet

__all__ = ["Dataset", "Layer", "Net", "lenet", "load_cifar10", "load_mnist", "train"]
