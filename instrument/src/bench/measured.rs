//! What a repetition brought, as it comes back from wherever it was measured.

use super::Order;
use crate::measure::latency::Latencies;
use reports::record::{
    Counts, InputRecord, Repetition, Throughput, Truth, Verdict, VerdictKind, Warning,
};
use serde::{Deserialize, Serialize};

/// What a repetition brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// For the record.
    pub repetition: Repetition,
    /// `result_latency` of the measured answers, to be merged with those of other repetitions.
    pub result: Latencies,
    /// `event_latency`, likewise.
    pub event: Latencies,
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
    pub fn nothing(order: &Order<'_>, kind: VerdictKind, text: String) -> Self {
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
            batches_one_of: None,
            timeline: Vec::new(),
            verdict: Verdict {
                kind,
                text,
                answers_checked: 0,
                completeness: None,
                distance: None,
                bounds_only: false,
                lost: None,
                differences: Vec::new(),
            },
            trace_hash: None,
            failure,
            seed: Some(order.seed),
            input_hash: None,
            warm_up: None,
            anatomy: None,
            mark_wait: None,
            pause: None,
            spun_s: None,
            sessions: None,
            kept_most: None,
            fixed_work: None,
            energy: None,
            process: None,
            p99_ns_thirds: None,
            measured_s: None,
        };
        Self {
            repetition,
            result: Latencies::default(),
            event: Latencies::default(),
            algorithm: None,
            truth: None,
            facts: None,
        }
    }
}
