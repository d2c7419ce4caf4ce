//! In which order a plan is run, how often, and when it stops: on a bench that measures nothing
//! and says what it was asked. And where a warm-up ends, with an engine that is slow at first.

use crate::support::{
    answering, cell, micro_batch, per_event, plan, synthetic, through, unwatched,
};
use engines::{Algorithm, Data, Moment, Sink, Stamped};
use programs::{Case, Visitor, open};
use reports::record::study::WarmUpDecided;
use reports::record::{Latency, VerdictKind, Warning};
use scenarios::spec::{CaseSpec, QuerySpec};
use scenarios::{Answer, Trigger};
use sluicebench::bench::error::RunError;
use sluicebench::bench::{Bench, Here, Measured, Order};
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::seen::Watch;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plan::{Cell, Marks, Plan, Repeat, WindowDomain};
use sluicebench::run::feed::{Feed, Happening};
use sluicebench::run::{Outcome, run_plan};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a repetition is made up to have measured: p99 in nanoseconds, and processor time.
type Figures = fn(&Order<'_>) -> Option<(u64, f64)>;

/// Remembers its orders, and answers each with what is made up for it.
struct MadeUp {
    template: Measured,
    figures: Figures,
    orders: Vec<(String, usize, u32, u64)>,
}

impl MadeUp {
    fn new(figures: Figures) -> Self {
        let mut once = cells(42).remove(0);
        once.measure.duration = Duration::from_millis(100);
        once.measure.warm_up = Duration::ZERO;
        let order = Order {
            cell: &once,
            engine: 0,
            rep: 1,
            seed: 42,
            files: None,
            keep_results: false,
            simulate: true,
        };
        let mut here = Here::new(Arc::new(AtomicBool::new(false)));
        let template = here.measure(&order, &mut unwatched).unwrap();
        assert!(template.repetition.is_verified(), "{:?}", template.repetition.verdict);
        Self { template, figures, orders: Vec::new() }
    }
}

impl Bench for MadeUp {
    fn measure(&mut self, order: &Order<'_>, _: Watch<'_>) -> Result<Measured, RunError> {
        self.orders.push((order.cell.name.clone(), order.engine, order.rep, order.seed));
        let mut measured = self.template.clone();
        let repetition = &mut measured.repetition;
        repetition.rep = order.rep;
        if let Some((ns, cpu_us)) = (self.figures)(order) {
            repetition.cpu_us_per_event = cpu_us;
            // As if this were the machine's time, and answers enough for every quantile.
            repetition.trace_hash = None;
            repetition.result_latency = Some(Latency {
                count: 10_000,
                p50_ns: ns,
                p90_ns: ns,
                p99_ns: ns,
                p999_ns: ns,
                max_ns: ns,
                ladder: vec![(100.0, ns)],
                ..repetition.result_latency.clone().unwrap()
            });
        } else {
            repetition.verdict.kind = VerdictKind::Failed;
            repetition.result_latency = None;
            repetition.event_latency = None;
        }
        Ok(measured)
    }
}

/// Keeps the lines.
#[derive(Default)]
struct Lines(Vec<String>);

impl Feed for Lines {
    fn tell(&mut self, happening: &Happening<'_>) {
        if let Happening::Noted(line) = happening {
            self.0.push((*line).to_owned());
        }
    }
}

/// Two cells of two engines each.
fn cells(seed: u64) -> Vec<Cell> {
    let engines =
        || vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    let named = |name: &str| Cell {
        name: name.into(),
        seed,
        ..cell(synthetic(None), QuerySpec::Identity, engines())
    };
    vec![named("one"), named("two")]
}

fn ran(seed: u64, repeat: &str, figures: Figures) -> (MadeUp, Outcome, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(cells(seed), &folder.path().join("run"));
    let plan = Plan { repeat: repeat.parse::<Repeat>().unwrap(), ..plan };
    let mut bench = MadeUp::new(figures);
    let mut lines = Lines::default();
    let outcome = run_plan(&plan, &mut bench, &mut lines, &AtomicBool::new(false)).unwrap();
    (bench, outcome, lines.0)
}

fn repetitions(outcome: &Outcome) -> Vec<usize> {
    let engines = outcome.record.cells.iter().flat_map(|cell| &cell.engines);
    engines.map(|engine| engine.repetitions.len()).collect()
}

#[test]
fn each_block_holds_every_engine_of_every_cell_once_in_an_order_of_its_own() {
    let orders = |seed| ran(seed, "8", |_| Some((1000, 1.0))).0.orders;
    let all = orders(42);
    assert_eq!(all.len(), 8 * 4);
    let mut shapes = Vec::new();
    for (rep, block) in (1..).zip(all.chunks(4)) {
        assert!(block.iter().all(|(_, _, of, _)| *of == rep), "{block:?}");
        let seed = block[0].3;
        assert!(block.iter().all(|(.., of)| *of == seed), "the same input for all: {block:?}");
        assert_eq!(seed == 42, rep == 1);
        let mut shape: Vec<_> = block.iter().map(|(cell, engine, ..)| (cell, engine)).collect();
        shapes.push(shape.clone());
        shape.sort_unstable();
        shape.dedup();
        assert_eq!(shape.len(), 4, "everyone once: {block:?}");
    }
    shapes.sort_unstable();
    shapes.dedup();
    assert!(shapes.len() > 3, "{} orders in 8 blocks", shapes.len());
    assert_eq!(orders(42), all, "the order follows from the seed");
    let without_seeds = |all: &[(String, usize, u32, u64)]| -> Vec<_> {
        all.iter().map(|(cell, engine, rep, _)| (cell.clone(), *engine, *rep)).collect()
    };
    assert_ne!(without_seeds(&orders(43)), without_seeds(&all), "and another seed has another");
}

#[test]
fn cells_are_recorded_as_planned_in_whatever_order_they_are_run() {
    for seed in 1..8 {
        let (_, outcome, _) = ran(seed, "2", |_| Some((1000, 1.0)));
        let names: Vec<_> = outcome.record.cells.iter().map(|cell| cell.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!(repetitions(&outcome), [2, 2, 2, 2]);
        let counts = outcome.record.cells.iter().flat_map(|cell| &cell.engines);
        assert!(counts.flat_map(|e| &e.merged_result_latency).all(|merged| merged.count > 0));
    }
}

/// A figure that varies by up to `share` to either side, the same way each time.
fn noisy(order: &Order<'_>, share: f64) -> f64 {
    let n = u64::from(order.rep) * 7 + order.engine as u64;
    100.0 * (1.0 + share * ((n * 7919 % 21) as f64 / 10.0 - 1.0))
}

#[test]
fn repetitions_end_when_every_median_is_known() {
    // There is no interval before the sixth.
    let (_, outcome, lines) = ran(42, "5..20", |_| Some((1_000_000, 2.0)));
    assert_eq!(repetitions(&outcome), [6, 6, 6, 6]);
    let last = lines.last().unwrap();
    assert_eq!(last, "after 6 repetitions every median is known to within 3 %: done");
    let is_told = |outcome: &Outcome| {
        let warnings = &outcome.record.warnings;
        warnings.iter().any(|warning| warning.code == "run::stopped")
    };
    assert!(is_told(&outcome), "who stops so is a little too sure");

    let (_, outcome, _) = ran(42, "8..20", |order| Some((1_000_000, noisy(order, 0.01))));
    assert_eq!(repetitions(&outcome), [8, 8, 8, 8]);

    let (_, outcome, lines) = ran(42, "5..20", |order| Some((1_000_000, noisy(order, 0.6))));
    assert_eq!(repetitions(&outcome), [20, 20, 20, 20]);
    let warnings = &outcome.record.warnings;
    let warning = warnings.iter().find(|warning| warning.code == "run::not_known").unwrap();
    assert!(warning.text.starts_with("after 20 repetitions the CPU per event of"), "{warning:?}");
    assert!(lines.last().unwrap().starts_with(&warning.text), "{lines:?}");

    // One noisy engine of one cell is enough; a latency counts as much as processor time.
    let (_, outcome, _) = ran(42, "5..9", |order| {
        let is_noisy = order.cell.name == "two" && order.engine == 1;
        let share = if is_noisy { 0.6 } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about 1e6")]
        Some(((noisy(order, share) * 10_000.0) as u64, 1.0))
    });
    assert_eq!(repetitions(&outcome), [9, 9, 9, 9]);
}

#[test]
fn a_number_of_repetitions_is_that_number() {
    let (_, outcome, lines) = ran(42, "3", |order| Some((1_000_000, noisy(order, 0.6))));
    assert_eq!(repetitions(&outcome), [3, 3, 3, 3]);
    assert!(!lines.iter().any(|line| line.contains("median")), "{lines:?}");
    let stopped = |warning: &&Warning| warning.code == "run::stopped";
    assert_eq!(outcome.record.warnings.iter().find(stopped), None, "nobody stopped it");
}

#[test]
fn an_engine_that_fails_is_not_waited_for() {
    let (_, outcome, _) = ran(42, "5..20", |order| (order.engine == 0).then_some((1_000_000, 2.0)));
    assert_eq!(repetitions(&outcome), [6, 6, 6, 6]);
    assert_eq!(outcome.exit.code(), 1);
}

#[test]
fn how_often_is_read_as_it_is_written() {
    let read = |text: &str| text.parse::<Repeat>().map(|repeat| repeat.to_string());
    assert_eq!(read("5").as_deref(), Ok("5"));
    assert_eq!(read(" 5 .. 20 ").as_deref(), Ok("5..20"));
    assert_eq!(read("7..7").as_deref(), Ok("7"));
    for wrong in ["", "0", "x", "5..", "..5", "20..5", "1..1001", "5..20..30", "-1"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

/// Its answers come 50 ms later than they could until `until`.
struct SlowSink<O> {
    sink: Box<dyn Sink<Item = O>>,
    until: Moment,
}

impl<O: Data> Sink for SlowSink<O> {
    type Item = O;
    fn accept(&mut self, answers: &[Stamped<O>], emitted: Moment) {
        let late = if emitted < self.until { 50_000_000 } else { 0 };
        self.sink.accept(answers, emitted.saturating_add(late));
    }
}

struct SlowFor {
    slow: Duration,
    settling: Settling,
}

/// Where the measured part began, how that was decided, the p99 of what was measured, and how
/// many answers that were.
type Found = (f64, WarmUpDecided, Option<bool>, u64, u64);

impl Visitor for SlowFor {
    type Output = Found;

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Found {
        let layout = Layout {
            schedule: Schedule::even(1000.0, Duration::from_secs(16)),
            partitions: 1,
            marks: Marks::Every(256),
            idle_after: None,
            watermark_bound_us: 0,
            trigger: Trigger::Event,
        };
        let input = Input::make(Arc::clone(&case.workload), layout, u64::MAX);
        let kind = per_event(Algorithm::Auto).kind;
        let until = Moment::from_nanos(u64::try_from(self.slow.as_nanos()).unwrap());
        let slow = |sink| Box::new(SlowSink { sink, until }) as Box<_>;
        let engine = through(answering(&kind, &case, 1), slow);
        let setting = Setting {
            warm_up: Duration::from_secs(6),
            settling: self.settling,
            over_batches: None,
            interval_ns: None,
            refined: false,
            keep_all: false,
            simulate: true,
        };
        let stop = AtomicBool::new(false);
        let (log, mut watch) = (IntervalLog::none(), unwatched);
        let (trial, _) = run(engine, &input, setting, log, &stop, &mut watch);
        let p99 = trial.samples.collected.totals.result.recorded().unwrap().p99_ns;
        let thirds: u64 =
            trial.samples.collected.totals.thirds.iter().map(|third| third.len()).sum();
        assert_eq!(thirds, trial.account.answers_measured);
        assert_eq!(trial.account.answers_given, 16_000);
        let warm_up = trial.warm_up;
        (warm_up.end_s, warm_up.decided, warm_up.steady, p99, trial.account.answers_measured)
    }
}

#[test]
fn an_engine_that_is_slow_at_first_is_measured_from_where_it_no_longer_is() {
    let found = |slow_s: u64, detect_from: Option<Duration>| {
        let settling = Settling { detect_from, load_varies: false };
        let case = CaseSpec { workload: synthetic(None), query: QuerySpec::Identity };
        let slow = Duration::from_secs(slow_s);
        open(&case, 42).unwrap().visit(SlowFor { slow, settling })
    };
    let one = Some(Duration::from_secs(1));
    let (end_s, decided, steady, p99_ns, measured) = found(3, one);
    assert_eq!((decided, steady), (WarmUpDecided::Detected, Some(true)));
    assert!((3.0..=4.0).contains(&end_s), "{end_s}");
    assert!(p99_ns < 1_000_000, "{p99_ns}");
    assert!((12_000..=13_050).contains(&measured), "{measured}");

    let (end_s, decided, ..) = found(0, one);
    assert_eq!((decided, end_s.to_bits()), (WarmUpDecided::Detected, 1.0_f64.to_bits()));

    let (end_s, decided, steady, ..) = found(8, one);
    assert_eq!((decided, steady), (WarmUpDecided::Capped, Some(false)), "beyond the cap");
    assert_eq!(end_s.to_bits(), 6.0_f64.to_bits());

    // A warm-up of a fixed length asks nobody, and counts by due time.
    let (end_s, decided, steady, _, measured) = found(3, None);
    assert_eq!((decided, steady), (WarmUpDecided::Fixed, Some(true)));
    assert_eq!((end_s.to_bits(), measured), (6.0_f64.to_bits(), 10_000));
}
