//! The page in a real browser: opened from disk with the network off, looked at, hovered over,
//! zoomed, on wide and narrow, on light and dark screens.
//!
//! A copy of each page carries a script that does what a reader would do and writes what it saw
//! into the page, which the browser then prints. Where no Chromium is installed, this is left out
//! and says so; under `CI=true` it fails, since nobody reads there what was left out.

use crate::left_out::left_out;
use crate::sample;
use serde_json::Value;
use sluicebench_reports::RunRecord;
use sluicebench_reports::judge::gate::{Terms, compare};
use sluicebench_reports::page::{comparison, write_report};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// What a screen is like.
#[derive(Copy, Clone)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) is_dark: bool,
}

pub(crate) const WIDE: Screen = Screen { width: 1280, is_dark: false };
pub(crate) const WIDE_DARK: Screen = Screen { width: 1280, is_dark: true };
pub(crate) const NARROW: Screen = Screen { width: 500, is_dark: false };

/// Watches from before anything else runs.
pub(crate) const WATCH: &str = r#"<script>
window.seen = { errors: [] };
addEventListener("error", (event) => seen.errors.push(String(event.message)));
addEventListener("unhandledrejection", (event) => seen.errors.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) =>
  seen.errors.push("refused: " + event.violatedDirective + " " + event.blockedURI));
console.error = (...words) => seen.errors.push(words.join(" "));
// Virtual time runs ahead of what the screen shows, so what is in view is not known in time:
// here everything is that is not folded.
IntersectionObserver = class {
  constructor(report) { this.report = report; }
  observe(target) {
    const look = () => target.checkVisibility() && this.report([{ isIntersecting: true, target }]);
    look();
    addEventListener("toggle", look, true);
  }
  unobserve() {}
};
</script>"#;

/// Reads the page: every chart in turn, then the first one and those along time in detail.
const READ: &str = r#"
(async () => {
  const wait = (ms) => new Promise((go) => setTimeout(go, ms));
  const shown = (root) => [...root.querySelectorAll(".tip")].filter((tip) => !tip.hidden);
  const at = (over, type, x, y, more) => {
    const box = over.getBoundingClientRect();
    const place = { clientX: box.left + x, clientY: box.top + y, movementX: 1, bubbles: true, view: window };
    over.dispatchEvent(new MouseEvent(type, Object.assign(place, more)));
  };
  seen.folded = [...document.querySelectorAll("figure")].filter((node) => !node.figure && !node.checkVisibility()).length;
  for (const fold of document.querySelectorAll("details.fold, details.more")) fold.open = true;
  await wait(200);
  seen.charts = [];
  for (const node of document.querySelectorAll("figure")) {
    node.scrollIntoView({ block: "center" });
    const chart = { id: node.id, live: Boolean(node.figure), tip: "" };
    if (node.figure) {
      const plot = node.figure.plots[0];
      const axis = node.figure.spec.x;
      const x = axis.unit === "rarity" ? 100 : plot.data[0][Math.floor(plot.data[0].length / 2)];
      at(plot.over, "mouseenter", 1, 1);
      at(plot.over, "mousemove", plot.valToPos(x, "x"), plot.over.clientHeight / 2);
      await wait(20);
      chart.tip = shown(node).map((tip) => tip.innerText).join("\n");
      at(plot.over, "mouseleave", -1, -1);
      chart.drawingHidden = [...node.querySelectorAll(".wide, .narrow")].every((one) => one.offsetHeight === 0);
    }
    seen.charts.push(chart);
  }
  const first = [...document.querySelectorAll("figure")].find((node) => node.figure && node.figure.spec.x.unit === "time");
  if (first) {
    const { plots, group } = first.figure;
    first.scrollIntoView({ block: "center" });
    await wait(50);
    const middle = plots[0].over.clientHeight / 2;
    at(plots[0].over, "mousemove", plots[0].over.clientWidth / 2, middle);
    await wait(20);
    seen.cursors = [...document.querySelectorAll("figure")].filter((node) => shown(node).length > 0).length;
    at(plots[0].over, "mousedown", 100, middle, { button: 0 });
    at(plots[0].over, "mousemove", 200, middle);
    at(plots[0].over, "mousemove", 300, middle);
    document.dispatchEvent(new MouseEvent("mouseup", { bubbles: true, view: window }));
    await wait(50);
    seen.zoom = group.x;
    seen.zoomed = [...group.plots].every((plot) => plot.scales.x.min === group.x[0]);
    at(plots[0].over, "dblclick", 100, middle);
    await wait(20);
    seen.whole = group.x === null;
    const button = first.querySelector(".legend button");
    button.click();
    seen.legend = { pressed: button.getAttribute("aria-pressed"), hidden: plots[0].series.some((one) => one.show === false), tag: button.tagName };
    button.click();
    plots[0].over.focus();
    plots[0].over.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await wait(20);
    seen.byKey = shown(first).length > 0;
  }
  const blobs = [];
  const made = URL.createObjectURL;
  URL.createObjectURL = (blob) => { blobs.push(blob); return made.call(URL, blob); };
  const save = document.querySelector("figure button.svg");
  if (save) {
    // What is made is looked at, and not saved: a browser that saves does not end.
    HTMLAnchorElement.prototype.click = () => {};
    save.click();
    const parsed = new DOMParser().parseFromString(await blobs[0].text(), "image/svg+xml");
    seen.saved = { root: parsed.documentElement.tagName, styled: Boolean(parsed.querySelector("style")), texts: parsed.querySelectorAll("text").length };
  }
  seen.overflow = document.documentElement.scrollWidth - innerWidth;
  seen.ground = getComputedStyle(document.body).backgroundColor;
  tell(seen);
})();
"#;

