"""What the checks find out about a wrong function: state, a change that mends it, the cases in which it is wrong, errors in words."""

import ast
import itertools

import numpy as np
import pytest

from lenet_core import ops, reference
from lenet_lab import check
from lenet_lab.check import bugs, diagnosis, edits, errors, progress_store
from lenet_lab.check.exercises import EXERCISES

from . import mutation_study, naming_study


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setattr(progress_store, "_live", {})


# ------------------------------------------------------------------------------------------------------ state between calls


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("state", mutation_study.STATES)
def test_what_is_kept_between_calls_is_refused(name, state):
    function = mutation_study.STATES[state](mutation_study.solution(name), EXERCISES[name])
    assert not getattr(check, name)(function).passed


def test_stale_indices_of_another_size_are_named():
    def im2col(x, k, stride=1, pad=0, memo={}):            # noqa: B006      what is wrong with it
        N, C, H, W = x.shape
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        if (k, stride, pad) not in memo:
            memo[k, stride, pad] = [(i, j) for i in range(0, H + 2 * pad - k + 1, stride) for j in range(0, W + 2 * pad - k + 1, stride)]
        return np.hstack([x[:, :, i:i + k, j:j + k].reshape(N, -1).T for i, j in memo[k, stride, pad]])
    assert check.im2col(im2col).misconception == "state between calls"


def test_strides_computed_by_hand():
    def im2col(x, k, stride=1, pad=0):
        if pad:
            x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        (N, C, H, W), size = x.shape, x.itemsize
        OH, OW = (H - k) // stride + 1, (W - k) // stride + 1
        shape, steps = (C, k, k, OH, OW, N), (H * W, W, 1, stride * W, stride, C * H * W)
        return np.lib.stride_tricks.as_strided(x, shape, [size * step for step in steps]).reshape(C * k * k, -1)
    assert check.im2col(im2col).misconception == "memory order"


last_mask = None


def test_a_global_variable_is_state():
    def relu_backward(dout, cache):
        global last_mask
        if last_mask is None or last_mask.shape != dout.shape:
            last_mask = cache > 0
        return dout * last_mask
    assert check.relu_backward(relu_backward).misconception == "state between calls"


# --------------------------------------------------------------------------------------------------- a change that mends it


def softmax_of_columns(scores):
    shifted = scores - scores.max(axis=0)
    e = np.exp(shifted)
    return e / e.sum(axis=-1, keepdims=True) + 0 * shifted


def decay_after(p, v, dp, lr, mu=0.9, decay=0.0):
    v = mu * v + lr * dp - decay * p
    return p - v, v


def test_an_edit_names_the_line():
    def clip_gradients(grads, largest):
        norm = np.sqrt(sum((g ** 2).sum() for g in grads))
        factor = 1.0
        if norm > largest:
            factor = largest * norm
        return [g * factor for g in grads]
    verdict = check.clip_gradients(clip_gradients)
    assert verdict.misconception == "wrong operator" and "Line 5, `largest * norm`: with `largest / norm`" in verdict.text


def size_without_pad(x, W, b, stride=1, pad=0):
    F, _, k, _ = W.shape
    OH = ops.output_size(x.shape[2], k, stride)
    OW = ops.output_size(x.shape[3], k, stride)
    out = W.reshape(F, -1) @ ops.im2col(x, k, stride, pad) + b[:, None]
    return out.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2), None


def size_without_stride(x, W, b, stride=1, pad=0):
    F, _, k, _ = W.shape
    OH, OW = ops.output_size(x.shape[2], k, pad=pad), ops.output_size(x.shape[3], k, pad=pad)
    out = W.reshape(F, -1) @ ops.im2col(x, k, stride, pad) + b[:, None]
    return out.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2), None


def columns_without_pad(x, W, b, stride=1, pad=0):
    F, _, k, _ = W.shape
    OH, OW = ops.output_size(x.shape[2], k, stride, pad), ops.output_size(x.shape[3], k, stride, pad)
    out = W.reshape(F, -1) @ ops.im2col(x, k, stride) + b[:, None]
    return out.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2), None


def formula_without_pad(x, W, b, stride=1, pad=0):
    F, _, k, _ = W.shape
    OH, OW = (x.shape[2] - k) // stride + 1, (x.shape[3] - k) // stride + 1
    out = W.reshape(F, -1) @ ops.im2col(x, k, stride, pad) + b[:, None]
    return out.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2), None


