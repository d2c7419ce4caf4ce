#!/usr/bin/env bash
# What a published measurement runs, one thing after the other, on a machine that does nothing else.
# Writes into reports/runs/NAME; an hour on two cores with 24 GB of memory.
set -euo pipefail
cd "$(dirname "$0")/.."
out=reports/runs/${1:?usage: scripts/publish.sh NAME}
cargo build --release --locked
program=target/release/sluicebench
mkdir -p "$out"
$program doctor | tee "$out/doctor.txt"

# What each engine sustains. At more than a hundred million events per second a window is as long as
# its input fits in memory: shorter than the minute of the method, and the record says so.
limit() {
  $program limit "$@" --window 2s --set engine.micro-batch.interval=50ms --out "$out/limit-$1"
}
limit identity --rate 32M/s --set measure.warm_up=500ms
limit keyed-window --rate 32M/s --set measure.warm_up=500ms
limit word-count --rate 4M/s --set measure.warm_up=500ms
# Its own warm-up of four seconds: before that its windows are not full.
limit hour-by-second --rate 8M/s

# From which batch interval on.
$program sweep keyed-window interval=10ms..1s/log5 --repeat 6 --out "$out/interval"
$program run standard --repeat 8 --out "$out/standard"
