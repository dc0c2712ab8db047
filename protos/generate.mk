# What is generated and committed: from protos/ the stubs of Python, Go and Node and docs/reference/api with the OpenAPI
# file; from the program the other pages below docs/reference that say so in their first line.
# A machine without a language leaves its stubs as they are, with a line that says so. Java's are not committed: Maven
# generates them whenever it builds client/java.
NODE := client/node
GENERATED := client/python/shortlist/v1 client/go/shortlistv1 $(NODE)/src/gen docs/reference/api \
  $(addprefix docs/reference/,command-line.md settings.md metrics.md errors.md)
PROTOS := $(wildcard protos/shortlist/v1/*.proto)
PROTOC := $(BIN)/python -P -m grpc_tools.protoc -Iprotos

.PHONY: protos protos-python reference protos-go protos-node generated-current

protos: protos-python reference protos-go protos-node ## generate from protos/: the stubs of Python, Go and Node, docs/reference/api

protos-python: $(STAMP)
	@$(PROTOC) --python_out=client/python --mypy_out=client/python --grpc_python_out=client/python \
	  --mypy_grpc_out=client/python --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc $(PROTOS)

reference: $(STAMP) ## generate docs/reference from protos/ and from the program: API, command line, settings, metrics, errors
	@$(BIN)/python -P -m shortlist_reference

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

generated-current: $(STAMP)
	@$(MAKE) --no-print-directory protos
	@git diff --exit-code --stat -- $(GENERATED) || { echo "What is generated was out of date; it is renewed now: commit it."; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- $(GENERATED))" || { echo "New generated files are not committed."; exit 1; }
