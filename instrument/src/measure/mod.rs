//! One trial: record, sample, time line, anatomy, warm-up, and what measuring costs.

pub mod latency;
pub mod interval_log;
pub mod logged;
pub mod digest;
pub mod recording;
pub mod intervals;
pub mod anatomy;
pub mod mark_wait;
pub mod recorder;
pub mod seen;
pub mod timeline;
pub mod course;
pub mod ticking;
pub mod warm_up;
pub mod ballast;
pub mod trial;
pub mod self_cost;
