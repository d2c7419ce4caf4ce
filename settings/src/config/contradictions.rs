//! Where settings contradict each other.
//!
//! A contradiction is a mistake with a label at both of its ends; it is never settled by
//! silently preferring one. Each setting by itself is in order when it comes here.

use super::asked;
use super::beside;
use super::density::{self, event_us_per_second};
use super::diagnostic::Mistake;
use super::engines::{EngineSettings, OverBatches};
use super::settings::{Settings, below, caps};
use super::shape;
use super::transport;
use crate::plan::units;
use reports::words::slug;
use scenarios::workload::trace;

/// All of them.
pub(super) fn contradictions(
    settings: &Settings,
    all: &[EngineSettings],
    mistakes: &mut Vec<Mistake>,
) {
    if let Some(query) = settings.picked("query") {
        slide_within_window(settings, query.path, mistakes);
        for engine in all {
            if let Some(batches) = engine.over_batches() {
                whole_batches(settings, query.path, engine, &batches, mistakes);
            }
            inverse_exists(settings, engine, mistakes);
            asked::by_event_time(settings, query.path, engine, mistakes);
        }
        asked::contradictions(settings, query.path, mistakes);
    }
    question_fits_source(settings, mistakes);
    ranges_in_order(settings, mistakes);
    one_cap(settings, mistakes);
    whole_delay(settings, mistakes);
    silence_fits(settings, mistakes);
    notation_means_something(settings, mistakes);
    for source in ["source.synthetic", "source.words"] {
        shape::contradictions(settings, source, mistakes);
        shape::gaps(settings, source, mistakes);
    }
    one_way_of_marking(settings, mistakes);
    density::contradictions(settings, mistakes);
    can_go_round(settings, mistakes);
    beside::contradictions(settings, all, mistakes);
    transport::contradictions(settings, all, mistakes);
    labels_differ(all, mistakes);
}

/// The most windows that an event may lie in: beyond it, one event makes work for minutes.
const WINDOWS_PER_EVENT_MAX: i64 = 1_000_000;

fn slide_within_window(settings: &Settings, query: &str, mistakes: &mut Vec<Mistake>) {
    let (size, slide) = (below(query, "size"), below(query, "slide"));
    let (Some(size_us), Some(slide_us)) = (settings.event_time(&size), settings.event_time(&slide))
    else {
        return;
    };
    if slide_us > 0 && size_us / slide_us > WINDOWS_PER_EVENT_MAX {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!(
                    "a window of {} that slides by {} puts every event into {} windows",
                    units::show_event_time(size_us),
                    units::show_event_time(slide_us),
                    size_us / slide_us
                ),
            )
            .at(settings.place(&size), "length")
            .at(settings.place(&slide), "slide")
            .help("make the slide longer: a million windows per event are the most"),
        );
    }
    if slide_us > size_us && settings.text(&below(query, "gaps")) == Some("refuse") {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!(
                    "slide ({}) is longer than the window ({}): events would be skipped",
                    units::show_event_time(slide_us),
                    units::show_event_time(size_us)
                ),
            )
            .at(settings.place(&size), "length")
            .at(settings.place(&slide), "slide")
            .help("use slide <= size, or set gaps = \"allow\" to sample on purpose"),
        );
    }
}

fn whole_batches(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    batches: &OverBatches,
    mistakes: &mut Vec<Mistake>,
) {
    let EngineSettings { name, path, settings: engine } = engine;
    let here = engine.key_place(batches.windows.as_deref().unwrap_or(path));
    let or = match batches.windows {
        Some(_) => "set windows = \"event-time\"".to_owned(),
        None => format!("leave {name} out (--engine names those that run)"),
    };
    let late = below(query, "allowed_lateness");
    if settings.event_time(&late).is_some_and(|micros| micros > 0) {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                "allowed_lateness with windows over batches: there, no event is ever late",
            )
            .at(settings.place(&late), "lateness")
            .at(here, "over batches")
            .help(format!("leave allowed_lateness out, or {or}")),
        );
    }
    let interval_path = &*batches.interval;
    let (Some(interval), Some(density)) =
        (engine.run_time(interval_path), event_us_per_second(settings))
    else {
        return;
    };
    let nano_us = interval.as_nanos() * u128::from(density.unsigned_abs());
    let interval_shown = units::show_duration(interval);
    if nano_us % 1_000_000_000 != 0 || nano_us == 0 {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!(
                    "an interval of {interval_shown} holds no whole number of microseconds of \
                     event time, so no window over batches has exact edges"
                ),
            )
            .at(engine.place(interval_path).or(here), "interval")
            .help(format!("choose an interval that is one, or {or}")),
        );
        return;
    }
    let batch_us = nano_us / 1_000_000_000;
    for (key, what) in [("size", "window"), ("slide", "slide")] {
        let path = below(query, key);
        let Some(length) = settings.event_time(&path) else { continue };
        if u128::from(length.unsigned_abs()) % batch_us != 0 {
            let batch = units::show_event_time(i64::try_from(batch_us).unwrap_or(i64::MAX));
            let length = units::show_event_time(length);
            let message = if batch == interval_shown {
                format!(
                    "the {what} ({length}) is not a multiple of the interval ({interval_shown})"
                )
            } else {
                format!(
                    "the {what} ({length}) is not a multiple of the interval ({interval_shown}, \
                     which holds {batch} of event time)"
                )
            };
            mistakes.push(
                Mistake::new("config::conflict", message)
                    .at(settings.place(&path), what)
                    .at(engine.place(interval_path).or(here), "interval")
                    .help(format!(
                        "windows over batches are made of whole batches: choose an interval that \
                         divides size and slide, or {or}"
                    )),
            );
        }
    }
}

