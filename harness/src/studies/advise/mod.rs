//! Which engine a workload needs, and how set: the runs that answer it.
//!
//! Each engine is tuned with as many trials as any other (`space` says what, `field` who races,
//! `statistics::halving` who stays), the best setting of each is compared, the highest rate is searched
//! that each sustains, with half as many workers, too, where it needs more than one core, and the best two
//! are asked again with one thing of the workload other than it is (`sensitivity`). Every step is an
//! ordinary run in a folder of its own, so that whatever is
//! said of it leads to records; what follows from them is told by `reports::judge::advice`, and not
//! here. `budget` divides the time before anything begins. `spread` gives the settings that a map over
//! demands tries, from the same table.

mod space;
mod field;
mod spread;
mod budget;
mod candidates;
mod once;
mod sensitivity;
mod session;
#[cfg(test)]
mod tests;

pub use budget::{Division, TooLittle};
pub use candidates::{Candidates, Codes, candidates};
pub use field::{is_waiting_told, parked};
pub(crate) use sensitivity::told as factors;
pub use session::{AdvisePlan, Fitted, TWIN_FILE, run_advise};
pub(crate) use space::{collecting_told as collecting, told as tuned};
pub use spread::spread;
