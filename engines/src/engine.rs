//! What may be asked of an executor, and what it tells afterwards.

use crate::aggregate::AggregateError;
use crate::clock::Clock;
use crate::dataflow::Dataflow;
use crate::ports::{Sink, Source};
use crate::record::Data;
use crate::time::Moment;
use crate::window::Window;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The stream type of an interpreter.
pub type StreamOf<F, T> = <F as Dataflow>::Stream<T>;

/// An executor of plans.
pub trait Engine {
    /// The interpreter that turns a plan into something it can run over events of `I`.
    type Flow<I: Data>: Dataflow;

    /// Runs a plan to the end of its input, or until `control` says stop.
    ///
    /// `sources` are the partitions of the input. `sinks` are as many as the engine has
    /// workers, which is [`Engine::workers`].
    fn run<I: Data, O: Data>(
        &self,
        plan: impl FnOnce(&mut Self::Flow<I>, StreamOf<Self::Flow<I>, I>) -> StreamOf<Self::Flow<I>, O>,
        sources: Vec<Box<dyn Source<Item = I>>>,
        sinks: Vec<Box<dyn Sink<Item = O>>>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError>;

    /// How many workers, and so how many sinks.
    fn workers(&self) -> usize;
}

/// What happens to a run from outside, and what can be seen of it there, while it lasts.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    read: AtomicU64,
    /// How many records were finished with, and one; 0 where nobody tells.
    told_finished: AtomicU64,
}

impl Control {
    /// Asks the engine to stop soon.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it has been asked to.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How many records the engine has taken from its sources so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// For executors: so many more records were taken.
    #[inline]
    pub fn add_read(&self, records: u64) {
        self.read.fetch_add(records, Ordering::Relaxed);
    }

    /// How many records are in batches that are finished; none where the engine does not tell, since
    /// it has none or keeps them to itself.
    pub fn finished(&self) -> Option<u64> {
        self.told_finished.load(Ordering::Relaxed).checked_sub(1)
    }

    /// For executors that work in batches, first before any is begun: so many records are in batches
    /// that are finished.
    pub fn tell_finished(&self, records: u64) {
        self.told_finished.store(records.saturating_add(1), Ordering::Relaxed);
    }
}

/// What an engine did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Records taken from the sources.
    pub read: u64,
    /// Records whose event time no engine accepts.
    pub rejected: u64,
    /// What each aggregation of windows or sessions counted, in the order of the plan.
    pub windows: Vec<WindowCounts>,
    /// Answers handed to the sinks.
    pub answers: u64,
    /// The batches, where the engine works in batches.
    pub batches: Vec<BatchTiming>,
    /// Tasks that failed and were computed again from their lineage.
    pub retries: u64,
    /// Processor time that its threads spent on spinning while there was nothing to do, in nanoseconds.
    /// None of an engine that does not tell, and of time that was simulated.
    pub spun_ns: Option<u64>,
    /// A hash over every step of a simulated run; zero otherwise. Same seed, same hash.
    pub trace_hash: u64,
}

/// What happened to the records that reached an aggregation of windows or sessions.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowCounts {
    /// Counted in every window that holds them.
    pub accepted: u64,
    /// Of the accepted: too late for some of their windows.
    pub partly_late: u64,
    /// Too late for all of their windows; they count nowhere.
    pub late: u64,
    /// Pairs of a record and a window that holds it, which had fired: `late` and `partly_late`,
    /// counted in windows.
    pub missed_windows: u64,
    /// Steps of adding, combining and subtracting partial aggregates for windows, above adding
    /// each record to its pane. A count, so that algorithms compare without a clock.
    pub combine_steps: u64,
    /// Sessions that were kept at once, at the most; of several workers, the sum of theirs. Zero for
    /// windows, which are kept by pane.
    pub kept_most: u64,
    /// How long the longest session had become, in microseconds: one that never ends shows here. Zero
    /// for windows.
    pub longest_us: u64,
    /// The algorithm at work.
    pub algorithm: &'static str,
}

impl WindowCounts {
    /// The counts of two workers.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            partly_late: self.partly_late + other.partly_late,
            late: self.late + other.late,
            missed_windows: self.missed_windows + other.missed_windows,
            combine_steps: self.combine_steps + other.combine_steps,
            kept_most: self.kept_most + other.kept_most,
            longest_us: self.longest_us.max(other.longest_us),
            algorithm: self.algorithm,
        }
    }
}

