"""The operations of the LeNet-5 of 1998 as PyTorch modules; PyTorch has no modules of its own for them. It imports PyTorch.

`files` copies the source of these classes into the Python file that it writes, so they use nothing else of this package.
"""

import torch
from torch import nn


class TableConv(nn.Module):
    """A convolution in which output map f has only the input maps `table[f]`: a k x k kernel for each connection."""

    def __init__(self, table, k):
        super().__init__()
        self.channels = max(map(max, table)) + 1
        self.places = [f for f, maps in enumerate(table) for _ in maps], [c for maps in table for c in maps]
        self.weight = nn.Parameter(torch.zeros(len(self.places[0]), k, k))
        self.bias = nn.Parameter(torch.zeros(len(table)))

    def forward(self, x):
        """The maps (N, F, OH, OW) for the images x (N, C, H, W)."""
        kernels = self.weight.new_zeros(len(self.bias), x.shape[1], *self.weight.shape[1:])
        return nn.functional.conv2d(x, kernels.index_put(tuple(map(torch.tensor, self.places)), self.weight), self.bias)


class Subsample(nn.Module):
    """The sum of every 2x2 window, times the map's coefficient, plus the map's bias."""

    def __init__(self, maps):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x):
        """The maps (N, C, H/2, W/2) for the maps x (N, C, H, W)."""
        sums = nn.functional.avg_pool2d(x, 2, divisor_override=1)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


class ScaledTanh(nn.Module):
    """1.7159 tanh(2x/3), entry by entry."""

    def forward(self, x):
        """The numbers for those in x, which has any shape."""
        return 1.7159 * torch.tanh(x * (2 / 3))
