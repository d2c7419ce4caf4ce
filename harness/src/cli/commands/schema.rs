//! `schema`: what our files look like, for programs.
//!
//! Every schema is made from what reads or writes the file, so that it stays true.

use super::advise::Advised;
use super::atlas::Mapped;
use super::engines::EnginesHere;
use super::list::Lists;
use super::plan::Planned;
use super::validate::Validated;
use crate::cli::answer::Answer;
use clap::{Args, ValueEnum};
use instrument::host::Examination;
use reports::record::conformance::Conformance;
use reports::record::schema as record;
use serde_json::Value;
use settings::config::json_schema;
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
    /// `advice.json`, in a folder of advice.
    Advice,
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
    /// What `engines --format json` prints.
    Engines,
    /// What `conform --format json` prints, and the files that it keeps.
    Conform,
    /// What `advise --format json` prints.
    Advise,
    /// What `atlas --format json` prints.
    Atlas,
}

/// Prints a schema, or which there are.
pub(in crate::cli) fn schema(args: &SchemaArgs) -> Answer {
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
pub(super) fn of(what: Described) -> Value {
    match what {
        Described::Run => record::run(),
        Described::Advice => record::advice(),
        Described::Scenario => json_schema::scenario(),
        Described::Suite => json_schema::suite(),
        Described::List => record::of::<Lists>("list:1", "What is built in", 1),
        Described::Validate => {
            let title = "What is wrong with scenario files and suites";
            record::of::<Validated>("validate:1", title, 1)
        }
        Described::Plan => record::of::<Planned>("plan:1", "What a run would do", 1),
        Described::Doctor => {
            record::of::<Examination>("doctor:1", "What this machine can and cannot measure", 1)
        }
        Described::Engines => {
            let title = "Which engines are here, and what is missing";
            record::of::<EnginesHere>("engines:1", title, 1)
        }
        Described::Conform => {
            let title = "Whether engines answer as the originals do";
            record::of::<Conformance>("conform:1", title, 1)
        }
        Described::Advise => record::of::<Advised>("advise:1", "Which engine a workload needs", 1),
        Described::Atlas => {
            record::of::<Mapped>("atlas:1", "Which engine is the cheapest one where", 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::engines::{self, EnginesArgs};
    use crate::cli::commands::{list, validate};
    use crate::cli::options::Printed;
    use serde_json::json;

    #[track_caller]
    fn holds(schema: &Value, text: &str) {
        let document: Value = serde_json::from_str(text).unwrap();
        let validator = jsonschema::validator_for(schema).unwrap();
        let mistakes: Vec<_> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{mistakes:#?}\n{text}");
    }

    #[test]
    fn what_is_printed_for_programs_holds() {
        holds(&of(Described::List), &list::list(None, Printed::Json).results);
        let args = EnginesArgs { what: None, format: Printed::Json };
        holds(&of(Described::Engines), &engines::engines(&args, false).results);
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
