//! From files, environment and arguments to cells that leave nothing open.
//!
//! File < environment < command line. All mistakes are collected, each with the place it is at,
//! and nothing runs while there is one. How a key is spelled and what it means is in `schema.rs`
//! alone.

pub mod diagnostic;
pub(crate) mod check;
pub mod json_schema;
mod origin;
mod resolve;
pub mod schema;
mod shape;
mod suite;
pub(crate) mod threshold;
pub(crate) mod tree;
mod write;

use crate::config::diagnostic::{Mistake, Place, Rejected, SourceText, Sources, listed, nearest};
use crate::plan::{Cell, Load, Repeat};
pub use origin::Written;
use resolve::{Draft, ENGINES};
use scenarios::catalog::{SCENARIOS, SUITES, WorkloadSpec};
use std::path::{Path, PathBuf};
use tree::{Node, Override, Value};

/// Something that was set beside the files, on the command line or in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Where: `command line` or `environment`.
    pub from: &'static str,
    /// What was written before the value, such as `--rate ` or `SLUICEBENCH_RATE=`.
    pub prefix: String,
    /// What it sets.
    pub sets: Sets,
    /// The value as it was written; for [`Sets::Any`] with its key.
    pub text: String,
}

/// What a [`Given`] sets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Sets {
    /// The key that is written before the value.
    Any,
    /// The rate of whichever source there is.
    Rate,
    /// This key.
    Key(&'static str),
}

/// What to run, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The suite's name, or the scenarios'.
    pub name: String,
    /// The suite's title, or the scenario's.
    pub title: String,
    /// How often each engine runs each cell, where nobody says.
    pub repeat: Repeat,
    /// At least one.
    pub cells: Vec<Cell>,
    /// For each cell, what is not a default and where it was written.
    pub written: Vec<Vec<Written>>,
}

/// Whether a trace that is not there is a mistake.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Traces {
    /// It is: they will be read.
    MustExist,
    /// It is not: only what is written counts.
    MayBeAbsent,
}

/// The names of the engines, in the order in which they are reported.
pub const fn engine_names() -> &'static [&'static str] {
    &ENGINES
}

