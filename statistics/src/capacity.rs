//! What an engine would do under a load that was not run, by the loads that were: its tail of
//! latency, and the rate at which it is full.
//!
//! Throughput is what is offered up to one rate, and that rate from there on (the asymptotic bounds
//! of Denning and Buzen, 1978). The tail is one of four shapes, each of what is known of queues, and
//! each a straight line in a term of the rate: no slope; a server whose waiting grows as `ρ/(1 − ρ)`,
//! as the tail of an M/G/1 queue does (Pollaczek 1930, Khinchine 1932; Kingman 1961); a batch per
//! interval, which takes longer the more is in it; and a buffer that has to fill before it is sent,
//! which takes less time the more comes.
//!
//! Which of them it is, the loads decide: each is left out in turn, and the shape that foretells it
//! best from the others is taken. What is then said of the error is had in the same way, with the
//! choice made anew without the load that is foretold, so that no point has had a say in its own
//! prediction. Deviations are counted on logarithms and not squared, so that a pause of the machine
//! pulls at nothing. Nothing is foretold outside of the rates that were run.

use super::{median, sorted};

/// Fewest runs with a tail that make a model.
pub const FEWEST_RUNS: usize = 5;

/// Fewest different rates among them: two inner ones can be left out and foretold.
pub const FEWEST_RATES: usize = 4;

/// Of more rates than this some are left out, evenly: each more takes its cube of time, and says little.
pub const MOST_RATES: usize = 24;

/// A model that errs by more than this, as a share, in half of its predictions says nothing.
pub const ERROR_MOST: f64 = 0.5;

/// Who completes less than this share of what is offered is full.
const COMPLETES: f64 = 0.99;

/// How much closer than a flat line a slope has to come to be taken for one: each shape more is a
/// chance more to fit what is only noise.
const WORTH: f64 = 0.9;

/// How far above the highest rate the rate is looked for at which a server would be full, where no
/// run shows it.
const FULL_AT: [f64; 9] = [1.01, 1.02, 1.05, 1.1, 1.2, 1.35, 1.6, 2.0, 3.0];

/// One run at one rate.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Load {
    /// Events per second that were offered.
    pub rate: f64,
    /// Events per second that were completed.
    pub completed: f64,
    /// The tail of its latency, such as the p99, in any unit; none where it was still growing, or was
    /// that of a backlog from before.
    pub tail: Option<f64>,
}

/// How a tail goes with the rate.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Shape {
    /// It does not.
    Flat,
    /// In proportion to the rate: a batch, which takes longer the more is in it.
    Batch,
    /// Against the rate: a buffer, which waits until it is full.
    Filling,
    /// As the queue before a server does that is full at this rate.
    Queue(f64),
}

/// A tail as a function of the rate.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Model {
    /// How it goes with the rate.
    pub shape: Shape,
    /// The least and the highest rate that it is made from.
    pub range: (f64, f64),
    level: f64,
    slope: f64,
}

/// How far predictions lie from what was measured, where what was measured had no part in them.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct HeldOut {
    /// The middle one of the distances, as a share of what was measured.
    pub error: f64,
    /// How many there are.
    pub points: usize,
}

/// Why there is no model.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Refusal {
    /// Too few runs, or too few different rates.
    TooFew {
        /// Runs with a tail.
        runs: usize,
        /// Different rates among them.
        rates: usize,
    },
    /// None foretells what it does not know.
    TooFar(HeldOut),
}

impl Model {
    /// The tail at a rate, in the unit of the runs; none outside of their range.
    pub fn tail(&self, rate: f64) -> Option<f64> {
        let (low, high) = self.range;
        (low..=high).contains(&rate).then(|| self.at(rate))
    }

    fn at(&self, rate: f64) -> f64 {
        self.level + self.slope * self.shape.term(rate)
    }
}

impl Shape {
    /// What the tail is a straight line in.
    fn term(self, rate: f64) -> f64 {
        match self {
            Self::Flat => 0.0,
            Self::Batch => rate,
            Self::Filling => 1.0 / rate,
            Self::Queue(full) => rate / (full - rate),
        }
    }

