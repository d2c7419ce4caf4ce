//! An engine with one flaw is found out, whatever the flaw: in exact checks, between bounds, and
//! where answers are given again.

use crate::support::{Flaw, answering, flawed, heavy, per_event, synthetic, unwatched, window};
use engines::{Algorithm, Data, Moment, Stamped, WindowSpec};
use programs::{Visitor, open};
use scenarios::spec::{AggregateName, CaseSpec, QuerySpec};
use scenarios::{Answer, Keyed, WindowAnswer};
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

/// One thing that is wrong with the hundredth answer.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Wrong {
    Nothing,
    Lost,
    Doubled,
    TwiceWithLess,
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
        let rule = if program.trigger().waits() { Rule::Marks } else { Rule::Truth };
        let judgement = Judgement {
            rule,
            bounds_only: self.partitions > 1,
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
        let repetition = repetition(1, &trial, &input.survey, None, verdict, finding.as_ref());
        Found { finding, verdict: Some(text), has_latency: repetition.result_latency.is_some() }
    }
}

fn find(query: QuerySpec, partitions: usize, wrong: Wrong, keep_all: bool) -> Found {
    let case = CaseSpec { workload: synthetic(Some(heavy())), query };
    let memory_budget_bytes = u64::MAX;
    let flawed = Case { partitions, wrong, keep_all, per_second: 4000.0, memory_budget_bytes };
    open(&case, 42).unwrap().visit(flawed)
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
