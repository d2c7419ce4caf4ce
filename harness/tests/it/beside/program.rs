//! The program, as a user calls it, with a small engine for Java, a compiler that writes nothing of
//! use and an empty distribution: from what is missing to a page.

use super::{fake, write_java, write_program};
use crate::support::program::{Said, answer, said, sluicebench};
use reports::record::{Cores, RunRecord, VerdictKind};
use sluicebench::plan::CpuList;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A folder with a JDK, a Flink and a Storm in it.
pub(super) fn installed(folder: &Path) {
    let bin = folder.join("jdk/bin");
    fs::create_dir_all(&bin).unwrap();
    write_java(&bin.join("java"));
    // The folder of the classes stands behind -d.
    let javac = "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = -d ] && mkdir -p \"$2\"; shift; done\n\
                 echo once >> \"$(dirname \"$0\")/compiled\"\n";
    write_program(&bin.join("javac"), javac);
    fs::create_dir_all(folder.join("flink/lib")).unwrap();
    fs::write(folder.join("flink/lib/flink-dist-2.3.7.jar"), "").unwrap();
    fs::create_dir_all(folder.join("storm/lib")).unwrap();
    fs::write(folder.join("storm/lib/storm-server-2.8.3.jar"), "").unwrap();
}

pub(super) fn call(folder: &Path, arguments: &[&str], how: &str) -> Command {
    let mut call = sluicebench(folder, arguments);
    call.env("JAVA_HOME", folder.join("jdk")).env("FLINK_HOME", folder.join("flink"));
    call.env("STORM_HOME", folder.join("storm"));
    call.env("SLUICEBENCH_ENGINES", folder.join("engines")).env(fake::HOW, how);
    call.env("TMPDIR", folder.join("tmp"));
    fs::create_dir_all(folder.join("tmp")).unwrap();
    call
}

pub(super) const RUN: [&str; 15] = [
    "run",
    "keyed-window",
    "--engine",
    "flink",
    "--rate",
    "2k/s",
    "--set",
    "measure.warm_up=100ms",
    "--duration",
    "700ms",
    "--out",
    "out",
    "--set",
    "query.window.size=200ms",
    "--no-calibration",
];

/// Everything in a folder, however deep, that is no folder.
pub(super) fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_run_of_it_is_verified_recorded_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    let told = answer(call(folder, &RUN, "right").env(fake::VERSION, "2.3.7"));
    assert_eq!(told.exit, 0, "{told}");
    let record = RunRecord::read(&folder.join("out")).unwrap();
    let engine = &record.cells[0].engines[0];
    let repetition = &engine.repetitions[0];
    assert_eq!(repetition.verdict.kind, VerdictKind::Verified, "{}", repetition.verdict.text);
    assert_eq!((engine.label.as_str(), engine.algorithm.as_str()), ("flink", "its own"));
    let process = repetition.process.as_ref().unwrap();
    assert_eq!(process.version.as_deref(), Some("2.3.7"));
    assert_eq!(process.settings[0], ("from".to_owned(), "FLINK_HOME, version 2.3.7".to_owned()));
    // Its processor time and memory, and not those of the program.
    assert!(repetition.peak_memory_bytes > 0 && repetition.cpu_s < process.harness_cpu_s + 5.0);
    let codes: Vec<_> = record.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert!(codes.contains(&"run::cold"), "{codes:?}");
    let page = fs::read_to_string(folder.join("out/report.html")).unwrap();
    assert!(page.contains("What each engine had") && page.contains("in no latency"));

    // Another version than was asked for is told, and nothing is left of it.
    let again: Vec<_> = RUN.map(|word| if word == "out" { "again" } else { word }).into();
    let told = answer(call(folder, &again, "right").env(fake::VERSION, "1.20.3"));
    assert_eq!(told.exit, 1, "{told}");
    let record = RunRecord::read(&folder.join("again")).unwrap();
    let verdict = &record.cells[0].engines[0].repetitions[0].verdict;
    assert!(verdict.text.contains("1.20.3, and 2.3 was asked for"), "{}", verdict.text);
    // What it would have been given is known, though nobody was.
    assert!(record.cells[0].input.events > 0 && !told.results.contains("\n  0/s"), "{told}");
    assert!(told.results.contains("k/s offered, "), "{told}");
    assert!(files(&folder.join("tmp")).is_empty(), "nothing is left");
    assert_eq!(fs::read_to_string(folder.join("jdk/bin/compiled")).unwrap(), "once\n");
}

