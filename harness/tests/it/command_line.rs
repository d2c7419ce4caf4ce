//! The binary, as a user meets it.

use crate::support::program::{self, answer, sluicebench};
use std::path::Path;

/// What it prints and its exit code, as one text.
#[track_caller]
fn said(folder: &Path, arguments: &[&str]) -> String {
    program::said(folder, arguments).to_string()
}

/// A scenario file that is in order, as lines that a row can replace.
const GOOD: &str = r#"name = "mine"
title = "Mine"

[source.synthetic]
rate = "50k/s"
keys = { uniform = { count = 100 } }

[query.window]
size = "5s"
slide = "1s"
aggregates = ["count", "sum"]

[engine.micro-batch]
interval = "1s"

[measure]
duration = "10s"
"#;

/// Each replaces a line of [`GOOD`], or stands after it.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("unknown_key", "interval = \"1s\"", "intervall = \"1s\""),
    ("unit", "size = \"5s\"", "size = 5"),
    (
        "no_such_metric",
        "duration = \"10s\"",
        "duration = \"10s\"\n\n[[threshold]]\nmetric = \"p99_latency\"\nbelow = \"100ms\"",
    ),
    ("slide_beyond_window", "slide = \"1s\"", "slide = \"10s\""),
    ("unknown_key_far_from_all", "interval = \"1s\"", "colour = \"red\""),
    ("unknown_table", "[measure]", "[mesure]"),
    ("unknown_engine", "[engine.micro-batch]", "[engine.mirco-batch]"),
    ("wrong_type", "duration = \"10s\"", "duration = true"),
    ("rate_without_unit", "rate = \"50k/s\"", "rate = 50000"),
    ("rate_of_nothing", "rate = \"50k/s\"", "rate = \"0/s\""),
    ("rate_that_changes", "rate = \"50k/s\"", "rate = { shape = \"steps\" }"),
    ("unreadable_duration", "duration = \"10s\"", "duration = \"ten seconds\""),
    ("finer_than_event_time", "size = \"5s\"", "size = \"5ns\""),
    ("missing_key", "rate = \"50k/s\"", ""),
    ("missing_source", "[source.synthetic]", "[sauce]"),
    ("two_sources", "[query.window]", "[source.words]\nrate = \"1k/s\"\n[query.window]"),
    (
        "words_for_a_window",
        "[source.synthetic]\nrate = \"50k/s\"\nkeys = { uniform = { count = 100 } }",
        "[source.words]\nrate = \"1k/s\"",
    ),
    (
        "word_count_without_words",
        "[query.window]\nsize = \"5s\"\nslide = \"1s\"\naggregates = [\"count\", \"sum\"]",
        "[query.word-count]",
    ),
    ("no_partitions", "keys = { uniform = { count = 100 } }", "partitions = 0"),
    ("no_keys", "keys = { uniform = { count = 100 } }", "keys = { uniform = { count = 0 } }"),
    (
        "fraction_above_one",
        "keys = { uniform = { count = 100 } }",
        "disorder = { fraction = 1.5, delay = { constant = \"1s\" } }",
    ),
    (
        "two_delays",
        "keys = { uniform = { count = 100 } }",
        "disorder = { fraction = 0.5, delay = { constant = \"1s\", uniform = { low = \"0s\", high = \"1s\" } } }",
    ),
    ("payload_of_no_event", "keys = { uniform = { count = 100 } }", "payload = \"7B\""),
    (
        "unknown_aggregate",
        "aggregates = [\"count\", \"sum\"]",
        "aggregates = [\"count\", \"summ\"]",
    ),
    ("no_aggregates", "aggregates = [\"count\", \"sum\"]", "aggregates = []"),
    (
        "not_a_multiple_of_the_interval",
        "interval = \"1s\"",
        "interval = \"300ms\"\nwindows = \"batches\"",
    ),
    (
        "late_for_batches",
        "slide = \"1s\"\naggregates = [\"count\", \"sum\"]\n\n[engine.micro-batch]",
        "slide = \"1s\"\nallowed_lateness = \"1s\"\n\n[engine.micro-batch]\nwindows = \"batches\"",
    ),
    (
        "no_inverse",
        "aggregates = [\"count\", \"sum\"]\n\n[engine.micro-batch]",
        "aggregates = [\"count\", \"max\"]\n\n[engine.micro-batch]\nalgorithm = \"inverse\"",
    ),
    ("session_windows", "slide = \"1s\"", "session = { gap = \"30min\" }"),
    ("checkpoints", "interval = \"1s\"", "checkpoint = \"10s\""),
    ("no_duration", "duration = \"10s\"", "duration = \"0s\""),
    ("name_of_no_file", "name = \"mine\"", "name = \"mine/yours\""),
    ("syntax", "rate = \"50k/s\"", "rate = 50k/s"),
    (
        "syntax_twice",
        "title = \"Mine\"\n\n[source.synthetic]",
        "title = \"Mine\n\n[source.synthetic",
    ),
    ("duplicate_key", "slide = \"1s\"", "size = \"1s\""),
];

