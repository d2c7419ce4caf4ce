//! What a folder of advice holds: what was asked, and which runs answer it: the file `advice.json`.
//!
//! What follows from them is told by [`judge::advice`](crate::judge::advice), from records alone. So a
//! folder can be advised again next year, and says the same.

use super::file::{Document, RecordError, read, write};
use super::study::PlainLoop;
use super::twin::Twin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};

/// The record's name in a folder of advice.
pub const ADVICE_FILE: &str = "advice.json";

/// One question for advice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdviceRecord {
    /// [`super::SCHEMA_VERSION`] at the time of writing.
    pub schema_version: u32,
    /// Short name of the workload, as in the folder's name.
    pub name: String,
    /// The same for a headline.
    pub title: String,
    /// The command line, as it can be typed again.
    pub command: String,
    /// When it started: RFC 3339, UTC.
    pub started: String,
    /// Whether it did not come to its end.
    pub interrupted: bool,
    /// What is demanded of `result_latency`: a quantile (1 is the highest value) and nanoseconds.
    pub demands: Vec<(f64, u64)>,
    /// The least share of events that must count in the windows they belong to, 0 to 1.
    pub completeness: Option<f64>,
    /// The rate to be held, in events per second.
    pub rate_per_s: f64,
    /// How long all of it was allowed to take, in seconds.
    pub budget_s: f64,
    /// What resources cost, where somebody says it.
    pub prices: Option<Prices>,
    /// The runs, in the order in which they were made.
    pub runs: Vec<AdviceRun>,
    /// Who or what was left out, and why.
    pub left_out: Vec<(String, String)>,
    /// What of the workload was varied by itself, or was not for a reason; nothing where nobody asked.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// The trace that the workload resembles, where it is the twin of one.
    #[serde(default)]
    pub twin: Option<Twin>,
    /// What a loop written by hand takes for the workload, where that was timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_loop: Option<PlainLoop>,
}

/// Something of the workload that is varied by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Factor {
    /// What it is.
    pub kind: FactorKind,
    /// The key's full path; the cells in which it is varied have it in their `point`.
    pub key: String,
    /// Its value in the workload, as it is written in a file.
    pub value: String,
    /// The same as a number in base units (µs of event time, events per second, or the number itself).
    pub number: f64,
    /// Why it was not varied; none where it was.
    pub left_out: Option<String>,
}

/// What can be varied of a workload.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FactorKind {
    /// Events per second; of a rate that changes, all of it.
    Rate,
    /// How fast a trace is replayed.
    Speed,
    /// How many keys there are.
    Keys,
    /// The share of events that come late.
    Disorder,
    /// How late these are.
    Delay,
    /// From one window's start to the next.
    Slide,
}

/// A run that supports the advice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdviceRun {
    /// Its folder, relative to that of the advice.
    pub folder: String,
    /// What it was for.
    pub purpose: Purpose,
}

/// What a run was for.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A round of tuning: which settings stay in the race.
    Tune,
    /// The best setting of each engine, in turn.
    Compare,
    /// The highest rate at which the best setting of each holds the demand on the tail.
    Limit,
    /// The advised setting and the next best, where one thing is other than in the workload.
    Sensitivity,
}

/// What resources cost.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Prices {
    /// Such as "EUR".
    pub currency: String,
    /// A core for an hour.
    pub core_hour: f64,
    /// A GiB of memory for an hour.
    pub gib_hour: Option<f64>,
    /// A kilowatt-hour.
    pub kilowatt_hour: Option<f64>,
}

impl AdviceRecord {
    /// The record of the advice that this folder holds.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        read(folder)
    }

    /// Writes the record into a folder, making the folder if there is none: all of it or nothing.
    /// Returns the file's path.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, RecordError> {
        write(self, folder)
    }
}

impl Factor {
    /// Whether half and double of it are something else.
    fn is_sayable(&self) -> bool {
        self.number.is_finite() && self.number > 0.0
    }
}

/// Quantiles of a latency that a record has; the last is its highest value.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 1.0];

impl Document for AdviceRecord {
    const FILE: &'static str = ADVICE_FILE;
    const WHAT: &'static str = "a record of advice";

    fn contradiction(&self) -> Option<String> {
        if !self.rate_per_s.is_finite() || self.rate_per_s <= 0.0 {
            return Some(format!("a rate of {} events per second is to be held", self.rate_per_s));
        }
        if let Some(share) = self.completeness.filter(|share| !(0.0..=1.0).contains(share)) {
            return Some(format!("a completeness of {share} is demanded, which is no share"));
        }
        if let Some(plain) = self.plain_loop.filter(|plain| !plain.is_sayable()) {
            return Some(format!("a plain loop takes {} ns per event", plain.ns_per_event));
        }
        if let Some(factor) = self.factors.iter().find(|factor| !factor.is_sayable()) {
            return Some(format!("`{}` is varied from {}", factor.key, factor.number));
        }
        if let Some(twin) = self.twin.as_ref().filter(|twin| !is_below(&twin.scenario)) {
            let file = &twin.scenario;
            return Some(format!("the fitted scenario is said to be `{file}`, which is not in it"));
        }
        demands_contradict(&self.demands).or_else(|| runs_contradict(&self.runs))
    }
}

/// Whether runs report this quantile of a latency.
pub(super) fn is_reported(quantile: f64) -> bool {
    QUANTILES.iter().any(|known| known.total_cmp(&quantile).is_eq())
}

