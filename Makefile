# What this project can do from a checkout. `make` lists it. Needs Python 3.11 or newer, git, and nothing else.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.lock-hash
LOCAL := $(BIN)/python -m marketplace_integration.local

.DEFAULT_GOAL := help
.PHONY: help setup run stop status clean-data test lint format smoke chaos bench live-test screenshots lock clean

help: ## this list
	@echo "make ..."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is needed into .venv (done by the others when needed)
	@$(PYTHON) scripts/setup.py

run: setup ## start the demo on this machine and print where it is; Ctrl-C stops it, the data is kept
	@$(LOCAL) run $(if $(REBUILD),--rebuild) $(if $(PORT),--web-port $(PORT)) \
		$(if $(SIMULATORS),--simulators "$(SIMULATORS)") $(ARGS)

stop: setup ## stop what `make run` started, also after a crash
	@$(LOCAL) stop

status: setup ## say what runs
	@$(LOCAL) status

clean-data: setup ## remove the data of the demo (asks first)
	@$(LOCAL) clean $(if $(YES),--yes)

test: setup ## all tests, on a throw-away PostgreSQL
	@$(BIN)/python -m pytest $(or $(ARGS),-n auto --maxprocesses 4) && echo "make test: all tests passed."

lint: setup ## style, types, import rules, migrations, production settings
	@BIN="$(BIN)" sh scripts/lint.sh

format: setup ## bring the code into shape
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

smoke: setup ## prove the main job from outside: CHANNEL=name|all ITEMS=file.csv SALES=file.csv KILL=1
	@$(BIN)/python -m smoke $(if $(CHANNEL),--channel $(CHANNEL)) $(if $(ITEMS),--items "$(ITEMS)") $(if $(SALES),--sales "$(SALES)") $(if $(KILL),--kill) $(ARGS)

chaos: setup ## trade while everything is killed, then judge: SEED=n SECONDS=n ITEMS=n SALES=n; SEEDS=1-20 JOBS=n OUT=file
	@$(BIN)/python -m chaos $(if $(SEEDS),--seeds "$(SEEDS)") $(if $(JOBS),--jobs $(JOBS)) $(if $(OUT),--out "$(OUT)") \
		$(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(ITEMS),--items "$(ITEMS)") \
		$(if $(SALES),--sales "$(SALES)") $(ARGS)

bench: setup ## measure beside a raw baseline: ONLY=name,name N=rows
	@$(BIN)/python -m bench $(if $(ONLY),--only "$(ONLY)") $(if $(N),--n $(N)) $(ARGS)

live-test: setup ## the product against a real Mercur and Medusa (needs Node.js): SERVER=mercur|medusa
	@$(BIN)/python -m tests.live $(SERVER) $(ARGS)

screenshots: setup ## pictures of every page with some weeks of work on it, into screenshots/output
	@$(BIN)/python -m screenshots $(ARGS)

lock: setup ## write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra local --extra dev --generate-hashes --universal --python-version 3.11 \
		--no-header --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --constraint requirements.lock --generate-hashes --universal \
		--python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
		--output-file requirements-production.lock

clean: ## remove .venv and everything that can be made again; the data stays
	@rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed what can be made again."
