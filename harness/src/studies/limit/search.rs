//! Which level to try next, and what the levels tried so far say.
//!
//! A level is a rate, or the speed of a trace. The search doubles or halves to bracket the limit,
//! bisects the bracket, confirms what it found three times and refutes a tenth more. It is told
//! the outcome of each probe and computes the next from all of them, so it can be picked up again
//! from the list of finished probes. It runs nothing, reads no clock, and says "unknown" where
//! the probes contradict each other or say nothing: a limit is never a guess.

use reports::record::study::{LimitOutcome, ProbeOutcome, ProbePurpose};

/// Where a search starts and how far it goes.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The first level that is tried.
    pub start: f64,
    /// None below this is tried.
    pub least: f64,
    /// None above this is tried.
    pub most: f64,
    /// How far apart, at most, the highest pass and what lies above it may be, as a share: 0.05.
    pub precision: f64,
}

/// A probe to be made.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Step {
    /// What for.
    pub purpose: ProbePurpose,
    /// At which level.
    pub level: f64,
}

/// What to do now.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Next {
    /// This.
    Probe(Step),
    /// Nothing: it is over.
    Done(Answer),
}

/// What came of a search.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Answer {
    /// In a word.
    pub outcome: LimitOutcome,
    /// The highest level that passed and is still believed.
    pub pass: Option<f64>,
    /// The lowest level above it that failed.
    pub fail: Option<f64>,
    /// Why it ended as it did.
    pub why: Why,
}

/// Why a search ended.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Why {
    /// Confirmed, and a tenth more refuted.
    Confirmed,
    /// The load generator cannot offer this level.
    NotOffered(f64),
    /// The user wants no higher level than this.
    Bound(f64),
    /// Not even the least level is sustained.
    NothingSustained(f64),
    /// The last probes, so many in a row, say nothing.
    Silent(usize),
    /// The answer was withdrawn so many times.
    Contradicting(u32),
    /// Whether this level, a tenth above the answer, is sustained could not be seen.
    NotRefuted(f64),
    /// So many probes led nowhere.
    TooMany(usize),
}

/// How many times a level that says nothing is tried.
const TRIES: usize = 2;

/// The same for the level that must be refuted: the answer hangs on it alone.
const TRIES_REFUTING: usize = 3;

/// After how many probes in a row that say nothing the search gives up.
const SILENT_MOST: usize = 6;

/// How many probes confirm an answer, and how many of them must pass.
const CONFIRMING: usize = 3;
const CONFIRMING_LEAST: usize = 2;

/// What must fail, over the answer.
const REFUTED: f64 = 1.1;

/// How often an answer may be withdrawn, because it was not confirmed or not refuted.
const WITHDRAWN_MOST: u32 = 6;

/// More probes than any search needs that gets anywhere.
const PROBES_MOST: usize = 100;

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    bounds: Bounds,
    told: Vec<(Step, ProbeOutcome)>,
    /// Levels that passed and are still believed.
    passes: Vec<f64>,
    /// Levels that did not, and are still believed.
    walls: Vec<(f64, ProbeOutcome)>,
    withdrawn: u32,
    /// Where the probes that concern the answer at hand begin.
    since: usize,
    refuted: bool,
}

/// A finished probe that this search would not have made: it belongs to another one.
#[derive(Copy, Clone, Debug, PartialEq, thiserror::Error)]
#[error("probe {} is not the one that these settings lead to", .0 + 1)]
pub struct NotOurs(pub usize);

