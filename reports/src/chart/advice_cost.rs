//! What each engine of an advice costs at the rate that is to be held: cores that it needs, and those
//! that its work keeps busy.
//!
//! Bars from zero in the order of the advice: what is needed, with from where to where that lies, and
//! every repetition's cores busy as a dot. Of whom it is not known what it needs the bar is what it keeps
//! busy. Who does not hold what is demanded for sure, or takes no part, is hollow, whatever it costs: it
//! is no choice.

use super::description::{Axis, Data, Description, Picture, Row as Drawn, Rows, Unit};
use super::finished::{Chart, Part};
use super::palette::{identities_of, kin};
use crate::judge::advice::{Advice, Place, Row};
use crate::judge::plain_loop;
use crate::judge::summary::Summary;
use crate::quantity::{self, significant};
use crate::record::study::PlainLoop;
use crate::words::capitalised;

/// None if no engine's cost is known.
pub fn advice_cost(advice: &Advice, rate_per_s: f64, plain: Option<&PlainLoop>) -> Option<Chart> {
    let roles = identities_of(advice.rows.iter().map(|row| row.kind));
    let bars: Vec<(&Row, &Summary, &'static str)> = advice
        .rows
        .iter()
        .zip(roles)
        .filter_map(|(row, role)| Some((row, row.cores.as_ref()?, role)))
        .collect();
    let end = |(row, busy, _): &(&Row, &Summary, &'static str)| {
        row.needed.map_or(busy.high, |needed| needed.reach.1.max(busy.high))
    };
    let highest = bars.iter().map(end).fold(0.0, f64::max);
    if highest <= 0.0 {
        return None;
    }
    let rate = quantity::tick(&quantity::rate(rate_per_s));
    let header =
        ["engine", "set to", "needed", "from", "to", "kept busy", "repetitions", "verdict"];
    let table = bars.iter().map(|(row, busy, _)| {
        let (needed, from, to) = match &row.needed {
            Some(needed) => {
                let (from, to) = needed.reach;
                (words(row, busy), significant(from), significant(to))
            }
            None => (String::new(), String::new(), String::new()),
        };
        let repetitions = busy.points.len().to_string();
        let (name, setting) = (row.name.clone(), row.setting.clone());
        let place = row.place.words().to_owned();
        vec![name, setting, needed, from, to, significant(busy.median), repetitions, place]
    });
    let figures = bars.iter().map(|(row, busy, role)| {
        let reach = match &row.needed {
            Some(needed) => needed.reach,
            None => (busy.low, busy.high),
        };
        let is_known = row.needed.is_some() || busy.points.len() > 1;
        Drawn {
            label: format!(
                "{}: {} cores ({} to {}), {}",
                row.called(),
                words(row, busy),
                significant(reach.0),
                significant(reach.1),
                row.place.words()
            ),
            bar: vec![(kin("f", role), row.needed.map_or(busy.median, |it| it.cores()))],
            hollow: !row.is_fit(),
            interval: is_known.then_some(reach),
            dots: busy.points.clone(),
            ..Drawn::default()
        }
    });
    let by_hand = plain.map(|plain| {
        let cores = plain_loop::cores(plain, rate_per_s);
        Drawn {
            label: format!("{}: {} cores, of one", plain_loop::NAME, significant(cores)),
            bar: vec![("f-neutral".to_owned(), cores)],
            ..Drawn::default()
        }
    });
    let description = Description {
        name: "advice-cost".into(),
        title: finding(advice, &rate),
        definition: format!(
            "Cores that it takes to hold what is demanded at {rate}, by the search for the limit; where that \
             is not known, those kept busy: processor time of the engine's threads per accepted event, \
             times the rate. Hollow: it does not hold what is demanded for sure, or is no choice here."
        ),
        data: Data::new(header, table.collect()),
        picture: Picture::Rows(Rows {
            heading: format!("cores needed at {rate}, from zero"),
            x: Axis::linear("cores", Unit::Number, (0.0, highest * 1.06)),
            legend: Vec::new(),
            figures: figures.chain(by_hand).collect(),
        }),
        notes: std::iter::once(
            "Dots: the cores that each repetition kept busy; the line is from where to where the cores \
             needed lie, or the range of the dots where these are not known."
                .into(),
        )
        .chain(
            plain.map(|plain| capitalised(&plain_loop::sentence(plain, Some(rate_per_s))) + "."),
        )
        .collect(),
    };
    Some(Chart::from(description).part(Part::Overview))
}

/// The cores that an engine needs, or keeps busy where that is not known.
fn words(row: &Row, busy: &Summary) -> String {
    let Some(needed) = &row.needed else { return significant(busy.median) };
    let most = if needed.is_at_most { "at most " } else { "" };
    format!("{most}{}", significant(needed.cores()))
}

fn finding(advice: &Advice, rate: &str) -> String {
    let cores = |row: &Row| Some(format!("{} cores", words(row, row.cores.as_ref()?)));
    let of = |row: &Row| Some(format!("{} with {}", row.name, cores(row)?));
    let as_good = advice.rows.iter().filter(|row| row.place == Place::AsGood);
    let as_good: Vec<String> = as_good.filter_map(of).collect();
    match advice.winner.map(|winner| &advice.rows[winner]) {
        Some(row) if row.cores.is_some() => {
            let cores = cores(row).unwrap_or_default();
            let busy = if row.needed.is_some() { "" } else { " busy" };
            capitalised(&format!("{} holds what is demanded with {cores}{busy}", row.name))
        }
        None if as_good.len() > 1 => {
            format!("Too close to choose by: {}", as_good.join(", "))
        }
        _ => format!("Cores needed at {rate}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::advice::{Evidence, advise};
    use crate::sample;

    #[test]
    fn a_title_says_what_the_advice_says() {
        let titles = sample::advice::all().map(|(name, (record, runs))| {
            let advice = advise(&Evidence { record, runs });
            let chart = advice_cost(&advice, 50_000.0, None).unwrap();
            assert_eq!(chart.data.rows.len(), advice.rows.len(), "{name}");
            assert!(!chart.wide.contains("NaN") && !chart.narrow.contains("NaN"), "{name}");
            format!("{name}: {}", chart.title)
        });
        insta::assert_snapshot!("chart_advice-cost_titles", titles.join("\n"));
    }

    #[test]
    fn a_plain_loop_is_a_bar_beside_the_engines_and_no_choice() {
        let (record, runs) = sample::advice::clear();
        let advice = advise(&Evidence { record, runs });
        let plain = PlainLoop { ns_per_event: 12.5, events: 1 << 20, answers: 1_040, passes: 5 };
        let chart = advice_cost(&advice, 50_000.0, Some(&plain)).unwrap();
        assert!(chart.wide.contains("a plain loop: 0.00063 cores, of one"), "{}", chart.wide);
        assert_eq!(chart.title, advice_cost(&advice, 50_000.0, None).unwrap().title);
        assert_eq!(chart.data.rows.len(), advice.rows.len(), "the table is that of the engines");
    }

    #[test]
    fn of_costs_that_are_not_known_there_is_no_picture() {
        let (record, runs) = sample::advice::clear();
        let mut advice = advise(&Evidence { record, runs });
        for row in &mut advice.rows {
            row.cores = None;
        }
        assert!(advice_cost(&advice, 50_000.0, None).is_none());
    }
}
