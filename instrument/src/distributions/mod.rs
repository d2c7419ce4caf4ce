//! Engines that are not part of this program: which there are, where they are here, and how they are
//! brought here.
//!
//! A distribution is the user's own (`FLINK_HOME`) or one that was fetched into a folder of ours by
//! the user's own Maven. The job that runs on it is compiled by the user's own `javac`, once for each
//! version of the engine and of the job. Whatever is not there is told with the command that brings
//! it. Nothing is started here for longer than that takes, and nothing is measured.

mod compile;
mod find;
mod install;
mod java;
mod lacking;
mod place;
mod unfinished;

pub use find::{Distribution, distribution};
pub use install::{Fetch, install};
pub use java::{Java, java};
pub use lacking::Lacking;
pub use place::Place;

use std::path::{Path, PathBuf};

/// An engine that is not part of this program.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Apache Flink.
    Flink,
    /// Apache Spark.
    Spark,
    /// Apache Storm.
    Storm,
    /// Apache Kafka: no engine, but the broker between.
    Kafka,
}

/// Which release of Kafka is used.
pub const KAFKA: &str = "4";

/// A release of an engine that is supported.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What it is asked for by: major and minor number.
    pub name: &'static str,
    /// The version that is fetched.
    pub version: &'static str,
}

/// The sources of all jobs: the path of each below `engines`, and its text.
static SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/jobs.rs"));

impl Engine {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Flink, Self::Spark, Self::Storm, Self::Kafka];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flink => "flink",
            Self::Spark => "spark",
            Self::Storm => "storm",
            Self::Kafka => "kafka",
        }
    }

    /// The engine of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }

    /// The releases that are supported, the first where nobody says which.
    pub const fn releases(self) -> &'static [Release] {
        match self {
            Self::Flink => &[
                Release { name: "2.3", version: "2.3.0" },
                Release { name: "1.20", version: "1.20.3" },
            ],
            Self::Spark => &[
                Release { name: "4.2", version: "4.2.0" },
                Release { name: "3.5", version: "3.5.6" },
            ],
            Self::Storm => &[Release { name: "2.8", version: "2.8.3" }],
            Self::Kafka => &[Release { name: KAFKA, version: "4.4.0" }],
        }
    }

    /// The release of this name.
    ///
    /// # Errors
    /// Where it is not supported.
    pub fn release(self, name: &str) -> Result<Release, Lacking> {
        let release = self.releases().iter().find(|release| release.name == name);
        release.copied().ok_or_else(|| Lacking::Release { engine: self, name: name.to_owned() })
    }

    /// The environment variable by which its own distribution is found.
    pub const fn home_variable(self) -> &'static str {
        match self {
            Self::Flink => "FLINK_HOME",
            Self::Spark => "SPARK_HOME",
            Self::Storm => "STORM_HOME",
            Self::Kafka => "KAFKA_HOME",
        }
    }

    /// Where the jars are in its own distribution.
    const fn jars_in_home(self) -> &'static str {
        match self {
            Self::Flink | Self::Storm => "lib",
            Self::Spark => "jars",
            Self::Kafka => "libs",
        }
    }

    /// How the names of jars begin behind which its version stands, in its own distribution and in one
    /// that was fetched.
    const fn telling_jars(self) -> &'static [&'static str] {
        match self {
            Self::Flink => &["flink-dist-", "flink-streaming-java-"],
            Self::Spark => &["spark-core_2.13-", "spark-core_2.12-"],
            Self::Storm => &["storm-server-"],
            Self::Kafka => &["kafka_2.13-"],
        }
    }

    /// How the names of the jars begin that are there where it can be asked in SQL; none of one that
    /// cannot.
    const fn sql_jars(self) -> &'static [&'static str] {
        match self {
            Self::Flink => {
                &["flink-table-api-java-", "flink-table-planner", "flink-table-runtime-"]
            }
            Self::Spark | Self::Storm | Self::Kafka => &[],
        }
    }

    /// The property of its Maven project that is its version.
    const fn version_property(self) -> &'static str {
        match self {
            Self::Flink => "flink.version",
            Self::Spark => "spark.version",
            Self::Storm => "storm.version",
            Self::Kafka => "kafka.version",
        }
    }

    /// Its Maven project.
    fn pom(self) -> &'static str {
        let pom = format!("{}/pom.xml", self.name());
        SOURCES.iter().find(|(path, _)| *path == pom).map_or("", |(_, text)| text)
    }

    /// The sources of its job for a release, each with its path; with those that ask SQL, or without.
    fn sources(
        self,
        release: Release,
        has_sql: bool,
    ) -> impl Iterator<Item = (&'static str, &'static str)> {
        let name = self.name();
        let major = release.name.split('.').next().unwrap_or_default();
        let folders = [
            "jvm/src/main/java/".to_owned(),
            format!("{name}/src/main/java/"),
            format!("{name}/src/main/{name}-{major}/"),
            format!("{name}/src/main/sql/"),
        ];
        let folders = folders.into_iter().take(if has_sql { 4 } else { 3 }).collect::<Vec<_>>();
        let is_own = move |path: &str| {
            let is_source = Path::new(path).extension().is_some_and(|kind| kind == "java");
            is_source && folders.iter().any(|folder| path.starts_with(folder.as_str()))
        };
        SOURCES.iter().copied().filter(move |(path, _)| is_own(path))
    }
}

