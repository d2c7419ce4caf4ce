//! An advice as text: the answer with its runs, the engines beside each other, and what it does not
//! rest on. Nothing is decided here.

use super::table::beside_each_other;
use super::{limit, sensitivity};
use crate::judge::advice::{Advice, Evidence, FORETOLD, Foretold, Held, Money, Row, Scaling};
use crate::judge::metrics::{CPU_PER_EVENT, RESULT_LATENCY_P99, metric};
use crate::judge::plain_loop;
use crate::judge::summary::Summary;
use crate::quantity::{self, NONE, significant};
use crate::record::RunRecord;
use crate::record::advice::Purpose;
use crate::record::study::PlainLoop;
use crate::record::twin::Twin;
use crate::words::{capitalised, plural};
use comfy_table::{CellAlignment, Table};
use std::fmt::Write as _;

/// What is known of every engine by one name.
pub(crate) struct Column {
    /// What it is.
    pub(crate) name: String,
    /// What it means.
    pub(crate) definition: String,
    /// What stands below each figure; empty where nothing does.
    pub(crate) below: &'static str,
    /// For each engine in the order of the advice: the figure, and what stands below it.
    pub(crate) cells: Vec<(String, String)>,
}

/// Every figure of the engines of an advice, in the order in which they are shown.
pub(crate) fn columns(evidence: &Evidence, advice: &Advice) -> Vec<Column> {
    let mut columns = vec![Column::of(
        advice,
        "verdict",
        "Whether it holds what is demanded, and how its cost stands to that of the others that do.",
        "",
        |row| (row.place.words().to_owned(), String::new()),
    )];
    let is_p99 = |held: &Held| held.demand.metric.name == RESULT_LATENCY_P99.name;
    for (at, demand) in advice.demands.iter().enumerate() {
        let name = format!("{}, of {}", demand.name(), quantity::tick(&demand.show(demand.bound)));
        let definition = demand.metric.definition;
        columns.push(Column::of(advice, &name, definition, OVER, |row| {
            let figures = row.holding.held.get(at).and_then(|held| held.figures.as_ref());
            ranged(figures, |figure| demand.show(figure))
        }));
    }
    if !advice.rows.iter().any(|row| row.holding.held.iter().any(is_p99)) {
        let definition = RESULT_LATENCY_P99.definition;
        columns.push(Column::of(advice, "p99", definition, OVER, |row| {
            ranged(row.p99_ns.as_ref(), quantity::nanoseconds)
        }));
    }
    let cpu = CPU_PER_EVENT.definition;
    columns.push(Column::of(advice, CPU, cpu, OVER, |row| {
        ranged(row.cpu_us.as_ref(), quantity::microseconds)
    }));
    let rate = quantity::tick(&quantity::rate(evidence.record.rate_per_s));
    let needed = "Cores that it takes to hold what is demanded at that rate: the rate over what one core \
                  carries, by the search for its limit; no less than its work keeps busy. Below it from \
                  the lowest rate that was not sustained to the highest that was.";
    columns.push(Column::of(
        advice,
        &format!("cores needed at {rate}"),
        needed,
        "by its limit",
        cores_needed,
    ));
    let cores = "Processor time per event, times the rate: cores that its work keeps busy.";
    columns
        .push(Column::of(advice, BUSY, cores, OVER, |row| ranged(row.cores.as_ref(), significant)));
    let (ratio, by) = (
        "Its cost over that of the cheapest that holds what is demanded, over the repetitions that had \
         the same input: Student's t on logarithms, from five repetitions on.",
        if advice.is_by_busy {
            "It is that of the cores kept busy, as those that are needed are not known."
        } else {
            "It is that of the cores needed; the interval knows that a limit was searched once."
        },
    );
    columns.push(Column::of(advice, "cost", &format!("{ratio} {by}"), "95 % interval", against));
    columns.extend(power(advice));
    columns.extend(money(advice));
    let room = "The highest rate that was sustained, over the rate that is to be held, and the lowest \
                that was not.";
    columns.push(Column::of(advice, "sustains, times", room, "", |row| match row.headroom {
        Some(room) => (room.multiples(), room.open().unwrap_or_default()),
        None => (NONE.to_owned(), String::new()),
    }));
    columns.extend(foretold(evidence, advice));
    let memory = metric("peak_memory").map_or("", |metric| metric.definition);
    columns.push(Column::of(advice, "peak memory", memory, "", |row| {
        let median = row.memory.as_ref().map(|memory| quantity::bytes(memory.median));
        (median.unwrap_or_else(|| NONE.to_owned()), String::new())
    }));
    columns
}

