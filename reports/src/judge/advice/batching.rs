//! From which batch interval on who collects costs less than the other engine, as the rounds of tuning
//! show it. They decide nothing: they tell which way a longer interval goes.

use super::cost::Sheet;
use super::entry::Row;
use super::evidence::Evidence;
use crate::quantity;
use crate::record::advice::Purpose;
use crate::record::{EngineKind, EngineRecord};
use statistics::crossing;

/// From which batch interval on who collects costs less than the other engine: by rounds of tuning, in
/// which each interval was mostly tried once.
#[derive(Clone, PartialEq, Debug)]
pub struct Batching {
    /// Who collects, and the other engine.
    pub engines: [String; 2],
    /// The intervals that were tried, from the shortest to the longest, in seconds.
    pub tried_s: (f64, f64),
    /// Where both cost the same, in seconds; none where one of them costs less at every interval.
    pub at_s: Option<f64>,
    /// Whether who collects costs less at the longest interval.
    pub is_cheaper_long: bool,
    /// The rounds, by their folders.
    pub runs: Vec<String>,
}

impl Batching {
    /// None where neither engine was tried at several intervals.
    pub(super) fn of(evidence: &Evidence, pair: [&Row; 2], sheet: &Sheet<'_>) -> Option<Self> {
        let at = pair.iter().position(|row| row.kind == EngineKind::MicroBatch)?;
        let (collects, other) = (pair[at], pair[1 - at]);
        let engines = &evidence.cell()?.engines;
        let in_answer = |row: &Row| engines.iter().find(|engine| engine.label == row.label);
        let (own, level) = (in_answer(collects)?, sheet.costs(in_answer(other)?).ok()?.median);
        let without = |engine: &EngineRecord| -> Vec<(String, String)> {
            engine.settings.iter().filter(|(name, _)| name != INTERVAL).cloned().collect()
        };
        // Those of the last round in which it was, which is the longest.
        let mut tried: Vec<(f64, f64)> = Vec::new();
        let mut runs: Vec<String> = Vec::new();
        for (run, record) in evidence.of(Purpose::Tune) {
            let engines = record.cells.iter().flat_map(|cell| &cell.engines);
            let alike = engines.filter(|it| it.kind == own.kind && without(it) == without(own));
            for engine in alike {
                let Some(interval_s) = engine.interval_s else { continue };
                let Ok(cost) = sheet.costs(engine) else { continue };
                tried.retain(|(known, _)| known.total_cmp(&interval_s).is_ne());
                tried.push((interval_s, cost.median));
                if runs.last() != Some(&run.folder) {
                    runs.push(run.folder.clone());
                }
            }
        }
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ((first, _), (last, cost)) = (*tried.first()?, *tried.last()?);
        (last > first).then(|| Self {
            engines: [collects, other].map(|row| row.name.clone()),
            tried_s: (first, last),
            at_s: crossing(&tried, |_| level),
            is_cheaper_long: cost < level,
            runs,
        })
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let [collects, other] = &self.engines;
        let show = |seconds: f64| quantity::tick(&quantity::seconds(seconds));
        let (first, last) = (show(self.tried_s.0), show(self.tried_s.1));
        let by = format!(
            "by the cores kept busy in {}, from {first} to {last}, each interval mostly tried once",
            crate::words::listed(&self.runs.iter().map(String::as_str).collect::<Vec<_>>())
        );
        match (self.at_s, self.is_cheaper_long) {
            (Some(at), true) => {
                format!(
                    "{collects} costs less than {other} from an interval of about {} on ({by}).",
                    show(at)
                )
            }
            (Some(at), false) => {
                format!(
                    "{collects} costs less than {other} up to an interval of about {} ({by}).",
                    show(at)
                )
            }
            (None, true) => format!(
                "{collects} costs less than {other} at every interval that was tried ({by})."
            ),
            (None, false) => format!(
                "{collects} costs more than {other} at every interval that was tried ({by})."
            ),
        }
    }
}

/// The setting that makes a batch longer, as a record has it.
const INTERVAL: &str = "interval";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::advice::advise;
    use crate::sample::advice::varied;

    #[test]
    fn the_rounds_of_tuning_tell_the_interval() {
        let (mut record, mut runs) = varied();
        runs.truncate(3);
        record.runs.truncate(3);
        // Ten intervals of one engine, whose batches cost as much as four events of a millisecond do.
        let round = &mut runs[0].1.cells[0].engines;
        let like = round[2].clone();
        round.truncate(2);
        let entry = |ms: f64| {
            let mut engine = like.clone();
            engine.kind = EngineKind::MicroBatch;
            engine.label = format!("micro-batch (interval {ms}ms)");
            engine.interval_s = Some(ms / 1e3);
            engine.settings = vec![("interval".into(), format!("{ms}ms"))];
            let cost = 4.0 + 40.0 / ms;
            engine.repetitions.iter_mut().for_each(|it| it.cpu_us_per_event = cost);
            engine
        };
        let tried = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(entry);
        round.extend(tried.clone());
        runs[2].1.cells[0].engines[2] = tried[4].clone();
        let evidence = Evidence { record, runs };
        let rows = advise(&evidence).rows;
        let row = |kind: EngineKind| rows.iter().find(|row| row.kind == kind).unwrap();
        let sheet = Sheet { rate_per_s: 50e3, prices: None, reserves: &[], is_metered: false };
        let pair = [row(EngineKind::Flink), row(EngineKind::MicroBatch)];
        let told = Batching::of(&evidence, pair, &sheet).unwrap();
        // 4 + 40 / x is 8.1 at 9.8 ms.
        assert!((told.at_s.unwrap() / 9.8e-3 - 1.0).abs() < 0.1, "{told:?}");
        assert_eq!(
            (told.tried_s, told.runs.as_slice()),
            ((1e-3, 50e-3), &["tune-1".to_owned()][..])
        );
        let said = told.sentence();
        assert!(said.starts_with("micro-batch costs less than flink from an interval of about 9."));
    }
}
