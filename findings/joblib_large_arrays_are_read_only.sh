#!/usr/bin/env bash
# joblib 1.6.0: a function that changes its array works in parallel for small arrays, and raises for one of more than a megabyte.
#
# Guess before it was run: every worker process gets a copy of its own, so `x += 1` in it changes nothing for anybody else, and is allowed
# whatever the size.
# Seen with n_jobs=2 and the default backend: with 800,000 bytes it works; with 3,200,000 bytes the same call raises "output array is
# read-only". Above `max_nbytes` (1 MB) the array is written to a file and mapped into the workers for reading only. With n_jobs=1 it works
# at any size, and changes the caller's array.
# Who meets it: a study that is tried on a subset and then run on all of the data. mmap_mode="c" gives each worker pages of its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check joblib==1.6.0 numpy==2.4.6
cat > centre.py <<'PY'
import numpy as np
from joblib import Parallel, delayed


def centred(x):
    x -= x.mean()
    return float(x.sum())


def run(numbers, **options):
    array = np.ones(numbers)
    try:
        return Parallel(**options)(delayed(centred)(one) for one in [array] * 2), array[0]
    except ValueError as error:
        return str(error), array[0]


if __name__ == "__main__":
    small, large, private, alone = (run(100_000, n_jobs=2), run(400_000, n_jobs=2), run(400_000, n_jobs=2, mmap_mode="c"),
                                    run(400_000, n_jobs=1))
    for name, found in (("0.8 MB, two workers", small), ("3.2 MB, two workers", large), ('3.2 MB, mmap_mode="c"', private),
                        ("3.2 MB, no workers", alone)):
        print(f"{name:22}: {found[0]}; the caller's array begins with {found[1]:g}")
    assert small == ([0.0, 0.0], 1) and large == ("output array is read-only", 1) and private == ([0.0, 0.0], 1) and alone == ([0.0, 0.0], 0)
PY
venv/bin/python centre.py
echo "As described."
