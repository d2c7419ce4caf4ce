//! A fit as a scenario file: the question and the engines as they were, the source made up.
//!
//! What is written reads back, and holds no row of the trace and no name of a key.

use super::closeness::Property;
use super::fit::{Fit, Observed, Values};
use super::keys::Keys;
use reports::quantity;
use settings::plan::units;
use settings::plan::{Cell, Marks};
use std::fmt::Write as _;
use std::time::Duration;

/// The whole file.
pub(super) fn scenario(
    cell: &Cell,
    fit: &Fit,
    speed: f64,
    seen: &Observed,
    properties: &[Property],
) -> String {
    let mut out = String::new();
    comment(
        &mut out,
        &format!(
            "A synthetic twin of the trace of `{}`: it asks the same question, and holds no row of \
             the trace and no name of a key. Each property was fitted by itself to {} events.",
            cell.scenario,
            seen.arrivals_s.len()
        ),
    );
    if !properties.is_empty() {
        out.push_str(
            "#\n# How close as many events of its own are (D: Kolmogorov-Smirnov, 0 to 1):\n",
        );
        for property in properties {
            comment(&mut out, &format!("- {}", property.sentence()));
        }
    }
    // Before the source there is what the scenario is called, after it what it asks.
    let (head, rest) = cell.resolved_toml.split_once("\n[source.trace]").unwrap_or_default();
    let tail = rest.split_once("\n[").map_or("", |(_, tail)| tail);
    let name: String = cell.name.chars().take(75).collect();
    let quote = |text: &str| toml::Value::String(text.into()).to_string();
    out.push('\n');
    for line in head.lines() {
        let _ = match line.split_once(" = ").map(|(key, _)| key) {
            Some("name") => writeln!(out, "name = {}", quote(&format!("{name}-twin"))),
            Some("title") => writeln!(out, "title = {}", quote(&format!("{} (twin)", cell.title))),
            // It is a scenario of its own: a run of it does not compare with one of the trace.
            Some("scenario") => Ok(()),
            _ => writeln!(out, "{line}"),
        };
    }
    source(&mut out, cell, fit, speed, seen);
    let _ = write!(out, "\n[{tail}");
    out
}

