//! Settings that can be run and that say less than whoever wrote them expects: what, where, and
//! what to do.
//!
//! None of these is a mistake: each may be meant, so that nothing is refused for it. A setting by
//! itself is always in order; these are about lengths that stand in relation to one another.

use super::density::{event_us_per_second, said_by};
use super::origin::Written;
use super::settings::{Settings, below};
use crate::plan::units;
use crate::plan::{Cell, EngineKind, EngineSetting, Load};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Something to be thought about before a scenario is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remark {
    /// Stable, such as `lint::window`.
    pub code: &'static str,
    /// What follows from the settings.
    pub text: String,
    /// The settings, each with where it was written.
    pub places: Vec<String>,
    /// What to do.
    pub advice: String,
}

impl Remark {
    /// In lines, each behind `indent`.
    pub fn indented(&self, indent: &str) -> String {
        let Self { code, text, places, advice } = self;
        let at = places.join("; ");
        format!("{indent}warning[{code}]: {text}\n{indent}  at {at}\n{indent}  help: {advice}\n")
    }
}

/// What is to be thought about in a cell; `written` is what is not a default in it, `span_us` how much
/// time lies in the trace that it reads, where that is known.
pub fn remarks(cell: &Cell, written: &[Written], span_us: Option<u64>) -> Vec<Remark> {
    let Some(settings) = Settings::of_values(&cell.settings.cell) else { return Vec::new() };
    let lint = Lint { cell, written, settings, span_us };
    let of_engines = cell.engines.iter().filter_map(|engine| {
        let interval = engine.kind.interval()?;
        Some([
            lint.no_batch_in_warm_up(engine, interval),
            lint.windows_in_a_batch(engine, interval),
        ])
    });
    let whole = [
        lint.window_beyond_run(),
        lint.watermark_beyond_run(),
        lint.gap_beyond_run(),
        lint.warm_up_beyond_half(),
        lint.nobody_to_pin(),
    ];
    let held = cell.engines.iter().map(|engine| lint.held_by_a_window(engine));
    let added = cell.engines.iter().map(|engine| lint.batches_added_up(engine));
    whole.into_iter().chain(held).chain(added).chain(of_engines.flatten()).flatten().collect()
}

/// What a task of Spark takes at the least, empty as it may be.
const TASK: Duration = Duration::from_millis(1);

struct Lint<'a> {
    cell: &'a Cell,
    written: &'a [Written],
    settings: Settings,
    span_us: Option<u64>,
}

