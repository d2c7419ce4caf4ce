//! Maps of engines that are made up, so that who is the cheapest where is known.

use super::*;
use crate::record::VerdictKind;
use crate::sample::atlas::{LEVELS_MS, RATES, Truth, mapped, truths};
use std::fmt::Write as _;

/// The map in letters: a row per demand, the most lenient first, a letter per rate.
fn letters(record: &RunRecord) -> Vec<String> {
    let map = atlas(record).unwrap();
    let letter = |outcome: Outcome| match outcome {
        Outcome::Cheapest { kind: EngineKind::MicroBatch, .. } => 'm',
        Outcome::Cheapest { kind: EngineKind::PerEvent, .. } => 'p',
        Outcome::Cheapest { .. } => 'x',
        Outcome::Tie => '=',
        Outcome::NotCosted => '$',
        Outcome::Nobody => '-',
        Outcome::NotSure => '?',
        Outcome::NotMeasured => ' ',
    };
    let levels = (0..map.asked.levels_ns.len()).rev();
    let row = |at: usize| map.columns.iter().map(|it| letter(it.spots[at].outcome)).collect();
    levels.map(row).collect()
}

/// Who truly is the cheapest that holds a demand.
fn truly(truths: &[Truth], rate: f64, most_ms: u64) -> Option<EngineKind> {
    let holds = |truth: &&Truth| (truth.p99_ms)(rate) < most_ms as f64 && truth.limit_per_s >= rate;
    let holding = truths.iter().filter(holds);
    let cheapest = holding.min_by(|a, b| (a.cpu_us)(rate).total_cmp(&(b.cpu_us)(rate)));
    cheapest.map(|truth| truth.kind)
}

#[test]
fn the_cheapest_that_holds_is_the_one_that_truly_is() {
    let truths = truths();
    for repetitions in [3, 5, 8] {
        let record = mapped(&truths, repetitions, 0.01);
        assert_eq!(letters(&record), ["pmmm", "pmmm", "ppmm", "ppp-"], "{repetitions}");
        for (column, (_, rate)) in atlas(&record).unwrap().columns.iter().zip(RATES) {
            for (spot, most_ms) in column.spots.iter().zip(LEVELS_MS) {
                let told = spot.outcome.cheapest();
                assert_eq!(told, truly(&truths, rate, most_ms), "{rate} {most_ms} {repetitions}");
            }
        }
    }
}

#[test]
fn nobody_is_ever_named_who_misses_or_who_is_dearer() {
    // Whatever the noise, and however close two engines are: a tie or nothing is no mistake.
    let mut truths = truths();
    for (n, apart) in [0.30, 0.45, 0.55, 0.59, 0.62].into_iter().enumerate() {
        truths[3].cpu_us = [|_| 0.30, |_| 0.45, |_| 0.55, |_| 0.59, |_| 0.62][n];
        for scatter in [0.005, 0.02, 0.05] {
            let record = mapped(&truths, 5, scatter);
            for spot in atlas(&record).unwrap().spots() {
                let Outcome::Cheapest { kind, by } = spot.outcome else { continue };
                let most_ms = spot.most_ns / 1_000_000;
                let is_near = by.times().is_some_and(|by| by < 1.3);
                let truth = truly(&truths, spot.rate_per_s, most_ms);
                assert!(truth == Some(kind) || is_near, "{apart} {scatter}: {spot:?}");
            }
        }
    }
}

#[test]
fn the_setting_that_stands_for_an_engine_is_its_cheapest_that_holds() {
    let map = atlas(&mapped(&truths(), 5, 0.01)).unwrap();
    let at = |rate: usize, level: usize| {
        let spot = &map.columns[rate].spots[level];
        spot.choices.iter().map(Choice::called).collect::<Vec<_>>().join(" before ")
    };
    assert_eq!(at(3, 3), "micro-batch (interval 800ms) before per-event");
    assert_eq!(at(3, 2), "micro-batch (interval 150ms) before per-event");
    assert_eq!(at(3, 1), "micro-batch (interval 20ms) before per-event");
    assert_eq!(at(0, 0), "per-event before micro-batch (interval 20ms)", "it misses by the least");
}

#[test]
fn what_costs_the_same_is_a_tie() {
    let mut truths = truths();
    truths[3].cpu_us = |rate| 0.28 + 600.0 / rate;
    let record = mapped(&truths, 5, 0.01);
    assert_eq!(letters(&record)[0], "====");
    let map = atlas(&record).unwrap();
    assert!(map.sentences()[1].contains("osts do not tell who is"), "{:?}", map.sentences());
}

#[test]
fn who_is_wrong_or_falls_behind_wins_nowhere() {
    let mut truths = truths();
    truths[3].limit_per_s = 5e4;
    assert_eq!(letters(&mapped(&truths, 3, 0.01)), ["pmmm", "pmmm", "ppmm", "pp--"]);
    let mut record = mapped(&truths, 3, 0.01);
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        if engine.kind == EngineKind::PerEvent {
            engine.repetitions[1].verdict.kind = VerdictKind::Differs;
        }
    }
    assert_eq!(letters(&record), ["mmmm", "mmmm", "mmmm", "----"]);
    let why = atlas(&record).unwrap().columns[0].spots[0].choices[1].why.clone();
    assert_eq!(why.as_deref(), Some("gave wrong answers in 1 of 3 repetitions"));
}

