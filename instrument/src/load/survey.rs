//! What the schedule alone decides of an input: how many events are due by when, which event
//! completes which answers, and what can be late at all.

use crate::load::ahead::mark_behind;
use crate::load::final_due::{EventTable, EventTableBuilder};
use crate::load::idle::{Carried, Idleness};
use crate::load::layout::Layout;
use crate::load::make::Stretch;
use crate::load::marks::{Mark, Marker};
use crate::load::watched::WATCHED_MOST;
use engines::{Moment, Stamped, Timestamp};
use scenarios::{Trigger, Workload};
use std::ops::Range;
use std::sync::Arc;

/// How long a row of the survey's table is, in nanoseconds.
pub const TICK_NS: u64 = 100_000_000;

/// How many buckets answers are counted in, but for those of windows that only the end brings out.
const BUCKETS_MOST: usize = 1 << 20;

/// What a window takes until it is known which event completes it, in bytes: a row of a table that may
/// grow to twice its length, and a moment.
const WINDOW_BYTES: u64 = 40;

/// How many windows end at most in an input that is made up, and how many bytes it takes to know when
/// each is complete.
pub fn windows<W: Workload + ?Sized>(workload: &W, layout: &Layout) -> (u64, u64) {
    let Trigger::Windows(spec) = layout.trigger else { return (0, 0) };
    let passed = i128::from(layout.schedule.end().as_nanos())
        * i128::from(workload.arrival_clock().micros_per_second)
        / 1_000_000_000;
    let ends = u64::try_from(passed / i128::from(spec.slide().max(1))).unwrap_or(u64::MAX);
    // No more than there are events that could bring an end.
    let events = workload.len().or_else(|| layout.schedule.expected_events()).unwrap_or(u64::MAX);
    let windows = ends.min(events);
    (windows, windows.saturating_mul(WINDOW_BYTES))
}

/// What is known of an input before the clock starts.
#[derive(Clone, Debug)]
pub struct Survey {
    /// How many events.
    pub events: u64,
    /// A hash over every field of every event and its due time.
    pub hash: u64,
    /// When the last event is due.
    pub last_due: Moment,
    /// When the schedule ends; a trace may end before.
    pub schedule_end: Moment,
    /// When the last event of each partition is due; `None` for one that has none.
    pub last_due_by_partition: Vec<Option<Moment>>,
    /// `due_by_tick[k]` events are due before `k` ticks of [`TICK_NS`].
    pub due_by_tick: Vec<u64>,
    /// Whether each event has an answer of its own.
    pub each_answered: bool,
    /// Which event completes which answers; `None` where none waits for event time.
    pub final_due: Option<Arc<EventTable>>,
    /// Events that are late for an answer of theirs by the marks of their own partition alone.
    /// Where this is zero, no race between partitions can make an event late.
    pub late_possible: u64,
    /// The event that made most others late, if one made any.
    pub ahead: Option<Ahead>,
    /// Events whose event time no engine accepts.
    pub rejected: u64,
    /// When some events are due, evenly chosen.
    pub sample: DueSample,
    /// The marks that take each partition along while it is silent.
    pub carried: Vec<Vec<Carried>>,
}

impl Survey {
    /// Of events at a steady rate for so many seconds, each of which is answered by itself.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is past the end of a u64 is at its end"
    )]
    pub fn steady(per_s: f64, span_s: f64) -> Self {
        let end = Moment::from_nanos((span_s * 1e9) as u64);
        let ticks = (span_s * 1e9 / TICK_NS as f64).round() as u64;
        let before = |tick| (per_s * (tick * TICK_NS) as f64 / 1e9) as u64;
        Self {
            events: (per_s * span_s) as u64,
            hash: 0,
            last_due: end,
            schedule_end: end,
            last_due_by_partition: Vec::new(),
            due_by_tick: (0..=ticks).map(before).collect(),
            each_answered: true,
            final_due: None,
            late_possible: 0,
            ahead: None,
            rejected: 0,
            sample: DueSample::default(),
            carried: Vec::new(),
        }
    }
}

/// An event that lay ahead of all before it in its partition, moved the watermark, and so made
/// later ones late.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Its number.
    pub event: u64,
    /// How far ahead of all before it, in microseconds of event time; none for the first of all.
    pub by_us: Option<u64>,
    /// How many events came late while none lay further ahead, and would not have without it.
    pub late: u64,
}

