//! From files, environment and arguments to cells that leave nothing open.
//!
//! File < environment < command line. All mistakes are collected, each with the place it is at,
//! and nothing runs while there is one. How a key is spelled and what it means is in `keys.rs`
//! alone.

pub mod diagnostic;
mod excerpt;
pub mod schema;
pub mod keys;
pub mod short;
pub mod json_schema;
pub mod tree;
mod library;
mod draft;
mod given;
mod origin;
mod suite;
mod settings;
pub mod check;
mod shape;
mod density;
mod engines;
pub mod threshold;
mod beside;
mod asked;
mod cluster;
mod storm;
mod transport;
mod contradictions;
pub mod lint;
mod build;
mod write;
mod relabel;
mod resolve;
mod anew;
pub mod calibration;
pub mod prices;

use crate::plan::{Cell, LeftOut, Load, Repeat};
use diagnostic::{Mistake, Rejected, SourceText, Sources};
use draft::Draft;
use library::{Library, Origin};
use scenarios::spec::WorkloadSpec;
use scenarios::workload::trace::{NoFile, no_file};
use tree::{Node, Value};

pub use anew::Variant;
pub use given::{Given, Sets};
pub use library::{built_in, built_in_names};
pub use origin::Written;
pub use write::shown;

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
    /// The engines that cannot be asked a case, where a suite is to go as far as it can.
    pub left_out: Vec<LeftOut>,
    /// The cells of such a suite, in which an engine that is not here may be left out.
    pub partial: Vec<String>,
}

/// Whether a trace that is not there is a mistake.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Traces {
    /// It is: they will be read.
    MustExist,
    /// It is not: only what is written counts.
    MayBeAbsent,
}

/// Reads scenarios and suites by name or path and resolves them. `only` are the names of the
/// engines to keep; all, if it is empty.
pub fn load(
    names: &[String],
    given: &[Given],
    only: &[String],
    traces: Traces,
) -> Result<Loaded, Rejected> {
    read(names).load(given, only, traces)
}

/// Scenarios and suites as their files stood when they were read, to be resolved more than once
/// with something else laid over them.
#[derive(Debug)]
pub struct Read {
    library: Library,
    /// Name, title and repetitions of each.
    heads: Vec<Head>,
    drafts: Vec<Draft>,
    mistakes: Vec<Mistake>,
}

/// One scenario from its text, called by this name in whatever is said of it. A path in it starts from
/// the working directory. What is wrong with it is told when it is resolved.
pub fn read_text(name: &str, text: &str) -> Read {
    let mut library = Library::default();
    let (draft, head, mistakes) = drafted(name, text, &mut library.sources);
    Read { library, heads: vec![head], drafts: vec![draft], mistakes }
}

/// Reads scenarios and suites by name or path. What is wrong with them is told when they are
/// resolved.
pub fn read(names: &[String]) -> Read {
    let mut library = Library::default();
    let mut mistakes = Vec::new();
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
        if library::is_suite(&root) {
            let suite = suite::expand(&root, &origin, unreadable, &mut library, &mut mistakes);
            heads.push((suite.name, suite.title, suite.repeat));
            drafts.extend(suite.drafts);
        } else {
            heads.push(head(&root));
            drafts.push(Draft::of_file(root, unreadable));
        }
    }
    mistakes.append(&mut library.syntax);
    Read { library, heads, drafts, mistakes }
}