fn inverse_exists(settings: &Settings, engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let path = below(engine.path, "algorithm");
    if engine.settings.text(&path) != Some("inverse") {
        return;
    }
    let asked = settings.choices("query.window.aggregates").unwrap_or_default();
    if let Some(name) = asked.iter().find(|name| matches!(name.as_str(), "min" | "max")) {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!("`{name}` has no inverse: what leaves a window cannot be subtracted"),
            )
            .at(settings.place("query.window.aggregates"), format!("asks for `{name}`"))
            .at(engine.settings.place(&path), "subtracts what leaves")
            .help(if engine.is_beside() {
                "use algorithm = \"recompute\", or ask for count, sum and mean only"
            } else {
                "use algorithm = \"two-stacks\" or \"auto\", or ask for count, sum and mean only"
            }),
        );
    }
}

fn question_fits_source(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let (Some(source), Some(query)) = (settings.picked("source"), settings.picked("query")) else {
        return;
    };
    let source_place = settings.place(source.path);
    let query_place = settings.place(query.path);
    let mut conflict = |message: &str, help: &str| {
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(source_place, "what arrives")
                .at(query_place, "what is asked")
                .help(help),
        );
    };
    match (source.name(), query.name()) {
        ("synthetic" | "trace", "word-count") => {
            conflict("only lines have words to count", "use [source.words]");
        }
        ("words", "window" | "session" | "silence" | "join") => conflict(
            "a line has neither a key nor a value to aggregate",
            "use [query.word-count] or [query.counted], or another source",
        ),
        ("words", "counted") => {
            let asked = settings.choices("query.counted.aggregates").unwrap_or_default();
            if asked != ["count"] {
                conflict(
                    "a word has no value: there is nothing of it but how often it came",
                    "set aggregates = [\"count\"] in [query.counted]",
                );
            }
        }
        ("words", "identity") => conflict(
            "a line is no answer: it has neither a key nor a value",
            "use [source.synthetic], or [query.word-count]",
        ),
        ("trace", name @ ("window" | "session" | "counted" | "silence" | "join")) => {
            let keyed = settings.flag(&below(query.path, "keyed"));
            if keyed != Some(false) && !settings.has("source.trace.key") {
                let what = if name == "counted" { "window" } else { name };
                let or = if keyed.is_some() { ", or set keyed = false" } else { "" };
                conflict(
                    &format!("{what}s are per key, but no column of the trace is its key"),
                    &format!("add key = \"COLUMN\" to [source.trace]{or}"),
                );
            }
            if name == "join" && !settings.has("source.trace.value") {
                conflict(
                    "no column of the trace is its value, which tells the two sides of a join apart",
                    "add value = \"COLUMN\" to [source.trace]",
                );
            }
            let asked = settings.choices(&below(query.path, "aggregates")).unwrap_or_default();
            if let Some(name) = asked.iter().find(|name| **name != "count")
                && !settings.has("source.trace.value")
            {
                conflict(
                    &format!("`{name}` of what? no column of the trace is its value"),
                    "add value = \"COLUMN\" to [source.trace], or ask for count only",
                );
            }
        }
        _ => {}
    }
}

fn ranges_in_order(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let (floor, cap) = ("measure.warm_up_floor", "measure.warm_up_cap");
    if settings.text("measure.warm_up").is_some()
        && settings.run_time(floor) > settings.run_time(cap)
    {
        mistakes.push(
            Mistake::new("config::conflict", "the shortest warm-up is longer than the longest")
                .at(settings.place(floor), "the shortest")
                .at(settings.place(cap), "the longest")
                .help("raise warm_up_cap, or lower warm_up_floor"),
        );
    }
    let mut check = |low_path: &str, high_path: &str, low: i128, high: i128| {
        if low > high {
            mistakes.push(
                Mistake::new("config::conflict", "the low end of a range is above its high end")
                    .at(settings.place(low_path), "low")
                    .at(settings.place(high_path), "high")
                    .help("exchange them"),
            );
        }
    };
    let values = "source.synthetic.values.uniform";
    let (low, high) = (below(values, "low"), below(values, "high"));
    if let (Some(a), Some(b)) = (settings.integer(&low), settings.integer(&high)) {
        check(&low, &high, a, b);
    }
    for source in ["source.synthetic", "source.words"] {
        let delay = below(source, "disorder.delay.uniform");
        let (low, high) = (below(&delay, "low"), below(&delay, "high"));
        if let (Some(a), Some(b)) = (settings.event_time(&low), settings.event_time(&high)) {
            check(&low, &high, a.into(), b.into());
        }
    }
}

