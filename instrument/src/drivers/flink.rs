//! Apache Flink, in a process of its own or on a cluster: what it is started with, and what is to be
//! known of it.
//!
//! Its job runs in one JVM, in Flink's own local environment: what is measured is the engine, its
//! serialisation between operators and its sockets, and no network between machines. On a cluster of
//! the user's own, all of that is measured too, and a process of ours only submits the job.

use super::Nature;
use super::beside::{
    Elsewhere, Job, Launch, NotReady, OWN, Patience, Running, look_where_to_listen,
};
use super::cluster::CLIENT_HEAP_BYTES;
use super::flink_cluster::{self, Submitted};
use super::jvm;
use crate::distributions::{Engine, Need, Place};
use crate::transport::Token;
use crate::verify::{Rule, Told};
use reports::record::EngineKind;
use settings::plan::units::{show_duration, show_size};
use settings::plan::{Cell, EngineKind as Kind, FlinkCluster, FlinkSetting};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a JVM has to open to Flink.
const OPENED: [&str; 2] =
    ["--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED"];

/// What a JVM has to be told for Flink to run in it.
pub fn jvm_options() -> Vec<String> {
    OPENED.map(str::to_owned).into()
}

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &FlinkSetting) -> Nature {
    let checkpoints = if setting.checkpoint_interval.is_zero() {
        "none".to_owned()
    } else {
        format!("every {}, exactly once", show_duration(setting.checkpoint_interval))
    };
    let state = match setting.state.as_str() {
        "rocksdb" => "rocksdb, on disk",
        _ => "hashmap, on the heap",
    };
    let (heap, transport, process) = match &setting.cluster {
        None => (show_size(setting.heap_bytes), "TCP on loopback", "its own, a JVM"),
        Some(cluster) if cluster.reach.is_loopback() => {
            ("the cluster's".to_owned(), "TCP on loopback", "a cluster's")
        }
        Some(_) => ("the cluster's".to_owned(), "TCP", "a cluster's"),
    };
    Nature {
        recorded: EngineKind::Flink,
        rule: Rule::Marks,
        told: told(setting),
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("buffer_timeout", show_duration(setting.buffer_timeout)),
            ("object_reuse", setting.object_reuse.to_string()),
            ("checkpoints", checkpoints),
            ("state", state.to_owned()),
            ("heap", heap),
            ("delivery", "each event once; a failure ends the run".to_owned()),
            (
                "api",
                if setting.asks_sql() { "SQL, windowing functions" } else { "DataStream" }
                    .to_owned(),
            ),
            ("transport", transport.to_owned()),
            ("process", process.to_owned()),
        ],
    }
}

/// What has to be here.
pub(super) fn need(setting: &FlinkSetting) -> Need<'_> {
    Need { sql: setting.asks_sql(), ..Need::of(Engine::Flink, &setting.version) }
}

/// What it counts of late events: what it drops, and nothing of what it drops from some windows alone.
/// In SQL, windows are aggregated in two phases, and the second one drops and counts partial results.
fn told(setting: &FlinkSetting) -> Told {
    if setting.asks_sql() { Told::Nothing } else { Told::Late }
}

/// What is said to its job of the settings.
fn settings(setting: &FlinkSetting) -> [(&'static str, String); 4] {
    [
        ("buffer_timeout_ms", setting.buffer_timeout.as_millis().to_string()),
        ("object_reuse", setting.object_reuse.to_string()),
        ("checkpoint_interval_ms", setting.checkpoint_interval.as_millis().to_string()),
        ("state", setting.state.clone()),
    ]
}

/// Starts it for a cell.
pub(super) fn start(
    setting: &FlinkSetting,
    cell: &Cell,
    stop: &AtomicBool,
) -> Result<Running, NotReady> {
    let ready = jvm::ready_for(need(setting))?;
    let failed = |why: String| NotReady::Failed(format!("flink did not start: {why}"));
    let mut known = vec![("from".to_owned(), ready.distribution.told())];
    let mut job = Job::of(cell, &settings(setting));
    let mut elsewhere = None;
    let mut heap_bytes = setting.heap_bytes;
    if let Some(FlinkCluster { rest, reach }) = &setting.cluster {
        let told = look_for(setting, cell).map_err(failed)?;
        known.push(("cluster".to_owned(), told));
        let jar =
            ready.jar(&Place::of_this_process()).map_err(|error| failed(error.to_string()))?;
        let number = Token::new().digits();
        for (name, value) in [
            ("--cluster", rest.to_string()),
            ("--jar", jar.display().to_string()),
            ("--job-id", number.clone()),
        ] {
            job.arguments.extend([name.to_owned(), value]);
        }
        heap_bytes = CLIENT_HEAP_BYTES;
        let submitted = Submitted { rest: rest.clone(), job: number };
        elsewhere =
            Some(Elsewhere { reach: Some(reach.clone()), remainder: Some(Arc::new(submitted)) });
    }
    let main =
        if setting.asks_sql() { "sluicebench.flink.SqlMain" } else { "sluicebench.flink.Main" };
    let launch = Launch {
        engine: "flink",
        program: ready.java.java.clone(),
        arguments: jvm::arguments(&ready, jvm_options(), heap_bytes, main),
        environment: Vec::new(),
        job,
        version: setting.version.clone(),
        told: told(setting),
        batches: None,
        by_batches: false,
        known,
        patience: Patience::default(),
    };
    match elsewhere {
        Some(elsewhere) => Running::start_elsewhere(launch, elsewhere, stop),
        None => Running::start(launch, stop),
    }
}

/// Looks whether the cluster that is named, if one is, can run a cell, and would find its way back.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub(super) fn look(setting: &FlinkSetting, cell: &Cell) -> Result<(), String> {
    let Some(cluster) = &setting.cluster else { return Ok(()) };
    look_for(setting, cell)?;
    look_where_to_listen(&cluster.reach, Kind::FLINK)
}

/// Looks whether the cluster that is named, if one is, can run a cell; and what it is, in words.
///
/// # Errors
/// Where it cannot: why, and the way out.
fn look_for(setting: &FlinkSetting, cell: &Cell) -> Result<String, String> {
    let Some(cluster) = &setting.cluster else { return Ok(String::new()) };
    // Operators that follow one another share a slot.
    let slots = cell.parallelism.max(cell.partitions).max(1);
    flink_cluster::look(cluster, &setting.version, slots)
}
