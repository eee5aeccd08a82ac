"""The LeNet of the homework. The comment on each line is the shape of that layer's output."""

import numpy as np
from numpy.typing import DTypeLike

from .initializers import input_volume
from .net import Bound, Layer, Net


def lenet(rng: np.random.Generator, dtype: DTypeLike = np.float32, bound: Bound = input_volume) -> Net:
    """LeNet for 28x28 images and ten classes, 431,080 parameters, initialised with `rng`. Source: homework table 2."""
    return Net((1, 28, 28), [                                   # (N,  1, 28, 28)
        Layer("conv1", "conv", (20, 1, 5, 5)),                  # (N, 20, 24, 24)
        Layer("pool1", "max_pool", k=2),                        # (N, 20, 12, 12)
        Layer("conv2", "conv", (50, 20, 5, 5)),                 # (N, 50,  8,  8)
        Layer("pool2", "max_pool", k=2),                        # (N, 50,  4,  4)
        Layer("ip1", "inner_product", (50 * 4 * 4, 500)),       # (N, 500)
        Layer("relu1", "relu"),                                 # (N, 500)
        Layer("ip2", "inner_product", (500, 10)),               # (N, 10)
    ]).initialise(rng, bound, dtype)
