//! The advice against engines whose truth is known.

use super::*;
use crate::record::EngineKind;
use crate::record::study::LimitOutcome;
use crate::sample::advice::{Truth, World, all, clear, nobody, priced, toss_up};
use crate::sample::pair::Noise;
use statistics::noise;

fn advice((record, runs): crate::sample::advice::Asked) -> Advice {
    advise(&Evidence { record, runs })
}

/// How many workers each engine has.
const WORKERS: f64 = 2.0;

impl Truth {
    /// The same on a machine on which all work takes so many times as long.
    pub(super) fn slower(&self, times: f64) -> Self {
        Self {
            p99_ms: self.waits_ms + (self.p99_ms - self.waits_ms) * times,
            cpu_us: self.cpu_us * times,
            limit_per_s: self.limit_per_s / times,
            ..self.clone()
        }
    }

    /// Cores that it keeps busy at a rate.
    pub(super) fn busy(&self, rate_per_s: f64) -> f64 {
        self.cpu_us * rate_per_s / 1e6
    }

    /// Cores that it needs for a rate: its share of what carries its limit, and no less than it keeps
    /// busy.
    pub(super) fn needed(&self, rate_per_s: f64) -> f64 {
        (WORKERS * rate_per_s / self.limit_per_s).max(self.busy(rate_per_s))
    }
}

/// A workload, and how far its truth is from another answer.
pub(super) struct Workload {
    pub(super) world: World,
    /// Who truly needs the fewest cores of those that hold.
    cheapest: Option<EngineKind>,
    /// How many more the next of them needs, as a share; without limit where there is none.
    margin: f64,
    /// Whether another one of them keeps fewer cores busy.
    is_opposed: bool,
    /// Whether no engine's latency is within a tenth of what is demanded, and no limit of the rate.
    is_off_the_edge: bool,
}

/// A number between two, evenly on logarithms.
fn between(low: f64, high: f64, noise: &mut Noise) -> f64 {
    low * (high / low).powf(noise.uniform())
}

/// What is true of an engine: one that answers by the batch (an interval, what a batch costs, what an
/// event does), or one that answers event by event, with a tail.
fn truth(kind: EngineKind, rate_per_s: f64, noise: &mut Noise) -> Truth {
    let service_us = between(0.5, 20.0, noise);
    let is_batched = matches!(kind, EngineKind::SparkStructured | EngineKind::SparkDstream);
    let (p99_ms, waits_ms, cpu_us) = if is_batched {
        let (interval_ms, overhead_ms) = (between(20.0, 1_000.0, noise), between(1.0, 15.0, noise));
        let events = rate_per_s * interval_ms / 1e3;
        (interval_ms + overhead_ms, interval_ms, service_us + overhead_ms * 1e3 / events)
    } else {
        (between(0.5, 700.0, noise), 0.0, service_us)
    };
    Truth {
        kind,
        knob: ("knob", "best"),
        other: ("other", 1.5),
        p99_ms,
        waits_ms,
        cpu_us,
        memory_mib: 700,
        limit_per_s: rate_per_s * between(0.7, 10.0, noise),
    }
}

