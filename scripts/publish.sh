#!/usr/bin/env bash
# What a published measurement runs, one thing after the other, on a machine that does nothing else.
# Writes into reports/runs/NAME; half an hour.
set -euo pipefail
cd "$(dirname "$0")/.."
out=reports/runs/${1:?usage: scripts/publish.sh NAME}
cargo build --release --locked
program=target/release/sluicebench
mkdir -p "$out"
$program doctor | tee "$out/doctor.txt"
$program run standard --out "$out/standard"
# Lower bounds: beyond them, the machine's memory and the time that checking takes end a search
# before the engines do. A window is shorter than the minute of the method, and the record says so.
limit() {
  $program limit "$@" --window 2s --set measure.warm_up=500ms --set engine.micro-batch.interval=50ms
}
limit keyed-window hour-by-second identity --rate 4M/s --most 4M/s --out "$out/limits-4M"
limit word-count --rate 1M/s --most 1M/s --out "$out/limits-1M"
