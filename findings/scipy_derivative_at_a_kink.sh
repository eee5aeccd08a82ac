#!/usr/bin/env bash
# SciPy 1.17.1: `scipy.differentiate.derivative` calls the slope of |x| at its kink a success without error, and a right slope beside it a failure.
#
# Guess before it was run: it compares steps of several sizes to find its error, so at a kink it reports a large error or no success; at
# x = 0.001, where |x| is a straight line on both sides of every small step, it finds 1.
# Seen: at 0 it gives 0 with `error` 0.0 and `success` True; of the ReLU 0.5, the same way. All of its points lie in pairs on both sides, so at a
# kink every size of step agrees. At 0.001 it gives 1 to 14 digits, with `error` 0.0002 and `success` False: the first, larger steps crossed the
# kink, and its ten iterations end before the estimated error is small. At 0.00001 it gives 0.0995, not 1, `success` False.
# Who meets it: a gradient check with this function passes where a ReLU or max pooling has no derivative, and fails beside it. What helps: a
# first step shorter than the distance to the kink (`initial_step`), and a comparison with a point moved by a little.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy as np
from scipy.differentiate import derivative


def relu(x):
    return np.maximum(x, 0)


for function in (np.abs, relu):
    for x in (0.0, 1e-3, 1e-5):
        found = derivative(function, x)
        print(f"{function.__name__:9} at {x:<7g}: {found.df:.15g}, error {found.error:.2g}, success {found.success}")

at_kink, beside, close = (derivative(np.abs, x) for x in (0.0, 1e-3, 1e-5))
assert at_kink.success and at_kink.error == 0 and at_kink.df == 0
assert derivative(relu, 0.0).success and derivative(relu, 0.0).error == 0 and abs(derivative(relu, 0.0).df - 0.5) < 1e-12
assert not beside.success and abs(beside.df - 1) < 1e-13 and beside.error > 1e-5
assert not close.success and abs(close.df - 0.0995) < 0.001
short = derivative(np.abs, 1e-3, initial_step=5e-4)
assert short.success and abs(short.df - 1) < 1e-9
PY
echo "As described."
