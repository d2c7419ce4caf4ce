//! Studies of engines that are made up, whose truth is known.

use super::*;
use crate::run::feed::Silent;
use crate::studies::limit::probe::Slo;
use engines::SimulatedClock;
use instrument::bench::error::RunError;
use instrument::bench::{Bench, Measured, Order};
use instrument::measure::seen::Watch;
use reports::judge::advice::{Confidence, Evidence, Favours, Scaling, Swing, Turn, advise};
use reports::record::advice::{FactorKind, Purpose};
use reports::record::{Latency, RunRecord, VerdictKind};
use settings::config::{self, Given, Traces};
use settings::plan::{Cell, EngineKind, Floors, Load, RateShape};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What an engine is like at so many events per second: processor time per event, in microseconds, its
/// p99, and how many events per second it sustains with one worker; with more, a quarter of the work
/// waits for its turn.
type Truth = fn(&EngineKind, f64) -> (f64, Duration, f64);

/// A batch costs as much as twenty events and takes 5 ms; who is not collected for waits for nobody, and
/// costs three times as much.
fn collecting_pays(kind: &EngineKind, _: f64) -> (f64, Duration, f64) {
    match kind {
        EngineKind::MicroBatch { interval, .. } => {
            let cost_us = 1.0 + 20.0 / interval.as_millis() as f64;
            (cost_us, *interval + Duration::from_millis(5), 700e3)
        }
        _ => (3.0, Duration::from_millis(1), 400e3),
    }
}

/// The same, and a batch costs as much at any rate, so that it is the events that pay for it: both cost
/// the same at 66.7 k/s, with batches of 75 ms.
fn collecting_pays_above(kind: &EngineKind, rate_per_s: f64) -> (f64, Duration, f64) {
    let (cost_us, p99, sustained) = collecting_pays(kind, rate_per_s);
    match kind {
        EngineKind::MicroBatch { interval, .. } => {
            let cost_us = 1.0 + 100.0 / interval.as_millis() as f64 * (100e3 / rate_per_s);
            (cost_us, p99, sustained)
        }
        _ => (cost_us, p99, sustained),
    }
}

/// Engines that are like that, on a clock of their own.
struct MadeUp {
    truth: Truth,
    clock: Arc<SimulatedClock>,
    stop: Arc<AtomicBool>,
    /// How many times as long everything takes as it should.
    slow: u32,
    /// After so many repetitions somebody has had enough.
    patience: usize,
    /// The seeds of the inputs, in order.
    seeds: Vec<u64>,
}

impl Bench for MadeUp {
    fn measure(&mut self, order: &Order<'_>, _: Watch<'_>) -> Result<Measured, RunError> {
        let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } = order.cell.load
        else {
            panic!("a constant rate was asked for")
        };
        self.seeds.push(order.seed);
        if self.seeds.len() >= self.patience {
            self.stop.store(true, Ordering::Relaxed);
        }
        let length = order.cell.measure.warm_up + order.cell.measure.duration;
        self.clock.advance(u64::try_from((length * self.slow).as_nanos()).unwrap());
        let (cost_us, p99, sustained) = (self.truth)(&order.setting().kind, per_second);
        let workers = order.cell.parallelism as f64;
        let is_sustained = per_second <= sustained * workers / (1.0 + 0.25 * (workers - 1.0));
        let ns = u64::try_from(p99.as_nanos()).unwrap();
        let mut measured = Measured::nothing(order, VerdictKind::Verified, String::new());
        let repetition = &mut measured.repetition;
        let answers = 100_000;
        repetition.counts.answers = answers;
        repetition.counts.answers_measured = answers;
        repetition.result_latency = Some(Latency {
            count: answers,
            p50_ns: ns / 2,
            p90_ns: ns - ns / 10,
            p99_ns: ns,
            p999_ns: ns,
            max_ns: ns,
            mean_ns: ns as f64 / 2.0,
            ladder: Vec::new(),
        });
        repetition.p99_ns_thirds = Some([ns; 3]);
        // Figures scatter by a hundredth, each engine's in its own way.
        let scatter = (order.seed % 97) as f64 / 97.0 - 0.5;
        repetition.cpu_us_per_event = cost_us * (1.0 + 0.01 * scatter);
        repetition.cpu_s = 1.0;
        repetition.peak_memory_bytes = 1 << 26;
        repetition.throughput.offered_per_s = per_second;
        repetition.throughput.accepted_per_s = per_second;
        repetition.throughput.completed_per_s = per_second;
        repetition.throughput.drain_s = 0.0;
        repetition.throughput.sustained = is_sustained;
        let growth = if is_sustained { 0.0 } else { 0.2 };
        repetition.throughput.backlog_slope = Some((growth, growth));
        Ok(measured)
    }
}

