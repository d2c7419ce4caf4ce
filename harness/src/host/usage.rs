//! Processor time and memory of this process, as the kernel counts them.
//!
//! Every figure is `None` where the kernel does not tell; nothing is estimated.

use std::fs;

/// Processor time that this process has used so far, in nanoseconds, ended threads included.
#[cfg(target_os = "linux")]
pub fn process_cpu_ns() -> Option<u64> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).ok()?;
    Some(seconds * 1_000_000_000 + u64::try_from(used.tv_nsec).ok()?)
}

/// Processor time that this process has used so far: not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn process_cpu_ns() -> Option<u64> {
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

fn field_kib(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
