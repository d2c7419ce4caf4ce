//! What a case asks of the engines that are part of this program, and what it asks of none of them.

use super::super::case::{Case, Event, Item, Semantics};
use engines::{Algorithm, CountSpec, LateBy, SessionSpec, Timestamp, Touch, WindowSpec};
use scenarios::spec::AggregateName;
use serde_json::Value;

/// Microseconds in a millisecond.
pub(super) const MS: i64 = 1_000;

/// What a case asks.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) cut: Cut,
    pub(super) aggregate: AggregateName,
    /// Whether answers that are zero are left out.
    pub(super) drops_zeros: bool,
    pub(super) algorithm: Algorithm,
    pub(super) what: Observed,
    pub(super) time: Time,
}

/// How event time is cut.
#[derive(Copy, Clone, Debug)]
pub(super) enum Cut {
    Windows(WindowSpec),
    Sessions(SessionSpec),
    Counted(CountSpec),
}

/// What is looked at.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Observed {
    /// Answers.
    Rows,
    /// How far event time has come, by the windows that it completes.
    Watermarks,
}

/// Where event time comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// Marks in so many channels of the input.
    Marks { channels: usize },
    /// The latest event of each stream in the batches so far, less so much, in milliseconds.
    Trailing { delays: Vec<i64> },
    /// There is none, and the input ends with its one batch.
    Ends,
    /// Batches are what windows are cut from, each so long, in milliseconds.
    Batches { batch: i64 },
}

/// What a case asks of ours, or why they cannot be asked it.
pub(super) fn asked(case: &Case) -> Result<Asked, String> {
    for item in &case.input {
        let lacks = match item {
            Item::SnapshotRestore => "takes no snapshots that it could be restored from",
            Item::Restart => "cannot be restarted where it was",
            Item::Status => {
                "knows no channel that is idle: one that is silent holds event time back"
            }
            Item::ProcessingTime => "cuts no windows from the time of processing",
            Item::PeriodicEmit => MARKS,
            Item::Event(event) if !is_acceptable(event.t) => {
                "accepts no events so far from the epoch (73,000 years), so that no time overflows"
            }
            _ => continue,
        };
        return Err(lacks.to_owned());
    }
    match case.semantics {
        Semantics::Flink => of_flink(case),
        Semantics::DStream => of_batches(case),
        Semantics::Structured => of_structured(case),
    }
}

/// Why no watermarks are asked of ours.
const MARKS: &str = "makes no watermarks: they are marks in its input";

fn is_acceptable(ms: i64) -> bool {
    ms.checked_mul(MS).is_some_and(|us| Timestamp::from_micros(us).is_acceptable())
}

fn of_flink(case: &Case) -> Result<Asked, String> {
    let spec = &case.spec;
    if spec.op() == "watermark_valve" {
        let channels = usize::try_from(spec.number("/channels").unwrap_or(1)).unwrap_or(1);
        return Ok(Asked { time: Time::Marks { channels }, ..watermarks()? });
    }
    if spec.op() != "window_agg" {
        return Err(operator(spec.op()));
    }
    let kind = spec.text("/assigner/type").unwrap_or_default();
    if kind == "global" && spec.text("/trigger/type") == Some("count") {
        return of_counts(case);
    }
    if !["tumbling", "sliding", "session"].contains(&kind) {
        return Err(format!("has no {kind} windows"));
    }
    if spec.text("/assigner/time") == Some("processing") {
        return Err("cuts no windows from the time of processing".to_owned());
    }
    if spec.number("/assigner/offset").unwrap_or(0) != 0 {
        return Err("has no windows with an offset".to_owned());
    }
    let lateness = us(spec.number("/allowed_lateness").unwrap_or(0))?;
    // Where no window is kept after its answer, there is nothing to purge.
    let purges = spec.is_set("/trigger/purging") && lateness > 0;
    if spec.text("/trigger/type") != Some("event_time") || purges {
        return Err(
            "has no triggers: a window is answered when event time has passed it".to_owned()
        );
    }
    if spec.has("/evictor") {
        return Err("has no evictors".to_owned());
    }
    let cut = if kind == "session" {
        let gap = spec.number("/assigner/gap").ok_or("is told no gap between sessions")?;
        Cut::Sessions(session(gap, LateBy::Session, lateness)?)
    } else {
        let size = spec.number("/assigner/size").ok_or("is told no size of windows")?;
        let slide = spec.number("/assigner/slide").unwrap_or(size);
        let window = window(size, slide)?.with_allowed_lateness(lateness);
        Cut::Windows(window.map_err(|error| error.to_string())?)
    };
    Ok(Asked {
        cut,
        aggregate: aggregate(case)?,
        drops_zeros: false,
        algorithm: Algorithm::Auto,
        what: Observed::Rows,
        time: Time::Marks { channels: 1 },
    })
}