/// Reads scenarios and suites by name or path and resolves them. `only` are the names of the
/// engines to keep; all, if it is empty.
pub fn load(
    names: &[String],
    given: &[Given],
    only: &[String],
    traces: Traces,
) -> Result<Loaded, Rejected> {
    let mut library = Library::default();
    let mut mistakes = Vec::new();
    let only = engines_of(only, &mut mistakes);
    let mut heads = Vec::new();
    let mut drafts = Vec::new();
    for name in names {
        let (root, origin, unreadable) = match library.find(name, &Origin::Here) {
            Ok(found) => found,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        if suite::is_suite(&root) {
            let suite = suite::expand(&root, &origin, unreadable, &mut library, &mut mistakes);
            heads.push((suite.name, suite.title, suite.repeat));
            drafts.extend(suite.drafts);
        } else {
            let of = |key: &str| match root.find(key).map(|node| &node.value) {
                Some(Value::Text(text)) => text.clone(),
                _ => String::new(),
            };
            heads.push((of("name"), of("title"), Repeat::times(1)));
            drafts.push(Draft::of_file(root, unreadable));
        }
    }
    mistakes.append(&mut library.syntax);
    let settings = read_given(given, &mut library.sources, &mut mistakes);
    let mut cells: Vec<Cell> = Vec::new();
    let mut written = Vec::new();
    for mut draft in drafts {
        lay_given(&mut draft, &settings, &mut mistakes);
        match resolve::resolve(&draft, &library.sources, &only) {
            Ok(cell) if cell.engines.is_empty() => {}
            Ok(mut cell) => {
                if traces == Traces::MustExist {
                    mistakes.extend(missing_trace(&cell, &draft.root));
                }
                distinguish(&mut cell, &cells);
                cells.push(cell);
                written.push(origin::written(&draft.root, &library.sources));
            }
            Err(mut found) => mistakes.append(&mut found),
        }
    }
    if mistakes.is_empty() && cells.is_empty() {
        mistakes.push(
            Mistake::new("config::nothing_to_run", "no engine is left to run")
                .help("name an engine that the suite compares with --engine, or none"),
        );
    }
    mistakes.sort_by_key(|mistake| {
        mistake.labels.first().map(|label| (label.place.source, label.place.span.start))
    });
    let mut unique: Vec<Mistake> = Vec::new();
    for mistake in mistakes {
        // Cases of a suite share their scenario's mistakes, and those of the command line.
        if !unique.contains(&mistake) {
            unique.push(mistake);
        }
    }
    if !unique.is_empty() {
        return Err(Rejected { sources: library.sources, mistakes: unique });
    }
    let name = heads.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join("+");
    let title = heads.iter().map(|(_, title, _)| title.as_str()).collect::<Vec<_>>().join("; ");
    Ok(Loaded {
        name: if name.len() > 60 { format!("{}-and-more", heads[0].0) } else { name },
        title,
        repeat: most_of(heads.iter().map(|&(.., repeat)| repeat)),
        cells,
        written,
    })
}

/// The most that any of them asks for.
fn most_of(repeats: impl Iterator<Item = Repeat>) -> Repeat {
    repeats.fold(Repeat::times(1), |all, one| {
        Repeat::between(all.least().max(one.least()), all.most().max(one.most()))
    })
}

/// Resolves one scenario from its text, with something laid over it. A path in it starts from the
/// working directory.
pub fn of_text(text: &str, given: &[Given]) -> Result<Cell, Rejected> {
    let mut sources = Sources::default();
    let source = SourceText { name: "the settings".into(), text: text.into(), base: None };
    let number = sources.add(source);
    let (root, mut mistakes) = tree::read(&sources, number);
    let mut draft = Draft::of_file(root, !mistakes.is_empty());
    let settings = read_given(given, &mut sources, &mut mistakes);
    lay_given(&mut draft, &settings, &mut mistakes);
    let resolved = resolve::resolve(&draft, &sources, &[]);
    match resolved {
        Ok(cell) if mistakes.is_empty() => Ok(cell),
        Ok(_) => Err(Rejected { sources, mistakes }),
        Err(mut found) => {
            mistakes.append(&mut found);
            Err(Rejected { sources, mistakes })
        }
    }
}

impl Cell {
    /// The same cell with some keys changed: dotted path and value as it is written in a file,
    /// such as `("engine.micro-batch.interval", "50ms")`. The path `rate` means the rate of
    /// whichever source there is.
    pub fn altered(&self, set: &[(&str, &str)]) -> Result<Self, Rejected> {
        let given: Vec<Given> = set
            .iter()
            .map(|(path, value)| {
                let (prefix, sets, text) = match *path {
                    "rate" => ("rate = ".to_owned(), Sets::Rate, (*value).to_owned()),
                    path => (String::new(), Sets::Any, format!("{path}={value}")),
                };
                Given { from: "what is changed", prefix, sets, text }
            })
            .collect();
        let cell = of_text(&self.resolved_toml, &given)?;
        // In a run of several cells the name may have got a number that no file knows.
        Ok(Self { name: self.name.clone(), point: self.point.clone(), ..cell })
    }
}

/// The text of a built-in scenario or suite.
pub fn built_in(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().chain(SUITES).find(|(other, _)| *other == name).map(|(_, text)| *text)
}

/// The names of the built-in scenarios and suites.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().chain(SUITES).map(|(name, _)| *name)
}

fn engines_of(only: &[String], mistakes: &mut Vec<Mistake>) -> Vec<&'static str> {
    let mut engines = Vec::new();
    for name in only {
        if let Some(engine) = ENGINES.into_iter().find(|engine| engine == name) {
            engines.push(engine);
        } else {
            let all = "the engines are `micro-batch` and `per-event`";
            let help = match nearest(name, ENGINES) {
                Some(engine) => format!("did you mean `{engine}`?  {all}"),
                None => all.into(),
            };
            let message = format!("there is no engine `{name}`");
            mistakes.push(Mistake::new("config::no_such_engine", message).help(help));
        }
    }
    engines
}

/// A second cell of the same name, when a scenario is named twice, gets a number.
fn distinguish(cell: &mut Cell, others: &[Cell]) {
    let taken = |name: &str| others.iter().any(|other| other.name == name);
    if taken(&cell.name) {
        let first = cell.name.clone();
        // With one number more than there are cells, one is free.
        let mut numbers = 2..=others.len() + 2;
        let free = numbers.find(|number| !taken(&format!("{first}-{number}")));
        cell.name = format!("{first}-{}", free.unwrap_or_default());
    }
}

