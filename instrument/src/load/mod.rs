//! When each event is due, what it is, and who releases it then.

pub mod curve;
pub mod schedule;
pub mod layout;
pub mod idle;
mod reuse;
pub mod marks;
pub mod final_due;
pub mod watched;
pub mod starving;
pub mod make;
pub mod survey;
pub mod ahead;
pub mod replay;
pub mod supply;
pub mod input;
pub mod period;
pub mod pacer;
