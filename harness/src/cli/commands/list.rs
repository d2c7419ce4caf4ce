//! `list`: what is built in.

use super::Answer;
use super::words::ENGINES;
use crate::cli::args::{Listed, Printed};
use crate::config::{self, Traces};
use reports::metrics::{METRICS, Metric};
use reports::summary::Better;
use scenarios::catalog::{SCENARIOS, SUITES};
use std::fmt::Write as _;

/// Lists everything, or one kind of it.
pub(super) fn list(what: Option<Listed>, format: Printed) -> Answer {
    let kinds = [Listed::Scenarios, Listed::Engines, Listed::Suites, Listed::Metrics];
    let wanted = kinds.into_iter().filter(|kind| what.is_none_or(|what| what == *kind));
    let lists: Vec<_> = wanted.map(|kind| (heading(kind), entries(kind))).collect();
    match format {
        Printed::Text => Answer::ok(text(&lists, what.is_none())),
        Printed::Json => {
            let mut json = serde_json::Map::new();
            json.insert("schema_version".into(), 1.into());
            for (heading, entries) in lists {
                let entries = entries
                    .into_iter()
                    .map(|(name, title)| serde_json::json!({ "name": name, "title": title }));
                json.insert(heading.into(), entries.collect());
            }
            Answer::ok(format!("{:#}\n", serde_json::Value::Object(json)))
        }
    }
}

const fn heading(kind: Listed) -> &'static str {
    match kind {
        Listed::Scenarios => "scenarios",
        Listed::Engines => "engines",
        Listed::Suites => "suites",
        Listed::Metrics => "metrics",
    }
}

/// Name and title of each.
fn entries(kind: Listed) -> Vec<(&'static str, String)> {
    let titled = |list: &[(&'static str, &'static str)]| {
        list.iter().map(|&(name, _)| (name, title(name))).collect()
    };
    match kind {
        Listed::Scenarios => titled(SCENARIOS),
        Listed::Suites => titled(SUITES),
        Listed::Metrics => METRICS.iter().map(|metric| (metric.name, summarised(metric))).collect(),
        Listed::Engines => ENGINES.iter().map(|&(name, what)| (name, what.to_owned())).collect(),
    }
}

/// A metric's words, unit, good end, and the share below which nobody would act.
fn summarised(metric: &Metric) -> String {
    let end = match metric.better {
        Better::Lower => "lower",
        Better::Higher => "higher",
    };
    format!("{}, in {}; {end} is better", metric.words, metric.unit.name())
}

/// What a built-in scenario or suite calls itself.
fn title(name: &str) -> String {
    config::load(&[name.to_owned()], &[], &[], Traces::MayBeAbsent)
        .map(|loaded| loaded.title)
        .unwrap_or_default()
}

fn text(lists: &[(&str, Vec<(&str, String)>)], headings: bool) -> String {
    let widest = lists.iter().flat_map(|(_, entries)| entries).map(|(name, _)| name.len()).max();
    let width = widest.unwrap_or(0);
    let mut out = String::new();
    for (index, (heading, entries)) in lists.iter().enumerate() {
        if headings {
            let gap = if index == 0 { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{heading}");
        }
        for (name, title) in entries {
            let indent = if headings { "  " } else { "" };
            let _ = writeln!(out, "{indent}{name:width$}  {title}");
        }
    }
    if headings {
        out.push_str("\nMore about one: sluicebench describe NAME\n");
    }
    out
}
