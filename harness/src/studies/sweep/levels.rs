//! `slo.p99=VALUES`: demands on the latency, one after the other, as a map varies them.
//!
//! They are read as the values of a key are, and each is a demand as `--slo` takes one.

use super::axis::lengths;
use crate::studies::limit::probe::Slo;
use settings::config::diagnostic::{Mistake, Rejected};

/// The demands, rising, of what was typed as `slo.QUANTILE=VALUES`.
///
/// # Errors
/// Values that are no lengths of time, a range that is none, and a quantile that no run reports.
pub fn levels(typed: &str) -> Result<Vec<Slo>, Rejected> {
    let name = typed.split('=').next().unwrap_or_default().trim();
    let quantile = name.strip_prefix("slo.").unwrap_or(name);
    let mut levels = Vec::new();
    for value in lengths(typed)? {
        let level = Slo::read(&format!("{quantile}={}", value.text)).map_err(|(what, help)| {
            Rejected::because(Mistake::new("atlas::slo", format!("{name}: {what}")).help(help))
        })?;
        levels.push(level);
    }
    levels.sort_by_key(|slo| slo.most_ns);
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Result<Vec<u64>, String> {
        let levels = levels(typed).map_err(|rejected| rejected.to_string())?;
        Ok(levels.into_iter().map(|slo| slo.most_ns / 1_000).collect())
    }

    #[test]
    fn demands_are_read_as_the_values_of_a_key_are() {
        assert_eq!(read("slo.p99=10ms..1s/log3"), Ok(vec![10_000, 100_000, 1_000_000]));
        assert_eq!(read("slo.p50=1s,5ms"), Ok(vec![5_000, 1_000_000]), "the strictest first");
        assert_eq!(levels("slo.p99.9=5ms").unwrap()[0].quantile.to_bits(), 0.999_f64.to_bits());
        for (typed, words) in [
            ("slo.p98=5ms", "no quantile"),
            ("slo.p99=5", "unit"),
            ("slo.p99=", "missing"),
            ("slo.p99=1ms..1s", "how many points"),
            ("slo.p99=5ms,5ms", "twice"),
            ("slo.p99=0s", "slo"),
        ] {
            let refused = read(typed).expect_err(words);
            assert!(refused.contains(words), "{typed}: {refused}");
        }
    }
}