fn cell(settings: &[&str]) -> Cell {
    let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
    let loaded = config::load(&["keyed-window".to_owned()], &given, &[], Traces::MayBeAbsent);
    let loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
    parked(&loaded.cells[0]).unwrap_or_else(|rejected| panic!("{rejected}"))
}

fn plan(out: &Path, settings: &[&str], p99: Duration) -> AdvisePlan {
    AdvisePlan {
        name: "mine".to_owned(),
        title: "Mine".to_owned(),
        command: "sluicebench advise mine.toml".to_owned(),
        cell: cell(settings),
        is_parked: true,
        demands: vec![Slo { quantile: 0.99, most_ns: u64::try_from(p99.as_nanos()).unwrap() }],
        completeness: None,
        prices: None,
        is_varied: false,
        floors: Floors::Measured,
        budget: Duration::from_mins(20),
        out: Some(out.to_owned()),
        left_out: vec![("flink".to_owned(), "it is not here".to_owned())],
        twin: None,
    }
}

/// Carries a study out, until somebody has had enough, and returns the seeds of its inputs.
#[track_caller]
fn studied(plan: &AdvisePlan, truth: Truth, patience: usize) -> (Evidence, Vec<u64>) {
    studied_at(plan, truth, patience, 1)
}

/// The same where everything takes so many times as long.
#[track_caller]
fn studied_at(plan: &AdvisePlan, truth: Truth, patience: usize, slow: u32) -> (Evidence, Vec<u64>) {
    let division = plan.divided().unwrap().unwrap_or_else(|least| panic!("{least:?}"));
    let (clock, stop) = (Arc::<SimulatedClock>::default(), Arc::<AtomicBool>::default());
    let mut made_up = MadeUp {
        truth,
        clock: Arc::clone(&clock),
        stop: Arc::clone(&stop),
        slow,
        patience,
        seeds: Vec::new(),
    };
    let folder = run_advise(plan, &division, &mut made_up, &mut Silent, &*clock, &stop);
    let folder = folder.unwrap_or_else(|error| panic!("{error}"));
    (Evidence::read(&folder).unwrap_or_else(|error| panic!("{error}")), made_up.seeds)
}

fn labels(record: &RunRecord) -> Vec<&str> {
    record.cells[0].engines.iter().map(|engine| engine.label.as_str()).collect()
}

#[test]
fn each_engine_is_tuned_and_the_cheapest_that_meets_the_demand_is_advised() {
    let folder = tempfile::tempdir().unwrap();
    let own = ["engine.micro-batch.interval=20ms"];
    let plan = plan(&folder.path().join("out"), &own, Duration::from_millis(100));
    let (evidence, seeds) = studied(&plan, collecting_pays, usize::MAX);
    assert!(!evidence.record.interrupted);
    assert_eq!(evidence.record.left_out, plan.left_out);
    let purposes: Vec<Purpose> = evidence.runs.iter().map(|(run, _)| run.purpose).collect();
    let tuning = purposes.iter().filter(|purpose| **purpose == Purpose::Tune).count();
    assert!(tuning >= 3, "{purposes:?}");
    assert_eq!(purposes[tuning..], [Purpose::Compare, Purpose::Limit]);

    // The longest interval that meets the demand, of those that are tried; 100 ms and 5 would not.
    let of = |purpose| &evidence.runs.iter().find(|(run, _)| run.purpose == purpose).unwrap().1;
    let best = ["micro-batch (interval 75ms)", "per-event (park)"];
    assert_eq!(labels(of(Purpose::Compare)), best);
    assert_eq!(labels(of(Purpose::Limit)), best);
    let first = labels(of(Purpose::Tune));
    assert!(first.contains(&"micro-batch"), "the user's own is in the race: {first:?}");
    assert!(first.contains(&"per-event (waiting spin-then-park)"), "{first:?}");

    // What was best on an input by chance is not compared on it again.
    let compared: Vec<u64> = of(Purpose::Compare).cells[0].engines[0]
        .repetitions
        .iter()
        .filter_map(|repetition| repetition.seed)
        .collect();
    let tuned = &seeds[..seeds.iter().position(|seed| *seed == compared[0]).unwrap()];
    assert!(compared.len() >= 5 && compared.iter().all(|seed| !tuned.contains(seed)));

    let advice = advise(&evidence);
    let winner = &advice.rows[advice.winner.unwrap()];
    assert_eq!((winner.label.as_str(), advice.confidence), (best[0], Confidence::Certain));
    let headroom = winner.headroom.unwrap();
    assert!(headroom.pass <= 7.0 && headroom.fail.unwrap() > 7.0, "{headroom:?}");
}

