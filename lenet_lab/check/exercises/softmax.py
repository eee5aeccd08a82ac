"""Softmax and its loss: right answers, cases and misconceptions."""

import numpy as np

from lenet_core import ops

from ..engine import Case, Exercise, Misconception
from .common import draw, pick


def _softmax_cases(rng):
    return [
        Case("hand", (np.array([[0.0, np.log(3.0)]]),), {}, "scores 0 and ln 3"),
        Case("random", (draw(rng, 3, 5),)),
        Case("random", (3 * draw(rng, 4, 4),), {}, "as many images as classes"),
        Case("random", (draw(rng, 2, 10, dtype=np.float32),)),
        Case("edge", (np.array([[1000.0, 0.0, 999.0], [-1000.0, -1001.0, -1000.0]]),), {}, "scores of 1,000 and -1,000"),
        Case("edge", (np.array([[1000.0] + [0.0] * 9]),), {}, "one score of 1,000 among zeros"),
        Case("edge", (np.array([[120.0] + [0.0] * 9], np.float32),), {}, "a score of 120 in float32"),
        Case("edge", (np.zeros((2, 3)),), {}, "equal scores"),
        Case("edge", (draw(rng, 1, 4),), {}, "one image"),
    ]


def _scores(rng):
    return (pick(rng, 0.1, 1, 10, 300) * draw(rng, *rng.integers(1, 6, 1), *rng.integers(2, 8, 1))).astype(pick(rng, np.float64, np.float32))


def _with(change, shift=True):
    """Softmax with other exponentials, or other sums: `change(e)` for e the exponentials of the shifted scores."""
    return lambda scores: (change(np.exp(scores - scores.max(axis=-1, keepdims=True) if shift else scores)),)


def _unshifted(scores):
    e = np.exp(scores)
    return e / e.sum(axis=-1, keepdims=True)


def _one_maximum(scores):
    e = np.exp(scores - scores.max())
    return (e / e.sum(axis=-1, keepdims=True),)


