//! From arguments to what is to be advised on. Everything that can be refused is refused here, before
//! anything is measured.

use super::{AdviseArgs, BUDGET};
use crate::cli::commands::limit::{length, slo};
use crate::cli::commands::prepare::{measured_already, typed};
use crate::cli::commands::traced::{self, Refused, is_of_events, of_no_events};
use crate::cli::progress::say;
use crate::studies::advise::{
    AdvisePlan, Candidates, Codes, Fitted, TWIN_FILE, candidates, is_waiting_told, parked,
};
use crate::studies::limit::probe::Slo;
use instrument::distributions::Place;
use reports::record::advice::{ADVICE_FILE, Prices};
use settings::config::diagnostic::Mistake;
use settings::config::{self, Given};
use settings::plan::{Floors, units};
use std::path::{Path, PathBuf};

/// What is asked for.
pub(super) enum Asked {
    /// Advice from what was measured before.
    Again {
        /// Its folders.
        folders: Vec<PathBuf>,
        /// Prices to reckon by, in place of those that it was asked with.
        prices: Option<Prices>,
    },
    /// Advice that takes measuring.
    Anew(Box<AdvisePlan>),
}

/// How it is told that nothing can be advised on of a scenario.
const CODES: Codes = Codes { suite: "advise::suite", no_engine: "advise::no_engine" };

/// What the arguments ask for.
pub(super) fn asked(
    args: &AdviseArgs,
    given: &[Given],
    prices: Option<Prices>,
) -> Result<Asked, Refused> {
    let is_advice = |what: &String| Path::new(what).join(ADVICE_FILE).exists();
    if args.what.iter().any(is_advice) {
        all_again(args, given, is_advice)?;
        let folders = args.what.iter().map(PathBuf::from).collect();
        return Ok(Asked::Again { folders, prices });
    }
    let [what] = &args.what[..] else {
        let message = format!("advice is about one workload, and {} are named", args.what.len());
        let help = "name one scenario; folders of advice may be several";
        return Err(Mistake::new("advise::suite", message).help(help).into());
    };
    let (demands, completeness) = demanded(&args.slos)?;
    let budget = args.budget.as_deref().map(|text| length("budget", text, "advise::budget"));
    let budget = budget.transpose()?.unwrap_or(BUDGET);
    let place = Place::of_this_process();
    let workload = workload(what, args, given)?;
    let Workload { name, read, given, twin, .. } = &workload;
    let Candidates { mut loaded, left_out } =
        candidates(name, read, given, &args.engines, &place, CODES)?;
    let waits_as_told = workload.is_waiting_told.unwrap_or_else(|| is_waiting_told(&loaded));
    let cell = loaded.cells.swap_remove(0);
    Ok(Asked::Anew(Box::new(AdvisePlan {
        name: loaded.name,
        title: loaded.title,
        command: typed(std::env::args_os()),
        cell: if waits_as_told { cell } else { parked(&cell)? },
        is_parked: !waits_as_told,
        demands,
        completeness,
        prices,
        is_varied: !args.no_sensitivity,
        floors: if args.no_calibration { Floors::LeftOut } else { Floors::Measured },
        budget,
        out: args.out.clone(),
        left_out,
        twin: twin.clone(),
    })))
}

/// What is to be advised on.
struct Workload<'a> {
    /// What it is called where it is named.
    name: &'a str,
    /// Its scenario.
    read: config::Read,
    /// What is laid over that.
    given: &'a [Given],
    /// The trace that it resembles, where it was fitted to one.
    twin: Option<Fitted>,
    /// Whether somebody has said how the embedded per-event engine waits, where its scenario says
    /// everything.
    is_waiting_told: Option<bool>,
}

/// The scenario that is named; of a file of events its twin, in which all that was given stands.
fn workload<'a>(
    what: &'a str,
    args: &AdviseArgs,
    given: &'a [Given],
) -> Result<Workload<'a>, Refused> {
    if !is_of_events(what) {
        of_no_events(what, &args.columns)?;
        let read = config::read(&[what.to_owned()]);
        return Ok(Workload { name: what, read, given, twin: None, is_waiting_told: None });
    }
    let traced = traced::traced(what, &args.columns, given)?;
    say(&format!("Fitting a twin to {what}, on which advice is given."));
    for taken in &traced.taken {
        say(&format!("  {taken}"));
    }
    let twin = traced.twin()?;
    let told = twin.recorded(what, &traced.taken, TWIN_FILE);
    Ok(Workload {
        name: what,
        read: config::read_text(TWIN_FILE, &twin.text),
        given: &[],
        twin: Some(Fitted { text: twin.text, told }),
        is_waiting_told: Some(traced.is_waiting_told),
    })
}

/// That nothing is asked of records which only measuring could answer.
fn all_again(
    args: &AdviseArgs,
    given: &[Given],
    is_advice: impl Fn(&String) -> bool,
) -> Result<(), Mistake> {
    let mistake =
        |message: String, help: &str| Err(Mistake::new("advise::again", message).help(help));
    if let Some(other) = args.what.iter().find(|what| !is_advice(what)) {
        let message = format!("`{other}` holds no advice, and others do");
        return mistake(message, "name folders of advice, or one scenario to be measured");
    }
    let columns = args.columns.named().map(|(option, _)| (option, true));
    let others = [
        ("--slo", !args.slos.is_empty()),
        ("--engine", !args.engines.is_empty()),
        ("--budget", args.budget.is_some()),
        ("--no-sensitivity", args.no_sensitivity),
        ("--no-calibration", args.no_calibration),
    ];
    let options: Vec<(&str, bool)> = columns.chain(others).collect();
    measured_already("advise::again", &options, given)
}

