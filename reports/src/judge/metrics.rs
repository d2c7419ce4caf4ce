//! Every figure that a run can be judged by: once, with its unit, its good end and its meaning.
//!
//! Thresholds, comparisons, tables and `describe` all go by [`METRICS`], so that a name means
//! the same wherever it stands. A metric is a figure of one repetition; what is said over
//! several repetitions is for whoever compares, and never an average of percentiles.

use super::summary;
use crate::quantity;
use crate::record::{EngineRecord, Latency, Repetition, answers_for};
use statistics::{Better, bootstrap, median};
use std::fmt;

/// A figure that runs and engines are judged by.
#[derive(Copy, Clone, Debug)]
pub struct Metric {
    /// Its name in a threshold and in a table: `result_latency.p99`.
    pub name: &'static str,
    /// What it is called in a sentence.
    pub words: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Which end is the good one.
    pub better: Better,
    /// Differences up to this share are not worth acting on, however surely they are there.
    pub band: f64,
    /// What it means, in a sentence or two.
    pub definition: &'static str,
    /// Which quantile of the answers it is, from 0 to 1, where it is one.
    pub quantile: Option<f64>,
    /// Its value in one repetition, in base units; none where the repetition does not have it, or
    /// not the answers for it, and always none for what is found by a search.
    pub figure: fn(&Repetition) -> Option<f64>,
}

/// Fewer answers than a quantile takes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct TooFew {
    /// The most that a repetition measured.
    pub answers: u64,
    /// What the quantile takes.
    pub needed: u64,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answers, needed) = (quantity::count(self.answers), quantity::count(self.needed));
        write!(f, "{answers} measured, {needed} needed")
    }
}

/// What a metric is counted in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A span in nanoseconds.
    Nanoseconds,
    /// A span in microseconds.
    Microseconds,
    /// A span in seconds.
    Seconds,
    /// Events per second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// A share of a whole, 0 to 1.
    Share,
    /// A ratio of two amounts, from 0.
    Ratio,
    /// A number of events.
    Events,
}

impl Unit {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "µs",
            Self::Seconds => "s",
            Self::PerSecond => "events/s",
            Self::Bytes => "bytes",
            Self::Share => "0 to 1",
            Self::Ratio => "ratio",
            Self::Events => "events",
        }
    }

    /// Whether it counts time, or something per time: what a simulation makes up.
    pub const fn is_of_time(self) -> bool {
        match self {
            Self::Nanoseconds | Self::Microseconds | Self::Seconds | Self::PerSecond => true,
            Self::Bytes | Self::Share | Self::Ratio | Self::Events => false,
        }
    }

    /// A value as it is shown.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Nanoseconds => quantity::nanoseconds(value),
            Self::Microseconds => quantity::microseconds(value),
            Self::Seconds => quantity::seconds(value),
            Self::PerSecond => quantity::rate(value),
            Self::Bytes => quantity::bytes(value),
            Self::Share => quantity::completeness(value),
            Self::Ratio => quantity::fraction(value),
            Self::Events => quantity::amount(value),
        }
    }
}

impl Metric {
    /// A value of it as it is shown.
    pub fn show(&self, value: f64) -> String {
        self.unit.show(value)
    }

    /// Whether it is of the latency of answers from when they were due.
    pub(crate) fn is_of_result_latency(&self) -> bool {
        self.name.starts_with("result_latency.")
    }

    /// A demand of it, such as "a p99 of at most 100 ms" or "a completeness of at least 99.9 %".
    pub(crate) fn demanded(&self, bound: f64) -> String {
        let name = self.words.trim_end_matches(" of result_latency");
        let side = if self.better == Better::Lower { "most" } else { "least" };
        format!("a {name} of at {side} {}", quantity::tick(&self.show(bound)))
    }

    /// The figures that stand for an engine, one for each repetition that is
    /// [`shown`](summary::shown), in their order; for what a search found, the one it found. What
    /// is not verified has no figure.
    pub fn figures(&self, engine: &EngineRecord) -> Vec<f64> {
        self.of(engine, summary::shown(engine))
    }

    /// The figures that an engine is judged by: those of its [`steady`](summary::steady)
    /// repetitions alone.
    pub fn steady_figures(&self, engine: &EngineRecord) -> Vec<f64> {
        self.of(engine, summary::steady(engine))
    }

