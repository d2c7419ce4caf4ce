//! The charts as pictures: every text of them, measured where a browser has put it.
//!
//! A chart says what it says in words, so a word that is cut or lies under another one is a wrong
//! chart. Drawings are measured in several fonts, as nobody knows a reader's; what scripts draw is
//! measured as they draw it.

use crate::browser::{NARROW, Screen, WATCH, WIDE, WIDE_DARK, look};
use crate::sample;
use serde_json::Value;
use sluicebench_reports::RunRecord;
use sluicebench_reports::chart::{Chart, charts, charts_across, style_sheet};
use sluicebench_reports::page::write_report;
use std::fmt::Write as _;
use std::fs;

/// Between a phone and a desk.
const MIDDLE: Screen = Screen { width: 900, is_dark: false };

/// A sheet of A4 within its margins.
const SHEET: Screen = Screen { width: 718, is_dark: false };

/// Measures every text of every drawing, in each font and at each width, and says which are cut
/// or lie over one another.
const MEASURE: &str = r#"
const wrong = [];
let measured = 0;
const check = (where, texts, sheet) => {
  measured += texts.length;
  for (const [text, box] of texts) {
    if (box.left < sheet.left - 0.5 || box.right > sheet.right + 0.5 || box.top < sheet.top - 0.5 || box.bottom > sheet.bottom + 0.5)
      wrong.push(where + ": cut: " + text);
  }
  texts.forEach(([text, a], n) => texts.slice(0, n).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    // Letters do not fill the height of their line.
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 0.5 && tall > 0.3 * Math.min(a.bottom - a.top, b.bottom - b.top)) wrong.push(where + ": over each other: " + text + " | " + other);
  }));
};
"#;

const DRAWINGS: &str = r#"
for (const font of ["system-ui", "DejaVu Sans", "Liberation Sans", "Noto Sans"]) {
  document.getElementById("font").textContent = ".chart{font-family:'" + font + "',system-ui!important}";
  for (const holder of document.querySelectorAll("div")) {
    for (const width of holder.className === "narrow" ? [320, 472] : [680, 852, 1232]) {
      holder.style.width = width + "px";
      const svg = holder.querySelector("svg");
      const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
      check(holder.title + " " + holder.className + " at " + width + " in " + font, texts, svg.getBoundingClientRect());
    }
  }
}
tell({ wrong, measured });
"#;

/// Every chart of every made-up run.
fn all() -> Vec<(String, Chart)> {
    let records = [
        ("sample", sample::record()),
        ("variants", sample::variants()),
        ("limited", sample::limited()),
        ("interval", sample::sweep::interval(6)),
        ("rate", sample::sweep::rate(3)),
        ("disorder", sample::sweep::disorder(3)),
        ("slide", sample::sweep::slide(3)),
        ("plane", sample::sweep::plane()),
        ("skew", sample::sweep::skew()),
        ("workers", sample::sweep::workers()),
        ("map", sample::atlas::mapped(&sample::atlas::truths(), 5, 0.01)),
        ("map by rate", map_without_a_demand()),
    ];
    let of_run = |(name, record): (&str, RunRecord)| {
        // Of a sweep's points one has all the charts that each has.
        let of_cells = charts(&record).into_iter().take(1).flatten();
        let all: Vec<(String, Chart)> = charts_across(&record)
            .into_iter()
            .chain(of_cells)
            .map(|chart| (format!("{name} {}", chart.name), chart))
            .collect();
        all
    };
    records.into_iter().flat_map(of_run).collect()
}

/// A map of a workload that demands nothing itself, and tells by one repetition little.
fn map_without_a_demand() -> RunRecord {
    let mut record = sample::atlas::mapped(&sample::atlas::truths(), 1, 0.01);
    let asked = record.sweep.as_mut().and_then(|sweep| sweep.atlas.as_mut());
    asked.unwrap().own_most_ns = None;
    record
}

#[test]
fn no_text_of_a_drawing_is_cut_or_lies_over_another() {
    let mut page = format!(
        "<!doctype html><meta charset=utf-8><style>{}\n.chart{{display:block;width:100%;\
         height:auto}}</style><style id=font></style><body>",
        style_sheet()
    );
    for (name, chart) in all() {
        for (format, svg) in [("wide", &chart.wide), ("narrow", &chart.narrow)] {
            let _ = write!(page, "<div class={format} title=\"{name}\">{svg}</div>");
        }
    }
    page.push_str("</body>");
    let script = format!("{MEASURE}{DRAWINGS}");
    let Some(seen) = look(&page, "", &script, WIDE) else { return };
    assert!(seen["measured"].as_u64().unwrap() > 10_000, "{}", seen["measured"]);
    check(&seen);
}

