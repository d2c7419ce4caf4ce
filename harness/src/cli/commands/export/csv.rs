//! Tables as CSV, with units in their headings.

use super::exporter::{ExportError, Exporter, Out};
use super::tables::Table;

/// A file for each table.
pub(super) struct Csv;

impl Exporter for Csv {
    fn table(&self, name: &str, table: &Table, out: &mut Out<'_>) -> Result<(), ExportError> {
        out.write(&format!("{name}.csv"), |file| {
            let mut file = ::csv::Writer::from_writer(file);
            file.write_record(table.columns.iter().map(|(name, _)| name))?;
            for row in 0..table.len() {
                file.write_record(table.columns.iter().map(|(_, column)| column.cell(row)))?;
            }
            file.flush()
        })
    }
}
