//! Input that is meant to break the program, or was only mistyped: nothing is lost by it, it takes no
//! more than it may, and is told with its place.

use crate::gate::{FAST, record, write};
use crate::support::program::{Said, answer, said, sluicebench};
use flate2::Compression;
use flate2::write::GzEncoder;
use reports::RunRecord;
use reports::words::is_obeyed;
use serde_json::Value;
use sluicebench::bench::folder::Folder;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// A small scenario; rows put other lines in place of these.
const SCENARIO: &str = r#"name = "ci"
title = "What must not become slower"

[source.synthetic]
rate = "20k/s"

[query.window]
size = "1s"
slide = "100ms"
aggregates = ["count", "sum"]

[engine.micro-batch]
interval = "90ms"

[engine.per-event]

[measure]
warm_up = "500ms"
duration = "1500ms"
"#;

/// A scenario over a trace.
const OVER_TRACE: &str = r#"name = "tr"
[source.trace]
path = "trace.csv"
event_time = "e"
key = "k"
value = "v"
[query.window]
size = "1s"
aggregates = ["count", "sum"]
"#;

/// As short as a run can be.
const SHORT: [&str; 7] =
    ["--simulate", "--rate", "1k/s", "--duration", "200ms", "--set", "measure.warm_up=0s"];

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn trace() -> String {
    let mut text = "e,k,v\n".to_owned();
    for n in 0..60 {
        let _ = writeln!(text, "2001-01-01T00:00:{n:02},k{},{n}", n % 3);
    }
    text
}

/// A call with this exit code, of which nothing is obeyed by a terminal.
#[track_caller]
fn exits(folder: &Path, arguments: &[&str], want: i32) -> Said {
    let said = said(folder, arguments);
    let shown: String = said.to_string().chars().take(2_000).collect();
    assert_eq!(said.exit, want, "{shown}");
    assert!(!said.to_string().chars().any(is_obeyed), "{shown:?}");
    assert!(want == 0 || !said.complaints.is_empty(), "an exit code without a word");
    assert!(!said.complaints.contains("panicked"), "{shown}");
    said
}

/// Everything in a folder, by its path.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let folder = folder(&[("t.toml", OVER_TRACE), ("trace.csv", &trace()), ("there", "mine")]);
    let at = folder.path();
    write(at, "base", &record(&FAST));
    write(at, "run", &record(&FAST));
    fs::write(at.join("run/report.html"), "mine").unwrap();
    fs::hard_link(at.join("trace.csv"), at.join("linked.csv")).unwrap();
    let before = contents(at);
    // What is read is not written over even where that is asked for.
    for lost in [
        &["events", "t.toml", "--out", "trace.csv", "--force"][..],
        &["events", "t.toml", "--out", "t.toml", "--force"],
        &["events", "t.toml", "--out", "linked.csv", "--force"],
        &["twin", "t.toml", "--out", "trace.csv", "--force"],
        &["twin", "t.toml", "--out", "t.toml", "--force"],
        &["compare", "base", "run", "--out", "base/run.json", "--force"],
        &["compare", "base", "run", "--chart", "run/run.json", "--force"],
        &["check", "run", "--out", "run/run.json", "--force"],
        &["history", ".", "--out", "run/run.json", "--force"],
        &["check", "run", "--baseline", "base", "--out", "base/../base/run.json", "--force"],
    ] {
        let said = exits(at, lost, 2);
        assert!(said.complaints.contains("would be lost"), "{lost:?}: {said}");
        assert!(contents(at) == before, "{lost:?}");
    }
    for there in [
        &["events", "t.toml", "--out", "there"][..],
        &["events", "t.toml", "--out", "trace.csv"],
        &["twin", "t.toml", "--out", "there"],
        &["compare", "base", "run", "--out", "there"],
        &["compare", "base", "run", "--chart", "there"],
        &["check", "run", "--out", "there"],
        &["history", ".", "--out", "there"],
        &["report", "base", "--out", "run"],
        &["init", "there"],
        &["init", "t.toml"],
    ] {
        let said = exits(at, there, 2);
        let why = ["is there already", "would be lost"];
        assert!(why.iter().any(|why| said.complaints.contains(why)), "{there:?}: {said}");
        assert!(contents(at) == before, "{there:?}");
    }
    for asked_for in [
        &["events", "t.toml", "--out", "there", "--force"][..],
        &["compare", "base", "run", "--out", "there", "--force"],
        &["check", "run", "--out", "there", "--force"],
        &["report", "base", "--out", "run", "--force"],
    ] {
        exits(at, asked_for, 0);
        let now = contents(at);
        assert_eq!(
            now.iter().map(|(name, _)| name).filter(|name| name.ends_with("there")).count(),
            1
        );
    }
}

