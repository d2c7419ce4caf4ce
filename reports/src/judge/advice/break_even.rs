//! From where on another engine is the better choice: between values that were measured, on
//! logarithms, and never beyond them.
//!
//! Where either engine may be the cheaper one it is a tie: as far as the ratio of costs, with how far
//! it may lie aside, is not on one side of what two runs of the same thing may differ by.

use super::cost::Sheet;
use super::entry::Row;
use super::evidence::Evidence;
use super::sensitivity::{Favours, Point, Ratio, Sensitivity, Swing};
use crate::quantity;
use crate::record::advice::{FactorKind, Purpose};
use crate::record::{EngineKind, EngineRecord};
use statistics::{crossing, noise};

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
    let mut turns: Vec<Turn> = by_cost(&costs).into_iter().collect();
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

/// Where costs cross; none where one engine is the cheaper one at all values.
fn by_cost(costs: &[(f64, Ratio)]) -> Option<Turn> {
    let along = |of: fn(&Ratio) -> f64, height: f64| {
        let points: Vec<(f64, f64)> = costs.iter().map(|(x, ratio)| (*x, of(ratio))).collect();
        crossing(&points, |_| height)
    };
    let at = along(|ratio| ratio.ratio, 1.0)?;
    let above = costs.iter().find(|(number, _)| *number >= at)?;
    let is_second_above = above.1.ratio < 1.0;
    let drift = 1.0 + noise::presumed();
    // Up to here the second engine surely costs more, and up to there it surely costs less.
    let (dearer, cheaper) =
        (along(|ratio| ratio.reach.0, drift), along(|ratio| ratio.reach.1, 1.0 / drift));
    let (low, high) = if is_second_above { (dearer, cheaper) } else { (cheaper, dearer) };
    let (low, high) = (low.filter(|low| *low <= at), high.filter(|high| *high >= at));
    let (first, last) = (costs.first()?.0, costs.last()?.0);
    Some(Turn::Cost {
        at,
        tie: (low.unwrap_or(first), high.unwrap_or(last)),
        ends: (low.is_some(), high.is_some()),
        is_second_above,
    })
}

