//! Who races: the engines of a cell, each at several settings, until one setting of each is left.
//!
//! Every engine has a race of its own with as many places as any other, so that none is set worse for
//! want of trying. One that has fewer settings than places tries all that it has, and one with a single
//! setting need not race. Who was better is for the records of each round to say.

use super::space::{Axis, Ground, PARK, WAITING, axes};
use settings::config::diagnostic::Rejected;
use settings::config::{Loaded, Variant};
use settings::plan::settings::Typed;
use settings::plan::{Cell, EngineKind};
use statistics::halving::{Entrant, Race, rounds};

/// The engines of a cell, each at several settings.
pub(super) struct Field<'a> {
    cell: &'a Cell,
    lanes: Vec<Lane>,
}

/// One engine, and its settings that are left.
struct Lane {
    space: Space,
    race: Race,
}

/// All settings of an engine that can be tried.
pub(super) struct Space {
    /// The engine of the cell that they are made from, by number.
    base: usize,
    /// The user's other settings of the same engine, by number.
    others: Vec<usize>,
    pub(super) axes: Vec<Axis>,
    /// Whether it was parked for this study.
    is_parked: bool,
}

/// What an engine can race with, before anything is drawn.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// The engine of the cell that its settings are made from, by number.
    pub(super) base: usize,
    /// How many settings of it the user has.
    own: usize,
    /// How many settings there are at the most.
    all: usize,
}

impl Room {
    /// How many settings race in each round, where so many places were given to each engine; there is no
    /// round where there is nothing to choose from.
    pub(super) fn rounds(&self, places: usize) -> Vec<usize> {
        let first = places.min(self.all).max(self.own);
        if first > 1 { rounds(first) } else { Vec::new() }
    }
}

/// What each engine can race with.
pub(super) fn rooms(ground: &Ground<'_>) -> Vec<Room> {
    let room = |space: Space| {
        let levels: usize = space.levels().iter().product();
        let own = 1 + space.others.len();
        Room { base: space.base, own, all: levels + own - 1 }
    };
    spaces(ground).into_iter().map(room).collect()
}

/// The settings that can be tried of each engine of a cell.
pub(super) fn spaces(ground: &Ground<'_>) -> Vec<Space> {
    let cell = ground.cell;
    let name = |number: usize| cell.engines[number].kind.name();
    let mut spaces: Vec<Space> = Vec::new();
    for number in 0..cell.engines.len() {
        if let Some(space) = spaces.iter_mut().find(|space| name(space.base) == name(number)) {
            space.others.push(number);
            continue;
        }
        let is_parked = ground.is_parked && name(number) == EngineKind::PER_EVENT;
        let fixed: &[&str] = if is_parked { &[] } else { &[WAITING] };
        let axes = axes(ground, number, fixed);
        spaces.push(Space { base: number, others: Vec::new(), axes, is_parked });
    }
    spaces
}

/// Whether somebody has said how the embedded per-event engine waits.
pub fn is_waiting_told(loaded: &Loaded) -> bool {
    let table = format!("engine.{}", EngineKind::PER_EVENT);
    let mut written = loaded.written.iter().flatten();
    written.any(|it| it.key.starts_with(&table) && it.key.ends_with(".waiting"))
}

/// The same cell with its per-event engine parked while it waits: what spins takes processor time that is
/// not that of its work. Its label says so.
pub fn parked(cell: &Cell) -> Result<Cell, Rejected> {
    let variant = |engine: usize| {
        let own = own_label(cell, engine);
        let kind = &cell.engines[engine].kind;
        if !matches!(kind, EngineKind::PerEvent { .. }) {
            return Variant { engine, label: own, changes: Vec::new() };
        }
        let label = own.into_iter().chain([PARK.to_owned()]).collect::<Vec<_>>().join(", ");
        let changes = vec![(WAITING, Typed::Text(PARK.to_owned()))];
        Variant { engine, label: Some(label), changes }
    };
    cell.on(&(0..cell.engines.len()).map(variant).collect::<Vec<_>>())
}

/// What distinguishes an engine from other settings of the same one, where somebody has said it.
fn own_label(cell: &Cell, engine: usize) -> Option<String> {
    let own = &cell.settings.engines[engine];
    match own.values.get(&format!("engine.{}.label", own.name)) {
        Some(Typed::Text(label)) => Some(label.clone()),
        _ => None,
    }
}

