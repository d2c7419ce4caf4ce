//! Engines in processes of their own, against a small one that speaks the protocol: all that can go
//! right and wrong before it starts, while it runs and when it ends.

mod clusters;
mod elsewhere;
mod fake;
mod program;

use crate::support::{cell, heavy, synthetic, unwatched, window};
use engines::{ArrivalClock, WindowSpec};
use programs::{Case, Visitor, open};
use reports::record::Repetition;
use scenarios::Answer;
use scenarios::spec::{AggregateName, QuerySpec, WordsSpec, WorkloadSpec};
use sluicebench::bench::Draining;
use sluicebench::bench::repetition::{checked, obstacle, repetition};
use sluicebench::drivers::beside::{Job, Launch, NotReady, Patience, Running};
use sluicebench::drivers::{self, judgement};
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::seen::Seen;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plan::{Cell, DstreamSetting, EngineKind, FlinkSetting, Marks, SparkSetting};
use sluicebench::verify::{Checker, Finding, Told};
use std::hash::Hash;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What an engine without batches may take to drain.
const DRAIN: Draining = Draining::Within(Duration::from_secs(2));

/// Writes a program that can be run. Another process does: a file that this one has open for
/// writing, or a child of it between its fork and its start, cannot be run.
pub(crate) fn write_program(path: &Path, text: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
}

/// A `java` that is the small engine.
fn write_java(path: &Path) {
    let own = std::env::current_exe().unwrap();
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = -version ]; then echo 'openjdk version \"21.0.1\"' >&2; exit; fi\n\
         exec '{}' --exact --nocapture --test-threads=1 -- {} \"$@\"\n",
        own.display(),
        fake::NAME
    );
    write_program(path, &text);
}

fn flink() -> EngineKind {
    EngineKind::Flink(FlinkSetting {
        version: "1.0".into(),
        api: "datastream".into(),
        buffer_timeout: Duration::ZERO,
        object_reuse: false,
        checkpoint_interval: Duration::ZERO,
        state: "hashmap".into(),
        heap_bytes: 1 << 30,
        cluster: None,
    })
}

/// Whether it cuts batches, as Spark does.
fn cuts(how: &str) -> bool {
    how.starts_with("cuts-batches")
}

fn spark() -> EngineKind {
    EngineKind::SparkStructured(SparkSetting {
        version: "1.0".into(),
        trigger: Duration::ZERO,
        state: "hdfs".into(),
        shuffle_partitions: 0,
        max_records_per_batch: 0,
        heap_bytes: 1 << 30,
        cluster: None,
    })
}

/// Whether its windows are made of batches.
fn is_over_batches(how: &str) -> bool {
    how.starts_with("over-batches")
}

const INTERVAL: Duration = Duration::from_millis(25);

fn dstream() -> EngineKind {
    EngineKind::SparkDstream(DstreamSetting {
        version: "1.0".into(),
        interval: INTERVAL,
        algorithm: "recompute".into(),
        heap_bytes: 1 << 30,
        cluster: None,
    })
}

fn asked(workload: WorkloadSpec, query: QuerySpec) -> Cell {
    cell(workload, query, Vec::new())
}

fn sliding(aggregates: &[AggregateName]) -> QuerySpec {
    window(WindowSpec::sliding(200_000, 50_000).unwrap(), aggregates)
}

fn windows() -> Cell {
    asked(synthetic(Some(heavy())), sliding(&[AggregateName::Count, AggregateName::Sum]))
}

const SHORT: Duration = Duration::from_millis(400);

/// Long for whatever goes well, and short for what is there to hang.
fn patience(how: &str) -> Patience {
    let short_for = |hows: &[&str]| {
        if hows.contains(&how) { Duration::from_millis(300) } else { Duration::from_mins(1) }
    };
    let stalls = ["hides-its-clock", "hangs-at-the-end", "hangs-while-events-wait"];
    Patience {
        start: short_for(&["never-dials", "hangs-at-start"]),
        stall: short_for(&stalls),
        end: short_for(&["hangs-at-the-end", "hangs-while-events-wait", "hangs-after-it"]),
    }
}

