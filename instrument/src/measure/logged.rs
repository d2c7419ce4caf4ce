//! The interval log of a repetition, read back.
//!
//! It is held against what the record says of the same repetition, because a log that was cut at
//! the end of a line can be read without an error.

use crate::measure::latency::Latencies;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, LogEntry, LogIteratorError,
};
use reports::record::{Latency, Repetition};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a log cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It cannot be read.
    #[error(
        "the interval log {} cannot be read: {source}; copy the run's whole folder", path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something that is no interval log.
    #[error(
        "{} is not an interval log at {place}: it was cut short or edited; run it again",
        path.display()
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
         edited, run it again", path.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// What is different.
        what: String,
    },
}

/// What is recorded, by its tag in a log and its name elsewhere.
pub const QUANTITIES: [(&str, &str); 2] =
    [("result", "result_latency"), ("event", "event_latency")];

/// One interval of one quantity.
#[derive(Debug)]
pub struct Interval {
    /// When it starts, counted from the start of the repetition.
    pub start: Duration,
    /// How long it is.
    pub length: Duration,
    /// Which of the quantities, by its place among them.
    pub quantity: usize,
    /// What was recorded in it.
    pub latencies: Latencies,
}

/// All that a log holds.
#[derive(Debug, Default)]
pub struct Logged {
    /// In the order of the log.
    pub intervals: Vec<Interval>,
    /// Each quantity over all of them.
    pub whole: [Latencies; 2],
}

/// Reads the log of a verified repetition.
///
/// # Errors
/// Where it is not there, is no interval log, or says otherwise than the record.
pub fn read(path: &Path, repetition: &Repetition) -> Result<Logged, LogError> {
    let text = std::fs::read(path)
        .map_err(|source| LogError::Unreadable { path: path.to_owned(), source })?;
    let malformed = |place: String| LogError::Malformed { path: path.to_owned(), place };
    let mut logged = Logged::default();
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
        let Some(quantity) = QUANTITIES.iter().position(|(name, _)| Some(*name) == tag) else {
            continue;
        };
        let (start, length) = (interval.start_timestamp(), interval.duration());
        let in_second = || malformed(format!("second {}", start.as_secs_f64()));
        let found = decoded(&interval).ok_or_else(in_second)?;
        let mut latencies = Latencies::default();
        latencies.merge(&found).map_err(|_| in_second())?;
        logged.whole[quantity].add(&latencies);
        logged.intervals.push(Interval { start, length, quantity, latencies });
    }
    let said = [&repetition.result_latency, &repetition.event_latency];
    for (((_, name), found), said) in QUANTITIES.iter().zip(&logged.whole).zip(said) {
        if let Some(what) = difference(found.recorded().as_ref(), said.as_ref()) {
            let (path, what) = (path.to_owned(), format!("{name} {what}"));
            return Err(LogError::Differs { path, what });
        }
    }
    Ok(logged)
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
