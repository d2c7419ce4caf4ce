//! An engine's latencies as an interval log, its repetitions laid over one another second by
//! second.

use super::exporter::{ExportError, Exporter, Out};
use super::logs::{EngineLog, QUANTITIES};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::io::{self, Write};

/// A log for each engine of each cell.
pub(super) struct Hlog;

impl Exporter for Hlog {
    fn holds_distributions(&self) -> bool {
        true
    }

    fn distributions(&self, engine: &EngineLog, out: &mut Out<'_>) -> Result<(), ExportError> {
        out.write(&format!("{}.hlog", engine.name), |file| write(engine, file))
    }
}

fn write(engine: &EngineLog, out: &mut impl Write) -> io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(&engine.about)
        .add_comment("[Latencies in nanoseconds; tags: result, event]")
        .begin_log_with(out, &mut serializer)?;
    for (start, (length, histograms)) in &engine.intervals {
        for ((tag, _), histogram) in QUANTITIES.iter().zip(histograms) {
            log.write_histogram(histogram, *start, *length, Tag::new(tag))
                .map_err(|error| io::Error::other(format!("{error:?}")))?;
        }
    }
    Ok(())
}
