//! `check`: a run, held against what was demanded of it.

use super::gate::{self, GateFormat};
use super::{Answer, FAILED, USAGE};
use clap::Args;
use reports::gate::{Checked, Status, formats};
use reports::record::VerdictKind;
use std::fmt::Write as _;
use std::path::PathBuf;

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The folder of the run.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,

    /// The folder of a run that it must not be worse than.
    #[arg(long, value_name = "DIR")]
    pub baseline: Option<PathBuf>,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t)]
    pub format: GateFormat,

    /// Write it to this file, and text to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Compare with a baseline of another machine or build; every figure is then marked.
    #[arg(long)]
    pub force: bool,

    /// Exit with 5 where something is inconclusive.
    #[arg(long)]
    pub strict: bool,
}

/// The exit code for a demand that is not met.
const VIOLATED: u8 = 3;
/// The exit code for answers that differ from the reference.
const DIFFERS: u8 = 4;
/// The exit code for what the figures do not decide, where that is asked for.
const INCONCLUSIVE: u8 = 5;
/// The exit code for a load that was not held.
const NOT_HELD: u8 = 6;

/// Checks a run.
pub(super) fn check(args: &CheckArgs, colour: bool) -> Answer {
    let baseline = args.baseline.as_deref().map(gate::record).transpose();
    let records = gate::record(&args.run).and_then(|run| Ok((run, baseline?)));
    let (run, baseline) = match records {
        Ok(records) => records,
        Err(answer) => return answer,
    };
    let folder = args.run.display().to_string();
    let base_folder = args.baseline.as_ref().map(|path| path.display().to_string());
    let against = baseline.as_ref().zip(base_folder.as_deref());
    let checked = match reports::gate::check((&run, folder.as_str()), against, args.force) {
        Ok(checked) => checked,
        Err(refusal) => return gate::refused(&refusal, colour),
    };
    let document = match args.format {
        GateFormat::Text => formats::checked_text(&checked),
        GateFormat::Json => formats::checked_json(&checked),
        GateFormat::Markdown => formats::checked_markdown(&checked),
        GateFormat::Html => reports::page::comparison::checked(&checked),
        GateFormat::Junit => formats::checked_junit(&checked),
        GateFormat::Bmf => formats::bmf(&run, checked.is_forced()),
    };
    let mut answer = gate::deliver(
        document,
        || formats::checked_text(&checked),
        || formats::checked_markdown(&checked),
        args.out.as_deref(),
    );
    if answer.exit == 0 {
        answer.exit = judged(&checked, run.interrupted, args.strict, &mut answer.complaints);
    }
    answer
}

/// The exit code, and why. The reason not to read the figures comes before what they say.
fn judged(checked: &Checked, interrupted: bool, strict: bool, complaints: &mut String) -> u8 {
    let mut say = |text: String| complaints.push_str(&text);
    match checked.wrong {
        Some(VerdictKind::LoadNotHeld) => {
            say("error[run::rate_not_held] (exit 6): a repetition of this run is void, because \
                 its load was not held\n  help: run it again, at a lower rate or with less beside \
                 it\n"
                .into());
            return NOT_HELD;
        }
        Some(VerdictKind::Differs) => {
            say("error[run::results_differ] (exit 4): answers of this run differ from the \
                 reference, so its figures say nothing\n  help: sluicebench report DIR shows the \
                 first differences\n"
                .into());
            return DIFFERS;
        }
        Some(_) => {
            say("error[run::engine_failed] (exit 1): an engine failed in this run\n  help: \
                 sluicebench report DIR shows why\n"
                .into());
            return FAILED;
        }
        None => {}
    }
    if checked.findings.is_empty() {
        say("error[check::nothing_demanded]: nothing is demanded of this run, so nothing was \
             checked\n  help: write a [[threshold]] into the scenario file (sluicebench describe \
             threshold), or give --baseline\n"
            .into());
        return USAGE;
    }
    let (violated, all) = (checked.count(Status::Violated), checked.findings.len());
    if violated > 0 {
        let (code, against) = match &checked.against {
            Some(compared) => {
                ("check::regression", format!(" against baseline `{}`", compared.base.folder))
            }
            None => ("check::violated", String::new()),
        };
        let mut text =
            format!("error[{code}] (exit 3): {violated} of {all} demands violated{against}\n");
        for finding in checked.findings.iter().filter(|f| f.status == Status::Violated) {
            let _ = writeln!(
                text,
                "    ✗ {} {} {}  {}  {}",
                finding.cell, finding.engine, finding.metric, finding.because, finding.demand
            );
        }
        let _ = writeln!(
            text,
            "    ~ {} inconclusive, ✓ {} passed",
            checked.count(Status::Inconclusive),
            checked.count(Status::Passed)
        );
        say(text);
        return VIOLATED;
    }
    let inconclusive = checked.count(Status::Inconclusive);
    if inconclusive == 0 && !interrupted {
        return 0;
    }
    let what = if inconclusive > 0 {
        format!(
            "{inconclusive} of {all} demands are inconclusive: the figures lie too far apart, or are too few"
        )
    } else {
        "the run was interrupted: what is missing was not checked".into()
    };
    let word =
        if strict { "error[check::inconclusive] (exit 5)" } else { "warning[check::inconclusive]" };
    say(format!(
        "{word}: {what}\n  help: run it with more repetitions (--repeat 10) on a quieter machine: sluicebench doctor\n"
    ));
    if strict { INCONCLUSIVE } else { 0 }
}
