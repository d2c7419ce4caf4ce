//! Latencies as a standard `HdrHistogram` interval log, second by second.

use crate::load::survey::TICK_NS;
use crate::measure::latency::{Cells, Latencies};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

/// The interval log: a second per line and tag, in the format of `HistogramLogProcessor`.
pub struct IntervalLog {
    out: Option<Box<dyn Write + Send>>,
    second: u64,
    result: Latencies,
    event: Latencies,
    failure: Option<io::Error>,
}

impl IntervalLog {
    /// A log that is kept nowhere.
    pub fn none() -> Self {
        Self {
            out: None,
            second: 0,
            result: Latencies::default(),
            event: Latencies::default(),
            failure: None,
        }
    }

    /// A log that is written to `out`. Times in it count from `start`, which is the run's.
    pub fn to(mut out: Box<dyn Write + Send>, start: SystemTime, about: &str) -> Self {
        let header = IntervalLogWriterBuilder::new()
            .add_comment(about)
            .add_comment("[Latencies in nanoseconds; tags: result, event]")
            .with_base_time(start)
            .with_start_time(start)
            .begin_log_with(&mut out, &mut V2DeflateSerializer::new())
            .map(drop);
        let failure = header.err();
        Self { out: Some(out), failure, ..Self::none() }
    }

    pub(super) fn add(&mut self, index: u64, result: &Cells, event: &Cells) {
        if self.out.is_none() {
            return;
        }
        let second = index * TICK_NS / 1_000_000_000;
        if second != self.second {
            self.write_second();
            self.second = second;
        }
        self.result.add_cells(result);
        self.event.add_cells(event);
    }

    fn write_second(&mut self) {
        let Some(out) = &mut self.out else { return };
        if self.failure.is_none() && !self.result.is_empty() {
            let mut serializer = V2DeflateSerializer::new();
            let written = IntervalLogWriterBuilder::new()
                .begin_log_with(out, &mut serializer)
                .map_err(IntervalLogWriterError::IoError)
                .and_then(|mut log| {
                    let start = Duration::from_secs(self.second);
                    let second = Duration::from_secs(1);
                    log.write_histogram(&self.result, start, second, Tag::new("result"))?;
                    log.write_histogram(&self.event, start, second, Tag::new("event"))
                });
            self.failure = written.err().map(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => {
                    io::Error::other(format!("{error:?}"))
                }
            });
        }
        self.result.clear();
        self.event.clear();
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.write_second();
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.out.as_mut().map_or(Ok(()), Write::flush),
        }
    }
}

impl std::fmt::Debug for IntervalLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntervalLog").field("second", &self.second).finish_non_exhaustive()
    }
}
