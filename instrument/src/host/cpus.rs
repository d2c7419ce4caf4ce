//! Which processors a process may run on, and how that is narrowed down.
//!
//! Threads and processes begin where the thread ran that started them, so that whoever starts a
//! process from a thread that is held to some processors starts all of it there: no moment is left in
//! which one of its threads runs elsewhere. What this process was given is remembered, since it
//! narrows itself down; never more than that is handed on. How far the kernel may put off a timer is
//! handed on likewise, and is not: what is sharp for our own sake would be unlike what users have.
//! Elsewhere than on Linux nothing is known, and nothing narrowed down.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::sync::OnceLock;

/// What a process was given by whoever started it.
#[derive(Debug)]
pub struct Given {
    /// Processors, in ascending order; at least one.
    pub cpus: Vec<usize>,
    /// How many of them may be busy at once: a container may have less than it sees.
    pub at_once: usize,
}

/// What this process was given before it narrowed itself down.
static GIVEN: OnceLock<Option<Given>> = OnceLock::new();

/// What this process was given; none where the system does not tell.
pub fn given() -> Option<&'static Given> {
    let read = || {
        let cpus = allowed().ok().filter(|cpus| !cpus.is_empty())?;
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        Some(Given { at_once: at_once.min(cpus.len()), cpus })
    };
    GIVEN.get_or_init(read).as_ref()
}

/// The same processors, those that are threads of one core together, in the order of their first.
pub fn cores(cpus: &[usize]) -> Vec<Vec<usize>> {
    let siblings = |cpu: usize| {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        fs::read_to_string(path).ok().map(|text| numbers(&text)).unwrap_or_default()
    };
    grouped(cpus, siblings)
}

fn grouped(cpus: &[usize], siblings: impl Fn(usize) -> BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut seen = BTreeSet::new();
    let mut cores = Vec::new();
    for &cpu in cpus {
        if seen.insert(cpu) {
            let others = siblings(cpu);
            let mut core = vec![cpu];
            core.extend(cpus.iter().filter(|other| others.contains(other) && seen.insert(**other)));
            cores.push(core);
        }
    }
    cores
}

/// Holds this process to these processors: whichever threads it has, and all that they start.
///
/// # Errors
/// Where the system does not let it.
pub fn hold_this_process(cpus: &[usize]) -> io::Result<()> {
    given();
    // One that is started meanwhile is found when they are read again.
    let mut held = BTreeSet::new();
    loop {
        let threads = threads_of("self")?;
        let new: Vec<i32> = threads.into_iter().filter(|thread| held.insert(*thread)).collect();
        if new.is_empty() {
            return Ok(());
        }
        for thread in new {
            hold(Some(thread), cpus)?;
        }
    }
}

/// How far the kernel puts off the timers of a process where nobody says otherwise, in nanoseconds
/// (`PR_SET_TIMERSLACK` of prctl(2)).
const TIMER_SLACK_NS: u64 = 50_000;

