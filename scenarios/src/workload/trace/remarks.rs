//! What is strange about a trace that could be read: times that were hardly meant or out of order,
//! numbers that may be others, and keys that may be one or none.
//!
//! Nothing is corrected here. A file may be right about all of it; whoever knows the file decides.

use super::calendar::shown;
use super::columns::{Columns, TableRow};
use super::time_form::{TimeColumn, TimeForm};
use crate::decimal::{self, Decimal};
use crate::spec::{TimeUnit, TraceSpec};
use crate::workload::remark::Remark;
use crate::workload::skew;
use engines::Timestamp;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// All that is strange about these rows.
pub(super) fn remarks(spec: &TraceSpec, columns: &Columns, rows: &[TableRow]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut of_column = |column: &TimeColumn, time: fn(&TableRow) -> Timestamp| {
        let name = columns.names[column.at].as_str();
        let has_origin = column.has_origin(&columns.meaning);
        remarks.extend(era(name, has_origin, rows, time));
        remarks.extend(apart(name, column, has_origin, rows, time));
        remarks.extend(twice(name, column));
        remarks.extend(leap(name, column));
    };
    of_column(&columns.arrival, |row| row.arrival);
    if columns.event_time.at != columns.arrival.at {
        of_column(&columns.event_time, |row| row.event_time);
    }
    if columns.event_time.at == columns.arrival.at {
        remarks.extend(out_of_order(spec, columns, rows));
    }
    remarks.extend(offsets(spec, columns));
    remarks.extend(without_use(spec, columns));
    if spec.key.is_some() {
        remarks.extend(empty_keys(columns, rows));
        remarks.extend(spaced_keys(columns));
    }
    remarks
}

const YEAR_US: i64 = 31_556_952_000_000;

/// The year 2100, in microseconds since the epoch.
const YEAR_2100_US: i64 = 4_102_444_800_000_000;

/// A column whose times lie where wrong units and times from an origin end up.
fn era(
    name: &str,
    has_origin: bool,
    rows: &[TableRow],
    time: fn(&TableRow) -> Timestamp,
) -> Option<Remark> {
    let mut times: Vec<i64> = rows.iter().map(|row| time(row).as_micros()).collect();
    let middle = times.len() / 2;
    let median = *times.select_nth_unstable(middle).1;
    let text = format!("the times in column `{name}` lie around {}", shown(median));
    if !has_origin && median.unsigned_abs() < 5 * YEAR_US.unsigned_abs() {
        return Some(Remark {
            code: "input::times_near_1970",
            text: format!("{text}, within five years of 1970"),
            advice: "if they count from the start of something else, set time_origin; if their \
                     unit is another one, set time_unit"
                .to_owned(),
        });
    }
    (median > YEAR_2100_US).then(|| Remark {
        code: "input::times_after_2100",
        text: format!("{text}, after 2100"),
        advice: "if their unit is another one, set time_unit".to_owned(),
    })
}

/// Fewer rows than this are too few to tell which of them lie apart.
const APART_LEAST: usize = 4;

/// Rows years before or after most others, however many they are, the first of them named.
fn apart(
    name: &str,
    column: &TimeColumn,
    has_origin: bool,
    rows: &[TableRow],
    time: fn(&TableRow) -> Timestamp,
) -> Option<Remark> {
    if rows.len() < APART_LEAST {
        return None;
    }
    let mut order: Vec<(i64, u32)> =
        rows.iter().zip(0..).map(|(row, at)| (time(row).as_micros(), at)).collect();
    order.sort_unstable();
    let rest = most_of(&order)?;
    let ((low, _), (high, _)) = (order[rest.start], order[rest.end - 1]);
    let exceptions = order[..rest.start].iter().chain(&order[rest.end..]);
    let lines = exceptions.clone().map(|(micros, at)| (rows[*at as usize].line, *micros));
    let (line, micros) = lines.min()?;
    let distance_us = if micros < low { low.abs_diff(micros) } else { micros.abs_diff(high) };
    let others = match exceptions.count() - 1 {
        0 => String::new(),
        1 => ", and one more row is as far off".to_owned(),
        n => format!(", and {n} more rows are as far off"),
    };
    let unit = match column.form {
        Some(TimeForm::Number(unit)) if !has_origin => other_unit(unit, micros, (low, high)),
        _ => None,
    };
    let advice = match unit {
        Some(unit) => format!(
            "taken for {} it lies among the rest: the unit changes within the file; write one unit \
             in all rows",
            unit.word()
        ),
        None => "its unit may be another one than in the rows before, or it stands for no time at \
                 all: correct it, or take it out"
            .to_owned(),
    };
    Some(Remark {
        code: "input::time_apart",
        text: format!(
            "the time in line {line}, column `{name}`, is {}, {} years from the rest{others}",
            shown(micros),
            distance_us / YEAR_US.unsigned_abs(),
        ),
        advice,
    })
}

