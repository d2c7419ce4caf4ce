//! Which events are late, by each engine's rule.
//!
//! Marks are part of the input, so lateness is a property of the input too, and can be computed
//! here without asking an engine. The rules are written down once more, plainly and event by
//! event, and share nothing with the code that cuts the marks into the input.

use super::cuts::{Cuts, Place, Watermarks};
use super::over_cuts::OverCuts;
use crate::load::input::Input;
use crate::load::survey::Survey;
use engines::reference::{Arrived, Reading};
use engines::{Alignment, Data, LateBy, Moment, Stamped, Timestamp};
use scenarios::{Places, Trigger};
use settings::plan::Marks;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// By which rule an event is late.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// None is: what event time says.
    Truth,
    /// A mark is in force from where it stands, merged over the partitions in the order in which
    /// events are due. Exact for the per-event engine where there is one partition.
    Marks,
    /// The same, where a session that is still open takes in an event that would be late by itself, as
    /// Flink has it. Of one partition.
    SessionMarks,
    /// The marks of the event's own partition alone. No merging can be ahead of them, so what
    /// counts by this rule must count, whatever the race between partitions does.
    OwnMarks,
    /// Marks are learnt when a batch ends, and are in force for the next one.
    Batches {
        /// Of the batches, in nanoseconds.
        interval_ns: u64,
    },
    /// What arrived in a batch belongs to it, whatever its event time. Windows end every slide
    /// since the run's start.
    OverBatches {
        /// Of the batches, in nanoseconds.
        interval_ns: u64,
    },
    /// What event time says, in windows that end every slide since a point of event time.
    TruthFrom {
        /// How far behind the run's start that point lies, in microseconds.
        after_start_us: i64,
    },
    /// By batches as they were really cut, and the watermark that Spark makes of that.
    Cuts(Arc<Cuts>),
    /// What arrived in a batch belongs to it, as they were really cut. Windows end every slide since
    /// the first of them began.
    OverCuts(Arc<OverCuts>),
    /// What event time says is the most that may count, and nothing has to: of an engine that loses
    /// events, how many it loses is a result.
    AtMost,
}

impl Rule {
    /// The same rule in its simplest form, for an input in which nothing can be late.
    #[must_use]
    pub fn simplified(&self, survey: &Survey) -> Self {
        match self {
            Self::Marks | Self::SessionMarks | Self::OwnMarks | Self::Batches { .. }
                if survey.late_possible == 0 =>
            {
                Self::Truth
            }
            rule => rule.clone(),
        }
    }

    /// What holds the answers of this rule against event time.
    #[must_use]
    pub fn truth(&self) -> Self {
        match self {
            Self::OverBatches { .. } => Self::TruthFrom { after_start_us: 0 },
            Self::OverCuts(over) => Self::TruthFrom { after_start_us: over.begins_us() },
            Self::TruthFrom { .. } => self.clone(),
            Self::Truth
            | Self::Marks
            | Self::SessionMarks
            | Self::OwnMarks
            | Self::Batches { .. }
            | Self::Cuts(_)
            | Self::AtMost => Self::Truth,
        }
    }

    /// Which edges of windows stand at multiples of the slide.
    pub const fn alignment(&self) -> Alignment {
        match self {
            Self::OverBatches { .. } | Self::OverCuts(_) | Self::TruthFrom { .. } => {
                Alignment::Ends
            }
            Self::Truth
            | Self::Marks
            | Self::SessionMarks
            | Self::OwnMarks
            | Self::Batches { .. }
            | Self::Cuts(_)
            | Self::AtMost => Alignment::Starts,
        }
    }

    /// What the reference is to take from this rule, and not from the question.
    pub const fn reading(&self) -> Reading {
        let late_by = if matches!(self, Self::SessionMarks) { Some(LateBy::Session) } else { None };
        Reading { alignment: self.alignment(), late_by }
    }

