"""A layer is an operation, its parameters, and what it saw; a network is named layers in order.

There is one `Layer` class for every kind of operation: the mathematics is in `ops`, what else a network has to know of it in
`operations`, and a layer only keeps what belongs to it between a forward and a backward pass. So there is no subclass per
layer, and a student's own function can take the place of the package's with `net["pool1"].use(...)`.

A network has two paths, because looking at the test set must not disturb what was remembered of training:
`net(x)` predicts and leaves no trace; `net.loss(x, y)` runs forward and backward and remembers everything.

Arrays are never overwritten: an update puts new arrays into `params`. A snapshot is therefore a handful of references.
"""

import functools
import math
import operator

import numpy as np

from . import ops
from ._files import read_npz, write_npz
from ._parallel import map_in_threads
from .operations import operation

PART = 32                      # images; batches of at least two parts are worth a second thread
LARGEST_IMAGE, LARGEST_OPTION = 2 ** 20, 256       # numbers; windows, strides, pads: of networks that are read from a file


class Layer:
    """One operation of a network, its parameters, and what it saw in the last `Net.loss`.

    `kind` is a key of `lenet_core.operations.OPERATIONS`; `W_shape` is the shape of the weights, where the operation has some:
    (F, C, k, k) for "conv", (D, M) for "inner_product". The options (`stride`, `pad`, `k`) go to the operation as they are.
    Raises ValueError for a kind that is not registered.

    `params` and `grads` are dicts with the keys "W" and "b" (empty for layers that learn nothing). `x`, `out`, `dout` and
    `dx` are the last input and output and the gradients of the loss with respect to them, for the whole batch; None
    before the first `Net.loss`.
    """

    def __init__(self, name, kind, W_shape=None, **options):
        try:
            self.operation = operation(kind)
        except ValueError as error:
            raise ValueError(f"Layer {name}: {error}.") from None
        self.name, self.kind, self.options = name, kind, options
        self.params, self.grads = {}, {}
        if W_shape:
            if self.operation.bias_shape is None:
                raise ValueError(f"Layer {name}: the operation {kind!r} has no weights, but a shape {W_shape} is given for them.")
            bias_shape = self.operation.bias_shape(W_shape, **options)
            self.params = {"W": np.zeros(W_shape, np.float32), "b": np.zeros(bias_shape, np.float32)}
        self._seen = []                                    # one record per part of the batch: x, out, cache, dout, dx
        self.use()

    @property
    def W_shape(self):
        """The shape of the weights, or None."""
        return self.params["W"].shape if self.params else None

    @property
    def window(self):
        """(k, stride, pad) of the window through which one output sees the input; None where it sees everything."""
        return self.operation.window(self.W_shape, **self.options)

    def use(self, forward=None, backward=None):
        """Put your own functions in place of the package's; what you leave out is the package's (again).

        They take and return what the functions in `lenet_core.ops` do. A backward function gets the cache of the forward
        function it stands beside: your own one's if you gave both, else the package's. A result of the wrong shape
        raises ValueError with the name of your function in it. Returns the layer.
        """
        self.own = {"forward": forward, "backward": backward}
        return self

    def forward(self, x):
        """(out, cache) for the images `x`; nothing is remembered in the layer."""
        mine, package = self.own["forward"], self.operation.forward
        arguments = [x, *self.params.values()]
        if not mine:
            return package(*arguments, **self.options)
        result = mine(*arguments, **self.options)
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            raise ValueError(f"{_name(mine)}: returns {_describe(result)}; layer {self.name} needs two things, out and cache.")
        out, cache = result
        expected, package_cache = package(*arguments, **self.options)
        if np.shape(out) != expected.shape:
            raise ValueError(f"{_name(mine)}: out has shape {np.shape(out)}, but layer {self.name} needs {expected.shape}.")
        return out, cache if self.own["backward"] else package_cache

    def backward(self, dout, cache, x_shape, need_dx=True):
        """[dx, and for each parameter its gradient]; dx is None where it is not needed and was not worked out."""
        mine, package = self.own["backward"], self.operation.backward
        if not mine:
            result = package(dout, cache, need_dx=need_dx) if self.operation.skips_dx else package(dout, cache)
            return list(result) if self.params else [result]
        result = mine(dout, cache)
        names = ["x", *self.params]
        grads = list(result) if self.params and isinstance(result, (tuple, list)) else [result]
        if len(grads) != len(names):
            raise ValueError(f"{_name(mine)}: returns {_describe(result)}; layer {self.name} needs "
                             + ", ".join("d" + name for name in names) + ".")
        for name, shape, grad in zip(names, [x_shape, *(p.shape for p in self.params.values())], grads):
            if np.shape(grad) != shape:
                raise ValueError(f"{_name(mine)}: d{name} has shape {np.shape(grad)}, but {name} has shape {shape}.")
        return grads

    x = property(lambda self: self._joined("x"), doc="The last input, (N, ...).")
    out = property(lambda self: self._joined("out"), doc="The last output, (N, ...).")
    dout = property(lambda self: self._joined("dout"), doc="The gradient of the loss with respect to `out`.")

    @property
    def dx(self):
        """The gradient of the loss with respect to `x`."""
        for seen in self._seen:
            if seen["dx"] is None:                         # the first layer's: nothing in training needs it
                seen["dx"] = map_in_threads(lambda seen: self.backward(seen["dout"], seen["cache"], seen["x"].shape)[0], [seen])[0]
        return self._joined("dx")

    def _joined(self, what):
        parts = [seen[what] for seen in self._seen]
        return np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else None

    def __repr__(self):
        facts = [f"{k}={v}" for k, v in self.options.items() if k != "table"] + [f"{p} {v.shape}" for p, v in self.params.items()]
        return f"{self.name:8} {self.kind}" + (f" ({', '.join(facts)})" if facts else "")