/// Where in these times, which are in order, most of them lie without a gap that is longer than a
/// year and than they themselves are; none where they are scattered.
fn most_of(order: &[(i64, u32)]) -> Option<std::ops::Range<usize>> {
    let gap = |at: usize| order[at].0.saturating_sub(order[at - 1].0);
    let mut edges = vec![0];
    edges.extend((1..order.len()).filter(|at| gap(*at) > YEAR_US));
    edges.push(order.len());
    let longest = edges.windows(2).rev().max_by_key(|edge| edge[1] - edge[0])?;
    let (mut from, mut to) = (longest[0], longest[1]);
    if (to - from) * 3 < order.len() {
        return None;
    }
    loop {
        let far = YEAR_US.max(order[to - 1].0.saturating_sub(order[from].0));
        let (before, after) = (from > 0 && gap(from) <= far, to < order.len() && gap(to) <= far);
        if !before && !after {
            return Some(from..to);
        }
        from -= usize::from(before);
        to += usize::from(after);
    }
}

/// The unit by which a number lies among the others that was taken for another one.
fn other_unit(taken: TimeUnit, micros: i64, (low, high): (i64, i64)) -> Option<TimeUnit> {
    let nanos = |unit: TimeUnit| match unit {
        TimeUnit::Seconds => 1_000_000_000_i128,
        TimeUnit::Millis => 1_000_000,
        TimeUnit::Micros => 1_000,
        TimeUnit::Nanos => 1,
    };
    let among = i128::from(low.saturating_sub(YEAR_US))..=i128::from(high.saturating_add(YEAR_US));
    let units = [TimeUnit::Seconds, TimeUnit::Millis, TimeUnit::Micros, TimeUnit::Nanos];
    units
        .into_iter()
        .filter(|unit| *unit != taken)
        .find(|unit| among.contains(&(i128::from(micros) * nanos(*unit) / nanos(taken))))
}

/// Rows that stand behind a later one in a file with one column of times: by that column they came
/// in order, and none of them is late.
fn out_of_order(spec: &TraceSpec, columns: &Columns, rows: &[TableRow]) -> Option<Remark> {
    let mut latest = rows.first()?.arrival;
    let (mut behind, mut furthest_us, mut first) = (0_u64, 0, None);
    for row in rows {
        if row.arrival < latest {
            behind += 1;
            furthest_us = latest.as_micros().abs_diff(row.arrival.as_micros()).max(furthest_us);
            first.get_or_insert(row.line);
        }
        latest = latest.max(row.arrival);
    }
    let line = first?;
    let steps = rows
        .windows(2)
        .map(|pair| pair[0].arrival.as_micros().saturating_sub(pair[1].arrival.as_micros()));
    // Clocks are put back by an hour; the time until the next row is missing from it.
    let is_hour = |us: i64| (45 * 60_000_000..=60 * 60_000_000).contains(&us);
    let is_local = columns.arrival.seen.local > 0 && spec.notation.time_zone.is_none();
    let is_put_back = is_local && steps.max().is_some_and(is_hour);
    let name = &columns.names[columns.arrival.at];
    let are = if behind == 1 { "rows stands" } else { "rows stand" };
    let twice = if is_put_back {
        "; these are local times, and about an hour of them comes twice, as where clocks are put back"
    } else {
        ""
    };
    let advice = if is_put_back {
        "write times with their offset, such as 2001-01-31T08:30:00+02:00"
    } else {
        "if they arrived as they stand in the file, write when each arrived into a column of its own \
         and name that as arrival"
    };
    Some(Remark {
        code: "input::rows_out_of_order",
        text: format!(
            "{behind} of {} {are} behind a later one, by up to {} (the first: line {line}); the order \
             of arrival is taken from the only column of times, `{name}`, so that none of them is \
             late{twice}",
            rows.len(),
            length(furthest_us)
        ),
        advice: advice.to_owned(),
    })
}