impl<'a> Field<'a> {
    /// All engines of a cell, each with so many places, drawn from this seed.
    pub(super) fn new(ground: &Ground<'a>, places: usize, seed: u64) -> Self {
        let cell = ground.cell;
        let lane = |space: Space| {
            let first = Entrant::At(space.axes.iter().map(|axis| axis.own).collect());
            let others = space.others.iter().map(|number| Entrant::Given(*number));
            let given = [first].into_iter().chain(others).collect();
            let is_possible = |point: &[usize]| space.is_possible(cell, point);
            let seed = seed.wrapping_add(space.base as u64);
            let race = Race::new(&space.levels(), given, places, seed, is_possible);
            Lane { space, race }
        };
        Self { cell, lanes: spaces(ground).into_iter().map(lane).collect() }
    }

    /// Whether any engine still has settings to choose from.
    pub(super) fn is_racing(&self) -> bool {
        self.lanes.iter().any(Lane::is_racing)
    }

    /// The cell with the settings of those that still race.
    pub(super) fn round(&self) -> Result<Cell, Rejected> {
        let racing = self.lanes.iter().filter(|lane| lane.is_racing());
        let variants: Vec<_> = racing.flat_map(|lane| lane.variants(self.cell)).collect();
        self.cell.on(&variants)
    }

    /// The cell with the first setting of each engine: the best, once none races any more.
    pub(super) fn best(&self) -> Result<Cell, Rejected> {
        let first = |lane: &Lane| lane.variant(self.cell, &lane.race.racing()[0]);
        self.cell.on(&self.lanes.iter().map(first).collect::<Vec<_>>())
    }

    /// Ends a round, with the labels of the settings, the best first.
    pub(super) fn advance(&mut self, best_first: &[&str]) {
        let cell = self.cell;
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_racing()) {
            let variants = lane.variants(cell);
            let labels: Vec<String> = variants.iter().map(|it| full_label(cell, it)).collect();
            let number = |label: &&str| labels.iter().position(|it| it == label);
            let ranking: Vec<usize> = best_first.iter().filter_map(number).collect();
            let Lane { space, race } = lane;
            race.advance(&ranking, |point| space.is_possible(cell, point));
        }
    }
}

impl Lane {
    fn is_racing(&self) -> bool {
        !self.race.is_over() && self.race.racing().len() > 1
    }

    /// The settings that race.
    fn variants(&self, cell: &Cell) -> Vec<Variant> {
        self.race.racing().iter().map(|entrant| self.variant(cell, entrant)).collect()
    }

    fn variant(&self, cell: &Cell, entrant: &Entrant) -> Variant {
        match entrant {
            Entrant::Given(engine) => as_given(cell, *engine),
            Entrant::At(point) => self.space.variant(cell, point),
        }
    }
}

impl Space {
    /// How many values there are on each axis.
    fn levels(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.levels.len()).collect()
    }

    /// The user's own settings, the one that all others are made from before them.
    pub(super) fn own(&self, cell: &Cell) -> Vec<Variant> {
        let given = |number: &usize| as_given(cell, *number);
        let point: Vec<usize> = self.axes.iter().map(|axis| axis.own).collect();
        std::iter::once(self.variant(cell, &point)).chain(self.others.iter().map(given)).collect()
    }

    /// The setting that differs from the user's own on one axis, where the engine can be set to it.
    pub(super) fn moved(&self, cell: &Cell, axis: usize, level: usize) -> Option<Variant> {
        let mut point: Vec<usize> = self.axes.iter().map(|axis| axis.own).collect();
        point[axis] = level;
        self.is_possible(cell, &point).then(|| self.variant(cell, &point))
    }

    /// The setting at a point: called by what is other than the user's own.
    fn variant(&self, cell: &Cell, point: &[usize]) -> Variant {
        let all = self.axes.iter().zip(point);
        let others: Vec<_> = all.filter(|(axis, level)| axis.own != **level).collect();
        let label = if others.is_empty() {
            own_label(cell, self.base)
        } else {
            // A label of the user's own may quote what is changed, so that it goes.
            let waits_anew = others.iter().any(|(axis, _)| axis.knob.key == WAITING);
            let parked = (self.is_parked && !waits_anew).then(|| PARK.to_owned());
            let told = others.iter().map(|(axis, level)| axis.told(**level));
            Some(parked.into_iter().chain(told).collect::<Vec<_>>().join(", "))
        };
        let change = |(axis, level): (&Axis, &usize)| (axis.knob.key, axis.levels[*level].clone());
        Variant { engine: self.base, label, changes: others.into_iter().map(change).collect() }
    }

    /// Whether the engine can be set to a point.
    fn is_possible(&self, cell: &Cell, point: &[usize]) -> bool {
        cell.on(&[self.variant(cell, point)]).is_ok()
    }
}

