//! Tables as CSV, with units in their headings.
//!
//! A text that a spreadsheet would take for a formula has an apostrophe before it. Numbers are
//! numbers, with their minus where they have one.

use super::exporter::{ExportError, Exporter, Out};
use super::tables::{Column, Table};

/// What stands in a row. Names are given by users, and not all of them to their own machine.
fn cell(column: &Column, row: usize) -> String {
    let text = column.cell(row);
    let is_text = matches!(column, Column::Text(_));
    if is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text
}

/// A file for each table.
pub(super) struct Csv;

impl Exporter for Csv {
    fn table(&self, name: &str, table: &Table, out: &mut Out<'_>) -> Result<(), ExportError> {
        out.write(&format!("{name}.csv"), |file| {
            let mut file = ::csv::Writer::from_writer(file);
            file.write_record(table.columns.iter().map(|(name, _)| name))?;
            for row in 0..table.len() {
                file.write_record(table.columns.iter().map(|(_, column)| cell(column, row)))?;
            }
            file.flush()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_formula_and_a_number_stays_one() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            let column = Column::Text(vec![formula.into()]);
            assert_eq!(cell(&column, 0), format!("'{formula}"));
        }
        assert_eq!(cell(&Column::Text(vec!["micro-batch".into()]), 0), "micro-batch");
        assert_eq!(cell(&Column::Fraction(vec![Some(-0.5)]), 0), "-0.5");
        assert_eq!(cell(&Column::Whole(vec![None]), 0), "");
    }
}
