"""The registry of operations: what a network has to know about an operation besides its mathematics.

A `Layer` names its operation by its kind. Everything that depends on the kind is looked up here: the two functions, the shape of
the bias, how many numbers go into one output, and the window of the input that one output depends on. So a network with an
operation of your own needs no change to the package:

    register("leaky_relu", leaky_relu_forward, leaky_relu_backward)
    Layer("act1", "leaky_relu", slope=0.1)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import fast, ops

EVERYTHING = None                          # the window of an operation whose outputs each depend on the whole input
SWITCHES = ("gate", "winner")              # the values of `Operation.switch`


@dataclass(frozen=True)
class Operation:
    """What a network knows about one kind of layer. `options` are those of the layer: stride, pad, k, ...

    `forward(x, W, b, **options) -> out, cache` and `backward(dout, cache) -> dx, dW, db`; without parameters
    `forward(x, **options) -> out, cache` and `backward(dout, cache) -> dx`. Both treat every image alone and return new arrays:
    the parts of a large batch are computed on several threads. W_shape below is None where there is no W.

    - `bias_shape(W_shape, **options)`: the shape of b.
    - `fan_in(W_shape, **options)`: how many numbers go into one output, a number, or an array that broadcasts with W.
    - `window(W_shape, **options)`: (k, stride, pad) of the window of one output, or EVERYTHING.
    - `channels(f, depth, **options)`: the input channels, of `depth`, that output channel f depends on, as a slice or a list.
    - `kernel(W, f, **options)`: the weights of output channel f, in the shape of the patch they are multiplied with.
    - `faster(x, W_shape, before_pooling, **options)`: (forward, backward), faster and the same but for rounding, or None.
    - `reads_tiles(**options)`: whether `faster` accepts `Tiles` as x; then the layer before may return `Tiles`.

    `switch` says where the slope of the operation jumps, for `gradcheck`: "gate" (x > 0 passes, as in ReLU), "winner" (the first
    maximum of the window passes), or "" (nowhere; a jump of another kind is a fail). `skips_dx`: `backward` takes `need_dx=False`.
    """

    forward: Callable
    backward: Callable
    bias_shape: Callable | None = None
    fan_in: Callable | None = None
    window: Callable = lambda W_shape, **options: (1, 1, 0)
    channels: Callable = lambda f, depth, **options: slice(f, f + 1)
    kernel: Callable | None = None
    faster: Callable = lambda x, W_shape, before_pooling, **options: None
    reads_tiles: Callable = lambda **options: False
    switch: str = ""
    skips_dx: bool = False


OPERATIONS: dict[str, Operation] = {}


def register(kind: str, forward: Callable, backward: Callable, **facts: Any) -> Operation:
    """Make `kind` an operation that layers can have; `facts` are the other fields of `Operation`. Returns the `Operation`.

    To register a kind of your own again replaces it, so that a notebook's cell can run twice. Raises ValueError for a kind of this
    package, for an unknown switch, and where only one of `bias_shape` and `fan_in` is given: an operation with parameters has both.
    """
    if kind in _BUILT_IN:
        raise ValueError(f"register: {kind!r} is an operation of this package. Choose another name for yours.")
    if facts.get("switch", "") not in ("", *SWITCHES):
        raise ValueError(f"register: {kind!r} has the switch {facts['switch']!r}; there are: {', '.join(SWITCHES)}.")
    if ("bias_shape" in facts) != ("fan_in" in facts):
        raise ValueError(f"register: {kind!r} has only one of bias_shape and fan_in. An operation with parameters needs both.")
    OPERATIONS[kind] = Operation(forward, backward, **facts)
    return OPERATIONS[kind]


def operation(kind: str) -> Operation:
    """The `Operation` of a kind. Raises ValueError, with a list of the kinds, when it is not registered."""
    if kind not in OPERATIONS:
        raise ValueError(f"there is no kind {kind!r}; there are: {', '.join(OPERATIONS)}. Import the module that registers it "
                         "first (for the LeNet-5 of 1998: import lenet_lab.networks)")
    return OPERATIONS[kind]


_BUILT_IN: frozenset[str] = frozenset()              # filled below, after this package has registered its own

register("conv", ops.conv_forward, ops.conv_backward, skips_dx=True,
         bias_shape=lambda W_shape, **_: W_shape[:1],
         fan_in=lambda W_shape, **_: math.prod(W_shape[1:]),
         window=lambda W_shape, stride=1, pad=0: (W_shape[-1], stride, pad),
         channels=lambda f, depth, **_: slice(0, depth),
         kernel=lambda W, f, **_: W[f],
         faster=fast.convolution)

register("max_pool", ops.max_pool_forward, ops.max_pool_backward, switch="winner",
         window=lambda W_shape, k, stride=None: (k, k if stride is None else stride, 0),
         faster=fast.pooling, reads_tiles=fast.reads_tiles)

register("relu", ops.relu_forward, ops.relu_backward, switch="gate")

register("inner_product", ops.inner_product_forward, ops.inner_product_backward,
         bias_shape=lambda W_shape, **_: W_shape[-1:],
         fan_in=lambda W_shape, **_: W_shape[0],
         window=lambda W_shape, **_: EVERYTHING,
         channels=lambda f, depth, **_: slice(0, depth),
         kernel=lambda W, f, **_: W[:, f])

_BUILT_IN = frozenset(OPERATIONS)
