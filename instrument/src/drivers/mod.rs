//! Whoever answers: one arm per engine, and the only match over their kinds outside of `plan` and
//! `config`, which name them.
//!
//! A driver starts one engine for one repetition, takes the sources, gives the answers, and says
//! whose processor time and memory count. What an engine is decides a few things before it runs,
//! such as by which rule it finds events late; these are said here too, as plain values, so that
//! nobody else has to know which engine is which.

mod micro_batch;
mod per_event;
pub mod beside;
mod jvm;
mod pinning;
mod flink;
mod cluster;
mod flink_cluster;
mod spark;
mod real_time;
mod dstream;
mod storm;
mod storm_cluster;

pub use flink::jvm_options as flink_jvm_options;
pub use pinning::{Pins, all_pins, pins};
pub use spark::jvm_options as spark_jvm_options;

use crate::distributions::{Engine, KAFKA, Need};
use crate::host::usage::ThisProcess;
use crate::load::final_due::Ends;
use crate::measure::trial::{Answering, Doors};
use crate::measure::warm_up::Settling;
use crate::verify::{Judgement, Rule, Told};
use beside::{NotReady, Running};
use engines::{ArrivalClock, Clock, Control, Data, EngineError, Patience};
use programs::Case;
use reports::record::EngineKind as Recorded;
use scenarios::{Answer, Question, Trigger};
use settings::plan::units::show_duration;
use settings::plan::{Cell, EngineKind, EngineSetting, KafkaSetting, Load, RateShape, Transport};
use std::hash::Hash;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What an engine's setting decides before it runs.
#[derive(Clone, Debug)]
pub struct Nature {
    /// What a record calls it.
    pub recorded: Recorded,
    /// By which rule it finds events late, where answers wait for event time.
    pub rule: Rule,
    /// What it counts of the events that it found late.
    pub told: Told,
    /// How windows are computed from panes.
    pub algorithm: &'static str,
    /// Its settings as a record shows them: name and value.
    pub settings: Vec<(&'static str, String)>,
}

impl Nature {
    /// The same with its events and answers going through this.
    #[must_use]
    pub fn through(mut self, transport: &Transport) -> Self {
        let shown = self.settings.iter_mut().find(|(name, _)| *name == "transport");
        if let (Some((_, shown)), Some(kafka)) = (shown, transport.kafka()) {
            let KafkaSetting { brokers, acks, linger } = kafka;
            let whose = match brokers {
                Some(brokers) => format!("brokers at {brokers}"),
                None => "a broker of ours on loopback".to_owned(),
            };
            let linger = show_duration(*linger);
            *shown =
                format!("Kafka, {whose}, acks {acks}, linger {linger}; both ways in latencies");
        }
        self
    }
}

/// What is to be known of an engine that is set like this.
pub fn nature(kind: &EngineKind) -> Nature {
    match kind {
        EngineKind::MicroBatch { interval, windows, algorithm, attempts } => {
            micro_batch::nature(*interval, *windows, *algorithm, *attempts)
        }
        EngineKind::PerEvent { buffer_timeout, buffer_records, algorithm, waiting, strict } => {
            per_event::nature((*buffer_timeout, *buffer_records), *algorithm, *waiting, *strict)
        }
        EngineKind::Flink(setting) => flink::nature(setting),
        EngineKind::SparkStructured(setting) => spark::nature(setting),
        EngineKind::SparkRealTime(setting) => real_time::nature(setting),
        EngineKind::SparkDstream(setting) => dstream::nature(setting),
        EngineKind::Storm(setting) => storm::nature(setting),
    }
}

/// What has to be here before an engine can be started; nothing for one that is part of this program.
pub fn needs(kind: &EngineKind) -> Option<Need<'_>> {
    match kind {
        EngineKind::MicroBatch { .. } | EngineKind::PerEvent { .. } => None,
        EngineKind::Flink(setting) => Some(flink::need(setting)),
        EngineKind::SparkStructured(setting) => Some(Need::of(Engine::Spark, &setting.version)),
        EngineKind::SparkRealTime(setting) => Some(Need::of(Engine::Spark, &setting.version)),
        EngineKind::SparkDstream(setting) => Some(Need::of(Engine::Spark, &setting.version)),
        EngineKind::Storm(setting) => Some(Need::of(Engine::Storm, &setting.version)),
    }
}

/// Looks whether a cell's engine can be started, as far as that is a matter of somebody else's: of a
/// cluster that is named.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub fn look(kind: &EngineKind, cell: &Cell) -> Result<(), String> {
    match kind {
        EngineKind::Flink(setting) => flink::look(setting, cell),
        EngineKind::SparkStructured(setting) => {
            spark::look_for(EngineKind::SPARK_STRUCTURED, setting.cluster.as_ref())
        }
        EngineKind::SparkDstream(setting) => {
            spark::look_for(EngineKind::SPARK_DSTREAM, setting.cluster.as_ref())
        }
        EngineKind::Storm(setting) => storm::look(setting),
        EngineKind::MicroBatch { .. }
        | EngineKind::PerEvent { .. }
        | EngineKind::SparkRealTime(_) => Ok(()),
    }
}

