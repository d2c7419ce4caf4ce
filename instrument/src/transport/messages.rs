//! Frames as messages of a topic: where one ends, and what of those that were sent was taken.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Kind and length.
const HEAD_BYTES: usize = 5;

/// Cuts whole frames apart, each with its head. What is no whole frame comes last, as it stands.
pub fn messages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let length = bytes.get(1..HEAD_BYTES).and_then(|length| length.first_chunk().copied());
        let length = length.map_or(usize::MAX, |length| u32::from_le_bytes(length) as usize);
        let end = length.saturating_add(HEAD_BYTES).min(bytes.len());
        let (message, rest) = bytes.split_at(end);
        bytes = rest;
        Some(message)
    })
}

/// What was sent to a partition and not yet taken from it, in the order of its messages.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<VecDeque<(u64, u64)>>);

impl UnderWay {
    /// So many messages were sent by now, the last of which held so many events.
    pub fn sent(&self, messages: u64, events: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((messages, events));
    }

    /// So many messages were taken by now: how many events that are, beyond what was known before,
    /// and whether anything is left.
    pub fn taken(&self, messages: u64) -> (u64, bool) {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = 0;
        while let Some((_, held)) = under_way.pop_front_if(|(sent, _)| *sent <= messages) {
            events += held;
        }
        (events, !under_way.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Frames;
    use engines::{Moment, Stamped, Timestamp};
    use scenarios::Keyed;

    #[test]
    fn what_is_sent_at_once_is_cut_where_its_frames_end() {
        let mut frames = Frames::new();
        let event = Stamped {
            event_time: Timestamp::from_micros(1),
            due: Moment::START,
            value: Keyed { key: 3, value: 4 },
        };
        frames.records(&[event; 3]);
        frames.mark(Timestamp::from_micros(2));
        frames.records(&[event]);
        frames.end();
        let mut bytes = Vec::new();
        frames.send(&mut bytes).unwrap();
        let cut: Vec<_> = messages(&bytes).collect();
        let told: Vec<_> = cut.iter().map(|message| (message[0], message.len())).collect();
        assert_eq!(told, [(1, 5 + 3 * 32), (2, 13), (1, 5 + 32), (3, 5)]);
        assert_eq!(cut.concat(), bytes, "nothing is lost");
        assert_eq!(messages(&[]).count(), 0);
        for part in [&bytes[..3], &bytes[..7]] {
            assert_eq!(messages(part).collect::<Vec<_>>(), [part]);
        }
    }

    #[test]
    fn events_are_taken_when_the_last_of_their_messages_is() {
        let under_way = UnderWay::default();
        assert_eq!(under_way.taken(9), (0, false));
        under_way.sent(2, 10);
        under_way.sent(3, 0);
        under_way.sent(7, 5);
        assert_eq!(under_way.taken(1), (0, true));
        assert_eq!(under_way.taken(2), (10, true));
        assert_eq!(under_way.taken(6), (0, true));
        under_way.sent(8, 1);
        assert_eq!(under_way.taken(u64::MAX), (6, false));
    }
}
