"""The networks of the reports, one short function each. The comment beside a layer is the shape of its output.

Every function draws the initial weights from `rng` within `bound`. Its default is the source's own rule if the source gives one, else
`lecun_uniform`. The settings of training (rates, batches, a summed loss) are in `lenet_lab.experiments`.
"""

import math

import numpy as np

from lenet_core.initializers import lecun_1998, lecun_uniform
from lenet_core.net import Layer, Net


def linear(rng, dtype=np.float32, bound=lecun_uniform, input_shape=(1, 28, 28)):
    """Softmax regression: no hidden layer, ten scores from the pixels; the baseline for all other networks."""
    return Net(input_shape, [                                   # (N,  1, 28, 28)
        Layer("ip1", "inner_product", (math.prod(input_shape), 10)),
    ]).initialise(rng, bound, dtype)


def comp3314(rng, dtype=np.float32, bound=lecun_1998):
    """The modified LeNet-5 of the COMP3314 report: pooling before ReLU, C5 as a convolution; 61,706 parameters.

    Source: its section 2, with 6x1x5x5 filters in C1 (the report says 6x3x5x5, although its images have one channel).
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


def report(rng, dtype=np.float32, bound=lecun_uniform):
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


def fman45(rng, dtype=np.float32, bound=lecun_uniform, input_shape=(1, 28, 28)):
    """The baseline of FMAN45: two padded convolutions of 16 filters, one inner product; 14,682 parameters for MNIST.

    With `input_shape=(3, 32, 32)` it is the baseline for tiny images (17,882 parameters). Source: its table 1; the ReLUs "for all
    nodes" are placed after the convolutions.
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


def fman45_deeper(rng, dtype=np.float32, bound=lecun_uniform):
    """The deeper network of FMAN45 for tiny images: five convolutions, two inner products; 51,766 parameters.

    Source: its table 3. The table contradicts itself about the first inner product: 64 outputs, but 1024 x 20 + 20 parameters. Here
    it has 20 outputs.
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


def cmpe597(rng, dtype=np.float32, bound=lecun_uniform):
    """The full-size network of CmpE 597, which its author could not train: 18,714 parameters.

    Source: its tables 2 and 6, with one bias for each filter. Table 2 counts one bias for each output number of a convolution, which
    gives 21,518 parameters. The report does not say where its ReLU is; here it is between the inner products.
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
