"""The homework's own interface: equal to `lenet_core.ops`, trains as its script does, and a wrong function gets a sentence."""

import itertools
import re
import types

import numpy as np
import pytest

from lenet_core import lenet, ops, train
from lenet_core.gradcheck import numeric_gradient
from lenet_core.training import Diverged, sgd_momentum as train_step
from lenet_lab import handout
from lenet_lab.handout import adapted, as_images, as_maps

POOL = {"type": "POOLING", "k": 2, "stride": 2, "pad": 0}
CONV = {"type": "CONV", "num": 4, "k": 3, "stride": 2, "pad": 1, "group": 1}
IP = {"type": "IP", "num": 5, "init_type": "uniform"}
RELU = {"type": "RELU"}


@pytest.fixture
def x(rng):
    """Three images, two channels, five rows, seven columns, with ties."""
    return rng.standard_normal((3, 2, 5, 7)).round(1)


def with_diff(output, dout):
    return {**output, "diff": as_maps(dout)["data"]}


def filters_in_rows(W):
    """(F, C, k, k) as the handout's (k*k*c, F), written out: the column of every filter, read (h, w, c)."""
    return np.stack([[W[f, c, i, j] for i in range(W.shape[2]) for j in range(W.shape[3]) for c in range(W.shape[1])]
                     for f in range(len(W))], axis=1)


# ----------------------------------------------------------------------------------------------------------- layouts


def test_layout_is_one_image_a_column_channel_fastest(x):
    maps = as_maps(x)
    assert {key: maps[key] for key in maps if key != "data"} == {"height": 5, "width": 7, "channel": 2, "batch_size": 3}
    assert maps["data"].shape == (70, 3) and maps["data"].flags.c_contiguous
    for n, c, h, w in np.ndindex(x.shape):
        assert maps["data"][(h * 7 + w) * 2 + c, n] == x[n, c, h, w]


def test_layouts_there_and_back(x):
    np.testing.assert_array_equal(as_images(as_maps(x)), x)
    assert np.shares_memory(as_images(maps := as_maps(x)), maps["data"])
    vectors = as_maps(x[:, 0, 0])
    np.testing.assert_array_equal(vectors["data"], x[:, 0, 0].T)
    assert (vectors["height"], vectors["width"], vectors["channel"]) == (1, 1, 7)


# -------------------------------------------------------------------------------------- every function against ops


def test_convolution(rng, x):
    W, b = rng.standard_normal((4, 2, 3, 3)), rng.standard_normal(4)
    out, cache = ops.conv_forward(x, W, b, stride=2, pad=1)
    param = {"w": filters_in_rows(W), "b": b}
    output = handout.conv_layer_forward(as_maps(x), CONV, param)
    np.testing.assert_allclose(as_images(output), out, atol=1e-13)
    dout = rng.standard_normal(out.shape)
    dx, dW, db = ops.conv_backward(dout, cache)
    grad, input_od = handout.conv_layer_backward(with_diff(output, dout), as_maps(x), CONV, param)
    np.testing.assert_allclose(input_od, as_maps(dx)["data"], atol=1e-13)
    np.testing.assert_allclose(grad["w"], filters_in_rows(dW), atol=1e-13)
    np.testing.assert_allclose(grad["b"], db, atol=1e-13)


def test_windows_of_one_image_and_their_adjoint(rng, x):
    one = {**as_maps(x[:1]), "data": as_maps(x[:1])["data"][:, 0]}
    col = handout.im2col_conv(one, CONV, 3, 4)
    padded = np.pad(x[0].transpose(1, 2, 0), ((1, 1), (1, 1), (0, 0)))
    for i, j in np.ndindex(3, 4):
        np.testing.assert_array_equal(col[:, i * 4 + j], padded[2 * i:2 * i + 3, 2 * j:2 * j + 3].ravel())
    other = rng.standard_normal(col.shape)
    assert np.sum(col * other) == pytest.approx(np.sum(one["data"] * handout.col2im_conv(other, one, CONV, 3, 4)))


