# Sanxiang. `make run` and `make test` are all a newcomer needs; every target sets up only what is missing.
SHELL := /bin/bash
# Which Python the environment is built with; unless given, scripts/choose_python.py takes the quickest one.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
UI := app/ui/dist/index.html
SITE ?= config/site
DATA ?= var/data
HTTP ?= 127.0.0.1:8080
SIP ?= 127.0.0.1:5060
# What `make soak` repeats in full; `make test` makes a tenth of it.
SOAK ?= $(addprefix tests/integration/test_,load.py survival.py away.py sweep.py due_calls.py) tests/simulation tests/fuzz

FULL := $(BIN)/pytest -q -rsx --no-skips --durations=15
# What measures instants, or kills things, has the machine to itself; all else runs side by side. Telephones mostly wait: four
# files at a time on two cores, the longest first. tests/bench is no test, tests/fakes has none.
ALONE := $(addprefix tests/integration/test_,away.py due_calls.py hung.py load.py overload.py survival.py sweep.py)
# There the product is a program of its own: a socket that a test's own loop had no turn left to close is told, and no failure
# of the test in which it happens to be found.
HARNESS_ONLY := -W default::pytest.PytestUnraisableExceptionWarning
LONG := $(addprefix tests/integration/test_,place_kept.py overflow.py journey.py waiting.py silent_callers.py strategies.py \
	telephony_contract.py supervision.py strange_calls.py phone.py pbx.py)
TELEPHONES := $(LONG) $(filter-out $(ALONE) $(LONG),$(wildcard tests/integration/test_*.py))
BESIDE := $(filter-out tests/bench tests/fakes tests/integration,$(patsubst %/,%,$(filter-out %__pycache__/,$(wildcard tests/*/)))) \
	tests/integration/store tests/integration/web

.PHONY: help run setup dev test parts soak bench check check-python check-pages contract prompts lock sbom audit system clean

help:
	@echo "make run     start the demo hotline (Ctrl-C stops it)"
	@echo "make test    everything, on real Asterisk, both stores and a browser"
	@echo "make check   format, lint, types, contracts, requirements, dead code, dependencies, pages, unit and golden tests (< 60 s)"
	@echo "make soak    the long repetitions in full"
	@echo "make bench   our figures beside app_queue's, in one run (P=P1,P2: a part)"
	@echo "make setup   what make run needs, without running"
	@echo "make contract write docs/openapi.json and the pages' types again, after a change of the API"
	@echo "make sbom    the bill of materials (CycloneDX) of all that is locked, into build/"
	@echo "make audit   asks what is known to be weak of it; red too where it could not ask"
	@echo "make prompts make the Mandarin prompts again"
	@echo "make lock    renew the lock files"

run: setup
	$(BIN)/sanxiang up --site $(SITE) --data $(DATA) --http $(HTTP) --sip $(SIP)

setup: $(VENV)/.runtime $(UI)
	@$(BIN)/sanxiang pbx install

$(VENV)/.runtime: requirements.lock pyproject.toml
	@test -x $(BIN)/python || { python="$(or $(PYTHON),$$(python3 scripts/choose_python.py))" && test -n "$$python" && \
	echo "Setting up the Python environment in $(VENV) with $$python …" && $$python -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What the tests need on top: from the same lock discipline, into the same environment.
$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Adding the test tools to $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

dev: $(VENV)/.dev

$(UI): scripts/build_ui.py scripts/requirements-node.lock app/ui/package-lock.json app/ui/package.json app/ui/tsconfig.json app/ui/vite.config.ts app/ui/index.html $(shell find app/ui/src app/ui/public -type f 2>/dev/null) | $(VENV)/.runtime
	@$(BIN)/python scripts/build_ui.py

system:
	@$(BIN)/python scripts/system_packages.py

test: setup dev system
	@$(BIN)/python scripts/build_ui.py check lint test
	@$(MAKE) --no-print-directory parts

# The parts of `make test`. A test that failed fails the run; the run after it only tells which of them are FLAKY.
parts:
	@failed=; \
	$(FULL) --cache-clear -n 2 $(BESIDE) || failed=1; \
	$(FULL) -n 4 --dist loadfile --no-loadscope-reorder $(HARNESS_ONLY) $(TELEPHONES) || failed=1; \
	$(FULL) $(HARNESS_ONLY) $(ALONE) || failed=1; \
	test -z "$$failed" || { \
	echo "Red. What failed is run once more, by itself, to tell what is broken from what is flaky:"; \
	$(FULL) --diagnose --last-failed --last-failed-no-failures none $(BESIDE) $(TELEPHONES) $(ALONE); exit 1; }

# What `make bench` measures: all, or the parts named: `make bench P=P1,P2`.
P ?=

bench: setup dev system
	@$(BIN)/python -m tests.bench $(P)

soak: setup dev system
	$(FULL) --soak --timeout=3000 $(SOAK)

# The pages' types take a processor of their own meanwhile.
check: dev
	@$(MAKE) --no-print-directory -j2 check-python check-pages

check-python: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/requirement_coverage.py
	$(BIN)/python scripts/dead_code.py
	$(BIN)/python scripts/dependencies.py
	$(BIN)/pytest -q -n 2 tests/unit tests/golden

check-pages: dev
	$(BIN)/python scripts/contract.py check
	$(BIN)/python scripts/build_ui.py lint test check

# After a change of what the API takes and gives: to be committed with it.
contract: dev
	$(BIN)/python scripts/contract.py

prompts: dev
	$(BIN)/python scripts/make_prompts.py

sbom: dev
	@PYTHONPATH=. $(BIN)/python scripts/bill_of_materials.py

audit: dev
	@PYTHONPATH=. $(BIN)/python scripts/advisories.py

lock: dev
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --upgrade --extra build --extra phone pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --extra build --extra phone --extra dev --extra pyvoip -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --upgrade scripts/requirements-prompts.in -o scripts/requirements-prompts.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --upgrade scripts/requirements-node.in -o scripts/requirements-node.lock

clean:
	rm -rf $(VENV) app/ui/dist app/ui/node_modules build *.egg-info
