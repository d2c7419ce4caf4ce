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
for engine in 'flink 2.3' 'flink 1.20' 'spark 4.2' 'spark 3.5' 'storm 2.8'; do
  if ! "$program" engines | grep -q "^  $engine  *[0-9]"; then
    timeout 300 "$program" engines install "${engine% *}" --version "${engine#* }" ||
      left_out "real engines: $engine cannot be fetched here"
  fi
done

# Whatever an engine has to be asked for to be compared; latencies are no matter here.
short=(--duration 2s --set measure.warm_up=2s)
run() {
  local name=$1
  shift
  ((SECONDS < limit)) || { echo "$name: there is no time left, after $SECONDS s"; exit 1; }
  echo "== $name"
  timeout $((limit - SECONDS)) "$program" run "$@" "${short[@]}" --out "$work/$name"
}

disorder='source.synthetic.disorder={ fraction = 0.2, delay = { exponential = { mean = "100ms" } } }'
late=(--set "$disorder" --set 'query.window.watermark="100ms"')
for version in 2.3 1.20; do
  flink=(--engine flink --set "engine.flink.version=\"$version\"")
  run "identity-$version" identity "${flink[@]}" --rate 20k/s
  run "word-count-$version" word-count "${flink[@]}" --rate 5k/s
  run "keyed-window-$version" keyed-window "${flink[@]}" --rate 20k/s "${late[@]}"
  run "hour-by-second-$version" hour-by-second "${flink[@]}" --rate 100/s
done
run partitions keyed-window --engine flink --rate 20k/s --parallelism 2 --set partitions=2
run rocksdb keyed-window --engine flink --rate 5k/s "${late[@]}" --set 'engine.flink.state="rocksdb"' \
  --set 'engine.flink.checkpoint_interval="1s"'

# What an engine makes of windows of which an event lies in more than a hundred is another plan.
for version in 4.2 3.5; do
  spark=(--engine spark-structured --set "engine.spark-structured.version=\"$version\"")
  run "spark-identity-$version" identity "${spark[@]}" --rate 20k/s
  run "spark-word-count-$version" word-count "${spark[@]}" --rate 2k/s
  run "spark-keyed-window-$version" keyed-window "${spark[@]}" --rate 10k/s --set partitions=2 --set "$disorder"
  run "spark-many-windows-$version" hour-by-second "${spark[@]}" --rate 50/s --set 'query.window.slide="30s"'
done

# Half a second is about what Spark's guide calls a short batch.
for version in 4.2 3.5; do
  dstream=(--engine spark-dstream --set "engine.spark-dstream.version=\"$version\"")
  windows=(--set 'engine.spark-dstream.interval="500ms"' --set 'query.window.slide="500ms"' --set "$disorder")
  run "dstream-identity-$version" identity "${dstream[@]}" --rate 20k/s
  run "dstream-keyed-window-$version" keyed-window "${dstream[@]}" --rate 10k/s "${windows[@]}" --set partitions=2
done
inverse=(--set 'engine.spark-dstream.algorithm="inverse"')
run dstream-word-count word-count "${dstream[@]}" --rate 2k/s "${inverse[@]}" \
  --set 'engine.spark-dstream.interval="500ms"' --set 'query.word-count.slide="5s"'
run dstream-inverse keyed-window "${dstream[@]}" --rate 10k/s "${windows[@]}" "${inverse[@]}"

# On a machine that nobody else reaches, or behind whatever keeps them away.
storm=(--engine storm --set engine.storm.open_ports=true)
run storm-identity identity "${storm[@]}" --rate 20k/s --set engine.storm.ackers=0
run storm-word-count word-count "${storm[@]}" --rate 5k/s
run storm-keyed-window keyed-window "${storm[@]}" --rate 20k/s "${late[@]}"
run storm-partitions keyed-window "${storm[@]}" --rate 20k/s --parallelism 2 --set partitions=2
run storm-hour-by-second hour-by-second "${storm[@]}" --rate 100/s

# Small streams whose answers are known, row by row.
for engine in flink spark-structured spark-dstream; do
  ((SECONDS < limit)) || { echo "conform: there is no time left, after $SECONDS s"; exit 1; }
  echo "== conform $engine"
  timeout $((limit - SECONDS)) "$program" conform --engine "$engine" | grep -v '^  ok '
done

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
echo "real engines: all is well, after $SECONDS s"
