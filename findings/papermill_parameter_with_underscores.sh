#!/usr/bin/env bash
# papermill 2.7.0: `-p run 2026_11_30` hands the notebook the number 20261130, and `-p seed 007` the number 7.
#
# Guess before it was run: -p keeps text that is no plain decimal number as text; a date with underscores is a name.
# Seen: the value is given to Python's int() and float() one after the other, which read underscores, leading zeros, digits of other scripts and
# "infinity". So "2026_11_30" and "1_0" become whole numbers, "007" becomes 7, "Infinity" becomes a float, while "true" stays text and
# "True" becomes a bool. Nothing is printed about it. `-r` (raw) hands the text on.
# Who meets it: a study with the name or date of a run as a parameter: the file names made from it are others than those that were asked for.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check papermill==2.7.0 ipykernel==7.4.0
venv/bin/python -m ipykernel install --prefix "$work/venv" --name python3 > /dev/null
venv/bin/python - <<'PY'
import nbformat

v4 = nbformat.v4
notebook = v4.new_notebook(cells=[v4.new_code_cell("run = seed = flag = raw = None", metadata={"tags": ["parameters"]}),
                                  v4.new_code_cell("print(repr([run, seed, flag, raw]))")],
                           metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
nbformat.write(notebook, "given.ipynb")
PY
venv/bin/papermill --no-progress-bar given.ipynb made.ipynb -p run 2026_11_30 -p seed 007 -p flag true -r raw 2026_11_30 2> /dev/null
venv/bin/python - <<'PY'
import nbformat

printed = nbformat.read("made.ipynb", 4).cells[-1].outputs[0].text.strip()
print("the notebook has run, seed, flag, raw =", printed)
assert printed == "[20261130, 7, 'true', '2026_11_30']", printed
PY
echo "As described."
