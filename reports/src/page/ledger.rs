//! What each engine had, side by side, where one of them ran in a process of its own: how it is
//! guaranteed that an event counts once, what is written meanwhile, memory, transport, version. What
//! is unlike between two columns is marked, and says for itself what a comparison is worth.

use crate::quantity::{self, NONE};
use crate::record::{CellRecord, EngineRecord, Stamps};
use crate::text::unlike::{CORES, EMBEDDED, did_not_start, is_beside, process};
use minijinja::{Value, context};

/// The rows of the ledger; none where all engines are part of the program.
pub(super) fn ledger(cell: &CellRecord) -> Vec<Value> {
    if !cell.engines.iter().any(is_beside) {
        return Vec::new();
    }
    let columns: Vec<Vec<(String, String)>> = cell.engines.iter().map(column).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in columns.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let row = |name: &&str| {
        let value = |column: &Vec<(String, String)>| {
            let found = column.iter().find(|(other, _)| other == name);
            found.map_or_else(|| NONE.to_owned(), |(_, value)| value.clone())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let differs = values.iter().any(|value| *value != values[0]);
        context! { name => *name, values => values, differs => differs }
    };
    names.iter().map(row).collect()
}

fn column(engine: &EngineRecord) -> Vec<(String, String)> {
    let mut column: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: String| {
        match column.iter_mut().find(|(known, _)| known == name) {
            // What an engine says itself is nearer to the truth than what it was asked for.
            Some((_, known)) => *known = value,
            None => column.push((name.to_owned(), value)),
        }
    };
    let of_program = !is_beside(engine);
    // In the order in which those of the others stand.
    for (name, of_embedded) in EMBEDDED {
        let said = engine.settings.iter().find(|(known, _)| known == name);
        let value = said.map(|(_, value)| value.as_str());
        if let Some(value) = value.or(of_program.then_some(of_embedded)) {
            put(name, value.to_owned());
        }
    }
    for (name, value) in &engine.settings {
        put(name, value.clone());
    }
    if did_not_start(engine) {
        put("start-up", "it did not start".to_owned());
    }
    let Some(process) = process(engine) else { return column };
    for (name, value) in &process.settings {
        put(name, value.clone());
    }
    if let Some(version) = &process.version {
        put("version", version.clone());
    }
    if let Some(java) = &process.java {
        put("java", java.clone());
    }
    put("start-up", format!("{}, in no latency", quantity::seconds(process.start_up_s)));
    let bound = quantity::nanoseconds(process.clock_bound_ns as f64);
    let clock = if process.stamps == Stamps::Arrival {
        "of another machine: an answer counts from its arrival here".to_owned()
    } else if process.is_same_clock {
        format!("the same; its readings agree to within {bound}")
    } else {
        format!("another, known to within {bound}; latencies may be too long by that")
    };
    put("clock", clock);
    if let Some(floor) = &engine.floor {
        let p99 = floor.p99_ns.map_or_else(String::new, |p99_ns| {
            format!(", {} at p99", quantity::nanoseconds(p99_ns as f64))
        });
        let p50 = quantity::nanoseconds(floor.p50_ns as f64);
        let rate = quantity::rate(floor.rate_per_s);
        put("there and back", format!("{p50} at p50{p99}; identity at {rate}, {}", floor.why));
    }
    if process.is_elsewhere {
        put("CPU and memory", "of the cluster's processes, which are not told".to_owned());
    }
    if let Some(cores) = &process.cores {
        put(CORES, cores.told());
    }
    let all: f64 = process.cpu_s.iter().map(|(_, seconds)| seconds).sum();
    for (group, seconds) in &process.cpu_s {
        let whose = match group.as_str() {
            "gc" => "the collector",
            "jit" => "the JIT compiler",
            "tasks" => "its tasks",
            "other" => "the rest of it",
            other => other,
        };
        let share = if all > 0.0 {
            format!(", {} of all since its start", quantity::fraction(seconds / all))
        } else {
            String::new()
        };
        put(&format!("CPU of {whose}"), format!("{}{share}", quantity::seconds(*seconds)));
    }
    if let Some((count, seconds)) = process.gc_count.zip(process.gc_s) {
        put("collections", format!("{count}, {} in all", quantity::seconds(seconds)));
    }
    put("CPU of the load and the recorders", quantity::seconds(process.harness_cpu_s));
    column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{EngineKind, EngineProcess};
    use crate::sample;

    #[test]
    fn engines_of_the_program_need_no_ledger() {
        assert!(sample::record().cells.iter().all(|cell| ledger(cell).is_empty()));
    }

    #[test]
    fn one_that_never_was_there_has_what_it_was_to_have_and_nothing_of_the_program() {
        let mut cell = sample::record().cells.remove(0);
        let engine = &mut cell.engines[1];
        engine.kind = EngineKind::SparkStructured;
        engine.settings = vec![("process".into(), "a driver of its own".into())];
        let value = |name: &str| {
            let rows = ledger(&cell);
            let of_name = |row: &&Value| row.get_attr("name").unwrap().as_str() == Some(name);
            let values = rows.iter().find(of_name)?.get_attr("values").unwrap();
            values.get_item(&Value::from(1)).ok().map(|value| value.to_string())
        };
        assert_eq!(value("process").as_deref(), Some("a driver of its own"));
        assert_eq!(value("start-up").as_deref(), Some("it did not start"));
        for name in ["transport", "cores"] {
            assert_eq!(value(name).as_deref(), Some(NONE), "{name}");
        }
    }

    #[test]
    fn what_is_unlike_is_marked() {
        let mut cell = sample::record().cells.remove(0);
        cell.engines[1].settings = vec![
            ("version".into(), "2.3".into()),
            ("state".into(), "hashmap, on the heap".into()),
            ("checkpoints".into(), "none".into()),
        ];
        cell.engines[1].repetitions[0].process = Some(EngineProcess {
            version: Some("2.3.0".into()),
            settings: vec![("from".into(), "FLINK_HOME".into())],
            start_up_s: 6.1,
            clock_bound_ns: 80_000,
            is_same_clock: true,
            cpu_s: vec![("jit".into(), 3.0), ("tasks".into(), 9.0)],
            ..EngineProcess::default()
        });
        let rows = ledger(&cell);
        let row = |name: &str| {
            let row = rows.iter().find(|row| row.get_attr("name").unwrap().as_str() == Some(name));
            let row = row.unwrap_or_else(|| panic!("{name}"));
            let values = row.get_attr("values").unwrap();
            let cells = values.try_iter().unwrap().map(|value| value.to_string()).collect();
            let cells: Vec<String> = cells;
            (cells, row.get_attr("differs").unwrap().is_true())
        };
        let (values, differs) = row("state");
        assert_eq!(
            (values.as_slice(), differs),
            (&["in memory", "hashmap, on the heap"].map(str::to_owned)[..], true)
        );
        assert_eq!(row("checkpoints"), (vec!["none".to_owned(); 2], false));
        assert_eq!(row("version").0[1], "2.3.0", "as it says itself");
        assert_eq!(row("from").0[0], NONE);
        assert!(row("clock").0[1].contains("80.0 µs"), "{:?}", row("clock"));
        let jit = row("CPU of the JIT compiler").0[1].replace('\u{a0}', " ");
        assert_eq!(jit, "3.00 s, 25.0 % of all since its start");
        assert!(row("start-up").0[1].starts_with("6.1"), "{:?}", row("start-up"));
    }
}
