"""What each library answers to the questions of `conventions`: one class for each, with the same methods, and one for this workbook.

Every method computes one thing with the library's own functions and returns NumPy arrays or numbers. A method that a library has nothing for
is not there. The libraries are imported when a class is made; none of them is a dependency of this package.

- `pooling(x)`: max pooling of one map x (H, W) with 2x2 windows at stride 1: (out, dx) for the gradient 1 of every output
- `shared(x)`: the largest entry of a row x: (largest, dx)
- `slope(name, x)`: the slope of "relu", "maximum" (of x and 0), "clip" (x from below by 0) or "abs" at the number x
- `checker()`: {name: function that raises where the library's gradient checker refuses}, for "relu" and "maximum" at 0
- `losses()`: {name: function(scores (K,), label) -> (loss, dscores)}
- `descent(rates, **more)`: where momentum 0.9 leads from 0 with the gradient 1 at these rates
- `argmax(x)`, `total(x)`: of a row of float32
- `first_weights()`: (W, b) of many convolutions with twenty 5x5 filters on one channel
- `average(x)`: average pooling with 2x2 windows and padding: the corner of the result for a map of ones
"""

import os
from importlib import metadata

import numpy as np

from lenet_core import ops
from lenet_core.initializers import input_volume
from lenet_core.training import sgd_momentum

FILTERS, DRAWS = 20, 100                 # of the convolution whose first weights are looked at (LeNet's conv1), and how often it is made


class Workbook:
    """This workbook, whose answers stand beside the others'."""

    name, packages = "this workbook", ()

    def pooling(self, x):
        """Max pooling and its gradient."""
        out, cache = ops.max_pool_forward(x[None, None], 2, 1)
        return out[0, 0], ops.max_pool_backward(np.ones_like(out), cache)[0, 0]

    def slope(self, name, x):
        """The slope of a ReLU."""
        return float(ops.relu_backward(np.ones(1), np.array([float(x)]))[0]) if name == "relu" else None

    def losses(self):
        """The softmax loss."""
        def loss(scores, label):
            value, gradient = ops.softmax_loss(scores[None], np.array([label]))
            return value, gradient[0]
        return {"": loss}

    def descent(self, rates):
        """The homework's momentum."""
        p, v = np.zeros(1), np.zeros(1)
        for rate in rates:
            p, v = sgd_momentum(p, v, np.ones(1), rate)
        return float(p[0])

    def argmax(self, x):
        """NumPy's."""
        return int(x.argmax())

    def total(self, x):
        """NumPy's."""
        return float(x.sum())

    def first_weights(self):
        """The homework's bound, for images of 28x28."""
        bound = input_volume(25, 28 * 28)
        return np.random.default_rng(0).uniform(-bound, bound, (DRAWS * FILTERS, 25)), np.zeros(DRAWS * FILTERS)


class PyTorch:
    """PyTorch."""

    name, packages = "PyTorch", ("torch",)

    def __init__(self):
        import torch
        self.torch, self.F = torch, torch.nn.functional

    def _gradient(self, function, x):
        tensor = self.torch.tensor(x, requires_grad=True)
        out = function(tensor)
        out.sum().backward()
        return out.detach().numpy(), tensor.grad.numpy()

    def pooling(self, x):
        """torch.nn.functional.max_pool2d."""
        out, dx = self._gradient(lambda t: self.F.max_pool2d(t, 2, 1), x[None, None])
        return out[0, 0], dx[0, 0]

    def shared(self, x):
        """torch.amax."""
        return self._gradient(self.torch.amax, x)

    def _functions(self):
        zero = self.torch.zeros((), dtype=self.torch.float64)
        return {"relu": self.torch.relu, "maximum": lambda t: self.torch.maximum(t, zero), "clip": lambda t: self.torch.clamp(t, min=0),
                "abs": self.torch.abs}

    def slope(self, name, x):
        """By backward."""
        return float(self._gradient(self._functions()[name], np.array([float(x)]))[1][0])

    def checker(self):
        """torch.autograd.gradcheck."""
        zero = self.torch.zeros(1, dtype=self.torch.float64, requires_grad=True)
        return {name: lambda name=name: self.torch.autograd.gradcheck(self._functions()[name], (zero,)) for name in ("relu", "maximum")}

    def losses(self):
        """torch.nn.functional.cross_entropy."""
        def loss(scores, label):
            value, gradient = self._gradient(lambda t: self.F.cross_entropy(t[None], self.torch.tensor([label])), scores)
            return float(value), gradient
        return {"": loss}

    def descent(self, rates, **more):
        """torch.optim.SGD."""
        p = self.torch.zeros(1, dtype=self.torch.float64, requires_grad=True)
        optimiser = self.torch.optim.SGD([p], lr=rates[0], momentum=0.9, **more)
        for rate in rates:
            optimiser.param_groups[0]["lr"] = rate
            p.grad = self.torch.ones_like(p)
            optimiser.step()
        return p.item()

    def argmax(self, x):
        """torch.argmax."""
        return int(self.torch.argmax(self.torch.tensor(x)))

    def total(self, x):
        """torch.sum."""
        return float(self.torch.tensor(x).sum())

    def first_weights(self):
        """torch.nn.Conv2d."""
        return _drawn(lambda: [p.detach().numpy() for p in self.torch.nn.Conv2d(1, FILTERS, 5).parameters()])

    def average(self, x):
        """torch.nn.functional.avg_pool2d."""
        return float(self.F.avg_pool2d(self.torch.tensor(x)[None, None], 2, padding=1)[0, 0, 0, 0])


