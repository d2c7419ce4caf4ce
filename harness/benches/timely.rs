//! per-event beside timely dataflow, over the same input in the same run: sums and counts per key and
//! second of event time, up to a second late.
//!
//! Timely is given what it is at its best with: its input as it lies in memory, in batches of as many
//! events as it sends by itself, whole seconds as its timestamps, the hash map that the bare loop has, and
//! no clock, no pacer and no recorder. per-event carries all of these. Both are checked against the bare
//! loop's count of answers.
//!
//! `cargo test --benches` runs all of it at the small size.

mod shared;

use criterion::{Criterion, criterion_group, criterion_main};
use engines::Tally;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use scenarios::Keyed;
use scenarios::spec::KeysSpec;
use shared::{KEYS, Load, SECOND_US, by_hand, count_and_sum, group, per_event, row, second, timed};
use sluicebench::load::marks::Chunk;
use sluicebench::plain::{Each, Summed};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::InputHandle;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::Inspect as _;
use timely::dataflow::operators::generic::Operator as _;

/// Second, key, value.
type Event = (u64, u64, i64);

/// Second, key, count, sum.
type Answer = (u64, u64, u64, i128);

/// So many events go in at once.
const AT_ONCE: usize = 1024;

/// Counts and sums of each key.
type Sums = HashMap<u64, (u64, i128), FixedState>;

/// Sums and counts per key and second, by timely on one worker. Returns how many answers there were.
fn by_timely(memory: Arc<Vec<Chunk<Keyed>>>) -> u64 {
    timely::execute_directly(move |worker| {
        let mut input = InputHandle::<u64, CapacityContainerBuilder<Vec<Event>>>::new();
        let answers = Rc::new(Cell::new(0));
        let counted = Rc::clone(&answers);
        let exchange = Exchange::new(|event: &Event| event.1);
        worker.dataflow(|scope| {
            input
                .to_stream(scope)
                .unary_frontier(exchange, "windows", |_, _| {
                    let mut windows: BTreeMap<u64, (Capability<u64>, Sums)> = BTreeMap::new();
                    move |(input, frontier), output| {
                        input.for_each_time(|time, batches| {
                            for (second, key, value) in batches.flat_map(|batch| batch.drain(..)) {
                                let (_, sums) = windows.entry(second).or_insert_with(|| {
                                    let port = output.output_index();
                                    (time.delayed(&second, port), Sums::default())
                                });
                                let (count, sum) = sums.entry(key).or_default();
                                (*count, *sum) = (*count + 1, *sum + i128::from(value));
                            }
                        });
                        while let Some(entry) = windows.first_entry()
                            && !frontier.less_equal(entry.key())
                        {
                            let (second, (capability, sums)) = entry.remove_entry();
                            let mut session = output.session(&capability);
                            for (key, (count, sum)) in sums {
                                session.give((second, key, count, sum));
                            }
                        }
                    }
                })
                .container::<Vec<Answer>>()
                .inspect(move |answer: &Answer| {
                    black_box(answer);
                    counted.set(counted.get() + 1);
                });
        });
        // Counted from one, since the first events are up to a second earlier than the first is due.
        let second_of = |micros: i64| u64::try_from(micros.div_euclid(SECOND_US) + 1).unwrap_or(0);
        let mut batch = Vec::with_capacity(AT_ONCE);
        for chunk in &*memory {
            let mut marks = chunk.marks.iter().peekable();
            for (n, record) in chunk.records.iter().enumerate() {
                while let Some(mark) = marks.next_if(|mark| mark.after <= n) {
                    // All that is still to come lies after the mark.
                    let reached = second_of(mark.watermark.as_micros() + 1);
                    if reached > *input.time() {
                        input.send_batch(&mut batch);
                        input.advance_to(reached);
                        worker.step();
                    }
                }
                let second = second_of(record.event_time.as_micros());
                batch.push((second, record.value.key, record.value.value));
                if batch.len() == AT_ONCE {
                    input.send_batch(&mut batch);
                    worker.step();
                }
            }
        }
        input.send_batch(&mut batch);
        input.close();
        while worker.has_dataflows() {
            worker.step();
        }
        answers.get()
    })
}

fn beside_timely(criterion: &mut Criterion) {
    let program = count_and_sum(second(), true);
    let zipf = KeysSpec::Zipf { count: KEYS, exponent: 1.1 };
    for (name, keys) in [("uniform", KeysSpec::Uniform { count: KEYS }), ("zipf 1.1", zipf)] {
        let load = Load::new(10, 1_000_000, keys, true, 1);
        let memory = Arc::new(load.memory());
        let answers = by_hand::<_, Summed, Each>(&memory, second());
        let title = format!("timely: tumbling 1 s, sum and count, 100,000 keys, {name}");
        let mut group = group(criterion, &title, load.events());
        row(&mut group, "bare loop", || timed(|| by_hand::<_, Summed, Each>(&memory, second())).0);
        row(&mut group, "timely", || {
            let (time, given) = timed(|| by_timely(Arc::clone(&memory)));
            assert_eq!(given, answers);
            time
        });
        let case = load.ask(Arc::clone(&program));
        row(&mut group, "per-event", || {
            let (time, Tally { answers: given, .. }) = load.run(&per_event(false), 1, &case);
            assert_eq!(given, answers);
            time
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(5));
    targets = beside_timely
}
criterion_main!(benches);
