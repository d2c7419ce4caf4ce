//! The highest sustainable rate of an engine on a scenario.

pub mod search;
