"""Checks of functions: every known wrong idea is told from the others, no right function is turned away, nothing hangs."""

import functools
import json
import threading
import time
import warnings

import numpy as np
import pytest

from lenet_core import gradcheck, ops, reference
from lenet_core.training import sgd_momentum
from lenet_lab import check, handout
from lenet_lab.check import engine, exercises, progress_store
from lenet_lab.check.derivations import DERIVATIONS
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.hints import HINTS
from lenet_lab.check.solutions import blocks
from lenet_lab.course.syllabus import NOTEBOOKS


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setattr(progress_store, "_live", {})


def as_student(exercise, function):
    """A plain function (arguments in, results out) in the interface that students write, and the forward function it goes with."""
    if exercise.forward:
        def forward(*args, **kwargs):
            return exercise.forward(*args, **kwargs)[0], (args, kwargs)

        def backward(dout, cache):
            grads = tuple(function(dout, *cache[0], **cache[1]))
            return grads if len(grads) > 1 else grads[0]
        return backward, forward
    if exercise.cached:
        return (lambda *args, **kwargs: (function(*args, **kwargs)[0], "a cache of my own")), None

    def plain(*args, **kwargs):
        results = tuple(function(*args, **kwargs))
        return results if len(results) > 1 or exercise.several else results[0]
    return plain, None


MOST_WORDS = 80                         # of a verdict
EVERY = {**EXERCISES, **DERIVATIONS}
WRONG = [(exercise, wrong) for exercise in EVERY.values() for wrong in exercise.wrongs if wrong.clue is None]      # the others: further below


@pytest.mark.parametrize("exercise, wrong", WRONG, ids=[f"{e.name}: {w.name}" for e, w in WRONG])
def test_every_misconception_is_called_by_its_name(exercise, wrong):
    for seed in (0, 1):
        function, forward = as_student(exercise, wrong.function)
        verdict = engine.examine(exercise, function, [forward] if forward else [], seed)
        assert not verdict.passed and verdict.misconception == wrong.name and wrong.text in verdict.text
        assert len(verdict.text.split()) <= MOST_WORDS, verdict


@pytest.mark.parametrize("exercise", EVERY.values(), ids=EVERY)
def test_the_right_answer_passes_with_any_numbers(exercise):
    for seed in range(5):
        function, forward = as_student(exercise, exercise.right)
        assert engine.examine(exercise, function, [forward] if forward else [], seed).passed


# ---------------------------------------------------------------------------------------- right functions in other styles


def relu_where(x):
    return np.where(x > 0, x, 0), (x > 0)


def relu_where_backward(dout, cache):
    return np.where(cache, dout, 0)


def pool_windows(x, k, stride=None):
    s = stride or k
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    flat = windows.reshape(*windows.shape[:4], k * k)
    return flat.max(axis=-1), (x.shape, flat.argmax(axis=-1), k, s)