/// Windows of counted events: a trigger that purges, or a count of the last ones.
fn of_counts(case: &Case) -> Result<Asked, String> {
    let spec = &case.spec;
    let slide = spec.number("/trigger/count").unwrap_or(1);
    let size = match (spec.has("/evictor"), spec.is_set("/trigger/purging")) {
        (false, true) => slide,
        (true, false)
            if spec.text("/evictor/type") == Some("count")
                && spec.text("/evictor/when") == Some("before") =>
        {
            spec.number("/evictor/count").unwrap_or(1)
        }
        _ => {
            return Err(
                "answers for the last so many events of a key, and for no others".to_owned()
            );
        }
    };
    let records = |number: i64| u64::try_from(number).unwrap_or(0);
    let count = CountSpec::sliding(records(size), records(slide));
    Ok(Asked {
        cut: Cut::Counted(count.map_err(|error| error.to_string())?),
        aggregate: aggregate(case)?,
        drops_zeros: false,
        algorithm: Algorithm::Auto,
        what: Observed::Rows,
        time: Time::Marks { channels: 1 },
    })
}

fn of_batches(case: &Case) -> Result<Asked, String> {
    let spec = &case.spec;
    let aggregate = match spec.op() {
        "reduce_by_key_and_window" => AggregateName::Sum,
        "count_by_value_and_window" => AggregateName::Count,
        "count_by_window" => return Err("answers for no window that holds nothing".to_owned()),
        "window" => return Err("aggregates what a window holds, and lists none of it".to_owned()),
        op => return Err(operator(op)),
    };
    let inverse = spec.has("/inverse");
    let drops_zeros = spec.has("/filter");
    if inverse && !drops_zeros && spec.number("/slide") <= spec.number("/window") {
        return Err(
            "drops a key when its values have left, also where it subtracts: there is no filter \
             to ask for"
                .to_owned(),
        );
    }
    let number = |path| spec.number(path).unwrap_or(1);
    let batch = number("/batch");
    for path in ["/window", "/slide"] {
        if number(path) % batch != 0 {
            return Err("cuts windows over batches from whole batches alone".to_owned());
        }
    }
    let window = window(number("/window"), number("/slide"))?;
    values(case, aggregate)?;
    Ok(Asked {
        cut: Cut::Windows(window),
        aggregate,
        drops_zeros,
        algorithm: if inverse { Algorithm::SubtractOnEvict } else { Algorithm::Auto },
        what: Observed::Rows,
        time: Time::Batches { batch },
    })
}

