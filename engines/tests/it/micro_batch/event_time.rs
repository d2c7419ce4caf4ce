//! Windows over event time: a watermark per batch, which the next batch is judged by.

use super::support::{Event, Listed, Row, config, event, run, sums};
use engines::{Stamped, Timestamp, WindowCounts, WindowSpec};

/// Tumbling windows of 10 ms, batches of 100 ms, a watermark after every event.
#[track_caller]
fn check(partitions: &[&[Stamped<Event>]], bound_us: i64, want: &[Row<i64>], late: u64) {
    for parallelism in [1, 2, 7] {
        let sources = partitions.iter().map(|part| Listed::new(part.to_vec(), 1, bound_us));
        let window = WindowSpec::tumbling(10_000).unwrap();
        let ran = run(
            config(parallelism, 100),
            |flow, events| sums(flow, events, window),
            sources.collect(),
        )
        .unwrap();
        assert_eq!(ran.rows(), want, "parallelism {parallelism}");
        let records = partitions.iter().map(|part| part.len() as u64).sum::<u64>();
        let [counts] = ran.tally.windows[..] else { panic!("one aggregation") };
        assert_eq!(ran.tally.read, records);
        assert_eq!(counts.late, late);
        assert_eq!(counts.accepted + counts.late + ran.tally.rejected, records);
    }
}

#[test]
fn a_window_is_answered_by_the_batch_whose_watermark_passes_it() {
    check(
        &[&[
            event(1, 1_000, 1, 5),
            event(2, 9_000, 1, 7),
            event(99, 9_999, 2, 1),
            // At 20,000 − 10,000 − 1, the watermark reaches the last instant of the window.
            event(100, 19_999, 1, 3),
            event(250, 20_000, 1, 4),
            event(450, 45_000, 1, 1),
        ]],
        10_000,
        &[
            (300, 0, 1, 12),
            (300, 0, 2, 1),
            (500, 10_000, 1, 3),
            (500, 20_000, 1, 4),
            (500, 40_000, 1, 1),
        ],
        0,
    );
}

#[test]
fn a_record_is_late_by_the_watermark_of_the_batch_before() {
    check(
        &[&[
            event(1, 1_000, 1, 1),
            event(2, 25_000, 1, 2),
            // Behind the watermark already, but the batch does not know yet.
            event(3, 2_000, 1, 4),
            // The next batch does.
            event(101, 3_000, 1, 8),
            event(102, 20_000, 1, 16),
        ]],
        0,
        &[(100, 0, 1, 5), (200, 20_000, 1, 18)],
        1,
    );
}

#[test]
fn the_watermark_is_the_least_of_the_partitions() {
    check(
        &[
            &[event(1, 50_000, 1, 1), event(350, 60_000, 1, 2)],
            &[event(2, 5_000, 1, 4), event(150, 8_000, 1, 8), event(210, 12_000, 1, 16)],
        ],
        0,
        // The second partition ends with the third batch; from then on the first one decides,
        // which has said 49,999 by then.
        &[(300, 0, 1, 12), (300, 10_000, 1, 16), (400, 50_000, 1, 1), (400, 60_000, 1, 2)],
        0,
    );
}

#[test]
fn a_partition_that_has_said_nothing_yet_holds_the_others_back() {
    check(
        &[&[event(1, 50_000, 1, 1), event(350, 60_000, 1, 2)], &[event(250, 5_000, 1, 4)]],
        0,
        &[(300, 0, 1, 4), (400, 50_000, 1, 1), (400, 60_000, 1, 2)],
        0,
    );
}

#[test]
fn a_partition_without_events_holds_nobody_back() {
    check(
        &[&[event(1, 5_000, 1, 1), event(150, 30_000, 1, 2), event(250, 30_000, 1, 4)], &[]],
        0,
        &[(200, 0, 1, 1), (300, 30_000, 1, 6)],
        0,
    );
}

#[test]
fn a_time_that_no_event_may_have_is_rejected_and_moves_no_watermark() {
    check(
        &[&[
            event(1, 1_000, 1, 1),
            event(2, Timestamp::NONE.as_micros(), 1, 100),
            event(3, Timestamp::LATEST.as_micros() + 1, 1, 100),
            event(4, i64::MAX, 1, 100),
            event(5, Timestamp::EARLIEST.as_micros() - 1, 1, 100),
            event(101, 2_000, 1, 2),
            event(350, 30_000, 1, 4),
        ]],
        0,
        &[(400, 0, 1, 3), (400, 30_000, 1, 4)],
        0,
    );
}

#[test]
fn the_ends_of_time_are_times_like_others() {
    let (first, last) = (Timestamp::EARLIEST.as_micros(), Timestamp::LATEST.as_micros());
    check(
        &[&[event(1, first, 1, 1), event(2, last, 1, 2), event(150, last, 1, 4)]],
        0,
        &[
            (100, first.div_euclid(10_000) * 10_000, 1, 1),
            (200, last.div_euclid(10_000) * 10_000, 1, 6),
        ],
        0,
    );
}

#[test]
fn the_end_of_the_input_answers_what_is_open_right_after_the_last_batch() {
    check(&[&[event(1, 1_000, 3, 7)]], 0, &[(100, 0, 3, 7)], 0);
    check(&[&[]], 0, &[], 0);
    check(&[], 0, &[], 0);
}

#[test]
fn an_answer_is_due_with_the_latest_due_event_in_it() {
    let records = vec![event(7, 1_000, 1, 1), event(150, 500, 1, 1), event(160, 12_000, 1, 1)];
    let window = WindowSpec::tumbling(10_000).unwrap();
    let source = Listed::new(records, 1, 5_000);
    let ran = run(config(2, 100), |flow, events| sums(flow, events, window), vec![source]).unwrap();
    let dues: Vec<u64> =
        ran.emitted.iter().map(|(_, answer, _)| answer.due.as_nanos() / 1_000_000).collect();
    assert_eq!(dues, [150, 160]);
}

#[test]
fn within_the_allowed_lateness_an_answer_is_given_again() {
    let window = WindowSpec::tumbling(10_000).unwrap().with_allowed_lateness(20_000).unwrap();
    let records = vec![
        event(1, 1_000, 1, 1),
        event(50, 15_000, 1, 2),
        // The window has been answered; it is kept until the watermark reaches 29,999.
        event(150, 2_000, 1, 4),
        event(250, 30_000, 1, 8),
        event(350, 3_000, 1, 16),
    ];
    for parallelism in [1, 2, 7] {
        let source = Listed::new(records.clone(), 1, 0);
        let ran =
            run(config(parallelism, 100), |flow, events| sums(flow, events, window), vec![source])
                .unwrap();
        let want = [(100, 0, 1, 1), (200, 0, 1, 5), (300, 10_000, 1, 2), (400, 30_000, 1, 8)];
        assert_eq!(ran.rows(), want);
        let want = WindowCounts { accepted: 4, late: 1, missed_windows: 1, ..ran.tally.windows[0] };
        assert_eq!(ran.tally.windows, [want]);
    }
}
