//! What measuring costs with no engine in between: releasing an event, recording an answer,
//! reading the clock, counting in a histogram. Each is what a run prints at its start, measured
//! with more patience.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engines::{Clock as _, Moment, Source, Stamped, Timestamp, WallClock, Window, WindowSpec};
use scenarios::{Keyed, Trigger, WindowAnswer};
use sluicebench::load::final_due::{EventTableBuilder, FinalDue};
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::latency::histogram;
use sluicebench::measure::recorder::{ANSWERS_KEPT, Recorder, recorders};
use sluicebench::measure::recording::Recording;
use sluicebench::measure::self_cost::{SLICE, drain, events, record, recorder, source};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const EVENTS: usize = 1_000_000;

fn pacing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pacing, per event");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let events = Arc::new(events(EVENTS));
    for (name, slice) in [("in slices of 64, behind", SLICE), ("one at a time, behind", 1)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || source(&events),
                |source| assert_eq!(drain(source, slice), EVENTS),
                BatchSize::PerIteration,
            );
        });
    }
    // Each event is asked for at the moment it is due, and once more in vain.
    group.bench_function("one at a time, on time", |bencher| {
        bencher.iter_batched_ref(
            || source(&events),
            |source| {
                let source: &mut dyn Source<Item = Keyed> = source;
                for event in events.iter() {
                    black_box(source.poll(event.due, SLICE));
                    black_box(source.poll(event.due, SLICE));
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn recording(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("recording, per answer, clock included");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let clock = WallClock::start();
    let answers = events(EVENTS);
    group.bench_function("one answer per event", |bencher| {
        bencher.iter_batched_ref(
            recorder,
            |recorder| record(recorder, &answers, &clock),
            BatchSize::PerIteration,
        );
    });
    let answers = window_answers();
    for (name, kept) in [("windows, kept", ANSWERS_KEPT), ("windows, digest only", 0)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || window_recorder(kept),
                |recorder| record(recorder, &answers, &clock),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// 10,000 keys per window.
fn window_answers() -> Vec<Stamped<WindowAnswer>> {
    let second = 1_000_000;
    (0..EVENTS as u64)
        .map(|n| {
            let start = (n / 10_000).cast_signed() * second;
            let window = Window {
                start: Timestamp::from_micros(start),
                end: Timestamp::from_micros(start + second),
            };
            let value = WindowAnswer {
                window,
                key: n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                count: n % 100,
                sum: n.cast_signed(),
                extremes: None,
            };
            Stamped { event_time: window.last_instant(), due: Moment::from_nanos(n), value }
        })
        .collect()
}

fn window_recorder(kept: usize) -> Recorder<WindowAnswer> {
    let window = WindowSpec::tumbling(1_000_000).expect("a second is a window");
    let mut table = EventTableBuilder::new(Trigger::Windows(window), 1, 0);
    for n in 0..200_u64 {
        let time = Timestamp::from_micros(n.cast_signed() * 1_000_000);
        table.see(0, time, Moment::from_nanos(n * 1000));
    }
    let recording = Recording {
        final_due: FinalDue::Event(Arc::new(table.build())),
        measured: Moment::START..Moment::NEVER,
        refined: false,
        answers_kept: Some(kept),
        simulated: false,
        unsettled: false,
        bin_ticks: 10,
        bucket_log2: 0,
        watched: Arc::default(),
    };
    recorders(1, &recording, IntervalLog::none()).0.remove(0)
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    let clock = WallClock::start();
    group.bench_function("reading the clock", |bencher| bencher.iter(|| clock.now()));
    let mut counts = histogram::<u32>();
    let mut value = 1_u64;
    group.bench_function("counting in a histogram", |bencher| {
        bencher.iter(|| {
            value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            counts.record(black_box(value >> 34)).expect("in range");
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = pacing, recording, parts
}
criterion_main!(benches);
