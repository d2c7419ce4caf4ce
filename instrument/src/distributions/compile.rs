//! The job of an engine, compiled by the user's own `javac`: once for each version of the engine and
//! of the sources, and then kept.

use super::unfinished::Unfinished;
use super::{Distribution, Engine, Java, Lacking, Place, Release};
use crate::host::children::excerpt;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the classes of a job.
pub(super) fn classes(
    (engine, release): (Engine, Release),
    distribution: &Distribution,
    java: &Java,
    place: &Place,
) -> Result<PathBuf, Lacking> {
    let folder = place.engines.as_deref().ok_or_else(no_folder)?.join("jobs");
    let has_sql = distribution.has_sql(engine);
    let name = format!(
        "{}-{}-{:016x}",
        engine.name(),
        distribution.version,
        digest(engine, release, has_sql)
    );
    let classes = folder.join(name);
    if classes.is_dir() {
        return Ok(classes);
    }
    let compiler = java.compiler()?;
    let unfinished = Unfinished::beside(&folder)?;
    let unwritable = |path: PathBuf| move |source| Lacking::Unwritable { path, source };
    let mut files = Vec::new();
    for (path, text) in engine.sources(release, has_sql) {
        let file = unfinished.path().join("sources").join(path);
        let parent = file.parent().map_or_else(PathBuf::new, PathBuf::from);
        fs::create_dir_all(&parent).map_err(unwritable(parent.clone()))?;
        fs::write(&file, text).map_err(unwritable(file.clone()))?;
        files.push(file);
    }
    let came = Command::new(&compiler)
        .args(["--release", "17", "-encoding", "UTF-8", "-nowarn", "-proc:none", "-d"])
        .arg(unfinished.path().join("classes"))
        .arg("-cp")
        .arg(distribution.jars.join("*"))
        .args(&files)
        .output();
    let not_compiled = |why| Lacking::NotCompiled {
        engine,
        name: release.name,
        jars: distribution.jars.clone(),
        why,
    };
    let came = came.map_err(|error| {
        not_compiled(format!("`{}` cannot be run: {error}", compiler.display()))
    })?;
    if !came.status.success() {
        let said = [came.stderr, came.stdout].concat();
        let is_error = |line: &&[u8]| String::from_utf8_lossy(line).contains("error:");
        let first = said.split(|byte| *byte == b'\n').find(is_error).unwrap_or(&said);
        return Err(not_compiled(excerpt(first)));
    }
    unfinished.put("classes", &classes)?;
    Ok(classes)
}

/// The jar of the classes of a job.
pub(super) fn jar(classes: &Path, java: &Java, place: &Place) -> Result<PathBuf, Lacking> {
    let jar = classes.with_added_extension("jar");
    if jar.is_file() {
        return Ok(jar);
    }
    let folder = place.engines.as_deref().ok_or_else(no_folder)?.join("jobs");
    let packer = java.packer()?;
    let unfinished = Unfinished::beside(&folder)?;
    let not_packed = |why| Lacking::NotPacked { classes: classes.to_owned(), why };
    let came = Command::new(&packer)
        .args(["--create", "--file"])
        .arg(unfinished.path().join("job.jar"))
        .arg("-C")
        .arg(classes)
        .arg(".")
        .output()
        .map_err(|error| not_packed(format!("`{}` cannot be run: {error}", packer.display())))?;
    if !came.status.success() {
        return Err(not_packed(excerpt(&[came.stderr, came.stdout].concat())));
    }
    unfinished.put("job.jar", &jar)?;
    Ok(jar)
}

pub(super) fn no_folder() -> Lacking {
    let source = std::io::Error::other("neither XDG_DATA_HOME nor HOME says where it is");
    Lacking::Unwritable { path: "sluicebench/engines".into(), source }
}

/// What tells one state of the sources from another.
fn digest(engine: Engine, release: Release, has_sql: bool) -> u64 {
    let mut hasher = foldhash::quality::FixedState::with_seed(0).build_hasher();
    for (path, text) in engine.sources(release, has_sql) {
        hasher.write(path.as_bytes());
        hasher.write(text.as_bytes());
    }
    hasher.finish()
}
