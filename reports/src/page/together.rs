//! Several runs on one page, over each other on one clock.
//!
//! What differs between their machines and builds is said before any of their figures. It holds
//! no run against another: that is for a comparison.

use super::skeleton::{Bulk, drawing, fitting, render};
use super::{ReportError, unwritable};
use crate::chart::{RUNS_APART, Shared, over_each_other};
use crate::files::replace;
use crate::judge::gate::comparable::environment;
use crate::record::RunRecord;
use crate::text::verdict::verdict;
use crate::words::{plural, slug};
use minijinja::{Value, context};
use std::path::{Path, PathBuf};

/// Writes `together.html` into a folder: these runs over each other, with what each of them found.
/// None where they have no scenario in common, so that there is nothing to write.
pub fn write_together(
    records: &[RunRecord],
    folder: &Path,
) -> Result<Option<PathBuf>, ReportError> {
    let over = Over::of(records);
    if over.shared.is_empty() {
        return Ok(None);
    }
    let path = folder.join("together.html");
    let title = format!("{}, over each other", plural(records.len(), "run"));
    let runs = records.iter().zip(&over.names).map(|(record, name)| {
        let tool = format!("sluicebench {} ({})", record.tool.version, record.tool.commit);
        context! {
            name => name,
            started => record.started.clone(),
            command => record.command.clone(),
            tool => tool,
            verdict => verdict(record),
        }
    });
    let runs: Vec<Value> = runs.collect();
    let page = fitting(|bulk| {
        let values = context! { runs => runs.clone(), over => over.values(bulk) };
        render(include_str!("together.html"), &title, bulk, values)
    });
    replace(&path, page.as_bytes()).map_err(unwritable(&path))?;
    Ok(Some(path))
}

/// Runs over each other, and what a reader must know of them.
pub(super) struct Over {
    names: Vec<String>,
    shared: Vec<Shared>,
    remarks: Vec<String>,
}

impl Over {
    /// Of runs as they are told apart by name, by when they started, or by number.
    pub(super) fn of(records: &[RunRecord]) -> Self {
        let runs: Vec<&RunRecord> = records.iter().collect();
        let mut over = Self::called(names(&runs), &runs);
        if let [first, others @ ..] = &runs[..] {
            for (record, name) in others.iter().zip(&over.names[1..]) {
                over.remarks.extend(environment(first, record).into_iter().map(|difference| {
                    let (what, a, b) = (difference.what, difference.base, difference.new);
                    format!(
                        "Different environment, {what}: {a} in {}, {b} in {name}.",
                        over.names[0]
                    )
                }));
            }
        }
        over
    }

    /// Of runs that are called this, where the page says itself how their machines differ.
    pub(super) fn called(names: Vec<String>, records: &[&RunRecord]) -> Self {
        let runs: Vec<(String, &RunRecord)> =
            names.iter().cloned().zip(records.iter().copied()).collect();
        let shared = if runs.len() > 1 { over_each_other(&runs) } else { Vec::new() };
        let mut remarks = Vec::new();
        if runs.len() > 1 && shared.is_empty() {
            remarks.push(
                "No engine of one scenario was verified in two of these runs, so none lies over \
                 another."
                    .into(),
            );
        } else if runs.len() > RUNS_APART {
            remarks.push(format!(
                "More than {RUNS_APART} runs cannot be told apart on one chart: these are the first \
                 of {}.",
                runs.len()
            ));
        }
        Self { names, shared, remarks }
    }

    /// What the page's templates ask for.
    pub(super) fn values(&self, bulk: Bulk) -> Value {
        let provenance = self.names.join(" · ");
        let entries = self.shared.iter().map(|shared| {
            let id = format!("over-{}", slug(&shared.cell));
            let charts = shared.charts.iter();
            let charts = charts.map(|chart| drawing(&format!("{id}-{}", chart.name), chart, bulk));
            let charts: Vec<Value> = charts.collect();
            let (name, title) = (shared.cell.clone(), shared.title.clone());
            context! { id => id, name => name, title => title, charts => charts }
        });
        context! {
            entries => entries.collect::<Vec<_>>(),
            remarks => self.remarks.clone(),
            provenance => provenance,
        }
    }
}

/// What runs are called among each other: their names, if these tell them apart.
fn names(records: &[&RunRecord]) -> Vec<String> {
    let is_apart =
        |names: &[String]| names.iter().enumerate().all(|(n, name)| !names[..n].contains(name));
    let plain: Vec<String> = records.iter().map(|record| record.name.clone()).collect();
    if is_apart(&plain) {
        return plain;
    }
    let dated: Vec<String> =
        records.iter().map(|record| format!("{} of {}", record.name, record.started)).collect();
    if is_apart(&dated) {
        return dated;
    }
    dated.into_iter().enumerate().map(|(n, name)| format!("run {}, {name}", n + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::fs;

    #[test]
    fn runs_are_called_by_what_tells_them_apart() {
        let mut records = [sample::record(), sample::record()];
        let called = |records: &[RunRecord]| names(&records.iter().collect::<Vec<_>>());
        assert_eq!(called(&records)[1], "run 2, quick of 2026-11-20T10:00:00Z");
        records[1].started = "2026-11-21T10:00:00Z".into();
        assert_eq!(called(&records)[1], "quick of 2026-11-21T10:00:00Z");
        records[1].name = "quick-again".into();
        assert_eq!(called(&records), ["quick", "quick-again"]);
    }

    #[test]
    fn two_runs_lie_over_each_other_on_a_page_of_their_own_that_says_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let mut records = [sample::record(), sample::record()];
        records[1].name = "again".into();
        records[1].host.cpu_model = "Imaginary 4000".into();
        let path = write_together(&records, folder.path()).unwrap().unwrap();
        let page = fs::read_to_string(path).unwrap().replace('\u{a0}', " ");
        assert_eq!(page.matches("<figure").count(), 3 * 2, "two charts for each scenario");
        let doubt = page.find("Imaginary 3000 in quick, Imaginary 4000 in again").unwrap();
        assert!(doubt < page.find("<figure").unwrap(), "before any figure");
        assert!(page.contains("micro-batch, again"));
        records[1].cells.clear();
        assert_eq!(write_together(&records, folder.path()).unwrap(), None, "nothing in common");
    }
}
