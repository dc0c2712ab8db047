#!/bin/sh
# warm.sh TARGET: compiles the loops of an installation into TARGET/loops, by training and serving a small shop.
# It fails where the installation cannot train, serve or answer.
set -eu
target=$1
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
export PATH="$target/venv/bin:$PATH" NUMBA_CACHE_DIR="$target/loops" TF_CPP_MIN_LOG_LEVEL=3
. "$target/processor"

cat > "$work/small.toml" << 'RECIPE'
slices = 2
queries_per_slice = 200
candidates = 100
tower_steps = 40
sequence_batches = 40
ranker_epochs = 2
RECIPE
shortlist data synthetic --items 300 --users 300 --out "$work/data" > /dev/null
shortlist train --data "$work/data" --bundles "$work/bundles" --config "$work/small.toml" > /dev/null

mkfifo "$work/said"
shortlist serve --bundles "$work/bundles" --state sqlite::memory: --address 127.0.0.1:0 > "$work/said" &
server=$!
read -r line < "$work/said"
address=$(expr "$line" : 'SERVING on \([^ ]*\): ')
shortlist call health --address "$address" > /dev/null
shortlist call recommend --address "$address" --user u000001 --price-min 1 > /dev/null
kill "$server"
wait "$server"
server=
chmod -R a+rX "$target/loops"
echo "compiled loops: $(find "$target/loops" -name '*.nbc' | wc -l) in $(du -sh "$target/loops" | cut -f 1)"
