//! Makes the runs of a study, one after the other, and writes down what each was for.
//!
//! The record is written after every run: whatever ends the study, what is finished is there, and says
//! what it can. Which settings go on is decided from records alone, as whoever reads them will.

use super::budget::{Division, HEADROOM_MOST, TooLittle, Varying, divided};
use super::field::Field;
use super::once::Once;
use super::sensitivity::{self, Varied, varied};
use super::space::Ground;
use crate::run::estimate::about;
use crate::run::feed::{Feed, Happening};
use crate::run::plain_loop;
use crate::run::{self, Outcome, order};
use crate::studies::limit::probe::Slo;
use crate::studies::limit::{self, LimitPlan, Means, PRECISION, Searched, run_limit};
use engines::{Clock, Moment};
use instrument::bench::Bench;
use instrument::bench::error::RunError;
use instrument::bench::folder::Folder;
use instrument::host;
use reports::judge::advice::{Evidence, Scaling, advise as judge, contenders, ranked};
use reports::record::advice::{AdviceRecord, AdviceRun, Factor, Prices, Purpose};
use reports::record::twin::Twin;
use reports::record::{RecordError, RunRecord, SCHEMA_VERSION};
use reports::words::{listed, titled};
use reports::{files, quantity};
use settings::config::diagnostic::Rejected;
use settings::plan::settings::Typed;
use settings::plan::units::show_duration;
use settings::plan::{Cell, Floors, Format, Load, Plan, Repeat};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What to study.
#[derive(Clone, Debug, PartialEq)]
pub struct AdvisePlan {
    /// Of the workload; safe as part of a folder's name.
    pub name: String,
    /// The same for a headline.
    pub title: String,
    /// The command line, as it was typed.
    pub command: String,
    /// The workload, on every engine as the user has set it.
    pub cell: Cell,
    /// Whether per-event was parked for this study, and may be tried otherwise.
    pub is_parked: bool,
    /// What is demanded of latencies; at least one.
    pub demands: Vec<Slo>,
    /// The least share of events that must count in the windows they belong to.
    pub completeness: Option<f64>,
    /// What resources cost, where somebody says it.
    pub prices: Option<Prices>,
    /// Whether the best two are asked again with one thing of the workload other than it is.
    pub is_varied: bool,
    /// Whether the plain loop is timed.
    pub floors: Floors,
    /// How long all of it may take.
    pub budget: Duration,
    /// The folder to write; `None` for one that is named by time and name.
    pub out: Option<PathBuf>,
    /// Who is left out, and why.
    pub left_out: Vec<(String, String)>,
    /// The trace that the workload resembles, where it is the twin of one.
    pub twin: Option<Fitted>,
}

/// A workload that was fitted to a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Its scenario, which is kept beside the advice.
    pub text: String,
    /// How close it is.
    pub told: Twin,
}

/// The name of its scenario in the folder of the advice.
pub const TWIN_FILE: &str = "twin.toml";

impl AdvisePlan {
    /// How the budget is spent, or the least that would do. A trace is read for its rate.
    pub fn divided(&self) -> Result<Result<Division, TooLittle>, RunError> {
        let searched = Searched::of(&self.cell)?;
        let rate_per_s = searched.rate_per_s(searched.start());
        Ok(divided(&self.ground(rate_per_s), &self.demands, self.budget, self.is_varied))
    }

    /// A plan of all that runs in the end, for whatever is looked at before anything is begun.
    pub fn whole(&self) -> Plan {
        self.run("advise", vec![self.cell.clone()], Repeat::times(1), self.out.clone())
    }

    /// What of the workload is varied by itself, by what it is called.
    pub fn varied(&self, division: &Division) -> Vec<&'static str> {
        let factors = self.factors(division).into_iter();
        factors.filter(|it| it.left_out.is_none()).map(|it| it.kind.words()).collect()
    }

    /// What can be varied of the workload, with why that is left out which is not.
    fn factors(&self, division: &Division) -> Vec<Factor> {
        let mut factors: Vec<Factor> =
            varied(&self.cell).into_iter().map(|varied| varied.factor).collect();
        let possible = factors.iter_mut().filter(|factor| factor.left_out.is_none());
        let planned = division.sensitivity.map_or(0, |varying| varying.factors);
        let several = self.cell.engines.iter().any(|it| it.kind != self.cell.engines[0].kind);
        let why = match (self.is_varied, several) {
            (false, _) => "--no-sensitivity was said",
            (true, false) => "there is one engine, and nobody to compare it with",
            (true, true) => "the budget is too short for it",
        };
        for factor in possible.skip(planned) {
            factor.left_out = Some(why.to_owned());
        }
        factors
    }

    fn ground(&self, rate_per_s: f64) -> Ground<'_> {
        Ground::new(&self.cell, &self.demands, rate_per_s, self.is_parked)
    }

    /// A run of this study.
    fn run(&self, step: &str, cells: Vec<Cell>, repeat: Repeat, out: Option<PathBuf>) -> Plan {
        Plan {
            name: format!("{step}-{}", self.name),
            title: titled(heading(step), &self.title),
            cells,
            out,
            keep_results: false,
            simulate: false,
            floors: Floors::LeftOut,
            repeat,
            format: Format::Text,
            command: self.command.clone(),
            strict: false,
            sweep: None,
            left_out: Vec::new(),
        }
    }
}

