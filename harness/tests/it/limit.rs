//! `limit`, and `sweep --limit`, as a user meets them: what is refused, what a search leaves
//! behind, and how one that was cut short goes on. How fast anything is says nothing here: every
//! search below ends with an answer whether or not its one rate is sustained.

use crate::support::program::{self, sluicebench};
use reports::RunRecord;
use reports::record::study::{Limit, LimitOutcome, Probe, ProbePurpose};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Exit code, results and complaints.
#[track_caller]
fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let said = program::said(folder, arguments);
    (said.exit, said.results, said.complaints)
}

/// Searches that are refused before anything is begun, each for another reason.
const REFUSED: &[&[&str]] = &[
    &["identiti"],
    &["identity", "--engine", "microbatch"],
    &["identity", "--slo", "p99"],
    &["identity", "--slo", "p98=1ms"],
    &["identity", "--slo", "p99=100"],
    &["identity", "--slo", "p99=0ms"],
    &["identity", "--slo", "p99=-1ms"],
    &["identity", "--window", "0s"],
    &["identity", "--window=-5s"],
    &["identity", "--window", "10"],
    &["identity", "--window", "40d"],
    &["identity", "--window", "2000h"],
    &["identity", "--budget", "0s"],
    &["identity", "--budget=-1h"],
    &["identity", "--budget", "nonsense"],
    &["identity", "--engine", "flink", "--budget", "60s", "--set", "host.engine_cpus=none"],
    &["identity", "--rate", "0/s"],
    &["identity", "--rate=-5/s"],
    &["identity", "--least", "0/s"],
    &["identity", "--least=-5k/s"],
    &["identity", "--most", "5"],
    &["identity", "--most", "2G/s"],
    &["identity", "--least", "10k/s", "--most", "5k/s"],
    &["identity", "--duration", "5s"],
    &["identity", "--resume", "nowhere"],
    &["identity", "--resume", "empty"],
    &["identity", "--resume", "a", "--out", "b"],
];

#[test]
fn what_cannot_be_searched_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let mut all = String::new();
    for arguments in REFUSED {
        let arguments = [&["limit"], *arguments].concat();
        let (exit, results, complaint) = said(folder.path(), &arguments);
        assert_eq!((exit, results.as_str()), (2, ""), "{arguments:?}: {complaint}");
        let _ = writeln!(all, "$ sluicebench {}\n{complaint}", arguments.join(" "));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was begun");
    insta::assert_snapshot!("searches_refused", all);
}

/// One rate and no other, so that the first answer is the last; batches, because their tail is
/// their interval whatever the machine does meanwhile.
const SMALL: &[&str] = &[
    "identity",
    "--engine",
    "micro-batch",
    "--rate",
    "1k/s",
    "--least",
    "1k/s",
    "--most",
    "1k/s",
    "--window",
    "1s",
    "--set",
    "measure.warm_up=0s",
    "--set",
    "engine.micro-batch.interval=100ms",
];

fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["limit"], SMALL, more].concat()
}

fn limits(record: &RunRecord) -> Vec<&Limit> {
    let engines = record.cells.iter().flat_map(|cell| &cell.engines);
    engines.filter_map(|engine| engine.limit.as_ref()).collect()
}

/// That a search of one rate was brought to its end.
#[track_caller]
fn is_whole(limit: &Limit) {
    assert!(!limit.probes.is_empty());
    assert!(limit.probes.iter().all(|probe| probe.rate_per_s.to_bits() == 1000_f64.to_bits()));
    let says = match limit.outcome {
        LimitOutcome::AtLeast => {
            assert_eq!((limit.pass_per_s, limit.fail_per_s), (Some(1000.0), None));
            let of = |wanted| limit.probes.iter().filter(|probe| probe.purpose == wanted).count();
            assert_eq!((of(ProbePurpose::Bracket), of(ProbePurpose::Confirm)), (1, 3));
            "sustains at least 1.00 k/s (no more than 1.00 k/s was to be tried"
        }
        // A machine that stands still for long enough may not even sustain this.
        LimitOutcome::Unknown => {
            assert_eq!(limit.pass_per_s, None);
            "limit unknown"
        }
        LimitOutcome::Found => panic!("nothing above was tried: {limit:?}"),
    };
    assert!(limit.text.starts_with(says), "{}", limit.text);
    assert!(limit.text.contains("shorter than the 1min that the method demands"), "{}", limit.text);
}

