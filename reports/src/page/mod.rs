//! One page that says it all and opens from disk, without a network.
//!
//! Verdict, the chart that answers, table, the other charts, each scenario in a fold, circumstances,
//! configuration, definitions, and what all this does not say; in that order. Everything is in it,
//! so that it can be sent to somebody: no link leads out of it. It can be read without scripts; where they run, uPlot draws the charts anew from the
//! numbers beside them (`page.js`). Every text of a record is escaped: a scenario's title is
//! no markup. A speed that was not verified is not in the file at all, so that nobody can copy
//! it out of there.

pub mod advice;
pub mod comparison;
pub mod history;
mod cell;
mod circumstances;
mod conformance;
mod together;
mod ledger;
mod unsaid;
mod skeleton;

use crate::chart::{self, Chart, Part};
use crate::files::replace;
use crate::judge::summary::verified;
use crate::record::{CellRecord, RunRecord};
use crate::text::table::FIGURES;
use crate::text::verdict::{invalid, verdict};
use crate::words::slug;
use cell::{Judged, cell_values, headlines, is_repeated};
use circumstances::{circumstances, provenance, warnings};
use conformance::conformance;
use minijinja::{Value, context};
use skeleton::{Bulk, drawing, fitting, render};
use std::path::{Path, PathBuf};
use std::{fs, io};
use together::Over;
pub use together::write_together;

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

/// Writes `report.html` and `charts/*.svg` into a folder, making it if there is none, and
/// returns the page's path. Several runs stand on one page: over each other, then one after the
/// other.
pub fn write_report(records: &[RunRecord], folder: &Path) -> Result<PathBuf, ReportError> {
    if records.is_empty() {
        return Err(ReportError::NoRun);
    }
    let sheets: Vec<Sheets> = records.iter().map(Sheets::of).collect();
    let charts = folder.join("charts");
    fs::create_dir_all(&charts).map_err(unwritable(&charts))?;
    for (n, (record, sheets)) in records.iter().zip(&sheets).enumerate() {
        let names = record.cells.iter().map(|cell| cell.name.as_str());
        let of_cells = names
            .zip(&sheets.cells)
            .flat_map(|(cell, charts)| charts.iter().map(move |chart| (cell, chart)));
        for (cell, chart) in sheets.across.iter().map(|chart| ("", chart)).chain(of_cells) {
            let path = charts.join(file_name(records, n, cell, chart));
            replace(&path, chart.file().as_bytes()).map_err(unwritable(&path))?;
        }
    }
    let path = folder.join("report.html");
    replace(&path, page(records, &sheets).as_bytes()).map_err(unwritable(&path))?;
    Ok(path)
}

/// What to make of an error when a file is written.
fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> ReportError + use<> {
    let path = path.to_owned();
    move |source| ReportError::Unwritable { path, source }
}

/// The drawings of a run.
struct Sheets {
    /// Those that span its cells.
    across: Vec<Chart>,
    /// Those of each cell.
    cells: Vec<Vec<Chart>>,
}

impl Sheets {
    fn of(record: &RunRecord) -> Self {
        Self { across: chart::charts_across(record), cells: chart::charts(record) }
    }
}

/// What a chart's file is called; a chart across the cells has no cell.
fn file_name(records: &[RunRecord], n: usize, cell: &str, chart: &Chart) -> String {
    let run = if records.len() == 1 { String::new() } else { format!("{}-", n + 1) };
    let cell = if cell.is_empty() { String::new() } else { slug(cell) + "-" };
    format!("{run}{cell}{}.svg", chart.name)
}

