//! From where on another engine is the better choice: between values that were measured, on
//! logarithms, and never beyond them.
//!
//! Where either engine may be the cheaper one it is a tie: as far as the ratio of costs, with how far
//! it may lie aside, is not on one side of what two runs of the same thing may differ by.

use super::sensitivity::{Favours, Point, Ratio, Sensitivity, Swing};
use crate::quantity;
use crate::record::advice::FactorKind;
use statistics::{crossings, noise};

/// Where an answer turns as something grows.
#[derive(Clone, PartialEq, Debug)]
pub enum Turn {
    /// Both engines cost the same.
    Cost {
        /// At about this value, in the unit of its factor.
        at: f64,
        /// From where to where it is a tie.
        tie: (f64, f64),
        /// Whether the tie ends there: below, above. Else it is one as far as was measured.
        ends: (bool, bool),
        /// Whether the second engine is the cheaper one above it.
        is_second_above: bool,
    },
    /// The first engine does not hold what is demanded any more, and the second does.
    Missed {
        /// The last value at which it was seen holding, and the first at which it was not.
        between: (f64, f64),
    },
}

/// Where the answer turns along one factor, whose value in the workload has these costs: none to go by
/// where not both engines hold what is demanded there.
pub(super) fn turns(own: f64, base: Option<&Ratio>, points: &[Point]) -> Vec<Turn> {
    let mut costs: Vec<(f64, Ratio)> = points
        .iter()
        .filter(|it| it.is_held())
        .filter_map(|it| Some((it.number, it.cost?)))
        .collect();
    costs.extend(base.map(|base| (own, *base)));
    costs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut turns = by_cost(&costs);
    for point in points {
        if point.favours == Favours::Second && point.misses[0].is_some() {
            let held = costs.iter().map(|(number, _)| *number);
            let nearest =
                held.min_by(|a, b| (a - point.number).abs().total_cmp(&(b - point.number).abs()));
            turns.push(Turn::Missed { between: (nearest.unwrap_or(own), point.number) });
        }
    }
    turns
}

/// Every place where costs cross; none where one engine is the cheaper one at all values.
fn by_cost(costs: &[(f64, Ratio)]) -> Vec<Turn> {
    let along = |of: fn(&Ratio) -> f64, height: f64| -> Vec<(f64, bool)> {
        let points: Vec<(f64, f64)> = costs.iter().map(|(x, ratio)| (*x, of(ratio))).collect();
        crossings(&points, |_| height).collect()
    };
    let [(first, _), .., (last, _)] = costs else { return Vec::new() };
    let drift = 1.0 + noise::presumed();
    // Up to here the second engine surely costs more, and up to there it surely costs less.
    let (dearer, cheaper) =
        (along(|ratio| ratio.reach.0, drift), along(|ratio| ratio.reach.1, 1.0 / drift));
    let turn = |(at, is_second_above): (f64, bool)| {
        let (low, high) = if is_second_above { (&dearer, &cheaper) } else { (&cheaper, &dearer) };
        let low = low.iter().map(|(low, _)| *low).rfind(|low| *low <= at);
        let high = high.iter().map(|(high, _)| *high).find(|high| *high >= at);
        Turn::Cost {
            at,
            tie: (low.unwrap_or(*first), high.unwrap_or(*last)),
            ends: (low.is_some(), high.is_some()),
            is_second_above,
        }
    };
    along(|ratio| ratio.ratio, 1.0).into_iter().map(turn).collect()
}

impl FactorKind {
    /// A value of it, as people read it.
    pub fn show(self, number: f64) -> String {
        match self {
            Self::Rate => quantity::tick(&quantity::rate(number)),
            Self::Speed => quantity::tick(&quantity::ratio(number)),
            Self::Keys => quantity::tick(&quantity::amount(number)),
            Self::Disorder => quantity::tick(&quantity::fraction(number)),
            Self::Delay | Self::Slide => quantity::tick(&quantity::microseconds(number)),
        }
    }
}

