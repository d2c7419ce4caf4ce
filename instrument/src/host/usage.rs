//! Processor time and memory of this process, as the kernel counts them.
//!
//! Every figure is `None` where the kernel does not tell; nothing is estimated.

use engines::{Clock as _, Moment, WallClock};
use std::fs;
use std::path::Path;

/// Whose processor time and memory count as an engine's.
pub trait Usage: Sync {
    /// Processor time used so far, in nanoseconds, ended threads included.
    fn cpu_ns(&self) -> Option<u64>;
    /// Memory in use now, in bytes; none of what has ended.
    fn memory_bytes(&self) -> Option<u64>;
    /// Makes [`Usage::memory_peak_bytes`] count from now. Returns whether the kernel agreed.
    fn reset_memory_peak(&self) -> bool;
    /// The most memory used, in bytes, since [`Usage::reset_memory_peak`].
    fn memory_peak_bytes(&self) -> Option<u64>;
    /// Whether the threads that make and release the input and those that look on are in it too,
    /// so that theirs has to be taken off.
    fn holds_the_load(&self) -> bool;
}

/// This process, for an engine that runs in it.
#[derive(Copy, Clone, Debug)]
pub struct ThisProcess;

impl Usage for ThisProcess {
    fn cpu_ns(&self) -> Option<u64> {
        process_cpu_ns()
    }
    fn memory_bytes(&self) -> Option<u64> {
        memory_bytes()
    }
    fn reset_memory_peak(&self) -> bool {
        reset_memory_peak()
    }
    fn memory_peak_bytes(&self) -> Option<u64> {
        memory_peak_bytes()
    }
    fn holds_the_load(&self) -> bool {
        true
    }
}

/// Processor time that this process has used so far, in nanoseconds, ended threads included.
#[cfg(target_os = "linux")]
fn process_cpu_ns() -> Option<u64> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).ok()?;
    Some(seconds * 1_000_000_000 + u64::try_from(used.tv_nsec).ok()?)
}

/// Processor time that this process has used so far: not known on this system.
#[cfg(not(target_os = "linux"))]
fn process_cpu_ns() -> Option<u64> {
    None
}

/// Processor time that the calling thread has used so far, in nanoseconds.
pub fn thread_cpu_ns() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// Memory of this process that is in use now, in bytes.
#[cfg(target_os = "linux")]
pub fn memory_bytes() -> Option<u64> {
    let statm = procfs::process::Process::myself().ok()?.statm().ok()?;
    Some(statm.resident * procfs::page_size())
}

/// Memory of this process that is in use now: not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn memory_bytes() -> Option<u64> {
    None
}

/// Makes [`memory_peak_bytes`] count from now. Returns whether the kernel agreed.
pub fn reset_memory_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The most memory this process has used, in bytes, since [`reset_memory_peak`].
pub fn memory_peak_bytes() -> Option<u64> {
    field_kib("/proc/self/status", "VmHWM:").map(|kib| kib * 1024)
}

/// Memory that could be used without swapping, in bytes.
pub fn memory_available_bytes() -> Option<u64> {
    field_kib("/proc/meminfo", "MemAvailable:").map(|kib| kib * 1024)
}

/// Memory of the machine, in bytes.
pub fn memory_total_bytes() -> Option<u64> {
    field_kib("/proc/meminfo", "MemTotal:").map(|kib| kib * 1024)
}

/// How many threads wanted to run, on average over the last minute.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Time that the hypervisor gave to others while this machine wanted to run, in seconds, over
/// all processors and since the machine started.
#[cfg(target_os = "linux")]
pub fn stolen_s() -> Option<f64> {
    use procfs::CurrentSI as _;
    let stat = procfs::KernelStats::current().ok()?;
    Some(stat.total.steal? as f64 / procfs::ticks_per_second() as f64)
}

/// Time that the hypervisor gave to others: not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn stolen_s() -> Option<f64> {
    None
}

pub(super) fn field_kib(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Reads a file of this process's cgroup: of the unified hierarchy where `controller` is empty,
/// else of that controller's own.
pub fn cgroup_file(controller: &str, name: &str) -> Option<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        if !controllers.split(',').any(|other| other == controller) {
            return None;
        }
        let root = Path::new("/sys/fs/cgroup").join(controllers);
        let group = root.join(path.trim_start_matches('/')).join(name);
        // In a container the group's own path may be out of sight; then its root is the group.
        fs::read_to_string(group).or_else(|_| fs::read_to_string(root.join(name))).ok()
    })
}

/// Memory that a cgroup lets this process use, in bytes; `None` for all of it.
pub fn memory_limit_bytes() -> Option<u64> {
    let limit =
        cgroup_file("", "memory.max").or_else(|| cgroup_file("memory", "memory.limit_in_bytes"))?;
    // The first generation says "no limit" with a number beyond any memory.
    limit.trim().parse().ok().filter(|bytes| *bytes < 1 << 60)
}

