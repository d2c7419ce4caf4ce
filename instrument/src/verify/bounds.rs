//! Answers that are held between bounds, where nothing that is known beforehand decides what counts.
//!
//! Either several partitions make it a race which events are late: each answer must hold what must
//! count, and nothing that may not. Or the engine loses events by its own design: then nothing has to
//! count, and what is missing is counted and told.

use super::expected::{Distance, Ledger};
use super::{
    Checker, Differences, Fates, Finding, Judgement, Rule, Told, again, event_counts, share,
};
use crate::measure::recorder::Kept;
use engines::{Data, EngineError, Stamped, Tally};
use reports::quantity;
use reports::record::Lost;
use scenarios::{Answer, Subject};
use std::collections::BTreeMap;
use std::hash::Hash;

impl<E: Data + Hash, A: Answer> Checker<'_, E, A> {
    /// Several partitions and late events: each answer must hold what must count, and nothing
    /// that may not.
    pub(super) fn check_bounds(
        &mut self,
        kept: &Kept<A>,
        tally: &Tally,
        judgement: &Judgement,
    ) -> Result<Finding, EngineError> {
        self.is_monotone("use one partition, or a watermark bound that makes no event late")?;
        let (least, most) = (self.expected(&Rule::OwnMarks)?, self.expected(&Rule::Truth)?);
        let mut differences = Differences::default();
        let given = self.standing(&kept.answers, judgement.refined, &mut differences);
        let (Some(least_answers), Some(most_answers)) = (&least.answers, &most.answers) else {
            return Err(too_many(most.answers_count, "use one partition, or a shorter run"));
        };
        self.tell_outside(&given, least_answers, most_answers, &mut differences);
        // How many were late is a race, so the engine's own count of them only has to lie between
        // the bounds. What it read and refused is none.
        self.check_read(tally, &most.fates, &mut differences);
        let counts = event_counts(tally, &most.fates, &mut differences);
        let distance = distance(&given, most_answers);
        let missed_windows = match judgement.told {
            Told::All => counts.missed_windows,
            // What the answers lack is what was missed.
            Told::Late | Told::Nothing => distance.off / records_per_pair(distance, &most.fates),
        };
        if counts.late > least.fates.late || missed_windows > least.fates.missed_pairs {
            differences.add(format!(
                "{} events were counted as late, {} may be",
                counts.late, least.fates.late
            ));
        }
        let fates = Fates {
            accepted: counts.accepted,
            partly_late: counts.partly_late,
            late: counts.late,
            rejected: tally.rejected,
            pairs: most.fates.pairs,
            missed_pairs: missed_windows,
            meant_pairs: most.fates.pairs,
            right_pairs: most.fates.pairs.saturating_sub(missed_windows),
        };
        let text = outside(&differences, judgement).unwrap_or_else(|| {
            format!(
                "{} answers lie between what must count and what may: {} events are late by a \
                 race between partitions",
                quantity::count(given.len() as u64),
                quantity::count(least.fates.late),
            )
        });
        Ok(Finding {
            is_right: differences.told.is_empty(),
            text,
            answers_checked: given.len() as u64,
            fates,
            knows_partly_late: judgement.told == Told::All,
            accepted_late_extra: 0,
            completeness: Some(share(fates.right_pairs, fates.pairs)),
            distance: Some(distance),
            bounds_only: true,
            lost: None,
            differences: differences.into_lines(),
        })
    }

    /// An engine that may lose what it likes: no answer may hold more than event time says, or be
    /// about what nobody asked, or be given twice; and what is missing beyond what the engine says
    /// was late is lost.
    pub(super) fn check_at_most(
        &mut self,
        kept: &Kept<A>,
        tally: &Tally,
        judgement: &Judgement,
    ) -> Result<Finding, EngineError> {
        self.is_monotone("ask for other aggregates")?;
        let most = self.expected(&Rule::Truth)?;
        let mut differences = Differences::default();
        let given = self.standing(&kept.answers, judgement.refined, &mut differences);
        let Some(most_answers) = &most.answers else {
            return Err(too_many(most.answers_count, "make the run shorter"));
        };
        self.tell_outside(&given, &[], most_answers, &mut differences);
        self.check_read(tally, &most.fates, &mut differences);
        let distance = distance(&given, most_answers);
        let records_per_pair = records_per_pair(distance, &most.fates);
        // It counts records, and what is late for it is so for all of its windows.
        let late_records = tally.windows.first().map_or(0, |counts| counts.late);
        let pairs_of = |records: u64| {
            let pairs = u128::from(records) * u128::from(most.fates.pairs);
            u64::try_from(pairs / u128::from(most.fates.accepted.max(1))).unwrap_or(u64::MAX)
        };
        let told_late = pairs_of(late_records);
        // What is emitted again may count the first time, and be late the second.
        if told_late > distance.off && judgement.repeated == 0 {
            differences.add(format!(
                "{} were counted as late, and the answers lack less than that: {} of {} windows",
                quantity::counted(late_records, "record"),
                quantity::count(distance.off),
                quantity::count(distance.truth),
            ));
        }
        let late = late_records.div_ceil(records_per_pair).min(most.fates.accepted);
        let missed = distance.off.div_ceil(records_per_pair).min(most.fates.pairs);
        let memberships = distance.off.saturating_sub(told_late).div_ceil(records_per_pair);
        let lost = Lost {
            memberships,
            of: most.fates.pairs,
            events: memberships.div_ceil(pairs_of(1).max(1)),
        };
        let fates = Fates {
            accepted: most.fates.accepted - late,
            late,
            missed_pairs: missed,
            right_pairs: most.fates.pairs - missed,
            ..most.fates
        };
        let answers = quantity::counted(given.len() as u64, "answer");
        let text = outside(&differences, judgement).unwrap_or_else(|| {
            if distance.off == 0 {
                return format!("{answers} equal the reference: nothing was lost");
            }
            format!(
                "{answers} hold nothing that may not count, and lack {} of {} pairs of an event and \
                 a window: {} by its own account, and {} without a word ({})",
                quantity::count(missed),
                quantity::count(lost.of),
                quantity::counted(late, "event") + if late == 1 { " is late" } else { " are late" },
                quantity::count(lost.memberships) + if lost.memberships == 1 { " pair is lost" } else { " pairs are lost" },
                quantity::fraction(lost.share()),
            )
        });
        Ok(Finding {
            is_right: differences.told.is_empty(),
            text,
            answers_checked: given.len() as u64,
            fates,
            // Whether what is missing is missing from all of its windows is not known.
            knows_partly_late: false,
            accepted_late_extra: 0,
            completeness: Some(share(fates.right_pairs, fates.pairs)),
            distance: Some(distance),
            bounds_only: distance.off > 0,
            lost: Some(lost),
            differences: differences.into_lines(),
        })
    }

    fn is_monotone(&self, way_out: &str) -> Result<(), EngineError> {
        if self.program.is_monotone() {
            return Ok(());
        }
        Err(EngineError::Unsupported(format!(
            "answers that a later event can undo cannot be checked between bounds: {way_out}"
        )))
    }

    /// What it read and refused is no race.
    fn check_read(&self, tally: &Tally, fates: &Fates, differences: &mut Differences) {
        for (what, got, want) in [
            ("events read", tally.read, self.input.survey.events),
            ("events rejected", tally.rejected, fates.rejected),
        ] {
            if got != want {
                differences.add(format!("{what}: {got} counted, {want} expected"));
            }
        }
    }

    /// Says which answers are not between those that must be and those that may be, each of them
    /// held against the ones that it does not stand beside.
    fn tell_outside(
        &self,
        given: &[Stamped<A>],
        least: &[Stamped<A>],
        most: &[Stamped<A>],
        differences: &mut Differences,
    ) {
        let [given, least, most] = [given, least, most].map(by_subject);
        for got in given.values().flatten() {
            let (lows, highs) = (about(&least, got), about(&most, got));
            let is_right = highs.first().is_some_and(|high| match lows.as_slice() {
                [] => got.lies_between(None, high),
                lows => lows.iter().all(|low| got.lies_between(Some(low), high)),
            });
            if !is_right {
                let show = |answer: Option<&A>| {
                    answer.map_or_else(|| "nothing".to_owned(), |answer| self.show(answer))
                };
                differences.add(format!(
                    "{}: {} is not between {} and {}",
                    self.name(got),
                    self.show(got),
                    show(lows.first().copied()),
                    show(highs.first().copied())
                ));
            }
        }
        for low in least.values().flatten().filter(|low| about(&given, low).is_empty()) {
            differences.add(format!("{}: missing, at least {}", self.name(low), self.show(low)));
        }
    }
}

