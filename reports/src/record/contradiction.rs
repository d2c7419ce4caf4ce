//! What cannot be true of a run, whatever it measured: a record that says so was edited or damaged.
//!
//! First number by number, over the whole document: nothing here is below zero but what may be, and
//! nothing is more than a run can count. Then what must agree with something else. What is merely
//! unlikely is no business of this file.

use super::advice::is_reported;
use super::study::{Atlas, Sweep};
use super::{CellRecord, Counts, EngineRecord, Latency, Repetition, RunRecord};
use serde_json::{Number, Value};

/// What is named like this may lie below zero: a slope, a demand, and a value that was varied.
const SIGNED: [&str; 4] = ["backlog_slope", "number", "above", "below"];

/// What is named like this was chosen by somebody, or is in a unit of theirs, and counts nothing.
const CHOSEN: [&str; 5] = ["seed", "number", "above", "below", "wasserstein"];

/// No run counts further: in nanoseconds it is a hundred days, and any reader of JSON gets it right.
const MOST: f64 = (1_u64 << 53) as f64;

/// The first number of a document that no run can have, and where it stands.
pub(super) fn impossible(document: &Value) -> Option<String> {
    let mut place = Vec::new();
    let why = impossible_below(document, "", &mut place)?;
    let mut path = String::new();
    for step in place.iter().rev() {
        if !path.is_empty() && !step.starts_with('[') {
            path.push('.');
        }
        path.push_str(step);
    }
    Some(format!("`{path}` is {why}"))
}

