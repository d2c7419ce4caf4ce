//! A run, held against what is demanded of it: passed, violated or inconclusive.
//!
//! A demand is decided by where the true median lies with 95 % confidence, and below six
//! repetitions by all of them lying on one side. What straddles the limit is inconclusive, never
//! passed, and so is what rests on fewer answers than its quantile takes, on simulated time, or on
//! repetitions too short to tell whether they were steady. Nothing measured is nothing shown, so a
//! demand without data is violated; and what drifts to the end of its run has no figure to go by.

use super::comparable::{self, Refusal};
use super::drift::Drift;
use super::runs::{self, Compared, Row, Side, Terms, Wanted, percent, same_engine};
use crate::judge::metrics::{self, HEADLINES, Metric};
use crate::judge::summary::{is_untold, steady, verified};
use crate::record::study::{LimitOutcome, Threshold};
use crate::record::{CellRecord, EngineRecord, Repetition, RunRecord, VerdictKind};
use crate::words::plural;
use statistics::comparison::Change;
use statistics::{Better, bootstrap};

/// What became of a demand.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// It is met.
    Passed,
    /// It is not met, or nothing was measured that could show that it is.
    Violated,
    /// The figures lie on both sides of the limit, or are too few.
    Inconclusive,
}

impl Status {
    /// The word, which stands wherever the sign does.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Violated => "violated",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// The sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Passed => "✓",
            Self::Violated => "✗",
            Self::Inconclusive => "~",
        }
    }
}

/// One demand on one engine, and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Name of the scenario.
    pub cell: String,
    /// Label of the engine.
    pub engine: String,
    /// Name of the metric.
    pub metric: String,
    /// What is demanded: `below 100 ms`, `worse by at most 10 %`, `no regression`.
    pub demand: String,
    /// What became of it.
    pub status: Status,
    /// The figures that decide, or why there are none.
    pub because: String,
}

/// A run, checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The run.
    pub run: Side,
    /// What it was compared with, if it was.
    pub against: Option<Compared>,
    /// Every demand, in the order of the run.
    pub findings: Vec<Finding>,
    /// What else a reader must know.
    pub remarks: Vec<String>,
    /// Why the whole run must not be believed, if so.
    pub wrong: Option<VerdictKind>,
}

/// Holds a run against its thresholds and, with a baseline, against that: by every relative
/// threshold, and by the headlines where there is none. A demand on what has changed is violated
/// where the whole interval lies beyond it, and beyond what two runs of the same thing may differ by;
/// it is passed where none of the interval does.
pub fn check(
    (record, folder): (&RunRecord, &str),
    baseline: Option<(&RunRecord, &str)>,
    terms: &Terms<'_>,
) -> Result<Checked, Box<Refusal>> {
    let mut findings = Vec::new();
    for cell in &record.cells {
        for threshold in &cell.thresholds {
            absolute(cell, threshold, &mut findings);
        }
    }
    let mut remarks = runs::about(record);
    let mut against = None;
    if let Some((base, base_folder)) = baseline {
        let environment = comparable::judge(base, record, terms.forced)?;
        let drift = Drift::of(base, record, terms.again)?;
        let rows = relative(base, record, &drift, &mut findings);
        remarks = runs::remarks(base, record);
        against = Some(Compared {
            base: Side::of(base, base_folder),
            new: Side::of(record, folder),
            circumstances: comparable::circumstances(base, record),
            environment,
            remarks: Vec::new(),
            rows,
            alike: drift.runs(),
            pace: drift.pace,
        });
    } else {
        let relative = record.cells.iter().flat_map(|cell| &cell.thresholds);
        let waiting = relative.filter(|threshold| threshold.worse_by.is_some()).count();
        if waiting > 0 {
            let thresholds = plural(waiting, "threshold");
            remarks.push(format!("{thresholds} not looked at: they need --baseline"));
        }
    }
    Ok(Checked { run: Side::of(record, folder), against, findings, remarks, wrong: wrong(record) })
}

