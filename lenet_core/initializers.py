"""How far from zero first weights may lie: each function gives the bound of a uniform distribution, for `Net.initialise`.

Every function takes `fan_in`, how many numbers go into *one output* of a layer (a number, or an array that broadcasts with the
layer's W), and `input_size`, how many numbers go into the *layer* for one image.
"""

import math

import numpy as np


def input_volume(fan_in, input_size):
    """The homework's bound: sqrt(3 / input_size). Source: its `init_convnet`."""
    return math.sqrt(3 / input_size)


def lecun_uniform(fan_in, input_size):
    """sqrt(3 / fan_in): weights of variance 1 / fan_in, which keep the scale of what goes through. Source: LeCun et al. 1998."""
    return np.sqrt(3 / fan_in)


def he_uniform(fan_in, input_size):
    """sqrt(6 / fan_in), also called Kaiming uniform, for layers of ReLUs.

    A ReLU lets half of the mean square through, so this draws with twice the variance of `lecun_uniform`. Source: He et al.,
    "Delving deep into rectifiers", 2015, section 2.2.
    """
    return math.sqrt(2) * lecun_uniform(fan_in, input_size)


def lecun_1998(fan_in, input_size):
    """2.4 / fan_in, as published in 1998. For n inputs that is 1.4 / sqrt(n) of `lecun_uniform`: values shrink from layer to layer.

    Sources: LeCun et al. 1998, appendix A; COMP3314 report, section 5.
    """
    return 2.4 / fan_in
