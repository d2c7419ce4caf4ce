//! Whose events lie ahead of all others and so make those late: one device with a clock of its own, say.
//!
//! Each event of it may be as early as its others, so that none of them alone is to blame, and all of
//! them are. Asked of recorded events alone: in made-up ones nobody looks for a broken clock.

use crate::load::layout::Layout;
use crate::load::marks::Marker;
use engines::{Data, Timestamp};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use scenarios::Workload;
use std::hash::Hash;

/// A key whose events lie ahead of all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAhead {
    /// What it is called.
    pub key: String,
    /// How far ahead, on average over those it made late, in microseconds of event time.
    pub by_us: u64,
    /// How many events of other keys were late that would not be without it.
    pub late: u64,
    /// How many events were late.
    pub late_of_all: u64,
}

/// What is known of a key.
#[derive(Copy, Clone, Debug, Default)]
struct Blame {
    late: u64,
    ahead_us: u128,
}

/// The latest event time there was, whose it was, and the latest of all others.
#[derive(Copy, Clone, Debug, Default)]
struct Lead {
    first: Option<(u64, i64)>,
    second_us: Option<i64>,
}

impl Lead {
    /// An event of this key.
    fn see(&mut self, key: u64, time_us: i64) {
        match self.first {
            Some((leader, us)) if leader == key => self.first = Some((key, us.max(time_us))),
            Some((_, us)) if time_us <= us => self.second_us = self.second_us.max(Some(time_us)),
            before => {
                self.second_us = before.map(|(_, us)| us);
                self.first = Some((key, time_us));
            }
        }
    }
}

/// The key that made most events late, of the first so many; none where events have no keys, or
/// several partitions race.
pub fn key_ahead<E: Data + Hash>(
    workload: &dyn Workload<Event = E>,
    layout: &Layout,
    events: u64,
) -> Option<KeyAhead> {
    if layout.partitions != 1 {
        return None;
    }
    let mut blames: HashMap<u64, Blame, FixedState> = HashMap::with_hasher(FixedState::default());
    let (mut lead, mut marker, mut late_of_all) = (Lead::default(), Marker::new(layout), 0);
    for n in 0..events {
        let key = workload.key_of(n)?;
        let due = workload.due(n)?;
        let time = workload.event(n, due).event_time;
        if time.is_acceptable() {
            let is_late = layout.trigger.misses(time, marker.marked);
            late_of_all += u64::from(is_late);
            if let (true, Some((leader, first_us))) = (is_late, lead.first)
                && leader != key
                && !layout
                    .trigger
                    .misses(time, mark_behind(lead.second_us, layout.watermark_bound_us))
            {
                let blame = blames.entry(leader).or_default();
                blame.late += 1;
                blame.ahead_us +=
                    u128::from(lead.second_us.map_or(0, |second_us| first_us.abs_diff(second_us)));
            }
            lead.see(key, time.as_micros());
        }
        marker.see(time, due, workload.due(n + 1).filter(|_| n + 1 < events));
    }
    let (key, blame) = blames.into_iter().max_by_key(|(key, blame)| (blame.late, *key))?;
    let example = (0..events).find(|n| workload.key_of(*n) == Some(key))?;
    let cells = workload.cells(&workload.event(example, workload.due(example)?));
    Some(KeyAhead {
        key: cells.into_iter().next()?,
        by_us: u64::try_from(blame.ahead_us / u128::from(blame.late)).unwrap_or(u64::MAX),
        late: blame.late,
        late_of_all,
    })
}

/// What a mark behind an event of that time would say.
pub(super) fn mark_behind(time_us: Option<i64>, bound_us: i64) -> Timestamp {
    time_us.map_or(Timestamp::BEFORE_ALL, |time_us| {
        let mark_us = time_us.saturating_sub(bound_us).saturating_sub(1);
        Timestamp::from_micros(mark_us)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_all_others_is_known_whoever_leads() {
        let mut lead = Lead::default();
        let mut told = |key, time_us| {
            lead.see(key, time_us);
            (lead.first.map(|(key, _)| key), lead.second_us)
        };
        assert_eq!(told(1, 10), (Some(1), None));
        assert_eq!(told(2, 5), (Some(1), Some(5)));
        assert_eq!(told(1, 30), (Some(1), Some(5)), "its own are not others");
        assert_eq!(told(1, 20), (Some(1), Some(5)));
        assert_eq!(told(3, 15), (Some(1), Some(15)));
        assert_eq!(told(2, 40), (Some(2), Some(30)), "who led before is another now");
    }
}
