//! The commands around a run: its export, its schema, its plan, and the file to start from.

use crate::support::program;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use reports::RunRecord;
use std::fs;
use std::path::Path;

/// What it prints, what it complains of and its exit code.
#[track_caller]
fn said(folder: &Path, arguments: &[&str]) -> (String, String, i32) {
    let said = program::said(folder, arguments);
    (said.results, said.complaints, said.exit)
}

/// Runs two small cells twice in simulated time, into `out`.
fn run(folder: &Path) {
    let short = ["--simulate", "--rate", "2k/s", "--duration", "2s", "--repeat", "2"];
    let mut arguments = vec!["run", "keyed-window", "identity", "--out", "out"];
    arguments.extend(short);
    let (_, complaints, exit) = said(folder, &arguments);
    assert_eq!(exit, 0, "{complaints}");
}

#[track_caller]
fn holds(schema: &serde_json::Value, document: &serde_json::Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let mistakes: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn two_runs_are_reported_over_each_other_on_one_clock() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    fs::rename(folder.path().join("out"), folder.path().join("first")).unwrap();
    run(folder.path());
    let (results, complaints, exit) = said(folder.path(), &["report", "first", "out"]);
    assert_eq!(exit, 0, "{complaints}");
    assert!(results.contains("out/together.html"), "{results}");
    let page = fs::read_to_string(folder.path().join("out/together.html")).unwrap();
    assert!(page.contains("id=\"over-keyed-window-over-time\""), "one clock for both");
}

#[test]
fn a_run_is_exported_whole() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let out = folder.path().join("out");
    let record = RunRecord::read(&out).unwrap();
    holds(&reports::record::schema::run(), &json(&out.join("run.json")));
    let (files, complaints, exit) = said(folder.path(), &["export", "out"]);
    assert_eq!(exit, 0, "{complaints}");
    let to = out.join("export");
    assert_eq!(files.lines().count(), fs::read_dir(&to).unwrap().count());

    let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
    let repetitions = read("repetitions.csv");
    assert_eq!(repetitions.lines().count(), 1 + 2 * 2 * 2, "{repetitions}");
    let head = repetitions.lines().next().unwrap();
    for name in ["result_latency_ns_p99", "cpu_us_per_event", "memory_bytes_peak", "verdict"] {
        assert!(head.split(',').any(|column| column == name), "{head}");
    }
    let p99 = record.cells[0].engines[0].repetitions[0].result_latency.as_ref().unwrap().p99_ns;
    assert!(repetitions.lines().nth(1).unwrap().contains(&format!(",{p99},")), "{repetitions}");
    let rows = |rows: fn(&reports::record::Repetition) -> usize| {
        let engines = record.cells.iter().flat_map(|cell| &cell.engines);
        1 + engines.flat_map(|engine| &engine.repetitions).map(rows).sum::<usize>()
    };
    assert_eq!(read("timeline.csv").lines().count(), rows(|r| r.timeline.len()));
    assert_eq!(read("batches.csv").lines().count(), rows(|r| r.batches.len()));

    let merged = record.cells[0].engines[0].merged_result_latency.as_ref().unwrap();
    let ladder = read("keyed-window-micro-batch-result_latency_ns.hgrm");
    let total = ladder.lines().find(|line| line.starts_with("#[Max")).unwrap();
    assert!(total.ends_with(&format!("{:>12}]", merged.count)), "{total}");
    let most = ladder.lines().find(|line| line.contains(" 1.000000000000 ")).unwrap();
    assert!(most.trim_start().starts_with(&format!("{}.000 ", merged.max_ns)), "{most}");

    let log = fs::read(to.join("identity-per-event.hlog")).unwrap();
    let tags: Vec<_> = IntervalLogIterator::new(&log)
        .filter_map(|entry| match entry.unwrap() {
            LogEntry::Interval(interval) => Some(interval.tag().unwrap().as_str().to_owned()),
            _ => None,
        })
        .collect();
    assert!(tags.len() >= 4 && tags.iter().any(|tag| tag == "event"), "{tags:?}");
    holds(&json(&to.join("run.schema.json")), &json(&to.join("run.json")));
    // What is exported once more replaces what was exported before, where that is asked for.
    let (_, complaints, exit) = said(folder.path(), &["export", "out"]);
    assert!(exit == 1 && complaints.contains("is there already"), "{complaints}");
    let (again, complaints, exit) = said(folder.path(), &["export", "out", "--force"]);
    assert_eq!((again, exit), (files, 0), "{complaints}");
}