#[test]
fn each_mistake_is_shown_where_it_is() {
    for (name, line, instead) in MISTAKES {
        let folder = tempfile::tempdir().unwrap();
        assert!(GOOD.contains(line), "{name}: no such line");
        std::fs::write(folder.path().join("bench.toml"), GOOD.replacen(line, instead, 1)).unwrap();
        let said = said(folder.path(), &["validate", "bench.toml"]);
        assert!(said.ends_with("--- exit 2\n"), "{name} is a mistake:\n{said}");
        insta::assert_snapshot!(*name, said);
    }
}

#[test]
fn a_file_in_order_is_ok() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bench.toml"), GOOD).unwrap();
    insta::assert_snapshot!(said(folder.path(), &["validate", "bench.toml", "quick"]), @r"
    ok bench.toml
    ok quick (4 cases)
    --- exit 0
    ");
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let many = r#"name = "many"
titel = "Many"

[source.synthetic]
rate = 5
values = { uniform = { low = 5, high = -5 } }

[source.synthetic.disorder]
fraction = 1.5
delay = { paretto = { scale = "50ms", shape = 1.3 } }

[query.window]
size = "5s"
slide = "10s"

[engine.micro-batch]
intervall = "1s"
"#;
    std::fs::write(folder.path().join("many.toml"), many).unwrap();
    insta::assert_snapshot!("many", said(folder.path(), &["validate", "many.toml"]));
    insta::assert_snapshot!(
        "many_json",
        said(folder.path(), &["validate", "many.toml", "--format", "json"])
    );
}

#[test]
fn a_file_of_events_is_told_from_a_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "2001-03-31T22:18:00Z,DFW,1172\n".repeat(1000);
    std::fs::write(folder.path().join("trips.csv"), &rows).unwrap();
    insta::assert_snapshot!(said(folder.path(), &["plan", "trips.csv"]), @r"
    --- stderr
    error[config::trace]: `trips.csv` holds events, and a scenario is asked for
      help: sluicebench init trips.csv writes a scenario that reads it; what it may say: sluicebench describe source.trace
    --- exit 2
    ");
    // Under any other name it is a file with a great many mistakes.
    std::fs::write(folder.path().join("trips.toml"), &rows).unwrap();
    let told = said(folder.path(), &["twin", "trips.toml"]);
    assert_eq!(told.matches("config::syntax").count(), 10, "{told}");
}

#[test]
fn a_mistake_in_an_argument_is_shown_in_the_argument() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut all = vec!["run", "keyed-window"];
        all.extend(arguments);
        said(folder.path(), &all)
    };
    insta::assert_snapshot!("set_unknown", run(&["--set", "engine.micro-batch.intervall=50ms"]));
    insta::assert_snapshot!("set_unit", run(&["--set", "query.window.size=5"]));
    insta::assert_snapshot!("set_conflict", run(&["--set", "query.window.slide=2s"]));
    insta::assert_snapshot!("set_nothing", run(&["--set", "interval"]));
    insta::assert_snapshot!("rate", run(&["--rate", "5"]));
    insta::assert_snapshot!("seed", run(&["--seed", "-1"]));
    insta::assert_snapshot!("engine", run(&["--engine", "per-evnt"]));
    let mut command = sluicebench(folder.path(), &["run", "keyed-window"]);
    command.env("SLUICEBENCH_SEED", "many");
    insta::assert_snapshot!("environment", answer(&mut command).to_string());
    assert!(!folder.path().join("runs").exists(), "nothing is written before all is in order");
}

