//! Suites: several scenarios in one run, each with something changed.
//!
//! A suite is put together out of scenario files and ends as drafts like theirs. It has no
//! settings of its own that a scenario file could not have.

use super::check::Checker;
use super::diagnostic::{Mistake, Place};
use super::draft::Draft;
use super::library::{Library, Origin};
use super::settings::Settings;
use super::threshold;
use super::tree::{Entry, Node, STEPS_MOST, Table, Value};
use crate::plan::{EngineKind, Repeat};

/// A suite and its cases.
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) repeat: Repeat,
    pub(crate) drafts: Vec<Draft>,
}

/// Puts the cases of a suite together.
pub(crate) fn expand(
    root: &Node,
    origin: &Origin,
    unreadable: bool,
    library: &mut Library,
    mistakes: &mut Vec<Mistake>,
) -> Suite {
    let mut checker = Checker { unreadable, ..Checker::default() };
    checker.table("suite", root, &[]);
    mistakes.append(&mut checker.mistakes);
    let head = checker.settings;
    let cases = root.table().and_then(|table| table.get("case")).map(|entry| &entry.node);
    let mut drafts = Vec::new();
    match cases.map(|node| &node.value) {
        Some(Value::List(cases)) => {
            for case in cases {
                let mut draft = expand_case(case, origin, unreadable, library, mistakes);
                if let Some(draft) = &mut draft {
                    draft.partial = head.flag("suite.partial") == Some(true);
                    demand(draft, case, mistakes);
                    demand(draft, root, mistakes);
                }
                drafts.extend(draft);
            }
        }
        _ => mistakes.push(
            Mistake::new("config::type", "`case` takes tables")
                .at(cases.and_then(|node| node.place.as_ref()), "not tables")
                .help("write [[case]] above each case"),
        ),
    }
    names_differ(&drafts, mistakes);
    Suite {
        name: head.text("suite.name").unwrap_or_default().to_owned(),
        title: head.text("suite.title").unwrap_or_default().to_owned(),
        repeat: head.repeat("suite.repeat").unwrap_or(Repeat::times(1)),
        drafts,
    }
}

fn expand_case(
    case: &Node,
    origin: &Origin,
    unreadable: bool,
    library: &mut Library,
    mistakes: &mut Vec<Mistake>,
) -> Option<Draft> {
    let mut checker = Checker { unreadable, ..Checker::default() };
    checker.table("suite.case", case, &[]);
    mistakes.append(&mut checker.mistakes);
    let settings = checker.settings;
    let scenario = settings.text("suite.case.scenario")?;
    let place = settings.place("suite.case.scenario");
    let (mut draft, scenario_name) = match library.scenario(scenario, origin) {
        Ok((root, found, unreadable)) => {
            let name = root.find("name").cloned().unwrap_or_else(|| text_node(&found, place));
            (Draft::of_file(root, unreadable), name)
        }
        Err(mut mistake) => {
            if let (true, Some(place)) = (mistake.labels.is_empty(), place) {
                mistake = mistake.at(Some(place), "named here");
            }
            mistakes.push(mistake);
            return None;
        }
    };
    draft.root.put(&[("scenario".into(), place.cloned())], &scenario_name);
    for key in ["name", "title"] {
        let path = format!("suite.case.{key}");
        if let Some(text) = settings.text(&path) {
            let node = text_node(text, settings.place(&path));
            draft.root.put(&[(key.into(), settings.key_place(&path).cloned())], &node);
        }
    }
    if let Some(set) = case.find("set") {
        lay_over(&mut draft.root, "", set, mistakes);
    }
    if let Some(engines) = case.find("engines") {
        compare(&mut draft, engines, unreadable, mistakes);
    }
    Some(draft)
}

/// Adds the thresholds of a case or a suite to those of a scenario: all of them must hold.
fn demand(draft: &mut Draft, from: &Node, mistakes: &mut Vec<Mistake>) {
    let Some(added) = from.find("threshold") else { return };
    let Value::List(items) = &added.value else {
        return mistakes.push(threshold::not_tables(added));
    };
    let mut all = items.clone();
    // What is wrong with those of the scenario is told with the rest of it.
    if let Some(Value::List(own)) = draft.root.find("threshold").map(|node| &node.value) {
        all.splice(0..0, own.iter().cloned());
    }
    let node = Node { value: Value::List(all), place: added.place.clone() };
    let Value::Table(table) = &mut draft.root.value else { return };
    table.0.retain(|entry| entry.key != "threshold");
    table.0.push(Entry { key: "threshold".into(), place: added.place.clone(), node });
}

