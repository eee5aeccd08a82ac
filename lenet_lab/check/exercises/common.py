"""What the exercises share: random arrays and cases, windows, small changes of an array."""

import ast

import numpy as np

from lenet_core import ops

from ..edits import calls_in


def draw(rng, *shape, dtype=np.float64):
    """Normally distributed numbers."""
    return rng.standard_normal(shape).astype(dtype)


def pick(rng, *options):
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def images(rng, smallest=3):
    """Maps (N, C, H, W) of a random small size, number type and memory order; `smallest` is the least height and width."""
    N, C, H, W = *rng.integers(1, 4, 2), *rng.integers(smallest, smallest + 4, 2)
    if rng.random() < 0.3:
        W = H
    x = draw(rng, N, C, H, W, dtype=pick(rng, np.float64, np.float64, np.float32))
    x = x if x.dtype == np.float32 else pick(rng, 1, 1, 30) * x
    return ops.batch_innermost(x) if rng.random() < 0.3 else x


def slopes(forward, names):
    """The finite differences of a backward exercise: for each result name, the argument of `forward` it is the gradient of."""
    def numeric(case, gradient):
        found = {}
        for name, place in names.items():
            def total(value, place=place):
                args = [value if n == place else arg for n, arg in enumerate(case.args)]
                return (forward(*args, **case.kwargs)[0] * case.dout).sum()
            found[name] = gradient(total, case.args[place])
        return found
    return numeric


def with_dout(rng, cases, forward):
    """The same cases with a gradient of the output: 1, 2, 3, ... in the example by hand, else random."""
    made = []
    for n, case in enumerate(cases):
        shape = np.shape(forward(*case.args, **case.kwargs)[0])
        size = 50 if n % 3 == 2 else 1                     # some large gradients too
        dout = 1.0 + np.arange(np.prod(shape)).reshape(shape) if case.stage == "hand" else size * rng.standard_normal(shape)
        made.append(case._replace(dout=dout.astype(case.args[0].dtype)))
    return made


def padded(x, pad, **how):
    """Maps with a border on all four sides."""
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), **how)


def one_sided(x, pad):
    """Maps with the whole border on the right and at the bottom."""
    return np.pad(x, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))


def turned(W):
    """Filters rotated by 180 degrees."""
    return W[:, :, ::-1, ::-1]


def swapped(x):
    """Maps with rows and columns exchanged."""
    return x.swapaxes(2, 3)


def flat(x):
    """Maps as rows."""
    return x.reshape(len(x), -1)


def windows(x, k, stride):
    """(N, C, OH, OW, k, k): all windows."""
    return np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]


def first_windows(x, k, stride):
    """As many windows as there should be, but taken at stride 1."""
    OH, OW = ops.output_size(x.shape[2], k, stride), ops.output_size(x.shape[3], k, stride)
    return windows(x, k, 1)[:, :, :OH, :OW]


def filled_up(x, k, stride, value=0.0):
    """Maps with rows and columns of `value` added at the end, so that the stride divides: ceil in place of floor."""
    rest = [-(-max(0, size - k) // stride) * stride + k - size for size in x.shape[2:]]
    return np.pad(x, ((0, 0), (0, 0), *((0, r) for r in rest)), constant_values=value)


def repeated(x):
    """The first image in the place of all."""
    return np.repeat(x[:1], len(x), axis=0)


def first(window, place):
    """An array like the window with 1 at the flat index `place`, else 0."""
    mask = np.zeros(window.size)
    mask[place] = 1
    return mask.reshape(window.shape)


def assigns(*names):
    """A clue: whether the student's function assigns one of these names (as in N, C, H, W = x.shape)."""
    def clue(tree):
        return any(isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in names for node in ast.walk(tree))
    return clue


def calls(*names):
    """A clue: whether the student's function calls one of these functions (as in np.pad)."""
    return lambda tree: not calls_in(tree).isdisjoint(names)
