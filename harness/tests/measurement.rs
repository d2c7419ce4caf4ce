//! A plan, run: real engines, in simulated time, so that every figure is the same every time.

use engines::{Algorithm, Patience, Timestamp, WindowSpec};
use reports::record::{Repetition, RunRecord, VerdictKind};
use scenarios::catalog::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SyntheticSpec,
    ValuesSpec, WordsSpec, WorkloadSpec,
};
use sluicebench::plan::{
    Arrivals, Cell, EngineKind, EngineSetting, Format, Load, Measure, Plan, RateShape, WindowDomain,
};
use sluicebench::run::run_plan;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn synthetic(disorder: Option<DisorderSpec>) -> WorkloadSpec {
    WorkloadSpec::Synthetic(SyntheticSpec {
        keys: KeysSpec::Zipf { count: 50, exponent: 1.1 },
        values: ValuesSpec::Uniform { low: -100, high: 100 },
        payload_bytes: 0,
        disorder,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(1_600_000_000_000_000),
    })
}

fn heavy() -> Option<DisorderSpec> {
    Some(DisorderSpec {
        fraction: 0.3,
        delay: DelaySpec::Exponential { mean_us: 200_000 },
        cap_us: Some(2_000_000),
    })
}

fn window(spec: WindowSpec, aggregates: &[AggregateName]) -> QuerySpec {
    QuerySpec::Window { window: spec, aggregates: aggregates.to_vec(), keyed: true }
}

fn micro_batch(windows: WindowDomain, algorithm: Algorithm) -> EngineSetting {
    EngineSetting {
        label: format!("micro-batch {windows:?} {}", algorithm.name()),
        kind: EngineKind::MicroBatch {
            interval: Duration::from_millis(100),
            windows,
            algorithm,
            attempts: 4,
        },
    }
}

fn per_event(algorithm: Algorithm) -> EngineSetting {
    EngineSetting {
        label: format!("per-event {}", algorithm.name()),
        kind: EngineKind::PerEvent {
            buffer_timeout: Duration::from_millis(1),
            buffer_records: 64,
            algorithm,
            waiting: Patience::Spin,
        },
    }
}

fn cell(workload: WorkloadSpec, query: QuerySpec, engines: Vec<EngineSetting>) -> Cell {
    Cell {
        name: "cell".into(),
        title: "A cell".into(),
        scenario: "keyed-window".into(),
        case: CaseSpec { workload, query },
        load: Load::Synthetic {
            rate: RateShape::Constant { per_second: 4000.0 },
            arrivals: Arrivals::Poisson,
        },
        watermark_bound_us: 100_000,
        watermark_every: 16,
        partitions: 1,
        engines,
        parallelism: 1,
        seed: 42,
        measure: Measure {
            warm_up: Duration::from_millis(500),
            duration: Duration::from_millis(2500),
        },
        resolved_toml: String::new(),
    }
}

fn plan(cells: Vec<Cell>, out: &Path) -> Plan {
    Plan {
        name: "test".into(),
        title: "A test".into(),
        cells,
        out: Some(out.to_owned()),
        keep_results: true,
        simulate: true,
        repeat: 1,
        format: Format::Text,
        command: "sluicebench run".into(),
        strict: false,
    }
}

fn run(cells: Vec<Cell>) -> (RunRecord, u8, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let stop = Arc::new(AtomicBool::new(false));
    let outcome = run_plan(&plan(cells, &out), &stop).unwrap();
    (outcome.record, outcome.exit, folder)
}

fn all_of(record: &RunRecord) -> Vec<(String, &Repetition)> {
    let engines = record.cells.iter().flat_map(|cell| {
        cell.engines.iter().map(move |engine| (format!("{}: {}", cell.name, engine.label), engine))
    });
    engines
        .flat_map(|(name, engine)| engine.repetitions.iter().map(move |rep| (name.clone(), rep)))
        .collect()
}

#[track_caller]
fn verified(cells: Vec<Cell>) -> RunRecord {
    let (record, exit, _folder) = run(cells);
    for (name, repetition) in all_of(&record) {
        let verdict = &repetition.verdict;
        assert_eq!(
            verdict.kind,
            VerdictKind::Verified,
            "{name}: {} {:?}",
            verdict.text,
            verdict.differences
        );
        let counts = repetition.counts;
        assert_eq!(
            counts.read,
            counts.accepted + counts.late + counts.rejected,
            "{name}: {counts:?}"
        );
    }
    assert_eq!(exit, 0);
    record
}

fn every_engine() -> Vec<EngineSetting> {
    use Algorithm::{Auto, Recompute, Slices, SubtractOnEvict};
    let mut engines = Vec::new();
    for algorithm in [Auto, Recompute, Slices, SubtractOnEvict] {
        engines.push(micro_batch(WindowDomain::EventTime, algorithm));
        engines.push(micro_batch(WindowDomain::Batches, algorithm));
        engines.push(per_event(algorithm));
    }
    engines
}

#[test]
fn tumbling_and_sliding_windows_under_disorder_are_verified() {
    let tumbling = WindowSpec::tumbling(500_000).unwrap();
    let sliding = WindowSpec::sliding(1_000_000, 200_000).unwrap();
    for parallelism in [1, 2] {
        for spec in [tumbling, sliding] {
            let query = window(spec, &[AggregateName::Count, AggregateName::Sum]);
            let cell = cell(synthetic(heavy()), query, every_engine());
            let record = verified(vec![Cell { parallelism, ..cell }]);
            for (name, repetition) in all_of(&record) {
                let completeness = repetition.verdict.completeness.unwrap();
                let distance = repetition.verdict.distance.unwrap();
                assert!(completeness < 1.0 && completeness > 0.3, "{name}: {completeness}");
                assert!(distance > 0.0 && distance < 1.0, "{name}: {distance}");
                if name.contains("per-event") {
                    assert!(repetition.counts.late > 0, "{name}: the bound is short");
                }
            }
        }
    }
}
