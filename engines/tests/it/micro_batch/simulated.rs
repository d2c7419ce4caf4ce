//! One thread, seeded order: the same seed makes the same run, and no seed makes other answers.

use super::support::{Event, Listed, Ran, config, event, run, sums, with_value};
use engines::micro_batch::{Flow, MicroBatchConfig};
use engines::{CountAndSum, Dataflow, Stamped, WindowSpec, Windowed};

fn simulate(seed: Option<u64>, parallelism: usize) -> Ran<Windowed<u32, i64>> {
    let events: Vec<Stamped<Event>> = (0..12_000_i64)
        .map(|n| event(n.cast_unsigned() / 100, n * 10 - n % 11, (n % 31).try_into().unwrap(), n))
        .collect();
    let (left, right): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| event.value.1 % 2 == 0);
    let plan = |flow: &mut Flow<Event>, events| {
        let kept = flow.filter(events, |(key, _)| *key != 3);
        let (plain, again) = flow.fork(kept);
        let first = sums(flow, plain, WindowSpec::sliding(20_000, 5_000).unwrap());
        let (first, shown) = flow.fork(first);
        let second = flow.aggregate(
            first,
            |answer| answer.key % 4,
            |answer| answer.value,
            WindowSpec::tumbling(20_000).unwrap(),
            CountAndSum,
        );
        let second = flow.map(second, |answer| with_value(&answer, answer.value.sum));
        let third = sums(flow, again, WindowSpec::tumbling(10_000).unwrap());
        let both = flow.union(shown, second);
        flow.union(third, both)
    };
    run(
        MicroBatchConfig { simulate: seed, ..config(parallelism, 10) },
        plan,
        vec![Listed::new(left, 16, 100), Listed::new(right, 5, 100)],
    )
    .unwrap()
}

#[test]
fn the_same_seed_makes_the_same_run() {
    for parallelism in [1, 2, 7] {
        for seed in [0, 1, 77, u64::MAX] {
            let (first, second) =
                (simulate(Some(seed), parallelism), simulate(Some(seed), parallelism));
            assert_eq!(first.tally, second.tally, "seed {seed}");
            assert_eq!(first.emitted, second.emitted, "seed {seed}");
            assert_ne!(first.tally.trace_hash, 0);
        }
    }
}

#[test]
fn no_seed_makes_other_answers() {
    let want = simulate(None, 1);
    assert_eq!(want.tally.trace_hash, 0, "only a simulated run has a trace");
    let mut hashes = Vec::new();
    for seed in 0..20 {
        let ran = simulate(Some(seed), 7);
        assert_eq!(ran.rows(), want.rows(), "seed {seed}");
        hashes.push(ran.tally.trace_hash);
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 20, "seeds choose different orders");
}
