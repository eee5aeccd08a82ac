"""The functions of the handout, implemented with `lenet_core.ops`: those it provides, and the seven that a student writes.

`diff` has the shape of `data` and is the gradient of the loss *summed* over the batch. The argument names are the handout's, even
where they hide a built-in name of Python (`input`). Source: homework sections 5 to 8.
"""

import numpy as np

from lenet_core import ops
from lenet_core.training import inverse_decay, sgd_momentum as updated

from .layout import as_images, as_maps, size_after


def conv_layer_forward(input, layer, param):
    """The convolution of all images with all filters -> output, a dict."""
    return as_maps(_convolved(input, layer, param)[0])


def conv_layer_backward(output, input, layer, param):
    """The gradients of a convolution, `output["diff"]` given -> param_grad (like param), input_od (like input["data"])."""
    _, cache = _convolved(input, layer, param)             # the handout keeps no windows for the backward pass: compute them again
    dx, dW, db = ops.conv_backward(as_images({**output, "data": output["diff"]}), cache)
    return {"w": dW.transpose(2, 3, 1, 0).reshape(param["w"].shape), "b": db}, as_maps(dx)["data"]


def _convolved(input, layer, param):
    size_after(layer, input["height"], input["width"], input["channel"])
    W = param["w"].reshape(layer["k"], layer["k"], input["channel"], layer["num"]).transpose(3, 2, 0, 1)
    return ops.conv_forward(as_images(input), W, param["b"], layer["stride"], layer["pad"])


def im2col_conv(input_n, layer, h_out, w_out):
    """The windows of *one* image as columns, each in the order (h, w, c): data (h*w*c,) -> (k*k*c, h_out*w_out)."""
    k, c = layer["k"], input_n["channel"]
    cols = ops.im2col(as_images({**input_n, "batch_size": 1}), k, layer["stride"], layer["pad"])      # rows (c, h, w)
    return cols.reshape(c, k, k, -1).transpose(1, 2, 0, 3).reshape(k * k * c, h_out * w_out)


def col2im_conv(col, input, layer, h_out, w_out):
    """Add the columns of one image to their windows: (k*k*c, h_out*w_out) -> (h*w*c,), the adjoint of `im2col_conv`."""
    k, c = layer["k"], input["channel"]
    cols = col.reshape(k, k, c, h_out * w_out).transpose(2, 0, 1, 3).reshape(c * k * k, -1)
    x = ops.col2im(cols, (1, c, input["height"], input["width"]), k, layer["stride"], layer["pad"])
    return as_maps(x)["data"][:, 0]


def get_lr(iter, epsilon, gamma, power):
    """The learning rate epsilon / (1 + gamma iter)^power. Source: homework equation 11."""
    return inverse_decay(epsilon, gamma, power)(iter)


def mlrloss(wb, X, y, K):
    """Inner product, softmax and negative log-likelihood, with K - 1 scores and a last one that is always 0.

    wb (D + 1, K - 1), the biases in its last row, X (D, n), y (n,) -> nll, g, od, percent. `nll` is the loss summed over the batch, `g`
    and `od` its gradients in the shapes of wb and X, `percent` the share of right answers, between 0 and 1.
    """
    scores, cache = ops.inner_product_forward(X.T, wb[:-1], wb[-1])
    scores = np.column_stack((scores, np.zeros(len(scores), scores.dtype)))
    loss, dscores = ops.softmax_loss(scores, y)
    dx, dW, db = ops.inner_product_backward(dscores[:, :-1] * len(y), cache)          # the sum over the batch, not the mean
    percent = float(np.mean(scores.argmax(axis=1) == y))
    return loss * len(y), np.vstack((dW, db)), np.ascontiguousarray(dx.T), percent


def finite_difference(output, input, h, forward):
    """The one-sided difference quotient for each input: the change of the outputs by a step h, weighted with `output["diff"]`.

    -> input_od_approx, like input["data"]. `forward` takes an input dict and returns an output dict; the homework names only the
    other three arguments. Use float64. The quotient (f(x + h) - f(x)) / h is homework equation 14. Its error is proportional to h;
    that of a central difference, which `lenet_core.gradcheck` uses, to h squared. So a check should use the latter.
    """
    approx = np.zeros(input["data"].shape)
    for index in np.ndindex(approx.shape):
        changed = input["data"].copy()
        changed[index] += h
        approx[index] = np.sum(output["diff"] * (forward({**input, "data": changed})["data"] - output["data"])) / h
    return approx


# ------------------------------------------------------------------------------------- the seven that a student writes


def pooling_layer_forward(input, layer):
    """The largest value of every window of every channel -> output. Question 1."""
    size_after(layer, input["height"], input["width"], input["channel"])
    return as_maps(ops.max_pool_forward(as_images(input), layer["k"], layer["stride"])[0])


def pooling_layer_backward(output, input, layer):
    """Each window's gradient goes to its first maximum in reading order -> input_od. Question 4."""
    cache = as_images(input), as_images(output), layer["k"], layer["stride"]
    return as_maps(ops.max_pool_backward(as_images({**output, "data": output["diff"]}), cache))["data"]


def relu_forward(input, layer):
    """max(0, x), entry by entry -> output. Question 2."""
    return {**input, "data": ops.relu_forward(input["data"])[0]}


def relu_backward(output, input, layer):
    """The gradient where the input was positive, else 0 -> input_od. Question 5."""
    return ops.relu_backward(output["diff"], input["data"])


def inner_product_forward(input, layer, param):
    """w' x + b for every image x (a column of the data) -> output with height and width 1. Question 3."""
    return as_maps(ops.inner_product_forward(input["data"].T, param["w"], param["b"])[0])


def inner_product_backward(output, input, layer, param):
    """The gradients of w' x + b, summed over the batch -> param_grad, input_od. Question 6."""
    dx, dw, db = ops.inner_product_backward(output["diff"].T, (input["data"].T, param["w"]))
    return {"w": dw, "b": db}, np.ascontiguousarray(dx.T)


def sgd_momentum(w_rate, b_rate, mu, decay, params, param_winc, param_grad):
    """One step of SGD with momentum for every layer -> params, param_winc, both new dicts. Question 7.

    Biases have the learning rate `b_rate` and no weight decay. Source: homework equations 9, 10 and 13.
    """
    new, new_winc = {}, {}
    for i in params:
        new[i], new_winc[i] = {}, {}
        for name, rate, lam in (("w", w_rate, decay), ("b", b_rate, 0.0)):
            new[i][name], new_winc[i][name] = updated(params[i][name], param_winc[i][name], param_grad[i][name], rate, mu, lam)
    return new, new_winc


SEVEN = {function.__name__: function for function in (
    pooling_layer_forward, pooling_layer_backward, relu_forward, relu_backward, inner_product_forward, inner_product_backward,
    sgd_momentum)}
GIVEN = {function.__name__: function for function in (conv_layer_forward, conv_layer_backward)}
IN_OPS = {"pooling_layer_forward": "max_pool_forward", "pooling_layer_backward": "max_pool_backward"}     # those with another name
