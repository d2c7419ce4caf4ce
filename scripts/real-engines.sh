#!/usr/bin/env bash
# Real engines behind the built-in scenarios, short and verified, on whatever this machine can have:
# what is missing is fetched by `engines install`; where nothing can be, it says so and all is well.
# One is killed in the middle, which has to be told, and nothing of it may be left. Last comes a broker
# between, for which a program is built that has its client; that is compiled beside all else.
#   scripts/real-engines.sh [seconds]    when to give up; 1440 where nobody says: on two cores with
#     nothing else to do, and with the engines here, it takes some ten minutes
# SLUICEBENCH_PROGRAM names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${1:-1440}

# What a step is, and how long all before it took.
say() {
  printf '== %s (after %d s)\n' "$1" "$SECONDS"
}

left_out() {
  echo "left out: $1"
  exit 0
}

command -v java >/dev/null || [[ -n ${JAVA_HOME:-} ]] || left_out 'real engines: no Java is installed'
java=("${JAVA_HOME:+$JAVA_HOME/bin/}java")

# Nothing here is about speed.
program=${SLUICEBENCH_PROGRAM:-}
if [[ -z $program ]]; then
  cargo build --locked --package sluicebench
  program=$PWD/target/debug/sluicebench
fi
work=$(mktemp -d)
# Another one takes its place while it runs: the one with Kafka's client.
cp "$program" "$work/sluicebench"
program=$work/sluicebench
# Daemons of a cluster that this script starts; they end with it.
daemons=()
end_daemons() {
  ((${#daemons[@]})) || return 0
  kill "${daemons[@]}" 2>/dev/null || true
  wait "${daemons[@]}" 2>/dev/null || true
  daemons=()
}
# A run in the background; it ends with this script, too.
too_small=
end_too_small() {
  [[ -n $too_small ]] || return 0
  kill "$too_small" 2>/dev/null || true
  wait "$too_small" 2>/dev/null || true
}
# What is compiled in the background; it ends with this script, too.
compiling=
end_compiling() {
  [[ -z $compiling ]] || kill -- -"$compiling" 2>/dev/null || true
}
trap 'end_compiling; end_too_small; end_daemons; rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# A program with Kafka's client, of which nothing is optimised, and the tests that try a broker of
# ours: compiled with what processor time the engines leave. What only this step compiles is looked at
# as all else is, where Clippy is here.
with_kafka=(--locked --package sluicebench --package sluicebench-instrument --features sluicebench/kafka)
if command -v clippy-driver >/dev/null; then
  export RUSTC_WORKSPACE_WRAPPER=clippy-driver
  # Not twice, by which all of it would be built again.
  [[ ${RUSTFLAGS:-} == *'-D warnings'* ]] || export RUSTFLAGS="${RUSTFLAGS:-} -D warnings"
fi
# What is nobody's is looked for in the folder of the others. An example takes what tests take, so that
# the program is not of other features than they are, and compiled again for that.
compiles() {
  export TMPDIR=$work
  nice -n 19 cargo test "${with_kafka[@]}" --lib --no-run &&
    nice -n 19 cargo build "${with_kafka[@]}" --bin sluicebench --example broker
}
no_client=
for tool in cc make; do
  command -v "$tool" >/dev/null || no_client="its client is built by $tool, which is not here"
done
if [[ -z $no_client ]]; then
  # In a group of its own, so that all of it ends with this script.
  set -m
  compiles >"$work/compiled" 2>&1 &
  compiling=$!
  set +m
fi

"$program" engines
for engine in 'flink 2.3' 'flink 1.20' 'spark 4.2' 'spark 3.5' 'storm 2.8' 'kafka 4'; do
  if ! "$program" engines | grep -q "^  $engine  *[0-9]" ||
    "$program" engines | grep -q "$engine cannot be asked in SQL"; then
    timeout 300 "$program" engines install "${engine% *}" --version "${engine#* }" ||
      left_out "real engines: $engine cannot be fetched here"
  fi
done

# In runs of seconds the second compiler of a JVM takes more than it gives.
export JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1

# Whatever an engine has to be asked for to be compared; latencies are no matter here. A JVM on a
# processor of its own takes twice as long to start, and the tests hold engines to theirs.
short=(--duration 1s --set measure.warm_up=1s --no-calibration)
short+=(--set host.engine_cpus=none --set host.harness_cpus=none)
run() {
  local name=$1
  shift
  ((SECONDS < limit)) || { echo "$name: there is no time left, after $SECONDS s"; exit 1; }
  say "$name"
  timeout $((limit - SECONDS)) "$program" run "$@" "${short[@]}" --out "$work/$name"
}

disorder='source.synthetic.disorder={ fraction = 0.2, delay = { exponential = { mean = "100ms" } } }'
late=(--set "$disorder" --set 'query.window.watermark="100ms"')
# An hour of event time within seconds, at a rate that is lower than that of the scenario.
hour=(hour-by-second --set event_time_per_second=1000s)

# Releases and interfaces of an engine side by side, in one run.
run identity identity --engine flink --rate 20k/s \
  --set 'engine.flink=[{ label = "2.3" }, { label = "1.20 SQL", version = "1.20", api = "sql" }]'
run word-count word-count --engine flink --rate 5k/s \
  --set 'engine.flink=[{ label = "1.20", version = "1.20" }, { label = "2.3 SQL", api = "sql" }]'
run keyed-window keyed-window --engine flink --rate 20k/s "${late[@]}" \
  --set 'engine.flink=[{ label = "2.3" }, { label = "1.20", version = "1.20" },
    { label = "2.3 SQL", api = "sql" }, { label = "1.20 SQL", version = "1.20", api = "sql" }]'
run hour-by-second "${hour[@]}" --rate 100/s --engine flink \
  --set 'engine.flink=[{ label = "2.3" }, { label = "2.3 SQL", api = "sql" }]'
# Sessions that late events make longer and join, in event time that runs a hundred times faster.
run sessions sessions --engine flink --rate 5k/s --parallelism 2 --set 'query.session.touch="merge"' \
  --set 'source.synthetic.disorder={ fraction = 0.3, delay = { exponential = { mean = "8s" } } }' \
  --set 'query.session.watermark="2s"' --set 'query.session.allowed_lateness="3s"' \
  --set 'engine.flink=[{ label = "2.3" }, { label = "1.20", version = "1.20" }]'
# On a machine whose language has digits of its own, which SQL has not.
JAVA_TOOL_OPTIONS="$JAVA_TOOL_OPTIONS -Duser.language=ar -Duser.country=EG" \
  run sql-global keyed-window --engine flink --rate 5k/s "${late[@]}" --parallelism 2 \
  --set engine.flink.api=sql --set query.window.keyed=false --set 'query.window.aggregates=["min", "max"]'
run partitions keyed-window --engine flink --rate 20k/s --parallelism 2 --set partitions=2
run rocksdb keyed-window --engine flink --rate 5k/s "${late[@]}" --set 'engine.flink.state="rocksdb"' \
  --set 'engine.flink.checkpoint_interval="500ms"'

# What an engine makes of windows of which an event lies in more than a hundred is another plan.
spark=(--engine spark-structured
  --set 'engine.spark-structured=[{ label = "4.2" }, { label = "3.5", version = "3.5" }]')
run spark-identity identity "${spark[@]}" --rate 20k/s
run spark-word-count word-count "${spark[@]}" --rate 2k/s
run spark-keyed-window keyed-window "${spark[@]}" --rate 10k/s --set partitions=2 --set "$disorder"
run spark-many-windows "${hour[@]}" --engine spark-structured --rate 50/s --set 'query.window.slide="30s"'
run spark-real-time identity --engine spark-real-time --rate 20k/s \
  --set 'engine.spark-real-time=[{ label = "real-time" },
    { label = "continuous", mode = "continuous", batch = "1s" },
    { label = "continuous 3.5", mode = "continuous", batch = "1s", version = "3.5" }]'

# Half a second is about what Spark's guide calls a short batch.
for version in 4.2 3.5; do
  dstream=(--engine spark-dstream --set "engine.spark-dstream.version=\"$version\"")
  windows=(--set 'engine.spark-dstream.interval="500ms"' --set 'query.window.slide="500ms"' --set "$disorder")
  run "dstream-keyed-window-$version" keyed-window "${dstream[@]}" --rate 10k/s "${windows[@]}" --set partitions=2
done
run dstream-identity identity "${dstream[@]}" --rate 20k/s
inverse=(--set 'engine.spark-dstream.algorithm="inverse"')
run dstream-word-count word-count "${dstream[@]}" --rate 2k/s "${inverse[@]}" \
  --set 'engine.spark-dstream.interval="500ms"' --set 'query.word-count.slide="5s"'
run dstream-inverse keyed-window "${dstream[@]}" --rate 10k/s "${windows[@]}" "${inverse[@]}"

# On a machine that nobody else reaches, or behind whatever keeps them away.
storm=(--engine storm --set engine.storm.open_ports=true)
# The one run that asks nothing first, as a run does by itself, and tells how long that took.
calibrated=("${short[@]}")
short=(--duration 1s --set measure.warm_up=1s)
run storm-identity identity "${storm[@]}" --rate 20k/s --set engine.storm.ackers=0
short=("${calibrated[@]}")
grep -q '"floor": {' "$work/storm-identity/run.json" || { echo 'no floor was measured'; exit 1; }
run storm-word-count word-count "${storm[@]}" --rate 5k/s
run storm-keyed-window keyed-window "${storm[@]}" --rate 20k/s "${late[@]}"
run storm-partitions keyed-window "${storm[@]}" --rate 20k/s --parallelism 2 --set partitions=2
run storm-hour-by-second "${hour[@]}" "${storm[@]}" --rate 100/s
run storm-workers word-count "${storm[@]}" --rate 2k/s --parallelism 2 --set engine.storm.workers=2
# Its own windows: a window's length may not exceed a timeout, and where events are tracked, all that
# windows hold may have to be under way. What they lose is no difference, so it is looked at.
keeps_most() {
  awk -v name="$1" '
    /"answers_checked": / { verdicts++; checked += $2 }
    /"lost": [{]/ { told++; is_lost = 1 }
    /}/ { is_lost = 0 }
    is_lost && /"memberships": / { lost += $2 }
    is_lost && /"of": / { of += $2 }
    END {
      printf "%s: %d answers checked; %d of %d lost\n", name, checked, lost, of
      exit !(verdicts > 0 && told == verdicts && checked > 0 && of > 0 && 2 * lost < of)
    }' "$work/$1/run.json" || { echo "$1: that is not most of it"; exit 1; }
}
own=("${storm[@]}" --set 'engine.storm.windows="storm"')
run storm-own-windows keyed-window "${own[@]}" --rate 10k/s "${late[@]}" \
  --set engine.storm.max_spout_pending=200000
keeps_most storm-own-windows
run storm-own-word-count word-count "${own[@]}" --rate 2k/s --parallelism 2 --set partitions=2 \
  --set engine.storm.ackers=0
keeps_most storm-own-word-count

# Who stands between a job and the harness gives its source so much and then the end of the connection:
# the job has failed then, whatever of it was answered, and each has to say so.
say 'a source that is cut'
between=$work/between
mkdir -p "$between/bin"
"${java[0]}c" -d "$between" scripts/CutSources.java
cat >"$between/bin/java" <<EOF
#!/bin/sh
[ "\$1" != -version ] || exec '${java[0]}' -version
exec '${java[0]}' -cp '$between' CutSources '${java[0]}' "\$@"
EOF
chmod +x "$between/bin/java"
cut=(--engine flink --engine spark-structured --engine spark-dstream --engine spark-real-time
  --set 'engine.spark-real-time=[{ mode = "continuous", batch = "1s" }]' "${storm[@]}")
status=0
(export JAVA_HOME=$between; run a-source-cut identity "${cut[@]}" --rate 20k/s) >"$work/said" 2>&1 || status=$?
told=$(grep -c '"text": ".*source 0: the harness cut the connection before its end' "$work/a-source-cut/run.json" || true)
((status == 1 && told == 5)) || { cat "$work/said"; echo "it ended with $status, and $told said it"; exit 1; }

# A port below those that the system hands out by itself, at which nobody listens.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

# Waits a moment for daemons that are to come up.
still_there() {
  local daemon
  for daemon in "${daemons[@]}"; do
    kill -0 "$daemon" 2>/dev/null || { cat "$1"; exit 1; }
  done
  ((SECONDS < limit)) || { echo 'the cluster does not come up'; exit 1; }
  sleep 0.3
}

# A loopback cluster of one task manager with two slots, from what was fetched for this version; its
# REST interface is at port $rest. Flink's daemons want each part of their memory said.
flink_cluster() {
  local jars=$1 folder=$work/cluster process
  mkdir -p "$folder/tmp"
  cat >"$folder/config.yaml" <<EOF
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: $(free_port)
jobmanager.bind-host: 127.0.0.1
jobmanager.memory.process.size: 600m
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: $rest
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.numberOfTaskSlots: 2
taskmanager.cpu.cores: 2.0
taskmanager.memory.task.heap.size: 512m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
taskmanager.memory.managed.size: 64m
taskmanager.memory.network.min: 128m
taskmanager.memory.network.max: 128m
io.tmp.dirs: $folder/tmp
EOF
  local flags=(--add-exports=java.base/sun.net.util=ALL-UNNAMED)
  for package in lang util util.concurrent time net io; do
    flags+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
  done
  for process in entrypoint.StandaloneSessionClusterEntrypoint taskexecutor.TaskManagerRunner; do
    "${java[@]}" "${flags[@]}" -Xmx640m -XX:MaxDirectMemorySize=300m -cp "$jars/*" \
      "org.apache.flink.runtime.$process" --configDir "$folder" >>"$folder/said" 2>&1 &
    daemons+=($!)
  done
  until overview | grep -q '"slots-available":2'; do still_there "$folder/said"; done
}

overview() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$rest"
    printf 'GET /overview HTTP/1.0\r\n\r\n' >&3
    cat <&3
  ) 2>/dev/null || true
}

