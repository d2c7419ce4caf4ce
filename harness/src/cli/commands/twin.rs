//! `twin`: a synthetic source that resembles a trace.

use super::prepare;
use crate::cli::answer::Answer;
use crate::cli::options::{Printed, SettingArgs};
use crate::cli::output::Target;
use crate::studies::twin::{self, RULE, Twin, TwinError, Waited};
use clap::Args;
use scenarios::catalog::CaseError;
use serde_json::json;
use settings::config::diagnostic::Mistake;
use settings::config::{Given, Sets};
use settings::plan::{Format, units};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What `twin` takes.
#[derive(Debug, Args)]
pub struct TwinArgs {
    /// A scenario file whose source is a trace, or the name of a built-in one.
    #[arg(value_name = "TRACE-SCENARIO")]
    pub scenario: String,

    /// The scenario file to write; it goes to stdout where nothing is said.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,

    /// What to change first, such as `source.trace.path`.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// How to print how close it is.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,
}

/// Fits, writes and says how close it is.
pub(in crate::cli) fn twin(args: &TwinArgs, given: &[Given], colour: bool) -> Answer {
    let (cell, files) = match prepare::one_cell(&args.scenario, &of_trace(given)) {
        Ok(cell) => cell,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let target = args.out.as_deref().map(|out| Target::at("twin::file", out, &files, args.force));
    let target = match target.transpose() {
        Ok(target) => target,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let rate_per_s = match rate(given) {
        Ok(rate_per_s) => rate_per_s,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let twin = match twin::twin(&cell, rate_per_s) {
        Ok(twin) => twin,
        Err(TwinError::Trace(error)) => return Answer::of_case(&CaseError::Trace(error)),
        Err(error) => return Answer::mistaken(mistake(&error), colour),
    };
    if let Some(target) = &target
        && let Err(error) = target.write_text(&twin.text)
    {
        let message = format!("the file `{}` cannot be written: {error}", target.path().display());
        let help = "name another one with --out FILE";
        return Answer::mistaken(Mistake::new("twin::file", message).help(help), colour);
    }
    match (args.format.into(), &args.out) {
        (Format::Json, out) => Answer::ok(as_json(&twin, out.as_deref())),
        (Format::Text, Some(out)) => {
            let next = format!("\nWritten to {0}. Next: sluicebench run {0}\n", out.display());
            Answer::ok(report(&twin) + &next)
        }
        // The file is the result; how close it is says the file itself as well.
        (Format::Text, None) => {
            Answer { complaints: report(&twin), ..Answer::ok(twin.text.clone()) }
        }
    }
}

/// What is set beside the file, but for the rate, which is the twin's: a trace has none.
fn of_trace(given: &[Given]) -> Vec<Given> {
    given.iter().filter(|given| given.sets != Sets::Rate).cloned().collect()
}

/// The rate that the twin is to offer, if one is named; the last word counts.
fn rate(given: &[Given]) -> Result<Option<f64>, Mistake> {
    let named = given.iter().rev().find(|given| given.sets == Sets::Rate);
    let read = |given: &Given| {
        units::rate_per_s(&given.text).map_err(|error| {
            Mistake::new("config::unit", format!("{}{}: {error}", given.prefix, given.text))
                .help(error.remedy())
        })
    };
    named.map(read).transpose()
}

fn mistake(error: &TwinError) -> Mistake {
    let code = match error {
        TwinError::NoTrace { .. } => "twin::no_trace",
        TwinError::TooShort { .. } | TwinError::AtOnce { .. } => "twin::too_short",
        TwinError::Trace(_) | TwinError::Unrun(_) | TwinError::Unreadable(_) => "twin::unreadable",
    };
    Mistake::new(code, error.to_string())
}

fn report(twin: &Twin) -> String {
    let mut out =
        format!("A twin of {} events. How close as many of its own are:\n\n", twin.events);
    for property in &twin.properties {
        let (distance, _) = &property.shown;
        let _ = writeln!(
            out,
            "  {:<8} {:<8} D {:.3}   W {distance}",
            property.name, property.closeness, property.ks
        );
    }
    out.push('\n');
    for property in &twin.properties {
        let _ = writeln!(out, "{}.", property.sentence());
    }
    let _ = writeln!(out, "\n{RULE}");
    out.push_str(
        "\nWhat answers wait for (event_latency in simulated time, where engines take none):\n\n",
    );
    for wait in &twin.waits {
        let closeness =
            wait.closeness().map_or_else(|| "unknown".to_owned(), |one| one.to_string());
        let _ = writeln!(out, "  {closeness:<8} {wait}");
    }
    out
}

fn as_json(twin: &Twin, out: Option<&Path>) -> String {
    let properties: Vec<_> = twin
        .properties
        .iter()
        .map(|property| {
            json!({
                "name": property.name,
                "closeness": property.closeness.to_string(),
                "kolmogorov_smirnov": property.ks,
                "wasserstein": property.wasserstein,
                "mean": property.mean,
                "sentence": property.sentence(),
            })
        })
        .collect();
    let waited = |waited: Option<Waited>| {
        waited.map(|waited| {
            json!({
                "answers": waited.answers,
                "p50_ns": waited.p50_ns,
                "p99_ns": waited.p99_ns,
            })
        })
    };
    let waits: Vec<_> = twin
        .waits
        .iter()
        .map(|wait| {
            json!({
                "engine": wait.engine,
                "closeness": wait.closeness().map(|closeness| closeness.to_string()),
                "trace": waited(wait.trace),
                "twin": waited(wait.twin),
            })
        })
        .collect();
    let answer = json!({
        "schema_version": 1,
        "events": twin.events,
        "span_s": twin.span_s,
        "properties": properties,
        "event_latency_simulated": waits,
        "file": out.map(|out| out.display().to_string()),
        "scenario": twin.text,
    });
    format!("{answer:#}\n")
}
