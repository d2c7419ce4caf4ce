//! What is released, however it is asked for, and what is said of a supply that was late.

use super::*;
use crate::load::input::Input;
use crate::load::input::tests::{Listed, layout};
use crate::load::layout::Layout;
use engines::SimulatedClock;
use proptest::prelude::*;
use scenarios::Keyed;
use settings::plan::Marks;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

fn sources(events: &[(u64, i64, u64, i64)], partitions: usize, marks: Marks) -> Vec<Paced<Keyed>> {
    let workload = Arc::new(Listed { events: events.to_vec() });
    let layout = Layout { marks, ..layout(partitions, 1, 3) };
    let input = Input::make(workload, layout, u64::MAX);
    let (supplies, _makers) = input.supply(0);
    supplies.into_iter().map(|supply| paced(supply, &Home::default())).collect()
}

fn paced(supply: Supply<Keyed>, home: &Home) -> Paced<Keyed> {
    Paced::new(supply, false, Arc::new(SimulatedClock::default()), Arc::clone(home))
}

/// What came out of a source: a record by its value, a mark by its time.
#[derive(Clone, PartialEq, Debug)]
enum Seen {
    Record(i64),
    Mark(i64),
}

/// By the definition: a mark after every so many events, or after the last of each period, if it
/// says something new.
fn plainly(events: &[(u64, i64, u64, i64)], marks: Marks) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut greatest = None;
    let mut marked = i64::MIN;
    for (n, (due, time, _, value)) in (1..).zip(events) {
        let is_marked = match marks {
            Marks::Every(every) => u64::is_multiple_of(n, every),
            Marks::Period(length) => {
                let period = |due: u64| u128::from(due) / length.as_nanos();
                let next = events.get(usize::try_from(n).unwrap());
                next.is_none_or(|next| period(next.0) != period(*due))
            }
        };
        seen.push(Seen::Record(*value));
        if Timestamp::from_micros(*time).is_acceptable() {
            greatest = greatest.max(Some(*time));
        }
        if is_marked
            && let Some(greatest) = greatest
            && greatest - 4 > marked
        {
            marked = greatest - 4;
            seen.push(Seen::Mark(marked));
        }
    }
    seen
}

/// Polls with these steps of time and limits, in turn, to the end.
fn polled(source: &mut Paced<Keyed>, steps: &[(u64, usize)]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut now = 0;
    for (step, limit) in steps.iter().cycle() {
        now += step;
        match source.poll(Moment::from_nanos(now), *limit) {
            Arrival::Records(records) => {
                assert!(!records.is_empty());
                assert!(records.len() <= (*limit).max(1), "{} records", records.len());
                for record in records {
                    assert!(record.due.as_nanos() <= now, "released before it was due");
                    seen.push(Seen::Record(record.value.value));
                }
            }
            Arrival::Watermark(mark) => seen.push(Seen::Mark(mark.as_micros())),
            Arrival::Idle { next_due } => {
                assert!(next_due.as_nanos() > now);
                now = next_due.as_nanos();
            }
            Arrival::End => return seen,
        }
    }
    unreachable!("the steps are not empty")
}

/// Collects the intervals of one length after another; a mark stands at the interval's end.
fn collected(source: &mut Paced<Keyed>, interval: u64) -> Vec<(Vec<i64>, Option<i64>)> {
    let mut batches = Vec::new();
    loop {
        let close = (batches.len() as u64 + 1) * interval;
        let batch = source.collect(Moment::from_nanos(close));
        let values = batch.blocks.iter().flat_map(Block::records).map(|record| {
            assert!(record.due.as_nanos() < close);
            record.value.value
        });
        batches.push((values.collect(), batch.watermark.map(Timestamp::as_micros)));
        match batch.next_due {
            Some(due) => assert!(due.as_nanos() >= close),
            None => return batches,
        }
    }
}

fn marks() -> impl Strategy<Value = Marks> {
    prop_oneof![
        (1_u64..9).prop_map(Marks::Every),
        (1_u64..150).prop_map(|nanos| Marks::Period(Duration::from_nanos(nanos))),
    ]
}

#[test]
fn marks_that_are_left_out_cut_no_slice() {
    let events: Vec<_> = (0..9_i64).map(|n| (n.unsigned_abs() * 10, n * 10 + 4, 0, 1)).collect();
    let mut source = sources(&events, 1, Marks::Every(1)).remove(0);
    let mut poll = |leave_out: Option<i64>, now: u64| {
        if let Some(watermark) = leave_out {
            source.leave_out_marks_before(Timestamp::from_micros(watermark));
        }
        match source.poll(Moment::from_nanos(now), 9) {
            Arrival::Records(records) => records.len().cast_signed() as i64,
            Arrival::Watermark(mark) => mark.as_micros(),
            Arrival::Idle { next_due } => -next_due.as_nanos().cast_signed(),
            Arrival::End => -1,
        }
    };
    assert_eq!([poll(None, 100), poll(None, 100)], [1, 0], "an event and its mark");
    assert_eq!([poll(Some(30), 100), poll(None, 100)], [3, 30], "marks at 10 and 20 are not heard");
    // At a mark that stands here and is left out only now.
    assert_eq!([poll(None, 100), poll(Some(60), 45), poll(None, 55)], [1, -50, 1]);
    assert_eq!([poll(None, 100), poll(None, 100)], [1, 60]);
    assert_eq!([poll(Some(1_000), 100), poll(None, 100)], [2, -1]);
}

