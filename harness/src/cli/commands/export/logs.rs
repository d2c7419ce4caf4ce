//! Interval logs of a run, read back, checked and merged.
//!
//! Percentiles are read from merged histograms and never averaged. A log is held against the
//! record's count and quantiles of the same repetition, because a log that was cut at the end of
//! a line can be read without an error.

use crate::measure::latency::Latencies;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, LogEntry, LogIteratorError,
};
use reports::RunRecord;
use reports::record::{CellRecord, EngineRecord, Latency, Repetition};
use reports::words::slug;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a log cannot be exported.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogError {
    /// It cannot be read.
    #[error(
        "the interval log {} cannot be read: {source}; copy the run's whole folder, or leave out \
         --hgrm and --hlog", path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something that is no interval log.
    #[error(
        "{} is not an interval log at {place}: it was cut short or edited; run it again, or leave \
         out --hgrm and --hlog", path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: String,
    },
    /// It holds something else than the record says.
    #[error(
        "{} does not hold what run.json says of it: {what}; one of the two was cut short or \
         edited, run it again, or leave out --hgrm and --hlog", path.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// What is different.
        what: String,
    },
}

/// What is recorded, by its tag in a log and its name elsewhere.
pub(super) const QUANTITIES: [(&str, &str); 2] =
    [("result", "result_latency"), ("event", "event_latency")];

/// What the comment in a merged log says, and that in the log of a repetition does not.
pub(super) const MERGED: &str = "repetitions merged";

/// The latencies of an engine on a cell, its verified repetitions merged.
pub(super) struct EngineLog {
    /// The start of its files' names.
    pub(super) name: String,
    /// A comment for a file of them: the cell, the engine and how many repetitions.
    pub(super) about: String,
    whole: [Latencies; 2],
    /// By when they start, counted from the start of their runs.
    pub(super) intervals: BTreeMap<Duration, (Duration, [Latencies; 2])>,
}

/// Every engine of every cell that has a verified repetition with latencies.
pub(super) fn engines<'a>(
    record: &'a RunRecord,
    folder: &'a Path,
) -> impl Iterator<Item = Result<EngineLog, LogError>> + 'a {
    let engines =
        record.cells.iter().flat_map(|cell| cell.engines.iter().map(move |engine| (cell, engine)));
    let is_measured =
        |(_, engine): &(&CellRecord, &EngineRecord)| measured(engine).next().is_some();
    engines
        .filter(is_measured)
        .map(|(cell, engine)| EngineLog::read(cell, engine, folder, record.cells.len() > 1))
}

fn measured(engine: &EngineRecord) -> impl Iterator<Item = &Repetition> {
    let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
    verified.filter(|repetition| repetition.result_latency.is_some())
}

impl EngineLog {
    fn read(
        cell: &CellRecord,
        engine: &EngineRecord,
        folder: &Path,
        has_cells: bool,
    ) -> Result<Self, LogError> {
        let label = slug(&engine.label);
        let count = measured(engine).count();
        let mut log = Self {
            name: if has_cells { format!("{}-{label}", cell.name) } else { label.clone() },
            about: format!("[{} {}, {MERGED}: {count}]", cell.name, engine.label),
            whole: Default::default(),
            intervals: BTreeMap::new(),
        };
        for repetition in measured(engine) {
            let file = format!("{label}-{}.hlog", repetition.rep);
            // A run that was cut short after its first cell was still one of several.
            let of_cell = folder.join(format!("{}-{file}", cell.name));
            let is_one_of_several = has_cells || of_cell.exists();
            let path = if is_one_of_several { of_cell } else { folder.join(file) };
            log.add(&path, repetition)?;
        }
        Ok(log)
    }

    fn add(&mut self, path: &Path, repetition: &Repetition) -> Result<(), LogError> {
        let text = std::fs::read(path)
            .map_err(|source| LogError::Unreadable { path: path.to_owned(), source })?;
        let mut of_repetition: [Latencies; 2] = Default::default();
        let malformed = |place: String| LogError::Malformed { path: path.to_owned(), place };
        for entry in IntervalLogIterator::new(&text) {
            let interval = match entry {
                Ok(LogEntry::Interval(interval)) => interval,
                Ok(_) => continue,
                Err(LogIteratorError::ParseError { offset }) => {
                    let before = text[..offset.min(text.len())].split(|byte| *byte == b'\n');
                    return Err(malformed(format!("line {}", before.count())));
                }
            };
            let tag = interval.tag().map(|tag| tag.as_str());
            let Some(which) = QUANTITIES.iter().position(|(name, _)| Some(*name) == tag) else {
                continue;
            };
            let start = interval.start_timestamp();
            let found = decoded(&interval)
                .ok_or_else(|| malformed(format!("second {}", start.as_secs_f64())))?;
            let (_, histograms) = self
                .intervals
                .entry(start)
                .or_insert_with(|| (interval.duration(), Default::default()));
            for sum in [&mut of_repetition[which], &mut histograms[which]] {
                sum.merge(&found)
                    .map_err(|_| malformed(format!("second {}", start.as_secs_f64())))?;
            }
        }
        let said = [&repetition.result_latency, &repetition.event_latency];
        for (((_, name), found), said) in QUANTITIES.iter().zip(&of_repetition).zip(said) {
            if let Some(what) = difference(found.recorded().as_ref(), said.as_ref()) {
                return Err(LogError::Differs {
                    path: path.to_owned(),
                    what: format!("{name} {what}"),
                });
            }
        }
        for (whole, found) in self.whole.iter_mut().zip(&of_repetition) {
            whole.add(found);
        }
        Ok(())
    }

    /// Each quantity's name and distribution.
    pub(super) fn ladders(&self) -> impl Iterator<Item = (&'static str, &Latencies)> {
        QUANTITIES.iter().map(|(_, name)| *name).zip(&self.whole)
    }
}

fn decoded(interval: &IntervalLogHistogram<'_>) -> Option<Histogram<u64>> {
    let bytes = BASE64_STANDARD.decode(interval.encoded_histogram()).ok()?;
    Deserializer::new().deserialize(&mut &bytes[..]).ok()
}

/// What is different between a log and its record, in words.
fn difference(found: Option<&Latency>, said: Option<&Latency>) -> Option<String> {
    let figures = |latency: Option<&Latency>| {
        latency.map_or([0; 4], |l| [l.count, l.p50_ns, l.p99_ns, l.max_ns])
    };
    let names = ["count of answers", "p50 in ns", "p99 in ns", "maximum in ns"];
    let pairs = figures(found).into_iter().zip(figures(said));
    names.iter().zip(pairs).find(|(_, (found, said))| found != said).map(|(name, (found, said))| {
        format!("has a {name} of {found} in the log and {said} in the record")
    })
}
