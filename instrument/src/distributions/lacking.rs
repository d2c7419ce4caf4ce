//! What is missing before an engine can be started, and what to do about it.

use super::Engine;
use super::java::LEAST;
use std::path::PathBuf;

/// What is missing.
#[derive(Debug, thiserror::Error)]
pub enum Lacking {
    /// The release is not supported.
    #[error(
        "{} {name} is not supported; those that are: {}",
        engine.name(),
        names(*engine)
    )]
    Release {
        /// Of which engine.
        engine: Engine,
        /// What was asked for.
        name: String,
    },
    /// There is no Java.
    #[error(
        "there is no Java here ({0}): install a JDK, {LEAST} or newer, and put it on the PATH or name \
         it by JAVA_HOME"
    )]
    NoJava(String),
    /// The Java is too old.
    #[error("`{}` is Java {version}, and {LEAST} or newer is needed: name another by JAVA_HOME", path.display())]
    OldJava {
        /// Which.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// The Java cannot compile.
    #[error(
        "there is no {tool} beside `{}`: a JDK is needed, not only what runs Java; name one by \
         JAVA_HOME",
        java.display()
    )]
    NoTool {
        /// What is missing.
        tool: &'static str,
        /// The Java.
        java: PathBuf,
    },
    /// There is no distribution.
    #[error(
        "{} {name} is not here{}: `sluicebench engines install {}{}` fetches it, or name a \
         distribution by {}",
        engine.name(),
        other.as_deref().map(|other| format!(" ({other})")).unwrap_or_default(),
        engine.name(),
        version_option(*engine, name),
        engine.home_variable()
    )]
    NoDistribution {
        /// Of which engine.
        engine: Engine,
        /// Which release.
        name: &'static str,
        /// What is there instead, in words.
        other: Option<String>,
    },
    /// What the user names as a distribution is none. What was fetched is not used instead: whoever has
    /// named one is not given another without a word.
    #[error(
        "{} {name} is not where {variable} says: `{}` has no {jars}; name a distribution by it, or unset \
         it, and the one is used that `sluicebench engines install {}{}` fetches",
        engine.name(),
        home.display(),
        engine.name(),
        version_option(*engine, name)
    )]
    NoHome {
        /// Of which engine.
        engine: Engine,
        /// Which release.
        name: &'static str,
        /// The environment variable that names it.
        variable: &'static str,
        /// What it names.
        home: PathBuf,
        /// The jars that tell a distribution, as a pattern.
        jars: String,
    },
    /// There is a distribution that cannot be asked in SQL.
    #[error(
        "{} {name} cannot be asked in SQL here, as `{}` has no flink-table-*.jar of its planner: {}",
        engine.name(),
        jars.display(),
        match home {
            Some(variable) => format!("put those of the distribution that {variable} names there"),
            None => format!(
                "it was fetched before it could; `sluicebench engines install {}{}` fetches it again",
                engine.name(),
                version_option(*engine, name)
            ),
        }
    )]
    NoSql {
        /// Of which engine.
        engine: Engine,
        /// Which release.
        name: &'static str,
        /// The jars.
        jars: PathBuf,
        /// The environment variable that names it; none for one that was fetched.
        home: Option<&'static str>,
    },
    /// A folder of ours cannot be written.
    #[error(
        "`{}` cannot be written: {source}; name another folder by SLUICEBENCH_ENGINES",
        path.display()
    )]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The job does not compile.
    #[error(
        "the job for {} {name} does not compile with {}: {why}",
        engine.name(),
        jars.display()
    )]
    NotCompiled {
        /// For which engine.
        engine: Engine,
        /// Which release.
        name: &'static str,
        /// The jars.
        jars: PathBuf,
        /// The compiler's first complaint.
        why: String,
    },
    /// The classes of a job cannot be made one file.
    #[error("the classes in `{}` cannot be put into a jar: {why}", classes.display())]
    NotPacked {
        /// Where they are.
        classes: PathBuf,
        /// What the packer says.
        why: String,
    },
    /// There is no Maven.
    #[error(
        "there is no `mvn` on the PATH: install Apache Maven, or name a distribution of your own by {}",
        .0.home_variable()
    )]
    NoMaven(Engine),
    /// It was not fetched.
    #[error("mvn did not fetch {} {version}: {why}", engine.name())]
    NotFetched {
        /// Which engine.
        engine: Engine,
        /// Which version.
        version: &'static str,
        /// Its first complaint.
        why: String,
    },
}

fn names(engine: Engine) -> String {
    let names: Vec<_> = engine.releases().iter().map(|release| release.name).collect();
    names.join(", ")
}

/// The option by which a release is named that is not the first.
pub(super) fn version_option(engine: Engine, name: &str) -> String {
    let is_first = engine.releases().first().is_some_and(|first| first.name == name);
    if is_first { String::new() } else { format!(" --version {name}") }
}
