//! Apache Storm, in a process of its own or on a cluster: what it is started with, and what is to be
//! known of it.
//!
//! Its topology runs in one JVM, in Storm's own local cluster, with a worker in it or several: what is
//! measured are its tasks, the queues between them and what is made bytes of between workers, and no
//! network between machines. On a cluster of the user's own, all of that is measured too, and a process
//! of ours only submits the topology and hears how its tasks end. Windows are a bolt's
//! that acts on the marks of the input, so that what is late is no race where there is one partition;
//! or Storm's own, which look now and then how far event time has come, and lose what comes meanwhile:
//! their answers are held between bounds, and what they lost is counted.

use super::Nature;
use super::beside::{
    Elsewhere, Job, Launch, NotReady, OWN, Patience, Remainder, Running, look_where_to_listen,
};
use super::cluster::CLIENT_HEAP_BYTES;
use super::jvm;
use super::storm_cluster::{self, Found, Submitted};
use crate::distributions::{Engine, Place};
use crate::transport::Token;
use crate::verify::{Rule, Told};
use reports::judge::lost::OWN_BOLT;
use reports::record::EngineKind;
use settings::plan::units::{show_duration, show_size};
use settings::plan::{Cell, EngineKind as Kind, StormCluster, StormSetting};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is to be known of it before it runs.
pub(super) fn nature(setting: &StormSetting) -> Nature {
    let is_acked = setting.ackers > 0;
    let delivery = if is_acked {
        "each event at least once; what is counted is in memory alone"
    } else {
        "each event at most once, and not tracked"
    };
    let pending =
        if is_acked { setting.max_spout_pending.to_string() } else { "no limit".to_owned() };
    let windows = if setting.has_own_windows() {
        let interval = show_duration(setting.watermark_interval);
        format!("{OWN_BOLT}, a look every {interval}")
    } else {
        format!("{}, a bolt of the job's own", setting.windows)
    };
    let (workers, heap, transport, process) = match &setting.cluster {
        None => (
            format!("{}, in one process", setting.workers),
            show_size(setting.heap_bytes),
            "TCP on loopback",
            "its own, a JVM",
        ),
        Some(cluster) => (
            setting.workers.to_string(),
            "the cluster's".to_owned(),
            if cluster.reach.is_loopback() { "TCP on loopback" } else { "TCP" },
            "a cluster's",
        ),
    };
    Nature {
        recorded: EngineKind::Storm,
        rule: if setting.has_own_windows() { Rule::AtMost } else { Rule::Marks },
        // Its bolt counts what it drops, and nothing of what it drops from some windows alone.
        told: Told::Late,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("workers", workers),
            ("ackers", setting.ackers.to_string()),
            ("max_spout_pending", pending),
            ("message_timeout", show_duration(setting.message_timeout)),
            ("windows", windows),
            ("checkpoints", "none".to_owned()),
            ("state", "on the heap".to_owned()),
            ("heap", heap),
            ("delivery", delivery.to_owned()),
            ("api", "spouts and bolts".to_owned()),
            ("transport", transport.to_owned()),
            ("process", process.to_owned()),
        ],
    }
}

/// What is said to its job of the settings.
fn settings(setting: &StormSetting) -> [(&'static str, String); 6] {
    [
        ("workers", setting.workers.to_string()),
        ("ackers", setting.ackers.to_string()),
        ("max_spout_pending", setting.max_spout_pending.to_string()),
        ("message_timeout_s", setting.message_timeout.as_secs().to_string()),
        ("windows", setting.windows.clone()),
        ("watermark_interval_ms", setting.watermark_interval.as_millis().to_string()),
    ]
}

/// Starts it for a cell.
pub(super) fn start(
    setting: &StormSetting,
    cell: &Cell,
    stop: &AtomicBool,
) -> Result<Running, NotReady> {
    let ready = jvm::ready(Engine::Storm, &setting.version)?;
    let failed = |why: String| NotReady::Failed(format!("storm did not start: {why}"));
    let mut known = vec![("from".to_owned(), ready.distribution.told())];
    let mut job = Job::of(cell, &settings(setting));
    let mut elsewhere = None;
    let mut heap_bytes = setting.heap_bytes;
    if let Some(cluster) = &setting.cluster {
        let Found { nimbus, told } = look_for(setting, cluster).map_err(failed)?;
        known.push(("cluster".to_owned(), told));
        let jar =
            ready.jar(&Place::of_this_process()).map_err(|error| failed(error.to_string()))?;
        let topology = format!("sluicebench-{}", Token::new().digits());
        for (name, value) in [
            ("--cluster", nimbus.to_string()),
            ("--jar", jar.display().to_string()),
            ("--topology", topology.clone()),
        ] {
            job.arguments.extend([name.to_owned(), value]);
        }
        heap_bytes = CLIENT_HEAP_BYTES;
        // Who answered is asked first in the end, too.
        let mut nimbuses = cluster.nimbuses.clone();
        nimbuses.sort_by_key(|at| *at != nimbus);
        let remainder: Arc<dyn Remainder> = Arc::new(Submitted { nimbuses, topology });
        let reach = Some(cluster.reach.clone());
        elsewhere = Some(Elsewhere { reach, remainder: Some(remainder) });
    }
    let launch = Launch {
        engine: "storm",
        program: ready.java.java.clone(),
        // No flag is needed on any Java that it runs on.
        arguments: jvm::arguments(&ready, Vec::new(), heap_bytes, "sluicebench.storm.Main"),
        environment: Vec::new(),
        job,
        version: setting.version.clone(),
        told: Told::Late,
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

/// Looks whether the cluster that is named, if one is, can run it, and would find its way back.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub(super) fn look(setting: &StormSetting) -> Result<(), String> {
    let Some(cluster) = &setting.cluster else { return Ok(()) };
    look_for(setting, cluster)?;
    look_where_to_listen(&cluster.reach, Kind::STORM)
}

fn look_for(setting: &StormSetting, cluster: &StormCluster) -> Result<Found, String> {
    storm_cluster::look(cluster, &setting.version, setting.workers)
}
