//! What a run was, in plain text and numbers: the file `run.json`.
//!
//! A record carries its circumstances and can be read next year, so it holds no type of an
//! engine, no histogram object and nothing that must be run to be understood. It refuses to be
//! read when it was written by a newer format, when it is truncated, or when its numbers
//! contradict each other: a doubtful record is worse than none.
//!
//! Units stand last in a name: `_ns`, `_us`, `_s`, `_bytes`, `_per_s`. Times without a further
//! word are seconds since the run's start, warm-up included. A number that is not defined (no
//! answer, so no mean) is NaN in memory and `null` in the file.

mod contradiction;
mod file;
mod repetition;
pub mod study;
pub mod bins;
pub mod conformance;
pub mod twin;
pub mod advice;
mod undefined;
pub mod schema;
mod thinning;

pub use file::{FILE_NAME, RecordError};
pub use repetition::{
    Batch, Cores, Counts, Energy, EngineProcess, FixedWork, Latency, Lost, MarkWait, Pause,
    Repetition, Sessions, Stamps, Throughput, TimelineRow, Verdict, VerdictKind, answers_for,
};
pub use thinning::BATCHES_MOST;
pub(crate) use thinning::thinned;

use conformance::Conforming;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use study::{Coordinate, Limit, PlainLoop, Sweep, Threshold};
use undefined::nan_if_null;

/// The format this build writes. Every older one is still read.
pub const SCHEMA_VERSION: u32 = 2;

/// One run: several cells, each measured on several engines, several times.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// [`SCHEMA_VERSION`] at the time of writing.
    pub schema_version: u32,
    /// Short name of what was run, as in the folder's name.
    pub name: String,
    /// The same for a headline.
    pub title: String,
    /// The command line, as it can be typed again.
    pub command: String,
    /// When the run started: RFC 3339, UTC.
    pub started: String,
    /// What measured.
    pub tool: Tool,
    /// Where it was measured.
    pub host: Host,
    /// Whether it did not come to its end: somebody stopped it, it was killed, or it still goes on.
    /// Written as `false` at the end alone; what had finished before is kept.
    pub interrupted: bool,
    /// What measuring itself costs on this machine.
    pub self_cost: SelfCost,
    /// What was compared, in the order it was planned.
    pub cells: Vec<CellRecord>,
    /// Reasons not to trust the whole run, each with advice.
    pub warnings: Vec<Warning>,
    /// What was varied, where the run is a sweep. Since version 2.
    #[serde(default)]
    pub sweep: Option<Sweep>,
    /// How its engines answer small streams with known answers, where that lies beside the record,
    /// in files of their own.
    #[serde(skip)]
    pub conformance: Vec<Conforming>,
}

/// The program that measured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Version of the program.
    pub version: String,
    /// Commit it was built from, or "unknown".
    pub commit: String,
    /// Build profile: "release", "dev".
    pub profile: String,
    /// Version of the compiler, or "unknown".
    pub rustc: String,
    /// Flags of the compiler beside those of the profile; empty where there were none.
    #[serde(default)]
    pub flags: Option<String>,
    /// What handed out memory.
    #[serde(default)]
    pub allocator: Option<String>,
}