#[test]
fn a_mark_that_takes_a_silent_partition_along_comes_at_its_own_time() {
    // Of two partitions the second speaks at 10 and 400; the first has come to 50 by 20.
    let events = vec![(0, 40, 0, 1), (10, 4, 0, 2), (20, 50, 0, 3), (400, 60, 0, 4)];
    let layout = Layout { idle_after: Some(Duration::from_nanos(100)), ..layout(2, 1, 3) };
    let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
    let second = || paced(input.supply(0).0.swap_remove(1), &Home::default());
    let batches = collected(&mut second(), 100);
    let want = [(vec![2], Some(0)), (vec![], Some(46)), (vec![], None), (vec![], None)];
    assert_eq!(batches[..4], want, "silent from 110 on, and so in the second interval");
    assert_eq!(batches[4], (vec![4], Some(56)));
    let mut source = second();
    let mut poll = |now: u64| match source.poll(Moment::from_nanos(now), 9) {
        Arrival::Idle { next_due } => next_due.as_nanos(),
        Arrival::Watermark(mark) => mark.as_micros().unsigned_abs(),
        Arrival::Records(_) | Arrival::End => 0,
    };
    // The event, its mark, the wait for silence, what the first has come to, the next event.
    assert_eq!([10, 10, 20, 109, 110, 111].map(&mut poll), [0, 0, 110, 110, 46, 400]);
}