def pool_windows_backward(dout, cache):
    shape, winner, k, s = cache
    dx = np.zeros(shape)
    n, c, i, j = np.indices(dout.shape)
    np.add.at(dx, (n, c, i * s + winner // k, j * s + winner % k), dout)
    return dx


def conv_einsum(x, W, b, stride=1, pad=0):
    k = W.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,fcij->nfhw", windows, W) + b[:, None, None], (windows, x.shape, W, stride, pad)


def conv_einsum_backward(dout, cache):
    windows, (N, C, H, width), W, stride, pad = cache
    dx = np.zeros((N, C, H + 2 * pad, width + 2 * pad))
    k = W.shape[2]
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i * stride:i * stride + k, j * stride:j * stride + k] += np.tensordot(dout[:, :, i, j], W, 1)
    return dx[:, :, pad:pad + H, pad:pad + width], np.einsum("nchwij,nfhw->fcij", windows, dout), np.einsum("nfhw->f", dout)


def single(function):
    """The same function, computing in float32 whatever comes in."""
    def in_float32(*args, **kwargs):
        return function(*(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args), **kwargs)
    return in_float32


def fortran(function):
    """The same function with results in Fortran's memory order."""
    def in_order(*args, **kwargs):
        out, cache = function(*args, **kwargs)
        return np.asfortranarray(out), cache
    return in_order


def loops(name):
    forward = getattr(reference, name)
    return lambda *args, **kwargs: (forward(*args, **kwargs), (args, kwargs))


def loops_backward(name, takes):
    backward = getattr(reference, name)
    return lambda dout, cache: backward(dout, *cache[0][:takes], **cache[1])


def inner_lists(x, W, b):
    rows = x.reshape(x.shape[0], -1)
    return [np.dot(rows, W) + b, {"x": x, "W": W}]


def inner_lists_backward(dout, cache):
    rows = cache["x"].reshape(cache["x"].shape[0], -1)
    return [np.einsum("nm,dm->nd", dout, cache["W"]).reshape(cache["x"].shape), np.einsum("nd,nm->dm", rows, dout), np.ones(len(dout)) @ dout]


def softmax_logsumexp(scores):
    return np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def softmax_loss_eye(scores, y):
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    t = np.eye(scores.shape[1])[y]
    return -(t * logs).sum() / len(y), (np.exp(logs) - t) / len(y)


def numeric_in_place(f, x, h=1e-5):
    gradient = np.empty_like(x)
    for index in np.ndindex(*x.shape):
        kept = x[index]
        x[index] = kept + h
        up = f(x)
        x[index] = kept - h
        gradient[index] = (up - f(x)) / (2 * h)
        x[index] = kept
    return gradient


def sgd_long(p, v, dp, lr, mu=0.9, decay=0.0):
    gradient = dp + decay * p
    theta = mu * v + lr * gradient
    return np.subtract(p, theta), theta


def clip_concatenated(grads, largest):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads]))
    return tuple(g.copy() if norm <= largest else g / norm * largest for g in grads)


RIGHT = [
    ("relu_forward", relu_where, None), ("relu_forward", loops("relu_forward"), None), ("relu_forward", single(ops.relu_forward), None),
    ("relu_forward", fortran(ops.relu_forward), None), ("relu_forward", lambda x: (x * (x > 0), None), None),
    ("relu_backward", relu_where_backward, relu_where), ("relu_backward", lambda dout, x: dout * np.sign(np.maximum(x, 0)), None),
    ("relu_backward", loops_backward("relu_backward", 1), loops("relu_forward")),
    ("max_pool_forward", pool_windows, None), ("max_pool_forward", loops("max_pool_forward"), None),
    ("max_pool_forward", fortran(ops.max_pool_forward), None), ("max_pool_forward", single(ops.max_pool_forward), None),
    ("max_pool_backward", pool_windows_backward, pool_windows),
    ("max_pool_backward", loops_backward("max_pool_backward", 1), loops("max_pool_forward")),
    ("conv_forward", conv_einsum, None), ("conv_forward", loops("conv_forward"), None), ("conv_forward", single(ops.conv_forward), None),
    ("conv_backward", conv_einsum_backward, conv_einsum),
    ("inner_product_forward", inner_lists, None), ("inner_product_forward", loops("inner_product_forward"), None),
    ("inner_product_backward", inner_lists_backward, inner_lists),
    ("softmax", softmax_logsumexp, None), ("softmax_loss", softmax_loss_eye, None), ("softmax_loss", reference.softmax_loss, None),
    ("numeric_gradient", numeric_in_place, None), ("numeric_gradient", gradcheck.numeric_gradient, None),
    ("sgd_momentum", sgd_long, None), ("sgd_momentum", sgd_momentum, None), ("clip_gradients", clip_concatenated, None),
]


