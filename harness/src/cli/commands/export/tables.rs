//! The tables of a run: every figure of every repetition, every row of every timeline, every
//! batch.
//!
//! A column's name ends with its unit, as in the record. A cell that is not defined is empty.
//! What a repetition that is not verified measured is there too, beside its verdict: whoever
//! takes the numbers elsewhere has to know.

use reports::RunRecord;
use reports::judge::metrics::CPU_PER_EVENT;
use reports::record::{Batch, CellRecord, EngineRecord, Latency, Repetition, TimelineRow};

/// Columns of equal length.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<(&'static str, Column)>,
}

/// The values of a column.
#[derive(Clone, Debug)]
pub(super) enum Column {
    Text(Vec<String>),
    Whole(Vec<Option<u64>>),
    Fraction(Vec<Option<f64>>),
    Flag(Vec<bool>),
}

/// How a column is read from a row.
enum Read<R> {
    Text(fn(&R) -> String),
    Whole(fn(&R) -> Option<u64>),
    Fraction(fn(&R) -> Option<f64>),
    Flag(fn(&R) -> bool),
}

impl Column {
    /// What stands in a row, as text.
    pub(super) fn cell(&self, row: usize) -> String {
        match self {
            Self::Text(values) => values[row].clone(),
            Self::Whole(values) => values[row].map_or_else(String::new, |n| n.to_string()),
            Self::Fraction(values) => values[row].map_or_else(String::new, |n| n.to_string()),
            Self::Flag(values) => values[row].to_string(),
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Whole(values) => values.len(),
            Self::Fraction(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }
}

impl Table {
    fn of<R>(columns: &[(&'static str, Read<R>)], rows: &[R]) -> Self {
        let column = |read: &Read<R>| match read {
            Read::Text(read) => Column::Text(rows.iter().map(read).collect()),
            Read::Whole(read) => Column::Whole(rows.iter().map(read).collect()),
            Read::Fraction(read) => Column::Fraction(
                rows.iter().map(|row| read(row).filter(|number| !number.is_nan())).collect(),
            ),
            Read::Flag(read) => Column::Flag(rows.iter().map(read).collect()),
        };
        Self { columns: columns.iter().map(|(name, read)| (*name, column(read))).collect() }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }
}

/// All tables, each by its name: a row for each repetition, for each row of each timeline, for
/// each batch.
pub(super) fn all(record: &RunRecord) -> [(&'static str, Table); 3] {
    let timelines = each(record, |repetition| repetition.timeline.iter().collect());
    let batches = each(record, |repetition| repetition.batches.iter().collect());
    [
        ("repetitions", Table::of(&of_repetitions(), &each(record, |_| vec![()]))),
        ("timeline", Table::of(&of_timelines(), &timelines)),
        ("batches", Table::of(&of_batches(), &batches)),
    ]
}

/// Something of a repetition, and where that belongs.
struct Of<'a, T> {
    cell: &'a CellRecord,
    engine: &'a EngineRecord,
    repetition: &'a Repetition,
    what: T,
}

fn each<'a, T>(record: &'a RunRecord, of: impl Fn(&'a Repetition) -> Vec<T>) -> Vec<Of<'a, T>> {
    let mut rows = Vec::new();
    for cell in &record.cells {
        for engine in &cell.engines {
            for repetition in &engine.repetitions {
                let place = |what| Of { cell, engine, repetition, what };
                rows.extend(of(repetition).into_iter().map(place));
            }
        }
    }
    rows
}

fn result(row: &Of<'_, ()>, of: fn(&Latency) -> Option<u64>) -> Option<u64> {
    row.repetition.result_latency.as_ref().and_then(of)
}

fn event(row: &Of<'_, ()>, of: fn(&Latency) -> Option<u64>) -> Option<u64> {
    row.repetition.event_latency.as_ref().and_then(of)
}

#[rustfmt::skip] // One column in a row, as in a table.
fn of_repetitions<'a>() -> Vec<(&'static str, Read<Of<'a, ()>>)> {
    vec![
        ("cell", Read::Text(|row| row.cell.name.clone())),
        ("scenario", Read::Text(|row| row.cell.scenario.clone())),
        ("engine", Read::Text(|row| row.engine.label.clone())),
        ("algorithm", Read::Text(|row| row.engine.algorithm.clone())),
        ("repetition", Read::Whole(|row| Some(row.repetition.rep.into()))),
        ("verdict", Read::Text(|row| row.repetition.verdict.kind.to_string())),
        ("seed", Read::Whole(|row| Some(row.repetition.seed.unwrap_or(row.cell.seed)))),
        ("parallelism", Read::Whole(|row| Some(row.cell.parallelism.into()))),
        ("read_events", Read::Whole(|row| Some(row.repetition.counts.read))),
        ("accepted_events", Read::Whole(|row| Some(row.repetition.counts.accepted))),
        ("late_events", Read::Whole(|row| Some(row.repetition.counts.late))),
        ("partly_late_events", Read::Whole(|row| row.repetition.counts.partly_late)),
        ("rejected_events", Read::Whole(|row| Some(row.repetition.counts.rejected))),
        ("accepted_late_extra_events", Read::Whole(|row| Some(row.repetition.counts.accepted_late_extra))),
        ("missed_windows", Read::Whole(|row| row.repetition.counts.missed_windows)),
        ("answers", Read::Whole(|row| Some(row.repetition.counts.answers))),
        ("answers_measured", Read::Whole(|row| Some(row.repetition.counts.answers_measured))),
        ("combine_steps", Read::Whole(|row| Some(row.repetition.counts.combine_steps))),
        ("retries", Read::Whole(|row| Some(row.repetition.counts.retries))),
        ("result_latency_ns_p50", Read::Whole(|row| result(row, Latency::p50))),
        ("result_latency_ns_p90", Read::Whole(|row| result(row, Latency::p90))),
        ("result_latency_ns_p99", Read::Whole(|row| result(row, Latency::p99))),
        ("result_latency_ns_p999", Read::Whole(|row| result(row, Latency::p999))),
        ("result_latency_ns_max", Read::Whole(|row| result(row, |latency| Some(latency.max_ns)))),
        ("result_latency_ns_mean", Read::Fraction(|row| row.repetition.result_latency.as_ref().map(|latency| latency.mean_ns))),
        ("event_latency_ns_p50", Read::Whole(|row| event(row, Latency::p50))),
        ("event_latency_ns_p90", Read::Whole(|row| event(row, Latency::p90))),
        ("event_latency_ns_p99", Read::Whole(|row| event(row, Latency::p99))),
        ("event_latency_ns_p999", Read::Whole(|row| event(row, Latency::p999))),
        ("event_latency_ns_max", Read::Whole(|row| event(row, |latency| Some(latency.max_ns)))),
        ("event_latency_ns_mean", Read::Fraction(|row| row.repetition.event_latency.as_ref().map(|latency| latency.mean_ns))),
        ("offered_per_s", Read::Fraction(|row| Some(row.repetition.throughput.offered_per_s))),
        ("accepted_per_s", Read::Fraction(|row| Some(row.repetition.throughput.accepted_per_s))),
        ("completed_per_s", Read::Fraction(|row| Some(row.repetition.throughput.completed_per_s))),
        ("sustained", Read::Flag(|row| row.repetition.throughput.sustained)),
        ("drain_s", Read::Fraction(|row| Some(row.repetition.throughput.drain_s))),
        ("backlog_events_max", Read::Whole(|row| Some(row.repetition.backlog_max))),
        ("backlog_events_end", Read::Whole(|row| Some(row.repetition.backlog_end))),
        ("cpu_s", Read::Fraction(|row| Some(row.repetition.cpu_s))),
        ("spun_s", Read::Fraction(|row| row.repetition.spun_s)),
        ("cpu_us_per_event", Read::Fraction(|row| (CPU_PER_EVENT.figure)(row.repetition))),
        ("memory_bytes_peak", Read::Whole(|row| row.repetition.peak_memory().map(|_| row.repetition.peak_memory_bytes))),
        ("completeness_ratio", Read::Fraction(|row| row.repetition.verdict.completeness)),
        ("distance_ratio", Read::Fraction(|row| row.repetition.verdict.distance)),
        ("fixed_work_ns_before", Read::Whole(|row| row.repetition.fixed_work.map(|work| work.before_ns))),
        ("fixed_work_ns_after", Read::Whole(|row| row.repetition.fixed_work.map(|work| work.after_ns))),
    ]
}

#[rustfmt::skip]
fn of_timelines<'a>() -> Vec<(&'static str, Read<Of<'a, &'a TimelineRow>>)> {
    vec![
        ("cell", Read::Text(|row| row.cell.name.clone())),
        ("engine", Read::Text(|row| row.engine.label.clone())),
        ("repetition", Read::Whole(|row| Some(row.repetition.rep.into()))),
        ("t_s", Read::Fraction(|row| Some(row.what.t_s))),
        ("offered_events", Read::Whole(|row| Some(row.what.offered))),
        ("accepted_events", Read::Whole(|row| Some(row.what.accepted))),
        ("backlog_events", Read::Whole(|row| Some(row.what.backlog))),
        ("answers", Read::Whole(|row| Some(row.what.answers))),
        ("result_latency_ns_p50", Read::Whole(|row| row.what.p50_ns)),
        ("result_latency_ns_p99", Read::Whole(|row| row.what.p99_ns)),
        ("result_latency_ns_p999", Read::Whole(|row| row.what.p999_ns)),
        ("result_latency_ns_max", Read::Whole(|row| row.what.max_ns)),
        ("busy_processors", Read::Fraction(|row| Some(row.what.cpu))),
        ("memory_bytes", Read::Whole(|row| Some(row.what.memory_bytes))),
        ("note", Read::Text(|row| row.what.note.clone())),
    ]
}

#[rustfmt::skip]
fn of_batches<'a>() -> Vec<(&'static str, Read<Of<'a, &'a Batch>>)> {
    vec![
        ("cell", Read::Text(|row| row.cell.name.clone())),
        ("engine", Read::Text(|row| row.engine.label.clone())),
        ("repetition", Read::Whole(|row| Some(row.repetition.rep.into()))),
        ("close_s", Read::Fraction(|row| Some(row.what.close_s))),
        ("scheduling_delay_s", Read::Fraction(|row| Some(row.what.scheduling_delay_s))),
        ("processing_s", Read::Fraction(|row| Some(row.what.processing_s))),
        ("events", Read::Whole(|row| Some(row.what.records))),
    ]
}
