//! A comparison and a check, as people and programs read them.
//!
//! Text says everything; Markdown, meant for a review, is one line where nothing changed. JSON has
//! every figure. `JUnit` XML and the Bencher Metric Format are for those who collect them. Verdicts
//! are words wherever they stand: a sign or a colour alone says nothing to some readers.

use crate::judge::gate::runs::{SEED, change, interval};
use crate::judge::gate::{Checked, Compared, Difference, Finding, Row, Side, Status};
use crate::judge::metrics::{METRICS, Metric};
use crate::quantity::NONE;
use crate::record::RunRecord;
use crate::words::{capitalised, listed, plural};
use comfy_table::{CellAlignment, Table};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use statistics::comparison::Change;
use std::fmt::Write as _;

/// What marks every figure of runs that are not alike.
pub(crate) const OTHER: &str = "different environment";

/// Version of the JSON documents.
pub(super) const VERSION: u32 = 1;

/// Everything, for a terminal.
pub fn compared_text(compared: &Compared) -> String {
    let mut out = heading(compared);
    out.push('\n');
    let mut table = grid([
        "scenario",
        "engine",
        "metric",
        "base",
        "new",
        "change",
        "95 % interval",
        "runs",
        "verdict",
    ]);
    for row in &compared.rows {
        table.add_row(cells(row));
    }
    let _ = write!(out, "{}\n{}\n", drawn(&mut table, 3..8), tally(compared));
    remarks(&mut out, &compared.remarks);
    out
}

