//! The file `run.json`: read and written whole, or not at all.
//!
//! It refuses what a newer program wrote, what ends too early, and numbers that contradict each
//! other, and says which.

use super::{CellRecord, Counts, EngineRecord, Latency, Repetition, RunRecord, SCHEMA_VERSION};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The record's name in a run's folder.
pub const FILE_NAME: &str = "run.json";

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
    /// Not JSON, or not a run record.
    #[error(
        "{path} is not a run record: {what}; if it was edited by hand, undo that, else run it again"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
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

impl RunRecord {
    /// The record of the run that wrote this folder.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(FILE_NAME);
        let text = fs::read(&path)
            .map_err(|source| RecordError::Unreadable { path: path.clone(), source })?;
        let document: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| explain(&path, &error))?;
        let version = document.get("schema_version").and_then(serde_json::Value::as_u64);
        match version {
            Some(found) if found > u64::from(SCHEMA_VERSION) => {
                return Err(RecordError::TooNew { path, found, known: SCHEMA_VERSION });
            }
            Some(1..) => (),
            _ => {
                return Err(RecordError::Malformed {
                    path,
                    what: "`schema_version` is missing or not a positive integer".into(),
                });
            }
        }
        // From the text, not from the document: only so does an error have a line.
        let record: Self = serde_json::from_slice(&text).map_err(|error| explain(&path, &error))?;
        match record.contradiction() {
            Some(what) => Err(RecordError::Contradictory { path, what }),
            None => Ok(record),
        }
    }

    /// Writes the record into a folder, making the folder if there is none. Whoever looks while
    /// this runs sees the record before or the record after, never half of one. Returns the
    /// file's path.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, RecordError> {
        let path = folder.join(FILE_NAME);
        let mut text = serde_json::to_vec_pretty(self)
            .expect("a record is strings, numbers and lists, which JSON can always say");
        text.push(b'\n');
        fs::create_dir_all(folder)
            .and_then(|()| replace(&path, &text))
            .map_err(|source| RecordError::Unwritable { path: path.clone(), source })?;
        Ok(path)
    }

    /// The first pair of numbers that cannot both be true.
    fn contradiction(&self) -> Option<String> {
        for (n, cell) in self.cells.iter().enumerate() {
            if self.cells[..n].iter().any(|other| other.name == cell.name) {
                return Some(format!("cell `{}` is there twice", cell.name));
            }
            if let Some(what) = inputs_differ(cell) {
                return Some(format!("cell `{}`: {what}", cell.name));
            }
            for (n, engine) in cell.engines.iter().enumerate() {
                let place = format!("cell `{}`, engine `{}`", cell.name, engine.label);
                if let Some(what) = merged_differs(engine) {
                    return Some(format!("{place}: {what}"));
                }
                if cell.engines[..n].iter().any(|other| other.label == engine.label) {
                    return Some(format!("{place}: the engine is there twice"));
                }
                for repetition in &engine.repetitions {
                    if let Some(what) = contradiction_in(repetition) {
                        return Some(format!("{place}, repetition {}: {what}", repetition.rep));
                    }
                }
            }
        }
        None
    }
}

/// Every engine is given the same bytes: a seed has one input.
fn inputs_differ(cell: &CellRecord) -> Option<String> {
    let repetitions = cell.engines.iter().flat_map(|engine| &engine.repetitions);
    let mut seen: Vec<(u64, &str)> = Vec::new();
    for (seed, hash) in repetitions.filter_map(|r| Some((r.seed?, r.input_hash.as_deref()?))) {
        match seen.iter().find(|(other, _)| *other == seed) {
            Some((_, other)) if *other != hash => {
                return Some(format!("the inputs {other} and {hash} have the same seed {seed}"));
            }
            Some(_) => {}
            None => seen.push((seed, hash)),
        }
    }
    None
}

