//! Processor time and memory of an engine that runs in processes of its own.
//!
//! The kernel counts the time of a process in ticks, a hundredth of a second mostly: plenty for a
//! run, coarse for a tenth of a second. What was read last stays, so that the account of a process
//! that has ended is not lost with it.

use super::usage::{Usage, field_kib};
use std::fs;
use std::sync::{Mutex, PoisonError};

/// The processes of one group.
#[derive(Debug, Default)]
pub struct ProcessGroup {
    members: Mutex<Vec<Member>>,
}

/// A process, and what was read of it last.
#[derive(Copy, Clone, Debug)]
struct Member {
    pid: u32,
    cpu_ns: u64,
    peak_bytes: u64,
}

impl ProcessGroup {
    /// All that belong to the group that a process leads, as they are now.
    pub fn of(leader: u32) -> Self {
        let member = |pid| Member { pid, cpu_ns: 0, peak_bytes: 0 };
        let mut pids = pids_of_group(leader);
        if !pids.contains(&leader) {
            pids.push(leader);
        }
        Self { members: Mutex::new(pids.into_iter().map(member).collect()) }
    }

    /// Their numbers.
    pub fn pids(&self) -> Vec<u32> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.iter().map(|member| member.pid).collect()
    }

    /// Reads all of them once more: the time of one that has ended can be read until it was waited
    /// for, its memory cannot.
    pub fn look(&self) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        for member in members.iter_mut() {
            if let Some(cpu_ns) = cpu_ns_of(member.pid) {
                member.cpu_ns = member.cpu_ns.max(cpu_ns);
            }
            if let Some(kib) = field_kib(&format!("/proc/{}/status", member.pid), "VmHWM:") {
                member.peak_bytes = member.peak_bytes.max(kib * 1024);
            }
        }
    }

    fn sum(&self, of: impl Fn(&Member) -> u64) -> u64 {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).iter().map(of).sum()
    }
}

impl Usage for ProcessGroup {
    fn cpu_ns(&self) -> Option<u64> {
        self.look();
        Some(self.sum(|member| member.cpu_ns)).filter(|ns| *ns > 0)
    }

    fn memory_bytes(&self) -> Option<u64> {
        let resident = |member: &Member| {
            field_kib(&format!("/proc/{}/status", member.pid), "VmRSS:").map_or(0, |kib| kib * 1024)
        };
        // What is gone holds nothing that can be read, and no process holds none.
        Some(self.sum(resident)).filter(|bytes| *bytes > 0)
    }

    fn reset_memory_peak(&self) -> bool {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.iter().all(|one| fs::write(format!("/proc/{}/clear_refs", one.pid), "5").is_ok())
    }

    fn memory_peak_bytes(&self) -> Option<u64> {
        self.look();
        Some(self.sum(|member| member.peak_bytes)).filter(|bytes| *bytes > 0)
    }

    fn holds_the_load(&self) -> bool {
        false
    }
}

#[cfg(target_os = "linux")]
fn pids_of_group(leader: u32) -> Vec<u32> {
    let Ok(all) = procfs::process::all_processes() else { return Vec::new() };
    let stats = all.flatten().filter_map(|process| process.stat().ok());
    let own = stats.filter(|stat| u32::try_from(stat.pgrp).is_ok_and(|group| group == leader));
    own.filter_map(|stat| u32::try_from(stat.pid).ok()).collect()
}

#[cfg(not(target_os = "linux"))]
fn pids_of_group(_leader: u32) -> Vec<u32> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn cpu_ns_of(pid: u32) -> Option<u64> {
    let process = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?;
    let stat = process.stat().ok()?;
    let ticks = u128::from(stat.utime) + u128::from(stat.stime);
    u64::try_from(ticks * 1_000_000_000 / u128::from(procfs::ticks_per_second())).ok()
}

#[cfg(not(target_os = "linux"))]
fn cpu_ns_of(_pid: u32) -> Option<u64> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn the_account_of_a_process_outlives_it() {
        let mut child = Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; read x"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let group = ProcessGroup::of(child.id());
        // It has worked when it says so, and waits then.
        let mut said = [0; 4];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        let (used, peak) = (group.cpu_ns().unwrap(), group.memory_peak_bytes().unwrap());
        assert!(used > 0 && peak > 0);
        assert!(group.memory_bytes().unwrap() > 0);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(group.cpu_ns().unwrap() >= used);
        assert_eq!(group.memory_peak_bytes(), Some(peak));
        assert_eq!(group.memory_bytes(), None);
        assert!(!group.reset_memory_peak());
    }
}