/// So many microseconds, in a unit that people read.
fn length(us: u64) -> String {
    let seconds = us as f64 / 1e6;
    match seconds {
        s if s >= 2.0 * 86_400.0 => format!("{:.1} days", s / 86_400.0),
        s if s >= 2.0 * 3_600.0 => format!("{:.1} h", s / 3_600.0),
        s if s >= 120.0 => format!("{:.1} min", s / 60.0),
        s if s >= 1.0 => format!("{s:.1} s"),
        s => format!("{} ms", s * 1e3),
    }
}

/// Seconds that were inserted, which no second of their own stands for.
fn leap(name: &str, column: &TimeColumn) -> Option<Remark> {
    let (line, text) = column.seen.first_leap.as_ref()?;
    let (count, are) = match column.seen.leap {
        1 => ("a time".to_owned(), "lies in a leap second and was"),
        n => (format!("{n} times"), "lie in leap seconds and were"),
    };
    Some(Remark {
        code: "input::leap_seconds",
        text: format!(
            "{count} in column `{name}` {are} taken for the second before it (line {line}: {text})"
        ),
        advice: "windows of a second hold those of both; others are as they were meant".to_owned(),
    })
}

/// Numbers of which every one could as well have its thousands parted by a point, in a file whose
/// delimiter says that it comes from where that is done. The rows have the decimals that they were
/// written with.
pub(super) fn thousands(columns: &Columns, rows: &[TableRow]) -> Option<Remark> {
    const LEAST: usize = 3;
    let name = columns.value_name()?;
    let is_parted = |value: &Decimal| value.decimals == 3 && value.units.unsigned_abs() >= 1_000;
    let may_be = |value: &Decimal| {
        let is_below = value.decimals == 0 && value.units.unsigned_abs() < 1_000;
        is_below || (is_parted(value) && value.units.unsigned_abs() < 1_000_000)
    };
    if columns.dialect.delimiter != b';' || columns.decimal_comma() {
        return None;
    }
    let parted = rows.iter().filter(|row| is_parted(&row.value));
    let example = parted.clone().next()?;
    if parted.take(LEAST).count() < LEAST || !rows.iter().all(|row| may_be(&row.value)) {
        return None;
    }
    let shown = decimal::render(i128::from(example.value.units), 3);
    let whole = example.value.units;
    Some(Remark {
        code: "input::thousands",
        text: format!(
            "every number in column `{name}` that has a point has three digits after it, such as \
             {shown} in line {}, and fields are parted by `;`: the points may part thousands, and were \
             taken for decimal points",
            example.line
        ),
        advice: format!("if {shown} stands for {whole}, take the points out of the column"),
    })
}

/// Times that clocks showed twice.
fn twice(name: &str, column: &TimeColumn) -> Option<Remark> {
    let (line, text) = column.seen.first_twice.as_ref()?;
    let (count, them) = match column.seen.twice {
        1 => ("a time".to_owned(), "it was"),
        n => (format!("{n} times"), "they were"),
    };
    Some(Remark {
        code: "input::time_twice",
        text: format!(
            "{count} in column `{name}` came twice, as clocks were put back; {them} taken for the \
             earlier one each (line {line}: {text})"
        ),
        advice: "write times with their offset, such as 2001-01-31T08:30:00+02:00".to_owned(),
    })
}

