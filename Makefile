# Two commands do everything: `make run` and `make test`. The rest is for working on Needlepoint.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.8
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PY := .venv/bin/python
RASA_PY := .venv-rasa/bin/python
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
# Compiled once, here: where PYTHONDONTWRITEBYTECODE is set, each process would compile all of Rasa.
export UV_COMPILE_BYTECODE := 1
# uv speaks of every Python it passes by; what matters is said below.
UVQ := $(UV) --quiet

.PHONY: help run setup setup-dev test test-live test-app test-rasa test-booking soak check eval bench lock browser clean

help:
	@echo "make run    set up, train if needed, start everything and print the address"
	@echo "make test   set up and run every test"
	@echo "make check  linters, types, import directions, training data"
	@echo "make eval   how well the assistant understands, with a report to read and keep"
	@echo "make bench  speed and memory, side by side with stock Rasa"
	@echo "make soak   the long tests in full"

run: setup
	@.venv/bin/needlepoint run

setup: .venv/.ready .venv-rasa/.ready models/encoder/built-from
setup-dev: setup .venv/.ready-dev .venv-rasa/.ready-dev

.uv/bin/uv:
	@command -v python3 >/dev/null || { echo "Python 3 is missing: install python3 and run make again."; exit 1; }
	@python3 -m venv .uv 2>/dev/null || { rm -rf .uv; \
		echo "Python's venv module is missing: install it (Debian, Ubuntu: apt install python3-venv)."; exit 1; }
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { rm -rf .uv; \
		echo "uv could not be installed: is a package index within reach?"; exit 1; }

.venv/.ready: $(UV) requirements/app.txt requirements/encoder.txt pyproject.toml
	@echo "Setting up the app's environment (Python 3.12) ..."
	@test -x $(PY) || $(UVQ) venv --python 3.12 .venv 2>/dev/null || { \
		echo "Python 3.12 was not found and could not be fetched: install it and run make again."; exit 1; }
	@$(UVQ) pip install --require-hashes --no-deps --python $(PY) -r requirements/app.txt -r requirements/encoder.txt
	@$(UVQ) pip install --no-deps --no-build-isolation --python $(PY) --editable .
	@touch $@

.venv-rasa/.ready: $(UV) requirements/rasa.txt
	@echo "Setting up Rasa's environment (Python 3.10) ..."
	@test -x $(RASA_PY) || $(UVQ) venv --python 3.10 .venv-rasa 2>/dev/null || { \
		echo "Python 3.10 was not found and could not be fetched: install it and run make again."; exit 1; }
	@$(UVQ) pip install --require-hashes --no-deps --python $(RASA_PY) -r requirements/rasa.txt
	@touch $@

.venv/.ready-dev: .venv/.ready requirements/app-dev.txt
	@$(UVQ) pip install --require-hashes --no-deps --python $(PY) -r requirements/app-dev.txt
	@touch $@

.venv-rasa/.ready-dev: .venv-rasa/.ready requirements/rasa-dev.txt
	@$(UVQ) pip install --require-hashes --no-deps --python $(RASA_PY) -r requirements/rasa-dev.txt
	@touch $@

models/encoder/built-from: .venv/.ready $(wildcard encoder/*.py)
	@$(PY) -m encoder models/encoder
	@touch $@

# Browser and PostgreSQL for the tests; a root on Debian or Ubuntu gets them installed.
browser:
	@bash tests/tools.sh

# Side by side, three at a time: the running processes and browsers, Rasa's environment, all else.
test: setup-dev browser
	@.venv/bin/needlepoint train
	@$(MAKE) --no-print-directory --keep-going --jobs 3 test-live test-app test-rasa test-booking

LIVE := tests/e2e tests/browser
BOOKING := tests/booking tests/hand_off

test-live:
	@$(PY) -m pytest $(LIVE) -q --durations 10

test-app:
	@$(PY) -m pytest tests $(patsubst %,--ignore %,$(LIVE) $(BOOKING)) -q --durations 10

test-rasa:
	@$(RASA_PY) -m pytest tests/nlu -q

test-booking:
	@$(PY) -m pytest $(BOOKING) -q --durations 10

soak: setup-dev browser
	@.venv/bin/needlepoint train
	@$(PY) -m pytest tests -q -m soak

check: setup-dev
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/mypy && .venv/bin/lint-imports
	@.venv/bin/needlepoint faq check
	@$(PY) -m tests.data_validation

eval: setup
	@.venv/bin/needlepoint train && .venv/bin/needlepoint evaluate

bench: setup
	@.venv/bin/needlepoint train && $(PY) -m bench

# Writes the hashed requirement files anew from the .in files.
lock: $(UV)
	@cd requirements && for kind in app:3.12 app-dev:3.12 rasa:3.10 rasa-dev:3.10; do \
		$(abspath $(UV)) pip compile --quiet --no-header --generate-hashes --python-version $${kind#*:} \
			$${kind%:*}.in --output-file $${kind%:*}.txt || exit 1; done
	@$(UV) pip compile --quiet --no-header --generate-hashes --no-deps requirements/encoder.in \
		--output-file requirements/encoder.txt

clean:
	rm -rf .venv .venv-rasa .uv .rasa models var
