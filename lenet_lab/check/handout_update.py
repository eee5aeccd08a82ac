"""The check of an update in the original handout's interface: one function updates weights and biases, by different rules.

Only `sgd_momentum` needs this. The other functions of the handout are checked through `lenet_lab.handout.adapted`.
"""

from lenet_core.training import sgd_momentum
from lenet_lab import handout

from .engine import Case, Exercise, Misconception, examine


def _cases(rng):
    shapes = ((6, 4), (4,)) * 3                                       # w, b; their histories; their gradients
    return [Case("random", tuple(rng.standard_normal(shape) for shape in shapes), {"w_rate": rate, "b_rate": 2 * rate, "mu": mu, "decay": decay})
            for rate, mu, decay in ((0.1, 0.9, 0.05), (0.02, 0.5, 0.2), (0.1, 0.9, 0.0))]


def _update(of_weights=sgd_momentum, of_biases=sgd_momentum, rate_of_biases=lambda w_rate, b_rate: b_rate, decay_of_biases=0.0):
    """The handout's update with one thing changed, in the plain interface."""
    def update(w, b, w_inc, b_inc, dw, db, w_rate, b_rate, mu, decay):
        w, w_inc = of_weights(w, w_inc, dw, w_rate, mu, decay)
        b, b_inc = of_biases(b, b_inc, db, rate_of_biases(w_rate, b_rate), mu, decay * decay_of_biases)
        return w, b, w_inc, b_inc
    return update


def _left_alone(p, v, dp, lr, mu, decay):
    return p, v


UPDATE = Exercise("sgd_momentum", ("w", "b", "winc of w", "winc of b"), _cases, _update(), ("w", "b", "w_inc", "b_inc", "dw", "db"), wrongs=[
    Misconception("decay on biases", "The biases decay too. Weight decay is for the weights: a bias only moves the threshold of a unit, and a "
          "smaller bias does not make the network simpler (homework, equation 12: the sum goes over the weights).", _update(decay_of_biases=1.0)),
    Misconception("biases at the weights' rate", "The biases are updated with w_rate; they have their own rate, b_rate.",
          _update(rate_of_biases=lambda w_rate, b_rate: w_rate)),
    Misconception("biases forgotten", "The biases do not change. Both w and b of every layer are updated.", _update(of_biases=_left_alone)),
], views_matter=False)


def with_both(verdict, function, **options):
    """The given verdict on the handout's `function`, but an update that passed is also checked with both w and b.

    `options` are those of `engine.examine`.
    """
    if not verdict.passed or verdict.exercise != "sgd_momentum":
        return verdict
    of_both = examine(UPDATE, _as_plain(function), **options)
    return verdict if of_both.passed else of_both


def _as_plain(function):
    """A handout's `sgd_momentum` as a function of the arrays of one layer."""
    guarded = handout.guarded("sgd_momentum", function)

    def sgd(w, b, w_inc, b_inc, dw, db, w_rate, b_rate, mu, decay):
        params, winc = guarded(w_rate, b_rate, mu, decay, {1: {"w": w, "b": b}}, {1: {"w": w_inc, "b": b_inc}}, {1: {"w": dw, "b": db}})
        return params[1]["w"], params[1]["b"], winc[1]["w"], winc[1]["b"]
    return sgd