/// An engine that is here and can be started.
#[derive(Clone, Debug)]
pub struct Ready {
    /// What runs it.
    pub java: Java,
    /// Where it is.
    pub distribution: Distribution,
    /// Where the classes of its job are.
    pub classes: PathBuf,
}

impl Ready {
    /// Where Java looks for classes.
    pub fn class_path(&self) -> String {
        let separator = if cfg!(windows) { ';' } else { ':' };
        let jars = self.distribution.jars.join("*");
        format!("{}{separator}{}", self.classes.display(), jars.display())
    }
}

impl Ready {
    /// The classes of its job in one file, to be sent to a cluster; made unless it was before.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn jar(&self, place: &Place) -> Result<PathBuf, Lacking> {
        compile::jar(&self.classes, &self.java, place)
    }
}

/// What has to be here before a job can be started.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need<'a> {
    /// Of which engine.
    pub engine: Engine,
    /// Which release of it.
    pub release: &'a str,
    /// Whether it is asked in SQL.
    pub sql: bool,
}

impl<'a> Need<'a> {
    /// An engine that is asked as it is by itself.
    pub const fn of(engine: Engine, release: &'a str) -> Self {
        Self { engine, release, sql: false }
    }
}

/// What is missing before a job can be started, if anything is. Nothing is compiled for it.
pub fn lacking(need: Need<'_>, place: &Place) -> Option<Lacking> {
    found(need, place).err()
}

/// What is here of what a job needs.
fn found(need: Need<'_>, place: &Place) -> Result<(Release, Java, Distribution), Lacking> {
    let Need { engine, release, sql } = need;
    let release = engine.release(release)?;
    let java = java(place)?;
    let distribution = distribution(engine, release, place)?;
    match distribution.lacks_sql(engine, release).filter(|_| sql) {
        Some(lacking) => Err(lacking),
        None => Ok((release, java, distribution)),
    }
}

/// Makes sure that an engine can be started: finds it and Java, and compiles its job unless that was
/// done before.
///
/// # Errors
/// What is missing, and how it is brought here.
pub fn ready(need: Need<'_>, place: &Place) -> Result<Ready, Lacking> {
    let (release, java, distribution) = found(need, place)?;
    let classes = compile::classes((need.engine, release), &distribution, &java, place)?;
    Ok(Ready { java, distribution, classes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::keys::key;
    use settings::config::schema::Kind;

    /// The tables of the engines that run on each, and the classes that their jobs start with.
    const JOBS: [(Engine, &str, &str); 7] = [
        (Engine::Flink, "engine.flink", "sluicebench/flink/Main"),
        (Engine::Flink, "engine.flink", "sluicebench/flink/SqlMain"),
        (Engine::Spark, "engine.spark-structured", "sluicebench/spark/structured/Main"),
        (Engine::Spark, "engine.spark-real-time", "sluicebench/spark/structured/RealTime"),
        (Engine::Spark, "engine.spark-real-time", "sluicebench/spark/structured/Continuous"),
        (Engine::Spark, "engine.spark-dstream", "sluicebench/spark/dstream/Main"),
        (Engine::Storm, "engine.storm", "sluicebench/storm/Main"),
    ];

    /// Which releases the table of an engine takes.
    fn asked_for(table: &str) -> &'static [&'static str] {
        let path = format!("{table}.version");
        let Some(Kind::Choice(names)) = key(&path).map(|key| &key.kind) else {
            panic!("{path} is no choice")
        };
        names
    }

    #[test]
    fn what_can_be_asked_for_is_what_is_supported() {
        for (engine, table, _) in JOBS {
            let names = asked_for(table);
            let all = engine.releases().iter().map(|release| release.name).collect::<Vec<_>>();
            // Newest first, and each but for those that came before what is asked for.
            assert!(!names.is_empty() && all.starts_with(names), "{table}: {names:?}");
            for release in engine.releases() {
                let rest = release.version.strip_prefix(release.name);
                assert!(rest.is_some_and(|rest| rest.starts_with('.')), "{}", release.version);
                assert_eq!(engine.release(release.name).ok(), Some(*release));
            }
            assert!(engine.release("0.1").unwrap_err().to_string().contains("supported"));
            assert_eq!(Engine::named(engine.name()), Some(engine));
        }
    }

    #[test]
    fn the_jobs_are_part_of_the_program() {
        let jobs = JOBS.map(|(engine, table, main)| (engine, asked_for(table), main));
        let broker = (Engine::Kafka, &[KAFKA][..], "sluicebench/kafka/Broker");
        for (engine, releases, main) in jobs.into_iter().chain([broker]) {
            let property = format!("<{}>", engine.version_property());
            assert!(engine.pom().contains(&property), "the pom of {}", engine.name());
            for release in releases {
                let release = engine.release(release).unwrap();
                let sources: Vec<_> = engine.sources(release, true).collect();
                let main = format!("{main}.java");
                let mains = sources.iter().filter(|(path, _)| path.ends_with(&main));
                // The one mode that an earlier release is not asked for.
                let is_there = !(main.ends_with("/RealTime.java") && release.name == "3.5");
                assert_eq!(mains.count(), usize::from(is_there), "{main} for {}", release.name);
                assert!(sources.iter().any(|(path, _)| path.starts_with("jvm/")));
            }
        }
    }
}
