//! Which key is varied: the one that was meant, what it needs beside it, and what it is called.
//!
//! A key may be shortened as long as it means one key of the scenario at hand.

use settings::config::check::shown;
use settings::config::diagnostic::{Mistake, listed, nearest};
use settings::config::keys::{self, KEYS};
use settings::config::schema::{Key, Kind, Unsaid};
use settings::config::short::{self, NotOne, can_be_varied, ends_in, only_names};

/// The one key that was meant.
pub(super) fn key_called(name: &str, base: &toml::Table) -> Result<&'static Key, Mistake> {
    let has = |path: &str| at_path(base, path).is_some();
    let runs = |engine: &str| has(&format!("engine.{engine}"));
    short::key_called(name, &has, &runs).map_err(|why| match why {
        NotOne::None(elsewhere) => no_such_key(name, &elsewhere, base),
        NotOne::Several(here) => {
            Mistake::new("sweep::key", format!("`{name}` means more than one key"))
                .help(format!("write one of {}", listed(here.iter().map(|key| key.path))))
        }
    })
}

/// What the tables around a key require beside it, where the scenario does not have them yet:
/// taken from the alternative that the scenario has chosen, or else as the schema shows it.
pub(super) fn companions(key: &'static Key, base: &toml::Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let tables = key.path.match_indices('.').map(|(at, _)| &key.path[..at]);
    for table in tables.filter_map(keys::key) {
        let is_table = matches!(table.kind, Kind::Table | Kind::Inline);
        if !is_table || at_path(base, table.path).is_some() || table.path.starts_with("engine.") {
            continue;
        }
        for child in keys::children(table.path) {
            let leads_on =
                key.path == child.path || key.path.starts_with(&format!("{}.", child.path));
            let example = match child.unsaid {
                Unsaid::Required(example) => example,
                Unsaid::RequiredWithout(other, example)
                    if !key.path.starts_with(&format!("{}.{other}.", table.path)) =>
                {
                    example
                }
                _ => continue,
            };
            if leads_on {
                continue;
            }
            let twin = at_path(base, table.parent())
                .and_then(toml::Value::as_table)
                .and_then(|chosen| chosen.values().next()?.as_table()?.get(child.name()));
            let value = twin.map_or_else(
                || example.split_once('=').map_or(example, |(_, value)| value.trim()).to_owned(),
                ToString::to_string,
            );
            found.push((child.path.to_owned(), value));
        }
    }
    found
}

/// A path without the tables that everybody knows.
pub(super) fn short(path: &str) -> &str {
    let cut = |prefix: &str| path.strip_prefix(prefix);
    let rest =
        cut("source.synthetic.").or_else(|| cut("source.words.")).or_else(|| cut("source.trace."));
    rest.or_else(|| cut("query.")).or_else(|| cut("engine.")).unwrap_or(shown(path))
}

/// Whether a key concerns the scenario, given its source and its question.
fn applies(path: &str, base: &toml::Table) -> bool {
    short::applies(path, &|path| at_path(base, path).is_some())
}

/// What stands at a path; of several settings of an engine, in the first.
fn at_path<'a>(base: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
    let mut parts = path.split('.');
    let mut value = base.get(parts.next()?)?;
    for part in parts {
        value = value.as_array().and_then(|items| items.first()).unwrap_or(value);
        value = value.as_table()?.get(part)?;
    }
    Some(value)
}

fn no_such_key(name: &str, elsewhere: &[&'static Key], base: &toml::Table) -> Mistake {
    if KEYS.iter().any(|key| only_names(key) && ends_in(key, name)) {
        return Mistake::new("sweep::key", format!("`{name}` changes nothing that is measured"))
            .help(
                "vary a key of the source, the query or an engine: sluicebench describe scenario",
            );
    }
    let here = || KEYS.iter().filter(|key| can_be_varied(key) && applies(key.path, base));
    if let Some(table) = KEYS.iter().find(|key| {
        let ends =
            key.path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        ends && keys::children(key.path).next().is_some() && applies(key.path, base)
    }) {
        let below = here().filter(|key| key.path.starts_with(&format!("{}.", table.path)));
        return Mistake::new("sweep::key", format!("`{name}` is a table, not a value"))
            .help(format!("vary one of its keys: {}", listed(below.map(|key| key.path))));
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    let alike: Vec<&str> = here().filter(|key| key.name() == last).map(|key| key.path).collect();
    if let Some(key) = elsewhere.first() {
        let table = key.path.split('.').take(2).collect::<Vec<_>>().join(".");
        let help = if alike.is_empty() {
            format!("its own keys: sluicebench describe {}", own_table(key.path, base))
        } else {
            format!("did you mean {}?", listed(alike))
        };
        let message = format!("`{name}` is a key of [{table}], which this scenario does not have");
        return Mistake::new("sweep::key", message).help(help);
    }
    let ends: Vec<&'static str> = here()
        .flat_map(|key| {
            let cuts = key.path.match_indices('.').map(|(at, _)| &key.path[at + 1..]);
            [key.path].into_iter().chain(cuts)
        })
        .collect();
    let all = "All keys: sluicebench describe scenario";
    let help = match (nearest(name, ends), &alike[..]) {
        (Some(near), _) => format!("did you mean `{near}`?  {all}"),
        (None, []) => all.to_owned(),
        (None, alike) => format!("did you mean {}?  {all}", listed(alike.iter().copied())),
    };
    Mistake::new("sweep::key", format!("there is no key `{name}` that could be varied")).help(help)
}

/// The scenario's own table where a key of another one was asked for.
fn own_table(path: &str, base: &toml::Table) -> String {
    let top = path.split('.').next().unwrap_or_default();
    let chosen =
        base.get(top).and_then(toml::Value::as_table).and_then(|table| table.keys().next());
    chosen.map_or_else(|| top.to_owned(), |chosen| format!("{top}.{chosen}"))
}
