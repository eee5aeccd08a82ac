#!/usr/bin/env bash
# hatchling 1.33.0: an editable installation copies what `force-include` names into site-packages, once, where the package cannot find it.
#
# Guess before it was run: an editable installation is one .pth file that points at the source tree, so a file that `force-include` puts
# inside the package in a wheel is in site-packages only after a real installation.
# Seen: `pip install --editable` leaves the .pth file AND a folder site-packages/pk/material with a copy of the file. The copy is not
# renewed when its source changes, and importlib.resources does not find it, because `pk` itself is the folder in the source tree.
# So a file can look installed, be old, and still be missing for the code that asks for it. (`shared-data` is copied too.)
# What helps: a build hook that fills build_data["force_include"] only where the version to build is "standard".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p project/pk project/data
echo 'value = 1' > project/pk/__init__.py
echo 'old' > project/data/notes.txt
cat > project/pyproject.toml <<'TOML'
[build-system]
requires = ["hatchling==1.33.0"]
build-backend = "hatchling.build"

[project]
name = "pk"
version = "1"

[tool.hatch.build.targets.wheel]
packages = ["pk"]

[tool.hatch.build.targets.wheel.force-include]
"data/notes.txt" = "pk/material/notes.txt"
TOML
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --editable ./project
echo 'new' > project/data/notes.txt
venv/bin/python - <<'PY'
import sysconfig
from importlib import resources
from pathlib import Path

import pk

site = Path(sysconfig.get_path("purelib"))
copy = site / "pk" / "material" / "notes.txt"
print("pk is", "in site-packages" if Path(pk.__file__).is_relative_to(site) else "in the source tree")
print("copy in site-packages:", copy.read_text().strip() if copy.is_file() else "none")
found = resources.files("pk").joinpath("material/notes.txt").is_file()
print("importlib.resources finds it:", found)
assert not Path(pk.__file__).is_relative_to(site) and copy.is_file() and copy.read_text() == "old\n" and not found
PY
echo "As described."
