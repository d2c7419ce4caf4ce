//! Plans that fork and unite many times over: what they cost grows with their steps, not with the ways
//! through them, in either engine, and where a state is computed again.

use crate::support::{Event, INTERVAL_NS, accounts, arrived, partitions, run, same, ways};
use engines::reference::meaning;
use engines::{
    Algorithm, Control, CountAndSum, CountedSum, Dataflow, Moment, SimulatedClock, WindowSpec,
    Windowed,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// There are 2^30 ways through them: whatever took each of them would not end.
const FORKS: u32 = 30;

/// Sums by key, behind forks that deal the events to two branches by their values, which meet again.
/// Each event counts one up when its value is asked for.
fn forked<F: Dataflow>(
    flow: &mut F,
    mut events: F::Stream<Event>,
    spec: WindowSpec,
    asked: impl Fn() + Send + Sync + 'static,
) -> F::Stream<Windowed<u64, CountedSum>> {
    for n in 0..FORKS {
        let is_left = move |event: &Event| event.1 >> n & 1 == 0;
        let (left, right) = flow.fork(events);
        let left = flow.filter(left, is_left);
        let right = flow.filter(right, move |event| !is_left(event));
        events = flow.union(left, right);
    }
    let value = move |event: &Event| {
        asked();
        event.1
    };
    flow.aggregate(events, |event| event.0, value, spec, CountAndSum)
}

/// Times go on, with some events late.
fn events() -> Vec<(i64, Event)> {
    let time = |n: i64| if n % 11 == 0 { n - 40 } else { n };
    (0..300_i64).map(|n| (time(n), (n.unsigned_abs() % 5, n * 7_919_993 % 1_000_003))).collect()
}

#[test]
fn a_plan_that_forks_and_unites_thirty_times_means_what_the_reference_says() {
    let spec = WindowSpec::sliding(20, 10).unwrap();
    let partitions = partitions(&events(), 1, INTERVAL_NS / 7, 5, 3);
    for parallelism in [1, 2, 7] {
        for way in ways(parallelism, Algorithm::Auto, 3) {
            let arrived = arrived(&partitions, way.rule());
            let want = meaning(|flow, events| forked(flow, events, spec, || ()), arrived).unwrap();
            let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
            let (memory, outcome) =
                run!(way, partitions, &clock, &Control::default(), |flow, events| {
                    forked(flow, events, spec, || ())
                });
            let mut answers: Vec<_> = want.answers.iter().map(|answer| answer.value).collect();
            answers.sort();
            same(&memory.sorted(), &answers, &format!("{way:?}"));
            accounts(&outcome.unwrap(), &want, &partitions);
        }
    }
}

#[test]
fn a_state_behind_thirty_forks_is_computed_again_as_fast() {
    let spec = WindowSpec::tumbling(100).unwrap();
    let partitions = partitions(&events(), 1, INTERVAL_NS / 7, 5, 3);
    for parallelism in [1, 2] {
        for way in ways(parallelism, Algorithm::Auto, 3) {
            let sums = |panics_at: u64| {
                let clock = SimulatedClock::at(Moment::from_nanos(1 << 40));
                let asked = Arc::new(AtomicU64::new(0));
                let (memory, outcome) =
                    run!(way, partitions, &clock, &Control::default(), |flow, events| {
                        forked(flow, events, spec, move || {
                            let n = asked.fetch_add(1, Ordering::Relaxed);
                            assert_ne!(n, panics_at, "a user's function that stumbles");
                        })
                    });
                outcome.map(|tally| (memory.sorted(), tally.retries))
            };
            let (want, _) = sums(u64::MAX).unwrap();
            match sums(70) {
                Ok((answers, retries)) => {
                    assert_eq!(retries, 1, "{way:?}");
                    same(&answers, &want, &format!("{way:?}"));
                }
                // Per-event has nothing to compute it again from.
                Err(error) => assert!(error.to_string().contains("stumbles"), "{way:?}: {error}"),
            }
        }
    }
}
