//! Batches and jobs: when they start, what is skipped, what is computed once, how a run ends.

use super::support::{
    Event, Listed, at_ms, config, event, over_batches, run, run_on, sinks, sums, us, with_value,
};
use engines::micro_batch::{Flow, MicroBatch, MicroBatchConfig};
use engines::{
    BatchTiming, Clock, Control, CountAndSum, Dataflow, Engine, EngineError, Moment, Patience,
    SimulatedClock, Source, Stamped, WallClock, WindowSpec,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn tumbling(size_us: i64) -> WindowSpec {
    WindowSpec::tumbling(size_us).unwrap()
}

fn timing(close_ms: u64, started_ms: u64, finished_ms: u64, records: u64) -> BatchTiming {
    BatchTiming {
        close: at_ms(close_ms),
        started: at_ms(started_ms),
        finished: at_ms(finished_ms),
        records,
    }
}

#[test]
fn a_batch_that_overruns_makes_the_next_ones_start_late() {
    let clock = Arc::new(SimulatedClock::default());
    let slow = Arc::clone(&clock);
    let events = vec![
        event(1, 0, 1, 250),
        event(150, 0, 1, 0),
        event(151, 0, 1, 0),
        event(250, 0, 1, 20),
        event(999, 0, 1, 0),
    ];
    let ran = run_on(
        config(1, 100),
        move |flow: &mut Flow<Event>, events| {
            flow.map(events, move |(key, cost_ms)| {
                slow.advance(cost_ms.cast_unsigned() * 1_000_000);
                key
            })
        },
        vec![Listed::new(events, 1, 0)],
        &*clock,
        &Control::default(),
    )
    .unwrap();
    assert_eq!(
        ran.tally.batches,
        [
            timing(100, 100, 350, 1),
            timing(200, 350, 350, 2),
            timing(300, 350, 370, 1),
            timing(1_000, 1_000, 1_000, 1),
        ]
    );
    let emitted: Vec<Moment> = ran.emitted.iter().map(|(.., at)| *at).collect();
    assert_eq!(emitted, [350, 350, 350, 370, 1_000].map(at_ms));
}

#[test]
fn a_long_silence_is_skipped() {
    let hour_ms = 3_600_000;
    let events = vec![event(0, 0, 1, 1), event(1_000 * hour_ms + 1, 20_000, 1, 2)];
    for config in [config(1, 1), over_batches(config(1, 1), 0)] {
        let source = Listed::new(events.clone(), 1, 0);
        let collections = Arc::clone(&source.collections);
        let ran =
            run(config, |flow, events| sums(flow, events, tumbling(10_000)), vec![source]).unwrap();
        assert_eq!(ran.tally.read, 2);
        assert_eq!(ran.emitted.len(), 2);
        let collections = collections.load(Ordering::Relaxed);
        assert!(
            collections <= 3,
            "{collections} collections of two batches with something in it: {:?}",
            ran.tally.batches
        );
    }
}

#[test]
fn an_empty_input_is_a_run() {
    for parallelism in [1, 2, 7] {
        let window = tumbling(10_000);
        for sources in [vec![], vec![Listed::new(vec![], 1, 0)]] {
            let ran =
                run(config(parallelism, 10), |flow, events| sums(flow, events, window), sources)
                    .unwrap();
            assert!(ran.emitted.is_empty());
            assert_eq!(ran.tally.read, 0);
            assert_eq!(ran.tally.batches, []);
        }
    }
}

#[test]
fn a_plan_without_windows_answers_with_every_batch() {
    for parallelism in [1, 2, 7] {
        let events = (0..5_000).map(|n| event(n / 100, 0, 0, n.cast_signed())).collect();
        let ran = run(
            config(parallelism, 10),
            |flow: &mut Flow<Event>, events| {
                let even = flow.filter(events, |(_, n)| n % 2 == 0);
                flow.flat_map(even, |(_, n), out| (0..n % 3).for_each(|_| out(n)))
            },
            vec![Listed::new(events, 1, 0)],
        )
        .unwrap();
        let want: Vec<i64> =
            (0..5_000).filter(|n| n % 2 == 0).flat_map(|n| (0..n % 3).map(move |_| n)).collect();
        let mut got: Vec<i64> = ran.emitted.iter().map(|(_, answer, _)| answer.value).collect();
        got.sort_unstable();
        assert_eq!(got, want);
        for (_, answer, emitted) in &ran.emitted {
            let due_ms = answer.due.as_nanos() / 1_000_000;
            assert_eq!(*emitted, at_ms((due_ms / 10 + 1) * 10), "at the close of its batch");
        }
    }
}

#[test]
fn one_record_may_become_many_chunks() {
    let ran = run(
        config(2, 10),
        |flow: &mut Flow<Event>, events| {
            let many = flow.flat_map(events, |(_, n), out| (0..n).for_each(out));
            flow.filter(many, |n| n % 1_000 == 0)
        },
        vec![Listed::new(vec![event(1, 0, 0, 10_000)], 1, 0)],
    )
    .unwrap();
    let got: Vec<i64> = ran.emitted.iter().map(|(_, answer, _)| answer.value).collect();
    assert_eq!(got, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
}

#[test]
fn tasks_are_dealt_to_the_sinks() {
    let events: Vec<_> = (0..8_192).map(|n| event(1, 0, 0, n)).collect();
    let ran = run(
        config(2, 10),
        |flow: &mut Flow<Event>, events| flow.map(events, |(_, n)| n),
        vec![Listed::new(events, 1, 0)],
    )
    .unwrap();
    let of = |worker| ran.emitted.iter().filter(|(at, ..)| *at == worker).count();
    assert!(of(0) >= 2_048 && of(1) >= 2_048, "{} and {}", of(0), of(1));
    assert_eq!(of(0) + of(1), 8_192);
}

#[test]
fn what_is_forked_is_computed_once() {
    for (parallelism, simulate) in [(1, None), (2, None), (7, None), (2, Some(5))] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let events: Vec<_> =
            (0..6_000_i64).map(|n| event(n.cast_unsigned() / 50, n, 1, n)).collect();
        let ran = run(
            MicroBatchConfig { simulate, ..config(parallelism, 10) },
            move |flow: &mut Flow<Event>, events| {
                let doubled = flow.map(events, move |(key, n)| {
                    counting.fetch_add(1, Ordering::Relaxed);
                    (key, 2 * n)
                });
                let (left, right) = flow.fork(doubled);
                let (right, third) = flow.fork(right);
                let summed = sums(flow, right, tumbling(1_000));
                let left = flow.map(left, |(_, n)| n);
                let third = flow.map(third, |(_, n)| -n);
                let plain = flow.union(left, third);
                let summed = flow.map(summed, |answer| answer.value);
                flow.union(plain, summed)
            },
            vec![Listed::new(events, 1, 0)],
        )
        .unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 6_000, "parallelism {parallelism}");
        let mut got: Vec<i64> = ran.emitted.iter().map(|(_, answer, _)| answer.value).collect();
        let mut want: Vec<i64> = (0..6_000).flat_map(|n| [2 * n, -2 * n]).collect();
        want.extend(
            (0..6).map(|window| (window * 1_000..(window + 1) * 1_000).map(|n| 2 * n).sum::<i64>()),
        );
        got.sort_unstable();
        want.sort_unstable();
        assert_eq!(got, want);
    }
}

