//! Engines in processes of their own: what they cannot be asked, and how long they warm up.
//!
//! What a question has to be for such an engine follows from how it cuts time, and is told before
//! anything is started. A JVM compiles what it runs while it runs it, so that its first seconds
//! measure the compiler: where nobody says how long its warm-up is, its end is looked for.

use super::asked;
use super::cluster;
use super::diagnostic::{Mistake, Sources};
use super::engines::EngineSettings;
use super::keys;
use super::settings::{Settings, below};
use super::storm;
use crate::plan::settings::Typed;
use crate::plan::{EngineKind, JVM_WARM_UP, units};

/// What such engines contradict, of those that are to run.
pub(super) fn contradictions(
    settings: &Settings,
    all: &[EngineSettings],
    mistakes: &mut Vec<Mistake>,
) {
    for engine in all.iter().filter(|engine| engine.is_beside()) {
        whole_lengths(engine, mistakes);
        listens_openly(engine, mistakes);
        lacks_its_mode(engine, mistakes);
        takes_out(settings, engine, mistakes);
        cluster::contradictions(engine, mistakes);
        storm::contradictions(settings, engine, mistakes);
    }
    let Some(query) = settings.picked("query").map(|query| query.path) else { return };
    if let Some(asked) = asked::called(query) {
        for engine in all.iter().filter(|engine| engine.is_beside()) {
            match query {
                "query.session" if engine.has_sessions() => {
                    merges_what_touches(settings, query, engine, mistakes);
                }
                "query.counted" if engine.has_count_windows() => {}
                _ => has_no_job(settings, (query, asked), engine, mistakes),
            }
        }
        return;
    }
    if let Some(engine) = all.iter().find(|engine| engine.counts_milliseconds()) {
        whole_milliseconds(settings, query, engine, mistakes);
    }
    if let Some(engine) = all.iter().find(|engine| engine.keeps_no_state()) {
        without_state(settings, query, engine, mistakes);
    }
    if let Some(engine) = all.iter().find(|engine| engine.answers_once()) {
        answered_once(settings, query, engine, mistakes);
    }
    if let Some(engine) = all.iter().find(|engine| engine.has_no_gaps()) {
        no_gaps(settings, query, engine, mistakes);
    }
    if let Some(engine) = all.iter().find(|engine| engine.asks_sql()) {
        whole_slides(settings, query, engine, mistakes);
    }
}

/// An engine that others reach over the network, and nobody said that they may.
fn listens_openly(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let Some((key, false)) = engine.open_ports() else { return };
    let name = engine.name;
    let message = format!(
        "{name} listens on all interfaces of this machine while it runs, asks nobody who they are, \
         and nobody has said that it may"
    );
    let place = engine.settings.place(&key).or_else(|| engine.settings.key_place(engine.path));
    mistakes.push(Mistake::new("config::conflict", message).at(place, "not allowed").help(
        format!(
            "set {key} = true where nobody else reaches this machine, or leave {name} out \
             (--engine names those that run)"
        ),
    ));
}

/// A mode that came with a later release.
fn lacks_its_mode(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let Some([mode, version]) = engine.lacks_its_mode() else { return };
    mistakes.push(
        Mistake::new("config::conflict", "Spark 3.5 has no real-time mode, which came with 4.1")
            .at(engine.settings.place(&version), "this release")
            .at(engine.settings.place(&mode), "this mode")
            .help(format!("set {mode} = \"continuous\", or {version} = \"4.2\"")),
    );
}

/// What cannot be known where what leaves a window is taken out of the one before: which of its
/// events was due last, unless all come through one partition; and what lies in no window.
fn takes_out(settings: &Settings, engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    if !engine.takes_out() {
        return;
    }
    let (name, algorithm) = (engine.name, below(engine.path, "algorithm"));
    let mut conflict = |path: &str, what: &str, message: String| {
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(settings.place(path), what)
                .at(engine.settings.place(&algorithm), "takes out what leaves")
                .help(format!("set {algorithm} = \"recompute\", or leave {name} out")),
        );
    };
    let source = settings.picked("source").map(|source| below(source.path, "partitions"));
    let has_several = |path: &String| settings.integer::<u64>(path) > Some(1);
    if let Some(path) = source.filter(has_several) {
        let message = "several partitions with the inverse: which event of a window was due last \
                       is known without its batches only where all come through one partition";
        conflict(&path, "several", message.to_owned());
    }
    let Some(query) = settings.picked("query").map(|query| query.path) else { return };
    let [size, slide] = ["size", "slide"].map(|key| below(query, key));
    if settings.event_time(&slide) > settings.event_time(&size) {
        let message = "gaps between windows with the inverse: what lies in them would be taken \
                       out of windows that it never was in";
        conflict(&slide, "longer than a window", message.to_owned());
    }
}