#[test]
fn an_export_writes_over_nothing() {
    let folder = folder(&[("s.toml", SCENARIO)]);
    let at = folder.path();
    exits(at, &[&["run", "s.toml", "--out", "out"][..], &SHORT].concat(), 0);
    fs::create_dir(at.join("x")).unwrap();
    fs::write(at.join("x/timeline.csv"), "mine").unwrap();
    let said = exits(at, &["export", "out", "--csv", "--to", "x"], 1);
    assert!(said.complaints.contains("x/timeline.csv is there already"), "{said}");
    assert_eq!(fs::read_to_string(at.join("x/timeline.csv")).unwrap(), "mine");
    exits(at, &["export", "out", "--csv", "--to", "x", "--force"], 0);
    // A run is not written over, whatever is asked for.
    let before = contents(&at.join("out"));
    let said = exits(at, &["export", "out", "--json", "--to", "out", "--force"], 1);
    assert!(said.complaints.contains("never overwritten"), "{said}");
    assert!(contents(&at.join("out")) == before);
}

#[test]
fn a_folder_belongs_to_the_run_that_began_first() {
    let folder = folder(&[("s.toml", SCENARIO)]);
    let at = folder.path();
    let run = [&["run", "s.toml", "--out", "out"][..], &SHORT].concat();
    let first = Folder::make(Some(&at.join("out")), "ci", SystemTime::UNIX_EPOCH, 1).unwrap();
    let said = exits(at, &run, 2);
    assert!(said.complaints.contains("the folder `out` is being written by another run"), "{said}");
    assert_eq!(contents(at).len(), 1, "only the scenario");
    drop(first);
    exits(at, &run, 0);
    let said = exits(at, &run, 2);
    assert!(said.complaints.contains("holds a run already"), "{said}");
    // Nor is a run gone on with by two at once.
    let held = fs::File::open(at.join("out")).unwrap();
    held.try_lock().unwrap();
    let resume = [&["run", "s.toml", "--resume", "out"][..], &SHORT].concat();
    let said = exits(at, &resume, 2);
    assert!(said.complaints.contains("is being written by another run"), "{said}");
}

#[test]
fn a_run_that_did_not_come_to_its_end_is_told_as_such() {
    let folder = folder(&[("s.toml", SCENARIO)]);
    let at = folder.path();
    exits(at, &[&["run", "s.toml", "--out", "out"][..], &SHORT].concat(), 0);
    let said = exits(at, &["report", "out"], 0);
    assert_eq!(said.complaints, "");
    // As it stands while the run goes on.
    let out = at.join("out");
    let mut record = RunRecord::read(&out).unwrap();
    record.interrupted = true;
    record.write(&out).unwrap();
    fs::write(out.join(".sluicebench-1-0.partial"), "half a record").unwrap();
    let said = exits(at, &["report", "out"], 0);
    assert!(said.complaints.contains("the run in out did not come to its end"), "{said}");
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("nterrupted, so only what was finished counts"));
    let said = exits(at, &[&["run", "s.toml", "--resume", "out"][..], &SHORT].concat(), 0);
    assert!(said.complaints.contains("finished there, and it was cut short"), "{said}");
    assert!(!RunRecord::read(&out).unwrap().interrupted);
    assert!(!out.join(".sluicebench-1-0.partial").exists());
}

