//! The files `run.json` and `advice.json`: read and written whole, or not at all.
//!
//! It refuses what a newer program wrote, what ends too early, and numbers that contradict each
//! other ([`contradiction`](super::contradiction)), and says which.

use super::contradiction::{contradiction, impossible};
use super::{RunRecord, SCHEMA_VERSION};
use crate::files::replace;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The record's name in a run's folder.
pub const FILE_NAME: &str = "run.json";

/// The largest file that is read, in bytes: hundreds of repetitions of hours.
const BYTES_MOST: u64 = 1 << 30;

/// A record that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// No such file, or not ours to read.
    #[error("cannot read {path}: {source}; give a folder that a run has written")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file ends too early.
    #[error(
        "{path} is truncated at line {line}, column {column}: the run that wrote it did not \
         finish writing; run it again"
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        line: usize,
        /// Where it ends.
        column: usize,
    },
    /// Not JSON, or not what it should be.
    #[error(
        "{path} is not {is_not}: {what}; if it was edited by hand, undo that, else run it again"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should be.
        is_not: &'static str,
        /// What is wrong and where.
        what: String,
    },
    /// Written by a newer program.
    #[error(
        "{path} has schema version {found}, this program reads up to {known}: use the newer \
         sluicebench that wrote it"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest this build knows.
        known: u32,
    },
    /// Its numbers contradict each other.
    #[error("{path} contradicts itself: {what}; it was edited or damaged, run it again")]
    Contradictory {
        /// The file.
        path: PathBuf,
        /// Which numbers.
        what: String,
    },
    /// The folder cannot be written to.
    #[error("cannot write {path}: {source}; choose another folder with --out")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What stands in a file of its own in a folder.
pub(super) trait Document: Serialize + DeserializeOwned {
    /// What the file is called.
    const FILE: &'static str;
    /// What it is, to stand behind "is not".
    const WHAT: &'static str;
    /// The first two things of it that cannot both be true.
    fn contradiction(&self) -> Option<String>;
}

impl Document for RunRecord {
    const FILE: &'static str = FILE_NAME;
    const WHAT: &'static str = "a run record";

    fn contradiction(&self) -> Option<String> {
        contradiction(self)
    }
}

impl RunRecord {
    /// The record of the run that wrote this folder.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        read(folder)
    }

    /// Writes the record into a folder, making the folder if there is none. Whoever looks while
    /// this runs sees the record before or the record after, never half of one. Returns the
    /// file's path.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, RecordError> {
        write(self, folder)
    }
}

/// The document of its kind in a folder.
pub(super) fn read<D: Document>(folder: &Path) -> Result<D, RecordError> {
    let path = folder.join(D::FILE);
    let text =
        contents(&path).map_err(|source| RecordError::Unreadable { path: path.clone(), source })?;
    let explained = |error: serde_json::Error| explain(&path, D::WHAT, &error);
    let document: serde_json::Value = serde_json::from_slice(&text).map_err(explained)?;
    let version = document.get("schema_version").and_then(serde_json::Value::as_u64);
    match version {
        Some(found) if found > u64::from(SCHEMA_VERSION) => {
            return Err(RecordError::TooNew { path, found, known: SCHEMA_VERSION });
        }
        Some(1..) => (),
        _ => {
            return Err(RecordError::Malformed {
                path,
                is_not: D::WHAT,
                what: "`schema_version` is missing or not a positive integer".into(),
            });
        }
    }
    if let Some(what) = impossible(&document) {
        return Err(RecordError::Contradictory { path, what });
    }
    drop(document);
    // From the text, not from the document: only so does an error have a line.
    let record: D = serde_json::from_slice(&text).map_err(explained)?;
    match record.contradiction() {
        Some(what) => Err(RecordError::Contradictory { path, what }),
        None => Ok(record),
    }
}

/// Puts a document into a folder, which is made if there is none, in one step.
pub(super) fn write<D: Document>(document: &D, folder: &Path) -> Result<PathBuf, RecordError> {
    let path = folder.join(D::FILE);
    let mut text = serde_json::to_vec_pretty(document)
        .expect("a record is strings, numbers and lists, which JSON can always say");
    text.push(b'\n');
    fs::create_dir_all(folder)
        .and_then(|()| replace(&path, &text))
        .map_err(|source| RecordError::Unwritable { path: path.clone(), source })?;
    Ok(path)
}