/// The gravest thing that a repetition's verdict says: void before wrong, wrong before failed.
fn wrong(record: &RunRecord) -> Option<VerdictKind> {
    let any = |kind: VerdictKind| {
        let engines = record.cells.iter().flat_map(|cell| &cell.engines);
        engines.flat_map(|engine| &engine.repetitions).any(|r| r.verdict.kind == kind)
    };
    [VerdictKind::LoadNotHeld, VerdictKind::Differs, VerdictKind::Failed]
        .into_iter()
        .find(|kind| any(*kind))
}

/// The engines that a threshold is on: by label, or by the name that several labels begin with.
pub(in crate::judge) fn engines_of<'a>(
    cell: &'a CellRecord,
    threshold: &Threshold,
) -> Vec<&'a EngineRecord> {
    let is_meant = |engine: &&EngineRecord| match &threshold.engine {
        None => true,
        Some(name) => {
            engine.label == *name || engine.label.split(" (").next() == Some(name.as_str())
        }
    };
    cell.engines.iter().filter(is_meant).collect()
}

fn finding(cell: &CellRecord, engine: &str, metric: &str, demand: &str) -> Finding {
    Finding {
        cell: cell.name.clone(),
        engine: engine.into(),
        metric: metric.into(),
        demand: demand.into(),
        status: Status::Violated,
        because: String::new(),
    }
}

fn absolute(cell: &CellRecord, threshold: &Threshold, findings: &mut Vec<Finding>) {
    let limits = [(threshold.below, Bound::Below), (threshold.above, Bound::Above)];
    let limits = limits.into_iter().filter_map(|(limit, side)| Some((limit?, side)));
    let engines = engines_of(cell, threshold);
    for (limit, side) in limits {
        let metric = metrics::metric(&threshold.metric);
        let demand = match metric {
            Some(metric) => format!("{} {}", side.word(), metric.show(limit)),
            None => threshold.written.clone(),
        };
        if engines.is_empty() {
            let name = threshold.engine.as_deref().unwrap_or("every engine");
            let mut finding = finding(cell, name, &threshold.metric, &demand);
            finding.because = "no data: this engine is not in the run".into();
            findings.push(finding);
        }
        for engine in &engines {
            let mut finding = finding(cell, &engine.label, &threshold.metric, &demand);
            (finding.status, finding.because) = match metric {
                // A record may be newer than what is known here, or edited by hand.
                None => (Status::Violated, "no data: there is no such metric".into()),
                Some(metric) if metric.name == "limit" => by_search(engine, metric, limit, side),
                Some(metric) => by_figures(engine, metric, limit, side),
            };
            findings.push(finding);
        }
    }
}

#[derive(Copy, Clone, PartialEq)]
enum Bound {
    Below,
    Above,
}

impl Bound {
    const fn word(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Above => "above",
        }
    }

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::Above => value > limit,
        }
    }
}

fn by_figures(engine: &EngineRecord, metric: &Metric, limit: f64, side: Bound) -> (Status, String) {
    let figures = metric.steady_figures(engine);
    if figures.is_empty() {
        return no_data(engine, metric);
    }
    if metric.unit.is_of_time() && steady(engine).any(Repetition::is_simulated) {
        return (Status::Inconclusive, "time was simulated, and is of no machine".into());
    }
    let spread = figures.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), figure| {
        (low.min(*figure), high.max(*figure))
    });
    let interval = bootstrap::median_interval(&figures, runs::SEED);
    let (low, high) = interval.unwrap_or(spread);
    let untold = is_untold(engine);
    let status = match (side.holds(low, limit), side.holds(high, limit)) {
        // What nobody knows to last passes nothing; what is beyond the limit already is.
        (true, true) if !untold => Status::Passed,
        (false, false) => Status::Violated,
        _ => Status::Inconclusive,
    };
    let median = statistics::median(&figures).map_or_else(String::new, |m| metric.show(m));
    let n = figures.len();
    let range = format!("{} to {}", metric.show(low), metric.show(high));
    let because = match (interval, n) {
        (Some(_), _) => format!("{median} (95 % interval {range}, n = {n})"),
        (None, 1) => format!("{median} (n = 1)"),
        (None, _) => format!("{median} (all of them {range}, n = {n})"),
    };
    let untold = if untold { ", too short to tell whether it was steady" } else { "" };
    (status, because + untold)
}

