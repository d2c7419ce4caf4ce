//! Joins on both engines mean what the reference says, on threads and simulated, at parallelism 1, 2 and
//! 7, wherever in a plan they stand.

use crate::support::{
    Event, INTERVAL_NS, Partition, accounts, arrived, events, events_anywhere, partitions, run,
    same, ways,
};
use engines::reference::meaning;
use engines::{
    Algorithm, Control, CountAndSum, Dataflow, JoinSpec, Joined, Moment, SimulatedClock,
    WindowSpec, Windowed,
};
use proptest::prelude::*;

/// A value of the left side, and what is on the right.
type Pair = Joined<u64, i64, i64>;

/// The plans under test.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Plan {
    /// Values below zero are the right side.
    Sides,
    /// A stream with itself.
    Itself,
    /// One side behind windows.
    Unlike,
    /// Windows over pairs.
    Counted,
    /// Pairs with a third stream.
    Three,
}

const PLANS: [Plan; 5] = [Plan::Sides, Plan::Itself, Plan::Unlike, Plan::Counted, Plan::Three];

impl Plan {
    fn build<F: Dataflow>(
        self,
        flow: &mut F,
        events: F::Stream<Event>,
        spec: JoinSpec,
    ) -> F::Stream<Pair> {
        let key = |event: &Event| event.0;
        let keys = (key, key);
        let values = |joined: Joined<u64, Event, Event>| Joined {
            window: joined.window,
            key: joined.key,
            left: joined.left.1,
            right: joined.right.map(|right| right.1),
        };
        let tens = WindowSpec::tumbling(10).unwrap();
        let (left, right) = flow.fork(events);
        let pairs = match self {
            Self::Itself => flow.join(left, right, keys, spec),
            Self::Sides | Self::Counted | Self::Three => {
                let left = flow.filter(left, |event| event.1 >= 0);
                let right = flow.filter(right, |event| event.1 < 0);
                flow.join(left, right, keys, spec)
            }
            Self::Unlike => {
                let sums = flow.aggregate(left, key, |event| event.1, tens, CountAndSum);
                let left = flow.map(sums, |Windowed { key, value, .. }| (key, value.sum));
                flow.join(left, right, keys, spec)
            }
        };
        let pairs = flow.map(pairs, values);
        match self {
            Self::Sides | Self::Itself | Self::Unlike => pairs,
            Self::Counted => {
                let by = |pair: &Pair| pair.key % 2;
                let sums = flow.aggregate(pairs, by, |pair| pair.left, tens, CountAndSum);
                flow.map(sums, |Windowed { window, key, value }| Joined {
                    window,
                    key,
                    left: value.sum,
                    right: i64::try_from(value.count).ok(),
                })
            }
            Self::Three => {
                let (one, other) = flow.fork(pairs);
                let other = flow.filter(other, |pair| pair.left % 2 == 0);
                let by = |pair: &Pair| pair.key % 3;
                let joined = flow.join(one, other, (by, by), spec);
                flow.map(joined, |Joined { window, key, left, right }| Joined {
                    window,
                    key,
                    left: left.left,
                    right: right.map(|right| right.left),
                })
            }
        }
    }
}

/// Runs `plan` every way and holds it against the reference.
#[track_caller]
fn agree(plan: Plan, spec: JoinSpec, partitions: &[Partition], parallelism: usize, seed: u64) {
    for way in ways(parallelism, Algorithm::Auto, seed) {
        let events = arrived(partitions, way.rule());
        let want = meaning(|flow, events| plan.build(flow, events, spec), events).unwrap();
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (memory, outcome) =
            run!(way, partitions, &clock, &control, |flow, events| plan.build(flow, events, spec));
        accounts(&outcome.unwrap(), &want, partitions);
        let given = memory.0.lock().unwrap();
        let mut got: Vec<_> = given.iter().map(|(a, _)| (a.value, a.event_time, a.due)).collect();
        let mut want: Vec<_> =
            want.answers.iter().map(|a| (a.value, a.event_time, a.due)).collect();
        got.sort();
        want.sort();
        same(&got, &want, &format!("{plan:?} {spec} {way:?}"));
    }
}

fn a_join() -> impl Strategy<Value = JoinSpec> {
    let window = (1_i64..25).prop_map(|size| JoinSpec::window(size).unwrap());
    let interval = (-20_i64..20, 0_i64..25)
        .prop_map(|(lower, reach)| JoinSpec::interval(lower, lower + reach).unwrap());
    (prop_oneof![window, interval], any::<bool>())
        .prop_map(|(spec, left)| if left { spec.left() } else { spec })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_partition_exactly_whatever_is_late(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        spec in a_join(),
        bound in 0_i64..40,
        mark_every in 1_usize..9,
        events in events(6, 80),
        seed in any::<u64>(),
    ) {
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(plan, spec, &partitions, parallelism, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn at_both_ends_of_what_an_engine_accepts(
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        spec in a_join(),
        bound in 0_i64..20,
        mark_every in 1_usize..9,
        events in events_anywhere(),
        seed in any::<u64>(),
    ) {
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(Plan::Itself, spec, &partitions, parallelism, seed);
    }

    #[test]
    fn several_partitions_exactly_where_event_time_passes_no_record_by(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        count in 2_usize..4,
        spec in a_join(),
        events in events(6, 80),
        seed in any::<u64>(),
    ) {
        let partitions = partitions(&events, count, INTERVAL_NS / 7, 2, 1_000);
        agree(plan, spec, &partitions, parallelism, seed);
    }
}

/// Runs it over three of the left side, and three of the right one, of which one has no partner and the
/// last one comes late. Returns the values of the pairs, in the order in which they were answered, for
/// one way.
fn given(spec: JoinSpec) -> Vec<(i64, Option<i64>)> {
    // Left at 1, 5 and 31; right at 4, 12, and then at 2 when event time has come to 31.
    let events = [(1, 1), (4, -4), (5, 5), (12, -12), (31, 31), (2, -2)];
    let events: Vec<(i64, Event)> = events.map(|(time, value)| (time, (7, value))).to_vec();
    let partitions = partitions(&events, 1, INTERVAL_NS, 1, 0);
    let mut all = ways(2, Algorithm::Auto, 3).into_iter().map(|way| {
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
            Plan::Sides.build(flow, events, spec)
        });
        let counts = outcome.unwrap().windows[0];
        assert_eq!((counts.accepted, counts.late), (5, 1), "{way:?}");
        let given = memory.0.lock().unwrap();
        given.iter().map(|(answer, _)| (answer.value.left, answer.value.right)).collect()
    });
    let first: Vec<_> = all.next().unwrap();
    assert!(all.all(|other| other == first), "every way answers in one order");
    first
}

#[test]
fn pairs_are_those_of_one_window_or_within_the_bounds_and_left_ones_stand_alone() {
    let window = JoinSpec::window(10).unwrap();
    assert_eq!(given(window), [(1, Some(-4)), (5, Some(-4))]);
    assert_eq!(given(window.left()), [(1, Some(-4)), (5, Some(-4)), (31, None)]);
    let interval = JoinSpec::interval(0, 7).unwrap();
    assert_eq!(given(interval), [(1, Some(-4)), (5, Some(-12))]);
    assert_eq!(given(interval.left()), [(1, Some(-4)), (5, Some(-12)), (31, None)]);
}
