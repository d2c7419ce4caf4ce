//! What a change of the workload does to an advice: one thing at a time, at half and at double.
//!
//! A row for each thing, the widest first: two bars from the workload as it is to how the cost of the
//! advised engine against that of the next best changes, hollow at the lower value, on a scale on which
//! twice and half lie equally far. Where another engine would be the answer, the bar has a bold outline
//! and the row says so, for a cost is not all that flips it.

use super::comparison::changes;
use super::description::{Data, Description, Picture, Row, Rows, Swing as Bar};
use super::finished::{Chart, Part};
use super::palette::{identities_of, kin};
use crate::judge::advice::{Favours, Point, Sensitivity, Swing};
use crate::quantity;
use crate::words::{capitalised, listed};

/// Role of a bar at whose value neither engine is the better choice.
const NEITHER: &str = "f-neutral";

/// Room for what is written at the ends of bars, as a share of what is drawn.
const ROOM: f64 = 0.3;

/// The least that is shown to either side, as a logarithm: a tenth.
const LEAST: f64 = 0.1;

/// The chart of what was varied.
pub fn tornado(told: &Sensitivity) -> Chart {
    let [(first, _), (second, _)] = &told.engines;
    let roles = identities_of(told.engines.iter().map(|(_, kind)| *kind));
    let role = |favours: Favours| match favours {
        Favours::First => kin("f", roles[0]),
        Favours::Second => kin("f", roles[1]),
        Favours::Tie | Favours::Nobody | Favours::NotSure => NEITHER.to_owned(),
    };
    let legend = [
        (Favours::First, format!("{first} is the better choice")),
        (Favours::Second, format!("{second} is")),
        (Favours::Tie, "nothing decides, or neither is sure to hold what is demanded".to_owned()),
    ];
    let is_there =
        |favours: Favours| told.values().any(|(_, it)| role(it.favours) == role(favours));
    let legend = legend.into_iter().filter(|(favours, _)| is_there(*favours));
    let legend = legend.map(|(favours, words)| (role(favours), words)).collect();
    let change = |ratio: f64| (told.base.ratio / ratio).ln();
    let bar = |swing: &Swing, point: &Point| {
        let cost = point.cost?;
        Some(Bar {
            role: role(point.favours),
            to: change(cost.ratio),
            interval: Some((change(cost.reach.1), change(cost.reach.0))),
            hollow: point.number < swing.factor.number,
            is_marked: turns(told, point),
            label: swing.factor.kind.show(point.number),
        })
    };
    let flip = told.base.ratio.ln();
    let mut figures: Vec<Row> = Vec::new();
    for swing in &told.swings {
        let swings = swing.points.iter().filter_map(|point| bar(swing, point));
        figures.push(Row { label: label(told, swing), swings: swings.collect(), ..Row::default() });
    }
    let ends = figures.iter().flat_map(|row| &row.swings).flat_map(|bar| {
        let (low, high) = bar.interval.unwrap_or((bar.to, bar.to));
        [low, high]
    });
    let (low, high) = ends.fold((-LEAST, LEAST), |(low, high), end| (low.min(end), high.max(end)));
    let room = (high - low) * ROOM;
    let range = (low - room, high + room);
    for row in &mut figures {
        row.zone = (flip < range.1).then_some((flip.max(range.0), range.1));
    }
    let is_shaded = figures.iter().any(|row| row.zone.is_some());
    let shaded = if is_shaded { format!(" Shaded: {second} costs less.") } else { String::new() };
    let table = told.values().map(|(swing, point)| told.row(swing, point).to_vec());
    let description = Description {
        name: "tornado".into(),
        title: finding(told),
        definition: format!(
            "How the cost of {first} against that of {second} changes where one thing is other than in \
             the workload: to the right {first} becomes the dearer one. Hollow: the lower value. Lines: how \
             far it may lie aside.{shaded}"
        ),
        data: Data::new(Sensitivity::HEADER, table.collect()),
        picture: Picture::Rows(Rows {
            heading: format!("cost of {first} over that of {second}, from what it is"),
            x: changes("change, on a scale of ratios", "as it is", range),
            legend,
            figures,
        }),
        notes: Vec::new(),
    };
    Chart::from(description).part(Part::Overview)
}

