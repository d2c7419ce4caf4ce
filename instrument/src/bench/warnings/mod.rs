//! Reasons not to trust a run, each with advice.
//!
//! A warning never changes a number and never hides one.

mod said;

use said::{
    busy, cold, endless_session, few_answers, few_keys, key_ahead, lost_events, marks_apart,
    moved_watermark, no_floor, no_steady_state, not_here, not_told_steady, owed_to_marks, paused,
    rejected_rows, shared, silent_partitions, stopped, without,
};

use crate::load::replay::Replay;
use reports::quantity::counted;
use reports::record::{Host, Lost, Sessions, Warning};
use scenarios::workload::{RejectedRow, Remark};
use settings::plan::LeftOut;

/// A reason not to trust a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Built without optimisation.
    DebugBuild,
    /// The processor's speed changes while it is measured.
    Governor(String),
    /// Something else was running before.
    Busy {
        /// Load average over one minute.
        load: f64,
        /// Processors.
        cores: u32,
    },
    /// A cgroup takes processors away.
    Limited {
        /// How many are left.
        limit: f64,
    },
    /// More busy threads than processors.
    Crowded {
        /// Workers of an engine.
        workers: usize,
        /// Processors.
        cores: u32,
    },
    /// An engine in a process of its own, and what measures it, on the same processors.
    Shared {
        /// Which engine.
        engine: String,
        /// Who has what, in words.
        cores: String,
    },
    /// What of an engine's latency is the way there and back could not be measured.
    NoFloor {
        /// Which engine.
        engine: String,
        /// Why not.
        why: String,
    },
    /// The machine pauses longer than what is measured.
    Jitter {
        /// The longest pause that was seen, in nanoseconds.
        pause_ns_max: u64,
        /// Share of the time spent in pauses.
        share: f64,
    },
    /// Engines in processes of their own that have hardly warmed up.
    Cold {
        /// Which engines.
        engines: Vec<String>,
        /// For how long it warms up, in seconds.
        warm_up_s: f64,
        /// How long it takes at least, in seconds.
        least_s: f64,
    },
    /// An engine is not run in a cell.
    LeftOut(LeftOut),
    /// Without this, in words, a run of what is planned is refused.
    NotHere(String),
    /// Fewer repetitions than a comparison needs.
    FewRepetitions {
        /// How many.
        repetitions: u32,
    },
    /// The most repetitions there may be were not enough.
    NotKnown {
        /// How many there were.
        repetitions: u32,
        /// Which median is known worst, and how badly, in words.
        worst: String,
    },
    /// The run stopped by itself, because enough was known.
    Stopped {
        /// After how many repetitions.
        repetitions: u32,
    },
    /// Some repetitions drift to their end.
    NoSteadyState {
        /// Which engine.
        engine: String,
        /// Which repetitions.
        repetitions: Vec<u32>,
        /// Of how many.
        of: usize,
    },
    /// Too little was measured to tell whether repetitions were steady.
    NotToldSteady {
        /// In how many repetitions, of all cells and engines.
        untold: usize,
        /// Of how many.
        of: usize,
        /// How long it takes at least, in seconds.
        least_s: f64,
    },
    /// Time was simulated.
    Simulated,
    /// Rows of a trace were left out.
    RejectedRows {
        /// How many.
        rows: u64,
        /// The first of them, in words.
        first: String,
    },
    /// Something strange about the input that could be read.
    Strange(Remark),
    /// One event carried the watermark past many others.
    MovedWatermark {
        /// Where it stands, in words.
        place: String,
        /// How far it lay ahead of all before it, in microseconds of event time; none for the first.
        by_us: Option<u64>,
        /// How many events were late because of it.
        late: u64,
        /// Of how many.
        events: u64,
    },
    /// The events of one key carried the watermark past many others.
    KeyAhead {
        /// What it is called.
        key: String,
        /// How far they lie ahead of all others, on average, in microseconds of event time.
        by_us: u64,
        /// How many events of others were late because of them.
        late: u64,
        /// Of how many.
        events: u64,
    },
    /// The run plays a part of a trace.
    PartOfTrace(Replay),
    /// Events that go round, of so many keys that not all of them come.
    FewKeys {
        /// How many keys or words there are.
        keys: u64,
        /// After how many events they go round.
        period: u64,
    },
    /// Source partitions without events.
    SilentPartitions {
        /// How many, the last ones.
        silent: usize,
        /// Of how many.
        of: usize,
    },
    /// Several source partitions and late events.
    BoundsOnly {
        /// Events that a race between partitions may make late.
        events: u64,
    },
    /// Answers wait for marks for longer than for the engine.
    Marks {
        /// Which engine.
        engine: String,
        /// Where marks stand, in words.
        marks: String,
        /// The mean wait for one, in nanoseconds.
        wait_ns: f64,
        /// The same over the mean latency.
        share: f64,
    },
    /// Marks stand so far apart that answers will wait for them longer than for an engine.
    MarksApart {
        /// In which cell.
        cell: String,
        /// Where marks stand, in words.
        marks: String,
        /// The mean wait for one, in seconds.
        wait_s: f64,
    },
    /// The whole process stood still, in the worst repetition of each of these engines.
    Paused(Vec<Standstill>),
    /// An engine lost events without a word.
    Lost {
        /// Which engine.
        engine: String,
        /// What it lost, in the repetition in which that was most.
        lost: Lost,
    },
    /// A session went on for most of the event time that passed.
    EndlessSession {
        /// Which engine.
        engine: String,
        /// What it kept, in the repetition in which the longest was longest.
        sessions: Sessions,
    },
    /// Latencies of the repetitions differ widely.
    Unstable {
        /// Which engine.
        engine: String,
        /// Greatest over smallest p99 − 1.
        spread: f64,
    },
    /// Too few answers for the quantiles that are shown.
    FewAnswers {
        /// Which engines, and how many were measured of each.
        engines: Vec<(String, u64)>,
        /// Whether a longer run would have more of them, as its input goes on.
        goes_on: bool,
    },
}