impl Read {
    /// Resolves them. `only` are the names of the engines to keep; all, if it is empty.
    pub fn load(
        &self,
        given: &[Given],
        only: &[String],
        traces: Traces,
    ) -> Result<Loaded, Rejected> {
        let mut sources = self.library.sources.clone();
        let mut mistakes = Vec::new();
        let only = engines::engines_of(only, &mut mistakes);
        mistakes.extend(self.mistakes.iter().cloned());
        let settings = given::read_given(given, &mut sources, &mut mistakes);
        let mut cells: Vec<Cell> = Vec::new();
        let mut written = Vec::new();
        let (mut left_out, mut partial) = (Vec::new(), Vec::new());
        for plain in &self.drafts {
            let mut draft = plain.clone();
            given::lay_given(&mut draft, &settings, &only, &mut mistakes);
            match resolve::resolve(&draft, plain, &sources, &only) {
                Ok((cell, _)) if cell.engines.is_empty() => {}
                Ok((mut cell, without)) => {
                    if traces == Traces::MustExist {
                        mistakes.extend(missing_trace(&cell, &draft.root));
                    }
                    distinguish(&mut cell, &cells);
                    for left in without {
                        LeftOut { cells: vec![cell.name.clone()], ..left }.join(&mut left_out);
                    }
                    partial.extend(draft.partial.then(|| cell.name.clone()));
                    cells.push(cell);
                    written.push(origin::written(&draft.root, &sources));
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
            if unique.len() == MISTAKES_TOLD {
                let message = format!("there are more mistakes than these {MISTAKES_TOLD}");
                unique.push(Mistake::new("config::more", message).help("mend these first"));
                break;
            }
            // Cases of a suite share their scenario's mistakes, and those of the command line.
            if !unique.contains(&mistake) {
                unique.push(mistake);
            }
        }
        if !unique.is_empty() {
            return Err(Rejected { sources, mistakes: unique });
        }
        let name = self.heads.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join("+");
        let title =
            self.heads.iter().map(|(_, title, _)| title.as_str()).collect::<Vec<_>>().join("; ");
        Ok(Loaded {
            name: if name.len() > 60 { format!("{}-and-more", self.heads[0].0) } else { name },
            title,
            repeat: most_of(self.heads.iter().map(|&(.., repeat)| repeat)),
            cells,
            written,
            left_out,
            partial,
        })
    }
}

/// How many mistakes are told: nobody reads more at once.
const MISTAKES_TOLD: usize = 100;

/// The most that any of them asks for.
fn most_of(repeats: impl Iterator<Item = Repeat>) -> Repeat {
    repeats.fold(Repeat::times(1), |all, one| {
        Repeat::between(all.least().max(one.least()), all.most().max(one.most()))
    })
}

/// Resolves one scenario from its text. A path in it starts from the working directory.
pub fn of_text(text: &str) -> Result<Cell, Rejected> {
    let mut sources = Sources::default();
    let (draft, _, mut mistakes) = drafted("the settings", text, &mut sources);
    match resolve::resolve(&draft, &draft, &sources, &[]) {
        Ok((cell, _)) => Ok(cell),
        Err(mut found) => {
            mistakes.append(&mut found);
            Err(Rejected { sources, mistakes })
        }
    }
}

/// A scenario from its text: what it says, its head, and what of it cannot be read.
fn drafted(name: &str, text: &str, sources: &mut Sources) -> (Draft, Head, Vec<Mistake>) {
    let source = SourceText { name: name.into(), text: text.into(), base: None };
    let number = sources.add(source);
    let (root, mistakes) = tree::read(sources, number);
    let head = head(&root);
    (Draft::of_file(root, !mistakes.is_empty()), head, mistakes)
}

/// Name, title and repetitions of a scenario or suite.
type Head = (String, String, Repeat);

/// Those of a scenario.
fn head(root: &Node) -> Head {
    let of = |key: &str| match root.find(key).map(|node| &node.value) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    (of("name"), of("title"), Repeat::times(1))
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
    let what = no_file(&trace.path)?;
    let place = root.find("source.trace.path").and_then(|node| node.place.as_ref());
    let path = trace.path.display();
    let mistake = match what {
        NoFile::Absent => {
            Mistake::new("config::no_such_file", format!("the trace `{path}` is not there"))
                .at(place, "no such file")
                .help("give the path of the trace: --set source.trace.path=FILE")
        }
        NoFile::Other(what) => {
            Mistake::new("config::no_such_file", format!("the trace `{path}` is {what}"))
                .at(place, what)
                .help("a trace is read more than once: put it into a file, and give its path")
        }
    };
    Some(mistake)
}
