//! From one scenario and one or two settings that vary to a plan with a cell per point.
//!
//! A sweep is a run like any other: its cells differ in what varies, and say so. An engine that a
//! setting does not concern is not run again at each of its values; where it stands is the same
//! at all of them, and charts draw it as a band. Points that contradict the scenario are left out
//! and named. Everything that can be refused is refused here, the time it would take included.

mod axis;
mod budget;
mod key;
mod levels;
mod range;

pub use levels::levels;

use crate::run::absent::leave_out_what_is_not_here;
use crate::run::estimate::estimate;
use crate::studies::limit;
use crate::studies::limit::probe::Slo;
use axis::{Axis, AxisValue};
use budget::Budget;
use instrument::distributions::Place;
use key::short;
use reports::record::study;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{self, Given, Loaded, Read, Traces};
use settings::plan::{self, Cell, EngineKind, Repeat};
use std::time::Duration;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// A scenario file, or the name of a built-in one.
    pub what: &'a str,
    /// What varies, as it was typed: `KEY=VALUES`.
    pub axes: &'a [String],
    /// What else is laid over the scenario.
    pub given: &'a [Given],
    /// The engines to keep; all, if it is empty.
    pub engines: &'a [String],
    /// How often each engine runs each cell; as the scenario says, if nobody does.
    pub repeat: Option<Repeat>,
    /// What it may take.
    pub budget: Duration,
    /// Whether engines run in simulated time, where a second takes no second.
    pub simulate: bool,
    /// How the highest sustainable rate is searched at each point, if it is.
    pub search: Option<&'a limit::Options>,
    /// What is demanded of the latency at each point, where nothing is searched.
    pub slo: Option<Slo>,
    /// The map that is to be drawn, for whose demands each engine is run at several settings.
    pub map: Option<Map<'a>>,
    /// Where engines are looked for, to leave those out of a partial suite that are not here.
    pub place: &'a Place,
}

/// A map of the cheapest engine over the rate and over demands.
#[derive(Copy, Clone, Debug)]
pub struct Map<'a> {
    /// The demands, rising, all of one quantile; at least one.
    pub demands: &'a [Slo],
    /// The rate of the scenario itself, in events per second; none where it changes during a run.
    pub own_rate_per_s: Option<f64>,
    /// What its user demands of the same quantile, if anything.
    pub own: Option<Slo>,
    /// Who says at which settings the engines of a scenario are run for these demands.
    pub spread: fn(&mut Loaded, &[Slo]) -> Result<Cell, Rejected>,
}

impl Map<'_> {
    /// The question, as it stands in a record.
    pub fn recorded(&self) -> study::Atlas {
        study::Atlas {
            quantile: self.demands[0].quantile,
            levels_ns: self.demands.iter().map(|slo| slo.most_ns).collect(),
            own_rate_per_s: self.own_rate_per_s,
            own_most_ns: self.own.map(|slo| slo.most_ns),
        }
    }
}

/// A sweep, ready to be run.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Of the run; safe as part of a folder's name.
    pub name: String,
    /// What it is about, in a phrase.
    pub title: String,
    /// One for each point that does not contradict itself.
    pub cells: Vec<Cell>,
    /// How often each engine runs each cell.
    pub repeat: Repeat,
    /// What varies.
    pub sweep: study::Sweep,
    /// What a user should know before it starts, a sentence each.
    pub notices: Vec<String>,
    /// Engines that a partial suite goes on without, and at which points.
    pub left_out: Vec<plan::LeftOut>,
}

/// From here on, cells are not made before their time has been estimated.
const MANY_POINTS: usize = 2_000;

/// More rates than this nobody tells apart on a map.
const RATES_MOST: usize = 40;