    /// The figure that stands for an engine where there is room for one, and where it lies: the median
    /// of its [`steady_figures`](Self::steady_figures) with the 95 % interval that resampling by this
    /// seed gives, from six on; of a search, its bracket.
    pub fn level(&self, engine: &EngineRecord, seed: u64) -> Option<(f64, Option<(f64, f64)>)> {
        let figures = self.steady_figures(engine);
        let value = median(&figures)?;
        let bracket = engine.limit.as_ref().filter(|_| self.name == LIMIT.name);
        let interval = match bracket.and_then(|limit| limit.fail_per_s) {
            Some(fail) => Some((value, fail)),
            None => bootstrap::median_interval(&figures, seed),
        };
        Some((value, interval))
    }

    /// How many answers are missing, where none of an engine's verified repetitions has as many as
    /// this quantile takes; none of what is no quantile.
    pub fn too_few(&self, engine: &EngineRecord) -> Option<TooFew> {
        let needed = answers_for(self.quantile?);
        let answers = summary::verified(engine).map(|r| r.counts.answers_measured).max()?;
        let has_figure = summary::verified(engine).any(|r| (self.figure)(r).is_some());
        (!has_figure).then_some(TooFew { answers, needed })
    }

    fn of<'a>(
        &self,
        engine: &EngineRecord,
        repetitions: impl Iterator<Item = &'a Repetition>,
    ) -> Vec<f64> {
        if self.name == LIMIT.name {
            return engine.limit.iter().filter_map(|limit| limit.pass_per_s).collect();
        }
        repetitions.filter_map(self.figure).filter(|figure| figure.is_finite()).collect()
    }
}

/// The metric of this name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The metric of this quantile of `result_latency`; 1 is the highest value.
pub fn of_quantile(quantile: f64) -> Option<&'static Metric> {
    let is_meant = |metric: &&Metric| {
        metric.is_of_result_latency()
            && metric.quantile.is_some_and(|own| own.total_cmp(&quantile).is_eq())
    };
    if quantile >= 1.0 { metric("result_latency.max") } else { METRICS.iter().find(is_meant) }
}