/// Times with an offset and times without one in the same file.
fn offsets(spec: &TraceSpec, columns: &Columns) -> Option<Remark> {
    let (arrival, event_time) = (&columns.arrival, &columns.event_time);
    let local = [arrival, event_time].into_iter().find(|column| column.seen.local > 0)?;
    let is_mixed = arrival.seen.absolute + event_time.seen.absolute > 0;
    (is_mixed && spec.notation.time_zone.is_none()).then(|| Remark {
        code: "input::time_offsets",
        text: format!(
            "some times name their offset and others do not; those in column `{}` that do not were \
             taken for UTC",
            columns.names[local.at]
        ),
        advice: "if they are local times, set time_zone".to_owned(),
    })
}

/// What is set about times that no column has: whoever set it meant another file or column.
fn without_use(spec: &TraceSpec, columns: &Columns) -> Option<Remark> {
    let times = [&columns.arrival, &columns.event_time];
    let has_numbers = times.iter().any(|column| matches!(column.form, Some(TimeForm::Number(_))));
    let has_local = times.iter().any(|column| column.seen.local > 0);
    let notation = &spec.notation;
    let unused: Vec<_> = [
        ("time_unit", notation.time_unit.is_some() && !has_numbers),
        ("time_origin", notation.time_origin.is_some() && !has_numbers),
        ("time_zone", notation.time_zone.is_some() && !has_local),
    ]
    .into_iter()
    .filter_map(|(key, is_unused)| is_unused.then_some(key))
    .collect();
    let (first, more) = unused.split_first()?;
    let them = more.iter().fold((*first).to_owned(), |them, key| format!("{them} and {key}"));
    let (is, it) = if more.is_empty() { ("is", "it") } else { ("are", "they") };
    let what = match (*first == "time_zone", unused.contains(&"time_zone")) {
        (true, _) => "no time in this file is a local one, without an offset",
        (false, false) => "no time in this file is a number",
        (false, true) => "no time in this file is a number, and none is a local one",
    };
    Some(Remark {
        code: "input::notation_without_use",
        text: format!("{them} {is} set, and {what}: {it} changed nothing"),
        advice: "take the setting out, or name the column that it is about".to_owned(),
    })
}

/// Rows without a key.
fn empty_keys(columns: &Columns, rows: &[TableRow]) -> Option<Remark> {
    let names = columns.key_names.iter().zip(0..);
    let empty: Vec<u64> =
        names.filter(|(name, _)| name.trim().is_empty()).map(|(_, at)| skew::id_of(at)).collect();
    let mut without = rows.iter().filter(|row| empty.contains(&row.key));
    let first = without.next()?.line;
    let (rows, are) = match 1 + without.count() {
        1 => ("one row has".to_owned(), "is"),
        n => (format!("{n} rows have"), "are"),
    };
    Some(Remark {
        code: "input::empty_keys",
        text: format!(
            "{rows} an empty key (the first: line {first}) and {are} counted as one key of that name"
        ),
        advice: "if they are not one thing, take them out or give them a key each".to_owned(),
    })
}

/// Keys that look alike, and are not.
fn spaced_keys(columns: &Columns) -> Option<Remark> {
    let mut by_core: HashMap<&str, u64, FixedState> = HashMap::with_hasher(FixedState::default());
    for name in &columns.key_names {
        *by_core.entry(name.trim()).or_default() += 1;
    }
    let is_alike = |name: &str| !name.trim().is_empty() && by_core[name.trim()] > 1;
    let alike: Vec<&str> =
        columns.key_names.iter().map(|name| &**name).filter(|name| is_alike(name)).collect();
    let first = alike.first()?;
    let other = alike.iter().find(|other| *other != first && other.trim() == first.trim())?;
    Some(Remark {
        code: "input::spaced_keys",
        text: format!(
            "{} keys differ from another one only by the spaces around them, such as `{first}` and \
             `{other}`, and are counted as different keys",
            alike.len()
        ),
        advice: "take the spaces out if they are one".to_owned(),
    })
}