/// Who lies furthest ahead in one partition.
#[derive(Copy, Clone, Debug, Default)]
struct Lead {
    greatest_us: Option<i64>,
    /// The event that made it so.
    ahead: Option<Ahead>,
    /// The latest time of all other events.
    second_us: Option<i64>,
}

impl Lead {
    /// Another event; returns who led before, if it does now. `is_owed` says whether it is late, and
    /// would not be if the latest of the others were the latest.
    #[inline]
    fn see(
        &mut self,
        event: u64,
        time_us: i64,
        is_owed: impl FnOnce(Option<i64>) -> bool,
    ) -> Option<Ahead> {
        match self.greatest_us {
            Some(greatest_us) if time_us <= greatest_us => {
                if let Some(ahead) = &mut self.ahead
                    && is_owed(self.second_us)
                {
                    ahead.late += 1;
                }
                self.second_us = self.second_us.max(Some(time_us));
                None
            }
            before => {
                self.greatest_us = Some(time_us);
                self.second_us = before;
                let by_us = before.map(|us| us.abs_diff(time_us));
                self.ahead.replace(Ahead { event, by_us, late: 0 })
            }
        }
    }
}

/// The one that made more events late; of two alike, the first.
fn worse(one: Option<Ahead>, other: Option<Ahead>) -> Option<Ahead> {
    let late = |ahead: Option<Ahead>| ahead.map_or(0, |ahead| ahead.late);
    if late(other) > late(one) { other } else { one.filter(|one| one.late > 0) }
}

impl Survey {
    /// The part of a run that is measured: the answers that fell due in it, up to where events
    /// end.
    pub fn measured(&self, from: Moment) -> Range<Moment> {
        let until = self.schedule_end.min(self.last_due.saturating_add(1));
        from..until.max(from)
    }

    /// How many events are due before `moment`: exact at a tick, in proportion between two.
    pub fn due_before(&self, moment: Moment) -> u64 {
        let tick = usize::try_from(moment.as_nanos() / TICK_NS).unwrap_or(usize::MAX);
        let at = |tick: usize| self.due_by_tick.get(tick).copied().unwrap_or(self.events);
        let (low, high) = (at(tick), at(tick.saturating_add(1)));
        let within = u128::from(moment.as_nanos() % TICK_NS);
        let part = u128::from(high - low) * within / u128::from(TICK_NS);
        low + u64::try_from(part).expect("a part of a u64")
    }

    /// How wide the buckets are in which answers are counted for the check, as a power of two of
    /// microseconds of event time: each window has one of its own, where they are not too many.
    pub fn bucket_log2(&self) -> u32 {
        let (span_us, steps) = self.final_due.as_ref().map_or((0, 0), |table| table.span());
        if steps > BUCKETS_MOST { (span_us / BUCKETS_MOST as u64).max(1).ilog2() + 1 } else { 0 }
    }

    /// The most events that are due within any stretch of this length, rounded up to ticks.
    pub fn most_due_within(&self, length_ns: u64) -> u64 {
        let ticks = usize::try_from(length_ns.div_ceil(TICK_NS)).unwrap_or(usize::MAX);
        let due_by = |tick: usize| self.due_by_tick.get(tick).copied().unwrap_or(self.events);
        let within = |from: usize| due_by(from.saturating_add(ticks)) - due_by(from);
        (0..self.due_by_tick.len()).map(within).max().unwrap_or(0)
    }
}

/// The due moments of every so many events, at most [`WATCHED_MOST`] of them.
#[derive(Clone, Debug, Default)]
pub struct DueSample {
    /// One event in two to this power.
    every_log2: u32,
    dues: Vec<Moment>,
}

impl DueSample {
    /// Event `n`.
    #[inline]
    fn see(&mut self, n: u64, due: Moment) {
        if n.trailing_zeros() < self.every_log2 {
            return;
        }
        if self.dues.len() == WATCHED_MOST {
            self.every_log2 += 1;
            let mut places = 0..;
            self.dues.retain(|_| places.next().is_some_and(|place: u64| place.is_multiple_of(2)));
            if n.trailing_zeros() < self.every_log2 {
                return;
            }
        }
        self.dues.push(due);
    }

