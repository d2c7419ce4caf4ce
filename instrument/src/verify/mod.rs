//! The answers of a run, against the reference, from the same seed.
//!
//! Every answer is checked, warm-up and end included, after the run and outside of its time. The
//! check is exact: the digest of each bucket of answers must be the expected one, and the
//! engine's own account of late events must be the reference's. Only where several partitions
//! make it a race which events are late does it fall back to bounds, and says so. It never
//! forgives: one answer lost, doubled, altered or invented is a difference. Of an engine that loses
//! events by its own design, what is lost is no difference, but counted: a result like any other.

mod cuts;
mod over_cuts;
mod lateness;
mod expected;
mod bounds;

pub use cuts::Cuts;
pub use expected::{Distance, Expected};
pub use lateness::{Fates, Rule, arrived_late, fates};
pub use over_cuts::{OverCuts, Scale};

use crate::load::input::Input;
use crate::load::survey::Survey;
use crate::measure::digest::{Bucket, BucketKey, Digest, bucket_of};
use crate::measure::recorder::Kept;
use engines::{Data, EngineError, Stamped, Tally, Window, WindowCounts};
use programs::Program;
use reports::record::Lost;
use scenarios::{Answer, settled};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::Hash;
use std::rc::Rc;

/// What an engine counts of the events that it found late. What it does not count is not told: it
/// is neither zero nor held against anything.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Those too late for all of their windows, for some of them, and for how many.
    #[default]
    All,
    /// Those too late for all of their windows.
    Late,
    /// None.
    Nothing,
}

/// How an engine's answers are to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule by which it finds events late.
    pub rule: Rule,
    /// Whether a race between partitions may make events late, so that only bounds are known.
    pub bounds_only: bool,
    /// What it counts of late events.
    pub told: Told,
    /// How often it says that it emitted an event again, which may count twice then.
    pub repeated: u64,
    /// Whether an answer may be given again, the fullest one counting.
    pub refined: bool,
}

impl Judgement {
    /// Whether the answers themselves have to be there, and not their digest alone.
    pub fn needs_answers(&self, survey: &Survey) -> bool {
        let is_race = self.bounds_only && survey.late_possible > 0;
        self.refined || self.rule == Rule::AtMost || is_race
    }

    /// Whether it is known of each event alone if it was late, by what was found.
    pub const fn tells_each_late(&self, finding: &Finding) -> bool {
        !finding.bounds_only && self.rule.reading().late_by.is_none()
    }
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
    /// Whether it is known how many of the accepted events were too late for some of their windows.
    pub knows_partly_late: bool,
    /// Events that were accepted only because marks are learnt at the end of a batch.
    pub accepted_late_extra: u64,
    /// Pairs of event and window that count where event time says, over all such pairs.
    pub completeness: Option<f64>,
    /// How far the answers are from what event time says.
    pub distance: Option<Distance>,
    /// Whether only bounds were checked.
    pub bounds_only: bool,
    /// What an engine lost without a word, where its rule leaves that open.
    pub lost: Option<Lost>,
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
    pub fn expected(&mut self, rule: &Rule) -> Result<Rc<Expected<A>>, EngineError> {
        let rule = rule.simplified(&self.input.survey);
        if let Some((_, expected)) = self.expected.iter().find(|(known, _)| *known == rule) {
            return Ok(Rc::clone(expected));
        }
        let expected = Rc::new(expected::expect(self.program, self.input, &rule)?);
        self.expected.push((rule, Rc::clone(&expected)));
        Ok(expected)
    }

