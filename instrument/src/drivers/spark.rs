//! Apache Spark's Structured Streaming, in a process of its own: what it is started with, and what is
//! to be known of it.
//!
//! Its query runs in one JVM with a local master, or in one that is the driver of a cluster of the
//! user's own, in micro-batches over event time and in append mode:
//! each window is answered once. It heeds no marks of the input, so its answers are judged by the
//! batches that it really cut.

use super::Nature;
use super::beside::{Elsewhere, Job, Launch, NotReady, OWN, Patience, Running};
use super::jvm;
use crate::distributions::{Engine, Place, Ready};
use crate::verify::{Rule, Told};
use reports::record::EngineKind;
use settings::plan::units::{show_duration, show_size};
use settings::plan::{Cell, EngineKind as Kind, SparkCluster, SparkSetting};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The packages that a JVM has to open to Spark.
const OPENED: [&str; 13] = [
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
];

/// What a JVM has to be told for Spark to run in it.
pub fn jvm_options() -> Vec<String> {
    let mut options = vec![
        "-XX:+IgnoreUnrecognizedVMOptions".to_owned(),
        "--add-modules=jdk.incubator.vector".to_owned(),
    ];
    options.extend(OPENED.map(|name| format!("--add-opens=java.base/{name}=ALL-UNNAMED")));
    options
}

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &SparkSetting) -> Nature {
    let zero = |is_zero: bool, words: &str, shown: String| {
        if is_zero { words.to_owned() } else { shown }
    };
    let trigger = zero(
        setting.trigger.is_zero(),
        "as fast as possible",
        format!("every {}", show_duration(setting.trigger)),
    );
    let parts = setting.shuffle_partitions;
    let most = setting.max_records_per_batch;
    let (transport, process) = match setting.cluster {
        None => ("TCP on loopback", "its own, a JVM"),
        Some(_) => {
            ("TCP to the driver, and on to executors", "a driver of its own, a cluster's executors")
        }
    };
    Nature {
        recorded: EngineKind::SparkStructured,
        // How it cuts its batches is known when it has.
        rule: Rule::Cuts(Arc::default()),
        // It counts groups that it drops, and no events.
        told: Told::Nothing,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("trigger", trigger),
            ("shuffle_partitions", zero(parts == 0, "as workers", parts.to_string())),
            ("max_records_per_batch", zero(most == 0, "no limit", most.to_string())),
            ("checkpoints", "of every batch, to local files".to_owned()),
            ("state", state(setting)),
            ("heap", show_size(setting.heap_bytes)),
            ("delivery", "each event once; a failure ends the run".to_owned()),
            ("api", "Dataset, append mode".to_owned()),
            ("transport", transport.to_owned()),
            ("process", process.to_owned()),
        ],
    }
}

/// Where its state is, in words: what Spark calls HDFS is a map in memory, and files wherever the
/// checkpoints are.
fn state(setting: &SparkSetting) -> String {
    let disk = match setting.cluster {
        None => "this machine's disk",
        Some(_) => "its executors' disks",
    };
    match setting.state.as_str() {
        "rocksdb" => format!("RocksDB on {disk} (RocksDBStateStoreProvider), and files of changes"),
        _ => format!("in memory (HDFSBackedStateStoreProvider), and files of changes on {disk}"),
    }
}