/// The same below a place, which is told from the end to the beginning.
fn impossible_below(value: &Value, key: &str, place: &mut Vec<String>) -> Option<String> {
    match value {
        Value::Number(number) => impossible_number(number, key),
        Value::Array(items) => items.iter().enumerate().find_map(|(n, item)| {
            let why = impossible_below(item, key, place)?;
            place.push(format!("[{n}]"));
            Some(why)
        }),
        Value::Object(members) => members.iter().find_map(|(key, member)| {
            let why = impossible_below(member, key, place)?;
            place.push(key.clone());
            Some(why)
        }),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

fn impossible_number(number: &Number, key: &str) -> Option<String> {
    let value = number.as_f64()?;
    if value < 0.0 && !SIGNED.contains(&key) {
        return Some(format!("{number}, and cannot be below zero"));
    }
    let is_beyond = value.abs() > MOST && !CHOSEN.contains(&key);
    is_beyond.then(|| format!("{number}, which is more than a run can count"))
}

/// What of a map cannot be asked of its sweep.
fn map_contradicts(sweep: &Sweep) -> Option<String> {
    let Atlas { quantile, levels_ns, own_rate_per_s, .. } = sweep.atlas.as_ref()?;
    if !is_reported(*quantile) {
        return Some(format!("a map is of the quantile {quantile}, which no run reports"));
    }
    let is_rising = levels_ns.windows(2).all(|pair| pair[0] < pair[1]);
    if levels_ns.first().is_none_or(|first| *first == 0) || !is_rising {
        return Some("the levels of a map do not rise from above zero".to_owned());
    }
    if own_rate_per_s.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
        return Some("the rate to be marked on a map is none".to_owned());
    }
    (sweep.axes.len() != 1)
        .then(|| "a map is of a sweep over other things than one rate".to_owned())
}

/// The first two things of a record that cannot both be true.
pub(super) fn contradiction(record: &RunRecord) -> Option<String> {
    if let Some((quantile, _)) = record.sweep.as_ref().and_then(|sweep| sweep.slo)
        && !(0.0..=1.0).contains(&quantile)
    {
        return Some(format!("the sweep demands a quantile of {quantile}"));
    }
    if let Some(what) = record.sweep.as_ref().and_then(map_contradicts) {
        return Some(what);
    }
    for (n, cell) in record.cells.iter().enumerate() {
        let name = &cell.name;
        if !is_name(name) {
            return Some(format!("a cell has the name `{name}`, which no cell is given"));
        }
        if record.cells[..n].iter().any(|other| other.name == cell.name) {
            return Some(format!("cell `{name}` is there twice"));
        }
        if let Some(what) = inputs_differ(cell) {
            return Some(format!("cell `{name}`: {what}"));
        }
        for (n, engine) in cell.engines.iter().enumerate() {
            let place = format!("cell `{name}`, engine `{}`", engine.label);
            if let Some(what) = merged_differs(engine).or_else(|| limit_crosses(engine)) {
                return Some(format!("{place}: {what}"));
            }
            if cell.engines[..n].iter().any(|other| other.label == engine.label) {
                return Some(format!("{place}: the engine is there twice"));
            }
            for (n, repetition) in engine.repetitions.iter().enumerate() {
                let rep = repetition.rep;
                if engine.repetitions[..n].iter().any(|other| other.rep == rep) {
                    return Some(format!("{place}: repetition {rep} is there twice"));
                }
                let what = contradiction_in(repetition).or_else(|| times_go_back(repetition));
                if let Some(what) = what {
                    return Some(format!("{place}, repetition {rep}: {what}"));
                }
            }
        }
    }
    None
}

/// Whether a cell can be called so: its name is part of names of files.
fn is_name(name: &str) -> bool {
    let is_safe = |c: char| !c.is_control() && !matches!(c, '/' | '\\');
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(is_safe)
}

/// What is sustained lies below what is not.
fn limit_crosses(engine: &EngineRecord) -> Option<String> {
    let limit = engine.limit.as_ref()?;
    if let (Some(pass), Some(fail)) = (limit.pass_per_s, limit.fail_per_s)
        && pass > fail
    {
        return Some(format!("{pass} events per second are sustained, but {fail} are not"));
    }
    let (quantile, _) = limit.slo?;
    (!(0.0..=1.0).contains(&quantile)).then(|| format!("a quantile of {quantile} is demanded"))
}

/// Rows and batches stand in the order of time, and repetitions are counted from one.
fn times_go_back(repetition: &Repetition) -> Option<String> {
    if repetition.rep == 0 {
        return Some("repetitions are counted from 1".into());
    }
    let back = |times: &[f64]| times.windows(2).find(|two| two[0] > two[1]).map(|two| two[1]);
    let rows: Vec<f64> = repetition.timeline.iter().map(|row| row.t_s).collect();
    if let Some(at) = back(&rows) {
        return Some(format!("its time line goes back to {at} s"));
    }
    let batches: Vec<f64> = repetition.batches.iter().map(|batch| batch.close_s).collect();
    if let Some(at) = back(&batches) {
        return Some(format!("its batches go back to {at} s"));
    }
    let anatomy = repetition.anatomy.as_ref()?;
    let uneven = anatomy.rows.iter().find(|row| row.parts_ns.len() != anatomy.parts.len())?;
    let (parts, lengths) = (anatomy.parts.len(), uneven.parts_ns.len());
    Some(format!("the anatomy of `{}` has {lengths} lengths for {parts} parts", uneven.class))
}

/// Every engine is given the same bytes: a seed has one input.
fn inputs_differ(cell: &CellRecord) -> Option<String> {
    let repetitions = cell.engines.iter().flat_map(|engine| &engine.repetitions);
    let mut seen: Vec<(u64, &str)> = Vec::new();
    for (seed, hash) in repetitions.filter_map(|r| Some((r.seed?, r.input_hash.as_deref()?))) {
        match seen.iter().find(|(other, _)| *other == seed) {
            Some((_, other)) if *other != hash => {
                return Some(format!("the inputs {other} and {hash} have the same seed {seed}"));
            }
            Some(_) => {}
            None => seen.push((seed, hash)),
        }
    }
    None
}

/// A merged histogram holds what the verified repetitions hold, and nothing else.
fn merged_differs(engine: &EngineRecord) -> Option<String> {
    type Of = fn(&Repetition) -> Option<&Latency>;
    let kinds: [(&str, &Option<Latency>, Of); 2] = [
        ("result_latency", &engine.merged_result_latency, |r| r.result_latency.as_ref()),
        ("event_latency", &engine.merged_event_latency, |r| r.event_latency.as_ref()),
    ];
    for (name, merged, of) in kinds {
        let Some(merged) = merged else { continue };
        let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        let single: u128 = verified.filter_map(of).map(|latency| u128::from(latency.count)).sum();
        if single != u128::from(merged.count) {
            let count = merged.count;
            return Some(format!("the merged {name} has {count} answers, its parts {single}"));
        }
    }
    None
}

fn contradiction_in(repetition: &Repetition) -> Option<String> {
    if repetition.is_verified() && repetition.failure.is_some() {
        return Some("it is verified and it failed".into());
    }
    let Counts { read, accepted, late, rejected, answers, answers_measured, .. } =
        repetition.counts;
    let came = sum([accepted, late, rejected]);
    if u128::from(read) < came || (repetition.is_verified() && u128::from(read) != came) {
        return Some(format!(
            "{read} events were read, but {accepted} accepted, {late} late and {rejected} rejected"
        ));
    }
    if answers_measured > answers {
        return Some(format!("{answers_measured} answers were measured of {answers}"));
    }
    let latencies = [
        ("result_latency", &repetition.result_latency),
        ("event_latency", &repetition.event_latency),
    ];
    for (name, latency) in latencies {
        let Some(latency) = latency else { continue };
        let quantiles = [latency.p50_ns, latency.p90_ns, latency.p99_ns, latency.p999_ns];
        if !quantiles.is_sorted() {
            return Some(format!("{name} has quantiles that fall"));
        }
        // A histogram rounds a quantile up to the end of its bucket, by at most 1 %; the
        // maximum may be exact.
        if latency.p999_ns > latency.max_ns.saturating_add(latency.max_ns / 100 + 1) {
            return Some(format!("{name} has a p99.9 above its maximum"));
        }
        // Points of one histogram: whatever lies below a percentile is no slower than it, but for
        // the rounding of a bucket.
        let out_of_step = latency.ladder.iter().find(|(percentile, ns)| {
            let slower = |quantile: u64| *ns > quantile + quantile / 100 + 1;
            (*percentile <= 50.0 && slower(latency.p50_ns))
                || (*percentile <= 99.0 && slower(latency.p99_ns))
        });
        if let Some((percentile, _)) = out_of_step {
            return Some(format!("{name} has a ladder above its quantiles at {percentile} %"));
        }
        if !latency.ladder.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1) {
            return Some(format!("{name} has a ladder that falls"));
        }
        if let Some((percentile, _)) = latency.ladder.iter().find(|(at, _)| *at > 100.0) {
            return Some(format!("{name} has a ladder up to {percentile} %"));
        }
        if latency.mean_ns > latency.max_ns as f64 * 1.01 + 1.0 {
            return Some(format!("{name} has a mean above its maximum"));
        }
        if latency.count > answers {
            return Some(format!("{name} is that of {} answers, of {answers}", latency.count));
        }
    }
    if let Some(completeness) = repetition.verdict.completeness
        && !(0.0..=1.0).contains(&completeness)
    {
        return Some(format!("a completeness of {completeness} is not between 0 and 1"));
    }
    None
}

fn sum(counts: [u64; 3]) -> u128 {
    counts.into_iter().map(u128::from).sum()
}
