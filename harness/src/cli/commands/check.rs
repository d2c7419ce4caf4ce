//! `check`: a run, held against what was demanded of it.

use super::gate::{self, GateFormat};
use crate::cli::answer::Answer;
use clap::Args;
use instrument::bench::exit::Exit;
use reports::RunRecord;
use reports::judge::gate::{Checked, Status, Terms};
use reports::record::VerdictKind;
use reports::text::gate as formats;
use reports::words::harmless;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The folder of the run.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,

    /// The folder of a run that it must not be worse than. Worse is what is so for sure, by more
    /// than two runs of the same thing may differ, perhaps by less than anyone would act on: a
    /// threshold (`worse_by`) says by how much it may be.
    #[arg(long, value_name = "DIR")]
    pub baseline: Option<PathBuf>,

    /// A further run of the same thing as DIR or as the baseline, or a folder of runs, of which
    /// those are taken that are; may be repeated. What runs of the same thing differ by is noise, and
    /// known from seven on, the two included; with fewer it is taken for up to 5.7 %.
    #[arg(long, value_name = "DIR", requires = "baseline")]
    pub again: Vec<PathBuf>,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t)]
    pub format: GateFormat,

    /// Write it to this file, and text to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Compare with a baseline of another machine or build; every figure is then marked. Write over
    /// a file that is there.
    #[arg(long)]
    pub force: bool,

    /// Exit with 5 where something is inconclusive.
    #[arg(long)]
    pub strict: bool,
}

/// Checks a run.
pub(in crate::cli) fn check(args: &CheckArgs, colour: bool) -> Answer {
    let runs: Vec<&Path> = [Some(&args.run), args.baseline.as_ref()]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    let out = match gate::target(args.out.as_deref(), &runs, args.force) {
        Ok(out) => out,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let baseline = args.baseline.as_deref().map(gate::record).transpose();
    let records = gate::record(&args.run).and_then(|run| Ok((run, baseline?)));
    let (run, baseline) = match records {
        Ok(records) => records,
        Err(answer) => return answer,
    };
    let folder = args.run.display().to_string();
    let base_folder = args.baseline.as_ref().map(|path| path.display().to_string());
    let against = baseline.as_ref().zip(base_folder.as_deref());
    let again =
        baseline.as_ref().map_or(Ok(Vec::new()), |base| gate::again(&args.again, base, &run));
    let again = match again {
        Ok(again) => again,
        Err(answer) => return answer,
    };
    let again: Vec<&RunRecord> = again.iter().collect();
    let terms = Terms { again: &again, forced: args.force, ..Terms::default() };
    let checked = match reports::judge::gate::check((&run, folder.as_str()), against, &terms) {
        Ok(checked) => checked,
        Err(refusal) => return gate::refused(&refusal, colour),
    };
    let document = match args.format {
        GateFormat::Text => formats::checked_text(&checked),
        GateFormat::Json => formats::checked_json(&checked),
        GateFormat::Markdown => formats::checked_markdown(&checked),
        GateFormat::Html => reports::page::comparison::checked(&checked, &run, baseline.as_ref()),
        GateFormat::Junit => formats::checked_junit(&checked),
        GateFormat::Bmf => formats::bmf(&run, checked.is_forced()),
    };
    let mut answer = gate::deliver(
        document,
        || formats::checked_text(&checked),
        || formats::checked_markdown(&checked),
        out.as_ref(),
    );
    if answer.exit == Exit::Ok {
        answer.exit = judged(&checked, run.interrupted, args.strict, &mut answer.complaints);
    }
    answer
}

/// How the program ends, and why. The reason not to read the figures comes before what they say.
fn judged(checked: &Checked, interrupted: bool, strict: bool, complaints: &mut String) -> Exit {
    match checked.wrong {
        Some(VerdictKind::LoadNotHeld) => {
            let text = "a repetition of this run is void, because its load was not held\n  help: \
                        run it again, at a lower rate or with less beside it";
            return ends(complaints, "run::rate_not_held", Exit::NotHeld, text);
        }
        Some(VerdictKind::Differs) => {
            let text = "answers of this run differ from the reference, so its figures say \
                        nothing\n  help: sluicebench report DIR shows the first differences";
            return ends(complaints, "run::results_differ", Exit::Differs, text);
        }
        Some(_) => {
            let text = "an engine failed in this run\n  help: sluicebench report DIR shows why";
            return ends(complaints, "run::engine_failed", Exit::Failed, text);
        }
        None => {}
    }
    if let Some([why, advice]) = checked.nothing() {
        let _ = writeln!(
            complaints,
            "error[check::nothing_demanded]: {why}, so nothing was checked\n  help: {advice}"
        );
        return Exit::Usage;
    }
    let (violated, all) = (checked.count(Status::Violated), checked.findings.len());
    let inconclusive = checked.count(Status::Inconclusive);
    if violated > 0 {
        let (code, against) = match &checked.against {
            Some(compared) => {
                ("check::regression", format!(" against baseline `{}`", compared.base.folder))
            }
            None => ("check::violated", String::new()),
        };
        let mut text = format!("{violated} of {all} demands violated{against}");
        for finding in checked.findings.iter().filter(|f| f.status == Status::Violated) {
            let _ = write!(
                text,
                "\n    ✗ {} {} {}  {}  {}",
                finding.cell, finding.engine, finding.metric, finding.because, finding.demand
            );
        }
        let passed = checked.count(Status::Passed);
        let _ = write!(text, "\n    ~ {inconclusive} inconclusive, ✓ {passed} passed");
        return ends(complaints, code, Exit::Missed, &text);
    }
    if inconclusive == 0 && !interrupted {
        return Exit::Ok;
    }
    let what = if inconclusive > 0 {
        format!(
            "{inconclusive} of {all} demands are inconclusive: the figures lie too far apart, or \
             are too few"
        )
    } else {
        "the run was interrupted: what is missing was not checked".into()
    };
    let text = format!(
        "{what}\n  help: run it with more repetitions (--repeat 10) on a quieter machine: \
         sluicebench doctor"
    );
    if strict {
        return ends(complaints, "check::inconclusive", Exit::Inconclusive, &text);
    }
    let _ = writeln!(complaints, "warning[check::inconclusive]: {text}");
    Exit::Ok
}

/// Says why the program ends as it does.
fn ends(complaints: &mut String, code: &str, exit: Exit, text: &str) -> Exit {
    let text = harmless(text);
    let _ = writeln!(complaints, "error[{code}] (exit {}): {text}", exit.code());
    exit
}