fn too_many(answers: u64, way_out: &str) -> EngineError {
    EngineError::Unsupported(format!(
        "{answers} answers are too many to be checked between bounds: {way_out}"
    ))
}

/// What is said where answers are outside of the bounds.
fn outside(differences: &Differences, judgement: &Judgement) -> Option<String> {
    let first = differences.told.first()?;
    let again = again(judgement.repeated);
    Some(format!("answers are outside of what the reference allows: {first}{again}"))
}

/// How far answers are from the most that may count.
fn distance<A: Answer>(given: &[Stamped<A>], most: &[Stamped<A>]) -> Distance {
    let mut ledger = Ledger::default();
    for answer in given {
        ledger.give(answer.value.subject(), answer.value.count());
    }
    for answer in most {
        ledger.hold(answer.value.subject(), answer.value.count());
    }
    ledger.distance()
}

/// How many records there are of each pair of an event and a window, all of which share its fate.
fn records_per_pair(distance: Distance, truth: &Fates) -> u64 {
    (distance.truth / truth.pairs.max(1)).max(1)
}

/// The answers that take the place of `one`, or leave it theirs.
fn about<'a, A: Answer>(answers: &BTreeMap<Subject, Vec<&'a A>>, one: &A) -> Vec<&'a A> {
    let about = answers.get(&one.subject()).into_iter().flatten();
    about.copied().filter(|other| one.fullness(other).is_some()).collect()
}

/// Answers by what they are about.
fn by_subject<A: Answer>(answers: &[Stamped<A>]) -> BTreeMap<Subject, Vec<&A>> {
    let mut by_subject: BTreeMap<Subject, Vec<&A>> = BTreeMap::new();
    for answer in answers {
        by_subject.entry(answer.value.subject()).or_default().push(&answer.value);
    }
    by_subject
}
