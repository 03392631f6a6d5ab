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

# Files of tests are shared among processes with a thread each: more threads than cores would wait for each other.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/demo.py
	$(BIN)/python benchmarks/pools.py
	$(BIN)/python benchmarks/time_to_quality.py

clean:
	rm -rf .venv runs