@pytest.mark.parametrize("name, function, forward", RIGHT, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(RIGHT)])
def test_no_right_function_is_turned_away(name, function, forward):
    verdict = getattr(check, name)(function, forward=forward)
    assert verdict.passed, verdict
    assert verdict.text.startswith("These checks pass: it runs") and "all" not in verdict.text.split("special cases")[0]


@pytest.mark.parametrize("name", [name for name in EXERCISES if hasattr(ops, name)])
def test_the_packages_functions_pass(name):
    assert getattr(check, name)(getattr(ops, name)).passed


@pytest.mark.parametrize("name", EXERCISES)
def test_the_kept_solutions_pass(name):
    assert name in blocks(), f"{name} has no block in solutions/exercises.py"
    room = progress_store.room()
    exec(blocks()[name], room)
    assert getattr(check, name)(room[name]).passed


# ------------------------------------------------------------------------------------------------- functions that misbehave


def never_ends(x):
    while True:
        try:
            x = x + 0
        except Exception:
            pass


def test_a_function_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 1)
    start = time.monotonic()
    verdict = check.relu_forward(never_ends)
    assert time.monotonic() - start < 5 and verdict.misconception == "endless" and "does not end" in verdict.text


def raises(x):
    return x / undefined_name                                          # noqa: F821


def exits(x):
    raise SystemExit


def stub(x):
    ...


def stub_with_result(x):
    out = ...
    return out, x


def stub_in_a_formula(x):
    return x * ..., x


def prints(x):
    print("look at me")
    return np.maximum(x, 0), x


def seeds(x):
    np.random.seed(0)
    return np.maximum(x, 0), x


def sets_errors(x):
    np.seterr(all="raise")
    return np.maximum(x, 0), x


def in_place(x):
    x[x < 0] = 0
    return x, x


def plots_it(x):
    import matplotlib.pyplot as plt
    plt.figure()
    return np.maximum(x, 0), x


def whole_numbers(x):
    return np.maximum(x, 0).astype(int), x


def text(x):
    return "no", x


def too_many_dots(x):
    return x[..., None, ...], x


@pytest.mark.parametrize("function, passed, words", [
    (raises, False, "The name `undefined_name` is not known here"), (raises, False, "line 2 of your function"), (exits, False, "SystemExit"),
    (stub, False, "Not written yet"), (stub_with_result, False, "Not written yet"), (stub_in_a_formula, False, "Not written yet"),
    (..., False, "Not written yet"), (None, False, "Not written yet"), (7, False, "7 is not a function"), (lambda x: None, False, "returns None"),
    (prints, True, "it prints ('look at me'"), (seeds, False, "global random numbers"), (sets_errors, False, "np.seterr"),
    (in_place, False, "changes what it was given: x"), (plots_it, True, "opens a figure"), (whole_numbers, False, "int64 instead of floating"),
    (text, False, "out is a str; wanted is an array"), (lambda x: np.maximum(x, 0), False, "a cache for the backward pass"),
    (lambda x, y: x, False, "TypeError"), (lambda x: (np.maximum(x, 0)[:1], x), False, "out has shape"),
    (lambda x: (x[:], x), False, "negative numbers must become 0"), (np.zeros(3), False, "array([0., 0., 0.]) is not a function"),
    (too_many_dots, False, "IndexError"), (lambda x: (np.maximum(x, 0).tolist(), x), False, "out is a list"),
])
def test_misbehaviour_is_said_in_a_sentence(function, passed, words, capfd):
    verdict = check.relu_forward(function)
    assert verdict.passed == passed and words in verdict.text, verdict
    assert not capfd.readouterr().out and np.geterr()["over"] == "warn"


def test_a_backward_function_depends_on_a_forward_one_that_works(monkeypatch):
    def forward_that_fails(x):
        raise RuntimeError("not ready")
    verdict = check.relu_backward(relu_where_backward, forward=forward_that_fails)
    assert "forward function that goes with it gives no (out, cache): RuntimeError: not ready" in verdict.text
    monkeypatch.setattr(engine, "SECONDS", 0.5)
    assert "it does not end" in check.relu_backward(relu_where_backward, forward=never_ends).text
    assert "check.max_pool_backward(..., forward=...)" in check.max_pool_backward(lambda dout, cache: cache["shape"]).text


