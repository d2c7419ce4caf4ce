//! From arguments to what is to be mapped. Everything that can be refused is refused here, before
//! anything is measured.

use super::AtlasArgs;
use crate::cli::commands::limit::{length, slo};
use crate::cli::commands::prepare::{measured_already, typed};
use crate::studies::advise::{Candidates, Codes, candidates, spread};
use crate::studies::limit::probe::{LONGEST, Slo};
use crate::studies::sweep::{self, Map, Request, levels};
use instrument::distributions::Place;
use reports::RunRecord;
use reports::record::FILE_NAME;
use reports::record::study;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{self, Given};
use settings::plan::units::{show_duration, show_rate};
use settings::plan::{Cell, Floors, Format, Load, Plan, RateShape, Repeat};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is asked for.
pub(super) enum Asked {
    /// The map of what was measured before.
    Again(Box<Again>),
    /// A map that takes measuring.
    Anew(Box<Anew>),
}

/// A map that was measured before.
pub(super) struct Again {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Its record, with the demands that are asked for now.
    pub(super) record: RunRecord,
    /// Whether these are others than it was made for.
    pub(super) is_other: bool,
}

/// A map to be measured.
pub(super) struct Anew {
    /// The sweep.
    pub(super) plan: Plan,
    /// What a user should know before it starts, a sentence each.
    pub(super) notices: Vec<String>,
}

/// How long it may take where nobody says.
const BUDGET: Duration = Duration::from_hours(2);

/// How often each setting runs where nobody says: the fewest by which anything is told.
const REPETITIONS: u32 = 3;

/// More demands than this nobody tells apart on a map.
const DEMANDS_MOST: usize = 40;

/// How it is told that nothing can be mapped of a scenario.
const CODES: Codes = Codes { suite: "sweep::suite", no_engine: "atlas::no_engine" };

/// How far an axis that nobody names reaches to either side, and in how many steps.
const TIMES: f64 = 10.0;
const STEPS: usize = 5;

/// What the arguments ask for.
pub(super) fn asked(args: &AtlasArgs, given: &[Given]) -> Result<Asked, Rejected> {
    let varied = Varied::of(&args.axes).map_err(Rejected::because)?;
    let own = args.slo.as_deref().map(slo).transpose().map_err(Rejected::because)?;
    let folder = Path::new(&args.what);
    if folder.join(FILE_NAME).exists() {
        all_again(args, given, &varied).map_err(Rejected::because)?;
        return again(folder, &varied, own).map(|again| Asked::Again(Box::new(again)));
    }
    anew(args, given, &varied, own).map(|anew| Asked::Anew(Box::new(anew)))
}

/// What the map goes over, as it was typed.
#[derive(Debug, Default)]
struct Varied<'a> {
    rate: Option<&'a String>,
    slo: Option<&'a String>,
}

impl<'a> Varied<'a> {
    fn of(axes: &'a [String]) -> Result<Self, Mistake> {
        const TAKES: &str = "a map goes over one `rate=...` and one `slo.p99=...`, such as --vary \
                             rate=1k/s..1M/s/log8 --vary slo.p99=5ms..10s/log8";
        let mistake = |message: String| Err(Mistake::new("atlas::vary", message).help(TAKES));
        let mut varied = Self::default();
        for text in axes {
            let Some((name, _)) = text.split_once('=') else {
                return mistake(format!("--vary {text}: there is no `=` with values behind it"));
            };
            let name = name.trim();
            let place = match name {
                "rate" => &mut varied.rate,
                "slo" => return mistake("--vary slo: of which quantile is not said".to_owned()),
                name if name.starts_with("slo.") => &mut varied.slo,
                name => {
                    let what = format!("--vary {name}: a map does not go over that");
                    let help = format!(
                        "{TAKES}; any other key is varied by `sluicebench sweep`, and one value of \
                         it is set with --set {name}=..."
                    );
                    return Err(Mistake::new("atlas::vary", what).help(help));
                }
            };
            if place.replace(text).is_some() {
                let what = if name == "rate" { "the rate" } else { "the demand" };
                return mistake(format!("--vary {text}: {what} is varied already"));
            }
        }
        Ok(varied)
    }

