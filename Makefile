# Every command a person runs. Each does its own set-up on first use and is quick afterwards.
# On Windows, without make: README.md gives the plain pip and conda lines.

# The first suitable Python on this machine; override with `make PYTHON=/path/to/python lab`.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# For the real-data paths without a network: a folder with data/, laid out as course_utils/data.py
# says at its top, and keras_home/, a folder like ~/.keras.
SHARED ?= ../shared
REAL   := COURSE_MIRROR=$(abspath $(SHARED)/data) KERAS_HOME=$(abspath $(SHARED)/keras_home)

.PHONY: help lab test test-real lessons site record bench measure-pets train-base readme lint lock gpu clean
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

test: $(READY)  ## everything that must pass: lint, unit tests, every notebook
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m pytest

test-real: $(READY)  ## the real-data paths, and the notebooks on real data, from a local copy (SHARED=folder)
	$(REAL) $(BIN)/python -m pytest -m real tests
	$(REAL) $(BIN)/python -m pytest tests/test_recorded.py notebooks

lessons: $(READY)  ## rebuild and execute the notebooks that changed (LESSON=02 for one)
	$(BIN)/python -m tools.build_lessons $(LESSON)

site: $(READY)  ## the course as pages to read, with its live figures: build/site (LESSON=02 executes only that one)
	$(BIN)/python -m tools.build_site $(LESSON)

record: $(READY)  ## run a lesson in full on the real data and keep what it measured (LESSON=02)
	$(REAL) $(BIN)/python -m tools.record $(LESSON)

bench: $(READY)  ## time and memory of each lesson, of a slider step, of the photo pipeline, of heatmaps
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
