#!/usr/bin/env bash
# tabulate 0.10.0: text in a column is printed as other text if one cell of the column reads like "1.5": "007" as 7, "1_000" as 1000.
#
# Guess before it was run: a cell that holds a str is printed as it is; numbers are aligned and rounded, text is not.
# Seen: a column is taken for numbers if every str in it can be read by int() or float(). If one of them is no whole number, all are formatted
# as floats: leading zeros and underscores go, "1e3" becomes 1000, digits after the sixth are dropped. With whole numbers only, or with one
# cell of plain text in the column, all stay as they are.
# So the same name of a run looks different from table to table. `disable_numparse=True` switches it off.
# Who meets it: tables of names of runs, versions, seeds and hashes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tabulate==0.10.0
venv/bin/python - <<'PY'
from tabulate import tabulate


def printed(*cells, **options):
    return [line.strip() for line in tabulate([[cell] for cell in cells], tablefmt="plain", **options).splitlines()]


names = ["007", "1_000", "1e3", "1.234567890"]
print(names, "is printed as", printed(*names))
print("with one name that is no number:", printed(*names, "run"))
for name, shown in (("007", "7"), ("1_000", "1000"), ("1.234567890", "1.23457")):
    assert printed(name, "1.5")[0] == shown, (name, printed(name, "1.5"))
    assert printed(name, "run")[0] == name and printed(name, "1.5", disable_numparse=True)[0] == name
assert printed("007", "1_000") == ["007", "1_000"]
PY
echo "As described."
