//! `schema`: what our files look like, for programs.
//!
//! Every schema is made from what reads or writes the file, so that it stays true.

use super::Answer;
use super::plan::Planned;
use crate::config::json_schema;
use crate::host::Examination;
use clap::{Args, ValueEnum};
use reports::record::schema as record;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What `schema` takes.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of which file; all of them are listed, where nothing is said.
    #[arg(value_enum, value_name = "FILE")]
    pub what: Option<Described>,
}

/// A file or a document that has a schema.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// `run.json`, and what `run --format json` prints.
    Run,
    /// A scenario file, once read as TOML: for editors, with `#:schema`.
    Scenario,
    /// A suite, likewise.
    Suite,
    /// What `list --format json` prints.
    List,
    /// What `validate --format json` prints.
    Validate,
    /// What `plan --format json` prints.
    Plan,
    /// What `doctor --format json` prints.
    Doctor,
}

/// Prints a schema, or which there are.
pub(super) fn schema(args: &SchemaArgs) -> Answer {
    match args.what {
        Some(what) => Answer::ok(format!("{:#}\n", of(what))),
        None => Answer::ok(listed()),
    }
}

fn listed() -> String {
    let mut out = String::new();
    for what in Described::value_variants() {
        if let Some(value) = what.to_possible_value() {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(out, "{:<10}{help}", value.get_name());
        }
    }
    out + "\nPrint one: sluicebench schema scenario > scenario.schema.json\nThen put this first \
           into a scenario file, for editors that know Taplo: #:schema ./scenario.schema.json\n"
}

/// The schema of a file.
pub(crate) fn of(what: Described) -> Value {
    match what {
        Described::Run => record::run(),
        Described::Scenario => json_schema::scenario(),
        Described::Suite => json_schema::suite(),
        Described::List => list(),
        Described::Validate => validate(),
        Described::Plan => record::of::<Planned>("plan:1", "What a run would do", 1),
        Described::Doctor => {
            record::of::<Examination>("doctor:1", "What this machine can and cannot measure", 1)
        }
    }
}

fn document(name: &str, title: &str, mut properties: Value, required: &[&str]) -> Value {
    properties["schema_version"] = json!({ "const": 1, "description": "of this format" });
    let required: Vec<_> = ["schema_version"].iter().chain(required).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:sluicebench:schema:{name}:1"),
        "title": title,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn object(properties: &Value) -> Value {
    let keys = properties.as_object().into_iter().flat_map(|object| object.keys());
    json!({
        "type": "object",
        "properties": properties,
        "required": keys.collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

fn list() -> Value {
    let entries = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": { "type": "string", "description": "as it is typed" },
                "title": { "type": "string", "description": "what it is, in a phrase" },
            },
            "required": ["name", "title"],
        },
    });
    let mut list = document("list", "What is built in", json!({}), &[]);
    // One for each kind of thing that was asked for.
    list["additionalProperties"] = entries;
    list
}

fn validate() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let number = |least: u64, description: &str| json!({ "type": "integer", "minimum": least, "description": description });
    let label = object(&json!({
        "file": text("the file, or what else the text is"),
        "line": number(1, "counted from 1"),
        "column": number(1, "counted from 1, in characters"),
        "offset": number(0, "in bytes from the start of the text"),
        "length": number(0, "in bytes"),
        "text": text("what is to be said about this place"),
    }));
    let mistake = object(&json!({
        "code": text("a stable name; `sluicebench describe CODE` tells what it means"),
        "message": text("what is wrong"),
        "help": { "type": ["string", "null"], "description": "one thing to do about it" },
        "labels": { "type": "array", "items": label, "description": "where: first the mistake" },
    }));
    let file = object(&json!({
        "file": text("as it was named"),
        "ok": { "type": "boolean", "description": "whether there is no mistake in it" },
        "mistakes": { "type": "array", "items": mistake, "description": "all of them" },
    }));
    let files = json!({ "files": { "type": "array", "items": file } });
    document("validate", "What is wrong with scenario files and suites", files, &["files"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Printed;
    use crate::cli::commands::{list, validate};

    #[track_caller]
    pub(crate) fn holds(schema: &Value, text: &str) {
        let document: Value = serde_json::from_str(text).unwrap();
        let validator = jsonschema::validator_for(schema).unwrap();
        let mistakes: Vec<_> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{mistakes:#?}\n{text}");
    }

    #[test]
    fn what_is_printed_for_programs_holds() {
        holds(&of(Described::List), &list::list(None, Printed::Json).results);
        let files = ["quick".to_owned(), "nothing-of-this-name".to_owned()];
        let said = validate::validate(&files, Printed::Json, false);
        holds(&of(Described::Validate), &said.results);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wrong.toml");
        std::fs::write(&file, "name = 5\n[source.synthetic]\nrate = 7\n").unwrap();
        let said = validate::validate(&[file.display().to_string()], Printed::Json, false);
        assert!(said.results.contains("config::unit"), "{}", said.results);
        holds(&of(Described::Validate), &said.results);
    }

    #[test]
    fn every_schema_is_one_and_has_a_name() {
        for what in Described::value_variants() {
            let schema = of(*what);
            assert!(jsonschema::meta::is_valid(&schema), "{what:?}");
            assert!(schema["$id"].as_str().unwrap().starts_with("urn:sluicebench:"), "{what:?}");
            assert!(schema["title"].is_string(), "{what:?}");
        }
        assert!(!jsonschema::is_valid(&of(Described::List), &json!({ "schema_version": 2 })));
        assert!(!jsonschema::is_valid(&of(Described::Validate), &json!({ "files": [] })));
    }

    #[test]
    fn those_that_there_are_are_listed() {
        let listed = schema(&SchemaArgs { what: None }).results;
        for name in ["run", "scenario", "suite", "list", "validate"] {
            assert!(listed.lines().any(|line| line.starts_with(name)), "{listed}");
        }
    }
}