impl Search {
    /// Nothing is tried yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            told: Vec::new(),
            passes: Vec::new(),
            walls: Vec::new(),
            withdrawn: 0,
            since: 0,
            refuted: false,
        }
    }

    /// A search that goes on behind these finished probes.
    pub fn resumed(bounds: Bounds, finished: &[(Step, ProbeOutcome)]) -> Result<Self, NotOurs> {
        let mut search = Self::new(bounds);
        for (number, (step, outcome)) in finished.iter().enumerate() {
            let same = |other: Step| {
                // Text may have cost the last digit of a level.
                other.purpose == step.purpose && (other.level / step.level - 1.0).abs() < 1e-9
            };
            match search.next() {
                Next::Probe(next) if same(next) => search.tell(*outcome),
                _ => return Err(NotOurs(number)),
            }
        }
        Ok(search)
    }

    /// Whether no level has passed so far.
    pub fn has_no_pass(&self) -> bool {
        self.passes.is_empty()
    }

    /// How many probes are finished.
    pub fn finished(&self) -> usize {
        self.told.len()
    }

    /// What to do now.
    pub fn next(&self) -> Next {
        if let Some(why) = self.hopeless() {
            return Next::Done(self.answer(LimitOutcome::Unknown, why));
        }
        let probe = |purpose, level| Next::Probe(Step { purpose, level });
        let Bounds { start, least, most, precision } = self.bounds;
        let (pass, wall) = (self.pass(), self.wall());
        match (pass, wall) {
            (None, None) => probe(ProbePurpose::Bracket, start.clamp(least, most)),
            (Some(pass), None) if pass >= most => self.confirm(pass),
            (Some(pass), None) => probe(ProbePurpose::Bracket, rounded(pass * 2.0).min(most)),
            (None, Some((wall, outcome))) if wall <= least => {
                let why = match outcome {
                    ProbeOutcome::NotOffered => Why::NotOffered(wall),
                    ProbeOutcome::Unknown => Why::Silent(self.silent()),
                    ProbeOutcome::Fail | ProbeOutcome::Pass => Why::NothingSustained(wall),
                };
                Next::Done(self.answer(LimitOutcome::Unknown, why))
            }
            (None, Some((wall, _))) => probe(ProbePurpose::Bracket, rounded(wall / 2.0).max(least)),
            (Some(pass), Some((wall, _))) if wall / pass > 1.0 + precision => {
                probe(ProbePurpose::Bisect, rounded((pass * wall).sqrt()))
            }
            (Some(pass), Some(_)) => self.confirm(pass),
        }
    }

    /// Three probes at the answer, then one above it.
    fn confirm(&self, pass: f64) -> Next {
        let confirmed = self.about_answer(ProbePurpose::Confirm).count();
        if confirmed < CONFIRMING {
            return Next::Probe(Step { purpose: ProbePurpose::Confirm, level: pass });
        }
        let above = rounded(pass * REFUTED);
        if self.refuted {
            return Next::Done(self.answer(LimitOutcome::Found, Why::Confirmed));
        }
        if above > self.bounds.most {
            let why = Why::Bound(self.bounds.most);
            return Next::Done(self.answer(LimitOutcome::AtLeast, why));
        }
        // What could not be offered before is not asked for again.
        let unreachable = self.walls.iter().copied().find(|(level, outcome)| {
            *outcome == ProbeOutcome::NotOffered && *level <= above && *level > pass
        });
        if let Some((level, _)) = unreachable {
            return Next::Done(self.answer(LimitOutcome::AtLeast, Why::NotOffered(level)));
        }
        if self.about_answer(ProbePurpose::Refute).count() >= TRIES_REFUTING {
            return Next::Done(self.answer(LimitOutcome::Unknown, Why::NotRefuted(above)));
        }
        Next::Probe(Step { purpose: ProbePurpose::Refute, level: above })
    }

    /// Takes the outcome of the probe that [`Search::next`] asked for.
    pub fn tell(&mut self, outcome: ProbeOutcome) {
        let Next::Probe(step) = self.next() else { return };
        self.told.push((step, outcome));
        match (step.purpose, outcome) {
            (ProbePurpose::Confirm, _) => self.weigh(step.level),
            (ProbePurpose::Refute, ProbeOutcome::Fail) => {
                self.walls.push((step.level, outcome));
                self.refuted = true;
            }
            // The bracket was wrong: what failed below this is not believed any more.
            (ProbePurpose::Refute, ProbeOutcome::Pass) => {
                self.walls.retain(|(level, _)| *level > step.level);
                self.passes.push(step.level);
                self.withdraw();
            }
            (ProbePurpose::Refute, ProbeOutcome::NotOffered) => {
                self.walls.push((step.level, outcome));
            }
            (ProbePurpose::Refute, ProbeOutcome::Unknown) => (),
            (_, ProbeOutcome::Pass) => {
                self.passes.push(step.level);
                self.since = self.told.len();
            }
            (_, ProbeOutcome::Unknown) => {
                let same = |(other, outcome): &&(Step, ProbeOutcome)| {
                    *other == step && *outcome == ProbeOutcome::Unknown
                };
                if self.told.iter().rev().take_while(same).count() >= TRIES {
                    self.walls.push((step.level, outcome));
                    self.since = self.told.len();
                }
            }
            (_, ProbeOutcome::Fail | ProbeOutcome::NotOffered) => {
                self.walls.push((step.level, outcome));
                self.since = self.told.len();
            }
        }
    }

    /// Whether the probes that confirm a level can still confirm it; if not, it did not pass.
    fn weigh(&mut self, level: f64) {
        let outcomes: Vec<_> = self.about_answer(ProbePurpose::Confirm).collect();
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        let missed = outcomes.len() - count(ProbeOutcome::Pass);
        if missed > CONFIRMING - CONFIRMING_LEAST {
            let most_of_them = |outcome| (count(outcome) >= CONFIRMING_LEAST).then_some(outcome);
            let outcome = most_of_them(ProbeOutcome::Fail)
                .or_else(|| most_of_them(ProbeOutcome::NotOffered))
                .unwrap_or(ProbeOutcome::Unknown);
            self.passes.retain(|pass| *pass < level);
            self.walls.push((level, outcome));
            self.withdraw();
        }
    }

    fn withdraw(&mut self) {
        self.withdrawn += 1;
        self.since = self.told.len();
    }

    /// The outcomes of the probes that concern the answer at hand.
    fn about_answer(&self, purpose: ProbePurpose) -> impl Iterator<Item = ProbeOutcome> + '_ {
        let all = self.told[self.since..].iter();
        all.filter(move |(step, _)| step.purpose == purpose).map(|(_, outcome)| *outcome)
    }

    fn hopeless(&self) -> Option<Why> {
        if self.withdrawn > WITHDRAWN_MOST {
            return Some(Why::Contradicting(self.withdrawn));
        }
        if self.silent() >= SILENT_MOST {
            return Some(Why::Silent(self.silent()));
        }
        (self.told.len() >= PROBES_MOST && !self.refuted).then_some(Why::TooMany(PROBES_MOST))
    }

    /// How many of the last probes in a row say nothing.
    fn silent(&self) -> usize {
        let said = |(_, outcome): &&(Step, ProbeOutcome)| *outcome == ProbeOutcome::Unknown;
        self.told.iter().rev().take_while(said).count()
    }

    fn pass(&self) -> Option<f64> {
        self.passes.iter().copied().max_by(f64::total_cmp)
    }

    /// The lowest level above the answer that did not pass.
    fn wall(&self) -> Option<(f64, ProbeOutcome)> {
        let above = self.walls.iter().filter(|(level, _)| self.pass().is_none_or(|p| *level > p));
        above.copied().min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// What is known, if the search ended here.
    pub fn answer(&self, outcome: LimitOutcome, why: Why) -> Answer {
        let fails = self.walls.iter().filter(|(level, outcome)| {
            *outcome == ProbeOutcome::Fail && self.pass().is_none_or(|pass| *level > pass)
        });
        let fail = fails.map(|(level, _)| *level).min_by(f64::total_cmp);
        Answer { outcome, pass: self.pass(), fail, why }
    }
}

