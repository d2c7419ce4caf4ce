//! Whose limit is searched, on what terms, and behind which finished probes.

use super::level::{INPUT_MEMORY, Options, Searched, window_demanded};
use super::probe::Terms;
use super::search::{Search, Step};
use instrument::bench::Draining;
use reports::quantity;
use reports::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome};
use scenarios::spec::WorkloadSpec;
use settings::plan::settings::Typed;
use settings::plan::{Cell, EngineKind, EngineSetting, WindowDomain};
use std::time::Duration;

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
    /// The engine and its settings.
    pub(super) fn kind(&self) -> &EngineKind {
        &self.cell.engines[self.engine].kind
    }

    /// What its probes are judged by.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            interval: self.kind().interval(),
            draining: Draining::of(self.kind()),
            slo: self.options.slo,
        }
    }

    /// How long a probe measures.
    pub fn window(&self) -> Duration {
        self.options.window.unwrap_or_else(|| window_demanded(self.kind()))
    }

    /// What a probe at a level changes in the cell.
    pub(super) fn changes(&self, level: f64, window: Duration) -> Vec<(&'static str, Typed)> {
        let mut changes =
            vec![self.searched.set(level), ("measure.duration", Typed::RunTime(window))];
        // At the rates that a search comes to, no input fits in memory for so long, and none could be
        // made in time.
        if self.cell.measure.input_memory.is_none() && self.cell.case.workload.can_go_round() {
            changes.push(("measure.input_memory", Typed::Size(INPUT_MEMORY)));
        }
        changes.extend(self.by_the_clock());
        changes
    }

    /// Windows over batches are so many batches of the clock at every rate: where an engine of the cell
    /// has such, event time goes with the clock, as fast as it does at the rate of the cell.
    pub(super) fn by_the_clock(&self) -> Option<(&'static str, Typed)> {
        let is_over_batches = |engine: &EngineSetting| {
            use EngineKind::{MicroBatch, SparkDstream};
            let kind = &engine.kind;
            matches!(kind, MicroBatch { windows: WindowDomain::Batches, .. } | SparkDstream(_))
        };
        if !self.cell.event_time_goes_with_events()
            || !self.cell.engines.iter().any(is_over_batches)
        {
            return None;
        }
        let (path, us) = match &self.cell.case.workload {
            WorkloadSpec::Synthetic(made) => {
                ("source.synthetic.event_time_per_second", made.event_us_per_second)
            }
            WorkloadSpec::Words(made) => {
                ("source.words.event_time_per_second", made.event_us_per_second)
            }
            WorkloadSpec::Trace(_) => return None,
        };
        Some((path, Typed::EventTime(us)))
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
