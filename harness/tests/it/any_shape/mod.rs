//! Answers of any shape are measured, checked and written without being known: rows of a join of
//! which some have no window, sessions whose window is part of the answer, ranked rows.
//!
//! One flaw in any of them is found out, exactly, between bounds, and where answers are given
//! again.

mod made_up;

use crate::support::{
    Flaw, answering, flawed, heavy, micro_batch, per_event, synthetic, unwatched,
};
use engines::{Algorithm, EngineError, Stamped, WindowSpec};
use made_up::{Event, Outer, Ranking, Sessions, Shape};
use programs::Case;
use scenarios::spec::WorkloadSpec;
use scenarios::workload::Synthetic;
use sluicebench::bench::Draining;
use sluicebench::bench::folder::write_results;
use sluicebench::bench::repetition::{obstacle, repetition};
use sluicebench::drivers;
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::recorder::Kept;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plan::{EngineKind, Marks, WindowDomain};
use sluicebench::verify::{Checker, Finding};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What an engine without batches may take to drain.
const DRAIN: Draining = Draining::Within(Duration::from_secs(2));

/// One thing that is wrong with one answer.
#[derive(Copy, Clone, Debug)]
enum Wrong {
    Nothing,
    Lost,
    Doubled,
    Altered,
    CutInTwo,
}

const EVERY: [Wrong; 4] = [Wrong::Lost, Wrong::Doubled, Wrong::Altered, Wrong::CutInTwo];

/// Spoils the fiftieth answer of a kind.
fn spoilt<S: Shape>(wrong: Wrong, is_kind: fn(&S::Answer) -> bool) -> Flaw<S::Answer> {
    let mut seen = 0;
    Box::new(move |answers| {
        let mut given = Vec::new();
        for answer in answers {
            seen += u32::from(is_kind(&answer.value));
            let mut answer = answer.clone();
            if seen != 50 || !is_kind(&answer.value) {
                given.push(answer);
                continue;
            }
            match wrong {
                Wrong::Nothing => given.push(answer),
                Wrong::Lost => (),
                Wrong::Doubled => given.extend([answer.clone(), answer]),
                Wrong::Altered => {
                    S::alter(&mut answer.value);
                    given.push(answer);
                }
                Wrong::CutInTwo => given.extend(S::cut(&answer)),
            }
        }
        given
    })
}

struct Ran<A> {
    finding: Result<Finding, EngineError>,
    answers: Vec<Stamped<A>>,
    expected_count: u64,
    results: Vec<csv::StringRecord>,
}