#[test]
fn a_scenario_that_is_not_there_is_told_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (snapshot, name) in [
        ("no_such_scenario", "keyed-windw"),
        ("no_such_file", "nowhere.toml"),
        ("no_such_trace", "flight-departures"),
    ] {
        insta::assert_snapshot!(snapshot, said(folder.path(), &["run", name]));
    }
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["rum"][..], &["run"], &["run", "identity", "--repeat", "0"]] {
        let said = program::said(folder.path(), arguments);
        assert_eq!(said.exit, 2, "{said}");
    }
}

#[test]
fn help_and_lists_say_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", said(folder.path(), &["--help"]));
    insta::assert_snapshot!("help_run", said(folder.path(), &["run", "--help"]));
    insta::assert_snapshot!("list", said(folder.path(), &["list"]));
    insta::assert_snapshot!("list_engines", said(folder.path(), &["list", "engines"]));
    insta::assert_snapshot!("list_json", said(folder.path(), &["list", "--format", "json"]));
}

#[test]
fn describe_says_what_a_name_means() {
    let folder = tempfile::tempdir().unwrap();
    for (snapshot, name) in [
        ("describe_scenario", "keyed-window"),
        ("describe_trace", "flight-departures"),
        ("describe_suite", "quick"),
        ("describe_engine", "per-event"),
        ("describe_key", "engine.micro-batch.interval"),
        ("describe_table", "source.synthetic.disorder"),
        ("describe_word", "result_latency"),
        ("describe_code", "config::conflict"),
        ("describe_unknown", "keyed-windw"),
    ] {
        insta::assert_snapshot!(snapshot, said(folder.path(), &["describe", name]));
    }
}

