//! The right answers, from the reference, before any engine is looked at.
//!
//! The reference computes over vectors, so a long input is given to it in segments: of event
//! time where the question has windows, each with all the events that its windows can hold, and
//! of numbers where it has none. The input is walked along a fixed number of times, however long
//! it is: a segment is computed when the last event that it needs has come. What is kept of the
//! answers is a digest, and the answers themselves as long as they are not too many.

use super::lateness::{Fates, Rule, judged, times_by};
use crate::input::Input;
use crate::recorder::digest::{Bucket, BucketKey, Digest};
use engines::reference::{Arrived, meaning_within};
use engines::{EngineError, Stamped, Timestamp, Window, WindowSpec};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use scenarios::{Answer, Scenario, WindowAnswer, Workload};
use std::any::Any;
use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

/// The right answers by a rule.
#[derive(Clone, Debug)]
pub struct Expected<A> {
    /// Their digest, in buckets.
    pub buckets: HashMap<BucketKey, Bucket, FixedState>,
    /// One number for the digest, to be shown.
    pub checksum: u64,
    /// The answers, each once, in no particular order; `None` if they are too many to be kept.
    pub answers: Option<Vec<Stamped<A>>>,
    /// How many there are.
    pub answers_count: u64,
    /// What becomes of the events.
    pub fates: Fates,
    /// How far the answers are from what event time says; `None` where there are no windows.
    pub distance: Option<Distance>,
}

/// How far answers are from what event time says, over their counts.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct Distance {
    /// The sum of |answer − truth|.
    pub off: u64,
    /// The sum of the true counts.
    pub truth: u64,
    /// How many true answers there are.
    pub truth_answers: u64,
}

impl Distance {
    /// Off over truth; zero if there is no truth to be off from.
    pub fn ratio(&self) -> f64 {
        if self.truth == 0 { 0.0 } else { self.off as f64 / self.truth as f64 }
    }
}

/// How many events the reference is given at once.
const SEGMENT_EVENTS: u64 = 2_000_000;

/// How many events are held for segments that are not complete.
const MEMORY_EVENTS: u64 = 4 * SEGMENT_EVENTS;

/// How many answers are kept.
const ANSWERS_KEPT: usize = 4_000_000;

/// The right answers by `rule`, and how far they are from the truth.
pub(super) fn expect<S, W>(
    scenario: &S,
    input: &Input<W>,
    rule: Rule,
) -> Result<Expected<S::Answer>, EngineError>
where
    S: Scenario,
    W: Workload<Event = S::Event>,
{
    let rule = rule.simplified(&input.survey);
    expect_in_segments(scenario, input, rule, SEGMENT_EVENTS, MEMORY_EVENTS)
}

/// `segment_events` is how many events the reference is given at once, about, and `memory_events`
/// how many are held for segments that more events may come for.
fn expect_in_segments<S, W>(
    scenario: &S,
    input: &Input<W>,
    rule: Rule,
    segment_events: u64,
    memory_events: u64,
) -> Result<Expected<S::Answer>, EngineError>
where
    S: Scenario,
    W: Workload<Event = S::Event>,
{
    let window = scenario.window();
    let mut fates = Fates::default();
    let shift_us = rule.shift_us(input);
    let sum = summed(scenario, shift_us, |take| match window {
        None => {
            let fresh = || Segment { ends: i64::MIN..i64::MAX, given: Vec::new(), meant: None };
            let mut segment = fresh();
            for (arrived, meant) in judged(input, rule) {
                fates.add(None, &arrived, meant);
                segment.given.push(arrived);
                if segment.events() == segment_events {
                    take(std::mem::replace(&mut segment, fresh()));
                }
            }
            take(segment);
        }
        Some(spec) => {
            let cuts = cuts(input, rule, spec, segment_events);
            let mut last_arrivals = vec![None; cuts.len() - 1];
            for (n, (arrived, meant)) in (0_u64..).zip(judged(input, rule)) {
                fates.add(Some(&spec), &arrived, meant);
                let time = arrived.record.event_time;
                for segment in segments_of(&cuts, spec, time) {
                    last_arrivals[segment] = Some(n);
                }
                if meant != time {
                    for segment in segments_of(&cuts, spec, meant) {
                        last_arrivals[segment] = Some(n);
                    }
                }
            }
            let walk = Walk { cuts: &cuts, last_arrivals: &last_arrivals, spec, memory_events };
            walk.each_segment(input, rule, take);
        }
    });
    if let Some((_, failure)) = sum.failure {
        return Err(failure);
    }
    Ok(Expected {
        checksum: sum.digest.checksum(),
        buckets: sum.digest.into_buckets(),
        answers: sum.answers,
        answers_count: sum.answers_count,
        fates,
        distance: window.map(|_| sum.distance),
    })
}