/// A time for which a whole process stood still.
#[derive(Clone, Debug, PartialEq)]
pub struct Standstill {
    /// Which engine ran.
    pub engine: String,
    /// Which repetition of it.
    pub rep: u32,
    /// When, in seconds since the run's start.
    pub at_s: f64,
    /// For how long, in seconds.
    pub late_s: f64,
}

impl Doubt {
    /// That of these rows that were left out, if there are any.
    pub fn of_rejected(rejected: &[RejectedRow]) -> Option<Self> {
        let (first, rows) = (rejected.first()?.to_string(), rejected.len() as u64);
        Some(Self::RejectedRows { rows, first })
    }

    /// For the record. A code that begins with `run::` is about all repetitions together, and is
    /// judged anew where a run is gone on with.
    pub fn warning(&self) -> Warning {
        let (code, text, advice) = match self {
            Self::DebugBuild => (
                "host::debug_build",
                "this is a debug build, several times slower than what would be measured".into(),
                "build with --release".into(),
            ),
            Self::Governor(name) => (
                "host::governor",
                format!("the governor {name} changes the processor's speed while it is measured"),
                "set it to performance (sluicebench doctor)".into(),
            ),
            Self::Busy { load, cores } => busy(*load, *cores),
            Self::Limited { limit } => (
                "host::limited",
                format!("a cgroup limits this process to {limit:.2} processors"),
                "raise the limit, or lower the parallelism below it".into(),
            ),
            Self::Crowded { workers, cores } => (
                "host::crowded",
                format!(
                    "{workers} workers on {} leave no core for anything else",
                    counted((*cores).into(), "core")
                ),
                "lower the parallelism; tail latencies here are the machine's as much as the \
                 engine's"
                    .into(),
            ),
            Self::Shared { engine, cores } => shared(engine, cores),
            Self::NoFloor { engine, why } => no_floor(engine, why),
            Self::Jitter { pause_ns_max, share } => (
                "host::jitter",
                format!(
                    "the machine paused a spinning thread for up to {:.1} ms ({:.2} % of the time)",
                    *pause_ns_max as f64 / 1e6,
                    share * 100.0
                ),
                "differences of that size are the machine's (sluicebench doctor)".into(),
            ),
            Self::Cold { engines, warm_up_s, least_s } => cold(engines, *warm_up_s, *least_s),
            Self::LeftOut(left_out) => without(left_out),
            Self::NotHere(why) => not_here(why),
            Self::FewRepetitions { repetitions } => (
                "run::few_repetitions",
                match repetitions {
                    1 => "one repetition shows no spread between runs".into(),
                    n => format!(
                        "{n} repetitions show little of the spread between runs, and name no winner"
                    ),
                },
                "repeat at least five times (--repeat 5) before deciding on a small difference"
                    .into(),
            ),
            Self::NotKnown { repetitions, worst } => (
                "run::not_known",
                format!("after {repetitions} repetitions {worst}"),
                "repeat more often, or measure longer; see sluicebench doctor".into(),
            ),
            Self::Stopped { repetitions } => stopped(*repetitions),
            Self::NoSteadyState { engine, repetitions, of } => {
                no_steady_state(engine, repetitions, *of)
            }
            Self::NotToldSteady { untold, of, least_s } => not_told_steady(*untold, *of, *least_s),
            Self::Simulated => (
                "run::simulated",
                "time was simulated: answers and counts are real, latencies and rates are not"
                    .into(),
                "run without --simulate to measure".into(),
            ),
            Self::RejectedRows { rows, first } => rejected_rows(*rows, first),
            Self::Strange(Remark { code, text, advice }) => (*code, text.clone(), advice.clone()),
            Self::MovedWatermark { place, by_us, late, events } => {
                moved_watermark(place, *by_us, *late, *events)
            }
            Self::KeyAhead { key, by_us, late, events } => key_ahead(key, *by_us, *late, *events),
            Self::PartOfTrace(replay) => ("input::part_of_trace", replay.part(), replay.advice()),
            Self::FewKeys { keys, period } => few_keys(*keys, *period),
            Self::SilentPartitions { silent, of } => silent_partitions(*silent, *of),
            Self::BoundsOnly { events } => (
                "verify::bounds_only",
                format!(
                    "several partitions make it a race whether {events} events are late, so \
                     answers were checked against bounds"
                ),
                "use one partition for an exact check".into(),
            ),
            Self::Marks { engine, marks, wait_ns, share } => {
                owed_to_marks(engine, marks, *wait_ns, *share)
            }
            Self::MarksApart { cell, marks, wait_s } => marks_apart(cell, marks, *wait_s),
            Self::Paused(all) => paused(all),
            Self::Lost { engine, lost } => lost_events(engine, *lost),
            Self::EndlessSession { engine, sessions } => endless_session(engine, *sessions),
            Self::Unstable { engine, spread } => (
                "run::unstable",
                format!("p99 of {engine} varies by {:.0} % over its repetitions", spread * 100.0),
                "repeat more often; see sluicebench doctor".into(),
            ),
            Self::FewAnswers { engines, goes_on } => few_answers(engines, *goes_on),
        };
        Warning { code: code.to_owned(), text, advice }
    }
}