#[test]
fn a_search_ends_and_its_record_says_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, results, progress) =
        said(folder.path(), &small(&["--format", "json", "--out", "out"]));
    assert_eq!(exit, 0, "{progress}");
    assert!(progress.contains("probe 1 (bracket): 1.00 k/s"), "{progress}");
    let document: serde_json::Value = serde_json::from_str(&results).unwrap();
    let validator = jsonschema::validator_for(&reports::record::schema::run()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);

    let out = folder.path().join("out");
    let record = RunRecord::read(&out).unwrap();
    assert_eq!(serde_json::to_value(&record).unwrap(), document, "what is told is what is kept");
    assert_eq!((record.name.as_str(), record.interrupted), ("limit-identity", false));
    let [limit] = limits(&record)[..] else { panic!("one engine, one limit") };
    is_whole(limit);
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains(&limit.text), "the page says it in the same words");

    // A search that is over has nothing to go on with: it ends as it ended.
    let (exit, results, progress) = said(folder.path(), &small(&["--resume", "out"]));
    assert_eq!(exit, 0, "{progress}");
    assert!(!progress.contains("probe "), "{progress}");
    assert!(results.contains(&limit.text), "{results}");
    assert_eq!(limits(&RunRecord::read(&out).unwrap()), [limit]);
}

#[test]
fn a_budget_that_is_over_leaves_the_limit_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let none = ["--budget", "1s", "--out", "out"];
    let (exit, results, _) = said(folder.path(), &small(&none));
    assert_eq!(exit, 0, "not to know is a result");
    let found = "limit unknown (the 1s allowed are over; go on with --resume, or allow more with \
                 --budget";
    assert!(results.contains(found), "{results}");
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    let [limit] = limits(&record)[..] else { panic!("one engine, one limit") };
    assert_eq!(limit.outcome, LimitOutcome::Unknown);
    assert_eq!((limit.pass_per_s, limit.fail_per_s, limit.probes.len()), (None, None, 0));

    let strict = ["--budget", "1s", "--out", "strict", "--strict"];
    assert_eq!(said(folder.path(), &small(&strict)).0, 5);

    // With time enough it goes on from there.
    let (exit, _, progress) = said(folder.path(), &small(&["--resume", "out"]));
    assert_eq!(exit, 0, "{progress}");
    is_whole(limits(&RunRecord::read(&folder.path().join("out")).unwrap())[0]);
}

/// A batch of 700 ms waits for longer than 100 ms at any rate, and no probe is needed to say so.
#[test]
fn a_demand_that_no_rate_can_meet_is_said_without_a_probe() {
    let folder = tempfile::tempdir().unwrap();
    let long = ["--set", "engine.micro-batch.interval=700ms", "--slo", "p99=100ms"];
    let search = |what: &'static str, out: &'static str| {
        [&["limit", what, "--engine", "micro-batch", "--out", out], &long[..]].concat()
    };
    for what in ["identity", "keyed-window"] {
        let (exit, results, progress) = said(folder.path(), &search(what, what));
        assert_eq!(exit, 0, "not to search is a result: {progress}");
        assert!(!progress.contains("probe 1"), "{progress}");
        let says = "not searched: with a batch every 700ms";
        assert!(results.contains(says) && progress.contains(says), "{results}{progress}");
        let record = RunRecord::read(&folder.path().join(what)).unwrap();
        let [limit] = limits(&record)[..] else { panic!("one engine, one limit") };
        assert_eq!((limit.outcome, limit.probes.len()), (LimitOutcome::Unknown, 0));
        assert!(limit.text.starts_with("sustains no rate"), "{}", limit.text);
    }
}