#[test]
fn every_key_can_be_described() {
    let folder = tempfile::tempdir().unwrap();
    for key in sluicebench::config::keys::KEYS.iter().step_by(7) {
        let path = key.path.strip_prefix("suite.").unwrap_or(key.path);
        // A suite's `name` gives way to that of a scenario.
        if sluicebench::config::keys::key(path).is_some_and(|other| other.path != key.path) {
            continue;
        }
        let said = said(folder.path(), &["describe", path]);
        assert!(said.contains(key.meaning) || path == "suite", "{path}:\n{said}");
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["list"][..], &["describe", "quick"], &["--help"], &["validate", "quick"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = answer(sluicebench(folder.path(), arguments).stdout(writer));
        assert_eq!((said.exit, said.complaints.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn a_run_goes_on_when_nobody_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sluicebench(folder.path(), &["run", "identity", "--simulate"]);
    command.args(["--rate", "1k/s"]);
    command.args(["--duration", "50ms", "--set", "measure.warm_up=0s", "--out", "out"]);
    let status = command.stdout(writer.try_clone().unwrap()).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(folder.path().join("out/report.html").is_file());
}

#[test]
fn a_single_repetition_is_inconclusive_for_who_is_strict() {
    for (strict, code) in [(&[][..], 0), (&["--strict"][..], 5)] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = sluicebench(folder.path(), &["run", "identity", "--rate", "1k/s"]);
        command.args(["--duration", "50ms", "--set", "measure.warm_up=0s", "--repeat", "1"]);
        let said = answer(command.args(strict));
        assert_eq!(said.exit, code, "{strict:?}: {}", said.complaints);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn results_that_cannot_be_written_are_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let said = answer(sluicebench(folder.path(), &["list"]).stdout(full));
    assert_eq!(said.exit, 1);
    assert!(said.complaints.contains("error[output::lost]"), "{}", said.complaints);
}

#[test]
fn a_folder_that_holds_a_run_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("first")).unwrap();
    std::fs::write(folder.path().join("first/run.json"), "{}").unwrap();
    let run = |out| said(folder.path(), &["run", "identity", "--out", out]);
    insta::assert_snapshot!("folder_with_a_run", run("first"));
    assert_eq!(std::fs::read_to_string(folder.path().join("first/run.json")).unwrap(), "{}");
    let unwritable = run("first/run.json/below");
    assert!(unwritable.contains("error[run::folder]"), "{unwritable}");
    assert!(unwritable.ends_with("--- exit 2\n"), "{unwritable}");
}

/// A small trace: what it holds, and what the program says when it is to be run.
#[test]
fn a_trace_that_cannot_be_used_is_told_before_anything_runs() {
    let header = "arrived,happened,who,what\n";
    let good = "2001-01-01T00:00:00Z,2001-01-01T00:00:00Z,a,1\n";
    for (name, text, key, exit) in [
        ("trace_missing_column", format!("{header}{good}"), "whom", 2),
        ("trace_bad_time", format!("{header}{good}yesterday,today,a,1\n"), "who", 1),
        ("trace_bad_number", format!("{header}{good}{}", good.replace(",1\n", ",one\n")), "who", 1),
        ("trace_empty", String::new(), "who", 1),
        ("trace_no_rows", header.to_owned(), "who", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("events.csv"), text).unwrap();
        let scenario = format!(
            "name = \"mine\"\n[source.trace]\npath = \"events.csv\"\narrival = \"arrived\"\n\
             event_time = \"happened\"\nkey = \"{key}\"\nvalue = \"what\"\n\
             [query.window]\nsize = \"1h\"\n"
        );
        std::fs::write(folder.path().join("mine.toml"), scenario).unwrap();
        let said = said(folder.path(), &["run", "mine.toml"]);
        assert!(said.ends_with(&format!("--- exit {exit}\n")), "{name}:\n{said}");
        assert!(!folder.path().join("runs").exists(), "{name} leaves no folder");
        insta::assert_snapshot!(name, said);
    }
}

/// A scenario over a trace of these rows, in a folder of its own.
fn over_trace(rows: &str, settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.csv"), format!("at,who,what\n{rows}")).unwrap();
    let scenario = format!(
        "name = \"mine\"\n[source.trace]\npath = \"events.csv\"\narrival = \"at\"\n\
         event_time = \"at\"\nkey = \"who\"\nvalue = \"what\"\n{settings}\n\
         [query.window]\nsize = \"1s\"\n[measure]\nwarm_up = \"0s\"\nduration = \"5s\"\n"
    );
    std::fs::write(folder.path().join("mine.toml"), scenario).unwrap();
    folder
}

#[test]
fn rows_that_are_left_out_are_counted_and_listed() {
    let rows = "1.0,a,1\n1.1,a,NaN\n9223372036854775807,b,2\n-9223372036854775808,b,2\n\
                soon,b,2\n1.2,b\n1.3,b,5\n";
    let refused = over_trace(rows, "");
    let refused = said(refused.path(), &["run", "mine.toml", "--simulate"]);
    assert!(refused.contains("line 3, column `what`"), "{refused}");
    assert!(refused.ends_with("--- exit 1\n"), "{refused}");

    let folder = over_trace(rows, "on_bad_row = \"reject\"");
    let said = said(folder.path(), &["run", "mine.toml", "--simulate", "--out", "out"]);
    assert!(said.ends_with("--- exit 0\n"), "{said}");
    assert!(said.contains("5 rows of the trace cannot be read and are left out"), "{said}");
    let record = reports::RunRecord::read(&folder.path().join("out")).unwrap();
    assert_eq!((record.cells[0].input.events, record.cells[0].input.rejected_rows), (2, 5));
    insta::assert_snapshot!(
        std::fs::read_to_string(folder.path().join("out/rejected.csv")).unwrap(),
        @r#"
    line,column,found,why
    3,what,NaN,expected a finite number
    4,at,9223372036854775807,"expected a time within 73,000 years of 1970"
    5,at,-9223372036854775808,"expected a time within 73,000 years of 1970"
    6,at,soon,"expected a number of seconds since 1970, as in the rows before"
    7,,"1.2,b","expected 3 fields, found 2"
    "#
    );
}

#[test]
fn a_trace_of_one_event_is_a_run() {
    let folder = over_trace("2001-01-01T00:00:00Z,a,1\n", "");
    let said = said(folder.path(), &["run", "mine.toml", "--simulate", "--out", "out"]);
    assert!(said.ends_with("--- exit 0\n"), "{said}");
    assert!(!folder.path().join("out/rejected.csv").exists(), "there is nothing to list");
}

#[test]
fn partitions_without_events_are_named_and_need_not_be_waited_for() {
    // Of these the run lasts for five.
    let rows: Vec<_> = (0..6).map(|n| format!("2001-01-01T00:00:{n:02}Z,a,1")).collect();
    let folder = over_trace(&rows.join("\n"), "");
    let run = |out: &str, more: &[&str]| {
        let mut arguments = vec!["run", "mine.toml", "--simulate", "--out", out];
        arguments.extend(["--set", "source.trace.partitions=8"]);
        arguments.extend(more);
        said(folder.path(), &arguments)
    };
    let silent =
        "3 of 8 source partitions (numbers 6 to 8) are without events and hold the watermark";
    let patient = run("patient", &[]);
    assert!(patient.contains(silent), "{patient}");
    assert!(patient.ends_with("--- exit 0\n"), "{patient}");
    let free = run("free", &["--set", "source.trace.idle_after=100ms"]);
    assert!(!free.contains("are without events"), "{free}");
    assert!(free.ends_with("--- exit 0\n"), "{free}");
}

#[test]
fn silent_partitions_are_taken_along_and_every_answer_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = r#"
name = "silent"
[source.synthetic]
rate = "20/s"
arrivals = "poisson"
partitions = 8
idle_after = "300ms"
keys = { uniform = { count = 3 } }
values = { constant = 1 }
disorder = { fraction = 0.2, delay = { uniform = { low = "10ms", high = "2s" } } }
[query.window]
size = "1s"
watermark = "100ms"
"#;
    std::fs::write(folder.path().join("silent.toml"), scenario).unwrap();
    for seed in ["1", "2", "3"] {
        let run = ["run", "silent.toml", "--simulate", "--seed", seed, "--out", seed];
        let said = said(folder.path(), &run);
        assert!(said.ends_with("--- exit 0\n"), "{said}");
        let record = reports::RunRecord::read(&folder.path().join(seed)).unwrap();
        for engine in &record.cells[0].engines {
            let repetition = &engine.repetitions[0];
            assert!(repetition.is_verified(), "{said}");
            assert!(repetition.counts.late > 0, "what is taken along may be late");
        }
    }
}

#[test]
fn a_sum_past_64_bits_fails_its_cell_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let suite = r#"
name = "sums"
title = "Sums"
[[case]]
scenario = "keyed-window"
name = "past"
set = { "source.synthetic.values" = { constant = 9_000_000_000_000_000_000 } }
[[case]]
scenario = "keyed-window"
name = "within"
set = { "source.synthetic.values" = { constant = -900_000_000_000_000 } }
"#;
    std::fs::write(folder.path().join("sums.toml"), suite).unwrap();
    let mut arguments = vec!["run", "sums.toml", "--simulate", "--out", "out", "--rate", "5k/s"];
    arguments.extend(["--duration", "300ms", "--set", "measure.warm_up=0s"]);
    let said = said(folder.path(), &arguments);
    assert!(said.ends_with("--- exit 1\n"), "{said}");
    let record = reports::RunRecord::read(&folder.path().join("out")).unwrap();
    let failures = |cell: usize| {
        let engines = record.cells[cell].engines.iter();
        engines.map(|engine| engine.repetitions[0].failure.clone()).collect::<Vec<_>>()
    };
    for failure in failures(0) {
        let failure = failure.unwrap();
        // By its rank among the hundred, as everywhere else, and not by its number inside.
        let key = failure.split("key ").nth(1).and_then(|rest| rest.split(',').next());
        let rank = key.and_then(|key| key.parse::<u64>().ok());
        assert!(rank.is_some_and(|rank| rank < 100), "{failure}");
        assert!(failure.contains("window ["), "{failure}");
        assert!(failure.contains("does not fit a 64-bit integer"), "{failure}");
    }
    assert_eq!(failures(1), [None, None]);
}

