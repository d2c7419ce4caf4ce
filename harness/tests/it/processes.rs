//! Repetitions in processes of their own: whatever becomes of one, the run goes on, and nothing is
//! left behind.

use crate::beside::write_program;
use crate::support::program::{program, sluicebench};
use reports::record::{RunRecord, VerdictKind};
use sluicebench::bench::{Bench, Measured, Order, Processes};
use sluicebench::config::{Given, Sets, Traces, load};
use sluicebench::measure::seen::{Phase, Seen};
use sluicebench::plan::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// `identity` on both engines, for so long.
fn cell(milliseconds: u32) -> Cell {
    let set = |text: String| Given { from: "test", prefix: String::new(), sets: Sets::Any, text };
    let given = [
        set("source.synthetic.rate=\"1k/s\"".into()),
        set("measure.warm_up=\"0s\"".into()),
        set(format!("measure.duration=\"{milliseconds}ms\"")),
    ];
    load(&["identity".into()], &given, &[], Traces::MustExist).unwrap().cells.remove(0)
}

const fn order(cell: &Cell, engine: usize, rep: u32) -> Order<'_> {
    let (seed, files) = (cell.seed, None);
    Order { cell, engine, rep, seed, files, keep_results: false, simulate: false }
}

fn processes() -> Processes {
    Processes::of(program(), Arc::new(AtomicBool::new(false)))
}

/// Tests that measure here take turns, since they look for their repetition among all of them.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The living children of a process that carry out a repetition: whatever else a process starts,
/// as other tests of this program do, is called otherwise.
fn repetitions_of(parent: u32) -> Vec<u32> {
    let stat = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name, which is in brackets and may hold anything: state, then parent.
        let mut rest = text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned);
        Some((rest.next()?, rest.next()?.parse::<u32>().ok()?))
    };
    let is_repetition = |pid: u32| {
        let call = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        call.split(|byte| *byte == 0).nth(1) == Some(b"trial")
    };
    let all = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let lives = |pid: u32| stat(pid).is_some_and(|(state, of)| of == parent && state != "Z");
    all.filter(|pid| lives(*pid) && is_repetition(*pid)).collect()
}