/// What has to be here for what carries a cell's events.
///
/// # Errors
/// Where this program was built without it.
pub fn carried_by(transport: &Transport) -> Result<Option<Need<'static>>, &'static str> {
    match transport {
        Transport::Tcp => Ok(None),
        Transport::Kafka(_) if cfg!(feature = "kafka") => Ok(Some(Need::of(Engine::Kafka, KAFKA))),
        Transport::Kafka(_) => Err(beside::NO_KAFKA),
    }
}

/// Starts the engine of a cell that runs in a process of its own, and waits until it is there; none
/// for one that is part of this program. `arrival` is the clock that runs with the events; `stop` ends
/// the waiting.
///
/// # Errors
/// Where it is not here, or does not start.
pub fn start(
    kind: &EngineKind,
    cell: &Cell,
    arrival: ArrivalClock,
    stop: &AtomicBool,
) -> Result<Option<Running>, NotReady> {
    match kind {
        EngineKind::MicroBatch { .. } | EngineKind::PerEvent { .. } => Ok(None),
        EngineKind::Flink(setting) => flink::start(setting, cell, stop).map(Some),
        EngineKind::SparkStructured(setting) => spark::start(setting, cell, stop).map(Some),
        EngineKind::SparkRealTime(setting) => real_time::start(setting, cell, stop).map(Some),
        EngineKind::SparkDstream(setting) => dstream::start(setting, cell, arrival, stop).map(Some),
        EngineKind::Storm(setting) => storm::start(setting, cell, stop).map(Some),
    }
}

/// Makes an engine that runs in a process of its own, and is there, ready to answer what comes by
/// this clock.
pub fn beside<E: Data, A: Answer>(running: &Running, arrival: ArrivalClock) -> Answering<'_, E, A> {
    let answer = move |doors: Doors<E, A>, clock: &dyn Clock, control: &Control| {
        running.carry(doors, arrival, clock, control)
    };
    Answering { workers: running.sinks(), answer: Box::new(answer), usage: running }
}

/// Makes an engine of this program ready to answer a case with so many workers; in simulated time,
/// if a seed says in which order things happen.
pub fn answering<'a, E: Data + Hash, A: Answer>(
    kind: &'a EngineKind,
    case: &'a Case<E, A>,
    parallelism: usize,
    simulate: Option<u64>,
) -> Answering<'a, E, A> {
    let answer = move |doors: Doors<E, A>, clock: &dyn Clock, control: &Control| match kind {
        EngineKind::MicroBatch { interval, windows, algorithm, attempts } => {
            let arrival = case.workload.arrival_clock();
            let set = micro_batch::config(*interval, *windows, *algorithm, *attempts, arrival);
            let config = engines::micro_batch::MicroBatchConfig { parallelism, simulate, ..set };
            case.program.micro_batch(config, doors.sources, doors.sinks, clock, control)
        }
        EngineKind::PerEvent { buffer_timeout, buffer_records, algorithm, waiting, strict } => {
            let buffers = (*buffer_timeout, *buffer_records);
            let set = per_event::config(buffers, *algorithm, *waiting, *strict);
            let config = engines::per_event::PerEventConfig { parallelism, simulate, ..set };
            case.program.per_event(config, doors.sources, doors.sinks, clock, control)
        }
        EngineKind::Flink(_)
        | EngineKind::SparkStructured(_)
        | EngineKind::SparkRealTime(_)
        | EngineKind::SparkDstream(_)
        | EngineKind::Storm(_) => Err(EngineError::Unsupported(format!(
            "{} runs in a process of its own, and neither in this one nor in simulated time",
            kind.name()
        ))),
    };
    Answering { workers: parallelism.max(1), answer: Box::new(answer), usage: &ThisProcess }
}

/// How an engine's answers to a question are judged.
pub fn judgement<Q: Question + ?Sized>(
    kind: &EngineKind,
    question: &Q,
    partitions: usize,
) -> Judgement {
    let Nature { rule, told, .. } = nature(kind);
    let rule = if question.trigger().waits() { rule } else { Rule::Truth };
    let bounds_only = rule == Rule::Marks && partitions > 1;
    // Flink looks at the session that an event would be in, once it is merged with those that are open.
    let rule = match (kind, question.trigger()) {
        (EngineKind::Flink(_), Trigger::Sessions(_)) => Rule::SessionMarks,
        _ => rule,
    };
    Judgement { rule, bounds_only, told, repeated: 0, refined: question.refines() }
}