#[test]
fn what_a_partial_suite_can_do_without_is_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let suite = "name = \"part\"\npartial = true\n[[case]]\nscenario = \"identity\"\n\
                 [case.set]\n\"engine.flink\" = {}\n";
    std::fs::write(folder.path().join("part.toml"), suite).unwrap();
    let search = ["limit", "part.toml", "--window", "1s", "--budget", "1s", "--out", "out"];
    let (exit, _, progress) = said(folder.path(), &search);
    assert_eq!(exit, 0, "{progress}");
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    assert_eq!(limits(&record).len(), 2, "those of this program");
    let mut told = record.warnings.iter().filter(|it| it.code == "plan::left_out");
    assert!(told.next().is_some_and(|it| it.text.contains("flink")), "{:?}", record.warnings);
}

/// A finished search, at no cost: as one leaves it whose budget was over at once, with probes
/// that passed put in by hand.
fn finished(folder: &Path) {
    let (exit, _, progress) = said(folder, &small(&["--budget", "1s", "--out", "out"]));
    assert_eq!(exit, 0, "{progress}");
    let out = folder.join("out");
    let mut record = RunRecord::read(&out).unwrap();
    let limit = record.cells[0].engines[0].limit.as_mut().unwrap();
    limit.probes = [ProbePurpose::Bracket, ProbePurpose::Confirm].map(passed).into();
    record.write(&out).unwrap();
}

fn passed(purpose: ProbePurpose) -> Probe {
    Probe {
        purpose,
        rate_per_s: 1000.0,
        speed: None,
        outcome: reports::record::study::ProbeOutcome::Pass,
        reason: "no growth of the backlog at most, p99 100 ms".into(),
        window_s: 1.0,
        backlog_slope: Some((0.0, 0.0)),
        p99_ns: Some(100_000_000),
        completed_per_s: 1000.0,
        cpu_us_per_event: 1.0,
        seed: 1,
    }
}

/// What may have become of a record, or be asked for that it is not the record of.
struct Misfit {
    what: &'static str,
    record: fn(&str) -> String,
    asked: &'static [&'static str],
}

const MISFITS: &[Misfit] = &[
    Misfit { what: "another window", record: str::to_owned, asked: &["--window", "2s"] },
    Misfit { what: "a demand", record: str::to_owned, asked: &["--slo", "p99=1s"] },
    Misfit { what: "more precise", record: str::to_owned, asked: &["--precise"] },
    Misfit {
        what: "another bound",
        record: str::to_owned,
        asked: &["--least", "2k/s", "--most", "3k/s"],
    },
    Misfit { what: "another seed", record: str::to_owned, asked: &["--seed", "7"] },
    Misfit {
        what: "another engine as well",
        record: str::to_owned,
        asked: &["--engine", "per-event"],
    },
    Misfit {
        what: "cut short",
        record: |text| text.split_inclusive('\n').take(3).collect(),
        asked: &[],
    },
    Misfit { what: "nothing in it", record: |_| String::new(), asked: &[] },
    Misfit {
        what: "of a later version",
        record: |text| text.replacen("\"schema_version\": ", "\"schema_version\": 99", 1),
        asked: &[],
    },
    Misfit {
        what: "an ordinary run",
        record: |text| edited(text, |record| record.cells[0].engines[0].limit = None),
        asked: &[],
    },
    Misfit {
        what: "another scenario",
        record: |text| edited(text, |record| record.cells[0].name = "word-count".into()),
        asked: &[],
    },
    Misfit {
        what: "another engine by hand",
        record: |text| edited(text, |record| record.cells[0].engines[0].label = "mine".into()),
        asked: &[],
    },
    Misfit {
        what: "another outcome by hand",
        record: |text| {
            let fail = reports::record::study::ProbeOutcome::Fail;
            edited(text, |record| {
                record.cells[0].engines[0].limit.as_mut().unwrap().probes[0].outcome = fail;
            })
        },
        asked: &[],
    },
    Misfit {
        what: "another level by hand",
        record: |text| {
            edited(text, |record| {
                record.cells[0].engines[0].limit.as_mut().unwrap().probes[1].rate_per_s = 1.0;
            })
        },
        asked: &[],
    },
];

