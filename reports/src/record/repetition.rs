//! One engine on one cell, once: what it did, how long it took, and whether that may be believed.
//!
//! How it compares to others is not known here.

use super::bins::LatencyBins;
use super::study::{Anatomy, SteadyState, Untold, WarmUp};
use super::undefined::nan_if_null;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// Of the processor time so much went into spinning, on threads of the engine that had nothing to do,
    /// in seconds. None where the engine does not tell, and before that was counted. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spun_s: Option<f64>,
    /// Most memory above what the input needs, in bytes.
    pub peak_memory_bytes: u64,
    /// The batches, of an engine that has any: all of them, or the longest ones.
    pub batches: Vec<Batch>,
    /// Of so many batches in a row the one with the longest delay stands there, where there were more
    /// than a record holds. None where all do. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches_one_of: Option<u64>,
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
    /// How long it was measured, from the end of its warm-up to the last event that was due, in
    /// seconds; the cell's duration, if none. Since version 2.
    #[serde(default)]
    pub measured_s: Option<f64>,
    /// What of `result_latency` was the wait for a watermark mark; none where answers wait for none.
    #[serde(default)]
    pub mark_wait: Option<MarkWait>,
    /// When whoever looks at the run from beside it was kept longest from looking; none in simulated
    /// time.
    #[serde(default)]
    pub pause: Option<Pause>,
    /// How long the same piece of work took right before and right after it; none in simulated time.
    #[serde(default)]
    pub fixed_work: Option<FixedWork>,
    /// What energy the machine's processors took; none where it does not tell, and in simulated time.
    #[serde(default)]
    pub energy: Option<Energy>,
    /// What is known of the engine's own process; none for an engine that is part of the program.
    #[serde(default)]
    pub process: Option<EngineProcess>,
    /// What was kept of sessions; none where none were asked for. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Sessions>,
    /// How many records and partial results were kept at once, at the most, for windows of counted events,
    /// silences or a join; of several workers, the sum of what each kept. None where none were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_most: Option<u64>,
}

/// What was kept of sessions, which end when nothing is heard of their key.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// At once, at the most; of several workers, the sum of what each kept.
    pub kept_most: u64,
    /// How long the longest had become, in seconds of event time.
    pub longest_s: f64,
    /// How much event time passed while events were due, in seconds.
    pub passed_s: f64,
}

impl Sessions {
    /// Whether one went on for most of the time that there was, so that it may never have ended.
    pub fn is_endless(self) -> bool {
        self.longest_s > self.passed_s / 2.0
    }
}

/// Energy that the packages of the machine's processors took over the whole run, by their own counters.
/// Whoever took it: the engine, this program, and what else ran.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Energy {
    /// All of it, in joules.
    #[serde(deserialize_with = "nan_if_null")]
    pub joules: f64,
    /// What they took before the engine was there, while nothing was asked, in watts.
    #[serde(deserialize_with = "nan_if_null")]
    pub idle_w: f64,
    /// For how long it was counted, in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub length_s: f64,
}

impl Energy {
    /// What the machine would not have taken at rest, in joules; nothing where it took less.
    pub fn above_rest_j(&self) -> f64 {
        (self.joules - self.idle_w * self.length_s).max(0.0)
    }
}

/// An engine that ran in a process of its own, beside the program that measures. Processor time and
/// memory of the repetition are those of that process.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct EngineProcess {
    /// The engine's version, as it says itself.
    pub version: Option<String>,
    /// That of the Java it ran on.
    pub java: Option<String>,
    /// Where it is from, and what else it says of how it is set up: name and value.
    pub settings: Vec<(String, String)>,
    /// From its start until all of it was there, in seconds; part of no latency.
    #[serde(deserialize_with = "nan_if_null")]
    pub start_up_s: f64,
    /// How well the readings of its clock know what it says, in nanoseconds.
    pub clock_bound_ns: u64,
    /// Whether its clock is the one that latencies are measured by, as far as the readings can tell;
    /// else a latency may be too long by the bound.
    pub is_same_clock: bool,
    /// What the moment of an answer is.
    #[serde(default)]
    pub stamps: Stamps,
    /// Whether it was a cluster's workers that did the work, in processes that are not the program's:
    /// their processor time and memory are not known.
    #[serde(default)]
    pub is_elsewhere: bool,
    /// On which processors the engine ran, and on which the program that measures; none where the
    /// system does not tell.
    #[serde(default)]
    pub cores: Option<Cores>,
    /// Processor time by group of threads, in seconds, since it started, as it says itself.
    pub cpu_s: Vec<(String, f64)>,
    /// Collections of garbage since it started.
    pub gc_count: Option<u64>,
    /// How long they took, in seconds.
    pub gc_s: Option<f64>,
    /// Processor time of the program that measures while it ran, in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub harness_cpu_s: f64,
}