impl Lint<'_> {
    /// A window that no run is long enough to fill.
    fn window_beyond_run(&self) -> Option<Remark> {
        let (size_path, size_us) = self.of_window("size")?;
        let (run_us, ends_first) = self.seen_us()?;
        (size_us as f64 > run_us).then(|| Remark {
            code: "lint::window",
            text: format!(
                "a window of {} is longer than the {ends_first}, in which {} of event time pass: \
                 none is ever full, so that this measures windows that are still filling",
                units::show_event_time(size_us),
                shown(run_us)
            ),
            places: vec![self.place(&size_path), self.place("measure.duration"), self.density()],
            advice: match self.fast_enough(size_us) {
                Some(faster) => format!(
                    "measure longer, make event time pass faster ({faster} or more), or ask for a \
                     shorter window"
                ),
                None => format!("ask for a shorter window{}", self.no_longer()),
            },
        })
    }

    /// A bound on disorder that the run never gets past.
    fn watermark_beyond_run(&self) -> Option<Remark> {
        let (path, bound_us) = self.of_window("watermark")?;
        let (run_us, ends_first) = self.seen_us()?;
        (bound_us > 0 && bound_us as f64 >= run_us).then(|| Remark {
            code: "lint::watermark",
            text: format!(
                "a watermark that trails by {} trails by all of the {ends_first}, in which {} of event \
                 time pass: no window ends before the input does, so that hardly an answer is measured",
                units::show_event_time(bound_us),
                shown(run_us)
            ),
            places: vec![self.place(&path), self.place("measure.duration"), self.density()],
            advice: match self.fast_enough(bound_us) {
                Some(faster) => format!(
                    "lower the bound to what disorder there is, measure longer, or make event time \
                     pass faster ({faster} or more)"
                ),
                None => format!("lower the bound to what disorder there is{}", self.no_longer()),
            },
        })
    }

    /// A silence that no run is long enough for.
    fn gap_beyond_run(&self) -> Option<Remark> {
        let (path, gap_us) = self.of_window("gap").or_else(|| self.of_window("length"))?;
        let (run_us, ends_first) = self.seen_us()?;
        (gap_us as f64 >= run_us).then(|| Remark {
            code: "lint::gap",
            text: format!(
                "a silence of {} is as long as the {ends_first}, in which {} of event time pass: none \
                 ends before the input does, so that no answer is measured",
                units::show_event_time(gap_us),
                shown(run_us)
            ),
            places: vec![self.place(&path), self.place("measure.duration"), self.density()],
            advice: match self.fast_enough(gap_us) {
                Some(faster) => format!(
                    "measure longer, make event time pass faster ({faster} or more), or ask for a \
                     shorter one"
                ),
                None => format!("ask for a shorter one{}", self.no_longer()),
            },
        })
    }

    /// A warm-up in which nothing is computed.
    fn no_batch_in_warm_up(&self, engine: &EngineSetting, interval: Duration) -> Option<Remark> {
        let warm_up = self.cell.measure.warm_up;
        (interval > warm_up).then(|| Remark {
            code: "lint::warm_up",
            text: format!(
                "an interval of {} is longer than the warm-up ({}): the first batch of {} is \
                 computed in the measured part, cold as it is",
                units::show_duration(interval),
                units::show_duration(warm_up),
                engine.label
            ),
            places: vec![self.interval(engine, interval), self.place("measure.warm_up")],
            advice: format!(
                "warm up for {} or more, or shorten the interval",
                units::show_duration(interval * 2)
            ),
        })
    }

    /// A warm-up that is looked for so long that little may be left behind it.
    fn warm_up_beyond_half(&self) -> Option<Remark> {
        let measure = self.cell.measure;
        let (cap, duration) = (measure.warm_up, measure.duration);
        let floor = measure.warm_up_floor.filter(|_| cap > duration)?;
        let shown = units::show_duration;
        let lower = if floor <= duration {
            format!(", or lower measure.warm_up_cap to {}", shown(duration))
        } else {
            String::new()
        };
        Some(Remark {
            code: "lint::warm_up_cap",
            text: format!(
                "a warm-up of up to {} is more than the {} behind it: an engine that takes so long \
                 is judged by less than half of its run",
                shown(cap),
                shown(duration)
            ),
            places: vec![self.place("measure.warm_up_cap"), self.place("measure.duration")],
            advice: format!("measure for {} or more{lower}", shown(cap)),
        })
    }

    /// Processors for engines of which none has a process of its own.
    fn nobody_to_pin(&self) -> Option<Remark> {
        let is_of_host = |written: &&Written| written.key.starts_with("host.");
        let set: Vec<&Written> = self.written.iter().filter(is_of_host).collect();
        let is_embedded = |engine: &EngineSetting| engine.kind.is_embedded();
        (!set.is_empty() && self.cell.engines.iter().all(is_embedded)).then(|| Remark {
            code: "lint::host",
            text: "[host] says on which processors engines in processes of their own run, and all \
                   engines here are embedded in this program: it does nothing"
                .to_owned(),
            places: set.into_iter().map(|written| place_of(&written.key, Some(written))).collect(),
            advice:
                "leave it out, or compare a real engine (sluicebench engines); who wants all of \
                     this program on certain processors starts it there (taskset -c 0-3)"
                    .to_owned(),
        })
    }

    /// Windows that begin and end within one batch.
    fn windows_in_a_batch(&self, engine: &EngineSetting, interval: Duration) -> Option<Remark> {
        let (size_path, size_us) = self.of_window("size")?;
        let batch_us = self.event_us_of(interval)?;
        let density = event_us_per_second(&self.settings)?;
        let lasts = Duration::try_from_secs_f64(size_us as f64 / density as f64).ok()?;
        (lasts < interval).then(|| Remark {
            code: "lint::windows_in_a_batch",
            text: format!(
                "a batch of {} holds {} of event time, more than a whole window ({}, which passes \
                 in {}): {} answers several windows at once, and the latency of each is that of \
                 the batch",
                units::show_duration(interval),
                shown(batch_us),
                units::show_event_time(size_us),
                units::show_duration(lasts),
                engine.label
            ),
            places: vec![self.interval(engine, interval), self.place(&size_path), self.density()],
            advice: format!(
                "make event time pass slower ({} or less), or set an interval of {} or less",
                self.slower(size_us as f64 / interval.as_secs_f64()),
                units::show_duration(lasts)
            ),
        })
    }

    /// Windows over so many batches that adding them up takes longer than the slide lasts.
    fn batches_added_up(&self, engine: &EngineSetting) -> Option<Remark> {
        let EngineKind::SparkDstream(dstream) = &engine.kind else { return None };
        let (size_path, size_us) = self.of_window("size")?;
        let slide_us = self.of_window("slide").map_or(size_us, |(_, slide_us)| slide_us);
        let density = event_us_per_second(&self.settings)? as f64;
        let [size, slide] = [size_us, slide_us].map(|us| us as f64 / density);
        let batches = size / dstream.interval.as_secs_f64();
        let takes = batches * TASK.as_secs_f64();
        (dstream.algorithm == "recompute" && takes > slide).then(|| {
            let asked = self.settings.choices("query.window.aggregates").unwrap_or_default();
            let has_extremes = asked.iter().any(|name| matches!(name.as_str(), "min" | "max"));
            let inverse = if has_extremes {
                "ask for count, sum and mean only and set engine.spark-dstream.algorithm = \"inverse\""
            } else {
                "set engine.spark-dstream.algorithm = \"inverse\", which takes out what leaves"
            };
            Remark {
                code: "lint::batches_added_up",
                text: format!(
                    "{} adds up all {batches:.0} batches of a window at each slide, a task for each: \
                     by a millisecond a task that is {}, and a slide lasts {}, so that it falls behind \
                     and takes hours for windows to close",
                    engine.label,
                    shown(takes * 1e6),
                    shown(slide * 1e6)
                ),
                places: vec![
                    self.place("engine.spark-dstream.algorithm"),
                    self.interval(engine, dstream.interval),
                    self.place(&size_path),
                ],
                advice: format!("{inverse}, or let it slide further and set a longer interval"),
            }
        })
    }

    /// A trace of which a window may hold more than Storm lets be under way.
    fn held_by_a_window(&self, engine: &EngineSetting) -> Option<Remark> {
        let EngineKind::Storm(storm) = &engine.kind else { return None };
        let is_tracked = storm.has_own_windows() && storm.ackers > 0;
        let (size_path, size_us) = self.of_window("size")?;
        (is_tracked && self.cell.load == Load::Trace).then(|| Remark {
            code: "lint::held_by_a_window",
            text: format!(
                "{} acknowledges an event when it leaves its window, and {} of a partition may be under \
                 way: where {} of the trace hold more, with slide, watermark and watermark_interval, it \
                 stands still there and answers nothing any more",
                engine.label,
                storm.max_spout_pending,
                units::show_event_time(size_us)
            ),
            places: vec![self.place("engine.storm.max_spout_pending"), self.place(&size_path)],
            advice: "set engine.storm.max_spout_pending to more than such a stretch holds, or \
                     engine.storm.ackers = 0, which tracks none, or engine.storm.windows = \"marks\""
                .to_owned(),
        })
    }

    /// A length of the question, in microseconds of event time, and its path.
    fn of_window(&self, key: &str) -> Option<(String, i64)> {
        let path = below(self.settings.picked("query")?.path, key);
        let length_us = self.settings.event_time(&path)?;
        Some((path, length_us))
    }

    /// How much event time passes before the input ends, in microseconds, and what ends first.
    fn seen_us(&self) -> Option<(f64, &'static str)> {
        let run_us = self.event_us_of(self.length())?;
        Some(match self.span_us.filter(|_| self.is_trace()) {
            Some(span_us) if (span_us as f64) < run_us => (span_us as f64, "trace"),
            _ => (run_us, "run"),
        })
    }

    fn is_trace(&self) -> bool {
        self.density_path() == "source.trace.speed"
    }

    /// How fast event time has to pass for a run to see so much of it; none where its trace does not
    /// have it, or may not have it.
    fn fast_enough(&self, us: i64) -> Option<String> {
        let has = |span_us: u64| span_us > us.unsigned_abs();
        let may_be = !self.is_trace() || self.span_us.is_some_and(has);
        may_be.then(|| self.faster(us as f64 / self.length().as_secs_f64()))
    }

    /// Why no other length helps, where that is known.
    fn no_longer(&self) -> &'static str {
        if self.span_us.is_some() { ": no run of this trace is longer" } else { "" }
    }

    fn length(&self) -> Duration {
        self.cell.measure.warm_up + self.cell.measure.duration
    }

    /// How much event time passes meanwhile, in microseconds.
    fn event_us_of(&self, length: Duration) -> Option<f64> {
        Some(length.as_secs_f64() * event_us_per_second(&self.settings)? as f64)
    }

    /// The path of what says how fast event time passes.
    fn density_path(&self) -> String {
        match self.settings.picked("source").map(|source| source.path) {
            Some("source.trace") | None => "source.trace.speed".to_owned(),
            Some(source) => below(source, "event_time_per_second"),
        }
    }

    fn density(&self) -> String {
        self.place(&said_by(&self.settings))
    }

    /// How fast event time has to pass, as it would be written; rounded up.
    fn faster(&self, us_per_second: f64) -> String {
        self.pace(us_per_second, f64::ceil)
    }

    /// The same, rounded down.
    fn slower(&self, us_per_second: f64) -> String {
        self.pace(us_per_second, f64::floor)
    }

    fn pace(&self, us_per_second: f64, round: fn(f64) -> f64) -> String {
        let path = self.density_path();
        if path == "source.trace.speed" {
            let speed = us_per_second / 1e6;
            let speed = if speed < 10.0 { round(speed * 100.0) / 100.0 } else { round(speed) };
            return format!("{path} = {speed}");
        }
        let steps = [1e6, 1e3].into_iter().find(|step| us_per_second >= *step);
        let step = steps.unwrap_or(1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
        let us = (round(us_per_second / step) * step).max(1.0) as i64;
        format!("{path} = \"{}\"", units::show_event_time(us))
    }

    /// A setting by its path, and where it was written.
    fn place(&self, path: &str) -> String {
        place_of(path, self.written.iter().find(|written| written.key == path))
    }

    /// The interval of an engine. Of several settings of one engine each has a number, so that it
    /// is looked for by its value.
    fn interval(&self, engine: &EngineSetting, interval: Duration) -> String {
        let table = below("engine", engine.kind.name());
        let is_this = |written: &&Written| {
            let value = units::duration(written.value.trim_matches('"'));
            written.key.starts_with(&table)
                && written.key.ends_with(".interval")
                && value.is_ok_and(|value| value == interval)
        };
        place_of(&below(&table, "interval"), self.written.iter().find(is_this))
    }
}