/// A call with a limit on the size of files, in blocks of 512 bytes.
#[cfg(unix)]
fn limited(folder: &Path, blocks: u32, arguments: &[&str]) -> Said {
    let call = sluicebench(folder, arguments);
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(call.get_program()).args(call.get_args());
    for (name, value) in call.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    answer(&mut shell)
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_whole_is_not_there_and_told_of() {
    let folder = folder(&[("s.toml", SCENARIO)]);
    let at = folder.path();
    let events = ["events", "s.toml", "--duration", "1s", "--out", "events.csv"];
    let said = limited(at, 4, &events);
    assert_eq!(said.exit, 1, "{said}");
    assert!(said.complaints.contains("events.csv") && said.complaints.contains("large"), "{said}");
    assert_eq!(contents(at).len(), 1, "only the scenario");
    for blocks in [0, 1, 8, 64] {
        let run = [&["run", "s.toml", "--out", "out"][..], &SHORT].concat();
        let said = limited(at, blocks, &run);
        assert_eq!(said.exit, if blocks == 0 { 2 } else { 1 }, "{blocks}: {said}");
        assert!(said.complaints.contains("out"), "{blocks}: {said}");
        for (name, bytes) in contents(&at.join("out")) {
            assert!(!bytes.is_empty() && !name.ends_with("partial"), "{blocks}: {name}");
        }
        // What was finished is whole.
        if at.join("out/run.json").exists() {
            assert!(RunRecord::read(&at.join("out")).unwrap().interrupted, "{blocks}");
        }
        fs::remove_dir_all(at.join("out")).unwrap();
    }
    if Path::new("/dev/full").exists() {
        let said = exits(at, &["events", "s.toml", "--duration", "1s", "--out", "/dev/full"], 1);
        assert!(said.complaints.contains("/dev/full"), "{said}");
    }
}

#[test]
fn what_nobody_could_wait_for_or_hold_is_refused_before_it_begins() {
    let row = |line: &str, instead: &str, command: &[&str], says: &str| {
        assert!(SCENARIO.contains(line));
        let folder = folder(&[("s.toml", &SCENARIO.replace(line, instead))]);
        let said = exits(folder.path(), command, 2);
        assert!(said.complaints.contains(says), "{command:?} {instead}: {said}");
        assert_eq!(contents(folder.path()).len(), 1, "only the scenario");
    };
    let interval = "interval = \"90ms\"";
    for (long, says) in [
        ("365d", "`interval` must be at most 1h"),
        ("9223372036854775807ns", "`interval` must be at most 1h"),
        ("61min", "`interval` must be at most 1h"),
    ] {
        for command in [&["validate", "s.toml"][..], &["plan", "s.toml"], &["run", "s.toml"]] {
            row(interval, &format!("interval = \"{long}\""), command, says);
        }
    }
    row("1500ms", "31days", &["plan", "s.toml"], "`duration` must be at most 720h");
    for command in ["plan", "run"] {
        let most = [command, "s.toml", "--rate", "100G/s"];
        row("20k/s", "20k/s", &most, "a rate of 100G/s is offered by no machine");
        let much = [command, "s.toml", "--rate", "1G/s", "--duration", "30days"];
        row("20k/s", "20k/s", &much, "at this rate");
        row("20k/s", "20k/s", &[&much[..], &["--simulate"]].concat(), "this machine");
    }
    let events = ["events", "s.toml", "--rate", "1G/s", "--duration", "30days", "--out", "x.csv"];
    row("20k/s", "20k/s", &events, "this machine");
}

#[test]
fn what_has_no_end_or_is_no_file_is_named_as_what_it_is() {
    let over = |path: &str| OVER_TRACE.replace("trace.csv", path);
    let folder = folder(&[
        ("t.toml", OVER_TRACE),
        ("zeros.toml", &over("zeros.csv.gz")),
        ("letters.toml", &over("letters.csv.gz")),
        ("folder.toml", &over(".")),
        ("null.toml", &over("/dev/null")),
        ("zero.toml", &over("/dev/zero")),
        ("pipe.toml", &over("pipe")),
        ("damaged.toml", &over("damaged.csv.gz")),
        ("large.toml", &"# \n".repeat(1 << 20)),
    ]);
    let at = folder.path();
    let gzip = |name: &str, bytes: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(bytes).unwrap();
        let mut packed = packed.finish().unwrap();
        if name.starts_with("damaged") {
            let checksum = packed.len() - 6;
            packed[checksum] ^= 1;
        }
        fs::write(at.join(name), packed).unwrap();
    };
    gzip("zeros.csv.gz", &vec![0; 8 << 20]);
    gzip("letters.csv.gz", &[&b"e,k,v\n"[..], &vec![b'x'; 8 << 20][..]].concat());
    gzip("damaged.csv.gz", trace().as_bytes());
    for (file, exit, says) in [
        ("zeros.toml", 1, "it is no CSV"),
        ("letters.toml", 1, "longer than 1048576 bytes"),
        ("damaged.toml", 1, "fetch it again"),
        ("folder.toml", 2, "is a folder"),
        ("large.toml", 2, "is larger than 1MiB"),
        ("t.toml", 2, "is not there"),
    ] {
        let said = exits(at, &["plan", file], exit);
        assert!(said.complaints.contains(says), "{file}: {said}");
    }
    #[cfg(unix)]
    {
        assert!(Command::new("mkfifo").arg(at.join("pipe")).status().unwrap().success());
        for (file, says) in
            [("null.toml", "is a device"), ("zero.toml", "is a device"), ("pipe.toml", "is a pipe")]
        {
            for command in ["plan", "run", "validate"] {
                let said = exits(at, &[command, file], 2);
                assert!(said.complaints.contains(says), "{command} {file}: {said}");
            }
        }
        let said = exits(at, &["validate", "/dev/zero"], 2);
        assert!(said.complaints.contains("`/dev/zero` is larger than 1MiB"), "{said}");
    }
}