/// The demand on completeness, as it is written.
const COMPLETENESS: &str = "completeness";

/// What is demanded: of latencies, from the lowest quantile up, and of completeness.
fn demanded(texts: &[String]) -> Result<(Vec<Slo>, Option<f64>), Mistake> {
    let mut latencies: Vec<Slo> = Vec::new();
    let mut complete: Option<f64> = None;
    for text in texts {
        let share = text.split_once('=').filter(|(name, _)| name.trim() == COMPLETENESS);
        if let Some((_, share)) = share {
            let share = completeness(text, share)?;
            if complete.replace(share).is_some_and(|before| before.to_bits() != share.to_bits()) {
                return Err(twice(COMPLETENESS));
            }
            continue;
        }
        let demand = slo(text)?;
        let name = text.split('=').next().unwrap_or_default().trim();
        match latencies.iter().find(|known| known.quantile.to_bits() == demand.quantile.to_bits()) {
            None => latencies.push(demand),
            Some(known) if known.most_ns == demand.most_ns => {}
            Some(_) => return Err(twice(name)),
        }
    }
    latencies.sort_by(|a, b| a.quantile.total_cmp(&b.quantile));
    for pair in latencies.windows(2) {
        if pair[1].most_ns < pair[0].most_ns {
            let message =
                format!("a {} and a {} are demanded: the first says nothing", pair[0], pair[1]);
            let help = "a higher quantile is never below a lower one: leave the first out, or demand \
                        less of it than of the second";
            return Err(Mistake::new("advise::slo", message).help(help));
        }
    }
    if latencies.is_empty() {
        let message =
            "nothing is demanded of the latency, so that whoever collects longest is cheapest";
        let help = "say how soon answers have to come, such as --slo p99=500ms";
        return Err(Mistake::new("advise::slo", message).help(help));
    }
    Ok((latencies, complete))
}

fn twice(what: &str) -> Mistake {
    Mistake::new("advise::slo", format!("--slo demands two different things of {what}"))
        .help("keep one of them")
}

fn completeness(text: &str, share: &str) -> Result<f64, Mistake> {
    let mistake = |what: &str, help: String| {
        Err(Mistake::new("advise::slo", format!("--slo {text}: {what}")).help(help))
    };
    match units::share(share) {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        Ok(_) => mistake("not a share of the events", "write completeness=99.9% or so".to_owned()),
        Err(error) => mistake(&error.to_string(), error.remedy()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{self, Traces};

    type Read = (Vec<(f64, u64)>, Option<f64>);

    fn all(texts: &[&str]) -> Result<Read, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let (latencies, complete) = demanded(&texts).map_err(|mistake| {
            format!("{}: {}; {}", mistake.code, mistake.message, mistake.help.unwrap_or_default())
        })?;
        Ok((latencies.iter().map(|slo| (slo.quantile, slo.most_ns)).collect(), complete))
    }

    #[test]
    fn demands_are_read_in_any_order_and_each_once() {
        let both = Ok((vec![(0.5, 50_000_000), (0.99, 500_000_000)], Some(0.999)));
        assert_eq!(all(&["p99=500ms", "completeness=0.999", "p50=50ms"]), both);
        assert_eq!(all(&["p50=50ms", "p99=500ms", "completeness=99.9%", "p99=500ms"]), both);
        assert_eq!(all(&["max=1s"]), Ok((vec![(1.0, 1_000_000_000)], None)));
    }

    #[test]
    fn how_an_engine_waits_is_for_its_user_to_say() {
        let told = |settings: &[&str]| {
            let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
            let names = ["keyed-window".to_owned()];
            is_waiting_told(&config::load(&names, &given, &[], Traces::MayBeAbsent).unwrap())
        };
        assert!(!told(&[]));
        assert!(!told(&["engine.per-event.buffer_timeout=5ms"]));
        assert!(told(&["engine.per-event.waiting=spin"]));
    }

    #[test]
    fn demands_that_contradict_each_other_or_say_nothing_are_refused() {
        for (texts, words) in [
            (&[][..], "nothing is demanded of the latency"),
            (&["completeness=0.99"], "nothing is demanded of the latency"),
            (&["p99=500ms", "p99=100ms"], "two different things of p99"),
            (&["p99=1s", "completeness=0.9", "completeness=0.99"], "of completeness"),
            (&["p50=500ms", "p99=100ms"], "the first says nothing"),
            (&["p99=1s", "completeness=2"], "not a share"),
            (&["p99=1s", "completeness=0"], "not a share"),
            (&["p99=1s", "completeness=all"], "share"),
            (&["p98=1s"], "no quantile"),
            (&["p99"], "no demand"),
        ] {
            let refused = all(texts).expect_err(words);
            assert!(refused.contains(words), "{texts:?}: {refused}");
        }
    }
}
