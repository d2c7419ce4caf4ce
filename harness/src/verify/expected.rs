//! The right answers, from the reference, before any engine is looked at.
//!
//! The reference computes over vectors, so a long input is given to it in segments: of event
//! time where the question has windows, each with all the events that its windows can hold, and
//! of numbers where it has none. What is kept of the answers is a digest, and the answers
//! themselves as long as they are not too many.

use super::lateness::{Fates, Rule, arrivals, fates};
use crate::input::Input;
use crate::recorder::digest::{Bucket, BucketKey, Digest};
use engines::reference::{Arrived, meaning};
use engines::{EngineError, Stamped, Timestamp, Window, WindowSpec};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use scenarios::{Answer, Scenario, WindowAnswer, Workload};
use std::any::Any;
use std::hash::BuildHasher as _;
use std::ops::Range;

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
    expect_in_segments(scenario, input, rule, SEGMENT_EVENTS)
}

fn expect_in_segments<S, W>(
    scenario: &S,
    input: &Input<W>,
    rule: Rule,
    segment_events: u64,
) -> Result<Expected<S::Answer>, EngineError>
where
    S: Scenario,
    W: Workload<Event = S::Event>,
{
    let window = scenario.window();
    let fates = fates(input, rule, window.as_ref());
    let mut sum = Sum { digest: Digest::default(), answers: Some(Vec::new()), answers_count: 0 };
    let mut distance = window.map(|_| Distance::default());
    match window {
        None => {
            let mut segment = Vec::new();
            for arrived in arrivals(input, rule) {
                segment.push(arrived);
                if segment.len() as u64 == segment_events {
                    sum.add(answers_of(scenario, std::mem::take(&mut segment))?);
                }
            }
            sum.add(answers_of(scenario, segment)?);
        }
        Some(spec) => {
            for ends in segments(input, rule, spec, segment_events) {
                let shift_us = rule.shift_us(input);
                let answers = |rule| {
                    let events =
                        arrivals(input, rule).filter(|arrived| holds(&ends, spec, arrived));
                    let mut answers = answers_of(scenario, events.collect())?;
                    answers.retain(|answer| {
                        answer.value.window().is_some_and(|w| ends.contains(&w.end.as_micros()))
                    });
                    for answer in &mut answers {
                        shift(answer, shift_us);
                    }
                    Ok::<_, EngineError>(answers)
                };
                let given = answers(rule)?;
                if let Some(distance) = &mut distance {
                    if rule == rule.truth() {
                        distance.add(&distance_between(scenario, &given, &given));
                    } else {
                        distance.add(&distance_between(scenario, &given, &answers(rule.truth())?));
                    }
                }
                sum.add(given);
            }
        }
    }
    Ok(Expected {
        checksum: sum.digest.checksum(),
        buckets: sum.digest.into_buckets(),
        answers: sum.answers,
        answers_count: sum.answers_count,
        fates,
        distance,
    })
}

struct Sum<A> {
    digest: Digest,
    answers: Option<Vec<Stamped<A>>>,
    answers_count: u64,
}

impl<A: Answer> Sum<A> {
    fn add(&mut self, answers: Vec<Stamped<A>>) {
        self.answers_count += answers.len() as u64;
        for answer in &answers {
            self.digest.add(answer);
        }
        match &mut self.answers {
            Some(kept) if kept.len() + answers.len() <= ANSWERS_KEPT => kept.extend(answers),
            kept => *kept = None,
        }
    }
}

fn answers_of<S: Scenario>(
    scenario: &S,
    events: Vec<Arrived<S::Event>>,
) -> Result<Vec<Stamped<S::Answer>>, EngineError> {
    Ok(meaning(|flow, events| scenario.plan(flow, events), events)?.answers)
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

/// Whether a window that ends in `ends` can hold the event.
fn holds<E>(ends: &Range<i64>, spec: WindowSpec, arrived: &Arrived<E>) -> bool {
    let time = arrived.record.event_time;
    time.is_acceptable()
        && time.as_micros() < ends.end
        && ends.start.saturating_sub(spec.size()) <= time.as_micros()
}

/// Ranges of window ends that cover every window, with about as many events in each as the
/// reference is given at once. None is shorter than a window, or every segment would hold most
/// of its neighbours' events too.
fn segments<W: Workload>(
    input: &Input<W>,
    rule: Rule,
    spec: WindowSpec,
    segment_events: u64,
) -> Vec<Range<i64>> {
    let everything = i64::MIN..i64::MAX;
    if input.survey.events <= segment_events {
        return vec![everything];
    }
    // The quantiles of a sample of the event times.
    let step = usize::try_from(input.survey.events / 10_000 + 1).unwrap_or(usize::MAX);
    let mut sample: Vec<i64> = arrivals(input, rule)
        .step_by(step)
        .map(|arrived| arrived.record.event_time)
        .filter(|time| time.is_acceptable())
        .map(Timestamp::as_micros)
        .collect();
    sample.sort_unstable();
    let wanted = usize::try_from(input.survey.events.div_ceil(segment_events)).unwrap_or(1);
    let mut cuts = vec![everything.start];
    for n in 1..wanted {
        let Some(cut) = sample.get(sample.len() * n / wanted) else { break };
        let previous = cuts[cuts.len() - 1];
        if cut.saturating_sub(spec.size()) >= previous {
            cuts.push(*cut);
        }
    }
    cuts.push(everything.end);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
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
    use super::*;
    use crate::input::Layout;
    use crate::input::tests::{Listed, layout};
    use proptest::prelude::*;
    use scenarios::KeyLabels;
    use scenarios::KeyedWindow;
    use scenarios::catalog::AggregateName;
    use std::sync::Arc;

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
                Just(Rule::TruthFromStart),
            ],
            times in prop::collection::vec((-60_i64..400, 0_u64..3), 1..150),
            segment in 1_u64..40,
        ) {
            let events = (0..)
                .zip(times)
                .map(|(n, (time, key))| (n * 10, time, key, time % 17))
                .collect();
            let window = WindowSpec::sliding(size, slide).unwrap();
            let layout = Layout { window: Some(window), ..layout(1, 3, bound) };
            let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
            let scenario = scenario(window);
            let whole = expect_in_segments(&scenario, &input, rule, u64::MAX).unwrap();
            let cut = expect_in_segments(&scenario, &input, rule, segment).unwrap();
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
            let fates = fates(&input, Rule::Marks, Some(&window));
            prop_assert_eq!(
                (fates.accepted, fates.partly_late, fates.late, fates.pairs, fates.missed_pairs),
                (seen.accepted, seen.partly_late, seen.late, seen.pairs, seen.missed_pairs)
            );
        }
    }
}
