//! What is known of how a run's engines answer small streams with known answers: put beside its record.
//!
//! `conform` keeps what came of it in a folder of ours. What tells of the very versions that ran is
//! copied into the run's folder, so that its page can be made again from that alone, also elsewhere.

use crate::run::feed::{Feed, Happening};
use instrument::distributions::Place;
use reports::RunRecord;
use reports::files::Over;
use reports::record::conformance::{Conforming, FOLDER};
use std::fmt::Display;
use std::io;
use std::path::Path;

/// The reference, by which every run is judged.
const REFERENCE: &str = "reference";

/// Puts what is kept of the engines that ran into the folder of the run, unless it is there, and lets
/// the record know what is there then. What cannot be read or copied is told to `feed` and left out:
/// it takes nothing from what was measured.
pub(crate) fn put_beside(
    record: &mut RunRecord,
    folder: &Path,
    place: &Place,
    feed: &mut dyn Feed,
) {
    let mut leave_out = |error: &dyn Display| {
        let text = format!("  ! not on the page: {error}");
        feed.tell(&Happening::Noted(&text));
    };
    let beside = folder.join(FOLDER);
    let (kept, bad) = place.conformance().map(|kept| Conforming::read(&kept)).unwrap_or_default();
    for error in &bad {
        leave_out(error);
    }
    let mut told: Vec<&Conforming> = kept.iter().filter(|told| ran(record, told)).collect();
    let is_of_reference = |told: &&Conforming| told.is(REFERENCE, None, &record.tool);
    if !told.is_empty() {
        told.extend(kept.iter().filter(is_of_reference));
    }
    for told in told {
        match told.write(&beside, Over::Nothing) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let path = beside.join(told.file_name());
                leave_out(&format!("{} cannot be written: {error}", path.display()));
            }
        }
    }
    let (there, bad) = Conforming::read(&beside);
    for error in &bad {
        leave_out(error);
    }
    record.conformance = there;
}

/// Whether an engine of the run is the one that this tells of; none of a run crashes.
fn ran(record: &RunRecord, told: &Conforming) -> bool {
    if told.crashes {
        return false;
    }
    let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
    engines.any(|engine| {
        let mut versions = engine.repetitions.iter().map(|repetition| {
            repetition.process.as_ref().and_then(|process| process.version.as_deref())
        });
        versions.any(|version| told.is(engine.kind.name(), version, &record.tool))
    })
}
