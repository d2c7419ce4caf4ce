//! Runs that were cut short and are gone on with: they end as if they had not been, what stands is
//! not made again, and no run is gone on with that another plan made.

use crate::support::program::said;
use crate::support::{cell, micro_batch, per_event, plan, synthetic};
use engines::Algorithm;
use reports::RunRecord;
use reports::record::VerdictKind;
use reports::record::study::Sweep;
use scenarios::spec::QuerySpec;
use sluicebench::bench::error::RunError;
use sluicebench::bench::{Bench, Here, Measured, Order};
use sluicebench::measure::seen::Watch;
use sluicebench::plan::{Cell, Plan, Repeat, WindowDomain};
use sluicebench::run::feed::Silent;
use sluicebench::run::resume::Resumed;
use sluicebench::run::{Outcome, resume_plan, run_plan};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How a run ends before its end.
#[derive(Copy, Clone, Debug)]
enum End {
    /// The user has had enough.
    Interrupt,
    /// The program is gone at once.
    Kill,
    /// The trace is written anew meanwhile.
    OtherInput,
}

/// Measures in this process, and remembers what; comes to an end after so many.
struct Bounded {
    here: Here,
    stop: Arc<AtomicBool>,
    end: Option<(usize, End)>,
    orders: Vec<(String, usize, u32)>,
}

impl Bounded {
    fn new(end: Option<(usize, End)>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        Self { here: Here::new(Arc::clone(&stop)), stop, end, orders: Vec::new() }
    }
}

impl Bench for Bounded {
    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError> {
        let is_last = self.end.filter(|(after, _)| self.orders.len() == *after);
        match is_last {
            Some((_, End::Interrupt)) => self.stop.store(true, Ordering::Relaxed),
            Some((_, End::Kill)) => return Err(RunError::Refused("gone".into())),
            Some((_, End::OtherInput)) | None => {}
        }
        self.orders.push((order.cell.name.clone(), order.engine, order.rep));
        let mut measured = self.here.measure(order, watch)?;
        if matches!(is_last, Some((_, End::OtherInput))) {
            measured.repetition.input_hash = Some("another".into());
        }
        Ok(measured)
    }
}

/// Two cells, two engines, simulated: the same to the byte each time.
fn asked(out: &Path, repeat: &str) -> Plan {
    let engines =
        || vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    let named = |name: &str| {
        let mut cell = cell(synthetic(None), QuerySpec::Identity, engines());
        cell.measure.warm_up = Duration::from_millis(100);
        cell.measure.duration = Duration::from_millis(300);
        Cell { name: name.into(), ..cell }
    };
    let repeat = repeat.parse::<Repeat>().unwrap();
    Plan { repeat, keep_results: false, ..plan(vec![named("one"), named("two")], out) }
}

fn ran(plan: &Plan, bench: &mut Bounded) -> Result<Outcome, RunError> {
    let stop = Arc::clone(&bench.stop);
    run_plan(plan, bench, &mut Silent, &stop)
}

fn resumed(plan: &Plan, bench: &mut Bounded) -> Result<Outcome, RunError> {
    let out = plan.out.as_deref().unwrap();
    let record = RunRecord::read(out).unwrap();
    let stop = Arc::clone(&bench.stop);
    let found = Resumed::of(plan, out, &record).unwrap_or_else(|why| panic!("{why}"));
    resume_plan(plan, found, bench, &mut Silent, &stop)
}

/// What the repetitions of a record found, and what their answers add up to; not what they cost.
fn found(record: &RunRecord) -> Vec<String> {
    let engines = record.cells.iter().flat_map(|cell| {
        let codes: Vec<_> = cell.warnings.iter().map(|warning| warning.code.as_str()).collect();
        cell.engines.iter().map(move |engine| {
            let each = engine
                .repetitions
                .iter()
                .map(|one| (one.rep, one.seed, one.trace_hash.clone(), one.result_latency.clone()));
            format!(
                "{} {} {codes:?} {:?} {:?} {:?}",
                cell.name,
                engine.label,
                each.collect::<Vec<_>>(),
                engine.merged_result_latency,
                engine.merged_event_latency
            )
        })
    });
    let codes = record.warnings.iter().map(|warning| warning.code.clone());
    // How busy the machine is, is nothing of the run's.
    codes.filter(|code| !code.starts_with("host::")).chain(engines).collect()
}

