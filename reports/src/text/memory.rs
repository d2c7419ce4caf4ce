//! What the memory is that stands in one row for engines of which it is not the same.

use super::unlike::process;
use crate::record::{CellRecord, EngineRecord};
use crate::words::listed;

/// Whether peaks of memory in a cell are of different things: of processes, heap and virtual machine and
/// all, and of what threads of this program took beyond the input. No one of them is so many times
/// another.
pub(crate) fn is_unlike(cell: &CellRecord) -> bool {
    let (beside, embedded) = sorted(cell);
    !beside.is_empty() && !embedded.is_empty()
}

/// The engines in processes of their own, and those of this program, of which a peak is known: of one
/// that never started none is, nor of one on a cluster.
fn sorted(cell: &CellRecord) -> (Vec<&EngineRecord>, Vec<&EngineRecord>) {
    let is_known = |engine: &&EngineRecord| {
        let mut repetitions = engine.repetitions.iter();
        let has_run = engine.kind.is_embedded() || process(engine).is_some();
        has_run && repetitions.any(|repetition| repetition.peak_memory().is_some())
    };
    cell.engines.iter().filter(is_known).partition(|engine| !engine.kind.is_embedded())
}

/// What each is, where they are unlike.
pub(crate) fn sentence(cell: &CellRecord) -> Option<String> {
    let (beside, embedded) = sorted(cell);
    let names = |engines: &[&EngineRecord]| {
        let names: Vec<&str> = engines.iter().map(|engine| engine.label.as_str()).collect();
        listed(&names)
    };
    is_unlike(cell).then(|| {
        format!(
            "Peak memory is unlike: of {} that of a whole process, with its JVM and a heap \
             that grows as it may; of {} what was taken beyond the input in this program's.",
            names(&beside),
            names(&embedded)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{EngineKind, EngineProcess};
    use crate::sample;

    #[test]
    fn a_process_beside_a_part_of_the_program_is_unlike_it() {
        let mut cell = sample::record().cells.remove(0);
        assert!(!is_unlike(&cell) && sentence(&cell).is_none());
        let process = |engine: &mut EngineRecord| {
            engine.kind = EngineKind::Flink;
            engine.repetitions[0].process = Some(EngineProcess::default());
        };
        cell.engines[1].kind = EngineKind::Flink;
        assert!(sentence(&cell).is_none(), "one that has never started took none");
        process(&mut cell.engines[1]);
        let [one, other] = [&cell.engines[0].label, &cell.engines[1].label];
        let said = sentence(&cell).unwrap();
        assert!(said.contains(&format!("of {other} that of a whole process")), "{said}");
        assert!(said.contains(&format!("of {one} what was taken beyond")), "{said}");
        let on_cluster = EngineProcess { is_elsewhere: true, ..EngineProcess::default() };
        cell.engines[1].repetitions[0].process = Some(on_cluster);
        cell.engines[1].repetitions.truncate(1);
        assert!(sentence(&cell).is_none(), "nor is it told how much one on a cluster takes");
        cell.engines.iter_mut().for_each(process);
        assert!(!is_unlike(&cell), "two processes are alike");
    }
}
