//! The folder of a run: what is in it and what it is called.
//!
//! A folder is written once, or gone on with. Nothing here reads one, and nothing overwrites
//! another run.

use crate::bench::error::RunError;
use crate::plan::Cell;
use engines::Stamped;
use reports::words::slug;
use scenarios::workload::RejectedRow;
use scenarios::{Answer, Question, Workload, settled};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Folder {
    path: PathBuf,
    /// When the run started; interval logs count from here.
    started: SystemTime,
    /// Whether files say which cell they belong to.
    has_cells: bool,
}

impl Folder {
    /// Makes the folder that was asked for, or one under `runs/` named by time and name.
    pub fn make(
        asked: Option<&Path>,
        name: &str,
        started: SystemTime,
        cells: usize,
    ) -> Result<Self, RunError> {
        let place = room(asked)?;
        let path = match asked {
            Some(path) => path.to_owned(),
            None => unused(place, &format!("{}-{name}", stamp(started))),
        };
        fs::create_dir_all(&path).map_err(|source| RunError::unwritable(&path, source))?;
        Ok(Self { path, started, has_cells: cells > 1 })
    }

    /// The folder of a run that is gone on with; it is there already.
    pub(crate) fn again(path: &Path, started: SystemTime, cells: usize) -> Self {
        Self { path: path.to_owned(), started, has_cells: cells > 1 }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When the run started.
    pub const fn started(&self) -> SystemTime {
        self.started
    }

    /// A file that all repetitions of a cell share, such as `rejected.csv`; in a run of several
    /// cells, with the cell's name in front.
    pub fn file_of_cell(&self, cell: &Cell, name: &str) -> PathBuf {
        if self.has_cells {
            self.path.join(format!("{}-{name}", cell.name))
        } else {
            self.path.join(name)
        }
    }

    /// A file of one repetition, such as `per-event-1.hlog`; in a run of several cells, with the
    /// cell's name in front.
    pub fn file(&self, cell: &Cell, engine: &str, rep: u32, ending: &str) -> PathBuf {
        self.file_of_cell(cell, &format!("{}-{rep}{ending}", slug(engine)))
    }
}

/// How the name of a repetition's file ends that holds its answers.
pub(crate) const RESULTS: &str = "-results.csv";

/// The folder that was asked for, or the one that runs are made in: made, found to hold no run,
/// and found to be writable. Every run goes by it, so that none is ever written over another.
pub fn room(asked: Option<&Path>) -> Result<&Path, RunError> {
    let folder = asked.unwrap_or(Path::new("runs"));
    let cannot = |source| RunError::unwritable(folder, source);
    fs::create_dir_all(folder).map_err(cannot)?;
    if asked.is_some() && !signs_of_a_run(folder).map_err(cannot)?.is_empty() {
        return Err(RunError::Occupied(folder.to_owned()));
    }
    let probe = folder.join(".sluicebench-can-write");
    fs::write(&probe, b"?").and_then(|()| fs::remove_file(&probe)).map_err(cannot)?;
    Ok(folder)
}

/// The files that say that a run was written to a folder, whole or in part.
pub(crate) fn signs_of_a_run(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let is_log = Path::new(&name).extension().is_some_and(|extension| extension == "hlog");
        if is_log || name == reports::record::FILE_NAME || name == "report.html" {
            found.push(folder.join(name));
        }
    }
    Ok(found)
}

/// The rows of a trace that were left out, in the order of the file, so that they can be found
/// and corrected. Writes nothing where there are none.
pub fn write_rejected(path: &Path, rows: &[RejectedRow]) -> Result<(), RunError> {
    if rows.is_empty() {
        return Ok(());
    }
    let written = || -> io::Result<()> {
        let mut out = csv::Writer::from_path(path)?;
        out.write_record(["line", "column", "found", "why"])?;
        for RejectedRow { line, column, text, why } in rows {
            out.write_record([&line.to_string(), column, text, why])?;
        }
        out.flush()
    };
    written().map_err(|source| RunError::unwritable(path, source))
}

/// The time as part of a folder's name, in UTC.
fn stamp(time: SystemTime) -> String {
    crate::host::rfc3339(time).replace(':', "-").trim_end_matches('Z').to_owned()
}

/// A name that nothing has yet: two runs may start in the same second.
fn unused(parent: &Path, name: &str) -> PathBuf {
    let first = parent.join(name);
    if !first.exists() {
        return first;
    }
    (2..u32::MAX)
        .map(|number| parent.join(format!("{name}-{number}")))
        .find(|path| !path.exists())
        .expect("some number is free")
}

