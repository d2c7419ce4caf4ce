//! Runs a plan: all cells, all engines, all repetitions, and writes down what happened.
//!
//! Repetitions go in blocks of every engine of every cell, each block in an order of its own, so
//! that a machine that grows warm or busy favours none of them. The record is written again after
//! every repetition: whatever happens next, what is finished is kept, and can be gone on with. How
//! a repetition is
//! measured, and where, is up to the bench; what fails there ends its repetition and nothing else.

pub mod feed;
pub mod order;
pub mod known;
pub(crate) mod absent;
pub(crate) mod opening;
pub(crate) mod assembly;
pub(crate) mod calibration;
pub(crate) mod plain_loop;
pub mod estimate;
pub(crate) mod bounds;
pub mod resume;
pub(crate) mod conformance;

use crate::run::assembly::{learn, place};
use crate::run::calibration::Calibration;
use crate::run::feed::{Feed, Happening, Turn};
use crate::run::opening::{about_plan, opened};
use crate::run::resume::Resumed;
use engines::Moment;
use instrument::bench::error::RunError;
use instrument::bench::exit::Exit;
use instrument::bench::folder::Folder;
use instrument::bench::warnings::{Doubt, Standstill};
use instrument::bench::{Bench, Measured, Order};
use instrument::distributions::Place;
use instrument::host;
use instrument::measure::latency::Latencies;
use instrument::measure::{timeline, warm_up};
use reports::judge::summary;
use reports::page::write_report;
use reports::quantity;
use reports::record::study::SteadyState;
use reports::record::{
    CellRecord, EngineRecord, Floor, MarkWait, Pause, Repetition, RunRecord, VerdictKind,
};
use settings::plan::{Cell, Load, Plan};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that was measured.
    pub record: RunRecord,
    /// The folder it was written to.
    pub folder: PathBuf,
    /// How the program ends.
    pub exit: Exit,
}

/// Runs all of it on `bench`, and tells `feed` what happens. `stop` ends it early: what is
/// finished is kept and reported.
pub fn run_plan(
    plan: &Plan,
    bench: &mut dyn Bench,
    feed: &mut dyn Feed,
    stop: &AtomicBool,
) -> Result<Outcome, RunError> {
    let started = host::utc_now();
    let folder = Folder::make(plan.out.as_deref(), &plan.name, started, plan.cells.len())?;
    feed.tell(&Happening::Opened(plan));
    let record = opened(plan, started, |cores| about_plan(plan, cores), feed);
    record.write(folder.path())?;
    let run = Run { plan, folder: &folder, stop, record, merged: Vec::new(), floors: Vec::new() };
    run.through(bench, feed)
}

/// Goes on with a run that was cut short: what is finished is not made again.
pub fn resume_plan(
    plan: &Plan,
    resumed: Resumed,
    bench: &mut dyn Bench,
    feed: &mut dyn Feed,
    stop: &AtomicBool,
) -> Result<Outcome, RunError> {
    host::sharpen_timers();
    feed.tell(&Happening::Opened(plan));
    feed.tell(&Happening::Noted(&format!(
        "going on with {}: {} finished there, and it {}",
        resumed.folder.path().display(),
        quantity::counted(resumed.finished() as u64, "repetition"),
        if resumed.was_whole() { "had come to its end" } else { "was cut short" }
    )));
    let Resumed { folder, record, merged, .. } = resumed;
    let run = Run { plan, folder: &folder, stop, record, merged, floors: Vec::new() };
    run.tell_finished(feed);
    run.through(bench, feed)
}