#[test]
fn who_needs_more_than_a_core_is_searched_with_fewer_workers_too() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["parallelism=4", "source.synthetic.rate=100k/s"];
    let plan = plan(&folder.path().join("out"), &settings, Duration::from_millis(100));
    // Where there is time for it.
    let plan = AdvisePlan { budget: Duration::from_hours(1), ..plan };
    // Four workers sustain 114 k/s and two of them 80 k/s, so that it takes three for 100 k/s.
    let truth: Truth = |_, _| (1.0, Duration::from_millis(1), 50e3);
    let (evidence, _) = studied(&plan, truth, usize::MAX);
    let searches: Vec<u32> =
        evidence.of(Purpose::Limit).map(|(_, run)| run.cells[0].parallelism).collect();
    assert_eq!(searches, [4, 2]);
    for row in advise(&evidence).rows {
        let needed = row.needed.unwrap();
        assert_eq!(needed.scaling, Scaling::Fitted(2), "{}", row.label);
        assert!((needed.cores() / 3.0 - 1.0).abs() < 0.1, "{}: {needed:?}", row.label);
        assert!((row.cores.unwrap().median / 0.1 - 1.0).abs() < 0.02, "kept busy");
    }
}

#[test]
fn what_nobody_meets_is_no_advice() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&folder.path().join("out"), &[], Duration::from_millis(10));
    let (evidence, _) = studied(&plan, |_, _| (1.0, Duration::from_millis(14), 1e9), usize::MAX);
    let advice = advise(&evidence);
    assert_eq!((advice.winner, advice.confidence), (None, Confidence::Certain));
}

#[test]
fn what_would_change_the_answer_is_asked_one_thing_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&folder.path().join("out"), &[], Duration::from_millis(100));
    let plan = AdvisePlan { is_varied: true, ..plan };
    let (evidence, _) = studied(&plan, collecting_pays_above, usize::MAX);
    let purposes: Vec<Purpose> = evidence.runs.iter().map(|(run, _)| run.purpose).collect();
    let last = [Purpose::Compare, Purpose::Limit, Purpose::Sensitivity];
    assert_eq!(purposes[purposes.len() - 3..], last);
    let (_, run) = evidence.of(Purpose::Sensitivity).next().unwrap();
    let names: Vec<&str> = run.cells.iter().map(|cell| cell.name.as_str()).collect();
    assert_eq!(names.len(), 6, "rate, keys and slide: {names:?}");
    for cell in &run.cells {
        let labels: Vec<&str> = cell.engines.iter().map(|it| it.label.as_str()).collect();
        assert_eq!(labels, ["micro-batch (interval 75ms)", "per-event (park)"], "{}", cell.name);
        assert!(cell.engines.iter().all(|engine| engine.repetitions.len() >= 3));
        assert_eq!(cell.point.len(), 1, "{}", cell.name);
    }

    let advice = advise(&evidence);
    let told = advice.sensitivity.as_ref().unwrap();
    let rate = &told.swings[0];
    assert_eq!(rate.factor.kind, FactorKind::Rate, "it moves the costs most");
    let favours: Vec<Favours> = rate.points.iter().map(|point| point.favours).collect();
    assert_eq!(favours, [Favours::Second, Favours::First]);
    let [Turn::Cost { at, tie, ends, is_second_above: false }] = rate.turns[..] else {
        panic!("{:?}", rate.turns)
    };
    // Between 50 and 100 k/s, on logarithms, which it is not quite.
    assert!((at / 66.7e3 - 1.0).abs() < 0.03 && tie.0 < at && at < tie.1, "{rate:?}");
    assert_eq!(ends, (true, true));
    let stays = |swing: &Swing| swing.points.iter().all(|it| it.favours == Favours::First);
    assert!(told.swings[1..].iter().all(|swing| stays(swing) && swing.turns.is_empty()));
    let last = &advice.sentences[3];
    assert!(last.text.contains("a rate below about 6"), "{}", last.text);
    assert!(last.text.contains("not the number of keys"), "{}", last.text);
    assert!(last.runs.contains(&"sensitivity".to_owned()), "{last:?}");
    // Of the interval the rounds of tuning tell: a batch of 50 ms costs what twenty events do.
    let batching = told.batching.as_ref().unwrap();
    assert!((batching.at_s.unwrap() / 0.05 - 1.0).abs() < 0.1, "{batching:?}");
}