#[test]
fn what_was_typed_comes_back_harmless() {
    let typed = r"\u001b]0;owned\u0007\u001b[31m\u202e\u0000";
    let title = format!("title = \"{typed}What must not become slower\"");
    let text = SCENARIO.replace("title = \"What must not become slower\"", &title);
    let text =
        text.replace("interval = \"90ms\"", &format!("interval = \"90ms\"\nlabel = \"{typed}x\""));
    let folder =
        folder(&[("s.toml", &text), ("wrong\u{1b}[31m.toml", "n\u{1b}ame = 5\n[\u{202e}x]\n")]);
    let at = folder.path();
    let short = [&["run", "s.toml", "--out", "out\u{1b}[32m"][..], &SHORT].concat();
    let said = exits(at, &short, 0);
    assert!(said.results.contains(r"out\u001b[32m"), "{said}");
    assert!(said.to_string().contains(typed), "{said}");
    let out = at.join("out\u{1b}[32m");
    for (name, bytes) in contents(&out) {
        if [".svg", ".html", ".hlog", ".csv"].iter().any(|ending| name.ends_with(ending)) {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.chars().any(|c| is_obeyed(c) && c != '\r'), "{name}");
        }
    }
    let folder_name = "out\u{1b}[32m";
    for (arguments, exit) in [
        (&["report", folder_name][..], 0),
        (&["check", folder_name], 2),
        (&["compare", folder_name, folder_name, "--format", "markdown"], 0),
        (&["history", folder_name], 0),
        (&["validate", "wrong\u{1b}[31m.toml"], 2),
        (&["validate", "not\u{7}there.toml"], 2),
        (&["describe", "\u{1b}[31mspark"], 2),
        (&["list", "\u{1b}[31m"], 2),
        (&["run", "s.toml", "--set", "\u{1b}[31m=\u{7}"], 2),
        (&["run", "s.toml", "--rate", "\u{202e}5"], 2),
    ] {
        exits(at, arguments, exit);
    }
    // Colours are ours alone.
    let said =
        answer(&mut sluicebench(at, &["validate", "wrong\u{1b}[31m.toml", "--color", "always"]));
    assert!(said.complaints.contains("\u{1b}[31merror"), "{said}");
    assert!(!said.complaints.contains("wrong\u{1b}"), "{:?}", said.complaints);
}

#[test]
fn a_label_of_any_length_names_files() {
    let label = |letter: &str| format!("label = \"{}\"", letter.repeat(300));
    let engines = format!(
        "[[engine.micro-batch]]\ninterval = \"90ms\"\n{}\n\n[[engine.micro-batch]]\ninterval = \
         \"50ms\"\n{}\n",
        label("L"),
        label("L").replace("L\"", "M\"")
    );
    let text = SCENARIO.replace("[engine.micro-batch]\ninterval = \"90ms\"\n", &engines);
    let folder = folder(&[("s.toml", &text)]);
    exits(folder.path(), &[&["run", "s.toml", "--out", "out"][..], &SHORT].concat(), 0);
    let logs = contents(&folder.path().join("out"));
    assert_eq!(logs.iter().filter(|(name, _)| name.contains(".hlog")).count(), 3);
    exits(folder.path(), &["export", "out"], 0);
}

