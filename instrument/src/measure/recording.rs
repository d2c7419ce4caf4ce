//! What recorders have to know before a run.

use crate::load::final_due::FinalDue;
use crate::load::watched::Watched;
use engines::Moment;
use std::ops::Range;

/// What recorders have to know.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What `result_latency` counts from.
    pub final_due: FinalDue,
    /// Answers that fell due in here are measured.
    pub measured: Range<Moment>,
    /// Whether answers may be given again, with another value; each is then due when the latest
    /// event that changed it was.
    pub refined: bool,
    /// How many answers are kept in all; the digest has the rest. `None` keeps all of them, at
    /// the price of allocating while the run lasts.
    pub answers_kept: Option<usize>,
    /// Whether time stands still while a recorder waits.
    pub simulated: bool,
    /// What is measured is decided when the run is over, within `measured`.
    pub unsettled: bool,
    /// How many intervals of 100 ms share a median.
    pub bin_ticks: u64,
    /// How wide the buckets are in which answers are counted, see
    /// [`crate::load::survey::Survey::bucket_log2`].
    pub bucket_log2: u32,
    /// Of answers that become final at these moments it is noted when they were emitted.
    pub watched: Watched,
}
