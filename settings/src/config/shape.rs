//! Rates that change: which keys belong to which shape, and which of them contradict each other.
//!
//! The table of keys has all keys of all shapes side by side, since a shape is a word and not a
//! table of its own. What belongs together is said here and nowhere else.

use super::diagnostic::{Mistake, listed};
use super::keys;
use super::settings::Settings;
use crate::plan::{Arrivals, RateShape};
use std::time::Duration;

/// A shape, and the keys it needs; those after them it may have.
type Shape = (&'static str, &'static [&'static str], &'static [&'static str]);

const SHAPES: [Shape; 8] = [
    ("constant", &["rate"], &[]),
    ("steps", &["rates", "every"], &[]),
    ("ramp", &["from", "to", "over"], &[]),
    ("sine", &["mean", "amplitude", "period"], &[]),
    ("burst", &["base", "peak", "every", "lasts"], &[]),
    ("on-off", &["rate", "on", "off"], &[]),
    ("outage", &["rate", "at", "lasts"], &["catch_up"]),
    ("profile", &["mean", "weights", "period"], &[]),
];

/// What is wrong with the rate of a source.
pub(super) fn contradictions(settings: &Settings, source: &str, mistakes: &mut Vec<Mistake>) {
    let path = format!("{source}.rate");
    let of = |key: &str| format!("{path}.{key}");
    let Some(shape) = settings.text(&of("shape")) else { return };
    let Some((_, needs, may)) = SHAPES.iter().find(|(name, ..)| *name == shape) else { return };
    let whole = settings.place(&path);
    let all = || listed(needs.iter().chain(*may).copied());
    for key in needs.iter().filter(|key| !settings.has(&of(key))) {
        mistakes.push(
            Mistake::new(
                "config::missing_key",
                format!("the shape \"{shape}\" needs a key `{key}`"),
            )
            .at(whole, format!("no `{key}` here"))
            .help(format!("its keys are {}", all())),
        );
    }
    for key in keys::children(&path) {
        let name = key.name();
        if name == "shape" || needs.contains(&name) || may.contains(&name) {
            continue;
        }
        if settings.has(key.path) {
            mistakes.push(
                Mistake::new(
                    "config::conflict",
                    format!("`{name}` is not a key of the shape \"{shape}\""),
                )
                .at(settings.place(&of("shape")), "shape")
                .at(settings.key_place(key.path), "of another one")
                .help(format!("its keys are {}", all())),
            );
        }
    }
    let mut conflict = |message: &str, ends: [(&str, &str); 2], help: &str| {
        let mut mistake = Mistake::new("config::conflict", message).help(help);
        for (key, what) in ends {
            mistake = mistake.at(settings.place(&of(key)), what);
        }
        mistakes.push(mistake);
    };
    let rate = |key: &str| settings.rate(&of(key));
    let time = |key: &str| settings.run_time(&of(key));
    match shape {
        "sine" if rate("amplitude") > rate("mean") && rate("mean").is_some() => conflict(
            "the amplitude is above the mean: the rate would fall below zero",
            [("mean", "mean"), ("amplitude", "amplitude")],
            "make the amplitude at most the mean",
        ),
        "burst" if time("lasts") >= time("every") && time("every").is_some() => conflict(
            "a burst lasts as long as it takes to the next one: there is nothing in between",
            [("every", "from one to the next"), ("lasts", "how long")],
            "make `lasts` shorter than `every`, or use shape = \"constant\"",
        ),
        "outage" if rate("catch_up").is_some() && rate("catch_up") <= rate("rate") => conflict(
            "what the outage held up would never be caught up with",
            [("rate", "comes in"), ("catch_up", "catches up")],
            "make `catch_up` larger than `rate`, or leave it out for all at once",
        ),
        "profile"
            if settings
                .numbers(&of("weights"))
                .is_some_and(|all| all.iter().sum::<f64>() <= 0.0) =>
        {
            mistakes.push(
                Mistake::new("config::range", "a profile without any height offers no events")
                    .at(settings.place(&of("weights")), "all zero")
                    .help("make one weight larger than 0"),
            );
        }
        _ => {}
    }
}

/// What is wrong with the gaps between arrivals.
pub(super) fn gaps(settings: &Settings, source: &str, mistakes: &mut Vec<Mistake>) {
    let path = format!("{source}.arrivals.gaps");
    let Some(table) = settings.numbers(&path) else { return };
    let why = if table.len() < 2 {
        "gaps go from the shortest to the longest: give at least two"
    } else if !table.is_sorted() {
        "gaps go from the shortest to the longest: sort them"
    } else if table.iter().all(|gap| *gap <= 0.0) {
        "gaps that are all zero leave no time between events"
    } else {
        return;
    };
    mistakes.push(
        Mistake::new("config::range", why)
            .at(settings.place(&path), "these gaps")
            .help("or write arrivals = \"poisson\""),
    );
}

/// The rate of a source.
pub(super) fn rate(settings: &Settings, source: &str) -> Option<RateShape> {
    let path = format!("{source}.rate");
    if let Some(per_second) = settings.rate(&path) {
        return Some(RateShape::Constant { per_second });
    }
    let rate = |key: &str| settings.rate(&format!("{path}.{key}"));
    let time = |key: &str| -> Option<Duration> { settings.run_time(&format!("{path}.{key}")) };
    let list = |key: &str| settings.numbers(&format!("{path}.{key}"));
    Some(match settings.text(&format!("{path}.shape"))? {
        "steps" => RateShape::Steps { rates: list("rates")?, every: time("every")? },
        "ramp" => RateShape::Ramp { from: rate("from")?, to: rate("to")?, over: time("over")? },
        "sine" => RateShape::Sine {
            mean: rate("mean")?,
            amplitude: rate("amplitude")?,
            period: time("period")?,
        },
        "burst" => RateShape::Burst {
            base: rate("base")?,
            peak: rate("peak")?,
            every: time("every")?,
            lasts: time("lasts")?,
        },
        "on-off" => RateShape::OnOff { rate: rate("rate")?, on: time("on")?, off: time("off")? },
        "outage" => RateShape::Outage {
            rate: rate("rate")?,
            at: time("at")?,
            lasts: time("lasts")?,
            catch_up: rate("catch_up"),
        },
        "profile" => RateShape::Profile {
            mean: rate("mean")?,
            weights: list("weights")?,
            period: time("period")?,
        },
        _ => RateShape::Constant { per_second: rate("rate")? },
    })
}

/// How the events of a source are spread within its rate.
pub(super) fn arrivals(settings: &Settings, source: &str) -> Option<Arrivals> {
    let path = format!("{source}.arrivals");
    Some(match settings.text(&path) {
        Some("poisson") => Arrivals::Poisson,
        Some(_) => Arrivals::Even,
        None => Arrivals::Gaps {
            quantiles: settings.numbers(&format!("{path}.gaps"))?,
            together: settings.number(&format!("{path}.together"))?,
        },
    })
}
