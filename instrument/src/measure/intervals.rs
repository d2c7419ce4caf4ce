//! The latencies of a run, by 100 ms of emission time and in all.
//!
//! A recorder fills one interval at a time and swaps it for an empty one; merging, quantiles and
//! the encoding of the interval log happen on another thread. The intervals go round between the
//! two, so that recording neither allocates nor waits. Where no empty one has come back in time,
//! the full one is simply filled further: nothing is dropped.

use crate::load::survey::TICK_NS;
use crate::measure::interval_log::IntervalLog;
use crate::measure::latency::{Cells, Latencies, Spread, add_cells, histogram, quantiles};
use crate::measure::recording::Recording;
use engines::Moment;
use hdrhistogram::Histogram;
use reports::record::bins::LatencyBins;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// What one worker emitted in a stretch of the run.
#[derive(Debug)]
pub(super) struct Interval {
    worker: usize,
    pub(super) index: u64,
    pub(super) answers: u64,
    /// `result_latency` of the answers that are measured.
    pub(super) result: Histogram<u32>,
    /// `event_latency` of the same, where it differs.
    pub(super) event: Histogram<u32>,
    /// `result_latency` of those that are not.
    pub(super) unmeasured: Histogram<u32>,
}

impl Interval {
    fn new(worker: usize) -> Self {
        let mut interval = Self {
            worker,
            index: 0,
            answers: 0,
            result: histogram(),
            event: histogram(),
            unmeasured: histogram(),
        };
        // Writing the zeros maps the pages now and not while something is recorded.
        for histogram in [&mut interval.result, &mut interval.event, &mut interval.unmeasured] {
            histogram.reset();
        }
        interval
    }

    fn clear(&mut self) {
        self.answers = 0;
        for histogram in [&mut self.result, &mut self.event, &mut self.unmeasured] {
            if !histogram.is_empty() {
                histogram.reset();
            }
        }
    }
}

/// A recorder's end: the interval at hand, and the way to another.
#[derive(Debug)]
pub(super) struct Shipper {
    pub(super) current: Option<Interval>,
    /// When the interval at hand is over.
    pub(super) rotate_at: Moment,
    full: SyncSender<Interval>,
    spares: Receiver<Interval>,
    open: Arc<[AtomicU64]>,
    worker: usize,
    /// Whether to wait for an empty interval: time stands still meanwhile.
    wait: bool,
}

/// How many intervals a worker has going round.
const INTERVALS: usize = 3;

/// For how many intervals a silent worker is waited for: five seconds.
const PATIENCE: u64 = 50;

/// Says that a worker has nothing open.
const NOTHING_OPEN: u64 = u64::MAX;

impl Shipper {
    /// Sends off the interval at hand, if it is over and there is another.
    #[cold]
    pub(super) fn rotate(&mut self, now: Moment) {
        let index = now.as_nanos() / TICK_NS;
        self.rotate_at = Moment::from_nanos((index + 1).saturating_mul(TICK_NS));
        let spare = if self.wait { self.spares.recv().ok() } else { self.spares.try_recv().ok() };
        let Some(mut spare) = spare else { return };
        spare.index = index;
        if let Some(full) = self.current.replace(spare) {
            // There is room for every interval that exists; a run that is over wants none.
            let _ = self.full.try_send(full);
        }
        self.open[self.worker].store(index, Ordering::Release);
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        if let Some(last) = self.current.take() {
            let _ = self.full.try_send(last);
        }
        self.open[self.worker].store(NOTHING_OPEN, Ordering::Release);
    }
}

/// The other end: merges what the recorders send.
#[derive(Debug)]
pub struct Collector {
    full: Receiver<Interval>,
    spares: Vec<SyncSender<Interval>>,
    open: Arc<[AtomicU64]>,
    pending: BTreeMap<u64, Pending>,
    closed_until: u64,
    emissions: Vec<Emission>,
    answers: u64,
    latest: Option<Spread>,
    totals: Totals,
    log: IntervalLog,
    one_to_one: bool,
    measured: Range<Moment>,
    /// Closed intervals, where it is not decided yet which of them are measured.
    unsettled: Option<Vec<Closed>>,
    medians: Medians,
}

/// An interval that nothing is added to any more.
#[derive(Debug)]
struct Closed {
    index: u64,
    result: Cells,
    event: Cells,
}

/// The median of each bin of several intervals.
#[derive(Debug)]
struct Medians {
    ticks: u64,
    bin: u64,
    latencies: Cells,
    done: Vec<Option<u64>>,
}

impl Medians {
    /// Intervals come in order.
    fn add(&mut self, index: u64, latencies: &Cells) {
        while self.bin < index / self.ticks {
            self.close();
        }
        self.latencies.extend(latencies);
    }

