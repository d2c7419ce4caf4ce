//! `history`: the same scenario over many runs, such as those of every night, and where the level of
//! a figure changed.
//!
//! It tells and does not judge: whatever changed, it exits with 0, and `check` is the gate. A folder
//! that cannot be read among many ends nothing: it is left out and named.

use super::gate::{self, deliver};
use crate::cli::answer::Answer;
use clap::{Args, ValueEnum};
use instrument::bench::exit::Exit;
use reports::RunRecord;
use reports::judge::history::{self, Asked, History, LeftOut};
use reports::text::history as formats;
use settings::config::diagnostic::Mistake;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What `history` takes.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Folders of runs, or folders that hold runs.
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// Look at this metric as well, or `all`; may be repeated.
    #[arg(long = "metric", value_name = "M")]
    pub metrics: Vec<String>,

    /// Look only at this engine, by its label or its kind; may be repeated.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t)]
    pub format: HistoryFormat,

    /// Write it to this file, and text to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Take runs of other machines or builds as well. Write over a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// How a history is printed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// For people.
    #[default]
    Text,
    /// Every figure of every run, for programs.
    Json,
    /// For a review: one line where nothing changed.
    Markdown,
    /// A page that opens from disk, without a network.
    Html,
}

/// Tells what many runs say.
pub(in crate::cli) fn history(args: &HistoryArgs, colour: bool) -> Answer {
    let also = match gate::metrics(&args.metrics) {
        Ok(also) => also,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let (folders, mut unread) = found(&args.folders);
    let runs: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let out = match gate::target(args.out.as_deref(), &runs, args.force) {
        Ok(out) => out,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let mut records = Vec::new();
    for folder in &folders {
        let name = folder.display().to_string();
        match RunRecord::read(folder) {
            Ok(record) => records.push((history::lean(record), name)),
            Err(error) => unread.push(left_out(folder, error.to_string())),
        }
    }
    if !records.is_empty()
        && let Some(unknown) = args.engines.iter().find(|name| !is_in(&records, name))
    {
        let message = format!("no run here has an engine `{unknown}`");
        let help = "--engine takes what a table calls an engine, or its name";
        return Answer::mistaken(Mistake::new("history::engine", message).help(help), colour);
    }
    let asked = Asked { also: &also, engines: &args.engines, forced: args.force };
    let history = history::history(&records, unread, &asked);
    if history.series.is_empty() {
        return nothing(&history, &args.engines);
    }
    let document = match args.format {
        HistoryFormat::Text => formats::text(&history),
        HistoryFormat::Json => formats::json(&history),
        HistoryFormat::Markdown => formats::markdown(&history),
        HistoryFormat::Html => reports::page::history::page(&history),
    };
    deliver(document, || formats::text(&history), || formats::markdown(&history), out.as_ref())
}

/// The folders of runs that these are or hold, and those that are neither.
fn found(folders: &[PathBuf]) -> (Vec<PathBuf>, Vec<LeftOut>) {
    let (mut runs, mut others): (Vec<PathBuf>, Vec<LeftOut>) = (Vec::new(), Vec::new());
    for folder in folders {
        let within =
            if gate::is_run(folder) { Ok(vec![folder.clone()]) } else { gate::runs_within(folder) };
        match within {
            Ok(within) if within.is_empty() => {
                others.push(left_out(folder, "it holds no run".into()));
            }
            Ok(within) => {
                for run in within {
                    // Named, and in a folder that was named as well.
                    if !runs.contains(&run) {
                        runs.push(run);
                    }
                }
            }
            Err(error) => others.push(left_out(folder, format!("it cannot be read: {error}"))),
        }
    }
    (runs, others)
}

/// Whether an engine of that label or name is in any of these.
fn is_in(records: &[(RunRecord, String)], name: &str) -> bool {
    let engines = records.iter().flat_map(|(record, _)| &record.cells).flat_map(|it| &it.engines);
    engines.into_iter().any(|engine| engine.label == name || engine.kind.name() == name)
}

fn left_out(folder: &Path, why: String) -> LeftOut {
    LeftOut::whole(&folder.display().to_string(), why)
}

/// No figure to tell of.
fn nothing(history: &History, engines: &[String]) -> Answer {
    let mut message = "there is no figure in any of these runs".to_owned();
    if !engines.is_empty() {
        let _ = write!(message, " of {}", engines.join(" or "));
    }
    for left in &history.left_out {
        let _ = write!(message, "\n    {}: {}", left.named(), left.why);
    }
    message.push_str("\n  help: give folders that runs have written, or a folder of them");
    if !engines.is_empty() {
        message.push_str("; --engine takes what a table calls an engine");
    }
    Answer { exit: Exit::Usage, ..Answer::failed("history::nothing", &message) }
}
