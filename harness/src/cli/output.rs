//! Where a command writes what its user named: nothing is lost there.
//!
//! One guard for all of them. What is read is never written over; what is there already only where
//! that is asked for; and what is written is there whole or not at all.

use reports::files::{self, Over};
use settings::config::diagnostic::Mistake;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// A file that may be written.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Target {
    path: PathBuf,
    over: Over,
}

impl Target {
    /// The file at `path`, if writing it loses nothing: it is none of `inputs`, and nothing is there
    /// yet unless `force` says that it may go. `code` is that of whoever asks.
    pub(in crate::cli) fn at(
        code: &'static str,
        path: &Path,
        inputs: &[PathBuf],
        force: bool,
    ) -> Result<Self, Mistake> {
        let shown = path.display();
        let mistake = |what: String, help: &str| Err(Mistake::new(code, what).help(help));
        if inputs.iter().any(|input| is_same(input, path)) {
            let what = format!("`{shown}` is read here, and would be lost");
            return mistake(what, "name another file to write; what is read is never written over");
        }
        if path.is_dir() {
            let what = format!("`{shown}` is a folder, and a file is to be written");
            return mistake(what, "name a file in it");
        }
        let is_there = fs::symlink_metadata(path).is_ok() && !files::goes_through(path);
        if is_there && !force {
            let what = format!("`{shown}` is there already");
            return mistake(what, "name another file, or write over it with --force");
        }
        let over = if force { Over::Anything } else { Over::Nothing };
        Ok(Self { path: path.to_owned(), over })
    }

    /// Where it is.
    pub(in crate::cli) fn path(&self) -> &Path {
        &self.path
    }

    /// What it may take the place of.
    pub(in crate::cli) const fn over(&self) -> Over {
        self.over
    }

    /// Writes it whole, or not at all.
    pub(in crate::cli) fn write(
        &self,
        content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> io::Result<()> {
        files::write(&self.path, self.over, content)
    }

    /// The same for a text.
    pub(in crate::cli) fn write_text(&self, text: &str) -> io::Result<()> {
        self.write(|out| out.write_all(text.as_bytes()))
    }
}

/// Whether two paths are the same file, whatever they are called.
fn is_same(one: &Path, other: &Path) -> bool {
    let (Ok(one), Ok(other)) = (fs::canonicalize(one), fs::canonicalize(other)) else {
        return false;
    };
    one == other || is_linked(&one, &other)
}

#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    place(one).is_some_and(|found| Some(found) == place(other))
}

#[cfg(not(unix))]
const fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_never_written_over_and_what_is_there_only_if_asked() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("input"), "theirs").unwrap();
        fs::write(at("there"), "theirs").unwrap();
        fs::create_dir(at("folder")).unwrap();
        let inputs = [at("input"), at("gone")];
        let refused = |path: &Path, force| {
            let target = Target::at("a::code", path, &inputs, force);
            target.map_err(|mistake| mistake.message).map(|_| ()).err().unwrap_or_default()
        };
        for force in [false, true] {
            assert!(refused(&at("input"), force).contains("would be lost"));
            assert!(refused(&at("folder/../input"), force).contains("would be lost"));
            assert!(refused(&at("folder"), force).contains("is a folder"));
            assert_eq!(refused(&at("new"), force), "");
            #[cfg(unix)]
            assert_eq!(refused(Path::new("/dev/null"), force), "");
        }
        assert!(refused(&at("there"), false).contains("is there already"));
        assert_eq!(refused(&at("there"), true), "");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("input"), at("symbolic")).unwrap();
            fs::hard_link(at("input"), at("hard")).unwrap();
            std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
            assert!(refused(&at("symbolic"), true).contains("would be lost"));
            assert!(refused(&at("hard"), true).contains("would be lost"));
            assert!(refused(&at("dangling"), false).contains("is there already"));
        }
        // It has come there after it was looked for.
        let target = Target::at("a::code", &at("new"), &inputs, false).unwrap();
        fs::write(at("new"), "theirs").unwrap();
        assert!(target.write_text("ours").is_err());
        assert_eq!(fs::read_to_string(at("new")).unwrap(), "theirs");
    }
}