/// What is said to its job of the settings.
fn settings(setting: &SparkSetting, parallelism: usize) -> [(&'static str, String); 4] {
    let parts = match setting.shuffle_partitions {
        0 => parallelism.max(1),
        parts => parts,
    };
    [
        ("trigger_ms", setting.trigger.as_millis().to_string()),
        ("state", setting.state.clone()),
        ("shuffle_partitions", parts.to_string()),
        ("max_records_per_batch", setting.max_records_per_batch.to_string()),
    ]
}

/// Starts it for a cell.
pub(super) fn start(
    setting: &SparkSetting,
    cell: &Cell,
    stop: &AtomicBool,
) -> Result<Running, NotReady> {
    let ready = jvm::ready(Engine::Spark, &setting.version)?;
    let main = "sluicebench.spark.structured.Main";
    let mut job = Job::of(cell, &settings(setting, cell.parallelism));
    if let Some(cluster) = &setting.cluster {
        let engine = Kind::SPARK_STRUCTURED;
        job.arguments.extend(on_cluster(engine, cluster, &ready, setting.heap_bytes)?);
    }
    let launch = Launch {
        engine: "spark-structured",
        program: ready.java.java.clone(),
        arguments: jvm::arguments(&ready, jvm_options(), setting.heap_bytes, main),
        environment: Vec::new(),
        job,
        version: setting.version.clone(),
        told: Told::Nothing,
        batches: None,
        by_batches: true,
        known: vec![("from".to_owned(), ready.distribution.told())],
        // A batch answers nothing before all of it is computed, however long that takes.
        patience: Patience { stall: Duration::from_mins(5), ..Patience::default() },
    };
    match setting.cluster {
        // Its executors end with their driver.
        Some(_) => {
            let elsewhere = Elsewhere { reach: None, remainder: None };
            Running::start_elsewhere(launch, elsewhere, stop)
        }
        None => Running::start(launch, stop),
    }
}

/// What is said to the job of an engine that is the driver of a cluster, once its master is there.
///
/// # Errors
/// Where it is not, or there is no jar for its executors.
pub(super) fn on_cluster(
    engine: &str,
    cluster: &SparkCluster,
    ready: &Ready,
    heap_bytes: u64,
) -> Result<Vec<String>, NotReady> {
    let failed = |why: String| NotReady::Failed(format!("{engine} did not start: {why}"));
    look_for(engine, Some(cluster)).map_err(failed)?;
    let jar = ready.jar(&Place::of_this_process()).map_err(|error| failed(error.to_string()))?;
    let words = [
        ("--master", format!("spark://{}", cluster.master)),
        ("--jar", jar.display().to_string()),
        ("--driver-host", cluster.reach.clone()),
        ("--executor-mb", (heap_bytes >> 20).to_string()),
    ];
    Ok(words.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect())
}

/// How long a master may take to take a connection.
const MASTER: Duration = Duration::from_secs(10);

/// Looks whether somebody listens where an engine's master is named, if one is. Whether that is one
/// is asked by the job, which speaks its language.
///
/// # Errors
/// Where nobody does: why, and the way out.
pub(super) fn look_for(engine: &str, cluster: Option<&SparkCluster>) -> Result<(), String> {
    let Some(SparkCluster { master, .. }) = cluster else { return Ok(()) };
    master.dialled(MASTER).map(drop).map_err(|error| {
        format!(
            "no master answers at spark://{master} ({error}): start it, or name it by \
             engine.{engine}.master"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::plan::Address;
    use std::net::TcpListener;

    #[test]
    fn where_state_is_needs_no_knowledge_of_sparks_names() {
        let of = |state: &str| {
            let told = nature(&SparkSetting {
                version: "4.2".into(),
                trigger: Duration::ZERO,
                state: state.into(),
                shuffle_partitions: 0,
                max_records_per_batch: 0,
                heap_bytes: 1 << 30,
                cluster: None,
            });
            let state = told.settings.into_iter().find(|(name, _)| *name == "state");
            state.expect("it is told").1
        };
        assert_eq!(
            of("hdfs"),
            "in memory (HDFSBackedStateStoreProvider), and files of changes on this machine's disk"
        );
        assert_eq!(
            of("rocksdb"),
            "RocksDB on this machine's disk (RocksDBStateStoreProvider), and files of changes"
        );
    }

    #[test]
    fn a_master_that_is_not_there_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let master = Address { host: "127.0.0.1".to_owned(), port };
        let cluster = SparkCluster { master, reach: "127.0.0.1".to_owned() };
        let look = |cluster| look_for(Kind::SPARK_DSTREAM, cluster);
        assert_eq!(look(Some(&cluster)), Ok(()));
        drop(listener);
        let why = look(Some(&cluster)).unwrap_err();
        assert!(why.starts_with("no master answers at spark://127.0.0.1:"), "{why}");
        assert!(why.ends_with("name it by engine.spark-dstream.master"), "{why}");
        assert_eq!(look(None), Ok(()));
    }
}
