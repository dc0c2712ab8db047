# Load tests with ghz; docs/how-to/load-test.md explains them. Without BUNDLES=dir they serve a small bundle, trained the first time.
GHZ_VERSION := v0.121.0
GHZ := .tools/bin/ghz
SMALL := build/ghz/bundles
SCENARIO ?= recommend
LOAD ?= const
WORKERS ?= 1

.PHONY: tools ghz

tools: $(GHZ) ## install ghz, the load tester, into .tools/bin: needs Go

$(GHZ): bench/ghz.mk
	@command -v go >/dev/null || { echo "make tools builds ghz $(GHZ_VERSION) with Go, and this machine has no \`go\`."; exit 2; }
	@echo "Building ghz $(GHZ_VERSION) into $(@D) (a few minutes the first time)"
	@GOBIN=$(abspath $(@D)) go install github.com/bojand/ghz/cmd/ghz@$(GHZ_VERSION)
	@touch $@

ghz: BUNDLES := $(if $(filter file,$(origin BUNDLES)),$(SMALL),$(BUNDLES))
ghz: $(STAMP) $(GHZ) $(if $(filter file,$(origin BUNDLES)),$(SMALL)/CURRENT) ## load test: make ghz SCENARIO=recommend LOAD=const [BUNDLES= WORKERS= FLAGS= LIMITS=]
	@$(BIN)/python -P -m shortlist_bench.ghz_run --ghz $(GHZ) --bundles $(BUNDLES) --scenario $(SCENARIO) --load $(LOAD) --workers $(WORKERS) -- $(FLAGS)
	@$(BIN)/python -P -m shortlist_bench.ghz_report build/ghz/$(SCENARIO)-$(LOAD).json --plot build/ghz/$(SCENARIO)-$(LOAD).svg $(LIMITS)

$(SMALL)/CURRENT: | $(STAMP)
	@$(BIN)/shortlist data synthetic --items 500 --users 500 --out build/ghz/data
	@$(BIN)/shortlist train --data build/ghz/data --bundles $(SMALL) --config bench/ghz/small.toml
