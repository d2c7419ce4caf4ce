//! The right answers, from the reference, before any engine is looked at.
//!
//! The reference is told the events one after the other, and tells its answers likewise, so that
//! an input of any length is checked in full: what is held is what the reference needs, a digest
//! of the answers, and the answers themselves as long as they are not too many. Where lateness
//! keeps answers from what event time says, the reference says that too, on another core.

use super::lateness::{Fates, Rule, judged};
use crate::load::input::Input;
use crate::measure::digest::{Bucket, BucketKey, Digest};
use engines::reference::Seen;
use engines::{Data, EngineError, Stamped};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use programs::{Program, Tell};
use scenarios::{Answer, Subject, settled};
use std::hash::Hash;
use std::sync::mpsc::{SyncSender, sync_channel};

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
    /// How far the answers are from what event time says; `None` where none waits for event time.
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

/// How many answers are kept.
const ANSWERS_KEPT: u64 = 4_000_000;

/// How many answers one thread hands the other at once, and how often it may be ahead.
const HANDFUL: usize = 4096;
const HANDFULS_AHEAD: usize = 64;

/// The right answers by `rule`, and how far they are from the truth.
pub(super) fn expect<E: Data + Hash, A: Answer>(
    program: &dyn Program<E, A>,
    input: &Input<E>,
    rule: &Rule,
) -> Result<Expected<A>, EngineError> {
    let rule = &rule.simplified(&input.survey);
    let trigger = program.trigger();
    let mut fates = Fates::default();
    let mut digest = Digest::of(input.survey.bucket_log2());
    let mut answers = Some(Vec::new());
    let mut answers_count = 0;
    let mut ledger = Ledger::default();
    let mut keep = |answer: Stamped<A>| {
        answers_count += 1;
        digest.add(&answer);
        if answers_count > ANSWERS_KEPT {
            answers = None;
        }
        if let Some(answers) = &mut answers {
            answers.push(answer);
        }
    };
    // Where a session takes in what is late by itself, one that begins behind another may come to hold
    // it whole, and an answer that is given again is held to be that of the larger one.
    let may_hold_others = rule.reading().late_by.is_some() && trigger.allowed_lateness_us() > 0;
    let mut held = Vec::new();
    std::thread::scope(|scope| {
        let by_truth = rule.truth();
        let truth = (trigger.waits() && *rule != by_truth).then(|| {
            let (handed, truth) = sync_channel(HANDFULS_AHEAD);
            (truth, scope.spawn(move || tell_truth(program, input, &by_truth, &handed)))
        });
        told_by(program, input, rule, Some(&mut fates), &mut |answer| {
            if trigger.waits() {
                let (subject, count) = (answer.value.subject(), answer.value.count());
                match &truth {
                    None => ledger.agree(count),
                    Some((truth, _)) => {
                        ledger.give(subject, count);
                        // Those that agree leave the ledger, so it stays short.
                        for handful in truth.try_iter() {
                            ledger.hold_all(handful);
                        }
                    }
                }
            }
            if may_hold_others {
                held.push(answer);
            } else {
                keep(answer);
            }
        })?;
        if let Some((truth, thread)) = truth {
            for handful in &truth {
                ledger.hold_all(handful);
            }
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })?;
    settled(held, |_, _, _| ()).into_iter().for_each(keep);
    Ok(Expected {
        checksum: digest.checksum(),
        buckets: digest.into_buckets(),
        answers,
        answers_count,
        fates,
        distance: trigger.waits().then(|| ledger.distance()),
    })
}

/// Tells what is asked of each answer by event time, a handful at a time.
fn tell_truth<E: Data + Hash, A: Answer>(
    program: &dyn Program<E, A>,
    input: &Input<E>,
    truth: &Rule,
    handed: &SyncSender<Vec<(Subject, u64)>>,
) -> Result<(), EngineError> {
    let mut handful = Vec::with_capacity(HANDFUL);
    // Nobody takes it where the other thread has failed, which is told there.
    told_by(program, input, truth, None, &mut |answer| {
        handful.push((answer.value.subject(), answer.value.count()));
        if handful.len() == HANDFUL {
            let _ = handed.send(std::mem::replace(&mut handful, Vec::with_capacity(HANDFUL)));
        }
    })?;
    let _ = handed.send(handful);
    Ok(())
}

/// The answers of the reference by a rule, one after the other.
fn told_by<E: Data + Hash, A: Answer>(
    program: &dyn Program<E, A>,
    input: &Input<E>,
    rule: &Rule,
    mut fates: Option<&mut Fates>,
    hear: &mut dyn FnMut(Stamped<A>),
) -> Result<(), EngineError> {
    let trigger = program.trigger().aligned(rule.alignment());
    let shift_us = rule.shift_us(input);
    let tell = |hear: &mut dyn FnMut(_)| {
        for (arrived, meant) in judged(input, rule) {
            if let Some(fates) = &mut fates {
                fates.add(trigger, &arrived, meant);
            }
            hear(arrived);
        }
    };
    let tell: Tell<'_, E> = Box::new(tell);
    let reading = rule.reading();
    let (rejected, seen) = program.told(reading, tell, &mut |mut answer| {
        shift(&mut answer, shift_us);
        hear(answer);
    })?;
    // Which events are late is not known of each alone then.
    if let (Some(fates), Some(_), Some(seen)) = (fates, reading.late_by, seen.first()) {
        *fates = seen_by_session(rejected, *seen);
    }
    Ok(())
}

/// What became of the events of sessions, of which the reference was told, and so many of which no engine
/// accepts: each was meant to count where it would.
const fn seen_by_session(rejected: u64, seen: Seen) -> Fates {
    let Seen { accepted, partly_late, late, pairs, missed_pairs } = seen;
    Fates {
        accepted,
        partly_late,
        late,
        rejected,
        pairs,
        missed_pairs,
        meant_pairs: pairs,
        right_pairs: accepted,
    }
}

fn shift<A: Answer>(answer: &mut Stamped<A>, by_us: i64) {
    if by_us != 0 {
        answer.event_time = answer.event_time.saturating_add(by_us);
        answer.value.shift(by_us);
    }
}

/// Holds answers against what event time says, whatever order either is told in, by what the
/// answers about a subject count together.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What is given beyond the truth, where it is not nothing.
    off: HashMap<Subject, i128, FixedState>,
    truth: u64,
    truth_answers: u64,
}

