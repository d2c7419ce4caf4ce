//! Fetching a distribution: the user's own Maven copies what the job's project depends on into a
//! folder of ours, and nothing else is touched.

use super::compile::no_folder;
use super::find::{fetched, has_sql, version_of};
use super::unfinished::Unfinished;
use super::{Engine, Lacking, Place, Release};
use crate::host::children::excerpt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A distribution that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    engine: Engine,
    release: Release,
    mvn: Option<PathBuf>,
    folder: PathBuf,
}

impl Fetch {
    /// Of this release, into the folder of ours.
    ///
    /// # Errors
    /// Where nobody says where that folder is.
    pub fn of(engine: Engine, release: Release, place: &Place) -> Result<Self, Lacking> {
        let folder = place.engines.clone().ok_or_else(no_folder)?;
        Ok(Self { engine, release, mvn: place.program("mvn"), folder })
    }

    /// Where it will be.
    pub fn place(&self) -> PathBuf {
        fetched(self.engine, self.release, &self.folder)
    }

    /// Whether all of it is there.
    pub fn is_there(&self) -> bool {
        is_whole(self.engine, &self.place())
    }

    /// The command, as it can be typed.
    pub fn command(&self) -> String {
        let arguments = self.arguments(Path::new("pom.xml"), Path::new("jars"));
        format!("mvn {}", arguments.join(" "))
    }

    fn arguments(&self, pom: &Path, jars: &Path) -> Vec<String> {
        vec![
            "-B".to_owned(),
            "-f".to_owned(),
            pom.display().to_string(),
            "dependency:copy-dependencies".to_owned(),
            format!("-DoutputDirectory={}", jars.display()),
            "-DincludeScope=runtime".to_owned(),
            format!("-D{}={}", self.engine.version_property(), self.release.version),
        ]
    }
}

/// Fetches a distribution, unless it is there. Returns whether it had to.
///
/// # Errors
/// Where it is not there afterwards; then nothing of it is.
pub fn install(fetch: &Fetch) -> Result<bool, Lacking> {
    let Fetch { engine, release, .. } = *fetch;
    let place = fetch.place();
    if fetch.is_there() {
        return Ok(false);
    }
    let mvn = fetch.mvn.as_ref().ok_or(Lacking::NoMaven(engine))?;
    let unfinished = Unfinished::beside(&fetch.folder)?;
    let pom = unfinished.path().join("pom.xml");
    fs::write(&pom, engine.pom())
        .map_err(|source| Lacking::Unwritable { path: pom.clone(), source })?;
    let jars = unfinished.path().join("jars");
    let not_fetched = |why| Lacking::NotFetched { engine, version: release.version, why };
    let came = Command::new(mvn)
        .args(fetch.arguments(&pom, &jars))
        .current_dir(unfinished.path())
        .output()
        .map_err(|error| not_fetched(format!("`{}` cannot be run: {error}", mvn.display())))?;
    if !came.status.success() {
        let said = [came.stdout, came.stderr].concat();
        let is_error = |line: &&[u8]| line.starts_with(b"[ERROR]");
        let first = said.split(|byte| *byte == b'\n').find(is_error).unwrap_or(&said);
        return Err(not_fetched(excerpt(first)));
    }
    if version_of(engine, &jars).as_deref() != Some(release.version) || !is_whole(engine, &jars) {
        let why = "it says that all is well, and the jars are not there".to_owned();
        return Err(not_fetched(why));
    }
    // What is there is in the way: nothing that could be told, or less than is fetched today.
    let _ = fs::rename(&place, unfinished.path().join("before"));
    unfinished.put("jars", &place)?;
    Ok(true)
}

/// Whether all is there that is fetched of an engine today.
fn is_whole(engine: Engine, jars: &Path) -> bool {
    let has_all = engine.sql_jars().is_empty() || has_sql(engine, jars);
    version_of(engine, jars).is_some() && has_all
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::Stdio;

    /// Writes a program. Another process does, since a file that this one has open for writing, or
    /// a child of it between its fork and its start, cannot be run.
    fn program(path: &Path, text: &str) {
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
    }

    /// A `mvn` that does this, with the folder of the jars in `$jars`.
    fn place(folder: &Path, does: &str) -> Place {
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let script = format!(
            "#!/bin/sh\nfor a in \"$@\"; do case $a in -DoutputDirectory=*) jars=${{a#*=}};; \
             esac; done\n{does}\n"
        );
        program(&bin.join("mvn"), &script);
        Place { engines: Some(folder.join("ours")), programs: vec![bin], ..Place::default() }
    }

    fn fetch(place: &Place) -> Fetch {
        Fetch::of(Engine::Flink, Engine::Flink.releases()[0], place).unwrap()
    }

    fn left(place: &Place) -> Vec<String> {
        let entries = fs::read_dir(place.engines.as_ref().unwrap()).unwrap().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    /// Writes the jars that count.
    const ALL: &str = "mkdir -p $jars && cd $jars && for jar in streaming-java table-api-java \
                       table-planner-loader table-runtime; do touch flink-$jar-2.3.0.jar; done";

    #[test]
    fn what_was_fetched_when_there_was_less_of_it_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path(), ALL);
        let before = fetch(&place).place();
        fs::create_dir_all(&before).unwrap();
        for jar in ["flink-streaming-java-2.3.0.jar", "flink-gone-2.3.0.jar"] {
            fs::write(before.join(jar), "").unwrap();
        }
        assert!(install(&fetch(&place)).unwrap());
        assert!(!install(&fetch(&place)).unwrap());
        assert_eq!(left(&place), ["flink-2.3.0"]);
        assert!(!before.join("flink-gone-2.3.0.jar").exists(), "it is what was fetched now");
    }

    #[test]
    fn what_was_fetched_is_there_whole_and_fetched_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path(), &format!("test -s pom.xml && {ALL}"));
        assert!(install(&fetch(&place)).unwrap());
        assert!(!install(&fetch(&place)).unwrap());
        assert_eq!(left(&place), ["flink-2.3.0"]);
        assert_eq!(
            fetch(&place).command(),
            "mvn -B -f pom.xml dependency:copy-dependencies -DoutputDirectory=jars \
             -DincludeScope=runtime -Dflink.version=2.3.0"
        );
    }

    #[test]
    fn half_of_it_is_nothing() {
        for (does, says) in [
            (
                "mkdir -p $jars; touch $jars/flink-streaming-java-2.3.0.jar; echo '[INFO] a'; echo \
                 '[ERROR] no route to host'; exit 1",
                "[ERROR] no route to host",
            ),
            ("mkdir -p $jars; touch $jars/flink-clients-2.3.0.jar", "the jars are not there"),
            (
                "mkdir -p $jars; touch $jars/flink-streaming-java-2.3.0.jar",
                "the jars are not there",
            ),
            ("exit 0", "the jars are not there"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let place = place(folder.path(), does);
            let error = install(&fetch(&place)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(left(&place).is_empty(), "{:?}", left(&place));
        }
        let folder = tempfile::tempdir().unwrap();
        let place = Place { engines: Some(folder.path().into()), ..Place::default() };
        let error = install(&fetch(&place)).unwrap_err().to_string();
        assert!(error.contains("install Apache Maven"), "{error}");
        assert!(Fetch::of(Engine::Flink, Engine::Flink.releases()[0], &Place::default()).is_err());
    }
}