impl Swing {
    /// Where the answer turns, to stand behind "what would change it"; nothing where it does not. What the
    /// first engine misses is left out where a search has told up to where it holds.
    pub(super) fn changes(&self, told: &Sensitivity, is_limit_told: bool) -> Vec<String> {
        let [(first, _), (second, _)] = &told.engines;
        let (kind, name) = (self.factor.kind, self.factor.kind.words());
        let show = |number: f64| kind.show(number);
        let each = self.turns.iter().filter_map(|turn| match turn {
            // What is a tie as far as was measured is told as that.
            Turn::Cost { .. } if !self.flips_by_cost() => None,
            Turn::Missed { .. } if is_limit_told => None,
            Turn::Cost { at, tie, ends, is_second_above } => {
                let side = if *is_second_above { "above" } else { "below" };
                let (low, high) = (show(tie.0), show(tie.1));
                let tie = match ends {
                    (true, true) => format!("a tie from {low} to {high}"),
                    (true, false) => format!("a tie from {low} to {high}, as far as was measured"),
                    (false, true) => {
                        format!("a tie up to {high}, from {low}, as far as was measured")
                    }
                    (false, false) => "too close to choose by wherever it was measured".to_owned(),
                };
                let at = show(*at);
                Some(format!("a {name} {side} about {at} ({tie}), where {second} costs less"))
            }
            Turn::Missed { between: (held, missed) } => {
                let point = self.points.iter().find(|it| it.number.total_cmp(missed).is_eq());
                let why = point.and_then(|it| it.misses[0].as_deref()).unwrap_or(first);
                let (missed, held) = (show(*missed), show(*held));
                Some(format!(
                    "a {name} of {missed} in place of {held}, where {why} and {second} holds it"
                ))
            }
        });
        let mut changes: Vec<String> = each.collect();
        // The answer is another one without a place where it turns, or nobody is left.
        for point in &self.points {
            let at = self.at(point);
            match point.favours {
                Favours::Nobody => changes.push(format!("{at}, which neither holds")),
                Favours::Second if self.turns.is_empty() => changes
                    .push(format!("{at}, where {second} holds what is demanded and costs less")),
                _ => {}
            }
        }
        changes
    }

    /// Whether the second engine is the answer at a value at which both hold what is demanded.
    fn flips_by_cost(&self) -> bool {
        self.points.iter().any(|point| point.favours == Favours::Second && point.is_held())
    }

    /// Where nothing decides any more: from a value on, where costs come close as far as was measured, or
    /// at single values; and where nobody is sure to hold what is demanded.
    fn ties(&self) -> Vec<String> {
        let (kind, name) = (self.factor.kind, self.factor.kind.words());
        let close = self.turns.iter().filter_map(|turn| match turn {
            Turn::Cost { tie, ends, is_second_above, .. } if !self.flips_by_cost() => {
                let (start, is_known) =
                    if *is_second_above { (tie.0, ends.0) } else { (tie.1, ends.1) };
                is_known.then_some((start, *is_second_above))
            }
            _ => None,
        });
        let close = close.map(|(start, is_above)| {
            let side = if is_above { "above" } else { "below" };
            let start = kind.show(start);
            format!(
                "a {name} {side} about {start}, where nothing decides between them as far as was measured"
            )
        });
        let mut open: Vec<String> = close.collect();
        let is_told = !open.is_empty();
        for point in &self.points {
            let at = self.at(point);
            match point.favours {
                Favours::Tie if !is_told => {
                    open.push(format!("{at}, where nothing decides between them"));
                }
                Favours::NotSure => {
                    open.push(format!("{at}, where neither is sure to hold what is demanded"));
                }
                _ => {}
            }
        }
        open
    }
}

impl Sensitivity {
    /// Where the answer turns, where nothing decides, and what does not change it, a phrase each; where
    /// nobody is advised, what decides.
    pub fn turns(&self) -> Vec<String> {
        let changes = self.swings.iter().flat_map(|swing| swing.changes(self, false));
        let decides = if self.is_advised { Vec::new() } else { self.deciding() };
        let stays = self.steadfast().map(|those| format!("no change from the {those}"));
        changes.chain(decides).chain(self.ties()).chain(stays).collect()
    }

    /// The values at which the first engine is the better choice, where nothing decides in the workload as
    /// it is.
    pub(super) fn deciding(&self) -> Vec<String> {
        let first = &self.engines[0].0;
        let values = self.values().filter(|(_, point)| point.favours == Favours::First);
        values
            .map(|(swing, point)| {
                format!("{}, where {first} is the better choice", swing.at(point))
            })
            .collect()
    }

