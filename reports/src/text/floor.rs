//! What of the latencies of an engine in a process of its own is the way there and back.

use crate::quantity::{self, NONE};
use crate::record::{CellRecord, EngineRecord, Floor};

/// A figure to stand below those of `result_latency`.
pub(super) fn figure(engine: &EngineRecord) -> String {
    let p50 = engine.floor.as_ref().map(|floor| quantity::nanoseconds(floor.p50_ns as f64));
    p50.unwrap_or_else(|| NONE.to_owned())
}

/// A sentence for each engine of a cell of which it is known.
pub(crate) fn sentences(cell: &CellRecord) -> Vec<String> {
    let sentence = |engine: &EngineRecord| {
        let Floor { p50_ns, p99_ns, rate_per_s, why, .. } = engine.floor.as_ref()?;
        let p99 = p99_ns.map_or_else(String::new, |p99_ns| {
            format!(", and {} at p99,", quantity::nanoseconds(p99_ns as f64))
        });
        Some(format!(
            "{}: of a latency about {}{p99} is the way there and back: so long an answer took that \
             needs no computing, at {} ({why}).",
            engine.label,
            quantity::nanoseconds(*p50_ns as f64),
            quantity::rate(*rate_per_s)
        ))
    };
    cell.engines.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::text::table::plain;

    #[test]
    fn a_floor_stands_below_the_latency_and_is_explained() {
        let mut record = sample::record();
        assert!(!plain(&record).contains("way there and back"));
        record.cells[0].engines[1].floor = Some(Floor {
            p50_ns: 900_000,
            p99_ns: Some(2_100_000),
            rate_per_s: 5e3,
            why: "light for it".into(),
            cpu_us_per_event: 4.0,
        });
        let text = plain(&record).replace('\u{a0}', " ");
        let row = text.lines().find(|line| line.contains("  there and back")).unwrap();
        assert!(row.trim_end().ends_with("900 µs") && row.contains(NONE), "{row}");
        let label = &record.cells[0].engines[1].label;
        assert!(
            text.contains(&format!(
                "{label}: of a latency about 900 µs, and 2.10 ms at p99, is the way there and back: \
                 so long an answer took that needs no computing, at 5.00 k/s (light for it)."
            )),
            "{text}"
        );
        let one = &mut record.cells[0].engines[1].floor;
        one.as_mut().unwrap().p99_ns = None;
        let said = &sentences(&record.cells[0])[0];
        assert!(said.contains("is the way there and back") && !said.contains("p99"), "{said}");
    }

    #[test]
    fn a_record_without_one_is_still_read() {
        let mut record = serde_json::to_value(sample::record()).unwrap();
        let engine = record["cells"][0]["engines"][0].as_object_mut().unwrap();
        assert!(engine.remove("floor").is_some());
        assert!(serde_json::from_value::<crate::record::RunRecord>(record).is_ok());
    }
}
