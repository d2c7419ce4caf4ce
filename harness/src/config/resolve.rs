//! From settings to a cell: what they mean together, and where they contradict each other.
//!
//! A contradiction is a mistake with a label at both of its ends; it is never settled by
//! silently preferring one. Nothing is read here: texts have become settings before.

use super::check::{Checker, Settings, shown};
use super::threshold::{self, Demand};
use super::tree::{Node, Value};
use super::{schema, shape, write};
use crate::bench::folder::slug;
use crate::config::diagnostic::{Mistake, Place, Sources, listed, nearest};
use crate::plan::units;
use crate::plan::{Cell, EngineKind, EngineSetting, Load, Measure, WindowDomain};
use engines::{Algorithm, Patience, Timestamp, WindowSpec};
use scenarios::catalog::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, OnBadRow, PAYLOAD_BYTES, QuerySpec,
    SilenceSpec, SyntheticSpec, TraceSpec, ValuesSpec, WordsSpec, WorkloadSpec,
};
use std::time::Duration;

/// A scenario as it was put together, before it is held against the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The file with everything that was laid over it.
    pub(crate) root: Node,
    /// Whether the file names no engine, and so means both.
    pub(crate) both_engines: bool,
    /// Whether the file has errors of syntax, so that what is missing may be in them.
    pub(crate) unreadable: bool,
}

/// The engines there are, in the order in which they are reported.
pub(crate) const ENGINES: [&str; 2] = ["micro-batch", "per-event"];

/// One engine's table, checked.
pub(crate) struct EngineSettings {
    pub(crate) path: &'static str,
    pub(crate) settings: Settings,
}

