//! Windows over batches: whatever arrived in an interval belongs to it, whenever it happened.

use super::support::{
    Event, Listed, Ran, Row, config, event, over_batches, run, sums, us, with_value,
};
use engines::micro_batch::Flow;
use engines::{
    Algorithm, ArrivalClock, CountAndSum, Dataflow, EngineError, Stamped, StreamOf, WindowSpec,
    Windowed,
};

const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::Auto,
    Algorithm::Recompute,
    Algorithm::Slices,
    Algorithm::SubtractOnEvict,
    Algorithm::TwoStacks,
];

/// Batches of 100 ms, windows in batches.
#[track_caller]
fn check(events: &[Stamped<Event>], size: i64, slide: i64, origin_us: i64, want: &[Row<i64>]) {
    let window = WindowSpec::sliding(size * 100_000, slide * 100_000).unwrap();
    for parallelism in [1, 2, 7] {
        for algorithm in ALGORITHMS {
            let mut config = over_batches(config(parallelism, 100), origin_us);
            config.algorithm = algorithm;
            let source = Listed::new(events.to_vec(), 1, 0);
            let ran = run(config, |flow, events| sums(flow, events, window), vec![source]).unwrap();
            assert_eq!(ran.rows(), want, "parallelism {parallelism}, {algorithm:?}");
            assert_eq!(ran.tally.windows[0].late, 0, "nothing is late for its own batch");
            let acceptable = events.iter().filter(|event| event.event_time.is_acceptable());
            assert_eq!(ran.tally.windows[0].accepted, acceptable.count() as u64);
        }
    }
}

#[test]
fn a_record_counts_in_the_batch_it_arrived_in() {
    let events =
        [event(1, 9_000_000, 1, 1), event(99, -5, 1, 2), event(100, 0, 1, 4), event(350, 1, 2, 8)];
    check(&events, 1, 1, 0, &[(100, 0, 1, 3), (200, 100_000, 1, 4), (400, 300_000, 2, 8)]);
}

#[test]
fn windows_that_began_before_the_run_are_answered_as_far_as_they_go() {
    let events = [event(1, 0, 1, 1), event(150, 0, 1, 2), event(450, 0, 1, 4)];
    check(
        &events,
        3,
        1,
        0,
        &[
            (100, -200_000, 1, 1),
            (200, -100_000, 1, 3),
            (300, 0, 1, 3),
            (400, 100_000, 1, 2),
            (500, 200_000, 1, 4),
            // The rest is completed by the end of the input.
            (500, 300_000, 1, 4),
            (500, 400_000, 1, 4),
        ],
    );
}

#[test]
fn windows_fire_at_every_slide_through_a_long_silence() {
    let events = [event(10, 0, 1, 1), event(5_050, 0, 1, 2)];
    check(
        &events,
        4,
        2,
        0,
        &[
            (200, -200_000, 1, 1),
            (400, 0, 1, 1),
            // Two seconds in which nothing is alive, then the next one.
            (5_100, 4_800_000, 1, 2),
            (5_100, 5_000_000, 1, 2),
        ],
    );
}

#[test]
fn windows_end_where_size_is_no_multiple_of_the_slide() {
    let events = [event(10, 0, 1, 1), event(110, 0, 1, 2), event(310, 0, 1, 4)];
    // After batches 1 and 3, as a DStream's; the rest is completed by the end of the input.
    check(&events, 3, 2, 0, &[(200, -100_000, 1, 3), (400, 100_000, 1, 6), (400, 300_000, 1, 4)]);
}

#[test]
fn windows_hold_what_spark_holds_in_them() {
    // Batches of 2, 3, 3 and 1 records, counted by three every two: 5, 7, and 1 in the end.
    let events: Vec<_> = [2, 3, 3, 1]
        .into_iter()
        .zip(0_u64..)
        .flat_map(|(records, batch)| std::iter::repeat_n(event(batch * 100, 0, 1, 1), records))
        .collect();
    check(&events, 3, 2, 0, &[(200, -100_000, 1, 5), (400, 100_000, 1, 7), (400, 300_000, 1, 1)]);
    // The values 0 to 5, a batch each, by two every three: {1, 2} and {4, 5}.
    let events: Vec<_> = (0..6).map(|n: i64| event(n.unsigned_abs() * 100, 0, 1, n)).collect();
    check(&events, 2, 3, 0, &[(300, 100_000, 1, 3), (600, 400_000, 1, 9)]);
}

#[test]
fn a_slide_longer_than_the_window_leaves_gaps() {
    let events = [event(10, 0, 1, 1), event(110, 0, 1, 2), event(310, 0, 1, 4)];
    check(&events, 1, 2, 0, &[(200, 100_000, 1, 2), (400, 300_000, 1, 4)]);
}