fn one_cap(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    for source in ["source.synthetic", "source.words"] {
        let given: Vec<_> = caps(&below(source, "disorder"))
            .into_iter()
            .filter(|path| settings.has(path))
            .collect();
        if let [first, second, ..] = &given[..] {
            mistakes.push(
                Mistake::new("config::conflict", "the longest delay is given twice")
                    .at(settings.place(first), "once")
                    .at(settings.place(second), "twice")
                    .help("keep one of them"),
            );
        }
    }
}

/// Marks stand by the time or by the number of events.
fn one_way_of_marking(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let Some(source) = settings.picked("source") else { return };
    let [period, every] =
        ["watermark_period", "watermark_every"].map(|key| below(source.path, key));
    if settings.has(&period) && settings.has(&every) {
        mistakes.push(
            Mistake::new("config::conflict", "it is said twice where watermark marks stand")
                .at(settings.key_place(&period), "by the time")
                .at(settings.key_place(&every), "by the number of events")
                .help("keep one of them"),
        );
    }
}

/// Events go round that depend on their number alone.
fn can_go_round(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    const MEMORY: &str = "measure.input_memory";
    let silence = below("source.synthetic.disorder", "silence");
    let rotation = "source.synthetic.keys.zipf.rotate_every";
    let (other, what) = if settings.has("source.trace") {
        ("source.trace", "a trace is played once, and all of it is held in memory")
    } else if settings.has(&silence) {
        (&*silence, "keys fall silent by the time, so that no events come again")
    } else if settings.has(rotation) {
        (rotation, "hot keys change by the time, so that no events come again")
    } else {
        return;
    };
    if settings.has(MEMORY) {
        mistakes.push(
            Mistake::new("config::conflict", what)
                .at(settings.key_place(MEMORY), "how much its input may take")
                .at(settings.key_place(other), "what arrives")
                .help("leave input_memory out"),
        );
    }
}

/// A silence may stand without delays, but a share of delayed events needs a delay, and the other
/// way round.
fn whole_delay(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let path = "source.synthetic.disorder";
    if !settings.has(&below(path, "silence")) {
        return;
    }
    let has_fraction = settings.has(&below(path, "fraction"));
    let missing = match (has_fraction, settings.picked(&below(path, "delay")).is_some()) {
        (true, false) => "delay",
        (false, true) => "fraction",
        _ => return,
    };
    mistakes.push(
        Mistake::new(
            "config::missing_key",
            format!("[{path}] needs a key `{missing}` as well: which events are delayed, and how"),
        )
        .at(settings.place(path), format!("no `{missing}` here"))
        .help("give both `fraction` and `delay`, or only `silence`"),
    );
}

fn silence_fits(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let of = |key: &str| format!("source.synthetic.disorder.silence.{key}");
    let time = |key: &str| settings.run_time(&of(key));
    let (Some(every), Some(lasts), Some(flood)) = (time("every"), time("lasts"), time("flood"))
    else {
        return;
    };
    if lasts + flood > every {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!(
                    "a silence of {} and a flood of {} do not fit into {}",
                    units::show_duration(lasts),
                    units::show_duration(flood),
                    units::show_duration(every)
                ),
            )
            .at(settings.place(&of("every")), "from one to the next")
            .at(settings.place(&of("lasts")), "silence")
            .at(settings.place(&of("flood")), "flood")
            .help("make `every` at least as long as both together"),
        );
    }
}

/// A zone, an origin and a delimiter are strings, but not any string.
fn notation_means_something(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let of = |key: &str| below("source.trace", key);
    let mut check = |key: &str, is: fn(&str) -> Result<(), String>, label: &str| {
        let why = settings.text(&of(key)).and_then(|text| is(text).err());
        mistakes.extend(why.map(|why| {
            let (message, help) = why.split_once("; ").unwrap_or((&why, ""));
            Mistake::new("config::value", message).at(settings.place(&of(key)), label).help(help)
        }));
    };
    check("time_zone", trace::is_zone, "not a zone");
    check("time_origin", trace::is_origin, "not a time");
    check("delimiter", trace::is_delimiter, "not a delimiter");
}

fn labels_differ(all: &[EngineSettings], mistakes: &mut Vec<Mistake>) {
    for (index, engine) in all.iter().enumerate() {
        let path = below(engine.path, "label");
        let label = engine.settings.text(&path);
        let before = all[..index].iter().find(|other| {
            other.name == engine.name
                && slug(other.settings.text(&path).unwrap_or_default())
                    == slug(label.unwrap_or_default())
        });
        if let Some(before) = before {
            let name = engine.name;
            let message = match label {
                Some(label) => format!("two settings of {name} have the label `{label}`"),
                None => format!("two settings of {name} have no label to tell them apart"),
            };
            mistakes.push(
                Mistake::new("config::conflict", message)
                    .at(before.settings.place(&path), "one")
                    .at(engine.settings.place(&path), "another")
                    .help("give each a `label` of its own"),
            );
        }
    }
}