/// How a plain loop is set.
pub(crate) const BY_HAND: &str = "by hand, on one core";

/// What stands in a column for a plain loop: what its work takes, and nothing else.
pub(crate) fn by_hand(column: &Column, plain: &PlainLoop, rate_per_s: f64) -> (String, String) {
    let figure = match column.name.as_str() {
        CPU => quantity::nanoseconds(plain.ns_per_event),
        BUSY => significant(plain_loop::cores(plain, rate_per_s)),
        _ => NONE.to_owned(),
    };
    (figure, String::new())
}

/// The columns that have a figure for it.
const CPU: &str = "CPU per event";
const BUSY: &str = "cores kept busy";

/// The p99 at higher rates than that which is to be held, where a model of some engine says it.
fn foretold(evidence: &Evidence, advice: &Advice) -> Vec<Column> {
    let definition = "By a model of the runs at other rates, which says nothing outside of them; below \
                      it the middle of its errors where it does not know the answer. It was not run.";
    let at = |row: &Row, times: f64| {
        row.foretold.iter().find(|foretold| foretold.times.total_cmp(&times).is_eq()).copied()
    };
    let is_told = |times: &f64| advice.rows.iter().any(|row| at(row, *times).is_some());
    let column = |times: f64| {
        let rate = quantity::rate(times * evidence.record.rate_per_s);
        let name = format!("p99 at {}, foretold", quantity::tick(&rate));
        Column::of(advice, &name, definition, "held-out error", |row| match at(row, times) {
            Some(Foretold { p99_ns, held_out, .. }) => {
                (quantity::nanoseconds(p99_ns), quantity::fraction(held_out.error))
            }
            None => (NONE.to_owned(), String::new()),
        })
    };
    FORETOLD.into_iter().filter(is_told).map(column).collect()
}

/// What stands below a figure that every repetition has.
const OVER: &str = "over repetitions";

impl Column {
    fn of(
        advice: &Advice,
        name: &str,
        definition: &str,
        below: &'static str,
        of: impl Fn(&Row) -> (String, String),
    ) -> Self {
        let cells = advice.rows.iter().map(of).collect();
        Self { name: name.to_owned(), definition: definition.to_owned(), below, cells }
    }
}

/// What energy it takes; nothing where the machine does not tell.
fn power(advice: &Advice) -> Option<Column> {
    if advice.rows.iter().all(|row| row.watts.is_none()) {
        return None;
    }
    let definition = "Energy of the processors' packages for an event, times the rate, less what they take \
                      at rest. What this program took to offer the load is in it, for each alike.";
    Some(Column::of(advice, "power above rest", definition, OVER, |row| {
        ranged(row.watts.as_ref(), |watts| format!("{} W", significant(watts)))
    }))
}

/// What it costs in money; nothing where no prices are known.
fn money(advice: &Advice) -> Vec<Column> {
    let Some(currency) = advice.rows.iter().find_map(|row| Some(&row.money.as_ref()?.currency))
    else {
        return Vec::new();
    };
    let month = "Of the cores needed, or kept busy where that is not known, of the memory at its peak and \
                 of energy, where these have a price and are told, for 730 hours.";
    let million = "The same for a million events at the rate.";
    let shown = |row: &Row, of: fn(&Money) -> f64| {
        let text = row.money.as_ref().map(of).filter(|amount| amount.is_finite());
        (text.map_or_else(|| NONE.to_owned(), significant), String::new())
    };
    vec![
        Column::of(advice, &format!("{currency} a month"), month, "", |row| {
            shown(row, |money| money.month)
        }),
        Column::of(advice, &format!("{currency} a million events"), million, "", |row| {
            shown(row, |money| money.million)
        }),
    ]
}

/// The cores that an engine needs, and from where to where they lie.
fn cores_needed(row: &Row) -> (String, String) {
    let Some(needed) = &row.needed else { return (NONE.to_owned(), String::new()) };
    let (low, high) = needed.reach;
    let most = if needed.is_at_most { "at most " } else { "" };
    let even = if needed.scaling == Scaling::Even { ", if it scales evenly" } else { "" };
    let reach = format!("{} to {}{even}", significant(low), significant(high));
    (format!("{most}{}", significant(needed.cores())), reach)
}

/// The middle of some figures, and how far they reach: the 95 % interval of the median from six on,
/// and their range before.
fn ranged(figures: Option<&Summary>, show: impl Fn(f64) -> String) -> (String, String) {
    let Some(Summary { points, median, low, high, interval }) = figures else {
        return (NONE.to_owned(), String::new());
    };
    let (low, high) = interval.unwrap_or((*low, *high));
    let below = if points.len() > 1 { reach(&show(low), &show(high)) } else { String::new() };
    (show(*median), below)
}

