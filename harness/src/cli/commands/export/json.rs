//! The record in the format of this version, with its schema.

use super::exporter::{ExportError, Exporter, Out};
use reports::RunRecord;
use reports::record::{FILE_NAME, schema};
use serde_json::Value;
use std::io::{self, Write as _};

/// The record and the schema.
pub(super) struct Json;

/// The schema beside the record.
pub(super) const SCHEMA: &str = "run.schema.json";

impl Exporter for Json {
    fn record(&self, record: &RunRecord, out: &mut Out<'_>) -> Result<(), ExportError> {
        let text = |value: &Value| format!("{value:#}\n");
        let record = serde_json::to_value(record).map_err(io::Error::from);
        out.write(SCHEMA, |file| file.write_all(text(&schema::run()).as_bytes()))?;
        out.write(FILE_NAME, |file| file.write_all(text(&record?).as_bytes()))
    }
}
