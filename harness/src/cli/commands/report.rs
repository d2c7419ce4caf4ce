//! `report`: the pages of runs that have finished, written again from their records.

use crate::cli::answer::{Answer, page_line};
use crate::cli::output::Target;
use instrument::bench::exit::Exit;
use reports::RunRecord;
use reports::record::conformance::{Conforming, FOLDER};
use reports::words::harmless;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each run's page into its own folder, and several runs over each other into that of the last;
/// or all of it on one page in `out`, where `force` says whether one may go that is there already.
pub(in crate::cli) fn report(
    folders: &[PathBuf],
    out: Option<&Path>,
    force: bool,
    colour: bool,
) -> Answer {
    // A run's own page is made from its record, and can be made again; another's cannot from here.
    let page = out.map(|out| Target::at("report::page", &out.join("report.html"), &[], force));
    if let Some(Err(mistake)) = page {
        return Answer::mistaken(mistake, colour);
    }
    let mut answer = Answer::default();
    let mut records = Vec::new();
    for folder in folders {
        match RunRecord::read(folder) {
            Ok(mut record) => {
                let (conformance, bad) = Conforming::read(&folder.join(FOLDER));
                for error in &bad {
                    complain(&mut answer, "report::conformance", &error.to_string());
                }
                if !bad.is_empty() {
                    continue;
                }
                record.conformance = conformance;
                if record.interrupted {
                    let folder = folder.display().to_string();
                    let folder = harmless(&folder);
                    let _ = writeln!(
                        answer.complaints,
                        "note: the run in {folder} did not come to its end: it was interrupted or \
                         killed, or still goes on. --resume {folder} with its command does the rest"
                    );
                }
                records.push((record, folder.as_path()));
            }
            Err(error) => complain(&mut answer, "report::record", &error.to_string()),
        }
    }
    let together = match (out, records.last()) {
        (None, Some((_, folder))) if records.len() > 1 => {
            let runs: Vec<RunRecord> = records.iter().map(|(record, _)| record.clone()).collect();
            reports::page::write_together(&runs, folder)
        }
        _ => Ok(None),
    };
    let pages: Vec<(Vec<RunRecord>, &Path)> = match out {
        // One page for all of them leaves none out.
        Some(_) if answer.exit != Exit::Ok => Vec::new(),
        Some(out) => vec![(records.into_iter().map(|(record, _)| record).collect(), out)],
        None => records.into_iter().map(|(record, folder)| (vec![record], folder)).collect(),
    };
    for (records, folder) in pages {
        match reports::page::write_report(&records, folder) {
            Ok(page) => answer.results.push_str(&page_line(&page)),
            Err(error) => complain(&mut answer, "report::page", &error.to_string()),
        }
    }
    match together {
        Ok(page) => answer.results.extend(page.map(|page| page_line(&page))),
        Err(error) => complain(&mut answer, "report::page", &error.to_string()),
    }
    answer
}

fn complain(answer: &mut Answer, code: &str, message: &str) {
    let _ = writeln!(answer.complaints, "error[{code}]: {}", harmless(message));
    answer.exit = Exit::Failed;
}