/// On which logical processors an engine in a process of its own ran, and on which the program that
/// measures, as the system said when both did: numbers and ranges, with commas between.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Cores {
    /// Those of the engine; empty where a cluster's workers did the work.
    pub engine: String,
    /// Those of the program that measures.
    pub harness: String,
    /// Why these, in words; empty where nobody decided it.
    pub why: String,
}

impl Cores {
    /// How many processors the engine was held to; none where it had all of them, or is elsewhere.
    pub fn held_to(&self) -> Option<u32> {
        if self.engine.is_empty() || self.engine == self.harness {
            return None;
        }
        let count = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            last.checked_sub(first)?.checked_add(1)
        };
        self.engine.split(',').try_fold(0_u32, |all, part| all.checked_add(count(part)?))
    }

    /// Who had what, in words.
    pub fn told(&self) -> String {
        let Self { engine, harness, why } = self;
        let cpus = |list: &str| {
            let several = list.contains([',', '-']);
            format!("CPU{} {list}", if several { "s" } else { "" })
        };
        let (lead, because) = if engine.is_empty() {
            (format!("engine on the cluster's, harness on {}", cpus(harness)), "; ")
        } else if engine == harness {
            (format!("engine and harness on {}, not pinned", cpus(engine)), ": ")
        } else {
            (format!("engine on {}, harness on {}", cpus(engine), cpus(harness)), "; ")
        };
        if why.is_empty() { lead } else { lead + because + why }
    }
}

/// What the moment of an answer is.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stamps {
    /// When the engine's sink was handed it, by the clock of its process.
    #[default]
    Emission,
    /// When it came to the program that measures, since the engine's clocks are another machine's.
    Arrival,
}

/// How fast the machine was, apart from any engine: the time that one and the same piece of work
/// took on one core, in nanoseconds. A loop in registers, the same in every repetition that was ever
/// made by builds of one kind; a machine that is slower takes longer for it.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FixedWork {
    /// Right before the repetition.
    pub before_ns: u64,
    /// Right after it.
    pub after_ns: u64,
}

/// How late the sampler woke, when that was worst. It does nothing but look every 100 ms, so that
/// what keeps it from that keeps the engine from its work.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Pause {
    /// When it was to look, in seconds since the run's start.
    #[serde(deserialize_with = "nan_if_null")]
    pub at_s: f64,
    /// How much later it did, in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub late_s: f64,
}

/// How long answers waited for a watermark mark although the event that completes them was there:
/// until then no engine can know that they are complete. Over the answers that were followed on
/// their way.
#[derive(Copy, Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct MarkWait {
    /// The mean wait, in nanoseconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean_ns: f64,
    /// The mean `result_latency` of the same answers, in nanoseconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub of_mean_ns: f64,
}

impl MarkWait {
    /// The mean over some repetitions; none if there is none.
    pub fn mean(waits: impl Iterator<Item = Self>) -> Option<Self> {
        let mut count = 0.0;
        let mut sum = Self::default();
        for wait in waits {
            count += 1.0;
            sum.mean_ns += wait.mean_ns;
            sum.of_mean_ns += wait.of_mean_ns;
        }
        (count > 0.0)
            .then(|| Self { mean_ns: sum.mean_ns / count, of_mean_ns: sum.of_mean_ns / count })
    }

    /// The wait over the whole; zero if there is nothing to wait for.
    pub fn share(&self) -> f64 {
        if self.of_mean_ns > 0.0 { self.mean_ns / self.of_mean_ns } else { 0.0 }
    }
}

