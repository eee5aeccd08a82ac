"""Laws that hold for every shape and every number, tried on examples that hypothesis draws (the same ones in every run).

Where the numbers are small whole ones, sums of products are exact in floating point whatever their order: there, equal means equal.
"""

import gzip
import itertools
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import assume, example, given, settings, strategies as st
from scipy.io import savemat

from lenet_core import load_cifar10, load_mnist, ops, reference
from lenet_core.data import MNIST_FILES, Dataset, write_shared
from lenet_core.net import Layer, Net
from lenet_core.training import TrainingState, load_checkpoint, minibatches, save_checkpoint, train
from lenet_lab.check import progress_store
from lenet_lab.check.toy_questions import ANSWERS, toy
from lenet_lab.toy.practice import problem
from lenet_lab.toy.worked import show

from .fuzz.targets import CLASSES

law = settings(derandomize=True, max_examples=25, deadline=None, database=None)
seeds = st.integers(0, 2 ** 32)


def whole(seed, *shape, dtype=np.float64):
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


@st.composite
def convolutions(draw):
    """x, W, b, stride, pad, dout of any shapes that fit, in whole numbers."""
    N, C, F, k = (draw(st.integers(1, 3)) for _ in range(4))
    stride, pad = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    H, W = (draw(st.integers(max(1, k - 2 * pad), 7)) for _ in range(2))
    seed = draw(seeds)
    OH, OW = (ops.output_size(size, k, stride, pad) for size in (H, W))
    return (whole(seed, N, C, H, W), whole(seed + 1, F, C, k, k), whole(seed + 2, F), stride, pad, whole(seed + 3, N, F, OH, OW))


@st.composite
def poolings(draw):
    """x (with many ties), k, stride, dout."""
    N, C, k, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    H, W = (draw(st.integers(k, 7)) for _ in range(2))
    seed = draw(seeds)
    return whole(seed, N, C, H, W), k, stride, whole(seed + 1, N, C, ops.output_size(H, k, stride), ops.output_size(W, k, stride))


# ----------------------------------------------------------------------------------------------------------- operations


@law
@given(convolutions())
def test_convolution_is_its_loops(made):
    x, W, b, stride, pad, dout = made
    out, cache = ops.conv_forward(x, W, b, stride, pad)
    np.testing.assert_array_equal(out, reference.conv_forward(x, W, b, stride, pad))
    for got, wanted in zip(ops.conv_backward(dout, cache), reference.conv_backward(dout, x, W, stride, pad)):
        np.testing.assert_array_equal(got, wanted)


@law
@given(convolutions())
def test_convolution_and_its_gradients_are_adjoint(made):
    """<conv(x), d> = <x, dx> = <W, dW> without bias: conv is linear in x and in W."""
    x, W, b, stride, pad, dout = made
    out, cache = ops.conv_forward(x, W, 0 * b, stride, pad)
    dx, dW, db = ops.conv_backward(dout, cache)
    assert (out * dout).sum() == (x * dx).sum() == (W * dW).sum() and (db == dout.sum(axis=(0, 2, 3))).all()


@law
@given(convolutions())
def test_windows_and_adding_back_are_adjoint(made):
    x, W, _, stride, pad, _ = made
    k = W.shape[-1]
    cols = ops.im2col(x, k, stride, pad)
    others = whole(1, *cols.shape)
    assert (cols * others).sum() == (x * ops.col2im(others, x.shape, k, stride, pad)).sum()


@law
@given(convolutions(), st.integers(1, 2))
def test_a_batch_is_its_images(made, n):
    x, W, b, stride, pad, _ = made
    np.testing.assert_array_equal(ops.conv_forward(x[:n], W, b, stride, pad)[0], ops.conv_forward(x, W, b, stride, pad)[0][:n])


@law
@given(convolutions())
def test_number_types_stay_and_arguments_too(made):
    arrays = [part.astype("f") for part in made[:3]]
    before = [array.copy() for array in arrays]
    out, cache = ops.conv_forward(*arrays, *made[3:5])
    grads = ops.conv_backward(made[5].astype("f"), cache)
    assert all(array.dtype == np.float32 for array in (out, *grads))
    assert all((array == old).all() for array, old in zip(arrays, before))


