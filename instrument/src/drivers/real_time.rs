//! Apache Spark's Structured Streaming in the two modes in which each row goes through as it comes, in a
//! process of its own: what it is started with, and what is to be known of it.
//!
//! In real-time mode a batch is long, and all of its tasks run as long as it does; at the batch's end is
//! a checkpoint. In continuous mode tasks run on and on, and an epoch's end is marked between rows.
//! Neither has an operator with state, so that they answer with what is one event alone.

use super::Nature;
use super::beside::{Job, Launch, NotReady, OWN, Patience, Running};
use super::jvm;
use super::spark::jvm_options;
use crate::distributions::Engine;
use crate::verify::{Rule, Told};
use reports::record::EngineKind;
use settings::plan::units::{show_duration, show_size};
use settings::plan::{Cell, RealTimeSetting};
use std::sync::atomic::AtomicBool;

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &RealTimeSetting) -> Nature {
    let (checkpoints, delivery, api) = if setting.is_continuous() {
        (
            "at the end of every epoch, to local files",
            "each event once; a failure ends the run (by itself, at least once)",
            "Dataset, append mode, Trigger.Continuous",
        )
    } else {
        (
            "at the end of every batch, to local files",
            "each event once; a failure ends the run",
            "Dataset, update mode, Trigger.RealTime",
        )
    };
    Nature {
        recorded: EngineKind::SparkRealTime,
        rule: Rule::Truth,
        // Nothing waits for event time, so that nothing is late.
        told: Told::Nothing,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("mode", setting.mode.clone()),
            ("batch", show_duration(setting.batch)),
            ("checkpoints", checkpoints.to_owned()),
            ("state", "none".to_owned()),
            ("heap", show_size(setting.heap_bytes)),
            ("delivery", delivery.to_owned()),
            ("api", api.to_owned()),
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
    let main = if setting.is_continuous() { "Continuous" } else { "RealTime" };
    let launch = Launch {
        engine: "spark-real-time",
        program: ready.java.java.clone(),
        arguments: jvm::arguments(
            &ready,
            jvm_options(),
            setting.heap_bytes,
            &format!("sluicebench.spark.structured.{main}"),
        ),
        environment: Vec::new(),
        job: Job::of(cell, &settings),
        version: setting.version.clone(),
        told: Told::Nothing,
        batches: None,
        by_batches: false,
        known: vec![("from".to_owned(), ready.distribution.told())],
        patience: Patience::default(),
    };
    Running::start(launch, stop)
}
