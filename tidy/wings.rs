//! Holds a package to its plan: which wing may name which.
//!
//! Included by each package's `tests/it/tidy.rs`, which has the table: a row per wing, bottom up.
//! A wing names only what its row lists, and a row lists only rows above it in the table, so that
//! no circle and no arrow upward can come back unseen. It reads text and knows no Rust beyond
//! comments, strings and braces: what a macro makes it does not see.

#![allow(dead_code, reason = "each package uses what it needs of it")]

use std::collections::BTreeMap;
use std::path::Path;

/// The most lines a file may have.
const LINES_MOST: usize = 600;

/// A row of the table: a module of the crate, and what it may name after `crate::`.
#[derive(Copy, Clone)]
pub(crate) struct Wing {
    /// `state`; of a wing inside another, `studies::limit`.
    name: &'static str,
    may: &'static str,
    in_tests: &'static str,
    never: &'static str,
}

/// The wing `name`, which may name these wings, separated by spaces.
pub(crate) const fn wing(name: &'static str, may: &'static str) -> Wing {
    Wing { name, may, in_tests: "", never: "" }
}

impl Wing {
    /// Its unit tests may name these as well.
    pub(crate) const fn in_tests(self, may: &'static str) -> Self {
        Self { in_tests: may, ..self }
    }

    /// These words stand nowhere in it, not even in a comment.
    pub(crate) const fn never(self, words: &'static str) -> Self {
        Self { never: words, ..self }
    }
}

/// What in the package at `root` is not as its plan says. Panics where it cannot be read.
pub(crate) fn mistakes(root: &str, wings: &[Wing]) -> Vec<String> {
    let mut files = BTreeMap::new();
    for folder in ["src", "tests", "benches"] {
        read_all(Path::new(root), &Path::new(root).join(folder), &mut files);
    }
    assert!(!files.is_empty(), "there is a package at {root}");
    let mut mistakes: Vec<String> = lengths(&files).chain(doubled(&files)).collect();
    mistakes.extend(table(&files, wings));
    mistakes.extend(arrows(&files, wings));
    mistakes
}

/// Text by path from the package's root, with `/` between folders.
type Files = BTreeMap<String, String>;

fn read_all(root: &Path, folder: &Path, files: &mut Files) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file can be read");
            let below = path.strip_prefix(root).expect("it lies below the root");
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            files.insert(parts.join("/"), text);
        }
    }
}

fn lengths(files: &Files) -> impl Iterator<Item = String> + '_ {
    files.iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > LINES_MOST).then(|| format!("{path}: {lines} lines, at most {LINES_MOST}"))
    })
}

/// A module with modules of its own is `x/mod.rs`.
fn doubled(files: &Files) -> impl Iterator<Item = String> + '_ {
    files.keys().filter_map(|path| {
        let folder = format!("{}/", path.strip_suffix(".rs")?);
        let beside = files.keys().any(|other| other.starts_with(&folder));
        beside.then(|| format!("{path}: lies beside {folder}; move it to {folder}mod.rs"))
    })
}

/// Whether table and modules fit, and the table is bottom up.
fn table(files: &Files, wings: &[Wing]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (place, wing) in wings.iter().enumerate() {
        if !files.keys().filter_map(|path| module_of(path)).any(|of| is_in(&of, wing.name)) {
            mistakes.push(format!("{}: a row without a module", wing.name));
        }
        for other in words(wing.may).chain(words(wing.in_tests)) {
            if !wings[..place].iter().any(|above| above.name == other) {
                mistakes.push(format!("{}: {other} has no row above it", wing.name));
            }
        }
    }
    for (path, of) in files.keys().filter_map(|path| Some((path, module_of(path)?))) {
        if wing_of(&of, wings).is_none() {
            mistakes.push(format!("{path}: no wing has it; give it a row"));
        }
    }
    mistakes
}

fn arrows(files: &Files, wings: &[Wing]) -> Vec<String> {
    let exported = files.get("src/lib.rs").map_or_else(BTreeMap::new, |lib| exports(lib));
    let mut mistakes = Vec::new();
    for (path, text) in files {
        let Some(of) = module_of(path) else { continue };
        let Some(wing) = wing_of(&of, wings) else { continue };
        for word in words(wing.never).filter(|word| text.contains(word)) {
            mistakes.push(format!("{path}: says {word}, which {} never does", wing.name));
        }
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        for Named { line, path: named, in_tests } in named(text, &of) {
            // What the crate's root only hands on belongs to the wing that it comes from.
            let first = named.split("::").next().unwrap_or_default();
            let origin = exported.get(first).map_or(named.as_str(), String::as_str);
            let Some(other) = wing_of(origin, wings) else {
                mistakes.push(format!("{path}:{line}: crate::{named} is of no wing"));
                continue;
            };
            let may = other.name == wing.name
                || words(wing.may).any(|may| may == other.name)
                || (in_tests || is_test) && words(wing.in_tests).any(|may| may == other.name);
            if !may {
                mistakes.push(format!("{path}:{line}: {} may not name {}", wing.name, other.name));
            }
        }
    }
    mistakes
}

fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_whitespace()
}

/// `a::b` for `src/a/b.rs` and `src/a/b/mod.rs`; `None` for a crate's root, and outside of it.
fn module_of(path: &str) -> Option<String> {
    let path = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    (!matches!(path, "lib" | "main")).then(|| path.replace('/', "::"))
}

fn is_in(path: &str, wing: &str) -> bool {
    path.strip_prefix(wing).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The innermost wing that holds this path.
fn wing_of<'a>(path: &str, wings: &'a [Wing]) -> Option<&'a Wing> {
    wings.iter().filter(|wing| is_in(path, wing.name)).max_by_key(|wing| wing.name.len())
}

/// From each name that the root hands on to the path it has it from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let code = code(lib);
    let mut exported = BTreeMap::new();
    for (at, _) in code.match_indices("pub use ") {
        let statement = &code[at + "pub use ".len()..];
        let statement = statement.split(';').next().unwrap_or_default();
        for path in leaves(statement) {
            let (origin, alias) = path.split_once(" as ").unwrap_or((&path, &path));
            let name = alias.rsplit("::").next().unwrap_or_default().trim();
            exported.insert(name.to_owned(), origin.trim_start_matches("crate::").to_owned());
        }
    }
    exported
}

/// A path that is named below the crate's root.
struct Named {
    line: usize,
    path: String,
    in_tests: bool,
}

/// What `text`, the module `of`, names by a path from the crate's root or through `super`.
fn named(text: &str, of: &str) -> Vec<Named> {
    let code = code(text);
    let tests = inline_tests(&code);
    let mut all = Vec::new();
    let mut add = |at: usize, base: &[&str], rest: &str| {
        let in_tests = tests.iter().any(|range| range.contains(&at));
        let line = code[..at].matches('\n').count() + 1;
        let is_path = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
        let paths = if rest.starts_with('{') {
            leaves(rest.split(';').next().unwrap_or_default())
        } else {
            vec![rest.split(|letter| !is_path(letter)).next().unwrap_or_default().to_owned()]
        };
        for path in paths {
            let path = path.split(" as ").next().unwrap_or_default();
            let path: Vec<&str> = base.iter().copied().chain([path]).collect();
            all.push(Named { line, path: path.join("::"), in_tests });
        }
    };
    for (at, _) in code.match_indices("crate::") {
        add(at, &[], &code[at + "crate::".len()..]);
    }
    let mut seen = 0;
    for (at, _) in code.match_indices("super::") {
        if at < seen {
            continue;
        }
        let mut place: Vec<&str> = of.split("::").collect();
        if tests.iter().any(|range| range.contains(&at)) {
            place.push("tests");
        }
        let mut rest = &code[at..];
        while let Some(after) = rest.strip_prefix("super::") {
            place.pop();
            rest = after;
        }
        seen = code.len() - rest.len();
        add(at, &place, rest);
    }
    all
}

/// The paths of a use tree: `a::{b, c::{d, e}}` has `a::b`, `a::c::d` and `a::c::e`.
fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut prefixes, mut prefix) = (Vec::new(), String::new());
    let (mut segment, mut paths) = (String::new(), Vec::new());
    let mut finish = |prefix: &str, segment: &mut String| {
        let last = std::mem::take(segment);
        if !last.trim().is_empty() {
            paths.push(format!("{prefix}{}", last.trim()));
        }
    };
    for letter in tree.chars() {
        match letter {
            '{' => {
                prefixes.push(prefix.clone());
                prefix = format!("{prefix}{}", std::mem::take(&mut segment).trim());
            }
            '}' => {
                finish(&prefix, &mut segment);
                prefix = prefixes.pop().unwrap_or_default();
                if prefixes.is_empty() {
                    break;
                }
            }
            ',' => finish(&prefix, &mut segment),
            other => segment.push(other),
        }
    }
    finish(&prefix, &mut segment);
    paths
}

/// Where modules stand that are compiled for tests alone.
fn inline_tests(code: &str) -> Vec<std::ops::Range<usize>> {
    let starts = code.match_indices("#[cfg(").filter(|(at, _)| {
        let attribute = code[*at..].split(']').next().unwrap_or_default();
        attribute.contains("test") && !attribute.contains("not(test")
    });
    starts
        .filter_map(|(at, _)| {
            let open = at + code[at..].find(['{', ';'])?;
            if code.as_bytes()[open] == b';' {
                return Some(at..open);
            }
            let mut deep = 0;
            for (place, letter) in code[open..].char_indices() {
                deep += i32::from(letter == '{') - i32::from(letter == '}');
                if deep == 0 {
                    return Some(at..open + place);
                }
            }
            None
        })
        .collect()
}

