#!/usr/bin/env bash
# Makes sure of a Chromium for the tests of the report and of the console: Debian's package, where it is missing and can be installed.
# Elsewhere the tests that need one are skipped; this never fails.
set -u
command -v chromium > /dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing chromium for the tests"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq --no-install-recommends chromium > /dev/null 2>&1 ||
    { apt-get update -qq > /dev/null 2>&1 && apt-get install -y -qq --no-install-recommends chromium > /dev/null 2>&1; }
fi
command -v chromium > /dev/null || echo "There is no chromium and none can be installed here: tests in a browser are skipped"
exit 0