jars=$("$program" engines | sed -n 's/ (FLINK_HOME)$//; s/^  flink 2\.3  *[0-9.]*, \(.*\)$/\1/p')
rest=$(free_port)
say 'a cluster of Flink'
flink_cluster "$jars"
on=(--engine flink --set "engine.flink.cluster=\"http://127.0.0.1:$rest\"")
run on-a-cluster keyed-window "${on[@]}" --rate 20k/s --parallelism 2 --set partitions=2
overview | grep -q '"jobs-finished":1' || { echo 'the cluster ran no job'; exit 1; }

say 'a job on a cluster that is interrupted'
"$program" run identity "${on[@]}" --rate 5k/s --duration 60s --set measure.warm_up=0s \
  --no-calibration --out "$work/interrupted" >"$work/said" 2>&1 &
running=$!
until overview | grep -q '"jobs-running":1'; do
  kill -0 "$running" 2>/dev/null || { cat "$work/said"; exit 1; }
  sleep 0.3
done
sleep 4
kill -INT "$running"
status=0
wait "$running" || status=$?
((status == 130)) || { cat "$work/said"; echo "it ended with $status"; exit 1; }
overview | grep -q '"jobs-running":0.*"jobs-cancelled":1' || { overview; echo 'the job is left'; exit 1; }
end_daemons

