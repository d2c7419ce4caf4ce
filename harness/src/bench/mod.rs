//! One engine, one cell, once: who does it, and what comes back.
//!
//! A [`Bench`] takes an [`Order`] and brings what was [`Measured`]; what to run and how often is
//! not its business, and it writes no record. There are two. [`Processes`] starts a process for
//! each order, so that no repetition inherits memory, threads or a bad turn of the allocator from
//! the one before, and one that dies takes nothing with it. [`Here`] does it in this process: for
//! simulated time, where nothing can be inherited, and for tests.

pub mod folder;
pub mod warnings;
pub mod repetition;
mod facts;
mod child;
mod here;
mod process;
mod wire;

pub(crate) use child::serve;
pub use here::Here;
pub use process::Processes;

use crate::bench::folder::Folder;
use crate::measure::seen::Watch;
use crate::plan::{Cell, EngineSetting};
use crate::run::RunError;
use hdrhistogram::Histogram;
use reports::record::{
    Counts, InputRecord, Repetition, Throughput, Truth, Verdict, VerdictKind, Warning,
};
use serde::{Deserialize, Serialize};

/// Measures what it is ordered to.
pub trait Bench {
    /// Runs one repetition. `watch` is told about every 100 ms how far it is, and may end it
    /// early: what then comes back is an interrupted repetition with what there was.
    ///
    /// An engine that fails, a process that dies and a wish to stop are repetitions as well,
    /// whose verdict says so; an error means that the run cannot go on.
    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError>;
}

/// One repetition to be run.
#[derive(Copy, Clone, Debug)]
pub struct Order<'a> {
    /// What is asked of which input.
    pub cell: &'a Cell,
    /// Which of the cell's engines.
    pub engine: usize,
    /// Which time this is, from 1.
    pub rep: u32,
    /// Of the input, in place of the cell's own; a trace heeds none.
    pub seed: u64,
    /// Where interval log, timeline and answers are written; nowhere, if none.
    pub files: Option<&'a Folder>,
    /// Whether answers and late events are written as well.
    pub keep_results: bool,
    /// Whether time is simulated, on one thread.
    pub simulate: bool,
}

impl Order<'_> {
    /// The engine and its settings.
    pub fn setting(&self) -> &EngineSetting {
        &self.cell.engines[self.engine]
    }
}

/// What a repetition brought.
#[derive(Clone, Debug)]
pub struct Measured {
    /// For the record.
    pub repetition: Repetition,
    /// `result_latency` of the measured answers, to be merged with those of other repetitions.
    pub result: Histogram<u64>,
    /// `event_latency`, likewise.
    pub event: Histogram<u64>,
    /// The algorithm by which windows were computed, where there were any.
    pub algorithm: Option<String>,
    /// What event time alone would answer, where that was computed.
    pub truth: Option<Truth>,
    /// What is known of the cell once its input has been made; none if it never was.
    pub facts: Option<Facts>,
}

/// What is known of a cell once its input has been made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The input.
    pub input: InputRecord,
    /// The question in a sentence.
    pub question: String,
    /// Which event makes an answer due.
    pub latency_definition: String,
    /// Reasons not to trust it.
    pub warnings: Vec<Warning>,
}

impl Measured {
    /// A repetition that brought nothing but the reason why.
    pub(crate) fn nothing(order: &Order<'_>, kind: VerdictKind, text: String) -> Self {
        let failure = (kind == VerdictKind::Failed).then(|| text.clone());
        let nothing_per_s = Throughput {
            offered_per_s: f64::NAN,
            accepted_per_s: f64::NAN,
            completed_per_s: f64::NAN,
            drain_s: f64::NAN,
            sustained: false,
            backlog_slope: None,
        };
        let repetition = Repetition {
            rep: order.rep,
            counts: Counts::default(),
            result_latency: None,
            event_latency: None,
            throughput: nothing_per_s,
            backlog_max: 0,
            backlog_end: 0,
            cpu_s: f64::NAN,
            cpu_us_per_event: f64::NAN,
            peak_memory_bytes: 0,
            batches: Vec::new(),
            timeline: Vec::new(),
            verdict: Verdict {
                kind,
                text,
                answers_checked: 0,
                completeness: None,
                distance: None,
                bounds_only: false,
                differences: Vec::new(),
            },
            trace_hash: None,
            failure,
            seed: Some(order.seed),
            input_hash: None,
            warm_up: None,
            anatomy: None,
            p99_ns_thirds: None,
        };
        Self {
            repetition,
            result: crate::measure::intervals::histogram(),
            event: crate::measure::intervals::histogram(),
            algorithm: None,
            truth: None,
            facts: None,
        }
    }
}