/// Starts something for others on a thread of its own, which is held to these processors, if any are
/// named, as all are that it starts. Its timers are as those of any process: an engine that waits
/// a nanosecond at a time, as bolts of Storm's do, sleeps 50 µs each time wherever it is used, and
/// with sharp timers would spin.
///
/// # Errors
/// Where the system does not let it, or has no room for a thread.
pub fn started_on<T: Send>(
    cpus: Option<&[usize]>,
    what: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("starter".to_owned());
        let started = thread.spawn_scoped(scope, || {
            if let Some(cpus) = cpus {
                hold(None, cpus)?;
            }
            blunt_timers()?;
            what()
        })?;
        started.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The processors that the threads of a process may run on now, of all together; none where nobody
/// tells.
pub fn in_force(pid: u32) -> Option<BTreeSet<usize>> {
    let status = |thread: i32| fs::read_to_string(format!("/proc/{pid}/task/{thread}/status")).ok();
    let of_thread = |thread| {
        let text = status(thread)?;
        let list = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        Some(numbers(list))
    };
    let threads = threads_of(&pid.to_string()).ok()?;
    let all: BTreeSet<usize> = threads.into_iter().filter_map(of_thread).flatten().collect();
    Some(all).filter(|all| !all.is_empty())
}

/// A list of the kernel's: numbers and ranges with commas between.
fn numbers(text: &str) -> BTreeSet<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

fn threads_of(process: &str) -> io::Result<Vec<i32>> {
    let entries = fs::read_dir(format!("/proc/{process}/task"))?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

#[cfg(target_os = "linux")]
fn allowed() -> io::Result<Vec<usize>> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> io::Result<Vec<usize>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Holds a thread, or the one that asks, to these processors. One that has ended needs it no more.
#[cfg(target_os = "linux")]
fn hold(thread: Option<i32>, cpus: &[usize]) -> io::Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    for cpu in cpus.iter().filter(|cpu| **cpu < CpuSet::MAX_CPU) {
        set.set(*cpu);
    }
    let thread = thread.and_then(rustix::process::Pid::from_raw);
    match sched_setaffinity(thread, &set) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        came => Ok(came?),
    }
}

/// Lets the kernel put off the timers of this thread as it does by default. Where nobody may say so,
/// ours could not be made sharp either, and nothing has to be undone.
#[cfg(target_os = "linux")]
fn blunt_timers() -> io::Result<()> {
    let slack = std::num::NonZero::new(TIMER_SLACK_NS);
    let Err(refused) = rustix::thread::set_current_timer_slack(slack) else { return Ok(()) };
    let is_sharp = fs::read_to_string("/proc/self/timerslack_ns").is_ok_and(|ns| ns.trim() == "1");
    if is_sharp { Err(refused.into()) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail where there is such a thing")]
fn blunt_timers() -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn hold(_thread: Option<i32>, _cpus: &[usize]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_a_core_are_found_together() {
        let pairs = |cpu: usize| BTreeSet::from([cpu % 4, cpu % 4 + 4]);
        assert_eq!(grouped(&[0, 1, 4, 5, 6], pairs), [vec![0, 4], vec![1, 5], vec![6]]);
        assert_eq!(grouped(&[2, 3], |_| BTreeSet::new()), [vec![2], vec![3]]);
    }

    #[test]
    fn a_list_of_the_kernels_is_read() {
        let of = |text: &str| numbers(text).into_iter().collect::<Vec<_>>();
        assert_eq!(of("\t0-2,7\n"), [0, 1, 2, 7]);
        assert_eq!(of("\n"), Vec::<usize>::new());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_started_there_runs_nowhere_else_and_whoever_starts_it_stays() {
        let given = &given().unwrap().cpus;
        let last = *given.last().unwrap();
        let mut child = started_on(Some(&[last]), || {
            let mut command = std::process::Command::new("sh");
            command.args(["-c", "read x"]).stdin(std::process::Stdio::piped()).spawn()
        })
        .unwrap();
        assert_eq!(in_force(child.id()), Some(BTreeSet::from([last])));
        assert_eq!(&allowed().unwrap(), given, "the starter was another thread");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(in_force(child.id()), None);
        // No processor has this number: the system refuses, and nothing was started.
        let mut was_called = false;
        let refused = started_on(Some(&[1023]), || {
            was_called = true;
            Ok(())
        });
        assert!(given.contains(&1023) || (refused.is_err() && !was_called));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_started_for_others_has_the_timers_that_it_has_anywhere() {
        let slack = || {
            let mut command = std::process::Command::new("cat");
            Ok(command.arg("/proc/self/timerslack_ns").output()?.stdout)
        };
        std::thread::spawn(move || {
            rustix::thread::set_current_timer_slack(std::num::NonZero::new(1)).unwrap();
            assert_eq!(slack().unwrap(), b"1\n", "it is handed on");
            assert_eq!(started_on(None, slack).unwrap(), b"50000\n");
            assert_eq!(slack().unwrap(), b"1\n", "ours stay sharp");
        })
        .join()
        .unwrap();
    }
}
