//! What a trace is like, and the synthetic source that is most like it.
//!
//! Times are those of the trace, in seconds since its first arrival. Where a known law is close
//! enough it is taken, since a reader learns more from an exponent than from a table; where none
//! is, quantiles are. It writes nothing.

use super::keys::Keys;
use instrument::load::schedule::Schedule;
use scenarios::Workload;
use scenarios::spec::WorkloadSpec;
use scenarios::workload::{Keyed, Synthetic, Trace};
use settings::plan::{Cell, Load};
use std::collections::HashMap;
use std::time::Duration;

/// What is seen of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// When events arrive, ascending from the first.
    pub arrivals_s: Vec<f64>,
    /// How much older than its arrival each event is, in microseconds.
    pub delays_us: Vec<i64>,
    /// How many events each key has, the most frequent first.
    pub key_counts: Vec<u64>,
    /// Their values, in units of 10^-decimals.
    pub values: Vec<i64>,
    /// How many digits of a value stand behind its point.
    pub decimals: u8,
}

impl Observed {
    /// A whole trace, replayed at its own speed.
    pub fn of_trace(trace: &Trace) -> Self {
        let numbers = 0..trace.len().unwrap_or(0);
        let dues = numbers.filter_map(|n| trace.due(n).map(|due| (n, due)));
        let events = dues.map(|(n, due)| (due.as_nanos() as f64 / 1e9, trace.event(n, due)));
        let clock = trace.arrival_clock();
        Self::of(
            events.map(|(at_s, event)| {
                let delay = clock.at(event.due).as_micros() - event.event_time.as_micros();
                (at_s, delay, event.value)
            }),
            trace.decimals(),
        )
    }

    /// The first so many events of a made-up source, of which a second of the run stands for
    /// `speed` seconds.
    pub fn of_cell(cell: &Cell, events: usize, speed: f64) -> Self {
        let (WorkloadSpec::Synthetic(spec), Load::Synthetic { rate, arrivals }) =
            (&cell.case.workload, &cell.load)
        else {
            return Self::of(std::iter::empty(), 0);
        };
        let schedule = Schedule::of(rate, arrivals, cell.seed, Duration::MAX);
        let workload = Synthetic::<Keyed>::new(spec, cell.seed);
        let clock = workload.arrival_clock();
        let events = (0..).zip(schedule.dues(|_| None)).take(events).map(|(n, arrival)| {
            let event = workload.event(n, arrival.sent);
            let delay = clock.at(arrival.due).as_micros() - event.event_time.as_micros();
            (arrival.due.as_nanos() as f64 / 1e9 * speed, delay, event.value)
        });
        Self::of(events, spec.decimals)
    }

    fn of(events: impl Iterator<Item = (f64, i64, Keyed)>, decimals: u8) -> Self {
        let mut seen = Self {
            arrivals_s: Vec::new(),
            delays_us: Vec::new(),
            key_counts: Vec::new(),
            values: Vec::new(),
            decimals,
        };
        let mut counts: HashMap<u64, u64> = HashMap::new();
        for (at_s, delay_us, Keyed { key, value }) in events {
            seen.arrivals_s.push(at_s);
            seen.delays_us.push(delay_us);
            seen.values.push(value);
            *counts.entry(key).or_default() += 1;
        }
        let first = seen.arrivals_s.first().copied().unwrap_or(0.0);
        seen.arrivals_s.iter_mut().for_each(|at_s| *at_s -= first);
        // How often, and not who: the order of the map does not come through.
        seen.key_counts = counts.into_values().collect();
        seen.key_counts.sort_unstable_by(|a, b| b.cmp(a));
        seen
    }

    /// From the first arrival to the last, in seconds.
    pub fn span_s(&self) -> f64 {
        self.arrivals_s.last().copied().unwrap_or(0.0)
    }

    /// From each event to the next, in seconds.
    pub fn gaps_s(&self) -> Vec<f64> {
        self.arrivals_s.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

/// The settings of a source that resembles what was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// How the rate changes.
    pub rhythm: Rhythm,
    /// Quantiles of the gaps that are not nothing, once the rhythm is taken out, and the share of
    /// those that are; `None` where arrivals are as good as independent.
    pub gaps: Option<(Vec<f64>, f64)>,
    /// How uneven keys are.
    pub keys: Keys,
    /// The share of events that are not as old as their arrival, and quantiles of by how much, in
    /// microseconds; `None` where there are none.
    pub delays: Option<(f64, Vec<i64>)>,
    /// How large values are.
    pub values: Values,
}

/// How the rate changes over time, in seconds of the trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Rhythm {
    /// After how long it repeats; the whole trace, where it does not.
    pub period_s: f64,
    /// Events per second in each step of the period; one step where the rate is constant.
    pub rates: Vec<f64>,
    /// What the period is, in words.
    pub what: &'static str,
}

/// How large values are.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Always the same.
    Constant(i64),
    /// Evenly spaced quantiles.
    Quantiles(Vec<i64>),
}

/// How many steps a table of quantiles has at most.
const STEPS: usize = 200;

