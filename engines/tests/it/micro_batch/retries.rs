//! A task that panics is computed again from its lineage, and nobody can tell from the answers.

use super::support::{Event, Listed, Ran, Row, config, event, over_batches, run, sums, with_value};
use engines::micro_batch::{Flow, MicroBatch, MicroBatchConfig};
use engines::{
    Aggregate, AggregateError, Algorithm, Control, CountAndSum, CountAndSumPartial, CountedSum,
    Dataflow, Engine, EngineError, Moment, SimulatedClock, Sink, Source, Stamped, StreamOf,
    Summarise, WindowCounts, WindowSpec, Windowed,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a plan calls what a user wrote.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Place {
    Map,
    Filter,
    FlatMap,
    Key,
    Value,
    Hash,
    Add,
    Combine,
    Subtract,
    Lower,
}

const PLACES: [Place; 10] = [
    Place::Map,
    Place::Filter,
    Place::FlatMap,
    Place::Key,
    Place::Value,
    Place::Hash,
    Place::Add,
    Place::Combine,
    Place::Subtract,
    Place::Lower,
];

/// Panics the first time that its place is reached for the `nth` time.
#[derive(Debug)]
pub(super) struct Wire {
    place: Option<Place>,
    nth: u64,
    pub(super) reached: AtomicU64,
}

impl Wire {
    pub(super) fn at(place: Option<Place>, nth: u64) -> Arc<Self> {
        Arc::new(Self { place, nth, reached: AtomicU64::new(0) })
    }

    pub(super) fn touch(&self, place: Place) {
        let is_touched =
            self.place == Some(place) && self.reached.fetch_add(1, Ordering::Relaxed) == self.nth;
        assert!(!is_touched, "the wire at {place:?} was touched");
    }
}

/// An aggregate with a wire in it.
#[derive(Clone)]
pub(super) struct Wired<A> {
    pub(super) aggregate: A,
    pub(super) wire: Arc<Wire>,
}

impl<A: Aggregate> Aggregate for Wired<A> {
    type Input = A::Input;
    type Partial = A::Partial;
    type Output = A::Output;
    const INVERTIBLE: bool = A::INVERTIBLE;

    fn empty(&self) -> A::Partial {
        self.aggregate.empty()
    }
    fn add(&self, partial: &mut A::Partial, input: &A::Input) {
        self.wire.touch(Place::Add);
        self.aggregate.add(partial, input);
    }
    fn combine(&self, partial: &mut A::Partial, other: &A::Partial) {
        self.wire.touch(Place::Combine);
        self.aggregate.combine(partial, other);
    }
    fn subtract(&self, partial: &mut A::Partial, other: &A::Partial) {
        self.wire.touch(Place::Subtract);
        self.aggregate.subtract(partial, other);
    }
    fn lower(&self, partial: &A::Partial) -> Result<A::Output, AggregateError> {
        self.wire.touch(Place::Lower);
        self.aggregate.lower(partial)
    }
}

/// A key with a wire in its hash.
#[derive(Clone, Debug)]
pub(super) struct WiredKey {
    pub(super) key: u32,
    pub(super) wire: Arc<Wire>,
}

impl Hash for WiredKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.touch(Place::Hash);
        self.key.hash(state);
    }
}
impl PartialEq for WiredKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for WiredKey {}
impl PartialOrd for WiredKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for WiredKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

type Sums = StreamOf<Flow<Event>, Windowed<u32, i64>>;