# The same of Spark: a master and a worker of two cores. Its job is looked for when it is over: a
# driver that is gone takes its executors along.
spark_cluster() {
  local jars=$1 folder=$work/spark flags=(-XX:+IgnoreUnrecognizedVMOptions --add-modules=jdk.incubator.vector)
  mkdir -p "$folder"
  ln -s "$jars" "$folder/jars"
  for package in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util \
    java.util.concurrent java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action \
    sun.util.calendar; do
    flags+=("--add-opens=java.base/$package=ALL-UNNAMED")
  done
  spark_daemon() {
    SPARK_HOME=$folder SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1 "${java[@]}" "${flags[@]}" \
      -Xmx400m -cp "$jars/*" "org.apache.spark.deploy.$@" --host 127.0.0.1 --webui-port 0 \
      >>"$folder/said" 2>&1 &
    daemons+=($!)
  }
  spark_daemon master.Master --port "$master"
  until grep -q 'New state: ALIVE' "$folder/said"; do still_there "$folder/said"; done
  spark_daemon worker.Worker --cores 2 --memory 2g --work-dir "$folder/work" "spark://127.0.0.1:$master"
  until grep -q 'Successfully registered with master' "$folder/said"; do still_there "$folder/said"; done
}

jars=$("$program" engines | sed -n 's/ (SPARK_HOME)$//; s/^  spark 4\.2  *[0-9.]*, \(.*\)$/\1/p')
master=$(free_port)
say 'a cluster of Spark'
spark_cluster "$jars"
run spark-on-a-cluster keyed-window --engine spark-structured \
  --set "engine.spark-structured.master=\"spark://127.0.0.1:$master\"" \
  --set engine.spark-structured.heap=1GiB --rate 10k/s --set partitions=2
