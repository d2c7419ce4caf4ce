//! Sessions of the micro-batch engine: a task that panics is computed again from a copy of its state
//! and what came since, and nobody can tell from the answers; a session that never ends keeps no
//! input.

use super::retries::{Place, Wire, Wired, WiredKey};
use super::support::{Event, Listed, Ran, at_ms, config, event, run, sinks, us};
use engines::micro_batch::{Flow, MicroBatch, MicroBatchConfig};
use engines::{
    Arrival, Block, Collected, Control, Count, CountAndSum, Dataflow, Engine, Moment, SessionSpec,
    SimulatedClock, Source, Stamped, StreamOf, Windowed,
};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};

/// Sessions by key, which are answered themselves, and sessions of those.
fn plan(
    flow: &mut Flow<Event>,
    events: StreamOf<Flow<Event>, Event>,
    wire: &Arc<Wire>,
) -> StreamOf<Flow<Event>, Windowed<u32, i64>> {
    let (in_key, at_key, at_value) = (Arc::clone(wire), Arc::clone(wire), Arc::clone(wire));
    let aggregate = || Wired { aggregate: CountAndSum, wire: Arc::clone(wire) };
    let first = flow.session(
        events,
        move |(key, _)| {
            at_key.touch(Place::Key);
            WiredKey { key: *key, wire: Arc::clone(&in_key) }
        },
        move |(_, value)| {
            at_value.touch(Place::Value);
            *value
        },
        SessionSpec::new(3_000).unwrap(),
        aggregate(),
    );
    let first = flow.map(first, |answer| Windowed {
        window: answer.window,
        key: answer.key.key,
        value: answer.value.sum,
    });
    let (shown, first) = flow.fork(first);
    let spec = SessionSpec::new(20_000).unwrap();
    let second = flow.session(
        first,
        |answer: &Windowed<u32, i64>| answer.key % 2 + 1_000,
        |answer| answer.value,
        spec,
        aggregate(),
    );
    let second = flow.map(second, |answer| Windowed {
        window: answer.window,
        key: answer.key,
        value: answer.value.sum,
    });
    flow.union(shown, second)
}

/// So many events of six keys, of which one is never silent, others now and then, and one is heard of
/// late between two of its sessions; some come much too late.
fn events(count: u64) -> Vec<Stamped<Event>> {
    (0..count)
        .map(|n| {
            let key = match n % 32 {
                5 => 5,
                0..=3 | 16..=19 => 0,
                _ => 1 + n / 64 % 4,
            };
            let delay = match n {
                _ if n % 23 == 7 => 25_000,
                _ if key == 5 && n / 32 % 3 == 2 => 4_800,
                _ => n % 3 * 400,
            };
            let time = n.cast_signed() * 100 - delay.cast_signed();
            event(n / 5, time, key.try_into().unwrap(), n.cast_signed() % 9)
        })
        .collect()
}

fn run_wired(
    config: MicroBatchConfig,
    wire: &Arc<Wire>,
    events: Vec<Stamped<Event>>,
) -> Ran<Windowed<u32, i64>> {
    let source = Listed::new(events, 10, 8_000);
    run(config, |flow, events| plan(flow, events, wire), vec![source]).unwrap()
}

/// Lets every place panic at about so many steps of a run.
fn panic_everywhere(parallelism: usize, count: u64, times: u64) {
    let config = config(parallelism, 10);
    let calm = run_wired(config, &Wire::at(None, 0), events(count));
    let counts = calm.tally.windows[0];
    assert!(counts.late > 0 && counts.combine_steps > 0 && counts.kept_most > 1, "{counts:?}");
    assert!(calm.rows().len() > 10, "some sessions end");
    for place in [Place::Key, Place::Value, Place::Hash, Place::Add, Place::Combine, Place::Lower] {
        let counter = Wire::at(Some(place), u64::MAX);
        run_wired(config, &counter, events(count));
        let reached = counter.reached.load(Ordering::Relaxed);
        assert!(reached > 0, "{place:?}");
        let step = usize::try_from(reached.div_ceil(times)).unwrap();
        for nth in (0..reached).step_by(step) {
            let wire = Wire::at(Some(place), nth);
            let ran = run_wired(config, &wire, events(count));
            assert_eq!(ran.rows(), calm.rows(), "{place:?} at step {nth}");
            assert_eq!(ran.tally.windows, calm.tally.windows, "{place:?} at step {nth}");
            assert_eq!(ran.tally.retries, 1, "{place:?} at step {nth}");
        }
    }
}