impl FactorKind {
    /// A value of it, as people read it.
    pub fn show(self, number: f64) -> String {
        match self {
            Self::Rate => quantity::tick(&quantity::rate(number)),
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
    /// at single values.
    fn ties(&self) -> Vec<String> {
        let (kind, name) = (self.factor.kind, self.factor.kind.words());
        let close = self.turns.iter().find_map(|turn| match turn {
            Turn::Cost { tie, ends, is_second_above, .. } if !self.flips_by_cost() => {
                let (start, is_known) =
                    if *is_second_above { (tie.0, ends.0) } else { (tie.1, ends.1) };
                is_known.then_some((start, *is_second_above))
            }
            _ => None,
        });
        if let Some((start, is_above)) = close {
            let side = if is_above { "above" } else { "below" };
            let start = kind.show(start);
            return vec![format!(
                "a {name} {side} about {start}, where nothing decides between them as far as was measured"
            )];
        }
        let ties = self.points.iter().filter(|point| point.favours == Favours::Tie);
        ties.map(|point| format!("{}, where nothing decides between them", self.at(point)))
            .collect()
    }
}

/// From which batch interval on who collects costs less than the other engine: by rounds of tuning, in
/// which each interval was mostly tried once.
#[derive(Clone, PartialEq, Debug)]
pub struct Batching {
    /// Who collects, and the other engine.
    pub engines: [String; 2],
    /// The intervals that were tried, from the shortest to the longest, in seconds.
    pub tried_s: (f64, f64),
    /// Where both cost the same, in seconds; none where one of them costs less at every interval.
    pub at_s: Option<f64>,
    /// Whether who collects costs less at the longest interval.
    pub is_cheaper_long: bool,
    /// The rounds, by their folders.
    pub runs: Vec<String>,
}

impl Batching {
    /// None where neither engine was tried at several intervals.
    pub(super) fn of(evidence: &Evidence, pair: [&Row; 2], sheet: &Sheet<'_>) -> Option<Self> {
        let at = pair.iter().position(|row| row.kind == EngineKind::MicroBatch)?;
        let (collects, other) = (pair[at], pair[1 - at]);
        let engines = &evidence.cell()?.engines;
        let in_answer = |row: &Row| engines.iter().find(|engine| engine.label == row.label);
        let (own, level) = (in_answer(collects)?, sheet.costs(in_answer(other)?).ok()?.median);
        let without = |engine: &EngineRecord| -> Vec<(String, String)> {
            engine.settings.iter().filter(|(name, _)| name != INTERVAL).cloned().collect()
        };
        // Those of the last round in which it was, which is the longest.
        let mut tried: Vec<(f64, f64)> = Vec::new();
        let mut runs: Vec<String> = Vec::new();
        for (run, record) in evidence.of(Purpose::Tune) {
            let engines = record.cells.iter().flat_map(|cell| &cell.engines);
            let alike = engines.filter(|it| it.kind == own.kind && without(it) == without(own));
            for engine in alike {
                let Some(interval_s) = engine.interval_s else { continue };
                let Ok(cost) = sheet.costs(engine) else { continue };
                tried.retain(|(known, _)| known.total_cmp(&interval_s).is_ne());
                tried.push((interval_s, cost.median));
                if runs.last() != Some(&run.folder) {
                    runs.push(run.folder.clone());
                }
            }
        }
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ((first, _), (last, cost)) = (*tried.first()?, *tried.last()?);
        (last > first).then(|| Self {
            engines: [collects, other].map(|row| row.name.clone()),
            tried_s: (first, last),
            at_s: crossing(&tried, |_| level),
            is_cheaper_long: cost < level,
            runs,
        })
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let [collects, other] = &self.engines;
        let show = |seconds: f64| quantity::tick(&quantity::seconds(seconds));
        let (first, last) = (show(self.tried_s.0), show(self.tried_s.1));
        let by = format!(
            "by the cores kept busy in {}, from {first} to {last}, each interval mostly tried once",
            crate::words::listed(&self.runs.iter().map(String::as_str).collect::<Vec<_>>())
        );
        match (self.at_s, self.is_cheaper_long) {
            (Some(at), true) => {
                format!(
                    "{collects} costs less than {other} from an interval of about {} on ({by}).",
                    show(at)
                )
            }
            (Some(at), false) => {
                format!(
                    "{collects} costs less than {other} up to an interval of about {} ({by}).",
                    show(at)
                )
            }
            (None, true) => format!(
                "{collects} costs less than {other} at every interval that was tried ({by})."
            ),
            (None, false) => format!(
                "{collects} costs more than {other} at every interval that was tried ({by})."
            ),
        }
    }
}

/// The setting that makes a batch longer, as a record has it.
const INTERVAL: &str = "interval";

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

    /// Where nothing decides any more, to stand behind what does.
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
    use crate::judge::advice::{Advice, advise};
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

    #[test]
    fn the_rounds_of_tuning_tell_the_interval() {
        let (mut record, mut runs) = varied();
        runs.truncate(3);
        record.runs.truncate(3);
        // Ten intervals of one engine, whose batches cost as much as four events of a millisecond do.
        let round = &mut runs[0].1.cells[0].engines;
        let like = round[2].clone();
        round.truncate(2);
        let entry = |ms: f64| {
            let mut engine = like.clone();
            engine.kind = EngineKind::MicroBatch;
            engine.label = format!("micro-batch (interval {ms}ms)");
            engine.interval_s = Some(ms / 1e3);
            engine.settings = vec![("interval".into(), format!("{ms}ms"))];
            let cost = 4.0 + 40.0 / ms;
            engine.repetitions.iter_mut().for_each(|it| it.cpu_us_per_event = cost);
            engine
        };
        let tried = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(entry);
        round.extend(tried.clone());
        runs[2].1.cells[0].engines[2] = tried[4].clone();
        let evidence = Evidence { record, runs };
        let rows = advise(&evidence).rows;
        let row = |kind: EngineKind| rows.iter().find(|row| row.kind == kind).unwrap();
        let sheet = Sheet { rate_per_s: 50e3, prices: None, reserves: &[], is_metered: false };
        let pair = [row(EngineKind::Flink), row(EngineKind::MicroBatch)];
        let told = Batching::of(&evidence, pair, &sheet).unwrap();
        // 4 + 40 / x is 8.1 at 9.8 ms.
        assert!((told.at_s.unwrap() / 9.8e-3 - 1.0).abs() < 0.1, "{told:?}");
        assert_eq!(
            (told.tried_s, told.runs.as_slice()),
            ((1e-3, 50e-3), &["tune-1".to_owned()][..])
        );
        let said = told.sentence();
        assert!(said.starts_with("micro-batch costs less than flink from an interval of about 9."));
    }
}
