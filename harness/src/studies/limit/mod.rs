//! The highest sustainable rate of an engine on a scenario.
//!
//! [`search`] says which rate to try next, [`probe`] whether one that was tried is sustained; this
//! makes the probes and writes down what came. Every probe begins with fresh state and an input
//! of its own seed. A trace has no rate; there the searched quantity is how fast it is replayed.
//! What cannot be told within the time allowed is told as unknown.

pub mod search;
pub mod probe;
mod session;
#[cfg(test)]
mod tests;

pub use session::{LimitPlan, obstacle, run_limit};

use crate::bench::{Bench, Measured, Order};
use crate::load::schedule::Schedule;
use crate::measure::seen::Seen;
use crate::plan::units;
use crate::plan::{Cell, EngineKind, Load, Repeat};
use crate::run::RunError;
use crate::run::feed::{Feed, Happening, Turn};
use crate::run::order;
use engines::{Clock, Moment};
use probe::{Judgement, Limits, Slo, Terms};
use reports::quantity;
use reports::record::VerdictKind;
use reports::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome, ProbePurpose};
use scenarios::catalog::{Visitor, WorkloadSpec, visit};
use scenarios::{Scenario, Workload};
use search::{Answer, Bounds, Next, Search, Step, Why};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is asked of a search beside the cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The demand on the latency, if there is one.
    pub slo: Option<Slo>,
    /// How narrow the bracket becomes, as a share.
    pub precision: f64,
    /// How long a probe measures; as long as the method demands, if none.
    pub window: Option<Duration>,
    /// How long the search for one engine's limit may take.
    pub budget: Duration,
    /// No level below this is tried.
    pub least: Option<f64>,
    /// No level above this is tried.
    pub most: Option<f64>,
}

/// How narrow a bracket becomes, unless it is to be precise.
pub const PRECISION: f64 = 0.05;

/// How narrow it becomes if it is.
pub const PRECISION_FINE: f64 = 0.02;

/// No rate below one event per second is tried.
const RATE_LEAST: f64 = 1.0;

/// An event per nanosecond is the finest that a due time can tell.
const RATE_MOST: f64 = 1e9;

/// How often the window of a probe that is in doubt is doubled.
const DOUBLINGS: u32 = 2;

/// How long a probe has to measure.
pub fn window_demanded(kind: &EngineKind) -> Duration {
    interval(kind).map_or(Duration::ZERO, |interval| interval * 20).max(Duration::from_mins(1))
}

fn interval(kind: &EngineKind) -> Option<Duration> {
    match kind {
        EngineKind::MicroBatch { interval, .. } => Some(*interval),
        EngineKind::PerEvent { .. } => None,
    }
}

/// What is searched over.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Searched {
    /// Events per second.
    Rate {
        /// The cell's own.
        start: f64,
    },
    /// How fast a trace is replayed.
    Speed {
        /// The cell's own.
        start: f64,
        /// Events per second at that speed, on the mean.
        rate_per_s: f64,
        /// How long the trace lasts at that speed, in seconds.
        length_s: f64,
    },
}

impl Searched {
    /// What is searched over in a cell. A trace is read for it.
    pub fn of(cell: &Cell) -> Result<Self, RunError> {
        match &cell.load {
            // The search offers constant rates; it starts at what this one is on the mean.
            Load::Synthetic { rate, arrivals } => {
                let length = cell.measure.warm_up + cell.measure.duration;
                let schedule = Schedule::of(rate, arrivals, cell.seed, length);
                let events = schedule.expected_events().unwrap_or(0);
                Ok(Self::Rate { start: (events as f64 / length.as_secs_f64()).max(RATE_LEAST) })
            }
            Load::Trace => {
                let (events, length_s) = visit(&cell.case, cell.seed, Pace)
                    .map_err(|source| RunError::case(cell, source))?;
                let start = match &cell.case.workload {
                    WorkloadSpec::Trace(trace) => trace.speed,
                    _ => 1.0,
                };
                Ok(Self::Speed { start, rate_per_s: events as f64 / length_s, length_s })
            }
        }
    }

