//! What measuring costs with no engine in between.
//!
//! It is measured at the start of every run, in a few milliseconds, and stands in its record: a
//! difference between two engines that is smaller than this is none. `cargo bench` measures the
//! same functions with more patience.

use crate::host::clock_read_ns;
use crate::load::final_due::FinalDue;
use crate::load::marks::Chunk;
use crate::load::pacer::Paced;
use crate::load::supply::Supply;
use crate::measure::interval_log::IntervalLog;
use crate::measure::recorder::{ANSWERS_KEPT, Recorder, recorders};
use crate::measure::recording::Recording;
use engines::{Arrival, Clock, Moment, Sink, Source, Stamped, Timestamp, WallClock};
use reports::record::SelfCost;
use scenarios::{Answer, Keyed};
use std::hint::black_box;
use std::sync::Arc;

/// What measuring costs here and now.
pub fn self_cost() -> SelfCost {
    let pacing = (0..3).map(|_| pacing_ns()).fold(f64::INFINITY, f64::min);
    let recording = (0..3).map(|_| recording_ns()).fold(f64::INFINITY, f64::min);
    SelfCost {
        pacing_ns_per_event: pacing,
        recording_ns_per_answer: recording,
        clock_read_ns: clock_read_ns(),
    }
}

/// How many answers are handed over at once: what an engine under load does.
pub const SLICE: usize = 64;

const EVENTS: usize = 100_000;

/// Events as they are held before a run.
pub fn events(count: usize) -> Vec<Stamped<Keyed>> {
    (0..count as u64)
        .map(|n| Stamped {
            event_time: Timestamp::from_micros(n.cast_signed()),
            due: Moment::from_nanos(n * 10),
            value: Keyed { key: n.wrapping_mul(0x9e37_79b9_7f4a_7c15), value: n.cast_signed() },
        })
        .collect()
}

/// A source over these events, without marks.
pub fn source(events: &Arc<Vec<Stamped<Keyed>>>) -> Paced<Keyed> {
    let chunk = Chunk { records: Arc::clone(events), marks: Arc::default(), next_due: None };
    let supply = Supply::Held(vec![chunk].into_iter());
    Paced::new(supply, false, Arc::new(WallClock::start()), Arc::default())
}

/// Releases every event of a source, `slice` at a time, as to an engine that is behind. Returns
/// how many.
pub fn drain(source: &mut dyn Source<Item = Keyed>, slice: usize) -> usize {
    let mut released = 0;
    loop {
        match source.poll(Moment::NEVER, slice) {
            Arrival::Records(records) => released += black_box(records).len(),
            Arrival::Watermark(_) | Arrival::Idle { .. } => (),
            Arrival::End => return released,
        }
    }
}

/// A recorder that nobody collects from.
pub fn recorder() -> Recorder<Keyed> {
    let recording = Recording {
        final_due: FinalDue::OwnEvent,
        measured: Moment::START..Moment::NEVER,
        refined: false,
        answers_kept: Some(ANSWERS_KEPT),
        simulated: false,
        unsettled: false,
        bin_ticks: 10,
        bucket_log2: 0,
        watched: Arc::default(),
    };
    let (mut recorders, _, _) = recorders(1, &recording, IntervalLog::none());
    recorders.remove(0)
}

/// Records answers in slices, with a reading of the clock for each slice.
pub fn record<A: Answer>(sink: &mut dyn Sink<Item = A>, answers: &[Stamped<A>], clock: &dyn Clock) {
    for slice in answers.chunks(SLICE) {
        sink.accept(slice, clock.now().saturating_add(1_000_000_000));
    }
}

fn pacing_ns() -> f64 {
    let events = Arc::new(events(EVENTS));
    let clock = WallClock::start();
    let mut source = source(&events);
    let before = clock.now();
    // One at a time, which is the dearest way and the one of an engine that keeps up.
    let released = drain(&mut source, 1);
    let ns = clock.now().nanos_since(before);
    assert_eq!(released, EVENTS, "a source releases every event");
    ns as f64 / EVENTS as f64
}

fn recording_ns() -> f64 {
    let answers = events(EVENTS);
    let clock = WallClock::start();
    let mut recorder = recorder();
    let before = clock.now();
    record(&mut recorder, &answers, &clock);
    clock.now().nanos_since(before) as f64 / EVENTS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_released_and_recorded_is_there() {
        let events = Arc::new(events(1000));
        for slice in [1, 7, SLICE] {
            assert_eq!(drain(&mut source(&events), slice), 1000);
        }
        let cost = self_cost();
        assert!(cost.pacing_ns_per_event > 0.0 && cost.recording_ns_per_answer > 0.0, "{cost:?}");
    }
}
