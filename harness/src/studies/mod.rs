//! Many runs to answer one question.

pub mod conform;
pub mod limit;
pub mod sweep;
pub mod twin;
pub mod advise;
