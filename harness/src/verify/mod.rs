//! The answers of a run, against the reference, from the same seed.
//!
//! Every answer is checked, warm-up and end included, after the run and outside of its time. The
//! check is exact: the digest of each bucket of answers must be the expected one, and the
//! engine's own account of late events must be the reference's. Only where several partitions
//! make it a race which events are late does it fall back to bounds, and says so. It never
//! forgives: one answer lost, doubled, altered or invented is a difference.

mod lateness;
mod expected;

pub use expected::{Distance, Expected};
pub use lateness::{Fates, Rule, arrived_late, fates};

use crate::load::input::Input;
use crate::measure::digest::{Bucket, BucketKey, bucket_of};
use crate::measure::recorder::Kept;
use engines::{Data, EngineError, Stamped, Tally, Window, WindowCounts};
use expected::{Ledger, Subject, subject};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use programs::Program;
use scenarios::Answer;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::Hash;
use std::rc::Rc;

/// How an engine's answers are to be judged.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule by which it finds events late.
    pub rule: Rule,
    /// Whether a race between partitions may make events late, so that only bounds are known.
    pub bounds_only: bool,
    /// Whether a window's answer may be given again, the last one counting.
    pub refined: bool,
}

/// What the check found.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// Whether nothing differs.
    pub is_right: bool,
    /// In a sentence.
    pub text: String,
    /// Answers compared with the reference.
    pub answers_checked: u64,
    /// What became of the events.
    pub fates: Fates,
    /// Events that were accepted only because marks are learnt at the end of a batch.
    pub accepted_late_extra: u64,
    /// Pairs of event and window that count where event time says, over all such pairs.
    pub completeness: Option<f64>,
    /// How far the answers are from what event time says.
    pub distance: Option<Distance>,
    /// Whether only bounds were checked.
    pub bounds_only: bool,
    /// The first differences.
    pub differences: Vec<String>,
}

/// How many differences are told.
const DIFFERENCES_TOLD: usize = 5;

/// Checks the runs of one cell, and remembers what it expects of them.
pub struct Checker<'a, E, A> {
    program: &'a dyn Program<E, A>,
    input: &'a Input<E>,
    expected: Vec<(Rule, Rc<Expected<A>>)>,
}

impl<'a, E: Data + Hash, A: Answer> Checker<'a, E, A> {
    /// Nothing is computed until it is needed.
    pub const fn new(program: &'a dyn Program<E, A>, input: &'a Input<E>) -> Self {
        Self { program, input, expected: Vec::new() }
    }

    /// The right answers by a rule.
    pub fn expected(&mut self, rule: Rule) -> Result<Rc<Expected<A>>, EngineError> {
        let rule = rule.simplified(&self.input.survey);
        if let Some((_, expected)) = self.expected.iter().find(|(known, _)| *known == rule) {
            return Ok(Rc::clone(expected));
        }
        let expected = Rc::new(expected::expect(self.program, self.input, rule)?);
        self.expected.push((rule, Rc::clone(&expected)));
        Ok(expected)
    }

    /// Checks one run. An error means that the reference itself has no answer, such as a sum
    /// past 64 bits.
    pub fn check(
        &mut self,
        judgement: Judgement,
        kept: &Kept<A>,
        tally: &Tally,
    ) -> Result<Finding, EngineError> {
        if judgement.bounds_only && self.input.survey.late_possible > 0 {
            return self.check_bounds(kept, tally, judgement.refined);
        }
        let expected = self.expected(judgement.rule)?;
        let mut differences = Differences::default();
        check_counts(self.input.survey.events, &expected.fates, tally, &mut differences);
        let refined =
            judgement.refined.then(|| self.last_values(&kept.answers, true, &mut differences));
        let (given, rest) = match &refined {
            Some(last) => (last.as_slice(), None),
            None => (kept.answers.as_slice(), Some(&kept.digest)),
        };
        let mut buckets = {
            let mut digest = rest.cloned().unwrap_or_default();
            for answer in given {
                digest.add(answer);
            }
            digest.into_buckets()
        };
        let answers_checked: u64 = buckets.values().map(|bucket| bucket.answers).sum();
        let mut wrong: Vec<(BucketKey, Bucket, Bucket)> = expected
            .buckets
            .iter()
            .map(|(key, want)| (*key, *want, buckets.remove(key).unwrap_or_default()))
            .filter(|(_, want, got)| want != got)
            .collect();
        wrong.extend(buckets.into_iter().map(|(key, got)| (key, Bucket::default(), got)));
        wrong.sort_unstable_by_key(|(key, ..)| *key);
        if !wrong.is_empty() {
            self.tell(&wrong, &expected, given, &mut differences);
        }

        let fates = expected.fates;
        let has_windows = self.program.window().is_some();
        let accepted_late_extra = match judgement.rule {
            Rule::Batches { .. } if self.input.survey.late_possible > 0 => {
                let window = self.program.window();
                let at_once = lateness::fates(self.input, Rule::Marks, window.as_ref());
                at_once.late.saturating_sub(fates.late)
            }
            _ => 0,
        };
        let text = if differences.told.is_empty() {
            format!(
                "{} equal{} the reference (checksum {:016x})",
                reports::quantity::counted(answers_checked, "answer"),
                if answers_checked == 1 { "s" } else { "" },
                expected.checksum
            )
        } else {
            format!(
                "answers differ from the reference: {}",
                differences.told.first().map_or("", String::as_str)
            )
        };
        Ok(Finding {
            is_right: differences.told.is_empty(),
            text,
            answers_checked,
            fates,
            accepted_late_extra,
            completeness: has_windows.then(|| share(fates.right_pairs, fates.meant_pairs)),
            distance: expected.distance,
            bounds_only: false,
            differences: differences.into_lines(),
        })
    }