#[test]
fn both_branches_of_a_fork_see_the_same() {
    for parallelism in [1, 2, 7] {
        let events = vec![
            event(1, 1_000, 1, 1),
            event(2, 2_000, 2, 2),
            event(3, i64::MIN, 2, 2),
            event(20, 12_000, 1, 4),
            event(40, 25_000, 2, 8),
        ];
        let ran = run(
            config(parallelism, 10),
            |flow: &mut Flow<Event>, events| {
                let (left, right) = flow.fork(events);
                let right = flow.map(right, |(key, value)| (key + 10, -value));
                let left = sums(flow, left, tumbling(10_000));
                let right = sums(flow, right, tumbling(20_000));
                flow.union(left, right)
            },
            vec![Listed::new(events, 1, 0)],
        )
        .unwrap();
        assert_eq!(
            ran.rows(),
            [
                (30, 0, 1, 1),
                (30, 0, 2, 2),
                (50, 0, 11, -5),
                (50, 0, 12, -2),
                (50, 10_000, 1, 4),
                (50, 20_000, 2, 8),
                (50, 20_000, 12, -8),
            ]
        );
        assert_eq!(ran.tally.rejected, 1, "rejected once, not per branch");
        let accepted: Vec<u64> = ran.tally.windows.iter().map(|counts| counts.accepted).collect();
        assert_eq!(accepted, [4, 4], "in the order of the plan");
    }
}

