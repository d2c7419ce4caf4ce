//! The commands: what the user asked for, done.
//!
//! A command returns its [`Answer`](super::answer::Answer) and prints nothing. None knows what
//! else there is to be typed.

pub(super) mod run;
pub(super) mod limit;
pub(super) mod sweep;
pub(super) mod advise;
pub(super) mod atlas;
pub(super) mod compare;
pub(super) mod check;
pub(super) mod history;
mod gate;
mod traced;
pub(super) mod twin;
pub(super) mod plan;
mod demanded;
mod prepare;
pub(super) mod init;
pub(super) mod list;
pub(super) mod describe;
mod words;
pub(super) mod glossary;
pub(super) mod validate;
pub(super) mod events;
pub(super) mod report;
pub(super) mod doctor;
pub(super) mod engines;
pub(super) mod conform;
pub(super) mod export;
pub(super) mod schema;
pub(super) mod completions;
pub(super) mod man;
