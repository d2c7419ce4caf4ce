//! Two runs, figure by figure.
//!
//! Every comparison of the two runs is one family: a long table must not raise more alarms than
//! a short one (Holm 1979). What two runs of the same thing may differ by is no change, however sure
//! a test is of it (`drift`). A figure that was searched for, and not measured in
//! repetitions, is compared by the brackets that the searches ended with.

use super::comparable::{self, Difference, Refusal};
use super::drift::{self, Drift};
use crate::judge::metrics::{self, Metric};
use crate::judge::summary::{Standing, count_of, is_untold, standing, steady};
use crate::quantity;
use crate::record::study::{LimitOutcome, SteadyState};
use crate::record::{EngineRecord, Repetition, RunRecord};
use crate::words::plural;
use statistics::comparison::{self, Change, Comparison, How};
use statistics::noise::Pace;

/// Seed of the resampling: the same two runs give the same verdict next year.
pub(crate) const SEED: u64 = 0x51_0CE;

/// On which terms two runs are compared.
#[derive(Copy, Clone, Debug, Default)]
pub struct Terms<'a> {
    /// By what else than the headlines.
    pub also: &'a [&'static Metric],
    /// Further runs of the same thing as the one or the other: what they differ by is noise.
    pub again: &'a [&'a RunRecord],
    /// Whether runs of different machines or builds are compared all the same.
    pub forced: bool,
}

/// Two runs, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The run that was there before.
    pub base: Side,
    /// The run that is judged.
    pub new: Side,
    /// All that differs between their machines, builds and times.
    pub circumstances: Vec<Difference>,
    /// What of it changes results; only where somebody insisted.
    pub environment: Vec<Difference>,
    /// What else a reader must know: what is on one side only, was interrupted, was not valid.
    pub remarks: Vec<String>,
    /// Scenario by scenario, engine by engine, metric by metric.
    pub rows: Vec<Row>,
    /// How many runs there are of the same things, these two included.
    pub alike: usize,
    /// How fast the machine was in the new run against the base, where either timed it.
    pub pace: Option<Pace>,
}

/// One of the two runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Side {
    /// Its folder, as it was given.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// When it started.
    pub started: String,
    /// What measured: version and commit.
    pub tool: String,
}

impl Side {
    /// Of a run in this folder.
    pub fn of(record: &RunRecord, folder: &str) -> Self {
        Self {
            folder: folder.into(),
            name: record.name.clone(),
            started: record.started.clone(),
            tool: format!("sluicebench {} ({})", record.tool.version, record.tool.commit),
        }
    }
}

/// One figure of one engine on one scenario, on both sides.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name of the scenario.
    pub cell: String,
    /// Label of the engine.
    pub engine: String,
    /// The figure.
    pub metric: &'static Metric,
    /// Its value in every steady repetition of the base.
    pub base: Vec<f64>,
    /// Its value in every steady repetition of the new run.
    pub new: Vec<f64>,
    /// What to make of them.
    pub comparison: Comparison,
}

impl Row {
    /// The verdict in words.
    pub fn words(&self) -> String {
        match self.comparison.verdict {
            Change::Better => "better".into(),
            Change::Worse => "worse".into(),
            Change::Same => format!("same within {}", percent(self.comparison.how.band)),
            Change::NotEnoughData if self.comparison.is_within_drift() => "within noise".into(),
            Change::NotEnoughData => "not enough data".into(),
        }
    }

    /// How many repetitions it rests on: `n = 5`, or `n = 5 and 4`.
    pub fn runs(&self) -> String {
        match self.comparison.runs {
            (base, new) if base == new => format!("n = {base}"),
            (base, new) => format!("n = {base} and {new}"),
        }
    }

    /// Base, new, the change and where it lies: `8.10 ms → 9.70 ms, +19.8 % (…)`.
    pub fn sentence(&self) -> String {
        let show = |value: f64| self.metric.show(value);
        let comparison = &self.comparison;
        let change = change(comparison.ratio);
        let interval = interval(comparison)
            .map_or_else(String::new, |interval| format!("95 % interval {interval}, "));
        format!(
            "{} → {}, {change} ({interval}{})",
            show(comparison.base_median),
            show(comparison.new_median),
            self.runs()
        )
    }
}