/// What the reference is given at once.
struct Segment<E> {
    /// The windows that it holds all events of, by their ends.
    ends: Range<i64>,
    /// The events by the rule that is checked.
    given: Vec<Arrived<E>>,
    /// The events as event time would have them, where that differs.
    meant: Option<Vec<Arrived<E>>>,
}

impl<E> Segment<E> {
    fn events(&self) -> u64 {
        (self.given.len() + self.meant.as_ref().map_or(0, Vec::len)) as u64
    }
}

/// A walk along the input that puts each event into the segments that need it.
struct Walk<'a> {
    cuts: &'a [i64],
    /// The number of the last event that each segment needs.
    last_arrivals: &'a [Option<u64>],
    spec: WindowSpec,
    memory_events: u64,
}

impl Walk<'_> {
    /// Gives every segment to `take` as soon as its last event has come. One walk is enough,
    /// unless disorder is so wide that too many segments are open at once: then those that would
    /// stay open longest are left to another walk. How often that happens depends on how many
    /// events lie between, and not on how many there are before.
    fn each_segment<W: Workload>(
        &self,
        input: &Input<W>,
        rule: Rule,
        take: &mut dyn FnMut(Segment<W::Event>),
    ) {
        let differs = rule != rule.truth();
        let fresh = |segment: usize| Segment {
            ends: self.cuts[segment]..self.cuts[segment + 1],
            given: Vec::new(),
            meant: differs.then(Vec::new),
        };
        // In the order in which they are completed.
        let mut wanted: Vec<(u64, usize)> = (0..)
            .zip(self.last_arrivals)
            .filter_map(|(segment, last)| Some(((*last)?, segment)))
            .collect();
        wanted.sort_unstable();
        while !wanted.is_empty() {
            let mut open: Vec<Option<Segment<W::Event>>> =
                self.last_arrivals.iter().map(|_| None).collect();
            for (_, segment) in &wanted {
                open[*segment] = Some(fresh(*segment));
            }
            let mut put_off = Vec::new();
            let mut to_come = VecDeque::from(wanted);
            let mut held = 0;
            for (n, (arrived, meant)) in (0_u64..).zip(judged(input, rule)) {
                for at in segments_of(self.cuts, self.spec, arrived.record.event_time) {
                    if let Some(segment) = &mut open[at] {
                        segment.given.push(arrived.clone());
                        held += 1;
                    }
                }
                if differs {
                    for at in segments_of(self.cuts, self.spec, meant) {
                        if let Some(Segment { meant: Some(events), .. }) = &mut open[at] {
                            let record = Stamped { event_time: meant, ..arrived.record.clone() };
                            events.push(Arrived { record, watermark: Timestamp::BEFORE_ALL });
                            held += 1;
                        }
                    }
                }
                while let Some((_, at)) = to_come.pop_front_if(|(last, _)| *last == n) {
                    if let Some(segment) = open[at].take() {
                        held -= segment.events();
                        take(segment);
                    }
                }
                while held > self.memory_events && to_come.len() > 1 {
                    let Some(last) = to_come.pop_back() else { break };
                    held -= open[last.1].take().map_or(0, |segment| segment.events());
                    put_off.push(last);
                }
                if to_come.is_empty() {
                    break;
                }
            }
            put_off.reverse();
            wanted = put_off;
        }
    }
}

