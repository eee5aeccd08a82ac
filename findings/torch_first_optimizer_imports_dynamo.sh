#!/usr/bin/env bash
# PyTorch 2.13.0: the first optimizer of a process imports the compiler, 800 modules more, and takes about as long as `import torch`.
#
# Guess before it was run: `torch.optim.SGD(...)` makes a small object; `import torch` has imported everything that it needs.
# Seen with Python 3.11, processor only: making the first SGD imports torch._dynamo and what that needs (823 modules; `import torch` has
# 1,114). It took 0.6 to 1.1 times as long as `import torch`; the second one takes less than a thousandth of that. torch.compile is not used.
# Who meets it: a test or a command that makes one optimizer and a few steps waits seconds for a compiler that it never calls; a timing of
# "ten steps" that begins before the optimizer measures the import.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > measure.py <<'PY'
import sys
import time

began = time.perf_counter()
import torch

imported, before = time.perf_counter() - began, len(sys.modules)
weights = [torch.nn.Parameter(torch.zeros(2))]
seconds = []
for _ in range(2):
    began = time.perf_counter()
    torch.optim.SGD(weights, lr=0.1)
    seconds.append(time.perf_counter() - began)
more = len(sys.modules) - before
print(f"import torch: {before} modules; the first SGD: {more} more, {seconds[0] / imported:.2f} times as long as the import; "
      f"the second: {seconds[1] / imported:.4f} times")
assert "torch._dynamo" in sys.modules and more > 400
assert seconds[0] > 0.15 * imported and seconds[1] < 0.01 * seconds[0]
PY
venv/bin/python measure.py > /dev/null                                 # compiles the modules
venv/bin/python measure.py
echo "As described."