    /// Its name, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rate { .. } => "rate",
            Self::Speed { .. } => "speed of the trace",
        }
    }

    fn bounds(&self, options: &Options) -> Bounds {
        let (start, least, most) = match *self {
            Self::Rate { start } => (start, RATE_LEAST, RATE_MOST),
            // At the same rates.
            Self::Speed { start, rate_per_s, .. } => {
                (start, start * RATE_LEAST / rate_per_s, start * RATE_MOST / rate_per_s)
            }
        };
        let (least, most) = (options.least.unwrap_or(least), options.most.unwrap_or(most));
        Bounds { start, least, most: most.max(least), precision: options.precision }
    }

    /// Events per second at a level, on the mean.
    fn rate_per_s(&self, level: f64) -> f64 {
        match *self {
            Self::Rate { .. } => level,
            Self::Speed { start, rate_per_s, .. } => rate_per_s * level / start,
        }
    }

    fn speed(&self, level: f64) -> Option<f64> {
        matches!(self, Self::Speed { .. }).then_some(level)
    }

    /// How long there is something to offer at a level, in seconds.
    fn length_s(&self, level: f64) -> f64 {
        match *self {
            Self::Rate { .. } => f64::INFINITY,
            Self::Speed { start, length_s, .. } => length_s * start / level,
        }
    }

    /// A level in words.
    fn show(&self, level: f64) -> String {
        let rate = quantity::rate(self.rate_per_s(level));
        match self {
            Self::Rate { .. } => rate,
            Self::Speed { .. } => format!("{} ({rate})", quantity::ratio(level)),
        }
    }

    /// The key that sets a level, and its value as it is written in a file.
    fn set(&self, level: f64) -> (&'static str, String) {
        match self {
            Self::Rate { .. } => ("rate", units::show_rate(level)),
            // `{:?}` keeps the point that makes it a number.
            Self::Speed { .. } => ("source.trace.speed", format!("{level:?}")),
        }
    }
}

/// How many events a trace has, and for how many seconds they fall due.
struct Pace;

impl Visitor for Pace {
    type Output = (u64, f64);

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, _: S, workload: W) -> (u64, f64) {
        let events = workload.len().unwrap_or(0);
        let last = events.checked_sub(1).and_then(|last| workload.due(last));
        let nanos = last.unwrap_or(Moment::START).as_nanos().max(1);
        (events, nanos as f64 / 1e9)
    }
}

/// One engine of one cell, whose limit is searched.
pub struct Subject<'a> {
    /// The scenario.
    pub cell: &'a Cell,
    /// Which of its engines.
    pub engine: usize,
    /// What is searched over.
    pub searched: Searched,
    /// What is asked beside.
    pub options: &'a Options,
}

/// The finished probes are those of another search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the probes of {engine} on `{cell}` in it were made with other settings: {why}")]
pub struct OtherSearch {
    /// Which cell.
    pub cell: String,
    /// Which engine.
    pub engine: String,
    /// Which differ.
    pub why: String,
}

impl Subject<'_> {
    fn kind(&self) -> &EngineKind {
        &self.cell.engines[self.engine].kind
    }

    fn terms(&self) -> Terms {
        Terms { interval: interval(self.kind()), slo: self.options.slo }
    }

    /// How long a probe measures.
    pub fn window(&self) -> Duration {
        self.options.window.unwrap_or_else(|| window_demanded(self.kind()))
    }

    /// A limit that is not known yet.
    pub fn nothing(&self) -> Limit {
        Limit {
            outcome: LimitOutcome::Unknown,
            pass_per_s: None,
            fail_per_s: None,
            speed: None,
            text: "not searched yet".to_owned(),
            window_s: self.window().as_secs_f64(),
            precision: self.options.precision,
            slo: self.options.slo.map(|slo| (slo.quantile, slo.most_ns)),
            probes: Vec::new(),
        }
    }

    /// The search, behind the probes that are finished.
    pub fn resumed(&self, before: &Limit) -> Result<Search, OtherSearch> {
        let fresh = self.nothing();
        let other = |why: String| OtherSearch {
            cell: self.cell.name.clone(),
            engine: self.cell.engines[self.engine].label.clone(),
            why,
        };
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs();
        if !near(fresh.window_s, before.window_s) {
            let s = |s| quantity::seconds(s);
            let (then, now) = (s(before.window_s), s(fresh.window_s));
            return Err(other(format!("a window of {then}, now {now}")));
        }
        if fresh.slo != before.slo {
            return Err(other("another --slo".to_owned()));
        }
        if !near(fresh.precision, before.precision) {
            return Err(other("with and without --precise".to_owned()));
        }
        let level = |probe: &Probe| probe.speed.unwrap_or(probe.rate_per_s);
        let finished: Vec<(Step, ProbeOutcome)> = before
            .probes
            .iter()
            .map(|probe| (Step { purpose: probe.purpose, level: level(probe) }, probe.outcome))
            .collect();
        Search::resumed(self.searched.bounds(self.options), &finished)
            .map_err(|error| other(error.to_string()))
    }
}

