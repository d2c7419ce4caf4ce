//! What an event and an answer look like on the wire: fixed little-endian fields, one after the
//! other.
//!
//! Each type of event and answer that a job can be given is spelled out here, once. What is asked
//! of it is not known.

use engines::{Moment, Stamped, Timestamp, Window};
use scenarios::workload::{Line, Padded};
use scenarios::{Keyed, NumberedAnswer, SessionAnswer, WindowAnswer};

/// An event that can be sent.
pub trait Outgoing {
    /// Appends what stands behind its due time and its event time.
    fn put(&self, to: &mut Vec<u8>);

    /// How many records a plan makes of it before they meet a window.
    fn records(&self) -> u64 {
        1
    }
}

impl Outgoing for Keyed {
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.key.to_le_bytes());
        bytes[8..].copy_from_slice(&self.value.to_le_bytes());
        to.extend_from_slice(&bytes);
    }
}

impl<const WORDS: usize> Outgoing for Padded<WORDS> {
    #[inline]
    fn put(&self, to: &mut Vec<u8>) {
        self.keyed.put(to);
        for word in &self.payload {
            to.extend_from_slice(&word.to_le_bytes());
        }
    }
}

/// A word is sent as its id.
impl Outgoing for Line {
    fn put(&self, to: &mut Vec<u8>) {
        let words = u32::try_from(self.records()).unwrap_or(u32::MAX);
        to.extend_from_slice(&words.to_le_bytes());
        for word in self.words() {
            to.extend_from_slice(&word.to_le_bytes());
        }
    }

    fn records(&self) -> u64 {
        self.words().count() as u64
    }
}

/// What a windowed operator computes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many; the sum is that, too.
    Count,
    /// How many, and their sum.
    CountAndSum,
    /// The same, with the smallest and the greatest.
    Summary,
}

impl Aggregate {
    /// What it is called on a job's command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::CountAndSum => "count-sum",
            Self::Summary => "summary",
        }
    }
}

/// An answer that can be received.
pub trait Incoming: Sized {
    /// How many bytes one takes.
    const BYTES: usize;

    /// An answer from so many bytes; none where they can be none.
    fn take(bytes: &[u8], aggregate: Aggregate) -> Option<Stamped<Self>>;

    /// The same answer, where the edges of windows are told by another clock: `to` finds each, and
    /// nothing for one that can be none.
    fn moved(
        answer: Stamped<Self>,
        _to: &dyn Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Stamped<Self>> {
        Some(answer)
    }
}

/// A field of eight bytes; beyond the end, zero, which no caller asks for.
#[inline]
fn field(bytes: &[u8], at: usize) -> [u8; 8] {
    bytes[at * 8..].first_chunk().copied().unwrap_or_default()
}

#[inline]
fn signed(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(field(bytes, at))
}

#[inline]
fn unsigned(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(field(bytes, at))
}

/// A due time, which is never before the run's start.
#[inline]
fn due(bytes: &[u8]) -> Option<Moment> {
    u64::try_from(signed(bytes, 0)).ok().map(Moment::from_nanos)
}

impl Incoming for Keyed {
    const BYTES: usize = 32;

    #[inline]
    fn take(bytes: &[u8], _: Aggregate) -> Option<Stamped<Self>> {
        let value = Self { key: unsigned(bytes, 2), value: signed(bytes, 3) };
        let event_time = Timestamp::from_micros(signed(bytes, 1));
        Some(Stamped { event_time, due: due(bytes)?, value })
    }
}

impl<const WORDS: usize> Incoming for Padded<WORDS> {
    const BYTES: usize = 32 + 8 * WORDS;

    #[inline]
    fn take(bytes: &[u8], aggregate: Aggregate) -> Option<Stamped<Self>> {
        let keyed = Keyed::take(bytes, aggregate)?;
        let payload = std::array::from_fn(|word| unsigned(bytes, 4 + word));
        Some(keyed.with(Self { keyed: keyed.value, payload }))
    }
}

impl Incoming for WindowAnswer {
    const BYTES: usize = 64;

    #[inline]
    fn take(bytes: &[u8], aggregate: Aggregate) -> Option<Stamped<Self>> {
        let (start, end) = (signed(bytes, 1), signed(bytes, 2));
        if start >= end {
            return None;
        }
        let window =
            Window { start: Timestamp::from_micros(start), end: Timestamp::from_micros(end) };
        let count = unsigned(bytes, 4);
        let value = Self {
            window,
            key: unsigned(bytes, 3),
            count,
            sum: match aggregate {
                Aggregate::Count => i64::try_from(count).unwrap_or(i64::MAX),
                Aggregate::CountAndSum | Aggregate::Summary => signed(bytes, 5),
            },
            extremes: matches!(aggregate, Aggregate::Summary)
                .then(|| (signed(bytes, 6), signed(bytes, 7))),
        };
        Some(Stamped { event_time: window.last_instant(), due: due(bytes)?, value })
    }

    #[inline]
    fn moved(
        answer: Stamped<Self>,
        to: &dyn Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Stamped<Self>> {
        let Window { start, end } = answer.value.window;
        let window = Window { start: to(start)?, end: to(end)? };
        let value = Self { window, ..answer.value };
        Some(Stamped { event_time: window.last_instant(), due: answer.due, value })
    }
}

/// As the answer of a window, whose edges are the session's.
impl Incoming for SessionAnswer {
    const BYTES: usize = WindowAnswer::BYTES;