#[test]
fn a_run_that_was_cut_short_ends_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let whole = asked(&folder.path().join("whole"), "3");
    let mut bench = Bounded::new(None);
    let want = found(&ran(&whole, &mut bench).unwrap().record);
    let all = bench.orders;
    assert_eq!(all.len(), 12);
    for end in [End::Interrupt, End::Kill] {
        for after in [0, 1, 5, 11] {
            let plan = asked(&folder.path().join(format!("{end:?}-{after}")), "3");
            let mut first = Bounded::new(Some((after, end)));
            let came = ran(&plan, &mut first);
            assert_eq!(came.is_err(), matches!(end, End::Kill));
            assert!(came.ok().is_none_or(|outcome| outcome.record.interrupted));
            let left = RunRecord::read(plan.out.as_deref().unwrap()).unwrap();
            assert!(left.interrupted, "{end:?} after {after}: nobody was there to say it");

            let mut second = Bounded::new(None);
            let outcome = resumed(&plan, &mut second).unwrap();
            assert_eq!(
                second.orders,
                all[after..],
                "{end:?} after {after}: the rest, in its order"
            );
            assert!(!outcome.record.interrupted);
            assert_eq!(found(&outcome.record), want, "{end:?} after {after}");
            let written = RunRecord::read(plan.out.as_deref().unwrap()).unwrap();
            assert_eq!(found(&written), want, "{end:?} after {after}");
        }
    }
    // A run that is over has nothing to go on with: it ends as it ended.
    let mut none = Bounded::new(None);
    assert_eq!(found(&resumed(&whole, &mut none).unwrap().record), want);
    assert_eq!(none.orders, []);
}

#[test]
fn an_open_number_of_repetitions_is_decided_once_and_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let whole = asked(&folder.path().join("whole"), "2..4");
    let mut bench = Bounded::new(None);
    let want = ran(&whole, &mut bench).unwrap().record;
    let all = bench.orders;
    assert!(want.warnings.iter().any(|warning| warning.code == "run::not_known"));
    let plan = asked(&folder.path().join("cut"), "2..4");
    ran(&plan, &mut Bounded::new(Some((all.len() - 1, End::Interrupt)))).unwrap();
    let mut rest = Bounded::new(None);
    let outcome = resumed(&plan, &mut rest).unwrap();
    assert_eq!(rest.orders, all[all.len() - 1..]);
    assert_eq!(found(&outcome.record), found(&want));
    // Nothing is left, and nothing is said twice.
    let outcome = resumed(&plan, &mut Bounded::new(None)).unwrap();
    assert_eq!(found(&outcome.record), found(&want));
}

#[test]
fn an_input_that_has_changed_since_ends_the_run_and_is_not_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    let plan = asked(&folder.path().join("run"), "2");
    ran(&plan, &mut Bounded::new(Some((1, End::Kill)))).unwrap_err();
    let before = RunRecord::read(plan.out.as_deref().unwrap()).unwrap();
    let cells: Vec<_> = before.cells.iter().map(|cell| cell.name.clone()).collect();
    // The other engine of the same cell has the same seed.
    let mut rest = Bounded::new(None);
    resumed(&plan, &mut rest).unwrap();
    let other = rest.orders.iter().position(|(cell, _, rep)| *rep == 1 && cells.contains(cell));
    let plan = asked(&folder.path().join("again"), "2");
    ran(&plan, &mut Bounded::new(Some((1, End::Kill)))).unwrap_err();
    let mut bench = Bounded::new(Some((other.unwrap(), End::OtherInput)));
    let error = resumed(&plan, &mut bench).unwrap_err().to_string();
    assert!(error.contains("its trace has changed; run all of it again"), "{error}");
    let left = RunRecord::read(plan.out.as_deref().unwrap()).unwrap();
    let reps = left.cells.iter().flat_map(|cell| &cell.engines).flat_map(|e| &e.repetitions);
    assert_eq!(reps.count(), 1 + other.unwrap(), "what was finished is kept");
}

/// What is done to a plan or to a record, so that one is not that of the other.
type Change = fn(&mut Plan, &mut RunRecord);

