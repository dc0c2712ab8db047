#!/usr/bin/env bash
# Makes sure of a redis-server for the tests: Debian's package, where it is missing and can be installed.
# Elsewhere the tests that need one are skipped; this never fails.
set -u
command -v redis-server > /dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing redis-server for the tests"
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # so that the package starts no server of its own
  apt-get install -y -qq --no-install-recommends redis-server > /dev/null 2>&1 ||
    { apt-get update -qq > /dev/null 2>&1 && apt-get install -y -qq --no-install-recommends redis-server > /dev/null 2>&1; }
fi
command -v redis-server > /dev/null || echo "There is no redis-server and none can be installed here: tests of the store in Redis are skipped"
exit 0