fn edited(text: &str, change: impl FnOnce(&mut RunRecord)) -> String {
    let mut record: RunRecord = serde_json::from_str(text).unwrap();
    change(&mut record);
    serde_json::to_string_pretty(&record).unwrap()
}

#[test]
fn a_search_is_not_gone_on_with_by_another() {
    let folder = tempfile::tempdir().unwrap();
    finished(folder.path());
    let path = folder.path().join("out").join("run.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    let mut all = String::new();
    for Misfit { what, record, asked } in MISFITS {
        let written = record(&whole);
        std::fs::write(&path, &written).unwrap();
        // What is typed twice holds as it is typed last, where that can be.
        let mut arguments = small(&["--resume", "out"]);
        for pair in asked.chunks(2) {
            if let Some(at) = arguments.iter().position(|typed| *typed == pair[0])
                && pair[0] != "--engine"
            {
                arguments.drain(at..at + 2);
            }
            arguments.extend(pair);
        }
        let (exit, results, complaint) = said(folder.path(), &arguments);
        assert_eq!((exit, results.as_str()), (2, ""), "{what}: {complaint}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written, "{what}: it is left alone");
        let _ = writeln!(all, "{what}\n{complaint}");
    }
    insta::assert_snapshot!("searches_not_gone_on_with", all);
}

#[test]
fn a_search_is_not_gone_on_with_on_another_machine() {
    let folder = tempfile::tempdir().unwrap();
    finished(folder.path());
    let path = folder.path().join("out").join("run.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    let elsewhere = edited(&whole, |record| record.host.cpu_model = "another".to_owned());
    std::fs::write(&path, &elsewhere).unwrap();
    let (exit, results, complaint) = said(folder.path(), &small(&["--resume", "out"]));
    assert_eq!((exit, results.as_str()), (2, ""), "{complaint}");
    assert!(complaint.contains("measured elsewhere (processor: another, here "), "{complaint}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), elsewhere, "it is left alone");
}

#[test]
fn a_search_goes_on_behind_its_probes() {
    let folder = tempfile::tempdir().unwrap();
    finished(folder.path());
    let (exit, _, progress) = said(folder.path(), &small(&["--resume", "out"]));
    assert_eq!(exit, 0, "{progress}");
    assert!(progress.contains("probe 3 (confirm)"), "{progress}");
    assert!(!progress.contains("probe 2 "), "what is finished is not made again: {progress}");
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    let limit = limits(&record)[0];
    is_whole(limit);
    assert_eq!(limit.probes[..2], [ProbePurpose::Bracket, ProbePurpose::Confirm].map(passed));
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_keeps_what_is_finished_and_resume_goes_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = |more: &[&'static str]| {
        // Two searches, so that there is something left to interrupt when one probe is finished.
        [&["limit", "word-count"], SMALL, more].concat()
    };
    let mut search = sluicebench(folder.path(), &arguments(&["--out", "out"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = folder.path().join("out");
    let probes = || {
        let record = RunRecord::read(&out).ok()?;
        let probes = limits(&record).first()?.probes.clone();
        (!probes.is_empty()).then_some(probes)
    };
    let mut looks = 0;
    while probes().is_none() {
        looks += 1;
        assert!(looks < 6000, "no probe is finished in a minute");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let kill = format!("kill -INT {}", search.id());
    assert!(Command::new("sh").arg("-c").arg(kill).status().unwrap().success());
    assert_eq!(search.wait().unwrap().code(), Some(130));

    let interrupted = RunRecord::read(&out).unwrap();
    assert!(interrupted.interrupted);
    let before = limits(&interrupted)[0].probes.clone();
    assert!(!before.is_empty());
    let last = limits(&interrupted)[1];
    assert_eq!(last.outcome, LimitOutcome::Unknown);
    assert!(last.text.contains("interrupted; go on with --resume"), "{}", last.text);
    assert!(out.join("report.html").is_file());

    let (exit, _, progress) = said(folder.path(), &arguments(&["--resume", "out"]));
    assert_eq!(exit, 0, "{progress}");
    let record = RunRecord::read(&out).unwrap();
    assert!(!record.interrupted);
    assert_eq!(limits(&record).len(), 2);
    limits(&record).into_iter().for_each(is_whole);
    assert_eq!(limits(&record)[0].probes[..before.len()], before);
}

/// A sweep of searches: of one rate at each of two points.
const SWEPT: &[&str] = &[
    "sweep",
    "keyed-window",
    "keys.zipf.exponent=0,1.5",
    "--limit",
    "--engine",
    "micro-batch",
    "--rate",
    "1k/s",
    "--least",
    "1k/s",
    "--most",
    "1k/s",
    "--window",
    "1s",
    "--parallelism",
    "2",
    "--set",
    "measure.warm_up=0s",
    "--set",
    "engine.micro-batch.interval=100ms",
];

#[test]
fn a_limit_is_searched_at_each_point_of_a_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (exit, results, progress) = said(folder.path(), &[SWEPT, &["--out", "out"]].concat());
    assert_eq!(exit, 0, "{progress}");
    let record = RunRecord::read(&out).unwrap();
    assert_eq!(record.sweep.as_ref().unwrap().axes[0].values, ["0", "1.5"]);
    let points: Vec<_> = record.cells.iter().map(|cell| cell.point[0].value.as_str()).collect();
    assert_eq!(points, ["0", "1.5"]);
    assert_eq!(limits(&record).len(), 2);
    limits(&record).into_iter().for_each(is_whole);
    assert!(results.contains("micro-batch sustainable rate"), "{results}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    if limits(&record).iter().all(|limit| limit.outcome == LimitOutcome::AtLeast) {
        assert!(results.contains("at least 1.00 k/s"), "{results}");
        assert!(page.contains("id=\"run-1-key-skew\""), "the chart of the question");
    }

    // Cut short before the second point, it goes on there and nowhere else.
    let mut cut = record.clone();
    cut.cells.pop();
    cut.write(&out).unwrap();
    let (exit, _, progress) = said(folder.path(), &[SWEPT, &["--resume", "out"]].concat());
    assert_eq!(exit, 0, "{progress}");
    assert!(!progress.contains("exponent-0 micro-batch, probe"), "{progress}");
    assert!(progress.contains("exponent-1.5 micro-batch, probe 1"), "{progress}");
    let again = RunRecord::read(&out).unwrap();
    assert_eq!(limits(&again)[0], limits(&record)[0]);
    is_whole(limits(&again)[1]);
    assert_eq!(again.cells[1].point, record.cells[1].point);

    // Nobody goes on with a sweep by searching elsewhere.
    let other: Vec<_> = SWEPT
        .iter()
        .map(|&typed| if typed.contains("0,1.5") { "keys.zipf.exponent=0,2" } else { typed })
        .collect();
    let (exit, _, complaint) = said(folder.path(), &[&other[..], &["--resume", "out"]].concat());
    assert_eq!(exit, 2, "{complaint}");
    assert!(complaint.contains("it has other points of a sweep, or none"), "{complaint}");
    // And the options of a search are for searches.
    let (exit, _, complaint) =
        said(folder.path(), &["sweep", "keyed-window", "interval=50ms,1s", "--most", "5k/s"]);
    assert_eq!(exit, 2);
    insta::assert_snapshot!(complaint, @r"
    error[sweep::search]: --most is about a search, and nothing is searched
      help: add --limit to search the highest rate at each point
    ");
}