#[test]
fn no_run_is_gone_on_with_that_another_plan_made() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let plan = asked(&out, "1");
    let record = ran(&plan, &mut Bounded::new(None)).unwrap().record;
    let changes: [(Change, &str); 9] = [
        (|plan, _| plan.name = "other".into(), "it is a run of `test`, not of `other`"),
        (|plan, _| plan.simulate = false, "its time was simulated, and not now"),
        (|plan, _| drop(plan.cells.pop()), "`two` is in it, which is not asked for now"),
        (|plan, _| plan.cells[0].resolved_toml = "x".into(), "the settings of `one` were others"),
        (|plan, _| drop(plan.cells[1].engines.pop()), "the engines on `two` were others"),
        (|_, record| record.host.cpu_model = "another".into(), "measured elsewhere (processor: "),
        (|_, record| record.started = "once".into(), "when it started cannot be read"),
        (|plan, _| plan.keep_results = true, "its answers were not kept (--keep-results)"),
        (|_, record| record.sweep = Some(Sweep::default()), "other points of a sweep, or none"),
    ];
    for (change, why) in changes {
        let (mut plan, mut record) = (plan.clone(), record.clone());
        change(&mut plan, &mut record);
        let refused = Resumed::of(&plan, &out, &record).map(drop).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    let log = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
    let log = log.filter(|path| path.extension().is_some_and(|ext| ext == "hlog")).min().unwrap();
    std::fs::remove_file(log).unwrap();
    let refused = Resumed::of(&plan, &out, &record).map(drop).unwrap_err();
    assert!(refused.contains("cannot be read") && refused.contains("whole folder"), "{refused}");
    assert!(record.cells.iter().flat_map(|cell| &cell.engines).all(|engine| {
        engine.repetitions.iter().all(|one| one.verdict.kind == VerdictKind::Verified)
    }));
}

const SMALL: &[&str] = &[
    "identity",
    "--simulate",
    "--rate",
    "1k/s",
    "--duration",
    "300ms",
    "--set",
    "measure.warm_up=0s",
];

#[test]
fn the_command_that_made_a_run_goes_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let call = |first: &[&str], more: &[&str]| said(folder.path(), &[first, SMALL, more].concat());
    assert_eq!(call(&["run"], &["--out", "out"]).exit, 0);
    let planned = call(&["plan"], &["--repeat", "3", "--resume", "out"]);
    assert_eq!(planned.exit, 0, "{planned}");
    assert!(planned.results.contains("finished  2 repetitions"), "{planned}");
    let gone_on = call(&["run"], &["--repeat", "3", "--resume", "out"]);
    assert_eq!(gone_on.exit, 0, "{gone_on}");
    assert!(
        gone_on.complaints.contains(
            "going on with out: 2 repetitions finished there, and it had come to its end"
        )
    );
    assert!(!gone_on.complaints.contains(" 1/3"), "{gone_on}");
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    let reps: Vec<_> = record.cells[0].engines.iter().map(|one| one.repetitions.len()).collect();
    assert_eq!(reps, [3, 3]);

    let mut all = String::new();
    for (first, more) in [
        ("run", &["--resume", "nowhere"][..]),
        ("run", &["--resume", "out", "--seed", "7"]),
        ("run", &["--resume", "out", "--engine", "per-event"]),
        ("plan", &["--resume", "out", "--seed", "7"]),
    ] {
        let refused = call(&[first], more);
        assert_eq!((refused.exit, refused.results.as_str()), (2, ""), "{refused}");
        all += &refused.complaints;
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_sweep_goes_on_where_it_was_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let swept = ["sweep", "identity", "interval=20ms,50ms"];
    let call = |more: &[&str]| said(folder.path(), &[&swept, &SMALL[1..], more].concat());
    assert_eq!(call(&["--out", "out"]).exit, 0);
    let out = folder.path().join("out");
    let mut record = RunRecord::read(&out).unwrap();
    let whole = found(&record);
    record.cells.pop();
    record.write(&out).unwrap();
    let gone_on = call(&["--resume", "out"]);
    assert_eq!(gone_on.exit, 0, "{gone_on}");
    assert_eq!(found(&RunRecord::read(&out).unwrap()), whole);
}
