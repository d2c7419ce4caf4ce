//! Searches for the limits of engines that are made up, for tests and for `cargo bench`.

use super::made_up::{MadeUp, Noise, noisy};
use crate::run::feed::Silent;
use crate::studies::limit::{Means, Options, PRECISION, Searched, Subject, find};
use reports::record::study::{Limit, LimitOutcome};
use settings::config::{self, Traces};
use settings::plan::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(super) fn options() -> Options {
    Options {
        slo: None,
        precision: PRECISION,
        window: Some(Duration::from_secs(10)),
        budget: Duration::from_hours(100),
        least: None,
        most: None,
        may_go_on: true,
    }
}

/// A cell with a micro-batch engine (interval 100 ms) and a per-event one, at 10,000 per second.
pub(super) fn cell(seed: u64) -> Cell {
    let given: Vec<_> = [
        ("seed", seed.to_string()),
        ("source.synthetic.rate", "10k/s".to_owned()),
        ("measure.warm_up", "1s".to_owned()),
        ("engine.micro-batch.interval", "100ms".to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| config::Given::set(format!("{key}={value}")))
    .collect();
    let loaded = config::load(&["identity".to_owned()], &given, &[], Traces::MayBeAbsent);
    let mut loaded = loaded.expect("a built-in scenario and settings that it has");
    loaded.cells.swap_remove(0)
}

/// Which engine of the cell it is.
pub(super) const MICRO_BATCH: usize = 0;
pub(super) const PER_EVENT: usize = 1;

pub(super) fn found(made_up: &mut MadeUp, cell: &Cell, engine: usize, options: &Options) -> Limit {
    resumed(made_up, cell, engine, options, None, usize::MAX)
}

/// Goes on behind the probes of `before`, and is interrupted after so many more.
pub(super) fn resumed(
    made_up: &mut MadeUp,
    cell: &Cell,
    engine: usize,
    options: &Options,
    before: Option<&Limit>,
    most: usize,
) -> Limit {
    let searched = Searched::of(cell).expect("a constant rate");
    let subject = Subject { cell, engine, searched, options };
    let clock = Arc::clone(&made_up.clock);
    let stop = AtomicBool::new(most == 0);
    let mut means = Means { bench: made_up, feed: &mut Silent, clock: &*clock, stop: &stop };
    let before = before.cloned().unwrap_or_else(|| subject.nothing());
    let mut kept = 0;
    find(&subject, &before, &mut means, &mut |limit, _| {
        kept += 1;
        assert_eq!(limit.probes.len(), before.probes.len() + kept, "each is kept at once");
        stop.store(kept >= most, Ordering::Relaxed);
        Ok(())
    })
    .expect("nothing is written")
}

/// How far the truth lies outside of what was found, as a share of it.
#[track_caller]
pub(super) fn off_by(limit: &Limit, truth: f64) -> f64 {
    assert_eq!(limit.outcome, LimitOutcome::Found, "{}", limit.text);
    let (Some(pass), Some(fail)) = (limit.pass_per_s, limit.fail_per_s) else {
        panic!("found without a bracket: {}", limit.text)
    };
    assert!(pass < fail, "{}", limit.text);
    (pass / truth - 1.0).max(1.0 - fail / truth).max(0.0)
}

/// How far off what was found is, for queues of a noisy service at rates between 20 and 200
/// thousand a second.
pub(super) fn service_rates(engine: usize, seeds: impl IntoIterator<Item = u64>) -> Vec<f64> {
    let off = seeds.into_iter().map(|seed| {
        let truth = 20_000.0 * (1.0 + 9.0 * Noise(seed).uniform());
        off_by(&found(&mut noisy(truth), &cell(seed), engine, &options()), truth)
    });
    off.collect()
}
