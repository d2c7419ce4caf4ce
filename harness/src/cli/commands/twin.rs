//! `twin`: a synthetic source that resembles a trace.

use super::prepare;
use crate::cli::answer::Answer;
use crate::cli::options::{Printed, SettingArgs};
use crate::config::Given;
use crate::config::diagnostic::Mistake;
use crate::plan::Format;
use crate::studies::twin::{self, Twin, TwinError};
use clap::Args;
use scenarios::catalog::CaseError;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
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

    /// What to change first, such as `source.trace.path`.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// How to print how close it is.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,
}

/// Fits, writes and says how close it is.
pub(in crate::cli) fn twin(args: &TwinArgs, given: &[Given], colour: bool) -> Answer {
    let cell = match prepare::one_cell(&args.scenario, given) {
        Ok(cell) => cell,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let twin = match twin::twin(&cell) {
        Ok(twin) => twin,
        Err(TwinError::Trace(error)) => return Answer::of_case(&CaseError::Trace(error)),
        Err(error) => return Answer::mistaken(mistake(&error), colour),
    };
    if let Some(out) = &args.out
        && let Err(mistake) = write(out, &twin.text)
    {
        return Answer::mistaken(mistake, colour);
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

fn mistake(error: &TwinError) -> Mistake {
    let code = match error {
        TwinError::NoTrace { .. } => "twin::no_trace",
        TwinError::TooShort { .. } | TwinError::AtOnce { .. } => "twin::too_short",
        TwinError::Trace(_) | TwinError::Unreadable(_) => "twin::unreadable",
    };
    Mistake::new(code, error.to_string())
}

/// Writes a file that is not there yet.
fn write(out: &Path, text: &str) -> Result<(), Mistake> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(out);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let shown = out.display();
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return Mistake::new("twin::file", format!("the file `{shown}` is there already"))
                .help("name another one with --out FILE; a file is never overwritten");
        }
        Mistake::new("twin::file", format!("the file `{shown}` cannot be written: {error}"))
            .help("name another one with --out FILE")
    })
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
    let answer = json!({
        "schema_version": 1,
        "events": twin.events,
        "span_s": twin.span_s,
        "properties": properties,
        "file": out.map(|out| out.display().to_string()),
        "scenario": twin.text,
    });
    format!("{answer:#}\n")
}
