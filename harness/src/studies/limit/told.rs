//! Probes and limits in words.
//!
//! What a probe shows and which level is tried next has been decided elsewhere.

use super::level::{Searched, window_demanded};
use super::probe::Lack;
use super::search::{Answer, Why};
use super::subject::Subject;
use reports::quantity;
use reports::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome, ProbePurpose};
use settings::plan::units;
use std::fmt::Write as _;

impl Subject<'_> {
    /// A probe in a line.
    pub(super) fn line(&self, number: usize, probe: &Probe) -> String {
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

    /// Something that is said of the whole search, in a line.
    pub(super) fn about(&self, text: &str) -> String {
        format!("{} {}: {text}", self.cell.name, self.cell.engines[self.engine].label)
    }

    /// Writes an answer into a limit, in numbers and in words.
    pub(super) fn tell(&self, limit: &mut Limit, answer: &Answer, unfinished: Option<&str>) {
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

    /// Why a search ends at a probe that had too few answers, and what would have more of them.
    pub(super) fn too_few(&self, probe: &Probe, lack: Lack) -> String {
        let Lack { have, needed } = lack;
        let level = probe.speed.unwrap_or(probe.rate_per_s);
        let lasts_s = self.searched.length_s(level);
        let per_s = have as f64 / probe.window_s;
        let remedy = if have == 0 {
            "measure longer with --window, or ask about shorter windows".to_owned()
        } else if per_s * lasts_s < needed as f64 {
            format!(
                "all of the trace has about {}: demand a lower quantile with --slo, or ask about \
                 shorter windows",
                quantity::amount(per_s * lasts_s)
            )
        } else {
            // Some more than it takes, as answers come unevenly.
            let window_s = (needed as f64 / per_s * 1.2).ceil();
            format!("measure longer, such as --window {window_s}s")
        };
        format!("{}; at a lower level there are no more of them, so {remedy}", probe.reason)
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
        if self.cell.event_time_goes_with_events() && self.by_the_clock().is_none() {
            text.push_str("; event time went with the events");
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
