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

pub mod bins;
pub mod schema;
pub mod study;

use bins::LatencyBins;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};
use study::{Anatomy, Coordinate, Limit, Sweep, Threshold, WarmUp};

/// The format this build writes. Every older one is still read.
pub const SCHEMA_VERSION: u32 = 2;

/// The record's name in a run's folder.
pub const FILE_NAME: &str = "run.json";

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
    /// Whether somebody stopped the run; finished cells are kept.
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
}

/// The input of a cell: the same bytes for every engine.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct InputRecord {
    /// Events offered, warm-up included.
    pub events: u64,
    /// Hash of the input, in hexadecimal.
    pub hash: String,
    /// When it was made: "before the clock started", or "ahead of need, by another thread".
    pub made: String,
    /// Source partitions, each with its own watermark.
    pub partitions: u32,
    /// Mean rate at which events were due, in events per second.
    #[serde(deserialize_with = "nan_if_null")]
    pub offered_per_s: f64,
    /// Rows of a trace that could not be read and were left out, as the configuration allowed.
    pub rejected_rows: u64,
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
    /// One entry for each time it was run.
    pub repetitions: Vec<Repetition>,
    /// `result_latency` with the verified repetitions' histograms merged, if they were.
    #[serde(default)]
    pub merged_result_latency: Option<Latency>,
    /// `event_latency`, likewise.
    #[serde(default)]
    pub merged_event_latency: Option<Latency>,
    /// Its highest sustainable rate, where that was searched. Since version 2.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// The execution model of an engine; gives it its colour, its dash and its marker.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Collects for an interval, then computes on the batch.
    MicroBatch,
    /// Lets each event through at once.
    PerEvent,
    /// Anything else that is compared with the two.
    Other,
}

/// One engine on one cell, once.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Repetition {
    /// Which time this was, from 1.
    pub rep: u32,
    /// What happened to the events, over the whole run.
    pub counts: Counts,
    /// From the moment an answer was due to its emission; none if no answer was measured.
    pub result_latency: Option<Latency>,
    /// From the due time of the latest contributing event to the answer's emission.
    pub event_latency: Option<Latency>,
    /// How much came in and went out.
    pub throughput: Throughput,
    /// Most events that waited at once, in the measured part.
    pub backlog_max: u64,
    /// Events still waiting when the measured part ended.
    pub backlog_end: u64,
    /// Processor time of the engine's threads over the whole run, in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub cpu_s: f64,
    /// The same per accepted event, in microseconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub cpu_us_per_event: f64,
    /// Most memory above what the input needs, in bytes.
    pub peak_memory_bytes: u64,
    /// The batches, for the micro-batch engine.
    pub batches: Vec<Batch>,
    /// What happened when.
    pub timeline: Vec<TimelineRow>,
    /// Whether any of this may be believed.
    pub verdict: Verdict,
    /// Hash of every step of a simulated run, in hexadecimal.
    pub trace_hash: Option<String>,
    /// What went wrong, if the engine failed.
    pub failure: Option<String>,
    /// Seed of its input: the same for every engine, another for each repetition; the cell's, if
    /// none. Since version 2.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Hash of its input, in hexadecimal; the cell's, if none. Since version 2.
    #[serde(default)]
    pub input_hash: Option<String>,
    /// How its warm-up was chosen; as the cell's configuration says, if none. Since version 2.
    #[serde(default)]
    pub warm_up: Option<WarmUp>,
    /// Where the time of its answers went. Since version 2.
    #[serde(default)]
    pub anatomy: Option<Anatomy>,
    /// 99th percentile of `result_latency` in each third of the measured part, by emission, in
    /// nanoseconds; none if a third has too few answers for one. Since version 2.
    #[serde(default)]
    pub p99_ns_thirds: Option<[u64; 3]>,
}

impl Repetition {
    /// Whether the answers were checked and found right, under a load that was held. Only then
    /// is a speed shown.
    pub fn is_verified(&self) -> bool {
        self.verdict.kind == VerdictKind::Verified
    }

    /// Whether what was measured was steady, as far as anyone can tell. What drifts to its end
    /// has figures that would be others after another minute: they are shown and not compared.
    pub fn may_be_steady(&self) -> bool {
        self.warm_up.as_ref().is_none_or(|warm_up| warm_up.steady != Some(false))
    }
}

