//! The engine and the reference agree on random inputs, whatever the engine's settings.

use super::support::{
    Event, Listed, at_ms, config, event, over_batches, run, sums, us, with_value,
};
use engines::micro_batch::MicroBatchConfig;
use engines::reference::{Arrived, meaning, meaning_aligned};
use engines::{
    Algorithm, Alignment, CountAndSum, Dataflow, Moment, Stamped, Summarise, Timestamp, WindowSpec,
    Windowed,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One random run.
#[derive(Clone, Debug)]
struct Trial {
    partitions: Vec<Vec<Stamped<Event>>>,
    watermark_every: usize,
    bound_us: i64,
    interval_ms: u64,
    /// In intervals, so that both kinds of windows can have them.
    size: i64,
    slide: i64,
    lateness_us: i64,
    algorithm: Algorithm,
    parallelism: usize,
    simulate: Option<u64>,
}

impl Trial {
    fn window(&self) -> WindowSpec {
        let interval_us = i64::try_from(self.interval_ms).unwrap() * 1_000;
        WindowSpec::sliding(self.size * interval_us, self.slide * interval_us).unwrap()
    }

    fn sources(&self) -> Vec<Listed<Event>> {
        let of = |part: &Vec<_>| Listed::new(part.clone(), self.watermark_every, self.bound_us);
        self.partitions.iter().map(of).collect()
    }

    fn config(&self) -> MicroBatchConfig {
        MicroBatchConfig {
            algorithm: self.algorithm,
            simulate: self.simulate,
            ..config(self.parallelism, self.interval_ms)
        }
    }

    /// The watermark in force for what is due at `due`: that after the batch before.
    fn in_force(&self, sources: &[Listed<Event>], due: Moment) -> Timestamp {
        let began_ms = due.as_nanos() / 1_000_000 / self.interval_ms * self.interval_ms;
        if began_ms == 0 {
            return Timestamp::BEFORE_ALL;
        }
        let standings = sources.iter().map(|source| source.standing(at_ms(began_ms)));
        let merged = standings.map(|(mark, ended)| if ended { Timestamp::AFTER_ALL } else { mark });
        merged.min().unwrap_or(Timestamp::AFTER_ALL)
    }

    fn arrived(&self, over_batches: bool) -> Vec<Arrived<Event>> {
        let sources = self.sources();
        let arrived = |record: &Stamped<Event>| {
            let began_ms = record.due.as_nanos() / 1_000_000 / self.interval_ms * self.interval_ms;
            if over_batches && record.event_time.is_acceptable() {
                let event_time = us(i64::try_from(began_ms).unwrap() * 1_000);
                let record = Stamped { event_time, ..*record };
                return Arrived { record, watermark: Timestamp::BEFORE_ALL };
            }
            Arrived { record: *record, watermark: self.in_force(&sources, record.due) }
        };
        sources.iter().flat_map(Listed::records).map(arrived).collect()
    }
}

fn events(most: usize) -> impl Strategy<Value = Vec<Stamped<Event>>> {
    let time = prop_oneof![
        60 => (-40_000_i64..0).prop_map(Some),
        30 => (-3_000_i64..3_000).prop_map(Some),
        1 => Just(None),
    ];
    let one = (0_u64..8, time, 0_u32..5, -9_i64..10);
    // Many equal records in a row make the map side combine.
    let copies = prop::sample::select(vec![1, 1, 40]);
    (prop::collection::vec(one, 0..most), copies).prop_map(|(events, copies)| {
        let mut due_ms = 0;
        events
            .into_iter()
            .map(|(gap_ms, delay, key, value)| {
                due_ms += if gap_ms == 7 { 60 } else { gap_ms / 3 };
                let on_time = i64::try_from(due_ms).expect("a test is short") * 1_000;
                event(due_ms, delay.map_or(i64::MIN, |delay| on_time + delay), key, value)
            })
            .flat_map(|event| std::iter::repeat_n(event, copies))
            .collect()
    })
}

fn trials() -> impl Strategy<Value = Trial> {
    let input = (prop::collection::vec(events(120), 0..4), 1_usize..9, 0_i64..30_000);
    let cut = (1_u64..12, 1_i64..7, 1_i64..7, prop_oneof![Just(0), 0_i64..20_000]);
    let algorithm = prop::sample::select(vec![
        Algorithm::Auto,
        Algorithm::Recompute,
        Algorithm::Slices,
        Algorithm::SubtractOnEvict,
        Algorithm::TwoStacks,
    ]);
    let engine = (algorithm, prop::sample::select(vec![1_usize, 2, 7]), any::<Option<u64>>());
    (input, cut, engine).prop_map(
        |(
            (partitions, watermark_every, bound_us),
            (interval_ms, size, slide, lateness_us),
            (algorithm, parallelism, simulate),
        )| Trial {
            partitions,
            watermark_every,
            bound_us,
            interval_ms,
            size,
            slide,
            lateness_us,
            algorithm,
            parallelism,
            simulate,
        },
    )
}

/// The last answer of each key and window, with when it was due.
fn last_values<V: Clone>(
    answers: impl IntoIterator<Item = Stamped<Windowed<u32, V>>>,
) -> BTreeMap<(i64, u32), (Moment, V)> {
    answers
        .into_iter()
        .map(|answer| {
            let Windowed { window, key, value } = answer.value;
            ((window.start.as_micros(), key), (answer.due, value))
        })
        .collect()
}

proptest! {
    #[test]
    fn windows_over_event_time_agree(trial in trials()) {
        let window = trial.window().with_allowed_lateness(trial.lateness_us).unwrap();
        let ran = run(trial.config(), |flow, events| sums(flow, events, window), trial.sources()).unwrap();
        let means = meaning(|flow, events| sums(flow, events, window), trial.arrived(false)).unwrap();
        if trial.lateness_us == 0 {
            prop_assert_eq!(ran.emitted.len(), means.answers.len(), "each answer once");
        }
        let emitted = ran.emitted.into_iter().map(|(_, answer, _)| answer);
        prop_assert_eq!(last_values(emitted), last_values(means.answers));
        prop_assert_eq!(ran.tally.rejected, means.rejected);
        let (counts, seen) = (ran.tally.windows[0], means.windows[0]);
        prop_assert_eq!(counts.accepted, seen.accepted);
        prop_assert_eq!(counts.late, seen.late);
        prop_assert_eq!(counts.partly_late, seen.partly_late);
        prop_assert_eq!(counts.missed_windows, seen.missed_pairs);
    }

    #[test]
    fn windows_over_batches_agree(trial in trials()) {
        let window = trial.window();
        let config = over_batches(trial.config(), 0);
        let ran = run(config, |flow, events| sums(flow, events, window), trial.sources()).unwrap();
        let plan = |flow: &mut _, events| sums(flow, events, window);
        let means = meaning_aligned(plan, Alignment::Ends, trial.arrived(true)).unwrap();
        prop_assert_eq!(ran.emitted.len(), means.answers.len(), "each answer once");
        for (_, answer, emitted) in &ran.emitted {
            let complete_ms = u64::try_from(answer.value.window.end.as_micros()).unwrap() / 1_000;
            prop_assert!(*emitted <= at_ms(complete_ms), "a window fires when its last batch closes");
            let slide_ms = u64::try_from(window.slide()).unwrap() / 1_000;
            prop_assert_eq!(complete_ms % slide_ms, 0, "windows end every slide");
        }
        let emitted = ran.emitted.into_iter().map(|(_, answer, _)| answer);
        prop_assert_eq!(last_values(emitted), last_values(means.answers));
        prop_assert_eq!(ran.tally.windows[0].late, 0);
    }

    #[test]
    fn aggregations_of_aggregations_agree(trial in trials(), batches in any::<bool>()) {
        fn plan<F: Dataflow>(
            flow: &mut F,
            events: F::Stream<Event>,
            window: WindowSpec,
        ) -> F::Stream<Windowed<u32, i64>> {
            let (events, plain) = flow.fork(events);
            let first = sums(flow, events, window);
            let (first, shown) = flow.fork(first);
            let spread = flow.aggregate(
                first,
                |answer| answer.key % 2 + 10,
                |answer| answer.value,
                WindowSpec::sliding(window.slide() * 4, window.slide() * 2).unwrap(),
                Summarise,
            );
            let spread = flow.map(spread, |answer| with_value(&answer, answer.value.max - answer.value.min));
            let plain = flow.map(plain, |(key, value)| (key + 20, 3 * value));
            let again = flow.map(shown, |answer| (answer.key, answer.value));
            let both = flow.union(plain, again);
            let total = flow.aggregate(both, |(key, _)| *key + 30, |(_, value)| *value, window, CountAndSum);
            let total = flow.map(total, |answer| with_value(&answer, answer.value.sum));
            flow.union(spread, total)
        }
        let window = trial.window();
        // Not every aggregate of this plan has an inverse.
        let algorithm = match trial.algorithm {
            Algorithm::SubtractOnEvict => Algorithm::Auto,
            other => other,
        };
        let trial = Trial { algorithm, ..trial };
        let config = if batches { over_batches(trial.config(), 0) } else { trial.config() };
        let ran = run(config, |flow, events| plan(flow, events, window), trial.sources()).unwrap();
        let alignment = if batches { Alignment::Ends } else { Alignment::Starts };
        let means =
            meaning_aligned(|flow, events| plan(flow, events, window), alignment, trial.arrived(batches))
                .unwrap();
        prop_assert_eq!(ran.emitted.len(), means.answers.len(), "each answer once");
        let emitted = ran.emitted.into_iter().map(|(_, answer, _)| answer);
        prop_assert_eq!(last_values(emitted), last_values(means.answers));
        let accepted: Vec<u64> = ran.tally.windows.iter().map(|counts| counts.accepted).collect();
        let want: Vec<u64> = means.windows.iter().map(|seen| seen.accepted).collect();
        prop_assert_eq!(accepted, want);
    }
}
