//! Engines in processes of their own: what they cannot be asked, and how long they warm up.
//!
//! What a question has to be for such an engine follows from how it cuts time, and is told before
//! anything is started. A JVM compiles what it runs while it runs it, so that its first seconds
//! measure the compiler: where nobody says how long its warm-up is, its end is looked for.

use super::cluster;
use super::diagnostic::{Mistake, Sources};
use super::engines::EngineSettings;
use super::keys;
use super::settings::{Settings, below};
use crate::plan::settings::Typed;
use crate::plan::{JVM_WARM_UP, units};

/// What such engines contradict, of those that are to run.
pub(super) fn contradictions(
    settings: &Settings,
    all: &[EngineSettings],
    mistakes: &mut Vec<Mistake>,
) {
    for engine in all.iter().filter(|engine| engine.is_beside()) {
        whole_lengths(engine, mistakes);
        cluster::contradictions(engine, mistakes);
    }
    let Some(query) = settings.picked("query").map(|query| query.path) else { return };
    if let Some(engine) = all.iter().find(|engine| engine.counts_milliseconds()) {
        whole_milliseconds(settings, query, engine, mistakes);
    }
    if let Some(engine) = all.iter().find(|engine| engine.has_plain_windows()) {
        plain_windows(settings, query, engine, mistakes);
    }
}

/// Windows of parts of a millisecond.
fn whole_milliseconds(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let name = engine.name;
    for key in ["size", "slide", "allowed_lateness"] {
        let path = below(query, key);
        let Some(micros) = settings.event_time(&path).filter(|micros| micros % 1_000 != 0) else {
            continue;
        };
        let shown = units::show_event_time(micros);
        let message = format!(
            "{name} counts event time in milliseconds, and {key} ({shown}) is no whole number of them"
        );
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(settings.place(&path), "in parts of a millisecond")
                .help(format!(
                    "choose a {key} of whole milliseconds, or leave {name} out (--engine names those \
                     that run)"
                )),
        );
    }
}

/// Windows that are answered again, or that leave events out.
fn plain_windows(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let name = engine.name;
    let [late, size, slide] = ["allowed_lateness", "size", "slide"].map(|key| below(query, key));
    if settings.event_time(&late).is_some_and(|micros| micros > 0) {
        let message = format!("allowed_lateness with {name}: it answers a window once");
        mistakes.push(
            Mistake::new("config::conflict", message).at(settings.place(&late), "lateness").help(
                format!("leave allowed_lateness out, or {name} (--engine names those that run)"),
            ),
        );
    }
    if settings.event_time(&slide) > settings.event_time(&size) {
        let message =
            format!("{name} has no gaps between windows, and the slide is longer than one");
        mistakes.push(
            Mistake::new("config::conflict", message).at(settings.place(&slide), "slide").help(
                format!("use slide <= size, or leave {name} out (--engine names those that run)"),
            ),
        );
    }
}

/// Lengths of run time that the engine itself takes in milliseconds.
fn whole_lengths(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    for path in engine.whole_milliseconds() {
        let Some(length) = engine.settings.run_time(&path) else { continue };
        if length.as_nanos() % 1_000_000 == 0 {
            continue;
        }
        let name = path.rsplit('.').next().unwrap_or(&path);
        let shown = units::show_duration(length);
        let message = format!(
            "{} takes {name} in milliseconds, and {shown} is no whole number of them",
            engine.name
        );
        mistakes.push(
            Mistake::new("config::range", message)
                .at(engine.settings.place(&path), "in parts of a millisecond")
                .help("write whole milliseconds, such as \"5ms\""),
        );
    }
}

