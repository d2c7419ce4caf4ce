//! Apache Storm, in a process of its own: what it is started with, and what is to be known of it.
//!
//! Its topology runs in one JVM, in Storm's own local cluster, with a worker in it or several: what is
//! measured are its tasks, the queues between them and what is made bytes of between workers, and no
//! network between machines. Windows are a bolt's
//! that acts on the marks of the input, so that what is late is no race where there is one partition;
//! or Storm's own, which look now and then how far event time has come, and lose what comes meanwhile:
//! their answers are held between bounds, and what they lost is counted.

use super::Nature;
use super::beside::{Job, Launch, NotReady, OWN, Patience, Running};
use super::jvm;
use crate::distributions::Engine;
use crate::plan::units::{show_duration, show_size};
use crate::plan::{Cell, StormSetting};
use crate::verify::{Rule, Told};
use reports::judge::lost::OWN_BOLT;
use reports::record::EngineKind;
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
    Nature {
        recorded: EngineKind::Storm,
        rule: if setting.has_own_windows() { Rule::AtMost } else { Rule::Marks },
        // Its bolt counts what it drops, and nothing of what it drops from some windows alone.
        told: Told::Late,
        algorithm: OWN,
        settings: vec![
            ("version", setting.version.clone()),
            ("workers", format!("{}, in one process", setting.workers)),
            ("ackers", setting.ackers.to_string()),
            ("max_spout_pending", pending),
            ("message_timeout", show_duration(setting.message_timeout)),
            ("windows", windows),
            ("checkpoints", "none".to_owned()),
            ("state", "on the heap".to_owned()),
            ("heap", show_size(setting.heap_bytes)),
            ("delivery", delivery.to_owned()),
            ("api", "spouts and bolts".to_owned()),
            ("transport", "TCP on loopback".to_owned()),
            ("process", "its own, a JVM".to_owned()),
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
    let launch = Launch {
        engine: "storm",
        program: ready.java.java.clone(),
        // No flag is needed on any Java that it runs on.
        arguments: jvm::arguments(&ready, Vec::new(), setting.heap_bytes, "sluicebench.storm.Main"),
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
