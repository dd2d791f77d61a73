# Everything a fresh machine needs is git, make and Python 3.10-3.13.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNNERS ?= .venv-runners
CODE := setup.py source_customerio_segments destination_salesforce_intro sandbox unit_tests integration_tests examples benchmarks conftest.py

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types unit integration scale soak-source soak-destination test-clients test-runners clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.ready: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(VENV)/.ready  ## run the main job, three syncs, against the embedded sandbox
	$(BIN)/python -m examples.demo

test: $(VENV)/.ready  ## all tests: unit and integration
	$(BIN)/python -m pytest -q -n auto

check: lint types unit  ## format, lint, types, unit tests

lint: $(VENV)/.ready
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

types: $(VENV)/.ready
	$(BIN)/mypy $(CODE)

unit: $(VENV)/.ready  ## unit tests only (under a minute)
	$(BIN)/python -m pytest -q -n auto unit_tests

integration: $(VENV)/.ready  ## integration tests only
	$(BIN)/python -m pytest -q -n auto integration_tests

scale: $(VENV)/.ready  ## 100,000 people with attributes, twice (several minutes)
	$(BIN)/python -m pytest -q -s -m scale integration_tests/test_scale.py

soak-source: $(VENV)/.ready  ## random changes, faults and deaths for some minutes (SYNCS=60, SEED=7)
	$(BIN)/python -m integration_tests.soak --syncs $(or $(SYNCS),60) $(addprefix --seed ,$(SEED))

soak-destination: $(VENV)/.ready  ## random records, faults and deaths for some minutes (ROUNDS=150, SEED=7)
	$(BIN)/python -m integration_tests.soak_destination --rounds $(or $(ROUNDS),150) $(addprefix --seed ,$(SEED))

test-clients: $(VENV)/.ready  ## clients that others wrote against the sandbox (needs Node 20 and npm)
	npm --prefix integration_tests/clients ci --ignore-scripts --no-audit --no-fund
	$(BIN)/python -m pytest -q integration_tests/clients/test_simple_salesforce.py integration_tests/clients/jsforce_client.py integration_tests/clients/customerio_client.py

$(RUNNERS)/.ready:
	$(PYTHON) -m venv $(RUNNERS)
	$(RUNNERS)/bin/python -m pip install --quiet --disable-pip-version-check 'airbyte>=0.71.3,<0.72'
	touch $@

test-runners: $(VENV)/.ready $(RUNNERS)/.ready  ## PyAirbyte runs both connectors (its environment takes minutes and 1 GB)
	RUNNERS=$(RUNNERS) $(BIN)/python -m pytest -q integration_tests/runners/pyairbyte_runner.py

format: $(VENV)/.ready  ## rewrite the code as the formatter likes it
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

clean:  ## remove the environment and all caches
	rm -rf $(VENV) $(RUNNERS) .demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
