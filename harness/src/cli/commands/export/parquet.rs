//! The same tables as Parquet, for whoever has many runs.

use super::exporter::{ExportError, Exporter, Out};
use super::tables::{Column, Table};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use std::io::{self, Write};
use std::sync::Arc;

/// A file for each table.
pub(super) struct Parquet;

impl Exporter for Parquet {
    fn table(&self, name: &str, table: &Table, out: &mut Out<'_>) -> Result<(), ExportError> {
        out.write(&format!("{name}.parquet"), |file| write(table, file))
    }
}

fn write(table: &Table, out: impl Write + Send) -> io::Result<()> {
    let columns = table.columns.iter().map(|(name, column)| {
        let array: ArrayRef = match column {
            Column::Text(values) => Arc::new(StringArray::from_iter_values(values)),
            Column::Whole(values) => Arc::new(UInt64Array::from(values.clone())),
            Column::Fraction(values) => Arc::new(Float64Array::from(values.clone())),
            Column::Flag(values) => Arc::new(BooleanArray::from(values.clone())),
        };
        // What may be undefined is nullable, whether or not it is undefined in this run.
        (*name, array, matches!(column, Column::Whole(_) | Column::Fraction(_)))
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(io::Error::other)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let written = || -> Result<(), ParquetError> {
        let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close().map(drop)
    };
    written().map_err(io::Error::other)
}