/// A file to be written in pieces.
pub fn create(path: &Path) -> Result<BufWriter<File>, RunError> {
    File::create(path).map(BufWriter::new).map_err(|source| RunError::unwritable(path, source))
}

/// Writes the answers, sorted by window and key; of several about one subject, those that stand in
/// the end.
pub fn write_results<Q: Question + ?Sized>(
    path: &Path,
    question: &Q,
    answers: &[Stamped<Q::Answer>],
) -> Result<(), RunError> {
    // Answers that wait for nothing and are not given again are too many to be compared.
    let standing = (question.trigger().waits() || question.refines())
        .then(|| settled(answers.iter().cloned(), |_, _, _| ()));
    let mut rows: Vec<Row> = standing
        .as_deref()
        .unwrap_or(answers)
        .iter()
        .map(|answer| Row {
            window: answer
                .value
                .window()
                .map(|window| (window.start.as_micros(), window.end.as_micros())),
            event_time: answer.event_time.as_micros(),
            key: question.key_label(&answer.value),
            count: answer.value.count(),
            cells: question.cells(&answer.value),
        })
        .collect();
    rows.sort_unstable();
    let written = || -> io::Result<()> {
        let mut out = csv::Writer::from_path(path)?;
        let head = ["window_start_us", "window_end_us", "key"];
        out.write_record(head.into_iter().chain(question.columns()))?;
        for row in rows {
            let (start, end) = row.window.map_or_else(
                || (String::new(), String::new()),
                |(start, end)| (start.to_string(), end.to_string()),
            );
            out.write_record([start, end, row.key].into_iter().chain(row.cells))?;
        }
        out.flush()
    };
    written().map_err(|source| RunError::unwritable(path, source))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    window: Option<(i64, i64)>,
    event_time: i64,
    key: String,
    count: u64,
    cells: Vec<String>,
}

/// Writes events, numbered as they are given: `n,due_ns,event_time_us` and what the workload
/// says of them. Returns how many.
pub fn write_events<W: Workload + ?Sized>(
    path: &Path,
    workload: &W,
    events: impl Iterator<Item = (u64, Stamped<W::Event>)>,
) -> Result<u64, RunError> {
    let mut written = 0;
    let write = || -> io::Result<()> {
        let mut out = csv::Writer::from_path(path)?;
        let head = ["n", "due_ns", "event_time_us"];
        out.write_record(head.into_iter().chain(workload.columns()))?;
        for (n, event) in events {
            let times = [
                n.to_string(),
                event.due.as_nanos().to_string(),
                event.event_time.as_micros().to_string(),
            ];
            out.write_record(times.into_iter().chain(workload.cells(&event)))?;
            written += 1;
        }
        out.flush()
    };
    write().map_err(|source| RunError::unwritable(path, source))?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_folder_is_named_by_time_and_name() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_hours(498_658);
        assert_eq!(stamp(time), "2026-11-20T10-00-00");
    }

    #[test]
    fn two_runs_in_the_same_second_have_two_folders() {
        let parent = tempfile::tempdir().unwrap();
        let first = unused(parent.path(), "now");
        fs::create_dir(&first).unwrap();
        assert_eq!(unused(parent.path(), "now"), parent.path().join("now-2"));
    }

    #[test]
    fn a_label_is_safe_as_a_file_name() {
        assert_eq!(slug("micro-batch (inverse)"), "micro-batch-inverse");
    }

    #[test]
    fn a_folder_with_a_run_in_it_is_refused_and_any_other_is_not() {
        let place = tempfile::tempdir().unwrap();
        let make = |path: &Path| Folder::make(Some(path), "n", SystemTime::UNIX_EPOCH, 1);
        for of_a_run in ["run.json", "report.html", "per-event-1.hlog"] {
            let out = place.path().join(of_a_run).join("deep");
            make(&out).unwrap();
            make(&out).expect("empty, as it was left");
            fs::write(out.join("notes.txt"), "mine").unwrap();
            make(&out).expect("nothing of a run");
            fs::write(out.join(of_a_run), "").unwrap();
            let refused = make(&out).unwrap_err();
            assert!(refused.to_string().contains("holds a run already"), "{refused}");
            assert!(out.join("notes.txt").is_file());
            let below_a_file = make(&out.join("notes.txt").join("below")).unwrap_err();
            assert!(matches!(below_a_file, RunError::Unwritable { .. }), "{below_a_file}");
        }
    }
}