#[test]
fn a_branch_that_is_dropped_harms_nobody() {
    let ran = run(
        config(2, 10),
        |flow: &mut Flow<Event>, events| {
            let events = flow.map(events, |event| event);
            let (kept, dropped) = flow.fork(events);
            drop(sums(flow, dropped, tumbling(10_000)));
            let (kept, dropped) = flow.fork(kept);
            drop(dropped);
            flow.map(kept, |(_, value)| value)
        },
        vec![Listed::new(vec![event(1, 0, 1, 3)], 1, 0)],
    )
    .unwrap();
    assert_eq!(ran.emitted.len(), 1);
    assert_eq!(ran.tally.windows.len(), 1);
}

#[test]
fn a_run_that_is_stopped_says_so() {
    let window = tumbling(10_000);
    let stopped = Control::default();
    stopped.stop();
    let source = Listed::new(vec![event(1, 0, 1, 1)], 1, 0);
    let clock = SimulatedClock::default();
    let outcome = run_on(
        config(2, 10),
        |flow, events| sums(flow, events, window),
        vec![source],
        &clock,
        &stopped,
    );
    assert!(matches!(outcome, Err(EngineError::Stopped)));
    assert_eq!(clock.now(), Moment::START);

    for parallelism in [1, 2] {
        let control = Arc::new(Control::default());
        let stopping = Arc::clone(&control);
        let events = (0..100).map(|n| event(n, 0, 1, n.cast_signed())).collect();
        let outcome = run_on(
            config(parallelism, 10),
            move |flow: &mut Flow<Event>, events| {
                flow.map(events, move |(_, n)| {
                    if n == 42 {
                        stopping.stop();
                    }
                    n
                })
            },
            vec![Listed::new(events, 1, 0)],
            &SimulatedClock::default(),
            &control,
        );
        assert!(matches!(outcome, Err(EngineError::Stopped)));
        assert_eq!(control.read(), 50, "the batch at work was the last");
    }
}

#[test]
fn a_sum_that_does_not_fit_names_its_key_and_window() {
    let events = vec![event(1, 1_000, 7, i64::MAX), event(2, 2_000, 7, 1), event(50, 30_000, 7, 0)];
    let fail = |config| {
        let source = Listed::new(events.clone(), 1, 0);
        run(config, |flow, events| sums(flow, events, tumbling(10_000)), vec![source]).unwrap_err()
    };
    for parallelism in [1, 2, 7] {
        let error = fail(config(parallelism, 10));
        assert_eq!(
            error.to_string(),
            "key 7, window [0, 10000) µs: the sum 9223372036854775808 does not fit a 64-bit integer"
        );
    }
    let EngineError::Aggregate { window, .. } = fail(over_batches(config(1, 10), 500)) else {
        panic!("a sum that does not fit")
    };
    assert_eq!(window.start, us(500), "in the time of the data");
}

#[test]
fn what_cannot_work_is_refused() {
    let plan = |flow: &mut Flow<Event>, events| sums(flow, events, tumbling(10_000));
    let refusal = |config| run(config, plan, vec![]).unwrap_err().to_string();
    assert!(refusal(config(1, 0)).contains("interval is zero"));
    let uneven = MicroBatchConfig { interval_ns: 1_500, ..over_batches(config(1, 10), 0) };
    assert!(refusal(uneven).contains("whole microseconds"));
    let nowhere = over_batches(config(1, 10), i64::MIN);
    assert!(refusal(nowhere).contains("no event may have"));

    let (few, _) = sinks(1);
    let error = MicroBatch::new(config(2, 10))
        .run(plan, vec![], few, &SimulatedClock::default(), &Control::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "there are 1 sinks for 2 workers: give each worker its own");
}

