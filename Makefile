# `make` lists what there is. PYTHON (python3), PORT (8000), HOST (127.0.0.1) and the variables of
# docs/configuration.md may be given: make up PORT=8001

PYTHON ?= python3
BIN := .venv/bin
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help up test test-all lint format types imports migrations lock ci bench bench-quick clean venv venv-dev

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

# Of the command line alone: shells and conda have a HOST of their own in the environment.
LISTEN := $(if $(filter command line,$(origin HOST)),--host=$(HOST))

up: venv ## start everything in the sandbox: dashboard, chatbot, API, worker (Ctrl-C stops it)
	@export SANDBOX="$${SANDBOX:-1}"; exec $(BIN)/python manage.py up $(LISTEN)

test: venv-dev ## run the tests on SQLite, and on PostgreSQL and Redis where they are
	@exec $(BIN)/python -m tests $(ARGS)

test-all: venv-dev ## the same with what takes long: real Ruby, PHP, Go, the largest inputs (half an hour)
	@exec $(BIN)/python -m tests --all $(ARGS)

lint: venv-dev ## check style and import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(MAKE) imports

imports: venv-dev ## check that imports go one way only
	@$(BIN)/lint-imports --no-logo

format: venv-dev ## format the code and put right what can be put right
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

types: venv-dev ## check the types
	@$(BIN)/mypy

migrations: venv-dev ## check that the migrations are what the models say
	@SANDBOX=1 VAR_DIR=.mypy_cache/var $(BIN)/python manage.py makemigrations --check --dry-run

lock: ## renew requirements.txt and requirements-dev.txt from pyproject.toml
	@PYTHON="$(PYTHON)" sh .ci/lock

ci: ## all of the above, as the CI runs it
	@.ci/run

bench: venv-dev ## measure everything into docs/benchmarks.md; ARGS=CASE for one case (half an hour)
	@exec $(BIN)/python -m bench $(ARGS)

bench-quick: venv-dev ## the same in small, into var/bench (under two minutes)
	@exec $(BIN)/python -m bench --quick $(ARGS)

clean: ## remove caches and the virtual environment; var/ and its data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage .coverage.*
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

venv:
	@PYTHON="$(PYTHON)" sh .ci/venv requirements.txt

venv-dev:
	@PYTHON="$(PYTHON)" sh .ci/venv requirements-dev.txt
