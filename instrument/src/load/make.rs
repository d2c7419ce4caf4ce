//! Makes the events of an input, on every core.

use crate::load::layout::Layout;
use crate::load::marks::CHUNK_RECORDS;
use engines::{Data, Moment, Stamped};
use foldhash::quality::FixedState;
use scenarios::Workload;
use scenarios::workload::Arrival;
use std::hash::{BuildHasher as _, Hash};
use std::num::NonZero;
use std::sync::mpsc::SyncSender;

/// How many threads make an input: no more than there are cores, or stretches.
pub(super) fn hands_for(events: u64, partitions: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let stretches = events.div_ceil((CHUNK_RECORDS * partitions) as u64);
    cores.min(usize::try_from(stretches).unwrap_or(cores)).max(1)
}

/// Neighbouring events: as many as fill a chunk of each partition.
pub(super) struct Stretch<E> {
    /// Of each partition, its events.
    pub(super) parts: Vec<Vec<Stamped<E>>>,
    /// Of each partition, when the event after these is due; `None` if there is none.
    pub(super) next_dues: Vec<Option<Moment>>,
    /// The sum of their hashes. Each holds its event's number, so that it tells orders apart too.
    pub(super) hash: u64,
}

/// Makes every stretch whose turn it is for this hand, until nobody wants more.
pub(super) fn make_stretches<E: Data + Hash>(
    workload: &dyn Workload<Event = E>,
    layout: &Layout,
    hand: usize,
    hands: usize,
    full: &SyncSender<Stretch<E>>,
) {
    let hasher = FixedState::with_seed(0);
    let length = CHUNK_RECORDS * layout.partitions;
    let step = layout.partitions as u64;
    let mut dues = dues(workload, layout);
    let mut skipped = hand * length;
    let mut arrivals: Vec<Vec<Arrival>> = (0..layout.partitions).map(|_| Vec::new()).collect();
    loop {
        arrivals.iter_mut().for_each(Vec::clear);
        let first = dues.nth(skipped);
        let number = first.map_or(0, |(n, _)| n);
        let partitions = (0..layout.partitions).cycle();
        let stretch = first.into_iter().chain(dues.by_ref()).take(length);
        for ((_, arrival), partition) in stretch.zip(partitions) {
            arrivals[partition].push(arrival);
        }
        let mut hash = 0_u64;
        let made = |(arrivals, first): (&Vec<Arrival>, u64)| {
            let mut part = Vec::new();
            part.reserve_exact(if arrivals.is_empty() { 0 } else { CHUNK_RECORDS });
            workload.append(first, step, arrivals, &mut part);
            for (n, event) in (first..).step_by(layout.partitions).zip(&part) {
                let fields = (n, event.due, event.event_time, &event.value);
                hash = hash.wrapping_add(hasher.hash_one(fields));
            }
            part
        };
        let parts: Vec<Vec<_>> = arrivals.iter().zip(number..).map(made).collect();
        let is_last = parts.last().is_none_or(|part| part.len() < CHUNK_RECORDS);
        let mut next = dues.clone().map(|(_, arrival)| arrival.due);
        let next_dues = parts.iter().map(|_| next.next()).collect();
        if full.send(Stretch { parts, next_dues, hash }).is_err() || is_last {
            return;
        }
        skipped = (hands - 1) * length;
    }
}

/// The number of every event, and when it arrives.
pub(super) fn dues<E: Data + Hash>(
    workload: &dyn Workload<Event = E>,
    layout: &Layout,
) -> impl Iterator<Item = (u64, Arrival)> + Clone {
    let numbers = 0..workload.len().unwrap_or(u64::MAX);
    numbers.zip(layout.schedule.dues(|n| workload.due(n)))
}

/// The n-th event as it arrives. An outage moves when it is due, and not what it says.
#[inline]
pub(super) fn made<E: Data + Hash>(
    workload: &dyn Workload<Event = E>,
    n: u64,
    arrival: Arrival,
) -> Stamped<E> {
    Stamped { due: arrival.due, ..workload.event(n, arrival.sent) }
}