/// The small engine, started for a cell; and the folder that it was started from.
fn started(how: &str, cell: &Cell) -> (tempfile::TempDir, Result<Running, NotReady>) {
    let (folder, launch) = launch(how, cell);
    (folder, Running::start(launch, &AtomicBool::new(false)))
}

/// What starts the small engine for a cell; and the folder that it is in.
fn launch(how: &str, cell: &Cell) -> (tempfile::TempDir, Launch) {
    let folder = tempfile::tempdir().unwrap();
    let java: PathBuf = folder.path().join("java");
    write_java(&java);
    let job = match &cell.case.workload {
        WorkloadSpec::Synthetic(spec) if is_over_batches(how) => {
            let settings = [("interval_ms", INTERVAL.as_millis().to_string())];
            let micros_per_second = spec.event_us_per_second;
            Job::by_wall_clock(
                cell,
                &settings,
                ArrivalClock { origin: spec.origin, micros_per_second },
            )
        }
        _ => Job::of(cell, &[]),
    };
    let launch = Launch {
        engine: "fake",
        program: java,
        arguments: Vec::new(),
        environment: vec![(fake::HOW.to_owned(), how.to_owned())],
        job,
        version: "1.0".to_owned(),
        told: if cuts(how) { Told::Nothing } else { Told::Late },
        batches: is_over_batches(how).then_some(INTERVAL),
        by_batches: cuts(how) || is_over_batches(how),
        known: vec![("from".to_owned(), "a test".to_owned())],
        patience: patience(how),
    };
    (folder, launch)
}

struct Ran {
    running: Running,
    /// What the check found, or why there was none.
    finding: Result<Finding, String>,
    read: u64,
    events: u64,
    /// The most events that were seen unfinished at once; none where nobody knew.
    behind_most: Option<u64>,
    /// What the record says, where there was a check.
    repetition: Option<Repetition>,
}

struct Through(Running, Cell, EngineKind, Duration);

impl Visitor for Through {
    type Output = Ran;

    fn visit<E: engines::Data + Hash, A: Answer>(self, case: Case<E, A>) -> Ran {
        let Self(running, cell, kind, length) = self;
        let program = &*case.program;
        let layout = Layout {
            schedule: Schedule::even(4000.0, length),
            partitions: cell.partitions,
            marks: Marks::Every(16),
            idle_after: None,
            watermark_bound_us: cell.watermark_bound_us,
            trigger: program.trigger(),
        };
        let input = Input::make(Arc::clone(&case.workload), layout, u64::MAX);
        let judgement = judgement(&kind, program, cell.partitions);
        let setting = Setting {
            warm_up: Duration::ZERO,
            settling: Settling::default(),
            over_batches: drivers::over_batches(&judgement),
            interval_ns: None,
            refined: judgement.refined,
            keep_all: true,
            simulate: false,
        };
        let (stop, log) = (AtomicBool::new(false), IntervalLog::none());
        let engine = drivers::beside(&running, case.workload.arrival_clock());
        let mut behind_most: Option<u64> = None;
        let mut watch = |seen: &Seen| {
            behind_most = behind_most.max(seen.unfinished());
            unwatched(seen)
        };
        let (trial, kept) = run(engine, &input, setting, log, &stop, &mut watch);
        let judgement = running.judged(judgement);
        let finding = match (obstacle(&trial, &input.survey), &trial.tally) {
            (Some(verdict), _) => Err(verdict.text),
            (None, Ok(tally)) => {
                let mut checker = Checker::new(program, &input);
                Ok(checker.check(&judgement, &kept, tally).unwrap())
            }
            (None, Err(error)) => Err(error.to_string()),
        };
        let read = trial.tally.as_ref().map_or(0, |tally| tally.read);
        let told =
            |found| repetition(1, &trial, &input.survey, None, DRAIN, checked(found), Some(found));
        let repetition = finding.as_ref().ok().map(told);
        Ran { running, finding, read, events: input.survey.events, behind_most, repetition }
    }
}

fn ran(how: &str, cell: Cell) -> Ran {
    let (_folder, started) = started(how, &cell);
    carried(how, cell, started.unwrap_or_else(|why| panic!("{how}: {why:?}")))
}