# One core for the receiver, and one for what is computed.
run dstream-on-a-cluster keyed-window "${dstream[@]}" "${windows[@]}" --rate 5k/s \
  --set 'engine.spark-dstream.version="4.2"' --set engine.spark-dstream.heap=1GiB \
  --set "engine.spark-dstream.master=\"spark://127.0.0.1:$master\""
# It waits a minute for a third core, while other things are tried, and has to say so then.
((SECONDS < limit)) || { echo "a cluster that is too small: there is no time left, after $SECONDS s"; exit 1; }
timeout $((limit - SECONDS)) "$program" run keyed-window "${dstream[@]}" "${windows[@]}" --rate 5k/s \
  --set 'engine.spark-dstream.version="4.2"' --set engine.spark-dstream.heap=1GiB --set partitions=2 \
  --set "engine.spark-dstream.master=\"spark://127.0.0.1:$master\"" \
  "${short[@]}" --out "$work/too-small" >"$work/said-too-small" 2>&1 &
too_small=$!

# The same of Storm: a ZooKeeper, a Nimbus and a supervisor of two slots, which starts workers from a
# folder that looks like a distribution. They end soon after their topology.
storm_cluster() {
  local jars=$1 folder=$work/storm zookeeper
  zookeeper=$(free_port)
  mkdir -p "$folder"/{conf,log4j2,extlib,logs,tmp}
  ln -s "$jars" "$folder/lib-worker"
  echo '<configuration><loggers><root level="warn"/></loggers></configuration>' >"$folder/log4j2/worker.xml"
  cat >"$folder/conf/storm.yaml" <<EOF
storm.zookeeper.servers: ["127.0.0.1"]
storm.zookeeper.port: $zookeeper
nimbus.seeds: ["127.0.0.1"]
nimbus.thrift.port: $nimbus
storm.local.dir: "$folder/local"
storm.local.hostname: "127.0.0.1"
supervisor.slots.ports: [$(free_port), $(free_port)]
supervisor.thrift.port: $(free_port)
worker.childopts: "-Xmx256m"
EOF
  storm_daemon() {
    "${java[@]}" -Xmx256m "-Dstorm.home=$folder" "-Dstorm.log.dir=$folder/logs" \
      "-Djava.io.tmpdir=$folder/tmp" -cp "$folder/conf:$jars/*" "$@" >>"$folder/said" 2>&1 &
    daemons+=($!)
  }
  storm_daemon -Dorg.apache.storm.shade.zookeeper.admin.enableServer=false \
    -Dzookeeper.admin.enableServer=false \
    org.apache.storm.shade.org.apache.zookeeper.server.ZooKeeperServerMain "$zookeeper" "$folder/zookeeper"
  storm_daemon org.apache.storm.daemon.nimbus.Nimbus
  storm_daemon org.apache.storm.daemon.supervisor.Supervisor
  # A run is taken when Nimbus answers and the supervisor has told it of its slots.
  until grep -q 'Starting supervisor with id' "$folder/said" && (exec 3<>"/dev/tcp/127.0.0.1/$nimbus") 2>/dev/null; do
    still_there "$folder/said"
  done
}

