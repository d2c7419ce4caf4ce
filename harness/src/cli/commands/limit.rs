//! `limit`: the highest sustainable rate.

use super::prepare;
use crate::cli::answer::Answer;
use crate::cli::carry_out::{self, Ready, TraceSeen};
use crate::cli::options::{Printed, SearchArgs, SettingArgs};
use crate::cli::progress::{Progress, say};
use crate::run::absent::leave_out_what_is_not_here;
use crate::run::estimate;
use crate::studies::limit::probe::Slo;
use crate::studies::limit::{
    LimitPlan, Options, PRECISION, PRECISION_FINE, obstacle, run_limit, window_demanded,
};
use crate::studies::sweep::PROBES;
use clap::Args;
use engines::WallClock;
use instrument::distributions::Place;
use reports::RunRecord;
use reports::quantity;
use reports::words::titled;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{self, Given, Loaded, Sets, Traces};
use settings::plan::units;
use settings::plan::{Cell, Floors, Load, Plan, Repeat};
use std::path::PathBuf;
use std::time::Duration;

/// What `limit` takes.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Scenario files or suites, or the names of built-in ones.
    #[arg(required = true, value_name = "FILE|NAME")]
    pub what: Vec<String>,

    /// Search only this engine's limit; may be repeated.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// Let the search for one engine's limit on one scenario take this long at most. Where that is too
    /// short for probes of the length that the method demands, they are shorter, and the result says so.
    #[arg(long, value_name = "D", default_value = "1h")]
    pub budget: String,

    /// How it is searched.
    #[command(flatten)]
    pub search: SearchArgs,

    /// Do not ask engines in processes of their own nothing behind their searches, which takes the time
    /// of a short repetition each and tells what of their latencies is the way there and back; nor time a
    /// plain loop, which takes some two seconds and tells what the question takes without any engine.
    #[arg(long)]
    pub no_calibration: bool,

    /// What to change. The search starts at the rate of the scenario.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// The folder to write; `runs/<time>-limit-<name>` where nothing is said.
    #[arg(long, value_name = "DIR", env = "SLUICEBENCH_OUT")]
    pub out: Option<PathBuf>,

    /// How to print the outcome; `json` is the run record.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,

    /// Exit with 5 where a limit is not known in the end.
    #[arg(long)]
    pub strict: bool,
}