fn by_search(engine: &EngineRecord, metric: &Metric, limit: f64, side: Bound) -> (Status, String) {
    let Some(found) = &engine.limit else {
        return (Status::Violated, "no data: no limit was searched for in this run".into());
    };
    let (pass, fail) = (found.pass_per_s, found.fail_per_s);
    let above = pass.is_some_and(|pass| pass >= limit);
    let under = fail.is_some_and(|fail| fail <= limit);
    let status = match (found.outcome, side) {
        (LimitOutcome::Unknown, _) => Status::Inconclusive,
        (_, Bound::Above) if above => Status::Passed,
        (_, Bound::Above) if under => Status::Violated,
        (_, Bound::Below) if under => Status::Passed,
        (_, Bound::Below) if above => Status::Violated,
        _ => Status::Inconclusive,
    };
    let shown = |rate: Option<f64>| rate.map_or_else(|| "no rate".into(), |r| metric.show(r));
    (status, format!("sustained {}, not {}", shown(pass), shown(fail)))
}

/// What becomes of a demand without a figure, and why there is none. Answers that are too few for
/// their quantile show nothing either way.
fn no_data(engine: &EngineRecord, metric: &Metric) -> (Status, String) {
    let all = engine.repetitions.len();
    let verified = verified(engine).count();
    let why = match engine.repetitions.first() {
        None => "no data: no repetition was made".into(),
        Some(first) if verified == 0 => {
            format!("no data: none of {all} was verified ({})", first.verdict.kind)
        }
        Some(_) if steady(engine).next().is_none() => {
            format!("no data: none of {verified} reached a steady state")
        }
        Some(_) => match metric.too_few(engine).filter(|few| few.answers > 0) {
            Some(few) => {
                return (Status::Inconclusive, format!("too few answers ({few})"));
            }
            None => format!("no data: nothing to measure {} by", metric.words),
        },
    };
    (Status::Violated, why)
}

/// Every relative threshold, and the headlines; as one family.
fn relative(
    base: &RunRecord,
    new: &RunRecord,
    drift: &Drift<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // For each row its place among the findings and, if it has a threshold, how much is allowed.
    let mut found: Vec<(Finding, Option<f64>, Option<usize>)> = Vec::new();
    for (of_base, of_new) in comparable::in_common(base, new) {
        for before in &of_base.engines {
            let demands = demands(of_new, before);
            let Some(engine) = same_engine(&of_new.engines, before) else {
                let mut missing = finding(of_new, &before.label, "all", "as in the baseline");
                missing.because = "no data: this engine is not in the run".into();
                found.push((missing, None, None));
                continue;
            };
            for (wanted, allowed) in demands {
                let demand = match allowed {
                    Some(share) => format!("worse by at most {}", percent(share)),
                    None => "no regression".into(),
                };
                let mut finding = finding(of_new, &engine.label, wanted.metric.name, &demand);
                let row = runs::row(&of_new.name, before, engine, wanted, drift);
                if row.new.is_empty() {
                    // A headline that neither side has is not asked for.
                    if row.base.is_empty() && allowed.is_none() {
                        continue;
                    }
                    (finding.status, finding.because) = no_data(engine, wanted.metric);
                    found.push((finding, None, None));
                    continue;
                }
                found.push((finding, allowed, Some(rows.len())));
                rows.push(row);
            }
        }
    }
    runs::decide(&mut rows);
    for (mut finding, allowed, row) in found {
        if let Some(row) = row.map(|row| &rows[row]) {
            finding.status = match allowed {
                Some(share) => within(row, share),
                // What is surely not worse by more than the band is no regression, whether or
                // not it is better.
                None => match row.comparison.verdict {
                    Change::Worse => Status::Violated,
                    _ => match within(row, row.comparison.how.band) {
                        Status::Passed => Status::Passed,
                        _ => Status::Inconclusive,
                    },
                },
            };
            finding.because = if row.base.is_empty() {
                "the baseline has no figure to compare with".into()
            } else {
                row.sentence()
            };
        }
        findings.push(finding);
    }
    rows
}

