//! Apache Spark's DStreams, in a process of its own: what it is started with, and what is to be known
//! of it.
//!
//! Its job runs in one JVM with a local master, or in one that is the driver of a cluster of the user's
//! own, whose executors run its receivers then, one for each partition; in windows over batches: an event belongs to the batch that it came in, whatever its event time, so that none is
//! late. Batches end when the wall clock says so, and what each holds is told by the job, so its answers
//! are judged by the batches that it really cut.

use super::Nature;
use super::beside::{Elsewhere, Job, Launch, NotReady, OWN, Patience, Running};
use super::jvm;
use super::spark::{jvm_options, on_cluster};
use crate::distributions::Engine;
use crate::verify::{Rule, Told};
use engines::ArrivalClock;
use reports::record::EngineKind;
use reports::text::completeness::BY_ARRIVAL;
use settings::plan::units::{show_duration, show_size};
use settings::plan::{Address, Cell, DstreamSetting, EngineKind as Kind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &DstreamSetting) -> Nature {
    let checkpoints = match setting.algorithm.as_str() {
        "inverse" => "of every batch, to local files",
        _ => "none",
    };
    let (transport, process) = match setting.cluster {
        None => ("TCP on loopback", "its own, a JVM"),
        Some(_) => (
            "TCP to receivers in executors, answers by the driver",
            "a driver of its own, a cluster's executors",
        ),
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
            ("transport", transport.to_owned()),
            ("process", process.to_owned()),
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
    let mut job = Job::by_wall_clock(cell, &settings(setting), arrival);
    if let Some(cluster) = &setting.cluster {
        let engine = Kind::SPARK_DSTREAM;
        job.arguments.extend(on_cluster(engine, cluster, &ready, setting.heap_bytes)?);
    }
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
        job,
        version: setting.version.clone(),
        told: Told::Late,
        batches: Some(setting.interval),
        by_batches: true,
        known: vec![("from".to_owned(), ready.distribution.told())],
        // A batch answers nothing before all of it is computed, however long that takes.
        patience: Patience { stall: Duration::from_mins(5), ..Patience::default() },
    };
    match &setting.cluster {
        // Its receivers dial from executors, which end with their driver.
        Some(cluster) => {
            let reach = Address { host: cluster.reach.clone(), port: 0 };
            let elsewhere = Elsewhere { reach: Some(reach), remainder: None };
            Running::start_elsewhere(launch, elsewhere, stop)
        }
        None => Running::start(launch, stop),
    }
}