fn is_alive(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

fn send(signal: &str, pid: u32) {
    let kill = Command::new("sh").arg("-c").arg(format!("kill -{signal} {pid}")).status().unwrap();
    assert!(kill.success(), "kill -{signal} {pid}");
}

/// Waits for something that happens soon, or never.
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

/// Measures, and does something when the engine runs: once, with the process that runs it.
fn measured(milliseconds: u32, mut then: impl FnMut(u32) -> ControlFlow<()> + Send) -> Measured {
    let cell = cell(milliseconds);
    let mut bench = processes();
    let mut is_done = false;
    let mut watch = |seen: &Seen| {
        if seen.phase != Phase::Running || is_done {
            return ControlFlow::Continue(());
        }
        is_done = true;
        then(repetitions_of(std::process::id())[0])
    };
    bench.measure(&order(&cell, 1, 1), &mut watch).unwrap()
}

#[test]
fn whatever_becomes_of_a_process_is_a_repetition() {
    let _turn = alone();
    // Everything goes well, each time in another process.
    let mut pids = Vec::new();
    for _ in 0..2 {
        let measured = measured(400, |pid| {
            pids.push(pid);
            ControlFlow::Continue(())
        });
        assert_eq!(measured.repetition.verdict.kind, VerdictKind::Verified);
        let latency = measured.repetition.result_latency.as_ref().unwrap();
        assert_eq!((latency.count, measured.result.len()), (400, 400));
        assert_eq!(measured.facts.as_ref().unwrap().input.events, 400);
        assert!(!is_alive(*pids.last().unwrap()));
    }
    assert_ne!(pids[0], pids[1]);
    assert!(!pids.contains(&std::process::id()));

    // It is killed, as the system does when memory runs out.
    let killed = measured(60_000, |pid| {
        send("KILL", pid);
        ControlFlow::Continue(())
    });
    let verdict = &killed.repetition.verdict;
    assert_eq!(verdict.kind, VerdictKind::Failed);
    assert!(verdict.text.contains("SIGKILL"), "{}", verdict.text);
    assert_eq!(killed.repetition.failure.as_ref(), Some(&verdict.text));

    // Whoever watches has seen enough.
    let mut seen = 0;
    let ended = measured(60_000, |pid| {
        seen = pid;
        ControlFlow::Break(())
    });
    assert_eq!(ended.repetition.verdict.kind, VerdictKind::Interrupted);
    assert!(ended.repetition.counts.read < 60_000);
    assert!(!is_alive(seen));
}

#[test]
fn a_program_that_cannot_measure_is_a_failed_repetition() {
    let _turn = alone();
    for (program, says) in [
        ("/nowhere/at/all", "could not be started"),
        ("/bin/echo", "said what is no report: `trial`"),
        ("/bin/false", "exit code 1"),
        ("/bin/true", "ended without a result"),
    ] {
        let mut bench = Processes::of(program.into(), Arc::new(AtomicBool::new(false)));
        let cell = cell(100);
        let mut watch = |_: &Seen| ControlFlow::Continue(());
        let measured = bench.measure(&order(&cell, 0, 3), &mut watch).unwrap();
        let repetition = measured.repetition;
        assert_eq!((repetition.rep, repetition.verdict.kind), (3, VerdictKind::Failed));
        assert!(repetition.verdict.text.contains(says), "{program}: {}", repetition.verdict.text);
    }
}

#[test]
fn a_wish_to_stop_ends_what_is_running() {
    let _turn = alone();
    let stop = Arc::new(AtomicBool::new(false));
    let mut bench = Processes::of(program(), Arc::clone(&stop));
    let cell = cell(60_000);
    let mut watch = |_: &Seen| {
        stop.store(true, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let measured = bench.measure(&order(&cell, 0, 1), &mut watch).unwrap();
    assert_eq!(measured.repetition.verdict.kind, VerdictKind::Interrupted);
}

#[test]
fn a_wish_to_stop_while_answers_are_checked_is_told_as_that() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("checks");
    // It checks until nobody wants it any longer.
    let seen = Seen { phase: Phase::Checking, ..Seen::default() };
    let seen = serde_json::to_string(&seen).unwrap();
    let text = format!("#!/bin/sh\necho '{{\"seen\":{seen}}}'\ncat >/dev/null\nexit 1\n");
    write_program(&program, &text);
    let mut bench = Processes::of(program, Arc::new(AtomicBool::new(false)));
    let cell = cell(100);
    let mut watch = |_: &Seen| ControlFlow::Break(());
    let verdict = bench.measure(&order(&cell, 0, 1), &mut watch).unwrap().repetition.verdict;
    assert_eq!(verdict.kind, VerdictKind::Interrupted, "{}", verdict.text);
    assert_eq!(verdict.text, "stopped before its answers were checked");
}

/// A long run of the program, and the process of its repetition.
fn long_run(folder: &Path) -> (Child, u32) {
    let arguments = ["run", "identity", "--rate", "1k/s", "--duration", "60s", "--out", "out"];
    let run = sluicebench(folder, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut found = Vec::new();
    wait_until(|| {
        found = repetitions_of(run.id());
        !found.is_empty()
    });
    (run, found[0])
}

#[test]
fn an_interrupt_of_the_parent_alone_ends_the_child_and_keeps_a_record() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let (mut run, child) = long_run(folder.path());
    send("INT", run.id());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert!(!is_alive(child));
    let out = folder.path().join("out");
    assert!(RunRecord::read(&out).unwrap().interrupted);
    assert!(out.join("report.html").is_file());
}

#[test]
fn a_child_survives_no_parent() {
    let _turn = alone();
    for signals in [&["KILL"][..], &["INT", "INT"]] {
        let folder = tempfile::tempdir().unwrap();
        let (mut run, child) = long_run(folder.path());
        for signal in signals {
            send(signal, run.id());
        }
        let code = run.wait().unwrap().code();
        assert!(code.is_none() || code == Some(130), "{signals:?}: {code:?}");
        wait_until(|| !is_alive(child));
        assert!(RunRecord::read(&folder.path().join("out")).is_ok(), "what was finished is there");
    }
}