/// One that has started, through its run.
fn carried(how: &str, cell: Cell, running: Running) -> Ran {
    open(&cell.case, 42).unwrap().visit(Through(
        running,
        cell,
        match how {
            how if cuts(how) => spark(),
            how if is_over_batches(how) => dstream(),
            _ => flink(),
        },
        // As long as it takes to see what waits grow.
        if matches!(how, "answers-at-the-end" | "cuts-batches-at-the-end") {
            Duration::from_millis(1500)
        } else {
            SHORT
        },
    ))
}

#[track_caller]
fn is_right(how: &str, cell: Cell) -> (Running, Finding) {
    let Ran { running, finding, read, events, .. } = ran(how, cell);
    let finding = finding.unwrap_or_else(|why| panic!("{how}: {why}"));
    assert!(finding.is_right, "{how}: {} {:?}", finding.text, finding.differences);
    assert!(finding.answers_checked > 0 && read == events, "{how}");
    (running, finding)
}

#[test]
fn what_it_answers_is_verified_whatever_the_shape() {
    use AggregateName::{Count, Max, Mean};
    let (_, finding) = is_right("right", windows());
    assert!(finding.fates.late > 0 && finding.fates.partly_late > 0 && finding.knows_partly_late);
    is_right("right", asked(synthetic(Some(heavy())), sliding(&[Count, Max])));
    is_right("right", Cell { parallelism: 2, ..asked(synthetic(None), sliding(&[Mean])) });
    let mut global = asked(synthetic(None), sliding(&[Count]));
    let QuerySpec::Window { keyed, .. } = &mut global.case.query else { unreachable!() };
    *keyed = false;
    is_right("right", global);
    is_right("right", asked(synthetic(None), QuerySpec::Identity));
    let WorkloadSpec::Synthetic(mut spec) = synthetic(None) else { unreachable!() };
    spec.payload_bytes = 256;
    is_right("right", asked(WorkloadSpec::Synthetic(spec.clone()), QuerySpec::Identity));
    is_right("right", asked(WorkloadSpec::Synthetic(spec), sliding(&[Count])));
    let lines = WordsSpec {
        dictionary: 50,
        exponent: 1.0,
        words_per_line: 5,
        disorder: Some(heavy()),
        event_us_per_second: 1_000_000,
        origin: engines::Timestamp::from_micros(-200_000),
    };
    let query = QuerySpec::WordCount { window: WindowSpec::sliding(100_000, 50_000).unwrap() };
    let (_, finding) = is_right("right", asked(WorkloadSpec::Words(lines), query));
    assert!(finding.fates.late > 0, "counted in lines, though it counts words");
}

#[test]
fn where_a_race_decides_who_is_late_what_it_does_not_count_is_not_told() {
    let (_, finding) = is_right("right", Cell { partitions: 3, ..windows() });
    assert!(finding.bounds_only && !finding.knows_partly_late);
    // What its answers lack is what was missed, though nobody counted it.
    assert!(finding.fates.missed_pairs > 0);
    assert!(finding.completeness.unwrap() < 1.0, "{:?}", finding.completeness);
}

#[test]
fn one_that_cuts_batches_is_judged_by_its_cuts() {
    for partitions in [1, 3] {
        let (_, finding) = is_right("cuts-batches", Cell { partitions, ..windows() });
        assert!(finding.fates.late > 0 && !finding.bounds_only, "exact, whatever the race");
    }
    fails("cuts-batches-elsewhere", &["differ from the reference"]);
    fails("cuts-batches-too-short", &["events in batches: "]);
    fails("cuts-batches-backwards", &["the one before to"]);
    fails("cuts-batches-by-another-watermark", &["its watermark is "]);
}

