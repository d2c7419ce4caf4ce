//! Sessions by every path that records and watermarks take to them, against the reference; and what
//! is kept meanwhile.

use super::{Operator, Roomy, Sessions, Timed};
use crate::aggregate::{Aggregate, Count, CountAndSum, CountedSum, Summarise};
use crate::dataflow::{Dataflow, Windowed};
use crate::engine::WindowCounts;
use crate::record::Stamped;
use crate::reference::{Arrived, Seen, meaning};
use crate::session::{LateBy, SessionSpec, Touch};
use crate::time::{Moment, Timestamp};
use crate::window::Window;
use proptest::prelude::*;
use std::fmt::Debug;

#[derive(Copy, Clone, Debug)]
enum Step {
    Record { key: u64, time: i64, value: i64 },
    Watermark(i64),
}

/// How the steps reach the operator.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Path {
    /// One by one.
    Singly,
    /// Those between watermarks at once, and what is changed is answered in between.
    BySlice,
    /// Those between watermarks at once, and nothing is answered but with watermarks.
    ByBatch,
    /// Watermarks come when all records have, which say how far event time had come.
    Ahead,
}

const PATHS: [Path; 4] = [Path::Singly, Path::BySlice, Path::ByBatch, Path::Ahead];

type Answer<V> = (u64, Window, V, Moment);

/// The answers that no later one takes the place of, by what a session may become.
fn standing<V: Clone>(given: &[Answer<V>]) -> Vec<Answer<V>> {
    let holds =
        |window: Window, other: Window| window.start <= other.start && other.end <= window.end;
    (1..)
        .zip(given)
        .filter(|(next, (key, window, ..))| {
            !given[*next..].iter().any(|(of, wider, ..)| of == key && holds(*wider, *window))
        })
        .map(|(_, answer)| answer.clone())
        .collect()
}

fn by_operator<A>(
    aggregate: &A,
    spec: SessionSpec,
    path: Path,
    steps: &[Step],
) -> (Vec<Answer<A::Output>>, WindowCounts)
where
    A: Aggregate<Input = i64, Output: Ord>,
{
    let mut operator = Timed::new(Sessions::<u64, A>::new(spec, aggregate.clone()));
    let mut given = Vec::new();
    let mut out = Roomy(|answer: Stamped<Windowed<u64, A::Output>>| {
        let Windowed { window, key, value } = answer.value;
        assert_eq!(answer.event_time, window.last_instant());
        given.push((key, window, value, answer.due));
    });
    let (key_of, value_of) = (|event: &(u64, i64)| event.0, |event: &(u64, i64)| event.1);
    let (mut slice, mut seen) = (Vec::new(), Timestamp::BEFORE_ALL);
    let end = Step::Watermark(Timestamp::AFTER_ALL.as_micros());
    for (n, step) in (0..).zip(steps.iter().chain([&end])) {
        match *step {
            Step::Record { key, time, value } => {
                let (event_time, due) = (Timestamp::from_micros(time), Moment::from_nanos(n));
                match path {
                    Path::Singly => {
                        let unknown = Timestamp::BEFORE_ALL;
                        if operator.add((key, value), event_time, due, unknown) {
                            operator.answer_again(&mut out).unwrap();
                        }
                    }
                    Path::Ahead => {
                        let answers = operator.add((key, value), event_time, due, seen);
                        assert!(!answers, "it waits, or event time has not begun");
                    }
                    _ => slice.push(Stamped { event_time, due, value: (key, value) }),
                }
            }
            Step::Watermark(mark) => {
                let mark = Timestamp::from_micros(mark);
                seen = seen.max(mark);
                operator.add_each(&slice, Timestamp::BEFORE_ALL, &key_of, &value_of, |operator| {
                    if path == Path::BySlice {
                        operator.answer_again(&mut out).unwrap();
                    }
                });
                slice.clear();
                if path != Path::Ahead || mark == Timestamp::AFTER_ALL {
                    assert!(operator.advance_while(mark, &mut out).unwrap());
                }
            }
        }
    }
    assert_eq!((operator.keys(), operator.turn_of(1)), (0, None), "nothing is left after the end");
    let counts = operator.counts();
    if spec.allowed_lateness() > 0 {
        given = standing(&given);
    }
    given.sort();
    (given, counts)
}

