//! The plan of this package: which wing knows which.

use crate::wings;

/// Values, what comes back and what is asked, what arrives, the questions, and above all of them
/// the one place where names become types.
#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("decimal", &[]),
            ("spec", &["decimal"]),
            ("answer", &["decimal"]),
            ("scenario", &["answer"]),
            ("workload", &["decimal", "spec", "answer"]),
            ("questions", &["decimal", "spec", "answer", "scenario", "workload"]),
            ("catalog", &["spec", "scenario", "workload", "questions"]),
        ],
        &[],
    );
}