#[test]
fn one_whose_windows_are_made_of_batches_is_judged_by_those_that_it_cut() {
    for (partitions, event_us_per_second) in [(1, 1_000_000), (3, 1_000_000), (1, 4_000_000)] {
        let mut cell = Cell { partitions, ..windows() };
        let WorkloadSpec::Synthetic(spec) = &mut cell.case.workload else { unreachable!() };
        // A window of 200 ms of event time is eight batches, or two.
        spec.event_us_per_second = event_us_per_second;
        if event_us_per_second > 1_000_000 {
            cell.case.query = window(WindowSpec::tumbling(200_000).unwrap(), &[AggregateName::Sum]);
        }
        let (_, finding) = is_right("over-batches", cell);
        assert!(finding.fates.late == 0 && !finding.bounds_only, "none is late, whatever comes");
        assert!(finding.completeness.unwrap() < 1.0, "disorder costs it: {finding:?}");
    }
    fails("over-batches-too-late", &["differ from the reference", "given"]);
    fails("over-batches-elsewhere", &["differ from the reference"]);
    fails("over-batches-too-short", &["events in batches: "]);
    fails("over-batches-off-beat", &["batch 2: it ended at ", "one ends every 25 ms"]);
    fails("over-batches-one-left-out", &["batch 3: it ended at ", "one ends every 25 ms"]);
    fails("over-batches-without-time", &["batch 0: its time was not told"]);
    fails("over-batches-between", &["at whose edges no batch of it can have ended"]);
}

#[test]
fn what_one_has_taken_and_not_answered_still_waits() {
    // It reads ahead without end, and is right: all that a user of it sees is that nothing comes.
    let how = "answers-at-the-end";
    let ran = ran(how, asked(synthetic(None), QuerySpec::Identity));
    assert!(ran.finding.unwrap().is_right && ran.read == ran.events);
    let told = ran.repetition.unwrap();
    assert!(told.backlog_max > ran.events / 2, "{} of {}", told.backlog_max, ran.events);
    assert!(ran.behind_most > Some(ran.events / 2), "{:?} of {}", ran.behind_most, ran.events);
    assert!(told.throughput.backlog_slope.unwrap().0 > 0.5, "{:?}", told.throughput);
    assert!(told.throughput.accepted_per_s > 0.0, "{:?}", told.throughput);
    assert!(!told.throughput.sustained, "{:?}", told.throughput);
}

#[test]
fn what_no_batch_has_finished_is_behind_while_it_runs() {
    let how = "cuts-batches-at-the-end";
    let Ran { finding, events, behind_most, .. } = ran(how, windows());
    assert!(finding.unwrap().is_right);
    assert!(behind_most > Some(events / 2), "{behind_most:?} of {events}");
    let Ran { behind_most, .. } = ran("right", windows());
    assert_eq!(behind_most, None, "what it computes of what it took it does not tell");
}

#[test]
fn what_is_known_of_its_process_is_recorded() {
    let (running, _) = is_right("right", windows());
    let about = running.about();
    assert_eq!(about.version.as_deref(), Some("1.0.3"));
    assert!(about.is_same_clock, "it is the kernel's clock");
    assert!(about.start_up_s > 0.0 && about.clock_bound_ns > 0);
    let settings: Vec<_> = about.settings.iter().map(|(n, v)| format!("{n} {v}")).collect();
    assert_eq!(settings, ["from a test", "collector none"]);
    assert_eq!(about.cpu_s, [("tasks".to_owned(), 0.002)]);
    let (running, _) = is_right("other-clock", windows());
    assert!(!running.about().is_same_clock, "another clock does, but is told");
}

#[track_caller]
fn does_not_start(how: &str, says: &[&str]) {
    let (_folder, started) = started(how, &windows());
    let Err(NotReady::Failed(why)) = started else { panic!("{how}: it started") };
    assert!(why.starts_with("fake did not start: "), "{how}: {why}");
    for words in says {
        assert!(why.contains(words), "{how}: {why}");
    }
    assert!(!why.contains("at frame"), "no stack: {why}");
}

#[test]
fn an_engine_that_does_not_start_is_a_sentence() {
    does_not_start(
        "dies-at-start",
        &["ended with exit code 1; it said: Exception in thread \"main\": no luck"],
    );
    does_not_start("fails-at-start", &["java.lang.IllegalStateException: no slots"]);
    does_not_start("other-protocol", &["speaks version 9", "remove the folder `jobs`"]);
    does_not_start(
        "wrong-token",
        &["ended with exit code 3", "a connection with a token that is not this run's"],
    );
    does_not_start("never-dials", &["after 300 ms nothing of its job has dialled in", "was ended"]);
    does_not_start("hangs-at-start", &["nothing of its job", "its process was ended"]);
    does_not_start("counts-wrong", &["has 2 sources, and there are 1 partitions"]);
    does_not_start("other-version", &["it is version 9.9, and 1.0 was asked for"]);
    does_not_start("notes-nonsense", &["what is no JSON object: `well`"]);
    does_not_start("hides-its-clock", &["it does not say what its clock says"]);
    does_not_start("wild-clock", &["its clock does not run as ours does"]);
}

