# Every target creates what it needs; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NODE := client/node
STUBS := client/python/shortlist/v1 client/go/shortlistv1 $(NODE)/src/gen
RELEASED := protos/released/shortlist.v1.binpb
PROTOS := $(wildcard protos/shortlist/v1/*.proto)
DATA ?= DATA
BUNDLES ?= bundles
ADDRESS ?= 127.0.0.1:50051

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-clients vectors check protos protos-python protos-go protos-node stubs-current \
  api-snapshot train serve evaluate lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

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

test: $(STAMP) ## all tests but the slow ones and the clients'
	@$(BIN)/python -m pytest -q -m "not slow and not clients"

test-slow: $(STAMP) ## the slow tests
	@$(BIN)/python -m pytest -q -m slow

test-clients: $(STAMP) ## the clients of all languages against real servers
	@$(BIN)/python -m pytest -q -m clients tests/client

vectors: $(STAMP) ## write client/vectors/vectors.json, which all clients must satisfy
	@$(BIN)/python client/vectors/make.py

check: $(STAMP) stubs-current ## ruff, mypy, import rules, stubs up to date, buf lint, API compatible with the last release
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/buf lint
	@$(BIN)/buf breaking --against $(RELEASED)

PROTOC := $(BIN)/python -m grpc_tools.protoc -Iprotos

protos: protos-python protos-go protos-node ## generate the stubs of all languages from protos/

protos-python: $(STAMP)
	@$(PROTOC) --python_out=client/python --mypy_out=client/python --grpc_python_out=client/python \
	  --mypy_grpc_out=client/python --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc $(PROTOS)

# The plugins are those that client/go/go.mod names as tools. Go's package is a matter of this client, not of the API's files.
GO_PACKAGE := $(foreach proto,$(PROTOS:protos/%=%),M$(proto)=shortlist/shortlistv1)

protos-go: $(STAMP)
	@if command -v go >/dev/null; then \
	  GOBIN=$(abspath $(BIN)) go -C client/go install tool && \
	  $(PROTOC) --plugin=$(BIN)/protoc-gen-go --plugin=$(BIN)/protoc-gen-go-grpc \
	    --go_out=client/go --go_opt=module=shortlist $(GO_PACKAGE:%=--go_opt=%) \
	    --go-grpc_out=client/go --go-grpc_opt=module=shortlist $(GO_PACKAGE:%=--go-grpc_opt=%) $(PROTOS); \
	else echo "The Go stubs are left as they are: this machine has no \`go\`."; fi

NPM := $(shell command -v npm)

protos-node: $(STAMP) $(if $(NPM),$(NODE)/node_modules)
ifdef NPM
	@rm -rf $(NODE)/src/gen && mkdir -p $(NODE)/src/gen
	@$(PROTOC) --plugin=protoc-gen-es=$(NODE)/node_modules/.bin/protoc-gen-es \
	  --es_out=$(NODE)/src/gen --es_opt=target=ts,import_extension=js $(PROTOS) $(wildcard protos/google/*/*.proto)
else
	@echo "The Node stubs are left as they are: this machine has no \`npm\`."
endif

$(NODE)/node_modules: $(NODE)/package-lock.json
	@npm ci --prefix $(NODE) --silent --no-audit --no-fund
	@touch $@

stubs-current: $(STAMP)
	@$(MAKE) --no-print-directory protos
	@git diff --exit-code --stat -- $(STUBS) || { echo "The stubs in $(STUBS) were out of date; they are regenerated now: commit them."; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- $(STUBS))" || { echo "New stubs in $(STUBS) are not committed."; exit 1; }

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
	rm -rf $(NODE)/node_modules $(NODE)/build $(NODE)/dist $(VENV) build .demo .mypy_cache .ruff_cache .pytest_cache
