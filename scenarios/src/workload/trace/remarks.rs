//! What is strange about a trace that could be read: times that were hardly meant, and keys that
//! may be one or none.
//!
//! Nothing is corrected here. A file may be right about all of it; whoever knows the file decides.

use super::calendar::shown;
use super::columns::{Columns, TableRow};
use super::time_form::{TimeColumn, TimeForm};
use crate::spec::TraceSpec;
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
        remarks.extend(apart(name, rows, time));
        remarks.extend(twice(name, column));
    };
    of_column(&columns.arrival, |row| row.arrival);
    if columns.event_time.at != columns.arrival.at {
        of_column(&columns.event_time, |row| row.event_time);
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

/// How many of a hundred rows may lie apart from the others and still be exceptions.
const APART_MOST_PERCENT: usize = 1;

/// Single rows years before or after all others, the first of them named.
fn apart(name: &str, rows: &[TableRow], time: fn(&TableRow) -> Timestamp) -> Option<Remark> {
    let most = (rows.len() * APART_MOST_PERCENT / 100).max(1);
    if rows.len() < 2 * most + 2 {
        return None;
    }
    let mut order: Vec<(i64, u32)> =
        rows.iter().zip(0..).map(|(row, at)| (time(row).as_micros(), at)).collect();
    // Only the ends have to be in order, and what stands next to them.
    let last = order.len() - 1;
    order.select_nth_unstable(most);
    order[..most].sort_unstable();
    order[most + 1..].select_nth_unstable(last - 2 * most - 1);
    order[last - most + 1..].sort_unstable();
    let (low, high) = (order[most].0, order[last - most].0);
    let far = YEAR_US.max(high.saturating_sub(low));
    let is_far = |near: i64, next: i64| next.saturating_sub(near) > far;
    let before = (1..=most).rev().find(|at| is_far(order[at - 1].0, order[*at].0)).unwrap_or(0);
    let after = (1..=most).rev().find(|n| {
        let at = order.len() - n;
        is_far(order[at - 1].0, order[at].0)
    });
    let exceptions = order[..before].iter().chain(&order[order.len() - after.unwrap_or(0)..]);
    let lines = exceptions.clone().map(|(micros, at)| (rows[*at as usize].line, *micros));
    let (line, micros) = lines.min()?;
    let distance_us = if micros < low { low - micros } else { micros - high };
    let others = match exceptions.count() - 1 {
        0 => String::new(),
        1 => ", and one more row is as far off".to_owned(),
        n => format!(", and {n} more rows are as far off"),
    };
    Some(Remark {
        code: "input::time_apart",
        text: format!(
            "the time in line {line}, column `{name}`, is {}, {} years from the rest{others}",
            shown(micros),
            distance_us / YEAR_US,
        ),
        advice: "its unit may be another one than in the rows before, or it stands for no time at \
                 all: correct it, or take it out"
            .to_owned(),
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