@law
@given(poolings())
def test_pooling_is_its_loops_and_hands_on_every_gradient(made):
    x, k, stride, dout = made
    out, cache = ops.max_pool_forward(x, k, stride)
    dx = ops.max_pool_backward(dout, cache)
    np.testing.assert_array_equal(out, reference.max_pool_forward(x, k, stride))
    np.testing.assert_array_equal(dx, reference.max_pool_backward(dout, x, k, stride))
    np.testing.assert_array_equal(dx.sum(axis=(2, 3)), dout.sum(axis=(2, 3)))


@law
@given(poolings())
def test_pooling_does_not_mind_what_keeps_the_order(made):
    x, k, stride, dout = made
    out, cache = ops.max_pool_forward(x, k, stride)
    other, its_cache = ops.max_pool_forward(3 * x + 7, k, stride)
    np.testing.assert_array_equal(other, 3 * out + 7)
    np.testing.assert_array_equal(ops.max_pool_backward(dout, cache), ops.max_pool_backward(dout, its_cache))


@law
@given(seeds, st.integers(1, 4), st.integers(1, 6), st.integers(1, 5))
def test_inner_product_and_relu_are_their_loops(seed, N, D, M):
    x, W, b, dout = whole(seed, N, D), whole(seed + 1, D, M), whole(seed + 2, M), whole(seed + 3, N, M)
    out, cache = ops.inner_product_forward(x, W, b)
    np.testing.assert_array_equal(out, reference.inner_product_forward(x, W, b))
    for got, wanted in zip(ops.inner_product_backward(dout, cache), reference.inner_product_backward(dout, x, W)):
        np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(ops.relu_forward(out)[0], reference.relu_forward(out))
    np.testing.assert_array_equal(ops.relu_backward(dout, ops.relu_forward(out)[1]), reference.relu_backward(dout, out))


numbers = st.lists(st.lists(st.floats(-600, 600), min_size=3, max_size=3), min_size=1, max_size=4).map(np.array)


@law
@given(numbers, st.floats(-1e4, 1e4), st.permutations(range(3)))
@example(np.array([[1e4, -1e4, 0]]), 0.0, [0, 1, 2])
def test_softmax(scores, shift, order):
    p = ops.softmax(scores)
    assert (p >= 0).all() and np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert (p[range(len(p)), scores.argmax(axis=1)] == p.max(axis=1)).all()
    np.testing.assert_allclose(ops.softmax(scores[:, order]), p[:, order], rtol=1e-14)
    np.testing.assert_allclose(ops.softmax(scores + shift), p, rtol=1e-8, atol=1e-12)        # 1e4 rounds a score by 1e-12, times 600


@law
@given(numbers, seeds)
def test_softmax_loss(scores, seed):
    y = np.random.default_rng(seed).integers(0, 3, len(scores))
    loss, dscores = ops.softmax_loss(scores, y)
    wanted, dwanted = reference.softmax_loss(scores, y)
    assert loss >= 0 and np.isclose(loss, wanted, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dscores, dwanted, atol=1e-14)
    np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-15)          # a step along (1, 1, 1) changes nothing


# ---------------------------------------------------------------------------------------------------- practice problems


@law
@given(st.integers(0, 10 ** 6), st.sampled_from([0.0, 0.5, 1.0]))
def test_practice_problems_are_exact_and_right(seed, ties):
    """Up to the softmax in fractions, by the loops of `reference`; from there on as `Net.loss` finds it."""
    given_problem = problem(seed, ties)
    w = given_problem.worked
    x, F, W1, b = (w[name].values for name in ("x", "F", "W1", "b"))
    zeros = np.array([Fraction(0)] * len(F), dtype=object)
    maps = reference.conv_forward(x[None], F, zeros, w.stride, w.pad)[0]
    pooled = reference.max_pool_forward(maps[None], w.pool, w.pool_stride)[0]
    z = W1 @ pooled.ravel() + b
    for name, wanted in (("C", maps), ("P", pooled), ("v", pooled.ravel()), ("z", z), ("s", np.maximum(z, 0))):
        got = w[name].values
        assert got.shape == wanted.shape and all(isinstance(one, (int, Fraction)) for one in got.flat) and (got == wanted).all()
    net, solution = given_problem.net, given_problem.solution
    loss, _ = net.loss(given_problem.x, given_problem.y)
    assert np.isclose(loss, solution["loss"], rtol=1e-12)
    for layer in net.layers:
        for name, found in (("dx", layer.dx), ("out", layer.out), *((f"d{p}", layer.grads[p]) for p in layer.grads)):
            if f"{layer.name}.{name}" in solution:
                wanted = solution[f"{layer.name}.{name}"]
                np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, atol=1e-12)
    assert all(Fraction(show(value)) == value for name in ("x", "F", "W1", "b", "C", "z") for value in w[name].values.flat)


