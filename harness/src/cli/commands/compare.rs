//! `compare`: two runs, held against each other, with the noise of the machine in view.
//!
//! It tells and does not judge: a difference, however large, is exit code 0. `check` judges.
//! Better and worse are what the rule of [`statistics::comparison`] makes of it.

use super::gate::{self, GateFormat, deliver};
use crate::cli::answer::Answer;
use clap::Args;
use reports::RunRecord;
use reports::judge::gate::Terms;
use reports::text::gate as formats;
use std::path::PathBuf;

/// What `compare` takes.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The folder of the run that was there before.
    #[arg(value_name = "BASE")]
    pub base: PathBuf,

    /// The folder of the run to compare with it.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,

    /// Compare this metric as well, or `all`; may be repeated.
    #[arg(long = "metric", value_name = "M")]
    pub metrics: Vec<String>,

    /// A further run of the same thing as BASE or as NEW, or a folder of runs, of which those are
    /// taken that are; may be repeated. What runs of the same thing differ by is noise, and known
    /// from seven on, the two included; with fewer it is taken for up to 5.7 %.
    #[arg(long, value_name = "DIR")]
    pub again: Vec<PathBuf>,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t)]
    pub format: GateFormat,

    /// Write it to this file, and text to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Draw it, as an SVG file.
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,

    /// Compare runs of different machines or builds; every figure is then marked. Write over files
    /// that are there.
    #[arg(long)]
    pub force: bool,
}

/// Compares two runs.
pub(in crate::cli) fn compare(args: &CompareArgs, colour: bool) -> Answer {
    let also = match gate::metrics(&args.metrics) {
        Ok(also) => also,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let runs = [args.base.as_path(), args.new.as_path()];
    let targets =
        [&args.out, &args.chart].map(|path| gate::target(path.as_deref(), &runs, args.force));
    let (out, chart) = match targets {
        [Ok(out), Ok(chart)] => (out, chart),
        [Err(mistake), _] | [_, Err(mistake)] => return Answer::mistaken(mistake, colour),
    };
    let records = gate::record(&args.base).and_then(|base| Ok((base, gate::record(&args.new)?)));
    let (base, new) = match records {
        Ok(records) => records,
        Err(answer) => return answer,
    };
    let (base_folder, new_folder) =
        (args.base.display().to_string(), args.new.display().to_string());
    let again = match gate::again(&args.again, &base, &new) {
        Ok(again) => again,
        Err(answer) => return answer,
    };
    let again: Vec<&RunRecord> = again.iter().collect();
    let compared = reports::judge::gate::compare(
        (&base, base_folder.as_str()),
        (&new, new_folder.as_str()),
        &Terms { also: &also, again: &again, forced: args.force },
    );
    let compared = match compared {
        Ok(compared) => compared,
        Err(refusal) => return gate::refused(&refusal, colour),
    };
    if let Some(target) = &chart {
        let Some(chart) = reports::chart::comparison(&compared) else {
            return Answer::failed("compare::output", "no figure is there on both sides to draw");
        };
        if let Err(answer) = gate::write(target, &chart.file()) {
            return answer;
        }
    }
    let document = match args.format {
        GateFormat::Text => formats::compared_text(&compared),
        GateFormat::Json => formats::compared_json(&compared),
        GateFormat::Markdown => formats::compared_markdown(&compared),
        GateFormat::Html => reports::page::comparison::compared(&compared, (&base, &new)),
        GateFormat::Junit => formats::compared_junit(&compared),
        GateFormat::Bmf => formats::bmf(&new, !compared.environment.is_empty()),
    };
    deliver(
        document,
        || formats::compared_text(&compared),
        || formats::compared_markdown(&compared),
        out.as_ref(),
    )
}