/// Interrupted before void, void before wrong, wrong before failed: the reason not to read the
/// numbers comes before what they say. A sound run that decides nothing fails only where that is
/// asked for.
fn exit(record: &RunRecord, strict: bool) -> Exit {
    let repetitions = || {
        let engines = record.cells.iter().flat_map(|cell| &cell.engines);
        engines.flat_map(|engine| &engine.repetitions)
    };
    let any = |kind| repetitions().any(|repetition| repetition.verdict.kind == kind);
    if record.interrupted || any(VerdictKind::Interrupted) {
        Exit::Interrupted
    } else if any(VerdictKind::LoadNotHeld) {
        Exit::NotHeld
    } else if any(VerdictKind::Differs) {
        Exit::Differs
    } else if any(VerdictKind::Failed) {
        Exit::Failed
    } else if strict && is_inconclusive(record) {
        Exit::Inconclusive
    } else {
        Exit::Ok
    }
}

/// Whether the run's own warnings say that it does not decide between engines.
fn is_inconclusive(record: &RunRecord) -> bool {
    let doubts = [
        "run::few_repetitions",
        "run::few_answers",
        "run::unstable",
        "run::not_known",
        "run::no_steady_state",
        "run::not_told_steady",
        "verify::bounds_only",
        "verify::lost",
    ];
    let of_cells = record.cells.iter().flat_map(|cell| &cell.warnings);
    record.warnings.iter().chain(of_cells).any(|warning| doubts.contains(&warning.code.as_str()))
}

/// Fewer answers have no p99, by which engines are ranked.
const ANSWERS_LEAST: u64 = 1000;

/// How far the p99 of repetitions may lie apart.
const SPREAD_MAX: f64 = 0.25;

/// Every engine of every cell once, as numbers of both, in the order of repetition `rep`.
pub(crate) fn block(cells: &[Cell], rep: u32) -> Vec<(usize, usize)> {
    let turns: Vec<(usize, usize)> = (0..cells.len())
        .flat_map(|cell| (0..cells[cell].engines.len()).map(move |engine| (cell, engine)))
        .collect();
    let seed = cells.first().map_or(0, |cell| cell.seed);
    order::shuffled(turns.len(), seed, rep).into_iter().map(|turn| turns[turn]).collect()
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    folder: &'a Folder,
    stop: &'a AtomicBool,
    record: RunRecord,
    /// The verified latencies of each engine of the record's cells.
    merged: Vec<Vec<Both>>,
    /// Those that were measured, and whose they are: cell and engine of the plan.
    floors: Vec<((usize, usize), Floor)>,
}

/// `result_latency` and `event_latency` of several repetitions.
type Both = (Latencies, Latencies);

impl<'a> Run<'a> {
    /// All that is left to do, and what came of it.
    fn through(mut self, bench: &mut dyn Bench, feed: &mut dyn Feed) -> Result<Outcome, RunError> {
        self.calibrate(bench, feed);
        self.all_blocks(bench, feed)?;
        let Self { plan, folder, stop, mut record, .. } = self;
        record.interrupted = stop.load(Ordering::Relaxed);
        for cell in &mut record.cells {
            let doubts = about_cell(cell, plan.simulate, goes_on(plan, cell));
            cell.warnings.extend(doubts.iter().map(Doubt::warning));
        }
        record.warnings.extend(about_steadiness(&record, plan.simulate).iter().map(Doubt::warning));
        record.write(folder.path())?;
        conformance::put_beside(&mut record, folder.path(), &Place::of_this_process(), feed);
        write_report(std::slice::from_ref(&record), folder.path())?;
        let exit = exit(&record, plan.strict);
        Ok(Outcome { record, folder: folder.path().to_owned(), exit })
    }

    /// Measures the floors that are not known, of engines that have something left to do.
    fn calibrate(&mut self, bench: &mut dyn Bench, feed: &mut dyn Feed) {
        for calibration in Calibration::all(self.plan) {
            let is_left = |&(cell, engine): &(usize, usize)| {
                let mut reps = 1..=self.plan.repeat.most();
                self.floor_of(cell, engine).is_none()
                    && reps.any(|rep| self.finished(cell, engine, rep).is_none())
            };
            if !calibration.whose.iter().any(is_left) || self.stop.load(Ordering::Relaxed) {
                continue;
            }
            match calibration.carried_out(self.plan, bench, feed, self.stop) {
                Some(Ok(floor)) => {
                    self.floors.extend(calibration.whose.iter().map(|whose| {
                        let why = calibration.why_for(self.plan, whose.0);
                        (*whose, Floor { why, ..floor.clone() })
                    }));
                }
                Some(Err(warning)) => self.record.warnings.push(warning),
                None => {}
            }
        }
    }