/// One micro-batch, as Spark's streaming page shows it. Its interval is the run's.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct BatchTiming {
    /// When its interval closed.
    pub close: Moment,
    /// When its job started; the scheduling delay is `started - close`.
    pub started: Moment,
    /// When its last task had finished; the processing time is `finished - started`.
    pub finished: Moment,
    /// How many records it held.
    pub records: u64,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// An aggregate could not express its answer.
    #[error("key {key}, window [{}, {}) µs: {cause}", window.start.as_micros(), window.end.as_micros())]
    Aggregate {
        /// The key, as the program shows it.
        key: String,
        /// The window.
        window: Window,
        /// What went wrong.
        cause: AggregateError,
    },
    /// A worker of the per-event engine panicked.
    #[error("worker {worker} panicked: {cause}")]
    WorkerPanicked {
        /// Which worker.
        worker: usize,
        /// The panic's message.
        cause: String,
    },
    /// A task of the micro-batch engine panicked at every attempt.
    #[error(
        "batch {batch}: task {task} of stage {stage} failed {attempts} times, the last time: {cause}"
    )]
    TaskFailed {
        /// Which batch.
        batch: u64,
        /// Which stage of its job.
        stage: usize,
        /// Which task of the stage.
        task: usize,
        /// How often it was tried.
        attempts: u32,
        /// The last panic's message.
        cause: String,
    },
    /// The system refused a worker its thread.
    #[error(
        "the system has no thread for worker {worker}: {cause}; lower --parallelism, or raise the \
         limit on threads (ulimit -u, or pids.max of the cgroup)"
    )]
    NoThread {
        /// Which worker, from 0; the calling thread is the first.
        worker: usize,
        /// What the system says.
        cause: String,
    },
    /// The plan asks for something this engine cannot do as it is configured.
    #[error("{0}")]
    Unsupported(String),
    /// An engine in another process did not do what it was asked for: what, and the way out.
    #[error("{0}")]
    Elsewhere(String),
    /// The run was asked to stop before its input ended.
    #[error("stopped before the end of the input")]
    Stopped,
}

#[cfg_attr(
    not(any(feature = "micro-batch", feature = "per-event")),
    expect(dead_code, reason = "an executor refuses")
)]
impl EngineError {
    pub(crate) fn sinks(sinks: usize, workers: usize) -> Self {
        Self::Unsupported(format!(
            "there are {sinks} sinks for {workers} workers: give each worker its own"
        ))
    }

    /// An aggregation over answers that may come again: it would count the old one and the new.
    pub(crate) fn reads_refined_answers() -> Self {
        Self::Unsupported(
            "an aggregation with allowed_lateness gives an answer again when a late record changes \
             it, and another aggregation reads its answers, which would count both: allow no \
             lateness in the first, or nothing after it that aggregates"
                .to_owned(),
        )
    }

    /// Records are counted that come in no order that anybody has decided.
    pub(crate) fn counts_without_an_order() -> Self {
        Self::Unsupported(
            "windows of counted records hold what comes one after another, and no order is decided \
             between united streams, nor between the answers of an operator: count the events of one \
             stream"
                .to_owned(),
        )
    }
}

/// How a window is computed from its panes.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Algorithm {
    /// The cheapest that the aggregate allows: subtract-on-evict where there is an inverse,
    /// two-stacks where there is none, slices where a window is one pane.
    #[default]
    Auto,
    /// Every window is computed anew from its records.
    Recompute,
    /// Every pane is aggregated once, every window combines its panes.
    Slices,
    /// A running aggregate per key: what enters is combined, what leaves is subtracted. Spark
    /// calls it inverse reduce.
    SubtractOnEvict,
    /// A running aggregate per key for aggregates without an inverse.
    TwoStacks,
}

impl Algorithm {
    /// The name in a run record and in a scenario file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Recompute => "recompute",
            Self::Slices => "slices",
            Self::SubtractOnEvict => "inverse",
            Self::TwoStacks => "two-stacks",
        }
    }
}

/// What a panic said, from what it was caught as.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
