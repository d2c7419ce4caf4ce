//! Whether engines answer small streams as the originals do: what `conform` keeps.
//!
//! A file tells of one engine or of several. Those that tell of a run's engines lie beside its record,
//! in the folder [`FOLDER`], so that its page can be made from what is in the run's folder alone.

use super::Tool;
use crate::files::{self, Over};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The folder of such files in a run's folder.
pub const FOLDER: &str = "conformance";

/// The format this build writes and reads.
pub const VERSION: u32 = 1;

/// The largest file that is read, in bytes: many thousands of cases.
const BYTES_MOST: u64 = 1 << 26;

/// Whether engines answer as the originals do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Conformance {
    /// Of this format: 1.
    pub schema_version: u32,
    /// The engines that were put cases.
    pub engines: Vec<Conforming>,
}

/// What came of the cases on an engine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Conforming {
    /// What it is called.
    pub name: String,
    /// Its version; none for one that is part of this program.
    pub version: Option<String>,
    /// The version of the Java that it ran on; none for one that is part of this program.
    pub java: Option<String>,
    /// Version of this program.
    pub tool: String,
    /// Commit that it was built from, or "unknown".
    pub commit: String,
    /// When it was put the cases: RFC 3339, UTC.
    pub put: String,
    /// The file that the cases are from; none for those that are part of this program.
    pub file: Option<String>,
    /// At which parallelisms it was put each case.
    pub parallelisms: Vec<usize>,
    /// Whether it crashed after each item of a case, and was restored.
    #[serde(default)]
    pub crashes: bool,
    /// How many were answered as expected.
    pub ok: usize,
    /// How many were not, or failed.
    pub differs: usize,
    /// How many it cannot be asked.
    pub unsupported: usize,
    /// Each case that states its rules.
    pub cases: Vec<OfCase>,
}

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OfCase {
    /// What it is called.
    pub name: String,
    /// How it was answered.
    pub outcome: Outcome,
    /// Where it differs, the parallelism at which it first did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<usize>,
    /// Where it differs, what was expected there first; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Where it differs, what was answered there; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// Why it cannot be asked, to stand behind the engine's name, or how it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a case was answered.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As expected.
    Ok,
    /// Not as expected, or not at all, as it failed.
    Differs,
    /// It cannot be asked.
    Unsupported,
}

impl Outcome {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Differs => "differs",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A file that does not tell what came of cases.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}; remove it, or write it again: sluicebench conform --out DIR")]
pub struct NotConformance {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub what: String,
}

impl Conforming {
    /// What a file is called that tells of it alone.
    pub fn file_name(&self) -> String {
        let version = self.version.as_ref().unwrap_or(&self.tool);
        let crashes = if self.crashes { "-crashes" } else { "" };
        format!("{}-{version}{crashes}.json", self.name)
    }

    /// Which of its cases were answered so.
    pub fn of(&self, outcome: Outcome) -> impl Iterator<Item = &OfCase> {
        self.cases.iter().filter(move |case| case.outcome == outcome)
    }

    /// Whether it is the engine of this name in a run: the same version of it, or, for one that is
    /// part of this program, the same build.
    pub fn is(&self, name: &str, version: Option<&str>, tool: &Tool) -> bool {
        let is_same = match &self.version {
            Some(own) => Some(own.as_str()) == version,
            None => self.tool == tool.version && self.commit == tool.commit,
        };
        self.name == name && is_same
    }

    /// Writes it into a folder, which is made if there is none.
    ///
    /// # Errors
    /// What the system says, and that a file of this name is there that may not go.
    pub fn write(&self, folder: &Path, over: Over) -> io::Result<PathBuf> {
        let path = folder.join(self.file_name());
        let document = Conformance { schema_version: VERSION, engines: vec![self.clone()] };
        let text = serde_json::to_string_pretty(&document)?;
        fs::create_dir_all(folder)?;
        files::write(&path, over, |out| writeln!(out, "{text}"))?;
        Ok(path)
    }

    /// Those that the files of a folder tell of, in the order of the files' names, and which of its
    /// files `*.json` tell of none, or contradict themselves. There are none where there is no such
    /// folder.
    pub fn read(folder: &Path) -> (Vec<Self>, Vec<NotConformance>) {
        let wrong = |path: &Path, what: String| NotConformance { path: path.to_owned(), what };
        let entries = fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        });
        let mut paths = match entries {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return (Vec::new(), vec![wrong(folder, format!("cannot be read: {error}"))]);
            }
        };
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
        paths.sort_unstable();
        let (mut all, mut bad) = (Vec::new(), Vec::new());
        for path in paths {
            match read(&path) {
                Ok(engines) => all.extend(engines),
                Err(what) => bad.push(wrong(&path, what)),
            }
        }
        (all, bad)
    }
}