    /// Of several answers for one window and key, the last: the one that counts most events,
    /// since a later answer only ever adds some. Where answers are not `refined`, a second one is
    /// a difference, whatever it says.
    fn last_values(
        &self,
        answers: &[Stamped<A>],
        refined: bool,
        differences: &mut Differences,
    ) -> Vec<Stamped<A>> {
        let mut last: HashMap<Subject, &Stamped<A>, FixedState> = HashMap::default();
        for answer in answers {
            match last.entry(subject(self.program, &answer.value)) {
                hashbrown::hash_map::Entry::Vacant(entry) => {
                    entry.insert(answer);
                }
                hashbrown::hash_map::Entry::Occupied(mut entry) => {
                    let before = entry.get().value.count();
                    if !refined {
                        differences.add(format!(
                            "{}: given twice, {} and {}",
                            self.name(&answer.value),
                            self.show(&entry.get().value),
                            self.show(&answer.value)
                        ));
                    } else if answer.value.count() == before {
                        differences.add(format!(
                            "{}: given twice with the same count, {}",
                            self.name(&answer.value),
                            self.show(&answer.value)
                        ));
                    } else if answer.value.count() > before {
                        entry.insert(answer);
                    }
                }
            }
        }
        last.into_values().cloned().collect()
    }

    /// Several partitions and late events: each answer must hold what must count, and nothing
    /// that may not.
    fn check_bounds(
        &mut self,
        kept: &Kept<A>,
        tally: &Tally,
        refined: bool,
    ) -> Result<Finding, EngineError> {
        let (least, most) = (self.expected(Rule::OwnMarks)?, self.expected(Rule::Truth)?);
        let mut differences = Differences::default();
        let given = self.last_values(&kept.answers, refined, &mut differences);
        let by_subject = |answers: &[Stamped<A>]| -> BTreeMap<Subject, A> {
            answers
                .iter()
                .map(|answer| (subject(self.program, &answer.value), answer.value.clone()))
                .collect()
        };
        let (Some(least_answers), Some(most_answers)) = (&least.answers, &most.answers) else {
            return Err(EngineError::Unsupported(format!(
                "{} answers are too many to be checked between bounds: use one partition, or a \
                 shorter run",
                most.answers_count
            )));
        };
        let (least_by_subject, most_by_subject) =
            (by_subject(least_answers), by_subject(most_answers));
        for (subject, got) in &by_subject(&given) {
            let (low, high) = (least_by_subject.get(subject), most_by_subject.get(subject));
            let lies_between = high.is_some_and(|high| {
                let low_count = low.map_or(1, Answer::count);
                match got.count() {
                    count if count == high.count() => got == high,
                    count if low.is_some() && count == low_count => Some(got) == low,
                    count => (low_count..high.count()).contains(&count) && within(got, low, high),
                }
            });
            if !lies_between {
                let show = |answer: Option<&A>| {
                    answer.map_or_else(|| "nothing".to_owned(), |answer| self.show(answer))
                };
                differences.add(format!(
                    "{}: {} is not between {} and {}",
                    self.name(got),
                    self.show(got),
                    show(low),
                    show(high)
                ));
            }
        }
        let given_subjects = by_subject(&given);
        for (_, low) in
            least_by_subject.iter().filter(|(subject, _)| !given_subjects.contains_key(*subject))
        {
            differences.add(format!("{}: missing, at least {}", self.name(low), self.show(low)));
        }
        // How many were late is a race, so the engine's own count of them only has to lie between
        // the bounds. What it read and refused is none.
        for (what, got, want) in [
            ("events read", tally.read, self.input.survey.events),
            ("events rejected", tally.rejected, most.fates.rejected),
        ] {
            if got != want {
                differences.add(format!("{what}: {got} counted, {want} expected"));
            }
        }
        let counts = event_counts(tally, &most.fates, &mut differences);
        if counts.late > least.fates.late || counts.missed_windows > least.fates.missed_pairs {
            differences.add(format!(
                "{} events were counted as late, {} may be",
                counts.late, least.fates.late
            ));
        }
        let mut ledger = Ledger::default();
        for answer in &given {
            ledger.give(subject(self.program, &answer.value), answer.value.count());
        }
        for answer in most_answers {
            ledger.hold(subject(self.program, &answer.value), answer.value.count());
        }
        let fates = Fates {
            accepted: counts.accepted,
            partly_late: counts.partly_late,
            late: counts.late,
            rejected: tally.rejected,
            pairs: most.fates.pairs,
            missed_pairs: counts.missed_windows,
            meant_pairs: most.fates.pairs,
            right_pairs: most.fates.pairs.saturating_sub(counts.missed_windows),
        };
        let text = match differences.told.first() {
            None => format!(
                "{} answers lie between what must count and what may: {} events are late by a \
                 race between partitions",
                reports::quantity::count(given.len() as u64),
                reports::quantity::count(least.fates.late),
            ),
            Some(first) => format!("answers are outside of what the reference allows: {first}"),
        };
        Ok(Finding {
            is_right: differences.told.is_empty(),
            text,
            answers_checked: given.len() as u64,
            fates,
            accepted_late_extra: 0,
            completeness: Some(share(fates.right_pairs, fates.pairs)),
            distance: Some(ledger.distance()),
            bounds_only: true,
            differences: differences.into_lines(),
        })
    }

