//! A cell made anew from the settings that it carries, as they are or with some of them changed.
//!
//! No text is read on the way, so that a value comes through bit for bit, and no file that may
//! have changed meanwhile is opened again.

use super::build::build;
use super::diagnostic::{Mistake, Rejected};
use super::engines::{EngineSettings, label};
use super::keys;
use super::resolve::resolve_anew;
use super::schema::Key;
use super::settings::{Settings, below};
use super::threshold::Demand;
use crate::plan::Cell;
use crate::plan::settings::{Settled, Typed, Values};

impl Cell {
    /// The cell that these settings were made for, without a second look at what they are: they
    /// are those of a cell. None if they are not.
    pub fn of_settled(settled: &Settled) -> Option<Self> {
        let Parts { settings, engines, demands } = Parts::of(settled)?;
        build(&settings, &engines, &demands)
    }

    /// The same cell with those of its engines, by number, that are kept.
    pub fn keeping(&self, is_kept: impl Fn(usize) -> bool) -> Option<Self> {
        let mut settled = self.settings.clone();
        let mut numbers = 0..;
        settled.engines.retain(|_| numbers.next().is_some_and(&is_kept));
        let cell = Self::of_settled(&settled)?;
        Some(Self { name: self.name.clone(), point: self.point.clone(), ..cell })
    }

    /// The same cell with some keys changed, by their dotted paths: those of the cell, or those of
    /// an engine, which then change in all of its settings. The path `rate` means the rate of
    /// whichever source there is. What contradicts the rest is refused, as in a file.
    pub fn altered(&self, changes: &[(&str, Typed)]) -> Result<Self, Rejected> {
        let mut parts = self.parts()?;
        for (path, value) in changes {
            parts.change(path, value).map_err(Rejected::because)?;
        }
        let Parts { settings, engines, demands } = parts;
        let cell = resolve_anew(&settings, &engines, &demands)
            .map_err(|mistakes| Rejected { mistakes, ..Rejected::default() })?;
        // In a run of several cells the name may have got a number that no file knows.
        Ok(Self { name: self.name.clone(), point: self.point.clone(), ..cell })
    }

    /// The same cell on these settings of its engines and on no others. What is demanded of engines by
    /// name is not demanded of these. What contradicts the rest is refused, as in a file.
    pub fn on(&self, variants: &[Variant]) -> Result<Self, Rejected> {
        let parts = self.parts()?;
        let engines: Result<Vec<_>, Mistake> =
            variants.iter().map(|variant| parts.varied(variant)).collect();
        let engines = engines.map_err(Rejected::because)?;
        let cell = resolve_anew(&parts.settings, &engines, &[])
            .map_err(|mistakes| Rejected { mistakes, ..Rejected::default() })?;
        Ok(Self { name: self.name.clone(), point: self.point.clone(), ..cell })
    }

    fn parts(&self) -> Result<Parts, Rejected> {
        Parts::of(&self.settings).ok_or_else(|| {
            let message = "these are no settings of a cell";
            Rejected::because(Mistake::new("config::unknown_key", message))
        })
    }
}

/// One of a cell's engines, set otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Which of the cell's engines, by number.
    pub engine: usize,
    /// What distinguishes it from other settings of the same engine; none where it is alone.
    pub label: Option<String>,
    /// Keys of the engine's table, such as `interval`, and what each is changed to.
    pub changes: Vec<(&'static str, Typed)>,
}

/// What a cell is built from.
struct Parts {
    settings: Settings,
    engines: Vec<EngineSettings>,
    demands: Vec<Demand>,
}

impl Parts {
    fn of(settled: &Settled) -> Option<Self> {
        let engines: Option<Vec<_>> = settled
            .engines
            .iter()
            .map(|one| EngineSettings::of(&one.name, Settings::of_values(&one.values)?))
            .collect();
        let engines = engines?;
        let labels: Vec<String> = engines.iter().map(label).collect();
        let demand = |values: &Values| Some(Demand::of(Settings::of_values(values)?, &labels));
        Some(Self {
            settings: Settings::of_values(&settled.cell)?,
            demands: settled.thresholds.iter().map(demand).collect::<Option<_>>()?,
            engines,
        })
    }

    fn change(&mut self, path: &str, value: &Typed) -> Result<(), Mistake> {
        let of_source = match (path, self.settings.picked("source")) {
            ("rate", Some(source)) => below(source.path, "rate"),
            _ => path.to_owned(),
        };
        let key = taking(value, &of_source, path)?;
        let engine = |one: &EngineSettings| key.path.starts_with(&below(one.path, ""));
        let mut own = self.engines.iter_mut().filter(|one| engine(one)).peekable();
        match (own.peek(), key.path.starts_with(&below("engine", ""))) {
            (Some(_), _) => own.for_each(|one| one.settings.change(key, value.clone())),
            (None, false) => self.settings.change(key, value.clone()),
            // Among the settings of the cell nobody would ever look for it.
            (None, true) => {
                let message =
                    format!("`{}` is a key of an engine that does not run here", key.path);
                return Err(Mistake::new("config::conflict", message));
            }
        }
        Ok(())
    }