/// A share in percent, as a limit is written: `10 %`.
pub(crate) fn percent(share: f64) -> String {
    quantity::tick(&quantity::fraction(share))
}

/// A ratio as a change: `+19.8 %`.
pub(crate) fn change(ratio: f64) -> String {
    if !ratio.is_finite() {
        return quantity::NONE.into();
    }
    let percent = (ratio - 1.0) * 100.0;
    let size = format!("{:.1} %", percent.abs());
    match size.as_str() {
        "0.0 %" => size,
        _ if percent < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

/// Where the change lies with 95 % confidence: `+14.2 … +25.1 %`.
pub(crate) fn interval(comparison: &Comparison) -> Option<String> {
    let (low, high) = comparison.interval?;
    Some(format!("{} to {}", change(low), change(high)))
}

/// What is compared of an engine, and how far it may differ before anyone would act.
#[derive(Copy, Clone)]
pub(super) struct Wanted {
    pub(super) metric: &'static Metric,
    pub(super) band: f64,
}

/// Compares two runs by the headlines, by what their searches found, and by what else is asked
/// for. Refuses runs that are not alike; other machines and builds only while nobody insists.
pub fn compare(
    (base, base_folder): (&RunRecord, &str),
    (new, new_folder): (&RunRecord, &str),
    &Terms { also, again, forced }: &Terms<'_>,
) -> Result<Compared, Box<Refusal>> {
    let environment = comparable::judge(base, new, forced)?;
    let drift = Drift::of(base, new, again)?;
    let wanted = metrics::looked_at(also);
    let wanted: Vec<Wanted> =
        wanted.into_iter().map(|metric| Wanted { metric, band: metric.band }).collect();
    let asked = |metric: &Metric| also.iter().any(|other| other.name == metric.name);
    let mut rows = Vec::new();
    for (of_base, of_new) in comparable::in_common(base, new) {
        for engine in &of_new.engines {
            let Some(before) = same_engine(&of_base.engines, engine) else { continue };
            for wanted in &wanted {
                let row = row(&of_new.name, before, engine, *wanted, &drift);
                // A run without repetitions is a search, and most runs search nothing.
                if !(row.base.is_empty() && row.new.is_empty()) || asked(wanted.metric) {
                    rows.push(row);
                }
            }
        }
    }
    decide(&mut rows);
    Ok(Compared {
        base: Side::of(base, base_folder),
        new: Side::of(new, new_folder),
        circumstances: comparable::circumstances(base, new),
        environment,
        remarks: remarks(base, new),
        rows,
        alike: drift.runs(),
        pace: drift.pace,
    })
}

pub(super) fn same_engine<'a>(
    engines: &'a [EngineRecord],
    engine: &EngineRecord,
) -> Option<&'a EngineRecord> {
    engines.iter().find(|other| other.label == engine.label)
}

/// One comparison, as if it were the only one.
pub(super) fn row(
    cell: &str,
    before: &EngineRecord,
    engine: &EngineRecord,
    wanted: Wanted,
    drift: &Drift<'_>,
) -> Row {
    let Wanted { metric, band } = wanted;
    let (mut base, mut new) = (metric.steady_figures(before), metric.steady_figures(engine));
    // Simulated time has no hour and no neighbours.
    let is_simulated = steady(before).chain(steady(engine)).any(Repetition::is_simulated);
    let drift = if is_simulated { 0.0 } else { drift.share(cell, engine, metric) };
    let mut how = How { better: metric.better, band, paired: false, drift };
    if let Some((a, b)) = pairs(before, engine, metric) {
        (base, new) = (a, b);
        how.paired = true;
    }
    let mut comparison = comparison::compare(&base, &new, how);
    if let Some(bracket) = bracket(before, engine, metric) {
        comparison.interval = Some(bracket);
    }
    Row { cell: cell.into(), engine: engine.label.clone(), metric, base, new, comparison }
}