/// The sweep, or all that is wrong with it.
pub fn plan(request: &Request<'_>) -> Result<Planned, Rejected> {
    let names = [request.what.to_owned()];
    let read = config::read(&names);
    let mut base = read.load(request.given, request.engines, Traces::MustExist)?;
    leave_out_what_is_not_here(&mut base, request.place);
    if base.cells.len() > 1 {
        let message = format!("`{}` is a suite of {} cases", request.what, base.cells.len());
        let help = format!("vary one scenario, such as `{}`", base.cells[0].scenario);
        return Err(Rejected::because(Mistake::new("sweep::suite", message).help(help)));
    }
    let cell = base.cells.swap_remove(0);
    let mut notices = Vec::new();
    let mut axes = axis::axes(request.axes, &cell.resolved_toml)?;
    for axis in &mut axes {
        concerns_an_engine(axis, request.engines)?;
        with_control(axis, &mut notices);
        if request.map.is_some() {
            rising(axis);
        }
        for (path, value) in &axis.companions {
            notices.push(format!(
                "the scenario says nothing of `{path}`, which `{}` needs: taking {value} \
                 (another: --set {path}=...)",
                short(axis.key.path)
            ));
        }
    }
    let repeat = match request.search {
        // A search repeats by itself what it must.
        Some(_) => Repeat::times(1),
        None => request.repeat.unwrap_or(base.repeat),
    };
    if request.search.is_some()
        && let Some(axis) = axes.iter().find(|axis| axis.key.name() == "rate")
    {
        let message = format!("`{}` is what --limit searches at each point", axis.key.path);
        let help = "vary another key, or leave --limit out";
        return Err(Rejected::because(Mistake::new("sweep::key", message).help(help)));
    }
    let once = |cells: &[Cell]| match request.search {
        Some(options) => cells.iter().map(|cell| search_time(cell, options)).sum(),
        None => estimate(cells, 1),
    };
    let points: usize = axes.iter().map(|axis| axis.values.len()).product();
    if request.map.is_some() && points > RATES_MOST {
        let message = format!("{points} rates are more than a map has room for");
        let help = format!("go over {RATES_MOST} at the most, such as with /log8");
        return Err(Rejected::because(Mistake::new("atlas::rate", message).help(help)));
    }
    let engines = request.map.map_or(0, |_| request.engines.len());
    let budget = Budget { limit: request.budget, repeat: repeat.most(), axes: &axes, engines };
    let of_one = once(std::slice::from_ref(&cell));
    if !request.simulate && points > MANY_POINTS {
        budget.holds(points, of_one.saturating_mul(u32::try_from(points).unwrap_or(u32::MAX)))?;
    }
    let Points { cells, left_out, without } = cells(request, &read, &axes, &cell)?;
    if !request.simulate {
        budget.holds(cells.len(), once(&cells))?;
    }
    if !left_out.is_empty() {
        notices.push(told(&left_out));
    }
    let keys: Vec<_> = axes.iter().map(|axis| axis.key.name()).collect();
    let shown: Vec<_> = axes.iter().map(|axis| short(axis.key.path)).collect();
    Ok(Planned {
        name: format!("{}-by-{}", cell.name, keys.join("-and-")),
        title: format!("{}: by {}", headline(&base, &cell), shown.join(" and ")),
        cells,
        repeat,
        sweep: study::Sweep {
            axes: axes.iter().map(Axis::recorded).collect(),
            slo: request.slo.map(|slo| (slo.quantile, slo.most_ns)),
            atlas: request.map.map(|map| map.recorded()),
        },
        notices,
        left_out: without,
    })
}

/// About how many probes a search makes: the bracket, some five halvings, the confirmation.
pub(crate) const PROBES: u32 = 14;

/// About how long the searches for the limits of a cell's engines take.
fn search_time(cell: &Cell, options: &limit::Options) -> Duration {
    let each = cell.engines.iter().map(|engine| {
        let window = options.window.unwrap_or_else(|| limit::window_demanded(&engine.kind));
        ((window + cell.measure.warm_up) * PROBES).min(options.budget)
    });
    each.sum()
}

fn headline(base: &Loaded, cell: &Cell) -> String {
    if base.title.is_empty() { cell.name.clone() } else { base.title.clone() }
}

/// A key of an engine that does not run would change nothing.
fn concerns_an_engine(axis: &Axis, only: &[String]) -> Result<(), Rejected> {
    let Some(engine) = axis.engine() else { return Ok(()) };
    // An engine that the scenario does not name is added by naming one of its keys.
    if only.is_empty() || only.iter().any(|name| name == engine) {
        return Ok(());
    }
    let message = format!("`{}` is a key of {engine}, which does not run here", axis.key.path);
    Err(Rejected::because(
        Mistake::new("sweep::key", message)
            .help(format!("add --engine {engine}, or vary something that concerns the others")),
    ))
}

