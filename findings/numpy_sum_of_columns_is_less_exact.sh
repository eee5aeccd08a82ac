#!/usr/bin/env bash
# NumPy 2.4.6: `x.sum(axis=0)` of 60,000 rows in float32 is wrong in the fourth digit, where `x[:, 0].sum()` is right to seven.
#
# Guess before it was run: NumPy adds in pairs (so the error grows with the logarithm of the number of terms), along whichever axis.
# Seen: the sum of 60,000 times 0.1 is wrong by 1e-7 of its size for one column alone, and by 6e-4 as one of two columns of an array in C order;
# mean(axis=0) too. Pairs are made only along the axis that lies closest in memory; along the other one, rows are added one after the other.
# The same array in Fortran order is right again: equal arrays, other sums.
# Who meets it: the mean of each pixel or channel over a training set in float32. What helps: sum(axis=0, dtype=numpy.float64).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6
venv/bin/python - <<'PY'
import numpy as np

rows = 60_000
x = np.full((rows, 2), 0.1, np.float32)
exact = rows * float(np.float32(0.1))
sums = {"x[:, 0].sum()": x[:, 0].sum(), "x.sum(axis=0)[0]": x.sum(axis=0)[0], "x.mean(axis=0)[0] * rows": x.mean(axis=0)[0] * rows,
        "numpy.asfortranarray(x).sum(axis=0)[0]": np.asfortranarray(x).sum(axis=0)[0],
        "x.sum(axis=0, dtype=numpy.float64)[0]": x.sum(axis=0, dtype=np.float64)[0]}
errors = {name: abs(float(value) / exact - 1) for name, value in sums.items()}
for name, error in errors.items():
    print(f"{name:40} relative error {error:.0e}")
bad = {name for name, error in errors.items() if error > 1e-4}
assert bad == {"x.sum(axis=0)[0]", "x.mean(axis=0)[0] * rows"} and max(errors[name] for name in errors if name not in bad) < 1e-6
PY
echo "As described."