/// Lets the end of the warm-up be looked for where such an engine runs and nobody has said how long
/// it is: what stands in a built-in scenario was written for engines that need none. The load of a
/// trace has a rhythm of its own, in which no end would be found.
pub(super) fn warm_up(settings: &mut Settings, all: &[EngineSettings], sources: &Sources) {
    let has_own_rhythm = settings.picked("source").is_none_or(|key| key.name() == "trace");
    if has_own_rhythm || !all.iter().any(EngineSettings::is_beside) {
        return;
    }
    let is_said = |settings: &Settings, path: &str| {
        let place = settings.place(path);
        place.is_some_and(|place| !sources.get(place.source).is_built_in())
    };
    let mut put = |path: &str, value: Typed| {
        if let Some(key) = keys::key(path).filter(|key| !is_said(settings, key.path)) {
            settings.change(key, value);
        }
    };
    put("measure.warm_up", Typed::Text("auto".to_owned()));
    put("measure.warm_up_floor", Typed::RunTime(JVM_WARM_UP));
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Given, Traces};
    use crate::plan::{Cell, EngineKind};
    use std::time::Duration;

    fn cell(names: &str, settings: &[&str], engines: &[&str]) -> Result<Cell, String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines: Vec<_> = engines.iter().map(|name| (*name).to_owned()).collect();
        config::load(&[names.to_owned()], &given, &engines, Traces::MayBeAbsent)
            .map(|mut loaded| loaded.cells.swap_remove(0))
            .map_err(|rejected| rejected.to_string())
    }

    fn warm_up(settings: &[&str], engines: &[&str]) -> (Duration, Option<Duration>) {
        let measure = cell("keyed-window", settings, engines).unwrap().measure;
        (measure.warm_up, measure.warm_up_floor)
    }

    #[test]
    fn it_runs_only_where_it_is_named() {
        let names = |engines: &[&str]| -> Vec<_> {
            let cell = cell("keyed-window", &[], engines).unwrap();
            cell.engines.iter().map(|engine| engine.kind.name()).collect()
        };
        assert_eq!(names(&[]), EngineKind::EMBEDDED);
        assert_eq!(names(&["flink"]), ["flink"]);
        assert_eq!(names(&["flink", "per-event"]), ["per-event", "flink"]);
    }

    #[test]
    fn its_warm_up_is_looked_for_unless_somebody_says_how_long_it_is() {
        let seconds = Duration::from_secs;
        assert_eq!(warm_up(&[], &[]), (seconds(1), None));
        let looked_for = (seconds(30), Some(seconds(20)));
        assert_eq!(warm_up(&[], &["flink"]), looked_for);
        assert_eq!(warm_up(&[], &["flink", "per-event"]), looked_for, "alike for all of a cell");
        assert_eq!(warm_up(&["measure.warm_up=3s"], &["flink"]), (seconds(3), None));
        let settings = ["measure.warm_up=auto", "measure.warm_up_floor=25s"];
        assert_eq!(warm_up(&settings, &["flink"]), (seconds(30), Some(seconds(25))));
        assert_eq!(warm_up(&["measure.warm_up_cap=22s"], &["flink"]).0, seconds(22));
    }

    #[test]
    fn what_it_cannot_be_asked_is_refused_with_the_way_out() {
        let refused = |setting: &str| cell("keyed-window", &[setting], &["flink"]).unwrap_err();
        for setting in ["query.window.slide=100500us", "query.window.allowed_lateness=1us"] {
            let said = refused(setting);
            assert!(said.contains("counts event time in milliseconds"), "{said}");
            assert!(said.contains("leave flink out"), "{said}");
            assert!(cell("keyed-window", &[setting], &["per-event"]).is_ok());
        }
        let said = refused("engine.flink.buffer_timeout=1500us");
        assert!(said.contains("takes buffer_timeout in milliseconds"), "{said}");
        for (setting, words) in [
            ("engine.flink.version=\"1.7\"", "2.3"),
            ("engine.flink.state=\"rocksdb\"", "hashmap"),
            ("engine.flink.heap=\"3GiB\"", "2GiB"),
        ] {
            let said = refused(setting);
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn several_settings_of_it_run_side_by_side() {
        let two = "engine.flink=[{ label = \"2.3\" }, { label = \"1.20\", version = \"1.20\" }]";
        let cell = cell("keyed-window", &[two], &["flink"]).unwrap();
        let labels: Vec<_> = cell.engines.iter().map(|engine| engine.label.as_str()).collect();
        assert_eq!(labels, ["flink (2.3)", "flink (1.20)"]);
        assert_eq!(Cell::of_settled(&cell.settings), Some(cell));
    }
}