/// Every narrow step, then an aggregation, then one more of its answers; both are answered.
fn plan<A>(
    flow: &mut Flow<Event>,
    events: StreamOf<Flow<Event>, Event>,
    aggregate: A,
    sum: fn(A::Output) -> i64,
    wire: &Arc<Wire>,
) -> Sums
where
    A: Aggregate<Input = i64>,
{
    let of = || Arc::clone(wire);
    let wires = (of(), of(), of(), of(), of());
    let events = flow.map(events, move |event| {
        wires.0.touch(Place::Map);
        event
    });
    let events = flow.filter(events, move |_| {
        wires.1.touch(Place::Filter);
        true
    });
    let events = flow.flat_map(events, move |event, out| {
        wires.2.touch(Place::FlatMap);
        out(event);
    });
    let (events, plain) = flow.fork(events);
    let in_key = of();
    let first = flow.aggregate(
        events,
        move |(key, _)| {
            wires.3.touch(Place::Key);
            WiredKey { key: *key, wire: Arc::clone(&in_key) }
        },
        move |(_, value)| {
            wires.4.touch(Place::Value);
            *value
        },
        WindowSpec::sliding(40_000, 10_000).unwrap(),
        Wired { aggregate: aggregate.clone(), wire: of() },
    );
    let first = flow.map(first, move |answer| Windowed {
        window: answer.window,
        key: answer.key.key,
        value: sum(answer.value),
    });
    let (shown, first) = flow.fork(first);
    let plain = sums(flow, plain, WindowSpec::tumbling(10_000).unwrap());
    let plain = flow.map(plain, |answer| Windowed { key: answer.key + 100, ..answer });
    let both = flow.union(first, plain);
    let second = flow.aggregate(
        both,
        |answer| answer.key % 2 + 1_000,
        |answer| answer.value,
        WindowSpec::tumbling(20_000).unwrap(),
        Wired { aggregate, wire: of() },
    );
    let second = flow.map(second, move |answer| with_value(&answer, sum(answer.value.clone())));
    flow.union(shown, second)
}

/// Late events and partly late ones, three keys, about twenty batches. Where there are many
/// copies of each, the map side combines them; where there is one, it does not.
fn events(copies: usize) -> Vec<Stamped<Event>> {
    (0..60_i64)
        .map(|n| {
            let delay = match n % 14 {
                3 => 35_000,
                10 => 80_000,
                _ => n % 3 * 4_000,
            };
            event(
                n.cast_unsigned() * 3,
                n * 3_000 - delay,
                (n % 3).try_into().unwrap(),
                n * n - 200,
            )
        })
        .flat_map(|event| std::iter::repeat_n(event, copies))
        .collect()
}

fn run_wired<A: Aggregate<Input = i64>>(
    config: MicroBatchConfig,
    aggregate: A,
    sum: fn(A::Output) -> i64,
    wire: &Arc<Wire>,
    copies: usize,
) -> Ran<Windowed<u32, i64>> {
    let source = Listed::new(events(copies), 3 * copies, 2_000);
    run(config, |flow, events| plan(flow, events, aggregate, sum, wire), vec![source]).unwrap()
}

/// What of a run must not depend on panics; with several threads, the order of answers may.
fn seen(ran: &Ran<Windowed<u32, i64>>) -> (Vec<Row<i64>>, Vec<WindowCounts>, u64, u64) {
    let mut counts = ran.tally.windows.clone();
    for counts in counts.iter_mut().filter(|counts| counts.algorithm == "two-stacks") {
        // When two-stacks turns its stack over depends on when it began.
        counts.combine_steps = 0;
    }
    (ran.rows(), counts, ran.tally.answers, ran.tally.rejected)
}

/// Lets every place panic at every step of a run, or every `step`-th.
fn panic_everywhere<A: Aggregate<Input = i64>>(
    config: MicroBatchConfig,
    aggregate: &A,
    sum: fn(A::Output) -> i64,
    (copies, step): (usize, usize),
) {
    let calm = run_wired(config, aggregate.clone(), sum, &Wire::at(None, 0), copies);
    assert_eq!(calm.tally.retries, 0);
    assert!(calm.tally.windows[0].late > 0 && calm.tally.windows[0].partly_late > 0);
    for place in PLACES {
        // A first run only counts how often the place is reached.
        let counter = Wire::at(Some(place), u64::MAX);
        run_wired(config, aggregate.clone(), sum, &counter, copies);
        let reached = counter.reached.load(Ordering::Relaxed);
        let inverts =
            place != Place::Subtract || (A::INVERTIBLE && config.algorithm == Algorithm::Auto);
        assert_eq!(reached > 0, inverts, "{place:?}");
        for nth in (0..reached).step_by(step) {
            let wire = Wire::at(Some(place), nth);
            let ran = run_wired(config, aggregate.clone(), sum, &wire, copies);
            assert_eq!(seen(&ran), seen(&calm), "{place:?} at step {nth}, {config:?}");
            assert_eq!(ran.tally.retries, 1, "{place:?} at step {nth}");
        }
    }
}

#[test]
fn a_panic_anywhere_changes_no_answer() {
    panic_everywhere(config(1, 10), &CountAndSum, |answer| answer.sum, (1, 1));
}

