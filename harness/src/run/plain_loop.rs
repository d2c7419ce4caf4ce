//! What a cell's question takes by itself: the plain loop, timed once and told of.

use crate::run::feed::{Feed, Happening};
use instrument::bench::Bench;
use instrument::bench::error::RunError;
use reports::quantity;
use reports::record::study::PlainLoop;
use settings::plan::{Cell, Floors};

/// Times it, where somebody wants it and it is there.
///
/// # Errors
/// Where the cell cannot be opened, and where the loop is wrong.
pub(crate) fn timed(
    cell: &Cell,
    floors: Floors,
    bench: &mut dyn Bench,
    feed: &mut dyn Feed,
) -> Result<Option<PlainLoop>, RunError> {
    if floors == Floors::LeftOut {
        return Ok(None);
    }
    let plain = bench.plain_loop(cell)?;
    if let Some(plain) = &plain {
        let takes = quantity::nanoseconds(plain.ns_per_event);
        let told = format!("{}: a plain loop on one core takes {takes} per event", cell.name);
        feed.tell(&Happening::Noted(&told));
    }
    Ok(plain)
}
