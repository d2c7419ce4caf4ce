//! What of a question an engine decides by a rule of its own, so that it is no part of the question.

use crate::session::LateBy;
use crate::window::Alignment;

/// What of a question an engine decides by a rule of its own.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// How windows lie.
    pub alignment: Alignment,
    /// What decides that a record is late for sessions; `None` for what the question says.
    pub late_by: Option<LateBy>,
}

impl From<Alignment> for Reading {
    fn from(alignment: Alignment) -> Self {
        Self { alignment, late_by: None }
    }
}
