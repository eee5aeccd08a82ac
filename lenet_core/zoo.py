"""The networks of the sources, one short function each. The shape of what leaves a layer stands to its right.

Every function draws the first weights from `rng` within `bound`, whose default is what the source does where it says so, else
`fan_in`. What belongs to training (rates, batches, a summed loss) is not here: `lenet_lab.experiments` has the recipes.
"""

import math

import numpy as np

from .historic import C3_TABLE
from .net import Layer, Net


def input_volume(W_shape, inputs):
    """The homework's bound for first weights: sqrt(3 / numbers that go into the *layer*). Source: its `init_convnet`."""
    return math.sqrt(3 / inputs)


def fan_in(W_shape, inputs):
    """The usual bound for first weights, LeCun uniform: sqrt(3 / numbers that go into *one output*). It keeps the scale."""
    return np.sqrt(3 / _inputs_of_one(W_shape))


def he(W_shape, inputs):
    """The bound for layers of ReLUs, known as He or Kaiming uniform: sqrt(6 / numbers that go into one output).

    A ReLU lets half of the mean square through, so this draws with twice the variance of `fan_in`. Source: He et al., "Delving deep
    into rectifiers", 2015, section 2.2.
    """
    return math.sqrt(2) * fan_in(W_shape, inputs)


def lecun_1998(W_shape, inputs):
    """2.4 / numbers that go into one output. For n numbers that is 1.4/sqrt(n) of `fan_in`: the values shrink from layer to layer.

    Sources: LeCun et al. 1998, appendix A; COMP3314 report, section 5.
    """
    return 2.4 / _inputs_of_one(W_shape)


def _inputs_of_one(W_shape):
    """How many numbers go into one output, as a number or, where outputs differ, an array that goes with W."""
    if len(W_shape) == 1:                                       # subsampling: the four of a window
        return 4
    if len(W_shape) == 3:                                       # C3 of 1998: some of its maps look at more maps than others
        return np.array([len(maps) * math.prod(W_shape[1:]) for maps in C3_TABLE for _ in maps])[:, None, None]
    return math.prod(W_shape[1:]) if len(W_shape) == 4 else W_shape[0]


def linear(rng, dtype=np.float32, bound=fan_in, input_shape=(1, 28, 28)):
    """No hidden layer at all: ten scores straight from the pixels (softmax regression), the floor that a network has to beat."""
    return Net(input_shape, [                                   # (N,  1, 28, 28)
        Layer("ip1", "inner_product", (math.prod(input_shape), 10)),
    ]).initialise(rng, bound, dtype)


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


def comp3314(rng, dtype=np.float32, bound=lecun_1998):
    """The modified LeNet-5 of the COMP3314 report: pooling before ReLU, C5 as a convolution; 61,706 parameters.

    Source: its section 2, with 6x1x5x5 filters in C1 (it says 6x3x5x5, for images of one channel).
    """
    return Net((1, 32, 32), [                                   # (N,   1, 32, 32)
        Layer("conv1", "conv", (6, 1, 5, 5)),                   # (N,   6, 28, 28)
        Layer("pool1", "max_pool", k=2),                        # (N,   6, 14, 14)
        Layer("relu1", "relu"),                                 # (N,   6, 14, 14)
        Layer("conv2", "conv", (16, 6, 5, 5)),                  # (N,  16, 10, 10)
        Layer("pool2", "max_pool", k=2),                        # (N,  16,  5,  5)
        Layer("relu2", "relu"),                                 # (N,  16,  5,  5)
        Layer("conv3", "conv", (120, 16, 5, 5)),                # (N, 120,  1,  1)
        Layer("relu3", "relu"),                                 # (N, 120,  1,  1)
        Layer("ip1", "inner_product", (120, 84)),               # (N, 84)
        Layer("relu4", "relu"),                                 # (N, 84)
        Layer("ip2", "inner_product", (84, 10)),                # (N, 10)
    ]).initialise(rng, bound, dtype)


def report(rng, dtype=np.float32, bound=fan_in):
    """The LeNet-5 of the assignment report: ReLU before pooling, an inner product for C5; 61,706 parameters.

    Source: its section "Layering".
    """
    return Net((1, 32, 32), [                                   # (N,  1, 32, 32)
        Layer("conv1", "conv", (6, 1, 5, 5)),                   # (N,  6, 28, 28)
        Layer("relu1", "relu"),                                 # (N,  6, 28, 28)
        Layer("pool1", "max_pool", k=2),                        # (N,  6, 14, 14)
        Layer("conv2", "conv", (16, 6, 5, 5)),                  # (N, 16, 10, 10)
        Layer("relu2", "relu"),                                 # (N, 16, 10, 10)
        Layer("pool2", "max_pool", k=2),                        # (N, 16,  5,  5)
        Layer("ip1", "inner_product", (16 * 5 * 5, 120)),       # (N, 120)
        Layer("relu3", "relu"),                                 # (N, 120)
        Layer("ip2", "inner_product", (120, 84)),               # (N, 84)
        Layer("relu4", "relu"),                                 # (N, 84)
        Layer("ip3", "inner_product", (84, 10)),                # (N, 10)
    ]).initialise(rng, bound, dtype)


