//! The plan of the house: which wing knows which.

use crate::wings;

#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("plan", &[]),
            ("host", &[]),
            ("load", &["plan", "host"]),
            ("config", &["plan"]),
            ("measure", &["host", "load"]),
            ("verify", &["plan", "load", "measure"]),
            ("transport", &[]),
            // It names `config` in a test alone, which asks what a file may ask for.
            ("distributions", &["host", "config"]),
            // Likewise in the tests of `beside/job`.
            (
                "drivers",
                &[
                    "plan",
                    "host",
                    "load",
                    "config",
                    "measure",
                    "verify",
                    "transport",
                    "distributions",
                ],
            ),
            // It names `config` in the tests of `wire` alone, which ask for cells as a file does.
            ("bench", &["plan", "host", "load", "config", "measure", "verify", "drivers"]),
        ],
        &[],
    );
}