class Jax:
    """JAX with optax, Flax and Keras."""

    name, packages = "JAX", ("jax",)

    def __init__(self):
        os.environ["KERAS_BACKEND"] = "jax"
        import jax
        self.jax, self.jnp = jax, jax.numpy

    def _gradient(self, function, x):
        out, back = self.jax.vjp(function, self.jnp.asarray(x))
        return np.asarray(out), np.asarray(back(self.jnp.ones_like(out))[0])

    def pooling(self, x):
        """jax.lax.reduce_window, which Flax's max_pool calls."""
        return self._gradient(lambda t: self.jax.lax.reduce_window(t, -self.jnp.inf, self.jax.lax.max, (2, 2), (1, 1), "VALID"), x)

    def shared(self, x):
        """jax.numpy.max."""
        return self._gradient(self.jnp.max, x)

    def _functions(self):
        return {"relu": self.jax.nn.relu, "maximum": lambda t: self.jnp.maximum(t, 0.0), "clip": lambda t: self.jnp.clip(t, 0.0),
                "abs": self.jnp.abs}

    def slope(self, name, x):
        """By jax.grad."""
        return float(self.jax.grad(self._functions()[name])(float(x)))

    def checker(self):
        """jax.test_util.check_grads."""
        from jax.test_util import check_grads
        return {name: lambda name=name: check_grads(self._functions()[name], (0.0,), order=1) for name in ("relu", "maximum")}

    def losses(self):
        """optax's, and Keras'."""
        import keras
        import optax

        def with_gradient(function):
            def loss(scores, label):
                value, gradient = self.jax.value_and_grad(lambda t: function(t[None], self.jnp.asarray([label])).sum())(self.jnp.asarray(scores))
                return float(value), np.asarray(gradient)
            return loss
        return {"optax": with_gradient(optax.softmax_cross_entropy_with_integer_labels),
                "Keras": with_gradient(lambda t, y: keras.ops.sparse_categorical_crossentropy(y, t, from_logits=True))}

    def descent(self, rates):
        """optax.sgd."""
        import optax
        rule = optax.sgd(lambda i: self.jnp.asarray(rates)[i], momentum=0.9)
        p = self.jnp.zeros(1)
        state = rule.init(p)
        for _ in rates:
            step, state = rule.update(self.jnp.ones(1), state)
            p = optax.apply_updates(p, step)
        return float(p[0])

    def argmax(self, x):
        """jax.numpy.argmax."""
        return int(self.jnp.argmax(self.jnp.asarray(x)))

    def total(self, x):
        """jax.numpy.sum."""
        return float(self.jnp.asarray(x).sum())

    def first_weights(self):
        """flax.linen.Conv."""
        from flax import linen
        layer, keys = linen.Conv(FILTERS, (5, 5)), iter(self.jax.random.split(self.jax.random.key(0), DRAWS))
        make = self.jax.jit(lambda key: layer.init(key, self.jnp.zeros((1, 8, 8, 1)))["params"])

        def draw():
            made = make(next(keys))
            return np.asarray(made["kernel"]), np.asarray(made["bias"])
        return _drawn(draw)

    def average(self, x):
        """flax.linen.avg_pool."""
        from flax import linen
        return float(linen.avg_pool(self.jnp.asarray(x)[None, :, :, None], (2, 2), padding=((1, 1), (1, 1)))[0, 0, 0, 0])