/// What a step is called in a headline.
fn heading(step: &str) -> &'static str {
    match step {
        COMPARE => "The best setting of each engine",
        SENSITIVITY => "The best two, with one thing other than in the workload",
        LIMIT => "Highest sustainable rate of the best settings",
        SCALE => "Highest sustainable rate with half as many workers",
        _ => "A round of tuning",
    }
}

/// The folders of the steps; a round of tuning has its number.
const COMPARE: &str = "compare";
const SENSITIVITY: &str = "sensitivity";
const LIMIT: &str = "limit";
const SCALE: &str = "limit-fewer-workers";

/// Why a step is left out for which there was time.
const TOO_LONG: &str = "the steps before took longer than was thought";

/// Makes all runs, and returns the folder with their record. A wish to stop keeps what is finished.
pub fn run_advise(
    plan: &AdvisePlan,
    division: &Division,
    bench: &mut dyn Bench,
    feed: &mut dyn Feed,
    clock: &dyn Clock,
    stop: &AtomicBool,
) -> Result<PathBuf, RunError> {
    let searched = Searched::of(&plan.cell)?;
    let started = host::utc_now();
    let name = format!("advise-{}", plan.name);
    // Held to the end, so that nobody else writes into it.
    let folder = Folder::make(plan.out.as_deref(), &name, started, 1)?;
    let record = AdviceRecord {
        schema_version: SCHEMA_VERSION,
        name: plan.name.clone(),
        title: plan.title.clone(),
        command: plan.command.clone(),
        started: host::rfc3339(started),
        // Until it has come to its end: whatever ends the program meanwhile cannot say so.
        interrupted: true,
        demands: plan.demands.iter().map(|slo| (slo.quantile, slo.most_ns)).collect(),
        completeness: plan.completeness,
        rate_per_s: searched.rate_per_s(searched.start()),
        budget_s: plan.budget.as_secs_f64(),
        prices: plan.prices.clone(),
        runs: Vec::new(),
        left_out: plan.left_out.clone(),
        factors: plan.factors(division),
        twin: plan.twin.as_ref().map(|fitted| fitted.told.clone()),
        plain_loop: plain_loop::timed(&plan.cell, plan.floors, bench, feed)?,
    };
    record.write(folder.path())?;
    if let Some(fitted) = &plan.twin {
        let path = folder.path().join(&fitted.told.scenario);
        files::replace(&path, fitted.text.as_bytes())
            .map_err(|source| RecordError::Unwritable { path, source })?;
    }
    let budget_ns = u64::try_from(plan.budget.as_nanos()).unwrap_or(u64::MAX);
    let deadline = clock.now().saturating_add(budget_ns);
    let mut once = Once::new(feed);
    let means = Means { bench, feed: &mut once, clock, stop };
    let study = Study { plan, division, searched, means, folder: &folder, record, deadline };
    study.through()?;
    Ok(folder.path().to_owned())
}

/// A study under way.
struct Study<'a> {
    plan: &'a AdvisePlan,
    division: &'a Division,
    searched: Searched,
    means: Means<'a>,
    folder: &'a Folder,
    record: AdviceRecord,
    deadline: Moment,
}

