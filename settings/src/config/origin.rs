//! Where each setting that is not a default was written.
//!
//! File < environment < command line: what is laid over something replaces its place as well, so
//! that a place always names the last word.

use super::diagnostic::Sources;
use super::tree::{Node, Value};
use schemars::JsonSchema;
use serde::Serialize;

/// A setting that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Written {
    /// The key's full path; of several settings of one engine, with a number.
    pub key: String,
    /// The value, as it was written.
    pub value: String,
    /// The file, "command line" or "environment".
    pub from: String,
    /// The line of the file, from 1.
    pub line: Option<usize>,
}

/// All of them, in the order of their keys.
pub(crate) fn written(root: &Node, sources: &Sources) -> Vec<Written> {
    let mut all = Vec::new();
    walk("", root, sources, &mut all);
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

fn walk(path: &str, node: &Node, sources: &Sources, all: &mut Vec<Written>) {
    match &node.value {
        Value::Table(table) => {
            for entry in &table.0 {
                let dot = if path.is_empty() { "" } else { "." };
                walk(&format!("{path}{dot}{}", entry.key), &entry.node, sources, all);
            }
        }
        Value::List(items) if items.iter().any(|item| item.table().is_some()) => {
            for (index, item) in items.iter().enumerate() {
                walk(&format!("{path}[{}]", index + 1), item, sources, all);
            }
        }
        _ => {
            let Some(place) = &node.place else { return };
            let source = sources.get(place.source);
            let value = source.text.get(place.span.clone()).unwrap_or_default();
            let is_file = !matches!(source.name.as_str(), "command line" | "environment");
            let before = source.text.get(..place.span.start).unwrap_or_default();
            all.push(Written {
                key: path.to_owned(),
                value: value.split_whitespace().collect::<Vec<_>>().join(" "),
                from: source.name.clone(),
                line: is_file.then(|| before.matches('\n').count() + 1),
            });
        }
    }
}