/// Questions for which such engines have no job here.
fn has_no_job(
    settings: &Settings,
    (query, asked): (&str, &str),
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let name = engine.name;
    let has_another = matches!(query, "query.session" | "query.counted");
    let (of_it, or) = if has_another && engine.asks_sql() {
        let api = below(engine.path, "api");
        ("in SQL", format!("set {api} = \"datastream\""))
    } else {
        ("of it", "ask for windows".to_owned())
    };
    let message = format!(
        "{name} is not asked for {asked} by this program, which has no job {of_it} for them: the two \
         embedded engines answer them"
    );
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(settings.key_place(query), asked)
            .help(format!("leave {name} out (--engine names those that run), or {or}")),
    );
}

/// Sessions of an engine that makes one of two that touch, whatever is asked.
fn merges_what_touches(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let touch = below(query, "touch");
    if settings.text(&touch) == Some("merge") {
        return;
    }
    let name = engine.name;
    let message = format!(
        "{name} makes one session of two of which one ends where the other begins, and they are to \
         stay two"
    );
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(settings.place(&touch).or_else(|| settings.key_place(query)), "stay two")
            .help(format!(
                "set {touch} = \"merge\", or leave {name} out (--engine names those that run)"
            )),
    );
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

/// A question that has to remember events, of an engine that remembers none.
fn without_state(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    if query == "query.identity" {
        return;
    }
    let name = engine.name;
    let message = format!(
        "{name} has no operator with state, and windows need one: in Spark's real-time and \
         continuous modes there are filters and maps"
    );
    mistakes.push(
        Mistake::new("config::conflict", message).at(settings.key_place(query), "windows").help(
            format!(
                "ask it for identity, or leave {name} out (--engine names those that run); \
                 {} answers windows",
                EngineKind::SPARK_STRUCTURED
            ),
        ),
    );
}

/// Windows that are answered again.
fn answered_once(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let name = engine.name;
    let late = below(query, "allowed_lateness");
    if settings.event_time(&late).is_none_or(|micros| micros == 0) {
        return;
    }
    let api = below(engine.path, "api");
    let (asked, or) = if engine.asks_sql() {
        (" asked in SQL", format!("set {api} = \"datastream\""))
    } else {
        ("", format!("leave out {name} (--engine names those that run)"))
    };
    let message = format!("allowed_lateness with {name}{asked}: it answers a window once");
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(settings.place(&late), "lateness")
            .at(engine.settings.place(&api), "SQL")
            .help(format!("leave allowed_lateness out, or {or}")),
    );
}

