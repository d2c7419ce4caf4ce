//! Sessions on both engines mean what the reference says, on threads and simulated, at parallelism 1,
//! 2 and 7, wherever in a plan they stand; and what cannot be is refused.

use crate::support::{
    Event, INTERVAL_NS, Partition, Rule, Way, accounts, arrived, events, events_anywhere,
    partitions, run, same, ways,
};
use engines::micro_batch::{BatchWindows, MicroBatchConfig};
use engines::reference::{Meaning, meaning};
use engines::{
    Algorithm, ArrivalClock, Control, Count, CountAndSum, CountedSum, Dataflow, LateBy, Moment,
    SessionSpec, SimulatedClock, Timestamp, Touch, WindowSpec, Windowed,
};
use proptest::prelude::*;

type Sum = Windowed<u64, CountedSum>;

/// The plans under test.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Plan {
    /// By key.
    Keyed,
    /// Without a key.
    Global,
    /// A fork whose branches meet again before the sessions.
    Diamond,
    /// Windows over sessions.
    Windowed,
    /// Sessions of the answers of windows.
    OfWindows,
    /// A fork whose branches meet again, one of them behind windows.
    Unlike,
    /// Sessions of sessions.
    Twice,
}

const PLANS: [Plan; 7] = [
    Plan::Keyed,
    Plan::Global,
    Plan::Diamond,
    Plan::Windowed,
    Plan::OfWindows,
    Plan::Unlike,
    Plan::Twice,
];

impl Plan {
    fn build<F: Dataflow>(
        self,
        flow: &mut F,
        events: F::Stream<Event>,
        spec: SessionSpec,
    ) -> F::Stream<Sum> {
        let key = |event: &Event| event.0;
        let value = |event: &Event| event.1;
        let tens = WindowSpec::tumbling(10).unwrap();
        match self {
            Self::Keyed => flow.session(events, key, value, spec, CountAndSum),
            Self::Global => {
                let sums = flow.session(events, |_| (), value, spec, CountAndSum);
                flow.map(sums, |Windowed { window, value, .. }| Windowed { window, key: 0, value })
            }
            Self::Diamond => {
                let (left, right) = flow.fork(events);
                let left = flow.map(left, |(key, value)| (key, value * 2));
                let right = flow.filter(right, |event| event.0 % 2 == 0);
                let both = flow.union(left, right);
                flow.session(both, key, value, spec, CountAndSum)
            }
            Self::Windowed => {
                let first = flow.session(events, key, value, spec, CountAndSum);
                let counts = flow.aggregate(first, |sum: &Sum| sum.key % 2, |_| (), tens, Count);
                flow.map(counts, |Windowed { window, key, value: count }| Windowed {
                    window,
                    key,
                    value: CountedSum { count, sum: 0 },
                })
            }
            Self::OfWindows => {
                let first = flow.aggregate(events, key, value, tens, CountAndSum);
                flow.session(first, |sum| sum.key % 2, |sum| sum.value.sum, spec, CountAndSum)
            }
            Self::Unlike => {
                let (left, right) = flow.fork(events);
                let first = flow.aggregate(left, key, value, tens, CountAndSum);
                let first = flow.map(first, |sum: Sum| (sum.key, sum.value.sum));
                let both = flow.union(first, right);
                flow.session(both, key, value, spec, CountAndSum)
            }
            Self::Twice => {
                let first = flow.session(events, key, value, spec, CountAndSum);
                flow.session(first, |sum| sum.key % 2, |sum| sum.value.sum, spec, CountAndSum)
            }
        }
    }
}

fn expected(plan: Plan, spec: SessionSpec, partitions: &[Partition], rule: Rule) -> Meaning<Sum> {
    meaning(|flow, events| plan.build(flow, events, spec), arrived(partitions, rule)).unwrap()
}

/// An answer with the moment at which the latest record in it was due.
type Row = (Sum, Moment);

