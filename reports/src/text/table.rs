//! The figures of a run as text, for a terminal and for Markdown.
//!
//! A block per cell in a terminal, because two engines side by side fit into 80 columns and
//! eleven figures do not; one wide table in Markdown, which finds its own width. Nothing is said
//! by colour. A repetition that was not verified has words, and no figure.

use super::verdict::{invalid, verdict};
use super::{floor, memory, sweep};
use crate::judge::compare;
use crate::judge::lost;
use crate::judge::metrics::{RESULT_LATENCY_P99, metric};
use crate::judge::summary::{
    Standing, Summary, count_of, is_untold, most_lost, offered_per_s, spun_share, standing,
    verified,
};
use crate::quantity::{self, NONE};
use crate::record::study::SteadyState;
use crate::record::{CellRecord, EngineRecord, RunRecord, Warning};
use crate::words::{plural, titled};
use comfy_table::{CellAlignment, Table};
use std::fmt::Write as _;

/// A column of the verdict table.
#[derive(Copy, Clone)]
pub struct Figure {
    /// Its heading.
    pub name: &'static str,
    /// What it means.
    pub definition: &'static str,
    /// Its value over an engine's verified repetitions, ready to be shown.
    pub of: fn(&EngineRecord) -> String,
}

/// Every figure shown of an engine on a cell, in this order.
pub const FIGURES: [Figure; 13] = [
    Figure {
        name: "verified",
        definition: "Repetitions whose every answer agrees with the reference, under a load that \
                     was held, of those that were made.",
        of: verified_words,
    },
    Figure {
        name: "result_latency p50",
        definition: "From the moment an answer was due to its emission; half of the answers were \
                     faster. Due is fixed by the schedule alone, so a stall counts in full.",
        of: |engine| middle(engine, "result_latency.p50"),
    },
    Figure {
        name: "p99",
        definition: "The same for the slowest answer in a hundred.",
        of: |engine| middle(engine, "result_latency.p99"),
    },
    Figure {
        name: "max",
        definition: "The same for the slowest answer of all.",
        of: |engine| middle(engine, "result_latency.max"),
    },
    Figure {
        name: "event_latency p50",
        definition: "From the due time of the latest event that contributed to an answer to its \
                     emission (Karimov et al., ICDE 2018): it holds what waiting for disorder costs.",
        of: |engine| middle(engine, "event_latency.p50"),
    },
    Figure {
        name: "p99",
        definition: "The same for the slowest answer in a hundred.",
        of: |engine| middle(engine, "event_latency.p99"),
    },
    Figure {
        name: "completed",
        definition: "Input events per second that the engine finished with. The load is offered at \
                     a fixed rate, so this is no maximum.",
        of: |engine| middle(engine, "throughput.completed"),
    },
    Figure {
        name: "CPU per event",
        definition: "Processor time of the work of the engine's threads over the accepted events: \
                     without what they spun while there was nothing to do, where the engine tells \
                     that.",
        of: |engine| middle(engine, "cpu_per_event"),
    },
    Figure {
        name: "spun",
        definition: "Share of the processor time of the engine's threads that they spun while there was \
                     nothing to do. It is in no CPU per event.",
        of: |engine| spun_share(engine).map_or_else(|| NONE.into(), quantity::fraction),
    },
    Figure {
        name: "peak memory",
        definition: "Most memory at once, above what the input needs.",
        of: |engine| middle(engine, "peak_memory"),
    },
    Figure {
        name: "completeness",
        definition: "Pairs of an event and a window that count where event time says, over all \
                     such pairs.",
        of: |engine| middle(engine, "completeness"),
    },
    Figure {
        name: "distance",
        definition: "How far the counts are from the truth of event time: the sum of their \
                     differences over the sum of the true counts.",
        of: |engine| middle(engine, "distance"),
    },
    Figure {
        name: "late",
        definition: "Events that came too late for all of their windows.",
        of: |engine| {
            Summary::over(engine, |r| Some(r.counts.late as f64))
                .map_or_else(|| NONE.into(), |summary| whole(summary.median))
        },
    },
];

/// What a run ends with on a terminal: the verdict, the figures, and every reason for doubt.
pub fn terminal(record: &RunRecord) -> String {
    let mut text = String::new();
    for sentence in verdict(record) {
        text.push_str(&sentence);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&plain(record));
    let invalid = invalid(record);
    if !invalid.is_empty() {
        text.push_str("\nNot valid, and without a speed:\n");
        for reason in invalid {
            let _ = writeln!(text, "  {reason}");
        }
    }
    let of_cells: Vec<Warning> = if record.sweep.is_some() {
        sweep::warnings(record)
    } else {
        record.cells.iter().flat_map(|cell| of_cell(cell, record.cells.len() > 1)).collect()
    };
    for warning in record.warnings.iter().chain(&of_cells) {
        let _ = write!(
            text,
            "\nwarning[{}]: {}\n    help: {}\n",
            warning.code, warning.text, warning.advice
        );
    }
    text
}

