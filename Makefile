# `make lab` opens the workbook, `make test` checks it; both set themselves up in .venv on first use.
PYTHON ?= python3
BIN := .venv/bin
# Where this is set, every Python that a test starts would compile all it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: lab test quick lint study bench experiments notebooks submission site pictures wheel lock

# Fast tests of every package: what `make quick` runs, the longest files first, so that both processes end together.
QUICK := $(patsubst %,tests/test_%.py,networks handout check_toy cifar_lesson gradcheck net worked look house diagnostics notation ops syllabus registry) \
	tests/test_grade.py::test_points_are_those_of_the_homework \
	tests/test_grade.py::test_one_wrong_function_loses_its_own_points_and_is_called_by_name

lab: .venv/ready
	$(BIN)/lenet lab

test: .venv/ready
	$(BIN)/python -m tests.solved_notebooks
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
		tests notebooks build/solved build/short $$(ls build/short | sed 's|^|--ignore=notebooks/|')

# While you work on the code: about 80 s of processor time, shared by two processes. `make test` before every commit all the same.
quick: lint
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -p no:nbval $(QUICK)

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/mypy lenet_core

# What takes minutes: memory over three epochs, the long resume, a hundred kills, cells in other orders, a thousand practice problems, every
# notebook half solved, and those whose trainings are shorter in `make test`.
study: .venv/ready
	$(BIN)/python -m tests.solved_notebooks
	$(BIN)/python -m pytest -m slow -s
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 build/half $$(ls build/short | sed 's|^|notebooks/|')

bench: .venv/ready
	$(BIN)/python -m benchmarks.throughput

# Every run behind docs/results.md anew: about an hour on two processors (needs MNIST and CIFAR-10; see docs/architecture.md). A stopped one
# goes on where it was; the old results stay until the new ones are complete.
experiments: .venv/ready
	$(BIN)/lenet experiments --again

# Run the notebooks and store what came out, apart from it what a reader is to predict (needs MNIST; see docs/architecture.md).
notebooks: .venv/ready
	$(BIN)/python -m docs.stored_outputs

# The work in the notebooks as the handout's hw7.tar; says what is in it and what is unsolved.
submission: .venv/ready
	$(BIN)/lenet submit notebooks --out build/hw7.tar

# The notebooks, as they are stored, the README and the pages of docs as pages for a browser: build/site/index.html, complete without a network.
site: .venv/ready
	$(BIN)/python -m docs.make_site

# The pictures of the README and docs/teaching.md anew, in JupyterLab in Chromium (needs MNIST; some minutes, on a machine with nothing else to do).
pictures: .venv/ready
	$(BIN)/python -m docs.pictures

# The wheel, with what the notebooks and commands read beside the packages, in dist.
wheel: .venv/ready
	$(BIN)/python -m hatchling build --target wheel

# The tested set of versions, for every Python and system at once.
lock: .venv/ready
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra test --no-header --no-annotate \
		pyproject.toml --output-file requirements.txt

# Not compiled: Python compiles what it imports when it imports it, which is a small part of what is installed.
.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 15))' || \
		{ echo "$$($(PYTHON) --version) is not one of 3.11 to 3.15. Name one that is: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	echo '{}' > .venv/package.json       # else JupyterLab's yarn.js would be a module, as our scripts are, and fail aloud at every start
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@
