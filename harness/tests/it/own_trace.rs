//! A trace of one's own, from the first minute: what a file of settings says of it, and what the
//! program says of the file before and after a run.

use crate::support::program;
use sluicebench::config::{self, Given, Sets, Traces};
use std::fmt::Write as _;

#[test]
fn a_key_of_the_command_line_may_be_as_short_as_a_sweeps() {
    let folder = over_trace();
    let of = |set: &str| {
        let file = folder.path().join("mine.toml").display().to_string();
        let given = Given {
            from: "command line",
            prefix: "--set ".into(),
            sets: Sets::Any,
            text: set.to_owned(),
        };
        config::load(&[file], &[given], &[], Traces::MayBeAbsent)
    };
    for (short, whole) in [
        ("speed=60", "source.trace.speed=60"),
        ("trace.speed=60", "source.trace.speed=60"),
        ("interval=50ms", "engine.micro-batch.interval=50ms"),
        ("size=2s", "query.window.size=2s"),
        ("duration=1s", "measure.duration=1s"),
    ] {
        let cell = |set| of(set).unwrap_or_else(|why| panic!("{set}: {why}")).cells.remove(0);
        assert_eq!(cell(short), cell(whole), "{short}");
    }
    let refused = |set| of(set).unwrap_err().to_string();
    let several = refused("algorithm=slices");
    assert!(several.contains("`algorithm` means more than one key"), "{several}");
    assert!(several.contains("engine.per-event.algorithm"), "{several}");
    // An engine that is named is the one that is meant.
    let dstream = |set: &str| {
        let file = folder.path().join("mine.toml").display().to_string();
        let given = Given::set(set.to_owned());
        let engines = ["spark-dstream".to_owned()];
        let loaded = config::load(&[file], &[given], &engines, Traces::MayBeAbsent);
        loaded.unwrap_or_else(|why| panic!("{set}: {why}")).cells.remove(0)
    };
    assert_eq!(dstream("interval=250ms"), dstream("engine.spark-dstream.interval=250ms"));
    let unknown = refused("sped=60");
    assert!(unknown.contains("config::unknown_key") || unknown.contains("`sped`"), "{unknown}");
}

/// A scenario over a trace that is not there.
fn over_trace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = "name = \"mine\"\n[source.trace]\npath = \"events.csv\"\narrival = \"at\"\n\
                event_time = \"at\"\nkey = \"who\"\n[query.window]\nsize = \"1s\"\n\
                aggregates = [\"count\"]\n";
    std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    folder
}

#[test]
fn arrival_is_the_event_time_where_nobody_says() {
    let folder = over_trace();
    let file = folder.path().join("mine.toml");
    let load = || config::load(&[file.display().to_string()], &[], &[], Traces::MayBeAbsent);
    let both = load().unwrap().cells;
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("arrival = \"at\"\n", "")).unwrap();
    assert_eq!(load().unwrap().cells, both);
}

