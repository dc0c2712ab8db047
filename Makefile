# Every target creates what it needs; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
GENERATED := client/python/shortlist/v1 docs/api
RELEASED := protos/released/shortlist.v1.binpb
PROTOS := $(wildcard protos/shortlist/v1/*.proto)
DATA ?= DATA
BUNDLES ?= bundles
ADDRESS ?= 127.0.0.1:50051

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow torture check protos generated-current api-snapshot train serve evaluate lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv with the locked versions

$(STAMP): requirements.lock pyproject.toml client/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Shortlist needs Python 3.11 or newer; set PYTHON=... (this is $$($(PYTHON) --version))"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e client/python
	@touch $@

demo: $(STAMP) ## synthetic shop: train, publish, serve, recommend, show what two events change
	@$(BIN)/shortlist demo

test: $(STAMP) ## all tests but the slow ones
	@tests/install-redis.sh
	@$(BIN)/python -m pytest -q -m "not slow"

test-slow: $(STAMP) ## the slow tests
	@$(BIN)/python -m pytest -q -m slow

torture: $(STAMP) ## make torture [ONLY=name] [SEED=n]: faults on purpose, in full; writes docs/reliability.md
	@$(BIN)/python tests/torture/run_tortures.py $(ONLY) $(if $(SEED),--seed $(SEED))

check: $(STAMP) generated-current ## ruff, mypy, import rules, generated files up to date, buf lint, API compatible with the last release
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/buf lint
	@$(BIN)/buf breaking --against $(RELEASED)

protos: $(STAMP) ## generate from protos/: the Python stubs, and docs/api with the OpenAPI file
	@$(BIN)/python -m grpc_tools.protoc -Iprotos --python_out=client/python --mypy_out=client/python \
	  --grpc_python_out=client/python --mypy_grpc_out=client/python --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc $(PROTOS)
	@$(BIN)/python -m reference

generated-current: $(STAMP)
	@$(MAKE) --no-print-directory protos
	@git diff --exit-code --stat -- $(GENERATED) || { echo "What is generated from protos/ was out of date; it is renewed now: commit it."; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- $(GENERATED))" || { echo "New files generated from protos/ are not committed."; exit 1; }

api-snapshot: $(STAMP) ## at a release: keep the API as it is now, for `make check` to compare with
	@$(BIN)/buf build --exclude-source-info -o $(RELEASED)

train: $(STAMP) ## train on DATA=dir and publish into BUNDLES=dir
	@$(BIN)/shortlist train --data $(DATA) --bundles $(BUNDLES)

serve: $(STAMP) ## serve the current bundle of BUNDLES=dir at ADDRESS=host:port until Ctrl-C
	@$(BIN)/shortlist serve --bundles $(BUNDLES) --address $(ADDRESS)

evaluate: $(STAMP) ## make evaluate SINCE=time: the current bundle against the baselines
	@$(BIN)/shortlist evaluate --data $(DATA) --bundles $(BUNDLES) --since $(SINCE) --baselines --out report.json

lock: $(STAMP) ## resolve pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --extra cpu --extra dev \
	  pyproject.toml -o requirements.lock

clean: ## remove what the targets made
	rm -rf $(VENV) build .demo .mypy_cache .ruff_cache .pytest_cache
