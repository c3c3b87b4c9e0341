# Everything a person or CI does here. Needs Python 3.11 or newer, nothing else; GNU make 3.81 will do.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

INSTALL = $(BIN)/pip install -qq --disable-pip-version-check
# Exactly what the lock files name, from wheels: nothing is resolved or compiled on this machine.
INSTALL_LOCKED = $(INSTALL) --require-hashes --no-deps --only-binary :all:
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(UPGRADE)
# The environment's own Node.js comes first; it is there only when the machine had none.
WITH_NODE = PATH="$(CURDIR)/$(BIN):$$PATH"
AUDITS := tests/system/audits
# These load the processes that they start, and measure or kill them: they run without coverage. Those that kill mostly wait.
MEASURED := $(addprefix tests/system/test_,fuzz.py soak.py)
KILLED := $(addprefix tests/system/test_,kills.py replicas.py rolling_restart.py)
# Nothing in these runs an operation, compiled or not.
NO_OPERATIONS := $(addprefix tests/,emulator mapping state)
# What only processes run is covered by the system tests and by the tests of the same files in one process.
PROCESSES := tests/system tests/test_cli.py tests/tools/test_sign_in.py

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help run test coverage test-system fuzz soak bench check lint types schema catalog reliability playground wheel lock audit clean

help:  ## What can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run gateway/static/index.html  ## Set everything up and start gateway and Graph emulator (ARGS="--port 9000")
	@exec $(BIN)/gateway run $(ARGS)

test: $(VENV)/dev  ## All tests but those of tests/system
	$(BIN)/pytest -n auto --ignore tests/system

coverage: $(VENV)/dev  ## The same; every branch of gateway/ that they can reach must be covered
	$(BIN)/pytest -n auto --ignore tests/system --cov

test-system: $(VENV)/dev gateway/static/index.html $(AUDITS)/node_modules/.package-lock.json  ## Tests with real sockets, processes and a browser (Chromium), nginx and Redis
	@for each in chromium nginx redis-server; do PATH="$$PATH:/usr/sbin" command -v $$each >/dev/null || \
		{ echo "test-system needs $$each on PATH: apt-get install $$each" >&2; exit 1; }; done
	$(WITH_NODE) pytest $(PROCESSES) $(patsubst %,--ignore %,$(MEASURED) $(KILLED)) --cov --cov-config tests/system/coverage.toml
	$(BIN)/pytest $(MEASURED)
	$(BIN)/pytest -n 2 $(KILLED)
	TESTS_COMPILED=false $(BIN)/pytest -n auto --ignore tests/system $(NO_OPERATIONS:%=--ignore %)
	TESTS_CASES=2000 $(BIN)/pytest -n auto tests/execution/test_differential.py

fuzz: $(VENV)/dev  ## 20,000 requests that nobody sane would send, in 3 minutes (ARGS="--documents 2000 --seed 1")
	@$(BIN)/python -m tests.fuzz.run $(ARGS)

soak: $(VENV)/dev  ## A gateway under load before a Graph that fails, for 30 minutes (MINUTES=10), and a report
	@$(BIN)/python -m tests.soak.run $(ARGS)

bench: $(VENV)/dev benchmarks/node_modules/.package-lock.json  ## The gateway against rivals, as ratios (ARGS=--quick takes under 3 minutes)
	@$(WITH_NODE) $(BIN)/python -m benchmarks.run $(ARGS)

check: lint types coverage  ## What CI checks: format, lint, types, schema.graphql, the page's types, tests
	@$(BIN)/gateway schema | diff -u schema.graphql - || { echo "schema.graphql is out of date: make schema" >&2; exit 1; }

lint: $(VENV)/dev
	@$(BIN)/pip check --quiet || { echo "requirements/ is out of date: make lock" >&2; exit 1; }
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(VENV)/dev playground/node_modules/.package-lock.json
	$(BIN)/mypy
	$(WITH_NODE) npm --prefix playground run --silent types

schema: $(VENV)/dev  ## Write schema.graphql anew
	$(BIN)/gateway schema > $(VENV)/schema.graphql
	mv $(VENV)/schema.graphql schema.graphql

catalog: $(VENV)/dev  ## Write docs/catalog.md anew
	$(BIN)/gateway catalog > $(VENV)/catalog.md
	mv $(VENV)/catalog.md docs/catalog.md

reliability: $(VENV)/dev  ## Write the fault table of docs/reliability.md anew
	$(BIN)/python -m tests.fault_table

playground: gateway/static/index.html  ## Build the page into gateway/static

wheel: $(VENV)/dev gateway/static/index.html  ## Build the package into dist
	rm -rf dist
	$(BIN)/hatchling build -t wheel -d dist

lock: $(VENV)/dev  ## Write requirements/*.txt anew (UPGRADE=--upgrade takes the newest versions)
	$(LOCK) pyproject.toml --extra otlp -o requirements/run.txt
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) --group node -o requirements/node.txt
	$(LOCK) pyproject.toml --extra otlp --group dev -c requirements/run.txt -c requirements/build.txt -o requirements/dev.txt

audit: $(VENV)/dev $(VENV)/node  ## Known vulnerabilities in what the lock files name, Python's and Node.js's
	@.ci/audit

clean:  ## Remove everything that was built or installed here
	rm -rf $(VENV) build dist gateway/static .coverage* .hypothesis .*_cache
	rm -rf benchmarks/node_modules playground/node_modules $(AUDITS)/node_modules

# What follows are files: each is made once, and again when what it is made from has changed.

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is not; name one: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/pip
	$(INSTALL_LOCKED) -r requirements/run.txt -r requirements/build.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/run
	$(INSTALL_LOCKED) -r requirements/dev.txt
	@touch $@

$(VENV)/node: requirements/node.txt | $(BIN)/pip
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || \
		{ echo "No Node.js 20 or newer on PATH: it goes into $(VENV)" && $(INSTALL_LOCKED) -r requirements/node.txt; }
	@touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json | $(VENV)/node
	$(WITH_NODE) npm --prefix $* ci --no-audit --no-fund
	@touch $@

gateway/static/index.html: $(shell find playground -name node_modules -prune -o -type f -print) playground/node_modules/.package-lock.json
	$(WITH_NODE) npm --prefix playground run --silent build
	@touch $@