    /// In rising order.
    pub fn dues(&self) -> &[Moment] {
        &self.dues
    }
}

pub(super) struct Surveyor {
    table: Option<EventTableBuilder>,
    trigger: Trigger,
    bound_us: i64,
    markers: Vec<Marker>,
    leads: Vec<Lead>,
    idle: Option<Idleness>,
    survey: Survey,
}

impl Surveyor {
    pub(super) fn new(layout: &Layout) -> Self {
        let trigger = layout.trigger;
        Self {
            table: trigger.waits().then(|| {
                let bound_us = layout.watermark_bound_us;
                EventTableBuilder::new(trigger, layout.partitions, bound_us)
                    .idle_after(layout.idle_after)
            }),
            trigger,
            bound_us: layout.watermark_bound_us,
            markers: vec![Marker::new(layout); layout.partitions],
            leads: vec![Lead::default(); layout.partitions],
            idle: layout.idle_after.map(|after| {
                let after_ns = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
                Idleness::new(layout.partitions, after_ns)
            }),
            survey: Survey {
                events: 0,
                hash: 0,
                last_due: Moment::START,
                schedule_end: layout.schedule.end(),
                last_due_by_partition: vec![None; layout.partitions],
                due_by_tick: vec![0],
                each_answered: trigger == Trigger::Event,
                final_due: None,
                late_possible: 0,
                ahead: None,
                rejected: 0,
                sample: DueSample::default(),
                carried: vec![Vec::new(); layout.partitions],
            },
        }
    }

    /// Looks at the next stretch; returns the marks of each partition in it.
    pub(super) fn see<E>(&mut self, stretch: &Stretch<E>) -> Vec<Vec<Mark>> {
        self.survey.hash = self.survey.hash.wrapping_add(stretch.hash);
        let mut marks = vec![Vec::new(); stretch.parts.len()];
        for row in 0..stretch.parts.first().map_or(0, Vec::len) {
            for (partition, records) in stretch.parts.iter().enumerate() {
                let Some(record) = records.get(row) else { break };
                let next_due = records.get(row + 1).map(|next| next.due);
                let next_due = next_due.or(stretch.next_dues[partition]);
                // Whoever is silent has come this far in the stretch.
                let rows = |other: usize| row + usize::from(other < partition);
                self.take_along(&mut marks, rows, |idle| idle.pass(record.due));
                let news = self.see_one(partition, record, next_due);
                marks[partition].extend(news.map(|watermark| Mark::behind(row + 1, watermark)));
                self.take_along(&mut marks, rows, |idle| {
                    idle.event(partition, record.due, news, next_due.is_none());
                });
            }
        }
        marks
    }

    /// Puts the marks that take silent partitions along where they belong.
    #[inline]
    fn take_along(
        &mut self,
        marks: &mut [Vec<Mark>],
        rows: impl Fn(usize) -> usize,
        tell: impl FnOnce(&mut Idleness),
    ) {
        let Some(idle) = &mut self.idle else { return };
        tell(idle);
        for (partition, carried) in idle.carried.drain(..) {
            let Carried { from, watermark, .. } = carried;
            self.markers[partition].raise(watermark);
            self.survey.carried[partition].push(carried);
            marks[partition].push(Mark { after: rows(partition), watermark, from });
        }
    }

    /// The next event; returns what a mark behind it says.
    #[inline]
    fn see_one<E>(
        &mut self,
        partition: usize,
        event: &Stamped<E>,
        next_due: Option<Moment>,
    ) -> Option<Timestamp> {
        let survey = &mut self.survey;
        let n = survey.events;
        while survey.due_by_tick.len() as u64 * TICK_NS <= event.due.as_nanos() {
            survey.due_by_tick.push(n);
        }
        survey.events = n + 1;
        survey.last_due = event.due;
        survey.sample.see(n, event.due);
        survey.last_due_by_partition[partition] = Some(event.due);
        if let Some(table) = &mut self.table {
            table.see(partition, event.event_time, event.due);
            if next_due.is_none() {
                table.end(partition, event.due);
            }
        }
        let marker = &mut self.markers[partition];
        if event.event_time.is_acceptable() {
            let is_late = self.trigger.misses(event.event_time, marker.marked);
            survey.late_possible += u64::from(is_late);
            let time_us = event.event_time.as_micros();
            let (trigger, bound_us) = (self.trigger, self.bound_us);
            let is_owed = |second_us| {
                is_late && !trigger.misses(event.event_time, mark_behind(second_us, bound_us))
            };
            if let Some(before) = self.leads[partition].see(n, time_us, is_owed) {
                survey.ahead = worse(survey.ahead, Some(before));
            }
        } else {
            survey.rejected += 1;
        }
        marker.see(event.event_time, event.due, next_due)
    }

