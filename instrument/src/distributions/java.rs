//! The user's own Java: which it is, and whether it is new enough.

use super::{Lacking, Place};
use std::path::PathBuf;
use std::process::Command;

/// The oldest Java that a job runs on.
pub(super) const LEAST: u32 = 17;

/// A Java that is new enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Java {
    /// What runs classes.
    pub java: PathBuf,
    /// Its version.
    pub version: String,
}

impl Java {
    /// What compiles sources.
    ///
    /// # Errors
    /// Where there is none.
    pub fn compiler(&self) -> Result<PathBuf, Lacking> {
        self.tool("javac")
    }

    /// What makes one file of many classes.
    ///
    /// # Errors
    /// Where there is none.
    pub fn packer(&self) -> Result<PathBuf, Lacking> {
        self.tool("jar")
    }

    /// A program of the JDK.
    fn tool(&self, name: &'static str) -> Result<PathBuf, Lacking> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        // On the path there are links, and the compiler may be beside what they lead to.
        let real = self.java.canonicalize().unwrap_or_else(|_| self.java.clone());
        let beside = [&self.java, &real].map(|java| java.with_file_name(&file));
        let found = beside.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| Lacking::NoTool { tool: name, java: self.java.clone() })
    }
}

/// The Java that is used: that of `JAVA_HOME`, or the one on the path.
///
/// # Errors
/// Where there is none, or it is too old.
pub fn java(place: &Place) -> Result<Java, Lacking> {
    let name = format!("java{}", std::env::consts::EXE_SUFFIX);
    let path = match &place.java_home {
        Some(home) => {
            let path = home.join("bin").join(name);
            if !path.is_file() {
                let why = format!("JAVA_HOME names `{}`, which has no bin/java", home.display());
                return Err(Lacking::NoJava(why));
            }
            path
        }
        None => place
            .program("java")
            .ok_or_else(|| Lacking::NoJava("nothing called `java` is on the PATH".to_owned()))?,
    };
    let told = Command::new(&path)
        .arg("-version")
        .output()
        .map_err(|error| Lacking::NoJava(format!("`{}` cannot be run: {error}", path.display())))?;
    // It goes to the one stream or the other.
    let said = [told.stderr, told.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    let Some((version, major)) = version_in(&said) else {
        let first = said.lines().next().unwrap_or("nothing");
        let why = format!("`{}` says `{first}` of its version", path.display());
        return Err(Lacking::NoJava(why));
    };
    if major < LEAST {
        return Err(Lacking::OldJava { path, version });
    }
    Ok(Java { java: path, version })
}

/// The version in what `java -version` says, and its major number: `openjdk version "17.0.15"`, and
/// of old `java version "1.8.0_392"`.
fn version_in(said: &str) -> Option<(String, u32)> {
    let (_, rest) = said.split_once("version \"")?;
    let (version, _) = rest.split_once('"')?;
    let plain = version.strip_prefix("1.").unwrap_or(version);
    let digits = plain.find(|c: char| !c.is_ascii_digit()).map_or(plain, |end| &plain[..end]);
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_java_says() {
        for (said, want) in [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime", Some(("17.0.15", 17))),
            ("java version \"1.8.0_392\"", Some(("1.8.0_392", 8))),
            ("openjdk version \"24-ea\" 2025", Some(("24-ea", 24))),
            ("Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version \"21\"", Some(("21", 21))),
            ("bash: java: not found", None),
            ("version \"x\"", None),
        ] {
            let want = want.map(|(version, major)| (version.to_owned(), major));
            assert_eq!(version_in(said), want, "{said}");
        }
    }
}
