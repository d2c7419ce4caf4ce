//! Whether an answer would be another one on a day on which the machine is slower as a whole, or quicker.
//!
//! Costs are compared by their ratios, which such a day leaves alone. Whether a demand is held is no
//! ratio: who holds it by less than days differ may miss it on the next, and who misses it by less may
//! hold it. What an answer waits for by the clock, as for the end of a batch, takes as long on any day.

use super::cost::Lead;
use super::decision::{Decision, Place};
use super::entry::Entry;
use super::holding::{Held, Met};
use crate::judge::interval_wait::IntervalWait;
use crate::judge::summary::{Standing, standing};
use crate::quantity;
use statistics::Better;

/// So many times as long a machine may take for its work on one day as on another: it is one of several
/// on a host, or warm.
pub(super) const DAYS: f64 = 1.3;

/// Whether who is advised might miss what is demanded on another day; or whether somebody might hold it
/// then who is not surely dearer, or anybody, where nobody does.
pub(super) fn is_at_the_edge(entries: &[Entry<'_>], decision: &Decision) -> bool {
    let might_win = |(at, entry): (usize, &Entry<'_>)| {
        let is_out = matches!(decision.places[at], Place::Misses | Place::NotSure);
        let is_dearer =
            decision.against[at].as_ref().is_some_and(|against| against.lead == Lead::Beyond);
        is_out && !(decision.winner.is_some() && is_dearer) && holds(entry, 1.0 / DAYS)
    };
    decision.winner.is_some_and(|winner| !holds(&entries[winner], DAYS))
        || entries.iter().enumerate().any(might_win)
}

/// Why an answer is at the edge, in a sentence.
pub(super) fn doubt() -> String {
    format!(
        "Where this machine is slower, or quicker, by {} as a whole, as it may be on another day, the \
         answer is another one: somebody holds what is demanded, or misses it, by less than that.",
        quantity::tick(&quantity::fraction(DAYS - 1.0))
    )
}

/// Whether an engine would hold what is demanded where its work took so many times as long.
fn holds(entry: &Entry<'_>, times: f64) -> bool {
    let keeps_up = match standing(entry.engine) {
        Standing::Fit => entry.headroom.is_none_or(|room| !room.is_told || room.pass >= times),
        Standing::NotSustained => entry.headroom.is_some_and(|room| room.pass >= times),
        _ => false,
    };
    let wait_ns = IntervalWait::of(entry.engine).map_or(0.0, IntervalWait::most_ns);
    let is_held = |held: &Held| {
        if held.demand.metric.better != Better::Lower {
            return held.met == Met::Surely;
        }
        let figure = if times > 1.0 { held.worst() } else { held.best() };
        figure.is_some_and(|figure| {
            let wait = wait_ns.min(figure);
            wait + (figure - wait) * times <= held.demand.bound
        })
    };
    keeps_up && entry.holding.held.iter().all(is_held)
}

#[cfg(test)]
mod tests {
    use crate::judge::advice::{Confidence, Evidence, advise};
    use crate::sample::advice::{Asked, clear, nobody};

    /// How sure an answer is where this was changed of an engine: how many times as long its latencies
    /// are, and how long its batches.
    #[track_caller]
    fn check(asked: Asked, (engine, times, interval_s): (usize, f64, f64), want: Confidence) {
        let (record, mut runs) = asked;
        let (_, compared) = &mut runs[2];
        let engine = &mut compared.cells[0].engines[engine];
        engine.interval_s = Some(interval_s);
        for repetition in &mut engine.repetitions {
            crate::sample::pair::scaled(repetition.result_latency.as_mut().unwrap(), times);
        }
        let advice = advise(&Evidence { record, runs });
        assert_eq!(advice.confidence, want, "{}", advice.sentences[0].text);
        assert!(advice.sentences[0].text.to_lowercase().starts_with(want.words()));
        let is_told = advice.doubts.iter().any(|doubt| doubt.contains("by 30 % as a whole"));
        assert_eq!(is_told, want == Confidence::AtTheEdge, "{:?}", advice.doubts);
    }

    #[test]
    fn who_holds_by_less_than_days_differ_is_at_the_edge_unless_it_waits_by_the_clock() {
        // Flink answers within 12 ms where 500 are allowed.
        check(clear(), (1, 1.0, 0.0), Confidence::Certain);
        check(clear(), (1, 35.0, 0.0), Confidence::AtTheEdge);
        check(clear(), (1, 35.0, 0.4), Confidence::Certain);
    }

    #[test]
    fn a_wait_for_a_trigger_is_one_by_the_clock() {
        let of = |trigger_s| {
            let (record, mut runs) = clear();
            let engine = &mut runs[2].1.cells[0].engines[1];
            (engine.interval_s, engine.trigger_s) = (None, trigger_s);
            for repetition in &mut engine.repetitions {
                crate::sample::pair::scaled(repetition.result_latency.as_mut().unwrap(), 35.0);
            }
            advise(&Evidence { record, runs }).confidence
        };
        assert_eq!([of(None), of(Some(0.4))], [Confidence::AtTheEdge, Confidence::Certain]);
    }

    #[test]
    fn who_misses_by_less_than_days_differ_may_win_another_day_unless_it_is_dearer() {
        // Storm misses by a quarter, and needs more than twice as much.
        check(clear(), (3, 1.0, 0.0), Confidence::Certain);
        // Nobody answers within 8 ms; flink within 12, or 9.6.
        check(nobody(), (1, 0.8, 0.0), Confidence::Certain);
        // Nor does it sustain the rate, as far as a search says.
        let (record, mut runs) = nobody();
        runs.truncate(3);
        check((record.clone(), runs.clone()), (1, 1.0, 0.0), Confidence::Certain);
        check((record, runs), (1, 0.8, 0.0), Confidence::AtTheEdge);
    }
}