jars=$("$program" engines | sed -n 's/ (STORM_HOME)$//; s/^  storm 2\.8  *[0-9.]*, \(.*\)$/\1/p')
nimbus=$(free_port)
say 'a cluster of Storm'
storm_cluster "$jars"
sleep 5
run storm-on-a-cluster keyed-window --engine storm --rate 5k/s "${late[@]}" \
  --set "engine.storm.cluster=\"127.0.0.1:$nimbus\""
# The supervisor ends them.
while grep -lasq "$work/stor[m]/lib-worker" /proc/[0-9]*/cmdline 2>/dev/null; do still_there "$work/storm/said"; done
# Small streams whose answers are known, row by row.
for engine in flink spark-structured spark-dstream; do
  ((SECONDS < limit)) || { echo "conform: there is no time left, after $SECONDS s"; exit 1; }
  say "conform $engine"
  timeout $((limit - SECONDS)) "$program" conform --engine "$engine" | grep -v '^  ok '
done

say 'a cluster of Spark with fewer cores than two receivers and what they receive for'
status=0
wait "$too_small" || status=$?
too_small=
((status == 1)) && grep -q 'the cluster ran no 3 tasks at once' "$work/too-small/run.json" ||
  { cat "$work/said-too-small"; echo "it ended with $status"; exit 1; }
