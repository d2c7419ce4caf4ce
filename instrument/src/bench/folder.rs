//! The folder of a run: what is in it and what it is called.
//!
//! A folder is written once, or gone on with, and by one run at a time: whoever writes holds it from
//! the beginning to the end. Nothing here reads one, nothing overwrites another run, and every file
//! is there whole or not at all.

use crate::bench::error::RunError;
use engines::Stamped;
use reports::files::{self, Over, Partial};
use reports::record::advice::ADVICE_FILE;
use reports::words::slug;
use scenarios::workload::RejectedRow;
use scenarios::{Answer, Question, Workload, settled};
use serde::{Deserialize, Serialize};
use settings::plan::Cell;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The folder of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Folder {
    path: PathBuf,
    /// When the run started; interval logs count from here.
    started: SystemTime,
    /// Whether files say which cell they belong to.
    has_cells: bool,
    /// Held by the run itself, and by no process of a repetition.
    #[serde(skip)]
    _claim: Option<Arc<Claim>>,
}

/// A folder that is held: as long as this is there, nobody else gets it. The system lets go of it
/// with the process, however that ends.
#[derive(Debug)]
struct Claim {
    /// None where the system cannot lock a folder; then what is in it has to do.
    _lock: Option<File>,
}

impl Claim {
    /// Holds a folder that is there.
    fn of(folder: &Path) -> Result<Self, RunError> {
        let Ok(lock) = File::open(folder) else { return Ok(Self { _lock: None }) };
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(RunError::Busy(folder.to_owned())),
            Err(TryLockError::Error(_)) => Ok(Self { _lock: None }),
        }
    }
}

impl Folder {
    /// Makes the folder that was asked for, or one under `runs/` named by time and name, and holds
    /// it: two runs never write into one.
    pub fn make(
        asked: Option<&Path>,
        name: &str,
        started: SystemTime,
        cells: usize,
    ) -> Result<Self, RunError> {
        let (path, claim) = if let Some(path) = asked {
            (path.to_owned(), held(path)?)
        } else {
            let path = unused(room(None)?, &format!("{}-{name}", stamp(started)))?;
            let claim = Claim::of(&path)?;
            (path, claim)
        };
        Ok(Self { path, started, has_cells: cells > 1, _claim: Some(Arc::new(claim)) })
    }

