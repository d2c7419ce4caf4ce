//! The plan of the house, held by `tidy`.

mod tidy;
#[path = "../../../tidy/wings.rs"]
mod wings;