/// What a short run in simulated time leaves behind, and that it can be repeated from it.
#[test]
fn a_run_writes_its_folder_and_can_be_run_again_from_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["--simulate", "--duration", "100ms", "--set", "measure.warm_up=0s"];
    let run = |what: &str, out: &str| {
        let mut arguments = vec!["run", what, "--out", out, "--rate", "5k/s", "--keep-results"];
        arguments.extend(short);
        said(folder.path(), &arguments)
    };
    let first = run("keyed-window", "first");
    assert!(first.ends_with("--- exit 0\n"), "{first}");
    assert!(first.contains("first/report.html"), "{first}");
    for file in ["run.json", "report.html", "per-event-1.hlog", "micro-batch-1-results.csv"] {
        assert!(folder.path().join("first").join(file).is_file(), "{file}");
    }
    let record = reports::RunRecord::read(&folder.path().join("first")).unwrap();
    std::fs::write(folder.path().join("again.toml"), &record.cells[0].resolved).unwrap();
    let second = run("again.toml", "second");
    assert!(second.ends_with("--- exit 0\n"), "{second}");
    let again = reports::RunRecord::read(&folder.path().join("second")).unwrap();
    assert_eq!(again.cells[0].input.hash, record.cells[0].input.hash);
    for engine in ["per-event", "micro-batch"] {
        let results = |out: &str| {
            std::fs::read(folder.path().join(out).join(format!("{engine}-1-results.csv"))).unwrap()
        };
        assert_eq!(results("first"), results("second"), "{engine}");
    }
    assert!(said(folder.path(), &["report", "first"]).ends_with("--- exit 0\n"));
    let third = run("keyed-window", "first");
    assert!(third.contains("holds a run already"), "{third}");
}