fn of_structured(case: &Case) -> Result<Asked, String> {
    let spec = &case.spec;
    if spec.has("/no_data_batches") && !spec.is_set("/no_data_batches") {
        return Err(
            "answers what a batch completes with that batch, and not with the next one".to_owned()
        );
    }
    match spec.op() {
        "watermark" => {
            if spec.text("/policy").is_some_and(|policy| policy != "min") {
                return Err("goes by the slowest stream alone".to_owned());
            }
            let delays = spec.numbers("/streams");
            return Ok(Asked { time: Time::Trailing { delays }, ..watermarks()? });
        }
        "window_agg" | "session_agg" => {}
        op => return Err(operator(op)),
    }
    let mode = spec.text("/output_mode").unwrap_or_default();
    let time = match (mode, spec.number("/watermark_delay")) {
        ("append", Some(delay)) => Time::Trailing { delays: vec![delay] },
        // All that there is, once: the same as where the input ends.
        ("complete", None) if case.boundaries().len() == 1 => Time::Ends,
        ("append", None) => return Err("answers no window before event time has passed it".into()),
        _ => return Err(format!("has no {mode} mode: a window is answered when it is complete")),
    };
    let cut = if spec.op() == "session_agg" {
        let gap = spec.number("/gap").unwrap_or(1);
        Cut::Sessions(session(gap, LateBy::OwnWindow, 0)?)
    } else {
        let size = spec.number("/size").unwrap_or(1);
        let slide = spec.number("/slide").unwrap_or(size);
        Cut::Windows(window(size, slide)?)
    };
    Ok(Asked {
        cut,
        aggregate: aggregate(case)?,
        drops_zeros: false,
        algorithm: Algorithm::Auto,
        what: Observed::Rows,
        time,
    })
}

fn operator(op: &str) -> String {
    let name = match op {
        "window_join" | "interval_join" | "time_range_join" => {
            return "is put no cases of joins by this program".to_owned();
        }
        "join" | "left_outer_join" | "full_outer_join" => "joins of batches",
        "window_cogroup" => "co-groups",
        "dedup" => "removal of duplicates",
        "update_state_by_key" | "map_with_state" => "state that a function of the user's changes",
        "agg_by_event_time" => "aggregates without windows",
        "watermark_generator" => return MARKS.to_owned(),
        other => return format!("has no {other}"),
    };
    format!("has no {name}")
}

/// The question that tells how far event time has come: how many events there are in each
/// millisecond.
fn watermarks() -> Result<Asked, String> {
    Ok(Asked {
        cut: Cut::Windows(window(1, 1)?),
        aggregate: AggregateName::Count,
        drops_zeros: false,
        algorithm: Algorithm::Auto,
        what: Observed::Watermarks,
        time: Time::Marks { channels: 1 },
    })
}

fn window(size_ms: i64, slide_ms: i64) -> Result<WindowSpec, String> {
    WindowSpec::sliding(us(size_ms)?, us(slide_ms)?).map_err(|error| error.to_string())
}

/// Sessions as Flink and Spark have them: those that touch are one.
fn session(gap_ms: i64, late_by: LateBy, lateness_us: i64) -> Result<SessionSpec, String> {
    SessionSpec::new(us(gap_ms)?)
        .and_then(|session| session.with_allowed_lateness(lateness_us))
        .map(|session| session.touching(Touch::Merge).late_by(late_by))
        .map_err(|error| error.to_string())
}

fn us(ms: i64) -> Result<i64, String> {
    ms.checked_mul(MS).ok_or_else(|| format!("has no windows as long as {ms} ms"))
}

fn aggregate(case: &Case) -> Result<AggregateName, String> {
    let aggregate = match case.spec.text("/agg") {
        Some("count") => AggregateName::Count,
        Some("sum") => AggregateName::Sum,
        Some("min") => AggregateName::Min,
        Some("max") => AggregateName::Max,
        _ => return Err("aggregates what a window holds, and lists none of it".to_owned()),
    };
    values(case, aggregate)?;
    Ok(aggregate)
}

/// Whether all values are what can be aggregated.
fn values(case: &Case, aggregate: AggregateName) -> Result<(), String> {
    let is_number = |event: &Event| event.value.as_i64().is_some() && !event.has_side;
    let mut events = case.input.iter().filter_map(|item| match item {
        Item::Event(event) => Some(event),
        _ => None,
    });
    if aggregate == AggregateName::Count || events.all(is_number) {
        return Ok(());
    }
    Err("aggregates whole numbers alone".to_owned())
}

/// The number that an event has.
pub(super) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}
