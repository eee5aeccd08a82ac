"""The homework's derivations as steps: a formula, given as a function, is tested on random matrices without symmetry.

Sources: FMAN45 assignment, section 1 (dense, ReLU and softmax loss, for one sample and for a batch in columns). The form with a batch in
rows, Z = X W + b, is this workbook's own.
"""

import numpy as np

from .engine import Case, Exercise, Misconception

SAMPLES, INPUTS, OUTPUTS = 5, 3, 4


def _one(rng):
    return [Case("random", tuple(rng.standard_normal(shape) for shape in ((m, d), (d,), (m,)))) for m, d in ((OUTPUTS, INPUTS), (2, 2), (1, 3))]


def _columns(rng):
    return [Case("random", tuple(rng.standard_normal(shape) for shape in ((m, d), (d, n), (m, n))))
            for m, d, n in ((OUTPUTS, INPUTS, SAMPLES), (3, 3, 3), (2, 3, 1))]


def _rows(rng):
    return [Case("random", tuple(rng.standard_normal(shape) for shape in ((d, m), (n, d), (n, m))))
            for m, d, n in ((OUTPUTS, INPUTS, SAMPLES), (3, 3, 3), (2, 3, 1))]


def _relu(rng):
    return [Case("random", (rng.standard_normal(5), rng.standard_normal(5))), Case("edge", (np.array([-1.0, 0, 2]), np.ones(3)), {}, "x is 0")]


def _softmaxed(rng, *shape):
    e = np.exp(rng.standard_normal(shape))
    return e / e.sum(axis=-1, keepdims=True)


def _probabilities(rng):
    return [Case("random", (_softmaxed(rng, 4),)), Case("random", (_softmaxed(rng, 3),))]


def _targets(rng):
    return [Case("random", (_softmaxed(rng, 4), np.eye(4)[2])), Case("random", (_softmaxed(rng, 3), np.eye(3)[0]))]


def _target_rows(rng):
    return [Case("random", (_softmaxed(rng, 5, 3), np.eye(3)[rng.integers(0, 3, 5)])),
            Case("random", (_softmaxed(rng, 3, 3), np.eye(3)[[2, 0, 0]]))]


def _step(name, cases, arguments, right, *wrongs):
    """One step: formulas are functions of the arguments that return one array."""
    def several(formula):
        return lambda *args: (formula(*args),)
    return Exercise(name, ("formula",), cases, several(right), arguments,
                    [Misconception(wrong, text, several(formula)) for wrong, text, formula in wrongs], views_matter=False)


TRANSPOSED = "transposed W", "W must be transposed: an input gets the gradients of all outputs that depend on it."
ORDER = "factors exchanged", "The factors are in the wrong order: the result is the transpose of the gradient, which has the shape of W."
SUM = "sum forgotten", "One bias is added in all images: sum over them."
MEAN = "mean for sum", "That is a mean. The bias has slope 1 in every image: sum them."

