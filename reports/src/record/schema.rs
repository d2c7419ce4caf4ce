//! The published schemas of `run.json` and `advice.json`.
//!
//! They are made from the types that read and write the files, so that they cannot say anything
//! else, and take every version that this build reads: what a later version added is not required.

use super::advice::AdviceRecord;
use super::{RunRecord, SCHEMA_VERSION};
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The schema of `run.json`: JSON Schema, draft 2020-12.
pub fn run() -> Value {
    of::<RunRecord>(
        &format!("run:{SCHEMA_VERSION}"),
        "What a run was: the file `run.json` in its folder",
        SCHEMA_VERSION,
    )
}

/// The schema of `advice.json`, likewise.
pub fn advice() -> Value {
    of::<AdviceRecord>(
        &format!("advice:{SCHEMA_VERSION}"),
        "What was asked for advice, and which runs answer it: the file `advice.json` in its folder",
        SCHEMA_VERSION,
    )
}

/// The schema of a document of ours that carries a `schema_version` of at most `newest`. A number
/// that is not defined is `null` in JSON, so `null` is allowed wherever a fraction stands.
pub fn of<T: JsonSchema>(name: &str, title: &str, newest: u32) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    RecursiveTransform(allow_undefined).transform(&mut schema);
    let mut schema = schema.to_value();
    schema["$id"] = json!(format!("urn:sluicebench:schema:{name}"));
    schema["title"] = json!(title);
    schema["properties"]["schema_version"]["minimum"] = json!(1);
    schema["properties"]["schema_version"]["maximum"] = json!(newest);
    schema
}

fn allow_undefined(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for property in properties.values_mut() {
        if property["type"] == "number" {
            property["type"] = json!(["number", "null"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::fs;
    use std::path::Path;

    fn mistakes(document: &Value) -> Vec<String> {
        let validator = jsonschema::validator_for(&run()).unwrap();
        validator.iter_errors(document).map(|error| error.to_string()).collect()
    }

    #[track_caller]
    fn holds(text: &str) {
        let mistakes = mistakes(&serde_json::from_str(text).unwrap());
        assert!(mistakes.is_empty(), "{mistakes:#?}");
    }

    /// Every record under a folder of the repository, however deep.
    fn stored(folder: &str) -> Vec<String> {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        let mut records = Vec::new();
        while let Some(folder) = folders.pop() {
            records.extend(fs::read_to_string(folder.join("run.json")));
            let within = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(within.filter(|path| path.is_dir()));
        }
        records
    }

    #[test]
    fn every_record_that_can_be_read_holds() {
        holds(&serde_json::to_string(&sample::record()).unwrap());
        let stored: Vec<_> = ["tests/old_records", "runs"].into_iter().flat_map(stored).collect();
        assert!(stored.len() >= 2, "an old record and a published one");
        for text in stored {
            holds(&text);
        }
    }

    #[test]
    fn an_undefined_number_is_null_and_no_other_is() {
        let mut record = sample::record();
        record.host.load_before = f64::NAN;
        record.cells[0].engines[0].repetitions[0].cpu_us_per_event = f64::NAN;
        let mut document = serde_json::to_value(&record).unwrap();
        holds(&document.to_string());
        document["host"]["cores"] = Value::Null;
        assert_eq!(mistakes(&document).len(), 1);
    }

    #[test]
    fn a_wrong_record_is_refused() {
        let whole = serde_json::to_value(sample::record()).unwrap();
        let check = |change: fn(&mut Value)| {
            let mut document = whole.clone();
            change(&mut document);
            assert!(!mistakes(&document).is_empty(), "{document:#}");
        };
        check(|document| document["cells"] = json!("none"));
        check(|document| document["schema_version"] = json!(SCHEMA_VERSION + 1));
        check(|document| document["schema_version"] = json!(0));
        check(|document| drop(document.as_object_mut().unwrap().remove("host")));
        check(|document| document["cells"][0]["seed"] = json!("42"));
        check(|document| {
            document["cells"][0]["engines"][0]["repetitions"][0]["verdict"]["kind"] = json!("fine");
        });
        check(|document| {
            document["cells"][0]["engines"][0]["repetitions"][0]["timeline"][0]["offered"] =
                json!(-1);
        });
    }

    #[test]
    fn everything_in_it_says_what_it_means() {
        for (name, schema) in [("run", run()), ("advice", advice())] {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            let definitions = schema["$defs"].as_object().unwrap();
            for (name, definition) in definitions.iter().chain([(&name.to_owned(), &schema)]) {
                assert!(definition["description"].is_string(), "{name}");
                for (key, property) in definition["properties"].as_object().into_iter().flatten() {
                    assert!(property["description"].is_string(), "{name}.{key}");
                }
            }
        }
    }
}
