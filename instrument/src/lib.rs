//! The instrument: what one repetition takes. It reads what is to be run, paces the input, drives
//! an engine, records its answers and verifies them.
//!
//! It is compiled apart from the program around it, since nothing here may cost what it measures:
//! what plans, studies and is spoken to is compiled for how soon it is built. Wings stand bottom
//! up: each knows only those before it, which `tests/it/tidy.rs` holds.

pub mod host;
pub mod load;
pub mod measure;
pub mod verify;
pub mod plain;
pub mod transport;
pub mod distributions;
pub mod drivers;
pub mod bench;