/// What a search goes on with.
pub struct Means<'a> {
    /// Who measures.
    pub bench: &'a mut dyn Bench,
    /// Who is told.
    pub feed: &'a mut dyn Feed,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Whether the user wants it to end.
    pub stop: &'a AtomicBool,
}

/// Why a search ended, where the search itself would go on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum CutShort {
    Stopped,
    OutOfTime,
}

/// Searches the limit of an engine, behind the probes that `before` has. `keep` is given the
/// limit as far as it is known after every probe, with what was measured last.
pub fn find(
    subject: &Subject<'_>,
    before: &Limit,
    means: &mut Means<'_>,
    keep: &mut dyn FnMut(&Limit, &Measured) -> Result<(), RunError>,
) -> Result<Limit, RunError> {
    let mut search = match subject.resumed(before) {
        Ok(search) => search,
        Err(error) => return Err(RunError::Refused(error.to_string())),
    };
    let mut limit = Limit { probes: before.probes.clone(), ..subject.nothing() };
    let budget_ns = u64::try_from(subject.options.budget.as_nanos()).unwrap_or(u64::MAX);
    let deadline = means.clock.now().saturating_add(budget_ns);
    loop {
        let step = match search.next() {
            Next::Done(answer) => {
                subject.tell(&mut limit, &answer, None);
                return Ok(limit);
            }
            Next::Probe(step) => step,
        };
        let cut_short = match subject.probe(step, search.finished(), deadline, means)? {
            Ok((probe, measured)) => {
                search.tell(probe.outcome);
                limit.probes.push(probe);
                let answer = search.answer(LimitOutcome::Unknown, Why::Confirmed);
                subject.tell(&mut limit, &answer, Some("the search is not finished"));
                if let Some(measured) = measured {
                    keep(&limit, &measured)?;
                }
                continue;
            }
            Err(cut_short) => cut_short,
        };
        let answer = search.answer(LimitOutcome::Unknown, Why::Confirmed);
        let why = match cut_short {
            CutShort::Stopped => "interrupted; go on with --resume".to_owned(),
            CutShort::OutOfTime => format!(
                "the {} allowed are over; go on with --resume, or allow more with --budget",
                units::show_duration(subject.options.budget)
            ),
        };
        subject.tell(&mut limit, &answer, Some(&why));
        return Ok(limit);
    }
}

/// A finished probe, and what was measured last for it, if anything was.
type Probed = (Probe, Option<Measured>);

/// One look at a level.
struct Look {
    step: Step,
    /// How many probes were finished before.
    number: usize,
    window: Duration,
    /// How often the window was doubled.
    doubling: u32,
}