    /// Says what is different in the buckets that differ.
    fn tell(
        &self,
        wrong: &[(BucketKey, Bucket, Bucket)],
        expected: &Expected<A>,
        given: &[Stamped<A>],
        differences: &mut Differences,
    ) {
        let listed: Vec<BucketKey> =
            wrong.iter().take(DIFFERENCES_TOLD).map(|(key, ..)| *key).collect();
        let mut want: BTreeMap<BucketKey, Vec<&A>> = BTreeMap::new();
        let mut got: BTreeMap<BucketKey, Vec<&A>> = BTreeMap::new();
        let all = [(expected.answers.as_deref().unwrap_or_default(), &mut want), (given, &mut got)];
        for (answers, by_bucket) in all {
            for answer in answers {
                let key = bucket_of(answer);
                if listed.contains(&key) {
                    by_bucket.entry(key).or_default().push(&answer.value);
                }
            }
        }
        for (key, want_bucket, got_bucket) in wrong {
            let mut want = want.remove(key).unwrap_or_default();
            let mut got = got.remove(key).unwrap_or_default();
            let place = match self.program.window() {
                Some(_) => format!("windows that end at {}", instant(*key)),
                None => format!("events due in second {key}"),
            };
            if (want_bucket.answers, want_bucket.hashes) == (got_bucket.answers, got_bucket.hashes)
            {
                differences.add(format!(
                    "{place}: the answers are right, but do not carry the due times of the \
                     latest events in them"
                ));
                continue;
            }
            let are_all_here =
                want.len() as u64 == want_bucket.answers && got.len() as u64 == got_bucket.answers;
            if !are_all_here || differences.told.len() >= DIFFERENCES_TOLD {
                differences.add(format!(
                    "{place}: {} answers given, {} expected, and their checksums differ",
                    got_bucket.answers, want_bucket.answers
                ));
                continue;
            }
            want.sort_unstable();
            got.sort_unstable();
            self.tell_bucket(&want, &got, differences);
        }
    }

