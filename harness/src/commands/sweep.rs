//! `sweep`: one or two settings varied, a run for every point.

use super::{Answer, limit, prepare, run};
use crate::args::{Printed, SettingArgs};
use crate::config::Given;
use crate::diagnostic::{Mistake, Rejected};
use crate::feed::{Feed as _, Happening};
use crate::limit::{LimitPlan, Options, PRECISION};
use crate::plan::{Plan, Repeat};
use crate::progress::Progress;
use crate::sweep::{self, Request};
use crate::units;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What `sweep` takes.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct SweepArgs {
    /// A scenario file, or the name of a built-in scenario.
    #[arg(value_name = "FILE|NAME")]
    pub what: String,

    /// What varies, one or two: a list (`parallelism=1,2`) or a range with its number of points,
    /// by equal ratios (`interval=10ms..10s/log8`) or equal steps (`rate=50k/s..400k/s/lin8`). A
    /// key may be shortened.
    #[arg(required = true, value_name = "KEY=VALUES")]
    pub axes: Vec<String>,

    /// Run only this engine; may be repeated.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// What to change at every point.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// How often each engine runs each point; `5..20` is at least 5 times, then until the medians
    /// are known to within 3 %, or 20 times.
    #[arg(long, value_name = "N|N..M", env = "SLUICEBENCH_REPEAT")]
    pub repeat: Option<Repeat>,

    /// Search the highest sustainable rate at each point, instead of running one rate. A search
    /// repeats by itself what it must, so --repeat says nothing to it.
    #[arg(long, conflicts_with_all = ["simulate", "keep_results"])]
    pub limit: bool,

    /// Demand this of the latency as well, such as `p99=100ms`, with --limit.
    #[arg(long, value_name = "QUANTILE=DURATION", requires = "limit")]
    pub slo: Option<String>,

    /// Measure each probe for this long, with --limit; a minute or 20 batches, whichever is
    /// longer, where nothing is said.
    #[arg(long, value_name = "D", requires = "limit")]
    pub window: Option<String>,

    /// Refuse a sweep that would take longer than this.
    #[arg(long, value_name = "D", default_value = "2h")]
    pub budget: String,

    /// The folder to write; `runs/<time>-<name>` where nothing is said.
    #[arg(long, value_name = "DIR", env = "SLUICEBENCH_OUT")]
    pub out: Option<PathBuf>,

    /// Write the answers and the late events as well.
    #[arg(long)]
    pub keep_results: bool,

    /// Run on one thread in simulated time: the same seed gives the same run to the byte.
    #[arg(long)]
    pub simulate: bool,

    /// How to print the outcome; `json` is the run record.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,

    /// Exit with 5 where the outcome is inconclusive: too few repetitions, an unstable p99, or
    /// answers that could only be checked against bounds.
    #[arg(long)]
    pub strict: bool,
}

/// Runs a sweep, and tells what came of it.
pub(super) fn sweep(args: &SweepArgs, given: &[Given], colour: bool) -> Answer {
    let search = match search(args) {
        Ok(search) => search,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let planned = length("budget", &args.budget).and_then(|budget| {
        sweep::plan(&Request {
            what: &args.what,
            axes: &args.axes,
            given,
            engines: &args.engines,
            repeat: args.repeat,
            budget,
            simulate: args.simulate,
            search: search.as_ref(),
        })
    });
    let planned = match planned {
        Ok(planned) => planned,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let plan = Plan {
        name: planned.name,
        title: planned.title,
        cells: planned.cells,
        out: args.out.clone(),
        keep_results: args.keep_results,
        simulate: args.simulate,
        repeat: planned.repeat,
        format: args.format.into(),
        command: prepare::typed(std::env::args_os()),
        strict: args.strict,
        sweep: Some(planned.sweep),
    };
    let mut progress = Progress::default();
    for notice in &planned.notices {
        progress.tell(&Happening::Noted(&format!("notice: {notice}")));
    }
    match search {
        Some(options) => limit::carry_out(&LimitPlan { plan, options, resume: None }, colour),
        None => run::carry_out(&plan, false, colour),
    }
}

/// What is asked of the search at each point, if there is one.
fn search(args: &SweepArgs) -> Result<Option<Options>, Rejected> {
    if !args.limit {
        return Ok(None);
    }
    let slo = args.slo.as_deref().map(limit::slo).transpose().map_err(Rejected::because)?;
    let window = args.window.as_deref().map(|text| length("window", text)).transpose()?;
    let budget = SEARCH_MOST;
    Ok(Some(Options { slo, precision: PRECISION, window, budget, least: None, most: None }))
}

/// How long the search for one engine's limit at one point may take.
const SEARCH_MOST: Duration = Duration::from_hours(1);

fn length(option: &str, text: &str) -> Result<Duration, Rejected> {
    units::duration(text).map_err(|error| {
        let message = format!("--{option} {text}: {error}");
        Rejected::because(Mistake::new("config::unit", message).help(error.remedy()))
    })
}
