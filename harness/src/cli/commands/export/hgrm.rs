//! An engine's latencies as percentile ladders, in the text format of `HdrHistogram`, which its
//! plotters read.

use super::exporter::{ExportError, Exporter, Out};
use super::logs::EngineLog;
use hdrhistogram::Histogram;
use std::io::{self, Write};

/// A ladder for each quantity of each engine of each cell.
pub(super) struct Hgrm;

impl Exporter for Hgrm {
    fn holds_distributions(&self) -> bool {
        true
    }

    fn distributions(&self, engine: &EngineLog, out: &mut Out<'_>) -> Result<(), ExportError> {
        for (quantity, histogram) in engine.ladders() {
            let name = format!("{}-{quantity}_ns.hgrm", engine.name);
            out.write(&name, |file| write(histogram, file))?;
        }
        Ok(())
    }
}

/// Lines for each halving of what is left above, as everyone else has it.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// A ladder, in nanoseconds.
fn write(histogram: &Histogram<u64>, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (step.value_iterated_to() as f64, step.quantile_iterated_to());
        if quantile < 1.0 {
            let inverse = 1.0 / (1.0 - quantile);
            writeln!(out, "{value:>12.3} {quantile:>2.12} {count:>10} {inverse:>14.2}")?;
        } else {
            writeln!(out, "{value:>12.3} {quantile:>2.12} {count:>10}")?;
        }
    }
    let sub_buckets = (2 * 10_u64.pow(histogram.sigfig().into())).next_power_of_two();
    writeln!(
        out,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n\
         #[Max     = {:>12.3}, Total count    = {:>12}]\n\
         #[Buckets = {:>12}, SubBuckets     = {sub_buckets:>12}]",
        histogram.mean(),
        histogram.stdev(),
        histogram.max() as f64,
        histogram.len(),
        histogram.buckets(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::measure::latency::Latencies;

    #[test]
    fn a_ladder_is_what_plotters_read() {
        let mut latencies = Latencies::default();
        for value in 1..=1000 {
            latencies.record_n(value, 1);
        }
        let mut text = Vec::new();
        write(&latencies, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines[1], "");
        assert_eq!(lines[2], "       1.000 0.000000000000          1           1.00");
        let median = lines.iter().find(|line| line.contains(" 0.500000000000 ")).unwrap();
        assert_eq!(*median, "     500.000 0.500000000000        500           2.00");
        let tail = &lines[lines.len() - 4..];
        assert_eq!(tail[0], "    1000.000 1.000000000000       1000");
        assert_eq!(tail[1], "#[Mean    =      500.500, StdDeviation   =      288.675]");
        assert_eq!(tail[2], "#[Max     =     1000.000, Total count    =         1000]");
        assert!(tail[3].ends_with("SubBuckets     =         2048]"), "{}", tail[3]);
    }
}
