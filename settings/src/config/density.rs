//! How much event time passes in a second of the run.
//!
//! It goes with the clock, or with the events: then as much passes in a second as its events bring
//! with them, and a window holds as many of them at whichever rate. What a rate costs is then what its
//! events cost, as in a trace that is played faster; by the clock, a window holds ever more of them.

use super::diagnostic::Mistake;
use super::settings::{Settings, below};
use super::shape;
use crate::plan::{Cell, RateShape};

const PER_SECOND: &str = "event_time_per_second";
const PER_EVENT: &str = "event_time_per_event";

/// The most event time that passes in a second, in microseconds: as much as can be written.
const MOST_US: f64 = 584.0 * 365.0 * 86_400e6;

/// In microseconds. None where a key is missing that says it, or what they say is a mistake.
pub(super) fn event_us_per_second(settings: &Settings) -> Option<i64> {
    let source = settings.picked("source")?.path;
    if source == "source.trace" {
        return Some(rounded(settings.number("source.trace.speed")? * 1e6));
    }
    match settings.event_time(&below(source, PER_EVENT)) {
        None => settings.event_time(&below(source, PER_SECOND)),
        Some(us) => match shape::rate(settings, source)? {
            RateShape::Constant { per_second } => with_events(us, per_second),
            _ => None,
        },
    }
}

/// As much as that many events bring with them, if it can be counted.
fn with_events(us_per_event: i64, events_per_second: f64) -> Option<i64> {
    let us = us_per_event as f64 * events_per_second;
    (1.0..=MOST_US).contains(&us).then(|| rounded(us))
}

#[expect(clippy::cast_possible_truncation, reason = "stops at the ends, and is rounded")]
fn rounded(us: f64) -> i64 {
    us.round() as i64
}

/// The path of the key that says it.
pub(super) fn said_by(settings: &Settings) -> String {
    match settings.picked("source").map(|source| source.path) {
        Some("source.trace") | None => "source.trace.speed".to_owned(),
        Some(source) => {
            let per_event = below(source, PER_EVENT);
            if settings.has(&per_event) { per_event } else { below(source, PER_SECOND) }
        }
    }
}

/// Where what is said of it contradicts itself, or the rate.
pub(super) fn contradictions(settings: &Settings, mistakes: &mut Vec<Mistake>) {
    let Some(source) = settings.picked("source").map(|source| source.path) else { return };
    let [per_event, per_second, rate] =
        [PER_EVENT, PER_SECOND, "rate"].map(|key| below(source, key));
    let Some(us) = settings.event_time(&per_event) else { return };
    let conflict = |message: &str| Mistake::new("config::conflict", message);
    if settings.has(&per_second) {
        mistakes.push(
            conflict("it is said twice how much event time passes")
                .at(settings.key_place(&per_second), "by the clock")
                .at(settings.key_place(&per_event), "by the event")
                .help("keep one of them"),
        );
        return;
    }
    let Some(shape) = shape::rate(settings, source) else { return };
    let RateShape::Constant { per_second } = shape else {
        mistakes.push(
            conflict("event time goes with the events, and their rate changes")
                .at(settings.key_place(&per_event), "by the event")
                .at(settings.place(&rate), "rate")
                .help(format!(
                    "say {PER_SECOND} in place of {PER_EVENT}, or make the rate constant"
                )),
        );
        return;
    };
    if with_events(us, per_second).is_none() {
        mistakes.push(
            conflict(
                "so much event time with each event is less than a microsecond in a second of \
                      the run, or more than 584 years",
            )
            .at(settings.place(&per_event), "by the event")
            .at(settings.place(&rate), "rate")
            .help(format!("say another {PER_EVENT}")),
        );
    }
}