fn by_reference<A>(
    aggregate: &A,
    spec: SessionSpec,
    steps: &[Step],
) -> (Vec<Answer<A::Output>>, Seen)
where
    A: Aggregate<Input = i64, Output: Ord>,
{
    let mut watermark = Timestamp::BEFORE_ALL;
    let mut events = Vec::new();
    for (n, step) in (0..).zip(steps) {
        match *step {
            Step::Record { key, time, value } => events.push(Arrived {
                record: Stamped {
                    event_time: Timestamp::from_micros(time),
                    due: Moment::from_nanos(n),
                    value: (key, value),
                },
                watermark,
            }),
            Step::Watermark(mark) => watermark = watermark.max(Timestamp::from_micros(mark)),
        }
    }
    let aggregate = aggregate.clone();
    let meaning =
        meaning(|flow, events| flow.session(events, |e| e.0, |e| e.1, spec, aggregate), events)
            .unwrap();
    let mut answers: Vec<_> = meaning
        .answers
        .into_iter()
        .map(|Stamped { due, value: Windowed { window, key, value }, .. }| {
            (key, window, value, due)
        })
        .collect();
    answers.sort();
    (answers, meaning.windows[0])
}

#[track_caller]
fn agree<A>(aggregate: &A, spec: SessionSpec, steps: &[Step])
where
    A: Aggregate<Input = i64, Output: Ord + Debug>,
{
    let (want, seen) = by_reference(aggregate, spec, steps);
    for path in PATHS {
        let (got, counts) = by_operator(aggregate, spec, path, steps);
        assert_eq!(got, want, "{path:?} {spec}");
        assert_eq!(
            (counts.accepted, counts.late, counts.partly_late, counts.missed_windows),
            (seen.accepted, seen.late, seen.partly_late, seen.missed_pairs),
            "{path:?} {spec}"
        );
    }
}

const EARLIEST: i64 = Timestamp::EARLIEST.as_micros();
const LATEST: i64 = Timestamp::LATEST.as_micros();

/// Times near one another, and at both ends of what an engine accepts.
fn a_time() -> impl Strategy<Value = i64> {
    prop_oneof![12 => -70_i64..70, 1 => EARLIEST..EARLIEST + 9, 1 => LATEST - 9..=LATEST]
}

fn a_mark() -> impl Strategy<Value = i64> {
    prop_oneof![
        12 => -90_i64..90,
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX - 1), Just(EARLIEST), Just(LATEST)],
    ]
}

fn steps(keys: u64) -> impl Strategy<Value = Vec<Step>> {
    let record = (0..keys, a_time(), -9_i64..9).prop_map(|(key, time, value)| Step::Record {
        key,
        time,
        value,
    });
    let watermark = a_mark().prop_map(Step::Watermark);
    prop::collection::vec(prop_oneof![5 => record, 1 => watermark], 0..120)
}

fn a_gap() -> impl Strategy<Value = i64> {
    prop_oneof![9 => 1_i64..30, 1 => Just(1_i64 << 60)]
}