/// Writes what was seen into the page, for the browser to print.
const WRITE: &str = r#"
const tell = (what) => {
  const text = JSON.stringify(what).replace(/[&<>]/g, (c) => "\\u00" + c.charCodeAt(0).toString(16));
  document.body.append(Object.assign(document.createElement("pre"), { id: "seen", textContent: "SEEN" + text + "NEES" }));
};
"#;

/// The browser to look with, where there is one; in CI there must be.
fn browser() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        left_out("a page looked at in a browser, since no Chromium is installed");
    }
    found
}

/// Held by whoever looks.
static LOOKING: Mutex<()> = Mutex::new(());

/// What a reader of the record's page saw; none where nobody can look.
fn read(record: &RunRecord, screen: Screen) -> Option<Value> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let page = write_report(std::slice::from_ref(record), folder.path()).unwrap();
    look(&fs::read_to_string(&page).unwrap(), WATCH, READ, screen)
}

/// What a script saw that a page carries at its end, and tells; none where nobody can look. What
/// is `first` runs before anything of the page does.
pub(crate) fn look(text: &str, first: &str, script: &str, screen: Screen) -> Option<Value> {
    let browser = browser()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let page = folder.path().join("page.html");
    let text = text.replacen("<meta charset", &format!("{first}<meta charset"), 1);
    let (begin, end) = text.split_at(text.rfind("</body>").unwrap());
    fs::write(&page, format!("{begin}<script>{WRITE}{script}</script>{end}")).unwrap();
    // One at a time; and where a machine is so busy that it prints before the page is done, again.
    let _alone = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    let printed = (0..3).find_map(|_| dump(&browser, folder.path(), &page, screen));
    let printed = printed.expect("the browser prints the page with what was seen on it");
    Some(serde_json::from_str(&printed).unwrap())
}

fn dump(browser: &Path, folder: &Path, page: &Path, screen: Screen) -> Option<String> {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // No name resolves and no proxy answers: what is not in the file cannot be had.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"])
        .args(["--hide-scrollbars", "--virtual-time-budget=30000", "--dump-dom"])
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!screen.is_dark)))
        .arg(format!("--window-size={},900", screen.width))
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, rest) = printed.split_once("<pre id=\"seen\">SEEN")?;
    Some(rest.split_once("NEES</pre>")?.0.to_owned())
}

#[track_caller]
fn check_page(seen: &Value, screen: Screen) {
    assert_eq!(seen["errors"], Value::Array(Vec::new()), "errors in the console");
    assert!(seen["overflow"].as_i64().unwrap() <= 0, "wider than the screen: {seen}");
    let ground = seen["ground"].as_str().unwrap();
    assert_eq!(ground == "rgb(18, 22, 28)", screen.is_dark, "{ground}");
    for chart in seen["charts"].as_array().unwrap() {
        if chart["live"] == true {
            assert!(!chart["tip"].as_str().unwrap().is_empty(), "nothing to read out: {chart}");
            assert_eq!(chart["drawingHidden"], true, "{chart}");
        }
    }
}

#[track_caller]
fn chart<'a>(seen: &'a Value, id: &str) -> &'a Value {
    let charts = seen["charts"].as_array().unwrap();
    charts.iter().find(|chart| chart["id"] == id).unwrap_or_else(|| panic!("no {id}: {seen}"))
}

#[test]
fn a_reader_hovers_zooms_and_hides() {
    let Some(seen) = read(&sample::record(), WIDE) else { return };
    check_page(&seen, WIDE);
    // The figures of the finding, in its own words.
    let tip = chart(&seen, "word-count-percentiles")["tip"].as_str().unwrap();
    for words in ["99.0 %", "micro-batch 533 ms", "per-event 75.8 µs"] {
        assert!(tip.contains(words), "{words} in {tip}");
    }
    let tip = chart(&seen, "word-count-latency-over-time")["tip"].as_str().unwrap();
    for words in [" s\n", "per-event p50 ", "per-event p99 ", "per-event p99.9 ", " µs"] {
        assert!(tip.contains(words), "{words} in {tip}");
    }
    let live = seen["charts"].as_array().unwrap().iter().filter(|chart| chart["live"] == true);
    assert_eq!(live.count(), 3 * 5, "all but bars and heat maps, in each of three scenarios");
    assert_eq!(chart(&seen, "word-count-latency-heat")["live"], false, "a drawing says it all");
    assert_eq!(seen["folded"], 3 * 6, "what explains is folded until somebody asks");
    assert_eq!(seen["cursors"], 4, "one cursor on all charts over the time of one scenario");
    assert!(seen["zoom"][0].as_f64().unwrap() < seen["zoom"][1].as_f64().unwrap());
    assert_eq!((&seen["zoomed"], &seen["whole"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(seen["legend"]["pressed"], "false");
    assert_eq!(seen["legend"]["tag"], "BUTTON", "a keyboard can reach it");
    assert_eq!(
        (&seen["legend"]["hidden"], &seen["byKey"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    let saved = &seen["saved"];
    assert_eq!((&saved["root"], &saved["styled"]), (&"svg".into(), &true.into()), "a file alone");
    assert!(saved["texts"].as_u64().unwrap() > 10, "{saved}");
}

#[test]
fn a_dark_screen_and_a_narrow_one_show_the_same() {
    for screen in [WIDE_DARK, NARROW] {
        let Some(seen) = read(&sample::limited(), screen) else { return };
        check_page(&seen, screen);
        let tip = chart(&seen, "word-count-limits")["tip"].as_str().unwrap();
        assert!(tip.contains("k/s") && tip.contains("micro-batch"), "{tip}");
    }
}

#[test]
fn a_run_gone_wrong_and_one_of_many_settings_can_be_read_on_a_narrow_screen() {
    for record in [sample::troubled(), sample::variants()] {
        let Some(seen) = read(&record, NARROW) else { return };
        check_page(&seen, NARROW);
    }
}

#[test]
fn a_comparison_of_two_runs_can_be_read_on_any_screen() {
    let (base, new) = sample::pair::changed();
    let compared = compare((&base, "runs/a"), (&new, "runs/b"), &Terms::default()).unwrap();
    let page = comparison::compared(&compared, (&base, &new));
    for screen in [WIDE, WIDE_DARK, NARROW] {
        let Some(seen) = look(&page, WATCH, READ, screen) else { return };
        check_page(&seen, screen);
        assert_eq!(chart(&seen, "comparison")["live"], false, "a drawing says it all");
    }
}
