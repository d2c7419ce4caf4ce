//! A scenario for a file of the user's own: what its first rows seem to be, written down with
//! everything that can be said otherwise.

use super::bound::Bound;
use super::guess::{Guess, Named, almost_values, ground};
use crate::cli::options::ColumnArgs;
use instrument::load::replay::{shown_speed, speed_to_fill};
use reports::quantity;
use reports::words::slug;
use scenarios::Workload;
use scenarios::spec::{NotationSpec, OnBadRow, TraceSpec};
use scenarios::workload::trace::{Holds, Look, look};
use scenarios::workload::{Trace, TraceError};
use settings::config::diagnostic::{Mistake, listed};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Endings of files that hold events.
const ENDINGS: [&str; 5] = ["csv", "tsv", "gz", "txt", "dat"];

/// Whether a file holds events, and is no scenario to be written: by its ending, or by a text that is
/// cut into fields.
pub(in crate::cli::commands) fn holds_events(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_ascii_lowercase();
    ENDINGS.iter().any(|other| ending == *other)
        || (ending != "toml" && file.is_file() && is_text(file) && is_table(file))
}

/// Whether a file begins like a text.
fn is_text(file: &Path) -> bool {
    const LOOKED_AT: u64 = 1 << 12;
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut start));
    read.is_ok() && !start.contains(&0)
}

fn is_table(file: &Path) -> bool {
    look(file).is_ok_and(|look| {
        let has_times = |look: &Look| {
            look.columns.iter().any(|column| matches!(column.holds, Holds::Times { .. }))
        };
        let filled = look.columns.iter().filter(|column| column.holds != Holds::Nothing);
        filled.count() > 1 || has_times(&look)
    })
}

/// Where the scenario for a file goes: into the working directory, under its name.
pub(in crate::cli::commands) fn scenario_of(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    let stem = slug(stem);
    PathBuf::from(if stem.is_empty() { "bench.toml".to_owned() } else { format!("{stem}.toml") })
}

/// Why no scenario can be written for a file.
#[derive(Debug)]
pub(in crate::cli::commands) enum NoScenario {
    /// It cannot be read.
    Trace(TraceError),
    /// It holds no trace.
    Mistake(Mistake),
}

/// What was found, and the scenario.
pub(in crate::cli::commands) struct Own {
    /// The scenario file.
    pub(in crate::cli::commands) text: String,
    /// What was guessed, in a line each.
    pub(in crate::cli::commands) found: String,
}

/// How long the run is, warm-up included.
const WARM_UP: Duration = Duration::from_secs(2);
const DURATION: Duration = Duration::from_secs(10);

/// Looks at a file, and writes a scenario that `name` and `scenario` belong to. Columns that are named
/// are taken for what they are named for, and the others guessed.
pub(in crate::cli::commands) fn own(
    data: &Path,
    name: &str,
    scenario: &str,
    columns: &ColumnArgs,
) -> Result<Own, NoScenario> {
    let look = look(data).map_err(NoScenario::Trace)?;
    let named = named(data, &look, columns)?;
    let guess = Guess::with(&look, &named).map_err(|why| {
        let message = format!("`{}` holds no trace that can be told: {why}", data.display());
        let help = "events need a time each; the columns are those of the first line, or numbered";
        NoScenario::Mistake(Mistake::new("init::no_trace", message).help(help))
    })?;
    let mut spec = spec(data, &look, &guess);
    let trace = match Trace::load(&spec) {
        Err(TraceError::BadRow { .. }) => {
            spec.on_bad_row = OnBadRow::Reject;
            Trace::load(&spec)
        }
        read => read,
    };
    let trace = trace.map_err(NoScenario::Trace)?;
    let facts = Facts::of(&trace, guess.arrival == guess.event_time);
    let found = found(&look, &guess, &facts);
    Ok(Own { text: text(name, scenario, &spec, &look, &guess, &facts), found })
}

/// The columns that are named, by number.
fn named(data: &Path, look: &Look, columns: &ColumnArgs) -> Result<Named, NoScenario> {
    let number = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => match look.columns.iter().position(|column| column.name == *name) {
            Some(at) => Ok(Some(at)),
            None => Err(missing(data, look, columns)),
        },
    };
    Ok(Named {
        arrival: number(&columns.arrival)?,
        event_time: number(&columns.event_time)?,
        key: number(&columns.key)?,
        value: number(&columns.value)?,
    })
}

/// A column that is named and not there, as whoever reads the trace tells of it.
fn missing(data: &Path, look: &Look, columns: &ColumnArgs) -> NoScenario {
    let first = look.columns.first().map_or("", |column| column.name.as_str());
    let or_first = |name: &Option<String>| name.clone().unwrap_or_else(|| first.to_owned());
    let spec = TraceSpec {
        path: data.to_owned(),
        arrival: or_first(&columns.arrival),
        event_time: or_first(&columns.event_time),
        key: columns.key.clone(),
        value: columns.value.clone(),
        speed: 1.0,
        on_bad_row: OnBadRow::Reject,
        notation: look.notation.clone(),
    };
    if let Err(error) = Trace::load(&spec) {
        return NoScenario::Trace(error);
    }
    // A product of two columns is none by itself.
    let names = columns.named().map(|(_, name)| name);
    let message = format!("of {} one is more than a column", listed(names));
    let help = "a product is a setting: --set 'source.trace.value=a * b'";
    NoScenario::Mistake(Mistake::new("trace::column", message).help(help))
}

