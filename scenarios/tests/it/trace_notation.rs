//! How a file writes its times, numbers and columns: read as it says, or refused with what to say.

use crate::trace::{Scratch, csv, events, gzip, reads, rejecting, scratch};
use scenarios::Workload;
use scenarios::spec::{NotationSpec, TimeUnit, TraceSpec};
use scenarios::workload::{Remark, Trace};
use std::fmt::Write as _;

/// A file of these rows, written like this.
pub(crate) fn noted(rows: &str, notation: NotationSpec) -> Scratch {
    let mut scratch = csv(rows);
    scratch.spec.notation = notation;
    scratch
}

pub(crate) fn in_zone(zone: &str) -> NotationSpec {
    NotationSpec { time_zone: Some(zone.to_owned()), ..NotationSpec::default() }
}

/// The event times of rows that have these, in microseconds.
#[track_caller]
fn times(notation: &NotationSpec, texts: &[&str], want_us: &[i64]) {
    let rows: Vec<_> = texts.iter().map(|text| format!("1,{text},a,1\n")).collect();
    let trace = noted(&rows.concat(), notation.clone()).load();
    let trace = trace.unwrap_or_else(|error| panic!("{texts:?}: {error}"));
    let due = |n| trace.due(n).unwrap();
    let got = (0..texts.len() as u64).map(|n| trace.event(n, due(n)).event_time.as_micros());
    assert_eq!(got.collect::<Vec<_>>(), want_us, "{texts:?}");
}

pub(crate) fn remarks(trace: &Trace) -> Vec<(&'static str, String)> {
    trace.remarks().iter().map(|Remark { code, text, .. }| (*code, text.clone())).collect()
}

/// The one thing that is strange about these rows.
#[track_caller]
pub(crate) fn strange(scratch: &Scratch, want_code: &str) -> String {
    let remarks = remarks(&scratch.load().unwrap());
    let [(code, text)] = &remarks[..] else { panic!("one remark: {remarks:?}") };
    assert_eq!(*code, want_code, "{text}");
    text.clone()
}

#[test]
fn a_unit_that_is_said_is_not_guessed() {
    let unit = |unit| NotationSpec { time_unit: Some(unit), ..NotationSpec::default() };
    times(&unit(TimeUnit::Seconds), &["20240709"], &[20_240_709_000_000]);
    times(&unit(TimeUnit::Millis), &["5", "978311940250.5"], &[5_000, 978_311_940_250_500]);
    times(&unit(TimeUnit::Micros), &["978311940", "7.9", "-7.9"], &[978_311_940, 7, -8]);
    times(&unit(TimeUnit::Nanos), &["1999", "-1"], &[1, -1]);
    // It says nothing of what is no number.
    times(&unit(TimeUnit::Nanos), &["2001-01-01"], &[978_307_200_000_000]);
}

#[test]
fn an_origin_is_counted_from_in_seconds_or_the_unit() {
    let origin = |unit| NotationSpec {
        time_origin: Some("2001-01-01T00:00:00Z".to_owned()),
        time_unit: unit,
        ..NotationSpec::default()
    };
    times(&origin(None), &["0", "1.5"], &[978_307_200_000_000, 978_307_201_500_000]);
    // The magnitude of what does not count from 1970 says nothing of its unit.
    times(&origin(None), &["100000000000"], &[100_978_307_200_000_000]);
    times(&origin(Some(TimeUnit::Millis)), &["250"], &[978_307_200_250_000]);
    let notation = NotationSpec { time_origin: Some("new year".into()), ..NotationSpec::default() };
    insta::assert_snapshot!(noted("1,1,a,1\n", notation).refusal(), @"the origin `new year` is no time; write ISO 8601, such as 2001-01-31T08:30:00Z");
}

