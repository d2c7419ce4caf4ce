//! `twin`: a synthetic source that resembles a trace.

use super::traced::traced;
use crate::cli::answer::Answer;
use crate::cli::options::{ColumnArgs, Printed, SettingArgs};
use crate::cli::output::Target;
use crate::studies::twin::{Twin, Waited};
use clap::Args;
use reports::text;
use serde_json::json;
use settings::config::Given;
use settings::config::diagnostic::Mistake;
use settings::plan::Format;
use std::path::{Path, PathBuf};

/// What `twin` takes.
#[derive(Debug, Args)]
pub struct TwinArgs {
    /// A scenario file whose source is a trace, or the name of a built-in one; or a file of events, of
    /// which is asked what `init` would ask of it.
    #[arg(value_name = "TRACE-SCENARIO|EVENTS")]
    pub scenario: String,

    /// Which column is what.
    #[command(flatten)]
    pub columns: ColumnArgs,

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
    let traced = match traced(&args.scenario, &args.columns, given) {
        Ok(traced) => traced,
        Err(refused) => return refused.answer(colour),
    };
    let files = &traced.files;
    let target = args.out.as_deref().map(|out| Target::at("twin::file", out, files, args.force));
    let target = match target.transpose() {
        Ok(target) => target,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let twin = match traced.twin() {
        Ok(twin) => twin,
        Err(refused) => return refused.answer(colour),
    };
    let said = || {
        let taken = traced.taken.join("\n");
        let gap = if taken.is_empty() { "" } else { "\n\n" };
        let recorded = twin.recorded(&args.scenario, &traced.taken, "");
        format!("{taken}{gap}{}", text::twin::terminal(&recorded))
    };
    if let Some(target) = &target
        && let Err(error) = target.write_text(&twin.text)
    {
        let message = format!("the file `{}` cannot be written: {error}", target.path().display());
        let help = "name another one with --out FILE";
        return Answer::mistaken(Mistake::new("twin::file", message).help(help), colour);
    }
    match (args.format.into(), &args.out) {
        (Format::Json, out) => Answer::ok(as_json(&twin, &traced.taken, out.as_deref())),
        (Format::Text, Some(out)) => {
            let next = format!("\nWritten to {0}. Next: sluicebench run {0}\n", out.display());
            Answer::ok(said() + &next)
        }
        // The file is the result; how close it is says the file itself as well.
        (Format::Text, None) => Answer { complaints: said(), ..Answer::ok(twin.text.clone()) },
    }
}

fn as_json(twin: &Twin, taken: &[String], out: Option<&Path>) -> String {
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
        "taken": taken,
        "events": twin.events,
        "span_s": twin.span_s,
        "properties": properties,
        "event_latency_simulated": waits,
        "file": out.map(|out| out.display().to_string()),
        "scenario": twin.text,
    });
    format!("{answer:#}\n")
}
