# Every command of the project. Each sets up by itself what it needs; a second call finds it done.

SEED := $(or $(SEED),$(shell date +%s))
WORKERS ?= 3
PY := .venv/bin/python
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup browser run up test check acceptance bench docs messages lock clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/.installed ## Install everything into .venv, held to the hashes of requirements.lock

.venv/.installed: requirements.lock pyproject.toml
	@deploy/install.sh
	@touch $@

run: setup ## The main job: sample supplier catalogs come in, change and come in again (ARGS="--feeds DIR" for your own)
	@.venv/bin/meschain demo $(ARGS)

up: setup ## The platform stays up: Prefect server and flow runner, until Ctrl-C
	@.venv/bin/meschain up $(ARGS)

browser: ## Chromium and its driver for the console's tests, from Debian
	@deploy/browser.sh

test: check browser ## Set-up, checks and every test with coverage (SEED=n repeats a run's order and samples)
	@echo "seed $(SEED); to repeat this run: make test SEED=$(SEED)"
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile -p randomly --randomly-seed=$(SEED) --hypothesis-seed=$(SEED) \
	  --cov --cov-report=term $(ARGS)

check: setup ## Lint, format, types and layers; changes nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo

acceptance: setup ## Fault and volume tests at full size
	@$(PY) -m pytest -m acceptance --full-size -s --randomly-seed=$(SEED) --hypothesis-seed=$(SEED) $(ARGS)

bench: setup ## The measured promises, each as a ratio to a floor or a peer
	@$(PY) -m benchmarks $(ARGS)

docs: setup ## Write the reference pages anew from the code
	@$(PY) docs/reference/generate.py

messages: setup ## Bring the console's message catalogues up to date with its texts; says what is to be translated
	@$(PY) deploy/messages.py

# For 3.11.0 on: Debian's 3.11.2 needs packages that a later 3.11 does not.
lock: setup ## Resolve pyproject.toml into requirements.lock: hashes, no URL (ARGS=--upgrade for newer versions)
	@deploy/uv.sh pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet \
	  --output-file requirements.lock $(ARGS)

clean: ## Remove .venv, caches and build output; the data folder stays
	@rm -rf .venv build dist htmlcov .coverage .coverage.* .*_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
