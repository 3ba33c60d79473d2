# Every command a person runs. Each does its own set-up on first use and is quick afterwards.
# On Windows, without make: README.md gives the plain pip and conda lines.

# The first suitable Python on this machine; override with `make PYTHON=/path/to/python lab`.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
NBGRADER := build/nbgrader
# For the real-data paths without a network: a folder with data/, laid out as course/data/arrays.py
# says at its top, and keras_home/, a folder like ~/.keras.
SHARED ?= ../shared
# Tests run in so many processes: each may take a gigabyte and a half, most of it TensorFlow's.
JOBS   ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile
QUICK  := not (real or proof or notebook or browser or sandbox)
LINT   := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache
REAL   := COURSE_MIRROR=$(abspath $(SHARED)/data) KERAS_HOME=$(abspath $(SHARED)/keras_home)

.PHONY: help lab check test test-real lessons exercises selftest nbgrader site record bench measure-pets train-base readme lint lock gpu clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found. Install one (python.org), or name it: make PYTHON=/path/to/python3.12 lab"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): about 2.5 GB on disk, a few minutes, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

lab: $(READY)  ## open the course in JupyterLab, at lesson 0
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

check: $(READY)  ## what one runs while working: lint, import rules, stale notebooks, unit tests
	$(LINT)
	$(BIN)/python -m tools.staleness
	$(PYTEST) -m "$(QUICK)" course course_utils tests

test: $(READY)  ## everything that must pass: the same, the exercises' proofs, browsers, every notebook
	$(LINT)
	$(PYTEST) --durations=40

test-real: $(READY)  ## the real-data paths, and the notebooks on real data, from a local copy (SHARED=folder)
	$(REAL) $(PYTEST) -m "real or notebook" tests notebooks

lessons: $(READY)  ## rebuild and execute the notebooks that changed (LESSON=02 for one)
	$(BIN)/python -m tools.build_lessons $(LESSON)

exercises: $(READY)  ## rebuild the notebooks of the exercises that changed (EXERCISE=02 for one)
	$(BIN)/python -m tools.build_exercises $(EXERCISE)

selftest: $(READY)  ## every exercise on trial, with twenty seeds (EXERCISE=02 for one)
	$(BIN)/course exercises selftest $(EXERCISE) --seeds 20

# A layer over the environment: it sees all that is there, and nothing there sees nbgrader, which
# would put itself into everybody's JupyterLab.
nbgrader: $(NBGRADER)/.ready  ## nbgrader, in an environment of its own, for the tests of its export

$(NBGRADER)/.ready: tools/nbgrader.lock | $(READY)
	@rm -rf $(NBGRADER)
	$(BIN)/python -m venv --without-pip $(NBGRADER)
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> "$$($(NBGRADER)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/course.pth"
	$(BIN)/python -m pip --python $(NBGRADER)/bin/python install --quiet --disable-pip-version-check --no-deps --require-hashes -r tools/nbgrader.lock
	@touch $@

site: $(READY)  ## the course as pages to read, with its live figures: build/site (LESSON=02 executes only that one)
	$(BIN)/python -m tools.build_site $(LESSON)

record: $(READY)  ## run a lesson in full on the real data and keep what it measured (LESSON=02)
	$(REAL) $(BIN)/python -m tools.record $(LESSON)

bench: $(READY) $(NBGRADER)/.ready  ## time and memory of lessons, sliders, instruments, heatmaps, and of grading
	$(BIN)/python -m tools.bench

measure-pets: $(READY)  ## whether the drawn cats and dogs are an honest task (an hour; BARS="linear speed" for some)
	$(BIN)/python -m tools.measure_pets $(BARS)

train-base: $(READY)  ## train the course's own pretrained base anew (an hour) and measure what it is worth
	$(BIN)/python -m tools.train_base

readme: $(READY)  ## refresh the generated parts of README.md
	$(BIN)/python -m tools.readme

lint: $(READY)  ## format the code and mend what can be mended
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: $(READY)  ## resolve pyproject.toml into requirements.lock
	$(BIN)/python -m pip install --quiet uv
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --upgrade --quiet --output-file requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --extra nbgrader --universal --python-version 3.11 \
		--constraints requirements.lock $$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock | sort -u) \
		--generate-hashes --no-emit-index-url --no-annotate --upgrade --quiet --output-file tools/nbgrader.lock

# tensorflow and tensorflow-cpu share a folder, and removing either breaks the other: so both go and
# one comes, at the lock's version. What it needs besides CUDA is there, at the lock's versions, and
# pip leaves it alone. (An install of the course with its dependencies brings tensorflow-cpu back.)
gpu: $(READY)  ## swap tensorflow-cpu for the CUDA build (Linux, NVIDIA)
	@test "$$(uname -s)" = Linux || { echo "The CUDA build exists for Linux only; on Windows, work inside WSL2."; exit 1; }
	$(BIN)/python -m pip uninstall --yes -qq tensorflow-cpu tensorflow
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		"tensorflow[and-cuda]$$(sed -n 's/^tensorflow-cpu\(==[^ ;]*\).*/\1/p' requirements.lock)" || { \
		echo "The CUDA build did not install: putting tensorflow-cpu back."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock; exit 1; }
	$(BIN)/course doctor

clean:  ## remove the environment and everything generated that is not kept
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache
