//! The plan of this package, bottom up: which wing may name which.

use crate::wings::{Wing, mistakes, wing};

/// Vocabulary, judge, then what both executors stand on, then the two of them side by side. What
/// is a judge's shares nothing with what it judges; what is an engine's does not know the other.
const WINGS: &[Wing] = &[
    wing("time", ""),
    wing("record", "time"),
    wing("clock", "time"),
    wing("window", "time"),
    wing("aggregate", "record"),
    wing("dataflow", "record window aggregate"),
    wing("ports", "time record"),
    wing("engine", "time record clock window aggregate dataflow ports"),
    wing("reference", "time record window aggregate dataflow engine")
        .never("micro_batch MicroBatch per_event PerEvent panes:: sliding:: state::"),
    wing("sketch", "record window aggregate dataflow engine"),
    wing("panes", "time record window aggregate dataflow engine"),
    wing("sliding", "time window aggregate engine panes"),
    wing("state", "time record window aggregate dataflow engine panes sliding")
        .in_tests("reference"),
    wing("random", ""),
    wing("threads", "engine")
        .in_tests("time record clock window aggregate dataflow ports")
        .never("micro_batch MicroBatch per_event PerEvent"),
    wing(
        "micro_batch",
        "time record clock window aggregate dataflow ports engine panes state random threads",
    )
    .never("per_event PerEvent"),
    wing(
        "per_event",
        "time record clock window aggregate dataflow ports engine panes state random threads",
    )
    .never("micro_batch MicroBatch"),
];

#[test]
fn no_wing_names_another_that_its_row_does_not_list() {
    let mistakes = mistakes(env!("CARGO_MANIFEST_DIR"), WINGS);
    assert!(mistakes.is_empty(), "\n{}", mistakes.join("\n"));
}