    /// By how much the windows of its answers have to be moved, in microseconds.
    pub fn shift_us<E: Data + Hash>(&self, input: &Input<E>) -> i64 {
        let origin_us = || input.workload.arrival_clock().origin.as_micros();
        match self {
            Self::OverBatches { .. } => origin_us(),
            Self::OverCuts(over) => origin_us().saturating_add(over.begins_us()),
            Self::TruthFrom { after_start_us } => origin_us().saturating_add(*after_start_us),
            Self::Truth
            | Self::Marks
            | Self::SessionMarks
            | Self::OwnMarks
            | Self::Batches { .. }
            | Self::Cuts(_)
            | Self::AtMost => 0,
        }
    }
}

/// The events that are too late for all of their answers, with their numbers.
pub fn arrived_late<'a, E: Data + Hash>(
    input: &'a Input<E>,
    rule: &Rule,
    trigger: Trigger,
) -> impl Iterator<Item = (u64, Stamped<E>)> + use<'a, E> {
    let trigger = trigger.aligned(rule.alignment());
    (0..).zip(arrivals(input, rule).zip(input.events())).filter_map(
        move |(n, (arrived, (_, event)))| {
            let mut fates = Fates::default();
            fates.add(trigger, &arrived, arrived.record.event_time);
            (fates.late > 0).then_some((n, event))
        },
    )
}

/// Every event as it stands in time by the rule, with the watermark in force when it arrived.
pub(super) fn arrivals<'a, E: Data + Hash>(
    input: &'a Input<E>,
    rule: &Rule,
) -> impl Iterator<Item = Arrived<E>> + use<'a, E> {
    judged(input, rule).map(|(arrived, _)| arrived)
}

/// The same, each with where event time would have it, in the same alignment. Every event is made
/// once.
pub(super) fn judged<'a, E: Data + Hash>(
    input: &'a Input<E>,
    rule: &Rule,
) -> impl Iterator<Item = (Arrived<E>, Timestamp)> + use<'a, E> {
    let mut judge = Judge::new(input, rule.clone());
    let truth = Judge::new(input, rule.truth());
    let partitions = input.layout.partitions;
    // Whether a mark stands behind an event may depend on when its partition has the next one.
    let mut events = input.events();
    let mut ahead: VecDeque<(usize, Stamped<E>)> = VecDeque::with_capacity(partitions + 1);
    std::iter::from_fn(move || {
        while ahead.len() <= partitions
            && let Some(event) = events.next()
        {
            ahead.push_back(event);
        }
        let (partition, event) = ahead.pop_front()?;
        let next_due = ahead.get(partitions - 1).map(|(_, next)| next.due);
        let meant = truth.time_of(&event, None);
        Some((judge.arrive(partition, event, next_due), meant))
    })
}

/// Tells the watermark in force, event after event.
struct Judge {
    rule: Rule,
    partitions: Vec<Partition>,
    marks: Marks,
    idle_after: Option<Duration>,
    bound_us: i64,
    origin_us: i64,
    micros_per_second: i64,
    /// The batch at hand, and the watermark after the one before.
    batch: u64,
    before: Timestamp,
    /// By cuts: the watermark in each batch, and in which the next event lies.
    watermarks: Watermarks,
    place: Place,
}

#[derive(Copy, Clone)]
struct Partition {
    seen: u64,
    greatest: Option<i64>,
    mark: Timestamp,
    last_due: Option<Moment>,
    /// When it last spoke, and whether it has been silent for too long since.
    spoke: Moment,
    is_silent: bool,
}

impl Judge {
    fn new<E: Data + Hash>(input: &Input<E>, rule: Rule) -> Self {
        let watermarks = match &rule {
            Rule::Cuts(cuts) => cuts.watermarks(input),
            _ => Watermarks::default(),
        };
        let clock = input.workload.arrival_clock();
        let partitions = input.survey.last_due_by_partition.iter().map(|last_due| Partition {
            seen: 0,
            greatest: None,
            mark: Timestamp::BEFORE_ALL,
            last_due: *last_due,
            spoke: Moment::START,
            is_silent: false,
        });
        Self {
            rule,
            partitions: partitions.collect(),
            marks: input.layout.marks,
            idle_after: input.layout.idle_after,
            bound_us: input.layout.watermark_bound_us,
            origin_us: clock.origin.as_micros(),
            micros_per_second: clock.micros_per_second,
            batch: 0,
            before: Timestamp::BEFORE_ALL,
            watermarks,
            place: Place::default(),
        }
    }

