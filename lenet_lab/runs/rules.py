"""An update rule besides `sgd_momentum`, for the argument `rule` of `lenet_core.train`."""

import numpy as np

from lenet_core._parallel import map_in_threads
from lenet_core.training import sgd_momentum

# Of X, (X X') X and (X X')^2 X in one iteration, from the source. Small singular values become 3.4 times as large in each iteration: after
# five, all that were between 0.003 and 1 are between 0.68 and 1.21.
FACTORS = tuple(np.float32(factor) for factor in (3.4445, -4.7750, 2.0315))
ITERATIONS = 5
STEP = 0.25                     # the singular values of a step, as a multiple of the learning rate: tuned for the rate of SGD


def orthogonal_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
    """One step that turns filters equally far in all directions (Muon); for what has not four axes it is `sgd_momentum`.

    The momentum of filters (F, C, k, k), as a matrix (F, C*k*k), has a few large singular values and many small ones: nearly all of
    a step goes into the few directions in which all images agree. Here the step is the matrix with the same directions whose singular
    values are all about the same: v <- mu v + dp, then p <- p - lr (orthogonalised(mu v + dp) / 4 + decay p).

    Filters p, v and dp of one shape -> new p, new v; the arguments stay as they are. Source: Jordan et al. 2024, "Muon: An optimizer
    for hidden layers in neural networks", which has the iteration and takes mu v + dp, as Nesterov's momentum does.
    """
    if p.ndim != 4:
        return sgd_momentum(p, v, dp, lr, mu, decay)
    lr, mu, decay = float(lr), float(mu), float(decay)
    new_v = mu * v + dp
    step = orthogonalised((mu * new_v + dp).reshape(len(p), -1)).reshape(p.shape)
    return p - lr * (STEP * step + decay * p), new_v


def orthogonalised(matrix):
    """The matrix (n, m) with all singular values about 1: U diag(s) V' -> about U V', by matrix products alone.

    A matrix of zeros stays so.
    """
    if len(matrix) > matrix.shape[1]:
        return orthogonalised(matrix.T).T
    return map_in_threads(_iterated, [matrix])[0]        # on one thread: with several, the last bits would depend on their number


def _iterated(X):
    a, b, c = FACTORS
    X = X / (np.linalg.norm(X) or 1)                     # so that no singular value is above 1
    for _ in range(ITERATIONS):
        square = X @ X.T
        X = a * X + (b * square + c * square @ square) @ X
    return X
