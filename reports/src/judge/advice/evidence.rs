//! The runs that support an advice, and which of them says what.

use crate::judge::gate::comparable::{Difference, environment};
use crate::judge::summary::verified;
use crate::record::advice::{AdviceRecord, AdviceRun, Purpose};
use crate::record::study::Limit;
use crate::record::{CellRecord, EngineKind, EngineRecord, RecordError, RunRecord};
use std::path::Path;

/// The runs that support an advice, read.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// What was asked.
    pub record: AdviceRecord,
    /// The runs, in the order in which they were made.
    pub runs: Vec<(AdviceRun, RunRecord)>,
}

impl Evidence {
    /// What a folder of advice holds, with the records of its runs.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let record = AdviceRecord::read(folder)?;
        let read = |run: &AdviceRun| Ok((run.clone(), RunRecord::read(&folder.join(&run.folder))?));
        let runs = record.runs.iter().map(read).collect::<Result<_, RecordError>>()?;
        Ok(Self { record, runs })
    }

    /// The runs that were made for this.
    pub fn of(&self, purpose: Purpose) -> impl DoubleEndedIterator<Item = &(AdviceRun, RunRecord)> {
        self.runs.iter().filter(move |(run, _)| run.purpose == purpose)
    }

    /// The run whose figures decide: the last in which the engines took turns at their best settings,
    /// or else the last round of tuning; none where nothing was measured.
    pub fn deciding(&self) -> Option<&(AdviceRun, RunRecord)> {
        let has_measured = |(_, record): &&(AdviceRun, RunRecord)| {
            let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
            engines.any(|engine| !engine.repetitions.is_empty())
        };
        let last = |purpose| self.of(purpose).rfind(has_measured);
        last(Purpose::Compare).or_else(|| last(Purpose::Tune))
    }

    /// The question, as the deciding run was asked it.
    pub fn cell(&self) -> Option<&CellRecord> {
        self.deciding().and_then(|(_, record)| record.cells.first())
    }

    /// Whether the machine told what energy it took in every verified repetition that decides.
    pub(super) fn is_metered(&self) -> bool {
        let engines = self.cell().map_or(&[][..], |cell| &cell.engines);
        let mut all = engines.iter().flat_map(verified).peekable();
        all.peek().is_some() && all.all(|repetition| repetition.energy.is_some())
    }

    /// Whether settings were chosen on the machine on which they were compared, and by other figures.
    pub(super) fn is_tuned_here(&self) -> bool {
        let compared = self.deciding().filter(|(run, _)| run.purpose == Purpose::Compare);
        let unlike = self.unlike();
        let is_like = |run: &AdviceRun| unlike.iter().all(|(folder, _)| **folder != run.folder);
        compared.is_some() && self.of(Purpose::Tune).all(|(run, _)| is_like(run))
    }

    /// The runs that were made on another machine, or with another build, than the deciding one, by
    /// their folders, each with what differs.
    pub(super) fn unlike(&self) -> Vec<(&String, Vec<Difference>)> {
        let Some((_, deciding)) = self.deciding() else { return Vec::new() };
        let runs = self.runs.iter();
        let all = runs.map(|(run, record)| (&run.folder, environment(deciding, record)));
        all.filter(|(_, differences)| !differences.is_empty()).collect()
    }

    /// The highest rates that an entry sustains, where they were searched on the machine of the deciding
    /// run: with every number of workers the latest, with that of the deciding run first; nothing where it
    /// was not searched with that.
    pub(super) fn limits(&self, label: &str) -> Vec<Carried<'_>> {
        let unlike = self.unlike();
        let is_like = |run: &AdviceRun| unlike.iter().all(|(folder, _)| **folder != run.folder);
        let own = self.cell().map(|cell| cell.parallelism);
        let mut all: Vec<Carried<'_>> = Vec::new();
        for (run, record) in self.of(Purpose::Limit).rev().filter(|(run, _)| is_like(run)) {
            for cell in &record.cells {
                let workers = cell.parallelism;
                let mut engines = cell.engines.iter().filter(|engine| engine.label == label);
                let Some(limit) = engines.find_map(|it| it.limit.as_ref()) else { continue };
                if all.iter().all(|known| known.workers != workers) {
                    all.push(Carried { folder: &run.folder, workers, limit });
                }
            }
        }
        all.sort_by_key(|it| Some(it.workers) != own);
        if all.first().is_some_and(|it| Some(it.workers) != own) { Vec::new() } else { all }
    }

    /// The folders of the runs that were made for this.
    pub(super) fn folders(&self, purpose: Purpose) -> Vec<String> {
        self.of(purpose).map(|(run, _)| run.folder.clone()).collect()
    }

    /// Those of an engine's settings that were tried at several values, as name and value; none of an
    /// engine that ran as it was given.
    pub fn tried(&self, engine: &EngineRecord) -> Vec<(&str, &str)> {
        let mut others: Vec<&EngineRecord> = Vec::new();
        for cell in self.runs.iter().flat_map(|(_, record)| &record.cells) {
            others.extend(cell.engines.iter().filter(|other| other.kind == engine.kind));
        }
        let entry = self.entry(engine.kind, &engine.label);
        entry.map_or_else(Vec::new, |entry| differing(entry, &others))
    }

    /// An entry as the last run has it that has it.
    fn entry(&self, kind: EngineKind, label: &str) -> Option<&EngineRecord> {
        let cells = self.runs.iter().rev().flat_map(|(_, record)| &record.cells);
        let mut engines = cells.flat_map(|cell| &cell.engines);
        engines.find(|engine| engine.kind == kind && engine.label == label)
    }
}

/// A limit, with how many workers it was found, and in which run.
#[derive(Copy, Clone, Debug)]
pub(super) struct Carried<'a> {
    /// The folder of the run.
    pub(super) folder: &'a str,
    /// How many workers the engine had.
    pub(super) workers: u32,
    /// What was found.
    pub(super) limit: &'a Limit,
}

/// Those settings of an engine that any of the others has otherwise, as name and value.
pub(in crate::judge) fn differing<'a>(
    engine: &'a EngineRecord,
    others: &[&EngineRecord],
) -> Vec<(&'a str, &'a str)> {
    let value = |of: &EngineRecord, name: &str| {
        of.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let settings = engine.settings.iter();
    settings
        .filter(|(name, own)| others.iter().any(|it| value(it, name).as_ref() != Some(own)))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
