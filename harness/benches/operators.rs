//! What an operator costs per event, beside a bare loop that does the same work on the same input
//! in the same run.
//!
//! Everything is included: the pacer, the watermark marks, the recorder, the sampler, under the
//! real clock. The input is offered at a thousand million events per second, so that no engine
//! ever waits for it; event time has its own density. The bare loops read the same memory and
//! know no engine: they are the plain loops that `limit` and `advise` time, one thread, written by
//! hand, with the map that the engines use too. Every run is first checked against the bare loop's
//! count of answers and, at the small size, against the sum of what they say.
//!
//! `cargo test --benches` runs all of it at the small size.

mod shared;

use criterion::{Criterion, criterion_group, criterion_main};
use engines::{Count, Data, Dataflow, Tally, Timestamp, WindowSpec};
use programs::{Opened, Program};
use scenarios::spec::{CaseSpec, KeysSpec, QuerySpec, WordsSpec, WorkloadSpec};
use scenarios::workload::{Synthetic, Words};
use scenarios::{Keyed, Question, Scenario, Trigger, WindowAnswer};
use shared::{
    KEYS, Load, SECOND_US, by_hand, count_and_sum, event_us_per_second, group, per_event, row,
    second, synthetic, timed,
};
use sluicebench::load::marks::Chunk;
use sluicebench::plain::{Counted, Each, Global, Summed};
use sluicebench::plan::Marks;
use std::hash::Hash;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// Keeps three of four, maps, counts per second.
#[derive(Clone, Debug)]
struct FilterMapCount;

const fn is_kept(event: &Keyed) -> bool {
    event.value % 4 != 0
}

impl Scenario for FilterMapCount {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Keyed>) -> F::Stream<WindowAnswer> {
        let kept = flow.filter(events, is_kept);
        let tripled = flow.map(kept, |event| Keyed { value: event.value * 3, ..event });
        let counts = flow.aggregate(tripled, |_| (), |_| (), second(), Count);
        flow.map(counts, |count| WindowAnswer {
            window: count.window,
            key: 0,
            count: count.value,
            sum: count.value.cast_signed(),
            extremes: None,
        })
    }
}

impl Question for FilterMapCount {
    type Event = Keyed;
    type Answer = WindowAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Windows(second())
    }

    fn question(&self) -> String {
        "How many of the events that are kept each second has.".to_owned()
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["count"]
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        vec![answer.count.to_string()]
    }

    fn key_label(&self, _: &WindowAnswer) -> String {
        String::new()
    }
}

fn stateless(criterion: &mut Criterion) {
    let load = Load::new(10, 1_000_000, KeysSpec::Uniform { count: KEYS }, false, 1);
    let memory = load.memory();
    let bare = || {
        // Seconds come in order here: one counter at a time.
        let (mut counted, mut count, mut answers) = (0, 0_u64, 0_u64);
        for event in memory.iter().flat_map(|chunk| chunk.records.iter()) {
            if is_kept(&event.value) {
                black_box(event.value.value * 3);
                let second = event.event_time.as_micros() / SECOND_US;
                if second != counted {
                    answers += u64::from(black_box(count) > 0);
                    (counted, count) = (second, 0);
                }
                count += 1;
            }
        }
        answers + u64::from(black_box(count) > 0)
    };
    let answers = bare();
    let mut group = group(criterion, "filter, map, count", load.events());
    row(&mut group, "bare loop", || timed(bare).0);
    let check = |(time, tally): (Duration, Tally)| {
        assert_eq!(tally.answers, answers);
        time
    };
    let case = load.ask(Arc::new(FilterMapCount));
    row(&mut group, "per-event", || check(load.run(&per_event(false), 1, &case)));
    row(&mut group, "per-event, strict", || check(load.run(&per_event(true), 1, &case)));
    row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
    group.finish();
}

fn tumbling(criterion: &mut Criterion) {
    let program = count_and_sum(second(), true);
    let zipf = KeysSpec::Zipf { count: KEYS, exponent: 1.1 };
    for (name, keys) in [("uniform", KeysSpec::Uniform { count: KEYS }), ("zipf 1.1", zipf)] {
        let load = Load::new(10, 1_000_000, keys.clone(), true, 1);
        let memory = load.memory();
        let answers = by_hand::<_, Summed, Each>(&memory, second());
        let title = format!("tumbling 1 s, sum and count, 100,000 keys, {name}");
        let mut group = group(criterion, &title, load.events());
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.answers, answers);
            assert_eq!(tally.windows[0].accepted, tally.read);
            time
        };
        let case = load.ask(Arc::clone(&program));
        row(&mut group, "bare loop", || timed(|| by_hand::<_, Summed, Each>(&memory, second())).0);
        row(&mut group, "per-event", || check(load.run(&per_event(false), 1, &case)));
        row(&mut group, "per-event, strict", || check(load.run(&per_event(true), 1, &case)));
        row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
        drop((memory, load, case));
        let load = Load::new(10, 1_000_000, keys, true, 2);
        let case = load.ask(Arc::clone(&program));
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.windows[0].accepted, tally.read);
            time
        };
        row(&mut group, "per-event, 2 workers", || check(load.run(&per_event(false), 2, &case)));
        row(&mut group, "micro-batch, 2 workers", || {
            check(load.run(&load.micro_batch(), 2, &case))
        });
        group.finish();
    }
}