/// The answers in whose place none has come: a session that takes in another has its place.
fn standing(given: &[Row]) -> Vec<Row> {
    let replaces = |(later, _): &Row, (earlier, _): &Row| {
        later.key == earlier.key
            && later.window.start <= earlier.window.start
            && earlier.window.end <= later.window.end
    };
    (1..)
        .zip(given)
        .filter(|(next, row)| !given[*next..].iter().any(|later| replaces(later, row)))
        .map(|(_, row)| *row)
        .collect()
}

/// Runs `plan` every way and holds it against the reference.
#[track_caller]
fn agree(plan: Plan, spec: SessionSpec, partitions: &[Partition], parallelism: usize, seed: u64) {
    for way in ways(parallelism, Algorithm::Auto, seed) {
        let want = expected(plan, spec, partitions, way.rule());
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (memory, outcome) =
            run!(way, partitions, &clock, &control, |flow, events| plan.build(flow, events, spec));
        let tally = outcome.unwrap();
        accounts(&tally, &want, partitions);
        let given: Vec<Row> =
            memory.0.lock().unwrap().iter().map(|(a, _)| (a.value, a.due)).collect();
        let mut got = if spec.allowed_lateness() > 0 { standing(&given) } else { given };
        let mut want: Vec<Row> = want.answers.iter().map(|a| (a.value, a.due)).collect();
        got.sort();
        want.sort();
        same(&got, &want, &format!("{plan:?} {spec} {way:?}"));
    }
}