    fn close(&mut self) {
        self.done.push(quantiles(&mut self.latencies).map(|spread| spread.p50_ns));
        self.latencies.clear();
        self.bin += 1;
    }
}

/// What a collector has when the run is over.
#[derive(Debug)]
pub struct Collected {
    /// The latencies of all measured answers; none, until it is settled which these are.
    pub totals: Totals,
    /// The answers by 100 ms.
    pub emissions: Vec<Emission>,
    /// The median `result_latency` of each bin, in nanoseconds.
    pub medians: Vec<Option<u64>>,
    /// Whether the interval log could be written.
    pub logged: io::Result<()>,
    unsettled: Option<(Vec<Closed>, IntervalLog)>,
}

impl Collected {
    /// These, and nothing else.
    pub fn of(totals: Totals) -> Self {
        let (emissions, medians) = (Vec::new(), Vec::new());
        Self { totals, emissions, medians, logged: Ok(()), unsettled: None }
    }

    /// Decides, if it has not been decided before the run, that the answers emitted from the
    /// start of `measured` on are the measured ones. Emission time and not due time decides here:
    /// of an interval that is over, no one knows any more which answer was due when.
    pub fn settle(&mut self, measured: &Range<Moment>) {
        let Some((intervals, mut log)) = self.unsettled.take() else { return };
        for Closed { index, result, event } in intervals {
            if index.saturating_mul(TICK_NS) >= measured.start.as_nanos() {
                self.totals.add(measured, index, &result, &event);
                log.add(index, &result, &event);
            }
        }
        self.logged = log.finish();
    }
}

/// The answers emitted in 100 ms of a run, warm-up included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emission {
    /// Which 100 ms, from 0.
    pub index: u64,
    /// How many answers.
    pub answers: u64,
    /// `result_latency` of those that have one.
    pub latency: Option<Spread>,
    /// The same, by bin.
    pub latencies: LatencyBins,
}

/// The latencies of all measured answers.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Emission − due time of the event that made the answer final.
    pub result: Latencies,
    /// Emission − due time of the latest event that contributed.
    pub event: Latencies,
    /// `result`, by the third of the measured part in which an answer was emitted. What was
    /// emitted after it belongs to the last third: an engine that falls behind shows it there.
    pub thirds: [Latencies; 3],
}

impl Totals {
    fn add(&mut self, measured: &Range<Moment>, index: u64, result: &Cells, event: &Cells) {
        let third = &mut self.thirds[third_of(measured, index)];
        self.result.add_cells(result);
        third.add_cells(result);
        self.event.add_cells(event);
    }

    /// Without an answer.
    pub fn none() -> Self {
        let none = Latencies::default;
        Self { result: none(), event: none(), thirds: [none(), none(), none()] }
    }
}

#[derive(Debug, Default)]
struct Pending {
    answers: u64,
    result: Cells,
    event: Cells,
    unmeasured: Cells,
}

/// A way for each worker's answers, and the place where they come together. `one_to_one` says
/// that the two latencies are the same, so that only one is recorded; `wait`, that time stands
/// still while a recorder waits.
pub(super) fn channel(
    workers: usize,
    one_to_one: bool,
    recording: &Recording,
    log: IntervalLog,
) -> (Vec<Shipper>, Collector) {
    let (full, collected) = sync_channel(workers * (INTERVALS + 1));
    let open: Arc<[AtomicU64]> = (0..workers).map(|_| AtomicU64::new(0)).collect();
    let mut shippers = Vec::new();
    let mut spares = Vec::new();
    for worker in 0..workers {
        let (back, empty) = sync_channel(INTERVALS + 1);
        for _ in 1..INTERVALS {
            back.try_send(Interval::new(worker)).expect("there is room for all of them");
        }
        spares.push(back);
        shippers.push(Shipper {
            current: Some(Interval::new(worker)),
            rotate_at: Moment::from_nanos(TICK_NS),
            full: full.clone(),
            spares: empty,
            open: Arc::clone(&open),
            worker,
            wait: recording.simulated,
        });
    }
    let totals = Totals::none();
    let collector = Collector {
        full: collected,
        spares,
        open,
        pending: BTreeMap::new(),
        closed_until: 0,
        emissions: Vec::new(),
        answers: 0,
        latest: None,
        totals,
        log,
        one_to_one,
        measured: recording.measured.clone(),
        unsettled: recording.unsettled.then(Vec::new),
        medians: Medians {
            ticks: recording.bin_ticks.max(1),
            bin: 0,
            latencies: Vec::new(),
            done: Vec::new(),
        },
    };
    (shippers, collector)
}

