//! The answer in at most four sentences: what to take; why; what it costs against the next best; what
//! would change it. Each has the runs that it rests on.

use super::Sentence;
use super::cost::{Against, Lead};
use super::decision::{Confidence, Place};
use super::entry::Row;
use super::evidence::Evidence;
use super::holding::{Demand, Held, Met};
use super::needed::Scaling;
use super::sensitivity::Sensitivity;
use crate::judge::capacity::error;
use crate::quantity::{self, significant};
use crate::record::advice::{FactorKind, Purpose};
use crate::words::{capitalised, listed, plural};
use statistics::Better;
use statistics::comparison::FEWEST_RUNS;

/// Who answers sooner, or takes less of something, by less than this factor is not named for it.
const WORTH_NAMING: f64 = 1.25;

/// No more of several are named in a sentence.
const NAMED_MOST: usize = 3;

/// What was decided, to be put into words.
pub(super) struct Told<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) demands: &'a [Demand],
    pub(super) rows: &'a [Row],
    pub(super) winner: Option<usize>,
    pub(super) sensitivity: Option<&'a Sensitivity>,
    /// Whether engines were compared by the cores that they keep busy.
    pub(super) is_by_busy: bool,
}

impl Told<'_> {
    /// The sentences of an answer that is so sure.
    pub(super) fn sentences(&self, confidence: Confidence) -> Vec<Sentence> {
        let sure = capitalised(confidence.words());
        match (self.winner.map(|winner| &self.rows[winner]), confidence) {
            (Some(winner), _) => self.advised(winner, &sure),
            (None, Confidence::TossUp) => self.toss_up(&sure),
            (None, Confidence::Certain | Confidence::Likely | Confidence::AtTheEdge) => {
                self.nobody(&sure)
            }
            (None, Confidence::NotEnoughData) => self.open(&sure),
        }
    }

    fn advised(&self, winner: &Row, sure: &str) -> Vec<Sentence> {
        vec![
            self.by_all(format!("{sure}: take {} for {}.", winner.called(), self.question())),
            self.by_limit(self.why(winner)),
            self.by_costs(self.costs(winner)),
            self.by_change(self.changes(winner)),
        ]
    }

    fn toss_up(&self, sure: &str) -> Vec<Sentence> {
        let tied: Vec<&Row> = self.rows.iter().filter(|row| row.place == Place::AsGood).collect();
        let called: Vec<String> = tied.iter().map(|row| row.called()).collect();
        let called = called.join(" or ");
        let each: Vec<String> =
            tied.iter().map(|row| format!("{} {}", row.name, held(row))).collect();
        let why = format!("{}{}.", capitalised(&each.join("; ")), self.missing());
        let first = tied.first().map_or_else(String::new, |row| cost_of(row));
        let others = tied.iter().skip(1).filter_map(|row| {
            Some(format!("{} {}", row.name, self.against(row.against.as_ref()?)))
        });
        let others: Vec<String> = others.collect();
        let costs = format!("{first}; {}: too close to choose by.", others.join("; "));
        vec![
            self.by_all(format!("{sure}: {called} for {}.", self.question())),
            self.by_limit(why),
            self.by_costs(capitalised(&costs)),
            self.by_change(self.tie_breakers(&tied)),
        ]
    }

    fn nobody(&self, sure: &str) -> Vec<Sentence> {
        let taking_part = || self.rows.iter().filter(|row| row.place != Place::Beside);
        let question = self.question();
        let mut sentences =
            vec![self.by_compared(format!(
                "{sure}: no engine here holds what is demanded of {question}."
            ))];
        let nearest = taking_part().find_map(|row| Some((row, nearest(row)?)));
        sentences.extend(nearest.as_ref().map(|(row, by)| {
            self.by_compared(format!("The nearest miss is that of {}: {by}.", row.called()))
        }));
        let is_other = |row: &&Row| nearest.as_ref().is_none_or(|(it, _)| it.label != row.label);
        let why = taking_part().filter(is_other);
        let is_beside = |row: &&Row| row.place == Place::Beside && row.holding.met == Met::Surely;
        let beside = self.rows.iter().find(is_beside).map(|row| {
            format!(
                "{}, a part of this program, holds it, so that it is not the way to process that is \
                 too slow",
                row.name
            )
        });
        let why = why.filter_map(because).take(NAMED_MOST).chain(beside);
        let why: Vec<String> = why.collect();
        if !why.is_empty() {
            sentences.push(self.by_compared(capitalised(&format!("{}.", why.join("; ")))));
        }
        let mut changes: Vec<String> = Vec::new();
        if let Some((row, _)) = nearest {
            let allowed = row.holding.held.iter().filter(|held| held.met != Met::Surely);
            let allowed = allowed.filter_map(|it| Some(it.demand.metric.demanded(it.worst()?)));
            let allowed: Vec<String> = allowed.collect();
            let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
            changes.push(format!("{}, which {} held", listed(&allowed), row.name));
        }
        // A search looks at the demand on the tail alone.
        let is_all = self.demands.len() == 1;
        let slower =
            |row: &&Row| row.headroom.is_some_and(|it| is_all && it.is_on_demand && it.pass < 1.0);
        let slower = taking_part().find(slower).and_then(|row| Some((row, row.headroom?)));
        if let Some((row, room)) = slower {
            let rate = quantity::rate(room.pass * self.evidence.record.rate_per_s);
            changes.push(format!("{rate}, at which {} holds it", row.name));
        }
        if !changes.is_empty() {
            let changes = format!("What would change it: {}.", changes.join("; "));
            sentences.push(self.by_limit(changes));
        }
        sentences
    }

    fn open(&self, sure: &str) -> Vec<Sentence> {
        let mut sentences =
            vec![self.by_all(format!("{sure} to choose an engine for {}.", self.question()))];
        let taking_part = || self.rows.iter().filter(|row| row.place != Place::Beside);
        let fit: Vec<&Row> = taking_part().filter(|row| row.is_fit()).collect();
        let each = |row: &&Row| match because(row) {
            Some(why) => why,
            None => format!("{} {}", row.name, held(row)),
        };
        let why: Vec<String> = taking_part().take(NAMED_MOST + 1).map(|row| each(&row)).collect();
        if why.is_empty() {
            sentences.push(self.by_all("Nothing was measured of any engine.".to_owned()));
        } else {
            sentences.push(self.by_limit(capitalised(&format!("{}.", why.join("; ")))));
        }
        if let [first, others @ ..] = &fit[..]
            && !others.is_empty()
        {
            let costs = others.iter().filter_map(|row| {
                Some(format!("{} {}", row.name, self.against(row.against.as_ref()?)))
            });
            let costs: Vec<String> = std::iter::once(cost_of(first)).chain(costs).collect();
            sentences.push(self.by_costs(capitalised(&format!("{}.", costs.join("; ")))));
        }
        sentences.push(self.by_compared(self.what_it_takes()));
        sentences
    }

    /// What would tell, where the repetitions do not.
    fn what_it_takes(&self) -> String {
        let taking_part = || self.rows.iter().filter(|row| row.place != Place::Beside);
        let fewest = taking_part().map(|row| row.repetitions).min().unwrap_or(0);
        let has_few_answers = taking_part().any(|row| {
            row.holding.held.iter().any(|held| held.figures.is_none() && row.repetitions > 0)
        });
        let mut fit = taking_part().filter(|row| row.is_fit()).peekable();
        let has_costs_missing = fit.peek().is_some() && fit.all(|row| row.not_costed.is_some());
        let what = if has_few_answers {
            "longer repetitions, with answers enough for the quantile that is demanded".to_owned()
        } else if fewest < FEWEST_RUNS {
            format!("{FEWEST_RUNS} repetitions of each, where there were {fewest}")
        } else if has_costs_missing {
            "a run in which processor time is known".to_owned()
        } else if let Some(row) = taking_part().find(|row| {
            row.holding.met == Met::Perhaps
                && row.holding.held.iter().all(|held| held.met == Met::Surely)
        }) {
            return format!("It takes a run in which {} keeps up and is steady.", row.name);
        } else {
            format!("more than {}", plural(fewest, "repetition"))
        };
        format!("It takes {what}: a longer --budget, or fewer engines in it.")
    }

    /// "keyed-window at 50.0 k/s with a p99 of at most 500 ms"
    fn question(&self) -> String {
        let record = &self.evidence.record;
        let demands: Vec<String> = self.demands.iter().map(Demand::words).collect();
        let demands: Vec<&str> = demands.iter().map(String::as_str).collect();
        let with = if demands.is_empty() { "" } else { " with " };
        format!(
            "{} at {}{with}{}",
            record.name,
            quantity::tick(&quantity::rate(record.rate_per_s)),
            listed(&demands)
        )
    }

    /// Why who is advised may be, and others may not.
    fn why(&self, winner: &Row) -> String {
        format!("It {}{}{}.", held(winner), foretold(winner), self.missing())
    }

    /// Who does not hold what is demanded, to stand behind the end of a sentence; or nothing.
    fn missing(&self) -> String {
        let missing = self.rows.iter().filter(|row| row.place == Place::Misses);
        let missing: Vec<String> = missing.filter_map(because).take(NAMED_MOST).collect();
        if missing.is_empty() {
            return String::new();
        }
        format!("; {}", missing.join("; "))
    }

    /// What who is advised costs, and what the next best does.
    fn costs(&self, winner: &Row) -> String {
        let own = cost_of(winner);
        let others = || self.rows.iter().filter(|row| row.is_fit() && row.label != winner.label);
        let next = others().find_map(|row| Some((row, row.against.as_ref()?)));
        let other = match next {
            Some((row, it)) => {
                let money = row.money.as_ref();
                let money =
                    money.map_or_else(String::new, |it| format!(", {} a month", it.show(it.month)));
                format!("{}, the next best, {}{money}", row.name, self.against(it))
            }
            None => match others().next() {
                Some(row) => format!(
                    "{} holds it, too, and {}",
                    row.name,
                    row.not_costed.as_deref().unwrap_or("has no cost beside it")
                ),
                None => "no other engine is sure to hold what is demanded".to_owned(),
            },
        };
        capitalised(&format!("{own}; {other}."))
    }

    /// What would change the answer, as far as it was measured.
    fn changes(&self, winner: &Row) -> String {
        let faster = self.faster(winner);
        let changes: Vec<String> = self
            .varied(faster.is_some())
            .chain(self.stricter(winner))
            .chain(faster)
            .chain(self.rows.iter().filter_map(open_rival))
            .chain(self.sensitivity.into_iter().flat_map(Sensitivity::ties))
            .take(NAMED_MOST)
            .collect();
        let stays = self.sensitivity.and_then(Sensitivity::steadfast);
        match (changes.is_empty(), stays) {
            (true, None) => "Nothing that was measured here would change it.".to_owned(),
            (true, Some(stays)) => {
                format!("Nothing that was measured here would change it: not the {stays}.")
            }
            (false, None) => format!("What would change it: {}.", changes.join("; ")),
            (false, Some(stays)) => {
                format!("What would change it: {}; not the {stays}.", changes.join("; "))
            }
        }
    }

    /// What of the workload would be answered otherwise. A rate that the advised engine does not sustain
    /// is told by the search for its limit, where there was one.
    fn varied(&self, is_limit_told: bool) -> impl Iterator<Item = String> {
        let told = self.sensitivity.into_iter();
        told.flat_map(move |told| {
            let is_told = move |kind: FactorKind| is_limit_told && kind.is_load();
            let swings = told.swings.iter();
            swings.flat_map(move |swing| swing.changes(told, is_told(swing.factor.kind)))
        })
    }

    /// In what those differ between whom costs do not decide.
    fn tie_breakers(&self, tied: &[&Row]) -> String {
        let told = self.sensitivity.into_iter().flat_map(|told| {
            let changes = told.swings.iter().flat_map(move |it| it.changes(told, false));
            told.deciding().into_iter().chain(changes)
        });
        let mut told: Vec<String> = told.take(NAMED_MOST).collect();
        told.splice(0..0, differences(tied));
        if told.is_empty() {
            return "Nothing that was measured decides between them: take what you run already."
                .to_owned();
        }
        format!("What may decide: {}; or what you run already.", told.join("; "))
    }

    /// A demand that another engine holds, and the advised one would not.
    fn stricter(&self, winner: &Row) -> Option<String> {
        winner.holding.held.iter().find_map(|own| {
            let worst = own.worst().filter(|_| own.demand.metric.better == Better::Lower)?;
            let rival = self.rows.iter().filter(|row| row.is_fit()).find(|row| {
                let theirs = row.holding.held.iter().find(|it| is_of_one(it, own));
                theirs.and_then(Held::worst).is_some_and(|it| it * WORTH_NAMING < worst)
            })?;
            let cost = rival.against.as_ref().map_or_else(String::new, |against| {
                format!(", at {} the cost", quantity::ratio(against.comparison.ratio))
            });
            Some(format!(
                "a {} of less than {}, which {} holds{cost}",
                own.demand.name(),
                own.demand.show(worst),
                rival.name
            ))
        })
    }

    /// A rate that the advised engine does not sustain.
    fn faster(&self, winner: &Row) -> Option<String> {
        let room = winner.headroom.filter(|room| room.is_told)?;
        let most = room.fail?;
        let rate_per_s = self.evidence.record.rate_per_s;
        let rate = quantity::rate(most * rate_per_s);
        let others = self.rows.iter().filter(|row| row.is_fit() && row.label != winner.label);
        let sustains = |row: &Row| row.headroom.is_some_and(|other| other.pass > most);
        let mut others = others.filter(|row| sustains(row));
        Some(match others.next() {
            Some(other) => {
                format!("{rate} and more, which it does not sustain and {} does", other.name)
            }
            None => format!(
                "{rate} and more, which it does not sustain, nor any other as far as is known"
            ),
        })
    }

    fn deciding(&self) -> Vec<String> {
        self.evidence.deciding().map(|(run, _)| run.folder.clone()).into_iter().collect()
    }

    fn by_compared(&self, text: String) -> Sentence {
        Sentence { text, runs: self.deciding() }
    }

    fn by_limit(&self, text: String) -> Sentence {
        let used = self.rows.iter().flat_map(|row| self.evidence.limits(&row.label));
        let mut runs = self.deciding();
        for carried in used {
            if !runs.iter().any(|known| known == carried.folder) {
                runs.push(carried.folder.to_owned());
            }
        }
        Sentence { text, runs }
    }

    /// What is said of costs.
    fn by_costs(&self, text: String) -> Sentence {
        if self.rows.iter().any(|row| row.needed.is_some()) {
            self.by_limit(text)
        } else {
            self.by_compared(text)
        }
    }

    /// "costs 1.31 times as much (95 % interval 1.24 to 1.39, 5 pairs)"
    fn against(&self, against: &Against) -> String {
        let comparison = &against.comparison;
        let runs = comparison.runs.0.min(comparison.runs.1);
        let known = match comparison.interval {
            Some((low, high)) => {
                format!("95 % interval {} to {}, n = {runs}", significant(low), significant(high))
            }
            None => format!("{}: no interval", plural(runs, "repetition")),
        };
        let by = if self.is_by_busy { " by the cores kept busy" } else { "" };
        format!("costs {} as much{by} ({known})", quantity::ratio(comparison.ratio))
    }

    /// What rests on what was varied, too, where that was.
    fn by_change(&self, text: String) -> Sentence {
        let mut sentence = self.by_limit(text);
        sentence.runs.extend(self.sensitivity.map(|told| told.run.clone()));
        sentence
    }

    fn by_all(&self, text: String) -> Sentence {
        let mut runs = self.evidence.folders(Purpose::Tune);
        runs.extend(self.deciding());
        runs.dedup();
        Sentence { text, runs }
    }
}