    /// Both sorted. What is the same on both sides is passed over; of the rest, an answer for the
    /// same window and key is an altered one.
    fn tell_bucket(&self, want: &[&A], got: &[&A], differences: &mut Differences) {
        let (mut missing, mut extra) = (Vec::new(), Vec::new());
        let (mut w, mut g) = (0, 0);
        while w < want.len() || g < got.len() {
            let order = match (want.get(w), got.get(g)) {
                (Some(want), Some(got)) => want.cmp(got),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, _) => std::cmp::Ordering::Greater,
            };
            if order.is_lt() {
                missing.push(want[w]);
            } else if order.is_gt() {
                extra.push(got[g]);
            }
            w += usize::from(order.is_le());
            g += usize::from(order.is_ge());
        }
        for answer in missing {
            let subject_of = subject(self.program, answer);
            let altered = extra.iter().position(|other| subject(self.program, other) == subject_of);
            let name = self.name(answer);
            differences.add(match altered {
                Some(at) => {
                    let other = extra.swap_remove(at);
                    format!("{name}: {} given, {} expected", self.show(other), self.show(answer))
                }
                None => format!("{name}: nothing given, {} expected", self.show(answer)),
            });
        }
        for answer in extra {
            let again = want.binary_search(&answer).is_ok();
            differences.add(format!(
                "{}: {} given {}",
                self.name(answer),
                self.show(answer),
                if again { "once more than expected" } else { "and nothing expected" }
            ));
        }
    }

    /// Window and key of an answer.
    fn name(&self, answer: &A) -> String {
        let mut name = String::new();
        if let Some(Window { start, end }) = answer.window() {
            let _ = write!(
                name,
                "window {} to {}",
                instant(start.as_micros()),
                instant(end.as_micros())
            );
        } else {
            name.push_str("answer");
        }
        let key = self.program.key_label(answer);
        if !key.is_empty() {
            let _ = write!(name, ", key {key}");
        }
        name
    }

    /// The values of an answer.
    fn show(&self, answer: &A) -> String {
        let cells = self.program.cells(answer);
        let named = self.program.columns().into_iter().zip(&cells);
        named.map(|(column, cell)| format!("{column} {cell}")).collect::<Vec<_>>().join(", ")
    }
}

/// A point of event time, in a way that is exact and can be read.
pub fn instant(micros: i64) -> String {
    let time = u64::try_from(micros)
        .ok()
        .filter(|micros| *micros < 250_000_000_000_000_000)
        .map(|micros| std::time::UNIX_EPOCH + std::time::Duration::from_micros(micros));
    match time {
        Some(time) => humantime::format_rfc3339(time).to_string(),
        None => format!("{micros} µs"),
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Whether sum and extremes can be those of a set between two others. Sums are free; extremes
/// lie between those of the smaller set and those of the larger one.
fn within<A: Answer>(got: &A, low: Option<&A>, high: &A) -> bool {
    match (got.extremes(), low.and_then(Answer::extremes), high.extremes()) {
        (Some(got), low, Some(high)) => {
            got.0 >= high.0
                && got.1 <= high.1
                && low.is_none_or(|low| got.0 <= low.0 && got.1 >= low.1)
        }
        (None, None, None) => true,
        _ => false,
    }
}

#[derive(Default)]
struct Differences {
    told: Vec<String>,
    more: u64,
}

impl Differences {
    fn add(&mut self, difference: String) {
        if self.told.len() < DIFFERENCES_TOLD {
            self.told.push(difference);
        } else {
            self.more += 1;
        }
    }

    fn into_lines(self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        self.told.into_iter().chain(more).collect()
    }
}

/// The counts of an engine, in events. An aggregation counts what reaches it; where a plan makes
/// several records of each event, all of them share its fate.
fn event_counts(tally: &Tally, fates: &Fates, differences: &mut Differences) -> WindowCounts {
    let Some(counts) = tally.windows.first().copied() else {
        return WindowCounts { accepted: tally.read - tally.rejected, ..WindowCounts::default() };
    };
    let (records, events) = (counts.accepted + counts.late, fates.accepted + fates.late);
    if records == events || events == 0 {
        return counts;
    }
    let per_event = records / events;
    let parts = [counts.accepted, counts.late, counts.partly_late, counts.missed_windows];
    if per_event == 0 || records % events != 0 || parts.iter().any(|part| part % per_event != 0) {
        differences.add(format!(
            "the engine accounts for {records} records in windows, and {events} events were given"
        ));
        return counts;
    }
    WindowCounts {
        accepted: counts.accepted / per_event,
        late: counts.late / per_event,
        partly_late: counts.partly_late / per_event,
        missed_windows: counts.missed_windows / per_event,
        ..counts
    }
}

/// Holds the engine's account of the events against the reference's.
fn check_counts(events: u64, fates: &Fates, tally: &Tally, differences: &mut Differences) {
    let counts = event_counts(tally, fates, differences);
    for (what, got, want) in [
        ("events read", tally.read, events),
        ("events rejected", tally.rejected, fates.rejected),
        ("events accepted", counts.accepted, fates.accepted),
        ("events too late", counts.late, fates.late),
        ("events too late for some windows", counts.partly_late, fates.partly_late),
        ("pairs of a late event and a window", counts.missed_windows, fates.missed_pairs),
    ] {
        if got != want {
            differences.add(format!("{what}: {got} counted, {want} expected"));
        }
    }
}
