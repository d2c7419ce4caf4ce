//! Events with a key and a value, bare or with something that rides along.

use crate::answer::{Answer, Subject};
use engines::{Data, Window};
use rand::Rng;
use std::cmp::Ordering;
use std::fmt::Write;

/// An event with a key and a value.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Keyed {
    /// The key's id, see [`crate::workload::skew::id_of`].
    pub key: u64,
    /// The value, in units of 10^-decimals of the workload.
    pub value: i64,
}

/// A [`Keyed`] event with `WORDS` × 8 bytes that ride along.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Padded<const WORDS: usize> {
    /// Key and value.
    pub keyed: Keyed,
    /// What rides along.
    pub payload: [u64; WORDS],
}

/// An event that has a key and a value, whatever else it carries. It can be its own answer.
pub trait KeyedEvent: Data + Answer {
    /// Its key and value.
    fn keyed(&self) -> Keyed;

    /// An event with this key and value, and with what else there is drawn at random.
    fn with_payload(keyed: Keyed, random: &mut impl Rng) -> Self;

    /// What rides along, as hexadecimal digits; `None` where nothing does.
    fn payload_hex(&self) -> Option<String>;
}

impl KeyedEvent for Keyed {
    #[inline]
    fn keyed(&self) -> Keyed {
        *self
    }
    #[inline]
    fn with_payload(keyed: Keyed, _: &mut impl Rng) -> Self {
        keyed
    }
    fn payload_hex(&self) -> Option<String> {
        None
    }
}

impl<const WORDS: usize> KeyedEvent for Padded<WORDS> {
    #[inline]
    fn keyed(&self) -> Keyed {
        self.keyed
    }
    #[inline]
    fn with_payload(keyed: Keyed, random: &mut impl Rng) -> Self {
        Self { keyed, payload: std::array::from_fn(|_| random.next_u64()) }
    }
    fn payload_hex(&self) -> Option<String> {
        Some(self.payload.iter().fold(String::new(), |mut hex, word| {
            write!(hex, "{word:016x}").expect("a string takes everything");
            hex
        }))
    }
}

/// Events of one key stand side by side: each is an answer of its own.
impl Answer for Keyed {
    fn subject(&self) -> Subject {
        Subject::of_key(self.key)
    }
    #[inline]
    fn window(&self) -> Option<Window> {
        None
    }
    fn shift(&mut self, _: i64) {}
    fn count(&self) -> u64 {
        1
    }
    fn fullness(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

impl<const WORDS: usize> Answer for Padded<WORDS> {
    fn subject(&self) -> Subject {
        self.keyed.subject()
    }
    #[inline]
    fn window(&self) -> Option<Window> {
        None
    }
    fn shift(&mut self, _: i64) {}
    fn count(&self) -> u64 {
        1
    }
    fn fullness(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::settled;
    use engines::{Moment, Stamped, Timestamp};

    #[test]
    fn events_of_one_key_all_stand() {
        let value = Keyed { key: 1, value: 2 };
        let event = Stamped { event_time: Timestamp::from_micros(9), due: Moment::START, value };
        let got = settled([event, event], |_, _, _| panic!("neither takes the other's place"));
        assert_eq!(got, [event, event]);
    }
}
