//! The state by every algorithm and path, against the reference and against plain counts.

use super::WindowState;
use super::window_state::SWEEP_MIN;
use crate::aggregate::Aggregate;
use crate::aggregate::{CountAndSum, CountedSum, Summarise, Summary};
use crate::dataflow::{Dataflow, Windowed};
use crate::engine::{Algorithm, WindowCounts};
use crate::keyed::Roomy;
use crate::panes::PaneTable;
use crate::record::Stamped;
use crate::reference::{Arrived, Seen, meaning};
use crate::sliding::resolve;
use crate::time::{Moment, Timestamp};
use crate::window::{Window, WindowSpec};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Copy, Clone, Debug)]
enum Step {
    Record { key: u64, time: i64, value: i64 },
    Watermark(i64),
}

type Answers<V> = BTreeMap<(Window, u64), (V, Moment)>;

/// How the steps reach the state: one by one, those between watermarks at once, or combined between
/// watermarks.
#[derive(Copy, Clone, Debug)]
enum Path {
    Singly,
    BySlice,
    Combined,
}

const PATHS: [Path; 3] = [Path::Singly, Path::BySlice, Path::Combined];

fn by_state<A>(
    aggregate: &A,
    spec: WindowSpec,
    algorithm: Algorithm,
    path: Path,
    steps: &[Step],
) -> (Answers<A::Output>, WindowCounts)
where
    A: Aggregate<Input = i64>,
{
    let mut state = WindowState::new(aggregate.clone(), spec, algorithm).unwrap();
    let resolved = resolve::<A>(algorithm, &spec).unwrap();
    let mut delta = PaneTable::new(aggregate.clone(), &spec, resolved);
    let mut answers = Answers::new();
    let mut first_answers = BTreeSet::new();
    let mut emit = |answer: Stamped<Windowed<u64, A::Output>>| {
        let Windowed { window, key, value } = answer.value;
        let is_new = first_answers.insert((window, key));
        assert!(
            is_new || spec.allowed_lateness() > 0,
            "without lateness {window:?} of key {key} is answered once"
        );
        answers.insert((window, key), (value, answer.due));
    };
    let (entered, mut slice) = (Timestamp::BEFORE_ALL, Vec::new());
    let (key_of, value_of) = (|event: &(u64, i64)| event.0, |event: &(u64, i64)| event.1);
    let end = Step::Watermark(Timestamp::AFTER_ALL.as_micros());
    for (n, step) in (0..).zip(steps.iter().chain([&end])) {
        let (key, time, value) = match *step {
            Step::Record { key, time, value } => (key, time, value),
            Step::Watermark(watermark) => {
                state.add_each(&slice, entered, &key_of, &value_of, |state| {
                    state.repeat(&mut Roomy(&mut emit)).unwrap();
                });
                slice.clear();
                state.absorb(&delta);
                delta.clear();
                state.advance(Timestamp::from_micros(watermark), &mut emit).unwrap();
                continue;
            }
        };
        let (event_time, due) = (Timestamp::from_micros(time), Moment::from_nanos(n));
        let record = Stamped { event_time, due, value: (key, value) };
        match path {
            Path::Singly => {
                if state.add((key, value), event_time, due, entered) {
                    state.repeat(&mut Roomy(&mut emit)).unwrap();
                }
            }
            Path::BySlice => slice.push(record),
            Path::Combined => {
                delta.add_each(&[record], entered, &key_of, &value_of);
            }
        }
    }
    assert_eq!(state.oldest_live_time(), None, "nothing is left after the end");
    (answers, state.counts())
}

fn by_reference<A>(aggregate: &A, spec: WindowSpec, steps: &[Step]) -> (Answers<A::Output>, Seen)
where
    A: Aggregate<Input = i64>,
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
        meaning(|flow, events| flow.aggregate(events, |e| e.0, |e| e.1, spec, aggregate), events)
            .unwrap();
    let answers = meaning
        .answers
        .into_iter()
        .map(|Stamped { due, value: Windowed { window, key, value }, .. }| {
            ((window, key), (value, due))
        })
        .collect();
    (answers, meaning.windows[0])
}