@pytest.mark.parametrize("k, stride", [(2, 2), (2, 1), (3, 2)])
def test_pooling(rng, x, k, stride):
    layer = {**POOL, "k": k, "stride": stride}
    out, cache = ops.max_pool_forward(x, k, stride)
    output = handout.pooling_layer_forward(as_maps(x), layer)
    np.testing.assert_array_equal(as_images(output), out)
    dout = rng.standard_normal(out.shape)
    input_od = handout.pooling_layer_backward(with_diff(output, dout), as_maps(x), layer)
    np.testing.assert_array_equal(input_od, as_maps(ops.max_pool_backward(dout, cache))["data"])


def test_relu(rng, x):
    output = handout.relu_forward(as_maps(x), RELU)
    np.testing.assert_array_equal(as_images(output), np.maximum(x, 0))
    dout = rng.standard_normal(x.shape)
    input_od = handout.relu_backward(with_diff(output, dout), as_maps(x), RELU)
    np.testing.assert_array_equal(input_od, as_maps(ops.relu_backward(dout, x))["data"])


def test_inner_product(rng, x):
    maps, param = as_maps(x), {"w": rng.standard_normal((70, 5)), "b": rng.standard_normal(5)}
    output = handout.inner_product_forward(maps, IP, param)
    np.testing.assert_allclose(output["data"], param["w"].T @ maps["data"] + param["b"][:, None])
    assert (output["height"], output["width"], output["channel"], output["batch_size"]) == (1, 1, 5, 3)
    diff = rng.standard_normal((5, 3))
    grad, input_od = handout.inner_product_backward({**output, "diff": diff}, maps, IP, param)
    np.testing.assert_allclose(input_od, param["w"] @ diff)
    np.testing.assert_allclose(grad["w"], maps["data"] @ diff.T)
    np.testing.assert_allclose(grad["b"], diff.sum(axis=1))


def test_mlrloss_is_softmax_loss_with_a_tenth_score_of_zero(rng):
    wb, X, y = rng.standard_normal((8, 9)), rng.standard_normal((7, 6)), np.array([9, 0, 3, 9, 8, 1])
    W, b = np.column_stack((wb[:-1], np.zeros(7))), np.append(wb[-1], 0)
    scores, cache = ops.inner_product_forward(X.T, W, b)
    loss, dscores = ops.softmax_loss(scores, y)
    dx, dW, db = ops.inner_product_backward(dscores, cache)
    nll, g, od, percent = handout.mlrloss(wb, X, y, 10)
    assert nll == pytest.approx(6 * loss) and percent == np.mean(scores.argmax(axis=1) == y)
    np.testing.assert_allclose(g, 6 * np.vstack((dW, db))[:, :9], atol=1e-14)
    np.testing.assert_allclose(od, 6 * dx.T, atol=1e-14)


def test_sgd_momentum_by_hand_and_learning_rate():
    params = {1: {"w": np.array([[1.0], [-2.0]]), "b": np.array([3.0])}}
    winc = {1: {"w": np.array([[0.5], [0.0]]), "b": np.array([1.0])}}
    grad = {1: {"w": np.array([[0.1], [0.2]]), "b": np.array([0.3])}}
    new, new_winc = handout.sgd_momentum(0.1, 0.2, 0.9, 0.01, params, winc, grad)
    np.testing.assert_allclose(new_winc[1]["w"], [[0.45 + 0.1 * 0.11], [0.1 * 0.18]])
    np.testing.assert_allclose(new_winc[1]["b"], [0.9 + 0.2 * 0.3])                    # its own rate, no decay
    np.testing.assert_allclose(new[1]["b"], 3 - new_winc[1]["b"])
    assert params[1]["w"][0, 0] == 1 and winc[1]["b"] == 1
    assert handout.get_lr(0, 0.01, 1e-4, 0.75) == 0.01
    assert handout.get_lr(10_000, 0.01, 1e-4, 0.75) == pytest.approx(0.01 / 2 ** 0.75)