fn spec(data: &Path, look: &Look, guess: &Guess) -> TraceSpec {
    let name = |at: usize| look.columns[at].name.clone();
    TraceSpec {
        path: data.to_owned(),
        arrival: name(guess.arrival),
        event_time: name(guess.event_time),
        key: guess.key.map(name),
        value: guess.value.map(name),
        speed: 1.0,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec { time_unit: unit(look, guess), ..look.notation.clone() },
    }
}

/// What the numbers of its times count, where they all count the same.
fn unit(look: &Look, guess: &Guess) -> Option<scenarios::spec::TimeUnit> {
    let of = |at: usize| match look.columns[at].holds {
        Holds::Times { unit, .. } => unit,
        _ => None,
    };
    let (arrival, event_time) = (of(guess.arrival), of(guess.event_time));
    match (arrival, event_time) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    }
}

/// What is known of a whole trace.
struct Facts {
    rows: u64,
    rejected: usize,
    first_rejected: String,
    span_s: f64,
    speed: f64,
    window: &'static str,
    bound: Bound,
    interval: &'static str,
    remarks: Vec<String>,
}

/// Lengths that people choose, in seconds.
pub(super) const LENGTHS: [(f64, &str); 21] = [
    (0.0, "0s"),
    (1e-3, "1ms"),
    (1e-2, "10ms"),
    (0.1, "100ms"),
    (1.0, "1s"),
    (5.0, "5s"),
    (10.0, "10s"),
    (30.0, "30s"),
    (60.0, "1min"),
    (300.0, "5min"),
    (600.0, "10min"),
    (1_800.0, "30min"),
    (3_600.0, "1h"),
    (2.0 * 3_600.0, "2h"),
    (3.0 * 3_600.0, "3h"),
    (6.0 * 3_600.0, "6h"),
    (43_200.0, "12h"),
    (86_400.0, "1day"),
    (7.0 * 86_400.0, "7days"),
    (30.0 * 86_400.0, "30days"),
    (365.0 * 86_400.0, "365days"),
];

/// Of how many windows of this size a trace would have at least, where it is long enough.
const WINDOWS: f64 = 50.0;

impl Facts {
    fn of(trace: &Trace, is_one_column: bool) -> Self {
        let rows = trace.len().unwrap_or(0);
        let span_s = trace.span_us().unwrap_or(0) as f64 / 1e6;
        let speed = speed_to_fill(span_s, WARM_UP + DURATION).unwrap_or(1.0).clamp(1e-6, 1e12);
        let window = LENGTHS[1..].iter().rev().find(|(s, _)| *s * WINDOWS <= span_s);
        let bound = Bound::of(trace, span_s, is_one_column);
        let remarks = trace.remarks().iter();
        let remarks = remarks.map(|remark| format!("{}: {}", remark.text, remark.advice));
        Self {
            rows,
            rejected: trace.rejected_rows().len(),
            first_rejected: trace
                .rejected_rows()
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
            span_s,
            speed,
            window: window.map_or("1s", |(_, name)| name),
            interval: interval(window.map_or(1.0, |(s, _)| *s) / speed),
            remarks: remarks.chain(bound.remarks.iter().cloned()).collect(),
            bound,
        }
    }
}

/// A batch interval of which some fit into a window that lasts so long in the run.
fn interval(window_s: f64) -> &'static str {
    const INTERVALS: [(f64, &str); 4] =
        [(0.2, "200ms"), (0.1, "100ms"), (0.05, "50ms"), (0.02, "20ms")];
    let fits = INTERVALS.into_iter().find(|(s, _)| s * 2.0 <= window_s);
    fits.map_or("10ms", |(_, name)| name)
}

fn found(look: &Look, guess: &Guess, facts: &Facts) -> String {
    let mut out = String::new();
    let mut almost = almost_values(look, guess).into_iter();
    let mut line = |what: &str, at: Option<usize>| {
        let said = at.map_or_else(
            || {
                let almost = if what == "value" { almost.next() } else { None };
                almost
                    .map_or_else(|| "no column".to_owned(), |almost| format!("no column; {almost}"))
            },
            |at| {
                format!(
                    "`{}`: {}",
                    look.columns[at].name,
                    ground(&look.columns[at], guess.is_time(at))
                )
            },
        );
        let _ = writeln!(out, "  {what:<10}  {said}");
    };
    line("arrival", Some(guess.arrival));
    line("event_time", Some(guess.event_time));
    line("key", guess.key);
    line("value", guess.value);
    let rows = quantity::counted(facts.rows, "row");
    let length = if facts.span_s > 0.0 {
        format!(
            "{rows} over {}; at speed {} {} a run of {}",
            quantity::seconds(facts.span_s),
            shown_speed(facts.speed),
            if facts.rows == 1 { "it fills" } else { "they fill" },
            quantity::seconds((WARM_UP + DURATION).as_secs_f64())
        )
    } else {
        format!("{rows}, all at the same moment: no speed makes a run of that")
    };
    let _ = writeln!(out, "  {:<10}  {length}", "length");
    if facts.rejected > 0 {
        let _ = writeln!(
            out,
            "  {:<10}  {} cannot be read and {} left out; the first: {}",
            "bad rows",
            facts.rejected,
            if facts.rejected == 1 { "is" } else { "are" },
            facts.first_rejected
        );
    }
    for remark in &facts.remarks {
        let _ = writeln!(out, "  ! {remark}");
    }
    out
}

