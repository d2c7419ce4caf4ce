//! Whether the engines of a run answer small streams as the originals do: what lies beside its record.
//!
//! A difference is shown with its first row, and what an engine cannot be asked with the reason, each
//! reason once.

use crate::quantity::NONE;
use crate::record::RunRecord;
use crate::record::conformance::{Conforming, OfCase, Outcome};
use crate::words::plural;
use minijinja::{Value, context};

/// What the section shows; none where nothing lies beside the record.
pub(super) fn conformance(record: &RunRecord) -> Option<Value> {
    let engines: Vec<Value> = record.conformance.iter().map(engine).collect();
    (!engines.is_empty()).then(|| {
        context! { engines => engines, untold => untold(record) }
    })
}

fn engine(engine: &Conforming) -> Value {
    let asked = engine.ok + engine.differs;
    let at: Vec<String> = engine.parallelisms.iter().map(ToString::to_string).collect();
    let same = if asked == 0 {
        "it can be asked none of them".to_owned()
    } else {
        format!("on {} of {}", engine.ok, plural(asked, "case"))
    };
    let cases = match &engine.file {
        None => "of the program".to_owned(),
        Some(file) => file.clone(),
    };
    let differences: Vec<Value> = engine
        .of(Outcome::Differs)
        .map(|case| {
            let at = case.parallelism.filter(|_| engine.parallelisms.len() > 1);
            context! { name => case.name.clone(), what => difference(case), at => at }
        })
        .collect();
    context! {
        name => engine.name.clone(),
        version => engine.version.clone().unwrap_or_else(|| "of the program".to_owned()),
        java => engine.java.clone().unwrap_or_else(|| NONE.to_owned()),
        same => same,
        is_same => engine.differs == 0 && asked > 0,
        differs => engine.differs,
        unsupported => engine.unsupported,
        at => at.join(", "),
        crashes => engine.crashes,
        cases => cases,
        put => engine.put.clone(),
        tool => format!("{} ({})", engine.tool, engine.commit.chars().take(12).collect::<String>()),
        differences => differences,
        reasons => reasons(engine),
    }
}

/// What was expected and what was answered where a case differs first.
fn difference(case: &OfCase) -> String {
    let shown = |row: &Option<String>| row.clone().unwrap_or_else(|| "nothing".to_owned());
    match &case.reason {
        Some(reason) => format!("it failed: {reason}"),
        None => format!("expected {}, answered {}", shown(&case.expected), shown(&case.answered)),
    }
}

/// Why cases cannot be asked: each reason once, with the cases, the most frequent first.
fn reasons(engine: &Conforming) -> Vec<Value> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for case in engine.of(Outcome::Unsupported) {
        let why = case.reason.as_deref().unwrap_or("says no reason");
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, cases)) => cases.push(&case.name),
            None => reasons.push((why, vec![&case.name])),
        }
    }
    reasons.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
    let shown = |(why, cases): (&str, Vec<&str>)| {
        context! { why => why, count => cases.len(), cases => cases.join(", ") }
    };
    reasons.into_iter().map(shown).collect()
}

/// Engines of the run of which nothing is told, each once.
fn untold(record: &RunRecord) -> String {
    let mut names: Vec<&str> = Vec::new();
    for engine in record.cells.iter().flat_map(|cell| &cell.engines) {
        let name = engine.kind.name();
        let is_told = record.conformance.iter().any(|told| told.name == name);
        if !is_told && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::conformance::conforming;
    use crate::sample;

    fn told(value: &Value, name: &str) -> String {
        value.get_attr(name).unwrap().to_string()
    }

    #[test]
    fn a_run_beside_which_nothing_lies_has_no_such_section() {
        assert!(conformance(&sample::record()).is_none());
    }

    #[test]
    fn a_difference_has_its_row_and_a_reason_stands_once() {
        let mut record = sample::record();
        record.conformance = vec![conforming("per-event", None)];
        let section = conformance(&record).unwrap();
        assert_eq!(told(&section, "untold"), "micro-batch", "of it nothing is told");
        let engine = section.get_attr("engines").unwrap().get_item(&Value::from(0)).unwrap();
        assert_eq!(told(&engine, "same"), "on 2 of 4 cases");
        assert!(!engine.get_attr("is_same").unwrap().is_true());
        let differences = told(&engine, "differences");
        assert!(differences.contains("answered nothing"), "{differences}");
        assert!(differences.contains("it failed: of a sum"), "{differences}");
        let reasons = engine.get_attr("reasons").unwrap();
        assert_eq!(reasons.len(), Some(2));
        let first = reasons.get_item(&Value::from(0)).unwrap();
        assert_eq!(
            (told(&first, "why"), told(&first, "count")),
            ("has no joins".into(), "2".into())
        );
        assert_eq!(told(&first, "cases"), "join, outer_join");
    }
}