fn source(out: &mut String, cell: &Cell, fit: &Fit, speed: f64, seen: &Observed) {
    let Fit { rhythm, gaps, keys, delays, values } = fit;
    let decimals = seen.decimals;
    let _ = writeln!(out, "\n[source.synthetic]");
    let rate = units::show_rate(digits(rhythm.mean_per_s() * speed, 6));
    if rhythm.rates.len() == 1 {
        let _ = writeln!(out, "rate = \"{rate}\"");
    }
    if gaps.is_none() {
        let _ = writeln!(out, "arrivals = \"poisson\"");
    }
    let _ = writeln!(out, "partitions = {}", cell.partitions);
    let density = units::show_event_time(micros(speed));
    let _ = writeln!(out, "event_time_per_second = \"{density}\"");
    match keys {
        Keys::Uniform { count } => {
            let text = "Keys differ no more than equal ones do by chance.";
            comment(out, &format!("{text}{}", unseen(seen, *count)));
            let _ = writeln!(out, "keys = {{ uniform = {{ count = {count} }} }}");
        }
        Keys::Zipf { count, exponent } => {
            let text = "As many events of this law are as uneven as those of the trace; close \
                        enough to leave out a table.";
            comment(out, &format!("{text}{}", unseen(seen, *count)));
            let exponent = digits(*exponent, 4);
            let _ =
                writeln!(out, "keys = {{ zipf = {{ count = {count}, exponent = {exponent:?} }} }}");
        }
        Keys::Weights(_) => {}
    }
    if let Values::Constant(value) = values {
        let _ = writeln!(out, "values = {{ constant = {value} }}");
    }
    let _ = writeln!(out, "decimals = {decimals}");
    let _ = match cell.marks {
        Marks::Every(events) => writeln!(out, "watermark_every = {events}"),
        Marks::Period(length) => {
            writeln!(out, "watermark_period = \"{}\"", units::show_duration(length))
        }
    };
    if let Some(after) = cell.idle_after {
        let _ = writeln!(out, "idle_after = \"{}\"", units::show_duration(after));
    }
    if rhythm.rates.len() > 1 {
        let period = Duration::from_secs_f64(rhythm.period_s / speed);
        out.push('\n');
        comment(out, &format!("The rhythm of {}, in {} steps.", rhythm.what, rhythm.rates.len()));
        let _ = writeln!(out, "[source.synthetic.rate]\nshape = \"profile\"\nmean = \"{rate}\"");
        let _ = writeln!(out, "period = \"{}\"", units::show_duration(period));
        let mean = rhythm.mean_per_s();
        list(out, "weights", rhythm.rates.iter().map(|rate| number(rate / mean)));
    }
    if let Some((table, together)) = gaps {
        out.push('\n');
        comment(
            out,
            "How far apart events are once the rhythm is taken out, as multiples of the mean.",
        );
        let _ = writeln!(out, "[source.synthetic.arrivals]\ntogether = {:?}", digits(*together, 6));
        let mean = table.iter().sum::<f64>() / table.len() as f64;
        list(out, "gaps", table.iter().map(|gap| number(gap / mean)));
    }
    if let Keys::Weights(weights) = keys {
        out.push('\n');
        comment(out, "No power law is close: how often the key of each of these ranks occurs.");
        let _ = writeln!(out, "[source.synthetic.keys.weights]");
        list(out, "ranks", weights.iter().map(|(rank, _)| rank.to_string()));
        list(out, "weights", weights.iter().map(|(_, count)| count.to_string()));
    }
    if let Values::Quantiles(table) = values {
        out.push('\n');
        let unit = if decimals == 0 { "" } else { ", in units of the last decimal" };
        comment(
            out,
            &format!("From the smallest value to the largest{unit}; outliers are averaged."),
        );
        let _ = writeln!(out, "[source.synthetic.values]");
        list(out, "quantiles", table.iter().map(i64::to_string));
    }
    if let Some((fraction, table)) = delays {
        out.push('\n');
        comment(out, "Which events are older than their arrival, and by how much.");
        let fraction = digits(*fraction, 6);
        let _ = writeln!(out, "[source.synthetic.disorder]\nfraction = {fraction:?}");
        let _ = writeln!(out, "\n[source.synthetic.disorder.delay]");
        let shown = |us: &i64| format!("\"{}\"", units::show_event_time(*us));
        list(out, "quantiles", table.iter().map(shown));
    }
}

/// Which of so many keys are not in the trace, in words.
fn unseen(seen: &Observed, count: usize) -> String {
    match count - seen.key_counts.len() {
        0 => String::new(),
        _ => format!(
            " About {} keys would show the {} that the trace has.",
            quantity::count(count as u64),
            quantity::count(seen.key_counts.len() as u64)
        ),
    }
}

/// A comment in lines of at most a hundred columns.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            let _ = writeln!(out, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}

/// A list over as many lines as it takes.
fn list(out: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let _ = write!(out, "{key} = [");
    let mut column = usize::MAX;
    for item in items {
        if column.saturating_add(item.len() + 2) > 98 {
            out.push_str("\n ");
            column = 1;
        }
        let _ = write!(out, " {item},");
        column += item.len() + 2;
    }
    out.push_str("\n]\n");
}

/// A number to so many digits: more would be chance.
fn digits(number: f64, digits: usize) -> f64 {
    format!("{number:.*e}", digits - 1).parse().unwrap_or(number)
}

fn number(number: f64) -> String {
    digits(number, 4).to_string()
}

/// Microseconds of event time in a second of the run.
#[expect(clippy::cast_possible_truncation, reason = "a checked speed; `as` stops at the ends")]
fn micros(speed: f64) -> i64 {
    ((speed * 1e6).round() as i64).max(1)
}
