# Every command a person runs. Each does its own set-up on first use and is quick afterwards.
# On Windows, without make: README.md gives the plain lines.

# What sets them up: tools/set_up.sh. `make PYTHON=/path/to/python lab` names a Python, and
# `make UV= lab` has pip install where uv would.
# A VENV or YES in the shell's settings is somebody else's: these two count on the command line alone.
VENV   := .venv
YES    :=
ifneq ($(words $(VENV)),1)
$(error VENV=$(VENV) has a space in it, which make cannot take; a course's folder may have any name)
endif
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
NBGRADER := build/nbgrader
# For the real-data paths without a network: a folder with data/, laid out as course/data/arrays.py
# says at its top, and keras_home/, a folder like ~/.keras.
SHARED ?= ../shared
# Tests run in so many processes: each may take a gigabyte and a half, most of it TensorFlow's.
JOBS   ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile
QUICK  := not (real or proof or notebook or own or browser or sandbox)
# Programs run as modules: a script names its Python in its first line, which some folders' names break.
LINT   := $(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check . && \
	$(BIN)/python -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-cache
export SHARED
REAL   := shared=$$(cd "$$SHARED" && pwd) && COURSE_MIRROR="$$shared/data" KERAS_HOME="$$shared/keras_home"

.PHONY: help lab check test test-real test-own lessons exercises selftest nbgrader site record bench rehearse measure-pets train-base readme publish data-addresses linkcheck lint platforms oldest lock gpu clean uninstall
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s%s\n", $$1, $$2 }' Makefile

# .ready names the folder it was made in: moved or renamed, the environment is brought up to date.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): requirements.lock pyproject.toml tools/set_up.sh
	@sh tools/set_up.sh $(VENV)

$(READY_DEV): tools/dev.lock $(READY)
	@sh tools/set_up.sh $(VENV) dev
	@touch $@

lab: $(READY)  ## open the course in JupyterLab: your own copies of the lessons, in my_course/
	@unset PYTHONHOME; $(BIN)/python -m course lab $(LAB)

check: $(READY_DEV)  ## what one runs while working: lint, import rules, stale notebooks, unit tests
	$(LINT)
	$(BIN)/python -m tools.staleness
	$(PYTEST) -m "$(QUICK)" course course_utils tests

test: $(READY_DEV)  ## everything that must pass: the same, the exercises' proofs, browsers, every notebook (ONLY=browser)
	$(LINT)
	$(PYTEST) --durations=40 $(if $(ONLY),-m "not real and ($(ONLY))")

# Without the exercises' notebooks: these take no real data, and `make test` has run them.
test-real: $(READY_DEV)  ## the real-data paths, and the lessons on real data, from a local copy (SHARED=folder)
	$(REAL) $(PYTEST) --ignore tests/test_exercises_run.py -m "real or notebook" tests notebooks

test-own: $(READY_DEV)  ## lessons on photos of one's own, of four kinds (COURSE_OWN=few for one)
	COURSE_OWN="$${COURSE_OWN:-all}" $(PYTEST) --dist load --durations=0 -m own tests/test_own_sets.py

lessons: $(READY_DEV)  ## rebuild and execute the notebooks that changed (LESSON=02 for one)
	$(BIN)/python -m tools.build_lessons $(LESSON)

exercises: $(READY_DEV)  ## rebuild the notebooks of the exercises that changed (EXERCISE=02 for one)
	$(BIN)/python -m tools.build_exercises $(EXERCISE)

selftest: $(READY_DEV)  ## every exercise on trial, with twenty seeds (EXERCISE=02 for one)
	$(BIN)/python -m course exercises selftest $(EXERCISE) --seeds 20 $(if $(shell command -v bwrap),--sandbox)

# A layer over the environment: it sees all that is there, and nothing there sees nbgrader, which
# would put itself into everybody's JupyterLab.
nbgrader: $(NBGRADER)/.ready  ## nbgrader, in an environment of its own, for the tests of its export

$(NBGRADER)/.ready: tools/nbgrader.lock | $(READY_DEV)
	@rm -rf $(NBGRADER)
	$(BIN)/python -m venv --without-pip $(NBGRADER)
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> "$$($(NBGRADER)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/course.pth"
	$(BIN)/python -m pip --python $(NBGRADER)/bin/python install --quiet --disable-pip-version-check --no-deps --require-hashes -r tools/nbgrader.lock
	@touch $@

site: $(READY_DEV)  ## the course as pages to read, with its live figures: build/site (LESSON=02 executes only that one)
	$(BIN)/python -m tools.build_site $(LESSON)

record: $(READY_DEV)  ## run a lesson in full on the real data and keep what it measured (LESSON=02)
	$(REAL) $(BIN)/python -m tools.record $(LESSON)

bench: $(READY_DEV) $(NBGRADER)/.ready  ## time and memory of lessons, sliders, instruments, heatmaps, and of grading
	$(BIN)/python -m tools.bench

rehearse: $(READY_DEV)  ## a sitting on Binder: installed as there, one core, 2 GB, all lessons and an exercise (LESSON=05 for one)
	$(BIN)/python -m tools.rehearse $(LESSON) --shared "$$SHARED"

measure-pets: $(READY_DEV)  ## whether the drawn cats and dogs are an honest task (an hour; BARS="linear speed" for some)
	$(BIN)/python -m tools.measure_pets $(BARS)

train-base: $(READY_DEV)  ## train the course's own pretrained base anew (an hour) and measure what it is worth
	$(BIN)/python -m tools.train_base

readme: $(READY_DEV)  ## refresh the generated parts of README.md and docs/hosts.md
	$(BIN)/python -m tools.readme

publish: $(READY_DEV)  ## give the course its address on GitHub, and every link with it (ADDRESS=owner/name)
	$(BIN)/python -m tools.publish $(if $(ADDRESS),'$(ADDRESS)')

data-addresses: $(READY_DEV)  ## whether data and weights are still where they are downloaded from
	$(BIN)/python -m tools.data_addresses

linkcheck: $(READY_DEV)  ## whether links to other sites still lead somewhere
	$(BIN)/python -m tools.linkcheck

lint: $(READY_DEV)  ## format the code and mend what can be mended
	$(BIN)/python -m ruff format . && $(BIN)/python -m ruff check --fix .

# Constrained to locks that there are, and without what is in them.
BESIDE  = $(addprefix --constraints ,$(1)) $$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/--no-emit-package \1/p' $(1) | sort -u)
COMPILE = PATH="$$PATH:build/uv/bin" UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile pyproject.toml --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --quiet $(if $(UPGRADE),--upgrade)

# On the PATH, or here.
GET_UV = @command -v uv >/dev/null || test -x build/uv/bin/uv || \
		{ python3 -m venv build/uv && build/uv/bin/python -m pip install --quiet uv; }

platforms: $(READY_DEV)  ## whether all that is locked installs on every computer of docs/learners.md, and beside what Colab has
	$(GET_UV)
	COURSE_PLATFORMS=required $(BIN)/python -m pytest tests/test_platforms.py

oldest: $(READY_DEV)  ## lessons 0 and 1 and an exercise, with the oldest versions that our ranges allow (LESSON=02 for another)
	$(GET_UV)
	$(BIN)/python -m tools.oldest $(LESSON)

lock:  ## resolve pyproject.toml into the locks; pins that still fit stay (UPGRADE=yes takes the newest of all)
	$(GET_UV)
	$(COMPILE) --extra tensorflow --extra lab --output-file requirements.lock
	$(COMPILE) --extra tensorflow --extra lab --extra dev $(call BESIDE,requirements.lock) --output-file tools/dev.lock
	$(COMPILE) --extra nbgrader $(call BESIDE,requirements.lock tools/dev.lock) --no-annotate --output-file tools/nbgrader.lock

gpu: $(READY)  ## swap tensorflow-cpu for the CUDA build (Linux, NVIDIA)
	@test "$$(uname -s)" = Linux || { echo "The CUDA build exists for Linux only; on Windows, work inside WSL2."; exit 1; }
	@sh tools/set_up.sh $(VENV) gpu
	$(BIN)/python -m course doctor

# make clean VENV=..., with some other folder's name, must not remove that.
IS_OURS = test ! -e $(VENV) || test -e $(VENV)/pyvenv.cfg || test -e $(VENV)/.made || \
	{ echo "$(VENV) is not an environment of Python: nothing was removed." >&2; exit 1; }

clean:  ## remove the environment and everything generated that is not kept
	@$(IS_OURS)
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

uninstall:  ## remove what the course put on this disk, data and all; says first what, and asks (YES=1: doesn't)
	@$(IS_OURS)
	@sh tools/uninstall.sh $(VENV) $(if $(YES),--yes)