/// Each quantile is one that runs report, is there once, and is allowed no less than a lower one.
fn demands_contradict(demands: &[(f64, u64)]) -> Option<String> {
    if let Some((quantile, _)) = demands.iter().find(|(quantile, _)| !is_reported(*quantile)) {
        return Some(format!("the quantile {quantile} is demanded, which no run reports"));
    }
    let mut rising = demands.to_vec();
    rising.sort_by(|a, b| a.0.total_cmp(&b.0));
    rising.windows(2).find_map(|pair| {
        let ((lower, lower_ns), (higher, higher_ns)) = (pair[0], pair[1]);
        if lower.total_cmp(&higher).is_eq() {
            return Some(format!("the quantile {lower} is demanded twice"));
        }
        (higher_ns < lower_ns).then(|| {
            format!(
                "the quantile {higher} may be {higher_ns} ns at most and the quantile {lower} \
                 {lower_ns} ns, so that the lower one says nothing"
            )
        })
    })
}

/// Whether this lies below the folder of the advice.
fn is_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Each run has a folder of its own below that of the advice.
fn runs_contradict(runs: &[AdviceRun]) -> Option<String> {
    runs.iter().enumerate().find_map(|(n, run)| {
        let folder = &run.folder;
        if !is_below(folder) {
            return Some(format!(
                "a run is said to lie in `{folder}`, which is no folder below it"
            ));
        }
        let is_twice = runs[..n].iter().any(|other| other.folder == *folder);
        is_twice.then(|| format!("the run in `{folder}` is there twice"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;
    use crate::sample;
    use std::fs;

    fn text(change: impl FnOnce(&mut AdviceRecord)) -> String {
        let (mut record, _) = sample::advice::priced();
        change(&mut record);
        serde_json::to_string(&record).unwrap()
    }

    fn said(text: &str) -> Result<AdviceRecord, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(ADVICE_FILE), text).unwrap();
        AdviceRecord::read(folder.path()).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let error = said(text).unwrap_err();
        assert!(error.contains(want) && error.contains(ADVICE_FILE), "{error}");
    }

    #[test]
    fn what_is_written_is_read_and_holds_to_the_schema() {
        let folder = tempfile::tempdir().unwrap();
        let (record, _) = sample::advice::priced();
        let path = record.write(&folder.path().join("advice")).unwrap();
        assert_eq!(AdviceRecord::read(path.parent().unwrap()).unwrap(), record);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let document = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema::advice()).unwrap();
        let mistakes: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{mistakes:#?}");
    }

    #[test]
    fn a_record_from_before_anything_was_varied_is_read() {
        let before = text(|record| record.factors.clear()).replace(",\"factors\":[]", "");
        assert!(!before.contains("factors"), "{before}");
        assert_eq!(said(&before).unwrap().factors, []);
    }

    #[test]
    fn a_twin_is_read_again_whatever_its_values_are() {
        let (record, _) = sample::advice::twinned();
        let far = text(|own| {
            own.twin.clone_from(&record.twin);
            // Values in whatever unit somebody has.
            own.twin.as_mut().unwrap().properties[0].wasserstein = 1e17;
        });
        let twin = said(&far).unwrap().twin.unwrap();
        assert_eq!(twin.properties.len(), record.twin.unwrap().properties.len());
        let before = text(|_| ()).replace(",\"twin\":null", "");
        assert!(!before.contains("twin"), "{before}");
        assert_eq!(said(&before).unwrap().twin, None, "a record from before there were any");
    }

    #[test]
    fn what_is_no_record_of_advice_says_why() {
        check("", "truncated");
        check("not json", "is not a record of advice");
        check(&text(|_| ()).replace("\"tune\"", "\"fun\""), "unknown variant `fun`");
        check(&text(|record| record.schema_version += 1), "use the newer");
        let folder = tempfile::tempdir().unwrap();
        let error = AdviceRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(ADVICE_FILE) && error.contains("cannot read"), "{error}");
    }

    #[test]
    fn what_cannot_be_true_of_a_question_is_refused() {
        check(&text(|record| record.rate_per_s = 0.0), "a rate of 0 events per second");
        check(&text(|record| record.budget_s = -1.0), "`budget_s` is -1.0");
        check(&text(|record| record.completeness = Some(1.5)), "completeness of 1.5");
        check(&text(|record| record.demands[0].0 = 0.95), "quantile 0.95");
        check(&text(|record| record.demands = vec![(0.5, 9), (0.5, 9)]), "demanded twice");
        let upside_down = text(|record| record.demands = vec![(0.99, 5), (0.5, 9)]);
        check(&upside_down, "the lower one says nothing");
        check(&text(|record| record.prices.as_mut().unwrap().core_hour = -0.1), "below zero");
        let nothing = Factor {
            kind: FactorKind::Disorder,
            key: "source.synthetic.disorder.fraction".into(),
            value: "0".into(),
            number: 0.0,
            left_out: None,
        };
        check(&text(|record| record.factors = vec![nothing]), "is varied from 0");
        for folder in ["../else", "/etc", "", "a/../b"] {
            check(&text(|record| record.runs[0].folder = folder.into()), "no folder below it");
        }
        let elsewhere = text(|record| {
            record.twin = sample::advice::twinned().0.twin;
            record.twin.as_mut().unwrap().scenario = "../twin.toml".into();
        });
        check(&elsewhere, "which is not in it");
        let twice = text(|record| record.runs[1].folder = record.runs[0].folder.clone());
        check(&twice, "is there twice");
        assert!(said(&text(|record| record.demands = vec![(1.0, 9), (0.99, 9)])).is_ok());
    }
}
