//! Records of runs, edited by chance.

use super::{Chance, Input, each, mutated};
use crate::gate::{FAST, record, write};
use crate::support::program;
use reports::RunRecord;
use serde_json::{Value, json};
use sluicebench::bench::exit::Exit;
use std::fs;
use std::path::Path;

/// One place of a document, taken at random on the way down.
fn place<'a>(value: &'a mut Value, chance: &mut Chance) -> &'a mut Value {
    let parts = match &*value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if parts == 0 || chance.below(8) == 0 {
        return value;
    }
    let at = chance.below(parts);
    match value {
        Value::Array(items) => place(&mut items[at], chance),
        Value::Object(members) => place(members.values_mut().nth(at).unwrap(), chance),
        _ => unreachable!("it has parts"),
    }
}

/// The document with a few values changed, or with something changed in its text.
fn changed(base: &Value, chance: &mut Chance) -> Vec<u8> {
    let mut document = base.clone();
    for _ in 0..=chance.below(2) {
        let found = place(&mut document, chance);
        *found = match (chance.below(12), &*found) {
            (0, _) => json!(-1),
            (1, _) => json!(u64::MAX),
            (2, _) => json!(1e300),
            (3, _) => json!(null),
            (4, _) => json!("\u{1b}[31m\u{202e}"),
            (5, _) => json!([]),
            (6, _) => json!({}),
            (7, Value::Array(items)) => {
                items.iter().chain(items.first()).cloned().collect::<Vec<_>>().into()
            }
            (8, Value::Array(items)) => items.iter().rev().cloned().collect::<Vec<_>>().into(),
            (9, Value::Number(number)) => json!(number.as_f64().map(|number| number * 2.0)),
            (10, Value::Number(_)) => json!(0),
            (11, Value::Bool(flag)) => json!(!flag),
            (_, Value::Object(members)) => {
                let without = chance.below(members.len().max(1));
                let kept = members.iter().enumerate().filter(|(n, _)| *n != without);
                Value::Object(kept.map(|(_, (key, value))| (key.clone(), value.clone())).collect())
            }
            (_, Value::String(text)) => json!(format!("{text}\0<b>../x\n")),
            _ => json!(-0.5),
        };
    }
    let text = document.to_string();
    if chance.below(4) == 0 { mutated(text.as_bytes(), chance) } else { text.into_bytes() }
}

/// A record as the program writes it, with time lines and batches.
fn written(folder: &Path) -> Value {
    let line = [
        "run",
        "keyed-window",
        "--simulate",
        "--rate",
        "2k/s",
        "--duration",
        "600ms",
        "--repeat",
        "2",
        "--set",
        "measure.warm_up=0s",
        "--out",
        "made",
    ];
    let said = program::said(folder, &line);
    assert_eq!(said.exit, 0, "{said}");
    serde_json::from_slice(&fs::read(folder.join("made/run.json")).unwrap()).unwrap()
}

#[test]
fn a_record_is_true_as_far_as_anyone_can_tell_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bases = [record(&FAST), written(at)];
    write(at, "base", &bases[0]);
    let path = |name: &str| at.join(name).display().to_string();
    let (base, run, page, export) = (path("base"), path("run"), path("page"), path("export"));
    fs::create_dir(&run).unwrap();
    let file = at.join("run/run.json");
    let mut accepted = 0;
    each(400, |seed, chance| {
        let text = changed(&bases[chance.below(2)], chance);
        fs::write(&file, &text).unwrap();
        let input = Input { seed, text: &text };
        let read = input.tried(|| RunRecord::read(Path::new(&run)));
        let lines: [&[&str]; 4] = [
            &["check", &run],
            &["compare", &base, &run, "--force"],
            &["report", &run, "--out", &page, "--force"],
            &["export", &run, "--csv", "--json", "--to", &export, "--force"],
        ];
        if let Err(error) = read {
            assert!(error.to_string().contains("run.json"), "{error}");
            let ends = [Exit::Usage, Exit::Failed];
            input.holds(lines[chance.below(4)], &ends, "run.json");
        } else {
            accepted += 1;
            let all = if accepted % 8 == 0 { &lines[..] } else { &lines[..1] };
            for line in all {
                input.holds(line, &Exit::ALL, "");
            }
        }
        assert_eq!(fs::read(&file).unwrap(), text, "{}", input.told());
    });
    assert!(accepted > 0, "some changes change nothing that matters");
}
