//! What a file says of itself without meaning to: rows out of order, units that change, numbers that
//! may be others, and what is almost a time or a number.

use crate::trace::{csv, reads, scratch};
use crate::trace_notation::{amid, in_zone, noted, remarks, strange};
use scenarios::Workload;
use scenarios::spec::NotationSpec;
use scenarios::workload::trace::{Holds, Look, look};
use std::fmt::Write as _;

/// A file with one column of times, with these in its rows.
fn of_times(times: &[&str], notation: NotationSpec) -> crate::trace::Scratch {
    let rows: Vec<_> = times.iter().map(|time| format!("{time},,a,1\n")).collect();
    let mut scratch = noted(&rows.concat(), notation);
    "arrived".clone_into(&mut scratch.spec.event_time);
    scratch
}

#[test]
fn rows_out_of_order_by_the_only_column_of_times_are_counted() {
    let plain = NotationSpec::default;
    let times = [
        "2024-07-10T12:00:00Z",
        "2024-07-10T12:00:09Z",
        "2024-07-10T12:00:02.5Z",
        "2024-07-10T12:00:04Z",
        "2024-07-10T12:00:09Z",
        "2024-07-10T12:00:10Z",
    ];
    insta::assert_snapshot!(strange(&of_times(&times, plain()), "input::rows_out_of_order"), @"2 of 6 rows stand behind a later one, by up to 6.5 s (the first: line 4); the order of arrival is taken from the only column of times, `arrived`, so that none of them is late");
    let back = ["2024-07-10T12:00:01Z", "2024-07-10T12:00:00Z"];
    insta::assert_snapshot!(strange(&of_times(&back, plain()), "input::rows_out_of_order"), @"1 of 2 rows stands behind a later one, by up to 1.0 s (the first: line 3); the order of arrival is taken from the only column of times, `arrived`, so that none of them is late");
    // In order, also where some come together.
    let sorted = ["2024-07-10T12:00:00Z", "2024-07-10T12:00:00Z", "2024-07-10T12:00:01Z"];
    assert_eq!(remarks(&of_times(&sorted, plain()).load().unwrap()), []);
    // With a column of its own, arrival says the order, wherever rows stand.
    let two = "2024-07-10T12:00:05Z,2024-07-10T12:00:00Z,a,1\n\
               2024-07-10T12:00:01Z,2024-07-10T12:00:01Z,a,1\n";
    assert_eq!(remarks(&csv(two).load().unwrap()), []);
}

#[test]
fn an_hour_that_local_times_show_twice_is_told_as_that() {
    let times = [
        "2025-10-26 02:58:00",
        "2025-10-26 02:59:30",
        "2025-10-26 02:00:10",
        "2025-10-26 02:59:00",
        "2025-10-26 03:00:00",
    ];
    let local = of_times(&times, NotationSpec::default());
    let said = strange(&local, "input::rows_out_of_order");
    assert!(said.contains("2 of 5 rows stand behind a later one, by up to 59.3 min"), "{said}");
    assert!(said.contains("about an hour of them comes twice"), "{said}");
    // Whoever names the zone is told which of them are ambiguous.
    let zoned = remarks(&of_times(&times, in_zone("Europe/Berlin")).load().unwrap());
    assert!(zoned.iter().any(|(code, _)| *code == "input::time_twice"), "{zoned:?}");
    assert!(!zoned.iter().any(|(_, text)| text.contains("about an hour")), "{zoned:?}");
    // Half a minute is no hour.
    let jitter = of_times(&["2025-10-26 02:58:30", "2025-10-26 02:58:00"], NotationSpec::default());
    assert!(!strange(&jitter, "input::rows_out_of_order").contains("about an hour"));
}

#[test]
fn rows_far_off_are_told_of_however_many_they_are() {
    for zeros in [1, 2, 6, 25] {
        let said = strange(&amid(&vec!["0"; zeros]), "input::time_apart");
        assert!(said.contains("line 32"), "{said}");
        let more = match zeros {
            1 => "from the rest".to_owned(),
            2 => "one more row is as far off".to_owned(),
            n => format!("{} more rows are as far off", n - 1),
        };
        assert!(said.ends_with(&more), "{said}");
    }
}