    /// The folder of a run that is gone on with; it is there already, and nobody is at it.
    pub fn again(path: &Path, started: SystemTime, cells: usize) -> Result<Self, RunError> {
        let claim = Claim::of(path)?;
        clear(path).map_err(|source| RunError::unwritable(path, source))?;
        let claim = Arc::new(claim);
        Ok(Self { path: path.to_owned(), started, has_cells: cells > 1, _claim: Some(claim) })
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
pub const RESULTS: &str = "-results.csv";

/// The folder that was asked for, or the one that runs are made in: made, found to hold no run and
/// to be held by none, and found to be writable. It may be gone when the run begins, so that
/// [`Folder::make`] looks again; this is for telling it before anything is done.
pub fn room(asked: Option<&Path>) -> Result<&Path, RunError> {
    let folder = asked.unwrap_or(Path::new("runs"));
    if asked.is_some() {
        held(folder)?;
        return Ok(folder);
    }
    let cannot = |source| RunError::unwritable(folder, source);
    fs::create_dir_all(folder).and_then(|()| can_write(folder)).map_err(cannot)?;
    Ok(folder)
}

/// Makes a folder and holds it, if there is no run in it. First held, then looked into: whoever
/// looks first may be overtaken.
fn held(folder: &Path) -> Result<Claim, RunError> {
    let cannot = |source| RunError::unwritable(folder, source);
    fs::create_dir_all(folder).map_err(cannot)?;
    let claim = Claim::of(folder)?;
    if !signs_of_a_run(folder).map_err(cannot)?.is_empty() {
        return Err(RunError::Occupied(folder.to_owned()));
    }
    clear(folder).and_then(|()| can_write(folder)).map_err(cannot)?;
    Ok(claim)
}

/// Whether a file can be made in a folder, and something written into it.
fn can_write(folder: &Path) -> io::Result<()> {
    let (_gone, mut file) = Partial::new(&folder.join("any"))?;
    file.write_all(b"?")
}

/// Takes away what a run that was ended left half written.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if files::is_partial(&entry.file_name()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The files that say that a run was written to a folder, or advice, whole or in part.
pub fn signs_of_a_run(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let is_log = Path::new(&name).extension().is_some_and(|extension| extension == "hlog");
        let names = [reports::record::FILE_NAME, ADVICE_FILE, "report.html"];
        if is_log || names.iter().any(|it| name == *it) {
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
    let written = files::write(path, Over::Anything, |out| {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(["line", "column", "found", "why"])?;
        for RejectedRow { line, column, text, why } in rows {
            out.write_record([&line.to_string(), column, text, why])?;
        }
        out.flush()
    });
    written.map_err(|source| RunError::unwritable(path, source))
}

/// The time as part of a folder's name, in UTC.
fn stamp(time: SystemTime) -> String {
    crate::host::rfc3339(time).replace(':', "-").trim_end_matches('Z').to_owned()
}

/// Makes a folder that nobody has yet: two runs may start in the same second.
fn unused(parent: &Path, name: &str) -> Result<PathBuf, RunError> {
    for number in 1..u32::MAX {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = parent.join(format!("{name}{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(RunError::unwritable(&path, source)),
        }
    }
    unreachable!("there are fewer folders than numbers")
}

/// A file to be written in pieces, and put in its place when it is whole.
pub fn create(path: &Path) -> Result<(Partial, BufWriter<File>), RunError> {
    let made = Partial::new(path).map(|(partial, file)| (partial, BufWriter::new(file)));
    made.map_err(|source| RunError::unwritable(path, source))
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
    let written = files::write(path, Over::Anything, |out| {
        let mut out = csv::Writer::from_writer(out);
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
    });
    written.map_err(|source| RunError::unwritable(path, source))
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
    over: Over,
    workload: &W,
    events: impl Iterator<Item = (u64, Stamped<W::Event>)>,
) -> Result<u64, RunError> {
    let written = files::write(path, over, |out| {
        let mut written = 0;
        let mut out = csv::Writer::from_writer(out);
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
        out.flush()?;
        Ok(written)
    });
    written.map_err(|source| RunError::unwritable(path, source))
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
        assert_eq!(unused(parent.path(), "now").unwrap(), parent.path().join("now"));
        assert_eq!(unused(parent.path(), "now").unwrap(), parent.path().join("now-2"));
    }

    #[test]
    fn a_label_is_safe_as_a_file_name() {
        assert_eq!(slug("micro-batch (inverse)"), "micro-batch-inverse");
    }

    #[test]
    fn a_folder_is_held_from_the_beginning_of_a_run_to_its_end() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("out");
        let make = || Folder::make(Some(&out), "n", SystemTime::UNIX_EPOCH, 1);
        let first = make().unwrap();
        // Nothing is in it yet, and it is taken all the same.
        for refused in [make().map(drop), room(Some(&out)).map(drop)] {
            assert!(matches!(refused, Err(RunError::Busy(_))), "{refused:?}");
        }
        let again = || Folder::again(&out, SystemTime::UNIX_EPOCH, 1);
        assert!(matches!(again(), Err(RunError::Busy(_))));
        // What a process of a repetition is told of it holds nothing.
        let told: Folder = serde_json::from_value(serde_json::to_value(&first).unwrap()).unwrap();
        let clone = first.clone();
        drop(first);
        assert!(matches!(make(), Err(RunError::Busy(_))), "another part of the run has it");
        drop(clone);
        drop(again().unwrap());
        drop(make().unwrap());
        drop(told);
    }

    #[test]
    fn what_was_left_half_written_is_taken_away_by_whoever_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let (left, _) = Partial::new(&place.path().join("run.json")).unwrap();
        std::mem::forget(left);
        fs::write(place.path().join("notes.txt"), "mine").unwrap();
        Folder::again(place.path(), SystemTime::UNIX_EPOCH, 1).unwrap();
        let names = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["notes.txt"]);
    }

    #[test]
    fn a_folder_with_a_run_in_it_is_refused_and_any_other_is_not() {
        let place = tempfile::tempdir().unwrap();
        let make = |path: &Path| Folder::make(Some(path), "n", SystemTime::UNIX_EPOCH, 1);
        for of_a_run in ["run.json", "advice.json", "report.html", "per-event-1.hlog"] {
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