/// Whether two engines are held to one demand here.
fn is_of_one(a: &Held, b: &Held) -> bool {
    a.demand.metric.name == b.demand.metric.name
}

/// How an engine held what is demanded: "held that in each of 5 repetitions, with a p99 of 93.0 ms at
/// worst where 500 ms are allowed, and sustains 3.90 to 4.10 times the rate".
fn held(row: &Row) -> String {
    let each = row.holding.held.iter().filter_map(|held| {
        let (demand, worst) = (&held.demand, held.worst()?);
        let bound = quantity::tick(&demand.show(demand.bound));
        let is = if demand.metric.better == Better::Lower { "allowed" } else { "demanded" };
        let name = demand.name();
        Some(format!("a {name} of {} at worst where {bound} is {is}", demand.show(worst)))
    });
    let each: Vec<String> = each.collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    let with = if each.is_empty() { "" } else { ", with " };
    let room = match row.headroom {
        None => "; how much more it sustains is not known".to_owned(),
        Some(room) => format!("; it {}", room.clause()),
    };
    let times = match row.repetitions {
        1 => "its only repetition".to_owned(),
        n => format!("each of {}", plural(n, "repetition")),
    };
    format!("held that in {times}{with}{}{room}", listed(&each))
}

/// How soon an engine would answer at the highest of the rates that are foretold, to stand behind what it
/// sustains: ", and answers with a p99 of 13.3 ms at 2 times the rate, by a model (held-out error 0.178
/// %, n = 5)"; nothing where none is.
fn foretold(row: &Row) -> String {
    let Some(foretold) = row.foretold.last() else { return String::new() };
    format!(
        ", and answers with a p99 of {} at {} the rate, by a model ({})",
        quantity::nanoseconds(foretold.p99_ns),
        quantity::tick(&quantity::ratio(foretold.times)),
        error(&foretold.held_out)
    )
}

