"""The numeric gradient, the two rules of momentum and gradient clipping: right answers, cases and misconceptions."""

import ast

import numpy as np

from lenet_core import ops
from lenet_core.gradcheck import numeric_gradient
from lenet_core.training import sgd_momentum

from ..engine import Case, Exercise, Misconception
from .common import draw, pick


def _square_sum(x):
    return float((x ** 2).sum())


def _numeric_cases(rng):
    weights = draw(rng, 2, 3)
    return [
        Case("hand", (_square_sum, np.array([1.0, -2.0])), {}, "f(x) = sum of x squared"),
        Case("random", (lambda x: float((np.sin(x) * weights).sum()), draw(rng, 2, 3)), {}, "f(x) = sum of w sin x"),
        Case("random", (lambda x: float(np.exp(x).sum() * x[0]), draw(rng, 4)), {}, "f(x) = x[0] times the sum of e^x"),
        Case("random", (lambda x: float((x ** 3).sum()), draw(rng, 3, 2)), {"h": 0.1}, "f(x) = sum of x cubed, with a large h"),
        Case("edge", (_square_sum, draw(rng, 1)), {}, "one number"),
        Case("edge", (lambda x: float(x.sum()), ops.batch_innermost(draw(rng, 3, 1, 2, 2))), {}, "x does not lie row by row in memory"),
    ]


FUNCTIONS = (_square_sum, lambda x: float(np.sin(x).sum()), lambda x: float((x ** 3).sum()), lambda x: float(np.exp(x).sum() * x.flat[0]),
             lambda x: float((x * np.arange(1.0, x.size + 1).reshape(x.shape)).sum() ** 2))


def _numeric_case(rng):
    n = int(rng.integers(len(FUNCTIONS)))
    x = draw(rng, *rng.integers(1, 4, rng.integers(1, 4)))
    words = ("sum of x squared", "sum of sin x", "sum of x cubed", "x[0] times the sum of e^x", "(sum of n x_n) squared")[n]
    return Case("random", (FUNCTIONS[n], x), pick(rng, {}, {"h": 0.01}, {"h": 1e-4}), f"f(x) = {words}")