#[test]
fn a_panic_anywhere_changes_no_session() {
    panic_everywhere(1, 600, 300);
    panic_everywhere(3, 600, 60);
}

#[test]
fn a_panic_after_a_state_was_copied_changes_no_session() {
    panic_everywhere(1, 12_000, 7);
    panic_everywhere(2, 24_000, 5);
}

/// Two keys, one of which is heard of in every batch of 10 ms, in blocks of their own, by a record each
/// microsecond of event time.
pub(super) struct Endless {
    batches: u64,
    per_batch: i64,
    given: u64,
    blocks: Vec<Weak<Vec<Stamped<Event>>>>,
    /// Of how many batches the blocks were kept at once, at the most.
    kept_most: Arc<Mutex<usize>>,
}

impl Endless {
    /// So many batches, of so many records, and of how many of them the blocks were kept at once, at
    /// the most.
    pub(super) fn new(batches: u64, per_batch: i64) -> (Self, Arc<Mutex<usize>>) {
        let kept_most = Arc::default();
        let blocks = Vec::new();
        (
            Self { batches, per_batch, given: 0, blocks, kept_most: Arc::clone(&kept_most) },
            kept_most,
        )
    }
}

impl Source for Endless {
    type Item = Event;

    fn poll(&mut self, _: Moment, _: usize) -> Arrival<'_, Event> {
        unreachable!("a micro-batch engine collects")
    }

    fn collect(&mut self, _: Moment) -> Collected<Event> {
        let kept = self.blocks.iter().filter(|block| block.strong_count() > 0).count();
        let mut kept_most = self.kept_most.lock().unwrap();
        *kept_most = kept.max(*kept_most);
        let first = self.given.cast_signed() * self.per_batch;
        let record = |n: i64| event(self.given * 10, first + n, u32::from(n % 2 == 0), 1);
        let records = Arc::new((0..self.per_batch).map(record).collect::<Vec<_>>());
        self.blocks.push(Arc::downgrade(&records));
        let block = Block::new(records, 0..usize::try_from(self.per_batch).unwrap());
        self.given += 1;
        Collected {
            blocks: vec![block],
            watermark: Some(us(first)),
            next_due: (self.given < self.batches).then(|| at_ms(self.given * 10)),
        }
    }
}

#[test]
fn a_session_that_never_ends_keeps_no_more_input_than_came_since_a_copy() {
    for parallelism in [1, 2] {
        let (source, kept_most) = Endless::new(200, 500);
        let (sinks, emitted) = sinks::<Windowed<u32, u64>>(parallelism);
        let tally = MicroBatch::new(config(parallelism, 10))
            .run(
                |flow: &mut Flow<Event>, events| {
                    let spec = SessionSpec::new(100_000).unwrap();
                    flow.session(events, |(key, _)| *key, |_| (), spec, Count)
                },
                vec![Box::new(source)],
                sinks,
                &SimulatedClock::default(),
                &Control::default(),
            )
            .unwrap();
        assert_eq!(emitted.lock().unwrap().len(), 2);
        let counts = tally.windows[0];
        assert_eq!(counts.accepted, 100_000);
        assert!(counts.longest_us > 199_000, "{counts:?}");
        // 4,096 records for each partition are in nine batches; the last one may be in use.
        let kept = *kept_most.lock().unwrap();
        assert!(kept <= 9 * parallelism + 2, "{kept} of 200 batches were kept at once");
    }
}
