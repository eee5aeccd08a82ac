"""The size of the first weights: each function gives the bound of a uniform distribution, for `Net.initialise`.

Every function takes `fan_in`, how many numbers go into *one output* of a layer (a number, or an array that broadcasts with the
layer's W), and `input_size`, how many numbers go into the *layer* for one image.
"""

import math

import numpy as np

Number = float | np.ndarray


def input_volume(fan_in: Number, input_size: int) -> Number:
    """The homework's bound: sqrt(3 / input_size). Source: its `init_convnet`."""
    return math.sqrt(3 / input_size)


def lecun_uniform(fan_in: Number, input_size: int) -> Number:
    """sqrt(3 / fan_in), variance 1 / fan_in: outputs are as large as inputs. Source: LeCun et al., "Efficient BackProp", 1998."""
    return np.sqrt(3 / fan_in)


def he_uniform(fan_in: Number, input_size: int) -> Number:
    """sqrt(6 / fan_in), also called Kaiming uniform, for layers of ReLUs.

    A ReLU halves the mean square of its inputs, so the weights get twice the variance of `lecun_uniform`. Source: He et al.,
    "Delving deep into rectifiers", 2015, section 2.2.
    """
    return math.sqrt(2) * lecun_uniform(fan_in, input_size)


def lecun_1998(fan_in: Number, input_size: int) -> Number:
    """2.4 / fan_in, as published in 1998: 1.4 / sqrt(fan_in) times `lecun_uniform`, so values shrink from layer to layer.

    Sources: LeCun et al. 1998, appendix A; COMP3314 report, section 5.
    """
    return 2.4 / fan_in