SOFTMAX = Exercise("softmax", ("p",), _softmax_cases, lambda scores: (ops.softmax(scores),), ("scores",),
                   covering=(0,), one=lambda rng: Case("random", (_scores(rng),)), wrongs=[
    Misconception("no shift", "Large scores give nan: e^1000 is more than a float can hold. Subtract the largest score of each row first; the "
          "result is the same.",
          lambda scores: (_unshifted(scores),)),
    Misconception("wrong axis", "The sum has been taken over the images. Each row is one image, and its probabilities sum to 1.",
          lambda scores: (ops.softmax(scores.T).T,)),
    Misconception("wrong axis", "The sum has been taken over the images. Each row is one image, and its probabilities sum to 1.",
          lambda scores: (np.exp(scores) / np.exp(scores).sum(axis=0),)),
    Misconception("sum over everything", "All entries together sum to 1. Each row should.",
          lambda scores: (ops.softmax(scores.reshape(1, -1)).reshape(scores.shape),)),
    Misconception("sum over everything", "All entries together sum to 1. Each row should.", lambda scores: (np.exp(scores) / np.exp(scores).sum(),)),
    Misconception("one maximum for all", "The largest score of the whole batch has been subtracted. For an image whose scores are all far below it, "
          "every e^s becomes 0: subtract the largest of each row.", _one_maximum),
    Misconception("mean subtracted", "A number below the largest score has been subtracted, perhaps the mean; then e^s can still be too large.",
          lambda scores: (_unshifted(scores - scores.mean(axis=-1, keepdims=True)),)),
    Misconception("softmax without e", "The scores have been divided by their sum. Take e^s first, which also makes them positive.",
          lambda scores: (scores / scores.sum(axis=-1, keepdims=True),)),
    Misconception("not normalised", "The exponentials are not divided by their sum.",
          lambda scores: (np.exp(scores - scores.max(axis=-1, keepdims=True)),)),
    Misconception("logarithm of softmax", "Those are the logarithms of the probabilities.", lambda scores: (np.log(ops.softmax(scores)),)),
    Misconception("powers of 2", "Those are powers of 2 instead of e.", lambda scores: (ops.softmax(scores * np.log(2)),)),
    Misconception("logarithm of softmax", "Those are the logarithms of the probabilities.",
                  lambda scores: (scores - scores.max(axis=-1, keepdims=True) - np.log(np.exp(scores - scores.max(axis=-1, keepdims=True)).sum(
                      axis=-1, keepdims=True)),)),
    Misconception("maximum of the exponentials", "The largest exponential has been subtracted. Subtract the largest score before the exponential.",
                  lambda scores: ((np.exp(scores) - np.exp(scores).max(axis=-1, keepdims=True)) / (
                      np.exp(scores) - np.exp(scores).max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True),)),
    Misconception("powers of 10", "Those are powers of 10 instead of e.", lambda scores: (ops.softmax(scores * np.log(10)),)),
    Misconception("sum over everything", "All entries together sum to 1. Each row should.", lambda scores: (
        np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum(),)),
    Misconception("sum over everything", "The sum has been taken over all images. Each row should sum to 1 by itself.", _with(lambda e: e / e.sum())),
    Misconception("wrong axis", "The sum has been taken over the images. Each row is one image, and its probabilities sum to 1.",
                  _with(lambda e: e / e.sum(axis=0))),
    Misconception("one maximum for each column", "The largest score of each column has been subtracted. Subtract that of each row: one image is one "
                  "row.", lambda scores: (_unshifted(scores - scores.max(axis=0)),)),
    Misconception("hardmax", "That is 1 for the largest score and 0 for the others. Softmax gives every class a share: e^s divided by the sum.",
                  lambda scores: ((scores == scores.max(axis=-1, keepdims=True)).astype(scores.dtype),)),
    Misconception("divided by the maximum", "The scores have been divided by their largest. Subtract it: that alone leaves the probabilities as "
          "they are.",
                  lambda scores: (_unshifted(scores / np.abs(scores).max(axis=-1, keepdims=True)),)),
    Misconception("divided by the maximum", "The scores have been divided by their largest. Subtract it: that alone leaves the probabilities as "
          "they are.",
                  lambda scores: (_unshifted(scores / scores.max(axis=-1, keepdims=True)),)),
    *(Misconception("scores clipped", "Large scores have been clipped, so that different ones become equal. Subtract the largest of each row "
          "instead.",
                    lambda scores, low=low, high=high: (_unshifted(np.clip(scores, low, high)),))
      for high in (20, 50, 80, 85, 88, 100, 200, 300, 500, 600, 700, 709) for low in (-high, -np.inf)),
    Misconception("sign", "The sign: e^(-s) makes the largest score the least likely. Take e^s.", lambda scores: (ops.softmax(-scores),)),
    Misconception("sigmoid", "That is 1 / (1 + e^-s) for each score alone. The probabilities of a row must sum to 1.",
                  lambda scores: (1 / (1 + np.exp(-scores)),)),
    Misconception("mean for sum", "The exponentials have been divided by their mean: each row sums to the number of classes. Divide by the sum.",
                  _with(lambda e: e / e.mean(axis=-1, keepdims=True))),
    Misconception("smallest subtracted", "The smallest score of each row has been subtracted, so that e^s can still be too large. Subtract the "
          "largest.",
                  lambda scores: (_unshifted(scores - scores.min(axis=-1, keepdims=True)),)),
    Misconception("shares of the scores", "The shifted scores have been divided by their sum. Take the exponential first.",
                  lambda scores: ((scores - scores.min(axis=-1, keepdims=True)) / (scores - scores.min(axis=-1, keepdims=True)).sum(
                      axis=-1, keepdims=True),)),
    Misconception("squares", "The squares of the scores have been divided by their sum. Take e^s.",
                  lambda scores: (scores ** 2 / (scores ** 2).sum(axis=-1, keepdims=True),)),
    Misconception("squares", "The exponentials are squared: that is softmax of 2 s.", lambda scores: (ops.softmax(2 * scores),)),
    Misconception("shifted result", "The largest score is subtracted in one place only, above or below the line. Subtract it in both.",
                  lambda scores: (np.exp(scores - scores.max(axis=-1, keepdims=True)) / np.exp(scores).sum(axis=-1, keepdims=True),)),
    Misconception("shifted result", "The largest score is subtracted in one place only, above or below the line. Subtract it in both.",
                  lambda scores: (np.exp(scores) / np.exp(scores - scores.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True),)),
    *(Misconception("number added below", "A small number is added to the sum. It is never 0, since the largest exponential is 1: leave it out.",
                    _with(lambda e, small=small: e / (e.sum(axis=-1, keepdims=True) + small))) for small in (1e-4, 1e-3, 1e-2, 0.1, 1)),
    Misconception("even shares", "Every class gets the same share. The scores must count.", lambda scores: (np.full_like(scores,
              1 / scores.shape[-1]),)),
])