/// What the reference says of the segments it was given.
struct Sum<A> {
    digest: Digest,
    answers: Option<Vec<Stamped<A>>>,
    answers_count: u64,
    distance: Distance,
    /// Of the segments without an answer, the first: where it begins, and why it has none.
    failure: Option<(i64, EngineError)>,
}

impl<A: Answer> Sum<A> {
    fn new() -> Self {
        Self {
            digest: Digest::default(),
            answers: Some(Vec::new()),
            answers_count: 0,
            distance: Distance::default(),
            failure: None,
        }
    }

    /// Adds what the reference says of a segment.
    fn take<S: Scenario<Answer = A>>(
        &mut self,
        scenario: &S,
        shift_us: i64,
        segment: Segment<S::Event>,
    ) {
        let from = segment.ends.start;
        let ends = Timestamp::from_micros(from)..Timestamp::from_micros(segment.ends.end);
        let answers = |events| {
            let plan = |flow: &mut _, events| scenario.plan(flow, events);
            let mut answers = meaning_within(ends.clone(), plan, events)?.answers;
            for answer in &mut answers {
                shift(answer, shift_us);
            }
            Ok::<_, EngineError>(answers)
        };
        match (answers(segment.given), segment.meant.map(answers).transpose()) {
            (Ok(given), Ok(meant)) => {
                let truth = meant.as_ref().unwrap_or(&given);
                if scenario.window().is_some() {
                    self.distance.add(&distance_between(scenario, &given, truth));
                }
                self.add(given);
            }
            (Err(failure), _) | (_, Err(failure)) => self.fail(from, failure),
        }
    }

    fn add(&mut self, answers: Vec<Stamped<A>>) {
        for answer in &answers {
            self.digest.add(answer);
        }
        self.keep(answers.len() as u64, Some(answers));
    }

    fn keep(&mut self, count: u64, answers: Option<Vec<Stamped<A>>>) {
        self.answers_count += count;
        self.answers = match (self.answers.take(), answers) {
            (Some(mut kept), Some(answers)) if kept.len() + answers.len() <= ANSWERS_KEPT => {
                kept.extend(answers);
                Some(kept)
            }
            _ => None,
        };
    }

    fn fail(&mut self, from: i64, failure: EngineError) {
        if self.failure.as_ref().is_none_or(|(first, _)| from < *first) {
            self.failure = Some((from, failure));
        }
    }

    fn merge(&mut self, other: Self) {
        self.digest.merge(other.digest);
        self.keep(other.answers_count, other.answers);
        self.distance.add(&other.distance);
        if let Some((from, failure)) = other.failure {
            self.fail(from, failure);
        }
    }
}

/// Walks along the input on this thread and has the reference compute the segments that come of
/// it on as many threads as there are cores. None has to wait for another.
fn summed<S: Scenario>(
    scenario: &S,
    shift_us: i64,
    walk: impl FnOnce(&mut dyn FnMut(Segment<S::Event>)),
) -> Sum<S::Answer> {
    let hands = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (give, given) = sync_channel::<Segment<S::Event>>(1);
    let given = Mutex::new(given);
    let next = || given.lock().ok()?.recv().ok();
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..hands)
            .map(|_| {
                scope.spawn(|| {
                    let mut sum = Sum::new();
                    while let Some(segment) = next() {
                        sum.take(scenario, shift_us, segment);
                    }
                    sum
                })
            })
            .collect();
        // Nobody takes it if all of them have panicked, which is told below.
        walk(&mut |segment| drop(give.send(segment)));
        drop(give);
        let mut sum = Sum::new();
        for hand in hands {
            match hand.join() {
                Ok(part) => sum.merge(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sum
    })
}