/// To four digits, so that a level can be typed again.
fn rounded(level: f64) -> f64 {
    let unit = 10_f64.powf(level.log10().floor() - 3.0);
    // A division by a power of ten is exact where a product with a tenth is not.
    if unit < 1.0 {
        let parts = (1.0 / unit).round();
        (level * parts).round() / parts
    } else {
        (level / unit).round() * unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ProbeOutcome::{Fail, NotOffered, Pass, Unknown};
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { start: 1000.0, least: 1.0, most: 1e9, precision: 0.05 };

    /// Searches to the end; `truth` tells the outcome of the n-th probe.
    fn searched(
        bounds: Bounds,
        mut truth: impl FnMut(usize, Step) -> ProbeOutcome,
    ) -> (Answer, Vec<(Step, ProbeOutcome)>) {
        let mut search = Search::new(bounds);
        loop {
            match search.next() {
                Next::Done(answer) => return (answer, search.told),
                Next::Probe(step) => {
                    assert!((bounds.least..=bounds.most).contains(&step.level), "{step:?}");
                    assert!(search.told.len() <= PROBES_MOST);
                    let outcome = truth(search.told.len(), step);
                    search.tell(outcome);
                }
            }
        }
    }

    /// An engine that sustains exactly this much.
    fn sharp(limit: f64) -> impl FnMut(usize, Step) -> ProbeOutcome {
        move |_, step| if step.level <= limit { Pass } else { Fail }
    }

    #[track_caller]
    fn finds(bounds: Bounds, limit: f64) {
        let (answer, told) = searched(bounds, sharp(limit));
        assert_eq!(answer.outcome, LimitOutcome::Found, "{answer:?}");
        let (pass, fail) = (answer.pass.unwrap(), answer.fail.unwrap());
        assert!(pass <= limit && limit < fail, "{answer:?}");
        assert!(fail / pass <= 1.0 + bounds.precision, "{answer:?}");
        let made = |purpose| told.iter().filter(|(step, _)| step.purpose == purpose).count();
        assert_eq!((made(ProbePurpose::Confirm), made(ProbePurpose::Refute)), (3, 1));
    }

    #[test]
    fn a_sharp_limit_is_found_from_below_and_from_above() {
        for limit in [1.0, 3.7, 999.0, 1000.0, 1001.0, 123_456.0, 8.4e6, 7.7e8] {
            finds(BOUNDS, limit);
            finds(Bounds { precision: 0.02, ..BOUNDS }, limit);
        }
    }

    proptest! {
        #[test]
        fn any_sharp_limit_is_found(limit in 1.0_f64..8e8, start in 1.0_f64..1e9) {
            finds(Bounds { start, ..BOUNDS }, limit);
        }

        /// Whatever the engine does, the search ends, and what it says it found was confirmed
        /// and refuted.
        #[test]
        fn it_always_ends(outcomes in prop::collection::vec(0_u8..8, 1..60), most in 1.0_f64..1e7) {
            let outcome = |n: usize, _: Step| match outcomes[n % outcomes.len()] {
                0..=2 => Pass,
                3..=5 => Fail,
                6 => Unknown,
                _ => NotOffered,
            };
            let (answer, told) = searched(Bounds { most, ..BOUNDS }, outcome);
            if answer.outcome == LimitOutcome::Found {
                let last = told.len() - 1;
                prop_assert_eq!((told[last].0.purpose, told[last].1), (ProbePurpose::Refute, Fail));
                let passed = told.iter().filter(|(step, outcome)| {
                    step.purpose == ProbePurpose::Confirm
                        && Some(step.level) == answer.pass
                        && *outcome == Pass
                });
                prop_assert!(passed.count() >= CONFIRMING_LEAST, "{:?}", told);
            }
        }

        /// Picked up after any number of probes, it goes on as if it had never stopped.
        #[test]
        fn it_can_be_picked_up_anywhere(limit in 1.0_f64..1e6, cut in 0_usize..20, lies in 0_usize..20) {
            let lying = |n: usize, step: Step| match (n == lies, step.level <= limit) {
                (false, true) | (true, false) => Pass,
                _ => Fail,
            };
            let (answer, told) = searched(BOUNDS, lying);
            let cut = cut.min(told.len());
            let resumed = Search::resumed(BOUNDS, &told[..cut]).unwrap();
            match resumed.next() {
                Next::Probe(step) => prop_assert_eq!(step, told[cut].0),
                Next::Done(again) => prop_assert_eq!(again, answer),
            }
        }
    }

    #[test]
    fn probes_of_another_search_are_refused() {
        let (_, told) = searched(BOUNDS, sharp(5000.0));
        let other = Bounds { start: 1500.0, ..BOUNDS };
        assert_eq!(Search::resumed(other, &told).unwrap_err(), NotOurs(0));
        let finer = Bounds { precision: 0.02, ..BOUNDS };
        assert!(Search::resumed(finer, &told).is_err());
        let mut altered = told.clone();
        altered[1].1 = Fail;
        assert_eq!(Search::resumed(BOUNDS, &altered).unwrap_err(), NotOurs(2));
    }

    #[test]
    fn one_unlucky_probe_does_not_move_the_answer() {
        let clean = searched(BOUNDS, sharp(5000.0));
        for lie in 0..clean.1.len() {
            let (answer, _) =
                searched(BOUNDS, |n, step| if n == lie { Fail } else { sharp(5000.0)(n, step) });
            assert_eq!(answer.outcome, LimitOutcome::Found, "lie {lie}: {answer:?}");
            let pass = answer.pass.unwrap();
            assert!((5000.0 / 1.1..=5000.0).contains(&pass), "lie {lie}: {answer:?}");
        }
    }

    #[test]
    fn one_lucky_probe_does_not_move_the_answer() {
        let clean = searched(BOUNDS, sharp(5000.0));
        for lie in 0..clean.1.len() {
            let (answer, _) =
                searched(BOUNDS, |n, step| if n == lie { Pass } else { sharp(5000.0)(n, step) });
            assert_eq!(answer.outcome, LimitOutcome::Found, "lie {lie}: {answer:?}");
            let pass = answer.pass.unwrap();
            assert!((5000.0 / 1.05..=5000.0).contains(&pass), "lie {lie}: {answer:?}");
        }
    }

    #[test]
    fn what_cannot_be_offered_makes_it_at_least() {
        let wall = |_: usize, step: Step| if step.level < 70_000.0 { Pass } else { NotOffered };
        let (answer, _) = searched(BOUNDS, wall);
        assert_eq!((answer.outcome, answer.fail), (LimitOutcome::AtLeast, None));
        assert!((70_000.0 / 1.05..70_000.0).contains(&answer.pass.unwrap()), "{answer:?}");
        assert!(matches!(answer.why, Why::NotOffered(_)));
        // Beyond the limit, but too near to it to refute a tenth more.
        let limit = |_: usize, step: Step| match step.level {
            level if level <= 66_000.0 => Pass,
            level if level < 68_000.0 => Fail,
            _ => NotOffered,
        };
        assert_eq!(searched(BOUNDS, limit).0.outcome, LimitOutcome::AtLeast);
        let never = searched(BOUNDS, |_, _| NotOffered).0;
        assert_eq!((never.outcome, never.why), (LimitOutcome::Unknown, Why::NotOffered(1.0)));
    }

    #[test]
    fn a_bound_of_the_user_is_not_crossed() {
        let (answer, told) = searched(Bounds { most: 3000.0, ..BOUNDS }, sharp(1e6));
        assert_eq!((answer.outcome, answer.pass), (LimitOutcome::AtLeast, Some(3000.0)));
        assert_eq!(answer.why, Why::Bound(3000.0));
        assert_eq!(told.len(), 6, "1000, 2000, 3000, and three that confirm");
    }

    #[test]
    fn an_engine_that_sustains_nothing_has_no_limit() {
        let (answer, told) = searched(BOUNDS, |_, _| Fail);
        assert_eq!(answer.outcome, LimitOutcome::Unknown);
        assert_eq!((answer.pass, answer.fail), (None, Some(1.0)));
        assert_eq!(answer.why, Why::NothingSustained(1.0));
        assert_eq!(told.len(), 11, "1000 halved down to 1");
    }

    #[test]
    fn probes_that_say_nothing_end_the_search() {
        let (answer, told) = searched(BOUNDS, |_, _| Unknown);
        assert_eq!((answer.outcome, answer.why), (LimitOutcome::Unknown, Why::Silent(6)));
        assert_eq!(told.len(), 6);
    }

    #[test]
    fn a_level_in_doubt_is_no_pass_and_no_fail() {
        let doubtful = |_: usize, step: Step| match step.level {
            level if level <= 5000.0 => Pass,
            level if level <= 5300.0 => Unknown,
            _ => Fail,
        };
        let (answer, _) = searched(BOUNDS, doubtful);
        assert_eq!(answer.outcome, LimitOutcome::Found);
        assert!((5000.0 / 1.05..=5000.0).contains(&answer.pass.unwrap()), "{answer:?}");
        assert!((5300.0..5000.0 * 1.1).contains(&answer.fail.unwrap()), "{answer:?}");
        // Where the doubt reaches further than a tenth, nothing is refuted.
        let foggy = |_: usize, step: Step| match step.level {
            level if level <= 5000.0 => Pass,
            level if level <= 6000.0 => Unknown,
            _ => Fail,
        };
        let (answer, _) = searched(BOUNDS, foggy);
        assert_eq!(answer.outcome, LimitOutcome::Unknown);
        assert!(matches!(answer.why, Why::NotRefuted(_)), "{answer:?}");
    }

    #[test]
    fn an_engine_that_contradicts_itself_has_no_limit() {
        // It passes whenever it is asked for the first time, and never when asked again.
        let mut seen: Vec<u64> = Vec::new();
        let (answer, _) = searched(BOUNDS, |_, step| {
            let known = seen.contains(&step.level.to_bits());
            seen.push(step.level.to_bits());
            if known || step.level > 1e6 { Fail } else { Pass }
        });
        assert_eq!(answer.outcome, LimitOutcome::Unknown);
        assert!(matches!(answer.why, Why::Contradicting(_)), "{answer:?}");
    }

    #[test]
    fn levels_can_be_typed_again() {
        assert_eq!(rounded(8_485_281.374).to_string(), "8485000");
        assert_eq!(rounded(1.732_050_8).to_string(), "1.732");
        assert_eq!(rounded(0.012_345_678).to_string(), "0.01235");
        assert_eq!(rounded(1_100.000_000_2).to_string(), "1100");
    }
}