impl Study<'_> {
    /// All steps, as far as nobody wants to stop.
    fn through(mut self) -> Result<(), RunError> {
        let best = self.tuned()?;
        if !self.is_stopped() {
            self.compare(&best)?;
        }
        if !self.is_stopped() {
            self.search(&best)?;
        }
        if !self.is_stopped() {
            self.scale(&best)?;
        }
        if !self.is_stopped() {
            self.vary(&best)?;
        }
        self.record.interrupted = self.is_stopped();
        self.record.write(self.folder.path())?;
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.means.stop.load(Ordering::Relaxed)
    }

    fn say(&mut self, text: &str) {
        self.means.feed.tell(&Happening::Noted(text));
    }

    /// Round after round, until one setting of each engine is left: the cell with these.
    fn tuned(&mut self) -> Result<Cell, RunError> {
        let (plan, division) = (self.plan, self.division);
        let ground = plan.ground(self.record.rate_per_s);
        let mut field = Field::new(&ground, division.places, plan.cell.seed);
        let rounds = division.rounds.len();
        for (n, measured) in division.rounds.iter().enumerate() {
            if self.is_stopped() || !field.is_racing() {
                break;
            }
            let round = n + 1;
            if self.left() < division.comparing {
                let (what, why) = (format!("round {round} of tuning"), TOO_LONG.to_owned());
                self.say(&format!("Without {what}: {why}."));
                self.record.left_out.push((what, why));
                break;
            }
            let cell = field.round().map_err(|rejected| refused(&rejected))?;
            self.say(&format!(
                "Tuning, round {round} of {rounds}: {}, each measured for {}.",
                quantity::counted(cell.engines.len() as u64, "setting"),
                show_duration(*measured)
            ));
            let cell = lasting(&cell, *measured)?;
            let cell = with_input_of(&cell, round)?;
            let record = self.run(Purpose::Tune, &format!("tune-{round}"), vec![cell], 1)?;
            // Of a round that was cut short nobody knows who was better.
            if !self.is_stopped() {
                let standings = ranked(&record, &self.record.demands, self.record.completeness);
                let labels: Vec<&str> = standings.iter().map(|it| it.label.as_str()).collect();
                field.advance(&labels);
            }
        }
        field.best().map_err(|rejected| refused(&rejected))
    }

    /// The best settings in turn, several times.
    fn compare(&mut self, best: &Cell) -> Result<(), RunError> {
        let Division { repetitions, compared, .. } = *self.division;
        let labels: Vec<&str> = best.engines.iter().map(|engine| engine.label.as_str()).collect();
        self.say(&format!("The best of each: {}.", labels.join(", ")));
        let cell = lasting(best, compared)?;
        self.run(Purpose::Compare, COMPARE, vec![cell], repetitions).map(drop)
    }

    /// The best two again, each time with one thing other than in the workload.
    fn vary(&mut self, best: &Cell) -> Result<(), RunError> {
        let Some(Varying { factors, repetitions, measured, takes }) = self.division.sensitivity
        else {
            return Ok(());
        };
        let evidence = Evidence::read(self.folder.path())?;
        let Some(labels) = contenders(&evidence) else {
            return self.leave_out(
                "no two engines were left of which one holds what is demanded and both have a cost",
            );
        };
        if self.left() < takes {
            return self.leave_out(TOO_LONG);
        }
        let cell = lasting(&sensitivity::on(best, &labels)?, measured)?;
        let wanted: Vec<String> = self
            .record
            .factors
            .iter()
            .filter(|factor| factor.left_out.is_none())
            .take(factors)
            .map(|factor| factor.key.clone())
            .collect();
        let varied = varied(&cell).into_iter().filter(|it| wanted.contains(&it.factor.key));
        let varied: Vec<Varied> = varied.collect();
        let names: Vec<&str> = varied.iter().map(|it| it.factor.kind.words()).collect();
        self.say(&format!(
            "Half and double of the {}, on {}: about {}.",
            listed(&names),
            listed(&labels.each_ref().map(String::as_str)),
            about(takes)
        ));
        let cells: Vec<Cell> = varied.into_iter().flat_map(|varied| varied.cells).collect();
        self.run(Purpose::Sensitivity, SENSITIVITY, cells, repetitions).map(drop)
    }

    /// Varies nothing, for a reason.
    fn leave_out(&mut self, why: &str) -> Result<(), RunError> {
        for factor in self.record.factors.iter_mut().filter(|factor| factor.left_out.is_none()) {
            factor.left_out = Some(why.to_owned());
        }
        self.record.write(self.folder.path())?;
        Ok(())
    }

    /// How much of the budget is left.
    fn left(&self) -> Duration {
        Duration::from_nanos(self.deadline.nanos_since(self.means.clock.now()))
    }

    /// How much of the budget is left for searches: what is varied has its own.
    fn left_to_search(&self) -> Duration {
        let varying = self.division.sensitivity.map_or(Duration::ZERO, |varying| varying.takes);
        self.left().saturating_sub(varying)
    }

    /// The highest rate of each that still meets the demand.
    fn search(&mut self, best: &Cell) -> Result<(), RunError> {
        // What took longer before is not made up for by searches that can find nothing.
        let allowed = self.left_to_search().max(self.division.searches / 2);
        self.say(&format!(
            "Searching how far each is from the edge, for {} at the most.",
            about(allowed)
        ));
        self.search_on(best.clone(), LIMIT, allowed)
    }

    /// The same with half as many workers, of those that need more than one core: how many follows from
    /// both. Where there is no time for it the advice says that it rests on one number of workers.
    fn scale(&mut self, best: &Cell) -> Result<(), RunError> {
        let fewer = best.parallelism / 2;
        let rows = judge(&Evidence::read(self.folder.path())?).rows;
        let is_open = |label: &str| {
            let row = rows.iter().find(|row| row.label == label);
            let needed = row.filter(|row| row.is_fit()).and_then(|row| row.needed);
            needed.is_some_and(|it| it.scaling == Scaling::Even)
        };
        let all = best.engines.len();
        let engines = best.engines.iter().filter(|engine| is_open(&engine.label)).count();
        let share = |searches: usize| u32::try_from(searches).unwrap_or(u32::MAX);
        let takes = self.division.searches / share(all.max(1)) * share(engines);
        if fewer == 0 || engines == 0 || self.left_to_search() < takes / 2 {
            return Ok(());
        }
        let workers = Typed::Integer(i128::try_from(fewer).unwrap_or(1));
        let cell = best.keeping(|engine| is_open(&best.engines[engine].label));
        let cell = cell.and_then(|cell| cell.altered(&[("parallelism", workers)]).ok());
        // What contradicts a setting of theirs is left.
        let Some(cell) = cell else { return Ok(()) };
        let allowed = self.left_to_search().min(takes);
        self.say(&format!(
            "The same with {} each, for {} at the most.",
            quantity::counted(fewer as u64, "worker"),
            about(allowed)
        ));
        self.search_on(cell, SCALE, allowed)
    }

    /// Searches the limits of the engines of a cell, all of them in so much time.
    fn search_on(&mut self, cell: Cell, name: &str, allowed: Duration) -> Result<(), RunError> {
        let (plan, division) = (self.plan, self.division);
        let engines = u32::try_from(cell.engines.len()).unwrap_or(u32::MAX);
        let own = self.searched.start();
        let options = limit::Options {
            slo: tail(&plan.demands),
            precision: PRECISION,
            window: Some(division.window),
            // In whole seconds, as it is told where it is over.
            budget: Duration::from_secs((allowed / engines).as_secs().max(1)),
            least: Some(own / HEADROOM_MOST),
            most: Some(own * HEADROOM_MOST),
            may_go_on: false,
        };
        let folder = self.folder.path().join(name);
        let run = plan.run(name, vec![cell], Repeat::times(1), Some(folder));
        let limit_plan = LimitPlan { plan: run, options, resume: None };
        let (clock, stop) = (self.means.clock, self.means.stop);
        let outcome = run_limit(&limit_plan, self.means.bench, self.means.feed, clock, stop)?;
        self.keep(Purpose::Limit, name, &outcome)
    }

    /// One run in a folder of its own.
    fn run(
        &mut self,
        purpose: Purpose,
        name: &str,
        cells: Vec<Cell>,
        times: u32,
    ) -> Result<RunRecord, RunError> {
        let folder = self.folder.path().join(name);
        let plan = self.plan.run(name, cells, Repeat::times(times), Some(folder));
        let stop = self.means.stop;
        let outcome = run::run_plan(&plan, self.means.bench, self.means.feed, stop)?;
        self.keep(purpose, name, &outcome)?;
        Ok(outcome.record)
    }

    /// Writes down that a run is part of the study, if anything was finished in it.
    fn keep(&mut self, purpose: Purpose, step: &str, outcome: &Outcome) -> Result<(), RunError> {
        if !outcome.record.cells.is_empty() {
            self.record.runs.push(AdviceRun { folder: step.to_owned(), purpose });
            self.record.write(self.folder.path())?;
        }
        Ok(())
    }
}

/// Of several demands the one on the tail: it is the first to be missed where an engine falls behind.
fn tail(demands: &[Slo]) -> Option<Slo> {
    demands.iter().copied().max_by(|a, b| a.quantile.total_cmp(&b.quantile))
}

/// The same cell, measured for so long.
fn lasting(cell: &Cell, measured: Duration) -> Result<Cell, RunError> {
    if cell.load == Load::Trace {
        return Ok(cell.clone());
    }
    cell.altered(&[("measure.duration", Typed::RunTime(measured))])
        .map_err(|rejected| refused(&rejected))
}

/// The same cell with an input of its own in each round of tuning, which the comparison does not see
/// again: what is best on one input by chance is not on the next.
fn with_input_of(cell: &Cell, round: usize) -> Result<Cell, RunError> {
    if cell.load == Load::Trace {
        return Ok(cell.clone());
    }
    let round = u32::try_from(round).unwrap_or(u32::MAX / 2);
    let seed = order::seed(cell.seed, Repeat::MOST + round);
    cell.altered(&[("seed", Typed::Integer(seed.into()))]).map_err(|rejected| refused(&rejected))
}

fn refused(rejected: &Rejected) -> RunError {
    RunError::Refused(rejected.to_string())
}