    #[inline]
    fn take(bytes: &[u8], aggregate: Aggregate) -> Option<Stamped<Self>> {
        let answer = WindowAnswer::take(bytes, aggregate)?;
        Some(answer.with(Self(answer.value)))
    }
}

/// As the answer of a window, from its earliest event to just after its latest, with its number behind.
impl Incoming for NumberedAnswer {
    const BYTES: usize = WindowAnswer::BYTES + 8;

    #[inline]
    fn take(bytes: &[u8], aggregate: Aggregate) -> Option<Stamped<Self>> {
        let answer = WindowAnswer::take(bytes, aggregate)?;
        Some(answer.with(Self { number: unsigned(bytes, 8), of: answer.value }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::Workload as _;
    use scenarios::spec::WordsSpec;
    use scenarios::workload::Words;

    fn words(fields: &[i64]) -> Vec<u8> {
        fields.iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    #[test]
    fn an_event_is_its_fields_one_after_the_other() {
        let put = |event: &dyn Outgoing| {
            let mut bytes = vec![9];
            event.put(&mut bytes);
            assert_eq!(bytes.remove(0), 9, "what was there stays");
            (bytes, event.records())
        };
        let keyed = Keyed { key: 3, value: -4 };
        assert_eq!(put(&keyed), (words(&[3, -4]), 1));
        assert_eq!(put(&Padded { keyed, payload: [5, 6] }), (words(&[3, -4, 5, 6]), 1));
        let spec = WordsSpec {
            dictionary: 1_000,
            exponent: 1.0,
            words_per_line: 3,
            disorder: None,
            event_us_per_second: 1_000_000,
            origin: Timestamp::from_micros(0),
        };
        let line = Words::new(&spec, 7).event(0, Moment::START).value;
        let ids: Vec<i64> = line.words().map(u64::cast_signed).collect();
        assert_eq!(put(&line), ([vec![3, 0, 0, 0], words(&ids)].concat(), 3));
    }

    #[test]
    fn an_answer_is_read_as_it_was_meant() {
        let keyed = Keyed { key: 3, value: -4 };
        let event = |value| Stamped {
            event_time: Timestamp::from_micros(-8),
            due: Moment::from_nanos(7),
            value,
        };
        let bytes = words(&[7, -8, 3, -4]);
        assert_eq!(Keyed::take(&bytes, Aggregate::Count), Some(event(keyed)));
        let padded = Padded::<2>::take(&words(&[7, -8, 3, -4, 5, 6]), Aggregate::Count);
        assert_eq!(padded.map(|one| one.value), Some(Padded { keyed, payload: [5, 6] }));

        let bytes = words(&[7, -1_000, 2_000, 3, 2, 10, 4, 6]);
        assert_eq!(bytes.len(), WindowAnswer::BYTES);
        let of = |aggregate| WindowAnswer::take(&bytes, aggregate).unwrap();
        let Stamped { event_time, due, value } = of(Aggregate::Summary);
        assert_eq!((event_time.as_micros(), due.as_nanos()), (1_999, 7));
        assert_eq!((value.key, value.count, value.sum), (3, 2, 10));
        assert_eq!(value.extremes, Some((4, 6)));
        assert_eq!(of(Aggregate::CountAndSum).value.extremes, None);
        assert_eq!(of(Aggregate::Count).value.sum, 2, "of a count, the sum is the count");
        let session = SessionAnswer::take(&bytes, Aggregate::Summary).unwrap();
        assert_eq!((session.event_time, session.due), (event_time, due));
        assert_eq!(session.value, SessionAnswer(value), "its window is the session's");
        let numbered = [&bytes[..], &words(&[5])].concat();
        assert_eq!(numbered.len(), NumberedAnswer::BYTES);
        let counted = NumberedAnswer::take(&numbered, Aggregate::Summary).unwrap();
        assert_eq!(counted.value, NumberedAnswer { number: 5, of: value });
        let none = words(&[7, 2_000, 2_000, 3, 2, 10, 4, 6]);
        assert_eq!(SessionAnswer::take(&none, Aggregate::Summary), None);
    }

    #[test]
    fn a_window_told_by_another_clock_is_moved_and_an_event_is_not() {
        let bytes = words(&[7, 1_000, 2_000, 3, 2, 10, 4, 6]);
        let answer = WindowAnswer::take(&bytes, Aggregate::Summary).unwrap();
        let to = |time: Timestamp| {
            (time.as_micros() % 1_000 == 0).then(|| Timestamp::from_micros(time.as_micros() / 10))
        };
        let moved = WindowAnswer::moved(answer, &to).unwrap();
        let window = moved.value.window;
        assert_eq!((window.start.as_micros(), window.end.as_micros()), (100, 200));
        assert_eq!((moved.event_time.as_micros(), moved.due.as_nanos()), (199, 7));
        assert_eq!(WindowAnswer::moved(moved, &to), None, "nothing there by that clock");
        let event = Keyed::take(&words(&[7, -8, 3, -4]), Aggregate::Count).unwrap();
        assert_eq!(Keyed::moved(event, &to), Some(event));
    }

    #[test]
    fn what_can_be_no_answer_is_none() {
        let window = |fields: [i64; 3]| {
            let bytes = words(&[&fields[..], &[0; 5]].concat());
            WindowAnswer::take(&bytes, Aggregate::Count).is_some()
        };
        assert!(window([0, 1, 2]));
        assert!(!window([-1, 1, 2]), "due before the run");
        assert!(!window([0, 2, 2]) && !window([0, i64::MIN, i64::MIN]), "no window");
        assert!(Keyed::take(&words(&[-1, 0, 0, 0]), Aggregate::Count).is_none());
    }
}