def padded_on_all_axes(x, W, b, stride=1, pad=0):
    x = np.pad(x, pad)
    return ops.conv_forward(x, W, b, stride)[0], None


def product_not_split(x, W, b, stride=1, pad=0):
    cols = ops.im2col(x, W.shape[2], stride, pad)
    out = W.reshape(len(W), -1) @ cols + b
    return out, (cols, x.shape, W, stride, pad)


def bias_as_a_row(x, W, b, stride=1, pad=0):
    F, _, k, _ = W.shape
    OH, OW = ops.output_size(x.shape[2], k, stride, pad), ops.output_size(x.shape[3], k, stride, pad)
    out = W.reshape(F, -1) @ ops.im2col(x, k, stride, pad) + b
    return out.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2), None


def windows_reshaped(x, k, stride=1, pad=0):
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, C, H, width = x.shape
    cols = [x[:, :, i:i + k, j:j + k].reshape(N, -1) for i in range(0, H - k + 1, stride) for j in range(0, width - k + 1, stride)]
    return np.array(cols).reshape(C * k * k, -1)


def not_transposed(x, k, stride=1, pad=0):
    x, cols = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))), []
    for i in range(ops.output_size(x.shape[2], k, stride)):
        for j in range(ops.output_size(x.shape[3], k, stride)):
            cols.append(x[:, :, i*stride:i*stride+k, j*stride:j*stride+k].reshape(len(x), -1))        # noqa: PERF401
    return np.hstack(cols)


def shape_before_padding(x, k, stride=1, pad=0):
    N, C, H, width = x.shape
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cols = []
    for i in range(ops.output_size(H, k, stride)):
        for j in range(ops.output_size(width, k, stride)):
            cols.append(x[:, :, i*stride:i*stride+k, j*stride:j*stride+k].reshape(N, -1).T)           # noqa: PERF401
    return np.hstack(cols)


def padding_counted_twice(x, k, stride=1, pad=0):
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, C, H, width = x.shape
    cols = []
    for i in range(ops.output_size(H, k, stride, pad)):
        for j in range(ops.output_size(width, k, stride, pad)):
            cols.append(x[:, :, i*stride:i*stride+k, j*stride:j*stride+k].reshape(N, -1).T)           # noqa: PERF401
    return np.hstack(cols)


def axis_dropped(scores):
    e = np.exp(scores - scores.max(axis=-1))
    return e / e.sum(axis=-1)


def dots_left(x, k, stride=None):
    stride = stride or k
    OH, OW = ops.output_size(x.shape[2], k, stride), ops.output_size(x.shape[3], k, stride)
    out = ...
    for i, j in np.ndindex(OH, OW):
        out[:, :, i, j] = x[:, :, i*stride:i*stride+k, j*stride:j*stride+k].max(axis=(2, 3))
    return out, x


def dots_appended_to(x, k, stride=1, pad=0):
    cols = ...
    cols.append(x)
    return cols


def begun_with_what_is_in_memory(x, k, stride=None):
    stride = stride or k
    OH, OW = ops.output_size(x.shape[2], k, stride), ops.output_size(x.shape[3], k, stride)
    out = np.empty((*x.shape[:2], OH, OW))
    out += np.random.default_rng().standard_normal(out.shape) * 1e6      # as what is in memory: another thing each time
    for i, j in np.ndindex(k, k):
        out = np.maximum(out, x[:, :, i:i+stride*OH:stride, j:j+stride*OW:stride][:, :, :OH, :OW])
    return out, x


TWICE = "in its place, and the same in"


