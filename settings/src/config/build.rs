//! From settings without a mistake to the cell that they mean.
//!
//! Nothing is read, checked or filled in here: every key that applies has a value of its type.

use super::density::event_us_per_second;
use super::engines::{EngineSettings, engine};
use super::settings::{Settings, below, caps};
use super::threshold::Demand;
use super::{shape, transport, write};
use crate::plan::settings::{OfEngine, Settled};
use crate::plan::{Cell, Cpus, Load, Marks, Measure, Pinning};
use engines::{CountSpec, JoinSpec, SessionSpec, Timestamp, Touch, WindowSpec};
use scenarios::spec::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, NotationSpec, OnBadRow, QuerySpec,
    SilenceSpec, SyntheticSpec, TimeUnit, TraceSpec, ValuesSpec, WordsSpec, WorkloadSpec,
};

/// The cell; none if a key is missing that applies, or has a value of another type.
pub(super) fn build(
    settings: &Settings,
    all: &[EngineSettings],
    demands: &[Demand],
) -> Option<Cell> {
    let source = settings.picked("source")?.path;
    let query = settings.picked("query")?.path;
    let of = |key: &str| below(source, key);
    let workload = match source {
        "source.synthetic" => WorkloadSpec::Synthetic(SyntheticSpec {
            keys: keys(settings)?,
            rotate_every: settings.run_time(&of("keys.zipf.rotate_every")),
            values: values(settings)?,
            decimals: settings.integer(&of("decimals"))?,
            payload_bytes: usize::try_from(settings.size(&of("payload"))?).ok()?,
            disorder: disorder(settings, &of("disorder"))?,
            silence: silence(settings, &of("disorder.silence"))?,
            event_us_per_second: event_us_per_second(settings)?,
            origin: ORIGIN,
        }),
        "source.words" => WorkloadSpec::Words(WordsSpec {
            dictionary: settings.integer(&of("dictionary"))?,
            exponent: settings.number(&of("exponent"))?,
            words_per_line: settings.integer(&of("words_per_line"))?,
            disorder: disorder(settings, &of("disorder"))?,
            event_us_per_second: event_us_per_second(settings)?,
            origin: ORIGIN,
        }),
        _ => WorkloadSpec::Trace(TraceSpec {
            path: settings.text(&of("path"))?.into(),
            arrival: settings.text(&of("arrival"))?.to_owned(),
            event_time: settings.text(&of("event_time"))?.to_owned(),
            key: settings.text(&of("key")).map(str::to_owned),
            value: settings.text(&of("value")).map(str::to_owned),
            speed: settings.number(&of("speed"))?,
            on_bad_row: match settings.text(&of("on_bad_row"))? {
                "reject" => OnBadRow::Reject,
                _ => OnBadRow::Fail,
            },
            notation: notation(settings, source)?,
        }),
    };
    let load = match source {
        "source.trace" => Load::Trace,
        _ => Load::Synthetic {
            rate: shape::rate(settings, source)?,
            arrivals: shape::arrivals(settings, source)?,
        },
    };
    let question = match query {
        "query.identity" => QuerySpec::Identity,
        "query.word-count" => QuerySpec::WordCount { window: window(settings, query)? },
        "query.session" => QuerySpec::Session {
            session: session(settings, query)?,
            aggregates: aggregates(settings, query)?,
            keyed: settings.flag(&below(query, "keyed"))?,
        },
        "query.counted" => QuerySpec::Counted {
            count: counted(settings, query)?,
            aggregates: aggregates(settings, query)?,
            keyed: settings.flag(&below(query, "keyed"))?,
        },
        "query.silence" => QuerySpec::Silence {
            silence: silent(settings, query)?,
            aggregates: aggregates(settings, query)?,
        },
        "query.join" => QuerySpec::Join {
            join: join(settings, query)?,
            left_below: settings.integer(&below(query, "left_below"))?,
        },
        _ => QuerySpec::Window {
            window: window(settings, query)?,
            aggregates: aggregates(settings, query)?,
            keyed: settings.flag(&below(query, "keyed"))?,
        },
    };
    Some(Cell {
        name: settings.text("name")?.to_owned(),
        title: settings.text("title")?.to_owned(),
        scenario: settings.text("scenario")?.to_owned(),
        case: CaseSpec { workload, query: question },
        load,
        // Without windows there is nothing that a watermark could complete.
        watermark_bound_us: settings.event_time(&below(query, "watermark")).unwrap_or(0),
        marks: marks(settings, source)?,
        idle_after: settings.run_time(&of("idle_after")),
        partitions: settings.integer(&of("partitions"))?,
        engines: all.iter().map(engine).collect::<Option<_>>()?,
        transport: transport::transport(settings)?,
        pinning: pinning(settings)?,
        parallelism: settings.integer("parallelism")?,
        seed: settings.integer("seed")?,
        measure: measure(settings)?,
        thresholds: demands.iter().filter_map(|demand| demand.threshold.clone()).collect(),
        settings: settled(settings, all, demands),
        resolved_toml: write::scenario(settings, all, demands),
        point: Vec::new(),
    })
}

