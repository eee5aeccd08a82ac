"""PyTorch as a second opinion, where it is installed (it is not a dependency)."""

import itertools

import numpy as np
import pytest

from lenet_core import lenet, ops, train
from lenet_lab import networks

torch = pytest.importorskip("torch", reason="PyTorch is not installed: no second opinion", exc_type=ImportError)


@pytest.mark.parametrize("stride, pad", [(1, 0), (2, 1), (3, 2)])
def test_convolution_and_pooling_agree(rng, stride, pad):
    x, W, b = rng.standard_normal((2, 3, 9, 8)), rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    x = x.round(1)                                                     # ties in the pooling windows
    tx, tW, tb = (torch.tensor(a, requires_grad=True) for a in (x, W, b))
    out, cache = ops.conv_forward(x, W, b, stride, pad)
    tout = torch.nn.functional.conv2d(tx, tW, tb, stride, pad)
    dout = rng.standard_normal(out.shape)
    tout.backward(torch.tensor(dout))
    for mine, theirs in zip((out, *ops.conv_backward(dout, cache)), (tout, tx.grad, tW.grad, tb.grad)):
        np.testing.assert_allclose(mine, theirs.detach().numpy(), atol=1e-12)
    for k, s in ((2, 2), (2, 1), (3, 2)):
        tx.grad = None
        out, cache = ops.max_pool_forward(x, k, s)
        tout = torch.nn.functional.max_pool2d(tx, k, s)
        dout = rng.standard_normal(out.shape)
        tout.backward(torch.tensor(dout))
        np.testing.assert_array_equal(out, tout.detach().numpy())
        np.testing.assert_allclose(ops.max_pool_backward(dout, cache), tx.grad.numpy(), atol=1e-14)


def test_twenty_steps_of_lenet_agree(rng, digits):
    net = lenet(rng, np.float64)
    twin = torch.nn.Sequential(torch.nn.Conv2d(1, 20, 5), torch.nn.MaxPool2d(2), torch.nn.Conv2d(20, 50, 5), torch.nn.MaxPool2d(2),
                               torch.nn.Flatten(), torch.nn.Linear(800, 500), torch.nn.ReLU(), torch.nn.Linear(500, 10)).double()
    for module, name in ((twin[0], "conv1"), (twin[2], "conv2"), (twin[5], "ip1"), (twin[7], "ip2")):
        W, b = net[name].params["W"], net[name].params["b"]
        module.weight.data, module.bias.data = torch.tensor(W if W.ndim == 4 else W.T), torch.tensor(b)
    x, y = digits.train_x[:64].astype(np.float64), digits.train_y[:64]
    optimiser = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.9)
    theirs = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(twin(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        optimiser.step()
        theirs.append(loss.item())
    mine = [step.loss for step in itertools.islice(train(net, itertools.repeat((x, y)), 0.05), 20)]
    np.testing.assert_allclose(mine, theirs, rtol=1e-9)


def kernels_of(table, W):
    """The kernels of an ordinary convolution of six maps: those of the table, and 0 where it has none."""
    kernels = iter(W)
    return torch.stack([torch.stack([next(kernels) if c in maps else torch.zeros_like(W[0]) for c in range(6)]) for maps in table])


F = torch.nn.functional
THEIRS = {
    "conv": lambda x, W, b, pad=0: F.conv2d(x, W, b, padding=pad),
    "max_pool": lambda x, k: F.max_pool2d(x, k),
    "relu": F.relu,
    "inner_product": lambda x, W, b: F.linear(x.flatten(1), W.T, b),
    "table_conv": lambda x, W, b, table: F.conv2d(x, kernels_of(table, W), b),
    "subsample": lambda x, W, b: 4 * F.avg_pool2d(x, 2) * W[:, None, None] + b[:, None, None],
    "scaled_tanh": lambda x: 1.7159 * torch.tanh(2 / 3 * x),
}


@pytest.mark.parametrize("make", [networks.comp3314, networks.report, networks.fman45, networks.fman45_deeper, networks.cmpe597, networks.lenet5],
                         ids=lambda make: make.__name__)
def test_networks_of_the_zoo_agree(make, rng):
    """Scores, loss and every gradient of every network, whose layers PyTorch computes with the same parameters."""
    net = make(rng, np.float64, bound=networks.fan_in)
    x, y = rng.standard_normal((4, *net.input_shape)), rng.integers(0, 10, 4)
    mine, scores = net.loss(x, y)
    image = torch.tensor(x, requires_grad=True)
    twins = {layer.name: [torch.tensor(p, requires_grad=True) for p in layer.params.values()] for layer in net.layers}
    out = image
    for layer in net.layers:
        out = THEIRS[layer.kind](out, *twins[layer.name], **layer.options)
    theirs = F.cross_entropy(out, torch.tensor(y))
    theirs.backward()
    assert mine == pytest.approx(theirs.item(), rel=1e-12)
    np.testing.assert_allclose(scores, out.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(net.layers[0].dx, image.grad.numpy(), atol=1e-12)
    for layer in net.layers:
        for gradient, twin in zip(layer.grads.values(), twins[layer.name], strict=True):
            np.testing.assert_allclose(gradient, twin.grad.numpy(), atol=1e-12)