/// What is looked at where runs are held against each other: the headlines, what a search found, and
/// what else is asked for, each once.
pub(crate) fn looked_at(also: &[&'static Metric]) -> Vec<&'static Metric> {
    let mut all: Vec<&'static Metric> = Vec::new();
    for metric in HEADLINES.into_iter().chain(metric(LIMIT.name)).chain(also.iter().copied()) {
        if all.iter().all(|other| other.name != metric.name) {
            all.push(metric);
        }
    }
    all
}

/// What a figure of a repetition is called that says how many events count where they belong.
pub(crate) const COMPLETENESS: &str = "completeness";

/// What a comparison looks at where nobody says: does it answer as soon, keep up as well, and
/// cost as little.
pub const HEADLINES: [&Metric; 3] = [&RESULT_LATENCY_P99, &THROUGHPUT_COMPLETED, &CPU_PER_EVENT];

/// 99th percentile of `result_latency`.
pub const RESULT_LATENCY_P99: Metric = latency(
    "result_latency.p99",
    "p99 of result_latency",
    "From the moment an answer was due to its emission; 99 % of the answers were faster. Due is \
     fixed by the schedule alone, so a stall counts in full. It takes a thousand answers.",
    Some(0.99),
    |r| result(r, |l| whole(l.p99())),
);

/// Processor time per accepted event.
pub const CPU_PER_EVENT: Metric = Metric {
    name: "cpu_per_event",
    words: "CPU time per event",
    unit: Unit::Microseconds,
    better: Better::Lower,
    band: 0.05,
    definition: "Processor time of the work of the engine's threads over the accepted events: without \
                 what they spun while there was nothing to do, where the engine tells that, as those \
                 of this program do. What threads of another engine spin is in it.",
    quantile: None,
    figure: |r| measured(r, r.work_us_per_event()),
};

/// Events finished with per second.
pub const THROUGHPUT_COMPLETED: Metric = Metric {
    name: "throughput.completed",
    words: "completed rate",
    unit: Unit::PerSecond,
    better: Better::Higher,
    band: 0.05,
    definition: "Input events per second that the engine finished with in the measured part: those \
                 of finished batches; without batches, those it answered, where each has an answer \
                 of its own, else those it took. The load is offered at a fixed rate, so this is no \
                 maximum.",
    quantile: None,
    figure: |r| measured(r, r.throughput.completed_per_s),
};

/// The highest sustainable rate.
pub const LIMIT: Metric = Metric {
    name: "limit",
    words: "highest sustainable rate",
    unit: Unit::PerSecond,
    better: Better::Higher,
    band: 0.05,
    definition: "The highest rate that a search saw sustained: the backlog does not grow, the \
                 tail is stable, the load is held and every answer is right. The true limit lies \
                 between it and the lowest rate that failed.",
    quantile: None,
    figure: |_| None,
};

const fn latency(
    name: &'static str,
    words: &'static str,
    definition: &'static str,
    quantile: Option<f64>,
    figure: fn(&Repetition) -> Option<f64>,
) -> Metric {
    let (unit, better, band) = (Unit::Nanoseconds, Better::Lower, 0.10);
    Metric { name, words, unit, better, band, definition, quantile, figure }
}

const fn plain(
    name: &'static str,
    words: &'static str,
    unit: Unit,
    better: Better,
    definition: &'static str,
    figure: fn(&Repetition) -> Option<f64>,
) -> Metric {
    Metric { name, words, unit, better, band: 0.10, definition, quantile: None, figure }
}

fn result(repetition: &Repetition, of: fn(&Latency) -> Option<f64>) -> Option<f64> {
    repetition.result_latency.as_ref().and_then(of)
}

fn event(repetition: &Repetition, of: fn(&Latency) -> Option<f64>) -> Option<f64> {
    repetition.event_latency.as_ref().and_then(of)
}

fn whole(ns: Option<u64>) -> Option<f64> {
    ns.map(|ns| ns as f64)
}

/// A figure of the measured part, where an event was due in it.
fn measured(repetition: &Repetition, figure: f64) -> Option<f64> {
    Some(figure).filter(|figure| repetition.has_measured() && figure.is_finite())
}

/// Every metric, in reading order.
#[rustfmt::skip] // One metric in a row, as in a table.
pub const METRICS: &[Metric] = &[
    latency("result_latency.p50", "p50 of result_latency", "From the moment an answer was due to its emission; half of the answers were faster. Due is fixed by the schedule alone, so a stall counts in full.", Some(0.5), |r| result(r, |l| whole(l.p50()))),
    latency("result_latency.p90", "p90 of result_latency", "From the moment an answer was due to its emission; 90 % of the answers were faster.", Some(0.9), |r| result(r, |l| whole(l.p90()))),
    RESULT_LATENCY_P99,
    latency("result_latency.p999", "p99.9 of result_latency", "From the moment an answer was due to its emission; 99.9 % of the answers were faster. It takes ten thousand answers.", Some(0.999), |r| result(r, |l| whole(l.p999()))),
    latency("result_latency.max", "maximum of result_latency", "From the moment the slowest answer was due to its emission.", None, |r| result(r, |l| Some(l.max_ns as f64))),
    latency("result_latency.mean", "mean of result_latency", "The mean over all measured answers of one repetition.", None, |r| result(r, |l| Some(l.mean_ns))),
    latency("event_latency.p50", "p50 of event_latency", "From the due time of the latest event that contributed to an answer to its emission (Karimov et al., ICDE 2018): it holds what waiting for disorder costs. Half of the answers were faster.", Some(0.5), |r| event(r, |l| whole(l.p50()))),
    latency("event_latency.p90", "p90 of event_latency", "From the due time of an answer's latest event to its emission; 90 % of the answers were faster.", Some(0.9), |r| event(r, |l| whole(l.p90()))),
    latency("event_latency.p99", "p99 of event_latency", "From the due time of an answer's latest event to its emission; 99 % of the answers were faster.", Some(0.99), |r| event(r, |l| whole(l.p99()))),
    latency("event_latency.p999", "p99.9 of event_latency", "From the due time of an answer's latest event to its emission; 99.9 % of the answers were faster.", Some(0.999), |r| event(r, |l| whole(l.p999()))),
    latency("event_latency.max", "maximum of event_latency", "From the due time of the slowest answer's latest event to its emission.", None, |r| event(r, |l| Some(l.max_ns as f64))),
    latency("event_latency.mean", "mean of event_latency", "The mean over all measured answers of one repetition.", None, |r| event(r, |l| Some(l.mean_ns))),
    plain("throughput.offered", "offered rate", Unit::PerSecond, Better::Higher, "Events per second that were due in the measured part.", |r| measured(r, r.throughput.offered_per_s)),
    plain("throughput.accepted", "accepted rate", Unit::PerSecond, Better::Higher, "Events per second that the engine took in the measured part.", |r| measured(r, r.throughput.accepted_per_s)),
    THROUGHPUT_COMPLETED,
    LIMIT,
    CPU_PER_EVENT,
    plain("peak_memory", "peak memory", Unit::Bytes, Better::Lower, "Most memory at once, above what the input needs.", Repetition::peak_memory),
    plain("backlog.max", "largest backlog", Unit::Events, Better::Lower, "Most events that waited at once, in the measured part: due, and not yet finished with; see throughput.completed.", |r| measured(r, r.backlog_max as f64)),
    plain("backlog.end", "backlog at the end", Unit::Events, Better::Lower, "Events that still waited when the measured part ended.", |r| measured(r, r.backlog_end as f64)),
    plain("drain", "time to drain", Unit::Seconds, Better::Lower, "From the last due event to the last answer.", |r| Some(r.throughput.drain_s)),
    // Shares of a fixed input: what differs at all differs for a reason, so the band is thin.
    Metric { name: COMPLETENESS, words: "completeness", unit: Unit::Share, better: Better::Higher, band: 0.001, definition: "Pairs of an event and a window that holds it in event time, where the event was counted in it, over all such pairs. What came too late lowers it.", quantile: None, figure: |r| r.verdict.completeness },
    Metric { name: "distance", words: "distance from the truth", unit: Unit::Ratio, better: Better::Lower, band: 0.05, definition: "How far the answers are from the truth of event time: the sum of |answer - truth| over the sum of |truth|, of counts.", quantile: None, figure: |r| r.verdict.distance },
    Metric { name: "late", words: "late events", unit: Unit::Events, better: Better::Lower, band: 0.05, definition: "Events that came after every window that holds them had fired for good. Events read = accepted + late + rejected.", quantile: None, figure: |r| Some(r.counts.late as f64) },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn no_name_comes_twice_and_every_headline_is_in_the_table() {
        for (n, row) in METRICS.iter().enumerate() {
            assert!(METRICS[..n].iter().all(|other| other.name != row.name), "{}", row.name);
            assert!(row.definition.ends_with('.'), "{} is no sentence", row.name);
            assert!(row.band > 0.0, "{} calls every difference one", row.name);
        }
        for headline in HEADLINES {
            assert!(metric(headline.name).is_some(), "{}", headline.name);
        }
    }

    #[test]
    fn every_metric_of_a_repetition_is_there_for_a_whole_one() {
        let record = sample::record();
        let engine = &record.cells[0].engines[0];
        for metric in METRICS {
            let found = metric.figures(engine).len();
            // A thousand answers have no 99.9th percentile.
            let lacks = metric.name == "limit" || metric.quantile == Some(0.999);
            let want = if lacks { 0 } else { engine.repetitions.len() };
            assert_eq!(found, want, "{}", metric.name);
        }
    }

    #[test]
    fn a_quantile_takes_ten_answers_beyond_it() {
        let mut record = sample::record();
        let engine = &mut record.cells[0].engines[0];
        let mut having = |answers: u64| -> Vec<&str> {
            for repetition in &mut engine.repetitions {
                repetition.counts.answers_measured = answers;
                repetition.result_latency.as_mut().unwrap().count = answers;
            }
            let is_one = |m: &&Metric| m.quantile.is_some() && m.name.starts_with("result_latency");
            let there = |m: &&Metric| !m.figures(engine).is_empty();
            METRICS.iter().filter(is_one).filter(there).map(|m| &m.name[15..]).collect()
        };
        assert_eq!(having(19), [""; 0]);
        assert_eq!(having(20), ["p50"]);
        assert_eq!(having(99), ["p50"]);
        assert_eq!(having(100), ["p50", "p90"]);
        assert_eq!(having(999), ["p50", "p90"]);
        assert_eq!(having(1_000), ["p50", "p90", "p99"]);
        assert_eq!(having(10_000), ["p50", "p90", "p99", "p999"]);
        having(3);
        let too_few = RESULT_LATENCY_P99.too_few(engine).unwrap();
        assert_eq!(too_few, TooFew { answers: 3, needed: 1_000 });
        assert_eq!(CPU_PER_EVENT.too_few(engine), None);
    }

    #[test]
    fn where_no_event_was_measured_there_is_no_cost_and_no_rate() {
        let mut record = sample::record();
        let engine = &mut record.cells[0].engines[0];
        for nothing in [0.0, f64::NAN] {
            for repetition in &mut engine.repetitions {
                repetition.throughput.offered_per_s = nothing;
            }
            for metric in [CPU_PER_EVENT, THROUGHPUT_COMPLETED] {
                assert!(metric.figures(engine).is_empty(), "{}", metric.name);
            }
        }
    }

    #[test]
    fn what_is_not_verified_has_no_figure() {
        let record = sample::troubled();
        let engine = &record.cells[2].engines[0];
        assert!(METRICS.iter().all(|metric| metric.figures(engine).is_empty()));
    }
}