/// The reasons for doubt in a scenario, with its name where there are others.
fn of_cell(cell: &CellRecord, is_named: bool) -> Vec<Warning> {
    let named = |warning: &Warning| {
        let mut warning = warning.clone();
        if is_named && !warning.text.contains(&cell.name) {
            warning.text = format!("{}: {}", cell.name, warning.text);
        }
        warning
    };
    cell.warnings.iter().map(named).collect()
}

/// The figures of every cell, one block each; of a sweep, a row per point.
pub fn plain(record: &RunRecord) -> String {
    if record.sweep.is_some() {
        return sweep::plain(record);
    }
    record.cells.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// The figures of all cells in one table.
pub fn markdown(record: &RunRecord) -> String {
    if record.sweep.is_some() {
        return sweep::markdown(record);
    }
    let mut text = String::from("| scenario | engine |");
    let mut family = "";
    for figure in FIGURES {
        // A heading stands alone here, so a bare "p99" takes the name of its family along.
        if let Some((name, _)) = figure.name.split_once(' ') {
            family = name;
        }
        let name = figure.name;
        let name =
            if matches!(name, "p99" | "max") { format!("{family} {name}") } else { name.into() };
        let _ = write!(text, " {name} |");
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---:|".repeat(FIGURES.len()));
    text.push('\n');
    for cell in &record.cells {
        for engine in &cell.engines {
            let _ = write!(text, "| {} | {} |", escaped(&cell.name), escaped(&engine.label));
            for figure in FIGURES {
                let _ = write!(text, " {} |", escaped(&(figure.of)(engine)));
            }
            text.push('\n');
        }
    }
    text
}

/// Lowest and highest p99 of `result_latency`, where there is more than one.
fn p99_range(engine: &EngineRecord) -> String {
    let range = p99(engine).filter(|summary| summary.points.len() > 1);
    range.map_or_else(|| NONE.into(), |summary| span(summary.low, summary.high))
}

/// Where its true median lies; known from six repetitions on.
fn p99_interval(engine: &EngineRecord) -> String {
    let interval = p99(engine).and_then(|summary| summary.interval);
    interval.map_or_else(|| NONE.into(), |(low, high)| span(low, high))
}

fn p99(engine: &EngineRecord) -> Option<Summary> {
    Summary::over(engine, RESULT_LATENCY_P99.figure)
}

fn span(low: f64, high: f64) -> String {
    format!("{} to {}", quantity::nanoseconds(low), quantity::nanoseconds(high))
}

/// As wide as a terminal is.
const COLUMNS: usize = 80;

/// All of these side by side where a terminal has room for them, and else as many as it has room for,
/// and below them the next, in a table that is told to be narrow.
pub(super) fn beside_each_other<T>(all: &[T], table: impl Fn(&[T], bool) -> Vec<String>) -> String {
    let fits = |table: &Vec<String>| table.iter().all(|line| line.chars().count() <= COLUMNS);
    let whole = table(all, false);
    let tables = if fits(&whole) || all.len() < 2 {
        vec![whole]
    } else {
        let mut tables = Vec::new();
        let mut rest = all;
        while !rest.is_empty() {
            let narrow = |n: usize| table(&rest[..n], true);
            let n = (2..=rest.len()).take_while(|n| fits(&narrow(*n))).last().unwrap_or(1);
            tables.push(narrow(n));
            rest = &rest[n..];
        }
        tables
    };
    let tables: Vec<String> = tables.iter().map(|lines| lines.join("\n")).collect();
    tables.join("\n\n")
}

/// The figures of a cell, its engines beside each other.
fn block(cell: &CellRecord) -> String {
    let all: Vec<&EngineRecord> = cell.engines.iter().collect();
    let tables =
        beside_each_other(&all, |engines, is_narrow| side_by_side(cell, engines, is_narrow));
    let notes: Vec<String> = floor::sentences(cell)
        .into_iter()
        .chain(memory::sentence(cell))
        .map(|sentence| format!("  {sentence}\n"))
        .collect();
    let offered = Some(offered_per_s(cell)).filter(|rate| rate.is_finite());
    let offered = offered.map(|rate| format!("{} offered, ", quantity::rate(rate)));
    format!(
        "{}\n  {}{}\n{}\n{}",
        titled(&cell.name, &cell.title),
        offered.unwrap_or_default(),
        plural(cell.parallelism as usize, "worker"),
        tables,
        notes.concat()
    )
}

/// A table of these engines of a cell, line by line; in a narrow one words stand below each other.
fn side_by_side(cell: &CellRecord, engines: &[&EngineRecord], is_narrow: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    let mut header = vec![String::new()];
    header.extend(engines.iter().map(|engine| engine.label.clone()));
    table.set_header(header);
    let mut latency_seen = false;
    // "p99" below "result_latency p50": the eye needs the name of the family only once, and where
    // there are too few answers for the first of it, with the next that there is.
    let mut family = None;
    for figure in FIGURES {
        let texts = engines.iter().map(|engine| (figure.of)(engine));
        let texts: Vec<String> = if is_narrow {
            texts.map(|text| text.replace(", ", ",\n")).collect()
        } else {
            texts.collect()
        };
        if let Some((name, _)) = figure.name.split_once(" p50") {
            family = Some(name);
        }
        if cell.engines.iter().all(|engine| (figure.of)(engine) == NONE) {
            continue;
        }
        let name = match (matches!(figure.name, "p99" | "max"), family.take()) {
            (true, Some(family)) => format!("{family} {}", figure.name),
            (true, None) => format!("  {}", figure.name),
            (false, _) => figure.name.to_owned(),
        };
        let mut row = vec![name];
        row.extend(texts);
        table.add_row(row);
        if figure.name == "max" && engines.iter().any(|engine| engine.floor.is_some()) {
            let texts = engines.iter().map(|engine| floor::figure(engine));
            table.add_row(["  there and back".to_owned()].into_iter().chain(texts));
        }
        if figure.name == "p99" && !latency_seen {
            latency_seen = true;
            for (name, of) in [
                ("  p99 over repetitions", p99_range as fn(&EngineRecord) -> String),
                ("  p99, 95 % interval", p99_interval),
            ] {
                if cell.engines.iter().any(|engine| of(engine) != NONE) {
                    let texts = engines.iter().map(|engine| of(engine));
                    table.add_row([name.to_owned()].into_iter().chain(texts));
                }
            }
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

fn verified_words(engine: &EngineRecord) -> String {
    let right = verified(engine).count();
    let mut words = format!("{right} of {}", engine.repetitions.len());
    let mut kinds = Vec::new();
    for repetition in engine.repetitions.iter().filter(|r| !r.is_verified()) {
        let kind = repetition.verdict.kind.to_string();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    for kind in kinds {
        words.push_str(", ");
        words.push_str(&kind);
    }
    if verified(engine).any(|repetition| repetition.verdict.bounds_only) {
        words.push_str(", within bounds");
    }
    if let Some(lost) = most_lost(engine) {
        words.push_str(", ");
        words.push_str(&lost::brief(lost));
    }
    let drifting = count_of(engine, SteadyState::NotReached);
    if drifting > 0 && drifting < right {
        let _ = write!(words, ", {drifting} drifting and left out");
    }
    match count_of(engine, SteadyState::NotTold) {
        0 => (),
        _ if is_untold(engine) => words.push_str(", not told steady"),
        untold => {
            let _ = write!(words, ", {untold} not told steady and left out");
        }
    }
    match standing(engine) {
        Standing::NotSustained => words.push_str(", not sustained"),
        Standing::Unsteady => words.push_str(", no steady state"),
        Standing::Unmeasured => words.push_str(", nothing measured"),
        Standing::Simulated => words.push_str(", simulated"),
        Standing::Fit | Standing::Unfit => (),
    }
    words
}

/// The middle figure of a metric over those of an engine's repetitions that are shown.
fn middle(engine: &EngineRecord, name: &str) -> String {
    metric(name)
        .and_then(|metric| Some(metric.show(compare::middle(engine, *metric)?)))
        .unwrap_or_else(|| NONE.into())
}

fn whole(n: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a count")]
    quantity::count(n as u64)
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::record::InputRecord;
    use crate::sample;

    #[test]
    fn a_terminal_shows_verdict_and_figures() {
        insta::assert_snapshot!(terminal(&sample::record()));
    }

    #[test]
    fn a_terminal_shows_words_for_what_is_not_valid() {
        insta::assert_snapshot!(terminal(&sample::troubled()));
    }

    #[test]
    fn what_was_spun_stands_below_the_work_where_it_is_told() {
        let mut record = sample::record();
        assert!(!plain(&record).contains("spun"), "nobody tells it");
        for repetition in &mut record.cells[0].engines[1].repetitions {
            (repetition.cpu_s, repetition.spun_s) = (10.0, Some(9.0));
        }
        let text = plain(&record).replace('\u{a0}', " ");
        let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name));
        let cells = |name: &str| row(name).unwrap().split_whitespace().skip(1).collect::<String>();
        assert_eq!(cells("spun"), "–90.0%");
        assert!(row("CPU per event").unwrap().ends_with("70.0 ns"), "{text}");
    }

    #[test]
    fn an_interval_is_shown_from_six_repetitions_on() {
        let mut record = sample::record();
        for (repetitions, shown) in [(3, false), (6, true)] {
            for engine in &mut record.cells[0].engines {
                engine.repetitions =
                    engine.repetitions.iter().cycle().take(repetitions).cloned().collect();
            }
            assert_eq!(plain(&record).contains("95 % interval"), shown, "{repetitions}");
        }
    }

    #[test]
    fn where_answers_are_too_few_the_slowest_is_still_called_what_it_is() {
        let mut record = sample::record();
        for engine in &mut record.cells[0].engines {
            for repetition in &mut engine.repetitions {
                repetition.result_latency.as_mut().unwrap().count = 3;
            }
        }
        let text = plain(&record);
        let first = text.split("\n\n").next().unwrap();
        assert!(first.contains(" result_latency max") && !first.contains("result_latency p50"));
        assert!(first.contains("event_latency p50") && first.contains("   p99 "), "{first}");
    }

    #[test]
    fn markdown_is_one_table() {
        insta::assert_snapshot!(markdown(&sample::record()));
    }

    #[test]
    fn two_engines_fit_into_eighty_columns() {
        for record in [sample::record(), sample::troubled()] {
            for line in plain(&record).lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }

    #[test]
    fn seven_engines_stand_below_each_other_in_a_terminal() {
        let mut record = sample::record();
        record.cells.truncate(1);
        let cell = &mut record.cells[0];
        let one = cell.engines[0].clone();
        let others = (1..=5).map(|n| format!("spark-structured {n}"));
        cell.engines.extend(others.map(|label| EngineRecord { label, ..one.clone() }));
        let text = plain(&record);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for engine in &record.cells[0].engines {
            assert_eq!(
                text.matches(engine.label.as_str()).count(),
                1,
                "{} in\n{text}",
                engine.label
            );
        }
        let tables = text.matches("result_latency p50").count();
        assert!((2..7).contains(&tables), "{tables} of seven engines:\n{text}");
    }

    #[test]
    fn what_is_offered_is_what_was_due_in_the_measured_part() {
        let mut record = sample::record();
        record.cells.truncate(1);
        for repetition in record.cells[0].engines.iter_mut().flat_map(|it| &mut it.repetitions) {
            repetition.throughput.offered_per_s = 299.8;
        }
        record.cells[0].input.offered_per_s = 500.0;
        let shown = |record: &RunRecord| plain(record).replace('\u{a0}', " ");
        assert!(shown(&record).contains("\n  300/s offered, "), "{}", shown(&record));
        // Where nothing was due in it, the whole run is all there is.
        for repetition in record.cells[0].engines.iter_mut().flat_map(|it| &mut it.repetitions) {
            repetition.throughput.offered_per_s = 0.0;
        }
        assert!(shown(&record).contains("\n  500/s offered, "), "{}", shown(&record));
        // Nor is anything known of that where no repetition has made its input.
        record.cells[0].input = InputRecord::default();
        assert!(!shown(&record).contains("offered"), "{}", shown(&record));
        assert!(shown(&record).contains("\n  2 workers\n"), "{}", shown(&record));
    }

    #[test]
    fn a_doubt_about_one_scenario_of_several_names_it() {
        let mut record = sample::record();
        let doubt = Warning {
            code: "run::unstable".into(),
            text: "p99 of per-event varies by 80 % over its repetitions".into(),
            advice: "repeat more often".into(),
        };
        record.cells[1].warnings = vec![doubt];
        let named = "warning[run::unstable]: disorder: p99 of per-event varies";
        assert!(terminal(&record).contains(named), "{}", terminal(&record));
        // Of one there is no doubt which.
        record.cells.remove(0);
        record.cells.truncate(1);
        assert!(terminal(&record).contains("warning[run::unstable]: p99 of per-event varies"));
    }
}
