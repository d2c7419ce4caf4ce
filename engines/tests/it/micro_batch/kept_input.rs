//! What is kept of the input for tasks that panic is bounded by the state, however long the windows
//! are; and a state that is computed again from a copy is what it was.

use super::sessions::Endless;
use super::support::{config, sinks};
use engines::micro_batch::{Flow, MicroBatch};
use engines::{
    Control, CountAndSum, CountedSum, Dataflow, Engine, SimulatedClock, Tally, WindowSpec, Windowed,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BATCHES: u64 = 200;
const PER_BATCH: i64 = 5_000;

/// Windows that hold all of the input, where the value of one record cannot be taken at the first
/// attempt. Returns the answers in their order, of how many batches the input was kept, and the tally.
fn run(parallelism: usize, panics_at: u64) -> (Vec<Windowed<u32, CountedSum>>, usize, Tally) {
    let (source, kept_most) = Endless::new(BATCHES, PER_BATCH);
    let (sinks, emitted) = sinks(parallelism);
    let asked = Arc::new(AtomicU64::new(0));
    let tally = MicroBatch::new(config(parallelism, 10))
        .run(
            |flow: &mut Flow<(u32, i64)>, events| {
                let spec = WindowSpec::sliding(2_000_000, 50_000).unwrap();
                let value = move |(_, value): &(u32, i64)| {
                    let n = asked.fetch_add(1, Ordering::Relaxed);
                    assert_ne!(n, panics_at, "a user's function that stumbles");
                    *value
                };
                flow.aggregate(events, |(key, _)| *key, value, spec, CountAndSum)
            },
            vec![Box::new(source)],
            sinks,
            &SimulatedClock::default(),
            &Control::default(),
        )
        .unwrap();
    let mut answers: Vec<_> =
        emitted.lock().unwrap().iter().map(|(_, answer, _)| answer.value).collect();
    answers.sort();
    let kept = *kept_most.lock().unwrap();
    (answers, kept, tally)
}

#[test]
fn windows_that_hold_all_of_the_input_keep_a_bounded_part_of_it() {
    for parallelism in [1, 2] {
        let (answers, kept, tally) = run(parallelism, u64::MAX);
        assert_eq!(tally.windows[0].accepted, BATCHES * PER_BATCH.unsigned_abs());
        assert!(answers.len() > 40);
        // 2^18 records are in 53 batches: so many before anybody looks, and so many until the next
        // look; the last ones may be in use.
        assert!(kept <= 2 * 53 + 3, "{kept} of {BATCHES} batches were kept at once");
    }
}

#[test]
fn a_state_that_was_copied_is_computed_again_from_there() {
    for parallelism in [1, 2] {
        let (calm, _, tally) = run(parallelism, u64::MAX);
        for panics_at in [3, 400_000, 560_000, 999_000] {
            let (answers, _, after) = run(parallelism, panics_at);
            assert_eq!(after.retries, 1, "at {panics_at}");
            assert!(answers == calm, "at {panics_at}");
            assert_eq!(after.windows, tally.windows, "at {panics_at}");
        }
    }
}
