//! Thresholds: what a file demands of the figures of a run.
//!
//! A demand is in the unit of its metric, so it can be read only once that is known. Whether it
//! is met is not known here; `check` says so afterwards. A threshold on something that nothing
//! reports is refused now, because it could only ever fail.

use super::check::Checker;
use super::diagnostic::{Mistake, Place, listed, nearest};
use super::settings::Settings;
use super::tree::{Node, Value};
use crate::plan::EngineKind;
use crate::plan::settings::Typed;
use crate::plan::units::{self, UnitError};
use reports::judge::metrics::{self, METRICS, Metric, Unit};
use reports::record::study::Threshold;

/// A threshold, and the settings that it was read from.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub(super) settings: Settings,
    pub(super) threshold: Option<Threshold>,
}

/// Every threshold of a file. `labels` are what the engines of its cell are called.
pub(super) fn read(root: &Node, labels: &[String], checker: &mut Checker) -> Vec<Demand> {
    let Some(node) = root.find("threshold") else { return Vec::new() };
    let Value::List(items) = &node.value else {
        checker.mistakes.push(not_tables(node));
        return Vec::new();
    };
    items
        .iter()
        .map(|item| {
            let mut each = Checker { unreadable: checker.unreadable, ..Checker::default() };
            each.table("threshold", item, &[]);
            let place = item.place.as_ref();
            let whole = each.mistakes.is_empty();
            checker.mistakes.append(&mut each.mistakes);
            let settings = each.settings;
            let threshold =
                whole.then(|| demand(&settings, place, labels, &mut checker.mistakes)).flatten();
            Demand { settings, threshold }
        })
        .collect()
}

impl Demand {
    /// The demand of settings that have been read before.
    pub(super) fn of(settings: Settings, labels: &[String]) -> Self {
        let threshold = demand(&settings, None, labels, &mut Vec::new());
        Self { settings, threshold }
    }
}

/// `threshold` is something else than a list of tables.
pub(super) fn not_tables(node: &Node) -> Mistake {
    Mistake::new("config::type", format!("`threshold` takes tables, not {}", node.value.kind()))
        .at(node.place.as_ref(), node.value.kind())
        .help("write [[threshold]] above each")
}

fn demand(
    settings: &Settings,
    place: Option<&Place>,
    labels: &[String],
    mistakes: &mut Vec<Mistake>,
) -> Option<Threshold> {
    let name = settings.text("threshold.metric")?;
    let Some(metric) = metrics::metric(name) else {
        let mistake = no_such_metric(name, "threshold on");
        mistakes.push(mistake.at(settings.place("threshold.metric"), "not a metric"));
        return None;
    };
    let before = mistakes.len();
    let engine = settings.text("threshold.engine").map(str::to_owned);
    if let Some(engine) = &engine
        && let Some(mistake) = no_such_engine(engine, labels)
    {
        mistakes.push(mistake.at(settings.place("threshold.engine"), "on no engine here"));
    }
    let mut amount = |key: &str, unit: Unit| {
        let value = &settings.get(key)?.value;
        match read_amount(value, unit) {
            Ok(amount) => Some(amount),
            Err(mistake) => {
                mistakes.push(mistake.at(settings.place(key), format!("of {name}")));
                None
            }
        }
    };
    let below = amount("threshold.below", metric.unit);
    let above = amount("threshold.above", metric.unit);
    let worse_by = amount("threshold.worse_by", Unit::Ratio);
    if mistakes.len() > before {
        return None;
    }
    if below.is_none() && above.is_none() && worse_by.is_none() {
        mistakes.push(
            Mistake::new(
                "config::missing_key",
                format!("the threshold on `{name}` demands nothing"),
            )
            .at(place, "no `below`, `above` or `worse_by` here")
            .help("add a limit, such as worse_by = \"10%\""),
        );
        return None;
    }
    if let (Some(low), Some(high)) = (above, below)
        && low >= high
    {
        mistakes.push(
            Mistake::new("config::conflict", "no figure lies above the one and below the other")
                .at(settings.place("threshold.above"), "above")
                .at(settings.place("threshold.below"), "below")
                .help("exchange them"),
        );
        return None;
    }
    if let Some(mistake) = unreachable(metric, (above, below), settings) {
        mistakes.push(mistake);
        return None;
    }
    let written = written(name, engine.as_deref(), settings);
    Some(Threshold { metric: name.into(), engine, below, above, worse_by, written })
}