/// The cell, or all that is wrong with it. `only` are the engines that were asked for; all, if
/// it is empty.
pub(crate) fn resolve(
    draft: &Draft,
    sources: &Sources,
    only: &[&'static str],
) -> Result<Cell, Vec<Mistake>> {
    let mut checker = Checker { unreadable: draft.unreadable, ..Checker::default() };
    checker.table("", &draft.root, &["engine"]);
    let all = engine_settings(draft, only, &mut checker);
    let labels: Vec<String> = all.iter().map(label).collect();
    let demands = threshold::read(&draft.root, &labels, &mut checker);
    let Checker { settings, mut mistakes, .. } = checker;
    contradictions(&settings, &all, &mut mistakes);
    // What could not be read has been told already, and may be what is missing here.
    if draft.unreadable || !mistakes.is_empty() {
        return Err(mistakes);
    }
    let cell = build(&settings, &all, &demands, sources);
    let cell = cell.expect("settings without a mistake hold every key that applies");
    match cell.case.check() {
        Ok(()) => Ok(cell),
        Err(why) => {
            let place = settings.picked("source").and_then(|key| settings.place(key.path));
            Err(vec![Mistake::new("config::range", why).at(place, "of this source")])
        }
    }
}

fn engine_settings(
    draft: &Draft,
    only: &[&'static str],
    checker: &mut Checker,
) -> Vec<EngineSettings> {
    let empty = Node::empty();
    let engine = draft.root.find("engine").unwrap_or(&empty);
    let Some(table) = engine.table() else {
        checker.mistakes.push(
            Mistake::new(
                "config::type",
                format!("`engine` takes a table, not {}", engine.value.kind()),
            )
            .at(engine.place.as_ref(), engine.value.kind())
            .help("write [engine.micro-batch] or [engine.per-event]"),
        );
        return Vec::new();
    };
    for entry in table.0.iter().filter(|entry| !ENGINES.contains(&entry.key.as_str())) {
        let help = match nearest(&entry.key, ENGINES) {
            Some(name) => format!("did you mean `{name}`?  List: sluicebench list engines"),
            None => "the engines are `micro-batch` and `per-event`".into(),
        };
        checker.mistakes.push(
            Mistake::new("config::unknown_key", format!("unknown engine `{}`", entry.key))
                .at(entry.place.as_ref(), "not an engine")
                .help(help),
        );
    }
    let mut all = Vec::new();
    for name in ENGINES {
        let path = ["engine.micro-batch", "engine.per-event"][usize::from(name == ENGINES[1])];
        let wanted = match only {
            [] => draft.both_engines || table.get(name).is_some(),
            only => only.contains(&name),
        };
        let node = table.get(name).map_or(&empty, |entry| &entry.node);
        let one = std::slice::from_ref(node);
        let nodes = match &node.value {
            Value::List(items) if !items.is_empty() => items,
            _ => one,
        };
        for node in nodes {
            // An engine that does not run is checked as well: its table is part of the file.
            let mut each = Checker { unreadable: draft.unreadable, ..Checker::default() };
            each.table(path, node, &[]);
            checker.mistakes.append(&mut each.mistakes);
            if wanted {
                all.push(EngineSettings { path, settings: each.settings });
            }
        }
    }
    all
}

fn below(path: &str, key: &str) -> String {
    format!("{path}.{key}")
}

fn contradictions(settings: &Settings, all: &[EngineSettings], mistakes: &mut Vec<Mistake>) {
    if let Some(query) = settings.picked("query") {
        slide_within_window(settings, query.path, mistakes);
        for engine in all {
            if engine.settings.text("engine.micro-batch.windows") == Some("batches") {
                whole_batches(settings, query.path, &engine.settings, mistakes);
            }
            inverse_exists(settings, engine, mistakes);
        }
    }
    question_fits_source(settings, mistakes);
    ranges_in_order(settings, mistakes);
    one_cap(settings, mistakes);
    whole_delay(settings, mistakes);
    silence_fits(settings, mistakes);
    for source in ["source.synthetic", "source.words"] {
        shape::contradictions(settings, source, mistakes);
        shape::gaps(settings, source, mistakes);
    }
    labels_differ(all, mistakes);
    let sizes = PAYLOAD_BYTES.map(|bytes| units::show_size(bytes as u64));
    if let Some(bytes) = settings.size("source.synthetic.payload")
        && !PAYLOAD_BYTES.iter().any(|&size| size as u64 == bytes)
    {
        mistakes.push(
            Mistake::new("config::range", format!("no event carries a payload of {bytes} bytes"))
                .at(settings.place("source.synthetic.payload"), "not a payload there is")
                .help(format!("write one of {}", listed(sizes.iter().map(String::as_str)))),
        );
    }
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

/// How much event time passes in a second of the run, in microseconds.
fn event_us_per_second(settings: &Settings) -> Option<i64> {
    let source = settings.picked("source")?.path;
    if source == "source.trace" {
        let micros = settings.number("source.trace.speed")? * 1e6;
        #[expect(clippy::cast_possible_truncation, reason = "stops at the ends, and is rounded")]
        return Some(micros.round() as i64);
    }
    settings.event_time(&below(source, "event_time_per_second"))
}

fn whole_batches(settings: &Settings, query: &str, engine: &Settings, mistakes: &mut Vec<Mistake>) {
    let here = engine.key_place("engine.micro-batch.windows");
    let late = below(query, "allowed_lateness");
    if settings.event_time(&late).is_some_and(|micros| micros > 0) {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                "allowed_lateness with windows over batches: there, no event is ever late",
            )
            .at(settings.place(&late), "lateness")
            .at(here, "over batches")
            .help("leave allowed_lateness out, or set windows = \"event-time\""),
        );
    }
    let interval_path = "engine.micro-batch.interval";
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
            .help("choose an interval that is one, or set windows = \"event-time\""),
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
                    .help(
                        "windows over batches are made of whole batches: choose an interval that \
                         divides size and slide, or set windows = \"event-time\"",
                    ),
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
    if let Some(name) = asked.iter().find(|name| matches!(**name, "min" | "max")) {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!("`{name}` has no inverse: what leaves a window cannot be subtracted"),
            )
            .at(settings.place("query.window.aggregates"), format!("asks for `{name}`"))
            .at(engine.settings.place(&path), "subtracts what leaves")
            .help(
                "use algorithm = \"two-stacks\" or \"auto\", or ask for count, sum and mean only",
            ),
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
        ("words", "window") => conflict(
            "a line has neither a key nor a value to aggregate",
            "use [query.word-count], or another source",
        ),
        ("words", "identity") => conflict(
            "a line is no answer: it has neither a key nor a value",
            "use [source.synthetic], or [query.word-count]",
        ),
        ("trace", "window") => {
            if settings.flag("query.window.keyed") == Some(true)
                && !settings.has("source.trace.key")
            {
                conflict(
                    "windows are per key, but no column of the trace is its key",
                    "add key = \"COLUMN\" to [source.trace], or set keyed = false",
                );
            }
            let asked = settings.choices("query.window.aggregates").unwrap_or_default();
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

/// The paths at which a cap can stand.
fn caps(disorder: &str) -> [String; 3] {
    ["cap", "delay.exponential.cap", "delay.pareto.cap"].map(|key| below(disorder, key))
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

fn labels_differ(all: &[EngineSettings], mistakes: &mut Vec<Mistake>) {
    for (index, engine) in all.iter().enumerate() {
        let path = below(engine.path, "label");
        let label = engine.settings.text(&path);
        let before = all[..index].iter().find(|other| {
            other.path == engine.path
                && slug(other.settings.text(&path).unwrap_or_default())
                    == slug(label.unwrap_or_default())
        });
        if let Some(before) = before {
            let name = shown(engine.path).trim_start_matches("engine.");
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

fn build(
    settings: &Settings,
    all: &[EngineSettings],
    demands: &[Demand],
    sources: &Sources,
) -> Option<Cell> {
    let source = settings.picked("source")?.path;
    let query = settings.picked("query")?.path;
    let of = |key: &str| below(source, key);
    let workload = match source {
        "source.synthetic" => WorkloadSpec::Synthetic(SyntheticSpec {
            keys: keys(settings)?,
            rotate_every: settings.run_time(&of("keys.zipf.rotate_every")),
            values: values(settings)?,
            decimals: settings.integer(&of("decimals"))?,
            payload_bytes: usize::try_from(settings.size(&of("payload"))?).ok()?,
            disorder: disorder(settings, &of("disorder"))?,
            silence: silence(settings, &of("disorder.silence"))?,
            event_us_per_second: settings.event_time(&of("event_time_per_second"))?,
            origin: ORIGIN,
        }),
        "source.words" => WorkloadSpec::Words(WordsSpec {
            dictionary: settings.integer(&of("dictionary"))?,
            exponent: settings.number(&of("exponent"))?,
            words_per_line: settings.integer(&of("words_per_line"))?,
            disorder: disorder(settings, &of("disorder"))?,
            event_us_per_second: settings.event_time(&of("event_time_per_second"))?,
            origin: ORIGIN,
        }),
        _ => WorkloadSpec::Trace(TraceSpec {
            path: trace_path(settings, sources)?,
            arrival: settings.text(&of("arrival"))?.to_owned(),
            event_time: settings.text(&of("event_time"))?.to_owned(),
            key: settings.text(&of("key")).map(str::to_owned),
            value: settings.text(&of("value")).map(str::to_owned),
            speed: settings.number(&of("speed"))?,
            on_bad_row: match settings.text(&of("on_bad_row"))? {
                "reject" => OnBadRow::Reject,
                _ => OnBadRow::Fail,
            },
        }),
    };
    let load = match source {
        "source.trace" => Load::Trace,
        _ => Load::Synthetic {
            rate: shape::rate(settings, source)?,
            arrivals: shape::arrivals(settings, source)?,
        },
    };
    let question = match query {
        "query.identity" => QuerySpec::Identity,
        "query.word-count" => QuerySpec::WordCount { window: window(settings, query)? },
        _ => QuerySpec::Window {
            window: window(settings, query)?,
            aggregates: settings
                .choices(&below(query, "aggregates"))?
                .iter()
                .filter_map(|name| AggregateName::ALL.into_iter().find(|one| one.name() == *name))
                .collect(),
            keyed: settings.flag(&below(query, "keyed"))?,
        },
    };
    Some(Cell {
        name: settings.text("name")?.to_owned(),
        title: settings.text("title")?.to_owned(),
        scenario: settings.text("scenario")?.to_owned(),
        case: CaseSpec { workload, query: question },
        load,
        // Without windows there is nothing that a watermark could complete.
        watermark_bound_us: settings.event_time(&below(query, "watermark")).unwrap_or(0),
        watermark_every: settings.integer(&of("watermark_every"))?,
        partitions: settings.integer(&of("partitions"))?,
        engines: all.iter().map(engine).collect::<Option<_>>()?,
        parallelism: settings.integer("parallelism")?,
        seed: settings.integer("seed")?,
        measure: measure(settings)?,
        thresholds: demands.iter().filter_map(|demand| demand.threshold.clone()).collect(),
        resolved_toml: write::scenario(
            settings,
            all,
            demands,
            trace_path(settings, sources).as_deref(),
        ),
        point: Vec::new(),
    })
}

/// The event time at the start of a run over made-up events. Windows are aligned to it.
const ORIGIN: Timestamp = Timestamp::from_micros(0);

/// The trace's file, as it is reached from the working directory.
pub(crate) fn trace_path(settings: &Settings, sources: &Sources) -> Option<std::path::PathBuf> {
    let path = settings.text("source.trace.path")?;
    let base = settings
        .place("source.trace.path")
        .and_then(|place: &Place| sources.get(place.source).base.as_deref());
    Some(base.map_or_else(|| path.into(), |base| base.join(path)))
}

fn measure(settings: &Settings) -> Option<Measure> {
    let duration = settings.run_time("measure.duration")?;
    Some(match settings.run_time("measure.warm_up") {
        Some(warm_up) => Measure { warm_up, warm_up_floor: None, duration },
        None => Measure {
            warm_up: settings.run_time("measure.warm_up_cap")?,
            warm_up_floor: Some(settings.run_time("measure.warm_up_floor")?),
            duration,
        },
    })
}

fn keys(settings: &Settings) -> Option<KeysSpec> {
    let key = settings.picked("source.synthetic.keys")?;
    if key.name() == "weights" {
        return Some(KeysSpec::Weights {
            ranks: settings.integers(&below(key.path, "ranks"))?,
            weights: settings.numbers(&below(key.path, "weights"))?,
        });
    }
    let count = settings.integer(&below(key.path, "count"))?;
    Some(match key.name() {
        "zipf" => {
            KeysSpec::Zipf { count, exponent: settings.number(&below(key.path, "exponent"))? }
        }
        _ => KeysSpec::Uniform { count },
    })
}

fn values(settings: &Settings) -> Option<ValuesSpec> {
    let key = settings.picked("source.synthetic.values")?;
    let of = |name: &str| below(key.path, name);
    Some(match key.name() {
        "constant" => ValuesSpec::Constant(settings.integer(key.path)?),
        "quantiles" => ValuesSpec::Quantiles(settings.integers(key.path)?),
        "normal" => ValuesSpec::Normal {
            mean: settings.number(&of("mean"))?,
            deviation: settings.number(&of("deviation"))?,
        },
        _ => ValuesSpec::Uniform {
            low: settings.integer(&of("low"))?,
            high: settings.integer(&of("high"))?,
        },
    })
}

/// `Some(None)` where there is no disorder.
#[expect(clippy::option_option, reason = "the outer one is a key that is missing")]
fn disorder(settings: &Settings, path: &str) -> Option<Option<DisorderSpec>> {
    let delay = below(path, "delay");
    // A silence may stand alone.
    if !settings.has(path)
        || (settings.has(&below(path, "silence")) && settings.picked(&delay).is_none())
    {
        return Some(None);
    }
    let key = settings.picked(&delay)?;
    let of = |name: &str| settings.event_time(&below(key.path, name));
    let delay = match key.name() {
        "exponential" => DelaySpec::Exponential { mean_us: of("mean")? },
        "pareto" => DelaySpec::Pareto {
            scale_us: of("scale")?,
            shape: settings.number(&below(key.path, "shape"))?,
        },
        "uniform" => DelaySpec::Uniform { low_us: of("low")?, high_us: of("high")? },
        "quantiles" => DelaySpec::Quantiles(settings.event_times(key.path)?),
        _ => DelaySpec::Constant { us: settings.event_time(key.path)? },
    };
    Some(Some(DisorderSpec {
        fraction: settings.number(&below(path, "fraction"))?,
        delay,
        cap_us: caps(path).iter().find_map(|path| settings.event_time(path)),
    }))
}

/// `Some(None)` where nobody falls silent.
#[expect(clippy::option_option, reason = "the outer one is a key that is missing")]
fn silence(settings: &Settings, path: &str) -> Option<Option<SilenceSpec>> {
    if !settings.has(path) {
        return Some(None);
    }
    let of = |key: &str| settings.run_time(&below(path, key));
    Some(Some(SilenceSpec {
        share: settings.number(&below(path, "share"))?,
        every: of("every")?,
        lasts: of("lasts")?,
        flood: of("flood")?,
    }))
}

fn window(settings: &Settings, query: &str) -> Option<WindowSpec> {
    let of = |key: &str| settings.event_time(&below(query, key));
    WindowSpec::sliding(of("size")?, of("slide")?)
        .and_then(|window| window.with_allowed_lateness(of("allowed_lateness").unwrap_or(0)))
        .ok()
}

fn engine(engine: &EngineSettings) -> Option<EngineSetting> {
    let EngineSettings { path, settings } = engine;
    let of = |key: &str| below(path, key);
    let algorithm = algorithm(settings.text(&of("algorithm"))?)?;
    let kind = if *path == "engine.micro-batch" {
        EngineKind::MicroBatch {
            interval: settings.run_time(&of("interval"))?,
            windows: match settings.text(&of("windows"))? {
                "batches" => WindowDomain::Batches,
                _ => WindowDomain::EventTime,
            },
            algorithm,
            attempts: settings.integer(&of("attempts"))?,
        }
    } else {
        EngineKind::PerEvent {
            buffer_timeout: settings.run_time(&of("buffer_timeout"))?,
            buffer_records: settings.integer(&of("buffer_records"))?,
            algorithm,
            waiting: match settings.text(&of("waiting"))? {
                "spin" => Patience::Spin,
                "park" => Patience::Park,
                _ => Patience::SpinThenPark { spin_ns: nanos(settings.run_time(&of("spin"))?)? },
            },
        }
    };
    Some(EngineSetting { label: label(engine), kind })
}

/// What an engine is called in its cell: its name, with what distinguishes it in brackets.
fn label(engine: &EngineSettings) -> String {
    let name = engine.path.trim_start_matches("engine.");
    match engine.settings.text(&below(engine.path, "label")) {
        Some(label) => format!("{name} ({label})"),
        None => name.to_owned(),
    }
}

fn nanos(length: Duration) -> Option<u64> {
    u64::try_from(length.as_nanos()).ok()
}

fn algorithm(name: &str) -> Option<Algorithm> {
    [
        Algorithm::Auto,
        Algorithm::Recompute,
        Algorithm::Slices,
        Algorithm::SubtractOnEvict,
        Algorithm::TwoStacks,
    ]
    .into_iter()
    .find(|algorithm| algorithm.name() == name)
}

/// The path of the source that a draft holds, if it holds one that exists.
pub(crate) fn source_of(root: &Node) -> Option<&'static str> {
    let table = root.find("source")?.table()?;
    let source = |key: &&schema::Key| table.get(key.name()).is_some();
    schema::children("source").find(source).map(|key| key.path)
}
