//! Figures whose truth is known, for tests. The same to the bit every time.

use super::random::Draws;
use std::f64::consts::TAU;

/// A source of made-up noise.
pub(super) struct MadeUp(Draws);

impl MadeUp {
    pub(super) fn new(seed: u64) -> Self {
        let mut draws = Draws::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        draws.next();
        Self(draws)
    }

    /// Evenly spread between 0 and 1.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0.uniform()
    }

    /// Mean 0, deviation 1 (Box, Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }

    /// Around 1, never negative: `deviation` is that of the logarithm.
    pub(super) fn log_normal(&mut self, deviation: f64) -> f64 {
        (deviation * self.normal()).exp()
    }
}
