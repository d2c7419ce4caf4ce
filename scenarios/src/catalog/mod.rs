//! The one place where names become types.
//!
//! A [`CaseSpec`] says in plain values what shall run; [`visit`] turns it into a scenario and a
//! workload and hands both to a [`Visitor`], because a plan is generic and so a scenario cannot
//! be a trait object. Nothing is parsed here but a trace: how a scenario file spells these
//! things belongs to the harness.

mod check;

use crate::questions::{
    Identity, KeyedCount, KeyedJoin, KeyedSession, KeyedSilence, KeyedWindow, WordCount,
    WordsCounted,
};
use crate::scenario::Scenario;
use crate::spec::{CaseSpec, QuerySpec, WorkloadSpec};
use crate::workload::{
    KeyLabels, Keyed, KeyedEvent, Padded, Synthetic, Trace, TraceError, Words, Workload,
};

/// The scenario files that are compiled in, so that `run NAME` works anywhere: name and text.
pub const SCENARIOS: &[(&str, &str)] = &[
    ("identity", include_str!("../../suites/identity.toml")),
    ("word-count", include_str!("../../suites/word-count.toml")),
    ("keyed-window", include_str!("../../suites/keyed-window.toml")),
    ("hour-by-second", include_str!("../../suites/hour-by-second.toml")),
    ("sessions", include_str!("../../suites/sessions.toml")),
    ("word-count-10", include_str!("../../suites/word-count-10.toml")),
    ("silent-meters", include_str!("../../suites/silent-meters.toml")),
    ("ad-clicks", include_str!("../../suites/ad-clicks.toml")),
    ("rides-by-window", include_str!("../../suites/rides-by-window.toml")),
    ("flight-departures", include_str!("../../suites/flight-departures.toml")),
    ("retail-revenue", include_str!("../../suites/retail-revenue.toml")),
];

/// The suites that are compiled in: name and text.
pub const SUITES: &[(&str, &str)] = &[
    ("quick", include_str!("../../suites/quick.toml")),
    ("standard", include_str!("../../suites/standard.toml")),
    ("real", include_str!("../../suites/real.toml")),
    ("windows", include_str!("../../suites/windows.toml")),
    ("shapes", include_str!("../../suites/shapes.toml")),
];

/// Takes a scenario and its workload, whatever their types.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Called once, by [`visit`].
    fn visit<S: Scenario, W: Workload<Event = S::Event>>(
        self,
        scenario: S,
        workload: W,
    ) -> Self::Output;
}

/// Why a case cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It contradicts itself, see [`CaseSpec::check`].
    #[error("{0}")]
    Invalid(String),
    /// Its trace cannot be used.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// Makes the scenario and the workload of `case`, and shows them to `visitor`. Reads the trace,
/// if it is one.
pub fn visit<V: Visitor>(case: &CaseSpec, seed: u64, visitor: V) -> Result<V::Output, CaseError> {
    case.check().map_err(CaseError::Invalid)?;
    match (&case.workload, &case.query) {
        (WorkloadSpec::Words(words), QuerySpec::WordCount { window }) => {
            Ok(visitor.visit(WordCount::new(*window), Words::new(words, seed)))
        }
        (WorkloadSpec::Words(words), QuerySpec::Counted { count, .. }) => {
            Ok(visitor.visit(WordsCounted::new(*count), Words::new(words, seed)))
        }
        (WorkloadSpec::Synthetic(spec), query) if spec.payload_bytes == 0 => {
            let workload = Synthetic::<Keyed>::new(spec, seed);
            visit_keyed(query, KeyLabels::Rank, spec.decimals, workload, visitor)
        }
        (WorkloadSpec::Synthetic(spec), query) => {
            let workload = Synthetic::<Padded<32>>::new(spec, seed);
            visit_keyed(query, KeyLabels::Rank, spec.decimals, workload, visitor)
        }
        (WorkloadSpec::Trace(spec), query) => {
            let trace = Trace::load(spec)?;
            visit_keyed(query, trace.labels(), trace.decimals(), trace, visitor)
        }
        (WorkloadSpec::Words(_), _) => Err(CaseError::Invalid(check::ONLY_WORDS.to_string())),
    }
}

fn visit_keyed<V: Visitor, W: Workload<Event: KeyedEvent>>(
    query: &QuerySpec,
    labels: KeyLabels,
    decimals: u8,
    workload: W,
    visitor: V,
) -> Result<V::Output, CaseError> {
    match query {
        QuerySpec::Identity => Ok(visitor.visit(Identity::new(labels, decimals), workload)),
        QuerySpec::Window { window, aggregates, keyed } => {
            let labels = if *keyed { labels } else { KeyLabels::Global };
            let scenario = KeyedWindow::new(*window, aggregates.clone(), labels, decimals);
            Ok(visitor.visit(scenario, workload))
        }
        QuerySpec::Session { session, aggregates, keyed } => {
            let labels = if *keyed { labels } else { KeyLabels::Global };
            let scenario = KeyedSession::new(*session, aggregates.clone(), labels, decimals);
            Ok(visitor.visit(scenario, workload))
        }
        QuerySpec::Counted { count, aggregates, keyed } => {
            let labels = if *keyed { labels } else { KeyLabels::Global };
            let scenario = KeyedCount::new(*count, aggregates.clone(), labels, decimals);
            Ok(visitor.visit(scenario, workload))
        }
        QuerySpec::Silence { silence, aggregates } => {
            let scenario = KeyedSilence::new(*silence, aggregates.clone(), labels, decimals);
            Ok(visitor.visit(scenario, workload))
        }
        QuerySpec::Join { join, left_below } => {
            let unit = 10_i64.saturating_pow(decimals.into());
            let left_below = left_below.saturating_mul(unit);
            Ok(visitor.visit(KeyedJoin::new(*join, left_below, labels, decimals), workload))
        }
        QuerySpec::WordCount { .. } => Err(CaseError::Invalid(check::NEEDS_WORDS.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_beside_the_code_is_compiled_in_under_its_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/suites");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let names = SCENARIOS.iter().chain(SUITES).map(|(name, _)| format!("{name}.toml"));
        assert_eq!(names.collect::<BTreeSet<_>>(), files);
    }

    #[test]
    fn a_file_is_named_as_it_names_itself() {
        for (name, text) in SCENARIOS.iter().chain(SUITES) {
            let line = format!("name = \"{name}\"");
            assert!(text.lines().any(|text| text == line), "{name}.toml has no line {line}");
        }
    }
}
