//! What a sweep may take, and what would make it smaller.

use super::axis::Axis;
use crate::run::estimate::about;
use settings::config::diagnostic::{Mistake, Rejected};
use std::time::Duration;

/// What a sweep may take, and what would make it smaller.
pub(super) struct Budget<'a> {
    pub(super) limit: Duration,
    pub(super) repeat: u32,
    pub(super) axes: &'a [Axis],
    /// How many engines run that nobody named.
    pub(super) engines: usize,
}

impl Budget<'_> {
    /// `once` is what one repetition of all cells takes.
    pub(super) fn holds(&self, cells: usize, once: Duration) -> Result<(), Rejected> {
        let whole = once.saturating_mul(self.repeat);
        if whole <= self.limit {
            return Ok(());
        }
        let each = whole.checked_div(u32::try_from(cells).unwrap_or(u32::MAX)).unwrap_or(whole);
        let mut options = Vec::new();
        let fits = self
            .repeat
            .min(u32::try_from(self.limit.as_nanos() / once.as_nanos().max(1)).unwrap_or(u32::MAX));
        if (1..self.repeat).contains(&fits) {
            options.push(format!("--repeat {fits} ({})", about(once * fits)));
        }
        let share = |kept: usize, of: usize| whole.mul_f64(kept as f64 / of.max(1) as f64);
        let longest = self.axes.iter().max_by_key(|axis| axis.values.len());
        if let Some(axis) = longest {
            let of = axis.values.len();
            let fewer = (2..of).rev().find(|kept| share(*kept, of) <= self.limit);
            let name = axis.key.name();
            match fewer {
                Some(fewer) => options.push(format!(
                    "{fewer} values of {name} instead of {of} ({})",
                    about(share(fewer, of))
                )),
                None if of > 5 => {
                    options.push(format!("5 values of {name} ({})", about(share(5, of))));
                }
                None => {}
            }
        }
        if let [first, second] = self.axes {
            for (kept, dropped) in [(first, second), (second, first)] {
                let alone = share(1, dropped.values.len());
                if alone <= self.limit {
                    options.push(format!("{} alone ({})", kept.key.name(), about(alone)));
                }
            }
        }
        if self.engines > 1 {
            options.push(format!("fewer engines than {} (--engine)", self.engines));
        }
        let hours = whole.as_secs().div_ceil(3600).max(1);
        options.push(format!("--budget {hours}h"));
        let message = format!(
            "this sweep needs about {} ({cells} cells × {}), the limit is {}",
            about(whole),
            about(each),
            about(self.limit)
        );
        let help = format!("smaller ones: {}", options.join(", "));
        Err(Rejected::because(Mistake::new("plan::budget", message).help(help)))
    }
}