#[test]
fn what_nothing_is_computed_for_stands_beside_the_latencies() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    let calibrated: Vec<_> = RUN.into_iter().filter(|word| *word != "--no-calibration").collect();
    let told = answer(call(folder, &calibrated, "right").env(fake::VERSION, "2.3.7"));
    assert_eq!(told.exit, 0, "{told}");
    let record = RunRecord::read(&folder.join("out")).unwrap();
    let engine = &record.cells[0].engines[0];
    let floor = engine.floor.clone().unwrap();
    assert!(floor.p50_ns > 0 && floor.p99_ns.is_none(), "700 answers have no p99: {floor:?}");
    assert!((floor.rate_per_s - 1e3).abs() < 1e-9, "a tenth would be too few answers");
    assert_eq!(engine.repetitions.len(), 1, "it is no repetition");
    assert!(told.complaints.contains("flink: identity at 1.00"), "{told}");
    assert!(told.results.contains("is the way there and back"), "{told}");
    let page = fs::read_to_string(folder.join("out/report.html")).unwrap();
    assert!(page.contains("is the way there and back") && page.contains("there and back</th>"));
    // What it costs is told before, and is not done where nobody wants it.
    let plan = |more: &[&str]| {
        let typed: Vec<_> = ["plan"].into_iter().chain(calibrated[1..].iter().copied()).collect();
        let typed: Vec<_> = typed.into_iter().filter(|word| !word.contains("out")).collect();
        answer(&mut call(folder, &[&typed, more].concat(), "right")).results
    };
    assert!(plan(&[]).contains("floor     flink: identity at 1.00"), "{}", plan(&[]));
    assert!(!plan(&["--no-calibration"]).contains("floor "));

    // One that fails there is run all the same.
    let again: Vec<_> =
        calibrated.iter().map(|word| if *word == "out" { "again" } else { word }).collect();
    let how = "fails-at-identity";
    let told = answer(call(folder, &again, how).env(fake::VERSION, "2.3.7"));
    assert_eq!(told.exit, 0, "{told}");
    assert!(told.results.contains("warning[run::no_floor]: flink has no floor"), "{told}");
    let record = RunRecord::read(&folder.join("again")).unwrap();
    assert_eq!(record.cells[0].engines[0].floor, None);
}

/// On which processors the engine and this program ran, and those on which the engine says that each
/// of its threads was from its first moment on, after a run with these settings.
fn cores(settings: &[&str]) -> (Cores, String, Said) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    let sets = settings.iter().flat_map(|set| ["--set", set]);
    let typed: Vec<&str> = RUN.into_iter().chain(sets).collect();
    let told = answer(call(folder, &typed, "tells-its-cpus").env(fake::VERSION, "2.3.7"));
    assert_eq!(told.exit, 0, "{told}");
    let record = RunRecord::read(&folder.join("out")).unwrap();
    let process = record.cells[0].engines[0].repetitions[0].process.clone().unwrap();
    let threads = process.settings.iter().find(|(name, _)| name == "cpus").unwrap().1.clone();
    (process.cores.unwrap(), threads, told)
}

