//! The search for one engine's limit: it makes the probes that the search asks for, and writes
//! down what came.
//!
//! Every probe begins with fresh state and an input of its own seed. What cannot be told within
//! the time allowed is told as unknown.

use super::probe::{Judgement, Lack, Limits};
use super::search::{Next, Step, Why};
use super::subject::Subject;
use crate::run::feed::{Feed, Happening, Turn};
use crate::run::order;
use engines::{Clock, Moment};
use instrument::bench::error::RunError;
use instrument::bench::{Bench, Measured, Order};
use instrument::measure::seen::Seen;
use reports::quantity;
use reports::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome};
use reports::record::{Latency, VerdictKind};
use settings::plan::units;
use settings::plan::{Load, Repeat};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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

/// How often the window of a probe that is in doubt is doubled.
pub const DOUBLINGS: u32 = 2;

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
    if limit.probes.is_empty()
        && let Some(text) = subject.hopeless()
    {
        means.feed.tell(&Happening::Judged(&subject.about(&text)));
        return Ok(Limit { text, ..limit });
    }
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
            Ok((probe, measured, lacks)) => {
                let more = lacks.filter(|_| search.has_no_pass());
                let more = more.map(|lack| subject.too_few(&probe, lack));
                search.tell(probe.outcome);
                limit.probes.push(probe);
                let answer = search.answer(LimitOutcome::Unknown, Why::Confirmed);
                subject.tell(&mut limit, &answer, Some("the search is not finished"));
                if let Some(text) = &more {
                    subject.tell(&mut limit, &answer, Some(text));
                }
                if let Some(measured) = measured {
                    keep(&limit, &measured)?;
                }
                // At half the level there are no more of them.
                if more.is_some() {
                    return Ok(limit);
                }
                continue;
            }
            Err(cut_short) => cut_short,
        };
        let answer = search.answer(LimitOutcome::Unknown, Why::Confirmed);
        let shown = units::show_duration(subject.options.budget);
        let why = match (cut_short, subject.options.may_go_on) {
            (CutShort::Stopped, true) => "interrupted; go on with --resume".to_owned(),
            (CutShort::Stopped, false) => "interrupted".to_owned(),
            (CutShort::OutOfTime, true) => format!(
                "the {shown} allowed are over; go on with --resume, or allow more with --budget"
            ),
            (CutShort::OutOfTime, false) => {
                format!("the {shown} allowed are over; allow more with --budget")
            }
        };
        subject.tell(&mut limit, &answer, Some(&why));
        return Ok(limit);
    }
}

/// A finished probe, what was measured last for it, if anything was, and which answers it lacked
/// however long it looked.
type Probed = (Probe, Option<Measured>, Option<Lack>);

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
            let (probe, measured, judgement) = match self.look(&look, deadline, means)? {
                Ok(seen) => seen,
                Err(cut_short) => return Ok(Err(cut_short)),
            };
            let in_doubt = judgement.in_doubt;
            let longer = if in_doubt && fits(doubling + 1) { "; a longer look" } else { "" };
            let line = format!("{}{longer}", self.line(number, &probe));
            means.feed.tell(&Happening::Judged(&line));
            // A longer look that the machine cannot offer leaves the shorter one as it is.
            if probed.is_some() && probe.outcome == ProbeOutcome::NotOffered {
                break;
            }
            probed = Some((probe, Some(measured), judgement.lacks));
            if !in_doubt {
                break;
            }
        }
        Ok(Ok(probed.unwrap_or_else(|| {
            let probe = self.too_short_a_trace(step);
            means.feed.tell(&Happening::Judged(&self.line(number, &probe)));
            (probe, None, None)
        })))
    }

    /// Measures once, and judges.
    fn look(
        &self,
        look: &Look,
        deadline: Moment,
        means: &mut Means<'_>,
    ) -> Result<Result<(Probe, Measured, Judgement), CutShort>, RunError> {
        let level = look.step.level;
        let rate_per_s = self.searched.rate_per_s(level);
        let cell = self
            .cell
            .altered(&self.changes(level, look.window))
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
            reason: judgement.reason.clone(),
            window_s: look.window.as_secs_f64(),
            backlog_slope: repetition.throughput.backlog_slope,
            p99_ns: repetition.result_latency.as_ref().and_then(Latency::p99),
            completed_per_s: repetition.throughput.completed_per_s,
            cpu_us_per_event: repetition.work_us_per_event(),
            seed: order.seed,
        };
        Ok(Ok((probe, measured, judgement)))
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
}
