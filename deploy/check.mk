# What runs Shortlist elsewhere, checked with the tools that read it there; `make test` runs these tests as well, and
# skips those whose tool is missing.
.PHONY: check-deploy

check-deploy: $(STAMP) ## deploy/ with helm, Kubernetes' schemas, hadolint, promtool, a real Prometheus; installs them first
	@tests/install-deploy-tools.sh
	@$(BIN)/python -P -m pytest -q tests/deploy -m "not slow"
