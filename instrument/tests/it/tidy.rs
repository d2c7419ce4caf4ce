//! The plan of the house: which wing knows which.

use crate::wings;

#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("host", &[]),
            ("load", &["host"]),
            ("measure", &["host", "load"]),
            ("verify", &["load", "measure"]),
            ("plain", &["load", "measure", "verify"]),
            ("transport", &[]),
            ("distributions", &["host"]),
            ("drivers", &["host", "load", "measure", "verify", "transport", "distributions"]),
            ("bench", &["host", "load", "measure", "verify", "plain", "drivers"]),
        ],
        &[],
    );
}
