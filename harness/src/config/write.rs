//! Settings as a scenario file in which every default is written.
//!
//! What is written reads back as the same settings; that is all this promises. Comments and the
//! order of the file that the settings came from are gone.

use super::check::{Settings, Typed};
use super::resolve::EngineSettings;
use super::schema::{self, Key, Kind};
use super::threshold::Demand;
use crate::plan::units;
use std::fmt::Write as _;
use std::path::Path;

/// The whole file.
pub(crate) fn scenario(
    settings: &Settings,
    engines: &[EngineSettings],
    demands: &[Demand],
    trace: Option<&Path>,
) -> String {
    let mut out = String::new();
    table(&mut out, "", settings, trace);
    for engine in engines {
        let several = engines.iter().filter(|other| other.path == engine.path).count() > 1;
        let (open, close) = if several { ("[[", "]]") } else { ("[", "]") };
        let _ = writeln!(out, "\n{open}{}{close}", engine.path);
        table(&mut out, engine.path, &engine.settings, None);
    }
    // The length of the run goes last, as people write it, and what is demanded after it.
    section(&mut out, "measure", settings, None);
    for demand in demands {
        let _ = writeln!(out, "\n[[threshold]]");
        table(&mut out, "threshold", &demand.settings, None);
    }
    out
}

/// The keys of a table, then its tables.
fn table(out: &mut String, path: &str, settings: &Settings, trace: Option<&Path>) {
    for key in schema::children(path) {
        if is_section(key) {
            continue;
        }
        if let Some(text) = value(key, settings, trace) {
            let _ = writeln!(out, "{} = {text}", key.name());
        }
    }
    for key in schema::children(path).filter(|key| is_section(key)) {
        match key.kind {
            Kind::Pick { .. } => {
                if let Some(key) = settings.picked(key.path) {
                    section(out, key.path, settings, trace);
                }
            }
            _ if key.path == "engine" || key.path == "measure" => {}
            _ => section(out, key.path, settings, trace),
        }
    }
}

fn section(out: &mut String, path: &str, settings: &Settings, trace: Option<&Path>) {
    if settings.has(path) || schema::children(path).any(|key| settings.has(key.path)) {
        let _ = writeln!(out, "\n[{path}]");
        table(out, path, settings, trace);
    }
}

/// Whether a key is written as a heading.
fn is_section(key: &Key) -> bool {
    match key.kind {
        Kind::Table => true,
        Kind::Pick { .. } => schema::children(key.path).any(|key| matches!(key.kind, Kind::Table)),
        _ => false,
    }
}

fn value(key: &Key, settings: &Settings, trace: Option<&Path>) -> Option<String> {
    match key.kind {
        Kind::Pick { .. } => {
            let chosen = settings.picked(key.path)?;
            return Some(format!("{{ {} = {} }}", chosen.name(), value(chosen, settings, trace)?));
        }
        Kind::OrTable(_) if schema::children(key.path).any(|key| settings.has(key.path)) => {
            return Some(inline(key, settings, trace));
        }
        Kind::Inline => {
            // One that may be left out is there if a key of it is.
            let is_there = schema::children(key.path).any(|key| settings.has(key.path));
            return is_there.then(|| inline(key, settings, trace));
        }
        _ => {}
    }
    match &settings.get(key.path)?.value {
        Typed::Text(_) if matches!(key.kind, Kind::Path) => Some(quote(&trace?.to_string_lossy())),
        typed => written(typed),
    }
}

fn inline(key: &Key, settings: &Settings, trace: Option<&Path>) -> String {
    let keys: Vec<_> = schema::children(key.path)
        .filter_map(|key| Some(format!("{} = {}", key.name(), value(key, settings, trace)?)))
        .collect();
    format!("{{ {} }}", keys.join(", "))
}

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
