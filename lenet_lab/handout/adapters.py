"""The seven functions of the handout as functions with the interface of `lenet_core.ops`."""

import numpy as np

from lenet_core import ops

from .functions import IN_OPS, SEVEN
from .guard import guarded
from .layout import as_images, as_maps, nchw


def adapted(name, function):
    """One of the seven functions, written to the handout's interface, as a function with the interface of `lenet_core.ops`.

    `name` is the handout's name or that of `lenet_core.ops`. `adapted("relu_backward", f)(dout, cache)` returns dx. Caches are
    those of `lenet_core.ops`, so a backward function works together with every forward function. Raises ValueError if `function`
    returns something else than the handout requires.
    """
    handout_name = {here: handout for handout, here in IN_OPS.items()}.get(name, name)
    if handout_name not in SEVEN:
        raise ValueError(f"adapted: there is no function {name!r} in the homework; there are: {', '.join(SEVEN)}.")
    own = ADAPTERS[handout_name](guarded(handout_name, function))
    own.__name__ = getattr(function, "__name__", handout_name)
    return own


def _adapt_pooling_forward(f):
    def max_pool_forward(x, k, stride=None):
        stride = k if stride is None else stride
        out = as_images(f(as_maps(x), _pooling(k, stride)))
        return out, (x, out, k, stride)
    return max_pool_forward


def _adapt_pooling_backward(f):
    def max_pool_backward(dout, cache):
        x, out, k, stride = cache
        return _images_like(x, f(_with_diff(as_maps(out), dout), as_maps(x), _pooling(k, stride)))
    return max_pool_backward


def _adapt_relu_forward(f):
    def relu_forward(x):
        return _images_like(x, f(as_maps(x), {"type": "RELU"})["data"]), x
    return relu_forward


def _adapt_relu_backward(f):
    def relu_backward(dout, cache):
        output = _with_diff(as_maps(ops.relu_forward(cache)[0]), dout)
        return _images_like(cache, f(output, as_maps(cache), {"type": "RELU"}))
    return relu_backward


def _adapt_inner_product_forward(f):
    def inner_product_forward(x, W, b):
        input, layer = as_maps(x), {"type": "IP", "num": W.shape[1], "init_type": "uniform"}
        return f(input, layer, {"w": _rows_hwc(W, input), "b": b})["data"].T, (x, W)
    return inner_product_forward


def _adapt_inner_product_backward(f):
    def inner_product_backward(dout, cache):
        x, W = cache
        input, layer = as_maps(x), {"type": "IP", "num": W.shape[1], "init_type": "uniform"}
        param = {"w": _rows_hwc(W, input), "b": np.zeros(W.shape[1], W.dtype)}      # no gradient depends on b; no cache has it
        output = as_maps(ops.inner_product_forward(input["data"].T, *param.values())[0])
        param_grad, input_od = f(_with_diff(output, dout), input, layer, param)
        return _images_like(x, input_od), _rows_chw(param_grad["w"], input), param_grad["b"]
    return inner_product_backward


def _adapt_sgd_momentum(f):
    def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
        def as_params(array):                                    # one layer, whose weights are p; its bias stays at 0
            w = np.broadcast_to(array, np.shape(p)).reshape(-1, 1)
            return {1: {"w": w, "b": np.zeros(1, w.dtype)}}
        lr = float(lr)
        params, winc = f(lr, 2 * lr, float(mu), float(decay), as_params(p), as_params(v), as_params(dp))
        return params[1]["w"].reshape(np.shape(p)), winc[1]["w"].reshape(np.shape(p))
    return sgd_momentum


ADAPTERS = {
    "pooling_layer_forward": _adapt_pooling_forward, "pooling_layer_backward": _adapt_pooling_backward,
    "relu_forward": _adapt_relu_forward, "relu_backward": _adapt_relu_backward,
    "inner_product_forward": _adapt_inner_product_forward, "inner_product_backward": _adapt_inner_product_backward,
    "sgd_momentum": _adapt_sgd_momentum,
}


def _pooling(k, stride):
    return {"type": "POOLING", "k": k, "stride": stride, "pad": 0}


def _with_diff(output, dout):
    return {**output, "diff": as_maps(dout)["data"]}


def _images_like(x, data):
    """A matrix (height*width*channel, batch_size) of the handout as an array of x's shape."""
    n, c, h, w = nchw(x)
    return data.reshape(h, w, c, n).transpose(3, 2, 0, 1).reshape(x.shape)


def _rows_hwc(W, maps):
    """Weights (inputs, num): rows in this package's order (c, h, w) -> rows in the handout's order (h, w, c)."""
    h, w, c = maps["height"], maps["width"], maps["channel"]
    return W.reshape(c, h, w, -1).transpose(1, 2, 0, 3).reshape(W.shape)


def _rows_chw(W, maps):
    """The inverse of `_rows_hwc`."""
    h, w, c = maps["height"], maps["width"], maps["channel"]
    return W.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(W.shape)
