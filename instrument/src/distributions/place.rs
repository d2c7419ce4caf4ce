//! Where things are looked for: what the environment says, read once.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where engines and Java are looked for.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The folder of ours: engines that were fetched, and classes that were compiled. None where the
    /// environment names no place for it.
    pub engines: Option<PathBuf>,
    /// Environment variables by which somebody names a distribution, and what they name.
    pub homes: Vec<(&'static str, PathBuf)>,
    /// `JAVA_HOME`.
    pub java_home: Option<PathBuf>,
    /// Folders in which programs are looked for.
    pub programs: Vec<PathBuf>,
}

impl Place {
    /// As the environment of this process says.
    pub fn of_this_process() -> Self {
        let folder =
            |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = folder("XDG_DATA_HOME").filter(|path| path.is_absolute());
        let data = data.or_else(|| folder("HOME").map(|home| home.join(".local/share")));
        let ours = || data.map(|data| data.join("sluicebench").join("engines"));
        let homes = super::Engine::ALL.map(super::Engine::home_variable);
        Self {
            engines: folder("SLUICEBENCH_ENGINES").or_else(ours),
            homes: homes.into_iter().filter_map(|name| Some((name, folder(name)?))).collect(),
            java_home: folder("JAVA_HOME"),
            programs: env::var_os("PATH").map(|path| split(&path)).unwrap_or_default(),
        }
    }

    /// The folder of ours that tells how engines answered cases with known answers.
    pub fn conformance(&self) -> Option<PathBuf> {
        self.engines.as_ref().map(|engines| engines.join("conformance"))
    }

    /// What an environment variable names.
    pub(super) fn home(&self, variable: &str) -> Option<&Path> {
        self.homes.iter().find(|(name, _)| *name == variable).map(|(_, path)| path.as_path())
    }

    /// A program on the path.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        self.programs.iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
    }
}

fn split(path: &OsStr) -> Vec<PathBuf> {
    env::split_paths(path).collect()
}
