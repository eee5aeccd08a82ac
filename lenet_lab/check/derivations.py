"""The homework's derivations as steps: a formula, given as a function, is tested on random matrices without symmetry.

Sources: FMAN45 assignment, section 1 (dense, ReLU and softmax loss, for one sample and for a batch in columns). The form with a batch in
rows, Z = X W + b, is this workbook's own. The formulas of notebooks 06 to 10 are checked in the same way.
"""

import numpy as np

from .engine import Case
from .formulas import FORMULAS, step

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


TRANSPOSED = "transposed W", "W must be transposed: an input gets the gradients of all outputs that depend on it."
ORDER = "factors exchanged", "The factors are in the wrong order: the result is the transpose of the gradient, which has the shape of W."
ROWS = "rows for columns", "That is the formula for a batch in rows. Here the images are columns."
COLUMNS = "columns for rows", "That is the formula for a batch in columns. Here the images are rows."
IN_ROWS = "rows for columns", "The result has an image in each row. Here the images are columns."
IN_COLUMNS = "columns for rows", "The result has an image in each column. Here the images are rows."
NOT_N = "inner index", "The inner index is not n. The sum is over the images, so both matrices must meet at the axis that counts the images."
NOT_OUTPUTS = "inner index", ("The inner index is not that of the outputs. The sum is over the outputs, so both matrices must meet at the axis "
                              "that counts the outputs.")
BY_HAND = "element by element", "Entries have been multiplied one by one (*). Here a product of matrices sums over them: @."
SIGN = "sign", "The sign is turned round. The step down comes in the update, not here."
FORGOTTEN = "gradient forgotten", "The gradient of the output is missing: the chain rule multiplies by it."
SUM = "sum forgotten", "One bias is added in all images: sum over them."
MEAN = "mean for sum", "That is a mean. The bias has slope 1 in every image: sum them."