    /// Checks one run. An error means that the reference itself has no answer, such as a sum
    /// past 64 bits.
    pub fn check(
        &mut self,
        judgement: &Judgement,
        kept: &Kept<A>,
        tally: &Tally,
    ) -> Result<Finding, EngineError> {
        if judgement.rule == Rule::AtMost {
            return self.check_at_most(kept, tally, judgement);
        }
        if judgement.bounds_only && self.input.survey.late_possible > 0 {
            return self.check_bounds(kept, tally, judgement);
        }
        let expected = self.expected(&judgement.rule)?;
        let mut differences = Differences::default();
        let events = self.input.survey.events;
        let given = events - expected.fates.rejected;
        let wrong = match &judgement.rule {
            Rule::Cuts(cuts) => cuts.wrong(given, self.input),
            Rule::OverCuts(over) => over.wrong(given),
            _ => Vec::new(),
        };
        for wrong in wrong {
            differences.add(wrong);
        }
        check_counts(events, &expected.fates, (tally, judgement.told), &mut differences);
        let refined =
            judgement.refined.then(|| self.standing(&kept.answers, true, &mut differences));
        let (given, rest) = match &refined {
            Some(standing) => (standing.as_slice(), None),
            None => (kept.answers.as_slice(), Some(&kept.digest)),
        };
        let mut buckets = {
            let mut digest = Digest::of(self.input.survey.bucket_log2());
            if let Some(rest) = rest {
                digest.merge(rest.clone());
            }
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
        let trigger = self.program.trigger();
        let accepted_late_extra = match judgement.rule {
            Rule::Batches { .. } if self.input.survey.late_possible > 0 => {
                let at_once = lateness::fates(self.input, &Rule::Marks, trigger);
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
                "answers differ from the reference: {}{}",
                differences.told.first().map_or("", String::as_str),
                again(judgement.repeated)
            )
        };
        Ok(Finding {
            is_right: differences.told.is_empty(),
            text,
            answers_checked,
            fates,
            // The reference knows, and the answers are its own.
            knows_partly_late: true,
            accepted_late_extra,
            completeness: trigger.waits().then(|| share(fates.right_pairs, fates.meant_pairs)),
            distance: expected.distance,
            bounds_only: false,
            lost: None,
            differences: differences.into_lines(),
        })
    }

    /// Of several answers about one subject, those that stand in the end. Where answers are not
    /// `refined`, a second one is a difference, whatever it says.
    fn standing(
        &self,
        answers: &[Stamped<A>],
        refined: bool,
        differences: &mut Differences,
    ) -> Vec<Stamped<A>> {
        settled(answers.iter().cloned(), |fullness, known, given| {
            let name = || self.name(given);
            if !refined {
                let (known, given) = (self.show(known), self.show(given));
                differences.add(format!("{}: given twice, {known} and {given}", name()));
            } else if fullness == Ordering::Equal {
                let given = self.show(given);
                differences.add(format!("{}: given twice with the same count, {given}", name()));
            }
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
                let key = bucket_of(answer, self.input.survey.bucket_log2());
                if listed.contains(&key) {
                    by_bucket.entry(key).or_default().push(&answer.value);
                }
            }
        }
        for (key, want_bucket, got_bucket) in wrong {
            let mut want = want.remove(key).unwrap_or_default();
            let mut got = got.remove(key).unwrap_or_default();
            let place = self.place(*key, want.first().or(got.first()).copied());
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
    /// same subject is an altered one.
    fn tell_bucket(&self, want: &[&A], got: &[&A], differences: &mut Differences) {
        let (mut missing, mut extra) = (Vec::new(), Vec::new());
        let (mut w, mut g) = (0, 0);
        while w < want.len() || g < got.len() {
            let order = match (want.get(w), got.get(g)) {
                (Some(want), Some(got)) => want.cmp(got),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
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
            let subject = answer.subject();
            let altered = extra.iter().position(|other| other.subject() == subject);
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

    /// What a bucket is called, some answer of which may be at hand.
    fn place(&self, key: BucketKey, some: Option<&A>) -> String {
        let waits = |answer: &A| answer.complete_at().is_some();
        if !some.map_or_else(|| self.program.trigger().waits(), waits) {
            format!("events due in second {key}")
        } else if self.input.survey.bucket_log2() > 0 {
            let log2 = self.input.survey.bucket_log2();
            let [first, last] = [key << log2, ((key + 1) << log2) - 1].map(instant);
            format!("answers complete from {first} to {last}")
        } else if some.is_none_or(|answer| answer.window().is_some()) {
            format!("windows that end at {}", instant(key))
        } else {
            format!("answers complete at {}", instant(key))
        }
    }

    /// What an answer is called: its window, if it has one, and its key.
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

/// What is said of wrong answers where events were emitted again.
fn again(repeated: u64) -> String {
    if repeated == 0 {
        return String::new();
    }
    let events = reports::quantity::counted(repeated, "event");
    format!("; it emitted {events} again, taken for lost, and what comes twice counts twice")
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
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

/// Holds the engine's account of the events against the reference's, as far as it tells one.
fn check_counts(
    events: u64,
    fates: &Fates,
    (tally, told): (&Tally, Told),
    differences: &mut Differences,
) {
    let counts = event_counts(tally, fates, differences);
    let all = [
        ("events read", tally.read, events),
        ("events rejected", tally.rejected, fates.rejected),
        ("events accepted", counts.accepted, fates.accepted),
        ("events too late", counts.late, fates.late),
        ("events too late for some windows", counts.partly_late, fates.partly_late),
        ("pairs of a late event and a window", counts.missed_windows, fates.missed_pairs),
    ];
    let known = match told {
        Told::All => &all[..],
        Told::Late => &all[..4],
        Told::Nothing => &all[..2],
    };
    for (what, got, want) in known {
        if got != want {
            differences.add(format!("{what}: {got} counted, {want} expected"));
        }
    }
}