#[test]
fn aggregating_twice_is_like_aggregating_once() {
    let window = tumbling(10_000);
    for parallelism in [1, 2, 7] {
        let events: Vec<Stamped<Event>> = (0..4_000_i64)
            .map(|n| event(n.cast_unsigned() / 40, n * 20, (n % 50).try_into().unwrap(), n))
            .collect();
        let once = run(
            config(parallelism, 10),
            |flow: &mut Flow<Event>, events| {
                let one = flow.map(events, |(_, value)| (0, value));
                sums(flow, one, window)
            },
            vec![Listed::new(events.clone(), 1, 0)],
        )
        .unwrap();
        let twice = run(
            config(parallelism, 10),
            |flow: &mut Flow<Event>, events| {
                let by_key = sums(flow, events, window);
                let all = flow.aggregate(by_key, |_| 0, |answer| answer.value, window, CountAndSum);
                flow.map(all, |answer| with_value(&answer, answer.value.sum))
            },
            vec![Listed::new(events, 1, 0)],
        )
        .unwrap();
        assert_eq!(once.rows(), twice.rows(), "and in the same batches");
        assert_eq!(once.rows().len(), 8);
    }
}

#[test]
fn threads_under_a_real_clock_agree_with_one_in_simulated_time() {
    let window = WindowSpec::sliding(4_000, 1_000).unwrap();
    let events: Vec<Stamped<Event>> = (0..20_000_i64)
        .map(|n| event(n.cast_unsigned() / 1_000, n - n % 7, (n % 97).try_into().unwrap(), n))
        .collect();
    let plan = |flow: &mut Flow<Event>, events| sums(flow, events, window);
    let sources = || vec![Listed::new(events.clone(), 64, 10)];
    let values = |rows: Vec<(u64, i64, u32, i64)>| {
        let mut values: Vec<_> =
            rows.into_iter().map(|(_, start, key, value)| (start, key, value)).collect();
        values.sort_unstable();
        values
    };
    let want = values(run(config(1, 2), plan, sources()).unwrap().rows());
    for patience in [Patience::Park, Patience::SpinThenPark { spin_ns: 5_000 }, Patience::Spin] {
        let config = MicroBatchConfig { patience, ..config(3, 2) };
        let clock = WallClock::start();
        let ran = run_on(config, plan, sources(), &clock, &Control::default()).unwrap();
        for batch in &ran.tally.batches {
            assert!(batch.close <= batch.started && batch.started <= batch.finished);
        }
        for (_, answer, emitted) in &ran.emitted {
            assert!(answer.due < *emitted, "an answer cannot precede its events");
        }
        let parks = patience == Patience::Park;
        assert!(ran.tally.spun_ns.is_some_and(|spun_ns| !parks || spun_ns == 0), "{patience:?}");
        assert_eq!(values(ran.rows()), want, "{patience:?}");
    }
}

#[test]
fn a_source_is_collected_no_more_once_it_has_ended() {
    let short = Listed::new(vec![event(1, 0, 1, 1)], 1, 0);
    let collections = Arc::clone(&short.collections);
    let long = Listed::new((0..50).map(|n| event(n * 10, 0, 1, 1)).collect(), 1, 0);
    let window = tumbling(10_000);
    run(config(1, 10), |flow, events| sums(flow, events, window), vec![short, long]).unwrap();
    assert_eq!(collections.load(Ordering::Relaxed), 1);
}

/// A source whose next record never falls due.
struct Never;

impl Source for Never {
    type Item = Event;
    fn poll(&mut self, _: Moment, _: usize) -> engines::Arrival<'_, Event> {
        engines::Arrival::Idle { next_due: Moment::NEVER }
    }
    fn collect(&mut self, _: Moment) -> engines::Collected<Event> {
        engines::Collected { blocks: vec![], watermark: None, next_due: Some(Moment::NEVER) }
    }
}

#[test]
fn a_source_that_never_has_anything_can_be_stopped() {
    /// Stops the run when somebody waits for the end of time.
    struct Impatient(Arc<Control>);
    impl Clock for Impatient {
        fn now(&self) -> Moment {
            at_ms(10)
        }
        fn pass_until(&self, _: Moment, _: Patience) {
            self.0.stop();
        }
    }
    let control = Arc::new(Control::default());
    let (sinks, _) = sinks(1);
    let outcome = MicroBatch::new(config(1, 10)).run(
        |flow: &mut Flow<Event>, events| flow.map(events, |(_, value)| value),
        vec![Box::new(Never)],
        sinks,
        &Impatient(Arc::clone(&control)),
        &control,
    );
    assert!(matches!(outcome, Err(EngineError::Stopped)));
}
