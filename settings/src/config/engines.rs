//! The engines of a scenario: which of them run, and with which settings.
//!
//! An engine that does not run is checked as well, since its table is part of the file. Which
//! engines there are is known to [`EngineKind`] alone.

use super::check::Checker;
use super::cluster;
use super::diagnostic::{Mistake, listed, nearest};
use super::draft::Draft;
use super::keys;
use super::schema::Key;
use super::settings::{Settings, below};
use super::tree::{Node, Value};
use crate::plan::{
    DstreamSetting, EngineKind, EngineSetting, FlinkSetting, RealTimeSetting, SparkSetting,
    StormSetting, WindowDomain,
};
use engines::{Algorithm, Patience};
use std::time::Duration;

/// One engine's table, checked.
#[derive(Clone, Debug)]
pub(super) struct EngineSettings {
    /// The engine's name.
    pub(super) name: &'static str,
    /// The path of its table.
    pub(super) path: &'static str,
    pub(super) settings: Settings,
}

impl EngineSettings {
    /// The settings of the engine of this name, if there is one.
    pub(super) fn of(name: &str, settings: Settings) -> Option<Self> {
        let key = table(name)?;
        Some(Self { name: key.name(), path: key.path, settings })
    }

    /// Whether it runs in a process of its own.
    pub(super) fn is_beside(&self) -> bool {
        !EngineKind::EMBEDDED.contains(&self.name)
    }

    /// Whether it counts event time in milliseconds alone.
    pub(super) fn counts_milliseconds(&self) -> bool {
        self.name == EngineKind::FLINK || self.has_storms_windows()
    }

    /// Whether its windows are those of Storm's own windowed bolt.
    pub(super) fn has_storms_windows(&self) -> bool {
        let windows = self.settings.text(&below(self.path, "windows"));
        self.name == EngineKind::STORM && windows == Some(StormSetting::OWN_WINDOWS)
    }

    /// The key by which somebody has to say that it may listen where others reach it, and whether
    /// somebody does; none of an engine that does not listen there.
    pub(super) fn open_ports(&self) -> Option<(String, bool)> {
        let key = below(self.path, "open_ports");
        // On a cluster, nothing of it listens here.
        (self.name == EngineKind::STORM && cluster::named(self).is_none())
            .then(|| (key.clone(), self.settings.flag(&key) == Some(true)))
    }

    /// Whether its windows are over once they are answered.
    pub(super) fn answers_once(&self) -> bool {
        self.name == EngineKind::SPARK_STRUCTURED || self.asks_sql()
    }

    /// Whether its windows leave no gap between them.
    pub(super) fn has_no_gaps(&self) -> bool {
        self.name == EngineKind::SPARK_STRUCTURED
    }

    /// Whether it is asked in SQL.
    pub(super) fn asks_sql(&self) -> bool {
        self.name == EngineKind::FLINK
            && self.settings.text(&below(self.path, "api")) == Some("sql")
    }

    /// Whether it has a job for sessions; one of two that touch is what it makes of them then.
    pub(super) fn has_sessions(&self) -> bool {
        self.name == EngineKind::FLINK && !self.asks_sql()
    }

    /// Whether it has a job for windows of counted events.
    pub(super) fn has_count_windows(&self) -> bool {
        self.name == EngineKind::FLINK && !self.asks_sql()
    }

    /// Whether it keeps no state, so that nothing can be asked that is more than one event.
    pub(super) fn keeps_no_state(&self) -> bool {
        self.name == EngineKind::SPARK_REAL_TIME
    }

    /// Whether it runs in a mode that its release has not: its keys for both.
    pub(super) fn lacks_its_mode(&self) -> Option<[String; 2]> {
        let [mode, version] = ["mode", "version"].map(|key| below(self.path, key));
        let said = |key| self.settings.text(key);
        let is_lacking = self.name == EngineKind::SPARK_REAL_TIME
            && said(&mode) == Some("real-time")
            && said(&version) == Some("3.5");
        is_lacking.then_some([mode, version])
    }

    /// Whether it takes out of the window before what leaves, in the manner of DStreams.
    pub(super) fn takes_out(&self) -> bool {
        let algorithm = self.settings.text(&below(self.path, "algorithm"));
        self.name == EngineKind::SPARK_DSTREAM && algorithm == Some("inverse")
    }