    /// The floor of an engine of a cell, from the record of a run that is gone on with.
    fn floor_of(&self, cell: usize, engine: usize) -> Option<&Floor> {
        let name = &self.plan.cells[cell].name;
        let recorded = self.record.cells.iter().find(|recorded| recorded.name == *name)?;
        recorded.engines[engine].floor.as_ref()
    }

    /// The finished repetition of an engine of a cell, if there is one.
    fn finished(&self, cell: usize, engine: usize, rep: u32) -> Option<&Repetition> {
        let name = &self.plan.cells[cell].name;
        let recorded = self.record.cells.iter().find(|recorded| recorded.name == *name)?;
        recorded.engines[engine].repetitions.iter().find(|repetition| repetition.rep == rep)
    }

    /// The last repetition of which anything is finished.
    fn rep_last(&self) -> u32 {
        let engines = self.record.cells.iter().flat_map(|cell| &cell.engines);
        let reps = engines.flat_map(|engine| engine.repetitions.iter().map(|one| one.rep));
        reps.max().unwrap_or(0)
    }

    fn tell_finished(&self, feed: &mut dyn Feed) {
        for rep in 1..=self.plan.repeat.most() {
            for (cell, engine) in block(&self.plan.cells, rep) {
                if let Some(repetition) = self.finished(cell, engine, rep) {
                    let turn =
                        Turn { order: self.order(cell, engine, rep), repeat: self.plan.repeat };
                    feed.tell(&Happening::Ended(&turn, repetition));
                }
            }
        }
    }

    /// Block after block, until all are done or nothing is left to learn.
    fn all_blocks(&mut self, bench: &mut dyn Bench, feed: &mut dyn Feed) -> Result<(), RunError> {
        let finished = self.rep_last();
        for rep in 1..=self.plan.repeat.most() {
            for (cell, engine) in block(&self.plan.cells, rep) {
                if self.finished(cell, engine, rep).is_some() {
                    continue;
                }
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                self.one(cell, engine, rep, bench, feed)?;
            }
            let repeat = self.plan.repeat;
            let stopped = self.stop.load(Ordering::Relaxed);
            // Behind a block that others follow already, nothing is to be decided any more.
            let decides = repeat.is_open() && rep >= repeat.least().max(finished);
            if decides && !stopped && self.is_known(rep, feed) {
                break;
            }
        }
        Ok(())
    }

    /// Whether all medians are known well enough after `rep` repetitions. Says so, or what is not
    /// known when there are no more to come.
    fn is_known(&mut self, rep: u32, feed: &mut dyn Feed) -> bool {
        let percent = known::HALF_WIDTH_MAX * 100.0;
        let text = match known::worst(&self.record) {
            Some(worst) if worst.half_width > known::HALF_WIDTH_MAX => {
                if rep == self.plan.repeat.most() {
                    let doubt = Doubt::NotKnown { repetitions: rep, worst: worst.to_string() };
                    let warning = doubt.warning();
                    feed.tell(&Happening::Noted(&format!("{}; {}", warning.text, warning.advice)));
                    self.record.warnings.push(warning);
                }
                return false;
            }
            Some(_) => {
                if rep < self.plan.repeat.most() {
                    self.record.warnings.push(Doubt::Stopped { repetitions: rep }.warning());
                }
                format!("every median is known to within {percent:.0} %: done")
            }
            None => "nothing was verified that could be known better: done".to_owned(),
        };
        feed.tell(&Happening::Noted(&format!("after {rep} repetitions {text}")));
        true
    }