fn text_node(text: &str, place: Option<&Place>) -> Node {
    Node { value: Value::Text(text.into()), place: place.cloned() }
}

/// Lays a table of dotted keys over a tree, below `path`.
fn lay_over(root: &mut Node, path: &str, set: &Node, mistakes: &mut Vec<Mistake>) {
    let Some(table) = set.table() else {
        mistakes.push(
            Mistake::new("config::type", format!("`set` takes a table, not {}", set.value.kind()))
                .at(set.place.as_ref(), set.value.kind())
                .help("write set = { \"measure.duration\" = \"2s\" }"),
        );
        return;
    };
    for entry in &table.0 {
        let keys = path.split('.').filter(|key| !key.is_empty()).chain(entry.key.split('.'));
        // Nobody could read it, and each step lies in the one before it.
        if keys.clone().count() > STEPS_MOST {
            let message = format!("no key has more than {STEPS_MOST} steps");
            let at = entry.place.as_ref();
            mistakes.push(Mistake::new("config::unknown_key", message).at(at, "not a key"));
            continue;
        }
        let path: Vec<_> = keys.map(|key| (key.to_owned(), entry.place.clone())).collect();
        root.put(&path, &entry.node);
    }
}

/// Replaces the engines of a scenario by the settings that a case compares.
fn compare(draft: &mut Draft, engines: &Node, unreadable: bool, mistakes: &mut Vec<Mistake>) {
    let Value::List(items) = &engines.value else {
        mistakes.push(
            Mistake::new(
                "config::type",
                format!("`engines` takes a list, not {}", engines.value.kind()),
            )
            .at(engines.place.as_ref(), engines.value.kind())
            .help(format!("write engines = [ {{ engine = \"{}\" }} ]", EngineKind::PER_EVENT)),
        );
        return;
    };
    let mut lists = EngineKind::NAMES.map(|name| (name, Vec::new()));
    for item in items {
        let mut checker = Checker { unreadable, ..Checker::default() };
        checker.table("suite.case.engines", item, &[]);
        mistakes.append(&mut checker.mistakes);
        let settings: Settings = checker.settings;
        let Some(engine) = settings.text("suite.case.engines.engine") else { continue };
        let base =
            draft.root.find(&format!("engine.{engine}")).filter(|node| node.table().is_some());
        let mut node = base.cloned().unwrap_or_else(Node::empty);
        node.place.clone_from(&item.place);
        let mut scratch = Node::empty();
        let path: Vec<_> =
            ["engine", engine].map(|key| (key.to_owned(), item.place.clone())).into();
        scratch.put(&path, &node);
        if let Some(label) = settings.text("suite.case.engines.label") {
            let label = text_node(label, settings.place("suite.case.engines.label"));
            let mut path = path;
            path.push(("label".into(), label.place.clone()));
            scratch.put(&path, &label);
        }
        if let Some(set) = item.find("set") {
            lay_over(&mut scratch, &format!("engine.{engine}"), set, mistakes);
        }
        if let Some(node) = scratch.find(&format!("engine.{engine}")) {
            for (_, list) in lists.iter_mut().filter(|(name, _)| *name == engine) {
                list.push(node.clone());
            }
        }
    }
    let entries =
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| Entry {
            key: name.into(),
            place: engines.place.clone(),
            node: Node { value: Value::List(list), place: engines.place.clone() },
        });
    let table =
        Node { value: Value::Table(Table(entries.collect())), place: engines.place.clone() };
    if let Value::Table(root) = &mut draft.root.value {
        root.0.retain(|entry| entry.key != "engine");
        root.0.push(Entry { key: "engine".into(), place: engines.place.clone(), node: table });
    }
    draft.both_engines = false;
}

fn names_differ(drafts: &[Draft], mistakes: &mut Vec<Mistake>) {
    let name = |draft: &Draft| match draft.root.find("name") {
        Some(Node { value: Value::Text(name), place }) => Some((name.clone(), place.clone())),
        _ => None,
    };
    for (index, draft) in drafts.iter().enumerate() {
        let Some((this, place)) = name(draft) else { continue };
        let before = drafts[..index].iter().filter_map(name).find(|(other, _)| *other == this);
        if let Some((_, first)) = before {
            mistakes.push(
                Mistake::new("config::conflict", format!("two cases have the name `{this}`"))
                    .at(first.as_ref(), "one")
                    .at(place.as_ref().filter(|place| Some(*place) != first.as_ref()), "another")
                    .help("give each case a `name` of its own"),
            );
        }
    }
}