    /// The lengths of run time that it takes in whole milliseconds alone.
    pub(super) fn whole_milliseconds(&self) -> impl Iterator<Item = String> + '_ {
        let keys: &[&str] = match self.name {
            EngineKind::FLINK => &["buffer_timeout", "checkpoint_interval"],
            EngineKind::SPARK_STRUCTURED => &["trigger"],
            EngineKind::SPARK_REAL_TIME => &["batch"],
            EngineKind::SPARK_DSTREAM => &["interval"],
            EngineKind::STORM => &["watermark_interval"],
            _ => &[],
        };
        keys.iter().map(|key| below(self.path, key))
    }

    /// Where its windows are made of whole batches: the keys that say so.
    pub(super) fn over_batches(&self) -> Option<OverBatches> {
        let windows = below(self.path, "windows");
        let are_batches = self.settings.text(&windows) == Some("batches");
        let interval = below(self.path, "interval");
        if self.name == EngineKind::SPARK_DSTREAM {
            return Some(OverBatches { windows: None, interval });
        }
        are_batches.then_some(OverBatches { windows: Some(windows), interval })
    }
}

/// The keys of an engine whose windows are made of whole batches.
pub(super) struct OverBatches {
    /// What windows are cut from, where there is a choice.
    pub(super) windows: Option<String>,
    /// How long a batch is.
    pub(super) interval: String,
}

/// The table of an engine.
fn table(name: &str) -> Option<&'static Key> {
    keys::children("engine").find(|key| key.name() == name)
}

/// All of them, for a remedy.
fn all_engines() -> String {
    format!("the engines are {}", listed(EngineKind::NAMES))
}

