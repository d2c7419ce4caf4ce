//! Something that is there whole or not at all: it is filled beside its place, and put there in one
//! step. Whoever is ended meanwhile leaves something that nobody takes for it, and that the next one who
//! puts something there removes.

use super::Lacking;
use crate::host::children;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that is being filled. It is removed unless it is put in its place.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    /// Nobody else takes it for one that was left, whether or not they see this process.
    _held: Option<File>,
}

/// How its name begins, before the number of the process.
const LEAD: &str = ".unfinished-";

impl Unfinished {
    /// An empty one, on the file system of the folder that it will stand in.
    pub(super) fn beside(folder: &Path) -> Result<Self, Lacking> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{LEAD}{}-{number}", std::process::id()));
        children::clear_abandoned_in(folder, LEAD);
        // An earlier process of this number may have been ended.
        let _ = fs::remove_dir_all(&path);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self { _held: children::held(&path), path }),
            Err(source) => Err(Lacking::Unwritable { path: folder.to_owned(), source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a folder or a file in it into its place. One that somebody else has put there meanwhile is as good.
    pub(super) fn put(&self, inside: &str, place: &Path) -> Result<(), Lacking> {
        match fs::rename(self.path.join(inside), place) {
            Err(_) if place.exists() => Ok(()),
            Err(source) => Err(Lacking::Unwritable { path: place.to_owned(), source }),
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_somebody_was_ended_while_filling_goes_with_the_next_one() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(format!("{LEAD}{gone}-0"));
        let whole = folder.path().join("flink-2.3.0");
        for path in [&left, &whole] {
            fs::create_dir_all(path.join("jars")).unwrap();
        }
        let first = Unfinished::beside(folder.path()).unwrap();
        assert!(!left.exists(), "nobody is left who would put it in its place");
        let second = Unfinished::beside(folder.path()).unwrap();
        assert!(whole.exists() && first.path().is_dir() && second.path() != first.path());
    }
}