/// All of a file that is one, and no larger than a record can be.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = Vec::new();
    file.take(BYTES_MOST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > BYTES_MOST {
        return Err(io::Error::other("it is larger than 1 GiB, which no record is"));
    }
    Ok(text)
}

fn explain(path: &Path, is_not: &'static str, error: &serde_json::Error) -> RecordError {
    let path = path.to_owned();
    if error.is_eof() {
        return RecordError::Truncated { path, line: error.line(), column: error.column() };
    }
    RecordError::Malformed { path, is_not, what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Repetition;
    use crate::record::study::Sweep;
    use crate::sample;

    /// A folder with `text` as its record.
    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        folder
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let error = RunRecord::read(folder(text).path()).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
        assert!(error.contains(FILE_NAME), "{error} does not name the file");
    }

    fn text(change: impl FnOnce(&mut RunRecord)) -> String {
        let mut record = sample::record();
        change(&mut record);
        serde_json::to_string(&record).unwrap()
    }

    fn first(record: &mut RunRecord) -> &mut Repetition {
        &mut record.cells[0].engines[0].repetitions[0]
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("runs").join("one");
        let mut record = sample::record();
        for _ in 0..2 {
            record.write(&run).unwrap();
            assert_eq!(RunRecord::read(&run).unwrap().cells.len(), record.cells.len());
            record.cells.pop();
        }
        assert_eq!(fs::read_dir(&run).unwrap().count(), 1, "a partial file was left behind");
    }

    #[test]
    fn an_undefined_number_reads_back_undefined() {
        let text = text(|record| first(record).cpu_us_per_event = f64::NAN);
        let mut record = RunRecord::read(folder(&text).path()).unwrap();
        assert!(first(&mut record).cpu_us_per_event.is_nan());
    }

    #[test]
    fn a_file_cut_short_anywhere_is_called_truncated() {
        let whole = text(|_| ());
        // Before the last brace nothing is complete; a cut inside a letter is not UTF-8.
        for percent in [1, 10, 50, 90, 99] {
            let mut end = whole.len() * percent / 100;
            while !whole.is_char_boundary(end) {
                end += 1;
            }
            check(&whole[..end], "truncated");
        }
        check("", "truncated");
    }

    #[test]
    fn a_newer_record_asks_for_the_newer_program() {
        check(&text(|record| record.schema_version = SCHEMA_VERSION + 1), "use the newer");
        check("{\"schema_version\": 4000000000000}", "schema version 4000000000000");
        check("{\"schema_version\": 0}", "schema_version");
        check("{}", "schema_version");
        check("[]", "schema_version");
    }

    #[test]
    fn a_hand_edited_record_says_what_is_wrong_with_it() {
        check("not json", "is not a run record");
        check(&text(|_| ()).replace("\"seed\":42", "\"seed\":\"x\""), "invalid type");
        check(&text(|_| ()).replace("\"seed\":42,", ""), "missing field `seed`");
        check(&text(|_| ()).replace("\"verified\"", "\"fine\""), "unknown variant `fine`");
    }

    #[test]
    fn numbers_that_contradict_each_other_are_refused() {
        check(&text(|r| first(r).failure = Some("it died".into())), "verified and it failed");
        check(
            &text(|r| first(r).result_latency.as_mut().unwrap().p50_ns = 1 << 50),
            "quantiles that fall",
        );
        check(&text(|r| first(r).result_latency.as_mut().unwrap().max_ns = 1), "above its maximum");
        check(&text(|r| first(r).event_latency.as_mut().unwrap().ladder.reverse()), "ladder");
        check(&text(|r| first(r).verdict.completeness = Some(1.5)), "completeness of 1.5");
        check(&text(|r| r.cells[0].engines[1].label = "micro-batch".into()), "there twice");
        check(&text(|r| r.cells[1].name = r.cells[0].name.clone()), "cell `word-count` is there");
        check(&text(|r| first(r).counts.late += 1), "events were read, but");
        check(&text(|r| first(r).counts.answers_measured += 1 << 50), "answers were measured of");
        check(
            &text(|r| {
                let latency = first(r).result_latency.as_mut().unwrap();
                (latency.p50_ns, latency.p90_ns, latency.p99_ns) = (1, 2, 3);
            }),
            "ladder above its quantiles",
        );
        check(
            &text(|r| {
                let merged = first(r).result_latency.clone();
                r.cells[0].engines[0].merged_result_latency = merged;
            }),
            "the merged result_latency has 1000 answers, its parts 3000",
        );
        check(
            &text(|r| {
                for (n, engine) in r.cells[0].engines.iter_mut().enumerate() {
                    engine.repetitions[0].seed = Some(7);
                    engine.repetitions[0].input_hash = Some(n.to_string());
                }
            }),
            "the inputs 0 and 1 have the same seed 7",
        );
    }

    #[test]
    fn a_map_that_cannot_be_drawn_of_a_sweep_is_refused() {
        let map = |change: fn(&mut Sweep)| {
            let mut record = sample::atlas::mapped(&sample::atlas::truths(), 1, 0.01);
            change(record.sweep.as_mut().unwrap());
            serde_json::to_string(&record).unwrap()
        };
        check(&map(|it| it.atlas.as_mut().unwrap().quantile = 0.98), "the quantile 0.98");
        check(&map(|it| it.atlas.as_mut().unwrap().levels_ns.reverse()), "do not rise");
        check(&map(|it| it.atlas.as_mut().unwrap().levels_ns.clear()), "do not rise");
        check(&map(|it| it.atlas.as_mut().unwrap().own_rate_per_s = Some(0.0)), "to be marked");
        check(&map(|it| it.axes.clear()), "than one rate");
    }

    #[test]
    fn numbers_that_no_run_can_have_are_refused_wherever_they_stand() {
        check(
            &text(|r| first(r).cpu_s = -1.0),
            "`cells[0].engines[0].repetitions[0].cpu_s` is -1.0",
        );
        check(&text(|r| first(r).cpu_us_per_event = -5.0), "cpu_us_per_event` is -5.0, and cannot");
        check(&text(|r| r.cells[0].warm_up_s = -0.5), "`cells[0].warm_up_s` is -0.5");
        check(&text(|r| first(r).timeline[0].t_s = -0.1), "timeline[0].t_s` is -0.1");
        check(&text(|r| first(r).throughput.completed_per_s = 1e300), "more than a run can count");
        check(
            &text(|r| first(r).counts.combine_steps = u64::MAX),
            "combine_steps` is 18446744073709",
        );
        let record = text(|_| ());
        let late = record.find("\"late\":").unwrap() + "\"late\":".len();
        let rest = record[late..].find(',').unwrap() + late;
        for (number, want) in [("-1", "counts.late` is -1"), ("1e30", "counts.late` is 1e")] {
            check(&format!("{}{number}{}", &record[..late], &record[rest..]), want);
        }
        // What may be below zero, and what somebody chose.
        let signed = text(|r| {
            first(r).throughput.backlog_slope = Some((-0.5, 0.1));
            first(r).seed = Some(u64::MAX);
        });
        RunRecord::read(folder(&signed).path()).unwrap();
    }

    #[test]
    fn what_stands_out_of_order_or_twice_is_refused() {
        check(&text(|r| first(r).timeline.reverse()), "time line goes back to");
        check(&text(|r| first(r).batches.reverse()), "batches go back to");
        check(&text(|r| first(r).rep = 2), "repetition 2 is there twice");
        check(&text(|r| first(r).rep = 0), "counted from 1");
        check(
            &text(|r| first(r).result_latency.as_mut().unwrap().mean_ns = 1e15),
            "a mean above its maximum",
        );
        check(
            &text(|r| {
                let engine = &mut r.cells[0].engines[0];
                engine.merged_result_latency = None;
                first(r).result_latency.as_mut().unwrap().count = 1 << 50;
            }),
            "is that of 1125899906842624 answers, of",
        );
        for name in ["../../elsewhere", "", ".", "a\nb", &"n".repeat(300)] {
            check(&text(|r| r.cells[0].name = name.into()), "which no cell is given");
        }
    }

    #[test]
    fn what_is_no_file_is_no_record() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
        let error = RunRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("it is no file"), "{error}");
    }

    #[test]
    fn a_missing_file_and_an_unwritable_folder_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = RunRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(FILE_NAME) && error.contains("folder that a run"), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = sample::record().write(&file).unwrap_err().to_string();
        assert!(error.contains("file") && error.contains("--out"), "{error}");
    }
}
