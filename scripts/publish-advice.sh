#!/usr/bin/env bash
# What published advice rests on, one thing after the other, on a machine that does nothing else: the
# template of `init`, three made workloads (one where micro-batch is right, one where per-event is, and
# one between), two recorded traces, and a map. Writes into reports/runs/NAME; an hour on two cores.
# The traces are read from the folder DATA, and left out where none is named.
set -euo pipefail
cd "$(dirname "$0")/.."
out=reports/runs/${1:?usage: scripts/publish-advice.sh NAME [DATA]}
data=${2:-}
cargo build --release --locked
program=target/release/sluicebench
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

embedded=(--engine micro-batch --engine per-event)
advise() {
  local name=$1
  shift
  $program advise "$@" "${embedded[@]}" --out "$out/$name"
}
# A watermark mark after every event, so that no answer waits for the end of a millisecond.
finest=(--set source.synthetic.watermark_every=1)

$program init "$work/engine-choice.toml" --template engine-choice
advise engine-choice "$work/engine-choice.toml" --slo p99=500ms --budget 8m
advise finest-watermark keyed-window --rate 600k/s "${finest[@]}" --slo p99=1s
advise soon keyed-window --rate 100k/s "${finest[@]}" --slo p99=250us --budget 8m
advise toss-up keyed-window --rate 100k/s "${finest[@]}" --slo p99=1500us --budget 8m --duration 3s --no-sensitivity \
  --set source.synthetic.keys.uniform.count=5000 --set query.window.slide=10ms --set engine.micro-batch.interval=600us
if [[ -n $data ]]; then
  # At this speed all of the trace is played in ten seconds.
  advise flight-departures flight-departures --slo p99=500ms --budget 8m \
    --set "source.trace.path=$data/flights.csv" --set source.trace.speed=648000
  advise retail-revenue retail-revenue --slo p99=500ms --budget 8m \
    --set "source.trace.path=$data/retail.csv.gz"
fi
$program atlas keyed-window --vary rate=1k/s..1M/s/log5 --vary slo.p99=100us..1s/log7 --slo p99=10ms \
  "${finest[@]}" --duration 2s --set measure.warm_up=500ms "${embedded[@]}" --out "$out/map"
