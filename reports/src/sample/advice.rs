//! Made-up advice whose truth is known: what is asked, and the runs that answer it.

use super::pair::{Noise, bare, scaled};
use super::whole;
use crate::record::advice::{AdviceRecord, AdviceRun, Factor, FactorKind, Prices, Purpose};
use crate::record::study::{Coordinate, Limit, LimitOutcome, Probe, ProbeOutcome, ProbePurpose};
use crate::record::twin::{Closeness, Likeness, Twin, Waiting};
use crate::record::{
    EngineKind, EngineProcess, EngineRecord, Repetition, RunRecord, SCHEMA_VERSION,
};

/// What is true of an engine at one of its settings.
#[derive(Clone)]
pub(crate) struct Truth {
    /// Which it is.
    pub(crate) kind: EngineKind,
    /// What was tuned, and the value that is the best one.
    pub(crate) knob: (&'static str, &'static str),
    /// Another value that was tried, and how many times as much it costs.
    pub(crate) other: (&'static str, f64),
    /// 99th percentile of `result_latency`, in milliseconds.
    pub(crate) p99_ms: f64,
    /// So much of that is waiting by the clock, however fast the machine is.
    pub(crate) waits_ms: f64,
    /// Processor time per event, in microseconds.
    pub(crate) cpu_us: f64,
    /// Peak memory, in MiB.
    pub(crate) memory_mib: u64,
    /// What it sustains, in events per second, with two workers.
    pub(crate) limit_per_s: f64,
}

/// A workload, and what is true of the engines on it.
#[derive(Clone)]
pub(crate) struct World {
    /// The engines.
    pub(crate) engines: Vec<Truth>,
    /// The rate to be held, in events per second.
    pub(crate) rate_per_s: f64,
    /// How long the p99 of `result_latency` may be, in milliseconds.
    pub(crate) most_ms: f64,
    /// How often the best settings are compared.
    pub(crate) repetitions: u32,
    /// How far latencies and processor times of repetitions scatter.
    pub(crate) scatter: (f64, f64),
    /// How far what a search finds strays from what is true.
    pub(crate) astray: f64,
    /// Of the noise.
    pub(crate) seed: u64,
}

/// What is true where one thing is other than in a workload.
#[derive(Clone)]
pub(crate) struct Change {
    /// What it is, and its value in the workload.
    pub(crate) factor: FactorKind,
    /// The same.
    pub(crate) own: f64,
    /// Each value, with how many times as much processor time, and as long a latency, the first engine
    /// and the second have there.
    pub(crate) values: Vec<(f64, [(f64, f64); 2])>,
}

/// What was asked, and the runs that answer it.
pub(crate) type Asked = (AdviceRecord, Vec<(AdviceRun, RunRecord)>);

impl World {
    /// Asks for advice on it: two rounds of tuning, a comparison, a search for limits.
    pub(crate) fn asked(&self) -> Asked {
        let mut noise = Noise(self.seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let best = self.engines.iter().map(|truth| (truth, 1.0, truth.knob.1));
        let others = self.engines.iter().map(|truth| (truth, truth.other.1, truth.other.0));
        let mut runs = Vec::new();
        let mut add = |folder: &str, purpose: Purpose, engines: Vec<EngineRecord>| {
            let mut record = bare();
            record.name = "keyed-window".into();
            record.title = "Events per key and second".into();
            record.command = format!("sluicebench advise my.toml, {folder}");
            record.warnings.clear();
            record.cells.truncate(1);
            record.cells[0].name = "keyed-window".into();
            record.cells[0].engines = engines;
            runs.push((AdviceRun { folder: folder.to_owned(), purpose }, record));
        };
        let all: Vec<_> = best.clone().chain(others).collect();
        let once = |(truth, times, value): &(&Truth, f64, &str), noise: &mut Noise| {
            self.entry(truth, *times, value, 1, noise)
        };
        add("tune-1", Purpose::Tune, all.iter().map(|it| once(it, &mut noise)).collect());
        let best: Vec<_> = best.collect();
        add("tune-2", Purpose::Tune, best.iter().map(|it| once(it, &mut noise)).collect());
        let turns = best.iter().map(|(truth, times, value)| {
            self.entry(truth, *times, value, self.repetitions, &mut noise)
        });
        let mut turns: Vec<EngineRecord> = turns.collect();
        // What engines that took turns have in common.
        for rep in 0..self.repetitions as usize {
            let common = noise.factor(0.02);
            for engine in &mut turns {
                engine.repetitions[rep].cpu_us_per_event *= common;
            }
        }
        add("compare", Purpose::Compare, turns);
        let limits = best.iter().map(|(truth, _, value)| {
            let mut engine = self.entry(truth, 1.0, value, 0, &mut noise);
            let limit_per_s = truth.limit_per_s * noise.factor(self.astray);
            engine.limit = Some(self.limit(&Truth { limit_per_s, ..(*truth).clone() }));
            engine
        });
        add("limit", Purpose::Limit, limits.collect());
        (self.question(runs.iter().map(|(run, _)| run.clone()).collect()), runs)
    }

    /// The same, with two of the engines asked again so often where one thing is other.
    pub(crate) fn varied(
        &self,
        (mut record, mut runs): Asked,
        pair: [EngineKind; 2],
        repetitions: u32,
        changes: &[Change],
    ) -> Asked {
        let mut noise = Noise(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut run = runs[2].1.clone();
        let like = run.cells.remove(0);
        for change in changes {
            let key = format!("source.synthetic.{:?}", change.factor).to_lowercase();
            record.factors.push(Factor {
                kind: change.factor,
                key: key.clone(),
                value: change.own.to_string(),
                number: change.own,
                left_out: None,
            });
            for (number, times) in &change.values {
                let is_rate = change.factor == FactorKind::Rate;
                let rate_per_s = if is_rate { *number } else { self.rate_per_s };
                let world = World { rate_per_s, ..self.clone() };
                let engine = |(kind, (cpu, p99)): (EngineKind, (f64, f64))| {
                    let truth = self.engines.iter().find(|truth| truth.kind == kind);
                    let truth = truth.expect("it is one of the world").clone();
                    let truth =
                        Truth { cpu_us: truth.cpu_us * cpu, p99_ms: truth.p99_ms * p99, ..truth };
                    world.entry(&truth, 1.0, truth.knob.1, repetitions, &mut noise)
                };
                let mut cell = like.clone();
                cell.name = format!("{}-{key}-{number}", like.name);
                cell.engines = pair.into_iter().zip(*times).map(engine).collect();
                let value = number.to_string();
                cell.point = vec![Coordinate { key: key.clone(), value, number: Some(*number) }];
                run.cells.push(cell);
            }
        }
        let made = AdviceRun { folder: "sensitivity".into(), purpose: Purpose::Sensitivity };
        runs.insert(3, (made, run));
        record.runs = runs.iter().map(|(run, _)| run.clone()).collect();
        (record, runs)
    }

    fn question(&self, runs: Vec<AdviceRun>) -> AdviceRecord {
        AdviceRecord {
            schema_version: SCHEMA_VERSION,
            name: "keyed-window".into(),
            title: "Events per key and second".into(),
            command: format!("sluicebench advise my.toml --slo p99={}ms", self.most_ms),
            started: "2026-11-20T10:00:00Z".into(),
            interrupted: false,
            demands: vec![(0.99, whole(self.most_ms * 1e6))],
            completeness: None,
            rate_per_s: self.rate_per_s,
            budget_s: 600.0,
            prices: None,
            runs,
            left_out: Vec::new(),
            factors: Vec::new(),
            twin: None,
            plain_loop: None,
        }
    }

    fn entry(
        &self,
        truth: &Truth,
        times: f64,
        value: &str,
        repetitions: u32,
        noise: &mut Noise,
    ) -> EngineRecord {
        let mut engine = bare().cells.swap_remove(0).engines.swap_remove(1);
        let like = engine.repetitions.swap_remove(0);
        engine.kind = truth.kind;
        engine.label = format!("{} {} {value}", truth.kind.name(), truth.knob.0);
        engine.algorithm = "its own".into();
        engine.interval_s = (truth.waits_ms > 0.0).then_some(truth.waits_ms / 1e3);
        engine.settings = vec![
            ("version".to_owned(), "1".to_owned()),
            (truth.knob.0.to_owned(), value.to_owned()),
        ];
        let one = |rep: u32| self.repetition(&like, truth, times, rep, noise);
        engine.repetitions = (1..=repetitions).map(one).collect();
        engine
    }

    fn repetition(
        &self,
        like: &Repetition,
        truth: &Truth,
        times: f64,
        rep: u32,
        noise: &mut Noise,
    ) -> Repetition {
        let mut repetition = like.clone();
        repetition.rep = rep;
        repetition.seed = Some(42 + u64::from(rep));
        repetition.input_hash = Some(format!("{rep:016x}"));
        let result = repetition.result_latency.as_mut().expect("it was measured");
        let p99_ns = truth.p99_ms * 1e6 * noise.factor(self.scatter.0);
        let by = p99_ns / result.p99_ns as f64;
        scaled(result, by);
        scaled(repetition.event_latency.as_mut().expect("it was measured"), by);
        repetition.cpu_us_per_event = truth.cpu_us * times * noise.factor(self.scatter.1);
        repetition.peak_memory_bytes = truth.memory_mib << 20;
        repetition.process = (!truth.kind.is_embedded()).then(EngineProcess::default);
        let sustained = truth.limit_per_s >= self.rate_per_s;
        let throughput = &mut repetition.throughput;
        let completed = self.rate_per_s.min(truth.limit_per_s);
        (throughput.offered_per_s, throughput.accepted_per_s) = (self.rate_per_s, completed);
        (throughput.completed_per_s, throughput.sustained) = (completed, sustained);
        repetition
    }

    fn limit(&self, truth: &Truth) -> Limit {
        let (pass, fail) = (truth.limit_per_s * 0.98, truth.limit_per_s * 1.03);
        let probe = |(share, seed): (f64, u64)| self.probe(truth, share, seed);
        let shares = [0.2, 0.4, 0.8, 1.6, 1.2, 1.03, 0.98, 0.98, 1.1];
        Limit {
            outcome: LimitOutcome::Found,
            pass_per_s: Some(pass),
            fail_per_s: Some(fail),
            speed: None,
            text: "is confirmed by 3 of 3 probes".into(),
            window_s: 2.0,
            precision: 0.05,
            slo: Some((0.99, whole(self.most_ms * 1e6))),
            probes: shares.into_iter().zip(1..).map(probe).collect(),
        }
    }

    /// A rate that was tried, as a share of what is sustained: the p99 is that of a batch that takes
    /// longer the more is in it, by half as much again at the limit.
    fn probe(&self, truth: &Truth, share: f64, seed: u64) -> Probe {
        let own = self.rate_per_s / truth.limit_per_s;
        let p99_ms = truth.p99_ms * (2.0 + share) / (2.0 + own);
        let is_too_much = share > 1.0;
        Probe {
            purpose: ProbePurpose::Bisect,
            rate_per_s: truth.limit_per_s * share,
            speed: None,
            outcome: if is_too_much { ProbeOutcome::Fail } else { ProbeOutcome::Pass },
            reason: "made up".into(),
            window_s: 2.0,
            backlog_slope: Some(((share - 1.0).max(-0.001), (share - 1.0).max(0.001))),
            p99_ns: (!is_too_much).then_some(whole(p99_ms * 1e6)),
            completed_per_s: truth.limit_per_s * share.min(1.0),
            cpu_us_per_event: truth.cpu_us,
            seed,
        }
    }
}

/// Three engines that can be deployed, and one that is a part of the program: one costs least.
fn world() -> World {
    let truth = |kind, knob, other, p99_ms, cpu_us, memory_mib, limit_per_s| Truth {
        kind,
        knob,
        other,
        p99_ms,
        waits_ms: 0.0,
        cpu_us,
        memory_mib,
        limit_per_s,
    };
    let timeout = ("buffer_timeout", "5ms");
    let (pending, buffer) = (("max_spout_pending", "1000"), ("buffer_records", "256"));
    World {
        engines: vec![
            truth(EngineKind::PerEvent, buffer, ("1024", 1.1), 0.04, 0.4, 9, 4e6),
            truth(EngineKind::Flink, timeout, ("0ms", 1.6), 12.0, 8.1, 700, 212e3),
            truth(
                EngineKind::SparkStructured,
                ("trigger", "200ms"),
                ("50ms", 2.4),
                310.0,
                10.6,
                900,
                175e3,
            ),
            truth(EngineKind::Storm, pending, ("100", 1.2), 620.0, 14.0, 640, 90e3),
        ],
        rate_per_s: 50_000.0,
        most_ms: 500.0,
        repetitions: 5,
        scatter: (0.02, 0.01),
        astray: 0.0,
        seed: 7,
    }
}

/// A clear winner.
pub(crate) fn clear() -> Asked {
    world().asked()
}

/// The same, and asked again with one thing at a time other than in the workload: at twice the rate the
/// other one costs less, with more late events the winner answers too late, with a longer slide nothing
/// decides, and keys change nothing.
pub(crate) fn varied() -> Asked {
    let same = [(1.0, 1.0); 2];
    let change = |factor, own, values: [(f64, [(f64, f64); 2]); 2]| Change {
        factor,
        own,
        values: values.to_vec(),
    };
    let changes = [
        change(
            FactorKind::Rate,
            50e3,
            [(25e3, [(1.0, 1.0), (1.3, 1.0)]), (100e3, [(1.0, 1.0), (0.68, 1.0)])],
        ),
        change(FactorKind::Keys, 100.0, [(50.0, same), (200.0, same)]),
        change(FactorKind::Disorder, 0.1, [(0.05, same), (0.2, [(1.0, 60.0), (1.1, 1.0)])]),
        change(
            FactorKind::Slide,
            100e3,
            [(50e3, [(1.5, 1.0), (1.4, 1.0)]), (200e3, [(0.9, 1.0), (0.69, 1.0)])],
        ),
    ];
    let world = world();
    let pair = [EngineKind::Flink, EngineKind::SparkStructured];
    world.varied(world.asked(), pair, 5, &changes)
}

/// The same as the first, with what cores and memory cost.
pub(crate) fn priced() -> Asked {
    let (mut record, runs) = world().asked();
    record.prices = Some(Prices {
        currency: "EUR".into(),
        core_hour: 0.04,
        gib_hour: Some(0.005),
        kilowatt_hour: None,
    });
    (record, runs)
}

/// Two that cost the same.
pub(crate) fn toss_up() -> Asked {
    let mut world = world();
    world.engines.swap_remove(0);
    (world.engines[2].cpu_us, world.engines[2].limit_per_s) = (8.15, 211e3);
    world.asked()
}

/// A demand that none of those that can be deployed holds.
pub(crate) fn nobody() -> Asked {
    let mut world = world();
    world.most_ms = 8.0;
    for truth in &mut world.engines[1..] {
        truth.limit_per_s = 12e3;
    }
    let (record, mut runs) = world.asked();
    // They keep up, and answer too late.
    for engine in runs.iter_mut().flat_map(|(_, record)| &mut record.cells[0].engines) {
        engine.repetitions.iter_mut().for_each(|it| it.throughput.sustained = true);
    }
    (record, runs)
}

/// Too few repetitions for what they differ by.
pub(crate) fn few() -> Asked {
    let mut world = world();
    world.engines[2].cpu_us = 8.9;
    world.repetitions = 3;
    world.asked()
}

/// Settings and limits that are of another machine than the comparison.
pub(crate) fn unlike() -> Asked {
    let (record, mut runs) = world().asked();
    for (run, record) in &mut runs {
        if run.purpose != Purpose::Compare {
            record.host.cpu_model = "Imaginary 4000".into();
        }
    }
    (record, runs)
}

/// A clear winner on the twin of a trace, whose keys are not like those of the trace.
pub(crate) fn twinned() -> Asked {
    let (mut record, runs) = clear();
    let likeness =
        |name: &str, closeness: Closeness, ks: f64, distance: &str, like: &str| Likeness {
            name: name.to_owned(),
            closeness,
            kolmogorov_smirnov: ks,
            wasserstein: 0.25,
            distance: distance.to_owned(),
            sentence: format!("{name}: {like} the trace; it differs by {distance} on average"),
        };
    record.name = "flights-twin".into();
    record.title = "A question to flights.csv (twin)".into();
    record.command = "sluicebench advise flights.csv --arrival departed_at --slo p99=500ms".into();
    record.twin = Some(Twin {
        trace: "flights.csv".into(),
        scenario: "twin.toml".into(),
        taken: vec!["key is `origin`: 7 texts in the first rows".into()],
        events: 20_000,
        properties: vec![
            likeness("gaps", Closeness::Close, 0.012, "0.250 s", "close to"),
            likeness("keys", Closeness::Not, 0.31, "9.00 ranks", "not like"),
        ],
        waits: vec![
            Waiting {
                closeness: Some(Closeness::Close),
                text:
                    "micro-batch: trace p50 51.2 ms of 412 answers; twin p50 50.9 ms of 407 answers"
                        .into(),
            },
            Waiting { closeness: None, text: "per-event: trace no answer measured".into() },
        ],
    });
    (record, runs)
}

/// All of them, each with a name.
pub(crate) fn all() -> [(&'static str, Asked); 8] {
    [
        ("clear", clear()),
        ("varied", varied()),
        ("priced", priced()),
        ("toss-up", toss_up()),
        ("nobody", nobody()),
        ("few", few()),
        ("unlike", unlike()),
        ("twin", twinned()),
    ]
}