fn missing_trace(cell: &Cell, root: &Node) -> Option<Mistake> {
    let (WorkloadSpec::Trace(trace), Load::Trace) = (&cell.case.workload, &cell.load) else {
        return None;
    };
    if trace.path.is_file() {
        return None;
    }
    let place = root.find("source.trace.path").and_then(|node| node.place.as_ref());
    let message = format!("the trace `{}` is not there", trace.path.display());
    Some(
        Mistake::new("config::no_such_file", message)
            .at(place, "no such file")
            .help("give the path of the trace: --set source.trace.path=FILE"),
    )
}

impl Draft {
    fn of_file(root: Node, unreadable: bool) -> Self {
        let named = root.find("engine").and_then(Node::table).map(|table| !table.0.is_empty());
        Self { both_engines: !named.unwrap_or(false), root, unreadable }
    }
}

/// What was set beside the files, read once and laid over every draft.
enum Setting {
    Any(Override),
    Rate(Node),
}

fn read_given(given: &[Given], sources: &mut Sources, mistakes: &mut Vec<Mistake>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for Given { from, prefix, sets, text } in given {
        let number = |sources: &mut Sources| {
            let text = format!("{prefix}{text}");
            sources.add(SourceText { name: (*from).into(), text, base: None })
        };
        let node = |number| Node {
            value: tree::read_value(text, number, prefix.len()),
            place: Some(Place { source: number, span: prefix.len()..prefix.len() + text.len() }),
        };
        match sets {
            Sets::Any => match tree::read_override(sources, from, prefix, text) {
                Ok(found) => settings.push(Setting::Any(found)),
                Err(mistake) => mistakes.push(mistake),
            },
            Sets::Rate => settings.push(Setting::Rate(node(number(sources)))),
            Sets::Key(path) => {
                let node = node(number(sources));
                let place = node.place.clone();
                let path = path.split('.').map(|key| (key.to_owned(), place.clone())).collect();
                settings.push(Setting::Any(Override { path, node }));
            }
        }
    }
    settings
}

fn lay_given(draft: &mut Draft, settings: &[Setting], mistakes: &mut Vec<Mistake>) {
    for setting in settings {
        match setting {
            Setting::Any(Override { path, node }) => draft.root.put(path, node),
            Setting::Rate(node) => match resolve::source_of(&draft.root) {
                Some("source.trace") => mistakes.push(
                    Mistake::new("config::conflict", "a trace has its own pace, not a rate")
                        .at(node.place.as_ref(), "asks for a rate")
                        .help("set how fast it is replayed: --set source.trace.speed=3600"),
                ),
                Some(source) => {
                    let keys = source.split('.').chain(["rate"]);
                    let path: Vec<_> =
                        keys.map(|key| (key.to_owned(), node.place.clone())).collect();
                    draft.root.put(&path, node);
                }
                // That there is no source is said elsewhere.
                None => {}
            },
        }
    }
}

/// Where a name was written, which is where a relative path starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On the command line.
    Here,
    /// In a built-in suite.
    BuiltIn,
    /// In a file of this folder.
    Folder(PathBuf),
}

/// The texts that were read, each once.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) sources: Sources,
    /// Mistakes of syntax in what was read.
    pub(crate) syntax: Vec<Mistake>,
    read: Vec<(String, Node, Origin, bool)>,
}

impl Library {
    /// A scenario or suite by name or path: its tree, where names in it start from, and whether
    /// parts of it could not be read.
    fn find(&mut self, name: &str, from: &Origin) -> Result<(Node, Origin, bool), Mistake> {
        let known = if looks_like_a_file(name) { None } else { built_in(name) };
        let (key, source, origin) = if let Some(text) = known {
            let shown = format!("{name}.toml, built in");
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
    pub(crate) fn scenario(
        &mut self,
        name: &str,
        from: &Origin,
    ) -> Result<(Node, String, bool), Mistake> {
        let (root, _, unreadable) = self.find(name, from)?;
        if suite::is_suite(&root) {
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

fn read_text(name: &str, path: &Path) -> Result<String, Mistake> {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let holds_events = ["csv", "gz", "tsv", "parquet"].iter().any(|other| ending == *other);
    if holds_events && path.is_file() {
        let message = format!("`{name}` holds events, and a scenario is asked for");
        let help = "write a scenario that reads it, with `path` in [source.trace]: sluicebench \
                    describe source.trace";
        return Err(Mistake::new("config::trace", message).help(help));
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
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
