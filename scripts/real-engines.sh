#!/usr/bin/env bash
# Real engines behind the built-in scenarios, short and verified, on whatever this machine can have:
# what is missing is fetched by `engines install`; where nothing can be, it says so and all is well.
# Last, one is killed in the middle, which has to be told, and nothing of it may be left.
#   scripts/real-engines.sh [seconds]    how long all of it may take; 720 where nobody says
# SLUICEBENCH_PROGRAM names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${1:-720}

left_out() {
  echo "left out: $1"
  exit 0
}

command -v java >/dev/null || [[ -n ${JAVA_HOME:-} ]] || left_out 'real engines: no Java is installed'

# Nothing here is about speed.
program=${SLUICEBENCH_PROGRAM:-}
if [[ -z $program ]]; then
  cargo build --locked --package sluicebench
  program=$PWD/target/debug/sluicebench
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

"$program" engines
for engine in 'flink 2.3' 'flink 1.20' 'spark 4.2' 'spark 3.5' 'kafka 4'; do
  if ! "$program" engines | grep -q "^  $engine  *[0-9]"; then
    timeout 300 "$program" engines install "${engine% *}" --version "${engine#* }" ||
      left_out "real engines: $engine cannot be fetched here"
  fi
done

# Whatever an engine has to be asked for to be compared; latencies are no matter here.
short=(--duration 4s --set measure.warm_up=4s)
run() {
  local name=$1
  shift
  ((SECONDS < limit)) || { echo "$name: there is no time left, after $SECONDS s"; exit 1; }
  echo "== $name"
  timeout $((limit - SECONDS)) "$program" run "$@" "${short[@]}" --out "$work/$name"
}

for version in 2.3 1.20; do
  flink=(--engine flink --set "engine.flink.version=\"$version\"")
  run "identity-$version" identity "${flink[@]}" --rate 20k/s
  run "word-count-$version" word-count "${flink[@]}" --rate 5k/s
  run "keyed-window-$version" keyed-window "${flink[@]}" --rate 20k/s \
    --set 'source.synthetic.disorder={ fraction = 0.2, delay = { exponential = { mean = "100ms" } } }' \
    --set 'query.window.watermark="100ms"'
  run "hour-by-second-$version" hour-by-second "${flink[@]}" --rate 100/s
done
# Spark makes 3600 rows of each event of hour-by-second before it adds them up, and takes minutes to
# compile that; so it is not asked here.
for version in 4.2 3.5; do
  spark=(--engine spark-structured --set "engine.spark-structured.version=\"$version\"")
  run "spark-identity-$version" identity "${spark[@]}" --rate 20k/s
  run "spark-word-count-$version" word-count "${spark[@]}" --rate 2k/s
  run "spark-keyed-window-$version" keyed-window "${spark[@]}" --rate 10k/s --set partitions=2 \
    --set 'source.synthetic.disorder={ fraction = 0.2, delay = { exponential = { mean = "100ms" } } }'
done
run partitions keyed-window --engine flink --rate 20k/s --parallelism 2 --set partitions=2

echo '== an engine that is killed in the middle'
"$program" run identity --engine flink --rate 5k/s --duration 60s --set measure.warm_up=0s \
  --out "$work/killed" >"$work/said" 2>&1 &
running=$!
# Not the one who looks: what it looks for is written so that it does not find itself.
jvm() { grep -las "[j]ava.io.tmpdir=$TMPDIR" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 || true; }
until [[ -n $(jvm) ]] && grep -qs flink "$work/said"; do
  kill -0 "$running" 2>/dev/null || { cat "$work/said"; exit 1; }
  sleep 0.2
done
sleep 8
kill -9 $(jvm)
status=0
wait "$running" || status=$?
cat "$work/said"
((status == 1)) || { echo "it ended with $status"; exit 1; }
grep -q 'SIGKILL' "$work/killed/run.json" || { echo 'its end is not told'; exit 1; }
[[ -z $(jvm) ]] || { echo 'a JVM is left'; exit 1; }
[[ -z $(ls -A "$TMPDIR") ]] || { echo 'something is left:'; ls "$TMPDIR"; exit 1; }

echo '== a broker between'
# Last, since it takes a program of its own: with Kafka's client, which no other step builds. Nothing
# but what has to do with it is looked at, and nothing of the program optimised.
((SECONDS < limit - 300)) || { echo "left out: a broker between: there is no time left, after $SECONDS s"; exit 0; }
with_kafka=(--locked --package sluicebench --features sluicebench/kafka
  --config profile.dev.package.sluicebench.opt-level=0)
cargo clippy "${with_kafka[@]}" --lib --tests -- -D warnings
# These try a broker of ours themselves: messages in order, topics that are there and go, its end.
cargo test "${with_kafka[@]}" --lib -- kafka broker
cargo build "${with_kafka[@]}"
program=${CARGO_TARGET_DIR:-target}/debug/sluicebench
run kafka-flink keyed-window --engine flink --rate 20k/s --parallelism 2 --set partitions=2 --set transport=kafka \
  --set 'source.synthetic.disorder={ fraction = 0.2, delay = { exponential = { mean = "100ms" } } }'
run kafka-spark word-count --engine spark-structured --rate 2k/s --set transport=kafka
[[ -z $(jvm) ]] || { echo 'a JVM is left'; exit 1; }

echo '== a broker that is not there'
status=0
"$program" run identity --engine flink --set transport=kafka --set 'kafka.brokers="127.0.0.1:1"' \
  "${short[@]}" --out "$work/no-broker" >"$work/said" 2>&1 || status=$?
cat "$work/said"
((status == 1)) || { echo "it ended with $status"; exit 1; }
grep -q 'no broker answers at 127.0.0.1:1' "$work/no-broker/run.json" || { echo 'why is not told'; exit 1; }
[[ -z $(ls -A "$TMPDIR") ]] || { echo 'something is left:'; ls "$TMPDIR"; exit 1; }
echo "real engines: all is well, after $SECONDS s"
