//! How long answers have to wait for a twin's input and for its trace's, on each engine.
//!
//! Both are run in simulated time, in which an engine takes none: what is left is what the input
//! itself and the engine's model make an answer wait for, which is what a twin has to get right.
//! How fast an engine is, and which is the better one, does not come out of it.

use instrument::bench::error::RunError;
use instrument::bench::{Bench as _, Here, Order};
use instrument::measure::latency::Latencies;
use reports::quantity;
use reports::record::twin::{Closeness, Waiting};
use settings::plan::Cell;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What answers of one engine wait for, with either input.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// The engine.
    pub engine: String,
    /// With the trace.
    pub trace: Option<Waited>,
    /// With the twin.
    pub twin: Option<Waited>,
}

/// `event_latency` in simulated time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Of how many answers.
    pub answers: u64,
    /// Their median, in nanoseconds.
    pub p50_ns: u64,
    /// Their 99th percentile, in nanoseconds; none of too few answers for one.
    pub p99_ns: Option<u64>,
}

/// Fewer answers have no 99th percentile but their maximum.
const ANSWERS_FOR_P99: u64 = 100;

/// How far apart, as a share, medians and 99th percentiles are close; and how far roughly.
const CLOSE: f64 = 0.1;
const ROUGHLY: f64 = 0.3;

/// Runs a trace and its twin on every engine of the trace's cell whose time can be simulated.
pub(super) fn waits(trace: &Cell, twin: &Cell) -> Result<Vec<Wait>, RunError> {
    let engines = (0..trace.engines.len()).filter(|n| trace.engines[*n].kind.is_embedded());
    engines
        .map(|engine| {
            Ok(Wait {
                engine: trace.engines[engine].label.clone(),
                trace: waited(trace, engine)?,
                twin: waited(twin, engine)?,
            })
        })
        .collect()
}

/// None where nothing was measured, or not verified.
fn waited(cell: &Cell, engine: usize) -> Result<Option<Waited>, RunError> {
    let order = Order {
        cell,
        engine,
        rep: 1,
        seed: cell.seed,
        files: None,
        keep_results: false,
        simulate: true,
    };
    let mut here = Here::new(Arc::new(AtomicBool::new(false)));
    let measured = here.measure(&order, &mut |_| ControlFlow::Continue(()))?;
    let waited = Waited::of(&measured.event);
    Ok(waited.filter(|_| measured.repetition.is_verified()))
}

impl Waited {
    fn of(latencies: &Latencies) -> Option<Self> {
        let answers = latencies.len();
        (answers > 0).then(|| Self {
            answers,
            p50_ns: latencies.value_at_quantile(0.5),
            p99_ns: (answers >= ANSWERS_FOR_P99).then(|| latencies.value_at_quantile(0.99)),
        })
    }
}

impl Wait {
    /// What a record says of it.
    pub(super) fn recorded(&self) -> Waiting {
        Waiting { closeness: self.closeness(), text: self.to_string() }
    }

    /// How close the two are; none where either has no answer.
    pub fn closeness(&self) -> Option<Closeness> {
        let (trace, twin) = (self.trace?, self.twin?);
        let apart = |one: u64, other: u64| {
            let (low, high) = (one.min(other).max(1), one.max(other).max(1));
            high as f64 / low as f64 - 1.0
        };
        let tails = trace.p99_ns.zip(twin.p99_ns).map_or(0.0, |(one, other)| apart(one, other));
        let furthest = apart(trace.p50_ns, twin.p50_ns).max(tails);
        Some(match furthest {
            share if share <= CLOSE => Closeness::Close,
            share if share <= ROUGHLY => Closeness::Roughly,
            _ => Closeness::Not,
        })
    }
}

impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = |ns: u64| quantity::nanoseconds(ns as f64);
        write!(f, "p50 {}", ns(self.p50_ns))?;
        if let Some(p99_ns) = self.p99_ns {
            write!(f, ", p99 {}", ns(p99_ns))?;
        }
        write!(f, " of {}", quantity::counted(self.answers, "answer"))
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |waited: Option<Waited>| {
            waited.map_or_else(|| "no answer measured".to_owned(), |waited| waited.to_string())
        };
        write!(f, "{}: trace {}; twin {}", self.engine, side(self.trace), side(self.twin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(trace: Option<(u64, Option<u64>)>, twin: Option<(u64, Option<u64>)>) -> Wait {
        let waited = |(p50_ns, p99_ns)| Waited { answers: 100, p50_ns, p99_ns };
        Wait { engine: "e".into(), trace: trace.map(waited), twin: twin.map(waited) }
    }

    #[test]
    fn the_further_of_median_and_tail_decides() {
        let closeness = |trace, twin| wait(Some(trace), Some(twin)).closeness();
        let (close, roughly, not) = (Closeness::Close, Closeness::Roughly, Closeness::Not);
        assert_eq!(closeness((100, Some(900)), (105, Some(950))), Some(close));
        assert_eq!(closeness((100, Some(900)), (100, Some(1_100))), Some(roughly));
        assert_eq!(closeness((100, Some(900)), (100, Some(90))), Some(not));
        assert_eq!(closeness((200, None), (100, Some(90))), Some(not));
        assert_eq!(closeness((0, None), (0, None)), Some(close));
        assert_eq!(wait(Some((1, None)), None).closeness(), None);
    }

    #[test]
    fn few_answers_have_no_p99() {
        let mut latencies = Latencies::default();
        assert_eq!(Waited::of(&latencies), None);
        latencies.record_n(2_000_000, 99);
        insta::assert_snapshot!(Waited::of(&latencies).unwrap(), @"p50 2.00 ms of 99 answers");
        latencies.record_n(2_000_000, 1);
        insta::assert_snapshot!(Waited::of(&latencies).unwrap(), @"p50 2.00 ms, p99 2.00 ms of 100 answers");
    }
}