#[test]
fn a_zone_an_origin_and_a_delimiter_that_mean_nothing_are_refused_where_they_stand() {
    let folder = over_trace();
    for (line, said) in [
        ("time_zone = \"Berlin\"", "no time zone is called `Berlin`"),
        ("time_origin = \"monday\"", "the origin `monday` is no time"),
        ("delimiter = \"::\"", "`::` is no delimiter"),
        ("delimiter = \"\\n\"", "is no delimiter"),
        ("time_unit = \"min\"", "`min` is not a choice"),
    ] {
        let file = folder.path().join("mine.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let changed = folder.path().join("other.toml");
        std::fs::write(&changed, text.replace("key = ", &format!("{line}\nkey = "))).unwrap();
        let names = [changed.display().to_string()];
        let rejected = config::load(&names, &[], &[], Traces::MayBeAbsent).unwrap_err();
        let placed = rejected.placed();
        assert_eq!(placed[0].labels[0].line, 6, "{line}: {rejected}");
        assert!(rejected.to_string().contains(said), "{line}: {rejected}");
    }
}

/// A folder with a file of rows and a scenario that reads it, in a run of five seconds.
fn folder_of(rows: &str, settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.csv"), rows).unwrap();
    let scenario = format!(
        "name = \"mine\"\n[source.trace]\npath = \"events.csv\"\narrival = \"at\"\n\
         event_time = \"at\"\nkey = \"who\"\n{settings}\n[query.window]\nsize = \"1s\"\n\
         aggregates = [\"count\"]\n[measure]\nwarm_up = \"0s\"\nduration = \"5s\"\n"
    );
    std::fs::write(folder.path().join("mine.toml"), scenario).unwrap();
    folder
}

fn said(folder: &tempfile::TempDir, arguments: &[&str]) -> String {
    program::said(folder.path(), arguments).to_string()
}

/// Rows a second apart, and the text of one of them at a place.
fn seconds(count: u64, also: &[(u64, &str)]) -> String {
    let mut text = "at,who\n".to_owned();
    for n in 0..count {
        for (_, row) in also.iter().filter(|(place, _)| *place == n) {
            text.push_str(row);
            text.push('\n');
        }
        let _ = writeln!(text, "{},a", 1_720_612_800 + n);
    }
    text
}

#[test]
fn validate_reads_the_first_rows_of_a_trace() {
    let good = folder_of(&seconds(10, &[]), "");
    let clean = said(&good, &["validate", "mine.toml"]);
    assert!(clean.starts_with("ok mine.toml\n") && clean.ends_with("--- exit 0\n"), "{clean}");
    assert!(!clean.contains("   ! "), "{clean}");
    let strange = folder_of(&seconds(10, &[(3, "1720612803,"), (5, "1720612805,")]), "");
    let noted = said(&strange, &["validate", "mine.toml"]);
    assert!(
        noted.contains("ok mine.toml\n   ! 2 rows have an empty key (the first: line 5)"),
        "{noted}"
    );
    let noted = said(&strange, &["validate", "mine.toml", "--format", "json"]);
    assert!(noted.contains("\"! 2 rows have an empty key"), "{noted}");
    let bad = folder_of(&seconds(10, &[(3, "yesterday,a")]), "");
    let refused = said(&bad, &["validate", "mine.toml"]);
    assert!(refused.contains("trace::unreadable") && refused.contains("line 5"), "{refused}");
    assert!(refused.ends_with("--- exit 2\n"), "{refused}");
    let other = folder_of("when;who\n1;a\n", "");
    let refused = said(&other, &["validate", "mine.toml", "--format", "json"]);
    assert!(
        refused.contains("\"trace::column\"") && refused.contains("\"ok\": false"),
        "{refused}"
    );
}

#[test]
fn plan_and_run_say_how_much_of_a_trace_is_played_and_which_speed_fills_the_run() {
    let folder = folder_of(&seconds(101, &[]), "speed = 2");
    let planned = said(&folder, &["plan", "mine.toml"]);
    for sentence in [
        "10 of the 101 rows of the trace are played (9.90 %): at speed 2 the run's 5.00 s see 10.0 s \
         of its 100 s",
        "a batch of 200 ms holds 400 ms of the trace, and a window ends in every 2.50 of them",
        "speed = 20.1 would fill 5.00 s with all of it",
    ] {
        assert!(planned.contains(sentence), "{sentence}\n{planned}");
    }
    let ran = said(&folder, &["run", "mine.toml", "--simulate", "--out", "out"]);
    assert!(ran.contains("10 of the 101 rows of the trace are played"), "{ran}");
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("of the trace are played"), "said on the page");
    let whole =
        said(&folder, &["run", "mine.toml", "--simulate", "--set", "speed=20.1", "--out", "all"]);
    assert!(whole.contains("all 101 rows of the trace are played"), "{whole}");
    let record = reports::RunRecord::read(&folder.path().join("all")).unwrap();
    let codes: Vec<_> = record.cells[0].warnings.iter().map(|warning| &*warning.code).collect();
    assert!(!codes.contains(&"input::part_of_trace"), "{codes:?}");
}

#[test]
fn a_row_that_moved_the_watermark_is_named_with_what_it_cost() {
    let mut rows = "at,happened,who\n".to_owned();
    for n in 0..100 {
        let at = 1_720_612_800 + n;
        let happened = if n == 20 { at + 86_400 } else { at };
        let _ = writeln!(rows, "{at},{happened},a");
    }
    let folder = folder_of(&rows, "speed = 25\nwatermark_every = 1");
    let file = folder.path().join("mine.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("event_time = \"at\"", "event_time = \"happened\""))
        .unwrap();
    let said = said(&folder, &["run", "mine.toml", "--simulate", "--out", "out"]);
    let cause = "the event in line 22 lay 24.0 h ahead of all before it and moved the watermark: 79 \
                 of 100 events were late because of it";
    assert!(said.contains(cause), "{said}");
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("moved the watermark"));
}

/// Rows that come half a second apart from four devices in turn, and when each happened: so many
/// seconds before it came.
fn devices(count: u64, delay_s: impl Fn(u64) -> f64) -> tempfile::TempDir {
    let mut rows = "at,happened,who\n".to_owned();
    for n in 0..count {
        let at = 1_720_612_800.0 + n as f64 / 2.0;
        let _ = writeln!(rows, "{at:.3},{:.3},d{}", at - delay_s(n), n % 4);
    }
    let folder = folder_of(&rows, "speed = 25\nwatermark_every = 1");
    let file = folder.path().join("mine.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("event_time = \"at\"", "event_time = \"happened\""))
        .unwrap();
    folder
}