/// From where to where, with the unit once where both have the same: "11.2 to 12.4 ms".
fn reach(low: &str, high: &str) -> String {
    match (low.rsplit_once(' '), high.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

fn against(row: &Row) -> (String, String) {
    let Some(against) = &row.against else {
        let is_least = row.is_fit() && row.not_costed.is_none();
        return (if is_least { "the least" } else { NONE }.to_owned(), String::new());
    };
    let interval = against
        .comparison
        .interval
        .map(|(low, high)| format!("{} to {}", significant(low), significant(high)));
    (quantity::ratio(against.comparison.ratio), interval.unwrap_or_default())
}

/// What a run was for, in a few words.
pub(crate) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tune => "which settings stay in the race",
        Purpose::Compare => "the best setting of each engine, in turn",
        Purpose::Limit => "the highest rate at which each holds the demand on the tail",
        Purpose::Sensitivity => "the best two, where one thing is other than in the workload",
    }
}

/// What a run came to, in a sentence each: how much was made, and the limits that were found.
pub(crate) fn came_of(record: &RunRecord) -> Vec<String> {
    let engines: Vec<_> = record.cells.iter().flat_map(|cell| &cell.engines).collect();
    let found = limit::sentences(record);
    if !found.is_empty() {
        return found;
    }
    let repetitions = engines.iter().map(|engine| engine.repetitions.len()).sum();
    let entries =
        if engines.len() == 1 { "1 entry".into() } else { format!("{} entries", engines.len()) };
    vec![format!("{entries}, {}.", plural(repetitions, "repetition"))]
}

/// What an advice ends with on a terminal.
pub fn terminal(evidence: &Evidence, advice: &Advice) -> String {
    let mut text = String::new();
    for sentence in &advice.sentences {
        let _ = writeln!(text, "{} [{}]", sentence.text, sentence.runs.join(", "));
    }
    if !advice.rows.is_empty() {
        let columns = columns(evidence, advice);
        let by_hand = usize::from(evidence.record.plain_loop.is_some());
        let places: Vec<usize> = (0..advice.rows.len() + by_hand).collect();
        let tables = beside_each_other(&places, |some, _| table(evidence, advice, &columns, some));
        let _ = writeln!(text, "\n{tables}");
        if let Some(plain) = &evidence.record.plain_loop {
            let told = capitalised(&plain_loop::sentence(plain, Some(evidence.record.rate_per_s)));
            let _ = writeln!(text, "\n{told}.");
        }
    }
    if let Some(told) = &advice.sensitivity {
        let _ = writeln!(text, "\n{}", sensitivity::terminal(told));
    }
    if let Some(twin) = &evidence.record.twin {
        let _ = write!(text, "\n{}\n\n{}", about(twin), super::twin::terminal(twin));
    }
    for doubt in &advice.doubts {
        let _ = writeln!(text, "\n! {doubt}");
    }
    if !advice.untested.is_empty() {
        let _ = writeln!(text, "\nNot tested:");
        for sentence in &advice.untested {
            let _ = writeln!(text, "  {sentence}");
        }
    }
    if !evidence.runs.is_empty() {
        let _ = writeln!(text, "\nRuns:");
        let widest = evidence.runs.iter().map(|(run, _)| run.folder.len() + 1).max();
        let width = widest.unwrap_or_default().max(10);
        for (run, _) in &evidence.runs {
            let _ = writeln!(text, "  {:<width$}{}", run.folder, purpose(run.purpose));
        }
    }
    text
}

/// Which trace a workload is the twin of, where its scenario is, and what nobody said of it.
pub(crate) fn about(twin: &Twin) -> String {
    let Twin { trace, scenario, taken, .. } = twin;
    let taken = taken.iter().map(|one| format!(" {}.", capitalised(one)));
    let taken: String = taken.collect();
    format!("The workload is a twin of {trace}, as {scenario} in this folder says it.{taken}")
}

