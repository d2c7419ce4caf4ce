//! Processes that this one starts: what they say before they end, how they end, and what is left.
//!
//! Nothing of a child may outlive whoever started it: it is in a process group of its own, which is
//! ended as a whole, and what it writes is below one folder, which is removed. What it is started
//! for is not known here.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What a process said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaints {
    /// The first line that speaks of an error, which the others mostly follow from.
    pub first_error: Option<String>,
    /// The last lines.
    pub last: Vec<String>,
}

/// How many of the last lines are kept.
const LINES_KEPT: usize = 6;

/// How lines begin that are meant for programmers alone: of this program, and of what a JVM logs by.
const OF_NO_USE: [&str; 2] = ["note: run with `RUST_BACKTRACE", "SLF4J: "];

/// Keeps the last lines of what a process says on a pipe; they come when it closes.
///
/// # Errors
/// Where the system has no room for a thread.
pub fn complaints(pipe: impl Read + Send + 'static) -> io::Result<Receiver<Complaints>> {
    let (tell, complaints) = channel();
    let thread = std::thread::Builder::new().name("complaints".to_owned());
    thread.spawn(move || {
        let mut first_error = None;
        let mut kept = VecDeque::new();
        let mut lines = BufReader::new(pipe);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = excerpt(&line);
            line.clear();
            if text.is_empty() || OF_NO_USE.iter().any(|lead| text.starts_with(lead)) {
                continue;
            }
            if first_error.is_none() && speaks_of_error(&text) {
                first_error = Some(text.clone());
            }
            kept.push_back(text);
            if kept.len() > LINES_KEPT {
                kept.pop_front();
            }
        }
        let _ = tell.send(Complaints { first_error, last: kept.into() });
    })?;
    Ok(complaints)
}

fn speaks_of_error(line: &str) -> bool {
    ["Exception", "Error", "error:"].iter().any(|word| line.contains(word))
}

/// A line as far as it can be shown.
pub fn excerpt(line: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

/// Whether a process was ended from outside, by a signal that leaves it no time to say why: what it said
/// last has nothing to do with it then.
pub fn was_killed(status: ExitStatus) -> bool {
    #[cfg(unix)]
    return matches!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9 | 15));
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}

/// How a process ended, in words.
pub fn fate(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            4 => "SIGILL",
            6 => "SIGABRT",
            7 => "SIGBUS",
            8 => "SIGFPE",
            9 => "SIGKILL; the system does so when memory runs out",
            11 => "SIGSEGV",
            15 => "SIGTERM",
            24 => "SIGXCPU",
            _ => return format!("was ended by signal {signal}"),
        };
        return format!("was ended by {name}");
    }
    match status.code() {
        Some(0) => "ended without a result".to_owned(),
        Some(code) => format!("ended with exit code {code}"),
        None => "ended for no known reason".to_owned(),
    }
}

/// Whether a process has ended. It is not waited for, so that its number stays its own.
pub fn has_ended(child: &Child) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // Where nobody can tell, it is as good as gone.
        group_of(child).is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), look), Ok(None)))
    }
    #[cfg(not(unix))]
    {
        let _ = child;
        false
    }
}

/// Whether a process has ended, now or within so long. It is not waited for, so that its number stays
/// its own.
pub fn ends_within(child: &Child, patience: Duration) -> bool {
    for _ in 0..patience.as_nanos() / LOOK_EVERY.as_nanos() {
        if has_ended(child) {
            return true;
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    has_ended(child)
}

/// How often somebody looks whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Ends a process that leads a group of its own and was not waited for, and all that belong to the
/// group, at once; then waits for it.
///
/// # Errors
/// Where it cannot be waited for.
pub fn end_group(child: &mut Child) -> io::Result<ExitStatus> {
    #[cfg(unix)]
    if let Some(group) = group_of(child) {
        // It is gone already where this fails.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    child.wait()
}

#[cfg(unix)]
fn group_of(child: &Child) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// A folder for what the children of this process write. It is removed when this is let go of;
/// whoever started this process removes it, too, should it be killed (see [`clear_after`]), and the next
/// run does where both were (see [`clear_abandoned`]).
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Says that somebody is there, as long as this process is; none where the system cannot lock a
    /// folder.
    _held: Option<File>,
}

impl Scratch {
    /// An empty folder that nobody else can look into.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn make() -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{number}", scratch_of(std::process::id()));
        let path = std::env::temp_dir().join(name);
        // An earlier process of this number that was killed may have left one.
        let _ = fs::remove_dir_all(&path);
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&path).map_err(|error| {
            let above = std::env::temp_dir();
            let message = format!(
                "no folder can be made in `{}`: {error} (TMPDIR names another)",
                above.display()
            );
            io::Error::new(error.kind(), message)
        })?;
        let held = held(&path);
        Ok(Self { path, _held: held })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A folder that nobody holds, held from now on; none where somebody does, or nobody can.
pub(crate) fn held(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    folder.try_lock().ok()?;
    Some(folder)
}

/// Removes what a process that has ended has not removed itself.
pub fn clear_after(pid: u32) {
    let lead = scratch_of(pid);
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    let left = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with(&lead))
    });
    left.for_each(|entry| drop(fs::remove_dir_all(entry.path())));
}

/// Removes the folders of processes that were killed together with whoever looked after them. It leaves
/// what is not called as such a folder is, what is another user's, and what somebody may still work in:
/// a process of that number is there, or the folder is held, as by one that is in another container.
pub fn clear_abandoned() {
    clear_abandoned_in(&std::env::temp_dir(), SCRATCH);
}

