//! `sweep`: one or two settings varied, a run for every point.

use super::{Answer, prepare, run};
use crate::args::{Printed, SettingArgs};
use crate::config::Given;
use crate::diagnostic::{Mistake, Rejected};
use crate::feed::{Feed as _, Happening};
use crate::plan::{Plan, Repeat};
use crate::progress::Progress;
use crate::sweep::{self, Request};
use crate::units;
use clap::Args;
use std::path::PathBuf;
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

    /// How often each engine runs each point; `5..20` is at least 5 times, then until the medians
    /// are known to within 3 %, or 20 times.
    #[arg(long, value_name = "N|N..M", env = "SLUICEBENCH_REPEAT")]
    pub repeat: Option<Repeat>,

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
    let planned = budget(&args.budget).and_then(|budget| {
        sweep::plan(&Request {
            what: &args.what,
            axes: &args.axes,
            given,
            engines: &args.engines,
            repeat: args.repeat,
            budget,
            simulate: args.simulate,
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
    run::carry_out(&plan, false, colour)
}

fn budget(text: &str) -> Result<Duration, Rejected> {
    units::duration(text).map_err(|error| {
        let message = format!("--budget {text}: {error}");
        Rejected::because(Mistake::new("config::unit", message).help(error.remedy()))
    })
}