#[test]
fn a_unit_that_changes_within_a_file_is_named() {
    // Seconds, and milliseconds behind them.
    let mut text = String::new();
    for second in 0..90_u64 {
        let time = 1_720_612_800 + second;
        let time = if second < 60 { time } else { time * 1_000 };
        let _ = writeln!(text, "978311940,{time},a,1");
    }
    let trace = csv(&text).load().unwrap();
    let apart = trace.remarks().iter().find(|remark| remark.code == "input::time_apart").unwrap();
    insta::assert_snapshot!(format!("{}: {}", apart.text, apart.advice), @"the time in line 62, column `happened`, is the year 56494, 54469 years from the rest, and 29 more rows are as far off: taken for milliseconds it lies among the rest: the unit changes within the file; write one unit in all rows");
    // The span is that of the file, also beyond what a run could last.
    let arrivals =
        of_times(&["1720612800", "1720612801000"], NotationSpec::default()).load().unwrap();
    assert_eq!(arrivals.span_us(), Some((1_720_612_801_000 - 1_720_612_800) * 1_000_000));
}

#[test]
fn leap_seconds_are_told_of() {
    let times = [
        "2016-12-31T23:59:59Z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.5Z",
        "2017-01-01T00:00:00Z",
    ];
    let leap = of_times(&times, NotationSpec::default());
    let remarks = remarks(&leap.load().unwrap());
    let said = remarks.iter().find(|(code, _)| *code == "input::leap_seconds");
    insta::assert_snapshot!(said.unwrap().1, @"2 times in column `arrived` lie in leap seconds and were taken for the second before it (line 3: 2016-12-31T23:59:60Z)");
}

#[test]
fn points_that_may_part_thousands_are_told_of() {
    let of = |values: &[&str]| {
        let mut text = "arrived;happened;key;value\n".to_owned();
        for value in values {
            let _ = writeln!(text, "978311940;978311940;a;{value}");
        }
        scratch("t.csv", text.as_bytes())
    };
    insta::assert_snapshot!(strange(&of(&["58.483", "1.712", "712", "-49.702"]), "input::thousands"), @"every number in column `value` that has a point has three digits after it, such as 58.483 in line 2, and fields are parted by `;`: the points may part thousands, and were taken for decimal points");
    // A number below one, another count of digits, too few to tell, or another delimiter.
    for plain in [
        &["58.483", "1.712", "0.512", "1.234"][..],
        &["58.483", "1.712", "3.5", "1.234"],
        &["58.483", "1.712", "7"],
        &["58.483", "1.712", "3.456", "1234"],
    ] {
        assert_eq!(remarks(&of(plain).load().unwrap()), [], "{plain:?}");
    }
    let commas = csv(&"978311940,978311940,a,58.483\n".repeat(5));
    assert_eq!(remarks(&commas.load().unwrap()), []);
    reads(&of(&["1.5"]), &["0 978311940000000 a 1.5"]);
}

