//! The floor of each engine in a process of its own: how long an answer takes that nothing has to be
//! computed for.
//!
//! What lies between such an engine and the program that measures is in its latencies: serialisation,
//! sockets or a broker, a batch that is scheduled, a thread that is woken. So each setting of one is
//! asked nothing once in a run, before all else, in a process of its own as any repetition: the same
//! engine, the same way there and back, under a load that is light for it. Its limit is not known then,
//! so that a tenth of the rate that is offered stands for a tenth of that; behind a search it is, and a
//! tenth of it is what is offered. The figure goes beside the latencies and is taken off none of them.

use crate::run::estimate;
use crate::run::feed::{Feed, Happening};
use instrument::bench::warnings::Doubt;
use instrument::bench::{Bench, Measured, Order};
use reports::quantity;
use reports::record::{Floor, Repetition, Warning};
use settings::config::calibration::Light;
use settings::plan::{Cell, EngineSetting, Floors, Load, Plan, RateShape};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is offered at least, in events per second: enough answers for a 99th percentile in a second.
const RATE_LEAST: f64 = 1e3;

/// What is offered at most; light for any engine that is worth its place.
const RATE_MOST: f64 = 1e5;

/// How long it warms up at most.
const WARM_UP_MOST: Duration = Duration::from_secs(10);

/// How long it is measured at most.
const DURATION_MOST: Duration = Duration::from_secs(5);

/// One calibration, and whose floor it gives: cells and engines of the plan, by number.
#[derive(Clone, Debug)]
pub(crate) struct Calibration {
    pub(crate) whose: Vec<(usize, usize)>,
    pub(crate) light: Light,
    /// Why at that rate, in words.
    pub(crate) why: String,
}

impl Calibration {
    /// Those that a plan asks for: one for each setting of an engine in a process of its own.
    pub(crate) fn all(plan: &Plan) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        if plan.floors == Floors::LeftOut || plan.simulate {
            return all;
        }
        for (index, cell) in plan.cells.iter().enumerate() {
            for (engine, setting) in cell.engines.iter().enumerate() {
                if setting.kind.is_embedded() {
                    continue;
                }
                let like = |one: &&mut Self| {
                    let (other, of) = one.whose[0];
                    let other = &plan.cells[other];
                    is_same(&other.engines[of], other, setting, cell)
                };
                let (light, why) = light(cell);
                if let Some(known) = all.iter_mut().find(like) {
                    known.whose.push((index, engine));
                    known.light.warm_up = known.light.warm_up.max(light.warm_up);
                    known.light.duration = known.light.duration.max(light.duration);
                } else {
                    all.push(Self { whose: vec![(index, engine)], light, why });
                }
            }
        }
        all
    }

    /// That of one engine of a cell, by number, which was seen to sustain so many events per second; none
    /// where nobody wants it, or it is none in a process of its own.
    pub(crate) fn behind_search(
        plan: &Plan,
        (cell, engine): (usize, usize),
        sustained_per_s: f64,
    ) -> Option<Self> {
        let of = &plan.cells[cell];
        if plan.floors == Floors::LeftOut || of.engines[engine].kind.is_embedded() {
            return None;
        }
        let tenth = sustained_per_s / 10.0;
        let why = if tenth < RATE_LEAST {
            "as little as tells a 99th percentile; a tenth of what it sustained does not"
        } else {
            "a tenth of what it sustained"
        };
        let (light, _) = light(of);
        let light = Light { rate_per_s: tenth.max(RATE_LEAST), ..light };
        Some(Self { whose: vec![(cell, engine)], light, why: why.to_owned() })
    }

    /// Measures it and tells of it: what came, or the doubt that there is none. None where somebody
    /// has stopped it, and so knows why.
    pub(crate) fn carried_out(
        &self,
        plan: &Plan,
        bench: &mut dyn Bench,
        feed: &mut dyn Feed,
        stop: &AtomicBool,
    ) -> Option<Result<Floor, Warning>> {
        feed.tell(&Happening::Noted(&format!("floor of {}", self.told(plan))));
        match self.measured(plan, bench) {
            Ok(floor) => {
                let p50 = quantity::nanoseconds(floor.p50_ns as f64);
                feed.tell(&Happening::Noted(&format!("  {p50} there and back")));
                Some(Ok(floor))
            }
            Err(_) if stop.load(Ordering::Relaxed) => None,
            Err(why) => {
                let engine = self.label(plan).to_owned();
                let warning = Doubt::NoFloor { engine, why }.warning();
                feed.tell(&Happening::Noted(&format!("  ! {}", warning.text)));
                Some(Err(warning))
            }
        }
    }

    /// The engine, as it is called where it comes first.
    fn label<'a>(&self, plan: &'a Plan) -> &'a str {
        let (cell, engine) = self.whose[0];
        &plan.cells[cell].engines[engine].label
    }

    /// What is done, in words.
    fn told(&self, plan: &Plan) -> String {
        format!(
            "{}: identity at {} for {}, once: {}",
            self.label(plan),
            quantity::rate(self.light.rate_per_s),
            quantity::seconds(self.length().as_secs_f64()),
            self.why
        )
    }

    /// Why at that rate, to whom the floor of another cell's engine is given.
    pub(crate) fn why_for(&self, plan: &Plan, cell: usize) -> String {
        let (own, _) = light(&plan.cells[cell]);
        if own.rate_per_s.to_bits() == self.light.rate_per_s.to_bits() {
            return self.why.clone();
        }
        let (first, _) = self.whose[0];
        format!("light for it; measured once, by what {} is offered", plan.cells[first].name)
    }

    /// How long it offers events.
    fn length(&self) -> Duration {
        self.light.warm_up + self.light.duration
    }

    /// Measures it.
    ///
    /// # Errors
    /// Why there is no floor.
    fn measured(&self, plan: &Plan, bench: &mut dyn Bench) -> Result<Floor, String> {
        let (cell, engine) = self.whose[0];
        let cell = plan.cells[cell].calibrating(engine, self.light);
        let cell = cell.ok_or("its settings are not those of a scenario")?;
        let order = Order {
            cell: &cell,
            engine: 0,
            rep: 1,
            seed: cell.seed,
            files: None,
            keep_results: false,
            simulate: false,
        };
        let Measured { repetition, .. } = bench
            .measure(&order, &mut |_| ControlFlow::Continue(()))
            .map_err(|error| error.to_string())?;
        self.floor(&repetition)
    }

    fn floor(&self, repetition: &Repetition) -> Result<Floor, String> {
        if !repetition.is_verified() {
            return Err(repetition.verdict.text.clone());
        }
        let latency = repetition.result_latency.as_ref().ok_or("it gave no answer")?;
        let p50_ns = latency.p50().ok_or("it gave too few answers")?;
        Ok(Floor {
            p50_ns,
            p99_ns: latency.p99(),
            rate_per_s: self.light.rate_per_s,
            why: self.why.clone(),
            cpu_us_per_event: repetition.cpu_us_per_event,
        })
    }
}