impl Subject<'_> {
    /// Makes one probe; a longer one where it is in doubt.
    fn probe(
        &self,
        step: Step,
        number: usize,
        deadline: Moment,
        means: &mut Means<'_>,
    ) -> Result<Result<Probed, CutShort>, RunError> {
        let mut probed = None;
        let length = |doubling: u32| self.cell.measure.warm_up + self.window() * (1 << doubling);
        let lasts = Duration::try_from_secs_f64(self.searched.length_s(step.level));
        let fits = |doubling| {
            doubling <= DOUBLINGS && !lasts.as_ref().is_ok_and(|lasts| *lasts < length(doubling))
        };
        for doubling in (0..).take_while(|doubling| fits(*doubling)) {
            let length = length(doubling);
            let length_ns = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
            let cut_short = if means.stop.load(Ordering::Relaxed) {
                Some(CutShort::Stopped)
            } else {
                let ends = means.clock.now().saturating_add(length_ns);
                (ends > deadline).then_some(CutShort::OutOfTime)
            };
            match cut_short {
                // A probe in doubt stands as it is; one that was not made cannot.
                Some(CutShort::OutOfTime) if probed.is_some() => break,
                Some(cut_short) => return Ok(Err(cut_short)),
                None => (),
            }
            let look = Look { step, number, window: self.window() * (1 << doubling), doubling };
            let (probe, measured, in_doubt) = match self.look(&look, deadline, means)? {
                Ok(seen) => seen,
                Err(cut_short) => return Ok(Err(cut_short)),
            };
            let longer = if in_doubt && fits(doubling + 1) { "; a longer look" } else { "" };
            let line = format!("{}{longer}", self.line(number, &probe));
            means.feed.tell(&Happening::Judged(&line));
            // A longer look that the machine cannot offer leaves the shorter one as it is.
            if probed.is_some() && probe.outcome == ProbeOutcome::NotOffered {
                break;
            }
            probed = Some((probe, Some(measured)));
            if !in_doubt {
                break;
            }
        }
        Ok(Ok(probed.unwrap_or_else(|| {
            let probe = self.too_short_a_trace(step);
            means.feed.tell(&Happening::Judged(&self.line(number, &probe)));
            (probe, None)
        })))
    }

    /// Measures once, and judges. Says whether a longer look could say something else.
    fn look(
        &self,
        look: &Look,
        deadline: Moment,
        means: &mut Means<'_>,
    ) -> Result<Result<(Probe, Measured, bool), CutShort>, RunError> {
        let level = look.step.level;
        let rate_per_s = self.searched.rate_per_s(level);
        let (key, value) = self.searched.set(level);
        let duration = units::show_duration(look.window);
        let cell = self
            .cell
            .altered(&[(key, &value), ("measure.duration", &duration)])
            .map_err(|rejected| RunError::Refused(rejected.render(false)))?;
        let number = u32::try_from(look.number).unwrap_or(u32::MAX / 8);
        let attempt = number * (DOUBLINGS + 1) + look.doubling + 1;
        let is_trace = matches!(cell.load, Load::Trace);
        let order = Order {
            cell: &cell,
            engine: self.engine,
            rep: number + 1,
            // A trace is what it is; only what is made up can be made up anew.
            seed: if is_trace { cell.seed } else { order::seed(cell.seed, attempt) },
            files: None,
            keep_results: false,
            simulate: false,
        };
        let length = cell.measure.warm_up + look.window;
        let limits = Limits::new(length, rate_per_s, &self.terms(), is_trace);
        let turn = Turn { order, repeat: Repeat::times(order.rep) };
        means.feed.tell(&Happening::Begun(&turn));
        let mut given_up: Option<String> = None;
        let mut is_over = false;
        let (feed, clock) = (&mut *means.feed, means.clock);
        let measured = means.bench.measure(&order, &mut |seen: &Seen| {
            feed.tell(&Happening::Seen(&turn, seen));
            given_up = given_up.take().or_else(|| limits.passed(seen));
            is_over |= clock.now() > deadline;
            if given_up.is_some() || is_over {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        let repetition = &measured.repetition;
        let mut judgement = self.terms().judge(repetition);
        if repetition.verdict.kind == VerdictKind::Interrupted {
            match given_up {
                Some(reason) => judgement = Judgement::of(ProbeOutcome::Fail, reason),
                None if is_over => return Ok(Err(CutShort::OutOfTime)),
                None => return Ok(Err(CutShort::Stopped)),
            }
        }
        let probe = Probe {
            purpose: look.step.purpose,
            rate_per_s,
            speed: self.searched.speed(level),
            outcome: judgement.outcome,
            reason: judgement.reason,
            window_s: look.window.as_secs_f64(),
            backlog_slope: repetition.throughput.backlog_slope,
            p99_ns: repetition.result_latency.as_ref().map(|latency| latency.p99_ns),
            completed_per_s: repetition.throughput.completed_per_s,
            cpu_us_per_event: repetition.cpu_us_per_event,
            seed: order.seed,
        };
        Ok(Ok((probe, measured, judgement.in_doubt)))
    }

    /// A probe that is not made, because the trace ends before it would.
    fn too_short_a_trace(&self, step: Step) -> Probe {
        let lasts = quantity::seconds(self.searched.length_s(step.level));
        let needed = quantity::seconds((self.cell.measure.warm_up + self.window()).as_secs_f64());
        Probe {
            purpose: step.purpose,
            rate_per_s: self.searched.rate_per_s(step.level),
            speed: self.searched.speed(step.level),
            outcome: ProbeOutcome::NotOffered,
            reason: format!("the trace lasts {lasts} at this speed, a probe {needed}"),
            window_s: self.window().as_secs_f64(),
            backlog_slope: None,
            p99_ns: None,
            completed_per_s: f64::NAN,
            cpu_us_per_event: f64::NAN,
            seed: self.cell.seed,
        }
    }

    /// A probe in a line.
    fn line(&self, number: usize, probe: &Probe) -> String {
        let level = probe.speed.unwrap_or(probe.rate_per_s);
        format!(
            "{} {}, probe {} ({}): {} {}: {}",
            self.cell.name,
            self.cell.engines[self.engine].label,
            number + 1,
            purpose(probe.purpose),
            self.searched.show(level),
            outcome(probe.outcome),
            probe.reason
        )
    }

    /// Writes an answer into a limit, in numbers and in words.
    fn tell(&self, limit: &mut Limit, answer: &Answer, unfinished: Option<&str>) {
        let rate = |level: Option<f64>| level.map(|level| self.searched.rate_per_s(level));
        limit.outcome = answer.outcome;
        limit.pass_per_s = rate(answer.pass);
        limit.fail_per_s = rate(answer.fail);
        limit.speed = match self.searched {
            Searched::Rate { .. } => None,
            Searched::Speed { .. } => Some((answer.pass, answer.fail)),
        };
        limit.text = self.text(answer, &limit.probes, unfinished);
    }

    fn text(&self, answer: &Answer, probes: &[Probe], unfinished: Option<&str>) -> String {
        let show = |level: f64| self.searched.show(level);
        let mut text = match (answer.outcome, answer.pass, answer.fail) {
            (LimitOutcome::Found, Some(pass), Some(fail)) => {
                format!("sustains {} to {}", show(pass), show(fail))
            }
            (LimitOutcome::AtLeast, Some(pass), _) => format!("sustains at least {}", show(pass)),
            (_, Some(pass), Some(fail)) => format!(
                "limit unknown, above {} and below {} as far as it was seen",
                show(pass),
                show(fail)
            ),
            (_, Some(pass), None) => {
                format!("limit unknown, above {} as far as it was seen", show(pass))
            }
            (_, None, Some(fail)) => {
                format!("limit unknown, below {} as far as it was seen", show(fail))
            }
            (_, None, None) => "limit unknown".to_owned(),
        };
        let last = |wanted: ProbeOutcome| {
            let reason = probes.iter().rev().find(|probe| probe.outcome == wanted);
            reason.map_or_else(String::new, |probe| format!(": {}", probe.reason))
        };
        let why = match (unfinished, answer.why) {
            (Some(why), _) => why.to_owned(),
            (None, Why::Confirmed) => {
                let confirming: Vec<_> = probes
                    .iter()
                    .rev()
                    .skip_while(|probe| probe.purpose != ProbePurpose::Confirm)
                    .take_while(|probe| probe.purpose == ProbePurpose::Confirm)
                    .collect();
                let passed =
                    confirming.iter().filter(|probe| probe.outcome == ProbeOutcome::Pass).count();
                let above = probes.last().map_or_else(String::new, |probe| {
                    let level = probe.speed.unwrap_or(probe.rate_per_s);
                    format!("; {} is not{}", show(level), last(ProbeOutcome::Fail))
                });
                format!("confirmed by {passed} of {} probes{above}", confirming.len())
            }
            (None, Why::NotOffered(level)) => {
                format!("{} could not be offered{}", show(level), last(ProbeOutcome::NotOffered))
            }
            (None, Why::Bound(level)) => format!("no more than {} was to be tried", show(level)),
            (None, Why::NothingSustained(level)) => {
                format!("not even {} is sustained{}", show(level), last(ProbeOutcome::Fail))
            }
            (None, Why::Silent(probes)) => {
                format!("the last {probes} probes say nothing{}", last(ProbeOutcome::Unknown))
            }
            (None, Why::Contradicting(times)) => {
                format!("the probes contradict each other: the answer was withdrawn {times} times")
            }
            (None, Why::NotRefuted(level)) => {
                format!(
                    "whether {} is sustained could not be told{}",
                    show(level),
                    last(ProbeOutcome::Unknown)
                )
            }
            (None, Why::TooMany(probes)) => format!("{probes} probes led nowhere"),
        };
        let _ = write!(text, " ({why}");
        if let Some(slo) = self.options.slo {
            let _ = write!(text, "; {slo} was demanded");
        }
        let demanded = window_demanded(self.kind());
        if self.window() < demanded {
            let _ = write!(
                text,
                "; a probe measured {}, shorter than the {} that the method demands",
                units::show_duration(self.window()),
                units::show_duration(demanded)
            );
        }
        text.push(')');
        text
    }
}

const fn purpose(purpose: ProbePurpose) -> &'static str {
    match purpose {
        ProbePurpose::Bracket => "bracket",
        ProbePurpose::Bisect => "bisect",
        ProbePurpose::Confirm => "confirm",
        ProbePurpose::Refute => "refute",
    }
}

const fn outcome(outcome: ProbeOutcome) -> &'static str {
    match outcome {
        ProbeOutcome::Pass => "sustained",
        ProbeOutcome::Fail => "not sustained",
        ProbeOutcome::Unknown => "in doubt",
        ProbeOutcome::NotOffered => "not offered",
    }
}