#[test]
fn what_takes_longer_than_is_thought_leaves_the_later_steps_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&folder.path().join("out"), &[], Duration::from_millis(100));
    let budget = Duration::from_mins(10);
    let plan = AdvisePlan { is_varied: true, budget, ..plan };
    let rounds = plan.divided().unwrap().unwrap().rounds.len();
    let (evidence, _) = studied_at(&plan, collecting_pays, usize::MAX, 20);
    let made = |purpose| evidence.of(purpose).count();
    assert!((1..rounds).contains(&made(Purpose::Tune)), "{} of {rounds}", made(Purpose::Tune));
    assert_eq!(
        [made(Purpose::Compare), made(Purpose::Sensitivity), made(Purpose::Limit)],
        [1, 0, 1]
    );
    let why = evidence.record.factors[0].left_out.as_deref().unwrap();
    assert_eq!(why, "the steps before took longer than was thought");
    let untested = advise(&evidence).untested.join("\n");
    assert!(untested.contains("What half and double of the rate, number of keys"), "{untested}");
    assert!(
        untested.contains("of tuning was left out: the steps before took longer"),
        "{untested}"
    );
}

#[test]
fn what_nobody_wants_varied_is_said_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&folder.path().join("out"), &[], Duration::from_millis(100));
    let (evidence, _) = studied(&plan, collecting_pays, usize::MAX);
    assert_eq!(evidence.of(Purpose::Sensitivity).count(), 0);
    assert!(advise(&evidence).sensitivity.is_none());
    let said = |why: &Option<String>| why.as_deref() == Some("--no-sensitivity was said");
    assert!(evidence.record.factors.iter().all(|factor| said(&factor.left_out)));
}

#[test]
fn a_study_that_is_stopped_keeps_what_is_finished_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let whole = plan(&folder.path().join("whole"), &[], Duration::from_millis(500));
    let (whole, _) = studied(&whole, collecting_pays, usize::MAX);
    let tuning = whole.of(Purpose::Tune).flat_map(|(_, run)| &run.cells[0].engines);
    let tuning: usize = tuning.map(|engine| engine.repetitions.len()).sum();
    let both = [Purpose::Tune, Purpose::Compare];
    for (patience, purposes) in [(3, &both[..1]), (tuning + 3, &both)] {
        let out = folder.path().join(patience.to_string());
        let plan = plan(&out, &[], Duration::from_millis(500));
        let (evidence, seeds) = studied(&plan, collecting_pays, patience);
        assert!(evidence.record.interrupted);
        assert_eq!(seeds.len(), patience, "nothing is begun any more");
        let mut made: Vec<Purpose> = evidence.runs.iter().map(|(run, _)| run.purpose).collect();
        made.dedup();
        assert_eq!(made, purposes, "{patience}");
        // It says what it can.
        assert!(!advise(&evidence).sentences.is_empty());
    }
}