#[test]
fn a_local_time_is_that_of_the_zone() {
    let berlin = in_zone("Europe/Berlin");
    times(&berlin, &["2024-07-10T12:00:00"], &[1_720_605_600_000_000]);
    times(&berlin, &["2024-01-10 12:00"], &[1_704_884_400_000_000]);
    // An offset of its own comes first.
    times(&berlin, &["2024-07-10T12:00:00Z"], &[1_720_612_800_000_000]);
    times(&in_zone("America/St_Johns"), &["2024-07-10T12:00:00"], &[1_720_621_800_000_000]);
    insta::assert_snapshot!(noted("1,1,a,1\n", in_zone("Berlin")).refusal(), @"no time zone is called `Berlin`; write an IANA name, such as Europe/Berlin");
}

#[test]
fn a_time_that_clocks_never_showed_is_refused_and_one_that_they_showed_twice_is_told_of() {
    let never = noted("1,2024-03-31T02:30:00,a,1\n", in_zone("Europe/Berlin"));
    insta::assert_snapshot!(never.refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time that clocks showed: in Europe/Berlin they were put forward past this one, found `2024-03-31T02:30:00`; correct it, or leave out all like it with on_bad_row = "reject""#);
    let rows = "978311940,2024-10-27T01:59:00,a,1\n978311941,2024-10-27T02:30:00,a,1\n\
                978311942,2024-10-27T02:59:59,a,1\n978311943,2024-10-27T03:00:00,a,1\n";
    let twice = noted(rows, in_zone("Europe/Berlin"));
    insta::assert_snapshot!(strange(&twice, "input::time_twice"), @"2 times in column `happened` came twice, as clocks were put back; they were taken for the earlier one each (line 3: 2024-10-27T02:30:00)");
    times(&in_zone("Europe/Berlin"), &["2024-10-27T02:30:00"], &[1_729_989_000_000_000]);
}

#[test]
fn a_zone_in_brackets_is_heeded_and_held_against_the_offset() {
    let refused = csv("1,2024-07-10T12:00:00+05:00[Europe/Berlin],a,1\n").refusal();
    assert!(refused.contains("expected an offset that is one of the zone behind it"), "{refused}");
    let refused = csv("1,2024-07-10T12:00:00[Mars/Olympus],a,1\n").refusal();
    assert!(refused.contains("expected the IANA name of a time zone in the brackets"), "{refused}");
}

#[test]
fn times_with_and_without_an_offset_are_told_of() {
    let mixed = "2024-07-10T12:00:00+02:00,2024-07-10T12:00:00,a,1\n";
    insta::assert_snapshot!(strange(&csv(mixed), "input::time_offsets"), @"some times name their offset and others do not; those in column `happened` that do not were taken for UTC");
    let said = noted(mixed, in_zone("Europe/Berlin")).load().unwrap();
    assert_eq!(remarks(&said), []);
}

#[test]
fn what_is_set_about_times_that_no_column_has_is_told_of() {
    let text = "2024-07-10T12:00:00Z,2024-07-10T12:00:00Z,a,1\n";
    let local = "2024-07-10T12:00:00,2024-07-10T12:00:00,a,1\n";
    let unit = NotationSpec { time_unit: Some(TimeUnit::Seconds), ..NotationSpec::default() };
    insta::assert_snapshot!(strange(&noted(text, unit.clone()), "input::notation_without_use"), @"time_unit is set, and no time in this file is a number: it changed nothing");
    insta::assert_snapshot!(strange(&noted(text, in_zone("UTC")), "input::notation_without_use"), @"time_zone is set, and no time in this file is a local one, without an offset: it changed nothing");
    let all = NotationSpec {
        time_origin: Some("2024-01-01T00:00:00Z".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        ..unit.clone()
    };
    insta::assert_snapshot!(strange(&noted(text, all.clone()), "input::notation_without_use"), @"time_unit and time_origin and time_zone are set, and no time in this file is a number, and none is a local one: they changed nothing");
    let local_only = NotationSpec { time_unit: None, time_origin: None, ..all };
    assert_eq!(remarks(&noted(local, local_only).load().unwrap()), []);
    assert_eq!(remarks(&noted("978311940,2024-07-10,a,1\n", unit).load().unwrap()), []);
}

#[test]
fn a_number_that_looks_like_a_date_is_refused_with_what_to_write() {
    insta::assert_snapshot!(csv("1,20240709,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time, and this looks like a date: write it as 2024-07-09, or, if it is a number of seconds, say so with time_unit = "s", found `20240709`; correct it, or leave out all like it with on_bad_row = "reject""#);
    for (number, date) in [
        ("202407091230", "2024-07-09T12:30:00"),
        ("20240709123059", "2024-07-09T12:30:59"),
        ("19920101", "1992-01-01"),
        ("20240709.0", "2024-07-09"),
        ("20000229", "2000-02-29"),
    ] {
        let refused = csv(&format!("1,{number},a,1\n")).refusal();
        assert!(refused.contains(&format!("write it as {date},")), "{number}: {refused}");
    }
    // No day, no hour, no year that people write down, not as many digits, or a part of a second.
    let plain = NotationSpec::default();
    times(&plain, &["20240230"], &[20_240_230_000_000]);
    times(&plain, &["20241301"], &[20_241_301_000_000]);
    times(&plain, &["18991231"], &[18_991_231_000_000]);
    times(&plain, &["202407092430"], &[202_407_092_430_000]);
    times(&plain, &["1720612800"], &[1_720_612_800_000_000]);
    times(&plain, &["20240709.5"], &[20_240_709_500_000]);
    // After the first row a column counts, and may come by such a number.
    times(&plain, &["0", "20240709"], &[0, 20_240_709_000_000]);
}

#[test]
fn text_after_a_time_is_refused_and_never_left_unread() {
    insta::assert_snapshot!(csv("1,2024-07-10 08:00:00 PST,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected nothing after the time 2024-07-10 08:00:00: an offset follows it at once, as in 2001-01-31T08:30:00+02:00; a zone is set by time_zone, and a unit by time_unit, found `2024-07-10 08:00:00 PST`; correct it, or leave out all like it with on_bad_row = "reject""#);
    for text in [
        "2024-07-10 08:00:00 PM",
        "2024-07-10 08:00:00 +0200",
        "2024-07-10T08:00:00Z (approx.)",
        "1720612800 s",
        "1720612800250ms",
        "2024-07-10T08:00:00 -07",
    ] {
        let refused = csv(&format!("1,{text},a,1\n")).refusal();
        assert!(refused.contains("expected nothing after the time"), "{text}: {refused}");
    }
    for none in ["2024-02-30T08:00:00Z", "2024-07-10T25:00:00", "12:30:00"] {
        let refused = csv(&format!("1,{none},a,1\n")).refusal();
        assert!(refused.contains("expected a time: ISO 8601"), "{none}: {refused}");
    }
    let later = csv("1,1720612800,a,1\n1,1720612801 s,a,1\n").refusal();
    assert!(later.contains("line 3") && later.contains("nothing after the time"), "{later}");
}

#[test]
fn a_column_around_1970_or_after_2100_is_told_of() {
    let near = csv("978311940,0,a,1\n978311940,86400,a,1\n978311940,90000,a,1\n");
    insta::assert_snapshot!(strange(&near, "input::times_near_1970"), @"the times in column `happened` lie around 1970-01-02T00:00:00Z, within five years of 1970");
    // Five years, and not a day more.
    assert_eq!(remarks(&csv("978311940,1974-12-30,a,1\n").load().unwrap()).len(), 1);
    assert_eq!(remarks(&csv("978311940,1975-01-02,a,1\n").load().unwrap()), []);
    let after = csv("978311940,17206128000,a,1\n");
    insta::assert_snapshot!(strange(&after, "input::times_after_2100"), @"the times in column `happened` lie around 2515-03-30T00:00:00Z, after 2100");
    // Whoever says what they count from has meant it.
    let origin = NotationSpec {
        time_origin: Some("1970-01-01T00:00:00Z".into()),
        ..NotationSpec::default()
    };
    assert_eq!(remarks(&noted("5,6,a,1\n", origin).load().unwrap()), []);
    // One column that is both is told of once.
    let mut one = csv("5,6,a,1\n");
    one.spec.event_time = "arrived".to_owned();
    strange(&one, "input::times_near_1970");
}

/// Rows a second apart in 2024, in milliseconds, and in their midst these.
pub(crate) fn amid(rows: &[&str]) -> Scratch {
    let mut text = String::new();
    for second in 0..60 {
        if second == 30 {
            for time in rows {
                let _ = writeln!(text, "978311940,{time},a,1");
            }
        }
        let _ = writeln!(text, "978311940,{},a,1", 1_720_612_800_000_u64 + second * 1_000);
    }
    csv(&text)
}

#[test]
fn a_row_that_lies_years_from_the_rest_is_named() {
    let seconds = amid(&["1720612830"]);
    insta::assert_snapshot!(strange(&seconds, "input::time_apart"), @"the time in line 32, column `happened`, is 1970-01-20T21:56:52Z, 54 years from the rest");
    let ahead = amid(&["4102444799000"]);
    assert!(strange(&ahead, "input::time_apart").contains("line 32"));
    // A few weeks are no years.
    assert_eq!(remarks(&amid(&["1725612830000"]).load().unwrap()), []);
    // Years apart in a trace of years: far from its neighbours, and not from the rest.
    let years = "978311940,2001-01-01,a,1\n978311940,2003-06-01,a,1\n978311940,2005-01-01,a,1\n\
                 978311940,2007-01-01,a,1\n978311940,2009-01-01,a,1\n";
    assert_eq!(remarks(&csv(years).load().unwrap()), []);
}

#[test]
fn several_rows_far_off_are_counted_on_both_sides() {
    let mut text = String::new();
    for second in 0..300 {
        let time = match second {
            7 => "0".to_owned(),
            100 => "4000000000000".to_owned(),
            200 => "1".to_owned(),
            _ => (1_720_612_800_000_u64 + second * 1_000).to_string(),
        };
        let _ = writeln!(text, "978311940,{time},a,1");
    }
    insta::assert_snapshot!(strange(&csv(&text), "input::time_apart"), @"the time in line 9, column `happened`, is 1970-01-01T00:00:00Z, 54 years from the rest, and 2 more rows are as far off");
}

#[test]
fn rows_without_a_key_and_keys_that_differ_by_spaces_are_told_of() {
    let row = |key: &str| format!("978311940,978311940,{key},1\n");
    let empty = csv(&["a", "", "b", ""].map(row).concat());
    insta::assert_snapshot!(strange(&empty, "input::empty_keys"), @"2 rows have an empty key (the first: line 3) and are counted as one key of that name");
    let spaced = csv(&["a", " a", "b", "a "].map(row).concat());
    insta::assert_snapshot!(strange(&spaced, "input::spaced_keys"), @"3 keys differ from another one only by the spaces around them, such as `a` and ` a`, and are counted as different keys");
    assert_eq!(remarks(&csv(&["a", "A", "b"].map(row).concat()).load().unwrap()), []);
    // Nobody asked for the key.
    let mut keyless = csv(&["a", "", "b", ""].map(row).concat());
    keyless.spec.key = None;
    assert_eq!(remarks(&keyless.load().unwrap()), []);
}

/// The same events, parted by each delimiter.
#[test]
fn the_delimiter_is_the_one_that_finds_the_columns() {
    let want = ["0 978311940000000 a 1.5"];
    for (delimiter, mark) in [(",", "1.5"), (";", "1.5"), ("\t", "1.5"), ("|", "1.5")] {
        let cells = |cells: [&str; 4]| cells.join(delimiter) + "\n";
        let header = cells(["arrived", "happened", "key", "value"]);
        let content = header + &cells(["978311940", "978311940", "a", mark]);
        reads(&scratch("t.csv", content.as_bytes()), &want);
        let excel = format!("sep={delimiter}\r\n{content}");
        reads(&scratch("t.csv", excel.as_bytes()), &want);
        let marked = format!("\u{feff}\"sep={delimiter}\"\n{content}");
        reads(&scratch("t.csv", &gzip(marked.as_bytes())), &want);
        let mut said = scratch("t.csv", content.as_bytes());
        said.spec.notation.delimiter = delimiter.chars().next();
        reads(&said, &want);
    }
    let mut other = scratch("t.csv", b"arrived:happened:key:value\n978311940:978311940:a:1.5\n");
    insta::assert_snapshot!(other.refusal(), @"the trace t.csv has no column `arrived`, which arrival names (did you mean `arrived:happened:key:value`?); it has `arrived:happened:key:value`");
    other.spec.notation.delimiter = Some(':');
    reads(&other, &want);
}

#[test]
fn a_delimiter_that_is_said_wrong_is_named() {
    let mut scratch = scratch("t.csv", b"arrived;happened;key;value\n1;1;a;1\n");
    scratch.spec.notation.delimiter = Some(',');
    insta::assert_snapshot!(scratch.refusal(), @r#"the trace t.csv has no column `arrived`, which arrival names (did you mean `arrived;happened;key;value`?); it has `arrived;happened;key;value`; with another delimiter it has that one: set delimiter = ";""#);
    // What is not there at all is listed by the delimiter that parts the line best.
    let mut missing = self::scratch("t.csv", b"arrived;happened;key;value\n1;1;a;1\n");
    missing.spec.key = Some("user".to_owned());
    insta::assert_snapshot!(missing.refusal(), @"the trace t.csv has no column `user`, which key names; it has `arrived`, `happened`, `key`, `value`");
}

#[test]
fn lines_are_those_of_the_file_behind_a_line_for_excel_too() {
    let refused = scratch("t.csv", b"sep=;\narrived;happened;key;value\n1;1;a;1\n1;1;a;x\n");
    let refused = refused.refusal();
    assert!(refused.contains("line 4, column `value`"), "{refused}");
}

#[test]
fn a_decimal_comma_is_said_and_never_guessed() {
    let content =
        b"arrived;happened;key;value\n978311940,25;978311940,25;a;-1,50\n978311941;978311941;a;2\n";
    insta::assert_snapshot!(scratch("t.csv", content).refusal(), @r#"the trace t.csv cannot be read: line 2, column `arrived`: expected a time with a decimal point; if the comma stands before the decimals, set decimal_comma = true, found `978311940,25`; correct it, or leave out all like it with on_bad_row = "reject""#);
    let content = b"arrived;happened;key;value\n978311940;978311940;a;-1,50\n";
    insta::assert_snapshot!(scratch("t.csv", content).refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a decimal number such as -12.50; if the comma stands before the decimals, set decimal_comma = true (the delimiter is `;`), found `-1,50`; correct it, or leave out all like it with on_bad_row = "reject""#);
    let content =
        b"arrived;happened;key;value\n978311940,25;978311940,25;a;-1,50\n978311941;978311941;a;2\n";
    let mut commas = scratch("t.csv", content);
    commas.spec.notation.decimal_comma = true;
    reads(&commas, &["0 978311940250000 a -1.50", "750000000 978311941000000 a 2.00"]);
    let mut points = scratch("t.csv", b"arrived;happened;key;value\n1;1;a;1.500\n");
    points.spec.notation.decimal_comma = true;
    insta::assert_snapshot!(points.refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number with a decimal comma such as -12,50, as decimal_comma says; if the point parts thousands, take it out of all of the column, found `1.500`; correct it, or leave out all like it with on_bad_row = "reject""#);
    // Between commas it stands in quotes, and in a product too.
    let mut product = scratch("t.csv", b"arrived,happened,key,a,b\n1,1,k,\"1,5\",\"0,5\"\n");
    product.spec.notation.decimal_comma = true;
    product.spec.value = Some("a * b".to_owned());
    reads(&product, &["0 1000000 k 0.75"]);
}

#[test]
fn a_file_without_a_header_says_so_and_is_read_by_number() {
    let rows = "978311940,a,978311950,1\n978311941,b,978311951,2\n";
    let spec = |scratch: &mut Scratch| {
        scratch.spec = TraceSpec {
            event_time: "3".to_owned(),
            arrival: "1".to_owned(),
            key: Some("2".to_owned()),
            value: Some("4".to_owned()),
            notation: NotationSpec { header: false, ..NotationSpec::default() },
            ..scratch.spec.clone()
        };
    };
    insta::assert_snapshot!(scratch("t.csv", rows.as_bytes()).refusal(), @r#"the trace t.csv has no column `arrived`, which arrival names: its first line has no names but values, `978311940`, `a`, `978311950`, `1`; write a header there, or set header = false and call the columns by number, such as arrival = "1""#);
    for delimiter in [",", ";", "\t"] {
        let mut by_number = scratch("t.csv", rows.replace(',', delimiter).as_bytes());
        spec(&mut by_number);
        reads(&by_number, &["0 978311950000000 a 1", "1000000000 978311951000000 b 2"]);
    }
    let mut far = scratch("t.csv", rows.as_bytes());
    spec(&mut far);
    far.spec.value = Some("9".to_owned());
    insta::assert_snapshot!(far.refusal(), @"the trace t.csv has no column `9`, which value names; it has `1`, `2`, `3`, `4`");
}

#[test]
fn zeros_after_a_gzip_stream_are_padding_and_anything_else_is_told_as_what_it_is() {
    let content = b"arrived,happened,key,value\n978311940,978311940,a,1\n";
    let want = ["0 978311940000000 a 1"];
    for padding in [1, 7, 100_000] {
        reads(&scratch("t.csv.gz", &[gzip(content), vec![0; padding]].concat()), &want);
    }
    let trailing = [gzip(content), b"garbage".to_vec()].concat();
    insta::assert_snapshot!(scratch("t.csv.gz", &trailing).refusal(), @"the trace t.csv.gz has 7 more bytes after the end of its gzip stream, which are neither padding nor gzip; nothing says that they are events. Without them, where what stands before is whole: gzip -dc t.csv.gz | gzip > whole.csv.gz");
    for rest in [&b"g"[..], b"\0\0garbage", &[0x1f, 0x00], &b"x".repeat(100_000)] {
        let error = scratch("t.csv.gz", &[gzip(content), rest.to_vec()].concat()).load();
        let said = error.unwrap_err().to_string();
        assert!(said.contains("after the end of its gzip stream"), "{said}");
    }
}

#[test]
fn an_event_knows_its_line() {
    let trace =
        csv("978311942,978311940,a,1\n978311940,978311940,\"b\nc\",2\n978311941,978311940,d,3\n");
    let trace = trace.load().unwrap();
    assert_eq!(events(&trace).len(), 3);
    let places: Vec<_> = (0..4).map(|n| trace.place(n)).collect();
    let line = |line: &str| Some(format!("line {line}"));
    assert_eq!(places, [line("3"), line("5"), line("2"), None]);
}

#[test]
fn the_first_rows_alone_are_tried_and_no_other() {
    let rows = format!("{}978311940,soon,a,1\n", "978311940,978311940,a,1\n".repeat(100));
    let scratch = csv(&rows);
    let tried = Trace::try_some(&scratch.spec, 100).unwrap();
    assert_eq!((tried.rows, tried.is_all, tried.remarks), (100, false, vec![]));
    let error = Trace::try_some(&scratch.spec, 101).unwrap_err().to_string();
    assert!(error.contains("line 102"), "{error}");
    let lenient = rejecting(&rows);
    assert!(lenient.load().is_ok());
    let tried = Trace::try_some(&lenient.spec, 101).unwrap();
    assert_eq!((tried.rows, tried.is_all, tried.rejected.len()), (101, true, 1));
}
