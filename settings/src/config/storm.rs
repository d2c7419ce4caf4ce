//! What Storm's own windows cannot be asked, and what its settings have to be for them to go on.

use super::density::event_us_per_second;
use super::diagnostic::Mistake;
use super::engines::EngineSettings;
use super::settings::{Settings, below};
use super::shape;
use crate::plan::{EngineKind, units};
use std::time::Duration;

/// What a table of Storm contradicts.
pub(super) fn contradictions(
    settings: &Settings,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    if engine.name != EngineKind::STORM {
        return;
    }
    whole_seconds(engine, mistakes);
    if !engine.has_storms_windows() {
        looks_for_nothing(engine, mistakes);
        return;
    }
    in_one_worker(engine, mistakes);
    let Some(query) = settings.picked("query").map(|query| query.path) else { return };
    once_and_in_step(settings, query, mistakes);
    let Some(window) = Window::of(settings, query) else { return };
    is_no_longer_than_a_timeout(settings, query, &window, engine, mistakes);
    may_hold_a_window(settings, &window, engine, mistakes);
}

/// The way out of whatever its own windows cannot do.
const BY_MARKS: &str = "set engine.storm.windows = \"marks\"";

/// Lengths of event time, in microseconds.
struct Window {
    size: i64,
    slide: i64,
    lag: i64,
}

impl Window {
    fn of(settings: &Settings, query: &str) -> Option<Self> {
        let of = |key: &str| settings.event_time(&below(query, key));
        let size = of("size")?;
        let slide = of("slide").unwrap_or(size);
        Some(Self { size, slide, lag: of("watermark").unwrap_or(0) })
    }
}

/// A timeout of parts of a second.
fn whole_seconds(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let path = below(engine.path, "message_timeout");
    let Some(length) = engine.settings.run_time(&path) else { return };
    if length.subsec_nanos() == 0 {
        return;
    }
    let shown = units::show_duration(length);
    let message =
        format!("storm takes message_timeout in seconds, and {shown} is no whole number of them");
    mistakes.push(
        Mistake::new("config::range", message)
            .at(engine.settings.place(&path), "in parts of a second")
            .help("write whole seconds, such as \"30s\""),
    );
}

/// An interval at which nobody looks.
fn looks_for_nothing(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let path = below(engine.path, "watermark_interval");
    let Some(place) = engine.settings.place(&path) else { return };
    let message = "watermark_interval without Storm's own windows: a bolt that acts on marks looks \
                   for none";
    mistakes.push(Mistake::new("config::conflict", message).at(Some(place), "the interval").help(
        format!(
            "set {} = \"storm\", or leave watermark_interval out",
            below(engine.path, "windows")
        ),
    ));
}

/// What its own windows find late is told as a tuple within a tuple, of which Storm makes no bytes.
fn in_one_worker(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let workers = below(engine.path, "workers");
    if engine.settings.integer::<u64>(&workers) <= Some(1) {
        return;
    }
    let message = "Storm's own windows with several workers: what is late cannot be handed from one \
                   worker to another";
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(engine.settings.place(&workers), "several")
            .help(format!("leave workers out, or {BY_MARKS}")),
    );
}

/// Windows that are answered again, or whose ends are no multiples of the slide.
fn once_and_in_step(settings: &Settings, query: &str, mistakes: &mut Vec<Mistake>) {
    let [late, size, slide] = ["allowed_lateness", "size", "slide"].map(|key| below(query, key));
    if settings.event_time(&late).is_some_and(|micros| micros > 0) {
        let message = "allowed_lateness with Storm's own windows: it answers a window once";
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(settings.place(&late), "lateness")
                .help(format!("leave allowed_lateness out, or {BY_MARKS}")),
        );
    }
    let (Some(size_us), Some(slide_us)) = (settings.event_time(&size), settings.event_time(&slide))
    else {
        return;
    };
    if slide_us > 0 && size_us % slide_us != 0 {
        let message = format!(
            "Storm's own windows end at multiples of the slide ({}), and those asked for begin there: \
             both is so only where a window ({}) is some whole slides long",
            units::show_event_time(slide_us),
            units::show_event_time(size_us),
        );
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(settings.place(&size), "length")
                .at(settings.place(&slide), "slide")
                .help(format!("make the window whole slides long, or {BY_MARKS}")),
        );
    }
}

