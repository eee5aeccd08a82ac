"""The seven functions of homework 7 in the handout's interface, on top of those that were written in the workbook.

The workbook's functions are in functions.py beside this file; where they use `ops`, they need its package lenet_core. Here is only
what lies between the two interfaces. In the handout an image is a column of `data`, read (height, width, channel), in the workbook
an array (N, C, H, W). And what a backward function has to remember comes from running the forward function once more.
"""

import numpy as np

import functions as workbook

SIZE = ("height", "width", "channel", "batch_size")


def _images(maps, data):
    """(height*width*channel, batch_size) -> (N, C, H, W)"""
    return data.reshape([maps[key] for key in SIZE]).transpose(3, 2, 0, 1)


def _data(images):
    """(N, C, H, W) -> (height*width*channel, batch_size)"""
    return np.ascontiguousarray(images.transpose(2, 3, 1, 0)).reshape(-1, len(images))


def pooling_layer_forward(input, layer):
    out, _ = workbook.max_pool_forward(_images(input, input["data"]), layer["k"], layer["stride"])
    return {"height": out.shape[2], "width": out.shape[3], "channel": out.shape[1], "batch_size": len(out), "data": _data(out)}


def pooling_layer_backward(output, input, layer):
    _, cache = workbook.max_pool_forward(_images(input, input["data"]), layer["k"], layer["stride"])
    return _data(workbook.max_pool_backward(_images(output, output["diff"]), cache))


def relu_forward(input, layer):
    return {**input, "data": workbook.relu_forward(input["data"])[0]}


def relu_backward(output, input, layer):
    return workbook.relu_backward(output["diff"], workbook.relu_forward(input["data"])[1])


def inner_product_forward(input, layer, param):
    out, _ = workbook.inner_product_forward(input["data"].T, param["w"], param["b"])
    return {"height": 1, "width": 1, "channel": layer["num"], "batch_size": input["batch_size"], "data": np.ascontiguousarray(out.T)}


def inner_product_backward(output, input, layer, param):
    _, cache = workbook.inner_product_forward(input["data"].T, param["w"], param["b"])
    dx, dw, db = workbook.inner_product_backward(output["diff"].T, cache)
    return {"w": dw, "b": db}, np.ascontiguousarray(dx.T)


def sgd_momentum(w_rate, b_rate, mu, decay, params, param_winc, param_grad):
    new, winc = {}, {}
    for i in params:
        new[i], winc[i] = {}, {}
        for key, rate, lam in (("w", w_rate, decay), ("b", b_rate, 0.0)):
            new[i][key], winc[i][key] = workbook.sgd_momentum(params[i][key], param_winc[i][key], param_grad[i][key], rate, mu, lam)
    return new, winc