/// How a trace writes what is in it.
fn notation(settings: &Settings, source: &str) -> Option<NotationSpec> {
    let text = |key: &str| settings.text(&below(source, key));
    let unit = |name: &str| TimeUnit::ALL.into_iter().find(|unit| unit.name() == name);
    Some(NotationSpec {
        time_unit: text("time_unit").and_then(unit),
        time_zone: text("time_zone").map(str::to_owned),
        time_origin: text("time_origin").map(str::to_owned),
        delimiter: text("delimiter").and_then(|text| text.chars().next()),
        decimal_comma: settings.flag(&below(source, "decimal_comma"))?,
        header: settings.flag(&below(source, "header"))?,
    })
}

/// What the cell carries of its settings.
fn settled(settings: &Settings, all: &[EngineSettings], demands: &[Demand]) -> Settled {
    let of_engine = |engine: &EngineSettings| OfEngine {
        name: engine.name.to_owned(),
        values: engine.settings.values(),
    };
    Settled {
        cell: settings.values(),
        engines: all.iter().map(of_engine).collect(),
        thresholds: demands.iter().map(|demand| demand.settings.values()).collect(),
    }
}

/// The event time at the start of a run over made-up events. Windows are aligned to it.
const ORIGIN: Timestamp = Timestamp::from_micros(0);

/// Where marks stand: one of the two keys is there.
fn marks(settings: &Settings, source: &str) -> Option<Marks> {
    let every = settings.integer(&below(source, "watermark_every")).map(Marks::Every);
    every.or_else(|| settings.run_time(&below(source, "watermark_period")).map(Marks::Period))
}

/// Which processors are whose, where somebody says.
fn pinning(settings: &Settings) -> Option<Pinning> {
    let of = |path| settings.text(path).map_or(Some(Cpus::Auto), |text| text.parse().ok());
    Some(Pinning { engine: of("host.engine_cpus")?, harness: of("host.harness_cpus")? })
}

fn measure(settings: &Settings) -> Option<Measure> {
    let duration = settings.run_time("measure.duration")?;
    let input_memory = settings.size("measure.input_memory");
    Some(match settings.run_time("measure.warm_up") {
        Some(warm_up) => Measure { warm_up, warm_up_floor: None, duration, input_memory },
        None => Measure {
            warm_up: settings.run_time("measure.warm_up_cap")?,
            warm_up_floor: Some(settings.run_time("measure.warm_up_floor")?),
            duration,
            input_memory,
        },
    })
}

fn keys(settings: &Settings) -> Option<KeysSpec> {
    let key = settings.picked("source.synthetic.keys")?;
    if key.name() == "weights" {
        return Some(KeysSpec::Weights {
            ranks: settings.integers(&below(key.path, "ranks"))?,
            weights: settings.numbers(&below(key.path, "weights"))?,
        });
    }
    let count = settings.integer(&below(key.path, "count"))?;
    Some(match key.name() {
        "zipf" => {
            KeysSpec::Zipf { count, exponent: settings.number(&below(key.path, "exponent"))? }
        }
        _ => KeysSpec::Uniform { count },
    })
}