    /// One repetition of one engine of one cell.
    fn one(
        &mut self,
        index: usize,
        engine: usize,
        rep: u32,
        bench: &mut dyn Bench,
        feed: &mut dyn Feed,
    ) -> Result<(), RunError> {
        let order = self.order(index, engine, rep);
        let turn = Turn { order, repeat: self.plan.repeat };
        feed.tell(&Happening::Begun(&turn));
        let measured = bench.measure(&order, &mut |seen| {
            feed.tell(&Happening::Seen(&turn, seen));
            ControlFlow::Continue(())
        })?;
        feed.tell(&Happening::Ended(&turn, &measured.repetition));
        self.same_input(order.cell, &measured.repetition)?;
        self.keep(index, engine, measured);
        self.record.write(self.folder.path())?;
        Ok(())
    }

    fn order(&self, cell: usize, engine: usize, rep: u32) -> Order<'a> {
        let cell = &self.plan.cells[cell];
        // A trace is what it is; only what is made up can be made up anew.
        let seed = match cell.load {
            Load::Trace => cell.seed,
            Load::Synthetic { .. } => order::seed(cell.seed, rep),
        };
        Order {
            cell,
            engine,
            rep,
            seed,
            files: Some(self.folder),
            keep_results: self.plan.keep_results,
            simulate: self.plan.simulate,
        }
    }

    /// That the input is that of the others with its seed. A trace may have been written anew
    /// since, and two inputs in one cell would be compared as if they were one.
    fn same_input(&self, cell: &Cell, repetition: &Repetition) -> Result<(), RunError> {
        let of = |one: &Repetition| Some((one.seed?, one.input_hash.clone()?));
        let Some((seed, hash)) = of(repetition) else { return Ok(()) };
        let recorded = self.record.cells.iter().find(|recorded| recorded.name == cell.name);
        let engines = recorded.into_iter().flat_map(|recorded| &recorded.engines);
        let mut others = engines.flat_map(|engine| &engine.repetitions).filter_map(of);
        if others.any(|(of_seed, of_hash)| of_seed == seed && of_hash != hash) {
            return Err(RunError::Refused(format!(
                "the input of `{}` is no longer what it was for the repetitions before: its trace \
                 has changed; run all of it again, into another folder",
                cell.name
            )));
        }
        Ok(())
    }

    fn keep(&mut self, index: usize, engine: usize, measured: Measured) {
        let planned = &self.plan.cells[index];
        let at = place(&mut self.record, self.plan, planned);
        if self.merged.len() < self.record.cells.len() {
            self.merged.insert(at, planned.engines.iter().map(|_| Both::default()).collect());
        }
        let cell = &mut self.record.cells[at];
        cell.truth = cell.truth.or(measured.truth);
        for (_, floor) in self.floors.iter().filter(|(whose, _)| *whose == (index, engine)) {
            cell.engines[engine].floor = Some(floor.clone());
        }
        let record = learn(cell, engine, &measured);
        if measured.repetition.is_verified() {
            let (result, event) = &mut self.merged[at][engine];
            result.add(&measured.result);
            event.add(&measured.event);
            record.merged_result_latency = result.recorded();
            record.merged_event_latency = event.recorded();
        }
        record.repetitions.push(measured.repetition);
    }
}

/// A wait for marks that nobody has to explain: what the default costs, in nanoseconds.
pub(crate) const MARK_WAIT_NS_MAX: f64 = 1e6;

/// Whether marks, and not the engine, make most of its latency.
fn about_marks(cell: &CellRecord, engine: &EngineRecord) -> Option<Doubt> {
    let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
    let wait = MarkWait::mean(verified.filter_map(|repetition| repetition.mark_wait))?;
    is_owed_to_marks(wait).then(|| Doubt::Marks {
        engine: engine.label.clone(),
        marks: cell.input.marks.clone().unwrap_or_default(),
        wait_ns: wait.mean_ns,
        share: wait.share(),
    })
}

