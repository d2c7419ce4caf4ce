//! Both engines mean what the reference says, on threads and simulated, at parallelism 1, 2
//! and 7, with every algorithm; and a simulated run repeats to the step.

use crate::support::{
    Event, INTERVAL_NS, Memory, Partition, Rule, Way, accounts, arrived, events, partitions, run,
    same, ways,
};
use engines::reference::{Meaning, meaning};
use engines::{
    Algorithm, Control, Count, CountAndSum, CountedSum, Dataflow, Moment, SimulatedClock,
    Summarise, Summary, WindowSpec, Windowed,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Sum = Windowed<u64, CountedSum>;

/// The plans under test. Each is a function of any interpreter.
#[derive(Copy, Clone, Debug)]
enum Plan {
    /// Count and sum by key.
    Keyed,
    /// Without a key.
    Global,
    /// Filter, map, flat-map before the windows.
    Narrow,
    /// A fork whose branches meet again.
    Diamond,
    /// Windows over windows.
    Twice,
    /// A fork whose branches meet again, one of them behind windows of its own.
    Unlike,
    /// Extremes, which have no inverse.
    Extremes,
    /// Forks of which nobody reads one branch.
    Unread,
}

const PLANS: [Plan; 8] = [
    Plan::Keyed,
    Plan::Global,
    Plan::Narrow,
    Plan::Diamond,
    Plan::Twice,
    Plan::Unlike,
    Plan::Extremes,
    Plan::Unread,
];

impl Plan {
    fn build<F: Dataflow>(
        self,
        flow: &mut F,
        events: F::Stream<Event>,
        spec: WindowSpec,
    ) -> F::Stream<Sum> {
        let key = |event: &Event| event.0;
        let value = |event: &Event| event.1;
        match self {
            Self::Keyed => flow.aggregate(events, key, value, spec, CountAndSum),
            Self::Global => {
                let sums = flow.aggregate(events, |_| (), value, spec, CountAndSum);
                flow.map(sums, |Windowed { window, value, .. }| Windowed { window, key: 0, value })
            }
            Self::Narrow => {
                let odd = flow.filter(events, |event| event.1 % 2 != 0);
                let twice = flow.flat_map(odd, |(key, value), out: &mut dyn FnMut(Event)| {
                    out((key, value));
                    if value > 0 {
                        out((key + 1, -value));
                    }
                });
                let more = flow.map(twice, |(key, value)| (key * 3, value + 1));
                flow.aggregate(more, key, value, spec, CountAndSum)
            }
            Self::Diamond => {
                let (left, right) = flow.fork(events);
                let left = flow.map(left, |(key, value)| (key, value * 2));
                let right = flow.filter(right, |event| event.0 % 2 == 0);
                let both = flow.union(left, right);
                flow.aggregate(both, key, value, spec, CountAndSum)
            }
            Self::Twice => {
                let first = flow.aggregate(events, key, value, spec, CountAndSum);
                let tens = WindowSpec::tumbling(spec.slide() * 3).unwrap();
                let counts = flow.aggregate(first, |sum: &Sum| sum.key % 2, |_| (), tens, Count);
                flow.map(counts, |Windowed { window, key, value: count }| Windowed {
                    window,
                    key,
                    value: CountedSum { count, sum: 0 },
                })
            }
            Self::Unlike => {
                let (left, right) = flow.fork(events);
                let first = flow.aggregate(left, key, value, spec, CountAndSum);
                let first = flow.map(first, |sum: Sum| (sum.key, sum.value.sum));
                let both = flow.union(first, right);
                let wide = WindowSpec::sliding(spec.slide() * 3, spec.slide()).unwrap();
                flow.aggregate(both, key, value, wide, CountAndSum)
            }
            Self::Unread => {
                let (left, _) = flow.fork(events);
                let (unread, right) = flow.fork(left);
                let (_, unread) = flow.fork(unread);
                flow.map(unread, |(key, value)| (key + 1, value));
                flow.aggregate(right, key, value, spec, CountAndSum)
            }
            Self::Extremes => {
                let all = flow.aggregate(events, key, value, spec, Summarise);
                flow.map(all, |Windowed { window, key, value }: Windowed<u64, Summary>| Windowed {
                    window,
                    key,
                    value: CountedSum {
                        count: value.count,
                        sum: value.sum * 10_000 + value.min * 100 + value.max,
                    },
                })
            }
        }
    }
}

fn expected(plan: Plan, spec: WindowSpec, partitions: &[Partition], rule: Rule) -> Meaning<Sum> {
    meaning(|flow, events| plan.build(flow, events, spec), arrived(partitions, rule)).unwrap()
}

/// Runs `plan` every way and holds it against the reference.
#[track_caller]
fn agree(
    plan: Plan,
    spec: WindowSpec,
    partitions: &[Partition],
    parallelism: usize,
    algorithm: Algorithm,
    seed: u64,
) {
    for way in ways(parallelism, algorithm, seed) {
        let want = expected(plan, spec, partitions, way.rule());
        let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
        let control = Control::default();
        let (memory, outcome) =
            run!(way, partitions, &clock, &control, |flow, events| plan.build(flow, events, spec));
        let tally = outcome.unwrap();
        let mut answers: Vec<Sum> = want.answers.iter().map(|answer| answer.value).collect();
        answers.sort();
        same(&memory.sorted(), &answers, &format!("{plan:?} {spec} {way:?}"));
        accounts(&tally, &want, partitions);
        assert_eq!(tally.answers, want.answers.len() as u64);
        let mut dues: Vec<_> =
            memory.0.lock().unwrap().iter().map(|(a, _)| (a.value, a.due)).collect();
        let mut due_want: Vec<_> = want.answers.iter().map(|a| (a.value, a.due)).collect();
        dues.sort();
        due_want.sort();
        same(&dues, &due_want, &format!("latest contributor: {plan:?} {spec} {way:?}"));
    }
}

fn an_algorithm(plan: Plan) -> impl Strategy<Value = Algorithm> {
    let inverse =
        if matches!(plan, Plan::Extremes) { Algorithm::Auto } else { Algorithm::SubtractOnEvict };
    prop_oneof![
        Just(Algorithm::Auto),
        Just(Algorithm::Recompute),
        Just(Algorithm::Slices),
        Just(inverse),
        Just(Algorithm::TwoStacks),
    ]
}

fn a_plan() -> impl Strategy<Value = (Plan, Algorithm)> {
    prop::sample::select(&PLANS[..])
        .prop_flat_map(|plan| an_algorithm(plan).prop_map(move |algorithm| (plan, algorithm)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn one_partition_exactly_whatever_is_late(
        (plan, algorithm) in a_plan(),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        size in 1_i64..40,
        slide in 1_i64..20,
        bound in 0_i64..40,
        mark_every in 1_usize..9,
        events in events(6, 200),
        seed in any::<u64>(),
    ) {
        let spec = WindowSpec::sliding(size, slide).unwrap();
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        agree(plan, spec, &partitions, parallelism, algorithm, seed);
    }

    #[test]
    fn several_partitions_exactly_where_nothing_is_late(
        (plan, algorithm) in a_plan(),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        count in 2_usize..4,
        size in 1_i64..40,
        slide in 1_i64..20,
        events in events(6, 200),
        seed in any::<u64>(),
    ) {
        let spec = WindowSpec::sliding(size, slide).unwrap();
        let partitions = partitions(&events, count, INTERVAL_NS / 7, 2, 1_000);
        agree(plan, spec, &partitions, parallelism, algorithm, seed);
    }

    #[test]
    fn answers_that_come_again_end_as_the_reference_says(
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        size in 1_i64..40,
        slide in 1_i64..20,
        lateness in 1_i64..40,
        bound in 0_i64..20,
        mark_every in 1_usize..9,
        events in events(6, 200),
        seed in any::<u64>(),
    ) {
        let spec = WindowSpec::sliding(size, slide).unwrap();
        let spec = spec.with_allowed_lateness(lateness).unwrap();
        let partitions = partitions(&events, 1, INTERVAL_NS / 7, mark_every, bound);
        for way in ways(parallelism, Algorithm::Auto, seed) {
            let want = expected(Plan::Keyed, spec, &partitions, way.rule());
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let control = Control::default();
            let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                Plan::Keyed.build(flow, events, spec)
            });
            // The last answer of each window and key is what stands.
            let given = memory.0.lock().unwrap();
            let last: BTreeMap<_, _> =
                given.iter().map(|(a, _)| ((a.value.window, a.value.key), (a.value, a.due))).collect();
            let stands: BTreeMap<_, _> =
                want.answers.iter().map(|a| ((a.value.window, a.value.key), (a.value, a.due))).collect();
            prop_assert_eq!(last, stands, "{:?}", way);
            let (got, want) = (outcome.unwrap().windows[0], want.windows[0]);
            prop_assert_eq!(
                (got.accepted, got.late, got.partly_late, got.missed_windows),
                (want.accepted, want.late, want.partly_late, want.missed_pairs),
                "{:?}", way
            );
        }
    }

    #[test]
    fn the_same_seed_takes_the_same_steps(
        (plan, algorithm) in a_plan(),
        parallelism in prop::sample::select(&[1_usize, 2, 7][..]),
        events in events(6, 120),
        seed in any::<u64>(),
    ) {
        let spec = WindowSpec::sliding(20, 5).unwrap();
        let partitions = partitions(&events, 2, 1_000, 3, 10);
        for way in ways(parallelism, algorithm, seed).into_iter().filter(|way| way.is_simulated()) {
            let run_once = || {
                let (clock, control) = (SimulatedClock::default(), Control::default());
                let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                    plan.build(flow, events, spec)
                });
                let answers = memory.0.lock().unwrap().clone();
                (outcome.unwrap(), answers)
            };
            let (first, second) = (run_once(), run_once());
            prop_assert_eq!(first.0.trace_hash, second.0.trace_hash);
            prop_assert_ne!(first.0.trace_hash, 0);
            prop_assert_eq!(first, second);
        }
    }
}