def fman45(rng, dtype=np.float32, bound=fan_in, input_shape=(1, 28, 28)):
    """The baseline of FMAN45: two padded convolutions of 16 filters, one inner product; 14,682 parameters for MNIST.

    With `input_shape=(3, 32, 32)` its baseline for tiny images (17,882 parameters). Source: its table 1; the ReLUs "for all
    nodes" are after the convolutions.
    """
    C, H, W = input_shape
    return Net(input_shape, [                                   # (N,  1, 28, 28)   or (N,  3, 32, 32)
        Layer("conv1", "conv", (16, C, 5, 5), pad=2),           # (N, 16, 28, 28)      (N, 16, 32, 32)
        Layer("relu1", "relu"),                                 # (N, 16, 28, 28)      (N, 16, 32, 32)
        Layer("pool1", "max_pool", k=2),                        # (N, 16, 14, 14)      (N, 16, 16, 16)
        Layer("conv2", "conv", (16, 16, 5, 5), pad=2),          # (N, 16, 14, 14)      (N, 16, 16, 16)
        Layer("relu2", "relu"),                                 # (N, 16, 14, 14)      (N, 16, 16, 16)
        Layer("pool2", "max_pool", k=2),                        # (N, 16,  7,  7)      (N, 16,  8,  8)
        Layer("ip1", "inner_product", (16 * (H // 4) * (W // 4), 10)),                # (N, 10)
    ]).initialise(rng, bound, dtype)


def fman45_deeper(rng, dtype=np.float32, bound=fan_in):
    """The deeper network of FMAN45 for tiny images: five convolutions, two inner products; 51,766 parameters.

    Source: its table 3, which gives the first inner product 64 outputs and 1024 x 20 + 20 parameters: 20 outputs it is.
    """
    return Net((3, 32, 32), [                                   # (N,  3, 32, 32)
        Layer("conv1", "conv", (16, 3, 5, 5), pad=2),           # (N, 16, 32, 32)
        Layer("relu1", "relu"),                                 # (N, 16, 32, 32)
        Layer("pool1", "max_pool", k=2),                        # (N, 16, 16, 16)
        Layer("conv2", "conv", (24, 16, 5, 5), pad=2),          # (N, 24, 16, 16)
        Layer("relu2", "relu"),                                 # (N, 24, 16, 16)
        Layer("conv3", "conv", (24, 24, 5, 5), pad=2),          # (N, 24, 16, 16)
        Layer("relu3", "relu"),                                 # (N, 24, 16, 16)
        Layer("pool2", "max_pool", k=2),                        # (N, 24,  8,  8)
        Layer("conv4", "conv", (16, 24, 3, 3), pad=1),          # (N, 16,  8,  8)
        Layer("relu4", "relu"),                                 # (N, 16,  8,  8)
        Layer("conv5", "conv", (16, 16, 3, 3), pad=1),          # (N, 16,  8,  8)
        Layer("relu5", "relu"),                                 # (N, 16,  8,  8)
        Layer("ip1", "inner_product", (16 * 8 * 8, 20)),        # (N, 20)
        Layer("relu6", "relu"),                                 # (N, 20)
        Layer("ip2", "inner_product", (20, 10)),                # (N, 10)
    ]).initialise(rng, bound, dtype)


def cmpe597(rng, dtype=np.float32, bound=fan_in):
    """The full-size network of CmpE 597, which its author could not train: 18,714 parameters.

    Source: its tables 2 and 6, with one bias for each filter; table 2 has one for each number that leaves a convolution, which
    makes 21,518. Where its ReLU stands it does not say; here it is between the inner products.
    """
    return Net((1, 28, 28), [                                   # (N, 1, 28, 28)
        Layer("conv1", "conv", (4, 1, 5, 5)),                   # (N, 4, 24, 24)
        Layer("pool1", "max_pool", k=2),                        # (N, 4, 12, 12)
        Layer("conv2", "conv", (8, 4, 5, 5)),                   # (N, 8,  8,  8)
        Layer("pool2", "max_pool", k=2),                        # (N, 8,  4,  4)
        Layer("ip1", "inner_product", (8 * 4 * 4, 128)),        # (N, 128)
        Layer("relu1", "relu"),                                 # (N, 128)
        Layer("ip2", "inner_product", (128, 10)),               # (N, 10)
    ]).initialise(rng, bound, dtype)


def lenet5(rng, dtype=np.float32, bound=lecun_1998):
    """LeNet-5 as published in 1998, its RBF output replaced by ten scores: 60,850 parameters, 60,000 without the scores.

    Source: LeCun et al. 1998, section II.B. C3 follows its table I; S2 and S4 have a coefficient and a bias for each map; every
    layer up to F6 ends in the scaled tanh. (Its images are -0.1 where the paper is white and 1.175 where the ink is.)
    """
    return Net((1, 32, 32), [                                       # (N,   1, 32, 32)
        Layer("conv1", "conv", (6, 1, 5, 5)),                       # (N,   6, 28, 28)
        Layer("tanh1", "scaled_tanh"),                              # (N,   6, 28, 28)
        Layer("sub2", "subsample", (6,)),                           # (N,   6, 14, 14)
        Layer("tanh2", "scaled_tanh"),                              # (N,   6, 14, 14)
        Layer("conv3", "table_conv", (60, 5, 5), table=C3_TABLE),   # (N,  16, 10, 10)
        Layer("tanh3", "scaled_tanh"),                              # (N,  16, 10, 10)
        Layer("sub4", "subsample", (16,)),                          # (N,  16,  5,  5)
        Layer("tanh4", "scaled_tanh"),                              # (N,  16,  5,  5)
        Layer("conv5", "conv", (120, 16, 5, 5)),                    # (N, 120,  1,  1)
        Layer("tanh5", "scaled_tanh"),                              # (N, 120,  1,  1)
        Layer("ip6", "inner_product", (120, 84)),                   # (N, 84)
        Layer("tanh6", "scaled_tanh"),                              # (N, 84)
        Layer("output", "inner_product", (84, 10)),                 # (N, 10)
    ]).initialise(rng, bound, dtype)