/// Whether marks make more of a latency than all else, and more than the default would.
fn is_owed_to_marks(wait: MarkWait) -> bool {
    wait.mean_ns > MARK_WAIT_NS_MAX && wait.share() > 0.5
}

/// What an engine lost without a word, in the repetition in which that was most.
fn about_losses(engine: &EngineRecord) -> Option<Doubt> {
    let lost = summary::most_lost(engine).filter(|lost| lost.memberships > 0)?;
    Some(Doubt::Lost { engine: engine.label.clone(), lost })
}

/// Whether a session went on for most of the time, in the repetition in which that was longest.
fn about_sessions(engine: &EngineRecord) -> Option<Doubt> {
    let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
    let sessions = verified.filter_map(|repetition| repetition.sessions);
    let sessions = sessions.max_by(|a, b| a.longest_s.total_cmp(&b.longest_s))?;
    let engine = engine.label.clone();
    sessions.is_endless().then_some(Doubt::EndlessSession { engine, sessions })
}

/// A sampler that wakes later than this, in seconds, has missed a whole look.
const PAUSE_S_MAX: f64 = 0.1;

/// Whether the whole process stood still for a while, in the repetition in which that was worst.
fn about_pauses(engine: &EngineRecord) -> Option<Standstill> {
    let pauses = engine.repetitions.iter().filter_map(|one| Some((one.rep, one.pause?)));
    let (rep, Pause { at_s, late_s }) = worst_pause(pauses)?;
    Some(Standstill { engine: engine.label.clone(), rep, at_s, late_s })
}

/// The longest of several pauses, and its repetition; none if no look was missed.
fn worst_pause(pauses: impl Iterator<Item = (u32, Pause)>) -> Option<(u32, Pause)> {
    let missed = pauses.filter(|(_, pause)| pause.late_s > PAUSE_S_MAX);
    missed.max_by(|(_, a), (_, b)| a.late_s.total_cmp(&b.late_s))
}

/// Whether too little was measured to tell of some engine whether it was steady. It is said once,
/// since what makes a run short makes all of its cells so. Simulated time has no steady state to
/// go by.
fn about_steadiness(record: &RunRecord, simulated: bool) -> Option<Doubt> {
    let verified = |engine: &EngineRecord| summary::verified(engine).count();
    let engines = || record.cells.iter().flat_map(|cell| &cell.engines);
    let untold = |engine: &EngineRecord| summary::count_of(engine, SteadyState::NotTold);
    let doubtful: Vec<&EngineRecord> = engines().filter(|engine| untold(engine) > 0).collect();
    let lengths = doubtful.iter().map(|engine| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
        let interval_ns = engine.interval_s.map(|seconds| (seconds * 1e9).round() as u64);
        warm_up::least_ns(warm_up::bin_ticks(&(Moment::START..Moment::START), interval_ns))
    });
    let least_ns = lengths.max().filter(|_| !simulated)?;
    Some(Doubt::NotToldSteady {
        untold: doubtful.into_iter().map(untold).sum(),
        of: engines().map(verified).sum(),
        least_s: timeline::seconds(least_ns),
    })
}

/// Whether a longer run of a cell would see more than this one: it does not where all of a trace was
/// played.
fn goes_on(plan: &Plan, cell: &CellRecord) -> bool {
    let is_trace = plan.cells.iter().any(|it| it.name == cell.name && it.load == Load::Trace);
    let part = |warning: &reports::record::Warning| warning.code == "input::part_of_trace";
    !is_trace || cell.warnings.iter().any(part)
}

