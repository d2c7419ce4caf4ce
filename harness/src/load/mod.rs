//! When each event is due, what it is, and who releases it then.

pub mod curve;
pub mod schedule;
pub mod final_due;
pub mod layout;
pub mod input;
pub mod pacer;