    /// `next_due` is when the next event of its partition is due.
    fn arrive<E>(
        &mut self,
        partition: usize,
        event: Stamped<E>,
        next_due: Option<Moment>,
    ) -> Arrived<E> {
        if let Rule::Batches { interval_ns } = self.rule
            && event.due >= self.batch_end(interval_ns)
        {
            self.batch = event.due.as_nanos() / interval_ns;
            // The end of the batch before, up to which nothing more has come.
            let close = Moment::from_nanos(self.batch * interval_ns);
            self.pass_time(Moment::from_nanos(close.as_nanos() - 1));
            self.before = self.before.max(self.merged_at(close));
        }
        self.pass_time(event.due);
        // An event that nobody was given is in no batch, and rejected whatever the watermark.
        let is_given = event.event_time.is_acceptable();
        let batch = match &self.rule {
            Rule::Cuts(cuts) if is_given => self.place.next(cuts, partition),
            Rule::OverCuts(over) if is_given => self.place.next(&over.cuts, partition),
            _ => None,
        };
        let marks = self.partitions.iter().map(|partition| partition.mark);
        let watermark = match self.rule {
            Rule::Truth | Rule::TruthFrom { .. } | Rule::OverBatches { .. } | Rule::AtMost => {
                Timestamp::BEFORE_ALL
            }
            Rule::OwnMarks => self.partitions[partition].mark,
            Rule::Marks | Rule::SessionMarks => marks.min().unwrap_or(Timestamp::BEFORE_ALL),
            Rule::Batches { .. } => self.before,
            Rule::Cuts(_) => self.watermarks.late_in(batch),
            // What is in no batch is nowhere.
            Rule::OverCuts(_) if batch.is_none() => Timestamp::AFTER_ALL,
            Rule::OverCuts(_) => Timestamp::BEFORE_ALL,
        };
        let event_time = self.time_of(&event, batch);
        let is_marked = self.is_marked(partition, event.due, next_due);
        self.pass(partition, event.event_time, is_marked);
        self.speak(partition, event.due);
        Arrived { record: Stamped { event_time, ..event }, watermark }
    }

    fn batch_end(&self, interval_ns: u64) -> Moment {
        Moment::from_nanos((self.batch + 1).saturating_mul(interval_ns))
    }

    /// The merged watermark when a batch closes: a partition that has ended holds nobody back,
    /// unless all have.
    fn merged_at(&self, close: Moment) -> Timestamp {
        let going_on = |partition: &&Partition| partition.last_due.is_some_and(|due| due >= close);
        let least = self.partitions.iter().filter(going_on).map(|partition| partition.mark).min();
        least.unwrap_or(Timestamp::BEFORE_ALL)
    }

    /// Time goes by in which nothing comes: partitions fall silent, one after the other.
    fn pass_time(&mut self, until: Moment) {
        let Some(idle_after) = self.idle_after else { return };
        let idle_ns = u64::try_from(idle_after.as_nanos()).unwrap_or(u64::MAX);
        loop {
            let falls = self.partitions.iter().enumerate().filter(|(_, one)| !one.is_silent);
            let falls = falls.map(|(n, one)| (one.spoke.saturating_add(idle_ns), n));
            let Some((_, next)) = falls.min().filter(|(at, _)| *at <= until) else { return };
            self.partitions[next].is_silent = true;
            self.take_along();
        }
    }

    /// A partition has spoken.
    fn speak(&mut self, partition: usize, due: Moment) {
        let partition = &mut self.partitions[partition];
        (partition.spoke, partition.is_silent) = (due, false);
        if self.idle_after.is_some() {
            self.take_along();
        }
    }

    /// Whoever is silent is where those are that are not.
    fn take_along(&mut self) {
        let speaking = self.partitions.iter().filter(|one| !one.is_silent);
        let Some(merged) = speaking.map(|one| one.mark).min() else { return };
        for silent in self.partitions.iter_mut().filter(|one| one.is_silent) {
            silent.mark = silent.mark.max(merged);
        }
    }

