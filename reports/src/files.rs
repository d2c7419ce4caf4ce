//! Files that are there whole or not at all.
//!
//! What is written goes into a file beside its place, to the disk, and then into its place in one
//! step. Whoever looks meanwhile sees what was there before; a disk that is full, or a limit on the
//! size of files, leaves neither an empty file nor half of one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a file may take the place of.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Over {
    /// Whatever is there.
    Anything,
    /// Nothing: a file that has come there meanwhile stays, and this is an error.
    Nothing,
}

/// A file that is written beside its place. Where it is let go of before it was put there, it is
/// removed.
#[derive(Debug)]
pub struct Partial {
    place: PathBuf,
    beside: PathBuf,
}

/// How the names of such files begin and end.
const NAME: (&str, &str) = (".sluicebench-", ".partial");

impl Partial {
    /// A file to be written, whose place is `place`.
    pub fn new(place: &Path) -> io::Result<(Self, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Not from the name of the place, which may be as long as a name can be.
        let name = format!("{}{}-{number}{}", NAME.0, std::process::id(), NAME.1);
        let beside = place.with_file_name(name);
        let file = File::create_new(&beside)?;
        Ok((Self { place: place.to_owned(), beside }, file))
    }

    /// Puts it in its place, once all of it was written and flushed.
    pub fn put(self, over: Over) -> io::Result<()> {
        File::open(&self.beside)?.sync_all()?;
        match over {
            Over::Anything => fs::rename(&self.beside, &self.place),
            // A link is refused where a name is taken, in one step; a rename is not.
            Over::Nothing => match fs::hard_link(&self.beside, &self.place) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    self.put_without_links()
                }
                linked => linked,
            },
        }
    }

    /// The same on a file system that has no links.
    fn put_without_links(&self) -> io::Result<()> {
        File::create_new(&self.place)?;
        fs::rename(&self.beside, &self.place)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It is gone already where it was put in its place.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Whether a file was left by somebody who was ended while writing it.
pub fn is_partial(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(NAME.0) && name.ends_with(NAME.1))
}

/// Whether what is written here goes through, as into a pipe or a terminal, and is kept by nobody.
pub fn goes_through(place: &Path) -> bool {
    let is_special = |meta: fs::Metadata| !meta.is_file() && !meta.is_dir();
    place.starts_with("/dev") || fs::metadata(place).is_ok_and(is_special)
}

/// Writes a file. What `content` does not manage to write is not there afterwards.
pub fn write<T>(
    place: &Path,
    over: Over,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> io::Result<T> {
    if goes_through(place) {
        let mut out = BufWriter::new(File::options().write(true).open(place)?);
        let came = content(&mut out)?;
        out.flush()?;
        return Ok(came);
    }
    let (partial, file) = Partial::new(place)?;
    let mut out = BufWriter::new(file);
    let came = content(&mut out)?;
    out.flush()?;
    partial.put(over)?;
    Ok(came)
}

/// Puts `text` in place of the file.
pub fn replace(place: &Path, text: &[u8]) -> io::Result<()> {
    write(place, Over::Anything, |out| out.write_all(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_goes_wrong_leaves_what_was_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        for before in [None, Some("before")] {
            if let Some(text) = before {
                fs::write(&place, text).unwrap();
            }
            let failed = write(&place, Over::Anything, |out| {
                out.write_all(&vec![b'x'; 100_000])?;
                Err::<(), _>(io::Error::other("the disk is full"))
            });
            assert_eq!(failed.unwrap_err().to_string(), "the disk is full");
            assert_eq!(fs::read_to_string(&place).ok().as_deref(), before);
            assert_eq!(names(folder.path()).len(), usize::from(before.is_some()));
        }
    }

    #[test]
    fn what_has_come_meanwhile_stays_unless_anything_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        let meanwhile = |out: &mut BufWriter<File>| {
            fs::write(&place, "theirs")?;
            out.write_all(b"ours")
        };
        let refused = write(&place, Over::Nothing, meanwhile).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&place).unwrap(), "theirs");
        write(&place, Over::Anything, meanwhile).unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "ours");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_name_may_be_as_long_as_names_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("n".repeat(255));
        replace(&place, b"text").unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "text");
    }

    #[test]
    fn what_was_left_by_somebody_who_was_ended_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let (left, _) = Partial::new(&folder.path().join("run.json")).unwrap();
        std::mem::forget(left);
        let names = names(folder.path());
        assert!(is_partial(OsStr::new(&names[0])), "{names:?}");
        assert!(!is_partial(OsStr::new("run.json")));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_through() {
        replace(Path::new("/dev/null"), b"text").unwrap();
        assert!(goes_through(Path::new("/dev/null")), "it is still what it was");
    }
}
