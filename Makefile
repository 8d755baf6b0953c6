# The two commands of the README are `make run` and `make test`; the others are parts of them.
# Each makes .venv on first use (PYTHON=... names the interpreter) and works offline afterwards.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run llm ray test check lint types layers coverage clean venv-run venv-dev

BIN := .venv/bin
ORDER := --symbol BTCUSDT --side buy --qty 25 --horizon 30m --algo adaptive \
	--advisor embedded --market generated --seed 7

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: venv-run ## work one order on the built-in market, with the embedded model at the wheel
	@$(BIN)/steersman model pull || echo "steersman: no model weights: the run goes on with rules" >&2
	@$(BIN)/steersman run $(ORDER)

llm: ## install what models over HTTP need (OpenAI, Anthropic, Gemini, Ollama, vLLM, llama.cpp)
	@scripts/install llm

ray: ## install what studies on a Ray cluster need
	@scripts/install ray

test: check ## run every check and every test
	@echo "== pytest"
	@$(BIN)/python -m pytest

check: lint types layers ## run the checks only

lint: venv-dev ## check style and format (ruff)
	@echo "== ruff"
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --diff --quiet; exit 1; }

types: venv-dev ## check types (mypy, strict)
	@echo "== mypy"
	@$(BIN)/mypy

layers: venv-dev ## check who imports whom (import-linter)
	@echo "== import-linter"
	@$(BIN)/lint-imports --no-logo

coverage: venv-dev ## run the tests in one process and show what they do not reach
	@$(BIN)/coverage run -m pytest -n 0
	@$(BIN)/coverage report

clean: ## remove caches and build products; .venv stays
	@rm -rf dist build .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

venv-run:
	@scripts/install run

venv-dev:
	@scripts/install dev