/// What changed, for a review.
pub fn compared_markdown(compared: &Compared) -> String {
    let mark = mark(&compared.environment);
    let changed: Vec<&Row> = compared.changed().collect();
    let mut out = String::new();
    if changed.is_empty() {
        let of = plural(compared.rows.len(), "comparison");
        let _ = writeln!(
            out,
            "**{}**: no change in {of} ({}){mark}",
            compared.new.name,
            compared.tally()
        );
        return out;
    }
    let _ = writeln!(
        out,
        "**{}**: {}{mark}\n\n{}\n\n{}\n",
        compared.new.name,
        compared.tally(),
        circumstances(compared),
        compared.noise_sentences().join(" ")
    );
    out.push_str("| scenario | engine | metric | base | new | change | 95 % interval | runs | verdict |\n|---|---|---|---:|---:|---:|---:|---:|---|\n");
    for row in changed {
        let cells: Vec<String> = cells(row).iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

/// What differs between two runs, in a sentence.
fn circumstances(compared: &Compared) -> String {
    let one = |d: &Difference| format!("{} ({} → {})", d.what, d.base, d.new);
    let all: Vec<String> = compared.circumstances.iter().map(one).collect();
    if all.is_empty() { NOTHING_DIFFERS.into() } else { format!("{DIFFERS}: {}.", all.join(", ")) }
}

/// Every figure, for programs.
pub fn compared_json(compared: &Compared) -> String {
    pretty(&json!({
        "schema_version": VERSION,
        "base": side(&compared.base),
        "new": side(&compared.new),
        "differences": differences(&compared.circumstances),
        "different_environment": differences(&compared.environment),
        "noise_floor": shares(&compared.noise()),
        "between_runs": between_runs(compared),
        "comparisons": compared.rows.iter().map(row_json).collect::<Vec<_>>(),
        "remarks": compared.remarks,
    }))
}

/// One test for each comparison; what is worse fails.
pub fn compared_junit(compared: &Compared) -> String {
    let cases = compared.rows.iter().map(|row| {
        let status = match row.comparison.verdict {
            Change::Worse => Status::Violated,
            Change::Better | Change::Same => Status::Passed,
            Change::NotEnoughData => Status::Inconclusive,
        };
        let name = format!("{} {}", row.engine, row.metric.name);
        (row.cell.clone(), name, status, format!("{}: {}", row.words(), row.sentence()))
    });
    junit(&compared.new.name, cases, !compared.environment.is_empty())
}

/// Every demand and what became of it, for a terminal.
pub fn checked_text(checked: &Checked) -> String {
    let mut out = match &checked.against {
        Some(compared) => heading(compared),
        None => format!("Run   {}\n", place(&checked.run)),
    };
    out.push('\n');
    if let Some([why, advice]) = checked.nothing() {
        let _ = writeln!(out, "{}: {advice}", capitalised(why));
    } else {
        let mut table = grid(["", "scenario", "engine", "metric", "demand", "found"]);
        for finding in &checked.findings {
            let Finding { cell, engine, metric, demand, status, because } = finding;
            let status = format!("{} {}", status.sign(), status.word());
            table.add_row([&status, cell, engine, metric, demand, because]);
        }
        let forced = if checked.is_forced() { format!(" ({OTHER})") } else { String::new() };
        let _ = write!(out, "{}\n{}{forced}\n", drawn(&mut table, 0..0), checked.tally());
    }
    remarks(&mut out, &checked.remarks);
    out
}

/// What is not passed, for a review.
pub fn checked_markdown(checked: &Checked) -> String {
    let mark = checked.against.as_ref().map_or_else(String::new, |c| mark(&c.environment));
    let of = plural(checked.findings.len(), "demand");
    let mut out = String::new();
    let open = |finding: &&Finding| finding.status != Status::Passed;
    if !checked.findings.iter().any(|finding| open(&finding)) {
        let _ = writeln!(out, "**{}**: {of}, all passed{mark}", checked.run.name);
        return out;
    }
    let _ = writeln!(out, "**{}**: {of}, {}{mark}\n", checked.run.name, checked.tally());
    out.push_str("| | scenario | engine | metric | demand | found |\n|---|---|---|---|---|---|\n");
    for finding in checked.findings.iter().filter(open) {
        let Finding { cell, engine, metric, demand, status, because } = finding;
        let status = format!("{} {}", status.sign(), status.word());
        let cells = [&status, cell, engine, metric, demand, because];
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

/// Every demand, for programs.
pub fn checked_json(checked: &Checked) -> String {
    let finding = |f: &Finding| {
        json!({
            "scenario": f.cell, "engine": f.engine, "metric": f.metric, "demand": f.demand,
            "status": f.status.word(), "because": f.because,
        })
    };
    let mut document = json!({
        "schema_version": VERSION,
        "run": side(&checked.run),
        "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
        "violated": checked.count(Status::Violated),
        "inconclusive": checked.count(Status::Inconclusive),
        "passed": checked.count(Status::Passed),
        "remarks": checked.remarks,
    });
    if let Some(compared) = &checked.against {
        document["baseline"] = side(&compared.base);
        document["differences"] = differences(&compared.circumstances);
        document["different_environment"] = differences(&compared.environment);
        document["noise_floor"] = shares(&compared.noise());
        document["between_runs"] = between_runs(compared);
        document["comparisons"] = compared.rows.iter().map(row_json).collect();
    }
    pretty(&document)
}

/// One test for each demand; what is inconclusive was skipped.
pub fn checked_junit(checked: &Checked) -> String {
    let cases = checked.findings.iter().map(|f| {
        let name = format!("{} {} {}", f.engine, f.metric, f.demand);
        (f.cell.clone(), name, f.status, f.because.clone())
    });
    junit(&checked.run.name, cases, checked.is_forced())
}

/// The figures of a run in the Bencher Metric Format: for each engine on each scenario every
/// metric that it has, with the 95 % interval of the median from six repetitions on. What was
/// compared across machines carries that in its name, so that it starts a history of its own.
pub fn bmf(record: &RunRecord, forced: bool) -> String {
    let mut benchmarks = serde_json::Map::new();
    for cell in &record.cells {
        for engine in &cell.engines {
            let mut measures = serde_json::Map::new();
            for metric in METRICS {
                let Some((value, interval)) = metric.level(engine, SEED) else { continue };
                let mut measure = json!({ "value": value });
                if let Some((low, high)) = interval {
                    measure["lower_value"] = low.into();
                    measure["upper_value"] = high.into();
                }
                measures.insert(metric.name.into(), measure);
            }
            if !measures.is_empty() {
                let mark = if forced { format!(" ({OTHER})") } else { String::new() };
                let name = format!("{}/{}{mark}", cell.name, engine.label);
                benchmarks.insert(name, Value::Object(measures));
            }
        }
    }
    pretty(&Value::Object(benchmarks))
}

/// Which runs, what differs between them, and how much would differ without that; before any
/// figure.
fn heading(compared: &Compared) -> String {
    let mut out = format!("Base  {}\nNew   {}\n", place(&compared.base), place(&compared.new));
    if compared.circumstances.is_empty() {
        let _ = writeln!(out, "\n{NOTHING_DIFFERS}");
    } else {
        let _ = writeln!(out, "\n{DIFFERS}:");
    }
    for Difference { what, base, new } in &compared.circumstances {
        let _ = writeln!(out, "  {what}  {base} → {new}");
    }
    if let Some(names) = named(&compared.environment) {
        let _ = writeln!(out, "Every figure below is from a {OTHER}: {names}");
    }
    let _ = writeln!(out, "\n{}", compared.noise_sentences().join("\n"));
    out
}

/// What stands above what differs between two runs.
pub(crate) const DIFFERS: &str = "Different between the two runs";

/// What is said where nothing does.
pub(crate) const NOTHING_DIFFERS: &str =
    "The machine, the build and the time of the two runs are the same.";

/// What changes results, by name.
pub(crate) fn named(environment: &[Difference]) -> Option<String> {
    let names: Vec<&str> = environment.iter().map(|one| one.what.as_str()).collect();
    (!names.is_empty()).then(|| listed(&names))
}

fn place(side: &Side) -> String {
    format!("{}: {}, {}, {}", side.folder, side.name, side.started, side.tool)
}

fn tally(compared: &Compared) -> String {
    compared.tally() + &mark(&compared.environment)
}

fn mark(environment: &[Difference]) -> String {
    if environment.is_empty() { String::new() } else { format!(" ({OTHER})") }
}

fn remarks(out: &mut String, remarks: &[String]) {
    if !remarks.is_empty() {
        out.push_str("\nMind that\n");
    }
    for remark in remarks {
        let _ = writeln!(out, "  {remark}");
    }
}

/// A row of the table of changes, cell by cell.
pub(crate) fn cells(row: &Row) -> [String; 9] {
    let sign = match row.comparison.verdict {
        Change::Worse => "▼ ",
        Change::Better => "▲ ",
        Change::Same => "",
        Change::NotEnoughData => "~ ",
    };
    [
        row.cell.clone(),
        row.engine.clone(),
        row.metric.name.into(),
        row.metric.show(row.comparison.base_median),
        row.metric.show(row.comparison.new_median),
        change(row.comparison.ratio),
        interval(&row.comparison).unwrap_or_else(|| NONE.into()),
        row.runs().trim_start_matches("n = ").to_owned(),
        format!("{sign}{}", row.words()),
    ]
}

pub(super) fn grid<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header);
    table
}

pub(super) fn drawn(table: &mut Table, right: std::ops::Range<usize>) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((1, 1));
        if right.contains(&column.index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}", line.trim_end())).collect();
    lines.join("\n") + "\n"
}

fn side(side: &Side) -> Value {
    json!({ "folder": side.folder, "name": side.name, "started": side.started, "tool": side.tool })
}

pub(super) fn differences(environment: &[Difference]) -> Value {
    let one = |d: &Difference| json!({ "what": d.what, "base": d.base, "new": d.new });
    environment.iter().map(one).collect()
}

fn shares(of: &[(&Metric, f64)]) -> Value {
    Value::Object(of.iter().map(|(metric, share)| (metric.name.into(), json!(share))).collect())
}

/// What two runs of the same thing may differ by, and from where that is known.
fn between_runs(compared: &Compared) -> Value {
    json!({
        "shares": shares(&compared.between_runs()),
        "presumed": !compared.is_estimated(),
        "runs_alike": compared.alike,
        "same_work_new_over_base": compared.pace.map(|pace| pace.ratio),
    })
}

fn row_json(row: &Row) -> Value {
    let comparison = &row.comparison;
    let verdict = match comparison.verdict {
        Change::Better => "better",
        Change::Worse => "worse",
        Change::Same => "same",
        Change::NotEnoughData => "not-enough-data",
    };
    json!({
        "scenario": row.cell,
        "engine": row.engine,
        "metric": row.metric.name,
        "unit": row.metric.unit.name(),
        "base": { "median": comparison.base_median, "figures": row.base },
        "new": { "median": comparison.new_median, "figures": row.new },
        "ratio": comparison.ratio,
        "interval": comparison.interval,
        "p_value": comparison.p_value,
        "p_adjusted": comparison.p_adjusted,
        "noise_floor": comparison.noise_floor,
        "between_runs": comparison.how.drift,
        "within_noise": comparison.is_within_drift(),
        "band": comparison.how.band,
        "paired": comparison.how.paired,
        "verdict": verdict,
    })
}

pub(super) fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

fn junit(
    name: &str,
    cases: impl Iterator<Item = (String, String, Status, String)>,
    forced: bool,
) -> String {
    let mut suites: Vec<TestSuite> = Vec::new();
    for (cell, name, status, because) in cases {
        let outcome = match status {
            Status::Passed => TestCaseStatus::success(),
            Status::Violated => {
                let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
                failure.set_message(because.clone()).set_type("violated");
                failure
            }
            Status::Inconclusive => {
                let mut skipped = TestCaseStatus::skipped();
                skipped.set_message(format!("inconclusive: {because}"));
                skipped
            }
        };
        let mark = if forced { format!(" ({OTHER})") } else { String::new() };
        let mut case = TestCase::new(name + &mark, outcome);
        case.set_classname(cell.clone());
        if let Some(suite) = suites.iter_mut().find(|suite| suite.name.as_str() == cell) {
            suite.add_test_case(case);
        } else {
            let mut suite = TestSuite::new(cell);
            suite.add_test_case(case);
            suites.push(suite);
        }
    }
    let mut report = Report::new(name);
    report.add_test_suites(suites);
    // Names and reasons are printable text, which XML can always say.
    report.to_string().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::gate::{Terms, check, compare};
    use crate::judge::metrics::metric;
    use crate::sample;
    use crate::sample::pair::changed;

    #[test]
    fn a_comparison_is_shown_in_every_format() {
        let (base, new) = changed();
        let compared = compare((&base, "runs/a"), (&new, "runs/b"), &Terms::default()).unwrap();
        insta::assert_snapshot!("compared_text", compared_text(&compared));
        insta::assert_snapshot!("compared_markdown", compared_markdown(&compared));
        insta::assert_snapshot!("compared_junit", compared_junit(&compared));
        insta::assert_snapshot!("bmf", bmf(&new, false));
        let json: Value = serde_json::from_str(&compared_json(&compared)).unwrap();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["comparisons"].as_array().unwrap().len(), compared.rows.len());
        let worse = compared.changed().count();
        assert!(worse > 0);
    }

    #[test]
    fn a_check_is_shown_in_every_format() {
        let (base, new) = changed();
        let checked = check((&new, "runs/b"), Some((&base, "runs/a")), &Terms::default()).unwrap();
        insta::assert_snapshot!("checked_text", checked_text(&checked));
        insta::assert_snapshot!("checked_markdown", checked_markdown(&checked));
        insta::assert_snapshot!("checked_junit", checked_junit(&checked));
        let json: Value = serde_json::from_str(&checked_json(&checked)).unwrap();
        assert_eq!(json["findings"].as_array().unwrap().len(), checked.findings.len());
        assert_eq!(json["violated"], checked.count(Status::Violated));
    }

    #[test]
    fn nobody_is_told_to_give_a_baseline_who_has_given_one() {
        let (mut base, mut new) = changed();
        for cell in base.cells.iter_mut().chain(&mut new.cells) {
            cell.thresholds.clear();
            cell.engines.iter_mut().for_each(|engine| engine.repetitions.clear());
        }
        let told =
            |against| checked_text(&check((&new, "runs/b"), against, &Terms::default()).unwrap());
        let alone = told(None);
        assert!(
            alone.contains("Nothing is demanded of this run: write a [[threshold]]"),
            "{alone}"
        );
        let against = told(Some((&base, "runs/a")));
        assert!(!against.contains("give --baseline"), "{against}");
        assert!(
            against.contains("Nothing of this run can be held against its baseline"),
            "{against}"
        );
    }

    #[test]
    fn what_differs_between_the_runs_stands_before_any_figure() {
        let (base, mut new) = changed();
        new.tool.commit = "fedcba9".into();
        let compared = compare((&base, "runs/a"), (&new, "runs/b"), &Terms::default()).unwrap();
        let checked = check((&new, "runs/b"), Some((&base, "runs/a")), &Terms::default()).unwrap();
        let texts =
            [compared_text(&compared), checked_text(&checked), compared_markdown(&compared)];
        for text in texts {
            let told = text.find("commit").unwrap();
            assert!(text.contains("0123abc → fedcba9"), "{text}");
            assert!(told < text.find("Noise floor").unwrap(), "{text}");
            assert!(told < text.find("95 % interval").unwrap(), "{text}");
        }
        let json: Value = serde_json::from_str(&compared_json(&compared)).unwrap();
        assert_eq!(json["differences"][0]["what"], "commit");
    }

    #[test]
    fn nothing_changed_is_one_line() {
        let (base, _) = changed();
        let compared = compare((&base, "runs/a"), (&base, "runs/a"), &Terms::default()).unwrap();
        assert_eq!(compared.changed().count(), 0);
        insta::assert_snapshot!(
            compared_markdown(&compared),
            @"**quick**: no change in 12 comparisons (0 worse, 0 better, 12 the same, 0 without enough data)"
        );
        let checked = check((&base, "runs/a"), Some((&base, "runs/a")), &Terms::default()).unwrap();
        insta::assert_snapshot!(
            checked_markdown(&checked),
            @"**quick**: 12 demands, all passed"
        );
    }

    #[test]
    fn every_figure_in_the_bencher_format_lies_within_its_bounds() {
        let (_, new) = changed();
        let json: Value = serde_json::from_str(&bmf(&new, true)).unwrap();
        let benchmarks = json.as_object().unwrap();
        assert_eq!(benchmarks.len(), 4);
        for (name, measures) in benchmarks {
            assert!(name.ends_with("(different environment)"), "{name}");
            for (name, measure) in measures.as_object().unwrap() {
                assert!(metric(name).is_some(), "{name}");
                let of = |key: &str| measure[key].as_f64().unwrap();
                assert!(
                    of("lower_value") <= of("value") && of("value") <= of("upper_value"),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_alike_says_so_in_every_format() {
        let (base, mut new) = (sample::record(), sample::record());
        new.host.cpu_model = "Imaginary 4000".into();
        let compared =
            compare((&base, "a"), (&new, "b"), &Terms { forced: true, ..Terms::default() })
                .unwrap();
        for text in [
            compared_text(&compared),
            compared_markdown(&compared),
            compared_junit(&compared),
            compared_json(&compared),
        ] {
            assert!(
                text.contains("different environment") || text.contains("different_environment")
            );
        }
    }
}