DERIVATIONS = {step.name: step for step in (
    _step("dense_dx", _one, ("W", "x", "g"), lambda W, x, g: W.T @ g, (*TRANSPOSED, lambda W, x, g: W @ g)),
    _step("dense_dW", _one, ("W", "x", "g"), lambda W, x, g: np.outer(g, x), (*ORDER, lambda W, x, g: np.outer(x, g)),
          ("inner for outer product", "An inner product is one number. Each weight joins one input with one output: an outer product.",
           lambda W, x, g: g @ x)),
    _step("dense_db", _one, ("W", "x", "g"), lambda W, x, g: g,
          ("sum over outputs", "Each output has a bias of its own: nothing is summed for one image.", lambda W, x, g: g.sum()),
          ("slope for gradient", "The slope of z in b is 1, and the chain rule multiplies it by g.", lambda W, x, g: np.ones_like(g))),
    _step("columns_dX", _columns, ("W", "X", "G"), lambda W, X, G: W.T @ G, (*TRANSPOSED, lambda W, X, G: W @ G),
          ("rows for columns", "That is the formula for a batch in rows.", lambda W, X, G: G @ W.T)),
    _step("columns_dW", _columns, ("W", "X", "G"), lambda W, X, G: G @ X.T, (*ORDER, lambda W, X, G: X @ G.T),
          ("rows for columns", "That sums over the wrong axis: the images are the columns.", lambda W, X, G: X.T @ G),
          ("mean for sum", "That is divided by the number of images. G holds that already, if the loss is a mean.",
           lambda W, X, G: G @ X.T / X.shape[1])),
    _step("columns_db", _columns, ("W", "X", "G"), lambda W, X, G: G.sum(axis=1),
          ("wrong axis", "The images are the columns: sum along the rows, axis 1.", lambda W, X, G: G.sum(axis=0)), (*SUM, lambda W, X, G: G),
          (*MEAN, lambda W, X, G: G.mean(axis=1)),
          ("a column kept", "Right numbers, as a column: b has one axis.", lambda W, X, G: G.sum(axis=1, keepdims=True))),
    _step("rows_dX", _rows, ("W", "X", "G"), lambda W, X, G: G @ W.T, (*TRANSPOSED, lambda W, X, G: G @ W),
          ("columns for rows", "That is the formula for a batch in columns.", lambda W, X, G: W.T @ G)),
    _step("rows_dW", _rows, ("W", "X", "G"), lambda W, X, G: X.T @ G, (*ORDER, lambda W, X, G: G.T @ X),
          ("columns for rows", "That is the formula for a batch in columns.", lambda W, X, G: G @ X.T),
          ("mean for sum", "That is divided by the number of images. G holds that already, if the loss is a mean.",
           lambda W, X, G: X.T @ G / len(X))),
    _step("rows_db", _rows, ("W", "X", "G"), lambda W, X, G: G.sum(axis=0),
          ("wrong axis", "The images are the rows: sum down the columns, axis 0.", lambda W, X, G: G.sum(axis=1)), (*SUM, lambda W, X, G: G),
          (*MEAN, lambda W, X, G: G.mean(axis=0))),
    _step("relu_dx", _relu, ("x", "g"), lambda x, g: g * (x > 0),
          (">= for >", "Only x = 0 is wrong: there the gradient is 0 here, as in PyTorch.", lambda x, g: g * (x >= 0)),
          ("value for slope", "ReLU's slope is 1 where x is positive, whatever x is.", lambda x, g: g * np.maximum(x, 0)),
          ("gate on the gradient", "What decides is the sign of x, not that of the gradient.", lambda x, g: np.maximum(g, 0)),
          ("gate forgotten", "Every gradient passes. Where x is negative, the output does not change.", lambda x, g: g),
          ("g forgotten", "That is the slope of ReLU alone: the chain rule multiplies it by g.", lambda x, g: 1.0 * (x > 0))),
    _step("softmax_jacobian", _probabilities, ("p",), lambda p: np.diag(p) - np.outer(p, p),
          ("diagonal only", "A score changes every probability, since they sum to 1: dp_i/ds_j = -p_i p_j off the diagonal.",
           lambda p: np.diag(p * (1 - p))),
          ("diagonal only", "Those are the numbers on the diagonal. A score changes every probability: the result is a matrix.",
           lambda p: p * (1 - p)),
          ("sign", "The sign: raising a score raises its own probability.", lambda p: np.outer(p, p) - np.diag(p)),
          ("p added to every row", "p - p p' adds p to every row, not only on the diagonal: np.diag(p).", lambda p: p - np.outer(p, p)),
          ("diagonal forgotten", "On the diagonal p_i is added: p_i (1 - p_i).", lambda p: -np.outer(p, p))),
    _step("softmax_ds", _targets, ("p", "t"), lambda p, t: p - t, ("sign", "The sign: where p is too large, raising the score raises the loss.",
          lambda p, t: t - p), ("gradient of the probabilities", "That is dL/dp. Multiply by the softmax's own derivative: much cancels.",
          lambda p, t: -t / p), ("label only", "The other scores get a gradient too, p itself.", lambda p, t: t * (p - 1))),
    _step("softmax_rows", _target_rows, ("P", "T"), lambda P, T: (P - T) / len(P),
          ("missing 1/N", "The loss is a mean over N images: divide by N.", lambda P, T: P - T),
          ("mean over all entries", "Divide by the number of images only, not by the number of entries.", lambda P, T: (P - T) / P.size),
          ("sign", "The sign: P - T.", lambda P, T: (T - P) / len(P)),
          ("divided by the classes", "Divided by the number of classes; N is the number of rows.", lambda P, T: (P - T) / P.shape[1])),
)}