/// What is compared of an engine, and the share it may be worse by where a threshold says so. The
/// headlines come first; of several thresholds on one figure the strictest holds.
fn demands(cell: &CellRecord, engine: &EngineRecord) -> Vec<(Wanted, Option<f64>)> {
    let mut demands: Vec<(Wanted, Option<f64>)> = HEADLINES
        .into_iter()
        .chain(metrics::metric("limit").filter(|_| engine.limit.is_some()))
        .map(|metric| (Wanted { metric, band: metric.band }, None))
        .collect();
    for threshold in &cell.thresholds {
        let is_on = engines_of(cell, threshold).iter().any(|on| on.label == engine.label);
        let (Some(share), Some(metric), true) =
            (threshold.worse_by, metrics::metric(&threshold.metric), is_on)
        else {
            continue;
        };
        let wanted = Wanted { metric, band: share };
        match demands.iter_mut().find(|(other, _)| other.metric.name == metric.name) {
            Some((_, Some(other))) if *other <= share => {}
            Some(demand) => *demand = (wanted, Some(share)),
            None => demands.push((wanted, Some(share))),
        }
    }
    demands
}

/// Whether a figure is worse by more than this share: surely, surely not, or neither.
fn within(row: &Row, share: f64) -> Status {
    let comparison = &row.comparison;
    if matches!(comparison.verdict, Change::Better | Change::Same) {
        return Status::Passed;
    }
    let Some((low, high)) = comparison.interval else { return Status::Inconclusive };
    let limit = match row.metric.better {
        Better::Lower => 1.0 + share,
        Better::Higher => 1.0 - share,
    };
    let beyond = |ratio: f64| match row.metric.better {
        Better::Lower => ratio > limit,
        Better::Higher => ratio < limit,
    };
    match (beyond(low), beyond(high)) {
        (true, true) if comparison.verdict == Change::Worse => Status::Violated,
        (false, false) => Status::Passed,
        _ => Status::Inconclusive,
    }
}

impl Checked {
    /// Why nothing was checked, and what to do about it; none where something was.
    pub const fn nothing(&self) -> Option<[&'static str; 2]> {
        match (self.findings.is_empty(), &self.against) {
            (false, _) => None,
            (true, None) => Some([
                "nothing is demanded of this run",
                "write a [[threshold]] into the scenario file (sluicebench describe threshold), or give \
                 --baseline",
            ]),
            (true, Some(_)) => Some([
                "nothing of this run can be held against its baseline",
                "what is left out of either, and why, stands under \"Mind that\"",
            ]),
        }
    }

    /// How many demands had this outcome.
    pub fn count(&self, status: Status) -> usize {
        self.findings.iter().filter(|finding| finding.status == status).count()
    }

    /// Whether the run was compared with one of another machine or build.
    pub fn is_forced(&self) -> bool {
        self.against.as_ref().is_some_and(|against| !against.environment.is_empty())
    }