#[test]
fn one_format_and_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let (files, complaints, exit) = said(folder.path(), &["export", "out", "--hlog", "--to", "x"]);
    assert_eq!(exit, 0, "{complaints}");
    assert!(files.lines().all(|file| file.rsplit('.').next() == Some("hlog")), "{files}");
    assert_eq!(fs::read_dir(folder.path().join("x")).unwrap().count(), 4);
    // Once more, as into a folder with everything; but not over the logs of a run without a record.
    let again = |to| said(folder.path(), &["export", "out", "--hlog", "--to", to, "--force"]);
    assert_eq!(again("x").0, files);
    fs::create_dir(folder.path().join("cut")).unwrap();
    let log = "identity-per-event-1.hlog";
    fs::copy(folder.path().join("out").join(log), folder.path().join("cut").join(log)).unwrap();
    let (_, complaints, exit) = again("cut");
    assert!(exit == 1 && complaints.contains("never overwritten"), "{complaints}");
    let (_, complaints, exit) = said(folder.path(), &["export", "out", "--json", "--to", "out"]);
    assert_eq!(exit, 1);
    assert!(complaints.contains("never overwritten"), "{complaints}");
    let (_, complaints, exit) =
        said(folder.path(), &["export", "out", "--csv", "--to", "out/run.json"]);
    assert_eq!(exit, 1);
    assert!(complaints.contains("export::unwritable"), "{complaints}");
}

type Damage = (&'static str, fn(&Path), &'static str);

/// Each damages a run, and is told by a part of a message.
const DAMAGES: &[Damage] = &[
    (
        "a log that is gone",
        |out| fs::remove_file(out.join("identity-per-event-2.hlog")).unwrap(),
        "identity-per-event-2.hlog cannot be read",
    ),
    (
        "a log cut at the end of a line",
        |out| {
            edit(&out.join("identity-per-event-1.hlog"), |text| {
                let end = text.trim_end().rfind('\n').unwrap() + 1;
                text[..end].to_owned()
            });
        },
        "does not hold what run.json says of it",
    ),
    (
        "a log cut within a line",
        |out| {
            edit(&out.join("identity-micro-batch-1.hlog"), |text| {
                text[..text.len() - 40].to_owned()
            });
        },
        "cut short or edited",
    ),
    (
        "a log whose distribution was edited",
        |out| {
            edit(&out.join("identity-micro-batch-1.hlog"), |text| {
                text.replacen(",HISTF", ",HISTX", 1)
            });
        },
        "is not an interval log at second",
    ),
    (
        "a record cut short",
        |out| {
            edit(&out.join("run.json"), |text| text[..text.len() / 2].to_owned());
        },
        "is truncated at line",
    ),
    (
        "a record edited by hand",
        |out| {
            edit(&out.join("run.json"), |text| {
                text.replacen("\"answers_measured\": ", "\"answers_measured\": x", 1)
            });
        },
        "undo that",
    ),
];

fn edit(path: &Path, change: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "{}", path.display());
    fs::write(path, changed).unwrap();
}

#[test]
fn a_damaged_run_is_not_exported() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let out = folder.path().join("out");
    for (name, damage, want) in DAMAGES {
        let copy = folder.path().join("copy");
        fs::create_dir(&copy).unwrap();
        for entry in fs::read_dir(&out).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
            }
        }
        damage(&copy);
        let (_, complaints, exit) = said(folder.path(), &["export", "copy", "--hgrm"]);
        assert_eq!(exit, 1, "{name}");
        assert!(complaints.contains(want), "{name}: {complaints}");
        assert!(complaints.starts_with("error[export::"), "{name}: {complaints}");
        fs::remove_dir_all(&copy).unwrap();
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_parquet_it_says_how_to_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_, complaints, exit) = said(folder.path(), &["export", "out", "--parquet"]);
    assert_eq!(exit, 1);
    assert!(complaints.contains("--features parquet"), "{complaints}");
}

#[test]
fn what_init_writes_is_planned_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    for template in ["quick", "ci", "engine-choice"] {
        let file = format!("{template}.toml");
        let (told, complaints, exit) =
            said(folder.path(), &["init", &file, "--template", template]);
        assert_eq!(exit, 0, "{complaints}");
        assert!(told.contains(&format!("sluicebench run {file}")), "{told}");
        assert_eq!(said(folder.path(), &["validate", &file]).2, 0, "{template}");
        let short = ["--rate", "1k/s", "--duration", "1s", "--set", "measure.warm_up=200ms"];
        let (plan, complaints, exit) =
            said(folder.path(), &[&["plan", &file][..], &short[..]].concat());
        assert_eq!(exit, 0, "{complaints}");
        assert!(plan.contains("source.synthetic.rate") && plan.contains("command line"), "{plan}");
        let (out, run) = (format!("out-{template}"), ["run", &file, "--simulate", "--out"]);
        let (_, complaints, exit) =
            said(folder.path(), &[&run[..], &[out.as_str()], &short].concat());
        assert_eq!(exit, 0, "{complaints}");
    }
    let (_, complaints, exit) = said(folder.path(), &["init", "quick.toml"]);
    assert_eq!(exit, 2);
    assert!(complaints.contains("init::exists"), "{complaints}");
    let (_, complaints, exit) = said(folder.path(), &["plan", "quick.toml", "--rate", "5"]);
    assert_eq!(exit, 2);
    assert!(complaints.contains("config::unit"), "{complaints}");
}