/// How far a law may be from what was seen and still be taken for it.
pub(super) const NEAR: f64 = 0.05;

const DAY_S: f64 = 86_400.0;

/// A period of a run that is shorter than this is no rhythm to an engine, and cannot be set.
const PERIOD_LEAST_S: f64 = 1e-3;

impl Fit {
    /// The fit to what was observed, for a run in which `speed` seconds of it pass in a second.
    pub fn of(seen: &Observed, speed: f64) -> Self {
        let rhythm = Rhythm::of(seen, speed);
        Self {
            gaps: gaps(seen, &rhythm),
            rhythm,
            keys: Keys::of(&seen.key_counts),
            delays: delays(&seen.delays_us),
            values: values(&seen.values),
        }
    }
}

impl Rhythm {
    /// The one of a constant rate, a day, a week and the whole trace that explains the counts
    /// best for the number of steps it takes (Schwarz 1978).
    fn of(seen: &Observed, speed: f64) -> Self {
        let (span, events) = (seen.span_s(), seen.arrivals_s.len());
        let mut candidates = vec![Self::folded(seen, span, 1, "constant")];
        let mut consider = |period: f64, steps: usize, what| {
            if steps > 1 && period / speed >= PERIOD_LEAST_S {
                candidates.push(Self::folded(seen, period, steps, what));
            }
        };
        if span >= 3.0 * DAY_S {
            consider(DAY_S, 48, "a day");
        }
        if span >= 21.0 * DAY_S {
            consider(7.0 * DAY_S, 168, "a week");
        }
        // Some events per step, or its height would be chance.
        consider(span, (events / 50).min(STEPS), "the whole trace");

        let bins = (events / 20).clamp(10, 5_000);
        let counts = binned(&seen.arrivals_s, span, bins);
        let cost = |rhythm: &Self| {
            let edge = |n: usize| rhythm.integral(span * n as f64 / bins as f64);
            let misses = counts
                .iter()
                .enumerate()
                .map(|(n, count)| (*count as f64 - (edge(n + 1) - edge(n))).powi(2));
            let error = (misses.sum::<f64>() / bins as f64).max(1e-9);
            bins as f64 * error.ln() + rhythm.rates.len() as f64 * (bins as f64).ln()
        };
        let best = candidates.into_iter().map(|rhythm| (cost(&rhythm), rhythm));
        best.min_by(|a, b| a.0.total_cmp(&b.0)).expect("a constant rate is one").1
    }

    /// What falls into each step of a period, laid over one another.
    fn folded(seen: &Observed, period_s: f64, steps: usize, what: &'static str) -> Self {
        let (span, step) = (seen.span_s(), period_s / steps as f64);
        let mut counts = vec![0.0; steps];
        // There are as many gaps as events after the first.
        for at in seen.arrivals_s.iter().skip(1) {
            counts[place((at % period_s) / step, steps)] += 1.0;
        }
        let whole = (span / period_s).floor();
        let rest = span - whole * period_s;
        let exposure = |n: usize| whole * step + (rest - n as f64 * step).clamp(0.0, step);
        let rates = counts
            .iter()
            .enumerate()
            .map(|(n, count): (usize, &f64)| count / exposure(n).max(step * 1e-3));
        Self { period_s, rates: rates.collect(), what }
    }

    /// Events per second on average over a period.
    pub fn mean_per_s(&self) -> f64 {
        self.rates.iter().sum::<f64>() / self.rates.len() as f64
    }

    /// The same rhythm at another mean, in events per second of the trace.
    pub fn scale(&mut self, mean_per_s: f64) {
        let factor = mean_per_s / self.mean_per_s();
        self.rates.iter_mut().for_each(|rate| *rate *= factor);
    }

    /// How many events are expected until then.
    pub fn integral(&self, at_s: f64) -> f64 {
        let step = self.period_s / self.rates.len() as f64;
        let per_period = self.mean_per_s() * self.period_s;
        let turns = (at_s / self.period_s).floor();
        let within = at_s - turns * self.period_s;
        let index = place(within / step, self.rates.len());
        let before: f64 = self.rates[..index].iter().sum();
        turns * per_period + before * step + self.rates[index] * (within - index as f64 * step)
    }
}

/// How many of some ascending times fall into each of so many equal stretches.
pub(super) fn binned(times_s: &[f64], span_s: f64, bins: usize) -> Vec<u64> {
    let mut counts = vec![0; bins];
    for at in times_s {
        counts[place(at / span_s * bins as f64, bins)] += 1;
    }
    counts
}

/// The step that a place is in; the last one, at the very end.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded down, from 0")]
fn place(at: f64, steps: usize) -> usize {
    (at.max(0.0) as usize).min(steps - 1)
}

