//! In what engines are unlike that are compared, where one of them ran in a process of its own: what a
//! comparison is worth.

use crate::record::{CellRecord, Cores, EngineProcess, EngineRecord, RunRecord};
use crate::words::listed;

/// What is known of an engine's process, from the last repetition that tells; none for an engine that
/// is part of the program.
pub(crate) fn process(engine: &EngineRecord) -> Option<&EngineProcess> {
    engine.repetitions.iter().rev().find_map(|repetition| repetition.process.as_ref())
}

/// Whether an engine is in a process of its own, be it that nothing is known of that.
pub(crate) fn is_beside(engine: &EngineRecord) -> bool {
    !engine.kind.is_embedded() || process(engine).is_some()
}

/// Whether an engine was to run in a process of its own, and never was there.
pub(crate) fn did_not_start(engine: &EngineRecord) -> bool {
    is_beside(engine) && !engine.repetitions.is_empty() && process(engine).is_none()
}

/// What is true of whatever is part of the program; and, by name, what decides what a comparison with
/// another engine is worth.
pub(crate) const EMBEDDED: [(&str, &str); 6] = [
    ("process", "the program's, with sharp timers"),
    ("transport", "function calls"),
    ("checkpoints", "none"),
    ("state", "in memory"),
    ("delivery", "each event once, in memory"),
    (CORES, "all, shared with the harness, whose process it is"),
];

/// What is said of who had which processors.
pub(crate) const CORES: &str = "cores";

/// A sentence that names what is unlike; none where nothing is, or all engines are part of the program.
pub(super) fn sentence(record: &RunRecord) -> Option<String> {
    let unlike: Vec<String> =
        EMBEDDED.iter().filter_map(|(name, embedded)| difference(record, name, embedded)).collect();
    let unlike: Vec<&str> = unlike.iter().map(String::as_str).collect();
    (!unlike.is_empty()).then(|| {
        format!(
            "What is compared is unlike in {}: each has its part in the figures.",
            listed(&unlike)
        )
    })
}

/// A name with its values, where they differ within a cell in which there is an engine in a process
/// of its own.
fn difference(record: &RunRecord, name: &str, embedded: &str) -> Option<String> {
    let mut values: Vec<String> = Vec::new();
    for cell in &record.cells {
        let of_cell = values_in(cell, name, embedded);
        if of_cell.len() > 1 {
            values.extend(
                of_cell.into_iter().filter(|value| !values.contains(value)).collect::<Vec<_>>(),
            );
        }
    }
    match values.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => None,
        [one, other] => Some(format!("{name} ({one}; {other})")),
        _ => Some(format!("{name} ({} ways)", values.len())),
    }
}

/// What the engines of a cell have there, each value once; none where all are part of the program.
fn values_in(cell: &CellRecord, name: &str, embedded: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    if cell.engines.iter().all(|engine| process(engine).is_none()) {
        return values;
    }
    for engine in &cell.engines {
        let said = engine.settings.iter().find(|(known, _)| known == name);
        let said = said.map(|(_, value)| value.clone());
        let value = said.or_else(|| match process(engine) {
            None => (!is_beside(engine)).then(|| embedded.to_owned()),
            Some(process) if name == CORES => process.cores.as_ref().map(Cores::told),
            Some(_) => None,
        });
        values.extend(value.filter(|value| !values.contains(value)));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::text::verdict::verdict;

    fn beside(engine: &mut EngineRecord, settings: &[(&str, &str)]) {
        engine.settings =
            settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        for repetition in &mut engine.repetitions {
            repetition.process = Some(EngineProcess::default());
        }
    }

    #[test]
    fn what_is_unlike_is_named_where_a_real_engine_is_compared() {
        let mut record = sample::record();
        assert_eq!(sentence(&record), None, "all of them are part of the program");
        let real = [
            ("process", "its own, a JVM"),
            ("checkpoints", "none"),
            ("state", "hashmap, on the heap"),
            ("heap", "2GiB"),
        ];
        beside(&mut record.cells[0].engines[1], &real);
        assert_eq!(
            sentence(&record).unwrap(),
            "What is compared is unlike in process (the program's, with sharp timers; its own, a JVM) \
             and state (in memory; hashmap, on the heap): each has its part in the figures."
        );
        // Nothing is said of a comparison that nobody makes.
        let is_said =
            |record: &RunRecord| verdict(record).iter().any(|it| it.contains("unlike in"));
        let mut alone = record.clone();
        alone.cells.truncate(1);
        assert!(is_said(&alone));
        alone.cells[0].engines[1]
            .repetitions
            .iter_mut()
            .for_each(|it| it.throughput.sustained = false);
        assert!(!is_said(&alone));
        // Beside its like there is nothing to be said.
        for engine in &mut record.cells[0].engines {
            beside(engine, &real);
        }
        assert_eq!(sentence(&record), None);
        beside(&mut record.cells[0].engines[0], &[("state", "a")]);
        beside(&mut record.cells[1].engines[0], &[("state", "b")]);
        let said = sentence(&record).unwrap();
        assert!(said.contains("state (4 ways)"), "{said}");
    }
}
