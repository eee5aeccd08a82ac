"""The networks of the sources, one short function each. The shape of what leaves a layer stands to its right."""

import math

import numpy as np

from .net import Layer, Net


def input_volume(W_shape, inputs):
    """The homework's bound for first weights: sqrt(3 / numbers that go into the *layer*). Source: its `init_convnet`."""
    return math.sqrt(3 / inputs)


def fan_in(W_shape, inputs):
    """The usual bound for first weights: sqrt(3 / numbers that go into *one output*), which keeps the scale of the values."""
    return math.sqrt(3 / (math.prod(W_shape[1:]) if len(W_shape) == 4 else W_shape[0]))


def lenet(rng, dtype=np.float32, bound=input_volume):
    """The LeNet of the homework: 431,080 parameters, 28x28 images, ten classes. Source: homework table 2."""
    return Net((1, 28, 28), [                                   # (N,  1, 28, 28)
        Layer("conv1", "conv", (20, 1, 5, 5)),                  # (N, 20, 24, 24)
        Layer("pool1", "max_pool", k=2),                        # (N, 20, 12, 12)
        Layer("conv2", "conv", (50, 20, 5, 5)),                 # (N, 50,  8,  8)
        Layer("pool2", "max_pool", k=2),                        # (N, 50,  4,  4)
        Layer("ip1", "inner_product", (50 * 4 * 4, 500)),       # (N, 500)
        Layer("relu1", "relu"),                                 # (N, 500)
        Layer("ip2", "inner_product", (500, 10)),               # (N, 10)
    ]).initialise(rng, bound, dtype)