/// The same, of the folders in this one whose names begin so, before the number of their process, a
/// dash and a number of their own.
pub(crate) fn clear_abandoned_in(folder: &Path, lead: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let owner = entry.file_name().to_str().and_then(|name| owner_of(lead, name));
        if owner.is_some_and(is_gone)
            && is_own_folder(&entry)
            && let Some(_held) = held(&entry.path())
        {
            // Where it cannot be removed, it is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// How the names of folders for what children write begin, before the number of the process.
const SCRATCH: &str = "sluicebench-";

/// How the names of the folders of a process begin.
fn scratch_of(pid: u32) -> String {
    format!("{SCRATCH}{pid}-")
}

/// The number of the process whose folder has this name; none where it is no such name.
fn owner_of(lead: &str, name: &str) -> Option<u32> {
    let (pid, number) = name.strip_prefix(lead)?.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    pid.parse().ok().filter(|_| is_number(pid) && is_number(number))
}

/// Whether there is no process of this number that still runs; where nobody tells, there may be.
fn is_gone(pid: u32) -> bool {
    #[cfg(target_os = "linux")]
    {
        use procfs::ProcError::NotFound;
        use procfs::process::Process;
        let Ok(pid) = i32::try_from(pid) else { return false };
        match Process::new(pid).and_then(|process| process.stat()) {
            // It has ended, and nobody has waited for it.
            Ok(stat) => stat.state == 'Z',
            Err(error) => matches!(error, NotFound(_)),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = pid;
        false
    }
}

/// Whether this is a folder, and belongs to this user.
fn is_own_folder(entry: &fs::DirEntry) -> bool {
    let Ok(about) = entry.metadata() else { return false };
    #[cfg(unix)]
    let is_own = std::os::unix::fs::MetadataExt::uid(&about) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let is_own = false;
    about.is_dir() && is_own
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn said(text: &str) -> Complaints {
        complaints(Cursor::new(text.to_owned())).unwrap().recv().unwrap()
    }

    #[test]
    fn the_first_error_is_kept_however_much_follows() {
        let stack = "\tat frame\n".repeat(50);
        let said = said(&format!("starting\njava.lang.OutOfMemoryError: heap\n{stack}"));
        assert_eq!(said.first_error.as_deref(), Some("java.lang.OutOfMemoryError: heap"));
        assert_eq!(said.last.len(), LINES_KEPT);
        assert_eq!(said.last.last().map(String::as_str), Some("at frame"));
    }

    #[test]
    fn a_folder_goes_with_whoever_holds_it_or_with_whoever_looks_after_it() {
        let (one, other) = (Scratch::make().unwrap(), Scratch::make().unwrap());
        fs::write(one.path().join("state"), "x").unwrap();
        let paths = [one.path().to_owned(), other.path().to_owned()];
        assert!(paths.iter().all(|path| path.is_dir()) && paths[0] != paths[1]);
        drop(one);
        assert!(!paths[0].exists() && paths[1].is_dir());
        // As if a process of a number that no process has had been killed.
        let left = std::env::temp_dir().join(format!("{}0", scratch_of(u32::MAX)));
        fs::create_dir_all(left.join("deep")).unwrap();
        clear_after(u32::MAX);
        assert!(!left.exists() && paths[1].is_dir());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_abandoned_goes_and_nothing_else() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let (gone, here) = (child.id(), std::process::id());
        child.wait().unwrap();
        let named = |name: String| std::env::temp_dir().join(name);
        let left = named(format!("{}0", scratch_of(gone)));
        let holding = named(format!("{}1", scratch_of(gone)));
        let alive = named(format!("{}999", scratch_of(here)));
        let other = named(format!("{SCRATCH}{gone}-notes"));
        let link = named(format!("{}2", scratch_of(gone)));
        for folder in [&left, &holding, &alive, &other] {
            fs::create_dir_all(folder.join("deep")).unwrap();
        }
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let held = held(&holding).unwrap();
        clear_abandoned();
        assert!(!left.exists(), "nobody is left who would remove it");
        assert!(holding.exists() && alive.exists(), "somebody may work in it");
        assert!(other.join("deep").exists() && link.exists(), "it is none of ours");
        drop(held);
        // A child of another test has what is open here until it has become another program.
        let is_cleared = || {
            clear_abandoned();
            std::thread::yield_now();
            !holding.exists()
        };
        assert!((0..100_000).any(|_| is_cleared()));
        for folder in [&alive, &other] {
            fs::remove_dir_all(folder).unwrap();
        }
        fs::remove_file(&link).unwrap();
    }

    #[test]
    fn only_a_name_of_ours_is_one() {
        assert_eq!(owner_of(SCRATCH, "sluicebench-12-0"), Some(12));
        for name in [
            "sluicebench-12",
            "sluicebench-12-",
            "sluicebench--3",
            "sluicebench-+1-0",
            "sluicebench-12-0-x",
            "sluicebench-notes-1",
            "sluicebench-4294967296-0",
            "my-12-0",
        ] {
            assert_eq!(owner_of(SCRATCH, name), None, "{name}");
        }
    }

    #[test]
    fn what_says_nothing_of_use_is_not_kept() {
        let said = said("\n\u{1b}\nnote: run with `RUST_BACKTRACE=1`\nSLF4J: Defaulting\nwell\n");
        assert_eq!((said.first_error, said.last), (None, vec!["well".to_owned()]));
    }
}
