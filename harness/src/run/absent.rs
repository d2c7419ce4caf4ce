//! Engines that a partial suite goes on without because they are not here.

use instrument::distributions::{self, Place};
use instrument::drivers;
use settings::config::Loaded;
use settings::plan::{EngineKind, LeftOut};

/// Takes engines out of the cells of a partial suite that are not here, unless none would be left.
pub(crate) fn leave_out_what_is_not_here(loaded: &mut Loaded, place: &Place) {
    let lacking = |kind: &EngineKind| distributions::lacking(drivers::needs(kind)?, place);
    let cells = loaded.cells.iter_mut().filter(|cell| loaded.partial.contains(&cell.name));
    for cell in cells {
        let missing: Vec<_> = cell.engines.iter().map(|engine| lacking(&engine.kind)).collect();
        if missing.iter().all(Option::is_some) {
            continue;
        }
        for (engine, lacking) in cell.engines.iter().zip(&missing) {
            let Some(lacking) = lacking else { continue };
            let left_out = LeftOut {
                cells: vec![cell.name.clone()],
                engine: engine.label.clone(),
                why: lacking.to_string(),
                way_out: "`sluicebench engines` tells what is here, and the command that brings \
                          the rest"
                    .to_owned(),
            };
            left_out.join(&mut loaded.left_out);
        }
        *cell = cell.keeping(|engine| missing[engine].is_none()).expect("a cell of fewer engines");
    }
}