    /// Where an event stands in time, which may be a matter of the batch that it came in.
    fn time_of<E>(&self, event: &Stamped<E>, batch: Option<usize>) -> Timestamp {
        if !event.event_time.is_acceptable() {
            return event.event_time;
        }
        match self.rule {
            Rule::Truth
            | Rule::Marks
            | Rule::SessionMarks
            | Rule::OwnMarks
            | Rule::Batches { .. }
            | Rule::Cuts(_)
            | Rule::AtMost => event.event_time,
            Rule::TruthFrom { after_start_us } => event
                .event_time
                .saturating_add(self.origin_us.saturating_add(after_start_us).saturating_neg()),
            Rule::OverCuts(ref over) => over.begin_of(batch.unwrap_or(usize::MAX)),
            Rule::OverBatches { interval_ns } => {
                let batch = i128::from(event.due.as_nanos() / interval_ns);
                let passed = batch * i128::from(interval_ns) * i128::from(self.micros_per_second);
                Timestamp::from_micros(i64::try_from(passed / 1_000_000_000).unwrap_or(i64::MAX))
            }
        }
    }

    /// Whether a mark stands behind the next event of a partition.
    fn is_marked(&self, partition: usize, due: Moment, next_due: Option<Moment>) -> bool {
        match self.marks {
            Marks::Every(every) => (self.partitions[partition].seen + 1).is_multiple_of(every),
            Marks::Period(length) => {
                let period = |moment: Moment| u128::from(moment.as_nanos()) / length.as_nanos();
                next_due.is_none_or(|next_due| period(next_due) > period(due))
            }
        }
    }

    /// The event has gone by, and the mark behind it, if one stands there.
    fn pass(&mut self, partition: usize, event_time: Timestamp, is_marked: bool) {
        let partition = &mut self.partitions[partition];
        partition.seen += 1;
        if event_time.is_acceptable() {
            partition.greatest = partition.greatest.max(Some(event_time.as_micros()));
        }
        if is_marked && let Some(greatest) = partition.greatest {
            let mark = greatest.saturating_sub(self.bound_us).saturating_sub(1);
            partition.mark = partition.mark.max(Timestamp::from_micros(mark));
        }
    }
}

/// What becomes of the events by a rule.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Count in every window that holds them, or in some.
    pub accepted: u64,
    /// Of the accepted: not in all.
    pub partly_late: u64,
    /// Count nowhere.
    pub late: u64,
    /// Have an event time that no engine accepts.
    pub rejected: u64,
    /// Pairs of an event and a window that holds it.
    pub pairs: u64,
    /// Of the pairs: those that do not count.
    pub missed_pairs: u64,
    /// Pairs of an event and a window that holds it by event time.
    pub meant_pairs: u64,
    /// Of those: the event counts in that window.
    pub right_pairs: u64,
}

/// What becomes of the events of an input by a rule.
pub fn fates<E: Data + Hash>(input: &Input<E>, rule: &Rule, trigger: Trigger) -> Fates {
    let mut fates = Fates::default();
    let trigger = trigger.aligned(rule.alignment());
    for (arrived, meant) in judged(input, rule) {
        fates.add(trigger, &arrived, meant);
    }
    fates
}