fn a_touch() -> impl Strategy<Value = Touch> {
    prop_oneof![Just(Touch::Split), Just(Touch::Merge)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_path_means_what_the_reference_says(
        gap in a_gap(),
        touch in a_touch(),
        lateness in prop_oneof![3 => Just(0_i64), 3 => 1_i64..40, 1 => Just(1_i64 << 60)],
        steps in steps(4),
    ) {
        let spec = SessionSpec::new(gap).unwrap().touching(touch);
        let spec = spec.with_allowed_lateness(lateness).unwrap();
        agree(&CountAndSum, spec, &steps);
        agree(&Summarise, spec, &steps);
    }

    #[test]
    fn so_they_do_where_a_session_that_is_open_saves_a_record(
        gap in a_gap(),
        touch in a_touch(),
        steps in steps(4),
    ) {
        let spec = SessionSpec::new(gap).unwrap().touching(touch).late_by(LateBy::Session);
        agree(&CountAndSum, spec, &steps);
    }
}

/// Every key and answer of an operator over times of some keys and the marks between them.
fn given(spec: SessionSpec, steps: &[Step]) -> Vec<(u64, i64, i64, u64)> {
    let (given, _) = by_operator(&CountAndSum, spec, Path::Singly, steps);
    given
        .iter()
        .map(|(key, window, CountedSum { count, .. }, _)| {
            (*key, window.start.as_micros(), window.end.as_micros(), *count)
        })
        .collect()
}

#[test]
fn a_late_record_that_bridges_two_sessions_makes_them_one() {
    let spec = SessionSpec::new(10).unwrap().with_allowed_lateness(30).unwrap();
    let record = |time| Step::Record { key: 7, time, value: 1 };
    let steps = [record(0), record(15), Step::Watermark(26), record(8)];
    assert_eq!(given(spec, &steps), [(7, 0, 25, 3)]);
    let late = [record(0), record(15), Step::Watermark(47), record(8)];
    assert_eq!(given(spec, &late), [(7, 0, 10, 1), (7, 15, 25, 1)], "it comes too late");
}

/// Counts how often each key is heard of, and looks at what is kept of that.
fn counting(gap: i64) -> Timed<Sessions<u64, Count>> {
    Timed::new(Sessions::new(SessionSpec::new(gap).unwrap(), Count))
}

fn hear(operator: &mut Timed<Sessions<u64, Count>>, key: u64, time: i64) {
    let (time, unknown) = (Timestamp::from_micros(time), Timestamp::BEFORE_ALL);
    operator.add((key, ()), time, Moment::START, unknown);
}

fn advance(operator: &mut Timed<Sessions<u64, Count>>, watermark: i64) -> usize {
    let mut answers = 0;
    let mut out = Roomy(|_: Stamped<Windowed<u64, u64>>| answers += 1);
    operator.advance_while(Timestamp::from_micros(watermark), &mut out).unwrap();
    answers
}

#[test]
fn a_session_that_never_ends_is_told_and_does_not_grow() {
    let mut operator = counting(10);
    for time in (0..100_000).step_by(5) {
        hear(&mut operator, 1, time);
        assert_eq!(advance(&mut operator, time - 1), 0);
        assert_eq!(operator.keys(), 1);
    }
    let counts = operator.counts();
    assert_eq!((counts.kept_most, counts.longest_us), (1, 100_005));
    assert_eq!(operator.turn_of(10), operator.turn_of(1), "it has one timer");
}

#[test]
fn after_a_burst_of_keys_nothing_is_kept_of_them() {
    let mut operator = counting(10);
    for key in 0..20_000 {
        hear(&mut operator, key, 0);
    }
    assert_eq!(operator.keys(), 20_000);
    assert_eq!(operator.turn_of(20_001), Some(Timestamp::from_micros(9)));
    assert_eq!(advance(&mut operator, 9), 20_000);
    assert_eq!((operator.keys(), operator.turn_of(1)), (0, None));
    // What is late for it does not come back.
    hear(&mut operator, 1, -5);
    assert_eq!((operator.keys(), operator.counts().late), (0, 1));
    assert_eq!(operator.counts().kept_most, 20_000);
}

#[test]
fn a_key_of_which_nothing_is_kept_is_not_asked_for() {
    let mut operator = counting(10);
    advance(&mut operator, 100);
    let late = Stamped { event_time: Timestamp::from_micros(5), due: Moment::START, value: () };
    let unknown = Timestamp::BEFORE_ALL;
    operator.add_each(&[late], unknown, &|()| panic!("it is late"), &|()| (), |_| ());
    assert_eq!(operator.counts().late, 1);
}

#[test]
fn a_copy_goes_on_as_the_operator_would_have() {
    let mut operator = counting(10);
    (0..9).for_each(|key| hear(&mut operator, key, 3));
    let mut copy = operator.clone();
    assert_eq!(advance(&mut operator, 100), 9);
    hear(&mut copy, 0, 9);
    assert_eq!((advance(&mut copy, 12), copy.keys()), (8, 1));
    assert_eq!(advance(&mut copy, 18), 1);
}