impl Collector {
    /// Takes what has been sent so far, and closes the intervals before `now` that no worker can
    /// add to.
    pub fn collect(&mut self, now: Moment) {
        // Looked up before the intervals are taken: what was sent before is then among them.
        let open = self.open.iter().map(|open| open.load(Ordering::Acquire)).min();
        while let Ok(interval) = self.full.try_recv() {
            self.take(interval);
        }
        // The one before the present one may still be on its way from a worker that was held up.
        let settled = (now.as_nanos() / TICK_NS).saturating_sub(1);
        // A worker that has said nothing for long is not waited for, or what the others said
        // would pile up; what it had open then counts in the first interval that is not closed.
        let patience = settled.saturating_sub(PATIENCE);
        self.close_until(open.map_or(settled, |open| open.clamp(patience, settled)));
    }

    /// How many answers there were in the intervals that are closed.
    pub const fn answers(&self) -> u64 {
        self.answers
    }

    /// `result_latency` of the latest closed interval that has one.
    pub const fn latest(&self) -> Option<Spread> {
        self.latest
    }

    /// Waits for an interval for so long. Returns whether more may come.
    pub fn wait(&mut self, patience: Duration) -> bool {
        match self.full.recv_timeout(patience) {
            Ok(interval) => {
                self.take(interval);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// After the recorders are gone: all there is.
    pub fn finish(mut self) -> Collected {
        while let Ok(interval) = self.full.try_recv() {
            self.take(interval);
        }
        self.close_until(u64::MAX);
        self.medians.close();
        let (unsettled, logged) = match self.unsettled {
            Some(intervals) => (Some((intervals, self.log)), Ok(())),
            None => (None, self.log.finish()),
        };
        Collected {
            totals: self.totals,
            emissions: self.emissions,
            medians: self.medians.done,
            logged,
            unsettled,
        }
    }

    fn take(&mut self, mut interval: Interval) {
        // A straggler whose interval is closed belongs to the first that is not.
        let index = interval.index.max(self.closed_until);
        let pending = self.pending.entry(index).or_default();
        pending.answers += interval.answers;
        add_cells(&interval.result, &mut pending.result);
        add_cells(&interval.event, &mut pending.event);
        add_cells(&interval.unmeasured, &mut pending.unmeasured);
        interval.clear();
        let worker = interval.worker;
        // Fails when the worker has ended; then nobody needs it.
        let _ = self.spares[worker].try_send(interval);
    }

    /// Closes the pending intervals before `until`, in order.
    fn close_until(&mut self, until: u64) {
        while let Some(entry) = self.pending.first_entry()
            && *entry.key() < until
        {
            let (index, pending) = entry.remove_entry();
            self.close(index, pending);
        }
        self.closed_until = self.closed_until.max(until);
    }

    fn close(&mut self, index: u64, mut pending: Pending) {
        if self.one_to_one {
            pending.event.clone_from(&pending.result);
        }
        if self.unsettled.is_none() {
            self.totals.add(&self.measured, index, &pending.result, &pending.event);
            self.log.add(index, &pending.result, &pending.event);
        }
        let mut all = pending.result.clone();
        all.extend(&pending.unmeasured);
        let latency = quantiles(&mut all);
        self.medians.add(index, &all);
        if let Some(intervals) = &mut self.unsettled {
            let Pending { result, event, .. } = pending;
            intervals.push(Closed { index, result, event });
        }
        self.answers += pending.answers;
        self.latest = latency.or(self.latest);
        let latencies = LatencyBins::of(all);
        self.emissions.push(Emission { index, answers: pending.answers, latency, latencies });
    }
}

/// In which third of the measured part the interval with this number begins.
fn third_of(measured: &Range<Moment>, index: u64) -> usize {
    let begins = Moment::from_nanos(index.saturating_mul(TICK_NS));
    let passed = u128::from(begins.as_nanos().saturating_sub(measured.start.as_nanos()));
    let length = u128::from(measured.end.nanos_since(measured.start)).max(1);
    usize::try_from(passed * 3 / length).unwrap_or(usize::MAX).min(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_are_those_of_the_measured_part() {
        let at = |ms: u64| Moment::from_nanos(ms * 1_000_000);
        let third = |index| third_of(&(at(1000)..at(4000)), index);
        // Nothing measured is emitted before it began, and what comes after its end is late.
        assert_eq!([5, 10, 19].map(third), [0, 0, 0]);
        assert_eq!([20, 29].map(third), [1, 1]);
        assert_eq!([30, 39, 40, 5000].map(third), [2, 2, 2, 2]);
        assert_eq!(third_of(&(at(7)..at(7)), 3), 2, "nothing is measured, and nothing breaks");
    }
}
