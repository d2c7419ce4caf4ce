//! Apache Spark's Structured Streaming in real-time mode, in a process of its own: what it is started
//! with, and what is to be known of it.
//!
//! A batch is long, all of its tasks run as long as it does, and each row goes through as it comes; at
//! the batch's end is a checkpoint. The mode has no operator with state so far, so that it answers with
//! what is one event alone.

use super::Nature;
use super::beside::{Job, Launch, NotReady, OWN, Patience, Running};
use super::jvm;
use super::spark::jvm_options;
use crate::distributions::Engine;
use crate::plan::units::{show_duration, show_size};
use crate::plan::{Cell, RealTimeSetting};
use crate::verify::{Rule, Told};
use reports::record::EngineKind;
use std::sync::atomic::AtomicBool;

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &RealTimeSetting) -> Nature {
    Nature {
        recorded: EngineKind::SparkRealTime,
        rule: Rule::Truth,
        // Nothing waits for event time, so that nothing is late.
        told: Told::Nothing,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("batch", show_duration(setting.batch)),
            ("checkpoints", "at the end of every batch, to local files".to_owned()),
            ("state", "none".to_owned()),
            ("heap", show_size(setting.heap_bytes)),
            ("delivery", "each event once; a failure ends the run".to_owned()),
            ("api", "Dataset, update mode, Trigger.RealTime".to_owned()),
            ("transport", "TCP on loopback".to_owned()),
            ("process", "its own, a JVM".to_owned()),
        ],
    }
}

/// Starts it for a cell.
pub(super) fn start(
    setting: &RealTimeSetting,
    cell: &Cell,
    stop: &AtomicBool,
) -> Result<Running, NotReady> {
    let ready = jvm::ready(Engine::Spark, &setting.version)?;
    let settings = [("batch_ms", setting.batch.as_millis().to_string())];
    let launch = Launch {
        engine: "spark-real-time",
        program: ready.java.java.clone(),
        arguments: jvm::arguments(
            &ready,
            jvm_options(),
            setting.heap_bytes,
            "sluicebench.spark.structured.RealTime",
        ),
        environment: Vec::new(),
        job: Job::of(cell, &settings),
        version: setting.version.clone(),
        told: Told::Nothing,
        batches: None,
        known: vec![("from".to_owned(), ready.distribution.told())],
        patience: Patience::default(),
    };
    Running::start(launch, stop)
}