fn shift<A: Answer>(answer: &mut Stamped<A>, by_us: i64) {
    if by_us != 0
        && let Some(window) = answer.value.window()
    {
        answer.event_time = answer.event_time.saturating_add(by_us);
        answer.value.set_window(Window {
            start: window.start.saturating_add(by_us),
            end: window.end.saturating_add(by_us),
        });
    }
}

/// The segments that an event at `time` is needed in: each holds the windows whose ends lie
/// between two cuts. None, if no engine accepts that time.
fn segments_of(cuts: &[i64], spec: WindowSpec, time: Timestamp) -> Range<usize> {
    if !time.is_acceptable() {
        return 0..0;
    }
    let time = time.as_micros();
    let last = cuts.len() - 1;
    let first = cuts[1..last].partition_point(|end| *end <= time);
    let reaches = |start: &i64| start.saturating_sub(spec.size()) <= time;
    first..first + cuts[first..last].partition_point(reaches)
}

/// Where to cut the windows, by their ends, so that every window lies between two cuts, with
/// about as many events between them as the reference is given at once. No two lie closer than a
/// window is long, or every segment would need most of its neighbours' events too.
fn cuts<W: Workload>(
    input: &Input<W>,
    rule: Rule,
    spec: WindowSpec,
    segment_events: u64,
) -> Vec<i64> {
    let mut cuts = vec![i64::MIN];
    if input.survey.events > segment_events {
        // The quantiles of a sample of the event times.
        let step = usize::try_from(input.survey.events / 10_000 + 1).unwrap_or(usize::MAX);
        let time = times_by(input, rule);
        let mut sample: Vec<i64> = input
            .events()
            .step_by(step)
            .map(|(_, event)| time(&event))
            .filter(|time| time.is_acceptable())
            .map(Timestamp::as_micros)
            .collect();
        sample.sort_unstable();
        let wanted = usize::try_from(input.survey.events.div_ceil(segment_events)).unwrap_or(1);
        for n in 1..wanted {
            let Some(cut) = sample.get(sample.len() * n / wanted) else { break };
            if cut.saturating_sub(spec.size()) >= cuts[cuts.len() - 1] {
                cuts.push(*cut);
            }
        }
    }
    cuts.push(i64::MAX);
    cuts
}

impl Distance {
    fn add(&mut self, other: &Self) {
        self.off += other.off;
        self.truth += other.truth;
        self.truth_answers += other.truth_answers;
    }
}

/// What an answer is for: its window and its key.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Subject {
    /// The window; `None` where there is none.
    window: Option<Window>,
    /// The key, or a hash of its label where it has no number.
    key: u64,
}

/// What an answer is for.
pub(super) fn subject<S: Scenario>(scenario: &S, answer: &S::Answer) -> Subject {
    let key = match (answer as &dyn Any).downcast_ref::<WindowAnswer>() {
        Some(answer) => answer.key,
        None => FixedState::with_seed(0).hash_one(scenario.key_label(answer)),
    };
    Subject { window: answer.window(), key }
}

/// How far `given` is from `truth`. Each has one answer per window and key.
pub(super) fn distance_between<S: Scenario>(
    scenario: &S,
    given: &[Stamped<S::Answer>],
    truth: &[Stamped<S::Answer>],
) -> Distance {
    let counts = |answers: &[Stamped<S::Answer>]| {
        let mut counts: Vec<(Subject, u64)> = answers
            .iter()
            .map(|answer| (subject(scenario, &answer.value), answer.value.count()))
            .collect();
        counts.sort_unstable();
        counts
    };
    let (given, truth) = (counts(given), counts(truth));
    let mut distance = Distance { truth_answers: truth.len() as u64, ..Distance::default() };
    let (mut given, mut truth) = (given.into_iter().peekable(), truth.into_iter().peekable());
    loop {
        let order = match (given.peek(), truth.peek()) {
            (None, None) => return distance,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((given, _)), Some((truth, _))) => given.cmp(truth),
        };
        let given = if order.is_le() { given.next().map_or(0, |(_, count)| count) } else { 0 };
        let truth = if order.is_ge() { truth.next().map_or(0, |(_, count)| count) } else { 0 };
        distance.off += given.abs_diff(truth);
        distance.truth += truth;
    }
}