fn events() -> impl Strategy<Value = Vec<(u64, i64, u64, i64)>> {
    let time = prop_oneof![8 => -40_i64..200, 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
    prop::collection::vec((0_u64..30, time), 0..120).prop_map(|gaps| {
        let mut due = 0;
        (0..)
            .zip(gaps)
            .map(|(n, (gap, time))| {
                due += gap;
                (due, time, 0, n)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn however_it_is_polled_it_releases_the_same(
        events in events(),
        marks in marks(),
        steps in prop::collection::vec((1_u64..60, 0_usize..20), 1..20),
    ) {
        let got = polled(&mut sources(&events, 1, marks)[0], &steps);
        prop_assert_eq!(got, plainly(&events, marks));
    }

    #[test]
    fn leaving_marks_out_changes_nothing_else(
        events in events(),
        marks in marks(),
        steps in prop::collection::vec((1_u64..60, 0_usize..20), 1..20),
        from in -50_i64..200,
    ) {
        let mut source = sources(&events, 1, marks).remove(0);
        source.leave_out_marks_before(Timestamp::from_micros(from));
        let mut want = plainly(&events, marks);
        want.retain(|seen| !matches!(seen, Seen::Mark(mark) if *mark < from));
        prop_assert_eq!(polled(&mut source, &steps), want);
    }

    #[test]
    fn collecting_releases_what_polling_does(
        events in events(),
        marks in marks(),
        interval in 1_u64..200,
    ) {
        let mut want: Vec<(Vec<i64>, Option<i64>)> = Vec::new();
        let plain = plainly(&events, marks);
        let mut due = events.iter().map(|event| event.0);
        let mut batch = 0;
        for seen in plain {
            if let Seen::Record(_) = seen {
                batch = usize::try_from(due.next().unwrap() / interval).unwrap();
            }
            want.resize(want.len().max(batch + 1), (Vec::new(), None));
            match seen {
                Seen::Record(value) => want[batch].0.push(value),
                Seen::Mark(mark) => want[batch].1 = Some(mark),
            }
        }
        if want.is_empty() {
            want.push((Vec::new(), None));
        }
        prop_assert_eq!(collected(&mut sources(&events, 1, marks)[0], interval), want);
    }

    #[test]
    fn partitions_together_release_every_event_once(
        events in events(),
        partitions in 1_usize..5,
    ) {
        let mut values: Vec<i64> = sources(&events, partitions, Marks::Every(3))
            .iter_mut()
            .flat_map(|source| polled(source, &[(100, 7)]))
            .filter_map(|seen| match seen {
                Seen::Record(value) => Some(value),
                Seen::Mark(_) => None,
            })
            .collect();
        values.sort_unstable();
        prop_assert_eq!(values, (0..events.len().cast_signed() as i64).collect::<Vec<_>>());
    }
}

fn chunk(dues: &[u64], next_due: Option<u64>) -> Chunk<Keyed> {
    let records = dues.iter().map(|due| Stamped {
        event_time: Timestamp::from_micros(0),
        due: Moment::from_nanos(*due),
        value: Keyed { key: 0, value: 0 },
    });
    Chunk {
        records: Arc::new(records.collect()),
        marks: Arc::default(),
        next_due: next_due.map(Moment::from_nanos),
    }
}

#[test]
fn a_chunk_that_is_not_there_when_it_is_due_counts_as_starvation() {
    let (maker, chunks) = sync_channel(4);
    maker.send(chunk(&[0], Some(1000))).unwrap();
    let (home, clock) = (Home::default(), Arc::new(SimulatedClock::default()));
    let told: Arc<dyn Clock> = Arc::<SimulatedClock>::clone(&clock);
    let mut source = Paced::new(Supply::Ahead(chunks), false, told, Arc::clone(&home));
    let at = Moment::from_nanos;
    assert!(matches!(source.poll(at(0), 8), Arrival::Records(_)));
    assert!(
        matches!(source.poll(at(500), 8), Arrival::Idle { next_due } if next_due == at(1000)),
        "not due, so not starved"
    );
    assert!(matches!(source.poll(at(1000), 8), Arrival::Idle { .. }));
    maker.send(chunk(&[1000, 1_500_000, 9_000_000], None)).unwrap();
    drop(maker);
    clock.advance(2_000_000);
    assert!(
        matches!(source.poll(at(2_000_000), 8), Arrival::Records(records) if records.len() == 2)
    );
    assert!(matches!(source.poll(at(9_000_000), 8), Arrival::Records(_)));
    assert!(matches!(source.poll(at(9_000_000), 8), Arrival::End));
    drop(source);
    let delivery = home.lock().unwrap().remove(0);
    assert_eq!(delivery.released, 4);
    let late = delivery.starved.unwrap();
    assert_eq!(late.len(), 2, "the third came before it was due");
    assert!(late.max() >= 1_999_000, "{}", late.max());
}

#[test]
fn a_chunk_that_comes_in_time_starves_nobody() {
    let (maker, chunks) = sync_channel(4);
    maker.send(chunk(&[0], Some(1000))).unwrap();
    let home = Home::default();
    let mut source = paced(Supply::Ahead(chunks), &home);
    assert!(matches!(source.poll(Moment::from_nanos(0), 8), Arrival::Records(_)));
    assert!(matches!(source.poll(Moment::from_nanos(10), 8), Arrival::Idle { .. }));
    maker.send(chunk(&[1000], None)).unwrap();
    drop(maker);
    // The engine was busy meanwhile: that is its own lateness.
    assert!(matches!(source.poll(Moment::from_nanos(5_000_000), 8), Arrival::Records(_)));
    assert!(matches!(source.poll(Moment::from_nanos(5_000_000), 8), Arrival::End));
    drop(source);
    assert!(home.lock().unwrap()[0].starved.is_none());
    assert_eq!(home.lock().unwrap()[0].lateness_ns_p999(), 0);
}

#[test]
fn what_an_interval_waits_for_is_late_from_its_close() {
    let (maker, chunks) = sync_channel(4);
    maker.send(chunk(&[0], Some(1000))).unwrap();
    let (home, clock) = (Home::default(), Arc::new(SimulatedClock::default()));
    let told: Arc<dyn Clock> = Arc::<SimulatedClock>::clone(&clock);
    let mut source = Paced::new(Supply::Ahead(chunks), false, told, Arc::clone(&home));
    assert!(matches!(source.poll(Moment::from_nanos(0), 8), Arrival::Records(_)));
    assert!(matches!(source.poll(Moment::from_nanos(1000), 8), Arrival::Idle { .. }));
    maker.send(chunk(&[1000, 1_500_000, 2_500_000], None)).unwrap();
    drop(maker);
    // It is 3 ms when the rest of the first 2 ms comes in.
    clock.advance(3_000_000);
    let batch = source.collect(Moment::from_nanos(2_000_000));
    assert_eq!(batch.blocks.iter().flat_map(Block::records).count(), 2);
    drop(source);
    let late = home.lock().unwrap().remove(0).starved.unwrap();
    assert_eq!(late.len(), 2, "the third belongs to the next interval");
    assert!((990_000..1_010_000).contains(&late.max()), "{} ns from the close", late.max());
}

#[test]
fn the_tail_of_lateness_counts_all_events() {
    let mut starved = Histogram::new_with_bounds(1, 3_600_000_000_000, 2).unwrap();
    starved.record_n(5_000_000, 3).unwrap();
    let delivery =
        |released| Delivery { released, starved: Some(starved.clone()), ..Delivery::default() };
    assert_eq!(delivery(10_000).lateness_ns_p999(), 0, "3 of 10,000 are within 0.1 %");
    assert!(delivery(1000).lateness_ns_p999() >= 5_000_000);
}
