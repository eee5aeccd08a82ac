#!/usr/bin/env bash
# matplotlib 3.11.2: on a logarithmic axis, `PercentFormatter(1)` writes "0%" under several ticks, though it chooses the digits by itself.
#
# Guess before it was run: `decimals=None` chooses as many digits as the ticks need, so 0.001 and 0.0001 become "0.1%" and "0.01%".
# Seen: ticks from 0.0001 to 1 get the labels 0%, 0%, 1%, 10%, 100%. The digits are chosen from the length of the axis, here 100 %, as if
# it were linear; two ticks a factor of ten apart have the same label, and neither is zero.
# Who meets it: error rates of training on a logarithmic axis, where the interesting ones are below 1 %. What helps:
# `axis.set_major_formatter(lambda share, _: f"{100 * share:g}%")`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check matplotlib==3.11.2
MPLBACKEND=agg venv/bin/python - <<'PY'
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

ax = Figure().subplots()
ax.semilogy([1, 2, 3], [0.9, 0.02, 0.0002])
ax.set_ylim(1e-4, 1)
ax.yaxis.set_major_formatter(PercentFormatter(1))
ax.figure.canvas.draw()
labels = {tick: label.get_text() for tick, label in zip(ax.get_yticks(), ax.get_yticklabels()) if 5e-5 < tick < 2}
print(labels)
assert list(labels.values()) == ["0%", "0%", "1%", "10%", "100%"]
PY
echo "As described."