def _softmax_loss_cases(rng):
    return [
        Case("hand", (np.array([[0.0, np.log(3.0)]]), np.array([0])), {}, "scores 0 and ln 3, label 0"),
        Case("random", (draw(rng, 3, 5), rng.integers(0, 5, 3))),
        Case("random", (3 * draw(rng, 4, 4), np.array([3, 0, 2, 2])), {}, "as many images as classes"),
        Case("random", (draw(rng, 5, 10, dtype=np.float32), rng.integers(0, 10, 5))),
        Case("edge", (np.array([[1000.0, 0.0, 999.0], [-1000.0, -1001.0, -1000.0]]), np.array([0, 2])), {}, "scores of 1,000 and -1,000"),
        Case("edge", (np.array([[1000.0, 0.0]]), np.array([1])), {}, "a probability too small for a float"),
        Case("edge", (draw(rng, 1, 4), np.array([3])), {}, "one image"),
    ]


def _loss_case(rng):
    scores = _scores(rng)
    return Case("random", (scores, rng.integers(0, scores.shape[1], len(scores))))


def _log_p(scores):
    return scores - _logsum(scores)


def _logsum(scores):
    """log(sum of e^s) of each row, (N, 1)."""
    most = scores.max(axis=1, keepdims=True)
    return most + np.log(np.exp(scores - most).sum(axis=1, keepdims=True))


def _only_loss(of):
    """The right gradient with another loss: `of(scores, y, log p, p)`."""
    return lambda scores, y: (of(scores, y, _log_p(scores), ops.softmax(scores)), ops.softmax_loss(scores, y)[1])


def _only_gradient(of):
    """The right loss with another gradient: `of(p, t, N)`."""
    return lambda scores, y: (ops.softmax_loss(scores, y)[0], of(ops.softmax(scores), _one_hot(scores, y), len(y)))


def _right_class(log_p, y):
    return log_p[np.arange(len(y)), y]


def _bounded(bound):
    """log p with a limit: `bound(p)` in the place of p."""
    return _only_loss(lambda scores, y, log_p, p: -np.log(bound(_right_class(p, y))).mean())


def _over_axis_0(scores, y):
    p = ops.softmax(scores.T).T
    return -np.log(_right_class(p, y)).mean(), (p - _one_hot(scores, y)) / len(y)


def _squared_error(scores, y):
    p = ops.softmax(scores)
    d = p - _one_hot(scores, y)
    return (d ** 2).sum(axis=1).mean() / 2, p * (d - (p * d).sum(axis=1, keepdims=True)) / len(y)


def _columns_shifted(scores, y):
    p = _unshifted(scores - scores.max(axis=0))
    return -np.log(_right_class(p, y)).mean(), (p - _one_hot(scores, y)) / len(y)


def _whole_columns(p, y):
    d = p.copy()
    d[:, y] -= 1
    return d / len(y)


SMALL = tuple(10.0 ** -n for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 30, 45, 100, 300, 308))


def _loss(change=lambda loss, d, scores, y: (loss, d)):
    def function(scores, y):
        return change(*ops.softmax_loss(scores, y), scores, y)
    return function


def _log_of_zero(scores, y):
    loss, d = ops.softmax_loss(scores, y)
    return -np.log(ops.softmax(scores)[np.arange(len(y)), y]).mean(), d


def _unshifted_loss(scores, y):
    p = _unshifted(scores)
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    return -np.log(p[np.arange(len(y)), y]).mean(), d / len(y)


def _one_maximum_loss(scores, y):
    e = np.exp(scores - scores.max())
    total, rows = e.sum(axis=1), np.arange(len(y))
    d = e / total[:, None]
    d[rows, y] -= 1
    return (np.log(total) - (scores - scores.max())[rows, y]).mean(), d / len(y)


def _one_hot(scores, y):
    return np.eye(scores.shape[1])[y]


