"""PyTorch as a second opinion, where it is installed (it is not a dependency). All networks are compared in `test_libraries`."""

import itertools

import numpy as np
import pytest

from lenet_core import lenet, ops, train

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


@pytest.mark.parametrize("window", [[np.nan, 1, 3, 2], [3, 2, 1, np.nan], [1, 3, np.nan, 2]])
def test_a_nan_is_pooled_as_in_pytorch(window):
    """Of several NaNs in a window PyTorch pays the last one, and this package the first (`test_ops`)."""
    x = np.reshape(window, (1, 1, 2, 2))
    tx = torch.tensor(x, requires_grad=True)
    out, cache = ops.max_pool_forward(x, 2)
    tout = torch.nn.functional.max_pool2d(tx, 2)
    tout.sum().backward()
    np.testing.assert_array_equal(out, tout.detach().numpy())
    np.testing.assert_array_equal(ops.max_pool_backward(np.ones_like(out), cache), tx.grad.numpy())
