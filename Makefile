# Every target does the set-up it needs by itself: `make demo` works in a fresh clone.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-ros setup-isaaclab setup-mjlab demo test test-fast test-carla test-ros test-isaaclab test-mjlab \
	lint format type bench docs requirements

BIN := .venv/bin
ROS_BIN := .venv-ros/bin
ISAACLAB_BIN := .venv-isaaclab/bin
MJLAB_BIN := .venv-mjlab/bin
# Idle OpenMP threads spin: on a shared machine one thread is the fastest for small arrays.
test test-fast test-carla test-ros test-isaaclab test-mjlab: export OMP_NUM_THREADS := 1

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## build .venv with everything pinned in requirements.txt

setup-ros: .venv-ros/.installed ## build .venv-ros: ROS 2 from wheels, pinned in requirements-ros.txt

setup-isaaclab: .venv-isaaclab/.installed ## build .venv-isaaclab: Isaac Lab, pinned in requirements-isaaclab.txt

setup-mjlab: .venv-mjlab/.installed ## build .venv-mjlab: mjlab, pinned in requirements-mjlab.txt

demo: .venv/.installed ## train Go1, export the policy, evaluate it, show the result
	$(BIN)/landward demo

test: .venv/.installed ## the tests that need no environment and no driving server of their own, with coverage
	$(BIN)/python -m pytest -m "not carla" -n auto --maxprocesses 4 --dist loadfile --cov --cov-report=term

test-fast: .venv/.installed ## the tests that take less than five seconds each
	$(BIN)/python -m pytest -m "not slow and not carla"

# Only the files with the mark: to collect the others takes time, or what an environment does not have.
marked = $$(grep -rl --include='test_*.py' 'pytest\.mark\.$(1)\b' tests)

# The same environment; apart, because servers and clients take their time.
test-carla: .venv/.installed ## the tests that drive: the real CARLA client on the embedded server
	$(BIN)/python -m pytest -m carla $(call marked,carla)

# Nodes run as processes and talk over loopback.
test-ros: export ROS_AUTOMATIC_DISCOVERY_RANGE := LOCALHOST
test-ros: .venv-ros/.installed ## the tests of ros2_ws, with ROS 2
	$(ROS_BIN)/python -m pytest tests/ros2_ws

test-isaaclab: .venv-isaaclab/.installed ## the tests that need Isaac Lab
	$(ISAACLAB_BIN)/python -m pytest -m isaaclab $(call marked,isaaclab)

test-mjlab: .venv-mjlab/.installed ## the tests that need mjlab
	$(MJLAB_BIN)/python -m pytest -m mjlab $(call marked,mjlab)

lint: .venv/.installed ## ruff: style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/.installed ## ruff: fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: .venv/.installed ## pyright
	$(BIN)/pyright

bench: .venv/.bench .venv-ros/.installed ## run every benchmark and rewrite docs/benchmarks.md
	$(BIN)/python -m benchmarks.run_all $(ARGS)

docs: .venv/.docs ## build the user guide into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Versions, hashes and nothing else: no index address, no path.
requirements: ## compile the pinned requirements again
	tools/compile_requirements.sh

# The pinned requirements changed: everything again. pyproject.toml changed: only our own package.
.venv/.requirements: requirements.txt .python-version
.venv-ros/.requirements: requirements-ros.txt .python-version
.venv-isaaclab/.requirements: requirements-isaaclab.txt .python-version
.venv-mjlab/.requirements: requirements-mjlab.txt .python-version
.venv/.requirements .venv-ros/.requirements .venv-isaaclab/.requirements .venv-mjlab/.requirements:
	VENV=$(@D) tools/bootstrap.sh venv
	VENV=$(@D) tools/bootstrap.sh install --require-hashes -r $(filter requirements%,$^)
	@touch $@

.venv/.installed .venv-ros/.installed .venv-isaaclab/.installed .venv-mjlab/.installed: %/.installed: %/.requirements pyproject.toml
	VENV=$(@D) tools/bootstrap.sh editable
	@touch $@

.venv/.bench: .venv/.installed requirements-bench.txt
	tools/bootstrap.sh install --require-hashes -r requirements-bench.txt
	@touch $@

.venv/.docs: .venv/.installed requirements-docs.txt
	tools/bootstrap.sh install --require-hashes -r requirements-docs.txt
	@touch $@