def test_a_cache_may_hold_anything():
    def forward(x):
        return np.maximum(x, 0), {"mask": x > 0, "steps": (n for n in range(3)), "lock": threading.Lock(), "rows": np.array([x, None], dtype=object)}
    assert check.relu_forward(forward).passed
    assert check.relu_backward(lambda dout, cache: dout * cache["mask"], forward=forward).passed


def test_a_backward_function_is_tried_with_the_forward_that_passed():
    assert check.max_pool_forward(pool_windows).passed
    assert check.max_pool_backward(pool_windows_backward).passed


def test_what_is_not_restored_exactly_and_order_and_two_mistakes_are_told():
    def nudged(f, x, h=1e-5):
        gradient = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            x[i] += h
            up = f(x)
            x[i] -= 2 * h
            gradient[i] = (up - f(x)) / (2 * h)
            x[i] += h
        return gradient
    verdict = check.numeric_gradient(nudged)
    assert not verdict.passed and verdict.misconception == "not restored exactly"

    def written_back(f, x, h=1e-5):
        gradient = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            old = x[i]
            x[i] = old + h
            up = f(x)
            x[i] = old - h
            gradient[i] = (up - f(x)) / (2 * h)
            x[i] = old
        return gradient
    assert check.numeric_gradient(written_back).passed

    def exchanged(dout, cache):
        dx, dW, db = ops.inner_product_backward(dout, cache)
        return dW, dx, db
    assert check.inner_product_backward(exchanged).misconception == "order of the results"

    def two_mistakes(dout, cache):
        dx, dW, db = ops.inner_product_backward(dout, cache)
        return dx, dW / len(dout), np.zeros_like(db)
    verdict = check.inner_product_backward(two_mistakes)
    assert verdict.misconception == "db forgotten" and "dW is wrong in another case (with x (" in verdict.text      # one image by hand


def test_wrong_too_is_said_of_the_case_that_is_shown():
    def softmax_loss(scores, y):
        shifted = scores - scores.max()                                # one maximum for all: wrong only where rows are far apart
        e, each = np.exp(shifted), np.arange(len(y))
        p = e / e.sum(axis=1, keepdims=True)
        loss = (np.log(e.sum(axis=1)) - shifted[each, y]).sum()
        p[each, y] -= 1
        return loss, p / len(y)
    text = check.softmax_loss(softmax_loss).text
    assert "loss is " in text and "wrong too" not in text
    assert "dscores is wrong in another case (with scores (2, 3), y [0, 2]: scores of 1,000 and -1,000)." in text


