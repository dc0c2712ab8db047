# Every target creates what it needs; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RELEASED := protos/released/shortlist.v1.binpb
DATA ?= DATA
CONSOLE_BUNDLES := $(or $(BUNDLES),.demo/bundles)
CONSOLE ?= 127.0.0.1:8080
BUNDLES ?= bundles
ADDRESS ?= 127.0.0.1:50051
SIZE ?= all
CALLERS ?= 16
WORKERS ?= 2
# Each worker takes half of the tests in their order, so that fixtures of a file are made once, and helps the other then.
SPREAD = -n $(WORKERS) --dist worksteal
RESOLVE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header

.DEFAULT_GOAL := help
.PHONY: help setup demo console test test-fast test-slow test-clients torture vectors check documents check-go api-snapshot train serve evaluate bench profile lock clean

include protos/generate.mk bench/ghz.mk deploy/check.mk

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv with the locked versions

$(STAMP): requirements.lock pyproject.toml client/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Shortlist needs Python 3.11 or newer; set PYTHON=... (this is $$($(PYTHON) --version))"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (about a minute)"
	@$(BIN)/python -P -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -P -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e client/python
	@touch $@

demo: $(STAMP) ## synthetic shop: train, publish, serve, recommend, show what two events change
	@$(BIN)/shortlist demo

test: $(STAMP) ## all tests but the slow ones and the clients', on WORKERS=2 processors
	@tests/install-redis.sh
	@tests/install-chromium.sh
	@$(BIN)/python -P -m pytest -q $(SPREAD) -m "not slow and not clients"

test-fast: $(STAMP) ## the tests that start no process and train no model, in about a minute
	@$(BIN)/python -P -m pytest -q $(SPREAD) -m fast

test-slow: $(STAMP) ## the slow tests
	@$(BIN)/python -P -m pytest -q -m slow

test-clients: $(STAMP) ## the clients of all languages against real servers
	@$(BIN)/python -P -m pytest -q -m clients tests/client

vectors: $(STAMP) ## write client/vectors/vectors.json, which all clients must satisfy
	@$(BIN)/python client/vectors/make.py

torture: $(STAMP) ## make torture [ONLY=name] [SEED=n]: faults on purpose, in full; writes docs/reference/reliability.md
	@$(BIN)/python tests/torture/run_tortures.py $(ONLY) $(if $(SEED),--seed $(SEED))

check: $(STAMP) generated-current documents check-go ## ruff, mypy, import rules, go vet, generated files up to date, links in documents, buf lint, API compatible with the last release
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/buf lint
	@$(BIN)/buf breaking --against $(RELEASED)

documents: $(STAMP) ## check links, anchors, file names and line lengths of all Markdown files
	@$(BIN)/python -P -m shortlist_reference.documents

check-go:
	@if command -v go >/dev/null; then \
	  go -C client/go vet ./... && test -z "$$(gofmt -l client/go)" || { gofmt -d client/go; exit 1; }; \
	else echo "client/go is not checked: this machine has no \`go\`."; fi

api-snapshot: $(STAMP) ## at a release: keep the API as it is now, for `make check` to compare with
	@$(BIN)/buf build --exclude-source-info -o $(RELEASED)

train: $(STAMP) ## train on DATA=dir and publish into BUNDLES=dir
	@$(BIN)/shortlist train --data $(DATA) --bundles $(BUNDLES)

console: $(STAMP) ## open the console on the bundle of `make demo`, or of BUNDLES=dir, until Ctrl-C
	@test -e $(CONSOLE_BUNDLES)/CURRENT || { echo "There is no bundle in $(CONSOLE_BUNDLES): \`make demo\` makes one"; exit 2; }
	@$(BIN)/shortlist console --bundles $(CONSOLE_BUNDLES) --listen $(CONSOLE) --open

serve: $(STAMP) ## serve the current bundle of BUNDLES=dir at ADDRESS=host:port until Ctrl-C
	@$(BIN)/shortlist serve --bundles $(BUNDLES) --address $(ADDRESS)

evaluate: $(STAMP) ## make evaluate SINCE=time: the current bundle against the baselines
	@$(BIN)/shortlist evaluate --data $(DATA) --bundles $(BUNDLES) --since $(SINCE) --baselines --out report.json --html report.html

bench: $(STAMP) $(GHZ) ## measure serving against its parts: make bench [SIZE=10k|100k|1m|10m]
	@$(BIN)/python -P -m shortlist_bench --size $(SIZE)

profile: $(STAMP) $(GHZ) ## flame graph of the server under load: make profile BUNDLES=dir [CALLERS=1]
	@$(BIN)/python -P -m shortlist_bench.profile --bundles $(BUNDLES) --callers $(CALLERS)

lock: $(STAMP) ## resolve pyproject.toml anew into requirements.lock and those of the image; the client comes from the tree
	@$(RESOLVE) --extra cpu --extra dev --no-emit-package shortlist pyproject.toml -o requirements.lock
	@$(RESOLVE) --constraint requirements.lock --extra cpu --no-emit-package shortlist --no-annotate pyproject.toml \
	  -o deploy/image/requirements.lock
	@$(RESOLVE) --constraint requirements.lock --no-annotate deploy/image/build.in -o deploy/image/build.lock

clean: ## remove what the targets made
	rm -rf $(VENV) .tools bench/.bundles build client/java/target client/node/node_modules client/node/build client/node/dist .demo .mypy_cache .ruff_cache .pytest_cache