pub(super) fn workload(seed: u64) -> Workload {
    let mut noise = Noise(seed.wrapping_mul(0x9E6C_63D0_876A_9A1B));
    let kinds = [
        EngineKind::Flink,
        EngineKind::SparkStructured,
        EngineKind::Storm,
        EngineKind::SparkDstream,
        EngineKind::SparkRealTime,
    ];
    let rate_per_s = between(20e3, 200e3, &mut noise);
    let count = [2, 3, 4, 5][usize::try_from(seed % 4).unwrap()];
    let mut engines: Vec<Truth> =
        kinds[..count].iter().map(|kind| truth(*kind, rate_per_s, &mut noise)).collect();
    let most_ms = between(50.0, 1_000.0, &mut noise);
    if noise.uniform() < 0.3 {
        engines[0].p99_ms = most_ms * (0.9 + 0.2 * noise.uniform());
        engines[0].waits_ms = engines[0].waits_ms.min(engines[0].p99_ms);
    }
    let holds = |truth: &Truth| truth.p99_ms <= most_ms && truth.limit_per_s >= rate_per_s;
    let needed = |truth: &Truth| truth.needed(rate_per_s);
    engines.sort_by(|a, b| needed(a).total_cmp(&needed(b)));
    let mut holding: Vec<usize> = (0..count).filter(|at| holds(&engines[*at])).collect();
    // Of each two in five the next one costs about the same, of one in ten somewhat more.
    let apart = match noise.uniform() {
        low if low < 0.4 => Some(0.03 * noise.uniform()),
        low if low < 0.5 => Some(0.03 + 0.07 * noise.uniform()),
        _ => None,
    };
    if let (Some(apart), [first, next, ..]) = (apart, &holding[..]) {
        // Its limit says so, and what it keeps busy is less by up to a half.
        let limit_per_s = WORKERS * rate_per_s / needed(&engines[*first]) / (1.0 + apart);
        let busy = needed(&engines[*first]) * (0.5 + 0.5 * noise.uniform());
        if limit_per_s >= rate_per_s {
            engines[*next].limit_per_s = limit_per_s;
            engines[*next].cpu_us = busy * 1e6 / rate_per_s;
        }
    }
    // Of one in four of the others somebody keeps fewer cores busy than who needs the fewest.
    if let ([first, next, ..], true) = (&holding[..], apart.is_none() && noise.uniform() < 0.5) {
        engines[*next].cpu_us = engines[*next].cpu_us.min(0.7 * engines[*first].cpu_us);
    }
    holding.sort_by(|a, b| needed(&engines[*a]).total_cmp(&needed(&engines[*b])));
    let cost = |place: usize| holding.get(place).map(|at| needed(&engines[*at]));
    let margin = cost(0).zip(cost(1)).map_or(f64::INFINITY, |(first, next)| next / first - 1.0);
    let busy = |at: usize| engines[at].busy(rate_per_s);
    let is_opposed = holding.iter().skip(1).any(|at| busy(*at) < 0.9 * busy(holding[0]));
    let is_off = |truth: &Truth| {
        let from_limit = (truth.limit_per_s / rate_per_s).ln().abs();
        (truth.p99_ms / most_ms).ln().abs() > 0.1 && from_limit > 0.1
    };
    Workload {
        cheapest: holding.first().map(|at| engines[*at].kind),
        margin,
        is_opposed,
        is_off_the_edge: engines.iter().all(is_off),
        world: World {
            engines,
            rate_per_s,
            most_ms,
            repetitions: 5,
            scatter: (0.01 + 0.03 * noise.uniform(), 0.005 + 0.025 * noise.uniform()),
            astray: noise::PRESUMED,
            seed,
        },
    }
}

#[test]
fn the_advice_names_the_truly_cheapest_that_holds_and_never_one_that_misses() {
    let (mut clear, mut named, mut level, mut tossed) = (0, 0, 0, 0);
    let (mut opposed, mut seen_through) = (0, 0);
    let mut false_certainties = 0;
    for seed in 0..200 {
        let Workload { world, cheapest, margin, is_opposed, is_off_the_edge } = workload(seed);
        let advice = advice(world.asked());
        let winner = advice.winner.map(|winner| advice.rows[winner].kind);
        if let Some(winner) = winner {
            let truth = world.engines.iter().find(|truth| truth.kind == winner).unwrap();
            let holds = truth.p99_ms <= world.most_ms && truth.limit_per_s >= world.rate_per_s;
            assert!(holds, "workload {seed}: {winner:?} misses, at {} ms", truth.p99_ms);
            let is_certain = advice.confidence == Confidence::Certain;
            false_certainties += usize::from(is_certain && Some(winner) != cheapest);
        }
        if is_off_the_edge && margin > 0.1 {
            clear += 1;
            named += usize::from(winner == cheapest);
            opposed += usize::from(is_opposed);
            seen_through += usize::from(is_opposed && winner == cheapest);
        }
        if is_off_the_edge && margin < 0.03 {
            level += 1;
            tossed += usize::from(advice.confidence == Confidence::TossUp);
        }
    }
    assert!(clear >= 60 && level >= 25, "{clear} with a margin, {level} without");
    assert!(named * 100 >= clear * 95, "{named} of {clear} named");
    // By the cores kept busy another one would have been named.
    assert!(opposed >= 20 && seen_through * 100 >= opposed * 95, "{seen_through} of {opposed}");
    assert!(tossed * 100 >= level * 80, "{tossed} of {level} a toss-up");
    assert_eq!(false_certainties, 0);
}

