//! Apache Spark's DStreams, in a process of its own: what it is started with, and what is to be known
//! of it.
//!
//! Its job runs in one JVM with a local master and a receiver for each partition, in windows over
//! batches: an event belongs to the batch that it came in, whatever its event time, so that none is
//! late. Batches end when the wall clock says so, and what each holds is told by the job, so its answers
//! are judged by the batches that it really cut.

use super::Nature;
use super::beside::{Job, Launch, NotReady, OWN, Patience, Running};
use super::jvm;
use super::spark::jvm_options;
use crate::distributions::Engine;
use crate::plan::units::{show_duration, show_size};
use crate::plan::{Cell, DstreamSetting};
use crate::verify::{Rule, Told};
use engines::ArrivalClock;
use reports::record::EngineKind;
use reports::text::completeness::BY_ARRIVAL;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &DstreamSetting) -> Nature {
    let checkpoints = match setting.algorithm.as_str() {
        "inverse" => "of every batch, to local files",
        _ => "none",
    };
    Nature {
        recorded: EngineKind::SparkDstream,
        // How it cuts its batches is known when it has.
        rule: Rule::OverCuts(Arc::default()),
        // It drops nothing, and says so.
        told: Told::Late,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("interval", show_duration(setting.interval)),
            ("windows", BY_ARRIVAL.to_owned()),
            ("algorithm", setting.algorithm.clone()),
            ("checkpoints", checkpoints.to_owned()),
            ("state", "batches, on the heap".to_owned()),
            ("heap", show_size(setting.heap_bytes)),
            ("delivery", "each event once; a failure ends the run".to_owned()),
            ("api", "DStream, with receivers".to_owned()),
            ("transport", "TCP on loopback".to_owned()),
            ("process", "its own, a JVM".to_owned()),
        ],
    }
}

/// What is said to its job of the settings.
fn settings(setting: &DstreamSetting) -> [(&'static str, String); 2] {
    [
        ("interval_ms", setting.interval.as_millis().to_string()),
        ("algorithm", setting.algorithm.clone()),
    ]
}

/// Starts it for a cell whose events come by this clock.
pub(super) fn start(
    setting: &DstreamSetting,
    cell: &Cell,
    arrival: ArrivalClock,
    stop: &AtomicBool,
) -> Result<Running, NotReady> {
    let ready = jvm::ready(Engine::Spark, &setting.version)?;
    let launch = Launch {
        engine: "spark-dstream",
        program: ready.java.java.clone(),
        arguments: jvm::arguments(
            &ready,
            jvm_options(),
            setting.heap_bytes,
            "sluicebench.spark.dstream.Main",
        ),
        environment: Vec::new(),
        job: Job::by_wall_clock(cell, &settings(setting), arrival),
        version: setting.version.clone(),
        told: Told::Late,
        batches: Some(setting.interval),
        known: vec![("from".to_owned(), ready.distribution.told())],
        // A batch answers nothing before all of it is computed, however long that takes.
        patience: Patience { stall: Duration::from_mins(5), ..Patience::default() },
    };
    Running::start(launch, stop)
}
