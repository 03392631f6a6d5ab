PYTHON ?= python3
BIN = .venv/bin

.PHONY: install demo test lint bench clean

install: .venv/installed

.venv/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/grape demo

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/demo.py
	$(BIN)/python benchmarks/pools.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/time_to_quality.py

clean:
	rm -rf .venv runs
