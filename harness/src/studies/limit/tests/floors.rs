//! The floor behind a search: at a tenth of what was found, and of engines that have one alone.

use super::made_up::{MadeUp, noisy};
use super::searches::options;
use crate::run::Outcome;
use crate::run::feed::Silent;
use crate::studies::limit::{LimitPlan, run_limit};
use reports::RunRecord;
use settings::config::{self, Given, Traces};
use settings::plan::{Floors, Format, Plan, Repeat};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn plan(floors: Floors, out: &Path) -> LimitPlan {
    let given = ["source.synthetic.rate=10k/s", "measure.warm_up=1s"];
    let given: Vec<_> = given.map(Given::set).into();
    let engines = ["flink".to_owned(), "per-event".to_owned()];
    let loaded = config::load(&["keyed-window".to_owned()], &given, &engines, Traces::MayBeAbsent);
    let loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
    let plan = Plan {
        name: loaded.name,
        title: loaded.title,
        cells: loaded.cells,
        out: Some(out.to_owned()),
        keep_results: false,
        simulate: false,
        floors,
        repeat: Repeat::times(1),
        format: Format::Text,
        command: String::new(),
        strict: false,
        sweep: None,
        left_out: Vec::new(),
    };
    LimitPlan { plan, options: options(), resume: None }
}

fn searched(made_up: &mut MadeUp, plan: &LimitPlan) -> Outcome {
    let (clock, stop) = (Arc::clone(&made_up.clock), AtomicBool::new(false));
    run_limit(plan, made_up, &mut Silent, &*clock, &stop).unwrap()
}

#[test]
fn it_is_asked_nothing_at_a_tenth_of_what_it_sustained() {
    let folder = tempfile::tempdir().unwrap();
    let mut made_up = noisy(80_000.0);
    let plan = plan(Floors::Measured, &folder.path().join("out"));
    let Outcome { record, folder, .. } = searched(&mut made_up, &plan);
    let engine = |name: &str| {
        record.cells[0].engines.iter().find(|engine| engine.label == name).unwrap().clone()
    };
    let pass = engine("flink").limit.unwrap().pass_per_s.unwrap();
    let floor = engine("flink").floor.unwrap();
    assert!((floor.rate_per_s - pass / 10.0).abs() < 1e-6, "{floor:?} of {pass}");
    assert_eq!(floor.why, "a tenth of what it sustained");
    assert!(floor.p50_ns > 0 && engine("per-event").floor.is_none(), "ours has no way to go");
    let asked = |made_up: &MadeUp| {
        made_up.ordered.iter().filter(|(rate, _)| (rate - pass / 10.0).abs() < 1e-6).count()
    };
    assert_eq!(asked(&made_up), 1);
    let told = reports::text::limit::terminal(&record);
    assert!(told.contains("is the way there and back"), "{told}");

    // Whoever goes on with it has it already.
    let again = LimitPlan { resume: Some((folder, record.clone())), ..plan };
    let ended = searched(&mut made_up, &again);
    assert_eq!(asked(&made_up), 1, "{:?}", made_up.ordered);
    // What is not a number is none in either.
    let engines = |record: &RunRecord| serde_json::to_value(&record.cells[0].engines).unwrap();
    assert_eq!(engines(&ended.record), engines(&record));
}

#[test]
fn where_there_is_none_it_is_said_why() {
    let folder = tempfile::tempdir().unwrap();
    let without = plan(Floors::LeftOut, &folder.path().join("without"));
    let record = searched(&mut noisy(40_000.0), &without).record;
    assert!(record.cells[0].engines.iter().all(|engine| engine.floor.is_none()));
    assert!(!record.warnings.iter().any(|warning| warning.code == "run::no_floor"));

    // Nothing was sustained, of which there could be a tenth.
    let wrong = plan(Floors::Measured, &folder.path().join("wrong"));
    let record = searched(&mut MadeUp { is_wrong: true, ..noisy(40_000.0) }, &wrong).record;
    assert!(record.cells[0].engines.iter().all(|engine| engine.floor.is_none()));
}