    /// When the last event is due that it has seen.
    pub(super) const fn last_due(&self) -> Moment {
        self.survey.last_due
    }

    pub(super) fn finish(self) -> Survey {
        let final_due = self.table.map(|table| Arc::new(table.build()));
        let leads = self.leads.iter().map(|lead| lead.ahead);
        let ahead = leads.fold(self.survey.ahead, worse);
        Survey { final_due, ahead, ..self.survey }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_lies_furthest_ahead_answers_for_what_comes_late_meanwhile() {
        let mut lead = Lead::default();
        let mut worst = None;
        // Time in microseconds, and whether it is late by the marks.
        let events = [(0, false), (100, false), (50, true), (60, true), (90, false), (200, false)];
        for (n, (time_us, is_late)) in (0..).zip(events) {
            if let Some(before) = lead.see(n, time_us, |_| is_late) {
                worst = worse(worst, Some(before));
            }
        }
        assert_eq!(worst, Some(Ahead { event: 1, by_us: Some(100), late: 2 }));
        // The last one made nothing late.
        assert_eq!(worse(worst, lead.ahead), worst);
        assert_eq!(worse(None, lead.ahead), None);
    }

    #[test]
    fn nobody_answers_for_what_would_be_late_without_it() {
        let mut lead = Lead::default();
        // Late by a bound of 30, if the latest of the others is this.
        let late_behind =
            |time_us: i64| move |second: Option<i64>| second.is_none_or(|us| time_us + 30 >= us);
        for (n, time_us) in [(0, 100), (1, 102)] {
            lead.see(n, time_us, |_| panic!("none lies behind"));
        }
        // Event 1 lies 2 ahead; these are far behind event 0, too.
        for n in 2..8 {
            lead.see(n, 20, late_behind(20));
        }
        assert_eq!(lead.ahead, Some(Ahead { event: 1, by_us: Some(2), late: 0 }));
        lead.see(8, 71, late_behind(71));
        assert_eq!(lead.ahead, Some(Ahead { event: 1, by_us: Some(2), late: 1 }));
    }

    #[test]
    fn there_are_a_million_buckets_at_most_however_many_windows_end() {
        use crate::load::final_due::EventTableBuilder;
        const MOST: u64 = BUCKETS_MOST as u64;
        let window = engines::WindowSpec::tumbling(3).unwrap();
        for (windows, log2) in [(10, 0), (MOST - 1, 0), (MOST * 3 / 2, 3)] {
            let mut table = EventTableBuilder::new(Trigger::Windows(window), 1, 0);
            for n in 0..=windows {
                let time = Timestamp::from_micros((n * 3).cast_signed());
                table.see(0, time, Moment::from_nanos(n));
            }
            let final_due = Some(Arc::new(table.build()));
            let survey = Survey { final_due, ..Survey::steady(1.0, 1.0) };
            assert_eq!(survey.bucket_log2(), log2, "{windows} windows");
            assert!(windows.min((windows * 3) >> log2) <= MOST, "{windows} windows");
        }
    }

    #[test]
    fn the_first_of_two_alike_is_named_and_the_first_event_of_all_may_be_it() {
        let ahead = |event, late| Some(Ahead { event, by_us: Some(1), late });
        assert_eq!(worse(ahead(3, 5), ahead(9, 5)), ahead(3, 5));
        assert_eq!(worse(ahead(3, 5), ahead(9, 6)), ahead(9, 6));
        let mut lead = Lead::default();
        assert_eq!(lead.see(0, 7, |_| false), None);
        assert_eq!(lead.see(1, 5, |_| true), None);
        assert_eq!(lead.see(2, 9, |_| false), Some(Ahead { event: 0, by_us: None, late: 1 }));
        assert_eq!(lead.ahead, Some(Ahead { event: 2, by_us: Some(2), late: 0 }));
    }
}