    /// How many numbers have to be found for it, the rate at which a server is full among them where
    /// no run shows it.
    const fn numbers(self, is_full_known: bool) -> usize {
        match self {
            Self::Flat => 1,
            Self::Batch | Self::Filling => 2,
            Self::Queue(_) => 3 - is_full_known as usize,
        }
    }
}

/// A model of the tail, and how well it foretells what it does not know.
pub fn fit(loads: &[Load]) -> Result<(Model, HeldOut), Refusal> {
    let tails = tails(loads);
    let (runs, rates) = (tails.len(), rates(&tails).len());
    let few = Refusal::TooFew { runs, rates };
    if runs < FEWEST_RUNS || rates < FEWEST_RATES {
        return Err(few);
    }
    let loads = thinned(loads);
    let (model, held_out) = assembled(&loads).zip(held_out(&loads)).ok_or(few)?;
    if held_out.error > ERROR_MOST {
        return Err(Refusal::TooFar(held_out));
    }
    Ok((model, held_out))
}

/// The rate from which on no more is completed; none where all that was offered was. It is the one
/// from which what was completed deviates least.
pub fn saturation(loads: &[Load]) -> Option<f64> {
    let loads: Vec<&Load> = loads.iter().filter(|load| is_usable(load)).collect();
    let is_short = |load: &&Load| load.completed < load.rate * COMPLETES;
    let miss = |full: f64| -> f64 {
        let each = loads.iter().map(|load| {
            let completed = if is_short(load) { load.completed } else { load.rate };
            (load.rate.min(full) / completed).ln().abs()
        });
        each.sum()
    };
    // The deviation turns nowhere but at a rate, and where somebody fell short.
    let short = loads.iter().filter(|load| is_short(load)).map(|load| load.completed);
    let candidates = rates_of(loads.iter().map(|load| load.rate).chain(short));
    let best = candidates.into_iter().min_by(|a, b| miss(*a).total_cmp(&miss(*b)))?;
    (miss(best) < miss(f64::INFINITY)).then_some(best)
}

/// How well throughput is foretold where it is not what is offered: at the inner rates, each without
/// the runs at it. None where nothing was full, as it is no art to say that all is completed.
pub fn throughput_held_out(loads: &[Load]) -> Option<HeldOut> {
    let loads: Vec<Load> = loads.iter().copied().filter(is_usable).collect();
    let mut errors = Vec::new();
    for rate in inner(&rates_of(loads.iter().map(|load| load.rate))) {
        let (known, held) = without(&loads, *rate);
        let full = saturation(&known).unwrap_or(f64::INFINITY);
        let is_full = |load: &Load| load.rate > full || load.completed < load.rate * COMPLETES;
        let told = held.iter().filter(|load| is_full(load));
        errors.extend(told.map(|load| (load.rate.min(full) / load.completed - 1.0).abs()));
    }
    Some(HeldOut { error: median(&errors)?, points: errors.len() })
}

fn is_usable(load: &Load) -> bool {
    let is_positive = |value: f64| value > 0.0 && value.is_finite();
    is_positive(load.rate) && is_positive(load.completed)
}

/// Rates and tails of the runs that have one.
fn tails(loads: &[Load]) -> Vec<(f64, f64)> {
    let usable = loads.iter().filter(|load| is_usable(load));
    let tail = |load: &Load| load.tail.filter(|tail| *tail > 0.0 && tail.is_finite());
    usable.filter_map(|load| Some((load.rate, tail(load)?))).collect()
}

fn is_same(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < 1e-9
}

/// Different rates, rising.
fn rates_of(rates: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut rates = sorted(&rates.collect::<Vec<_>>());
    rates.dedup_by(|a, b| is_same(*a, *b));
    rates
}

fn rates(tails: &[(f64, f64)]) -> Vec<f64> {
    rates_of(tails.iter().map(|tail| tail.0))
}

/// Those that lie between others.
fn inner(rates: &[f64]) -> &[f64] {
    rates.get(1..rates.len().saturating_sub(1)).unwrap_or(&[])
}

/// The loads at other rates, and those at this one.
fn without(loads: &[Load], rate: f64) -> (Vec<Load>, Vec<Load>) {
    loads.iter().partition(|load| !is_same(load.rate, rate))
}