#[track_caller]
fn agree<A>(aggregate: &A, spec: WindowSpec, algorithms: &[Algorithm], steps: &[Step])
where
    A: Aggregate<Input = i64>,
    A::Output: PartialEq + std::fmt::Debug,
{
    let (want, seen) = by_reference(aggregate, spec, steps);
    for algorithm in algorithms {
        for path in PATHS {
            let (got, counts) = by_state(aggregate, spec, *algorithm, path, steps);
            assert_eq!(got, want, "{algorithm:?} {path:?} {spec}");
            assert_eq!(
                (counts.accepted, counts.late, counts.partly_late, counts.missed_windows),
                (seen.accepted, seen.late, seen.partly_late, seen.missed_pairs),
                "{algorithm:?} {path:?} {spec}"
            );
        }
    }
}

const WITH_INVERSE: [Algorithm; 5] = [
    Algorithm::Auto,
    Algorithm::Recompute,
    Algorithm::Slices,
    Algorithm::SubtractOnEvict,
    Algorithm::TwoStacks,
];
const WITHOUT: [Algorithm; 4] =
    [Algorithm::Auto, Algorithm::Recompute, Algorithm::Slices, Algorithm::TwoStacks];

fn steps(keys: u64) -> impl Strategy<Value = Vec<Step>> {
    let record = (0..keys, -70_i64..70, -9_i64..9).prop_map(|(key, time, value)| Step::Record {
        key,
        time,
        value,
    });
    let watermark = (-90_i64..80).prop_map(Step::Watermark);
    prop::collection::vec(prop_oneof![6 => record, 1 => watermark], 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_algorithm_and_path_means_what_the_reference_says(
        size in 1_i64..40,
        slide in 1_i64..20,
        lateness in prop_oneof![3 => Just(0_i64), 1 => 1_i64..30],
        steps in steps(4),
    ) {
        let spec = WindowSpec::sliding(size, slide)
            .and_then(|spec| spec.with_allowed_lateness(lateness))
            .unwrap();
        agree(&CountAndSum, spec, &WITH_INVERSE, &steps);
        agree(&Summarise, spec, &WITHOUT, &steps);
    }

    #[test]
    fn records_of_one_pane_in_a_row_mean_what_the_reference_says(
        size in 1_i64..200,
        slide in 1_i64..300,
        lateness in prop_oneof![3 => Just(0_i64), 1 => 1_i64..30],
        // Time goes on, stands still, and now and then goes back.
        draws in prop::collection::vec((0_u64..5, prop_oneof![9 => 0_i64..3, 1 => -60_i64..60]), 0..500),
        mark_every in 30_usize..200,
    ) {
        let spec = WindowSpec::sliding(size, slide)
            .and_then(|spec| spec.with_allowed_lateness(lateness))
            .unwrap();
        let (mut time, mut latest) = (-100, i64::MIN);
        let mut steps = Vec::new();
        for (n, (key, passed)) in (1..).zip(draws) {
            time += passed;
            latest = latest.max(time);
            steps.push(Step::Record { key, time, value: n });
            if usize::try_from(n).unwrap().is_multiple_of(mark_every) {
                steps.push(Step::Watermark(latest - 20));
            }
        }
        agree(&CountAndSum, spec, &WITH_INVERSE, &steps);
    }

    #[test]
    fn many_keys_pass_through_sparse_and_dense_columns(
        size in 1_i64..30,
        slide in 1_i64..30,
        burst in 300_u64..900,
        steps in steps(900),
    ) {
        // A burst of keys first, so that later panes are sparse in comparison.
        let burst = (0..burst).map(|key| Step::Record { key, time: -70, value: 1 });
        let steps: Vec<Step> = burst.chain(steps).collect();
        let spec = WindowSpec::sliding(size, slide).unwrap();
        agree(&CountAndSum, spec, &WITH_INVERSE, &steps);
    }
}

#[test]
fn values_that_cancel_out_are_still_an_answer() {
    let spec = WindowSpec::sliding(20, 10).unwrap();
    let steps = [
        Step::Record { key: 1, time: 5, value: 3 },
        Step::Record { key: 1, time: 15, value: -3 },
        Step::Watermark(100),
    ];
    let (answers, _) =
        by_state(&CountAndSum, spec, Algorithm::SubtractOnEvict, Path::Combined, &steps);
    let middle = spec.window_at(0);
    assert_eq!(answers[&(middle, 1)].0, CountedSum { count: 2, sum: 0 });
    assert_eq!(answers.len(), 3, "the key leaves with its last value and not before");
}

#[test]
fn extremes_come_back_when_what_hid_them_leaves() {
    let spec = WindowSpec::sliding(20, 10).unwrap();
    let steps = [
        Step::Record { key: 1, time: 5, value: 100 },
        Step::Record { key: 1, time: 15, value: 7 },
        Step::Watermark(100),
    ];
    let (answers, _) = by_state(&Summarise, spec, Algorithm::TwoStacks, Path::Singly, &steps);
    let last = spec.window_at(10);
    assert_eq!(answers[&(last, 1)].0, Summary { count: 1, sum: 7, min: 7, max: 7 });
}

#[test]
fn a_quiet_year_costs_no_steps() {
    let spec = WindowSpec::sliding(3_600_000_000, 1_000_000).unwrap();
    let year = 365 * 86_400_000_000;
    let steps = [
        Step::Record { key: 1, time: 0, value: 1 },
        Step::Watermark(year),
        Step::Record { key: 1, time: year, value: 1 },
    ];
    let (answers, counts) =
        by_state(&CountAndSum, spec, Algorithm::SubtractOnEvict, Path::Singly, &steps);
    assert_eq!(answers.len(), 2 * 3600);
    assert_eq!(counts.combine_steps, 4, "each pane enters once and leaves once");
}

#[test]
fn inverse_takes_a_hundredth_of_the_steps_of_recompute_at_3600_panes() {
    let spec = WindowSpec::sliding(3_600_000_000, 1_000_000).unwrap();
    let steps: Vec<Step> = (0..9_000)
        .flat_map(|second| {
            let time = second * 1_000_000;
            [Step::Record { key: 1, time, value: second }, Step::Watermark(time - 1)]
        })
        .collect();
    let of = |algorithm| {
        let (answers, counts) = by_state(&CountAndSum, spec, algorithm, Path::Singly, &steps);
        (answers, counts.combine_steps)
    };
    let (inverse, inverse_steps) = of(Algorithm::SubtractOnEvict);
    let (recompute, recompute_steps) = of(Algorithm::Recompute);
    assert_eq!(inverse, recompute);
    assert_eq!(inverse_steps, 2 * 9_000, "what enters and what leaves, nothing else");
    assert!(recompute_steps >= 100 * inverse_steps, "{recompute_steps} {inverse_steps}");
}

#[test]
fn a_key_that_is_gone_is_forgotten() {
    let spec = WindowSpec::tumbling(10).unwrap();
    let mut state = WindowState::new(CountAndSum, spec, Algorithm::Auto).unwrap();
    for n in 0..1_000_000_i64 {
        let key = n.unsigned_abs();
        state.add((key, 1), at(n / 100), Moment::START, Timestamp::BEFORE_ALL);
        state.advance(Timestamp::from_micros(n / 100 - 1), &mut |_| ()).unwrap();
    }
    let span = state.open.keys.span();
    assert!(span <= 3 * SWEEP_MIN, "{span} indexes for 1,000 live keys");
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Records of these keys, each at this time.
fn records(keys: std::ops::Range<u64>, micros: i64) -> Vec<Stamped<(u64, i64)>> {
    let record =
        |key| Stamped { event_time: at(micros), due: Moment::from_nanos(key), value: (key, 1) };
    keys.map(record).collect()
}

#[test]
fn a_late_record_is_judged_before_anybody_looks_at_its_key() {
    let spec = WindowSpec::tumbling(10).unwrap();
    let mut state = WindowState::<u64, _>::new(CountAndSum, spec, Algorithm::Auto).unwrap();
    state.advance(at(1_000), &mut |_| ()).unwrap();
    // Three of ten are late, in each handful that is looked up at once.
    let mixed: Vec<_> = (0..100)
        .flat_map(|n: u64| {
            let late = if n % 10 < 3 { 5 } else { 1_005 };
            records(n..n + 1, late)
        })
        .collect();
    let asked = std::cell::Cell::new(0);
    let key = |event: &(u64, i64)| {
        asked.set(asked.get() + 1);
        event.0
    };
    let again = |_: &mut _| panic!("nothing comes again");
    state.add_each(&mixed, Timestamp::BEFORE_ALL, &key, &|event| event.1, again);
    assert_eq!((state.counts().accepted, state.counts().late), (70, 30));
    assert_eq!(state.open.keys.len(), 70, "keys that nothing counts for take no memory");
    assert_eq!(asked.get(), 70, "the key of each that counts, once");
}

#[test]
fn after_a_burst_of_keys_windows_are_as_small_as_before() {
    for algorithm in WITH_INVERSE {
        let spec = WindowSpec::sliding(20, 10).unwrap();
        let mut state = WindowState::<u64, _>::new(CountAndSum, spec, algorithm).unwrap();
        let add = |state: &mut WindowState<u64, CountAndSum>, keys, micros| {
            let entered = Timestamp::BEFORE_ALL;
            let records = records(keys, micros);
            state.add_each(&records, entered, &|event| event.0, &|event| event.1, |_| ());
        };
        add(&mut state, 0..50_000, 5);
        assert_eq!(state.open.keys.span(), 50_000);
        let mut answers = Vec::new();
        for window in 1..60_u64 {
            let time = i64::try_from(window).unwrap() * 10 + 5;
            // The last of the burst, and then one after another in its place.
            add(&mut state, 49_990 + window % 20..49_991 + window % 20, time);
            state.advance(at(time - 6), &mut |answer| answers.push(answer.value)).unwrap();
        }
        assert!(state.open.keys.span() <= SWEEP_MIN, "{algorithm:?}: {}", state.open.keys.span());
        state.advance(Timestamp::AFTER_ALL, &mut |answer| answers.push(answer.value)).unwrap();
        let mut want: BTreeMap<(i64, u64), u64> = BTreeMap::new();
        let mut count = |key: u64, time: i64| {
            for start in [time / 10 * 10 - 10, time / 10 * 10] {
                *want.entry((start, key)).or_default() += 1;
            }
        };
        (0..50_000).for_each(|key| count(key, 5));
        (1..60_u64).for_each(|window| {
            count(49_990 + window % 20, i64::try_from(window).unwrap() * 10 + 5);
        });
        let got: BTreeMap<(i64, u64), u64> = answers
            .iter()
            .map(|answer| ((answer.window.start.as_micros(), answer.key), answer.value.count))
            .collect();
        assert_eq!(answers.len(), want.len(), "{algorithm:?}: each once");
        assert!(got == want, "{algorithm:?}");
    }
}

#[test]
fn keys_that_come_and_go_are_swept_and_nothing_is_mixed_up() {
    // Bursts of new keys between steps of everything that can be in a window.
    let burst = |from: u64, time: i64| {
        (from..from + 6_000).map(move |key| Step::Record { key, time, value: 1 })
    };
    let mut steps: Vec<Step> = Vec::new();
    for round in 0..4_u64 {
        let time = i64::try_from(round).unwrap() * 1_000;
        steps.extend(burst(round * 10_000, time));
        for n in 0..120 {
            let at = time + n * 7;
            let key = n.unsigned_abs() % 5;
            steps.push(Step::Record { key, time: at, value: n });
            steps.push(Step::Record { key: key + 100, time: at - 25, value: 1 });
            steps.push(Step::Watermark(at - 10));
        }
    }
    for lateness in [0, 30] {
        let spec = WindowSpec::sliding(30, 10).unwrap().with_allowed_lateness(lateness).unwrap();
        agree(&CountAndSum, spec, &WITH_INVERSE, &steps);
        agree(&Summarise, spec, &WITHOUT, &steps);
    }
}