/// Nor would one of an engine that is left out wherever it varies.
fn runs_what_varies(
    axes: &[Axis],
    cells: &[Cell],
    without: &[plan::LeftOut],
) -> Result<(), Rejected> {
    for axis in axes {
        let Some(engine) = axis.engine() else { continue };
        let mut running = cells.iter().flat_map(|cell| &cell.engines);
        if running.any(|running| running.kind.name() == engine) {
            continue;
        }
        let is_it = |left: &&plan::LeftOut| EngineKind::labelled(&left.engine) == Some(engine);
        if let Some(left) = without.iter().find(is_it) {
            let key = axis.key.path;
            let message = format!("`{key}` is a key of {engine}, which is left out: {}", left.why);
            let mistake = Mistake::new("sweep::key", message).help(left.way_out.clone());
            return Err(Rejected::because(mistake));
        }
    }
    Ok(())
}

/// Skew says nothing without the same question on keys that are all alike.
fn with_control(axis: &mut Axis, notices: &mut Vec<String>) {
    let is_skew = ["source.synthetic.keys.zipf.exponent", "source.words.exponent"];
    if is_skew.contains(&axis.key.path)
        && !axis.values.iter().any(|value| value.number == Some(0.0))
    {
        let zero = AxisValue { text: "0".into(), toml: "0.0".into(), number: Some(0.0) };
        axis.values.insert(0, zero);
        notices.push("an exponent of 0, all keys alike, was added as the control".into());
    }
}

/// A map has its values side by side in the order of their size.
fn rising(axis: &mut Axis) {
    let number = |value: &AxisValue| value.number.unwrap_or(0.0);
    axis.values.sort_by(|a, b| number(a).total_cmp(&number(b)));
}

/// A point that contradicts the scenario: its coordinates, and why.
type LeftOut = (String, String);

/// What the points of a sweep come to.
struct Points {
    /// Those that can be run.
    cells: Vec<Cell>,
    /// Those that cannot.
    left_out: Vec<LeftOut>,
    /// The engines that cannot be asked at some of those that can.
    without: Vec<plan::LeftOut>,
}

fn cells(
    request: &Request<'_>,
    read: &Read,
    axes: &[Axis],
    base: &Cell,
) -> Result<Points, Rejected> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut without: Vec<plan::LeftOut> = Vec::new();
    let mut left_out: Vec<LeftOut> = Vec::new();
    let mut contradiction = None;
    let mut seen: Vec<(&'static str, Vec<String>)> = Vec::new();
    for point in points(axes) {
        let given = laid_over(request.given, axes, &point, base, &cells);
        let load = |engines: &[String]| {
            let mut loaded = read.load(&given, engines, Traces::MustExist)?;
            leave_out_what_is_not_here(&mut loaded, request.place);
            Ok::<_, Rejected>(loaded)
        };
        let (mut cell, absent) = match load(request.engines) {
            Ok(mut loaded) => {
                let cell = match request.map {
                    Some(map) => (map.spread)(&mut loaded, map.demands)?,
                    None => loaded.cells.swap_remove(0),
                };
                (cell, loaded.left_out)
            }
            Err(rejected) if rejected.mistakes.iter().all(|m| m.code == "config::conflict") => {
                left_out.push((coordinates(axes, &point), rejected.mistakes[0].message.clone()));
                contradiction.get_or_insert(rejected);
                continue;
            }
            Err(rejected) => return Err(rejected),
        };
        let mut engines: Vec<&'static str> = cell.engines.iter().map(|e| e.kind.name()).collect();
        engines.dedup();
        let all = engines.len();
        // An engine runs where something that concerns it is new.
        engines.retain(|engine| {
            let concern = |axis: &Axis| axis.engine().is_none_or(|only| only == *engine);
            let own = axes.iter().zip(&point).filter(|(axis, _)| concern(axis));
            let place = (*engine, own.map(|(_, value)| value.toml.clone()).collect::<Vec<_>>());
            let is_new = !seen.contains(&place);
            if is_new {
                seen.push(place);
            }
            is_new
        });
        if engines.is_empty() {
            continue;
        }
        for one in absent {
            one.join(&mut without);
        }
        if engines.len() < all {
            let engines: Vec<_> = engines.iter().map(|&engine| engine.to_owned()).collect();
            cell = load(&engines)?.cells.swap_remove(0);
        }
        cell.point = axes
            .iter()
            .zip(&point)
            .map(|(axis, value)| study::Coordinate {
                key: axis.key.path.to_owned(),
                value: value.text.clone(),
                number: value.number,
            })
            .collect();
        cells.push(cell);
    }
    runs_what_varies(axes, &cells, &without)?;
    match contradiction {
        Some(mut rejected) if cells.is_empty() => {
            let message = format!("none of the {} points can be run", left_out.len());
            rejected.mistakes.insert(
                0,
                Mistake::new("sweep::nothing_left", message).help(
                    "the first of them is shown below; change what it contradicts with --set",
                ),
            );
            rejected.mistakes.truncate(2);
            Err(rejected)
        }
        _ => Ok(Points { cells, left_out, without }),
    }
}

