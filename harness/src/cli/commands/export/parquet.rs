//! The same tables as Parquet, for whoever has many runs.

use super::exporter::{ExportError, Exporter, Out};
use super::tables::{Column, Table};
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
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
    let written = || -> Result<(), ParquetError> {
        let fields = table.columns.iter().map(|(name, column)| field(name, column).map(Arc::new));
        let fields = fields.collect::<Result<_, _>>()?;
        let schema = Arc::new(Type::group_type_builder("table").with_fields(fields).build()?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
        let mut rows = writer.next_row_group()?;
        for (_, column) in &table.columns {
            match column {
                Column::Text(values) => {
                    let values: Vec<_> =
                        values.iter().map(|text| ByteArray::from(text.as_str())).collect();
                    put::<ByteArrayType>(&mut rows, &values, None)?;
                }
                Column::Whole(values) => {
                    let (values, defined) = defined(values);
                    let values: Vec<i64> = values.into_iter().map(u64::cast_signed).collect();
                    put::<Int64Type>(&mut rows, &values, Some(&defined))?;
                }
                Column::Fraction(values) => {
                    let (values, defined) = defined(values);
                    put::<DoubleType>(&mut rows, &values, Some(&defined))?;
                }
                Column::Flag(values) => put::<BoolType>(&mut rows, values, None)?,
            }
        }
        rows.close()?;
        writer.close().map(drop)
    };
    written().map_err(io::Error::other)
}

/// A column as the schema has it.
fn field(name: &str, column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column {
        Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Column::Whole(_) => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Column::Fraction(_) => (Physical::DOUBLE, None),
        Column::Flag(_) => (Physical::BOOLEAN, None),
    };
    // What may be undefined is nullable, whether or not it is undefined in this run.
    let repetition = match column {
        Column::Whole(_) | Column::Fraction(_) => Repetition::OPTIONAL,
        Column::Text(_) | Column::Flag(_) => Repetition::REQUIRED,
    };
    Type::primitive_type_builder(name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
}

/// The values that there are, and for each row whether there is one, as a definition level.
fn defined<T: Copy>(values: &[Option<T>]) -> (Vec<T>, Vec<i16>) {
    let levels = values.iter().map(|value| i16::from(value.is_some())).collect();
    (values.iter().copied().flatten().collect(), levels)
}

/// Writes the next column.
fn put<T: DataType>(
    rows: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: &[T::T],
    defined: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let column = rows.next_column()?;
    let mut column = column.expect("the schema has as many columns as the table");
    column.typed::<T>().write_batch(values, defined, None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use crate::cli::carry_out::carry_out;
    use crate::cli::commands::export::{ExportArgs, export};
    use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
    use ::parquet::record::Field;
    use settings::config::{Given, Traces, load};
    use settings::plan::{Floors, Format, Plan, Repeat};
    use std::fs;
    use std::path::Path;

    /// Runs a small cell twice in simulated time.
    fn run(out: &Path) {
        let short = ["source.synthetic.rate=2k/s", "measure.duration=2s", "measure.warm_up=0s"];
        let given = short.map(Given::set);
        let loaded = load(&["keyed-window".to_owned()], &given, &[], Traces::MayBeAbsent).unwrap();
        let plan = Plan {
            name: loaded.name,
            title: loaded.title,
            cells: loaded.cells,
            out: Some(out.to_owned()),
            keep_results: false,
            simulate: true,
            floors: Floors::LeftOut,
            repeat: Repeat::times(2),
            format: Format::Text,
            command: String::new(),
            strict: false,
            sweep: None,
            left_out: Vec::new(),
        };
        carry_out(&plan, None, false, false);
    }

    #[test]
    fn parquet_holds_what_the_tables_hold() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        run(&out);
        let args =
            ExportArgs { folder: out.clone(), csv: true, parquet: true, ..Default::default() };
        let answer = export(&args);
        assert_eq!(answer.results.lines().count(), 6, "{}{}", answer.results, answer.complaints);
        for name in ["repetitions", "timeline", "batches"] {
            let path = out.join("export").join(name);
            let file = fs::File::open(path.with_extension("parquet")).unwrap();
            let reader = SerializedFileReader::new(file).unwrap();
            let schema = reader.metadata().file_metadata().schema();
            let columns: Vec<_> = schema.get_fields().iter().map(|field| field.name()).collect();
            let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
            let shown = |field: &Field| match field {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                Field::ULong(n) => n.to_string(),
                Field::Double(x) => x.to_string(),
                Field::Bool(flag) => flag.to_string(),
                other => panic!("{name} has {other:?}"),
            };
            let rows = rows.iter().map(|row| {
                row.get_column_iter().map(|(_, field)| shown(field)).collect::<Vec<_>>().join(",")
            });
            let csv = fs::read_to_string(path.with_extension("csv")).unwrap();
            let (heading, lines) = csv.split_once('\n').unwrap();
            assert_eq!(heading, columns.join(","));
            assert!(!lines.is_empty(), "{name}");
            // The same to the last cell, empty ones among them.
            assert_eq!(lines.lines().collect::<Vec<_>>(), rows.collect::<Vec<_>>(), "{name}");
        }
    }
}
