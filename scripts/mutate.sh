#!/usr/bin/env bash
# Tries more mutated inputs than CI does: scripts/mutate.sh [INPUTS OF EACH KIND] [FIRST SEED].
# A failure prints the seed of its input, which makes it again: scripts/mutate.sh 1 SEED. Memory is
# bounded from outside as well.
set -euo pipefail
cd "$(dirname "$0")/.."
export SLUICEBENCH_MUTATIONS=${1:-10000}
export SLUICEBENCH_MUTATIONS_SEED=${2:-$(date +%s)}
echo "seeds from $SLUICEBENCH_MUTATIONS_SEED on"
ulimit -v 8000000
cargo test --locked -p sluicebench --test it -- mutations::