    /// One of the engines, set otherwise.
    fn varied(&self, variant: &Variant) -> Result<EngineSettings, Mistake> {
        let mut engine = self.engines.get(variant.engine).cloned().ok_or_else(|| {
            let message = format!("there are fewer engines than {}", variant.engine + 1);
            Mistake::new("config::no_such_engine", message)
        })?;
        let label = variant.label.clone().map(|label| ("label", Typed::Text(label)));
        engine.settings.remove(&below(engine.path, "label"));
        for (name, value) in variant.changes.iter().cloned().chain(label) {
            let path = below(engine.path, name);
            let key = taking(&value, &path, &path)?;
            engine.settings.change(key, value);
        }
        Ok(engine)
    }
}

/// The key of this path, which takes this value; it is told by the name that it was asked for by.
fn taking(value: &Typed, path: &str, asked: &str) -> Result<&'static Key, Mistake> {
    let unknown = || Mistake::new("config::unknown_key", format!("unknown key `{asked}`"));
    let key = keys::key(path).ok_or_else(unknown)?;
    if key.kind.admits(value) {
        return Ok(key);
    }
    let message = format!("`{}` takes {}", key.name(), key.kind.takes());
    Err(Mistake::new("config::range", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Given, Traces};
    use crate::plan::{EngineKind, EngineSetting, Load, RateShape};
    use std::time::Duration;

    fn cell(settings: &[&str]) -> Cell {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = config::load(&["keyed-window".into()], &given, &[], Traces::MayBeAbsent);
        loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
    }

    const BURST: &str = "source.synthetic.rate={ shape = \"burst\", base = \"1k/s\", peak = \
                         \"9k/s\", every = \"2s\", lasts = \"1s\" }";

    #[test]
    fn a_changed_cell_is_the_one_that_a_file_would_have_asked_for() {
        let ms = |ms| Typed::RunTime(Duration::from_millis(ms));
        let rows: [(&[&str], &str, (&str, Typed)); 6] = [
            (&[], "source.synthetic.rate=15k/s", ("rate", Typed::Rate(15e3))),
            (&[BURST], "source.synthetic.rate=15k/s", ("rate", Typed::Rate(15e3))),
            (&[], "measure.duration=3s", ("measure.duration", ms(3000))),
            (&[], "engine.micro-batch.interval=50ms", ("engine.micro-batch.interval", ms(50))),
            (
                &[],
                "query.window.allowed_lateness=5ms",
                ("query.window.allowed_lateness", Typed::EventTime(5_000)),
            ),
            (&[], "parallelism=2", ("parallelism", Typed::Integer(2))),
        ];
        for (base, said, change) in rows {
            let changed = cell(base).altered(&[change]);
            let changed = changed.unwrap_or_else(|rejected| panic!("{said}: {rejected}"));
            assert_eq!(changed, cell(&[base, &[said]].concat()), "{said}");
        }
    }

    #[test]
    fn a_cell_with_fewer_engines_is_one_of_fewer_settings() {
        let engines = ["micro-batch", "flink", "per-event", "spark-structured"].map(str::to_owned);
        let loaded = config::load(&["identity".into()], &[], &engines, Traces::MayBeAbsent);
        let cell = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
        let is_flink = |one: &EngineSetting| matches!(one.kind, EngineKind::Flink(_));
        let kept = cell.keeping(|engine| !is_flink(&cell.engines[engine])).unwrap();
        let rest: Vec<_> = cell.engines.iter().filter(|one| !is_flink(one)).cloned().collect();
        assert_eq!((kept.engines.len(), &kept.engines), (3, &rest));
        // By its settings it goes to the process of a repetition, and is told from a file.
        assert_eq!(Cell::of_settled(&kept.settings).as_ref(), Some(&kept));
        assert!(!kept.resolved_toml.contains("flink"), "{}", kept.resolved_toml);
    }

    #[test]
    fn a_rate_without_a_short_text_is_offered_bit_for_bit() {
        for rate in [1_234_567.891_234_5, 0.1 + 0.2, 1e9 / 3.0, 5e-324] {
            let cell = cell(&[]).altered(&[("rate", Typed::Rate(rate))]).unwrap();
            let again = Cell::of_settled(&cell.settings).unwrap();
            for cell in [cell, again] {
                let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } = cell.load
                else {
                    panic!("a constant rate was asked for")
                };
                assert_eq!(per_second.to_bits(), rate.to_bits());
            }
        }
    }

    #[test]
    fn an_engine_set_otherwise_several_times_is_what_a_file_would_say() {
        let own = cell(&["engine.micro-batch.label=mine", "parallelism=2"]);
        let ms = |ms| Typed::RunTime(Duration::from_millis(ms));
        let variant = |engine, label: Option<&str>, changes: &[(&'static str, Typed)]| Variant {
            engine,
            label: label.map(str::to_owned),
            changes: changes.to_vec(),
        };
        let varied = own.on(&[
            variant(0, Some("mine"), &[]),
            variant(0, Some("50ms"), &[("interval", ms(50))]),
            variant(1, None, &[("waiting", Typed::Text("park".into()))]),
        ]);
        let varied = varied.unwrap_or_else(|rejected| panic!("{rejected}"));
        let labels: Vec<_> = varied.engines.iter().map(|engine| engine.label.as_str()).collect();
        assert_eq!(labels, ["micro-batch (mine)", "micro-batch (50ms)", "per-event"]);
        assert_eq!(varied.engines[0], own.engines[0]);
        assert_eq!(varied.engines[1].kind.interval(), Some(Duration::from_millis(50)));
        assert_eq!((varied.parallelism, &varied.case), (own.parallelism, &own.case));
        assert_eq!(config::of_text(&varied.resolved_toml).unwrap().engines, varied.engines);
        assert_eq!(Cell::of_settled(&varied.settings).unwrap().engines, varied.engines);
        let code = |variants: &[Variant]| own.on(variants).expect_err("refused").mistakes[0].code;
        assert_eq!(code(&[variant(0, None, &[("interval", ms(0))])]), "config::range");
        assert_eq!(code(&[variant(1, None, &[("interval", ms(5))])]), "config::unknown_key");
        let batches = ("windows", Typed::Text("batches".into()));
        assert_eq!(code(&[variant(0, None, &[batches, ("interval", ms(70))])]), "config::conflict");
        assert_eq!(code(&[variant(0, None, &[]), variant(0, None, &[])]), "config::conflict");
    }

    #[test]
    fn an_engine_changes_in_all_of_its_settings() {
        let suite = config::load(&["windows".into()], &[], &[], Traces::MayBeAbsent);
        let several = |cell: &Cell| {
            cell.engines.iter().filter(|engine| engine.kind.interval().is_some()).count() > 1
        };
        let cell = suite.unwrap().cells.into_iter().find(several).expect("such a suite");
        let attempts = "engine.micro-batch.attempts";
        let cell = cell.altered(&[(attempts, Typed::Integer(7))]).unwrap();
        for engine in &cell.engines {
            if let EngineKind::MicroBatch { attempts, .. } = engine.kind {
                assert_eq!(attempts, 7, "{}", engine.label);
            }
        }
    }

    #[test]
    fn what_no_file_could_say_is_refused() {
        let refused = |path: &str, value: Typed| {
            let rejected = cell(&[]).altered(&[(path, value)]).expect_err(path);
            (rejected.mistakes[0].code, rejected.mistakes[0].message.clone())
        };
        let (code, _) = refused("rate", Typed::Rate(0.0));
        assert_eq!(code, "config::range");
        let (code, _) = refused("rate", Typed::Rate(f64::INFINITY));
        assert_eq!(code, "config::range");
        let (code, _) = refused("rate", Typed::Text("50k/s".into()));
        assert_eq!(code, "config::range");
        let (code, message) = refused("source.synthetic.raet", Typed::Rate(1.0));
        assert_eq!(
            (code, &*message),
            ("config::unknown_key", "unknown key `source.synthetic.raet`")
        );
        let (code, _) = refused("query.window.slide", Typed::EventTime(3_600_000_000));
        assert_eq!(code, "config::conflict");
    }

    #[test]
    fn an_engine_that_does_not_run_is_not_changed() {
        let of = |name| keys::children("engine").find(|key| key.name() == name).expect(name).path;
        let without = |name| {
            let mut settled = cell(&[]).settings;
            settled.engines.retain(|engine| engine.name != name);
            Cell::of_settled(&settled).expect("what is left is a cell")
        };
        let cell = without("micro-batch");
        let path = below(of("micro-batch"), "attempts");
        let rejected = cell.altered(&[(&path, Typed::Integer(7))]).expect_err("nobody has it");
        let Mistake { code, message, .. } = &rejected.mistakes[0];
        assert_eq!(
            (*code, &**message),
            (
                "config::conflict",
                "`engine.micro-batch.attempts` is a key of an engine that does not run here"
            )
        );
    }
}
