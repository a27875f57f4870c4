# Every target prepares what it needs; nothing has to be installed first but Python >= 3.11.

PYTHON ?= python3
BIN := .venv/bin
# Two workers: the size of the smallest machine that must finish in time.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
# Mutated in `make test-full`; `make mutants` takes both rooms whole.
MUTANT_SAMPLE ?= crypto.threshold.* protocol.merkle.*
COMPILE := $(CURDIR)/$(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --allow-unsafe

.DEFAULT_GOAL := help
.PHONY: help install demo test test-full lint format types contracts vectors coverage bench \
	bench-smoke messages docs mutants mutants-sample lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Prepare .venv for developers (hash-pinned; nothing to do the second time)
	@$(PYTHON) veilleuse --prepare dev

demo: ## Four nodes on this machine, with fictional numbers (./veilleuse demo)
	@$(PYTHON) veilleuse demo

test: lint types contracts ## Checks and the quick suites (at most 10 minutes on 2 cores)
	$(PYTEST) --cov --cov-report=

test-full: bench-smoke mutants-sample ## The long suites, a sample of mutants, the coverage thresholds
	@test -f .coverage || $(MAKE) test
	HYPOTHESIS_PROFILE=full $(PYTEST) -m long --cov --cov-append --cov-report=
	@$(MAKE) --no-print-directory coverage

lint: install ## ruff: rules and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: install ## ruff: rewrite files in the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: install ## mypy, strict
	$(BIN)/mypy

contracts: install ## import-linter: which room may import what
	$(BIN)/lint-imports

vectors: install ## Only the tests that read tests/vectors
	$(PYTEST) tests -k "vector or rfc"

coverage: install ## Branch coverage of the last test runs against the thresholds
	$(BIN)/coverage report --include='crypto/*,protocol/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95

bench: install ## Our figures beside the peers' figures, measured in one run
	$(BIN)/python -m tests.bench.run

bench-smoke: install ## The same programs with few rounds: do they run?
	$(BIN)/python -m tests.bench.run --smoke

messages: install ## Extract the words that people see into node/locale/messages.pot
	$(BIN)/pybabel -q extract -F node/locale/babel.cfg -k N_ --omit-header --add-location=file \
		--sort-by-file -o node/locale/messages.pot node

docs: install ## The documents' links, commands and examples
	$(PYTEST) tests/test_docs.py

mutants: install ## Mutate crypto/ and protocol/: do the tests notice? (half an hour)
	$(BIN)/python -m tests.mutation

mutants-sample: install ## The same on a few modules
	$(BIN)/python -m tests.mutation $(MUTANT_SAMPLE)

lock: install ## Resolve requirements/*.in into hash-pinned *.txt (on the oldest Python)
	cd requirements && for group in runtime dev mutation; do \
		$(COMPILE) --output-file $$group.txt $$group.in || exit 1; done
