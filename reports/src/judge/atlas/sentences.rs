//! What a map says, in at most three sentences: who is the cheapest where, where nobody is, and what the
//! user's own workload gets.

use super::{Atlas, Choice, Margin, Outcome, Own, Spot, level, near, rate};
use crate::judge::advice::Place;
use crate::quantity;
use crate::record::EngineKind;
use crate::words::{capitalised, listed, span};

impl Atlas {
    /// At most three.
    pub fn sentences(&self) -> Vec<String> {
        if self.is_blank() {
            return vec![
                "No rate was measured with every engine, so that nothing is said of who is the \
                 cheapest."
                    .to_owned(),
            ];
        }
        let mut sentences = Vec::new();
        sentences.push(self.winners());
        sentences.extend(self.others());
        sentences.extend(self.own.as_ref().and_then(|own| self.of_own(own)));
        sentences
    }

    /// The map in a line: how many points each has.
    pub(crate) fn finding(&self) -> String {
        let all = self.spots().count();
        let count = |is_it: &dyn Fn(Outcome) -> bool| {
            self.spots().filter(|spot| is_it(spot.outcome)).count()
        };
        let of_kind = |kind: &EngineKind| {
            let points = count(&|outcome| outcome.cheapest() == Some(*kind));
            (points > 0).then(|| format!("{} at {points}", kind.name()))
        };
        let each: Vec<String> = self.kinds.iter().filter_map(of_kind).collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        let others = [
            ("a tie at", count(&|it| it == Outcome::Tie)),
            ("nobody at", count(&|it| it == Outcome::Nobody)),
        ];
        let others = others.into_iter().filter(|(_, points)| *points > 0);
        let others: Vec<String> =
            others.map(|(what, points)| format!("; {what} {points}")).collect();
        let others = others.concat();
        let quantile = self.quantile();
        if each.is_empty() {
            return format!(
                "No engine is the cheapest that holds a {quantile}, at {all} points{others}"
            );
        }
        let each = listed(&each);
        format!(
            "The cheapest {}that holds a {quantile}: {each} of {all} points{others}",
            self.runs()
        )
    }

    /// That it is so in these runs alone, where they are too few to say more.
    fn runs(&self) -> &'static str {
        if self.too_few().is_some() { "in these runs " } else { "" }
    }

    /// Who is the cheapest, where.
    fn winners(&self) -> String {
        let quantile = self.quantile();
        let of_kind = |kind: &EngineKind| {
            let is_it = |outcome: Outcome| outcome.cheapest() == Some(*kind);
            let place = self.place_of(is_it)?;
            let own = self.spots().filter(|spot| is_it(spot.outcome));
            let margins = own.filter_map(|spot| match spot.outcome {
                Outcome::Cheapest { by, .. } => Some(by),
                _ => None,
            });
            let margins: Vec<Margin> = margins.collect();
            let times = margins.iter().filter_map(|margin| margin.times());
            let margin = match span(times, quantity::significant) {
                Some(times) => format!("the next that holds it costs {times} times as much"),
                None if margins.contains(&Margin::NotKnown) => {
                    "what others cost that hold it is not known".to_owned()
                }
                None => "no other is sure to hold it there".to_owned(),
            };
            Some(format!("{} {place} ({margin})", kind.name()))
        };
        let each: Vec<String> = self.kinds.iter().filter_map(of_kind).collect();
        if each.is_empty() {
            return format!(
                "Nowhere is one engine told to be the cheapest that holds its {quantile}."
            );
        }
        let few = self.too_few().map(|n| format!("; {n} repetitions are too few to name a winner"));
        format!(
            "The cheapest engine {}that holds its {quantile} is {}{}.",
            self.runs(),
            each.join("; "),
            few.unwrap_or_default()
        )
    }

    /// Where nobody is.
    fn others(&self) -> Option<String> {
        let clauses = [
            ("costs do not tell who is", Outcome::Tie),
            ("nobody holds it", Outcome::Nobody),
            ("nobody is sure to hold it", Outcome::NotSure),
            ("what it costs is not known", Outcome::NotCosted),
        ];
        let told = clauses.into_iter().filter_map(|(what, came)| {
            let doubt = if came == Outcome::NotSure { self.doubt() } else { None };
            let doubt = doubt.map_or_else(String::new, |doubt| format!(" ({doubt})"));
            Some(format!("{what} {}{doubt}", self.place_of(|it| it == came)?))
        });
        let mut told: Vec<String> = told.collect();
        let is_blank = |spot: &Spot| spot.outcome == Outcome::NotMeasured;
        let columns = self.columns.iter().filter(|column| column.spots.iter().any(is_blank));
        let without: Vec<&str> = columns
            .map(|column| &column.written)
            .chain(&self.without)
            .map(String::as_str)
            .collect();
        if !without.is_empty() {
            told.push(format!("not every engine was measured at {}", listed(&without)));
        }
        if told.is_empty() { None } else { Some(capitalised(&told.join("; ")) + ".") }
    }

    /// Why nobody is sure to hold a demand, where that comes up first.
    fn doubt(&self) -> Option<String> {
        let mut spots = self.spots().filter(|spot| spot.outcome == Outcome::NotSure);
        let choices = spots.next()?.choices.iter();
        let mut doubtful = choices.filter(|choice| choice.place == Place::NotSure);
        let choice = doubtful.next()?;
        Some(format!("{} {}", choice.kind.name(), choice.why.as_ref()?))
    }

    /// What the user's own workload gets.
    fn of_own(&self, own: &Own) -> Option<String> {
        let text = match own.most_ns {
            Some(most_ns) => self.of_demand(own, most_ns),
            None => self.of_rate(own.rate_per_s)?,
        };
        Some(capitalised(&text) + ".")
    }

    /// What its own demand comes to.
    fn of_demand(&self, own: &Own, most_ns: u64) -> String {
        let (per_s, most) = (rate(own.rate_per_s), level(most_ns));
        let workload =
            format!("this workload, {per_s} with a {} of at most {most}", self.quantile());
        match &own.near[..] {
            [] => format!("{workload}, lies at no measured rate, nor between two of them"),
            [only] => format!("{workload}: {}{}", told(only), margin(&[only])),
            [below, above] if told(below) == told(above) => format!(
                "{workload}, lies between {} and {}: at both, {}{}",
                rate(below.rate_per_s),
                rate(above.rate_per_s),
                told(below),
                margin(&[below, above])
            ),
            [below, above, ..] => format!(
                "{workload}, lies between {}, where {}, and {}, where {}",
                rate(below.rate_per_s),
                told(below),
                rate(above.rate_per_s),
                told(above)
            ),
        }
    }

    /// What each demand comes to at its rate, or at the measured rates on both sides where that is the
    /// same; none where that is said of no demand.
    fn of_rate(&self, per_s: f64) -> Option<String> {
        let sides = near(&self.columns, per_s);
        let came = |level: usize| -> Option<String> {
            let mut words = sides.iter().map(|column| briefly(column.spots[level].outcome));
            let first = words.next()??;
            words.all(|other| other.as_ref() == Some(&first)).then_some(first)
        };
        let levels: Vec<usize> = (0..self.asked.levels_ns.len()).collect();
        let runs = levels.chunk_by(|a, b| came(*a) == came(*b));
        let told = runs.filter_map(|run| {
            let levels = self.levels_told((run[0], run[run.len() - 1]));
            Some(format!("{} {levels}", came(run[0])?))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            return None;
        }
        let where_it_lies = match &sides[..] {
            [below, above] => format!(
                ", lies between {} and {}: at both,",
                rate(below.rate_per_s),
                rate(above.rate_per_s)
            ),
            _ => ":".to_owned(),
        };
        Some(format!("this workload's rate, {}{where_it_lies} {}", rate(per_s), told.join(", ")))
    }
}