    /// How often each outcome was reached, in words.
    pub fn tally(&self) -> String {
        format!(
            "{} violated, {} inconclusive, {} passed",
            self.count(Status::Violated),
            self.count(Status::Inconclusive),
            self.count(Status::Passed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::study::{Untold, WarmUp, WarmUpDecided};
    use crate::sample;

    /// A demand that every p99 meets.
    fn within_an_hour() -> Threshold {
        Threshold {
            written: "result_latency.p99 below 1h".into(),
            metric: "result_latency.p99".into(),
            engine: None,
            below: Some(3.6e12),
            above: None,
            worse_by: None,
        }
    }

    /// What becomes of a demand on the p99 of an engine after this was done to its repetitions.
    fn demanded(change: impl Fn(&mut Repetition)) -> (Status, String) {
        let mut run = sample::record();
        run.cells.truncate(1);
        run.cells[0].engines.truncate(1);
        run.cells[0].thresholds.push(within_an_hour());
        run.cells[0].engines[0].repetitions.iter_mut().for_each(change);
        let finding = check((&run, "run"), None, &Terms::default()).unwrap().findings.remove(0);
        (finding.status, finding.because)
    }

    #[test]
    fn too_few_answers_and_simulated_time_pass_no_threshold() {
        let with = |answers: u64| {
            demanded(move |repetition| {
                repetition.counts.answers_measured = answers;
                repetition.result_latency.as_mut().unwrap().count = answers;
            })
        };
        assert_eq!(with(1_000).0, Status::Passed);
        let (status, because) = with(999);
        assert_eq!(status, Status::Inconclusive);
        assert_eq!(because, "too few answers (999 measured, 1 000 needed)");
        let nothing = demanded(|repetition| {
            (repetition.counts.answers_measured, repetition.result_latency) = (0, None);
        });
        assert_eq!(nothing.0, Status::Violated, "{}", nothing.1);
        let simulated = demanded(|repetition| repetition.trace_hash = Some("0123abcd".into()));
        assert_eq!(simulated.0, Status::Inconclusive, "{}", simulated.1);
    }

    /// Whether a repetition was steady, or too short to tell.
    fn told(steady: Option<bool>) -> WarmUp {
        WarmUp {
            end_s: 1.0,
            decided: WarmUpDecided::Fixed,
            steady,
            untold: steady.is_none().then_some(Untold::TooShort),
            text: String::new(),
        }
    }

    #[test]
    fn what_was_not_told_to_be_steady_passes_no_threshold_and_misses_one_all_the_same() {
        let (status, because) = demanded(|repetition| repetition.warm_up = Some(told(None)));
        assert_eq!(status, Status::Inconclusive);
        assert!(because.ends_with("n = 3), too short to tell whether it was steady"), "{because}");
        let (status, because) = demanded(|repetition| {
            repetition.warm_up = Some(told(None));
            repetition.result_latency.as_mut().unwrap().p99_ns = 7_200_000_000_000;
        });
        assert_eq!(status, Status::Violated, "{because}");
        // One that was told stands for itself.
        let (status, because) = demanded(|repetition| {
            repetition.warm_up = Some(told((repetition.rep == 2).then_some(true)));
        });
        assert_eq!(status, Status::Passed, "{because}");
        assert!(because.ends_with("(n = 1)"), "{because}");
    }

    #[test]
    fn what_drifts_passes_no_threshold_and_is_held_against_no_baseline() {
        let base = sample::record();
        let mut new = sample::record();
        new.cells.truncate(1);
        new.cells[0].engines.truncate(1);
        new.cells[0].thresholds.push(within_an_hour());
        let checked = check((&new, "new"), None, &Terms::default()).unwrap();
        assert_eq!(checked.findings[0].status, Status::Passed);
        let repetitions = &mut new.cells[0].engines[0].repetitions;
        repetitions[0].warm_up = Some(told(Some(false)));
        let checked = check((&new, "new"), None, &Terms::default()).unwrap();
        assert!(checked.findings[0].because.contains("n = 2"), "{:?}", checked.findings[0]);
        assert!(checked.remarks[0].contains("1 of 3 repetitions left out, no steady state"));
        let repetitions = &mut new.cells[0].engines[0].repetitions;
        for repetition in repetitions {
            repetition.warm_up = Some(told(Some(false)));
        }
        let terms = Terms { forced: true, ..Terms::default() };
        let checked = check((&new, "new"), Some((&base, "base")), &terms).unwrap();
        let because = "no data: none of 3 reached a steady state";
        for finding in checked.findings.iter().filter(|f| f.engine == new.cells[0].engines[0].label)
        {
            assert_eq!((finding.status, finding.because.as_str()), (Status::Violated, because));
        }
    }
}
