//! A key by the end of its path, as people type it: `speed` for `source.trace.speed`.
//!
//! It may be shortened as long as it means one key of the scenario at hand.

use super::keys::KEYS;
use super::schema::{Key, Kind};
use crate::plan::EngineKind;

/// Why a name means no key.
#[derive(Clone, Debug)]
pub enum NotOne {
    /// None of this scenario; these of others.
    None(Vec<&'static Key>),
    /// These.
    Several(Vec<&'static Key>),
}

/// The one key with a value that was meant. `has` says what the scenario has written, and `runs` whether
/// the engine of that name is one of those at hand.
pub fn key_called(
    name: &str,
    has: &dyn Fn(&str) -> bool,
    runs: &dyn Fn(&str) -> bool,
) -> Result<&'static Key, NotOne> {
    let all: Vec<&'static Key> =
        KEYS.iter().filter(|key| can_be_varied(key) && ends_in(key, name)).collect();
    let mut here: Vec<&'static Key> =
        all.iter().copied().filter(|key| applies(key.path, has)).collect();
    if let Some(exact) = here.iter().position(|key| key.path == name) {
        return Ok(here.swap_remove(exact));
    }
    // Of engines those at hand are meant, and where none of them has such a key, those of this program.
    let is_embedded = |engine: &str| EngineKind::EMBEDDED.contains(&engine);
    let ways: [&dyn Fn(&str) -> bool; 2] = [runs, &is_embedded];
    let is_meant = |key: &Key, way: &dyn Fn(&str) -> bool| engine_of(key.path).is_none_or(way);
    if let Some(way) = ways.into_iter().find(|way| here.iter().any(|key| is_meant(key, way))) {
        here.retain(|key| is_meant(key, way));
    }
    if here.len() > 1 {
        // Of alternatives, such as two kinds of keys, the one that the scenario has chosen.
        let present: Vec<_> = here.iter().copied().filter(|key| has(key.path)).collect();
        if let [only] = present[..] {
            here = vec![only];
        }
    }
    match here[..] {
        [only] => Ok(only),
        [] => Err(NotOne::None(all)),
        _ => Err(NotOne::Several(here)),
    }
}

/// The name of the engine that a key is one of.
fn engine_of(path: &str) -> Option<&str> {
    path.strip_prefix("engine.")?.split('.').next()
}

/// Whether a key's path is this name, or ends in it.
pub fn ends_in(key: &Key, name: &str) -> bool {
    key.path == name || key.path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a key names something and changes nothing.
pub fn only_names(key: &Key) -> bool {
    let is_label = key.name() == "label" && key.path.starts_with("engine.");
    is_label || ["name", "title", "scenario"].contains(&key.path)
}

/// Whether a key has a value, and one that changes something.
pub fn can_be_varied(key: &Key) -> bool {
    let is_value = matches!(
        key.kind.alone(),
        Kind::Text
            | Kind::Path
            | Kind::Integer { .. }
            | Kind::Number { .. }
            | Kind::Positive
            | Kind::Flag
            | Kind::RunTime { .. }
            | Kind::EventTime { .. }
            | Kind::Rate
            | Kind::OrTable(_)
            | Kind::Size(_)
            | Kind::Choice(_)
            | Kind::Choices(_)
    );
    is_value && !key.path.starts_with("suite.") && !only_names(key)
}

/// Whether a key concerns a scenario, given its source and its question.
pub fn applies(path: &str, has: &dyn Fn(&str) -> bool) -> bool {
    ["source", "query"].iter().all(|table| {
        let Some(below) = path.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')) else {
            return true;
        };
        let first = below.split('.').next().unwrap_or_default();
        has(&format!("{table}.{first}"))
    })
}