fn values(settings: &Settings) -> Option<ValuesSpec> {
    let key = settings.picked("source.synthetic.values")?;
    let of = |name: &str| below(key.path, name);
    Some(match key.name() {
        "constant" => ValuesSpec::Constant(settings.integer(key.path)?),
        "quantiles" => ValuesSpec::Quantiles(settings.integers(key.path)?),
        "normal" => ValuesSpec::Normal {
            mean: settings.number(&of("mean"))?,
            deviation: settings.number(&of("deviation"))?,
        },
        _ => ValuesSpec::Uniform {
            low: settings.integer(&of("low"))?,
            high: settings.integer(&of("high"))?,
        },
    })
}

/// `Some(None)` where there is no disorder.
#[expect(clippy::option_option, reason = "the outer one is a key that is missing")]
fn disorder(settings: &Settings, path: &str) -> Option<Option<DisorderSpec>> {
    let delay = below(path, "delay");
    // A silence may stand alone.
    if !settings.has(path)
        || (settings.has(&below(path, "silence")) && settings.picked(&delay).is_none())
    {
        return Some(None);
    }
    let key = settings.picked(&delay)?;
    let of = |name: &str| settings.event_time(&below(key.path, name));
    let delay = match key.name() {
        "exponential" => DelaySpec::Exponential { mean_us: of("mean")? },
        "pareto" => DelaySpec::Pareto {
            scale_us: of("scale")?,
            shape: settings.number(&below(key.path, "shape"))?,
        },
        "uniform" => DelaySpec::Uniform { low_us: of("low")?, high_us: of("high")? },
        "quantiles" => DelaySpec::Quantiles(settings.event_times(key.path)?),
        _ => DelaySpec::Constant { us: settings.event_time(key.path)? },
    };
    Some(Some(DisorderSpec {
        fraction: settings.number(&below(path, "fraction"))?,
        delay,
        cap_us: caps(path).iter().find_map(|path| settings.event_time(path)),
    }))
}

/// `Some(None)` where nobody falls silent.
#[expect(clippy::option_option, reason = "the outer one is a key that is missing")]
fn silence(settings: &Settings, path: &str) -> Option<Option<SilenceSpec>> {
    if !settings.has(path) {
        return Some(None);
    }
    let of = |key: &str| settings.run_time(&below(path, key));
    Some(Some(SilenceSpec {
        share: settings.number(&below(path, "share"))?,
        every: of("every")?,
        lasts: of("lasts")?,
        flood: of("flood")?,
    }))
}

fn aggregates(settings: &Settings, query: &str) -> Option<Vec<AggregateName>> {
    let asked = settings.choices(&below(query, "aggregates"))?;
    let named = |name: &String| AggregateName::ALL.into_iter().find(|one| one.name() == *name);
    Some(asked.iter().filter_map(named).collect())
}

fn session(settings: &Settings, query: &str) -> Option<SessionSpec> {
    let of = |key: &str| settings.event_time(&below(query, key));
    let touch = match settings.text(&below(query, "touch"))? {
        "merge" => Touch::Merge,
        _ => Touch::Split,
    };
    SessionSpec::new(of("gap")?)
        .and_then(|session| session.with_allowed_lateness(of("allowed_lateness").unwrap_or(0)))
        .map(|session| session.touching(touch))
        .ok()
}

fn counted(settings: &Settings, query: &str) -> Option<CountSpec> {
    let of = |key: &str| settings.integer(&below(query, key));
    CountSpec::sliding(of("size")?, of("slide")?).ok()
}

fn silent(settings: &Settings, query: &str) -> Option<engines::SilenceSpec> {
    let of = |key: &str| settings.event_time(&below(query, key));
    let after = settings.integer(&below(query, "after"))?;
    engines::SilenceSpec::new(of("length")?, after, of("forget_after")?).ok()
}

