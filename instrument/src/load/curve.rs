//! A rate that changes, as straight pieces, and the exact inverse of its integral.
//!
//! Rates are whole numbers of events per megasecond and times are nanoseconds, so that the
//! integral is a whole number of `UNIT`s' parts: nothing is rounded but the moment at the very
//! end, down to its nanosecond. A sine is drawn in `SINE_PIECES` pieces, which keeps it within
//! a ten-thousandth of its amplitude. What is left out: rates below zero, and jumps in the
//! integral, which is why an outage is not a curve but stands beside one.

use settings::plan::RateShape;
use std::time::Duration;

/// One event, in parts of the integral: an event per megasecond over a nanosecond is one part.
pub(super) const UNIT: u128 = NS_PER_MEGASECOND as u128;

/// In how many straight pieces a period of a sine is drawn.
const SINE_PIECES: u32 = 360;

/// A rate over time, from the start of the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pieces: Vec<Piece>,
    /// All pieces together: their length and their integral.
    length_ns: u64,
    units: u128,
    /// Whether it starts again at its end; else the last rate stays.
    repeats: bool,
}

/// A stretch over which the rate goes straight from one value to another.
#[derive(Copy, Clone, Debug, PartialEq)]
struct Piece {
    start_ns: u64,
    length_ns: u64,
    from: u64,
    to: u64,
    /// The integral of all pieces before it.
    before: u128,
}

/// Where in a curve the last answer was: the next one is near.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Cursor {
    piece: usize,
    /// The integral and the time at which this turn of a repeating curve started.
    turn_units: u128,
    turn_ns: u64,
}

/// A stretch in which nothing reaches us, and how what was held up comes in after it.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Outage {
    from_ns: u64,
    until_ns: u64,
    /// The integral of the rate when it began.
    units: u128,
    /// Events per megasecond; `None` for all at once.
    catch_up: Option<u64>,
}

impl Curve {
    /// The curve of a rate, and the outage in it.
    pub(super) fn of(rate: &RateShape) -> (Self, Option<Outage>) {
        let flat = |per_s: f64, length: Duration| {
            let rate = per_megasecond(per_s);
            (nanos(length), rate, rate)
        };
        let curve = match rate {
            RateShape::Constant { per_second } => {
                Self::new([flat(*per_second, Duration::from_secs(1))], true)
            }
            RateShape::Steps { rates, every } => {
                Self::new(rates.iter().map(|rate| flat(*rate, *every)), false)
            }
            RateShape::Ramp { from, to, over } => {
                let ramp = (nanos(*over), per_megasecond(*from), per_megasecond(*to));
                Self::new([ramp], false)
            }
            RateShape::Sine { mean, amplitude, period } => sine(*mean, *amplitude, *period),
            RateShape::Burst { base, peak, every, lasts } => {
                let calm = every.saturating_sub(*lasts);
                Self::new([flat(*base, calm), flat(*peak, *lasts)], true)
            }
            RateShape::OnOff { rate, on, off } => {
                Self::new([flat(*rate, *on), (nanos(*off), 0, 0)], true)
            }
            RateShape::Profile { mean, weights, period } => profile(*mean, weights, *period),
            RateShape::Outage { rate, at, lasts, catch_up } => {
                let curve = Self::new([flat(*rate, Duration::from_secs(1))], true);
                let from_ns = nanos(*at);
                let outage = Outage {
                    from_ns,
                    until_ns: from_ns.saturating_add(nanos(*lasts)),
                    units: curve.units_before(from_ns),
                    catch_up: catch_up.map(per_megasecond),
                };
                return (curve, Some(outage));
            }
        };
        (curve, None)
    }

    /// From the length of each piece, and the rate it goes from and to.
    fn new(parts: impl IntoIterator<Item = (u64, u64, u64)>, repeats: bool) -> Self {
        let mut curve = Self { pieces: Vec::new(), length_ns: 0, units: 0, repeats };
        for (length_ns, from, to) in parts.into_iter().filter(|part| part.0 > 0) {
            let (start_ns, before) = (curve.length_ns, curve.units);
            let piece = Piece { start_ns, length_ns, from, to, before };
            curve.units += piece.within(length_ns);
            curve.length_ns = start_ns.saturating_add(length_ns);
            curve.pieces.push(piece);
        }
        assert!(curve.units > 0, "a checked shape offers events");
        curve
    }

    /// The integral up to `at_ns`.
    pub(super) fn units_before(&self, at_ns: u64) -> u128 {
        if !self.repeats && at_ns >= self.length_ns {
            let last = self.pieces.last().map_or(0, |piece| piece.to);
            return self.units + u128::from(last) * u128::from(at_ns - self.length_ns);
        }
        let (turns, at_ns) = (at_ns / self.length_ns, at_ns % self.length_ns);
        let index = self.pieces.partition_point(|piece| piece.start_ns <= at_ns) - 1;
        let piece = &self.pieces[index];
        u128::from(turns) * self.units + piece.before + piece.within(at_ns - piece.start_ns)
    }

    /// The last nanosecond at which the integral is not beyond `units`: the inverse, rounded
    /// down, and the end of a pause rather than its start. It depends on `units` alone; the
    /// cursor, which has seen no larger number before, only makes it quick.
    pub(super) fn at(&self, units: u128, cursor: &mut Cursor) -> u64 {
        if self.repeats {
            let turns = (units - cursor.turn_units) / self.units;
            if turns > 0 {
                let ns = u64::try_from(turns).unwrap_or(u64::MAX).saturating_mul(self.length_ns);
                cursor.turn_ns = cursor.turn_ns.saturating_add(ns);
                cursor.turn_units += turns * self.units;
                cursor.piece = 0;
            }
        } else if units >= self.units {
            let last = self.pieces.last().map_or(1, |piece| piece.to);
            let beyond = (units - self.units) / u128::from(last);
            return self.length_ns.saturating_add(u64::try_from(beyond).unwrap_or(u64::MAX));
        }
        let units = units - cursor.turn_units;
        while self.pieces.get(cursor.piece + 1).is_some_and(|next| next.before <= units) {
            cursor.piece += 1;
        }
        let piece = &self.pieces[cursor.piece];
        let within = piece.inverse(units - piece.before);
        cursor.turn_ns.saturating_add(piece.start_ns + within)
    }
}

