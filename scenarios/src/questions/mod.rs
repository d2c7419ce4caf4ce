//! The questions, one file each. A new one is a new file here and a name in the catalog.

mod aggregated;
mod identity;
mod keyed_count;
mod keyed_join;
mod keyed_session;
mod keyed_silence;
mod keyed_window;
mod word_count;

pub use identity::Identity;
pub use keyed_count::{KeyedCount, WordsCounted};
pub use keyed_join::KeyedJoin;
pub use keyed_session::KeyedSession;
pub use keyed_silence::KeyedSilence;
pub use keyed_window::KeyedWindow;
pub use word_count::WordCount;

use engines::WindowSpec;

/// What is asked, where it is columns of each window.
fn per_window(columns: &[&str], window: WindowSpec) -> String {
    format!("The {} of each window ({window}), per key.", columns.join(", "))
}