/// All combinations; the last axis turns fastest.
fn points(axes: &[Axis]) -> Vec<Vec<&AxisValue>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        points
            .into_iter()
            .flat_map(|point: Vec<&AxisValue>| {
                axis.values.iter().map(move |value| [point.clone(), vec![value]].concat())
            })
            .collect()
    })
}

fn laid_over(
    given: &[Given],
    axes: &[Axis],
    point: &[&AxisValue],
    base: &Cell,
    others: &[Cell],
) -> Vec<Given> {
    let set = |path: &str, toml: &str| Given::set(format!("{path}={toml}"));
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut names = vec![
        set("name", &quoted(&name(axes, point, base, others))),
        set("scenario", &quoted(&base.scenario)),
        set("title", &quoted(&format!("{}, {}", base.title, coordinates(axes, point)))),
    ];
    // What a key needs beside it goes before what was typed, so that either can be set.
    for (path, value) in axes.iter().flat_map(|axis| &axis.companions) {
        names.push(set(path, value));
    }
    let values = axes.iter().zip(point).map(|(axis, value)| set(axis.key.path, &value.toml));
    names.into_iter().chain(given.iter().cloned()).chain(values).collect()
}

/// The point as part of a file's name that no other cell has.
fn name(axes: &[Axis], point: &[&AxisValue], base: &Cell, others: &[Cell]) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let mut name = base.name.clone();
    for (axis, value) in axes.iter().zip(point) {
        let text: String = value.text.trim_end_matches("/s").chars().map(safe).collect();
        name = format!("{name}-{}-{text}", axis.key.name());
    }
    name.truncate(name.floor_char_boundary(NAME_MAX));
    let taken = |name: &str| others.iter().any(|other| other.name == name);
    if !taken(&name) {
        return name;
    }
    name.truncate(name.floor_char_boundary(NAME_MAX - 8));
    let mut numbers = 2..=others.len() + 2;
    let free = numbers.find(|number| !taken(&format!("{name}-{number}")));
    format!("{name}-{}", free.unwrap_or_default())
}

/// The longest name that a scenario may have.
const NAME_MAX: usize = 80;

/// A point in words: `interval = 10ms, rate = 50k/s`.
fn coordinates(axes: &[Axis], point: &[&AxisValue]) -> String {
    let each = axes.iter().zip(point);
    let each: Vec<_> =
        each.map(|(axis, value)| format!("{} = {}", axis.key.name(), value.text)).collect();
    each.join(", ")
}

/// The notice about points that are left out.
fn told(left_out: &[LeftOut]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> =
        left_out.iter().take(SHOWN).map(|(point, why)| format!("{point} ({why})")).collect();
    let more = match left_out.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let points = if left_out.len() == 1 { "point is" } else { "points are" };
    format!("{} {points} left out as contradictory: {}{more}", left_out.len(), shown.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_partial_suite_leaves_out_is_told_with_its_points() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some.toml");
        let suite = "name = \"some\"\npartial = true\n[[case]]\nscenario = \"keyed-window\"\n\
                     engines = [{ engine = \"per-event\" }, { engine = \"spark-real-time\" }]\n";
        std::fs::write(&file, suite).unwrap();
        let planned = plan(&Request {
            what: file.to_str().unwrap(),
            axes: &["rate=1k/s,2k/s".to_owned()],
            given: &[],
            engines: &[],
            repeat: None,
            budget: Duration::from_hours(1),
            simulate: false,
            search: None,
            slo: None,
            map: None,
            place: &Place::default(),
        });
        let planned = planned.unwrap_or_else(|rejected| panic!("{rejected}"));
        assert!(planned.cells.iter().all(|cell| cell.engines.len() == 1), "it has no windows");
        let [one] = &planned.left_out[..] else { panic!("{:?}", planned.left_out) };
        assert_eq!(one.engine, "spark-real-time");
        let points: Vec<_> = planned.cells.iter().map(|cell| cell.name.clone()).collect();
        assert_eq!(one.cells, points, "once for all points");
    }
}