/// The machine that was measured on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// A name for this class of machine, if the user gave one. Not the network's name for it.
    pub name: Option<String>,
    /// The processor, as it calls itself.
    pub cpu_model: String,
    /// Logical processors this process may use.
    pub cores: u32,
    /// Main memory, in bytes.
    pub memory_bytes: u64,
    /// Kernel name and release.
    pub kernel: String,
    /// Frequency governor, or why it is not known.
    pub governor: String,
    /// Clock source of the kernel, or why it is not known.
    pub clock_source: String,
    /// Load average over one minute before the run, or NaN where the system has none.
    #[serde(deserialize_with = "nan_if_null")]
    pub load_before: f64,
    /// What kind of virtual machine or container this is, if it is one.
    pub virtual_machine: Option<String>,
    /// Processors a cgroup lets this process use, if it limits them.
    pub cgroup_cpu_limit: Option<f64>,
    /// Whether cores run two threads at once, if the system says so.
    #[serde(default)]
    pub smt: Option<bool>,
    /// How many parts main memory has, each near to some of the cores, if the system says so.
    #[serde(default)]
    pub numa_nodes: Option<u32>,
    /// Why it is not known what energy its processors take; none where it is, and where nobody asked.
    #[serde(default)]
    pub energy_untold: Option<String>,
    /// How late this machine wakes and how long it stalls: a label with its unit, and a value
    /// ready to be shown.
    pub jitter: Vec<(String, String)>,
}

/// What measuring costs, in nanoseconds; measured on this machine with no engine in between.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SelfCost {
    /// Releasing one event.
    #[serde(deserialize_with = "nan_if_null")]
    pub pacing_ns_per_event: f64,
    /// Recording one answer.
    #[serde(deserialize_with = "nan_if_null")]
    pub recording_ns_per_answer: f64,
    /// Reading the clock once.
    #[serde(deserialize_with = "nan_if_null")]
    pub clock_read_ns: f64,
}

/// A reason not to trust something, with what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A stable code, such as `host::governor`.
    pub code: String,
    /// What was noticed.
    pub text: String,
    /// What to do about it.
    pub advice: String,
}

/// One question on one input, asked of several engines.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CellRecord {
    /// Short name, unique in the run.
    pub name: String,
    /// The same for a headline.
    pub title: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The question in one or two sentences.
    pub question: String,
    /// The configuration with every default spelled out: TOML.
    pub resolved: String,
    /// Seed of the input.
    pub seed: u64,
    /// Worker threads per engine.
    pub parallelism: u32,
    /// What every engine was given.
    pub input: InputRecord,
    /// Which event makes an answer due in this cell, in one sentence.
    pub latency_definition: String,
    /// Start of the run left out of the measurements (never of the checks), in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub warm_up_s: f64,
    /// Length of the measured part, in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub duration_s: f64,
    /// What the right answer looks like according to event time alone; none if no window is
    /// asked about.
    pub truth: Option<Truth>,
    /// The engines, in the order they are shown.
    pub engines: Vec<EngineRecord>,
    /// Reasons not to trust this cell.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Where it lies in a sweep, axis by axis. Since version 2.
    #[serde(default)]
    pub point: Vec<Coordinate>,
    /// What is demanded of it. Since version 2.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// What a loop written by hand takes for it, where that was timed. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_loop: Option<PlainLoop>,
}

/// The input of a cell: the same bytes for every engine.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct InputRecord {
    /// Events offered, warm-up included.
    pub events: u64,
    /// Hash of the input, in hexadecimal.
    pub hash: String,
    /// When it was made, such as "before the clock started", or "ahead of need, by another thread".
    pub made: String,
    /// After how many events they say the same again, where the first of them went round: keys, values
    /// and delays come again, and due and event times go on. None where each was made anew.
    #[serde(default)]
    pub period_events: Option<u64>,
    /// Source partitions, each with its own watermark.
    pub partitions: u32,
    /// Mean rate at which events were due, in events per second.
    #[serde(deserialize_with = "nan_if_null")]
    pub offered_per_s: f64,
    /// Rows of a trace that could not be read and were left out, as the configuration allowed.
    pub rejected_rows: u64,
    /// Where watermark marks stand in each partition, such as "after each event".
    #[serde(default)]
    pub marks: Option<String>,
}

impl InputRecord {
    /// Whether any repetition came so far as to make it: all else is unknown where none did.
    pub const fn was_made(&self) -> bool {
        !self.made.is_empty()
    }
}

/// The answer according to event time, were every event waited for.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Truth {
    /// Answers: pairs of a key and a window that holds one of its events.
    pub answers: u64,
    /// Pairs of an event and a window that it belongs to.
    pub memberships: u64,
}