/// Gives the rows of one table their verdicts, as one family.
pub(super) fn decide(rows: &mut [Row]) {
    let mut family: Vec<Comparison> = rows.iter().map(|row| row.comparison.clone()).collect();
    comparison::decide(&mut family);
    for (row, decided) in rows.iter_mut().zip(family) {
        row.comparison = decided;
        if row.metric.name == "limit" {
            row.comparison.verdict = by_bracket(&row.comparison);
        }
    }
}

/// What two brackets say: the true limits may lie anywhere in theirs.
fn by_bracket(comparison: &Comparison) -> Change {
    let Some((low, high)) = comparison.interval else { return Change::NotEnoughData };
    let band = 1.0 + comparison.how.band;
    let beyond = 1.0 + comparison.how.band.max(comparison.how.drift);
    if low > beyond {
        Change::Better
    } else if high < 1.0 / beyond {
        Change::Worse
    } else if 1.0 / band <= low && high <= band {
        Change::Same
    } else {
        Change::NotEnoughData
    }
}

/// Lowest and highest ratio that the brackets of two searches allow. A bracket that was not
/// confirmed, because its search was interrupted or contradicted itself, allows anything.
fn bracket(before: &EngineRecord, engine: &EngineRecord, metric: &Metric) -> Option<(f64, f64)> {
    if metric.name != "limit" {
        return None;
    }
    let of = |engine: &EngineRecord| {
        let limit = engine.limit.as_ref().filter(|limit| limit.outcome == LimitOutcome::Found)?;
        Some((limit.pass_per_s?, limit.fail_per_s?))
    };
    let ((low, high), (new_low, new_high)) = (of(before)?, of(engine)?);
    Some((new_low / high, new_high / low))
}

/// The figures of both sides in pairs of the same input, where every repetition has its own input
/// and finds it again on the other side. What the input does is then no noise.
fn pairs(
    before: &EngineRecord,
    engine: &EngineRecord,
    metric: &Metric,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let by_input = |engine: &EngineRecord| -> Option<Vec<(String, f64)>> {
        let figure = |r: &Repetition| Some((r.input_hash.clone()?, (metric.figure)(r)?));
        steady(engine).map(figure).collect()
    };
    let (base, new) = (by_input(before)?, by_input(engine)?);
    let all_apart = |side: &[(String, f64)]| {
        let mut inputs: Vec<&String> = side.iter().map(|(input, _)| input).collect();
        inputs.sort_unstable();
        inputs.windows(2).all(|pair| pair[0] != pair[1])
    };
    if base.len() != new.len() || base.len() < 2 || !all_apart(&base) || !all_apart(&new) {
        return None;
    }
    base.iter()
        .map(|(input, figure)| {
            let (_, other) = new.iter().find(|(other, _)| other == input)?;
            Some((*figure, *other))
        })
        .collect::<Option<Vec<_>>>()
        .map(|pairs| pairs.into_iter().unzip())
}

/// What the figures alone do not tell.
pub(super) fn remarks(base: &RunRecord, new: &RunRecord) -> Vec<String> {
    let mut remarks = Vec::new();
    for (side, record) in [("base", base), ("new", new)] {
        remarks.extend(about(record).into_iter().map(|remark| format!("{side}: {remark}")));
    }
    for (side, record, other) in [("base", base, new), ("new", new, base)] {
        for cell in &record.cells {
            let Some(twin) = other.cells.iter().find(|twin| twin.name == cell.name) else {
                remarks.push(format!("{side}: {} is only in this run", cell.name));
                continue;
            };
            for engine in &cell.engines {
                if same_engine(&twin.engines, engine).is_none() {
                    let name = format!("{} of {}", engine.label, cell.name);
                    remarks.push(format!("{side}: {name} is only in this run"));
                }
            }
        }
    }
    remarks
}