#[test]
fn a_single_repetition_shows_nothing_for_sure() {
    assert_eq!(letters(&mapped(&truths(), 1, 0.01)), ["????", "????", "????", "???-"]);
}

#[test]
fn what_it_costs_to_spin_is_not_known() {
    let mut truths = truths();
    truths[3].setting = ("waiting", "spin");
    let rows = letters(&mapped(&truths, 5, 0.01));
    assert_eq!(rows.last().unwrap(), "ppp-", "it alone holds it");
    assert_eq!(rows[0], "mmmm", "of the others the costs are known");
    // It does not hold it alone: the other one holds it, at a cost that nobody knows.
    let map = atlas(&mapped(&truths, 5, 0.01)).unwrap();
    let margin = |at: usize| match map.columns[0].spots[at].outcome {
        Outcome::Cheapest { by, .. } => by,
        other => panic!("{other:?}"),
    };
    assert_eq!((margin(3), margin(0)), (Margin::NotKnown, Margin::Alone));
    let told = map.sentences().join(" ");
    assert!(told.contains("what others cost that hold it is not known"), "{told}");
    assert!(told.contains("is the cheapest of those whose cost is known"), "{told}");
}

#[test]
fn what_took_no_processor_time_that_can_be_told_is_not_infinitely_cheaper() {
    let mut truths = truths();
    truths[3].cpu_us = |_| 0.0;
    let map = atlas(&mapped(&truths, 5, 0.01)).unwrap();
    let Outcome::Cheapest { kind, by } = map.columns[3].spots[3].outcome else {
        panic!("{:?}", map.columns[3].spots[3])
    };
    assert_eq!((kind, by), (EngineKind::MicroBatch, Margin::NotKnown));
}

#[test]
fn of_few_repetitions_no_winner_is_named_as_of_any_two_engines() {
    for (repetitions, is_few) in [(3, true), (4, true), (5, false)] {
        let map = atlas(&mapped(&truths(), repetitions, 0.01)).unwrap();
        let said = &map.sentences()[0];
        assert_eq!(said.contains("in these runs"), is_few, "{said}");
        assert_eq!(said.contains("are too few to name a winner"), is_few, "{said}");
        assert_eq!(map.finding().contains("in these runs"), is_few, "{}", map.finding());
    }
    // Who alone holds a demand is compared with nobody.
    let mut truths = truths();
    truths.truncate(1);
    assert_eq!(atlas(&mapped(&truths, 3, 0.01)).unwrap().too_few(), None);
}

#[test]
fn no_turn_is_told_at_a_rate_at_which_an_engine_is_missing_nor_between_two_ties() {
    let mut truths = truths();
    truths.push(Truth { kind: EngineKind::Storm, cpu_us: |_| 9.0, ..truths[3] });
    let others = [EngineKind::Flink, EngineKind::SparkStructured];
    for truth in &mut truths[..4] {
        truth.kind = others[usize::from(truth.kind == EngineKind::PerEvent)];
    }
    let mut record = mapped(&truths, 5, 0.01);
    assert!(!atlas(&record).unwrap().turns().is_empty());
    // The third engine was not measured at 10k/s, at which the others are side by side.
    record.cells[1].engines[4].repetitions.clear();
    assert_eq!(atlas(&record).unwrap().turns(), []);

    // Two that cost the same: now the one is the lower one by a hair, now the other.
    let mut same = crate::sample::atlas::truths();
    same[3].cpu_us = |rate| if rate < 5e4 { 0.2795 + 600.0 / rate } else { 0.2805 + 600.0 / rate };
    for repetitions in [3, 5] {
        let map = atlas(&mapped(&same, repetitions, 0.002)).unwrap();
        let of_last = map.turns().into_iter().filter(|turn| turn.most_ns == 1_000_000_000);
        assert_eq!(of_last.count(), 0, "{:?}", map.turns());
    }
}

#[test]
fn a_rate_at_which_an_engine_is_missing_is_not_painted() {
    let mut record = mapped(&truths(), 3, 0.01);
    record.interrupted = true;
    // Its turn never came; and at the last rate nothing was begun.
    record.cells[2].engines[3].repetitions.clear();
    record.cells.truncate(3);
    assert_eq!(letters(&record), ["pm ", "pm ", "pp ", "pp "]);
    let map = atlas(&record).unwrap();
    assert_eq!(map.without, ["1M/s"]);
    assert!(
        map.sentences()[1].contains("ot every engine was measured at 100k/s and 1M/s"),
        "{:?}",
        map.sentences()
    );
    assert!(map.own.as_ref().unwrap().near.iter().any(|it| it.outcome == Outcome::NotMeasured));
}

