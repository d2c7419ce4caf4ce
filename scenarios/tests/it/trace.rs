//! A trace is read exactly, or refused with file, line, column and remedy.

use crate::left_out::left_out_anywhere;
use engines::{Moment, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use scenarios::Workload;
use scenarios::spec::{NotationSpec, OnBadRow, TraceSpec};
use scenarios::workload::{Trace, TraceError};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A file in a folder of its own, which goes when this does.
pub(crate) struct Scratch {
    folder: TempDir,
    pub(crate) spec: TraceSpec,
}

pub(crate) fn scratch(name: &str, content: &[u8]) -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let spec = TraceSpec {
        path,
        arrival: "arrived".to_string(),
        event_time: "happened".to_string(),
        key: Some("key".to_string()),
        value: Some("value".to_string()),
        speed: 1.0,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec::default(),
    };
    Scratch { folder, spec }
}

impl Scratch {
    pub(crate) fn load(&self) -> Result<Trace, TraceError> {
        Trace::load(&self.spec)
    }

    /// The message, without the part of the path that differs from run to run.
    #[track_caller]
    pub(crate) fn refusal(&self) -> String {
        let folder = self.folder.path().display().to_string() + std::path::MAIN_SEPARATOR_STR;
        let message = self.load().expect_err("this trace is bad").to_string();
        message.replace(&folder, "")
    }
}

pub(crate) fn csv(rows: &str) -> Scratch {
    scratch("t.csv", format!("arrived,happened,key,value\n{rows}").as_bytes())
}