#[track_caller]
fn check(seen: &Value) {
    let wrong: Vec<&str> =
        seen["wrong"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is drawn on a canvas leaves no element behind: each text is noted as it is written, and
/// forgotten as the canvas is cleared.
const NOTE: &str = r#"<script>
{
  const made = CanvasRenderingContext2D.prototype;
  const { fillText, clearRect } = made;
  made.clearRect = function (...place) { this.canvas.texts = []; return clearRect.apply(this, place); };
  made.fillText = function (text, x, y) {
    if (text !== "") {
      const box = this.measureText(text);
      const corner = (dx, dy) => this.getTransform().transformPoint(new DOMPoint(x + dx, y + dy));
      const [a, b] = [corner(-box.actualBoundingBoxLeft, -box.actualBoundingBoxAscent), corner(box.actualBoundingBoxRight, box.actualBoundingBoxDescent)];
      (this.canvas.texts ||= []).push([text, { left: a.x, right: b.x, top: a.y, bottom: b.y }]);
    }
    return fillText.call(this, text, x, y);
  };
}
</script>"#;

const LIVE: &str = r#"
for (const fold of document.querySelectorAll("details.fold, details.more")) fold.open = true;
setTimeout(() => {
  for (const node of document.querySelectorAll("figure")) {
    if (!node.figure) continue;
    for (const canvas of node.querySelectorAll("canvas")) {
      const sheet = { left: 0, top: 0, right: canvas.width, bottom: canvas.height };
      check(node.id + " at " + innerWidth, canvas.texts || [], sheet);
    }
    for (const said of node.querySelectorAll(".live p, .panel-name, .legend"))
      if (said.scrollWidth > said.clientWidth + 1) wrong.push(node.id + ": wider than its place: " + said.textContent);
    const room = node.parentElement.clientWidth;
    if (node.offsetWidth < room - 1) wrong.push(node.id + " leaves " + (room - node.offsetWidth) + " pixels of the width free");
  }
  const labels = [...document.querySelectorAll("canvas")].flatMap((one) => (one.texts || []).map(([text]) => text));
  tell({ wrong, measured, labels });
}, 300);
"#;

#[test]
fn no_text_that_a_script_draws_is_cut_or_lies_over_another() {
    // A browser waits more than it works.
    std::thread::scope(|scope| {
        for (record, labels) in [
            (sample::record(), &["p99 533 ms", "peak 48 MiB", "99 %"][..]),
            (sample::limited(), &["p99 below 1 s, as demanded", "micro-batch 400 k/s"]),
            (sample::sweep::rate(3), &["micro-batch sustains 200 k/s", "50k/s", "400k/s"]),
            (sample::sweep::interval(6), &["10ms"]),
        ] {
            scope.spawn(move || no_text_of_a_script_is_cut(&record, labels));
        }
    });
}

fn no_text_of_a_script_is_cut(record: &RunRecord, labels: &[&str]) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let page = write_report(std::slice::from_ref(record), folder.path()).unwrap();
    let text = fs::read_to_string(page).unwrap();
    let (first, script) = (format!("{WATCH}{NOTE}"), format!("{MEASURE}{LIVE}"));
    for screen in [NARROW, MIDDLE, WIDE, WIDE_DARK] {
        let Some(seen) = look(&text, &first, &script, screen) else { return };
        check(&seen);
        let drawn = seen["labels"].as_array().unwrap();
        for label in labels {
            assert!(
                drawn.iter().any(|text| text == label),
                "{label} at {}: {drawn:?}",
                screen.width
            );
        }
    }
}

/// Looks at every drawing that is printed, folded on a screen or not.
const PRINTED: &str = r#"
setTimeout(() => {
  let drawings = 0;
  for (const figure of document.querySelectorAll("figure")) {
    const shown = [...figure.querySelectorAll("svg.chart")].filter((svg) => svg.checkVisibility());
    if (shown.length !== 1) wrong.push(figure.id + ": " + shown.length + " drawings are printed");
    for (const svg of shown) {
      drawings += 1;
      const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
      check(figure.id + " on paper", texts, svg.getBoundingClientRect());
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the sheet: " + document.documentElement.scrollWidth);
  tell({ wrong, measured, drawings });
}, 300);
"#;

#[test]
fn a_printed_page_has_each_drawing_once_and_nothing_of_it_is_cut() {
    for record in [sample::record(), sample::limited(), sample::sweep::rate(3)] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let page = write_report(std::slice::from_ref(&record), folder.path()).unwrap();
        // The rules for paper, on a screen as wide as a sheet.
        let text = fs::read_to_string(page).unwrap().replace("@media print", "@media all");
        let script = format!("{MEASURE}{PRINTED}");
        let Some(seen) = look(&text, WATCH, &script, SHEET) else { return };
        check(&seen);
        assert!(seen["drawings"].as_u64().unwrap() > 3, "{seen}");
        assert!(seen["measured"].as_u64().unwrap() > 60, "{seen}");
    }
}
