//! A report as its readers meet it: written from a made-up run, read back, looked at.

use crate::sample;
use sluicebench_reports::RunRecord;
use sluicebench_reports::judge::advice::{Evidence, advise};
use sluicebench_reports::judge::history::{Asked, history};
use sluicebench_reports::page::advice::page;
use sluicebench_reports::page::history::page as history_page;
use sluicebench_reports::page::{write_report, write_together};
use sluicebench_reports::record::Sessions;
use sluicebench_reports::text::table::terminal;
use std::fs;
use std::path::Path;

/// The pages stay in the target folder, so that somebody can open them after a test run.
#[test]
fn a_run_is_written_read_and_reported() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, record) in [
        ("sample", sample::record()),
        ("troubled", sample::troubled()),
        ("variants", sample::variants()),
        ("limited", sample::limited()),
        ("interval", sample::sweep::interval(3)),
        ("rate", sample::sweep::rate(3)),
        ("disorder", sample::sweep::disorder(3)),
        ("watermark", sample::sweep::watermark(3)),
        ("slide", sample::sweep::slide(3)),
        ("plane", sample::sweep::plane()),
        ("skew", sample::sweep::skew()),
        ("workers", sample::sweep::workers()),
        ("map", sample::atlas::mapped(&sample::atlas::truths(), 5, 0.01)),
    ] {
        let folder = folder.join(name);
        record.write(&folder).unwrap();
        let read = RunRecord::read(&folder).unwrap();
        // The last digit of a float may change on the way through text; nothing shown may.
        assert_eq!(terminal(&read), terminal(&record));
        let page = write_report(&[read], &folder).unwrap();
        let page = fs::read_to_string(page).unwrap();
        assert!(page.starts_with("<!doctype html>"));
        assert!(page.contains(&record.title));
        assert!(page.trim_end().ends_with("</html>"));
    }
    let (base, mut again) = (sample::record(), sample::record());
    again.name = "again".into();
    for engine in again.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        engine.repetitions.swap(0, 1);
        engine.repetitions.remove(2);
    }
    let told = history(&sample::pair::nights(30, 18, 1.2), Vec::new(), &Asked::default());
    let page = history_page(&told);
    assert!(page.trim_end().ends_with("</html>"));
    fs::write(folder.join("sample/history.html"), page).unwrap();
    let together = write_together(&[base, again], &folder.join("sample")).unwrap().unwrap();
    assert!(fs::read_to_string(together).unwrap().trim_end().ends_with("</html>"));
}

#[test]
fn a_page_tells_what_was_kept_of_sessions() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sessions");
    let mut record = sample::record();
    for repetition in &mut record.cells[0].engines[0].repetitions {
        repetition.sessions =
            Some(Sessions { kept_most: 12_345, longest_s: 81.0, passed_s: 600.0 });
    }
    record.cells[0].engines[1].repetitions[0].kept_most = Some(2_345);
    record.write(&folder).unwrap();
    let page = write_report(&[RunRecord::read(&folder).unwrap()], &folder).unwrap();
    let page = fs::read_to_string(page).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(page.matches("kept up to 2 345 records and partial results at once").count(), 1);
    let said =
        "kept up to 12 345 sessions at once, of which the longest had become 81.0 s of event";
    assert_eq!(page.matches(said).count(), 1);
}

/// The page of an advice, with the pages of the runs that it leads to.
#[test]
fn an_advice_is_written_read_and_told() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, (record, runs)) in sample::advice::all() {
        let folder = folder.join(format!("advice-{name}"));
        record.write(&folder).unwrap();
        for (run, record) in &runs {
            let folder = folder.join(&run.folder);
            record.write(&folder).unwrap();
            if name == "priced" {
                write_report(std::slice::from_ref(record), &folder).unwrap();
            }
        }
        let evidence = Evidence::read(&folder).unwrap();
        let page = page(&evidence, &advise(&evidence));
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        fs::write(folder.join("report.html"), page).unwrap();
    }
}
