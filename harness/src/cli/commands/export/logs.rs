//! Interval logs of a run, read back, checked and merged.
//!
//! Percentiles are read from merged histograms and never averaged. A log is held against the
//! record's count and quantiles of the same repetition, because a log that was cut at the end of
//! a line can be read without an error.

use crate::bench::folder;
use crate::bench::repetition::latency;
use crate::measure::intervals::histogram;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, IntervalLogWriterBuilder, LogEntry,
    LogIteratorError, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
use reports::RunRecord;
use reports::record::{CellRecord, EngineRecord, Latency, Repetition};
use std::collections::BTreeMap;
use std::io::{self, Write};
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
const QUANTITIES: [(&str, &str); 2] = [("result", "result_latency"), ("event", "event_latency")];

/// The latencies of an engine on a cell, its verified repetitions merged.
pub(super) struct EngineLog {
    /// The start of its files' names.
    pub(super) name: String,
    about: String,
    whole: [Histogram<u64>; 2],
    /// By when they start, counted from the start of their runs.
    intervals: BTreeMap<Duration, (Duration, [Histogram<u64>; 2])>,
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
        let label = folder::slug(&engine.label);
        let count = measured(engine).count();
        let mut log = Self {
            name: if has_cells { format!("{}-{label}", cell.name) } else { label.clone() },
            about: format!("[{} {}, repetitions merged: {count}]", cell.name, engine.label),
            whole: [histogram(), histogram()],
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
        let mut of_repetition = [histogram::<u64>(), histogram()];
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
                .or_insert_with(|| (interval.duration(), [histogram(), histogram()]));
            for sum in [&mut of_repetition[which], &mut histograms[which]] {
                sum.add(&found)
                    .map_err(|_| malformed(format!("second {}", start.as_secs_f64())))?;
            }
        }
        let said = [&repetition.result_latency, &repetition.event_latency];
        for (((_, name), found), said) in QUANTITIES.iter().zip(&of_repetition).zip(said) {
            if let Some(what) = difference(latency(found).as_ref(), said.as_ref()) {
                return Err(LogError::Differs {
                    path: path.to_owned(),
                    what: format!("{name} {what}"),
                });
            }
        }
        for (whole, found) in self.whole.iter_mut().zip(&of_repetition) {
            whole.add(found).expect("all have the same range");
        }
        Ok(())
    }

    /// Each quantity's name and distribution.
    pub(super) fn ladders(&self) -> impl Iterator<Item = (&'static str, &Histogram<u64>)> {
        QUANTITIES.iter().map(|(_, name)| *name).zip(&self.whole)
    }

    /// An interval log in which the repetitions lie over one another.
    pub(super) fn write_hlog(&self, out: &mut impl Write) -> io::Result<()> {
        let mut serializer = V2DeflateSerializer::new();
        let mut log = IntervalLogWriterBuilder::new()
            .add_comment(&self.about)
            .add_comment("[Latencies in nanoseconds; tags: result, event]")
            .begin_log_with(out, &mut serializer)?;
        for (start, (length, histograms)) in &self.intervals {
            for ((tag, _), histogram) in QUANTITIES.iter().zip(histograms) {
                log.write_histogram(histogram, *start, *length, Tag::new(tag))
                    .map_err(|error| io::Error::other(format!("{error:?}")))?;
            }
        }
        Ok(())
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

/// Lines for each halving of what is left above, as everyone else has it.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// A percentile ladder in the text format of `HdrHistogram`, in nanoseconds.
pub(super) fn write_hgrm(out: &mut impl Write, histogram: &Histogram<u64>) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (step.value_iterated_to() as f64, step.quantile_iterated_to());
        if quantile < 1.0 {
            let inverse = 1.0 / (1.0 - quantile);
            writeln!(out, "{value:>12.3} {quantile:>2.12} {count:>10} {inverse:>14.2}")?;
        } else {
            writeln!(out, "{value:>12.3} {quantile:>2.12} {count:>10}")?;
        }
    }
    let sub_buckets = (2 * 10_u64.pow(histogram.sigfig().into())).next_power_of_two();
    writeln!(
        out,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n\
         #[Max     = {:>12.3}, Total count    = {:>12}]\n\
         #[Buckets = {:>12}, SubBuckets     = {sub_buckets:>12}]",
        histogram.mean(),
        histogram.stdev(),
        histogram.max() as f64,
        histogram.len(),
        histogram.buckets(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_is_what_plotters_read() {
        let mut histogram = histogram::<u64>();
        for value in 1..=1000 {
            histogram.record(value).unwrap();
        }
        let mut text = Vec::new();
        write_hgrm(&mut text, &histogram).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines[1], "");
        assert_eq!(lines[2], "       1.000 0.000000000000          1           1.00");
        let median = lines.iter().find(|line| line.contains(" 0.500000000000 ")).unwrap();
        assert_eq!(*median, "     500.000 0.500000000000        500           2.00");
        let tail = &lines[lines.len() - 4..];
        assert_eq!(tail[0], "    1000.000 1.000000000000       1000");
        assert_eq!(tail[1], "#[Mean    =      500.500, StdDeviation   =      288.675]");
        assert_eq!(tail[2], "#[Max     =     1000.000, Total count    =         1000]");
        assert!(tail[3].ends_with("SubBuckets     =         2048]"), "{}", tail[3]);
    }
}