fn page(records: &[RunRecord], sheets: &[Sheets]) -> String {
    let title = match records {
        [only] => headline(only),
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
    let judged: Vec<Judged<'_>> = records.iter().map(Judged::of).collect();
    let over = Over::of(records);
    fitting(|bulk| {
        let runs: Vec<Value> = judged
            .iter()
            .zip(sheets)
            .enumerate()
            .map(|(n, (judged, sheets))| run(records, n, judged, sheets, bulk))
            .collect();
        let values = context! { definitions => definitions.clone(), runs => runs, over => over.values(bulk) };
        render(include_str!("report.html"), &title, bulk, values)
    })
}

fn run(records: &[RunRecord], n: usize, judged: &Judged<'_>, sheets: &Sheets, bulk: Bulk) -> Value {
    let record = judged.record;
    let prefix = if records.len() == 1 { String::new() } else { format!("{}-", n + 1) };
    let id = format!("run-{}", n + 1);
    let cell_id = |cell: &CellRecord| format!("{prefix}{}", slug(&cell.name));
    let figure = |of: &str, chart: &Chart| drawing(&format!("{of}-{}", chart.name), chart, bulk);
    let of_cell = |place: usize, part: Part| -> Vec<Value> {
        let (cell, charts) = (&record.cells[place], &sheets.cells[place]);
        let here = charts.iter().filter(|chart| chart.part == part);
        here.map(|chart| figure(&cell_id(cell), chart)).collect()
    };
    let cells: Vec<Value> = (0..record.cells.len())
        .map(|place| {
            let charts = (of_cell(place, Part::Scenario), of_cell(place, Part::Detail));
            cell_values(&cell_id(&record.cells[place]), judged, place, charts)
        })
        .collect();
    // Across the cells first, then cell by cell with its name above.
    let part = |part: Part| -> Vec<Value> {
        let across = sheets.across.iter().filter(|chart| chart.part == part);
        let across = across.map(|chart| {
            context! { chart => figure(&id, chart), cell => id.clone(), name => "", title => "" }
        });
        let mut entries: Vec<Value> = across.collect();
        for (place, cell) in record.cells.iter().enumerate() {
            entries.extend(of_cell(place, part).into_iter().map(|chart| {
                let (name, title) = (cell.name.clone(), cell.title.clone());
                context! { chart => chart, cell => cell_id(cell), name => name, title => title }
            }));
        }
        entries
    };
    let sections = [
        Section::Atlas,
        Section::Overview,
        Section::Limits,
        Section::Percentiles,
        Section::Crossover,
        Section::Sweeps,
    ];
    let made = sections.map(|section| (section, part(section.part())));
    let made: Vec<(Section, Vec<Value>)> =
        made.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
    let is_first = |section: Section| section.answers(record, &sheets.across);
    let section = |(section, entries): &(Section, Vec<Value>)| {
        let (name, heading, words) = section.words();
        context! { id => format!("{id}-{name}"), heading => heading, words => words, entries => entries }
    };
    let first: Vec<Value> = made.iter().filter(|(it, _)| is_first(*it)).map(section).collect();
    let later: Vec<Value> = made.iter().filter(|(it, _)| !is_first(*it)).map(section).collect();
    let link = |name: &str, text: &str| context! { id => format!("{id}-{name}"), name => text };
    let contents: Vec<Value> = made
        .iter()
        .map(|(section, _)| link(section.words().0, &section.words().1.to_lowercase()))
        .chain((!cells.is_empty()).then(|| link("scenarios", "scenario by scenario")))
        .chain((!record.conformance.is_empty()).then(|| link("conformance", "conformance")))
        .chain([
            link("circumstances", "circumstances"),
            link("configuration", "configuration"),
            link("unsaid", "what this does not say"),
        ])
        .collect();
    context! {
        id => id,
        title => headline(record),
        name => record.name.clone(),
        started => record.started.clone(),
        command => record.command.clone(),
        version => format!("{} ({}, {})", record.tool.version, record.tool.commit, record.tool.profile),
        verdict => verdict(record),
        unsaid => unsaid::unsaid(record),
        invalid => invalid(record),
        warnings => warnings(record),
        conformance => conformance(record),
        circumstances => circumstances(record),
        contents => contents,
        groups => groups(),
        headings => FIGURES.iter().map(|f| context! { name => f.name.rsplit(' ').next().unwrap_or(f.name), title => f.definition }).collect::<Vec<_>>(),
        repeated => record.cells.iter().any(is_repeated),
        cells => cells,
        headlines => headlines(record)
            .map(|metric| context! { name => metric.words, definition => metric.definition })
            .collect::<Vec<_>>(),
        few => record
            .cells
            .iter()
            .flat_map(|cell| &cell.engines)
            .any(|e| !e.repetitions.is_empty() && verified(e).count() < 6),
        provenance => provenance(record),
        first => first,
        later => later,
    }
}

/// What a run is called above all of it: its title, if it has one.
fn headline(record: &RunRecord) -> String {
    if record.title.is_empty() { record.name.clone() } else { record.title.clone() }
}

/// A section of charts.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Section {
    Atlas,
    Overview,
    Limits,
    Percentiles,
    Crossover,
    Sweeps,
}

impl Section {
    const fn part(self) -> Part {
        match self {
            Self::Atlas => Part::Atlas,
            Self::Overview => Part::Overview,
            Self::Limits => Part::Limits,
            Self::Percentiles => Part::Percentiles,
            Self::Crossover => Part::Crossover,
            Self::Sweeps => Part::Sweep,
        }
    }

