//! What comes back, whatever its shape: what an answer is about, when it is complete, and how it
//! stands to another answer about the same.
//!
//! Whoever runs a question sees no more of its answers than this, so a row of a join, a session, a
//! match of a pattern or a ranked row is checked, counted and written like the answer of a window.
//! What an answer says, what its key is called and how it is shown is known to the question.

mod windowed;
mod session;
mod numbered;
mod pair;
mod settled;

pub use numbered::NumberedAnswer;
pub use pair::PairAnswer;
pub use session::SessionAnswer;
pub use settled::settled;
pub use windowed::WindowAnswer;

use engines::{Data, Timestamp, Window};
use foldhash::quality::FixedState;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::hash::{BuildHasher as _, Hash};

/// What is to be known of an answer in order to check, count and show it.
///
/// `Ord` and `Hash` are those of the whole answer: a digest is made of the one, a difference is
/// found by the other. They do not say which of two answers is the later one;
/// [`Answer::fullness`] does.
pub trait Answer: Data + Ord + Hash + Debug {
    /// What it is about.
    fn subject(&self) -> Subject;

    /// The stretch of event time that it shows; `None` where it shows none.
    fn window(&self) -> Option<Window>;

    /// The instant that event time has to reach before it is final: the first one that is not part
    /// of it any more. `None` where it is final with the last event in it, and so due with that.
    #[inline]
    fn complete_at(&self) -> Option<Timestamp> {
        self.window().map(|window| window.end)
    }

    /// Moves it in event time by so many microseconds. Does nothing where it holds none.
    fn shift(&mut self, by_us: i64);

    /// How many records are in it.
    fn count(&self) -> u64;

    /// How it stands to another answer about the same subject. `Greater`: it has all that the other
    /// has and more, and takes its place. `Equal`: neither is the later one, so only one of them may
    /// be given. `None`: they stand side by side, as two sessions of one key do.
    #[inline]
    fn fullness(&self, other: &Self) -> Option<Ordering> {
        Some(self.count().cmp(&other.count()))
    }

    /// Whether it can be the answer over some of the records that `most` is made of, and at least
    /// those that `least` is made of; both stand to it by [`Answer::fullness`]. What this refuses
    /// is a mistake; what it lets pass need not be right.
    fn lies_between(&self, least: Option<&Self>, most: &Self) -> bool {
        match (self.fullness(most), least.and_then(|least| self.fullness(least))) {
            (Some(Ordering::Equal), _) => self == most,
            (Some(Ordering::Less), Some(Ordering::Equal)) => Some(self) == least,
            (Some(Ordering::Less), Some(Ordering::Greater) | None) => {
                self.count() > 0 && self.values_lie_between(least, most)
            }
            _ => false,
        }
    }

    /// The part of [`Answer::lies_between`] that is about what it says, where it is fuller than
    /// `least` and less full than `most`. Lets everything pass unless something is known.
    fn values_lie_between(&self, _least: Option<&Self>, _most: &Self) -> bool {
        true
    }
}

/// What an answer is about. Answers about different subjects never take each other's place.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The stretch of event time; `None` where there is none, or where it is part of what is
    /// answered, as that of a session.
    pub window: Option<Window>,
    /// The key, or a hash of what stands in its place, see [`Subject::hash_of`].
    pub key: u64,
}

impl Subject {
    /// A key, whenever that was.
    pub const fn of_key(key: u64) -> Self {
        Self { window: None, key }
    }

    /// A key in a stretch of event time.
    pub const fn of_window(window: Window, key: u64) -> Self {
        Self { window: Some(window), key }
    }

    /// A key made of whatever else tells answers apart, the same on every day and machine.
    pub fn hash_of(parts: impl Hash) -> u64 {
        FixedState::with_seed(0).hash_one(parts)
    }
}
