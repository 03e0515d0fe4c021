# Every target does its own set-up: a virtual environment in .venv, from requirements/dev.txt, with plain pip.
# No server, no root. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(firstword $(wildcard $(shell command -v python3.11)) python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test test-servers check lint types contracts docs docs-write wheel clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.* ## /\1: /p' Makefile | awk -F': ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

$(READY): requirements/dev.txt pyproject.toml
	@echo "== setting up $(VENV) with $(PYTHON) from requirements/dev.txt (about a minute the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "auditor needs Python 3.11 or newer; try: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## audit the bundled reference organisation and say where the report is
	@$(BIN)/auditor demo

test: $(READY) ## run the whole test suite; needs no server
	@echo "== pytest: tests/"
	@$(BIN)/python -m pytest -q -n auto -m "not servers" $(ARGS)

test-servers: $(READY) ## run the tests against real servers (Debian's prometheus, prometheus-alertmanager, victoria-metrics)
	@echo "== pytest -m servers: tests/servers"
	@$(BIN)/python -m pytest -q -m servers tests/servers $(ARGS)

check: test lint types contracts docs ## everything a change must pass (.ci/run adds the wheel and the second DuckDB)

lint: $(READY) ## ruff: rules and format
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY) ## mypy --strict on auditor and collectors
	@echo "== mypy --strict"
	@$(BIN)/mypy --strict

contracts: $(READY) ## import contracts of pyproject.toml
	@echo "== import contracts"
	@$(BIN)/lint-imports --no-logo

docs: $(READY) ## generated pages unchanged, links resolve, shell blocks run, everything has an entry
	@echo "== docs"
	@$(BIN)/python docs/check.py

docs-write: $(READY) ## write the generated pages of docs/reference again
	@$(BIN)/python docs/generate.py

wheel: $(READY) ## build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls -l dist/*.whl

clean: ## remove what make and the tools made (keeps auditor-data and reports)
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find auditor collectors tests docs benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +
