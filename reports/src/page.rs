//! One page that says it all and opens from disk, without a network and without scripts.
//!
//! Verdict, table, charts, what disorder cost, circumstances, configuration, definitions; in
//! that order. Every text of a record is escaped: a scenario's title is no markup. A speed that
//! was not verified is not in the file at all, so that nobody can copy it out of there.

use crate::chart::{self, Chart, palette};
use crate::compare::{CPU_PER_EVENT, Outcome, RESULT_LATENCY_P99, compare};
use crate::quantity::{self, NONE};
use crate::record::{CellRecord, EngineRecord, Repetition, RunRecord, Warning, replace};
use crate::summary::verified;
use crate::table::{FIGURES, Figure};
use crate::verdict::{invalid, plural, verdict};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What a page may weigh, in bytes. A heavier one leaves out what it can.
const PAGE_BYTES_MAX: usize = 2_000_000;

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing to report on.
    #[error("there is no run to report on; give at least one folder that a run has written")]
    NoRun,
    /// The folder cannot be written to.
    #[error("cannot write {path}: {source}; choose another folder with --out")]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// How much of a page's bulk goes in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Bulk {
    /// Everything.
    Full,
    /// Charts for wide pages only.
    Wide,
    /// No charts: links to their files instead.
    Linked,
}

/// Writes `report.html` and `charts/*.svg` into a folder, making it if there is none, and
/// returns the page's path. Several runs stand on one page, one after the other.
pub fn write_report(records: &[RunRecord], folder: &Path) -> Result<PathBuf, ReportError> {
    if records.is_empty() {
        return Err(ReportError::NoRun);
    }
    let drawn: Vec<Vec<Vec<Chart>>> =
        records.iter().map(|record| record.cells.iter().map(chart::charts).collect()).collect();
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Unwritable { path, source }
    };
    let charts = folder.join("charts");
    fs::create_dir_all(&charts).map_err(unwritable(&charts))?;
    for (n, (record, cells)) in records.iter().zip(&drawn).enumerate() {
        for (cell, drawn) in record.cells.iter().zip(cells) {
            for chart in drawn {
                let path = charts.join(file_name(records, n, cell, chart));
                replace(&path, chart.file().as_bytes()).map_err(unwritable(&path))?;
            }
        }
    }
    let path = folder.join("report.html");
    replace(&path, page(records, &drawn).as_bytes()).map_err(unwritable(&path))?;
    Ok(path)
}

/// A text as part of a file's name or of a link: lower-case letters, digits and hyphens.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn file_name(records: &[RunRecord], n: usize, cell: &CellRecord, chart: &Chart) -> String {
    let run = if records.len() == 1 { String::new() } else { format!("{}-", n + 1) };
    format!("{run}{}-{}.svg", slug(&cell.name), chart.name)
}

fn page(records: &[RunRecord], drawn: &[Vec<Vec<Chart>>]) -> String {
    let mut text = String::new();
    for bulk in [Bulk::Full, Bulk::Wide, Bulk::Linked] {
        text = render(records, drawn, bulk);
        if text.len() <= PAGE_BYTES_MAX {
            break;
        }
    }
    text
}

fn render(records: &[RunRecord], drawn: &[Vec<Vec<Chart>>], bulk: Bulk) -> String {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the usual delimiters do not clash");
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("glued", |text: String| quantity::glued(&text));
    let runs: Vec<Value> = records
        .iter()
        .zip(drawn)
        .enumerate()
        .map(|(n, (record, charts))| run(records, n, record, charts, bulk))
        .collect();
    let title = match records {
        [only] => only.title.clone(),
        several => format!("{} runs", several.len()),
    };
    let definitions: Vec<Value> = FIGURES
        .iter()
        .enumerate()
        .filter(|(_, figure)| !matches!(figure.name, "p99" | "max"))
        .map(|(n, figure)| {
            context! { id => format!("d-{n}"), name => figure.name, text => figure.definition }
        })
        .collect();
    let values = context! {
        title => title,
        light => palette::variables(false),
        dark => palette::variables(true),
        chart_style => chart::style_sheet(),
        definitions => definitions,
        narrow => bulk == Bulk::Full,
        linked => bulk == Bulk::Linked,
        runs => runs,
    };
    environment
        .render_named_str("report.html", include_str!("page.html"), values)
        .expect("the template stands in the program and is given all that it asks for")
}

fn run(
    records: &[RunRecord],
    n: usize,
    record: &RunRecord,
    charts: &[Vec<Chart>],
    bulk: Bulk,
) -> Value {
    let prefix = if records.len() == 1 { String::new() } else { format!("{}-", n + 1) };
    let cells: Vec<Value> = record
        .cells
        .iter()
        .zip(charts)
        .map(|(cell, charts)| {
            let charts: Vec<Value> = charts
                .iter()
                .map(|chart| {
                    let file = file_name(records, n, cell, chart);
                    drawing(&format!("{prefix}{}", slug(&cell.name)), chart, &file, bulk)
                })
                .collect();
            cell_values(&format!("{prefix}{}", slug(&cell.name)), cell, charts)
        })
        .collect();
    let first = |name: &'static str| FIGURES.iter().position(|f| f.name == name).unwrap_or(0);
    context! {
        id => format!("run-{}", n + 1),
        title => record.title.clone(),
        name => record.name.clone(),
        started => record.started.clone(),
        command => record.command.clone(),
        version => format!("{} ({}, {})", record.tool.version, record.tool.commit, record.tool.profile),
        interrupted => record.interrupted,
        verdict => verdict(record),
        invalid => invalid(record),
        warnings => warnings(record),
        circumstances => circumstances(record),
        groups => groups(),
        headings => FIGURES.iter().map(|f| context! { name => f.name.rsplit(' ').next().unwrap_or(f.name), title => f.definition }).collect::<Vec<_>>(),
        completeness_at => first("completeness"),
        cells => cells,
    }
}

/// Heading over the columns of the verdict table: text, columns, link to the definition.
fn groups() -> Vec<Value> {
    let mut groups: Vec<(String, usize, usize)> = Vec::new();
    for (n, figure) in FIGURES.iter().enumerate() {
        match groups.last_mut() {
            Some((_, width, _)) if matches!(figure.name, "p99" | "max") => *width += 1,
            _ => groups.push((figure.name.trim_end_matches(" p50").to_owned(), 1, n)),
        }
    }
    groups
        .into_iter()
        .map(|(name, width, n)| {
            context! {
                name => name,
                width => width,
                id => format!("d-{n}"),
                title => FIGURES[n].definition,
            }
        })
        .collect()
}

fn drawing(cell: &str, chart: &Chart, file: &str, bulk: Bulk) -> Value {
    // Inside HTML the namespace is known; leaving it out keeps the page free of addresses.
    let inline = |svg: &str| {
        Value::from_safe_string(svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", ""))
    };
    context! {
        id => format!("{cell}-{}", chart.name),
        title => chart.title.clone(),
        wide => inline(if bulk == Bulk::Linked { "" } else { &chart.wide }),
        narrow => inline(if bulk == Bulk::Full { &chart.narrow } else { "" }),
        // Made of slugs: there is nothing in it to escape, and a slash should stay one.
        file => Value::from_safe_string(format!("charts/{file}")),
        header => chart.data.header.clone(),
        rows => chart.data.rows.clone(),
    }
}

fn cell_values(id: &str, cell: &CellRecord, charts: Vec<Value>) -> Value {
    let sooner = winner(cell, &compare(cell, RESULT_LATENCY_P99));
    let cheaper = winner(cell, &compare(cell, CPU_PER_EVENT));
    let engines: Vec<Value> = cell
        .engines
        .iter()
        .enumerate()
        .map(|(n, engine)| engine_values(engine, sooner == Some(n), cheaper == Some(n)))
        .collect();
    let input = &cell.input;
    let mut facts = vec![
        ("Scenario", cell.scenario.clone()),
        (
            "Input",
            format!(
                "{} events, {} offered, made {}",
                quantity::count(input.events),
                quantity::rate(input.offered_per_s),
                input.made
            ),
        ),
        (
            "Input hash",
            format!(
                "{}, seed {}, {}",
                input.hash,
                cell.seed,
                plural(input.partitions as usize, "source partition")
            ),
        ),
        ("Workers", cell.parallelism.to_string()),
        (
            "Measured",
            format!(
                "{} after a warm-up of {}",
                quantity::tick(&quantity::seconds(cell.duration_s)),
                quantity::tick(&quantity::seconds(cell.warm_up_s))
            ),
        ),
        ("Due", cell.latency_definition.clone()),
    ];
    if input.rejected_rows > 0 {
        facts.push(("Rows left out", quantity::count(input.rejected_rows)));
    }
    if let Some(truth) = cell.truth {
        facts.push((
            "Truth",
            format!(
                "{} answers from {} pairs of an event and a window, were every event waited for",
                quantity::count(truth.answers),
                quantity::count(truth.memberships)
            ),
        ));
    }
    let facts: Vec<Value> =
        facts.into_iter().map(|(name, text)| context! { name => name, text => text }).collect();
    let charts_missing = charts.is_empty();
    context! {
        id => id,
        name => cell.name.clone(),
        title => cell.title.clone(),
        question => cell.question.clone(),
        engines => engines,
        windowed => cell.engines.iter().flat_map(verified).any(|r| r.verdict.completeness.is_some()),
        facts => facts,
        resolved => cell.resolved.clone(),
        charts => charts,
        charts_missing => charts_missing,
        warnings => cell.warnings.iter().map(warning).collect::<Vec<_>>(),
    }
}

fn winner(cell: &CellRecord, outcome: &Outcome<'_>) -> Option<usize> {
    let Outcome::Best { engine, .. } = outcome else { return None };
    cell.engines.iter().position(|other| other.label == engine.label)
}

fn engine_values(engine: &EngineRecord, sooner: bool, cheaper: bool) -> Value {
    let figures: Vec<Value> = FIGURES
        .iter()
        .enumerate()
        .map(|(n, figure)| {
            let best = match figure.name {
                // The third is the p99 of result_latency; event_latency has one of its own.
                "p99" if n == 2 => sooner,
                "CPU per event" => cheaper,
                _ => false,
            };
            context! { text => (figure.of)(engine), best => best }
        })
        .collect();
    let repetitions: Vec<Value> = engine.repetitions.iter().map(repetition_values).collect();
    let settings: Vec<Value> = engine
        .settings
        .iter()
        .map(|(name, value)| context! { name => name, value => value })
        .collect();
    let figure = |name: &str| FIGURES.iter().find(|f: &&Figure| f.name == name);
    let shown = |name: &str| figure(name).map_or_else(|| NONE.into(), |f| (f.of)(engine));
    context! {
        label => engine.label.clone(),
        algorithm => engine.algorithm.clone(),
        settings => settings,
        figures => figures,
        repetitions => repetitions,
        completeness => shown("completeness"),
        distance => shown("distance"),
        disorder => disorder(engine),
    }
}

/// What disorder did to the events, in the first verified repetition; it is the same in each
/// where one source partition feeds the run.
fn disorder(engine: &EngineRecord) -> Value {
    let Some(repetition) = verified(engine).next() else { return Value::from(()) };
    let counts = repetition.counts;
    let n = quantity::count;
    context! {
        read => n(counts.read),
        accepted => n(counts.accepted),
        late => n(counts.late),
        rejected => n(counts.rejected),
        partly_late => n(counts.partly_late),
        missed_windows => n(counts.missed_windows),
        extra => n(counts.accepted_late_extra),
        adds_up => counts.read == counts.accepted + counts.late + counts.rejected,
    }
}

fn repetition_values(repetition: &Repetition) -> Value {
    let verdict = &repetition.verdict;
    let words = if repetition.is_verified() {
        let behind = if repetition.throughput.sustained { "" } else { ", not sustained" };
        let bounds = if verdict.bounds_only { ", within bounds" } else { "" };
        format!("verified{bounds}{behind}")
    } else {
        format!("{}: {}", verdict.kind, verdict.text)
    };
    let mut figures = Vec::new();
    if repetition.is_verified() {
        let latency = repetition.result_latency.as_ref();
        let ns =
            |ns: Option<u64>| ns.map_or_else(|| NONE.into(), |ns| quantity::nanoseconds(ns as f64));
        figures = vec![
            ns(latency.map(|l| l.p50_ns)),
            ns(latency.map(|l| l.p99_ns)),
            ns(latency.map(|l| l.max_ns)),
            quantity::rate(repetition.throughput.completed_per_s),
            quantity::microseconds(repetition.cpu_us_per_event),
            quantity::bytes(repetition.peak_memory_bytes as f64),
            quantity::count(repetition.backlog_max),
            quantity::seconds(repetition.throughput.drain_s),
            quantity::count(repetition.counts.answers),
            quantity::count(repetition.counts.combine_steps),
            quantity::count(repetition.counts.retries),
        ];
    }
    context! {
        rep => repetition.rep,
        verified => repetition.is_verified(),
        words => words,
        figures => figures,
        differences => verdict.differences.clone(),
        failure => repetition.failure.clone().unwrap_or_default(),
    }
}

fn warnings(record: &RunRecord) -> Vec<Value> {
    record.warnings.iter().map(warning).collect()
}

fn warning(warning: &Warning) -> Value {
    context! {
        code => warning.code.clone(),
        text => warning.text.clone(),
        advice => warning.advice.clone(),
    }
}

fn circumstances(record: &RunRecord) -> Vec<Value> {
    let (host, tool, cost) = (&record.host, &record.tool, &record.self_cost);
    let mut machine = format!(
        "{}, {}, {}",
        host.cpu_model,
        plural(host.cores as usize, "core"),
        quantity::bytes(host.memory_bytes as f64)
    );
    if let Some(limit) = host.cgroup_cpu_limit {
        let _ = write!(machine, ", limited to {limit} by its cgroup");
    }
    if let Some(kind) = &host.virtual_machine {
        let _ = write!(machine, ", virtual: {kind}");
    }
    let mut rows = vec![
        ("Command".to_owned(), record.command.clone()),
        ("Started".into(), record.started.clone()),
        (
            "Tool".into(),
            format!(
                "sluicebench {}, commit {}, profile {}, rustc {}",
                tool.version, tool.commit, tool.profile, tool.rustc
            ),
        ),
        ("Machine".into(), machine),
        ("Kernel".into(), host.kernel.clone()),
        ("Frequency governor".into(), host.governor.clone()),
        ("Clock source".into(), host.clock_source.clone()),
        (
            "Load before the run".into(),
            if host.load_before.is_finite() {
                format!("{:.2}", host.load_before)
            } else {
                NONE.into()
            },
        ),
        (
            "Cost of measuring".into(),
            format!(
                "{} to pace an event, {} to record an answer, {} to read the clock",
                quantity::nanoseconds(cost.pacing_ns_per_event),
                quantity::nanoseconds(cost.recording_ns_per_answer),
                quantity::nanoseconds(cost.clock_read_ns)
            ),
        ),
    ];
    if let Some(name) = &host.name {
        rows.insert(3, ("Host class".into(), name.clone()));
    }
    rows.extend(host.jitter.iter().cloned());
    rows.into_iter().map(|(name, text)| context! { name => name, text => text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn written(record: &RunRecord) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = write_report(std::slice::from_ref(record), folder.path()).unwrap();
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_page_needs_no_network() {
        let page = written(&sample::record());
        for attribute in ["src=", "href=", "url(", "@import"] {
            for (at, _) in page.match_indices(attribute) {
                let value: String = page[at..].chars().take(40).collect();
                assert!(!value.contains("http") && !value.contains("//"), "{value}");
            }
        }
        assert!(!page.contains("<script"));
        assert!(page.contains("default-src 'none'"));
        assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
    }

    #[test]
    fn a_page_shows_no_speed_that_was_not_verified() {
        let page = written(&sample::troubled()).replace('\u{a0}', " ");
        for speed in ["7.70 ms", "7.71 ms", "7.72 ms", "7.74 ms", "7.76 M/s", "7.77 µs"] {
            assert!(!page.contains(speed), "{speed}");
        }
        for words in ["answers differ", "load not held", "interrupted", "1 203 for 1 204"] {
            assert!(page.contains(words), "{words}");
        }
        // The same page does show what is there when it may.
        let mut forgiven = sample::troubled();
        forgiven.cells[0].engines[0].repetitions[1].verdict.kind =
            crate::record::VerdictKind::Verified;
        assert!(written(&forgiven).contains("7.72\u{a0}ms"));
    }

    #[test]
    fn a_record_is_text_and_not_markup() {
        let mut record = sample::record();
        record.title = "<script>alert(1)</script>".into();
        record.cells[0].title = "a & b <i>".into();
        record.cells[0].engines[0].label = "x\"><script>".into();
        record.cells[0].latency_definition = "</svg><script>".into();
        let page = written(&record);
        assert!(!page.contains("<script"));
        assert!(!page.contains("</svg><"));
    }

    #[test]
    fn every_chart_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let record = sample::record();
        write_report(&[record.clone(), record], folder.path()).unwrap();
        let files = fs::read_dir(folder.path().join("charts")).unwrap().count();
        assert_eq!(files, 2 * 3 * 4);
        let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
        for file in fs::read_dir(folder.path().join("charts")).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(page.contains(&format!("href=\"charts/{name}\"")), "{name}");
        }
    }

    #[test]
    fn a_long_suite_still_makes_a_light_page() {
        let mut record = sample::record();
        let cell = record.cells[0].clone();
        for n in 0..40 {
            record.cells.push(CellRecord { name: format!("cell-{n}"), ..cell.clone() });
        }
        let page = written(&record);
        assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
        assert!(page.contains("cell-39"));
    }

    #[test]
    fn nothing_and_an_unwritable_folder_are_errors_that_say_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(write_report(&[], folder.path()), Err(ReportError::NoRun)));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_report(&[sample::record()], &file).unwrap_err().to_string();
        assert!(error.contains("file") && error.contains("--out"), "{error}");
    }

    #[test]
    fn a_slug_is_fit_for_a_file_and_a_link() {
        assert_eq!(slug("Micro-batch 20 ms!"), "micro-batch-20-ms");
        assert_eq!(slug("../a b/"), "a-b");
    }
}