impl Repetition {
    /// Whether the answers were checked and found right, under a load that was held. Only then
    /// is a speed shown.
    pub fn is_verified(&self) -> bool {
        self.verdict.kind == VerdictKind::Verified
    }

    /// Whether what was measured was steady. What moves has figures that would be others after
    /// another minute; what was not told is not steady.
    pub fn steady_state(&self) -> SteadyState {
        match self.warm_up.as_ref().map(|warm_up| (warm_up.steady, warm_up.untold)) {
            Some((Some(true), _)) => SteadyState::Reached,
            Some((Some(false), _)) => SteadyState::NotReached,
            None | Some((None, Some(Untold::LoadVaries))) => SteadyState::NotAsked,
            Some((None, Some(Untold::TooShort) | None)) => SteadyState::NotTold,
        }
    }

    /// Whether any event fell due in the measured part. Where none did, there is no rate, no cost
    /// and no keeping up to speak of.
    pub fn has_measured(&self) -> bool {
        self.throughput.offered_per_s > 0.0
    }

    /// Most memory above what the input needs, in bytes, where it is known.
    pub fn peak_memory(&self) -> Option<f64> {
        let is_elsewhere = self.process.as_ref().is_some_and(|process| process.is_elsewhere);
        (!is_elsewhere).then_some(self.peak_memory_bytes as f64)
    }

    /// Processor time of the engine's work per accepted event, in microseconds: without what was spun, where
    /// that is told.
    pub fn work_us_per_event(&self) -> f64 {
        let waited = self.spun_s.map_or(0.0, |spun_s| spun_s / self.cpu_s);
        let is_sayable = waited.is_finite();
        self.cpu_us_per_event * if is_sayable { (1.0 - waited).max(0.0) } else { 1.0 }
    }

    /// Whether its time was simulated: a simulation alone leaves the trace of its steps.
    pub const fn is_simulated(&self) -> bool {
        self.trace_hash.is_some()
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
    /// Events too late for some of their windows; accepted. None where the engine does not tell.
    pub partly_late: Option<u64>,
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
    /// Pairs of an event and a window it came too late for. None where the engine does not tell.
    pub missed_windows: Option<u64>,
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

/// How many answers it takes for a quantile to be more than a few of them: ten beyond it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a quantile lies below 1, and a float cast saturates"
)]
pub fn answers_for(quantile: f64) -> u64 {
    (10.0 / (1.0 - quantile)).round() as u64
}

/// The quantiles as far as there are answers enough for each: of three answers, the slowest is no
/// 99th percentile.
impl Latency {
    /// The median.
    pub fn p50(&self) -> Option<u64> {
        self.where_enough(0.5, self.p50_ns)
    }

    /// The 90th percentile.
    pub fn p90(&self) -> Option<u64> {
        self.where_enough(0.9, self.p90_ns)
    }

    /// The 99th percentile.
    pub fn p99(&self) -> Option<u64> {
        self.where_enough(0.99, self.p99_ns)
    }

    /// The 99.9th percentile.
    pub fn p999(&self) -> Option<u64> {
        self.where_enough(0.999, self.p999_ns)
    }

    fn where_enough(&self, quantile: f64, ns: u64) -> Option<u64> {
        (self.count >= answers_for(quantile)).then_some(ns)
    }
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
    /// Rows of state after it, as an engine in a process of its own says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_rows: Option<u64>,
    /// The watermark that was in force in it, in seconds of event time, as such an engine says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark_s: Option<f64>,
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
    /// Several source partitions make lateness a race, or the engine loses events, so the answers
    /// were checked to lie between what must count and what may.
    pub bounds_only: bool,
    /// What the engine lost without a word. None of an engine that may lose nothing. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// The first differences found, each with its key, window and both values.
    pub differences: Vec<String>,
}

/// What an engine lost without a word: it counts in no answer, and the engine does not say that it
/// came too late.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Lost {
    /// Pairs of an event and a window that holds it.
    pub memberships: u64,
    /// All such pairs.
    pub of: u64,
    /// As many events would be missing if each were from all of its windows.
    pub events: u64,
}

impl Lost {
    /// Of all pairs, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.memberships as f64 / self.of as f64 }
    }
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