fn gaps(seen: &Observed, rhythm: &Rhythm) -> Option<(Vec<f64>, f64)> {
    let mut apart = Vec::new();
    let mut together = 0_usize;
    for pair in seen.arrivals_s.windows(2) {
        if pair[1] > pair[0] {
            apart.push(rhythm.integral(pair[1]) - rhythm.integral(pair[0]));
        } else {
            together += 1;
        }
    }
    apart.sort_by(f64::total_cmp);
    let all = (apart.len() + together) as f64;
    let mean = apart.iter().sum::<f64>() / apart.len() as f64;
    // An exponential distribution, and hardly two at the same moment.
    let is_poisson = is_exponential(&apart, mean) && (together as f64) < 0.01 * all;
    let table = quantiles(&apart);
    let is_table = table.iter().any(|gap| *gap > 0.0);
    (!is_poisson && is_table).then(|| (table, (together as f64 / all).min(0.999_999)))
}

/// How far gaps may be from an exponential distribution and still be taken for one, however many
/// there are: a rhythm is known in steps, and never to the last event.
const NEAR_EXPONENTIAL: f64 = 0.02;

/// Whether sorted gaps of this mean lie no further from an exponential distribution than chance puts
/// so many of them, which it does one time in a hundred (Lilliefors 1969, in the form of Stephens
/// 1974 for a mean that is estimated), or than can be ignored.
fn is_exponential(sorted: &[f64], mean: f64) -> bool {
    let count = sorted.len() as f64;
    let furthest = sorted.iter().enumerate().map(|(n, gap)| {
        let law = -(-gap / mean).exp_m1();
        (law - n as f64 / count).max((n as f64 + 1.0) / count - law)
    });
    let chance = 1.308 / (count.sqrt() + 0.26 + 0.5 / count.sqrt()) + 0.2 / count;
    furthest.fold(0.0, f64::max) <= chance.max(NEAR_EXPONENTIAL)
}

/// Evenly spaced quantiles of what is sorted. The first and the last entry are such that what is
/// drawn next to them has the mean that it had: one outlier in a million would else be drawn,
/// in part, by every two-hundredth event.
fn quantiles(sorted: &[f64]) -> Vec<f64> {
    let steps = STEPS.min(sorted.len().saturating_sub(1)).max(1);
    let last = sorted.len() - 1;
    let mut table: Vec<f64> = (0..=steps).map(|n| sorted[(last * n + steps / 2) / steps]).collect();
    if steps >= 20 {
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let share = (sorted.len() / steps).max(1);
        let (low, high) = (table[1], table[steps - 1]);
        table[0] = (2.0 * mean(&sorted[..share]) - low).min(low);
        table[steps] = (2.0 * mean(&sorted[sorted.len() - share..]) - high).max(high);
        // An outlier aside, no gap, delay or value is made up beyond those that were seen.
        table[0] = table[0].max(sorted[0]);
        table[steps] = table[steps].min(sorted[last]);
    }
    table
}

#[expect(clippy::cast_possible_truncation, reason = "between integers of 64 bits; `as` stops")]
fn whole(table: &[f64]) -> Vec<i64> {
    table.iter().map(|number| number.round() as i64).collect()
}

fn sorted(numbers: impl Iterator<Item = i64>) -> Vec<f64> {
    let mut numbers: Vec<i64> = numbers.collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| number as f64).collect()
}

fn delays(delays_us: &[i64]) -> Option<(f64, Vec<i64>)> {
    let delayed = sorted(delays_us.iter().copied().filter(|delay| *delay != 0));
    let fraction = delayed.len() as f64 / delays_us.len() as f64;
    (!delayed.is_empty()).then(|| (fraction, at_least_two(whole(&quantiles(&delayed)))))
}

fn values(values: &[i64]) -> Values {
    let sorted = sorted(values.iter().copied());
    match (values.first(), values.iter().all(|value| Some(value) == values.first())) {
        (Some(value), true) => Values::Constant(*value),
        _ => Values::Quantiles(at_least_two(whole(&quantiles(&sorted)))),
    }
}

/// A single delayed event has a delay, but no distribution.
fn at_least_two(mut table: Vec<i64>) -> Vec<i64> {
    if table.len() == 1 {
        table.push(table[0]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::order::mixed;

    /// Sorted gaps of a Weibull distribution; of an exponential one, at a shape of 1.
    fn gaps(count: usize, shape: f64, seed: u64) -> Vec<f64> {
        let uniform = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let mut state = mixed(seed);
        let mut gaps: Vec<f64> = (0..count)
            .map(|_| {
                state = mixed(state);
                (-uniform(state).ln()).powf(1.0 / shape)
            })
            .collect();
        gaps.sort_unstable_by(f64::total_cmp);
        gaps
    }

    fn taken(count: usize, shape: f64) -> usize {
        let is_taken = |seed: &u64| {
            let gaps = gaps(count, shape, *seed);
            is_exponential(&gaps, gaps.iter().sum::<f64>() / count as f64)
        };
        (0..200).filter(is_taken).count()
    }

    #[test]
    fn independent_arrivals_are_told_so_however_few_they_are() {
        for count in [100, 400, 2_000] {
            let told = taken(count, 1.0);
            assert!(told >= 190, "{count}: {told} of 200");
        }
    }

    #[test]
    fn arrivals_that_are_not_are_told_apart_the_better_the_more_there_are() {
        let told = [100, 1_000, 5_000].map(|count| taken(count, 1.2));
        assert!(told[0] > told[1] && told[2] == 0, "{told:?}");
    }
}
