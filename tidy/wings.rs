//! Holds the sources of a package to the plan of its house: which wing knows which.
//!
//! A wing is a file or a folder of `src`. Each package hands in a table of its wings, bottom up, from
//! `tests/it/tidy.rs`: a wing names no other but those of its row, and a row none but those above it,
//! so that no circle can arise. What stands in a comment is no arrow.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A longer file is two.
const LINES_MAX: usize = 600;

/// Fails with everything in a package that is not as its plan says. A row is a wing and those that
/// it may name; those of `anywhere`, such as what is there for tests alone, each may name.
#[track_caller]
pub(crate) fn check(package: &str, wings: &[(&str, &[&str])], anywhere: &[&str]) {
    let src = Path::new(package).join("src");
    let mut faults = Vec::new();
    for (n, (wing, may)) in wings.iter().enumerate() {
        let is_above = |other: &&&str| wings[..n].iter().any(|(above, _)| above == *other);
        let below = may.iter().filter(|other| !is_above(other));
        faults.extend(below.map(|other| format!("{wing} may name {other}, which is not above it")));
        if !src.join(wing).is_dir() && !src.join(format!("{wing}.rs")).is_file() {
            faults.push(format!("there is no wing {wing}"));
        }
    }
    for path in ["src", "tests", "benches"].map(|top| files(&Path::new(package).join(top))).concat()
    {
        let text = fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(package).unwrap().display();
        if text.lines().count() > LINES_MAX {
            faults.push(format!("{shown} has more than {LINES_MAX} lines"));
        }
        if path.extension() != Some(OsStr::new("rs")) {
            continue;
        }
        if path.with_extension("").is_dir() {
            faults.push(format!("{shown} stands beside a folder of its name, and not in it"));
        }
        let Ok(module) = path.strip_prefix(&src) else { continue };
        if ["lib.rs", "main.rs"].iter().any(|root| module == Path::new(root)) {
            continue;
        }
        let module = module.with_extension("");
        let depth = module.iter().filter(|part| *part != "mod").count();
        let own = module.iter().next().unwrap_or_default();
        let Some((_, may)) = wings.iter().find(|(wing, _)| own == *wing) else {
            faults.push(format!("{shown} stands in no wing"));
            continue;
        };
        let outward = named(&text, &"super::".repeat(depth));
        let outward = outward.into_iter().filter(|name| wings.iter().any(|(wing, _)| wing == name));
        for name in named(&text, "crate::").into_iter().chain(outward) {
            if own != name.as_str() && !may.iter().chain(anywhere).any(|known| *known == name) {
                faults.push(format!("{shown} names {name}, which its wing does not know"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The sources under a folder; without those of others, which bring a licence along.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    if entries.iter().any(|path| path.ends_with("LICENSE")) {
        return Vec::new();
    }
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let is_source = |path: &PathBuf| {
        path.extension()
            .is_some_and(|kind| ["rs", "js", "css", "html"].iter().any(|it| kind == *it))
    };
    let below = folders.iter().flat_map(|folder| self::files(folder));
    files.iter().filter(|path| is_source(path)).cloned().chain(below).collect()
}

/// What follows `lead` in a source; each of several in braces.
fn named(source: &str, lead: &str) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code: Vec<&str> = source.lines().filter(is_code).collect();
    let code = code.join("\n");
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = Vec::new();
    for (at, _) in code.match_indices(lead) {
        let path = &code[at + lead.len()..];
        let (mut depth, mut is_first) = (0, true);
        for (at, c) in path.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => is_first = true,
                _ if is_first && !c.is_whitespace() => {
                    names.push(word(&path[at..]));
                    is_first = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}