    /// Its name in links, its heading, and what it shows.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Atlas => (
                "atlas",
                "Who is the cheapest where",
                "Each rate that was measured, and each demand on the latency that may be made there.",
            ),
            Self::Overview => {
                ("overview", "Side by side", "Every engine on every scenario, on one scale.")
            }
            Self::Limits => (
                "limits",
                "How much each engine carries",
                "Rates that were offered, and whether the engine kept up with them.",
            ),
            Self::Percentiles => (
                "percentiles",
                "How long answers take",
                "The whole distribution of result_latency in each scenario, as its tail is what \
                 users feel.",
            ),
            Self::Crossover => (
                "crossover",
                "From which batch interval on",
                "A longer interval makes a batch cheaper per event and every answer later.",
            ),
            Self::Sweeps => ("sweeps", "What was varied", "The same question at each value."),
        }
    }

    /// Whether it answers what the run was made for, so that it stands before everything else:
    /// a map, what was varied, else the limits that were searched, else all scenarios at once, else the
    /// only one.
    fn answers(self, record: &RunRecord, across: &[Chart]) -> bool {
        let is_searched =
            || record.cells.iter().flat_map(|cell| &cell.engines).any(|it| it.limit.is_some());
        match self {
            Self::Atlas | Self::Crossover | Self::Sweeps => true,
            Self::Limits => {
                record.sweep.is_none() || across.iter().any(|it| it.part == Part::Limits)
            }
            Self::Overview => !is_searched(),
            Self::Percentiles => record.sweep.is_none() && across.is_empty() && !is_searched(),
        }
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

#[cfg(test)]
mod tests {
    use super::skeleton::{PAGE_BYTES_MAX, PLOT_LICENCE, PLOT_SCRIPT, PLOT_STYLE};
    use super::*;
    use crate::record::VerdictKind;
    use crate::sample;
    use sha2::{Digest as _, Sha256};

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
        assert!(page.contains("default-src 'none'"));
        assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
    }

    #[test]
    fn what_was_typed_reaches_no_page_and_no_drawing_as_it_was() {
        let typed = "\u{1b}]0;owned\u{7}\u{202e}\0<b>";
        let mut record = sample::record();
        record.title = typed.into();
        record.command = typed.into();
        record.cells[0].title = typed.into();
        record.cells[0].engines[0].label = format!("micro-batch ({typed})");
        let folder = tempfile::tempdir().unwrap();
        let page = write_report(&[record], folder.path()).unwrap();
        let charts = fs::read_dir(folder.path().join("charts")).unwrap();
        let files = charts.map(|entry| entry.unwrap().path()).chain([page]);
        let mut named = 0;
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let obeyed = text.char_indices().find(|(_, c)| crate::words::is_obeyed(*c));
            assert_eq!(obeyed, None, "{}", file.display());
            assert!(!text.contains("<b>"), "{}", file.display());
            named += usize::from(text.contains("\\u001b]0;owned\\u0007\\u202e\\u0000"));
        }
        assert!(named > 3, "the page and the charts that name the engine");
    }

    /// What is vendored is what was published: npm's own file, unchanged, with its licence.
    #[test]
    fn the_chart_library_is_the_published_one() {
        let sha256 = |text: &str| {
            let digest = Sha256::digest(text);
            digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        };
        assert_eq!(
            [sha256(PLOT_SCRIPT), sha256(PLOT_STYLE)],
            [
                "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
                "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
            ],
            "the digits that sha256sum prints"
        );
        assert!(!PLOT_SCRIPT.contains("</script"), "it would end the element it stands in");
        let page = written(&sample::record());
        for part in [PLOT_SCRIPT, PLOT_LICENCE.trim_end(), "Permission is hereby granted"] {
            assert!(page.contains(part));
        }
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
        forgiven.cells[0].engines[0].repetitions[1].verdict.kind = VerdictKind::Verified;
        assert!(written(&forgiven).contains("7.72\u{a0}ms"));
    }

    #[test]
    fn a_demand_stands_in_the_verdict_with_what_became_of_it() {
        let page = written(&sample::limited()).replace('\u{a0}', " ");
        assert!(page.contains("✗ violated: result_latency.p99 below 100 ms"));
        assert!(page.contains("✓ passed: result_latency.p99 below 100 ms"));
        assert!(!written(&sample::record()).contains("result_latency.p99 below"));
    }

    #[test]
    fn a_limit_that_was_not_found_wins_nothing() {
        let mut record = sample::limited();
        let page = written(&record).replace('\u{a0}', " ");
        assert!(page.contains("≥ 909 k&#x2f;s<span class=\"ratio\"></span>"), "at least");
        for engine in &mut record.cells[0].engines {
            engine.repetitions.clear();
        }
        let page = written(&record);
        assert!(page.contains("– searched") && !page.contains("– not run"));
        let table = &page[page.find("verdict-table\"").unwrap()..];
        let table = &table[..table.find("</table>").unwrap()];
        assert!(!table.contains("CPU time per event"), "a search measures no cost");
        for of_repetitions in ["All figures", "Every repetition", "median of the repetitions"] {
            assert!(!page.contains(of_repetitions), "a search has none: {of_repetitions}");
        }
    }

    #[test]
    fn a_record_is_text_and_not_markup() {
        let mut record = sample::record();
        record.title = "<script>alert(1)</script>".into();
        record.cells[0].title = "a & b <i>".into();
        record.cells[0].engines[0].label = "x\"><script>".into();
        record.cells[0].latency_definition = "</svg><script>".into();
        let page = written(&record);
        assert!(!page.contains("<script>alert"));
        assert!(!page.contains("x\"><"));
        assert!(!page.contains("</svg><"));
        // The same words in the numbers of a chart cannot end the element they stand in.
        assert!(page.contains(r#""of":"x\">\u003cscript>""#));
        assert!(!page.contains("</script><"));
    }

    #[test]
    fn every_chart_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let record = sample::record();
        write_report(&[record.clone(), record], folder.path()).unwrap();
        let files = fs::read_dir(folder.path().join("charts")).unwrap().count();
        assert_eq!(files, 2 * (3 * 7 + 1));
    }

    /// Every made-up run, by name.
    fn all() -> [(&'static str, RunRecord); 9] {
        [
            ("several scenarios", sample::record()),
            ("one scenario", sample::variants()),
            ("limits", sample::limited()),
            ("gone wrong", sample::troubled()),
            ("rates", sample::sweep::rate(3)),
            ("intervals", sample::sweep::interval(6)),
            ("workers", sample::sweep::workers()),
            ("a plane", sample::sweep::plane()),
            ("a map", sample::atlas::mapped(&sample::atlas::truths(), 5, 0.01)),
        ]
    }

    #[test]
    fn no_link_leaves_the_page_so_that_it_can_travel_alone() {
        for (name, record) in all() {
            let page = written(&record);
            let links = page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            let mut count = 0;
            for link in links {
                let target = link.strip_prefix('#').unwrap_or_else(|| panic!("{name}: {link}"));
                assert!(
                    page.contains(&format!("id=\"{target}\"")),
                    "{name}: {target} is not there"
                );
                count += 1;
            }
            assert!(count > 5, "{name}: {count}");
            for figure in page.split("<figure").skip(1) {
                let figure = figure.split("</figure>").next().unwrap();
                assert!(figure.contains("<svg") && figure.contains("<table"), "{name}");
            }
        }
    }

    #[test]
    fn the_chart_that_answers_stands_before_rows_and_folds() {
        for (name, record) in all() {
            let page = written(&record);
            let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{name}: no {what}"));
            let first = at("<figure");
            assert!(at("aria-label=\"Verdict\"") < first, "{name}: the verdict comes first");
            for rows in ["<table", "<details", "id=\"run-1-scenarios\""] {
                assert!(first < at(rows), "{name}: {rows} before the chart");
            }
            let answer = match name {
                "several scenarios" | "gone wrong" => "-overview\"",
                "one scenario" => "-percentiles\"",
                "limits" => "-limits\"",
                "rates" => "-hockey-stick\"",
                "intervals" => "-batch-interval\"",
                "workers" => "-scalability\"",
                "a map" => "-atlas\"",
                _ => "-window-cost\"",
            };
            assert!(page[first..].split('>').next().unwrap().contains(answer), "{name}");
        }
    }

    #[test]
    fn a_long_suite_has_all_of_its_charts_and_leaves_out_what_only_adds_to_them() {
        let mut record = sample::record();
        let cell = record.cells[0].clone();
        for n in 0..40 {
            record.cells.push(CellRecord { name: format!("cell-{n}"), ..cell.clone() });
        }
        let page = written(&record);
        assert_eq!(page.matches("<figure").count(), 43 * 7 + 1);
        assert_eq!(page.matches("class=\"wide only\"").count(), 43 * 7);
        // The chart that answers first is drawn for every page.
        assert_eq!(page.matches("class=\"narrow\"").count(), 1);
        assert_eq!(page.matches("class=\"wide\"").count(), 1);
        assert!(!page.contains("class=\"plot\""));
        assert!(page.len() < 6 * PAGE_BYTES_MAX, "{} bytes", page.len());
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
}
