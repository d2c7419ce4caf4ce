//! What this machine can and cannot measure, in words.
//!
//! It changes nothing: every advice is something for a person to do.

use super::{clock_read_ns, describe, jitter, probe, usage};
use std::fmt::Write as _;
use std::time::Duration;

/// Looks at the machine for about two seconds and tells what was found.
pub fn doctor() -> String {
    super::sharpen_timers();
    let stolen_before = usage::stolen_s();
    let jitter = jitter(Duration::from_secs(1));
    let stolen = usage::stolen_s().zip(stolen_before).map(|(after, before)| after - before);
    let host = describe(&jitter);
    let (overshoot_p50, overshoot_p99) = probe::timer_overshoot_ns(200_000);
    let precision_ns = probe::clock_precision_ns();
    let read_ns = clock_read_ns();

    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<26}{value}");
    };
    row("processor", format!("{}, {} usable", host.cpu_model, host.cores));
    row("memory", format!("{:.1} GiB", host.memory_bytes as f64 / f64::from(1 << 30)));
    row("kernel", host.kernel.clone());
    row("virtual machine", host.virtual_machine.clone().unwrap_or_else(|| "no".to_owned()));
    row("frequency governor", host.governor.clone());
    row("clock source", host.clock_source.clone());
    row("clock, one reading", format!("{read_ns:.1} ns"));
    row("clock, smallest step", format!("{precision_ns} ns"));
    let us = |ns: u64| ns as f64 / 1e3;
    row(
        "sleep of 200 µs, too long",
        format!("p50 {:.0} µs, p99 {:.0} µs", us(overshoot_p50), us(overshoot_p99)),
    );
    for (name, value) in jitter.rows() {
        row(&name, value);
    }
    let unknown = || "unknown".to_owned();
    row("stolen by the hypervisor", stolen.map_or_else(unknown, |s| format!("{s:.2} s in 1 s")));
    row("load average", format!("{:.2}", host.load_before));
    row(
        "cgroup's processor limit",
        host.cgroup_cpu_limit.map_or_else(|| "none".to_owned(), |cores| format!("{cores:.2}")),
    );
    let peak = if usage::reset_memory_peak() { "yes" } else { "no: sampled every 100 ms instead" };
    row("peak memory per trial", peak.to_owned());

    text.push('\n');
    for finding in findings(&host, &jitter, read_ns, stolen) {
        let _ = writeln!(text, "· {finding}");
    }
    text
}

fn findings(
    host: &reports::record::Host,
    jitter: &super::Jitter,
    read_ns: f64,
    stolen: Option<f64>,
) -> Vec<String> {
    let mut findings = Vec::new();
    let quantile = [0.999, 0.99]
        .into_iter()
        .find(|quantile| jitter.paused_share < 1.0 - quantile)
        .map(|quantile| format!("p{}", if quantile > 0.99 { "99.9" } else { "99" }));
    findings.push(match quantile {
        Some(quantile) => format!(
            "One busy core: latencies of a few microseconds can be told apart up to {quantile}; \
             beyond that, the machine's own pauses (up to {:.1} ms) are what is seen.",
            jitter.pause_ns_max as f64 / 1e6
        ),
        None => format!(
            "The machine pauses a spinning thread for {:.1} % of the time: no p99 below {:.1} ms \
             means anything here. Use a machine that does nothing else.",
            jitter.paused_share * 100.0,
            jitter.pause_ns_max as f64 / 1e6
        ),
    });
    if host.cores < 4 {
        findings.push(format!(
            "{} cores: with as many busy workers, sampling and the system compete with them. \
             Latencies with parallelism {} or more show the machine as much as the engine.",
            host.cores, host.cores
        ));
    }
    if read_ns > 100.0 {
        findings.push(format!(
            "A clock reading of {read_ns:.0} ns is slow: the clock source is probably not the \
             processor's own. See /sys/devices/system/clocksource."
        ));
    }
    if ["powersave", "ondemand", "conservative", "schedutil"].contains(&host.governor.as_str()) {
        findings.push(format!(
            "The governor {} changes the processor's speed while it is measured: set it to \
             performance.",
            host.governor
        ));
    }
    if host.virtual_machine.is_some() {
        findings.push(
            "In a virtual machine, what other guests do is invisible and varies from run to run: \
             repeat (--repeat 5), and compare only what ran interleaved."
                .to_owned(),
        );
    }
    if host.load_before > f64::from(host.cores) * 0.25 {
        findings.push(format!(
            "A load of {:.2} means that something else is running: wait for it, or end it.",
            host.load_before
        ));
    }
    if stolen.is_some_and(|stolen| stolen > 0.01) {
        findings
            .push("The hypervisor takes time away: no tail latency is the engine's own.".into());
    }
    if let Some(limit) = host.cgroup_cpu_limit
        && limit < f64::from(host.cores)
    {
        findings.push(format!(
            "A cgroup limits this process to {limit:.2} processors and stops it when they are \
             used up, which looks like a stall of the engine."
        ));
    }
    if cfg!(debug_assertions) {
        findings.push("This is a debug build: measure with --release.".to_owned());
    }
    findings
}
