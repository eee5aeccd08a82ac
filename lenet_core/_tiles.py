"""Maps that lie in memory tile by tile: the same pixel of all tiles side by side.

A pooling window takes its numbers from two rows and two columns, which lie apart in memory, and Winograd's convolution computes
its results by tiles of 4 x 4 pixels. Between such a convolution and a max pooling the maps stay in tiles: they are not rearranged,
and the left numbers of all windows are one view, as are their right, upper and lower ones.
"""

import numpy as np
from numpy.typing import DTypeLike

from . import ops


class Tiles:
    """Maps (N, F, H, W) as `data` (m, m, F, H/m, W/m, N): data[i, j, f, r, c, n] is pixel (r*m + i, c*m + j) of x[n, f]."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data

    @classmethod
    def of(cls, x: "np.ndarray | Tiles", m: int) -> "Tiles":
        """The maps x (N, F, H, W), whose sides m divides, in tiles of m x m pixels; x itself if it is so already."""
        if isinstance(x, Tiles):
            if len(x.data) == m:
                return x
            x = np.asarray(x)
        N, F, H, W = x.shape
        data = x.transpose(1, 2, 3, 0).reshape(F, H // m, m, W // m, m, N).transpose(2, 4, 0, 1, 3, 5)
        return cls(data if m == 1 else np.ascontiguousarray(data))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape of the maps, (N, F, H, W)."""
        m, _, F, rows, columns, N = self.data.shape
        return N, F, rows * m, columns * m

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        """The maps as an array (N, F, H, W) with the batch axis innermost, for `np.asarray`."""
        m, _, F, rows, columns, N = self.data.shape
        if m == 1:
            return np.array(self.data[0, 0].transpose(3, 0, 1, 2), dtype, copy=copy)
        if copy is False:
            raise ValueError("Tiles become an array by a copy only.")
        maps = ops.matrix(F, rows * m * columns * m * N, self.data.dtype).reshape(F, rows, m, columns, m, N)
        maps[...] = self.data.transpose(2, 3, 0, 4, 1, 5)
        return np.asarray(maps.reshape(F, rows * m, columns * m, N).transpose(3, 0, 1, 2), dtype)