/// The processors that this process may use.
fn given() -> CpuList {
    CpuList::of(sluicebench::host::cpus::in_force(std::process::id()).unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn every_thread_of_it_runs_on_its_own_processors_from_its_first_moment() {
    let given = given();
    let (cores, threads, told) = cores(&[]);
    assert_eq!(threads, cores.engine, "as it says itself, and as is read back");
    let [engine, harness]: [CpuList; 2] =
        [&cores.engine, &cores.harness].map(|list| list.parse().unwrap());
    if given.count() > 1 {
        assert!(engine.shared(&harness).is_empty(), "{cores:?}");
        assert_eq!(engine.count() + harness.count(), given.count());
        assert!(told.complaints.contains(&cores.told()), "{told}");
    } else {
        assert_eq!((engine, harness), (given.clone(), given));
        assert!(told.complaints.contains("not pinned: there is one processor"), "{told}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn processors_that_are_named_are_kept_to() {
    let given = given();
    let (cores_of, threads, _) = cores(&["host.engine_cpus=none"]);
    assert_eq!((cores_of.engine, cores_of.harness), (given.to_string(), given.to_string()));
    assert_eq!((threads, cores_of.why.as_str()), (given.to_string(), "as [host] asks"));

    let last = given.numbers().last().unwrap().to_string();
    let [engine, harness] = ["engine", "harness"].map(|of| format!("host.{of}_cpus={last}"));
    let (cores_of, threads, told) = cores(&[&engine, &harness]);
    assert_eq!((&cores_of.engine, &cores_of.harness, &threads), (&last, &last, &last));
    if given.count() > 1 {
        assert!(told.complaints.contains("are in each other's way there"), "{told}");
    }

    let folder = tempfile::tempdir().unwrap();
    installed(folder.path());
    for command in ["run", "plan"] {
        let set = "host.harness_cpus=1000-1023";
        let typed = [command, "identity", "--engine", "flink", "--set", set];
        let told = answer(&mut call(folder.path(), &typed, "right"));
        assert_eq!(told.exit, 2, "{told}");
        assert!(told.complaints.contains("plan::cpus"), "{told}");
        assert!(told.complaints.contains("CPUs 1000-1023"), "{told}");
    }
    let told =
        answer(&mut call(folder.path(), &["plan", "identity", "--engine", "flink"], "right"));
    assert!(told.results.contains("cores     flink: engine"), "{told}");
    // An engine that is part of the program shares its process, and nothing is said of it.
    let told = said(folder.path(), &["plan", "identity", "--engine", "per-event"]);
    assert!(!told.results.contains("  cores "), "{told}");
}

#[test]
fn one_that_is_asked_in_sql_has_what_that_takes_and_tells_of_no_late_events() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    let disorder = "source.synthetic.disorder={ fraction = 0.3, delay = { constant = \"300ms\" } }";
    let sql = ["--set", "engine.flink.api=sql", "--set", disorder];
    let typed = [&RUN[..], &sql].concat();
    // Its number of late events is none: it drops what it has added up of several.
    let run = || answer(call(folder, &typed, "counts-no-late").env(fake::VERSION, "2.3.7"));
    let told = run();
    assert_eq!(told.exit, 2, "{told}");
    let complaint = told.complaints.replace(['\n', '│'], " ");
    let complaint = complaint.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(complaint.contains("flink 2.3 cannot be asked in SQL here, as `"), "{told}");
    assert!(complaint.contains("put those of the distribution that FLINK_HOME names"), "{told}");
    assert!(!folder.join("jdk/bin/compiled").exists() && !folder.join("out").exists());

    for jar in ["api-java-uber", "planner-loader", "runtime"] {
        let jar = format!("flink/lib/flink-table-{jar}-2.3.7.jar");
        fs::write(folder.join(jar), "").unwrap();
    }
    let told = run();
    assert_eq!(told.exit, 0, "{told}");
    let record = RunRecord::read(&folder.join("out")).unwrap();
    let engine = &record.cells[0].engines[0];
    let verdict = &engine.repetitions[0].verdict;
    assert_eq!(verdict.kind, VerdictKind::Verified, "{}", verdict.text);
    let api = ("api".to_owned(), "SQL, windowing functions".to_owned());
    assert!(engine.settings.contains(&api), "the ledger says it");
    // The same of an engine that has to tell is no right answer.
    let other =
        [&RUN.map(|word| if word == "out" { "other" } else { word })[..], &sql[2..]].concat();
    let told = answer(call(folder, &other, "counts-no-late").env(fake::VERSION, "2.3.7"));
    assert!(told.results.contains("did not say how many records were late"), "{told}");
    // A sum that wraps is told as that, beside what it would be.
    let wide = ["--set", "source.synthetic.values={ constant = 9223372036854775807 }"];
    let typed = RUN.map(|word| if word == "out" { "wide" } else { word });
    let typed = [&typed[..], &sql, &wide].concat();
    let told = answer(call(folder, &typed, "counts-no-late").env(fake::VERSION, "2.3.7"));
    assert_eq!(told.exit, 4, "{told}");
    let record = RunRecord::read(&folder.join("wide")).unwrap();
    let verdict = &record.cells[0].engines[0].repetitions[0].verdict;
    let says = "does not fit a 64-bit integer; flink gave one all the same, as its sums wrap";
    assert!(verdict.text.contains(says), "{}", verdict.text);
}

#[test]
fn what_is_missing_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let lacks = |says: &str| {
        let told = answer(&mut call(folder, &RUN, "right"));
        assert_eq!(told.exit, 2, "{told}");
        assert!(told.complaints.contains("engine::not_here"), "{told}");
        let told = told.complaints.replace('\n', " ");
        let words: Vec<_> = told.split_whitespace().filter(|word| *word != "│").collect();
        assert!(words.join(" ").contains(says), "{told}");
        assert!(!folder.join("out").exists());
    };
    let is_planned_without = |says: &str| {
        let mut plan = RUN;
        plan[0] = "plan";
        let told = answer(&mut call(folder, &plan, "right"));
        assert_eq!(told.exit, 0, "{told}");
        assert!(told.results.contains(&format!("a run is refused for now: {says}")), "{told}");
    };
    lacks("there is no Java here");
    is_planned_without("there is no Java here");
    fs::create_dir_all(folder.join("jdk/bin")).unwrap();
    let old = "#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n";
    write_program(&folder.join("jdk/bin/java"), old);
    lacks("is Java 11.0.2, and 17 or newer is needed");
    write_java(&folder.join("jdk/bin/java"));
    lacks("flink 2.3 is not where FLINK_HOME says");
    is_planned_without("flink 2.3 is not where FLINK_HOME says");
    lacks("sluicebench engines install flink");
    fs::create_dir_all(folder.join("flink/lib")).unwrap();
    fs::write(folder.join("flink/lib/flink-dist-2.3.7.jar"), "").unwrap();
    lacks("there is no javac beside");
    let broken = "#!/bin/sh\necho 'Main.java:3: error: no such class' >&2\nexit 1\n";
    write_program(&folder.join("jdk/bin/javac"), broken);
    lacks("Main.java:3: error: no such class");
    assert!(files(&folder.join("engines/jobs")).is_empty(), "no classes, and nothing half done");
}

#[test]
fn a_folder_that_cannot_be_made_is_no_fault_of_java() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    let told = answer(call(folder, &RUN, "right").env("TMPDIR", folder.join("none")));
    assert_eq!(told.exit, 1, "{told}");
    assert!(told.results.contains("flink did not start: no folder can be made in `"), "{told}");
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for typed in [
        &["run", "keyed-window", "--engine", "flink", "--simulate"][..],
        &["plan", "keyed-window", "--engine", "flink", "--simulate"],
        &["sweep", "keyed-window", "parallelism=1,2", "--engine", "flink", "--simulate"],
    ] {
        let told = said(folder.path(), typed);
        assert_eq!(told.exit, 2, "{told}");
        assert!(told.complaints.contains("time cannot be simulated"), "{told}");
    }
}

#[test]
fn engines_tells_what_is_here_and_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let told = |arguments: &[&str]| answer(&mut call(folder, arguments, "right"));
    let Said { results, exit, .. } = told(&["engines"]);
    assert_eq!(exit, 0);
    assert!(results.contains("java           missing"), "{results}");
    assert!(results.contains("sluicebench engines install flink --version 1.20"), "{results}");
    installed(folder);
    let Said { results, .. } = told(&["engines"]);
    assert!(
        results.contains("flink 2.3    2.3.7, ") && results.contains("(FLINK_HOME)"),
        "{results}"
    );
    assert!(
        results
            .contains("flink 1.20   missing: flink 1.20 is not here (FLINK_HOME is version 2.3.7)"),
        "{results}"
    );
    assert!(
        results.contains("\n               flink 2.3 cannot be asked in SQL here"),
        "{results}"
    );
    let Said { results, .. } = told(&["engines", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&results).unwrap();
    assert_eq!(json["real"][0]["version"], "2.3.7");

    let Said { results, exit, .. } = told(&["engines", "install", "flink", "--dry-run"]);
    assert_eq!(exit, 0);
    assert!(results.starts_with("mvn -B -f pom.xml dependency:copy-dependencies"), "{results}");
    assert!(!folder.join("engines").exists(), "nothing was touched");
    for (name, says) in [
        ("per-event", "part of this program"),
        ("flnik", "did you mean `flink`?"),
        ("heron", "no engine `heron`"),
    ] {
        let told = told(&["engines", "install", name]);
        assert_eq!(told.exit, 2, "{told}");
        assert!(told.complaints.contains(says), "{told}");
    }
}

#[test]
fn what_stands_in_the_way_of_what_was_fetched_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    fs::remove_file(folder.join("flink/lib/flink-dist-2.3.7.jar")).unwrap();
    let fetched = folder.join("engines/flink-2.3.0");
    fs::create_dir_all(&fetched).unwrap();
    for jar in ["streaming-java", "table-api-java-uber", "table-planner-loader", "table-runtime"] {
        fs::write(fetched.join(format!("flink-{jar}-2.3.0.jar")), "").unwrap();
    }
    let told = answer(&mut call(folder, &["engines", "install", "flink"], "right"));
    assert_eq!((told.exit, told.complaints.as_str()), (0, ""), "nothing was fetched");
    assert!(told.results.contains("flink 2.3.0 was here already"), "{told}");
    let way_out = "! it is not used: flink 2.3 is not where FLINK_HOME says";
    assert!(told.results.contains(way_out), "{told}");
}