fn a_touch() -> impl Strategy<Value = Touch> {
    prop_oneof![Just(Touch::Split), Just(Touch::Merge)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_partition_exactly_whatever_is_late(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        gap in 1_i64..30,
        bound in 0_i64..40,
        mark_every in 1_usize..9,
        events in events(6, 100),
        seed in any::<u64>(),
    ) {
        let spec = SessionSpec::new(gap).unwrap();
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(plan, spec, &partitions, parallelism, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn late_records_change_what_was_answered_as_the_reference_says(
        plan in prop::sample::select(&[Plan::Keyed, Plan::Global, Plan::Diamond][..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        gap in 1_i64..30,
        touch in a_touch(),
        lateness in 0_i64..50,
        bound in 0_i64..20,
        mark_every in 1_usize..9,
        events in events_anywhere(),
        seed in any::<u64>(),
    ) {
        let spec = SessionSpec::new(gap).unwrap().touching(touch);
        let spec = spec.with_allowed_lateness(lateness).unwrap();
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(plan, spec, &partitions, parallelism, seed);
    }

    #[test]
    fn an_open_session_saves_a_late_record_as_the_reference_says(
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        gap in 1_i64..30,
        touch in a_touch(),
        bound in 0_i64..20,
        mark_every in 1_usize..9,
        events in events(4, 100),
        seed in any::<u64>(),
    ) {
        let spec = SessionSpec::new(gap).unwrap().touching(touch).late_by(LateBy::Session);
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(Plan::Keyed, spec, &partitions, parallelism, seed);
    }

    #[test]
    fn several_partitions_exactly_where_event_time_passes_no_record_by(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        count in 2_usize..4,
        gap in 1_i64..30,
        events in events(6, 100),
        seed in any::<u64>(),
    ) {
        let spec = SessionSpec::new(gap).unwrap();
        let partitions = partitions(&events, count, INTERVAL_NS / 7, 2, 1_000);
        agree(plan, spec, &partitions, parallelism, seed);
    }

    #[test]
    fn the_same_seed_takes_the_same_steps(
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        events in events(6, 100),
        seed in any::<u64>(),
    ) {
        let spec = SessionSpec::new(12).unwrap().with_allowed_lateness(9).unwrap();
        let partitions = partitions(&events, 2, 1_000, 3, 10);
        for way in ways(parallelism, Algorithm::Auto, seed).into_iter().filter(|way| way.is_simulated()) {
            let run_once = || {
                let (clock, control) = (SimulatedClock::default(), Control::default());
                let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                    Plan::Keyed.build(flow, events, spec)
                });
                let answers = memory.0.lock().unwrap().clone();
                (outcome.unwrap(), answers)
            };
            let (first, second) = (run_once(), run_once());
            prop_assert_ne!(first.0.trace_hash, 0);
            prop_assert_eq!(first, second);
        }
    }
}

/// Five records of one key, of which the last but one comes late.
fn late_bridge() -> Vec<Partition> {
    let events: Vec<(i64, Event)> = [0, 15, 27, 8, 90].map(|time| (time, (7, 1))).to_vec();
    partitions(&events, 1, INTERVAL_NS, 1, 0)
}

#[test]
fn a_late_record_bridges_two_sessions_on_either_engine() {
    let spec = SessionSpec::new(10).unwrap().with_allowed_lateness(30).unwrap();
    for parallelism in [1, 2, 7] {
        for way in ways(parallelism, Algorithm::Auto, 3) {
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let control = Control::default();
            let (memory, outcome) = run!(way, late_bridge(), &clock, &control, |flow, events| {
                Plan::Keyed.build(flow, events, spec)
            });
            let counts = outcome.unwrap().windows[0];
            assert_eq!((counts.accepted, counts.late), (5, 0), "{way:?}");
            assert_eq!((counts.kept_most, counts.longest_us), (3, 25), "{way:?}");
            let given: Vec<(i64, i64, u64)> = memory
                .0
                .lock()
                .unwrap()
                .iter()
                .map(|(answer, _)| {
                    let Windowed { window, value, .. } = answer.value;
                    (window.start.as_micros(), window.end.as_micros(), value.count)
                })
                .collect();
            let want = [(0, 10, 1), (15, 25, 1), (0, 25, 3), (27, 37, 1), (90, 100, 1)];
            assert_eq!(given, want, "{way:?}");
        }
    }
}

#[test]
fn answers_that_may_come_again_are_read_by_no_keyed_operator() {
    let spec = SessionSpec::new(10).unwrap().with_allowed_lateness(30).unwrap();
    for plan in [Plan::Windowed, Plan::Twice] {
        for way in ways(2, Algorithm::Auto, 5) {
            let (clock, control) = (SimulatedClock::default(), Control::default());
            let (memory, outcome) = run!(way, late_bridge(), &clock, &control, |flow, events| {
                plan.build(flow, events, spec)
            });
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("allow no lateness in the first"), "{way:?}: {error}");
            assert!(memory.sorted().is_empty());
        }
    }
}

#[test]
fn sessions_over_batches_are_refused() {
    let clock = ArrivalClock { origin: Timestamp::from_micros(0), micros_per_second: 1_000_000 };
    let config =
        MicroBatchConfig { windows: BatchWindows::Batches(clock), ..MicroBatchConfig::default() };
    let (clock, control) = (SimulatedClock::default(), Control::default());
    let way = Way::MicroBatch(config);
    let (_, outcome) = run!(way, late_bridge(), &clock, &control, |flow, events| {
        Plan::Keyed.build(flow, events, SessionSpec::new(10).unwrap())
    });
    let error = outcome.unwrap_err().to_string();
    assert!(error.starts_with("sessions need the time of the data"), "{error}");
}

#[test]
fn a_sum_past_64_bits_names_the_key_and_the_session() {
    let events: Vec<(i64, Event)> = vec![(1, (7, i64::MAX)), (2, (7, 1))];
    for parallelism in [1, 2] {
        for way in ways(parallelism, Algorithm::Auto, 1) {
            let partitions = partitions(&events, 1, INTERVAL_NS, 1, 0);
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let control = Control::default();
            let (_, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                Plan::Keyed.build(flow, events, SessionSpec::new(10).unwrap())
            });
            let error = outcome.unwrap_err().to_string();
            let want = "key 7, window [1, 12) µs: the sum 9223372036854775808 does not fit";
            assert!(error.starts_with(want), "{way:?}: {error}");
        }
    }
}