/// Why not all of a run may be believed.
pub(super) fn about(record: &RunRecord) -> Vec<String> {
    let mut remarks = Vec::new();
    if record.interrupted {
        remarks.push("interrupted: only what had finished is there".into());
    }
    if comparable::is_simulated(record) {
        remarks.push("time was simulated: its latencies and rates are of no machine".into());
    }
    for cell in &record.cells {
        for engine in &cell.engines {
            let of = format!("{} of {}", engine.label, cell.name);
            let all = engine.repetitions.len();
            let bad: Vec<_> = engine.repetitions.iter().filter(|r| !r.is_verified()).collect();
            if let Some(first) = bad.first() {
                remarks.push(format!(
                    "{of}: {} of {} left out, {}",
                    bad.len(),
                    plural(all, "repetition"),
                    first.verdict.kind
                ));
            }
            let drifting = count_of(engine, SteadyState::NotReached);
            if drifting > 0 {
                remarks.push(format!(
                    "{of}: {drifting} of {} left out, no steady state",
                    plural(all, "repetition")
                ));
            }
            let untold = count_of(engine, SteadyState::NotTold);
            if untold > 0 {
                let what = if is_untold(engine) { "taken as they are" } else { "left out" };
                remarks.push(format!(
                    "{of}: {untold} of {} {what}, too short to tell whether they were steady",
                    plural(all, "repetition")
                ));
            }
            if standing(engine) == Standing::NotSustained {
                remarks.push(format!("{of} fell behind its load: its latency grows with the run"));
            }
        }
    }
    remarks
}

impl Compared {
    /// The largest noise floor of each metric: how far two sets of repetitions of one run lie apart.
    pub fn noise(&self) -> Vec<(&'static Metric, f64)> {
        self.largest(|comparison| comparison.noise_floor)
    }

    /// What two runs of the same thing may differ by, as a share: the most of each metric.
    pub fn between_runs(&self) -> Vec<(&'static Metric, f64)> {
        self.largest(|comparison| Some(comparison.how.drift))
    }

    fn largest(&self, of: impl Fn(&Comparison) -> Option<f64>) -> Vec<(&'static Metric, f64)> {
        let mut all: Vec<(&'static Metric, f64)> = Vec::new();
        for row in &self.rows {
            let Some(share) = of(&row.comparison) else { continue };
            match all.iter_mut().find(|(metric, _)| metric.name == row.metric.name) {
                Some((_, largest)) => *largest = largest.max(share),
                None => all.push((row.metric, share)),
            }
        }
        all
    }

    /// Whether what two runs differ by was seen, in further runs, or is presumed.
    pub const fn is_estimated(&self) -> bool {
        drift::is_estimated(self.alike)
    }

    /// The noise in sentences: within a run, between runs, and of the machine as a whole.
    pub fn noise_sentences(&self) -> Vec<String> {
        drift::sentences(&self.noise(), &self.between_runs(), self.alike, self.pace)
    }

    /// The rows that say that something changed.
    pub fn changed(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| matches!(row.comparison.verdict, Change::Better | Change::Worse))
    }

    /// How often each verdict was given, in words.
    pub fn tally(&self) -> String {
        let count =
            |verdict| self.rows.iter().filter(|row| row.comparison.verdict == verdict).count();
        format!(
            "{} worse, {} better, {} the same, {} without enough data",
            count(Change::Worse),
            count(Change::Better),
            count(Change::Same),
            count(Change::NotEnoughData)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::study::Limit;
    use crate::sample;

    #[test]
    fn a_bracket_that_was_not_confirmed_is_held_against_nothing() {
        let metric = metrics::metric("limit").unwrap();
        let engine = |outcome: LimitOutcome, pass: f64| {
            let mut engine = sample::record().cells.remove(0).engines.remove(0);
            engine.limit = Some(Limit {
                outcome,
                pass_per_s: Some(pass),
                fail_per_s: Some(pass * 1.02),
                text: String::new(),
                window_s: 60.0,
                precision: 0.05,
                speed: None,
                slo: None,
                probes: Vec::new(),
            });
            engine
        };
        let (half, known) = (engine(LimitOutcome::Found, 50e3), engine(LimitOutcome::Found, 100e3));
        assert!(bracket(&known, &half, metric).is_some_and(|(_, high)| high < 0.6));
        let unknown = engine(LimitOutcome::Unknown, 50e3);
        assert_eq!(bracket(&known, &unknown, metric), None);
        assert_eq!(bracket(&unknown, &known, metric), None);
    }
}
