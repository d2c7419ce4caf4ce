//! The plan of the house, held by `tidy`.

#![expect(clippy::unwrap_used, reason = "everything here is a test; Clippy knows only its roots")]

mod tidy;
#[path = "../../../tidy/wings.rs"]
mod wings;