@pytest.mark.parametrize("exercise, function, misconception, words", [
    ("conv_forward", size_without_pad, "wrong arguments",
     "Line 3, `ops.output_size(x.shape[2], k, stride)`: with `ops.output_size(x.shape[2], k, stride, pad)` in its place, and the same in line 4,"),
    ("conv_forward", size_without_stride, "wrong arguments", f"k, stride, pad=pad)` {TWICE} the other call beside it, every case is right."),
    ("conv_forward", columns_without_pad, "wrong arguments", "with `ops.im2col(x, k, stride, pad)` in its place every case is right."),
    ("conv_forward", formula_without_pad, "reshape", "An array of 36 numbers cannot take the shape"),
    ("conv_forward", padded_on_all_axes, "padding on all axes", "np.pad(x, pad) pads all four axes"),
    ("conv_forward", product_not_split, "product not split", "(F, OH*OW*N), plus b as a row."),
    ("conv_forward", bias_as_a_row, "bias along the wrong axis", "per row of the product: b[:, None]."),
    ("im2col", windows_reshaped, "reshaped without a transpose", "does not turn rows into columns. Make each window a row"),
    ("im2col", not_transposed, "wrong transpose", "`... .reshape(len(x), -1)`: with `... .reshape(len(x), -1).T` in its place every"),
    ("im2col", shape_before_padding, "order", "Line 2, `N, C, H, width = x.shape`, must come after the next one, `x = np.pad("),
    ("im2col", padding_counted_twice, "padding counted twice",
     f"with `ops.output_size(H, k, stride)` {TWICE} line 6, every case is right. The padding"),
    ("softmax", axis_dropped, "keepdims", f"keepdims=True)` {TWICE} line 3, every case is right. max, sum and mean drop the axis;"),
    ("max_pool_forward", dots_left, "three dots left", "`out` is still three dots where the function writes into it"),
    ("im2col", dots_appended_to, "three dots left", "`cols` is still three dots where"),
    ("max_pool_forward", begun_with_what_is_in_memory, "uninitialised array", "np.empty holds whatever was in memory before"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_what_a_beginner_does_is_called_by_its_name(exercise, function, misconception, words):
    verdict = getattr(check, exercise)(function)
    assert verdict.misconception == misconception and words in verdict.text
    if function is not padded_on_all_axes:
        assert "np.pad(x, pad) pads" not in verdict.text


LONG = "np.hstack([x[:, :, i * stride:i * stride + k, j * stride:j * stride + k].reshape(N, -1) for i in range(OH) for j in range(OW)])"


@pytest.mark.parametrize("before, after, said", [
    ("x", "x.T", ("x", "x.T")), (LONG, f"{LONG}.T", ("... for j in range(OW)])", "... for j in range(OW)]).T")),
    (LONG, LONG.replace("-1)", "-1).T"), ("... stride + k].reshape(N, -1) for i in range(OH) for ...",
                                         "... stride + k].reshape(N, -1).T for i in range(OH) for ...")),
    (LONG, LONG.replace("hstack", "vstack"), ("np.hstack([x[:, :, i * stride ...", "np.vstack([x[:, :, i * stride ...")),
    (LONG, "0", None), ("0", LONG, None),
])
def test_two_long_pieces_of_code_are_quoted_where_they_differ(before, after, said):
    quoted = diagnosis.quoted(before, after)
    assert quoted[0] != quoted[1] and all(len(one) <= 2 * diagnosis.LONGEST_CODE + 8 for one in quoted)
    assert said is None or quoted == said


def always_scaled(guarded):
    def clip_gradients(grads, largest):
        norm = np.sqrt(sum((g ** 2).sum() for g in grads))
        return grads if guarded and not norm else [g * largest / norm for g in grads]
    return clip_gradients


@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_named_first_is_what_the_entry_shows(guarded):
    verdict = check.clip_gradients(always_scaled(guarded))
    assert verdict.misconception == "always scaled" and verdict.text.startswith("Gradients that are short enough must not change")
    assert "nan" not in verdict.text.split("is ", 1)[1].splitlines()[-1] and ("0/0" in verdict.text) == (not guarded)


@pytest.mark.parametrize("name, formula, misconception", [
    ("columns_dW", lambda W, X, G: X.T @ G, "rows for columns"), ("columns_dW", lambda W, X, G: G.T @ X, "inner index"),
    ("columns_dW", lambda W, X, G: G @ X, "inner index"), ("columns_dX", lambda W, X, G: G @ W.T, "rows for columns"),
    ("columns_dX", lambda W, X, G: G @ W, "inner index"), ("rows_dW", lambda W, X, G: G @ X.T, "columns for rows"),
    ("rows_dW", lambda W, X, G: X @ G.T, "inner index"), ("rows_dW", lambda W, X, G: X @ G, "inner index"),
    ("rows_dX", lambda W, X, G: W.T @ G, "columns for rows"), ("rows_dX", lambda W, X, G: W @ G, "inner index"),
])
def test_only_the_formula_of_the_other_form_is_called_so(name, formula, misconception):
    verdict = check.derivation(name, formula)
    assert verdict.misconception == misconception
    assert ("That is the formula for a batch" in verdict.text) == (misconception != "inner index")


@pytest.mark.parametrize("name, formula, words", [
    ("columns_dX", lambda W, X, G: G.T @ W, "has an image in each row"), ("rows_dX", lambda W, X, G: W @ G.T, "has an image in each column"),
])
def test_the_transposed_gradient_of_the_inputs_is_described(name, formula, words):
    assert words in check.derivation(name, formula).text


def test_a_lambda_with_default_values_is_read_too():
    source = edits.written(lambda p, v, dp, lr, mu=0.9, decay=0.0: (p - lr * dp, v))
    assert ast.unparse(source.tree).startswith("lambda p, v, dp, lr, mu=0.9, decay=0.0")


def test_edits_keep_defaults_and_closure():
    factor = 3

    def f(x, more=2):
        return x * factor + more
    made = edits.edits(edits.written(f))
    assert {one.function()(5) for one in made if one.before == "x * factor + more" and one.after == "x * factor - more"} == {13}
    assert edits.written(np.maximum) is None and edits.written(f).fresh()(5) == 17
    lambdas = (lambda x: x + 1, lambda x: x + 2)
    assert {one.function()(5) for one in edits.edits(edits.written(lambdas[1])) if one.after == "x - 2"} == {3}


def test_an_edit_never_puts_a_list_into_itself():
    def f(x):
        parts = []
        for row in x:
            parts.append(row)                                          # noqa: PERF402
        return np.array(parts)
    for edit in edits.edits(edits.written(f)):
        calls = [node for node in ast.walk(edit.tree) if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append"]
        assert not any(ast.unparse(call.args[0]) == "parts" for call in calls)


# ------------------------------------------------------------------------------------------------------ where it is wrong


def test_the_cases_say_where(monkeypatch):
    monkeypatch.setattr(diagnosis, "_edited", lambda *_: None)         # which would name the line

    def max_pool_forward(x, k, stride=None):
        out, cache = ops.max_pool_forward(x, k, stride)
        return (out if x.shape[2] == x.shape[3] else out + 1 + out ** 2), cache
    verdict = check.max_pool_forward(max_pool_forward)
    assert verdict.misconception == "wrong where height and width differ" and "right in the" in verdict.text


def test_no_two_properties_have_the_same_words():
    words = [words for words, _ in diagnosis.both_ways(diagnosis.PROPERTIES)]
    assert len(words) == len({*words})


def test_an_update_has_no_images(monkeypatch):
    monkeypatch.setattr(diagnosis, "_edited", lambda *_: None)

    def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
        v = mu * v + lr * (dp + decay * p)
        return p - v + (v ** 3 if np.ndim(p) > 1 else 0), v
    text = check.sgd_momentum(sgd_momentum).text
    assert "where p has more than one axis" in text and "image" not in text and "x has" not in text


def test_every_pair_of_properties_occurs_in_the_cases():
    for name in EXERCISES:
        assert mutation_study.covering(name, candidates=600) == EXERCISES[name].covering, \
            f"python -m tests.mutation_study --covering {name} says which seeds Exercise.covering needs"


@pytest.mark.parametrize("wrong, name", [
    (lambda x: (np.minimum(np.maximum(x, 0), 6), x), "limit"), (lambda x: (2.5 * np.maximum(x, 0), x), "factor"),
    (lambda x: (np.maximum(x, 0) + 0.125, x), "offset"), (lambda x: (0.0 * x, x), "all zero"),
    (lambda x: (np.round(np.maximum(x, 0), 2), x), "rounded"),
])
def test_the_numbers_say_what(wrong, name, monkeypatch):
    monkeypatch.setattr(diagnosis, "_edited", lambda *_: None)         # which would name the line
    assert check.relu_forward(wrong).misconception == name


# ------------------------------------------------------------------------------------------------------------ errors, texts


def raised(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing raised")


a, b = np.ones((4, 3)), np.ones(4)


@pytest.mark.parametrize("function, name, words", [
    (lambda: a @ b, "sizes of a product", "3 entries"), (lambda: a + b, "shapes that do not fit", "(4, 3) and (4,)"),
    (lambda: np.ones(5).reshape(2, 2), "reshape", "a row of ones"), (lambda: np.ones(3)[3], "index outside", "0 to 2"),
    (lambda: np.zeros(3 / 2), "float as a count", "`//`"), (lambda: range(3 / 1), "float as a count", "`//`"),
    (lambda: eval("xrange(3)"), "Python 2", "`range`"), (lambda: eval("summ(3)"), "unknown name", "`sum`"),
    (lambda: np.ones(3).sum(axis=1), "axis missing", "1 axes"), (lambda: bool(np.ones(3) > 0), "truth of an array", "np.where"),
    (lambda: max(0, a), "truth of an array", "np.maximum"), (lambda: min(a[0], b[:3]), "truth of an array", "max and min"),
    (lambda: (1, 2).shape, "structure", "tuple"), (lambda: None.shape, "None", "without `return`"),
    (lambda: {"data": 1}[:, 0], "dictionary", 'input["data"]'), (lambda: (lambda a, b: a)(1), "arguments", "b"),
    (lambda: np.zeros(2, int).__iadd__(np.ones(2)), "number type", "float"), (lambda: np.array([[1], [1, 2]]), "arrays of different shapes", "one"),
    (lambda: np.ones((0, 2)).max(), "empty array", "empty"), (lambda: ~np.ones(2), "brackets", "mask"),
    (lambda: [].max, "structure", "list"), (lambda: (3).reshape(1), "number for array", "summed too early"),
])
def test_an_error_is_explained(function, name, words):
    found, text = errors.explained(raised(function))
    assert found == name and words in text


@pytest.mark.parametrize("norm, words", [
    (lambda grads: np.linalg.norm(grads), "Add up the squares of"), (lambda grads: (np.concatenate(grads) ** 2).sum(), "Add up the squares"),
    (lambda grads: (np.array(grads) ** 2).sum(), "Add up the squares"), (lambda grads: (grads ** 2).sum(), "`**` is used with a list"),
    (lambda grads: grads.sum(), "A list is used as an array"), (lambda grads: 1.0 if grads > 1 else 2.0, "`>` is used with a list"),
    (lambda grads: (grads * 2.0)[7], "A list or a tuple is multiplied"), (lambda grads: grads[7].sum(), "Go through the list"),
])
def test_a_list_of_arrays_is_spoken_of_without_windows_and_caches(norm, words):
    def clip_gradients(grads, largest):
        length = norm(grads)
        return [g * min(1.0, largest / length) for g in grads]
    text = check.clip_gradients(clip_gradients).text
    assert words in text and not any(one in text for one in ("window", "cache", "pad", "filter"))


def test_windows_are_spoken_of_where_there_are_windows():
    assert errors.explained(raised(lambda: np.array([[1], [1, 2]])), has=("windows",))[1].endswith("perhaps cut off at the edge.")
    assert errors.explained(raised(lambda: (1, 2).shape), has=("cache",))[1].endswith("The cache has what your forward function put there.")


@pytest.mark.parametrize("slope, words", [
    (lambda f, x, i, h: f(x[i] + h) - f(x[i] - h), "f takes the whole array: copy x, change one entry of the copy, and give f the copy (with x"),
    (lambda f, x, i, h: f(x + h)[i] - f(x - h)[i], "f takes a whole array and returns one number (with x"),
])
def test_a_function_to_be_measured_is_spoken_of_without_windows(slope, words):
    def numeric_gradient(f, x, h=1e-5):
        gradient = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            gradient[index] = slope(f, x, index, h) / (2 * h)
        return gradient
    text = check.numeric_gradient(numeric_gradient).text
    assert words in text and not any(one in text for one in ("N, C", "window", "cache"))


def test_an_unknown_error_is_repeated():
    assert errors.explained(RuntimeError("the moon is full")) == (None, "It raises RuntimeError: the moon is full.")


@pytest.mark.parametrize("name", ["conv_forward", "conv_backward", "max_pool_forward", "max_pool_backward", "inner_product_forward",
                                  "inner_product_backward", "relu_forward", "relu_backward"])
def test_the_right_answers_are_those_of_the_loops(name):
    exercise, loops = EXERCISES[name], getattr(reference, name)
    takes = {"conv_backward": 2, "inner_product_backward": 2}.get(name)
    rng, near = np.random.default_rng(3), {np.dtype(np.float32): {"rtol": 2e-4, "atol": 2e-4}, np.dtype(float): {"rtol": 1e-9, "atol": 1e-12}}
    for case in [*exercise.cases(rng), *exercise.mixed(rng, 20)]:
        args = (() if case.dout is None else (case.dout,)) + case.args[:takes]
        slow = loops(*args, **case.kwargs)
        for right, one in zip(exercise.plain(exercise.right, case), slow if isinstance(slow, tuple) else (slow,)):
            np.testing.assert_allclose(right, one, **near[right.dtype])


# ---------------------------------------------------------------------------- misconceptions that only the code tells apart


def of_a_width(x, W, b):
    if x.ndim == 4:
        N, C, H, W = x.shape
        x = x.reshape(N, C * H * W)
    return x @ W + b, (x, W)


def turned_and_added_back(dout, cache):
    cols, x_shape, W, stride, pad = cache
    d = dout.transpose(1, 2, 3, 0).reshape(len(W), -1)
    dx = ops.col2im(W[:, :, ::-1, ::-1].reshape(len(W), -1).T @ d, x_shape, W.shape[2], stride, pad)
    return dx, *ops.conv_backward(dout, cache)[1:]


def two_names(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    x = x.copy()
    for index in np.ndindex(x.shape):
        up, down = x, x
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient


def complex_step(f, x, h=1e-5):
    return np.zeros_like(x) + 0.0 * f(x)


@pytest.mark.parametrize("function, exercise, name", [
    (of_a_width, "inner_product_forward", "W overwritten"), (turned_and_added_back, "conv_backward", "filter turned twice"),
    (two_names, "numeric_gradient", "one array, two names"), (complex_step, "numeric_gradient", "no difference"),
])
def test_the_code_decides_between_names(function, exercise, name):
    assert getattr(check, exercise)(function).misconception == name


# -------------------------------------------------------------------------------------------------- attempts, bugs, studies


def test_only_changed_work_is_an_attempt():
    def wrong(x):
        return np.abs(x), x

    def right(x):
        return np.maximum(x, 0), x
    for function, attempts in ((wrong, 1), (wrong, 1), (right, 2), (right, 2), (wrong, 3)):
        check.relu_forward(function)
        assert progress_store.read("relu_forward")["attempts"] == attempts
    for answer, attempts in ((3, 1), (3, 1), (4, 2), (4, 2)):
        check.toy(5, answer)
        assert progress_store.read("toy_05")["attempts"] == attempts


def test_the_bug_hunt_gives_nothing_away():
    said = " ".join(dir(bugs))
    assert not any(bug.charge.split()[0] in said for bug in bugs.BUGS) and "BUGS" not in said and "accuse" in said
    assert 'layer="loss"' in bugs.suspects().data


def test_few_mutants_of_every_solution():
    """The smoke version of `python -m tests.mutation_study`, which tries all of them."""
    accepted = []
    rng = np.random.default_rng(1)
    for name in EXERCISES:
        for version in itertools.chain(mutation_study.mutants(name, 2, rng), mutation_study.pairs(name, 1, rng)):
            wrong, refused, _ = mutation_study.judged(name, version)
            if wrong and not refused:
                accepted.append((name, version.change))
    assert not accepted


@pytest.mark.slow
def test_every_mutant_narrowed_version_and_state_is_refused():
    """`make study` prints the table of docs/checks.md."""
    table, reasons = mutation_study.study(EXERCISES)
    print(mutation_study.as_table(table), reasons)
    assert not sum(counts["accepted"] for counts in table.values())


def test_the_study_of_names(tmp_path, capsys):
    (tmp_path / "some.py").write_text("import numpy as np\n"
                                      "def f(x): return np.abs(x), x\n"
                                      "def g(x): return np.maximum(x, 0), x\n"
                                      "WRONG = [('relu_forward', 'abs', 'takes the absolute value', f)]\n"
                                      "RIGHT = [('relu_forward', 'max', 'as usual', g)]\n")
    naming_study.main([str(tmp_path / "some.py")])
    said = capsys.readouterr().out
    assert "| relu_forward | 1 | 1 | 1 | 1 |" in said and "Right functions: 1, of them refused: 0." in said


# ------------------------------------------------------------------------------------------------------ a formula has no windows


def test_a_formula_whose_result_is_too_large_is_not_told_to_count_windows():
    text = check.derivation("columns_dX", lambda W, X, G: np.pad(W.T @ G, 1)).text
    assert "larger than it should be along axes 0 and 1." in text and "windows" not in text


@pytest.mark.parametrize("name, formula", [
    ("size written out", lambda image, down, right: np.pad(image, 1)[1 - down:29 - down, 1 - right:29 - right]),
    ("rows for columns", lambda image, down, right: np.pad(image, 1)[1 - down:1 - down + len(image), 1 - right:1 - right + len(image)]),
])
def test_a_moved_image_of_another_size_is_told_where_its_size_is(name, formula):
    verdict = check.derivation("moved_image", formula)
    assert verdict.misconception == name and "5 x 4" in verdict.text and "image.shape" in verdict.text
