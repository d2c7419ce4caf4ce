//! An engine with one flaw is found out, whatever the flaw: in exact checks, between bounds, and
//! where answers are given again.

use crate::support::{Flaw, answering, flawed, heavy, per_event, synthetic, unwatched, window};
use engines::{Algorithm, Data, Moment, Stamped, WindowSpec};
use programs::{Visitor, open};
use scenarios::spec::{AggregateName, CaseSpec, QuerySpec};
use scenarios::{Answer, Keyed, WindowAnswer};
use sluicebench::bench::Draining;
use sluicebench::bench::repetition::{obstacle, repetition};
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plan::Marks;
use sluicebench::verify::{Checker, Finding, Judgement, Rule, Told};
use std::any::Any;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What an engine without batches may take to drain.
const DRAIN: Draining = Draining::Within(Duration::from_secs(2));

/// One thing that is wrong with the hundredth answer.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Wrong {
    Nothing,
    Lost,
    Doubled,
    TwiceWithLess,
    Less,
    More,
    Altered,
    Extra,
    OtherDue,
    BeforeItWasDue,
}

struct HundredthAnswer(Wrong);

impl HundredthAnswer {
    fn make<O: Data>(&self) -> Flaw<O> {
        let wrong = self.0;
        let mut seen = 0;
        Box::new(move |answers| {
            let mut given = Vec::new();
            for answer in answers {
                seen += 1;
                let mut answer = answer.clone();
                if seen != 100 {
                    given.push(answer);
                    continue;
                }
                match wrong {
                    Wrong::Nothing => given.push(answer),
                    Wrong::Lost => (),
                    Wrong::Doubled => given.extend([answer.clone(), answer]),
                    Wrong::TwiceWithLess => {
                        let mut less = answer.clone();
                        count_less(&mut less);
                        given.extend([less, answer]);
                    }
                    Wrong::Less => {
                        count_less(&mut answer);
                        given.push(answer);
                    }
                    Wrong::More => {
                        count_more(&mut answer);
                        given.push(answer);
                    }
                    Wrong::Altered => {
                        alter(&mut answer);
                        given.push(answer);
                    }
                    Wrong::Extra => {
                        let mut extra = answer.clone();
                        move_away(&mut extra);
                        given.extend([answer, extra]);
                    }
                    Wrong::OtherDue => {
                        answer.due = Moment::from_nanos(answer.due.as_nanos() - 1);
                        given.push(answer);
                    }
                    Wrong::BeforeItWasDue => {
                        answer.due = Moment::from_nanos(answer.due.as_nanos() + 1_000_000_000_000);
                        given.push(answer);
                    }
                }
            }
            given
        })
    }
}

fn alter<O: Data>(answer: &mut Stamped<O>) {
    let value: &mut dyn Any = &mut answer.value;
    if let Some(keyed) = value.downcast_mut::<Keyed>() {
        keyed.value += 1;
    } else if let Some(window) = value.downcast_mut::<WindowAnswer>() {
        window.sum += 1;
    } else {
        panic!("an answer of another kind");
    }
}

fn count_less<O: Data>(answer: &mut Stamped<O>) {
    let value: &mut dyn Any = &mut answer.value;
    let window = value.downcast_mut::<WindowAnswer>().expect("an answer for a window");
    window.count -= 1;
}

fn count_more<O: Data>(answer: &mut Stamped<O>) {
    let value: &mut dyn Any = &mut answer.value;
    let window = value.downcast_mut::<WindowAnswer>().expect("an answer for a window");
    window.count += 1;
}

fn move_away<O: Data>(answer: &mut Stamped<O>) {
    let value: &mut dyn Any = &mut answer.value;
    if let Some(keyed) = value.downcast_mut::<Keyed>() {
        keyed.key += 1;
    } else if let Some(window) = value.downcast_mut::<WindowAnswer>() {
        window.key = u64::MAX;
    } else {
        panic!("an answer of another kind");
    }
}

struct Case {
    partitions: usize,
    /// By which rule windows are judged.
    rule: Rule,
    wrong: Wrong,
    keep_all: bool,
    per_second: f64,
    memory_budget_bytes: u64,
}

struct Found {
    /// What the check says; none where the run is void before it.
    finding: Option<Finding>,
    verdict: Option<String>,
    has_latency: bool,
}

impl Visitor for Case {
    type Output = Found;

