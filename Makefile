# Two commands do everything: `make run` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
# Without kept bytecode every start would compile every library anew.
unexport PYTHONDONTWRITEBYTECODE
# A test process more than there are cores, for some wait for a disk; at most 8, as all share one PostgreSQL.
# ARGS="-n 0" runs the tests in one process.
SHARED := -n $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 7 ? n + 1 : 8))) --dist worksteal
PO := $(wildcard translations/*/LC_MESSAGES/*.po)

help: ## list these commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: .venv/.run .venv/.catalogs ## run the site on http://127.0.0.1:8000/ with its own database and mail catcher
	@exec $(BIN)/flexsmt serve

test: .venv/.test .venv/.catalogs ## run every test; what this machine lacks is skipped with its reason
	@$(BIN)/pytest $(SHARED) -m "not proof" $(ARGS)

cover: .venv/.test .venv/.catalogs ## run every test and count branches: 95 of 100 in all, every one of rules and services
	@$(BIN)/pytest $(SHARED) -m "not proof" --cov=flexsmt_site --cov-report= $(ARGS)
	@$(BIN)/coverage report --fail-under=95 --skip-covered
	@$(BIN)/coverage report --include="*/rules.py,*/service.py" --fail-under=100

check: .venv/.dev .venv/.catalogs ## check format, lint, types, house rules, catalogues and templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/flexsmt catalogs check
	$(BIN)/pytest -q tests/house

proof: .venv/.test .venv/.catalogs ## run the long tests and write flexsmt_site/proof.json
	@$(BIN)/pytest $(SHARED) -q -m "proof or promise" --proof=flexsmt_site/proof.json $(ARGS)

bench: .venv/.test .venv/.catalogs ## measure what has a limit, side by side with it, and write docs/performance.md
	@$(BIN)/python -m tests.bench $(ARGS)

audit: .venv/.dev ## check the locked versions against published advisories
	@$(BIN)/python tests/audit.py

format: .venv/.dev ## put code in the common form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

catalogs: .venv/.dev ## bring the catalogues up to date with the code, check and compile them
	$(BIN)/flexsmt catalogs extract
	$(BIN)/flexsmt catalogs check
	$(BIN)/flexsmt catalogs compile

lock: ## lock the newest allowed versions (needs uv)
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-emit-index-url -o requirements/run.txt
	uv pip compile pyproject.toml --extra test --universal --generate-hashes --no-header --no-emit-index-url -o requirements/test.txt
	uv pip compile pyproject.toml --extra test --extra dev --universal --generate-hashes --no-header --no-emit-index-url -o requirements/dev.txt

# Each stamp stands for one set of locked packages in the virtual environment.
.venv/.%: requirements/%.txt pyproject.toml | .venv/pyvenv.cfg
ifdef UV
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $<
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

.venv/pyvenv.cfg:
ifdef UV
	@$(UV) venv --quiet --python $(PYTHON) .venv
else
	@$(PYTHON) -m venv .venv
endif

.venv/.catalogs: $(PO)
	@$(BIN)/flexsmt catalogs compile
	@touch $@

.PHONY: help run test cover check proof bench audit format catalogs lock
.PRECIOUS: .venv/.run .venv/.test .venv/.dev