#[test]
fn a_key_whose_values_cancel_out_is_still_there() {
    let events = [event(10, 0, 1, 5), event(110, 0, 1, -5), event(250, 0, 2, 1)];
    check(
        &events,
        2,
        1,
        0,
        &[
            (100, -100_000, 1, 5),
            (200, 0, 1, 0),
            (300, 100_000, 1, -5),
            (300, 100_000, 2, 1),
            (300, 200_000, 2, 1),
        ],
    );
}

#[test]
fn windows_are_aligned_to_the_start_of_the_run() {
    let events = [event(10, 0, 1, 1), event(310, 0, 1, 2)];
    check(&events, 2, 2, 1_234_567, &[(200, 1_234_567, 1, 1), (400, 1_434_567, 1, 2)]);
}

#[test]
fn a_rejected_record_is_rejected_here_too() {
    let events = [event(10, 0, 1, 1), event(20, i64::MIN, 1, 2), event(30, i64::MAX, 1, 4)];
    check(&events, 1, 1, 0, &[(100, 0, 1, 1)]);
}

#[test]
fn event_time_may_run_faster_than_the_clock() {
    // An hour of event time per second: a batch is six minutes.
    let clock = ArrivalClock { origin: us(0), micros_per_second: 3_600_000_000 };
    let mut config = config(2, 100);
    config.windows = engines::micro_batch::BatchWindows::Batches(clock);
    let window = WindowSpec::tumbling(720_000_000).unwrap();
    let source = Listed::new(vec![event(150, 0, 1, 1), event(250, 0, 1, 2)], 1, 0);
    let ran = run(config, |flow, events| sums(flow, events, window), vec![source]).unwrap();
    assert_eq!(ran.rows(), [(200, 0, 1, 1), (300, 720_000_000, 1, 2)]);
}

/// The sums of each key per 100 ms, and of those the sums per 200 ms by 100 ms; both.
fn twice(
    flow: &mut Flow<Event>,
    events: StreamOf<Flow<Event>, Event>,
) -> StreamOf<Flow<Event>, Windowed<u32, i64>> {
    let first = sums(flow, events, WindowSpec::tumbling(100_000).unwrap());
    let (shown, again) = flow.fork(first);
    let second = flow.aggregate(
        again,
        |answer| answer.key + 100,
        |answer| answer.value,
        WindowSpec::sliding(200_000, 100_000).unwrap(),
        CountAndSum,
    );
    let second = flow.map(second, |answer| with_value(&answer, answer.value.sum));
    flow.union(shown, second)
}

#[test]
fn an_answer_arrives_in_the_batch_that_gives_it() {
    for parallelism in [1, 2, 7] {
        let events = vec![event(10, 0, 1, 1), event(110, 0, 1, 2), event(310, 0, 1, 4)];
        let source = Listed::new(events, 1, 0);
        let ran: Ran<_> =
            run(over_batches(config(parallelism, 100), 7_000), twice, vec![source]).unwrap();
        assert_eq!(
            ran.rows(),
            [
                (100, -93_000, 101, 1),
                (100, 7_000, 1, 1),
                (200, 7_000, 101, 3),
                (200, 107_000, 1, 2),
                (300, 107_000, 101, 2),
                (400, 207_000, 101, 4),
                (400, 307_000, 1, 4),
                (400, 307_000, 101, 4),
            ]
        );
    }
}

#[test]
fn what_the_end_of_the_input_brings_arrives_in_its_own_time() {
    // The first aggregation's windows are complete only long after the last batch.
    let plan = |flow: &mut Flow<Event>, events| {
        let first = sums(flow, events, WindowSpec::sliding(400_000, 200_000).unwrap());
        flow.aggregate(
            first,
            |answer| answer.key,
            |answer| answer.value,
            WindowSpec::tumbling(200_000).unwrap(),
            CountAndSum,
        )
    };
    let source = Listed::new(vec![event(10, 0, 1, 1)], 1, 0);
    let ran = run(over_batches(config(2, 100), 0), plan, vec![source]).unwrap();
    let rows: Vec<_> =
        ran.rows().into_iter().map(|(at, start, _, sum)| (at, start, sum.count)).collect();
    assert_eq!(rows, [(100, 0, 1), (100, 200_000, 1)]);
}

#[test]
fn windows_must_consist_of_batches() {
    for (size, slide, what) in [(250_000, 250_000, "size"), (300_000, 150_000, "slide")] {
        let window = WindowSpec::sliding(size, slide).unwrap();
        let source = Listed::new(vec![event(1, 0, 1, 1)], 1, 0);
        let error = run(
            over_batches(config(1, 100), 0),
            |flow, events| sums(flow, events, window),
            vec![source],
        )
        .unwrap_err();
        assert!(matches!(error, EngineError::Unsupported(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains(what), "{text}");
        assert!(text.contains("multiple of the batch interval"), "{text}");
    }
}