    /// The demands, one of a quantile with another; those that nobody names go around the user's own.
    fn demands(&self, own: Option<Slo>) -> Result<(Vec<Slo>, Option<String>), Rejected> {
        if let Some(typed) = self.slo {
            let demands = levels(typed)?;
            if demands.len() > DEMANDS_MOST {
                let message = format!("{} demands are more than a map has room for", demands.len());
                let help = format!("go over {DEMANDS_MOST} at the most, such as with /log8");
                return Err(Rejected::because(Mistake::new("atlas::slo", message).help(help)));
            }
            of_one_quantile(&demands, own).map_err(Rejected::because)?;
            return Ok((demands, None));
        }
        let length = |ns: f64| show_duration(Duration::from_secs_f64(ns / 1e9));
        let axis = match own {
            Some(own) => {
                let most = own.most_ns as f64;
                let name = own.name();
                let longest = (most * TIMES).min(LONGEST.as_nanos() as f64);
                format!("slo.{name}={}..{}/log{STEPS}", length(most / TIMES), length(longest))
            }
            None => format!("slo.p99={}..{}/log{STEPS}", length(1e7), length(1e9)),
        };
        let notice = format!("nobody says over which demands: taking --vary {axis}");
        Ok((levels(&axis)?, Some(notice)))
    }
}

/// Whether what is demanded of this workload can be marked among these.
fn of_one_quantile(demands: &[Slo], own: Option<Slo>) -> Result<(), Mistake> {
    let other =
        |own: &Slo| demands.iter().any(|it| it.quantile.to_bits() != own.quantile.to_bits());
    let Some(own) = own.filter(other) else { return Ok(()) };
    let message = format!("--slo demands a {own}, and the map goes over another quantile");
    Err(Mistake::new("atlas::slo", message).help("demand the same quantile in both"))
}

/// The rate of a scenario, in events per second; none where it changes during a run.
fn rate_of(cell: &Cell) -> Result<Option<f64>, Mistake> {
    match &cell.load {
        Load::Synthetic { rate: RateShape::Constant { per_second }, .. } => Ok(Some(*per_second)),
        Load::Synthetic { .. } => Ok(None),
        Load::Trace => {
            let message = format!("`{}` plays a trace, which has no rate to go over", cell.name);
            let help = "map its twin, which has one: sluicebench twin FILE --out twin.toml";
            Err(Mistake::new("atlas::rate", message).help(help))
        }
    }
}

/// What the rate goes over, as it is typed; where nobody says, around the scenario's own.
fn rates(varied: &Varied<'_>, own: Option<f64>) -> Result<(String, Option<String>), Mistake> {
    match (varied.rate, own) {
        (Some(typed), _) => Ok((typed.clone(), None)),
        (None, Some(own)) => {
            let (least, most) = (show_rate(own / TIMES), show_rate(own * TIMES));
            let axis = format!("rate={least}..{most}/log{STEPS}");
            let notice = format!("nobody says over which rates: taking --vary {axis}");
            Ok((axis, Some(notice)))
        }
        (None, None) => {
            let message = "the rate of this scenario changes during a run";
            let help = "say over which constant ones: --vary rate=1k/s..1M/s/log5";
            Err(Mistake::new("atlas::rate", message).help(help))
        }
    }
}

fn anew(
    args: &AtlasArgs,
    given: &[Given],
    varied: &Varied<'_>,
    own: Option<Slo>,
) -> Result<Anew, Rejected> {
    let because = Rejected::because;
    let place = Place::of_this_process();
    let read = config::read(std::slice::from_ref(&args.what));
    // The same as are advised on.
    let Candidates { loaded: base, left_out } =
        candidates(&args.what, &read, given, &args.engines, &place, CODES)?;
    let own_rate_per_s = rate_of(&base.cells[0]).map_err(because)?;
    let mut engines: Vec<String> = Vec::new();
    for engine in &base.cells[0].engines {
        let name = engine.kind.name();
        if !engines.iter().any(|known| known == name) {
            engines.push(name.to_owned());
        }
    }
    let (demands, about_demands) = varied.demands(own)?;
    let (rates, about_rates) = rates(varied, own_rate_per_s).map_err(because)?;
    let budget = args.budget.as_deref().map(|text| length("budget", text, "config::unit"));
    let budget = budget.transpose().map_err(because)?.unwrap_or(BUDGET);
    let planned = sweep::plan(&Request {
        what: &args.what,
        axes: &[rates],
        given,
        engines: &engines,
        repeat: Some(args.repeat.unwrap_or(Repeat::times(REPETITIONS))),
        budget,
        simulate: false,
        search: None,
        slo: None,
        map: Some(Map { demands: &demands, own_rate_per_s, own, spread }),
        place: &place,
    })?;
    let mut notices: Vec<String> = about_rates.into_iter().chain(about_demands).collect();
    notices.extend(left_out.iter().map(|(engine, why)| format!("without {engine}: {why}")));
    notices.extend(planned.notices);
    Ok(Anew {
        plan: Plan {
            name: format!("atlas-{}", base.name),
            title: planned.title,
            cells: planned.cells,
            out: args.out.clone(),
            keep_results: false,
            simulate: false,
            floors: Floors::LeftOut,
            repeat: planned.repeat,
            format: Format::Text,
            command: typed(std::env::args_os()),
            strict: false,
            sweep: Some(planned.sweep),
            left_out: planned.left_out,
        },
        notices,
    })
}