fn join(settings: &Settings, query: &str) -> Option<JoinSpec> {
    let of = |key: &str| settings.event_time(&below(query, key));
    let join = match of("size") {
        Some(size) => JoinSpec::window(size),
        None => JoinSpec::interval(of("lower")?, of("upper")?),
    };
    let is_left = settings.text(&below(query, "kind"))? == "left";
    join.map(|join| if is_left { join.left() } else { join }).ok()
}

fn window(settings: &Settings, query: &str) -> Option<WindowSpec> {
    let of = |key: &str| settings.event_time(&below(query, key));
    WindowSpec::sliding(of("size")?, of("slide")?)
        .and_then(|window| window.with_allowed_lateness(of("allowed_lateness").unwrap_or(0)))
        .ok()
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Given, Traces};
    use crate::plan::Cell;
    use crate::plan::settings::Typed;

    fn cell(settings: &[&str]) -> Result<Cell, String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines = ["flink".to_owned()];
        config::load(&["identity".to_owned()], &given, &engines, Traces::MayBeAbsent)
            .map(|mut loaded| loaded.cells.swap_remove(0))
            .map_err(|rejected| rejected.to_string())
    }

    #[test]
    fn processors_are_read_as_people_write_them_and_come_over() {
        let plain = cell(&[]).unwrap();
        assert_eq!(plain.pinning, crate::plan::Pinning::default());
        assert!(!plain.resolved_toml.contains("[host]"), "nobody spoke of them");
        let shown =
            |cell: &Cell| (cell.pinning.engine.to_string(), cell.pinning.harness.to_string());
        for (settings, engine, harness) in [
            (&["host.engine_cpus=0"][..], "0", "auto"),
            (&["host.engine_cpus=2-5", "host.harness_cpus=0,2"], "2-5", "0,2"),
            (&["host.harness_cpus=none"], "auto", "none"),
            (&["host.engine_cpus=3", "host.harness_cpus=\"0, 1\""], "3", "0,1"),
            (&["host={ engine_cpus = 1 }"], "1", "auto"),
        ] {
            let cell = cell(settings).unwrap_or_else(|why| panic!("{settings:?}: {why}"));
            assert_eq!(shown(&cell), (engine.to_owned(), harness.to_owned()), "{settings:?}");
            assert!(cell.resolved_toml.contains(&format!("engine_cpus = \"{engine}\"")));
            assert_eq!(Cell::of_settled(&cell.settings).as_ref(), Some(&cell));
        }
        let by = |text: &str| Typed::Text(text.to_owned());
        let moved = plain.altered(&[("host.engine_cpus", by("0"))]).unwrap();
        assert_eq!(shown(&moved), ("0".to_owned(), "auto".to_owned()));
    }

    #[test]
    fn only_what_depends_on_the_number_of_an_event_goes_round() {
        const MEMORY: &str = "measure.input_memory=1GiB";
        assert_eq!(cell(&[]).unwrap().measure.input_memory, None);
        assert_eq!(cell(&[MEMORY]).unwrap().measure.input_memory, Some(1 << 30));
        let silence = "source.synthetic.disorder.silence={ share = 0.5, every = \"9s\", lasts = \"2s\", \
                       flood = \"1s\" }";
        let rotation = "source.synthetic.keys={ zipf = { count = 9, rotate_every = \"1s\" } }";
        for (changing, said) in [(silence, "keys fall silent"), (rotation, "hot keys change")] {
            let refused = cell(&[MEMORY, changing]).unwrap_err();
            assert!(refused.contains(said), "{refused}");
            assert!(cell(&[changing]).is_ok(), "{said}");
        }
    }

    #[test]
    fn what_is_no_list_of_processors_is_told_with_what_is() {
        for text in ["-1", "5-2", "\"a\"", "1.5", "[0]", "4096", "true"] {
            let said = cell(&[&format!("host.engine_cpus={text}")]).unwrap_err();
            assert!(said.contains("\"2-5\"") && said.contains("\"none\""), "{text}: {said}");
        }
        let said = cell(&["host.engin_cpus=0"]).unwrap_err();
        assert!(said.contains("did you mean `engine_cpus`"), "{said}");
    }
}