#[test]
fn json_is_the_record_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "run",
        "identity",
        "--simulate",
        "--rate",
        "1k/s",
        "--duration",
        "50ms",
        "--set",
        "measure.warm_up=0s",
        "--format",
        "json",
        "--engine",
        "per-event",
    ];
    let said = program::said(folder.path(), &arguments);
    let record: reports::RunRecord = serde_json::from_str(&said.results).unwrap();
    assert_eq!(record.name, "identity");
    assert_eq!(record.cells[0].engines.len(), 1);
    assert!(
        record.command.starts_with("sluicebench run identity --simulate"),
        "{}",
        record.command
    );
}

#[test]
fn events_are_written_as_they_will_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "events",
        "identity",
        "--out",
        "events.csv",
        "--rate",
        "1k/s",
        "--duration",
        "5ms",
        "--set",
        "measure.warm_up=0s",
    ];
    assert!(said(folder.path(), &arguments).contains("5 events in events.csv"));
    let text = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "n,due_ns,event_time_us,key,value");
    assert_eq!(lines.len(), 6);
    for (n, line) in lines[1..].iter().enumerate() {
        assert!(line.starts_with(&format!("{n},{},{},", n * 1_000_000, n * 1_000)), "{line}");
    }
}

#[test]
fn a_suite_has_no_single_input_to_write() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(
        "events_of_a_suite",
        said(folder.path(), &["events", "quick", "--out", "events.csv"])
    );
}

#[test]
fn a_report_needs_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(folder.path(), &["report", "nowhere"]);
    assert!(said.contains("error[report::record]"), "{said}");
    assert!(said.ends_with("--- exit 1\n"), "{said}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let folder = tempfile::tempdir().unwrap();
    let plain = said(folder.path(), &["run", "nothing-of-that-name"]);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = said(folder.path(), &["run", "nothing-of-that-name", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[31merror"), "{coloured}");
}