#[test]
fn a_panic_anywhere_changes_no_answer_on_several_threads() {
    panic_everywhere(config(3, 10), &CountAndSum, |answer| answer.sum, (1, 7));
    panic_everywhere(config(3, 10), &CountAndSum, |answer| answer.sum, (40, 61));
}

#[test]
fn a_panic_anywhere_changes_no_answer_without_an_inverse() {
    panic_everywhere(config(2, 10), &Summarise, |answer| answer.max - answer.min, (1, 5));
    panic_everywhere(config(2, 10), &Summarise, |answer| answer.max - answer.min, (40, 89));
}

#[test]
fn a_panic_anywhere_changes_no_answer_by_any_algorithm() {
    for algorithm in [Algorithm::Slices, Algorithm::TwoStacks] {
        let config = MicroBatchConfig { algorithm, ..config(1, 10) };
        panic_everywhere(config, &CountAndSum, |answer| answer.sum, (1, 11));
        panic_everywhere(
            MicroBatchConfig { parallelism: 2, ..config },
            &CountAndSum,
            |answer| answer.sum,
            (40, 97),
        );
    }
}

#[test]
fn a_panic_while_recomputing_from_records_changes_no_answer() {
    let config = MicroBatchConfig { algorithm: Algorithm::Recompute, ..config(2, 10) };
    let calm = run_wired(config, CountAndSum, |answer| answer.sum, &Wire::at(None, 0), 1);
    for place in [Place::Key, Place::Hash, Place::Add, Place::Lower] {
        for nth in (0..60).step_by(4) {
            let wire = Wire::at(Some(place), nth);
            let ran = run_wired(config, CountAndSum, |answer| answer.sum, &wire, 1);
            assert_eq!(seen(&ran), seen(&calm), "{place:?} at step {nth}");
            assert_eq!(ran.tally.retries, u64::from(wire.reached.load(Ordering::Relaxed) > nth));
        }
    }
}

#[test]
fn a_panic_changes_no_answer_of_windows_over_batches() {
    let config = over_batches(config(2, 10), 1_000_003);
    let calm = run_wired(config, CountAndSum, |answer| answer.sum, &Wire::at(None, 0), 1);
    for place in PLACES {
        for nth in (0..60).step_by(4) {
            let wire = Wire::at(Some(place), nth);
            let ran = run_wired(config, CountAndSum, |answer| answer.sum, &wire, 1);
            assert_eq!(seen(&ran), seen(&calm), "{place:?} at step {nth}");
            assert_eq!(ran.tally.retries, u64::from(wire.reached.load(Ordering::Relaxed) > nth));
        }
    }
}

#[test]
fn a_simulated_run_repeats_its_panics() {
    let config = MicroBatchConfig { simulate: Some(9), ..config(7, 10) };
    let ran = || {
        run_wired(config, CountAndSum, |answer| answer.sum, &Wire::at(Some(Place::Lower), 50), 1)
    };
    let (first, second) = (ran(), ran());
    assert_eq!(first.tally, second.tally);
    assert_eq!(first.tally.retries, 1);
    assert_eq!(first.emitted, second.emitted);
}

#[test]
fn panics_while_recovering_are_recovered_from() {
    /// Panics three times in a row: in the task, and twice while its state is computed again.
    fn stumble(wire: &AtomicU64) {
        assert!(!(40..43).contains(&wire.fetch_add(1, Ordering::Relaxed)), "stumbled");
    }
    #[derive(Clone)]
    struct Stumbling(Arc<AtomicU64>);
    impl Aggregate for Stumbling {
        type Input = i64;
        type Partial = CountAndSumPartial;
        type Output = CountedSum;
        const INVERTIBLE: bool = true;
        fn empty(&self) -> CountAndSumPartial {
            CountAndSum.empty()
        }
        fn add(&self, partial: &mut CountAndSumPartial, input: &i64) {
            CountAndSum.add(partial, input);
        }
        fn combine(&self, partial: &mut CountAndSumPartial, other: &CountAndSumPartial) {
            stumble(&self.0);
            CountAndSum.combine(partial, other);
        }
        fn subtract(&self, partial: &mut CountAndSumPartial, other: &CountAndSumPartial) {
            CountAndSum.subtract(partial, other);
        }
        fn lower(&self, partial: &CountAndSumPartial) -> Result<CountedSum, AggregateError> {
            CountAndSum.lower(partial)
        }
    }
    let run = |start| {
        let wire = Arc::new(AtomicU64::new(start));
        let plan = |flow: &mut Flow<Event>, events| {
            let window = WindowSpec::sliding(40_000, 10_000).unwrap();
            let key = |(key, _): &Event| *key;
            flow.aggregate(events, key, |(_, value)| *value, window, Stumbling(wire))
        };
        run(config(1, 10), plan, vec![Listed::new(events(1), 3, 2_000)]).unwrap()
    };
    let (calm, stumbled) = (run(1_000), run(0));
    assert_eq!(calm.tally.retries, 0);
    assert_eq!(stumbled.tally.retries, 3);
    assert_eq!(stumbled.rows(), calm.rows());
    assert_eq!(stumbled.tally.windows, calm.tally.windows);
}

