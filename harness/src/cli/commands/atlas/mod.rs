//! `atlas`: which engine is the cheapest that holds a demand on the latency, over rates and demands.
//!
//! A sweep over the rate, with each engine at settings for every demand; then what its record says. So
//! a map is a run like any other, gone on with and reported on as one, and a folder of one is mapped
//! again without measuring, for other demands, too.

mod asked;
mod document;

use super::report;
use crate::cli::answer::{Answer, page_line};
use crate::cli::carry_out::{carried_out, not_done};
use crate::cli::options::{Printed, SettingArgs};
use crate::cli::progress::Progress;
use crate::run::Outcome;
use crate::run::feed::{Feed as _, Happening};
use crate::studies::advise::collecting;
use asked::{Again, Anew, Asked, asked};
use clap::Args;
use instrument::bench::error::RunError;
use instrument::bench::exit::Exit;
use reports::{RunRecord, text};
use settings::config::Given;
use settings::plan::Repeat;
use std::path::{Path, PathBuf};

pub(super) use document::Mapped;

/// What `atlas` takes.
#[derive(Debug, Args)]
pub struct AtlasArgs {
    /// A scenario file, or the name of a built-in scenario; or the folder of a map, to be mapped again
    /// from what was measured then.
    #[arg(value_name = "FILE|NAME|DIR")]
    pub what: String,

    /// What the map goes over, once each: `rate=VALUES` and `slo.QUANTILE=VALUES`, such as
    /// `rate=1k/s..1M/s/log8` and `slo.p99=5ms..10s/log8`, in lists and ranges as `sweep` takes them.
    /// Where nothing is said: a tenth of the scenario's rate to ten times as much, and a tenth of the
    /// user's own demand to ten times as much, or 10 ms to 1 s, in five steps.
    #[arg(long = "vary", value_name = "WHAT=VALUES")]
    pub axes: Vec<String>,

    /// What this workload demands itself, such as `p99=100ms`: it is marked on the map and answered.
    #[arg(long, value_name = "QUANTILE=DURATION")]
    pub slo: Option<String>,

    /// Map only this engine; may be repeated. Where nothing is said, the embedded engines and every other
    /// one that is here, as for `advise`.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// What to change at every point.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// How often each setting of each engine runs at each rate; 3 times where nothing is said. With
    /// one repetition nothing is held for sure.
    #[arg(long, value_name = "N|N..M", env = "SLUICEBENCH_REPEAT")]
    pub repeat: Option<Repeat>,

    /// Refuse a map that would take longer than this; 2h where nothing is said.
    #[arg(long, value_name = "D")]
    pub budget: Option<String>,

    /// The folder to write; `runs/<time>-atlas-<name>` where nothing is said. The folder of a map is
    /// written where it is.
    #[arg(long, value_name = "DIR", env = "SLUICEBENCH_OUT")]
    pub out: Option<PathBuf>,

    /// Go on with the map that this folder holds: finished repetitions are not made again.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub resume: Option<PathBuf>,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,
}

/// Maps, and tells what follows.
pub(in crate::cli) fn atlas(args: &AtlasArgs, given: &[Given], colour: bool) -> Answer {
    match asked(args, given) {
        Ok(Asked::Again(again)) => told_again(&again, args.format, colour),
        Ok(Asked::Anew(anew)) => {
            let Anew { plan, notices } = *anew;
            let mut progress = Progress::default();
            for notice in &notices {
                progress.tell(&Happening::Noted(&format!("notice: {notice}")));
            }
            let tell = |came| told(came, args.format);
            carried_out(&plan, args.resume.as_deref(), false, colour, tell)
        }
        Err(rejected) => Answer::rejected(&rejected, colour),
    }
}

/// What came of measuring.
fn told(came: Result<Outcome, RunError>, format: Printed) -> Answer {
    let Outcome { folder, record, exit, .. } = match came {
        Ok(outcome) => outcome,
        Err(error) => return not_done(&error),
    };
    let page = page_line(&folder.join("report.html"));
    Answer { exit, ..said(&record, format, &page) }
}

/// The map in words with where its page is, or for programs.
fn said(record: &RunRecord, format: Printed, page: &str) -> Answer {
    match format {
        Printed::Json => match Mapped::of(record) {
            Some(mapped) => Answer::document(&mapped),
            None => Answer::failed("atlas::record", "this run is no map"),
        },
        Printed::Text => {
            let said = text::table::terminal(record);
            let gap = if page.is_empty() { "" } else { "\n" };
            Answer::ok(format!("{said}{gap}{page}"))
        }
    }
}

/// What a map says that was measured before. Its page is written again where it is, unless it is
/// asked for other demands than it was made for.
fn told_again(again: &Again, format: Printed, colour: bool) -> Answer {
    let Again { folder, record, is_other } = again;
    let written = if *is_other { Answer::default() } else { page_of(folder, colour) };
    if written.exit != Exit::Ok {
        return written;
    }
    let mut answer = said(record, format, &written.results);
    answer.complaints = written.complaints;
    if record.interrupted {
        answer.exit = Exit::Interrupted;
    }
    answer
}

fn page_of(folder: &Path, colour: bool) -> Answer {
    report::report(&[folder.to_owned()], None, false, colour)
}

/// What is tried of each engine, for `describe`.
pub(super) fn described() -> String {
    format!(
        "What each engine runs at, beside what the user has set: of a length the longest of these that \
         lies below four fifths of each demand, of all else every value\n\n{}",
        collecting()
    )
}