/// The loads without the tails of those whose rates are too many; the ends stay.
fn thinned(loads: &[Load]) -> Vec<Load> {
    let rates = rates(&tails(loads));
    let last = rates.len().saturating_sub(1);
    let kept: Vec<f64> = if rates.len() > MOST_RATES {
        (0..MOST_RATES).map(|n| rates[n * last / (MOST_RATES - 1)]).collect()
    } else {
        rates
    };
    let is_kept = |rate: f64| kept.iter().any(|kept| is_same(*kept, rate));
    let thin = |load: &Load| Load { tail: load.tail.filter(|_| is_kept(load.rate)), ..*load };
    loads.iter().map(thin).collect()
}

/// How well the tail is foretold at the inner rates, each without the runs at it. A shape is chosen
/// for each.
fn held_out(loads: &[Load]) -> Option<HeldOut> {
    let mut errors = Vec::new();
    for rate in inner(&rates(&tails(loads))) {
        let (known, held) = without(loads, *rate);
        let model = assembled(&known)?;
        errors.extend(tails(&held).iter().map(|(rate, tail)| (model.at(*rate) / tail - 1.0).abs()));
    }
    Some(HeldOut { error: median(&errors)?, points: errors.len() })
}

/// The shape that foretells best, fitted to all.
fn assembled(loads: &[Load]) -> Option<Model> {
    let points = middles(&tails(loads));
    let highest = points.last()?.0;
    // A server that was seen to complete less than it went on to sustain is full at neither.
    let full = saturation(loads).filter(|full| *full > highest);
    let queues: Vec<f64> = match full {
        Some(full) => vec![full],
        None => FULL_AT.iter().map(|times| times * highest).collect(),
    };
    let shapes = [Shape::Flat, Shape::Batch, Shape::Filling];
    let shapes = shapes.into_iter().chain(queues.into_iter().map(Shape::Queue));
    // One point fewer is there when one of them is left out.
    let fits = |shape: &Shape| shape.numbers(full.is_some()) < points.len();
    let mut best: Option<(Shape, f64)> = None;
    for shape in shapes.filter(fits) {
        let Some(miss) = foretold(&points, shape) else { continue };
        let worth = |least: f64| {
            if best.is_some_and(|it| it.0 == Shape::Flat) { least * WORTH } else { least }
        };
        if best.is_none_or(|(_, least)| miss < worth(least)) {
            best = Some((shape, miss));
        }
    }
    line(&points, best.map_or(Shape::Flat, |(shape, _)| shape))
}

/// How far a shape is off where it is told nothing: the sum over the inner points, on logarithms.
fn foretold(points: &[(f64, f64)], shape: Shape) -> Option<f64> {
    let mut sum = 0.0;
    for at in 1..points.len().saturating_sub(1) {
        let (rate, tail) = points[at];
        let known: Vec<_> = [&points[..at], &points[at + 1..]].concat();
        sum += (line(&known, shape)?.at(rate) / tail).ln().abs();
    }
    Some(sum)
}

/// The middle of the tails at each rate, by rising rates.
fn middles(tails: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let middle = |rate: f64| {
        let at: Vec<f64> =
            tails.iter().filter(|tail| is_same(tail.0, rate)).map(|tail| tail.1).collect();
        Some((rate, median(&at)?))
    };
    rates(tails).into_iter().filter_map(middle).collect()
}