def test_one_sided_difference_is_the_coarser_one(rng):
    maps = {**as_maps(rng.standard_normal((2, 3))), "diff": np.ones((3, 2))}

    def cube(input):
        return {**input, "data": input["data"] ** 3}
    truth, h = 3 * maps["data"] ** 2, 1e-3
    one_sided = np.abs(handout.finite_difference(with_diff(cube(maps), np.ones((2, 3))), maps, h, cube) - truth).max()
    central = np.abs(numeric_gradient(lambda x: np.sum(x ** 3), maps["data"], h) - truth).max()
    assert central < 1.1e-6 and 100 * central < one_sided < 0.01
    output = handout.inner_product_forward(maps, IP, param := {"w": rng.standard_normal((3, 5)), "b": np.zeros(5)})
    output["diff"] = rng.standard_normal((5, 2))
    approx = handout.finite_difference(output, maps, 1e-6, lambda input: handout.inner_product_forward(input, IP, param))
    np.testing.assert_allclose(approx, handout.inner_product_backward(output, maps, IP, param)[1], atol=1e-8)


# ------------------------------------------------------------------------------------------------------ whole network


SMALL = {1: {"type": "DATA", "height": 6, "width": 8, "channel": 2, "batch_size": 3},
         2: {"type": "CONV", "num": 3, "k": 3, "stride": 1, "pad": 0, "group": 1},
         3: POOL, 4: {**IP, "num": 4}, 5: RELU, 6: {"type": "LOSS", "num": 3}}


def in_float64(params):
    return {i: {name: value.astype(np.float64) for name, value in param.items()} for i, param in params.items()}


def test_gradients_of_conv_net_against_small_nudges(rng):
    params = in_float64(handout.init_convnet(SMALL, rng))
    data, labels = rng.standard_normal((96, 3)), np.array([2, 0, 1])
    cp, grads = handout.conv_net(params, SMALL, data, labels)
    assert grads.keys() == params.keys() == {1, 2, 3, 4, 5}
    for i, name in itertools.product((1, 3, 5), "wb"):
        def cost(value, i=i, name=name):
            return handout.conv_net({**params, i: {**params[i], name: value}}, SMALL, data, labels)[0]["cost"]
        np.testing.assert_allclose(grads[i][name], numeric_gradient(cost, params[i][name]), atol=1e-8)
    assert grads[2]["w"].size == grads[4]["b"].size == 0 and cp["percent"] in (0, 1 / 3, 2 / 3, 1)


def test_lenet_is_the_workbooks_lenet(rng, digits):
    """The same weights in both, the tenth score pinned to 0: the same loss and the same gradients."""
    net = lenet(rng, np.float64)
    names = {1: "conv1", 3: "conv2", 5: "ip1", 7: "ip2"}
    layers, params = handout.lenet_layers(12), dict.fromkeys(range(1, 8), handout.NO_PARAM)
    net["ip2"].params = {"W": net["ip2"].params["W"] * (np.arange(10) < 9), "b": net["ip2"].params["b"]}
    rows = np.arange(800).reshape(50, 4, 4).transpose(1, 2, 0).ravel()          # (c, h, w) read as (h, w, c)

    def in_handout(name, W, b):
        if name == "ip2":
            return {"w": W[:, :9], "b": b[:9]}
        return {"w": filters_in_rows(W) if W.ndim == 4 else W[rows], "b": b}

    for i, name in names.items():
        params[i] = in_handout(name, *net[name].params.values())
    assert {i: (p["w"].shape, p["b"].shape) for i, p in handout.init_convnet(layers, rng).items()} == {
        i: (p["w"].shape, p["b"].shape) for i, p in params.items()}
    x, y = digits.train_x[:12], digits.train_y[:12]
    loss, scores = net.loss(x, y)
    cp, grads = handout.conv_net(params, layers, x.reshape(12, -1).T.astype(np.float64), y)
    assert cp["cost"] == pytest.approx(loss) and cp["percent"] == np.mean(scores.argmax(axis=1) == y)
    for i, name in names.items():
        for key, value in in_handout(name, *net[name].grads.values()).items():
            np.testing.assert_allclose(grads[i][key], value, atol=1e-12)


def test_first_weights_and_data(rng, digits, monkeypatch):
    params = handout.init_convnet(handout.lenet_layers(), rng)
    for i, volume in {1: 784, 3: 12 * 12 * 20, 5: 800, 7: 500}.items():
        assert 0.95 * np.sqrt(3 / volume) < np.abs(params[i]["w"]).max() <= np.sqrt(3 / volume)
        assert not params[i]["b"].any() and params[i]["w"].dtype == np.float32
    monkeypatch.setattr(handout.script.datasets, "load_mnist", lambda: digits)
    xtrain, ytrain, xvalidate, yvalidate, xtest, ytest = handout.load_mnist()
    assert xtrain.shape[0] == xvalidate.shape[0] == xtest.shape[0] == 784
    assert len(ytrain) == xtrain.shape[1] == 1197 and len(yvalidate) == xvalidate.shape[1] == 240 and len(ytest) == xtest.shape[1]
    np.testing.assert_array_equal(xtrain[:, 5].reshape(28, 28), digits.train_x[5, 0])