/// Searches, and tells what was found.
pub(in crate::cli) fn limit(args: &LimitArgs, given: &[Given], colour: bool) -> Answer {
    let planned = match planned(args, given) {
        Ok(planned) => planned,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    carry_out(&planned, colour)
}

/// Makes the searches of a plan, and tells what they found.
pub(super) fn carry_out(planned: &LimitPlan, colour: bool) -> Answer {
    let plan = &planned.plan;
    let room = || match &planned.resume {
        None => carry_out::room(plan),
        Some((folder, record)) => obstacle(record, plan, &planned.options)
            .map_err(|why| carry_out::not_gone_on_with("limit::resume", &why, record, folder)),
    };
    let Ready { stop, mut bench, traces } = match carry_out::ready(plan, room, colour) {
        Ok(ready) => ready,
        Err(answer) => return answer,
    };
    for seen in &traces {
        match offerable(seen, planned) {
            None => {}
            Some(Offerable { most_per_s, text }) if most_per_s < LIMIT_LEAST_PER_S => {
                let message = format!("{text}: no engine here has a limit as low as that");
                let help = TWIN;
                return Answer::mistaken(
                    Mistake::new("limit::short_trace", message).help(help),
                    colour,
                );
            }
            Some(Offerable { text, .. }) => {
                say(&format!("{text}; for a limit above that, {TWIN}"));
            }
        }
    }
    let mut progress = Progress::default();
    let came = run_limit(planned, &mut *bench, &mut progress, &WallClock::start(), &stop);
    carry_out::told(came, plan.format, |record| {
        if record.sweep.is_some() {
            reports::text::table::terminal(record)
        } else {
            reports::text::limit::terminal(record)
        }
    })
}

/// What a trace can offer to a probe, at most.
struct Offerable {
    /// Its mean rate, in events per second.
    most_per_s: f64,
    /// In a sentence without a full stop.
    text: String,
}

/// No engine here is sustained by fewer events per second than this, so that a trace which cannot
/// offer as many has no limit to be found on it.
const LIMIT_LEAST_PER_S: f64 = 1_000.0;

/// How to find the limit where a trace is too short for it.
const TWIN: &str = "search that of its twin, which has no end: sluicebench twin FILE --out \
                    twin.toml, then sluicebench limit twin.toml";

/// The most that a trace can offer: a probe lasts as long as it lasts, however fast it is played.
/// None where a level is named that the search is to end at.
fn offerable(seen: &TraceSeen, planned: &LimitPlan) -> Option<Offerable> {
    let cell = planned.plan.cells.iter().find(|cell| cell.name == seen.cell)?;
    if planned.options.most.is_some() {
        return None;
    }
    let demanded = cell.engines.iter().map(|engine| window_demanded(&engine.kind)).min()?;
    let window = planned.options.window.unwrap_or(demanded);
    let needed_s = (cell.measure.warm_up + window).as_secs_f64();
    let most_per_s = seen.replay.rows as f64 / needed_s;
    let text = format!(
        "the trace of `{}` has {} rows, and a probe takes {}: it can offer {} on average, at most",
        seen.cell,
        quantity::count(seen.replay.rows),
        quantity::seconds(needed_s),
        quantity::rate(most_per_s)
    );
    Some(Offerable { most_per_s, text })
}

/// From arguments to what is searched. Everything that can be refused is refused here.
fn planned(args: &LimitArgs, given: &[Given]) -> Result<LimitPlan, Rejected> {
    let because = Rejected::because;
    without_duration(given).map_err(because)?;
    let mut loaded = config::load(&args.what, given, &args.engines, Traces::MustExist)?;
    leave_out_what_is_not_here(&mut loaded, &Place::of_this_process());
    let budget = length("budget", &args.budget, "limit::budget").map_err(because)?;
    let mut options = options(&args.search, budget, &loaded).map_err(because)?;
    let resume = before(&args.search).map_err(because)?;
    options.window = options.window.or_else(|| match &resume {
        Some((_, record)) => window_of(record),
        None => window_that_fits(&loaded.cells, budget),
    });
    one_fits(&loaded.cells, &options).map_err(because)?;
    let plan = Plan {
        name: format!("limit-{}", loaded.name),
        title: titled("Highest sustainable rate", &loaded.title),
        cells: loaded.cells,
        out: args.out.clone(),
        keep_results: false,
        simulate: false,
        floors: if args.no_calibration { Floors::LeftOut } else { Floors::Measured },
        repeat: Repeat::times(1),
        format: args.format.into(),
        command: prepare::typed(std::env::args_os()),
        strict: args.strict,
        sweep: None,
        left_out: loaded.left_out,
    };
    Ok(LimitPlan { plan, options, resume })
}

/// How long a probe measures where a search by the method would not fit into the time that it may take:
/// shorter, so that it does. None where it does, and where there is no time for anything.
fn window_that_fits(cells: &[Cell], budget: Duration) -> Option<Duration> {
    let engines = cells.iter().flat_map(|cell| cell.engines.iter().map(move |one| (cell, one)));
    let shorter = engines.filter_map(|(cell, engine)| {
        let is_embedded = engine.kind.is_embedded();
        let start = if is_embedded { Duration::ZERO } else { estimate::start(&engine.kind, cell) };
        let left = (budget / PROBES).saturating_sub(start + cell.measure.warm_up);
        (left < window_demanded(&engine.kind)).then(|| Duration::from_secs(left.as_secs()))
    });
    shorter.min().filter(|window| !window.is_zero())
}

/// How long the probes of a search measured that is to be gone on with, where all did alike.
fn window_of(record: &RunRecord) -> Option<Duration> {
    let engines = record.cells.iter().flat_map(|cell| &cell.engines);
    let mut windows =
        engines.filter_map(|engine| engine.limit.as_ref()).map(|limit| limit.window_s);
    let first = windows.next()?;
    let are_alike = windows.all(|window_s| (window_s - first).abs() < 1e-9);
    Duration::try_from_secs_f64(first).ok().filter(|_| are_alike)
}

/// That a search has time for one probe at least of each engine that has to be started and warmed up.
fn one_fits(cells: &[Cell], options: &Options) -> Result<(), Mistake> {
    let shown = |length: Duration| units::show_duration(length);
    for cell in cells {
        for engine in cell.engines.iter().filter(|engine| !engine.kind.is_embedded()) {
            let window = options.window.unwrap_or_else(|| window_demanded(&engine.kind));
            let warm_up = cell.measure.warm_up;
            let start = estimate::start(&engine.kind, cell);
            let one = start + warm_up + window;
            if one <= options.budget {
                continue;
            }
            let message = format!(
                "--budget {}: not one probe of {} fits in, which takes about {}: {} to start, up to \
                 {} to warm up, {} measured",
                shown(options.budget),
                engine.label,
                shown(one),
                shown(start),
                shown(warm_up),
                shown(window)
            );
            let help = format!(
                "write --budget {} or so, which is enough for the dozen probes that a search takes, or \
                 a shorter --window",
                shown(whole_minutes(one * PROBES))
            );
            return Err(Mistake::new("limit::budget", message).help(help));
        }
    }
    Ok(())
}

/// At least so long, parts of a second too.
pub(super) fn whole_minutes(length: Duration) -> Duration {
    let whole_s = length.as_secs() + u64::from(length.subsec_nanos() > 0);
    Duration::from_mins(whole_s.div_ceil(60))
}

/// A probe measures for its window; a duration on the command line is meant for something else.
pub(super) fn without_duration(given: &[Given]) -> Result<(), Mistake> {
    const DURATION: Sets = Sets::Key("measure.duration");
    if given.iter().any(|given| given.from == "command line" && given.sets == DURATION) {
        let message = "a probe has no duration of its own: it measures for its window";
        let help = "write --window 10s; nothing is a minute or 20 batches";
        return Err(Mistake::new("limit::window", message).help(help));
    }
    Ok(())
}

/// The search to go on with, if one is named, and its folder.
pub(super) fn before(args: &SearchArgs) -> Result<Option<(PathBuf, RunRecord)>, Mistake> {
    let Some(folder) = &args.resume else { return Ok(None) };
    Ok(Some((folder.clone(), carry_out::before(folder, "limit::resume", "search")?)))
}

/// A length of time that something takes, from a second to a month.
pub(super) fn length(option: &str, text: &str, code: &'static str) -> Result<Duration, Mistake> {
    let mistake = |what: &str, help: String| {
        Mistake::new(code, format!("--{option} {text}: {what}")).help(help)
    };
    match units::duration(text) {
        Ok(length) if length < Duration::from_secs(1) => {
            Err(mistake("shorter than a second", format!("write --{option} 10s or more")))
        }
        Ok(length) if length > LONGEST => {
            Err(mistake("longer than a month", format!("write --{option} 1h or so")))
        }
        Ok(length) => Ok(length),
        Err(error) => Err(mistake(&error.to_string(), error.remedy())),
    }
}

/// What is asked of a search.
pub(super) fn options(
    args: &SearchArgs,
    budget: Duration,
    loaded: &Loaded,
) -> Result<Options, Mistake> {
    let slo = args.slo.as_deref().map(slo);
    let window = args.window.as_deref().map(|text| length("window", text, "limit::window"));
    let bound = |option: &str, text: &Option<String>| {
        text.as_deref().map(|text| level(option, text, loaded)).transpose()
    };
    let (least, most) = (bound("least", &args.least)?, bound("most", &args.most)?);
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let (least, most) = (args.least.as_deref(), args.most.as_deref());
        let shown = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let message = format!("no rate is at least {} and at most {}", shown(least), shown(most));
        return Err(Mistake::new("limit::bounds", message).help(format!(
            "write --least {} --most {}",
            shown(most),
            shown(least)
        )));
    }
    Ok(Options {
        slo: slo.transpose()?,
        precision: if args.precise { PRECISION_FINE } else { PRECISION },
        window: window.transpose()?,
        budget,
        least,
        most,
        may_go_on: true,
    })
}