/// Why an engine is not sure to hold what is demanded; none of one that is.
fn because(row: &Row) -> Option<String> {
    Some(format!("{} {}", row.name, row.holding.why.as_ref()?))
}

/// By how much an engine misses what is demanded; none where that is no matter of figures.
fn nearest(row: &Row) -> Option<String> {
    // Of who fell behind or was wrong, no other demand would be held.
    if row.holding.fit != Met::Surely {
        return None;
    }
    let missed = row.holding.held.iter().filter(|held| held.met != Met::Surely);
    let worst = missed.max_by(|a, b| a.times.total_cmp(&b.times))?;
    let is_near = worst.times.is_finite() && worst.times > 0.0;
    let figure = worst.worst().filter(|_| is_near)?;
    let (name, times) = (worst.demand.name(), quantity::ratio(worst.times));
    let what = if worst.demand.metric.better == Better::Lower {
        format!("{times} what is allowed")
    } else {
        format!("{times} as much is missing as is allowed")
    };
    Some(format!("its {name} is {} at worst, {what}", worst.demand.show(figure)))
}

/// Who might be the better choice, if more were known of it.
fn open_rival(row: &Row) -> Option<String> {
    let lead = row.against.as_ref().map(|against| against.lead);
    match row.place {
        Place::NotSure if lead != Some(Lead::Beyond) => {
            let cost = row.against.as_ref().map_or_else(String::new, |against| {
                format!(", and would cost {} as much", quantity::ratio(against.comparison.ratio))
            });
            Some(format!("{}, should it hold what is demanded{cost}", row.name))
        }
        Place::NotCosted => Some(format!("{}, should it cost less", row.name)),
        _ => None,
    }
}