/// What is doubtful about the repetitions of a cell. `goes_on` says whether a longer run has more
/// input.
fn about_cell(cell: &CellRecord, simulated: bool, goes_on: bool) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let mut few: Vec<(String, u64)> = Vec::new();
    let mut pauses: Vec<Standstill> = cell.engines.iter().filter_map(about_pauses).collect();
    if !pauses.is_empty() {
        pauses.sort_by(|a, b| b.late_s.total_cmp(&a.late_s));
        doubts.push(Doubt::Paused(pauses));
    }
    for engine in &cell.engines {
        if !simulated {
            doubts.extend(about_marks(cell, engine));
        }
        doubts.extend(about_losses(engine));
        doubts.extend(about_sessions(engine));
        let p99s: Vec<u64> = engine
            .repetitions
            .iter()
            .filter(|repetition| repetition.is_verified())
            .filter_map(|repetition| repetition.result_latency.as_ref()?.p99())
            .collect();
        if let (Some(least), Some(most)) = (p99s.iter().min(), p99s.iter().max())
            && p99s.len() > 1
        {
            let spread = *most as f64 / (*least).max(1) as f64 - 1.0;
            if spread > SPREAD_MAX {
                doubts.push(Doubt::Unstable { engine: engine.label.clone(), spread });
            }
        }
        let unsteady: Vec<u32> = engine
            .repetitions
            .iter()
            .filter(|one| one.is_verified() && one.steady_state() == SteadyState::NotReached)
            .map(|repetition| repetition.rep)
            .collect();
        if !unsteady.is_empty() {
            let (engine, of) = (engine.label.clone(), engine.repetitions.len());
            doubts.push(Doubt::NoSteadyState { engine, repetitions: unsteady, of });
        }
        let answers = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        if let Some(least) = answers.map(|repetition| repetition.counts.answers_measured).min()
            && least < ANSWERS_LEAST
        {
            few.push((engine.label.clone(), least));
        }
    }
    if !few.is_empty() {
        doubts.push(Doubt::FewAnswers { engines: few, goes_on });
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use reports::record::study::{Untold, WarmUp, WarmUpDecided};
    use std::path::Path;

    #[test]
    fn marks_are_named_where_they_make_most_of_a_latency_and_more_than_the_default_would() {
        let owed = |mean_ns, of_mean_ns| is_owed_to_marks(MarkWait { mean_ns, of_mean_ns });
        assert!(owed(100e6, 120e6));
        assert!(!owed(100e6, 250e6), "the engine makes more of it");
        assert!(!owed(0.9e6, 1e6), "a millisecond is what the default costs");
        assert!(!owed(f64::NAN, f64::NAN));
    }

    #[test]
    fn what_was_too_short_to_be_told_steady_is_said_once_with_how_long_it_takes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/tests/old_records/1");
        let mut record = RunRecord::read(&folder).unwrap();
        assert_eq!(about_steadiness(&record, false), None, "nobody asked");
        let mut all = 0;
        let engines = record.cells.iter_mut().flat_map(|cell| &mut cell.engines);
        for one in engines.flat_map(|engine| &mut engine.repetitions) {
            one.verdict.kind = VerdictKind::Verified;
            one.warm_up = Some(WarmUp {
                end_s: 1.0,
                decided: WarmUpDecided::Fixed,
                steady: (all == 0).then_some(true),
                untold: (all > 0).then_some(Untold::TooShort),
                text: String::new(),
            });
            all += 1;
        }
        for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
            engine.interval_s = engine.interval_s.map(|_| 2.0);
        }
        let doubt = about_steadiness(&record, false);
        let least_s = 70.0;
        assert_eq!(doubt, Some(Doubt::NotToldSteady { untold: all - 1, of: all, least_s }));
        assert_eq!(about_steadiness(&record, true), None, "of no machine");
    }

    #[test]
    fn the_worst_pause_is_named_if_a_look_was_missed() {
        let pause = |late_s| Pause { at_s: 1.0, late_s };
        let of = |late: &[f64]| {
            worst_pause((1..).zip(late.iter().map(|late_s| pause(*late_s)))).map(|(rep, _)| rep)
        };
        assert_eq!(of(&[0.01, 2.0, 0.3]), Some(2));
        assert_eq!(of(&[0.01, 0.09]), None);
        assert_eq!(of(&[]), None);
    }
}
