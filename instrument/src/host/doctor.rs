//! What this machine can and cannot measure: measured, and then said in words.
//!
//! It changes nothing: every advice is something for a person to do. What is measured is in
//! [`Measured`], what follows from it is computed from that alone.

use super::energy::Untold;
use super::{clock_read_ns, describe, jitter, probe, usage};
use reports::quantity;
use reports::record::Host;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

/// What was found out about a machine.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Examination {
    /// Of this format: 1.
    pub schema_version: u32,
    /// What the machine says of itself.
    pub host: Host,
    /// What was measured of it.
    pub measured: Measured,
    /// What can be trusted here, scale by scale.
    pub trust: Vec<Trust>,
    /// What stands in the way, each with advice.
    pub findings: Vec<Finding>,
}

/// What was measured of a machine; what it does not tell is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Measured {
    /// What a reading of the clock costs, in nanoseconds.
    pub clock_read_ns: f64,
    /// The smallest step of the clock, in nanoseconds.
    pub clock_step_ns: u64,
    /// How much longer than asked a sleep of 200 µs is, in nanoseconds: median.
    pub sleep_over_ns_p50: u64,
    /// The same: 99th percentile.
    pub sleep_over_ns_p99: u64,
    /// Pauses of a spinning thread that were longer than 20 µs, per second.
    pub pauses_20_us_per_s: f64,
    /// Longer than 1 ms, per second.
    pub pauses_1_ms_per_s: f64,
    /// The longest, in nanoseconds.
    pub pause_ns_max: u64,
    /// Share of the time spent in pauses longer than 20 µs, 0 to 1.
    pub paused_share: f64,
    /// Share of the time spent in pauses longer than 1 ms, 0 to 1.
    pub long_paused_share: f64,
    /// How far apart the speeds of a fixed loop in registers are, from one 100 ms to another:
    /// (slowest − fastest) / median of the medians.
    pub loop_spread: f64,
    /// The same for a walk through memory that no cache holds.
    pub memory_spread: f64,
    /// Time that the hypervisor gave to others, as a share of one processor.
    pub stolen_share: Option<f64>,
    /// Lowest and highest frequency that was seen, in kHz.
    pub frequency_khz: Option<(u64, u64)>,
    /// How often the cgroup was stopped because it had used up its time, while this measured.
    pub throttled: Option<u64>,
    /// Memory that the cgroup may use, in bytes, if it is limited.
    pub memory_limit_bytes: Option<u64>,
    /// Processors this process may run on, as the kernel writes them.
    pub processors_allowed: Option<String>,
    /// Share of the time in which some thread waited for a processor.
    pub pressure_share: Option<f64>,
    /// Processors that others kept busy meanwhile.
    pub others_busy: Option<f64>,
    /// Whether two threads share a core.
    pub smt: Option<bool>,
    /// Nodes of memory.
    pub numa_nodes: Option<u32>,
    /// Who may count instructions: below 2, everyone may for their own processes.
    pub perf_event_paranoid: Option<i32>,
    /// Whether the kernel resets the peak of memory for each trial.
    pub memory_peak_resets: bool,
}

/// How far figures of a scale can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Trust {
    /// Which figures.
    pub what: String,
    /// Whether they can be: "yes", "partly", "no".
    pub answer: String,
    /// Up to where, and why.
    pub text: String,
}

/// Something that stands in the way of measuring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What was noticed.
    pub text: String,
    /// What to do about it.
    pub advice: String,
}

