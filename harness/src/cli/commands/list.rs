//! `list`: what is built in.

use super::words::engines;
use crate::cli::answer::Answer;
use crate::cli::options::{Listed, Printed};
use reports::judge::metrics::{METRICS, Metric};
use scenarios::catalog::{SCENARIOS, SUITES};
use schemars::JsonSchema;
use serde::Serialize;
use settings::config::{self, Traces};
use statistics::Better;
use std::fmt::Write as _;

/// What is built in, as far as it was asked for; by name, in the order in which it is printed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Lists {
    /// The engines that are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    engines: Option<Vec<Entry>>,
    /// The figures that a run is judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Vec<Entry>>,
    /// Scenarios that need no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    scenarios: Option<Vec<Entry>>,
    /// Of this format: 1.
    schema_version: u32,
    /// Several scenarios under one name.
    #[serde(skip_serializing_if = "Option::is_none")]
    suites: Option<Vec<Entry>>,
}

/// One thing that is built in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Entry {
    /// As it is typed.
    name: String,
    /// What it is, in a phrase.
    title: String,
}

/// Lists everything, or one kind of it.
pub(in crate::cli) fn list(what: Option<Listed>, format: Printed) -> Answer {
    let of = |kind| what.is_none_or(|what| what == kind).then(|| entries(kind));
    let lists = Lists {
        schema_version: 1,
        scenarios: of(Listed::Scenarios),
        engines: of(Listed::Engines),
        suites: of(Listed::Suites),
        metrics: of(Listed::Metrics),
    };
    match format {
        Printed::Text => Answer::ok(text(&lists, what.is_none())),
        Printed::Json => Answer::document(&lists),
    }
}

fn entries(kind: Listed) -> Vec<Entry> {
    let entry = |name: &str, title: String| Entry { name: name.to_owned(), title };
    let titled =
        |list: &[(&str, &str)]| list.iter().map(|&(name, _)| entry(name, title(name))).collect();
    match kind {
        Listed::Scenarios => titled(SCENARIOS),
        Listed::Suites => titled(SUITES),
        Listed::Metrics => {
            METRICS.iter().map(|metric| entry(metric.name, summarised(metric))).collect()
        }
        Listed::Engines => engines().map(|(name, what)| entry(name, what.to_owned())).collect(),
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

fn text(lists: &Lists, headings: bool) -> String {
    let Lists { schema_version: _, scenarios, engines, suites, metrics } = lists;
    let listed =
        [("scenarios", scenarios), ("engines", engines), ("suites", suites), ("metrics", metrics)];
    let listed = || listed.iter().filter_map(|(heading, list)| Some((heading, list.as_ref()?)));
    let width = listed().flat_map(|(_, list)| list).map(|entry| entry.name.len()).max();
    let width = width.unwrap_or(0);
    let mut out = String::new();
    for (index, (heading, list)) in listed().enumerate() {
        if headings {
            let gap = if index == 0 { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{heading}");
        }
        for Entry { name, title } in list {
            let indent = if headings { "  " } else { "" };
            let _ = writeln!(out, "{indent}{name:width$}  {title}");
        }
    }
    if headings {
        out.push_str("\nMore about one: sluicebench describe NAME\n");
    }
    out
}
