//! What `compare`, `check` and `history` share: formats, runs, metrics, and where their answers go.

use crate::cli::answer::Answer;
use crate::cli::output::Target;
use clap::ValueEnum;
use instrument::bench::exit::Exit;
use reports::RunRecord;
use reports::judge::gate::{Refusal, is_again};
use reports::judge::metrics::{self, METRICS, Metric};
use reports::record::FILE_NAME;
use reports::words::harmless;
use settings::config::diagnostic::Mistake;
use settings::config::threshold::no_such_metric;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How the outcome is printed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GateFormat {
    /// For people.
    #[default]
    Text,
    /// Every figure, for programs.
    Json,
    /// For a review: one line where nothing changed.
    Markdown,
    /// A page that opens from disk, without a network.
    Html,
    /// `JUnit` XML: a test for each demand or comparison.
    Junit,
    /// Bencher Metric Format: the figures of the new run.
    Bmf,
}

/// The record of a run, or why it cannot be read.
pub(super) fn record(folder: &Path) -> Result<RunRecord, Answer> {
    RunRecord::read(folder).map_err(|error| {
        let failed = Answer::failed("compare::record", &error.to_string());
        Answer { exit: Exit::Usage, ..failed }
    })
}

/// Further runs of the same thing as one of two, in the order of their folders' names. A folder that
/// holds runs gives those that are; one that holds a run must be.
pub(super) fn again(
    folders: &[PathBuf],
    base: &RunRecord,
    new: &RunRecord,
) -> Result<Vec<RunRecord>, Answer> {
    let mut runs: Vec<RunRecord> = Vec::new();
    for folder in folders {
        if is_run(folder) {
            runs.push(record(folder)?);
            continue;
        }
        let unreadable = |error: io::Error| {
            let message = format!("`{}` cannot be read: {error}", folder.display());
            Answer { exit: Exit::Usage, ..Answer::failed("compare::record", &message) }
        };
        let within = runs_within(folder).map_err(unreadable)?;
        // What cannot be read is no run of the same thing, and nobody named it.
        let found = within.iter().filter_map(|path| RunRecord::read(path).ok());
        let before = runs.len();
        runs.extend(found.filter(|run| is_again(base, new, run)));
        if runs.len() == before {
            let message = format!(
                "no run in `{}` is another of the same thing as one of the two\n  help: give runs of \
                 the same build, machine and scenario",
                folder.display()
            );
            let failed = Answer::failed("compare::not_again", &message);
            return Err(Answer { exit: Exit::Usage, ..failed });
        }
    }
    Ok(runs)
}

/// Whether a folder that was named is to be read as a run: it holds one, or is no folder at all.
pub(super) fn is_run(folder: &Path) -> bool {
    folder.join(FILE_NAME).exists() || !folder.is_dir()
}

/// The folders of the runs that lie in this one, in the order of their names.
pub(super) fn runs_within(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut within: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    within.retain(|path| path.join(FILE_NAME).exists());
    within.sort();
    Ok(within)
}

/// The metrics of these names, where `all` is every one there is.
pub(super) fn metrics(names: &[String]) -> Result<Vec<&'static Metric>, Mistake> {
    let mut found: Vec<&'static Metric> = Vec::new();
    for name in names {
        match metrics::metric(name) {
            Some(metric) => found.push(metric),
            None if name == "all" => found.extend(METRICS),
            None => return Err(no_such_metric(name, "--metric")),
        }
    }
    Ok(found)
}

/// A file that one of them may write, which never is one that it reads.
pub(super) fn target(
    path: Option<&Path>,
    runs: &[&Path],
    force: bool,
) -> Result<Option<Target>, Mistake> {
    let records: Vec<PathBuf> = runs.iter().map(|run| run.join(FILE_NAME)).collect();
    path.map(|path| Target::at("compare::output", path, &records, force)).transpose()
}

/// Writes a document, in which nothing is obeyed that somebody has typed.
pub(super) fn write(target: &Target, document: &str) -> Result<(), Answer> {
    target.write_text(&harmless(document)).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", target.path().display());
        Answer::failed("compare::output", &message)
    })
}

/// Two runs that must not be compared.
pub(super) fn refused(refusal: &Refusal, colour: bool) -> Answer {
    let mut message = refusal.message.clone();
    let width =
        refusal.differences.iter().map(|one| one.what.chars().count()).max().unwrap_or_default();
    for one in &refusal.differences {
        let _ = write!(message, "\n    {:width$}  {} → {}", one.what, one.base, one.new);
    }
    let mistake = Mistake::new(refusal.code, message).help(refusal.help.clone());
    Answer::mistaken(mistake, colour)
}

/// Puts the document where it belongs: into the file, if there is one, and the text to stdout;
/// else the document to stdout. The table for a review goes to GitHub's step summary as well,
/// where there is one.
pub(super) fn deliver(
    document: String,
    text: impl FnOnce() -> String,
    markdown: impl FnOnce() -> String,
    out: Option<&Target>,
) -> Answer {
    let mut answer = Answer::default();
    match out {
        None => answer.results = document,
        Some(target) => match write(target, &document) {
            Ok(()) => answer.results = text(),
            Err(answer) => return answer,
        },
    }
    let summary = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    if let Some(path) = summary {
        let file = OpenOptions::new().append(true).create(true).open(&path);
        if let Err(error) =
            file.and_then(|mut file| file.write_all(harmless(&markdown()).as_bytes()))
        {
            let _ = writeln!(
                answer.complaints,
                "warning[compare::output]: the step summary `{}` cannot be written: {error}",
                Path::new(&path).display()
            );
        }
    }
    answer
}