anything = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
                        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2))


@law
@given(st.integers(1, 20), anything)
def test_any_answer_gets_a_verdict(question, answer):
    """Whatever stands in the place of an answer, it is judged and not raised about."""
    assume(question in ANSWERS)
    verdict = toy(question, answer)
    assert isinstance(verdict.passed, bool) and verdict.text


# -------------------------------------------------------------------------------------------------------------- readers


@st.composite
def sets(draw):
    """x, y, x, y of a small MNIST: bytes and labels."""
    seed, train, test = draw(seeds), draw(st.integers(1, 6)), draw(st.integers(1, 4))
    rng = np.random.default_rng(seed)
    return [array for n in (train, test) for array in (rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n, np.uint8))]


def same(dataset, arrays):
    for got, wanted in zip((dataset.train_x, dataset.train_y, dataset.test_x, dataset.test_y), arrays):
        wanted = wanted.astype(np.float32) / np.float32(255) if wanted.ndim > 1 else wanted
        np.testing.assert_array_equal(got, wanted.reshape(got.shape))


def idx(array):
    return np.array([2048 + array.ndim, *array.shape], ">u4").tobytes() + array.tobytes()


@law
@given(sets(), st.lists(st.booleans(), min_size=4, max_size=4), st.booleans(), st.sampled_from([".", "mnist"]))
def test_idx_comes_back(arrays, packed, dots, place):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, place).mkdir(exist_ok=True)
        for name, array, gz in zip(MNIST_FILES, arrays, packed):
            name = (name if gz else name.removesuffix(".gz")).replace(*("-idx", ".idx") if dots else ("", ""))
            Path(folder, place, name).write_bytes(gzip.compress(idx(array), 1) if gz else idx(array))
        same(load_mnist(folder), arrays)


@law
@given(sets(), st.sampled_from(["u1", "<i8", ">i4", "<u2"]), st.booleans(), st.booleans())
def test_npz_comes_back(arrays, labels, packed, fortran):
    with tempfile.TemporaryDirectory() as folder:
        x, y, test_x, test_y = arrays
        (np.savez_compressed if packed else np.savez)(
            Path(folder, "mnist.npz"), x_train=np.asfortranarray(x) if fortran else x, y_train=y.astype(labels),
            x_test=test_x, y_test=test_y.astype(labels))
        same(load_mnist(folder), arrays)


@law
@given(seeds, st.lists(st.integers(0, 3), min_size=20, max_size=20), st.booleans())
def test_mat_comes_back(seed, counts, packed):
    """Every image of a digit, as often as it is there; their order is another one."""
    assume(any(counts[:10]) and any(counts[10:]))
    rng = np.random.default_rng(seed)
    rows = {f"{part}{digit}": rng.integers(0, 256, (counts[10 * (part == "test") + digit], 784), np.uint8)
            for part in ("train", "test") for digit in range(10)}
    with tempfile.TemporaryDirectory() as folder:
        savemat(Path(folder, "mnist_all.mat"), rows, do_compression=packed)
        dataset = load_mnist(folder)
    for part, x, y in (("train", dataset.train_x, dataset.train_y), ("test", dataset.test_x, dataset.test_y)):
        for digit in range(10):
            wanted = rows[f"{part}{digit}"].astype(np.float32) / np.float32(255)
            assert sorted(map(bytes, x[y == digit].reshape(-1, 784))) == sorted(map(bytes, wanted))