/// Two seconds in which a third of the events are late.
fn ran<S: Shape + Clone>(
    shape: &S,
    kind: &EngineKind,
    partitions: usize,
    flaw: impl Fn() -> Flaw<S::Answer>,
) -> Ran<S::Answer> {
    let WorkloadSpec::Synthetic(spec) = synthetic(Some(heavy())) else { unreachable!() };
    let case = Case::of(shape.clone(), Synthetic::<Event>::new(&spec, 42));
    let program = &*case.program;
    let layout = Layout {
        schedule: Schedule::even(4000.0, Duration::from_secs(2)),
        partitions,
        marks: Marks::Every(16),
        idle_after: None,
        watermark_bound_us: 100_000,
        trigger: program.trigger(),
    };
    let input = Input::make(Arc::clone(&case.workload), layout, u64::MAX);
    assert!(input.survey.late_possible > 0, "some events are late");
    let judgement = drivers::judgement(kind, program, partitions);
    let interval_ns = drivers::interval_ns(kind);
    let setting = Setting {
        warm_up: Duration::ZERO,
        settling: Settling::default(),
        over_batches: drivers::over_batches(&judgement),
        interval_ns,
        refined: judgement.refined,
        keep_all: true,
        simulate: true,
    };
    let engine = flawed(answering(kind, &case, 7), flaw);
    let stop = AtomicBool::new(false);
    let (trial, kept) = run(engine, &input, setting, IntervalLog::none(), &stop, &mut unwatched);
    assert!(obstacle(&trial, &input.survey).is_none());
    let tally = trial.tally.as_ref().unwrap();
    let mut checker = Checker::new(program, &input);
    let finding = checker.check(&judgement, &kept, tally);
    let expected_count = checker.expected(&judgement.rule).unwrap().answers_count;

    if let Ok(finding) = &finding {
        assert!(finding.completeness.is_some());
        assert!(finding.distance.is_some());
        let verdict = sluicebench::bench::repetition::checked(finding);
        let repetition =
            repetition(1, &trial, &input.survey, interval_ns, DRAIN, verdict, Some(finding));
        assert_eq!(repetition.result_latency.is_some(), finding.is_right);
        // Each measured answer has both latencies, whether it waited or not.
        let totals = &trial.samples.collected.totals;
        assert_eq!(totals.result.len(), trial.account.answers_measured);
        assert_eq!(totals.event.len(), totals.result.len());
    }
    // What is digested is checked like what is kept, where it may not be given again.
    if !judgement.refined && !finding.as_ref().is_ok_and(|finding| finding.bounds_only) {
        let mut digested = Kept::default();
        for answer in kept.answers.iter().rev() {
            digested.digest.add(answer);
        }
        let again = checker.check(&judgement, &digested, tally).map(|again| again.is_right);
        assert_eq!(again.ok(), finding.as_ref().ok().map(|finding| finding.is_right));
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.csv");
    write_results(&path, program, &kept.answers).unwrap();
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let head: Vec<&str> =
        ["window_start_us", "window_end_us", "key"].into_iter().chain(program.columns()).collect();
    assert_eq!(reader.headers().unwrap(), head);
    let results = reader.records().map(Result::unwrap).collect();
    Ran { finding, answers: kept.answers, expected_count, results }
}

fn right<S: Shape + Clone>(shape: &S, kind: &EngineKind, partitions: usize) -> Ran<S::Answer> {
    let ran = ran(shape, kind, partitions, || spoilt::<S>(Wrong::Nothing, S::KINDS[0]));
    let finding = ran.finding.as_ref().unwrap();
    assert!(finding.is_right, "{}", finding.text);
    ran
}

#[track_caller]
fn check<S: Shape + Clone>(shape: &S, kind: &EngineKind, partitions: usize, wrongs: &[Wrong]) {
    for is_kind in S::KINDS {
        for wrong in wrongs {
            let finding =
                ran(shape, kind, partitions, || spoilt::<S>(*wrong, *is_kind)).finding.unwrap();
            assert!(!finding.is_right, "{wrong:?} was not found: {}", finding.text);
            assert!(!finding.differences.is_empty(), "{wrong:?}");
        }
    }
}

fn engines() -> [EngineKind; 3] {
    [
        per_event(Algorithm::Auto).kind,
        micro_batch(WindowDomain::EventTime, Algorithm::Auto).kind,
        micro_batch(WindowDomain::Batches, Algorithm::Auto).kind,
    ]
}

fn half_a_second() -> WindowSpec {
    WindowSpec::tumbling(500_000).unwrap()
}

fn sliding() -> WindowSpec {
    WindowSpec::sliding(500_000, 100_000).unwrap()
}

fn sessions(window: WindowSpec) -> Sessions {
    Sessions { window, is_monotone: true }
}

/// Every flaw is found on every engine, and the file of results has the right answers, each once.
#[track_caller]
fn check_exactly<S: Shape + Clone>(shape: &S) {
    for kind in engines() {
        let ran = right(shape, &kind, 1);
        assert_eq!(ran.results.len() as u64, ran.expected_count, "{kind:?}");
        check(shape, &kind, 1, &EVERY);
    }
}

#[test]
fn every_flaw_in_rows_of_a_join_is_found() {
    check_exactly(&Outer(sliding()));
}

#[test]
fn every_flaw_in_sessions_is_found() {
    check_exactly(&sessions(half_a_second()));
}

#[test]
fn every_flaw_in_ranked_rows_is_found() {
    check_exactly(&Ranking(sliding()));
}

#[track_caller]
fn check_bounds<S: Shape + Clone>(shape: &S) {
    let kind = per_event(Algorithm::Auto).kind;
    assert!(right(shape, &kind, 3).finding.unwrap().bounds_only);
    check(shape, &kind, 3, &EVERY);
}

#[test]
fn flaws_outside_of_the_bounds_are_found_in_any_shape() {
    check_bounds(&Outer(sliding()));
    check_bounds(&sessions(half_a_second()));
    check_bounds(&Ranking(sliding()));
}

#[track_caller]
fn check_given_again<S: Shape + Clone>(shape: &S) {
    let kind = per_event(Algorithm::Auto).kind;
    let ran = right(shape, &kind, 1);
    assert!(ran.answers.len() as u64 > ran.expected_count, "some are given again");
    assert_eq!(ran.results.len() as u64, ran.expected_count, "and written once");
    check(shape, &kind, 1, &[Wrong::Doubled, Wrong::Altered]);
}

#[test]
fn flaws_in_answers_that_are_given_again_are_found_in_any_shape() {
    let patient = |window: WindowSpec| window.with_allowed_lateness(50_000).unwrap();
    check_given_again(&Outer(patient(sliding())));
    check_given_again(&sessions(patient(half_a_second())));
    check_given_again(&Ranking(patient(sliding())));
}

#[test]
fn answers_that_can_be_undone_are_not_checked_between_bounds() {
    let shape = Sessions { window: half_a_second(), is_monotone: false };
    let kind = per_event(Algorithm::Auto).kind;
    let whole = || spoilt::<Sessions>(Wrong::Nothing, Sessions::KINDS[0]);
    assert!(ran(&shape, &kind, 1, whole).finding.unwrap().is_right);
    let error = ran(&shape, &kind, 3, whole).finding.unwrap_err();
    assert!(error.to_string().contains("use one partition"), "{error}");
}

/// Where and what of the answer that is different.
#[track_caller]
fn told<S: Shape + Clone>(shape: &S, wrong: Wrong, is_kind: fn(&S::Answer) -> bool) -> String {
    let kind = per_event(Algorithm::Auto).kind;
    let finding = ran(shape, &kind, 1, || spoilt::<S>(wrong, is_kind)).finding.unwrap();
    finding.differences.join("\n")
}

#[test]
fn a_difference_is_told_in_the_words_of_the_question() {
    let paired = told(&Outer(sliding()), Wrong::Lost, Outer::KINDS[0]);
    assert!(paired.starts_with("answer, key ") && paired.contains(": nothing given, right "));
    let lonely = told(&Outer(sliding()), Wrong::Altered, Outer::KINDS[1]);
    assert!(lonely.starts_with("answer, key ") && lonely.contains("records 1"), "{lonely}");
    let ranked = told(&Ranking(sliding()), Wrong::Doubled, Ranking::KINDS[0]);
    assert!(ranked.contains(", key group ") && ranked.contains("once more"), "{ranked}");
    let session = told(&sessions(half_a_second()), Wrong::CutInTwo, Sessions::KINDS[0]);
    assert!(session.contains("window 2020-09-13T12:26:"), "{session}");
}
