//! Scenarios and suites by name or path, each text read once.
//!
//! What is in them is not held against anything here.

use super::diagnostic::{BUILT_IN, Mistake, SourceText, Sources, listed, nearest};
use super::tree::{self, Node};
use crate::plan::units;
use scenarios::catalog::{SCENARIOS, SUITES};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Whether a file is a suite.
pub(super) fn is_suite(root: &Node) -> bool {
    root.table().is_some_and(|table| table.get("case").is_some())
}

/// Where a name was written, which is where a relative path starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// On the command line.
    Here,
    /// In a built-in suite.
    BuiltIn,
    /// In a file of this folder.
    Folder(PathBuf),
}

/// The texts that were read, each once.
#[derive(Debug, Default)]
pub(super) struct Library {
    pub(super) sources: Sources,
    /// Mistakes of syntax in what was read.
    pub(super) syntax: Vec<Mistake>,
    /// By what it is shown as: its tree, where names in it start from, and whether parts of it
    /// could not be read.
    read: Vec<(String, Node, Origin, bool)>,
}

impl Library {
    /// A scenario or suite by name or path: its tree, where names in it start from, and whether
    /// parts of it could not be read.
    pub(super) fn find(
        &mut self,
        name: &str,
        from: &Origin,
    ) -> Result<(Node, Origin, bool), Mistake> {
        let known = if looks_like_a_file(name) { None } else { built_in(name) };
        let (key, source, origin) = if let Some(text) = known {
            let shown = format!("{name}.toml{BUILT_IN}");
            let source = SourceText { name: shown.clone(), text: text.into(), base: None };
            (shown, source, Origin::BuiltIn)
        } else {
            let path = match from {
                Origin::Folder(folder) => folder.join(name),
                Origin::Here | Origin::BuiltIn => PathBuf::from(name),
            };
            let text = read_text(name, &path)?;
            let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
            let shown = path.display().to_string();
            let source = SourceText { name: shown.clone(), text, base: Some(folder.clone()) };
            (shown, source, Origin::Folder(folder))
        };
        if let Some((_, root, origin, unreadable)) =
            self.read.iter().find(|(other, ..)| *other == key)
        {
            return Ok((root.clone(), origin.clone(), *unreadable));
        }
        let number = self.sources.add(source);
        let (root, mut mistakes) = tree::read(&self.sources, number);
        let unreadable = !mistakes.is_empty();
        self.syntax.append(&mut mistakes);
        self.read.push((key, root.clone(), origin.clone(), unreadable));
        Ok((root, origin, unreadable))
    }

    /// A scenario by name or path, as a suite names it.
    pub(super) fn scenario(
        &mut self,
        name: &str,
        from: &Origin,
    ) -> Result<(Node, String, bool), Mistake> {
        let (root, _, unreadable) = self.find(name, from)?;
        if is_suite(&root) {
            return Err(Mistake::new("config::value", format!("`{name}` is a suite itself"))
                .help("name a scenario"));
        }
        Ok((root, name.to_owned(), unreadable))
    }
}

fn looks_like_a_file(name: &str) -> bool {
    let path = Path::new(name);
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    is_toml || path.components().count() > 1 || path.is_absolute()
}

/// The largest scenario file or suite, in bytes.
pub(super) const BYTES_MOST: u64 = 1 << 20;

/// The bytes of a file, and of one that is too large, or has no end, one more than it may have.
pub(super) fn contents(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(BYTES_MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_text(name: &str, path: &Path) -> Result<String, Mistake> {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let holds_events =
        ["csv", "gz", "tsv", "txt", "dat", "parquet"].iter().any(|other| ending == *other);
    if holds_events && path.is_file() {
        let message = format!("`{name}` holds events, and a scenario is asked for");
        let help = format!(
            "sluicebench init {name} writes a scenario that reads it; what it may say: sluicebench \
             describe source.trace"
        );
        return Err(Mistake::new("config::trace", message).help(help));
    }
    let bytes = match contents(path) {
        Ok(bytes) if bytes.len() as u64 > BYTES_MOST => {
            let message = format!(
                "`{}` is larger than {}, which no scenario is",
                path.display(),
                units::show_size(BYTES_MOST)
            );
            return Err(Mistake::new("config::too_large", message)
                .help("give the path of a scenario file; events are read by one, as its trace"));
        }
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            let message =
                format!("`{}` is a folder, and a scenario file is asked for", path.display());
            let help = "of a run, write a report: sluicebench report; else name a file in it";
            return Err(Mistake::new("config::no_such_file", message).help(help));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let all = "List: sluicebench list";
            let help = match nearest(name, built_in_names()) {
                Some(name) => format!("did you mean `{name}`?  {all}"),
                None if looks_like_a_file(name) => {
                    return Err(Mistake::new(
                        "config::no_such_file",
                        format!("there is no file `{}`", path.display()),
                    )
                    .help(
                        "give the path of a scenario file, or the name of a built-in one: \
                           sluicebench list",
                    ));
                }
                None => format!("the built-in ones are {}.  {all}", listed(built_in_names())),
            };
            return Err(Mistake::new(
                "config::no_such_scenario",
                format!("there is no scenario, suite or file called `{name}`"),
            )
            .help(help));
        }
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", path.display());
            return Err(Mistake::new("config::no_such_file", message)
                .help("give the path of a scenario file"));
        }
    };
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Mistake::new(
            "config::syntax",
            format!("`{}` is not UTF-8 text: byte {at} cannot be read", path.display()),
        )
        .help("save it as UTF-8")
    })
}

/// The text of a built-in scenario or suite.
pub fn built_in(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().chain(SUITES).find(|(other, _)| *other == name).map(|(_, text)| *text)
}

/// The names of the built-in scenarios and suites.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().chain(SUITES).map(|(name, _)| *name)
}
