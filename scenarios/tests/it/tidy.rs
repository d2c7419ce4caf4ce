//! The plan of this package: which wing knows which.

use crate::wings;

/// Values, what comes back, when it is due and what is asked, what arrives, the questions, and
/// above all of them the one place where names become types.
#[test]
fn each_wing_knows_those_that_its_row_names() {
    wings::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("decimal", &[]),
            ("spec", &["decimal"]),
            ("answer", &["decimal"]),
            ("trigger", &[]),
            ("scenario", &["answer", "trigger"]),
            ("workload", &["decimal", "spec", "answer"]),
            ("questions", &["decimal", "spec", "answer", "trigger", "scenario", "workload"]),
            ("catalog", &["spec", "scenario", "workload", "questions"]),
        ],
        &[],
    );
}