#[test]
fn an_engine_at_the_edge_of_the_demand_is_advised_to_nobody() {
    // Its level is what is demanded, and a hair above it: half of its repetitions hold.
    let mut world = workload(1).world;
    world.engines.truncate(1);
    world.engines[0].limit_per_s = world.rate_per_s * 4.0;
    world.engines[0].p99_ms = world.most_ms * 1.001;
    let advised = (0..300).filter(|seed| {
        let world = World { seed: *seed, scatter: (0.03, 0.01), ..world.clone() };
        advice(world.asked()).winner.is_some()
    });
    let advised = advised.count();
    assert!(advised <= 3, "{advised} of 300");
}

#[test]
fn the_same_records_say_the_same_again() {
    for (name, (record, runs)) in all() {
        let folder = tempfile::tempdir().unwrap();
        record.write(folder.path()).unwrap();
        for (run, record) in &runs {
            record.write(&folder.path().join(&run.folder)).unwrap();
        }
        let evidence = Evidence { record, runs };
        let (before, again) = (advise(&evidence), advise(&Evidence::read(folder.path()).unwrap()));
        assert_eq!(before.sentences, again.sentences, "{name}");
        assert_eq!((before.winner, before.confidence), (again.winner, again.confidence));
        assert!(before.sentences.len() <= 4, "{name}");
        for sentence in &before.sentences {
            assert!(sentence.text.ends_with('.') && !sentence.runs.is_empty(), "{sentence:?}");
            let is_run = |run: &String| evidence.runs.iter().any(|(it, _)| it.folder == *run);
            assert!(sentence.runs.iter().all(is_run), "{sentence:?}");
        }
    }
}

/// Who is advised, and how sure that is.
fn told(asked: crate::sample::advice::Asked) -> (Option<String>, Confidence) {
    let advice = advice(asked);
    (advice.winner.map(|winner| advice.rows[winner].name.clone()), advice.confidence)
}

#[test]
fn what_is_part_of_the_program_is_advised_where_there_is_nothing_else() {
    assert_eq!(told(clear()), (Some("flink".into()), Confidence::Certain));
    let (record, mut runs) = clear();
    for (_, run) in &mut runs {
        run.cells[0].engines.retain(|engine| engine.kind.is_embedded());
    }
    assert_eq!(told((record, runs)), (Some("per-event".into()), Confidence::Certain));
}

#[test]
fn a_price_of_memory_may_change_who_is_cheapest() {
    let (mut record, mut runs) = priced();
    assert_eq!(told((record.clone(), runs.clone())).0.as_deref(), Some("flink"));
    for engine in runs.iter_mut().flat_map(|(_, record)| &mut record.cells[0].engines) {
        let is_flink = engine.kind == EngineKind::Flink;
        for repetition in &mut engine.repetitions {
            repetition.peak_memory_bytes <<= u32::from(is_flink) * 5;
        }
    }
    assert_eq!(told((record.clone(), runs.clone())).0.as_deref(), Some("spark-structured"));
    record.prices = None;
    assert_eq!(told((record, runs)).0.as_deref(), Some("flink"), "cores alone");
}

#[test]
fn whose_cost_is_not_known_is_advised_only_where_nobody_else_holds() {
    let unknown = |kind: EngineKind, (record, mut runs): crate::sample::advice::Asked| {
        let engines = runs.iter_mut().flat_map(|(_, record)| &mut record.cells[0].engines);
        for engine in engines.filter(|engine| engine.kind == kind) {
            engine.repetitions.iter_mut().for_each(|it| it.cpu_us_per_event = f64::NAN);
        }
        (record, runs)
    };
    let spark = unknown(EngineKind::SparkStructured, clear());
    assert_eq!(told(spark), (Some("flink".into()), Confidence::Likely));
    let flink = unknown(EngineKind::Flink, clear());
    assert_eq!(told(flink), (Some("spark-structured".into()), Confidence::Likely));
    let (record, mut runs) = unknown(EngineKind::Flink, clear());
    for (_, run) in &mut runs {
        run.cells[0].engines.retain(|engine| engine.kind != EngineKind::SparkStructured);
    }
    // Storm misses it by less than days differ, and nobody knows which of them costs less.
    assert_eq!(told((record, runs)), (Some("flink".into()), Confidence::AtTheEdge));
}