/// Whether a value has another answer than the workload: where nobody is advised there, any answer.
fn turns(told: &Sensitivity, point: &Point) -> bool {
    match point.favours {
        Favours::Second => true,
        Favours::First => !told.is_advised,
        Favours::Tie | Favours::Nobody | Favours::NotSure => false,
    }
}

/// What was varied, from where, and at which values that flips the winner or cannot be drawn.
fn label(told: &Sensitivity, swing: &Swing) -> String {
    let kind = swing.factor.kind;
    let all = |is: &dyn Fn(&Point) -> bool| {
        let shown = swing.points.iter().filter(|point| is(point)).map(|it| kind.show(it.number));
        shown.collect::<Vec<String>>()
    };
    let flips = all(&|point| point.favours == Favours::Second && point.misses[0].is_none());
    let missed = all(&|point| point.favours == Favours::Second && point.misses[0].is_some());
    let nobody = all(&|point| point.favours == Favours::Nobody);
    let not_sure = all(&|point| point.favours == Favours::NotSure);
    let unknown = all(&|point| point.cost.is_none());
    let [(first, _), (second, _)] = &told.engines;
    let does = if told.is_advised {
        "flips the winner".to_owned()
    } else {
        format!("speaks for {second}")
    };
    let other = all(&|point| point.favours == Favours::First && turns(told, point));
    let mut words = vec![format!("{}: {} as it is", kind.words(), kind.show(swing.factor.number))];
    words.extend(flips.iter().map(|at| format!("{at} {does}")));
    words.extend(other.iter().map(|at| format!("{at} speaks for {first}")));
    words.extend(missed.iter().map(|at| format!("{at} {does}, as {first} misses a demand")));
    words.extend(nobody.iter().map(|at| format!("{at} is held by neither")));
    words.extend(not_sure.iter().map(|at| format!("{at} is held by neither for sure")));
    words.extend(unknown.iter().map(|at| format!("at {at} a cost is not known")));
    words.join("; ")
}

/// What of it matters: the costs as they are, and what turns the answer.
fn finding(told: &Sensitivity) -> String {
    let [(first, _), (second, _)] = &told.engines;
    let ratio = quantity::tick(&quantity::ratio(told.base.ratio));
    let flips = told.flips();
    let flips: Vec<&str> = flips.iter().map(String::as_str).collect();
    let decides = told.values().any(|(_, point)| point.favours == Favours::First);
    let what = match flips[..] {
        [] if told.is_advised => "nothing that was varied flips that".to_owned(),
        [] if decides => format!("what decides between them speaks for {first}"),
        [] => "nothing that was varied decides between them".to_owned(),
        [one] => format!("{one} makes it the better choice"),
        _ => format!("{} make it the better choice", listed(&flips)),
    };
    capitalised(&format!("{second} costs {ratio} as much as {first}; {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::advice::{Evidence, advise};
    use crate::sample;

    #[test]
    fn what_flips_the_winner_stands_out() {
        let (record, runs) = sample::advice::varied();
        let advice = advise(&Evidence { record, runs });
        let chart = tornado(advice.sensitivity.as_ref().unwrap());
        insta::assert_snapshot!("chart_tornado", chart.file());
        assert_eq!(chart.data.rows.len(), 8);
        assert!(!chart.wide.contains("NaN") && !chart.narrow.contains("NaN"));
        assert_eq!(
            chart.title,
            "Spark-structured costs 1.21 times as much as flink; a rate of 100 k/s and a share of late \
             events of 20 % make it the better choice"
        );
    }

    #[test]
    fn a_cost_that_is_not_known_is_told_and_not_drawn() {
        let (record, runs) = sample::advice::varied();
        let mut told = advise(&Evidence { record, runs }).sensitivity.unwrap();
        let all = told.swings.iter().map(|swing| swing.points.len()).sum::<usize>();
        told.swings[0].points[0].cost = None;
        let chart = tornado(&told);
        assert!(chart.wide.contains("a cost is not known"), "{}", chart.wide);
        assert_eq!(chart.data.rows.len(), all);
    }
}
