//! The machine, and what it does to a measurement.
//!
//! A number without its circumstances is no result, so they are gathered here and go into every
//! record. What cannot be found out is said to be unknown; nothing here fails a run. This is
//! also where wall time enters a run, once.

mod doctor;
mod probe;
#[cfg(test)]
mod checkout;
pub mod children;
pub mod cpus;
pub mod energy;
pub mod group;
pub mod usage;

pub use doctor::{Examination, examine, told};
pub use probe::{Jitter, clock_read_ns, fixed_work_ns, jitter};

use reports::quantity;
use reports::record::{Host, Tool};
use std::fs;
#[cfg(unix)]
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The time of day, for names, records and engines that tell windows by it; never for a measurement.
#[expect(clippy::disallowed_methods, reason = "wall time enters a run once, and here")]
pub fn utc_now() -> SystemTime {
    SystemTime::now()
}

/// A time of day as RFC 3339, in UTC, to the second.
pub fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Asks the kernel not to put off this process's timers, which by default it does by 50 µs.
/// Threads inherit it, so it is called before they are started.
pub fn sharpen_timers() {
    // Where it is refused, sleeping is less exact, which `doctor` shows.
    let _ = fs::write("/proc/self/timerslack_ns", "1");
}

/// Makes a file that would outgrow what the system allows an error where it is written, and not the
/// end of this program, which could neither tell of it nor take away what is half written.
pub fn outlive_large_files() {
    #[cfg(unix)]
    {
        // Where it is refused, the program ends as it did.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    }
}

/// This program.
pub fn tool() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("SLUICEBENCH_COMMIT").unwrap_or("unknown").to_owned(),
        profile: if cfg!(dev) { "dev" } else { "release" }.to_owned(),
        rustc: option_env!("SLUICEBENCH_RUSTC").unwrap_or("unknown").to_owned(),
        flags: option_env!("SLUICEBENCH_RUSTFLAGS").map(str::to_owned),
        allocator: Some(allocator()),
    }
}

/// This machine; `jitter` is what a probe of it found.
pub fn describe(jitter: &Jitter) -> Host {
    let info = CpuInfo::read();
    Host {
        name: None,
        cpu_model: info.model.unwrap_or_else(|| "unknown".to_owned()),
        cores: cores(),
        memory_bytes: usage::memory_total_bytes().unwrap_or(0),
        kernel: kernel(),
        governor: governor().unwrap_or_else(|| "unknown: the system shows none".to_owned()),
        clock_source: clock_source().unwrap_or_else(|| "unknown".to_owned()),
        load_before: usage::load_average().unwrap_or(f64::NAN),
        virtual_machine: info.is_virtual.then(|| machine_name().unwrap_or("hypervisor".to_owned())),
        cgroup_cpu_limit: cgroup_cpu_limit(),
        smt: usage::smt(),
        numa_nodes: usage::numa_nodes(),
        energy_untold: energy::Meter::here().err().map(|why| why.to_string()),
        jitter: jitter.rows(),
    }
}

/// The machine in a line, for the start of a run.
pub fn line(host: &Host) -> String {
    let mut parts = vec![
        quantity::counted(u64::from(host.cores), "core"),
        host.cpu_model.clone(),
        format!("{:.1} GiB", host.memory_bytes as f64 / f64::from(1 << 30)),
        host.kernel.clone(),
    ];
    if let Some(machine) = &host.virtual_machine {
        parts.push(format!("in a virtual machine ({machine})"));
    }
    parts.join(", ")
}

/// Logical processors this process may use.
fn cores() -> u32 {
    std::thread::available_parallelism()
        .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// What hands out memory: that of the system's C library, unless another was put in front of it
/// when the program was started.
fn allocator() -> String {
    let mapped = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let system = if cfg!(target_env = "musl") { "system (musl)" } else { "system (glibc)" };
    let system = if cfg!(target_os = "linux") { system } else { "system" };
    preloaded(&mapped).unwrap_or(system).to_owned()
}

/// The allocator among the files that a process has mapped, if it is one of those that are put in
/// front of others.
fn preloaded(mapped: &str) -> Option<&'static str> {
    let mut files = mapped.lines().filter_map(|line| line.rsplit('/').next());
    let named = ["jemalloc", "mimalloc", "tcmalloc"];
    files.find_map(|file| named.into_iter().find(|name| file.contains(name)))
}

fn kernel() -> String {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}"));
    match (read("ostype"), read("osrelease")) {
        (Ok(name), Ok(release)) => format!("{} {}", name.trim(), release.trim()),
        _ => std::env::consts::OS.to_owned(),
    }
}

fn governor() -> Option<String> {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    fs::read_to_string(path).ok().map(|name| name.trim().to_owned())
}

fn clock_source() -> Option<String> {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    fs::read_to_string(path).ok().map(|name| name.trim().to_owned())
}

struct CpuInfo {
    model: Option<String>,
    is_virtual: bool,
}

impl CpuInfo {
    fn read() -> Self {
        let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim())
        };
        Self {
            model: field("model name").map(str::to_owned),
            is_virtual: field("flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
        }
    }
}

/// What a virtual machine calls itself.
fn machine_name() -> Option<String> {
    let name = fs::read_to_string("/sys/class/dmi/id/product_name").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// How many processors a cgroup leaves this process; `None` for all of them.
fn cgroup_cpu_limit() -> Option<f64> {
    if let Some(limit) = usage::cgroup_file("", "cpu.max") {
        let (quota, period) = limit.trim().split_once(' ')?;
        return ratio(quota, period);
    }
    let read = |name| usage::cgroup_file("cpu", name);
    ratio(read("cpu.cfs_quota_us")?.trim(), read("cpu.cfs_period_us")?.trim())
}

/// A quota over its period; `None` where there is no quota ("max", or below zero).
fn ratio(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

/// How long a measurement of the machine takes at the start of a run.
pub const PROBE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_is_one_core() {
        let line = |cores| line(&Host { cores, ..Host::default() });
        assert!(line(1).starts_with("1 core, ") && line(2).starts_with("2 cores, "), "{}", line(1));
    }

    #[test]
    fn a_quota_is_a_number_of_processors() {
        assert_eq!(ratio("150000", "100000"), Some(1.5));
        assert_eq!(ratio("max", "100000"), None);
        assert_eq!(ratio("-1", "100000"), None);
    }

    #[test]
    fn this_program_knows_what_it_was_built_from() {
        let tool = tool();
        assert!(tool.rustc.starts_with(|digit: char| digit.is_ascii_digit()), "{}", tool.rustc);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        if let Some(found) = checkout::of(root) {
            assert_eq!(tool.commit.len(), found.commit.len(), "{}", tool.commit);
        }
    }

    #[test]
    fn an_allocator_in_front_of_the_systems_is_noticed() {
        let line = |file: &str| format!("7f00-7f01 r-xp 00000000 08:01 42   /usr/lib/{file}\n");
        assert_eq!(preloaded(&line("libc.so.6")), None);
        let both = line("libc.so.6") + &line("libjemalloc.so.2");
        assert_eq!(preloaded(&both), Some("jemalloc"));
    }

    #[test]
    fn a_time_of_day_is_written_in_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
        assert_eq!(rfc3339(time), "1970-01-02T00:00:00Z");
    }
}