/// A demand that no run can meet: limits are outside of what they demand, and no figure is less than
/// nothing or more than the whole.
fn unreachable(
    metric: &Metric,
    (above, below): (Option<f64>, Option<f64>),
    settings: &Settings,
) -> Option<Mistake> {
    let refused = |key: &str, message: String, help: &str| {
        let place = settings.place(&format!("threshold.{key}"));
        Mistake::new("config::range", message).at(place, "no run passes this").help(help)
    };
    let name = metric.name;
    if below.is_some_and(|below| below <= 0.0) {
        let help = match metric.unit {
            Unit::Events => "for none at all write below = \"1\"",
            _ => "write more than nothing",
        };
        return Some(refused("below", format!("`{name}` is never below 0"), help));
    }
    let is_whole = metric.unit == Unit::Share && above.is_some_and(|above| above >= 1.0);
    let help = "write a little less, such as above = \"99.999%\"";
    is_whole.then(|| refused("above", format!("`{name}` is never above 100 %"), help))
}

/// The demand in a phrase: `result_latency.p99 of per-event below 100ms`.
fn written(name: &str, engine: Option<&str>, settings: &Settings) -> String {
    let mut text = name.to_owned();
    if let Some(engine) = engine {
        text = format!("{text} of {engine}");
    }
    for (key, word) in [("below", "below"), ("above", "above"), ("worse_by", "worse by at most")] {
        let said = match settings.get(&format!("threshold.{key}")).map(|found| &found.value) {
            Some(Typed::Text(said)) => said.clone(),
            Some(Typed::Number(number)) => number.to_string(),
            _ => continue,
        };
        text = format!("{text} {word} {said}");
    }
    text
}

/// Nothing reports this; what was probably meant. `on` says what asks for it.
pub fn no_such_metric(name: &str, on: &str) -> Mistake {
    let all = "A threshold without data would fail the run. List: sluicebench list metrics";
    let help = match likely(name) {
        Some(metric) => format!("did you mean `{}`?  {all}", metric.name),
        None => all.into(),
    };
    Mistake::new("config::no_such_metric", format!("{on} `{name}`, which no engine reports"))
        .help(help)
}

/// The metric that was most likely meant: a slip of the pen, or else the one that shares most of
/// its words.
fn likely(name: &str) -> Option<&'static Metric> {
    if let Some(name) = nearest(name, METRICS.iter().map(|metric| metric.name)) {
        return metrics::metric(name);
    }
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    let asked = words(name);
    let shared = |metric: &Metric| {
        let own = words(metric.name);
        asked.iter().filter(|word| own.contains(*word)).count()
    };
    // The first of equals: the table begins with what is asked for most.
    let best = METRICS.iter().map(shared).max().filter(|&most| most > 0)?;
    METRICS.iter().find(|metric| shared(metric) == best)
}

/// An engine that is set up here is asked for by its name or its label; one that is not may be
/// left out of this run, which `check` will tell.
fn no_such_engine(asked: &str, labels: &[String]) -> Option<Mistake> {
    if EngineKind::NAMES.contains(&asked) || labels.iter().any(|label| label == asked) {
        return None;
    }
    let kind = EngineKind::labelled;
    if kind(asked).is_some() && !labels.iter().any(|label| kind(label) == kind(asked)) {
        return None;
    }
    let labels = || labels.iter().map(String::as_str);
    let all = format!("the engines here are {}", listed(labels()));
    let help = match nearest(asked, EngineKind::NAMES.into_iter().chain(labels())) {
        Some(engine) => format!("did you mean `{engine}`?  {all}"),
        None => all,
    };
    let message = format!("there is no engine `{asked}`");
    Some(Mistake::new("config::no_such_engine", message).help(help))
}

/// A value in base units: what stands in the file, read as what the metric is counted in.
fn read_amount(value: &Typed, unit: Unit) -> Result<f64, Mistake> {
    let refused = |error: UnitError| {
        let code = match error {
            UnitError::Bare { .. } => "config::unit",
            _ => "config::value",
        };
        Mistake::new(code, error.to_string()).help(error.remedy())
    };
    let text = match value {
        Typed::Text(text) => text.clone(),
        Typed::Number(number) => number.to_string(),
        _ => unreachable!("an amount is a string or a number"),
    };
    let span = |text: &str| units::duration(text).map(|length| length.as_nanos() as f64);
    let found = match unit {
        Unit::Nanoseconds => span(&text),
        Unit::Microseconds => span(&text).map(|ns| ns / 1e3),
        Unit::Seconds => span(&text).map(|ns| ns / 1e9),
        Unit::PerSecond => units::rate_per_s(&text),
        Unit::Bytes => units::size_bytes(&text).map(|bytes| bytes as f64),
        Unit::Share | Unit::Ratio => units::share(&text),
        Unit::Events => units::amount(&text),
    };
    let found = found.map_err(refused)?;
    if unit == Unit::Share && found > 1.0 {
        return Err(Mistake::new("config::range", format!("{text} is more than the whole"))
            .help("write at most \"100%\""));
    }
    Ok(found)
}