const SPEC: fn() -> WindowSpec = || WindowSpec::tumbling(10).unwrap();

#[test]
fn an_aggregation_that_nobody_reads_changes_no_answer() {
    let events: Vec<(i64, Event)> = (0..200_i64).map(|n| (n, (n.unsigned_abs() % 7, n))).collect();
    let partitions = partitions(&events, 1, INTERVAL_NS / 7, 5, 3);
    let plan = |unread: bool| {
        let partitions = partitions.clone();
        move |parallelism| {
            let mut all = Vec::new();
            for way in ways(parallelism, Algorithm::Auto, 11) {
                let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
                let control = Control::default();
                let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                    let (events, other) = flow.fork(events);
                    if unread {
                        flow.aggregate(other, |event: &Event| event.0, |_| (), SPEC(), Count);
                    }
                    flow.aggregate(events, |event| event.0, |event| event.1, SPEC(), CountAndSum)
                });
                outcome.unwrap_or_else(|error| panic!("{way:?}: {error}"));
                all.push(memory.sorted());
            }
            all
        }
    };
    for parallelism in [1, 2, 7] {
        let (with, without) = (plan(true)(parallelism), plan(false)(parallelism));
        assert!(!without[0].is_empty());
        assert_eq!(with, without, "parallelism {parallelism}");
    }
}

