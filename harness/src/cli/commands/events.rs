//! `events`: the input of a scenario as it will arrive, without a run.

use super::prepare;
use crate::cli::answer::Answer;
use crate::cli::carry_out::affordable;
use crate::cli::output::Target;
use engines::Data;
use instrument::bench::error::RunError;
use instrument::bench::folder;
use instrument::load::input::Input;
use instrument::load::layout::Layout;
use instrument::load::period::offered;
use programs::{Case, Visitor};
use settings::config::Given;
use settings::config::diagnostic::Mistake;
use settings::plan::Cell;
use std::hash::Hash;
use std::path::{Path, PathBuf};

/// Writes the input of one scenario. `force` says that a file may go that is there already.
pub(in crate::cli) fn events(
    scenario: &str,
    out: &Path,
    force: bool,
    given: &[Given],
    colour: bool,
) -> Answer {
    let (cell, files) = match prepare::one_cell(scenario, given) {
        Ok(cell) => cell,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    let target = match target(out, &files, force, &cell) {
        Ok(target) => target,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    match write_events(&cell, &target) {
        Ok(events) => Answer::ok(format!("{events} events in {}\n", out.display())),
        Err(RunError::Case { source, .. }) => Answer::of_case(&source),
        Err(error) => Answer::failed("events::failed", &error.to_string()),
    }
}

/// Where they are written, if nothing of what they are made from is lost by it, and this machine can
/// make them.
fn target(out: &Path, files: &[PathBuf], force: bool, cell: &Cell) -> Result<Target, Mistake> {
    let target = Target::at("events::output", out, files, force)?;
    affordable(std::slice::from_ref(cell), 1, false)?;
    Ok(target)
}

/// Writes the input of a cell as it will arrive, as CSV. Returns how many events there are.
fn write_events(cell: &Cell, out: &Target) -> Result<u64, RunError> {
    programs::open(&cell.case, cell.seed)
        .map_err(|source| RunError::case(cell, source))?
        .visit(EventsVisitor { cell, out })
}

struct EventsVisitor<'a> {
    cell: &'a Cell,
    out: &'a Target,
}

impl Visitor for EventsVisitor<'_> {
    type Output = Result<u64, RunError>;

    fn visit<E: Data + Hash, A: scenarios::Answer>(self, case: Case<E, A>) -> Self::Output {
        let layout = Layout::of(self.cell, self.cell.seed, case.program.trigger());
        // Nothing is held: the events are written as they are made.
        let workload = offered(self.cell, case.workload, &layout);
        let input = Input::make(workload, layout, 0);
        let events = (0..).zip(input.events().map(|(_, event)| event));
        folder::write_events(self.out.path(), self.out.over(), &*input.workload, events)
    }
}