/// What they are, in words.
pub(crate) fn told(plan: &Plan) -> Vec<String> {
    Calibration::all(plan).iter().map(|one| one.told(plan)).collect()
}

/// How long the calibrations of a plan take.
pub(crate) fn time(plan: &Plan) -> Duration {
    let all = Calibration::all(plan);
    let start = |one: &Calibration| {
        let (cell, engine) = one.whose[0];
        let cell = &plan.cells[cell];
        estimate::start(&cell.engines[engine].kind, cell)
    };
    let rest = estimate::rest();
    all.iter().map(|one| one.length() + start(one) + rest + estimate::PROCESS).sum()
}

/// Whether two settings of engines are one engine on one way.
fn is_same(one: &EngineSetting, on: &Cell, other: &EngineSetting, beside: &Cell) -> bool {
    let way = |cell: &Cell| (cell.transport.clone(), cell.pinning.clone());
    let sizes = |cell: &Cell| (cell.partitions, cell.parallelism);
    one.kind == other.kind && sizes(on) == sizes(beside) && way(on) == way(beside)
}

/// The load, and why it is that.
fn light(cell: &Cell) -> (Light, String) {
    let (rate_per_s, why) = match &cell.load {
        Load::Synthetic { rate: RateShape::Constant { per_second }, .. } => {
            let tenth = per_second / 10.0;
            let why = if (RATE_LEAST..=RATE_MOST).contains(&tenth) {
                "a tenth of what is offered, as its limit is not known"
            } else {
                "light for it, as its limit is not known"
            };
            (tenth.clamp(RATE_LEAST, RATE_MOST), why)
        }
        Load::Synthetic { .. } | Load::Trace => {
            (RATE_LEAST, "light for it, as what is offered changes and its limit is not known")
        }
    };
    let light = Light {
        rate_per_s,
        warm_up: cell.measure.warm_up.min(WARM_UP_MOST),
        duration: cell.measure.duration.min(DURATION_MOST),
    };
    (light, why.to_owned())
}