/// What happened to the events of one repetition, warm-up included.
/// `read = accepted + late + rejected`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Events taken from the source.
    pub read: u64,
    /// Events that count in at least one window, or that need none.
    pub accepted: u64,
    /// Events too late for all of their windows.
    pub late: u64,
    /// Events too late for some of their windows; accepted.
    pub partly_late: u64,
    /// Events whose event time no engine accepts.
    pub rejected: u64,
    /// Events accepted only because the engine learns of a watermark at the end of a batch.
    pub accepted_late_extra: u64,
    /// Answers given.
    pub answers: u64,
    /// Answers that were due in the measured part and entered the latencies.
    pub answers_measured: u64,
    /// Times two partial aggregates were combined or subtracted.
    pub combine_steps: u64,
    /// Tasks that were run again after a failure.
    pub retries: u64,
    /// Pairs of an event and a window it came too late for.
    pub missed_windows: u64,
}

/// A latency's distribution, in nanoseconds.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Answers in it.
    pub count: u64,
    /// Half were faster.
    pub p50_ns: u64,
    /// 90 % were faster.
    pub p90_ns: u64,
    /// 99 % were faster.
    pub p99_ns: u64,
    /// 99.9 % were faster.
    pub p999_ns: u64,
    /// The slowest.
    pub max_ns: u64,
    /// The mean.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean_ns: f64,
    /// About 60 points of the distribution: percentile (0 to 100, rising) and nanoseconds.
    pub ladder: Vec<(f64, u64)>,
}

/// How much came in and went out in the measured part, in events per second.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Throughput {
    /// Events that were due.
    #[serde(deserialize_with = "nan_if_null")]
    pub offered_per_s: f64,
    /// Events the engine took.
    #[serde(deserialize_with = "nan_if_null")]
    pub accepted_per_s: f64,
    /// Events the engine had finished with.
    #[serde(deserialize_with = "nan_if_null")]
    pub completed_per_s: f64,
    /// From the last due event until all events were taken and all answers were given that an
    /// event made due, in seconds. What only the end of the input brings out is not in it.
    #[serde(deserialize_with = "nan_if_null")]
    pub drain_s: f64,
    /// Whether the engine kept up: what was completed is what was offered, and the backlog did
    /// not grow.
    pub sustained: bool,
    /// How fast the backlog grew, as a share of the offered rate: the 95 % interval of its slope
    /// (Theil–Sen), looked at when a batch has finished where there are batches. None if there
    /// are too few looks to tell. Since version 2.
    #[serde(default)]
    pub backlog_slope: Option<(f64, f64)>,
}

/// One batch, in seconds since the run's start.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Batch {
    /// When its interval ended.
    #[serde(deserialize_with = "nan_if_null")]
    pub close_s: f64,
    /// How long it waited for the batches before it.
    #[serde(deserialize_with = "nan_if_null")]
    pub scheduling_delay_s: f64,
    /// How long it was computed.
    #[serde(deserialize_with = "nan_if_null")]
    pub processing_s: f64,
    /// Events in it.
    pub records: u64,
}

/// What happened between the row before and this one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TimelineRow {
    /// End of the stretch, in seconds since the run's start.
    #[serde(deserialize_with = "nan_if_null")]
    pub t_s: f64,
    /// Events that were due in it.
    pub offered: u64,
    /// Events the engine took in it.
    pub accepted: u64,
    /// Events that were due and not yet finished with, at its end.
    pub backlog: u64,
    /// Answers given in it.
    pub answers: u64,
    /// Median `result_latency` of these, in nanoseconds.
    pub p50_ns: Option<u64>,
    /// 99th percentile of `result_latency` of these, in nanoseconds.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile of `result_latency` of these, in nanoseconds; none of fewer than a
    /// thousand. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999_ns: Option<u64>,
    /// The slowest of these, in nanoseconds.
    pub max_ns: Option<u64>,
    /// How these are distributed, in the measured part. Since version 2.
    #[serde(default, skip_serializing_if = "LatencyBins::is_empty")]
    pub latencies: LatencyBins,
    /// Processors busy for the engine: 1.0 is one core all the time.
    #[serde(deserialize_with = "nan_if_null")]
    pub cpu: f64,
    /// Memory above what the input needs, at its end, in bytes.
    pub memory_bytes: u64,
    /// Something worth a mark: a checkpoint, a fault. Empty if nothing.
    pub note: String,
}

