//! The table of keys as a JSON schema, for editors that complete and check TOML by one.
//!
//! A file is never a value of a type of ours that a schema could be derived from: its keys are laid
//! over one another as a tree and become settings one by one, and the table is what both go by. It
//! says of each key by itself what `check.rs` says. What a pair of settings means together no
//! schema can say; for that there is `validate`.

use super::keys;
use super::schema::{Key, Kind, Unsaid};
use crate::plan::{CPUS_MOST, Repeat};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The schema of a scenario file.
pub fn scenario() -> Value {
    file("scenario", "A scenario file of sluicebench", "")
}

/// The schema of a suite.
pub fn suite() -> Value {
    file("suite", "A suite of sluicebench: several scenarios in one run", "suite")
}

fn file(name: &str, title: &str, path: &str) -> Value {
    let mut schema = table(path);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("urn:sluicebench:schema:{name}"));
    schema["title"] = json!(title);
    schema
}

/// The table of keys at a path.
fn table(path: &str) -> Value {
    let is_there = |key: &&Key| !matches!(key.kind, Kind::NotYet);
    let children = || keys::children(path).filter(is_there);
    let properties: Map<_, _> =
        children().map(|key| (key.name().to_owned(), described(key))).collect();
    let required: Vec<_> =
        children().filter(|key| matches!(key.unsaid, Unsaid::Required(_))).map(Key::name).collect();
    let mut table =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

/// What a key takes, what it means and what it is when nobody says.
fn described(key: &Key) -> Value {
    let mut schema = taken(key);
    let mut description = key.meaning.to_owned();
    match key.unsaid {
        Unsaid::Is(text) => {
            if let Some(value) = default(text) {
                schema["default"] = value;
            }
        }
        Unsaid::IsWithout(other, text) => {
            if let Some(value) = default(text) {
                schema["default"] = value;
            }
            let _ = write!(description, "; not beside `{other}`");
        }
        Unsaid::Same(other) => {
            let _ = write!(description, "; as `{other}`, where nothing is said");
        }
        Unsaid::RequiredWithout(other, _) => {
            let _ = write!(description, "; required where there is no `{other}`");
        }
        Unsaid::Required(_) | Unsaid::Absent => {}
    }
    schema["description"] = json!(description);
    schema
}

fn taken(key: &Key) -> Value {
    taken_as(key, &key.kind)
}

fn taken_as(key: &Key, kind: &Kind) -> Value {
    match kind {
        // Several settings of one engine are compared with one another.
        Kind::Table if key.parent() == "engine" => {
            let one = table(key.path);
            json!({ "oneOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
        }
        Kind::Table | Kind::Inline => table(key.path),
        Kind::OrTable(simple) => json!({ "anyOf": [taken_as(key, simple), table(key.path)] }),
        Kind::List(item) => {
            json!({ "type": "array", "items": taken_as(key, item), "minItems": 1 })
        }
        Kind::Pick { .. } => {
            let mut one = table(key.path);
            one["minProperties"] = json!(1);
            one["maxProperties"] = json!(1);
            one
        }
        Kind::Tables => json!({ "type": "array", "items": table(key.path), "minItems": 1 }),
        // Dotted keys in quotes and tables mean the same here; `validate` knows them all.
        Kind::Overrides => json!({ "type": "object" }),
        Kind::Text | Kind::Path => json!({ "type": "string" }),
        Kind::Name => {
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}$" })
        }
        Kind::Integer { least, most } => {
            let mut integer = json!({ "type": "integer" });
            bound(&mut integer, "minimum", i64::try_from(*least).ok().filter(|n| *n > i64::MIN));
            bound(&mut integer, "maximum", i64::try_from(*most).ok().filter(|n| *n < i64::MAX));
            integer
        }
        Kind::Number { least, most } => {
            let mut number = json!({ "type": "number" });
            bound(&mut number, "minimum", Some(*least).filter(|n| n.is_finite()));
            bound(&mut number, "maximum", Some(*most).filter(|n| n.is_finite()));
            number
        }
        Kind::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::EventTime { least_us } if *least_us < 0 => json!({
            "type": "string",
            "pattern": "^\\s*-?\\s*[0-9][0-9.]*\\s*[a-zA-Zµ]+(\\s*[0-9][0-9.]*\\s*[a-zA-Zµ]+)*\\s*$",
        }),
        Kind::RunTimeOr { word, .. } => {
            json!({ "anyOf": [{ "enum": [word] }, { "type": "string", "pattern": LENGTH }] })
        }
        Kind::RunTime { .. } | Kind::EventTime { .. } => {
            json!({ "type": "string", "pattern": LENGTH })
        }
        Kind::Repeat => json!({ "oneOf": [
            { "type": "integer", "minimum": 1, "maximum": Repeat::MOST },
            { "type": "string", "pattern": "^\\s*[0-9]{1,4}\\s*(\\.\\.\\s*[0-9]{1,4}\\s*)?$" },
        ] }),
        Kind::Cpus => json!({ "oneOf": [
            { "type": "integer", "minimum": 0, "exclusiveMaximum": CPUS_MOST },
            { "type": "string", "pattern": CPUS },
        ] }),
        Kind::Rate => json!({
            "type": "string",
            "pattern": "^\\s*[0-9.][0-9._]*\\s*[kKMG]?\\s*/\\s*(s|sec|min|h)\\s*$",
        }),
        Kind::Size(_) => {
            json!({ "type": "string", "pattern": "^\\s*[0-9][0-9.]*\\s*[a-zA-Z]+\\s*$" })
        }
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Choices(words) => json!({
            "type": "array", "items": { "enum": words }, "minItems": 1, "uniqueItems": true,
        }),
        Kind::Amount => json!({ "type": ["string", "number"] }),
        Kind::NotYet => json!(false),
    }
}

/// Numbers and ranges of processors, or a word; `validate` knows more of them.
const CPUS: &str = "^\\s*(auto|none|[0-9]{1,4}(\\s*[-,]\\s*[0-9]{1,4})*)\\s*$";

/// A length of time with its unit.
const LENGTH: &str = "^\\s*[0-9][0-9.]*\\s*[a-zA-Zµ]+(\\s*[0-9][0-9.]*\\s*[a-zA-Zµ]+)*\\s*$";

fn bound(schema: &mut Value, name: &str, limit: Option<impl Into<Value>>) {
    if let Some(limit) = limit {
        schema[name] = limit.into();
    }
}

/// A default, which the table of keys has as TOML.
fn default(text: &str) -> Option<Value> {
    let mut table: toml::Table = format!("default = {text}").parse().ok()?;
    serde_json::to_value(table.remove("default")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Traces, load};
    use scenarios::catalog::{SCENARIOS, SUITES};

    fn mistakes(schema: &Value, text: &str) -> Vec<String> {
        let document: toml::Table = text.parse().unwrap();
        let document = serde_json::to_value(document).unwrap();
        let validator = jsonschema::validator_for(schema).unwrap();
        validator.iter_errors(&document).map(|error| error.to_string()).collect()
    }

    #[track_caller]
    fn holds(schema: &Value, name: &str, text: &str) {
        let mistakes = mistakes(schema, text);
        assert!(mistakes.is_empty(), "{name}: {mistakes:#?}\n{text}");
    }

    #[test]
    fn every_built_in_file_holds_and_so_does_what_it_resolves_to() {
        for (name, text) in SCENARIOS {
            holds(&scenario(), name, text);
        }
        for (name, text) in SUITES {
            holds(&suite(), name, text);
        }
        for (name, _) in SCENARIOS.iter().chain(SUITES) {
            let loaded = load(&[(*name).to_owned()], &[], &[], Traces::MayBeAbsent).unwrap();
            for cell in loaded.cells {
                holds(&scenario(), &cell.name, &cell.resolved_toml);
            }
        }
    }

    const GOOD: &str = r#"
name = "mine"
[source.synthetic]
rate = "50k/s"
keys = { uniform = { count = 100 } }
[query.window]
size = "5s"
aggregates = ["count"]
[[engine.micro-batch]]
interval = "1s"
[[engine.micro-batch]]
interval = "1.5s"
"#;

    #[track_caller]
    fn refused(line: &str, instead: &str) {
        assert!(GOOD.contains(line), "no such line: {line}");
        let text = GOOD.replacen(line, instead, 1);
        assert!(!mistakes(&scenario(), &text).is_empty(), "{text}");
    }

    #[test]
    fn a_mistake_in_one_key_is_refused() {
        holds(&scenario(), "good", GOOD);
        refused("interval = \"1s\"", "intervall = \"1s\"");
        refused("size = \"5s\"", "size = 5");
        refused("size = \"5s\"", "size = \"5\"");
        refused("size = \"5s\"", "");
        refused("rate = \"50k/s\"", "rate = \"50k\"");
        refused("rate = \"50k/s\"", "rate = true");
        refused("count = 100", "count = 0");
        refused("uniform = { count = 100 }", "uniform = { count = 1 }, zipf = { count = 1 }");
        refused("aggregates = [\"count\"]", "aggregates = [\"summ\"]");
        refused("aggregates = [\"count\"]", "aggregates = []");
        refused("[query.window]\nsize = \"5s\"", "[query.window]\nsize = \"5s\"\nsession = {}");
        refused("name = \"mine\"", "name = \"mine/yours\"");
        refused("name = \"mine\"", "");
        assert!(!mistakes(&suite(), GOOD).is_empty(), "a scenario is no suite");
    }

    #[test]
    fn a_default_is_told_as_it_would_be_written() {
        let scenario = scenario();
        let interval = &scenario["properties"]["engine"]["properties"]["micro-batch"]["oneOf"][0]["properties"]
            ["interval"];
        assert_eq!(interval["default"], "200ms");
        assert_eq!(
            interval["description"],
            keys::key("engine.micro-batch.interval").unwrap().meaning
        );
        assert_eq!(scenario["properties"]["seed"]["default"], 42);
    }
}
