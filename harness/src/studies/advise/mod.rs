//! Which engine a workload needs, and how set: the runs that answer it.
//!
//! Each engine is tuned with as many trials as any other (`space` says what, `field` who races,
//! `statistics::halving` who stays), the best setting of each is compared, and the highest rate is
//! searched that it sustains. Every step is an ordinary run in a folder of its own, so that whatever is
//! said of it leads to records; what follows from them is told by `reports::judge::advice`, and not
//! here. `budget` divides the time before anything begins. `spread` gives the settings that a map over
//! demands tries, from the same table.

mod space;
mod field;
mod spread;
mod budget;
mod candidates;
mod once;
mod session;
#[cfg(test)]
mod tests;

pub use budget::{Division, TooLittle};
pub use candidates::{Candidates, candidates};
pub use field::{is_waiting_told, parked};
pub use session::{AdvisePlan, run_advise};
pub(crate) use space::{collecting_told as collecting, told as tuned};
pub use spread::spread;