end_daemons

say 'an engine that is killed in the middle'
"$program" run identity --engine flink --rate 5k/s --duration 60s --set measure.warm_up=0s \
  --no-calibration --out "$work/killed" >"$work/said" 2>&1 &
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

# Last, since it takes a program of its own.
say 'a broker between'
[[ -z $no_client ]] || { echo "left out: a broker between: $no_client"; exit 0; }
((SECONDS < limit - 120)) || { echo "left out: a broker between: there is no time left, after $SECONDS s"; exit 0; }
wait "$compiling" || { cat "$work/compiled"; exit 1; }
compiling=
# These try a broker of ours themselves: messages in order, topics that are there and go, its end.
cargo test "${with_kafka[@]}" --lib -- kafka broker
program=${CARGO_TARGET_DIR:-target}/debug/sluicebench
run kafka-flink keyed-window --engine flink --rate 20k/s --parallelism 2 --set partitions=2 --set transport=kafka \
  --set 'source.synthetic.disorder={ fraction = 0.2, delay = { exponential = { mean = "100ms" } } }'
run kafka-spark word-count --engine spark-structured --rate 2k/s --set transport=kafka
[[ -z $(jvm) ]] || { echo 'a JVM is left'; exit 1; }

say 'a broker that is not there'
status=0
"$program" run identity --engine flink --set transport=kafka --set 'kafka.brokers="127.0.0.1:1"' \
  "${short[@]}" --out "$work/no-broker" >"$work/said" 2>&1 || status=$?
cat "$work/said"
((status == 2)) || { echo "it ended with $status"; exit 1; }
tr -sc '[:alnum:]:.' ' ' <"$work/said" | grep -q 'no broker answers at 127.0.0.1:1' || { echo 'why is not told'; exit 1; }
[[ ! -e $work/no-broker ]] || { echo 'it was looked for in a repetition'; exit 1; }
[[ -z $(ls -A "$TMPDIR") ]] || { echo 'something is left:'; ls "$TMPDIR"; exit 1; }
echo "real engines: all is well, after $SECONDS s"
