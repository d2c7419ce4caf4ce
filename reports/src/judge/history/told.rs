//! What many runs said, in the words that every text, chart and page has for it.

use super::{Gap, History, LeftOut, Run, Series, Told, Turn};
use crate::judge::gate::pace_told;
use crate::judge::gate::runs::{change, percent};
use crate::words::{listed, plural};
use statistics::change_points::{FEWEST, FEWEST_ASIDE, SIGNIFICANT};

impl Turn {
    /// What is counted in a sentence, after a number.
    const fn counted(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::WithinBand => "within what nobody would act on",
            Self::WithMachine => "with the machine",
        }
    }
}

impl Run {
    /// When it started, and what measured.
    pub fn named(&self) -> String {
        format!("{} ({})", self.started, self.commit)
    }

    /// The day on which it started.
    pub fn day(&self) -> &str {
        self.started.split('T').next().unwrap_or_default()
    }
}

impl LeftOut {
    /// All of a run, for this reason.
    pub fn whole(folder: &str, why: String) -> Self {
        Self { folder: folder.into(), cell: None, why, is_elsewhere: false }
    }

    /// Which run it is, or which cell of it.
    pub fn named(&self) -> String {
        match &self.cell {
            Some(cell) => format!("{cell} of {}", self.folder),
            None => self.folder.clone(),
        }
    }
}

impl Told<'_> {
    /// The verdict in words, with a sign before it.
    pub fn words(self) -> String {
        match self.shift.turn {
            Turn::Worse => "▼ worse".into(),
            Turn::Better => "▲ better".into(),
            Turn::WithinBand => format!("within {}", percent(self.series.metric.band)),
            Turn::WithMachine => "~ with the machine".into(),
        }
    }

    /// After against before, as a change: `+10.0 %`.
    pub fn change(self) -> String {
        change(self.shift.change.ratio)
    }

    /// Where that lies with 95 % confidence.
    pub fn interval(self) -> String {
        let (low, high) = self.shift.change.interval;
        format!("{} to {}", change(low), change(high))
    }

    /// How many runs it rests on, before and after.
    pub fn runs(self) -> String {
        let (before, after) = self.shift.change.runs;
        format!("{before} and {after}")
    }
}

impl Gap<'_> {
    /// The two runs, as a heading.
    pub fn named(&self) -> String {
        format!("Between {} and {}", self.before.named(), self.after.named())
    }

    /// What else differs between the two, and how the machine changed.
    pub fn remarks(&self) -> Vec<String> {
        let differences = self.told.iter().take(1).flat_map(|told| &told.shift.differences);
        let differences = differences.map(|d| format!("{}: {} → {}", d.what, d.base, d.new));
        // Once for all figures of a scenario, which rest on much the same runs.
        let of_cells = self.told.chunk_by(|a, b| a.series.cell == b.series.cell);
        let paces = of_cells.filter_map(|told| {
            let pace = told.iter().find_map(|told| pace_told(told.shift.pace))?;
            Some(format!("{}: {pace} after it", told.first()?.series.cell))
        });
        differences.chain(paces).collect()
    }
}

impl History {
    /// The runs that gave a point to any series, the oldest first.
    pub fn told_by(&self) -> Vec<&Run> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let runs = self.runs.iter().enumerate();
        runs.filter(|(n, _)| points().any(|point| point.run == *n)).map(|(_, run)| run).collect()
    }

    /// What changed, by the runs between which it did: the newest first.
    pub fn gaps(&self) -> Vec<Gap<'_>> {
        let mut all: Vec<((usize, usize), Gap<'_>)> = Vec::new();
        for series in &self.series {
            for shift in &series.shifts {
                let at = shift.change.at;
                let place = (series.points[at].run, series.points[at - 1].run);
                let told = Told { series, shift };
                if let Some((_, gap)) = all.iter_mut().find(|(other, _)| *other == place) {
                    gap.told.push(told);
                } else {
                    let (before, after) = (&self.runs[place.1], &self.runs[place.0]);
                    all.push((place, Gap { before, after, told: vec![told] }));
                }
            }
        }
        all.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        all.into_iter().map(|(_, gap)| gap).collect()
    }

    /// How many changes there are, and what they are, in words.
    pub fn tally(&self) -> String {
        let shifts = || self.series.iter().flat_map(|series| &series.shifts);
        let of = format!("in {} series", self.series.len());
        if shifts().next().is_none() {
            return format!("No change {of}");
        }
        let kinds = [Turn::Worse, Turn::Better, Turn::WithinBand, Turn::WithMachine];
        let counted = kinds.map(|turn| (shifts().filter(|shift| shift.turn == turn).count(), turn));
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        let counted: Vec<String> =
            counted.map(|(count, turn)| format!("{count} {}", turn.counted())).collect();
        let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
        format!("{} {of}: {}", plural(shifts().count(), "change"), listed(&counted))
    }

    /// What was found and how far to believe it, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![format!("{}.", self.tally())];
        let short = self.series.iter().filter(|series| series.points.len() < FEWEST).count();
        if short > 0 {
            let have = if short == 1 { "has" } else { "have" };
            sentences.push(format!(
                "Of these, {short} {have} fewer than {FEWEST} runs, and no change can be found in them: \
                 it takes {FEWEST_ASIDE} on either side."
            ));
        }
        if short < self.series.len() {
            sentences.push(format!(
                "A change is where E-divisive cuts a series and Student's t on logarithms tells its \
                 sides apart (p up to {SIGNIFICANT}), without the run of either that lies farthest off, too. By chance alone, \
                 fewer than one in a hundred series of up to a hundred runs shows one."
            ));
        }
        sentences
    }

    /// What became of a series, in words.
    pub fn outcome(&self, series: &Series) -> String {
        let none = match series.without {
            0 => String::new(),
            runs => format!("; no figure in {}", plural(runs, "run")),
        };
        self.level(series) + &none
    }

    fn level(&self, series: &Series) -> String {
        let runs = series.points.len();
        if runs < FEWEST {
            return format!("{}, and it takes {FEWEST}", plural(runs, "run"));
        }
        let Some(shift) = series.shifts.last() else { return "no change".into() };
        let told = Told { series, shift };
        let since = &self.runs[series.points[shift.change.at].run];
        let more = match series.shifts.len() - 1 {
            0 => String::new(),
            more => format!("; {more} before"),
        };
        format!("{}, {}, since {}{more}", told.words(), told.change(), since.day())
    }
}