#[test]
fn what_is_almost_a_time_or_a_number_is_refused_with_what_to_write() {
    insta::assert_snapshot!(csv("1,9999-12-31T23:59:59Z,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time between the years -9999 and 9999, whose last day stands for no time at all, as a rule, found `9999-12-31T23:59:59Z`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,03.11.2025 08:00,a,1\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `happened`: expected a time: ISO 8601 such as 2001-01-31T08:30:00Z, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970; this looks like a date: write 2025-11-03 for 03.11.2025, found `03.11.2025 08:00`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,\"3,171,790\"\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number whose thousands are not parted: write 3171790 for 3,171,790 in all of the column; to leave such rows out would leave out the large ones, found `3,171,790`; correct it, or leave out all like it with on_bad_row = "reject""#);
    insta::assert_snapshot!(csv("1,1,a,$12.50\n").refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number alone: write 12.50 for $12.50 in all of the column, found `$12.50`; correct it, or leave out all like it with on_bad_row = "reject""#);
    let mut comma = scratch("t.csv", b"arrived;happened;key;value\n1;1;a;2.324,53\n");
    comma.spec.notation.decimal_comma = true;
    insta::assert_snapshot!(comma.refusal(), @r#"the trace t.csv cannot be read: line 2, column `value`: expected a number whose thousands are not parted: write 2324,53 for 2.324,53 in all of the column; to leave such rows out would leave out the large ones, found `2.324,53`; correct it, or leave out all like it with on_bad_row = "reject""#);
    // In 9999, and not on its last day.
    reads(&csv("1,9999-12-29T00:00:00Z,a,1\n"), &["0 253402041600000000 a 1"]);
}

/// The look at a file of this content.
fn seen(content: &str) -> Look {
    let scratch = scratch("t.csv", content.as_bytes());
    look(&scratch.spec.path).unwrap()
}

/// A file with rows numbered from 0, each as told.
fn rows(header: &str, count: u64, row: impl Fn(u64) -> String) -> String {
    let rows: Vec<_> = (0..count).map(|n| row(n) + "\n").collect();
    format!("{header}\n{}", rows.concat())
}

#[test]
fn a_column_of_times_is_one_with_dates_that_stand_for_none_and_a_stray_text() {
    let of = |row: fn(u64) -> &'static str| {
        let text =
            |n| format!("{},{n}", if row(n).is_empty() { "2025-11-03 08:00:01" } else { row(n) });
        seen(&rows("ts,v", 200, text)).columns.remove(0)
    };
    let is_times = |row| matches!(of(row).holds, Holds::Times { .. });
    assert!(is_times(|_| ""));
    assert!(is_times(|n| if n % 20 == 3 { "9999-12-31" } else { "" }));
    assert!(is_times(|n| if n % 20 == 3 { "0000-00-00 00:00:00" } else { "" }));
    assert!(is_times(|n| if n % 100 == 3 { "soon" } else { "" }));
    assert!(!is_times(|n| if n % 50 == 3 { "soon" } else { "" }));
    let last = of(|_| "9999-12-31");
    assert!(
        last.no_time.as_ref().is_some_and(|why| why.contains("stands for no time")),
        "{last:?}"
    );
    let dotted = of(|_| "03.11.2025 08:00:04");
    assert!(dotted.no_time.as_ref().is_some_and(|why| why.contains("2025-11-03")), "{dotted:?}");
    assert_eq!(of(|_| "Köln").no_time, None);
}

#[test]
fn a_column_that_is_almost_one_of_numbers_says_why_it_is_none() {
    let why = |row: fn(u64) -> String| {
        let column = seen(&rows("t;v", 50, |n| format!("{n};{}", row(n)))).columns.remove(1);
        (column.holds, column.no_number.unwrap_or_default())
    };
    let (holds, none) = why(|n| n.to_string());
    assert!(!matches!(holds, Holds::Text) && none.is_empty());
    for (row, said) in [
        ((|n| format!("${n}.50")) as fn(u64) -> String, "number alone: write 0.50 for $0.50"),
        (|n| format!("{}e3", n + 1), "without an exponent"),
        (|n| format!("0.{n}0000000001"), "at most 9 decimals"),
        (|n| format!("{}.234.567", n + 1), "write 1234567 for 1.234.567"),
        (|n| format!("{n}%"), "write 0 for 0%"),
    ] {
        let (holds, why) = why(row);
        assert!(matches!(holds, Holds::Text) && why.contains(said), "{holds:?}: {why}");
    }
    assert_eq!(why(|n| format!("u{n}")).1, "");
}

#[test]
fn a_comma_stands_before_decimals_where_points_part_thousands_and_not_where_commas_do() {
    let of = |amounts: [&str; 2]| {
        let [one, other] = amounts;
        seen(&format!("t;v\n1;{one}\n2;{other}\n")).notation.decimal_comma
    };
    assert!(of(["115,68", "2.324,53"]));
    assert!(of(["115,68", "7"]));
    assert!(!of(["171,790", "3,171,790"]));
    assert!(!of(["171,790", "3,171.5"]));
}

#[test]
fn spaces_part_fields_where_nothing_else_does() {
    let look = seen("ts host ms\n2025-11-30T08:00:00Z h0 246\n2025-11-30T08:00:01Z h1 423\n");
    assert_eq!(look.notation.delimiter, Some(' '));
    assert_eq!(look.columns.len(), 3);
    let alone = seen("when\n2025-11-30 08:00:00\n2025-11-30 08:00:01\n");
    assert_eq!((alone.columns.len(), alone.notation.delimiter), (1, Some(',')));
}