#[test]
fn a_hole_in_the_grid_has_no_neighbours() {
    let mut record = mapped(&truths(), 5, 0.01);
    record.cells.remove(1);
    let map = atlas(&record).unwrap();
    let pairs: Vec<_> = map.neighbours().map(|(a, b)| (&*a.written, &*b.written)).collect();
    assert_eq!(pairs, [("100k/s", "1M/s")]);
    // Between 10k/s and 100k/s one becomes the cheaper one; of that nothing is known now.
    assert!(map.turns().iter().all(|turn| turn.between == (1e5, 1e6)), "{:?}", map.turns());
    let told = map.sentences().join(" ");
    assert!(!told.contains("1 k/s to 100 k/s"), "{told}");
    assert!(map.own.unwrap().near.is_empty(), "50k/s lies between what was not measured");
}

#[test]
fn rates_that_were_listed_downwards_are_the_same_map() {
    let mut record = mapped(&truths(), 5, 0.01);
    let before = letters(&record);
    record.cells.reverse();
    record.sweep.as_mut().unwrap().axes[0].values.reverse();
    assert_eq!(letters(&record), before);
    assert_eq!(atlas(&record).unwrap().neighbours().count(), 3);
}

#[test]
fn where_two_cost_the_same_is_between_the_rates_at_which_they_did_not() {
    // 0.35 + 6 000 / rate is 0.6 at 24 000 a second, 0.30 + 1 000 / rate at 3 333, and 0.28 + 600 / rate
    // at 1 875.
    let map = atlas(&mapped(&truths(), 8, 0.002)).unwrap();
    let turns = map.turns();
    let told: Vec<(u64, f64, f64)> =
        turns.iter().map(|it| (it.most_ns / 1_000_000, it.between.0, it.between.1)).collect();
    assert_eq!(told, [(30, 1e4, 1e5), (200, 1e3, 1e4), (1_000, 1e3, 1e4)]);
    for (turn, truth) in turns.iter().zip([24_000.0, 3_333.0, 1_875.0]) {
        // By a line between two rates ten times apart.
        assert!((turn.at_per_s / truth).ln().abs() < 0.4, "{turn:?}");
        assert_eq!(turn.kinds, (EngineKind::PerEvent, EngineKind::MicroBatch));
    }
}

#[test]
fn beside_engines_that_can_be_deployed_those_of_this_program_take_no_part() {
    let mut truths = truths();
    for truth in &mut truths[..3] {
        truth.kind = EngineKind::Flink;
    }
    assert_eq!(letters(&mapped(&truths, 5, 0.01)), ["xxxx", "xxxx", "xxxx", "----"]);
}

#[test]
fn a_map_says_first_what_somebody_came_for() {
    let mut told = String::new();
    let mut say = |name: &str, record: &RunRecord| {
        let sentences = atlas(record).unwrap().sentences();
        assert!(sentences.len() <= 3, "{sentences:?}");
        let _ = writeln!(told, "{name}\n  {}", sentences.join("\n  "));
    };
    let record = mapped(&truths(), 5, 0.01);
    say("two engines", &record);
    let own = |rate: Option<f64>, most_ms: Option<u64>| {
        let mut record = record.clone();
        let asked = record.sweep.as_mut().unwrap().atlas.as_mut().unwrap();
        asked.own_rate_per_s = rate;
        asked.own_most_ns = most_ms.map(|ms| ms * 1_000_000);
        record
    };
    say("at a measured rate", &own(Some(1e5), Some(50)));
    say("where it changes", &own(Some(5e3), Some(300)));
    say("outside", &own(Some(5e6), Some(300)));
    say("without a demand", &own(Some(5e4), None));
    say("without a demand, at a measured rate", &own(Some(1e6), None));
    say("once", &mapped(&truths(), 1, 0.01));
    let mut cut_short = record.clone();
    cut_short.cells.truncate(2);
    say("cut short", &cut_short);
    let mut nothing = record.clone();
    nothing.cells.clear();
    say("nothing", &nothing);
    insta::assert_snapshot!("atlas_sentences", told);
}

#[test]
fn no_other_sweep_is_a_map() {
    let mut record = mapped(&truths(), 3, 0.01);
    record.sweep.as_mut().unwrap().atlas = None;
    assert!(atlas(&record).is_none());
}

#[test]
fn of_three_the_two_between_whom_nothing_decides_are_named_and_the_dearer_is_not() {
    let mut truths = truths();
    truths.remove(3);
    let kinds = [EngineKind::Flink, EngineKind::SparkStructured, EngineKind::Storm];
    for (truth, kind) in truths.iter_mut().zip(kinds) {
        truth.kind = kind;
        truth.p99_ms = |_| 1.0;
        truth.cpu_us = |_| 4.0;
    }
    truths[2].cpu_us = |_| 9.0;
    let record = mapped(&truths, 5, 0.01);
    assert_eq!(letters(&record), ["===="; 4]);
    let own = atlas(&record).unwrap().sentences().pop().unwrap();
    assert!(own.contains("flink") && own.contains("spark-structured"), "{own}");
    assert!(!own.contains("storm"), "{own}");
}
