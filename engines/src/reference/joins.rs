//! Which records of two streams belong together, by the definition: for each of one side, those
//! of the other that lie where the join says.

use crate::dataflow::Joined;
use crate::join::{JoinSpec, Within};
use crate::record::{Data, Stamped};
use crate::time::Timestamp;
use crate::window::Window;

/// The tumbling window of `size` microseconds that holds a time.
fn window_of(size: i64, time: Timestamp) -> Window {
    let start = time.as_micros().div_euclid(size) * size;
    Window { start: Timestamp::from_micros(start), end: Timestamp::from_micros(start + size) }
}

/// Whether no pair with a record of that time could be answered any more.
pub(super) fn is_late(spec: &JoinSpec, time: Timestamp, watermark: Timestamp) -> bool {
    match spec.within() {
        Within::Window(size) => window_of(size, time).last_instant() <= watermark,
        Within::Interval { .. } => time <= watermark,
    }
}

/// The records of one side of a key.
pub(super) type OneSide<V> = Vec<Stamped<V>>;

/// Where the right one of a pair with a left one at this time lies, both inclusive.
fn reach(spec: &JoinSpec, left: Timestamp) -> (Timestamp, Timestamp) {
    match spec.within() {
        Within::Window(size) => {
            let window = window_of(size, left);
            (window.start, window.last_instant())
        }
        Within::Interval { lower, upper } => {
            (left.saturating_add(lower), left.saturating_add(upper))
        }
    }
}

/// The stretch of a pair, or of a left one that no partner was found for until the last could have been.
fn stretch(spec: &JoinSpec, left: Timestamp, right: Option<Timestamp>) -> Window {
    match spec.within() {
        Within::Window(size) => window_of(size, left),
        Within::Interval { .. } => {
            let other = right.unwrap_or_else(|| left.max(reach(spec, left).1));
            Window { start: left.min(other), end: left.max(other).saturating_add(1) }
        }
    }
}

/// All that a key's records come to.
pub(super) fn pairs<K: Clone, L: Data, R: Data>(
    spec: &JoinSpec,
    key: &K,
    (left, mut right): (OneSide<L>, OneSide<R>),
    hear: &mut dyn FnMut(Stamped<Joined<K, L, R>>),
) {
    right.sort_by_key(|record| record.event_time);
    for one in left {
        let (from, until) = reach(spec, one.event_time);
        let first = right.partition_point(|other| other.event_time < from);
        let others = right[first..].iter().take_while(|other| other.event_time <= until);
        let mut partners = others.map(Some).peekable();
        let alone = (spec.keeps_left() && partners.peek().is_none()).then_some(None);
        for other in partners.chain(alone) {
            let window = stretch(spec, one.event_time, other.map(|other| other.event_time));
            hear(Stamped {
                event_time: window.last_instant(),
                due: other.map_or(one.due, |other| one.due.max(other.due)),
                value: Joined {
                    window,
                    key: key.clone(),
                    left: one.value.clone(),
                    right: other.map(|other| other.value.clone()),
                },
            });
        }
    }
}