/// Measures the machine for about three seconds.
pub fn examine() -> Examination {
    super::sharpen_timers();
    let before = usage::Circumstances::now();
    let jitter = jitter(Duration::from_secs(1));
    let speeds = probe::speeds();
    let (sleep_over_ns_p50, sleep_over_ns_p99) = probe::timer_overshoot_ns(200_000);
    let clock_read_ns = clock_read_ns();
    let during = usage::Circumstances::now().since(&before);
    let host = describe(&jitter);
    let [_, _, long] = jitter.pauses;
    let measured = Measured {
        clock_read_ns,
        clock_step_ns: probe::clock_precision_ns(),
        sleep_over_ns_p50,
        sleep_over_ns_p99,
        pauses_20_us_per_s: jitter.pauses[0] as f64 / jitter.length_s,
        pauses_1_ms_per_s: long as f64 / jitter.length_s,
        pause_ns_max: jitter.pause_ns_max,
        paused_share: jitter.paused_share,
        long_paused_share: jitter.long_paused_share,
        loop_spread: speeds.loop_spread,
        memory_spread: speeds.memory_spread,
        frequency_khz: speeds.frequency_khz,
        stolen_share: during.stolen_share,
        throttled: during.throttled,
        pressure_share: during.pressure_share,
        others_busy: during.others_busy,
        memory_limit_bytes: usage::memory_limit_bytes(),
        processors_allowed: usage::processors_allowed(),
        smt: usage::smt(),
        numa_nodes: usage::numa_nodes(),
        perf_event_paranoid: usage::perf_event_paranoid(),
        memory_peak_resets: usage::reset_memory_peak(),
    };
    let (trust, findings) = (trust(&measured), findings(&host, &measured));
    Examination { schema_version: 1, host, measured, trust, findings }
}

/// The examination in words.
pub fn told(examination: &Examination) -> String {
    let Examination { host, measured, .. } = examination;
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<28}{value}");
    };
    let unknown = || "unknown".to_owned();
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    let ns = |ns: u64| quantity::nanoseconds(ns as f64);
    row("processor", format!("{}, {} usable", host.cpu_model, host.cores));
    row("processors allowed", measured.processors_allowed.clone().unwrap_or_else(unknown));
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    row("two threads share a core", measured.smt.map_or_else(unknown, yes_or_no));
    row("nodes of memory", measured.numa_nodes.map_or_else(unknown, |nodes| nodes.to_string()));
    row("memory", quantity::bytes(host.memory_bytes as f64));
    let limit = measured.memory_limit_bytes;
    row("cgroup's memory limit", limit.map_or("none".into(), |b| quantity::bytes(b as f64)));
    let limit = host.cgroup_cpu_limit;
    row("cgroup's processor limit", limit.map_or("none".into(), |cores| format!("{cores:.2}")));
    let throttled = measured.throttled.map_or_else(unknown, |times| format!("{times} times"));
    row("stopped by it meanwhile", throttled);
    row("kernel", host.kernel.clone());
    row("virtual machine", host.virtual_machine.clone().unwrap_or_else(|| "no".to_owned()));
    row("frequency governor", host.governor.clone());
    let frequency = measured.frequency_khz.map_or_else(unknown, |(low, high)| {
        format!("{:.2} to {:.2} GHz", low as f64 / 1e6, high as f64 / 1e6)
    });
    row("frequency", frequency);
    row("clock source", host.clock_source.clone());
    row("clock, one reading", format!("{:.1} ns", measured.clock_read_ns));
    row("clock, smallest step", format!("{} ns", measured.clock_step_ns));
    let (p50, p99) = (measured.sleep_over_ns_p50, measured.sleep_over_ns_p99);
    row("sleep of 200 µs, too long", format!("p50 {}, p99 {}", ns(p50), ns(p99)));
    row("pauses > 20 µs", format!("{:.1} per s", measured.pauses_20_us_per_s));
    row("pauses > 1 ms", format!("{:.1} per s", measured.pauses_1_ms_per_s));
    row("longest pause", ns(measured.pause_ns_max));
    row("time in pauses > 20 µs", percent(measured.paused_share));
    row("speed of a fixed loop", format!("varies by {}", percent(measured.loop_spread)));
    row("speed of memory", format!("varies by {}", percent(measured.memory_spread)));
    let share = |share: Option<f64>| share.map_or_else(unknown, percent);
    row("stolen by the hypervisor", share(measured.stolen_share));
    row("waiting for a processor", share(measured.pressure_share));
    let others = measured.others_busy.map_or_else(unknown, |busy| format!("{busy:.2} processors"));
    row("busy with something else", others);
    row("load average", format!("{:.2}", host.load_before));
    let paranoid = measured.perf_event_paranoid;
    row("perf_event_paranoid", paranoid.map_or_else(unknown, |level| level.to_string()));
    let peak = if measured.memory_peak_resets { "yes" } else { "no: sampled every 100 ms instead" };
    row("peak memory per trial", peak.to_owned());
    row("energy", host.energy_untold.clone().unwrap_or_else(|| "counted by package".to_owned()));

    text.push_str("\nWhat can be trusted here\n");
    for Trust { what, answer, text: why } in &examination.trust {
        let _ = writeln!(text, "  {what:<28}{answer:<8}{why}");
    }
    if !examination.findings.is_empty() {
        text.push_str("\nWhat stands in the way\n");
    }
    for Finding { text: what, advice } in &examination.findings {
        let _ = writeln!(text, "  · {what}: {advice}");
    }
    text
}

