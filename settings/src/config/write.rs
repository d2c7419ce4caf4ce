//! Settings as a scenario file in which every default is written.
//!
//! What is written reads back as the same settings; that is all this promises. Comments and the
//! order of the file that the settings came from are gone.

use super::engines::EngineSettings;
use super::keys;
use super::schema::{Key, Kind};
use super::settings::Settings;
use super::threshold::Demand;
use crate::plan::settings::Typed;
use crate::plan::units;
use std::fmt::Write as _;

/// The whole file.
pub(super) fn scenario(
    settings: &Settings,
    engines: &[EngineSettings],
    demands: &[Demand],
) -> String {
    let mut out = String::new();
    table(&mut out, "", settings);
    for engine in engines {
        let several = engines.iter().filter(|other| other.path == engine.path).count() > 1;
        let (open, close) = if several { ("[[", "]]") } else { ("[", "]") };
        let _ = writeln!(out, "\n{open}{}{close}", engine.path);
        table(&mut out, engine.path, &engine.settings);
    }
    // The length of the run goes last, as people write it, and what is demanded after it.
    section(&mut out, "measure", settings);
    for demand in demands {
        let _ = writeln!(out, "\n[[threshold]]");
        table(&mut out, "threshold", &demand.settings);
    }
    out
}

/// The keys of a table, then its tables.
fn table(out: &mut String, path: &str, settings: &Settings) {
    for key in keys::children(path) {
        if is_section(key) {
            continue;
        }
        if let Some(text) = value(key, settings) {
            let _ = writeln!(out, "{} = {text}", key.name());
        }
    }
    for key in keys::children(path).filter(|key| is_section(key)) {
        match key.kind {
            Kind::Pick { .. } => {
                if let Some(key) = settings.picked(key.path) {
                    section(out, key.path, settings);
                }
            }
            _ if key.path == "engine" || key.path == "measure" => {}
            _ => section(out, key.path, settings),
        }
    }
}

fn section(out: &mut String, path: &str, settings: &Settings) {
    if settings.has(path) || keys::children(path).any(|key| settings.has(key.path)) {
        let _ = writeln!(out, "\n[{path}]");
        table(out, path, settings);
    }
}

/// Whether a key is written as a heading.
fn is_section(key: &Key) -> bool {
    match key.kind {
        Kind::Table => true,
        Kind::Pick { .. } => keys::children(key.path).any(|key| matches!(key.kind, Kind::Table)),
        _ => false,
    }
}

fn value(key: &Key, settings: &Settings) -> Option<String> {
    match key.kind {
        Kind::Pick { .. } => {
            let chosen = settings.picked(key.path)?;
            return Some(format!("{{ {} = {} }}", chosen.name(), value(chosen, settings)?));
        }
        Kind::OrTable(_) if keys::children(key.path).any(|key| settings.has(key.path)) => {
            return Some(inline(key, settings));
        }
        Kind::Inline => {
            // One that may be left out is there if a key of it is.
            let is_there = keys::children(key.path).any(|key| settings.has(key.path));
            return is_there.then(|| inline(key, settings));
        }
        _ => {}
    }
    written(&settings.get(key.path)?.value)
}

fn inline(key: &Key, settings: &Settings) -> String {
    let keys: Vec<_> = keys::children(key.path)
        .filter_map(|key| Some(format!("{} = {}", key.name(), value(key, settings)?)))
        .collect();
    format!("{{ {} }}", keys.join(", "))
}

/// A value as somebody would quote it; none of what is several.
pub fn shown(value: &Typed) -> Option<String> {
    match value {
        Typed::List(_) | Typed::Choices(_) | Typed::Present => None,
        one => Some(written(one)?.trim_matches('"').to_owned()),
    }
}

/// A value as it stands in a file; none of what has none of its own.
fn written(typed: &Typed) -> Option<String> {
    Some(match typed {
        Typed::Text(text) => quote(text),
        Typed::Integer(integer) => integer.to_string(),
        // `{:?}` keeps the point that makes it a number, and enough digits to read it back.
        Typed::Number(number) => format!("{number:?}"),
        Typed::Flag(flag) => flag.to_string(),
        Typed::RunTime(length) => quote(&units::show_duration(*length)),
        Typed::EventTime(micros) => quote(&units::show_event_time(*micros)),
        Typed::Rate(per_s) => quote(&units::show_rate(*per_s)),
        Typed::Size(bytes) => quote(&units::show_size(*bytes)),
        Typed::Repeat(repeat) => quote(&repeat.to_string()),
        Typed::Choices(words) => {
            let words: Vec<_> = words.iter().map(|word| quote(word)).collect();
            format!("[{}]", words.join(", "))
        }
        Typed::List(items) => {
            let items: Option<Vec<_>> = items.iter().map(written).collect();
            format!("[{}]", items?.join(", "))
        }
        Typed::Present => return None,
    })
}

fn quote(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}