/// The line of a shape that deviates least. The best one by absolute deviations goes through two
/// of the points, so there is nothing to search for but which. Latency neither falls below
/// nothing nor does a slope turn round.
fn line(points: &[(f64, f64)], shape: Shape) -> Option<Model> {
    let range = (points.first()?.0, points.last()?.0);
    let model = |level: f64, slope: f64| Model { shape, range, level, slope };
    if shape == Shape::Flat {
        return Some(model(median(&points.iter().map(|point| point.1).collect::<Vec<_>>())?, 0.0));
    }
    let miss = |model: &Model| -> f64 {
        points.iter().map(|(rate, tail)| (model.at(*rate) / tail).ln().abs()).sum()
    };
    let pairs =
        points.iter().enumerate().flat_map(|(n, a)| points[..n].iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| {
            let (to, from) = (shape.term(a.0), shape.term(b.0));
            let slope = (a.1 - b.1) / (to - from);
            model(a.1 - slope * to, slope)
        })
        .filter(|model| model.slope >= 0.0 && model.level >= 0.0)
        .min_by(|a, b| miss(a).total_cmp(&miss(b)))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::super::quantile;
    use super::*;
    use proptest::prelude::*;

    /// A made-up engine, run for so many events at a rate: the latencies, and when it was done.
    type Engine = fn(f64, usize, &mut MadeUp) -> (Vec<f64>, f64);

    /// One server, one after the other, with Poisson arrivals (Lindley 1952).
    fn server(
        rate: f64,
        events: usize,
        noise: &mut MadeUp,
        work: fn(&mut MadeUp) -> f64,
    ) -> (Vec<f64>, f64) {
        let (mut now, mut free) = (0.0_f64, 0.0_f64);
        let one = |_| {
            now -= (1.0 - noise.uniform()).ln() / rate;
            free = free.max(now) + work(noise);
            free - now
        };
        let latencies = (0..events).map(one).collect();
        (latencies, free)
    }

    /// M/D/1: each takes 1 ms.
    fn even(rate: f64, events: usize, noise: &mut MadeUp) -> (Vec<f64>, f64) {
        server(rate, events, noise, |_| 1e-3)
    }

    /// M/M/1: each takes 1 ms in the mean.
    fn exponential(rate: f64, events: usize, noise: &mut MadeUp) -> (Vec<f64>, f64) {
        server(rate, events, noise, |noise| -(1.0 - noise.uniform()).ln() * 1e-3)
    }

    /// M/G/1: one in ten takes 5.5 ms, the others half a millisecond.
    fn mixed(rate: f64, events: usize, noise: &mut MadeUp) -> (Vec<f64>, f64) {
        server(rate, events, noise, |noise| if noise.uniform() < 0.1 { 5.5e-3 } else { 0.5e-3 })
    }

    /// A batch every 50 ms, which takes 5 ms and 900 µs for each event in it: full at 1 000 per second.
    fn batches(rate: f64, events: usize, noise: &mut MadeUp) -> (Vec<f64>, f64) {
        let (interval, mut now, mut free) = (0.05, 0.0, 0.0_f64);
        let mut latencies = Vec::new();
        let mut closes = interval;
        let mut batch: Vec<f64> = Vec::new();
        while latencies.len() < events {
            now -= (1.0 - noise.uniform()).ln() / rate;
            while now > closes {
                free = free.max(closes) + 5e-3 + 9e-4 * batch.len() as f64;
                latencies.extend(batch.drain(..).map(|due| free - due));
                closes += interval;
            }
            batch.push(now);
        }
        (latencies, free)
    }

    fn run(engine: Engine, rate: f64, noise: &mut MadeUp) -> Load {
        let events = 40_000;
        let (latencies, done) = engine(rate, events, noise);
        let completed = latencies.len() as f64 / done;
        let tail = quantile(&sorted(&latencies), 0.99).filter(|_| completed >= 0.97 * rate);
        Load { rate, completed, tail }
    }

    const RUN: [f64; 9] = [100.0, 200.0, 350.0, 500.0, 700.0, 800.0, 900.0, 1_150.0, 1_400.0];

    #[track_caller]
    fn check_queue(engine: Engine, not_run: &[f64]) -> Model {
        let mut noise = MadeUp::new(11);
        let loads: Vec<Load> = RUN.iter().map(|rate| run(engine, *rate, &mut noise)).collect();
        let full = saturation(&loads).unwrap();
        assert!((full / 1_000.0 - 1.0).abs() < 0.1, "full at {full}");
        let (model, held_out) = fit(&loads).unwrap();
        assert!(held_out.error < 0.25, "{held_out:?} of {model:?}");
        let errors: Vec<f64> = not_run
            .iter()
            .map(|rate| {
                let truths: Vec<f64> =
                    (0..5).filter_map(|_| run(engine, *rate, &mut noise).tail).collect();
                model.tail(*rate).unwrap() / median(&truths).unwrap() - 1.0
            })
            .collect();
        let far = errors.iter().filter(|error| error.abs() > 0.25).count();
        assert_eq!(far, 0, "{errors:?} of {model:?}");
        let held = throughput_held_out(&loads).unwrap();
        assert!(held.error < 0.1, "{held:?}");
        model
    }

    #[test]
    fn the_tail_of_a_queue_is_foretold_at_loads_that_were_not_run() {
        let not_run = [150.0, 280.0, 400.0, 600.0, 750.0, 850.0];
        for engine in [even as Engine, exponential, mixed] {
            let model = check_queue(engine, &not_run);
            assert!(matches!(model.shape, Shape::Queue(_)), "{model:?}");
        }
    }

    #[test]
    fn a_batch_that_takes_longer_is_foretold() {
        let model = check_queue(batches, &[150.0, 280.0, 400.0, 600.0, 750.0, 850.0]);
        assert_eq!(model.shape, Shape::Batch, "{model:?}");
    }

    fn tail(rate: f64, tail: f64) -> Load {
        Load { rate, completed: rate, tail: Some(tail) }
    }

    fn shape_of(of: impl Fn(f64) -> f64, noise: f64, seed: u64) -> Shape {
        let mut made_up = MadeUp::new(seed);
        let rates = [1e3, 2e3, 4e3, 8e3, 12e3, 14e3, 15e3];
        let loads = rates.map(|rate| tail(rate, of(rate) * made_up.log_normal(noise)));
        fit(&loads).unwrap().0.shape
    }

    #[test]
    fn each_shape_is_known_by_its_points() {
        for seed in 0..20 {
            assert_eq!(shape_of(|_| 5.0, 0.0, seed), Shape::Flat);
            assert_eq!(shape_of(|rate| 5.0 + rate / 1e3, 0.01, seed), Shape::Batch);
            assert_eq!(shape_of(|rate| 5.0 + 2e4 / rate, 0.01, seed), Shape::Filling);
            let queue = shape_of(|rate| 1.0 + rate / (16e3 - rate), 0.01, seed);
            assert!(matches!(queue, Shape::Queue(_)), "{queue:?}");
        }
    }

    #[test]
    fn noise_alone_is_foretold_no_worse_than_it_is() {
        for seed in 0..20 {
            let mut noise = MadeUp::new(seed);
            let rates = [1e3, 2e3, 4e3, 8e3, 12e3, 14e3, 15e3];
            let loads = rates.map(|rate| tail(rate, 5.0 * noise.log_normal(0.05)));
            let (model, held_out) = fit(&loads).unwrap();
            assert!(held_out.error < 0.15, "{held_out:?}");
            for rate in [1.5e3, 6e3, 14.5e3] {
                let told = model.tail(rate).unwrap();
                assert!((told / 5.0 - 1.0).abs() < 0.15, "{told} of {model:?}");
            }
        }
    }

    #[test]
    fn a_pause_of_the_machine_pulls_at_nothing() {
        let line = |rate: f64| 50.0 + rate / 100.0;
        let rates = [1e3, 2e3, 3e3, 4e3, 5e3, 6e3, 7e3];
        let mut loads = rates.map(|rate| tail(rate, line(rate)));
        loads[3].tail = Some(900.0);
        let (model, held_out) = fit(&loads).unwrap();
        assert!((model.tail(4e3).unwrap() / line(4e3) - 1.0).abs() < 1e-9, "{model:?}");
        assert!(held_out.error < 1e-9, "the middle of five errors: {held_out:?}");
    }

    #[test]
    fn of_many_rates_some_are_taken_and_the_ends_among_them() {
        let line = |rate: f64| 50.0 + rate / 100.0;
        let loads: Vec<Load> =
            (1..=500).map(f64::from).map(|rate| tail(rate, line(rate))).collect();
        let (model, held_out) = fit(&loads).unwrap();
        assert_eq!((model.range, held_out.points), ((1.0, 500.0), MOST_RATES - 2));
        assert!((model.tail(123.0).unwrap() / line(123.0) - 1.0).abs() < 1e-9, "{model:?}");
    }

    #[test]
    fn a_point_has_no_say_in_its_own_prediction() {
        // Two levels: whoever is left out is foretold by the others, and they are wrong.
        let loads =
            [tail(1.0, 1.0), tail(2.0, 9.0), tail(3.0, 1.0), tail(4.0, 9.0), tail(5.0, 1.0)];
        let Err(Refusal::TooFar(held_out)) = fit(&loads) else { panic!("{:?}", fit(&loads)) };
        assert!(held_out.error > ERROR_MOST && held_out.points == 3, "{held_out:?}");
    }

    #[test]
    fn nothing_is_said_outside_of_what_was_run_nor_by_too_few() {
        let rates = [1e3, 2e3, 4e3, 8e3, 8e3];
        let loads = rates.map(|rate| tail(rate, 5.0));
        let (model, _) = fit(&loads).unwrap();
        assert_eq!((model.tail(999.0), model.tail(8_001.0)), (None, None));
        assert_eq!((model.tail(1e3), model.tail(8e3)), (Some(5.0), Some(5.0)));
        let few = |runs, rates| Err(Refusal::TooFew { runs, rates });
        assert_eq!(fit(&loads[..4]), few(4, 4));
        assert_eq!(fit(&[loads[0], loads[1], loads[2], loads[2], loads[2]]), few(5, 3));
        let mut open = loads;
        open[0].tail = None;
        open[1].completed = f64::NAN;
        assert_eq!(fit(&open), few(3, 2));
        assert_eq!(fit(&[]), few(0, 0));
    }

    #[test]
    fn who_completes_all_is_not_full_and_who_does_not_is_where_most_say_so() {
        let load = |rate: f64, completed: f64| Load { rate, completed, tail: None };
        // What is worked off from before, and the last per cent, are no lack.
        assert_eq!(saturation(&[load(4.0, 4.4), load(8.0, 7.95)]), None);
        assert_eq!(throughput_held_out(&[load(4.0, 4.4), load(8.0, 7.95), load(9.0, 9.0)]), None);
        assert_eq!(saturation(&[]), None);
        // One that fell far behind is one of four.
        let loads = [
            load(4.0, 4.0),
            load(12.0, 12.0),
            load(13.0, 12.6),
            load(13.5, 12.8),
            load(16.0, 8.9),
            load(14.0, 12.8),
        ];
        let full = saturation(&loads).unwrap();
        assert!((12.6..=12.8).contains(&full), "{full}");
        // Who sustained more again was not full, but disturbed.
        let disturbed = [load(80.0, 60.0), load(84.0, 84.0), load(84.0, 84.0), load(84.0, 84.0)];
        assert_eq!(saturation(&disturbed), None);
    }

    fn anything() -> impl Strategy<Value = Load> {
        let tail = proptest::option::of(any::<f64>());
        (any::<f64>(), any::<f64>(), tail).prop_map(|(rate, completed, tail)| Load {
            rate,
            completed,
            tail,
        })
    }

    fn sensible() -> impl Strategy<Value = Load> {
        let tail = proptest::option::weighted(0.9, 1.0_f64..1e12);
        (0_i32..12, 0.3_f64..1.2, tail).prop_map(|(octave, share, tail)| {
            let rate = 1e3 * 2.0_f64.powi(octave);
            Load { rate, completed: rate * share, tail }
        })
    }

    proptest! {
        #[test]
        fn no_run_is_too_strange(loads in proptest::collection::vec(anything(), 0..10)) {
            let told = fit(&loads);
            prop_assert!(told.is_err() || told.is_ok_and(|(_, it)| it.error <= ERROR_MOST));
            prop_assert!(saturation(&loads).is_none_or(|full| full > 0.0));
            prop_assert!(throughput_held_out(&loads).is_none_or(|it| it.points > 0));
        }

        #[test]
        fn what_is_foretold_is_a_latency_within_what_was_run(
            loads in proptest::collection::vec(sensible(), 0..16),
        ) {
            if let Ok((model, held_out)) = fit(&loads) {
                let (low, high) = model.range;
                for share in [0.0, 0.3, 0.5, 0.9] {
                    let tail = model.tail(low + (high - low) * share).unwrap();
                    prop_assert!(tail > 0.0 && tail.is_finite(), "{tail} of {model:?}");
                }
                prop_assert!(held_out.points >= FEWEST_RATES - 2);
            }
            let highest = loads.iter().map(|load| load.rate).fold(0.0, f64::max);
            prop_assert!(saturation(&loads).is_none_or(|full| full <= highest));
        }
    }
}