/// How far figures can be trusted, from the finest scale to the coarsest.
fn trust(measured: &Measured) -> Vec<Trust> {
    let trust = |what: &str, answer: &str, text: String| Trust {
        what: what.to_owned(),
        answer: answer.to_owned(),
        text,
    };
    let ns = |ns: f64| quantity::nanoseconds(ns);
    let finest = measured.clock_read_ns.max(measured.clock_step_ns as f64);
    let nanoseconds = if finest <= 100.0 {
        let why = format!("means over many; a single one is uncertain by {}", ns(finest));
        trust("latencies of nanoseconds", "partly", why)
    } else {
        let why = format!("the clock costs {} a reading: only means over batches", ns(finest));
        trust("latencies of nanoseconds", "no", why)
    };
    let longest = ns(measured.pause_ns_max as f64);
    let scale = |what: &str, share: f64, pause: &str| match quantile(share) {
        Some("p99.9") => {
            trust(what, "yes", format!("up to p99.9; the longest pause was {longest}"))
        }
        Some(quantile) => {
            let why = format!("up to {quantile}; beyond it are the machine's pauses > {pause}");
            trust(what, "partly", why)
        }
        None => {
            let why = format!("{:.1} % of the time is spent in pauses > {pause}", share * 100.0);
            trust(what, "no", why)
        }
    };
    let spread = unevenness(measured);
    let throughput = {
        let least = format!(
            "from {:.0} % on in a single pair of repetitions; less with more of them, by turns",
            (least_difference(measured) * 100.0).ceil()
        );
        let answer = if spread < 0.03 { "yes" } else { "partly" };
        trust("differences in speed", if spread < 0.25 { answer } else { "no" }, least)
    };
    vec![
        nanoseconds,
        scale("latencies of microseconds", measured.paused_share, "20 µs"),
        scale("latencies of milliseconds", measured.long_paused_share, "1 ms"),
        throughput,
    ]
}

/// The smallest difference in speed between two runs that is not the machine's own: twice of how
/// far apart equal work lies within a second, since either of the two may be at either end.
fn least_difference(measured: &Measured) -> f64 {
    (2.0 * unevenness(measured)).max(0.01)
}

/// How far apart equal work lies, as a share; time that is taken away from it altogether counts
/// as much as time in which it goes slowly.
const fn unevenness(measured: &Measured) -> f64 {
    measured.loop_spread.max(measured.memory_spread).max(measured.paused_share)
}

/// The highest quantile that pauses of this share leave alone.
fn quantile(share: f64) -> Option<&'static str> {
    [("p99.9", 0.001), ("p99", 0.01), ("p90", 0.1)]
        .into_iter()
        .find(|(_, above)| share < *above)
        .map(|(name, _)| name)
}