#[test]
fn who_did_not_sustain_the_rate_in_the_search_is_not_advised() {
    let (record, mut runs) = clear();
    let engines = &mut runs[3].1.cells[0].engines;
    let limit = engines[1].limit.as_mut().unwrap();
    (limit.pass_per_s, limit.fail_per_s) = (Some(40e3), Some(50e3));
    let (winner, confidence) = told((record, runs));
    // With what it carries it would need five times as much, if it held.
    assert_eq!((winner.as_deref(), confidence), (Some("spark-structured"), Confidence::Certain));
}

#[test]
fn a_search_that_was_cut_off_says_what_it_found_and_no_more() {
    let found = |pass: f64, fail: Option<f64>, outcome: LimitOutcome| {
        let (record, mut runs) = clear();
        // What it needs depends on what was found: nobody else is there to be cheaper.
        for (_, run) in &mut runs {
            run.cells[0].engines.retain(|engine| engine.kind == EngineKind::Flink);
        }
        let limit = runs[3].1.cells[0].engines[0].limit.as_mut().unwrap();
        (limit.pass_per_s, limit.fail_per_s, limit.outcome) = (Some(pass), fail, outcome);
        let advice = advise(&Evidence { record, runs });
        let winner = &advice.rows[advice.winner.unwrap()];
        let room = winner.headroom.unwrap();
        let cell = format!("{}, {}", room.multiples(), room.open().unwrap_or_default());
        (advice.sentences[1].text.clone(), cell)
    };
    // The rate to be held is 50 k/s.
    let (why, cell) = found(50e3, None, LimitOutcome::Unknown);
    let said = "; it holds that rate below that latency; how much more was not searched";
    assert!(why.contains(said), "{why}");
    assert_eq!(cell, "at least 1.00, more not searched");
    let (why, cell) = found(100e3, Some(400e3), LimitOutcome::Unknown);
    assert!(
        why.contains(
            "at least 2.00 times the rate below that latency; how much more was not found"
        ),
        "{why}"
    );
    assert_eq!(cell, "at least 2.00, more not found");
    let (why, cell) = found(500e3, None, LimitOutcome::AtLeast);
    assert!(
        why.contains("sustains at least 10.0 times the rate") && !why.contains("how much more"),
        "{why}"
    );
    assert_eq!(cell, "at least 10.0, ");
}

#[test]
fn who_keeps_more_busy_than_its_limit_asks_for_is_named() {
    let said = |pass: f64| {
        let (record, mut runs) = clear();
        let limit = runs[3].1.cells[0].engines[0].limit.as_mut().unwrap();
        (limit.pass_per_s, limit.fail_per_s) = (Some(pass), Some(1.05 * pass));
        let untested = advise(&Evidence { record, runs }).untested;
        untested.into_iter().find(|it| it.contains("that follow from its limit"))
    };
    assert_eq!(said(100e3), None);
    let said = said(100e6).unwrap();
    assert!(said.starts_with("At 50 k/s the work of per-event keeps"), "{said}");
    assert!(said.contains("cores busy, more than the 0.00100 that follow"), "{said}");
}

#[test]
fn without_a_run_nothing_is_said() {
    let (record, runs) = clear();
    let nothing = told((record.clone(), Vec::new()));
    assert_eq!(nothing, (None, Confidence::NotEnoughData));
    // Tuning alone is not certain.
    let tuned = runs.into_iter().filter(|(run, _)| run.folder.starts_with("tune")).collect();
    assert_ne!(told((record, tuned)).1, Confidence::Certain);
}

#[test]
fn nobody_and_either_are_answers_too() {
    assert_eq!(told(nobody()), (None, Confidence::Certain));
    assert_eq!(told(toss_up()), (None, Confidence::TossUp));
}

#[test]
fn the_words_of_confidence_name_what_is_presumed() {
    let presumed = crate::quantity::fraction((noise::presumed() * 1e3).round() / 1e3);
    assert!(DEFINITION.contains(crate::quantity::tick(&presumed).as_str()));
}