/// Windows that leave events out.
fn no_gaps(settings: &Settings, query: &str, engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let name = engine.name;
    let [size, slide] = ["size", "slide"].map(|key| below(query, key));
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

/// Windows that SQL cannot cut: HOP computes a window from parts as long as its slide.
fn whole_slides(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let [size, slide] = ["size", "slide"].map(|key| below(query, key));
    let (Some(size_us), Some(slide_us)) = (settings.event_time(&size), settings.event_time(&slide))
    else {
        return;
    };
    if slide_us <= 0 || size_us % slide_us == 0 {
        return;
    }
    let (name, api) = (engine.name, below(engine.path, "api"));
    let message = format!(
        "{name} asked in SQL has windows of whole slides, and {} is no multiple of {}",
        units::show_event_time(size_us),
        units::show_event_time(slide_us)
    );
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(settings.place(&size), "length")
            .at(settings.place(&slide), "slide")
            .at(engine.settings.place(&api), "SQL")
            .help(format!("choose a slide that divides the size, or set {api} = \"datastream\"")),
    );
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
            ("engine.flink.state=\"tape\"", "rocksdb"),
            ("engine.flink.heap=\"3GiB\"", "2GiB"),
            ("engine.flink.version=1.20", "in quotes, version = \"1.20\""),
            ("engine.flink.version=2.3", "in quotes, version = \"2.3\""),
        ] {
            let said = refused(setting);
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn a_release_that_is_named_with_its_engine_is_told_how() {
        let said = |name: &str| cell("keyed-window", &[], &[name]).unwrap_err();
        let release = said("flink@1.20");
        assert!(release.contains("there is no engine `flink@1.20`"), "{release}");
        let way = "--engine flink --set 'engine.flink.version=\"1.20\"'";
        assert!(release.contains(way), "{release}");
        // What it says does what was meant.
        let set = "engine.flink.version=\"1.20\"";
        let cell = cell("keyed-window", &[set], &["flink"]).unwrap();
        let EngineKind::Flink(setting) = &cell.engines[0].kind else { panic!("no flink") };
        assert_eq!(setting.version, "1.20");
        assert!(said("per-event@1").contains("has no releases: --engine per-event"));
        assert!(said("flnik@1.20").contains("the engines are"));
    }

    #[test]
    fn what_there_is_no_job_for_is_asked_of_the_embedded_engines_alone() {
        let is_embedded = |name: &str| ["per-event", "micro-batch"].contains(&name);
        let asked = [
            ("sessions", "sessions"),
            ("word-count-10", "windows of counted events"),
            ("silent-meters", "silences"),
            ("ad-clicks", "joins"),
        ];
        for (scenario, what) in asked {
            let has_job = matches!(scenario, "sessions" | "word-count-10");
            let has_no_job = |name: &&str| !(has_job && *name == EngineKind::FLINK);
            for name in EngineKind::NAMES.into_iter().filter(has_no_job) {
                let cell = cell(scenario, &[], &[name]);
                assert_eq!(cell.is_ok(), is_embedded(name), "{name}: {cell:?}");
                if let Err(said) = cell {
                    assert!(said.contains(&format!("{name} is not asked for {what}")), "{said}");
                    assert!(said.contains("or ask for windows"), "{said}");
                }
            }
            let batches = "engine.micro-batch.windows=batches";
            let said = cell(scenario, &[batches], &["micro-batch"]).unwrap_err();
            assert!(said.contains(&format!("{what} go by the events themselves")), "{said}");
            assert!(said.contains("set windows = \"event-time\""), "{said}");
        }
    }

    #[test]
    fn sessions_that_touch_are_one_where_flink_finds_them() {
        let of = |settings: &[&str]| cell("sessions", settings, &["flink"]);
        let merge = "query.session.touch=merge";
        for asked in [&[][..], &["query.session.touch=split"]] {
            let said = of(asked).unwrap_err();
            assert!(said.contains("flink makes one session of two"), "{said}");
            assert!(said.contains("set query.session.touch = \"merge\""), "{said}");
        }
        for version in ["1.20", "2.3"] {
            let version = format!("engine.flink.version=\"{version}\"");
            // Its windows have whole milliseconds, and sessions the times of their events.
            let finer = ["query.session.gap=1500us", "query.session.allowed_lateness=1us"];
            assert!(of(&[merge, &version, finer[0], finer[1]]).is_ok());
        }
        assert!(cell("word-count-10", &[], &["flink"]).is_ok(), "and it counts windows");
        let said = cell("word-count-10", &["engine.flink.api=sql"], &["flink"]).unwrap_err();
        assert!(said.contains("set engine.flink.api = \"datastream\""), "{said}");
        let said = of(&[merge, "engine.flink.api=sql"]).unwrap_err();
        assert!(said.contains("flink is not asked for sessions"), "{said}");
        assert!(said.contains("set engine.flink.api = \"datastream\""), "{said}");
    }

    #[test]
    fn what_sql_cannot_cut_is_refused_and_asked_of_the_other_interface() {
        let of = |name: &str, settings: &[&str]| cell(name, settings, &["flink"]);
        let sql = "engine.flink.api=sql";
        for name in ["identity", "word-count", "keyed-window", "hour-by-second"] {
            let EngineKind::Flink(setting) = &of(name, &[sql]).unwrap().engines[0].kind else {
                panic!("{name}: no flink")
            };
            assert!(setting.asks_sql(), "{name}");
        }
        for (settings, words) in [
            (&["query.window.slide=300ms"][..], "1s is no multiple of 300ms"),
            (&["query.window.slide=2s", "query.window.gaps=\"allow\""], "1s is no multiple of 2s"),
            (&["query.window.allowed_lateness=1s"], "asked in SQL: it answers a window once"),
        ] {
            let said = of("keyed-window", &[settings, &[sql]].concat()).unwrap_err();
            assert!(said.contains(words), "{said}");
            assert!(said.contains("set engine.flink.api = \"datastream\""), "{said}");
            assert!(of("keyed-window", settings).is_ok(), "{words}: what the other can");
        }
        let said = of("keyed-window", &["engine.flink.api=\"table\""]).unwrap_err();
        assert!(said.contains("datastream"), "{said}");
    }

    #[test]
    fn what_listens_on_all_interfaces_runs_where_somebody_says_that_it_may() {
        let said = cell("keyed-window", &[], &["storm"]).unwrap_err();
        assert!(said.contains("listens on all interfaces"), "{said}");
        assert!(said.contains("set engine.storm.open_ports = true"), "{said}");
        let open = "engine.storm.open_ports=true";
        assert!(cell("keyed-window", &[open], &["storm"]).is_ok());
        assert!(cell("keyed-window", &["engine.storm.open_ports=false"], &["per-event"]).is_ok());
        // It counts event time in microseconds, and answers again.
        let finer = ["query.window.slide=100500us", "query.window.allowed_lateness=1us", open];
        assert!(cell("keyed-window", &finer, &["storm"]).is_ok());
        for (setting, words) in
            [("engine.storm.windows=\"tape\"", "marks"), ("engine.storm.ackers=-1", "0")]
        {
            let said = cell("keyed-window", &[open, setting], &["storm"]).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn what_keeps_no_state_is_asked_for_single_events() {
        let of = |name: &str, settings: &[&str]| cell(name, settings, &["spark-real-time"]);
        assert!(of("identity", &[]).is_ok());
        for name in ["keyed-window", "word-count"] {
            let said = of(name, &[]).unwrap_err();
            assert!(said.contains("has no operator with state"), "{said}");
            assert!(said.contains("leave spark-real-time out"), "{said}");
        }
        for (setting, words) in [
            ("engine.spark-real-time.batch=\"1500500us\"", "takes batch in milliseconds"),
            ("engine.spark-real-time.batch=\"1ms\"", "1s"),
            ("engine.spark-real-time.version=\"3.5\"", "Spark 3.5 has no real-time mode"),
            ("engine.spark-real-time.version=\"4.0\"", "4.2"),
            ("engine.spark-real-time.mode=\"available-now\"", "continuous"),
        ] {
            let said = of("identity", &[setting]).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
        let continuous = "engine.spark-real-time.mode=continuous";
        for version in ["4.2", "3.5"] {
            let version = format!("engine.spark-real-time.version=\"{version}\"");
            assert!(of("identity", &[continuous, &version]).is_ok(), "{version}");
            let said = of("keyed-window", &[continuous, &version]).unwrap_err();
            assert!(said.contains("has no operator with state"), "{said}");
        }
    }

    #[test]
    fn windows_over_real_batches_are_whole_batches() {
        let of = |settings: &[&str]| cell("keyed-window", settings, &["spark-dstream"]);
        assert!(of(&[]).is_ok(), "as the scenario stands");
        assert!(of(&["query.window.slide=2s"]).is_err(), "gaps are refused as ever");
        let interval = |text: &str| format!("engine.spark-dstream.interval={text}");
        let inverse = "engine.spark-dstream.algorithm=inverse";
        for (settings, words) in [
            (&[&*interval("30ms")][..], "is not a multiple of the interval (30ms)"),
            (&[&interval("1500us")], "takes interval in milliseconds"),
            (&["query.window.allowed_lateness=1s"], "there, no event is ever late"),
            (&[inverse, "partitions=2"], "several partitions with the inverse"),
            (
                &[inverse, "query.window.slide=2s", "query.window.gaps=\"allow\""],
                "gaps between windows with the inverse",
            ),
            (&[inverse, "query.window.aggregates=[\"max\"]"], "use algorithm = \"recompute\""),
        ] {
            let said = of(settings).unwrap_err().replace(['\n', '│'], " ");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(words), "{said}");
            assert!(!said.contains("event-time"), "there is no such choice: {said}");
        }
        assert!(of(&[inverse]).is_ok());
        assert!(of(&["partitions=2", "query.window.aggregates=[\"max\"]"]).is_ok());
        let gaps = ["query.window.slide=2s", "query.window.gaps=\"allow\""];
        assert!(of(&gaps).is_ok());
        // An interval holds as much event time as passes in it.
        let fast = ["source.synthetic.event_time_per_second=\"10s\"", "query.window.slide=1s"];
        assert!(of(&fast).is_ok());
        assert!(of(&[fast[0], &interval("200ms"), "query.window.slide=1s"]).is_err());
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