impl Ledger {
    /// An answer that was given.
    pub(super) fn give(&mut self, subject: Subject, count: u64) {
        self.enter(subject, i128::from(count));
    }

    /// What event time says.
    pub(super) fn hold(&mut self, subject: Subject, count: u64) {
        self.truth += count;
        self.truth_answers += 1;
        self.enter(subject, -i128::from(count));
    }

    /// Several of those.
    fn hold_all(&mut self, handful: Vec<(Subject, u64)>) {
        for (subject, count) in handful {
            self.hold(subject, count);
        }
    }

    /// An answer that is what event time says.
    const fn agree(&mut self, count: u64) {
        self.truth += count;
        self.truth_answers += 1;
    }

    fn enter(&mut self, subject: Subject, count: i128) {
        match self.off.entry(subject) {
            Entry::Vacant(entry) => {
                entry.insert(count);
            }
            Entry::Occupied(mut entry) => {
                *entry.get_mut() += count;
                if *entry.get() == 0 {
                    entry.remove();
                }
            }
        }
    }

    /// How far the one is from the other.
    pub(super) fn distance(&self) -> Distance {
        let off: u128 = self.off.values().map(|off| off.unsigned_abs()).sum();
        Distance {
            off: u64::try_from(off).unwrap_or(u64::MAX),
            truth: self.truth,
            truth_answers: self.truth_answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lateness::arrivals;
    use super::*;
    use crate::load::input::tests::{Listed, layout};
    use crate::load::layout::Layout;
    use engines::reference::{meaning, meaning_aligned};
    use engines::{LateBy, Moment, SessionSpec, Touch, Window, WindowSpec};
    use proptest::prelude::*;
    use scenarios::KeyedWindow;
    use scenarios::spec::AggregateName;
    use scenarios::{KeyLabels, KeyedSession, SessionAnswer};
    use scenarios::{Scenario as _, Trigger, WindowAnswer, Workload};
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn scenario(window: WindowSpec) -> KeyedWindow<scenarios::Keyed> {
        let aggregates = vec![AggregateName::Count, AggregateName::Sum];
        KeyedWindow::new(window, aggregates, KeyLabels::Rank, 0)
    }

    proptest! {
        /// Whatever order the two sides come in, what is off is what counts differ by.
        #[test]
        fn the_distance_is_that_of_the_answers(
            size in 1_i64..60,
            slide in 1_i64..40,
            bound in 0_i64..20,
            rule in prop_oneof![
                Just(Rule::Truth),
                Just(Rule::Marks),
                Just(Rule::Batches { interval_ns: 70 }),
                Just(Rule::OverBatches { interval_ns: 70 }),
                Just(Rule::TruthFrom { after_start_us: 0 }),
                Just(Rule::TruthFrom { after_start_us: -13 }),
            ],
            times in prop::collection::vec((-60_i64..400, 0_u64..3), 1..150),
        ) {
            let events = (0..)
                .zip(times)
                .map(|(n, (time, key))| (n * 10, time, key, time % 17))
                .collect();
            let window = WindowSpec::sliding(size, slide).unwrap();
            let layout = Layout { trigger: Trigger::Windows(window), ..layout(1, 3, bound) };
            let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
            let scenario = scenario(window);
            let counts = |rule: Rule| -> BTreeMap<Subject, u64> {
                let events = arrivals(&input, &rule).collect();
                let plan = |flow: &mut _, events| scenario.plan(flow, events);
                let means = meaning_aligned(plan, rule.alignment(), events).unwrap();
                let of = |mut answer: Stamped<WindowAnswer>| {
                    shift(&mut answer, rule.shift_us(&input));
                    (answer.value.subject(), answer.value.count)
                };
                means.answers.into_iter().map(of).collect()
            };
            let expected = expect(&scenario, &input, &rule).unwrap();
            let rule = rule.simplified(&input.survey);
            let (given, truth) = (counts(rule.clone()), counts(rule.truth()));
            let subjects: BTreeSet<_> = given.keys().chain(truth.keys()).collect();
            let count = |counts: &BTreeMap<_, u64>, subject| counts.get(subject).copied().unwrap_or(0);
            let off = subjects
                .into_iter()
                .map(|subject| count(&given, subject).abs_diff(count(&truth, subject)))
                .sum();
            let want = Distance {
                off,
                truth: truth.values().sum(),
                truth_answers: truth.len() as u64,
            };
            prop_assert_eq!(expected.distance, Some(want));
            prop_assert_eq!(expected.answers_count, given.len() as u64);
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
            let layout = Layout { trigger: Trigger::Windows(window), ..layout(1, 2, 5) };
            let input = Input::make(Arc::new(Listed { events }), layout, u64::MAX);
            let scenario = scenario(window);
            let events = arrivals(&input, &Rule::Marks).collect();
            let seen = meaning(|flow, events| scenario.plan(flow, events), events).unwrap().windows[0];
            let fates = super::super::fates(&input, &Rule::Marks, Trigger::Windows(window));
            prop_assert_eq!(
                (fates.accepted, fates.partly_late, fates.late, fates.pairs, fates.missed_pairs),
                (seen.accepted, seen.partly_late, seen.late, seen.pairs, seen.missed_pairs)
            );
        }

        /// By session, the reference is asked what a question would ask that says so itself, and tells
        /// what becomes of the events.
        #[test]
        fn by_session_is_what_the_question_could_say(
            gap in 1_i64..30,
            lateness in 0_i64..10,
            bound in 0_i64..20,
            delays in prop::collection::vec((0_i64..60, 0_u64..3), 1..120),
        ) {
            let session = SessionSpec::new(gap)
                .and_then(|session| session.with_allowed_lateness(lateness))
                .unwrap()
                .touching(Touch::Merge);
            let times = (0..).zip(delays).map(|(n, (delay, key))| (n * 4 - delay, key)).collect();
            let input = marked(session, bound, times);
            let expected = expect(&in_sessions(session), &input, &Rule::SessionMarks).unwrap();
            let asked = in_sessions(session.late_by(LateBy::Session));
            let events = arrivals(&input, &Rule::Marks).collect();
            let means = meaning(|flow, events| asked.plan(flow, events), events).unwrap();
            let stands = |answers: Vec<Stamped<SessionAnswer>>| {
                let mut answers =
                    if lateness > 0 { settled(answers, |_, _, _| ()) } else { answers };
                answers.sort_unstable_by_key(|answer| answer.value);
                answers
            };
            let mut got = expected.answers.unwrap();
            got.sort_unstable_by_key(|answer| answer.value);
            prop_assert_eq!(got, stands(means.answers));
            let (fates, seen) = (expected.fates, means.windows[0]);
            prop_assert_eq!((fates.accepted, fates.late), (seen.accepted, seen.late));
            prop_assert_eq!(fates.right_pairs, seen.accepted);
        }
    }

    fn in_sessions(session: SessionSpec) -> KeyedSession<scenarios::Keyed> {
        let aggregates = vec![AggregateName::Count, AggregateName::Sum];
        KeyedSession::new(session, aggregates, KeyLabels::Rank, 0)
    }

    /// Every event is followed by a mark.
    fn marked(session: SessionSpec, bound: i64, times: Vec<(i64, u64)>) -> Input<scenarios::Keyed> {
        let events = (0..).zip(times).map(|(n, (time, key))| (n * 10, time, key, 1)).collect();
        let layout = Layout { trigger: Trigger::Sessions(session), ..layout(1, 1, bound) };
        Input::make(Arc::new(Listed { events }), layout, u64::MAX)
    }

    /// The sessions of the first key by a rule, each with its count, and how many events are late.
    fn of_first_key(
        session: SessionSpec,
        input: &Input<scenarios::Keyed>,
        rule: &Rule,
    ) -> (Vec<(i64, i64, u64)>, u64) {
        let expected = expect(&in_sessions(session), input, rule).unwrap();
        let answers = expected.answers.unwrap().into_iter().map(|answer| answer.value.0);
        let mut shown: Vec<_> = answers
            .filter(|answer| answer.key == 0)
            .map(|answer| {
                let Window { start, end } = answer.window;
                (start.as_micros(), end.as_micros(), answer.count)
            })
            .collect();
        shown.sort_unstable();
        (shown, expected.fates.late)
    }

    #[test]
    fn an_open_session_takes_in_what_would_be_late_by_itself() {
        let session = SessionSpec::new(10).unwrap().touching(Touch::Merge);
        // The mark stands at 25 when the third comes: [12, 22) is over, and [20, 30) is not.
        let input = marked(session, 0, vec![(20, 0), (26, 1), (12, 0)]);
        assert_eq!(of_first_key(session, &input, &Rule::Marks), (vec![(20, 30, 1)], 1));
        assert_eq!(of_first_key(session, &input, &Rule::SessionMarks), (vec![(12, 30, 2)], 0));
    }

    #[test]
    fn of_answers_that_are_given_again_the_larger_session_stands() {
        let session = SessionSpec::new(10).unwrap().touching(Touch::Merge);
        // [20, 30) is over when the third comes, and the fourth makes the session of that reach back
        // to before it.
        let times = vec![(20, 0), (32, 1), (25, 0), (16, 0)];
        let input = marked(session, 0, times.clone());
        let (sessions, _) = of_first_key(session, &input, &Rule::SessionMarks);
        assert_eq!(sessions, [(16, 35, 2), (20, 30, 1)]);
        let refined = session.with_allowed_lateness(1).unwrap();
        let input = marked(refined, 0, times);
        let (sessions, _) = of_first_key(refined, &input, &Rule::SessionMarks);
        assert_eq!(sessions, [(16, 35, 2)]);
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

    #[test]
    fn what_is_not_held_is_made_once_for_each_side() {
        let window = WindowSpec::sliding(20, 5).unwrap();
        for (rule, sides) in
            [(Rule::Truth, 1), (Rule::Marks, 2), (Rule::OverBatches { interval_ns: 70_000 }, 2)]
        {
            let events = (0..20_000).map(|n: i64| (n.unsigned_abs() * 1000, n - n * 7 % 29, 0, 1));
            let listed = Listed { events: events.collect() };
            let workload = Arc::new(Counted { listed, made: AtomicU64::new(0) });
            let layout = Layout { trigger: Trigger::Windows(window), ..layout(1, 3, 7) };
            let input = Input::make(Arc::<Counted>::clone(&workload), layout, 0);
            let before = workload.made.load(Ordering::Relaxed);
            expect(&scenario(window), &input, &rule).unwrap();
            let made = workload.made.load(Ordering::Relaxed) - before;
            assert_eq!(made, sides * 20_000, "{rule:?}");
        }
    }
}