/// What the check against the reference found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// In one word.
    pub kind: VerdictKind,
    /// In a sentence.
    pub text: String,
    /// Answers compared with the reference.
    pub answers_checked: u64,
    /// Pairs of event and window that count where event time says, over all such pairs: 0 to 1.
    /// None if no window is asked about.
    pub completeness: Option<f64>,
    /// Sum of |answer − truth| over sum of |truth|, over the counts. None if no window is asked
    /// about.
    pub distance: Option<f64>,
    /// Several source partitions make lateness a race, so the answers were checked to lie
    /// between what must count and what may.
    pub bounds_only: bool,
    /// The first differences found, each with its key, window and both values.
    pub differences: Vec<String>,
}

/// A verdict in one word.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// Every answer agrees with the reference and the load was held.
    Verified,
    /// Answers differ from the reference.
    Differs,
    /// The generator could not offer what was planned: void, not slow.
    LoadNotHeld,
    /// Stopped before its end.
    Interrupted,
    /// The engine failed.
    Failed,
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verified => "verified",
            Self::Differs => "answers differ",
            Self::LoadNotHeld => "load not held",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        })
    }
}

/// A record that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// No such file, or not ours to read.
    #[error("cannot read {path}: {source}; give a folder that a run has written")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file ends too early.
    #[error(
        "{path} is truncated at line {line}, column {column}: the run that wrote it did not \
         finish writing; run it again"
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        line: usize,
        /// Where it ends.
        column: usize,
    },
    /// Not JSON, or not a run record.
    #[error(
        "{path} is not a run record: {what}; if it was edited by hand, undo that, else run it again"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        what: String,
    },
    /// Written by a newer program.
    #[error(
        "{path} has schema version {found}, this program reads up to {known}: use the newer \
         sluicebench that wrote it"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest this build knows.
        known: u32,
    },
    /// Its numbers contradict each other.
    #[error("{path} contradicts itself: {what}; it was edited or damaged, run it again")]
    Contradictory {
        /// The file.
        path: PathBuf,
        /// Which numbers.
        what: String,
    },
    /// The folder cannot be written to.
    #[error("cannot write {path}: {source}; choose another folder with --out")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl RunRecord {
    /// The record of the run that wrote this folder.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(FILE_NAME);
        let text = fs::read(&path)
            .map_err(|source| RecordError::Unreadable { path: path.clone(), source })?;
        let document: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| explain(&path, &error))?;
        let version = document.get("schema_version").and_then(serde_json::Value::as_u64);
        match version {
            Some(found) if found > u64::from(SCHEMA_VERSION) => {
                return Err(RecordError::TooNew { path, found, known: SCHEMA_VERSION });
            }
            Some(1..) => (),
            _ => {
                return Err(RecordError::Malformed {
                    path,
                    what: "`schema_version` is missing or not a positive integer".into(),
                });
            }
        }
        // From the text, not from the document: only so does an error have a line.
        let record: Self = serde_json::from_slice(&text).map_err(|error| explain(&path, &error))?;
        match record.contradiction() {
            Some(what) => Err(RecordError::Contradictory { path, what }),
            None => Ok(record),
        }
    }

    /// Writes the record into a folder, making the folder if there is none. Whoever looks while
    /// this runs sees the record before or the record after, never half of one. Returns the
    /// file's path.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, RecordError> {
        let path = folder.join(FILE_NAME);
        let mut text = serde_json::to_vec_pretty(self)
            .expect("a record is strings, numbers and lists, which JSON can always say");
        text.push(b'\n');
        fs::create_dir_all(folder)
            .and_then(|()| replace(&path, &text))
            .map_err(|source| RecordError::Unwritable { path: path.clone(), source })?;
        Ok(path)
    }

    /// The first pair of numbers that cannot both be true.
    fn contradiction(&self) -> Option<String> {
        for (n, cell) in self.cells.iter().enumerate() {
            if self.cells[..n].iter().any(|other| other.name == cell.name) {
                return Some(format!("cell `{}` is there twice", cell.name));
            }
            if let Some(what) = inputs_differ(cell) {
                return Some(format!("cell `{}`: {what}", cell.name));
            }
            for (n, engine) in cell.engines.iter().enumerate() {
                let place = format!("cell `{}`, engine `{}`", cell.name, engine.label);
                if let Some(what) = merged_differs(engine) {
                    return Some(format!("{place}: {what}"));
                }
                if cell.engines[..n].iter().any(|other| other.label == engine.label) {
                    return Some(format!("{place}: the engine is there twice"));
                }
                for repetition in &engine.repetitions {
                    if let Some(what) = contradiction_in(repetition) {
                        return Some(format!("{place}, repetition {}: {what}", repetition.rep));
                    }
                }
            }
        }
        None
    }
}