/// The text with blanks for comments, strings and characters; lines stay where they are.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if letter == '"' {
            string_length(rest)
        } else if letter == '\'' {
            character_length(rest)
        } else {
            raw_string_length(rest, code.chars().next_back())
        };
        if skipped == 0 {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            code.extend(rest[..skipped].chars().map(|l| if l == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    code
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Of `'a'` and `'\n'`; a lifetime is none.
fn character_length(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some(_)) => {
            letters.find(|(_, letter)| *letter == '\'').map_or(0, |(at, _)| at + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// Of `r"…"` and `r#"…"#`, where no word ends in that r.
fn raw_string_length(rest: &str, before: Option<char>) -> usize {
    if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
        return 0;
    }
    let start = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')).unwrap_or("");
    let hashes = start.chars().take_while(|letter| *letter == '#').count();
    if !start[hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let opened = rest.len() - start.len() + hashes + 1;
    rest[opened..].find(&end).map_or(rest.len(), |at| opened + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINGS: [Wing; 3] = [
        wing("ground", ""),
        wing("first", "ground").in_tests("side").never("lift"),
        wing("side", "ground"),
    ];

    #[track_caller]
    fn check(wings: &[Wing], changed: &[(&str, &str)], want: &[&str]) {
        let house = [
            ("src/lib.rs", "mod ground; mod first; mod side; pub use side::{Door, Wall as W};"),
            ("src/ground.rs", "//! crate::side\nconst A: &str = \"crate::first\";"),
            ("src/first/mod.rs", "mod attic;\nuse crate::ground;"),
            ("src/first/attic.rs", "use super::stair;\nuse crate::{first::stair, ground::{a, b}};"),
            ("src/side.rs", ""),
        ];
        let files = house.iter().chain(changed);
        let files: Files = files.map(|(path, text)| ((*path).into(), (*text).into())).collect();
        let mut got: Vec<String> = lengths(&files).chain(doubled(&files)).collect();
        got.extend(table(&files, wings));
        got.extend(arrows(&files, wings));
        assert_eq!(got, want);
    }

    #[test]
    fn a_house_as_planned_has_no_mistake() {
        let rows = [WINGS[0], WINGS[2], Wing { in_tests: "side", ..WINGS[1] }];
        check(&rows, &[], &[]);
        let tests = "#[cfg(test)]\nmod tests {\n    use crate::side::Wall;\n}";
        check(&rows, &[("src/first/stair.rs", tests)], &[]);
    }

    #[test]
    fn what_no_row_allows_is_a_mistake_wherever_it_stands() {
        let rows = [WINGS[0], WINGS[2], WINGS[1]];
        let said = ["src/first/stair.rs:2: first may not name side"];
        for text in [
            "\nuse crate::side::Wall;",
            "\nuse crate::{\n    ground::a, side::b};",
            "\nfn f() { crate::side::g() }",
            "\nuse crate::Door;",
            "\nuse crate::{ground, W};",
            "\nuse super::super::side;",
            "#[cfg(test)] mod tests { use crate::side; }\nuse crate::side;",
        ] {
            check(&rows, &[("src/first/stair.rs", text)], &said);
        }
        check(
            &rows,
            &[("src/ground.rs", "use super::side;")],
            &["src/ground.rs:1: ground may not name side"],
        );
        let lift = [("src/first/stair.rs", "// A lift.")];
        check(&rows, &lift, &["src/first/stair.rs: says lift, which first never does"]);
        let unknown = [("src/side.rs", "use crate::Window;")];
        check(&rows, &unknown, &["src/side.rs:1: crate::Window is of no wing"]);
    }

    #[test]
    fn the_table_is_bottom_up_and_whole() {
        check(&WINGS, &[], &["first: side has no row above it"]);
        let more = [WINGS[0], WINGS[2], WINGS[1], wing("tower", "")];
        check(&more, &[], &["tower: a row without a module"]);
        let rows = [WINGS[0], WINGS[2], WINGS[1]];
        let shed = [("src/shed.rs", "")];
        check(&rows, &shed, &["src/shed.rs: no wing has it; give it a row"]);
        let inner = [WINGS[0], WINGS[2], WINGS[1], wing("first::attic", "")];
        check(
            &inner,
            &[],
            &[
                "src/first/attic.rs:2: first::attic may not name first",
                "src/first/attic.rs:2: first::attic may not name ground",
                "src/first/attic.rs:2: first::attic may not name ground",
                "src/first/attic.rs:1: first::attic may not name first",
            ],
        );
    }

    #[test]
    fn a_file_is_short_and_a_folder_has_its_module_inside() {
        let rows = [WINGS[0], WINGS[2], WINGS[1]];
        let long = "\n".repeat(LINES_MOST + 1);
        check(&rows, &[("tests/it/main.rs", &long)], &["tests/it/main.rs: 601 lines, at most 600"]);
        check(
            &rows,
            &[("src/first.rs", "")],
            &["src/first.rs: lies beside src/first/; move it to src/first/mod.rs"],
        );
    }
}
