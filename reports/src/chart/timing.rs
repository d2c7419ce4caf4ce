//! Along which time the charts of a cell are drawn, and whose repetition stands on them.
//!
//! Which quantity a chart shows is not known here.

use super::description::{Axis, Drawn, Region, Series, Unit};
use super::palette::{HATCH, identities};
use crate::judge::summary::{Choice, Standing, median_repetition, standing};
use crate::record::{CellRecord, EngineRecord, Repetition};
use crate::words::{capitalised, listed};

/// One engine's repetition that stands for all of them.
pub(super) struct Track<'a> {
    pub(super) engine: &'a EngineRecord,
    /// Role of its lines.
    pub(super) role: &'static str,
    pub(super) repetition: &'a Repetition,
    /// It did not keep up.
    pub(super) hollow: bool,
}

/// What is said below charts of these repetitions: which they are.
pub(super) fn chosen<'a>(tracks: impl Iterator<Item = &'a Track<'a>>) -> String {
    let mut choices: Vec<(Choice, Vec<&str>)> = Vec::new();
    for track in tracks {
        let choice = Choice::of(track.engine);
        match choices.iter_mut().find(|(known, _)| *known == choice) {
            Some((_, engines)) => engines.push(track.label()),
            None => choices.push((choice, vec![track.label()])),
        }
    }
    if let [(choice, _)] = choices.as_slice() {
        return format!("Each engine's {}.", choice.words());
    }
    let of = |(choice, engines): &(Choice, Vec<&str>)| {
        format!("the {} of {}", choice.words(), listed(engines))
    };
    format!("{}.", capitalised(&choices.iter().map(of).collect::<Vec<_>>().join("; ")))
}

/// The engines whose middle repetition has what is asked for.
pub(super) fn tracks(cell: &CellRecord, has: impl Fn(&Repetition) -> bool) -> Vec<Track<'_>> {
    let engines = cell.engines.iter().zip(identities(cell));
    let track = |(engine, role)| {
        let repetition = median_repetition(engine).filter(|repetition| has(repetition))?;
        let hollow = standing(engine) == Standing::NotSustained;
        Some(Track { engine, role, repetition, hollow })
    };
    engines.filter_map(track).collect()
}

impl<'a> Track<'a> {
    pub(super) fn label(&self) -> &'a str {
        &self.engine.label
    }

    /// One of its series.
    pub(super) fn series(
        &self,
        what: &str,
        drawn: Drawn,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Series {
        Series::new(self.label(), what, self.role, drawn, points)
            .called(format!("{}, repetition {}", self.label(), self.repetition.rep))
            .not_sustained(self.hollow)
    }
}

/// Seconds since the earliest measured start of the repetitions shown. One input gives one
/// schedule, so what was due at the same moment stands at the same place, whichever engine warmed
/// up longer.
pub(super) struct Timing<'a> {
    /// The zero of the axis, in seconds since the run's start.
    start_s: f64,
    /// How long the scenario lasts after its warm-up.
    duration_s: f64,
    /// Whose warm-up ended when, on the axis.
    warm_ups: Vec<(&'a str, &'static str, f64)>,
}

impl<'a> Timing<'a> {
    pub(super) fn of(cell: &CellRecord, tracks: &[Track<'a>]) -> Self {
        let end =
            |track: &Track<'a>| (track.label(), track.role, warm_up_end_s(cell, track.repetition));
        let ends: Vec<_> = tracks.iter().map(end).collect();
        let start_s = ends.iter().map(|(.., end_s)| *end_s).fold(f64::INFINITY, f64::min);
        let start_s = if start_s.is_finite() { start_s } else { cell.warm_up_s };
        let on_axis = |(label, role, end_s)| (label, role, end_s - start_s);
        let warm_ups = ends.into_iter().map(on_axis).collect();
        Self { start_s, duration_s: cell.duration_s, warm_ups }
    }

    /// A time of the record on the axis.
    pub(super) fn at(&self, t_s: f64) -> f64 {
        t_s - self.start_s
    }

    /// The same in a table.
    pub(super) fn told(&self, t_s: f64) -> String {
        format!("{:.1} s", self.at(t_s)).replace('-', "−")
    }

    /// The axis up to the last of these times of the record, and at least to the scenario's end.
    pub(super) fn axis(&self, times_s: impl IntoIterator<Item = f64>) -> Axis {
        let end = times_s.into_iter().fold(self.start_s + self.duration_s, f64::max);
        Self::over((-self.start_s, self.at(end)))
    }

    /// The axis over this range.
    pub(super) fn over(range: (f64, f64)) -> Axis {
        Axis::linear("seconds since the measured start", Unit::Time, range)
    }

    /// What is set apart: where nobody was measured yet, then who was not.
    pub(super) fn regions(&self) -> Vec<Region> {
        let from = -self.start_s;
        let mut regions = Vec::new();
        if self.start_s > 0.0 {
            let label = "warm-up, not measured".into();
            regions.push(Region { from, to: 0.0, label, role: HATCH });
        }
        for (label, role, to) in self.warm_ups.iter().filter(|(.., end_s)| *end_s > 1e-9) {
            let label = format!("warm-up of {label}");
            regions.push(Region { from: 0.0, to: *to, label, role });
        }
        regions
    }
}

/// When the measured part of a repetition begins, in seconds since the run's start.
pub(super) fn warm_up_end_s(cell: &CellRecord, repetition: &Repetition) -> f64 {
    let found = repetition.warm_up.as_ref().map(|warm_up| warm_up.end_s);
    found.filter(|end_s| end_s.is_finite()).unwrap_or(cell.warm_up_s)
}
