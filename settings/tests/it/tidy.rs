//! The plan of the house: which wing knows which.

use crate::wings;

#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(env!("CARGO_MANIFEST_DIR"), &[("plan", &[]), ("config", &["plan"])], &[]);
}
