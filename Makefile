# Every target says what it does: make help.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CASE   ?= r2
DEMO   ?=

.DEFAULT_GOAL := help
.PHONY: help install demo run test check format lock migrate verify bench messages shots readme clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP)  ## set up the virtual environment from the hashed lock

$(STAMP): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is another. Try: make PYTHON=python3.11 install"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 2; }
	@echo "Setting up $(VENV) (about a minute and a half, once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/lock.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install  ## carry a real case from intake to archive over HTTP (CASE=r2, r5, r1, r3, r4 or r7)
	@$(BIN)/zhaodan demo $(CASE)

run: install  ## start the system and stay up (DEMO=1 brings demonstration people)
	@$(BIN)/zhaodan up $(if $(DEMO),--demo)

test: install  ## the whole suite, on SQLite and on PostgreSQL when a server answers
	@$(BIN)/python -m pytest -q

check: install  ## ruff, mypy, import table and the pure rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python -m pytest -q tests/test_architecture.py tests/rules

format: install  ## let ruff write the code its one way
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

lock: install  ## renew the lock: exact versions with hashes for Python 3.11 to 3.13, no index address
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/lock.txt requirements/dev.in

migrate: install  ## bring the register to the newest schema
	@$(BIN)/zhaodan migrate

verify: install  ## walk every event chain and name the first broken link
	@$(BIN)/zhaodan verify

bench: install  ## measure speed beside a floor in the same run; writes benchmarks/out/latest.json
	@$(BIN)/python -m benchmarks

messages: install  ## bring the catalogue of the English pages up to date with templates and terms
	@$(BIN)/pybabel -q extract -F api/locale/babel.cfg --no-location --sort-output --omit-header -o $(VENV)/zhaodan.pot .
	@$(BIN)/pybabel -q update -i $(VENV)/zhaodan.pot -d api/locale -D zhaodan -l en --no-fuzzy-matching --ignore-obsolete --no-wrap --omit-header
	@$(BIN)/python -m pytest -q tests/api/test_language.py

shots: install  ## take the pictures of every page anew (docs/img)
	@SHOTS=docs/img $(BIN)/python -m pytest -q tests/browser/test_pages.py -k every_page

readme: install  ## write the settings table of README.md anew
	@$(BIN)/zhaodan settings --write README.md

clean:  ## remove the virtual environment and caches; data in var/ stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
