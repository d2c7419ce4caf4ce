//! Silences on both engines mean what the reference says, on threads and simulated, at parallelism 1, 2
//! and 7, wherever in a plan they stand.

use crate::support::{
    Event, INTERVAL_NS, Partition, accounts, arrived, events, events_anywhere, partitions, run,
    same, ways,
};
use engines::reference::meaning;
use engines::{
    Algorithm, Control, CountAndSum, CountedSum, Dataflow, Moment, SilenceSpec, SimulatedClock,
    WindowSpec, Windowed,
};
use proptest::prelude::*;

type Sum = Windowed<u64, CountedSum>;

/// The plans under test.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Plan {
    /// By key.
    Keyed,
    /// A fork whose branches meet again before the silences.
    Diamond,
    /// Silences of the answers of windows.
    OfWindows,
    /// A fork whose branches meet again, one of them behind windows.
    Unlike,
    /// Windows over silences.
    Windowed,
}

const PLANS: [Plan; 5] =
    [Plan::Keyed, Plan::Diamond, Plan::OfWindows, Plan::Unlike, Plan::Windowed];

impl Plan {
    fn build<F: Dataflow>(
        self,
        flow: &mut F,
        events: F::Stream<Event>,
        spec: SilenceSpec,
    ) -> F::Stream<Sum> {
        let key = |event: &Event| event.0;
        let value = |event: &Event| event.1;
        let tens = WindowSpec::tumbling(10).unwrap();
        match self {
            Self::Keyed => flow.silences(events, key, value, spec, CountAndSum),
            Self::Diamond => {
                let (left, right) = flow.fork(events);
                let right = flow.filter(right, |event| event.0 % 2 == 0);
                let both = flow.union(left, right);
                flow.silences(both, key, value, spec, CountAndSum)
            }
            Self::OfWindows => {
                let first = flow.aggregate(events, key, value, tens, CountAndSum);
                flow.silences(first, |sum| sum.key % 2, |sum| sum.value.sum, spec, CountAndSum)
            }
            Self::Unlike => {
                let (left, right) = flow.fork(events);
                let first = flow.aggregate(left, key, value, tens, CountAndSum);
                let first = flow.map(first, |sum: Sum| (sum.key, sum.value.sum));
                let both = flow.union(first, right);
                flow.silences(both, key, value, spec, CountAndSum)
            }
            Self::Windowed => {
                let first = flow.silences(events, key, value, spec, CountAndSum);
                flow.aggregate(first, |sum| sum.key % 2, |sum| sum.value.sum, tens, CountAndSum)
            }
        }
    }
}

/// Runs `plan` every way and holds it against the reference.
#[track_caller]
fn agree(plan: Plan, spec: SilenceSpec, partitions: &[Partition], parallelism: usize, seed: u64) {
    for way in ways(parallelism, Algorithm::Auto, seed) {
        let events = arrived(partitions, way.rule());
        let want = meaning(|flow, events| plan.build(flow, events, spec), events).unwrap();
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (memory, outcome) =
            run!(way, partitions, &clock, &control, |flow, events| plan.build(flow, events, spec));
        accounts(&outcome.unwrap(), &want, partitions);
        let given = memory.0.lock().unwrap();
        let mut got: Vec<_> = given.iter().map(|(a, _)| (a.value, a.due)).collect();
        let mut want: Vec<_> = want.answers.iter().map(|a| (a.value, a.due)).collect();
        got.sort();
        want.sort();
        same(&got, &want, &format!("{plan:?} {spec} {way:?}"));
    }
}

fn a_silence() -> impl Strategy<Value = SilenceSpec> {
    (1_i64..25, 1_u64..6, 1_i64..60)
        .prop_map(|(length, after, forget)| SilenceSpec::new(length, after, forget).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_partition_exactly_whatever_is_late(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        spec in a_silence(),
        bound in 0_i64..40,
        mark_every in 1_usize..9,
        events in events(6, 100),
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
        spec in a_silence(),
        bound in 0_i64..20,
        mark_every in 1_usize..9,
        events in events_anywhere(),
        seed in any::<u64>(),
    ) {
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(Plan::Keyed, spec, &partitions, parallelism, seed);
    }

    #[test]
    fn several_partitions_exactly_where_event_time_passes_no_record_by(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        count in 2_usize..4,
        spec in a_silence(),
        events in events(6, 100),
        seed in any::<u64>(),
    ) {
        let partitions = partitions(&events, count, INTERVAL_NS / 7, 2, 1_000);
        agree(plan, spec, &partitions, parallelism, seed);
    }
}

/// Heard of three times, then silent for 20; then twice, which is forgotten; then three times.
#[test]
fn a_key_is_told_of_that_falls_silent_after_it_was_heard_of_often_enough() {
    let times = [1, 3, 2, 22, 23, 123, 124, 125];
    let events: Vec<(i64, Event)> = times.map(|time| (time, (7, 1))).to_vec();
    let partitions = partitions(&events, 1, INTERVAL_NS, 1, 5);
    let spec = SilenceSpec::new(19, 3, 100).unwrap();
    for parallelism in [1, 2, 7] {
        for way in ways(parallelism, Algorithm::Auto, 3) {
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let control = Control::default();
            let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                Plan::Keyed.build(flow, events, spec)
            });
            let counts = outcome.unwrap().windows[0];
            assert_eq!((counts.accepted, counts.late), (8, 0), "{way:?}");
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
            assert_eq!(given, [(1, 22, 3), (123, 144, 3)], "{way:?}");
        }
    }
}