/// An engine of a cell as it is.
fn as_given(cell: &Cell, engine: usize) -> Variant {
    Variant { engine, label: own_label(cell, engine), changes: Vec::new() }
}

/// What a setting is called in a record.
fn full_label(cell: &Cell, variant: &Variant) -> String {
    let name = cell.engines[variant.engine].kind.name();
    match &variant.label {
        Some(label) => format!("{name} ({label})"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{self, Given, Traces};
    use std::time::Duration;

    fn cell(engines: &[&str], settings: &[&str]) -> Cell {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines: Vec<_> = engines.iter().map(|name| (*name).to_owned()).collect();
        let names = ["keyed-window".to_owned()];
        let loaded = config::load(&names, &given, &engines, Traces::MayBeAbsent);
        loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
    }

    fn ground(cell: &Cell, is_parked: bool) -> Ground<'_> {
        let waits = Duration::from_millis(500);
        Ground { cell, waits, shortest: waits, rate_per_s: 1e3, is_parked }
    }

    #[track_caller]
    fn labels(cell: Result<Cell, Rejected>) -> Vec<String> {
        let cell = cell.unwrap_or_else(|rejected| panic!("{rejected}"));
        cell.engines.into_iter().map(|engine| engine.label).collect()
    }

    #[test]
    fn every_engine_has_as_many_places_and_the_users_own_setting_in_one_of_them() {
        let cell = parked(&cell(&["micro-batch", "per-event", "flink"], &[])).unwrap();
        let ground = ground(&cell, true);
        let racing = labels(Field::new(&ground, 8, 1).round());
        let count = |name: &str| racing.iter().filter(|label| label.starts_with(name)).count();
        assert_eq!((count("micro-batch"), count("per-event"), count("flink")), (8, 2, 8));
        for label in ["micro-batch", "per-event (park)", "per-event (waiting spin-then-park)"] {
            assert!(racing.iter().any(|it| it == label), "{label}: {racing:?}");
        }
        let rounds: Vec<_> = rooms(&ground).iter().map(|room| room.rounds(8)).collect();
        assert_eq!(rounds, [vec![8, 4, 2], vec![2], vec![8, 4, 2]]);
    }

    #[test]
    fn the_better_half_stays_and_one_setting_of_each_is_left() {
        let cell = parked(&cell(&["micro-batch", "per-event"], &[])).unwrap();
        let mut field = Field::new(&ground(&cell, true), 8, 1);
        let mut last = Vec::new();
        while field.is_racing() {
            // The last of each is said to be the best.
            last = labels(field.round());
            field.advance(&last.iter().rev().map(String::as_str).collect::<Vec<_>>());
        }
        let left = labels(field.best());
        assert_eq!(left.len(), 2);
        assert_eq!(left.first(), last.last(), "the one that was said to be the best at last");
        assert!(left[1].starts_with("per-event"), "{left:?}");
    }

    #[test]
    fn who_has_but_one_setting_does_not_race() {
        let cell = cell(&["per-event"], &["engine.per-event.waiting=spin"]);
        let ground = ground(&cell, false);
        let field = Field::new(&ground, 8, 1);
        assert!(!field.is_racing());
        assert_eq!(labels(field.best()), ["per-event"]);
        assert_eq!(rooms(&ground)[0].rounds(8), Vec::<usize>::new());
    }

    #[test]
    fn several_settings_of_the_users_all_race() {
        let suite = config::load(&["windows".to_owned()], &[], &[], Traces::MayBeAbsent).unwrap();
        let is_micro_batch = |label: &String| label.starts_with("micro-batch");
        let own = |cell: &Cell| -> Vec<String> {
            labels(Ok(cell.clone())).into_iter().filter(is_micro_batch).collect()
        };
        let cell = suite.cells.into_iter().find(|cell| own(cell).len() > 1).unwrap();
        let racing = labels(Field::new(&ground(&cell, false), 4, 1).round());
        for label in own(&cell) {
            assert!(racing.contains(&label), "{label}: {racing:?}");
        }
    }

    #[test]
    fn a_parked_engine_is_called_that() {
        let label = |settings: &[&str]| labels(parked(&cell(&["per-event"], settings)));
        assert_eq!(label(&[]), ["per-event (park)"]);
        assert_eq!(label(&["engine.per-event.label=mine"]), ["per-event (mine, park)"]);
    }
}