/// What a point comes to, whatever the settings are; none where not every engine was measured.
fn briefly(outcome: Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Cheapest { kind, .. } => format!("{} is the cheapest", kind.name()),
        Outcome::Tie => "costs do not tell who is".to_owned(),
        Outcome::NotCosted => "costs are not known".to_owned(),
        Outcome::Nobody => "nobody holds it".to_owned(),
        Outcome::NotSure => "nobody is sure to hold it".to_owned(),
        Outcome::NotMeasured => return None,
    })
}

/// What a point comes to, as a clause.
fn told(spot: &Spot) -> String {
    let called = |is_it: &dyn Fn(&Choice) -> bool| {
        let some = spot.choices.iter().filter(|choice| is_it(choice)).map(Choice::called);
        let some: Vec<String> = some.collect();
        listed(&some.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let winner = || called(&|choice| choice.place == Place::Advised);
    match spot.outcome {
        Outcome::Cheapest { by: Margin::Times(_), .. } => format!("{} is the cheapest", winner()),
        Outcome::Cheapest { by: Margin::Alone, .. } => {
            format!("{} alone is sure to hold it", winner())
        }
        Outcome::Cheapest { by: Margin::NotKnown, .. } => {
            format!("{} is the cheapest of those whose cost is known", winner())
        }
        Outcome::Tie => {
            let tied = called(&|it| matches!(it.place, Place::AsGood | Place::Untold));
            format!("{tied} are not told apart by what they cost")
        }
        Outcome::NotCosted => {
            format!("{} hold it, at costs that are not known", called(&Choice::holds))
        }
        Outcome::Nobody => "nobody holds it".to_owned(),
        Outcome::NotSure => "nobody is sure to hold it".to_owned(),
        Outcome::NotMeasured => "not every engine was measured".to_owned(),
    }
}

/// By how much the cheapest is cheaper at these points; empty where it holds alone, or there is none.
fn margin(spots: &[&Spot]) -> String {
    let times = spots.iter().filter_map(|spot| match spot.outcome {
        Outcome::Cheapest { by, .. } => by.times(),
        _ => None,
    });
    let times = span(times, quantity::significant);
    times.map_or_else(String::new, |times| format!(" (the next costs {times} times as much)"))
}
