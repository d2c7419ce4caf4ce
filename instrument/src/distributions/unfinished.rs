//! Something that is there whole or not at all: it is filled beside its place, and put there in one
//! step. Whoever is ended meanwhile leaves something that nobody takes for it.

use super::Lacking;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that is being filled. It is removed unless it is put in its place.
#[derive(Debug)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// An empty one, on the file system of the folder that it will stand in.
    pub(super) fn beside(folder: &Path) -> Result<Self, Lacking> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".unfinished-{}-{number}", std::process::id()));
        // An earlier process of this number may have been ended.
        let _ = fs::remove_dir_all(&path);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(Lacking::Unwritable { path: folder.to_owned(), source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Puts a folder or a file in it into its place. One that somebody else has put there meanwhile is as good.
    pub(super) fn put(&self, inside: &str, place: &Path) -> Result<(), Lacking> {
        match fs::rename(self.0.join(inside), place) {
            Err(_) if place.exists() => Ok(()),
            Err(source) => Err(Lacking::Unwritable { path: place.to_owned(), source }),
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