/// One engine on one cell.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EngineRecord {
    /// What it is called in tables, unique in the cell: "micro-batch", "micro-batch 20 ms".
    pub label: String,
    /// The execution model.
    pub kind: EngineKind,
    /// The algorithm that was used, which may be the engine's own choice.
    pub algorithm: String,
    /// Every setting and its value, defaults too.
    pub settings: Vec<(String, String)>,
    /// Batch interval in seconds, for the micro-batch engine.
    pub interval_s: Option<f64>,
    /// From one batch to the next in seconds, where an engine begins them by the clock and takes what has
    /// come by then: Spark's trigger.
    #[serde(default)]
    pub trigger_s: Option<f64>,
    /// Whether a cluster's workers were to do the work, whatever came of it. Earlier records say so of
    /// the repetitions that had started alone.
    #[serde(default)]
    pub is_elsewhere: bool,
    /// One entry for each time it was run.
    pub repetitions: Vec<Repetition>,
    /// `result_latency` with the verified repetitions' histograms merged, if they were.
    #[serde(default)]
    pub merged_result_latency: Option<Latency>,
    /// `event_latency`, likewise.
    #[serde(default)]
    pub merged_event_latency: Option<Latency>,
    /// How long an answer takes that nothing has to be computed for, where that was measured: of an
    /// engine in a process of its own. Since version 2.
    #[serde(default)]
    pub floor: Option<Floor>,
    /// Its highest sustainable rate, where that was searched. Since version 2.
    #[serde(default)]
    pub limit: Option<Limit>,
}

impl EngineRecord {
    /// From one batch to the next by the clock, in seconds, where somebody chose that.
    pub fn batch_every_s(&self) -> Option<f64> {
        self.interval_s.or(self.trigger_s)
    }

    /// Whether it ran on a cluster, or was to.
    pub fn is_on_cluster(&self) -> bool {
        let mut processes = self.repetitions.iter().filter_map(|one| one.process.as_ref());
        self.is_elsewhere || processes.any(|process| process.is_elsewhere)
    }
}

/// What of a latency is the way to an engine in a process of its own and back: its `result_latency`
/// with the same settings where nothing is asked, under a light load, measured once in a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    /// Half of its answers were faster, in nanoseconds.
    pub p50_ns: u64,
    /// 99 % were faster; none if there were too few answers for it.
    pub p99_ns: Option<u64>,
    /// What was offered, in events per second.
    pub rate_per_s: f64,
    /// Why that, in words.
    pub why: String,
    /// Processor time of the engine, in microseconds per event.
    #[serde(deserialize_with = "nan_if_null")]
    pub cpu_us_per_event: f64,
}

/// The execution model of an engine of this program, or which engine it is; gives it its colour, its
/// dash and its marker.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Collects for an interval, then computes on the batch.
    MicroBatch,
    /// Lets each event through at once.
    PerEvent,
    /// Apache Flink.
    Flink,
    /// Apache Spark's Structured Streaming.
    SparkStructured,
    /// Apache Spark's Structured Streaming in real-time mode.
    SparkRealTime,
    /// Apache Spark's streams of batches.
    SparkDstream,
    /// Apache Storm.
    Storm,
    /// Anything else that is compared with them.
    Other,
}

impl EngineKind {
    /// Whether it is a part of this program.
    pub const fn is_embedded(self) -> bool {
        matches!(self, Self::MicroBatch | Self::PerEvent)
    }

    /// What it is called where it is named.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MicroBatch => "micro-batch",
            Self::PerEvent => "per-event",
            Self::Flink => "flink",
            Self::SparkStructured => "spark-structured",
            Self::SparkRealTime => "spark-real-time",
            Self::SparkDstream => "spark-dstream",
            Self::Storm => "storm",
            Self::Other => "other",
        }
    }
}
