#!/usr/bin/env bash
# jupyter_builder 1.3.0 (JupyterLab 4.6.6 asks it at every start): its yarn.js does not run in a virtual environment that lies in a
# project whose package.json says "type": "module".
#
# Met, not guessed; what one expects: a package that pip has installed runs in the same way wherever its environment lies.
# Seen: with {"type": "module"} in the folder above the environment, `node yarn.js --version` ends with 'Dynamic require of "util" is not
# supported'; without it, or with a package.json {} inside the environment, it prints its version. Node.js takes the nearest package.json
# above a .js file to decide whether the file is a module, and none lies beside yarn.js. JupyterLab then starts with "Fail to get yarn
# configuration" and a page of code. What helps: a package.json {} in the environment's folder.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check jupyter_builder==1.3.0
yarn=$(echo .venv/lib/python3*/site-packages/jupyter_builder/yarn.js)
without=$(node "$yarn" --version)
echo '{"type": "module"}' > package.json
if node "$yarn" --version > below.txt 2>&1; then echo "CHANGED: it runs below a module"; exit 1; fi
grep -o 'Dynamic require of "util" is not supported' below.txt
echo '{}' > .venv/package.json
again=$(node "$yarn" --version)
test "$without" = "$again"
echo "as stated: $without without a package.json above, an error below a module, $again with a package.json of its own"