/// What is doubtful about the machine.
pub fn about_host(host: &Host, jitter: &crate::host::Jitter) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if cfg!(dev) {
        doubts.push(Doubt::DebugBuild);
    }
    if ["powersave", "ondemand", "conservative", "schedutil"].contains(&host.governor.as_str()) {
        doubts.push(Doubt::Governor(host.governor.clone()));
    }
    if host.load_before > f64::from(host.cores) * 0.5 {
        doubts.push(Doubt::Busy { load: host.load_before, cores: host.cores });
    }
    if let Some(limit) = host.cgroup_cpu_limit
        && limit < f64::from(host.cores)
    {
        doubts.push(Doubt::Limited { limit });
    }
    if jitter.pause_ns_max > 1_000_000 || jitter.paused_share > 0.01 {
        doubts
            .push(Doubt::Jitter { pause_ns_max: jitter.pause_ns_max, share: jitter.paused_share });
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Jitter;

    #[test]
    fn a_quiet_machine_raises_no_doubt_about_itself() {
        let host = Host { cores: 8, governor: "performance".into(), ..Host::default() };
        let doubts = about_host(&host, &Jitter::default());
        assert!(doubts.iter().all(|doubt| *doubt == Doubt::DebugBuild), "{doubts:?}");
    }

    #[test]
    fn a_busy_machine_is_named() {
        let host = Host {
            cores: 2,
            load_before: 1.5,
            governor: "powersave".into(),
            cgroup_cpu_limit: Some(0.5),
            ..Host::default()
        };
        let jitter = Jitter { pause_ns_max: 5_000_000, ..Jitter::default() };
        let codes: Vec<String> =
            about_host(&host, &jitter).iter().map(|doubt| doubt.warning().code).collect();
        for code in ["host::governor", "host::busy", "host::limited", "host::jitter"] {
            assert!(codes.iter().any(|got| got == code), "{codes:?}");
        }
    }

    #[test]
    fn what_is_so_of_several_engines_is_said_once() {
        let cold = |engines: &[&str]| {
            let engines = engines.iter().map(|engine| (*engine).to_owned()).collect();
            Doubt::Cold { engines, warm_up_s: 2.0, least_s: 20.0 }.warning().text
        };
        assert!(cold(&["flink"]).starts_with("flink warms up for 2"), "{}", cold(&["flink"]));
        let both = cold(&["flink", "storm"]);
        assert!(both.starts_with("flink and storm warm up for 2"), "{both}");
        let stood = |engine: &str, rep, late_s| Standstill {
            engine: engine.to_owned(),
            rep,
            at_s: 3.0,
            late_s,
        };
        let paused = Doubt::Paused(vec![stood("flink", 2, 1.5), stood("storm", 1, 0.4)]).warning();
        assert_eq!(
            paused.text.replace('\u{a0}', " "),
            "the process stood still for 1.50 s at 3.00 s into repetition 2 of flink and 400 ms at \
             3.00 s into repetition 1 of storm: who only looks on every 100 ms was late by as much, so \
             latencies there are not the engine's"
        );
    }

    #[test]
    fn a_trace_that_was_played_whole_is_not_to_be_measured_longer() {
        let advice = |goes_on| {
            Doubt::FewAnswers { engines: vec![("per-event".into(), 37)], goes_on }.warning().advice
        };
        assert!(advice(true).starts_with("measure longer"));
        assert!(!advice(false).contains("measure longer"), "{}", advice(false));
        assert!(advice(false).contains("shorter window"));
        let said = |engines: &[(&str, u64)]| {
            let engines = engines.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
            let doubt = Doubt::FewAnswers { engines, goes_on: true };
            doubt.warning().text.replace('\u{a0}', " ")
        };
        assert_eq!(
            said(&[("a", 37)]),
            "a gave 37 measured answers, too few for a p90, which takes 100"
        );
        assert_eq!(
            said(&[("a", 37), ("b", 1), ("c", 40)]),
            "a gave 37 measured answers and c 40, too few for a p90, which takes 100; b gave 1 measured \
             answer, too few for a p50, which takes 20"
        );
        let left_out = |rows| {
            Doubt::RejectedRows { rows, first: "line 2".into() }
                .warning()
                .text
                .replace('\u{a0}', " ")
        };
        assert_eq!(
            left_out(1),
            "1 row of the trace cannot be read and is left out; the first: line 2"
        );
        assert_eq!(
            left_out(2),
            "2 rows of the trace cannot be read and are left out; the first: line 2"
        );
    }
}
