#!/usr/bin/env bash
# safetensors 0.8.0: a NumPy array in Fortran order comes back with the right shape and its numbers in other places; 0.7.0 kept them.
#
# Guess before it was run: `safetensors.numpy.save` keeps the values of any NumPy array, as numpy.savez does; at worst it raises, as
# `safetensors.torch.save_file` does for a tensor that is not contiguous. The documentation asks for "contiguous and dense" arrays, and an
# array in Fortran order is both.
# Seen with 0.8.0 (NumPy 2.4.6): no error and no warning; loading gives the numbers in the order in which they lay in memory. With 0.7.0
# the same lines give the array back. Weights that were transposed before saving (`W.T` of another library) are such arrays.
# Reported by others as safetensors issue 825 (August 2026, open when this was written). What helps: numpy.ascontiguousarray before saving.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
for version in 0.7.0 0.8.0; do
    venv/bin/pip install --quiet --disable-pip-version-check "safetensors==$version" numpy==2.4.6
    venv/bin/python - "$version" <<'PY'
import sys

import numpy as np
from safetensors.numpy import load, save

weights = np.arange(6.0, dtype=np.float32).reshape(2, 3)
given = np.asfortranarray(weights)                       # the same six numbers in the same places
assert np.array_equal(given, weights) and given.flags.f_contiguous
back = load(save({"W": given}))["W"]
print(sys.argv[1], "gave", given.tolist(), "back as", back.tolist())
assert back.shape == given.shape
assert np.array_equal(back, given) == (sys.argv[1] == "0.7.0")
assert back.tolist() == (given if sys.argv[1] == "0.7.0" else weights.T.reshape(2, 3)).tolist()
assert np.array_equal(load(save({"W": np.ascontiguousarray(given)}))["W"], weights)
PY
done
echo "As described."