#[test]
fn a_key_whose_clock_is_ahead_is_named_and_nobody_where_lateness_is_everybodys() {
    let run = ["run", "mine.toml", "--simulate", "--out", "out"];
    let ahead = devices(200, |n| if n % 4 == 2 { -3_600.0 } else { 0.0 });
    let said = said(&ahead, &run);
    let cause =
        "the events of key `d2` lie about 60.0 min ahead of all others and moved the watermark";
    assert!(said.contains(cause), "{said}");
    assert!(said.contains("of 200 events were late because of them"), "{said}");
    let page = std::fs::read_to_string(ahead.path().join("out/report.html")).unwrap();
    assert!(page.contains("the events of key"), "said on the page");
    // Every third event far behind all others: late whoever is taken out.
    let behind = devices(200, |n| if n % 3 == 2 { 20.0 } else { 0.0 });
    let said = self::said(&behind, &run);
    assert!(said.contains("--- exit 0"), "{said}");
    assert!(!said.contains("moved the watermark"), "{said}");
    let record = reports::RunRecord::read(&behind.path().join("out")).unwrap();
    let codes: Vec<_> = record.cells[0].warnings.iter().map(|warning| &*warning.code).collect();
    assert!(!codes.contains(&"input::moved_watermark"), "{codes:?}");
}

#[test]
fn rows_out_of_order_are_told_of_wherever_their_file_is_looked_at() {
    let folder =
        folder_of(&seconds(60, &[(30, "1720612805,a"), (40, "1720612809,b")]), "speed = 60");
    let cause = "2 of 62 rows stand behind a later one, by up to 30.0 s (the first: line 32)";
    for arguments in [
        &["init", "events.csv"][..],
        &["validate", "mine.toml"],
        &["plan", "mine.toml"],
        &["run", "mine.toml", "--simulate", "--out", "out"],
    ] {
        let said = said(&folder, arguments);
        assert!(said.contains(cause) && said.ends_with("--- exit 0\n"), "{arguments:?}: {said}");
    }
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("stand behind a later one"), "said on the page");
}

#[test]
fn rows_that_cannot_be_read_are_counted_before_a_run() {
    let bad = [(3, "yesterday,a"), (5, "1720612805,a,1")];
    let folder = folder_of(&seconds(300, &bad), "speed = 60\non_bad_row = \"reject\"");
    let first = "the first: line 5, column `at`: expected a number of seconds since 1970";
    let validated = said(&folder, &["validate", "mine.toml"]);
    let noted = "! 2 rows cannot be read and would be left out; ";
    assert!(validated.contains(&(noted.to_owned() + first)), "{validated}");
    let planned = said(&folder, &["plan", "mine.toml"]);
    assert!(planned.contains("all 300 rows of the trace that can be read are played"), "{planned}");
    assert!(planned.contains("2 rows of its file cannot be read"), "{planned}");
    assert!(planned.contains(first), "{planned}");
    let wrote = said(&folder, &["init", "events.csv"]);
    assert!(
        wrote.contains("bad rows    2 cannot be read and are left out; the first: line 5"),
        "{wrote}"
    );
}

#[test]
fn validate_says_how_much_of_a_long_trace_it_looked_at() {
    let long = folder_of(&seconds(100_001, &[]), "");
    let said = said(&long, &["validate", "mine.toml"]);
    assert!(said.contains("of `events.csv` the first 100 000 rows were looked at"), "{said}");
}

#[test]
fn a_stranger_in_a_trace_is_told_of_before_the_run_and_on_its_page() {
    let folder = folder_of(&seconds(60, &[(30, "20612830,a")]), "speed = 60");
    let said = said(&folder, &["run", "mine.toml", "--simulate", "--out", "out"]);
    assert!(said.contains("the time in line 32, column `at`, is 1970-08-27T"), "{said}");
    let record = reports::RunRecord::read(&folder.path().join("out")).unwrap();
    let codes: Vec<_> = record.cells[0].warnings.iter().map(|warning| &*warning.code).collect();
    assert!(codes.contains(&"input::time_apart"), "{codes:?}");
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("from the rest"), "said on the page");
}

#[test]
fn a_limit_on_a_short_trace_is_refused_before_it_starts() {
    let folder = folder_of(&seconds(90, &[]), "");
    let refused = said(&folder, &["limit", "mine.toml"]);
    assert!(refused.contains("limit::short_trace"), "{refused}");
    assert!(refused.contains("has 90 rows, and a probe takes 60.0 s"), "{refused}");
    assert!(refused.contains("sluicebench twin"), "{refused}");
    assert!(refused.ends_with("--- exit 2\n"), "{refused}");
}

#[test]
fn init_writes_a_scenario_for_a_file_that_validates_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> =
        (0..200).map(|n| format!("{};{};{n},5\n", 1_720_612_800 + n, n % 7)).collect();
    let rows = rows.concat();
    std::fs::write(folder.path().join("my data.csv"), format!("ts;user_id;amount\n{rows}"))
        .unwrap();
    let wrote = said(&folder, &["init", "my data.csv"]);
    assert!(wrote.ends_with("--- exit 0\n"), "{wrote}");
    let validated = said(&folder, &["validate", "my-data.toml"]);
    assert_eq!(validated, "ok my-data.toml\n--- exit 0\n", "{wrote}");
    let ran = said(&folder, &["run", "my-data.toml", "--simulate", "--out", "out"]);
    assert!(ran.ends_with("--- exit 0\n"), "{ran}");
    let record = reports::RunRecord::read(&folder.path().join("out")).unwrap();
    assert_eq!(record.cells[0].input.events, 200);
    let again = said(&folder, &["init", "my data.csv"]);
    assert!(again.contains("init::exists"), "{again}");
}