#[test]
fn what_fails_at_every_attempt_fails_the_run_with_its_cause() {
    for (parallelism, attempts) in [(1, 1), (1, 4), (3, 2)] {
        let config = MicroBatchConfig { attempts, ..config(parallelism, 10) };
        let calls = Arc::new(AtomicU64::new(0));
        let counting = Arc::clone(&calls);
        let error = run(
            config,
            move |flow: &mut Flow<Event>, events| {
                flow.map(events, move |(_, value)| {
                    counting.fetch_add(u64::from(value == 13), Ordering::Relaxed);
                    assert!(value != 13, "thirteen is not a number, said record {value}");
                    value
                })
            },
            vec![Listed::new((0..20).map(|n| event(n * 2, 0, 1, n.cast_signed())).collect(), 1, 0)],
        )
        .unwrap_err();
        let EngineError::TaskFailed { batch, stage, attempts: tried, cause, .. } = error else {
            panic!("a task failed, not {error}")
        };
        assert_eq!((batch, stage, tried), (2, 0, attempts));
        assert_eq!(cause, "thirteen is not a number, said record 13");
        assert_eq!(calls.load(Ordering::Relaxed), u64::from(attempts));
    }
}

#[test]
fn a_sink_that_panics_is_not_asked_again() {
    struct Closed(Arc<AtomicU64>);
    impl Sink for Closed {
        type Item = i64;
        fn accept(&mut self, answers: &[Stamped<i64>], _: Moment) {
            self.0.fetch_add(answers.len() as u64, Ordering::Relaxed);
            panic!("the file is closed");
        }
    }
    let offered = Arc::new(AtomicU64::new(0));
    let source: Box<dyn Source<Item = Event>> =
        Box::new(Listed::new((0..100).map(|n| event(1, 0, 1, n)).collect(), 1, 0));
    let error = MicroBatch::new(config(1, 10))
        .run(
            |flow: &mut Flow<Event>, events| flow.map(events, |(_, value)| value),
            vec![source],
            vec![Box::new(Closed(Arc::clone(&offered)))],
            &SimulatedClock::default(),
            &Control::default(),
        )
        .unwrap_err();
    assert!(matches!(&error, EngineError::TaskFailed { cause, attempts: 1, .. }
        if cause == "the file is closed"));
    assert_eq!(offered.load(Ordering::Relaxed), 64, "the first piece, once");
}

#[test]
fn a_state_that_is_computed_again_does_not_stumble_over_what_is_gone() {
    // The first window's sum fits only with the first event, whose batch is no longer needed
    // when the last ones come. Its answer has been given; nobody may compute it again.
    let events = vec![
        event(1, 5_000, 1, -i64::MAX),
        event(15, 16_000, 1, i64::MAX),
        event(16, 17_000, 1, i64::MAX),
        event(25, 24_000, 1, -i64::MAX),
        event(35, 25_000, 1, -1),
        event(45, 90_000, 1, 1),
    ];
    let wired = |wire: &Arc<Wire>| {
        let window = WindowSpec::sliding(20_000, 10_000).unwrap();
        let aggregate = Wired { aggregate: CountAndSum, wire: Arc::clone(wire) };
        let plan = |flow: &mut Flow<Event>, events| {
            flow.aggregate(events, |event: &Event| event.0, |event| event.1, window, aggregate)
        };
        run(config(1, 10), plan, vec![Listed::new(events.clone(), 1, 0)]).unwrap()
    };
    let calm = wired(&Wire::at(None, 0));
    for place in [Place::Combine, Place::Subtract, Place::Lower] {
        let counter = Wire::at(Some(place), u64::MAX);
        wired(&counter);
        for nth in 0..counter.reached.load(Ordering::Relaxed) {
            let ran = wired(&Wire::at(Some(place), nth));
            assert_eq!(ran.rows(), calm.rows(), "{place:?} at step {nth}");
            assert_eq!(ran.tally.retries, 1, "{place:?} at step {nth}");
        }
    }
}

