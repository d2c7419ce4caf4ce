//! Windows of counted records on both engines mean what the reference says, on threads and simulated,
//! at parallelism 1, 2 and 7; and what has no order is refused.

use crate::support::{
    Event, INTERVAL_NS, Partition, accounts, arrived, events, partitions, run, same, ways,
};
use engines::reference::meaning;
use engines::{
    Algorithm, Control, Count, CountAndSum, CountSpec, CountedSum, Dataflow, Moment, Numbered,
    SimulatedClock, Timestamp, WindowSpec, Windowed,
};
use proptest::prelude::*;

type Sum = Numbered<u64, CountedSum>;

/// The plans under test.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Plan {
    /// By key.
    Keyed,
    /// Without a key.
    Global,
    /// Behind narrow steps, in one branch of a fork.
    Narrow,
}

const PLANS: [Plan; 3] = [Plan::Keyed, Plan::Global, Plan::Narrow];

impl Plan {
    fn build<F: Dataflow>(
        self,
        flow: &mut F,
        events: F::Stream<Event>,
        spec: CountSpec,
    ) -> F::Stream<Sum> {
        let key = |event: &Event| event.0;
        let value = |event: &Event| event.1;
        match self {
            Self::Keyed => flow.counted(events, key, value, spec, CountAndSum),
            Self::Global => {
                let sums = flow.counted(events, |_| (), value, spec, CountAndSum);
                flow.map(sums, |Numbered { number, window, value, .. }| Numbered {
                    number,
                    window,
                    key: 0,
                    value,
                })
            }
            Self::Narrow => {
                let (left, _) = flow.fork(events);
                let words = flow.flat_map(left, |(key, value), word| {
                    for n in 0..key {
                        word((n, value));
                    }
                });
                let kept = flow.filter(words, |word| word.1 % 3 != 0);
                flow.counted(kept, key, value, spec, CountAndSum)
            }
        }
    }
}

/// Runs `plan` every way and holds it against the reference.
#[track_caller]
fn agree(plan: Plan, spec: CountSpec, partitions: &[Partition], parallelism: usize, seed: u64) {
    for way in ways(parallelism, Algorithm::Auto, seed) {
        let events = arrived(partitions, way.rule());
        let want = meaning(|flow, events| plan.build(flow, events, spec), events).unwrap();
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (memory, outcome) =
            run!(way, partitions, &clock, &control, |flow, events| plan.build(flow, events, spec));
        accounts(&outcome.unwrap(), &want, partitions);
        let rows = |answers: &mut dyn Iterator<Item = (Timestamp, Moment, Sum)>| {
            let mut rows: Vec<_> = answers.collect();
            rows.sort();
            rows
        };
        let given = memory.0.lock().unwrap();
        let got = rows(&mut given.iter().map(|(a, _)| (a.event_time, a.due, a.value)));
        let want = rows(&mut want.answers.iter().map(|a| (a.event_time, a.due, a.value)));
        same(&got, &want, &format!("{plan:?} {spec} {way:?}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_partition_exactly_whatever_is_late(
        plan in prop::sample::select(&PLANS[..]),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        size in 1_u64..12,
        slide in prop::option::of(1_u64..15),
        mark_every in 1_usize..9,
        bound in 0_i64..40,
        events in events(4, 150),
        seed in any::<u64>(),
    ) {
        let spec = CountSpec::sliding(size, slide.unwrap_or(size)).unwrap();
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(plan, spec, &partitions, parallelism, seed);
    }
}

#[test]
fn a_window_is_answered_by_the_record_that_fills_it_and_the_rest_is_not() {
    let events: Vec<(i64, Event)> =
        [5, 9, 2, 7, i64::MAX, 8].map(|time| (time, (7, time.min(10)))).to_vec();
    let partitions = partitions(&events, 1, INTERVAL_NS, 1, 0);
    for parallelism in [1, 2, 7] {
        for way in ways(parallelism, Algorithm::Auto, 3) {
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let control = Control::default();
            let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                Plan::Keyed.build(flow, events, CountSpec::sliding(3, 2).unwrap())
            });
            let tally = outcome.unwrap();
            let counts = tally.windows[0];
            assert_eq!((tally.rejected, counts.accepted, counts.late), (1, 5, 0), "{way:?}");
            let given: Vec<_> = memory
                .0
                .lock()
                .unwrap()
                .iter()
                .map(|(answer, _)| {
                    let Numbered { number, window, value, .. } = answer.value;
                    let times = (window.start.as_micros(), window.end.as_micros());
                    (answer.event_time.as_micros(), number, times, value.count, value.sum)
                })
                .collect();
            assert_eq!(given, [(9, 0, (5, 10), 2, 14), (7, 1, (2, 10), 3, 18)], "{way:?}");
        }
    }
}

#[test]
fn what_comes_in_no_order_is_not_counted() {
    let events = partitions(&[(1, (7, 1))], 1, INTERVAL_NS, 1, 0);
    for way in ways(2, Algorithm::Auto, 1) {
        for of_answers in [false, true] {
            let (clock, control) = (SimulatedClock::default(), Control::default());
            let (memory, outcome) = run!(way, events, &clock, &control, |flow, events| {
                let counted = if of_answers {
                    let tens = WindowSpec::tumbling(10).unwrap();
                    let first = flow.aggregate(events, |event| event.0, |_| (), tens, Count);
                    flow.map(first, |Windowed { key, .. }| (key, 1))
                } else {
                    let (left, right) = flow.fork(events);
                    flow.union(left, right)
                };
                Plan::Keyed.build(flow, counted, CountSpec::tumbling(3).unwrap())
            });
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("no order is decided"), "{way:?}: {error}");
            assert!(memory.sorted().is_empty());
        }
    }
}

#[test]
fn a_sum_past_64_bits_names_the_key_and_its_times() {
    let events: Vec<(i64, Event)> = vec![(1, (7, i64::MAX)), (2, (7, 1))];
    for way in ways(2, Algorithm::Auto, 1) {
        let partitions = partitions(&events, 1, INTERVAL_NS, 1, 0);
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (_, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
            Plan::Keyed.build(flow, events, CountSpec::tumbling(2).unwrap())
        });
        let error = outcome.unwrap_err().to_string();
        let want = "key 7, window [1, 3) µs: the sum 9223372036854775808 does not fit";
        assert!(error.starts_with(want), "{way:?}: {error}");
    }
}
