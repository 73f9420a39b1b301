# Two commands to begin with: make demo, make test. Everything they make is in .venv/ and var/.
PYTHON ?= $(firstword $(shell command -v python3.11 || command -v python3))
BIN := .venv/bin
PINNED := .venv/.pinned
INSTALLED := .venv/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
OWN_BROKER := $(if $(NSW_AMQP_URL),,rabbitmq-server)
SERVICES := python3-venv rabbitmq-server xmlsec1 softhsm2 openssl
BROKER := $(BIN)/python -m tests.servers.rabbitmq
IDENTITY := $(BIN)/python -m tests.servers.identity
SITE := http://127.0.0.1:8080
STAFF := http://127.0.0.1:8082

.DEFAULT_GOAL := help
.PHONY: help setup services demo quick test prove mutants fuzz run bench seed lint format clean

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

# Before setup: whoever must install something himself is told all of it at once, not one package a run.
services:
	@$(PYTHON) -m tests.servers.install $(SERVICES)

demo: SERVICES := python3-venv $(OWN_BROKER) xmlsec1
demo: services setup ## play the single window against a private broker and the adapter
	@$(BIN)/python -m tests.demo

quick: SERVICES := python3-venv xmlsec1 openssl
quick: services setup ## every fixture and rule and most modules, without servers: after each small step
	@$(BIN)/python -m tests quick

test prove bench seed: SERVICES += postgresql pgbouncer
test prove bench: SERVICES += nodejs npm
test prove: SERVICES += default-jdk-headless prometheus chromium clamav-daemon
prove: SERVICES += gcc libc6-dev systemd rsyslog rsyslog-gnutls
test: services setup ## the whole suite, on real RabbitMQ and PostgreSQL; ARGS are pytest's
	@$(BIN)/python -m tests $(ARGS)

prove: services setup ## the long proofs in full (ARGS: attacks, consoles, data, databases, kills, lives, messages, portal, scale); results in docs/proofs.md
	@$(BIN)/python -m tests prove $(ARGS)

mutants: services setup ## change the program in one place at a time: tests must notice (ARGS="--count 40 --minutes 30")
	@$(BIN)/python -m tests.mutants map
	@$(BIN)/python -m tests.mutants hunt $(ARGS)
	@$(BIN)/python -m tests.mutants table

fuzz: services setup ## hostile bytes into the judging, for FUZZ_SECONDS (60); what is found is kept in var/fuzz/found
	@$(PIP) --require-hashes --requirement requirements-fuzz.txt
	@$(BIN)/python -m tests.fuzz

run: SERVICES := python3-venv nodejs npm xmlsec1 $(OWN_BROKER)
run: services setup ## the daemon in the foreground: SQLite, test keys, a small world with people to log in as, a broker (or NSW_AMQP_URL)
	@$(BIN)/nsw-adapter simulate pki var/pki >/dev/null
	@trap : INT TERM; trap '$(IDENTITY) stop var/identity $(SITE) $(STAFF); [ -n "$$NSW_AMQP_URL" ] || $(BROKER) stop var/rabbitmq' EXIT; \
	$(IDENTITY) start var/identity $(SITE) $(STAFF) && export $$($(IDENTITY) environment var/identity $(SITE) $(STAFF)) && \
	$(BIN)/python -m tests.demo.world && \
	if [ -n "$$NSW_AMQP_URL" ]; then $(BIN)/nsw-adapter run; else \
	$(BROKER) start var/rabbitmq && NSW_AMQP_URL=$$($(BROKER) url var/rabbitmq) $(BIN)/nsw-adapter run; fi

bench: services setup ## messages a second, and against what floor; ARGS=door: declarations a second at the portal; ARGS=portal: people on its pages; ARGS=pages: consoles over var/seed
	@$(BIN)/python -m tests.bench $(ARGS)

seed: services setup ## a PostgreSQL store of N dossiers (N=50000), with the bytes of a share RAW of messages (RAW=0.02); PEOPLE=4: five people for each one on a list
	@$(BIN)/python -m tests.frozen.seed --count $(or $(N),50000) --raw $(or $(RAW),0.02) --further $(or $(PEOPLE),0)

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