/// "flink needs 0.472 cores and keeps 0.412 busy"
fn cost_of(row: &Row) -> String {
    let Some(cores) = &row.cores else {
        let why = row.not_costed.as_deref().unwrap_or("has no cost that is known");
        return format!("{} {why}", row.name);
    };
    let money = row.money.as_ref().map_or_else(String::new, |money| {
        format!(
            ", {} a month, {} for a million events",
            money.show(money.month),
            money.show(money.million)
        )
    });
    let busy = significant(cores.median);
    let cores = match &row.needed {
        Some(needed) => {
            let rest = if needed.scaling == Scaling::Even { "," } else { "" };
            format!("needs {}{rest} and keeps {busy} busy", needed.words())
        }
        None => format!("keeps {busy} cores busy"),
    };
    format!("{} {cores}{money}{}", row.name, row.lost)
}

/// Figures other than costs in which those differ between whom costs do not decide.
fn differences(tied: &[&Row]) -> Vec<String> {
    type Of = fn(&Row) -> Option<f64>;
    type Way = (&'static str, &'static str, bool, Of, fn(f64) -> String);
    let ways: [Way; 3] = [
        (
            "answers sooner",
            "p99 ",
            true,
            |row| Some(row.p99_ns.as_ref()?.median),
            quantity::nanoseconds,
        ),
        (
            "sustains more",
            "the rate ",
            false,
            |row| Some(row.headroom.filter(|it| it.is_told)?.pass),
            quantity::ratio,
        ),
        ("takes less memory", "", true, |row| Some(row.memory.as_ref()?.median), quantity::bytes),
    ];
    let told = ways.iter().filter_map(|(does, what, is_low_good, of, show)| {
        let mut all: Vec<(&str, f64)> =
            tied.iter().filter_map(|row| Some((row.name.as_str(), of(row)?))).collect();
        all.sort_by(|a, b| if *is_low_good { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) });
        let [(first, figure), (_, next), ..] = all[..] else { return None };
        let times = if *is_low_good { next / figure } else { figure / next };
        let is_whole = all.len() == tied.len() && times >= WORTH_NAMING;
        is_whole.then(|| format!("{first} {does} ({what}{} against {})", show(figure), show(next)))
    });
    told.collect()
}
