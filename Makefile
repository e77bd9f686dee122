# Everything a newcomer needs: `make help` lists it. Only python3 (3.11 or newer) and make have to be there.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-faults check lint types bench fmt browser

PYTHON ?= python3
BIN := .venv/bin
SCREENS := $(wildcard gateway/web/frontend/*.json gateway/web/frontend/*.mjs gateway/web/frontend/src/*)
SOURCES := gateway channels routing tests app.py worker.py hatch_build.py

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## Run everything on this machine, sandbox included (Ctrl-C stops it)
	@exec $(BIN)/eshnav up

test: .venv/installed browser ## Run all tests, of faults the short forms
	$(BIN)/pytest

test-faults: .venv/installed ## Run only the tests that kill processes and servers, in their long forms too
	$(BIN)/pytest -m "faults or slow"

check: lint types test ## Lint, check types, and run all tests

lint: .venv/installed
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: .venv/installed
	$(BIN)/mypy

bench: .venv/installed ## Measure, and write var/bench.json
	$(BIN)/eshnav bench

fmt: .venv/installed ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

browser: .venv/installed
	@bash .ci/browser

.venv/installed: pyproject.toml hatch_build.py $(SCREENS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Eshnav needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv (about a minute the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "python3 cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --editable '.[dev]'
	@touch $@