#[cfg(test)]
mod tests {
    use super::super::lateness::arrivals;
    use super::*;
    use crate::input::Layout;
    use crate::input::tests::{Listed, layout};
    use engines::Moment;
    use engines::reference::meaning;
    use proptest::prelude::*;
    use scenarios::KeyLabels;
    use scenarios::KeyedWindow;
    use scenarios::catalog::AggregateName;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn scenario(window: WindowSpec) -> KeyedWindow<scenarios::Keyed> {
        let aggregates = vec![AggregateName::Count, AggregateName::Sum];
        KeyedWindow::new(window, aggregates, KeyLabels::Rank, 0)
    }

    proptest! {
        /// However the input is cut for the reference, the answers are the same.
        #[test]
        fn segments_change_nothing(
            size in 1_i64..60,
            slide in 1_i64..40,
            bound in 0_i64..20,
            rule in prop_oneof![
                Just(Rule::Truth),
                Just(Rule::Marks),
                Just(Rule::Batches { interval_ns: 70 }),
                Just(Rule::OverBatches { interval_ns: 70 }),
                Just(Rule::TruthFromStart),
            ],
            times in prop::collection::vec((-60_i64..400, 0_u64..3), 1..150),
            segment in 1_u64..40,
            memory in 1_u64..60,
        ) {
            let events = (0..)
                .zip(times)
                .map(|(n, (time, key))| (n * 10, time, key, time % 17))
                .collect();
            let window = WindowSpec::sliding(size, slide).unwrap();
            let layout = Layout { window: Some(window), ..layout(1, 3, bound) };
            let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
            let scenario = scenario(window);
            let whole = expect_in_segments(&scenario, &input, rule, u64::MAX, u64::MAX).unwrap();
            let cut = expect_in_segments(&scenario, &input, rule, segment, memory).unwrap();
            prop_assert_eq!(whole.checksum, cut.checksum);
            prop_assert_eq!(whole.buckets, cut.buckets);
            prop_assert_eq!(whole.distance, cut.distance);
            prop_assert_eq!(whole.fates, cut.fates);
        }

        /// What this side says of the events is what the reference says of them.
        #[test]
        fn fates_are_those_of_the_reference(
            size in 1_i64..60,
            slide in 1_i64..40,
            lateness in 0_i64..10,
            times in prop::collection::vec(-60_i64..400, 1..100),
        ) {
            let events = (0..).zip(times).map(|(n, time)| (n * 10, time, 0, 1)).collect();
            let window = WindowSpec::sliding(size, slide)
                .and_then(|window| window.with_allowed_lateness(lateness))
                .unwrap();
            let layout = Layout { window: Some(window), ..layout(1, 2, 5) };
            let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
            let scenario = scenario(window);
            let events = arrivals(&input, Rule::Marks).collect();
            let seen = meaning(|flow, events| scenario.plan(flow, events), events).unwrap().windows[0];
            let fates = super::super::fates(&input, Rule::Marks, Some(&window));
            prop_assert_eq!(
                (fates.accepted, fates.partly_late, fates.late, fates.pairs, fates.missed_pairs),
                (seen.accepted, seen.partly_late, seen.late, seen.pairs, seen.missed_pairs)
            );
        }
    }

    /// Counts how often an event is made.
    #[derive(Debug)]
    struct Counted {
        listed: Listed,
        made: AtomicU64,
    }

