//! `sweep`: one or two settings varied, a run for every point.

use super::{limit, prepare};
use crate::cli::answer::Answer;
use crate::cli::carry_out::carry_out;
use crate::cli::options::{RunningArgs, SearchArgs, SettingArgs};
use crate::cli::progress::Progress;
use crate::run::feed::{Feed as _, Happening};
use crate::studies::limit::probe::Slo;
use crate::studies::limit::{LimitPlan, Options};
use crate::studies::sweep::{self, Request};
use clap::Args;
use instrument::distributions::Place;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{self, Given, Traces};
use settings::plan::units;
use settings::plan::{Floors, Plan};
use std::time::Duration;

/// What `sweep` takes.
#[derive(Debug, Args)]
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

    /// Search the highest sustainable rate at each point, instead of running one rate. A search
    /// repeats by itself what it must, so --repeat says nothing to it; the options of a search do.
    #[arg(long, conflicts_with_all = ["simulate", "keep_results"])]
    pub limit: bool,

    /// Refuse a sweep that would take longer than this.
    #[arg(long, value_name = "D", default_value = "2h")]
    pub budget: String,

    /// How it is carried out.
    #[command(flatten)]
    pub running: RunningArgs,

    /// How limits are searched, with --limit.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// Runs a sweep, and tells what came of it.
pub(in crate::cli) fn sweep(args: &SweepArgs, given: &[Given], colour: bool) -> Answer {
    let search = match search(args, given) {
        Ok(search) => search,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let slo = match demand(args) {
        Ok(slo) => slo,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let planned = length("budget", &args.budget).and_then(|budget| {
        sweep::plan(&Request {
            what: &args.what,
            axes: &args.axes,
            given,
            engines: &args.engines,
            repeat: args.running.repeat,
            budget,
            simulate: args.running.simulate,
            search: search.as_ref(),
            slo,
            map: None,
            place: &Place::of_this_process(),
        })
    });
    let planned = planned.and_then(|planned| {
        if args.running.simulate {
            prepare::not_simulated(&planned.cells)?;
        }
        Ok(planned)
    });
    let planned = match planned {
        Ok(planned) => planned,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let plan = Plan {
        name: planned.name,
        title: planned.title,
        cells: planned.cells,
        out: args.running.out.clone(),
        keep_results: args.running.keep_results,
        simulate: args.running.simulate,
        floors: Floors::LeftOut,
        repeat: planned.repeat,
        format: args.running.format.into(),
        command: prepare::typed(std::env::args_os()),
        strict: args.running.strict,
        sweep: Some(planned.sweep),
        left_out: planned.left_out,
    };
    let mut progress = Progress::default();
    for notice in &planned.notices {
        progress.tell(&Happening::Noted(&format!("notice: {notice}")));
    }
    let Some(options) = search else {
        return carry_out(&plan, args.search.resume.as_deref(), false, colour);
    };
    match limit::before(&args.search) {
        Ok(resume) => limit::carry_out(&LimitPlan { plan, options, resume }, colour),
        Err(mistake) => Answer::mistaken(mistake, colour),
    }
}

/// What is asked of the search at each point, if there is one.
fn search(args: &SweepArgs, given: &[Given]) -> Result<Option<Options>, Rejected> {
    if !args.limit {
        // A run is gone on with as a search is.
        let SearchArgs { slo: _, precise, window, least, most, resume: _ } = &args.search;
        let typed = [
            ("--precise", *precise),
            ("--window", window.is_some()),
            ("--least", least.is_some()),
            ("--most", most.is_some()),
        ];
        return match typed.iter().find(|(_, is_typed)| *is_typed) {
            None => Ok(None),
            Some((option, _)) => {
                let message = format!("{option} is about a search, and nothing is searched");
                let help = "add --limit to search the highest rate at each point";
                Err(Rejected::because(Mistake::new("sweep::search", message).help(help)))
            }
        };
    }
    limit::without_duration(given).map_err(Rejected::because)?;
    let names = std::slice::from_ref(&args.what);
    let base = config::load(names, given, &args.engines, Traces::MustExist)?;
    limit::options(&args.search, SEARCH_MOST, &base).map(Some).map_err(Rejected::because)
}

/// What is demanded of the latency at each point; with a search it is one of its conditions.
fn demand(args: &SweepArgs) -> Result<Option<Slo>, Mistake> {
    let slo = args.search.slo.as_deref().filter(|_| !args.limit);
    slo.map(limit::slo).transpose()
}

/// How long the search for one engine's limit at one point may take.
const SEARCH_MOST: Duration = Duration::from_hours(1);

fn length(option: &str, text: &str) -> Result<Duration, Rejected> {
    units::duration(text).map_err(|error| {
        let message = format!("--{option} {text}: {error}");
        Rejected::because(Mistake::new("config::unit", message).help(error.remedy()))
    })
}