class Net:
    """Named layers in order, for images of shape `input_shape` (C, H, W), ending in the scores of the classes.

    The parameters start as zeros: `initialise` draws them (`lenet_core.lenet` does so). `net["conv1"]` is
    a layer, `net.layers` the list of them. Raises ValueError when the layers do not fit together.
    """

    def __init__(self, input_shape, layers):
        self.input_shape, self.layers = tuple(input_shape), list(layers)
        self._by_name = {layer.name: layer for layer in self.layers}
        if len(self._by_name) != len(self.layers):
            raise ValueError("Two layers of a network have the same name: " + ", ".join(l.name for l in self.layers))
        self.shapes()

    def __getitem__(self, name):
        if name not in self._by_name:
            raise KeyError(f"There is no layer {name!r}; there are: {', '.join(self._by_name)}.")
        return self._by_name[name]

    def __repr__(self):
        rows = [f"{layer!r:62} {'x'.join(map(str, shape))}" for layer, shape in zip(self.layers, self.shapes())]
        return "\n".join([f"Net for images {'x'.join(map(str, self.input_shape))}, {self.size:,} parameters", *rows])

    @property
    def size(self):
        """The number of parameters."""
        return sum(p.size for layer in self.layers for p in layer.params.values())

    @property
    def dtype(self):
        """The number type of the parameters; images are brought to it."""
        return next((p.dtype for layer in self.layers for p in layer.params.values()), np.dtype(np.float32))

    def shapes(self):
        """The shape of each layer's output for one image, without the batch axis."""
        return map_in_threads(lambda _: self._shapes(), [None])[0]

    def _shapes(self):
        x, shapes = np.zeros((1, *self.input_shape), self.dtype), []
        for layer in self.layers:
            try:
                x = layer.operation.forward(x, *layer.params.values(), **layer.options)[0]
            except (ValueError, TypeError, IndexError) as error:
                raise ValueError(f"Layer {layer.name} does not fit: {error}") from None
            shapes.append(x.shape[1:])
        return shapes

    def initialise(self, rng, bound, dtype=np.float32):
        """Draw every W uniformly between -bound and +bound, and set every b to zero; returns the network.

        `bound(fan_in, input_size)` is one of `lenet_core.initializers`, or a function like these: `fan_in` is how many numbers go
        into one output of the layer, `input_size` how many go into the layer for one image.
        """
        input_sizes = [math.prod(shape) for shape in [self.input_shape, *self.shapes()]]
        for layer, input_size in zip(self.layers, input_sizes):
            for name, value in layer.params.items():
                fan_in = layer.operation.fan_in(layer.W_shape, **layer.options)
                limit = bound(fan_in, input_size) if name == "W" else 0.0
                layer.params[name] = rng.uniform(-limit, limit, value.shape).astype(dtype)
        return self

    # ----------------------------------------------------------------------------------------------------- passes

    def __call__(self, x):
        """The scores (N, K) for the images x (N, C, H, W). Remembers nothing, changes nothing."""
        x = self._images(x)
        if not len(x):
            return np.zeros((0, *self.shapes()[-1]), self.dtype)
        parts = [x[i:i + 2 * PART] for i in range(0, len(x), 2 * PART)]
        return np.concatenate(map_in_threads(self._scores, parts, threads=not self._has_own))

    def predict(self, x):
        """The label with the highest score for each image, (N,)."""
        return self(x).argmax(axis=1)

    def loss(self, x, y):
        """One forward and one backward pass: the mean loss (a float) and the scores (N, K).

        Afterwards every layer holds its `x`, `out`, `dout`, `dx` and `grads`. Labels y (N,) are whole numbers.
        A loss that is not finite is returned as it is; `train` is the one that stops.
        """
        x, y = self._images(x), np.asarray(y)
        if not len(x) or y.shape != x.shape[:1]:
            raise ValueError(f"loss: {len(x)} images need {len(x)} labels, and at least one; got labels of shape {y.shape}.")
        for layer in self.layers:
            layer._seen = []            # first, so that the new arrays get the old ones' memory, still in the cache
        several = len(x) >= 2 * PART and not self._has_own
        parts = [slice(0, len(x) // 2), slice(len(x) // 2, None)] if several else [slice(None)]
        passes = map_in_threads(lambda part: self._there_and_back(x[part], y[part], len(x)), parts, threads=several)
        losses, records, grads = zip(*passes)               # gradients of this pass, nobody else's yet: added in place
        for n, layer in enumerate(self.layers):
            layer._seen = [record[n] for record in records]
            layer.grads = {p: functools.reduce(operator.iadd, [part[n][p] for part in grads]) for p in layer.params}
        return sum(losses), np.concatenate([record[-1]["out"] for record in records])

    def _there_and_back(self, x, y, N):
        """The forward and backward pass of a part of a batch of N: its share of the loss, what each layer saw, its gradients."""
        records = self._forward(x)
        loss, dscores = ops.softmax_loss(records[-1]["out"], y)
        share = len(x) / N                                 # the loss is a mean over all N images
        return loss * share, records, self._backward(dscores * dscores.dtype.type(share), records)

    def _scores(self, x):
        x = ops.batch_innermost(x)
        for layer in self.layers:
            x = layer.forward(x)[0]
        return x

    def _forward(self, x):
        records, x = [], ops.batch_innermost(x)
        for layer in self.layers:
            out, cache = layer.forward(x)
            records.append({"x": x, "out": out, "cache": cache, "dout": None, "dx": None})
            x = out
        return records

    def _backward(self, dout, records):
        grads = []
        for layer, seen in zip(reversed(self.layers), reversed(records)):
            seen["dout"] = dout
            seen["dx"], *dparams = layer.backward(dout, seen["cache"], seen["x"].shape, need_dx=layer is not self.layers[0])
            grads.append(dict(zip(layer.params, dparams)))
            dout = seen["dx"]
        return grads[::-1]

    def _images(self, x):
        x = np.asarray(x, self.dtype)
        if x.shape[1:] != self.input_shape:
            raise ValueError(f"This network takes images of shape (N, {', '.join(map(str, self.input_shape))}); got {x.shape}.")
        return x

    @property
    def _has_own(self):
        """A student's function works on the calling thread, and in `loss` on whole batches: it may print, plot, count its calls."""
        return any(own for layer in self.layers for own in layer.own.values())

    # ------------------------------------------------------------------------------------------- keeping parameters

    def snapshot(self):
        """The parameters as they are now, {layer name: {"W": array, "b": array}}: references, since nothing is overwritten."""
        return {layer.name: dict(layer.params) for layer in self.layers if layer.params}

    def restore(self, snapshot):
        """Go back to the parameters of a `snapshot`."""
        for name, params in snapshot.items():
            self[name].params = dict(params)

    def pack(self):
        """What there is to keep of a network: its description (plain data) and its arrays, {"conv1.W": array}."""
        layers = [{"name": layer.name, "kind": layer.kind, "options": layer.options} for layer in self.layers]
        arrays = {f"{name}.{p}": value for name, params in self.snapshot().items() for p, value in params.items()}
        return {"input_shape": list(self.input_shape), "layers": layers}, arrays

    @classmethod
    def unpack(cls, description, arrays):
        """The network that `pack` took apart."""
        layers = []
        for about in description["layers"]:
            layer = Layer(about["name"], about["kind"], **about["options"])
            layer.params = {p: arrays[key] for p in ("W", "b") if (key := f"{layer.name}.{p}") in arrays}
            if any(value.dtype not in (np.float32, np.float64) for value in layer.params.values()):
                raise TypeError(f"the parameters of layer {layer.name} are not float32 or float64")
            layers.append(layer)
        return cls(description["input_shape"], layers)

    def save(self, path):
        """Write layers and parameters to the file `path` (.npz), wholly or not at all.

        A student's own functions are not saved; the package's take their places when the file is read.
        """
        write_npz(path, *self.pack())

    @classmethod
    def load(cls, path):
        """The network in a file written by `save` or by `lenet_core.training.save_checkpoint`.

        Raises FileNotFoundError, or ValueError with a sentence when the file does not hold a network.
        """
        return cls.read(path)[0]

    @classmethod
    def read(cls, path):
        """(network, description, arrays) of such a file, for those who keep more in it than a network; raises as `load` does."""
        description, arrays = read_npz(path)
        try:
            _no_larger_than_life(description)
            return cls.unpack(description, arrays), description, arrays
        except ValueError as error:
            raise ValueError(f"{path} does not describe a network that works ({error}); was it written by Net.save?") from None
        except (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, MemoryError) as error:
            raise ValueError(f"{path} does not describe a network ({error!r}); was it written by Net.save?") from None


def _no_larger_than_life(description):
    """Raise ValueError for images and options so large that to try the network would fill the memory."""
    options = [value for layer in description["layers"] for value in layer["options"].values() if isinstance(value, (int, float))]
    if math.prod(description["input_shape"]) > LARGEST_IMAGE or max(options, default=0) > LARGEST_OPTION:
        raise ValueError(f"images of {description['input_shape']}, options up to {max(options, default=0)}")


def _name(function):
    return getattr(function, "__name__", None) or repr(function)


def _describe(result):
    if isinstance(result, tuple):
        return f"{len(result)} things"
    return "nothing (is a `return` missing?)" if result is None else f"one thing, a {type(result).__name__}"