/// Whether an engine answers a sum that 64 bits do not hold, with what is left of it in them: others fail.
pub fn wraps_sums(kind: &EngineKind) -> bool {
    matches!(kind, EngineKind::Flink(setting) if setting.asks_sql())
}

/// When batches end, where windows are made of batches.
pub fn over_batches(judgement: &Judgement) -> Option<Ends> {
    match &judgement.rule {
        Rule::OverBatches { interval_ns } => Some(Ends::Every(*interval_ns)),
        Rule::OverCuts(_) => Some(Ends::AsCut),
        _ => None,
    }
}

/// The batch interval, in nanoseconds, where there is one.
pub fn interval_ns(kind: &EngineKind) -> Option<u64> {
    kind.interval().map(nanos)
}

/// Ten batches are looked at before a warm-up may be over.
const BATCHES_LEAST: u64 = 10;

/// How the end of a warm-up is looked for.
pub fn settling(cell: &Cell, setting: &EngineSetting) -> Settling {
    let constant = matches!(&cell.load, Load::Synthetic { rate: RateShape::Constant { .. }, .. });
    let batches = interval_ns(&setting.kind).unwrap_or(0).saturating_mul(BATCHES_LEAST);
    let floor = cell.measure.warm_up_floor.filter(|_| constant);
    Settling {
        detect_from: floor.map(|floor| floor.max(Duration::from_nanos(batches))),
        load_varies: !constant,
    }
}

/// How workers wait, in words.
fn shown(patience: Patience) -> String {
    match patience {
        Patience::Spin => "spin".to_owned(),
        Patience::SpinThenPark { spin_ns } => {
            format!("spin-then-park, spin {}", show_duration(Duration::from_nanos(spin_ns)))
        }
        Patience::Park => "park".to_owned(),
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::{SessionSpec, Touch, WindowSpec};
    use scenarios::spec::AggregateName;
    use scenarios::{KeyLabels, Keyed, KeyedSession, KeyedWindow};
    use settings::config::{self, Given, Traces};

    fn shown(settings: &[&str]) -> (Transport, String) {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let names = ["identity".to_owned()];
        let loaded = config::load(&names, &given, &["flink".to_owned()], Traces::MayBeAbsent);
        let cell = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
        let Nature { settings, .. } = nature(&cell.engines[0].kind).through(&cell.transport);
        let shown = settings.into_iter().find(|(name, _)| *name == "transport");
        (cell.transport, shown.expect("it is told").1)
    }

    #[test]
    fn what_carries_events_is_told_with_how() {
        assert_eq!(shown(&[]).1, "TCP on loopback");
        let ours = shown(&["transport=kafka"]).1;
        assert!(ours.starts_with("Kafka, a broker of ours on loopback, acks all, linger 1ms"));
        let theirs = shown(&["transport=kafka", "kafka.brokers=\"a:1\"", "kafka.acks=\"0\""]).1;
        assert!(theirs.starts_with("Kafka, brokers at a:1, acks 0, linger 1ms"), "{theirs}");
    }

    #[test]
    fn flink_looks_at_the_session_that_a_late_event_would_be_in() {
        let sessions = || {
            let spec = SessionSpec::new(10).unwrap().touching(Touch::Merge);
            KeyedSession::<Keyed>::new(spec, vec![AggregateName::Count], KeyLabels::Rank, 0)
        };
        let windows = || {
            let spec = WindowSpec::tumbling(10).unwrap();
            KeyedWindow::<Keyed>::new(spec, vec![AggregateName::Count], KeyLabels::Rank, 0)
        };
        let kind = |name: &str| {
            let names = ["identity".to_owned()];
            let loaded = config::load(&names, &[], &[name.to_owned()], Traces::MayBeAbsent);
            loaded.unwrap().cells.swap_remove(0).engines.swap_remove(0).kind
        };
        let (flink, per_event) = (kind("flink"), kind("per-event"));
        for (partitions, bounds_only) in [(1, false), (2, true)] {
            let judged = judgement(&flink, &sessions(), partitions);
            assert_eq!((judged.rule, judged.bounds_only), (Rule::SessionMarks, bounds_only));
            assert_eq!(judgement(&flink, &windows(), partitions).rule, Rule::Marks);
            assert_eq!(judgement(&per_event, &sessions(), partitions).rule, Rule::Marks);
        }
    }

    #[test]
    fn a_program_without_kafka_says_how_one_with_it_is_built() {
        assert_eq!(carried_by(&Transport::Tcp), Ok(None));
        let came = carried_by(&shown(&["transport=kafka"]).0);
        if cfg!(feature = "kafka") {
            assert_eq!(came, Ok(Some(Need::of(Engine::Kafka, KAFKA))));
        } else {
            assert!(came.unwrap_err().contains("`cargo build --release --features kafka`"));
        }
    }
}
