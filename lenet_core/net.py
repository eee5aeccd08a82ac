"""A layer is an operation, its parameters, and what it saw in the last training pass; a network is named layers in order.

There is one `Layer` class for every kind of operation. The mathematics is in `ops`, what else a network has to know about it
in `registry`. A layer keeps its parameters, its gradients and the arrays of the last pass. A student's own function can
replace the package's with `net["pool1"].use(...)`.

A network has two ways to compute, because a look at the test set must not change what the layers keep from training:
`net(x)` predicts and stores nothing; `net.loss(x, y)` runs forward and backward, and every layer keeps its arrays.

No array is overwritten: an update puts new arrays into `params`. A snapshot therefore holds references and copies nothing.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from . import ops
from ._files import read_npz, write_npz
from ._images import as_images
from ._own import as_array, things
from ._parallel import map_in_threads
from ._tiles import Tiles
from .registry import operation

CHUNK = 64             # images: a batch is computed in parts of so many; from so many on, a training batch has at least two parts
MOST_PARTS = 8         # of a training batch: each keeps gradients of its own until they are added up
LARGEST_IMAGE = 2 ** 20        # numbers in one image, for a network read from a file
LARGEST_OPTION = 256           # window, stride or padding, for a network read from a file
Bound = Callable[[Any, int], Any]                  # of fan_in and input_size: see `initializers`


class Layer:
    """One operation of a network, its parameters, and the arrays of the last `Net.loss`.

    `kind` is a key of `lenet_core.registry.OPERATIONS`; `W_shape` is the shape of the weights, where the operation has some:
    (F, C, k, k) for "conv", (D, M) for "inner_product". The options (`stride`, `pad`, `k`) are arguments of the operation.
    Raises ValueError for a kind that is not registered, and for a `W_shape` where the operation has no weights.

    `params` and `grads` are dicts with the keys "W" and "b" (empty for layers without parameters). `x` and `out` are the input and
    output of the last batch, `dx` and `dout` the gradients of the loss with respect to them; all None before the first `Net.loss`.
    Where the operation has `faster` functions for the layer's shape (with other rounding), the layer computes by
    them. `fast = False` switches that off, for one layer; for all: `for layer in net.layers: layer.fast = False`. It is not saved.
    """

    def __init__(self, name: str, kind: str, W_shape: tuple | None = None, **options: Any) -> None:
        try:
            self.operation = operation(kind)
        except ValueError as error:
            raise ValueError(f"Layer {name}: {error}.") from None
        self.name, self.kind, self.options, self.fast = name, kind, options, True
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        if W_shape:
            if self.operation.bias_shape is None:
                raise ValueError(f"Layer {name}: the operation {kind!r} has no weights. Leave out the shape {W_shape}.")
            bias_shape = self.operation.bias_shape(W_shape, **options)
            self.params = {"W": np.zeros(W_shape, np.float32), "b": np.zeros(bias_shape, np.float32)}
        self._seen: list[dict[str, Any]] = []              # one record per part of the batch: x, out, cache, dout, dx
        self.use()

    @property
    def W_shape(self) -> tuple[int, ...] | None:
        """The shape of the weights, or None."""
        return self.params["W"].shape if self.params else None

    @property
    def window(self) -> tuple[int, int, int] | None:
        """(k, stride, pad) of the window of the input that one output depends on; None where it depends on the whole input."""
        return self.operation.window(self.W_shape, **self.options)

    def use(self, forward: Callable | None = None, backward: Callable | None = None) -> Self:
        """Put your own functions in place of the package's; for what you leave out, the package's is used (again).

        They take and return what the functions in `lenet_core.ops` do. A backward function gets the cache of your forward
        function if you gave both, else the package's cache. A result of the wrong shape raises ValueError with the name of
        your function in it. Returns the layer.
        """
        self.own = {"forward": forward, "backward": backward}
        return self

    def forward(self, x: np.ndarray | Tiles, before_pooling: bool = False) -> tuple[Any, Any]:
        """(out, cache) for the input `x`; the layer stores nothing. With `before_pooling`, out may be `Tiles`."""
        mine, arguments = self.own["forward"], [x, *self.params.values()]
        package, backward = self.operation.forward, self.operation.backward
        if self._may_be_fast:
            package, backward = self.operation.faster(x, self.W_shape, before_pooling, **self.options) or (package, backward)
        if not mine:
            out, cache = package(*arguments, **self.options)
            return out, (self.own["backward"], backward, cache)
        result = mine(*arguments, **self.options)
        out, cache = things(mine, result, 2, f"layer {self.name} needs two things, out and cache")
        expected, package_cache = package(*arguments, **self.options)
        out = as_array(mine, "out", out, expected.shape, f"layer {self.name} needs")
        return out, (self.own["backward"], backward, cache if self.own["backward"] else package_cache)

    @property
    def reads_tiles(self) -> bool:
        """Whether `forward` takes `Tiles` too."""
        return self._may_be_fast and self.operation.reads_tiles(**self.options)

    @property
    def _may_be_fast(self) -> bool:
        return self.fast and not any(self.own.values())          # functions of `use` need the cache of `ops`

    def backward(self, dout: np.ndarray | Tiles, cache: Any, x_shape: tuple, need_dx: bool = True) -> list:
        """[dx, and for each parameter its gradient]; dx may be None where `need_dx` is False."""
        mine, package, cache = cache
        if not mine:
            result = package(dout, cache, need_dx=need_dx) if self.operation.skips_dx else package(dout, cache)
            return list(result) if self.params else [result]
        names = ["x", *self.params]
        grads = things(mine, mine(dout, cache), len(names), f"layer {self.name} needs " + ", ".join("d" + name for name in names))
        shapes = [x_shape, *(p.shape for p in self.params.values())]
        return [as_array(mine, f"d{name}", grad, shape, f"{name} has shape") for name, shape, grad in zip(names, shapes, grads)]

    x = property(lambda self: self._joined("x"), doc="The last input, (N, ...).")
    out = property(lambda self: self._joined("out"), doc="The last output, (N, ...).")
    dout = property(lambda self: self._joined("dout"), doc="The gradient of the loss with respect to `out`.")

    @property
    def dx(self) -> np.ndarray | None:
        """The gradient of the loss with respect to `x`."""
        for seen in self._seen:
            if seen["dx"] is None:                         # the first layer's: training does not need it
                seen["dx"] = map_in_threads(lambda seen: self.backward(seen["dout"], seen["cache"], seen["x"].shape)[0], [seen])[0]
        return self._joined("dx")

    def _joined(self, what: str) -> np.ndarray | None:
        parts = [np.asarray(seen[what]) for seen in self._seen]
        return np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else None

    def __repr__(self) -> str:
        facts = [f"{k}={v}" for k, v in self.options.items() if k != "table"] + [f"{p} {v.shape}" for p, v in self.params.items()]
        return f"{self.name:8} {self.kind}" + (f" ({', '.join(facts)})" if facts else "")


class Net:
    """Named layers in order, for images of shape `input_shape` (C, H, W); the last output is the scores of the classes.

    The parameters are zeros until `initialise` draws them (`lenet_core.lenet` does so). `net["conv1"]` is one layer,
    `net.layers` the list of all. Raises ValueError when the layers do not fit together or have the same name.
    """

    def __init__(self, input_shape: Iterable[int], layers: Iterable[Layer]) -> None:
        self.input_shape, self.layers = tuple(input_shape), list(layers)
        self._by_name = {layer.name: layer for layer in self.layers}
        if len(self._by_name) != len(self.layers):
            raise ValueError("Two layers of a network have the same name: " + ", ".join(layer.name for layer in self.layers))
        self.shapes()                   # raises ValueError where a layer does not fit

    def __getitem__(self, name: str) -> Layer:
        if name not in self._by_name:
            raise KeyError(f"There is no layer {name!r}; there are: {', '.join(self._by_name)}.")
        return self._by_name[name]

    def __repr__(self) -> str:
        rows = [f"{layer!r:62} {'x'.join(map(str, shape))}" for layer, shape in zip(self.layers, self.shapes())]
        return "\n".join([f"Net for images {'x'.join(map(str, self.input_shape))}, {self.size:,} parameters", *rows])

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum(p.size for layer in self.layers for p in layer.params.values())

    @property
    def dtype(self) -> np.dtype:
        """The number type of the parameters; images are converted to it."""
        return next((p.dtype for layer in self.layers for p in layer.params.values()), np.dtype(np.float32))

    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of each layer's output for one image, without the batch axis."""
        return map_in_threads(lambda _: self._shapes(), [None])[0]

    def _shapes(self) -> list[tuple[int, ...]]:
        x, shapes = np.zeros((1, *self.input_shape), self.dtype), []
        for layer in self.layers:
            try:
                x = layer.operation.forward(x, *layer.params.values(), **layer.options)[0]
            except (ValueError, TypeError, IndexError) as error:
                raise ValueError(f"Layer {layer.name} does not fit: {error}") from None
            shapes.append(x.shape[1:])
        return shapes

    def initialise(self, rng: np.random.Generator, bound: Bound, dtype: DTypeLike = np.float32) -> Self:
        """Draw every W uniformly between -bound and +bound, and set every b to zero; returns the network.

        `bound(fan_in, input_size)` is a function of `lenet_core.initializers` or one of your own with the same arguments: `fan_in`
        is how many numbers go into one output of the layer, `input_size` how many go into the layer for one image.
        """
        input_sizes = [math.prod(shape) for shape in [self.input_shape, *self.shapes()]]
        for layer, input_size in zip(self.layers, input_sizes):
            for name, value in layer.params.items():
                assert layer.operation.fan_in is not None, "`register` requires it of operations with parameters"
                fan_in = layer.operation.fan_in(layer.W_shape, **layer.options)
                limit = bound(fan_in, input_size) if name == "W" else 0.0  # b: zeros, drawn, as in older results
                layer.params[name] = rng.uniform(-limit, limit, value.shape).astype(dtype)
        return self

    # ----------------------------------------------------------------------------------------------------- passes

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The scores (N, K) for the images x (N, C, H, W). The network stays as it is."""
        x = as_images(x, self.input_shape, self.dtype)
        if not len(x):
            return np.zeros((0, *self.shapes()[-1]), self.dtype)
        parts = [x[i:i + CHUNK] for i in range(0, len(x), CHUNK)]
        return np.concatenate(map_in_threads(self._scores, parts, threads=not self._has_own))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The label with the highest score for each image, (N,)."""
        return self(x).argmax(axis=1)

    def loss(self, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        """One forward and one backward pass: the mean loss (a float) and the scores (N, K).

        Afterwards every layer holds its `x`, `out`, `dout`, `dx` and `grads`. Labels y (N,) are whole numbers.
        A loss that is not finite is returned, not raised: `train` checks it.
        """
        x, y = as_images(x, self.input_shape, self.dtype), np.asarray(y)
        if not len(x) or y.shape != x.shape[:1]:
            raise ValueError(f"loss: {len(x)} images need {len(x)} labels, and at least one; got labels of shape {y.shape}.")
        for layer in self.layers:
            layer._seen = []            # before the pass, so that its arrays can reuse this memory
        several = len(x) >= CHUNK and not self._has_own
        count = min(max(2, len(x) // CHUNK), MOST_PARTS) if several else 1
        parts = [slice(n * len(x) // count, (n + 1) * len(x) // count) for n in range(count)]
        passes = map_in_threads(lambda part: self._forward_and_backward(x[part], y[part], len(x)), parts, threads=several)
        losses, records, grads = zip(*passes)
        for n, layer in enumerate(self.layers):
            layer._seen = [record[n] for record in records]
            layer.grads = {p: sum((part[n][p] for part in grads[1:]), grads[0][n][p]) for p in layer.params}
        return sum(losses), np.concatenate([record[-1]["out"] for record in records])

    def _forward_and_backward(self, x: np.ndarray, y: np.ndarray, N: int) -> tuple[float, list, list]:
        """For a part of a batch of N images: its share of the loss, and a record and the gradients of every layer."""
        records = list(self._forward(x))
        loss, dscores = ops.softmax_loss(records[-1]["out"], y)
        share = len(x) / N                                 # the loss is a mean over all N images
        return loss * share, records, self._backward(dscores * dscores.dtype.type(share), records)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        for record in self._forward(x):
            scores = record["out"]
        return scores

    def _forward(self, x: np.ndarray) -> Iterator[dict[str, Any]]:
        """The record of each layer, one after another."""
        x = ops.batch_innermost(x)
        for layer, after in zip_longest(self.layers, self.layers[1:]):
            out, cache = layer.forward(x, before_pooling=after is not None and after.reads_tiles)
            yield {"x": x, "out": out, "cache": cache, "dout": None, "dx": None}
            x = out

    def _backward(self, dout: np.ndarray, records: list[dict[str, Any]]) -> list[dict[str, np.ndarray]]:
        grads = []
        for layer, seen in zip(reversed(self.layers), reversed(records)):
            seen["dout"] = dout
            seen["dx"], *dparams = layer.backward(dout, seen["cache"], seen["x"].shape, need_dx=layer is not self.layers[0])
            grads.append(dict(zip(layer.params, dparams)))
            dout = seen["dx"]
        return grads[::-1]

    @property
    def _has_own(self) -> bool:
        """Whether a layer has a function of `use`. It may print or plot, so it runs on the calling thread and on whole batches."""
        return any(own for layer in self.layers for own in layer.own.values())

    # ------------------------------------------------------------------------------------------- keeping parameters

    def snapshot(self) -> dict[str, dict[str, np.ndarray]]:
        """The parameters as they are now, {layer name: {"W": array, "b": array}}: references, since no array is overwritten."""
        return {layer.name: dict(layer.params) for layer in self.layers if layer.params}

    def restore(self, snapshot: dict[str, dict[str, np.ndarray]]) -> None:
        """Go back to the parameters of a `snapshot`."""
        for name, params in snapshot.items():
            self[name].params = dict(params)

    def pack(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What a file keeps of the network: its description (plain data) and its arrays, {"conv1.W": array}."""
        layers = [{"name": layer.name, "kind": layer.kind, "options": layer.options} for layer in self.layers]
        arrays = {f"{name}.{p}": value for name, params in self.snapshot().items() for p, value in params.items()}
        return {"input_shape": list(self.input_shape), "layers": layers}, arrays

    @classmethod
    def unpack(cls, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """The network with this description and these arrays, as `pack` returns them. Raises ValueError where it is too large."""
        _check_sizes(description)
        layers = []
        for about in description["layers"]:
            layer = Layer(about["name"], about["kind"], **about["options"])
            layer.params = {p: arrays[key] for p in ("W", "b") if (key := f"{layer.name}.{p}") in arrays}
            if any(value.dtype not in (np.float32, np.float64) for value in layer.params.values()):
                raise TypeError(f"the parameters of layer {layer.name} are not float32 or float64")
            layers.append(layer)
        return cls(description["input_shape"], layers)

    def save(self, path: str | Path) -> None:
        """Write layers and parameters to the file `path` (.npz), completely or not at all.

        Functions of `use` are not saved; the network in the file has the package's. Raises OSError when it cannot be written.
        """
        write_npz(path, *self.pack())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The network in a file of `save` or `save_checkpoint`. Raises FileNotFoundError, and ValueError for a file without one."""
        return cls.read(path)[0]

    @classmethod
    def read(cls, path: str | Path) -> tuple[Self, dict[str, Any], dict[str, np.ndarray]]:
        """(network, description, arrays) of a file that may hold more than a network, such as a checkpoint; raises as `load`."""
        description, arrays = read_npz(path)
        try:
            return cls.unpack(description, arrays), description, arrays
        except ValueError as error:
            raise ValueError(f"{path} does not describe a network that works ({error}); was it written by Net.save?") from None
        except (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, MemoryError) as error:
            raise ValueError(f"{path} does not describe a network ({error!r}); was it written by Net.save?") from None


def _check_sizes(description: dict[str, Any]) -> None:
    """Raise ValueError for images or options so large that the network would fill the memory."""
    options = [value for layer in description["layers"] for value in layer["options"].values() if isinstance(value, (int, float))]
    if math.prod(description["input_shape"]) > LARGEST_IMAGE or max(options, default=0) > LARGEST_OPTION:
        raise ValueError(f"images of shape {description['input_shape']} or an option of {max(options, default=0)} are too large")