/// The most milliseconds that Storm counts.
const MILLIS_MAX: i64 = i32::MAX as i64;

/// Storm refuses a window that, with its slide, is longer than the timeout of a message, as an event
/// is acknowledged when it leaves its window; and does so when the topology has started.
fn is_no_longer_than_a_timeout(
    settings: &Settings,
    query: &str,
    window: &Window,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let timeout = below(engine.path, "message_timeout");
    let Some(length) = engine.settings.run_time(&timeout) else { return };
    let held_us = window.size.saturating_add(window.slide);
    let size = below(query, "size");
    if i128::from(held_us) * 1_000 > length.as_nanos().cast_signed() {
        let least = held_us.div_euclid(1_000_000).saturating_add(1);
        let way_out = if least * 1_000 > MILLIS_MAX {
            format!("make the window shorter, or {BY_MARKS}")
        } else {
            format!("set {timeout} = \"{least}s\", or {BY_MARKS}")
        };
        let message = format!(
            "Storm's own windows hold an event for a window and a slide, {}, and Storm takes what it \
             holds for longer than message_timeout ({}) for lost: it does not start",
            units::show_event_time(held_us),
            units::show_duration(length)
        );
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(settings.place(&size), "length")
                .at(engine.settings.place(&timeout), "the timeout")
                .help(way_out),
        );
    }
    if window.lag / 1_000 >= MILLIS_MAX {
        let path = below(query, "watermark");
        let message = "Storm counts the lag of its own windows in milliseconds, up to 24 days";
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(settings.place(&path), "the lag")
                .help(format!("make it shorter, or {BY_MARKS}")),
        );
    }
}