/// Some engines of an advice beside each other, line by line.
fn table(
    evidence: &Evidence,
    advice: &Advice,
    columns: &[Column],
    places: &[usize],
) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    // The place behind the last row is that of a plain loop.
    let rows = || places.iter().map(|place| advice.rows.get(*place));
    let names = rows().map(|row| row.map_or(plain_loop::NAME, |row| row.name.as_str()).to_owned());
    table.set_header(std::iter::once(String::new()).chain(names));
    let settings = rows().map(|row| match row.map_or(BY_HAND, |row| row.setting.as_str()) {
        "" => "as given".to_owned(),
        setting => setting.replace(", ", ",\n"),
    });
    table.add_row(std::iter::once("set to".to_owned()).chain(settings));
    for column in columns {
        let of_loop = || {
            let plain = evidence.record.plain_loop.as_ref();
            plain
                .map(|plain| by_hand(column, plain, evidence.record.rate_per_s))
                .unwrap_or_default()
        };
        let of_place = |place: &usize| column.cells.get(*place).cloned().unwrap_or_else(of_loop);
        let cells = || places.iter().map(of_place);
        let figures = cells().map(|(figure, _)| figure.replace(" to ", " to\n"));
        table.add_row(std::iter::once(column.name.clone()).chain(figures));
        if column.cells.iter().any(|(_, below)| !below.is_empty()) {
            let below =
                cells().map(|(_, below)| below.replace(" to ", " to\n").replace(", ", ",\n"));
            table.add_row(std::iter::once(format!("  {}", column.below)).chain(below));
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 1));
        if column.index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!(" {}", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::advice::advise;
    use crate::sample;

    #[test]
    fn an_answer_leads_to_its_runs() {
        for (name, (record, runs)) in sample::advice::all() {
            let evidence = Evidence { record, runs };
            let text = terminal(&evidence, &advise(&evidence));
            insta::assert_snapshot!(format!("advice_{name}"), text);
        }
    }

    #[test]
    fn a_plain_loop_stands_beside_the_engines() {
        let (mut record, runs) = sample::advice::clear();
        let plain = PlainLoop { ns_per_event: 12.5, events: 1 << 20, answers: 1_040, passes: 5 };
        record.plain_loop = Some(plain);
        let evidence = Evidence { record, runs };
        let text = terminal(&evidence, &advise(&evidence));
        insta::assert_snapshot!("advice_by_hand", text);
    }

    #[test]
    fn what_is_foretold_is_what_would_be() {
        let (record, runs) = sample::advice::clear();
        let evidence = Evidence { record, runs };
        let advice = advise(&evidence);
        // It sustains 212 k/s, takes 12 ms at 50 k/s, and half as much again at its limit.
        let flink = advice.rows.iter().find(|row| row.name == "flink").unwrap();
        let truth = |rate: f64| 12e6 * (2.0 + rate / 212e3) / (2.0 + 50e3 / 212e3);
        let times: Vec<f64> = flink.foretold.iter().map(|foretold| foretold.times).collect();
        assert_eq!(times, [1.5, 2.0], "five times the rate is more than was run");
        for Foretold { times, p99_ns, held_out } in &flink.foretold {
            let off = p99_ns / truth(times * 50e3) - 1.0;
            assert!(off.abs() < 0.02 && held_out.error < 0.02, "{off} at {times}, {held_out:?}");
        }
        let why = &advice.sentences[1].text;
        assert!(why.contains(" at 2 times the rate, by a model (held-out error "), "{why}");
        let columns = columns(&evidence, &advice);
        let foretold = columns.iter().find(|it| it.name == "p99 at 100 k/s, foretold").unwrap();
        assert_eq!(foretold.below, "held-out error");
    }

    #[test]
    fn a_range_has_its_unit_once_where_it_has_one() {
        for (low, high, want) in [
            ("11.2 ms", "12.4 ms", "11.2 to 12.4 ms"),
            ("980 µs", "1.02 ms", "980 µs to 1.02 ms"),
            ("0.405", "0.414", "0.405 to 0.414"),
        ] {
            assert_eq!(reach(low, high), want);
        }
    }

    #[test]
    fn several_demands_have_a_column_each_and_no_figure_stands_twice() {
        let (mut record, runs) = sample::advice::clear();
        record.demands = vec![(0.5, 400_000_000), (1.0, 900_000_000)];
        record.completeness = Some(0.9);
        let evidence = Evidence { record, runs };
        let advice = advise(&evidence);
        let names = |advice: &Advice| -> Vec<String> {
            columns(&evidence, advice).into_iter().map(|column| column.name).collect()
        };
        let all = names(&advice);
        for want in ["p50, of 400 ms", "maximum, of 900 ms", "completeness, of 90 %", "p99"] {
            assert_eq!(all.iter().filter(|name| *name == want).count(), 1, "{want}: {all:?}");
        }
        for column in columns(&evidence, &advice) {
            assert_eq!(column.cells.len(), advice.rows.len(), "{}", column.name);
            assert!(column.definition.ends_with('.'), "{} is not explained", column.name);
        }
    }
}