    fn visit<E: Data + Hash, A: Answer>(self, case: programs::Case<E, A>) -> Found {
        let program = &*case.program;
        let layout = Layout {
            schedule: Schedule::even(self.per_second, Duration::from_secs(2)),
            partitions: self.partitions,
            marks: Marks::Every(16),
            idle_after: None,
            watermark_bound_us: 100_000,
            trigger: program.trigger(),
        };
        let workload = Arc::clone(&case.workload);
        let input = Input::make(workload, layout, self.memory_budget_bytes);
        let kind = per_event(Algorithm::Auto).kind;
        let flaw = HundredthAnswer(self.wrong);
        let engine = flawed(answering(&kind, &case, 7), || flaw.make());
        let refined = program.refines();
        let setting = Setting {
            warm_up: Duration::ZERO,
            settling: Settling::default(),
            over_batches: None,
            interval_ns: None,
            refined,
            keep_all: self.keep_all,
            simulate: true,
        };
        let stop = AtomicBool::new(false);
        let (trial, kept) =
            run(engine, &input, setting, IntervalLog::none(), &stop, &mut unwatched);
        let rule = if program.trigger().waits() { self.rule } else { Rule::Truth };
        let judgement = Judgement {
            bounds_only: self.partitions > 1 && rule == Rule::Marks,
            rule,
            told: Told::All,
            repeated: 0,
            refined,
        };
        let obstacle = obstacle(&trial, &input.survey);
        let finding = obstacle.is_none().then(|| {
            let tally = trial.tally.as_ref().unwrap();
            Checker::new(program, &input).check(&judgement, &kept, tally).unwrap()
        });
        let verdict = obstacle
            .unwrap_or_else(|| sluicebench::bench::repetition::checked(finding.as_ref().unwrap()));
        let text = verdict.text.clone();
        let repetition =
            repetition(1, &trial, &input.survey, None, DRAIN, verdict, finding.as_ref());
        Found { finding, verdict: Some(text), has_latency: repetition.result_latency.is_some() }
    }
}

fn find(query: QuerySpec, partitions: usize, wrong: Wrong, keep_all: bool) -> Found {
    find_by(Rule::Marks, true, query, partitions, wrong, keep_all)
}

fn find_by(
    rule: Rule,
    is_disordered: bool,
    query: QuerySpec,
    partitions: usize,
    wrong: Wrong,
    keep_all: bool,
) -> Found {
    let case = CaseSpec { workload: synthetic(is_disordered.then(heavy)), query };
    let memory_budget_bytes = u64::MAX;
    let per_second = 4000.0;
    let flawed = Case { partitions, rule, wrong, keep_all, per_second, memory_budget_bytes };
    open(&case, 42).unwrap().visit(flawed)
}

/// What the check says of an engine that may lose what it likes.
fn lossy(is_disordered: bool, partitions: usize, wrong: Wrong) -> Finding {
    let query = window(sliding(), &COUNT_AND_SUM);
    find_by(Rule::AtMost, is_disordered, query, partitions, wrong, true).finding.unwrap()
}

#[track_caller]
fn check(query: &QuerySpec, partitions: usize, keep_all: bool, wrongs: &[Wrong]) {
    let right = find(query.clone(), partitions, Wrong::Nothing, keep_all).finding.unwrap();
    assert!(right.is_right, "{}", right.text);
    for wrong in wrongs {
        let found = find(query.clone(), partitions, *wrong, keep_all);
        let finding = found.finding.unwrap();
        assert!(!finding.is_right, "{wrong:?} was not found: {}", finding.text);
        assert!(!finding.differences.is_empty(), "{wrong:?}");
        assert!(!found.has_latency, "{wrong:?} shows a latency");
    }
}

const EVERY: [Wrong; 5] =
    [Wrong::Lost, Wrong::Doubled, Wrong::Altered, Wrong::Extra, Wrong::OtherDue];

const COUNT_AND_SUM: [AggregateName; 2] = [AggregateName::Count, AggregateName::Sum];

fn sliding() -> WindowSpec {
    WindowSpec::sliding(500_000, 100_000).unwrap()
}

#[test]
fn every_flaw_in_windows_is_found() {
    check(&window(sliding(), &COUNT_AND_SUM), 1, false, &EVERY);
    check(&window(sliding(), &COUNT_AND_SUM), 1, true, &EVERY);
}

#[test]
fn every_flaw_in_single_answers_is_found() {
    check(&QuerySpec::Identity, 1, false, &EVERY);
}

#[test]
fn flaws_in_answers_that_are_given_again_are_found() {
    let spec = sliding().with_allowed_lateness(50_000).unwrap();
    check(&window(spec, &COUNT_AND_SUM), 1, true, &[Wrong::Doubled, Wrong::Extra]);
}

#[test]
fn flaws_outside_of_the_bounds_are_found() {
    let flaws = [Wrong::Doubled, Wrong::TwiceWithLess, Wrong::Extra];
    check(&window(sliding(), &COUNT_AND_SUM), 3, true, &flaws);
}

