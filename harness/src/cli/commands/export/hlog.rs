//! An engine's latencies as an interval log, its repetitions laid over one another second by
//! second.

use super::exporter::{ExportError, Exporter, Out};
use super::logs::{EngineLog, MERGED};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use instrument::measure::logged::QUANTITIES;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

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

/// Whether a file is such a log: one that a run wrote is of a single repetition and says so.
pub(super) fn is_merged(path: &Path) -> bool {
    let first = File::open(path).map(|file| BufReader::new(file).lines().next());
    matches!(first, Ok(Some(Ok(line))) if line.starts_with('#') && line.contains(MERGED))
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