def test_an_unknown_init_type_gets_a_sentence(rng):
    with pytest.raises(ValueError, match="'uniform'; layer 4 has 'xavier'"):
        handout.init_convnet({**SMALL, 4: {**IP, "init_type": "xavier"}}, rng)


def test_the_small_set_is_a_twentieth(mnist):
    xtrain, _, xvalidate, _, xtest, _ = handout.load_mnist(fullset=False)
    assert (xtrain.shape[1], xvalidate.shape[1], xtest.shape[1]) == (2500, 500, 10_000)


# ----------------------------------------------------------------------------- a student's functions, loops per image


class Student:
    """Written as a student would who has the handout beside them: one image after the other."""

    def pooling_layer_forward(input, layer):
        h, w, c, n = input["height"], input["width"], input["channel"], input["batch_size"]
        k, s = layer["k"], layer["stride"]
        ho, wo = (h - k) // s + 1, (w - k) // s + 1
        data = np.zeros((ho * wo * c, n))
        for m in range(n):
            im, out = input["data"][:, m].reshape(h, w, c), np.zeros((ho, wo, c))
            for i in range(ho):
                for j in range(wo):
                    out[i, j] = im[i * s:i * s + k, j * s:j * s + k].max(axis=(0, 1))
            data[:, m] = out.flatten()
        return {"height": ho, "width": wo, "channel": c, "batch_size": n, "data": data}

    def pooling_layer_backward(output, input, layer):
        h, w, c, n = input["height"], input["width"], input["channel"], input["batch_size"]
        k, s = layer["k"], layer["stride"]
        input_od, channels = np.zeros(input["data"].shape), np.arange(c)
        for m in range(n):
            im, d = input["data"][:, m].reshape(h, w, c), np.zeros((h, w, c))
            diff = output["diff"][:, m].reshape(output["height"], output["width"], c)
            for i in range(output["height"]):
                for j in range(output["width"]):
                    first = im[i * s:i * s + k, j * s:j * s + k].reshape(k * k, c).argmax(axis=0)
                    d[i * s + first // k, j * s + first % k, channels] += diff[i, j]
            input_od[:, m] = d.flatten()
        return input_od

    def relu_forward(input, layer):
        output = dict(input)
        output["data"] = np.zeros(input["data"].shape)
        for m in range(input["batch_size"]):
            output["data"][:, m] = input["data"][:, m] * (input["data"][:, m] > 0)
        return output

    def relu_backward(output, input, layer):
        input_od = output["diff"].copy()
        for m in range(input["batch_size"]):
            input_od[input["data"][:, m] <= 0, m] = 0
        return input_od

    def inner_product_forward(input, layer, param):
        n, num = input["batch_size"], layer["num"]
        output = {"height": num, "width": 1, "channel": 1, "batch_size": n, "data": np.zeros((num, n))}
        for m in range(n):
            output["data"][:, m] = np.dot(param["w"].T, input["data"][:, m]) + param["b"]
        return output

    def inner_product_backward(output, input, layer, param):
        param_grad = {"w": np.zeros(param["w"].shape), "b": np.zeros(param["b"].shape)}
        input_od = np.zeros(input["data"].shape)
        for m in range(input["batch_size"]):
            param_grad["w"] += np.outer(input["data"][:, m], output["diff"][:, m])
            param_grad["b"] += output["diff"][:, m]
            input_od[:, m] = np.dot(param["w"], output["diff"][:, m])
        return param_grad, input_od

    def sgd_momentum(w_rate, b_rate, mu, decay, params, param_winc, param_grad):
        params_, param_winc_ = {}, {}
        for i in range(1, len(params) + 1):
            winc_w = mu * param_winc[i]["w"] + w_rate * (param_grad[i]["w"] + decay * params[i]["w"])
            winc_b = mu * param_winc[i]["b"] + b_rate * param_grad[i]["b"]
            param_winc_[i] = {"w": winc_w, "b": winc_b}
            params_[i] = {"w": params[i]["w"] - winc_w, "b": params[i]["b"] - winc_b}
        return params_, param_winc_


STUDENT = {name: getattr(Student, name) for name in handout.SEVEN}
IN_OPS = {"pooling_layer_forward": "max_pool_forward", "pooling_layer_backward": "max_pool_backward"}


@pytest.fixture
def small_data(monkeypatch, digits):
    monkeypatch.setattr(handout.script.datasets, "load_mnist", lambda: digits)


def printed(**options):
    lines = []
    params = handout.test_lenet(report=lines.append, **options)
    return "\n".join(lines) + "\n", params


def test_the_script_prints_what_the_homework_prints_and_learns(small_data):
    text, params = printed(max_iter=100, display_interval=10, test_interval=50)
    number = r"\d\.\d{6}"
    assert re.fullmatch(rf"((cost = {number} training_percent = {number}\n){{5}}\ntest accuracy: {number}\n\n){{2}}", text)
    costs = [float(cost) for cost in re.findall(r"cost = (\S+)", text)]
    accuracies = [float(accuracy) for accuracy in re.findall(r"accuracy: (\S+)", text)]
    assert costs[0] > 2 and costs[-1] < 1 and 0.7 < accuracies[-1] == max(accuracies)
    assert params.keys() == set(range(1, 8)) and params[7]["w"].shape == (500, 9)


@pytest.mark.parametrize("given", [STUDENT, Student, {"__name__": "", "x": 1, **STUDENT}], ids=["dict", "class", "globals"])
def test_a_students_functions_train_alike(small_data, given):
    options = {"max_iter": 3, "display_interval": 1}
    mine, mine_params = printed(functions=given, **options)
    ours, our_params = printed(**options)
    np.testing.assert_allclose(*([float(number) for number in re.findall(r"\d\.\d+", text)] for text in (mine, ours)), atol=2e-6)
    assert mine_params[5]["w"].dtype == np.float32
    np.testing.assert_allclose(mine_params[5]["w"], our_params[5]["w"], atol=1e-6)


def test_a_module_may_hold_only_some_of_them(small_data):
    module = types.ModuleType("cnn_lenet")
    module.relu_forward, module.load_mnist = Student.relu_forward, None
    assert printed(functions=module, max_iter=1, display_interval=1)[0] == printed(max_iter=1, display_interval=1)[0]


@pytest.mark.parametrize("functions, words", [
    ({"relu_foward": Student.relu_forward}, "can be your own are pooling_layer_forward, .*'relu_foward' is none of them"),
    ({}, "there is none of them here"),
    (types.ModuleType("empty"), "there is none of them here"),
    ({"relu_forward": None}, "relu_forward: None is not a function"),
])
def test_functions_that_are_none_get_a_sentence(functions, words, rng):
    with pytest.raises(ValueError, match=words):
        handout.conv_net(handout.init_convnet(SMALL, rng), SMALL, np.zeros((96, 3)), np.zeros(3, int), functions)


def test_a_run_that_runs_away_ends_with_a_sentence(small_data):
    def uphill(w_rate, b_rate, *rest):
        return handout.sgd_momentum(-1e4 * w_rate, b_rate, *rest)
    with np.errstate(all="ignore"), pytest.raises(Diverged, match=r"at iteration \d+: check the gradients"):
        handout.test_lenet({"sgd_momentum": uphill}, max_iter=50, report=str)


@pytest.mark.parametrize("changed, words", [
    ({3: {**POOL, "pad": 1}}, "pooling has pad 0"),
    ({2: {**SMALL[2], "group": 2}}, "group 1"),
    ({5: {"type": "ELU"}}, "no layer of type 'ELU'"),
    ({1: {**SMALL[1], "batch_size": 4}}, r"data has shape \(96, 3\); expected \(96, 4\)"),
    ({6: RELU}, "last of type LOSS"),
])
def test_layers_that_do_not_fit_get_a_sentence(rng, changed, words):
    params = handout.init_convnet(SMALL, rng)
    with pytest.raises(ValueError, match=words):
        handout.conv_net(params, {**SMALL, **changed}, np.zeros((96, 3), np.float32), np.zeros(3, int))


# ----------------------------------------------------------------------------------------------- as functions of ops


@pytest.mark.parametrize("given", [handout.SEVEN, STUDENT], ids=["ours", "loops"])
@pytest.mark.parametrize("shape", [(3, 2, 5, 7), (3, 6)])
def test_adapted_functions_equal_ops(rng, given, shape):
    x = rng.standard_normal(shape).round(1)
    W, b = rng.standard_normal((x[0].size, 4)), rng.standard_normal(4)
    own = {name: adapted(name, function) for name, function in given.items()}
    cases = [("relu", (x,)), ("inner_product", (x, W, b))]
    cases += [("pooling_layer", (x, 2)), ("pooling_layer", (x, 3, 1))] if x.ndim == 4 else []
    for name, arguments in cases:
        theirs = [getattr(ops, IN_OPS.get(name + way, name + way)) for way in ("_forward", "_backward")]
        (out, cache), (expected, expected_cache) = own[name + "_forward"](*arguments), theirs[0](*arguments)
        np.testing.assert_allclose(out, expected, atol=1e-13)
        assert out.dtype == expected.dtype
        for mine, right in zip(cache, expected_cache):
            np.testing.assert_array_equal(mine, right)
        dout = rng.standard_normal(out.shape)
        grads, right = own[name + "_backward"](dout, cache), theirs[1](dout, expected_cache)
        for mine, one in zip(grads, right) if isinstance(right, tuple) else [(grads, right)]:
            assert mine.shape == one.shape
            np.testing.assert_allclose(mine, one, atol=1e-13)


@pytest.mark.parametrize("given", [handout.SEVEN, STUDENT], ids=["ours", "loops"])
def test_adapted_update_equals_train(rng, given):
    own = adapted("sgd_momentum", given["sgd_momentum"])
    for shape in ((4, 2, 3, 3), (5, 2), (5,), ()):
        p, dp = rng.standard_normal((2, *shape)).astype(np.float32)
        for v in (np.zeros((), np.float32), np.array(0.1 * p)):
            for mine, right in zip(own(p, v, dp, 0.1, decay=0.01), train_step(p, v, dp, 0.1, decay=0.01)):
                assert mine.shape == np.shape(p) and mine.dtype == np.float32
                np.testing.assert_allclose(mine, right, rtol=1e-6, atol=1e-7)


def test_adapted_functions_train_a_network(rng, digits):
    own, package = lenet(np.random.default_rng(3)), lenet(np.random.default_rng(3))
    kinds = {"pool1": "max_pool", "pool2": "max_pool", "relu1": "relu", "ip1": "inner_product", "ip2": "inner_product"}
    for layer, kind in kinds.items():
        theirs = {"max_pool": "pooling_layer"}.get(kind, kind)
        own[layer].use(**{way: adapted(f"{kind}_{way}", STUDENT[f"{theirs}_{way}"]) for way in ("forward", "backward")})
    batch = [(digits.train_x[:8], digits.train_y[:8])] * 2
    assert [s.loss for s in train(own, batch, 0.05)] == pytest.approx([s.loss for s in train(package, batch, 0.05)], abs=1e-6)
    np.testing.assert_allclose(own["conv1"].params["W"], package["conv1"].params["W"], atol=1e-6)


# ----------------------------------------------------------------------------------- what is wrong, in one sentence


def in_place(input, layer):
    input["data"][input["data"] < 0] = 0
    return input


def not_written(input, layer):
    data = ...
    return {**input, "data": np.zeros(data.shape)}


def same_dict(input, layer):
    input["data"] = np.maximum(input["data"], 0)
    return input


def decay_in_place(w_rate, b_rate, mu, decay, params, param_winc, param_grad):
    params[1]["w"] -= w_rate * param_grad[1]["w"]
    return params, param_winc


def with_input(**changes):
    return lambda input, layer: {**input, **changes}


@pytest.mark.parametrize("name, function, words", [
    ("relu_forward", lambda input, layer: None, r"relu_forward: returns nothing.*expected a dict with height"),
    ("relu_forward", lambda input, layer: ..., r"relu_forward: returns `...`, which stands for what is to be written; expected a dict"),
    ("relu_forward", not_written, r"relu_forward: it still computes with `...` in the place of something that is to be written"),
    ("sgd_momentum", lambda *arguments: (arguments[4] * ..., arguments[5]), "sgd_momentum: it still computes with `...`"),
    ("relu_forward", lambda input, layer: input["data"], r"returns an array of float64 of shape \(70, 3\); expected a dict"),
    ("relu_forward", lambda input, layer: {"data": input["data"]}, "returns a dict with data; expected a dict with height"),
    ("relu_forward", with_input(data=np.zeros((3, 70))), r"\(3, 70\); expected an array of real numbers of shape \(70, 3\)"),
    ("relu_forward", with_input(data=[[0.0]]), r"output\['data'\] is 1 values; expected an array"),
    ("relu_forward", with_input(height=7), r"output\['height'\] is 7; expected 5"),
    ("relu_forward", in_place, "relu_forward: it changes an array that it was given"),
    ("relu_forward", same_dict, r"relu_forward: it changes input\['data'\], which it was given; expected a new dict"),
    ("max_pool_forward", with_input(), r"pooling_layer_forward: output\['height'\] is 5; expected 2"),
    ("relu_backward", lambda output, input, layer: None, "relu_backward: input_od is nothing"),
    ("pooling_layer_backward", lambda output, input, layer: output["diff"],
     r"pooling_layer_backward: input_od is an array of float64 of shape \(12, 3\); expected .* of shape \(70, 3\)"),
    ("inner_product_forward", lambda input, layer, param: {**input, "data": np.zeros((3, 4))}, r"expected .* of shape \(4, 3\)"),
    ("inner_product_backward", lambda output, input, layer, param: input["data"], "expected two values, param_grad and input_od"),
    ("inner_product_backward", lambda output, input, layer, param: ({"w": param["w"]}, input["data"]),
     "param_grad is a dict with w; expected a dict with w and b"),
    ("inner_product_backward", lambda output, input, layer, param: ({"w": param["w"].T, "b": param["b"]}, input["data"]),
     r"param_grad\['w'\] is .* \(4, 70\); expected .* of shape \(70, 4\)"),
    ("inner_product_backward", lambda output, input, layer, param: (param, None), "input_od is nothing"),
    ("sgd_momentum", lambda *arguments: arguments[4], "sgd_momentum: returns a dict with 1; expected two values"),
    ("sgd_momentum", lambda *arguments: ({}, {}), r"params is a dict with nothing in it; expected .* the keys of params, \[1\]"),
    ("sgd_momentum", lambda *arguments: (arguments[4], {1: {}}), r"param_winc\[1\] is a dict with nothing in it"),
    ("sgd_momentum", decay_in_place, "sgd_momentum: it changes an array"),
])
def test_a_wrong_result_gets_a_sentence(rng, x, name, function, words):
    W = rng.standard_normal((70, 4))
    arguments = {"relu_forward": (x,), "max_pool_forward": (x, 2), "relu_backward": (x, x),
                 "pooling_layer_backward": (x[:, :, :2, :3], (x, x[:, :, :2, :3], 2, 2)), "inner_product_forward": (x, W, W[0]),
                 "inner_product_backward": (np.ones((3, 4)), (x, W)), "sgd_momentum": (x, x, x, 0.1)}[name]
    before = x.copy()
    with pytest.raises(ValueError, match=words) as raised:
        adapted(name, function)(*arguments)
    assert "\n" not in str(raised.value)
    np.testing.assert_array_equal(x, before)


def test_an_unknown_name_gets_a_sentence():
    with pytest.raises(ValueError, match="no function 'softmax' in the homework; there are: pooling_layer_forward"):
        adapted("softmax", ops.softmax)
    with pytest.raises(ValueError, match="relu_forward: Ellipsis is not a function"):
        adapted("relu_forward", ...)


def test_errors_of_the_function_itself_come_through_with_a_word_about_python_2(x):
    def halves(input, layer):
        return np.zeros((input["height"] / 2, 3))
    with pytest.raises(TypeError) as raised:
        adapted("pooling_layer_forward", halves)(x, 2)
    assert "write 5 // 2" in raised.value.__notes__[0]
    with pytest.raises(ValueError, match="could not be broadcast"):
        adapted("relu_forward", lambda input, layer: np.zeros(3) + np.zeros(4))(x)