/// The processors this process may run on, as the kernel writes them, such as `0-3`.
pub fn processors_allowed() -> Option<String> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("Cpus_allowed_list:"))?;
    line.split_ascii_whitespace().nth(1).map(str::to_owned)
}

/// Whether two threads share a core.
pub fn smt() -> Option<bool> {
    let text = fs::read_to_string("/sys/devices/system/cpu/smt/active").ok()?;
    Some(text.trim() == "1")
}

/// How many nodes of memory there are.
pub fn numa_nodes() -> Option<u32> {
    let nodes = fs::read_dir("/sys/devices/system/node").ok()?;
    let is_node =
        |name: &str| name.strip_prefix("node").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let count = nodes.flatten().filter(|entry| is_node(&entry.file_name().to_string_lossy()));
    u32::try_from(count.count()).ok().filter(|count| *count > 0)
}

/// Who may count instructions.
pub fn perf_event_paranoid() -> Option<i32> {
    fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").ok()?.trim().parse().ok()
}

/// The frequency of the first processor now, in kHz.
pub fn frequency_khz() -> Option<u64> {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq";
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Counters of the system at one moment; two of them say what happened in between.
#[derive(Debug)]
pub(super) struct Circumstances {
    clock: WallClock,
    at: Moment,
    stolen_s: Option<f64>,
    throttled: Option<u64>,
    waited_us: Option<u64>,
    busy_s: Option<f64>,
    own_ns: Option<u64>,
}

/// What happened between two moments.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub(super) struct Between {
    pub(super) stolen_share: Option<f64>,
    pub(super) throttled: Option<u64>,
    pub(super) pressure_share: Option<f64>,
    pub(super) others_busy: Option<f64>,
}

impl Circumstances {
    pub(super) fn now() -> Self {
        let clock = WallClock::start();
        let stat = cgroup_file("", "cpu.stat").or_else(|| cgroup_file("cpu", "cpu.stat"));
        let pressure = fs::read_to_string("/proc/pressure/cpu").ok();
        Self {
            at: clock.now(),
            clock,
            stolen_s: stolen_s(),
            throttled: stat.and_then(|text| word_after(&text, "nr_throttled ")),
            waited_us: pressure.and_then(|text| word_after(&text, "total=")),
            busy_s: busy_s(),
            own_ns: process_cpu_ns(),
        }
    }

    /// What happened since an earlier moment.
    pub(super) fn since(&self, before: &Self) -> Between {
        // Each has a clock of its own, which started when it was made.
        let length_s = before.clock.now().nanos_since(before.at) as f64 / 1e9;
        let per_s = |after: Option<f64>, before: Option<f64>| {
            after.zip(before).map(|(after, before)| ((after - before) / length_s).max(0.0))
        };
        let s = |number: Option<u64>, unit: f64| number.map(|number| number as f64 / unit);
        let own = per_s(s(self.own_ns, 1e9), s(before.own_ns, 1e9));
        let busy = per_s(self.busy_s, before.busy_s);
        Between {
            stolen_share: per_s(self.stolen_s, before.stolen_s),
            throttled: self
                .throttled
                .zip(before.throttled)
                .map(|(after, before)| after.saturating_sub(before)),
            pressure_share: per_s(s(self.waited_us, 1e6), s(before.waited_us, 1e6)),
            others_busy: busy.zip(own).map(|(busy, own)| (busy - own).max(0.0)),
        }
    }
}

/// The number that follows the first occurrence of a word.
fn word_after(text: &str, word: &str) -> Option<u64> {
    let (_, rest) = text.split_once(word)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

/// Time that all processors have been busy, in seconds, since the machine started.
#[cfg(target_os = "linux")]
fn busy_s() -> Option<f64> {
    use procfs::CurrentSI as _;
    let total = procfs::KernelStats::current().ok()?.total;
    let rest = [total.irq, total.softirq].into_iter().flatten().sum::<u64>();
    let ticks = total.user + total.nice + total.system + rest;
    Some(ticks as f64 / procfs::ticks_per_second() as f64)
}

/// Time that all processors have been busy: not known on this system.
#[cfg(not(target_os = "linux"))]
fn busy_s() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_what_the_kernel_writes() {
        let pressure = "some avg10=97.06 avg60=96.52 avg300=79.76 total=3400642586\nfull total=0\n";
        assert_eq!(word_after(pressure, "total="), Some(3_400_642_586));
        let stat = "usage_usec 7\nnr_periods 3\nnr_throttled 2\nthrottled_usec 90\n";
        assert_eq!(word_after(stat, "nr_throttled "), Some(2));
        assert_eq!(word_after("", "total="), None);
        assert_eq!(word_after("total=", "total="), None);
    }
}