#[test]
fn what_cannot_be_run_at_all_is_told() {
    let launch = Launch {
        engine: "fake",
        program: "/nowhere/java".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
        job: Job::of(&windows(), &[]),
        version: String::new(),
        told: Told::Late,
        batches: None,
        by_batches: false,
        known: Vec::new(),
        patience: Patience::default(),
    };
    let Err(NotReady::Failed(why)) = Running::start(launch, &AtomicBool::new(false)) else {
        panic!("it started")
    };
    assert!(why.contains("`/nowhere/java` cannot be run"), "{why}");
}

#[test]
fn a_wish_to_stop_ends_the_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let java = folder.path().join("java");
    write_java(&java);
    let launch = Launch {
        engine: "fake",
        program: java,
        arguments: Vec::new(),
        environment: vec![(fake::HOW.to_owned(), "never-dials".to_owned())],
        job: Job::of(&windows(), &[]),
        version: String::new(),
        told: Told::Late,
        batches: None,
        by_batches: false,
        known: Vec::new(),
        patience: Patience::default(),
    };
    let stop = AtomicBool::new(false);
    stop.store(true, Ordering::Relaxed);
    assert_eq!(Running::start(launch, &stop).err(), Some(NotReady::Stopped));
}

#[track_caller]
fn fails(how: &str, says: &[&str]) {
    let Ran { finding, .. } = ran(how, windows());
    let why = match finding {
        Err(why) => why,
        Ok(finding) if !finding.is_right => finding.text,
        Ok(finding) => panic!("{how}: {}", finding.text),
    };
    for words in says {
        assert!(why.contains(words), "{how}: {why}");
    }
}

#[test]
fn an_engine_that_does_not_come_to_its_end_is_a_sentence() {
    fails("dies-in-the-middle", &["fake: ", "its process ended with exit code 9"]);
    // What it logged before has nothing to do with it.
    fails(
        "is-killed",
        &["its process was ended by SIGKILL; the system does so when memory runs out"],
    );
    let Ran { finding, .. } = ran("is-killed", windows());
    assert!(!finding.unwrap_err().contains("Executor"), "a line of its log");
    fails("fails-in-the-middle", &["fake: java.lang.ArithmeticException: / by zero"]);
    fails("cuts-a-sink", &["its connection was cut"]);
    fails("leaves-without-a-word", &["it left in the middle of the run"]);
    fails("dies-after-it", &["it was done, and then its process ended with exit code 7"]);
}

#[test]
fn an_engine_that_hangs_is_ended_and_told_by_what_it_does_not_do() {
    fails("hangs-at-the-end", &["it hangs: for ", "gave no answer", "its process was ended"]);
    // Its answers are all there, whatever it does then.
    is_right("hangs-after-it", windows());
    let Ran { finding, .. } = ran(
        "hangs-while-events-wait",
        asked(
            {
                let WorkloadSpec::Synthetic(mut spec) = synthetic(None) else { unreachable!() };
                spec.payload_bytes = 256;
                WorkloadSpec::Synthetic(spec)
            },
            QuerySpec::Identity,
        ),
    );
    let why = finding.unwrap_err();
    assert!(why.contains("it hangs: for "), "{why}");
}

#[test]
fn an_engine_that_lies_is_found_out() {
    fails("answers-from-the-future", &["an answer from the future"]);
    fails("answers-before-the-run", &["before the run had begun"]);
    fails("answers-in-another-shape", &["bytes of answers that have 64 each"]);
    fails("answers-no-window", &["an answer that can be none"]);
    fails("counts-one-too-many", &["differ from the reference"]);
    fails("emits-again", &["differ from the reference", "it emitted 3 events again"]);
    fails("counts-too-many-late", &["counted 1000000000 late records, and was given"]);
    fails("counts-no-late", &["did not say how many records were late"]);
}