class TensorFlow:
    """TensorFlow with Keras."""

    name, packages = "TensorFlow", ("tensorflow",)

    def __init__(self):
        os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        import tensorflow
        self.tf = tensorflow

    def _gradient(self, function, x):
        tensor = self.tf.constant(x)
        with self.tf.GradientTape() as tape:
            tape.watch(tensor)
            out = function(tensor)
        return out.numpy(), tape.gradient(out, tensor).numpy()

    def pooling(self, x):
        """tf.nn.max_pool2d."""
        out, dx = self._gradient(lambda t: self.tf.nn.max_pool2d(t, 2, 1, "VALID"), x[None, :, :, None])
        return out[0, :, :, 0], dx[0, :, :, 0]

    def shared(self, x):
        """tf.reduce_max."""
        return self._gradient(self.tf.reduce_max, x)

    def slope(self, name, x):
        """By tf.GradientTape."""
        functions = {"relu": self.tf.nn.relu, "maximum": lambda t: self.tf.maximum(t, self.tf.zeros((), t.dtype)),
                     "clip": lambda t: self.tf.clip_by_value(t, self.tf.zeros((), t.dtype), np.inf), "abs": self.tf.abs}
        return float(self._gradient(functions[name], np.array([float(x)]))[1][0])

    def losses(self):
        """tf.nn's, as it is and compiled."""
        def plain(scores, labels):
            return self.tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)

        def with_gradient(function):
            def loss(scores, label):
                value, gradient = self._gradient(lambda t: function(t[None], self.tf.constant([label]))[0], scores)
                return float(value), gradient
            return loss
        return {"": with_gradient(plain), "with jit_compile": with_gradient(self.tf.function(plain, jit_compile=True))}

    def descent(self, rates):
        """keras.optimizers.SGD."""
        import keras
        p = keras.Variable(np.zeros(1))
        rule = keras.optimizers.SGD(rates[0], momentum=0.9)
        for rate in rates:
            rule.learning_rate = rate
            rule.apply([self.tf.ones(1)], [p])
        return float(p.numpy()[0])

    def argmax(self, x):
        """tf.argmax."""
        return int(self.tf.argmax(self.tf.constant(x)))

    def total(self, x):
        """tf.reduce_sum."""
        return float(self.tf.reduce_sum(self.tf.constant(x)))

    def first_weights(self):
        """keras.layers.Conv2D."""
        import keras

        def draw():
            layer = keras.layers.Conv2D(FILTERS, 5)
            layer.build((None, 28, 28, 1))
            return layer.kernel.numpy(), layer.bias.numpy()
        return _drawn(draw)

    def average(self, x):
        """keras.layers.AveragePooling2D, whose padding is at the end: the last corner."""
        import keras
        return float(keras.layers.AveragePooling2D(2, padding="same")(self.tf.constant(x)[None, :, :, None])[0, -1, -1, 0])


