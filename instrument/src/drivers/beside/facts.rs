//! What a job tells of itself: notes, each a JSON object, the last word on each counting.

use super::clocks::ToRun;
use super::happened::Happened;
use crate::verify::{Cuts, OverCuts, Scale};
use reports::record::EngineProcess;
use serde_json::Value;

/// What is known of an engine.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// What its version has to begin with.
    asked: String,
    version: Option<String>,
    java: Option<String>,
    settings: Vec<(String, String)>,
    cpu_s: Vec<(String, f64)>,
    pauses: Option<(u64, f64)>,
    /// How often it emitted an event again that it took for lost.
    pub(super) repeated: u64,
    /// The batches that it told of.
    pub(super) cuts: Cuts,
    /// When each of them ended by the wall clock, in milliseconds since the epoch, if it said so.
    ends_ms: Vec<Option<i64>>,
    /// From there to event time.
    pub(super) scale: Scale,
    /// The same and more, by time.
    pub(super) happened: Happened,
    /// From its clock to the run's, once there is a run.
    pub(super) to_run: Option<ToRun>,
    pub(super) harness_cpu_s: f64,
}

impl Facts {
    /// What was known before it ran: which version was asked for, names with values, and how far its
    /// watermark trails, in microseconds.
    pub(super) fn known(asked: String, settings: Vec<(String, String)>, delay_us: i64) -> Self {
        Self { asked, settings, cuts: Cuts::new(delay_us), ..Self::default() }
    }

    /// Takes a note.
    ///
    /// # Errors
    /// Where it is none, or says that this is another version than was asked for.
    pub(super) fn note(&mut self, text: &str) -> Result<(), String> {
        let Ok(Value::Object(note)) = serde_json::from_str(text) else {
            return Err(format!("it noted what is no JSON object: `{}`", shown(text)));
        };
        for (name, value) in note {
            match (name.as_str(), value) {
                ("version", Value::String(version)) => self.is_version(version)?,
                ("java", Value::String(java)) => self.java = Some(java),
                ("settings", Value::Object(settings)) => {
                    for (name, value) in settings {
                        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        self.put(name, value);
                    }
                }
                ("cpu_ns", Value::Object(groups)) => {
                    let seconds = |(name, ns): (String, Value)| Some((name, ns.as_f64()? / 1e9));
                    self.cpu_s = groups.into_iter().filter_map(seconds).collect();
                }
                ("batch", batch) => {
                    let until = batch["until"].as_array().into_iter().flatten();
                    let until: Option<Vec<u64>> = until.map(Value::as_u64).collect();
                    let until = until.ok_or("it told of a batch, and not how far it reached")?;
                    let before = self.cuts.events();
                    self.cuts.add(until, batch["watermark_us"].as_i64())?;
                    self.happened.batch(&batch, self.cuts.events() - before);
                    self.ends_ms.push(batch["time_ms"].as_i64());
                }
                ("repeated", times) => self.repeated = times.as_u64().unwrap_or(self.repeated),
                ("gc_pause", pause) => self.happened.pause(&pause),
                ("checkpoint", checkpoint) => self.happened.checkpoint(&checkpoint),
                ("gc", gc) => {
                    let count = gc["count"].as_u64();
                    self.pauses = count.zip(gc["ms"].as_f64().map(|ms| ms / 1e3)).or(self.pauses);
                }
                // Whatever else a job tells is of no use here, and does no harm.
                _ => {}
            }
        }
        Ok(())
    }

    fn is_version(&mut self, version: String) -> Result<(), String> {
        let rest = version.strip_prefix(&self.asked);
        if rest.is_none_or(|rest| !rest.is_empty() && !rest.starts_with(['.', '-'])) {
            return Err(format!(
                "it is version {}, and {} was asked for: name a distribution of that version, or \
                 another version",
                shown(&version),
                self.asked
            ));
        }
        self.version = Some(version);
        Ok(())
    }

    pub(super) fn put(&mut self, name: String, value: String) {
        match self.settings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.settings.push((name, value)),
        }
    }

    /// The batches that it told of, where its windows are made of them.
    pub(super) fn over_cuts(&self) -> OverCuts {
        OverCuts::new(self.cuts.clone(), self.ends_ms.clone(), self.scale)
    }

    /// For the record, as far as it was told.
    pub(super) fn record(&self) -> EngineProcess {
        EngineProcess {
            version: self.version.clone(),
            java: self.java.clone(),
            settings: self.settings.clone(),
            cpu_s: self.cpu_s.clone(),
            gc_count: self.pauses.map(|(count, _)| count),
            gc_s: self.pauses.map(|(_, seconds)| seconds),
            harness_cpu_s: self.harness_cpu_s,
            ..EngineProcess::default()
        }
    }
}

fn shown(text: &str) -> String {
    reports::words::brief(text, 80).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_each_counts() {
        let mut facts = Facts::known("2.3".into(), vec![("heap".into(), "2GiB".into())], 0);
        for note in [
            r#"{"version":"2.3.0"}"#,
            r#"{"java":"17.0.1","settings":{"collector":"G1","slots":1}}"#,
            r#"{"cpu_ns":{"tasks":1000000000}}"#,
            r#"{"cpu_ns":{"tasks":2500000000,"gc":0}}"#,
            r#"{"gc":{"count":3,"ms":12}}"#,
            r#"{"settings":{"heap":"2048MB"},"weather":"fine"}"#,
        ] {
            facts.note(note).unwrap();
        }
        let record = facts.record();
        assert_eq!(record.version.as_deref(), Some("2.3.0"));
        assert_eq!(record.java.as_deref(), Some("17.0.1"));
        let settings: Vec<_> = record.settings.iter().map(|(n, v)| format!("{n} {v}")).collect();
        assert_eq!(settings, ["heap 2048MB", "collector G1", "slots 1"]);
        assert_eq!(record.cpu_s, [("gc".to_owned(), 0.0), ("tasks".to_owned(), 2.5)]);
        assert_eq!((record.gc_count, record.gc_s), (Some(3), Some(0.012)));
    }

    #[test]
    fn another_version_than_was_asked_for_is_no_answer() {
        let of = |version: &str| {
            Facts::known("2.3".into(), Vec::new(), 0).note(&format!(r#"{{"version":"{version}"}}"#))
        };
        assert!(of("2.3").is_ok() && of("2.3.1").is_ok() && of("2.3-SNAPSHOT").is_ok());
        for other in ["2.30", "1.20.3", ""] {
            assert!(of(other).unwrap_err().contains("2.3 was asked for"), "{other}");
        }
    }

    #[test]
    fn batches_are_taken_in_their_order() {
        let mut facts = Facts::default();
        for note in [
            r#"{"batch":{"id":0,"until":[3,2],"watermark_us":0}}"#,
            r#"{"batch":{"id":1,"until":[4,2]}}"#,
        ] {
            facts.note(note).unwrap();
        }
        let mut want = Cuts::new(0);
        want.add(vec![3, 2], Some(0)).unwrap();
        want.add(vec![4, 2], None).unwrap();
        assert_eq!(facts.cuts, want);
        let back = facts.note(r#"{"batch":{"until":[3,2]}}"#).unwrap_err();
        assert!(back.contains("the one before to [4, 2]"), "{back}");
        assert!(facts.note(r#"{"batch":{"until":[-1]}}"#).is_err());
    }

    #[test]
    fn what_is_no_note_is_told_as_it_stands() {
        for text in ["", "[]", "{"] {
            let error = Facts::default().note(text).unwrap_err();
            assert!(error.contains("no JSON object"), "{error}");
        }
    }
}