@pytest.mark.parametrize("columns, name", [(lambda part: part.reshape, "batch mixed up"), (lambda part: part.T.reshape, None)])
def test_the_columns_of_several_images_are_transposed_before_they_become_images(columns, name):
    def col2im(cols, x_shape, k, stride=1, pad=0):
        N, C, H, W = x_shape
        x = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
        OH, OW = ((size + 2 * pad - k) // stride + 1 for size in (H, W))
        for n, (i, j) in enumerate(np.ndindex(OH, OW)):
            x[:, :, i * stride:i * stride + k, j * stride:j * stride + k] += columns(cols[:, n * N:n * N + N])(N, C, k, k)
        return x[:, :, pad:pad + H, pad:pad + W]
    verdict = check.col2im(col2im)
    assert verdict.misconception == name and verdict.passed == (name is None)
    assert "cols.dtype" in verdict.text if verdict.passed else ".T.reshape(N, C, k, k)" in verdict.text


@pytest.mark.parametrize("rows, words", [(slice(None), "leave that row out, as in cols[:C * k * k], and reshape dW"),
                                         (slice(-1), "Reshape it to W.shape")])
def test_dW_as_a_matrix_is_told_from_one_with_the_row_of_ones(rows, words):
    def conv_backward(dout, cache):
        cols = cache[0]
        dx, dW, db = ops.conv_backward(dout, cache)
        return dx, dout.transpose(1, 2, 3, 0).reshape(len(dW), -1) @ cols[rows].T, db
    assert words in check.conv_backward(conv_backward).text


def test_a_note_about_float64_names_what_is_there():
    def conv_backward(dout, cache):
        cols, x_shape, W, stride, pad = cache
        d = dout.transpose(1, 2, 3, 0).reshape(len(W), -1)
        dx = col2im(W.reshape(len(W), -1).T @ d, x_shape, W.shape[2], stride, pad)
        return dx, (d @ cols[:-1].T).reshape(W.shape), d.sum(axis=1)

    def col2im(*arguments):
        return ops.col2im(*arguments).astype(float)
    verdict = check.conv_backward(conv_backward)
    assert verdict.passed and "dout.dtype" in verdict.text and "may also come from col2im." in verdict.text and "x.dtype" not in verdict.text


def test_a_slow_function_is_not_called_endless(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 2)

    def slow(x):
        time.sleep(0.5)                                            # six cases would take three seconds
        return np.maximum(x, 0), x
    assert "It is too slow: " in check.relu_forward(slow).text


def test_globals_of_the_notebook_are_noted():
    assert "uses relu_where of this notebook" in check.relu_forward(lambda x: relu_where(x)).text


def test_the_first_wrong_entry_is_named_and_drawn():
    def wrong(x):
        out = np.maximum(x, 0)
        if out.size > 10:
            out.flat[7] += 1
        return out, x
    verdict = check.relu_forward(wrong)
    assert "out[1, 2] is" in verdict.text and "expected" in verdict.text and "Line 4, `1`" in verdict.text and "✗" in verdict.picture
    assert "out[:, :]" in verdict._repr_html_()


def test_a_view_is_noted_and_float64_too():
    nothing = engine.Exercise("identity", ("out",), lambda rng: [engine.Case("hand", (np.ones(3),))], lambda x: (x,), ("x",))
    assert "out is a view of an argument" in engine.examine(nothing, lambda x: x[:]).text
    assert "view" not in check.clip_gradients(clip_or_same).text
    assert "comes out as float64" in check.max_pool_backward(pool_windows_backward, forward=pool_windows).text


def clip_or_same(grads, largest):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    return grads if norm <= largest else [g * (largest / norm) for g in grads]


def test_an_attribute_is_not_taken_for_a_global():
    def backward(dout, cache):
        x, W = cache
        rows = x.reshape(len(x), -1)
        return (dout @ W.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0)
    backward.__globals__["T"] = np.eye(3)
    try:
        assert "of this notebook" not in check.inner_product_backward(backward).text
    finally:
        del backward.__globals__["T"]


def test_handouts_names_and_unknown_names():
    assert check.pooling_layer_forward(ops.max_pool_forward).exercise == "max_pool_forward"
    with pytest.raises(ValueError, match="There is no exercise"):
        check.own("nonsense")
    with pytest.raises(ValueError, match="left out"):
        check.relu_forward(ops.relu_forward, interface="other")


# ------------------------------------------------------------------------------------------------------- the handout's way


def handouts_sgd(decay_on_biases=False, b_rate_used=True, updates_biases=True):
    def sgd_momentum(w_rate, b_rate, mu, decay, params, param_winc, param_grad):
        new, winc = {}, {}
        for i in params:
            winc[i] = {"w": mu * param_winc[i]["w"] + w_rate * (param_grad[i]["w"] + decay * params[i]["w"]),
                       "b": mu * param_winc[i]["b"] + (b_rate if b_rate_used else w_rate) * (
                           param_grad[i]["b"] + (decay * params[i]["b"] if decay_on_biases else 0))}
            new[i] = {"w": params[i]["w"] - winc[i]["w"], "b": params[i]["b"] - winc[i]["b"]}
            if not updates_biases:
                new[i]["b"], winc[i]["b"] = params[i]["b"], param_winc[i]["b"]
        return new, winc
    return sgd_momentum


@pytest.mark.parametrize("how, misconception", [({}, None), ({"decay_on_biases": True}, "decay on biases"),
                                                ({"updates_biases": False}, "biases forgotten"),
                                                ({"b_rate_used": False}, "biases at the weights' rate")])
def test_the_handouts_update_is_looked_at_weights_and_biases(how, misconception):
    verdict = check.sgd_momentum(handouts_sgd(**how), interface="handout")
    assert verdict.misconception == misconception and verdict.passed == (misconception is None), verdict


@pytest.mark.parametrize("name", handout.SEVEN)
def test_the_handouts_seven_pass_and_count(name):
    short = check.HANDOUT_NAMES.get(name, name)
    assert getattr(check, name)(handout.SEVEN[name], interface="handout").passed
    assert getattr(check, short)(lambda *args: handout.SEVEN[name](*args), interface="handout").passed
    assert check.progress().passed == 1 and check.own(short) is not None


def test_a_handout_function_with_a_known_mistake():
    def relu_backward(output, input, layer):
        return output["diff"] * (output["data"] >= 0)
    assert check.relu_backward(relu_backward, interface="handout").misconception == "gate on the cut output"

    def returns_nothing(input, layer):
        pass
    assert "returns nothing (is a `return` missing?)" in check.relu_forward(returns_nothing, interface="handout").text


# ------------------------------------------------------------------------------------------------------ hints and progress


def test_every_exercise_is_listed_and_has_a_misconception_and_a_check_by_nudging():
    made = {exercise.name for exercise in vars(exercises).values() if isinstance(exercise, engine.Exercise)}
    unlisted = made - set(EXERCISES)
    assert not unlisted, f"EXERCISES leaves out {unlisted}"
    for exercise in EXERCISES.values():
        assert exercise.wrongs, f"{exercise.name} names no misconception"
        assert exercise.numeric or not exercise.forward, f"{exercise.name} is a backward pass without finite differences"


def test_every_exercise_has_three_hints_and_a_solution():
    assert set(HINTS) == set(EXERCISES) and all(len(three) == 3 for three in check.HINTS.values())
    unsolved = (set(EXERCISES) | {f"derive_{name}" for name in DERIVATIONS}) - set(blocks())
    assert not unsolved, f"no block in solutions/exercises.py for {unsolved}"


def test_a_question_that_is_answered_in_words_has_one_answer_and_no_notebook_shows_it():
    text = check.solution("question_9").data
    assert all(part in text for part in ("**(a)**", "**(b)**", "**(c)**"))
    assert not [path.name for path in NOTEBOOKS.glob("*.ipynb") if text[:60] in path.read_text(encoding="utf-8")]


def test_hints_come_one_after_the_other_and_are_remembered():
    said = [check.hint("relu_forward").data for _ in range(4)]
    assert ["Hint 1" in said[0], "Hint 2" in said[1], "Hint 3" in said[2], "Hint 3" in said[3]] == [True] * 4
    assert "def relu_forward" in check.solution("relu_forward").data
    known = progress_store.read("relu_forward")
    assert known["hints"] == 3 and known["solution"]
    assert "relu_forward             … not begun       solution" in str(check.progress())


def test_a_hint_of_a_number_stays_the_same_when_its_cell_runs_again():
    assert all("Hint 2 of 3" in check.hint("softmax", 2).data for _ in range(3)) and progress_store.read("softmax")["hints"] == 2
    assert "Hint 1 of 3" in check.hint("softmax", 1).data and progress_store.read("softmax")["hints"] == 2
    assert "Hint 3 of 3" in check.hint("softmax").data
    for number in (0, 4, "1"):
        with pytest.raises(ValueError, match="There are hints 1 to 3; got"):
            check.hint("softmax", number)


@pytest.mark.parametrize("said, exercise", [("saving", "derive_saving"), ("zigzag", "hinges_target"), ("pooling_layer_forward", "max_pool_forward")])
def test_an_exercise_is_found_by_the_name_in_the_call_of_its_check(said, exercise):
    assert check.hint(said, 1).data == check.hint(exercise, 1).data and progress_store.read(exercise)["hints"] == 1
    assert check.solution(said).data == check.solution(exercise).data
    assert check.HINTS.keys().isdisjoint({*check.DERIVATIONS, *check.HINGES})                 # no name means two exercises


def test_progress_survives_and_hands_functions_on(monkeypatch):
    check.relu_forward(stub)
    assert progress_store.read("relu_forward")["attempts"] == 0
    check.relu_forward(in_place)
    check.relu_forward(relu_where)
    check.relu_backward(relu_where_backward, forward=relu_where)
    assert check.progress().passed == 2 and "relu_forward             ✓ passes        2" in str(check.progress())
    monkeypatch.setattr(progress_store, "_live", {})                          # another notebook, another day
    assert check.own("relu_forward")(np.array([-1.0, 2.0]))[0].tolist() == [0, 2]
    assert check.own("relu_backward") is not None and check.own("softmax") is None


def test_one_function_without_a_source_does_not_hide_the_others(monkeypatch):
    check.softmax(softmax_logsumexp)
    check.relu_forward(lambda x: (np.maximum(x, 0), x))
    check.softmax(functools.partial(softmax_logsumexp))
    monkeypatch.setattr(progress_store, "_live", {})
    assert check.own("softmax") is not None and check.own("relu_forward") is None


def test_the_packages_functions_are_nobodys_progress():
    check.softmax(ops.softmax)
    assert check.progress().passed == 0


@pytest.mark.parametrize("damage", ["{ half", '{"attempts": null}', "[]", '{"hints": "2"}'])
def test_any_damage_starts_an_exercise_anew(damage):
    check.softmax(softmax_logsumexp)
    (progress_store.folder() / "softmax.json").write_text(damage)
    with pytest.warns(UserWarning, match="starts anew"):
        assert progress_store.read("softmax") == progress_store.NOTHING


def test_damaged_progress_is_said_and_costs_one_exercise_only():
    check.relu_forward(relu_where)
    progress_store.write("softmax", hints=2)
    (progress_store.folder() / "relu_forward.json").write_text("{ half")
    with pytest.warns(UserWarning, match="starts anew"):
        assert not progress_store.read("relu_forward")["passed"]
    assert progress_store.read("softmax")["hints"] == 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert check.relu_forward(relu_where).passed
    assert json.loads((progress_store.folder() / "relu_forward.json").read_text())["passed"]


def test_a_folder_that_cannot_be_written_costs_no_lesson(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "file" / "below"))
    with pytest.warns(UserWarning, match="Progress is not kept"):
        assert check.relu_forward(relu_where).passed


@pytest.mark.parametrize("name", [*EXERCISES, *DERIVATIONS])
def test_every_special_case_says_what_is_special(name):
    exercise = (EXERCISES | DERIVATIONS)[name]
    assert all(case.note for case in exercise.cases(np.random.default_rng(0)) if case.stage == "edge")


@pytest.mark.parametrize("name, argument", [("spread", 1), ("fan_in_bound", 0), ("answers", 0)])
def test_a_number_of_things_is_whole(name, argument):
    cases = DERIVATIONS[name].cases(np.random.default_rng(0))
    assert cases and all(isinstance(case.args[argument], int) for case in cases)


def test_a_verdict_shows_numbers_with_four_digits():
    text = check.derivation("spread", lambda a, n: a * n).text
    assert "e" not in text.split("with a ")[1].split(",")[0] and len(text.split("with a ")[1].split(",")[0]) <= 6 and ", n " in text
