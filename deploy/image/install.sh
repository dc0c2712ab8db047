#!/bin/sh
# install.sh SOURCE TARGET: the server and its client, built from a source tree, in the virtual environment TARGET/venv.
# Every package from an index is one of the lock files beside this script, with its hash. What is not there is not used.
set -eu
source=$1 target=$2
here=$source/deploy/image
pip="-m pip --disable-pip-version-check --no-cache-dir"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/build"
# shellcheck disable=SC2086
"$work/build/bin/python" $pip install --quiet --require-hashes --only-binary :all: -r "$here/build.lock"
# shellcheck disable=SC2086
"$work/build/bin/python" $pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work/wheels" \
  "$source" "$source/client/python"

python3 -m venv "$target/venv"
# shellcheck disable=SC2086
"$target/venv/bin/python" $pip install --quiet --require-hashes --only-binary :all: -r "$here/requirements.lock"
# shellcheck disable=SC2086
"$target/venv/bin/python" $pip install --quiet --no-deps --no-index "$work"/wheels/*.whl
rm -rf "$target"/venv/lib/python3*/site-packages/tensorflow/include # headers: a tenth of the image
cp "$here/processor" "$target/processor"
