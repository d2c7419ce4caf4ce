//! The plan of this package: which wing knows which.

use crate::wings;

#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[("program", &[]), ("case", &["program"]), ("small", &["program"])],
        &[],
    );
}