pub(crate) fn rejecting(rows: &str) -> Scratch {
    let mut scratch = csv(rows);
    scratch.spec.on_bad_row = OnBadRow::Reject;
    scratch
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Every event: due in ns, event time in µs, key, value.
pub(crate) fn events(trace: &Trace) -> Vec<String> {
    (0..trace.len().unwrap())
        .map(|n| {
            let due = trace.due(n).unwrap();
            let event = trace.event(n, due);
            assert_eq!(event.due, due);
            let cells = trace.cells(&event).join(" ");
            format!("{} {} {cells}", due.as_nanos(), event.event_time.as_micros())
        })
        .collect()
}

#[track_caller]
pub(crate) fn reads(scratch: &Scratch, want: &[&str]) {
    assert_eq!(events(&scratch.load().unwrap()), want);
}

#[test]
fn rows_come_in_order_of_arrival_and_ties_in_order_of_the_file() {
    let rows = "2,0,b,1\n1,0,a,2\n2,0,c,3\n1,0,d,4\n";
    reads(&csv(rows), &["0 0 a 2", "0 0 d 4", "1000000000 0 b 1", "1000000000 0 c 3"]);
}

#[test]
fn a_file_with_one_event_is_a_trace() {
    let one = csv("2001-01-01T01:19:00Z,2001-01-01T01:24:00Z,LAS,407");
    reads(&one, &["0 978312240000000 LAS 407"]);
    let trace = one.load().unwrap();
    assert_eq!(trace.len(), Some(1));
    assert_eq!(trace.due(1), None);
    assert_eq!(trace.arrival_clock().origin, Timestamp::from_micros(978_311_940_000_000));
}

#[test]
fn gzip_is_read_as_such_whatever_its_name_and_in_several_members_too() {
    let content = b"arrived,happened,key,value\n1,1,a,1\n";
    for name in ["t.csv.gz", "t.csv"] {
        reads(&scratch(name, &gzip(content)), &["0 1000000 a 1"]);
    }
    let both = [gzip(content), gzip(b"2,2,b,2\n")].concat();
    reads(&scratch("t.csv.gz", &both), &["0 1000000 a 1", "1000000000 2000000 b 2"]);
}

#[test]
fn a_byte_order_mark_crlf_quotes_and_other_columns_do_no_harm() {
    let content =
        "\u{feff}happened,note,value,key,arrived\r\n1,\"a,\nb\",\" 2.50 \",\"x, y\",1\r\n";
    reads(&scratch("t.csv", content.as_bytes()), &["0 1000000 x, y 2.50"]);
}

#[test]
fn speed_divides_the_distance_between_arrivals() {
    let mut scratch = csv("0,0,a,1\n3600,0,a,1\n3601,0,a,1\n");
    scratch.spec.speed = 36_000.0;
    reads(&scratch, &["0 0 a 1", "100000000 0 a 1", "100027778 0 a 1"]);
    let trace = scratch.load().unwrap();
    assert_eq!(trace.arrival_clock().micros_per_second, 36_000_000_000);
    // The last is due when the arrival clock has just reached it, and not before.
    let (clock, due) = (trace.arrival_clock(), trace.due(2).unwrap());
    assert!(clock.at(due) >= Timestamp::from_micros(3_601_000_000));
    let just_before = Moment::from_nanos(due.as_nanos() - 1);
    assert!(clock.at(just_before) < Timestamp::from_micros(3_601_000_000));
}

#[test]
fn without_a_value_column_an_event_counts_one_and_without_a_key_there_is_no_label() {
    let mut scratch = csv("1,1,a,5\n");
    scratch.spec.value = None;
    scratch.spec.key = None;
    reads(&scratch, &["0 1000000  1"]);
}

#[test]
fn values_get_the_decimals_of_the_finest_of_them() {
    let scratch = csv("1,1,a,5\n1,1,a,-0.25\n1,1,a,7.125\n");
    reads(&scratch, &["0 1000000 a 5.000", "0 1000000 a -0.250", "0 1000000 a 7.125"]);
    let trace = scratch.load().unwrap();
    assert_eq!(trace.decimals(), 3);
    assert_eq!(trace.event(1, Moment::START).value.value, -250);
}

#[test]
fn a_product_is_exact() {
    let content = "t,quantity,unit_price\n1,6,2.55\n1,-3,0.001\n1,80995,2.08\n1,3,0.1\n";
    let mut scratch = scratch("t.csv", content.as_bytes());
    scratch.spec.arrival = "t".to_string();
    scratch.spec.event_time = "t".to_string();
    scratch.spec.key = None;
    for product in ["quantity * unit_price", "quantity*unit_price", " quantity *unit_price "] {
        scratch.spec.value = Some(product.to_string());
        let values: Vec<i64> =
            (0..4).map(|n| scratch.load().unwrap().event(n, Moment::START).value.value).collect();
        assert_eq!(values, [15_300, -3, 168_469_600, 300]);
    }
}

#[test]
fn a_column_whose_name_has_a_star_is_that_column() {
    let mut scratch = scratch("t.csv", b"arrived,happened,key,a * b,a,b\n1,1,k,7,2,3\n");
    scratch.spec.value = Some("a * b".to_string());
    reads(&scratch, &["0 1000000 k 7"]);
}

#[test]
fn keys_are_text_whatever_they_look_like() {
    let trace = csv("1,1,7,1\n1,1,007,1\n1,1,,1\n1,1,7,1\n").load().unwrap();
    let key = |n| trace.event(n, Moment::START).value.key;
    assert_eq!(key(0), key(3));
    assert!(key(0) != key(1) && key(1) != key(2) && key(0) != key(2));
    let labels: Vec<String> = (0..3).map(|n| trace.labels().label(key(n))).collect();
    assert_eq!(labels, ["7", "007", ""]);
}

/// The event time of a single row with this text.
#[track_caller]
fn time(text: &str, want_us: i64) {
    let trace = csv(&format!("1,{text},a,1\n")).load();
    let trace = trace.unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(trace.event(0, Moment::START).event_time.as_micros(), want_us, "{text}");
}

#[test]
fn times_are_read_by_their_form() {
    time("2001-01-01T01:19:00Z", 978_311_940_000_000);
    time("2001-01-01T01:19:00", 978_311_940_000_000);
    time("2001-01-01 01:19:00", 978_311_940_000_000);
    time("2001-01-01 01:19", 978_311_940_000_000);
    time("2001-01-01T03:19:00+02:00", 978_311_940_000_000);
    time("2001-01-01T01:19:00.25Z", 978_311_940_250_000);
    time("2001-01-01T01:19:00.0000019Z", 978_311_940_000_001);
    time("2001-01-01", 978_307_200_000_000);
    time("1969-12-31T23:59:59.9999999Z", -1);
    time("0001-01-01T00:00:00Z", -62_135_596_800_000_000);
    time("978311940", 978_311_940_000_000);
    time("978311940.25", 978_311_940_250_000);
    time("978311940250", 978_311_940_250_000);
    time("978311940250000", 978_311_940_250_000);
    time("-978311940250", -978_311_940_250_000);
    time(" 0 ", 0);
    time("-0.0000001", -1);
    time("99999999999", 99_999_999_999_000_000);
    time("100000000000", 100_000_000_000_000);
    time("99999999999999", 99_999_999_999_999_000);
    time("100000000000000", 100_000_000_000_000);
    time("99999999999999999", 99_999_999_999_999_999);
    time("100000000000000000", 100_000_000_000_000);
    time("978311940250000999", 978_311_940_250_000);
    time("2001-01-01T01:19:00+01:00[Europe/Berlin]", 978_308_340_000_000);
    time("2001-01-01T01:19:00[Europe/Berlin]", 978_308_340_000_000);
    time("20010101T011900Z", 978_311_940_000_000);
}

#[test]
fn the_first_row_decides_the_form_for_the_column() {
    let rows = "1,978311940250,a,1\n2,5,a,1\n";
    reads(&csv(rows), &["0 978311940250000 a 1", "1000000000 5000 a 1"]);
}

#[test]
fn each_time_column_has_its_own_form() {
    reads(&csv("978311940,2001-01-01T01:19:00Z,a,1\n"), &["0 978311940000000 a 1"]);
}

#[test]
fn a_file_that_is_not_there() {
    let mut scratch = csv("");
    scratch.spec.path = Path::new("no-such.csv").to_path_buf();
    let message = scratch.load().unwrap_err().to_string();
    assert!(message.starts_with("cannot open the trace no-such.csv: "), "{message}");
}

#[test]
fn a_folder_is_no_trace() {
    let mut scratch = csv("");
    scratch.spec.path = scratch.folder.path().to_path_buf();
    let message = scratch.load().unwrap_err().to_string();
    assert!(message.ends_with(" is a folder; a trace is read more than once: put it into a file"));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_as_what_it_is_and_not_waited_for() {
    let mut scratch = csv("");
    let pipe = scratch.folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, what) in
        [(pipe, "a pipe"), ("/dev/zero".into(), "a device"), ("/dev/null".into(), "a device")]
    {
        scratch.spec.path = path;
        let message = scratch.load().unwrap_err().to_string();
        assert!(message.contains(&format!(" is {what}; ")), "{message}");
    }
}

#[test]
fn a_row_without_an_end_is_none_and_one_of_a_megabyte_is() {
    // Neither a line without an end nor a quotation without one is read until memory is full.
    let long = "x".repeat(1 << 20);
    let quoted = format!("1,1,\"a,1\n{}", "1,1,a,1\n".repeat(200_000));
    let one = format!("1,1,a,1\n1,1,{long}{long},1\n");
    for rows in [&one, &quoted] {
        let message = csv(rows).refusal();
        assert!(message.contains("longer than 1048576 bytes: this is no CSV"), "{message}");
        assert!(message.len() < 300, "{message}");
    }
    assert!(csv(&one).refusal().contains("has a row after line 2 "), "{}", csv(&one).refusal());
    let whole = csv(&format!("1,1,a,1\n1,1,{},1\n2,2,b,1\n", &long[..(1 << 20) - 10]));
    assert_eq!(whole.load().unwrap().len(), Some(3));
    let header = scratch("t.csv", format!("arrived,happened,key,{long}\n").as_bytes());
    insta::assert_snapshot!(header.refusal(), @"the trace t.csv has no line of column names: its first 65536 bytes hold no end of a line; it is no CSV");
}

#[test]
fn a_small_file_that_unpacks_to_a_very_large_one_is_no_trace() {
    let row = format!("1,1,{},1\n", "k".repeat(1 << 18));
    let rows = |rows: usize| format!("arrived,happened,key,value\n{}", row.repeat(rows));
    // Alike as they are, these are rows; and there are not too many of them.
    let few = scratch("t.csv.gz", &gzip(rows(200).as_bytes()));
    assert_eq!(few.load().unwrap().len(), Some(200));
    let zeros = scratch("t.csv.gz", &gzip(&vec![0; 2 << 20]));
    assert!(zeros.refusal().contains("it is no CSV"), "{}", zeros.refusal());
    let many = scratch("t.csv.gz", &gzip(rows(300).as_bytes()));
    insta::assert_snapshot!(many.refusal(), @"the trace t.csv.gz unpacks to more than 200 times its size, which no recorded events do: its gzip stream is damaged, or made to fill memory");
}

#[test]
fn files_without_rows() {
    insta::assert_snapshot!(scratch("t.csv", b"").refusal(), @"the trace t.csv is empty; expected a line of column names");
    insta::assert_snapshot!(scratch("t.csv.gz", b"").refusal(), @"the trace t.csv.gz is empty; expected a line of column names");
    insta::assert_snapshot!(scratch("t.csv.gz", &gzip(b"")).refusal(), @"the trace t.csv.gz is empty; expected a line of column names");
    insta::assert_snapshot!(scratch("t.csv", b"\n\n").refusal(), @"the trace t.csv is empty; expected a line of column names");
    insta::assert_snapshot!(csv("").refusal(), @"the trace t.csv has column names but no rows");
}

#[test]
fn columns_that_are_not_there() {
    let mut scratch = csv("1,1,a,1\n");
    scratch.spec.arrival = "arived".to_string();
    insta::assert_snapshot!(scratch.refusal(), @"the trace t.csv has no column `arived`, which arrival names (did you mean `arrived`?); it has `arrived`, `happened`, `key`, `value`");
    scratch.spec.arrival = "arrived".to_string();
    scratch.spec.event_time = "Happened".to_string();
    insta::assert_snapshot!(scratch.refusal(), @"the trace t.csv has no column `Happened`, which event_time names (did you mean `happened`?); it has `arrived`, `happened`, `key`, `value`");
    scratch.spec.event_time = "happened".to_string();
    scratch.spec.key = Some("airport".to_string());
    insta::assert_snapshot!(scratch.refusal(), @"the trace t.csv has no column `airport`, which key names; it has `arrived`, `happened`, `key`, `value`");
    scratch.spec.key = None;
    scratch.spec.value = Some("value * price".to_string());
    insta::assert_snapshot!(scratch.refusal(), @"the trace t.csv has no column `price`, which value names; it has `arrived`, `happened`, `key`, `value`");
    scratch.spec.value = Some("value * key * key".to_string());
    insta::assert_snapshot!(scratch.refusal(), @"the value `value * key * key` is neither a column nor a product of two, such as `a * b`");
    scratch.spec.value = Some("value *".to_string());
    insta::assert_snapshot!(scratch.refusal(), @"the value `value *` is neither a column nor a product of two, such as `a * b`");
}

#[test]
fn a_column_that_is_there_twice() {
    let scratch = scratch("t.csv", b"arrived,happened,key,value,key\n1,1,a,1,b\n");
    insta::assert_snapshot!(scratch.refusal(), @"the trace t.csv has more than one column `key`, which key names; rename one");
}

#[test]
fn times_that_are_none() {
    insta::assert_snapshot!(csv("yesterday,1,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `arrived`: expected a time: ISO 8601 such as 2001-01-31T08:30:00Z, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970, found `yesterday`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time: ISO 8601 such as 2001-01-31T08:30:00Z, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970, found nothing; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,2001-02-30T00:00:00Z,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time: ISO 8601 such as 2001-01-31T08:30:00Z, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970, found `2001-02-30T00:00:00Z`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,1\n1,2001-01-01,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 3, column `happened`: expected a number of seconds since 1970, as in the rows before, found `2001-01-01`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,2001-01-01,a,1\n1,7,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 3, column `happened`: expected a time in ISO 8601 such as 2001-01-31T08:30:00Z, as in the rows before, found `7`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,123000000000000000000,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time within 73,000 years of 1970, found `123000000000000000000`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,123000000000000,a,1\n1,-9223372036854775808,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 3, column `happened`: expected a time within 73,000 years of 1970, found `-9223372036854775808`; correct it, or leave out all like it with on_bad_row = "reject""#);
}

#[test]
fn values_that_are_none() {
    insta::assert_snapshot!(csv("1,1,a,1\n1,1,a,many\n").refusal(), @r#"the trace t.csv cannot be read: line 3, column `value`: expected a decimal number such as -12.50, found `many`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number, found nothing; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,NaN\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a finite number, found `NaN`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,-inf\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a finite number, found `-inf`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,1e6\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number without an exponent, such as 1200 for 1.2e3, found `1e6`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,9223372036854775808\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number that fits 64 bits, found `9223372036854775808`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,0.0000000001\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected at most 9 decimals, found `0.0000000001`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,9223372036854775807\n1,1,a,0.5\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number that fits 64 bits with the decimals of the finest row, which are 1, found `9223372036854775807`; correct it, or leave out all like it with on_bad_row = "reject""#);
}

#[test]
fn products_that_are_none() {
    let product = |rows: &str| {
        let mut scratch = scratch("t.csv", format!("t,a,b\n{rows}").as_bytes());
        scratch.spec.arrival = "t".to_string();
        scratch.spec.event_time = "t".to_string();
        scratch.spec.key = None;
        scratch.spec.value = Some("a * b".to_string());
        scratch.refusal()
    };
    insta::assert_snapshot!(product("1,2,x\n"), @r#"the trace t.csv cannot be read: line 2, column `b`: expected a decimal number such as -12.50, found `x`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(product("1,nan,2\n"), @r#"the trace t.csv cannot be read: line 2, column `a`: expected a finite number, found `nan`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(product("1,9223372036854775807,2\n"), @r#"the trace t.csv cannot be read: line 2, column `a * b`: expected a number that fits 64 bits as product, found `9223372036854775807 * 2`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(product("1,0.00001,0.00001\n"), @r#"the trace t.csv cannot be read: line 2, column `a * b`: expected at most 9 decimals as product, found `0.00001 * 0.00001`; correct it, or leave out all like it with on_bad_row = "reject""#);
}

#[test]
fn rows_of_the_wrong_length() {
    insta::assert_snapshot!(csv("1,1,a,1\n1,1,a\n").refusal(), @r#"the trace t.csv cannot be read: line 3: expected 4 fields, found 3: `1,1,a`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,1,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2: expected 4 fields, found 5: `1,1,a,1,1`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,\"a,1\n1,1,a,1\n1,1,b,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2: expected 4 fields, found 3: `1,1,a,1\n1,1,a,1\n1,1,b,1\n`; correct it, or leave out all like it with on_bad_row = "reject""#);
}

#[test]
fn a_long_text_is_shown_by_its_beginning() {
    insta::assert_snapshot!(csv(&format!("1,1,a,{}\n", "é".repeat(500))).refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a decimal number such as -12.50, found `éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…`; correct it, or leave out all like it with on_bad_row = "reject""#);
}

#[test]
fn text_that_is_not_utf8() {
    let content = b"arrived,happened,key,value\n1,1,Z\xfcrich,1\n";
    insta::assert_snapshot!(scratch("t.csv", content).refusal(), @r#"the trace t.csv cannot be read: line 2, column `key`: expected UTF-8; if the file is Latin-1, as Excel saves CSV: iconv -f WINDOWS-1252 -t UTF-8 FILE > utf8.csv, found `Z�rich`; correct it, or leave out all like it with on_bad_row = "reject""#);
    let content = b"arriv\xe9,happened,key,value\n1,1,a,1\n";
    insta::assert_snapshot!(scratch("t.csv", content).refusal(), @"the trace t.csv has column names that are not UTF-8; save it as CSV in UTF-8; from Latin-1, as Excel saves it: iconv -f WINDOWS-1252 -t UTF-8 t.csv > utf8.csv");
    let utf16: Vec<u8> =
        "\u{feff}arrived,happened\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    insta::assert_snapshot!(scratch("t.csv", &utf16).refusal(), @"the trace t.csv is UTF-16, which spreadsheets call Unicode text; save it as CSV in UTF-8: iconv -f UTF-16 -t UTF-8 t.csv > utf8.csv");
    // Without the mark that says so, and the other way round.
    let unmarked: Vec<u8> =
        "arrived,happened\n1,1\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for content in [unmarked.clone(), gzip(&unmarked)] {
        let error = scratch("t.csv", &content).load().unwrap_err();
        assert!(matches!(error, TraceError::Utf16 { .. }), "{error}");
    }
}

#[test]
fn text_that_is_not_utf8_in_a_column_nobody_asked_for_does_no_harm() {
    let content = b"arrived,happened,key,value,city\n1,1,a,1,Z\xfcrich\n";
    reads(&scratch("t.csv", content), &["0 1000000 a 1"]);
}

/// Enough rows that a cut gzip stream has some before the cut.
fn many_rows() -> Vec<u8> {
    let mut content = b"arrived,happened,key,value\n".to_vec();
    for row in 0..20_000u64 {
        // Digits that do not repeat, so that they do not compress away.
        let noise = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        writeln!(content, "{row},{row},{noise},{}", noise % 1_000).unwrap();
    }
    gzip(&content)
}

#[test]
fn a_truncated_gzip_stream_is_said_to_be_one() {
    let whole = many_rows();
    assert_eq!(scratch("t.csv.gz", &whole).load().unwrap().len(), Some(20_000));
    for kept in [2, 5, 20, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let mut cut = scratch("t.csv.gz", &whole[..kept]);
        for on_bad_row in [OnBadRow::Fail, OnBadRow::Reject] {
            cut.spec.on_bad_row = on_bad_row;
            let error = cut.load().unwrap_err();
            assert!(matches!(error, TraceError::Truncated { .. }), "{kept} bytes: {error}");
        }
    }
    insta::assert_snapshot!(scratch("t.csv.gz", &whole[..whole.len() / 2]).refusal(), @"the trace t.csv.gz is truncated: its gzip stream stops after line 9921; fetch it again");
}

#[test]
fn a_damaged_gzip_stream_is_no_trace() {
    let mut damaged = many_rows();
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    insta::assert_snapshot!(scratch("t.csv.gz", &damaged).refusal(), @"the trace t.csv.gz is damaged after line 20001: corrupt gzip stream does not have a matching checksum; fetch it again. What can be read of it: gzip -dc t.csv.gz > part.csv");
    insta::assert_snapshot!(scratch("t.csv.gz", b"arrived\n").refusal(), @"the trace t.csv.gz is named .gz but is not gzip; rename or compress it");
}

#[test]
fn rejected_rows_are_listed_and_the_others_are_read() {
    let rows = "1,1,a,1\nnow,1,b,2\n3,1,c,x\n4,1,d\n5,1,e,9223372036854775807\n6,1,f,0.5\n";
    let trace = rejecting(rows).load().unwrap();
    assert_eq!(events(&trace), ["0 1000000 a 1.0", "5000000000 1000000 f 0.5"]);
    let listed: Vec<String> = trace.rejected_rows().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(listed.join("\n"), @r#"
    line 3, column `arrived`: expected a number of seconds since 1970, as in the rows before, found `now`
    line 4, column `value`: expected a decimal number such as -12.50, found `x`
    line 5: expected 4 fields, found 3: `4,1,d`
    line 6, column `value`: expected a number that fits 64 bits with the decimals of the finest row, which are 1, found `9223372036854775807`
    "#);
}

#[test]
fn a_bad_first_row_does_not_decide_the_form_of_a_column() {
    let trace = rejecting("1,?,a,1\n2,2001-01-01,b,2\n").load().unwrap();
    assert_eq!(trace.event(0, Moment::START).event_time.as_micros(), 978_307_200_000_000);
    assert_eq!(trace.rejected_rows().len(), 1);
}

#[test]
fn a_trace_of_bad_rows_only_is_none() {
    insta::assert_snapshot!(rejecting("1,1,a,x\n1,1,a,y\n").refusal(), @"all 2 rows of the trace t.csv were rejected; the first: line 2, column `value`: expected a decimal number such as -12.50, found `x`");
}

/// The folder with the recorded traces, if the environment names one.
fn data(file: &str) -> Option<PathBuf> {
    let path = std::env::var_os("SLUICEBENCH_DATA").map(|folder| Path::new(&folder).join(file));
    if path.is_none() {
        left_out_anywhere(&format!("{file} to the last row: SLUICEBENCH_DATA names no folder"));
    }
    path
}

#[test]
fn the_flights_are_read_to_the_last_mile() {
    let Some(path) = data("flights.csv") else { return };
    let trace = Trace::load(&TraceSpec {
        path,
        arrival: "departed_at".to_string(),
        event_time: "scheduled_at".to_string(),
        key: Some("origin".to_string()),
        value: Some("distance_miles".to_string()),
        speed: 36_000.0,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec::default(),
    })
    .unwrap();
    assert_eq!((trace.len(), trace.decimals()), (Some(20_000), 0));
    insta::assert_snapshot!(events(&trace)[..5].join("\n"), @r#"
    0 978312240000000 LAS 407
    40000000 978313140000000 LAS 256
    56666667 978310020000000 DTW 1750
    143333334 978311400000000 HNL 2399
    431666667 978329100000000 MDT 370
    "#);
    // Out of order: an event that happened before one that arrived earlier.
    let mut latest = Timestamp::BEFORE_ALL;
    let mut behind = 0;
    let mut miles = 0;
    let mut due = Moment::START;
    for n in 0..20_000 {
        let event = trace.event(n, trace.due(n).unwrap());
        assert!(due <= event.due);
        due = event.due;
        behind += u32::from(event.event_time < latest);
        latest = latest.max(event.event_time);
        miles += event.value.value;
    }
    assert_eq!((behind, miles), (11_405, 14_476_934));
}

#[test]
fn the_revenue_is_read_to_the_last_penny() {
    let Some(path) = data("retail.csv.gz") else { return };
    let trace = Trace::load(&TraceSpec {
        path,
        arrival: "invoiced_at".to_string(),
        event_time: "invoiced_at".to_string(),
        key: Some("stock_code".to_string()),
        value: Some("quantity * unit_price".to_string()),
        speed: 1e6,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec::default(),
    })
    .unwrap();
    assert_eq!((trace.len(), trace.decimals()), (Some(541_909), 3));
    insta::assert_snapshot!(events(&trace)[..5].join("\n"), @r#"
    0 1291191960000000 85123A 15.300
    0 1291191960000000 71053 20.340
    0 1291191960000000 84406B 22.000
    0 1291191960000000 84029G 20.340
    0 1291191960000000 84029E 20.340
    "#);
    let total: i64 = (0..541_909).map(|n| trace.event(n, Moment::START).value.value).sum();
    assert_eq!(total, 9_747_747_934);
}