/// A setting, and where it was written.
fn place_of(path: &str, written: Option<&Written>) -> String {
    match written {
        Some(Written { value, from, line: Some(line), .. }) => {
            format!("{path} = {value} ({from}, line {line})")
        }
        Some(Written { value, from, line: None, .. }) => format!("{path} = {value} ({from})"),
        None => format!("{path} (a default)"),
    }
}

/// So many microseconds of event time, no more exact than they were computed.
fn shown(us: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let us = us.round() as i64;
    units::show_event_time(us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Given, Traces};
    use scenarios::catalog::{SCENARIOS, SUITES};

    fn linted(name: &str, settings: &[&str]) -> Vec<Remark> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = config::load(&[name.to_owned()], &given, &[], Traces::MayBeAbsent);
        let loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
        let cells = loaded.cells.iter().zip(&loaded.written);
        cells.flat_map(|(cell, written)| remarks(cell, written, None)).collect()
    }

    fn codes(name: &str, settings: &[&str]) -> Vec<&'static str> {
        linted(name, settings).iter().map(|remark| remark.code).collect()
    }

    #[test]
    fn each_is_said_from_where_it_begins_and_not_before() {
        // Six seconds, of them one of warm-up; a second of event time in each.
        for (settings, want) in [
            (&["query.window.size=6s"][..], &[][..]),
            (&["query.window.size=6100ms"], &["lint::window"]),
            (&["query.window.watermark=5900ms"], &[]),
            (&["query.window.watermark=6s"], &["lint::watermark"]),
            (&["engine.micro-batch.interval=1s"], &[]),
            (&["engine.micro-batch.interval=1100ms", "query.window.size=2s"], &["lint::warm_up"]),
            (
                &["engine.micro-batch.interval=1s", "query.window.size=900ms"],
                &["lint::windows_in_a_batch"],
            ),
            (&["source.synthetic.event_time_per_second=11s"], &[]),
            (&["source.synthetic.event_time_per_second=12s"], &["lint::windows_in_a_batch"]),
            (&["measure.warm_up=auto"], &["lint::warm_up_cap"]),
            (&["measure.warm_up=auto", "measure.duration=30s"], &[]),
            (&["measure.warm_up=auto", "measure.duration=29s"], &["lint::warm_up_cap"]),
            (&["measure.warm_up=30s"], &[]),
            (&["host.engine_cpus=0"], &["lint::host"]),
            (&["host.engine_cpus=0", "host.harness_cpus=none"], &["lint::host"]),
            (&["host.engine_cpus=0", "engine.flink.heap=1GiB"], &["lint::warm_up_cap"]),
        ] {
            assert_eq!(codes("keyed-window", settings), want, "{settings:?}");
        }
        // Six seconds, and a hundred of event time in each.
        assert_eq!(codes("sessions", &["query.session.gap=599s"]), [""; 0]);
        assert_eq!(codes("sessions", &["query.session.gap=600s"]), ["lint::gap"]);
        assert_eq!(codes("silent-meters", &["query.silence.length=59s"]), [""; 0]);
        assert_eq!(codes("silent-meters", &["query.silence.length=60s"]), ["lint::gap"]);
        // Where nothing waits for a window there is nothing to be said of one.
        assert_eq!(codes("identity", &[]), [""; 0]);
    }

    #[test]
    fn what_to_write_instead_is_in_order() {
        let slower = linted("flight-departures", &[]);
        assert_eq!(slower[0].code, "lint::windows_in_a_batch");
        assert!(slower[0].advice.contains("source.trace.speed = 18000 or less"), "{slower:?}");
        assert_eq!(codes("flight-departures", &["source.trace.speed=18000"]), [""; 0]);
        let longer = linted("keyed-window", &["query.window.size=1h"]);
        let advice = &longer[0].advice;
        assert!(advice.contains("event_time_per_second = \"10min\" or more"), "{advice}");
        let capped = |duration: &str| {
            linted("keyed-window", &["measure.warm_up=auto", duration]).remove(0).advice
        };
        assert_eq!(capped("measure.duration=5s"), "measure for 30s or more");
        assert_eq!(
            capped("measure.duration=20s"),
            "measure for 30s or more, or lower measure.warm_up_cap to 20s"
        );
        let faster = ["query.window.size=1h", "source.synthetic.event_time_per_second=10min"];
        assert_eq!(codes("keyed-window", &faster), [""; 0]);
    }

    #[test]
    fn a_window_of_many_batches_is_not_to_be_added_up_at_each_slide() {
        let remarks_of = |settings: &[&str]| {
            let given: Vec<_> = settings.iter().map(|it| Given::set(*it)).collect();
            let dstream = ["spark-dstream".to_owned()];
            let name = ["keyed-window".to_owned()];
            let loaded = config::load(&name, &given, &dstream, Traces::MayBeAbsent);
            let loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
            let remarks = remarks(&loaded.cells[0], &loaded.written[0], None);
            remarks.into_iter().filter(|it| it.code == "lint::batches_added_up").collect::<Vec<_>>()
        };
        // A hundred batches of 100 ms each are a millisecond each, as much as a slide of 100 ms.
        let interval = "engine.spark-dstream.interval=100ms";
        let [ten, more] = ["query.window.size=10s", "query.window.size=10100ms"];
        assert!(remarks_of(&[interval, ten]).is_empty());
        let said = remarks_of(&[interval, more]);
        assert!(said[0].text.contains("all 101 batches of a window at each slide"), "{said:?}");
        assert!(said[0].text.contains("that is 101ms, and a slide lasts 100ms"), "{said:?}");
        assert!(said[0].advice.contains("which takes out what leaves"), "{said:?}");
        let inverse = "engine.spark-dstream.algorithm=inverse";
        assert!(remarks_of(&[interval, more, inverse]).is_empty());
        let extremes = "query.window.aggregates=[\"count\", \"max\"]";
        let said = remarks_of(&[interval, more, extremes]);
        assert!(said[0].advice.starts_with("ask for count, sum and mean only"), "{said:?}");
        // A window that does not slide is added up once.
        let tumbling = ["query.window.size=10s", "query.window.slide=10s"];
        assert!(remarks_of(&[&[interval], &tumbling[..]].concat()).is_empty());
    }

    #[test]
    fn of_a_trace_nobody_knows_whether_storms_own_windows_hold_too_much() {
        let remarks_of = |name: &str, settings: &[&str]| {
            let own = ["engine.storm.open_ports=true", "engine.storm.windows=storm"];
            let given: Vec<_> = own.iter().chain(settings).map(|it| Given::set(*it)).collect();
            let storm = ["storm".to_owned()];
            let loaded =
                config::load(&[name.to_owned()], &given, &storm, Traces::MayBeAbsent).unwrap();
            let remarks = remarks(&loaded.cells[0], &loaded.written[0], None);
            remarks.into_iter().filter(|it| it.code == "lint::held_by_a_window").collect::<Vec<_>>()
        };
        let timeout = "engine.storm.message_timeout=5h";
        let [remark] = &remarks_of("flight-departures", &[timeout])[..] else { panic!("none") };
        assert!(remark.text.contains("storm acknowledges an event"), "{remark:?}");
        assert!(remark.places[0].contains("max_spout_pending"), "{remark:?}");
        let ways_out = ["engine.storm.ackers=0", "engine.storm.windows=marks"];
        for way_out in ways_out {
            assert_eq!(remarks_of("flight-departures", &[timeout, way_out]), [], "{way_out}");
        }
        let slow = "source.synthetic.rate=\"100/s\"";
        assert_eq!(remarks_of("keyed-window", &[slow]), [], "its rate is known");
    }

    #[test]
    fn it_says_what_where_and_what_to_do() {
        let remarks = linted("keyed-window", &["query.window.size=1h", "measure.warm_up=50ms"]);
        let text: String = remarks.iter().map(|remark| remark.indented("")).collect();
        insta::assert_snapshot!(text, @r#"
        warning[lint::window]: a window of 1h is longer than the run, in which 5050ms of event time pass: none is ever full, so that this measures windows that are still filling
          at query.window.size = 1h (command line); measure.duration = "5s" (keyed-window.toml, built in, line 26); source.synthetic.event_time_per_second (a default)
          help: measure longer, make event time pass faster (source.synthetic.event_time_per_second = "713s" or more), or ask for a shorter window
        warning[lint::warm_up]: an interval of 90ms is longer than the warm-up (50ms): the first batch of micro-batch is computed in the measured part, cold as it is
          at engine.micro-batch.interval = "90ms" (keyed-window.toml, built in, line 20); measure.warm_up = 50ms (command line)
          help: warm up for 180ms or more, or shorten the interval
        "#);
    }

    #[test]
    fn of_a_trace_no_speed_is_named_that_does_not_help() {
        let told = |settings: &[&str], span_s: Option<u64>| {
            let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
            let named = ["flight-departures".to_owned()];
            let loaded = config::load(&named, &given, &[], Traces::MayBeAbsent).unwrap();
            let span_us = span_s.map(|s| s * 1_000_000);
            let remarks = remarks(&loaded.cells[0], &loaded.written[0], span_us);
            remarks
                .into_iter()
                .filter(|remark| ["lint::watermark", "lint::window"].contains(&remark.code))
                .map(|Remark { code, text, advice, .. }| (code, text, advice))
                .collect::<Vec<_>>()
        };
        let hours = |hours: u64| Some(hours * 3_600);
        // Four hours of trace, of which the run sees all.
        let six = ["query.window.watermark=6h", "source.trace.speed=18000"];
        let short = told(&six, hours(4));
        assert_eq!(short.len(), 1, "{short:?}");
        assert!(short[0].1.contains("all of the trace, in which 4h"), "{short:?}");
        assert!(short[0].2.contains("no run of this trace is longer"), "{short:?}");
        // A speed at which more of it would be seen changes nothing.
        assert_eq!(
            told(&["query.window.watermark=6h", "source.trace.speed=90000"], hours(4)),
            short
        );
        // A longer trace: faster is a way out, and a run that sees enough of it is none to warn of.
        let slow = told(&["query.window.watermark=6h", "source.trace.speed=1"], hours(400));
        assert!(
            slow[0].2.contains("make event time pass faster (source.trace.speed = "),
            "{slow:?}"
        );
        assert_eq!(told(&six, hours(400)), []);
        // Of a trace that nobody has read to its end, no speed is promised.
        let unread = told(&["query.window.watermark=6h", "source.trace.speed=1"], None);
        assert!(!unread[0].2.contains("speed"), "{unread:?}");
        let window = told(&["query.window.size=400days", "query.window.watermark=0s"], hours(4));
        assert!(window[0].0 == "lint::window" && window[0].1.contains("the trace"), "{window:?}");
    }

    #[test]
    fn nothing_that_is_made_up_here_is_in_doubt() {
        let all = SCENARIOS.iter().chain(SUITES).map(|(name, _)| *name);
        for name in all {
            let doubtful: Vec<_> = linted(name, &[])
                .into_iter()
                .filter(|one| !one.text.contains("whole window"))
                .collect();
            assert_eq!(doubtful, [], "{name}");
        }
    }
}