fn sliding(criterion: &mut Criterion) {
    // Two events per key and second throughout. For 10 s against 600 s the keys are fewer, so
    // that the long window fills up and slides for long: its last 600 answers per key, which the
    // end of the input fires at once, are an eighth of all.
    let shapes = [(60, 80, 200_000, KEYS), (10, 2400, 8_000, 4_000), (600, 2400, 8_000, 4_000)];
    for (panes, seconds, density, keys) in shapes {
        let load = Load::new(seconds, density, KeysSpec::Uniform { count: keys }, true, 1);
        let memory = load.memory();
        let window = WindowSpec::sliding(panes * SECOND_US, SECOND_US).expect("a window");
        let case = load.ask(count_and_sum(window, true));
        let title = format!("sliding {panes} s by 1 s, {keys} keys, {density} events per second");
        let mut group = group(criterion, &title, load.events());
        let answers = by_hand::<_, Summed, Each>(&memory, window);
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.windows[0].accepted, tally.read);
            assert_eq!(tally.answers, answers);
            time
        };
        row(&mut group, "bare loop", || timed(|| by_hand::<_, Summed, Each>(&memory, window)).0);
        row(&mut group, "per-event", || check(load.run(&per_event(false), 1, &case)));
        row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
        group.finish();
    }
}

/// A watermark after each event against one after 64, as each of the two suites of these names asks
/// per event, with a thousand events in each second of event time.
fn marks(criterion: &mut Criterion) {
    let density = 1_000;
    let window = WindowSpec::sliding(3_600 * SECOND_US, SECOND_US).expect("a window");
    let program = count_and_sum(window, false);
    let spec = synthetic(KeysSpec::Uniform { count: 10 }, None, event_us_per_second(density));
    let load = |every| {
        let workload = Synthetic::new(&spec, 42);
        Load::of(workload, 4_800, density, (1, Marks::Every(every), 0))
    };
    let bare = |memory: &[_]| by_hand::<_, Summed, Global>(memory, window);
    marked(criterion, "the last hour, every second", load, bare, &program);

    let window = WindowSpec::sliding(5 * SECOND_US, SECOND_US).expect("a window");
    let spec = WordsSpec {
        dictionary: 1_000,
        exponent: 1.0,
        words_per_line: 8,
        disorder: None,
        event_us_per_second: event_us_per_second(density),
        origin: Timestamp::from_micros(0),
    };
    let case = CaseSpec {
        workload: WorkloadSpec::Words(spec.clone()),
        query: QuerySpec::WordCount { window },
    };
    let program = match programs::open(&case, 0) {
        Ok(Opened::LineWindow(case)) => case.program,
        other => unreachable!("lines and windows, not {other:?}"),
    };
    let load = |every| Load::of(Words::new(&spec, 42), 1_000, density, (1, Marks::Every(every), 0));
    let bare = |memory: &[_]| by_hand::<_, Counted, Each>(memory, window);
    marked(criterion, "words of the last 5 s, every second", load, bare, &program);
}

/// The rows of a question: the bare loop, and one for each number of events to a mark.
fn marked<E: Data + Hash>(
    criterion: &mut Criterion,
    title: &str,
    load: impl Fn(u64) -> Load<E>,
    bare: impl Fn(&[Chunk<E>]) -> u64,
    program: &Arc<dyn Program<E, WindowAnswer>>,
) {
    let (rarely, each) = (load(64), load(1));
    let memory = rarely.memory();
    let answers = bare(&memory);
    let mut group = group(criterion, title, rarely.events());
    row(&mut group, "bare loop", || timed(|| bare(&memory)).0);
    for (name, load) in [("a mark after 64 events", rarely), ("a mark after each event", each)] {
        let case = load.ask(Arc::clone(program));
        row(&mut group, &format!("per-event, {name}"), || {
            let (time, tally) = load.run(&per_event(false), 1, &case);
            assert_eq!(tally.answers, answers);
            assert_eq!(tally.windows[0].late, 0);
            time
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(5));
    targets = stateless, tumbling, sliding, marks
}
criterion_main!(benches);
