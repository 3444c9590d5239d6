# The commands a person types; each does what it needs first. `make help` lists them.
SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

python := .venv/bin/python

.PHONY: help run test check bench dist lock llama clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: ## open the window; without a screen, answer the bundled recording in the terminal
	@packaging/linux/setup.sh run
	@packaging/linux/run.sh

test: ## every check and every test
	@packaging/linux/setup.sh test
	@$(MAKE) check
	@$(python) -m pytest

check: ## style, types, layers and QML, without running anything
	@packaging/linux/setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(python) tests/tools/qmllint.py

bench: ## measure a spoken turn, its overhead, the window, the pipelines, the runtimes and the cost of watching power
	@packaging/linux/setup.sh test
	@for bench in voice overhead ui pipeline escalation runtimes power staged soak; do .venv/bin/sotto bench $$bench || exit; done

dist: ## a wheel and a source archive in dist/
	@packaging/linux/setup.sh run
	$(python) -m hatchling build

lock: ## make the lock files again (needs uv); UPGRADE=1 takes newer versions
	@packaging/lock.sh $(if $(UPGRADE),--upgrade)

llama: ## compile llama.cpp again, after that failed
	@packaging/linux/setup.sh llama

clean: ## remove everything that set-up, checks and tests have made here
	rm -rf .venv build dist artefacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