impl Piece {
    /// The integral from its start over `ns`, rounded to one part.
    fn within(&self, ns: u64) -> u128 {
        let (ns, twice) = (u128::from(ns), 2 * u128::from(self.length_ns));
        // slope * ns^2 / 2, in an order in which no factor outgrows its 128 bits.
        let bend = u128::from(self.to.abs_diff(self.from)) * ns;
        let bend = bend / twice * ns + bend % twice * ns / twice;
        let straight = u128::from(self.from) * ns;
        if self.to >= self.from { straight + bend } else { straight - bend }
    }

    /// The last nanosecond of it at which the integral is not beyond `units`.
    fn inverse(&self, units: u128) -> u64 {
        let last = self.length_ns - 1;
        if self.from == self.to {
            let ns = units.checked_div(u128::from(self.from));
            return ns.and_then(|ns| u64::try_from(ns).ok()).map_or(last, |ns| ns.min(last));
        }
        // The formula for the root of a quadratic gives the neighbourhood, whole numbers give
        // the place in it.
        let (from, to) = (self.from as f64, self.to as f64);
        let slope = (to - from) / self.length_ns as f64;
        let root = (from * from + 2.0 * slope * units as f64).max(0.0).sqrt();
        let guess = 2.0 * units as f64 / (from + root);
        let guess = if guess.is_finite() { whole(guess).min(last) } else { 0 };
        let is_before = |ns: u64| self.within(ns) <= units;
        let mut reach = 1;
        let (mut low, mut high) = (guess, guess);
        while low > 0 && !is_before(low) {
            high = low;
            low = low.saturating_sub(reach);
            reach *= 2;
        }
        while high < last && is_before(high) {
            low = high;
            high = high.saturating_add(reach).min(last);
            reach *= 2;
        }
        if is_before(high) {
            return high;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_before(middle) { low = middle } else { high = middle }
        }
        low
    }
}

/// A sine that starts at its mean and rises.
fn sine(mean: f64, amplitude: f64, period: Duration) -> Curve {
    let rate = |piece: u32| {
        let angle = std::f64::consts::TAU * f64::from(piece) / f64::from(SINE_PIECES);
        // The ends of a period are the same point, though not the same angle.
        let height = if piece.is_multiple_of(SINE_PIECES) { 0.0 } else { angle.sin() };
        whole(((mean + amplitude * height) * 1e6).max(0.0))
    };
    let edges = edges(nanos(period), SINE_PIECES.into());
    Curve::new((0..SINE_PIECES).zip(edges).map(|(n, length)| (length, rate(n), rate(n + 1))), true)
}

/// Steps of equal length whose heights are weights, and whose mean is given.
fn profile(mean: f64, weights: &[f64], period: Duration) -> Curve {
    let average = weights.iter().sum::<f64>() / weights.len() as f64;
    let edges = edges(nanos(period), weights.len() as u64);
    let rates = weights.iter().map(|weight| whole(mean * 1e6 * weight / average));
    Curve::new(edges.zip(rates).map(|(length, rate)| (length, rate, rate)), true)
}

/// The lengths of `count` stretches that are equal to the nanosecond and fill the whole.
fn edges(whole_ns: u64, count: u64) -> impl Iterator<Item = u64> {
    let edge = move |n: u64| {
        let edge = u128::from(whole_ns) * u128::from(n) / u128::from(count);
        u64::try_from(edge).expect("a part of a u64")
    };
    (0..count).map(move |n| edge(n + 1) - edge(n))
}

impl Outage {
    /// When what was sent at `sent_ns`, when the integral was `units`, reaches us. Order is kept:
    /// what is sent while others are still catching up waits behind them.
    pub(super) fn due(&self, units: u128, sent_ns: u64) -> u64 {
        if sent_ns < self.from_ns {
            return sent_ns;
        }
        let queue = self.catch_up.map_or(0, |rate| {
            let queue = units.saturating_sub(self.units) / u128::from(rate);
            u64::try_from(queue).unwrap_or(u64::MAX)
        });
        sent_ns.max(self.until_ns.saturating_add(queue))
    }

    /// The integral of what has reached us before `at_ns`.
    pub(super) fn units_before(&self, curve: &Curve, at_ns: u64) -> u128 {
        if at_ns <= self.from_ns {
            return curve.units_before(at_ns);
        }
        // An event that would be due when the outage begins is held up by it.
        let before = self.units.div_ceil(UNIT) * UNIT;
        if at_ns <= self.until_ns {
            return before;
        }
        let sent = curve.units_before(at_ns);
        match self.catch_up {
            None => sent,
            Some(rate) => {
                let after = u128::from(rate) * u128::from(at_ns - self.until_ns);
                sent.min((self.units + after).max(before))
            }
        }
    }
}

pub(super) const NS_PER_MEGASECOND: u64 = 1_000_000_000_000_000;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a rate beyond that is one event per nanosecond anyway"
)]
pub(super) fn per_megasecond(events_per_s: f64) -> u64 {
    assert!(events_per_s > 0.0, "a plan's rate is positive");
    ((events_per_s * 1e6).round() as u64).max(1)
}

pub(super) fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// The nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is rounded here is finite and not negative, and a cast saturates"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.round() as u64
}