/// A merged histogram holds what the verified repetitions hold, and nothing else.
fn merged_differs(engine: &EngineRecord) -> Option<String> {
    type Of = fn(&Repetition) -> Option<&Latency>;
    let kinds: [(&str, &Option<Latency>, Of); 2] = [
        ("result_latency", &engine.merged_result_latency, |r| r.result_latency.as_ref()),
        ("event_latency", &engine.merged_event_latency, |r| r.event_latency.as_ref()),
    ];
    for (name, merged, of) in kinds {
        let Some(merged) = merged else { continue };
        let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        let single: u64 = verified.filter_map(of).map(|latency| latency.count).sum();
        if single != merged.count {
            let count = merged.count;
            return Some(format!("the merged {name} has {count} answers, its parts {single}"));
        }
    }
    None
}

fn contradiction_in(repetition: &Repetition) -> Option<String> {
    if repetition.is_verified() && repetition.failure.is_some() {
        return Some("it is verified and it failed".into());
    }
    let Counts { read, accepted, late, rejected, answers, answers_measured, .. } =
        repetition.counts;
    if repetition.is_verified() && u128::from(read) != sum([accepted, late, rejected]) {
        return Some(format!(
            "{read} events were read, but {accepted} accepted, {late} late and {rejected} rejected"
        ));
    }
    if answers_measured > answers {
        return Some(format!("{answers_measured} answers were measured of {answers}"));
    }
    let latencies = [
        ("result_latency", &repetition.result_latency),
        ("event_latency", &repetition.event_latency),
    ];
    for (name, latency) in latencies {
        let Some(latency) = latency else { continue };
        let quantiles = [latency.p50_ns, latency.p90_ns, latency.p99_ns, latency.p999_ns];
        if !quantiles.is_sorted() {
            return Some(format!("{name} has quantiles that fall"));
        }
        // A histogram rounds a quantile up to the end of its bucket, by at most 1 %; the
        // maximum may be exact.
        if latency.p999_ns > latency.max_ns.saturating_add(latency.max_ns / 100 + 1) {
            return Some(format!("{name} has a p99.9 above its maximum"));
        }
        // Points of one histogram: whatever lies below a percentile is no slower than it, but for
        // the rounding of a bucket.
        let out_of_step = latency.ladder.iter().find(|(percentile, ns)| {
            let slower = |quantile: u64| *ns > quantile + quantile / 100 + 1;
            (*percentile <= 50.0 && slower(latency.p50_ns))
                || (*percentile <= 99.0 && slower(latency.p99_ns))
        });
        if let Some((percentile, _)) = out_of_step {
            return Some(format!("{name} has a ladder above its quantiles at {percentile} %"));
        }
        if !latency.ladder.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1) {
            return Some(format!("{name} has a ladder that falls"));
        }
    }
    if let Some(completeness) = repetition.verdict.completeness
        && !(0.0..=1.0).contains(&completeness)
    {
        return Some(format!("a completeness of {completeness} is not between 0 and 1"));
    }
    None
}

fn sum(counts: [u64; 3]) -> u128 {
    counts.into_iter().map(u128::from).sum()
}

/// Puts `text` in place of the file in one step: into a file beside it, to the disk, renamed.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.partial", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // The first error is the one to tell; this is only tidying up.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

fn explain(path: &Path, error: &serde_json::Error) -> RecordError {
    let path = path.to_owned();
    if error.is_eof() {
        return RecordError::Truncated { path, line: error.line(), column: error.column() };
    }
    RecordError::Malformed { path, what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            &text(|r| first(r).result_latency.as_mut().unwrap().p50_ns = u64::MAX),
            "quantiles that fall",
        );
        check(&text(|r| first(r).result_latency.as_mut().unwrap().max_ns = 1), "above its maximum");
        check(&text(|r| first(r).event_latency.as_mut().unwrap().ladder.reverse()), "ladder");
        check(&text(|r| first(r).verdict.completeness = Some(1.5)), "completeness of 1.5");
        check(&text(|r| r.cells[0].engines[1].label = "micro-batch".into()), "there twice");
        check(&text(|r| r.cells[1].name = r.cells[0].name.clone()), "cell `word-count` is there");
        check(&text(|r| first(r).counts.late += 1), "events were read, but");
        check(&text(|r| first(r).counts.answers_measured = u64::MAX), "answers were measured of");
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
