#!/usr/bin/env bash
# NumPy 2.4.6: `numpy.where(mask, x, 0)` takes ten times as long as `mask * x`, but only where the mask changes often.
#
# Guess before it was run: both read and write the same numbers, so they take about the same time, whatever the mask is.
# Seen on x86-64, 100,000 float32: with a random mask, half of it true, `where` takes 381 µs and the product 31; with all that is true at the end,
# 66 and 31. `numpy.copyto(out, x, where=mask)` is 493 and 26 µs, `x[mask]` 491 and 31. They decide for each number by a branch, which the
# processor can predict only where the mask changes seldom; the product has no branch.
# Who meets it: the backward pass of a ReLU or of max pooling, whose masks are like random ones. What helps: multiply by the mask (for finite x).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6
venv/bin/python - <<'PY'
import time

import numpy as np


def median(function, times=200):
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        spent.append(time.perf_counter() - began)
    return float(np.median(spent))


rng = np.random.default_rng(0)
x = rng.random(100_000, dtype=np.float32)
masks = {"random": rng.random(x.size) > 0.5, "in order": np.arange(x.size) > x.size / 2}
ratios = {}
for name, mask in masks.items():
    assert (np.where(mask, x, 0) == mask * x).all()
    ratios[name] = median(lambda: np.where(mask, x, np.float32(0))) / median(lambda: mask * x)
    print(f"mask {name}: where takes {ratios[name]:.1f} times as long as the product")
assert ratios["random"] > 5 > 4 > ratios["in order"]
PY
echo "As described."
