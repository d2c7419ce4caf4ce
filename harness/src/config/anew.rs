//! A cell made anew from the settings that it carries, as they are or with some of them changed.
//!
//! No text is read on the way, so that a value comes through bit for bit, and no file that may
//! have changed meanwhile is opened again.

use super::build::build;
use super::diagnostic::{Mistake, Rejected};
use super::engines::{EngineSettings, label};
use super::keys;
use super::resolve::resolve_anew;
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

    /// The same cell with some keys changed, by their dotted paths: those of the cell, or those of
    /// an engine, which then change in all of its settings. The path `rate` means the rate of
    /// whichever source there is. What contradicts the rest is refused, as in a file.
    pub fn altered(&self, changes: &[(&str, Typed)]) -> Result<Self, Rejected> {
        let broken = || Mistake::new("config::unknown_key", "these are no settings of a cell");
        let mut parts = Parts::of(&self.settings).ok_or_else(|| Rejected::because(broken()))?;
        for (path, value) in changes {
            parts.change(path, value).map_err(Rejected::because)?;
        }
        let Parts { settings, engines, demands } = parts;
        let cell = resolve_anew(&settings, &engines, &demands)
            .map_err(|mistakes| Rejected { mistakes, ..Rejected::default() })?;
        // In a run of several cells the name may have got a number that no file knows.
        Ok(Self { name: self.name.clone(), point: self.point.clone(), ..cell })
    }
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
        let unknown = || Mistake::new("config::unknown_key", format!("unknown key `{path}`"));
        let key = keys::key(&of_source).ok_or_else(unknown)?;
        if !key.kind.admits(value) {
            let message = format!("`{}` takes {}", key.name(), key.kind.takes());
            return Err(Mistake::new("config::range", message));
        }
        let engine = |one: &EngineSettings| key.path.starts_with(&below(one.path, ""));
        let mut own = self.engines.iter_mut().filter(|one| engine(one)).peekable();
        if own.peek().is_none() {
            self.settings.change(key, value.clone());
        }
        own.for_each(|one| one.settings.change(key, value.clone()));
        Ok(())
    }
}