/// Every engine is given the same bytes: a seed has one input.
fn inputs_differ(cell: &CellRecord) -> Option<String> {
    let repetitions = cell.engines.iter().flat_map(|engine| &engine.repetitions);
    let mut seen: Vec<(u64, &str)> = Vec::new();
    for (seed, hash) in repetitions.filter_map(|r| Some((r.seed?, r.input_hash.as_deref()?))) {
        match seen.iter().find(|(other, _)| *other == seed) {
            Some((_, other)) if *other != hash => {
                return Some(format!("the inputs {other} and {hash} have the same seed {seed}"));
            }
            Some(_) => {}
            None => seen.push((seed, hash)),
        }
    }
    None
}

/// A merged histogram holds what the verified repetitions hold, and nothing else.
fn merged_differs(engine: &EngineRecord) -> Option<String> {
    type Of = fn(&Repetition) -> Option<&Latency>;
    let kinds: [(&str, &Option<Latency>, Of); 2] = [
        ("result_latency", &engine.merged_result_latency, |r| r.result_latency.as_ref()),
        ("event_latency", &engine.merged_event_latency, |r| r.event_latency.as_ref()),
    ];
    for (name, merged, of) in kinds {
        let Some(merged) = merged else { continue };
        let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        let single: u64 = verified.filter_map(of).map(|latency| latency.count).sum();
        if single != merged.count {
            let count = merged.count;
            return Some(format!("the merged {name} has {count} answers, its parts {single}"));
        }
    }
    None
}

fn contradiction_in(repetition: &Repetition) -> Option<String> {
    if repetition.is_verified() && repetition.failure.is_some() {
        return Some("it is verified and it failed".into());
    }
    let Counts { read, accepted, late, rejected, answers, answers_measured, .. } =
        repetition.counts;
    if repetition.is_verified() && u128::from(read) != sum([accepted, late, rejected]) {
        return Some(format!(
            "{read} events were read, but {accepted} accepted, {late} late and {rejected} rejected"
        ));
    }
    if answers_measured > answers {
        return Some(format!("{answers_measured} answers were measured of {answers}"));
    }
    let latencies = [
        ("result_latency", &repetition.result_latency),
        ("event_latency", &repetition.event_latency),
    ];
    for (name, latency) in latencies {
        let Some(latency) = latency else { continue };
        let quantiles = [latency.p50_ns, latency.p90_ns, latency.p99_ns, latency.p999_ns];
        if !quantiles.is_sorted() {
            return Some(format!("{name} has quantiles that fall"));
        }
        // A histogram rounds a quantile up to the end of its bucket, by at most 1 %; the
        // maximum may be exact.
        if latency.p999_ns > latency.max_ns.saturating_add(latency.max_ns / 100 + 1) {
            return Some(format!("{name} has a p99.9 above its maximum"));
        }
        // Points of one histogram: whatever lies below a percentile is no slower than it, but for
        // the rounding of a bucket.
        let out_of_step = latency.ladder.iter().find(|(percentile, ns)| {
            let slower = |quantile: u64| *ns > quantile + quantile / 100 + 1;
            (*percentile <= 50.0 && slower(latency.p50_ns))
                || (*percentile <= 99.0 && slower(latency.p99_ns))
        });
        if let Some((percentile, _)) = out_of_step {
            return Some(format!("{name} has a ladder above its quantiles at {percentile} %"));
        }
        if !latency.ladder.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1) {
            return Some(format!("{name} has a ladder that falls"));
        }
    }
    if let Some(completeness) = repetition.verdict.completeness
        && !(0.0..=1.0).contains(&completeness)
    {
        return Some(format!("a completeness of {completeness} is not between 0 and 1"));
    }
    None
}

fn sum(counts: [u64; 3]) -> u128 {
    counts.into_iter().map(u128::from).sum()
}

/// Puts `text` in place of the file in one step: into a file beside it, to the disk, renamed.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.partial", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // The first error is the one to tell; this is only tidying up.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

fn explain(path: &Path, error: &serde_json::Error) -> RecordError {
    let path = path.to_owned();
    if error.is_eof() {
        return RecordError::Truncated { path, line: error.line(), column: error.column() };
    }
    RecordError::Malformed { path, what: error.to_string() }
}