#[test]
fn a_state_that_had_nothing_left_still_knows_what_is_late() {
    // The event with key 9 moves the watermark and is then left out, so that after the first
    // batch no batch is needed any more.
    let events = vec![
        event(1, 5_000, 1, 1),
        event(2, 100_000, 9, 2),
        event(15, 6_000, 1, 4),
        event(16, 105_000, 1, 8),
    ];
    let wired = |wire: &Arc<Wire>| {
        let key_wire = Arc::clone(wire);
        let plan = |flow: &mut Flow<Event>, events| {
            let kept = flow.filter(events, |(key, _)| *key != 9);
            let window = WindowSpec::tumbling(10_000).unwrap();
            let sums = flow.aggregate(
                kept,
                move |(key, _)| WiredKey { key: *key, wire: Arc::clone(&key_wire) },
                |(_, value)| *value,
                window,
                CountAndSum,
            );
            flow.map(sums, |answer| Windowed {
                window: answer.window,
                key: answer.key.key,
                value: answer.value.sum,
            })
        };
        run(config(1, 10), plan, vec![Listed::new(events.clone(), 1, 0)]).unwrap()
    };
    let calm = wired(&Wire::at(None, 0));
    assert_eq!(calm.rows(), [(10, 0, 1, 1), (20, 100_000, 1, 8)]);
    let counter = Wire::at(Some(Place::Hash), u64::MAX);
    wired(&counter);
    for nth in 0..counter.reached.load(Ordering::Relaxed) {
        let ran = wired(&Wire::at(Some(Place::Hash), nth));
        assert_eq!(seen(&ran), seen(&calm), "hash {nth}");
        assert_eq!(ran.tally.retries, 1);
    }
}

#[test]
fn a_panic_between_the_rounds_of_a_large_batch_changes_no_answer() {
    // Three tasks for two threads, in each of three batches: two rounds. With few keys the map
    // side combines, with many it does not.
    for keys in [3, 40_000] {
        let events: Vec<Stamped<Event>> = (0..210_000_u32)
            .map(|n| {
                let batch = u64::from(n / 70_000);
                let delay = if n % 100 == 7 { 60_000 } else { i64::from(n % 5) * 1_000 };
                let time = i64::from(n / 2) - delay;
                event(batch * 10, time, n.wrapping_mul(2_654_435_761) % keys, i64::from(n % 9))
            })
            .collect();
        let wired = |wire: &Arc<Wire>| {
            let of = || Arc::clone(wire);
            let (in_key, in_value, in_aggregate) = (of(), of(), of());
            let plan = |flow: &mut Flow<Event>, events| {
                let sums = flow.aggregate(
                    events,
                    move |(key, _)| WiredKey { key: *key, wire: Arc::clone(&in_key) },
                    move |(_, value)| {
                        in_value.touch(Place::Value);
                        *value
                    },
                    WindowSpec::sliding(20_000, 10_000).unwrap(),
                    Wired { aggregate: CountAndSum, wire: in_aggregate },
                );
                flow.map(sums, |answer| Windowed {
                    window: answer.window,
                    key: answer.key.key,
                    value: answer.value.sum,
                })
            };
            let source = Listed::new(events.clone(), 1_000, 1_000);
            run(config(2, 10), plan, vec![source]).unwrap()
        };
        let calm = wired(&Wire::at(None, 0));
        assert!(calm.tally.windows[0].late > 0, "some come too late");
        for place in [Place::Value, Place::Hash, Place::Add, Place::Combine, Place::Lower] {
            let counter = Wire::at(Some(place), u64::MAX);
            wired(&counter);
            let reached = counter.reached.load(Ordering::Relaxed);
            for nth in (0..3).map(|part| part * reached / 3 + reached / 13) {
                let ran = wired(&Wire::at(Some(place), nth));
                assert_eq!(ran.tally.retries, 1, "{place:?} at step {nth}, {keys} keys");
                assert!(seen(&ran) == seen(&calm), "{place:?} at step {nth}, {keys} keys");
            }
        }
    }
}
