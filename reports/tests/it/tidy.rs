//! The plan of the house: which wing knows which.

use crate::wings;

#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("files", &[]),
            ("words", &[]),
            ("record", &["files", "words"]),
            ("quantity", &[]),
            ("judge", &["record", "words", "quantity"]),
            ("chart", &["record", "words", "quantity", "judge"]),
            ("text", &["record", "words", "quantity", "judge", "chart"]),
            ("page", &["files", "record", "words", "quantity", "judge", "chart", "text"]),
            ("sample", &["record"]),
        ],
        &["sample"],
    );
}
