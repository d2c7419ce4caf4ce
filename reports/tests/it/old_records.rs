//! Every past version of the record still reads. A file in `old_records/` is never changed.

use sluicebench_reports::RunRecord;
use sluicebench_reports::text::table::terminal;
use std::path::Path;

#[test]
fn version_1_reads_and_says_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old_records/1");
    let record = RunRecord::read(&folder).unwrap();
    assert_eq!(record.schema_version, 1);
    insta::assert_snapshot!(terminal(&record));
}