/// With tracking, an event is acknowledged when it leaves its window, and no more are emitted than may
/// be under way: where a window holds more than that, it never ends. How many events of a trace a
/// window holds is not known here; that it may be too many is a remark.
fn may_hold_a_window(
    settings: &Settings,
    window: &Window,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let [ackers, pending, interval] =
        ["ackers", "max_spout_pending", "watermark_interval"].map(|key| below(engine.path, key));
    if engine.settings.integer::<u64>(&ackers) == Some(0) {
        return;
    }
    let Some(source) = settings.picked("source").map(|source| source.path) else { return };
    let (Some(rate), Some(most), Some(event_us_per_s), Some(interval_s)) = (
        shape::rate(settings, source),
        engine.settings.integer::<u64>(&pending),
        event_us_per_second(settings).filter(|micros| *micros > 0),
        engine.settings.run_time(&interval).as_ref().map(Duration::as_secs_f64),
    ) else {
        return;
    };
    let partitions = settings.integer::<u64>(&below(source, "partitions")).unwrap_or(1).max(1);
    let held_us = [window.size, window.slide, window.lag].map(|us| us as f64);
    let wall_s = held_us.iter().sum::<f64>() / event_us_per_s as f64 + interval_s;
    let held = (rate.most_within(wall_s) / partitions as f64).ceil();
    if held <= most as f64 {
        return;
    }
    // Twice as many, so that it is not held up where it is a little behind.
    let enough = held * 2.0;
    let message = format!(
        "Storm's own windows acknowledge an event when it leaves its window, up to {held:.0} of a \
         partition are in them at this rate, and {most} may be under way: none would ever leave"
    );
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(engine.settings.place(&pending), "how many may be under way")
            .at(engine.settings.place(&ackers), "tracked")
            .help(format!(
                "set {pending} = {enough:.0}, or {ackers} = 0, which tracks none, or {BY_MARKS}"
            )),
    );
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Given, Traces};
    use crate::plan::{Cell, EngineKind};

    fn cell(name: &str, settings: &[&str]) -> Result<Cell, String> {
        let own = ["engine.storm.open_ports=true", "engine.storm.windows=storm"];
        let given: Vec<_> = own.iter().chain(settings).map(|text| Given::set(*text)).collect();
        config::load(&[name.to_owned()], &given, &["storm".to_owned()], Traces::MayBeAbsent)
            .map(|mut loaded| loaded.cells.swap_remove(0))
            .map_err(|rejected| rejected.to_string().replace(['\n', '│'], " "))
    }

    const UNTRACKED: &str = "engine.storm.ackers=0";

    #[test]
    fn its_own_windows_are_set_up_as_they_are_asked() {
        let cell = cell("keyed-window", &[UNTRACKED]).unwrap();
        let EngineKind::Storm(setting) = &cell.engines[0].kind else { panic!("{cell:?}") };
        assert!(setting.has_own_windows());
        assert_eq!(Cell::of_settled(&cell.settings), Some(cell));
    }

    #[test]
    fn what_its_own_windows_cannot_do_is_refused_with_the_way_out() {
        for (setting, words) in [
            ("query.window.allowed_lateness=\"1s\"", "it answers a window once"),
            ("query.window.slide=\"300ms\"", "end at multiples of the slide (300ms)"),
            ("query.window.slide=\"100500us\"", "counts event time in milliseconds"),
            ("query.window.size=\"30s\"", "longer than message_timeout (30s)"),
            ("query.window.size=\"26d\"", "make the window shorter"),
            ("query.window.watermark=\"25d\"", "up to 24 days"),
            ("engine.storm.message_timeout=\"1500ms\"", "no whole number of them"),
            ("engine.storm.workers=2", "with several workers"),
            ("engine.storm.watermark_interval=\"1500us\"", "in milliseconds"),
        ] {
            let said = cell("keyed-window", &[UNTRACKED, setting]).unwrap_err();
            assert!(said.contains(words), "{said}");
            // The same by marks, where it is no matter of the setting itself.
            if setting.starts_with("query") && !setting.contains("d\"") {
                let marks = [setting, "engine.storm.windows=marks"];
                assert!(cell("keyed-window", &marks).is_ok(), "{setting}");
            }
        }
        let long = ["query.window.size=\"30s\"", "engine.storm.message_timeout=\"31s\"", UNTRACKED];
        assert!(cell("keyed-window", &long).is_ok());
    }

    #[test]
    fn the_way_out_of_a_short_timeout_leads_out() {
        let said = cell("hour-by-second", &[UNTRACKED]).unwrap_err();
        let way_out = "engine.storm.message_timeout = \"3602s\"";
        assert!(said.contains(way_out), "{said}");
        let way_out = way_out.replace(" = ", "=");
        assert!(cell("hour-by-second", &[UNTRACKED, &way_out]).is_ok());
    }

    #[test]
    fn a_window_that_holds_more_than_may_be_under_way_is_refused() {
        let rate = "source.synthetic.rate=\"10k/s\"";
        let said = cell("keyed-window", &[rate]).unwrap_err();
        // A window of 1 s, its slide of 100 ms, and the look that comes once in a second.
        assert!(said.contains("up to 21000 of a partition"), "{said}");
        assert!(said.contains("engine.storm.max_spout_pending = 42000"), "{said}");
        let enough = "engine.storm.max_spout_pending=42000";
        assert!(cell("keyed-window", &[rate, enough]).is_ok());
        assert!(cell("keyed-window", &[rate, UNTRACKED]).is_ok());
        assert!(cell("identity", &[]).is_ok(), "a question without windows");
        // A rate that changes fills windows where it is highest.
        let burst = |peak: &str| {
            let table = "shape=\"burst\", base=\"100/s\", every=\"2s\", lasts=\"500ms\"";
            cell(
                "keyed-window",
                &[&format!("source.synthetic.rate={{ {table}, peak=\"{peak}\" }}")],
            )
        };
        let said = burst("8k/s").unwrap_err();
        assert!(said.contains("none would ever leave"), "{said}");
        assert!(burst("1k/s").is_ok());
    }

    #[test]
    fn an_interval_at_which_nobody_looks_is_refused() {
        let settings = ["engine.storm.windows=marks", "engine.storm.watermark_interval=\"1s\""];
        let said = cell("keyed-window", &settings).unwrap_err();
        assert!(said.contains("looks for none"), "{said}");
    }
}