SOFTMAX_LOSS = Exercise(
    "softmax_loss", ("loss", "dscores"), _softmax_loss_cases, lambda scores, y: ops.softmax_loss(scores, y), ("scores", "y"),
    covering=(32,), one=_loss_case,
    numeric=lambda case, gradient: {"dscores": gradient(lambda scores: ops.softmax_loss(scores, case.args[1])[0], case.args[0])}, wrongs=[
        Misconception("no shift", "Large scores give nan or infinity: subtract the largest score of each row before the exponential.",
              _unshifted_loss),
        Misconception("one maximum for all", "The largest score of the whole batch has been subtracted. Subtract the largest of each row: for an "
              "image whose scores are all far below the batch's largest, every e^s becomes 0.", _one_maximum_loss),
        Misconception("log of 0", "The loss is infinite where a probability is too small for a float. Do not take the log of a rounded 0: with "
              "scores s shifted by their maximum, -log p = log(sum of e^s) - s of the right class.", _log_of_zero),
        Misconception("sum for mean", "The loss is the batch size times too large: it is the mean over the images.",
              _loss(lambda loss, d, scores, y: (loss * len(y), d * len(y)))),
        Misconception("missing 1/N", "The gradient is the batch size times too large: the loss is a mean over N images, so its gradient has 1/N in "
              "it.",
              _loss(lambda loss, d, scores, y: (loss, d * len(y)))),
        Misconception("mean over all entries", "The loss has been divided by the number of classes too. There is one term per image.",
              _loss(lambda loss, d, scores, y: (loss / scores.shape[1], d / scores.shape[1]))),
        Misconception("sign", "The sign: the loss is minus the logarithm, a positive number.", _loss(lambda loss, d, scores, y: (-loss, d))),
        Misconception("sign of the gradient", "The sign: the gradient is p - t, so the right class has a negative one.",
              _loss(lambda loss, d, scores, y: (loss, -d))),
        Misconception("target forgotten", "The gradient is p - t: subtract 1 at the right class.",
              _loss(lambda loss, d, scores, y: (loss, ops.softmax(scores) / len(y)))),
        Misconception("gradient of the probabilities", "That is dloss/dp, -1/p at the right class. The gradient with respect to the scores is p - t.",
              _loss(lambda loss, d, scores, y: (loss, -_one_hot(scores, y) / ops.softmax(scores) / len(y)))),
        Misconception("label counted from 1", "The label of each image is counted from 0: label 0 is the first column.",
              lambda scores, y: ops.softmax_loss(scores, (y - 1) % scores.shape[1])),
        Misconception("log base 10", "That is the logarithm to base 10; the loss uses base e.",
              _loss(lambda loss, d, scores, y: (loss / np.log(10), d))),
        Misconception("log base 2", "That is the logarithm to base 2; the loss uses base e.",
              _loss(lambda loss, d, scores, y: (loss / np.log(2), d))),
        Misconception("no logarithm", "That is 1 - p. The loss is -log p.", _loss(
            lambda loss, d, scores, y: (1 - ops.softmax(scores)[np.arange(len(y)), y].mean(), d))),
        Misconception("no logarithm", "That is -p. The loss is -log p.", _only_loss(lambda scores, y, log_p, p: -_right_class(p, y).mean())),
        Misconception("unshifted score", "The largest score was subtracted inside the sum, but the score of the right class was picked before "
              "that. Use "
              "the shifted scores in both places.", _only_loss(lambda scores, y, log_p, p: (
                  _logsum(scores)[:, 0] - scores.max(axis=1) - scores[np.arange(len(y)), y]).mean())),
        Misconception("unshifted score", "The score of the right class is shifted, the sum of the exponentials is not. Use the shifted scores in "
              "both "
              "places.", _only_loss(lambda scores, y, log_p, p: (
                  _logsum(scores)[:, 0] - (scores - scores.max(axis=1, keepdims=True))[np.arange(len(y)), y]).mean())),
        Misconception("loss summed", "The loss is the sum over the images; the gradient is right. Take the mean.",
              _only_loss(lambda scores, y, log_p, p: -_right_class(log_p, y).sum())),
        *(Misconception("log(p + a small number)", f"p + {small:.0e} or a limit of {small:.0e} stands in the logarithm: so a hopeless image costs "
              f"{-np.log(small):.1f} "
                        "at most. Use log(sum of e^s) - s, which needs no limit.", wrong) for small in SMALL for wrong in (
                            _bounded(lambda p, small=small: p + small), _bounded(lambda p, small=small: np.maximum(p, small)),
                            _bounded(lambda p, small=small: np.clip(p, small, 1 - small)))),
        Misconception("entropy", "That is -sum p log p, the prediction with itself. Only the right class counts: -log p of the label.",
              _only_loss(lambda scores, y, log_p, p: -(p * log_p).sum(axis=1).mean())),
        Misconception("all classes", "The log probabilities of all classes have been added. Only that of the right class counts.",
              _only_loss(lambda scores, y, log_p, p: -log_p.sum(axis=1).mean())),
        Misconception("all classes", "The log probabilities of all classes have been averaged. Only that of the right class counts.",
              _only_loss(lambda scores, y, log_p, p: -log_p.mean())),
        Misconception("likeliest class", "That is -log of the largest probability, whatever the label. The right class counts: y.",
              _only_loss(lambda scores, y, log_p, p: -log_p.max(axis=1).mean())),
        Misconception("whole columns", "p[:, y] takes whole columns, for every image. Pick one entry per row: p[np.arange(N), y].",
              _only_loss(lambda scores, y, log_p, p: -log_p[:, y].mean())),
        Misconception("whole columns", "p[:, y] -= 1 subtracts in whole columns, for every image. Pick one entry per row: p[np.arange(N), y] -= 1.",
              lambda scores, y: (ops.softmax_loss(scores, y)[0], _whole_columns(ops.softmax(scores), y))),
        Misconception("one term per class", "1 - p of the other classes has been added (binary cross-entropy). Softmax needs only -log p of the "
              "label.",
              _only_loss(lambda scores, y, log_p, p: -(np.where(_one_hot(scores, y) > 0, np.log(p), np.log(1 - p))).sum(axis=1).mean())),
        Misconception("squared error", "That is the squared error with its gradient. The loss here is -log p.", _squared_error),
        Misconception("squared error", "That is the squared error. The loss is -log p of the right class.",
              _only_loss(lambda scores, y, log_p, p: ((p - _one_hot(scores, y)) ** 2).sum(axis=1).mean() / 2)),
        Misconception("squared error", "That is the squared error. The loss is -log p of the right class.",
              _only_loss(lambda scores, y, log_p, p: ((p - _one_hot(scores, y)) ** 2).sum(axis=1).mean())),
        Misconception("wrong axis", "The softmax has been taken over the images. Each row is one image, and its probabilities sum to 1.",
                      _over_axis_0),
        Misconception("one image forgotten", "The loss of the first image only. Take the mean over all.",
              _only_loss(lambda scores, y, log_p, p: -log_p[0, y[0]])),
        Misconception("1 - p of the right class", "That is -log(1 - p) of the right class: 1 has been subtracted before the logarithm. Take the "
              "loss from "
              "p, then change a copy for the gradient.", _only_loss(lambda scores, y, log_p, p: -np.log(np.abs(_right_class(p, y) - 1)).mean())),
        Misconception("one maximum for each column", "The largest score of each column has been subtracted. Subtract that of each row.",
              _columns_shifted),
        Misconception("score for loss", "That is minus the score of the right class; log(sum of e^s) is missing.",
              _only_loss(lambda scores, y, log_p, p: -_right_class(scores, y).mean())),
        Misconception("1/N twice", "The gradient has been divided by N twice.", _only_gradient(lambda p, t, N: (p - t) / N ** 2)),
        Misconception("divided by the classes", "The gradient has been divided by the number of classes. N is the number of images, the rows.",
              _only_gradient(lambda p, t, N: (p - t) / p.shape[1])),
        Misconception("mean over all entries", "The gradient has been divided by the number of all entries. Divide by the number of images.",
              _only_gradient(lambda p, t, N: (p - t) / p.size)),
        Misconception("sign of the target", "The target has been added: the gradient is p - t.", _only_gradient(lambda p, t, N: (p + t) / N)),
        Misconception("right class only", "Only the right class has a gradient. The other scores raise the sum: their gradient is p.",
              _only_gradient(lambda p, t, N: (p - 1) * t / N)),
        Misconception("slope of the sigmoid", "p (1 - p) is the derivative of one probability. With -log p most of it cancels: p - t.",
              _only_gradient(lambda p, t, N: (p - t) * p * (1 - p) / N)),
        Misconception("loss of each image", "The loss is one number per image. Take the mean.",
              _only_loss(lambda scores, y, log_p, p: -_right_class(log_p, y))),
        Misconception("log of 0", "Where a probability is too small for a float, 0 times infinity gives nan. Use log(sum of e^s) - s of the right "
              "class.",
              _only_loss(lambda scores, y, log_p, p: -(_one_hot(scores, y) * np.log(p)).sum(axis=1).mean())),
    ])