class Mlx:
    """MLX."""

    name, packages = "MLX", ("mlx",)

    def __init__(self):
        import mlx.core
        import mlx.nn
        self.mx, self.nn = mlx.core, mlx.nn

    def _gradient(self, function, x):
        tensor = self.mx.array(np.asarray(x, np.float32))
        return np.array(function(tensor)), np.array(self.mx.grad(lambda t: function(t).sum())(tensor))

    def pooling(self, x):
        """mlx.nn.MaxPool2d."""
        out, dx = self._gradient(self.nn.MaxPool2d(2, 1), x[None, :, :, None])
        return out[0, :, :, 0], dx[0, :, :, 0]

    def shared(self, x):
        """mlx.core.max."""
        return self._gradient(self.mx.max, x)

    def slope(self, name, x):
        """By mlx.core.grad."""
        functions = {"relu": self.nn.relu, "maximum": lambda t: self.mx.maximum(t, 0.0), "clip": lambda t: self.mx.clip(t, 0.0, None),
                     "abs": self.mx.abs}
        return float(self._gradient(functions[name], [float(x)])[1][0])

    def losses(self):
        """mlx.nn.losses.cross_entropy."""
        def loss(scores, label):
            value, gradient = self._gradient(lambda t: self.nn.losses.cross_entropy(t[None], self.mx.array([label])), scores)
            return float(value[0]), gradient
        return {"": loss}

    def descent(self, rates, **more):
        """mlx.optimizers.SGD."""
        from mlx import optimizers
        rule = optimizers.SGD(rates[0], momentum=0.9, **more)
        p = {"p": self.mx.zeros(1)}
        for rate in rates:
            rule.learning_rate = rate
            p = rule.apply_gradients({"p": self.mx.ones(1)}, p)
        return float(p["p"][0])

    def argmax(self, x):
        """mlx.core.argmax."""
        return int(self.mx.argmax(self.mx.array(x)))

    def total(self, x):
        """mlx.core.sum."""
        return float(self.mx.array(x).sum())

    def first_weights(self):
        """mlx.nn.Conv2d."""
        def draw():
            layer = self.nn.Conv2d(1, FILTERS, 5)
            return np.array(layer.weight), np.array(layer.bias)
        return _drawn(draw)

    def average(self, x):
        """mlx.nn.AvgPool2d."""
        return float(self.nn.AvgPool2d(2, padding=1)(self.mx.array(x)[None, :, :, None])[0, 0, 0, 0])


class Tinygrad:
    """tinygrad."""

    name, packages = "tinygrad", ("tinygrad",)

    def __init__(self):
        from tinygrad import Tensor, nn
        from tinygrad.helpers import Context
        self.Tensor, self.nn, self.Context = Tensor, nn, Context

    def _gradient(self, function, x):
        tensor = self.Tensor(np.asarray(x, np.float32))
        tensor.requires_grad = True
        out = function(tensor)
        out.sum().backward()
        return out.numpy(), tensor.grad.numpy()

    def pooling(self, x):
        """Tensor.max_pool2d."""
        out, dx = self._gradient(lambda t: t.max_pool2d(2, 1), x[None, None])
        return out[0, 0], dx[0, 0]

    def shared(self, x):
        """Tensor.max."""
        return self._gradient(lambda t: t.max(), x)

    def slope(self, name, x):
        """By backward."""
        functions = {"relu": lambda t: t.relu(), "maximum": lambda t: t.maximum(0), "clip": lambda t: t.clip(0, None), "abs": lambda t: t.abs()}
        return float(self._gradient(functions[name], [float(x)])[1][0])

    def losses(self):
        """Tensor.sparse_categorical_crossentropy."""
        def loss(scores, label):
            value, gradient = self._gradient(lambda t: t[None].sparse_categorical_crossentropy(self.Tensor([label])), scores)
            return float(value), gradient
        return {"": loss}

    def descent(self, rates, **more):
        """nn.optim.SGD."""
        p = self.Tensor.zeros(1).contiguous()
        p.requires_grad = True
        rule = self.nn.optim.SGD([p], lr=rates[0], momentum=0.9, **more)
        with self.Context(TRAINING=1):
            for rate in rates:
                rule.lr.assign(self.Tensor([rate], dtype=rule.lr.dtype)).realize()
                rule.zero_grad()
                p.sum().backward()
                rule.step()
        return float(p.numpy()[0])

    def argmax(self, x):
        """Tensor.argmax."""
        return int(self.Tensor(x).argmax().item())

    def total(self, x):
        """Tensor.sum."""
        return float(self.Tensor(x).sum().item())

    def first_weights(self):
        """nn.Conv2d."""
        def draw():
            layer = self.nn.Conv2d(1, FILTERS, 5)
            return layer.weight.numpy(), layer.bias.numpy()
        return _drawn(draw)

    def average(self, x):
        """Tensor.avg_pool2d."""
        return float(self.Tensor(x)[None, None].avg_pool2d(2, padding=1)[0, 0, 0, 0].item())


def _drawn(draw):
    """(W, b) of `DRAWS` layers side by side."""
    return tuple(np.concatenate([np.ravel(one) for one in several]) for several in zip(*(draw() for _ in range(DRAWS))))


LIBRARIES = {"pytorch": PyTorch, "jax": Jax, "tensorflow": TensorFlow, "mlx": Mlx, "tinygrad": Tinygrad}


def versions(*packages):
    """"torch 2.13.0, optax 0.2.8"."""
    return ", ".join(f"{name} {metadata.version(name).partition('+')[0]}" for name in packages)
