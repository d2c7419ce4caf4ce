#!/usr/bin/env bash
# What a published measurement runs, one thing after the other, on a machine that does nothing else.
# Writes into reports/runs/NAME. About an hour; parts can be named to run only those.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?usage: scripts/publish.sh NAME [standard|limits|crossover|load]...}
shift
parts=("$@")
[ $# -gt 0 ] || parts=(standard limits crossover load)
out=reports/runs/$name
cargo build --release --locked
program=target/release/sluicebench
mkdir -p "$out"
$program doctor | tee "$out/doctor.txt"

for part in "${parts[@]}"; do
  case $part in
    standard) $program run standard --out "$out/standard" ;;
    # A window shorter than the minute that the method demands, and the record says so: at ten
    # million events per second a minute of input does not fit into this kind of machine.
    limits) $program limit identity word-count keyed-window hour-by-second --window 10s \
      --budget 6min --set measure.warm_up=3s --out "$out/limits" ;;
    # What the interval of a batch buys and costs.
    crossover) $program sweep keyed-window interval=3ms..3s/log7 --repeat 3 \
      --set measure.warm_up=4s --duration 4s --out "$out/crossover" ;;
    # What a higher load does to the tail.
    load) $program sweep word-count rate=25k/s..400k/s/log5 --repeat 3 \
      --set measure.warm_up=2s --duration 4s --out "$out/load" ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
  esac
done