DERIVATIONS = {one.name: one for one in (
    step("dense_dx", _one, ("W", "x", "g"), lambda W, x, g: W.T @ g, (*TRANSPOSED, lambda W, x, g: W @ g), (*FORGOTTEN, lambda W, x,
                                                                                                             g: W.sum(axis=0)), (*FORGOTTEN,
                                                                                                                                 lambda W, x, g: W.T),
          (*SIGN, lambda W, x, g: -W.T @ g), ("x too much", "x has no part in it: z = W x has the slope W in x.", lambda W, x, g: x * (W.T @ g)),
          ("product for sum", "Each input acts on all outputs: sum over them, W' g.", lambda W, x, g: W.T * g),
          ("forward pass", "That is W x, the forward pass. The gradient g goes back through W': W' g.", lambda W, x, g: W @ x),
          ("W for x", "That is dW, an outer product. dx has the shape of x: W' g.", lambda W, x, g: np.outer(g, x))),
    step("dense_dW", _one, ("W", "x", "g"), lambda W, x, g: np.outer(g, x), (*ORDER, lambda W, x, g: np.outer(x, g)),
          ("inner for outer product", "An inner product is one number. Each weight joins one input with one output: an outer product.",
           lambda W, x, g: g @ x), (*SIGN, lambda W, x, g: -np.outer(g, x)),
          ("W for x", "W itself is in the formula. z = W x has the slope x in W: every weight g_l x_i.", lambda W, x, g: np.outer(g, W.T @ g)),
          ("W too much", "W has no part in it: the slope of W x in W is x.", lambda W, x, g: W * np.outer(g, x)),
          (*FORGOTTEN, lambda W, x, g: np.outer(np.ones_like(g), x)), ("x forgotten", "x is missing: each weight is multiplied by its input.",
           lambda W, x, g: np.outer(g, np.ones_like(x)))),
    step("dense_db", _one, ("W", "x", "g"), lambda W, x, g: g,
          ("sum over outputs", "Each output has a bias of its own: nothing is summed for one image.", lambda W, x, g: g.sum()),
          ("slope for gradient", "The slope of z in b is 1, and the chain rule multiplies it by g.", lambda W, x, g: np.ones_like(g)),
          ("slope for gradient", "The slope of z in b is 1, and the chain rule multiplies it by g.", lambda W, x, g: 1.0),
          (*SIGN, lambda W, x, g: -g), ("mean over outputs", "Each output has a bias of its own: nothing is averaged.", lambda W, x, g: g.mean()),
          ("W too much", "W has no part in it: the slope of z in b is 1.", lambda W, x, g: W.T @ g)),
    step("columns_dX", _columns, ("W", "X", "G"), lambda W, X, G: W.T @ G, (*TRANSPOSED, lambda W, X, G: W @ G),
          (*ROWS, lambda W, X, G: G @ W.T), (*NOT_OUTPUTS, lambda W, X, G: G @ W), (*IN_ROWS, lambda W, X, G: G.T @ W),
          (*SIGN, lambda W, X, G: -W.T @ G),
          ("divided by the batch", "That is divided by the number of images. G holds that already.", lambda W, X, G: W.T @ G / X.shape[1])),
    step("columns_dW", _columns, ("W", "X", "G"), lambda W, X, G: G @ X.T, (*ORDER, lambda W, X, G: X @ G.T),
          (*ROWS, lambda W, X, G: X.T @ G), (*NOT_N, lambda W, X, G: G.T @ X), (*NOT_N, lambda W, X, G: G @ X), (*SIGN, lambda W, X, G: -G @ X.T),
          ("first image only", "Only the first image counts. A weight acts in every image: sum over all.", lambda W, X, G: np.outer(G[:, 0], X[:,
                                                                                                                                               0])),
          ("mean for sum", "That is divided by the number of images. G holds that already, if the loss is a mean.",
           lambda W, X, G: G @ X.T / X.shape[1])),
    step("columns_db", _columns, ("W", "X", "G"), lambda W, X, G: G.sum(axis=1),
          ("wrong axis", "The images are the columns: sum along the rows, axis 1.", lambda W, X, G: G.sum(axis=0)), (*SUM, lambda W, X, G: G),
          (*MEAN, lambda W, X, G: G.mean(axis=1)),
          ("a column kept", "Right numbers, as a column: b has one axis.", lambda W, X, G: G.sum(axis=1, keepdims=True)),
          ("sum over everything", "Each output has a bias of its own: sum over the images only.", lambda W, X, G: G.sum()),
          ("first image only", "Only the first image counts: sum over all.", lambda W, X, G: G[:, 0]), (*SIGN, lambda W, X, G: -G.sum(axis=1))),
    step("rows_dX", _rows, ("W", "X", "G"), lambda W, X, G: G @ W.T, (*TRANSPOSED, lambda W, X, G: G @ W),
          ("images summed", "Every image gets the sum of all images. Each image has a row of its own: G W'.",
           lambda W, X, G: np.broadcast_to(G.sum(axis=0) @ W.T, X.shape)), ("forward pass", "That is X W, the forward pass.", lambda W, X, G: X @ W),
          (*COLUMNS, lambda W, X, G: W.T @ G), (*NOT_OUTPUTS, lambda W, X, G: W @ G), (*IN_COLUMNS, lambda W, X, G: W @ G.T), (*SIGN, lambda W, X,
                                                                                                                        G: -G @ W.T),
          ("divided by the batch", "That is divided by the number of images. G holds that already.", lambda W, X, G: G @ W.T / len(X))),
    step("rows_dW", _rows, ("W", "X", "G"), lambda W, X, G: X.T @ G, (*ORDER, lambda W, X, G: G.T @ X),
          (*COLUMNS, lambda W, X, G: G @ X.T), (*NOT_N, lambda W, X, G: X @ G.T), (*NOT_N, lambda W, X, G: X @ G), (*SIGN, lambda W, X,
                                                                                                                        G: -X.T @ G),
          ("first image only", "Only the first image counts. A weight acts in every image: sum over all.", lambda W, X, G: np.outer(X[0], G[0])),
          ("mean for sum", "That is divided by the number of images. G holds that already, if the loss is a mean.",
           lambda W, X, G: X.T @ G / len(X))),
    step("rows_db", _rows, ("W", "X", "G"), lambda W, X, G: G.sum(axis=0),
          ("wrong axis", "The images are the rows: sum down the columns, axis 0.", lambda W, X, G: G.sum(axis=1)), (*SUM, lambda W, X, G: G),
          (*MEAN, lambda W, X, G: G.mean(axis=0)), ("a row kept", "Right numbers, as a row: b has one axis.", lambda W, X, G: G.sum(axis=0,
                                                                                                                                    keepdims=True)),
          ("sum over everything", "Each output has a bias of its own: sum over the images only.", lambda W, X, G: G.sum()),
          ("first image only", "Only the first image counts: sum over all.", lambda W, X, G: G[0]), (*SIGN, lambda W, X, G: -G.sum(axis=0))),
    step("relu_dx", _relu, ("x", "g"), lambda x, g: g * (x > 0),
          (">= for >", "Only x = 0 is wrong: there the gradient is 0 here, as in PyTorch.", lambda x, g: g * (x >= 0)),
          ("value for slope", "ReLU's slope is 1 where x is positive, whatever x is.", lambda x, g: g * np.maximum(x, 0)),
          ("gate on the gradient", "What decides is the sign of x, not that of the gradient.", lambda x, g: np.maximum(g, 0)),
          ("gate forgotten", "Every gradient passes. Where x is negative, the output does not change.", lambda x, g: g),
          ("g forgotten", "That is the slope of ReLU alone: the chain rule multiplies it by g.", lambda x, g: 1.0 * (x > 0)),
          ("gate turned round", "The gate is turned round: g passes where x is positive.", lambda x, g: g * (x <= 0)),
          ("gate turned round", "The gate is turned round: g passes where x is positive.", lambda x, g: g * (x < 0)),
          ("gate on the gradient too", "The gate of x is right, but negative gradients have become 0 too. Only x decides.",
           lambda x, g: np.maximum(g, 0) * (x > 0)),
          ("value for slope", "g has been multiplied by x. ReLU's slope is 1 or 0.", lambda x, g: g * x),
          ("sign for gate", "g has been multiplied by the sign of x. Where x is negative the slope is 0.", lambda x, g: g * np.sign(x)),
          ("forward pass again", "That is ReLU itself. Its slope times g is wanted.", lambda x, g: np.maximum(x, 0)),
          (*SIGN, lambda x, g: -g * (x > 0))),
    step("softmax_jacobian", _probabilities, ("p",), lambda p: np.diag(p) - np.outer(p, p),
          ("diagonal only", "A score changes every probability, since they sum to 1: dp_i/ds_j = -p_i p_j off the diagonal.",
           lambda p: np.diag(p * (1 - p))),
          ("diagonal only", "Those are the numbers on the diagonal. A score changes every probability: the result is a matrix.",
           lambda p: p * (1 - p)),
          ("sign", "The sign: raising a score raises its own probability.", lambda p: np.outer(p, p) - np.diag(p)),
          ("p added to every row", "p - p p' adds p to every row, not only on the diagonal: np.diag(p).", lambda p: p - np.outer(p, p)),
          ("diagonal forgotten", "On the diagonal p_i is added: p_i (1 - p_i).", lambda p: -np.outer(p, p)),
          ("outer product forgotten", "p * p and p @ p are no matrices: the product of every p_i with every p_j is np.outer(p, p).",
           lambda p: np.diag(p) - p * p),
          ("outer product forgotten", "p @ p is one number, the sum of the squares. The product of every p_i with every p_j is np.outer(p, p).",
           lambda p: np.diag(p) - p @ p),
          ("outer product forgotten", "p @ p is one number, the sum of the squares. The product of every p_i with every p_j is np.outer(p, p).",
           lambda p: p - p @ p),
          ("diagonal of ones", "1 stands on the diagonal in the place of p_i: that is np.eye. Use np.diag(p).",
           lambda p: np.eye(len(p)) - np.outer(p, p)),
          ("sign", "The two parts are added. Off the diagonal the slope is -p_i p_j.", lambda p: np.diag(p) + np.outer(p, p)),
          ("rows scaled", "p_i (1 - p_j) stands everywhere. The p_i is added on the diagonal only.", lambda p: p[:, None] * (1 - p)),
          ("off the diagonal", "p_i squared is subtracted twice on the diagonal: there it is p_i (1 - p_i).",
           lambda p: np.diag(p * (1 - p)) - np.outer(p, p)),
          ("off the diagonal", "-p_i p_j stands off the diagonal, but the diagonal is p_i: there it is p_i (1 - p_i).",
           lambda p: np.diag(p + p * p) - np.outer(p, p)),
          ("off the diagonal", "Off the diagonal the sign is turned round: it is -p_i p_j there.", lambda p: np.outer(p,
                                                                                                                      p) + np.diag(p - 2 * p * p))),
    step("softmax_ds", _targets, ("p", "t"), lambda p, t: p - t, ("sign", "The sign: where p is too large, raising the score raises the loss.",
          lambda p, t: t - p), ("gradient of the probabilities", "That is dL/dp. Multiply by the softmax's own derivative: much cancels.",
          lambda p, t: -t / p), ("label only", "The other scores get a gradient too, p itself.", lambda p, t: t * (p - 1)),
          ("target forgotten", "1 is subtracted at the label: p - t.", lambda p, t: p), ("sign of the target", "The target is subtracted: p - t.",
           lambda p, t: p + t), ("slope of p", "p (1 - p) is the slope of one probability in its own score. With -ln p most of it cancels.",
           lambda p, t: p * (1 - p)), ("slope of p", "p (1 - p) is the slope of one probability. With -ln p it cancels: p - t.",
           lambda p, t: (p - t) * p * (1 - p)), ("loss for gradient", "That is the loss, -ln p. Wanted is its slope in every score.",
           lambda p, t: -(t * np.log(p)).sum()), ("loss for gradient", "That is -t ln p. Wanted is the slope in every score.",
           lambda p, t: -t * np.log(p)), ("divided by the classes", "That is divided by the number of classes. One image has no 1/N.",
           lambda p, t: (p - t) / len(p))),
    step("softmax_rows", _target_rows, ("P", "T"), lambda P, T: (P - T) / len(P),
          ("missing 1/N", "The loss is a mean over N images: divide by N.", lambda P, T: P - T),
          ("mean over all entries", "Divide by the number of images only, not by the number of entries.", lambda P, T: (P - T) / P.size),
          ("sign", "The sign: P - T.", lambda P, T: (T - P) / len(P)),
          ("divided by the classes", "Divided by the number of classes; N is the number of rows.", lambda P, T: (P - T) / P.shape[1]),
          ("mean over the images", "The rows have been averaged. Each score has a gradient of its own: (P - T) / N keeps the shape.",
           lambda P, T: (P - T).mean(axis=0)), ("sum over the images", "The rows have been summed. Each score has a gradient of its own.",
           lambda P, T: (P - T).sum(axis=0)), ("target forgotten", "1 is subtracted at each label: P - T.", lambda P, T: P / len(P)),
          ("gradient of the probabilities", "That is dL/dP. Multiply by the softmax's own derivative: much cancels.", lambda P, T: -T / P / len(P)),
          ("label only", "The other scores get a gradient too, P itself.", lambda P, T: T * (P - 1) / len(P)),
          ("sign of the target", "The target is subtracted: P - T.", lambda P, T: (P + T) / len(P)),
          ("brackets", "Only T is divided by N. The whole difference is: (P - T) / N.", lambda P, T: P - T / len(P))),
)} | FORMULAS