fn read(path: &Path) -> Result<Vec<Conforming>, String> {
    let size = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > BYTES_MOST {
        return Err("is larger than 64 MiB, which no such file is".to_owned());
    }
    let text = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let value: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|error| format!("does not tell what came of cases: {error}"))?;
    match value["schema_version"].as_u64() {
        Some(found) if found > u64::from(VERSION) => {
            return Err(format!(
                "has schema version {found}, and this program reads up to {VERSION}"
            ));
        }
        Some(1..) => {}
        _ => return Err("`schema_version` is missing or not a positive integer".to_owned()),
    }
    let Conformance { engines, .. } = serde_json::from_slice(&text)
        .map_err(|error| format!("does not tell what came of cases: {error}"))?;
    for engine in &engines {
        for (outcome, told) in [
            (Outcome::Ok, engine.ok),
            (Outcome::Differs, engine.differs),
            (Outcome::Unsupported, engine.unsupported),
        ] {
            let counted = engine.of(outcome).count();
            if counted != told {
                return Err(format!(
                    "contradicts itself: {} cases of {} are {}, and it counts {told}",
                    counted,
                    engine.name,
                    outcome.name()
                ));
            }
        }
    }
    Ok(engines)
}

/// An engine that was put cases: two are answered as expected, two are not, three cannot be asked.
#[cfg(test)]
pub(crate) fn conforming(name: &str, version: Option<&str>) -> Conforming {
    let case = |name: &str, outcome| OfCase {
        name: name.into(),
        outcome,
        parallelism: None,
        expected: None,
        answered: None,
        reason: None,
    };
    let unsupported = |name, reason: &str| OfCase {
        reason: Some(reason.into()),
        ..case(name, Outcome::Unsupported)
    };
    Conforming {
        name: name.into(),
        version: version.map(str::to_owned),
        java: version.map(|_| "17.0.9".into()),
        tool: "0.1.0".into(),
        commit: "abc".into(),
        put: "2026-11-20T09:00:00Z".into(),
        file: None,
        parallelisms: vec![1, 2],
        crashes: false,
        ok: 2,
        differs: 2,
        unsupported: 3,
        cases: vec![
            case("tumbling", Outcome::Ok),
            case("sliding", Outcome::Ok),
            OfCase {
                parallelism: Some(2),
                expected: Some("[0, 10) \"a\" = 2".into()),
                ..case("late", Outcome::Differs)
            },
            OfCase { reason: Some("of a sum".into()), ..case("ends", Outcome::Differs) },
            unsupported("evictor", "has no evictors"),
            unsupported("join", "has no joins"),
            unsupported("outer_join", "has no joins"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join(FOLDER);
        let read = || {
            let (all, bad) = Conforming::read(&place);
            assert!(bad.is_empty(), "{bad:?}");
            all
        };
        assert_eq!(read(), [], "there is no folder");
        let [flink, ours] = [conforming("flink", Some("2.3.0")), conforming("per-event", None)];
        ours.write(&place, Over::Nothing).unwrap();
        let path = flink.write(&place, Over::Nothing).unwrap();
        assert!(path.ends_with("flink-2.3.0.json"), "{path:?}");
        assert!(flink.write(&place, Over::Nothing).is_err(), "it is there already");
        fs::write(place.join("notes.txt"), "of the user's own").unwrap();
        assert_eq!(read(), [flink, ours]);
    }

    #[test]
    fn what_tells_of_no_cases_is_told_by_its_name_and_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let ours = conforming("per-event", None);
        ours.write(folder.path(), Over::Nothing).unwrap();
        let mut lies = conforming("flink", Some("2.3.0"));
        lies.ok += 1;
        let path = lies.write(folder.path(), Over::Nothing).unwrap();
        let fails = |words: &str| {
            let (all, bad) = Conforming::read(folder.path());
            assert_eq!(all, std::slice::from_ref(&ours));
            let [error] = &bad[..] else { panic!("{bad:?}") };
            let error = error.to_string();
            assert!(error.contains(words) && error.contains("flink-2.3.0.json"), "{error}");
            assert!(error.contains("conform --out"), "{error}");
        };
        fails("contradicts itself: 2 cases of flink are ok, and it counts 3");
        for (text, words) in [
            ("[", "does not tell what came of cases"),
            ("{}", "`schema_version` is missing"),
            ("{\"schema_version\": 2}", "has schema version 2"),
            ("{\"schema_version\": 1}", "missing field `engines`"),
        ] {
            fs::write(&path, text).unwrap();
            fails(words);
        }
    }

    #[test]
    fn an_engine_is_that_of_a_run_by_its_version_and_ours_by_the_build() {
        let tool = Tool { version: "0.1.0".into(), commit: "abc".into(), ..Tool::default() };
        let [flink, ours] = [conforming("flink", Some("2.3.0")), conforming("per-event", None)];
        assert!(flink.is("flink", Some("2.3.0"), &tool));
        assert!(!flink.is("flink", Some("1.20.3"), &tool) && !flink.is("flink", None, &tool));
        assert!(ours.is("per-event", None, &tool) && !ours.is("micro-batch", None, &tool));
        assert!(!ours.is("per-event", None, &Tool { commit: "abd".into(), ..tool }));
    }
}