@law
@given(seeds, st.integers(1, 4), st.integers(1, 3))
def test_records_come_back(seed, train, test):
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        made = {}
        for name, n in (("data_batch_1.bin", train), ("data_batch_2.bin", test), ("test_batch.bin", test)):
            made[name] = rng.integers(0, 256, (n, 3073), np.uint8)
            made[name][:, 0] %= 10
            Path(folder, name).write_bytes(made[name].tobytes())
        Path(folder, "batches.meta.txt").write_text("\n".join(CLASSES))
        dataset = load_cifar10(folder)
    rows = np.concatenate([made["data_batch_1.bin"], made["data_batch_2.bin"]])
    np.testing.assert_array_equal(dataset.train_x.reshape(len(rows), -1), rows[:, 1:].astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(dataset.train_y, rows[:, 0])
    np.testing.assert_array_equal(dataset.test_y, made["test_batch.bin"][:, 0])


@law
@given(sets(), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12))
def test_shared_arrays_come_back(arrays, name):
    x, y, test_x, test_y = arrays
    there = Dataset(name, x[:, None].astype("f") / 255, y.astype(int), test_x[:, None].astype("f") / 255, test_y.astype(int), "ä 数")
    with tempfile.TemporaryDirectory() as folder:
        write_shared(there, Path(folder, "mnist"))
        here = load_mnist(folder)
        assert here.name == name and here.classes == there.classes
        for part in ("train_x", "train_y", "test_x", "test_y"):
            np.testing.assert_array_equal(getattr(here, part), getattr(there, part))


# ---------------------------------------------------------------------------------------------------- networks and runs


@st.composite
def networks(draw):
    """A network of some convolutions, poolings and ReLUs, and an inner product, with random parameters."""
    C, size, layers, rng = draw(st.integers(1, 3)), draw(st.integers(4, 9)), [], np.random.default_rng(draw(seeds))
    shape = (C, size, size)
    for n in range(draw(st.integers(0, 3))):
        kind, k, stride = draw(st.sampled_from(["conv", "max_pool", "relu"])), draw(st.integers(1, 3)), draw(st.integers(1, 2))
        if kind == "relu" or size < k:
            layers.append(Layer(f"layer {n} ä/.", "relu"))
            continue
        F = draw(st.integers(1, 3))
        layers.append(Layer(f"conv{n}", "conv", (F, C, k, k), stride=stride, pad=0) if kind == "conv" else
                      Layer(f"pool{n}", "max_pool", k=k, stride=stride))
        size, C = ops.output_size(size, k, stride), F if kind == "conv" else C
    layers.append(Layer("ip", "inner_product", (C * size * size, 3)))
    return Net(shape, layers).initialise(rng, lambda *_: 0.5, draw(st.sampled_from([np.float32, np.float64]))), rng


@law
@given(networks(), st.integers(1, 6))
def test_networks_and_runs_come_back_bit_for_bit(made, steps):
    net, rng = made
    x, y = rng.random((7, *net.input_shape)).astype(net.dtype), np.arange(7) % 3
    batches, state = minibatches(x, y, 3, np.random.default_rng(5)), TrainingState()
    for _ in itertools.islice(train(net, batches, 0.01, state=state), steps):
        pass
    with tempfile.TemporaryDirectory() as folder:
        net.save(Path(folder, "net"))
        save_checkpoint(Path(folder, "run.npz"), net, batches, state, {"ä": [1, None, 0.1]})
        alone, kept = Net.load(Path(folder, "net")), load_checkpoint(Path(folder, "run.npz"))
    assert kept.notes == {"ä": [1, None, 0.1]} and kept.state.steps == steps
    for other in (alone, kept.net):
        assert repr(other) == repr(net)
        np.testing.assert_array_equal(other(x), net(x))
    again = minibatches(x, y, 3, np.random.default_rng(99))
    again.state = kept.data_state
    for one, other in itertools.islice(zip(train(net, batches, 0.01, state=state), train(kept.net, again, 0.01, state=kept.state)), 4):
        assert one == other


@law
@given(st.fixed_dictionaries({}, optional={"passed": st.booleans(), "attempts": st.integers(0), "hints": st.integers(0),
                                           "solution": st.booleans(), "misconceptions": st.lists(st.text()), "source": st.text()}))
def test_progress_comes_back(changes):
    with tempfile.TemporaryDirectory() as folder:
        before, progress_store.folder = progress_store.folder, lambda: Path(folder)
        try:
            progress_store.write("softmax", **changes)
            assert progress_store.read("softmax") == progress_store.NOTHING | changes
        finally:
            progress_store.folder = before
