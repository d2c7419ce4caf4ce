//! Events with a key and a value, bare or with something that rides along.

use crate::answer::Answer;
use engines::{Data, Window};
use rand::Rng;
use std::fmt::Write;

/// An event with a key and a value.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Keyed {
    /// The key's id, see [`skew::id_of`].
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

impl Answer for Keyed {
    fn window(&self) -> Option<Window> {
        None
    }
    fn set_window(&mut self, _: Window) {}
    fn count(&self) -> u64 {
        1
    }
    fn sum(&self) -> i64 {
        self.value
    }
    fn extremes(&self) -> Option<(i64, i64)> {
        None
    }
}

impl<const WORDS: usize> Answer for Padded<WORDS> {
    fn window(&self) -> Option<Window> {
        None
    }
    fn set_window(&mut self, _: Window) {}
    fn count(&self) -> u64 {
        1
    }
    fn sum(&self) -> i64 {
        self.keyed.value
    }
    fn extremes(&self) -> Option<(i64, i64)> {
        None
    }
}
