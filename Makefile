# The same few commands for people and for CI. `make` alone lists them.
#
# .venv is made by Python's own venv from the hashed requirements/*.txt. A stamp inside it is written only when an
# install has finished, so that the second `make` starts at once and an interrupted one starts again.

PYTHON ?=
SERVE ?= 1
PORT ?= 8000
ARGS ?=

bin := .venv/bin
built := hatch_build.py src/loanbook/models/compiled/kernel.c
pip := $(bin)/python -m pip --disable-pip-version-check --no-input -qq
lock := $(bin)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--only-binary :all: --emit-build-options --custom-compile-command "make lock" $(LOCK_ARGS)
# What only training and tables need: not in the container (requirements/serve.txt).
trains := cloudpickle joblib pyarrow scikit-learn scipy xgboost xgboost-cpu

.DELETE_ON_ERROR:
.PHONY: help demo test check format bench docs lock clean

help:
	@echo "make demo    set up, train on the bundled real loans, show the result, serve (SERVE=0, PORT=8000)"
	@echo "make test    set up, then every test (ARGS=\"-k name\")"
	@echo "make check   format, lint, types, direction of imports"
	@echo "make format  put the code into the one format"
	@echo "make bench   measure, write docs/benchmarks.md (ARGS=\"decision read\": only these)"
	@echo "make docs    build the documentation into site/"
	@echo "make lock    resolve requirements/*.txt anew (ARGS=\"--upgrade\" for newer versions)"
	@echo "make clean   remove .venv and everything made"

demo: .venv/run.stamp
	@$(bin)/loanbook demo --port $(PORT) $(if $(filter 0 no false,$(SERVE)),--no-serve)

test: .venv/dev.stamp
	@$(bin)/python -m pytest $(ARGS)

check: .venv/dev.stamp
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy --strict
	$(bin)/lint-imports --no-logo

format: .venv/dev.stamp
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

bench: .venv/dev.stamp
	$(bin)/python -m benchmarks $(ARGS)

docs: .venv/dev.stamp
	$(bin)/zensical build --clean --strict

lock: .venv/dev.stamp
	$(lock) $(ARGS) --extra serve --extra models --extra explore pyproject.toml requirements/run.in -o requirements/run.txt
	$(lock) $(ARGS) --extra serve --extra models --extra explore --extra neural --extra postgres --extra client --extra otel -c requirements/run.txt \
		pyproject.toml requirements/run.in requirements/dev.in -o requirements/dev.txt
	$(lock) $(ARGS) --extra serve --extra postgres --extra otel -c requirements/dev.txt $(trains:%=--no-emit-package %) \
		pyproject.toml -o requirements/serve.txt
	$(lock) $(ARGS) -c requirements/run.txt requirements/run.in -o requirements/build.txt

clean:
	rm -rf .venv site dist src/loanbook/models/compiled/kernel.bin .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

# --- set-up -------------------------------------------------------------------------------------------------------

# An explicit PYTHON= that is not the one .venv was made with makes it anew.
ifneq ($(PYTHON),)
ifneq ($(PYTHON),$(shell cat .venv/made.stamp 2>/dev/null))
.venv/made.stamp: again
.PHONY: again
again:
endif
endif

.venv/made.stamp:
	$(eval python := $(shell sh scripts/find_python.sh $(PYTHON)))
	$(if $(word 2,$(python)),$(error $(python)))
	@rm -rf .venv && echo "Making .venv with $$($(python) --version)." && $(python) -m venv .venv
	@echo "$(PYTHON)" > $@

.venv/run.stamp: .venv/made.stamp requirements/run.txt pyproject.toml $(built)
	@echo "Installing the locked dependencies into .venv; the first time takes a minute or two."
	@$(pip) install --require-hashes --only-binary :all: -r requirements/run.txt
	@$(pip) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/made.stamp requirements/dev.txt requirements/run.txt pyproject.toml $(built)
	@echo "Installing the locked dependencies and the tools into .venv; the first time takes a minute or two."
	@$(pip) install --require-hashes --only-binary :all: -r requirements/dev.txt
	@$(pip) install --no-deps --no-build-isolation -e .
	@touch .venv/run.stamp $@