    /// Where nothing decides any more, or nobody is sure, to stand behind what does.
    pub(super) fn ties(&self) -> Vec<String> {
        self.swings.iter().flat_map(Swing::ties).collect()
    }

    /// What of the factors does not change the answer, each with how far it was measured: "rate (25 k/s
    /// to 100 k/s) and number of keys (50 to 200)". None where each of them does.
    pub(super) fn steadfast(&self) -> Option<String> {
        let stays = |swing: &&Swing| {
            self.is_advised && swing.points.iter().all(|it| it.favours == Favours::First)
        };
        let each = self.swings.iter().filter(stays).map(|swing| {
            let ends = [swing.points.first(), swing.points.last()];
            let numbers =
                ends.into_iter().flatten().map(|it| it.number).chain([swing.factor.number]);
            let show = |number: f64| swing.factor.kind.show(number);
            let reach = crate::words::span(numbers, show).unwrap_or_default();
            format!("{} ({reach})", swing.factor.kind.words())
        });
        let each: Vec<String> = each.collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        (!each.is_empty()).then(|| crate::words::listed(&each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::advice::{Advice, Evidence, advise};
    use crate::record::EngineKind;
    use crate::record::advice::AdviceRecord;
    use crate::sample::advice::{Asked, Change, Truth, World, varied};

    fn advice((record, runs): Asked) -> Advice {
        advise(&Evidence { record, runs })
    }

    /// Two engines of which the second costs so many times as much, and other so many times at these
    /// rates; 1 is the rate of the workload.
    fn world(seed: u64, ratio: f64, rates: [(f64, f64); 2], repetitions: u32) -> Asked {
        let truth = |kind, cpu_us| Truth {
            kind,
            knob: ("knob", "best"),
            other: ("other", 1.5),
            p99_ms: 20.0,
            waits_ms: 0.0,
            cpu_us,
            memory_mib: 700,
            limit_per_s: 1e6,
        };
        let pair = [EngineKind::Flink, EngineKind::SparkStructured];
        let world = World {
            engines: vec![truth(pair[0], 5.0), truth(pair[1], 5.0 * ratio)],
            rate_per_s: 50e3,
            most_ms: 500.0,
            repetitions: 5,
            scatter: (0.02, 0.02),
            astray: 0.0,
            seed,
        };
        let own = world.rate_per_s;
        let value = |(times, other): (f64, f64)| (own * times, [(1.0, 1.0), (other / ratio, 1.0)]);
        let values = rates.map(value).to_vec();
        let change = Change { factor: FactorKind::Rate, own, values };
        world.varied(world.asked(), pair, repetitions, &[change])
    }

    #[test]
    fn a_turn_is_found_where_it_is_and_its_tie_holds_it() {
        // From 1.6 times to 0.8 between half and double: straight on logarithms, it is 1 at 67 k/s.
        let rates = [(0.5, 1.6), (2.0, 0.8)];
        let base = (1.6_f64 * 0.8).sqrt();
        let truth = 25e3 * 4.0_f64.powf((1.6_f64).ln() / (1.6_f64 / 0.8).ln());
        for repetitions in [3, 5] {
            let mut within = 0;
            for seed in 0..100 {
                let advice = advice(world(seed, base, rates, repetitions));
                let told = advice.sensitivity.unwrap();
                let favours: Vec<Favours> =
                    told.swings[0].points.iter().map(|point| point.favours).collect();
                let [Turn::Cost { at, tie, ends, is_second_above: true }] =
                    told.swings[0].turns[..]
                else {
                    panic!("{seed}: {:?}", told.swings[0])
                };
                assert!((at / truth).ln().abs() < 0.1, "{seed}: {at}");
                within += usize::from(tie.0 <= truth && truth <= tie.1);
                if repetitions == 5 {
                    assert_eq!(favours, [Favours::First, Favours::Second], "{seed}");
                    assert_eq!(ends, (true, true), "{seed}: {tie:?}");
                }
            }
            assert!(within >= 95, "{within} of 100 ties hold the place, of {repetitions} each");
        }
    }

    #[test]
    fn noise_flips_nothing() {
        // The second costs as much, and a little less: not by what two runs of the same thing differ by.
        for repetitions in [3, 5] {
            let flips = (0..200).filter(|seed| {
                let advice = advice(world(*seed, 1.3, [(0.5, 1.0), (2.0, 0.97)], repetitions));
                advice.sensitivity.is_some_and(|told| !told.flips().is_empty())
            });
            let flips = flips.count();
            assert!(flips <= 2, "{flips} of 200, of {repetitions} each");
        }
    }

    #[test]
    fn nothing_is_said_of_what_lies_beyond_the_values_that_were_measured() {
        // Nearer and nearer to 1, and still above it at double the rate.
        let advice = advice(world(1, 1.4, [(0.5, 1.6), (2.0, 1.2)], 5));
        let told = advice.sensitivity.unwrap();
        assert_eq!((told.swings[0].turns.len(), told.flips().len()), (0, 0));
        let last = &advice.sentences[3].text;
        assert!(last.contains("not the rate (25 k/s to 100 k/s)"), "{last}");
        assert!(!last.contains("costs less"), "{last}");
    }

    #[test]
    fn a_tie_at_the_end_is_one_as_far_as_was_measured() {
        let advice = advice(world(1, 1.4, [(0.5, 1.6), (2.0, 0.98)], 5));
        let told = advice.sensitivity.unwrap();
        let swing = &told.swings[0];
        assert_eq!(swing.points[1].favours, Favours::Tie);
        let [Turn::Cost { tie, ends: (true, false), .. }] = swing.turns[..] else {
            panic!("{swing:?}")
        };
        assert!((tie.1 / 100e3 - 1.0).abs() < 1e-9, "{tie:?}");
        // No value has another answer, so that none is said to.
        assert_eq!(swing.changes(&told, false), [""; 0]);
        let [close] = &told.turns()[..] else { panic!("{:?}", told.turns()) };
        assert!(close.starts_with("a rate above about 7"), "{close}");
        assert!(close.ends_with("nothing decides between them as far as was measured"), "{close}");
    }

    #[test]
    fn an_answer_that_turns_on_both_sides_is_told_on_both() {
        let advice = advice(world(1, 1.4, [(0.5, 0.6), (2.0, 0.7)], 5));
        let told = advice.sensitivity.unwrap();
        let sides: Vec<bool> = told.swings[0]
            .turns
            .iter()
            .map(|turn| match turn {
                Turn::Cost { at, tie, ends, is_second_above } => {
                    assert!(tie.0 <= *at && *at <= tie.1 && *ends == (true, true), "{turn:?}");
                    assert_eq!(*is_second_above, *at > 50e3, "{turn:?}");
                    *is_second_above
                }
                Turn::Missed { .. } => panic!("{turn:?}"),
            })
            .collect();
        assert_eq!(sides, [false, true]);
        let last = &advice.sentences[3].text;
        assert!(
            last.contains("a rate below about") && last.contains("a rate above about"),
            "{last}"
        );
    }

    #[test]
    fn costs_that_come_to_be_the_same_turn_upwards() {
        let ratio = |ratio: f64| Ratio {
            ratio,
            reach: (ratio * 0.99, ratio * 1.01),
            is_interval: true,
            repetitions: 5,
        };
        let told = |costs: [f64; 3]| {
            let costs: Vec<(f64, Ratio)> =
                [1.0, 2.0, 4.0].into_iter().zip(costs.map(ratio)).collect();
            let side = |turn: &Turn| matches!(turn, Turn::Cost { is_second_above: true, .. });
            by_cost(&costs).iter().map(side).collect::<Vec<bool>>()
        };
        // To the very height, and from it.
        assert_eq!(told([1.5, 1.3, 1.0]), [true]);
        assert_eq!(told([1.0, 1.3, 1.5]), [false]);
        assert_eq!(told([1.2, 1.3, 1.5]), [false; 0]);
    }

    #[test]
    fn where_nobody_is_sure_to_hold_a_demand_nothing_is_called_a_tie() {
        let (record, mut runs) = varied();
        // At more late events one misses the demand, and of the other nobody knows.
        let cell = runs[3].1.cells.iter_mut().find(|cell| cell.point[0].number == Some(0.2));
        for engine in &mut cell.unwrap().engines {
            if engine.kind == EngineKind::SparkStructured {
                engine.repetitions[0].result_latency.as_mut().unwrap().p99_ns *= 3;
            }
        }
        let told = advice((record, runs)).sensitivity.unwrap();
        let late = told.swings.iter().find(|it| it.factor.kind == FactorKind::Disorder).unwrap();
        assert_eq!(late.points[1].favours, Favours::NotSure, "{:?}", late.points[1]);
        let turns = told.turns().join("; ");
        assert!(turns.contains("late events of 20 %, where neither is sure to hold"), "{turns}");
        assert_eq!(late.changes(&told, false), [""; 0], "of that nobody knows");
    }

    #[test]
    fn where_nothing_decides_it_is_told_what_would() {
        let advice = advice(world(1, 1.0, [(0.5, 1.6), (2.0, 0.6)], 5));
        assert_eq!(advice.winner, None);
        let told = advice.sensitivity.unwrap();
        assert!(!told.is_advised);
        let turns = told.turns().join("; ");
        for words in ["a rate ", "costs less", "is the better choice"] {
            assert!(turns.contains(words), "{words}: {turns}");
        }
        assert!(!turns.contains("no change"), "there is no answer that could stay: {turns}");
        let last = &advice.sentences[3];
        assert!(last.text.contains("is the better choice"), "{}", last.text);
        assert!(last.runs.contains(&told.run), "{last:?}");
    }

    #[test]
    fn what_was_measured_once_or_twice_says_nothing() {
        for (repetitions, is_told) in [(2, false), (3, true)] {
            let advice = advice(world(1, 1.6, [(0.5, 1.6), (2.0, 0.6)], repetitions));
            assert_eq!(advice.sensitivity.is_some(), is_told, "{repetitions}");
        }
    }

    #[test]
    fn who_misses_a_demand_is_told_and_between_which_values() {
        let (record, runs) = varied();
        let told = advice((record, runs)).sensitivity.unwrap();
        let of =
            |kind: FactorKind| told.swings.iter().find(|swing| swing.factor.kind == kind).unwrap();
        let late = of(FactorKind::Disorder);
        assert_eq!(late.turns, [Turn::Missed { between: (0.1, 0.2) }]);
        assert!(late.changes(&told, false)[0].contains("flink misses a p99"));
        assert_eq!(late.changes(&told, true), [""; 0], "the search has told it");
        assert_eq!(of(FactorKind::Keys).turns, []);
    }

    #[test]
    fn who_is_advised_by_other_prices_is_the_first_of_both() {
        let (mut record, mut runs) = varied();
        record.prices = crate::sample::advice::priced().0.prices;
        for engine in runs
            .iter_mut()
            .flat_map(|(_, record)| &mut record.cells)
            .flat_map(|cell| &mut cell.engines)
            .filter(|engine| engine.kind == EngineKind::Flink)
        {
            engine.repetitions.iter_mut().for_each(|it| it.peak_memory_bytes <<= 5);
        }
        let told = advice((record, runs)).sensitivity.unwrap();
        assert_eq!(told.engines.map(|(name, _)| name), ["spark-structured", "flink"]);
        assert!(told.is_advised && told.base.ratio > 1.0);
    }

    #[test]
    fn what_is_of_another_machine_or_of_other_engines_is_left_out_and_said_to_be() {
        let (record, mut runs) = varied();
        runs[3].1.host.cpu_model = "Imaginary 4000".into();
        let elsewhere = advice((record, runs));
        assert!(elsewhere.sensitivity.is_none());
        assert!(elsewhere.doubts.join(" ").contains("what was varied in it is left out"));

        let (record, mut runs) = varied();
        for engine in runs[3].1.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
            engine.label.push_str(" otherwise");
        }
        let others = advice((record, runs));
        assert!(others.sensitivity.is_none());
        let untested = others.untested.join(" ");
        assert!(untested.contains("is not of the engines of this answer"), "{untested}");
    }

    #[test]
    fn an_advice_from_before_says_what_it_said() {
        let (record, runs) = crate::sample::advice::clear();
        let record = AdviceRecord { factors: Vec::new(), ..record };
        let before = advice((record, runs));
        assert!(before.sensitivity.is_none());
        assert!(!before.untested.join(" ").contains("half and double"));
    }
}
