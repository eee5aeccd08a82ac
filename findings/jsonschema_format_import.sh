#!/usr/bin/env bash
# jsonschema 4.26.0 with its extra "format-nongpl": `import jsonschema` takes several times as long, before any format is checked.
#
# Guess before it was run: a package that only checks one more format (IRIs, RFC 3987) costs nothing until a schema asks for that format.
# Seen with Python 3.11, rfc3987-syntax 1.1.0, lark 1.3.1: jsonschema imports every format checker that is installed, and
# rfc3987_syntax compiles 39 grammars while it is imported. The import took 16 times as long (median of 7 pairs in turn).
# Who meets it: jupyter-events requires this extra, so every `import nbformat` in an environment with JupyterLab pays for it: nbconvert,
# nbclient, nbval, and each JupyterLab that starts.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv plain
python3 -m venv formats
plain/bin/pip install --quiet --disable-pip-version-check jsonschema==4.26.0
formats/bin/pip install --quiet --disable-pip-version-check "jsonschema[format-nongpl]==4.26.0" rfc3987-syntax==1.1.0 lark==1.3.1
cat > measure.py <<'PY'
import statistics
import subprocess
import sys

LINE = "import time; began = time.perf_counter(); import jsonschema; print(time.perf_counter() - began)"


def seconds(venv):
    return float(subprocess.run([f"{venv}/bin/python", "-c", LINE], capture_output=True, text=True, check=True).stdout)


pairs = [(seconds("plain"), seconds("formats")) for _ in range(8)][1:]           # in turn; the first pair compiles the modules
ratio = statistics.median(b / a for a, b in pairs)
print(f"import jsonschema takes {ratio:.1f} times as long with the extra (median of {len(pairs)} pairs)")
assert ratio > 4
grammars = subprocess.run(["formats/bin/python", "-c",
                           "import lark; made = lark.Lark.__init__; count = []\n"
                           "lark.Lark.__init__ = lambda self, *a, **k: (count.append(1), made(self, *a, **k))[1]\n"
                           "import jsonschema; print(len(count))"], capture_output=True, text=True, check=True).stdout.split()[-1]
print("grammars compiled by the import:", grammars)
assert int(grammars) > 10
PY
plain/bin/python measure.py
echo "As described."
