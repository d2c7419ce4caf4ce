//! The plan of the house: which wing knows which.

use crate::wings;

#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("plan", &[]),
            ("host", &["plan"]),
            ("load", &["plan", "host"]),
            ("config", &["plan"]),
            ("measure", &["plan", "host", "load"]),
            ("verify", &["load", "measure"]),
            ("drivers", &["plan", "host", "load", "measure", "verify"]),
            ("bench", &["plan", "host", "load", "config", "measure", "verify", "drivers"]),
            ("run", &["plan", "host", "load", "measure", "drivers", "bench"]),
            ("studies", &["plan", "host", "load", "config", "measure", "drivers", "bench", "run"]),
            (
                "cli",
                &[
                    "plan", "host", "load", "config", "measure", "drivers", "bench", "run",
                    "studies",
                ],
            ),
        ],
        &[],
    );
}
