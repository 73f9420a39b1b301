# Two commands to begin with: make demo, make test. Everything they make is in .venv/ and var/.
PYTHON ?= $(firstword $(shell command -v python3.11 || command -v python3))
BIN := .venv/bin
PINNED := .venv/.pinned
INSTALLED := .venv/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SERVICES := rabbitmq-server xmlsec1 softhsm2 openssl
BROKER := $(BIN)/python -m tests.servers.rabbitmq

.DEFAULT_GOAL := help
.PHONY: help setup services database demo test prove fuzz run bench lint format clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(INSTALLED) ## make .venv from the hashed requirements

$(PINNED): requirements-dev.txt
	@$(PYTHON) -m tests.servers.install python3-venv
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes --requirement requirements-dev.txt
	@touch $@

$(INSTALLED): $(PINNED) setup.cfg pyproject.toml
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

services:
	@$(PYTHON) -m tests.servers.install $(SERVICES)

database:
	@$(PYTHON) -m tests.servers.install postgresql

demo: SERVICES := $(if $(NSW_AMQP_URL),,rabbitmq-server) xmlsec1
demo: setup services ## play the single window against a private broker and the adapter
	@$(BIN)/python -m tests.demo

test: setup services database ## the whole suite, on real RabbitMQ and PostgreSQL; ARGS are pytest's
	@$(BIN)/python -m tests $(ARGS)

prove: setup services database ## the suite with its long proofs in full
	@NSW_PROVE=full $(BIN)/python -m pytest $(ARGS)

fuzz: setup services ## hostile bytes into the judging, for FUZZ_SECONDS (60); what is found is kept in var/fuzz/found
	@$(PIP) --require-hashes --requirement requirements-fuzz.txt
	@$(BIN)/python -m tests.fuzz

run: setup services ## the daemon in the foreground: SQLite, test keys, and a broker of its own unless NSW_AMQP_URL names one
	@$(BIN)/nsw-adapter simulate pki var/pki >/dev/null
	@if [ -n "$$NSW_AMQP_URL" ]; then exec $(BIN)/nsw-adapter run; fi; \
	trap : INT TERM; trap '$(BROKER) stop var/rabbitmq' EXIT; \
	$(BROKER) start var/rabbitmq && NSW_AMQP_URL=$$($(BROKER) url var/rabbitmq) $(BIN)/nsw-adapter run

bench: setup services database ## messages a second, and against what floor
	@$(BIN)/python -m tests.bench $(ARGS)

lint: setup ## ruff, mypy strict, the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

format: setup ## let ruff order imports and lay the code out
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

clean: ## remove what make made
	rm -rf .venv var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