#[test]
fn what_an_engine_loses_that_may_is_counted_and_no_difference() {
    let right = lossy(false, 1, Wrong::Nothing);
    assert!(right.is_right && !right.bounds_only, "{}", right.text);
    assert!(right.text.contains("nothing was lost"), "{}", right.text);
    let lost = right.lost.unwrap();
    assert_eq!((lost.memberships, lost.events, lost.of), (0, 0, right.fates.meant_pairs));

    // An answer that is not there, of so many events.
    let found = lossy(false, 1, Wrong::Lost);
    assert!(found.is_right && found.bounds_only, "{}", found.text);
    let lost = found.lost.unwrap();
    let missing = found.distance.unwrap().off;
    assert!(missing > 0 && lost.memberships == missing, "{lost:?}");
    // Five windows hold an event.
    assert_eq!(lost.events, missing.div_ceil(5));
    assert!(found.text.contains("without a word"), "{}", found.text);
    assert_eq!(found.completeness, Some(1.0 - lost.share()));

    // One that counts less than it could.
    let found = lossy(false, 1, Wrong::Less);
    assert!(found.is_right, "{}", found.text);
    assert_eq!(found.lost.unwrap().memberships, 1);
}

#[test]
fn what_an_engine_says_was_late_is_not_lost_without_a_word() {
    for partitions in [1, 3] {
        let found = lossy(true, partitions, Wrong::Nothing);
        assert!(found.is_right, "{}", found.text);
        let (lost, fates) = (found.lost.unwrap(), found.fates);
        // It says which events were late for all of their windows, and nothing of the rest.
        assert!(fates.late > 0 && lost.memberships > 0, "{lost:?} {fates:?}");
        assert_eq!(fates.missed_pairs, lost.memberships + 5 * fates.late);
        assert_eq!(fates.right_pairs + fates.missed_pairs, lost.of);
        assert!(!found.knows_partly_late);
    }
}

#[test]
fn an_engine_that_may_lose_answers_nothing_else() {
    for (wrong, says) in [
        (Wrong::Doubled, "given twice"),
        (Wrong::TwiceWithLess, "given twice"),
        // Of a window and key that nobody asked for; with more than there is; with another sum.
        (Wrong::Extra, "is not between nothing and nothing"),
        (Wrong::More, "is not between nothing and count"),
        (Wrong::Altered, "is not between nothing and count"),
    ] {
        for partitions in [1, 3] {
            let found = lossy(false, partitions, wrong);
            assert!(!found.is_right, "{wrong:?}: {}", found.text);
            assert!(found.differences[0].contains(says), "{wrong:?}: {:?}", found.differences);
            assert!(found.text.contains(&found.differences[0]), "it is the first thing said");
        }
    }
}

#[test]
fn a_difference_names_window_key_and_both_values() {
    let found = find(window(sliding(), &COUNT_AND_SUM), 1, Wrong::Altered, false);
    let difference = &found.finding.unwrap().differences[0];
    let words = ["window 2020-09-13T12:26:", ", key ", "count ", "sum ", " given, ", " expected"];
    for word in words {
        assert!(difference.contains(word), "{word:?} in {difference}");
    }
    let found = find(window(sliding(), &COUNT_AND_SUM), 1, Wrong::Doubled, false);
    let difference = &found.finding.unwrap().differences[0];
    assert!(difference.contains("once more than expected"), "{difference}");
    let found = find(window(sliding(), &COUNT_AND_SUM), 1, Wrong::Lost, false);
    let difference = &found.finding.unwrap().differences[0];
    assert!(difference.contains("nothing given"), "{difference}");
}

#[test]
fn a_negative_latency_voids_the_run_and_is_not_clamped() {
    for query in [QuerySpec::Identity, window(sliding(), &COUNT_AND_SUM)] {
        let found = find(query, 1, Wrong::BeforeItWasDue, false);
        assert!(found.finding.is_none());
        let text = found.verdict.unwrap();
        assert!(text.contains("1 answer was emitted before it was due"), "{text}");
        assert!(!found.has_latency);
    }
}

#[test]
fn an_input_that_is_made_ahead_of_need_is_checked_like_one_that_is_held() {
    // Several chunks per partition, so that the makers are waited for.
    let case =
        CaseSpec { workload: synthetic(Some(heavy())), query: window(sliding(), &COUNT_AND_SUM) };
    for (partitions, bounds_only) in [(1, false), (2, true)] {
        let ahead = Case {
            partitions,
            rule: Rule::Marks,
            wrong: Wrong::Nothing,
            keep_all: true,
            per_second: 150_000.0,
            memory_budget_bytes: 0,
        };
        let found = open(&case, 42).unwrap().visit(ahead);
        let finding = found.finding.unwrap();
        assert!(finding.is_right, "{}", finding.text);
        assert_eq!(finding.bounds_only, bounds_only);
        assert!(found.has_latency);
    }
}