#[test]
fn answers_that_may_come_again_are_read_by_no_aggregation() {
    let events: Vec<(i64, Event)> = [5, 25, 6, 7, 200].map(|time| (time, (0, 1))).to_vec();
    let partitions = partitions(&events, 1, INTERVAL_NS / 7, 2, 4);
    let lateness = |late| SPEC().with_allowed_lateness(late).unwrap();
    let hundred = WindowSpec::tumbling(100).unwrap();
    for (late, is_refused) in [(50, true), (0, false)] {
        for way in ways(2, Algorithm::Auto, 5) {
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let control = Control::default();
            let (memory, outcome) = run!(way, partitions, &clock, &control, |flow, events| {
                let (left, right) = flow.fork(events);
                let first = flow.aggregate(
                    left,
                    |event| event.0,
                    |event| event.1,
                    lateness(late),
                    CountAndSum,
                );
                let first = flow.map(first, |sum: Sum| (sum.key, sum.value.sum));
                let both = flow.union(first, right);
                flow.aggregate(both, |event: &Event| event.0, |_| (), hundred, Count)
            });
            match outcome {
                Err(error) if is_refused => {
                    let error = error.to_string();
                    assert!(error.contains("allow no lateness in the first"), "{way:?}: {error}");
                    assert!(memory.sorted().is_empty());
                }
                outcome => assert!(outcome.is_ok() && !is_refused, "{way:?}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn a_worker_without_a_sink_is_told_of_by_either_engine() {
    use engines::Engine as _;
    let told = |way: Way| {
        let memory = Memory::<Event>::default();
        let (clock, control) = (SimulatedClock::default(), Control::default());
        let outcome = match way {
            Way::PerEvent(config) => engines::per_event::PerEvent::new(config).run(
                |_, events| events,
                Vec::new(),
                memory.sinks(2),
                &clock,
                &control,
            ),
            Way::MicroBatch(config) => engines::micro_batch::MicroBatch::new(config).run(
                |_, events| events,
                Vec::new(),
                memory.sinks(2),
                &clock,
                &control,
            ),
        };
        outcome.map(drop).unwrap_err().to_string()
    };
    for way in ways(3, Algorithm::Auto, 1) {
        assert_eq!(told(way), "there are 2 sinks for 3 workers: give each worker its own");
    }
}