/// What stands in the way of measuring here.
#[expect(clippy::too_many_lines, reason = "a list: one finding after the other")]
fn findings(host: &Host, measured: &Measured) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |when: bool, text: String, advice: &str| {
        if when {
            findings.push(Finding { text, advice: advice.to_owned() });
        }
    };
    let cores = f64::from(host.cores);
    add(
        host.cores < 4,
        format!(
            "{} processors: with as many busy workers, sampling and the system compete with them",
            host.cores
        ),
        "keep the parallelism below that number",
    );
    add(
        measured.clock_read_ns > 100.0,
        format!("a clock reading of {:.0} ns is slow", measured.clock_read_ns),
        "the clock source is probably not the processor's own, see \
         /sys/devices/system/clocksource",
    );
    add(
        measured.sleep_over_ns_p50 > 100_000,
        format!("sleeps end {:.0} µs late", measured.sleep_over_ns_p50 as f64 / 1e3),
        "latencies below that need engines that spin: engine.per-event.waiting = \"spin\"",
    );
    add(
        ["powersave", "ondemand", "conservative", "schedutil"].contains(&host.governor.as_str()),
        format!("the governor {} changes the processor's speed meanwhile", host.governor),
        "set it to performance",
    );
    let swing = measured.frequency_khz.map_or(0.0, |(low, high)| high as f64 / low as f64 - 1.0);
    add(
        swing > 0.05,
        format!("the frequency changed by {:.0} % meanwhile", swing * 100.0),
        "fix it: governor performance, turbo off",
    );
    add(
        measured.loop_spread > 0.05,
        format!(
            "equal work varies by {:.0} % from one 100 ms to another",
            measured.loop_spread * 100.0
        ),
        "another speed or another's work: end what else runs, fix the frequency, repeat often",
    );
    add(
        measured.memory_spread > 0.10 && measured.memory_spread > 2.0 * measured.loop_spread,
        format!(
            "memory varies by {:.0} % where registers vary by {:.0} %",
            measured.memory_spread * 100.0,
            measured.loop_spread * 100.0
        ),
        "a neighbour uses caches or memory: take another machine, or only small states",
    );
    add(
        measured.stolen_share.is_some_and(|share| share > 0.01),
        "the hypervisor takes time away: no tail latency is the engine's own".to_owned(),
        "take a machine with processors of its own",
    );
    add(
        host.virtual_machine.is_some(),
        "in a virtual machine, what other guests do is invisible and varies".to_owned(),
        "repeat (--repeat 5), and compare only what ran by turns",
    );
    add(
        measured.others_busy.is_some_and(|busy| busy > 0.1 * cores)
            || host.load_before > 0.25 * cores,
        match measured.others_busy {
            Some(busy) => format!(
                "something else kept {busy:.2} of {cores} processors busy, load {:.2}",
                host.load_before
            ),
            None => format!("a load of {:.2}: something else is running", host.load_before),
        },
        "wait for it, or end it",
    );
    add(
        measured.pressure_share.is_some_and(|share| share > 0.1),
        format!(
            "threads waited for a processor {:.0} % of the time",
            measured.pressure_share.unwrap_or(0.0) * 100.0
        ),
        "more wants to run than there are processors: end something",
    );
    add(
        measured.throttled.is_some_and(|times| times > 0),
        "the cgroup was stopped because its processor time was used up".to_owned(),
        "raise its limit: a stop looks like a stall of the engine",
    );
    if let Some(limit) = host.cgroup_cpu_limit {
        add(
            limit < cores,
            format!("a cgroup limits this process to {limit:.2} processors"),
            "raise the limit, or keep the parallelism below it",
        );
    }
    if let Some(limit) = measured.memory_limit_bytes {
        add(
            limit < host.memory_bytes,
            format!("a cgroup limits memory to {}", quantity::bytes(limit as f64)),
            "inputs that do not fit are made ahead of need, which takes a processor",
        );
    }
    add(
        measured.smt == Some(true),
        "two threads share each core".to_owned(),
        "keep the parallelism at half the processors, or switch it off for measuring",
    );
    add(
        measured.numa_nodes.is_some_and(|nodes| nodes > 1),
        "memory is in several nodes".to_owned(),
        "bind the run to one: numactl --cpunodebind=0 --membind=0",
    );
    add(
        host.energy_untold == Some(Untold::Kept.to_string()),
        "energy is not measured, though the machine counts it".to_owned(),
        "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj, until the next start",
    );
    add(cfg!(dev), "this is a debug build".to_owned(), "measure with --release");
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that has nothing against being measured on.
    fn quiet() -> (Host, Measured) {
        let host = Host { cores: 8, governor: "performance".into(), ..Host::default() };
        let measured = Measured {
            clock_read_ns: 22.0,
            clock_step_ns: 10,
            sleep_over_ns_p50: 5_000,
            paused_share: 0.0001,
            loop_spread: 0.004,
            memory_spread: 0.008,
            ..Measured::default()
        };
        (host, measured)
    }

    #[test]
    fn nothing_stands_in_the_way_on_a_quiet_machine() {
        let (host, measured) = quiet();
        let found = findings(&host, &measured);
        assert!(found.iter().all(|found| found.text.contains("debug build")), "{found:?}");
        let answers: Vec<_> = trust(&measured).into_iter().map(|trust| trust.answer).collect();
        assert_eq!(answers, ["partly", "yes", "yes", "yes"]);
    }

    type Row = (&'static str, fn(&mut Host, &mut Measured));

    /// What is noticed, and what makes it so.
    const NOTICED: &[Row] = &[
        ("2 processors: with as many", |host, _| host.cores = 2),
        ("clock reading of 800 ns", |_, m| m.clock_read_ns = 800.0),
        ("sleeps end 900 µs late", |_, m| m.sleep_over_ns_p50 = 900_000),
        ("governor powersave", |host, _| host.governor = "powersave".into()),
        ("frequency changed by 50 %", |_, m| m.frequency_khz = Some((2_000_000, 3_000_000))),
        ("equal work varies by 12 %", |_, m| m.loop_spread = 0.12),
        ("memory varies by 40 %", |_, m| m.memory_spread = 0.4),
        ("hypervisor takes time", |_, m| m.stolen_share = Some(0.05)),
        ("in a virtual machine", |host, _| host.virtual_machine = Some("kvm".into())),
        ("kept 3.00 of 8 processors busy", |_, m| m.others_busy = Some(3.0)),
        ("a load of 6.00", |host, _| host.load_before = 6.0),
        ("waited for a processor 60 %", |_, m| m.pressure_share = Some(0.6)),
        ("its processor time was used up", |_, m| m.throttled = Some(3)),
        ("limits this process to 1.50", |host, _| host.cgroup_cpu_limit = Some(1.5)),
        ("limits memory to", |host, m| {
            host.memory_bytes = 16 << 30;
            m.memory_limit_bytes = Some(1 << 30);
        }),
        ("two threads share", |_, m| m.smt = Some(true)),
        ("in several nodes", |_, m| m.numa_nodes = Some(2)),
        ("energy is not measured", |host, _| host.energy_untold = Some(Untold::Kept.to_string())),
    ];

    #[test]
    fn each_thing_that_stands_in_the_way_is_noticed_by_itself() {
        let (host, measured) = quiet();
        let before = findings(&host, &measured).len();
        for (want, spoil) in NOTICED {
            let (mut host, mut measured) = quiet();
            spoil(&mut host, &mut measured);
            let found = findings(&host, &measured);
            assert_eq!(found.len(), before + 1, "{want}: {found:?}");
            assert!(found.iter().any(|found| found.text.contains(want)), "{want}: {found:?}");
            assert!(found.iter().all(|found| !found.advice.is_empty()));
        }
    }

    #[test]
    fn pauses_and_spread_say_what_can_be_trusted() {
        let rows: [(f64, f64, f64, [&str; 4]); 4] = [
            // Share of pauses, of long ones, spread; and what is trusted by scale.
            (0.0005, 0.0, 0.01, ["partly", "yes", "yes", "yes"]),
            (0.005, 0.0005, 0.02, ["partly", "partly", "yes", "yes"]),
            (0.2, 0.05, 0.1, ["partly", "no", "partly", "partly"]),
            (0.6, 0.5, 0.4, ["partly", "no", "no", "no"]),
        ];
        for (paused_share, long_paused_share, loop_spread, want) in rows {
            let (_, quiet) = quiet();
            let measured = Measured { paused_share, long_paused_share, loop_spread, ..quiet };
            let trust = trust(&measured);
            let answers: Vec<_> = trust.iter().map(|trust| trust.answer.as_str()).collect();
            assert_eq!(answers, want, "{trust:?}");
        }
        let (_, quiet) = quiet();
        let slow = Measured { clock_read_ns: 900.0, ..quiet };
        assert_eq!(trust(&slow)[0].answer, "no");
    }

    #[test]
    fn the_smallest_difference_is_twice_the_spread_and_never_nothing() {
        let (_, quiet) = quiet();
        assert!((least_difference(&quiet) - 0.016).abs() < 1e-12);
        let still = Measured { loop_spread: 0.0, memory_spread: 0.0, ..quiet };
        assert!((least_difference(&still) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn an_examination_is_told_and_holds_by_its_schema() {
        let (host, measured) = quiet();
        let (trust, findings) = (trust(&measured), findings(&host, &measured));
        let examination = Examination { schema_version: 1, host, measured, trust, findings };
        let told = told(&examination);
        for part in
            ["clock, one reading          22.0 ns", "What can be trusted here", "up to p99.9"]
        {
            assert!(told.contains(part), "{told}");
        }
        let json = serde_json::to_value(&examination).unwrap();
        let schema = reports::record::schema::of::<Examination>("doctor:1", "", 1);
        assert!(jsonschema::is_valid(&schema, &json), "{json:#}");
    }
}