/// That nothing is asked of a record which only measuring could answer.
fn all_again(args: &AtlasArgs, given: &[Given], varied: &Varied<'_>) -> Result<(), Mistake> {
    let options = [
        ("--vary rate", varied.rate.is_some()),
        ("--engine", !args.engines.is_empty()),
        ("--budget", args.budget.is_some()),
        ("--resume", args.resume.is_some()),
    ];
    measured_already("atlas::again", &options, given)
}

/// The map that a folder holds, with other demands where they are said.
fn again(folder: &Path, varied: &Varied<'_>, own: Option<Slo>) -> Result<Again, Rejected> {
    let mistake = |message: String| {
        let help = "name the folder of a map, or the scenario to be mapped";
        Rejected::because(Mistake::new("atlas::record", message).help(help))
    };
    let mut record = RunRecord::read(folder).map_err(|error| mistake(error.to_string()))?;
    let asked = record.sweep.as_mut().and_then(|sweep| sweep.atlas.as_mut());
    let Some(asked) = asked else {
        return Err(mistake(format!("the run in `{}` is no map", folder.display())));
    };
    let before = asked.clone();
    if varied.slo.is_some() {
        let (demands, _) = varied.demands(own)?;
        let map = Map { demands: &demands, own_rate_per_s: asked.own_rate_per_s, own, spread };
        let kept = own.is_none().then_some(before.own_most_ns).flatten();
        let is_same = demands[0].quantile.to_bits() == before.quantile.to_bits();
        let recorded: study::Atlas = map.recorded();
        *asked = study::Atlas {
            own_most_ns: recorded.own_most_ns.or(kept.filter(|_| is_same)),
            ..recorded
        };
    } else if let Some(own) = own {
        let demands = [Slo { quantile: before.quantile, most_ns: 1 }];
        of_one_quantile(&demands, Some(own)).map_err(Rejected::because)?;
        asked.own_most_ns = Some(own.most_ns);
    }
    let is_other = *asked != before;
    Ok(Again { folder: folder.to_owned(), record, is_other })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(axes: &[&str]) -> Result<(Option<String>, Option<String>), String> {
        let axes: Vec<String> = axes.iter().map(|axis| (*axis).to_owned()).collect();
        let varied = Varied::of(&axes).map_err(|mistake| mistake.message)?;
        Ok((varied.rate.cloned(), varied.slo.cloned()))
    }

    #[test]
    fn a_map_goes_over_one_rate_and_one_demand_in_any_order() {
        let (rate, slo) = ("rate=1k/s,2k/s".to_owned(), "slo.p99=5ms,1s".to_owned());
        let both = Ok((Some(rate.clone()), Some(slo.clone())));
        assert_eq!(varied(&[&rate, &slo]), both);
        assert_eq!(varied(&[&slo, &rate]), both);
        assert_eq!(varied(&[&slo]), Ok((None, Some(slo))));
        assert_eq!(varied(&[]), Ok((None, None)));
    }

    #[test]
    fn demands_that_nobody_names_go_around_the_users_own() {
        let taken = |own: Option<&str>| {
            let own = own.map(|text| Slo::read(text).unwrap());
            let (demands, notice) = Varied::default().demands(own).unwrap();
            let all: Vec<u64> = demands.iter().map(|slo| slo.most_ns / 1_000_000).collect();
            (demands[0].quantile, all, notice.unwrap())
        };
        let (quantile, all, notice) = taken(None);
        assert_eq!((quantile.to_bits(), all.len()), (0.99_f64.to_bits(), 5));
        assert_eq!((all[0], all[4]), (10, 1_000));
        assert!(notice.ends_with("--vary slo.p99=10ms..1s/log5"), "{notice}");
        let (quantile, all, notice) = taken(Some("p50=200ms"));
        assert_eq!((quantile.to_bits(), all[0], all[4]), (0.5_f64.to_bits(), 20, 2_000));
        assert!(notice.ends_with("--vary slo.p50=20ms..2s/log5"), "{notice}");
        let (quantile, ..) = taken(Some("max=200ms"));
        assert_eq!(quantile.to_bits(), 1.0_f64.to_bits());
        // Ten times of it would be more than is demanded of any answer.
        let (_, all, notice) = taken(Some("p99=20days"));
        assert_eq!(all.last(), Some(&(30 * 24 * 3_600_000)), "{notice}");
    }
}