fn alive(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

/// The living processes whose environment has this folder for temporary files.
pub(super) fn processes_of(folder: &Path) -> Vec<u32> {
    let wanted = format!("TMPDIR={}", folder.join("tmp").display());
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes())
    };
    pids.filter(has).filter(|pid| alive(*pid)).collect()
}

#[track_caller]
fn wait_until(mut happens: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if happens() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("it does not happen in half a minute");
}

/// The command line of a process.
fn typed(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

fn send(signal: &str, pids: &[u32]) {
    for pid in pids {
        let kill = format!("kill -{signal} {pid}");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_left_where_all_of_us_are_killed_goes_with_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    installed(folder);
    let mut never = call(folder, &RUN, "never-dials");
    let mut child = never.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| processes_of(folder).iter().any(|pid| typed(*pid).contains(fake::NAME)));
    let of = |what: &str| -> Vec<u32> {
        let pids = processes_of(folder).into_iter();
        pids.filter(|pid| typed(*pid).contains(what)).collect()
    };
    let (inner, outer) = (of(" trial"), of(" run "));
    // So that it does not remove it before its turn comes.
    send("STOP", &inner);
    send("KILL", &outer);
    send("KILL", &inner);
    wait_until(|| processes_of(folder).is_empty());
    child.wait().unwrap();
    let tmp = folder.join("tmp");
    assert!(!files(&tmp).is_empty(), "nobody is left who would remove it");
    fs::create_dir(tmp.join("sluicebench-notes-1")).unwrap();
    let next =
        ["run", "identity", "--engine", "per-event", "--rate", "1k/s", "--duration", "200ms"];
    let next = [&next[..], &["--set", "measure.warm_up=100ms", "--out", "next"]].concat();
    let told = answer(&mut call(folder, &next, "right"));
    assert_eq!(told.exit, 0, "{told}");
    assert_eq!(files(&tmp), ["sluicebench-notes-1"], "what is not ours stays");
}

#[test]
fn nothing_is_left_of_it_whoever_is_killed() {
    for (signal, victim) in [("KILL", " trial"), ("KILL", " run "), ("INT", " run ")] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        installed(folder);
        // It waits for a job that never comes, and so for whatever happens here.
        let mut call = call(folder, &RUN, "never-dials");
        let mut child = call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until(|| processes_of(folder).iter().any(|pid| typed(*pid).contains(fake::NAME)));
        let of = |what: &str| {
            let pids = processes_of(folder).into_iter();
            pids.filter(|pid| typed(*pid).contains(what)).collect::<Vec<_>>()
        };
        send(signal, &of(victim));
        wait_until(|| processes_of(folder).is_empty());
        child.wait().unwrap();
        // Each looks after the other: neither can for itself once it is killed.
        wait_until(|| files(&folder.join("tmp")).is_empty());
    }
}