fn quote(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

fn text(
    name: &str,
    scenario: &str,
    spec: &TraceSpec,
    look: &Look,
    guess: &Guess,
    facts: &Facts,
) -> String {
    let mut out = String::new();
    let data = spec.path.display().to_string();
    let _ = write!(
        out,
        "# What is asked of {data}, as it was guessed from its first rows. Change what is not so.\n\
         #\n\
         #   sluicebench validate {scenario}     every mistake, and whether the file reads like this\n\
         #   sluicebench plan {scenario}         how much of it would be played, and how\n\
         #   sluicebench run {scenario}          both engines, then a report\n\
         #\n\
         # What a key means and takes: sluicebench describe source.trace\n\n\
         name = {}\ntitle = {}\n\n[source.trace]\npath = {}\n",
        quote(name),
        quote(&format!("A question to {data}")),
        quote(&data)
    );
    let mut column = |key: &str, at: Option<usize>, what: &str| {
        let _ = match at {
            Some(at) => writeln!(
                out,
                "{key} = {}  # {what}; it holds {}",
                quote(&look.columns[at].name),
                ground(&look.columns[at], guess.is_time(at))
            ),
            None => writeln!(out, "# {key} = \"COLUMN\"  # {what}; none was found"),
        };
    };
    column("arrival", Some(guess.arrival), "when an event reached us: order and pace");
    column("event_time", Some(guess.event_time), "when it happened; may be the same column");
    column("key", guess.key, "what it is about");
    column("value", guess.value, "how much it is; or a product, \"a * b\"");
    notation(&mut out, &spec.notation, look, guess);
    if spec.on_bad_row == OnBadRow::Reject {
        let _ = writeln!(
            out,
            "on_bad_row = \"reject\"  # {} of its rows cannot be read",
            facts.rejected
        );
    }
    let _ = writeln!(
        out,
        "speed = {}  # seconds of the trace in a second of the run: all of it, {}, in {}",
        shown_speed(facts.speed),
        quantity::seconds(facts.span_s),
        quantity::seconds((WARM_UP + DURATION).as_secs_f64())
    );
    let aggregates = if guess.value.is_some() {
        r#"["count", "sum", "min", "max", "mean"]"#
    } else {
        r#"["count"]"#
    };
    let _ = write!(
        out,
        "\n[query.window]\nsize = \"{}\"  # in the time of the trace; slide = \"…\" for windows that \
         overlap\naggregates = {aggregates}\n",
        facts.window
    );
    if guess.key.is_none() {
        out.push_str("keyed = false  # one answer per window, over all events\n");
    }
    let _ = write!(
        out,
        "watermark = \"{}\"  # how long is waited for what is late: {}\n\n\
         [engine.micro-batch]\ninterval = \"{}\"\n\n[engine.per-event]\n\n[measure]\nwarm_up = \
         \"2s\"  # answered and verified, and not measured\nduration = \"10s\"\n",
        facts.bound.name, facts.bound.within, facts.interval
    );
    out
}

/// How the file writes what is in it, where that is not as usual or was guessed.
fn notation(out: &mut String, notation: &NotationSpec, look: &Look, guess: &Guess) {
    if let Some(delimiter) = notation.delimiter.filter(|delimiter| *delimiter != ',') {
        let _ = writeln!(out, "delimiter = {}", quote(&delimiter.to_string()));
    }
    if notation.decimal_comma {
        out.push_str("decimal_comma = true\n");
    }
    if !notation.header {
        out.push_str(
            "header = false  # its first line holds values; columns are called by number\n",
        );
    }
    if let Some(unit) = notation.time_unit {
        let _ = writeln!(
            out,
            "time_unit = \"{}\"  # of times that are numbers, by their size\n# time_origin = \
             \"2001-01-31T08:30:00Z\"  # what they count from, if that is not 1970",
            unit.name()
        );
    }
    let is_local =
        |at: usize| matches!(look.columns[at].holds, Holds::Times { is_local: true, .. });
    if is_local(guess.arrival) || is_local(guess.event_time) {
        out.push_str(
            "# time_zone = \"Europe/Berlin\"  # of times without an offset, if it is not UTC\n",
        );
    }
}