impl Fates {
    /// Judges one event. `meant` is where event time would have it, in the same alignment.
    pub(super) fn add<E>(&mut self, trigger: Trigger, arrived: &Arrived<E>, meant: Timestamp) {
        let time = arrived.record.event_time;
        if !time.is_acceptable() {
            self.rejected += 1;
            return;
        }
        let Places { all, open, meant, right } = trigger.places(time, meant, arrived.watermark);
        self.pairs += all;
        self.missed_pairs += all - open;
        self.meant_pairs += meant;
        self.right_pairs += right;
        if open == 0 && all > 0 {
            self.late += 1;
        } else {
            self.accepted += 1;
            self.partly_late += u64::from(open < all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::idle::Carried;
    use crate::load::input::tests::{Listed, layout};
    use crate::load::layout::Layout;
    use engines::WindowSpec;
    use scenarios::Keyed;
    use std::borrow::Borrow;

    fn input(events: Vec<(u64, i64)>, partitions: usize, every: u64, bound: i64) -> Input<Keyed> {
        let events = events.into_iter().map(|(due, time)| (due, time, 0, 0)).collect();
        Input::make(Arc::new(Listed { events }), layout(partitions, every, bound), u64::MAX)
    }

    fn watermarks(input: &Input<Keyed>, rule: impl Borrow<Rule>) -> Vec<i64> {
        arrivals(input, rule.borrow()).map(|arrived| arrived.watermark.as_micros()).collect()
    }

    const NONE: i64 = i64::MIN;

    #[test]
    fn a_mark_is_in_force_for_the_next_event() {
        let input = input(vec![(0, 10), (1, 20), (2, 15), (3, 30)], 1, 1, 4);
        assert_eq!(watermarks(&input, Rule::Marks), [NONE, 5, 15, 15]);
        assert_eq!(watermarks(&input, Rule::Truth), [NONE; 4]);
    }

    #[test]
    fn a_mark_stands_behind_the_last_event_of_its_period() {
        let events = vec![(0, 10), (4, 30), (9, 20), (10, 40), (25, 50), (26, 1)];
        let period = Marks::Period(Duration::from_nanos(10));
        let marked = |partitions| {
            let listed = (0..).zip(&events).map(|(n, (due, time))| (*due, *time, n, 0)).collect();
            let layout = Layout { marks: period, ..layout(partitions, 1, 0) };
            Input::make(Arc::new(Listed { events: listed }), layout, u64::MAX)
        };
        assert_eq!(watermarks(&marked(1), Rule::Marks), [NONE, NONE, NONE, 29, 39, 39]);
        // Of two partitions, each has its own: (0, 9, 25) and (4, 10, 26).
        assert_eq!(watermarks(&marked(2), Rule::OwnMarks), [NONE, NONE, NONE, 29, 19, 39]);
        // When the first batch ends the one has come to its event at 9, the other to that at 10.
        let rule = Rule::Batches { interval_ns: 15 };
        assert_eq!(watermarks(&marked(2), rule), [NONE, NONE, NONE, NONE, 19, 19]);
    }

    #[test]
    fn a_silent_partition_is_taken_along_to_where_the_others_are() {
        // Of two partitions, the second speaks at 10 and again at 400, and holds the first back.
        let events = [(0, 5), (10, 4), (20, 30), (400, 40), (410, 50), (420, 45)];
        let events: Vec<_> = (0..).zip(events).map(|(n, (due, time))| (due, time, n, 0)).collect();
        let of = |idle_after: Option<u64>| {
            let idle_after = idle_after.map(Duration::from_nanos);
            let layout = Layout { idle_after, ..layout(2, 1, 0) };
            Input::make(Arc::new(Listed { events: events.clone() }), layout, u64::MAX)
        };
        let (patient, free) = (of(None), of(Some(100)));
        let rule = Rule::Batches { interval_ns: 100 };
        assert_eq!(watermarks(&patient, &rule), [NONE, NONE, NONE, 3, 3, 3]);
        // The second is silent from 110 on, the first from 120 on; so they are where the first is.
        assert_eq!(watermarks(&free, &rule), [NONE, NONE, NONE, 29, 29, 29]);
        assert_eq!(watermarks(&patient, Rule::OwnMarks), [NONE, NONE, 4, 3, 29, 39]);
        assert_eq!(watermarks(&free, Rule::OwnMarks), [NONE, NONE, 4, 29, 39, 39]);
        // What is cut into the input says the same as the rule.
        let carried = &free.survey.carried;
        let said = |partition: usize| -> Vec<(u64, u64, i64)> {
            let of =
                |mark: &Carried| (mark.after, mark.from.as_nanos(), mark.watermark.as_micros());
            carried[partition].iter().map(of).collect()
        };
        assert_eq!(said(1), [(1, 110, 29)]);
        assert_eq!(said(0), [(2, 400, 39)]);
        assert!(patient.survey.carried.iter().all(Vec::is_empty));
    }

    #[test]
    fn marks_merge_to_the_least_partition() {
        let input = input(vec![(0, 10), (1, 90), (2, 20), (3, 95), (4, 30)], 2, 1, 0);
        assert_eq!(watermarks(&input, Rule::Marks), [NONE, NONE, 9, 19, 19]);
        assert_eq!(watermarks(&input, Rule::OwnMarks), [NONE, NONE, 9, 89, 19]);
    }

    #[test]
    fn a_batch_learns_of_marks_at_its_end() {
        let input = input(vec![(0, 10), (1, 50), (9, 12), (10, 13), (35, 60), (36, 1)], 1, 1, 0);
        let rule = Rule::Batches { interval_ns: 10 };
        assert_eq!(watermarks(&input, rule), [NONE, NONE, NONE, 49, 49, 49]);
    }

    #[test]
    fn a_partition_that_has_ended_holds_no_batch_back() {
        // The second partition has one event, in the first batch.
        let input = input(vec![(0, 10), (1, 5), (12, 20)], 2, 1, 0);
        let rule = Rule::Batches { interval_ns: 10 };
        assert_eq!(watermarks(&input, rule), [NONE, NONE, 9]);
    }

    #[test]
    fn over_batches_an_event_stands_where_its_batch_begins() {
        let input =
            input(vec![(0, 77), (1_999_999, 3), (2_000_000, 1), (9_000_000, i64::MIN)], 1, 1, 0);
        let times: Vec<i64> = arrivals(&input, &Rule::OverBatches { interval_ns: 2_000_000 })
            .map(|arrived| arrived.record.event_time.as_micros())
            .collect();
        assert_eq!(times, [0, 0, 2000, i64::MIN]);
    }

    #[track_caller]
    fn fate(spec: WindowSpec, time: i64, watermark: i64, want: (u64, u64, u64, u64, u64)) {
        let arrived = Arrived {
            record: Stamped {
                event_time: Timestamp::from_micros(time),
                due: Moment::START,
                value: (),
            },
            watermark: Timestamp::from_micros(watermark),
        };
        let mut fates = Fates::default();
        fates.add(Trigger::Windows(spec), &arrived, Timestamp::from_micros(time));
        let got = (fates.accepted, fates.partly_late, fates.late, fates.pairs, fates.missed_pairs);
        assert_eq!(got, want, "{spec} at {time} under {watermark}");
        assert_eq!(fates.right_pairs, fates.pairs - fates.missed_pairs);
    }

    #[test]
    fn an_event_is_late_for_the_windows_that_have_fired() {
        let tumbling = WindowSpec::tumbling(10).unwrap();
        fate(tumbling, 9, 8, (1, 0, 0, 1, 0));
        fate(tumbling, 9, 9, (0, 0, 1, 1, 1));
        let sliding = WindowSpec::sliding(30, 10).unwrap();
        fate(sliding, 25, NONE, (1, 0, 0, 3, 0));
        fate(sliding, 25, 29, (1, 1, 0, 3, 1));
        fate(sliding, 25, 48, (1, 1, 0, 3, 2));
        fate(sliding, 25, 49, (0, 0, 1, 3, 3));
        fate(sliding, -25, -1, (0, 0, 1, 3, 3));
        let gaps = WindowSpec::sliding(5, 10).unwrap();
        fate(gaps, 7, 1000, (1, 0, 0, 0, 0));
        let patient = tumbling.with_allowed_lateness(5).unwrap();
        fate(patient, 9, 13, (1, 0, 0, 1, 0));
        fate(patient, 9, 14, (0, 0, 1, 1, 1));
    }

    #[test]
    fn what_counts_elsewhere_is_not_right() {
        let spec = WindowSpec::sliding(30, 10).unwrap();
        let arrived = Arrived {
            record: Stamped {
                event_time: Timestamp::from_micros(45),
                due: Moment::START,
                value: (),
            },
            watermark: Timestamp::BEFORE_ALL,
        };
        let mut fates = Fates::default();
        fates.add(Trigger::Windows(spec), &arrived, Timestamp::from_micros(25));
        // It counts in the windows from 20, 30 and 40, and was meant for those from 0, 10, 20.
        assert_eq!((fates.pairs, fates.right_pairs), (3, 1));
    }
}
