//! What files and whatever was laid over them come to, before the keys are looked at.

use super::keys;
use super::schema::Key;
use super::tree::Node;

/// A scenario as it was put together, before it is held against the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The file with everything that was laid over it.
    pub(crate) root: Node,
    /// Whether the file names no engine, and so means both.
    pub(crate) both_engines: bool,
    /// Whether the file has errors of syntax, so that what is missing may be in them.
    pub(crate) unreadable: bool,
    /// Whether an engine that cannot be asked this is left out.
    pub(crate) partial: bool,
}

impl Draft {
    /// Of a scenario file.
    pub(super) fn of_file(root: Node, unreadable: bool) -> Self {
        let named = root.find("engine").and_then(Node::table).map(|table| !table.0.is_empty());
        Self { both_engines: !named.unwrap_or(false), root, unreadable, partial: false }
    }
}

/// The path of the source that a draft holds, if it holds one that exists.
pub(crate) fn source_of(root: &Node) -> Option<&'static str> {
    let table = root.find("source")?.table()?;
    let source = |key: &&Key| table.get(key.name()).is_some();
    keys::children("source").find(source).map(|key| key.path)
}
