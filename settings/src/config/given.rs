//! What was set beside the files, on the command line or in the environment.
//!
//! It is read once and laid over every draft; what the keys mean is not known here, except that
//! a rate is that of whichever source there is.

use super::diagnostic::{Mistake, Place, SourceText, Sources, listed};
use super::draft::{Draft, source_of};
use super::keys;
use super::short::{self, NotOne};
use super::tree::{self, Node, Override};
use crate::plan::EngineKind;

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

impl Given {
    /// `key=value`, as if it had been typed.
    pub fn set(text: impl Into<String>) -> Self {
        Self { from: "command line", prefix: String::new(), sets: Sets::Any, text: text.into() }
    }
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

/// A key of a path, and where it was written.
type Step = (String, Option<Place>);

/// What was set beside the files, read once and laid over every draft.
pub(super) enum Setting {
    Any(Override),
    Rate(Node),
}

pub(super) fn read_given(
    given: &[Given],
    sources: &mut Sources,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Setting> {
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

/// The whole path of a key that may be shortened, as a sweep's may. What means nothing here stays as
/// it is, to be told with all other keys that mean nothing.
fn whole(path: &[Step], root: &Node, only: &[&str]) -> Result<Vec<Step>, Mistake> {
    let name = path.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(".");
    let has = |path: &str| root.find(path).is_some();
    if keys::key(&name).is_some() {
        return Ok(path.to_vec());
    }
    let runs = |engine: &str| match only {
        [] => EngineKind::EMBEDDED.contains(&engine) || has(&format!("engine.{engine}")),
        only => only.contains(&engine),
    };
    match short::key_called(&name, &has, &runs) {
        Ok(key) => {
            let steps: Vec<&str> = key.path.split('.').collect();
            let before = steps[..steps.len() - path.len()].iter();
            let place = path.first().and_then(|(_, place)| place.clone());
            let before = before.map(|step| ((*step).to_owned(), place.clone()));
            Ok(before.chain(path.iter().cloned()).collect())
        }
        Err(NotOne::None(_)) => Ok(path.to_vec()),
        Err(NotOne::Several(keys)) => {
            let place = path.first().and_then(|(_, place)| place.as_ref());
            let message = format!("`{name}` means more than one key");
            let help = format!("write one of {}", listed(keys.iter().map(|key| key.path)));
            Err(Mistake::new("config::unknown_key", message).at(place, "which one?").help(help))
        }
    }
}

/// Lays them over a draft, of which these engines are to run, or all where none is named.
pub(super) fn lay_given(
    draft: &mut Draft,
    settings: &[Setting],
    only: &[&'static str],
    mistakes: &mut Vec<Mistake>,
) {
    for setting in settings {
        match setting {
            Setting::Any(Override { path, node }) => match whole(path, &draft.root, only) {
                Ok(path) => draft.root.put(&path, node),
                Err(mistake) => mistakes.push(mistake),
            },
            Setting::Rate(node) => match source_of(&draft.root) {
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