    impl Workload for Counted {
        type Event = scenarios::Keyed;
        fn event(&self, n: u64, due: Moment) -> Stamped<scenarios::Keyed> {
            self.made.fetch_add(1, Ordering::Relaxed);
            self.listed.event(n, due)
        }
        fn len(&self) -> Option<u64> {
            self.listed.len()
        }
        fn due(&self, n: u64) -> Option<Moment> {
            self.listed.due(n)
        }
        fn arrival_clock(&self) -> engines::ArrivalClock {
            self.listed.arrival_clock()
        }
        fn rejected_rows(&self) -> &[scenarios::workload::RejectedRow] {
            self.listed.rejected_rows()
        }
        fn columns(&self) -> Vec<&'static str> {
            self.listed.columns()
        }
        fn cells(&self, event: &Stamped<scenarios::Keyed>) -> Vec<String> {
            self.listed.cells(event)
        }
    }

    /// How many times the whole input is walked along for a check in segments of 100 events, of
    /// which 400 may be held. Event `n` happens at `n`, less its delay.
    fn walks(rule: Rule, events: i64, delay: impl Fn(i64) -> i64) -> u64 {
        let listed = Listed {
            events: (0..events).map(|n| (n.unsigned_abs() * 1000, n - delay(n), 0, 1)).collect(),
        };
        let workload = Arc::new(Counted { listed, made: AtomicU64::new(0) });
        let window = WindowSpec::sliding(20, 5).unwrap();
        let layout = Layout { window: Some(window), ..layout(1, 3, 7) };
        // Held nowhere, so that reading it makes it once more.
        let input = Input::make(Arc::clone(&workload), layout, 0);
        let before = workload.made.load(Ordering::Relaxed);
        expect_in_segments(&scenario(window), &input, rule, 100, 400).unwrap();
        (workload.made.load(Ordering::Relaxed) - before).div_ceil(events.unsigned_abs())
    }

    #[test]
    fn an_input_of_any_length_is_walked_along_as_often() {
        for rule in [Rule::Truth, Rule::Marks, Rule::OverBatches { interval_ns: 70_000 }] {
            for events in [200, 2_000, 20_000] {
                assert_eq!(walks(rule, events, |n| n % 7), 3, "{rule:?}, {events} events");
            }
        }
    }

    #[test]
    fn events_that_come_very_late_cost_walks_by_how_many_lie_between() {
        // The very last event belongs to the first window.
        let straggler = |events| move |n| if n == events - 1 { n } else { 0 };
        for events in [2_000, 20_000] {
            let walks = walks(Rule::Truth, events, straggler(events));
            assert_eq!(walks, 3, "one segment stays open, {events} events");
        }
        // In any order: no segment can be computed before nearly all events have come, and four
        // are held at once at most.
        let walks = walks(Rule::Truth, 4_000, |n| n - n * 1237 % 4_000);
        assert!((4_000 / 400..=4_000 / 200).contains(&walks), "{walks}");
    }

    #[test]
    fn a_part_of_a_window_may_overflow_where_the_whole_does_not() {
        // The window of the first ten sums to the greatest number there is; without its first
        // event it would not fit.
        let mut events = vec![(0, 0, 0, -i64::MAX), (10, 8, 0, i64::MAX), (20, 9, 0, i64::MAX)];
        events.extend((3_u64..40).map(|n| (n * 10, n.cast_signed() + 7, 0, 1)));
        let window = WindowSpec::sliding(10, 10).unwrap();
        let layout = Layout { window: Some(window), ..layout(1, 3, 0) };
        let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
        let scenario = scenario(window);
        let of = |segment| {
            expect_in_segments(&scenario, &input, Rule::Truth, segment, u64::MAX).unwrap().checksum
        };
        let cuts = cuts(&input, Rule::Truth, window, 5);
        assert!(
            cuts.iter().any(|cut| (10..19).contains(cut)),
            "the second segment is given a part of the first window: {cuts:?}"
        );
        assert_eq!(of(5), of(u64::MAX));
    }
}