/// Each engine's settings, of those that are to run: `only`, or all if it is empty.
pub(super) fn engine_settings(
    draft: &Draft,
    only: &[&'static str],
    checker: &mut Checker,
) -> Vec<EngineSettings> {
    let empty = Node::empty();
    let engine = draft.root.find("engine").unwrap_or(&empty);
    let Some(table) = engine.table() else {
        checker.mistakes.push(
            Mistake::new(
                "config::type",
                format!("`engine` takes a table, not {}", engine.value.kind()),
            )
            .at(engine.place.as_ref(), engine.value.kind())
            .help(format!(
                "write {}",
                EngineKind::NAMES.map(|name| format!("[engine.{name}]")).join(" or ")
            )),
        );
        return Vec::new();
    };
    for entry in table.0.iter().filter(|entry| !EngineKind::NAMES.contains(&entry.key.as_str())) {
        let help = match nearest(&entry.key, EngineKind::NAMES) {
            Some(name) => format!("did you mean `{name}`?  List: sluicebench list engines"),
            None => all_engines(),
        };
        checker.mistakes.push(
            Mistake::new("config::unknown_key", format!("unknown engine `{}`", entry.key))
                .at(entry.place.as_ref(), "not an engine")
                .help(help),
        );
    }
    let mut all = Vec::new();
    for key in keys::children("engine") {
        let (name, path) = (key.name(), key.path);
        let wanted = match only {
            [] => {
                let is_meant = draft.both_engines && EngineKind::EMBEDDED.contains(&name);
                is_meant || table.get(name).is_some()
            }
            only => only.contains(&name),
        };
        let node = table.get(name).map_or(&empty, |entry| &entry.node);
        let one = std::slice::from_ref(node);
        let nodes = match &node.value {
            Value::List(items) if !items.is_empty() => items,
            _ => one,
        };
        for node in nodes {
            // An engine that does not run is checked as well: its table is part of the file.
            let mut each = Checker { unreadable: draft.unreadable, ..Checker::default() };
            each.table(path, node, &[]);
            checker.mistakes.append(&mut each.mistakes);
            if wanted {
                all.push(EngineSettings { name, path, settings: each.settings });
            }
        }
    }
    all
}

/// An engine as its settings say.
pub(super) fn engine(engine: &EngineSettings) -> Option<EngineSetting> {
    let EngineSettings { name, path, settings } = engine;
    let of = |key: &str| below(path, key);
    let algorithm = || algorithm(settings.text(&of("algorithm"))?);
    let kind = match *name {
        EngineKind::MICRO_BATCH => EngineKind::MicroBatch {
            interval: settings.run_time(&of("interval"))?,
            windows: match settings.text(&of("windows"))? {
                "batches" => WindowDomain::Batches,
                _ => WindowDomain::EventTime,
            },
            algorithm: algorithm()?,
            attempts: settings.integer(&of("attempts"))?,
        },
        EngineKind::PER_EVENT => EngineKind::PerEvent {
            buffer_timeout: settings.run_time(&of("buffer_timeout"))?,
            buffer_records: settings.integer(&of("buffer_records"))?,
            algorithm: algorithm()?,
            waiting: match settings.text(&of("waiting"))? {
                "spin" => Patience::Spin,
                "park" => Patience::Park,
                _ => Patience::SpinThenPark { spin_ns: nanos(settings.run_time(&of("spin"))?)? },
            },
            strict: settings.flag(&of("strict"))?,
        },
        EngineKind::FLINK => EngineKind::Flink(FlinkSetting {
            version: settings.text(&of("version"))?.to_owned(),
            api: settings.text(&of("api"))?.to_owned(),
            buffer_timeout: settings.run_time(&of("buffer_timeout"))?,
            object_reuse: settings.flag(&of("object_reuse"))?,
            checkpoint_interval: settings.run_time(&of("checkpoint_interval"))?,
            state: settings.text(&of("state"))?.to_owned(),
            heap_bytes: settings.size(&of("heap"))?,
            cluster: cluster::flink_cluster(settings, path),
        }),
        EngineKind::SPARK_STRUCTURED => EngineKind::SparkStructured(SparkSetting {
            version: settings.text(&of("version"))?.to_owned(),
            trigger: settings.run_time(&of("trigger"))?,
            state: settings.text(&of("state"))?.to_owned(),
            shuffle_partitions: settings.integer(&of("shuffle_partitions"))?,
            max_records_per_batch: settings.integer(&of("max_records_per_batch"))?,
            heap_bytes: settings.size(&of("heap"))?,
            cluster: cluster::spark_cluster(settings, path),
        }),
        EngineKind::SPARK_REAL_TIME => EngineKind::SparkRealTime(RealTimeSetting {
            version: settings.text(&of("version"))?.to_owned(),
            mode: settings.text(&of("mode"))?.to_owned(),
            batch: settings.run_time(&of("batch"))?,
            heap_bytes: settings.size(&of("heap"))?,
        }),
        EngineKind::SPARK_DSTREAM => EngineKind::SparkDstream(DstreamSetting {
            version: settings.text(&of("version"))?.to_owned(),
            interval: settings.run_time(&of("interval"))?,
            algorithm: settings.text(&of("algorithm"))?.to_owned(),
            heap_bytes: settings.size(&of("heap"))?,
            cluster: cluster::spark_cluster(settings, path),
        }),
        EngineKind::STORM => EngineKind::Storm(StormSetting {
            version: settings.text(&of("version"))?.to_owned(),
            workers: settings.integer(&of("workers"))?,
            ackers: settings.integer(&of("ackers"))?,
            max_spout_pending: settings.integer(&of("max_spout_pending"))?,
            windows: settings.text(&of("windows"))?.to_owned(),
            watermark_interval: settings.run_time(&of("watermark_interval"))?,
            message_timeout: settings.run_time(&of("message_timeout"))?,
            heap_bytes: settings.size(&of("heap"))?,
            cluster: cluster::storm_cluster(settings, path),
        }),
        _ => return None,
    };
    Some(EngineSetting { label: label(engine), kind })
}

/// What an engine is called in its cell: its name, with what distinguishes it in brackets.
pub(super) fn label(engine: &EngineSettings) -> String {
    let name = engine.name;
    match engine.settings.text(&below(engine.path, "label")) {
        Some(label) => format!("{name} ({label})"),
        None => name.to_owned(),
    }
}

fn algorithm(name: &str) -> Option<Algorithm> {
    [
        Algorithm::Auto,
        Algorithm::Recompute,
        Algorithm::Slices,
        Algorithm::SubtractOnEvict,
        Algorithm::TwoStacks,
    ]
    .into_iter()
    .find(|algorithm| algorithm.name() == name)
}

fn nanos(length: Duration) -> Option<u64> {
    u64::try_from(length.as_nanos()).ok()
}

/// The engines that are asked for by name.
pub(super) fn engines_of(only: &[String], mistakes: &mut Vec<Mistake>) -> Vec<&'static str> {
    let mut engines = Vec::new();
    for name in only {
        if let Some(engine) = EngineKind::NAMES.into_iter().find(|engine| engine == name) {
            engines.push(engine);
        } else {
            let all = all_engines();
            let help =
                release_help(name).unwrap_or_else(|| match nearest(name, EngineKind::NAMES) {
                    Some(engine) => format!("did you mean `{engine}`?  {all}"),
                    None => all,
                });
            let message = format!("there is no engine `{name}`");
            mistakes.push(Mistake::new("config::no_such_engine", message).help(help));
        }
    }
    engines
}

/// What to say to somebody who names a release with an engine, as in `flink@1.20`.
fn release_help(name: &str) -> Option<String> {
    let (engine, release) = name.split_once('@')?;
    let engine = EngineKind::NAMES.into_iter().find(|known| *known == engine)?;
    let path = below(table(engine)?.path, "version");
    Some(match keys::key(&path) {
        Some(_) => format!(
            "name the engine, and its release by a setting: --engine {engine} --set \
             '{path}=\"{release}\"'"
        ),
        None => format!("{engine} is part of this program, and has no releases: --engine {engine}"),
    })
}