/// JSON has no NaN, so an undefined number is written as `null`. It must read back: one
/// undefined mean must not make a whole run unreadable.
fn nan_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// A folder with `text` as its record.
    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        folder
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let error = RunRecord::read(folder(text).path()).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
        assert!(error.contains(FILE_NAME), "{error} does not name the file");
    }

    fn text(change: impl FnOnce(&mut RunRecord)) -> String {
        let mut record = sample::record();
        change(&mut record);
        serde_json::to_string(&record).unwrap()
    }

    fn first(record: &mut RunRecord) -> &mut Repetition {
        &mut record.cells[0].engines[0].repetitions[0]
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("runs").join("one");
        let mut record = sample::record();
        for _ in 0..2 {
            record.write(&run).unwrap();
            assert_eq!(RunRecord::read(&run).unwrap().cells.len(), record.cells.len());
            record.cells.pop();
        }
        assert_eq!(fs::read_dir(&run).unwrap().count(), 1, "a partial file was left behind");
    }

    #[test]
    fn an_undefined_number_reads_back_undefined() {
        let text = text(|record| first(record).cpu_us_per_event = f64::NAN);
        let mut record = RunRecord::read(folder(&text).path()).unwrap();
        assert!(first(&mut record).cpu_us_per_event.is_nan());
    }

    #[test]
    fn a_file_cut_short_anywhere_is_called_truncated() {
        let whole = text(|_| ());
        // Before the last brace nothing is complete; a cut inside a letter is not UTF-8.
        for percent in [1, 10, 50, 90, 99] {
            let mut end = whole.len() * percent / 100;
            while !whole.is_char_boundary(end) {
                end += 1;
            }
            check(&whole[..end], "truncated");
        }
        check("", "truncated");
    }

    #[test]
    fn a_newer_record_asks_for_the_newer_program() {
        check(&text(|record| record.schema_version = SCHEMA_VERSION + 1), "use the newer");
        check("{\"schema_version\": 4000000000000}", "schema version 4000000000000");
        check("{\"schema_version\": 0}", "schema_version");
        check("{}", "schema_version");
        check("[]", "schema_version");
    }

    #[test]
    fn a_hand_edited_record_says_what_is_wrong_with_it() {
        check("not json", "is not a run record");
        check(&text(|_| ()).replace("\"seed\":42", "\"seed\":\"x\""), "invalid type");
        check(&text(|_| ()).replace("\"seed\":42,", ""), "missing field `seed`");
        check(&text(|_| ()).replace("\"verified\"", "\"fine\""), "unknown variant `fine`");
    }

    #[test]
    fn numbers_that_contradict_each_other_are_refused() {
        check(&text(|r| first(r).failure = Some("it died".into())), "verified and it failed");
        check(
            &text(|r| first(r).result_latency.as_mut().unwrap().p50_ns = u64::MAX),
            "quantiles that fall",
        );
        check(&text(|r| first(r).result_latency.as_mut().unwrap().max_ns = 1), "above its maximum");
        check(&text(|r| first(r).event_latency.as_mut().unwrap().ladder.reverse()), "ladder");
        check(&text(|r| first(r).verdict.completeness = Some(1.5)), "completeness of 1.5");
        check(&text(|r| r.cells[0].engines[1].label = "micro-batch".into()), "there twice");
        check(&text(|r| r.cells[1].name = r.cells[0].name.clone()), "cell `word-count` is there");
        check(&text(|r| first(r).counts.late += 1), "events were read, but");
        check(&text(|r| first(r).counts.answers_measured = u64::MAX), "answers were measured of");
        check(
            &text(|r| {
                let latency = first(r).result_latency.as_mut().unwrap();
                (latency.p50_ns, latency.p90_ns, latency.p99_ns) = (1, 2, 3);
            }),
            "ladder above its quantiles",
        );
        check(
            &text(|r| {
                let merged = first(r).result_latency.clone();
                r.cells[0].engines[0].merged_result_latency = merged;
            }),
            "the merged result_latency has 1000 answers, its parts 3000",
        );
        check(
            &text(|r| {
                for (n, engine) in r.cells[0].engines.iter_mut().enumerate() {
                    engine.repetitions[0].seed = Some(7);
                    engine.repetitions[0].input_hash = Some(n.to_string());
                }
            }),
            "the inputs 0 and 1 have the same seed 7",
        );
    }

    #[test]
    fn a_missing_file_and_an_unwritable_folder_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = RunRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(FILE_NAME) && error.contains("folder that a run"), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = sample::record().write(&file).unwrap_err().to_string();
        assert!(error.contains("file") && error.contains("--out"), "{error}");
    }
}