impl Cell {
    /// Whether event time goes with the events, so that it passes faster at a higher rate.
    pub fn event_time_goes_with_events(&self) -> bool {
        let is_said = |source: &str| self.settings.cell.contains_key(&below(source, PER_EVENT));
        ["source.synthetic", "source.words"].into_iter().any(is_said)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Given, Traces};
    use crate::plan::settings::Typed;
    use crate::plan::{Cell, Load, RateShape};
    use proptest::prelude::*;
    use scenarios::spec::{QuerySpec, WorkloadSpec};

    fn cell(scenario: &str, settings: &[&str]) -> Result<Cell, String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        config::load(&[scenario.to_owned()], &given, &[], Traces::MayBeAbsent)
            .map(|mut loaded| loaded.cells.swap_remove(0))
            .map_err(|rejected| rejected.to_string())
    }

    fn us_per_second(cell: &Cell) -> i64 {
        match &cell.case.workload {
            WorkloadSpec::Synthetic(made) => made.event_us_per_second,
            WorkloadSpec::Words(made) => made.event_us_per_second,
            WorkloadSpec::Trace(_) => panic!("it is made up"),
        }
    }

    /// How many events are due while a window slides.
    fn events_per_slide(cell: &Cell) -> f64 {
        let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } = cell.load else {
            panic!("a constant rate")
        };
        let QuerySpec::Window { window, .. } = &cell.case.query else { panic!("windows") };
        per_second * window.slide() as f64 / us_per_second(cell) as f64
    }

    proptest! {
        #[test]
        fn a_slide_holds_as_many_events_at_every_rate(rate in 1.0_f64..1e9) {
            let own = cell("hour-by-second", &[]).unwrap();
            let faster = own.altered(&[("rate", Typed::Rate(rate))]).unwrap();
            let [before, now] = [&own, &faster].map(events_per_slide);
            prop_assert!((now / before - 1.0).abs() < 1e-5, "{now} at {rate}/s, {before} before");
            prop_assert!(own.event_time_goes_with_events());
            // From its settings it is made again as it is, in whichever process.
            prop_assert_eq!(Cell::of_settled(&faster.settings), Some(faster));
        }
    }

    #[test]
    fn by_the_clock_a_slide_holds_ever_more() {
        let second = "source.synthetic.event_time_per_second=1000s";
        let own = cell("hour-by-second", &[second]).unwrap();
        assert_eq!(us_per_second(&own), 1_000_000_000, "it takes the place of the other");
        assert_eq!(us_per_second(&cell("hour-by-second", &[]).unwrap()), 1_000_000_000);
        assert!(!own.event_time_goes_with_events());
        let faster = own.altered(&[("rate", Typed::Rate(20e3))]).unwrap();
        assert!((events_per_slide(&faster) / events_per_slide(&own) - 10.0).abs() < 1e-9);
        let event = "source.words.event_time_per_event=2ms";
        assert_eq!(us_per_second(&cell("word-count", &[event]).unwrap()), 20_000_000);
    }

    #[test]
    fn what_contradicts_the_rate_is_refused() {
        let burst = "source.synthetic.rate={ shape = \"burst\", base = \"1k/s\", peak = \"9k/s\", \
                     every = \"2s\", lasts = \"1s\" }";
        for (settings, said) in [
            (&[burst][..], "their rate changes"),
            (&["source.synthetic.event_time_per_event=9y"], "more than 584 years"),
            (
                &["source.synthetic.event_time_per_event=1us", "rate=0.4/s"],
                "less than a microsecond",
            ),
        ] {
            let refused = cell("hour-by-second", settings).unwrap_err();
            assert!(refused.contains(said), "{settings:?}: {refused}");
        }
        let twice = "name = \"both\"\n[source.synthetic]\nrate = \"1k/s\"\n\
                     event_time_per_second = \"1s\"\nevent_time_per_event = \"1ms\"\n\
                     [query.identity]\n[engine.per-event]\n";
        let refused = config::of_text(twice).unwrap_err().to_string();
        assert!(refused.contains("it is said twice how much event time passes"), "{refused}");
    }
}
