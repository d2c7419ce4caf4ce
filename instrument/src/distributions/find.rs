//! Where a distribution is: one that the user names, or one that was fetched.

use super::{Engine, Lacking, Place, Release};
use std::fs;
use std::path::{Path, PathBuf};

/// A distribution of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Its version, as the names of its jars say.
    pub version: String,
    /// The folder that its jars are in.
    pub jars: PathBuf,
    /// The environment variable that names it; none for one that was fetched.
    pub home: Option<&'static str>,
}

impl Distribution {
    /// Whether its engine can be asked in SQL. What was fetched before it could be has other jars.
    pub(super) fn has_sql(&self, engine: Engine) -> bool {
        has_sql(engine, &self.jars)
    }

    /// What is missing where an engine that could be asked in SQL cannot be.
    pub fn lacks_sql(&self, engine: Engine, release: Release) -> Option<Lacking> {
        let is_lacking = !engine.sql_jars().is_empty() && !self.has_sql(engine);
        let (jars, home) = (self.jars.clone(), self.home);
        is_lacking.then_some(Lacking::NoSql { engine, name: release.name, jars, home })
    }

    /// Where it is from, for a record: without the place, which is this machine's.
    pub fn told(&self) -> String {
        match self.home {
            Some(variable) => format!("{variable}, version {}", self.version),
            None => format!("fetched by mvn, version {}", self.version),
        }
    }
}

/// The distribution of a release that is used: the one that the user names, if it is that release,
/// and else the one that was fetched.
///
/// # Errors
/// Where there is none.
pub fn distribution(
    engine: Engine,
    release: Release,
    place: &Place,
) -> Result<Distribution, Lacking> {
    let variable = engine.home_variable();
    let mut other = None;
    if let Some(home) = place.home(variable) {
        let jars = home.join(engine.jars_in_home());
        match version_of(engine, &jars) {
            Some(version) if is_of(&version, release) => {
                return Ok(Distribution { version, jars, home: Some(variable) });
            }
            Some(version) => other = Some(format!("{variable} is version {version}")),
            None => {
                let name = release.name;
                let jars = format!("{}/{}*.jar", engine.jars_in_home(), engine.telling_jars()[0]);
                return Err(Lacking::NoHome {
                    engine,
                    name,
                    variable,
                    home: home.to_owned(),
                    jars,
                });
            }
        }
    }
    let jars = place.engines.as_deref().map(|folder| fetched(engine, release, folder));
    if let Some(jars) = jars.filter(|jars| jars.is_dir()) {
        match version_of(engine, &jars) {
            Some(version) if is_of(&version, release) => {
                return Ok(Distribution { version, jars, home: None });
            }
            _ => {
                other = Some(format!(
                    "what was fetched to `{}` is not whole any more: remove it",
                    jars.display()
                ));
            }
        }
    }
    Err(Lacking::NoDistribution { engine, name: release.name, other })
}

/// Where a release is put that is fetched.
pub(super) fn fetched(engine: Engine, release: Release, folder: &Path) -> PathBuf {
    folder.join(format!("{}-{}", engine.name(), release.version))
}

/// The version of the distribution whose jars are in a folder, as their names say.
pub(super) fn version_of(engine: Engine, jars: &Path) -> Option<String> {
    let names = fs::read_dir(jars).ok()?.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let stem = name.strip_suffix(".jar")?;
        let version = engine.telling_jars().iter().find_map(|lead| stem.strip_prefix(lead))?;
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
    });
    names.min()
}

/// Whether the jars in a folder are all that an engine has to have to be asked in SQL.
pub(super) fn has_sql(engine: Engine, jars: &Path) -> bool {
    let Ok(entries) = fs::read_dir(jars) else { return false };
    let names: Vec<_> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let leads = engine.sql_jars();
    !leads.is_empty() && leads.iter().all(|lead| names.iter().any(|name| name.starts_with(lead)))
}

fn is_of(version: &str, release: Release) -> bool {
    let rest = version.strip_prefix(release.name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, jar: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(jar), "").unwrap();
    }

    #[test]
    fn the_users_own_is_used_where_it_is_the_release_and_else_what_was_fetched() {
        let folder = tempfile::tempdir().unwrap();
        let [ours, home] = ["ours", "home"].map(|name| folder.path().join(name));
        let [new, old] = [0, 1].map(|n| Engine::Flink.releases()[n]);
        let mut place = Place { engines: Some(ours.clone()), ..Place::default() };
        let of = |release, place: &Place| distribution(Engine::Flink, release, place);
        let said = |release, place: &Place| of(release, place).unwrap_err().to_string();
        assert_eq!(
            said(new, &place),
            "flink 2.3 is not here: `sluicebench engines install flink` fetches it, or name a \
             distribution by FLINK_HOME"
        );
        assert!(said(old, &place).contains("install flink --version 1.20`"));
        // A folder that somebody was ended while filling is not looked at.
        put(&ours.join(".unfinished-1-0/jars"), "flink-streaming-java-2.3.0.jar");
        assert!(of(new, &place).is_err());
        put(&ours.join("flink-2.3.0"), "flink-streaming-java-2.3.0.jar");
        put(&ours.join("flink-2.3.0"), "flink-streaming-java-extras.jar");
        let found = of(new, &place).unwrap();
        assert_eq!((found.version.as_str(), found.home), ("2.3.0", None));
        assert_eq!(found.told(), "fetched by mvn, version 2.3.0");

        place.homes.push(("FLINK_HOME", home.clone()));
        // It was fetched, and fetching it again would change nothing.
        assert_eq!(
            said(new, &place),
            format!(
                "flink 2.3 is not where FLINK_HOME says: `{}` has no lib/flink-dist-*.jar; name a \
                 distribution by it, or unset it, and the one is used that `sluicebench engines install \
                 flink` fetches",
                home.display()
            )
        );
        assert!(said(old, &place).contains("install flink --version 1.20`"));
        put(&home.join("lib"), "flink-dist-1.20.1.jar");
        assert_eq!(of(new, &place).unwrap().home, None, "the other is another release");
        let found = of(old, &place).unwrap();
        assert_eq!(found.told(), "FLINK_HOME, version 1.20.1");
        // What it takes to be asked in SQL is more.
        assert!(!found.has_sql(Engine::Flink));
        for jar in ["api-java-uber", "planner-loader", "runtime"] {
            put(&home.join("lib"), &format!("flink-table-{jar}-1.20.1.jar"));
        }
        assert!(found.has_sql(Engine::Flink));
        assert!(!found.has_sql(Engine::Storm), "there is no such thing of it");
        fs::remove_file(ours.join("flink-2.3.0/flink-streaming-java-2.3.0.jar")).unwrap();
        assert!(said(new, &place).contains("not whole any more"));
    }
}