#[test]
fn a_mistake_is_told_wherever_it_stands() {
    let list: String = "0.25, ".repeat(12_000);
    let far = format!("rate = {{ shape = \"profile\", weights = [{list}\"x\"] }}");
    let key = format!("{} = 1", "k".repeat(1 << 19));
    let value = format!("rate = \"{}\"", "9".repeat(1 << 19));
    for (instead, code) in [
        (far.as_str(), "config::type"),
        (key.as_str(), "config::unknown_key"),
        (value.as_str(), "config::"),
        ("rate = nan", "nan, which is no number"),
        ("rate = 1e400", "a number beyond all that can be counted"),
        ("rate = -inf", "a number beyond all that can be counted"),
    ] {
        let folder = folder(&[("s.toml", &SCENARIO.replace("rate = \"20k/s\"", instead))]);
        let said = exits(folder.path(), &["validate", "s.toml"], 2);
        assert!(said.complaints.contains(code), "{said}");
        assert!(said.complaints.contains("s.toml:5:"), "the place: {said}");
        assert!(said.complaints.len() < 10_000, "{} bytes", said.complaints.len());
        assert!(!said.complaints.contains("NaN/s"), "{said}");
    }
    for text in ["nan", "1e400", "inf", "-nan"] {
        let folder = folder(&[("s.toml", SCENARIO)]);
        let said = exits(folder.path(), &["plan", "s.toml", &format!("--rate={text}")], 2);
        let unit = [format!("{text}/s"), "NaN/s".into()];
        assert!(unit.iter().all(|unit| !said.complaints.contains(unit)), "{text}: {said}");
    }
    let folder = folder(&[]);
    let said = exits(folder.path(), &["describe", "source.synthetic.payload"], 0);
    assert!(said.results.contains("one of the sizes \"0B\" and \"256B\""), "{said}");
}

/// A change of a record, and what is then said of it.
type Change = (fn(&mut Value), &'static str);

#[test]
fn a_record_that_contradicts_itself_is_refused_by_whoever_reads_it() {
    let changes: [Change; 6] = [
        (|r| r["result_latency"]["p50_ns"] = (-5000).into(), "p50_ns` is -5000, and cannot"),
        (|r| r["cpu_us_per_event"] = (-5.0).into(), "cpu_us_per_event` is -5.0, and cannot"),
        (|r| r["counts"]["late"] = 1e30.into(), "more than a run can count"),
        (|r| r["counts"]["late"] = 2000.into(), "events were read, but"),
        (|r| r["cpu_s"] = "a".into(), "invalid type"),
        (|r| r["rep"] = 2.into(), "repetition 2 is there twice"),
    ];
    for (change, says) in changes {
        let folder = folder(&[]);
        let at = folder.path();
        let mut run = record(&FAST);
        change(&mut run["cells"][0]["engines"][0]["repetitions"][0]);
        write(at, "run", &run);
        write(at, "base", &record(&FAST));
        let before = contents(at);
        for (command, exit) in [
            (&["compare", "base", "run"][..], 2),
            (&["compare", "run", "base"], 2),
            (&["check", "run"], 2),
            (&["check", "base", "--baseline", "run"], 2),
            (&["report", "run"], 1),
            (&["export", "run", "--json"], 1),
        ] {
            let said = exits(at, command, exit);
            assert!(said.complaints.contains(says), "{command:?}: {said}");
            assert!(said.complaints.contains("run.json"), "{command:?}: {said}");
            assert_eq!(said.results, "", "{command:?}: {said}");
        }
        assert!(contents(at) == before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_signal_ends_whatever_the_program_is_at() {
    use std::process::Stdio;
    let folder = folder(&[("s.toml", SCENARIO)]);
    // More than a pipe takes, and nobody reads it: the program waits for ever to say its results.
    let mut arguments = vec!["run", "s.toml", "--out", "out", "--format", "json"];
    arguments.extend(["--simulate", "--rate", "1k/s", "--duration", "20s", "--repeat", "3"]);
    let mut run = sluicebench(folder.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let page = folder.path().join("out/report.html");
    while !page.exists() {
        assert!(run.try_wait().unwrap().is_none(), "it has ended by itself");
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    let kill = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", run.id())).status();
    assert!(kill.unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
}