def _renames(tree):
    """A clue: a plain `up = x`, which gives an array a second name."""
    names = {one.arg for one in tree.args.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if any(isinstance(value, ast.Name) and value.id in names for value in values):
                return True
    return False


def _of_rows(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return (gradient,)


def _collected(f, x, h=1e-5):
    """The changes are not taken back: they collect."""
    gradient, up, down = np.zeros_like(x), x.copy(), x.copy()
    for index in np.ndindex(x.shape):
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return (gradient,)


def _with_h(h_used):
    return lambda f, x, h=1e-5: (numeric_gradient(f, x, h_used),)


def _relative(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] *= 1 + h
        down[index] *= 1 - h
        gradient[index] = (f(up) - f(down)) / (2 * h * x[index])
    return (gradient,)


def _quotient(slope):
    """A numeric gradient: `slope` of the values of f at x + h, at x - h and at x, and of h, for each entry."""
    def function(f, x, h=1e-5):
        gradient = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[index] += h
            down[index] -= h
            gradient[index] = slope(f(up), f(down), f(x), h)
        return (gradient,)
    return function


NUMERIC_GRADIENT = Exercise(
    "numeric_gradient", ("gradient",), _numeric_cases, lambda f, x, h=1e-5: (numeric_gradient(f, x, h),), ("f", "x"), covering=(8, 17),
    one=_numeric_case, wrongs=[
        Misconception("one-sided", "That is the one-sided difference (f(x + h) - f(x))/h. The central one, (f(x + h) - f(x - h))/2h, is much "
              "closer: its error falls with h squared.", _quotient(lambda up, down, here, h: (up - here) / h)),
        Misconception("one-sided from below", "That is the one-sided difference (f(x) - f(x - h))/h; take both sides.",
              _quotient(lambda up, down, here, h: (here - down) / h)),
        *(Misconception("one-sided, over 2h", f"{difference} is divided by 2h, but its two points are only h apart: the result is twice too "
                        "small. Take both sides: (f(x + h) - f(x - h))/2h.", _quotient(slope))
          for difference, slope in (("f(x + h) - f(x)", lambda up, down, here, h: (up - here) / (2 * h)),
                                    ("f(x) - f(x - h)", lambda up, down, here, h: (here - down) / (2 * h)))),
        Misconception("2 forgotten", "The result is twice too large: the distance from x - h to x + h is 2h.",
              _quotient(lambda up, down, here, h: (up - down) / h)),
        Misconception("brackets forgotten", "The difference has been multiplied by h: (up - down) / 2 * h divides by 2 only. In Python 2h is (2 * "
              "h), with brackets.",
              _quotient(lambda up, down, here, h: (up - down) / 2 * h)),
        Misconception("one array, two names", "All slopes are 0. `up = x` makes no second array, only a second name for the same one, so both "
              "changes are made in it. x.copy() makes a new one.", lambda f, x, h=1e-5: (np.zeros_like(x),), _renames),
        Misconception("no difference", "All slopes are 0: the two values that are subtracted are equal, or the difference is lost on the way. Print "
              "f(up) and f(down).", lambda f, x, h=1e-5: (np.zeros_like(x),)),
        Misconception("changes collect", "The entries that have been changed stay changed, so that later slopes are mixed. Begin each entry with "
              "fresh copies of x.", _collected),
        Misconception("whole rows changed", "Whole rows have been changed at once. Change one entry at a time: np.ndindex(x.shape).", _of_rows),
        *(Misconception("h written in", "The h that is given is not used: another number stands in the function.", _with_h(h))
          for h in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)),
        Misconception("relative step", "x has been changed by a share of itself, x (1 + h). Change it by h: with x near 0 a share is nothing.",
              _relative),
        Misconception("half of the slope", "The result is twice too small: between x + h and x - h lies 2h, between x + h/2 and x - h/2 only h.",
              _quotient(lambda up, down, here, h: (up - down) / (4 * h))),
        Misconception("half of the slope", "The result is twice too small: x has been changed by h/2 up and down, which is h in all, and divided "
              "by 2h.",
              lambda f, x, h=1e-5: (numeric_gradient(f, x, h / 2) / 2,)),
        Misconception("square of h", "The difference has been divided by h squared.", _quotient(lambda up, down, here, h: (up - down) / (2 * h * h))),
        Misconception("second difference", "(f(x+h) - 2 f(x) + f(x-h)) / h^2 is the second derivative. Wanted is the first: (f(x+h) - f(x-h)) / 2h.",
              _quotient(lambda up, down, here, h: (up - 2 * here + down) / h ** 2)),
        Misconception("sum for difference", "The two values have been added. Subtract them: f(x + h) - f(x - h).",
              _quotient(lambda up, down, here, h: (up + down) / (2 * h))),
        Misconception("size of the slope", "All slopes are positive: their sign has been lost (abs). Keep it.",
              _quotient(lambda up, down, here, h: abs(up - down) / (2 * h))),
        Misconception("relative change", "The slope has been divided by f(x).", _quotient(lambda up, down, here, h: (up - down) / (2 * h) / here)),
        Misconception("h forgotten", "The difference has not been divided by 2h.", _quotient(lambda up, down, here, h: up - down)),
        Misconception("sign", "The sign: f(x + h) minus f(x - h).", _quotient(lambda up, down, here, h: (down - up) / (2 * h))),
        Misconception("all changed at once", "All entries of x have been changed together. Change one at a time: each has its own slope.",
              lambda f, x, h=1e-5: (np.full_like(x, (f(x + h) - f(x - h)) / (2 * h)),)),
    ])


def _sgd_cases(rng):
    return [
        Case("hand", (np.array([1.0, 2.0]), np.array([0.5, 0.0]), np.array([2.0, -4.0])), {"lr": 0.1, "mu": 0.9}),
        Case("random", tuple(draw(rng, 3, 4) for _ in range(3)), {"lr": 0.01, "mu": 0.9, "decay": 0.05}),
        Case("random", tuple(draw(rng, 5) for _ in range(3)), {"lr": 0.3, "mu": 0.5}),
        Case("random", tuple(draw(rng, 2, 3, dtype=np.float32) for _ in range(3)), {"lr": 0.1, "mu": 0.9, "decay": 0.01}),
        Case("edge", tuple(draw(rng, 3) for _ in range(3)), {"lr": 0.1}, "mu and decay left at 0.9 and 0"),
        Case("edge", tuple(draw(rng, 3) for _ in range(3)), {"lr": 0.1, "mu": 0.0, "decay": 0.1}, "no momentum"),
    ]


def _sgd_case(rng):
    shape, type_ = rng.integers(1, 4, rng.integers(1, 4)), pick(rng, np.float64, np.float64, np.float32)
    chosen = {"lr": pick(rng, 0.5, 0.1, 0.02)} | pick(rng, {}, {"mu": 0.5}, {"mu": 0.99}, {"mu": 0.0}) | pick(rng, {}, {"decay": 0.1}, {"decay": 0.3})
    size = type_(pick(rng, 1, 1, 40))
    return Case("random", tuple(size * draw(rng, *shape, dtype=type_) for _ in range(3)), chosen)


def _both(velocity, minus=True):
    """A wrong rule in which only the velocity is wrong: p moves by it."""
    def step(p, v, dp, lr, mu, decay):
        v = velocity(p, v, dp, lr, mu, decay)
        return (p - v if minus else p + v), v
    return _sgd(step)


def _sgd(step):
    """A wrong update: `step(p, v, dp, lr, mu, decay)` -> p, v."""
    return lambda p, v, dp, lr, mu=0.9, decay=0.0: step(p, v, dp, lr, mu, decay)


def _moved(p, v, by):
    return p + by, v


SGD_MOMENTUM = Exercise(
    "sgd_momentum", ("p", "v"), _sgd_cases, lambda p, v, dp, lr, mu=0.9, decay=0.0: sgd_momentum(p, v, dp, lr, mu, decay),
    ("p", "v", "dp"), covering=(40, 277, 122), one=_sgd_case, wrongs=[
        Misconception("two signs mixed", "v = mu v - lr (gradient) belongs to p + v, and v = mu v + lr (gradient) to p - v. Here they are mixed, "
              "so the loss increases.", _both(lambda p, v, dp, lr, mu, decay: mu * v - lr * (dp + decay * p))),
        Misconception("uphill", "The loss increases: subtract v from p.", _sgd(lambda p, v, dp, lr, mu, decay: (
            p + (mu * v + lr * (dp + decay * p)), mu * v + lr * (dp + decay * p)))),
        Misconception("momentum's sign", "The sign of the momentum: v = mu v + lr (gradient), and then p - v. Here the two parts of v have opposite "
              "signs.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (lr * (dp + decay * p) - mu * v), lr * (dp + decay * p) - mu * v))),
        Misconception("velocity downhill", "That is the form with v = mu v - lr (gradient) and p + v. It gives the same p, but v has the other "
              "sign; here it is v = mu v + lr (gradient), p - v.", _sgd(lambda p, v, dp, lr, mu, decay: (
                  p + (mu * v - lr * (dp + decay * p)), mu * v - lr * (dp + decay * p)))),
        Misconception("learning rate outside", "That is the form with v = mu v + (gradient) and p - lr v. Here the learning rate is inside: v = mu "
              "v + lr (gradient).",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (mu * v + dp + decay * p), mu * v + dp + decay * p))),
        Misconception("running average", "That is the running average, with (1 - mu) before the gradient. It is another exercise.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (mu * v + (1 - mu) * (dp + decay * p)), mu * v + (1 - mu) * (dp + decay * p)))),
        Misconception("learning rate twice", "The learning rate is in v already; p moves by v itself.", _sgd(lambda p, v, dp, lr, mu, decay: (
            p - lr * (mu * v + lr * (dp + decay * p)), mu * v + lr * (dp + decay * p)))),
        Misconception("decay forgotten", "The weight decay is missing: the gradient is dp + decay p (homework, equation 13).",
              _sgd(lambda p, v, dp, lr, mu, decay: sgd_momentum(p, v, dp, lr, mu))),
        Misconception("decay's sign", "The sign of the weight decay: it makes the weights smaller, dp + decay p.",
              _sgd(lambda p, v, dp, lr, mu, decay: sgd_momentum(p, v, dp, lr, mu, -decay))),
        Misconception("decay without learning rate", "The weight decay is not multiplied by the learning rate: v = mu v + lr (dp + decay p).",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (mu * v + lr * dp + decay * p), mu * v + lr * dp + decay * p))),
        Misconception("decay beside momentum", "The weight decay is not part of v. Here it belongs to the gradient: v = mu v + lr (dp + decay p).",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (mu * v + lr * dp) - lr * decay * p, mu * v + lr * dp))),
        Misconception("momentum forgotten", "That is plain gradient descent: mu v is missing.",
              _sgd(lambda p, v, dp, lr, mu, decay: sgd_momentum(p, v, dp, lr, 0.0, decay))),
        Misconception("old velocity", "p is updated with the old v. First compute v, then p with the new v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - v, mu * v + lr * (dp + decay * p)))),
        Misconception("Nesterov", "p moves by lr (gradient) + mu (new v): that is Nesterov's momentum. Here p moves by the new v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (dp + decay * p) - mu * (mu * v + lr * (dp + decay * p)),
                                                    mu * v + lr * (dp + decay * p)))),
        *(Misconception("mu written in", f"mu is taken to be {m}, whatever is given. Use the argument.", _sgd(
            lambda p, v, dp, lr, mu, decay, m=m: sgd_momentum(p, v, dp, lr, m, decay))) for m in (0.9, 0.5, 0.99, 0.95)),
        *(Misconception("default of mu", f"Where mu is left out, {m} is used. Its default is 0.9.",
                        lambda p, v, dp, lr, mu=m, decay=0.0: sgd_momentum(p, v, dp, lr, mu, decay)) for m in (0.0, 0.5, 0.99, 1.0, 0.8)),
        *(Misconception("default of decay", f"Where decay is left out, {d} is used. Its default is 0.",
                        lambda p, v, dp, lr, mu=0.9, decay=d: sgd_momentum(p, v, dp, lr, mu, decay)) for d in (1e-4, 5e-4, 1e-3, 0.01, 0.1)),
        Misconception("decay of the velocity", "The decay is taken from v. It belongs to the weights: dp + decay p.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + decay * v))),
        Misconception("penalty for its slope", "The penalty decay/2 p^2 itself has been added. The gradient needs its slope, decay p.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + decay / 2 * p ** 2))),
        Misconception("penalty for its slope", "decay p^2 has been added. The slope of decay/2 p^2 is decay p.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + decay * p ** 2))),
        Misconception("decay halved", "The decay counts half, or double. The slope of decay/2 p^2 is decay p.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + decay / 2 * p))),
        Misconception("decay doubled", "The decay counts double. The slope of decay/2 p^2 is decay p.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + 2 * decay * p))),
        Misconception("decay by the sign", "decay times the sign of p has been added: that is L1. Here it is decay p.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + decay * np.sign(p)))),
        Misconception("decay of matrices only", "Arrays with one axis do not decay. This function decays whatever it is given.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * (dp + (decay * p if p.ndim > 1 else 0)))),
        Misconception("momentum inside", "mu has been multiplied with the gradient too: v = mu (v + lr gradient). It belongs to the old v only.",
              _both(lambda p, v, dp, lr, mu, decay: mu * (v + lr * (dp + decay * p)))),
        Misconception("1 - mu for mu", "The old v counts 1 - mu. It counts mu.", _both(lambda p, v, dp, lr, mu,
                  decay: (1 - mu) * v + lr * (dp + decay * p))),
        Misconception("running average", "The gradient counts 1 - mu, beside the learning rate. Here it counts lr alone: v = mu v + lr (gradient).",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + (1 - mu) * lr * (dp + decay * p))),
        Misconception("learning rate forgotten", "The learning rate is missing: v = mu v + lr (gradient).",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + dp + decay * p)),
        Misconception("learning rate on both", "The learning rate multiplies the old v too. It belongs to the gradient only.",
              _both(lambda p, v, dp, lr, mu, decay: lr * (mu * v + dp + decay * p))),
        Misconception("old velocity returned", "p is right, but the v that is returned is the old one. Return the new v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - (mu * v + lr * (dp + decay * p)), v))),
        Misconception("p not moved", "v is right, but p is returned as it came. Return p - v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p, mu * v + lr * (dp + decay * p)))),
        Misconception("step for p", "The first result is the step, v. Return the new p: p - v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (mu * v + lr * (dp + decay * p), mu * v + lr * (dp + decay * p)))),
        Misconception("p moved by the gradient", "v is right, but p moves by lr (gradient) alone. It moves by v.",
              _sgd(lambda p, v, dp, lr, mu, decay: (p - lr * (dp + decay * p), mu * v + lr * (dp + decay * p)))),
        Misconception("gradient's sign", "The gradient alone decides by its sign. Its size counts too.",
              _both(lambda p, v, dp, lr, mu, decay: mu * v + lr * np.sign(dp + decay * p))),
    ])


def _average_cases(rng):
    return [case._replace(kwargs={key: value for key, value in case.kwargs.items() if key != "decay"},
                          note=case.note.replace("mu and decay left at 0.9 and 0", "mu left at 0.9")) for case in _sgd_cases(rng)]


def _average_case(rng):
    case = _sgd_case(rng)
    return case._replace(kwargs={key: value for key, value in case.kwargs.items() if key != "decay"})


def _average(p, m, dp, lr, mu=0.9):
    m = mu * m + (1 - mu) * dp
    return p - lr * m, m


def _averaged(step):
    return lambda p, m, dp, lr, mu=0.9: step(p, m, dp, lr, mu)


MOMENTUM_AVERAGE = Exercise("momentum_average", ("p", "m"), _average_cases, _average, ("p", "m", "dp"), covering=(11, 3, 1),
                            one=_average_case, wrongs=[
    Misconception("(1 - mu) forgotten", "The gradient is not weighted: an average has weights that sum to 1, mu and 1 - mu.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m + dp), mu * m + dp))),
    Misconception("homework's form", "That is the homework's form, v = mu v + lr dp and p - v. Here m is an average of gradients, with weights mu "
          "and 1 - mu, and the learning rate comes afterwards.", _averaged(lambda p, m, dp, lr, mu: (p - (mu * m + lr * dp), mu * m + lr * dp))),
    Misconception("weights exchanged", "The weights are exchanged: mu belongs to the old m, 1 - mu to the new gradient.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * ((1 - mu) * m + mu * dp), (1 - mu) * m + mu * dp))),
    Misconception("learning rate inside", "The learning rate is inside the average. Here it comes afterwards: p - lr m.",
          _averaged(lambda p, m, dp, lr, mu: (p - (mu * m + (1 - mu) * lr * dp), mu * m + (1 - mu) * lr * dp))),
    Misconception("uphill", "The loss increases: subtract lr m from p.",
          _averaged(lambda p, m, dp, lr, mu: (p + lr * (mu * m + (1 - mu) * dp), mu * m + (1 - mu) * dp))),
    Misconception("old average", "p is updated with the old m. First compute m, then p with the new m.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * m, mu * m + (1 - mu) * dp))),
    Misconception("learning rate forgotten", "p moves by m itself: multiply by the learning rate.",
          _averaged(lambda p, m, dp, lr, mu: (p - (mu * m + (1 - mu) * dp), mu * m + (1 - mu) * dp))),
    Misconception("learning rate twice", "The learning rate is inside the average and outside it. It belongs outside: p - lr m.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m + (1 - mu) * lr * dp), mu * m + (1 - mu) * lr * dp))),
    Misconception("p moved by the gradient", "m is right, but p moves by lr dp. It moves by lr m.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * dp, mu * m + (1 - mu) * dp))),
    *(Misconception("default of mu", f"Where mu is left out, {m_} is used. Its default is 0.9.",
                    lambda p, m, dp, lr, mu=m_: _average(p, m, dp, lr, mu)) for m_ in (0.0, 0.5, 0.99, 1.0, 0.8)),
    *(Misconception("mu written in", f"mu is taken to be {m_}, whatever is given. Use the argument.",
                    _averaged(lambda p, m, dp, lr, mu, m_=m_: _average(p, m, dp, lr, m_))) for m_ in (0.9, 0.5, 0.99)),
    Misconception("old average returned", "p is right, but the m that is returned is the old one. Return the new m.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m + (1 - mu) * dp), m))),
    Misconception("p not moved", "m is right, but p is returned as it came. Return p - lr m.",
          _averaged(lambda p, m, dp, lr, mu: (p, mu * m + (1 - mu) * dp))),
    Misconception("sign in the average", "The gradient is subtracted in the average. It is added, and p - lr m goes down.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m - (1 - mu) * dp), mu * m - (1 - mu) * dp))),
    Misconception("squares averaged", "The squares of the gradients have been averaged. Average the gradients.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m + (1 - mu) * dp ** 2), mu * m + (1 - mu) * dp ** 2))),
    Misconception("momentum forgotten", "That is plain gradient descent: the old m is missing.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * dp, dp))),
    Misconception("corrected average", "The average has been divided by 1 - mu. Here it is m = mu m + (1 - mu) dp as it is.",
          _averaged(lambda p, m, dp, lr, mu: (p - lr * (mu * m + (1 - mu) * dp) / (1 - mu), mu * m + (1 - mu) * dp))),
])


def _clip_cases(rng):
    return [
        Case("hand", ([np.array([3.0]), np.array([4.0])], 2.5), {}, "norm 5"),
        Case("random", ([draw(rng, 3, 4), draw(rng, 5)], 1.0)),
        Case("random", ([10 * draw(rng, 2, 2), 0.1 * draw(rng, 3)], 3.0)),
        Case("edge", ([draw(rng, 2), draw(rng, 3)], 100.0), {}, "already short enough"),
        Case("edge", ([np.zeros(2), np.zeros((1, 3))], 1.0), {}, "all zero"),
        Case("random", ([draw(rng, 3)], 0.5), {}, "one array"),
        Case("random", ([draw(rng, 2, 3), draw(rng, 2), draw(rng, 1, 2), 3 * draw(rng, 4)], 2.0), {}, "four arrays"),
        Case("edge", ([draw(rng, *rng.integers(1, 4, rng.integers(1, 5))) for _ in range(8)], 1.0), {}, "eight arrays, as in LeNet"),
    ]


def _clip_case(rng):
    grads = [pick(rng, 0.3, 1.0, 5.0) * draw(rng, *rng.integers(1, 4, rng.integers(1, 4))) for _ in range(int(rng.integers(1, 9)))]
    return Case("random", (grads, pick(rng, 0.5, 1.0, 3.0, 30.0)))


def _norm(grads):
    return np.sqrt(sum((g ** 2).sum() for g in grads))


def _clip(grads, largest):
    factor = largest / max(_norm(grads), largest)
    return [g * factor for g in grads]


def _clipped_by(norm):
    """One factor for all arrays, from another norm than the right one."""
    def function(grads, largest):
        size = norm(grads)
        return [g * (largest / size) if size > largest else g for g in grads]
    return function


def _two(grads, largest):
    first, second = grads
    return _clip([first, second], largest)


def _all(grads):
    return np.concatenate([g.ravel() for g in grads])


CLIP_GRADIENTS = Exercise("clip_gradients", ("grads",), _clip_cases, _clip, ("grads", "largest"), covering=(2,), one=_clip_case, several=True,
                          views_matter=False,
                          wrongs=[
    Misconception("each by itself", "Each array has been scaled by its own norm. One factor for all, from their joint norm, keeps the direction.",
          lambda grads, largest: [g * (largest / max(_norm([g]), largest)) for g in grads]),
    Misconception("entries clipped", "Each entry has been clipped. One factor for all keeps the direction of the step.",
          lambda grads, largest: [np.clip(g, -largest, largest) for g in grads]),
    Misconception("always scaled", "Gradients that are short enough must not change: these have become longer.",
          lambda grads, largest: [g * (largest / _norm(grads)) if _norm(grads) else g for g in grads]),
    Misconception("largest forgotten", "All gradients together have length 1 now. Their length should be `largest`, and only if it was more.",
          lambda grads, largest: [g / _norm(grads) if _norm(grads) else g for g in grads]),
    Misconception("root forgotten", "The norm is the square root of the sum of squares; here the root is missing.",
          lambda grads, largest: [g * (largest / max(_norm(grads) ** 2, largest)) for g in grads]),
    Misconception("nothing clipped", "The gradients have not changed, although they are too long.", lambda grads, largest: grads),
    Misconception("divided by zero", "Gradients that are all zero give nan: 0/0. They are short enough; leave them.",
          lambda grads, largest: [g * (min(1.0, np.divide(largest, _norm(grads))) if _norm(grads) else np.nan) for g in grads]),
    Misconception("always scaled", "Gradients that are short enough must not change: these have become longer. (Gradients that are all zero are "
          "short enough, too; scaled, they give nan: 0/0.)",
          lambda grads, largest: [g * (largest / _norm(grads)) if _norm(grads) else np.nan * g for g in grads]),
    Misconception("sum of the norms", "The norms of the arrays have been added. All arrays together are one long vector: add the squares, then "
          "one root.",
          _clipped_by(lambda grads: sum(_norm([g]) for g in grads))),
    Misconception("largest of the norms", "The longest single array decides. All arrays together are one long vector: add the squares of all.",
          _clipped_by(lambda grads: max(_norm([g]) for g in grads))),
    Misconception("mean of the norms", "The mean of the arrays' norms decides. All arrays together are one long vector: add the squares of all.",
          _clipped_by(lambda grads: np.mean([_norm([g]) for g in grads]))),
    Misconception("sum of absolute values", "The absolute values have been added. The length is the root of the sum of squares.",
          _clipped_by(lambda grads: np.abs(_all(grads)).sum())),
    Misconception("largest entry", "The largest entry decides. The length of all arrays together decides.",
          _clipped_by(lambda grads: np.abs(_all(grads)).max())),
    Misconception("sum of the entries", "The entries have been added, with their signs. Add their squares, then take the root.",
          _clipped_by(lambda grads: abs(_all(grads).sum()))),
    Misconception("mean of the squares", "The mean of the squares is under the root. It is their sum.",
          _clipped_by(lambda grads: np.sqrt((_all(grads) ** 2).mean()))),
    Misconception("first array only", "Only the first array's length decides. All arrays together are one long vector.",
          _clipped_by(lambda grads: _norm(grads[:1]))),
    Misconception("last array only", "Only the last array's length decides: = in the place of += in the loop. Add the squares of all.",
          _clipped_by(lambda grads: _norm(grads[-1:]))),
    Misconception("first two arrays only", "Only the first two arrays count. There may be any number: go through the whole list.",
          _clipped_by(lambda grads: _norm(grads[:2]))),
    Misconception("first two arrays only", "It counts on two arrays, grads[0] and grads[1]. There may be any number, one or eight: go through the "
          "whole list.", lambda grads, largest: [g * min(1.0, largest / max(_norm([grads[0], grads[1]]), 1e-300)) for g in grads]),
    Misconception("two arrays wanted", "`a, b = grads` takes exactly two arrays. There may be any number, one or eight: go through the whole list.",
          _two),
    Misconception("first two arrays only", "Only the first two arrays are shortened. There may be any number.",
          lambda grads, largest: [*_clip(grads, largest)[:2], *grads[2:]]),
    Misconception("first array only", "Only the first array is shortened. One factor for all keeps the direction.",
          lambda grads, largest: [_clip(grads, largest)[0], *grads[1:]]),
    Misconception("factor upside down", "The factor is upside down, norm / largest: the gradients become longer. It is largest / norm.",
          lambda grads, largest: [g * (_norm(grads) / largest) if _norm(grads) > largest else g for g in grads]),
    Misconception("comparison turned round", "Short gradients are made longer, long ones stay. Shorten those that are longer than `largest`.",
          lambda grads, largest: [g * (largest / _norm(grads)) if 0 < _norm(grads) < largest else g for g in grads]),
    Misconception("root forgotten", "The squared length is compared, but the root is used in the factor, or the other way round. Use the root in "
          "both.",
          lambda grads, largest: [g * (largest / _norm(grads)) if _norm(grads) ** 2 > largest else g for g in grads]),
    Misconception("root forgotten", "The root is compared, but the squared length is used in the factor. Use the root in both.",
          lambda grads, largest: [g * (largest / _norm(grads) ** 2) if _norm(grads) > largest else g for g in grads]),
    Misconception("largest forgotten", "Gradients that are too long get length 1. They should get the length `largest`.",
          lambda grads, largest: [g / _norm(grads) if _norm(grads) > largest else g for g in grads]),
    Misconception("set to zero", "Gradients that are too long become 0. Shorten them to `largest`.",
          lambda grads, largest: [0 * g if _norm(grads) > largest else g for g in grads]),
    Misconception("one side clipped", "Only entries above `largest` are cut. One factor for all keeps the direction of the step.",
          lambda grads, largest: [np.minimum(g, largest) for g in grads]),
    Misconception("largest subtracted", "A number has been subtracted from the entries. Multiply by one factor, largest / norm.",
          lambda grads, largest: [g - (_norm(grads) - largest) if _norm(grads) > largest else g for g in grads]),
])