/// A demand on the latency, such as `p99=100ms`.
pub(super) fn slo(text: &str) -> Result<Slo, Mistake> {
    Slo::read(text).map_err(|(what, help)| {
        Mistake::new("limit::slo", format!("--slo {text}: {what}")).help(help)
    })
}

/// Longer than anybody waits, and short enough to be doubled.
const LONGEST: Duration = Duration::from_hours(24 * 30);

/// A bound of what is searched: a rate, or the speed of a trace.
fn level(option: &str, text: &str, loaded: &Loaded) -> Result<f64, Mistake> {
    let mistake = |what: &str, help: &str| {
        Mistake::new("limit::bounds", format!("--{option} {text}: {what}")).help(help.to_owned())
    };
    let traces = loaded.cells.iter().filter(|cell| matches!(cell.load, Load::Trace)).count();
    let level = if traces == 0 {
        units::rate_per_s(text).map_err(|error| mistake(&error.to_string(), &error.remedy()))?
    } else if traces == loaded.cells.len() {
        let help = "a trace is searched over its speed: write a number, such as 3600";
        text.parse().map_err(|_| mistake("not a speed", help))?
    } else {
        let help = "search them one after the other";
        return Err(mistake("a rate is no bound of a trace, and a speed none of a rate", help));
    };
    if !(level > 0.0 && level <= 1e9) {
        return Err(mistake("nothing can be offered at that", "write more than 0, at most 1G/s"));
    }
    Ok(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_as_long_as_the_method_demands_where_that_fits_and_shorter_elsewhere() {
        let loaded = config::load(&["word-count".to_owned()], &[], &[], Traces::MayBeAbsent);
        let cells = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells;
        let fits = |budget_s| window_that_fits(&cells, Duration::from_secs(budget_s));
        assert_eq!(fits(3600), None);
        assert_eq!(fits(10), None, "it warms up for a second");
        for budget_s in [60, 300] {
            let probe = fits(budget_s).unwrap() + cells[0].measure.warm_up;
            let longer = probe + Duration::from_secs(1);
            let budget = Duration::from_secs(budget_s);
            assert!(probe * PROBES <= budget && longer * PROBES > budget, "{budget_s}: {probe:?}");
        }
    }

    #[test]
    fn a_length_in_whole_minutes_is_no_shorter() {
        for (ms, minutes) in [(600_000, 10), (600_400, 11), (1, 1), (0, 0)] {
            assert_eq!(whole_minutes(Duration::from_millis(ms)), Duration::from_mins(minutes));
        }
    }
}
