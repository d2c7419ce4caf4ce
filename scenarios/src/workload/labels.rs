//! What keys are called when people see them.

use super::{skew, words};
use std::sync::Arc;

/// What a key is called when people see it.
#[derive(Clone, Debug)]
pub enum KeyLabels {
    /// Nothing: there is only one.
    Global,
    /// By its rank in the distribution it was drawn from; `0` is the most frequent.
    Rank,
    /// By the word it stands for.
    Word,
    /// As it stands in a trace, whose keys are numbered in the order in which the file first
    /// mentions them.
    Named(Arc<[Box<str>]>),
}

impl KeyLabels {
    /// What `key` is called.
    pub fn label(&self, key: u64) -> String {
        match self {
            Self::Global => String::new(),
            Self::Rank => skew::rank_of(key).to_string(),
            Self::Word => words::word(key),
            Self::Named(names) => usize::try_from(skew::rank_of(key))
                .ok()
                .and_then(|number| names.get(number))
                .map_or_else(String::new, ToString::to_string),
        }
    }
}
