//! Apache Flink, in a process of its own: what it is started with, and what is to be known of it.
//!
//! Its job runs in one JVM, in Flink's own local environment: what is measured is the engine, its
//! serialisation between operators and its sockets, and no network between machines.

use super::Nature;
use super::beside::{Job, Launch, NotReady, OWN, Patience, Running};
use crate::distributions::{self, Engine};
use crate::plan::units::{show_duration, show_size};
use crate::plan::{Cell, FlinkSetting};
use crate::verify::{Rule, Told};
use reports::record::EngineKind;
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
    Nature {
        recorded: EngineKind::Other,
        rule: Rule::Marks,
        // Flink counts what it drops, and nothing of what it drops from some windows alone.
        told: Told::Late,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("buffer_timeout", show_duration(setting.buffer_timeout)),
            ("object_reuse", setting.object_reuse.to_string()),
            ("checkpoints", checkpoints),
            ("state", state.to_owned()),
            ("heap", show_size(setting.heap_bytes)),
            ("delivery", "each event once; a failure ends the run".to_owned()),
            ("api", "DataStream".to_owned()),
            ("transport", "TCP on loopback".to_owned()),
            ("process", "its own, a JVM".to_owned()),
        ],
    }
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
    let place = distributions::Place::of_this_process();
    let ready = distributions::ready(Engine::Flink, &setting.version, &place)
        .map_err(|error| NotReady::Failed(error.to_string()))?;
    let mut arguments = jvm_options();
    arguments.push(format!("-Xmx{}m", setting.heap_bytes >> 20));
    arguments.push("-cp".to_owned());
    arguments.push(ready.class_path());
    arguments.push("sluicebench.flink.Main".to_owned());
    let launch = Launch {
        engine: "flink",
        program: ready.java.java.clone(),
        arguments,
        environment: Vec::new(),
        job: Job::of(cell, &settings(setting)),
        version: setting.version.clone(),
        told: Told::Late,
        batches: None,
        known: vec![("from".to_owned(), ready.distribution.told())],
        patience: Patience::default(),
    };
    Running::start(launch, stop)
}
